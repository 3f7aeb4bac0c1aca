/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which guest's vCPU ran on which CPU, as /proc of the emulated machine tells. */
#ifndef KT_LAB_GUESTS_H
#define KT_LAB_GUESTS_H

#include <stdbool.h>
#include <stdint.h>

#define KT_MAX_VCPUS 1024
#define KT_GUEST_NAME 64

/* A thread that runs a vCPU. */
typedef struct {
  int pid, tid;
  unsigned guest;  /* index into the names */
  int cpu;         /* it ran on last; -1: not known, or it is gone */
  uint64_t run_ns; /* so far */
} KtVcpu;

typedef struct {
  unsigned guests, vcpus;
  char names[KT_MAX_VCPUS][KT_GUEST_NAME];
  KtVcpu vcpu[KT_MAX_VCPUS];
} KtGuests;

/* Finds all vCPU threads under @proc ("/proc"); what does not fit is left out. */
void kt_guests_find(const char *proc, KtGuests *guests);

/* Looks where they run now, and for how long they have. */
void kt_guests_look(const char *proc, KtGuests *guests);

/*
 * For the parts that guests get of one CPU's accesses between two looks: the
 * share (0..1) of the guest, by the time its vCPUs ran there. What of a guest
 * moved to another CPU in between counts where it was seen last. 0 if it did not run there.
 */
double kt_guests_share(const KtGuests *before, const KtGuests *after, unsigned guest, unsigned cpu);

/* "guest=web-1,debug-threads=on" and "web-1": the name in QEMU's -name. Cut at KT_GUEST_NAME - 1 bytes. */
void kt_guests_name_of(const char *argument, char name[static KT_GUEST_NAME]);

/* The CPU in a line of /proc/PID/stat, -1 if it does not tell. */
int kt_guests_cpu_of(const char *stat_line);

#endif
