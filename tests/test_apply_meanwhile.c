/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others do to a host between the plan, the steps, the run and its rollback. */
#include <string.h>

#include "apply_fixture.h"
#include "base/error.h"

/* Plans of older versions name no machine; one that does is of that machine only. */
static void test_other_host(Host *host, gconstpointer data)
{
  static const struct {
    const char *name, *machine, *words; /* of the plan */
  } rows[] = {{"kvm7", "a1", NULL},
              {"kvm7", NULL, NULL},
              {"kvm8", "a1", "the plan is of the host 'kvm8', this one is 'kvm7'"},
              {"kvm7", "b2", "another machine that is called 'kvm7' too: its machine-id is another"},
              {NULL, NULL, "of the host 'unknown'"}};
  KtRunHost here = {.name = (char *)"kvm7", .machine = (char *)"a1"};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_free(host->plan->host);
    g_free(host->plan->machine);
    host->plan->host = g_strdup(rows[i].name);
    host->plan->machine = g_strdup(rows[i].machine);
    if (kt_run_check_plan(host->plan, &here, &error) ? rows[i].words != NULL
                                                     : !rows[i].words || !strstr(error->message, rows[i].words))
      g_error("row %u: %s", i, error ? error->message : "taken");
  }
  g_autoptr(GError) error = NULL;
  host->plan->live = FALSE;
  g_assert_false(kt_run_check_plan(host->plan, &here, &error));
  g_assert_nonnull(strstr(error->message, "capture"));
  g_assert_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED);
  g_clear_error(&error);
  here.machine = NULL;
  g_assert_false(kt_run_check_host("receipt 3", "kvm7", "a1", &here, &error));
  g_assert_cmpstr(error->message, ==,
                  "receipt 3 is of another machine that is called 'kvm7' too: this one has no machine-id");
}

static void test_shut_down(Host *host, gconstpointer data)
{
  kt_receipt_free(apply(host, KT_SCOPE_ALL));
  kt_fake_set(host->path, "crm", "id", NULL); /* its live state has ended with it; its definition has not */
  g_autoptr(KtReceipt) undone = rollback(host, 1, KT_RECEIPT_UNDONE);
  g_assert_cmpint(find(undone, "vcpupin 0 of 'crm'")->state, ==, KT_STEP_UNDONE);
  g_assert_nonnull(strstr(find(undone, "vcpupin 0 of 'crm'")->error, "does not run"));
  g_assert_null(find(undone, "definition of 'crm'")->error);
  g_autofree char *state = kt_fake_state(host->path);
  g_assert_nonnull(strstr(state, "sockets=\"2\" cores=\"1\""));
}

/* Between the making of the steps and one of them. */
static void test_changed_meanwhile(Host *host, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal};
  g_autoptr(KtReceipt) receipt = make(host, KT_SCOPE_ALL, NULL, &error);
  kt_fake_set(host->path, "crm", "vcpupin-0", "4");
  g_assert_false(kt_run_apply(&run, receipt, &error));
  g_assert_cmpstr(error->message, ==,
                  "step 5, vcpupin 0 of 'crm': it is 4 now, it was 0-7: somebody else changed it meanwhile");
  g_autoptr(KtReceipt) undone = rollback(host, 1, KT_RECEIPT_UNDONE);
  g_assert_cmpint(find(undone, "vcpupin 0 of 'crm'")->state, ==, KT_STEP_PLANNED);
  g_autofree char *state = kt_fake_state(host->path);
  g_assert_nonnull(strstr(state, "crm vcpupin-0=4\n"));
}

/* While the first step is made, somebody does something to the guest of the third. */
static struct {
  const char *path, *key, *value;
} deed;

static void do_deed(void)
{
  if (deed.key)
    kt_fake_set(deed.path, "crm", deed.key, deed.value);
  deed.key = NULL;
}

static void test_guarded(Host *host, gconstpointer data)
{
  static const struct {
    const char *key, *value, *back, *words;
  } rows[] = {
      {"refused", "Nova manages it: change its flavor", NULL,
       "it may not be changed any more: Nova manages it: change its flavor"},
      {"uuid", "00000000-7777-8888-9999-000000000000", "11111111-2222-3333-4444-555555555555",
       "there is no domain 'crm'"},
      {"id", "9", "5", "the guest was started anew meanwhile"},
      {"id", NULL, "5", "domain 'crm' does not run"},
  };
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(KtReceipt) receipt = make(host, KT_SCOPE_ALL, NULL, &error);
    deed.path = host->path;
    deed.key = rows[i].key;
    deed.value = rows[i].value;
    host->fake->point = do_deed;
    g_assert_false(kt_run_apply(&run, receipt, &error));
    g_autofree char *words = g_strdup_printf("step 3, emulatorpin of 'crm': %s", rows[i].words);
    g_assert_cmpstr(error->message, ==, words);
    g_assert_cmpint(find(receipt, "emulatorpin of 'crm'")->state, ==, KT_STEP_PLANNED);
    host->fake->point = NULL;
    kt_fake_set(host->path, "crm", rows[i].key, rows[i].back);
    kt_receipt_free(rollback(host, (gint64)i + 1, KT_RECEIPT_UNDONE));
    assert_state(host, host->start);
  }
}

/* A new run of a guest that looks as the old one was left: it is none of ours. */
static void test_started_anew(Host *host, gconstpointer data)
{
  kt_receipt_free(apply(host, KT_SCOPE_LIVE));
  kt_fake_set(host->path, "crm", "id", "9");
  g_autoptr(KtReceipt) undone = rollback(host, 1, KT_RECEIPT_UNDONE);
  g_assert_cmpstr(find(undone, "vcpupin 0 of 'crm'")->error, ==,
                  "the guest was started anew since, and that ended with its run");
  g_autofree char *state = kt_fake_state(host->path);
  g_assert_nonnull(strstr(state, "crm vcpupin-0=6\n"));
  g_assert_nonnull(strstr(state, "crm memory-0=3:1000000\n"));
  g_assert_nonnull(strstr(state, "db memory-0=0:500000\n"));
}

/* A cpuset that is widened for a move takes no memory along; where it does, nothing is moved. */
static void test_widened(Host *host, gconstpointer data)
{
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal};
  g_autoptr(GError) error = NULL;
  kt_fake_set(host->path, "crm", "along", "0:850000,1:100000,3:50000"); /* less than a tenth: it runs meanwhile */
  g_autoptr(KtReceipt) near = make(host, KT_SCOPE_LIVE, NULL, &error);
  g_assert_true(kt_run_apply(&run, near, &error));
  kt_fake_set(host->path, "crm", "along", NULL);
  kt_receipt_free(rollback(host, 1, KT_RECEIPT_UNDONE));
  kt_fake_set(host->path, "crm", "along", "0:500000,3:500000");
  g_autoptr(KtReceipt) far = make(host, KT_SCOPE_LIVE, NULL, &error);
  g_assert_false(kt_run_apply(&run, far, &error));
  g_assert_cmpstr(error->message, ==,
                  "step 8, nodeset of 'crm': more nodes alone moved 50 % of its memory: it was 0:900000,1:100000 and "
                  "is 0:500000,3:500000");
  g_assert_cmpint(find(far, "nodeset of 'crm'")->state, ==, KT_STEP_FAILED);
  g_assert_cmpint(find(far, "memory 0 of 'crm'")->state, ==, KT_STEP_PLANNED);
  kt_fake_set(host->path, "crm", "along", NULL);
  kt_receipt_free(rollback(host, 2, KT_RECEIPT_UNDONE));
  g_autofree char *state = kt_fake_state(host->path);
  g_assert_nonnull(strstr(state, "crm nodeset-=0\n"));
  g_assert_nonnull(strstr(state, "crm memory-0=0:500000,3:500000\n")); /* no step's: see the error */
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/apply/meanwhile/" name, Host, NULL, set_up, function, tear_down)
  ADD("other-host", test_other_host);
  ADD("changed", test_changed_meanwhile);
  ADD("guarded", test_guarded);
  ADD("widened", test_widened);
  ADD("shut-down", test_shut_down);
  ADD("started-anew", test_started_anew);
  return g_test_run();
}
