/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process list: QEMU processes become domains, those that checks look at are kept. */
#include "evidence/process.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "evidence/qemu_args.h"

#define MAX_PROCESSES 100000
#define MAX_ARGUMENTS 8192
#define CMDLINE_LIMIT (1024 * 1024)

/* By the name of the program: whoever balances, and workloads that have checks of their own. */
static const char *const looked_at[] = {
    "java",       "mysqld",  "mariadbd", "postgres", "mongod",   "redis-server", "numad",
    "irqbalance", "qemu-ga", "tuned",    "ksmtuned", "libvirtd", "virtqemud",    "numatop",
};

GArray *kt_process_list(KtRoot *root)
{
  GArray *pids = g_array_new(FALSE, FALSE, sizeof(int));
  g_auto(GStrv) names = kt_root_list(root, "proc");
  for (guint i = 0; names && names[i] && pids->len < MAX_PROCESSES; i++) {
    guint64 pid;
    if (kt_units_parse_count(names[i], &pid) && pid > 0 && pid <= G_MAXINT32) {
      int number = (int)pid;
      g_array_append_val(pids, number);
    }
  }
  return pids;
}

char **kt_process_argv(KtRoot *root, int pid)
{
  g_autofree char *path = g_strdup_printf("proc/%d/cmdline", pid);
  gsize length = 0;
  g_autofree char *text = kt_root_read(root, path, CMDLINE_LIMIT, &length, NULL);
  if (!text || !length)
    return NULL;
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  for (gsize at = 0; at < length && argv->len < MAX_ARGUMENTS; at += strlen(text + at) + 1)
    g_ptr_array_add(argv, g_utf8_make_valid(text + at, -1));
  g_ptr_array_add(argv, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

char *kt_process_status(const char *status, const char *field)
{
  gsize len = strlen(field);
  for (const char *line = status; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
    if (strncmp(line, field, len) == 0 && line[len] == ':')
      return g_strstrip(g_strndup(line + len + 1, strcspn(line + len + 1, "\n")));
  return NULL;
}

KtInt kt_process_status_kib(const char *status, const char *field)
{
  g_autofree char *text = kt_process_status(status, field);
  guint64 kib;
  return text && g_str_has_suffix(text, " kB") && kt_units_parse_kib(text, 1024, &kib) && kib <= G_MAXINT64
             ? KT_INT((gint64)kib)
             : KT_INT_UNKNOWN;
}

void kt_process_cite(KtRootReading *r, KtDomain *d, const char *fact, const char *path, const char *text,
                     const char *field)
{
  g_autofree char *value = kt_process_status(text, field);
  if (!value)
    return;
  g_autofree char *said = g_strdup_printf("%s: %s", field, value), *valid = g_utf8_make_valid(said, -1);
  g_autoptr(KtCite) cite = kt_root_cite(r->root, path, valid);
  kt_domain_cite(d, fact, cite);
}

static gboolean is_looked_at(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(looked_at); i++)
    if (g_str_equal(name, looked_at[i]))
      return TRUE;
  return FALSE;
}

/* Nodes that its memory is bound to: by the policy of its first mapping (the rest
 * of numa_maps is costly), else by a cpuset narrower than the machine's nodes. */
static char *bound_nodes(KtRootReading *r, int pid, const char *status)
{
  g_autofree char *path = g_strdup_printf("proc/%d/numa_maps", pid);
  g_autofree char *head = kt_root_read_head(r->root, path, 4096);
  g_auto(GStrv) words = g_strsplit(head ? head : "", " ", 3);
  if (g_strv_length(words) > 1 && strchr(words[1], ':'))
    return g_strndup(words[1], strcspn(words[1], "\n"));
  g_autofree char *list = kt_process_status(status, "Mems_allowed_list");
  g_autoptr(KtSet) allowed = list ? kt_set_parse(list, NULL) : NULL;
  g_autoptr(KtSet) nodes = kt_set_new();
  for (guint i = 0; i < r->m->nodes->len; i++)
    kt_set_add(nodes, (guint)((const KtNode *)r->m->nodes->pdata[i])->id);
  if (!allowed || kt_set_count(nodes) < 2 || kt_set_contains(allowed, nodes))
    return NULL;
  return g_strconcat("bind:", list, NULL);
}

static void add_process(KtRootReading *r, int pid, char **argv)
{
  g_autofree char *comm = kt_root_read_linef(r->root, "proc/%d/comm", pid);
  g_autofree char *program = g_path_get_basename(argv[0]);
  g_autofree char *valid = comm ? g_utf8_make_valid(comm, -1) : NULL;
  gboolean by_comm = valid && is_looked_at(valid);
  if (!by_comm && !is_looked_at(program))
    return;
  KtProcess *p = kt_machine_add_process(r->m, pid, by_comm ? valid : program);
  for (guint i = 0; argv[i]; i++)
    g_ptr_array_add(p->args, g_strdup(argv[i]));
  g_autofree char *status = kt_root_read_linef(r->root, "proc/%d/status", pid);
  p->rss_kib = kt_process_status_kib(status, "VmRSS");
  p->bound_nodes = bound_nodes(r, pid, status);
}

static void add_qemu(KtRootReading *r, int pid, char **argv, GHashTable *domains)
{
  g_autofree char *path = g_strdup_printf("proc/%d/cmdline", pid);
  g_autofree char *source = kt_root_source(r->root, path);
  KtDomain *d = kt_domain_new(source);
  g_ptr_array_add(r->snapshot->domains, d);
  kt_qemu_args_read(d, (const char *const *)argv, NULL);
  if (!d->name)
    d->name = g_strdup_printf("qemu-%d", pid);
  if (r->only && !kt_domain_is_called(d, r->only)) {
    g_ptr_array_set_size(r->snapshot->domains, (int)r->snapshot->domains->len - 1);
    return;
  }
  kt_process_read_qemu(r, d, pid);
  g_hash_table_insert(domains, GINT_TO_POINTER(pid), d);
}

/* Since Linux 6.4 vhost workers are threads of QEMU's own; a large machine has thousands of kernel threads. */
static gboolean has_vhost_kernel_threads(const KtMachine *m)
{
  int major, minor;
  return !m->kernel_release || sscanf(m->kernel_release, "%d.%d", &major, &minor) != 2 || major < 6 ||
         (major == 6 && minor < 4);
}

/* A vhost worker as kernel thread: the name tells whose. */
static void add_vhost(KtRootReading *r, int pid, GHashTable *domains)
{
  g_autofree char *comm = kt_root_read_linef(r->root, "proc/%d/comm", pid);
  guint64 owner;
  if (!comm || !g_str_has_prefix(comm, "vhost-") || !kt_units_parse_count(comm + strlen("vhost-"), &owner) ||
      owner > G_MAXINT32)
    return;
  KtDomain *d = g_hash_table_lookup(domains, GINT_TO_POINTER((int)owner));
  g_autofree char *directory = g_strdup_printf("proc/%d", pid);
  if (d)
    kt_process_read_thread(r, d, directory, pid);
}

guint kt_root_read_processes(KtRootReading *r)
{
  g_autoptr(GArray) pids = kt_process_list(r->root);
  g_autoptr(GHashTable) domains = g_hash_table_new(NULL, NULL); /* pid -> KtDomain* */
  g_autoptr(GArray) kernel = g_array_new(FALSE, FALSE, sizeof(int));
  guint kvm = 0;
  for (guint i = 0; i < pids->len; i++) {
    int pid = g_array_index(pids, int, i);
    g_auto(GStrv) argv = kt_process_argv(r->root, pid);
    if (!argv)
      g_array_append_val(kernel, pid);
    else if (kt_qemu_args_is_qemu((const char *const *)argv))
      add_qemu(r, pid, argv, domains);
    else if (!r->only_qemu)
      add_process(r, pid, argv);
  }
  gboolean look = g_hash_table_size(domains) && !r->only_qemu && has_vhost_kernel_threads(r->m);
  for (guint i = 0; look && i < kernel->len; i++)
    add_vhost(r, g_array_index(kernel, int, i), domains);
  GHashTableIter iter;
  gpointer d;
  g_hash_table_iter_init(&iter, domains);
  while (g_hash_table_iter_next(&iter, NULL, &d))
    kvm += g_strcmp0(((KtDomain *)d)->type, "kvm") == 0;
  if (kvm)
    kt_root_note_unreadable(r, "sys/kernel/debug/kvm");
  /* With hidepid the own processes alone are shown; then there may be others. */
  r->m->processes_seen = kt_root_exists(r->root, "proc/1/comm") || kt_root_exists(r->root, "proc/1/cmdline");
  if (pids->len && !r->m->processes_seen)
    kt_machine_set_unreadable(r->m, "/proc", "processes of other users are hidden, needs root");
  return kvm;
}
