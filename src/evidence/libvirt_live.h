/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running libvirt, read-only. */
#pragma once
#include "model/snapshot.h"

/* Reads the running domains of a libvirt (all, or the one whose name or UUID is
 * `only`) and, where the snapshot does not hold that host yet, the host as
 * libvirt's capabilities show it. `uri` NULL: the system's own QEMU driver, if
 * its daemon listens already; none is started. FALSE with KT_ERROR_NOT_FOUND
 * (no libvirt runs here), _ACCESS or _SYSTEM (it does not answer) or
 * _UNSUPPORTED (built without libvirt); `snapshot` is as it was then. */
gboolean kt_libvirt_read(const char *uri, const char *only, KtSnapshot *snapshot, GError **error);

/* Joins a domain that libvirt defines with the QEMU process that runs it (same
 * UUID; same name where one has none): libvirt's definition stays and gets the
 * process's runtime. */
void kt_domains_join(KtSnapshot *snapshot);
