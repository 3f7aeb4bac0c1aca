/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "view/view.h"

static void assert_has(const char *text, const char *part)
{
  if (!strstr(text, part))
    g_error("no %s in %s", part, text);
}

/* Without white space, so that members can be looked for. */
static char *squeezed(char *text)
{
  char *to = text;
  for (const char *p = text; *p; p++)
    if (*p != ' ' && *p != '\n')
      *to++ = *p;
  *to = '\0';
  return text;
}

static char *facts(KtMachine *m, KtDomain *d)
{
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  if (m)
    g_ptr_array_add(s->machines, m);
  if (d)
    g_ptr_array_add(s->domains, d);
  kt_snapshot_reject(s, "a.txt", 7, "101 %% of a CPU");
  return squeezed(kt_view_facts_json(s));
}

static void test_unknown_is_null(void)
{
  g_autofree char *text = facts(kt_machine_new(), NULL);
  assert_has(text, "\"name\":null,\"sources\":[],\"role\":null,\"hypervisor\":null,"
                   "\"kernel\":{\"release\":null,\"cmdline\":null,\"clocksource\":null}");
  assert_has(text, "\"topology\":{\"cpus\":null,\"online\":null,\"sockets\":null,\"dies\":null,"
                   "\"cores_per_socket\":null,\"threads_per_core\":null}");
  assert_has(text, "\"caches\":[],\"nodes\":[],\"activity\":null,\"interrupts\":null,\"settings\":{}");
  assert_has(text, "\"rejected\":[{\"source\":\"a.txt\",\"line\":7,\"why\":\"101%ofaCPU\"}]");
}

static void test_machine(void)
{
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_HOST;
  kt_machine_set_text(m, "hypervisor", "none", NULL);
  kt_machine_set_int(m, "topology.nodes", 3, NULL);
  KtCache *l3 = kt_machine_cache(m, 3, KT_CACHE_UNIFIED);
  l3->size_kib = KT_INT(12288);
  KtNode *node = kt_machine_node(m, 8);
  node->cpus = kt_set_parse("0-7,16", NULL);
  node->numa_miss = KT_INT(0);
  int distances[] = {10, 21};
  g_array_append_vals(node->distances, distances, 2);
  kt_machine_node(m, 9)->cpus = kt_set_new();
  kt_activity_add(kt_machine_activity(m), &(KtActivityRow){.pct[KT_CPU_USER] = KT_NUM(0.1)});
  kt_activity_add(m->activity, &(KtActivityRow){.pct[KT_CPU_USER] = KT_NUM(0.2)});
  kt_machine_add_interrupt(m, "RES")->total = 5;
  kt_machine_set_setting(m, "kernel.numa_balancing", "1", NULL);
  g_autofree char *text = facts(m, NULL);
  assert_has(text, "\"role\":\"host\",\"hypervisor\":\"none\"");
  assert_has(text, "{\"level\":3,\"type\":\"unified\",\"size_kib\":12288,\"instances\":null}");
  assert_has(text, "{\"id\":8,\"cpus\":\"0-7,16\",\"memory_kib\":null,\"distances\":[10,21],\"numastat\":"
                   "{\"numa_hit\":null,\"numa_miss\":0,\"numa_foreign\":null,");
  assert_has(text, "{\"id\":9,\"cpus\":\"\",\"memory_kib\":null,\"distances\":null,\"numastat\":null}");
  /* stated to be there, cut off: ids are not guessed */
  assert_has(text, "{\"id\":null,\"cpus\":null,\"memory_kib\":null,\"distances\":null,\"numastat\":null}]");
  assert_has(text, "\"activity\":{\"rows\":2,\"fields\":{\"user\":{\"mean\":0.15,\"max\":0.2},\"nice\":null");
  assert_has(text, "\"interrupts\":{\"RES\":{\"total\":5,\"per_second\":null}}");
  assert_has(text, "\"settings\":{\"kernel.numa_balancing\":\"1\"}");
}

static void test_domain(void)
{
  KtDomain *d = kt_domain_new("guest.xml");
  d->name = g_strdup("db\"1");
  d->vcpus = KT_INT(4);
  kt_domain_set_pin(d, 10, kt_set_parse("3", NULL));
  kt_domain_set_pin(d, 2, kt_set_parse("0-1", NULL));
  KtCell *cell = kt_domain_add_cell(d, 0);
  cell->cpus = kt_set_parse("0-3", NULL);
  g_autofree char *text = facts(NULL, d);
  assert_has(text, "\"name\":\"db\\\"1\",\"uuid\":null,\"vcpus\":4,\"memory_kib\":null,\"topology\":{\"sockets\":null");
  assert_has(text, "\"cells\":[{\"id\":0,\"cpus\":\"0-3\",");
  assert_has(text, "\"pins\":{\"2\":\"0-1\",\"10\":\"3\"}");
  assert_has(text, "\"predicted\":{\"topology\":{\"cpus\":4,");
}

static void test_cut_domain(void)
{
  KtDomain *d = kt_domain_new("guest.xml");
  d->cut = TRUE;
  g_autofree char *text = facts(NULL, d);
  assert_has(text, "\"cells\":null");
  assert_has(text, "\"pins\":null");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/json-view/unknown-is-null", test_unknown_is_null);
  g_test_add_func("/json-view/machine", test_machine);
  g_test_add_func("/json-view/domain", test_domain);
  g_test_add_func("/json-view/cut-domain", test_cut_domain);
  return g_test_run();
}
