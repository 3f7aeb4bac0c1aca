/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was read, for people: only what is known is shown. */
#include <string.h>

#include "base/units.h"
#include "model/predict.h"
#include "model/worst.h"
#include "view/facts_words.h"
#include "view/view.h"
#include "view/words.h"

#define HANG 16

static void put(KtPage *page, const char *label, const char *value)
{
  if (value)
    kt_page_item(page, 2, KT_STYLE_DIM, label, HANG, KT_STYLE_PLAIN, value);
}

static void put_string(KtPage *page, const char *label, GString *value)
{
  put(page, label, value->len ? value->str : NULL);
  g_string_free(value, TRUE);
}

static void put_said(KtPage *page, const char *label, char *text)
{
  put(page, label, text);
  g_free(text);
}

static void add_count(KtTable *table, KtInt value)
{
  g_autofree char *text = value.known ? kt_units_format_count((guint64)MAX(value.value, 0)) : NULL;
  kt_table_add(table, KT_STYLE_PLAIN, text);
}

static void put_nodes(KtPage *page, const KtMachine *m)
{
  static const KtColumn columns[] = {{.title = "node", .right = TRUE},      {.title = "CPUs", .flex = TRUE},
                                     {.title = "memory", .right = TRUE},    {.title = "numa_hit", .right = TRUE},
                                     {.title = "numa_miss", .right = TRUE}, {.title = "numa_foreign", .right = TRUE},
                                     {.title = "distances", .flex = TRUE}};
  KtInt count = kt_machine_nodes_known(m);
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    g_autofree char *cpus = node->cpus ? kt_set_format(node->cpus) : NULL, *memory = kt_say_kib(node->memory_kib);
    g_autoptr(GString) distances = g_string_new(NULL);
    for (guint j = 0; j < node->distances->len; j++)
      g_string_append_printf(distances, "%s%d", j ? " " : "", g_array_index(node->distances, int, j));
    kt_table_addf(table, KT_STYLE_PLAIN, "%d", node->id);
    kt_table_add(table, KT_STYLE_PLAIN, node->cpus && !*cpus ? "none" : cpus);
    kt_table_add(table, KT_STYLE_PLAIN, memory);
    add_count(table, node->numa_hit);
    add_count(table, node->numa_miss);
    add_count(table, node->numa_foreign);
    kt_table_add(table, KT_STYLE_PLAIN, distances->str);
  }
  if (count.known) {
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, count.value);
    put(page, "NUMA nodes", text);
  }
  if (m->nodes->len)
    kt_page_table(page, HANG, table);
}

static void put_activity(KtPage *page, const KtActivity *activity)
{
  if (!activity || !activity->count)
    return;
  GString *out = g_string_new(NULL);
  kt_say(out, "%" G_GUINT64_FORMAT " row%s", activity->count, activity->count == 1 ? "" : "s");
  for (guint field = 0; field < KT_CPU_FIELDS; field++) {
    double mean, max;
    if (kt_activity_stat(activity, field, &mean, &max))
      kt_say(out, "%s %.1f %% (max %.1f)", kt_cpu_field_names[field], mean, max);
  }
  put_string(page, "CPU use", out);
  g_autoptr(KtWorst) worst = kt_activity_worst(activity);
  if (!worst)
    return;
  g_autofree char *text =
      g_strdup_printf("%s to %s, %.1f %% %s", worst->from, worst->to, worst->pct, worst->steal ? "steal" : "busy");
  put(page, "worst time", text);
}

/* The named ones (RES, CAL, LOC ...); devices as a count. */
static void put_interrupts(KtPage *page, const KtMachine *m)
{
  GString *out = g_string_new(NULL);
  guint devices = 0;
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    devices += irq->device;
    if (irq->device || !irq->total)
      continue;
    g_autofree char *total = kt_units_format_count(irq->total);
    kt_say(out, "%s %s", irq->name, total);
    if (irq->per_second.known)
      g_string_append_printf(out, " (%.0f/s)", irq->per_second.value);
  }
  if (devices)
    kt_say(out, "%u of devices", devices);
  put_string(page, "interrupts", out);
}

static void put_table(KtPage *page, const char *label, GHashTable *table)
{
  g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)g_strcmp0);
  if (!keys)
    return;
  kt_page_text(page, 2, KT_STYLE_DIM, label);
  for (GList *k = keys; k; k = k->next) {
    g_autofree char *line = g_strdup_printf("%s = %s", (char *)k->data, (char *)g_hash_table_lookup(table, k->data));
    kt_page_text(page, 4, KT_STYLE_PLAIN, line);
  }
}

static void put_cpu(KtPage *page, const KtMachine *m)
{
  GString *out = g_string_new(NULL);
  if (m->cpu_vendor)
    kt_say(out, "%s", m->cpu_vendor);
  if (m->cpu_model_name)
    kt_say(out, "%s", m->cpu_model_name);
  const struct {
    const char *word;
    KtInt value;
  } numbers[] = {{"family", m->cpu_family}, {"model", m->cpu_model}, {"stepping", m->cpu_stepping}};
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    if (numbers[i].value.known)
      kt_say(out, "%s %" G_GINT64_FORMAT, numbers[i].word, numbers[i].value.value);
  put_string(page, "CPU", out);
}

static void put_machine(KtPage *page, const KtMachine *m, guint number)
{
  static const char *const roles[] = {
      [KT_ROLE_UNKNOWN] = "host or guest unknown", [KT_ROLE_HOST] = "host", [KT_ROLE_GUEST] = "guest"};
  g_autofree char *memory = kt_say_kib(m->memory_kib), *mark = g_strdup_printf("#%u", number);
  g_autoptr(GString) head = g_string_new(m->name ? m->name : "(no name)");
  g_string_append_printf(head, ", %s", roles[m->role]);
  if (m->hypervisor)
    g_string_append_printf(head, ", hypervisor %s", m->hypervisor);
  kt_page_gap(page);
  kt_page_item(page, 0, KT_STYLE_DIM, mark, 3, KT_STYLE_BOLD, head->str);
  for (guint i = 0; i < m->sources->len; i++)
    put(page, i ? "" : "sources", m->sources->pdata[i]);
  put(page, "system", m->os_name);
  put(page, "product", m->product);
  put(page, "kernel", m->kernel_release);
  put(page, "command line", m->kernel_cmdline);
  put(page, "clocksource", m->clocksource);
  put_cpu(page, m);
  put_said(page, "topology", kt_view_say_topology(m));
  put_said(page, "caches", kt_view_say_caches(m));
  put(page, "memory", memory);
  put_nodes(page, m);
  put_activity(page, m->activity);
  put_interrupts(page, m);
  put_table(page, "settings", m->settings);
  put_table(page, "could not be read", m->unreadable);
}

static int by_number(gconstpointer a, gconstpointer b)
{
  int x = GPOINTER_TO_INT(a), y = GPOINTER_TO_INT(b);
  return (x > y) - (x < y);
}

static void put_pins(KtPage *page, const KtDomain *d)
{
  GString *out = g_string_new(NULL);
  g_autoptr(GList) vcpus = g_list_sort(g_hash_table_get_keys(d->vcpupin), by_number);
  for (GList *v = vcpus; v; v = v->next) {
    g_autofree char *cpus = kt_set_format(kt_domain_pin(d, GPOINTER_TO_INT(v->data)));
    kt_say(out, "%d to %s", GPOINTER_TO_INT(v->data), cpus);
  }
  put_string(page, "vCPU pins", out);
}

static void put_domain(KtPage *page, const KtDomain *d, const KtMachine *host)
{
  g_autofree char *memory = kt_say_kib(d->memory_kib);
  g_autofree char *head = g_strdup_printf("domain %s", d->name ? d->name : "(no name)");
  g_autoptr(KtMachine) guest = kt_predict_guest(d, host);
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, head);
  put(page, "source", d->source);
  put(page, "uuid", d->uuid);
  put(page, "type", d->type);
  put(page, "machine type", d->machine_type);
  put(page, "CPU mode", d->cpu_mode);
  put(page, "CPU model", d->cpu_model);
  put(page, "memory", memory);
  GString *topology = g_string_new(NULL);
  kt_say_int(topology, d->vcpus, "vCPUs");
  kt_say_int(topology, d->sockets, "sockets");
  kt_say_int(topology, d->dies, "dies");
  kt_say_int(topology, d->cores, "cores");
  kt_say_int(topology, d->threads, "threads");
  put_string(page, "topology", topology);
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    g_autofree char *cpus = cell->cpus ? kt_set_format(cell->cpus) : g_strdup("unknown"),
                    *size = kt_say_kib(cell->memory_kib), *nodes = cell->memnode ? kt_set_format(cell->memnode) : NULL;
    g_autofree char *text = g_strdup_printf("%d: vCPUs %s, %s%s%s", cell->id, cpus, size ? size : "memory unknown",
                                            nodes ? ", on host nodes " : "", nodes ? nodes : "");
    put(page, i ? "" : "cells", text);
  }
  put_pins(page, d);
  kt_page_text(page, 2, KT_STYLE_DIM, "what its kernel will see");
  put_said(page, "  topology", kt_view_say_topology(guest));
  put_said(page, "  caches", kt_view_say_caches(guest));
  put_nodes(page, guest);
}

static void put_flavor(KtPage *page, const KtFlavor *f)
{
  g_autofree char *head = g_strdup_printf("flavor %s", f->name ? f->name : "(no name)");
  GString *size = g_string_new(NULL);
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, head);
  put(page, "source", f->source);
  kt_say_int(size, f->vcpus, "vCPUs");
  kt_say_int(size, f->ram_mib, "MiB of memory");
  put_string(page, "size", size);
  if (f->extra_specs)
    put_table(page, "extra specs", f->extra_specs);
  if (f->image)
    put_table(page, "image properties", f->image);
}

static void put_rest(KtPage *page, const KtSnapshot *s)
{
  kt_page_gap(page);
  for (guint i = 0; i < s->confs->len; i++) {
    const KtNovaConf *conf = s->confs->pdata[i];
    kt_page_text(page, 0, KT_STYLE_BOLD, "nova.conf");
    put(page, "source", conf->source);
    put_table(page, "values", conf->values);
  }
  kt_page_gap(page);
  for (guint i = 0; i < s->notes->len; i++)
    kt_page_item(page, 0, KT_STYLE_DIM, "note", 9, KT_STYLE_PLAIN, s->notes->pdata[i]);
  for (guint i = 0; i < s->rejected->len; i++) {
    const KtRejected *r = s->rejected->pdata[i];
    g_autofree char *text = g_strdup_printf("%s:%u: %s", r->source, r->line, r->why);
    kt_page_item(page, 0, KT_STYLE_YELLOW, "rejected", 9, KT_STYLE_PLAIN, text);
  }
}

char *kt_view_facts_text(const KtTerm *term, const KtSnapshot *snapshot)
{
  KtPage *page = kt_page_new(term);
  for (guint i = 0; i < snapshot->machines->len; i++)
    put_machine(page, snapshot->machines->pdata[i], i + 1);
  for (guint i = 0; i < snapshot->domains->len; i++)
    put_domain(page, snapshot->domains->pdata[i], kt_snapshot_host_of(snapshot, snapshot->domains->pdata[i]));
  for (guint i = 0; i < snapshot->flavors->len; i++)
    put_flavor(page, snapshot->flavors->pdata[i]);
  if (!snapshot->machines->len && !snapshot->domains->len && !snapshot->flavors->len)
    kt_page_text(page, 0, KT_STYLE_PLAIN, "The evidence shows no machine, domain or flavor.");
  put_rest(page, snapshot);
  return kt_page_finish(page);
}
