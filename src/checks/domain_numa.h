/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of the rows X11-X21; what each looks at stands in its row (domain_numa.c). */
#pragma once
#include "checks/check.h"

void kt_check_x11(const KtSubject *s, KtFinding *f);
void kt_check_x12(const KtSubject *s, KtFinding *f);
void kt_check_x13(const KtSubject *s, KtFinding *f);
void kt_check_x14(const KtSubject *s, KtFinding *f);
void kt_check_x15(const KtSubject *s, KtFinding *f);
void kt_check_x16(const KtSubject *s, KtFinding *f);
void kt_check_x18(const KtSubject *s, KtFinding *f);
void kt_check_x20(const KtSubject *s, KtFinding *f);
void kt_check_x21(const KtSubject *s, KtFinding *f);
