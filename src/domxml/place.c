/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a new element goes, and the white space around elements that come and go. */
#include <string.h>

#include "domxml/tree.h"

/* The order in which libvirt writes children (its domain schema accepts any);
 * of elements that are not in the list: behind all. */
static const struct {
  const char *parent;
  const char *const *children;
} orders[] = {
    {"domain",
     (const char *const[]){"name",      "uuid",    "genid",         "title",       "description", "metadata",
                           "maxMemory", "memory",  "currentMemory", "blkiotune",   "memtune",     "memoryBacking",
                           "vcpu",      "vcpus",   "iothreads",     "iothreadids", "cputune",     "numatune",
                           "resource",  "sysinfo", "bootloader",    "os",          "idmap",       "features",
                           "cpu",       "clock",   "on_poweroff",   "on_reboot",   "on_crash",    "pm",
                           "perf",      "devices", "seclabel",      NULL}},
    {"memoryBacking",
     (const char *const[]){"hugepages", "nosharepages", "locked", "source", "access", "allocation", "discard", NULL}},
    {"cputune", (const char *const[]){"shares", "global_period", "global_quota", "period", "quota", "emulator_period",
                                      "emulator_quota", "iothread_period", "iothread_quota", "vcpupin", "emulatorpin",
                                      "iothreadpin", "vcpusched", "iothreadsched", "emulatorsched", "cachetune",
                                      "memorytune", NULL}},
    {"numatune", (const char *const[]){"memory", "memnode", NULL}},
    {"cpu", (const char *const[]){"model", "vendor", "topology", "cache", "maxphysaddr", "feature", "numa", NULL}},
};

/* G_MAXINT for one that is not in the list. */
static int rank(const KtPiece *parent, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(orders); i++)
    for (int k = 0; g_str_equal(orders[i].parent, parent->name) && orders[i].children[k]; k++)
      if (g_str_equal(orders[i].children[k], name))
        return k;
  return G_MAXINT;
}

/* The white space from the last line break before the piece on; "" if it stands behind something on its line. */
static const char *indentation(const KtPiece *piece)
{
  guint index = piece->parent ? kt_piece_index(piece) : 0;
  const KtPiece *before = index ? piece->parent->children->pdata[index - 1] : NULL;
  const char *line = before && kt_piece_is_blank(before) ? strrchr(before->head->str, '\n') : NULL;
  if (line && line > before->head->str && line[-1] == '\r')
    line--;
  return line ? line : "";
}

static KtPiece *last_before(const KtPiece *parent, const char *name)
{
  KtPiece *found = NULL;
  int own = rank(parent, name);
  for (guint i = parent->children->len; i-- > 0 && !found;) {
    KtPiece *child = parent->children->pdata[i];
    if (child->name && rank(parent, child->name) <= own)
      found = child;
  }
  return found;
}

static KtPiece *first_element(const KtPiece *parent)
{
  for (guint i = 0; i < parent->children->len; i++)
    if (((KtPiece *)parent->children->pdata[i])->name)
      return parent->children->pdata[i];
  return NULL;
}

static void insert_text(KtPiece *parent, guint index, const char *text)
{
  if (*text)
    kt_piece_insert(parent, index, kt_piece_new(NULL, 0, text, strlen(text)));
}

/* Behind the piece and the comment on the same line. */
static guint index_behind(const KtPiece *piece)
{
  const GPtrArray *children = piece->parent->children;
  guint index = kt_piece_index(piece) + 1;
  for (; index < children->len; index++) {
    const KtPiece *next = children->pdata[index];
    if (next->name || strchr(next->head->str, '\n'))
      break;
  }
  return index;
}

KtPiece *kt_piece_add_element(KtPiece *parent, const char *name)
{
  g_autofree char *head = g_strdup_printf("<%s/>", name);
  KtPiece *element = kt_piece_new(name, strlen(name), head, strlen(head));
  kt_piece_open(parent);
  const KtPiece *before = last_before(parent, name), *neighbour = before ? before : first_element(parent);
  const char *outer = indentation(parent);
  g_autofree char *own = neighbour                ? g_strdup(indentation(neighbour))
                         : *outer                 ? g_strconcat(outer, "  ", NULL)
                         : parent->parent->parent ? g_strdup("")
                                                  : g_strdup("\n  ");
  gboolean first_line = !neighbour && parent->children->len == 0;
  guint index = before ? index_behind(before) : 0;
  kt_piece_insert(parent, index, element);
  insert_text(parent, index, own);
  if (first_line && *own)
    insert_text(parent, parent->children->len, *outer ? outer : "\n");
  return element;
}

void kt_piece_remove_element(KtPiece *element)
{
  KtPiece *parent = element->parent;
  guint index = kt_piece_index(element);
  KtPiece *before = index ? parent->children->pdata[index - 1] : NULL;
  char *line = before && kt_piece_is_blank(before) ? strrchr(before->head->str, '\n') : NULL;
  if (line && line > before->head->str && line[-1] == '\r')
    line--;
  if (line)
    g_string_truncate(before->head, (gsize)(line - before->head->str));
  kt_piece_take_out(parent, index);
  kt_piece_close(parent);
}
