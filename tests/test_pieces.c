/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts larger than a piece give what they would give as a whole. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "evidence/evidence.h"

#define PIECE (8 * 1024 * 1024)

/* Reads a text from a file of its own. */
static KtSnapshot *read_large(const GString *text)
{
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  int fd = g_file_open_tmp("pieces-XXXXXX", &path, &error);
  g_assert_no_error(error);
  close(fd);
  g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, &error));
  const char *paths[] = {path, NULL};
  KtSnapshot *s = kt_evidence_read(paths, &error);
  g_assert_no_error(error);
  g_unlink(path);
  return s;
}

/* A day a hundred times over, one row a second; returns the sum of user time. */
static double add_rows(GString *text, gsize size, guint *rows, guint *line)
{
  double sum = 0;
  for (*rows = 0; text->len < size; (*rows)++, (*line)++) {
    guint t = *rows + 1, user = t * 7919 % 8000, at = t % 86400;
    g_string_append_printf(text, "%02u:%02u:%02u all %u.%02u 0.00 1.00 0.00 0.50 %u.%02u\n", at / 3600, at / 60 % 60,
                           at % 60, user / 100, user % 100, (9850 - user) / 100, (9850 - user) % 100);
    sum += user / 100.0;
  }
  return sum;
}

static void test_sar(void)
{
  g_autoptr(GString) text = g_string_new("Linux 5.14.0-70 (db7) 2019-10-14 _x86_64_ (4 CPU)\n\n"
                                         "00:00:00 CPU %user %nice %system %iowait %steal %idle\n");
  guint rows, line = 3;
  double sum = add_rows(text, 2 * PIECE + PIECE / 2, &rows, &line);
  g_string_append(text, "23:59:59 all 97.00 0.00 30.00 0.00 0.50 20.00\n");
  line++;
  g_autoptr(KtSnapshot) s = read_large(text);
  g_assert_cmpuint(s->machines->len, ==, 1);
  const KtActivity *activity = ((const KtMachine *)s->machines->pdata[0])->activity;
  double mean, max;
  g_assert_cmpuint(activity->count, ==, rows);
  g_assert_cmpuint(activity->rows->len, <=, KT_ACTIVITY_MAX_ROWS);
  g_assert_true(kt_activity_stat(activity, KT_CPU_USER, &mean, &max));
  g_assert_cmpfloat_with_epsilon(mean, sum / rows, 1e-9);
  g_assert_cmpfloat(max, ==, 79.99);
  /* each second is in it: at no border was the clock lost */
  g_assert_cmpuint(activity->fields[KT_CPU_USER].timed, ==, rows);
  g_assert_cmpfloat(activity->fields[KT_CPU_USER].seconds, ==, rows);
  guint stands_for = 0;
  for (guint i = 0; i < activity->rows->len; i++)
    stands_for += ((const KtActivityRow *)activity->rows->pdata[i])->stands_for;
  g_assert_cmpuint(stands_for, ==, rows);
  const KtActivityRow *last = activity->rows->pdata[activity->rows->len - 1];
  g_assert_cmpint(last->epoch, ==, G_GINT64_CONSTANT(1571011200) + rows);
  g_assert_cmpuint(s->rejected->len, ==, 1);
  g_assert_cmpuint(((const KtRejected *)s->rejected->pdata[0])->line, ==, line);
}

static const char lscpu[] = "[root@od-db-7 ~]# lscpu\n"
                            "Architecture:        x86_64\n"
                            "CPU(s):              32\n"
                            "On-line CPU(s) list: 0-31\n"
                            "Thread(s) per core:  2\n"
                            "Core(s) per socket:  8\n"
                            "Socket(s):           2\n"
                            "NUMA node(s):        2\n"
                            "Vendor ID:           GenuineIntel\n"
                            "Model name:          Intel(R) Xeon(R) CPU E5-2620\n"
                            "L3 cache:            20480K\n"
                            "NUMA node0 CPU(s):   0-7,16-23\n"
                            "NUMA node1 CPU(s):   8-15,24-31\n";

/* Wherever the border of pieces cuts it, a short output is whole. */
static void test_border(void)
{
  for (gsize shift = 0; shift < 2 * sizeof lscpu; shift += 201) {
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len + shift + 64 < PIECE)
      g_string_append(text, "some words of a log that is nothing to us, over and over\n");
    guint line = 1;
    for (const char *p = text->str; *p; p++)
      line += *p == '\n';
    g_string_append(text, lscpu);
    g_string_append_printf(text, "\n%*s\n", 2000, "the end");
    g_autoptr(KtSnapshot) s = read_large(text);
    g_assert_cmpuint(s->machines->len, ==, 1);
    const KtMachine *m = s->machines->pdata[0];
    g_assert_cmpstr(m->name, ==, "od-db-7");
    g_assert_true(kt_int_is(m->cpus, 32));
    g_assert_cmpuint(m->nodes->len, ==, 2);
    g_assert_cmpuint(kt_machine_cite_of(m, "topology.cpus")->line, ==, line + 2);
  }
}

/* What follows a long output is read in a piece of its own, however long it is. */
static void test_behind(void)
{
  if (!strstr(g_getenv("KT_FEATURES") ? g_getenv("KT_FEATURES") : "", "xml")) {
    g_test_skip("no libxml2");
    return;
  }
  g_autoptr(GString) text = g_string_new("00:00:00 CPU %user %nice %system %iowait %steal %idle\n");
  guint rows, line = 1;
  add_rows(text, PIECE + PIECE / 4, &rows, &line);
  g_string_append(text, "\n[root@kvm7 ~]# virsh dumpxml web\n<domain type='kvm'>\n  <name>web</name>\n");
  for (guint i = 0; i < 10000; i++)
    g_string_append_printf(text, "  <!-- remark %u: this guest has a long history of remarks -->\n", i);
  g_string_append(text, "  <vcpu>6</vcpu>\n  <os><type arch='x86_64'>hvm</type></os>\n</domain>\n[root@kvm7 ~]#\n");
  g_autoptr(KtSnapshot) s = read_large(text);
  g_assert_cmpuint(s->machines->len, ==, 1);
  g_assert_cmpuint(((const KtMachine *)s->machines->pdata[0])->activity->count, ==, rows);
  g_assert_cmpuint(s->domains->len, ==, 1);
  g_assert_true(kt_int_is(((const KtDomain *)s->domains->pdata[0])->vcpus, 6));
}

/* A line longer than a piece costs only itself. */
static void test_long_line(void)
{
  g_autoptr(GString) text = g_string_new("words\n");
  g_autofree char *filler = g_strnfill(2 * PIECE + 12345, 'x');
  g_string_append_printf(text, "%s\n%s", filler, lscpu);
  g_autoptr(KtSnapshot) s = read_large(text);
  g_assert_cmpuint(s->machines->len, ==, 1);
  const KtMachine *m = s->machines->pdata[0];
  g_assert_cmpuint(kt_machine_cite_of(m, "topology.cpus")->line, ==, 5);
  g_assert_true(kt_int_is(m->node_count, 2));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pieces/sar", test_sar);
  g_test_add_func("/pieces/border", test_border);
  g_test_add_func("/pieces/behind", test_behind);
  g_test_add_func("/pieces/long-line", test_long_line);
  return g_test_run();
}
