/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/capture.h"

#include <string.h>

#include "base/error.h"
#include "base/units.h"
#include "evidence/capture_manifest.h"
#include "evidence/capture_root.h"
#include "evidence/libvirt_live.h"
#include "evidence/live.h"
#include "evidence/sample.h"
#include "evidence/scrub.h"

typedef struct {
  const KtCaptureOptions *options;
  KtRoot *root; /* what is looked at */
  KtRoot *tree; /* what is taken */
  KtSnapshot *snapshot;
  GString *unreadable; /* text of that file */
  guint moments;
  char *libvirt; /* why libvirt tells nothing, or NULL */
} Capture;

static void note_unreadable(Capture *c, const char *what, const char *why)
{
  g_string_append_printf(c->unreadable, "%s\t%s\n", what, why);
}

/* ---- processes ---- */

static gboolean has(KtRoot *tree, const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename(directory, name, NULL);
  return kt_root_exists(tree, path);
}

/* Processes that no check looks at were read only to learn what they are. Of them
 * stays the name of the first, which tells that other users' processes are seen. */
static void drop_processes(Capture *c)
{
  g_auto(GStrv) names = kt_root_list(c->tree, "proc");
  gboolean init = kt_root_exists(c->tree, "proc/1"), first = TRUE;
  for (guint i = 0; names && names[i]; i++) {
    guint64 pid;
    g_autofree char *directory = g_build_filename("proc", names[i], NULL);
    if (!kt_units_parse_count(names[i], &pid)) {
      g_auto(GStrv) below = kt_root_list(c->tree, directory);
      if (below && !below[0])
        kt_root_remove(c->tree, directory);
      continue;
    }
    g_autofree char *comm = kt_root_read_linef(c->tree, "%s/comm", directory);
    gboolean wanted = has(c->tree, directory, "status") || has(c->tree, directory, "task") ||
                      (comm && g_str_has_prefix(comm, "vhost-"));
    gboolean keep_name = init ? pid == 1 : first;
    first = FALSE;
    if (wanted)
      continue;
    kt_root_remove(c->tree, directory);
    if (!keep_name)
      continue;
    g_autofree char *path = g_build_filename(directory, "comm", NULL);
    g_autoptr(GBytes) name = g_bytes_new(comm ? comm : "", comm ? strlen(comm) : 0);
    kt_root_add_file(c->tree, path, name);
  }
}

static gboolean is_wanted(const KtDomain *d, const char *name)
{
  return !name || kt_domain_is_called(d, name);
}

/* Of the domains only the one that is asked for; FALSE if none of them is. */
static gboolean keep_domain(Capture *c)
{
  gboolean found = FALSE;
  for (guint i = c->snapshot->domains->len; i > 0; i--) {
    const KtDomain *d = c->snapshot->domains->pdata[i - 1];
    if (is_wanted(d, c->options->domain)) {
      found = TRUE;
      continue;
    }
    g_autofree char *directory = g_strdup_printf("proc/%d", d->runtime ? d->runtime->pid : 0);
    kt_root_remove(c->tree, directory);
    g_ptr_array_remove_index(c->snapshot->domains, i - 1);
  }
  return found;
}

/* ---- moments ---- */

typedef struct {
  KtRoot *tree;
  const char *directory;
} Target;

static void add_below(const KtRootItem *item, gpointer data)
{
  const Target *to = data;
  g_autofree char *path = g_build_filename(to->directory, item->path, NULL);
  if (item->content)
    kt_root_add_file(to->tree, path, item->content);
}

/* `whole`: all that counts; else what tells of CPU use alone. */
static void take_moment(Capture *c, gboolean whole)
{
  g_autoptr(KtRoot) moment = kt_root_new_memory("moment");
  kt_root_record(c->root, moment);
  if (whole) {
    kt_sample_free(kt_sample_take(c->root, c->snapshot));
  } else {
    g_free(kt_root_read_line(c->root, "proc/uptime"));
    g_free(kt_root_read(c->root, "proc/stat", 64 * 1024 * 1024, NULL, NULL));
  }
  kt_root_record(c->root, NULL);
  g_autofree char *directory = g_strdup_printf(KT_CAPTURE_MOMENT "%u", ++c->moments);
  const Target to = {c->tree, directory};
  kt_root_each(moment, add_below, (gpointer)&to);
}

static void wait_until(const Capture *c, gint64 start, double seconds)
{
  const KtCaptureOptions *o = c->options;
  for (;;) {
    double done = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    if (o->progress)
      o->progress(MIN(done / o->duration_s, 1), o->progress_data);
    if (done >= seconds)
      return;
    g_usleep((gulong)(MIN(seconds - done, 0.1) * G_USEC_PER_SEC) + 1);
  }
}

static void take_moments(Capture *c)
{
  const KtCaptureOptions *o = c->options;
  double steps = o->duration_s > 0 ? MAX(o->duration_s / o->interval_s, 1) : 0;
  guint n = (guint)MIN(steps + 0.001, KT_CAPTURE_MAX_MOMENTS - 1); /* 1.2 / 0.4 is 3 */
  gint64 start = g_get_monotonic_time();
  for (guint i = 0; n && i <= n; i++) {
    wait_until(c, start, o->duration_s * i / n);
    take_moment(c, i == 0 || i == n);
  }
}

/* ---- the rest ---- */

static gboolean take_machine(Capture *c, GError **error)
{
  const char *directory = c->options->root ? c->options->root : "/";
  c->root = kt_root_open(directory, error);
  if (!c->root)
    return FALSE;
  c->tree = kt_root_new_memory("capture");
  kt_root_record(c->root, c->tree);
  gboolean found = kt_root_read_machine(c->root, c->snapshot, FALSE);
  kt_root_record(c->root, NULL);
  if (!found)
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no sys/ or proc/ of a machine in '%s'", directory);
  return found;
}

static void take_kernel_log(Capture *c)
{
  gsize length;
  g_autofree char *log = kt_live_kernel_log(&length);
  if (!log) {
    note_unreadable(c, "dmesg", "needs root");
    return;
  }
  g_autoptr(GBytes) bytes = g_bytes_new(log, length);
  kt_root_add_file(c->tree, "dmesg.txt", bytes);
}

/* FALSE if a libvirt that was named does not answer. */
static gboolean take_libvirt(Capture *c, gboolean *found, GError **error)
{
  g_autoptr(GError) failed = NULL;
  guint domains = 0;
  if (!kt_libvirt_capture(c->options->connect_uri, c->options->domain, c->tree, &domains, &failed)) {
    if (c->options->connect_uri) {
      g_propagate_error(error, g_steal_pointer(&failed));
      return FALSE;
    }
    c->libvirt = g_strdup(failed->message);
  }
  *found |= domains > 0;
  return TRUE;
}

static void list_unreadable(const KtRootItem *item, gpointer data)
{
  Capture *c = data;
  g_autofree char *path = g_strconcat("/", item->path, NULL);
  if (item->unreadable)
    note_unreadable(c, path, "needs root");
}

static void add_manifest(Capture *c)
{
  const KtMachine *m = c->snapshot->machines->len ? c->snapshot->machines->pdata[0] : NULL;
  const KtManifest manifest = {.host = m ? m->name : NULL,
                               .live = kt_root_is_live(c->root),
                               .scrubbed = c->options->scrub,
                               .moments = c->moments,
                               .duration_s = c->options->duration_s,
                               .no_libvirt_because = c->libvirt};
  kt_manifest_add(c->tree, &manifest, c->unreadable->str);
}

/* This machine or a copied root; nothing of it belongs to domains elsewhere. */
static gboolean take_here(Capture *c, gboolean *found, GError **error)
{
  if (!take_machine(c, error))
    return FALSE;
  *found = keep_domain(c);
  if (c->options->root)
    return TRUE;
  take_moments(c);
  take_kernel_log(c);
  return take_libvirt(c, found, error);
}

static gboolean take_elsewhere(Capture *c, gboolean *found, GError **error)
{
  c->tree = kt_root_new_memory("capture");
  c->root = kt_root_new_memory("nothing");
  return take_libvirt(c, found, error);
}

static gboolean take_all(Capture *c, GError **error)
{
  gboolean found = FALSE, here = c->options->root || kt_libvirt_is_local(c->options->connect_uri);
  if (!(here ? take_here(c, &found, error) : take_elsewhere(c, &found, error)))
    return FALSE;
  if (c->options->domain && !found) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no domain '%s' runs here", c->options->domain);
    return FALSE;
  }
  drop_processes(c);
  kt_root_each(c->tree, list_unreadable, c);
  add_manifest(c);
  return TRUE;
}

KtRoot *kt_capture_take(const KtCaptureOptions *options, GError **error)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  Capture c = {.options = options, .snapshot = snapshot, .unreadable = g_string_new(NULL)};
  gboolean ok = take_all(&c, error);
  KtRoot *result = NULL;
  if (ok)
    result = options->scrub ? kt_scrub_tree(c.tree, NULL, error) : kt_root_ref(c.tree);
  g_string_free(c.unreadable, TRUE);
  g_free(c.libvirt);
  g_clear_pointer(&c.root, kt_root_unref);
  g_clear_pointer(&c.tree, kt_root_unref);
  return result;
}
