/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "base/term.h"
#include "cmd/command.h"
#include "config.h"

static int unknown_command(const char *name, GError **error)
{
  guint n;
  const KtCommand *const *commands = kt_commands(&n);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (guint i = 0; i < n; i++)
    g_ptr_array_add(names, (char *)commands[i]->name);
  g_ptr_array_add(names, NULL);
  const char *near = kt_nearest(name, (const char *const *)names->pdata);
  g_autofree char *safe = g_strescape(name, NULL);
  if (g_file_test(name, G_FILE_TEST_EXISTS))
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'%s' is no command; did you mean 'kvmtune doctor %s'?", safe, safe);
  else if (near)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "unknown command '%s'; did you mean '%s'?", safe, near);
  else
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "unknown command '%s'; see 'kvmtune help'", safe);
  return -1;
}

static int run(int argc, char **argv, GError **error)
{
  guint n;
  const KtCommand *first = kt_commands(&n)[0];
  if (argc < 2)
    return kt_command_run(first, argc, argv, error);
  if (g_str_equal(argv[1], "--version"))
    return kt_output("kvmtune " KT_VERSION "\n", error) ? KT_EXIT_HEALTHY : -1;
  if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h"))
    return kt_command_run(&kt_command_help, 1, argv, error);
  if (argv[1][0] == '-')
    return kt_command_run(first, argc, argv, error);
  const KtCommand *command = kt_command_find(argv[1]);
  return command ? kt_command_run(command, argc - 1, argv + 1, error) : unknown_command(argv[1], error);
}

/* The user's language, also on a machine where that locale was never generated:
 * C.UTF-8 is there and LANGUAGE chooses the catalog. Numbers keep their point. */
static void set_language(void)
{
  if (!setlocale(LC_ALL, "")) {
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *wanted = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(names) && !(wanted && *wanted); i++)
      wanted = g_getenv(names[i]);
    const char *encoding = wanted ? strchr(wanted, '.') : NULL;
    gboolean utf8 =
        encoding && (g_ascii_strncasecmp(encoding, ".utf-8", 6) == 0 || g_ascii_strncasecmp(encoding, ".utf8", 5) == 0);
    if (utf8 && setlocale(LC_ALL, "C.UTF-8")) {
      g_autofree char *language = g_strndup(wanted, (gsize)(encoding - wanted));
      g_setenv("LANGUAGE", language, FALSE);
    }
  }
  setlocale(LC_NUMERIC, "C");
  const char *directory = g_getenv("KT_LOCALE_DIR");
  kt_i18n_start(directory && *directory ? directory : KT_LOCALE_DIR);
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  set_language();
  signal(SIGPIPE, SIG_IGN); /* `kvmtune ... | head` ends quietly: see kt_output() */
  int status = run(argc, argv, &error);
  if (status >= 0)
    return status;
  /* one line, whatever is in the names that it quotes */
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_NEVER);
  g_autofree char *line = kt_term_clean(&term, error->message);
  fprintf(stderr, "kvmtune: %s\n", line);
  return KT_EXIT_USAGE;
}
