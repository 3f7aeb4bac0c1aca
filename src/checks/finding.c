/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/shell.h"
#include "checks/check.h"

KtFinding *kt_finding_new(const KtCheck *check)
{
  KtFinding *f = g_new0(KtFinding, 1);
  f->check = check;
  f->severity = check->severity;
  f->evidence = g_ptr_array_new_with_free_func((GDestroyNotify)kt_cite_free);
  f->fill = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return f;
}

void kt_finding_free(KtFinding *f)
{
  if (!f)
    return;
  g_free(f->title);
  g_free(f->missing);
  g_free(f->reason);
  g_free(f->accepted);
  g_ptr_array_unref(f->evidence);
  g_hash_table_unref(f->fill);
  g_free(f);
}

void kt_finding_fire(KtFinding *f, const KtSubject *s, const char *title_format, ...)
{
  va_list args;
  va_start(args, title_format);
  g_free(f->title);
  f->title = g_strdup_vprintf(kt_tr(title_format), args);
  va_end(args);
  f->state = KT_FIRED;
  f->severity = f->check->severity;
  f->basis = s->predicted ? KT_BASIS_INFERRED : KT_BASIS_MEASURED;
  if (s->domain && s->domain->name)
    kt_finding_fill(f, "name", "%s", s->domain->name);
}

void kt_finding_fine(KtFinding *f)
{
  f->state = KT_FINE;
}

void kt_finding_fine_because(KtFinding *f, const char *reason_format, ...)
{
  va_list args;
  va_start(args, reason_format);
  g_free(f->reason);
  f->reason = g_strdup_vprintf(kt_tr(reason_format), args);
  va_end(args);
  f->state = KT_FINE;
}

void kt_finding_skip(KtFinding *f)
{
  f->state = KT_NOT_APPLICABLE;
}

void kt_finding_cannot(KtFinding *f, const char *missing_format, ...)
{
  va_list args;
  va_start(args, missing_format);
  g_free(f->missing);
  f->missing = g_strdup_vprintf(kt_tr(missing_format), args);
  va_end(args);
  f->state = KT_CANNOT_TELL;
}

void kt_finding_cite(KtFinding *f, const KtCite *cite)
{
  if (!cite)
    return;
  for (guint i = 0; i < f->evidence->len; i++) {
    const KtCite *old = f->evidence->pdata[i];
    if (old->line == cite->line && g_strcmp0(old->source, cite->source) == 0 && g_strcmp0(old->text, cite->text) == 0)
      return;
  }
  g_ptr_array_add(f->evidence, kt_cite_copy(cite));
}

void kt_finding_say(KtFinding *f, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(kt_tr(format), args);
  va_end(args);
  g_ptr_array_add(f->evidence, kt_cite_new(NULL, 0, text));
}

void kt_finding_fill(KtFinding *f, const char *placeholder, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_hash_table_replace(f->fill, g_strdup(placeholder), g_strdup_vprintf(format, args));
  va_end(args);
}

void kt_finding_cite_machine(KtFinding *f, const KtMachine *m, const char *path)
{
  if (m)
    kt_finding_cite(f, kt_machine_cite_of(m, path));
}

void kt_finding_cite_domain(KtFinding *f, const KtDomain *d, const char *path)
{
  if (d)
    kt_finding_cite(f, kt_domain_cite_of(d, path));
}

char *kt_finding_action(const KtFinding *f, const KtRemedy *remedy)
{
  GString *out = g_string_new(NULL);
  for (const char *p = kt_tr(remedy->action); *p;) {
    const char *end = *p == '{' ? strchr(p, '}') : NULL;
    /* "{" that opens no name is itself: awk, shell */
    if (!end || strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_") != (gsize)(end - p - 1)) {
      g_string_append_c(out, *p++);
      continue;
    }
    g_autofree char *name = g_strndup(p + 1, (gsize)(end - p - 1));
    const char *value = f ? g_hash_table_lookup(f->fill, name) : NULL;
    g_autofree char *word = value && g_str_equal(name, "name") ? kt_shell_word(value) : NULL;
    if (word)
      g_string_append(out, word);
    else if (value)
      g_string_append(out, value);
    else
      g_string_append_printf(out, "<%s>", name);
    p = end + 1;
  }
  return g_string_free(out, FALSE);
}
