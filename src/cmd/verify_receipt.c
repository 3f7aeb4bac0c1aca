/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receipt, and the machine that it is of, looked at anew. */
#include <string.h>

#include "apply/journal.h"
#include "apply/steps.h"
#include "base/error.h"
#include "cloud/cloud_apply.h"
#include "cmd/apply_parts.h"
#include "cmd/input.h"
#include "cmd/receipt_number.h"
#include "cmd/verify_parts.h"
#include "domxml/domxml.h"
#include "evidence/libvirt_live.h"
#include "evidence/measurement_json.h"
#include "plan/plan_json.h"
#include "verify/expect.h"

void kt_verify_receipt_clear(KtVerifyReceipt *receipt)
{
  g_clear_pointer(&receipt->directory, g_free);
  g_clear_pointer(&receipt->name, g_free);
  g_clear_pointer(&receipt->uri, g_free);
  g_clear_pointer(&receipt->scope, g_free);
  g_clear_pointer(&receipt->plan, kt_plan_free);
  g_clear_pointer(&receipt->cloud, kt_receipt_free);
  g_clear_pointer(&receipt->before, kt_measurement_free);
}

/* ---- the receipt ---- */

static gboolean check_state(const KtReceipt *receipt, const char *directory, GError **error)
{
  if (receipt->state == KT_RECEIPT_UNDONE || receipt->state == KT_RECEIPT_KEPT)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
                "receipt %" G_GINT64_FORMAT " was rolled back: nothing is left to judge", receipt->number);
  else if ((receipt->state == KT_RECEIPT_RUNNING || receipt->state == KT_RECEIPT_UNDOING) &&
           kt_lock_receipt(directory) == receipt->number)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "receipt %" G_GINT64_FORMAT " is at work: wait until it has ended",
                receipt->number);
  else
    return TRUE;
  return FALSE;
}

static KtReceipt *load(const char *which, const char *directory, GError **error)
{
  gint64 number;
  if (!kt_receipt_number(which, &number, error)) {
    g_prefix_error(error, "neither a receipt nor BEFORE AFTER: ");
    return NULL;
  }
  g_autoptr(KtJournal) journal = kt_journal_open(directory, FALSE, error);
  g_autoptr(KtReceipt) receipt = journal ? kt_journal_load(journal, number, error) : NULL;
  return receipt && check_state(receipt, directory, error) ? g_steal_pointer(&receipt) : NULL;
}

gboolean kt_verify_read_receipt(const char *which, const char *state, KtVerifyReceipt *out, GError **error)
{
  out->directory = state ? g_strdup(state) : kt_journal_directory();
  g_autoptr(KtReceipt) receipt = load(which, out->directory, error);
  if (!receipt)
    return FALSE;
  out->number = receipt->number;
  out->name = g_strdup_printf("receipt %" G_GINT64_FORMAT, receipt->number);
  out->uri = g_strdup(receipt->uri);
  out->scope = g_strdup(receipt->scope);
  g_autofree char *plan_name = g_strconcat(out->name, ", its plan", NULL);
  g_autofree char *measured_name = g_strconcat(out->name, ", its measurement", NULL);
  gboolean cloud = kt_cloud_is_receipt(receipt);
  out->plan = cloud ? NULL : kt_plan_from_json(plan_name, receipt->plan, strlen(receipt->plan), error);
  if (!cloud && !out->plan)
    return FALSE;
  if (receipt->measured)
    out->before = kt_measurement_from_json(measured_name, receipt->measured, strlen(receipt->measured), error);
  if (receipt->measured && !out->before)
    return FALSE;
  out->cloud = cloud ? g_steal_pointer(&receipt) : NULL;
  return TRUE;
}

gboolean kt_verify_note(const KtVerifyReceipt *receipt, KtVerdictKind kind, GError **error)
{
  g_autoptr(KtJournal) journal = kt_journal_open(receipt->directory, TRUE, error);
  return journal && kt_journal_set_verdict(journal, receipt->number, kt_verdict_names[kind], error);
}

/* ---- definitions ---- */

typedef struct {
  GHashTable *running, *next; /* UUID -> KtDomXml*, NULL where there is none */
  const char *scope;
} Sight;

static void free_xml(gpointer xml)
{
  kt_domxml_free(xml);
}

/* What each domain has as its definition now. */
static GHashTable *parse_all(const KtSnapshot *snapshot)
{
  GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_xml);
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    KtDomXml *xml =
        d->uuid && d->definition ? kt_domxml_parse(d->name, d->definition, strlen(d->definition), NULL) : NULL;
    if (xml)
      g_hash_table_replace(all, g_strdup(d->uuid), xml);
  }
  return all;
}

static gboolean lookup(const KtDomain *domain, gboolean running, const char *path, char **value, gpointer data)
{
  const Sight *sight = data;
  GHashTable *all = running ? sight->running : sight->next;
  const KtDomXml *xml = domain->uuid && all ? g_hash_table_lookup(all, domain->uuid) : NULL;
  g_autoptr(GError) failed = NULL;
  *value = xml ? kt_domxml_get(xml, path, &failed) : NULL;
  return xml && !failed;
}

static gboolean left_out(const KtChange *change, gpointer data)
{
  return kt_scope_leaves_out(((const Sight *)data)->scope, change);
}

/* ---- the machine ---- */

GPtrArray *kt_verify_expect(const KtVerifyReceipt *receipt, const char *connect_uri, gboolean deep, GError **error)
{
  const char *uri = connect_uri ? connect_uri : receipt->uri;
  const KtLiveInput live = {.interval_s = 1, .connect_uri = uri, .deep = deep};
  if (!kt_run_check_host(receipt->name, receipt->plan->host, receipt->plan->machine, kt_apply_host(), error))
    return NULL;
  g_autoptr(KtSnapshot) snapshot = kt_input_live(&live, error);
  if (!snapshot)
    return NULL;
  g_autoptr(GHashTable) running = parse_all(snapshot), next = NULL;
  if (kt_libvirt_read_definitions(uri, snapshot, NULL))
    next = parse_all(snapshot);
  Sight own = {.running = running, .next = next, .scope = receipt->scope};
  const KtSight sight = {.snapshot = snapshot, .lookup = lookup, .left_out = left_out, .data = &own};
  return kt_expect(receipt->plan, &sight);
}
