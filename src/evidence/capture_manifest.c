/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/capture_manifest.h"

#include <string.h>

#include "base/json.h"
#include "config.h"
#include "evidence/capture_root.h"

static void add_text(KtRoot *tree, const char *path, const char *text)
{
  g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
  kt_root_add_file(tree, path, bytes);
}

static void add_unreadable(KtJson *json, const char *unreadable)
{
  kt_json_open_array(json, "unreadable");
  g_auto(GStrv) lines = g_strsplit(unreadable, "\n", -1);
  for (guint i = 0; lines[i] && *lines[i]; i++) {
    g_auto(GStrv) parts = g_strsplit(lines[i], "\t", 2);
    kt_json_open_object(json, NULL);
    kt_json_string(json, "what", parts[0]);
    kt_json_string(json, "why", parts[1]);
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
}

static void add_inside(KtJson *json, const KtManifest *m)
{
  kt_json_open_object(json, "inside");
  kt_json_string(json, "domain", m->domain);
  kt_json_string(json, "libvirt", m->uri);
  kt_json_bool(json, "libvirt_opened_for_writing", TRUE);
  kt_json_string(json, "agent_version", m->agent_version);
  kt_json_string(json, "through", m->through);
  kt_json_string(json, "not_through_guest_exec_because", m->not_through);
  kt_json_close_object(json);
}

void kt_manifest_add(KtRoot *tree, const KtManifest *m, const char *unreadable)
{
  g_autoptr(KtJson) json = kt_json_new();
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  g_autofree char *time = g_date_time_format_iso8601(now);
  kt_json_open_object(json, NULL);
  kt_json_int(json, "kvmtune_capture", 1);
  kt_json_string(json, "version", KT_VERSION);
  kt_json_string(json, "time", time);
  kt_json_string(json, "host", m->host);
  kt_json_bool(json, "live", m->live);
  kt_json_bool(json, "scrubbed", m->scrubbed);
  kt_json_int(json, "moments", m->moments);
  kt_json_number(json, "duration_s", m->moments ? m->duration_s : 0);
  kt_json_string(json, "no_libvirt_because", m->no_libvirt_because);
  if (m->through)
    add_inside(json, m);
  add_unreadable(json, unreadable);
  kt_json_close_object(json);
  g_autofree char *text = kt_json_finish(json);
  add_text(tree, KT_CAPTURE_MANIFEST, text);
  add_text(tree, KT_CAPTURE_UNREADABLE, unreadable);
}
