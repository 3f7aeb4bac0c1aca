/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the rows X01-X10; what each looks at stands in its row (domain_cpu.c). */
#pragma once
#include "checks/check.h"

/* domain_cpu_model.c */
void kt_check_x01(const KtSubject *s, KtFinding *f);
void kt_check_x09(const KtSubject *s, KtFinding *f);

/* domain_cpu_cache.c: what the guest's kernel sees */
void kt_check_x03(const KtSubject *s, KtFinding *f);
void kt_check_x05(const KtSubject *s, KtFinding *f);
void kt_check_x06(const KtSubject *s, KtFinding *f);

/* domain_cpu_pins.c: what it sees against where its vCPUs are pinned */
void kt_check_x04(const KtSubject *s, KtFinding *f);
void kt_check_x07(const KtSubject *s, KtFinding *f);
void kt_check_x08(const KtSubject *s, KtFinding *f);
void kt_check_x10(const KtSubject *s, KtFinding *f);

/* Fills {name}, {vcpus} and a topology that fits: {sockets} (one a cell, or as
 * the reference or the host's nodes suggest, else one), {cores}, {threads}. */
void kt_fill_topology(KtFinding *f, const KtSubject *s, guint threads);
