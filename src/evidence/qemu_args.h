/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QEMU command line as a KtDomain, for /proc/PID/cmdline and for texts.
 *
 * Options mean what they mean to QEMU: of several -cpu the last wins, several
 * -machine add up, the accelerator follows from -accel, -machine accel=,
 * -enable-kvm, else from the program's name (system/vl.c: a name that ends in
 * "kvm" prefers KVM, any other TCG). A list of accelerators ("kvm:tcg") leaves
 * the type unknown: which one QEMU took is not written there.
 * Of -smp only what is given is set (sockets, dies, cores, threads); what QEMU
 * makes of the rest depends on the machine type and is the predictor's. */
#pragma once
#include "model/domain.h"

/* TRUE if argv[0] names a QEMU system emulator (qemu-system-*, qemu-kvm, kvm)
 * and the arguments start a guest: not libvirt's probe with "-machine none",
 * not -version or -help. */
gboolean kt_qemu_args_is_qemu(const char *const *argv);

/* Fills a fresh domain (format "qemu") from argv, NULL-terminated. `lines` are
 * the source's line numbers of each argument, or NULL for a source without
 * lines; citations name d->source. If d->cut is set before, the arguments may
 * end too early: then nothing follows from an option that is missing. */
void kt_qemu_args_read(KtDomain *d, const char *const *argv, const guint *lines);
