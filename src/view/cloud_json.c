/* SPDX-License-Identifier: GPL-2.0-or-later */
/* {"cloud":, "all_projects":, "hosts": n|null, "rows": [{"flavor":, "image":, "servers": n, "hosts": n|null, "severe":
 * n, "old_copy": n|null, "defined": n, "findings": [{"check":, "severity":, "title":, "servers": [id], "seen": n}],
 *   "unknown": [text], "keys": [text]}], "servers": [{"id":, "name":, "project":, "status":, "flavor":, "image":,
 * "host":, "instance_name":, "defined": bool}], "host_findings": [text], "notes": [text]} */
#include "base/json.h"
#include "view/cloud_view.h"

static void put_count(KtJson *json, const char *key, gboolean known, guint n)
{
  if (known)
    kt_json_int(json, key, n);
  else
    kt_json_null(json, key);
}

static void put_cause(KtJson *json, const KtCloudCause *cause)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "check", cause->check);
  kt_json_int(json, "severity", cause->severity);
  kt_json_string(json, "title", cause->title);
  kt_json_open_array(json, "servers");
  for (guint i = 0; i < cause->servers->len; i++)
    kt_json_string(json, NULL, ((const KtCloudServer *)cause->servers->pdata[i])->id);
  kt_json_close_array(json);
  kt_json_int(json, "seen", cause->seen);
  kt_json_close_object(json);
}

static void put_row(KtJson *json, const KtCloud *cloud, const KtCloudRow *row)
{
  guint hosts = kt_cloud_count_hosts(row->servers);
  kt_json_open_object(json, NULL);
  kt_json_string(json, "flavor", row->flavor);
  kt_json_string(json, "image", row->image);
  kt_json_int(json, "servers", row->servers->len);
  put_count(json, "hosts", hosts || !row->servers->len, hosts);
  kt_json_int(json, "severe", kt_cloud_row_affected(row, 3));
  put_count(json, "old_copy", cloud->copies_seen || !row->servers->len, row->old);
  kt_json_int(json, "defined", row->defined);
  kt_json_open_array(json, "findings");
  for (guint i = 0; i < row->causes->len; i++)
    put_cause(json, row->causes->pdata[i]);
  kt_json_close_array(json);
  kt_json_strings(json, "unknown", row->unknown);
  kt_json_strings(json, "keys", row->keys);
  kt_json_close_object(json);
}

static void put_server(KtJson *json, const KtCloudReport *r, const KtCloudServer *s)
{
  kt_json_open_object(json, NULL);
  kt_json_string(json, "id", s->id);
  kt_json_string(json, "name", s->name);
  kt_json_string(json, "project", s->project);
  kt_json_string(json, "status", s->status);
  kt_json_string(json, "flavor", s->group->flavor->name);
  kt_json_string(json, "image", s->group->image_id);
  kt_json_string(json, "host", s->host);
  kt_json_string(json, "instance_name", s->instance_name);
  kt_json_bool(json, "defined", kt_cloud_evidence_domain(r->evidence, s) != NULL);
  kt_json_close_object(json);
}

char *kt_view_cloud_json(const KtCloudReport *r)
{
  g_autoptr(KtJson) json = kt_json_new();
  kt_json_open_object(json, NULL);
  kt_json_string(json, "cloud", r->cloud->name);
  kt_json_bool(json, "all_projects", r->cloud->all_projects);
  put_count(json, "hosts", r->cloud->hosts_seen, r->cloud->hosts->len);
  kt_json_open_array(json, "rows");
  for (guint i = 0; i < r->rows->len; i++)
    put_row(json, r->cloud, r->rows->pdata[i]);
  kt_json_close_array(json);
  kt_json_open_array(json, "servers");
  for (guint i = 0; i < r->cloud->servers->len; i++)
    put_server(json, r, r->cloud->servers->pdata[i]);
  kt_json_close_array(json);
  kt_json_strings(json, "host_findings", r->hosts);
  kt_json_open_array(json, "notes");
  for (guint i = 0; i < r->cloud->notes->len; i++)
    kt_json_string(json, NULL, r->cloud->notes->pdata[i]);
  for (guint i = 0; i < r->notes->len; i++)
    kt_json_string(json, NULL, r->notes->pdata[i]);
  kt_json_close_array(json);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
