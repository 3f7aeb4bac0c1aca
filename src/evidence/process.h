/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes in a machine's /proc, live or copied. Processes that vanish while
 * they are looked at are simply less. */
#pragma once
#include "evidence/root_machine.h"

/* Numbers of all processes, ascending. Free with g_array_unref(); never NULL. */
GArray *kt_process_list(KtRoot *root);

/* argv of a process, NULL-terminated; NULL for a kernel thread or one that is
 * gone. Free with g_strfreev(). */
char **kt_process_argv(KtRoot *root, int pid);

/* A field of a status file ("proc/1/status", "VmRSS"), or NULL. Caller frees. */
char *kt_process_status(const char *status, const char *field);
/* The same for a size: "VmRSS:  1234 kB". */
KtInt kt_process_status_kib(const char *status, const char *field);

/* Notes where a fact of the running guest stands: the line `field` of a text at `path`, if it has it. */
void kt_process_cite(KtRootReading *r, KtDomain *d, const char *fact, const char *path, const char *text,
                     const char *field);

/* Fills d->runtime of a QEMU process: its threads, memory and cgroups. */
void kt_process_read_qemu(KtRootReading *r, KtDomain *d, int pid);

/* Threads of a QEMU process, with the vCPU of each; called first of all. */
void kt_process_read_threads(KtRootReading *r, KtDomain *d, int pid);

/* A kernel thread that works for a QEMU process ("vhost-1234"). */
void kt_process_read_thread(KtRootReading *r, KtDomain *d, const char *directory, int tid);

/* What its control groups (v2 and v1) allow the vCPUs and count of them; `groups`
 * is the text of proc/PID/cgroup, NULL if it cannot be read. */
void kt_process_read_cgroups(KtRootReading *r, KtDomain *d, const char *groups);

/* Resident pages of the guest by node, huge pages, locked and swapped memory; `groups` as above. */
void kt_process_read_memory(KtRootReading *r, KtDomain *d, int pid, const char *groups);

/* The directory of a process's or thread's control group below its mount,
 * "sys/fs/cgroup/machine.slice/...", for a v1 controller or, with NULL, v2;
 * `text` is that of its cgroup file, or NULL. NULL if there is none. Caller frees. */
char *kt_process_cgroup(KtRoot *root, const char *text, const char *controller);

/* Throttled periods of all groups that the vCPUs of a process are in; unknown if none tells. */
KtInt kt_process_throttled(KtRoot *root, const KtDomain *d);
