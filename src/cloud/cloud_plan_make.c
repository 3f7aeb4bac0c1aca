/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "cloud/cure.h"
#include "cloud/waves.h"
#include "config.h"
#include "nova/keys.h"
#include "nova/values.h"

typedef struct {
  const KtCloud *cloud;
  const KtCloudPlanOptions *options;
  GPtrArray *places;
  KtCloudPlan *plan;
  const char *only; /* a server's id; NULL: all servers of a flavor */
} Work;

static void note(const Work *w, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(const Work *w, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  for (guint i = 0; i < w->plan->notes->len; i++)
    if (g_str_equal(w->plan->notes->pdata[i], text))
      return;
  g_ptr_array_add(w->plan->notes, g_steal_pointer(&text));
}

/* ---- what a new flavor starts from ---- */

/* Nova makes no disk smaller. */
static gboolean is_same_size(const KtCloudFlavor *now, const KtCloudGroup *group)
{
  const KtFlavor *a = now->flavor, *b = group->flavor;
  return a->vcpus.known && a->ram_mib.known && a->disk_gib.known && kt_int_is(b->vcpus, a->vcpus.value) &&
         kt_int_is(b->ram_mib, a->ram_mib.value) && kt_int_is(b->disk_gib, a->disk_gib.value) &&
         kt_int_is(group->ephemeral_gib, now->ephemeral_gib) && kt_int_is(group->swap_mib, now->swap_mib);
}

/* The flavor as it is now where it is the servers' still; their copy where it was deleted or made anew in another size.
 */
static const KtFlavor *base_of(const Work *w, const KtCloudGroup *group)
{
  const KtCloudFlavor *now = kt_cloud_flavor(w->cloud, group->flavor->name);
  return now && now->flavor->extra_specs && is_same_size(now, group) ? now->flavor : group->flavor;
}

/* Of the servers' copy: a base is the same in them. Who may use it is told by the flavor of this name alone. */
static void set_sizes(const Work *w, KtCloudCure *cure, const KtCloudGroup *group)
{
  const KtCloudFlavor *now = kt_cloud_flavor(w->cloud, group->flavor->name);
  cure->vcpus = group->flavor->vcpus.value;
  cure->ram_mib = group->flavor->ram_mib.value;
  cure->disk_gib = group->flavor->disk_gib.value;
  cure->ephemeral_gib = group->ephemeral_gib.value;
  cure->swap_mib = group->swap_mib.value;
  cure->is_public = !now || now->is_public;
}

static GHashTable *copy_specs(GHashTable *from)
{
  GHashTable *specs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, from);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_hash_table_replace(specs, g_strdup(key), g_strdup(value));
  return specs;
}

/* From 2.86 on Nova refuses hw: keys that it does not know. */
static void drop_unknown(GHashTable *specs, const KtFlavor *flavor)
{
  g_autoptr(GPtrArray) notes = kt_nova_explain(flavor, KT_NOVA_MASTER);
  for (guint i = 0; i < notes->len; i++) {
    const KtNovaKeyNote *n = notes->pdata[i];
    if (n->state == KT_NOVA_KEY_UNKNOWN && !n->image && g_str_has_prefix(n->key, "hw:"))
      g_hash_table_remove(specs, n->key);
  }
}

/* ---- the new name ---- */

static char *fill_pattern(const char *pattern, const char *flavor)
{
  g_auto(GStrv) parts = g_strsplit(pattern, "{flavor}", -1);
  return g_strjoinv(flavor, parts);
}

/* As 'cloud apply' wants it. */
static gboolean is_same_flavor(const Work *w, const KtCloudFlavor *f, const KtCloudGroup *group, GHashTable *specs)
{
  KtCloudCure planned = {0};
  set_sizes(w, &planned, group);
  return is_same_size(f, group) && f->is_public == planned.is_public && f->flavor->extra_specs &&
         kt_flavor_same_specs(f->flavor->extra_specs, specs);
}

static gboolean is_planned(const KtCloudPlan *plan, const char *name)
{
  for (guint i = 0; i < plan->cures->len; i++)
    if (g_str_equal(((KtCloudCure *)plan->cures->pdata[i])->name, name))
      return TRUE;
  return FALSE;
}

/* By the pattern; ".2", ".3", ... where a flavor of this name is another one. *exists: it is there as it should be. */
static char *new_name(const Work *w, const KtCloudGroup *group, GHashTable *specs, gboolean *exists)
{
  const char *old = group->flavor->name;
  g_autofree char *first = fill_pattern(w->options->pattern ? w->options->pattern : KT_CLOUD_PATTERN, old);
  for (guint n = 1;; n++) {
    g_autofree char *name = n > 1 ? g_strdup_printf("%s.%u", first, n) : g_strdup(first);
    const KtCloudFlavor *there = g_hash_table_lookup(w->cloud->by_flavor, name);
    *exists = there && is_same_flavor(w, there, group, specs);
    if (!is_planned(w->plan, name) && (!there || (*exists && !g_str_equal(name, old))))
      return g_steal_pointer(&name);
  }
}

/* ---- a cure ---- */

static gint compare_keys(gconstpointer a, gconstpointer b)
{
  return strcmp((*(KtCloudKey *const *)a)->key, (*(KtCloudKey *const *)b)->key);
}

static const char *why_of(const GPtrArray *advice, const char *key)
{
  for (guint i = 0; i < advice->len; i++)
    if (g_str_equal(((KtNovaAdvice *)advice->pdata[i])->key, key))
      return ((KtNovaAdvice *)advice->pdata[i])->why;
  return NULL;
}

/* All keys of the copy and of the new flavor, each once. */
static void put_keys(KtCloudCure *cure, GHashTable *copy, GHashTable *specs, const GPtrArray *advice)
{
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, specs);
  while (g_hash_table_iter_next(&iter, &key, &value))
    kt_cloud_cure_add_key(cure, key, g_hash_table_lookup(copy, key), value, why_of(advice, key));
  g_hash_table_iter_init(&iter, copy);
  while (g_hash_table_iter_next(&iter, &key, &value))
    if (!g_hash_table_contains(specs, key))
      kt_cloud_cure_add_key(cure, key, value, NULL,
                            kt_nova_key_near(key) ? _("Nova has no such key, and newer ones refuse it")
                                                  : _("the flavor does not have it any more, or Nova no such key"));
  g_ptr_array_sort(cure->keys, compare_keys);
}

static void put_notes(const Work *w, KtCloudCure *cure)
{
  gboolean known = FALSE;
  for (guint i = 0; i < w->places->len; i++)
    known |= ((const KtCloudPlace *)w->places->pdata[i])->empty != NULL;
  if (!known)
    g_ptr_array_add(cure->notes, g_strdup(_("the keys are chosen by the hosts' sizes as Nova's API tells them, their "
                                            "nodes taken as equal: libvirt or captures of the hosts (--host) tell")));
  g_ptr_array_add(cure->notes, g_strdup(_("no key sets the CPU model: cpu_mode in the hosts' nova.conf does (N01)")));
  g_ptr_array_add(cure->notes,
                  g_strdup(_("no key gives the guest an L3 cache: Nova writes no <cache>; CPU model and machine type "
                             "decide (X03), so look at the guest after the first resize")));
  if (cure->after.cells && !cure->before.cells)
    g_ptr_array_add(cure->notes, g_strdup(_("until all have moved, guests with cells and floating ones are mixed on "
                                            "the hosts (N06): a group of hosts of their own avoids that")));
  if (cure->after.threads > 1)
    g_ptr_array_add(cure->notes, g_strdup(_("an AMD CPU model without topoext hides threads: the guest then sees "
                                            "them as cores")));
}

/* A cure that is there already for servers of this flavor with the same result; NULL. */
static KtCloudCure *known_cure(const Work *w, const KtCloudGroup *group, GHashTable *specs, guint *at)
{
  KtCloudCure planned = {0};
  set_sizes(w, &planned, group);
  for (guint i = 0; i < w->plan->cures->len; i++) {
    KtCloudCure *c = w->plan->cures->pdata[i];
    guint same = 0, set = 0;
    for (guint k = 0; k < c->keys->len; k++) {
      const KtCloudKey *key = c->keys->pdata[k];
      set += key->after != NULL;
      same += key->after && g_strcmp0(g_hash_table_lookup(specs, key->key), key->after) == 0;
    }
    *at = i;
    if (g_str_equal(c->flavor, group->flavor->name) && c->vcpus == planned.vcpus && c->ram_mib == planned.ram_mib &&
        c->disk_gib == planned.disk_gib && c->ephemeral_gib == planned.ephemeral_gib &&
        c->swap_mib == planned.swap_mib && set == same && set == g_hash_table_size(specs))
      return c;
  }
  return NULL;
}

/* ---- servers ---- */

static void add_server(const Work *w, const KtCloudServer *s, guint cure)
{
  const char *name = s->name ? s->name : s->id;
  if (w->only && !g_str_equal(w->only, s->id))
    return;
  if (g_strcmp0(s->status, "ACTIVE") != 0 && g_strcmp0(s->status, "SHUTOFF") != 0) {
    note(w, _("%s (%s) stays: it is %s, and Nova resizes what is ACTIVE or SHUTOFF"), name, s->id,
         s->status ? s->status : _("in no known state"));
    return;
  }
  if (s->task_state) {
    note(w, _("%s (%s) stays: it is busy with %s"), name, s->id, s->task_state);
    return;
  }
  const char *os = s->group->flavor->image ? g_hash_table_lookup(s->group->flavor->image, "os_type") : NULL;
  KtCloudMove *m = kt_cloud_plan_add_move(w->plan, s->id);
  m->name = g_strdup(s->name);
  m->host = g_strdup(s->host ? s->host : s->host_key);
  m->status = g_strdup(s->status);
  m->windows = g_strcmp0(os, "windows") == 0;
  m->cure = cure;
}

/* A usable request: sizes within bounds, extra specs known. */
static gboolean is_known(const KtCloudGroup *group)
{
  const KtFlavor *f = group->flavor;
  return f->name && f->extra_specs && f->vcpus.known && f->ram_mib.known && f->vcpus.value >= 1 &&
         f->vcpus.value <= KT_NOVA_VCPUS_MAX && f->ram_mib.value >= 1 && f->disk_gib.known &&
         group->ephemeral_gib.known && group->swap_mib.known;
}

/* The image's hw_cpu_* count before the flavor's; and what cannot be is passed over. */
static gboolean is_heard(GHashTable *specs, const KtCloudShape *shape)
{
  const char *sockets = g_hash_table_lookup(specs, "hw:cpu_sockets");
  gint64 n;
  return !sockets || (kt_nova_int(sockets, &n) && n == shape->sockets);
}

static gboolean is_flat(const KtCloudShape *s, gint64 vcpus)
{
  return vcpus > 2 && s->sockets == vcpus;
}

static void plan_group(const Work *w, KtCloudGroup *group)
{
  const KtFlavor *copy = group->flavor;
  if (!is_known(group)) {
    note(w, _("%s: its sizes or properties are not known: nothing is planned for its servers"),
         copy->name ? copy->name : _("a flavor without a name"));
    return;
  }
  const KtFlavor *base = base_of(w, group);
  g_autoptr(GHashTable) specs = copy_specs(base->extra_specs);
  drop_unknown(specs, base);
  g_autoptr(KtFlavor) clean = kt_cloud_flavor_with(copy, specs);
  g_autoptr(GPtrArray) advice = kt_cloud_advise(clean, w->places, w->options->release);
  for (guint i = 0; advice && i < advice->len; i++) {
    const KtNovaAdvice *a = advice->pdata[i];
    g_hash_table_replace(specs, g_strdup(a->key), g_strdup(a->value));
  }
  g_autoptr(KtFlavor) after = kt_cloud_flavor_with(copy, specs);
  KtCloudShape shape = kt_cloud_shape(after), before = kt_cloud_shape(copy);
  if (!advice)
    note(w, _("no compute host is known (an administrator sees them, or give captures): no keys can be chosen"));
  gboolean vain = is_flat(&shape, copy->vcpus.value) || !is_heard(specs, &shape);
  if (advice && vain)
    note(w,
         _("%s with image %s: no key of the flavor brings the sockets that it should have; the image's hw_cpu_* count "
           "before the flavor's, the sizes do not divide, or no host is that large"),
         copy->name, copy->image_name ? copy->image_name : _("unknown"));
  if (!advice || vain || kt_flavor_same_specs(specs, copy->extra_specs))
    return;
  guint at;
  KtCloudCure *cure = known_cure(w, group, specs, &at);
  if (!cure) {
    gboolean exists;
    g_autofree char *name = new_name(w, group, specs, &exists);
    cure = kt_cloud_plan_add_cure(w->plan, copy->name, name);
    at = w->plan->cures->len - 1;
    cure->exists = exists;
    cure->before = before;
    cure->after = shape;
    set_sizes(w, cure, group);
    put_keys(cure, copy->extra_specs, specs, advice);
    put_notes(w, cure);
    kt_cloud_judge(cure, after, w->places, w->options->release);
  }
  for (guint i = 0; i < group->servers->len; i++)
    add_server(w, group->servers->pdata[i], at);
}

/* ---- all of it ---- */

static gboolean choose(Work *w, const char *target, const char **flavor, GError **error)
{
  *flavor = NULL;
  if (!target)
    return TRUE;
  const KtCloudServer *server = kt_cloud_server(w->cloud, target);
  const KtCloudFlavor *known = kt_cloud_flavor(w->cloud, target);
  for (guint i = 0; !known && i < w->cloud->groups->len; i++) { /* a flavor that was deleted lives on in its servers */
    const KtCloudGroup *group = w->cloud->groups->pdata[i];
    if (g_strcmp0(group->flavor->name, target) == 0)
      *flavor = group->flavor->name;
  }
  if (known)
    *flavor = known->flavor->name;
  else if (!*flavor && server)
    w->only = server->id;
  if (*flavor || w->only)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
              "the cloud has no flavor and no server '%.80s', or several servers of this name (give its id)", target);
  return FALSE;
}

static gboolean is_chosen(const Work *w, const KtCloudGroup *group, const char *flavor)
{
  if (w->only)
    return kt_cloud_server(w->cloud, w->only)->group == group;
  return !flavor || g_strcmp0(group->flavor->name, flavor) == 0;
}

KtCloudPlan *kt_cloud_plan_make(const KtCloud *cloud, const KtCloudEvidence *evidence,
                                const KtCloudPlanOptions *options, GError **error)
{
  g_autoptr(KtCloudPlan) plan = kt_cloud_plan_new();
  g_autoptr(GPtrArray) places = kt_cloud_places(cloud, evidence);
  Work w = {.cloud = cloud, .options = options, .places = places, .plan = plan};
  const char *flavor;
  if (!choose(&w, options->target, &flavor, error))
    return NULL;
  if (options->pattern && !*options->pattern) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "a flavor needs a name");
    return NULL;
  }
  plan->tool = g_strdup(KT_VERSION);
  plan->cloud = g_strdup(cloud->name);
  plan->endpoint = g_strdup(cloud->endpoint);
  for (guint i = 0; i < cloud->groups->len; i++)
    if (is_chosen(&w, cloud->groups->pdata[i], flavor))
      plan_group(&w, cloud->groups->pdata[i]);
  kt_cloud_order(plan, options->wave ? options->wave : KT_CLOUD_WAVE);
  return g_steal_pointer(&plan);
}
