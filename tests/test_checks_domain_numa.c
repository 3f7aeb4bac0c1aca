/* SPDX-License-Identifier: GPL-2.0-or-later */
/* X11-X21 on definitions and hosts built here. */
#include <string.h>

#include "checks/check.h"
#include "model/predict.h"

typedef struct {
  KtSnapshot *snapshot;
  KtDomain *domain;
  KtMachine *host;
} World;

/* A host of `nodes` nodes with `cpus` CPUs and 64 GiB each, and a domain on it. */
static void world_set_up(World *w, int nodes, guint cpus, int vcpus, int gib)
{
  w->snapshot = kt_snapshot_new();
  w->domain = kt_domain_new("domain.xml");
  w->domain->name = g_strdup("web");
  w->domain->type = g_strdup("kvm");
  w->domain->vcpus = KT_INT(vcpus);
  w->domain->memory_kib = KT_INT((gint64)gib * 1048576);
  g_ptr_array_add(w->snapshot->domains, w->domain);
  w->host = NULL;
  if (!nodes)
    return;
  w->host = kt_machine_new();
  w->host->name = g_strdup("host");
  w->host->role = KT_ROLE_HOST;
  w->host->online_set = kt_set_new();
  kt_machine_set_int(w->host, "topology.nodes", nodes, NULL);
  for (int n = 0; n < nodes; n++) {
    KtNode *node = kt_machine_node(w->host, n);
    node->cpus = kt_set_new();
    node->memory_kib = KT_INT(64 * 1048576);
    for (guint c = 0; c < cpus; c++) {
      kt_set_add(node->cpus, (guint)n * cpus + c);
      kt_set_add(w->host->online_set, (guint)n * cpus + c);
    }
  }
  g_ptr_array_add(w->snapshot->machines, w->host);
}

static void add_cells(World *w, int n, gint64 kib)
{
  int each = (int)w->domain->vcpus.value / n;
  for (int c = 0; c < n; c++) {
    KtCell *cell = kt_domain_add_cell(w->domain, c);
    cell->cpus = kt_set_new();
    for (int v = c * each; v < (c + 1) * each; v++)
      kt_set_add(cell->cpus, (guint)v);
    cell->memory_kib = KT_INT(kib);
  }
}

/* The domain's finding of this check among all of them, in whatever state; NULL: not applicable. */
static const KtFinding *find(const GPtrArray *all, const char *id)
{
  for (guint i = 0; i < all->len; i++) {
    KtDiagnosis *d = all->pdata[i];
    GPtrArray *lists[] = {d->findings, d->unknown, d->fine};
    for (guint l = 0; d->subject.domain && l < G_N_ELEMENTS(lists); l++)
      for (guint k = 0; k < lists[l]->len; k++)
        if (g_str_equal(((const KtFinding *)lists[l]->pdata[k])->check->id, id))
          return lists[l]->pdata[k];
  }
  return NULL;
}

static KtState state_of(World *w, const char *id, int *severity)
{
  g_autoptr(GPtrArray) all = kt_diagnose(w->snapshot, NULL);
  const KtFinding *f = find(all, id);
  if (f && severity)
    *severity = f->severity;
  return f ? f->state : KT_NOT_APPLICABLE;
}

/* The commands name the domain. */
static void assert_named(World *w, const char *id)
{
  g_autoptr(GPtrArray) all = kt_diagnose(w->snapshot, NULL);
  const KtFinding *f = find(all, id);
  g_assert_nonnull(f);
  g_autofree char *action = kt_finding_action(f, &f->check->remedies[0]);
  g_assert_nonnull(strstr(action, "virsh edit web "));
}

static void tear_down(World *w)
{
  kt_snapshot_free(w->snapshot);
}

static void assert_state(World *w, const char *id, KtState expected)
{
  g_assert_cmpint(state_of(w, id, NULL), ==, expected);
}

static void test_x11(void)
{
  World w;
  world_set_up(&w, 2, 16, 24, 32);
  assert_state(&w, "X11", KT_FIRED);
  assert_named(&w, "X11");
  add_cells(&w, 2, 16 * 1048576);
  assert_state(&w, "X11", KT_FINE);
  tear_down(&w);
  world_set_up(&w, 2, 16, 16, 32); /* as wide as a node is not wider */
  assert_state(&w, "X11", KT_FINE);
  tear_down(&w);
  world_set_up(&w, 2, 16, 4, 100); /* memory alone */
  assert_state(&w, "X11", KT_FIRED);
  tear_down(&w);
  world_set_up(&w, 0, 0, 64, 100);
  assert_state(&w, "X11", KT_CANNOT_TELL);
  tear_down(&w);
}

static void test_x12(void)
{
  World w;
  world_set_up(&w, 2, 16, 8, 16);
  assert_state(&w, "X12", KT_NOT_APPLICABLE);
  add_cells(&w, 2, 8 * 1048576);
  assert_state(&w, "X12", KT_FIRED);
  tear_down(&w);
  world_set_up(&w, 2, 16, 14, 16); /* 14 of 16 leaves less than 15 % */
  add_cells(&w, 2, 8 * 1048576);
  assert_state(&w, "X12", KT_FINE);
  tear_down(&w);
}

static void test_x13_and_x16(void)
{
  World w;
  world_set_up(&w, 2, 16, 24, 32);
  add_cells(&w, 2, 16 * 1048576);
  assert_state(&w, "X13", KT_FIRED);
  assert_state(&w, "X16", KT_FINE); /* neither */
  for (int v = 0; v < 24; v++)
    kt_domain_set_pin(w.domain, v, kt_set_parse(v < 12 ? "0-15" : "16-31", NULL));
  assert_state(&w, "X13", KT_FINE);
  assert_state(&w, "X16", KT_FIRED); /* pins without numatune */
  for (guint c = 0; c < 2; c++)
    ((KtCell *)w.domain->cells->pdata[c])->memnode = kt_set_parse(c ? "1" : "0", NULL);
  assert_state(&w, "X16", KT_FINE);
  tear_down(&w);
  world_set_up(&w, 2, 16, 24, 32); /* pins to everything pin nothing */
  add_cells(&w, 2, 16 * 1048576);
  for (int v = 0; v < 24; v++)
    kt_domain_set_pin(w.domain, v, kt_set_parse("0-31", NULL));
  assert_state(&w, "X13", KT_FIRED);
  tear_down(&w);
  world_set_up(&w, 1, 32, 24, 32);
  add_cells(&w, 2, 16 * 1048576);
  assert_state(&w, "X13", KT_NOT_APPLICABLE);
  assert_state(&w, "X16", KT_NOT_APPLICABLE);
  tear_down(&w);
}

static void test_x15(void)
{
  World w;
  world_set_up(&w, 0, 0, 8, 32);
  add_cells(&w, 2, 16 * 1048576);
  assert_state(&w, "X15", KT_FINE);
  ((KtCell *)w.domain->cells->pdata[1])->memory_kib = KT_INT(10 * 1048576);
  assert_state(&w, "X15", KT_FIRED);
  tear_down(&w);
  world_set_up(&w, 0, 0, 8, 32);
  add_cells(&w, 4, 8 * 1048576);
  assert_state(&w, "X15", KT_FIRED); /* four cells, no distances */
  ((KtCell *)w.domain->cells->pdata[0])->memory_kib = KT_INT_UNKNOWN;
  assert_state(&w, "X15", KT_CANNOT_TELL);
  tear_down(&w);
}

static void test_x18(void)
{
  World w;
  world_set_up(&w, 2, 4, 2, 4);
  assert_state(&w, "X18", KT_NOT_APPLICABLE);
  kt_domain_set_pin(w.domain, 0, kt_set_parse("7", NULL));
  assert_state(&w, "X18", KT_FINE);
  kt_domain_set_pin(w.domain, 1, kt_set_parse("8", NULL));
  assert_state(&w, "X18", KT_FIRED);
  tear_down(&w);
  world_set_up(&w, 2, 4, 2, 4);
  w.domain->numatune_nodeset = kt_set_parse("3", NULL);
  assert_state(&w, "X18", KT_FIRED);
  tear_down(&w);
  world_set_up(&w, 0, 0, 2, 4);
  kt_domain_set_pin(w.domain, 0, kt_set_parse("7", NULL));
  assert_state(&w, "X18", KT_CANNOT_TELL);
  tear_down(&w);
}

static void test_x20_and_x21(void)
{
  World w;
  world_set_up(&w, 0, 0, 16, 4);
  assert_state(&w, "X20", KT_NOT_APPLICABLE);
  w.domain->vcpus_current = KT_INT(8);
  assert_state(&w, "X20", KT_FINE);
  w.domain->vcpus_current = KT_INT(7);
  assert_state(&w, "X20", KT_FIRED);
  static const struct {
    const char *machine;
    KtState state;
  } types[] = {{"pc-i440fx-2.5", KT_FIRED},         {"pc-q35-5.1", KT_FIRED}, {"pc-q35-5.2", KT_FINE},
               {"pc-i440fx-10.0", KT_FINE},         {"rhel6.6.0", KT_FIRED},  {"q35", KT_CANNOT_TELL},
               {"pc-q35-rhel9.2.0", KT_CANNOT_TELL}};
  for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
    g_free(w.domain->machine_type);
    w.domain->machine_type = g_strdup(types[i].machine);
    assert_state(&w, "X21", types[i].state);
  }
  tear_down(&w);
}

/* A guest of two nodes whose sockets follow them, or do not. */
static void test_x14(void)
{
  World w;
  world_set_up(&w, 0, 0, 8, 32);
  KtMachine *guest = kt_machine_new();
  guest->name = g_strdup("guest");
  guest->role = KT_ROLE_GUEST;
  kt_machine_set_text(guest, "hypervisor", "kvm", NULL);
  kt_machine_set_text(guest, "arch", "x86_64", NULL);
  kt_machine_set_int(guest, "topology.nodes", 2, NULL);
  KtSubject s = {.kind = KT_FOR_GUEST, .machine = guest, .guest = guest, .snapshot = w.snapshot};
  const KtCheck *check = kt_check_find("X14");
  KtFinding f = {.check = check, .evidence = g_ptr_array_new(), .fill = g_hash_table_new(NULL, NULL)};
  check->run(&s, &f);
  g_assert_cmpint(f.state, ==, KT_CANNOT_TELL);
  for (guint c = 0; c < 4; c++) {
    KtCpu *cpu = kt_machine_cpu(guest, c);
    cpu->package = KT_INT(c / 2);
    cpu->node = KT_INT(c / 2);
  }
  check->run(&s, &f);
  g_assert_cmpint(f.state, ==, KT_FINE);
  kt_machine_cpu(guest, 1)->node = KT_INT(1);
  check->run(&s, &f);
  g_assert_cmpint(f.state, ==, KT_FIRED);
  g_ptr_array_set_size(guest->cpu, 0);
  kt_machine_set_int(guest, "topology.sockets", 1, NULL);
  check->run(&s, &f);
  g_assert_cmpint(f.state, ==, KT_FIRED);
  g_free(f.title);
  g_free(f.missing);
  g_ptr_array_unref(f.evidence);
  g_hash_table_unref(f.fill);
  kt_machine_free(guest);
  tear_down(&w);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/domain-numa/x11-wide", test_x11);
  g_test_add_func("/domain-numa/x12-fits", test_x12);
  g_test_add_func("/domain-numa/x13-x16-bound", test_x13_and_x16);
  g_test_add_func("/domain-numa/x14-borders", test_x14);
  g_test_add_func("/domain-numa/x15-even", test_x15);
  g_test_add_func("/domain-numa/x18-foreign-pins", test_x18);
  g_test_add_func("/domain-numa/x20-x21", test_x20_and_x21);
  return g_test_run();
}
