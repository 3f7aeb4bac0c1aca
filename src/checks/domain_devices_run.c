/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory backing, paravirtual features, timers and devices of a domain
 * (checks.md 5.5): what decides. The rows are in domain_devices.c. */
#include "checks/domain_devices.h"

#include <string.h>

#define GIB_KIB 1048576

/* An absent element says nothing where the text is cut off. */
static gboolean cut_off(const KtSubject *s, KtFinding *f)
{
  if (s->domain->cut)
    kt_finding_cannot(f, "the rest of the domain's definition");
  return s->domain->cut;
}

/* What would be a fault is not there: fine, if all of the definition is seen. */
static void not_there(const KtSubject *s, KtFinding *f)
{
  if (!cut_off(s, f))
    kt_finding_fine(f);
}

/* All that the definition itself shows is seen, not predicted. */
static void seen(KtFinding *f)
{
  f->basis = KT_BASIS_MEASURED;
}

/* ---- X30 huge pages ---- */

/* Percent of the resident memory that huge pages back; FALSE if unknown. */
static gboolean huge_coverage(const KtRuntime *r, double *pct)
{
  if (!r || !r->rss_kib.known || !r->anon_huge_kib.known)
    return FALSE;
  gint64 hugetlb = r->hugetlb_kib.known ? r->hugetlb_kib.value : 0;
  gint64 all = r->rss_kib.value + hugetlb;
  if (all <= 0)
    return FALSE;
  *pct = 100.0 * (double)(r->anon_huge_kib.value + hugetlb) / (double)all;
  return TRUE;
}

void kt_check_x30(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  double pct;
  if (!d->memory_kib.known || d->memory_kib.value < (gint64)16 * GIB_KIB) {
    kt_finding_skip(f);
    return;
  }
  if (d->hugepages) {
    kt_finding_fine(f);
    return;
  }
  if (cut_off(s, f))
    return;
  gboolean known = huge_coverage(d->runtime, &pct);
  if (known && pct >= 80) {
    kt_finding_fine(f);
    return;
  }
  if (known) {
    kt_finding_fire(f, s, "huge pages back %.0f %% of the guest's memory, and none are reserved", pct);
  } else {
    kt_finding_fire(f, s, "a large guest without reserved huge pages");
    f->severity = 1; /* transparent huge pages may do the job */
  }
  seen(f);
  kt_finding_cite_domain(f, d, "memory");
  kt_finding_cite_domain(f, d, "memoryBacking");
  kt_finding_fill(f, "gib", "%" G_GINT64_FORMAT, d->memory_kib.value / GIB_KIB);
}

/* ---- X34, X35 hint-dedicated ---- */

static gboolean has_hint(const KtDomain *d)
{
  return g_strcmp0(g_hash_table_lookup(d->kvm, "hint-dedicated"), "on") == 0;
}

/* May another guest run on the CPUs that this one is pinned to? One that is not pinned may. */
static gboolean shares_pins(const KtDomain *d, const KtSnapshot *snapshot)
{
  int first = kt_set_next(d->pinned, 0);
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *other = snapshot->domains->pdata[i];
    if (other == d || !other->vcpus.known)
      continue;
    if (g_hash_table_size(other->vcpupin) < other->vcpus.value)
      return TRUE;
    for (int c = first; c >= 0; c = kt_set_next(d->pinned, (guint)c + 1))
      if (kt_set_has(other->pinned, (guint)c))
        return TRUE;
  }
  return FALSE;
}

void kt_check_x34(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!kt_domain_is_dedicated(d)) {
    kt_finding_skip(f);
    return;
  }
  if (has_hint(d)) {
    kt_finding_fine(f);
    return;
  }
  if (shares_pins(d, s->snapshot)) {
    kt_finding_skip(f); /* others run there too: the hint would do harm (X35) */
    return;
  }
  if (cut_off(s, f))
    return;
  kt_finding_fire(f, s, "each vCPU has a host CPU of its own, and the guest is not told");
  seen(f);
  if (!s->host || !s->host->live) {
    f->severity = 1; /* whether the pins are exclusive is not seen */
    f->basis = KT_BASIS_INFERRED;
  }
  kt_finding_cite_domain(f, d, "vcpupin");
  kt_finding_cite_domain(f, d, "kvm");
}

/* The longest wait of a vCPU for its CPU, percent of the interval; FALSE if not seen. */
static gboolean worst_wait(const KtRuntime *r, double *pct)
{
  gboolean known = FALSE;
  *pct = 0;
  for (guint i = 0; r && i < r->threads->len; i++) {
    const KtThread *t = r->threads->pdata[i];
    if (t->vcpu < 0 || !t->wait_pct.known)
      continue;
    known = TRUE;
    *pct = MAX(*pct, t->wait_pct.value);
  }
  return known;
}

void kt_check_x35(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  double pct;
  if (!has_hint(d)) {
    kt_finding_skip(f);
    return;
  }
  if (!worst_wait(d->runtime, &pct)) {
    kt_finding_cannot(f, "the vCPU threads' run delay (run on the host)");
    return;
  }
  if (pct <= 1) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "hint-dedicated is on, yet a vCPU waits %.1f %% of the time for its CPU", pct);
  seen(f);
  kt_finding_cite_domain(f, d, "kvm");
}

/* ---- X36 paravirtual features ---- */

/* Features of KVM that can be switched off by name, and what is lost. */
static const struct {
  const char *feature; /* of <cpu> or -cpu, '-' for '_' */
  const char *lost;
} kvm_features[] = {
    {"kvmclock", "kvm-clock"},
    {"kvm-pv-eoi", "paravirtual end of interrupt"},
    {"kvm-steal-time", "steal time"},
    {"kvm-pv-unhalt", "paravirtual spinlocks"},
    {"kvm-pv-tlb-flush", "paravirtual TLB flush"},
};

static gboolean is_off(const KtDomain *d, const char *feature)
{
  g_autofree char *underscored = g_strdelimit(g_strdup(feature), "-", '_');
  const char *policy = kt_domain_feature(d, feature);
  if (!policy)
    policy = kt_domain_feature(d, underscored);
  return policy && (g_str_equal(policy, "disable") || g_str_equal(policy, "forbid"));
}

static void look_at_definition(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (d->os == KT_OS_WINDOWS || (d->type && !g_str_equal(d->type, "kvm"))) {
    kt_finding_skip(f);
    return;
  }
  if (g_strcmp0(g_hash_table_lookup(d->kvm, "hidden"), "on") == 0) {
    kt_finding_fire(f, s, "KVM is hidden from the guest: no kvm-clock, no steal time, no paravirtual spinlocks");
    seen(f);
    kt_finding_cite_domain(f, d, "kvm");
    return;
  }
  if (g_strcmp0(g_hash_table_lookup(d->timers, "kvmclock"), "no") == 0) {
    kt_finding_fire(f, s, "kvm-clock is switched off");
    seen(f);
    kt_finding_cite_domain(f, d, "timers");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS(kvm_features); i++) {
    if (!is_off(d, kvm_features[i].feature))
      continue;
    kt_finding_fire(f, s, "%s is switched off", kvm_features[i].lost);
    seen(f);
    kt_finding_cite_domain(f, d, "cpu");
    return;
  }
  not_there(s, f);
}

/* A Linux guest on KVM is offered kvm-clock, unless the hypervisor hides; one that QEMU emulates never is. */
static void look_at_guest(const KtSubject *s, KtFinding *f)
{
  static const char available[] = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
  if (!s->machine->hypervisor) {
    kt_finding_cannot(f, "the name of its hypervisor");
    return;
  }
  const char *offered = kt_machine_setting(s->machine, available);
  if (!offered) {
    kt_finding_cannot(f, "%s of the guest", available);
    return;
  }
  if (strstr(offered, "kvm-clock")) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "the guest is offered no kvm-clock (%s)", offered);
  g_autofree char *path = g_strconcat("settings.", available, NULL);
  kt_finding_cite_machine(f, s->machine, path);
}

void kt_check_x36(const KtSubject *s, KtFinding *f)
{
  if (s->domain)
    look_at_definition(s, f);
  else
    look_at_guest(s, f);
}

/* ---- X38 hpet, X39 enlightenments ---- */

void kt_check_x38(const KtSubject *s, KtFinding *f)
{
  const char *hpet = g_hash_table_lookup(s->domain->timers, "hpet");
  if (!hpet) {
    not_there(s, f);
    return;
  }
  if (!g_str_equal(hpet, "yes")) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "the guest is given an HPET");
  seen(f);
  kt_finding_cite_domain(f, s->domain, "timers.hpet");
  kt_finding_cite_domain(f, s->domain, "timers");
}

/* `weight`: severity if it is missing. Without the timers the guest polls a hardware timer all the time; the last
 * ones spare some exits at the start and between many vCPUs. */
static const struct {
  const char *name;
  int weight;
} enlightenments[] = {
    {"relaxed", 2}, {"vapic", 2}, {"spinlocks", 2}, {"vpindex", 2},     {"runtime", 1},  {"synic", 3},
    {"stimer", 3},  {"reset", 1}, {"ipi", 1},       {"frequencies", 1}, {"tlbflush", 1},
};

void kt_check_x39(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (d->os != KT_OS_WINDOWS) {
    kt_finding_skip(f);
    return;
  }
  if (d->hyperv_passthrough) {
    kt_finding_fine(f);
    return;
  }
  if (cut_off(s, f))
    return;
  g_autoptr(GString) missing = g_string_new(NULL);
  int severity = 0;
  for (guint i = 0; i < G_N_ELEMENTS(enlightenments); i++) {
    const char *state = d->hyperv ? g_hash_table_lookup(d->hyperv, enlightenments[i].name) : NULL;
    if (g_strcmp0(state, "on") == 0)
      continue;
    g_string_append_printf(missing, "%s%s", severity ? ", " : "", enlightenments[i].name);
    severity = MAX(severity, enlightenments[i].weight);
  }
  const char *clock = g_hash_table_lookup(d->timers, "hypervclock");
  if (g_strcmp0(clock, "yes") != 0) {
    g_string_append_printf(missing, "%shypervclock", severity ? ", " : "");
    severity = 3;
  }
  if (!severity) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "Windows without %s", missing->str);
  seen(f);
  f->severity = severity;
  kt_finding_cite_domain(f, d, "os");
  kt_finding_cite_domain(f, d, "hyperv");
  kt_finding_cite_domain(f, d, "features");
}

/* ---- X41 x2apic ---- */

void kt_check_x41(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!is_off(d, "x2apic")) {
    not_there(s, f);
    return;
  }
  if (!d->vcpus.known) {
    kt_finding_cannot(f, "the number of vCPUs");
    return;
  }
  if (d->vcpus.value <= 8) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "x2apic is switched off for %" PRId64 " vCPUs", d->vcpus.value);
  seen(f);
  kt_finding_cite_domain(f, d, "cpu.x2apic");
  kt_finding_cite_domain(f, d, "cpu");
}

/* ---- X42, X44, X45 devices ---- */

static gboolean is_disk(const KtVirtDevice *dev)
{
  return g_str_equal(dev->kind, "disk") && !dev->cdrom;
}

static void cite_device(KtFinding *f, const KtDomain *d, const KtVirtDevice *dev)
{
  g_autofree char *path = g_strconcat("devices.", dev->target ? dev->target : "", NULL);
  kt_finding_cite_domain(f, d, path);
}

void kt_check_x42(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  guint disks = 0;
  for (guint i = 0; i < d->devices->len; i++) {
    const KtVirtDevice *dev = d->devices->pdata[i];
    if (!is_disk(dev))
      continue;
    disks++;
    const char *target = dev->target ? dev->target : "disk";
    if (g_strcmp0(dev->bus, "ide") == 0 || g_strcmp0(dev->bus, "sata") == 0)
      kt_finding_fire(f, s, "disk %s is on an emulated %s controller", target, dev->bus);
    else if (g_strcmp0(dev->cache, "writethrough") == 0)
      kt_finding_fire(f, s, "disk %s writes through the host's page cache", target);
    else
      continue;
    seen(f);
    kt_finding_fill(f, "disk", "%s", target);
    cite_device(f, d, dev);
    return;
  }
  if (disks)
    kt_finding_fine(f);
  else
    kt_finding_skip(f);
}

/* CPU use of QEMU's main thread, percent; FALSE if not seen. */
static gboolean main_loop_busy(const KtRuntime *r, double *pct)
{
  for (guint i = 0; r && i < r->threads->len; i++) {
    const KtThread *t = r->threads->pdata[i];
    if (r->pid && t->tid == r->pid && t->run_pct.known) {
      *pct = t->run_pct.value;
      return TRUE;
    }
  }
  return FALSE;
}

void kt_check_x43(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  double pct;
  gboolean any_disk = FALSE;
  for (guint i = 0; i < d->devices->len; i++)
    any_disk |= is_disk(d->devices->pdata[i]);
  if (!any_disk) {
    kt_finding_skip(f);
    return;
  }
  if (d->iothreads.known && d->iothreads.value > 0) {
    kt_finding_fine(f);
    return;
  }
  if (!main_loop_busy(d->runtime, &pct)) {
    kt_finding_cannot(f, "the CPU use of QEMU's main thread (run on the host)");
    return;
  }
  if (pct <= 30) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "no iothread, and QEMU's main thread is %.0f %% busy", pct);
  seen(f);
  kt_finding_cite_domain(f, d, "iothreads");
}

/* Mean use of the vCPUs, percent; FALSE if not seen. */
static gboolean vcpu_load(const KtRuntime *r, double *pct)
{
  guint n = 0;
  *pct = 0;
  for (guint i = 0; r && i < r->threads->len; i++) {
    const KtThread *t = r->threads->pdata[i];
    if (t->vcpu < 0 || !t->run_pct.known)
      continue;
    *pct += t->run_pct.value;
    n++;
  }
  if (n)
    *pct /= n;
  return n > 0;
}

/* A device with one queue by its definition. */
static gboolean single_queue(const KtDomain *d, const KtVirtDevice *dev)
{
  int major, minor;
  if (g_str_equal(dev->kind, "interface"))
    return g_strcmp0(dev->model, "virtio") == 0 && (!dev->queues.known || dev->queues.value == 1);
  if (dev->cdrom || g_strcmp0(dev->bus, "virtio") != 0)
    return FALSE;
  if (dev->queues.known)
    return dev->queues.value == 1;
  return kt_domain_machine_version(d, &major, &minor) && (major < 5 || (major == 5 && minor < 2));
}

void kt_check_x44(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  double pct;
  if (!d->vcpus.known || d->vcpus.value < 4) {
    kt_finding_skip(f);
    return;
  }
  const KtVirtDevice *found = NULL;
  for (guint i = 0; i < d->devices->len && !found; i++)
    if (single_queue(d, d->devices->pdata[i]))
      found = d->devices->pdata[i];
  gboolean load_known = vcpu_load(d->runtime, &pct);
  if (!found) {
    not_there(s, f);
    return;
  }
  if (load_known && pct < 20) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "%s %s has one queue for %" PRId64 " vCPUs", found->kind, found->target ? found->target : "",
                  d->vcpus.value);
  seen(f);
  if (!load_known)
    f->severity = 1; /* whether the device is busy is not seen */
  cite_device(f, d, found);
  kt_finding_fill(f, "queues", "%" G_GINT64_FORMAT, MIN(d->vcpus.value, 8));
}

void kt_check_x45(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  guint interfaces = 0;
  for (guint i = 0; i < d->devices->len; i++) {
    const KtVirtDevice *dev = d->devices->pdata[i];
    if (!g_str_equal(dev->kind, "interface") || !dev->model)
      continue;
    interfaces++;
    const char *target = dev->target ? dev->target : "interface";
    if (!g_str_has_prefix(dev->model, "virtio"))
      kt_finding_fire(f, s, "%s is an emulated %s", target, dev->model);
    else if (g_strcmp0(dev->driver, "qemu") == 0)
      kt_finding_fire(f, s, "%s runs in QEMU instead of vhost", target);
    else
      continue;
    seen(f);
    cite_device(f, d, dev);
    return;
  }
  if (interfaces)
    kt_finding_fine(f);
  else
    kt_finding_skip(f);
}

/* ---- X46 real-time policy ---- */

void kt_check_x46(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (g_strcmp0(d->vcpusched, "fifo") != 0 && g_strcmp0(d->vcpusched, "rr") != 0) {
    kt_finding_skip(f);
    return;
  }
  if (kt_domain_is_dedicated(d) && !shares_pins(d, s->snapshot)) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "vCPUs run with real-time policy %s on CPUs that others need", d->vcpusched);
  seen(f);
  kt_finding_cite_domain(f, d, "vcpusched");
}
