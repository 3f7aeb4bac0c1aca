/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions behind the rows of nova.c. */
#pragma once
#include "checks/check.h"

/* nova_checks.c */
void kt_check_n01(const KtSubject *s, KtFinding *f);
void kt_check_n02(const KtSubject *s, KtFinding *f);
void kt_check_n03(const KtSubject *s, KtFinding *f);
void kt_check_n04(const KtSubject *s, KtFinding *f);
void kt_check_n05(const KtSubject *s, KtFinding *f);

/* nova_guests.c */
void kt_check_n06(const KtSubject *s, KtFinding *f);
void kt_check_n07(const KtSubject *s, KtFinding *f);

/* nova_traces.c */
void kt_check_n08(const KtSubject *s, KtFinding *f);
void kt_check_n09(const KtSubject *s, KtFinding *f);
