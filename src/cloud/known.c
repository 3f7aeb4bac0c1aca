/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/known.h"

#include <string.h>

#include "base/i18n.h"

static void known_free(gpointer data)
{
  KtCloudKnown *k = data;
  g_free(k->name);
  g_ptr_array_unref(k->domains);
  g_ptr_array_unref(k->servers);
  g_free(k);
}

void kt_cloud_evidence_free(KtCloudEvidence *e)
{
  if (!e)
    return;
  g_ptr_array_unref(e->hosts);
  g_hash_table_unref(e->domains);
  g_hash_table_unref(e->by_name);
  g_free(e);
}

static KtCloudKnown *add_host(KtCloudEvidence *e, const char *name)
{
  KtCloudKnown *k = g_new0(KtCloudKnown, 1);
  k->name = g_strdup(name);
  k->domains = g_ptr_array_new();
  k->servers = g_ptr_array_new();
  g_ptr_array_add(e->hosts, k);
  g_hash_table_insert(e->by_name, k->name, k);
  return k;
}

static void add_hosts_of_cloud(KtCloudEvidence *e, const KtCloud *cloud)
{
  for (guint i = 0; i < cloud->hosts->len; i++) {
    const KtCloudHost *h = cloud->hosts->pdata[i];
    const char *name = h->host ? h->host : h->name;
    if (name && !g_hash_table_contains(e->by_name, name))
      add_host(e, name)->host = h;
  }
  for (guint i = 0; i < cloud->servers->len; i++) {
    KtCloudServer *s = cloud->servers->pdata[i];
    KtCloudKnown *k = s->host ? g_hash_table_lookup(e->by_name, s->host) : NULL;
    if (s->host && !k)
      k = add_host(e, s->host);
    if (k)
      g_ptr_array_add(k->servers, s);
  }
}

/* ---- machines ---- */

static KtCloudKnown *by_name(const KtCloudEvidence *e, const char *name)
{
  KtCloudKnown *found = NULL;
  for (guint i = 0; name && i < e->hosts->len; i++) {
    KtCloudKnown *k = e->hosts->pdata[i];
    if (!kt_machine_same_name(name, k->name) && !(k->host && kt_machine_same_name(name, k->host->name)))
      continue;
    if (found)
      return NULL;
    found = k;
  }
  return found;
}

static KtCloudKnown *by_guests(const KtCloudEvidence *e, const KtCloud *cloud, const KtSnapshot *snapshot,
                               const KtMachine *machine)
{
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    g_autofree char *id = d->uuid && kt_snapshot_host_of(snapshot, d) == machine ? g_ascii_strdown(d->uuid, -1) : NULL;
    const KtCloudServer *s = id ? g_hash_table_lookup(cloud->by_id, id) : NULL;
    if (s && s->host)
      return g_hash_table_lookup(e->by_name, s->host);
  }
  return NULL;
}

static void add_machines(KtCloudEvidence *e, const KtCloud *cloud, const KtSnapshot *snapshot, GPtrArray *notes)
{
  for (guint i = 0; i < snapshot->machines->len; i++) {
    const KtMachine *m = snapshot->machines->pdata[i];
    KtCloudKnown *k = by_guests(e, cloud, snapshot, m);
    if (!k && m->role != KT_ROLE_HOST) /* a compute host may be a guest itself */
      continue;
    k = k ? k : by_name(e, m->name);
    if (!k) {
      k = add_host(e, m->name ? m->name : _("a host without a name"));
      if (cloud->hosts_seen)
        g_ptr_array_add(notes, g_strdup_printf(_("%s is no compute host of this cloud"), k->name));
    }
    k->machine = k->machine ? k->machine : m;
  }
}

static void add_domains(KtCloudEvidence *e, const KtSnapshot *snapshot)
{
  for (guint i = 0; i < snapshot->domains->len; i++) {
    KtDomain *d = snapshot->domains->pdata[i];
    const KtMachine *host = kt_snapshot_host_of(snapshot, d);
    if (d->uuid)
      g_hash_table_insert(e->domains, g_ascii_strdown(d->uuid, -1), d);
    for (guint k = 0; host && k < e->hosts->len; k++) {
      KtCloudKnown *known = e->hosts->pdata[k];
      if (known->machine == host)
        g_ptr_array_add(known->domains, d);
    }
  }
}

/* ---- nova.conf ---- */

/* A part of the path is the host's name, or starts with it and a dot: "kvm7/nova.conf", "kvm7.nova.conf". */
static gboolean is_path_of(const char *path, const char *name)
{
  g_auto(GStrv) parts = g_strsplit_set(path, "/:", -1);
  gsize n = strcspn(name, ".");
  for (guint i = 0; parts[i]; i++)
    if (n && g_ascii_strncasecmp(parts[i], name, n) == 0 && (!parts[i][n] || parts[i][n] == '.'))
      return TRUE;
  return FALSE;
}

static void add_confs(KtCloudEvidence *e, const KtSnapshot *snapshot, GPtrArray *notes)
{
  const GPtrArray *confs = snapshot->confs;
  guint without = 0;
  for (guint i = 0; i < e->hosts->len; i++) {
    KtCloudKnown *k = e->hosts->pdata[i];
    for (guint c = 0; c < confs->len; c++) {
      const KtNovaConf *conf = confs->pdata[c];
      if (confs->len == 1 || is_path_of(conf->source, k->name))
        k->conf = conf;
    }
    without += k->machine && !k->conf;
  }
  if (confs->len > 1 && without)
    g_ptr_array_add(notes, g_strdup(_("a nova.conf is a host's if the host's name stands in its path; some hosts have "
                                      "none")));
}

KtCloudEvidence *kt_cloud_evidence_new(const KtCloud *cloud, const KtSnapshot *evidence, GPtrArray *notes)
{
  KtCloudEvidence *e = g_new0(KtCloudEvidence, 1);
  e->hosts = g_ptr_array_new_with_free_func(known_free);
  e->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  e->by_name = g_hash_table_new(g_str_hash, g_str_equal);
  add_hosts_of_cloud(e, cloud);
  if (!evidence)
    return e;
  add_machines(e, cloud, evidence, notes);
  add_domains(e, evidence);
  add_confs(e, evidence, notes);
  return e;
}

const KtDomain *kt_cloud_evidence_domain(const KtCloudEvidence *e, const KtCloudServer *server)
{
  g_autofree char *id = g_ascii_strdown(server->id, -1);
  return g_hash_table_lookup(e->domains, id);
}

KtCloudKnown *kt_cloud_evidence_host(const KtCloudEvidence *e, const KtCloudServer *server)
{
  return server->host ? g_hash_table_lookup(e->by_name, server->host) : NULL;
}
