/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dirtier: a thread on each CPU writes its share of the memory again and again,
 * with a sleep between two passes, and says how far it is.
 *
 * It only writes: a read first would map the zero page, and the write after it
 * would copy each page and interrupt all CPUs for it. It sleeps because a vCPU
 * that never rests starves an emulated host.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "load.h"

#define STEP 64 /* bytes; a store to each cache line */

static size_t slice_bytes;
static unsigned sleep_ms = 200;
static char *memory;
static atomic_ulong passes;

static void *dirty(void *argument)
{
  unsigned nth = (unsigned)(uintptr_t)argument;
  volatile uint64_t *mine = (uint64_t *)(void *)(memory + nth * slice_bytes);
  kt_load_pin(nth);
  for (uint64_t pass = 1;; pass++) {
    for (size_t at = 0; at < slice_bytes / 8; at += STEP / 8)
      mine[at] = pass;
    atomic_fetch_add(&passes, 1);
    kt_load_sleep_until_ns(kt_load_now_ns() + sleep_ms * 1000000ull);
  }
  return NULL;
}

static int usage(void)
{
  fprintf(stderr, "usage: dirtier [-m MIB] [-t THREADS] [-s SLEEP_MS] [-r REPORT_SECONDS]\n");
  return 2;
}

int main(int argc, char **argv)
{
  unsigned threads = kt_load_cpus(), report = 10;
  size_t mib = 64;
  for (int option; (option = getopt(argc, argv, "m:t:s:r:")) != -1;) {
    switch (option) {
    case 'm':
      mib = kt_load_number('m', optarg, 1, 1 << 20);
      break;
    case 't':
      threads = (unsigned)kt_load_number('t', optarg, 1, 1024);
      break;
    case 's':
      sleep_ms = (unsigned)kt_load_number('s', optarg, 0, 60000);
      break;
    case 'r':
      report = (unsigned)kt_load_number('r', optarg, 1, 3600);
      break;
    default:
      return usage();
    }
  }
  memory = kt_load_memory(mib);
  slice_bytes = (mib << 20) / threads / 4096 * 4096;
  for (unsigned i = 0; i < threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, dirty, (void *)(uintptr_t)i)) {
      fprintf(stderr, "dirtier: no thread\n");
      return 1;
    }
  }
  printf("dirtier: %zu MiB, %u threads, %u ms between passes\n", mib, threads, sleep_ms);
  for (unsigned long before = 0;;) {
    fflush(stdout);
    sleep(report);
    unsigned long now = atomic_load(&passes);
    printf("dirtier: %lu passes, %.1f a second\n", now, (double)(now - before) / report);
    before = now;
  }
}
