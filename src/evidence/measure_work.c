/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/measure_work.h"

#include <string.h>

#include "config.h"
#include "evidence/libvirt_agent.h"
#include "evidence/root_machine.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include "evidence/libvirt_connect.h"
#include "evidence/libvirt_stats.h"
#endif

#define MAX_GUESTS 64 /* whose agents are asked */
#define AGENT_SECONDS 5
#define INTERRUPTS_LIMIT (4 * 1024 * 1024)

/* A guest that is asked through its agent. */
typedef struct {
  KtLibvirtAgent *way;
  KtAgent *agent; /* NULL: did not answer, and is asked no more */
} Inside;

struct KtWork {
  KtRoot *root;
  const KtMeasureOptions *options;
  KtWorkCounts own;
  GHashTable *domains; /* UUID -> KtWorkCounts* */
  GHashTable *inside;  /* UUID -> Inside* */
#if HAVE_LIBVIRT && HAVE_LIBXML2
  virConnectPtr connection; /* NULL: none runs */
#endif
};

static void inside_free(gpointer data)
{
  Inside *inside = data;
  kt_agent_free(inside->agent);
  kt_libvirt_agent_close(inside->way);
  g_free(inside);
}

KtWork *kt_work_new(KtRoot *root, const KtMeasureOptions *options)
{
  KtWork *work = g_new0(KtWork, 1);
  work->root = kt_root_ref(root);
  work->options = options;
  work->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  work->inside = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, inside_free);
  return work;
}

static void add(KtInt *sum, KtInt n)
{
  if (n.known)
    *sum = KT_INT((sum->known ? sum->value : 0) + n.value);
}

/* ---- the machine itself: devices that stand for hardware, so that no packet of a bridge or tap counts twice ---- */

static void add_network_device(KtWork *work, const char *name)
{
  static const char *const counters[] = {"rx_packets", "tx_packets"};
  g_autofree char *statistics = g_strdup_printf("sys/class/net/%s/statistics", name);
  for (guint i = 0; i < G_N_ELEMENTS(counters); i++)
    add(&work->own.packets, kt_root_read_int(work->root, statistics, counters[i]));
}

/* "reads merged sectors ms writes ...", Documentation/block/stat.rst of the kernel. */
static void add_disk(KtWork *work, const char *name)
{
  g_autofree char *text = kt_root_read_linef(work->root, "sys/block/%s/stat", name);
  const char *at = text;
  for (guint field = 0; at && field < 5; field++) {
    char *end;
    guint64 n = g_ascii_strtoull(at, &end, 10);
    if (end == at || n > G_MAXINT64)
      return;
    if (field == 0 || field == 4)
      add(&work->own.requests, KT_INT((gint64)n));
    at = end;
  }
}

static void each_device(KtWork *work, const char *directory, void (*found)(KtWork *work, const char *name))
{
  g_auto(GStrv) names = kt_root_list(work->root, directory);
  for (guint i = 0; names && names[i]; i++) {
    g_autofree char *device = g_strdup_printf("%s/%s/device", directory, names[i]);
    if (kt_root_exists(work->root, device))
      found(work, names[i]);
  }
}

/* ---- domains, by libvirt ---- */

#if HAVE_LIBVIRT && HAVE_LIBXML2
static void take_domain(virDomainPtr domain, const KtLibvirtStats *stats, gpointer data)
{
  KtWork *work = data;
  char uuid[VIR_UUID_STRING_BUFLEN];
  if (virDomainGetUUIDString(domain, uuid) < 0)
    return;
  KtWorkCounts *counts = g_new0(KtWorkCounts, 1);
  counts->packets = stats->packets;
  counts->requests = stats->requests;
  g_hash_table_replace(work->domains, g_ascii_strdown(uuid, -1), counts);
}

static void take_domains(KtWork *work)
{
  if (!work->connection ||
      virConnectIsAlive(work->connection) != 1) { /* its daemon may come, end and be started anew */
    if (work->connection)
      virConnectClose(work->connection);
    work->connection = kt_libvirt_open(work->options->connect_uri, FALSE, NULL);
  }
  if (work->connection)
    kt_libvirt_each_stats(work->connection, VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK, take_domain, work);
}

static void close_connection(KtWork *work)
{
  if (work->connection)
    virConnectClose(work->connection);
}
#else
static void take_domains(KtWork *work)
{
}

static void close_connection(KtWork *work)
{
}
#endif

/* ---- inside of guests ---- */

static Inside *open_inside(KtWork *work, const char *uuid)
{
  Inside *inside = g_new0(Inside, 1);
  inside->way = kt_libvirt_agent_open(work->options->connect_uri, uuid, NULL);
  inside->agent = inside->way ? kt_agent_new(kt_libvirt_agent_channel(inside->way), NULL) : NULL;
  g_hash_table_insert(work->inside, g_strdup(uuid), inside);
  return inside;
}

static KtInt wakeups_in(GBytes *interrupts)
{
  g_autoptr(KtRoot) tree = kt_root_new_memory("guest");
  g_autoptr(KtMachine) m = kt_machine_new();
  g_autoptr(KtSnapshot) rejects = kt_snapshot_new();
  kt_root_add_file(tree, "proc/interrupts", interrupts);
  KtRootReading r = {.root = tree, .m = m, .snapshot = rejects};
  kt_root_read_counters(&r);
  const KtInterrupt *res = kt_machine_find_interrupt(m, "RES"), *cal = kt_machine_find_interrupt(m, "CAL");
  return res && cal && res->total + cal->total <= G_MAXINT64 ? KT_INT((gint64)(res->total + cal->total))
                                                             : KT_INT_UNKNOWN;
}

static void take_inside(KtWork *work, const char *uuid, KtWorkCounts *counts)
{
  Inside *inside = g_hash_table_lookup(work->inside, uuid);
  if (!inside && g_hash_table_size(work->inside) < MAX_GUESTS)
    inside = open_inside(work, uuid);
  if (!inside || !inside->agent)
    return;
  kt_agent_set_deadline(inside->agent, g_get_monotonic_time() + AGENT_SECONDS * G_USEC_PER_SEC);
  g_autoptr(GBytes) text = kt_agent_read_file(inside->agent, "/proc/interrupts", INTERRUPTS_LIMIT, NULL, NULL);
  if (text)
    counts->wakeups = wakeups_in(text);
  else
    g_clear_pointer(&inside->agent, kt_agent_free);
}

void kt_work_look(KtWork *work)
{
  work->own = (KtWorkCounts){0};
  each_device(work, "sys/class/net", add_network_device);
  each_device(work, "sys/block", add_disk);
  g_hash_table_remove_all(work->domains);
  if (!kt_root_is_live(work->root))
    return;
  take_domains(work);
}

KtWorkCounts kt_work_counts(KtWork *work, const char *uuid)
{
  if (!uuid)
    return work->own;
  g_autofree char *key = g_ascii_strdown(uuid, -1);
  const KtWorkCounts *found = g_hash_table_lookup(work->domains, key);
  KtWorkCounts counts = found ? *found : (KtWorkCounts){0};
  if (found && work->options->inside)
    take_inside(work, key, &counts);
  return counts;
}

void kt_work_free(KtWork *work)
{
  if (!work)
    return;
  close_connection(work);
  g_hash_table_unref(work->inside);
  g_hash_table_unref(work->domains);
  kt_root_unref(work->root);
  g_free(work);
}
