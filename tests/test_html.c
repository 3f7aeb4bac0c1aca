/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages: well-formed, complete, and deaf to what hostile evidence asks. */
#include <math.h>
#include <string.h>

#include "config.h"
#if HAVE_LIBXML2
#include <libxml/parser.h>
#include <libxml/xpath.h>
#endif

#include "host_fixture.h"
#include "view/html.h"
#include "view/svg.h"
#include "view/view.h"

#define HOSTILE "\"'><script>alert(1)</script><img src=x onerror=y>&\033[31m\xe2\x80\xae\xff\a]]>--></style>"

/* ---- the page as a tree ---- */

#if HAVE_LIBXML2
static xmlDoc *parse(const char *page)
{
  xmlDoc *doc = xmlReadMemory(page, (int)strlen(page), "page.html", NULL, XML_PARSE_NONET);
  g_assert_nonnull(doc);
  return doc;
}

static int count(xmlDoc *doc, const char *path)
{
  xmlXPathContext *context = xmlXPathNewContext(doc);
  xmlXPathObject *found = xmlXPathEval(BAD_CAST path, context);
  g_assert_nonnull(found);
  int n = found->nodesetval ? found->nodesetval->nodeNr : 0;
  xmlXPathFreeObject(found);
  xmlXPathFreeContext(context);
  return n;
}

/* A heading goes at most one level deeper than the one before it. */
static void assert_headings(const char *page)
{
  int level = 0;
  for (const char *p = strstr(page, "<h"); p; p = strstr(p + 1, "<h"))
    if (p[2] >= '1' && p[2] <= '6' && (p[3] == '>' || p[3] == ' ')) {
      g_assert_cmpint(p[2] - '0', <=, level + 1);
      level = p[2] - '0';
    }
  g_assert_cmpint(level, >, 0);
}

/* True of each page, whatever is on it. */
static void assert_sound(const char *page)
{
  xmlDoc *doc = parse(page);
  for (const char *p = page; *p; p++)
    g_assert_true(*p == '\n' || ((guchar)*p >= 0x20 && *p != 0x7f));
  g_assert_true(g_utf8_validate(page, -1, NULL));
  g_assert_null(strstr(page, "\xe2\x80\xae"));
  g_assert_cmpint(count(doc, "/*[local-name()='html'][@lang]"), ==, 1);
  g_assert_cmpint(count(doc, "//*[local-name()='h1']"), ==, 1);
  g_assert_cmpint(count(doc, "//*[local-name()='main']"), ==, 1);
  g_assert_cmpint(count(doc, "//*[local-name()='script' or local-name()='img' or local-name()='iframe' or "
                             "local-name()='link' or local-name()='object' or local-name()='form']"),
                  ==, 0);
  g_assert_cmpint(count(doc, "//@*[starts-with(local-name(), 'on')]"), ==, 0);
  g_assert_cmpint(count(doc, "//@src | //@style | //@href[not(starts-with(., '#'))]"), ==, 0);
  g_assert_cmpint(count(doc, "//*[local-name()='meta'][@http-equiv='Content-Security-Policy']"
                             "[@content=\"default-src 'none'; style-src 'unsafe-inline'\"]"),
                  ==, 1);
  g_assert_cmpint(count(doc, "//*[local-name()='svg'][not(@aria-hidden)][not(@aria-label)]"), ==, 0);
  g_assert_cmpint(count(doc, "//@id"), ==, count(doc, "//@id[not(. = ../preceding::*/@id)]"));
  assert_headings(page);
  xmlFreeDoc(doc);
}
#else
static void assert_sound(const char *page)
{
  g_assert_null(strstr(page, "<script"));
  g_assert_true(g_utf8_validate(page, -1, NULL));
}
#endif

/* ---- the builder ---- */

static void test_escaping(void)
{
  KtHtml *html = kt_html_new();
  kt_html_open(html, "p", NULL);
  kt_html_attr(html, "title", "a\"b'<&\n");
  kt_html_text(html, "x<y>&\033[1m\xe2\x80\xae\xff");
  kt_html_open(html, "svg", "plot");
  kt_html_open(html, "rect", NULL);
  kt_html_close(html);
  g_autofree char *text = kt_html_finish(html);
  g_assert_cmpstr(text, ==,
                  "<!DOCTYPE html>\n<p title=\"a&quot;b&apos;&lt;&amp; \">x&lt;y&gt;&amp;\\x1b[1m\\u202e\\xff"
                  "\n<svg class=\"plot\"><rect/></svg></p>\n");
}

/* ---- doctor ---- */

static char *doctor_page(const KtSnapshot *snapshot)
{
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  return kt_view_doctor_html(snapshot, diagnoses, NULL, NULL);
}

/* A guest of 32 sockets, of which all that is text is hostile. */
static KtSnapshot *hostile_snapshot(const char *text)
{
  KtSnapshot *s = kt_snapshot_new();
  KtMachine *m = kt_machine_new();
  g_autoptr(KtCite) cite = kt_cite_new(text, 9, text);
  m->name = g_strdup(text);
  m->role = KT_ROLE_GUEST;
  m->arch = g_strdup("x86_64");
  m->taken_at = g_strdup(text);
  kt_machine_set_text(m, "hypervisor", "kvm", cite);
  kt_machine_set_text(m, "cpu.vendor", "GenuineIntel", cite);
  kt_machine_set_int(m, "topology.cpus", 32, cite);
  kt_machine_set_int(m, "topology.sockets", 32, cite);
  kt_machine_set_int(m, "topology.cores_per_socket", 1, cite);
  kt_machine_set_int(m, "topology.threads_per_core", 1, cite);
  kt_machine_set_setting(m, "kernel.numa_balancing", text, cite);
  kt_machine_set_unreadable(m, text, text);
  kt_activity_add(kt_machine_activity(m), &(KtActivityRow){.time = (char *)text, .pct[KT_CPU_USER] = KT_NUM(40)});
  KtInterrupt *irq = kt_machine_add_interrupt(m, text);
  irq->description = g_strdup(text);
  irq->total = 5;
  g_ptr_array_add(s->machines, m);
  g_ptr_array_add(s->notes, g_strdup(text));
  kt_snapshot_reject(s, text, 3, "%s", text);
  domain_new(s, text, 4, 8);
  return s;
}

static void test_hostile(void)
{
  g_autofree char *page = NULL;
  KtSnapshot *s = hostile_snapshot(HOSTILE);
  page = doctor_page(s);
  assert_sound(page);
  g_assert_nonnull(strstr(page, "&lt;script&gt;"));
  g_assert_nonnull(strstr(page, "\\x1b[31m\\u202e\\xff\\x07"));
  kt_snapshot_free(s);
}

static void test_complete(void)
{
  KtSnapshot *s = hostile_snapshot("crm");
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(s, NULL);
  g_autofree char *page = kt_view_doctor_html(s, diagnoses, NULL, NULL);
  guint findings = 0, unknown = 0;
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    for (guint j = 0; j < d->findings->len; j++, findings++) {
      const KtFinding *f = d->findings->pdata[j];
      g_autofree char *id = g_strdup_printf("id=\"finding-%u-%s\"", i + 1, f->check->id);
      g_assert_nonnull(strstr(page, id));
    }
    for (guint j = 0; j < d->unknown->len; j++, unknown++)
      g_assert_nonnull(strstr(page, ((const KtFinding *)d->unknown->pdata[j])->check->id));
  }
  g_assert_cmpuint(findings, >, 0);
  g_assert_cmpuint(unknown, >, 0);
  g_assert_nonnull(strstr(page, "What to change"));
  g_assert_nonnull(strstr(page, ">32 sockets of 1 CPU<"));
  g_assert_nonnull(strstr(page, ">1 core x 1 thread<"));
  assert_sound(page);
  kt_snapshot_free(s);
}

static void test_nothing(void)
{
  KtSnapshot *s = kt_snapshot_new();
  g_ptr_array_add(s->machines, kt_machine_new());
  g_autofree char *unknown = doctor_page(s);
  assert_sound(unknown);
  g_assert_nonnull(strstr(unknown, "No topology in the evidence."));
  g_assert_nonnull(strstr(unknown, "No activity in the evidence."));
  g_assert_null(strstr(unknown, "CPU use"));
  kt_snapshot_free(s);
}

/* ---- pictures ---- */

static void test_topology_golden(void)
{
  KtSnapshot *s = kt_snapshot_new();
  KtMachine *m = host_new(s);
  KtDomain *pinned = domain_new(s, "web <1>", 4, 8), *running = domain_new(s, "db", 2, 4);
  for (int i = 0; i < 4; i++)
    kt_domain_set_pin(pinned, i, set("0-3"));
  for (int i = 0; i < 2; i++) {
    KtThread *t = kt_runtime_add_thread(kt_domain_runtime(running), 100 + i, "CPU/KVM");
    t->vcpu = i;
    t->last_cpu = KT_INT(4 + i);
  }
  kt_runtime_add_memory(running->runtime, 1, 4 << 20);
  KtCache *l3 = kt_machine_cache(m, 3, KT_CACHE_UNIFIED);
  l3->size_kib = KT_INT(24 << 10);
  g_ptr_array_add(l3->groups, set("0-3,8-11"));
  g_ptr_array_add(l3->groups, set("4-7,12-15"));
  KtHtml *html = kt_html_new();
  kt_html_open(html, "body", NULL);
  kt_svg_topology(html, "host", m, s);
  g_autofree char *text = kt_html_finish(html), *want = NULL;
  g_autofree char *path = g_build_filename(g_getenv("KT_SOURCE"), "tests", "golden", "topology.html", NULL);
  if (g_getenv("KT_WRITE_GOLDEN"))
    g_file_set_contents(path, text, -1, NULL);
  g_assert_true(g_file_get_contents(path, &want, NULL, NULL));
  g_assert_cmpstr(text, ==, want);
  kt_snapshot_free(s);
}

/* Numbers that no machine has: bounded, and no picture breaks. */
static void test_absurd(void)
{
  KtSnapshot *s = kt_snapshot_new();
  KtMachine *m = kt_machine_new();
  m->sockets = KT_INT(G_MAXINT64);
  m->cores_per_socket = KT_INT(-5);
  m->threads_per_core = KT_INT(G_MAXINT64);
  m->online_set = set("0-65535");
  KtCache *l3 = kt_machine_cache(m, 3, KT_CACHE_UNIFIED);
  l3->size_kib = KT_INT(-1);
  for (guint i = 0; i < 200; i++) { /* each within the one before */
    g_autofree char *list = g_strdup_printf("0-%u", 60000 - i);
    g_ptr_array_add(l3->groups, set(list));
  }
  for (int i = 0; i < 300; i++) {
    KtNode *node = kt_machine_node(m, i);
    node->memory_kib = KT_INT(G_MAXINT64);
    node->numa_hit = KT_INT(-i);
    node->miss_per_second = KT_NUM(INFINITY);
  }
  for (guint i = 0; i < 5000; i++) {
    KtActivityRow row = {.epoch = G_MAXINT64 - i};
    row.pct[KT_CPU_USER] = KT_NUM(i % 2 ? NAN : 1e300);
    row.pct[KT_CPU_STEAL] = KT_NUM(-INFINITY);
    kt_activity_add(kt_machine_activity(m), &row);
  }
  KtInterrupt *irq = kt_machine_add_interrupt(m, "RES");
  irq->total = G_MAXUINT64;
  irq->per_second = KT_NUM(NAN);
  g_ptr_array_add(s->machines, m);
  g_autofree char *page = doctor_page(s);
  assert_sound(page);
  g_assert_cmpuint(strlen(page), <, 2 << 20);
  kt_snapshot_free(s);
}

/* Time is the axis where all rows have one; a gap of it stays empty. */
static void test_time_axis(void)
{
  KtMachine *m = kt_machine_new();
  static const gint64 at[] = {1000, 1010, 1090};
  for (guint i = 0; i < 3; i++) {
    g_autofree char *time = g_strdup_printf("00:00:%02u", i);
    kt_activity_add(kt_machine_activity(m),
                    &(KtActivityRow){.epoch = at[i], .time = time, .pct[KT_CPU_SYSTEM] = KT_NUM(100)});
  }
  KtHtml *html = kt_html_new();
  kt_html_open(html, "body", NULL);
  kt_svg_charts(html, "m", m);
  g_autofree char *text = kt_html_finish(html);
  guint bars = 0;
  for (const char *p = strstr(text, "class=\"c-system\" x="); p; p = strstr(p + 1, "class=\"c-system\" x="))
    bars++;
  g_assert_cmpuint(bars, ==, 3);
  g_assert_nonnull(strstr(text, "unknown")); /* the other fields, in the table */
  g_assert_nonnull(strstr(text, ">00:00:02<"));
  kt_machine_free(m);
}

/* The worst stretch is said, and stands behind the bars of its time. */
static void test_worst(void)
{
  KtMachine *m = kt_machine_new();
  for (guint i = 0; i < 24; i++) {
    g_autofree char *time = g_strdup_printf("%02u:00:00", i);
    double steal = i >= 12 && i < 15 ? 30 : 0;
    kt_activity_add(kt_machine_activity(m), &(KtActivityRow){.epoch = 86400 + i * 3600,
                                                             .seconds = 3600,
                                                             .time = time,
                                                             .pct[KT_CPU_USER] = KT_NUM(10),
                                                             .pct[KT_CPU_STEAL] = KT_NUM(steal),
                                                             .pct[KT_CPU_IDLE] = KT_NUM(90 - steal)});
  }
  KtHtml *html = kt_html_new();
  kt_html_open(html, "body", NULL);
  kt_svg_charts(html, "m", m);
  g_autofree char *text = kt_html_finish(html);
  g_assert_nonnull(strstr(text, "<rect class=\"worst-band\" x=\"50.00%\" width=\"12.50%\""));
  g_assert_nonnull(
      strstr(text, "Worst from 1970-01-02 11:00:00 to 1970-01-02 14:00:00: 30.0 % steal (3.8 % over all)"));
  kt_machine_free(m);
}

/* ---- ranking ---- */

static void add_domain(KtSnapshot *s, const char *name, int vcpus, gboolean hpet)
{
  KtDomain *d = domain_new(s, name, vcpus, 4);
  d->format = g_strdup("libvirt");
  d->machine_type = g_strdup("pc-q35-7.2");
  d->cpu_given = TRUE;
  d->cpu_mode = g_strdup("host-passthrough");
  g_hash_table_insert(d->timers, g_strdup("hpet"), g_strdup(hpet ? "yes" : "no"));
}

static void test_ranking(void)
{
  KtSnapshot *s = kt_snapshot_new();
  add_domain(s, "fine", 2, FALSE);
  add_domain(s, "clock", 2, TRUE);
  add_domain(s, HOSTILE, 32, TRUE);
  g_autofree char *few = doctor_page(s);
  g_assert_null(strstr(few, "Which hurt most"));
  add_domain(s, "good", 1, FALSE);
  g_autofree char *page = doctor_page(s);
  assert_sound(page);
  const char *ranking = strstr(page, "Which hurt most, of 4");
  g_assert_nonnull(ranking);
  const char *end = strstr(ranking, "</ol>"), *first = strstr(ranking, "#subject-3"),
             *second = strstr(ranking, "#subject-2");
  g_assert_true(first && second && first < second && second < end);
  g_assert_nonnull(g_strstr_len(first, second - first, "X06</span> 32 sockets x 1 core"));
  g_assert_null(g_strstr_len(ranking, end - ranking, "#subject-1\""));
  kt_snapshot_free(s);
}

/* ---- compare ---- */

static void test_compare(void)
{
  KtSnapshot *s = hostile_snapshot(HOSTILE), *good = kt_snapshot_new();
  KtMachine *host = host_new(good);
  host->role = KT_ROLE_GUEST;
  g_autoptr(GPtrArray) differences = kt_compare(host, s->machines->pdata[0]);
  g_autofree char *page = kt_view_compare_html(HOSTILE, host, HOSTILE " 2", s->machines->pdata[0], differences);
  assert_sound(page);
  for (guint i = 0; i < differences->len; i++)
    g_assert_nonnull(strstr(page, ((const KtDifference *)differences->pdata[i])->label));
  g_assert_nonnull(strstr(page, "X06"));
  kt_snapshot_free(s);
  kt_snapshot_free(good);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/html/escaping", test_escaping);
  g_test_add_func("/html/hostile", test_hostile);
  g_test_add_func("/html/complete", test_complete);
  g_test_add_func("/html/nothing", test_nothing);
  g_test_add_func("/html/topology", test_topology_golden);
  g_test_add_func("/html/absurd", test_absurd);
  g_test_add_func("/html/time-axis", test_time_axis);
  g_test_add_func("/html/worst", test_worst);
  g_test_add_func("/html/ranking", test_ranking);
  g_test_add_func("/html/compare", test_compare);
  return g_test_run();
}
