/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts larger than a piece give what they would give as a whole. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "evidence/evidence.h"
#include "evidence/pieces.h"

#define PIECE (64 * 1024)
#define EVIDENCE_PIECE (8 * 1024 * 1024) /* of evidence.c */

/* An open file with the text; its name is gone already. */
static int open_text(const GString *text)
{
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  int fd = g_file_open_tmp("pieces-XXXXXX", &path, &error);
  g_assert_no_error(error);
  g_unlink(path);
  for (gsize at = 0; at < text->len;) {
    ssize_t n = write(fd, text->str + at, text->len - at);
    g_assert_cmpint(n, >, 0);
    at += (gsize)n;
  }
  lseek(fd, 0, SEEK_SET);
  return fd;
}

static KtSnapshot *read_pieces(const GString *text)
{
  KtSnapshot *s = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  g_autoptr(GString) bytes = g_string_new(NULL);
  g_autoptr(GError) error = NULL;
  KtPieces p = {.snapshot = s, .fragments = fragments};
  int fd = open_text(text);
  g_assert_true(kt_pieces_read(&p, fd, "large.txt", bytes, PIECE, &error));
  g_assert_no_error(error);
  close(fd);
  kt_assemble(s, fragments);
  return s;
}

static const KtMachine *only_machine(const KtSnapshot *s)
{
  g_assert_cmpuint(s->machines->len, ==, 1);
  return s->machines->pdata[0];
}

static gboolean has_note(const KtSnapshot *s, const char *part)
{
  for (guint i = 0; i < s->notes->len; i++)
    if (strstr(s->notes->pdata[i], part))
      return TRUE;
  return FALSE;
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
  double sum = add_rows(text, 2 << 20, &rows, &line);
  g_string_append(text, "23:59:59 all 97.00 0.00 30.00 0.00 0.50 20.00\n");
  line++;
  g_autoptr(KtSnapshot) s = read_pieces(text);
  const KtActivity *activity = only_machine(s)->activity;
  double mean, max;
  g_assert_cmpuint(rows, >, KT_ACTIVITY_MAX_ROWS);
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
  for (gsize shift = 0; shift < 2 * sizeof lscpu; shift += 13) {
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len + shift + 256 < PIECE)
      g_string_append_printf(text, "%250s\n", "some words of a log that is nothing to us, over and over");
    guint line = 1;
    for (const char *p = text->str; *p; p++)
      line += *p == '\n';
    g_string_append(text, lscpu);
    g_string_append_printf(text, "\n%*s\n", 2000, "the end");
    g_autoptr(KtSnapshot) s = read_pieces(text);
    const KtMachine *m = only_machine(s);
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
  for (guint i = 0; i < 800; i++)
    g_string_append_printf(text, "  <!-- remark %u: this guest has a long history of remarks -->\n", i);
  g_string_append(text, "  <vcpu>6</vcpu>\n  <os><type arch='x86_64'>hvm</type></os>\n</domain>\n[root@kvm7 ~]#\n");
  g_autoptr(KtSnapshot) s = read_pieces(text);
  g_assert_cmpuint(s->machines->len, ==, 1);
  g_assert_cmpuint(((const KtMachine *)s->machines->pdata[0])->activity->count, ==, rows);
  g_assert_cmpuint(s->domains->len, ==, 1);
  g_assert_true(kt_int_is(((const KtDomain *)s->domains->pdata[0])->vcpus, 6));
}

/* sadf's JSON: rows go on over borders, wherever these cut them. */
static void test_sadf(void)
{
  g_autoptr(GString) text = g_string_new("{\"sysstat\": {\"hosts\": [{\"nodename\": \"db7\", \"statistics\": [\n");
  guint rows = 0;
  double sum = 0;
  for (; text->len < 20 * PIECE; rows++) {
    guint user = rows % 90;
    g_string_append_printf(text,
                           "%s{\"timestamp\": {\"date\": \"2019-10-%02u\", \"time\": \"%02u:%02u:00\",\n"
                           "\"interval\": 60}, \"cpu-load\": [\n"
                           "{\"cpu\": \"all\", \"user\": %u.00, \"nice\": 0.00, \"system\": 1.00,\n"
                           "\"iowait\": 0.00, \"steal\": 0.00, \"idle\": %u.00},\n"
                           "{\"cpu\": \"3\", \"user\": 0.00, \"system\": 0.00, \"idle\": %u.00}]}\n",
                           rows ? "," : "", 1 + rows / 1440, rows / 60 % 24, rows % 60, user, 99 - user, 100 - user);
    sum += user;
  }
  g_string_append(text, "]}]}}\n$ uname -r\n");
  g_autoptr(KtSnapshot) s = read_pieces(text);
  const KtActivity *activity = only_machine(s)->activity;
  double mean, max;
  g_assert_cmpstr(only_machine(s)->name, ==, "db7");
  g_assert_cmpuint(activity->count, ==, rows);
  g_assert_cmpfloat(activity->fields[KT_CPU_USER].seconds, ==, 60.0 * rows);
  g_assert_true(kt_activity_stat(activity, KT_CPU_USER, &mean, &max));
  g_assert_cmpfloat_with_epsilon(mean, sum / rows, 1e-9);
  const KtNum *busy = g_hash_table_lookup(activity->per_cpu_busy, GUINT_TO_POINTER(3));
  g_assert_cmpfloat_with_epsilon(busy->value, sum / rows, 1e-9);
  g_assert_cmpuint(s->rejected->len, ==, 0);
}

/* vmstat's header may come once only; its first row is the mean since boot, that of a piece is not. */
static void test_vmstat(void)
{
  g_autoptr(GString) text =
      g_string_new("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n"
                   " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n"
                   " 9  9      0 100000   1000 200000    0    0     9     9  999  999 50 50  0  0  0\n");
  guint rows = 0, sum = 0;
  for (; text->len < 8 * PIECE; rows++) {
    guint system = rows % 40;
    g_string_append_printf(text, " 1  0      0 100000   1000 200000    0    0     1     2  100  200 10 %2u %2u  0  5\n",
                           system, 85 - system);
    sum += system;
  }
  g_autoptr(KtSnapshot) s = read_pieces(text);
  const KtActivity *activity = only_machine(s)->activity;
  double mean, max;
  g_assert_cmpuint(activity->count, ==, rows);
  g_assert_true(kt_activity_stat(activity, KT_CPU_SYSTEM, &mean, &max));
  g_assert_cmpfloat_with_epsilon(mean, (double)sum / rows, 1e-9);
  g_assert_cmpfloat(max, ==, 39);
  g_assert_cmpuint(kt_machine_cite_of(only_machine(s), "activity")->line, ==, 4);
}

/* A line longer than a piece costs only itself; through evidence.c and its larger pieces. */
static void test_long_line(void)
{
  g_autoptr(GString) text = g_string_new("words\n");
  g_autofree char *filler = g_strnfill(2 * EVIDENCE_PIECE + 12345, 'x'), *path = NULL;
  g_autoptr(GError) error = NULL;
  g_string_append_printf(text, "%s\n%s", filler, lscpu);
  int fd = open_text(text);
  path = g_strdup_printf("/proc/self/fd/%d", fd);
  const char *paths[] = {path, NULL};
  g_autoptr(KtSnapshot) s = kt_evidence_read(paths, &error);
  g_assert_no_error(error);
  close(fd);
  g_assert_cmpuint(kt_machine_cite_of(only_machine(s), "topology.cpus")->line, ==, 5);
  g_assert_true(kt_int_is(only_machine(s)->node_count, 2));
}

/* The text ends within a line longer than a piece: what stood before it is read to its end. */
static void test_long_end(void)
{
  g_autoptr(GString) text = g_string_new(lscpu);
  g_autofree char *filler = g_strnfill(3 * PIECE, 'x');
  g_string_append(text, filler);
  g_autoptr(KtSnapshot) s = read_pieces(text);
  g_assert_true(kt_int_is(only_machine(s)->node_count, 2));
}

/* ---- what hostile texts may take ---- */

static void test_rejected(void)
{
  g_autoptr(GString) text = g_string_new("00:00:00 CPU %user %nice %system %iowait %steal %idle\n");
  for (guint i = 0; i < KT_MAX_REJECTED + 5; i++)
    g_string_append_printf(text, "%02u:%02u:%02u all 97.00 0.00 30.00 0.00 0.50 20.00\n", i / 3600, i / 60 % 60,
                           i % 60);
  g_autoptr(KtSnapshot) s = read_pieces(text);
  g_assert_cmpuint(s->rejected->len, ==, KT_MAX_REJECTED);
  g_assert_true(has_note(s, "5 more lines were rejected"));
}

/* Each output is of a machine of its own, within one table too: the first are kept. */
static void test_machines(void)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < 26000; i++)
    g_string_append_printf(text,
                           i / 8000 % 2 ? "Linux 5.14.0-70 (h%u) 2019-10-14 _x86_64_ (4 CPU)\n"
                                        : "Linux h%u 5.14.0-70.x86_64 #1 SMP Mon Oct 14 00:00:00 UTC 2019 x86_64\n",
                           i);
  g_autoptr(KtSnapshot) s = read_pieces(text);
  g_assert_cmpuint(s->machines->len, ==, 1000);
  g_assert_cmpstr(((const KtMachine *)s->machines->pdata[0])->name, ==, "h0");
  g_assert_true(has_note(s, "outputs of 'large.txt' are left out"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/pieces/sar", test_sar);
  g_test_add_func("/pieces/border", test_border);
  g_test_add_func("/pieces/behind", test_behind);
  g_test_add_func("/pieces/sadf", test_sadf);
  g_test_add_func("/pieces/vmstat", test_vmstat);
  g_test_add_func("/pieces/long-line", test_long_line);
  g_test_add_func("/pieces/long-end", test_long_end);
  g_test_add_func("/pieces/rejected", test_rejected);
  g_test_add_func("/pieces/machines", test_machines);
  return g_test_run();
}
