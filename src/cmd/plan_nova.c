/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan for a compute host of OpenStack keeps off what nova.conf gives to Nova's own guests. */
#include "apply/guard.h"
#include "base/error.h"
#include "base/i18n.h"
#include "cmd/plan_parts.h"
#include "evidence/evidence.h"
#include "evidence/nova_conf_find.h"
#include "nova/host_of.h"

void kt_plan_nova_clear(KtPlanNova *nova)
{
  g_clear_pointer(&nova->closed, kt_set_free);
  g_clear_pointer(&nova->floating, kt_set_free);
  g_clear_pointer(&nova->set_aside, g_array_unref);
  g_clear_pointer(&nova->note, g_free);
}

KtSnapshot *kt_plan_nova_conf(const char *path, GError **error)
{
  const char *const paths[] = {path, NULL};
  g_autoptr(KtSnapshot) read = kt_evidence_read(paths, error);
  if (!read || read->confs->len == 1)
    return g_steal_pointer(&read);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: is no nova.conf", path);
  return NULL;
}

/* NULL without an error: there is none. */
static KtSnapshot *find_conf(const KtSnapshot *snapshot, const char *path, GError **error)
{
  const KtMachine *host = kt_snapshot_host(snapshot);
  if (path)
    return kt_plan_nova_conf(path, error);
  g_autoptr(KtRoot) here = host && host->live ? kt_root_open("/", NULL) : NULL;
  return here ? kt_nova_conf_find(here) : NULL;
}

static KtSet *cpus_of(const KtMachine *host)
{
  KtSet *cpus = kt_set_new();
  for (guint i = 0; i < host->nodes->len; i++)
    kt_set_add_all(cpus, ((const KtNode *)host->nodes->pdata[i])->cpus);
  return cpus;
}

/* All but those of the guest's kind. One set alone leaves the other kind nothing. */
static gboolean close_for_new(const KtNovaCompute *compute, const KtMachine *host, gboolean dedicated, KtPlanNova *nova,
                              GError **error)
{
  const KtSet *own = dedicated ? compute->dedicated_set : compute->shared_set;
  g_autoptr(KtSet) all = cpus_of(host), open = own ? kt_set_copy(own) : kt_set_new();
  if (!compute->dedicated_set && !compute->shared_set)
    return TRUE;
  kt_set_keep_only(open, all);
  if (kt_set_is_empty(open)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--new: nova.conf gives no CPU of the host to such guests (%s)",
                dedicated ? "cpu_dedicated_set" : "cpu_shared_set");
    return FALSE;
  }
  kt_set_remove_all(all, open);
  nova->closed = g_steal_pointer(&all);
  g_autofree char *list = kt_set_format(open);
  nova->note = g_strdup_printf(_("nova.conf gives such guests the CPUs %s (%s)."), list,
                               dedicated ? "cpu_dedicated_set" : "cpu_shared_set");
  return TRUE;
}

static void close_for_others(const KtNovaCompute *compute, KtPlanNova *nova)
{
  if (!compute->dedicated_set)
    return;
  g_autofree char *list = kt_set_format(compute->dedicated_set);
  nova->closed = kt_set_copy(compute->dedicated_set);
  nova->note =
      g_strdup_printf(_("the CPUs %s are Nova's to give away (cpu_dedicated_set): no other guest comes there"), list);
}

/* NULL: it says that in words that are no list. */
static KtSet *floating_of(const KtNovaConf *conf, const KtMachine *host)
{
  gboolean known;
  g_autoptr(KtSet) all = cpus_of(host);
  g_autoptr(KtSet) cpus = kt_guard_nova_cpus(conf, all, &known);
  if (!known)
    return NULL;
  return cpus ? g_steal_pointer(&cpus) : g_steal_pointer(&all);
}

static GArray *set_aside(const KtNovaConf *conf, const KtMachine *host)
{
  GArray *all = g_array_new(FALSE, FALSE, sizeof(KtPlanSetAside));
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    for (guint k = 0; k < node->pools->len; k++) {
      gint64 size = g_array_index(node->pools, KtPagePool, k).size_kib;
      gint64 pages = kt_nova_reserved_pages(conf, node->id, size);
      const KtPlanSetAside own = {node->id, size, size > 0 ? MIN(pages, G_MAXINT64 / size) * size : 0};
      if (own.kib > 0)
        g_array_append_val(all, own);
    }
  }
  return all;
}

/* A compute host whose nova.conf was not seen: what it sets aside is unknown, which is not nothing. */
static char *say_unknown(const KtSnapshot *snapshot)
{
  for (guint i = 0; i < snapshot->domains->len; i++)
    if (((const KtDomain *)snapshot->domains->pdata[i])->manager == KT_MANAGER_NOVA)
      return g_strdup(_("Nova has guests here, and its nova.conf was not seen: CPUs and huge pages that it keeps for "
                        "others are not known (--conf)"));
  return NULL;
}

gboolean kt_plan_read_nova(const KtSnapshot *snapshot, const char *path, const KtFreshWish *wish, KtPlanNova *nova,
                           GError **error)
{
  const KtMachine *host = kt_snapshot_host(snapshot);
  g_autoptr(GError) failed = NULL;
  g_autoptr(KtSnapshot) found = find_conf(snapshot, path, &failed);
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  const GPtrArray *confs = found ? found->confs : snapshot->confs;
  const KtNovaConf *conf = confs->len == 1 ? confs->pdata[0] : NULL;
  g_auto(KtNovaCompute) compute = {0};
  if (confs->len > 1) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "%u nova.conf are in the evidence; --conf says which is the host's",
                confs->len);
    return FALSE;
  }
  if (host && !conf)
    nova->note = say_unknown(snapshot);
  if (!host || !conf)
    return TRUE;
  if (!kt_nova_read_compute(conf, &compute, error))
    return FALSE;
  nova->set_aside = set_aside(conf, host);
  if (wish)
    return close_for_new(&compute, host, wish->dedicated, nova, error);
  close_for_others(&compute, nova);
  nova->floating = floating_of(conf, host);
  return TRUE;
}
