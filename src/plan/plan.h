/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtPlan: what to change so that guests run well, as a document. It is made of
 * findings and a placement (build.h), read by people, stored as JSON
 * (plan_json.h), carried out step by step and judged afterwards by the effects
 * it names. It says nothing about how a change is made in a running system. */
#pragma once
#include <glib.h>

/* What a change acts on; in the order in which changes are made. */
typedef enum {
  KT_ACT_SYSCTL,      /* host: where = "kernel.numa_balancing" */
  KT_ACT_SYSFS,       /* host: where = path without root, "sys/kernel/mm/ksm/run" */
  KT_ACT_VCPUPIN,     /* running domain: where = vCPU number; values are CPU lists ("0-3,8") */
  KT_ACT_EMULATORPIN, /* running domain: where = ""; CPU lists */
  KT_ACT_IOTHREADPIN, /* running domain: where = iothread number; CPU lists */
  KT_ACT_SCHEDULER,   /* running domain: where = libvirt's scheduler parameter, "vcpu_quota"; -1 no limit */
  KT_ACT_MEMORY,      /* running domain: where = cell number; values say KiB by node: "0:8388608,1:1024" */
  KT_ACT_NODESET,     /* running domain of one cell: live numatune; where = ""; node lists */
  KT_ACT_DOMXML,      /* persistent definition: where = path of domxml/domxml.h; from the next start on */
  KT_ACT_NOVA,        /* flavor, image or nova.conf: where = "flavor hw:numa_nodes", "image ...", "nova.conf ..." */
  KT_ACT_PROXMOX,     /* `qm set`: where = the option, "--numa0" */
  KT_ACT_PERSON, /* what kvmtune does not do itself: firmware, module options, inside the guest, with its manager */
  KT_ACTS
} KtAct;
extern const char *const kt_act_names[KT_ACTS]; /* "sysctl", "sysfs", "vcpupin", ... as in JSON */

/* The risk codes of checks.md; a change has several. */
typedef enum {
  KT_RISK_LIVE = 1 << 0,      /* L: while the guest runs */
  KT_RISK_REBOOT = 1 << 1,    /* r: guest reboot */
  KT_RISK_RESTART = 1 << 2,   /* B: guest stop and start */
  KT_RISK_HOST = 1 << 3,      /* H: host reboot or module reload */
  KT_RISK_MIGRATION = 1 << 4, /* M!: migration compatibility or guest ABI */
  KT_RISK_POWER = 1 << 5,     /* $: power, memory or money */
  KT_RISK_SECURITY = 1 << 6,  /* S: a security trade-off */
} KtRisk;
guint kt_risk_parse(const char *codes); /* "B M!" -> bits; unknown letters are ignored */
char *kt_risk_format(guint risk);       /* bits -> "B M!". Caller frees. */

/* One value. `before` is what has to be found there when the plan is carried out. */
typedef struct {
  char *where;
  char *before; /* NULL: absent */
  char *after;  /* NULL: removed */
} KtEdit;

/* What a change should do, on a counter that can be read before and after. */
typedef struct {
  char *counter; /* "guest.sockets", "guest.l3_groups", "locality_pct", "interrupts.res_cal_per_s", ... */
  char *before;  /* as seen or predicted when the plan was made; NULL unknown */
  char *after;   /* "2", ">= 99", "falls"; with the range and its source where one is published */
} KtEffect;

typedef struct {
  char *id; /* unique in the plan: "crm1/topology", "host/numa_balancing" */
  KtAct act;
  char *domain, *uuid; /* of the host itself: NULL; uuid NULL: unknown */
  char *title;         /* "topology 2 sockets x 16 cores" */
  char *why;           /* one or two sentences */
  GPtrArray *reasons;  /* char*: check ids that this cures, in order of weight; may be empty */
  GPtrArray *edits;    /* KtEdit*, in order; of KT_ACT_PERSON empty, or in the words of the manager */
  GPtrArray *effects;  /* KtEffect* */
  guint risk;          /* KtRisk bits */
  char *undo;          /* how to take it back, in words or as a command */
} KtChange;

/* A guest's shape, as its kernel sees or will see it (the predicted guest). -1: unknown. */
typedef struct {
  int sockets, cores, threads; /* cores a socket, threads a core */
  int l3_groups;               /* 0: no L3 */
  int cells;
  char *cpu; /* "host-model", "host-passthrough", "EPYC-Rome"; NULL unknown */
} KtGuestShape;

/* One guest in the plan, also one that is left as it is. */
typedef struct {
  char *domain, *uuid;
  KtGuestShape before, after;
  char *cpus_before, *cpus_after;           /* CPU lists of all its vCPUs together; NULL unknown or free to float */
  char *nodes_before, *nodes_after;         /* node lists of its memory; NULL unknown */
  double local_before_pct, local_after_pct; /* of resident pages; < 0 unknown */
  char *devices; /* passed through, with the host's node of each: "0000:3b:00.0@1 0000:5e:00.0@0"; NULL: none known */
  char *kept; /* why nothing, or not all, is changed: "well placed", "Nova's own pins", "VFIO: memory cannot move"; NULL
               */
} KtPlanGuest;

/* A finding that no change of the plan cures: it needs a person, or more than was asked for (KtPlan.movable). */
typedef struct {
  char *check;  /* "X42" */
  char *domain; /* NULL: the host itself */
  char *title;  /* what is wrong here, in one line */
  char *remedy; /* the first line of what cures it; NULL: none known */
} KtPlanLeft;

typedef struct {
  char *tool, *made;  /* version; ISO 8601 time, "" where it must not matter */
  char *host;         /* host name as in the evidence; NULL unknown */
  char *machine;      /* of a live one: which machine (base/identity.h); NULL: not known, or an older kvmtune made it */
  gboolean live;      /* made of this live machine; apply refuses others */
  char *policy;       /* "dedicated", "shared", "auto" */
  gboolean movable;   /* only what can be changed live */
  GPtrArray *guests;  /* KtPlanGuest* in the order of the evidence */
  GPtrArray *changes; /* KtChange*, in the order in which they are made */
  GPtrArray *left;    /* KtPlanLeft*, the host's first; what echoes another finding is not in it */
  GPtrArray *notes;   /* char*: what was not planned and why, advice on sizes */
} KtPlan;

KtPlan *kt_plan_new(void);
void kt_plan_free(KtPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtPlan, kt_plan_free)

KtPlanGuest *kt_plan_add_guest(KtPlan *plan, const char *domain, const char *uuid); /* shapes and percents unknown */
KtPlanGuest *kt_plan_guest(const KtPlan *plan, const char *domain);                 /* by name or UUID; NULL */
/* `domain` NULL: of the host. The id is made of the domain's name and `part`. */
KtChange *kt_plan_add_change(KtPlan *plan, KtAct act, const char *domain, const char *uuid, const char *part);
KtEdit *kt_change_add_edit(KtChange *change, const char *where, const char *before, const char *after);
KtEffect *kt_change_add_effect(KtChange *change, const char *counter, const char *before, const char *after);
void kt_change_add_reason(KtChange *change, const char *check_id); /* once each */
KtPlanLeft *kt_plan_add_left(KtPlan *plan, const char *check, const char *domain, const char *title,
                             const char *remedy);
/* Changes by what they act on (KtAct's order), guests and parts in the order they were added. */
void kt_plan_sort(KtPlan *plan);
