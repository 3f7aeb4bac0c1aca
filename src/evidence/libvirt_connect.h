/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to libvirt, for the files that talk to it; only in builds with libvirt. */
#pragma once
#include <glib.h>
#include <libvirt/libvirt.h>

#define KT_LIBVIRT_LOCAL_URI "qemu:///system"

/* Opens a connection; `uri` NULL: the system's own QEMU driver, if its daemon
 * listens already; none is started. `writable`: for calls that libvirt does not
 * allow a reader, though they change nothing. NULL with KT_ERROR_NOT_FOUND (no
 * libvirt runs here), _ACCESS or _SYSTEM. Any thread, once kt_libvirt_prepare()
 * was called in the main one. Free with virConnectClose(). */
virConnectPtr kt_libvirt_open(const char *uri, gboolean writable, GError **error);

/* Makes libvirt and libxml2 ready for several threads, and silent. May be called again. */
void kt_libvirt_prepare(void);

/* "cannot WHAT: libvirt's last words", in one line; KT_ERROR_ACCESS where they deny something. */
void kt_libvirt_set_error(GError **error, const char *what);
