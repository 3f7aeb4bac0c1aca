/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/libvirt_hosts.h"

#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "config.h"
#include "evidence/evidence.h"
#include "evidence/libvirt_live.h"
#if HAVE_LIBVIRT && HAVE_LIBXML2
#include "evidence/libvirt_connect.h"
#endif

#define MAX_AT_ONCE 16
#define SAMPLE_SECONDS 1 /* of this machine */

typedef struct Hosts Hosts;

/* One host; its thread owns the rest until `done` is set. */
typedef struct {
  Hosts *all;
  char *uri;
  KtSnapshot *snapshot; /* NULL: it could not be read */
  GError *error;
  gint64 deadline;
  gboolean done, given_up;
} Host;

/* Kept until the last thread is at its end: one that hangs in libvirt cannot be stopped. */
struct Hosts {
  gatomicrefcount refs;
  GMutex mutex;
  GCond changed;
  guint n;
  Host *hosts;
  char *only; /* UUID of the one guest that is looked for; NULL: all of it is read */
};

gboolean kt_libvirt_is_uri(const char *text)
{
  static const char *const drivers[] = {"qemu", "test", "xen", "lxc",    "ch",     "bhyve", "vz",
                                        "esx",  "gsx",  "vpx", "hyperv", "openvz", "vbox",  NULL};
  const char *colon = strstr(text, "://");
  if (!colon)
    return FALSE;
  g_autofree char *driver = g_strndup(text, (gsize)(strcspn(text, "+:")));
  return g_strv_contains(drivers, driver) && text + strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+") == colon;
}

static void hosts_unref(Hosts *all)
{
  if (!g_atomic_ref_count_dec(&all->refs))
    return;
  for (guint i = 0; i < all->n; i++) {
    g_free(all->hosts[i].uri);
    kt_snapshot_free(all->hosts[i].snapshot);
    g_clear_error(&all->hosts[i].error);
  }
  g_free(all->hosts);
  g_free(all->only);
  g_mutex_clear(&all->mutex);
  g_cond_clear(&all->changed);
  g_free(all);
}

/* ssh must not ask on the terminal, where several would ask at once; who wants to be asked says no_tty=0. */
static char *quiet_uri(const char *uri)
{
  if (!strstr(uri, "+ssh://") || strstr(uri, "no_tty="))
    return g_strdup(uri);
  return g_strconcat(uri, strchr(uri, '?') ? "&" : "?", "no_tty=1", NULL);
}

static KtSnapshot *read_guest(const char *uri, const char *uuid, GError **error)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  return kt_libvirt_read(uri, uuid, snapshot, NULL, error) ? g_steal_pointer(&snapshot) : NULL;
}

static gpointer read_host(gpointer data)
{
  Host *host = data;
  Hosts *all = host->all;
  g_autofree char *uri = quiet_uri(host->uri);
  const KtLiveOptions options = {.interval_s = SAMPLE_SECONDS, .connect_uri = uri};
  GError *error = NULL;
  KtSnapshot *snapshot = all->only ? read_guest(uri, all->only, &error) : kt_evidence_read_live(&options, &error);
  g_mutex_lock(&all->mutex);
  host->snapshot = snapshot;
  host->error = error;
  host->done = TRUE;
  g_cond_signal(&all->changed);
  g_mutex_unlock(&all->mutex);
  hosts_unref(all);
  return NULL;
}

/* ---- threads ---- */

static void start(Host *host, double timeout_s)
{
  g_atomic_ref_count_inc(&host->all->refs);
  host->deadline = g_get_monotonic_time() + (gint64)(timeout_s * G_USEC_PER_SEC);
  GThread *thread = g_thread_try_new("libvirt", read_host, host, NULL);
  if (thread) {
    g_thread_unref(thread);
    return;
  }
  host->done = TRUE;
  host->error = g_error_new(KT_ERROR, KT_ERROR_SYSTEM, "no thread is left to ask '%s'", host->uri);
  g_atomic_ref_count_dec(&host->all->refs); /* not the last one */
}

/* How many of the started hosts are still waited for, and until when. Those whose time is up are given up. */
static guint count_running(Hosts *all, guint started, gint64 *next)
{
  guint running = 0;
  gint64 now = g_get_monotonic_time();
  *next = G_MAXINT64;
  for (guint i = 0; i < started; i++) {
    Host *host = &all->hosts[i];
    host->given_up |= !host->done && host->deadline <= now;
    if (host->done || host->given_up)
      continue;
    running++;
    *next = MIN(*next, host->deadline);
  }
  return running;
}

/* With the mutex held. */
static void run_all(Hosts *all, double timeout_s)
{
  gint64 next;
  for (guint started = 0;;) {
    guint running = count_running(all, started, &next);
    for (; started < all->n && running < MAX_AT_ONCE; running++) {
      start(&all->hosts[started++], timeout_s);
      next = MIN(next, all->hosts[started - 1].deadline);
    }
    if (!running)
      return;
    g_cond_wait_until(&all->changed, &all->mutex, next);
  }
}

/* ---- what they say ---- */

/* Two hosts of one name are told apart by their URIs. */
static void name_host(const KtSnapshot *snapshot, KtMachine *m, const char *uri)
{
  if (m->name && !kt_snapshot_machine(snapshot, m->name))
    return;
  g_autofree char *name = m->name;
  m->name = name ? g_strdup_printf("%s (%s)", name, uri) : g_strdup(uri);
}

static void move_all(GPtrArray *into, GPtrArray *from)
{
  while (from->len)
    g_ptr_array_add(into, g_ptr_array_steal_index(from, 0));
}

/* A process is all that is known of it: no libvirt told its definition. */
static gboolean is_process_alone(const KtDomain *d)
{
  return g_strcmp0(d->format, "qemu") == 0;
}

static KtMachine *own_host(const KtSnapshot *one)
{
  return one->machines->len ? one->machines->pdata[one->machines->len - 1] : NULL;
}

void kt_libvirt_place_domains(KtSnapshot *one)
{
  for (guint i = 0; i < one->domains->len; i++) {
    KtDomain *d = one->domains->pdata[i];
    d->host = is_process_alone(d) && one->machines->len ? one->machines->pdata[0] : own_host(one);
  }
}

void kt_libvirt_drop_twice(KtSnapshot *all)
{
  g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < all->domains->len; i++) {
    const KtDomain *d = all->domains->pdata[i];
    if (d->uuid && !is_process_alone(d))
      g_hash_table_add(told, g_ascii_strdown(d->uuid, -1));
  }
  for (guint i = all->domains->len; i-- > 0;) {
    const KtDomain *d = all->domains->pdata[i];
    g_autofree char *uuid = d->uuid && is_process_alone(d) ? g_ascii_strdown(d->uuid, -1) : NULL;
    if (uuid && g_hash_table_contains(told, uuid))
      g_ptr_array_remove_index(all->domains, i);
  }
}

static void take_host(KtSnapshot *into, Host *host)
{
  KtSnapshot *from = host->snapshot;
  KtMachine *m = own_host(from);
  if (m)
    name_host(into, m, host->uri);
  kt_libvirt_place_domains(from);
  move_all(into->machines, from->machines);
  move_all(into->domains, from->domains);
  move_all(into->flavors, from->flavors);
  move_all(into->rejected, from->rejected);
  move_all(into->notes, from->notes);
}

static void note_failure(KtSnapshot *snapshot, const Host *host, double timeout_s, GError **error)
{
  g_autoptr(GError) failed =
      host->given_up ? g_error_new(KT_ERROR, KT_ERROR_SYSTEM, "cannot connect to '%s': no answer within %g seconds",
                                   host->uri, timeout_s)
                     : g_error_copy(host->error);
  snapshot->unreachable++;
  g_ptr_array_add(snapshot->notes, g_strdup_printf(_("left out: %s"), failed->message));
  if (error && !*error)
    *error = g_steal_pointer(&failed);
}

/* All of them, read or given up; with the mutex held. */
static Hosts *ask(const char *const *uris, guint n, const char *only, double timeout_s)
{
#if HAVE_LIBVIRT && HAVE_LIBXML2
  kt_libvirt_prepare();
#endif
  Hosts *all = g_new0(Hosts, 1);
  g_atomic_ref_count_init(&all->refs);
  g_mutex_init(&all->mutex);
  g_cond_init(&all->changed);
  all->n = n;
  all->only = g_strdup(only);
  all->hosts = g_new0(Host, n);
  for (guint i = 0; i < n; i++)
    all->hosts[i] = (Host){.all = all, .uri = g_strdup(uris[i])};
  g_mutex_lock(&all->mutex);
  run_all(all, timeout_s);
  return all;
}

static void leave(Hosts *all)
{
  g_mutex_unlock(&all->mutex);
  hosts_unref(all);
}

void kt_libvirt_read_hosts(const char *const *uris, guint n, double timeout_s, KtSnapshot *snapshot, GError **error)
{
  Hosts *all = ask(uris, n, NULL, timeout_s);
  for (guint i = 0; i < n; i++) {
    Host *host = &all->hosts[i];
    if (host->done && host->snapshot)
      take_host(snapshot, host);
    else
      note_failure(snapshot, host, timeout_s, error);
  }
  leave(all);
  kt_libvirt_drop_twice(snapshot);
}

static void drop_snapshot(gpointer snapshot)
{
  kt_snapshot_free(snapshot);
}

GPtrArray *kt_libvirt_find_guest(const char *const *uris, guint n, const char *uuid, double timeout_s)
{
  GPtrArray *found = g_ptr_array_new_with_free_func(drop_snapshot);
  Hosts *all = ask(uris, n, uuid, timeout_s);
  for (guint i = 0; i < n; i++) {
    Host *host = &all->hosts[i];
    gboolean told = host->done && host->snapshot;
    KtSnapshot *snapshot = told ? g_steal_pointer(&host->snapshot) : kt_snapshot_new();
    if (!told)
      note_failure(snapshot, host, timeout_s, NULL);
    g_ptr_array_add(found, snapshot);
  }
  leave(all);
  return found;
}
