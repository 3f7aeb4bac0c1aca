/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests whose memory cannot move while they run: where they belong from their next start on. */
#include <string.h>

#include "plan/parts.h"

#define NEXT_CHECKS "H20 H40 H45 H48 X07 X08 X11 X12 X13 X16 X18"

static gboolean is_asked(const GPtrArray *diagnoses, const KtPlanSubject *subject)
{
  KtPlanWork work = {.domain = subject->domain};
  for (guint i = 0; i < diagnoses->len; i++)
    if (((const KtDiagnosis *)diagnoses->pdata[i])->subject.domain == subject->domain)
      work.diagnosis = diagnoses->pdata[i];
  return subject->stuck && kt_plan_asks(&work, NEXT_CHECKS);
}

/* It is there already. */
static void settle(KtPlaceGuest *guest, const KtPlaceAnswer *answer)
{
  guest->movable = FALSE;
  guest->started = TRUE;
  guest->now_cpus = kt_set_new();
  guest->now_memory = g_array_new(FALSE, FALSE, sizeof(KtPlaceMemory));
  for (guint i = 0; i < answer->cells->len; i++) {
    const KtPlaceCell *cell = answer->cells->pdata[i];
    kt_set_add_all(guest->now_cpus, cell->cpus);
    for (guint k = 0; k < cell->memory->len; k++)
      kt_place_guest_add_now(guest, g_array_index(cell->memory, KtPlaceMemory, k).node_id,
                             g_array_index(cell->memory, KtPlaceMemory, k).kib);
  }
}

/* All others settle where they are planned to be, and the stuck ones are as good as not started: what they have on a
 * node only decides between places that are as good. */
gboolean kt_plan_place_next(KtPlanProblem *problem, KtPlacement *placement, const GPtrArray *diagnoses, GError **error)
{
  GPtrArray *guests = problem->problem->guests;
  g_autofree KtPlaceGuest *saved = g_new(KtPlaceGuest, guests->len + 1);
  g_autofree gboolean *asked = g_new0(gboolean, guests->len + 1);
  gboolean any = FALSE;
  for (guint i = 0; i < guests->len; i++) {
    const KtPlanSubject *subject = &g_array_index(problem->subjects, KtPlanSubject, i);
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    asked[i] = !answer->why && is_asked(diagnoses, subject);
    any |= asked[i];
  }
  if (!any)
    return TRUE;
  for (guint i = 0; i < guests->len; i++) {
    KtPlaceGuest *guest = guests->pdata[i];
    const KtPlaceAnswer *answer = placement->guests->pdata[i];
    saved[i] = *guest;
    guest->movable = TRUE;
    if (!asked[i] && !answer->why)
      settle(guest, answer);
  }
  g_autoptr(KtPlacement) next = kt_placement_solve(problem->problem, error);
  for (guint i = 0; i < guests->len; i++) {
    KtPlaceGuest *guest = guests->pdata[i];
    if (guest->now_cpus != saved[i].now_cpus) {
      kt_set_free(guest->now_cpus);
      g_array_unref(guest->now_memory);
    }
    *guest = saved[i];
    if (!next || !asked[i])
      continue;
    gpointer before = placement->guests->pdata[i];
    placement->guests->pdata[i] = next->guests->pdata[i];
    next->guests->pdata[i] = before;
  }
  return next != NULL;
}
