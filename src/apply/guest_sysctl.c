/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/guest_sysctl.h"

#include <string.h>

#include "base/error.h"

#define MAX_NAME 200
#define MAX_VALUE 1024
#define SECONDS 60 /* for all that is asked of the agent */

static const char *const read_calls[] = {"guest-file-open", "guest-file-read", "guest-file-close", NULL};
static const char *const write_calls[] = {"guest-file-open", "guest-file-write", "guest-file-flush", "guest-file-close",
                                          NULL};
static const char *const exec_calls[] = {"guest-exec", "guest-exec-status", NULL};

char *kt_guest_sysctl_path(const char *name, GError **error)
{
  g_auto(GStrv) parts = g_strsplit(name, ".", -1);
  gboolean ok = strlen(name) <= MAX_NAME && g_strv_length(parts) >= 2;
  for (guint i = 0; ok && parts[i]; i++)
    ok = *parts[i] && strspn(parts[i], G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-") == strlen(parts[i]);
  if (!ok) {
    g_autofree char *shown = g_strescape(name, NULL);
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'%.60s' is no name of a sysctl, as kernel.numa_balancing is one",
                shown);
    return NULL;
  }
  g_autofree char *below = g_strjoinv("/", parts);
  return g_strconcat("proc/sys/", below, NULL);
}

/* The agent, if one of the two ways is open; *by_exec: files are blocked, a command has to do it. */
static KtAgent *open_agent(const KtAgentChannel *channel, const char *const *calls, gboolean *by_exec, GError **error)
{
  g_autoptr(KtAgent) agent = kt_agent_new(channel, error);
  if (!agent)
    return NULL;
  g_autofree char *no_files = kt_agent_obstacle(agent, calls), *no_exec = kt_agent_obstacle(agent, exec_calls);
  *by_exec = no_files != NULL;
  kt_agent_set_deadline(agent, g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC);
  if (!no_files || !no_exec)
    return g_steal_pointer(&agent);
  g_set_error(error, KT_ERROR, KT_ERROR_ACCESS, "the guest agent does not allow it: %s; %s", no_files, no_exec);
  return NULL;
}

char *kt_guest_sysctl_read(const KtAgentChannel *channel, const char *name, GError **error)
{
  gboolean by_exec;
  g_autofree char *below = kt_guest_sysctl_path(name, error), *path = below ? g_strconcat("/", below, NULL) : NULL;
  g_autoptr(KtAgent) agent = path ? open_agent(channel, read_calls, &by_exec, error) : NULL;
  if (!agent)
    return NULL;
  g_autofree char *command = g_strdup_printf("cat %s 2>&1", path);
  g_autoptr(GBytes) bytes = by_exec ? kt_agent_run(agent, command, "", MAX_VALUE, error)
                                    : kt_agent_read_file(agent, path, MAX_VALUE, NULL, error);
  if (!bytes)
    return NULL;
  gsize length;
  const char *text = g_bytes_get_data(bytes, &length);
  g_autofree char *value = g_strstrip(g_strndup(text ? text : "", length));
  if (g_str_has_prefix(value, "cat: ")) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "cannot read '%s' in the guest", path);
    return NULL;
  }
  if (!g_utf8_validate(value, -1, NULL)) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' in the guest is no text", path);
    return NULL;
  }
  return g_steal_pointer(&value);
}

gboolean kt_guest_sysctl_check_value(const char *value, GError **error)
{
  gboolean ok = value && *value && strlen(value) < MAX_VALUE;
  for (const char *p = value; ok && *p; p++)
    ok = g_ascii_isprint(*p);
  if (!ok)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "a sysctl's value is a line of printable text");
  return ok;
}

gboolean kt_guest_sysctl_write(const KtAgentChannel *channel, const char *name, const char *value, GError **error)
{
  gboolean by_exec;
  g_autofree char *below = kt_guest_sysctl_path(name, error), *path = below ? g_strconcat("/", below, NULL) : NULL;
  if (!path || !kt_guest_sysctl_check_value(value, error))
    return FALSE;
  g_autoptr(KtAgent) agent = open_agent(channel, write_calls, &by_exec, error);
  g_autofree char *line = g_strconcat(value, "\n", NULL);
  if (!agent || !by_exec)
    return agent && kt_agent_write_file(agent, path, line, error);
  /* the value goes in by standard input: nothing of it is a command */
  g_autofree char *command = g_strdup_printf("cat >%s", path);
  g_autoptr(GBytes) said = kt_agent_run(agent, command, line, MAX_VALUE, error);
  return said != NULL;
}

static char *one_space(const char *text)
{
  g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n", -1);
  GString *out = g_string_new(NULL);
  for (guint i = 0; words[i]; i++)
    if (*words[i])
      g_string_append_printf(out, "%s%s", out->len ? " " : "", words[i]);
  return g_string_free(out, FALSE);
}

gboolean kt_guest_sysctl_same(const char *wanted, const char *found)
{
  g_autofree char *a = one_space(wanted), *b = one_space(found);
  return g_str_equal(a, b);
}
