/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Java virtual machine as its command line tells it. */
#pragma once
#include "model/machine.h"

typedef enum {
  KT_GC_UNKNOWN = 0,
  KT_GC_SERIAL,
  KT_GC_PARALLEL,
  KT_GC_CMS,
  KT_GC_G1,
  KT_GC_Z,
  KT_GC_SHENANDOAH,
} KtGc;

typedef struct {
  const KtProcess *process;
  KtInt heap_kib;        /* -Xmx, -XX:MaxHeapSize */
  KtInt version;         /* 8, 11, 17: by `java -version` or the path of its installation */
  KtTri use_numa;        /* as given; KT_UNKNOWN: not given */
  KtGc gc;               /* as given, else the default of the version; unknown without one */
  KtInt gc_threads;      /* -XX:ParallelGCThreads */
  gboolean args_cut;     /* a flag that is not seen may be there */
  gboolean openj9;       /* other flags, another collector: the rows on HotSpot say nothing of it */
  gboolean bound_to_one; /* its memory is bound to one node */
} KtJvm;

gboolean kt_jvm_is(const KtProcess *process);
KtJvm kt_jvm_read(const KtMachine *m, const KtProcess *process);
const char *kt_gc_name(KtGc gc); /* "Parallel"; "unknown" */

/* Does -XX:+UseNUMA make this collector place objects by node? Parallel does,
 * G1 from JDK 14 on (JEP 345), ZGC does; Serial, CMS and Shenandoah interleave at best.
 * KT_UNKNOWN if the collector or, for G1, the version is not known. */
KtTri kt_jvm_numa_aware(const KtJvm *jvm);
/* On as given or, for ZGC and Shenandoah, by their own default. */
gboolean kt_jvm_uses_numa(const KtJvm *jvm);
