/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot.h"

static void rejected_free(gpointer data)
{
  KtRejected *r = data;
  g_free(r->source);
  g_free(r->why);
  g_free(r);
}

KtSnapshot *kt_snapshot_new(void)
{
  KtSnapshot *s = g_new0(KtSnapshot, 1);
  s->machines = g_ptr_array_new_with_free_func((GDestroyNotify)kt_machine_free);
  s->domains = g_ptr_array_new_with_free_func((GDestroyNotify)kt_domain_free);
  s->flavors = g_ptr_array_new_with_free_func((GDestroyNotify)kt_flavor_free);
  s->confs = g_ptr_array_new_with_free_func((GDestroyNotify)kt_nova_conf_free);
  s->rejected = g_ptr_array_new_with_free_func(rejected_free);
  s->stated = g_ptr_array_new_with_free_func((GDestroyNotify)kt_cite_free);
  s->notes = g_ptr_array_new_with_free_func(g_free);
  return s;
}

void kt_snapshot_free(KtSnapshot *s)
{
  if (!s)
    return;
  g_ptr_array_unref(s->machines);
  g_ptr_array_unref(s->domains);
  g_ptr_array_unref(s->flavors);
  g_ptr_array_unref(s->confs);
  g_ptr_array_unref(s->rejected);
  g_ptr_array_unref(s->stated);
  g_ptr_array_unref(s->notes);
  g_free(s);
}

void kt_snapshot_reject(KtSnapshot *s, const char *source, guint line, const char *format, ...)
{
  if (s->rejected->len >= KT_MAX_REJECTED) {
    s->rejected_more++;
    return;
  }
  va_list args;
  va_start(args, format);
  KtRejected *r = g_new0(KtRejected, 1);
  r->source = g_strdup(source);
  r->line = line;
  r->why = g_strdup_vprintf(format, args);
  va_end(args);
  g_ptr_array_add(s->rejected, r);
}

KtMachine *kt_snapshot_host(const KtSnapshot *s)
{
  KtMachine *host = NULL;
  for (guint i = 0; i < s->machines->len; i++) {
    KtMachine *m = s->machines->pdata[i];
    if (m->role != KT_ROLE_HOST)
      continue;
    if (host)
      return NULL;
    host = m;
  }
  return host;
}

const KtMachine *kt_snapshot_host_of(const KtSnapshot *s, const KtDomain *d)
{
  return d->host ? d->host : kt_snapshot_host(s);
}

KtMachine *kt_snapshot_machine(const KtSnapshot *s, const char *name)
{
  for (guint i = 0; i < s->machines->len; i++) {
    KtMachine *m = s->machines->pdata[i];
    if (m->name && g_str_equal(m->name, name))
      return m;
  }
  guint64 number = 0; /* "N" */
  gboolean is_number = g_ascii_string_to_unsigned(name, 10, 1, G_MAXUINT, &number, NULL);
  return is_number && number <= s->machines->len ? s->machines->pdata[number - 1] : NULL;
}

KtDomain *kt_snapshot_domain(const KtSnapshot *s, const char *name)
{
  for (guint i = 0; i < s->domains->len; i++) {
    KtDomain *d = s->domains->pdata[i];
    if (kt_domain_is_called(d, name))
      return d;
  }
  return NULL;
}
