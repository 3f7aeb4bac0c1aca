/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "read_fixture.h"

static const KtProcess *process(const KtMachine *m, guint i)
{
  g_assert_cmpuint(i, <, m->processes->len);
  return m->processes->pdata[i];
}

static gboolean has_arg(const KtProcess *p, const char *arg)
{
  return g_ptr_array_find_with_equal_func(p->args, arg, g_str_equal, NULL);
}

static void test_ps_aux(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
                "root         1  0.0  0.0  43664 15668 ?        Ss   13:12   0:01 /usr/lib/systemd/systemd --system\n"
                "root         2  0.0  0.0      0     0 ?        S    13:12   0:00 [kthreadd]\n"
                "root       700  0.0  0.0   9000  2000 ?        Ss   13:12   0:00 /usr/sbin/irqbalance --foreground\n"
                "crm       1234 99.0 40.0 900000 800000 ?       Sl   13:12  99:01 /opt/jdk/bin/java -Xmx8g "
                "-XX:+UseNUMA -jar crm.jar\n"
                "root      1300  0.0  0.0   9000  2000 pts/0    S+   13:13   0:00 vi java.txt\n");
  const KtMachine *m = only_machine(s);
  g_assert_true(m->processes_seen);
  g_assert_cmpuint(m->processes->len, ==, 2);
  g_assert_cmpstr(process(m, 0)->comm, ==, "irqbalance");
  const KtProcess *java = process(m, 1);
  g_assert_cmpstr(java->comm, ==, "java");
  g_assert_cmpint(java->pid, ==, 1234);
  g_assert_true(kt_int_is(java->rss_kib, 800000));
  g_assert_true(has_arg(java, "-XX:+UseNUMA"));
  g_assert_false(java->args_cut);
  g_assert_null(java->bound_nodes);
}

/* Part of a list says nothing about what is not in it. */
static void test_ps_part(void)
{
  static const char *const texts[] = {
      "UID PID PPID C STIME TTY TIME CMD\nroot 1234 1 0 10:00 ? 00:00:01 java -Xmx1g Main\n",
      "PID COMMAND\n1 /sbin/init\n2 [kthreadd]\n1234 java -Xmx1g Main\n1300 /usr/sbin/num",
  };
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    const KtMachine *m = only_machine(s);
    g_assert_false(m->processes_seen);
    g_assert_cmpuint(m->processes->len, ==, 1);
    g_assert_cmpint(process(m, 0)->pid, ==, 1234);
  }
}

static void test_command_lines(void)
{
  static const struct {
    const char *text, *comm, *bound;
    gboolean cut;
  } cases[] = {
      {"java -Xms32g -Xmx32g -cp /opt/a.jar:/opt/b.jar com.crm.Main\n", "java", NULL, FALSE},
      {"/usr/bin/java -Xmx32g -XX:+UseParallelGC -classpath\n", "java", NULL, TRUE},
      {"java -Xmx32g -XX:+UseNU", "java", NULL, TRUE},
      {"numactl --cpunodebind=0 --membind=0 java -Xmx4g -jar a.jar\n", "java", "bind:0", FALSE},
      {"numactl -N 1 -m 1 /opt/jdk/bin/java -Xmx4g -jar a.jar\n", "java", "bind:1", FALSE},
      {"numactl --interleave=all mongod --config /etc/mongod.conf\n", "mongod", "interleave:all", FALSE},
      {"mysql 2000 1 0 10:00 ? 00:10:00 /usr/sbin/mysqld --innodb_numa_interleave=ON\n", "mysqld", NULL, FALSE},
      {"java -Xmx4g \\\n  -XX:+UseG1GC \\\n  -jar a.jar\n", "java", NULL, FALSE},
      {"java -Xmx4g\n-XX:+UseG1GC\n-jar a.jar\n", "java", NULL, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    g_autoptr(KtSnapshot) s = read_text(cases[i].text);
    const KtMachine *m = only_machine(s);
    g_assert_cmpuint(m->processes->len, ==, 1);
    g_assert_cmpstr(process(m, 0)->comm, ==, cases[i].comm);
    g_assert_cmpstr(process(m, 0)->bound_nodes, ==, cases[i].bound);
    g_assert_cmpint(process(m, 0)->args_cut, ==, cases[i].cut);
    g_assert_false(m->processes_seen);
  }
}

/* Proxmox's name for QEMU, also where a user has that name. */
static void test_ps_kvm(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
                "root        1201  0.0  0.0      0     0 ?        S    10:00   0:00 [kvm-nx-lpage-recovery-1200]\n"
                "root        1200 12.0 10.0 999999 888888 ?       Sl   10:00   9:00 /usr/bin/kvm -id 100 -name "
                "db,debug-threads=on -no-shutdown -smp 4,sockets=2,cores=2,maxcpus=4 -cpu kvm64,enforce,+kvm_pv_eoi "
                "-m 4096 -machine type=pc+pve0\n"
                "kvm         1300 12.0 10.0 999999 888888 ?       Sl   10:00   9:00 /usr/bin/kvm -name web -m 1024\n"
                "root        1400  0.0  0.0   9000  2000 ?        Ss   10:00   0:00 /usr/sbin/irqbalance\n");
  g_assert_cmpuint(s->domains->len, ==, 2);
  const KtDomain *db = s->domains->pdata[0];
  g_assert_cmpstr(db->name, ==, "db");
  g_assert_cmpstr(db->cpu_model, ==, "kvm64");
  g_assert_true(kt_int_is(db->vcpus, 4) && kt_int_is(db->sockets, 2));
  g_assert_cmpstr(((const KtDomain *)s->domains->pdata[1])->name, ==, "web");
  g_assert_cmpuint(only_machine(s)->processes->len, ==, 1);
}

static void test_refused(void)
{
  static const char *const texts[] = {"java - a language\n", "the java -process is slow\n", "java -version\n",
                                      "we use java and -XX:+UseNUMA\n"};
  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    g_autoptr(KtSnapshot) s = read_text(texts[i]);
    g_assert_cmpuint(s->machines->len, ==, 0);
  }
}

/* The same JVM in ps and asked about itself. */
static void test_jcmd(void)
{
  g_autoptr(KtSnapshot) s =
      read_text("$ ps -ef\nUID PID PPID C STIME TTY TIME CMD\n"
                "crm 1234 1 0 10:00 ? 00:00:01 /usr/bin/java @/etc/crm.args -jar crm.jar\n"
                "$ jcmd 1234 VM.flags\n1234:\n-XX:MaxHeapSize=17179869184 -XX:+UseG1GC \n"
                "$ jcmd 1234 VM.version\n1234:\nOpenJDK 64-Bit Server VM version 17.0.9+9\nJDK 17.0.9\n"
                "$ jcmd 99 VM.command_line\n99:\nVM Arguments:\njvm_args: -Xmx4g -XX:+UseNUMA \n"
                "java_command: com.example.Main one\njava_class_path (initial): a.jar\n"
                "Launcher Type: SUN_STANDARD\n");
  const KtMachine *m = only_machine(s);
  g_assert_cmpuint(m->processes->len, ==, 2);
  const KtProcess *p = process(m, 0), *other = process(m, 1);
  g_assert_cmpint(p->pid, ==, 1234);
  g_assert_true(has_arg(p, "crm.jar"));
  g_assert_cmpuint(p->jvm_flags->len, ==, 2);
  g_assert_cmpstr(p->jvm_flags->pdata[1], ==, "-XX:+UseG1GC");
  g_assert_cmpstr(p->version, ==, "17.0.9");
  g_assert_cmpint(other->pid, ==, 99);
  g_assert_true(has_arg(other, "-XX:+UseNUMA") && has_arg(other, "com.example.Main"));
  g_assert_false(other->args_cut);
  g_assert_null(other->jvm_flags);

  g_autoptr(KtSnapshot) cut = read_text("1234:\n-XX:MaxHeapSize=1717");
  g_assert_null(process(only_machine(cut), 0)->jvm_flags);
}

static void test_mysql(void)
{
  static const char *const shown[] = {
      ("+------+\n| Variable_name | Value |\n+------+\n| innodb_buffer_pool_size | 42949672960 |\n"
       "| innodb_numa_interleave | OFF |\n+------+\n"),
      "| Variable_name | Value |\n| innodb_buffer_pool_size | 42949672960 |\n| innodb_numa_interleave | OFF |\n",
      "Variable_name\tValue\ninnodb_buffer_pool_size\t42949672960\ninnodb_numa_interleave\tOFF\n",
  };
  for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
    g_autoptr(KtSnapshot) s = read_text(shown[i]);
    const KtMachine *m = only_machine(s);
    g_assert_cmpstr(kt_machine_setting(m, "mysql.innodb_buffer_pool_size"), ==, "42949672960");
    g_assert_cmpstr(kt_machine_setting(m, "mysql.innodb_numa_interleave"), ==, "OFF");
  }
  g_autoptr(KtSnapshot) cut = read_text("Variable_name\tValue\nversion\t8.0.36\ninnodb_buffer_pool_size\t4294");
  g_assert_cmpstr(kt_machine_setting(only_machine(cut), "mysql.version"), ==, "8.0.36");
  g_assert_null(kt_machine_setting(only_machine(cut), "mysql.innodb_buffer_pool_size"));

  g_autoptr(KtSnapshot) conf = read_text("[client]\nport = 3306\n[mysqld]\n# size\n"
                                         "innodb-buffer-pool-size = 40G # most\ninnodb_numa_interleave\n"
                                         "[mysqldump]\nversion = 1\n");
  const KtMachine *m = only_machine(conf);
  g_assert_cmpstr(kt_machine_setting(m, "my.cnf.innodb_buffer_pool_size"), ==, "40G");
  g_assert_cmpstr(kt_machine_setting(m, "my.cnf.innodb_numa_interleave"), ==, "ON");
  g_assert_null(kt_machine_setting(m, "my.cnf.version"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/processes/ps-aux", test_ps_aux);
  g_test_add_func("/processes/ps-part", test_ps_part);
  g_test_add_func("/processes/ps-kvm", test_ps_kvm);
  g_test_add_func("/processes/command-lines", test_command_lines);
  g_test_add_func("/processes/refused", test_refused);
  g_test_add_func("/processes/jcmd", test_jcmd);
  g_test_add_func("/processes/mysql", test_mysql);
  return g_test_run();
}
