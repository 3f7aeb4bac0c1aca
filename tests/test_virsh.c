/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virsh's tables of a domain. */
#include "read_fixture.h"

static const KtDomain *only_domain(const KtSnapshot *s)
{
  g_assert_cmpuint(s->domains->len, ==, 1);
  return s->domains->pdata[0];
}

static const KtThread *thread_of(const KtDomain *d, int vcpu)
{
  g_assert_nonnull(d->runtime);
  for (guint i = 0; i < d->runtime->threads->len; i++)
    if (((const KtThread *)d->runtime->threads->pdata[i])->vcpu == vcpu)
      return d->runtime->threads->pdata[i];
  g_assert_not_reached();
}

static void test_vcpuinfo(void)
{
  g_autoptr(KtSnapshot) s = read_text("root@kvm1:~# virsh -c qemu:///system vcpuinfo web-1\n"
                                      "VCPU:           0\nCPU:            3\nState:          running\n"
                                      "CPU time:       1795.7s\nCPU Affinity:   --yy\n\n"
                                      "VCPU:           1\nCPU:            0\nState:          running\n"
                                      "CPU time:       1795.7s\nCPU Affinity:   yyyy\n\n");
  const KtDomain *d = only_domain(s);
  g_assert_cmpuint(s->machines->len, ==, 0);
  g_assert_cmpstr(d->name, ==, "web-1");
  g_assert_true(d->cut);
  g_assert_false(d->vcpus.known);
  assert_set(kt_domain_pin(d, 0), "2-3");
  g_assert_null(kt_domain_pin(d, 1)); /* every CPU of the host is no pin */
  assert_set(thread_of(d, 0)->affinity, "2-3");
  g_assert_true(kt_int_is(thread_of(d, 0)->last_cpu, 3));
  assert_set(thread_of(d, 1)->affinity, "0-3");
  g_assert_false(thread_of(d, 1)->run_pct.known); /* CPU time at one moment is no use */
}

/* --pretty, German and Chinese, a domain that is off, an end cut off. */
static void test_vcpuinfo_forms(void)
{
  static const struct {
    const char *text, *pin, *affinity;
  } cases[] = {
      {"$ virsh vcpuinfo a --pretty\nVCPU:           0\nCPU:            1\nState:          running\n"
       "CPU Affinity:   0-1 (out of 8)\n",
       "0-1", "0-1"},
      {"$ virsh vcpuinfo a\nVCPU:           0\nCPU:            1\nStatus:         laufend\nCPU-Zeit:       5,1s\n"
       "CPU-Affinität: yy--\n",
       "0-1", "0-1"},
      {"$ virsh vcpuinfo a\nVCPU:           0\nCPU:            1\n状态：       运行\nCPU 时间：    5.1s\n"
       "CPU关系:      yy--\n",
       "0-1", "0-1"},
      {"$ virsh vcpuinfo a\nVCPU:           0\nCPU:            N/A\nState:          N/A\nCPU time:       N/A\n"
       "CPU Affinity:   yy--\n",
       "0-1", NULL},
      {"$ virsh vcpuinfo a\nVCPU:           0\nCPU:            1\nState:          running\nCPU Affinity:   yy", NULL,
       NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtSnapshot) s = read_text(cases[i].text);
    const KtDomain *d = only_domain(s);
    g_assert_cmpstr(d->name, ==, "a");
    if (cases[i].pin)
      assert_set(kt_domain_pin(d, 0), cases[i].pin);
    else
      g_assert_null(kt_domain_pin(d, 0));
    if (cases[i].affinity)
      assert_set(thread_of(d, 0)->affinity, cases[i].affinity);
  }
}

static void test_pins(void)
{
  g_autoptr(KtSnapshot) s = read_text(
      "# virsh vcpupin --domain web-1\n VCPU   CPU Affinity\n----------------------\n 0      0-1\n 1      2\n\n"
      "# virsh emulatorpin web-1\nemulator: CPU Affinity\n----------------------------------\n"
      "       *: 0,4\n\n"
      "# virsh iothreadinfo web-1\n IOThread ID   CPU Affinity\n---------------------------\n 1             5\n\n"
      "# virsh numatune web-1\nnuma_mode      : strict\nnuma_nodeset   : 0\n\n");
  const KtDomain *d = only_domain(s);
  assert_set(kt_domain_pin(d, 0), "0-1");
  assert_set(kt_domain_pin(d, 1), "2");
  assert_set(d->emulatorpin, "0,4");
  assert_set(g_hash_table_lookup(d->iothreadpin, GINT_TO_POINTER(1)), "5");
  g_assert_cmpstr(d->numatune_mode, ==, "strict");
  assert_set(d->numatune_nodeset, "0");
  g_assert_null(d->runtime);
  g_assert_cmpuint(kt_domain_cite_of(d, "vcpupin")->line, ==, 4);
}

static void test_pins_forms(void)
{
  static const char *const texts[] = {
      "$ virsh vcpupin a\nVCPU: CPU Affinity\n----------------------------------\n   0: 0-1\n",
      "$ virsh vcpupin a\n VCPU   CPU-Affinität\n-----------------------\n 0      0-1\n",
      "$ virsh vcpupin a\n VCPU   CPU 亲和性\n---------------------\n 0      0-1\n",
      " VCPU   CPU Affinity\n----------------------\n 0      0-1\n", /* whose? */
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    g_assert_cmpstr(only_domain(s)->name, ==, i < 3 ? "a" : NULL);
    assert_set(kt_domain_pin(only_domain(s), 0), "0-1");
  }
}

/* Not to be told whose it is, or nothing in it: no domain. */
static void test_no_domain(void)
{
  static const char *const texts[] = {
      "emulator: CPU Affinity\n----------------------------------\n       *: 0-7\n",
      "$ virsh emulatorpin 3\nemulator: CPU Affinity\n----------------------------------\n       *: 0-7\n",
      "$ virsh numatune a\nnuma_mode      : strict\nnuma_nodeset   : \n\n",
      "$ virsh vcpupin a\n VCPU   CPU Affinity\n----------------------\n\n",
      "$ virsh vcpupin a\n VCPU   CPU Affinity\n----------------------\n x      0-1\n 99999999   0\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    g_assert_cmpuint(s->domains->len, ==, 0);
    g_assert_cmpuint(s->machines->len, ==, 0);
  }
}

static void test_dominfo(void)
{
  static const char *const texts[] = {
      "Id:             3\nName:           web-1\nUUID:           6695EB01-f6a4-8304-79aa-97f2502e193f\n"
      "OS Type:        hvm\nState:          running\nCPU(s):         2\nCPU time:       17.3s\n"
      "Max memory:     8388608 KiB\nUsed memory:    2097152 KiB\nPersistent:     yes\n",
      "Id:             3\nName:           web-1\nUUID:           6695eb01-f6a4-8304-79aa-97f2502e193f\n"
      "OS Typ:         hvm\nStatus:         laufend\nCPU(s):         2\nCPU-Zeit:       17,3s\n"
      "Max Speicher:   8388608 KiB\nVerwendeter Speicher: 2097152 KiB\n",
      "Id：            3\n名称：       web-1\nUUID:           6695eb01-f6a4-8304-79aa-97f2502e193f\n"
      "OS 类型：    hvm\n状态：       运行\nCPU：          2\nCPU 时间：   17.3s\n"
      "最大内存： 8388608 KiB\n使用的内存： 2097152 KiB\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    const KtDomain *d = only_domain(s);
    g_assert_cmpuint(s->machines->len, ==, 0);
    g_assert_cmpstr(d->name, ==, "web-1");
    g_assert_cmpstr(d->uuid, ==, "6695eb01-f6a4-8304-79aa-97f2502e193f");
    g_assert_true(kt_int_is(d->vcpus_current, 2));
    g_assert_false(d->vcpus.known); /* how many it may have is not there */
    g_assert_true(kt_int_is(d->memory_kib, 8388608));
    g_assert_true(kt_int_is(d->current_memory_kib, 2097152));
  }
}

#define STATS(name, time, delay, good, vain, exits)                                                                    \
  "Domain: '" name "'\n  state.state=1\n  state.reason=1\n  cpu.haltpoll.success.time=" good                           \
  "\n  cpu.haltpoll.fail.time=" vain "\n  balloon.current=2097152\n  balloon.maximum=4194304\n  balloon.rss=1000000\n" \
  "  vcpu.current=1\n  vcpu.maximum=2\n  vcpu.0.state=1\n  vcpu.0.time=" time                                          \
  "\n  vcpu.0.wait=0\n  vcpu.0.delay=" delay "\n  vcpu.0.exits.sum=" exits "\n\n"

static void test_domstats(void)
{
  g_autoptr(KtSnapshot) s = read_text("# virsh domstats\n" STATS(
      "a", "1000000000", "500", "1", "2", "10") "Domain: 'b'\n  state.state=5\n  vcpu.maximum=4\n  vcpu.current=4\n\n");
  g_assert_cmpuint(s->domains->len, ==, 2);
  const KtDomain *a = s->domains->pdata[0], *b = s->domains->pdata[1];
  g_assert_cmpstr(a->name, ==, "a");
  g_assert_true(kt_int_is(a->vcpus, 2) && kt_int_is(a->vcpus_current, 1));
  g_assert_true(kt_int_is(a->memory_kib, 4194304) && kt_int_is(a->current_memory_kib, 2097152));
  g_assert_true(kt_int_is(a->runtime->rss_kib, 1000000));
  g_assert_false(thread_of(a, 0)->run_pct.known || thread_of(a, 0)->wait_pct.known);
  g_assert_false(a->runtime->halt_poll_success_pct.known || a->runtime->exits_per_second.known);
  g_assert_cmpstr(b->name, ==, "b");
  g_assert_true(kt_int_is(b->vcpus, 4));
  g_assert_false(b->vcpus_current.known);
  g_assert_null(b->runtime); /* shut off */
}

static void test_domstats_twice(void)
{
  static const char *const between[][2] = {
      {"$ virsh domstats a; sleep 10; virsh domstats a\n", ""},
      {"Tue Oct 15 04:35:50 UTC 2019\n", "Tue Oct 15 04:36:00 UTC 2019\n"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(between); i++) {
    g_autofree char *text =
        g_strconcat(between[i][0], STATS("a", "1000000000", "0", "0", "1000000000", "1000"), between[i][1],
                    STATS("a", "6000000000", "2500000000", "1000000000", "16000000000", "51000"), NULL);
    g_autoptr(KtSnapshot) s = read_text(text);
    const KtDomain *d = only_domain(s);
    g_assert_cmpfloat_with_epsilon(thread_of(d, 0)->run_pct.value, 50, 0.001);
    g_assert_cmpfloat_with_epsilon(thread_of(d, 0)->wait_pct.value, 25, 0.001);
    g_assert_cmpfloat_with_epsilon(d->runtime->halt_poll_success_pct.value, 10, 0.001);
    g_assert_cmpfloat_with_epsilon(d->runtime->halt_poll_fail_pct.value, 150, 0.001);
    g_assert_true(kt_int_is(d->runtime->exits_per_second, 5000));
    g_assert_cmpfloat(d->runtime->interval_s.value, ==, 10);
  }
}

/* Two moments with nothing that tells the time between, and a guest that was started anew. */
static void test_domstats_no_rates(void)
{
  static const char *const texts[] = {
      "$ virsh domstats a\n" STATS("a", "1000000000", "0", "0", "0",
                                   "0") "$ virsh domstats a\n" STATS("a", "2000000000", "0", "0", "0", "0"),
      "$ virsh domstats a; sleep 10; virsh domstats a\n" STATS("a", "2000000000", "9", "9", "9", "9")
          STATS("a", "1000000000", "0", "0", "0", "0"),
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    const KtDomain *d = only_domain(s);
    g_assert_cmpuint(d->runtime->threads->len, ==, 1);
    g_assert_false(thread_of(d, 0)->run_pct.known || thread_of(d, 0)->wait_pct.known);
    g_assert_false(d->runtime->halt_poll_fail_pct.known || d->runtime->exits_per_second.known);
  }
}

/* Cut off anywhere, also before a prompt or a fence, a table tells nothing else than the whole one. */
static void test_cuts(void)
{
  static const char *const texts[] = {
      "$ virsh vcpuinfo a\nVCPU:           0\nCPU:            12\nState:          running\nCPU Affinity:   "
      "----------yyyyyy\n\nVCPU:           1\nCPU:            13\nState:          running\n"
      "CPU Affinity:   yyyyyyyyyyyyyyy-\n",
      "$ virsh vcpupin a\n VCPU   CPU Affinity\n----------------------\n 0      0-15\n 1      10,12\n 10     14\n"};
  static const char *const tails[] = {"", "\n$ \n", "\n```\n"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) whole = read_text(texts[i]);
    for (gsize n = 1; n < strlen(texts[i]); n++)
      for (guint t = 0; t < G_N_ELEMENTS(tails); t++) {
        g_autofree char *head = g_strndup(texts[i], n), *part = g_strconcat(head, tails[t], NULL);
        g_autoptr(KtSnapshot) s = read_text(part);
        for (int v = 0; s->domains->len && v < 11; v++) {
          const KtSet *pin = kt_domain_pin(only_domain(s), v);
          g_assert_true(!pin || kt_set_equal(pin, kt_domain_pin(only_domain(whole), v)));
        }
      }
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/virsh/vcpuinfo", test_vcpuinfo);
  g_test_add_func("/virsh/vcpuinfo-forms", test_vcpuinfo_forms);
  g_test_add_func("/virsh/pins", test_pins);
  g_test_add_func("/virsh/pins-forms", test_pins_forms);
  g_test_add_func("/virsh/no-domain", test_no_domain);
  g_test_add_func("/virsh/dominfo", test_dominfo);
  g_test_add_func("/virsh/domstats", test_domstats);
  g_test_add_func("/virsh/domstats-twice", test_domstats_twice);
  g_test_add_func("/virsh/domstats-no-rates", test_domstats_no_rates);
  g_test_add_func("/virsh/cuts", test_cuts);
  return g_test_run();
}
