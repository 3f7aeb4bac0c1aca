/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One apply or rollback at a time: a lock of the kernel's on a file, which ends with whoever holds it. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/journal.h"
#include "base/error.h"

struct KtLock {
  int fd;
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
static void set_holder(int fd, const char *path, GError **error)
{
  char text[200];
  ssize_t n = pread(fd, text, sizeof text - 1, 0);
  text[MAX(n, 0)] = '\0';
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "%s is at work already (lock '%s'); nothing was done",
              *text ? text : "another kvmtune", path);
}

KtLock *kt_lock_take(const char *directory, const char *what, GError **error)
{
  g_autofree char *path = path_of(directory);
  g_autofree char *now = kt_receipt_now();
  g_autofree char *text = g_strdup_printf("process %d, '%s' of %s,", (int)getpid(), what, now);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int fd = g_mkdir_with_parents(directory, 0700) == 0 ? g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (fd < 0) {
    set_system_error(error, path, errno);
    return NULL;
  }
  if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES)
      set_holder(fd, path, error);
    else
      set_system_error(error, path, errno);
    close(fd);
    return NULL;
  }
  gsize length = strlen(text);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text, length, 0) != (ssize_t)length) {
    set_system_error(error, path, errno);
    close(fd);
    return NULL;
  }
  KtLock *taken = g_new0(KtLock, 1);
  taken->fd = fd;
  return taken;
}

gboolean kt_lock_is_taken(const char *directory)
{
  g_autofree char *path = path_of(directory);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int fd = g_open(path, O_RDWR | O_CLOEXEC, 0);
  gboolean taken = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  if (fd >= 0)
    close(fd);
  return taken;
}

void kt_lock_free(KtLock *lock)
{
  if (!lock)
    return;
  close(lock->fd);
  g_free(lock);
}
