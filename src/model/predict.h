/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The predicted guest: what a guest's kernel will see, from its definition. */
#pragma once
#include "model/domain.h"

/* The machine that a guest with this definition will be: packages, dies,
 * cores, threads, caches with their sharing groups, cells as nodes, CPU vendor
 * and model as far as the definition (and the host, which may be NULL) decides
 * them; what they do not decide stays unknown. Rules by QEMU's source
 * (hw/i386, target/i386/cpu.c) and libvirt's: see predict.c at each. A domain
 * that is cut off or not x86 is predicted as far as that is certain. Never
 * NULL; caller owns the machine. Its citations are the domain's. */
KtMachine *kt_predict_guest(const KtDomain *domain, const KtMachine *host);
