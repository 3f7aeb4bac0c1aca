/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "evidence/text.h"

static KtText *text_of(const char *bytes)
{
  return kt_text_new("paste", bytes, strlen(bytes));
}

/* All clean lines joined with '|'; prompts as "[host]command". */
static char *flat(const char *bytes)
{
  g_autoptr(KtText) text = text_of(bytes);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < kt_text_count(text); i++) {
    const KtLine *line = kt_text_line(text, i);
    if (i)
      g_string_append_c(out, '|');
    if (line->command)
      g_string_append_printf(out, "[%s]%s", line->host ? line->host : "", line->command);
    g_string_append(out, line->s);
  }
  return g_string_free(out, FALSE);
}

static void assert_flat(const char *bytes, const char *expected)
{
  g_autofree char *got = flat(bytes);
  g_assert_cmpstr(got, ==, expected);
}

static void test_bytes(void)
{
  assert_flat("\xef\xbb\xbf"
              "a\r\nb\rc \t\n",
              "a|b|c");
  assert_flat("x\xc2\xa0y\xe2\x80\x8b\n", "x y");
  assert_flat("\033[0;1mCPU\033[0m(s): 4\033]0;title\a\n", "CPU(s): 4");
  assert_flat("Adressgr\xf6\xdf"
              "en\n",
              "Adressgrößen");
  assert_flat("\xbc\xdc\xb9\xb9: x86_64\n", "架构: x86_64");
  g_autoptr(KtText) wide = kt_text_new("w",
                                       "\xff\xfe"
                                       "a\0\n\0b\0",
                                       8);
  g_assert_cmpuint(kt_text_count(wide), ==, 2);
  g_assert_cmpstr(kt_text_at(wide, 1), ==, "b");
  g_assert_false(wide->ends_with_newline);
}

static void test_numbers_stay(void)
{
  g_autoptr(KtText) text = text_of("```\na: 1\na: 1\nb: 2\nb: 2\nc: 3\nc: 3\n```\n");
  g_assert_cmpuint(kt_text_count(text), ==, 5);
  g_assert_cmpuint(kt_text_line(text, 2)->number, ==, 4);
  g_assert_cmpstr(kt_text_at(text, 2), ==, "b: 2");
}

static void test_prefixes(void)
{
  assert_flat("db1 | a: 1\ndb1 | b: 2\ndb1 |\ndb1 | c: 3\n", "a: 1|b: 2||c: 3");
  assert_flat("hello\n\n2023-03-09T09:16:05+08:00 stdout F a\n2023-03-09T09:16:05+08:00 stdout F \n"
              "2023-03-09T09:16:06+08:00 stdout F b\n2023-03-09T09:16:06+08:00 stdout F c\n",
              "hello||a||b|c");
  assert_flat("Jul 27 09:24:47 compute-9 collect[2211]: a 1\nJul 27 09:24:47 compute-9 collect[2211]: b\n"
              "Jul 27 09:24:48 compute-9 collect[2211]: c\n",
              "a 1|b|c");
  assert_flat(">> x: 1\n>>\n>> y: 2\n>> z: 3\n", "x: 1||y: 2|z: 3");
  assert_flat("    a: 1\n      b: 2\n    c: 3\n", "a: 1|  b: 2|c: 3");
  assert_flat(" *      a: 1\n *      b: 2\n *      c: 3\n", "a: 1|b: 2|c: 3");
  assert_flat("compute-1: a: 1\ncompute-1: b: 2\ncompute-1: c: 3\n", "a: 1|b: 2|c: 3");
  assert_flat("compute-1: a: 1\ncompute-1:\ncompute-1:   b: 2\ncompute-1: c: 3\n", "a: 1||  b: 2|c: 3");
  assert_flat("[2023-03-09 09:57:22] a\n[2023-03-09 09:57:22] \n[2023-03-09 09:57:22] b\n", "a||b");
  assert_flat("Jul  7 09:24:47 kvm7 kernel-report: a\nJul  7 09:24:47 kvm7 kernel-report: b\n"
              "Jul  7 09:24:47 kvm7 kernel-report: c\n",
              "a|b|c");
  assert_flat("|      node0  node1\n| a 1 2\n|\n| b 3 4\n", "     node0  node1|a 1 2||b 3 4");
}

/* What looks like a prefix and is content. */
static void test_content_stays(void)
{
  assert_flat("# The following is\n# a comment\n# CPU,Core\n0,0\n1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\n",
              "# The following is|# a comment|# CPU,Core|0,0|1,1|2,2|3,3|4,4|5,5|6,6|7,7");
  assert_flat("| a | b |\n| c | d |\n| e | f |\n", "| a | b ||| c | d ||| e | f |");
  assert_flat("[    0.1] kvm\n[    0.2] tsc\n[    0.3] x\n", "[    0.1] kvm|[    0.2] tsc|[    0.3] x");
  assert_flat("<domain type='kvm'>\n  <name>a // b</name>\n</domain>\n",
              "<domain type='kvm'>|  <name>a // b</name>|</domain>");
  assert_flat("a 1\na 1\nb 2\nc 3\nd 4\n", "a 1|a 1|b 2|c 3|d 4");
}

static void test_prompts(void)
{
  assert_flat("[root@k8s-w3 ~]# lscpu\nx\n[root@k8s-w3 ~]#\n", "[k8s-w3]lscpu|x|[k8s-w3]");
  assert_flat("root@compute-3:~# numastat -m\n", "[compute-3]numastat -m");
  assert_flat("od01crmapp05: ~ # sar -u 1\nhv12:~ # openstack flavor show x -f json\n",
              "[od01crmapp05]sar -u 1|[hv12]openstack flavor show x -f json");
  assert_flat("$ lscpu\n# \n#\n", "[]lscpu|[]|[]");
  assert_flat("numastat\nlscpu\nvirsh dumpxml web-66\n", "[]numastat|[]lscpu|[]virsh dumpxml web-66");
  assert_flat("Model name: x@y\nnode 0 cpus: 0 1\ncat: /proc/x: denied\n",
              "Model name: x@y|node 0 cpus: 0 1|cat: /proc/x: denied");
}

static void test_html_and_remarks(void)
{
  assert_flat("<p>CPU(s):   24</p>\n<br/>\nModel: 6&nbsp;\n", "CPU(s):   24||Model: 6");
  assert_flat("&lt;domain type='kvm'&gt;\n", "<domain type='kvm'>");
  assert_flat("Socket(s):  2 // ???\nL3 cache: 107520K  <- here\nCPU(s):    24   --here\nx: --flag y\n",
              "Socket(s):  2|L3 cache: 107520K|CPU(s):    24|x: --flag y");
  assert_flat(
      "厂商 ID：   GenuineIntel   --here\nModel:\t6\t--???\nStepping: 7 --物理CPU个数\n    # CPU,Core\nm: 7  # x\n",
      "厂商 ID：   GenuineIntel|Model:\t6|Stepping: 7|    # CPU,Core|m: 7");
  assert_flat("root 1 00:01:00 qemu -m 4G --enable-kvm\nargs: -m 4G --enable-kvm\n",
              "root 1 00:01:00 qemu -m 4G --enable-kvm|args: -m 4G --enable-kvm");
}

static void test_blank_lines(void)
{
  assert_flat("a 1\n\nb 2\n\nc 3\n\nd 4\n\n", "a 1|b 2|c 3|d 4");
  assert_flat("a 1\nb 2\n\nc 3\nd 4\n", "a 1|b 2||c 3|d 4");
}

static void test_hostile(void)
{
  g_autoptr(GString) big = g_string_new(NULL);
  for (guint i = 0; i < 400000; i++)
    g_string_append_c(big, i % 7 ? '>' : '\n');
  g_autoptr(KtText) text = kt_text_new("big", big->str, big->len);
  g_assert_cmpuint(kt_text_count(text), >, 0);
  g_autofree char *long_line = g_strnfill(KT_TEXT_MAX_LINE * 2, 'a');
  g_autoptr(KtText) cut = kt_text_new("long", long_line, strlen(long_line));
  g_assert_cmpuint(strlen(kt_text_at(cut, 0)), ==, KT_TEXT_MAX_LINE);
  g_autoptr(KtText) empty = kt_text_new("empty", "", 0);
  g_assert_cmpuint(kt_text_count(empty), ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/text/bytes", test_bytes);
  g_test_add_func("/text/numbers-stay", test_numbers_stay);
  g_test_add_func("/text/prefixes", test_prefixes);
  g_test_add_func("/text/content-stays", test_content_stays);
  g_test_add_func("/text/prompts", test_prompts);
  g_test_add_func("/text/html-and-remarks", test_html_and_remarks);
  g_test_add_func("/text/blank-lines", test_blank_lines);
  g_test_add_func("/text/hostile", test_hostile);
  return g_test_run();
}
