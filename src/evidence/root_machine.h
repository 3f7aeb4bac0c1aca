/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine read from its own files, live or copied. Facts are those of the
 * tree: a file that is not there leaves its fact unknown. The other root_*.c
 * fill one machine, part by part, in the order in which they stand here. */
#pragma once
#include "base/root.h"
#include "model/snapshot.h"

/* Reads the machine whose sys/ or proc/ stand at the top of root, with its QEMU
 * processes if it has any, into the snapshot; `deep`: also what is costly to look
 * at on a live machine. FALSE if nothing was found there. */
gboolean kt_root_read_machine(KtRoot *root, KtSnapshot *snapshot, gboolean deep);

/* Looks again at who runs on a machine that was read before: its QEMU processes alone become domains of the snapshot,
 * without the vhost workers that are kernel threads. `known` gets at most what is unreadable. `only`: by name or UUID;
 * NULL: all. A look at the whole machine costs many times as much. */
void kt_root_read_domains(KtRoot *root, KtMachine *known, const char *only, KtSnapshot *snapshot);

/* The same for a root with sys/ or proc/ at its top or in directories right
 * below ("host1/sys", "host2/sys"). Returns how many machines were added. */
guint kt_root_read_machines(KtRoot *root, KtSnapshot *snapshot);

/* ---- parts ---- */

typedef struct {
  KtRoot *root;
  KtMachine *m;
  KtSnapshot *snapshot; /* for what is rejected */
  gboolean deep;        /* costly looks too */
  gboolean only_qemu;   /* of the processes */
  const char *only;     /* of QEMU's, by name or UUID; NULL all */
} KtRootReading;

/* sys/devices/system/cpu: which CPUs there are, sockets, dies, cores, threads, capacity. */
void kt_root_read_cpus(KtRootReading *r);
/* sys/devices/system/cpu/cpuN/cache */
void kt_root_read_caches(KtRootReading *r);
/* sys/devices/system/node */
void kt_root_read_nodes(KtRootReading *r);
/* Sums of hit, miss, foreign and so on of node's numastat; TRUE if there is one. */
gboolean kt_root_read_numastat(KtRoot *root, KtNode *node);
/* Kernel knobs: sysctls, sysfs, module parameters. */
void kt_root_read_settings(KtRootReading *r);
/* /proc texts (cpuinfo, interrupts, vmstat, stat, meminfo), os-release, kernel release, DMI. */
void kt_root_read_proc(KtRootReading *r);
/* Counters only: stat, vmstat, interrupts. */
void kt_root_read_counters(KtRootReading *r);
/* PCI devices with their nodes. */
void kt_root_read_devices(KtRootReading *r);
/* CPUs, device and node of the interrupts that proc and devices have told of. */
void kt_root_read_interrupts(KtRootReading *r);
/* How often cgroups with a CPU limit were throttled. */
void kt_root_read_cgroups(KtRootReading *r);
/* The same of those alone that `known` counts. */
void kt_root_read_cgroups_again(KtRootReading *r, const KtMachine *known);
/* Processes that checks look at, and QEMU processes as domains; returns how many of these use KVM. */
guint kt_root_read_processes(KtRootReading *r);
/* Host or guest, and of which hypervisor; looks at what the parts above found. */
void kt_root_read_role(KtRootReading *r, guint qemu_processes);

/* ---- helpers of the parts ---- */

/* "live:/sys/..." or "ROOT/sys/..."; caller frees. */
char *kt_root_source(KtRoot *root, const char *path);
/* A citation of a whole short file; caller frees. */
KtCite *kt_root_cite(KtRoot *root, const char *path, const char *text);
/* Sets a scalar fact from a short file, cited; FALSE if there is no such file or no such number. */
gboolean kt_root_set_text(KtRootReading *r, const char *fact, const char *path);
/* Notes what stands in the way ("needs root") if the file is there and may not be read. */
void kt_root_note_unreadable(KtRootReading *r, const char *path);

/* A set from DIR/LIST_NAME in list format or DIR/MASK_NAME in mask format; NULL
 * if neither is there or it cannot be understood (then rejected). */
KtSet *kt_root_read_set(KtRootReading *r, const char *directory, const char *list_name, const char *mask_name);
/* A whole number in DIR/NAME, unknown if absent. */
KtInt kt_root_read_int(KtRoot *root, const char *directory, const char *name);
/* The number behind `prefix` ("cpu12", "node3"), -1 if the name is none of these. */
int kt_root_id_of(const char *name, const char *prefix);
void kt_root_reject(KtRootReading *r, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);
