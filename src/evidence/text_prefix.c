/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "evidence/text_clean.h"

/* What may stand in front of each line. Where a group captures, its text has
 * to be the same in all lines of a run. */
typedef struct {
  const char *pattern;
  const char *holds; /* a line without any of these bytes does not match */
  gboolean whole;    /* also looks like content: taken only if (nearly) all lines have it */
} Prefix;

static const Prefix prefixes[] = {
    {"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\S{0,20} (?:stdout|stderr) [FP] ?", "T",
     FALSE}, /* container runtimes */
    {"^[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\S{1,64} (?!kernel[:\\[])[^ \\[:]{1,40}(?:\\[\\d+\\])?:(?: |$)",
     ":", FALSE}, /* syslog */
    {"^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?(?: (?:\\S{1,40} "
     ")?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR))?(?: |$)",
     "-", FALSE},
    {"^\\[\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d[^\\]]{0,16}\\](?: |$)", "]", FALSE},
    {"^([\\w.-]{1,64}) +\\|(?: |$)", "|", FALSE},                            /* docker compose, parallel ssh */
    {"^(?!Average:|Flags:)([a-z][\\w.]*[-\\d][\\w.-]*):(?: |$)", ":", TRUE}, /* pdsh: host name in front */
    {"^ ?>+(?: |$)", ">", FALSE},                                            /* mail */
    {"^\\|(?! .*\\|$)(?: |\t|$)", "|", TRUE},                                /* quotation; no row of a table */
    {"^[ \\t]{0,8}(?:\\*|#|//)(?: |\\t|$)[ \\t]*(?=\\S|$)", "*#/", TRUE},    /* comment marks, list marks */
};

#define MIN_RUN 3

static KtLine *line_at(GArray *lines, guint i)
{
  return &g_array_index(lines, KtLine, i);
}

/* The compiled patterns, made once: that costs more than most texts. */
static GRegex *const *prefix_regexes(void)
{
  static GRegex *regexes[G_N_ELEMENTS(prefixes)];
  static gsize made;
  if (g_once_init_enter(&made)) {
    for (guint p = 0; p < G_N_ELEMENTS(prefixes); p++)
      regexes[p] = g_regex_new(prefixes[p].pattern, G_REGEX_OPTIMIZE, 0, NULL);
    g_once_init_leave(&made, 1);
  }
  return regexes;
}

/* Length of the prefix in a line, 0 if it has none; *word: what its group caught. */
static gsize match_prefix(const Prefix *prefix, const KtLine *line, char **word)
{
  g_autoptr(GMatchInfo) info = NULL;
  int start, end = 0;
  *word = NULL;
  if (line->figures) /* all prefixes have something else in them, or begin otherwise */
    return 0;
  if (!strpbrk(line->s, prefix->holds) || !g_regex_match(prefix_regexes()[prefix - prefixes], line->s, 0, &info) ||
      !g_match_info_fetch_pos(info, 0, &start, &end))
    return 0;
  if (g_match_info_get_match_count(info) > 1)
    *word = g_match_info_fetch(info, 1);
  return (gsize)end;
}

static void cut_front(KtLine *line, gsize n)
{
  memmove(line->s, line->s + n, strlen(line->s + n) + 1);
  g_strchomp(line->s);
}

/* Strips the run of lines from `first` that have the prefix; returns the line
 * behind the run. Blank lines inside it are part of it. */
static guint strip_run(GArray *lines, const Prefix *prefix, guint first, guint min_run, gboolean *done)
{
  g_autofree char *word = NULL;
  g_autoptr(GArray) lengths = g_array_new(FALSE, FALSE, sizeof(gsize));
  guint i = first, count = 0;
  for (; i < lines->len; i++) {
    gsize n = 0;
    if (*line_at(lines, i)->s) {
      g_autofree char *this_word = NULL;
      n = match_prefix(prefix, line_at(lines, i), &this_word);
      if (!n || (word && g_strcmp0(word, this_word) != 0))
        break;
      if (!word)
        word = g_steal_pointer(&this_word);
      count++;
    }
    g_array_append_val(lengths, n);
  }
  if (count >= min_run) {
    for (guint k = 0; k < lengths->len; k++)
      cut_front(line_at(lines, first + k), g_array_index(lengths, gsize, k));
    *done = TRUE;
  }
  return MAX(i, first + 1);
}

static guint count_filled(const KtDraft *draft)
{
  guint n = draft->figures;
  for (guint k = 0; k < draft->odd->len; k++)
    n += *kt_draft_odd(draft, k)->s != '\0';
  return n;
}

static gboolean strip_prefix(KtDraft *draft, const Prefix *prefix)
{
  gboolean done = FALSE;
  guint filled = count_filled(draft), behind = 0;
  /* "Nearly all": a line of prose above and a prompt below may lack it. */
  guint min_run = prefix->whole ? MAX(MIN_RUN, filled > 8 ? filled - 3 : filled) : MIN_RUN;
  for (guint k = 0; k < draft->odd->len; k++) {
    g_autofree char *word = NULL;
    guint i = g_array_index(draft->odd, guint, k);
    if (i >= behind && *line_at(draft->lines, i)->s && match_prefix(prefix, line_at(draft->lines, i), &word))
      behind = strip_run(draft->lines, prefix, i, min_run, &done);
  }
  return done;
}

static gboolean strip_indentation(KtDraft *draft)
{
  gsize common = G_MAXSIZE;
  if (draft->figures) /* they have none */
    return FALSE;
  for (guint k = 0; k < draft->odd->len; k++) {
    const char *s = kt_draft_odd(draft, k)->s;
    if (*s)
      common = MIN(common, strspn(s, " \t"));
  }
  if (common == 0 || common == G_MAXSIZE)
    return FALSE;
  for (guint k = 0; k < draft->odd->len; k++)
    if (*kt_draft_odd(draft, k)->s)
      cut_front(kt_draft_odd(draft, k), common);
  return TRUE;
}

void kt_text_strip_prefixes(KtDraft *draft)
{
  /* Prefixes nest (a quoted log of a log), though not deeper than this. */
  for (guint round = 0; round < 4; round++) {
    gboolean done = FALSE;
    for (guint p = 0; p < G_N_ELEMENTS(prefixes) && !done; p++)
      done = strip_prefix(draft, &prefixes[p]);
    done |= strip_indentation(draft);
    if (!done)
      break;
  }
}

/* Keeps the lines for which keep[i] is set. */
static void filter_lines(KtDraft *draft, const gboolean *keep)
{
  GArray *lines = draft->lines;
  guint out = 0;
  g_array_set_size(draft->odd, 0);
  draft->figures = 0;
  for (guint i = 0; i < lines->len; i++) {
    if (!keep[i])
      continue;
    KtLine other = *line_at(lines, out);
    *line_at(lines, out) = *line_at(lines, i);
    *line_at(lines, i) = other;
    if (line_at(lines, out)->figures)
      draft->figures++;
    else if (*line_at(lines, out)->s)
      g_array_append_val(draft->odd, out);
    out++;
  }
  g_array_set_size(lines, out);
}

/* A blank line stands behind each line. */
static void drop_inserted_blanks(KtDraft *draft)
{
  GArray *lines = draft->lines;
  guint filled = 0, crowded = 0;
  for (guint i = 0; i < lines->len; i++) {
    if (!*line_at(lines, i)->s)
      continue;
    filled++;
    crowded += i + 1 < lines->len && *line_at(lines, i + 1)->s;
    if (crowded > lines->len / 20) /* most texts end here */
      return;
  }
  if (filled < 4 || crowded > filled / 20)
    return;
  g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(gboolean));
  gboolean keep = TRUE;
  for (guint i = 0; i < lines->len; i++) {
    gboolean blank = !*line_at(lines, i)->s;
    keep = !(blank && keep);
    g_array_append_val(kept, keep);
  }
  filter_lines(draft, (const gboolean *)(gpointer)kept->data);
}

/* Each line stands twice. */
static void drop_repeated_lines(KtDraft *draft)
{
  GArray *lines = draft->lines;
  guint filled = 0, single = 0;
  g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(gboolean));
  for (guint i = 0; i < lines->len && single <= 3; i++) {
    const char *s = line_at(lines, i)->s;
    gboolean twin = i + 1 < lines->len && g_str_equal(s, line_at(lines, i + 1)->s);
    gboolean keep = TRUE;
    g_array_append_val(kept, keep);
    filled += *s != '\0';
    if (twin) {
      keep = FALSE;
      g_array_append_val(kept, keep);
      i++;
    } else {
      single += *s != '\0';
    }
  }
  if (filled >= 3 && single <= 3 && single * 4 <= filled)
    filter_lines(draft, (const gboolean *)(gpointer)kept->data);
}

void kt_text_drop_doubles(KtDraft *draft)
{
  drop_inserted_blanks(draft);
  drop_repeated_lines(draft);
}
