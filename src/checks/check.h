/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of checks (checks.md): what makes a KVM guest slow, how it shows,
 * and what to change. A check is one row of data and one pure function over
 * a subject; it reads no file and changes nothing. */
#pragma once
#include "base/i18n.h"
#include "model/snapshot.h"

/* What a row applies to; a subject matches with the bit of its own kind. */
typedef enum {
  KT_FOR_HOST = 1 << 0,        /* bare-metal host */
  KT_FOR_NESTED_HOST = 1 << 1, /* a host that is itself a guest */
  KT_FOR_GUEST = 1 << 2,       /* a machine that is a guest */
  KT_FOR_DOMAIN = 1 << 3,      /* a domain's definition, running or not */
  KT_FOR_FLAVOR = 1 << 4,      /* a Nova flavor and/or image */
  KT_FOR_UNTOLD = 1 << 5,      /* a machine of which nothing tells whether host or guest */
} KtFor;
#define KT_FOR_ANY_HOST (KT_FOR_HOST | KT_FOR_NESTED_HOST)
#define KT_FOR_ANY_MACHINE (KT_FOR_ANY_HOST | KT_FOR_GUEST | KT_FOR_UNTOLD)

/* Hypervisors whose guests the remedy fits; 0 in a row: it does not matter. */
typedef enum { KT_ON_KVM = 1 << 0, KT_ON_VMWARE = 1 << 1, KT_ON_OTHER = 1 << 2 } KtOn;

typedef enum {
  KT_NOT_APPLICABLE = 0, /* not listed at all, and never "fine" */
  KT_FINE,
  KT_FIRED,
  KT_CANNOT_TELL, /* because `missing` is missing */
} KtState;

/* Whose hands the remedy needs. */
typedef enum {
  KT_LAYER_LIBVIRT,
  KT_LAYER_NOVA,
  KT_LAYER_PROXMOX,
  KT_LAYER_QEMU,
  KT_LAYER_VMWARE,
  KT_LAYER_HOST,
  KT_LAYER_GUEST,
  KT_LAYER_WORKLOAD,
  KT_LAYERS
} KtLayer;
extern const char *const kt_layer_names[KT_LAYERS]; /* "libvirt", "nova", ... */

/* One way to cure it. `action` is a command to copy or a sentence; {name},
 * {vcpus}, {sockets}, {cores}, {threads}, {cells} ... are filled in from what
 * the check puts with kt_finding_fill(); an action with a placeholder that was
 * not filled shows it as <name>. */
typedef struct {
  KtLayer layer;
  const char *action;
} KtRemedy;
#define KT_MAX_REMEDIES 8

typedef struct KtFinding KtFinding;

/* One thing looked at. Exactly one of machine, domain, flavor is the subject;
 * the others give context where the snapshot has them. */
typedef struct {
  KtFor kind;
  const char *name;
  const KtSnapshot *snapshot;
  const KtMachine *machine; /* the subject if it is a machine */
  const KtDomain *domain;   /* the subject if it is a domain */
  const KtFlavor *flavor;   /* the subject if it is a flavor */
  const KtMachine *guest; /* what the guest's kernel sees: `machine` of a guest, or the prediction for a domain; NULL */
  gboolean predicted;     /* `guest` is a prediction: findings on it are inferred */
  const KtMachine *host;  /* the host it runs on or `machine` of a host; NULL unknown */
  const KtMachine
      *reference; /* the good machine to measure against (another hypervisor's guest of the same size); NULL */
} KtSubject;

typedef struct KtCheck {
  const char *id;    /* "X06", stable for ever */
  int severity;      /* 3 explains multiples, 2 tens of percent, 1 a few percent or jitter */
  const char *title; /* "N sockets x 1 core" */
  guint applies;     /* KtFor bits */
  guint hypervisors; /* KtOn bits, 0 any */
  gboolean x86_only;
  const char *needs;                  /* evidence needed, for `kvmtune checks` */
  const char *risk;                   /* codes of checks.md: "L", "B M!" */
  const char *cause;                  /* explain: why it makes a guest slow */
  const char *shows;                  /* explain: how it shows, where to look */
  const char *costs;                  /* explain: what the cure costs: downtime, migration, licences */
  const char *effect;                 /* expected effect, a range with its source; NULL: none published */
  const char *note;                   /* explain: limits, traps, what the case says; NULL */
  const char *source;                 /* "[R] nova hardware.py; case" */
  KtRemedy remedies[KT_MAX_REMEDIES]; /* ends with action == NULL */
  /* Looks at the subject and calls one of kt_finding_fire/fine/cannot/skip. NULL: not implemented yet. */
  void (*run)(const KtSubject *subject, KtFinding *finding);
} KtCheck;

struct KtFinding {
  const KtCheck *check;
  KtState state;
  int severity; /* check->severity unless the effect here is smaller */
  KtBasis basis;
  char *title;         /* what is wrong here, in one line: "32 sockets x 1 core" */
  GPtrArray *evidence; /* KtCite* */
  char *missing;       /* of KT_CANNOT_TELL: "the guest's caches" */
  char *reason;        /* of KT_FINE, where it is worth saying: "steal is 0.00 % on average"; else NULL */
  GHashTable *fill;    /* placeholder -> text */
  const char *echo_of; /* id of the root cause this is an echo of, or NULL */
  char *accepted;      /* why somebody accepted it (checks/accepted.h), or NULL */
};

/* ---- for check functions ----
 * Formats of fire, fine_because, cannot and say are translated (base/i18n.h);
 * words among their arguments are marked with _(). */

/* Fired; the title is printf-made. Severity starts as the row's, basis as
 * measured (inferred if the subject's guest is predicted); fills {name} if the
 * subject is a domain. */
void kt_finding_fire(KtFinding *f, const KtSubject *s, const char *title_format, ...) G_GNUC_PRINTF(3, 4);
void kt_finding_fine(KtFinding *f);
/* Fine, and the report may say why: what was suspected is acquitted in words. */
void kt_finding_fine_because(KtFinding *f, const char *reason_format, ...) G_GNUC_PRINTF(2, 3);
void kt_finding_skip(KtFinding *f); /* does not apply here after all */
void kt_finding_cannot(KtFinding *f, const char *missing_format, ...) G_GNUC_PRINTF(2, 3);
void kt_finding_cite(KtFinding *f, const KtCite *cite); /* copied; NULL ignored; the same line only once */
/* Evidence that is no quotation: a deduction ("node 3 holds at least ..."). */
void kt_finding_say(KtFinding *f, const char *format, ...) G_GNUC_PRINTF(2, 3);
void kt_finding_fill(KtFinding *f, const char *placeholder, const char *format, ...) G_GNUC_PRINTF(3, 4);
void kt_finding_cite_machine(KtFinding *f, const KtMachine *m, const char *path);
void kt_finding_cite_domain(KtFinding *f, const KtDomain *d, const char *path);

/* Would this other row fire on the subject? For rows whose condition names
 * another one (G06: "with X03, X05 or X06"). FALSE if it is not implemented or
 * does not apply. A row must not ask about one that asks about it. */
gboolean kt_check_fires(const char *id, const KtSubject *s);

/* ---- for everybody else ---- */

/* All rows in the order of checks.md, those not implemented too; *n rows. */
const KtCheck *const *kt_checks(guint *n);
const KtCheck *kt_check_find(const char *id); /* any case; NULL if there is none */

KtFinding *kt_finding_new(const KtCheck *check); /* undecided: KT_NOT_APPLICABLE */
void kt_finding_free(KtFinding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtFinding, kt_finding_free)

/* All subjects of a snapshot and their findings. */
typedef struct {
  KtSubject subject;
  KtMachine *prediction; /* owns subject.guest of a domain; NULL */
  GPtrArray *findings;   /* KtFinding* that fired: roots by impact, each followed by its echoes */
  GPtrArray *accepted;   /* KtFinding* that fired and were accepted; empty before kt_accepted_apply() */
  GPtrArray *unknown;    /* KtFinding* that cannot tell */
  GPtrArray *fine;       /* KtFinding* */
} KtDiagnosis;

/* Diagnoses all of the snapshot, which has to outlive the result. `reference`
 * (may be NULL) is a good machine given by the user. Free with g_ptr_array_unref(). */
GPtrArray *kt_diagnose(const KtSnapshot *snapshot, const KtMachine *reference);

/* The highest severity among the findings; 0 if nothing fired. */
int kt_diagnoses_worst(const GPtrArray *diagnoses);

/* The remedy's action with its placeholders filled, {name} as <name> where
 * nothing fills it (all of them if `finding` is NULL). In the user's language. Caller frees. */
char *kt_finding_action(const KtFinding *finding, const KtRemedy *remedy);
