/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virsh domstats: all domains or some, once, or twice with the time between.
 * Fields: virConnectGetAllDomainStats in libvirt-domain. */
#include <string.h>

#include "base/units.h"
#include "evidence/domain_parts.h"
#include "evidence/moment.h"
#include "evidence/readers.h"
#include "evidence/scan.h"
#include "evidence/virsh.h"

#define MAX_DOMAINS 4096
#define STATE_RUNNING 1
#define NS_PER_S 1e9

/* One domain's record. */
typedef struct {
  char *name;
  GHashTable *values; /* "vcpu.0.time" -> KtInt* */
  guint line;
} Record;

static void record_free(gpointer data)
{
  Record *record = data;
  g_free(record->name);
  g_hash_table_unref(record->values);
  g_free(record);
}

/* The name in "Domain: 'web-1'"; NULL if the line is another one. Caller frees. */
static char *name_in(const KtText *text, guint i)
{
  g_autofree char *label = NULL;
  const char *value;
  if (kt_text_is_prompt(text, i) || !kt_scan_label(kt_text_at(text, i), &label, &value, NULL))
    return NULL;
  gsize n = strlen(value);
  if ((!g_str_equal(label, "domain") && !g_str_equal(label, "域")) || n < 3 || *value != '\'' || value[n - 1] != '\'')
    return NULL;
  return g_strndup(value + 1, n - 2);
}

static gboolean starts(const KtText *text, guint i)
{
  g_autofree char *name = name_in(text, i);
  return name != NULL;
}

/* "  vcpu.0.time=12345"; numbers alone are kept. FALSE if the line is none. */
static gboolean take_value(Record *record, const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i) + strspn(kt_text_at(text, i), " \t");
  const char *equal = strchr(line, '=');
  guint64 n;
  if (kt_text_is_prompt(text, i) || !equal || equal == line || !memchr(line, '.', (gsize)(equal - line)) ||
      memchr(line, ' ', (gsize)(equal - line)))
    return FALSE;
  if (kt_virsh_is_whole(text, i) && kt_units_parse_count(equal + 1, &n) && n <= G_MAXINT64) {
    KtInt value = KT_INT((gint64)n);
    g_hash_table_insert(record->values, g_strndup(line, (gsize)(equal - line)), g_memdup2(&value, sizeof value));
  }
  return TRUE;
}

static const Record *find_record(const GPtrArray *records, const char *name)
{
  for (guint k = 0; records && k < records->len; k++)
    if (g_str_equal(((const Record *)records->pdata[k])->name, name))
      return records->pdata[k];
  return NULL;
}

/* The records of one output: it ends where a domain comes again. */
static GPtrArray *read_output(const KtText *text, guint i, guint *end)
{
  GPtrArray *records = g_ptr_array_new_with_free_func(record_free);
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  for (*end = i; i < kt_text_count(text); i = kt_scan_skip_blank(text, *end)) {
    char *name = name_in(text, i);
    if (!name || g_hash_table_contains(names, name) || records->len >= MAX_DOMAINS) {
      g_free(name);
      break;
    }
    Record *record = g_new0(Record, 1);
    record->name = name;
    record->line = i;
    record->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_ptr_array_add(records, record);
    g_hash_table_add(names, name);
    for (*end = i + 1; take_value(record, text, *end);)
      (*end)++;
  }
  return records;
}

static KtInt value_of(const Record *record, const char *key)
{
  const KtInt *value = g_hash_table_lookup(record->values, key);
  return value ? *value : KT_INT_UNKNOWN;
}

/* A counter's growth a second; unknown without a moment before, or after a restart. */
static KtNum rate_of(const Record *record, const Record *before, const char *key, double seconds)
{
  KtInt now = value_of(record, key), then = before ? value_of(before, key) : KT_INT_UNKNOWN;
  if (!now.known || !then.known || now.value < then.value || seconds <= 0)
    return KT_NUM_UNKNOWN;
  return KT_NUM((double)(now.value - then.value) / seconds);
}

/* Of nanoseconds: percent of one CPU. More than all of it cannot be. */
static KtNum pct_of(const Record *record, const Record *before, const char *key, double seconds)
{
  KtNum rate = rate_of(record, before, key, seconds);
  double pct = rate.value / NS_PER_S * 100;
  if (!rate.known || pct > 110)
    return KT_NUM_UNKNOWN;
  return KT_NUM(MIN(pct, 100));
}

static void add_vcpus(KtDomain *d, const Record *record, const Record *before, double seconds)
{
  KtInt n = value_of(record, "vcpu.maximum");
  KtNum exits = {0};
  for (gint64 v = 0; n.known && v < MIN(n.value, KT_DOMAIN_MAX_VCPUS); v++) {
    g_autofree char *time = g_strdup_printf("vcpu.%d.time", (int)v), *delay = g_strdup_printf("vcpu.%d.delay", (int)v);
    g_autofree char *exit = g_strdup_printf("vcpu.%d.exits.sum", (int)v);
    if (!value_of(record, time).known)
      continue;
    g_autofree char *comm = g_strdup_printf("CPU %d/KVM", (int)v);
    KtThread *thread = kt_runtime_add_thread(kt_domain_runtime(d), 0, comm);
    thread->vcpu = (int)v;
    thread->run_pct = pct_of(record, before, time, seconds);
    thread->wait_pct = pct_of(record, before, delay, seconds);
    KtNum rate = rate_of(record, before, exit, seconds);
    if (rate.known)
      exits = KT_NUM(exits.value + rate.value);
  }
  if (exits.known)
    kt_domain_runtime(d)->exits_per_second = KT_INT((gint64)exits.value);
}

static void add_runtime(KtDomain *d, const Record *record, const Record *before, double seconds)
{
  KtRuntime *runtime = kt_domain_runtime(d);
  add_vcpus(d, record, before, seconds);
  runtime->rss_kib = value_of(record, "balloon.rss");
  if (!before || seconds <= 0)
    return;
  runtime->interval_s = KT_NUM(seconds);
  KtNum good = rate_of(record, before, "cpu.haltpoll.success.time", seconds);
  KtNum vain = rate_of(record, before, "cpu.haltpoll.fail.time", seconds);
  if (good.known && vain.known) { /* of all vCPUs together: may be more than one CPU */
    runtime->halt_poll_success_pct = KT_NUM(good.value / NS_PER_S * 100);
    runtime->halt_poll_fail_pct = KT_NUM(vain.value / NS_PER_S * 100);
  }
}

static void add_domain(KtReading *r, const KtText *text, const Record *record, const Record *before, double seconds)
{
  static const struct {
    const char *key, *cite;
    gsize offset;
    gint64 most;
  } facts[] = {
      {"vcpu.maximum", "vcpu", G_STRUCT_OFFSET(KtDomain, vcpus), KT_DOMAIN_MAX_VCPUS},
      {"vcpu.current", "vcpu", G_STRUCT_OFFSET(KtDomain, vcpus_current), KT_DOMAIN_MAX_VCPUS},
      {"balloon.maximum", "memory", G_STRUCT_OFFSET(KtDomain, memory_kib), G_MAXINT64},
      {"balloon.current", "currentMemory", G_STRUCT_OFFSET(KtDomain, current_memory_kib), G_MAXINT64},
  };
  KtDomain *d = kt_virsh_domain(r, text, record->line, record->name, TRUE);
  if (!d)
    return;
  const KtCite *cite = kt_reading_cite(r, record->line);
  kt_domain_cite(d, "name", cite);
  for (guint k = 0; k < G_N_ELEMENTS(facts); k++) {
    KtInt value = value_of(record, facts[k].key);
    if (!value.known || value.value < 1 || value.value > facts[k].most)
      continue;
    *(KtInt *)G_STRUCT_MEMBER_P(d, facts[k].offset) = value;
    kt_domain_cite(d, facts[k].cite, cite);
  }
  if (d->vcpus.known && d->vcpus_current.known && d->vcpus_current.value >= d->vcpus.value)
    d->vcpus_current = KT_INT_UNKNOWN; /* all of them */
  if (kt_int_is(value_of(record, "state.state"), STATE_RUNNING)) {
    add_runtime(d, record, before, seconds);
    kt_domain_cite(d, "runtime.threads", cite);
  }
}

static guint read_domstats(KtReading *r, const KtText *text, guint first)
{
  guint end, second_end = 0;
  gboolean prompt;
  g_autoptr(GPtrArray) records = read_output(text, first, &end);
  guint next = kt_moment_next(text, end, starts, &prompt);
  double seconds = next < kt_text_count(text) ? kt_moment_seconds(text, first, next) : -1;
  g_autoptr(GPtrArray) later = seconds > 0 ? read_output(text, next, &second_end) : NULL;
  for (guint k = 0; k < records->len; k++) {
    const Record *record = records->pdata[k], *now = find_record(later, record->name);
    add_domain(r, text, now ? now : record, now ? record : NULL, seconds);
  }
  return later && !prompt ? second_end : end;
}

const KtReader kt_reader_domstats = {
    .name = "virsh domstats",
    .what = "virsh domstats, once or twice with the time between",
    .starts = starts,
    .read = read_domstats,
};
