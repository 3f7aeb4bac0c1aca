/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judgements that several rows share. */
#pragma once
#include "checks/check.h"

/* Is the guest larger than a node of what it runs on, and shown no NUMA (X11)? */
typedef enum {
  KT_WIDE_UNKNOWN = 0,  /* the guest's size or nodes, or what it runs on, is not known */
  KT_WIDE_NO,           /* it fits a node, or is shown several nodes */
  KT_WIDE_BY_HOST,      /* vCPUs or memory exceed every node of its host */
  KT_WIDE_BY_REFERENCE, /* they exceed every node of the reference machine: inferred */
} KtWide;

/* Of a guest or a domain. `than` (may be NULL) gets the machine it was measured
 * against: the host or the reference, or NULL. CPUs are counted as logical
 * CPUs, memory as the node's MemTotal. */
KtWide kt_wide_without_vnuma(const KtSubject *s, const KtMachine **than);

/* "3.0" of "3.0.76-0.11-default". FALSE if the text starts with no version. */
gboolean kt_kernel_version(const char *release, int *major, int *minor);
gboolean kt_kernel_older(const char *release, int major, int minor); /* FALSE too if the version is unknown */
