/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "nova/image.h"
#include "nova/policy.h"
#include "nova/values.h"

/* What the effect of a key hangs on, besides its being set. */
typedef enum {
  ALWAYS,
  WITH_NUMA,     /* the guest has cells */
  WITH_REALTIME, /* hw:cpu_realtime */
  ON_MASTER,
  AS_SHAPE, /* the topology that Nova makes has the value */
  IF_TRUE,  /* "no" is the same as not set */
} Needs;

typedef struct {
  const char *name; /* behind "hw:" or "hw_"; with '.' at its end: numbered */
  Needs needs;
  const char *what;
} Key;

// clang-format off
static const Key keys[] = {
    {"cpu_policy", ALWAYS, N_("dedicated: each vCPU has a host CPU of its own; mixed: some have; shared: none")},
    {"cpu_thread_policy", ALWAYS, N_("which host threads pinned vCPUs get: prefer siblings, require them, or isolate: a core each")},
    {"cpu_dedicated_mask", ALWAYS, N_("the vCPUs of a mixed guest that are pinned")},
    {"cpu_realtime", IF_TRUE, N_("vCPUs run with realtime priority, memory is locked")},
    {"cpu_realtime_mask", WITH_REALTIME, N_("the vCPUs that are realtime; the others are the guest's own house-keeping")},
    {"emulator_threads_policy", WITH_NUMA, N_("where QEMU's own threads run: isolate: on a CPU of their own; share: on cpu_shared_set")},
    {"cpu_sockets", AS_SHAPE, N_("sockets that the guest sees")},
    {"cpu_cores", AS_SHAPE, N_("cores a socket that the guest sees")},
    {"cpu_threads", AS_SHAPE, N_("threads a core that the guest sees")},
    {"cpu_max_sockets", ALWAYS, N_("the most sockets that flavor and image may ask for")},
    {"cpu_max_cores", ALWAYS, N_("the most cores a socket that flavor and image may ask for")},
    {"cpu_max_threads", ALWAYS, N_("the most threads a core that flavor and image may ask for")},
    {"numa_nodes", ALWAYS, N_("guest NUMA cells; each is bound to a host node of its own")},
    {"numa_cpus.", WITH_NUMA, N_("the vCPUs of a cell")},
    {"numa_mem.", WITH_NUMA, N_("the MiB of a cell")},
    {"mem_page_size", ALWAYS, N_("page size of the guest's memory; it also gives the guest a NUMA cell")},
    {"locked_memory", IF_TRUE, N_("memory is locked: it cannot be swapped or moved")},
    {"pmem", ALWAYS, N_("persistent memory; it also gives the guest a NUMA cell")},
    {"maxphysaddr_mode", ON_MASTER, N_("the address bits that the guest's CPUs say they have")},
    {"maxphysaddr_bits", ON_MASTER, N_("how many address bits, for mode emulate")},
};

/* Read by Nova, and not about CPUs and memory. */
static const char *const others[] = {
    "boot_menu", "vif_multiqueue_enabled", "mem_encryption", "pmu", "serial_port_count", "tpm_model", "tpm_version",
    "watchdog_action", "viommu_model", "ephemeral_encryption", "ephemeral_encryption_format", "hide_hypervisor_id",
    "pci_numa_affinity_policy", "input_bus", "video_ram", "virtio_packed_ring",
};
/* Scopes that others than the libvirt driver's CPU and memory code read. */
static const char *const scopes[] = {
    "aggregate_instance_extra_specs:", "capabilities:", "accel:", "hw_rng:", "hw_video:", "os:", "pci_passthrough:",
    "quota:disk_", "quota:vif_", "quota:memory_", "trait:", "traits:", "resources:", "group_policy",
};
// clang-format on

static const Key *find_key(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    gsize n = strlen(keys[i].name);
    gboolean numbered = keys[i].name[n - 1] == '.';
    if (numbered ? strncmp(name, keys[i].name, n) == 0 && name[n] && !name[n + strspn(name + n, "0123456789")]
                 : g_str_equal(name, keys[i].name))
      return &keys[i];
  }
  return NULL;
}

static gboolean has_prefix_of(const char *key, const char *const *prefixes, guint n)
{
  for (guint i = 0; i < n; i++)
    if (g_str_has_prefix(key, prefixes[i]))
      return TRUE;
  return FALSE;
}

/* ---- misspelled keys ---- */

/* Letters in which two words differ: counted as a bag, with their lengths, so that
 * "cpu_socket", "cpusockets" and "max_cpu_sockets" are near. */
static guint difference(const char *a, const char *b)
{
  int letters[128] = {0};
  guint sum = 0;
  for (; *a; a++)
    letters[(guchar)*a & 127]++;
  for (; *b; b++)
    letters[(guchar)*b & 127]--;
  for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
    sum += (guint)ABS(letters[i]);
  return sum;
}

const char *kt_nova_key_near(const char *key)
{
  const char *name = strpbrk(key, ":_") && g_ascii_strncasecmp(key, "hw", 2) == 0 ? key + 3 : key;
  const char *best = NULL;
  guint least = 4; /* farther is another word */
  if (strlen(key) < 3 || strlen(key) > 64)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    guint d = difference(name, keys[i].name);
    if (d < least) {
      best = keys[i].name;
      least = d;
    }
  }
  return best;
}

/* ---- the state of each ---- */

typedef struct {
  const KtFlavor *flavor;
  KtNovaRelease release;
  KtNovaShape shape;      /* sockets 0: refused */
  gboolean numa, refused; /* the guest has cells; the request is refused */
  GPtrArray *notes;
} Explain;

static gint64 shape_value(const KtNovaShape *shape, const char *name)
{
  return g_str_equal(name, "cpu_sockets") ? shape->sockets
         : g_str_equal(name, "cpu_cores") ? shape->cores
                                          : shape->threads;
}

/* Why a key has no effect; NULL: it has. Caller frees. */
static char *why_idle(const Explain *e, const Key *key, const char *name, const char *value)
{
  gint64 n;
  switch (key->needs) {
  case WITH_NUMA:
    if (!e->numa && !e->refused)
      return g_strdup(_("no effect: without hw:numa_nodes, a page size or pinned vCPUs the guest has no cells"));
    return NULL;
  case WITH_REALTIME:
    return kt_nova_bool(kt_nova_spec(e->flavor, "cpu_realtime")) ? NULL
                                                                 : g_strdup(_("no effect without hw:cpu_realtime"));
  case ON_MASTER:
    return e->release == KT_NOVA_MASTER ? NULL : g_strdup(_("no effect before release 29 (2024.1)"));
  case IF_TRUE:
    return kt_nova_bool(value) ? NULL : g_strdup(_("no effect: the same as not set"));
  case AS_SHAPE:
    if (!e->shape.sockets || (kt_nova_int(value, &n) && n == shape_value(&e->shape, name)))
      return NULL;
    return g_strdup_printf(_("not met: the guest gets %d sockets x %d cores x %d threads"), (int)e->shape.sockets,
                           (int)e->shape.cores, (int)e->shape.threads);
  case ALWAYS:
    break;
  }
  return NULL;
}

static KtNovaKeyNote *add(Explain *e, const char *key, const char *value, gboolean image, KtNovaKeyState state,
                          const char *what)
{
  KtNovaKeyNote *note = g_new0(KtNovaKeyNote, 1);
  *note = (KtNovaKeyNote){g_strdup(key), g_strdup(value), image, state, g_strdup(what)};
  g_ptr_array_add(e->notes, note);
  return note;
}

static void explain_key(Explain *e, const char *key, const char *value, gboolean image)
{
  const char *prefix = image ? "hw_" : "hw:";
  const char *name = g_str_has_prefix(key, prefix) ? key + strlen(prefix) : NULL;
  const Key *known = name ? find_key(name) : NULL;
  if (known) {
    g_autofree char *idle = why_idle(e, known, name, value);
    add(e, key, value, image, idle ? KT_NOVA_KEY_IDLE : KT_NOVA_KEY_ACTS, idle ? idle : kt_tr(known->what));
  } else if (g_str_has_prefix(key, "quota:cpu_") && !image) {
    static const char *const quotas[] = {"quota:cpu_shares", "quota:cpu_quota", "quota:cpu_period"};
    gboolean read = has_prefix_of(key, quotas, G_N_ELEMENTS(quotas)) && strlen(key) <= strlen(quotas[0]);
    add(e, key, value, image, read ? KT_NOVA_KEY_ACTS : KT_NOVA_KEY_IDLE,
        read ? _("CPU time of the guest's vCPUs, by its cgroup") : _("no effect with libvirt"));
  } else if (!image && (g_str_has_prefix(key, "resources") || g_str_has_prefix(key, "trait"))) {
    add(e, key, value, image, KT_NOVA_KEY_OTHER,
        _("what the host has to offer; PCPU, VCPU and hyperthreading also set policies"));
  } else if ((name && !image && has_prefix_of(name, others, G_N_ELEMENTS(others))) ||
             has_prefix_of(key, scopes, G_N_ELEMENTS(scopes)) ||
             (image && (!name || kt_nova_is_property(key, e->release)))) {
    add(e, key, value, image, KT_NOVA_KEY_OTHER, _("not of CPUs and memory"));
  } else {
    const char *near = kt_nova_key_near(key);
    g_autofree char *meant = near ? g_strconcat(prefix, near, g_str_has_suffix(near, ".") ? "N" : "", NULL) : NULL;
    g_autofree char *like = meant ? g_strdup_printf(_("did you mean %s?"), meant) : NULL;
    add(e, key, value, image, KT_NOVA_KEY_UNKNOWN, like ? like : _("no key that kvmtune knows of Nova"));
  }
}

static int by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void explain_table(Explain *e, GHashTable *table, gboolean image)
{
  if (!table)
    return;
  g_autofree gpointer *names = NULL;
  guint n;
  names = g_hash_table_get_keys_as_array(table, &n);
  qsort(names, n, sizeof *names, by_name);
  for (guint i = 0; i < n; i++)
    explain_key(e, names[i], g_hash_table_lookup(table, names[i]), image);
}

static gboolean is_set(const KtFlavor *flavor, const char *key)
{
  return kt_nova_spec(flavor, key) || kt_nova_property(flavor, key);
}

/* What the guest of a plain flavor lacks. */
static void explain_missing(Explain *e)
{
  if (!e->flavor->extra_specs || e->flavor->vcpus.value <= 2)
    return;
  gboolean shaped = e->shape.cores > 1 || e->shape.threads > 1;
  if (!shaped && !is_set(e->flavor, "cpu_sockets"))
    add(e, "hw:cpu_sockets", NULL, FALSE, KT_NOVA_KEY_MISSING,
        _("each vCPU becomes a socket of its own: set as many as the guest has NUMA cells"));
  if (!shaped && !is_set(e->flavor, "cpu_cores"))
    add(e, "hw:cpu_cores", NULL, FALSE, KT_NOVA_KEY_MISSING, _("vCPUs a socket: caches and the scheduler go by it"));
  if (!is_set(e->flavor, "numa_nodes") && !e->numa)
    add(e, "hw:numa_nodes", NULL, FALSE, KT_NOVA_KEY_MISSING,
        _("the guest sees one node and its memory may lie anywhere: set as many as host nodes it needs"));
}

static void note_free(gpointer data)
{
  KtNovaKeyNote *note = data;
  g_free(note->key);
  g_free(note->value);
  g_free(note->what);
  g_free(note);
}

GPtrArray *kt_nova_explain(const KtFlavor *flavor, KtNovaRelease release)
{
  Explain e = {.flavor = flavor, .release = release, .notes = g_ptr_array_new_with_free_func(note_free)};
  g_autoptr(KtNovaGuest) guest = NULL;
  if (kt_nova_shape(flavor, &e.shape))
    e.shape = (KtNovaShape){0};
  e.refused = kt_nova_guest(flavor, &guest) != KT_NOVA_OK;
  e.numa = guest != NULL;
  explain_table(&e, flavor->extra_specs, FALSE);
  explain_table(&e, flavor->image, TRUE);
  explain_missing(&e);
  return e.notes;
}
