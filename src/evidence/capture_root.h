/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a capture (capture.h) holds besides a copied root:
 *
 *   unreadable.txt   "PATH<TAB>WHY": files that could not be read there
 *   moment-N/        from 1: proc/uptime and the files that count, at several moments
 *   cpuid.txt        the CPUID leaves of the hypervisor
 *   dmesg.txt, libvirt/...   outputs, read as any other text
 *   manifest.json    for people and scripts; no fact comes from it */
#pragma once
#include "evidence/root_machine.h"

#define KT_CAPTURE_MANIFEST "manifest.json"
#define KT_CAPTURE_UNREADABLE "unreadable.txt"
#define KT_CAPTURE_MOMENT "moment-"
#define KT_CAPTURE_MAX_MOMENTS 1000

/* TRUE if the file or directory is a capture's own and no output to be read. */
gboolean kt_capture_is_part(KtRoot *root, const char *path);

/* Makes the root know what could not be read where it was taken. */
void kt_capture_note_unreadable(KtRoot *root);

/* Rates and CPU use from the moments; `first_domain`: the snapshot's domains from
 * there on are this machine's. Nothing if the root holds no two moments. */
void kt_capture_read_moments(KtRootReading *r, guint first_domain);
