/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "check_fixture.h"
#include "checks/jvm.h"

static KtProcess *process(KtMachine *m, const char *comm, const char *command)
{
  KtProcess *p = kt_machine_add_process(m, 4711, comm);
  g_auto(GStrv) words = g_strsplit(command, " ", -1);
  for (guint i = 0; words[i]; i++)
    g_ptr_array_add(p->args, g_strdup(words[i]));
  m->processes_seen = TRUE;
  return p;
}

/* The state of a row for one process on a guest of n nodes; *severity may be NULL. */
static KtState state_of(const char *id, int nodes, const char *comm, const char *command, const char *bound,
                        int *severity)
{
  g_autoptr(KtMachine) m = guest_new(32, nodes);
  for (guint i = 0; i < m->nodes->len; i++)
    ((KtNode *)m->nodes->pdata[i])->memory_kib = KT_INT(16 << 20);
  process(m, comm, command)->bound_nodes = g_strdup(bound);
  KtSubject s = guest_subject(NULL, m);
  g_autoptr(KtFinding) f = run_check(id, &s);
  if (severity)
    *severity = f->severity;
  return f->state;
}

static KtState java(const char *id, int nodes, const char *command)
{
  return state_of(id, nodes, "java", command, NULL, NULL);
}

static void test_jvm_read(void)
{
  g_autoptr(KtMachine) m = kt_machine_new();
  KtProcess *p = process(m, "java", "/usr/lib/jvm/java-1.8.0-openjdk/bin/java -Xmx512m -Xmx24g -XX:+UseNUMA Main");
  KtJvm jvm = kt_jvm_read(m, p);
  g_assert_true(kt_int_is(jvm.version, 8));
  g_assert_true(kt_int_is(jvm.heap_kib, 24 << 20));
  g_assert_cmpint(jvm.gc, ==, KT_GC_PARALLEL);
  g_assert_cmpint(jvm.use_numa, ==, KT_YES);

  KtJvm plain = kt_jvm_read(m, process(m, "java", "java -Xmx17179869184 -XX:MaxHeapSize=x Main"));
  g_assert_false(plain.version.known);
  g_assert_false(plain.heap_kib.known);
  g_assert_cmpint(plain.gc, ==, KT_GC_UNKNOWN);
  kt_machine_set_setting(m, "java.version", "17.0.1", NULL);
  KtJvm told = kt_jvm_read(m, process(m, "java", "java -Xmx17179869184 Main"));
  g_assert_true(kt_int_is(told.version, 17));
  g_assert_true(kt_int_is(told.heap_kib, 16 << 20));
  g_assert_cmpint(told.gc, ==, KT_GC_G1);
  g_assert_false(kt_jvm_is(process(m, "javac", "/usr/bin/javac Main.java")));
}

static void test_w01(void)
{
  g_assert_cmpint(java("W01", 4, "java -Xmx16g -XX:+UseParallelGC Main"), ==, KT_FIRED);
  g_assert_cmpint(java("W01", 4, "/opt/jdk1.8.0_144/bin/java -Xmx16g Main"), ==, KT_FIRED);
  g_assert_cmpint(java("W01", 4, "/opt/jdk-17/bin/java -Xmx16g Main"), ==, KT_FIRED);
  g_assert_cmpint(java("W01", 4, "/opt/jdk-17/bin/java -Xmx16g -XX:+UseNUMA -XX:-UseNUMA Main"), ==, KT_FIRED);
  g_assert_cmpint(java("W01", 4, "java -Xmx16g -XX:+UseZGC -XX:-UseNUMA Main"), ==, KT_FIRED);
  /* near misses */
  g_assert_cmpint(java("W01", 4, "java -Xmx16g -XX:+UseParallelGC -XX:+UseNUMA Main"), ==, KT_FINE);
  g_assert_cmpint(java("W01", 4, "java -Xmx2g -XX:+UseParallelGC Main"), ==, KT_FINE);
  g_assert_cmpint(java("W01", 4, "java -Xmx16g -XX:+UseZGC Main"), ==, KT_FINE);
  g_assert_cmpint(java("W01", 1, "java -Xmx16g -XX:+UseParallelGC Main"), ==, KT_NOT_APPLICABLE);
  g_assert_cmpint(state_of("W01", 4, "java", "java -Xmx16g -XX:+UseParallelGC Main", "bind:2", NULL), ==, KT_FINE);
  g_assert_cmpint(state_of("W01", 4, "java", "java -Xmx16g -XX:+UseParallelGC Main", "bind:0-3", NULL), ==, KT_FIRED);
  g_assert_cmpint(java("W01", 4, "/opt/jdk-11/bin/java -Xmx16g Main"), ==, KT_NOT_APPLICABLE);
  g_assert_cmpint(java("W01", 4, "/opt/jdk-17/bin/java -Xmx16g -Xgcpolicy:balanced Main"), ==, KT_NOT_APPLICABLE);
  /* cannot tell */
  g_assert_cmpint(java("W01", 4, "java -Xmx16g Main"), ==, KT_CANNOT_TELL);
  g_assert_cmpint(java("W01", 4, "java -XX:+UseParallelGC Main"), ==, KT_CANNOT_TELL);
  g_assert_cmpint(state_of("W01", 4, "bash", "bash", NULL, NULL), ==, KT_NOT_APPLICABLE);
}

/* An undecided JVM must not hide one that fires. */
static void test_w01_several(void)
{
  g_autoptr(KtMachine) m = guest_new(32, 4);
  process(m, "java", "java -Xmx16g One");
  process(m, "java", "java -Xmx16g -XX:+UseParallelGC Two");
  process(m, "java", "java -Xmx1g -XX:+UseParallelGC Three");
  KtSubject s = guest_subject(NULL, m);
  g_autoptr(KtFinding) f = run_check("W01", &s);
  g_assert_cmpint(f->state, ==, KT_FIRED);
  g_assert_nonnull(strstr(f->title, "heap 16 GiB) runs without UseNUMA on 4 nodes"));
}

static void test_w01_stated(void)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(KtMachine) m = guest_new(32, 4), narrow = guest_new(8, 1), vmware = guest_new(32, 4),
                       wide = guest_new(32, 1);
  KtSubject s = guest_subject(snapshot, m);
  g_autoptr(KtFinding) silent = run_check("W01", &s);
  g_assert_cmpint(silent->state, ==, KT_CANNOT_TELL);
  g_assert_null(strstr(silent->missing, "states"));
  g_ptr_array_add(snapshot->stated, kt_cite_new("case.txt", 30, "the Java collector of JDK 7 knows of NUMA"));
  g_autoptr(KtFinding) stated = run_check("W01", &s);
  g_assert_cmpint(stated->state, ==, KT_CANNOT_TELL);
  g_assert_cmpint(stated->basis, ==, KT_BASIS_STATED);
  g_assert_nonnull(strstr(stated->missing, "states: \"the Java collector"));
  g_assert_cmpuint(stated->evidence->len, ==, 1);

  s = guest_subject(snapshot, narrow);
  g_autoptr(KtFinding) one = run_check("W01", &s);
  g_assert_cmpint(one->state, ==, KT_NOT_APPLICABLE);
  s = guest_subject(snapshot, wide);
  s.reference = vmware;
  g_autoptr(KtFinding) later = run_check("W01", &s);
  g_assert_cmpint(later->state, ==, KT_CANNOT_TELL);
}

/* What the JVM says of itself decides; it is whole. */
static void test_jvm_asked(void)
{
  g_autoptr(KtMachine) m = guest_new(32, 4);
  KtProcess *p = process(m, "java", "/usr/bin/java @args");
  p->args_cut = TRUE;
  KtSubject s = guest_subject(NULL, m);
  g_autoptr(KtFinding) unknown = run_check("W01", &s);
  g_assert_cmpint(unknown->state, ==, KT_CANNOT_TELL);
  p->jvm_flags = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(p->jvm_flags, g_strdup("-XX:MaxHeapSize=17179869184"));
  g_ptr_array_add(p->jvm_flags, g_strdup("-XX:+UseG1GC"));
  g_autoptr(KtFinding) collector = run_check("W02", &s);
  g_assert_cmpint(collector->state, ==, KT_CANNOT_TELL);
  p->version = g_strdup("11.0.2");
  g_autoptr(KtFinding) old = run_check("W02", &s);
  g_assert_cmpint(old->state, ==, KT_FIRED);
  g_free(p->version);
  p->version = g_strdup("17.0.9");
  g_autoptr(KtFinding) off = run_check("W01", &s);
  g_assert_cmpint(off->state, ==, KT_FIRED);
  g_ptr_array_add(p->jvm_flags, g_strdup("-XX:+UseNUMA"));
  g_autoptr(KtFinding) on = run_check("W01", &s);
  g_assert_cmpint(on->state, ==, KT_FINE);
}

static void test_w02(void)
{
  int severity;
  g_assert_cmpint(java("W02", 4, "/opt/jdk-11/bin/java -Xmx16g Main"), ==, KT_FIRED);
  g_assert_cmpint(java("W02", 4, "java -Xmx16g -XX:+UseConcMarkSweepGC Main"), ==, KT_FIRED);
  g_assert_cmpint(state_of("W02", 4, "java", "java -Xmx16g -XX:+UseShenandoahGC Main", NULL, &severity), ==, KT_FIRED);
  g_assert_cmpint(severity, ==, 1);
  g_assert_cmpint(java("W02", 4, "/opt/jdk-14/bin/java -Xmx16g Main"), ==, KT_FINE);
  g_assert_cmpint(java("W02", 4, "/opt/jdk-8/bin/java -Xmx16g Main"), ==, KT_FINE);
  g_assert_cmpint(java("W02", 4, "/opt/jdk-11/bin/java -Xmx1g Main"), ==, KT_FINE);
  g_assert_cmpint(java("W02", 4, "java -Xmx16g -XX:+UseG1GC Main"), ==, KT_CANNOT_TELL);
  g_assert_cmpint(java("W02", 1, "/opt/jdk-11/bin/java -Xmx16g Main"), ==, KT_NOT_APPLICABLE);
}

static void test_w03(void)
{
  const char *command = "java -Xmx16g -XX:ParallelGCThreads=%d Main";
  g_autofree char *many = g_strdup_printf(command, 23), *few = g_strdup_printf(command, 8);
  g_assert_cmpint(state_of("W03", 4, "java", many, "bind:1", NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("W03", 4, "java", few, "bind:1", NULL), ==, KT_FINE);
  g_assert_cmpint(state_of("W03", 4, "java", many, NULL, NULL), ==, KT_NOT_APPLICABLE);
}

static void test_w06(void)
{
  const char *big = "mysqld --innodb-buffer-pool-size=40G --innodb_numa_interleave=OFF";
  g_assert_cmpint(state_of("W06", 4, "mysqld", big, NULL, NULL), ==, KT_FIRED);
  g_assert_cmpint(state_of("W06", 1, "mysqld", big, NULL, NULL), ==, KT_NOT_APPLICABLE);
  g_assert_cmpint(state_of("W06", 4, "mysqld", big, "interleave:0-3", NULL), ==, KT_FINE);
  g_assert_cmpint(
      state_of("W06", 4, "mysqld", "mysqld --innodb-buffer-pool-size=40G --innodb-numa-interleave", NULL, NULL), ==,
      KT_FINE);
  g_assert_cmpint(
      state_of("W06", 4, "mysqld", "mysqld --innodb_buffer_pool_size=8G --innodb-numa-interleave=0", NULL, NULL), ==,
      KT_FINE);
  g_assert_cmpint(state_of("W06", 4, "mysqld", "mysqld --innodb_buffer_pool_size=40G", NULL, NULL), ==, KT_CANNOT_TELL);
  g_assert_cmpint(state_of("W06", 4, "mysqld", "mysqld --user=mysql", NULL, NULL), ==, KT_CANNOT_TELL);
  g_assert_cmpint(state_of("W06", 4, "bash", "bash", NULL, NULL), ==, KT_NOT_APPLICABLE);
}

/* What the server tells beats its command line, and that its configuration. */
static void test_w06_variables(void)
{
  static const struct {
    const char *shown, *argument, *configured;
    KtState state;
  } cases[] = {
      {"OFF", NULL, NULL, KT_FIRED}, {"ON", "OFF", "OFF", KT_FINE}, {NULL, "OFF", "ON", KT_FIRED},
      {NULL, NULL, "ON", KT_FINE},   {NULL, NULL, "0", KT_FIRED},   {NULL, NULL, NULL, KT_CANNOT_TELL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtMachine) m = guest_new(32, 4);
    for (guint k = 0; k < m->nodes->len; k++)
      ((KtNode *)m->nodes->pdata[k])->memory_kib = KT_INT(16 << 20);
    g_autofree char *argument = g_strconcat("mysqld --innodb_numa_interleave=", cases[i].argument, NULL);
    process(m, "mysqld", cases[i].argument ? argument : "mysqld");
    kt_machine_set_setting(m, "my.cnf.innodb_buffer_pool_size", "40G", NULL);
    if (cases[i].shown)
      kt_machine_set_setting(m, "mysql.innodb_numa_interleave", cases[i].shown, NULL);
    if (cases[i].configured)
      kt_machine_set_setting(m, "my.cnf.innodb_numa_interleave", cases[i].configured, NULL);
    KtSubject s = guest_subject(NULL, m);
    g_autoptr(KtFinding) f = run_check("W06", &s);
    g_assert_cmpint(f->state, ==, cases[i].state);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/checks/workload/jvm", test_jvm_read);
  g_test_add_func("/checks/workload/W01", test_w01);
  g_test_add_func("/checks/workload/W01/several", test_w01_several);
  g_test_add_func("/checks/workload/W01/stated", test_w01_stated);
  g_test_add_func("/checks/workload/W02", test_w02);
  g_test_add_func("/checks/workload/W03", test_w03);
  g_test_add_func("/checks/workload/W06", test_w06);
  g_test_add_func("/checks/workload/jcmd", test_jvm_asked);
  g_test_add_func("/checks/workload/W06/variables", test_w06_variables);
  return g_test_run();
}
