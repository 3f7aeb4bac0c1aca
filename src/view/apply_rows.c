/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/apply_rows.h"

#include <string.h>

#include "base/i18n.h"
#include "base/set.h"
#include "base/units.h"
#include "plan/build.h"
#include "view/apply_view.h"

#define LISTED 16 /* values of a row that are listed one by one */

static const KtStep *step_at(const GPtrArray *steps, guint i)
{
  return steps->pdata[i];
}

/* Where it comes from, and where it goes to. */
static const char *value_of(const KtStep *step, gboolean target, gboolean back)
{
  if (target)
    return back ? step->before : step->after;
  return !back ? step->before : step->found ? step->found : step->after;
}

static gboolean is_number(const char *text)
{
  guint64 number;
  return text && kt_units_parse_count(text, &number) && number < KT_SET_MAX;
}

/* The number of a thread or of a CPU; NULL: it is about neither. */
static const char *number_in(const KtStep *step)
{
  gsize start = step->kind == KT_STEP_SYSFS ? kt_plan_knob_number(step->where) : 0;
  gboolean thread = step->kind == KT_STEP_VCPUPIN || step->kind == KT_STEP_IOTHREADPIN;
  return start ? step->where + start : thread && is_number(step->where) ? step->where : NULL;
}

static gboolean is_same_place(const KtStep *a, const KtStep *b)
{
  const char *x = number_in(a), *y = number_in(b);
  return x && y && g_str_equal(x + strspn(x, "0123456789"), y + strspn(y, "0123456789"));
}

static gboolean are_alike(const KtStep *a, const KtStep *b, gboolean target, gboolean back)
{
  const char *x = value_of(a, target, back), *y = value_of(b, target, back);
  return g_strcmp0(x, y) == 0 || (is_number(x) && is_number(y));
}

static gboolean is_one_row(const KtStep *a, const KtStep *b, gboolean back)
{
  return a->kind == b->kind && g_strcmp0(a->domain, b->domain) == 0 && is_same_place(a, b) && a->state == b->state &&
         g_strcmp0(a->note, b->note) == 0 && are_alike(a, b, FALSE, back) && are_alike(a, b, TRUE, back);
}

guint kt_apply_row_end(const GPtrArray *steps, guint first, gboolean back)
{
  guint end = first + 1;
  while (end < steps->len && is_one_row(step_at(steps, end - 1), step_at(steps, end), back))
    end++;
  return end;
}

char *kt_apply_row_number(const GPtrArray *steps, guint first, guint end)
{
  guint a = step_at(steps, first)->number, b = step_at(steps, end - 1)->number;
  return a == b ? g_strdup_printf("%u", a) : g_strdup_printf("%u-%u", MIN(a, b), MAX(a, b));
}

static void add_number(KtSet *set, const char *text)
{
  guint64 number = 0;
  kt_units_parse_count(text, &number);
  kt_set_add(set, (guint)number);
}

char *kt_apply_row_what(const GPtrArray *steps, guint first, guint end)
{
  const KtStep *step = step_at(steps, first);
  g_autoptr(KtSet) threads = kt_set_new();
  for (guint i = first; i < end && end > first + 1; i++)
    kt_set_add(threads, (guint)MIN(g_ascii_strtoull(number_in(step_at(steps, i)), NULL, 10), KT_SET_MAX - 1));
  g_autofree char *numbers = kt_set_format(threads);
  const char *number = end > first + 1 ? number_in(step) : NULL;
  g_autofree char *where = number ? g_strdup_printf("%.*s%s%s", (int)(number - step->where), step->where, numbers,
                                                    number + strspn(number, "0123456789"))
                                  : g_strdup(step->where);
  return *where ? g_strdup_printf("%s %s", kt_step_word(step), where) : g_strdup(kt_step_word(step));
}

/* Each another: in the order of the threads, which a rollback goes through from behind. */
static char *list_values(const GPtrArray *steps, guint first, guint end, gboolean target, gboolean back)
{
  g_autoptr(GString) list = g_string_new(NULL);
  g_autoptr(KtSet) set = kt_set_new();
  gboolean ascending = TRUE;
  gint64 last = -1;
  guint n = end - first;
  for (guint i = 0; i < n; i++) {
    const char *text = value_of(step_at(steps, back ? end - 1 - i : first + i), target, back);
    gint64 number = g_ascii_strtoll(text, NULL, 10);
    ascending = ascending && number > last;
    last = number;
    add_number(set, text);
    if (i < LISTED)
      g_string_append_printf(list, "%s%s", i ? ", " : "", text);
  }
  g_autofree char *all = kt_set_format(set);
  if (ascending)
    return g_strdup_printf(_("%s, one each"), all);
  if (n > LISTED)
    g_string_append(list, ", ...");
  return g_string_free(g_steal_pointer(&list), FALSE);
}

static char *say_side(const GPtrArray *steps, guint first, guint end, gboolean target, gboolean back)
{
  const KtStep *step = step_at(steps, first);
  const char *value = value_of(step, target, back);
  for (guint i = first + 1; i < end; i++)
    if (g_strcmp0(value_of(step_at(steps, i), target, back), value) != 0)
      return list_values(steps, first, end, target, back);
  return kt_view_step_value(step, value);
}

char *kt_apply_row_change(const GPtrArray *steps, guint first, guint end, gboolean back, const char *arrow)
{
  if (step_at(steps, first)->kind == KT_STEP_DEFINITION)
    return g_strdup(back ? _("as it was, byte for byte") : _("as planned"));
  g_autofree char *from = say_side(steps, first, end, FALSE, back), *to = say_side(steps, first, end, TRUE, back);
  return g_strdup_printf("%s %s %s", from, arrow, to);
}
