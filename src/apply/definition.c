/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/definition.h"

#include <string.h>

#include "base/error.h"

/* By UUID where both have one: a namesake is another domain. */
static gboolean is_same(const char *name, const char *uuid, const char *other_name, const char *other_uuid)
{
  if (uuid && other_uuid)
    return g_ascii_strcasecmp(uuid, other_uuid) == 0;
  return g_strcmp0(name, other_name) == 0;
}

static gboolean is_of(const KtChange *change, const char *name, const char *uuid)
{
  return change->act == KT_ACT_DOMXML && is_same(change->domain, change->uuid, name, uuid);
}

static gboolean knows(const KtPlan *plan, const char *name, const char *uuid)
{
  for (guint i = 0; i < plan->guests->len; i++) {
    const KtPlanGuest *guest = plan->guests->pdata[i];
    if (is_same(guest->domain, guest->uuid, name, uuid))
      return TRUE;
  }
  return FALSE;
}

static char *quoted(const char *value)
{
  return !value ? g_strdup("absent") : *value ? g_strdup_printf("'%.100s'", value) : g_strdup("there");
}

static gboolean is_as_expected(const KtDomXml *xml, const KtChange *change, const KtEdit *edit, GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autofree char *found = kt_domxml_get(xml, edit->where, &failed);
  if (failed) {
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
  }
  if (g_strcmp0(found, edit->before) == 0)
    return TRUE;
  g_autofree char *is = quoted(found), *expected = quoted(edit->before);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "change '%s': %s is %s, the plan expects it %s%s", change->id,
              edit->where, is, edit->before && *edit->before ? "to be " : "", expected);
  return FALSE;
}

#define MAX_EDITS 5000 /* of one definition: each looks through the document, and each may make it longer */

static gboolean are_few(const KtPlan *plan, const char *name, const char *uuid, GError **error)
{
  guint n = 0;
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    n += is_of(change, name, uuid) ? change->edits->len : 0;
  }
  if (n > MAX_EDITS)
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "the plan changes %u values of the domain '%s'; at most %d are made",
                n, name ? name : "", MAX_EDITS);
  return n <= MAX_EDITS;
}

/* Each in turn, on a copy: a later change may build on an earlier one. */
static gboolean make_changes(KtDomXml *xml, const KtPlan *plan, const char *name, const char *uuid, GError **error)
{
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    for (guint k = 0; is_of(change, name, uuid) && k < change->edits->len; k++) {
      const KtEdit *edit = change->edits->pdata[k];
      if (!is_as_expected(xml, change, edit, error) || !kt_domxml_set(xml, edit->where, edit->after, error))
        return FALSE;
    }
  }
  return TRUE;
}

gboolean kt_apply_is_made(const KtDomXml *xml, const KtPlan *plan)
{
  g_autofree char *name = kt_domxml_get(xml, "name/text()", NULL), *uuid = kt_domxml_get(xml, "uuid/text()", NULL);
  for (guint i = 0; i < plan->changes->len; i++) {
    const KtChange *change = plan->changes->pdata[i];
    for (guint k = 0; is_of(change, name, uuid) && k < change->edits->len; k++) {
      const KtEdit *edit = change->edits->pdata[k];
      g_autofree char *found = kt_domxml_get(xml, edit->where, NULL);
      if (g_strcmp0(found, edit->after) != 0)
        return FALSE;
    }
  }
  return TRUE;
}

gboolean kt_apply_definition(KtDomXml *xml, const KtPlan *plan, GError **error)
{
  g_autofree char *name = kt_domxml_get(xml, "name/text()", NULL), *uuid = kt_domxml_get(xml, "uuid/text()", NULL);
  if (!knows(plan, name, uuid)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "the plan does not know the domain '%s'", name ? name : "");
    return FALSE;
  }
  if (!are_few(plan, name, uuid, error))
    return FALSE;
  if (kt_apply_is_made(xml, plan))
    return TRUE;
  g_autofree char *bytes = kt_domxml_bytes(xml, NULL);
  g_autoptr(KtDomXml) trial = kt_domxml_parse("definition", bytes, strlen(bytes), error);
  return trial && make_changes(trial, plan, name, uuid, error) && make_changes(xml, plan, name, uuid, error);
}

/* The value before each edit, in order: on a copy, since a later one may build on an earlier. */
static gboolean expect_edits(KtDomXml *trial, KtChange *change, GError **error)
{
  for (guint i = 0; i < change->edits->len;) {
    KtEdit *edit = change->edits->pdata[i];
    g_free(edit->before);
    edit->before = kt_domxml_get(trial, edit->where, NULL);
    if (!kt_domxml_set(trial, edit->where, edit->after, error))
      return FALSE;
    if (g_strcmp0(edit->before, edit->after) == 0)
      g_ptr_array_remove_index(change->edits, i);
    else
      i++;
  }
  return TRUE;
}

gboolean kt_apply_expect(KtPlan *plan, const KtDomXml *xml, GError **error)
{
  g_autofree char *name = kt_domxml_get(xml, "name/text()", NULL), *uuid = kt_domxml_get(xml, "uuid/text()", NULL);
  g_autofree char *bytes = kt_domxml_bytes(xml, NULL);
  g_autoptr(KtDomXml) trial = kt_domxml_parse("definition", bytes, strlen(bytes), error);
  if (!trial)
    return FALSE;
  for (guint i = 0; i < plan->changes->len;) {
    KtChange *change = plan->changes->pdata[i];
    gboolean own = is_of(change, name, uuid);
    if (own && !expect_edits(trial, change, error))
      return FALSE;
    if (own && !change->edits->len)
      g_ptr_array_remove_index(plan->changes, i);
    else
      i++;
  }
  return TRUE;
}
