/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions behind the rows of workload.c. */
#pragma once
#include "checks/check.h"

/* workload_jvm.c */
void kt_check_w01(const KtSubject *s, KtFinding *f);
void kt_check_w02(const KtSubject *s, KtFinding *f);
void kt_check_w03(const KtSubject *s, KtFinding *f);

/* workload_mysql.c */
void kt_check_w06(const KtSubject *s, KtFinding *f);

/* host_exits.c */
void kt_check_w10(const KtSubject *s, KtFinding *f);
