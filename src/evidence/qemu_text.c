/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU command lines in texts: from ps, /proc/PID/cmdline, libvirt's logs,
 * scripts; on one line, with a backslash before the line's end, or an argument
 * a line. */
#include <string.h>

#include "evidence/qemu_args.h"
#include "evidence/readers.h"

typedef struct {
  GPtrArray *argv; /* char* */
  GArray *lines;   /* guint, one an argument */
  guint number;    /* of the line at hand */
  gboolean open;   /* a quotation or an object does not end */
  gboolean varies; /* an argument is a variable of a script */
} Words;

static gboolean is_shell_variable(const char *word)
{
  const char *dollar = strchr(word, '$');
  return dollar && (g_ascii_isalpha(dollar[1]) || dollar[1] == '{' || dollar[1] == '(' || dollar[1] == '_');
}

/* A JSON object as ps shows it, without quotation marks around; NULL if it does not end. */
static const char *object_end(const char *p)
{
  guint depth = 0;
  gboolean quoted = FALSE;
  for (; *p; p++) {
    if (quoted && *p == '\\' && p[1])
      p++;
    else if (*p == '"')
      quoted = !quoted;
    else if (!quoted && *p == '{')
      depth++;
    else if (!quoted && *p == '}' && --depth == 0)
      return p + 1;
  }
  return NULL;
}

static const char *take_quoted(const char *p, char quote, GString *word)
{
  for (; *p && *p != quote; p++) {
    if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
      p++;
    g_string_append_c(word, *p);
  }
  return p;
}

/* One word at p (no space there); returns behind it. */
static const char *take_word(Words *w, const char *p)
{
  GString *word = g_string_new(NULL);
  const char *end = *p == '{' ? object_end(p) : NULL;
  if (end)
    g_string_append_len(word, p, end - p);
  w->open |= *p == '{' && !end;
  for (p = end ? end : p; *p && !g_ascii_isspace(*p); p++) {
    if (*p == '\'' || *p == '"') {
      p = take_quoted(p + 1, *p, word);
      if (!*p) {
        w->open = TRUE;
        break;
      }
    } else if (*p == '\\' && p[1]) {
      g_string_append_c(word, *++p);
    } else {
      g_string_append_c(word, *p);
    }
  }
  w->varies |= is_shell_variable(word->str);
  g_ptr_array_add(w->argv, g_string_free(word, FALSE));
  g_array_append_val(w->lines, w->number);
  return p;
}

static gboolean is_end_of_command(const char *p)
{
  return *p == '|' || *p == '&' || *p == ';' || *p == '>' || *p == '<' || (g_ascii_isdigit(*p) && p[1] == '>');
}

/* The words of one line; FALSE if a pipe or the like ends the command there. */
static gboolean take_line(Words *w, const char *p)
{
  for (;;) {
    while (g_ascii_isspace(*p))
      p++;
    if (!*p || (*p == '\\' && !p[1]))
      return TRUE;
    if (is_end_of_command(p))
      return FALSE;
    p = take_word(w, p);
  }
}

static gboolean ends_with_backslash(const char *line)
{
  gsize n = strlen(line);
  return n && line[n - 1] == '\\';
}

static gboolean is_option(const char *s)
{
  while (g_ascii_isspace(*s))
    s++;
  return s[0] == '-' && (g_ascii_isalpha(s[1]) || (s[1] == '-' && g_ascii_isalpha(s[2])));
}

/* The emulator's word in a line that runs it, or NULL. */
static const char *find_program(const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  if (!strstr(line, "qemu-") && !strstr(line, "kvm"))
    return NULL;
  for (const char *p = line; *p;) {
    while (g_ascii_isspace(*p) || *p == '"' || *p == '\'')
      p++;
    gsize n = strcspn(p, " \t\"'");
    g_autofree char *word = g_strndup(p, n);
    const char *behind = p + n + strspn(p + n, " \t\"'");
    const char *probe[] = {word, "-m", NULL};
    if (g_str_equal(word, "grep") || g_str_equal(word, "egrep") || strchr(word, '<'))
      return NULL;
    gboolean alone = !*behind || (*behind == '\\' && !behind[1]);
    if (kt_qemu_args_is_qemu(probe) && (is_option(behind) || (alone && is_option(kt_text_at(text, i + 1)))))
      return p;
    p = behind;
  }
  return NULL;
}

static gboolean starts(const KtText *text, guint i)
{
  return find_program(text, i) != NULL;
}

/* The lines of the command from i on into words; returns behind the last one. */
static guint take_command(Words *w, const KtText *text, guint i)
{
  const char *p = find_program(text, i);
  for (;;) {
    const char *line = kt_text_at(text, i);
    w->number = kt_text_line(text, i)->number;
    gboolean goes_on = take_line(w, p) && !w->open;
    i++;
    if (!goes_on || kt_text_is_prompt(text, i) || kt_text_is_blank(text, i))
      return i;
    /* An argument a line (tr '\0' '\n'): what follows an option alone is its value. */
    gboolean value_due = is_option(line) && !strpbrk(line, " \t");
    if (!ends_with_backslash(line) && !is_option(kt_text_at(text, i)) && !value_due)
      return i;
    p = kt_text_at(text, i);
  }
}

/* Does the last argument look whole, in a text that ends without a newline?
 * Only these cannot be the beginning of something longer. */
static gboolean ends_whole(const char *last)
{
  const char *mac = strstr(last, "mac=");
  return g_str_has_suffix(last, "}") || g_str_has_suffix(last, "timestamp=on") || (mac && strlen(mac) == 4 + 17);
}

static guint read_qemu(KtReading *r, const KtText *text, guint first)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(guint));
  Words w = {.argv = argv, .lines = lines};
  guint end = take_command(&w, text, first);
  if (!argv->len) /* "&/usr/bin/kvm -m 1": a row of ps may name a program that no shell would run */
    return end;
  const char *last = argv->pdata[argv->len - 1];
  gboolean at_end = end >= kt_text_count(text) && !text->ends_with_newline && !ends_whole(last);
  gboolean cut = w.open || w.varies || at_end || ends_with_backslash(kt_text_at(text, end - 1));
  if ((w.open || at_end) && argv->len > 2)
    g_ptr_array_remove_index(argv, argv->len - 1); /* half an argument */
  g_ptr_array_add(argv, NULL);
  const char *const *args = (const char *const *)argv->pdata;
  if (!kt_qemu_args_is_qemu(args) || kt_reading_is_full(r))
    return end;
  KtDomain *d = kt_reading_add_domain(r);
  d->cut = cut;
  kt_qemu_args_read(d, args, (const guint *)(gpointer)lines->data);
  return end;
}

const KtReader kt_reader_qemu = {
    .name = "QEMU command line",
    .what = "QEMU command lines (ps, /proc/PID/cmdline, libvirt's log, scripts)",
    .starts = starts,
    .read = read_qemu,
};
