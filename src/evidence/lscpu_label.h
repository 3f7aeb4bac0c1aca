/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The labels of lscpu, as its releases and translations write them. */
#pragma once
#include <glib.h>

typedef enum {
  KT_LSCPU_UNKNOWN = 0,
  KT_LSCPU_FOREIGN, /* a label of another tool that shares some with lscpu (virsh nodeinfo, dominfo) */
  KT_LSCPU_OTHER,   /* lscpu's, and not read */
  KT_LSCPU_ARCHITECTURE,
  KT_LSCPU_OP_MODE,
  KT_LSCPU_CPUS,
  KT_LSCPU_ONLINE,
  KT_LSCPU_OFFLINE,
  KT_LSCPU_THREADS,
  KT_LSCPU_CORES,
  KT_LSCPU_SOCKETS,
  KT_LSCPU_NODES,
  KT_LSCPU_VENDOR,
  KT_LSCPU_FAMILY,
  KT_LSCPU_MODEL,
  KT_LSCPU_MODEL_NAME,
  KT_LSCPU_STEPPING,
  KT_LSCPU_BOGOMIPS,
  KT_LSCPU_HYPERVISOR,
  KT_LSCPU_VIRTUALIZATION_TYPE,
  KT_LSCPU_FLAGS,
  KT_LSCPU_VULNERABILITIES, /* the heading */
  KT_LSCPU_CACHE,           /* detail: level * 10 + KtCacheType */
  KT_LSCPU_NODE_CPUS,       /* detail: node id */
  KT_LSCPU_VULNERABILITY,   /* detail: where the name starts in the label */
} KtLscpuLabel;

/* The label that a folded text (kt_scan_fold) is, whole; never by a part of it. */
KtLscpuLabel kt_lscpu_label(const char *folded, guint *detail);
