/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/units.h"
#include "checks/workload.h"

/* Value of --NAME=VALUE, dashes and underscores alike as mysqld takes them; the last wins. NULL: not given. */
static const char *option(const KtProcess *p, const char *name)
{
  const char *found = NULL;
  for (guint i = 0; i < p->args->len; i++) {
    const char *arg = p->args->pdata[i];
    if (!g_str_has_prefix(arg, "--"))
      continue;
    const char *a = arg + 2, *n = name;
    while (*n && (*a == *n || (*n == '_' && *a == '-')))
      a++, n++;
    if (!*n && (*a == '=' || !*a))
      found = *a ? a + 1 : "ON";
  }
  return found;
}

static gboolean is_on(const char *value)
{
  return g_ascii_strcasecmp(value, "ON") == 0 || g_ascii_strcasecmp(value, "TRUE") == 0 || g_str_equal(value, "1");
}

static const KtProcess *find_server(const KtMachine *m)
{
  for (guint i = 0; i < m->processes->len; i++) {
    const KtProcess *p = m->processes->pdata[i];
    if (g_strcmp0(p->comm, "mysqld") == 0)
      return p;
  }
  return NULL;
}

/* A variable as the server itself tells it, else as it was told: on its command line, in its configuration. */
static const char *variable(const KtMachine *m, const KtProcess *p, const char *name, const char **where)
{
  g_autofree char *shown = g_strconcat("mysql.", name, NULL), *configured = g_strconcat("my.cnf.", name, NULL);
  const char *value = kt_machine_setting(m, shown);
  *where = "SHOW VARIABLES";
  if (!value && p) {
    value = option(p, name);
    *where = "mysqld";
  }
  if (!value) {
    value = kt_machine_setting(m, configured);
    *where = "my.cnf";
  }
  return value;
}

static gint64 largest_node_kib(const KtMachine *m)
{
  gint64 most = 0;
  for (guint i = 0; i < m->nodes->len; i++) {
    const KtNode *node = m->nodes->pdata[i];
    if (!node->memory_kib.known)
      return 0;
    most = MAX(most, node->memory_kib.value);
  }
  return most;
}

void kt_check_w06(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  const KtProcess *p = find_server(m);
  KtInt nodes = kt_machine_nodes_known(m);
  const char *from;
  const char *size = variable(m, p, "innodb_buffer_pool_size", &from);
  const char *interleave = variable(m, p, "innodb_numa_interleave", &from);
  if ((!p && !size && !interleave) || (nodes.known && nodes.value < 2))
    return;
  if ((interleave && is_on(interleave)) || (p && p->bound_nodes && g_str_has_prefix(p->bound_nodes, "interleave"))) {
    kt_finding_fine(f);
    return;
  }
  guint64 pool_kib;
  gint64 node_kib = largest_node_kib(m);
  if (!nodes.known || !node_kib) {
    kt_finding_cannot(f, "the guest's nodes and their memory (numactl --hardware)");
    return;
  }
  if (!size || !kt_units_parse_kib(size, 1, &pool_kib)) {
    kt_finding_cannot(f, "innodb_buffer_pool_size and innodb_numa_interleave (SHOW VARIABLES)");
    return;
  }
  if (pool_kib <= (guint64)node_kib) {
    kt_finding_fine(f);
    return;
  }
  if (!interleave) { /* OFF by default up to 8.3, ON from 8.4 */
    kt_finding_cannot(f, "innodb_numa_interleave (SHOW VARIABLES; its default changed with MySQL 8.4)");
    return;
  }
  g_autofree char *pool = kt_units_format_kib(pool_kib), *node = kt_units_format_kib((guint64)node_kib);
  kt_finding_fire(f, s, "MySQL's buffer pool (%s) exceeds a node (%s) and is not interleaved", pool, node);
  kt_finding_say(f, "%s: innodb_numa_interleave=%s", from, interleave);
  kt_finding_cite_machine(f, m, "settings.mysql.innodb_numa_interleave");
  kt_finding_cite_machine(f, m, "settings.my.cnf.innodb_numa_interleave");
}
