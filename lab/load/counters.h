/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counted since boot, for the difference of two moments. */
#ifndef KT_LAB_COUNTERS_H
#define KT_LAB_COUNTERS_H

#include <stdint.h>

/* Times are in ticks of 1/100 s. What a text does not hold stays 0. */
typedef struct {
  uint64_t rescheduling;   /* RES, all CPUs */
  uint64_t function_calls; /* CAL, all CPUs */
  uint64_t timer;          /* LOC, all CPUs */
  uint64_t switches;       /* ctxt */
  uint64_t busy;           /* all but idle and iowait, all CPUs */
  uint64_t total;
} KtCounters;

/* Adds to @counters what the texts of /proc/interrupts and /proc/stat say. */
void kt_counters_read_interrupts(KtCounters *counters, const char *text);
void kt_counters_read_stat(KtCounters *counters, const char *text);

/* Those of this machine, now. */
KtCounters kt_counters_now(void);

#endif
