/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtStep: one thing done to a running system, as it stands in the journal. A
 * change of a plan becomes one or more steps (steps.h); a step is read, written
 * and read back by an actuator (actuator.h), and undone by writing what was there before. */
#pragma once
#include <glib.h>

/* In the order in which they are done: what risks least comes first. */
typedef enum {
  KT_STEP_SYSCTL,      /* where = "kernel.numa_balancing" */
  KT_STEP_SYSFS,       /* where = path without root, "sys/kernel/mm/ksm/run"; values: the chosen word */
  KT_STEP_VCPUPIN,     /* where = vCPU number; values are CPU lists ("0-3,8") */
  KT_STEP_EMULATORPIN, /* where = "" */
  KT_STEP_IOTHREADPIN, /* where = iothread number */
  KT_STEP_SCHEDULER,   /* where = "vcpu_quota", as libvirt's scheduler parameters; "-1" no limit */
  KT_STEP_NODESET,     /* live numatune; values are node lists; "" unlimited */
  KT_STEP_MEMORY,      /* where = cell number; values are KiB by node, "0:8388608,3:1024" */
  KT_STEP_DEFINITION,  /* persistent definition; values are the whole XML as libvirt gives it, secrets included */
  KT_STEP_GUEST,       /* sysctl inside of the guest, by its agent; where = "kernel.numa_balancing" */
  KT_STEP_RESTART, /* before: the run, as in "running, id 5, pid 321"; after: "running anew". Not undone by itself */
  /* Of a cloud (cloud/cloud_apply.h); `domain` and `uuid` are a server's name and id. */
  KT_STEP_FLAVOR,        /* where = its name; values: its sizes in words. Never deleted */
  KT_STEP_FLAVOR_KEYS,   /* where = the flavor's name; values: "hw:cpu_cores=8, hw:cpu_sockets=4". Stay with it */
  KT_STEP_FLAVOR_ACCESS, /* where = the flavor's name; values: ids of projects. Stays with it */
  KT_STEP_RESIZE,        /* values: the flavor's name, with KT_STEP_UNCONFIRMED behind it while Nova can still revert */
  KT_STEP_TOPOLOGY,      /* values: "sockets 4, cores 8, threads 1, cells 4". Only looked at: a resize brings it, and
                            takes it along */
  KT_STEP_LOAD,          /* after: "not worse"; found: a verdict (verify/verdict.h). Only looked at */
  KT_STEPS
} KtStepKind;
#define KT_STEP_OFF "shut off" /* what is read for a restart of a guest that does not run */
#define KT_STEP_UNCONFIRMED " (VERIFY_RESIZE)"
extern const char *const kt_step_kinds[KT_STEPS]; /* "sysctl", "sysfs", "vcpupin", ... as in the journal */

typedef enum {
  KT_STEP_PLANNED, /* nothing was done */
  KT_STEP_STARTED, /* perhaps done: kvmtune ended before it could say */
  KT_STEP_DONE,    /* done, and read back */
  KT_STEP_FAILED,  /* refused, or something else was read back: `error` says it */
  KT_STEP_UNDONE,  /* what was there before is there again */
  KT_STEP_KEPT,    /* rollback left it, `error` says why: changed by somebody else meanwhile, cannot be taken back */
  KT_STEP_STATES
} KtStepState;
extern const char *const kt_step_states[KT_STEP_STATES]; /* "planned", "started", ... as in the journal */

typedef struct {
  guint number; /* from 1, in the order of the run */
  KtStepKind kind;
  char *change;        /* id of the plan's change; NULL: the tool's own (a cpuset widened for a move) */
  char *domain, *uuid; /* NULL: of the host */
  char *run;           /* of what lives with a guest's run: which one, as in KtLook; NULL: of the host, or not known */
  char *where;
  char *before, *after; /* NULL: absent */
  char *found;          /* read back after the write, as the system tells it; NULL: not yet */
  KtStepState state;
  char *error;      /* NULL: none */
  char *note;       /* what should be known of it before it is done; NULL nothing */
  gboolean at_once; /* memory: the whole process by migrate_pages(2), past its cpuset; its rate is not limited */
  GPtrArray *calls; /* char*: what the system was asked to do, in order */
} KtStep;

KtStep *kt_step_new(KtStepKind kind, const char *where, const char *before, const char *after);
void kt_step_free(KtStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtStep, kt_step_free)

/* What it is about: "vcpupin 3 of 'crm'", "sysctl kernel.numa_balancing". Caller frees. */
char *kt_step_name(const KtStep *step);

gboolean kt_step_is_confirmation(const KtStep *step); /* a resize that was there before it, confirmed */
const char *kt_step_word(const KtStep *step);         /* its kind for people: "vcpupin", "confirmation" */

/* The flavor of a resize's value. Caller frees. */
char *kt_step_flavor(const char *value, gboolean *unconfirmed);
gboolean kt_step_same_flavor(const char *a, const char *b); /* confirmed or not */

/* A guest's pages come and go while it runs: what lies elsewhere in less than this is the same memory. */
#define KT_STEP_NEAR_PCT 10
/* Memory: percent of it that does not lie where `wanted` says; 0-100. 100 for other kinds, and for what is no memory
 * by node. */
double kt_step_apart_pct(const KtStep *step, const char *wanted, const char *found);
