/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host in a file, a plan for it, and a journal: what tests of apply begin with. */
#pragma once
#include <glib/gstdio.h>

#include "apply/journal.h"
#include "apply/run.h"
#include "apply/steps.h"
#include "fake_actuator.h"

typedef struct {
  char *directory, *path, *start;
  KtPlan *plan;
  KtFake *fake;
  KtJournal *journal;
} Host;

static inline void set_up(Host *host, gconstpointer data)
{
  host->directory = g_dir_make_tmp("kvmtune-apply-XXXXXX", NULL);
  host->path = g_build_filename(host->directory, "host", NULL);
  g_assert_true(kt_fake_make(host->path));
  host->start = kt_fake_state(host->path);
  host->plan = kt_fake_plan();
  host->fake = kt_fake_open(host->path);
  host->journal = kt_journal_open(host->directory, TRUE, NULL);
  g_assert_nonnull(host->journal);
}

static inline void tear_down(Host *host, gconstpointer data)
{
  g_autofree char *database = g_build_filename(host->directory, "journal.db", NULL);
  kt_journal_free(host->journal);
  kt_actuator_free(&host->fake->base);
  kt_plan_free(host->plan);
  g_remove(database);
  g_remove(host->path);
  g_rmdir(host->directory);
  g_free(host->directory);
  g_free(host->path);
  g_free(host->start);
}

static inline KtReceipt *make(Host *host, KtScope scope, const char *domain, GError **error)
{
  g_autoptr(KtReceipt) receipt = kt_receipt_new();
  receipt->host = g_strdup("kvm7");
  receipt->tool = g_strdup("test");
  receipt->scope = g_strdup(kt_scopes[scope]);
  receipt->plan = g_strdup("{}");
  return kt_steps_make(host->plan, scope, domain, &host->fake->base, receipt, error) ? g_steal_pointer(&receipt) : NULL;
}

static inline KtReceipt *apply(Host *host, KtScope scope)
{
  g_autoptr(GError) error = NULL;
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal};
  g_autoptr(KtReceipt) receipt = make(host, scope, NULL, &error);
  g_assert_no_error(error);
  g_assert_true(kt_run_apply(&run, receipt, &error));
  g_assert_cmpint(receipt->state, ==, KT_RECEIPT_DONE);
  return g_steal_pointer(&receipt);
}

static inline KtReceipt *rollback(Host *host, gint64 number, KtReceiptState expected)
{
  g_autoptr(GError) error = NULL;
  const KtRun run = {.actuator = &host->fake->base, .journal = host->journal};
  g_autoptr(KtReceipt) receipt = kt_journal_load(host->journal, number, &error);
  g_assert_no_error(error);
  g_assert_true(kt_run_rollback(&run, receipt, &error));
  g_assert_no_error(error);
  g_assert_cmpint(receipt->state, ==, expected);
  return kt_journal_load(host->journal, number, &error);
}

static inline const KtStep *find(const KtReceipt *receipt, const char *name)
{
  for (guint i = 0; i < receipt->steps->len; i++) {
    g_autofree char *own = kt_step_name(receipt->steps->pdata[i]);
    if (g_str_equal(own, name))
      return receipt->steps->pdata[i];
  }
  g_error("no step %s", name);
}

static inline void assert_state(Host *host, const char *expected)
{
  g_autofree char *state = kt_fake_state(host->path);
  g_assert_cmpstr(state, ==, expected);
}
