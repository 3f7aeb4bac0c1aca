/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Did it help? Two measurements compared metric by metric, and what that comes to.
 *
 * Work: network packets a second say how much work was done, where there are
 * at least KT_WORK_LEAST of them on both sides, else disk requests. Within KT_SAME_LOAD (within three
 * times that, if its interval holds 0)
 * the load counts as the same and what was measured is compared as it is. With another load
 * (up to KT_OTHER_LOAD times) what grows with work (CPU time, interrupts, exits, switches) is compared per unit of
 * work, shown as it would be with the load of before; the rest cannot be told. So can nothing but locality where
 * nobody says how much work was done.
 *
 * A row is better or worse if its interval holds no 0 and the difference is no smaller than matters
 * (KT_MATTERS of the value before, at least the metric's own floor); has no effect if its interval
 * holds 0, or the difference is smaller, and the interval holds no large change (KT_LARGE of the value
 * before, at least five floors); else it cannot be told. The intervals of all rows that decide
 * together hold the truth with KT_CONFIDENCE (Bonferroni: each has 1 - 0.01 / rows).
 *
 * A subject follows from its rows: what it costs (CPU time, stolen and waiting time) decides; if
 * nothing changed there, how the cost comes about (interrupts, exits, locality, misses). Better and
 * worse at once cannot be told there, and have no effect here. Context switches and migrated pages are shown and decide
 * nothing: balancing that works moves pages. Worse is the whole if a domain is, better if one is and none is worse; the
 * machine itself counts where there are no domains. */
#pragma once
#include "model/series.h"
#include "verify/bootstrap.h"

#define KT_CONFIDENCE 0.99
#define KT_SAME_LOAD 0.05
#define KT_OTHER_LOAD 2
#define KT_WORK_LEAST 10
#define KT_MATTERS 0.05
#define KT_LARGE 0.25

typedef enum { KT_VERDICT_CANNOT_TELL, KT_VERDICT_NO_EFFECT, KT_VERDICT_BETTER, KT_VERDICT_WORSE } KtVerdictKind;
#define KT_VERDICTS 4
extern const char *const kt_verdict_names[KT_VERDICTS]; /* "cannot tell", "no effect", ...: as in JSON and receipts */

typedef enum {
  KT_LOAD_UNKNOWN, /* nobody says how much work was done */
  KT_LOAD_SAME,    /* by its counters */
  KT_LOAD_OTHER,   /* by its counters */
  KT_LOAD_STATED,  /* no counters; the user says that it was the same */
} KtLoad;
#define KT_LOADS 4
extern const char *const kt_load_names[KT_LOADS]; /* "unknown", "same", "other", "stated" */

/* Why a row cannot be told. */
typedef enum { KT_DOUBT_NONE, KT_DOUBT_FEW, KT_DOUBT_SPREAD, KT_DOUBT_LOAD } KtDoubt;

/* One metric of one subject, before and after. */
typedef struct {
  KtMetric metric;
  KtVerdictKind kind;
  KtDoubt doubt;
  gboolean decides;  /* FALSE: shown only */
  gboolean per_work; /* `after` is scaled to the load of before */
  KtShift shift;
  double matters;                 /* the least difference that counts */
  const KtSeries *before, *after; /* of the measurements, not owned */
} KtComparison;

typedef struct {
  char *domain, *uuid; /* NULL: the machine itself */
  gboolean namesake;   /* another subject has this name, too: the UUID tells them apart */
  KtVerdictKind kind;
  KtLoad load;
  KtMetric work;     /* what says so; KT_METRICS: nothing */
  double load_ratio; /* after / before; NAN unknown */
  GPtrArray *rows;   /* KtComparison* in the order of KtMetric */
} KtSubjectVerdict;

typedef struct {
  KtVerdictKind kind;
  double confidence;   /* of each interval */
  guint decisive;      /* rows that decide */
  GPtrArray *subjects; /* KtSubjectVerdict*: domains by name, the machine itself last */
  GPtrArray *missing;  /* char*: domains that were measured on one side only */
} KtJudgement;

/* Both measurements have to outlive the verdict. `same_load`: the user's word, where no counter says anything. */
KtJudgement *kt_judgement_new(const KtMeasurement *before, const KtMeasurement *after, gboolean same_load);
void kt_judgement_free(KtJudgement *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtJudgement, kt_judgement_free)
