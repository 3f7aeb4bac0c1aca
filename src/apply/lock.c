/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/receipt.h"
#include "base/error.h"

#define HOLDER 200 /* bytes of the line that says who holds it */
static const char receipt_mark[] = " receipt ";

/* Bytes of the file that are locked: the first by who holds it; the second by who is about to take it and write down
 * who that is, or to read it, so that nobody reads the name of one who has gone. */
enum { HELD, DOOR };

static gboolean lock_byte(int fd, int byte, short type, gboolean wait)
{
  struct flock wanted = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
  int done;
  do
    done = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &wanted);
  while (done != 0 && errno == EINTR);
  return done == 0;
}

struct KtLock {
  int fd;
  char *path, *holder;
};

static char *path_of(const char *directory)
{
  return g_build_filename(directory, "lock", NULL);
}

static void set_system_error(GError **error, const char *path, int err)
{
  g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot lock '%s': %s", path, g_strerror(err));
}

/* Who holds it, as that one wrote it. */
static void read_holder(int fd, char text[HOLDER])
{
  ssize_t n = pread(fd, text, HOLDER - 1, 0);
  text[MAX(n, 0)] = '\0';
  g_strchomp(text);
}

/* One write of always the same length: a reader never finds it empty, nor the receipt of the one before. */
static gboolean write_holder(const KtLock *lock, gint64 receipt, GError **error)
{
  g_autofree char *text = receipt ? g_strdup_printf("%s%s%" G_GINT64_FORMAT ",", lock->holder, receipt_mark, receipt)
                                  : g_strdup(lock->holder);
  g_autofree char *line = g_strdup_printf("%-*.*s\n", HOLDER - 2, HOLDER - 2, text);
  if (pwrite(lock->fd, line, HOLDER - 1, 0) == HOLDER - 1)
    return TRUE;
  set_system_error(error, lock->path, errno);
  return FALSE;
}

KtLock *kt_lock_take(const char *directory, const char *what, GError **error)
{
  g_autoptr(KtLock) lock = g_new0(KtLock, 1);
  g_autofree char *now = kt_receipt_now();
  lock->path = path_of(directory);
  lock->holder = g_strdup_printf("process %d, '%s' of %s,", (int)getpid(), what, now);
  lock->fd = g_mkdir_with_parents(directory, 0700) == 0 ? g_open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  gboolean in = lock->fd >= 0 && lock_byte(lock->fd, DOOR, F_WRLCK, TRUE);
  if (in && lock_byte(lock->fd, HELD, F_WRLCK, FALSE)) {
    gboolean written = write_holder(lock, 0, error);
    lock_byte(lock->fd, DOOR, F_UNLCK, FALSE);
    return written ? g_steal_pointer(&lock) : NULL;
  }
  if (!in || (errno != EAGAIN && errno != EACCES)) {
    set_system_error(error, lock->path, errno);
    return NULL;
  }
  char holder[HOLDER];
  read_holder(lock->fd, holder);
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s is at work already (lock '%s'); nothing was done",
              *holder ? holder : "another kvmtune", lock->path);
  return NULL;
}

static char *host_directory(void)
{
  const char *given = g_getenv("KVMTUNE_RUN_DIR");
  if (given && g_path_is_absolute(given))
    return g_strdup(given);
  return geteuid() == 0 ? g_strdup("/run/kvmtune") : g_build_filename(g_get_user_runtime_dir(), "kvmtune", NULL);
}

KtLock *kt_lock_take_host(const char *what, GError **error)
{
  g_autofree char *directory = host_directory();
  return kt_lock_take(directory, what, error);
}

gboolean kt_lock_note(KtLock *lock, gint64 receipt, GError **error)
{
  return write_holder(lock, receipt, error);
}

gint64 kt_lock_receipt(const char *directory)
{
  g_autofree char *path = path_of(directory);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = HELD, .l_len = 1};
  int fd = g_open(path, O_RDWR | O_CLOEXEC, 0);
  char holder[HOLDER] = "";
  if (fd >= 0 && lock_byte(fd, DOOR, F_WRLCK, TRUE) && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
    read_holder(fd, holder);
  if (fd >= 0)
    close(fd);
  const char *number = strstr(holder, receipt_mark);
  return number ? g_ascii_strtoll(number + strlen(receipt_mark), NULL, 10) : 0;
}

void kt_lock_free(KtLock *lock)
{
  if (!lock)
    return;
  if (lock->fd >= 0)
    close(lock->fd);
  g_free(lock->path);
  g_free(lock->holder);
  g_free(lock);
}
