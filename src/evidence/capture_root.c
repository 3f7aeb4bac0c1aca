/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/capture_root.h"

#include <string.h>

#include "evidence/sample.h"

gboolean kt_capture_is_part(KtRoot *root, const char *path)
{
  g_autofree char *name = g_path_get_basename(path);
  static const char *const parts[] = {KT_CAPTURE_UNREADABLE, "cpuid.txt", NULL};
  if (g_strv_contains(parts, name))
    return TRUE;
  if (g_str_has_prefix(name, KT_CAPTURE_MOMENT)) {
    g_autofree char *uptime = g_build_filename(path, "proc/uptime", NULL);
    return kt_root_exists(root, uptime);
  }
  if (!g_str_equal(name, KT_CAPTURE_MANIFEST))
    return FALSE;
  g_autofree char *head = kt_root_read_head(root, path, 64);
  return head && strstr(head, "\"kvmtune_capture\"");
}

void kt_capture_note_unreadable(KtRoot *root)
{
  if (kt_root_is_live(root))
    return;
  g_autofree char *text = kt_root_read_line(root, KT_CAPTURE_UNREADABLE);
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 4096);
  for (guint i = 0; lines[i]; i++) {
    lines[i][strcspn(lines[i], "\t")] = '\0';
    if (lines[i][0] == '/' && !kt_root_exists(root, lines[i]))
      kt_root_add_unreadable(root, lines[i]);
  }
}

/* What is no file: the kernel's log, libvirt. */
static void note_others(KtRootReading *r)
{
  g_autofree char *text = kt_root_read_line(r->root, KT_CAPTURE_UNREADABLE);
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 4096);
  for (guint i = 0; lines[i]; i++) {
    char *tab = strchr(lines[i], '\t');
    if (!tab || lines[i][0] == '/' || !g_utf8_validate(lines[i], -1, NULL))
      continue;
    *tab = '\0';
    kt_machine_set_unreadable(r->m, lines[i], tab + 1);
  }
}

/* The reading's machine and domains alone, borrowed from its snapshot. */
static KtSnapshot *borrow(const KtRootReading *r, guint first_domain)
{
  KtSnapshot *view = kt_snapshot_new();
  g_ptr_array_set_free_func(view->machines, NULL);
  g_ptr_array_set_free_func(view->domains, NULL);
  g_ptr_array_add(view->machines, r->m);
  for (guint i = first_domain; i < r->snapshot->domains->len; i++)
    g_ptr_array_add(view->domains, r->snapshot->domains->pdata[i]);
  return view;
}

/* What the view no longer has or has in addition. */
static void give_back(KtRootReading *r, KtSnapshot *view, guint first_domain)
{
  GPtrArray *domains = r->snapshot->domains;
  for (guint i = domains->len; i > first_domain; i--)
    if (!g_ptr_array_find(view->domains, domains->pdata[i - 1], NULL))
      g_ptr_array_remove_index(domains, i - 1);
  while (view->notes->len)
    g_ptr_array_add(r->snapshot->notes, g_ptr_array_steal_index(view->notes, 0));
}

static GPtrArray *take_samples(KtRoot *root, const KtSnapshot *view)
{
  GPtrArray *samples = g_ptr_array_new_with_free_func((GDestroyNotify)kt_sample_free);
  for (guint i = 1; i <= KT_CAPTURE_MAX_MOMENTS; i++) {
    g_autofree char *name = g_strdup_printf(KT_CAPTURE_MOMENT "%u", i);
    g_autoptr(KtRoot) moment = kt_root_open_below(root, name);
    if (!moment)
      break;
    g_ptr_array_add(samples, kt_sample_take(moment, view));
  }
  return samples;
}

/* Seconds between two samples; 0 or less if they do not tell. */
static double between(const KtSample *first, const KtSample *second)
{
  return kt_sample_uptime(first) >= 0 ? kt_sample_uptime(second) - kt_sample_uptime(first) : -1;
}

void kt_capture_read_moments(KtRootReading *r, guint first_domain)
{
  if (kt_root_is_live(r->root))
    return;
  note_others(r);
  g_autoptr(KtSnapshot) view = borrow(r, first_domain);
  g_autoptr(GPtrArray) samples = take_samples(r->root, view);
  for (guint i = 1; i < samples->len; i++) {
    double seconds = between(samples->pdata[i - 1], samples->pdata[i]);
    if (seconds > 0)
      kt_sample_add_row(samples->pdata[i - 1], samples->pdata[i], seconds, view);
  }
  const KtSample *first = samples->len > 1 ? samples->pdata[0] : NULL;
  double seconds = first ? between(first, samples->pdata[samples->len - 1]) : -1;
  if (seconds > 0)
    kt_sample_totals(first, samples->pdata[samples->len - 1], seconds, view);
  give_back(r, view, first_domain);
}
