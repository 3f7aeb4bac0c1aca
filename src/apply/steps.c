/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/steps.h"

#include <string.h>

#include "apply/journal.h"
#include "apply/steps_parts.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/set.h"
#include "base/shell.h"
#include "base/units.h"
#include "plan/build.h"

#define MAX_CHANGES 4000 /* of one plan: each is compared with each */

const char *const kt_scopes[KT_SCOPES] = {[KT_SCOPE_ALL] = "all",
                                          [KT_SCOPE_LIVE] = "live",
                                          [KT_SCOPE_NEXT_BOOT] = "next-boot",
                                          [KT_SCOPE_RESTART] = "restart"};

#define ONLY ", only "

/* ---- scopes ---- */

static gboolean is_live(const KtChange *change)
{
  return change->act < KT_ACT_DOMXML;
}

static gboolean is_called(const char *name, const char *uuid, const char *only)
{
  return g_strcmp0(name, only) == 0 || (uuid && g_ascii_strcasecmp(uuid, only) == 0);
}

static gboolean leaves_out(KtScope scope, const char *only, const KtChange *change)
{
  return (only && !is_called(change->domain, change->uuid, only)) ||
         scope == (is_live(change) ? KT_SCOPE_NEXT_BOOT : KT_SCOPE_LIVE);
}

char *kt_scope_format(KtScope scope, const char *domain)
{
  return g_strconcat(kt_scopes[scope], domain ? ONLY : NULL, domain, NULL);
}

gboolean kt_scope_leaves_out(const char *text, const KtChange *change)
{
  g_auto(GStrv) parts = g_strsplit(text, ONLY, 2);
  for (guint scope = 0; parts[0] && scope < KT_SCOPES; scope++)
    if (g_str_equal(parts[0], kt_scopes[scope]))
      return leaves_out((KtScope)scope, parts[1], change);
  return FALSE;
}

/* ---- what is shared ---- */

gboolean kt_steps_same_domain(const KtChange *a, const KtChange *b)
{
  if (a->uuid && b->uuid)
    return g_ascii_strcasecmp(a->uuid, b->uuid) == 0;
  return g_strcmp0(a->domain, b->domain) == 0;
}

const KtLook *kt_steps_look(KtStepsWork *work, const KtChange *change, gboolean running, GError **error)
{
  const char *key = change->uuid ? change->uuid : change->domain;
  KtLook *look = g_hash_table_lookup(work->looks, key);
  if (!look) {
    look = work->actuator->look(work->actuator, change->domain, change->uuid, error);
    if (!look)
      return NULL;
    g_hash_table_insert(work->looks, g_strdup(key), look);
  }
  if (change->domain && g_strcmp0(change->domain, look->name) != 0) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "the domain of UUID %.100s is '%s', the plan calls it '%.100s'",
                look->uuid, look->name, change->domain);
    return NULL;
  }
  if (running && look->id < 0) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
                "domain '%s' does not run any more: --next-boot changes definitions alone", look->name);
    return NULL;
  }
  return look;
}

KtStep *kt_steps_new(const KtChange *change, const KtLook *look, KtStepKind kind, const char *where, const char *after)
{
  KtStep *step = kt_step_new(kind, where, NULL, after);
  step->change = g_strdup(change->id);
  step->domain = g_strdup(look ? look->name : NULL);
  step->uuid = g_strdup(look ? look->uuid : NULL);
  step->run = g_strdup(look && kind != KT_STEP_DEFINITION ? look->run : NULL);
  return step;
}

void kt_steps_take(KtStepsWork *work, KtStep *step)
{
  g_ptr_array_add(work->receipt->steps, step);
}

void kt_steps_note(KtStepsWork *work, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *note = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  if (!g_ptr_array_find_with_equal_func(work->receipt->notes, note, g_str_equal, NULL))
    g_ptr_array_add(work->receipt->notes, g_steal_pointer(&note));
}

static const char *say(const char *value)
{
  return !value ? "absent" : *value ? value : "not limited";
}

/* Pages come and go while a guest runs; and a plan may not know the nodes that a guest takes memory from. */
static gboolean is_near(const KtStep *step, const char *expected)
{
  if (step->kind == KT_STEP_NODESET)
    return !expected;
  return kt_step_apart_pct(step, expected, step->before) <= KT_STEP_NEAR_PCT;
}

gboolean kt_steps_expect(KtStepsWork *work, KtStep *step, const char *expected, gboolean *already, GError **error)
{
  g_autoptr(GError) failed = NULL;
  KtActuator *actuator = work->actuator;
  g_free(step->before);
  step->before = actuator->read(actuator, step, &failed);
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  *already = actuator->reached(actuator, step, step->after, step->before);
  work->already += *already;
  if (*already || g_strcmp0(expected, step->before) == 0 || is_near(step, expected) ||
      actuator->reached(actuator, step, expected, step->before))
    return TRUE;
  g_autofree char *what = kt_step_name(step);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s is %.200s, the plan expects %.200s: it was made of another state",
              what, say(step->before), say(expected));
  return FALSE;
}

/* ---- values: knobs and pins ---- */

static const struct {
  KtAct act;
  KtStepKind kind;
} value_kinds[] = {{KT_ACT_SYSCTL, KT_STEP_SYSCTL},           {KT_ACT_SYSFS, KT_STEP_SYSFS},
                   {KT_ACT_EMULATORPIN, KT_STEP_EMULATORPIN}, {KT_ACT_IOTHREADPIN, KT_STEP_IOTHREADPIN},
                   {KT_ACT_VCPUPIN, KT_STEP_VCPUPIN},         {KT_ACT_SCHEDULER, KT_STEP_SCHEDULER}};

/* libvirt's scheduler parameters that take time away or give it back. */
static gboolean is_scheduler(const KtStep *step)
{
  static const char *const quotas[] = {"vcpu_quota", "emulator_quota", "iothread_quota", "global_quota", NULL};
  gint64 value;
  return g_strv_contains(quotas, step->where) && step->after &&
         g_ascii_string_to_signed(step->after, 10, -1, G_MAXINT64, &value, NULL) && value != 0;
}

/* What knobs take: one word, or a number. */
static gboolean is_word(const char *text)
{
  gsize length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-");
  return length > 0 && length < 100 && !text[length];
}

/* A plan is a document: it may say anything. */
static gboolean is_honest(const KtStep *step, GError **error)
{
  guint64 number;
  g_autoptr(KtSet) cpus = NULL;
  g_autofree char *what = kt_step_name(step);
  gboolean knob = step->kind == KT_STEP_SYSCTL || step->kind == KT_STEP_SYSFS;
  if (knob && !kt_plan_is_knob(step->kind == KT_STEP_SYSCTL ? KT_ACT_SYSCTL : KT_ACT_SYSFS, step->where)) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s is no knob that plans of this version set", what);
    return FALSE;
  }
  if (step->kind == KT_STEP_SCHEDULER) {
    if (is_scheduler(step))
      return TRUE;
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: expected a quota, and microseconds or -1", what);
    return FALSE;
  }
  gboolean numbered = step->kind == KT_STEP_VCPUPIN || step->kind == KT_STEP_IOTHREADPIN;
  if (numbered ? !kt_units_parse_count(step->where, &number) || number > G_MAXINT16 : !knob && *step->where) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: expected %s", what, numbered ? "a number" : "no 'where'");
    return FALSE;
  }
  if (step->after && (knob ? is_word(step->after) : (cpus = kt_set_parse(step->after, NULL)) && !kt_set_is_empty(cpus)))
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s: expected %s", what, knob ? "a word to set" : "a list of CPUs");
  return FALSE;
}

static gboolean add_value(KtStepsWork *work, KtStepKind kind, const KtChange *change, const KtEdit *edit,
                          GError **error)
{
  gboolean host = kind == KT_STEP_SYSCTL || kind == KT_STEP_SYSFS, already;
  const KtLook *look = host ? NULL : kt_steps_look(work, change, TRUE, error);
  if (!host && !look)
    return FALSE;
  g_autoptr(KtStep) step = kt_steps_new(change, look, kind, edit->where, edit->after);
  if (!is_honest(step, error) || !kt_steps_expect(work, step, edit->before, &already, error))
    return FALSE;
  if (already)
    return TRUE;
  if (kind == KT_STEP_SYSFS && g_str_equal(step->where, KT_STEPS_KSM_NODES))
    return kt_steps_ksm(work, g_steal_pointer(&step), error);
  kt_steps_take(work, g_steal_pointer(&step));
  return TRUE;
}

/* ---- which changes, in which order ---- */

static gboolean has_definition(const KtStepsWork *work, const KtChange *change)
{
  for (guint i = 0; change->domain && i < work->plan->changes->len; i++) {
    const KtChange *other = work->plan->changes->pdata[i];
    if (other->act == KT_ACT_DOMXML && kt_steps_same_domain(change, other))
      return TRUE;
  }
  return FALSE;
}

static gboolean is_wanted(const KtStepsWork *work, const KtChange *change)
{
  if (leaves_out(work->scope, work->only, change))
    return FALSE;
  return work->scope != KT_SCOPE_RESTART || !is_live(change) || !has_definition(work, change);
}

static gboolean is_first_of_domain(const KtStepsWork *work, guint i)
{
  for (guint k = 0; k < i; k++) {
    const KtChange *earlier = work->plan->changes->pdata[k];
    if (earlier->act == KT_ACT_DOMXML && kt_steps_same_domain(earlier, work->plan->changes->pdata[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean is_of_host(KtAct act)
{
  return act == KT_ACT_SYSCTL || act == KT_ACT_SYSFS;
}

/* All wanted changes that act on this. */
static gboolean add_values(KtStepsWork *work, KtAct act, KtStepKind kind, GError **error)
{
  for (guint i = 0; i < work->plan->changes->len; i++) {
    const KtChange *change = work->plan->changes->pdata[i];
    for (guint k = 0; change->act == act && is_wanted(work, change) && k < change->edits->len; k++)
      if (!add_value(work, kind, change, change->edits->pdata[k], error))
        return FALSE;
  }
  return TRUE;
}

static gboolean add_each(KtStepsWork *work, KtAct act, gboolean once_a_domain,
                         gboolean (*add)(KtStepsWork *, const KtChange *, GError **), GError **error)
{
  for (guint i = 0; i < work->plan->changes->len; i++) {
    const KtChange *change = work->plan->changes->pdata[i];
    if (change->act == act && is_wanted(work, change) && !(once_a_domain && !is_first_of_domain(work, i)) &&
        !add(work, change, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean add_all(KtStepsWork *work, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS(value_kinds); i++)
    if (!add_values(work, value_kinds[i].act, value_kinds[i].kind, error))
      return FALSE;
  return add_each(work, KT_ACT_MEMORY, FALSE, kt_steps_memory, error) &&
         add_each(work, KT_ACT_NODESET, FALSE, kt_steps_nodeset, error) &&
         add_each(work, KT_ACT_DOMXML, TRUE, kt_steps_definition, error) &&
         (work->scope != KT_SCOPE_RESTART || add_each(work, KT_ACT_DOMXML, TRUE, kt_steps_restart, error));
}

/* ---- before it is begun ---- */

static gboolean knows(const KtStepsWork *work)
{
  for (guint i = 0; work->only && i < work->plan->guests->len; i++) {
    const KtPlanGuest *guest = work->plan->guests->pdata[i];
    if (is_called(guest->domain, guest->uuid, work->only))
      return TRUE;
  }
  return !work->only;
}

static gboolean check_plan(const KtStepsWork *work, GError **error)
{
  guint edits = 0;
  if (!knows(work)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "the plan does not know the domain '%s'", work->only);
    return FALSE;
  }
  for (guint i = 0; i < work->plan->changes->len; i++) {
    const KtChange *change = work->plan->changes->pdata[i];
    edits += change->edits->len;
    if (change->act == KT_ACT_PERSON || change->act == KT_ACT_NOVA ||
        (change->domain == NULL) == is_of_host(change->act))
      continue;
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "change '%.100s' (%s): expected %s", change->id,
                kt_act_names[change->act], change->domain ? "no domain, for it is of the host" : "a domain");
    return FALSE;
  }
  if (work->plan->changes->len <= MAX_CHANGES && edits <= KT_JOURNAL_STEPS)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "%u changes of %u values: more than is made at once",
              work->plan->changes->len, edits);
  return FALSE;
}

/* Numbers them; no two about one thing, but for a cpuset that is widened and narrowed. */
static gboolean number_steps(const KtStepsWork *work, GError **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < work->receipt->steps->len; i++) {
    KtStep *step = work->receipt->steps->pdata[i];
    step->number = i + 1;
    if (step->change && !g_hash_table_add(seen, kt_step_name(step))) {
      g_autofree char *name = kt_step_name(step);
      g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "%s is changed twice by the plan, expected once", name);
      return FALSE;
    }
  }
  return TRUE;
}

static void add_words(char **note, const char *words)
{
  char *all = *note ? g_strdup_printf(_("%s; %s"), *note, words) : g_strdup(words);
  g_free(*note);
  *note = all;
}

static gboolean ask_guard(KtStepsWork *work, GError **error)
{
  for (guint i = 0; i < work->receipt->steps->len; i++) {
    KtStep *step = work->receipt->steps->pdata[i];
    const char *key = step->uuid ? step->uuid : step->domain;
    g_autofree char *warning = NULL;
    const KtChange own = {.domain = step->domain, .uuid = step->uuid};
    const KtLook *look = key ? kt_steps_look(work, &own, FALSE, error) : NULL;
    if (key && !look)
      return FALSE;
    g_autofree char *why = work->actuator->refuses(work->actuator, step, look, &warning);
    if (why) {
      g_autofree char *name = kt_step_name(step);
      g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s is not changed: %s", name, why);
      return FALSE;
    }
    if (warning)
      add_words(&step->note, warning);
  }
  return TRUE;
}

/* ---- what no step does ---- */

static char *option_word(const char *option)
{
  gsize dashes = strspn(option, "-");
  g_autofree char *word = kt_shell_word(option + dashes);
  return g_strdup_printf("%.*s%s", (int)MIN(dashes, 2), "--", word);
}

char *kt_steps_by_hand(const KtChange *change)
{
  g_autoptr(GString) text = g_string_new(change->title ? change->title : change->id);
  g_autofree char *domain = kt_shell_word(change->domain ? change->domain : "");
  static const char flavor[] = "flavor ";
  gboolean proxmox = change->act == KT_ACT_PROXMOX;
  if (proxmox)
    g_string_append_printf(text, ": qm set <ID of %s>", domain);
  for (guint i = 0; i < change->edits->len; i++) {
    const KtEdit *edit = change->edits->pdata[i];
    g_autofree char *value = kt_shell_word(edit->after ? edit->after : "");
    g_autofree char *option = option_word(edit->where);
    gboolean of_flavor = change->act == KT_ACT_NOVA && g_str_has_prefix(edit->where, flavor);
    g_autofree char *property = of_flavor ? kt_shell_word(edit->where + strlen(flavor)) : NULL;
    if (proxmox)
      g_string_append_printf(text, " %s %s", option, value);
    else if (property && edit->after)
      g_string_append_printf(text, "%s --property %s=%s", i ? "" : ": openstack flavor set <flavor>", property, value);
    else
      g_string_append_printf(text, "%s %s = %s", i ? "," : ":", edit->where, edit->after ? edit->after : "nothing");
  }
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static void note_by_hand(KtStepsWork *work)
{
  for (guint i = 0; i < work->plan->changes->len; i++) {
    const KtChange *change = work->plan->changes->pdata[i];
    if (change->act <= KT_ACT_DOMXML || !is_wanted(work, change))
      continue;
    g_autofree char *what = kt_steps_by_hand(change);
    kt_steps_note(work, _("By hand, of %s: %s"), change->domain ? change->domain : _("the host"), what);
  }
}

/* "vcpupin 0-3, emulatorpin, numatune": elements that the live steps of the domain leave in its XML. Caller frees. */
static char *traces_of(const KtStepsWork *work, const char *domain)
{
  static const char *const elements[] = {[KT_STEP_VCPUPIN] = "vcpupin",
                                         [KT_STEP_EMULATORPIN] = "emulatorpin",
                                         [KT_STEP_IOTHREADPIN] = "iothreadpin",
                                         [KT_STEP_NODESET] = "numatune"};
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
  for (guint kind = 0; kind < G_N_ELEMENTS(elements); kind++) {
    g_autoptr(KtSet) numbers = kt_set_new();
    gboolean any = FALSE;
    for (guint i = 0; elements[kind] && i < work->receipt->steps->len; i++) {
      const KtStep *step = work->receipt->steps->pdata[i];
      if (step->kind != kind || g_strcmp0(step->domain, domain) != 0)
        continue;
      any = TRUE;
      if (step->where && *step->where)
        kt_set_add(numbers, (guint)g_ascii_strtoull(step->where, NULL, 10));
    }
    g_autofree char *list = kt_set_format(numbers);
    if (any)
      g_ptr_array_add(words, g_strconcat(elements[kind], *list ? " " : NULL, list, NULL));
  }
  g_ptr_array_add(words, NULL);
  return words->len > 1 ? g_strjoinv(", ", (char **)words->pdata) : NULL;
}

/* libvirt has no call that takes an element out of a running domain's XML. */
static void note_traces(KtStepsWork *work)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < work->receipt->steps->len; i++) {
    char *domain = ((const KtStep *)work->receipt->steps->pdata[i])->domain;
    g_autofree char *traces = domain && g_hash_table_add(seen, domain) ? traces_of(work, domain) : NULL;
    if (traces)
      kt_steps_note(work,
                    _("A rollback brings back where '%s' runs and takes memory from; until it is stopped, its live XML "
                      "goes on showing elements for that, which libvirt cannot take out: %s."),
                    domain, traces);
  }
}

gboolean kt_steps_make(const KtPlan *plan, KtScope scope, const char *domain, KtActuator *actuator, KtReceipt *receipt,
                       GError **error)
{
  g_autoptr(GHashTable) looks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)kt_look_free);
  KtStepsWork work = {
      .plan = plan, .scope = scope, .only = domain, .actuator = actuator, .receipt = receipt, .looks = looks};
  if (!check_plan(&work, error) || !add_all(&work, error) || !number_steps(&work, error) || !ask_guard(&work, error))
    return FALSE;
  if (work.already)
    kt_steps_note(&work, kt_trn("%u value is as planned already.", "%u values are as planned already.", work.already),
                  work.already);
  note_by_hand(&work);
  note_traces(&work);
  return TRUE;
}
