/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Knobs of the kernel as people show them: sysctl, "path:value" of grep,
 * "==> path <==" of head and tail, and cat of files in /sys and /proc/sys. */
#include <string.h>

#include "evidence/readers.h"
#include "evidence/typed.h"

#define MAX_SETTINGS 8192 /* of one machine */
#define MAX_VALUE 4096    /* bytes of a value */

static void set_setting(KtReading *r, guint i, const char *name, const char *value)
{
  KtMachine *m = kt_reading_machine(r);
  if (g_hash_table_size(m->settings) >= MAX_SETTINGS || !*value || strlen(value) > MAX_VALUE)
    return;
  const char *open = strchr(value, '['), *close = open ? strchr(open, ']') : NULL;
  g_autofree char *chosen = close ? g_strndup(open + 1, (gsize)(close - open - 1)) : g_strdup(value);
  kt_machine_set_setting(m, name, chosen, kt_reading_cite(r, i));
}

static void set_sysctl(KtReading *r, guint i, const char *name, const char *value)
{
  KtMachine *m = kt_reading_machine(r);
  if (g_str_equal(name, "kernel.osrelease"))
    kt_machine_set_text(m, "kernel.release", value, kt_reading_cite(r, i));
  else if (g_str_equal(name, "kernel.hostname") && !m->name)
    m->name = g_strdup(value);
  if (g_str_has_prefix(name, "kernel.") || g_str_has_prefix(name, "vm."))
    set_setting(r, i, name, value);
}

/* Topology, caches and nodes are no settings. */
static gboolean is_knob(const char *path)
{
  return (g_str_has_prefix(path, "/sys/") || g_str_has_prefix(path, "/proc/sys/")) &&
         !g_str_has_prefix(path, "/sys/devices/system/node/") && !strstr(path, "/topology/") &&
         !strstr(path, "/cache/") && !strpbrk(path, "*?[{|<>;");
}

static void set_knob(KtReading *r, guint i, const char *path, const char *value)
{
  static const struct {
    const char *path, *field;
  } facts[] = {
      {"/sys/devices/system/clocksource/clocksource0/current_clocksource", "kernel.clocksource"},
      {"/sys/class/dmi/id/product_name", "product"},
      {"/sys/devices/virtual/dmi/id/product_name", "product"},
  };
  for (guint k = 0; k < G_N_ELEMENTS(facts); k++)
    if (g_str_equal(path, facts[k].path) && *value) {
      kt_machine_set_text(kt_reading_machine(r), facts[k].field, value, kt_reading_cite(r, i));
      return;
    }
  if (!g_str_has_prefix(path, "/proc/sys/")) {
    set_setting(r, i, path, value);
    return;
  }
  g_autofree char *name = g_strdelimit(g_strdup(path + strlen("/proc/sys/")), "/", '.');
  set_sysctl(r, i, name, value);
}

/* ---- name = value ---- */

/* The dotted name of a line of sysctl's output; *value points behind " = ". NULL if it is none. */
static char *sysctl_name(const char *line, const char **value)
{
  static const char *const trees[] = {"kernel.", "vm.",  "net.",   "fs.",     "dev.",
                                      "user.",   "abi.", "debug.", "sunrpc.", "crypto."};
  const char *end = strstr(line, " = ");
  gboolean known = FALSE;
  for (guint k = 0; k < G_N_ELEMENTS(trees); k++)
    known |= g_str_has_prefix(line, trees[k]);
  if (!known || !end || end - line > 256 || strcspn(line, " \t") != (gsize)(end - line))
    return NULL;
  *value = end + 3;
  return g_strndup(line, (gsize)(end - line));
}

static gboolean starts_sysctl(const KtText *text, guint i)
{
  const char *value;
  g_autofree char *name = sysctl_name(kt_text_at(text, i), &value);
  if (!name)
    return FALSE;
  g_auto(GStrv) typed = kt_typed_above(text, i);
  for (guint k = 0; typed && typed[k]; k++)
    if (strstr(typed[k], ".conf") || strstr(typed[k], "sysctl.d"))
      return FALSE; /* a wish, not what is */
  return TRUE;
}

static guint read_sysctl(KtReading *r, const KtText *text, guint i)
{
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *value, *line = kt_text_at(text, i);
    g_autofree char *name = sysctl_name(line, &value);
    if (name)
      set_sysctl(r, i, name, value);
    else if (*line && !g_str_has_prefix(line, "sysctl: "))
      break;
  }
  return i;
}

const KtReader kt_reader_sysctl = {
    .name = "sysctl", .what = "sysctl -a or some lines of it", .starts = starts_sysctl, .read = read_sysctl};

/* ---- path:value ---- */

/* The colon between path and value; those of a PCI address belong to the path. */
static const char *colon_of(const char *line)
{
  const char *p = strchr(line, ':');
  while (p && p - line > 4 && g_ascii_isxdigit(p[-1]) && g_ascii_isxdigit(p[-4]) && g_ascii_isxdigit(p[1]) &&
         g_ascii_isxdigit(p[2]) && p[3] == ':')
    p = strchr(p + 4, ':');
  return p;
}

static char *path_of(const char *line, const char **value)
{
  if (!g_str_has_prefix(line, "/sys/") && !g_str_has_prefix(line, "/proc/sys/") &&
      !g_str_has_prefix(line, "/proc/cmdline:"))
    return NULL;
  const char *colon = colon_of(line);
  if (!colon || colon - line > 512 || strcspn(line, " \t") < (gsize)(colon - line))
    return NULL;
  *value = colon + 1 + strspn(colon + 1, " \t");
  return g_strndup(line, (gsize)(colon - line));
}

static gboolean starts_paths(const KtText *text, guint i)
{
  const char *value;
  g_autofree char *path = path_of(kt_text_at(text, i), &value);
  return path && *value;
}

/* "/sys/devices/system/cpu/cpu3/cpufreq/x": the name with a star for all CPUs; NULL if it is no such path. */
static char *starred(const char *path)
{
  static const char base[] = "/sys/devices/system/cpu/cpu";
  const char *p = path + strlen(base);
  if (!g_str_has_prefix(path, base) || !g_ascii_isdigit(*p))
    return NULL;
  return g_strconcat(base, "*", p + strspn(p, "0123456789"), NULL);
}

typedef struct {
  guint line, n;     /* of the first CPU; CPUs */
  GHashTable *count; /* value -> GUINT_TO_POINTER(CPUs) */
} PerCpu;

static void per_cpu_free(gpointer data)
{
  PerCpu *knob = data;
  g_hash_table_unref(knob->count);
  g_free(knob);
}

static void add_per_cpu(GHashTable *knobs, const char *name, guint i, const char *value)
{
  PerCpu *knob = g_hash_table_lookup(knobs, name);
  if (!knob) {
    if (g_hash_table_size(knobs) >= MAX_SETTINGS)
      return;
    knob = g_new0(PerCpu, 1);
    knob->line = i;
    knob->count = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_insert(knobs, g_strdup(name), knob);
  }
  knob->n++;
  guint seen = GPOINTER_TO_UINT(g_hash_table_lookup(knob->count, value));
  if (seen || g_hash_table_size(knob->count) < 16)
    g_hash_table_insert(knob->count, g_strdup(value), GUINT_TO_POINTER(seen + 1));
}

/* One value if all are alike, else how many have which. */
static void set_per_cpu(KtReading *r, GHashTable *knobs)
{
  GHashTableIter iter;
  gpointer name, data;
  g_hash_table_iter_init(&iter, knobs);
  while (g_hash_table_iter_next(&iter, &name, &data)) {
    const PerCpu *knob = data;
    g_autoptr(GList) values = g_list_sort(g_hash_table_get_keys(knob->count), (GCompareFunc)g_strcmp0);
    if (knob->n < 2)
      continue; /* one CPU does not speak for all */
    GString *out = g_string_new(values->next ? "mixed: " : "");
    for (GList *v = values; v; v = v->next) {
      g_string_append_printf(out, "%s%s", v == values ? "" : ", ", (const char *)v->data);
      if (values->next)
        g_string_append_printf(out, " (%u CPUs)", GPOINTER_TO_UINT(g_hash_table_lookup(knob->count, v->data)));
    }
    set_setting(r, knob->line, name, out->str);
    g_string_free(out, TRUE);
  }
}

static guint read_paths(KtReading *r, const KtText *text, guint i)
{
  g_autoptr(GHashTable) per_cpu = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, per_cpu_free);
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *value;
    g_autofree char *path = path_of(kt_text_at(text, i), &value);
    if (!path)
      break;
    g_autofree char *star = starred(path);
    if (g_str_equal(path, "/proc/cmdline"))
      kt_machine_set_text(kt_reading_machine(r), "kernel.cmdline", value, kt_reading_cite(r, i));
    else if (star && is_knob(path))
      add_per_cpu(per_cpu, star, i, value);
    else if (is_knob(path))
      set_knob(r, i, path, value);
  }
  set_per_cpu(r, per_cpu);
  return i;
}

const KtReader kt_reader_paths = {
    .name = "grep", .what = "\"path:value\" lines of /sys and /proc/sys", .starts = starts_paths, .read = read_paths};

/* ---- ==> path <== ---- */

static char *head_path(const char *line)
{
  gsize n = strlen(line);
  if (n < 9 || n > 512 || !g_str_has_prefix(line, "==> /") || !g_str_has_suffix(line, " <=="))
    return NULL;
  return g_strndup(line + 4, n - 8);
}

static gboolean starts_heads(const KtText *text, guint i)
{
  g_autofree char *path = head_path(kt_text_at(text, i));
  return path && is_knob(path);
}

static guint read_heads(KtReading *r, const KtText *text, guint i)
{
  for (;;) {
    g_autofree char *path = head_path(kt_text_at(text, i));
    if (!path || kt_text_is_prompt(text, i))
      return i;
    guint value = i + 1, end = value;
    while (!kt_text_is_blank(text, end) && !kt_text_is_prompt(text, end) &&
           !g_str_has_prefix(kt_text_at(text, end), "==> "))
      end++;
    if (end == value + 1 && is_knob(path))
      set_knob(r, value, path, kt_text_at(text, value));
    for (i = end; i < kt_text_count(text) && kt_text_is_blank(text, i);)
      i++;
  }
}

const KtReader kt_reader_heads = {.name = "head",
                                  .what = "\"==> path <==\" of head and tail on files of /sys and /proc/sys",
                                  .starts = starts_heads,
                                  .read = read_heads};

/* ---- cat ---- */

/* The files of "cat FILE..." or "sysctl -n NAME..." above line i, all of them knobs; NULL if that is not what was
 * typed. */
static char **shown_files(const KtText *text, guint i)
{
  g_auto(GStrv) typed = kt_typed_above(text, i);
  if (!typed || !typed[0] || !typed[1])
    return NULL;
  if (g_str_equal(typed[0], "sysctl") && g_str_equal(typed[1], "-n") && typed[2])
    return g_strdupv(typed + 2);
  if (!g_str_equal(typed[0], "cat"))
    return NULL;
  for (guint k = 1; typed[k]; k++)
    if (!is_knob(typed[k]))
      return NULL;
  return g_strdupv(typed + 1);
}

static guint count_output(const KtText *text, guint i)
{
  guint n = 0;
  while (n < 64 && !kt_text_is_blank(text, i + n) && !kt_text_is_prompt(text, i + n))
    n++;
  return n;
}

static gboolean starts_cat(const KtText *text, guint i)
{
  g_auto(GStrv) files = shown_files(text, i);
  return files && count_output(text, i) == g_strv_length(files) && !strstr(kt_text_at(text, i), "No such file") &&
         !strstr(kt_text_at(text, i), "denied");
}

static guint read_cat(KtReading *r, const KtText *text, guint i)
{
  g_auto(GStrv) files = shown_files(text, i);
  guint k = 0;
  for (; files[k]; k++) {
    g_autofree char *star = starred(files[k]);
    if (*files[k] != '/')
      set_sysctl(r, i + k, files[k], kt_text_at(text, i + k));
    else if (!star)
      set_knob(r, i + k, files[k], kt_text_at(text, i + k));
  }
  return i + k;
}

const KtReader kt_reader_cat = {
    .name = "cat", .what = "cat of files in /sys and /proc/sys, sysctl -n", .starts = starts_cat, .read = read_cat};
