/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/fresh.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/units.h"
#include "plan/parts.h"

/* ---- the wish ---- */

void kt_fresh_wish_clear(KtFreshWish *wish)
{
  g_clear_pointer(&wish->name, g_free);
}

static gboolean refuse(GError **error, const char *part, const char *expected)
{
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--new: '%.100s': expected %s", part, expected);
  return FALSE;
}

static gboolean is_name(const char *name)
{
  return *name && strlen(name) <= 64 && strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-") == strlen(name);
}

static gboolean parse_size(const char *text, gint64 *kib)
{
  guint64 size;
  const char *end = kt_units_parse_kib(text, 0, &size);
  if (!end || *end || size == 0 || size > KT_PLACE_MAX_KIB)
    return FALSE;
  *kib = (gint64)size;
  return TRUE;
}

static gboolean parse_part(KtFreshWish *wish, const char *part, GError **error)
{
  const char *value = strchr(part, '=');
  if (!value)
    return refuse(error, part, "vcpus=, memory=, name=, os=, policy= or hugepages=");
  g_autofree char *key = g_strndup(part, (gsize)(value - part));
  guint64 n;
  value++;
  if (g_str_equal(key, "vcpus")) {
    if (!kt_units_parse_count(value, &n) || n < 1 || n > KT_PLACE_MAX_VCPUS)
      return refuse(error, part, "a number of vCPUs from 1 to 8192");
    wish->vcpus = (guint)n;
  } else if (g_str_equal(key, "memory")) {
    if (!parse_size(value, &wish->memory_kib) || wish->memory_kib % 1024)
      return refuse(error, part, "a size in whole MiB, as in 64G");
  } else if (g_str_equal(key, "name")) {
    if (!is_name(value))
      return refuse(error, part, "a name of letters, digits, '.', '_' and '-'");
    g_free(wish->name);
    wish->name = g_strdup(value);
  } else if (g_str_equal(key, "os")) {
    if (!g_str_equal(value, "linux") && !g_str_equal(value, "windows"))
      return refuse(error, part, "os=linux or os=windows");
    wish->os = *value == 'w' ? KT_OS_WINDOWS : KT_OS_LINUX;
  } else if (g_str_equal(key, "policy")) {
    if (!g_str_equal(value, "dedicated") && !g_str_equal(value, "shared"))
      return refuse(error, part, "policy=dedicated or policy=shared");
    wish->dedicated = *value == 'd';
  } else if (g_str_equal(key, "hugepages")) {
    if (!parse_size(value, &wish->page_kib) || (wish->page_kib != 2048 && wish->page_kib != 1048576))
      return refuse(error, part, "hugepages=1G or hugepages=2M");
  } else {
    return refuse(error, part, "vcpus=, memory=, name=, os=, policy= or hugepages=");
  }
  return TRUE;
}

gboolean kt_fresh_wish_parse(const char *text, KtFreshWish *wish, GError **error)
{
  g_auto(GStrv) parts = g_strsplit(text, ",", 32);
  *wish = (KtFreshWish){.name = g_strdup("guest"), .os = KT_OS_LINUX};
  for (guint i = 0; parts[i]; i++)
    if (!parse_part(wish, parts[i], error))
      return FALSE;
  if (!wish->vcpus || !wish->memory_kib)
    return refuse(error, text, "vcpus= and memory=");
  if (wish->page_kib && wish->memory_kib % wish->page_kib)
    return refuse(error, text, "memory in whole huge pages");
  return TRUE;
}

/* ---- its place ---- */

void kt_fresh_plan_free(KtFreshPlan *plan)
{
  if (!plan)
    return;
  kt_set_free(plan->emulator);
  g_ptr_array_unref(plan->advice);
  kt_placement_free(plan->placement);
  g_free(plan);
}

static KtDomain *domain_of(const KtFreshWish *wish)
{
  KtDomain *d = kt_domain_new("--new");
  d->name = g_strdup(wish->name);
  d->type = g_strdup("kvm");
  d->vcpus = KT_INT(wish->vcpus);
  d->memory_kib = KT_INT(wish->memory_kib);
  d->os = wish->os;
  d->hugepages = wish->page_kib > 0;
  if (wish->page_kib)
    d->hugepage_kib = KT_INT(wish->page_kib);
  return d;
}

/* CPUs of the largest node. */
static guint largest_node(const KtMachine *host, const KtSet *closed)
{
  guint cpus = 0;
  for (guint i = 0; i < host->nodes->len; i++)
    cpus = MAX(cpus, kt_plan_open_cpus(host->nodes->pdata[i], closed));
  return cpus;
}

static guint all_cpus(const KtMachine *host, const KtSet *closed)
{
  guint cpus = 0;
  for (guint i = 0; i < host->nodes->len; i++)
    cpus += kt_plan_open_cpus(host->nodes->pdata[i], closed);
  return cpus;
}

static void advise(KtFreshPlan *plan, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void advise(KtFreshPlan *plan, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_ptr_array_add(plan->advice, g_strdup_vprintf(format, arguments));
  va_end(arguments);
}

/* Fewer vCPUs that fit a node, or that divide. */
static void advise_size(KtFreshPlan *plan, const KtFreshWish *wish, const KtSet *closed)
{
  guint node = largest_node(plan->host, closed), cells = plan->answer->cells->len;
  guint needed = node ? (wish->vcpus + node - 1) / node : 1;
  if (wish->vcpus > node && wish->vcpus - node <= node / 4)
    advise(plan,
           _("%u vCPUs instead of %u would fit one node of the host, which has %u CPUs: no memory of the guest "
             "would be far, and it would need no NUMA nodes of its own."),
           node, wish->vcpus, node);
  else if (cells < needed)
    advise(plan, _("%u vCPUs do not divide into equal cells for nodes of %u CPUs; %u or %u would."), wish->vcpus, node,
           wish->vcpus - wish->vcpus % needed, wish->vcpus - wish->vcpus % needed + needed);
  else if (wish->vcpus / cells > 1 && wish->vcpus / cells % 2)
    advise(plan, _("%u vCPUs a cell are odd: %u or %u vCPUs in all could own whole cores with their two threads."),
           wish->vcpus / cells, cells * (wish->vcpus / cells - 1), cells * (wish->vcpus / cells + 1));
}

/* More vCPUs in a cell than CPUs where it has to run. */
static void advise_crowd(KtFreshPlan *plan)
{
  guint least = G_MAXUINT, cells = plan->answer->cells->len;
  for (guint i = 0; i < cells; i++)
    least = MIN(least, kt_set_count(((const KtPlaceCell *)plan->answer->cells->pdata[i])->cpus));
  for (guint i = 0; i < cells; i++) {
    const KtPlaceCell *cell = plan->answer->cells->pdata[i];
    if (kt_set_count(cell->cpus) >= cell->vcpus)
      continue;
    advise(plan,
           _("cell %u has %u vCPUs on the %u CPUs that other guests leave of its node; %u vCPUs in all would fit."), i,
           cell->vcpus, kt_set_count(cell->cpus), cells * least);
    return;
  }
}

static gboolean check_wish(const KtSnapshot *snapshot, const KtFreshWish *wish, const KtSet *closed, GError **error)
{
  const KtMachine *host = kt_snapshot_host(snapshot);
  if (kt_snapshot_domain(snapshot, wish->name))
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
                "--new: there is a domain '%s' already; give another name=", wish->name);
  else if (host && all_cpus(host, NULL) && wish->vcpus > all_cpus(host, closed))
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
                closed ? "--new: %u vCPUs, and nova.conf gives %u CPUs to such guests"
                       : "--new: %u vCPUs on a host of %u CPUs",
                wish->vcpus, all_cpus(host, closed));
  else
    return TRUE;
  return FALSE;
}

/* Cells that would share nodes are as well one a node, where their vCPUs have room. */
static gboolean merge_cells(KtPlaceProblem *problem, const KtMachine *host, KtPlacement **placement, GError **error)
{
  const KtPlaceAnswer *answer = (*placement)->guests->pdata[(*placement)->guests->len - 1];
  KtPlaceGuest *guest = problem->guests->pdata[problem->guests->len - 1];
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint i = 0; i < answer->cells->len; i++) {
    g_autoptr(KtSet) own = kt_plan_cell_nodes(answer->cells->pdata[i]);
    kt_set_add_all(nodes, own);
  }
  guint n = kt_set_count(nodes);
  if (!n || n >= answer->cells->len || guest->vcpus % n || guest->vcpus / n > largest_node(host, problem->closed_cpus))
    return TRUE;
  guest->cells = n;
  KtPlacement *merged = kt_placement_solve(problem, error);
  if (!merged)
    return FALSE;
  kt_placement_free(*placement);
  *placement = merged;
  return TRUE;
}

static void finish(KtFreshPlan *plan, const KtFreshWish *wish, const KtSet *closed)
{
  g_autoptr(KtSet) owned = kt_set_copy(closed);
  for (guint i = 0; i < plan->placement->guests->len; i++) {
    const KtPlaceAnswer *answer = plan->placement->guests->pdata[i];
    for (guint k = 0; k < answer->cells->len; k++) {
      const KtPlaceCell *cell = answer->cells->pdata[k];
      if (cell->pins)
        kt_set_add_all(owned, cell->cpus);
    }
  }
  const KtPlanWork work = {.domain = plan->domain, .host = plan->host, .answer = plan->answer, .owned = owned};
  plan->emulator = kt_plan_emulator_cpus(&work);
  advise_size(plan, wish, closed);
  advise_crowd(plan);
  char *nested = kt_plan_say_nested(plan->host);
  if (nested)
    g_ptr_array_add(plan->advice, nested);
  if (wish->page_kib)
    kt_plan_check_pools(plan->host, plan->answer, wish->name, wish->page_kib, TRUE, plan->advice);
}

KtFreshPlan *kt_fresh_plan(KtSnapshot *snapshot, const KtFreshWish *wish, const KtPlanOptions *options, GError **error)
{
  if (!check_wish(snapshot, wish, options->closed, error))
    return NULL;
  const char *const only[] = {wish->name, NULL};
  KtPlanOptions own = *options;
  own.policy = wish->dedicated ? KT_PLAN_DEDICATED : KT_PLAN_SHARED;
  own.only = only;
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  KtDomain *domain = domain_of(wish);
  g_ptr_array_add(snapshot->domains, domain);
  g_autoptr(KtPlanProblem) problem = kt_plan_problem(snapshot, NULL, &own, notes, error);
  g_autoptr(KtPlacement) placement = problem ? kt_placement_solve(problem->problem, error) : NULL;
  if (!placement)
    return NULL;
  if (!merge_cells(problem->problem, kt_snapshot_host(snapshot), &placement, error))
    return NULL;
  const KtPlaceAnswer *answer = placement->guests->pdata[placement->guests->len - 1];
  if (answer->why) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--new: the guest finds no place: %s", answer->why);
    return NULL;
  }
  g_autoptr(KtFreshPlan) plan = g_new0(KtFreshPlan, 1);
  plan->host = kt_snapshot_host(snapshot);
  plan->domain = domain;
  plan->advice = g_ptr_array_new_with_free_func(g_free);
  plan->answer = answer;
  plan->placement = g_steal_pointer(&placement);
  if (!kt_target_find(domain, plan->host, answer, &plan->target)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--new: %u vCPUs do not divide by the %u cells that they need",
                wish->vcpus, answer->cells->len);
    return NULL;
  }
  finish(plan, wish, problem->problem->closed_cpus);
  return g_steal_pointer(&plan);
}
