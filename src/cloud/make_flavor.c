/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New flavors: made, given their keys, opened to projects. Never changed into another, never deleted. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "cloud/cloud_hand.h"
#include "cloud/inventory_answers.h"

#if HAVE_JSON

/* ---- what a flavor is, in words ---- */

static char *sizes(gint64 vcpus, gint64 ram, gint64 disk, gint64 ephemeral, gint64 swap, gboolean is_public)
{
  return g_strdup_printf("%" G_GINT64_FORMAT " vCPUs, %" G_GINT64_FORMAT " MiB, disk %" G_GINT64_FORMAT
                         " GiB, ephemeral %" G_GINT64_FORMAT " GiB, swap %" G_GINT64_FORMAT " MiB, %s",
                         vcpus, ram, disk, ephemeral, swap, is_public ? "public" : "private");
}

char *kt_cloud_cure_sizes(const KtCloudCure *c)
{
  return sizes(c->vcpus, c->ram_mib, c->disk_gib, c->ephemeral_gib, c->swap_mib, c->is_public);
}

char *kt_cloud_flavor_sizes(const KtCloudFlavor *f)
{
  return sizes(f->flavor->vcpus.value, f->flavor->ram_mib.value, f->flavor->disk_gib.value, f->ephemeral_gib,
               f->swap_mib, f->is_public);
}

GHashTable *kt_cloud_cure_specs(const KtCloudCure *cure, gboolean old)
{
  GHashTable *specs = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < cure->keys->len; i++) {
    const KtCloudKey *k = cure->keys->pdata[i];
    char *value = old ? k->before : k->after;
    if (value)
      g_hash_table_replace(specs, k->key, value);
  }
  return specs;
}

static GList *sorted_keys(GHashTable *table)
{
  return g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);
}

char *kt_cloud_specs_text(GHashTable *specs)
{
  GString *text = g_string_new(NULL);
  g_autoptr(GList) keys = sorted_keys(specs);
  for (GList *k = keys; k; k = k->next)
    g_string_append_printf(text, "%s%s=%s", text->len ? ", " : "", (char *)k->data,
                           (char *)g_hash_table_lookup(specs, k->data));
  return g_string_free(text, FALSE);
}

char *kt_cloud_flavor_differs(const KtCloudCure *cure, const KtFlavor *flavor)
{
  if (!kt_int_is(flavor->vcpus, cure->vcpus) || !kt_int_is(flavor->ram_mib, cure->ram_mib))
    return g_strdup_printf("it has %" G_GINT64_FORMAT " vCPUs and %" G_GINT64_FORMAT
                           " MiB, the plan expects %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT,
                           flavor->vcpus.value, flavor->ram_mib.value, cure->vcpus, cure->ram_mib);
  g_autoptr(GHashTable) expected = kt_cloud_cure_specs(cure, TRUE);
  if (flavor->extra_specs && kt_flavor_same_specs(flavor->extra_specs, expected))
    return NULL;
  g_autofree char *have = flavor->extra_specs ? kt_cloud_specs_text(flavor->extra_specs) : g_strdup("keys not told");
  g_autofree char *want = kt_cloud_specs_text(expected);
  return g_strdup_printf("it has %.300s, the plan expects %.300s", *have ? have : "no keys", *want ? want : "no keys");
}

/* ---- which one ---- */

KtCloud *kt_cloud_hand_flavors(KtCloudHand *hand, GError **error)
{
  g_autoptr(KtCloud) cloud = kt_cloud_new(NULL);
  return kt_cloud_read_flavors(hand->session, cloud, error) ? g_steal_pointer(&cloud) : NULL;
}

const KtCloudCure *kt_cloud_hand_cure(const KtCloudHand *hand, const char *name)
{
  for (guint i = 0; i < hand->plan->cures->len; i++) {
    const KtCloudCure *cure = hand->plan->cures->pdata[i];
    if (g_str_equal(cure->name, name))
      return cure;
  }
  return NULL;
}

/* The same name has the same id, so that a dry run knows it, what was made in vain is not made twice, and the next run
 * knows it as ours, from whatever machine. In the form of a UUID, as Nova's own. */
static char *id_for(const char *name)
{
  g_autofree char *text = g_strconcat("kvmtune flavor ", name, NULL);
  g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, text, -1);
  sum[12] = '5'; /* by a name */
  sum[16] = '8';
  return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", sum, sum + 8, sum + 12, sum + 16, sum + 20);
}

static const KtCloudFlavor *find(const KtCloud *cloud, const char *name)
{
  return g_hash_table_lookup(cloud->by_flavor, name);
}

char *kt_cloud_flavor_id(const KtCloud *cloud, const char *name)
{
  const KtCloudFlavor *there = find(cloud, name);
  return there ? g_strdup(there->id) : id_for(name);
}

gboolean kt_cloud_flavor_is_ours(const KtCloudFlavor *flavor)
{
  g_autofree char *id = id_for(flavor->flavor->name);
  return g_strcmp0(flavor->id, id) == 0;
}

/* Its id, escaped for a path. */
static char *path_id(KtCloudHand *hand, const char *name, GError **error)
{
  g_autoptr(KtCloud) cloud = kt_cloud_hand_flavors(hand, error);
  g_autofree char *id = cloud ? kt_cloud_flavor_id(cloud, name) : NULL;
  return id ? g_uri_escape_string(id, NULL, FALSE) : NULL;
}

static const KtCloudCure *cure_of(const KtCloudHand *hand, const KtStep *step, const char *value, GError **error)
{
  const KtCloudCure *cure = kt_cloud_hand_cure(hand, step->where);
  if (cure && g_strcmp0(value, step->after) == 0)
    return cure;
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
              "flavors stay as they are, for they may be in use: 'openstack flavor delete %s' once no server has it",
              step->where);
  return NULL;
}

/* A change whose answer was lost may have been made, and so may one of a run that was cut off. */
static gboolean is_made(KtCloudHand *hand, const KtCloudHandKind *kind, const KtStep *step, const KtCloudAsked *asked)
{
  g_autofree char *found = asked->unsure || asked->taken ? kind->read(hand, step, NULL) : NULL;
  return found && g_strcmp0(found, step->after) == 0;
}

static gboolean flavor_came(KtCloudHand *hand, const KtStep *step, GDateTime *since)
{
  g_autoptr(GError) failed = NULL;
  g_autofree char *found = hand->base.read(&hand->base, step, &failed);
  return failed || hand->base.reached(&hand->base, step, step->after, found);
}

static gboolean ask(KtCloudHand *hand, const KtCloudHandKind *kind, const KtStep *step, const char *path, KtJson *json,
                    GError **error)
{
  g_auto(KtCloudAsked) asked = {0};
  g_autofree char *body = g_strchomp(kt_json_finish(json));
  g_autoptr(GError) failed = NULL;
  if (kt_cloud_hand_post(hand, path, body, &asked, &failed) || is_made(hand, kind, step, &asked))
    return TRUE;
  g_propagate_error(error, g_steal_pointer(&failed));
  return FALSE;
}

/* ---- the flavor ---- */

static char *read_flavor(KtCloudHand *hand, const KtStep *step, GError **error)
{
  g_autoptr(KtCloud) cloud = kt_cloud_hand_flavors(hand, error);
  const KtCloudFlavor *there = cloud ? find(cloud, step->where) : NULL;
  return there ? kt_cloud_flavor_sizes(there) : NULL;
}

static gboolean make_flavor(KtCloudHand *hand, const KtStep *step, const char *value, GError **error)
{
  const KtCloudCure *c = cure_of(hand, step, value, error);
  if (!c)
    return FALSE;
  g_autoptr(KtJson) json = kt_json_new_line();
  g_autofree char *id = id_for(c->name);
  kt_json_open_object(json, NULL);
  kt_json_open_object(json, "flavor");
  kt_json_string(json, "name", c->name);
  kt_json_string(json, "id", id);
  kt_json_int(json, "vcpus", c->vcpus);
  kt_json_int(json, "ram", c->ram_mib);
  kt_json_int(json, "disk", c->disk_gib);
  kt_json_int(json, "OS-FLV-EXT-DATA:ephemeral", c->ephemeral_gib);
  kt_json_int(json, "swap", c->swap_mib);
  kt_json_bool(json, "os-flavor-access:is_public", c->is_public);
  kt_json_close_object(json);
  kt_json_close_object(json);
  return ask(hand, &kt_cloud_hand_flavor, step, "/flavors", json, error);
}

const KtCloudHandKind kt_cloud_hand_flavor = {.read = read_flavor, .write = make_flavor, .came = flavor_came};

/* ---- its keys ---- */

static char *read_keys(KtCloudHand *hand, const KtStep *step, GError **error)
{
  g_autoptr(KtCloud) cloud = kt_cloud_hand_flavors(hand, error);
  const KtCloudFlavor *there = cloud ? find(cloud, step->where) : NULL;
  if (!cloud)
    return NULL;
  if (there && !there->flavor->extra_specs) {
    g_set_error(error, KT_ERROR, KT_ERROR_ACCESS, "the keys of flavor '%s' may not be seen", step->where);
    return NULL;
  }
  return there ? kt_cloud_specs_text(there->flavor->extra_specs) : g_strdup("");
}

static gboolean set_keys(KtCloudHand *hand, const KtStep *step, const char *value, GError **error)
{
  const KtCloudCure *c = cure_of(hand, step, value, error);
  g_autofree char *id = c ? path_id(hand, c->name, error) : NULL;
  if (!id)
    return FALSE;
  g_autoptr(KtJson) json = kt_json_new_line();
  g_autoptr(GHashTable) specs = kt_cloud_cure_specs(c, FALSE);
  g_autoptr(GList) keys = sorted_keys(specs);
  g_autofree char *path = g_strdup_printf("/flavors/%s/os-extra_specs", id);
  kt_json_open_object(json, NULL);
  kt_json_open_object(json, "extra_specs");
  for (GList *k = keys; k; k = k->next)
    kt_json_string(json, k->data, g_hash_table_lookup(specs, k->data));
  kt_json_close_object(json);
  kt_json_close_object(json);
  return ask(hand, &kt_cloud_hand_keys, step, path, json, error);
}

const KtCloudHandKind kt_cloud_hand_keys = {.read = read_keys, .write = set_keys, .came = flavor_came};

/* ---- who may use it ---- */

enum { PROJECTS_MAX = 1000 };

char *kt_cloud_projects_text(GHashTable *projects)
{
  GString *text = g_string_new(NULL);
  g_autoptr(GList) names = sorted_keys(projects);
  for (GList *n = names; n; n = n->next)
    g_string_append_printf(text, "%s%s", text->len ? ", " : "", (char *)n->data);
  return g_string_free(text, FALSE);
}

char *kt_cloud_access_of(KtCloudHand *hand, const char *flavor, GError **error)
{
  g_autoptr(KtCloud) cloud = kt_cloud_hand_flavors(hand, error);
  const KtCloudFlavor *there = cloud ? find(cloud, flavor) : NULL;
  if (!there)
    return cloud ? g_strdup("") : NULL;
  g_autofree char *id = g_uri_escape_string(there->id, NULL, FALSE);
  g_autofree char *path = g_strdup_printf("/flavors/%s/os-flavor-access", id);
  g_autoptr(JsonNode) node = kt_cloud_get(hand->session, KT_SERVICE_COMPUTE, path, hand->version, NULL, error);
  if (!node)
    return NULL;
  JsonArray *list = kt_json_member_array(kt_json_object(node), "flavor_access");
  g_autoptr(GHashTable) projects = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < MIN(kt_json_length(list), PROJECTS_MAX); i++) {
    const char *project = kt_json_member_text(kt_json_element_object(list, i), "tenant_id");
    if (project)
      g_hash_table_add(projects, (char *)project);
  }
  return kt_cloud_projects_text(projects);
}

static char *read_access(KtCloudHand *hand, const KtStep *step, GError **error)
{
  return kt_cloud_access_of(hand, step->where, error);
}

static gboolean has_word(char **words, const char *word)
{
  return g_strv_contains((const char *const *)words, word);
}

static gboolean open_to(KtCloudHand *hand, const KtStep *step, const char *id, const char *project, GError **error)
{
  g_autoptr(KtJson) json = kt_json_new_line();
  g_autofree char *path = g_strdup_printf("/flavors/%s/action", id);
  kt_json_open_object(json, NULL);
  kt_json_open_object(json, "addTenantAccess");
  kt_json_string(json, "tenant", project);
  kt_json_close_object(json);
  kt_json_close_object(json);
  return ask(hand, &kt_cloud_hand_access, step, path, json, error);
}

static gboolean open_flavor(KtCloudHand *hand, const KtStep *step, const char *value, GError **error)
{
  const KtCloudCure *c = cure_of(hand, step, value, error);
  g_autofree char *id = c ? path_id(hand, c->name, error) : NULL, *now = id ? read_access(hand, step, error) : NULL;
  if (!now)
    return FALSE;
  g_auto(GStrv) have = g_strsplit(now, ", ", -1), want = g_strsplit(value, ", ", -1);
  for (char **project = want; *project; project++)
    if (**project && !has_word(have, *project) && !open_to(hand, step, id, *project, error))
      return FALSE;
  return TRUE;
}

/* More projects than asked for are somebody else's to give. */
static gboolean access_reached(KtCloudHand *hand, const KtStep *step, const char *wanted, const char *found)
{
  g_auto(GStrv) have = g_strsplit(found ? found : "", ", ", -1), want = g_strsplit(wanted ? wanted : "", ", ", -1);
  if (!*want)
    return !*have;
  for (char **project = want; *project; project++)
    if (**project && !has_word(have, *project))
      return FALSE;
  return TRUE;
}

const KtCloudHandKind kt_cloud_hand_access = {
    .read = read_access, .write = open_flavor, .reached = access_reached, .came = flavor_came};

#endif
