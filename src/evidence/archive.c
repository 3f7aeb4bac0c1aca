/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/archive.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "config.h"

#if HAVE_ARCHIVE
#include <archive.h>
#include <archive_entry.h>

typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_read_free)

typedef struct {
  const char *name;
  KtRoot *root;
  GHashTable *files; /* member name -> GBytes*, for hard links */
  GPtrArray *left_out;
  gsize members, total, work;
} Unpacking;

/* Only what needs no other program; no mtree or raw, which take any text. */
static Archive *archive_new(void)
{
  static int (*const supports[])(Archive *) = {
      archive_read_support_filter_gzip,     archive_read_support_filter_bzip2, archive_read_support_filter_xz,
      archive_read_support_filter_lzma,     archive_read_support_filter_zstd,  archive_read_support_filter_lz4,
      archive_read_support_filter_compress, archive_read_support_format_tar,   archive_read_support_format_zip,
      archive_read_support_format_cpio,
  };
  Archive *archive = archive_read_new();
  for (guint i = 0; i < G_N_ELEMENTS(supports); i++)
    supports[i](archive);
  return archive;
}

static const char *plain_name(const char *name)
{
  while (name && (*name == '/' || g_str_has_prefix(name, "./")))
    name += *name == '/' ? 1 : 2;
  return name;
}

static void leave_out(Unpacking *u, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void leave_out(Unpacking *u, const char *format, ...)
{
  if (!u->left_out)
    return;
  va_list args;
  va_start(args, format);
  g_ptr_array_add(u->left_out, g_strdup_vprintf(format, args));
  va_end(args);
}

static gboolean name_is_sane(const char *name)
{
  guint depth = 0;
  if (!name || !*name || strlen(name) > 4096)
    return FALSE;
  for (const char *p = name; *p; p++)
    depth += *p == '/';
  return depth <= KT_ARCHIVE_MAX_DEPTH;
}

/* Passes over the rest of the current member; FALSE if that is too much work or the archive is broken there. */
static gboolean skip_member(Unpacking *u, Archive *archive)
{
  const void *block;
  size_t size;
  la_int64_t offset;
  int result;
  while ((result = archive_read_data_block(archive, &block, &size, &offset)) == ARCHIVE_OK) {
    u->work += size;
    if (u->work > KT_ARCHIVE_MAX_WORK)
      return FALSE;
  }
  return result == ARCHIVE_EOF;
}

/* The content of the current member; NULL and *too_large, or NULL when the archive is broken there. */
static GBytes *read_member(Unpacking *u, Archive *archive, gboolean *too_large)
{
  g_autoptr(GByteArray) content = g_byte_array_new();
  guint8 buffer[65536];
  *too_large = FALSE;
  for (;;) {
    la_ssize_t n = archive_read_data(archive, buffer, sizeof buffer);
    if (n == 0)
      return g_byte_array_free_to_bytes(g_steal_pointer(&content));
    if (n < 0)
      return NULL;
    g_byte_array_append(content, buffer, (guint)n);
    u->work += (gsize)n;
    if (content->len > KT_ARCHIVE_MAX_MEMBER || u->total + content->len > KT_ARCHIVE_MAX_TOTAL) {
      *too_large = TRUE;
      return NULL;
    }
  }
}

/* FALSE when the archive cannot be read on from here. */
static gboolean unpack_member(Unpacking *u, Archive *archive, struct archive_entry *entry)
{
  const char *name = plain_name(archive_entry_pathname(entry));
  if (!name_is_sane(name))
    return TRUE;
  const char *hard_link = plain_name(archive_entry_hardlink(entry));
  if (hard_link) {
    GBytes *content = g_hash_table_lookup(u->files, hard_link);
    if (content)
      kt_root_add_file(u->root, name, content);
    return TRUE;
  }
  if (archive_entry_filetype(entry) == AE_IFLNK && archive_entry_symlink(entry)) {
    if (strlen(archive_entry_symlink(entry)) <= 4096)
      kt_root_add_link(u->root, name, archive_entry_symlink(entry));
    return TRUE;
  }
  if (archive_entry_filetype(entry) == AE_IFDIR)
    kt_root_add_directory(u->root, name);
  if (archive_entry_filetype(entry) != AE_IFREG)
    return skip_member(u, archive);
  gboolean too_large;
  g_autoptr(GBytes) content = read_member(u, archive, &too_large);
  if (too_large)
    leave_out(u, "'%s' in '%s' is too large", name, u->name);
  if (!content)
    return too_large && skip_member(u, archive);
  u->total += g_bytes_get_size(content);
  kt_root_add_file(u->root, name, content);
  g_hash_table_replace(u->files, g_strdup(name), g_steal_pointer(&content));
  return TRUE;
}

static gboolean unpack(Unpacking *u, Archive *archive, GError **error)
{
  struct archive_entry *entry;
  int result;
  while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || result == ARCHIVE_WARN) {
    if (u->members >= KT_ARCHIVE_MAX_MEMBERS || !unpack_member(u, archive, entry)) {
      result = ARCHIVE_FATAL;
      break;
    }
    u->members++;
  }
  if (result == ARCHIVE_EOF)
    return TRUE;
  if (u->members >= KT_ARCHIVE_MAX_MEMBERS || u->work > KT_ARCHIVE_MAX_WORK) {
    leave_out(u, "'%s' is too large; what follows its first %" G_GSIZE_FORMAT " members is left out", u->name,
              u->members);
    return TRUE;
  }
  const char *why = archive_error_string(archive);
  if (g_hash_table_size(u->files) == 0) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "cannot read archive '%s': %s", u->name, why ? why : "it is broken");
    return FALSE;
  }
  leave_out(u, "'%s' is broken after %" G_GSIZE_FORMAT " members: %s", u->name, u->members, why ? why : "cut off");
  return TRUE;
}

gboolean kt_archive_recognise(GBytes *bytes)
{
  g_autoptr(Archive) archive = archive_new();
  struct archive_entry *entry;
  gsize size;
  const void *data = g_bytes_get_data(bytes, &size);
  if (size == 0 || archive_read_open_memory(archive, data, size) != ARCHIVE_OK)
    return FALSE;
  int result = archive_read_next_header(archive, &entry);
  return result == ARCHIVE_OK || result == ARCHIVE_WARN;
}

static KtRoot *read_opened(const char *name, Archive *archive, GPtrArray *left_out, GError **error)
{
  g_autoptr(KtRoot) root = kt_root_new_memory(name);
  g_autoptr(GHashTable) files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref);
  Unpacking u = {.name = name, .root = root, .files = files, .left_out = left_out};
  return unpack(&u, archive, error) ? g_steal_pointer(&root) : NULL;
}

KtRoot *kt_archive_read_bytes(const char *name, GBytes *bytes, GPtrArray *left_out, GError **error)
{
  g_autoptr(Archive) archive = archive_new();
  gsize size;
  const void *data = g_bytes_get_data(bytes, &size);
  if (size == 0 || archive_read_open_memory(archive, data, size) != ARCHIVE_OK) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' is not an archive", name);
    return NULL;
  }
  return read_opened(name, archive, left_out, error);
}

typedef struct {
  GBytes *start; /* NULL: was given out */
  int fd;
  char buffer[65536];
} Input;

static la_ssize_t next_block(Archive *archive, void *data, const void **block)
{
  Input *in = data;
  if (in->start) {
    gsize size;
    *block = g_bytes_get_data(in->start, &size);
    in->start = NULL;
    return (la_ssize_t)size;
  }
  *block = in->buffer;
  ssize_t n;
  while ((n = read(in->fd, in->buffer, sizeof in->buffer)) < 0 && errno == EINTR)
    ;
  if (n < 0)
    archive_set_error(archive, errno, "%s", g_strerror(errno));
  return n;
}

KtRoot *kt_archive_read_fd(const char *name, GBytes *start, int fd, GPtrArray *left_out, GError **error)
{
  g_autofree Input *in = g_new0(Input, 1);
  in->start = start;
  in->fd = fd;
  g_autoptr(Archive) archive = archive_new();
  if (archive_read_open(archive, in, NULL, next_block, NULL) != ARCHIVE_OK) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' is not an archive", name);
    return NULL;
  }
  return read_opened(name, archive, left_out, error);
}
#else
gboolean kt_archive_recognise(GBytes *bytes)
{
  return FALSE;
}

KtRoot *kt_archive_read_bytes(const char *name, GBytes *bytes, GPtrArray *left_out, GError **error)
{
  g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "cannot read archive '%s': built without libarchive", name);
  return NULL;
}

KtRoot *kt_archive_read_fd(const char *name, GBytes *start, int fd, GPtrArray *left_out, GError **error)
{
  return kt_archive_read_bytes(name, start, left_out, error);
}
#endif

KtRoot *kt_archive_read(const char *path, GPtrArray *left_out, GError **error)
{
  g_autoptr(GError) failure = NULL;
  g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &failure);
  if (!file) {
    KtErrorCode code = failure->code == G_FILE_ERROR_NOENT   ? KT_ERROR_NOT_FOUND
                       : failure->code == G_FILE_ERROR_ACCES ? KT_ERROR_ACCESS
                                                             : KT_ERROR_SYSTEM;
    g_set_error(error, KT_ERROR, code, "cannot open archive '%s': %s", path, failure->message);
    return NULL;
  }
  g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(file);
  return kt_archive_read_bytes(path, bytes, left_out, error);
}
