/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "evidence/archive.h"
#include "evidence/capture_root.h"
#include "evidence/history.h"
#include "evidence/libvirt_hosts.h"
#include "evidence/paste.h"
#include "evidence/pieces.h"
#include "evidence/root_machine.h"
#include "evidence/text_clean.h"

#define MAX_DEPTH 16
#define MAX_FILES 20000
#define MAX_WHOLE (64 * 1024 * 1024)  /* bytes of what is not read piece by piece */
#define MAX_COPIED (24 * 1024 * 1024) /* of that in UTF-16, and of the capture script */
#define FIFO_MS 2000                  /* for somebody to write into it */
#define PIECE (8 * 1024 * 1024)       /* of a text that is larger */

/* What one call of kt_evidence_read() has gathered so far. */
typedef struct {
  KtSnapshot *snapshot;
  GPtrArray *fragments;
  guint files;      /* and folders, looked at */
  GHashTable *seen; /* in the root that is read: what kt_root_identify() says of them */
  guint understood;
  gboolean in_archive;
  gboolean capture;   /* reading what kvmtune took: outputs that no reader knows are no news */
  GError *no_history; /* why the first binary file of sysstat could not be read */
} Gathering;

static void note(Gathering *g, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(Gathering *g, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_ptr_array_add(g->snapshot->notes, g_strdup_vprintf(kt_tr(format), args));
  va_end(args);
}

/* NUL bytes and yet no UTF-16, no list of arguments: not for people. */
static gboolean is_binary(const char *bytes, gsize length)
{
  gsize n = MIN(length, 8192), odd = 0, zeros = 0;
  if (n >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    guchar c = (guchar)bytes[i];
    zeros += c == 0;
    odd += c && c < 0x20 && !strchr("\t\n\r\f\b\033", c);
    if (c == 0 && i > 0 && bytes[i - 1] == 0)
      return TRUE;
  }
  return odd * 40 > n || zeros * 10 > n; /* in noise one byte of ten is odd */
}

/* A large text, so that only a piece of it is in memory as lines. */
static gboolean read_pieces(Gathering *g, int fd, const char *source, GString *bytes, GError **error)
{
  KtPieces p = {.snapshot = g->snapshot, .fragments = g->fragments};
  if (!kt_pieces_read(&p, fd, source, bytes, PIECE, error))
    return FALSE;
  if (p.understood)
    g->understood++;
  else if (!g->capture)
    note(g, "nothing in '%s' is output that kvmtune knows", source);
  return TRUE;
}

static gboolean is_wide(const char *bytes, gsize length)
{
  return length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
}

/* UTF-16 is made UTF-8 at once: its line ends are no bytes. */
static void read_text(Gathering *g, const char *source, const char *bytes, gsize length)
{
  g_autofree char *decoded = NULL;
  if (is_wide(bytes, length)) {
    bytes = decoded = kt_text_decode(bytes, length);
    length = strlen(decoded);
  }
  gsize first = MIN(length, PIECE);
  g_autoptr(GString) start = g_string_new_len(bytes, (gssize)first);
  int fd = memfd_create("text", MFD_CLOEXEC); /* the rest, as a file to be read on */
  gboolean kept = fd >= 0 && write(fd, bytes + first, length - first) == (gssize)(length - first);
  if (!kept || lseek(fd, 0, SEEK_SET) != 0 || !read_pieces(g, fd, source, start, NULL))
    note(g, "'%s' is too large to be read here", source);
  if (fd >= 0)
    close(fd);
}

/* What sadf makes of a binary file of sysstat. */
static void read_history(Gathering *g, const char *source, const char *bytes, gsize length)
{
  gsize text_length;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = kt_history_read(source, bytes, length, &text_length, &error);
  if (!text) {
    note(g, "%s", error->message);
    if (!g->no_history)
      g->no_history = g_steal_pointer(&error);
    return;
  }
  note(g, "'%s' was read through sadf -j -t; lines cited of it are those of sadf", source);
  read_text(g, source, text, text_length);
}

static void read_content(Gathering *g, const char *source, const char *bytes, gsize length)
{
  if (kt_history_recognise(bytes, length))
    read_history(g, source, bytes, length);
  else if (is_binary(bytes, length))
    note(g, "'%s' is a binary file, left out", source);
  else
    read_text(g, source, bytes, length);
}

/* What a copied root holds besides outputs that people saved. */
static const char *const system_directories[] = {"bin",   "boot", "dev", "etc",  "home", "lib", "lib32",
                                                 "lib64", "mnt",  "opt", "proc", "root", "run", "sbin",
                                                 "srv",   "sys",  "tmp", "usr",  "var",  NULL};

/* Machines whose sys/ and proc/ are in the root, as fragments: outputs saved
 * beside these belong to the same machine. */
static gboolean read_machines(Gathering *g, KtRoot *root)
{
  GPtrArray *machines = g->snapshot->machines;
  guint before = machines->len;
  if (!kt_root_read_machines(root, g->snapshot))
    return FALSE;
  g->understood++;
  while (machines->len > before) {
    KtFragment *f = g_new0(KtFragment, 1);
    f->machine = g_ptr_array_steal_index(machines, before);
    f->source = g_strdup(f->machine->sources->pdata[0]);
    f->directory = g_strdup(f->source);
    g_ptr_array_add(g->fragments, f);
  }
  return TRUE;
}

static void read_bytes(Gathering *g, const char *source, char *content, gsize length, GError **error);

/* All files below a directory of the root, each once, whatever links lead to it; `copied`: a machine was found in it.
 */
static void walk(Gathering *g, KtRoot *root, const char *directory, guint depth, gboolean copied)
{
  g_auto(GStrv) names = kt_root_list(root, *directory ? directory : ".");
  for (guint i = 0; names && names[i] && g->files < MAX_FILES; i++) {
    g_autofree char *path = *directory ? g_build_filename(directory, names[i], NULL) : g_strdup(names[i]);
    if (names[i][0] == '.' || (copied && g_strv_contains(system_directories, names[i])) ||
        kt_capture_is_part(root, path))
      continue;
    char *identity = kt_root_identify(root, path);
    if (identity && !g_hash_table_add(g->seen, identity))
      continue;
    g_auto(GStrv) below = kt_root_list(root, path);
    g->files++;
    if (below) {
      if (depth < MAX_DEPTH)
        walk(g, root, path, depth + 1, copied);
      continue;
    }
    gsize length;
    g_autoptr(GError) error = NULL;
    char *bytes = kt_root_read(root, path, KT_TEXT_LIMIT, &length, &error);
    g_autofree char *source = g_build_filename(kt_root_name(root), path, NULL);
    if (bytes)
      read_bytes(g, source, bytes, length, &error);
    if (error)
      note(g, "%s", error->message);
  }
}

static void read_root(Gathering *g, KtRoot *root)
{
  gboolean before = g->capture, copied = read_machines(g, root);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  GHashTable *outer = g->seen;
  g->capture |= kt_root_exists(root, KT_CAPTURE_MANIFEST);
  g->seen = seen;
  char *top = kt_root_identify(root, ".");
  if (top)
    g_hash_table_add(seen, top);
  walk(g, root, "", 0, copied);
  g->seen = outer;
  g->capture = before;
}

/* An archive in memory, or with `fd` one of which `bytes` are the beginning. */
static void read_archive(Gathering *g, const char *source, GBytes *bytes, int fd, GError **error)
{
  if (g->in_archive) {
    note(g, "'%s' is an archive inside an archive, left out", source);
    return;
  }
  g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(KtRoot) root = fd < 0 ? kt_archive_read_bytes(source, bytes, left_out, error)
                                  : kt_archive_read_fd(source, bytes, fd, left_out, error);
  g->in_archive = TRUE;
  for (guint i = 0; i < left_out->len; i++)
    note(g, "%s", (char *)left_out->pdata[i]);
  if (root)
    read_root(g, root);
  g->in_archive = FALSE;
}

/* The output of the capture script, with whatever else was pasted around it. */
static void read_paste(Gathering *g, const char *source, const char *content, gsize length)
{
  g_autoptr(GPtrArray) roots = g_ptr_array_new_with_free_func((GDestroyNotify)kt_root_unref);
  g_autofree char *rest = kt_paste_read(source, content, length, roots);
  g->capture = TRUE;
  for (guint i = 0; i < roots->len; i++)
    read_root(g, roots->pdata[i]);
  if (rest[strspn(rest, " \t\r\n")])
    read_text(g, source, rest, strlen(rest));
  g->capture = FALSE;
}

static void set_too_large(GError **error, const char *source, const char *kind, gsize limit)
{
  g_set_error(error, KT_ERROR, KT_ERROR_LIMIT, "'%s' is %slarger than %u MiB", source, kind, (guint)(limit >> 20));
}

static void read_bytes(Gathering *g, const char *source, char *content, gsize length, GError **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new_take(content, length);
  gboolean large = length > MAX_COPIED;
  if (kt_archive_recognise(bytes))
    read_archive(g, source, bytes, -1, error);
  else if (length > KT_TEXT_LIMIT)
    set_too_large(error, source, "", KT_TEXT_LIMIT);
  else if (large && is_wide(content, length))
    set_too_large(error, source, "in UTF-16 and ", MAX_COPIED);
  else if (!kt_paste_recognise(content, length))
    read_content(g, source, content, length);
  else if (large)
    set_too_large(error, source, "of the capture script and ", MAX_COPIED);
  else
    read_paste(g, source, content, length);
}

static gboolean is_zip(const GString *bytes)
{
  return bytes->len >= 2 && memcmp(bytes->str, "PK", 2) == 0;
}

/* Everything of an open file, a pipe too. */
static void read_fd(Gathering *g, int fd, const char *source, GError **error)
{
  g_autoptr(GString) bytes = g_string_sized_new(65536);
  gboolean more;
  if (!kt_pieces_fill(fd, source, bytes, PIECE, &more, error))
    return;
  if (more && !is_zip(bytes)) { /* what a zip holds stands at its end */
    g_autoptr(GBytes) start = g_bytes_new_static(bytes->str, bytes->len);
    if (kt_archive_recognise(start)) {
      read_archive(g, source, start, fd, error);
      return;
    }
    if (is_binary(bytes->str, bytes->len)) {
      note(g, "'%s' is a binary file, left out", source);
      return;
    }
    if (!is_wide(bytes->str, bytes->len) && !kt_paste_recognise(bytes->str, bytes->len)) {
      read_pieces(g, fd, source, bytes, error);
      return;
    }
  }
  if (more && !kt_pieces_fill(fd, source, bytes, MAX_WHOLE, &more, error))
    return;
  if (more) {
    set_too_large(error, source, "", MAX_WHOLE);
    return;
  }
  gsize length = bytes->len;
  read_bytes(g, source, g_string_free(g_steal_pointer(&bytes), FALSE), length, error);
}

/* Waits until reading an open file will give something; pipes and terminals are read at their pace. */
static gboolean await(int fd, const char *path, GError **error)
{
  struct stat st;
  gboolean fifo = fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
  struct pollfd writer = {.fd = fd, .events = POLLIN};
  if (fifo && poll(&writer, 1, FIFO_MS) == 0) {
    char none; /* it holds nothing: with a writer, reading says EAGAIN, without one it is at its end */
    if (read(fd, &none, 1) == 0) {
      g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot read '%s': nobody writes into it", path);
      return FALSE;
    }
  }
  if (fifo || isatty(fd))
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return TRUE;
}

static void read_file(Gathering *g, const char *path, GError **error)
{
  if (g_str_equal(path, "-")) {
    read_fd(g, STDIN_FILENO, "stdin", error);
    return;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO that nobody writes into must not hold us */
  if (fd < 0) {
    int err = errno;
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot open '%s': %s", path,
                err == ENXIO ? "it is a socket or no device is there" : g_strerror(err));
    return;
  }
  if (await(fd, path, error))
    read_fd(g, fd, path, error);
  close(fd);
}

static gboolean read_path(Gathering *g, const char *path, GError **error)
{
  GError *failed = NULL;
  if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
    g_autoptr(KtRoot) root = kt_root_open(path, &failed);
    if (root)
      read_root(g, root);
  } else {
    read_file(g, path, &failed);
  }
  if (failed) {
    g_propagate_error(error, failed);
    return FALSE;
  }
  return TRUE;
}

/* A file given twice tells nothing new; its tables would be dealt to two machines. */
static gboolean is_repeated(const char *const *paths, guint at)
{
  for (guint i = 0; i < at; i++)
    if (g_str_equal(paths[i], paths[at]))
      return TRUE;
  return FALSE;
}

/* The fragments of all paths; FALSE if one cannot be read or none is understood. */
static gboolean read_paths(Gathering *g, const char *const *paths, GError **error)
{
  gboolean ok = TRUE;
  for (guint i = 0; ok && paths[i]; i++)
    ok = is_repeated(paths, i) || read_path(g, paths[i], error);
  g_autoptr(GError) no_history = g->no_history;
  if (!ok || g->understood)
    return ok;
  if (no_history)
    g_propagate_error(error, g_steal_pointer(&no_history));
  else
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "nothing in '%s'%s is output that kvmtune knows", paths[0],
                paths[1] ? " and the others" : "");
  return FALSE;
}

static KtSnapshot *read_all(const char *const *uris, guint n, double timeout_s, const char *const *paths,
                            GError **error)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  g_autoptr(GError) unreachable = NULL;
  Gathering g = {.snapshot = snapshot, .fragments = fragments};
  if (paths[0] && !read_paths(&g, paths, error))
    return NULL;
  if (n)
    kt_libvirt_read_hosts(uris, n, timeout_s, snapshot, &unreachable);
  if (!paths[0] && snapshot->unreachable == n) {
    g_propagate_error(error, g_steal_pointer(&unreachable));
    return NULL;
  }
  kt_assemble(snapshot, fragments);
  return g_steal_pointer(&snapshot);
}

KtSnapshot *kt_evidence_read(const char *const *paths, GError **error)
{
  return read_all(NULL, 0, 0, paths, error);
}

KtSnapshot *kt_evidence_read_mixed(const char *const *inputs, double timeout_s, GError **error)
{
  g_autoptr(GPtrArray) uris = g_ptr_array_new(), paths = g_ptr_array_new();
  for (guint i = 0; inputs[i]; i++) {
    gboolean is_uri = kt_libvirt_is_uri(inputs[i]) && !g_file_test(inputs[i], G_FILE_TEST_EXISTS);
    if (!is_uri || !is_repeated(inputs, i))
      g_ptr_array_add(is_uri ? uris : paths, (gpointer)inputs[i]);
  }
  g_ptr_array_add(paths, NULL);
  return read_all((const char *const *)uris->pdata, uris->len, timeout_s, (const char *const *)paths->pdata, error);
}

KtSnapshot *kt_evidence_read_tree(KtRoot *tree, GError **error)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  Gathering g = {.snapshot = snapshot, .fragments = fragments};
  read_root(&g, tree);
  kt_assemble(snapshot, fragments);
  if (snapshot->machines->len)
    return g_steal_pointer(&snapshot);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' shows no machine", kt_root_name(tree));
  return NULL;
}
