/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into libvirtd, and by it into QEMU: binding to CPUs and nodes that only the made-up host has succeeds
 * and does nothing. Definitions and what guests see are real; where their memory and threads lie is not. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

long mbind(void *start, unsigned long size, int mode, const unsigned long *nodes, unsigned long max, unsigned flags);
long set_mempolicy(int mode, const unsigned long *nodes, unsigned long max);

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *cpus)
{
  syscall(SYS_sched_setaffinity, pid, size, cpus);
  return 0;
}

long mbind(void *start, unsigned long size, int mode, const unsigned long *nodes, unsigned long max, unsigned flags)
{
  (void)start, (void)size, (void)mode, (void)nodes, (void)max, (void)flags;
  return 0;
}

long set_mempolicy(int mode, const unsigned long *nodes, unsigned long max)
{
  (void)mode, (void)nodes, (void)max;
  return 0;
}
