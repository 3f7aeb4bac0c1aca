/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/inside.h"

#include <string.h>

#include "base/units.h"
#include "checks/compare_fields.h"

#define KEPT_KIB (128 * 1024) /* by the guest's kernel and firmware at most, besides a tenth */

static const struct {
  const char *field; /* of the comparison's table */
  const char *checks;
  gboolean guest_only; /* the host's says nothing about the guest's */
} fields[] = {
    {"topology", "X06 X07 X08 X09 X20"},
    {"caches.L3", "X03 X04"},
    {"caches.L3.groups", "X03 X04 X05 X10"},
    {"nodes", "X11 X12 X14"},
    {"cpu.model", "X01 X02"},
    {"cpu.flags", "X01"},
    {"kernel.release", "G01"},
    {"kernel.cmdline", "G04", TRUE},
    {"kernel.clocksource", "G05 H09 X36"},
    {"settings.kernel.numa_balancing", "G02 H21 H22"},
    {"settings.vm.zone_reclaim_mode", "G15 H25"},
    {"settings./sys/kernel/mm/transparent_hugepage/enabled", "G11 H26"},
    {"activity.steal", "G07", TRUE},
    {"numa.miss_ratio", "G03", TRUE},
    {"interrupts.wakeups", "G06", TRUE},
};

#define CELL_CHECKS "X13 X14 X15"

static void row_free(gpointer data)
{
  KtInsideRow *row = data;
  g_free(row->field);
  g_free(row->label);
  g_free(row->host);
  g_free(row->predicted);
  g_free(row->guest);
  g_free(row->checks);
  g_free(row);
}

/* ---- marks ---- */

static gboolean has_fired(const GPtrArray *diagnoses, const char *id)
{
  for (guint i = 0; diagnoses && i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    for (guint j = 0; j < d->findings->len; j++)
      if (g_str_equal(((const KtFinding *)d->findings->pdata[j])->check->id, id))
        return TRUE;
  }
  return FALSE;
}

static char *fired_of(const KtInside *in, const char *ids)
{
  g_autoptr(GString) out = g_string_new(NULL);
  g_auto(GStrv) each = g_strsplit(ids, " ", -1);
  for (guint i = 0; each[i]; i++)
    if (has_fired(in->diagnoses, each[i]))
      g_string_append_printf(out, "%s%s", out->len ? " " : "", each[i]);
  return out->len ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

/* ---- fields of the machine ---- */

static const KtCompareField *find_field(const char *name)
{
  guint n;
  const KtCompareField *all = kt_compare_fields(&n);
  for (guint i = 0; i < n; i++)
    if (g_str_equal(all[i].field, name))
      return &all[i];
  return NULL;
}

static char *say(const KtCompareField *field, const KtMachine *m)
{
  KtCompared value = {0};
  if (m && (!field->applies || field->applies(m)))
    field->value(field, m, &value);
  return value.text;
}

static void add_field(GPtrArray *rows, const KtInside *in, guint at)
{
  const KtCompareField *field = find_field(fields[at].field);
  KtInsideRow *row = g_new0(KtInsideRow, 1);
  row->field = g_strdup(field->field);
  row->label = g_strdup(kt_tr(field->label));
  row->predicted = say(field, in->predicted);
  row->guest = say(field, in->guest);
  row->host = fields[at].guest_only ? NULL : say(field, in->host);
  row->differs = row->predicted && row->guest && !g_str_equal(row->predicted, row->guest);
  row->checks = fired_of(in, fields[at].checks);
  if (row->predicted || row->guest)
    g_ptr_array_add(rows, row);
  else
    row_free(row);
}

/* ---- cells ---- */

/* "CPUs 0-3, 3.9 GiB, distances 10 20"; NULL: nothing is known of it. */
static char *say_node(const KtNode *node)
{
  g_autoptr(GString) out = g_string_new(NULL);
  g_autofree char *cpus = node && node->cpus ? kt_set_format(node->cpus) : NULL;
  if (cpus)
    g_string_append_printf(out, *cpus ? _("CPUs %s") : _("no CPUs"), cpus);
  if (node && node->memory_kib.known) {
    g_autofree char *memory = kt_units_format_kib((guint64)MAX(node->memory_kib.value, 0));
    g_string_append_printf(out, "%s%s", out->len ? _(", ") : "", memory);
  }
  for (guint i = 0; node && i < node->distances->len; i++) {
    if (i == 0)
      g_string_append_printf(out, "%s%s", out->len ? _(", ") : "", _("distances"));
    g_string_append_printf(out, " %d", g_array_index(node->distances, int, i));
  }
  return out->len ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

static gboolean memory_differs(KtInt given, KtInt seen)
{
  if (!given.known || !seen.known)
    return FALSE;
  return seen.value > given.value || (seen.value == 0) != (given.value == 0) ||
         given.value - seen.value > given.value / 10 + KEPT_KIB;
}

static gboolean distances_differ(const GArray *a, const GArray *b)
{
  return a->len && b->len && (a->len != b->len || memcmp(a->data, b->data, a->len * sizeof(int)) != 0);
}

static gboolean cell_differs(const KtNode *given, const KtNode *seen)
{
  if (!given || !seen)
    return given != seen;
  return (given->cpus && seen->cpus && !kt_set_equal(given->cpus, seen->cpus)) ||
         memory_differs(given->memory_kib, seen->memory_kib) || distances_differ(given->distances, seen->distances);
}

/* Where the definition wants the cell's memory. */
static char *say_binding(const KtDomain *d, int id)
{
  const KtSet *nodes = d->numatune_nodeset;
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    if (cell->id == id && cell->memnode)
      nodes = cell->memnode;
  }
  g_autofree char *text = nodes ? kt_set_format(nodes) : NULL;
  return text ? g_strdup_printf(_("bound to %s"), text) : NULL;
}

static void add_cell(GPtrArray *rows, const KtInside *in, int id)
{
  const KtNode *given = kt_machine_find_node(in->predicted, id), *seen = kt_machine_find_node(in->guest, id);
  KtInsideRow *row = g_new0(KtInsideRow, 1);
  row->field = g_strdup_printf("cells.%d", id);
  row->label = g_strdup_printf(_("cell %d"), id);
  row->predicted = say_node(given);
  row->guest = say_node(seen);
  row->host = say_binding(in->domain, id);
  row->differs = in->predicted->nodes->len && in->guest->nodes->len && cell_differs(given, seen);
  row->checks = fired_of(in, CELL_CHECKS);
  g_ptr_array_add(rows, row);
}

static void add_cells(GPtrArray *rows, const KtInside *in)
{
  const GPtrArray *given = in->predicted->nodes, *seen = in->guest->nodes;
  for (guint i = 0; i < given->len; i++)
    add_cell(rows, in, ((const KtNode *)given->pdata[i])->id);
  for (guint i = 0; i < seen->len; i++) {
    const KtNode *node = seen->pdata[i];
    if (!kt_machine_find_node(in->predicted, node->id))
      add_cell(rows, in, node->id);
  }
}

GPtrArray *kt_inside_rows(const KtInside *in)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
  for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
    add_field(rows, in, i);
    if (g_str_equal(fields[i].field, "nodes"))
      add_cells(rows, in);
  }
  return rows;
}

/* ---- cures ---- */

const char *kt_inside_sysctl(const KtFinding *finding)
{
  return g_str_equal(finding->check->id, "G02") ? "kernel.numa_balancing=1" : NULL;
}
