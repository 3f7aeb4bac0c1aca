/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/order.h"

#include <string.h>

/* A fired root explains the echo; the first root of a row that fired counts. */
static const struct {
  const char *echo;
  const char *roots[5];
} echoes[] = {
    {"G06", {"X06", "X03", "X05", "X14", "X36"}}, /* wake-ups cross what should be one cache */
    {"G03", {"X11", "X13", "X06"}},               /* memory of a guest that has no nodes, or nodes bound to nothing */
    {"G05", {"X36"}},                             /* no kvm-clock offered */
    {"G08", {"X05"}},                             /* the kernel complains about the shared L3 */
    {"W01", {"X11"}},                             /* useless before the guest has nodes */
    {"X30", {"H26"}},
    {"N05", {"N02"}},
};

/* The order of ruling out; what is not listed comes last. */
static const char *const stages[] = {
    "H40 H41 H29 G07 G14",                                         /* starved: topology will not help */
    "H17 X01 H12",                                                 /* no or a wrong CPU */
    "H09 G05 X36",                                                 /* the clock imitates load */
    "X06 X03 X05 X14 N02 N05 G06",                                 /* wake-ups */
    "X11 N03 X13 H20 G03 G01 G02 W01 W02 H21 H22 H23 H30 H04 H06", /* memory distance */
    "H26 X30 H11",                                                 /* address translation */
    "H44 H45 H46 H47 H48 H49 H50 H43 H08",                         /* interference */
    "X42 X43 X44 X45 G10",                                         /* devices */
    "X39 X38",                                                     /* Windows */
};

/* Stages before each other, and within a stage the order in which it names the ids. */
static gsize place_of(const char *id)
{
  gsize before = 0;
  for (guint s = 0; s < G_N_ELEMENTS(stages); s++) {
    const char *found = strstr(stages[s], id);
    if (found)
      return before + (gsize)(found - stages[s]);
    before += strlen(stages[s]);
  }
  return before;
}

static KtFinding *find(GPtrArray *findings, const char *id)
{
  for (guint i = 0; i < findings->len; i++) {
    KtFinding *f = findings->pdata[i];
    if (g_str_equal(f->check->id, id))
      return f;
  }
  return NULL;
}

static void link_echo(GPtrArray *findings, KtFinding *f)
{
  for (guint e = 0; e < G_N_ELEMENTS(echoes); e++) {
    if (!g_str_equal(echoes[e].echo, f->check->id))
      continue;
    for (guint r = 0; r < G_N_ELEMENTS(echoes[e].roots) && echoes[e].roots[r]; r++) {
      KtFinding *root = find(findings, echoes[e].roots[r]);
      if (root) {
        f->echo_of = root->check->id;
        return;
      }
    }
  }
}

static int compare_roots(gconstpointer pa, gconstpointer pb)
{
  const KtFinding *a = *(KtFinding *const *)pa, *b = *(KtFinding *const *)pb;
  if (a->severity != b->severity)
    return b->severity - a->severity;
  gsize place_a = place_of(a->check->id), place_b = place_of(b->check->id);
  if (place_a != place_b)
    return place_a < place_b ? -1 : 1;
  return strcmp(a->check->id, b->check->id);
}

/* Moves the echoes of `root` from `echoing` behind it in `out`; echoes have no echoes. */
static void add_with_echoes(GPtrArray *out, GPtrArray *echoing, KtFinding *root)
{
  g_ptr_array_add(out, root);
  for (guint i = 0; i < echoing->len; i++) {
    KtFinding *echo = echoing->pdata[i];
    if (g_str_equal(echo->echo_of, root->check->id))
      g_ptr_array_add(out, echo);
  }
}

void kt_findings_order(GPtrArray *findings)
{
  g_autoptr(GPtrArray) roots = g_ptr_array_new(), echoing = g_ptr_array_new();
  for (guint i = 0; i < findings->len; i++)
    link_echo(findings, findings->pdata[i]);
  for (guint i = 0; i < findings->len; i++) {
    KtFinding *f = findings->pdata[i];
    const KtFinding *root = f->echo_of ? find(findings, f->echo_of) : NULL;
    /* An echo of an echo hangs on the same root; one whose root did not fire stands for itself. */
    if (!root)
      f->echo_of = NULL;
    else if (root->echo_of)
      f->echo_of = root->echo_of;
    g_ptr_array_add(f->echo_of ? echoing : roots, f);
  }
  g_ptr_array_sort(roots, compare_roots);
  g_ptr_array_sort(echoing, compare_roots);
  g_autoptr(GPtrArray) ordered = g_ptr_array_new();
  for (guint i = 0; i < roots->len; i++)
    add_with_echoes(ordered, echoing, roots->pdata[i]);
  for (guint i = 0; i < ordered->len; i++)
    findings->pdata[i] = ordered->pdata[i];
}
