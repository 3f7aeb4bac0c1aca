/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/cloud_plan_words.h"

#include "base/i18n.h"
#include "base/shell.h"

char *kt_cloud_plan_say_head(const KtCloudPlan *plan)
{
  if (!plan->cures->len)
    return g_strdup_printf(_("%s: nothing was found that a new flavor would cure"), plan->cloud ? plan->cloud : "?");
  g_autofree char *flavors =
      g_strdup_printf(kt_trn("%u new flavor", "%u new flavors", plan->cures->len), plan->cures->len);
  g_autofree char *servers = g_strdup_printf(kt_trn("%u server", "%u servers", plan->moves->len), plan->moves->len);
  return g_strdup_printf(_("%s: %s for %s"), plan->cloud ? plan->cloud : "?", flavors, servers);
}

char *kt_cloud_say_shape(const KtCloudShape *s)
{
  if (!s->sockets)
    return g_strdup(_("unknown"));
  gulong cells = (gulong)MAX(s->cells, 1);
  g_autofree char *nodes = g_strdup_printf(kt_trn("%d node", "%d nodes", cells), (int)cells);
  return g_strdup_printf("%d x %d x %d, %s", (int)s->sockets, (int)s->cores, (int)s->threads, nodes);
}

char *kt_cloud_say_change(const KtCloudCure *cure)
{
  g_autofree char *before = kt_cloud_say_shape(&cure->before), *after = kt_cloud_say_shape(&cure->after);
  return g_strdup_printf(_("sockets x cores x threads, nodes: %s → %s"), before, after);
}

char *kt_cloud_say_sockets(const KtCloudPlan *plan)
{
  gint64 before = 0, after = 0;
  guint windows = 0;
  for (guint i = 0; i < plan->moves->len; i++) {
    const KtCloudMove *m = plan->moves->pdata[i];
    const KtCloudCure *c = plan->cures->pdata[m->cure];
    if (!c->before.sockets || !c->after.sockets)
      return g_strdup(_("the sockets of some servers are unknown"));
    before += c->before.sockets;
    after += c->after.sockets;
    windows += m->windows;
  }
  return g_strdup_printf(
      kt_trn(
          "%d → %d sockets by the flavors in all; %u server is marked as Windows. What is licensed by sockets changes "
          "with them.",
          "%d → %d sockets by the flavors in all; %u servers are marked as Windows. What is licensed by sockets "
          "changes with them.",
          windows),
      (int)before, (int)after, windows);
}

char *kt_cloud_say_fits(const KtCloudCure *cure)
{
  return g_strdup_printf(
      _("hosts: empty it fits on %u, not on %u, unknown of %u; now it fits on %u, not on %u, unknown "
        "of %u"),
      kt_cloud_cure_count(cure, FALSE, KT_YES), kt_cloud_cure_count(cure, FALSE, KT_NO),
      kt_cloud_cure_count(cure, FALSE, KT_UNKNOWN), kt_cloud_cure_count(cure, TRUE, KT_YES),
      kt_cloud_cure_count(cure, TRUE, KT_NO), kt_cloud_cure_count(cure, TRUE, KT_UNKNOWN));
}

char *kt_cloud_say_doubt(const KtCloudCure *cure)
{
  if (kt_cloud_cure_count(cure, TRUE, KT_YES))
    return NULL;
  if (cure->fits->len && !kt_cloud_cure_count(cure, TRUE, KT_UNKNOWN))
    return g_strdup_printf(_("%s fits on no host as they are now: a resize to it would be refused"), cure->name);
  if (kt_cloud_cure_count(cure, FALSE, KT_YES))
    return g_strdup_printf(_("%s fits on empty hosts; whether it does now is unknown"), cure->name);
  return g_strdup_printf(_("whether %s fits on any host is unknown: --host with their libvirt or captures tells"),
                         cure->name);
}

void kt_cloud_put_keys(KtPage *page, guint indent, const KtCloudCure *cure)
{
  for (guint i = 0; i < cure->keys->len; i++) {
    const KtCloudKey *k = cure->keys->pdata[i];
    const char *after = k->after ? k->after : _("not set"), *before = k->before ? k->before : _("not set");
    g_autofree char *change = g_strcmp0(k->before, k->after) == 0
                                  ? g_strdup_printf("%s=%s", k->key, after)
                                  : g_strdup_printf("%s: %s → %s", k->key, before, after);
    g_autofree char *text = k->why ? g_strdup_printf("%s (%s)", change, k->why) : g_strdup(change);
    kt_page_item(page, indent, KT_STYLE_PLAIN, "-", indent + 2, KT_STYLE_PLAIN, text);
  }
}

void kt_cloud_put_order(KtPage *page, guint indent, const KtCloudPlan *plan, guint most)
{
  const KtColumn columns[] = {{.title = _("wave"), .right = TRUE},
                              {.title = _("server"), .flex = TRUE},
                              {.title = "id"},
                              {.title = _("host"), .flex = TRUE},
                              {.title = _("new flavor"), .flex = TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  guint n = MIN(most, plan->moves->len);
  for (guint i = 0; i < n; i++) {
    const KtCloudMove *m = plan->moves->pdata[i];
    if (m->wave)
      kt_table_addf(table, KT_STYLE_PLAIN, "%u", m->wave);
    else
      kt_table_add(table, KT_STYLE_PLAIN, _("first"));
    kt_table_add(table, KT_STYLE_PLAIN, m->name);
    kt_table_add(table, KT_STYLE_PLAIN, m->id);
    kt_table_add(table, KT_STYLE_PLAIN, m->host);
    kt_table_add(table, KT_STYLE_PLAIN, ((const KtCloudCure *)plan->cures->pdata[m->cure])->name);
  }
  kt_page_table(page, indent, table);
  if (n < plan->moves->len)
    kt_page_textf(page, indent, KT_STYLE_DIM, _("and %u more: see --json"), plan->moves->len - n);
}

void kt_cloud_put_downtime(KtPage *page, guint indent, const KtCloudPlan *plan)
{
  gint64 disk = 0;
  for (guint i = 0; i < plan->moves->len; i++) {
    const KtCloudCure *c = plan->cures->pdata[((const KtCloudMove *)plan->moves->pdata[i])->cure];
    disk = MAX(disk, c->disk_gib + c->ephemeral_gib);
  }
  kt_page_text(
      page, indent, KT_STYLE_PLAIN,
      _("Each server stops once, at its resize: Nova waits for its shutdown (60 s at most by default), defines "
        "it anew and starts it; its own boot comes on top. Confirming costs nothing; reverting stops it once "
        "more."));
  if (disk)
    kt_page_textf(page, indent, KT_STYLE_PLAIN,
                  _("Where the scheduler takes another host and disks are local, up to %d GiB are copied meanwhile."),
                  (int)disk);
}

void kt_cloud_put_after(KtPage *page, guint indent)
{
  const char *const lines[] = {
      _("A resize that is refused leaves the server ACTIVE and without a fault: only 'openstack server event list' "
        "says "
        "Error."),
      _("Nova passes over wishes that cannot be: look at the guest's own lscpu, or at its XML, before confirming."),
      _("The first server runs for a day before the first wave."),
  };
  for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
    kt_page_item(page, indent, KT_STYLE_PLAIN, "-", indent + 2, KT_STYLE_PLAIN, lines[i]);
}

char *kt_view_cloud_create(const KtCloudCure *c)
{
  g_autoptr(GString) line = g_string_new("openstack flavor create");
  g_string_append_printf(line, " --vcpus %d --ram %d --disk %d", (int)c->vcpus, (int)c->ram_mib, (int)c->disk_gib);
  if (c->ephemeral_gib)
    g_string_append_printf(line, " --ephemeral %d", (int)c->ephemeral_gib);
  if (c->swap_mib)
    g_string_append_printf(line, " --swap %d", (int)c->swap_mib);
  if (!c->is_public)
    g_string_append(line, " --private");
  for (guint i = 0; i < c->keys->len; i++) {
    const KtCloudKey *k = c->keys->pdata[i];
    g_autofree char *pair = k->after ? g_strdup_printf("%s=%s", k->key, k->after) : NULL;
    g_autofree char *word = pair ? kt_shell_word(pair) : NULL;
    if (word)
      g_string_append_printf(line, " --property %s", word);
  }
  g_autofree char *name = kt_shell_word(c->name);
  g_string_append_printf(line, " %s", name);
  return g_strdup(line->str);
}
