/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/cpuinfo: a block a CPU. Often only the first block is pasted: what
 * counts CPUs is told only if every package is there whole, by its siblings. */
#include <string.h>

#include "base/units.h"
#include "evidence/cpu_rows.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

typedef enum {
  FIELD_NONE,
  FIELD_OTHER,
  FIELD_PROCESSOR,
  FIELD_VENDOR,
  FIELD_FAMILY,
  FIELD_MODEL,
  FIELD_MODEL_NAME,
  FIELD_STEPPING,
  FIELD_PHYSICAL_ID,
  FIELD_SIBLINGS,
  FIELD_CORE_ID,
  FIELD_CPU_CORES,
  FIELD_FLAGS,
  FIELD_END, /* "power management", the last line of a block on x86 */
  FIELDS,
} Field;

/* arch/x86/kernel/cpu/proc.c, arch/arm64/kernel/cpuinfo.c, arch/powerpc/kernel/setup-common.c */
static const struct {
  const char *label;
  Field field;
} labels[] = {
    {"processor", FIELD_PROCESSOR},
    {"vendor_id", FIELD_VENDOR},
    {"cpu family", FIELD_FAMILY},
    {"model", FIELD_MODEL},
    {"model name", FIELD_MODEL_NAME},
    {"stepping", FIELD_STEPPING},
    {"physical id", FIELD_PHYSICAL_ID},
    {"siblings", FIELD_SIBLINGS},
    {"core id", FIELD_CORE_ID},
    {"cpu cores", FIELD_CPU_CORES},
    {"flags", FIELD_FLAGS},
    {"power management", FIELD_END},
    {"microcode", FIELD_OTHER},
    {"cpu mhz", FIELD_OTHER},
    {"cache size", FIELD_OTHER},
    {"apicid", FIELD_OTHER},
    {"initial apicid", FIELD_OTHER},
    {"fdiv_bug", FIELD_OTHER},
    {"f00f_bug", FIELD_OTHER},
    {"hlt_bug", FIELD_OTHER},
    {"coma_bug", FIELD_OTHER},
    {"fpu", FIELD_OTHER},
    {"fpu_exception", FIELD_OTHER},
    {"cpuid level", FIELD_OTHER},
    {"wp", FIELD_OTHER},
    {"vmx flags", FIELD_OTHER},
    {"bugs", FIELD_OTHER},
    {"bogomips", FIELD_OTHER},
    {"tlb size", FIELD_OTHER},
    {"clflush size", FIELD_OTHER},
    {"cache_alignment", FIELD_OTHER},
    {"address sizes", FIELD_OTHER},
    {"features", FIELD_OTHER},
    {"cpu implementer", FIELD_OTHER},
    {"cpu architecture", FIELD_OTHER},
    {"cpu variant", FIELD_OTHER},
    {"cpu part", FIELD_OTHER},
    {"cpu revision", FIELD_OTHER},
    {"hardware", FIELD_OTHER},
    {"revision", FIELD_OTHER},
    {"serial", FIELD_OTHER},
    {"cpu", FIELD_OTHER},
    {"clock", FIELD_OTHER},
    {"timebase", FIELD_OTHER},
    {"platform", FIELD_OTHER},
    {"machine", FIELD_OTHER},
    {"firmware", FIELD_OTHER},
    {"mmu", FIELD_OTHER},
};

typedef struct {
  KtReading *r;
  const KtText *text;
  KtCpuRows *rows;
  GHashTable *siblings;   /* package -> how many CPUs it is said to have */
  char *value[FIELDS];    /* of the whole machine, by field; */
  guint line[FIELDS];     /* where it stood first */
  gboolean mixed[FIELDS]; /* CPUs differ in it, or it may be cut off */
  KtCpuRow row;           /* the block being read */
  gboolean in_row, row_ended, has_processor;
} Reader;

static Field field_at(const KtText *text, guint i, char **value)
{
  g_autofree char *label = NULL;
  const char *rest;
  if (kt_text_is_prompt(text, i) || !kt_scan_label(kt_text_at(text, i), &label, &rest, NULL))
    return FIELD_NONE;
  for (guint k = 0; k < G_N_ELEMENTS(labels); k++)
    if (g_str_equal(label, labels[k].label)) {
      if (value)
        *value = g_strstrip(g_strdup(rest));
      return labels[k].field;
    }
  return FIELD_NONE;
}

static gboolean starts(const KtText *text, guint i)
{
  g_autofree char *value = NULL;
  guint64 n;
  Field field = field_at(text, i, &value);
  if (field == FIELD_PROCESSOR && kt_units_parse_count(value, &n)) {
    Field next = field_at(text, kt_scan_skip_blank(text, i + 1), NULL);
    return next != FIELD_NONE && next != FIELD_PROCESSOR;
  }
  return field == FIELD_VENDOR && strchr(kt_text_at(text, i), '_') &&
         field_at(text, kt_scan_skip_blank(text, i + 1), NULL) == FIELD_FAMILY;
}

static void finish_row(Reader *s)
{
  if (s->in_row && s->has_processor)
    kt_cpu_rows_add(s->rows, s->r, &s->row);
  s->in_row = FALSE;
}

static void keep(Reader *s, Field field, const char *value, guint i)
{
  if (!kt_scan_is_whole(s->text, i)) {
    s->mixed[field] = TRUE;
  } else if (!s->value[field]) {
    s->value[field] = g_strdup(value);
    s->line[field] = i;
  } else if (!g_str_equal(s->value[field], value)) {
    s->mixed[field] = TRUE;
  }
}

static void take(Reader *s, Field field, const char *value, guint i)
{
  guint64 n;
  gboolean number = kt_units_parse_count(value, &n) && n < G_MAXINT32 && kt_scan_is_whole(s->text, i);
  if (field == FIELD_PROCESSOR) {
    finish_row(s);
    s->row = (KtCpuRow){.cpu = number ? (guint)n : G_MAXUINT, .line = i, .online = KT_YES};
    s->in_row = TRUE;
    s->has_processor = number;
    s->row_ended = FALSE;
  } else if (field == FIELD_PHYSICAL_ID && number) {
    s->row.package = KT_INT((gint64)n);
  } else if (field == FIELD_CORE_ID && number) {
    s->row.core = KT_INT((gint64)n);
  } else if (field == FIELD_SIBLINGS && number && s->row.package.known) {
    g_hash_table_insert(s->siblings, GINT_TO_POINTER((int)s->row.package.value), GINT_TO_POINTER((int)n));
  } else if (field == FIELD_END) {
    s->row_ended = TRUE;
  }
  if (field != FIELD_PROCESSOR && field != FIELD_PHYSICAL_ID && field != FIELD_CORE_ID && field > FIELD_OTHER)
    keep(s, field, value, i);
}

/* Every package shows as many CPUs as it says it has. A single CPU may be the first of many. */
static gboolean is_complete(const Reader *s)
{
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  if (s->rows->rows->len < 2 || !s->row_ended)
    return FALSE;
  for (guint i = 0; i < s->rows->rows->len; i++) {
    const KtCpuRow *row = &g_array_index(s->rows->rows, KtCpuRow, i);
    gpointer key = GINT_TO_POINTER((int)row->package.value);
    if (!row->package.known)
      return FALSE;
    g_hash_table_insert(seen, key, GINT_TO_POINTER(GPOINTER_TO_INT(g_hash_table_lookup(seen, key)) + 1));
  }
  GHashTableIter iter;
  gpointer package, count;
  g_hash_table_iter_init(&iter, seen);
  while (g_hash_table_iter_next(&iter, &package, &count))
    if (g_hash_table_lookup(s->siblings, package) != count)
      return FALSE;
  return TRUE;
}

static gboolean number_of(const Reader *s, Field field, guint64 *n)
{
  return s->value[field] && !s->mixed[field] && kt_units_parse_count(s->value[field], n);
}

static void apply_model(const Reader *s, KtMachine *m)
{
  static const struct {
    Field field;
    const char *path;
  } ints[] = {{FIELD_FAMILY, "cpu.family"}, {FIELD_MODEL, "cpu.model"}, {FIELD_STEPPING, "cpu.stepping"}},
    texts[] = {{FIELD_VENDOR, "cpu.vendor"}, {FIELD_MODEL_NAME, "cpu.model_name"}, {FIELD_FLAGS, "cpu.flags"}};
  for (guint k = 0; k < G_N_ELEMENTS(texts); k++) {
    Field field = texts[k].field;
    if (!s->value[field] || s->mixed[field] || !*s->value[field])
      continue;
    g_auto(GStrv) words = kt_text_words(s->value[field]);
    g_autofree char *single = g_strjoinv(" ", words);
    kt_machine_set_text(m, texts[k].path, single, kt_reading_cite(s->r, s->line[field]));
  }
  for (guint k = 0; k < G_N_ELEMENTS(ints); k++) {
    guint64 n;
    if (number_of(s, ints[k].field, &n) && n <= G_MAXUINT16)
      kt_machine_set_int(m, ints[k].path, (gint64)n, kt_reading_cite(s->r, s->line[ints[k].field]));
  }
}

static void apply_topology(Reader *s, KtMachine *m)
{
  guint64 cores, siblings;
  if (is_complete(s))
    kt_cpu_rows_apply(s->rows, s->r);
  if (!number_of(s, FIELD_CPU_CORES, &cores) || !cores || cores > KT_CPU_ROWS_MAX)
    return;
  kt_machine_set_int(m, "topology.cores_per_socket", (gint64)cores, kt_reading_cite(s->r, s->line[FIELD_CPU_CORES]));
  if (number_of(s, FIELD_SIBLINGS, &siblings) && siblings && siblings <= KT_CPU_ROWS_MAX && siblings % cores == 0)
    kt_machine_set_int(m, "topology.threads_per_core", (gint64)(siblings / cores),
                       kt_reading_cite(s->r, s->line[FIELD_SIBLINGS]));
}

/* CPUID sets the flag for every guest; a whole line of flags without it is bare metal. */
static void apply_role(const Reader *s, KtMachine *m)
{
  if (!m->cpu_flags || !kt_machine_is_x86(m) || !kt_machine_has_flag(m, "fpu"))
    return;
  const KtCite *cite = kt_reading_cite(s->r, s->line[FIELD_FLAGS]);
  gboolean guest = kt_machine_has_flag(m, "hypervisor");
  m->role = guest ? KT_ROLE_GUEST : KT_ROLE_HOST;
  kt_machine_cite(m, "role", cite);
  if (!guest)
    kt_machine_set_text(m, "hypervisor", "none", cite);
}

static guint read_blocks(Reader *s, guint i)
{
  guint end = i;
  Field last = FIELD_NONE;
  for (; i < kt_text_count(s->text) && !kt_text_is_prompt(s->text, i); i++) {
    g_autofree char *value = NULL;
    Field field = field_at(s->text, i, &value);
    if (kt_text_is_blank(s->text, i))
      continue;
    if (field == FIELD_NONE && last == FIELD_FLAGS)
      s->mixed[FIELD_FLAGS] = TRUE; /* broken by a narrow terminal */
    else if (field == FIELD_NONE)
      break;
    else
      take(s, last = field, value, i);
    end = i + 1;
  }
  finish_row(s);
  return end;
}

static guint read_cpuinfo(KtReading *r, const KtText *text, guint i)
{
  g_autoptr(KtCpuRows) rows = kt_cpu_rows_new();
  g_autoptr(GHashTable) siblings = g_hash_table_new(NULL, NULL);
  Reader s = {.r = r, .text = text, .rows = rows, .siblings = siblings};
  guint end = read_blocks(&s, i);
  KtMachine *m = kt_reading_machine(r);
  apply_model(&s, m);
  apply_topology(&s, m);
  apply_role(&s, m);
  for (guint f = 0; f < FIELDS; f++)
    g_free(s.value[f]);
  return MAX(end, i + 1);
}

const KtReader kt_reader_cpuinfo = {
    .name = "cpuinfo",
    .what = "/proc/cpuinfo",
    .starts = starts,
    .read = read_cpuinfo,
};
