/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * meter: switches, resets and reads the meter, from the host of the lab (by
 * socket) or from within the emulated machine or a guest of it (by mailbox).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "guests.h"
#include "report.h"

#define STEP_MS 250

static const char *socket_path;

static char *ask(const char *command)
{
  char error[160];
  char *text = kt_ask(socket_path, command, error);
  if (!text)
    fprintf(stderr, "meter: %s\n", error);
  return text;
}

static bool ask_counts(KtCounts *counts)
{
  char error[128];
  char *text = ask("show");
  bool good = text && kt_counts_parse(text, counts, error);
  if (text && !good)
    fprintf(stderr, "meter: %s\n", error);
  free(text);
  return good;
}

static int show(bool raw)
{
  static KtCounts counts;
  if (raw) {
    char *text = ask("show");
    if (text)
      fputs(text, stdout);
    bool answered = text;
    free(text);
    return answered ? 0 : 1;
  }
  if (!ask_counts(&counts))
    return 1;
  kt_report_matrix(stdout, &counts);
  return 0;
}

/* Gives each guest its part of what the CPUs did since the last look. */
static void share_out(KtLocality *guests, const KtGuests *before, const KtGuests *after, const KtCounts *earlier,
                      const KtCounts *now)
{
  for (unsigned cpu = 0; cpu < now->machine.cpus; cpu++) {
    KtCountsRow row = now->rows[cpu];
    KtLocality all = {0};
    kt_counts_subtract(&row, &earlier->rows[cpu]);
    kt_locality_add(&all, now, cpu, &row);
    for (unsigned guest = 0; guest < after->guests; guest++) {
      double share = kt_guests_share(before, after, guest, cpu);
      guests[guest].accesses += (uint64_t)((double)all.accesses * share);
      guests[guest].local += (uint64_t)((double)all.local * share);
      guests[guest].other += (uint64_t)((double)all.other * share);
      guests[guest].cost += all.cost * share;
    }
  }
}

/* Counts for some seconds, and tells guests apart by where their vCPUs ran. */
static int watch(unsigned seconds)
{
  static KtGuests before, after;
  static KtCounts first, earlier, now;
  static KtLocality guests[KT_MAX_VCPUS];
  kt_guests_find("/proc", &after);
  kt_guests_look("/proc", &after);
  if (!ask_counts(&first))
    return 1;
  now = first;
  for (unsigned step = 0; step < seconds * 1000 / STEP_MS; step++) {
    before = after;
    earlier = now;
    usleep(STEP_MS * 1000);
    kt_guests_look("/proc", &after);
    if (!ask_counts(&now))
      return 1;
    share_out(guests, &before, &after, &earlier, &now);
  }
  for (unsigned cpu = 0; cpu < now.machine.cpus; cpu++)
    kt_counts_subtract(&now.rows[cpu], &first.rows[cpu]);
  kt_report_matrix(stdout, &now);
  for (unsigned guest = 0; guest < after.guests; guest++)
    kt_report_locality(stdout, after.names[guest], &guests[guest], now.sample);
  return 0;
}

static int usage(void)
{
  fprintf(stderr,
          "usage: meter [-s SOCKET] on | off | reset | show | raw | watch SECONDS | sample N |\n"
          "                        latency NS [BASE_NS] | latency off\n"
          "Without -s the machine it runs in is asked about. 'watch' tells guests apart, on their host only.\n");
  return 2;
}

int main(int argc, char **argv)
{
  char command[256] = "";
  for (int option; (option = getopt(argc, argv, "+s:")) != -1;) {
    if (option != 's')
      return usage();
    socket_path = optarg;
  }
  for (int i = optind; i < argc; i++)
    if (strlen(command) + strlen(argv[i]) + 2 > sizeof command)
      return usage();
    else
      strcat(strcat(command, i > optind ? " " : ""), argv[i]);
  if (!*command || !strcmp(command, "show") || !strcmp(command, "raw"))
    return show(!strcmp(command, "raw"));
  if (!strncmp(command, "watch ", 6)) {
    int seconds = atoi(command + 6);
    return seconds > 0 && seconds <= 3600 ? watch((unsigned)seconds) : usage();
  }
  char *text = ask(command);
  bool answered = text;
  free(text);
  return answered ? 0 : 1;
}
