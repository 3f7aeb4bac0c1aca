/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be done to a guest that somebody else manages (KtDomain.manager). Nova, oVirt, KubeVirt, OpenNebula and
 * Proxmox book CPUs and memory in books of their own and write a guest's definition anew at its next start: a guest
 * that they have given NUMA nodes or CPUs of its own is left alone, one that floats may be narrowed while it runs, and
 * what shall last is changed with them. */
#pragma once
#include "apply/step.h"
#include "model/domain.h"
#include "model/flavor.h"

/* A domain as libvirt has it now. */
typedef struct {
  const char *live;       /* XML of the running domain; NULL: does not run */
  const char *definition; /* XML of its definition; NULL: has none (transient) */
  const KtSet *online;    /* CPUs of the host; NULL unknown */
  const KtNovaConf *nova; /* of the host; NULL: not found */
} KtGuardSight;

/* May the step be done? NULL: it may; else why not, in one line without the domain's name.
 * *warning (caller frees, may be NULL): what should be known before saying yes. */
char *kt_guard_refuses(const KtGuardSight *sight, const KtStep *step, char **warning);

/* Why the memory of a running domain cannot be moved: "VFIO pins it", to be translated by kt_tr(); NULL: it can. Needs
 * libxml2, else NULL. */
const char *kt_guard_stuck(const KtDomain *domain);

/* The CPUs that Nova lets guests float on; NULL: any. *known is FALSE, and nothing follows, if nova.conf says it in
 * words that are no list. Caller frees. */
KtSet *kt_guard_nova_cpus(const KtNovaConf *nova, const KtSet *online, gboolean *known);

/* The XML of a domain (never NULL) as a model; what cannot be read stays unknown. Caller frees. */
KtDomain *kt_guard_read(const char *xml);
