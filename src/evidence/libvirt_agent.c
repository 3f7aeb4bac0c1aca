/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/libvirt_agent.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

#include "evidence/libvirt_connect.h"

#define CHANNEL "org.qemu.guest_agent.0"

struct KtLibvirtAgent {
  virConnectPtr connection;
  virDomainPtr domain;
  char *name; /* as it was asked for */
  KtAgentChannel channel;
};

/* What libvirt puts before the agent's own words. */
static const char *agent_words(const char *message)
{
  static const char before[] = "unable to execute QEMU agent command '";
  const char *p = strstr(message, before);
  p = p ? strstr(p + strlen(before), "': ") : NULL;
  return p ? p + 3 : message;
}

static void set_refused(const KtLibvirtAgent *a, GError **error)
{
  virErrorPtr last = virGetLastError();
  const char *message = last && last->message ? last->message : "libvirt does not say why";
  g_autofree char *line = g_strdup(message);
  g_strdelimit(line, "\r\n", ' ');
  switch (last ? last->code : VIR_ERR_OK) {
  case VIR_ERR_AGENT_UNRESPONSIVE:
  case VIR_ERR_AGENT_UNSYNCED:
  case VIR_ERR_OPERATION_TIMEOUT:
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
                "the guest agent of '%s' does not answer: does qemu-ga run in the guest? (%s)", a->name, line);
    break;
  case VIR_ERR_ARGUMENT_UNSUPPORTED:
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "domain '%s' has no channel '" CHANNEL "' for a guest agent (%s)",
                a->name, line);
    break;
  case VIR_ERR_NO_SUPPORT:
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "this libvirt's driver has no guest agents (%s)", line);
    break;
  case VIR_ERR_OPERATION_INVALID:
  case VIR_ERR_NO_DOMAIN:
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "domain '%s' does not run any more (%s)", a->name, line);
    break;
  case VIR_ERR_OPERATION_DENIED:
  case VIR_ERR_ACCESS_DENIED:
    g_set_error(error, KT_ERROR, KT_ERROR_ACCESS, "libvirt does not allow it to use the guest agent of '%s' (%s)",
                a->name, line);
    break;
  default:
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s", agent_words(line));
  }
}

static char *send_command(const char *command, guint timeout_s, gpointer data, GError **error)
{
  const KtLibvirtAgent *a = data;
  char *answer = virDomainQemuAgentCommand(a->domain, command, (int)timeout_s, 0);
  if (!answer) {
    set_refused(a, error);
    return NULL;
  }
  char *copy = g_strndup(answer, KT_AGENT_ANSWER + 1);
  free(answer);
  return copy;
}

static gboolean find_domain(KtLibvirtAgent *a, GError **error)
{
  a->domain = virDomainLookupByName(a->connection, a->name);
  if (!a->domain)
    a->domain = virDomainLookupByUUIDString(a->connection, a->name);
  if (!a->domain) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "libvirt knows no domain '%s'", a->name);
    return FALSE;
  }
  const char *name = virDomainGetName(a->domain);
  if (name) { /* people know it by that, whatever it was asked for by */
    g_free(a->name);
    a->name = g_strdup(name);
  }
  int state, reason;
  if (virDomainGetState(a->domain, &state, &reason, 0) < 0) {
    g_autofree char *what = g_strdup_printf("ask for the state of domain '%s'", a->name);
    kt_libvirt_set_error(error, what);
    return FALSE;
  }
  if (state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "domain '%s' is %s: its agent cannot answer", a->name,
              state == VIR_DOMAIN_SHUTOFF  ? "shut off"
              : state == VIR_DOMAIN_PAUSED ? "paused"
                                           : "not running");
  return FALSE;
}

KtLibvirtAgent *kt_libvirt_agent_open(const char *uri, const char *domain, GError **error)
{
  g_autoptr(KtLibvirtAgent) a = g_new0(KtLibvirtAgent, 1);
  a->name = g_strdup(domain);
  a->channel = (KtAgentChannel){.send = send_command, .data = a};
  a->connection = kt_libvirt_open(uri, TRUE, error);
  return a->connection && find_domain(a, error) ? g_steal_pointer(&a) : NULL;
}

void kt_libvirt_agent_close(KtLibvirtAgent *a)
{
  if (!a)
    return;
  if (a->domain)
    virDomainFree(a->domain);
  if (a->connection)
    virConnectClose(a->connection);
  g_free(a->name);
  g_free(a);
}

const KtAgentChannel *kt_libvirt_agent_channel(const KtLibvirtAgent *a)
{
  return &a->channel;
}

#else

KtLibvirtAgent *kt_libvirt_agent_open(const char *uri, const char *domain, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "this build cannot talk to libvirt");
  return NULL;
}

void kt_libvirt_agent_close(KtLibvirtAgent *agent)
{
}

const KtAgentChannel *kt_libvirt_agent_channel(const KtLibvirtAgent *agent)
{
  g_return_val_if_reached(NULL);
}

#endif
