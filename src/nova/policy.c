/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policies of a request, of flavor and image together, and what contradicts. */
#include <string.h>

#include "nova/masks.h"
#include "nova/policy.h"
#include "nova/values.h"

static const char *const cpus_words[] = {
    [KT_NOVA_CPUS_SHARED] = "shared", [KT_NOVA_CPUS_DEDICATED] = "dedicated", [KT_NOVA_CPUS_MIXED] = "mixed"};
static const char *const threads_words[] = {
    [KT_NOVA_THREADS_PREFER] = "prefer", [KT_NOVA_THREADS_ISOLATE] = "isolate", [KT_NOVA_THREADS_REQUIRE] = "require"};
static const char *const emulator_words[] = {
    [KT_NOVA_EMULATOR_SHARE] = "share", [KT_NOVA_EMULATOR_ISOLATE] = "isolate"};

const char *kt_nova_cpus_word(KtNovaCpus policy)
{
  return cpus_words[policy];
}

const char *kt_nova_threads_word(KtNovaThreads policy)
{
  return threads_words[policy];
}

const char *kt_nova_emulator_word(KtNovaEmulator policy)
{
  return emulator_words[policy];
}

const char *kt_nova_spec(const KtFlavor *flavor, const char *key)
{
  char name[64];
  g_snprintf(name, sizeof name, "hw:%s", key);
  return flavor->extra_specs ? g_hash_table_lookup(flavor->extra_specs, name) : NULL;
}

const char *kt_nova_property(const KtFlavor *flavor, const char *key)
{
  char name[64];
  g_snprintf(name, sizeof name, "hw_%s", key);
  return flavor->image ? g_hash_table_lookup(flavor->image, name) : NULL;
}

/* The word's place in the list from 1; 0 for NULL and ""; -1 for another. */
static int word_at(const char *text, const char *const *list, int n)
{
  if (!text || !*text)
    return 0;
  for (int i = 1; i < n; i++)
    if (g_str_equal(text, list[i]))
      return i;
  return -1;
}

static KtNovaRefusal read_cpus(const KtFlavor *flavor, KtNovaCpus *policy)
{
  int of_flavor = word_at(kt_nova_spec(flavor, "cpu_policy"), cpus_words, G_N_ELEMENTS(cpus_words));
  int of_image = word_at(kt_nova_property(flavor, "cpu_policy"), cpus_words, G_N_ELEMENTS(cpus_words));
  if (of_flavor < 0 || of_image < 0)
    return KT_NOVA_POLICY_INVALID;
  if ((of_flavor == KT_NOVA_CPUS_MIXED && of_image == KT_NOVA_CPUS_DEDICATED) ||
      (of_flavor == KT_NOVA_CPUS_SHARED && of_image > KT_NOVA_CPUS_SHARED))
    return KT_NOVA_POLICY_FORBIDDEN;
  *policy = (KtNovaCpus)(of_flavor ? of_flavor : of_image);
  return KT_NOVA_OK;
}

static KtNovaRefusal read_threads(const KtFlavor *flavor, KtNovaThreads *policy)
{
  const char *text = kt_nova_spec(flavor, "cpu_thread_policy");
  int of_flavor = word_at(text, threads_words, G_N_ELEMENTS(threads_words));
  int of_image = word_at(kt_nova_property(flavor, "cpu_thread_policy"), threads_words, G_N_ELEMENTS(threads_words));
  if (of_flavor < 0 || of_image < 0)
    return KT_NOVA_THREADS_INVALID;
  if (text && of_flavor != KT_NOVA_THREADS_PREFER && of_image && of_image != of_flavor)
    return KT_NOVA_THREADS_FORBIDDEN;
  *policy = (KtNovaThreads)(of_flavor ? of_flavor : of_image);
  return KT_NOVA_OK;
}

/* ---- resources:VCPU, resources:PCPU and the trait of hyperthreading ---- */

/* Is it GROUP or GROUP and a number from 1, then ":NAME"? Nova does not look at what comes behind. */
static gboolean is_grouped(const char *key, const char *group, const char *name)
{
  if (!g_str_has_prefix(key, group))
    return FALSE;
  key += strlen(group);
  if (*key != '0')
    key += strspn(key, "0123456789");
  return *key == ':' && g_str_has_prefix(key + 1, name);
}

static void sum_resources(const KtFlavor *flavor, gint64 *vcpus, gint64 *pcpus)
{
  GHashTableIter iter;
  gpointer key, value;
  gint64 n;
  *vcpus = *pcpus = 0;
  if (!flavor->extra_specs)
    return;
  g_hash_table_iter_init(&iter, flavor->extra_specs);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    if (is_grouped(key, "resources", "VCPU") && kt_nova_int(value, &n))
      *vcpus += n;
    if (is_grouped(key, "resources", "PCPU") && kt_nova_int(value, &n))
      *pcpus += n;
  }
}

static gboolean is_hyperthreading(const char *key)
{
  return is_grouped(key, "trait", "HW_CPU_HYPERTHREADING");
}

/* Of several keys Nova takes the first of its dictionary; where that order is not known, the shortest, then smallest.
 */
static const char *hyperthreading_key(const KtFlavor *flavor)
{
  const char *best = NULL;
  for (guint i = 0; flavor->spec_order && i < flavor->spec_order->len; i++)
    if (is_hyperthreading(flavor->spec_order->pdata[i]))
      return flavor->spec_order->pdata[i];
  GHashTableIter iter;
  gpointer key;
  g_hash_table_iter_init(&iter, flavor->extra_specs);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    if (is_hyperthreading(key) &&
        (!best || strlen(key) < strlen(best) || (strlen(key) == strlen(best) && strcmp(key, best) < 0)))
      best = key;
  return best;
}

/* The trait's value, NULL if none asks for it. */
static const char *hyperthreading(const KtFlavor *flavor)
{
  const char *key = flavor->extra_specs ? hyperthreading_key(flavor) : NULL;
  if (key)
    return g_hash_table_lookup(flavor->extra_specs, key);
  const char *image = flavor->image ? g_hash_table_lookup(flavor->image, "trait:HW_CPU_HYPERTHREADING") : NULL;
  return image && g_str_equal(image, "required") ? image : NULL;
}

static KtNovaRefusal apply_resources(const KtFlavor *flavor, KtNovaPolicy *p)
{
  gint64 vcpus, pcpus;
  sum_resources(flavor, &vcpus, &pcpus);
  if ((p->cpus && (vcpus || pcpus)) || (vcpus && pcpus))
    return KT_NOVA_INVALID_REQUEST;
  if (pcpus && pcpus != flavor->vcpus.value + (p->emulator == KT_NOVA_EMULATOR_ISOLATE ? 1 : 0))
    return KT_NOVA_INVALID_REQUEST;
  if (pcpus)
    p->cpus = KT_NOVA_CPUS_DEDICATED;
  if (vcpus)
    p->cpus = KT_NOVA_CPUS_SHARED;
  const char *trait = hyperthreading(flavor);
  if (p->threads && trait && *trait)
    return KT_NOVA_INVALID_REQUEST;
  if (g_strcmp0(trait, "forbidden") == 0)
    p->threads = KT_NOVA_THREADS_ISOLATE;
  else if (g_strcmp0(trait, "required") == 0)
    p->threads = KT_NOVA_THREADS_REQUIRE;
  return KT_NOVA_OK;
}

/* ---- all together ---- */

static KtNovaRefusal check(const KtNovaPolicy *p)
{
  if (p->cpus == KT_NOVA_CPUS_DEDICATED)
    return p->dedicated ? KT_NOVA_MASK_NEEDS_MIXED : KT_NOVA_OK;
  if (p->cpus == KT_NOVA_CPUS_MIXED)
    return !p->realtime == !p->dedicated ? KT_NOVA_MIXED_NEEDS_MASK : KT_NOVA_OK;
  if (p->threads)
    return KT_NOVA_THREADS_CONFIGURATION;
  if (p->emulator == KT_NOVA_EMULATOR_ISOLATE)
    return KT_NOVA_EMULATOR_REQUIREMENT;
  if (p->dedicated)
    return KT_NOVA_MASK_NEEDS_MIXED;
  return p->realtime ? KT_NOVA_REALTIME_CONFIGURATION : KT_NOVA_OK;
}

KtNovaRefusal kt_nova_policy(const KtFlavor *flavor, KtNovaPolicy *p)
{
  KtNovaRefusal no = read_cpus(flavor, &p->cpus);
  if (!no)
    no = read_threads(flavor, &p->threads);
  if (!no)
    no = kt_nova_realtime(flavor, &p->realtime);
  if (!no)
    no = kt_nova_dedicated(flavor, &p->dedicated);
  if (!no)
    no = kt_nova_emulator(flavor, &p->emulator);
  if (!no)
    no = apply_resources(flavor, p);
  return no ? no : check(p);
}

void kt_nova_policy_clear(KtNovaPolicy *p)
{
  g_clear_pointer(&p->realtime, kt_set_free);
  g_clear_pointer(&p->dedicated, kt_set_free);
}
