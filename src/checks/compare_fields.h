/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the comparison: the values that are compared. */
#pragma once
#include "model/machine.h"

/* What one machine says to a field. */
typedef struct {
  char *text;    /* as shown; NULL: unknown */
  double number; /* what the judgement looks at; its meaning is the field's */
} KtCompared;

typedef enum { KT_COMPARE_SAME, KT_COMPARE_DIFFERS, KT_COMPARE_WORSE } KtComparison;

typedef struct KtCompareField {
  const char *field, *label;
  /* Fills *value; leaves value->text NULL where the machine does not tell. */
  void (*value)(const struct KtCompareField *field, const KtMachine *m, KtCompared *value);
  /* FALSE: the field has no meaning for this machine, and is left out. NULL: it always has. */
  gboolean (*applies)(const KtMachine *m);
  /* Is the subject worse than the reference in a way that makes it slower?
   * NULL: a field that explains nothing by itself. */
  gboolean (*worse)(const KtMachine *reference, const KtCompared *r, const KtMachine *subject, const KtCompared *s);
  double tolerance;    /* differences of `number` up to this are none; 0: the texts are compared */
  const char *check;   /* tied to when worse */
  const char *meaning; /* when worse */
  const char *neutral; /* when it differs otherwise; NULL: a standard sentence */
  const char *key;     /* name of a setting or path of a fact, for the general value functions */
  int number;          /* KtCpuField for CPU use */
} KtCompareField;

const KtCompareField *kt_compare_fields(guint *n);
