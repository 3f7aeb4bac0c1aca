/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/plan_words.h"

#include <string.h>

#include "base/i18n.h"
#include "plan/build.h"
#include "view/words.h"

#define MAX_TENANTS 8
#define MAX_EDIT_LINES 40

/* ---- headline ---- */

static guint count_guests(const KtPlan *plan)
{
  guint n = 0;
  for (guint i = 0; i < plan->guests->len; i++) {
    const KtPlanGuest *guest = plan->guests->pdata[i];
    for (guint k = 0; k < plan->changes->len; k++) {
      const KtChange *change = plan->changes->pdata[k];
      if (g_strcmp0(change->domain, guest->domain) == 0 && g_strcmp0(change->uuid, guest->uuid) == 0) {
        n++;
        break;
      }
    }
  }
  return n;
}

char *kt_plan_say_head(const KtPlan *plan)
{
  guint all = plan->changes->len, own = 0, guests = plan->guests->len;
  const char *host = plan->host ? plan->host : _("this host");
  for (guint i = 0; i < all; i++)
    own += ((const KtChange *)plan->changes->pdata[i])->domain == NULL;
  if (!all)
    return g_strdup_printf(kt_trn("%s: nothing to change (%u guest).", "%s: nothing to change (%u guests).", guests),
                           host, guests);
  g_autofree char *first = g_strdup_printf(kt_trn("%u change", "%u changes", all), all);
  if (own == all)
    return g_strdup_printf(_("%s: %s, of the host itself."), host, first);
  g_autofree char *last = own ? g_strdup_printf(_(", %u of the host itself"), own) : g_strdup("");
  return g_strdup_printf(_("%s: %s for %u of %u guests%s."), host, first, count_guests(plan), guests, last);
}

/* ---- before and after ---- */

char *kt_plan_say_both(const char *before, const char *after)
{
  if (!after || g_strcmp0(before, after) == 0)
    return g_strdup(before ? before : "");
  return before ? g_strdup_printf("%s → %s", before, after) : g_strdup_printf("→ %s", after);
}

char *kt_plan_say_topology(const KtGuestShape *shape)
{
  if (shape->sockets < 0 || shape->cores < 0 || shape->threads < 0)
    return NULL;
  return g_strdup_printf("%d x %d x %d", shape->sockets, shape->cores, shape->threads);
}

char *kt_plan_say_count(int before, int after)
{
  g_autofree char *old = before >= 0 ? g_strdup_printf("%d", before) : NULL;
  g_autofree char *new = after >= 0 ? g_strdup_printf("%d", after) : NULL;
  return kt_plan_say_both(old, new);
}

char *kt_plan_say_locality(const KtPlanGuest *guest)
{
  if (guest->local_before_pct < 0 && guest->local_after_pct < 0)
    return NULL;
  g_autofree char *old = guest->local_before_pct >= 0 ? g_strdup_printf("%.0f", guest->local_before_pct) : NULL;
  g_autofree char *new = guest->local_after_pct >= 0 ? g_strdup_printf("%.0f", guest->local_after_pct) : NULL;
  return kt_plan_say_both(old, new);
}

char *kt_plan_say_tenants(const KtPlan *plan, int node, gboolean after)
{
  GString *out = g_string_new(NULL);
  guint more = 0, shown = 0;
  for (guint i = 0; i < plan->guests->len; i++) {
    const KtPlanGuest *guest = plan->guests->pdata[i];
    const char *list = after && guest->nodes_after ? guest->nodes_after : guest->nodes_before;
    g_autoptr(KtSet) nodes = list ? kt_set_parse(list, NULL) : NULL;
    if (!kt_set_has(nodes, (guint)node))
      continue;
    if (shown == MAX_TENANTS) {
      more++;
      continue;
    }
    guint parts = kt_set_count(nodes);
    g_string_append_printf(out, "%s%s", shown++ ? ", " : "", guest->domain);
    if (parts > 1)
      g_string_append_printf(out, " 1/%u", parts);
  }
  if (more)
    g_string_append_printf(out, _(" and %u more"), more);
  return g_string_free(out, FALSE);
}

gboolean kt_plan_has_devices(const KtPlan *plan)
{
  for (guint i = 0; i < plan->guests->len; i++)
    if (((const KtPlanGuest *)plan->guests->pdata[i])->devices)
      return TRUE;
  return FALSE;
}

char *kt_plan_say_devices_near(const KtPlan *plan, int node)
{
  GString *out = g_string_new(NULL);
  g_autofree char *near = g_strdup_printf("@%d", node);
  guint n = 0;
  for (guint i = 0; i < plan->guests->len; i++) {
    const KtPlanGuest *guest = plan->guests->pdata[i];
    g_auto(GStrv) devices = g_strsplit(guest->devices ? guest->devices : "", " ", 256);
    for (guint k = 0; devices[k]; k++) {
      if (!g_str_has_suffix(devices[k], near) || n++ >= MAX_TENANTS)
        continue;
      devices[k][strlen(devices[k]) - strlen(near)] = '\0';
      g_string_append_printf(out, "%s%s (%s)", out->len ? ", " : "", devices[k], guest->domain);
    }
  }
  if (n > MAX_TENANTS)
    g_string_append_printf(out, _(" and %u more"), n - MAX_TENANTS);
  return g_string_free(out, FALSE);
}

/* ---- edits ---- */

/* Where the number in the last [@name='N'] (or in a plain number) starts, and its length; 0: none. */
static gsize find_number(const char *where, gsize *start)
{
  const char *mark = strrchr(where, '[');
  const char *quote = mark ? strchr(mark, '\'') : NULL;
  const char *p = quote ? quote + 1 : mark ? mark + 1 : where + kt_plan_knob_number(where);
  gsize length = strspn(p, "0123456789");
  *start = (gsize)(p - where);
  return p != where && !mark ? length : (quote && p[length] == '\'') || (!quote && p[length] == '\0') ? length : 0;
}

/* The same place of elements that only their number tells apart. */
static gboolean is_alike(const char *a, const char *b)
{
  gsize a_start, b_start, a_length = find_number(a, &a_start), b_length = find_number(b, &b_start);
  return a_length && b_length && a_start == b_start && strncmp(a, b, a_start) == 0 &&
         strcmp(a + a_start + a_length, b + b_start + b_length) == 0;
}

static const char *say_value(const char *value)
{
  return !value ? "-" : *value ? value : _("there");
}

static char *join_values(const KtChange *change, guint first, guint end, gboolean after)
{
  GString *out = g_string_new(NULL);
  const char *last = NULL;
  gboolean same = TRUE;
  for (guint i = first; i < end; i++) {
    const KtEdit *edit = change->edits->pdata[i];
    const char *value = say_value(after ? edit->after : edit->before);
    same = same && (!last || g_str_equal(last, value));
    last = value;
    g_string_append_printf(out, "%s%s", i > first ? " " : "", value);
  }
  return same ? (g_string_free(out, TRUE), g_strdup(last)) : g_string_free(out, FALSE);
}

/* Numbered elements with one value each, or one for all of them: as one line; they end where a shared value does. */
static guint rows_end(const KtChange *change, guint first)
{
  guint end = first + 1;
  const KtEdit *start = change->edits->pdata[first];
  gboolean shared = FALSE;
  for (; end < change->edits->len; end++) {
    const KtEdit *edit = change->edits->pdata[end], *last = change->edits->pdata[end - 1];
    gboolean same = g_strcmp0(edit->after, last->after) == 0;
    gboolean list = strstr(start->where, "/sibling[") != NULL; /* distances belong together */
    if (!is_alike(start->where, edit->where))
      break;
    if (list)
      continue;
    if ((shared && !same) || (!shared && same && end > first + 1))
      break;
    shared = same;
  }
  return end;
}

static char *say_rows(const KtChange *change, guint first, guint end)
{
  const KtEdit *edit = change->edits->pdata[first];
  gsize start, length = find_number(edit->where, &start);
  g_autoptr(KtSet) numbers = kt_set_new();
  for (guint i = first; i < end; i++) {
    const char *where = ((const KtEdit *)change->edits->pdata[i])->where;
    kt_set_add(numbers, (guint)MIN(g_ascii_strtoull(where + start, NULL, 10), KT_SET_MAX));
  }
  g_autofree char *list = kt_set_format(numbers);
  g_autofree char *old = join_values(change, first, end, FALSE), *new = join_values(change, first, end, TRUE);
  return g_strdup_printf("%.*s%s%s: %s → %s", (int)start, edit->where, list, edit->where + start + length, old, new);
}

/* Up to "/@": the element whose attributes follow each other. */
static gsize element_length(const char *where)
{
  const char *mark = strstr(where, "/@");
  return mark ? (gsize)(mark - where) : 0;
}

static char *say_element(const KtChange *change, guint first, guint end)
{
  const char *element = ((const KtEdit *)change->edits->pdata[first])->where;
  gsize length = element_length(element);
  GString *out = g_string_new_len(element, (gssize)length);
  for (guint i = first; i < end; i++) {
    const KtEdit *edit = change->edits->pdata[i];
    g_string_append_printf(out, "%s %s %s → %s", i > first ? "," : ":", edit->where + length + 2,
                           say_value(edit->before), say_value(edit->after));
  }
  return g_string_free(out, FALSE);
}

static guint element_end(const KtChange *change, guint first)
{
  const char *element = ((const KtEdit *)change->edits->pdata[first])->where;
  gsize length = element_length(element);
  guint end = first + 1;
  for (; length && end < change->edits->len; end++) {
    const char *where = ((const KtEdit *)change->edits->pdata[end])->where;
    if (element_length(where) != length || strncmp(where, element, length) != 0)
      break;
  }
  return end;
}

static char *say_edit(const KtEdit *edit)
{
  const char *joint = *edit->where ? ": " : "";
  return g_strdup_printf("%s%s%s → %s", edit->where, joint, say_value(edit->before), say_value(edit->after));
}

GPtrArray *kt_plan_say_edits(const KtChange *change)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < change->edits->len;) {
    if (lines->len == MAX_EDIT_LINES) {
      g_ptr_array_add(lines, g_strdup_printf(_("and %u more (--json shows all)"), change->edits->len - i));
      break;
    }
    guint rows = rows_end(change, i), element = element_end(change, i);
    if (rows > i + 1)
      g_ptr_array_add(lines, say_rows(change, i, rows));
    else if (element > i + 1)
      g_ptr_array_add(lines, say_element(change, i, element));
    else
      g_ptr_array_add(lines, say_edit(change->edits->pdata[i]));
    i = MAX(rows, element);
  }
  return lines;
}

/* ---- the rest of a change ---- */

char *kt_plan_say_effects(const KtChange *change)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < change->effects->len; i++) {
    const KtEffect *effect = change->effects->pdata[i];
    if (effect->before && g_strcmp0(effect->before, effect->after) == 0)
      continue;
    g_string_append_printf(out, "%s%s %s%s%s", out->len ? ", " : "", effect->counter,
                           effect->before ? effect->before : "", effect->before ? " → " : "",
                           effect->after ? effect->after : "-");
  }
  return g_string_free(out, out->len == 0);
}

char *kt_plan_say_reasons(const KtChange *change)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < change->reasons->len; i++)
    g_string_append_printf(out, "%s%s", i ? " " : "", (const char *)change->reasons->pdata[i]);
  return g_string_free(out, out->len == 0);
}

char *kt_plan_say_risk(guint risk)
{
  g_autofree char *codes = kt_risk_format(risk);
  return kt_view_risk(codes);
}

/* ---- groups ---- */

guint kt_plan_group_end(const KtPlan *plan, guint first)
{
  const KtChange *start = plan->changes->pdata[first];
  guint end = first + 1;
  for (; end < plan->changes->len; end++) {
    const KtChange *change = plan->changes->pdata[end];
    gboolean live = start->act < KT_ACT_DOMXML && change->act < KT_ACT_DOMXML;
    if (g_strcmp0(change->domain, start->domain) != 0 || g_strcmp0(change->uuid, start->uuid) != 0 ||
        !(live || change->act == start->act))
      break;
  }
  return end;
}

const char *kt_plan_say_act(const KtChange *change)
{
  switch (change->act) {
  case KT_ACT_SYSCTL:
  case KT_ACT_SYSFS:
    return _("kernel settings");
  case KT_ACT_DOMXML:
    return _("definition, from the next start on");
  case KT_ACT_NOVA:
    return _("through Nova");
  case KT_ACT_PROXMOX:
    return _("through Proxmox (qm set)");
  case KT_ACT_PERSON:
    return _("by hand");
  default:
    return _("while it runs");
  }
}

guint kt_plan_group_risk(const KtPlan *plan, guint first, guint end)
{
  guint risk = 0;
  for (guint i = first; i < end; i++)
    risk |= ((const KtChange *)plan->changes->pdata[i])->risk;
  return risk;
}

char *kt_plan_group_undo(const KtPlan *plan, guint first, guint end)
{
  GString *out = g_string_new(NULL);
  for (guint i = first; i < end; i++) {
    const KtChange *change = plan->changes->pdata[i];
    gboolean said = !change->undo;
    for (guint k = first; k < i && !said; k++)
      said = g_strcmp0(change->undo, ((const KtChange *)plan->changes->pdata[k])->undo) == 0;
    if (!said)
      g_string_append_printf(out, "%s%s", out->len ? "; " : "", change->undo);
  }
  return g_string_free(out, out->len == 0);
}

const char *kt_plan_whose(const KtChange *change)
{
  return change->domain ? change->domain : _("host");
}

/* ---- what is left ---- */

static void left_group_free(gpointer data)
{
  g_free(((KtPlanLeftGroup *)data)->who);
  g_free(data);
}

static void append_who(KtPlanLeftGroup *group, const char *joint, const char *text)
{
  char *old = group->who;
  group->who = old ? g_strconcat(old, joint, text, NULL) : g_strdup(text);
  g_free(old);
}

GPtrArray *kt_plan_group_left(const KtPlan *plan)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func(left_group_free);
  g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < plan->left->len; i++) {
    const KtPlanLeft *left = plan->left->pdata[i];
    g_autofree char *key = g_strdup_printf("%s %s", left->check, left->title);
    KtPlanLeftGroup *group = g_hash_table_lookup(known, key);
    if (!group) {
      group = g_new0(KtPlanLeftGroup, 1);
      *group = (KtPlanLeftGroup){.check = left->check, .title = left->title};
      g_ptr_array_add(groups, group);
      g_hash_table_insert(known, g_steal_pointer(&key), group);
    }
    if (++group->n <= MAX_TENANTS)
      append_who(group, ", ", left->domain ? left->domain : _("host"));
    group->remedy = group->n == 1 ? left->remedy : NULL;
  }
  for (guint i = 0; i < groups->len; i++) {
    KtPlanLeftGroup *group = groups->pdata[i];
    g_autofree char *more = g_strdup_printf(_(" and %u more"), group->n - MIN(group->n, MAX_TENANTS));
    if (group->n > MAX_TENANTS)
      append_who(group, "", more);
  }
  return groups;
}
