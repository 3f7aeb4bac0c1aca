/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that know whether they are known. Absent is not 0: a struct that is
 * all zero bytes holds only unknown values. */
#pragma once
#include <glib.h>

typedef struct {
  gboolean known;
  gint64 value;
} KtInt;

typedef struct {
  gboolean known;
  double value;
} KtNum;

#define KT_INT(v) ((KtInt){.known = TRUE, .value = (v)})
#define KT_NUM(v) ((KtNum){.known = TRUE, .value = (v)})
#define KT_INT_UNKNOWN ((KtInt){0})
#define KT_NUM_UNKNOWN ((KtNum){0})

/* TRUE if known and equal. */
static inline gboolean kt_int_is(KtInt i, gint64 value)
{
  return i.known && i.value == value;
}

typedef enum { KT_UNKNOWN = 0, KT_NO, KT_YES } KtTri;

/* Where a fact was read: file (or command, or "live:/sys/..."), line (from 1; 0
 * where lines have no meaning) and the text as it stood there. */
typedef struct {
  char *source;
  guint line;
  char *text;
} KtCite;

KtCite *kt_cite_new(const char *source, guint line, const char *text);
KtCite *kt_cite_copy(const KtCite *cite); /* NULL gives NULL */
void kt_cite_free(KtCite *cite);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCite, kt_cite_free)

/* How a finding is known (checks.md). */
typedef enum {
  KT_BASIS_MEASURED, /* seen in this machine */
  KT_BASIS_INFERRED, /* from a reference, a deduction or a prediction */
  KT_BASIS_STATED,   /* the document says so in words */
} KtBasis;
