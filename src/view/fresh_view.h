/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that does not exist yet, in the words of those who can make it. All results: caller frees. */
#pragma once
#include "base/term.h"
#include "plan/fresh.h"

char *kt_fresh_xml(const KtFreshPlan *plan, const KtFreshWish *wish); /* a libvirt definition without devices */
char *kt_fresh_virt_install(const KtFreshPlan *plan, const KtFreshWish *wish);
char *kt_fresh_nova(const KtFreshPlan *plan, const KtFreshWish *wish);
char *kt_fresh_proxmox(const KtFreshPlan *plan, const KtFreshWish *wish);

/* All of these, with the place, advice, and what each cannot express. */
char *kt_view_fresh_text(const KtTerm *term, const KtFreshPlan *plan, const KtFreshWish *wish);
