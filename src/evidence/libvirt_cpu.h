/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU of a host that guests may have to move to. */
#pragma once
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <glib.h>

typedef struct {
  char *host;          /* as it was asked for */
  char *cpu;           /* <cpu>, as virConnectBaselineCPU() takes it */
  GHashTable *usable;  /* model -> "yes", "no", "unknown": what its QEMU can give to guests; NULL: not told */
  GHashTable *blocked; /* model -> GPtrArray of char*: features without which it could give it, too */
  GPtrArray *lacking;  /* char*: features of its own model that its QEMU cannot give */
} KtHostCpu;

/* From `virsh domcapabilities`, which tells what guests can have, else from `virsh capabilities`: what the CPU has.
 * `host`: a capture (a folder or archive), a file with the output of either, or a URI of libvirt. NULL with
 * KT_ERROR_FORMAT (there is no CPU model in it) or what reading says. */
KtHostCpu *kt_host_cpu_read(const char *host, GError **error);
void kt_host_cpu_free(gpointer cpu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtHostCpu, kt_host_cpu_free)
#endif
