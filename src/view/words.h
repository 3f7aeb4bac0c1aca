/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words in which all terminal views speak of checks and subjects. */
#pragma once
#include "base/term.h"
#include "checks/check.h"

extern const char *const kt_view_basis_names[]; /* by KtBasis: "measured" */

/* "severe", "moderate", "minor" for 3, 2, 1. */
const char *kt_view_severity(int severity);
KtStyle kt_view_severity_style(int severity);

/* Risk codes of checks.md in words: "B M!" is "guest stop and start; changes
 * migration compatibility". Remarks in parentheses are kept. NULL or "-": "none". Caller frees. */
char *kt_view_risk(const char *codes);

/* "for guests and domains, of KVM, on x86". Caller frees. */
char *kt_view_applies(const KtCheck *check);

/* "KVM guest", "host", "domain", "Nova flavor". Caller frees. */
char *kt_view_kind(const KtSubject *subject);

/* TRUE if the remedy fits what the subject runs on: "cores per socket" for a
 * VMware guest and only there; libvirt, Nova, Proxmox and QEMU never for a
 * guest of another hypervisor than KVM. */
gboolean kt_view_remedy_fits(const KtRemedy *remedy, const KtSubject *subject);

/* The layer in which this user changes what the check is about, guessed from
 * what the snapshot shows: Nova, Proxmox, libvirt, QEMU, a VMware guest, the
 * inside of a guest. NULL if the check has no remedy that fits. `*theirs` is set if that
 * is not in the hands of the one who runs the subject (a guest's definition
 * seen from inside it). */
const KtRemedy *kt_view_remedy(const KtCheck *check, const KtSubject *subject, gboolean *theirs);
