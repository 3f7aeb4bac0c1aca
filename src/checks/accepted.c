/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/accepted.h"

#include <string.h>

#include "base/error.h"

static void accepted_free(gpointer data)
{
  KtAccepted *a = data;
  g_free(a->id);
  g_free(a->subject);
  g_free(a->reason);
  g_free(a);
}

GPtrArray *kt_accepted_new(void)
{
  return g_ptr_array_new_with_free_func(accepted_free);
}

static guint find(const GPtrArray *accepted, const char *id, const char *subject)
{
  guint i = 0;
  while (i < accepted->len) {
    const KtAccepted *a = accepted->pdata[i];
    if (g_str_equal(a->id, id) && g_strcmp0(a->subject, subject) == 0)
      break;
    i++;
  }
  return i;
}

gboolean kt_accepted_remove(GPtrArray *accepted, const char *id, const char *subject)
{
  guint i = find(accepted, id, subject);
  if (i == accepted->len)
    return FALSE;
  g_ptr_array_remove_index(accepted, i);
  return TRUE;
}

void kt_accepted_add(GPtrArray *accepted, const char *id, const char *subject, const char *reason)
{
  KtAccepted *a = g_new0(KtAccepted, 1);
  a->id = g_strdup(id);
  a->subject = g_strdup(subject);
  a->reason = g_strdup(reason);
  kt_accepted_remove(accepted, id, subject);
  g_ptr_array_add(accepted, a);
}

static gboolean parse_line(GPtrArray *accepted, char *line, const char *source, guint number, GError **error)
{
  char *colon = strstr(line, ": ");
  if (!colon) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s:%u: 'ID: reason' or 'ID SUBJECT: reason' is expected", source,
                number);
    return FALSE;
  }
  *colon = '\0';
  char *space = strchr(line, ' ');
  const char *subject = NULL;
  if (space) {
    *space = '\0';
    subject = g_strstrip(space + 1);
  }
  const KtCheck *check = kt_check_find(line);
  const char *reason = g_strstrip(colon + 2);
  if (!check || !*reason) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, check ? "%s:%u: %s has no reason" : "%s:%u: there is no check '%s'",
                source, number, line);
    return FALSE;
  }
  kt_accepted_add(accepted, check->id, subject && *subject ? subject : NULL, reason);
  return TRUE;
}

gboolean kt_accepted_parse(GPtrArray *accepted, const char *text, const char *source, GError **error)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    g_strstrip(lines[i]);
    if (*lines[i] && *lines[i] != '#' && !parse_line(accepted, lines[i], source, i + 1, error))
      return FALSE;
  }
  return TRUE;
}

char *kt_accepted_format(const GPtrArray *accepted)
{
  GString *out = g_string_new("# Accepted risks: ID: reason, or ID SUBJECT: reason. See kvmtune(1), ignore.\n");
  for (guint i = 0; i < accepted->len; i++) {
    const KtAccepted *a = accepted->pdata[i];
    g_string_append_printf(out, "%s%s%s: %s\n", a->id, a->subject ? " " : "", a->subject ? a->subject : "", a->reason);
  }
  return g_string_free(out, FALSE);
}

static const char *reason_for(const GPtrArray *accepted, const char *id, const char *subject)
{
  for (guint i = 0; i < accepted->len; i++) {
    const KtAccepted *a = accepted->pdata[i];
    if (g_str_equal(a->id, id) && (!a->subject || g_strcmp0(a->subject, subject) == 0))
      return a->reason;
  }
  return NULL;
}

/* The reason for a finding itself, or for the root that it follows from. */
static char *reason_of(const KtDiagnosis *d, const KtFinding *f, const GPtrArray *accepted)
{
  const char *own = reason_for(accepted, f->check->id, d->subject.name);
  if (own)
    return g_strdup(own);
  if (f->echo_of && reason_for(accepted, f->echo_of, d->subject.name))
    return g_strdup_printf("follows from %s, which is accepted", f->echo_of);
  return NULL;
}

void kt_accepted_apply(GPtrArray *diagnoses, const GPtrArray *accepted)
{
  for (guint i = 0; i < diagnoses->len; i++) {
    KtDiagnosis *d = diagnoses->pdata[i];
    for (guint k = 0; k < d->findings->len;) {
      KtFinding *f = d->findings->pdata[k];
      f->accepted = reason_of(d, f, accepted);
      if (f->accepted)
        g_ptr_array_add(d->accepted, g_ptr_array_steal_index(d->findings, k));
      else
        k++;
    }
  }
}
