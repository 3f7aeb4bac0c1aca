/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An answer in words. */
#include "placement/placement.h"

static const char *plural(gint64 n)
{
  return n == 1 ? "" : "s";
}

static void say_guests(GString *out, const KtPlaceProblem *problem, const KtPlacement *placement)
{
  guint stay = 0, come = 0, change = 0;
  for (guint k = 0; k < placement->guests->len; k++) {
    const KtPlaceAnswer *answer = placement->guests->pdata[k];
    const KtPlaceGuest *guest = problem->guests->pdata[k];
    if (answer->why)
      g_string_append_printf(out, "%s has no place: %s. ", guest->name, answer->why);
    else if (answer->stays)
      stay++;
    else if (guest->started)
      change++;
    else
      come++;
  }
  g_string_append_printf(out, "%u guest%s stay%s as now, %u change%s, %u start%s. ", stay, plural(stay),
                         stay == 1 ? "s" : "", change, change == 1 ? "s" : "", come, come == 1 ? "s" : "");
}

static gboolean has_memory_on(const KtPlaceAnswer *answer, guint node_id)
{
  for (guint c = 0; c < answer->cells->len; c++) {
    const KtPlaceCell *cell = answer->cells->pdata[c];
    for (guint k = 0; k < cell->memory->len; k++)
      if (g_array_index(cell->memory, KtPlaceMemory, k).node_id == node_id)
        return TRUE;
  }
  return FALSE;
}

static void say_devices(GString *out, const KtPlaceProblem *problem, const KtPlacement *placement)
{
  guint near = 0, far = 0;
  for (guint g = 0; g < problem->guests->len; g++) {
    const KtPlaceGuest *guest = problem->guests->pdata[g];
    const KtPlaceAnswer *answer = placement->guests->pdata[g];
    for (guint k = 0; k < guest->devices->len && !answer->why; k++) {
      const KtPlaceDevice *device = &g_array_index(guest->devices, KtPlaceDevice, k);
      gboolean here = has_memory_on(answer, device->node_id);
      near += device->owned && here;
      far += device->owned && !here;
    }
  }
  if (near + far)
    g_string_append_printf(out, "%u of %u passed-through device%s %s on a node of its guest. ", near, near + far,
                           plural(near + far), near == 1 ? "is" : "are");
}

static void say_cost(GString *out, const KtPlaceCost *cost)
{
  if (cost->contention > 0)
    g_string_append_printf(out, "Demand exceeds the nodes by %.2f cores. ", cost->contention);
  else
    g_string_append(out, "No node has more demand than it is worth. ");
  if (cost->l3)
    g_string_append_printf(out, "Dedicated cells cross %u L3 group%s more than they have to. ", cost->l3,
                           plural(cost->l3));
  if (cost->remote > 0)
    g_string_append_printf(out, "Distance costs as much as %.2f %% of all memory at distance 20. ", cost->remote * 100);
  else
    g_string_append(out, "All memory is local. ");
  if (cost->fragmentation)
    g_string_append_printf(out, "Guests lie on %u node%s more than they have cells. ", cost->fragmentation,
                           plural(cost->fragmentation));
  if (cost->move_kib)
    g_string_append_printf(out, "%.2f GiB have to be moved. ", (double)cost->move_kib / (1 << 20));
}

static void say_bound(GString *out, const KtPlacement *placement)
{
  const KtPlaceCost *cost = &placement->cost, *bound = &placement->bound;
  if (cost->total <= 0)
    g_string_append(out, "Nothing can be better: the cost is 0.");
  else if (placement->optimal)
    g_string_append_printf(out, "Nothing can be better: the cost of %.6g is the lower bound.", cost->total);
  else if (bound->total > 0 && cost->total < 10 * bound->total)
    g_string_append_printf(out,
                           "The cost of %.6g is at most %.2f %% above the least possible: no placement is below %.6g.",
                           cost->total, (cost->total / bound->total - 1) * 100, bound->total);
  else
    g_string_append_printf(out,
                           "The cost is %.6g; how much less is possible was not found in %" G_GUINT64_FORMAT
                           " steps, only that nothing is below %.6g.",
                           cost->total, placement->steps, MAX(bound->total, 0));
  if (bound->contention > 0)
    g_string_append_printf(out, " %.2f cores of demand have no core whatever is done.", bound->contention);
}

char *kt_placement_explain(const KtPlaceProblem *problem, const KtPlacement *placement)
{
  GString *out = g_string_new(NULL);
  say_guests(out, problem, placement);
  say_cost(out, &placement->cost);
  say_devices(out, problem, placement);
  say_bound(out, placement);
  return g_string_free(out, FALSE);
}
