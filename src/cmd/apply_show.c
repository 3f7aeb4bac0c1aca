/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/identity.h"
#include "cmd/apply_parts.h"
#include "cmd/command.h"
#include "evidence/measurement_json.h"
#include "view/apply_view.h"

#define BAR_US 200000 /* between two drawings */

const KtRunHost *kt_apply_host(void)
{
  static KtRunHost here;
  struct utsname names;
  if (here.name)
    return &here;
  g_autoptr(KtRoot) root = kt_root_open("/", NULL);
  here.name = g_strdup(uname(&names) == 0 ? names.nodename : "");
  here.machine = root ? kt_identity_machine(root) : NULL;
  return &here;
}

/* ---- the question ---- */

/* FALSE without *error: no. */
static gboolean ask(const char *question, GError **error)
{
  char answer[16] = "";
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "no terminal to ask on; --yes does it without asking");
    return FALSE;
  }
  printf("\n%s [y/N] ", question);
  fflush(stdout);
  if (!fgets(answer, sizeof answer, stdin))
    return FALSE;
  g_strchomp(answer);
  return g_ascii_strcasecmp(answer, "y") == 0 || g_ascii_strcasecmp(answer, "yes") == 0;
}

gboolean kt_apply_agreed(const char *question, int *status, GError **error)
{
  g_autoptr(GError) failed = NULL;
  if (ask(question, &failed))
    return TRUE;
  *status = -1;
  if (failed)
    g_propagate_error(error, g_steal_pointer(&failed));
  else if (kt_output(_("Nothing was done.\n"), error))
    *status = KT_EXIT_HEALTHY;
  return FALSE;
}

/* ---- meanwhile ---- */

static void clear_bar(KtApplyShow *show)
{
  if (show->drawn)
    fputs("\r\033[K", stderr);
  show->drawn = 0;
}

static void show_step(const KtReceipt *receipt, const KtStep *step, gboolean begun, gpointer data)
{
  KtApplyShow *show = data;
  show->step = step;
  clear_bar(show);
  if (begun) {
    gboolean back = show->back && step->state != KT_STEP_PLANNED; /* a rollback's restart is a step of its own */
    g_autofree char *line = kt_view_apply_step(&show->term, receipt, step, back);
    printf("%s\n", line);
  } else if (step->error) { /* why is told at the end, once */
    printf("        %s\n", kt_view_step_state(step));
  }
  fflush(stdout);
}

static void show_call(const char *call, gpointer data)
{
  KtApplyShow *show = data;
  g_autofree char *line = kt_term_clean(&show->term, call);
  printf("        %s\n", line);
}

static void show_progress(const KtProgress *progress, gpointer data)
{
  KtApplyShow *show = data;
  gint64 now = g_get_monotonic_time();
  if (!show->step || (show->drawn && now - show->drawn < BAR_US))
    return;
  g_autofree char *line = kt_view_apply_progress(&show->term, show->step, progress);
  fprintf(stderr, "\r\033[K%s", line);
  fflush(stderr);
  show->drawn = now;
}

void kt_apply_show(KtApplyShow *show, KtRun *run, KtColour when)
{
  KtActuator *actuator = run->actuator;
  show->term = kt_term_of_stdout(when);
  show->bar = isatty(STDERR_FILENO) && !actuator->dry;
  run->step = show_step;
  run->data = show;
  actuator->called = actuator->dry ? show_call : NULL;
  actuator->progress = show->bar ? show_progress : NULL;
  actuator->data = show;
}

void kt_apply_measure(KtReceipt *receipt, const KtMeasureOptions *options)
{
  if (!(options->duration_s > 0))
    return;
  g_autoptr(GError) failed = NULL;
  g_autofree char *line = g_strdup_printf(_("Measuring the load for %.0f s.\n"), options->duration_s);
  kt_output(line, NULL);
  g_autoptr(KtMeasurement) before = kt_measure(options, &failed);
  if (before) {
    receipt->measured = kt_measurement_to_json(before);
    return;
  }
  char *why = g_strdup_printf(_("Not measured before: %s"), failed->message);
  g_autofree char *told = g_strdup_printf("%s.\n", why);
  g_ptr_array_add(receipt->notes, why);
  kt_output(told, NULL);
}

/* ---- being stopped ---- */

static int wishes[2] = {-1, -1}; /* a pipe: a signal's handler may do no more than write */

static void hear_signal(int which)
{
  int err = errno;
  ssize_t n = write(wishes[1], "x", 1);
  errno = n < 0 ? err : errno;
}

/* In a thread of its own, since what is stopped is in the middle of a call. */
static gpointer wait_for_wish(gpointer stop)
{
  char wish;
  while (read(wishes[0], &wish, 1) < 0 && errno == EINTR)
    ;
  g_cancellable_cancel(stop);
  return NULL;
}

void kt_apply_catch_signals(KtActuator *actuator)
{
  static GCancellable *stop; /* lives as long as the thread */
  const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  const struct sigaction action = {.sa_handler = hear_signal, .sa_flags = SA_RESTART};
  if (!stop && pipe2(wishes, O_CLOEXEC) == 0) {
    stop = g_cancellable_new();
    g_thread_unref(g_thread_new("stop", wait_for_wish, stop));
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
      sigaction(signals[i], &action, NULL);
  }
  actuator->stop = stop;
}
