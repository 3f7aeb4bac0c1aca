/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/root_machine.h"

#include "base/error.h"
#include "evidence/capture_root.h"
#include "evidence/evidence.h"

static gboolean is_machine(KtRoot *root)
{
  return kt_root_exists(root, "sys/devices/system") || kt_root_exists(root, "proc/cpuinfo") ||
         kt_root_exists(root, "proc/stat");
}

gboolean kt_root_read_machine(KtRoot *root, KtSnapshot *snapshot, gboolean deep)
{
  if (!is_machine(root))
    return FALSE;
  kt_capture_note_unreadable(root);
  guint domains = snapshot->domains->len;
  KtRootReading r = {.root = root, .m = kt_machine_new(), .snapshot = snapshot, .deep = deep};
  g_ptr_array_add(snapshot->machines, r.m);
  kt_machine_add_source(r.m, kt_root_is_live(root) ? "live" : kt_root_name(root));
  r.m->live = kt_root_is_live(root);
  kt_root_read_cpus(&r);
  kt_root_read_caches(&r);
  kt_root_read_nodes(&r);
  kt_root_read_settings(&r);
  kt_root_read_proc(&r);
  kt_root_read_devices(&r);
  kt_root_read_interrupts(&r);
  kt_root_read_cgroups(&r);
  kt_root_read_role(&r, kt_root_read_processes(&r));
  kt_capture_read_moments(&r, domains);
  return TRUE;
}

void kt_root_read_domains(KtRoot *root, KtMachine *known, const char *only, KtSnapshot *snapshot)
{
  KtRootReading r = {.root = root, .m = known, .snapshot = snapshot, .only_qemu = TRUE, .only = only};
  kt_root_read_processes(&r);
}

guint kt_root_read_machines(KtRoot *root, KtSnapshot *snapshot)
{
  if (kt_root_read_machine(root, snapshot, TRUE))
    return 1;
  guint found = 0;
  g_auto(GStrv) names = kt_root_list(root, "");
  for (guint i = 0; names && names[i]; i++) {
    g_autoptr(KtRoot) below = kt_root_open_below(root, names[i]);
    found += below && kt_root_read_machine(below, snapshot, TRUE);
  }
  return found;
}

KtSnapshot *kt_evidence_read_root(const char *directory, GError **error)
{
  g_autoptr(KtRoot) root = kt_root_open(directory, error);
  if (!root)
    return NULL;
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  if (!kt_root_read_machines(root, snapshot)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no sys/ or proc/ of a machine in '%s'", directory);
    return NULL;
  }
  return g_steal_pointer(&snapshot);
}
