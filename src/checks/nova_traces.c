/* SPDX-License-Identifier: GPL-2.0-or-later */
/* N08, N09: what an image does not say, and what in a definition is not Nova's. */
#include <string.h>

#include "base/i18n.h"
#include "checks/nova_checks.h"

/* ---- N08: images ---- */

/* "windows", "win2k19", "Windows-2022", "ws 2019 win": a word that begins so and goes on with digits, "dows" or ends.
 */
static gboolean names_windows(const char *text)
{
  g_autofree char *lower = g_ascii_strdown(text ? text : "", -1);
  for (const char *p = lower; (p = strstr(p, "win")); p += 3) {
    const char *after = p + 3;
    if (p > lower && g_ascii_isalnum(p[-1]))
      continue;
    if (g_str_has_prefix(after, "dows"))
      after += 4;
    if (!g_ascii_isalpha(*after))
      return TRUE;
  }
  return FALSE;
}

static gboolean is_one_of(const char *value, const char *const *words)
{
  return value && g_strv_contains(words, value);
}

/* The image's first property that asks for an emulated device; NULL: none. */
static const char *old_device(GHashTable *image)
{
  static const char *const buses[] = {"ide", "sata", "fdc", NULL}, *const cards[] = {"e1000",    "e1000e", "rtl8139",
                                                                                     "ne2k_pci", "pcnet",  NULL};
  if (is_one_of(g_hash_table_lookup(image, "hw_disk_bus"), buses))
    return "hw_disk_bus";
  return is_one_of(g_hash_table_lookup(image, "hw_vif_model"), cards) ? "hw_vif_model" : NULL;
}

void kt_check_n08(const KtSubject *s, KtFinding *f)
{
  const KtFlavor *flavor = s->flavor;
  if (!flavor->image)
    return;
  const char *type = g_hash_table_lookup(flavor->image, "os_type"),
             *distro = g_hash_table_lookup(flavor->image, "os_distro"), *device = old_device(flavor->image);
  gboolean by_distro = names_windows(distro);
  gboolean unmarked = !type && (by_distro || (!distro && names_windows(flavor->image_name)));
  if (!unmarked && !device) {
    kt_finding_fine(f);
    return;
  }
  const char *name = flavor->image_name ? flavor->image_name : "?";
  const char *model = device ? g_hash_table_lookup(flavor->image, device) : NULL;
  if (unmarked)
    kt_finding_fire(f, s, "image %s is Windows by its %s and has no os_type=windows", name,
                    by_distro ? "os_distro" : _("name"));
  else
    kt_finding_fire(f, s, "image %s asks for an emulated device: %s=%s", name, device, model);
  if (unmarked && !by_distro)
    f->basis = KT_BASIS_INFERRED;
  if (unmarked && device)
    kt_finding_say(f, "it asks for an emulated device too: %s=%s", device, model);
  kt_finding_cite(f, kt_flavor_cite_of(flavor, by_distro ? "image.os_distro" : "image"));
  g_autofree char *path = device ? g_strconcat("image.", device, NULL) : NULL;
  if (path)
    kt_finding_cite(f, kt_flavor_cite_of(flavor, path));
  if (flavor->image_name)
    kt_finding_fill(f, "image", "%s", flavor->image_name);
}

/* ---- N09: definitions ---- */

static gboolean is_on(GHashTable *table, const char *key)
{
  return table && g_strcmp0(g_hash_table_lookup(table, key), "on") == 0;
}

/* Written there, and not only listed by a table of virsh's, which has a row for each vCPU. */
static gboolean has_pins(const KtDomain *d)
{
  return g_hash_table_size(d->vcpupin) && d->definition && strstr(d->definition, "<vcpupin");
}

static gboolean is_not_strict(const char *mode)
{
  return mode && !g_str_equal(mode, "strict");
}

static gboolean has_other_mode(const KtDomain *d)
{
  for (guint i = 0; i < d->cells->len; i++)
    if (is_not_strict(((const KtCell *)d->cells->pdata[i])->memnode_mode))
      return TRUE;
  return is_not_strict(d->numatune_mode);
}

void kt_check_n09(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (d->manager != KT_MANAGER_NOVA || g_strcmp0(d->format, "libvirt") != 0)
    return;
  const struct {
    gboolean there;
    const char *what, *cite;
  } traces[] = {
      {d->cache_mode != NULL, "<cache>", "cache"},
      {d->dies.known && d->dies.value > 1, "<topology dies>", "topology"},
      {is_on(d->kvm, "hint-dedicated"), "<hint-dedicated>", "kvm"},
      {is_on(d->hyperv, "stimer"), "<stimer>", "hyperv"},
      {!d->cells->len && has_pins(d), "<vcpupin>", "vcpupin"},
      {!d->cells->len && d->numatune_nodeset, "<numatune>", "numatune"},
      {has_other_mode(d), "<numatune mode>", "numatune"},
  };
  g_autoptr(GString) list = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(traces); i++)
    if (traces[i].there && !strstr(list->str, traces[i].what))
      g_string_append_printf(list, "%s%s", list->len ? ", " : "", traces[i].what);
  if (!list->len) {
    if (d->cut)
      kt_finding_cannot(f, "the rest of the definition");
    else
      kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "Nova did not write %s: its next hard reboot, resize or migration takes it away", list->str);
  f->basis = KT_BASIS_MEASURED;
  for (guint i = 0; i < G_N_ELEMENTS(traces); i++)
    if (traces[i].there)
      kt_finding_cite_domain(f, d, traces[i].cite);
}
