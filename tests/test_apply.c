/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan becomes steps, the steps a run, and the run nothing again; on a host in a file. */
#include <string.h>

#include "apply/steps_parts.h"
#include "apply_fixture.h"
#include "base/error.h"

static char *list(const KtReceipt *receipt)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < receipt->steps->len; i++) {
    const KtStep *step = receipt->steps->pdata[i];
    g_autofree char *name = kt_step_name(step);
    gboolean xml = step->kind == KT_STEP_DEFINITION;
    g_string_append_printf(text, "%u %s: %s -> %s\n", step->number, name, xml ? "xml" : step->before,
                           xml ? "xml" : step->after);
  }
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static void assert_steps(Host *host, KtScope scope, const char *domain, const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtReceipt) receipt = make(host, scope, domain, &error);
  g_assert_no_error(error);
  g_autofree char *steps = list(receipt);
  g_assert_cmpstr(steps, ==, expected);
}

static void assert_refused(Host *host, KtScope scope, int code, const char *words)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtReceipt) receipt = make(host, scope, NULL, &error);
  g_assert_null(receipt);
  g_assert_error(error, KT_ERROR, code);
  if (!strstr(error->message, words))
    g_error("'%s' is not in '%s'", words, error->message);
}

#define LIVE                                                                                                           \
  "1 sysctl kernel.numa_balancing: 1 -> 0\n"                                                                           \
  "2 sysfs sys/kernel/mm/transparent_hugepage/shmem_enabled: never -> advise\n"                                        \
  "3 emulatorpin of 'crm': 0-7 -> 6-7\n"                                                                               \
  "4 iothreadpin 1 of 'crm': 0-7 -> 6-7\n"                                                                             \
  "5 vcpupin 0 of 'crm': 0-7 -> 6\n"                                                                                   \
  "6 vcpupin 1 of 'crm': 0-7 -> 7\n"                                                                                   \
  "7 scheduler vcpu_quota of 'db': 100000 -> -1\n"                                                                     \
  "8 nodeset of 'crm': 0 -> 0-1,3\n"                                                                                   \
  "9 memory 0 of 'crm': 0:900000,1:100000 -> 3:1000000\n"                                                              \
  "10 nodeset of 'crm': 0-1,3 -> 3\n"                                                                                  \
  "11 memory 0 of 'db': 0:500000 -> 2:500000\n"

static void test_order(Host *host, gconstpointer data)
{
  assert_steps(host, KT_SCOPE_LIVE, NULL, LIVE);
  assert_steps(host, KT_SCOPE_ALL, NULL,
               LIVE "12 definition of 'crm': xml -> xml\n13 definition of 'db': xml -> xml\n");
  assert_steps(host, KT_SCOPE_NEXT_BOOT, NULL, "1 definition of 'crm': xml -> xml\n2 definition of 'db': xml -> xml\n");
  assert_steps(host, KT_SCOPE_NEXT_BOOT, "db", "1 definition of 'db': xml -> xml\n");
  assert_steps(host, KT_SCOPE_LIVE, "db",
               "1 scheduler vcpu_quota of 'db': 100000 -> -1\n2 memory 0 of 'db': 0:500000 -> 2:500000\n");
  assert_steps(host, KT_SCOPE_RESTART, NULL,
               "1 sysctl kernel.numa_balancing: 1 -> 0\n"
               "2 sysfs sys/kernel/mm/transparent_hugepage/shmem_enabled: never -> advise\n"
               "3 definition of 'crm': xml -> xml\n"
               "4 definition of 'db': xml -> xml\n"
               "5 restart of 'crm': running, id 5 -> running anew\n"
               "6 restart of 'db': running, id 6 -> running anew\n");
  assert_state(host, host->start);
}

static void test_traces(Host *host, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtReceipt) receipt = make(host, KT_SCOPE_LIVE, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(
      receipt->notes->pdata[receipt->notes->len - 1], ==,
      "A rollback brings back where 'crm' runs and takes memory from; until it is stopped, its live XML goes "
      "on showing elements for that, which libvirt cannot take out: vcpupin 0-1, emulatorpin, iothreadpin 1, "
      "numatune.");
}

/* Changes of kinds and guests, and which of them a run of a scope was not to make. */
static void test_scopes(Host *host, gconstpointer data)
{
  const KtChange knob = {.act = KT_ACT_SYSCTL}, pin = {.act = KT_ACT_VCPUPIN, .domain = "crm", .uuid = "aB-1"},
                 definition = {.act = KT_ACT_DOMXML, .domain = "crm", .uuid = "aB-1"},
                 other = {.act = KT_ACT_DOMXML, .domain = "db", .uuid = "aB-2"};
  const KtChange *const changes[] = {&knob, &pin, &definition, &other};
  static const struct {
    KtScope scope;
    const char *domain, *text, *left_out; /* a letter of each change */
  } rows[] = {
      {KT_SCOPE_ALL, NULL, "all", "----"},
      {KT_SCOPE_LIVE, NULL, "live", "--xx"},
      {KT_SCOPE_NEXT_BOOT, NULL, "next-boot", "xx--"},
      {KT_SCOPE_RESTART, NULL, "restart", "----"},
      {KT_SCOPE_ALL, "crm", "all, only crm", "x--x"},
      {KT_SCOPE_LIVE, "AB-1", "live, only AB-1", "x-xx"},
      {KT_SCOPE_RESTART, "a, only b", "restart, only a, only b", "xxxx"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text = kt_scope_format(rows[i].scope, rows[i].domain);
    g_assert_cmpstr(text, ==, rows[i].text);
    for (guint k = 0; k < G_N_ELEMENTS(changes); k++)
      g_assert_cmpint(kt_scope_leaves_out(text, changes[k]), ==, rows[i].left_out[k] == 'x');
  }
  g_assert_false(kt_scope_leaves_out("flavor kt.4", &pin));
  g_assert_false(kt_scope_leaves_out("", &pin));
}

static void test_strict(Host *host, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtReceipt) receipt = make(host, KT_SCOPE_LIVE, "db", &error);
  const KtStep *step = receipt->steps->pdata[1];
  g_assert_true(step->at_once);
  g_assert_nonnull(strstr(step->note, "its rate is not limited"));
  kt_fake_set(host->path, "db", "cells", "2"); /* several strict cells: next boot only */
  kt_fake_set(host->path, "crm", "stuck", "VFIO pins it");
  g_autoptr(KtReceipt) other = make(host, KT_SCOPE_LIVE, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(other->steps->len, ==, 7);
  g_assert_cmpstr(other->notes->pdata[0], ==, "The memory of 'crm' stays where it is: VFIO pins it.");
  g_assert_true(g_str_has_prefix(other->notes->pdata[1], "The memory of 'db' stays where it is: libvirt has one set"));
}

/* migrate_pages(2) has one node to go to, and is not needed for one that the cpuset has. */
static void test_strict_targets(Host *host, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  kt_fake_set(host->path, "db", "nodeset-", "2");
  g_autoptr(KtReceipt) inside = make(host, KT_SCOPE_LIVE, "db", &error);
  g_assert_no_error(error);
  g_assert_cmpuint(inside->steps->len, ==, 2);
  g_assert_false(((const KtStep *)inside->steps->pdata[1])->at_once);
  g_assert_null(((const KtStep *)inside->steps->pdata[1])->note);
  kt_plan_free(host->plan);
  host->plan = kt_plan_new();
  kt_plan_add_guest(host->plan, "db", NULL);
  KtChange *change = kt_plan_add_change(host->plan, KT_ACT_MEMORY, "db", NULL, "memory");
  kt_change_add_edit(change, "0", "0:500000", "1:250000,3:250000");
  g_autoptr(KtReceipt) several = make(host, KT_SCOPE_LIVE, "db", &error);
  g_assert_no_error(error);
  g_assert_cmpuint(several->steps->len, ==, 0);
  g_assert_nonnull(strstr(several->notes->pdata[0], "goes to several"));
}

/* ---- what is refused, before anything is done ---- */

static void test_refused(Host *host, gconstpointer data)
{
  kt_fake_set(host->path, "crm", "vcpupin-1", "0-3");
  assert_refused(host, KT_SCOPE_LIVE, KT_ERROR_FORMAT, "vcpupin 1 of 'crm' is 0-3, the plan expects 0-7");
  kt_fake_set(host->path, "crm", "vcpupin-1", "0-7");
  kt_fake_set(host->path, "crm", "memory-0", "1:1000000");
  assert_refused(host, KT_SCOPE_LIVE, KT_ERROR_FORMAT, "memory 0 of 'crm'");
  kt_fake_set(host->path, "crm", "memory-0", "0:930000,1:130000"); /* it runs and touches more */
  assert_steps(host, KT_SCOPE_LIVE, "db",
               "1 scheduler vcpu_quota of 'db': 100000 -> -1\n2 memory 0 of 'db': 0:500000 -> 2:500000\n");
  kt_fake_set(host->path, "db", "refused", "Nova pins it itself");
  assert_refused(host, KT_SCOPE_ALL, KT_ERROR_UNSUPPORTED,
                 "scheduler vcpu_quota of 'db' is not changed: Nova pins it itself");
  kt_fake_set(host->path, "db", "refused", NULL);
  kt_fake_set(host->path, "db", "uuid", "00000000-7777-8888-9999-000000000000");
  assert_refused(host, KT_SCOPE_ALL, KT_ERROR_NOT_FOUND, "no domain 'db'");
  kt_fake_set(host->path, "crm", "id", NULL);
  assert_refused(host, KT_SCOPE_LIVE, KT_ERROR_NOT_FOUND, "domain 'crm' does not run any more");
  g_autofree char *log = kt_fake_log(host->path);
  g_assert_cmpstr(log, ==, "");
}

static void test_hostile(Host *host, gconstpointer data)
{
  static const struct {
    KtAct act;
    const char *domain, *where, *after, *words;
  } rows[] = {
      {KT_ACT_SYSCTL, NULL, "kernel.core_pattern", "|/bin/sh", "is no knob that plans"},
      {KT_ACT_SYSFS, NULL, "../etc/passwd", "x", "is no knob that plans"},
      {KT_ACT_SYSFS, "crm", "sys/kernel/mm/ksm/run", "0", "expected no domain"},
      {KT_ACT_SYSCTL, NULL, "kernel.numa_balancing", "0\n1", "expected a word to set"},
      {KT_ACT_SYSCTL, NULL, "kernel.numa_balancing", "0 1", "expected a word to set"},
      {KT_ACT_SYSCTL, NULL, "kernel.numa_balancing", "", "expected a word to set"},
      {KT_ACT_VCPUPIN, NULL, "0", "1", "expected a domain"},
      {KT_ACT_VCPUPIN, "crm", "-1", "1", "expected a number"},
      {KT_ACT_VCPUPIN, "crm", "0", "", "expected a list of CPUs"},
      {KT_ACT_VCPUPIN, "crm", "0", NULL, "expected a list of CPUs"},
      {KT_ACT_EMULATORPIN, "crm", "7", "1", "expected no 'where'"},
      {KT_ACT_SCHEDULER, "crm", "vcpu_quota", "0", "expected a quota"},
      {KT_ACT_SCHEDULER, "crm", "vcpu_quota", "-2", "expected a quota"},
      {KT_ACT_SCHEDULER, "crm", "vcpu_quota", NULL, "expected a quota"},
      {KT_ACT_SCHEDULER, "crm", "cpu_shares", "2", "expected a quota"},
      {KT_ACT_MEMORY, "crm", "0", "3", "expected a cell and KiB by node"},
      {KT_ACT_MEMORY, "crm", "0", "3:0", "expected a cell and KiB by node"},
      {KT_ACT_NODESET, "db", "", "all", "expected one list of nodes"},
      {KT_ACT_VCPUPIN, "web", "0", "1", "no domain 'web'"},
      {KT_ACT_DOMXML, "crm", "devices/emulator/text()", "/tmp/x", "is no part of a definition"},
      {KT_ACT_DOMXML, "crm", "uuid/text()", "x", "is no part of a definition"},
      {KT_ACT_DOMXML, "crm", "cputune2/@x", "x", "is no part of a definition"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    kt_plan_free(host->plan);
    host->plan = kt_plan_new();
    KtChange *change = kt_plan_add_change(host->plan, rows[i].act, rows[i].domain, NULL, "x");
    kt_change_add_edit(change, rows[i].where, "0-7", rows[i].after);
    g_autoptr(GError) error = NULL;
    g_autoptr(KtReceipt) receipt = make(host, KT_SCOPE_ALL, NULL, &error);
    if (receipt || !strstr(error->message, rows[i].words))
      g_error("row %u: %s", i, receipt ? "taken" : error->message);
  }
  KtChange *twice = kt_plan_add_change(host->plan, KT_ACT_VCPUPIN, "crm", NULL, "y");
  g_ptr_array_remove_index(host->plan->changes, 0);
  kt_change_add_edit(twice, "0", "0-7", "1");
  kt_change_add_edit(twice, "0", "0-7", "2");
  assert_refused(host, KT_SCOPE_ALL, KT_ERROR_FORMAT, "twice");
}

/* What is printed to be copied is the plan's words, and no commands of its own. */
static void test_by_hand(Host *host, gconstpointer data)
{
  KtChange *nova = kt_plan_add_change(host->plan, KT_ACT_NOVA, "crm", NULL, "n");
  kt_change_add_edit(nova, "flavor hw:numa_nodes", NULL, "2");
  kt_change_add_edit(nova, "flavor x; reboot #", NULL, "2");
  g_autofree char *flavor = kt_steps_by_hand(nova);
  g_assert_nonnull(strstr(flavor, "--property hw:numa_nodes=2 --property 'x; reboot #'=2"));
  KtChange *proxmox = kt_plan_add_change(host->plan, KT_ACT_PROXMOX, "crm", NULL, "p");
  kt_change_add_edit(proxmox, "--sockets", NULL, "2");
  kt_change_add_edit(proxmox, "--x; reboot #", NULL, "2");
  g_autofree char *qm = kt_steps_by_hand(proxmox);
  g_assert_nonnull(strstr(qm, " --sockets 2 --'x; reboot #' 2"));
}

/* What is merged is unmerged before, and merged anew behind; and so it is taken back. */
static void test_ksm(Host *host, gconstpointer data)
{
  kt_fake_set(host->path, "host", "sysfs-sys/kernel/mm/ksm/run", "1");
  kt_fake_set(host->path, "host", "sysfs-sys/kernel/mm/ksm/merge_across_nodes", "1");
  g_autofree char *before = kt_fake_state(host->path);
  kt_plan_free(host->plan);
  host->plan = kt_plan_new();
  KtChange *change = kt_plan_add_change(host->plan, KT_ACT_SYSFS, NULL, NULL, "ksm");
  kt_change_add_edit(change, "sys/kernel/mm/ksm/merge_across_nodes", "1", "0");
  assert_steps(host, KT_SCOPE_LIVE, NULL,
               "1 sysfs sys/kernel/mm/ksm/run: 1 -> 2\n"
               "2 sysfs sys/kernel/mm/ksm/merge_across_nodes: 1 -> 0\n"
               "3 sysfs sys/kernel/mm/ksm/run: 2 -> 1\n");
  kt_receipt_free(apply(host, KT_SCOPE_LIVE));
  g_autofree char *after = kt_fake_state(host->path);
  g_assert_nonnull(strstr(after, "ksm/merge_across_nodes=0\nhost sysfs-sys/kernel/mm/ksm/run=1\n"));
  kt_receipt_free(rollback(host, 1, KT_RECEIPT_UNDONE));
  assert_state(host, before);
  host->fake->writes = 0;
  host->fake->fail_at = 2; /* refused, with all unmerged */
  g_autoptr(GError) error = NULL;
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal};
  g_autoptr(KtReceipt) receipt = make(host, KT_SCOPE_LIVE, NULL, &error);
  g_assert_false(kt_run_apply(&run, receipt, &error));
  host->fake->fail_at = 0;
  kt_receipt_free(rollback(host, 2, KT_RECEIPT_UNDONE));
  assert_state(host, before);
}

static void test_renamed(Host *host, gconstpointer data)
{
  KtStepsWork work = {.actuator = &host->fake->base};
  work.looks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)kt_look_free);
  g_hash_table_insert(work.looks, g_strdup("1"), kt_look_new("crm", "1"));
  const KtChange same = {.domain = (char *)"crm", .uuid = (char *)"1"},
                 other = {.domain = (char *)"web", .uuid = same.uuid};
  g_autoptr(GError) error = NULL;
  g_assert_nonnull(kt_steps_look(&work, &same, FALSE, &error));
  g_assert_null(kt_steps_look(&work, &other, FALSE, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_FORMAT);
  g_assert_cmpstr(error->message, ==, "the domain of UUID 1 is 'crm', the plan calls it 'web'");
  g_hash_table_unref(work.looks);
}

/* ---- there and back ---- */

static void test_there_and_back(Host *host, gconstpointer data)
{
  kt_receipt_free(apply(host, KT_SCOPE_ALL));
  g_autofree char *after = kt_fake_state(host->path);
  g_assert_nonnull(strstr(after, "memory-0=3:1000000"));
  g_assert_nonnull(strstr(after, "nodeset-=3"));
  g_assert_nonnull(strstr(after, "sockets=\"1\" cores=\"2\""));
  g_autoptr(KtReceipt) again = make(host, KT_SCOPE_ALL, NULL, NULL); /* nothing is left to do */
  g_assert_cmpuint(again->steps->len, ==, 0);
  g_assert_cmpstr(again->notes->pdata[0], ==, "12 values are as planned already.");
  g_autoptr(KtReceipt) undone = rollback(host, 1, KT_RECEIPT_UNDONE);
  g_assert_cmpint(undone->state, ==, KT_RECEIPT_UNDONE);
  assert_state(host, host->start);
}

static void test_restart(Host *host, gconstpointer data)
{
  kt_receipt_free(apply(host, KT_SCOPE_RESTART));
  g_autoptr(KtReceipt) kept = rollback(host, 1, KT_RECEIPT_KEPT);
  g_assert_nonnull(strstr(((KtStep *)kept->steps->pdata[4])->error, "until it is stopped and started"));
  kt_fake_set(host->path, "crm", "id", "5");
  kt_fake_set(host->path, "db", "id", "6");
  assert_state(host, host->start);
}

/* On request it is started once more, and has the definition of before. */
static void test_restart_back(Host *host, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  kt_receipt_free(apply(host, KT_SCOPE_RESTART));
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal, .restart = TRUE};
  g_autoptr(KtReceipt) receipt = kt_journal_load(host->journal, 1, &error);
  const KtStep *crm = find(receipt, "restart of 'crm'");
  g_autofree char *left = g_strdup(crm->found);
  g_assert_true(kt_run_rollback(&run, receipt, &error));
  g_assert_cmpint(receipt->state, ==, KT_RECEIPT_UNDONE);
  g_autofree char *now = host->fake->base.read(&host->fake->base, crm, &error);
  g_assert_cmpstr(now, !=, left);
  g_assert_true(g_str_has_prefix(now, "running"));
  g_autoptr(KtReceipt) told = kt_journal_load(host->journal, 1, &error);
  g_assert_nonnull(strstr(find(told, "restart of 'crm'")->error, "with the definition that was there before"));
  kt_fake_set(host->path, "crm", "id", "5");
  kt_fake_set(host->path, "db", "id", "6");
  assert_state(host, host->start);
}

static char *roll_back_restarting(Host *host, KtReceiptState expected)
{
  g_autoptr(GError) error = NULL;
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal, .restart = TRUE};
  g_autoptr(KtReceipt) receipt = kt_journal_load(host->journal, 1, &error);
  g_assert_true(kt_run_rollback(&run, receipt, &error));
  g_assert_cmpint(receipt->state, ==, expected);
  return host->fake->base.read(&host->fake->base, find(receipt, "restart of 'crm'"), &error);
}

/* Nor again, if somebody has done it in between; and who is off since stays off. */
static void test_restart_once(Host *host, gconstpointer data)
{
  kt_receipt_free(apply(host, KT_SCOPE_RESTART));
  kt_receipt_free(rollback(host, 1, KT_RECEIPT_KEPT));
  kt_fake_set(host->path, "crm", "id", "77");
  g_autofree char *now = roll_back_restarting(host, KT_RECEIPT_UNDONE);
  g_assert_nonnull(strstr(now, " 77"));
}

static void test_restart_stays_off(Host *host, gconstpointer data)
{
  kt_receipt_free(apply(host, KT_SCOPE_RESTART));
  kt_fake_set(host->path, "crm", "id", NULL);
  g_autofree char *off = roll_back_restarting(host, KT_RECEIPT_KEPT);
  g_assert_cmpstr(off, ==, KT_STEP_OFF);
  kt_fake_set(host->path, "crm", "id", "77");
  g_autofree char *now = roll_back_restarting(host, KT_RECEIPT_UNDONE);
  g_assert_nonnull(strstr(now, " 77"));
}

/* But not with a definition that somebody else has changed meanwhile. */
static void test_restart_others(Host *host, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  kt_receipt_free(apply(host, KT_SCOPE_RESTART));
  kt_fake_set(host->path, "crm", "definition-", "<domain/>");
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal, .restart = TRUE};
  g_autoptr(KtReceipt) receipt = kt_journal_load(host->journal, 1, &error);
  g_assert_true(kt_run_rollback(&run, receipt, &error));
  g_assert_cmpint(receipt->state, ==, KT_RECEIPT_KEPT);
  g_assert_cmpint(find(receipt, "restart of 'crm'")->state, ==, KT_STEP_KEPT);
  g_assert_cmpint(find(receipt, "restart of 'db'")->state, ==, KT_STEP_UNDONE);
}

/* Stopped between the shutdown and the start. */
static void test_restart_off(Host *host, gconstpointer data)
{
  kt_receipt_free(apply(host, KT_SCOPE_RESTART));
  kt_fake_set(host->path, "crm", "id", NULL);
  g_autoptr(KtReceipt) kept = rollback(host, 1, KT_RECEIPT_KEPT);
  const KtStep *crm = NULL;
  for (guint i = 0; i < kept->steps->len; i++) {
    const KtStep *step = kept->steps->pdata[i];
    if (step->kind == KT_STEP_RESTART && g_strcmp0(step->domain, "crm") == 0)
      crm = step;
  }
  g_assert_nonnull(crm);
  g_assert_cmpstr(crm->error, ==, "it does not run: start it once its definition is back");
}

static void test_others(Host *host, gconstpointer data)
{
  kt_receipt_free(apply(host, KT_SCOPE_ALL));
  kt_fake_set(host->path, "crm", "vcpupin-0", "2"); /* somebody else's */
  kt_fake_set(host->path, "db", "memory-0", "1:500000");
  g_autoptr(KtReceipt) xml = kt_journal_load(host->journal, 1, NULL);
  g_autofree char *more = g_strdup_printf("%s<!-- mine -->\n", find(xml, "definition of 'db'")->found);
  kt_fake_set(host->path, "db", "definition-", more); /* with all that the run put there, too */
  g_autoptr(KtReceipt) kept = rollback(host, 1, KT_RECEIPT_KEPT);
  g_assert_cmpint(find(kept, "vcpupin 0 of 'crm'")->state, ==, KT_STEP_KEPT);
  g_assert_cmpstr(find(kept, "vcpupin 0 of 'crm'")->error, ==,
                  "somebody else changed it since: it is 2 now, the run left 6");
  g_assert_cmpint(find(kept, "memory 0 of 'db'")->state, ==, KT_STEP_KEPT);
  g_assert_cmpint(find(kept, "definition of 'db'")->state, ==, KT_STEP_KEPT);
  g_assert_cmpint(find(kept, "vcpupin 1 of 'crm'")->state, ==, KT_STEP_UNDONE);
  g_autofree char *state = kt_fake_state(host->path);
  g_assert_nonnull(strstr(state, "crm vcpupin-0=2\ncrm vcpupin-1=0-7\n"));
  g_assert_nonnull(strstr(state, "<!-- mine -->"));
  kt_fake_set(host->path, "crm", "vcpupin-0", "6"); /* and put back as the run left it: now it is taken back */
  kt_fake_set(host->path, "db", "memory-0", "2:500000");
  kt_fake_set(host->path, "db", "definition-", find(kept, "definition of 'db'")->found);
  kt_receipt_free(rollback(host, 1, KT_RECEIPT_UNDONE));
  assert_state(host, host->start);
}

static void test_newer(Host *host, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal};
  g_autoptr(KtReceipt) first = apply(host, KT_SCOPE_LIVE);
  kt_plan_free(host->plan);
  host->plan = kt_plan_new();
  kt_plan_add_guest(host->plan, "crm", NULL);
  KtChange *change = kt_plan_add_change(host->plan, KT_ACT_VCPUPIN, "crm", NULL, "vcpupin");
  kt_change_add_edit(change, "1", "7", "5");
  kt_receipt_free(apply(host, KT_SCOPE_LIVE));
  g_assert_false(kt_run_rollback(&run, first, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED);
  g_assert_cmpstr(error->message, ==,
                  "receipt 2 changed vcpupin 1 of 'crm' after it: roll that back first; nothing was done");
  kt_receipt_free(rollback(host, 2, KT_RECEIPT_UNDONE));
  kt_receipt_free(rollback(host, 1, KT_RECEIPT_UNDONE));
  assert_state(host, host->start);
}

static void stop(const char *call, gpointer data)
{
  if (strstr(call, "vcpupin 1"))
    g_cancellable_cancel(data);
}

static void test_stopped(Host *host, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GCancellable) wish = g_cancellable_new();
  KtActuator *actuator = &host->fake->base;
  const KtRun run = {.actuator = actuator, .journal = host->journal};
  g_autoptr(KtReceipt) receipt = make(host, KT_SCOPE_ALL, NULL, &error);
  actuator->stop = wish;
  actuator->called = stop;
  actuator->data = wish;
  g_assert_false(kt_run_apply(&run, receipt, &error));
  g_assert_cmpint(receipt->state, ==, KT_RECEIPT_STOPPED);
  g_assert_cmpstr(error->message, ==, "stopped at step 7, scheduler vcpu_quota of 'db'");
  actuator->stop = NULL;
  actuator->called = NULL;
  kt_receipt_free(rollback(host, 1, KT_RECEIPT_UNDONE));
  assert_state(host, host->start);
}

/* ---- a dry run ---- */

static void keep_call(const char *call, gpointer data)
{
  g_string_append_printf(data, "%s\n", call);
}

static char *calls_of(Host *host, KtJournal *journal, gboolean back)
{
  g_autoptr(GString) calls = g_string_new(NULL);
  g_autoptr(GError) error = NULL;
  KtActuator *actuator = &host->fake->base;
  const KtRun run = {.actuator = actuator, .journal = journal};
  g_autoptr(KtReceipt) receipt =
      back ? kt_journal_load(host->journal, 0, &error) : make(host, KT_SCOPE_RESTART, NULL, &error);
  actuator->dry = !journal;
  actuator->called = keep_call;
  actuator->data = calls;
  gboolean done = back ? kt_run_rollback(&run, receipt, &error) : kt_run_apply(&run, receipt, &error);
  g_assert_no_error(error);
  g_assert_true(done);
  actuator->dry = FALSE;
  actuator->called = NULL;
  return g_string_free(g_steal_pointer(&calls), FALSE);
}

static void test_dry(Host *host, gconstpointer data)
{
  g_autofree char *dry = calls_of(host, NULL, FALSE);
  assert_state(host, host->start);
  g_assert_true(g_str_has_prefix(dry, "sysctl kernel.numa_balancing = 0\n"));
  g_autofree char *real = calls_of(host, host->journal, FALSE);
  g_assert_cmpstr(dry, ==, real);
  g_autofree char *after = kt_fake_state(host->path), *dry_back = calls_of(host, NULL, TRUE);
  assert_state(host, after);
  g_autofree char *real_back = calls_of(host, host->journal, TRUE);
  g_assert_cmpstr(dry_back, ==, real_back);
  g_assert_nonnull(strstr(real_back, "sysctl kernel.numa_balancing = 1\n"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/apply/" name, Host, NULL, set_up, function, tear_down)
  ADD("order", test_order);
  ADD("scopes", test_scopes);
  ADD("traces", test_traces);
  ADD("strict", test_strict);
  ADD("strict-targets", test_strict_targets);
  ADD("refused", test_refused);
  ADD("hostile", test_hostile);
  ADD("by-hand", test_by_hand);
  ADD("ksm", test_ksm);
  ADD("renamed", test_renamed);
  ADD("there-and-back", test_there_and_back);
  ADD("restart", test_restart);
  ADD("restart-off", test_restart_off);
  ADD("restart-back", test_restart_back);
  ADD("restart-once", test_restart_once);
  ADD("restart-stays-off", test_restart_stays_off);
  ADD("restart-others", test_restart_others);
  ADD("others", test_others);
  ADD("newer", test_newer);
  ADD("stopped", test_stopped);
  ADD("dry", test_dry);
  return g_test_run();
}
