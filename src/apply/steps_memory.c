/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a running guest's memory lies, and where it may take more from. move_pages(2) is refused for nodes outside
 * of a guest's cpuset, and libvirt has one cpuset for all cells of a guest (docs/lab.md, what moves a guest's
 * memory): so a guest of one cell is widened, moved and narrowed, and one of several waits for its next start. */
#include "apply/mover.h"
#include "apply/steps_parts.h"
#include "base/error.h"
#include "base/i18n.h"
#include "base/set.h"
#include "base/units.h"

static const KtChange *find_nodeset(const KtStepsWork *work, const KtChange *of)
{
  for (guint i = 0; i < work->plan->changes->len; i++) {
    const KtChange *change = work->plan->changes->pdata[i];
    if (change->act == KT_ACT_NODESET && change->edits->len && kt_steps_same_domain(change, of))
      return change;
  }
  return NULL;
}

static gboolean has_memory(const KtStepsWork *work, const KtChange *of)
{
  for (guint i = 0; i < work->plan->changes->len; i++) {
    const KtChange *change = work->plan->changes->pdata[i];
    if (change->act == KT_ACT_MEMORY && change->edits->len && kt_steps_same_domain(change, of))
      return TRUE;
  }
  return FALSE;
}

/* libvirt changes the nodes of a running guest with no numatune or `restrictive` only. */
static gboolean can_change_nodes(const KtLook *look)
{
  return look->cells == 1 && (!look->numatune || g_str_equal(look->numatune, "restrictive"));
}

static KtSet *nodes_of(const GArray *memory)
{
  KtSet *nodes = kt_set_new();
  for (guint i = 0; i < memory->len; i++)
    if (g_array_index(memory, KtNodeMemory, i).kib > 0)
      kt_set_add(nodes, (guint)g_array_index(memory, KtNodeMemory, i).node);
  return nodes;
}

/* Nodes where the memory is to lie. NULL and *error if the plan does not say it. */
static KtSet *read_target(const KtChange *change, const KtEdit *edit, GError **error)
{
  guint64 cell;
  g_autoptr(GArray) memory = edit->after ? kt_memory_parse(edit->after, NULL) : NULL;
  g_autoptr(KtSet) nodes = memory ? nodes_of(memory) : NULL;
  if (nodes && !kt_set_is_empty(nodes) && kt_units_parse_count(edit->where, &cell) && cell <= G_MAXINT16)
    return g_steal_pointer(&nodes);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT,
              "change '%.100s': expected a cell and KiB by node as in '0:1024,3:2048'", change->id);
  return NULL;
}

/* ---- the cpuset ---- */

/* The nodes that the plan wants new memory from; NULL and *error if it is no list. */
static KtSet *read_nodes(const KtChange *change, GError **error)
{
  const KtEdit *edit = change->edits->pdata[0];
  g_autoptr(KtSet) nodes = edit->after ? kt_set_parse(edit->after, NULL) : NULL;
  if (nodes && !kt_set_is_empty(nodes) && !*edit->where && change->edits->len == 1)
    return g_steal_pointer(&nodes);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "change '%.100s': expected one list of nodes", change->id);
  return NULL;
}

/* The tool's own step, in front of a move: old and new nodes together move nothing by themselves. */
static gboolean widen(KtStepsWork *work, const KtChange *change, const KtLook *look, const KtSet *both, GError **error)
{
  g_autofree char *after = kt_set_format(both);
  g_autoptr(KtStep) step = kt_steps_new(change, look, KT_STEP_NODESET, "", after);
  gboolean already;
  g_clear_pointer(&step->change, g_free);
  step->note = g_strdup(_("only while its memory moves"));
  if (!kt_steps_expect(work, step, NULL, &already, error))
    return FALSE;
  kt_steps_take(work, g_steal_pointer(&step));
  return TRUE;
}

/* Behind a move: new memory comes from the nodes that the plan says, or from `wanted`. `both`: what it was widened to;
 * NULL: it was not. */
static gboolean narrow(KtStepsWork *work, const KtChange *memory, const KtLook *look, const KtSet *both,
                       const KtSet *wanted, GError **error)
{
  const KtChange *change = find_nodeset(work, memory);
  g_autoptr(KtSet) nodes = change ? read_nodes(change, error) : kt_set_copy(wanted);
  if (!nodes)
    return FALSE;
  g_autofree char *after = kt_set_format(nodes);
  const char *expected = change ? ((const KtEdit *)change->edits->pdata[0])->before : NULL;
  g_autoptr(KtStep) step = kt_steps_new(change ? change : memory, look, KT_STEP_NODESET, "", after);
  gboolean already;
  if (!kt_steps_expect(work, step, expected, &already, error))
    return FALSE;
  if (both) {
    g_free(step->before);
    step->before = kt_set_format(both);
  } else if (already) {
    return TRUE;
  }
  kt_steps_take(work, g_steal_pointer(&step));
  return TRUE;
}

/* ---- the memory ---- */

typedef struct {
  const KtLook *look;
  KtSet *target;     /* nodes where it is to lie */
  KtSet *both;       /* what the cpuset is widened to; NULL: it is wide enough */
  KtSet *after;      /* what it is then narrowed to, unless the plan says it */
  gboolean at_once;  /* migrate_pages(2) for the whole process */
  const char *stays; /* why it cannot be moved now; NULL: it can */
} Way;

static void way_clear(Way *way)
{
  g_clear_pointer(&way->target, kt_set_free);
  g_clear_pointer(&way->both, kt_set_free);
  g_clear_pointer(&way->after, kt_set_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Way, way_clear)

/* The cpuset has to have the nodes where the memory goes, and those where it lies: it may have to go back. */
static void choose_way(Way *way, const KtStep *step)
{
  const KtLook *look = way->look;
  g_autoptr(KtSet) now = look->memory_nodes ? kt_set_parse(look->memory_nodes, NULL) : NULL;
  g_autoptr(GArray) memory = step->before ? kt_memory_parse(step->before, NULL) : NULL;
  g_autoptr(KtSet) needed = memory ? nodes_of(memory) : kt_set_new();
  kt_set_add_all(needed, way->target);
  if (!now || kt_set_contains(now, needed)) /* nothing bars it */
    return;
  if (can_change_nodes(look)) {
    way->after = kt_set_copy(kt_set_contains(now, way->target) ? now : way->target);
    way->both = g_steal_pointer(&needed);
    kt_set_add_all(way->both, now);
  } else if (kt_set_contains(now, way->target)) { /* as move_pages(2) may do, though not back again */
    return;
  } else if (look->cells == 1 && g_strcmp0(look->numatune, "strict") == 0) {
    way->at_once = kt_set_count(way->target) == 1;
    way->stays =
        way->at_once ? NULL : N_("it is bound to its nodes, and goes to several; it moves with its next start");
  } else {
    way->stays = look->cells > 1 ? N_("libvirt has one set of nodes for all of its cells; it moves with its next start")
                                 : N_("libvirt cannot change its nodes while it runs; it moves with its next start");
  }
}

static gboolean add_move(KtStepsWork *work, const KtChange *change, const Way *way, KtStep *step, GError **error)
{
  gboolean narrowing = can_change_nodes(way->look) && (find_nodeset(work, change) || way->both);
  step->at_once = way->at_once;
  if (way->at_once)
    step->note = g_strdup(_("numatune strict: the whole process at once by migrate_pages(2), its rate is not limited"));
  if (way->both && !widen(work, change, way->look, way->both, error)) {
    kt_step_free(step);
    return FALSE;
  }
  kt_steps_take(work, step);
  return !narrowing || narrow(work, change, way->look, way->both, way->after, error);
}

static void note_stay(KtStepsWork *work, const KtLook *look, const char *why)
{
  kt_steps_note(work, _("The memory of '%s' stays where it is: %s."), look->name, kt_tr(why));
}

static gboolean move_cell(KtStepsWork *work, const KtChange *change, const KtEdit *edit, GError **error)
{
  g_auto(Way) way = {.target = read_target(change, edit, error)};
  gboolean already;
  if (!way.target || !(way.look = kt_steps_look(work, change, TRUE, error)))
    return FALSE;
  if (way.look->stuck) {
    note_stay(work, way.look, way.look->stuck);
    return TRUE;
  }
  g_autoptr(KtStep) step = kt_steps_new(change, way.look, KT_STEP_MEMORY, edit->where, edit->after);
  if (!kt_steps_expect(work, step, edit->before, &already, error))
    return FALSE;
  if (already)
    return !find_nodeset(work, change) || !can_change_nodes(way.look) ||
           narrow(work, change, way.look, NULL, NULL, error);
  choose_way(&way, step);
  if (!way.stays)
    return add_move(work, change, &way, g_steal_pointer(&step), error);
  note_stay(work, way.look, way.stays);
  return TRUE;
}

gboolean kt_steps_memory(KtStepsWork *work, const KtChange *change, GError **error)
{
  for (guint i = 0; i < change->edits->len; i++)
    if (!move_cell(work, change, change->edits->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean kt_steps_nodeset(KtStepsWork *work, const KtChange *change, GError **error)
{
  if (!change->edits->len || has_memory(work, change)) /* made with it */
    return TRUE;
  const KtLook *look = kt_steps_look(work, change, TRUE, error);
  g_autoptr(KtSet) target = look ? read_nodes(change, error) : NULL;
  if (!target)
    return FALSE;
  if (can_change_nodes(look) && !look->stuck)
    return narrow(work, change, look, NULL, target, error);
  kt_steps_note(work, _("Where '%s' takes new memory from stays: libvirt cannot change it while it runs."), look->name);
  return TRUE;
}
