/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_fixture.h"

#define V2 "usage_usec 900\nuser_usec 500\nsystem_usec 400\nnr_periods 700\nnr_throttled 60\nthrottled_usec 7\n"
#define V1 "nr_periods 5\nnr_throttled 3\nthrottled_time 7\n"

static void assert_counter(const KtMachine *m, const char *name, gint64 value)
{
  const KtCounter *counter = kt_machine_counter(m, name);
  g_assert_nonnull(counter);
  g_assert_cmpint(counter->value, ==, value);
}

static void test_v2(void)
{
  g_autoptr(KtSnapshot) s = read_text("[root@web1 ~]# cat /sys/fs/cgroup/system.slice/app.service/cpu.stat\n" V2
                                      "[root@web1 ~]# cat /sys/fs/cgroup/kubepods.slice/cpu.stat\n" V1);
  const KtMachine *m = only_machine(s);
  assert_counter(m, "cgroup./system.slice/app.service.nr_periods", 700);
  assert_counter(m, "cgroup./system.slice/app.service.nr_throttled", 60);
  g_assert_cmpuint(kt_machine_cite_of(m, "counters.cgroup./system.slice/app.service.nr_throttled")->line, ==, 6);
  g_assert_false(m->cgroups_seen); /* there may be others */
  g_assert_null(kt_machine_counter(m, "vmstat.nr_periods"));
}

static void test_v1(void)
{
  g_autoptr(KtSnapshot) s = read_text("$ sudo cat /sys/fs/cgroup/cpu,cpuacct/docker/c1/cpu.stat\n" V1);
  const KtMachine *m = only_machine(s);
  assert_counter(m, "cgroup./docker/c1.nr_throttled", 3);
  g_assert_cmpuint(g_hash_table_size(m->counters), ==, 2);
}

/* Of which group is not told, or not of one; and none of them is /proc/vmstat. */
static void test_nameless(void)
{
  static const char *const texts[] = {
      V1,
      V2,
      "# cat cpu.stat\n" V2,
      "# cat /sys/fs/cgroup/*/cpu.stat\n" V2,
      "# cat /sys/fs/cgroup/a/cpu.stat /sys/fs/cgroup/b/cpu.stat\n" V2 V2,
      "# cat /sys/fs/cgroup/cpu.stat\n" V2,
      "# cat /sys/fs/cgroup/cpu/cpu.stat\n" V1,
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    for (guint k = 0; k < s->machines->len; k++)
      g_assert_cmpuint(g_hash_table_size(((const KtMachine *)s->machines->pdata[k])->counters), ==, 0);
  }
}

static void test_cut(void)
{
  g_autoptr(KtSnapshot) s = read_text("# cat /sys/fs/cgroup/a/cpu.stat\nusage_usec 9\nnr_periods 70\nnr_throttled 6");
  const KtMachine *m = only_machine(s);
  assert_counter(m, "cgroup./a.nr_periods", 70);
  g_assert_null(kt_machine_counter(m, "cgroup./a.nr_throttled"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cgroup-stat/v2", test_v2);
  g_test_add_func("/cgroup-stat/v1", test_v1);
  g_test_add_func("/cgroup-stat/nameless", test_nameless);
  g_test_add_func("/cgroup-stat/cut", test_cut);
  return g_test_run();
}
