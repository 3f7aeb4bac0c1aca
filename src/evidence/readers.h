/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All readers; the order in readers.c is the order in which they are asked. */
#pragma once
#include "evidence/reader.h"

extern const KtReader kt_reader_lscpu; /* lscpu.c */

extern const KtReader kt_reader_sar;        /* sar.c */
extern const KtReader kt_reader_interrupts; /* interrupts.c */
extern const KtReader kt_reader_kernel_log; /* kernel_log.c */

/* What a kernel log tells of the boot and what may have changed since: the
 * clock source, kernel.numa_balancing, CPUs and nodes brought up. Set where a
 * machine that is joined from all its evidence does not know better. */
void kt_kernel_log_conclude(KtMachine *m);
extern const KtReader kt_reader_lscpu;      /* lscpu.c */
extern const KtReader kt_reader_lscpu_cpus; /* lscpu_cpus.c */
extern const KtReader kt_reader_lscpu_json; /* lscpu_json.c */
