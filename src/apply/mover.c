/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chunk of addresses at a time: which pages are there and on which node is asked first, so that a call of
 * move_pages(2) holds only pages that have to move. For each call the kernel empties the page lists of
 * all CPUs, and it flushes its queue at each page that it does not take: large calls of nothing else
 * are what is fast. Of a transparent huge page only the first small page is named: the kernel takes
 * the whole of it, and reports the others as busy if they are named with it. */
#include "apply/mover.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/mempolicy.h>

#include "base/error.h"
#include "base/set.h"

#define CHUNK_KIB 65536
#define MAX_PAGES 16384 /* of a chunk */
#define MAX_BUSY 1000000
#define RETRIES 3 /* of pages that were busy */
#define MAX_NODE 1024
#define NOT_SAID (-ENODATA) /* the kernel leaves what it has not come to as it was */
#define PRESENT ((guint64)1 << 63)

typedef struct {
  void *address;
  int from, to;
  guint kib;
} Page;

typedef struct {
  const KtMover *mover;
  KtMoved *moved;
  double give[MAX_NODE], take[MAX_NODE]; /* KiB that a node shall yet lose and get */
  double room[MAX_NODE];                 /* KiB that it has for us; asked once a chunk */
  int flags, pagemap;                    /* pagemap -1: not readable */
  int process;                           /* a pidfd: its number may become another's; -1: the kernel has none */
  guint small_kib, block_kib;            /* of a page, and of a transparent huge one */
  gint64 began;
  GArray *busy; /* Page: for the end */
  /* Of one chunk. */
  guint64 entries[MAX_PAGES];
  void *addresses[MAX_PAGES];
  int nodes[MAX_PAGES], status[MAX_PAGES];
  Page pages[MAX_PAGES];
} Run;

static gboolean is_stopped(const Run *run)
{
  return g_cancellable_is_cancelled(run->mover->stop);
}

static double seconds_since(gint64 began)
{
  return (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
}

/* ---- room ---- */

static guint64 field_kib(const char *meminfo, const char *name)
{
  const char *found = meminfo ? strstr(meminfo, name) : NULL;
  return found ? g_ascii_strtoull(found + strlen(name), NULL, 10) : 0;
}

/* Free memory, and what the kernel drops of files that were read long ago, but for the margin. */
static double room_of(const KtMover *mover, int node, gint64 page_kib, guint small_kib)
{
  if (page_kib > small_kib) {
    g_autofree char *pool = kt_root_read_linef(
        mover->root, "sys/devices/system/node/node%d/hugepages/hugepages-%" G_GINT64_FORMAT "kB/free_hugepages", node,
        page_kib);
    return pool ? (double)(g_ascii_strtoull(pool, NULL, 10) * (guint64)page_kib) : 0;
  }
  g_autofree char *meminfo = kt_root_read_linef(mover->root, "sys/devices/system/node/node%d/meminfo", node);
  guint64 has = field_kib(meminfo, " MemFree:") + field_kib(meminfo, " Inactive(file):");
  guint64 margin = mover->margin_kib ? mover->margin_kib : MAX(field_kib(meminfo, " MemTotal:") / 50, 32768);
  return has > margin ? (double)(has - margin) : 0;
}

/* ---- which pages go where ---- */

static void plan(Run *run)
{
  g_autoptr(GArray) now = kt_memory_of(run->mover->mappings, run->mover->cell);
  const GArray *wanted = run->mover->wanted;
  double all = (double)kt_memory_kib(now), want = (double)kt_memory_kib(wanted);
  double has[MAX_NODE] = {0};
  for (guint i = 0; i < now->len; i++)
    has[g_array_index(now, KtNodeMemory, i).node] = (double)g_array_index(now, KtNodeMemory, i).kib;
  double wants[MAX_NODE] = {0};
  for (guint i = 0; i < wanted->len; i++)
    wants[g_array_index(wanted, KtNodeMemory, i).node] =
        all * (double)g_array_index(wanted, KtNodeMemory, i).kib / MAX(want, 1);
  for (guint node = 0; node < MAX_NODE; node++) {
    run->give[node] = MAX(has[node] - wants[node], 0);
    run->take[node] = MAX(wants[node] - has[node], 0);
    run->moved->all += (guint64)run->give[node];
  }
  if (wanted->len != 1)
    return;
  /* One node takes all, also what the guest touches meanwhile. */
  int only = g_array_index(wanted, KtNodeMemory, 0).node;
  for (int node = 0; node < MAX_NODE; node++) {
    run->give[node] = node == only ? 0 : INFINITY;
    run->take[node] = node == only ? INFINITY : 0;
  }
}

/* Where a page on `from` goes, to `near` if that takes it; -1: it stays. */
static int choose(Run *run, int from, guint kib, int near)
{
  if (from < 0 || from >= MAX_NODE || run->give[from] < kib)
    return -1;
  int best = -1, wanted = -1;
  for (guint i = 0; i < run->mover->wanted->len; i++) {
    int node = g_array_index(run->mover->wanted, KtNodeMemory, i).node;
    if (run->take[node] < kib)
      continue;
    wanted = wanted < 0 ? node : wanted;
    if (run->room[node] >= kib && (best < 0 || (best != near && (node == near || run->take[node] > run->take[best]))))
      best = node;
  }
  if (best < 0 && wanted >= 0) {
    run->moved->full += kib;
    run->moved->short_node = wanted;
  }
  if (best >= 0) {
    run->give[from] -= kib;
    run->take[best] -= kib;
    run->room[best] -= kib;
  }
  return best;
}

static void give_back(Run *run, const Page *page)
{
  run->give[page->from] += page->kib;
  run->take[page->to] += page->kib;
}

/* ---- the system call ---- */

static gboolean set_error(int pid, int err, GError **error)
{
  if (err == EPERM)
    g_set_error(error, KT_ERROR, KT_ERROR_ACCESS, "moving the memory of process %d needs root (CAP_SYS_NICE)", pid);
  else if (err == EACCES)
    g_set_error(error, KT_ERROR, KT_ERROR_ACCESS,
                "process %d may not use that node: its cpuset has to be widened first", pid);
  else if (err == ESRCH || err == EINVAL) // what is ending has no memory any more: both calls say EINVAL then
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "process %d is gone", pid);
  else if (err == ENODEV)
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "there is no such node");
  else
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot move the memory of process %d: %s", pid, g_strerror(err));
  return FALSE;
}

static gboolean is_alive(const Run *run, GError **error)
{
  struct pollfd ended = {.fd = run->process, .events = POLLIN};
  return run->process < 0 || poll(&ended, 1, 0) <= 0 || set_error(run->mover->pid, ESRCH, error);
}

/* Nodes of the first `n` addresses into status; with `move` after moving them to run->nodes. Pages of several
 * processes are root's to move: who is not moves what is the process's own. */
static gboolean call(Run *run, guint n, gboolean move, GError **error)
{
  for (;;) {
    for (guint i = 0; i < n; i++)
      run->status[i] = NOT_SAID;
    glong failed = n ? syscall(SYS_move_pages, run->mover->pid, (gulong)n, run->addresses, move ? run->nodes : NULL,
                               run->status, move ? run->flags : 0)
                     : 0;
    if (failed >= 0)
      return TRUE;
    if (errno != EPERM || !move || run->flags == MPOL_MF_MOVE)
      return set_error(run->mover->pid, errno, error);
    run->flags = MPOL_MF_MOVE;
  }
}

/* ---- a chunk ---- */

/* Addresses of pages of [at, end) that are there, as far as that is *known. */
static guint list_present(Run *run, const KtGuestMapping *mapping, guint64 at, guint64 end, gboolean *known)
{
  guint64 step = (guint64)mapping->page_kib * 1024;
  guint all = (guint)((end - at) / step), n = 0;
  *known = mapping->page_kib == run->small_kib && run->pagemap >= 0 &&
           pread(run->pagemap, run->entries, all * sizeof(guint64), (off_t)(at / step * sizeof(guint64))) ==
               (gssize)(all * sizeof(guint64));
  for (guint i = 0; i < all; i++)
    if (!*known || run->entries[i] & PRESENT)
      run->addresses[n++] = (void *)(guintptr)(at + i * step);
  return n;
}

/* NUMA balancing hides pages to see who uses them, and those that nobody uses stay hidden; Linux 6.1 to 6.4 then says
 * of them that they are not there (ENOENT, of huge ones EFAULT), and moves none. Who reads a byte of a page uncovers
 * it. TRUE if there were any. */
static gboolean uncover(Run *run, guint n)
{
  struct iovec there[UIO_MAXIOV];
  char bytes[UIO_MAXIOV] = {0};
  gboolean any = FALSE;
  for (guint i = 0; i < n;) {
    guint hidden = 0;
    for (; i < n && hidden < UIO_MAXIOV; i++)
      if (run->status[i] == -ENOENT || run->status[i] == -EFAULT)
        there[hidden++] = (struct iovec){run->addresses[i], 1};
    const struct iovec here = {bytes, hidden};
    any |= hidden && process_vm_readv(run->mover->pid, &here, 1, there, hidden, 0) > 0;
  }
  return any;
}

/* Of these the pages that have to move, into run->pages; all of a block to one node, as a transparent huge page
 * goes as a whole wherever any page of it is sent. */
static guint select_pages(Run *run, guint n, guint kib)
{
  guint k = 0;
  int near = -1;
  guintptr block = 0;
  for (guint i = 0; i < n; i++) {
    guintptr own = (guintptr)run->addresses[i] / ((gsize)run->block_kib * 1024);
    int to = choose(run, run->status[i], kib, own == block ? near : -1);
    if (own != block || to >= 0)
      near = to;
    block = own;
    if (to >= 0)
      run->pages[k++] = (Page){.address = run->addresses[i], .from = run->status[i], .to = to, .kib = kib};
  }
  return k;
}

/* Do the pages from i on fill the place of a transparent huge page, with one way to go? */
static gboolean is_block(const Run *run, guint i, guint n)
{
  guint in_block = run->block_kib / run->small_kib;
  const Page *first = &run->pages[i];
  if (first->kib != run->small_kib || (guintptr)first->address % ((gsize)run->block_kib * 1024) || i + in_block > n)
    return FALSE;
  const Page *last = &run->pages[i + in_block - 1];
  gsize between = (gsize)(run->block_kib - run->small_kib) * 1024;
  if ((char *)last->address - (char *)first->address != (gssize)between)
    return FALSE;
  for (guint k = 0; k < in_block; k++)
    if (run->pages[i + k].to != first->to || run->pages[i + k].from != first->from)
      return FALSE;
  return TRUE;
}

/* Moves whole blocks by their first page, and takes those out of run->pages that came along as a whole. */
static gboolean move_blocks(Run *run, guint *n, GError **error)
{
  guint in_block = run->block_kib / run->small_kib, heads = 0;
  g_autofree guint *first = g_new(guint, *n / in_block + 1);
  for (guint i = 0; i < *n;) {
    if (!is_block(run, i, *n)) {
      i++;
      continue;
    }
    run->addresses[heads] = run->pages[i].address;
    run->nodes[heads] = run->pages[i].to;
    first[heads++] = i;
    i += in_block;
  }
  if (!heads)
    return TRUE;
  if (!call(run, heads, TRUE, error))
    return FALSE;
  for (guint i = 0; i < heads; i++)
    run->addresses[i] = run->pages[first[i] + 1].address;
  if (!call(run, heads, FALSE, error))
    return FALSE;
  for (guint i = 0; i < heads; i++)
    if (run->status[i] == run->pages[first[i]].to) {
      run->moved->moved += run->block_kib;
      for (guint k = 0; k < in_block; k++)
        run->pages[first[i] + k].to = -1;
    }
  guint kept = 0;
  for (guint i = 0; i < *n; i++)
    if (run->pages[i].to >= 0)
      run->pages[kept++] = run->pages[i];
  *n = kept;
  return TRUE;
}

static gboolean is_busy(int status)
{
  return status == -EBUSY || status == -EAGAIN || status == NOT_SAID || status >= 0;
}

static void count_left(Run *run, const Page *page, int status)
{
  KtMoved *moved = run->moved;
  give_back(run, page);
  if (status == -ENOMEM) {
    moved->full += page->kib;
    moved->short_node = page->to;
  } else if (status == -EACCES || status == -EPERM) {
    moved->denied += page->kib;
  } else if (is_busy(status)) {
    moved->busy += page->kib;
  } else if (status != -ENOENT && status != -EFAULT) { /* these are gone: the guest gave them back */
    moved->other += page->kib;
  }
}

/* Moves the first n of run->pages; what is busy stays there, *n of them. */
static gboolean move_once(Run *run, guint *n, GError **error)
{
  for (guint i = 0; i < *n; i++) {
    run->addresses[i] = run->pages[i].address;
    run->nodes[i] = run->pages[i].to;
  }
  if (!call(run, *n, TRUE, error))
    return FALSE;
  guint kept = 0;
  for (guint i = 0; i < *n; i++) {
    if (run->status[i] == run->pages[i].to)
      run->moved->moved += run->pages[i].kib;
    else if (is_busy(run->status[i]))
      run->pages[kept++] = run->pages[i];
    else
      count_left(run, &run->pages[i], run->status[i]);
  }
  *n = kept;
  return TRUE;
}

static gboolean move_chunk(Run *run, const KtGuestMapping *mapping, guint64 at, guint64 end, GError **error)
{
  if (!is_alive(run, error))
    return FALSE;
  gboolean known;
  guint n = list_present(run, mapping, at, end, &known);
  if (!n)
    return TRUE;
  if (!call(run, n, FALSE, error) || (known && uncover(run, n) && !call(run, n, FALSE, error)))
    return FALSE;
  for (int node = 0; node < MAX_NODE; node++)
    if (run->take[node] > 0)
      run->room[node] = room_of(run->mover, node, mapping->page_kib, run->small_kib);
  n = select_pages(run, n, (guint)mapping->page_kib);
  if (!move_blocks(run, &n, error) || !move_once(run, &n, error) || !move_once(run, &n, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    if (run->busy->len < MAX_BUSY)
      g_array_append_val(run->busy, run->pages[i]);
    else
      count_left(run, &run->pages[i], -EBUSY);
  }
  return TRUE;
}

/* ---- the whole ---- */

static void wait_for_rate(const Run *run)
{
  const KtMover *mover = run->mover;
  while (mover->rate_kib && !is_stopped(run) &&
         seconds_since(run->began) < (double)run->moved->moved / (double)mover->rate_kib)
    g_usleep(20000);
}

static void tell(const Run *run)
{
  const KtMoved *m = run->moved;
  double seconds = seconds_since(run->began);
  guint64 done = MIN(m->moved, m->all);
  if (run->mover->progress)
    run->mover->progress(done, m->all, seconds > 0 ? (double)m->moved / seconds : 0, run->mover->data);
}

static guint64 chunk_bytes(const Run *run, const KtGuestMapping *mapping)
{
  guint64 kib = run->mover->rate_kib ? CLAMP(run->mover->rate_kib / 4, run->block_kib, CHUNK_KIB) : CHUNK_KIB;
  guint64 unit = MAX((guint64)mapping->page_kib, run->block_kib);
  kib = MAX(kib / unit, 1) * unit;
  return MIN(kib / (guint64)mapping->page_kib, MAX_PAGES) * (guint64)mapping->page_kib * 1024;
}

static gboolean is_full(const Run *run)
{
  double most = 0;
  for (int node = 0; node < MAX_NODE; node++)
    most = run->take[node] > 0 ? MAX(most, run->room[node]) : most;
  return run->moved->short_node >= 0 && most < run->block_kib;
}

static gboolean move_mapping(Run *run, const KtGuestMapping *mapping, GError **error)
{
  guint64 bytes = chunk_bytes(run, mapping);
  for (guint64 at = mapping->start, next; at < mapping->end && !is_stopped(run) && !is_full(run); at = next) {
    next = MIN((at / bytes + 1) * bytes, mapping->end); /* chunks begin where huge pages do */
    if (!move_chunk(run, mapping, at, next, error))
      return FALSE;
    tell(run);
    wait_for_rate(run);
  }
  return TRUE;
}

static gboolean retry_busy(Run *run, GError **error)
{
  for (guint round = 0; round < RETRIES && run->busy->len && !is_stopped(run); round++) {
    g_usleep(50000);
    g_autoptr(GArray) again = g_steal_pointer(&run->busy);
    run->busy = g_array_new(FALSE, FALSE, sizeof(Page));
    for (guint at = 0; at < again->len; at += MAX_PAGES) {
      guint n = MIN(again->len - at, MAX_PAGES);
      memcpy(run->pages, &g_array_index(again, Page, at), n * sizeof(Page));
      if (!is_alive(run, error) || !move_once(run, &n, error))
        return FALSE;
      g_array_append_vals(run->busy, run->pages, n);
    }
  }
  for (guint i = 0; i < run->busy->len; i++)
    count_left(run, &g_array_index(run->busy, Page, i), -EBUSY);
  return TRUE;
}

static guint block_kib(KtRoot *root)
{
  g_autofree char *bytes = kt_root_read_line(root, "sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
  guint64 kib = bytes ? g_ascii_strtoull(bytes, NULL, 10) / 1024 : 0;
  return kib >= 64 && kib <= CHUNK_KIB ? (guint)kib : 2048;
}

static gboolean move_all(Run *run, GError **error)
{
  const GPtrArray *mappings = run->mover->mappings;
  for (guint i = 0; i < mappings->len; i++) {
    const KtGuestMapping *mapping = mappings->pdata[i];
    if (mapping->cell == run->mover->cell && !move_mapping(run, mapping, error))
      return FALSE;
  }
  return retry_busy(run, error);
}

static gboolean are_nodes(const KtMover *mover, GError **error)
{
  g_autofree char *online = kt_root_read_line(mover->root, "sys/devices/system/node/has_memory");
  g_autoptr(KtSet) nodes = kt_set_parse(online ? online : "", NULL);
  for (guint i = 0; i < mover->wanted->len; i++) {
    int node = g_array_index(mover->wanted, KtNodeMemory, i).node;
    if (nodes && !kt_set_has(nodes, (guint)node)) {
      g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "there is no node %d with memory here", node);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean kt_mover_run(const KtMover *mover, KtMoved *moved, GError **error)
{
  *moved = (KtMoved){.short_node = -1};
  if (!are_nodes(mover, error))
    return FALSE;
  g_autofree char *pagemap = g_strdup_printf("%s/proc/%d/pagemap", kt_root_name(mover->root), mover->pid);
  g_autofree Run *run = g_new0(Run, 1);
  run->mover = mover;
  run->moved = moved;
  run->flags = MPOL_MF_MOVE_ALL;
  run->small_kib = (guint)sysconf(_SC_PAGESIZE) / 1024;
  run->block_kib = block_kib(mover->root);
  run->pagemap = open(pagemap, O_RDONLY | O_CLOEXEC);
  run->process = (int)syscall(SYS_pidfd_open, mover->pid, 0);
  run->busy = g_array_new(FALSE, FALSE, sizeof(Page));
  run->began = g_get_monotonic_time();
  plan(run);
  gboolean ok = move_all(run, error);
  moved->stopped = is_stopped(run);
  moved->seconds = seconds_since(run->began);
  guint64 told = moved->moved + moved->busy + moved->denied + moved->other;
  if (moved->short_node >= 0 && moved->all > told) /* it stopped there */
    moved->full = moved->all - told;
  g_array_unref(run->busy);
  if (run->pagemap >= 0)
    close(run->pagemap);
  if (run->process >= 0)
    close(run->process);
  return ok;
}

char *kt_moved_why(const KtMoved *moved)
{
  const struct {
    guint64 kib;
    const char *why;
  } reasons[] = {{moved->full, "because the node ran short"},
                 {moved->busy, "because they are in use by the kernel or a device"},
                 {moved->denied, "because other processes share them, which takes root"},
                 {moved->other, "and the kernel does not say why"}};
  g_autoptr(GString) text = g_string_new(NULL);
  if (moved->stopped)
    g_string_printf(text, "stopped when %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " KiB were moved", moved->moved,
                    MAX(moved->all, moved->moved));
  if (moved->short_node >= 0)
    g_string_append_printf(text, "%snode %d has no room for more", text->len ? "; " : "", moved->short_node);
  for (guint i = 0; i < G_N_ELEMENTS(reasons); i++)
    if (reasons[i].kib)
      g_string_append_printf(text, "%s%" G_GUINT64_FORMAT " KiB stayed, %s", text->len ? "; " : "", reasons[i].kib,
                             reasons[i].why);
  return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

/* ---- migrate_pages(2) ---- */

#define WORD_BITS (8 * sizeof(gulong))

gboolean kt_mover_migrate(KtRoot *root, int pid, guint to, GError **error)
{
  gulong from_mask[MAX_NODE / WORD_BITS] = {0}, to_mask[MAX_NODE / WORD_BITS] = {0};
  g_autofree char *online = kt_root_read_line(root, "sys/devices/system/node/has_memory");
  g_autoptr(KtSet) nodes = kt_set_parse(online ? online : "", NULL);
  if (!nodes || to >= MAX_NODE || !kt_set_has(nodes, to)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "there is no node %u with memory here", to);
    return FALSE;
  }
  for (int node = kt_set_next(nodes, 0); node >= 0 && node < MAX_NODE; node = kt_set_next(nodes, (guint)node + 1))
    if (node != (int)to)
      from_mask[(guint)node / WORD_BITS] |= 1UL << ((guint)node % WORD_BITS);
  to_mask[to / WORD_BITS] |= 1UL << (to % WORD_BITS);
  if (syscall(SYS_migrate_pages, pid, (gulong)MAX_NODE + 1, from_mask, to_mask) >= 0)
    return TRUE;
  return set_error(pid, errno, error);
}
