/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pingpong: pairs of processes wake each other at a fixed rate, and what that
 * costs is counted window by window.
 *
 * A client sends bursts of requests over a pipe; its server works a little and
 * answers over another pipe. Bursts start at fixed times of the clock: a late
 * one does not shift those behind it, so that a slow machine cannot hide by
 * asking less. Two latencies come out: of a request (one round trip), and of a
 * burst (from the time it was due to its last answer, so with the client's own
 * late wake-up in it). Busy loops beside the pairs keep the CPUs occupied.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "counters.h"
#include "latency.h"
#include "load.h"

#define MAX_PAIRS 64
#define SECOND 1000000000ull

/* Written by one client; the parent reads it when the window is over. */
typedef struct {
  KtLatency request, burst;
  uint64_t skipped; /* bursts not sent, as more than a second late */
} Tally;

typedef struct {
  _Atomic unsigned window;     /* 0: settling; counted from 1 */
  Tally tallies[MAX_PAIRS][2]; /* by the window's parity */
} Board;

static unsigned pairs = 4, rate = 20, burst = 4, seconds = 10, windows = 3, settle = 5, busy, work;
static int pinned;
static Board *board;

static void spin(unsigned turns)
{
  for (volatile unsigned i = 0; i < turns; i++)
    ;
}

static void serve(unsigned nth, int in, int out)
{
  char byte;
  if (pinned)
    kt_load_pin(2 * nth + 1);
  while (read(in, &byte, 1) == 1) {
    spin(work);
    if (write(out, &byte, 1) != 1)
      break;
  }
}

static void ask(unsigned nth, int out, int in)
{
  uint64_t period = SECOND / rate, due = kt_load_now_ns() + period * nth / pairs;
  char byte = 0;
  if (pinned)
    kt_load_pin(2 * nth);
  for (;; due += period) {
    kt_load_sleep_until_ns(due);
    Tally *tally = &board->tallies[nth][atomic_load(&board->window) & 1];
    uint64_t sent = kt_load_now_ns(), answered = sent;
    if (sent > due + SECOND) {
      tally->skipped++;
      continue;
    }
    for (unsigned i = 0; i < burst; i++, sent = answered) {
      if (write(out, &byte, 1) != 1 || read(in, &byte, 1) != 1)
        return;
      answered = kt_load_now_ns();
      kt_latency_add(&tally->request, answered - sent);
    }
    kt_latency_add(&tally->burst, answered - due);
  }
}

/* Starts a process that dies with this one; 0 in it. */
static pid_t start(void)
{
  pid_t pid = fork();
  if (pid == 0)
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (pid < 0) {
    perror("pingpong: fork");
    exit(1);
  }
  return pid;
}

static void start_pair(unsigned nth)
{
  int there[2], back[2];
  if (pipe(there) || pipe(back)) {
    perror("pingpong: pipe");
    exit(1);
  }
  if (start() == 0) {
    serve(nth, there[0], back[1]);
    _exit(0);
  }
  if (start() == 0) {
    ask(nth, there[1], back[0]);
    _exit(0);
  }
}

static void print_latency(const char *name, const KtLatency *l)
{
  printf(" %s_p50_us=%.1f %s_p90_us=%.1f %s_p99_us=%.1f %s_max_us=%.1f", name, kt_latency_permille(l, 500) / 1e3, name,
         kt_latency_permille(l, 900) / 1e3, name, kt_latency_permille(l, 990) / 1e3, name, l->max_ns / 1e3);
}

/* One line of NAME=VALUE, sums over all pairs. */
static void report(unsigned window, double elapsed, const KtCounters *before, const KtCounters *after)
{
  static Tally sum;
  sum = (Tally){0};
  for (unsigned i = 0; i < pairs; i++) {
    Tally *tally = &board->tallies[i][window & 1];
    kt_latency_merge(&sum.request, &tally->request);
    kt_latency_merge(&sum.burst, &tally->burst);
    sum.skipped += tally->skipped;
    *tally = (Tally){0};
  }
  uint64_t total = after->total - before->total;
  printf(
      "window=%u seconds=%.2f wanted=%.0f requests=%llu skipped_bursts=%llu res=%llu cal=%llu loc=%llu switches=%llu",
      window, elapsed, elapsed * pairs * rate * burst, (unsigned long long)sum.request.count,
      (unsigned long long)sum.skipped, (unsigned long long)(after->rescheduling - before->rescheduling),
      (unsigned long long)(after->function_calls - before->function_calls),
      (unsigned long long)(after->timer - before->timer), (unsigned long long)(after->switches - before->switches));
  if (total)
    printf(" busy_pct=%.1f", 100.0 * (double)(after->busy - before->busy) / (double)total);
  print_latency("request", &sum.request);
  print_latency("burst", &sum.burst);
  printf("\n");
  fflush(stdout);
}

static void measure(void)
{
  printf("settling %u s\n", settle);
  fflush(stdout);
  sleep(settle);
  for (unsigned window = 1; window <= windows; window++) {
    printf("window=%u begins\n", window);
    fflush(stdout);
    KtCounters before = kt_counters_now();
    uint64_t start_ns = kt_load_now_ns();
    atomic_store(&board->window, window);
    kt_load_sleep_until_ns(start_ns + seconds * SECOND);
    atomic_store(&board->window, window + 1); /* its other tallies are empty: the last report did that */
    KtCounters after = kt_counters_now();
    double elapsed = (double)(kt_load_now_ns() - start_ns) / 1e9;
    usleep(200000); /* bursts under way end */
    report(window, elapsed, &before, &after);
    for (unsigned i = 0; i < pairs; i++) /* what came between two windows */
      board->tallies[i][(window + 1) & 1] = (Tally){0};
  }
}

static int usage(void)
{
  fprintf(stderr, "usage: pingpong [-p PAIRS] [-r BURSTS_A_SECOND] [-b REQUESTS_A_BURST] [-w WINDOW_SECONDS]\n"
                  "                [-n WINDOWS] [-s SETTLE_SECONDS] [-k BUSY_LOOPS] [-u SERVER_TURNS] [-c]\n"
                  "-c pins client and server of each pair to two different CPUs\n");
  return 2;
}

int main(int argc, char **argv)
{
  static const struct {
    char option;
    unsigned *value;
    unsigned long min, max;
  } numbers[] = {{'p', &pairs, 1, MAX_PAIRS}, {'r', &rate, 1, 100000},    {'b', &burst, 1, 10000},
                 {'w', &seconds, 1, 3600},    {'n', &windows, 1, 100000}, {'s', &settle, 0, 3600},
                 {'k', &busy, 0, 4096},       {'u', &work, 0, 100000000}};
  for (int option; (option = getopt(argc, argv, "p:r:b:w:n:s:k:u:c")) != -1;) {
    size_t i = 0;
    while (i < sizeof numbers / sizeof *numbers && numbers[i].option != option)
      i++;
    if (option == 'c')
      pinned = 1;
    else if (i < sizeof numbers / sizeof *numbers)
      *numbers[i].value = (unsigned)kt_load_number((char)option, optarg, numbers[i].min, numbers[i].max);
    else
      return usage();
  }
  board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (board == MAP_FAILED) {
    perror("pingpong: mmap");
    return 1;
  }
  kt_load_cpus(); /* the set at the start, before anything is pinned */
  for (unsigned i = 0; i < busy; i++)
    if (start() == 0)
      for (;;)
        spin(1000000);
  for (unsigned i = 0; i < pairs; i++)
    start_pair(i);
  measure();
  return 0;
}
