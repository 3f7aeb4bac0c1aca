/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the table, one a section of checks.md (5.1 - 5.8); their order
 * here is the order of `kvmtune checks`. A section may be split over files. */
#pragma once
#include "checks/check.h"

typedef struct {
  const KtCheck *rows;
  guint n;
} KtCheckGroup;

#define KT_CHECK_GROUP(name, rows_) const KtCheckGroup name = {.rows = (rows_), .n = G_N_ELEMENTS(rows_)}

extern const KtCheckGroup kt_checks_host_cpu;       /* 5.1 firmware, power, CPU virtualization: H01-H17 */
extern const KtCheckGroup kt_checks_host_numa;      /* 5.2 memory and NUMA: H20-H32 */
extern const KtCheckGroup kt_checks_host_time;      /* 5.3 CPU time, interrupts, neighbours: H40-H51 */
extern const KtCheckGroup kt_checks_domain_cpu;     /* 5.4 CPU model and cache: X01-X10 */
extern const KtCheckGroup kt_checks_domain_numa;    /* 5.4 vNUMA, pins, size: X11-X21 */
extern const KtCheckGroup kt_checks_domain_devices; /* 5.5 memory, timers, features, devices: X30-X47 */
extern const KtCheckGroup kt_checks_nova;           /* 5.6 OpenStack: N01-N09 */
extern const KtCheckGroup kt_checks_guest;          /* 5.7 guest OS: G01-G19 */
extern const KtCheckGroup kt_checks_workload;       /* 5.8 workload: W01-W14 */
