/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From evidence to a plan that knows what it expects to find. */
#include <string.h>

#include "apply/definition.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/identity.h"
#include "cmd/accepted_files.h"
#include "cmd/input.h"
#include "cmd/plan_parts.h"
#include "evidence/evidence.h"
#include "evidence/libvirt_baseline.h"
#include "evidence/libvirt_hosts.h"
#include "evidence/libvirt_live.h"
#include "plan/build.h"
#include "plan/plan_json.h"
#include "plan/problem.h"

#define TIMEOUT_S 30 /* for a libvirt given as a URI */

void kt_plan_result_clear(KtPlanResult *result)
{
  g_clear_pointer(&result->plan, kt_plan_free);
  g_clear_pointer(&result->snapshot, kt_snapshot_free);
  g_clear_pointer(&result->diffs, g_ptr_array_unref);
  g_clear_pointer(&result->explain, g_free);
  g_clear_pointer(&result->document, g_free);
}

/* ---- evidence ---- */

/* Domains were seen on it. A definition beside the evidence of a guest may be that guest's own. */
static gboolean has_guests(const KtSnapshot *snapshot, const KtMachine *m)
{
  for (guint i = 0; i < snapshot->domains->len; i++)
    if (m->live || ((const KtDomain *)snapshot->domains->pdata[i])->host == m)
      return TRUE;
  return FALSE;
}

/* The only machine, of which nothing tells whether it is a guest: who gives it as the host knows. One that is itself a
 * guest may be a host, too: of the guests on it, or of the first one. */
static void take_as_host(KtSnapshot *snapshot, gboolean given, gboolean for_new)
{
  KtMachine *only = snapshot->machines->len == 1 ? snapshot->machines->pdata[0] : NULL;
  if (only &&
      ((only->role == KT_ROLE_UNKNOWN && given) || has_guests(snapshot, only) || (for_new && !snapshot->domains->len)))
    only->role = KT_ROLE_HOST;
}

KtSnapshot *kt_plan_gather(const char *host, gboolean for_new, gboolean *persistent, GError **error)
{
  const char *const inputs[] = {host, NULL};
  const KtLiveInput live = {.interval_s = 1};
  g_autoptr(KtSnapshot) snapshot =
      host ? kt_evidence_read_mixed(inputs, TIMEOUT_S, error) : kt_input_live(&live, error);
  if (!snapshot)
    return NULL;
  take_as_host(snapshot, host != NULL, for_new);
  gboolean asked = host ? kt_libvirt_is_uri(host) : snapshot->domains->len > 0;
  g_autoptr(GError) silent = NULL; /* QEMU without libvirt: there are no definitions */
  *persistent = asked && kt_libvirt_read_definitions(host, snapshot, &silent);
  if (asked && !*persistent && host) {
    g_propagate_error(error, g_steal_pointer(&silent));
    return NULL;
  }
  return g_steal_pointer(&snapshot);
}

/* ---- what is asked for ---- */

KtSet *kt_plan_read_reserved(const char *list, const KtSnapshot *snapshot, GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autoptr(KtSet) reserved = kt_set_parse(list, &failed);
  if (!reserved || kt_set_is_empty(reserved)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--reserve is a list of CPUs, as in '0-1,16'; '%.100s' is none", list);
    return NULL;
  }
  const KtMachine *host = kt_snapshot_host(snapshot);
  g_autoptr(KtSet) there = kt_set_new();
  for (guint i = 0; host && i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    if (node->cpus)
      kt_set_add_all(there, node->cpus);
  }
  g_autofree char *have = kt_set_format(there);
  if (host && !kt_set_contains(there, reserved)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--reserve %s: the host has the CPUs %s", list, have);
    return NULL;
  }
  if (host && kt_set_equal(there, reserved)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--reserve %s leaves no CPU for guests", list);
    return NULL;
  }
  return g_steal_pointer(&reserved);
}

/* ---- definitions ---- */

static gboolean is_of(const KtChange *change, const KtDomain *d)
{
  return change->act == KT_ACT_DOMXML && g_strcmp0(change->domain, d->name) == 0 &&
         g_strcmp0(change->uuid, d->uuid) == 0;
}

static guint count_changes(const KtPlan *plan, const KtDomain *d)
{
  guint n = 0;
  for (guint i = 0; i < plan->changes->len; i++)
    n += is_of(plan->changes->pdata[i], d);
  return n;
}

static void tell(KtPlan *plan, const KtDomain *d, guint changes, const char *what)
{
  g_autofree char *n = g_strdup_printf(kt_trn("%u change", "%u changes", changes), changes);
  g_ptr_array_add(plan->notes, g_strdup_printf(_("domain '%s': %s of its definition %s"), d->name, n, what));
}

/* Changes of a definition that is not there, or not the guest's, cannot say what they expect. */
static void drop_definition(KtPlan *plan, const KtDomain *d, const char *why)
{
  guint dropped = count_changes(plan, d);
  KtPlanGuest *guest = kt_plan_guest(plan, d->uuid ? d->uuid : d->name);
  for (guint i = plan->changes->len; i-- > 0;)
    if (is_of(plan->changes->pdata[i], d))
      g_ptr_array_remove_index(plan->changes, i);
  if (guest) {
    g_free(guest->after.cpu);
    guest->after = guest->before;
    guest->after.cpu = g_strdup(guest->before.cpu);
  }
  tell(plan, d, dropped, why);
}

/* One that was edited for the next start, while the guest runs on as it was. */
static gboolean has_other_size(const KtDomXml *xml, const KtDomain *d)
{
  g_autofree char *vcpus = kt_domxml_get(xml, "vcpu/text()", NULL), *kib = kt_domxml_get(xml, "memory/text()", NULL);
  g_autofree char *unit = kt_domxml_get(xml, "memory/@unit", NULL);
  gboolean is_kib = !unit || g_str_equal(unit, "KiB"); /* libvirt's own way */
  return (vcpus && d->vcpus.known && g_ascii_strtoll(vcpus, NULL, 10) != d->vcpus.value) ||
         (kib && is_kib && d->memory_kib.known && g_ascii_strtoll(kib, NULL, 10) != d->memory_kib.value);
}

/* What the changes of its definition expect, and what they make of it. */
static gboolean expect_definition(KtPlanResult *result, const KtDomain *d, GError **error)
{
  const char *bytes = d->cut ? NULL : d->definition;
  guint planned = count_changes(result->plan, d);
  if (!planned)
    return TRUE;
  g_autofree char *name = g_strdup_printf("%s.xml", d->name);
  g_autoptr(KtDomXml) xml = bytes ? kt_domxml_parse(name, bytes, strlen(bytes), NULL) : NULL;
  if (!xml || has_other_size(xml, d)) { /* not there, or pasted in pieces with prompts in it */
    drop_definition(
        result->plan, d,
        xml ? _("left out: it has been given another size since the guest started; plan again when that runs")
            : _("left out: the evidence does not have it whole (virsh dumpxml --inactive), or it is "
                "transient and has none"));
    return TRUE;
  }
  if (!kt_apply_expect(result->plan, xml, error) || !kt_apply_definition(xml, result->plan, error))
    return FALSE;
  guint there = planned - count_changes(result->plan, d);
  if (there && result->persistent)
    tell(result->plan, d, there, _("there already: the guest has yet to be stopped and started"));
  g_autofree char *edited = kt_domxml_bytes(xml, NULL);
  g_autofree char *diff = kt_domxml_diff(name, bytes, name, edited);
  if (*diff)
    g_ptr_array_add(result->diffs, g_steal_pointer(&diff));
  return TRUE;
}

/* The plan, and what it makes of the definitions, in the language of the moment. */
static gboolean plan_definitions(KtPlanResult *result, const KtPlanOptions *options, GError **error)
{
  g_clear_pointer(&result->plan, kt_plan_free);
  g_ptr_array_set_size(result->diffs, 0);
  result->plan = kt_plan_build(result->snapshot, options, error);
  g_autoptr(KtRoot) here = result->plan && result->plan->live ? kt_root_open("/", NULL) : NULL;
  if (here)
    result->plan->machine = kt_identity_machine(here);
  for (guint i = 0; result->plan && i < result->snapshot->domains->len; i++)
    if (!expect_definition(result, result->snapshot->domains->pdata[i], error))
      return FALSE;
  return result->plan != NULL;
}

gboolean kt_plan_make(const KtPlanRequest *request, KtPlanResult *result, GError **error)
{
  KtPlanOptions options = request->options;
  g_autoptr(KtBaseline) baseline = NULL;
  g_autoptr(KtSet) reserved = NULL;
  g_autoptr(GPtrArray) accepted = kt_accepted_read_all(error);
  if (!accepted)
    return FALSE;
  result->diffs = g_ptr_array_new_with_free_func(g_free);
  result->snapshot = kt_plan_gather(request->host, FALSE, &result->persistent, error);
  if (!result->snapshot)
    return FALSE;
  if (request->reserve && !(reserved = kt_plan_read_reserved(request->reserve, result->snapshot, error)))
    return FALSE;
  if (request->migrate && *request->migrate && !(baseline = kt_libvirt_baseline(request->migrate, error)))
    return FALSE;
  g_auto(KtPlanNova) nova = {0};
  if (!kt_plan_read_nova(result->snapshot, request->conf, NULL, &nova, error))
    return FALSE;
  options.reserved = reserved;
  options.closed = nova.closed;
  options.floating = nova.floating;
  options.set_aside = nova.set_aside;
  options.note = nova.note;
  options.accepted = accepted;
  options.baseline_model = baseline ? baseline->model : NULL;
  options.baseline_features = baseline ? baseline->features : NULL;
  gboolean translated = kt_i18n_hold(TRUE);
  gboolean made = plan_definitions(result, &options, error);
  kt_i18n_hold(FALSE);
  if (!made)
    return FALSE;
  result->document = kt_plan_to_json(result->plan);
  if (translated && !plan_definitions(result, &options, error))
    return FALSE;
  result->explain = request->explain ? kt_plan_explain(result->snapshot, &options) : NULL;
  return TRUE;
}
