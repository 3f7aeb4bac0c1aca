/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to a domain's guest agent through libvirt, which wants the connection opened
 * for writing. */
#pragma once
#include "evidence/agent.h"

typedef struct KtLibvirtAgent KtLibvirtAgent;

/* Opens libvirt for writing (`uri` NULL: the system's own QEMU driver, if its daemon
 * listens already) and finds the domain by name or UUID. NULL and *error:
 * KT_ERROR_NOT_FOUND (no libvirt, no such domain, it does not run, it has no channel
 * for an agent), _ACCESS (libvirt refuses), _UNSUPPORTED (built without libvirt),
 * _SYSTEM. */
KtLibvirtAgent *kt_libvirt_agent_open(const char *uri, const char *domain, GError **error);
void kt_libvirt_agent_close(KtLibvirtAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtLibvirtAgent, kt_libvirt_agent_close)

/* Valid as long as the agent is open. */
const KtAgentChannel *kt_libvirt_agent_channel(const KtLibvirtAgent *agent);
