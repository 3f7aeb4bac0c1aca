/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of one cell of a running domain. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <stdlib.h>

#include "apply/hand.h"
#include "apply/mover.h"
#include "base/error.h"
#include "base/units.h"
#include "evidence/process.h"

#define NEAR 0.01 /* part of the pages that may be elsewhere */

/* What is known of the process that has the memory. */
typedef struct {
  int pid, cell;
  KtDomain *domain;
  GPtrArray *mappings; /* of all cells */
} Memory;

static void memory_clear(Memory *memory)
{
  g_clear_pointer(&memory->domain, kt_domain_free);
  g_clear_pointer(&memory->mappings, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Memory, memory_clear)

static gboolean find(KtHand *hand, const KtStep *step, Memory *memory, GError **error)
{
  guint64 cell;
  g_autoptr(virDomain) domain = kt_hand_running(hand, step, FALSE, error);
  char *xml = domain ? kt_hand_xml(domain, step->domain, 0, error) : NULL;
  if (!xml)
    return FALSE;
  memory->domain = kt_guard_read(xml);
  free(xml);
  if (!kt_units_parse_count(step->where, &cell) || cell > G_MAXINT16) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' is no number of a cell", step->where);
    return FALSE;
  }
  memory->cell = (int)cell;
  memory->pid = kt_hand_process(hand, domain, error);
  if (!memory->pid)
    return FALSE;
  g_autoptr(GError) failed = NULL;
  memory->mappings = kt_guest_memory_read(hand->root, memory->pid, memory->domain, &failed);
  for (guint i = 0; memory->mappings && i < memory->mappings->len; i++)
    if (((const KtGuestMapping *)memory->mappings->pdata[i])->cell == memory->cell)
      return TRUE;
  /* It runs: memory that is not found is not gone. */
  g_set_error(error, KT_ERROR, failed && failed->code != KT_ERROR_NOT_FOUND ? failed->code : KT_ERROR_SYSTEM,
              "domain '%s': %s", step->domain, failed ? failed->message : "it has no such cell");
  return FALSE;
}

static char *read_memory(KtHand *hand, const KtStep *step, GError **error)
{
  g_auto(Memory) memory = {0};
  if (!find(hand, step, &memory, error))
    return NULL;
  g_autoptr(GArray) by_node = kt_memory_of(memory.mappings, memory.cell);
  return kt_memory_format(by_node);
}

/* What move_pages(2) may not do, migrate_pages(2) can: nodes outside of the cpuset that strict keeps. */
static gboolean needs_migrate(KtHand *hand, const Memory *memory, const GArray *wanted)
{
  g_autofree char *status = kt_root_read_linef(hand->root, "proc/%d/status", memory->pid);
  g_autofree char *allowed = kt_process_status(status, "Mems_allowed_list");
  g_autoptr(KtSet) nodes = allowed ? kt_set_parse(allowed, NULL) : NULL;
  gboolean inside = TRUE;
  for (guint i = 0; i < wanted->len; i++)
    inside = inside && nodes && kt_set_has(nodes, (guint)g_array_index(wanted, KtNodeMemory, i).node);
  return !inside && g_strcmp0(memory->domain->numatune_mode, "strict") == 0;
}

static gboolean migrate(KtHand *hand, const KtStep *step, const Memory *memory, const GArray *wanted, GError **error)
{
  guint to = (guint)g_array_index(wanted, KtNodeMemory, 0).node;
  if (memory->domain->cells->len > 1 || wanted->len > 1) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
                "domain '%s' is bound to its nodes (strict), with %s: that changes at its next start only",
                step->domain, memory->domain->cells->len > 1 ? "several cells" : "several nodes to go to");
    return FALSE;
  }
  if (!kt_actuator_call(&hand->base, "migrate_pages(%d, all nodes, %u)", memory->pid, to))
    return TRUE;
  return kt_mover_migrate(hand->root, memory->pid, to, error);
}

static void tell(guint64 done, guint64 all, double per_second, gpointer data)
{
  KtHand *hand = data;
  const KtProgress progress = {.done = done, .all = all, .per_second = per_second};
  if (hand->base.progress)
    hand->base.progress(&progress, hand->base.data);
}

static gboolean move(KtHand *hand, const KtStep *step, const Memory *memory, const GArray *wanted, GError **error)
{
  const KtMover mover = {.root = hand->root,
                         .pid = memory->pid,
                         .mappings = memory->mappings,
                         .cell = memory->cell,
                         .wanted = wanted,
                         .rate_kib = hand->base.rate_kib,
                         .stop = hand->base.stop,
                         .progress = tell,
                         .data = hand};
  KtMoved moved;
  g_autoptr(GError) failed = NULL;
  if (!kt_mover_run(&mover, &moved, &failed)) {
    g_set_error(error, KT_ERROR, failed->code, "domain '%s': %s", step->domain, failed->message);
    return FALSE;
  }
  guint64 left = moved.busy + moved.full + moved.denied + moved.other;
  if (!moved.stopped && (double)left <= NEAR * (double)MAX(moved.all, moved.moved))
    return TRUE;
  g_autofree char *why = kt_moved_why(&moved);
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "memory of domain '%s': %s", step->domain, why ? why : "some stayed");
  return FALSE;
}

static gboolean write_memory(KtHand *hand, const KtStep *step, const char *value, GError **error)
{
  g_auto(Memory) memory = {0};
  g_autoptr(GArray) wanted = kt_memory_parse(value ? value : "", error);
  if (!wanted || !find(hand, step, &memory, error))
    return FALSE;
  for (guint i = wanted->len; i-- > 0;) /* a node that had nothing is no target */
    if (!g_array_index(wanted, KtNodeMemory, i).kib && wanted->len > 1)
      g_array_remove_index(wanted, i);
  const char *stuck = kt_guard_stuck(memory.domain);
  if (stuck) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "the memory of domain '%s' cannot be moved: %s", step->domain,
                stuck);
    return FALSE;
  }
  if (needs_migrate(hand, &memory, wanted))
    return migrate(hand, step, &memory, wanted, error);
  g_autofree char *to = kt_memory_format(wanted);
  if (!kt_actuator_call(&hand->base, "move_pages(%d, cell %d, %s)", memory.pid, memory.cell, to))
    return TRUE;
  return move(hand, step, &memory, wanted, error);
}

static gboolean is_near(const KtStep *step, const char *wanted, const char *found)
{
  g_autoptr(GArray) a = kt_memory_parse(wanted, NULL);
  g_autoptr(GArray) b = kt_memory_parse(found, NULL);
  return a && b && kt_memory_distance(a, b) <= NEAR;
}

const KtHandKind kt_hand_memory = {.read = read_memory, .write = write_memory, .reached = is_near};
#endif
