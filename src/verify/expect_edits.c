/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/expect_edits.h"

#include "base/i18n.h"
#include "base/units.h"
#include "model/node_memory.h"
#include "plan/build.h"

#define NEAR_PCT 2 /* of all its memory: so much may lie elsewhere */

typedef enum { UNKNOWN, AS_PLANNED, OTHERWISE } Look;

/* One edit: what was found, NULL unknown or nothing. */
typedef Look (*LookAt)(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found);

static gboolean same_set(const char *a, const char *b)
{
  g_autoptr(KtSet) x = kt_set_parse(a, NULL), y = kt_set_parse(b, NULL);
  return x && y && kt_set_equal(x, y);
}

/* ---- knobs of the host ---- */

/* A host that is a guest itself still is the plan's host. */
static const KtMachine *host_of(const KtSnapshot *snapshot)
{
  const KtMachine *host = kt_snapshot_host(snapshot);
  return host || snapshot->machines->len != 1 ? host : snapshot->machines->pdata[0];
}

static Look look_at_setting(const KtSight *sight, const char *name, const KtEdit *edit, char **found)
{
  const KtMachine *host = host_of(sight->snapshot);
  *found = host ? g_strdup(kt_machine_setting(host, name)) : NULL;
  if (!*found)
    return UNKNOWN;
  return g_strcmp0(*found, edit->after) == 0 ? AS_PLANNED : OTHERWISE;
}

static Look look_at_sysctl(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  return look_at_setting(sight, edit->where, edit, found);
}

static Look look_at_sysfs(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  g_autofree char *name = kt_plan_knob_setting(edit->where);
  return look_at_setting(sight, name, edit, found);
}

/* ---- threads ---- */

static Look look_at_thread(const KtThread *thread, const KtEdit *edit, char **found)
{
  if (!thread || !thread->affinity || !edit->after)
    return UNKNOWN;
  *found = kt_set_format(thread->affinity);
  return same_set(*found, edit->after) ? AS_PLANNED : OTHERWISE;
}

static Look look_at_vcpu(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  guint64 vcpu;
  const KtThread *thread = NULL;
  for (guint i = 0; kt_units_parse_count(edit->where, &vcpu) && i < d->runtime->threads->len && !thread; i++) {
    const KtThread *one = d->runtime->threads->pdata[i];
    thread = one->vcpu >= 0 && (guint64)one->vcpu == vcpu ? one : NULL;
  }
  return look_at_thread(thread, edit, found);
}

static Look look_at_emulator(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  const KtThread *thread = NULL;
  for (guint i = 0; i < d->runtime->threads->len && !thread; i++) {
    const KtThread *one = d->runtime->threads->pdata[i];
    thread = one->vcpu < 0 && one->tid == d->runtime->pid ? one : NULL;
  }
  return look_at_thread(thread, edit, found);
}

static Look look_at_iothread(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  g_autofree char *name = g_strconcat("IO iothread", edit->where, NULL);
  const KtThread *thread = NULL;
  for (guint i = 0; i < d->runtime->threads->len && !thread; i++) {
    const KtThread *one = d->runtime->threads->pdata[i];
    thread = g_strcmp0(one->comm, name) == 0 ? one : NULL;
  }
  return look_at_thread(thread, edit, found);
}

/* As the running definition has it, where no element is no limit. */
static Look look_at_scheduler(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  g_autofree char *path =
      g_strdup_printf("cputune/%s/text()", g_str_equal(edit->where, "vcpu_quota") ? "quota" : edit->where);
  if (!sight->lookup || !sight->lookup(d, TRUE, path, found, sight->data))
    return UNKNOWN;
  if (!*found)
    *found = g_strdup("-1");
  return g_strcmp0(*found, edit->after) == 0 ? AS_PLANNED : OTHERWISE;
}

/* ---- memory ---- */

static Look look_at_nodeset(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  const KtSet *mems = d->runtime->cpuset_mems;
  if (!mems || !edit->after)
    return UNKNOWN;
  *found = kt_set_format(mems);
  return same_set(*found, edit->after) ? AS_PLANNED : OTHERWISE;
}

/* Of the cell, by shares: what is resident grows and shrinks. What the plan wanted elsewhere counts as missing. */
static Look look_at_memory(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  guint64 cell;
  if (!kt_units_parse_count(edit->where, &cell) || cell > G_MAXINT16)
    return UNKNOWN;
  g_autoptr(GArray) there = kt_domain_cell_memory(d, (int)cell);
  g_autoptr(GArray) wanted = edit->after ? kt_memory_parse(edit->after, NULL) : NULL;
  if (!wanted || kt_memory_kib(wanted) <= 0 || kt_memory_kib(there) <= 0)
    return UNKNOWN;
  *found = kt_memory_format(there);
  return 100 * kt_memory_distance(wanted, there) <= NEAR_PCT ? AS_PLANNED : OTHERWISE;
}

/* ---- definitions ---- */

static Look look_at_xml(const KtSight *sight, const KtDomain *d, gboolean running, const KtEdit *edit, char **found)
{
  if (!sight->lookup || !sight->lookup(d, running, edit->where, found, sight->data))
    return UNKNOWN;
  if (g_strcmp0(*found, edit->after) == 0)
    return AS_PLANNED;
  return *found && edit->after && same_set(*found, edit->after) ? AS_PLANNED : OTHERWISE;
}

static Look look_at_definition(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  return look_at_xml(sight, d, FALSE, edit, found);
}

static Look look_at_running(const KtSight *sight, const KtDomain *d, const KtEdit *edit, char **found)
{
  return look_at_xml(sight, d, TRUE, edit, found);
}

/* ---- all edits of a change ---- */

static const struct {
  LookAt look;
  gboolean host;
} acts[KT_ACTS] = {
    [KT_ACT_SYSCTL] = {look_at_sysctl, TRUE},         [KT_ACT_SYSFS] = {look_at_sysfs, TRUE},
    [KT_ACT_VCPUPIN] = {look_at_vcpu, FALSE},         [KT_ACT_EMULATORPIN] = {look_at_emulator, FALSE},
    [KT_ACT_IOTHREADPIN] = {look_at_iothread, FALSE}, [KT_ACT_SCHEDULER] = {look_at_scheduler, FALSE},
    [KT_ACT_MEMORY] = {look_at_memory, FALSE},        [KT_ACT_NODESET] = {look_at_nodeset, FALSE},
    [KT_ACT_DOMXML] = {look_at_definition, FALSE},
};

/* The worst of them; *wrong (not owned) is the first that is otherwise, else the last, with what was found there. */
static Look look_at_all(LookAt look, const KtSight *sight, const KtDomain *d, const KtChange *change,
                        const KtEdit **wrong, char **found)
{
  Look all = AS_PLANNED;
  for (guint i = 0; i < change->edits->len && all != OTHERWISE; i++) {
    const KtEdit *edit = change->edits->pdata[i];
    g_clear_pointer(found, g_free);
    Look one = edit->where ? look(sight, d, edit, found) : UNKNOWN;
    *wrong = edit;
    all = one == OTHERWISE || all == AS_PLANNED ? one : all;
  }
  return all;
}

static char *said(const KtChange *change, const KtEdit *edit, const char *value)
{
  const char *words = value ? value : _("nothing");
  return change->edits->len > 1 ? g_strdup_printf("%s: %s", edit->where, words) : g_strdup(words);
}

KtEditsFound kt_edits_look(const KtSight *sight, const KtDomain *d, const KtChange *change)
{
  KtEditsFound result = {0};
  LookAt look = acts[change->act].look;
  if (!look || !change->edits->len || (!d && !acts[change->act].host))
    return result;
  g_autofree char *found = NULL;
  const KtEdit *edit = NULL;
  Look all = look_at_all(look, sight, d, change, &edit, &found);
  gboolean named = acts[change->act].host && change->edits->len == 1 && edit->where;
  result.what = g_strdup(named ? edit->where : change->act == KT_ACT_DOMXML ? "definition" : kt_act_names[change->act]);
  gboolean one = change->edits->len == 1;
  result.before = one ? g_strdup(edit->before) : NULL;
  if (all == AS_PLANNED && !one)
    result.wanted = g_strdup_printf(kt_trn("%u value", "%u values", change->edits->len), change->edits->len);
  else
    result.wanted = said(change, edit, edit->after);
  if (all == UNKNOWN) {
    result.why = g_strdup(_("this value cannot be read here"));
    return result;
  }
  result.found = all == AS_PLANNED && !one ? g_strdup(_("all as planned")) : said(change, edit, found);
  result.state = all == AS_PLANNED ? KT_EXPECT_FULFILLED : KT_EXPECT_MISSED;
  if (change->act == KT_ACT_DOMXML && all == AS_PLANNED) {
    g_autofree char *running = NULL;
    if (look_at_all(look_at_running, sight, d, change, &edit, &running) == OTHERWISE)
      result.state = KT_EXPECT_PENDING;
  }
  return result;
}
