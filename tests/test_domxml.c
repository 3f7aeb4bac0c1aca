/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lossless editing of domain XML. */
#include <string.h>

#include "base/error.h"
#include "config.h"
#include "domxml/domxml.h"

static const char crm[] = "<?xml version=\"1.0\"?>\n"
                          "<!-- made by hand -->\n"
                          "<domain type='kvm' xmlns:qemu=\"http://libvirt.org/schemas/domain/qemu/1.0\">\n"
                          "  <name>crm &amp; co</name>\n"
                          "\n"
                          "  <memory   unit = \"GiB\">64</memory>\n"
                          "  <vcpu placement='static'>32</vcpu>\n"
                          "  <unknown:thing xmlns:unknown='urn:x'><![CDATA[ <not>a tag</not> ]]></unknown:thing>\n"
                          "  <cpu mode='host-model'>\n"
                          "\t<topology sockets='32' cores=\"1\" threads='1'/>  <!-- N x 1 -->\n"
                          "  </cpu>\n"
                          "  <cputune>\n"
                          "    <vcpupin vcpu='0' cpuset='0'/>\n"
                          "    <vcpupin vcpu='1' cpuset='1'/>\n"
                          "    <emulatorpin cpuset='0-1'/>\n"
                          "  </cputune>\n"
                          "  <devices><disk type='file'><target dev='vda'/></disk><disk type='block'/></devices>\n"
                          "</domain>\n"
                          "<!-- the end -->";

static KtDomXml *parse(const char *bytes)
{
  g_autoptr(GError) error = NULL;
  KtDomXml *xml = kt_domxml_parse("crm.xml", bytes, strlen(bytes), &error);
  g_assert_no_error(error);
  return xml;
}

/* `old` with the one place of `from` replaced: what an edit has to give. */
static char *replaced(const char *old, const char *from, const char *to)
{
  const char *at = strstr(old, from);
  g_assert_nonnull(at);
  g_assert_null(strstr(at + 1, from));
  return g_strdup_printf("%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
}

static void assert_bytes(const KtDomXml *xml, const char *expected)
{
  gsize length;
  g_autofree char *bytes = kt_domxml_bytes(xml, &length);
  g_assert_cmpstr(bytes, ==, expected);
  g_assert_cmpuint(length, ==, strlen(expected));
}

/* One edit changes just what `from` shows into what `to` shows. */
static void assert_edit(const char *path, const char *value, const char *from, const char *to)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtDomXml) xml = parse(crm);
  g_assert_true(kt_domxml_set(xml, path, value, &error));
  g_assert_no_error(error);
  g_autofree char *expected = replaced(crm, from, to);
  assert_bytes(xml, expected);
  g_autofree char *edited = kt_domxml_bytes(xml, NULL);
  g_autoptr(KtDomXml) again = parse(edited); /* still XML */
  g_autofree char *found = kt_domxml_get(again, path, &error);
  g_assert_cmpstr(found, ==, value);
}

static void test_unedited(void)
{
  const char *const texts[] = {crm, "<domain/>", "<domain>\r\n <name>x</name>\r\n</domain >\n",
                               "<domain a = 'x>y'\n b=\"'\"/>", "\n<domain><a><b/></a>text</domain>"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtDomXml) xml = parse(texts[i]);
    assert_bytes(xml, texts[i]);
  }
}

static void test_get(void)
{
  static const struct {
    const char *path, *value;
  } cases[] = {
      {"name/text()", "crm & co"},
      {"memory/@unit", "GiB"},
      {"memory/text()", "64"},
      {"cpu/topology/@cores", "1"},
      {"cpu/topology/@dies", NULL},
      {"cpu/topology", ""},
      {"cpu/numa", NULL},
      {"cputune/vcpupin[@vcpu='1']/@cpuset", "1"},
      {"cputune/vcpupin[@vcpu=\"1\"][@cpuset='0']", NULL},
      {"cputune/vcpupin[2]/@vcpu", "1"},
      {"devices/disk[2]/@type", "block"},
      {"devices/disk[3]/@type", NULL},
  };
  g_autoptr(KtDomXml) xml = parse(crm);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *value = kt_domxml_get(xml, cases[i].path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(value, ==, cases[i].value);
  }
  g_assert_cmpuint(kt_domxml_count(xml, "cputune/vcpupin"), ==, 2);
  g_assert_cmpuint(kt_domxml_count(xml, "cputune/vcpupin[@vcpu='1']"), ==, 1);
  g_assert_cmpuint(kt_domxml_count(xml, "numatune/memnode"), ==, 0);
}

static void test_set_values(void)
{
  assert_edit("cpu/topology/@sockets", "2", "sockets='32'", "sockets='2'");
  assert_edit("cpu/topology/@cores", "\"<&'>", "cores=\"1\"", "cores=\"&quot;&lt;&amp;'&gt;\"");
  assert_edit("cpu/topology/@dies", "1", "threads='1'/>", "threads='1' dies='1'/>");
  assert_edit("cpu/topology/@threads", NULL, " threads='1'", "");
  assert_edit("memory/text()", "32", "\"GiB\">64<", "\"GiB\">32<");
  assert_edit("name/text()", "a<b", "crm &amp; co", "a&lt;b");
  assert_edit("cputune/emulatorpin/@cpuset", "8-9", "<emulatorpin cpuset='0-1'/>", "<emulatorpin cpuset='8-9'/>");
}

static void test_make_elements(void)
{
  assert_edit("cputune/vcpupin[@vcpu='2']/@cpuset", "4", "<vcpupin vcpu='1' cpuset='1'/>\n",
              "<vcpupin vcpu='1' cpuset='1'/>\n    <vcpupin vcpu='2' cpuset='4'/>\n");
  assert_edit("cputune/shares/text()", "512", "<cputune>\n", "<cputune>\n    <shares>512</shares>\n");
  assert_edit("numatune/memory/@mode", "strict", "  </cputune>\n",
              "  </cputune>\n  <numatune>\n    <memory mode='strict'/>\n  </numatune>\n");
  assert_edit("devices/disk[2]/driver/@queues", "4", "<disk type='block'/>",
              "<disk type='block'><driver queues='4'/></disk>");
  assert_edit("cpu/numa/cell[@id='0']/@cpus", "0-15", "<!-- N x 1 -->\n",
              "<!-- N x 1 -->\n\t<numa>\n\t  <cell id='0' cpus='0-15'/>\n\t</numa>\n");
}

static void test_remove_elements(void)
{
  assert_edit("cputune", NULL,
              "\n  <cputune>\n    <vcpupin vcpu='0' cpuset='0'/>\n    <vcpupin vcpu='1' cpuset='1'/>\n"
              "    <emulatorpin cpuset='0-1'/>\n  </cputune>",
              "");
  assert_edit("cputune/vcpupin[@vcpu='0']", NULL, "\n    <vcpupin vcpu='0' cpuset='0'/>", "");
  assert_edit("devices/disk[2]", NULL, "<disk type='block'/>", "");
  g_autoptr(KtDomXml) xml = parse(crm);
  g_assert_true(kt_domxml_set(xml, "numatune/memory", NULL, NULL)); /* nothing there */
  assert_bytes(xml, crm);
}

/* A text changes where it stands: comments and the white space around stay. */
static void test_text_among_comments(void)
{
  static const struct {
    const char *before, *value, *after;
  } cases[] = {
      {"<a>1<!-- why --></a>", "2", "<a>2<!-- why --></a>"},
      {"<a><!-- why --> 1\n</a>", "2", "<a><!-- why --> 2\n</a>"},
      {"<a>1<!-- x -->2<![CDATA[3]]><?pi?></a>", "4", "<a>4<!-- x --><?pi?></a>"},
      {"<a>\n  1\n</a>", "2", "<a>\n  2\n</a>"},
      {"<a>1<!-- why --></a>", NULL, "<a><!-- why --></a>"},
      {"<a>1</a>", NULL, "<a></a>"},
      {"<a />", "1", "<a>1</a>"},
      {"<a><!-- why --></a>", "1", "<a><!-- why -->1</a>"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autofree char *before = g_strconcat("<domain>", cases[i].before, "</domain>", NULL);
    g_autofree char *after = g_strconcat("<domain>", cases[i].after, "</domain>", NULL);
    g_autoptr(KtDomXml) xml = parse(before);
    g_assert_true(kt_domxml_set(xml, "a/text()", cases[i].value, NULL));
    assert_bytes(xml, after);
  }
}

/* A tag that closed itself does so again when what it was given is taken out. */
static void test_closed_again(void)
{
  static const char bytes[] = "<domain>\n  <numatune  />\n  <cputune></cputune>\n  <name/>\n</domain>";
  g_autoptr(KtDomXml) xml = parse(bytes);
  g_assert_true(kt_domxml_set(xml, "numatune/memory/@mode", "strict", NULL));
  g_assert_true(kt_domxml_set(xml, "numatune/memnode[@cellid='0']/@mode", "strict", NULL));
  g_assert_true(kt_domxml_set(xml, "cputune/shares/text()", "1", NULL));
  g_assert_true(kt_domxml_set(xml, "name/text()", "x", NULL));
  g_assert_true(kt_domxml_set(xml, "numatune/memory", NULL, NULL));
  g_assert_true(kt_domxml_set(xml, "numatune/memnode[@cellid='0']", NULL, NULL));
  g_assert_true(kt_domxml_set(xml, "cputune/shares", NULL, NULL));
  g_assert_true(kt_domxml_set(xml, "name/text()", NULL, NULL));
  g_autofree char *is = kt_domxml_bytes(xml, NULL);
  g_assert_nonnull(strstr(is, "  <numatune  />\n"));
  g_assert_nonnull(strstr(is, "  <name/>\n"));
  g_assert_nonnull(strstr(is, "</cputune>"));
}

/* Elements are found by what their attributes are now, the first of several alike. */
static void test_attributes_that_change(void)
{
  g_autoptr(KtDomXml) xml =
      parse("<domain><a k='1' v='x'/><a k='&#49;' v='y'/><b k='1' v='z'/><a k='2' v='w'/></domain>");
  static const struct {
    const char *set, *to, *get, *value;
  } steps[] = {
      {"a[@k='1']/@v", "X", "a[1]/@v", "X"},
      {"a[@k='1']/@k", "3", "a[@k='1']/@v", "y"},
      {"a[@k='2']/@k", "1", "a[@k='1']/@v", "y"},
      {"a[@k='1']", NULL, "a[@k='1']/@v", "w"},
      {"a[@k='9']/@v", "new", "a[3]/@k", "9"},
      {"a[@k='9']/@k", "3", "a[@k='3']/@v", "X"},
      {"a[@k='3']/@k", NULL, "a[@k='3']/@v", "new"},
      {"a[@v='X']/@k", "3", "a[@k='3']/@v", "X"},
      {"b[@k='1']/@v", "Z", "b/@v", "Z"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
    g_assert_true(kt_domxml_set(xml, steps[i].set, steps[i].to, NULL));
    g_autofree char *value = kt_domxml_get(xml, steps[i].get, NULL);
    g_assert_cmpstr(value, ==, steps[i].value);
  }
}

/* Set and taken back again: the same bytes. */
static void test_there_and_back(void)
{
  static const char *const paths[] = {"cputune/vcpupin[@vcpu='2']", "numatune", "memoryBacking", "cputune/shares"};
  for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autoptr(KtDomXml) xml = parse(crm);
    g_assert_true(kt_domxml_set(xml, paths[i], "", NULL));
    g_assert_true(kt_domxml_set(xml, paths[i], NULL, NULL));
    assert_bytes(xml, crm);
  }
}

static void test_one_line(void)
{
  g_autoptr(KtDomXml) xml = parse("<domain><name>x</name></domain>");
  g_assert_true(kt_domxml_set(xml, "cputune/vcpupin[@vcpu='0']/@cpuset", "3", NULL));
  assert_bytes(xml, "<domain><name>x</name><cputune><vcpupin vcpu='0' cpuset='3'/></cputune></domain>");
  g_autoptr(KtDomXml) empty = parse("<domain/>");
  g_assert_true(kt_domxml_set(empty, "cpu/@mode", "host-passthrough", NULL));
  assert_bytes(empty, "<domain>\n  <cpu mode='host-passthrough'/>\n</domain>");
}

/* A document of CRLF lines gets such lines and loses whole ones. */
static void test_crlf(void)
{
  static const char bytes[] = "<domain>\r\n  <name>x</name>\r\n</domain>\r\n";
  g_autoptr(KtDomXml) xml = parse(bytes);
  g_assert_true(kt_domxml_set(xml, "numatune/memory/@mode", "strict", NULL));
  assert_bytes(xml, "<domain>\r\n  <name>x</name>\r\n  <numatune>\r\n    <memory mode='strict'/>\r\n"
                    "  </numatune>\r\n</domain>\r\n");
  g_assert_true(kt_domxml_set(xml, "numatune", NULL, NULL));
  assert_bytes(xml, bytes);
  g_assert_true(kt_domxml_set(xml, "name/text()", "a\rb", NULL));
  assert_bytes(xml, "<domain>\r\n  <name>a&#13;b</name>\r\n</domain>\r\n");
}

static void test_cdata(void)
{
  g_autoptr(KtDomXml) xml = parse("<domain><name>a<![CDATA[&amp;<]]><!-- no -->&amp;</name></domain>");
  g_autofree char *name = kt_domxml_get(xml, "name/text()", NULL);
  g_assert_cmpstr(name, ==, "a&amp;<&");
}

static void test_refused_edits(void)
{
  static const struct {
    const char *path, *value;
    int code;
  } cases[] = {
      {"cpu//topology", "", KT_ERROR_USAGE},
      {"", "", KT_ERROR_USAGE},
      {"@type", "x", KT_ERROR_USAGE},
      {"cpu[", "", KT_ERROR_USAGE},
      {"cpu[@mode='x'", "", KT_ERROR_USAGE},
      {"cpu[0]", "", KT_ERROR_USAGE},
      {"cpu/@mode/x", "", KT_ERROR_USAGE},
      {"cpu/text()", "x", KT_ERROR_USAGE},
      {"devices/disk[3]/@type", "x", KT_ERROR_USAGE},
      {"cpu/topology", "x", KT_ERROR_USAGE},
      {"cpu/@mode", "a\001b", KT_ERROR_FORMAT},
      {"cpu/@mode", "\xff", KT_ERROR_FORMAT},
      {"cpu/@mode", "\xef\xbf\xbf", KT_ERROR_FORMAT},
      {"cputune/vcpupin[@vcpu='\001']/@cpuset", "1", KT_ERROR_USAGE},
      {"cputune/vcpupin[@vcpu='\xff']", "", KT_ERROR_USAGE},
      {"cputune/vcpupin[@vcpu='7'][@vcpu='8']", "", KT_ERROR_USAGE},
      {"a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", "", KT_ERROR_USAGE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(KtDomXml) xml = parse(crm);
    g_assert_false(kt_domxml_set(xml, cases[i].path, cases[i].value, &error));
    g_assert_error(error, KT_ERROR, cases[i].code);
    assert_bytes(xml, crm);
  }
}

static void assert_refused(const char *bytes, gsize length, int code, const char *position)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_domxml_parse("x.xml", bytes, length, &error));
  g_assert_error(error, KT_ERROR, code);
  g_assert_true(g_str_has_prefix(error->message, "x.xml:"));
  g_assert_null(strchr(error->message, '\n'));
  if (position)
    g_assert_nonnull(strstr(error->message, position));
}

static void test_refused_documents(void)
{
  static const struct {
    const char *bytes, *position;
  } cases[] = {
    {"", NULL},
    {"not xml", NULL},
    {"<domain>", NULL},
    {"<domain>\n  <a></b>\n</domain>", "x.xml:2:"},
    {"<domain></domain></domain>", NULL},
    {"<domain/><domain/>", NULL},
    {"<network/>", "<domain>"},
#if HAVE_LIBXML2
    {"<domain a='1' a='2'/>", NULL},
    {"<domain>&unknown;</domain>", NULL},
#endif
    {"<!DOCTYPE d [<!ENTITY a 'aaaa'>]><domain>&a;</domain>", "document type"},
    {"<domain>\xff</domain>", "x.xml:1:9: not UTF-8"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
    assert_refused(cases[i].bytes, strlen(cases[i].bytes), KT_ERROR_FORMAT, cases[i].position);
  g_autoptr(GString) deep = g_string_new("<domain>");
  for (guint i = 0; i < 100000; i++)
    g_string_append(deep, "<a>");
  assert_refused(deep->str, deep->len, KT_ERROR_LIMIT, "x.xml:1:");
}

static void assert_limit(const char *repeated, guint n, const char *begin, const char *end)
{
  g_autoptr(GString) text = g_string_new(begin);
  for (guint i = 0; i < n; i++)
    g_string_append_printf(text, repeated, i);
  g_string_append(text, end);
  assert_refused(text->str, text->len, KT_ERROR_LIMIT, "than any");
}

static void test_limits(void)
{
  assert_limit(" a%u=''", 200000, "<domain", "/>");
  assert_limit("<a%u/>", 600000, "<domain>", "</domain>");
}

static void test_diff(void)
{
  g_autofree char *same = kt_domxml_diff("a", crm, "b", crm);
  g_assert_cmpstr(same, ==, "");
  g_autofree char *one = kt_domxml_diff("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "b", "1\n2\n3\n4\nV\n6\n7\n8\n9\n");
  g_assert_cmpstr(one, ==, "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+V\n 6\n 7\n 8\n");
  g_autofree char *cut = kt_domxml_diff("a", "x\n", "b", "x");
  g_assert_cmpstr(cut, ==, "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\n");
  g_autofree char *all = kt_domxml_diff("a", "", "b", "x\n");
  g_assert_cmpstr(all, ==, "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n");
  g_autofree char *two =
      kt_domxml_diff("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "b", "2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n");
  g_assert_cmpstr(two, ==, "--- a\n+++ b\n@@ -1,4 +1,3 @@\n-1\n 2\n 3\n 4\n@@ -8,3 +7,4 @@\n 8\n 9\n 10\n+11\n");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/domxml/text-among-comments", test_text_among_comments);
  g_test_add_func("/domxml/closed-again", test_closed_again);
  g_test_add_func("/domxml/attributes-that-change", test_attributes_that_change);
  g_test_add_func("/domxml/unedited", test_unedited);
  g_test_add_func("/domxml/get", test_get);
  g_test_add_func("/domxml/set-values", test_set_values);
  g_test_add_func("/domxml/make-elements", test_make_elements);
  g_test_add_func("/domxml/remove-elements", test_remove_elements);
  g_test_add_func("/domxml/there-and-back", test_there_and_back);
  g_test_add_func("/domxml/one-line", test_one_line);
  g_test_add_func("/domxml/crlf", test_crlf);
  g_test_add_func("/domxml/cdata", test_cdata);
  g_test_add_func("/domxml/refused-edits", test_refused_edits);
  g_test_add_func("/domxml/refused-documents", test_refused_documents);
  g_test_add_func("/domxml/limits", test_limits);
  g_test_add_func("/domxml/diff", test_diff);
  return g_test_run();
}
