/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU model that several hosts have, as libvirt's CPU map works it out. */
#pragma once
#include <glib.h>

typedef struct {
  char *model;         /* "Skylake-Server-IBRS" */
  GPtrArray *features; /* char*: of the model those that a host lacks, to be disabled; sorted */
} KtBaseline;

void kt_baseline_free(KtBaseline *baseline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtBaseline, kt_baseline_free)

/* `hosts` (NULL-terminated): captures (a folder or archive), files with the output of `virsh capabilities` or `virsh
 * domcapabilities`, or URIs of libvirt. Where domain capabilities are there, what QEMU can give to guests counts, else
 * what the CPU has. Features that they have in common beyond the model
 * are left out. NULL with KT_ERROR_FORMAT (a host's capabilities are not there or have no CPU), _UNSUPPORTED (the hosts
 * have no model in common, or one cannot give it to guests; a build without libvirt), or what reading says. */
KtBaseline *kt_libvirt_baseline(const char *const *hosts, GError **error);
