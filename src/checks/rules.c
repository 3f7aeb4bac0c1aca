/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/rules.h"

#include <stdio.h>

/* What a guest is made of, whichever way it is known. */
typedef struct {
  KtInt nodes, cpus, memory_kib;
} Size;

static Size size_of(const KtSubject *s)
{
  const KtDomain *d = s->domain;
  if (d)
    return (Size){.nodes = d->cells->len || !d->cut ? KT_INT(MAX(d->cells->len, 1)) : KT_INT_UNKNOWN,
                  .cpus = d->vcpus,
                  .memory_kib = d->memory_kib};
  const KtMachine *m = s->machine;
  if (!m)
    return (Size){0};
  return (Size){.nodes = kt_machine_nodes_known(m), .cpus = m->cpus, .memory_kib = m->memory_kib};
}

/* Wider than every node of `m`: KT_UNKNOWN where what is known of the nodes does not decide. */
static KtTri exceeds_nodes(const Size *size, const KtMachine *m)
{
  KtInt nodes = kt_machine_nodes_known(m);
  if (!nodes.known)
    return KT_UNKNOWN;
  if (nodes.value < 2)
    return KT_NO;
  gint64 most_cpus = 0, most_kib = 0;
  gboolean all_cpus = m->nodes->len == (guint)nodes.value, all_kib = all_cpus;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    all_cpus = all_cpus && node->cpus;
    all_kib = all_kib && node->memory_kib.known;
    most_cpus = MAX(most_cpus, (gint64)kt_set_count(node->cpus));
    if (node->memory_kib.known)
      most_kib = MAX(most_kib, node->memory_kib.value);
  }
  if (all_cpus && size->cpus.known && size->cpus.value > most_cpus)
    return KT_YES;
  if (all_kib && size->memory_kib.known && size->memory_kib.value > most_kib)
    return KT_YES;
  return all_cpus && size->cpus.known && all_kib && size->memory_kib.known ? KT_NO : KT_UNKNOWN;
}

KtWide kt_wide_without_vnuma(const KtSubject *s, const KtMachine **than)
{
  const KtMachine *nobody;
  if (!than)
    than = &nobody;
  *than = NULL;
  Size size = size_of(s);
  if (!size.nodes.known)
    return KT_WIDE_UNKNOWN;
  if (size.nodes.value > 1)
    return KT_WIDE_NO;
  KtTri wide = s->host ? exceeds_nodes(&size, s->host) : KT_UNKNOWN;
  if (wide == KT_YES) {
    *than = s->host;
    return KT_WIDE_BY_HOST;
  }
  if (wide == KT_UNKNOWN && s->reference && exceeds_nodes(&size, s->reference) == KT_YES) {
    *than = s->reference;
    return KT_WIDE_BY_REFERENCE;
  }
  return wide == KT_NO ? KT_WIDE_NO : KT_WIDE_UNKNOWN;
}

gboolean kt_kernel_version(const char *release, int *major, int *minor)
{
  return release && sscanf(release, "%5d.%5d", major, minor) == 2;
}

gboolean kt_kernel_older(const char *release, int major, int minor)
{
  int a, b;
  return kt_kernel_version(release, &a, &b) && (a < major || (a == major && b < minor));
}
