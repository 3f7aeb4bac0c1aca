/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/sample.h"

#include <string.h>

#include "evidence/process.h"

#define STAT_LIMIT (64 * 1024 * 1024)

/* Fields of a cpu row of /proc/stat, in clock ticks (proc(5)). User holds guest, nice holds gnice. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, TIMES };

typedef struct {
  guint64 t[TIMES];
} CpuTimes;

/* What is counted of a domain or thread. */
typedef struct {
  KtInt run_ns, wait_ns, slices; /* slices: how often it got a CPU; since Linux 2.6.23 */
  char *path, *text;             /* of its schedstat */
} ThreadTimes;

static void thread_times_free(gpointer data)
{
  ThreadTimes *times = data;
  g_free(times->path);
  g_free(times->text);
  g_free(times);
}

typedef struct {
  gboolean runs;
  KtInt throttled, exits, poll_success_ns, poll_fail_ns;
} DomainCounts;

struct KtSample {
  GHashTable *cpu_times; /* CPU id + 1, 0 for all -> CpuTimes* */
  GHashTable *threads;   /* tid -> ThreadTimes* */
  GHashTable *domains;   /* pid -> DomainCounts* */
  GHashTable *kvm;       /* pid -> its directory's name in debugfs */
  KtMachine *m;          /* counters, interrupts and nodes */
  char *stat_source;
  double epoch, uptime;
};

static gboolean parse_times(const char *line, CpuTimes *times)
{
  guint n = 0;
  while (n < TIMES) {
    char *end;
    while (*line == ' ')
      line++;
    if (!g_ascii_isdigit(*line))
      break;
    times->t[n++] = g_ascii_strtoull(line, &end, 10);
    line = end;
  }
  return n > STEAL; /* older kernels do not count guest time */
}

static void take_cpu_times(KtSample *sample, KtRoot *root)
{
  g_autofree char *text = kt_root_read(root, "proc/stat", STAT_LIMIT, NULL, NULL);
  for (const char *line = text; line && g_str_has_prefix(line, "cpu");
       line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
    char *end = (char *)line + 3;
    guint64 key = *end == ' ' ? 0 : g_ascii_strtoull(end, &end, 10) + 1;
    CpuTimes times = {0};
    if (*end == ' ' && key <= KT_SET_MAX && parse_times(end, &times))
      g_hash_table_replace(sample->cpu_times, GUINT_TO_POINTER((guint)key), g_memdup2(&times, sizeof times));
  }
}

static void take_thread(KtSample *sample, KtRoot *root, int pid, int tid)
{
  g_autofree char *path = g_strdup_printf("proc/%d/task/%d/schedstat", pid, tid);
  g_autofree char *text = kt_root_read_line(root, path);
  if (!text) { /* a kernel thread */
    g_free(path);
    path = g_strdup_printf("proc/%d/schedstat", tid);
    text = kt_root_read_line(root, path);
  }
  char *end;
  guint64 run = text ? g_ascii_strtoull(text, &end, 10) : 0;
  if (!text || end == text || *end != ' ')
    return;
  guint64 wait = g_ascii_strtoull(end, &end, 10), slices = *end == ' ' ? g_ascii_strtoull(end, NULL, 10) : G_MAXUINT64;
  if (run > G_MAXINT64 || wait > G_MAXINT64)
    return;
  ThreadTimes *times = g_new0(ThreadTimes, 1);
  *times = (ThreadTimes){.run_ns = KT_INT((gint64)run),
                         .wait_ns = KT_INT((gint64)wait),
                         .slices = slices <= G_MAXINT64 ? KT_INT((gint64)slices) : KT_INT_UNKNOWN,
                         .path = kt_root_source(root, path),
                         .text = g_utf8_make_valid(text, -1)};
  g_hash_table_replace(sample->threads, GINT_TO_POINTER(tid), times);
}

#define KVM_DIR "sys/kernel/debug/kvm"

/* "1234-15" is of the process 1234. */
static GHashTable *list_kvm(KtRoot *root)
{
  GHashTable *table = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  g_auto(GStrv) names = kt_root_list(root, KVM_DIR);
  for (guint i = 0; names && names[i]; i++) {
    char *end;
    guint64 pid = g_ascii_strtoull(names[i], &end, 10);
    if (*end == '-' && pid > 0 && pid <= G_MAXINT32 && !g_hash_table_contains(table, GINT_TO_POINTER((int)pid)))
      g_hash_table_insert(table, GINT_TO_POINTER((int)pid), g_strdup(names[i]));
  }
  return table;
}

/* KVM's own statistics of the guest, in debugfs: for root alone. */
static void take_kvm(DomainCounts *counts, KtRoot *root, const char *name)
{
  if (!name)
    return;
  g_autofree char *directory = g_build_filename(KVM_DIR, name, NULL);
  counts->exits = kt_root_read_int(root, directory, "exits");
  counts->poll_success_ns = kt_root_read_int(root, directory, "halt_poll_success_ns");
  counts->poll_fail_ns = kt_root_read_int(root, directory, "halt_poll_fail_ns");
}

static void take_domain(KtSample *sample, KtRoot *root, const KtDomain *d)
{
  g_autofree char *comm = kt_root_read_linef(root, "proc/%d/comm", d->runtime->pid);
  DomainCounts counts = {.runs = comm != NULL, .throttled = kt_process_throttled(root, d)};
  take_kvm(&counts, root, g_hash_table_lookup(sample->kvm, GINT_TO_POINTER(d->runtime->pid)));
  g_hash_table_replace(sample->domains, GINT_TO_POINTER(d->runtime->pid), g_memdup2(&counts, sizeof counts));
  for (guint i = 0; i < d->runtime->threads->len; i++)
    take_thread(sample, root, d->runtime->pid, ((const KtThread *)d->runtime->threads->pdata[i])->tid);
}

/* The kernel's own clock: seconds since it started, and when that was. */
static void take_time(KtSample *sample, KtRoot *root)
{
  g_autofree char *uptime = kt_root_read_line(root, "proc/uptime");
  g_autofree char *stat = kt_root_read(root, "proc/stat", STAT_LIMIT, NULL, NULL);
  const char *started = stat ? strstr(stat, "\nbtime ") : NULL;
  double start = started ? (double)g_ascii_strtoull(started + strlen("\nbtime "), NULL, 10) : 0;
  sample->uptime = uptime && g_ascii_isdigit(*uptime) ? g_ascii_strtod(uptime, NULL) : -1;
  if (kt_root_is_live(root))
    sample->epoch = (double)g_get_real_time() / G_USEC_PER_SEC;
  else if (start > 0 && start < 1e10 && sample->uptime >= 0 && sample->uptime < 1e10)
    sample->epoch = start + sample->uptime;
}

double kt_sample_epoch(const KtSample *sample)
{
  return sample->epoch;
}

double kt_sample_uptime(const KtSample *sample)
{
  return sample->uptime;
}

KtSample *kt_sample_take(KtRoot *root, const KtSnapshot *snapshot)
{
  KtSample *sample = g_new0(KtSample, 1);
  sample->cpu_times = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  sample->threads = g_hash_table_new_full(NULL, NULL, NULL, thread_times_free);
  sample->domains = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  sample->kvm = list_kvm(root);
  sample->m = kt_machine_new();
  sample->stat_source = kt_root_source(root, "proc/stat");
  for (guint i = 0; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    if (d->runtime && d->runtime->pid)
      take_domain(sample, root, d);
  }
  take_time(sample, root);
  take_cpu_times(sample, root);
  g_autoptr(KtSnapshot) rejects = kt_snapshot_new(); /* told at the first look */
  KtRootReading r = {.root = root, .m = sample->m, .snapshot = rejects};
  kt_root_read_counters(&r);
  const KtMachine *m = snapshot->machines->len ? snapshot->machines->pdata[0] : NULL;
  if (m)
    kt_root_read_cgroups_again(&r, m);
  for (guint i = 0; m && i < m->nodes->len; i++)
    kt_root_read_numastat(root, kt_machine_node(sample->m, ((const KtNode *)m->nodes->pdata[i])->id));
  return sample;
}

void kt_sample_free(KtSample *sample)
{
  if (!sample)
    return;
  g_hash_table_unref(sample->cpu_times);
  g_hash_table_unref(sample->threads);
  g_hash_table_unref(sample->domains);
  g_hash_table_unref(sample->kvm);
  kt_machine_free(sample->m);
  g_free(sample->stat_source);
  g_free(sample);
}

/* ---- rates ---- */

KtNum kt_sample_rate(KtInt first, KtInt second, double seconds)
{
  if (!first.known || !second.known || second.value < first.value)
    return KT_NUM_UNKNOWN;
  return KT_NUM((double)(second.value - first.value) / seconds);
}

/* Nanoseconds counted, as percent of the interval. */
static KtNum share(KtInt first, KtInt second, double seconds)
{
  KtNum ns = kt_sample_rate(first, second, seconds);
  return ns.known ? KT_NUM(ns.value / 1e7) : ns;
}

/* Ticks between two moments; FALSE if none passed or one went backwards by more
 * than the kernel's own rounding (iowait and idle may). */
static gboolean ticks_between(const CpuTimes *first, const CpuTimes *second, double out[TIMES], double *total)
{
  *total = 0;
  for (guint i = 0; i < TIMES; i++) {
    out[i] = second->t[i] > first->t[i] ? (double)(second->t[i] - first->t[i]) : 0;
    if (i < GUEST)
      *total += out[i];
  }
  return *total > 0;
}

static void fill_row(KtActivityRow *row, const double t[TIMES], double total)
{
  const double ticks[KT_CPU_FIELDS] = {
      [KT_CPU_USER] = MAX(t[USER] - t[GUEST], 0),
      [KT_CPU_NICE] = MAX(t[NICE] - t[GUEST_NICE], 0),
      [KT_CPU_SYSTEM] = t[SYSTEM],
      [KT_CPU_IOWAIT] = t[IOWAIT],
      [KT_CPU_STEAL] = t[STEAL],
      [KT_CPU_IRQ] = t[IRQ],
      [KT_CPU_SOFT] = t[SOFTIRQ],
      [KT_CPU_GUEST] = t[GUEST],
      [KT_CPU_GNICE] = t[GUEST_NICE],
      [KT_CPU_IDLE] = t[IDLE],
  };
  for (guint i = 0; i < KT_CPU_FIELDS; i++)
    row->pct[i] = KT_NUM(100 * ticks[i] / total);
}

void kt_sample_add_row(const KtSample *first, const KtSample *second, double seconds, KtSnapshot *snapshot)
{
  KtMachine *m = snapshot->machines->len ? snapshot->machines->pdata[0] : NULL;
  const CpuTimes *before = g_hash_table_lookup(first->cpu_times, NULL),
                 *after = g_hash_table_lookup(second->cpu_times, NULL);
  double ticks[TIMES], total;
  if (!m || !before || !after || !ticks_between(before, after, ticks, &total))
    return;
  KtActivityRow row = {.epoch = (gint64)second->epoch, .seconds = seconds};
  fill_row(&row, ticks, total);
  kt_activity_add(kt_machine_activity(m), &row);
  g_autofree char *text = g_strdup_printf("between two looks %.1f s apart", seconds);
  g_autoptr(KtCite) cite = kt_cite_new(second->stat_source, 1, text);
  kt_machine_cite(m, "activity", cite);
}

static void rates_of_cpus(const KtSample *first, const KtSample *second, KtMachine *m)
{
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, second->cpu_times);
  while (g_hash_table_iter_next(&iter, &key, &value)) {
    const CpuTimes *before = g_hash_table_lookup(first->cpu_times, key);
    double ticks[TIMES], total;
    if (key == NULL || !before || !ticks_between(before, value, ticks, &total))
      continue;
    KtActivity *activity = kt_machine_activity(m);
    if (!activity->per_cpu_busy)
      activity->per_cpu_busy = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    KtNum busy = KT_NUM(100 - 100 * (ticks[IDLE] + ticks[IOWAIT]) / total);
    g_hash_table_replace(activity->per_cpu_busy, GUINT_TO_POINTER(GPOINTER_TO_UINT(key) - 1),
                         g_memdup2(&busy, sizeof busy));
  }
}

static void rates_of_counters(const KtMachine *first, const KtMachine *second, double seconds, KtMachine *m)
{
  GHashTableIter iter;
  gpointer name, counter;
  g_hash_table_iter_init(&iter, m->counters);
  while (g_hash_table_iter_next(&iter, &name, &counter)) {
    const KtCounter *a = kt_machine_counter(first, name), *b = kt_machine_counter(second, name);
    if (a && b)
      ((KtCounter *)counter)->per_second = kt_sample_rate(KT_INT(a->value), KT_INT(b->value), seconds);
  }
  g_autoptr(GHashTable) before = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) after = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < first->interrupts->len; i++)
    g_hash_table_insert(before, ((KtInterrupt *)first->interrupts->pdata[i])->name, first->interrupts->pdata[i]);
  for (guint i = 0; i < second->interrupts->len; i++)
    g_hash_table_insert(after, ((KtInterrupt *)second->interrupts->pdata[i])->name, second->interrupts->pdata[i]);
  for (guint i = 0; i < m->interrupts->len; i++) {
    KtInterrupt *irq = m->interrupts->pdata[i];
    const KtInterrupt *a = g_hash_table_lookup(before, irq->name), *b = g_hash_table_lookup(after, irq->name);
    if (a && b && b->total >= a->total)
      irq->per_second = KT_NUM((double)(b->total - a->total) / seconds);
  }
  for (guint i = 0; i < m->nodes->len; i++) {
    KtNode *node = m->nodes->pdata[i];
    const KtNode *a = kt_machine_find_node(first, node->id), *b = kt_machine_find_node(second, node->id);
    if (!a || !b)
      continue;
    node->hit_per_second = kt_sample_rate(a->numa_hit, b->numa_hit, seconds);
    node->miss_per_second = kt_sample_rate(a->numa_miss, b->numa_miss, seconds);
    node->foreign_per_second = kt_sample_rate(a->numa_foreign, b->numa_foreign, seconds);
  }
}

static void rates_of_domain(const KtSample *first, const KtSample *second, double seconds, KtDomain *d)
{
  KtRuntime *runtime = d->runtime;
  const DomainCounts *a = g_hash_table_lookup(first->domains, GINT_TO_POINTER(runtime->pid)),
                     *b = g_hash_table_lookup(second->domains, GINT_TO_POINTER(runtime->pid));
  runtime->interval_s = KT_NUM(seconds);
  if (a && b) {
    runtime->throttled_per_second = kt_sample_rate(a->throttled, b->throttled, seconds);
    KtNum exits = kt_sample_rate(a->exits, b->exits, seconds);
    runtime->exits_per_second = exits.known ? KT_INT((gint64)exits.value) : KT_INT_UNKNOWN;
    runtime->halt_poll_success_pct = share(a->poll_success_ns, b->poll_success_ns, seconds);
    runtime->halt_poll_fail_pct = share(a->poll_fail_ns, b->poll_fail_ns, seconds);
  }
  const ThreadTimes *longest = NULL; /* of the vCPU that waited longest */
  double longest_pct = -1;
  for (guint i = 0; i < runtime->threads->len; i++) {
    KtThread *thread = runtime->threads->pdata[i];
    const ThreadTimes *before = g_hash_table_lookup(first->threads, GINT_TO_POINTER(thread->tid)),
                      *after = g_hash_table_lookup(second->threads, GINT_TO_POINTER(thread->tid));
    if (!before || !after)
      continue;
    thread->run_pct = share(before->run_ns, after->run_ns, seconds);
    thread->wait_pct = share(before->wait_ns, after->wait_ns, seconds);
    thread->switches_per_second = kt_sample_rate(before->slices, after->slices, seconds);
    if (thread->vcpu >= 0 && thread->wait_pct.known && thread->wait_pct.value > longest_pct) {
      longest = after;
      longest_pct = thread->wait_pct.value;
    }
  }
  g_autoptr(KtCite) cite = longest ? kt_cite_new(longest->path, 0, longest->text) : NULL;
  kt_domain_cite(d, "runtime.threads", cite);
}

/* A guest that ended between the looks is no more there to diagnose. */
static gboolean has_ended(const KtSample *second, const KtDomain *d)
{
  const DomainCounts *counts = g_hash_table_lookup(second->domains, GINT_TO_POINTER(d->runtime->pid));
  return counts && !counts->runs;
}

void kt_sample_totals(const KtSample *first, const KtSample *second, double seconds, KtSnapshot *snapshot)
{
  KtMachine *m = snapshot->machines->len ? snapshot->machines->pdata[0] : NULL;
  if (m) {
    rates_of_cpus(first, second, m);
    rates_of_counters(first->m, second->m, seconds, m);
  }
  for (guint i = snapshot->domains->len; i-- > 0;) {
    KtDomain *d = snapshot->domains->pdata[i];
    if (!d->runtime || !d->runtime->pid)
      continue;
    if (has_ended(second, d)) {
      g_ptr_array_add(snapshot->notes,
                      g_strdup_printf("domain '%s' ended while it was looked at", d->name ? d->name : d->source));
      g_ptr_array_remove_index(snapshot->domains, i);
      continue;
    }
    rates_of_domain(first, second, seconds, d);
  }
}

void kt_sample_rates(const KtSample *first, const KtSample *second, double seconds, KtSnapshot *snapshot)
{
  kt_sample_add_row(first, second, seconds, snapshot);
  kt_sample_totals(first, second, seconds, snapshot);
}
