/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people read of a run: steps as rows, what definitions get, and which receipt is at work. */
#include <string.h>

#include "plan/plan.h"
#include "view/apply_rows.h"
#include "view/apply_view.h"

static const KtTerm term = {.width = 100};

static KtStep *add(KtReceipt *receipt, KtStepKind kind, const char *where, const char *before, const char *after)
{
  KtStep *step = kt_step_new(kind, where, before, after);
  step->number = receipt->steps->len + 1;
  step->domain = g_strdup("crm");
  g_ptr_array_add(receipt->steps, step);
  return step;
}

static void assert_has(const char *text, const char *words)
{
  if (!strstr(text, words))
    g_error("'%s' is not in:\n%s", words, text);
}

/* The same knob of CPUs one after the other. */
static void test_cpu_rows(void)
{
  g_autoptr(KtReceipt) receipt = kt_receipt_new();
  for (guint i = 0; i < 4; i++) {
    g_autofree char *where = g_strdup_printf("sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", i);
    g_clear_pointer(&add(receipt, KT_STEP_SYSFS, where, "ondemand", "performance")->domain, g_free);
  }
  g_clear_pointer(&add(receipt, KT_STEP_SYSFS, "sys/kernel/mm/ksm/run", "1", "0")->domain, g_free);
  guint end = kt_apply_row_end(receipt->steps, 0, FALSE);
  g_autofree char *what = kt_apply_row_what(receipt->steps, 0, end);
  g_autofree char *change = kt_apply_row_change(receipt->steps, 0, end, FALSE, "->");
  g_assert_cmpuint(end, ==, 4);
  g_assert_cmpstr(what, ==, "sysfs sys/devices/system/cpu/cpu0-3/cpufreq/scaling_governor");
  g_assert_cmpstr(change, ==, "ondemand -> performance");
}

/* vCPUs 0, 1, ... from `before` to the words of `after`: what is said in one row, or how many rows. */
static void test_rows(void)
{
  static const struct {
    const char *before, *after; /* of vCPU 0, 1, ... */
    guint rows;
    const char *number, *what, *change, *back; /* of the first row */
  } rows[] = {
      {"0-31", "8-15 8-15 8-15", 1, "1-3", "vcpupin 0-2", "0-31 -> 8-15", "8-15 -> 0-31"},
      {"0-31", "8 9 10", 1, "1-3", "vcpupin 0-2", "0-31 -> 8-10, one each", "8-10, one each -> 0-31"},
      {"0-31", "8 40 9", 1, "1-3", "vcpupin 0-2", "0-31 -> 8, 40, 9", "8, 40, 9 -> 0-31"},
      {"0-31", "8 8 9", 1, "1-3", "vcpupin 0-2", "0-31 -> 8, 8, 9", "8, 8, 9 -> 0-31"},
      {"0-31", "8-9 8-9 10-11", 2, "1-2", "vcpupin 0-1", "0-31 -> 8-9", NULL},
      {"0-31", "8 9 10-11", 2, "1-2", "vcpupin 0-1", "0-31 -> 8-9, one each", NULL},
      {"0-31", "8", 1, "1", "vcpupin 0", "0-31 -> 8", "8 -> 0-31"},
      {"0-31", "17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1", 1, "1-17", "vcpupin 0-16",
       "0-31 -> 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, ...", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtReceipt) receipt = kt_receipt_new();
    g_auto(GStrv) after = g_strsplit(rows[i].after, " ", -1);
    for (guint k = 0; after[k]; k++) {
      g_autofree char *where = g_strdup_printf("%u", k);
      add(receipt, KT_STEP_VCPUPIN, where, rows[i].before, after[k]);
    }
    guint n = 0, first = kt_apply_row_end(receipt->steps, 0, FALSE);
    for (guint end = 0; end < receipt->steps->len; n++)
      end = kt_apply_row_end(receipt->steps, end, FALSE);
    g_assert_cmpuint(n, ==, rows[i].rows);
    g_autofree char *number = kt_apply_row_number(receipt->steps, 0, first);
    g_autofree char *what = kt_apply_row_what(receipt->steps, 0, first);
    g_autofree char *change = kt_apply_row_change(receipt->steps, 0, first, FALSE, "->");
    g_assert_cmpstr(number, ==, rows[i].number);
    g_assert_cmpstr(what, ==, rows[i].what);
    g_assert_cmpstr(change, ==, rows[i].change);
    if (!rows[i].back)
      continue;
    g_autoptr(GPtrArray) turned = g_ptr_array_new();
    for (guint k = receipt->steps->len; k-- > 0;)
      g_ptr_array_add(turned, receipt->steps->pdata[k]);
    g_assert_cmpuint(kt_apply_row_end(turned, 0, TRUE), ==, turned->len);
    g_autofree char *back = kt_apply_row_change(turned, 0, turned->len, TRUE, "->");
    g_autofree char *span = kt_apply_row_number(turned, 0, turned->len);
    g_assert_cmpstr(back, ==, rows[i].back);
    g_assert_cmpstr(span, ==, rows[i].number);
  }
}

/* One state, one guest, one kind, one note: else it is another row. */
static void test_apart(void)
{
  g_autoptr(KtReceipt) receipt = kt_receipt_new();
  add(receipt, KT_STEP_VCPUPIN, "0", "0-7", "1");
  add(receipt, KT_STEP_VCPUPIN, "1", "0-7", "1")->state = KT_STEP_DONE;
  KtStep *other = add(receipt, KT_STEP_VCPUPIN, "0", "0-7", "1");
  other->state = KT_STEP_DONE;
  g_free(other->domain);
  other->domain = g_strdup("web");
  add(receipt, KT_STEP_IOTHREADPIN, "1", "0-7", "1");
  add(receipt, KT_STEP_IOTHREADPIN, "2", "0-7", "1")->note = g_strdup("Nova does not know of it");
  add(receipt, KT_STEP_EMULATORPIN, "", "0-7", "1");
  for (guint i = 0; i < receipt->steps->len; i++)
    g_assert_cmpuint(kt_apply_row_end(receipt->steps, i, FALSE), ==, i + 1);
}

static void test_screen(void)
{
  g_autoptr(KtReceipt) receipt = kt_receipt_new();
  g_autoptr(KtPlan) plan = kt_plan_new();
  add(receipt, KT_STEP_VCPUPIN, "0", "0-7", "6");
  add(receipt, KT_STEP_VCPUPIN, "1", "0-7", "7");
  KtStep *xml = add(receipt, KT_STEP_DEFINITION, "", "<domain passwd='geheim'/>", "<domain/>");
  KtChange *change = kt_plan_add_change(plan, KT_ACT_DOMXML, "crm", NULL, "topology");
  change->title = g_strdup("topology 1 x 2");
  kt_change_add_edit(change, "cpu/topology/@sockets", "2", "1");
  change = kt_plan_add_change(plan, KT_ACT_DOMXML, "web", NULL, "topology");
  kt_change_add_edit(change, "cpu/topology/@threads", "2", "1");
  g_autofree char *screen = kt_view_apply_steps(&term, receipt, plan, NULL);
  assert_has(screen, " 1-2  crm    vcpupin 0-1  0-7 -> 6-7, one each  while it runs\n");
  assert_has(screen, "Step 3, the definition of 'crm'\n");
  assert_has(screen, "topology 1 x 2\n    cpu/topology/@sockets: 2 -> 1\n");
  g_assert_null(strstr(screen, "threads"));
  g_assert_null(strstr(screen, "geheim"));
  g_autoptr(GHashTable) diffs = g_hash_table_new(NULL, NULL);
  g_hash_table_insert(diffs, xml, (char *)"-old\n+new\n");
  g_autofree char *with = kt_view_apply_steps(&term, receipt, plan, diffs);
  assert_has(with, "Step 3, the definition of 'crm'\n  -old\n  +new\n");
  g_assert_null(strstr(with, "topology"));
}

/* Why it failed is the error that the command ends with; it is not told here too. */
static void test_end(void)
{
  g_autoptr(KtReceipt) receipt = kt_receipt_new();
  receipt->number = 3;
  receipt->state = KT_RECEIPT_FAILED;
  receipt->error = g_strdup("step 1, vcpupin 0 of 'crm': no");
  KtStep *step = add(receipt, KT_STEP_VCPUPIN, "0", "0-7", "6");
  step->state = KT_STEP_FAILED;
  step->error = g_strdup("no such CPU");
  add(receipt, KT_STEP_VCPUPIN, "1", "0-7", "7");
  g_autofree char *end = kt_view_apply_end(&term, receipt, NULL);
  g_assert_cmpstr(end, ==,
                  "Receipt 3: 0 of 2 steps done, one failed.\n  Not begun: 1.\n"
                  "  Take it back: kvmtune rollback 3\n");
}

/* While one is at work, another that did not end was interrupted. */
static void test_history(void)
{
  g_autoptr(GPtrArray) receipts = g_ptr_array_new_with_free_func((GDestroyNotify)kt_receipt_free);
  static const KtReceiptState states[] = {KT_RECEIPT_RUNNING, KT_RECEIPT_RUNNING, KT_RECEIPT_UNDOING, KT_RECEIPT_DONE};
  for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
    KtReceipt *receipt = kt_receipt_new();
    receipt->number = i + 1;
    receipt->state = states[i];
    receipt->begun = g_strdup("2026-11-25");
    receipt->host = g_strdup("kvm7");
    receipt->scope = g_strdup("all");
    g_ptr_array_add(receipts, receipt);
  }
  g_autofree char *text = kt_view_history_text(&term, receipts, 2);
  assert_has(text, "1  2026-11-25  kvm7     all    interrupted\n");
  assert_has(text, "2  2026-11-25  kvm7     all    at work\n");
  assert_has(text, "3  2026-11-25  kvm7     all    undo interrupted\n");
  assert_has(text, "4  2026-11-25  kvm7     all    done\n");
  g_autofree char *json = kt_view_history_json(receipts, 2);
  g_auto(GStrv) parts = g_strsplit(json, "\"interrupted\": true", -1);
  g_assert_cmpuint(g_strv_length(parts), ==, 3);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/apply-view/cpu-rows", test_cpu_rows);
  g_test_add_func("/apply-view/rows", test_rows);
  g_test_add_func("/apply-view/apart", test_apart);
  g_test_add_func("/apply-view/screen", test_screen);
  g_test_add_func("/apply-view/end", test_end);
  g_test_add_func("/apply-view/history", test_history);
  return g_test_run();
}
