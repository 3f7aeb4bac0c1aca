/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/rank.h"

#include <string.h>

#include "base/i18n.h"
#include "nova/keys.h"

enum { UNKNOWN_MAX = 50 };

struct KtCloudRank {
  const KtCloud *cloud;
  const KtCloudEvidence *evidence;
  GPtrArray *rows;
  GHashTable *by_key;   /* flavor and image -> row */
  GHashTable *by_group; /* KtCloudGroup* -> row */
  GHashTable *counted;  /* "check server" */
};

static void cause_free(gpointer data)
{
  KtCloudCause *c = data;
  g_free(c->check);
  g_free(c->title);
  g_ptr_array_unref(c->servers);
  g_free(c);
}

static void row_free(gpointer data)
{
  KtCloudRow *r = data;
  g_ptr_array_unref(r->servers);
  g_ptr_array_unref(r->causes);
  g_ptr_array_unref(r->unknown);
  g_ptr_array_unref(r->keys);
  g_free(r);
}

void kt_cloud_rank_free(KtCloudRank *rank)
{
  if (!rank)
    return;
  g_ptr_array_unref(rank->rows);
  g_hash_table_unref(rank->by_key);
  g_hash_table_unref(rank->by_group);
  g_hash_table_unref(rank->counted);
  g_free(rank);
}

/* `flavor` and `image` live as long as the cloud. */
static KtCloudRow *row_of(KtCloudRank *rank, const char *flavor, const char *image)
{
  g_autofree char *key = g_strdup_printf("%s\x1f%s", flavor ? flavor : "", image ? image : "");
  KtCloudRow *row = g_hash_table_lookup(rank->by_key, key);
  if (row)
    return row;
  row = g_new0(KtCloudRow, 1);
  row->flavor = flavor;
  row->image = image;
  row->servers = g_ptr_array_new();
  row->causes = g_ptr_array_new_with_free_func(cause_free);
  row->unknown = g_ptr_array_new_with_free_func(g_free);
  row->keys = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(rank->rows, row);
  g_hash_table_insert(rank->by_key, g_steal_pointer(&key), row);
  return row;
}

/* ---- what the API alone tells of a group ---- */

/* Is the servers' copy another than the flavor now? FALSE too where one of them is not known. */
static gboolean is_old(const KtCloud *cloud, const KtCloudGroup *group)
{
  const KtFlavor *copy = group->flavor;
  const KtCloudFlavor *now = copy->name ? g_hash_table_lookup(cloud->by_flavor, copy->name) : NULL;
  return now && copy->extra_specs && now->flavor->extra_specs &&
         !kt_flavor_same_specs(copy->extra_specs, now->flavor->extra_specs);
}

/* Takes `text`. */
static void add_once(GPtrArray *texts, char *text)
{
  for (guint i = 0; text && i < texts->len; i++)
    if (g_str_equal(texts->pdata[i], text))
      g_clear_pointer(&text, g_free);
  if (text)
    g_ptr_array_add(texts, text);
}

static void add_key(GPtrArray *keys, const KtNovaKeyNote *note)
{
  if (note->state != KT_NOVA_KEY_UNKNOWN)
    add_once(keys, g_strdup_printf("%s=%s: %s", note->key, note->value, note->what ? note->what : _("no effect")));
  else if (note->what)
    add_once(keys, g_strdup_printf(_("%s=%s: Nova has no such key (%s)"), note->key, note->value, note->what));
  else
    add_once(keys, g_strdup_printf(_("%s=%s: Nova has no such key"), note->key, note->value));
}

/* Keys that are stored and do nothing: below microversion 2.86 Nova checks none. */
static void add_keys(GPtrArray *keys, const KtFlavor *flavor)
{
  if (!flavor->extra_specs || !flavor->vcpus.known || !flavor->ram_mib.known || flavor->vcpus.value < 1 ||
      flavor->vcpus.value > KT_NOVA_VCPUS_MAX)
    return;
  g_autoptr(GPtrArray) notes = kt_nova_explain(flavor, KT_NOVA_MASTER);
  for (guint i = 0; i < notes->len; i++) {
    const KtNovaKeyNote *note = notes->pdata[i];
    if (note->state == KT_NOVA_KEY_UNKNOWN || note->state == KT_NOVA_KEY_IDLE)
      add_key(keys, note);
  }
}

static void add_group(KtCloudRank *rank, KtCloudGroup *group)
{
  const char *image = group->flavor->image_name ? group->flavor->image_name : group->image_id;
  KtCloudRow *row = row_of(rank, group->flavor->name, image);
  gboolean old = is_old(rank->cloud, group);
  g_hash_table_insert(rank->by_group, group, row);
  add_keys(row->keys, group->flavor);
  for (guint i = 0; i < group->servers->len; i++) {
    KtCloudServer *s = group->servers->pdata[i];
    g_ptr_array_add(row->servers, s);
    row->old += old;
    row->defined += kt_cloud_evidence_domain(rank->evidence, s) != NULL;
  }
}

KtCloudRank *kt_cloud_rank_new(const KtCloud *cloud, const KtCloudEvidence *evidence)
{
  KtCloudRank *rank = g_new0(KtCloudRank, 1);
  rank->cloud = cloud;
  rank->evidence = evidence;
  rank->rows = g_ptr_array_new_with_free_func(row_free);
  rank->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  rank->by_group = g_hash_table_new(NULL, NULL);
  rank->counted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < cloud->groups->len; i++)
    add_group(rank, cloud->groups->pdata[i]);
  return rank;
}

/* ---- findings ---- */

static KtCloudCause *cause_of(KtCloudRow *row, const char *check, const char *title)
{
  for (guint i = 0; i < row->causes->len; i++) {
    KtCloudCause *cause = row->causes->pdata[i];
    if (g_str_equal(cause->check, check))
      return cause;
  }
  KtCloudCause *cause = g_new0(KtCloudCause, 1);
  cause->check = g_strdup(check);
  cause->title = g_strdup(title);
  cause->servers = g_ptr_array_new();
  g_ptr_array_add(row->causes, cause);
  return cause;
}

void kt_cloud_rank_add(KtCloudRank *rank, KtCloudServer *server, const char *check, int severity, const char *title,
                       gboolean seen)
{
  KtCloudRow *row = g_hash_table_lookup(rank->by_group, server->group);
  g_autofree char *key = g_strdup_printf("%s %s", check, server->id);
  if (!row || !g_hash_table_add(rank->counted, g_steal_pointer(&key)))
    return;
  KtCloudCause *cause = cause_of(row, check, title);
  cause->severity = MAX(cause->severity, severity);
  cause->seen += seen;
  g_ptr_array_add(cause->servers, server);
}

void kt_cloud_rank_unknown(KtCloudRank *rank, KtCloudServer *server, const char *check, const char *missing)
{
  KtCloudRow *row = g_hash_table_lookup(rank->by_group, server->group);
  if (row && row->unknown->len < UNKNOWN_MAX)
    add_once(row->unknown, g_strdup_printf("%s: %s", check, missing));
}

void kt_cloud_rank_add_flavor(KtCloudRank *rank, const char *flavor, const char *check, int severity, const char *title)
{
  KtCloudRow *row = row_of(rank, flavor, NULL);
  KtCloudCause *cause = cause_of(row, check, title);
  const KtCloudFlavor *now = g_hash_table_lookup(rank->cloud->by_flavor, flavor);
  cause->severity = MAX(cause->severity, severity);
  if (now)
    add_keys(row->keys, now->flavor);
}

guint kt_cloud_row_affected(const KtCloudRow *row, int severity)
{
  g_autoptr(GHashTable) servers = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < row->causes->len; i++) {
    const KtCloudCause *cause = row->causes->pdata[i];
    for (guint k = 0; cause->severity >= severity && k < cause->servers->len; k++)
      g_hash_table_add(servers, cause->servers->pdata[k]);
  }
  return g_hash_table_size(servers);
}

static int worst_of(const KtCloudRow *row)
{
  int worst = 0;
  for (guint i = 0; i < row->causes->len; i++)
    worst = MAX(worst, ((const KtCloudCause *)row->causes->pdata[i])->severity);
  return worst;
}

static gint compare_causes(gconstpointer a, gconstpointer b)
{
  const KtCloudCause *one = *(KtCloudCause *const *)a, *two = *(KtCloudCause *const *)b;
  if (one->severity != two->severity)
    return two->severity - one->severity;
  if (one->servers->len != two->servers->len)
    return one->servers->len < two->servers->len ? 1 : -1;
  return strcmp(one->check, two->check);
}

static gint compare_rows(gconstpointer a, gconstpointer b)
{
  const KtCloudRow *one = *(KtCloudRow *const *)a, *two = *(KtCloudRow *const *)b;
  for (int severity = 3; severity >= 1; severity--) {
    guint n = kt_cloud_row_affected(one, severity), m = kt_cloud_row_affected(two, severity);
    if (n != m)
      return n < m ? 1 : -1;
  }
  int by_worst = worst_of(two) - worst_of(one);
  return by_worst ? by_worst : g_strcmp0(one->flavor, two->flavor);
}

const GPtrArray *kt_cloud_rank_rows(KtCloudRank *rank)
{
  for (guint i = 0; i < rank->rows->len; i++)
    g_ptr_array_sort(((KtCloudRow *)rank->rows->pdata[i])->causes, compare_causes);
  g_ptr_array_sort(rank->rows, compare_rows);
  return rank->rows;
}
