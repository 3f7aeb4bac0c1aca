/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/cpu_use.h"

#include <math.h>
#include <string.h>

#include "base/set.h"
#include "base/units.h"

typedef struct {
  double sum;
  guint n;
} Mean;

int kt_cpu_use_field(const char *name)
{
  static const struct {
    const char *name;
    KtCpuField field;
  } names[] = {
      {"user", KT_CPU_USER},  {"usr", KT_CPU_USER},      {"nice", KT_CPU_NICE},   {"system", KT_CPU_SYSTEM},
      {"sys", KT_CPU_SYSTEM}, {"iowait", KT_CPU_IOWAIT}, {"steal", KT_CPU_STEAL}, {"irq", KT_CPU_IRQ},
      {"soft", KT_CPU_SOFT},  {"guest", KT_CPU_GUEST},   {"gnice", KT_CPU_GNICE}, {"idle", KT_CPU_IDLE},
  };
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (g_ascii_strcasecmp(name, names[i].name) == 0)
      return (int)names[i].field;
  return KT_NOT_A_FIELD;
}

guint kt_cpu_use_decimals(const char *word)
{
  const char *mark = strpbrk(word, ".,");
  return mark ? (guint)strlen(mark + 1) : 0;
}

gboolean kt_cpu_use_check(KtReading *r, guint i, const KtNum *pct)
{
  static const KtCpuField all[] = {KT_CPU_USER, KT_CPU_NICE, KT_CPU_SYSTEM, KT_CPU_IOWAIT, KT_CPU_STEAL, KT_CPU_IDLE};
  double sum = 0;
  gboolean whole = TRUE;
  for (guint f = 0; f < KT_CPU_FIELDS; f++) {
    if (pct[f].known && (pct[f].value < 0 || pct[f].value > 100.5)) {
      kt_reading_reject(r, i, "%s of %.2f %% cannot be", kt_cpu_field_names[f], pct[f].value);
      return FALSE;
    }
    sum += pct[f].value;
  }
  for (guint k = 0; k < G_N_ELEMENTS(all); k++)
    whole &= pct[all[k]].known;
  if (sum > 101.5 || (whole && sum > 0 && sum < 98.5)) {
    kt_reading_reject(r, i, "the fields sum up to %.2f %%", sum);
    return FALSE;
  }
  return sum > 0;
}

/* A line that stands twice. */
static gboolean same_row(const KtActivityRow *a, const KtActivityRow *b)
{
  if (!b->time || g_strcmp0(a->time, b->time) != 0)
    return FALSE;
  for (guint f = 0; f < KT_CPU_FIELDS && a->stands_for == 1; f++)
    if (a->pct[f].known != b->pct[f].known || fabs(a->pct[f].value - b->pct[f].value) > 1e-9)
      return FALSE;
  return TRUE;
}

void kt_cpu_use_add(KtReading *r, guint i, const KtActivityRow *row)
{
  KtMachine *m = kt_reading_machine(r);
  KtActivity *activity = kt_machine_activity(m);
  GPtrArray *rows = activity->rows;
  if (rows->len && same_row(rows->pdata[rows->len - 1], row))
    return;
  if (!activity->count)
    kt_machine_cite(m, "activity", kt_reading_cite(r, i));
  kt_activity_add(activity, row);
}

GHashTable *kt_cpu_use_new_busy(void)
{
  return g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

void kt_cpu_use_add_busy(GHashTable *busy, guint cpu, const KtNum *pct)
{
  if (!pct[KT_CPU_IDLE].known)
    return;
  Mean *mean = g_hash_table_lookup(busy, GUINT_TO_POINTER(cpu));
  if (!mean) {
    mean = g_new0(Mean, 1);
    g_hash_table_insert(busy, GUINT_TO_POINTER(cpu), mean);
  }
  mean->sum += MAX(0, 100 - pct[KT_CPU_IDLE].value);
  mean->n++;
}

void kt_cpu_use_set_busy(KtMachine *m, GHashTable *busy)
{
  KtActivity *activity = kt_machine_activity(m);
  if (!activity->per_cpu_busy)
    activity->per_cpu_busy = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  GHashTableIter iter;
  gpointer cpu, value;
  g_hash_table_iter_init(&iter, busy);
  while (g_hash_table_iter_next(&iter, &cpu, &value)) {
    const Mean *mean = value;
    KtNum known = KT_NUM(mean->sum / mean->n);
    g_hash_table_insert(activity->per_cpu_busy, cpu, g_memdup2(&known, sizeof(known)));
  }
  g_hash_table_remove_all(busy);
}
