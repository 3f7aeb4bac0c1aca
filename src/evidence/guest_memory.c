/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/guest_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/node_memory.h"

#define MAPS_LIMIT (64 * 1024 * 1024)
#define MAX_NODE 1024
#define MAX_MAPPINGS 1000000

/* One line of maps, or several that are one region: policy and advice for a part of it split a mapping. */
typedef struct {
  guint64 start, end, offset, inode;
  gboolean writable, shared;
  const char *name; /* of the file, to the end of its line; "" none */
  int named;        /* the cell that this name names; -1 none */
} Region;

/* What numa_maps says of the mapping that starts at an address. */
typedef struct {
  guint64 start;
  const char *line; /* to its end */
} Account;

void kt_guest_mapping_free(gpointer mapping)
{
  KtGuestMapping *m = mapping;
  if (!m)
    return;
  g_array_unref(m->memory);
  g_free(m);
}

/* ---- maps ---- */

/* libvirt and QEMU name files after the backend: ".../ram-node1", "qemu_back_mem._objects_ram-node1.x5Yk". */
static int cell_in_name(const char *name)
{
  static const char before[] = "ram-node";
  const char *found = g_strstr_len(name, (gssize)strcspn(name, "\n"), before);
  if (!found || !g_ascii_isdigit(found[strlen(before)]))
    return -1;
  guint64 cell = g_ascii_strtoull(found + strlen(before), NULL, 10);
  return cell < MAX_NODE ? (int)cell : -1;
}

/* "7f1c40000000-7f1c80000000 rw-p 00000000 00:00 0    /path"; FALSE if the line is none. */
static gboolean parse_region(const char *line, Region *region)
{
  char *p;
  region->start = g_ascii_strtoull(line, &p, 16);
  if (*p != '-')
    return FALSE;
  region->end = g_ascii_strtoull(p + 1, &p, 16);
  if (*p != ' ' || strnlen(p, 6) < 6 || p[5] != ' ' || region->end <= region->start)
    return FALSE;
  region->writable = p[1] == 'r' && p[2] == 'w';
  region->shared = p[4] == 's';
  region->offset = g_ascii_strtoull(p + 6, &p, 16);
  p += strspn(p, " ");
  p += strcspn(p, " \n"); /* the device */
  region->inode = g_ascii_strtoull(p, &p, 10);
  region->name = p + strspn(p, " ");
  region->named = region->inode ? cell_in_name(region->name) : -1;
  return TRUE;
}

static gboolean goes_on(const Region *last, const Region *next)
{
  return last->end == next->start && last->writable == next->writable && last->shared == next->shared &&
         last->inode == next->inode && (!next->inode || last->offset + (last->end - last->start) == next->offset);
}

/* Mappings as they are, or with those joined that are one region. */
static GArray *read_regions(const char *maps, gboolean join)
{
  GArray *regions = g_array_new(FALSE, FALSE, sizeof(Region));
  for (const char *line = maps; line && *line && regions->len < MAX_MAPPINGS;) {
    Region region;
    Region *last = regions->len ? &g_array_index(regions, Region, regions->len - 1) : NULL;
    if (parse_region(line, &region)) {
      if (join && last && goes_on(last, &region))
        last->end = region.end;
      else
        g_array_append_val(regions, region);
    }
    line = strchr(line, '\n');
    line = line ? line + 1 : NULL;
  }
  return regions;
}

static gboolean line_has(const char *line, const char *what)
{
  return g_strstr_len(line, (gssize)strcspn(line, "\n"), what) != NULL;
}

/* ---- numa_maps ---- */

static GArray *read_accounts(const char *numa_maps)
{
  GArray *accounts = g_array_new(FALSE, FALSE, sizeof(Account));
  for (const char *line = numa_maps; line && *line && accounts->len < MAX_MAPPINGS;) {
    char *p;
    Account account = {.start = g_ascii_strtoull(line, &p, 16), .line = p};
    if (*p == ' ')
      g_array_append_val(accounts, account);
    line = strchr(line, '\n');
    line = line ? line + 1 : NULL;
  }
  return accounts;
}

/* The first account at or behind an address; accounts->len if there is none. They stand in order. */
static guint first_account(const GArray *accounts, guint64 start)
{
  guint low = 0, high = accounts->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index(accounts, Account, middle).start < start)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static gint64 page_size_kib(const char *line)
{
  const char *size = g_strstr_len(line, (gssize)strcspn(line, "\n"), " kernelpagesize_kB=");
  guint64 kib = size ? g_ascii_strtoull(strchr(size, '=') + 1, NULL, 10) : 4;
  return kib >= 1 && kib <= 16 * 1048576 ? (gint64)kib : 4;
}

/* " N0=123 N3=456" of a line. */
static void add_line(KtGuestMapping *mapping, const char *line)
{
  const char *end = line + strcspn(line, "\n");
  mapping->page_kib = page_size_kib(line);
  for (const char *p = line; (p = g_strstr_len(p, end - p, " N")); p++) {
    char *stop;
    if (!g_ascii_isdigit(p[2]))
      continue;
    guint64 node = g_ascii_strtoull(p + 2, &stop, 10);
    guint64 pages = *stop == '=' ? g_ascii_strtoull(stop + 1, NULL, 10) : 0;
    if (node < MAX_NODE && pages && pages < (guint64)1 << 42)
      kt_memory_add(mapping->memory, (int)node, (gint64)pages * mapping->page_kib);
  }
}

static KtGuestMapping *make_mapping(const Region *region, int cell, const GArray *accounts)
{
  KtGuestMapping *mapping = g_new0(KtGuestMapping, 1);
  mapping->start = region->start;
  mapping->end = region->end;
  mapping->cell = cell;
  mapping->page_kib = 4;
  mapping->shared = region->shared;
  mapping->memory = g_array_new(FALSE, FALSE, sizeof(KtNodeMemory));
  for (guint i = first_account(accounts, region->start); i < accounts->len; i++) {
    const Account *account = &g_array_index(accounts, Account, i);
    if (account->start >= region->end)
      break;
    add_line(mapping, account->line);
  }
  return mapping;
}

/* "bind:0-1" as a set; NULL if the mapping is not bound. Caller frees. */
static KtSet *bound_nodes(const Region *region, const GArray *accounts)
{
  guint i = first_account(accounts, region->start);
  const char *line = i < accounts->len ? g_array_index(accounts, Account, i).line : NULL;
  if (!line || !g_str_has_prefix(line, " bind:"))
    return NULL;
  line += strlen(" bind:");
  g_autofree char *list = g_strndup(line, strcspn(line, " \n"));
  return kt_set_parse(list, NULL);
}

/* ---- which is whose ---- */

typedef struct {
  const KtDomain *domain;
  guint n;         /* cells */
  GArray *regions; /* Region: all that can be guest memory */
  GArray *accounts;
  int *owner;  /* of each region: index of its cell, -1 none */
  guint64 top; /* start of the dynamic linker: what is mapped from the top down lies below; 0 unknown */
} Search;

static int cell_id(const Search *s, guint cell)
{
  return s->domain->cells->len ? ((const KtCell *)s->domain->cells->pdata[cell])->id : 0;
}

static gint64 cell_kib(const Search *s, guint cell)
{
  KtInt size =
      s->domain->cells->len ? ((const KtCell *)s->domain->cells->pdata[cell])->memory_kib : s->domain->memory_kib;
  return size.known && size.value > 0 && size.value < (gint64)1 << 50 ? size.value : -1;
}

static gboolean fits(const Search *s, guint region, guint cell)
{
  const Region *r = &g_array_index(s->regions, Region, region);
  return s->owner[region] < 0 && r->writable && (gint64)((r->end - r->start) / 1024) == cell_kib(s, cell);
}

static gboolean is_owned(const Search *s, guint cell)
{
  for (guint i = 0; i < s->regions->len; i++)
    if (s->owner[i] == (int)cell)
      return TRUE;
  return FALSE;
}

static gboolean is_named_for(const Search *s, guint region, guint cell)
{
  return g_array_index(s->regions, Region, region).named == cell_id(s, cell);
}

static gboolean is_bound_for(const Search *s, guint region, guint cell)
{
  const KtCell *c = s->domain->cells->len ? s->domain->cells->pdata[cell] : NULL;
  if (!c || !c->memnode)
    return FALSE;
  g_autoptr(KtSet) nodes = bound_nodes(&g_array_index(s->regions, Region, region), s->accounts);
  return nodes && kt_set_equal(nodes, c->memnode);
}

/* Gives a cell the region that alone has the mark, if it is no other's mark too. */
static void take_marked(Search *s, gboolean (*has_mark)(const Search *s, guint region, guint cell))
{
  for (guint cell = 0; cell < s->n; cell++) {
    int found = -1;
    guint hits = 0;
    for (guint i = 0; i < s->regions->len; i++)
      if (fits(s, i, cell) && has_mark(s, i, cell)) {
        found = (int)i;
        hits++;
      }
    for (guint other = 0; hits == 1 && other < s->n; other++)
      if (other != cell && fits(s, (guint)found, other) && has_mark(s, (guint)found, other))
        hits++;
    if (hits == 1 && !is_owned(s, cell))
      s->owner[found] = (int)cell;
  }
}

static gboolean refuse(GError **error, int code, const Search *s, guint cell, guint cells, guint found)
{
  if (!found)
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
                "no mapping of its process is as large as cell %d (%" G_GINT64_FORMAT " KiB)", cell_id(s, cell),
                cell_kib(s, cell));
  else
    g_set_error(error, KT_ERROR, code,
                "cannot tell which memory is whose: %u cell%s of %" G_GINT64_FORMAT " KiB, %u mappings of that size",
                cells, cells == 1 ? "" : "s", cell_kib(s, cell), found);
  return FALSE;
}

/* The cells of one size that have no region yet. QEMU maps them in the order of their ids, the kernel from the top
 * down: no hole above the first is as large as it, so that the next of that size lies below. */
static gboolean take_in_order(Search *s, guint cell, GError **error)
{
  guint cells = 0, found = 0;
  guint64 highest = 0;
  for (guint i = 0; i < s->n; i++)
    cells += cell_kib(s, i) == cell_kib(s, cell) && !is_owned(s, i);
  for (guint i = 0; i < s->regions->len; i++)
    if (fits(s, i, cell)) {
      found++;
      highest = MAX(highest, g_array_index(s->regions, Region, i).end);
    }
  if (found != cells || (cells > 1 && highest > s->top))
    return refuse(error, KT_ERROR_UNSUPPORTED, s, cell, cells, found);
  for (guint i = s->regions->len, next = cell; i-- > 0;) {
    if (!fits(s, i, cell))
      continue;
    while (cell_kib(s, next) != cell_kib(s, cell) || is_owned(s, next))
      next++;
    s->owner[i] = (int)next;
  }
  return TRUE;
}

static gboolean search(Search *s, GError **error)
{
  for (guint i = 0; i < s->n; i++)
    if (cell_kib(s, i) < 0) {
      g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "the size of cell %d is not known", cell_id(s, i));
      return FALSE;
    }
  take_marked(s, is_named_for);
  take_marked(s, is_bound_for);
  for (guint i = 0; i < s->n; i++)
    if (!is_owned(s, i) && !take_in_order(s, i, error))
      return FALSE;
  return TRUE;
}

static GPtrArray *collect(const Search *s)
{
  GPtrArray *mappings = g_ptr_array_new_with_free_func(kt_guest_mapping_free);
  for (guint cell = 0; cell < s->n; cell++)
    for (guint i = 0; i < s->regions->len; i++)
      if (s->owner[i] == (int)cell)
        g_ptr_array_add(mappings, make_mapping(&g_array_index(s->regions, Region, i), cell_id(s, cell), s->accounts));
  return mappings;
}

static guint64 linker_start(const GArray *regions)
{
  for (guint i = 0; i < regions->len; i++) {
    const Region *r = &g_array_index(regions, Region, i);
    if (line_has(r->name, "/ld-linux") || line_has(r->name, "/ld-musl") || line_has(r->name, "/ld64.so"))
      return r->start;
  }
  return 0;
}

/* Only what is as large as a cell: a process has thousands of mappings. */
static void keep_candidates(Search *s)
{
  guint kept = 0;
  for (guint i = 0; i < s->regions->len; i++) {
    gboolean any = FALSE;
    for (guint cell = 0; cell < s->n && !any; cell++)
      any = fits(s, i, cell);
    if (any)
      g_array_index(s->regions, Region, kept++) = g_array_index(s->regions, Region, i);
  }
  g_array_set_size(s->regions, kept);
}

static GPtrArray *find(const char *maps, const char *numa_maps, const KtDomain *d, gboolean join, GError **error)
{
  g_autoptr(GArray) regions = read_regions(maps, join);
  g_autoptr(GArray) accounts = read_accounts(numa_maps);
  g_autofree int *owner = g_new(int, regions->len + 1);
  for (guint i = 0; i < regions->len; i++)
    owner[i] = -1;
  Search s = {.domain = d,
              .n = MAX(d->cells->len, 1),
              .regions = regions,
              .accounts = accounts,
              .owner = owner,
              .top = linker_start(regions)};
  keep_candidates(&s);
  return search(&s, error) ? collect(&s) : NULL;
}

GPtrArray *kt_guest_memory_find(const char *maps, const char *numa_maps, const KtDomain *d, GError **error)
{
  GPtrArray *whole = find(maps, numa_maps, d, FALSE, NULL);
  return whole ? whole : find(maps, numa_maps, d, TRUE, error);
}

GPtrArray *kt_guest_memory_read(KtRoot *root, int pid, const KtDomain *d, GError **error)
{
  g_autofree char *maps_path = g_strdup_printf("proc/%d/maps", pid);
  g_autofree char *accounts_path = g_strdup_printf("proc/%d/numa_maps", pid);
  g_autofree char *maps = kt_root_read(root, maps_path, MAPS_LIMIT, NULL, error);
  g_autofree char *accounts = maps ? kt_root_read(root, accounts_path, MAPS_LIMIT, NULL, error) : NULL;
  return accounts ? kt_guest_memory_find(maps, accounts, d, error) : NULL;
}
