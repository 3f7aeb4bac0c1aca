/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host CPUs for dedicated vCPUs, by thread policy. */
#pragma once
#include "nova/fit.h"

/* What is free of a host cell, by core. */
typedef struct KtNovaCores KtNovaCores;
KtNovaCores *kt_nova_cores_new(const KtNovaHostCell *on); /* `on` has to outlive it */
void kt_nova_cores_free(KtNovaCores *cores);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtNovaCores, kt_nova_cores_free)
guint kt_nova_cores_count(const KtNovaCores *cores); /* CPUs that may be pinned */

/* Would Nova pin n vCPUs and, if `reserve`, one CPU more for the emulator? */
gboolean kt_nova_can_pin(const KtNovaCores *cores, guint n, KtNovaThreads policy, gboolean reserve);
/* Chooses the CPUs where it would: as few cores as the policy allows, siblings side by
 * side. Once for each KtNovaCores. */
void kt_nova_pin(KtNovaCores *cores, guint n, KtNovaThreads policy, gboolean reserve, GArray *pins, KtInt *reserved);

/* kt_nova_pair() with what is known of the host cell; `cores` may be NULL where the guest pins nothing. */
KtNovaMisfit kt_nova_judge(const KtNovaGuest *guest, const KtNovaGuestCell *cell, const KtNovaHost *host,
                           const KtNovaHostCell *on, const KtNovaCores *cores, gboolean reserve, KtNovaRelease release,
                           gint64 *pages_kib);
