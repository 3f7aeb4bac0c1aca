/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/expect.h"

#include <stdarg.h>
#include <string.h>

#include "base/i18n.h"
#include "base/units.h"
#include "model/locality.h"
#include "model/predict.h"
#include "verify/expect_edits.h"

const char *const kt_expect_names[KT_EXPECT_STATES] = {
    [KT_EXPECT_UNKNOWN] = "cannot tell", [KT_EXPECT_FULFILLED] = "fulfilled", [KT_EXPECT_PENDING] = "at next start",
    [KT_EXPECT_MISSED] = "missed",       [KT_EXPECT_LEFT_OUT] = "left out",
};

void kt_expectation_free(gpointer data)
{
  KtExpectation *e = data;
  g_free(e->change);
  g_free(e->domain);
  g_free(e->what);
  g_free(e->before);
  g_free(e->wanted);
  g_free(e->found);
  g_free(e->why);
  g_free(e);
}

static KtExpectation *add(GPtrArray *all, const KtChange *change, const char *what, const char *before,
                          const char *wanted)
{
  KtExpectation *e = g_new0(KtExpectation, 1);
  e->change = g_strdup(change->id);
  e->domain = g_strdup(change->domain);
  e->what = g_strdup(what);
  e->before = g_strdup(before);
  e->wanted = g_strdup(wanted);
  g_ptr_array_add(all, e);
  return e;
}

static const KtDomain *domain_of(const KtSight *sight, const KtChange *change)
{
  const KtDomain *d = change->uuid ? kt_snapshot_domain(sight->snapshot, change->uuid) : NULL;
  if (!d && change->domain && !change->uuid)
    d = kt_snapshot_domain(sight->snapshot, change->domain);
  return d && d->runtime ? d : NULL;
}

/* ---- counters that effects name ---- */

static char *number(KtInt n)
{
  return n.known ? g_strdup_printf("%" G_GINT64_FORMAT, n.value) : NULL;
}

/* A guest without L3 has none: 0, where its caches are known. */
static KtInt l3_groups(const KtMachine *guest)
{
  const KtCache *l3 = kt_machine_find_cache(guest, 3, KT_CACHE_UNIFIED);
  return l3 ? l3->instances : guest->caches->len ? KT_INT(0) : KT_INT_UNKNOWN;
}

static char *shape_of(const KtMachine *guest, const char *counter)
{
  const struct {
    const char *name;
    KtInt value;
  } shape[] = {
      {"guest.sockets", guest->sockets},
      {"guest.cores_per_socket", guest->cores_per_socket},
      {"guest.threads_per_core", guest->threads_per_core},
      {"guest.l3_groups", l3_groups(guest)},
      {"guest.nodes", kt_machine_nodes_known(guest)},
  };
  for (guint i = 0; i < G_N_ELEMENTS(shape); i++)
    if (g_str_equal(shape[i].name, counter))
      return number(shape[i].value);
  return NULL;
}

/* What a counter of the domain says now; NULL: unknown. */
static char *counter_of(const KtSight *sight, const KtDomain *d, const char *counter)
{
  const KtMachine *host = kt_snapshot_host_of(sight->snapshot, d);
  if (g_str_equal(counter, "guest.cpu"))
    return g_strdup(d->cpu_model ? d->cpu_model : d->cpu_mode);
  if (g_str_equal(counter, "locality_pct")) {
    KtNum pct = host ? kt_domain_locality(host, d) : KT_NUM_UNKNOWN;
    return pct.known ? g_strdup_printf("%.1f", pct.value) : NULL;
  }
  g_autoptr(KtMachine) guest = kt_predict_guest(d, host);
  return shape_of(guest, counter);
}

/* "2" and "2", ">= 99" and "99.4", "falls" from before; FALSE in *known if these words cannot be compared. */
static gboolean satisfies(const char *wanted, const char *before, const char *found, gboolean *known)
{
  double limit, value, old;
  *known = TRUE;
  if (g_str_equal(wanted, found))
    return TRUE;
  gboolean least = g_str_has_prefix(wanted, ">= "), most = g_str_has_prefix(wanted, "<= ");
  gboolean falls = g_str_equal(wanted, "falls"), rises = g_str_equal(wanted, "rises");
  if (!least && !most && !falls && !rises)
    return FALSE;
  *known = kt_units_parse_decimal(found, &value);
  if (least || most) {
    *known = *known && kt_units_parse_decimal(wanted + 3, &limit);
    return *known && (least ? value >= limit : value <= limit);
  }
  *known = *known && before && kt_units_parse_decimal(before, &old);
  return *known && (falls ? value < old : value > old);
}

static void judge_effect(const KtSight *sight, const KtDomain *d, KtExpectation *e)
{
  gboolean known;
  e->found = counter_of(sight, d, e->what);
  if (!e->found) {
    e->why = g_strdup(_("this counter cannot be read here"));
    return;
  }
  gboolean so = satisfies(e->wanted, e->before, e->found, &known);
  e->state = so ? KT_EXPECT_FULFILLED : known ? KT_EXPECT_MISSED : KT_EXPECT_UNKNOWN;
  if (!known)
    e->why = g_strdup(_("the value before is not known"));
}

/* ---- changes ---- */

/* What the definition has for the next start is not to be seen in the running guest. */
static void wait_for_start(GPtrArray *all, guint first)
{
  for (guint i = first; i < all->len; i++) {
    KtExpectation *e = all->pdata[i];
    if (e->state == KT_EXPECT_MISSED)
      e->state = KT_EXPECT_PENDING;
  }
}

static void expect_effects(GPtrArray *all, const KtSight *sight, const KtDomain *d, const KtChange *change)
{
  for (guint i = 0; i < change->effects->len; i++) {
    const KtEffect *effect = change->effects->pdata[i];
    if (effect->counter && effect->after)
      judge_effect(sight, d, add(all, change, effect->counter, effect->before, effect->after));
  }
}

/* Nova's and Proxmox's words are theirs; the guest's shape tells. */
static void expect_shape(GPtrArray *all, const KtSight *sight, const KtDomain *d, const KtPlan *plan,
                         const KtChange *change)
{
  const KtPlanGuest *guest = kt_plan_guest(plan, change->uuid ? change->uuid : change->domain);
  if (!guest)
    return;
  const struct {
    const char *counter;
    int before, after;
  } parts[] = {
      {"guest.sockets", guest->before.sockets, guest->after.sockets},
      {"guest.cores_per_socket", guest->before.cores, guest->after.cores},
      {"guest.threads_per_core", guest->before.threads, guest->after.threads},
      {"guest.l3_groups", guest->before.l3_groups, guest->after.l3_groups},
      {"guest.nodes", guest->before.cells, guest->after.cells},
  };
  for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
    if (parts[i].after < 0 || parts[i].after == parts[i].before)
      continue;
    g_autofree char *before = parts[i].before >= 0 ? g_strdup_printf("%d", parts[i].before) : NULL;
    g_autofree char *after = g_strdup_printf("%d", parts[i].after);
    judge_effect(sight, d, add(all, change, parts[i].counter, before, after));
  }
}

static void expect_edits(GPtrArray *all, const KtSight *sight, const KtDomain *d, const KtChange *change)
{
  KtEditsFound found = kt_edits_look(sight, d, change);
  if (!found.what)
    return;
  KtExpectation *e = add(all, change, found.what, found.before, found.wanted);
  e->found = found.found;
  e->state = found.state;
  e->why = found.why;
  g_free(found.what);
  g_free(found.before);
  g_free(found.wanted);
}

static void expect_change(GPtrArray *all, const KtSight *sight, const KtPlan *plan, const KtChange *change)
{
  if (sight->left_out && sight->left_out(change, sight->data)) {
    add(all, change, kt_act_names[change->act], NULL, change->title)->state = KT_EXPECT_LEFT_OUT;
    return;
  }
  const KtDomain *d = domain_of(sight, change);
  if (change->domain && !d) {
    KtExpectation *e = add(all, change, kt_act_names[change->act], NULL, change->title);
    e->why = g_strdup(_("the domain does not run here"));
    return;
  }
  guint first = all->len;
  if (d)
    expect_effects(all, sight, d, change);
  if (d && (change->act == KT_ACT_NOVA || change->act == KT_ACT_PROXMOX))
    expect_shape(all, sight, d, plan, change);
  guint last = all->len;
  expect_edits(all, sight, d, change);
  const KtExpectation *edits = all->len > last ? all->pdata[last] : NULL;
  if (edits && change->act == KT_ACT_DOMXML && edits->state == KT_EXPECT_PENDING)
    wait_for_start(all, first);
  if (all->len == first) {
    KtExpectation *e = add(all, change, kt_act_names[change->act], NULL, change->title);
    e->why = g_strdup(_("who makes this change has to look"));
  }
}

GPtrArray *kt_expect(const KtPlan *plan, const KtSight *sight)
{
  GPtrArray *all = g_ptr_array_new_with_free_func(kt_expectation_free);
  for (guint i = 0; i < plan->changes->len; i++)
    expect_change(all, sight, plan, plan->changes->pdata[i]);
  return all;
}
