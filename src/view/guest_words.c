/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/i18n.h"
#include "checks/jvm.h"
#include "model/node_memory.h"
#include "view/facts_words.h"
#include "view/guest_view.h"

/* Databases by the name of their program, and what of their command line and variables matters. */
static const struct {
  const char *comm;
  const char *options[3];  /* as they begin */
  const char *settings[3]; /* of the machine */
} databases[] = {
    {"mysqld",
     {"--innodb-numa-interleave", "--innodb-buffer-pool-size", "--large-pages"},
     {"mysql.innodb_numa_interleave", "mysql.innodb_buffer_pool_size", "mysql.large_pages"}},
    {"mariadbd",
     {"--innodb-buffer-pool-size", "--large-pages"},
     {"mysql.innodb_buffer_pool_size", "mysql.large_pages"}},
    {"postgres", {"huge_pages", "shared_buffers"}, {NULL}},
    {"postmaster", {"huge_pages", "shared_buffers"}, {NULL}},
    {"mongod", {"--wiredTigerCacheSizeGB"}, {NULL}},
    {"redis-server", {"--maxmemory"}, {NULL}},
};

static int database_of(const KtProcess *p)
{
  for (guint i = 0; i < G_N_ELEMENTS(databases); i++)
    if (g_strcmp0(p->comm, databases[i].comm) == 0)
      return (int)i;
  return -1;
}

gboolean kt_guest_is_program(const KtProcess *p)
{
  return kt_jvm_is(p) || database_of(p) >= 0;
}

static void say_jvm(GString *out, const KtMachine *m, const KtProcess *p)
{
  const KtJvm jvm = kt_jvm_read(m, p);
  g_autofree char *heap = kt_say_kib(jvm.heap_kib);
  if (jvm.version.known)
    kt_say(out, "JDK %" PRId64, jvm.version.value);
  if (heap)
    kt_say(out, _("heap %s"), heap);
  if (jvm.gc != KT_GC_UNKNOWN)
    kt_say(out, "%s", kt_gc_name(jvm.gc));
  if (jvm.use_numa != KT_UNKNOWN)
    kt_say(out, jvm.use_numa == KT_YES ? "+UseNUMA" : "-UseNUMA");
  else
    kt_say(out, "%s", jvm.args_cut ? _("UseNUMA unknown") : _("UseNUMA not given"));
  if (jvm.gc_threads.known)
    kt_say(out, "ParallelGCThreads=%" PRId64, jvm.gc_threads.value);
}

static void say_database(GString *out, const KtMachine *m, const KtProcess *p, int which)
{
  for (guint i = 0; i < p->args->len; i++) {
    const char *arg = p->args->pdata[i];
    for (guint k = 0; k < G_N_ELEMENTS(databases->options) && databases[which].options[k]; k++)
      if (g_str_has_prefix(arg, databases[which].options[k]))
        kt_say(out, "%s", arg);
  }
  for (guint k = 0; k < G_N_ELEMENTS(databases->settings) && databases[which].settings[k]; k++) {
    const char *value = kt_machine_setting(m, databases[which].settings[k]);
    if (value)
      kt_say(out, "%s=%s", databases[which].settings[k] + strlen("mysql."), value);
  }
}

char *kt_guest_say_program(const KtMachine *m, const KtProcess *p)
{
  GString *out = g_string_new(NULL);
  int which = database_of(p);
  if (which < 0)
    say_jvm(out, m, p);
  else
    say_database(out, m, p, which);
  if (p->bound_nodes)
    kt_say(out, "%s", p->bound_nodes);
  return g_string_free(out, out->len == 0);
}

char *kt_guest_say_memory(const KtProcess *p)
{
  g_autofree char *rss = kt_say_kib(p->rss_kib);
  gint64 all = kt_memory_kib(p->node_memory);
  if (!rss || all <= 0)
    return g_steal_pointer(&rss);
  GString *out = g_string_new(rss);
  for (guint i = 0; i < p->node_memory->len; i++) {
    const KtNodeMemory *on = &g_array_index(p->node_memory, KtNodeMemory, i);
    g_string_append_printf(out, "%s", i ? _(", ") : ": ");
    g_string_append_printf(out, _("node %d %.0f %%"), on->node, 100.0 * (double)on->kib / (double)all);
  }
  return g_string_free(out, FALSE);
}
