/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/report.h"

#include <string.h>

#include "model/worst.h"
#include "view/words.h"

#define MAX_UNREADABLE 6

const char *kt_report_name(const KtDiagnosis *d)
{
  return d->subject.name ? d->subject.name : _("(no name)");
}

/* ---- verdict ---- */

KtFindingCount kt_report_count_findings(const KtDiagnosis *d)
{
  KtFindingCount n = {0};
  for (guint i = 0; i < d->findings->len; i++) {
    const KtFinding *f = d->findings->pdata[i];
    if (f->echo_of)
      n.echoes++;
    else
      n.roots[CLAMP(f->severity, 0, 3)]++;
  }
  return n;
}

/* "2 severe and 1 minor finding" */
static char *say_count(const KtFindingCount *n)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
  guint last = 0;
  for (int severity = 3; severity >= 0; severity--)
    if (n->roots[severity]) {
      last = n->roots[severity];
      g_ptr_array_add(parts, g_strdup_printf(_("%u %s"), last, kt_view_severity(severity)));
    }
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < parts->len; i++)
    g_string_append_printf(out, "%s%s",
                           i == 0                ? ""
                           : i + 1 == parts->len ? _(" and ")
                                                 : _(", "),
                           (char *)parts->pdata[i]);
  g_string_append(out, kt_trn(" finding", " findings", last));
  return g_string_free(out, FALSE);
}

KtVerdict kt_report_verdict(const KtDiagnosis *d)
{
  const KtFindingCount n = kt_report_count_findings(d);
  if (n.roots[2] || n.roots[3])
    return KT_VERDICT_FAULTY;
  return d->fine->len || d->findings->len ? KT_VERDICT_HEALTHY : KT_VERDICT_UNJUDGED;
}

char *kt_report_say_verdict(const KtDiagnosis *d)
{
  const KtFindingCount n = kt_report_count_findings(d);
  const KtVerdict verdict = kt_report_verdict(d);
  g_autofree char *kind = kt_view_kind(&d->subject), *found = say_count(&n);
  GString *out = g_string_new(NULL);
  g_string_append_printf(out, _("%s (%s) "), kt_report_name(d), kind);
  if (verdict == KT_VERDICT_FAULTY)
    g_string_append_printf(out, _("has %s"), found);
  else if (verdict == KT_VERDICT_UNJUDGED)
    g_string_append(out, _("cannot be judged"));
  else if (d->findings->len)
    g_string_append_printf(out, _("is healthy, with %s"), found);
  else
    g_string_append(out, _("is healthy"));
  if (n.echoes)
    g_string_append_printf(out,
                           d->findings->len - n.echoes == 1
                               ? kt_trn("; %u more follows from it", "; %u more follow from it", n.echoes)
                               : kt_trn("; %u more follows from them", "; %u more follow from them", n.echoes),
                           n.echoes);
  if (verdict != KT_VERDICT_FAULTY)
    g_string_append_printf(out, _(": %u checked and fine, %u unknown"), d->fine->len, d->unknown->len);
  g_string_append(out, _("."));
  return g_string_free(out, FALSE);
}

/* ---- many subjects ---- */

#define MIN_SUBJECTS 4

/* 255 of a kind are enough. */
static guint weight(const KtDiagnosis *d)
{
  const KtFindingCount n = kt_report_count_findings(d);
  return MIN(n.roots[3], 255) << 16 | MIN(n.roots[2], 255) << 8 | MIN(n.roots[1], 255);
}

static int compare_weight(gconstpointer pa, gconstpointer pb)
{
  guint a = weight(*(const KtDiagnosis *const *)pa), b = weight(*(const KtDiagnosis *const *)pb);
  return a == b ? 0 : a > b ? -1 : 1;
}

GPtrArray *kt_report_rank(const GPtrArray *diagnoses)
{
  GPtrArray *ranked = g_ptr_array_new();
  for (guint i = 0; diagnoses->len >= MIN_SUBJECTS && i < diagnoses->len; i++)
    if (((const KtDiagnosis *)diagnoses->pdata[i])->findings->len)
      g_ptr_array_add(ranked, diagnoses->pdata[i]);
  if (ranked->len < 2)
    g_ptr_array_set_size(ranked, 0);
  g_ptr_array_sort(ranked, compare_weight);
  return ranked;
}

char *kt_report_worst(const KtMachine *m)
{
  g_autoptr(KtWorst) worst = kt_activity_worst(m->activity);
  if (!worst)
    return NULL;
  return g_strdup_printf(worst->steal ? _("Worst from %s to %s: %.1f %% steal (%.1f %% over all)")
                                      : _("Worst from %s to %s: %.1f %% busy (%.1f %% over all)"),
                         worst->from, worst->to, worst->pct, worst->overall);
}

/* ---- evidence ---- */

char *kt_report_source(const KtCite *cite)
{
  const char *slash = strrchr(cite->source, '/');
  const char *shown =
      slash && strlen(cite->source) > 32 && !g_str_has_prefix(cite->source, "live:") ? slash + 1 : cite->source;
  return cite->line ? g_strdup_printf("%s:%u", shown, cite->line) : g_strdup(shown);
}

char *kt_report_one_space(const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *p = text; *p; p++)
    if (!g_ascii_isspace(*p))
      g_string_append_c(out, *p);
    else if (out->len && out->str[out->len - 1] != ' ')
      g_string_append_c(out, ' ');
  return g_strchomp(g_string_free(out, FALSE));
}

char *kt_report_basis(const KtFinding *f)
{
  if (f->echo_of)
    return g_strdup_printf(_("Follows from %s%s."), f->echo_of,
                           f->basis == KT_BASIS_MEASURED   ? ""
                           : f->basis == KT_BASIS_INFERRED ? _("; inferred")
                                                           : _("; stated"));
  switch (f->basis) {
  case KT_BASIS_INFERRED:
    return g_strdup(_("Inferred, not measured in this machine."));
  case KT_BASIS_STATED:
    return g_strdup(_("Stated by the document, not measured."));
  default:
    return NULL;
  }
}

/* ---- what is missing ---- */

static void missing_free(gpointer data)
{
  KtMissing *missing = data;
  g_free(missing->what);
  g_string_free(missing->checks, TRUE);
  g_free(missing);
}

GPtrArray *kt_report_missing(const KtDiagnosis *d)
{
  GPtrArray *all = g_ptr_array_new_with_free_func(missing_free);
  g_autoptr(GHashTable) by_what = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < d->unknown->len; i++) {
    const KtFinding *f = d->unknown->pdata[i];
    const char *what = f->missing ? f->missing : "";
    KtMissing *missing = g_hash_table_lookup(by_what, what);
    if (!missing) {
      missing = g_new0(KtMissing, 1);
      missing->what = g_strdup(what);
      missing->checks = g_string_new(NULL);
      g_hash_table_insert(by_what, missing->what, missing);
      g_ptr_array_add(all, missing);
    }
    g_string_append_printf(missing->checks, "%s%s", missing->checks->len ? " " : "", f->check->id);
  }
  return all;
}

/* "/proc/123/numa_maps" of any process; others as they are. Caller frees. */
static char *of_any_process(const char *path)
{
  static const char proc[] = "/proc/";
  const char *number = path + strlen(proc);
  if (!g_str_has_prefix(path, proc) || !g_ascii_isdigit(*number))
    return g_strdup(path);
  return g_strconcat(proc, "PID", number + strspn(number, "0123456789"), NULL);
}

/* What only root may read, so that a user knows what another run would see. */
char *kt_report_unreadable(const KtMachine *m)
{
  g_autoptr(GList) paths = g_list_sort(g_hash_table_get_keys(m->unreadable), (GCompareFunc)strcmp);
  g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  GString *out = g_string_new(NULL);
  for (GList *l = paths; l; l = l->next) {
    char *path = of_any_process(l->data);
    if (!g_hash_table_add(done, path) || g_hash_table_size(done) > MAX_UNREADABLE)
      continue;
    const char *why = g_hash_table_lookup(m->unreadable, l->data);
    g_string_append_printf(out, "%s%s (%s)", out->len ? _(", ") : _("Could not be read: "), path, why);
  }
  if (g_hash_table_size(done) > MAX_UNREADABLE)
    g_string_append_printf(out, _(" and %u more (kvmtune facts shows all)"), g_hash_table_size(done) - MAX_UNREADABLE);
  return g_string_free(out, out->len == 0);
}

/* ---- two machines ---- */

guint kt_report_count(const GPtrArray *differences, KtDifferenceKind kind)
{
  guint n = 0;
  for (guint i = 0; i < differences->len; i++)
    n += ((const KtDifference *)differences->pdata[i])->kind == kind;
  return n;
}

char *kt_report_say_comparison(const char *reference, const char *subject, const GPtrArray *differences)
{
  guint slower = kt_report_count(differences, KT_DIFFERENCE_SLOWER);
  if (slower)
    return g_strdup_printf(kt_trn("%s differs from %s in %u point that can explain why it is slower.",
                                  "%s differs from %s in %u points that can explain why it is slower.", slower),
                           subject, reference, slower);
  return g_strdup_printf(_("Nothing known of %s explains why it would be slower than %s."), subject, reference);
}
