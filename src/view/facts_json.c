/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>

#include "base/json.h"
#include "model/predict.h"
#include "model/worst.h"
#include "view/view.h"

static void put_int(KtJson *json, const char *key, KtInt value)
{
  if (value.known)
    kt_json_int(json, key, value.value);
  else
    kt_json_null(json, key);
}

/* Percentages and rates: more digits than four behind the point are noise. */
static void put_double(KtJson *json, const char *key, double value)
{
  kt_json_number(json, key, round(value * 1e4) / 1e4);
}

static void put_set(KtJson *json, const char *key, const KtSet *set)
{
  g_autofree char *text = set ? kt_set_format(set) : NULL;
  kt_json_string(json, key, text);
}

static GList *sorted_keys(GHashTable *table)
{
  return g_list_sort(table ? g_hash_table_get_keys(table) : NULL, (GCompareFunc)g_strcmp0);
}

static void put_texts(KtJson *json, const char *key, GHashTable *table)
{
  g_autoptr(GList) keys = sorted_keys(table);
  kt_json_open_object(json, key);
  for (GList *k = keys; k; k = k->next)
    kt_json_string(json, k->data, g_hash_table_lookup(table, k->data));
  kt_json_close_object(json);
}

/* ---- parts of a machine, measured or predicted ---- */

static void put_topology(KtJson *json, const KtMachine *m)
{
  kt_json_open_object(json, "topology");
  put_int(json, "cpus", m->cpus);
  put_int(json, "online", m->online);
  put_int(json, "sockets", m->sockets);
  put_int(json, "dies", m->dies);
  put_int(json, "cores_per_socket", m->cores_per_socket);
  put_int(json, "threads_per_core", m->threads_per_core);
  kt_json_close_object(json);
}

static void put_caches(KtJson *json, const KtMachine *m)
{
  static const char *const types[] = {
      [KT_CACHE_UNKNOWN] = NULL,
      [KT_CACHE_DATA] = "data",
      [KT_CACHE_INSTRUCTION] = "instruction",
      [KT_CACHE_UNIFIED] = "unified",
  };
  kt_json_open_array(json, "caches");
  for (guint i = 0; i < m->caches->len; i++) {
    const KtCache *cache = m->caches->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_int(json, "level", cache->level);
    kt_json_string(json, "type", types[cache->type]);
    put_int(json, "size_kib", cache->size_kib);
    put_int(json, "instances", cache->instances);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void put_numastat(KtJson *json, const KtNode *node)
{
  if (!node->numa_hit.known && !node->numa_miss.known && !node->numa_foreign.known && !node->interleave_hit.known &&
      !node->local_node.known && !node->other_node.known) {
    kt_json_null(json, "numastat");
    return;
  }
  kt_json_open_object(json, "numastat");
  put_int(json, "numa_hit", node->numa_hit);
  put_int(json, "numa_miss", node->numa_miss);
  put_int(json, "numa_foreign", node->numa_foreign);
  put_int(json, "interleave_hit", node->interleave_hit);
  put_int(json, "local_node", node->local_node);
  put_int(json, "other_node", node->other_node);
  kt_json_close_object(json);
}

static void put_distances(KtJson *json, const GArray *distances)
{
  if (!distances || !distances->len) {
    kt_json_null(json, "distances");
    return;
  }
  kt_json_open_array(json, "distances");
  for (guint i = 0; i < distances->len; i++)
    kt_json_int(json, NULL, g_array_index(distances, int, i));
  kt_json_close_array(json);
}

static void put_node(KtJson *json, const KtNode *node)
{
  kt_json_open_object(json, NULL);
  kt_json_int(json, "id", node->id);
  put_set(json, "cpus", node->cpus);
  put_int(json, "memory_kib", node->memory_kib);
  put_distances(json, node->distances);
  put_numastat(json, node);
  kt_json_close_object(json);
}

/* A node of which nothing is known but that it is there: node ids need not be 0..n-1. */
static void put_node_unseen(KtJson *json)
{
  static const char *const members[] = {"id", "cpus", "memory_kib", "distances", "numastat"};
  kt_json_open_object(json, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(members); i++)
    kt_json_null(json, members[i]);
  kt_json_close_object(json);
}

#define MAX_UNSEEN_NODES 1024 /* the kernel's own limit, MAX_NUMNODES */

static void put_nodes(KtJson *json, const KtMachine *m)
{
  KtInt count = kt_machine_nodes_known(m);
  kt_json_open_array(json, "nodes");
  for (guint i = 0; i < m->nodes->len; i++)
    put_node(json, m->nodes->pdata[i]);
  for (gint64 i = m->nodes->len; count.known && i < MIN(count.value, MAX_UNSEEN_NODES); i++)
    put_node_unseen(json);
  kt_json_close_array(json);
}

static void put_activity(KtJson *json, const KtActivity *activity)
{
  if (!activity || !activity->count) {
    kt_json_null(json, "activity");
    return;
  }
  kt_json_open_object(json, "activity");
  kt_json_int(json, "rows", (gint64)activity->count);
  kt_json_open_object(json, "fields");
  for (guint field = 0; field < KT_CPU_FIELDS; field++) {
    double mean, max;
    if (!kt_activity_stat(activity, field, &mean, &max)) {
      kt_json_null(json, kt_cpu_field_names[field]);
      continue;
    }
    kt_json_open_object(json, kt_cpu_field_names[field]);
    put_double(json, "mean", mean);
    put_double(json, "max", max);
    kt_json_close_object(json);
  }
  kt_json_close_object(json);
  g_autoptr(KtWorst) worst = kt_activity_worst(activity);
  if (worst) {
    kt_json_open_object(json, "worst");
    kt_json_string(json, "from", worst->from);
    kt_json_string(json, "to", worst->to);
    kt_json_string(json, "field", worst->steal ? "steal" : "busy");
    put_double(json, "mean", worst->pct);
    kt_json_close_object(json);
  }
  kt_json_close_object(json);
}

static void put_interrupts(KtJson *json, const KtMachine *m)
{
  if (!m->interrupts->len) {
    kt_json_null(json, "interrupts");
    return;
  }
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  kt_json_open_object(json, "interrupts");
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    if (!g_hash_table_add(seen, irq->name)) /* a member stands once */
      continue;
    kt_json_open_object(json, irq->name);
    kt_json_int(json, "total", (gint64)MIN(irq->total, (guint64)G_MAXINT64));
    if (irq->per_second.known)
      put_double(json, "per_second", irq->per_second.value);
    else
      kt_json_null(json, "per_second");
    kt_json_close_object(json);
  }
  kt_json_close_object(json);
}

static void put_machine(KtJson *json, const KtMachine *m)
{
  static const char *const roles[] = {[KT_ROLE_UNKNOWN] = NULL, [KT_ROLE_HOST] = "host", [KT_ROLE_GUEST] = "guest"};
  kt_json_open_object(json, NULL);
  kt_json_string(json, "name", m->name);
  kt_json_open_array(json, "sources");
  for (guint i = 0; i < m->sources->len; i++)
    kt_json_string(json, NULL, m->sources->pdata[i]);
  kt_json_close_array(json);
  kt_json_string(json, "role", roles[m->role]);
  kt_json_string(json, "hypervisor", m->hypervisor);
  kt_json_open_object(json, "kernel");
  kt_json_string(json, "release", m->kernel_release);
  kt_json_string(json, "cmdline", m->kernel_cmdline);
  kt_json_string(json, "clocksource", m->clocksource);
  kt_json_close_object(json);
  kt_json_open_object(json, "cpu");
  kt_json_string(json, "vendor", m->cpu_vendor);
  kt_json_string(json, "model_name", m->cpu_model_name);
  put_int(json, "family", m->cpu_family);
  put_int(json, "model", m->cpu_model);
  put_int(json, "stepping", m->cpu_stepping);
  kt_json_close_object(json);
  put_topology(json, m);
  put_caches(json, m);
  put_nodes(json, m);
  put_activity(json, m->activity);
  put_interrupts(json, m);
  put_texts(json, "settings", m->settings);
  kt_json_close_object(json);
}

/* ---- domains ---- */

static void put_cells(KtJson *json, const KtDomain *d)
{
  if (d->cut && !d->cells->len) {
    kt_json_null(json, "cells");
    return;
  }
  kt_json_open_array(json, "cells");
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_int(json, "id", cell->id);
    put_set(json, "cpus", cell->cpus);
    put_int(json, "memory_kib", cell->memory_kib);
    put_distances(json, cell->distances);
    put_set(json, "memnode", cell->memnode);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static int by_number(gconstpointer a, gconstpointer b)
{
  int x = GPOINTER_TO_INT(a), y = GPOINTER_TO_INT(b);
  return (x > y) - (x < y);
}

/* By vCPU number; {} where the definition pins none. */
static void put_pins(KtJson *json, const KtDomain *d)
{
  if (d->cut && !g_hash_table_size(d->vcpupin)) {
    kt_json_null(json, "pins");
    return;
  }
  g_autoptr(GList) vcpus = g_list_sort(g_hash_table_get_keys(d->vcpupin), by_number);
  kt_json_open_object(json, "pins");
  for (GList *v = vcpus; v; v = v->next) {
    g_autofree char *name = g_strdup_printf("%d", GPOINTER_TO_INT(v->data));
    put_set(json, name, kt_domain_pin(d, GPOINTER_TO_INT(v->data)));
  }
  kt_json_close_object(json);
}

static void put_domain(KtJson *json, const KtDomain *d, const KtMachine *host)
{
  g_autoptr(KtMachine) guest = kt_predict_guest(d, host);
  kt_json_open_object(json, NULL);
  kt_json_string(json, "name", d->name);
  kt_json_string(json, "uuid", d->uuid);
  put_int(json, "vcpus", d->vcpus);
  put_int(json, "memory_kib", d->memory_kib);
  kt_json_open_object(json, "topology");
  put_int(json, "sockets", d->sockets);
  put_int(json, "dies", d->dies);
  put_int(json, "cores_per_socket", d->cores);
  put_int(json, "threads_per_core", d->threads);
  kt_json_close_object(json);
  put_cells(json, d);
  kt_json_string(json, "cpu_mode", d->cpu_mode);
  kt_json_string(json, "cpu_model", d->cpu_model);
  kt_json_string(json, "machine_type", d->machine_type);
  put_pins(json, d);
  kt_json_open_object(json, "predicted");
  put_topology(json, guest);
  put_caches(json, guest);
  put_nodes(json, guest);
  kt_json_close_object(json);
  kt_json_close_object(json);
}

static void put_flavor(KtJson *json, const KtFlavor *f)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "name", f->name);
  put_int(json, "vcpus", f->vcpus);
  put_int(json, "ram_mib", f->ram_mib);
  if (f->extra_specs)
    put_texts(json, "extra_specs", f->extra_specs);
  else
    kt_json_null(json, "extra_specs");
  if (f->image)
    put_texts(json, "image", f->image);
  else
    kt_json_null(json, "image");
  kt_json_close_object(json);
}

char *kt_view_facts_json(const KtSnapshot *snapshot)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_open_array(json, "machines");
  for (guint i = 0; i < snapshot->machines->len; i++)
    put_machine(json, snapshot->machines->pdata[i]);
  kt_json_close_array(json);
  kt_json_open_array(json, "domains");
  for (guint i = 0; i < snapshot->domains->len; i++)
    put_domain(json, snapshot->domains->pdata[i], kt_snapshot_host_of(snapshot, snapshot->domains->pdata[i]));
  kt_json_close_array(json);
  if (snapshot->flavors->len) {
    kt_json_open_array(json, "flavors");
    for (guint i = 0; i < snapshot->flavors->len; i++)
      put_flavor(json, snapshot->flavors->pdata[i]);
    kt_json_close_array(json);
  }
  kt_json_open_array(json, "rejected");
  for (guint i = 0; i < snapshot->rejected->len; i++) {
    const KtRejected *r = snapshot->rejected->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_string(json, "source", r->source);
    kt_json_int(json, "line", r->line);
    kt_json_string(json, "why", r->why);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
