/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "load.h"

uint64_t kt_load_now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void kt_load_sleep_until_ns(uint64_t ns)
{
  struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
    ;
}

unsigned long kt_load_number(char option, const char *text, unsigned long min, unsigned long max)
{
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end || errno || value < min || value > max) {
    fprintf(stderr, "-%c '%s': expected a number from %lu to %lu\n", option, text, min, max);
    exit(2);
  }
  return value;
}

void *kt_load_memory(size_t mib)
{
  void *memory = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    fprintf(stderr, "no %zu MiB of memory\n", mib);
    exit(1);
  }
  return memory;
}

static cpu_set_t allowed(void)
{
  static cpu_set_t at_start;
  static int known;
  if (!known) {
    if (sched_getaffinity(0, sizeof at_start, &at_start) < 0)
      CPU_SET(0, &at_start);
    known = 1;
  }
  return at_start;
}

unsigned kt_load_cpus(void)
{
  cpu_set_t set = allowed();
  return (unsigned)CPU_COUNT(&set);
}

void kt_load_pin(unsigned nth)
{
  cpu_set_t set = allowed(), one;
  unsigned left = nth % kt_load_cpus();
  int cpu = 0;
  while (!CPU_ISSET(cpu, &set) || left--)
    cpu++;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (sched_setaffinity(0, sizeof one, &one) < 0)
    perror("sched_setaffinity");
}
