/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/cure.h"

#include <string.h>

#include "nova/image.h"

KtFlavor *kt_cloud_flavor_with(const KtFlavor *flavor, GHashTable *specs)
{
  KtFlavor *copy = kt_flavor_new(flavor->source ? flavor->source : "flavor");
  copy->name = g_strdup(flavor->name);
  copy->vcpus = flavor->vcpus;
  copy->ram_mib = flavor->ram_mib;
  copy->disk_gib = flavor->disk_gib;
  copy->extra_specs = specs ? g_hash_table_ref(specs) : NULL;
  copy->image = flavor->image ? g_hash_table_ref(flavor->image) : NULL;
  return copy;
}

KtCloudShape kt_cloud_shape(const KtFlavor *flavor)
{
  KtCloudShape shape = {0};
  KtNovaShape nova;
  const char *property;
  g_autoptr(KtNovaGuest) guest = NULL;
  if (!flavor->vcpus.known || !flavor->ram_mib.known || !flavor->extra_specs || flavor->vcpus.value < 1 ||
      flavor->vcpus.value > KT_NOVA_VCPUS_MAX || flavor->ram_mib.value < 1 ||
      kt_nova_check_image(flavor, KT_NOVA_MASTER, &property) || kt_nova_shape(flavor, &nova) ||
      kt_nova_guest(flavor, &guest))
    return shape;
  return (KtCloudShape){nova.sockets, nova.cores, nova.threads, guest ? guest->cells->len : 0};
}

/* ---- the keys that fit most hosts ---- */

typedef struct {
  GPtrArray *advice; /* KtNovaAdvice* */
  char *text;        /* the same keys are the same candidate */
  guint fits;        /* hosts */
} Candidate;

static void candidate_free(gpointer data)
{
  Candidate *c = data;
  g_ptr_array_unref(c->advice);
  g_free(c->text);
  g_free(c);
}

static char *text_of(const GPtrArray *advice)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < advice->len; i++) {
    const KtNovaAdvice *a = advice->pdata[i];
    g_string_append_printf(text, "%s=%s\n", a->key, a->value);
  }
  return g_string_free(text, FALSE);
}

static const KtNovaHost *host_to_choose_by(const KtCloudPlace *p)
{
  return p->empty ? p->empty : p->likely;
}

/* Takes `advice`. */
static void add_candidate(GPtrArray *candidates, GPtrArray *advice)
{
  g_autofree char *text = text_of(advice);
  for (guint i = 0; i < candidates->len; i++)
    if (g_str_equal(((Candidate *)candidates->pdata[i])->text, text)) {
      g_ptr_array_unref(advice);
      return;
    }
  Candidate *c = g_new0(Candidate, 1);
  *c = (Candidate){advice, g_steal_pointer(&text), 0};
  g_ptr_array_add(candidates, c);
}

static gboolean fits(const KtFlavor *flavor, const KtNovaHost *host, KtNovaRelease release)
{
  g_autoptr(KtNovaAnswer) a = kt_nova_answer(flavor, host, release);
  return !a->refusal && !a->not_offered && !a->at_compute && (!a->guest || a->fit->fits);
}

static guint count_fits(const KtFlavor *flavor, const GPtrArray *advice, const GPtrArray *places, KtNovaRelease release)
{
  guint n = 0;
  g_autoptr(GHashTable) specs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, flavor->extra_specs);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_hash_table_replace(specs, g_strdup(key), g_strdup(value));
  for (guint i = 0; i < advice->len; i++) {
    const KtNovaAdvice *a = advice->pdata[i];
    g_hash_table_replace(specs, g_strdup(a->key), g_strdup(a->value));
  }
  g_autoptr(KtFlavor) with = kt_cloud_flavor_with(flavor, specs);
  for (guint i = 0; i < places->len; i++) {
    const KtNovaHost *host = host_to_choose_by(places->pdata[i]);
    n += host && fits(with, host, release);
  }
  return n;
}

enum { CANDIDATES_MAX = 16 };

GPtrArray *kt_cloud_advise(const KtFlavor *flavor, const GPtrArray *places, KtNovaRelease release)
{
  g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func(candidate_free);
  const Candidate *best = NULL;
  for (guint i = 0; i < places->len && candidates->len < CANDIDATES_MAX; i++) {
    const KtNovaHost *host = host_to_choose_by(places->pdata[i]);
    if (!host)
      continue;
    g_autoptr(KtNovaAnswer) a = kt_nova_answer(flavor, host, release);
    add_candidate(candidates, kt_nova_advise(flavor, host, a, NULL, release));
  }
  for (guint i = 0; i < candidates->len; i++) {
    Candidate *c = candidates->pdata[i];
    c->fits = count_fits(flavor, c->advice, places, release);
    /* of equals the one that asks for something: nothing is what there was */
    if (!best || c->fits > best->fits || (c->fits == best->fits && c->advice->len > best->advice->len))
      best = c;
  }
  return best ? g_ptr_array_ref(best->advice) : NULL;
}
