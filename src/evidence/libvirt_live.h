/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running libvirt, read-only. */
#pragma once
#include "base/root.h"
#include "model/snapshot.h"

/* Does this libvirt manage the machine that we run on? By the URI: no other
 * host is named in it and it is no driver of made-up or foreign hosts. NULL is local. */
gboolean kt_libvirt_is_local(const char *uri);

/* Reads the running domains of a libvirt (all, or the one whose name or UUID is
 * `only`) and its host as capabilities and nodeinfo show it: into `host`, a
 * machine of the snapshot, where that is silent, or with NULL into a machine of
 * its own. `uri` NULL: the system's own QEMU driver, if its daemon listens
 * already; none is started. FALSE with KT_ERROR_NOT_FOUND (no libvirt runs
 * here), _ACCESS or _SYSTEM (it does not answer) or _UNSUPPORTED (built without
 * libvirt); `snapshot` is as it was then. */
gboolean kt_libvirt_read(const char *uri, const char *only, KtSnapshot *snapshot, KtMachine *host, GError **error);

/* Gives each domain of the snapshot that this libvirt has its persistent definition (KtDomain.definition), in
 * place of the live one, and says what is booked by it (KtDomain.booked); one without (it is transient) loses what it
 * had. Same errors as above. */
gboolean kt_libvirt_read_definitions(const char *uri, KtSnapshot *snapshot, GError **error);

/* Puts what libvirt says into a tree in memory: libvirt/capabilities.xml and
 * nodeinfo.txt, for each running domain libvirt/NAME.xml, libvirt/domstats.txt. *domains: how many there
 * were. Same arguments and errors as above. */
gboolean kt_libvirt_capture(const char *uri, const char *only, KtRoot *tree, guint *domains, GError **error);
