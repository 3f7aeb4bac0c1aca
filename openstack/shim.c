/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into libvirtd, and by it into QEMU: binding to CPUs and nodes that only the made-up host has succeeds
 * and does nothing, and the huge pages that only it has are ordinary ones of a tmpfs. So does locking memory and
 * real-time scheduling, which a container may not do. Definitions and what guests see are real; where their memory and
 * threads lie is not. */
#define _GNU_SOURCE
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define HUGE_PAGES "/run/hugepages" /* as qemu.conf says (lib/up.sh) */

long mbind(void *start, unsigned long size, int mode, const unsigned long *nodes, unsigned long max, unsigned flags);
long set_mempolicy(int mode, const unsigned long *nodes, unsigned long max);

int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *cpus)
{
  syscall(SYS_sched_setaffinity, pid, size, cpus);
  return 0;
}

int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *cpus)
{
  (void)thread, (void)size, (void)cpus;
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

int statfs64(const char *path, struct statfs64 *found)
{
  long status = syscall(SYS_statfs, path, found);
  if (status == 0 && strncmp(path, HUGE_PAGES, strlen(HUGE_PAGES)) == 0) {
    found->f_type = HUGETLBFS_MAGIC;
    found->f_bsize = 2 << 20;
  }
  return (int)status;
}

/* QEMU takes such memory from the host before the guest starts; here it is taken as it is used. */
int madvise(void *start, size_t size, int advice)
{
  return advice == MADV_POPULATE_WRITE ? 0 : (int)syscall(SYS_madvise, start, size, advice);
}

int prlimit64(pid_t pid, enum __rlimit_resource what, const struct rlimit64 *wanted, struct rlimit64 *old)
{
  long status = syscall(SYS_prlimit64, pid, what, wanted, old);
  return what == RLIMIT_MEMLOCK ? 0 : (int)status;
}

int mlockall(int flags)
{
  (void)flags;
  return 0;
}

int sched_setscheduler(pid_t pid, int policy, const struct sched_param *how)
{
  (void)pid, (void)policy, (void)how;
  return 0;
}
