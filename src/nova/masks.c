/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The masks: which vCPUs are realtime, which are dedicated. */
#include "nova/masks.h"
#include "nova/values.h"

KtSet *kt_nova_all_vcpus(const KtFlavor *flavor)
{
  KtSet *set = kt_set_new();
  for (gint64 i = 0; i < flavor->vcpus.value; i++)
    kt_set_add(set, (guint)i);
  return set;
}

/* A mask that begins with '^' takes away from all vCPUs. NULL where it is no list. */
static KtSet *read_mask(const KtFlavor *flavor, const char *mask, gboolean *beyond)
{
  const char *p = mask;
  while (g_ascii_isspace(*p))
    p++;
  g_autofree char *whole =
      *p == '^' ? g_strdup_printf("0-%" G_GINT64_FORMAT ",%s", flavor->vcpus.value - 1, mask) : NULL;
  return kt_nova_cpus(whole ? whole : mask, beyond);
}

KtNovaRefusal kt_nova_emulator(const KtFlavor *flavor, KtNovaEmulator *policy)
{
  const char *text = kt_nova_spec(flavor, "emulator_threads_policy");
  *policy = KT_NOVA_EMULATOR_UNSAID;
  if (!text || !*text)
    return KT_NOVA_OK;
  for (int i = KT_NOVA_EMULATOR_SHARE; i <= KT_NOVA_EMULATOR_ISOLATE; i++)
    if (g_str_equal(text, kt_nova_emulator_word((KtNovaEmulator)i)))
      *policy = (KtNovaEmulator)i;
  return *policy ? KT_NOVA_OK : KT_NOVA_EMULATOR_INVALID;
}

KtNovaRefusal kt_nova_realtime(const KtFlavor *flavor, KtSet **cpus)
{
  *cpus = NULL;
  if (!kt_nova_bool(kt_nova_spec(flavor, "cpu_realtime")))
    return KT_NOVA_OK;
  const char *mask = kt_nova_property(flavor, "cpu_realtime_mask");
  if (!mask || !*mask)
    mask = kt_nova_spec(flavor, "cpu_realtime_mask");
  gboolean beyond = FALSE;
  g_autoptr(KtSet) all = kt_nova_all_vcpus(flavor);
  g_autoptr(KtSet) set = mask && *mask ? read_mask(flavor, mask, &beyond) : kt_set_copy(all);
  if (!set)
    return KT_NOVA_INVALID;
  if (kt_set_is_empty(set) && !beyond)
    return KT_NOVA_REALTIME_MASK;
  KtNovaEmulator emulator;
  KtNovaRefusal no = kt_nova_emulator(flavor, &emulator);
  if (no)
    return no;
  if ((kt_set_equal(set, all) && !emulator) || beyond || !kt_set_contains(all, set))
    return KT_NOVA_REALTIME_MASK;
  *cpus = g_steal_pointer(&set);
  return KT_NOVA_OK;
}

KtNovaRefusal kt_nova_dedicated(const KtFlavor *flavor, KtSet **cpus)
{
  const char *mask = kt_nova_spec(flavor, "cpu_dedicated_mask");
  gboolean beyond;
  *cpus = NULL;
  if (!mask || !*mask)
    return KT_NOVA_OK;
  g_autoptr(KtSet) all = kt_nova_all_vcpus(flavor);
  g_autoptr(KtSet) set = read_mask(flavor, mask, &beyond);
  if (!set)
    return KT_NOVA_INVALID;
  if (kt_set_is_empty(set) || kt_set_contains(set, all) || beyond || !kt_set_contains(all, set))
    return KT_NOVA_MASK_INVALID;
  *cpus = g_steal_pointer(&set);
  return KT_NOVA_OK;
}
