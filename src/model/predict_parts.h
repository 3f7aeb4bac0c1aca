/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the prediction: the shape of the machine, its caches. Internal to predict*.c. */
#pragma once
#include "model/cpu_models.h"
#include "model/domain.h"

#define KT_PREDICT_MAX_CPUS 8192

/* The machine type's version as major * 100 + minor; 0 if it does not tell.
 * Distributions' own types count as the QEMU they were made from. */
int kt_predict_machine_version(const KtDomain *domain);

/* How QEMU lays out the vCPUs: vCPU numbers run through threads first, then
 * cores, dies, sockets; each level has its own bits in the APIC id. */
typedef struct {
  guint sockets, dies, cores, threads; /* dies a socket, cores a die, threads a core */
  guint total, present;                /* present: at start, the first ones */
  guint thread_bits, core_bits, die_bits;
} KtShape;

/* FALSE if the definition does not decide it. */
gboolean kt_shape_of_domain(KtShape *shape, const KtDomain *domain, int version);
guint kt_shape_apic_id(const KtShape *shape, guint vcpu);

/* One way in which the guest's kernel may read CPUID; where the definition
 * leaves several open, only that is predicted in which all agree. */
typedef struct {
  gboolean amd;     /* AMD's and Hygon's leaves, else Intel's */
  gboolean topoext; /* of AMD: without it the kernel counts threads as cores */
  gboolean zen1;    /* of AMD, or may be: family 17h models 00h-1fh */
} KtCpuView;

typedef struct {
  const KtDomain *domain;
  const KtMachine *host;   /* NULL unknown */
  KtMachine *guest;        /* what is predicted so far */
  const KtCpuModel *model; /* NULL: not a named one, or not known */
  gboolean from_host;      /* host-passthrough or maximum: the host's CPU */
  int version;             /* of the machine type, 0 unknown */
  KtShape shape;
  KtCpuView views[3];
  guint n_views;
} KtPrediction;

void kt_predict_caches(KtPrediction *p);
