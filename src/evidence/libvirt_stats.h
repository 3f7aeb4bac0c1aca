/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt counts of its running domains, for the files that talk to it; only in builds with libvirt. */
#pragma once
#include <libvirt/libvirt.h>

#include "model/value.h"

/* Since some start; unknown where libvirt does not tell. */
typedef struct {
  KtInt packets, requests; /* received and sent; read and written */
  KtInt run_ns, delay_ns;  /* of all vCPUs together: they ran; they were ready and did not run */
  guint vcpus;             /* of which the former is the sum */
} KtLibvirtStats;

/* Each running domain, in libvirt's order. A domain that is being migrated or saved is not waited for. FALSE: libvirt
 * does not answer. */
gboolean kt_libvirt_each_stats(virConnectPtr connection, guint groups,
                               void (*take)(virDomainPtr domain, const KtLibvirtStats *stats, gpointer data),
                               gpointer data);
