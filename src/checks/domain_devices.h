/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the rows X30-X47; what each looks at stands in its row (domain_devices.c). */
#pragma once
#include "checks/check.h"

void kt_check_x30(const KtSubject *s, KtFinding *f);
void kt_check_x34(const KtSubject *s, KtFinding *f);
void kt_check_x35(const KtSubject *s, KtFinding *f);
void kt_check_x36(const KtSubject *s, KtFinding *f);
void kt_check_x38(const KtSubject *s, KtFinding *f);
void kt_check_x39(const KtSubject *s, KtFinding *f);
void kt_check_x41(const KtSubject *s, KtFinding *f);
void kt_check_x42(const KtSubject *s, KtFinding *f);
void kt_check_x43(const KtSubject *s, KtFinding *f);
void kt_check_x44(const KtSubject *s, KtFinding *f);
void kt_check_x45(const KtSubject *s, KtFinding *f);
void kt_check_x46(const KtSubject *s, KtFinding *f);
