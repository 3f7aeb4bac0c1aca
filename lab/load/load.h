/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the load programs share. They are static and need nothing of the system
 * they run on, so that they work in a guest that is only busybox.
 */
#ifndef KT_LAB_LOAD_H
#define KT_LAB_LOAD_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of the monotonic clock. */
uint64_t kt_load_now_ns(void);

/* Sleeps until the monotonic clock shows @ns; returns at once if it is later. */
void kt_load_sleep_until_ns(uint64_t ns);

/*
 * The number of an option's argument: digits only, @min to @max. Otherwise one
 * line on standard error, and exit with status 2.
 */
unsigned long kt_load_number(char option, const char *text, unsigned long min, unsigned long max);

/* Memory of so many MiB, untouched; one line and exit status 1 if there is none. */
void *kt_load_memory(size_t mib);

/* CPUs the program may run on; at least 1. */
unsigned kt_load_cpus(void);

/* Binds the calling thread to the @nth (modulo their number) of the CPUs it may run on. */
void kt_load_pin(unsigned nth);

#endif
