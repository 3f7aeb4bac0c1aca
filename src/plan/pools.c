/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Huge pages: which a guest is on, what pools there are, and whether they are where it is to be. */
#include "base/i18n.h"
#include "base/units.h"
#include "plan/parts.h"

#define HUGE_KIB 2048 /* libvirt lists small pages as well */

gint64 kt_plan_pool_kib(const KtPagePool *pool)
{
  return pool->size_kib >= HUGE_KIB && pool->total > 0 && pool->total <= KT_PLACE_MAX_KIB / pool->size_kib
             ? pool->total * pool->size_kib
             : 0;
}

gboolean kt_plan_knows_pools(const KtNode *node)
{
  for (guint i = 0; i < node->pools->len; i++)
    if (g_array_index(node->pools, KtPagePool, i).size_kib >= HUGE_KIB)
      return TRUE;
  return FALSE;
}

gint64 kt_plan_free_kib(const KtNode *node, gint64 page_kib)
{
  for (guint i = 0; i < node->pools->len; i++) {
    const KtPagePool *pool = &g_array_index(node->pools, KtPagePool, i);
    if (pool->size_kib == page_kib && pool->free.known)
      return CLAMP(pool->free.value, 0, MAX(pool->total, 0)) * page_kib;
  }
  return -1;
}

/* The only size of which the host has pages; 0: none, or several. */
static gint64 only_size(const KtMachine *host)
{
  gint64 size = 0;
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    for (guint k = 0; k < node->pools->len; k++) {
      const KtPagePool *pool = &g_array_index(node->pools, KtPagePool, k);
      if (!kt_plan_pool_kib(pool) || pool->size_kib == size)
        continue;
      if (size)
        return 0;
      size = pool->size_kib;
    }
  }
  return size;
}

gint64 kt_plan_page_kib(const KtDomain *d, const KtMachine *host)
{
  gboolean known = FALSE;
  for (guint i = 0; i < host->nodes->len; i++)
    known |= kt_plan_knows_pools(host->nodes->pdata[i]);
  if (!d->hugepages || !known)
    return 0;
  gint64 page_kib = d->hugepage_kib.known ? d->hugepage_kib.value : only_size(host);
  return page_kib >= HUGE_KIB ? page_kib : 0;
}

/* What the cells want of the node. */
static gint64 needed_on(const KtPlaceAnswer *answer, int node)
{
  gint64 kib = 0;
  for (guint i = 0; i < answer->cells->len; i++) {
    const KtPlaceCell *cell = answer->cells->pdata[i];
    for (guint k = 0; k < cell->memory->len; k++) {
      const KtPlaceMemory *part = &g_array_index(cell->memory, KtPlaceMemory, k);
      kib += (int)part->node_id == node ? part->kib : 0;
    }
  }
  return kib;
}

/* -1: not known. */
static gint64 pool_kib(const KtNode *node, gint64 page_kib, gboolean only_free)
{
  for (guint i = 0; i < node->pools->len; i++) {
    const KtPagePool *pool = &g_array_index(node->pools, KtPagePool, i);
    if (pool->size_kib == page_kib)
      return (only_free && pool->free.known ? pool->free.value : pool->total) * page_kib;
  }
  return -1;
}

void kt_plan_check_pools(const KtMachine *host, const KtPlaceAnswer *answer, const char *name, gint64 page_kib,
                         gboolean only_free, GPtrArray *notes)
{
  g_autofree char *size = kt_units_format_kib((guint64)page_kib);
  for (guint i = 0; i < host->nodes->len; i++) {
    const KtNode *node = host->nodes->pdata[i];
    gint64 kib = needed_on(answer, node->id), have = pool_kib(node, page_kib, only_free);
    g_autofree char *need = kt_units_format_kib((guint64)kib), *there = kt_units_format_kib((guint64)MAX(have, 0));
    if (!kib)
      continue;
    if (have < 0)
      g_ptr_array_add(notes, g_strdup_printf(_("node %d: its pool of %s pages is not known; '%s' needs %s of it"),
                                             node->id, size, name, need));
    else if (have < kib)
      g_ptr_array_add(
          notes,
          g_strdup_printf(only_free ? _("node %d: its pool of %s pages has %s free, '%s' needs %s: enlarge it first")
                                    : _("node %d: its pool of %s pages has %s, '%s' needs %s: enlarge it first"),
                          node->id, size, there, name, need));
  }
}

/* ---- pages that come to be at home ---- */

static gboolean lacks_pages(const KtDiagnosis *diagnosis)
{
  for (guint i = 0; diagnosis && i < diagnosis->findings->len; i++) {
    const KtFinding *finding = diagnosis->findings->pdata[i];
    if (g_str_equal(finding->check->id, "H28") && finding->severity > 1) /* 1: there are too many */
      return TRUE;
  }
  return FALSE;
}

static guint credit(KtPlan *plan, const KtDomain *d)
{
  guint n = 0;
  for (guint i = 0; i < plan->changes->len; i++) {
    KtChange *change = plan->changes->pdata[i];
    if (g_strcmp0(change->domain, d->name) != 0 || g_strcmp0(change->uuid, d->uuid) != 0 ||
        (change->act != KT_ACT_VCPUPIN && !g_str_has_suffix(change->id, "/pins")))
      continue;
    kt_change_add_reason(change, "H28");
    n++;
  }
  return n;
}

void kt_plan_credit_pools(KtPlan *plan, const KtPlanProblem *problem, const KtPlacement *placement,
                          const KtMachine *host, const KtDiagnosis *diagnosis)
{
  guint credited = 0;
  if (!lacks_pages(diagnosis))
    return;
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < problem->subjects->len; i++) {
      const KtDomain *d = g_array_index(problem->subjects, KtPlanSubject, i).domain;
      if (!d->runtime || !d->hugepages)
        continue;
      if (!kt_plan_is_local(placement->guests->pdata[i], host))
        return;
      credited += pass ? credit(plan, d) : 0;
    }
  for (guint i = plan->left->len; credited && i-- > 0;) {
    const KtPlanLeft *left = plan->left->pdata[i];
    if (!left->domain && g_str_equal(left->check, "H28"))
      g_ptr_array_remove_index(plan->left, i);
  }
}
