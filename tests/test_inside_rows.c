/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest beside its definition and its host: what is a difference and what is none, and which checks mark it. */
#include <string.h>

#include "checks/inside.h"
#include "model/predict.h"
#include "view/guest_view.h"

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

/* ---- how it is shown ---- */

typedef char *(*Show)(const KtGuestView *view);

static char *show_text(const KtGuestView *view)
{
  const KtTerm term = {.width = 100};
  return kt_view_guest_text(&term, view);
}

static char *shown(const Fixture *f, Show show)
{
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(f->snapshot, NULL);
  const KtInside in = {
      .domain = f->snapshot->domains->pdata[0], .predicted = f->predicted, .guest = f->guest, .diagnoses = diagnoses};
  g_autoptr(GPtrArray) rows = kt_inside_rows(&in);
  const KtGuestView view = {
      .inside = &in, .rows = rows, .of_guest = diagnoses->pdata[0], .connect_uri = "qemu:///system"};
  return show(&view);
}

static void add_java(Fixture *f)
{
  static const char *const args[] = {"/opt/jdk-17/bin/java", "-Xmx8g", "-XX:+UseParallelGC"};
  KtProcess *p = kt_machine_add_process(f->guest, 812, "java");
  for (guint i = 0; i < G_N_ELEMENTS(args); i++)
    g_ptr_array_add(p->args, g_strdup(args[i]));
  p->rss_kib = KT_INT(3 * 1024 * 1024);
  const KtNodeMemory on[] = {{0, 3 * 786432}, {1, 786432}};
  g_array_append_vals(p->node_memory, on, 2);
  f->guest->processes_seen = TRUE;
}

static void test_text(void)
{
  Fixture f;
  set_up(&f);
  add_java(&f);
  g_autofree char *text = shown(&f, show_text);
  g_assert_nonnull(strstr(text, "crm01, the guest of domain crm"));
  g_assert_nonnull(strstr(text, "kvmtune guest crm --set-sysctl kernel.numa_balancing=1 --connect qemu:///system"));
  g_assert_nonnull(strstr(text, "JDK 17, heap 8 GiB, Parallel, UseNUMA not given"));
  g_assert_nonnull(strstr(text, "3 GiB: node 0 75 %, node 1 25 %"));
  g_assert_nonnull(strstr(text, "-XX:+UseNUMA")); /* W01's advice */
  g_assert_null(strstr(text, "Not as the running definition"));
  tear_down(&f);
}

/* Nothing of a guest reaches the terminal as it is. */
static void test_hostile_text(void)
{
  Fixture f;
  set_up(&f);
  g_free(f.guest->name);
  f.guest->name = g_strdup("a\x1b[2J\nb");
  kt_machine_add_process(f.guest, 1, "java")->bound_nodes = g_strdup("bind:\x1b]0;x\a");
  g_autofree char *text = shown(&f, show_text), *json = shown(&f, kt_view_guest_json);
  g_assert_null(strchr(text, '\x1b'));
  g_assert_nonnull(strstr(text, "\\x1b[2J b"));
  g_assert_null(strchr(json, '\x1b'));
  tear_down(&f);
}

static void test_json(void)
{
  Fixture f;
  set_up(&f);
  g_autofree char *unseen = shown(&f, kt_view_guest_json);
  g_assert_nonnull(strstr(unseen, "\"programs\": null"));
  add_java(&f);
  g_autofree char *json = shown(&f, kt_view_guest_json);
  g_assert_nonnull(strstr(json, "\"sysctl\": \"kernel.numa_balancing=1\""));
  g_assert_nonnull(strstr(json, "\"kib\": 786432"));
  tear_down(&f);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/inside/as-defined", test_as_defined);
  g_test_add_func("/inside/otherwise", test_otherwise);
  g_test_add_func("/inside/memory", test_memory);
  g_test_add_func("/inside/unknown", test_unknown);
  g_test_add_func("/inside/text", test_text);
  g_test_add_func("/inside/hostile-text", test_hostile_text);
  g_test_add_func("/inside/json", test_json);
  return g_test_run();
}
