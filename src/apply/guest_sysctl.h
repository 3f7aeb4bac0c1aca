/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sysctl of a running guest, read and written through its agent. It holds until the guest's next boot. */
#pragma once
#include "evidence/agent.h"

/* The file of a sysctl below "/": "kernel.numa_balancing" is "proc/sys/kernel/numa_balancing". NULL with
 * KT_ERROR_USAGE where it is no name of one: two parts or more of letters, digits, '_' and '-'. Caller frees. */
char *kt_guest_sysctl_path(const char *name, GError **error);

/* Its value, without white space around it. NULL with KT_ERROR_NOT_FOUND (no agent answers, the guest's kernel has
 * no such knob), _ACCESS (the agent blocks each way to it; the words name the calls), _SYSTEM, _FORMAT. Caller frees.
 */
char *kt_guest_sysctl_read(const KtAgentChannel *channel, const char *name, GError **error);

/* KT_ERROR_USAGE for a value that is no line of printable text. */
gboolean kt_guest_sysctl_check_value(const char *value, GError **error);

/* Same errors; whether the kernel took the value is seen by reading it again. */
gboolean kt_guest_sysctl_write(const KtAgentChannel *channel, const char *name, const char *value, GError **error);

/* The same words, whatever white space is between them. */
gboolean kt_guest_sysctl_same(const char *wanted, const char *found);
