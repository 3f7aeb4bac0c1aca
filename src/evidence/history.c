/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/history.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "evidence/text.h"

#define MAX_US (20 * G_USEC_PER_SEC)
#define MAX_MESSAGE 400

/* sysstat's sa.h: a magic number of sysstat, then one of the format. */
gboolean kt_history_recognise(const char *bytes, gsize length)
{
  const guchar *b = (const guchar *)bytes;
  if (length < 64)
    return FALSE;
  return (b[0] == 0x96 && b[1] == 0xd5 && b[3] == 0x21) || (b[0] == 0xd5 && b[1] == 0x96 && b[2] == 0x21);
}

/* A program that runs, and what it has printed. */
typedef struct {
  GPid pid;
  int fds[2]; /* standard output and error */
  GString *texts[2];
  gboolean too_long, too_slow;
} Run;

/* Reads what there is; FALSE at the end of that stream. */
static gboolean drain(Run *run, guint k, gsize limit)
{
  char buffer[65536];
  ssize_t n = read(run->fds[k], buffer, sizeof buffer);
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return TRUE;
  if (n <= 0)
    return FALSE;
  gsize room = limit - MIN(limit, run->texts[k]->len);
  g_string_append_len(run->texts[k], buffer, (gssize)MIN((gsize)n, room));
  run->too_long |= k == 0 && (gsize)n > room;
  return TRUE;
}

static void collect(Run *run)
{
  static const gsize limits[] = {KT_TEXT_LIMIT, MAX_MESSAGE};
  gint64 deadline = g_get_monotonic_time() + MAX_US;
  struct pollfd polls[] = {{.fd = run->fds[0], .events = POLLIN}, {.fd = run->fds[1], .events = POLLIN}};
  while (polls[0].fd >= 0 || polls[1].fd >= 0) {
    gint64 left = deadline - g_get_monotonic_time();
    run->too_slow = left <= 0;
    if (run->too_slow || run->too_long)
      break;
    if (poll(polls, G_N_ELEMENTS(polls), (int)(left / 1000) + 1) < 0 && errno != EINTR)
      break;
    for (guint k = 0; k < G_N_ELEMENTS(polls); k++)
      if (polls[k].fd >= 0 && polls[k].revents && !drain(run, k, limits[k]))
        polls[k].fd = -1;
  }
  if (run->too_slow || run->too_long)
    kill(run->pid, SIGKILL);
}

/* The first line of a message. */
static void set_refused(const Run *run, const char *source, GError **error)
{
  char *message = run->texts[1]->str;
  message[strcspn(message, "\n")] = '\0';
  g_autofree char *valid = g_utf8_make_valid(message, -1);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "sadf cannot read '%s'%s%s", source, *valid ? ": " : "", valid);
}

/* Starts sadf without a shell and waits for it. NULL and *error if it gives nothing. */
static char *run_sadf(char **argv, const char *source, gsize *length, gboolean *too_long, GError **error)
{
  g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
  Run run = {0};
  g_autoptr(GError) failed = NULL;
  if (!g_spawn_async_with_pipes(NULL, argv, environment, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                &run.pid, NULL, &run.fds[0], &run.fds[1], &failed)) {
    if (g_error_matches(failed, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
      g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "install sysstat (its program sadf) to read '%s'", source);
    else
      g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot start sadf for '%s': %s", source, failed->message);
    return NULL;
  }
  run.texts[0] = g_string_new(NULL);
  run.texts[1] = g_string_new(NULL);
  collect(&run);
  close(run.fds[0]);
  close(run.fds[1]);
  int status = 0;
  while (waitpid(run.pid, &status, 0) < 0 && errno == EINTR)
    ;
  char *text = NULL;
  *too_long = run.too_long;
  if (run.too_slow || run.too_long)
    g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "'%s' holds more than can be read", source);
  else if (status || !run.texts[0]->len)
    set_refused(&run, source, error);
  else {
    *length = run.texts[0]->len;
    text = g_string_free(g_steal_pointer(&run.texts[0]), FALSE);
  }
  if (run.texts[0])
    g_string_free(run.texts[0], TRUE);
  g_string_free(run.texts[1], TRUE);
  return text;
}

static gboolean write_all(int fd, const char *bytes, gsize length)
{
  while (length) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    bytes += n;
    length -= (gsize)n;
  }
  return TRUE;
}

char *kt_history_read(const char *source, const char *bytes, gsize length, gsize *text_length, GError **error)
{
  int fd = memfd_create("sysstat", MFD_CLOEXEC); /* it may be a member of an archive: no file of its own */
  if (fd < 0 || !write_all(fd, bytes, length)) {
    int err = errno;
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot hand '%s' to sadf: %s", source, g_strerror(err));
    if (fd >= 0)
      close(fd);
    return NULL;
  }
  g_autofree char *path = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), fd);
  char *all[] = {"sadf", "-j", "-t", path, "--", "-u", "ALL", "-P", "ALL", NULL};
  char *total[] = {"sadf", "-j", "-t", path, "--", "-u", "ALL", NULL};
  gboolean too_long = FALSE;
  GError *failed = NULL;
  char *text = run_sadf(all, source, text_length, &too_long, &failed);
  if (!text && too_long) {
    g_clear_error(&failed);
    text = run_sadf(total, source, text_length, &too_long, &failed);
  }
  if (failed)
    g_propagate_error(error, failed);
  close(fd);
  return text;
}
