/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps in any format with a header, and command lines by themselves: the JVMs,
 * databases and daemons that the checks look at. */
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"

#define MAX_PROCESSES 4096
#define MAX_ARGS 4096
#define MAX_WRAPPED 64 /* lines of one command */

static const char *const wanted[] = {"java",         "mysqld", "mariadbd",   "postgres", "postmaster", "mongod",
                                     "redis-server", "numad",  "irqbalance", "ksmtuned", NULL};

/* ---- command lines ---- */

static gboolean is_wanted(const char *word)
{
  g_autofree char *name = g_path_get_basename(word);
  gsize n = strlen(name);
  if (n && name[n - 1] == ':') /* "postgres: checkpointer" */
    name[n - 1] = '\0';
  return g_strv_contains(wanted, name);
}

/* TRUE if the words from `at` on start a program of ours: after nothing, a wrapper or its options. */
static int find_program(char **words, guint first)
{
  static const char *const wrappers[] = {"numactl", "nohup", "taskset", "nice", "chrt", "exec", "sudo", "env", NULL};
  if (!words[first])
    return -1;
  if (is_wanted(words[first]))
    return (int)first;
  g_autofree char *name = g_path_get_basename(words[first]);
  if (!g_strv_contains(wrappers, name))
    return -1;
  for (guint k = first + 1; k < first + 12 && words[k]; k++)
    if (is_wanted(words[k]))
      return (int)k;
  return -1;
}

/* The memory policy of "numactl OPTIONS" before `end`, as numa_maps writes it; NULL if there is none. */
static char *policy_of(char **words, guint first, guint end)
{
  static const struct {
    const char *letter, *option, *policy;
  } options[] = {{"-m", "--membind", "bind"},
                 {"-i", "--interleave", "interleave"},
                 {"-p", "--preferred", "prefer"},
                 {NULL, NULL, NULL}};
  g_autofree char *name = first < end ? g_path_get_basename(words[first]) : NULL;
  if (g_strcmp0(name, "numactl") != 0)
    return NULL;
  for (guint k = first + 1; k < end; k++)
    for (guint o = 0; options[o].letter; o++) {
      const char *value = NULL;
      gsize letter = strlen(options[o].letter), option = strlen(options[o].option);
      if (g_str_equal(words[k], options[o].letter) || g_str_equal(words[k], options[o].option))
        value = k + 1 < end ? words[k + 1] : NULL;
      else if (g_str_has_prefix(words[k], options[o].option) && words[k][option] == '=')
        value = words[k] + option + 1;
      else if (g_str_has_prefix(words[k], options[o].letter) && words[k][letter] != '-')
        value = words[k] + letter + (words[k][letter] == '=');
      if (value && *value)
        return g_strconcat(options[o].policy, ":", value, NULL);
    }
  return NULL;
}

/* A JVM's options end with its main class, -jar or a module; without one the
 * command line is cut off. */
static gboolean is_java_whole(const KtProcess *p)
{
  static const char *const with_value[] = {
      "-cp",         "-classpath",  "--class-path",          "-p", "--module-path", "--add-modules", "--add-exports",
      "--add-opens", "--add-reads", "--upgrade-module-path", NULL};
  static const char *const last[] = {"-jar", "-m", "--module", NULL};
  for (guint k = 1; k < p->args->len; k++) {
    const char *word = p->args->pdata[k];
    if (g_strv_contains(last, word))
      return k + 1 < p->args->len;
    if (g_strv_contains(with_value, word))
      k++;
    else if (*word != '-' && *word != '@')
      return TRUE;
  }
  return FALSE;
}

static KtProcess *add_process(KtReading *r, guint i, char **words, guint first, guint program, int pid)
{
  KtMachine *m = kt_reading_machine(r);
  if (m->processes->len >= MAX_PROCESSES)
    return NULL;
  g_autofree char *comm = g_path_get_basename(words[program]);
  g_strdelimit(comm, ":", '\0');
  KtProcess *p = kt_machine_add_process(m, pid, comm);
  for (guint k = program; words[k] && p->args->len < MAX_ARGS; k++)
    g_ptr_array_add(p->args, g_strdup(words[k]));
  p->bound_nodes = policy_of(words, first, program);
  p->args_cut = g_str_equal(comm, "java") && !is_java_whole(p);
  g_autofree char *path = g_strdup_printf("processes.%s", comm);
  kt_machine_cite(m, path, kt_reading_cite(r, i));
  return p;
}

/* ---- ps ---- */

typedef struct {
  guint n;      /* columns; the last one is the command */
  int pid, rss; /* their positions, -1 if absent */
} PsHeader;

static gboolean parse_ps_header(const char *line, PsHeader *h)
{
  static const char *const last[] = {"COMMAND", "CMD", "ARGS", NULL};
  *h = (PsHeader){.pid = -1, .rss = -1};
  if (strlen(line) > 512 || !strstr(line, "PID"))
    return FALSE;
  g_auto(GStrv) words = kt_text_words(line);
  h->n = g_strv_length(words);
  for (guint k = 0; k < h->n; k++) {
    if (g_str_equal(words[k], "PID"))
      h->pid = (int)k;
    else if (g_str_equal(words[k], "RSS"))
      h->rss = (int)k;
    else if (g_str_equal(words[k], "STARTED") || g_str_equal(words[k], "LSTART"))
      return FALSE; /* a date of several words */
  }
  return h->n >= 2 && h->pid >= 0 && g_strv_contains(last, words[h->n - 1]);
}

static gboolean starts_ps(const KtText *text, guint i)
{
  PsHeader header;
  return parse_ps_header(kt_text_at(text, i), &header);
}

/* Positions of the command in a row with all columns, and its PID; FALSE if the line is no row. */
static gboolean parse_ps_row(const PsHeader *h, char **words, int *pid)
{
  guint64 number;
  if (g_strv_length(words) < h->n || !kt_units_parse_count(words[h->pid], &number) || number > G_MAXINT)
    return FALSE;
  *pid = (int)number;
  return TRUE;
}

static void read_ps_row(KtReading *r, const PsHeader *h, guint i, char **words, int pid)
{
  guint command = h->n - 1;
  guint64 rss;
  int program = find_program(words, command);
  if (program < 0)
    return;
  KtProcess *p = add_process(r, i, words, command, (guint)program, pid);
  if (p && h->rss >= 0 && kt_units_parse_count(words[h->rss], &rss) && rss <= G_MAXINT64)
    p->rss_kib = KT_INT((gint64)rss);
}

/* QEMU's reader takes the command from the row. 0 if it is none. */
static guint read_qemu_row(KtReading *r, const KtText *text, guint i)
{
  return kt_reader_qemu.starts(text, i) ? kt_reader_qemu.read(r, text, i) : 0;
}

static guint read_ps(KtReading *r, const KtText *text, guint i)
{
  PsHeader h;
  parse_ps_header(kt_text_at(text, i), &h);
  gboolean first_process = FALSE, kernel = FALSE, cut = FALSE;
  for (i++; i < kt_text_count(text) && !kt_text_is_prompt(text, i);) {
    int pid;
    if (kt_text_is_blank(text, i)) {
      i++;
      continue;
    }
    g_auto(GStrv) words = kt_text_words(kt_text_at(text, i));
    if (!parse_ps_row(&h, words, &pid)) {
      cut |= i + 1 == kt_text_count(text);
      break;
    }
    first_process |= pid == 1;
    kernel |= pid == 2 || strstr(words[h.n - 1], "kthreadd") != NULL;
    cut |= i + 1 == kt_text_count(text) && !text->ends_with_newline;
    read_ps_row(r, &h, i, words, pid);
    guint next = read_qemu_row(r, text, i);
    i = MAX(next, i + 1);
  }
  /* a list that starts with init and the kernel's threads and was not cut off is of all processes */
  if (first_process && kernel && !cut)
    kt_reading_machine(r)->processes_seen = TRUE;
  return i;
}

const KtReader kt_reader_ps = {
    .name = "ps", .what = "ps aux, -ef, -eo pid,args with their header", .starts = starts_ps, .read = read_ps};

/* ---- a command line by itself ---- */

/* Columns of ps in front of a command, without their header: "root 1234 ... 10:00 0:01 java". */
static guint skip_columns(char **words, int *pid)
{
  guint64 number;
  *pid = 0;
  if (!words[0] || !words[1] || is_wanted(words[0]) || *words[0] == '/')
    return 0;
  guint at = kt_units_parse_count(words[0], &number) ? 0 : 1;
  if (!kt_units_parse_count(words[at], &number) || !number || number > G_MAXINT)
    return 0;
  for (guint k = at + 1; k < 14 && words[k]; k++)
    if (find_program(words, k) >= 0) {
      *pid = (int)number;
      return k;
    }
  return 0;
}

/* TRUE if the words are a command of ours with an option, not a sentence that names one. */
static gboolean is_command(char **words, guint *first, guint *program, int *pid)
{
  *first = skip_columns(words, pid);
  int at = find_program(words, *first);
  if (at < 0 || !words[at + 1] || *words[at + 1] != '-' || !words[at + 1][1] || words[at + 1][1] == ' ')
    return FALSE;
  *program = (guint)at;
  return !g_str_equal(words[at + 1], "-version") && !g_str_equal(words[at + 1], "--version");
}

static gboolean starts_command(const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  gboolean named = FALSE;
  for (guint k = 0; wanted[k] && !named; k++)
    named = strstr(line, wanted[k]) != NULL;
  if (!named || !strstr(line, " -"))
    return FALSE;
  g_auto(GStrv) words = g_strsplit_set(line, " \t", 128);
  g_autofree char *head = g_strjoinv(" ", words);
  g_auto(GStrv) clean = kt_text_words(head);
  guint first, program;
  int pid;
  return is_command(clean, &first, &program, &pid);
}

/* Lines that a wrapped command goes on in: after a backslash, or options. */
static guint join_wrapped(const KtText *text, guint i, GString *out)
{
  for (guint n = 0; n < MAX_WRAPPED; n++) {
    gboolean backslash = out->len && out->str[out->len - 1] == '\\';
    if (backslash)
      g_string_truncate(out, out->len - 1);
    const char *line = kt_text_at(text, i);
    if (kt_text_is_prompt(text, i) || kt_text_is_blank(text, i) || (!backslash && *line != '-'))
      break;
    g_string_append_printf(out, " %s", line);
    i++;
  }
  return i;
}

static guint read_command(KtReading *r, const KtText *text, guint i)
{
  GString *line = g_string_new(kt_text_at(text, i));
  guint end = join_wrapped(text, i + 1, line);
  g_auto(GStrv) words = kt_text_words(line->str);
  g_string_free(line, TRUE);
  guint first, program;
  int pid;
  if (is_command(words, &first, &program, &pid))
    add_process(r, i, words, first, program, pid);
  return end;
}

const KtReader kt_reader_command = {.name = "command line",
                                    .what = "command lines of JVMs, databases, numad, irqbalance",
                                    .starts = starts_command,
                                    .read = read_command};
