/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "cmd/command.h"

static const KtCommand *const commands[] = {
    &kt_command_doctor,  &kt_command_compare, &kt_command_facts,  &kt_command_capture,  &kt_command_checks,
    &kt_command_explain, &kt_command_ignore,  &kt_command_domxml, &kt_command_nova,     &kt_command_cloud,
    &kt_command_plan,    &kt_command_guest,   &kt_command_apply,  &kt_command_rollback, &kt_command_history,
    &kt_command_verify,  &kt_command_help,
};

const KtCommand *const *kt_commands(guint *n)
{
  *n = G_N_ELEMENTS(commands);
  return commands;
}

const KtCommand *kt_command_find(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
    if (g_str_equal(commands[i]->name, name))
      return commands[i];
  return NULL;
}

const GOptionEntry *kt_command_option(const KtCommand *command, const char *name, gsize length)
{
  const GOptionEntry *entry = command->options ? command->options() : NULL;
  for (; entry && entry->long_name; entry++) {
    if (length == 1 && entry->short_name == *name)
      return entry;
    if (strlen(entry->long_name) == length && strncmp(entry->long_name, name, length) == 0)
      return entry;
  }
  return NULL;
}

/* ---- mistyped words ---- */

/* Letters to insert, drop or change to make one word of the other. */
static guint distance(const char *a, const char *b)
{
  gsize n = strlen(b);
  g_autofree guint *row = g_new(guint, n + 1);
  for (gsize j = 0; j <= n; j++)
    row[j] = (guint)j;
  for (gsize i = 1; a[i - 1]; i++) {
    guint diagonal = row[0];
    row[0] = (guint)i;
    for (gsize j = 1; j <= n; j++) {
      guint above = row[j], change = diagonal + (a[i - 1] != b[j - 1]);
      row[j] = MIN(change, MIN(above, row[j - 1]) + 1);
      diagonal = above;
    }
  }
  return row[n];
}

const char *kt_nearest(const char *word, const char *const *candidates)
{
  const char *best = NULL;
  guint least = 3; /* farther is another word */
  if (strlen(word) > 64)
    return NULL;
  for (; *candidates; candidates++) {
    guint d = distance(word, *candidates);
    if (g_str_has_prefix(*candidates, word))
      d = MIN(d, 1);
    if (d <= least && d < strlen(*candidates)) {
      if (!best || d < least)
        best = *candidates;
      least = d;
    }
  }
  return best;
}

/* ---- options ---- */

static void set_unknown_option(const KtCommand *command, const char *argument, GError **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (const GOptionEntry *entry = command->options ? command->options() : NULL; entry && entry->long_name; entry++)
    g_ptr_array_add(names, (char *)entry->long_name);
  g_ptr_array_add(names, "help");
  g_ptr_array_add(names, NULL);
  g_autofree char *shown = g_strndup(argument, strcspn(argument, "=")), *safe = g_strescape(shown, NULL);
  const char *near = g_str_has_prefix(argument, "--") ? kt_nearest(shown + 2, (const char *const *)names->pdata) : NULL;
  if (near)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "unknown option '%s' of '%s'; did you mean '--%s'?", safe,
                command->name, near);
  else
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "unknown option '%s' of '%s'; see 'kvmtune help %s'", safe,
                command->name, command->name);
}

static gboolean takes_value(const GOptionEntry *entry)
{
  return entry->arg != G_OPTION_ARG_NONE && entry->arg != G_OPTION_ARG_CALLBACK;
}

static gboolean takes_several(const GOptionEntry *entry)
{
  return entry->arg == G_OPTION_ARG_FILENAME_ARRAY ||
         (entry->arg == G_OPTION_ARG_CALLBACK && (entry->flags & G_OPTION_FLAG_OPTIONAL_ARG));
}

static gboolean is_option(const char *argument)
{
  return argument[0] == '-' && argument[1] != '\0';
}

/* argv as GOption wants it: options checked by name, and the option that takes
 * several arguments in front of each of them. *help is set for --help. */
static GStrv prepare(const KtCommand *command, int argc, char **argv, gboolean *help, GError **error)
{
  g_autoptr(GStrvBuilder) out = g_strv_builder_new();
  const char *repeated = NULL;
  gboolean value_next = FALSE, only_files = FALSE;
  for (int i = 0; i < argc; i++) {
    const char *a = argv[i];
    if (i == 0 || value_next || only_files || !is_option(a)) {
      if (repeated && !value_next && i > 0 && !only_files)
        g_strv_builder_add(out, repeated);
      value_next = FALSE;
      g_strv_builder_add(out, a);
      continue;
    }
    repeated = NULL;
    only_files = g_str_equal(a, "--");
    *help |= g_str_equal(a, "--help") || g_str_equal(a, "-h");
    if (only_files || *help) {
      g_strv_builder_add(out, a);
      continue;
    }
    const char *name = a + (a[1] == '-' ? 2 : 1);
    const GOptionEntry *entry = kt_command_option(command, name, a[1] == '-' ? strcspn(name, "=") : 1);
    if (!entry) {
      set_unknown_option(command, a, error);
      return NULL;
    }
    value_next = takes_value(entry) && (a[1] == '-' ? !strchr(name, '=') : name[1] == '\0');
    repeated = takes_several(entry) && a[1] == '-' ? a : NULL;
    if (repeated && strchr(repeated, '='))
      repeated = NULL;
    g_strv_builder_add(out, a);
  }
  return g_strv_builder_end(out);
}

int kt_command_run(const KtCommand *command, int argc, char **argv, GError **error)
{
  gboolean help = FALSE;
  g_auto(GStrv) arguments = prepare(command, argc, argv, &help, error);
  if (!arguments)
    return -1;
  if (help)
    return kt_help_print(command, error) ? KT_EXIT_HEALTHY : -1;
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);
  g_autoptr(GError) failed = NULL;
  g_option_context_set_help_enabled(context, FALSE);
  if (command->options)
    g_option_context_add_main_entries(context, command->options(), NULL);
  if (!g_option_context_parse_strv(context, &arguments, &failed)) {
    failed->message[0] = g_ascii_tolower(failed->message[0]);
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "%s", failed->message);
    return -1;
  }
  const GOptionEntry *json = kt_command_option(command, "json", strlen("json"));
  if (json && *(const gboolean *)json->arg_data) /* for scripts: the same in every language */
    kt_i18n_stop();
  guint first = arguments[0] && arguments[1] && g_str_equal(arguments[1], "--") ? 2 : 1;
  return command->run((int)(g_strv_length(arguments) - first), arguments + first, error);
}

gboolean kt_output(const char *text, GError **error)
{
  if ((fputs(text, stdout) == EOF || fflush(stdout) == EOF) && errno != EPIPE) {
    int err = errno;
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot write standard output: %s", g_strerror(err));
    return FALSE;
  }
  return TRUE;
}

static gboolean write_special(const char *path, const char *text)
{
  FILE *file = fopen(path, "we");
  if (!file)
    return FALSE;
  gboolean written = fputs(text, file) != EOF;
  return fclose(file) == 0 && written;
}

gboolean kt_output_file(const char *path, const char *text, GError **error)
{
  if (g_str_equal(path, "-"))
    return kt_output(text, error);
  g_autofree char *target = realpath(path, NULL); /* a link stays one */
  const char *real = target ? target : path;
  gboolean special = target && !g_file_test(real, G_FILE_TEST_IS_REGULAR);
  g_autoptr(GError) failed = NULL;
  if (special ? write_special(real, text)
              : g_file_set_contents_full(real, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &failed))
    return TRUE;
  int err = errno;
  if (failed)
    kt_error_set_file(error, "write", path, failed);
  else
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot write '%s': %s", path, g_strerror(err));
  return FALSE;
}

gboolean kt_output_report(const char *report, const char *html, const char *page, GError **error)
{
  if (html && !kt_output_file(html, page, error))
    return FALSE;
  return g_strcmp0(html, "-") == 0 || kt_output(report, error);
}
