/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/xml.h"

#include "nova/masks.h"
#include "nova/values.h"

typedef struct {
  GString *out;
  const KtFlavor *flavor;
  const KtNovaGuest *guest; /* NULL: no NUMA */
  const KtNovaFit *fit;
  const KtNovaHost *host;
  KtNovaRelease release;
  const KtSet *realtime; /* vCPUs; NULL: none */
  KtSet *shared_set;     /* of nova.conf, of the CPUs that are there; NULL: not set */
} Xml;

static void append_text(GString *out, const char *key, const char *text)
{
  g_autofree char *value = g_markup_escape_text(text, -1);
  g_string_append_printf(out, " %s=\"%s\"", key, value);
}

static void append_int(GString *out, const char *key, gint64 value)
{
  g_string_append_printf(out, " %s=\"%" G_GINT64_FORMAT "\"", key, value);
}

static void append_set(GString *out, const char *key, const KtSet *set)
{
  g_autofree char *list = kt_set_format(set);
  g_string_append_printf(out, " %s=\"%s\"", key, list);
}

static const KtNovaPlaced *placed_at(const Xml *x, guint i)
{
  return x->fit->cells->pdata[i];
}

static const KtNovaGuestCell *cell_at(const Xml *x, guint i)
{
  return x->guest->cells->pdata[i];
}

/* Nova takes the sizes of host cell 0 for those of all. */
static gint64 first_cell_smallest(const Xml *x)
{
  return x->host->cells->len ? kt_nova_host_cell_smallest_kib(x->host->cells->pdata[0]) : 0;
}

static gboolean is_huge_in_first_cell(const Xml *x, gint64 kib)
{
  return kib != first_cell_smallest(x) && kt_nova_host_cell_pool(x->host->cells->pdata[0], kib) != NULL;
}

/* ---- memoryBacking, numatune ---- */

static void append_backing(const Xml *x)
{
  g_autoptr(GString) inside = g_string_new(NULL);
  gint64 smallest = first_cell_smallest(x);
  for (guint i = 0; x->guest && i < x->fit->cells->len; i++) {
    KtInt pages = placed_at(x, i)->pages_kib;
    if (pages.known && smallest && pages.value > smallest)
      g_string_append_printf(inside, "<page size=\"%" G_GINT64_FORMAT "\" nodeset=\"%u\" unit=\"KiB\"/>", pages.value,
                             i);
  }
  if (inside->len) {
    g_string_prepend(inside, "<hugepages>");
    g_string_append(inside, "</hugepages>");
  }
  if (x->realtime)
    g_string_append(inside, "<nosharepages/>");
  if (x->realtime || kt_nova_is_locked(x->flavor))
    g_string_append(inside, "<locked/>");
  if (inside->len)
    g_string_append_printf(x->out, "<memoryBacking>%s</memoryBacking>", inside->str);
}

static void append_numatune(const Xml *x)
{
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint i = 0; i < x->fit->cells->len; i++)
    kt_set_add(nodes, (guint)placed_at(x, i)->on->id);
  g_string_append(x->out, "<numatune><memory mode=\"strict\"");
  append_set(x->out, "nodeset", nodes);
  g_string_append(x->out, "/>");
  for (guint i = 0; i < x->fit->cells->len; i++)
    g_string_append_printf(x->out, "<memnode cellid=\"%u\" mode=\"strict\" nodeset=\"%d\"/>", i,
                           placed_at(x, i)->on->id);
  g_string_append(x->out, "</numatune>");
}

/* ---- cputune ---- */

/* shares, quota and period of quota:cpu_*; FALSE where one is no number. */
static gboolean append_quota(const Xml *x, GString *out)
{
  static const char *const names[] = {"shares", "quota", "period"};
  for (guint i = 0; x->flavor->extra_specs && i < G_N_ELEMENTS(names); i++) {
    g_autofree char *key = g_strconcat("quota:cpu_", names[i], NULL);
    const char *text = g_hash_table_lookup(x->flavor->extra_specs, key);
    gint64 n;
    if (!text)
      continue;
    if (!kt_nova_int(text, &n))
      return FALSE;
    g_string_append_printf(out, "<%s>%" G_GINT64_FORMAT "</%s>", names[i], n, names[i]);
  }
  return TRUE;
}

/* Host CPUs of each vCPU, by vCPU: KtSet* that belong to the cells, or one of `owned`. */
static GHashTable *pins_of(const Xml *x, GPtrArray *owned)
{
  GHashTable *pins = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < x->guest->cells->len; i++) {
    const KtNovaGuestCell *cell = cell_at(x, i);
    const KtNovaPlaced *placed = placed_at(x, i);
    for (int v = kt_set_next(cell->shared, 0); v >= 0; v = kt_set_next(cell->shared, (guint)v + 1))
      g_hash_table_insert(pins, GINT_TO_POINTER(v), placed->on->shared);
    guint at = 0;
    for (int v = kt_set_next(cell->dedicated, 0); v >= 0; v = kt_set_next(cell->dedicated, (guint)v + 1)) {
      KtSet *one = kt_set_new();
      kt_set_add(one, g_array_index(placed->pins, guint, at++));
      g_ptr_array_add(owned, one);
      g_hash_table_insert(pins, GINT_TO_POINTER(v), one);
    }
  }
  return pins;
}

static KtSet *emulator_cpus(const Xml *x, GHashTable *pins)
{
  KtSet *cpus = kt_set_new();
  if (x->guest->emulator == KT_NOVA_EMULATOR_ISOLATE) {
    if (placed_at(x, 0)->reserved.known)
      kt_set_add(cpus, (guint)placed_at(x, 0)->reserved.value);
    return cpus;
  }
  if (x->guest->emulator == KT_NOVA_EMULATOR_SHARE && x->shared_set) {
    kt_set_add_all(cpus, x->shared_set);
    return cpus;
  }
  GHashTableIter iter;
  gpointer vcpu, set;
  g_hash_table_iter_init(&iter, pins);
  while (g_hash_table_iter_next(&iter, &vcpu, &set))
    if (!kt_set_has(x->realtime, (guint)GPOINTER_TO_INT(vcpu)))
      kt_set_add_all(cpus, set);
  return cpus;
}

static void append_pins(const Xml *x, GString *out)
{
  g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func((GDestroyNotify)kt_set_free);
  g_autoptr(GHashTable) pins = pins_of(x, owned);
  g_autoptr(KtSet) emulator = emulator_cpus(x, pins);
  g_string_append(out, "<emulatorpin");
  append_set(out, "cpuset", emulator);
  g_string_append(out, "/>");
  if (x->release == KT_NOVA_MASTER) {
    g_string_append(out, "<iothreadpin iothread=\"1\"");
    append_set(out, "cpuset", emulator);
    g_string_append(out, "/>");
  }
  for (gint64 v = 0; v < x->flavor->vcpus.value; v++) {
    const KtSet *cpus = g_hash_table_lookup(pins, GINT_TO_POINTER((int)v));
    if (!cpus)
      continue;
    g_string_append(out, "<vcpupin");
    append_int(out, "vcpu", v);
    append_set(out, "cpuset", cpus);
    g_string_append(out, "/>");
  }
  if (!x->realtime)
    return;
  g_string_append(out, "<vcpusched");
  append_set(out, "vcpus", x->realtime);
  g_string_append(out, " scheduler=\"fifo\" priority=\"1\"/>");
}

static gboolean append_cputune(const Xml *x)
{
  g_autoptr(GString) inside = g_string_new(NULL);
  if (!append_quota(x, inside))
    return FALSE;
  if (x->guest)
    append_pins(x, inside);
  if (inside->len)
    g_string_append_printf(x->out, "<cputune>%s</cputune>", inside->str);
  return TRUE;
}

/* ---- vcpu, cpu ---- */

static void append_vcpu(const Xml *x)
{
  g_string_append(x->out, "<vcpu");
  if (!x->guest && x->shared_set)
    append_set(x->out, "cpuset", x->shared_set);
  g_string_append_printf(x->out, ">%" G_GINT64_FORMAT "</vcpu>", x->flavor->vcpus.value);
  if (x->release == KT_NOVA_MASTER)
    g_string_append(x->out, "<iothreads>1</iothreads>");
}

static void append_address_bits(const Xml *x)
{
  const char *mode = kt_nova_spec(x->flavor, "maxphysaddr_mode"), *bits = kt_nova_spec(x->flavor, "maxphysaddr_bits");
  mode = mode ? mode : kt_nova_property(x->flavor, "maxphysaddr_mode");
  bits = bits ? bits : kt_nova_property(x->flavor, "maxphysaddr_bits");
  if (!mode || x->release == KT_NOVA_ZED)
    return;
  g_string_append(x->out, "<maxphysaddr");
  append_text(x->out, "mode", mode);
  if (g_str_equal(mode, "emulate") && bits)
    append_text(x->out, "bits", bits);
  g_string_append(x->out, "/>");
}

static void append_cells(const Xml *x)
{
  gboolean shared = FALSE;
  for (guint i = 0; i < x->fit->cells->len; i++)
    shared |= placed_at(x, i)->pages_kib.known && is_huge_in_first_cell(x, placed_at(x, i)->pages_kib.value);
  g_string_append(x->out, "<numa>");
  for (guint i = 0; i < x->guest->cells->len; i++) {
    g_autoptr(KtSet) cpus = kt_set_copy(cell_at(x, i)->shared);
    kt_set_add_all(cpus, cell_at(x, i)->dedicated);
    g_string_append_printf(x->out, "<cell id=\"%u\"", i);
    append_set(x->out, "cpus", cpus);
    append_int(x->out, "memory", cell_at(x, i)->memory_mib * 1024);
    g_string_append(x->out, shared ? " memAccess=\"shared\"/>" : "/>");
  }
  g_string_append(x->out, "</numa>");
}

static void append_cpu(const Xml *x, const KtNovaShape *shape)
{
  g_string_append_printf(x->out, "<cpu mode=\"%s\" match=\"exact\"><topology",
                         x->host->compute.passthrough ? "host-passthrough" : "host-model");
  append_int(x->out, "sockets", shape->sockets);
  append_int(x->out, "cores", shape->cores);
  append_int(x->out, "threads", shape->threads);
  g_string_append(x->out, "/>");
  append_address_bits(x);
  if (x->guest)
    append_cells(x);
  g_string_append(x->out, "</cpu>");
}

/* cpu_shared_set without CPUs that are off or missing: what the host's cells have of it. */
static KtSet *shared_set_of(const KtNovaHost *host)
{
  if (!host->compute.shared_set)
    return NULL;
  KtSet *set = kt_set_new();
  for (guint i = 0; i < host->cells->len; i++)
    kt_set_add_all(set, ((const KtNovaHostCell *)host->cells->pdata[i])->shared);
  kt_set_keep_only(set, host->compute.shared_set);
  return set;
}

KtNovaRefusal kt_nova_xml(const KtFlavor *flavor, const KtNovaGuest *guest, const KtNovaFit *fit,
                          const KtNovaHost *host, KtNovaRelease release, char **xml)
{
  g_autoptr(GString) out = g_string_new("<domain type=\"kvm\">");
  g_autoptr(KtSet) realtime = NULL;
  g_autoptr(KtSet) shared_set = shared_set_of(host);
  KtNovaShape shape;
  *xml = NULL;
  KtNovaRefusal no = kt_nova_realtime(flavor, &realtime);
  if (!no)
    no = kt_nova_shape(flavor, &shape);
  if (!no && realtime && guest && guest->emulator == KT_NOVA_EMULATOR_SHARE && !shared_set)
    no = KT_NOVA_REALTIME_MASK;
  if (no)
    return no;
  const Xml x = {out, flavor, guest, fit, host, release, realtime, shared_set};
  g_string_append_printf(out, "<memory>%" G_GINT64_FORMAT "</memory>", flavor->ram_mib.value * 1024);
  append_backing(&x);
  if (guest)
    append_numatune(&x);
  append_vcpu(&x);
  if (!append_cputune(&x))
    return KT_NOVA_VALUE_ERROR;
  append_cpu(&x, &shape);
  g_string_append(out, "</domain>");
  *xml = g_string_free(g_steal_pointer(&out), FALSE);
  return KT_NOVA_OK;
}
