/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions behind the rows of guest.c, by what they look at. */
#pragma once
#include "checks/check.h"

/* guest_numa.c */
void kt_check_g01(const KtSubject *s, KtFinding *f);
void kt_check_g02(const KtSubject *s, KtFinding *f);
void kt_check_g03(const KtSubject *s, KtFinding *f);

/* guest_boot.c: kernel command line, clock, kernel log */
void kt_check_g04(const KtSubject *s, KtFinding *f);
void kt_check_g05(const KtSubject *s, KtFinding *f);
void kt_check_g08(const KtSubject *s, KtFinding *f);

/* guest_load.c: interrupts and CPU time */
void kt_check_g06(const KtSubject *s, KtFinding *f);
void kt_check_g07(const KtSubject *s, KtFinding *f);
void kt_check_g10(const KtSubject *s, KtFinding *f);

/* guest_limits.c: huge pages and cgroups */
void kt_check_g11(const KtSubject *s, KtFinding *f);
void kt_check_g14(const KtSubject *s, KtFinding *f);
