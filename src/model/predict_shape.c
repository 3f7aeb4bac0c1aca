/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "model/predict_parts.h"

/* Machine types of distributions: the part of the name, the version they follow. */
static const struct {
  const char *part;
  int version;
} distribution_types[] = {
    {"-rhel7.0", 200}, {"-rhel7.1", 201}, {"-rhel7.2", 203}, {"-rhel7.3", 206}, {"-rhel7.4", 209}, {"-rhel7.5", 210},
    {"-rhel7.6", 212}, {"-rhel8.2", 402}, {"-rhel8.4", 502}, {"-rhel8.6", 602}, {"-rhel9.0", 602}, {"-rhel9.2", 702},
    {"-trusty", 200},  {"-xenial", 205},  {"-bionic", 211},  {"-focal", 402},   {"-jammy", 602},   {"-noble", 802},
};

int kt_predict_machine_version(const KtDomain *domain)
{
  int major, minor;
  if (kt_domain_machine_version(domain, &major, &minor) && major > 0 && major < 100 && minor >= 0 && minor < 100)
    return major * 100 + minor;
  for (guint i = 0; domain->machine_type && i < G_N_ELEMENTS(distribution_types); i++)
    if (strstr(domain->machine_type, distribution_types[i].part))
      return distribution_types[i].version;
  return 0;
}

static guint bits_for(guint count)
{
  return count > 1 ? g_bit_storage(count - 1) : 0;
}

/* 0: not given; FALSE: nonsense. */
static gboolean given(KtInt value, guint *out)
{
  *out = 0;
  if (!value.known)
    return TRUE;
  if (value.value < 1 || value.value > KT_PREDICT_MAX_CPUS)
    return FALSE;
  *out = (guint)value.value;
  return TRUE;
}

/* libvirt's rule (qemuBuildSmpCommandLine): without <topology> each vCPU is a socket. */
static gboolean fill_libvirt(KtShape *s, const KtDomain *d)
{
  if (s->sockets && s->cores && s->threads)
    return TRUE;
  if (s->sockets || s->cores || s->threads || d->cut)
    return FALSE;
  s->sockets = s->total;
  s->cores = s->threads = 1;
  return TRUE;
}

/* QEMU's rule (hw/core/machine-smp.c): what is not given is 1 but for one
 * level that takes the rest; before machine type 6.2 that is sockets, since
 * then cores. */
static gboolean fill_qemu(KtShape *s, int version)
{
  if (!s->cores && !s->sockets) {
    if (!version)
      return FALSE;
    if (version < 602)
      s->cores = 1;
    else
      s->sockets = 1;
  }
  /* the product of four levels outgrows 32 bits */
  guint64 known = (guint64)(s->sockets ? s->sockets : 1) * (s->cores ? s->cores : 1) * s->dies;
  if (s->sockets && s->cores && !s->threads)
    s->threads = (guint)(s->total / known);
  else if (!s->threads)
    s->threads = 1;
  if (!s->sockets)
    s->sockets = (guint)(s->total / (known * s->threads));
  else if (!s->cores)
    s->cores = (guint)(s->total / (known * s->threads));
  return TRUE;
}

/* qm.conf(5): sockets and cores are 1 unless given, threads always. */
static void fill_proxmox(KtShape *s)
{
  s->sockets = MAX(s->sockets, 1);
  s->cores = MAX(s->cores, 1);
  s->threads = 1;
  if (!s->total)
    s->total = s->sockets * s->cores;
}

gboolean kt_shape_of_domain(KtShape *s, const KtDomain *d, int version)
{
  *s = (KtShape){0};
  if (!given(d->vcpus, &s->total) || !given(d->sockets, &s->sockets) || !given(d->dies, &s->dies) ||
      !given(d->cores, &s->cores) || !given(d->threads, &s->threads) || !given(d->vcpus_current, &s->present))
    return FALSE;
  s->dies = MAX(s->dies, 1);
  gboolean proxmox = g_strcmp0(d->format, "proxmox") == 0;
  if (proxmox && !d->cut)
    fill_proxmox(s);
  if (!s->total)
    return FALSE;
  gboolean filled = g_strcmp0(d->format, "libvirt") == 0 ? fill_libvirt(s, d) : fill_qemu(s, version);
  if (!filled || (guint64)s->sockets * s->dies * s->cores * s->threads != s->total)
    return FALSE;
  if (!s->present || s->present > s->total)
    s->present = s->total;
  s->thread_bits = bits_for(s->threads);
  s->core_bits = bits_for(s->cores);
  s->die_bits = bits_for(s->dies);
  return TRUE;
}

guint kt_shape_apic_id(const KtShape *s, guint vcpu)
{
  guint thread = vcpu % s->threads, core = vcpu / s->threads;
  guint die = core / s->cores, socket = die / s->dies;
  core %= s->cores;
  die %= s->dies;
  return (((socket << s->die_bits | die) << s->core_bits | core) << s->thread_bits) | thread;
}
