/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virsh vcpuinfo, vcpupin, emulatorpin, iothreadinfo, numatune, dominfo. Labels
 * are those of libvirt's translations into German and Chinese too. */
#include <string.h>

#include "base/units.h"
#include "evidence/domain_parts.h"
#include "evidence/readers.h"
#include "evidence/reading.h"
#include "evidence/scan.h"
#include "evidence/virsh.h"

#define MAX_DOMAINS 16384

/* ---- whose table it is ---- */

static gboolean is_uuid(const char *word)
{
  return strlen(word) == 36 && strspn(word, "0123456789abcdefABCDEF-") == 36 && word[8] == '-' && word[23] == '-';
}

/* The domain in "virsh -c URI vcpupin web-1"; NULL if none is named. Caller frees. */
static char *domain_in(const char *command)
{
  static const char *const with_value[] = {"-c", "--connect", "-d", "--debug", "-l", "--log", "-k", "-K", NULL};
  g_auto(GStrv) words = strlen(command) < 1024 ? kt_text_words(command) : NULL;
  guint k = 0;
  while (words && words[k] && !g_str_equal(words[k], "virsh"))
    k++;
  if (!words || !words[k])
    return NULL;
  for (k++; words[k] && words[k][0] == '-'; k++)
    if (g_strv_contains(with_value, words[k]) && words[k + 1])
      k++;
  for (k += words[k] != NULL; words[k]; k++) {
    if (g_str_equal(words[k], "--domain") && words[k + 1])
      return g_strdup(words[k + 1]);
    if (g_str_has_prefix(words[k], "--domain="))
      return g_strdup(words[k] + strlen("--domain="));
    if (words[k][0] != '-')
      return strpbrk(words[k], ";|&$<>`\"'") ? NULL : g_strdup(words[k]);
  }
  return NULL;
}

static char *domain_above(const KtText *text, guint i)
{
  for (guint back = 1; back <= 4 && back <= i; back++) {
    const KtLine *line = kt_text_line(text, i - back);
    if (line->command)
      return domain_in(line->command);
    if (*line->s)
      return NULL;
  }
  return NULL;
}

KtDomain *kt_virsh_domain(KtReading *r, const KtText *text, guint i, const char *name, gboolean nameless)
{
  g_autofree char *above = name ? NULL : domain_above(text, i);
  const char *whose = name ? name : above;
  guint64 id;
  if (!name && whose && kt_units_parse_count(whose, &id)) /* a number of this boot, not a name */
    whose = NULL;
  if ((!whose && !nameless) || r->snapshot->domains->len >= MAX_DOMAINS)
    return NULL;
  KtDomain *d = kt_reading_add_domain(r);
  d->format = g_strdup(KT_VIRSH_FORMAT);
  d->cut = TRUE;
  if (whose && is_uuid(whose))
    d->uuid = g_ascii_strdown(whose, -1);
  else
    d->name = g_strdup(whose);
  return d;
}

gboolean kt_virsh_is_whole(const KtText *text, guint i)
{
  gboolean ended = i + 1 < kt_text_count(text) && kt_text_is_blank(text, i + 1) && !kt_text_line(text, i + 1)->emptied;
  return ended || kt_scan_is_whole(text, i);
}

/* ---- labels ---- */

/* TRUE if `folded` is one of the texts, which are separated by '\n'. */
static gboolean is_one_of(const char *folded, const char *texts)
{
  gsize n = strlen(folded);
  for (const char *p = texts; n && (p = strstr(p, folded)); p += n)
    if ((p == texts || p[-1] == '\n') && (p[n] == '\n' || !p[n]))
      return TRUE;
  return FALSE;
}

const char *kt_virsh_value(const KtText *text, guint i, const char *labels)
{
  g_autofree char *label = NULL;
  const char *value;
  if (kt_text_is_prompt(text, i) || !kt_scan_label(kt_text_at(text, i), &label, &value, NULL))
    return NULL;
  return is_one_of(label, labels) ? value : NULL;
}

#define AFFINITY "cpu affinity\ncpu-affinität\ncpu关系\ncpu 亲和性\n處理器的同屬"

static gboolean is_rule(const char *line)
{
  return g_str_has_prefix(line, "----") && !line[strspn(line, "-")];
}

/* ---- vcpuinfo ---- */

typedef struct {
  guint vcpu;
  KtInt cpu;       /* where it is; unknown while the domain is off */
  KtSet *affinity; /* NULL unknown */
  gboolean any;    /* every CPU of the host */
  guint line;      /* of the affinity */
} Vcpu;

static gboolean starts_vcpu(const KtText *text, guint i)
{
  const char *value = kt_virsh_value(text, i, "vcpu");
  return value && g_ascii_isdigit(*value) && kt_virsh_value(text, i + 1, "cpu\n處理器");
}

/* "yy--" a letter a CPU of the host, or "0-1 (out of 4)". */
static void read_affinity(Vcpu *v, const char *value)
{
  gsize n = strspn(value, "y-");
  if (n && !value[n]) {
    v->affinity = kt_set_new();
    for (gsize k = 0; k < MIN(n, KT_SET_MAX); k++)
      if (value[k] == 'y')
        kt_set_add(v->affinity, (guint)k);
    v->any = !strchr(value, '-');
    return;
  }
  gsize list = strspn(value, "0123456789,-");
  const char *all = value + list + strcspn(value + list, "0123456789");
  g_autofree char *text = g_strndup(value, list);
  v->affinity = list ? kt_set_parse(text, NULL) : NULL;
  v->any = v->affinity && kt_set_count(v->affinity) == g_ascii_strtoull(all, NULL, 10);
}

/* One block of lines; returns behind it. A last line that may be cut off is left out. */
static guint read_vcpu(const KtText *text, guint i, Vcpu *v)
{
  guint64 n;
  for (gboolean first = TRUE; first || !starts_vcpu(text, i); first = FALSE, i++) {
    const char *vcpu = kt_virsh_value(text, i, "vcpu"), *cpu = kt_virsh_value(text, i, "cpu\n處理器");
    const char *affinity = kt_virsh_value(text, i, AFFINITY);
    if (kt_text_is_blank(text, i) || kt_text_is_prompt(text, i) || !strpbrk(kt_text_at(text, i), ":\xef"))
      break;
    if (!kt_virsh_is_whole(text, i))
      continue;
    if (vcpu && kt_units_parse_count(vcpu, &n))
      v->vcpu = (guint)MIN(n, KT_DOMAIN_MAX_VCPUS);
    else if (cpu && kt_units_parse_count(cpu, &n) && n < KT_SET_MAX)
      v->cpu = KT_INT((gint64)n);
    else if (affinity && !v->affinity) {
      read_affinity(v, affinity);
      v->line = i;
    }
  }
  return i;
}

static void add_vcpu(KtReading *r, KtDomain *d, Vcpu *v)
{
  const KtCite *cite = kt_reading_cite(r, v->line);
  if (v->affinity && kt_set_is_empty(v->affinity)) {
    kt_reading_reject(r, v->line, "a vCPU that may use no CPU");
    g_clear_pointer(&v->affinity, kt_set_free);
  }
  kt_domain_cite(d, "vcpupin", cite);
  if (v->affinity && !v->any)
    kt_domain_set_pin(d, (int)v->vcpu, kt_set_copy(v->affinity));
  if (!v->cpu.known)
    return;
  if (v->affinity && !kt_set_has(v->affinity, (guint)v->cpu.value) && kt_set_next(v->affinity, 0) >= 0)
    v->cpu = KT_INT_UNKNOWN; /* pinned anew and not moved yet */
  g_autofree char *comm = g_strdup_printf("CPU %u/KVM", v->vcpu);
  KtThread *thread = kt_runtime_add_thread(kt_domain_runtime(d), 0, comm);
  thread->vcpu = (int)v->vcpu;
  thread->last_cpu = v->cpu;
  thread->affinity = g_steal_pointer(&v->affinity);
}

static guint read_vcpuinfo(KtReading *r, const KtText *text, guint first)
{
  KtDomain *d = kt_virsh_domain(r, text, first, NULL, TRUE);
  g_autoptr(KtSet) seen = kt_set_new();
  guint end = first;
  for (guint i = first; i < kt_text_count(text) && starts_vcpu(text, i); i = kt_scan_skip_blank(text, end)) {
    Vcpu v = {.vcpu = KT_DOMAIN_MAX_VCPUS, .line = i};
    end = read_vcpu(text, i, &v);
    if (d && v.vcpu < KT_DOMAIN_MAX_VCPUS && !kt_set_has(seen, v.vcpu)) {
      kt_set_add(seen, v.vcpu);
      add_vcpu(r, d, &v);
    }
    kt_set_free(v.affinity);
  }
  return end;
}

const KtReader kt_reader_vcpuinfo = {
    .name = "virsh vcpuinfo",
    .what = "virsh vcpuinfo DOMAIN, also --pretty",
    .starts = starts_vcpu,
    .read = read_vcpuinfo,
};

/* ---- vcpupin, emulatorpin, iothreadinfo ---- */

typedef enum { PINS_NONE, PINS_VCPU, PINS_EMULATOR, PINS_IOTHREAD } Pins;

/* "VCPU   CPU Affinity", "VCPU: CPU Affinity" (before 4.8) and the like, with a rule below. */
static Pins pins_at(const KtText *text, guint i)
{
  static const struct {
    const char *head;
    Pins pins;
  } heads[] = {{"vcpu", PINS_VCPU},          {"vcpu:", PINS_VCPU},        {"vcpu：", PINS_VCPU},
               {"emulator:", PINS_EMULATOR}, {"模拟器：", PINS_EMULATOR}, {"iothread id", PINS_IOTHREAD}};
  if (kt_text_is_prompt(text, i) || !is_rule(kt_text_at(text, i + 1)))
    return PINS_NONE;
  g_autofree char *line = kt_scan_fold(kt_text_at(text, i), 128);
  const char *s = g_strchug(line);
  for (guint k = 0; k < G_N_ELEMENTS(heads); k++) {
    gsize n = strlen(heads[k].head);
    if (strncmp(s, heads[k].head, n) == 0 && (s[n] == ' ' || s[n - 1] == ':' || (guchar)s[n - 1] >= 0x80) &&
        is_one_of(s + n + strspn(s + n, " "), AFFINITY))
      return heads[k].pins;
  }
  return PINS_NONE;
}

static gboolean starts_pins(const KtText *text, guint i)
{
  return pins_at(text, i) != PINS_NONE;
}

/* "  0      0-3", "   0: 0-3", "       *: 0-3"; *id -1 for the star. */
static gboolean pin_row(const char *line, int *id, KtSet **cpus)
{
  g_auto(GStrv) words = kt_text_words(line);
  guint64 n;
  if (g_strv_length(words) != 2)
    return FALSE;
  gsize length = strlen(words[0]);
  if (length > 1 && words[0][length - 1] == ':')
    words[0][length - 1] = '\0';
  if (g_str_equal(words[0], "*"))
    *id = -1;
  else if (kt_units_parse_count(words[0], &n) && n < KT_DOMAIN_MAX_VCPUS)
    *id = (int)n;
  else
    return FALSE;
  *cpus = kt_set_parse(words[1], NULL);
  return *cpus && !kt_set_is_empty(*cpus);
}

static void add_pin(KtReading *r, KtDomain *d, Pins pins, int id, KtSet *cpus, guint line)
{
  static const char *const paths[] = {
      [PINS_VCPU] = "vcpupin", [PINS_EMULATOR] = "emulatorpin", [PINS_IOTHREAD] = "iothreadpin"};
  kt_domain_cite(d, paths[pins], kt_reading_cite(r, line));
  if (pins == PINS_VCPU && id >= 0 && !kt_domain_pin(d, id))
    kt_domain_set_pin(d, id, kt_set_copy(cpus));
  else if (pins == PINS_IOTHREAD && id >= 0)
    g_hash_table_replace(d->iothreadpin, GINT_TO_POINTER(id), kt_set_copy(cpus));
  else if (pins == PINS_EMULATOR && id < 0 && !d->emulatorpin)
    d->emulatorpin = kt_set_copy(cpus);
}

static guint read_pins(KtReading *r, const KtText *text, guint head)
{
  Pins pins = pins_at(text, head);
  KtDomain *d = NULL;
  guint i = head + 2;
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    int id;
    g_autoptr(KtSet) cpus = NULL;
    if (!pin_row(kt_text_at(text, i), &id, &cpus))
      break;
    if (!kt_virsh_is_whole(text, i))
      continue;
    if (!d)
      d = kt_virsh_domain(r, text, head, NULL, pins == PINS_VCPU);
    if (d)
      add_pin(r, d, pins, id, cpus, i);
  }
  return i;
}

const KtReader kt_reader_virsh_pins = {
    .name = "virsh vcpupin",
    .what = "virsh vcpupin, emulatorpin, iothreadinfo DOMAIN",
    .starts = starts_pins,
    .read = read_pins,
};

/* ---- numatune ---- */

static gboolean starts_numatune(const KtText *text, guint i)
{
  return kt_virsh_value(text, i, "numa_mode") != NULL;
}

static guint read_numatune(KtReading *r, const KtText *text, guint i)
{
  const char *mode = kt_virsh_value(text, i, "numa_mode"), *nodes = kt_virsh_value(text, i + 1, "numa_nodeset");
  g_autoptr(KtSet) set = nodes && kt_virsh_is_whole(text, i + 1) ? kt_set_parse(nodes, NULL) : NULL;
  /* Of a domain without <numatune> virsh shows a mode and no nodes. */
  KtDomain *d = set && !kt_set_is_empty(set) ? kt_virsh_domain(r, text, i, NULL, FALSE) : NULL;
  if (d) {
    d->numatune_mode = g_strdup(mode);
    d->numatune_nodeset = g_steal_pointer(&set);
    kt_domain_cite(d, "numatune", kt_reading_cite(r, i + 1));
  }
  return nodes ? i + 2 : i + 1;
}

const KtReader kt_reader_numatune = {
    .name = "virsh numatune",
    .what = "virsh numatune DOMAIN",
    .starts = starts_numatune,
    .read = read_numatune,
};

/* ---- dominfo ---- */

#define NAME "name\n名称\n名稱"

static gboolean starts_dominfo(const KtText *text, guint i)
{
  guint name = i + (kt_virsh_value(text, i, "id") != NULL);
  return kt_virsh_value(text, name, NAME) && kt_virsh_value(text, name + 1, "uuid");
}

static void read_info_row(KtReading *r, KtDomain *d, const KtText *text, guint i)
{
  static const struct {
    const char *labels, *cite;
    gsize offset;
    gboolean size;
  } rows[] = {
      {"cpu(s)\ncpu\n處理器數目", "vcpu", G_STRUCT_OFFSET(KtDomain, vcpus_current), FALSE},
      {"max memory\nmax speicher\n最大内存\n最大記憶體", "memory", G_STRUCT_OFFSET(KtDomain, memory_kib), TRUE},
      {"used memory\nverwendeter speicher\n使用的内存\n已使用的記憶體", "currentMemory",
       G_STRUCT_OFFSET(KtDomain, current_memory_kib), TRUE},
  };
  guint64 n;
  for (guint k = 0; k < G_N_ELEMENTS(rows); k++) {
    const char *value = kt_virsh_value(text, i, rows[k].labels);
    KtInt *into = G_STRUCT_MEMBER_P(d, rows[k].offset);
    if (!value || into->known)
      continue;
    gboolean fits = rows[k].size ? strchr(value, ' ') && kt_units_parse_kib(value, 1024, &n) && n <= G_MAXINT64
                                 : kt_units_parse_count(value, &n) && n > 0 && n <= KT_DOMAIN_MAX_VCPUS;
    if (!fits)
      continue;
    *into = KT_INT((gint64)n);
    kt_domain_cite(d, rows[k].cite, kt_reading_cite(r, i));
  }
}

static guint read_dominfo(KtReading *r, const KtText *text, guint i)
{
  i += kt_virsh_value(text, i, "id") != NULL;
  KtDomain *d = kt_virsh_domain(r, text, i, kt_virsh_value(text, i, NAME), TRUE);
  const char *uuid = kt_virsh_value(text, i + 1, "uuid");
  if (d)
    kt_domain_cite(d, "name", kt_reading_cite(r, i));
  if (d && !d->uuid && is_uuid(uuid))
    d->uuid = g_ascii_strdown(uuid, -1);
  for (i += 2; i < kt_text_count(text) && !kt_text_is_prompt(text, i) && !kt_text_is_blank(text, i); i++) {
    g_autofree char *label = NULL;
    const char *value;
    if (!kt_scan_label(kt_text_at(text, i), &label, &value, NULL))
      break;
    if (d && kt_virsh_is_whole(text, i))
      read_info_row(r, d, text, i);
  }
  return i;
}

const KtReader kt_reader_dominfo = {
    .name = "virsh dominfo",
    .what = "virsh dominfo DOMAIN",
    .starts = starts_dominfo,
    .read = read_dominfo,
};
