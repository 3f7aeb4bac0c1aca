/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The QEMU guest agent: files and outputs of a guest without logging in to it.
 * Nothing that it answers is trusted: answers are bounded in size and depth, lengths
 * are held against what came, and all of it has an end in time. The protocol is that
 * of QEMU's manual "QEMU Guest Agent Protocol Reference" (qga/qapi-schema.json). */
#pragma once
#include <glib.h>

#define KT_AGENT_ANSWER (8 * 1024 * 1024) /* bytes of one answer at most; libvirt passes 4 MiB */

/* The way to one agent. */
typedef struct {
  /* Sends a command (JSON) and returns the answer (JSON) within `timeout_s` seconds.
   * NULL and *error: KT_ERROR_NOT_FOUND if nobody answers (no agent, no longer),
   * KT_ERROR_ACCESS if whoever stands between refuses, KT_ERROR_SYSTEM with the
   * agent's own words if the agent refuses this command. Caller frees. */
  char *(*send)(const char *command, guint timeout_s, gpointer data, GError **error);
  gpointer data;
} KtAgentChannel;

typedef struct KtAgent KtAgent;

/* Asks the agent whether it lives and what it may do. NULL and *error if it does not
 * answer (KT_ERROR_NOT_FOUND, _ACCESS) or not as an agent does (_FORMAT, _LIMIT);
 * KT_ERROR_UNSUPPORTED in a build without json-glib. `channel` has to outlive it. */
KtAgent *kt_agent_new(const KtAgentChannel *channel, GError **error);
void kt_agent_free(KtAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtAgent, kt_agent_free)

/* What the agent says of its version, as it says it, or NULL. */
const char *kt_agent_version(const KtAgent *agent);

/* Of the calls (NULL-terminated) those that the agent does not allow, in words:
 * "guest-exec is blocked, guest-file-open is not known"; NULL if all may be tried.
 * Caller frees. */
char *kt_agent_obstacle(const KtAgent *agent, const char *const *calls);

/* Nothing is sent after this time (g_get_monotonic_time()); calls then fail with KT_ERROR_LIMIT. */
void kt_agent_set_deadline(KtAgent *agent, gint64 time);

/* Reads a file of the guest, at most `limit` bytes. NULL and *error: KT_ERROR_NOT_FOUND
 * (no such file), _ACCESS (the guest does not allow it), _LIMIT (larger, or time is
 * up), _FORMAT (an answer that cannot be), _SYSTEM (anything else). *gone (may be NULL) is set
 * if the agent itself no longer answers. Caller frees. */
GBytes *kt_agent_read_file(KtAgent *agent, const char *path, gsize limit, gboolean *gone, GError **error);

/* Writes `text` into a file of the guest that is there. The kernel's knobs take or refuse it when it is flushed: that
 * is waited for. FALSE and *error as above, and what the guest's kernel says of the value as KT_ERROR_SYSTEM. */
gboolean kt_agent_write_file(KtAgent *agent, const char *path, const char *text, GError **error);

/* Runs "/bin/sh -c COMMAND" in the guest with `input` as its standard input and returns
 * what it wrote, at most `limit` bytes. Waits for its end up to the deadline. Errors as above; an exit status other
 * than 0 is none. Caller frees. */
GBytes *kt_agent_run(KtAgent *agent, const char *command, const char *input, gsize limit, GError **error);
