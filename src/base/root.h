/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtRoot: files of a machine, relative to its root: the live "/", a copied
 * root in a directory, or an archive's members in memory. Nothing outside the
 * root is reachable: symbolic links are resolved inside it. Paths have no
 * leading slash ("sys/devices/system/node/online"); one is tolerated. */
#pragma once
#include <glib.h>

typedef struct KtRoot KtRoot;

/* A directory as root; "/" is the live machine. NULL and *error if it is not a directory. */
KtRoot *kt_root_open(const char *directory, GError **error);

/* An empty tree in memory, named for messages (the archive's file name). */
KtRoot *kt_root_new_memory(const char *name);
void kt_root_add_file(KtRoot *root, const char *path, GBytes *content);
void kt_root_add_link(KtRoot *root, const char *path, const char *target);
void kt_root_add_directory(KtRoot *root, const char *path); /* one that is there already stays */
/* A file that is there and may not be read: reading it says KT_ERROR_ACCESS. Any root. */
void kt_root_add_unreadable(KtRoot *root, const char *path);
void kt_root_remove(KtRoot *root, const char *path); /* with all that is below it */

/* What a tree in memory holds: one of content, target (a link) and `unreadable`; none of them: an empty directory. */
typedef struct {
  const char *path;
  GBytes *content;
  const char *target;
  gboolean unreadable;
} KtRootItem;
/* Each item, in the order of kt_root_list(). */
void kt_root_each(KtRoot *root, void (*func)(const KtRootItem *item, gpointer data), gpointer data);

/* From now on all that is read of `root` is kept in `into`, a tree in memory, under
 * the same path: contents, links (made not to lead out of the tree), the
 * directories that were seen in lists, and what may not be read. NULL ends it. */
void kt_root_record(KtRoot *root, KtRoot *into);
/* Keeps a text that was not read from a file, if the root is recorded. */
void kt_root_note(KtRoot *root, const char *path, const char *text);

/* A directory of root as a root of its own, named for both; NULL if there is no
 * such directory. Keeps `root` alive. */
KtRoot *kt_root_open_below(KtRoot *root, const char *directory);

KtRoot *kt_root_ref(KtRoot *root);
void kt_root_unref(KtRoot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtRoot, kt_root_unref)

const char *kt_root_name(const KtRoot *root); /* the directory or the archive's name */
gboolean kt_root_is_live(const KtRoot *root);

/* At most `limit` bytes of a file, NUL-terminated behind (*length does not
 * count it; length may be NULL). NULL with KT_ERROR_NOT_FOUND, _ACCESS, _LIMIT
 * (larger than limit) or _SYSTEM. Caller frees. */
char *kt_root_read(KtRoot *root, const char *path, gsize limit, gsize *length, GError **error);

/* The first `bytes` of a file, less if it is shorter, NUL-terminated behind; NULL
 * if it cannot be read. For files that cost the more the further one reads. */
char *kt_root_read_head(KtRoot *root, const char *path, gsize bytes);

/* A short file (sysfs attribute) without surrounding white space, or NULL if
 * it is absent, unreadable or longer than 64 KiB. Caller frees. */
char *kt_root_read_line(KtRoot *root, const char *path);

/* A path made of a format; same results as kt_root_read_line(). */
char *kt_root_read_linef(KtRoot *root, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Names in a directory, sorted so that numbers come in order (node2 before
 * node10), or NULL. Free with g_strfreev(). */
char **kt_root_list(KtRoot *root, const char *directory);

gboolean kt_root_exists(KtRoot *root, const char *path);

/* What a path leads to, through links: the same text for the same file or directory,
 * however it is reached, as long as the root lives. NULL if there is none. Caller frees. */
char *kt_root_identify(KtRoot *root, const char *path);

/* What a symbolic link says, unresolved, or NULL. Caller frees. */
char *kt_root_read_link(KtRoot *root, const char *path);
