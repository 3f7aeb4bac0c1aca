/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compute hosts and guests of the cloud in the evidence: what libvirt, captures and
 * nova.conf tell and Nova's API does not. */
#pragma once
#include "cloud/inventory.h"
#include "model/snapshot.h"

/* A compute host. Nothing but `name` is owned, and `domains` without what is in it. */
typedef struct {
  char *name;               /* nova-compute's host, else the machine's name */
  const KtCloudHost *host;  /* as the API tells it; NULL: not told */
  const KtMachine *machine; /* NULL: no evidence of it */
  const KtNovaConf *conf;   /* NULL: none that is its */
  GPtrArray *domains;       /* KtDomain*, of the evidence */
  GPtrArray *servers;       /* KtCloudServer*, as the API places them */
} KtCloudKnown;

typedef struct {
  GPtrArray *hosts;    /* KtCloudKnown*: those of the API, then machines that it does not name */
  GHashTable *domains; /* UUID in lower case -> KtDomain* */
  GHashTable *by_name; /* nova-compute's host -> KtCloudKnown* */
} KtCloudEvidence;

/* A machine is the host that it is named as (hypervisor_hostname, or `host`; a short name for its long one), or that
 * one of its guests runs on by UUID: instance names are not unique. One nova.conf is every host's; of several each
 * host has that in whose path its name stands. What cannot be matched is told to `notes` (char*). `evidence` may be
 * NULL: none. */
KtCloudEvidence *kt_cloud_evidence_new(const KtCloud *cloud, const KtSnapshot *evidence, GPtrArray *notes);
void kt_cloud_evidence_free(KtCloudEvidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCloudEvidence, kt_cloud_evidence_free)

const KtDomain *kt_cloud_evidence_domain(const KtCloudEvidence *evidence, const KtCloudServer *server); /* NULL */
KtCloudKnown *kt_cloud_evidence_host(const KtCloudEvidence *evidence, const KtCloudServer *server);     /* NULL */
