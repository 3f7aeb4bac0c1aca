/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "evidence/evidence.h"

gboolean kt_input_refuse(GError **error, const char *why)
{
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "%s", why);
  return FALSE;
}

static void show_progress(double done, gpointer data)
{
  const double *seconds = data;
  fprintf(stderr, "\rsampling for %.3g s ... %3.0f %%", *seconds, done * 100);
}

KtSnapshot *kt_input_live(const KtLiveInput *input, GError **error)
{
  double seconds = input->interval_s;
  gboolean shown = seconds > 0 && isatty(STDERR_FILENO);
  const KtLiveOptions options = {.interval_s = seconds,
                                 .connect_uri = input->connect_uri,
                                 .domain = input->domain,
                                 .deep = input->deep,
                                 .progress = shown ? show_progress : NULL,
                                 .progress_data = &seconds};
  KtSnapshot *snapshot = kt_evidence_read_live(&options, error);
  if (shown)
    fputs("\r\033[K", stderr);
  return snapshot;
}

gboolean kt_input_colour(const char *word, KtColour *when, GError **error)
{
  static const char *const words[] = {
      [KT_COLOUR_AUTO] = "auto", [KT_COLOUR_ALWAYS] = "always", [KT_COLOUR_NEVER] = "never"};
  *when = KT_COLOUR_AUTO;
  for (guint i = 0; word && i < G_N_ELEMENTS(words); i++)
    if (g_str_equal(word, words[i])) {
      *when = i;
      return TRUE;
    }
  if (word)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--color is 'auto', 'always' or 'never'");
  return !word;
}

gboolean kt_input_page(const char *html, gboolean json, GError **error)
{
  if (!json || g_strcmp0(html, "-") != 0)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--json and '--html -' at once; give the page a file");
  return FALSE;
}

char *kt_input_split_name(char *path)
{
  char *mark = strrchr(path, '#');
  if (!mark || g_file_test(path, G_FILE_TEST_EXISTS))
    return NULL;
  *mark = '\0';
  return mark + 1;
}

void kt_input_set_ambiguous(const KtSnapshot *s, const char *given, GError **error)
{
  g_autoptr(GString) names = g_string_new(NULL);
  guint shown = MIN(s->machines->len, 8);
  for (guint i = 0; i < shown; i++) {
    const KtMachine *m = s->machines->pdata[i];
    g_autofree char *name = g_strescape(m->name ? m->name : "", NULL);
    g_string_append_printf(names, "%s#%u (%s)", i ? ", " : "", i + 1, name);
  }
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'%s' holds %u machines; name one of them: %s%s", given,
              s->machines->len, names->str, shown < s->machines->len ? ", ..." : "");
}

static char *refuse_file(const char *path, int err, GError **error)
{
  g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot read '%s': %s", path, g_strerror(err));
  return NULL;
}

/* All that can be read, one byte more than the limit at most; NULL with errno set. */
static GString *read_all(int fd, gsize limit)
{
  g_autoptr(GString) bytes = g_string_new(NULL);
  char block[65536];
  while (bytes->len <= limit) {
    ssize_t n = read(fd, block, MIN(sizeof block, limit + 1 - bytes->len));
    if (n == 0)
      break;
    if (n < 0 && errno != EINTR)
      return NULL;
    g_string_append_len(bytes, block, MAX(n, 0));
  }
  return g_steal_pointer(&bytes);
}

char *kt_input_file(const char *path, gsize limit, gsize *length, GError **error)
{
  gboolean standard = g_str_equal(path, "-");
  /* Not to wait for somebody who opens a pipe's other end. */
  int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return refuse_file(path, errno, error);
  if (!standard)
    fcntl(fd, F_SETFL, 0);
  g_autoptr(GString) bytes = read_all(fd, limit);
  int err = errno;
  if (!standard)
    close(fd);
  if (!bytes)
    return refuse_file(path, err, error);
  if (bytes->len > limit) {
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "'%s' is larger than the %" G_GSIZE_FORMAT " MiB that are read", path,
                limit >> 20);
    return NULL;
  }
  *length = bytes->len;
  return g_string_free(g_steal_pointer(&bytes), FALSE);
}
