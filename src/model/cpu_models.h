/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's named x86 CPU models: what a guest reads in CPUID of each. */
#pragma once
#include <glib.h>

/* Which caches a model shows when the definition asks for none of its own. */
typedef enum {
  KT_MODEL_CACHES_UNKNOWN = 0,
  KT_MODEL_CACHES_LEGACY, /* QEMU's made-up ones; they depend on the vendor that the guest sees */
  KT_MODEL_CACHES_EPYC,   /* the model's own */
  KT_MODEL_CACHES_ROME,
  KT_MODEL_CACHES_MILAN,
  KT_MODEL_CACHES_GENOA,
  KT_MODEL_CACHES_TURIN,
} KtModelCaches;

typedef struct {
  const char *name;   /* "Haswell-v4", "Haswell-noTSX-IBRS" */
  const char *vendor; /* CPUID's: "GenuineIntel" */
  int family, model, stepping;
  const char *model_name; /* "" if the CPU has none */
  KtModelCaches caches;
} KtCpuModel;

/* The model of this name; a name without a version is its first one, as on
 * every pc and q35 machine type. NULL if it is not known here. */
const KtCpuModel *kt_cpu_model_find(const char *name);

/* A generic model says nothing of a real CPU: under KVM its guest sees the host's vendor. */
gboolean kt_cpu_model_is_generic(const char *name);

/* KiB of one instance; FALSE: unknown kind. */
typedef struct {
  int l1d, l1i, l2, l3;
} KtCacheSizes;
gboolean kt_model_cache_sizes(KtModelCaches caches, gboolean amd, KtCacheSizes *sizes);
