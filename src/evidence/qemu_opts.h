/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value of a QEMU option as keys and values: "virtio-blk-pci,drive=d0,id=x"
 * (a doubled comma stands for one) or the JSON object that libvirt writes since
 * 6.0. JSON's nested members get dotted keys ("cache.direct"), as QEMU itself
 * flattens them; true and false become "on" and "off", the members of an array
 * repeat its key. */
#pragma once
#include "model/value.h"

typedef struct KtQemuOpts KtQemuOpts;

/* `implied` is the key of a first part without "=" (NULL: such parts are flags
 * with the value "on"; a part "nofoo" stays "nofoo" = "on"). A JSON text that
 * cannot be read, or is nested too deeply, gives an empty list. */
KtQemuOpts *kt_qemu_opts_new(const char *text, const char *implied);
void kt_qemu_opts_free(KtQemuOpts *opts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtQemuOpts, kt_qemu_opts_free)

guint kt_qemu_opts_count(const KtQemuOpts *opts);
const char *kt_qemu_opts_key(const KtQemuOpts *opts, guint i);
const char *kt_qemu_opts_value(const KtQemuOpts *opts, guint i);

/* The last value of a key, or NULL. A NULL list has none. */
const char *kt_qemu_opts_get(const KtQemuOpts *opts, const char *key);
gboolean kt_qemu_opts_is_on(const KtQemuOpts *opts, const char *key); /* "on", "yes", "true", "1" */
KtInt kt_qemu_opts_int(const KtQemuOpts *opts, const char *key);      /* decimal, non-negative */

/* "on", "yes", "true", "y", "1": KT_YES; "off", "no", "false", "n", "0": KT_NO; else unknown. */
KtTri kt_qemu_switch(const char *value);
