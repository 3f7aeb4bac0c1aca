/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/units.h"
#include "checks/guest.h"

/* ---- G11: transparent huge pages against the workload ---- */

#define THP "/sys/kernel/mm/transparent_hugepage/enabled"

static gboolean wants_huge_pages(const KtProcess *p)
{
  if (g_strcmp0(p->comm, "java") != 0)
    return FALSE;
  for (guint i = 0; i < p->args->len; i++)
    if (g_str_equal(p->args->pdata[i], "-XX:+UseTransparentHugePages"))
      return TRUE;
  return FALSE;
}

static gboolean suffers_from_huge_pages(const KtProcess *p)
{
  return p->comm && g_str_has_prefix(p->comm, "redis-server");
}

void kt_check_g11(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  const char *thp = kt_machine_setting(m, THP);
  if (!thp) {
    if (m->processes_seen)
      kt_finding_cannot(f, N_("transparent_hugepage/enabled"));
    return;
  }
  for (guint i = 0; i < m->processes->len; i++) {
    const KtProcess *p = m->processes->pdata[i];
    gboolean bad =
        g_str_equal(thp, "never") ? wants_huge_pages(p) : g_str_equal(thp, "always") && suffers_from_huge_pages(p);
    if (!bad)
      continue;
    kt_finding_fire(f, s, "transparent huge pages are \"%s\", which does not suit %s", thp, p->comm);
    kt_finding_cite_machine(f, m, "settings." THP);
    g_autofree char *path = g_strconcat("processes.", p->comm, NULL);
    kt_finding_cite_machine(f, m, path);
    return;
  }
  if (m->processes_seen)
    kt_finding_fine(f);
  else
    kt_finding_cannot(f, N_("a process list"));
}

/* ---- G14: cgroup limits inside the guest ---- */

#define CGROUP "cgroup."
#define THROTTLED ".nr_throttled"

/* The cgroup's share of its periods in which it was throttled; 100 if the periods are not known. */
static double throttled_pct(const KtMachine *m, const char *name, const KtCounter *throttled)
{
  g_autofree char *group = g_strndup(name, strlen(name) - strlen(THROTTLED));
  g_autofree char *periods_name = g_strconcat(group, ".nr_periods", NULL);
  const KtCounter *periods = kt_machine_counter(m, periods_name);
  return periods && periods->value > 0 ? 100.0 * (double)throttled->value / (double)periods->value : 100;
}

void kt_check_g14(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  const char *worst = NULL;
  const KtCounter *most = NULL;
  gboolean seen = FALSE;
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, m->counters);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    const KtCounter *c = value;
    if (!g_str_has_prefix(key, CGROUP) || !g_str_has_suffix(key, THROTTLED))
      continue;
    seen = TRUE;
    gboolean now = c->per_second.known ? c->per_second.value > 0 : c->value > 0 && throttled_pct(m, key, c) > 1;
    if (now && (!most || c->value > most->value || (c->value == most->value && strcmp(key, worst) < 0))) {
      worst = key;
      most = c;
    }
  }
  if (!most) {
    if (m->cgroups_seen)
      kt_finding_fine(f);
    else
      kt_finding_cannot(f, "cpu.stat of %s", seen ? _("the guest's other cgroups") : _("the guest's cgroups"));
    return;
  }
  g_autofree char *group = g_strndup(worst + strlen(CGROUP), strlen(worst) - strlen(CGROUP) - strlen(THROTTLED));
  g_autofree char *count = kt_units_format_count((guint64)most->value);
  kt_finding_fire(f, s, "cgroup %s is held back by its CPU limit (throttled %s times)", group, count);
  g_autofree char *path = g_strconcat("counters.", worst, NULL);
  kt_finding_cite_machine(f, m, path);
  kt_finding_fill(f, "group", "%s", group);
}
