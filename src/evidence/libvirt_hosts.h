/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several hosts by the URIs of their libvirt, at once, so that a dead one keeps nobody waiting. */
#pragma once
#include "model/snapshot.h"

/* "qemu+ssh://kvm7/system", "test:///default": a URI of one of libvirt's drivers. */
gboolean kt_libvirt_is_uri(const char *text);

/* Adds each host with its running domains (KtDomain.host) to the snapshot, in the order
 * of `uris`; one of this machine is read as `kvmtune` alone would read it. What does not
 * answer within `timeout_s` is given up. A host that cannot be read adds a note and to
 * KtSnapshot.unreachable. *error, if it is not NULL, gets the first of these. */
void kt_libvirt_read_hosts(const char *const *uris, guint n, double timeout_s, KtSnapshot *snapshot, GError **error);

/* Two steps of it, for tests. Of one host's reading: gives each domain the machine that it runs on. libvirt's own host
 * stands behind this machine where the two differ (a socket of a container, a forwarded one); a QEMU process that such
 * a libvirt does not know runs beside it, on this machine. */
void kt_libvirt_place_domains(KtSnapshot *one);
/* Of all: a process that one libvirt does not know is another's guest, and is not counted twice. */
void kt_libvirt_drop_twice(KtSnapshot *all);

/* One guest alone, by its UUID, looked for on all of these hosts at once: a snapshot for each of `uris`, in their order
 * (KtSnapshot*; caller unrefs the array). No domain: it does not run there; a note and KtSnapshot.unreachable: that
 * host cannot be read. */
GPtrArray *kt_libvirt_find_guest(const char *const *uris, guint n, const char *uuid, double timeout_s);
