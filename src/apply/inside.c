/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sysctl of the guest itself, by its agent. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include "apply/guest_sysctl.h"
#include "apply/hand.h"
#include "base/error.h"
#include "evidence/libvirt_agent.h"

static KtLibvirtAgent *agent_of(KtHand *hand, const KtStep *step, GError **error)
{
  return kt_libvirt_agent_open(hand->uri, step->uuid ? step->uuid : step->domain, error);
}

/* A guest that runs keeps what was set, whether its agent answers or not. */
static char *read_inside(KtHand *hand, const KtStep *step, GError **error)
{
  g_autoptr(GError) failed = NULL;
  g_autoptr(virDomain) domain = kt_hand_running(hand, step, FALSE, error);
  if (!domain)
    return NULL;
  g_autoptr(KtLibvirtAgent) agent = agent_of(hand, step, &failed);
  char *value = agent ? kt_guest_sysctl_read(kt_libvirt_agent_channel(agent), step->where, &failed) : NULL;
  if (failed) {
    if (failed->code == KT_ERROR_NOT_FOUND)
      failed->code = KT_ERROR_SYSTEM;
    g_propagate_error(error, g_steal_pointer(&failed));
  }
  return value;
}

static gboolean write_inside(KtHand *hand, const KtStep *step, const char *value, GError **error)
{
  if (!kt_actuator_call(&hand->base, "guest agent(%s, sysctl %s = %s)", step->domain, step->where, value ? value : ""))
    return TRUE;
  g_autoptr(KtLibvirtAgent) agent = agent_of(hand, step, error);
  return agent && kt_guest_sysctl_write(kt_libvirt_agent_channel(agent), step->where, value ? value : "", error);
}

static gboolean is_same(const KtStep *step, const char *wanted, const char *found)
{
  return kt_guest_sysctl_same(wanted, found);
}

const KtHandKind kt_hand_guest = {.read = read_inside, .write = write_inside, .reached = is_same};
#endif
