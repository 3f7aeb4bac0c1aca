/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rows of 5.1 - 5.3 ask of running guests and their host, and the
 * functions of these rows. A guest runs if its domain has a runtime. */
#pragma once
#include "checks/check.h"

/* ---- questions ---- */

gboolean kt_host_has_running(const KtSnapshot *snapshot);

/* What the vCPU threads of a running guest did over the interval. */
typedef struct {
  guint vcpus;      /* vCPU threads seen; 0: none seen */
  KtNum run_pct;    /* sum, percent of one CPU; unknown if one thread's is */
  KtNum wait_mean;  /* mean run_delay a vCPU, percent; unknown likewise */
  KtNum wait_worst; /* of the vCPU that waited most */
} KtVcpuUse;
KtVcpuUse kt_host_vcpu_use(const KtRuntime *runtime);

/* Is this thread a vCPU that ran or wanted to for at least so many percent? FALSE too if unknown. */
gboolean kt_host_is_busy(const KtThread *thread, double pct);

/* Host CPUs that the vCPU threads may use; NULL if that is not known of all. Caller owns. */
KtSet *kt_host_vcpu_cpus(const KtRuntime *runtime);

/* Nodes to which these CPUs belong. Caller owns. */
KtSet *kt_host_nodes_of(const KtMachine *host, const KtSet *cpus);

/* Nodes that have CPUs: where a vCPU can run at all. Caller owns. */
KtSet *kt_host_cpu_nodes(const KtMachine *host);

/* Whole or part cores in this set of CPUs; unknown if siblings are. */
KtInt kt_host_cores_in(const KtMachine *host, const KtSet *cpus);

/* The home of a running guest: the nodes its vCPU threads are confined to, else
 * those where its busy vCPUs ran last (and *confined is FALSE). NULL if unknown
 * or if it roams and is idle. Caller owns. */
KtSet *kt_host_home(const KtMachine *host, const KtDomain *domain, gboolean *confined);

/* Locality: resident guest memory on the home nodes. */
typedef enum {
  KT_LOCALITY_UNKNOWN, /* `missing` says what is not known */
  KT_LOCALITY_MOOT,    /* one node, idle and roaming, or too big for its home */
  KT_LOCALITY_KNOWN,
} KtLocalityState;

typedef struct {
  KtLocalityState state;
  double pct;
  gint64 total_kib, away_kib;
  KtSet *home;
  const char *missing;
} KtLocality;

/* Free with kt_set_free(locality.home). */
KtLocality kt_host_locality(const KtMachine *host, const KtDomain *domain);

/* Would the guest fit no single node of this host? FALSE too if unknown. */
gboolean kt_host_is_wide(const KtMachine *host, const KtDomain *domain);

/* CPUs that belong to one vCPU alone: affinity of exactly one CPU, of all running guests. Caller owns. */
KtSet *kt_host_dedicated(const KtSnapshot *snapshot);

/* A running daemon of this name that is no one-shot query; NULL if there is none. */
const KtProcess *kt_host_numad(const KtMachine *host);

/* The PCI device at this address; NULL if unknown. */
const KtDevice *kt_host_device(const KtMachine *host, const char *address);

/* "8 GiB". Valid until the caller frees it. */
char *kt_host_size(gint64 kib);

/* What to say of a file of the host that is missing: "needs root" if that is why, else `else_how`. */
const char *kt_host_why_missing(const KtMachine *host, const char *path, const char *else_how);
/* The same for a file of the guest's process. */
const char *kt_host_why_missing_of(const KtMachine *host, const KtRuntime *r, const char *file, const char *else_how);

/* Puts {name}, {vcpus} and {pid} of the domain. */
void kt_host_fill_domain(KtFinding *f, const KtDomain *domain);

/* ---- the functions of the rows ---- */

void kt_check_h01(const KtSubject *s, KtFinding *f);
void kt_check_h04(const KtSubject *s, KtFinding *f);
void kt_check_h05(const KtSubject *s, KtFinding *f);
void kt_check_h06(const KtSubject *s, KtFinding *f);
void kt_check_h08(const KtSubject *s, KtFinding *f);
void kt_check_h09(const KtSubject *s, KtFinding *f);
void kt_check_h11(const KtSubject *s, KtFinding *f);
void kt_check_h12(const KtSubject *s, KtFinding *f);
void kt_check_h13(const KtSubject *s, KtFinding *f);
void kt_check_h14(const KtSubject *s, KtFinding *f);
void kt_check_h15(const KtSubject *s, KtFinding *f);
void kt_check_h17(const KtSubject *s, KtFinding *f);
void kt_check_h20(const KtSubject *s, KtFinding *f);
void kt_check_h21(const KtSubject *s, KtFinding *f);
void kt_check_h22(const KtSubject *s, KtFinding *f);
void kt_check_h23(const KtSubject *s, KtFinding *f);
void kt_check_h24(const KtSubject *s, KtFinding *f);
void kt_check_h26(const KtSubject *s, KtFinding *f);
void kt_check_h28(const KtSubject *s, KtFinding *f);
void kt_check_h29(const KtSubject *s, KtFinding *f);
void kt_check_h30(const KtSubject *s, KtFinding *f);
void kt_check_h40(const KtSubject *s, KtFinding *f);
void kt_check_h41(const KtSubject *s, KtFinding *f);
void kt_check_h43(const KtSubject *s, KtFinding *f);
void kt_check_h44(const KtSubject *s, KtFinding *f);
void kt_check_h45(const KtSubject *s, KtFinding *f);
void kt_check_h46(const KtSubject *s, KtFinding *f);
void kt_check_h47(const KtSubject *s, KtFinding *f);
void kt_check_h48(const KtSubject *s, KtFinding *f);
void kt_check_h49(const KtSubject *s, KtFinding *f);
