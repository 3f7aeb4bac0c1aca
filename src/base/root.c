/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <dirent.h>

#include "base/error.h"

#define LINE_LIMIT 65536
#define MAX_LINKS 16

typedef struct {
  GBytes *content;      /* a file */
  char *target;         /* a symbolic link */
  GHashTable *children; /* a directory: name -> Entry */
  gboolean unreadable;  /* a file without content */
} Entry;

struct KtRoot {
  gatomicrefcount refs;
  char *name;
  int fd; /* of the directory, -1 for a tree in memory */
  gboolean live;
  Entry *tree;
  KtRoot *above;          /* whose tree this one's is a part of, or NULL */
  GHashTable *unreadable; /* paths in a directory that are to be taken for unreadable, or NULL */
  KtRoot *into;           /* what is read is recorded there, or NULL */
};

static void entry_free(gpointer data)
{
  Entry *entry = data;
  if (!entry)
    return;
  g_clear_pointer(&entry->content, g_bytes_unref);
  g_free(entry->target);
  g_clear_pointer(&entry->children, g_hash_table_unref);
  g_free(entry);
}

static Entry *entry_new_directory(void)
{
  Entry *entry = g_new0(Entry, 1);
  entry->children = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
  return entry;
}

static KtRoot *root_new(const char *name)
{
  KtRoot *root = g_new0(KtRoot, 1);
  g_atomic_ref_count_init(&root->refs);
  root->name = g_strdup(name);
  root->fd = -1;
  return root;
}

KtRoot *kt_root_open(const char *directory, GError **error)
{
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    int err = errno;
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot open directory '%s': %s", directory,
                g_strerror(err));
    return NULL;
  }
  KtRoot *root = root_new(directory);
  root->fd = fd;
  struct stat here, top;
  root->live = fstat(fd, &here) == 0 && stat("/", &top) == 0 && here.st_dev == top.st_dev && here.st_ino == top.st_ino;
  return root;
}

KtRoot *kt_root_new_memory(const char *name)
{
  KtRoot *root = root_new(name);
  root->tree = entry_new_directory();
  return root;
}

KtRoot *kt_root_ref(KtRoot *root)
{
  g_atomic_ref_count_inc(&root->refs);
  return root;
}

void kt_root_unref(KtRoot *root)
{
  if (!root || !g_atomic_ref_count_dec(&root->refs))
    return;
  if (root->fd >= 0)
    close(root->fd);
  if (root->above)
    kt_root_unref(root->above);
  else
    entry_free(root->tree);
  if (root->into)
    kt_root_unref(root->into);
  g_clear_pointer(&root->unreadable, g_hash_table_unref);
  g_free(root->name);
  g_free(root);
}

const char *kt_root_name(const KtRoot *root)
{
  return root->name;
}

gboolean kt_root_is_live(const KtRoot *root)
{
  return root->live;
}

/* ---- tree in memory ---- */

static void tree_insert(KtRoot *root, const char *path, Entry *leaf)
{
  g_auto(GStrv) parts = g_strsplit(path, "/", -1);
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  for (char **part = parts; *part; part++) {
    if (g_str_equal(*part, "..")) { /* hostile member name */
      entry_free(leaf);
      return;
    }
    if (**part && !g_str_equal(*part, "."))
      g_ptr_array_add(names, *part);
  }
  Entry *directory = root->tree;
  for (guint i = 0; i + 1 < names->len; i++) {
    Entry *next = g_hash_table_lookup(directory->children, names->pdata[i]);
    if (!next || !next->children) {
      next = entry_new_directory();
      g_hash_table_replace(directory->children, g_strdup(names->pdata[i]), next);
    }
    directory = next;
  }
  if (names->len == 0) {
    entry_free(leaf);
    return;
  }
  g_hash_table_replace(directory->children, g_strdup(names->pdata[names->len - 1]), leaf);
}

void kt_root_add_file(KtRoot *root, const char *path, GBytes *content)
{
  Entry *leaf = g_new0(Entry, 1);
  leaf->content = g_bytes_ref(content);
  tree_insert(root, path, leaf);
}

void kt_root_add_link(KtRoot *root, const char *path, const char *target)
{
  Entry *leaf = g_new0(Entry, 1);
  leaf->target = g_strdup(target);
  tree_insert(root, path, leaf);
}

static Entry *tree_find(const KtRoot *root, const char *path, gboolean follow);

static const char *relative(const char *path)
{
  return path + strspn(path, "/");
}

void kt_root_add_directory(KtRoot *root, const char *path)
{
  if (!tree_find(root, path, FALSE))
    tree_insert(root, path, entry_new_directory());
}

void kt_root_add_unreadable(KtRoot *root, const char *path)
{
  if (root->tree) {
    Entry *leaf = g_new0(Entry, 1);
    leaf->unreadable = TRUE;
    tree_insert(root, path, leaf);
    return;
  }
  if (!root->unreadable)
    root->unreadable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_add(root->unreadable, g_strdup(relative(path)));
}

void kt_root_remove(KtRoot *root, const char *path)
{
  g_autofree char *directory = g_path_get_dirname(path), *name = g_path_get_basename(path);
  Entry *above = tree_find(root, directory, FALSE);
  if (above && above->children)
    g_hash_table_remove(above->children, name);
}

typedef struct {
  void (*func)(const KtRootItem *item, gpointer data);
  gpointer data;
} Visit;

/* As deep as the tree, whose paths are bounded where they come from. */
static void visit(KtRoot *root, const char *path, const Visit *v)
{
  Entry *entry = tree_find(root, path, FALSE);
  if (entry->children && (g_hash_table_size(entry->children) || !*path)) {
    g_auto(GStrv) names = kt_root_list(root, path);
    for (guint i = 0; names[i]; i++) {
      g_autofree char *below = *path ? g_build_filename(path, names[i], NULL) : g_strdup(names[i]);
      visit(root, below, v);
    }
    return;
  }
  const KtRootItem item = {path, entry->content, entry->target, entry->unreadable};
  v->func(&item, v->data);
}

void kt_root_each(KtRoot *root, void (*func)(const KtRootItem *item, gpointer data), gpointer data)
{
  const Visit v = {func, data};
  visit(root, "", &v);
}

/* ---- recording ---- */

void kt_root_record(KtRoot *root, KtRoot *into)
{
  KtRoot *before = root->into;
  root->into = into ? kt_root_ref(into) : NULL;
  if (before)
    kt_root_unref(before);
}

static void record_file(KtRoot *root, const char *path, const char *bytes, gsize length)
{
  if (!root->into)
    return;
  g_autoptr(GBytes) content = g_bytes_new(bytes, length);
  kt_root_add_file(root->into, path, content);
}

void kt_root_note(KtRoot *root, const char *path, const char *text)
{
  record_file(root, path, text, strlen(text));
}

/* No more steps up than there are directories above the link. */
static void record_link(KtRoot *root, const char *path, const char *target)
{
  guint depth = 0, up = 0;
  for (const char *p = relative(path); *p; p++)
    depth += *p == '/';
  for (target = relative(target); g_str_has_prefix(target, "../"); target = relative(target + 3))
    up++;
  g_autoptr(GString) safe = g_string_new(NULL);
  for (guint i = 0; i < MIN(up, depth); i++)
    g_string_append(safe, "../");
  g_string_append(safe, target);
  kt_root_add_link(root->into, path, safe->str);
}

/* Walks to path; follows links (the last one only if `follow`). */
static Entry *tree_find(const KtRoot *root, const char *path, gboolean follow)
{
  g_autoptr(GPtrArray) stack = g_ptr_array_new(); /* directories from the root to here */
  g_autoptr(GQueue) todo = g_queue_new();
  g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
  char **parts = g_strsplit(path, "/", -1);
  g_ptr_array_add(owned, parts);
  for (char **part = parts; *part; part++)
    g_queue_push_tail(todo, *part);
  g_ptr_array_add(stack, root->tree);
  Entry *current = root->tree;
  guint links = 0;
  while (!g_queue_is_empty(todo)) {
    const char *name = g_queue_pop_head(todo);
    if (!*name || g_str_equal(name, "."))
      continue;
    if (g_str_equal(name, "..")) {
      if (stack->len > 1)
        g_ptr_array_set_size(stack, (int)stack->len - 1);
      current = stack->pdata[stack->len - 1];
      continue;
    }
    Entry *next = current->children ? g_hash_table_lookup(current->children, name) : NULL;
    if (!next)
      return NULL;
    if (next->target && (follow || !g_queue_is_empty(todo))) {
      if (++links > MAX_LINKS)
        return NULL;
      char **steps = g_strsplit(next->target, "/", -1);
      g_ptr_array_add(owned, steps);
      for (guint i = g_strv_length(steps); i > 0; i--)
        g_queue_push_head(todo, steps[i - 1]);
      if (next->target[0] == '/') {
        g_ptr_array_set_size(stack, 1);
        current = root->tree;
      }
      continue;
    }
    current = next;
    if (current->children)
      g_ptr_array_add(stack, current);
  }
  return current;
}

/* ---- directory ---- */

static int open_inside(const KtRoot *root, const char *path, int flags)
{
  while (*path == '/')
    path++;
  if (!*path)
    path = ".";
  if (root->live)
    return openat(root->fd, path, flags | O_CLOEXEC);
  struct open_how how = {.flags = (guint64)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  int fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof how);
  /* Kernels before 5.6 (and some sandboxes): refuse links in the last part, at least. */
  if (fd < 0 && (errno == ENOSYS || errno == EPERM) && !strstr(path, ".."))
    fd = openat(root->fd, path, flags | O_CLOEXEC | O_NOFOLLOW);
  return fd;
}

static char *read_fd(int fd, gsize limit, gsize *length, int *err)
{
  g_autoptr(GString) out = g_string_sized_new(4096);
  char buffer[65536];
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      *err = errno;
      return NULL;
    }
    if (n == 0)
      break;
    g_string_append_len(out, buffer, n);
    if (out->len > limit) {
      *err = EFBIG;
      return NULL;
    }
  }
  *length = out->len;
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean is_regular(const KtRoot *root, const char *path, int *err)
{
  struct stat st;
  int fd = open_inside(root, path, O_PATH);
  gboolean regular = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  *err = fd < 0 ? errno : EINVAL;
  if (fd >= 0)
    close(fd);
  return regular;
}

static char *read_directory_file(KtRoot *root, const char *path, gsize limit, gsize *length, int *err)
{
  if (root->unreadable && g_hash_table_contains(root->unreadable, relative(path))) {
    *err = EACCES;
    return NULL;
  }
  /* A copied root may hold devices, which do something when they are opened, and FIFOs, which would block us. */
  if (!root->live && !is_regular(root, path, err))
    return NULL;
  int fd = open_inside(root, path, O_RDONLY | O_NONBLOCK);
  struct stat st;
  if (fd < 0) {
    *err = errno;
    return NULL;
  }
  char *content = NULL;
  if (fstat(fd, &st) != 0)
    *err = errno;
  else if (!S_ISREG(st.st_mode))
    *err = EINVAL;
  else
    content = read_fd(fd, limit, length, err);
  close(fd);
  return content;
}

static char *read_memory_file(KtRoot *root, const char *path, gsize limit, gsize *length, int *err)
{
  Entry *entry = tree_find(root, path, TRUE);
  if (!entry || !entry->content) {
    *err = !entry ? ENOENT : entry->unreadable ? EACCES : EINVAL;
    return NULL;
  }
  gsize size;
  const char *data = g_bytes_get_data(entry->content, &size);
  if (size > limit) {
    *err = EFBIG;
    return NULL;
  }
  char *copy = g_malloc(size + 1);
  if (size)
    memcpy(copy, data, size);
  copy[size] = '\0';
  *length = size;
  return copy;
}

char *kt_root_read(KtRoot *root, const char *path, gsize limit, gsize *length, GError **error)
{
  int err = 0;
  gsize size = 0;
  char *content = root->tree ? read_memory_file(root, path, limit, &size, &err)
                             : read_directory_file(root, path, limit, &size, &err);
  if (!content) {
    if (root->into && (err == EACCES || err == EPERM))
      kt_root_add_unreadable(root->into, path);
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot read '%s': %s", path,
                err == EFBIG    ? "it is too large"
                : err == EINVAL ? "it is no file of data"
                                : g_strerror(err));
    return NULL;
  }
  record_file(root, path, content, size);
  if (length)
    *length = size;
  return content;
}

char *kt_root_read_head(KtRoot *root, const char *path, gsize bytes)
{
  if (root->tree) {
    Entry *entry = tree_find(root, path, TRUE);
    if (!entry || !entry->content)
      return NULL;
    gsize size;
    const char *data = g_bytes_get_data(entry->content, &size);
    record_file(root, path, data, MIN(size, bytes));
    return data ? g_strndup(data, MIN(size, bytes)) : g_strdup("");
  }
  int err, fd = root->live || is_regular(root, path, &err) ? open_inside(root, path, O_RDONLY | O_NONBLOCK) : -1;
  if (fd < 0)
    return NULL;
  char *head = g_malloc0(bytes + 1);
  ssize_t n = read(fd, head, bytes);
  close(fd);
  if (n < 0)
    g_clear_pointer(&head, g_free);
  else
    record_file(root, path, head, (gsize)n);
  return head;
}

char *kt_root_read_line(KtRoot *root, const char *path)
{
  char *text = kt_root_read(root, path, LINE_LIMIT, NULL, NULL);
  return text ? g_strstrip(text) : NULL;
}

char *kt_root_read_linef(KtRoot *root, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *path = g_strdup_vprintf(format, args);
  va_end(args);
  return kt_root_read_line(root, path);
}

/* "node2" before "node10". */
static int compare_names(gconstpointer pa, gconstpointer pb)
{
  return strverscmp(*(const char *const *)pa, *(const char *const *)pb);
}

char **kt_root_list(KtRoot *root, const char *directory)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
  if (root->tree) {
    Entry *entry = tree_find(root, directory, TRUE);
    if (!entry || !entry->children)
      return NULL;
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, entry->children);
    while (g_hash_table_iter_next(&iter, &name, NULL))
      g_ptr_array_add(names, g_strdup(name));
  } else {
    int fd = open_inside(root, directory, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
      if (fd >= 0)
        close(fd);
      return NULL;
    }
    struct dirent *item;
    while ((item = readdir(dir))) {
      if (g_str_equal(item->d_name, ".") || g_str_equal(item->d_name, ".."))
        continue;
      g_ptr_array_add(names, g_strdup(item->d_name));
      if (root->into && item->d_type == DT_DIR) {
        g_autofree char *below = g_build_filename(directory, item->d_name, NULL);
        kt_root_add_directory(root->into, below);
      }
    }
    closedir(dir);
  }
  g_ptr_array_sort(names, compare_names);
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

KtRoot *kt_root_open_below(KtRoot *root, const char *directory)
{
  Entry *entry = root->tree ? tree_find(root, directory, TRUE) : NULL;
  int fd = root->tree ? -1 : open_inside(root, directory, O_RDONLY | O_DIRECTORY);
  if (fd < 0 && !(entry && entry->children))
    return NULL;
  g_autofree char *name = g_build_filename(root->name, directory, NULL);
  KtRoot *below = root_new(name);
  below->fd = fd;
  below->tree = entry;
  if (root->unreadable) {
    g_autofree char *prefix = g_strconcat(relative(directory), "/", NULL);
    GHashTableIter iter;
    gpointer path;
    g_hash_table_iter_init(&iter, root->unreadable);
    while (g_hash_table_iter_next(&iter, &path, NULL))
      if (g_str_has_prefix(path, prefix))
        kt_root_add_unreadable(below, (char *)path + strlen(prefix));
  }
  below->above = kt_root_ref(root);
  return below;
}

gboolean kt_root_exists(KtRoot *root, const char *path)
{
  if (root->tree)
    return tree_find(root, path, TRUE) != NULL;
  if (root->unreadable && g_hash_table_contains(root->unreadable, relative(path)))
    return TRUE;
  int fd = open_inside(root, path, O_PATH);
  if (fd < 0)
    return FALSE;
  struct stat st;
  if (root->into && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !tree_find(root->into, path, FALSE))
    record_file(root, path, "", 0);
  close(fd);
  return TRUE;
}

char *kt_root_identify(KtRoot *root, const char *path)
{
  if (root->tree) {
    const Entry *entry = tree_find(root, path, TRUE);
    return entry ? g_strdup_printf("%p", entry->content ? (const void *)entry->content : entry) : NULL;
  }
  struct stat st;
  int fd = open_inside(root, path, O_PATH);
  gboolean there = fd >= 0 && fstat(fd, &st) == 0;
  if (fd >= 0)
    close(fd);
  return there ? g_strdup_printf("%" G_GINT64_MODIFIER "x:%" G_GINT64_MODIFIER "x", (guint64)st.st_dev,
                                 (guint64)st.st_ino)
               : NULL;
}

char *kt_root_read_link(KtRoot *root, const char *path)
{
  if (root->tree) {
    Entry *entry = tree_find(root, path, FALSE);
    return entry && entry->target ? g_strdup(entry->target) : NULL;
  }
  int fd = open_inside(root, path, O_PATH | O_NOFOLLOW);
  if (fd < 0)
    return NULL;
  char buffer[4096];
  ssize_t n = readlinkat(fd, "", buffer, sizeof buffer);
  close(fd);
  char *target = n >= 0 ? g_strndup(buffer, (gsize)n) : NULL;
  if (target && root->into)
    record_link(root, path, target);
  return target;
}
