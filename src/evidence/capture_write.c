/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures on disk: written under a hidden name beside the one that is wanted, then renamed. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config.h"
#include "evidence/capture.h"
#if HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

static const char *const suffixes[] = {".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar"};

/* The suffix that makes the path an archive; NULL: a directory. */
static const char *archive_suffix(const char *path)
{
  for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++)
    if (g_str_has_suffix(path, suffixes[i]))
      return suffixes[i];
  return NULL;
}

static void set_errno(GError **error, int err, const char *what, const char *path)
{
  g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot %s '%s': %s", what, path, g_strerror(err));
}

/* "DIR" of "DIR/". */
static char *without_slashes(const char *path)
{
  gsize length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  return g_strndup(path, length);
}

/* A name that asks for an archive of a kind that is not made. */
static gboolean is_other_archive(const char *path)
{
  static const char *const others[] = {".zip", ".7z", ".gz", ".xz", ".zst", ".bz2", ".txz", ".tbz2"};
  for (guint i = 0; i < G_N_ELEMENTS(others); i++)
    if (g_str_has_suffix(path, others[i]))
      return !archive_suffix(path);
  return FALSE;
}

gboolean kt_capture_check_path(const char *path, GError **error)
{
  if (is_other_archive(path)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE,
                "'%s': the name of an archive ends in .tar.gz, .tgz, .tar.xz, .tar.zst or .tar", path);
    return FALSE;
  }
  if (!HAVE_ARCHIVE && archive_suffix(path)) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
                "cannot write archive '%s': built without libarchive; name a directory", path);
    return FALSE;
  }
  if (g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK)) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'%s' is there already", path);
    return FALSE;
  }
  g_autofree char *name = without_slashes(path), *parent = g_path_get_dirname(name);
  if (access(parent, W_OK | X_OK) != 0) {
    set_errno(error, errno, "write", path);
    return FALSE;
  }
  return TRUE;
}

/* "DIR/.NAME.XXXXXX" beside the path, as mkstemp and mkdtemp want it. */
static char *hidden_name(const char *path)
{
  g_autofree char *directory = g_path_get_dirname(path), *name = g_path_get_basename(path);
  g_autofree char *hidden = g_strdup_printf(".%s.XXXXXX", name);
  return g_build_filename(directory, hidden, NULL);
}

/* ---- a directory ---- */

typedef struct {
  const char *directory;
  GError **error;
  gboolean failed;
} Writing;

static void fail(Writing *w, const char *what, const char *path)
{
  int err = errno;
  if (!w->failed)
    set_errno(w->error, err, what, path);
  w->failed = TRUE;
}

static gboolean write_bytes(int fd, GBytes *content)
{
  gsize length, done = 0;
  const char *bytes = g_bytes_get_data(content, &length);
  while (done < length) {
    ssize_t n = write(fd, bytes + done, length - done);
    if (n < 0 && errno != EINTR)
      return FALSE;
    done += n > 0 ? (gsize)n : 0;
  }
  return TRUE;
}

static void write_item(const KtRootItem *item, gpointer data)
{
  Writing *w = data;
  if (w->failed || item->unreadable)
    return;
  g_autofree char *path = g_build_filename(w->directory, item->path, NULL);
  g_autofree char *above = g_path_get_dirname(path);
  gboolean is_directory = !item->content && !item->target;
  if (g_mkdir_with_parents(is_directory ? path : above, 0700) != 0) {
    fail(w, "make directory", is_directory ? path : above);
  } else if (item->target) {
    if (symlink(item->target, path) != 0)
      fail(w, "make link", path);
  } else if (item->content) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || !write_bytes(fd, item->content))
      fail(w, "write", path);
    if (fd >= 0 && close(fd) != 0)
      fail(w, "write", path);
  }
}

static void remove_tree(const char *path)
{
  g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
  for (const char *name; directory && (name = g_dir_read_name(directory));) {
    g_autofree char *below = g_build_filename(path, name, NULL);
    if (g_file_test(below, G_FILE_TEST_IS_DIR) && !g_file_test(below, G_FILE_TEST_IS_SYMLINK))
      remove_tree(below);
    else
      g_unlink(below);
  }
  g_rmdir(path);
}

static gboolean write_directory(KtRoot *tree, const char *path, GError **error)
{
  g_autofree char *hidden = hidden_name(path);
  if (!g_mkdtemp(hidden)) {
    set_errno(error, errno, "make directory", path);
    return FALSE;
  }
  Writing w = {.directory = hidden, .error = error};
  kt_root_each(tree, write_item, &w);
  if (!w.failed && g_rename(hidden, path) != 0)
    fail(&w, "make directory", path);
  if (w.failed)
    remove_tree(hidden);
  return !w.failed;
}

/* ---- an archive ---- */

#if HAVE_ARCHIVE
typedef struct {
  struct archive *archive;
  const char *top; /* the directory that all members are in */
  time_t now;
  gboolean failed;
} Packing;

static void pack_item(const KtRootItem *item, gpointer data)
{
  Packing *p = data;
  if (p->failed || item->unreadable)
    return;
  g_autofree char *name = g_build_filename(p->top, item->path, NULL);
  struct archive_entry *entry = archive_entry_new();
  archive_entry_set_pathname(entry, name);
  archive_entry_set_mtime(entry, p->now, 0);
  archive_entry_set_filetype(entry, item->target ? AE_IFLNK : item->content ? AE_IFREG : AE_IFDIR);
  archive_entry_set_perm(entry, item->content || item->target ? 0644 : 0755);
  if (item->target)
    archive_entry_set_symlink(entry, item->target);
  gsize length = 0;
  const void *bytes = item->content ? g_bytes_get_data(item->content, &length) : NULL;
  archive_entry_set_size(entry, (gint64)length);
  p->failed = archive_write_header(p->archive, entry) < ARCHIVE_WARN ||
              (length && archive_write_data(p->archive, bytes, length) != (la_ssize_t)length);
  archive_entry_free(entry);
}

static gboolean set_filter(struct archive *archive, const char *suffix)
{
  int result = ARCHIVE_OK;
  if (strstr(suffix, "gz"))
    result = archive_write_add_filter_gzip(archive);
  else if (strstr(suffix, "xz"))
    result = archive_write_add_filter_xz(archive);
  else if (strstr(suffix, "zst"))
    result = archive_write_add_filter_zstd(archive);
  return result == ARCHIVE_OK && archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK;
}

static gboolean pack(KtRoot *tree, int fd, const char *path, GError **error)
{
  const char *suffix = archive_suffix(path);
  g_autofree char *top = g_path_get_basename(path);
  top[strlen(top) - strlen(suffix)] = '\0';
  Packing p = {.archive = archive_write_new(), .top = *top ? top : "capture", .now = time(NULL)};
  p.failed = !set_filter(p.archive, suffix) || archive_write_open_fd(p.archive, fd) != ARCHIVE_OK;
  kt_root_each(tree, pack_item, &p);
  gboolean ok = archive_write_close(p.archive) == ARCHIVE_OK && !p.failed;
  const char *why = archive_error_string(p.archive);
  if (!ok)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot write archive '%s': %s", path, why ? why : "it failed");
  archive_write_free(p.archive);
  return ok;
}
#else
static gboolean pack(KtRoot *tree, int fd, const char *path, GError **error)
{
  return kt_capture_check_path(path, error);
}
#endif

static gboolean write_archive(KtRoot *tree, const char *path, GError **error)
{
  g_autofree char *hidden = hidden_name(path);
  int fd = g_mkstemp_full(hidden, O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) {
    set_errno(error, errno, "write", path);
    return FALSE;
  }
  gboolean ok = pack(tree, fd, path, error);
  if (close(fd) != 0 && ok) {
    set_errno(error, errno, "write", path);
    ok = FALSE;
  }
  if (ok && g_rename(hidden, path) != 0) {
    set_errno(error, errno, "write", path);
    ok = FALSE;
  }
  if (!ok)
    g_unlink(hidden);
  return ok;
}

gboolean kt_capture_write(KtRoot *tree, const char *path, GError **error)
{
  g_autofree char *clean = without_slashes(path);
  if (!kt_capture_check_path(clean, error))
    return FALSE;
  return archive_suffix(clean) ? write_archive(tree, clean, error) : write_directory(tree, clean, error);
}
