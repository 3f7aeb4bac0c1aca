/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's topology against the host CPUs that its vCPUs are pinned to: X04, X07, X08, X10. */
#include "checks/domain_cpu.h"

/* The one host CPU a vCPU is pinned to; -1 if it is not pinned to exactly one. */
static int pinned_to(const KtDomain *d, int vcpu)
{
  const KtSet *pin = kt_domain_pin(d, vcpu);
  return pin && kt_set_count(pin) == 1 ? kt_set_next(pin, 0) : -1;
}

static const KtSet *siblings_on_host(const KtMachine *host, int cpu)
{
  const KtCpu *c = host && cpu >= 0 ? kt_machine_find_cpu(host, (guint)cpu) : NULL;
  return c ? c->siblings : NULL;
}

/* Threads a core as the definition says; 1 where it says nothing of a topology. */
static gint64 threads_of(const KtDomain *d)
{
  if (d->threads.known)
    return d->threads.value;
  return d->sockets.known || d->cores.known || !d->cut ? 1 : 0;
}

static gint64 vcpus_of(const KtDomain *d)
{
  return d->vcpus.known && d->vcpus.value <= KT_SET_MAX ? d->vcpus.value : 0;
}

/* ---- X07 ---- */

/* Counts vCPUs whose sibling thread is used by another vCPU of this domain. */
static gint64 count_sibling_vcpus(const KtDomain *d, const KtMachine *host, gboolean *known)
{
  g_autoptr(KtSet) used = kt_set_new();
  gint64 n = 0, vcpus = vcpus_of(d);
  for (int v = 0; v < vcpus; v++)
    if (pinned_to(d, v) >= 0)
      kt_set_add(used, (guint)pinned_to(d, v));
  *known = TRUE;
  for (int v = 0; v < vcpus; v++) {
    int cpu = pinned_to(d, v);
    const KtSet *siblings = siblings_on_host(host, cpu);
    if (!siblings) {
      *known = FALSE;
      return 0;
    }
    for (int c = kt_set_next(siblings, 0); c >= 0; c = kt_set_next(siblings, (guint)c + 1))
      if (c != cpu && kt_set_has(used, (guint)c)) {
        n++;
        break;
      }
  }
  return n;
}

void kt_check_x07(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!kt_domain_is_dedicated(d) || threads_of(d) > 1) {
    kt_finding_skip(f);
    return;
  }
  gboolean known;
  gint64 n = count_sibling_vcpus(d, s->host, &known);
  if (!known || !threads_of(d)) {
    kt_finding_cannot(f, threads_of(d) ? N_("which CPUs of the host are threads of one core")
                                       : N_("the domain's topology"));
    return;
  }
  if (!n) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "%" PRId64 " vCPUs are pinned to threads of shared cores, but threads=1", n);
  f->basis = KT_BASIS_MEASURED; /* definition and host are both seen */
  kt_finding_cite_domain(f, d, "topology");
  kt_finding_cite_domain(f, d, "vcpupin");
  kt_fill_topology(f, s, 2);
}

/* ---- X08 ---- */

typedef enum { PAIR_FINE, PAIR_APART, PAIR_FREE, PAIR_UNKNOWN } Pair;

/* The vCPUs first ... first + n - 1 are threads of one core to the guest. */
static Pair look_at_core(const KtDomain *d, const KtMachine *host, int first, int n)
{
  const KtSet *siblings = NULL;
  for (int v = first; v < first + n; v++) {
    int cpu = pinned_to(d, v);
    if (cpu < 0)
      return PAIR_FREE;
    if (!siblings && !(siblings = siblings_on_host(host, cpu)))
      return PAIR_UNKNOWN;
    if (!kt_set_has(siblings, (guint)cpu))
      return PAIR_APART;
  }
  return PAIR_FINE;
}

void kt_check_x08(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  gint64 threads = threads_of(d), vcpus = vcpus_of(d);
  /* threads that the guest does not see mislead nobody: X09 */
  if (threads < 2 || vcpus % threads || kt_int_is(s->guest->threads_per_core, 1)) {
    kt_finding_skip(f);
    return;
  }
  gint64 seen[4] = {0};
  for (gint64 v = 0; v < vcpus; v += threads)
    seen[look_at_core(d, s->host, (int)v, (int)threads)]++;
  if (seen[PAIR_APART]) {
    kt_finding_fire(f, s, "%" PRId64 " of %" PRId64 " guest cores have threads on different host cores",
                    seen[PAIR_APART], vcpus / threads);
  } else if (seen[PAIR_UNKNOWN]) {
    kt_finding_cannot(f, "which CPUs of the host are threads of one core");
    return;
  } else if (seen[PAIR_FREE]) {
    kt_finding_fire(f, s, "threads=%" PRId64 ", but vCPUs are free to run on any core", threads);
    f->severity = 1;
  } else {
    kt_finding_fine(f);
    return;
  }
  f->basis = KT_BASIS_MEASURED;
  kt_finding_cite_domain(f, d, "topology");
  kt_finding_cite_domain(f, d, "vcpupin");
  kt_fill_topology(f, s, 1);
}

/* ---- X04, X10: one L3 to the guest, several on the host ---- */

static int host_l3_of(const KtCache *l3, int cpu)
{
  for (guint i = 0; i < l3->groups->len; i++)
    if (kt_set_has(l3->groups->pdata[i], (guint)cpu))
      return (int)i;
  return -1;
}

typedef struct {
  gboolean pinned, known;
  guint most;      /* host L3s below one of the guest's */
  guint different; /* host L3s below all of the guest */
  guint group;     /* of the guest: where `most` was seen */
} Spread;

static Spread find_spread(const KtSubject *s)
{
  Spread spread = {.pinned = kt_domain_is_dedicated(s->domain)};
  const KtCache *seen = kt_machine_find_cache(s->guest, 3, KT_CACHE_UNIFIED);
  const KtCache *real = s->host ? kt_machine_find_cache(s->host, 3, KT_CACHE_UNIFIED) : NULL;
  if (!seen || !real || !seen->groups->len || !real->groups->len)
    return spread;
  g_autoptr(KtSet) all = kt_set_new();
  for (guint g = 0; spread.pinned && g < seen->groups->len; g++) {
    const KtSet *group = seen->groups->pdata[g];
    g_autoptr(KtSet) below = kt_set_new();
    for (int v = kt_set_next(group, 0); v >= 0; v = kt_set_next(group, (guint)v + 1)) {
      int at = host_l3_of(real, pinned_to(s->domain, v));
      if (at < 0)
        return spread;
      kt_set_add(below, (guint)at);
    }
    kt_set_add_all(all, below);
    if (kt_set_count(below) > spread.most) {
      spread.most = kt_set_count(below);
      spread.group = g;
    }
  }
  spread.different = kt_set_count(all);
  spread.known = TRUE;
  return spread;
}

/* Hosts with several L3s a socket (AMD's core complexes) are X10's, the others X04's. */
static KtTri has_complexes(const KtMachine *host)
{
  const KtCache *l3 = host ? kt_machine_find_cache(host, 3, KT_CACHE_UNIFIED) : NULL;
  if (!l3 || !host->sockets.known || !(l3->groups->len || l3->instances.known))
    return KT_UNKNOWN;
  gint64 instances = l3->groups->len ? l3->groups->len : l3->instances.value;
  return instances > host->sockets.value ? KT_YES : KT_NO;
}

static void check_spread(const KtSubject *s, KtFinding *f, gboolean complexes)
{
  KtTri has = has_complexes(s->host);
  Spread spread = find_spread(s);
  if (!spread.pinned || (complexes && !s->host) || (has != KT_UNKNOWN && (has == KT_YES) != complexes)) {
    kt_finding_skip(f);
    return;
  }
  if (has == KT_UNKNOWN || !spread.known) {
    kt_finding_cannot(f, "which CPUs share an L3 on the host and in the guest");
    return;
  }
  if (spread.most < 2) {
    kt_finding_fine(f);
    return;
  }
  const KtCache *seen = kt_machine_find_cache(s->guest, 3, KT_CACHE_UNIFIED);
  g_autofree char *vcpus = kt_set_format(seen->groups->pdata[spread.group]);
  kt_finding_fire(f, s, "one L3 to the guest, %u on the host below vCPUs %s", spread.most, vcpus);
  kt_finding_cite_domain(f, s->domain, "topology");
  kt_finding_cite_domain(f, s->domain, "vcpupin");
  kt_finding_cite_machine(f, s->host, "caches.L3");
  kt_fill_topology(f, s, 1);
  kt_finding_fill(f, "llcs", "%u", spread.different);
  if (vcpus_of(s->domain) % spread.different == 0)
    kt_finding_fill(f, "llc_vcpus", "%" G_GINT64_FORMAT, vcpus_of(s->domain) / spread.different);
}

void kt_check_x04(const KtSubject *s, KtFinding *f)
{
  check_spread(s, f, FALSE);
}

void kt_check_x10(const KtSubject *s, KtFinding *f)
{
  check_spread(s, f, TRUE);
}
