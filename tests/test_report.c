/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's report of a diagnosis made by hand, against golden texts. */
#include <string.h>

#include "view/action.h"
#include "view/view.h"
#include "view/words.h"

static const KtCheck sockets = {
    .id = "X06",
    .severity = 3,
    .title = "N sockets x 1 core",
    .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
    .risk = "B M!",
    .effect = "10-40 % less CPU time (a made-up source)",
    .remedies = {{KT_LAYER_LIBVIRT, "virt-xml {name} --edit --cpu topology.sockets=4,topology.cores=8"},
                 {KT_LAYER_NOVA, "openstack flavor set {flavor} --property hw:cpu_sockets=4"}},
};
static const KtCheck wakeups = {.id = "G06", .severity = 3, .title = "IPIs", .applies = KT_FOR_GUEST, .risk = "B"};
static const KtCheck balancing = {.id = "G02", .severity = 2, .title = "balancing off", .applies = KT_FOR_GUEST};

typedef struct {
  KtSnapshot *snapshot;
  GPtrArray *all;
  KtDiagnosis diagnosis;
} Report;

static KtFinding *add(GPtrArray *list, const KtCheck *check, KtState state, const char *text)
{
  KtFinding *f = g_new0(KtFinding, 1);
  f->check = check;
  f->state = state;
  f->severity = check->severity;
  f->evidence = g_ptr_array_new_with_free_func((GDestroyNotify)kt_cite_free);
  f->fill = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  f->title = g_strdup(state == KT_FIRED ? text : NULL);
  f->missing = g_strdup(state == KT_CANNOT_TELL ? text : NULL);
  g_ptr_array_add(list, f);
  return f;
}

static void report_init(Report *r)
{
  r->snapshot = kt_snapshot_new();
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_GUEST;
  m->name = g_strdup("crm");
  kt_machine_set_text(m, "hypervisor", "kvm", NULL);
  g_ptr_array_add(r->snapshot->machines, m);
  r->diagnosis = (KtDiagnosis){
      .subject = {.kind = KT_FOR_GUEST, .name = "crm", .snapshot = r->snapshot, .machine = m, .guest = m},
      .findings = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free),
      .accepted = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free),
      .unknown = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free),
      .fine = g_ptr_array_new_with_free_func((GDestroyNotify)kt_finding_free),
  };
  r->all = g_ptr_array_new();
  g_ptr_array_add(r->all, &r->diagnosis);
}

static void report_clear(Report *r)
{
  g_ptr_array_unref(r->all);
  g_ptr_array_unref(r->diagnosis.findings);
  g_ptr_array_unref(r->diagnosis.accepted);
  g_ptr_array_unref(r->diagnosis.unknown);
  g_ptr_array_unref(r->diagnosis.fine);
  kt_snapshot_free(r->snapshot);
}

static void fill(Report *r)
{
  KtFinding *f = add(r->diagnosis.findings, &sockets, KT_FIRED, "32 sockets x 1 core");
  kt_finding_fill(f, "name", "crm");
  g_autoptr(KtCite) cite = kt_cite_new("/a/long/way/down/the/tree/of/lscpu.txt", 9, "Socket(s):              32");
  kt_finding_cite(f, cite);
  f = add(r->diagnosis.findings, &wakeups, KT_FIRED, "5,000 wake-ups a second and CPU");
  f->echo_of = "X06";
  kt_finding_say(f, "RES and CAL together");
  add(r->diagnosis.unknown, &balancing, KT_CANNOT_TELL, "kernel.numa_balancing (sysctl)");
  add(r->diagnosis.fine, &balancing, KT_FINE, NULL);
}

static char *show(Report *r, guint width)
{
  const KtTerm term = {.width = width, .utf8 = TRUE};
  return kt_view_doctor_text(&term, r->snapshot, r->all, NULL, NULL);
}

static void assert_fits(const char *text, guint width)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (kt_term_width_of(lines[i]) > width)
      g_error("wider than %u: %s", width, lines[i]);
}

static void assert_golden(guint width, const char *file)
{
  Report r;
  report_init(&r);
  fill(&r);
  g_autofree char *text = show(&r, width), *want = NULL;
  g_autofree char *path = g_build_filename(g_getenv("KT_SOURCE"), "tests", "golden", file, NULL);
  assert_fits(text, width);
  if (g_getenv("KT_WRITE_GOLDEN"))
    g_file_set_contents(path, text, -1, NULL);
  g_assert_true(g_file_get_contents(path, &want, NULL, NULL));
  g_assert_cmpstr(text, ==, want);
  report_clear(&r);
}

static void test_width_60(void)
{
  assert_golden(60, "report-60.txt");
}

static void test_width_100(void)
{
  assert_golden(100, "report-100.txt");
}

static void test_hostile(void)
{
  Report r;
  report_init(&r);
  KtFinding *f = add(r.diagnosis.findings, &sockets, KT_FIRED, "title \033[31m \xe2\x80\xae");
  kt_finding_fill(f, "name", "a\033]0;x\a");
  g_autoptr(KtCite) cite = kt_cite_new("f\033.txt", 1, "text\b\x7f\xff and so on, and so on, and so on");
  kt_finding_cite(f, cite);
  g_autofree char *text = show(&r, 60);
  for (const char *p = text; *p; p++)
    g_assert_true(*p == '\n' || ((guchar)*p >= 0x20 && *p != 0x7f));
  g_assert_null(strstr(text, "\xe2\x80\xae"));
  g_assert_nonnull(strstr(text, "\\x1b"));
  g_assert_true(g_utf8_validate(text, -1, NULL));
  report_clear(&r);
}

static void test_healthy_and_unjudged(void)
{
  Report r;
  report_init(&r);
  g_autofree char *nothing = show(&r, 80);
  g_assert_nonnull(strstr(nothing, "crm (KVM guest) cannot be judged: 0 checked and fine, 0 unknown."));
  add(r.diagnosis.fine, &balancing, KT_FINE, NULL);
  g_autofree char *healthy = show(&r, 80);
  g_assert_nonnull(strstr(healthy, "crm (KVM guest) is healthy: 1 checked and fine"));
  report_clear(&r);
}

static void test_ascii(void)
{
  Report r;
  report_init(&r);
  fill(&r);
  const KtTerm term = {.width = 60};
  g_autofree char *text = kt_view_doctor_text(&term, r.snapshot, r.all, NULL, NULL);
  g_assert_true(g_str_is_ascii(text));
  report_clear(&r);
}

static void assert_risk(const char *codes, const char *want)
{
  g_autofree char *words = kt_view_risk(codes);
  g_assert_cmpstr(words, ==, want);
}

static void test_risk(void)
{
  assert_risk("L", "live");
  assert_risk("L/B", "live or guest stop and start");
  assert_risk("B M! (same CPU model needed)",
              "guest stop and start; changes migration compatibility (same CPU model needed)");
  assert_risk("L (CPU), B (memory policy)", "live (CPU); guest stop and start (memory policy)");
  assert_risk("H S", "host reboot or module reload; security trade-off");
  assert_risk("restart app", "restart app");
  assert_risk("-", "no risk");
  assert_risk(NULL, "no risk");
}

static void assert_action(const char *action, const char *want)
{
  const KtTerm term = {.width = 40, .utf8 = TRUE};
  KtPage *page = kt_page_new(&term);
  kt_view_put_action(page, 2, action);
  g_autofree char *text = kt_page_finish(page);
  g_assert_cmpstr(text, ==, want);
}

/* What is printed can be copied into a shell: one command a line, words as comments. */
static void test_action(void)
{
  assert_action("numastat -m; numactl --hardware   # what fills node 3: FilePages, one process",
                "  numastat -m\n  numactl --hardware\n  # what fills node 3: FilePages, one\n  # process\n");
  assert_action("qm set <the id, a number> --kvm 1; then stop and start it",
                "  qm set <the id, a number> --kvm 1\n  # then stop and start it\n");
  assert_action("qm set 7 --ostype win11 (win10)", "  qm set 7 --ostype win11\n  # (win10)\n");
  assert_action("virsh edit 'a, b': <domain type='kvm'>", "  virsh edit 'a, b'\n  # <domain type='kvm'>\n");
  assert_action("echo 12345678 > /sys/kernel/mm/ksm/run, or not",
                "  echo 12345678 > /sys/kernel/mm/ksm/run\n  # or not\n");
  assert_action("virsh vcpupin guest 0 1-2 --live --config", "  virsh vcpupin guest 0 1-2 --live \\\n    --config\n");
  assert_action("for one guest: a setting", "  for one guest: a setting\n");
}

static void assert_layer(const Report *r, KtLayer want, gboolean want_theirs)
{
  gboolean theirs;
  const KtRemedy *remedy = kt_view_remedy(&sockets, &r->diagnosis.subject, &theirs);
  g_assert_cmpint(remedy->layer, ==, want);
  g_assert_cmpint(theirs, ==, want_theirs);
}

static void test_layer(void)
{
  Report r;
  report_init(&r);
  assert_layer(&r, KT_LAYER_LIBVIRT, TRUE);
  kt_machine_set_text(r.snapshot->machines->pdata[0], "product", "OpenStack Compute", NULL);
  assert_layer(&r, KT_LAYER_NOVA, TRUE);
  g_autoptr(KtDomain) domain = kt_domain_new("guest.xml");
  r.diagnosis.subject = (KtSubject){.kind = KT_FOR_DOMAIN, .snapshot = r.snapshot, .domain = domain};
  assert_layer(&r, KT_LAYER_LIBVIRT, FALSE);
  domain->manager = KT_MANAGER_NOVA;
  assert_layer(&r, KT_LAYER_NOVA, FALSE);
  report_clear(&r);
}

/* A guest of VMware is never told to edit libvirt's XML. */
static void test_other_hypervisor(void)
{
  static const KtCheck both = {
      .id = "X06",
      .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
      .remedies = {{KT_LAYER_LIBVIRT, "virsh edit {name}"}, {KT_LAYER_VMWARE, "Cores per Socket = 8"}},
  };
  g_autoptr(KtMachine) guest = kt_machine_new();
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  guest->role = KT_ROLE_GUEST;
  kt_machine_set_text(guest, "hypervisor", "vmware", NULL);
  const KtSubject s = {.kind = KT_FOR_GUEST, .machine = guest, .guest = guest, .snapshot = snapshot};
  gboolean theirs;
  g_assert_true(kt_view_remedy(&both, &s, &theirs) == &both.remedies[1]);
  g_assert_false(kt_view_remedy_fits(&both.remedies[0], &s));
  g_assert_null(kt_view_remedy(&sockets, &s, &theirs));
  g_free(guest->hypervisor);
  guest->hypervisor = g_strdup("kvm");
  g_assert_true(kt_view_remedy_fits(&both.remedies[0], &s));
  g_assert_false(kt_view_remedy_fits(&both.remedies[1], &s));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/report/width-60", test_width_60);
  g_test_add_func("/report/width-100", test_width_100);
  g_test_add_func("/report/hostile", test_hostile);
  g_test_add_func("/report/healthy-and-unjudged", test_healthy_and_unjudged);
  g_test_add_func("/report/ascii", test_ascii);
  g_test_add_func("/report/risk", test_risk);
  g_test_add_func("/report/action", test_action);
  g_test_add_func("/report/layer", test_layer);
  g_test_add_func("/report/other-hypervisor", test_other_hypervisor);
  return g_test_run();
}
