/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "read_fixture.h"

static const KtFlavor *only_flavor(const KtSnapshot *snapshot)
{
  g_assert_cmpuint(snapshot->flavors->len, ==, 1);
  return snapshot->flavors->pdata[0];
}

static const char show_table[] = "+----------------------------+---------------------------------------------+\n"
                                 "| Field                      | Value                                       |\n"
                                 "+----------------------------+---------------------------------------------+\n"
                                 "| OS-FLV-DISABLED:disabled   | False                                       |\n"
                                 "| disk                       | 40                                          |\n"
                                 "| name                       | kvm.big                                     |\n"
                                 "| properties                 | hw:cpu_cores='8', hw:cpu_policy='dedicated',|\n"
                                 "|                            | hw:cpu_sockets='4'                          |\n"
                                 "| ram                        | 8192                                        |\n"
                                 "| swap                       |                                             |\n"
                                 "| vcpus                      | 32                                          |\n"
                                 "+----------------------------+---------------------------------------------+\n";

static void test_table(void)
{
  g_autoptr(KtSnapshot) s = read_unjoined(show_table);
  const KtFlavor *f = only_flavor(s);
  g_assert_cmpstr(f->name, ==, "kvm.big");
  g_assert_true(kt_int_is(f->vcpus, 32));
  g_assert_true(kt_int_is(f->ram_mib, 8192));
  g_assert_true(kt_int_is(f->disk_gib, 40));
  g_assert_cmpuint(g_hash_table_size(f->extra_specs), ==, 3);
  g_assert_cmpstr(kt_flavor_hw(f, "cpu_sockets"), ==, "4");
  g_assert_cmpstr(kt_flavor_hw(f, "cpu_policy"), ==, "dedicated");
  g_assert_cmpuint(kt_flavor_cite_of(f, "vcpus")->line, ==, 11);
  g_assert_null(f->image);
}

/* A table that ends in the middle of its properties, or before them: unknown, not empty. */
static void test_table_cut(void)
{
  const char *behind = strstr(show_table, "8', hw:cpu_policy");
  g_autofree char *cut = g_strndup(show_table, (gsize)(behind - show_table));
  g_autoptr(KtSnapshot) s = read_unjoined(cut);
  for (guint i = 0; i < s->flavors->len; i++)
    g_assert_null(((const KtFlavor *)s->flavors->pdata[i])->extra_specs);

  g_autofree char *before = g_strndup(show_table, (gsize)(strstr(show_table, "| properties") - show_table));
  g_autoptr(KtSnapshot) t = read_unjoined(before);
  for (guint i = 0; i < t->flavors->len; i++)
    g_assert_null(((const KtFlavor *)t->flavors->pdata[i])->extra_specs);
}

static void test_json(void)
{
  g_autoptr(KtSnapshot) object = read_unjoined("{\n  \"OS-FLV-DISABLED:disabled\": false,\n  \"name\": \"kvm.big\",\n"
                                               "  \"properties\": {\n    \"hw:numa_nodes\": \"4\"\n  },\n"
                                               "  \"ram\": 8192,\n  \"swap\": 0,\n  \"vcpus\": 8\n}\n");
  const KtFlavor *f = only_flavor(object);
  g_assert_true(kt_int_is(f->vcpus, 8));
  g_assert_cmpstr(kt_flavor_hw(f, "numa_nodes"), ==, "4");
  g_assert_cmpuint(g_hash_table_size(f->extra_specs), ==, 1);

  g_autoptr(KtSnapshot) line =
      read_unjoined("{\"name\": \"a\", \"properties\": \"hw:cpu_cores='16', hw:cpu_sockets='1'\", "
                    "\"ram\": 8192, \"vcpus\": 16}\n");
  f = only_flavor(line);
  g_assert_cmpstr(kt_flavor_hw(f, "cpu_cores"), ==, "16");

  g_autoptr(KtSnapshot) none = read_unjoined("{\"name\": \"a\", \"properties\": {}, \"ram\": 8192, \"vcpus\": 16}\n");
  f = only_flavor(none);
  g_assert_nonnull(f->extra_specs);
  g_assert_cmpuint(g_hash_table_size(f->extra_specs), ==, 0);

  g_autoptr(KtSnapshot) cut = read_unjoined("{\n  \"OS-FLV-DISABLED:disabled\": false,\n  \"name\": \"kvm.big\",\n"
                                            "  \"properties\": {\n    \"hw:numa_nodes\": \"4\",\n    \"hw:cp");
  for (guint i = 0; i < cut->flavors->len; i++)
    g_assert_null(((const KtFlavor *)cut->flavors->pdata[i])->extra_specs);
}

static void test_lists(void)
{
  g_autoptr(KtSnapshot) s = read_unjoined(
      "+----+---------+-------+------+-----------+-------+-----------+------+-------------+---------------------+\n"
      "| ID | Name    |   RAM | Disk | Ephemeral | VCPUs | Is Public | Swap | RXTX Factor | Properties          |\n"
      "+----+---------+-------+------+-----------+-------+-----------+------+-------------+---------------------+\n"
      "| 1  | m1.tiny |   512 |    1 |         0 |     1 | True      |    0 |         1.0 |                     |\n"
      "| 2  | m1.big  | 16384 |   80 |         0 |     8 | True      |    0 |         1.0 | hw:cpu_sockets='2'  |\n"
      "| 3  | m1.hu\n");
  g_assert_cmpuint(s->flavors->len, ==, 2);
  const KtFlavor *tiny = s->flavors->pdata[0], *big = s->flavors->pdata[1];
  g_assert_cmpstr(tiny->name, ==, "m1.tiny");
  g_assert_cmpuint(g_hash_table_size(tiny->extra_specs), ==, 0);
  g_assert_true(kt_int_is(big->ram_mib, 16384));
  g_assert_cmpstr(kt_flavor_hw(big, "cpu_sockets"), ==, "2");

  g_autoptr(KtSnapshot) json =
      read_unjoined("[\n  {\n    \"ID\": \"1\",\n    \"Name\": \"a\",\n    \"RAM\": 512,\n"
                    "    \"VCPUs\": 1,\n    \"Properties\": {\n      \"hw:cpu_cores\": \"1\"\n    }\n  },\n"
                    "  {\n    \"ID\": \"2\",\n    \"Name\": \"b\",\n    \"RAM\": 1024,\n    \"VCPUs\": 2\n  }\n]\n");
  g_assert_cmpuint(json->flavors->len, ==, 2);
  const KtFlavor *a = json->flavors->pdata[0], *b = json->flavors->pdata[1];
  g_assert_cmpstr(kt_flavor_hw(a, "cpu_cores"), ==, "1");
  g_assert_cmpstr(b->name, ==, "b");
  g_assert_true(kt_int_is(b->vcpus, 2));
  g_assert_null(b->extra_specs); /* a list without --long does not show them */
}

static void test_list_on_one_line(void)
{
  g_autoptr(KtSnapshot) s =
      read_unjoined("[{\"Name\": \"a\", \"RAM\": 512, \"VCPUs\": 4, \"Properties\": {\"hw:cpu_cores\": \"4\"}}, "
                    "{\"Name\": \"b\", \"RAM\": 1024, \"VCPUs\": 2, \"Properties\": {}}]\n");
  g_assert_cmpuint(s->flavors->len, ==, 2);
  const KtFlavor *a = s->flavors->pdata[0], *b = s->flavors->pdata[1];
  g_assert_cmpstr(a->name, ==, "a");
  g_assert_true(kt_int_is(a->vcpus, 4));
  g_assert_cmpstr(kt_flavor_hw(a, "cpu_cores"), ==, "4");
  g_assert_cmpstr(b->name, ==, "b");
  g_assert_true(kt_int_is(b->ram_mib, 1024));
  g_assert_cmpuint(g_hash_table_size(b->extra_specs), ==, 0);
}

static void test_nova_client(void)
{
  g_autoptr(KtSnapshot) s =
      read_unjoined("+----------------------------+-----------------------------------------------+\n"
                    "| Property                   | Value                                         |\n"
                    "+----------------------------+-----------------------------------------------+\n"
                    "| extra_specs                | {\"hw:cpu_sockets\": \"4\", \"hw:numa_nodes\": \"4\"} |\n"
                    "| name                       | crm                                           |\n"
                    "| ram                        | 65536                                         |\n"
                    "| vcpus                      | 32                                            |\n"
                    "+----------------------------+-----------------------------------------------+\n");
  const KtFlavor *f = only_flavor(s);
  g_assert_cmpstr(kt_flavor_hw(f, "numa_nodes"), ==, "4");
  g_assert_cmpstr(f->name, ==, "crm");
  g_assert_true(kt_int_is(f->vcpus, 32));
}

static void test_image_and_server(void)
{
  g_autoptr(KtSnapshot) image = read_unjoined("| Field            | Value                                    |\n"
                                              "| container_format | bare                                     |\n"
                                              "| disk_format      | qcow2                                    |\n"
                                              "| name             | sles12                                   |\n"
                                              "| properties       | hw_cpu_sockets='2', os_type='linux'      |\n");
  const KtFlavor *i = only_flavor(image);
  g_assert_cmpstr(i->image_name, ==, "sles12");
  g_assert_cmpstr(g_hash_table_lookup(i->image, "os_type"), ==, "linux");
  g_assert_null(i->extra_specs);
  g_assert_false(i->vcpus.known);

  g_autoptr(KtSnapshot) server = read_unjoined(
      "| Field                 | Value                                                                      |\n"
      "| OS-EXT-STS:vm_state   | active                                                                     |\n"
      "| flavor                | disk='0', ephemeral='0', extra_specs.hw:cpu_sockets='2', original_name='q22', "
      "ram='256', vcpus='4' |\n"
      "| name                  | g4                                                                         |\n");
  const KtFlavor *f = only_flavor(server);
  g_assert_cmpstr(f->server, ==, "g4");
  g_assert_cmpstr(f->name, ==, "q22");
  g_assert_true(kt_int_is(f->vcpus, 4));
  g_assert_cmpstr(kt_flavor_hw(f, "cpu_sockets"), ==, "2");
}

static void test_not_nova(void)
{
  g_autoptr(KtSnapshot) s =
      read_unjoined("| Field | Value |\n| fruit | apple |\n{\"lscpu\": []}\n{\"sysstat\": {\"hosts\": []}}\n"
                    "[section]\nkey = value\n");
  g_assert_cmpuint(s->flavors->len, ==, 0);
  g_assert_cmpuint(s->confs->len, ==, 0);
}

static void test_conf(void)
{
  g_autoptr(KtSnapshot) s =
      read_unjoined("[DEFAULT]\n# comment\ncompute_driver = libvirt.LibvirtDriver\n"
                    "cpu_allocation_ratio=4.0\n\n[libvirt]\nvirt_type = kvm\ncpu_mode = host-model\n"
                    "cpu_models = Cascadelake-Server,\n   Skylake-Server\n\n[compute]\n"
                    "cpu_dedicated_set: 2-17\n[libvirt]\ncpu_mode=host-passthrough\n"
                    "[DEFAULT]\nreserved_huge_pages = node:0,size:2048,count:64\n"
                    "reserved_huge_pages = node:1,size:1GB,count:1\n");
  g_assert_cmpuint(s->confs->len, ==, 1);
  const KtNovaConf *conf = s->confs->pdata[0];
  const char *ratio = g_hash_table_lookup(conf->values, "DEFAULT/cpu_allocation_ratio");
  g_assert_cmpstr(ratio, ==, "4.0");
  const char *mode = g_hash_table_lookup(conf->values, "libvirt/cpu_mode");
  g_assert_cmpstr(mode, ==, "host-passthrough");
  const char *set = g_hash_table_lookup(conf->values, "compute/cpu_dedicated_set");
  g_assert_cmpstr(set, ==, "2-17");
  const KtCite *cite = g_hash_table_lookup(conf->cites, "libvirt/cpu_mode");
  g_assert_cmpuint(cite->line, ==, 15);
  const char *reserved = g_hash_table_lookup(conf->values, "DEFAULT/reserved_huge_pages");
  g_assert_cmpstr(reserved, ==, "node:0,size:2048,count:64\nnode:1,size:1GB,count:1"); /* each line counts */
  const char *models = g_hash_table_lookup(conf->values, "libvirt/cpu_models");
  g_assert_cmpstr(models, ==, "Cascadelake-Server,\nSkylake-Server");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/nova/table", test_table);
  g_test_add_func("/nova/table-cut", test_table_cut);
  g_test_add_func("/nova/json", test_json);
  g_test_add_func("/nova/lists", test_lists);
  g_test_add_func("/nova/list-on-one-line", test_list_on_one_line);
  g_test_add_func("/nova/nova-client", test_nova_client);
  g_test_add_func("/nova/image-and-server", test_image_and_server);
  g_test_add_func("/nova/not-nova", test_not_nova);
  g_test_add_func("/nova/conf", test_conf);
  return g_test_run();
}
