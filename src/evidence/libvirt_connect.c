/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include "base/error.h"
#include "evidence/libvirt_connect.h"

static void say_nothing(void *data, virErrorPtr error)
{
}

/* libxml2 inside of libvirt prints what it cannot open. */
static void drop_words(void *data, const char *format, ...)
{
}

/* A client of libvirt may start its daemon; looking must not. */
static gboolean daemon_listens(gboolean writable)
{
  static const char *const sockets[] = {"/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"};
  for (guint i = 0; i < G_N_ELEMENTS(sockets); i++) {
    g_autofree char *socket = g_strconcat(sockets[i], writable ? "" : "-ro", NULL);
    if (g_file_test(socket, G_FILE_TEST_EXISTS))
      return TRUE;
  }
  return FALSE;
}

void kt_libvirt_set_error(GError **error, const char *what)
{
  virErrorPtr last = virGetLastError();
  gboolean denied = last && (last->code == VIR_ERR_AUTH_FAILED || last->code == VIR_ERR_AUTH_CANCELLED ||
                             last->code == VIR_ERR_AUTH_UNAVAILABLE || last->code == VIR_ERR_ACCESS_DENIED);
  g_autofree char *why = g_strdup(last && last->message ? last->message : "libvirt does not say why");
  g_strdelimit(why, "\r\n", ' '); /* ssh's own words may be among them */
  g_set_error(error, KT_ERROR, denied ? KT_ERROR_ACCESS : KT_ERROR_SYSTEM, "cannot %s: %s", what, g_strchomp(why));
}

void kt_libvirt_prepare(void)
{
  xmlInitParser();
  virInitialize();
  virSetErrorFunc(NULL, say_nothing);
}

virConnectPtr kt_libvirt_open(const char *uri, gboolean writable, GError **error)
{
  if (!uri && !daemon_listens(writable)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no libvirt runs here");
    return NULL;
  }
  kt_libvirt_prepare();
  xmlSetGenericErrorFunc(NULL, drop_words); /* each thread has its own */
  const char *name = uri ? uri : KT_LIBVIRT_LOCAL_URI;
  virConnectPtr connection = writable ? virConnectOpen(name) : virConnectOpenReadOnly(name);
  if (!connection) {
    g_autofree char *what = g_strdup_printf("connect to '%s'", name);
    kt_libvirt_set_error(error, what);
  }
  return connection;
}
#endif
