/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perf kvm stat report and live: how often guests left to the host, by reason.
 * Column sets differ with perf's age (minima and maxima came in 3.12), the names
 * with the CPU's vendor: "MSR_WRITE" of VMX, "msr" of SVM. */
#include <string.h>

#include "base/units.h"
#include "evidence/readers.h"

#define MAX_REASONS 256
#define MAX_LINE 256 /* bytes */
#define MAX_NAME 48
#define MAX_BLANKS 4 /* between the title and the header */

static gboolean is_header(const char *line)
{
  if (!g_str_has_prefix(line + strspn(line, " \t"), "VM-EXIT") || strlen(line) > MAX_LINE)
    return FALSE;
  g_auto(GStrv) words = kt_text_words(line);
  return g_strv_length(words) >= 4 && g_str_equal(words[0], "VM-EXIT") && g_str_equal(words[1], "Samples") &&
         g_str_equal(words[2], "Samples%") && g_str_equal(words[3], "Time%");
}

/* The line below the table's header, which stands at i or a little below the title "Analyze events for all VMs, all
 * VCPUs:"; 0 if there is none. */
static guint find_header(const KtText *text, guint i)
{
  if (is_header(kt_text_at(text, i)))
    return i + 1;
  if (!g_str_has_prefix(kt_text_at(text, i), "Analyze events for "))
    return 0;
  guint next = i + 1;
  while (next <= i + MAX_BLANKS && next < kt_text_count(text) && kt_text_is_blank(text, next))
    next++;
  return is_header(kt_text_at(text, next)) ? next + 1 : 0;
}

static gboolean starts(const KtText *text, guint i)
{
  return find_header(text, i) != 0;
}

static gboolean is_share(const char *word)
{
  double value;
  g_autofree char *number = g_str_has_suffix(word, "%") ? g_strndup(word, strlen(word) - 1) : NULL;
  return number && kt_units_parse_decimal(number, &value) && value <= 100.5;
}

/* "HLT  15885  19.92%  99.89%  0.63us ..."; FALSE if the line is no such row. *name: caller frees. */
static gboolean parse_row(const char *line, char **name, guint64 *samples)
{
  if (strlen(line) > MAX_LINE)
    return FALSE;
  g_auto(GStrv) words = kt_text_words(line);
  if (g_strv_length(words) < 5 || strlen(words[0]) > MAX_NAME || !g_ascii_isalpha(*words[0]) ||
      !kt_units_parse_count(words[1], samples) || *samples > G_MAXINT64 || !is_share(words[2]) || !is_share(words[3]) ||
      !strstr(words[4], "us"))
    return FALSE;
  *name = g_strdup(words[0]);
  return TRUE;
}

static guint read_exits(KtReading *r, const KtText *text, guint i)
{
  KtMachine *m = kt_reading_machine(r);
  guint end = i = find_header(text, i);
  for (guint n = 0; i < kt_text_count(text) && n < MAX_REASONS && !kt_text_is_prompt(text, i); i++) {
    guint64 samples;
    g_autofree char *name = NULL, *path = NULL;
    if (kt_text_is_blank(text, i))
      continue;
    if (!parse_row(kt_text_at(text, i), &name, &samples))
      break;
    path = g_strconcat("kvm_exit.", name, NULL);
    if (!kt_machine_counter(m, path))
      kt_machine_set_counter(m, path, (gint64)samples, kt_reading_cite(r, i));
    end = i + 1;
    n++;
  }
  return end;
}

const KtReader kt_reader_perf_kvm = {.name = "perf kvm",
                                     .what = "perf kvm stat report and live: exits by reason, of VMX and SVM",
                                     .starts = starts,
                                     .read = read_exits};
