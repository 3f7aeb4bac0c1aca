/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/cloud_words.h"

#include "base/i18n.h"

const char *kt_cloud_severity(int severity)
{
  static const char *const words[] = {N_("note"), N_("minor"), N_("moderate"), N_("severe")};
  return kt_tr(words[CLAMP(severity, 0, 3)]);
}

static char *say_servers(guint n)
{
  return g_strdup_printf(kt_trn("%u server", "%u servers", n), n);
}

char *kt_cloud_say_where(const GPtrArray *servers)
{
  guint hosts = kt_cloud_count_hosts(servers);
  g_autofree char *count = say_servers(servers->len);
  if (!hosts)
    return g_steal_pointer(&count);
  g_autofree char *on = g_strdup_printf(kt_trn("%u host", "%u hosts", hosts), hosts);
  return g_strdup_printf(_("%s on %s"), count, on);
}

char *kt_cloud_say_head(const KtCloudReport *r)
{
  g_autofree char *where = kt_cloud_say_where(r->cloud->servers);
  return g_strdup_printf(kt_trn("%s: %s, %u flavor (%s)", "%s: %s, %u flavors (%s)", r->cloud->flavors->len),
                         r->cloud->name, where, r->cloud->flavors->len,
                         r->cloud->all_projects ? _("all projects") : _("one project"));
}

char *kt_cloud_say_verdict(const KtCloudReport *r)
{
  g_autoptr(GHashTable) affected = g_hash_table_new(NULL, NULL);
  guint flavors = 0, old = 0;
  for (guint i = 0; i < r->rows->len; i++) {
    const KtCloudRow *row = r->rows->pdata[i];
    gboolean severe = FALSE;
    old += row->old;
    for (guint k = 0; k < row->causes->len; k++) {
      const KtCloudCause *cause = row->causes->pdata[k];
      severe |= cause->severity == 3;
      for (guint s = 0; cause->severity == 3 && s < cause->servers->len; s++)
        g_hash_table_add(affected, cause->servers->pdata[s]);
    }
    flavors += severe;
  }
  guint n = g_hash_table_size(affected);
  g_autofree char *severe =
      g_strdup_printf(kt_trn("%u server has severe findings", "%u servers have severe findings", n), n);
  g_autofree char *made = g_strdup_printf(
      kt_trn("%u flavor with its image makes such guests", "%u flavors with their images make such guests", flavors),
      flavors);
  g_autofree char *copies = g_strdup_printf(
      kt_trn("%u server carries an old copy of its flavor", "%u servers carry an old copy of their flavor", old), old);
  return g_strdup_printf(_("%s; %s; %s."), severe, made, copies);
}

char *kt_cloud_say_row(const KtCloudRow *row)
{
  const char *flavor = row->flavor ? row->flavor : _("flavor unknown");
  return row->image ? g_strdup_printf(_("%s (image %s)"), flavor, row->image) : g_strdup(flavor);
}

char *kt_cloud_say_cause(const KtCloudCause *cause)
{
  g_autofree char *where = kt_cloud_say_where(cause->servers);
  if (!cause->servers->len)
    return g_strdup_printf(_("%s - no server has it yet"), cause->title);
  if (cause->seen == cause->servers->len)
    return g_strdup_printf(_("%s - %s, seen in their definitions"), cause->title, where);
  return g_strdup_printf(_("%s - %s, concluded from the flavor"), cause->title, where);
}

char *kt_cloud_say_checks(const KtCloudRow *row)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < row->causes->len; i++)
    g_string_append_printf(text, "%s%s", i ? " " : "", ((const KtCloudCause *)row->causes->pdata[i])->check);
  return g_strdup(text->str);
}

char *kt_cloud_say_undefined(const KtCloudRow *row)
{
  guint n = row->servers->len - row->defined;
  g_autofree char *count = say_servers(n);
  return n ? g_strdup_printf(
                 _("unknown (X03 X06 X11): the sockets, caches and cells that %s really got: no libvirt and "
                   "no capture of theirs was given"),
                 count)
           : NULL;
}

char *kt_cloud_say_old(const KtCloudRow *row)
{
  g_autofree char *count = say_servers(row->old);
  return row->old ? g_strdup_printf(_("%s of these with an old copy of the flavor: only a resize to another flavor "
                                      "changes that"),
                                    count)
                  : NULL;
}
