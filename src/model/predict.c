/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/predict.h"

#include "model/predict_parts.h"

static gboolean is_amd_vendor(const char *vendor)
{
  return g_strcmp0(vendor, "AuthenticAMD") == 0 || g_strcmp0(vendor, "HygonGenuine") == 0;
}

static gboolean is_tcg(const KtDomain *d)
{
  return g_strcmp0(d->type, "qemu") == 0 || g_strcmp0(d->type, "tcg") == 0;
}

/* The name of the named model, NULL if the host's CPU is asked for or nothing tells. */
static const char *model_name(const KtDomain *d)
{
  if (d->cpu_model && (!d->cpu_mode || g_str_equal(d->cpu_mode, "custom")))
    return d->cpu_model;
  if (d->cpu_given || d->cpu_mode || d->cut)
    return NULL;
  return kt_domain_default_cpu_model(d);
}

/* ---- who the CPU says it is ---- */

/* Models that were other CPUs up to a machine type (hw/i386/pc.c). */
static const struct {
  const char *name;
  int until, family, model, stepping;
} old_numbers[] = {
    {"qemu64", 600, 6, 6, 3},
    {"Cascadelake-Server", 301, 6, 85, 5},
    {"Haswell", 208, 6, 60, 1},
    {"Opteron_G3", 207, 15, 6, 1},
};

static void set_model_numbers(KtPrediction *p, const char *name, const KtCite *cite)
{
  int family = p->model->family, model = p->model->model, stepping = p->model->stepping;
  for (guint i = 0; i < G_N_ELEMENTS(old_numbers); i++) {
    if (!g_str_equal(old_numbers[i].name, name) || p->version > old_numbers[i].until)
      continue;
    if (!p->version)
      return;
    family = old_numbers[i].family;
    model = old_numbers[i].model;
    stepping = old_numbers[i].stepping;
  }
  kt_machine_set_int(p->guest, "cpu.family", family, cite);
  kt_machine_set_int(p->guest, "cpu.model", model, cite);
  kt_machine_set_int(p->guest, "cpu.stepping", stepping, cite);
}

static void predict_named(KtPrediction *p, const char *name, const KtCite *cite)
{
  p->model = kt_cpu_model_find(name);
  /* under KVM a guest sees the host's vendor, whatever the model (kvm-cpu.c) */
  if (!is_tcg(p->domain) && p->host && p->host->cpu_vendor)
    kt_machine_set_text(p->guest, "cpu.vendor", p->host->cpu_vendor, cite);
  else if (p->model && (is_tcg(p->domain) || !kt_cpu_model_is_generic(name)))
    kt_machine_set_text(p->guest, "cpu.vendor", p->model->vendor, cite);
  if (!p->model)
    return;
  set_model_numbers(p, name, cite);
  /* old machine types say "QEMU Virtual CPU version 2.4.0" and the like */
  if (p->model->model_name[0] && (!g_str_has_prefix(p->model->model_name, "QEMU Virtual") || p->version >= 205))
    kt_machine_set_text(p->guest, "cpu.model_name", p->model->model_name, cite);
}

static void predict_host_cpu(KtPrediction *p, const KtCite *cite)
{
  if (!p->host || is_tcg(p->domain))
    return;
  if (p->host->cpu_vendor)
    kt_machine_set_text(p->guest, "cpu.vendor", p->host->cpu_vendor, cite);
  if (!p->from_host)
    return;
  if (p->host->cpu_model_name)
    kt_machine_set_text(p->guest, "cpu.model_name", p->host->cpu_model_name, cite);
  const struct {
    const char *path;
    KtInt value;
  } numbers[] = {
      {"cpu.family", p->host->cpu_family}, {"cpu.model", p->host->cpu_model}, {"cpu.stepping", p->host->cpu_stepping}};
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
    if (numbers[i].value.known)
      kt_machine_set_int(p->guest, numbers[i].path, numbers[i].value.value, cite);
}

static void predict_cpu(KtPrediction *p)
{
  const KtDomain *d = p->domain;
  const KtCite *cite = kt_domain_cite_of(d, "cpu");
  const char *mode = d->cpu_mode, *name = model_name(d);
  p->from_host = g_strcmp0(mode, "host-passthrough") == 0 || g_strcmp0(mode, "maximum") == 0;
  if (p->from_host && is_tcg(d)) { /* TCG's maximum is a CPU of its own */
    p->from_host = FALSE;
    name = "max";
  }
  if (name)
    predict_named(p, name, cite);
  else
    predict_host_cpu(p, cite);

  /* KVM's signature is where lscpu looks only if nothing hides or precedes it */
  const char *hidden = g_hash_table_lookup(d->kvm, "hidden");
  if (g_strcmp0(d->type, "kvm") == 0 && g_strcmp0(hidden, "on") != 0 && !d->hyperv && !d->hyperv_passthrough)
    kt_machine_set_text(p->guest, "hypervisor", "kvm", kt_domain_cite_of(d, "type"));
}

/* ---- how its kernel may read it ---- */

/* topoext is never enabled by -cpu host alone; EPYC models have it since machine type 3.0; TCG cannot. */
static KtTri topoext_of(const KtPrediction *p)
{
  const char *policy = kt_domain_feature(p->domain, "topoext");
  if (is_tcg(p->domain))
    return KT_NO;
  if (policy && (g_str_equal(policy, "require") || g_str_equal(policy, "force")))
    return KT_YES;
  if (policy && (g_str_equal(policy, "disable") || g_str_equal(policy, "forbid")))
    return KT_NO;
  if (policy)
    return KT_UNKNOWN;
  if (p->from_host)
    return KT_NO;
  if (!p->model)
    return KT_UNKNOWN;
  if (!g_str_has_prefix(p->model->name, "EPYC") && !g_str_has_prefix(p->model->name, "Dhyana"))
    return KT_NO;
  return !p->version ? KT_UNKNOWN : p->version >= 300 ? KT_YES : KT_NO;
}

static gboolean maybe_zen1(const KtPrediction *p)
{
  const KtMachine *g = p->guest;
  if (g_strcmp0(g->cpu_vendor, "HygonGenuine") == 0)
    return TRUE;
  KtInt family = g->cpu_family, model = g->cpu_model;
  if (!family.known && p->host) { /* host-model: a model of the host's family */
    family = p->host->cpu_family;
    model = p->host->cpu_model;
  }
  return !family.known || (family.value == 0x17 && (!model.known || model.value <= 0x1f));
}

static void add_view(KtPrediction *p, gboolean amd, gboolean topoext)
{
  p->views[p->n_views++] = (KtCpuView){.amd = amd, .topoext = topoext, .zen1 = amd && maybe_zen1(p)};
}

static void find_views(KtPrediction *p)
{
  const char *vendor = p->guest->cpu_vendor;
  if (!vendor || !is_amd_vendor(vendor))
    add_view(p, FALSE, FALSE);
  if (vendor && !is_amd_vendor(vendor))
    return;
  KtTri topoext = topoext_of(p);
  if (topoext != KT_NO)
    add_view(p, TRUE, TRUE);
  if (topoext != KT_YES)
    add_view(p, TRUE, FALSE);
}

/* ---- topology ---- */

/* Do all views agree that threads are seen (or hidden, or that there are none)? */
static KtTri threads_seen(const KtPrediction *p)
{
  if (p->shape.threads == 1)
    return KT_YES;
  guint hidden = 0;
  for (guint i = 0; i < p->n_views; i++)
    hidden += p->views[i].amd && !p->views[i].topoext;
  return hidden == 0 ? KT_YES : hidden == p->n_views ? KT_NO : KT_UNKNOWN;
}

/* Dies are seen through leaf 1Fh, which only Intel's way of reading has here. */
static KtTri dies_seen(const KtPrediction *p)
{
  if (p->shape.dies == 1)
    return KT_YES;
  return p->n_views == 1 && !p->views[0].amd ? KT_YES : p->n_views == 1 && !p->views[0].topoext ? KT_NO : KT_UNKNOWN;
}

static void predict_cpus(KtPrediction *p, KtTri threads, KtTri dies)
{
  const KtShape *s = &p->shape;
  gboolean amd = p->n_views == 1 && p->views[0].amd;
  for (guint v = 0; v < s->present; v++) {
    guint id = kt_shape_apic_id(s, v), in_package = s->thread_bits + s->core_bits + s->die_bits;
    KtCpu *cpu = kt_machine_cpu(p->guest, v);
    cpu->online = TRUE;
    cpu->package = KT_INT(id >> in_package);
    if (dies == KT_YES && p->n_views == 1 && !amd)
      cpu->die = KT_INT((id >> (s->thread_bits + s->core_bits)) & ((1u << s->die_bits) - 1));
    if (threads == KT_UNKNOWN)
      continue;
    guint shift = threads == KT_YES ? s->thread_bits : 0;
    cpu->core = KT_INT((id & ((1u << in_package) - 1)) >> shift);
    guint first = threads == KT_YES ? v - v % s->threads : v, n = threads == KT_YES ? s->threads : 1;
    cpu->siblings = kt_set_new();
    for (guint t = first; t < first + n && t < s->present; t++)
      kt_set_add(cpu->siblings, t);
  }
}

static void predict_topology(KtPrediction *p)
{
  const KtShape *s = &p->shape;
  const KtCite *cite = kt_domain_cite_of(p->domain, "topology");
  if (!cite)
    cite = kt_domain_cite_of(p->domain, "vcpu");
  KtTri threads = threads_seen(p), dies = dies_seen(p);
  predict_cpus(p, threads, dies);

  guint a_socket = s->dies * s->cores * s->threads;
  guint sockets = (s->present + a_socket - 1) / a_socket;
  kt_machine_set_int(p->guest, "topology.sockets", sockets, cite);
  if (dies == KT_YES)
    kt_machine_set_int(p->guest, "topology.dies", s->dies, cite);
  else if (dies == KT_NO)
    kt_machine_set_int(p->guest, "topology.dies", 1, cite);
  /* with vCPUs left out at start the sockets may differ */
  guint seen = threads == KT_YES ? s->threads : 1;
  if (threads == KT_UNKNOWN || (s->present != s->total && s->present % a_socket != 0 && sockets > 1) ||
      s->present % seen != 0)
    return;
  kt_machine_set_int(p->guest, "topology.threads_per_core", seen, cite);
  kt_machine_set_int(p->guest, "topology.cores_per_socket", s->present / seen / sockets, cite);
}

/* ---- cells ---- */

static KtNode *add_node(KtPrediction *p, int id, KtInt memory_kib)
{
  KtNode *node = kt_machine_node(p->guest, id);
  if (!node->cpus)
    node->cpus = kt_set_new();
  node->memory_kib = memory_kib;
  return node;
}

static int cell_of(const KtDomain *d, guint vcpu)
{
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    if (kt_set_has(cell->cpus, vcpu))
      return cell->id;
  }
  return -1;
}

/* vCPUs in no cell are in cell 0; if no cell names any, sockets go round (hw/core/machine.c, hw/i386/x86.c). */
static int default_cell(const KtPrediction *p, guint vcpu, gboolean none_named)
{
  const KtDomain *d = p->domain;
  guint socket = vcpu / (p->shape.dies * p->shape.cores * p->shape.threads);
  const KtCell *cell = d->cells->pdata[none_named ? socket % d->cells->len : 0];
  return cell->id;
}

static gboolean cells_are_numbered(const KtDomain *d)
{
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    if (cell->id != (int)i || !cell->cpus)
      return FALSE;
  }
  return TRUE;
}

static void copy_distances(KtPrediction *p, KtNode *node, const KtCell *cell)
{
  for (guint i = 0; i < p->domain->cells->len; i++) {
    int distance = i == (guint)cell->id ? 10 : 20;
    if (i < cell->distances->len)
      distance = g_array_index(cell->distances, int, i);
    g_array_append_val(node->distances, distance);
  }
}

static void predict_nodes(KtPrediction *p)
{
  const KtDomain *d = p->domain;
  const KtCite *cite = kt_domain_cite_of(d, "cells");
  if (d->cut || d->cells->len > KT_PREDICT_MAX_CPUS || !cells_are_numbered(d))
    return;
  gboolean none_named = TRUE, distances = FALSE;
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    none_named = none_named && kt_set_is_empty(cell->cpus);
    distances = distances || cell->distances->len > 0;
  }
  if (!d->cells->len) {
    int local = 10;
    g_array_append_val(add_node(p, 0, d->memory_kib)->distances, local);
  }
  for (guint i = 0; i < d->cells->len; i++) {
    const KtCell *cell = d->cells->pdata[i];
    KtNode *node = add_node(p, cell->id, cell->memory_kib);
    /* partly given distances are completed by QEMU: leave them */
    if (!distances || cell->distances->len == d->cells->len)
      copy_distances(p, node, cell);
  }
  for (guint v = 0; v < p->shape.present; v++) {
    int id = d->cells->len ? cell_of(d, v) : 0;
    if (id < 0)
      id = default_cell(p, v, none_named);
    kt_set_add(kt_machine_node(p->guest, id)->cpus, v);
    kt_machine_cpu(p->guest, v)->node = KT_INT(id);
  }
  kt_machine_set_int(p->guest, "topology.nodes", p->guest->nodes->len, cite);
}

/* ---- all ---- */

static void predict_counts(KtPrediction *p, guint present)
{
  const KtCite *cite = kt_domain_cite_of(p->domain, "vcpu");
  kt_machine_set_int(p->guest, "topology.cpus", present, cite);
  kt_machine_set_int(p->guest, "topology.online", present, cite);
  p->guest->cpu_set = kt_set_new();
  for (guint v = 0; v < present; v++)
    kt_set_add(p->guest->cpu_set, v);
  p->guest->online_set = kt_set_copy(p->guest->cpu_set);
}

KtMachine *kt_predict_guest(const KtDomain *domain, const KtMachine *host)
{
  KtPrediction p = {.domain = domain, .host = host, .guest = kt_machine_new()};
  p.guest->role = KT_ROLE_GUEST;
  if (domain->arch)
    kt_machine_set_text(p.guest, "arch", domain->arch, NULL);
  p.version = kt_predict_machine_version(domain);
  gboolean x86 = kt_domain_is_x86(domain);
  if (x86)
    predict_cpu(&p);
  if (!kt_shape_of_domain(&p.shape, domain, p.version)) {
    KtInt present = domain->vcpus_current.known ? domain->vcpus_current : domain->vcpus;
    if (present.known && present.value > 0 && present.value <= KT_PREDICT_MAX_CPUS)
      predict_counts(&p, (guint)present.value);
    return p.guest;
  }
  predict_counts(&p, p.shape.present);
  if (x86) {
    find_views(&p);
    predict_topology(&p);
  }
  predict_nodes(&p);
  if (x86)
    kt_predict_caches(&p);
  return p.guest;
}
