/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest beside its definition and its host: what is a difference and what is none, and which checks mark it. */
#include "checks/inside.h"
#include "model/predict.h"

typedef struct {
  KtSnapshot *snapshot;
  KtMachine *guest, *predicted; /* `guest` is the snapshot's */
} Fixture;

static void add_node(KtMachine *m, int id, const char *cpus, gint64 mib, const int distances[2])
{
  KtNode *node = kt_machine_node(m, id);
  node->cpus = kt_set_parse(cpus, NULL);
  node->memory_kib = KT_INT(mib * 1024);
  g_array_append_vals(node->distances, distances, 2);
}

static KtDomain *new_domain(void)
{
  static const int distances[2][2] = {{10, 20}, {20, 10}};
  KtDomain *d = kt_domain_new("test");
  d->name = g_strdup("crm");
  d->type = g_strdup("kvm");
  d->arch = g_strdup("x86_64");
  d->vcpus = KT_INT(4);
  d->memory_kib = KT_INT(4 * 1024 * 1024);
  d->sockets = KT_INT(2);
  d->dies = KT_INT(1);
  d->cores = KT_INT(2);
  d->threads = KT_INT(1);
  for (int i = 0; i < 2; i++) {
    KtCell *cell = kt_domain_add_cell(d, i);
    cell->cpus = kt_set_parse(i ? "2-3" : "0-1", NULL);
    cell->memory_kib = KT_INT(2 * 1024 * 1024);
    cell->memnode = kt_set_parse(i ? "3" : "1", NULL);
    g_array_append_vals(cell->distances, distances[i], 2);
  }
  return d;
}

static KtMachine *new_guest(void)
{
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_GUEST;
  m->name = g_strdup("crm01");
  m->hypervisor = g_strdup("kvm");
  m->arch = g_strdup("x86_64");
  m->kernel_release = g_strdup("6.1.0");
  m->cpus = m->online = KT_INT(4);
  m->sockets = m->cores_per_socket = KT_INT(2);
  m->threads_per_core = KT_INT(1);
  m->node_count = KT_INT(2);
  add_node(m, 0, "0-1", 1950, (const int[]){10, 20});
  add_node(m, 1, "2-3", 1990, (const int[]){20, 10});
  kt_machine_set_setting(m, "kernel.numa_balancing", "0", NULL);
  return m;
}

static void set_up(Fixture *f)
{
  f->snapshot = kt_snapshot_new();
  KtDomain *d = new_domain();
  g_ptr_array_add(f->snapshot->domains, d);
  f->guest = new_guest();
  g_ptr_array_add(f->snapshot->machines, f->guest);
  f->predicted = kt_predict_guest(d, NULL);
}

static void tear_down(Fixture *f)
{
  kt_machine_free(f->predicted);
  kt_snapshot_free(f->snapshot);
}

static GPtrArray *rows_of(const Fixture *f)
{
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(f->snapshot, NULL);
  const KtInside in = {
      .domain = f->snapshot->domains->pdata[0], .predicted = f->predicted, .guest = f->guest, .diagnoses = diagnoses};
  return kt_inside_rows(&in);
}

static const KtInsideRow *find(const GPtrArray *rows, const char *field)
{
  for (guint i = 0; i < rows->len; i++)
    if (g_str_equal(((const KtInsideRow *)rows->pdata[i])->field, field))
      return rows->pdata[i];
  return NULL;
}

static void test_as_defined(void)
{
  Fixture f;
  set_up(&f);
  g_autoptr(GPtrArray) rows = rows_of(&f);
  for (guint i = 0; i < rows->len; i++)
    g_assert_false(((const KtInsideRow *)rows->pdata[i])->differs);
  const KtInsideRow *topology = find(rows, "topology"), *cell = find(rows, "cells.1");
  g_assert_cmpstr(topology->predicted, ==, "2 x 2 x 1");
  g_assert_cmpstr(topology->guest, ==, "2 x 2 x 1");
  g_assert_null(topology->checks);
  g_assert_cmpstr(cell->predicted, ==, "CPUs 2-3, 2 GiB, distances 20 10");
  g_assert_cmpstr(cell->host, ==, "bound to 3");
  const KtInsideRow *balancing = find(rows, "settings.kernel.numa_balancing");
  g_assert_cmpstr(balancing->guest, ==, "0");
  g_assert_null(balancing->predicted);
  g_assert_cmpstr(balancing->checks, ==, "G02");
  g_assert_null(find(rows, "kernel.clocksource")); /* nobody knows it */
  tear_down(&f);
}

/* Booted with numa=off: one node of all, though two are defined. */
static void test_otherwise(void)
{
  Fixture f;
  set_up(&f);
  g_ptr_array_set_size(f.guest->nodes, 0);
  f.guest->node_count = KT_INT(1);
  f.guest->kernel_cmdline = g_strdup("root=/dev/vda1 numa=off");
  KtNode *all = kt_machine_node(f.guest, 0);
  all->cpus = kt_set_parse("0-3", NULL);
  all->memory_kib = KT_INT(3900 * 1024);
  g_autoptr(GPtrArray) rows = rows_of(&f);
  g_assert_true(find(rows, "nodes")->differs);
  g_assert_true(find(rows, "cells.0")->differs);
  g_assert_true(find(rows, "cells.1")->differs);
  g_assert_null(find(rows, "cells.1")->guest);
  g_assert_cmpstr(find(rows, "kernel.cmdline")->checks, ==, "G04");
  tear_down(&f);
}

static void test_memory(void)
{
  static const struct {
    gint64 mib;
    gboolean differs;
  } seen[] = {{2048, FALSE}, {1990, FALSE}, {1800, FALSE}, {1700, TRUE}, {2049, TRUE}, {0, TRUE}};
  for (guint i = 0; i < G_N_ELEMENTS(seen); i++) {
    Fixture f;
    set_up(&f);
    ((KtNode *)f.guest->nodes->pdata[1])->memory_kib = KT_INT(seen[i].mib * 1024);
    g_autoptr(GPtrArray) rows = rows_of(&f);
    g_assert_cmpint(find(rows, "cells.1")->differs, ==, seen[i].differs);
    g_assert_false(find(rows, "cells.0")->differs);
    tear_down(&f);
  }
}

/* What nobody tells is no difference. */
static void test_unknown(void)
{
  Fixture f;
  set_up(&f);
  g_ptr_array_set_size(f.guest->nodes, 0);
  f.guest->node_count = f.guest->sockets = KT_INT_UNKNOWN;
  g_autoptr(GPtrArray) rows = rows_of(&f);
  g_assert_false(find(rows, "nodes")->differs);
  g_assert_null(find(rows, "nodes")->guest);
  g_assert_false(find(rows, "cells.0")->differs);
  g_assert_null(find(rows, "topology")->guest);
  g_assert_false(find(rows, "topology")->differs);
  tear_down(&f);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/inside/as-defined", test_as_defined);
  g_test_add_func("/inside/otherwise", test_otherwise);
  g_test_add_func("/inside/memory", test_memory);
  g_test_add_func("/inside/unknown", test_unknown);
  return g_test_run();
}
