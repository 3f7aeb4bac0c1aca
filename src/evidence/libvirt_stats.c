/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <string.h>

#include "evidence/libvirt_stats.h"

static void add(KtInt *sum, const virTypedParameter *p)
{
  if (p->type == VIR_TYPED_PARAM_ULLONG && p->value.ul <= G_MAXINT64 - (guint64)sum->value)
    *sum = KT_INT(sum->value + (gint64)p->value.ul);
}

/* "vcpu.3.time" is "time" of a vCPU; "vcpu.current" and "vcpu.3.halt_polls.sum" are none. */
static gboolean is_of_vcpu(const char *field, const char *what)
{
  if (!g_str_has_prefix(field, "vcpu."))
    return FALSE;
  const char *number = field + strlen("vcpu.");
  gsize digits = strspn(number, "0123456789");
  return digits && number[digits] == '.' && g_str_equal(number + digits + 1, what);
}

/* "net.0.rx.pkts", "block.1.wr.reqs" */
static void take_field(KtLibvirtStats *stats, const virTypedParameter *p)
{
  const char *field = p->field;
  if (g_str_has_prefix(field, "net.") && g_str_has_suffix(field, ".pkts"))
    add(&stats->packets, p);
  else if (g_str_has_prefix(field, "block.") && g_str_has_suffix(field, ".reqs"))
    add(&stats->requests, p);
  else if (is_of_vcpu(field, "delay"))
    add(&stats->delay_ns, p);
  else if (is_of_vcpu(field, "time")) {
    add(&stats->run_ns, p);
    stats->vcpus++;
  }
}

gboolean kt_libvirt_each_stats(virConnectPtr connection, guint groups,
                               void (*take)(virDomainPtr domain, const KtLibvirtStats *stats, gpointer data),
                               gpointer data)
{
  virDomainStatsRecordPtr *records = NULL;
  int n =
      virConnectGetAllDomainStats(connection, groups, &records,
                                  VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
  for (int i = 0; i < n; i++) {
    KtLibvirtStats stats = {0};
    for (int k = 0; k < records[i]->nparams; k++)
      take_field(&stats, &records[i]->params[k]);
    take(records[i]->dom, &stats, data);
  }
  if (n > 0)
    virDomainStatsRecordListFree(records);
  return n >= 0;
}

#endif
