/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lscpu's text, flat (to 2.36, and piped) or a tree (from 2.37). */
#include <string.h>

#include "evidence/lscpu_summary.h"
#include "evidence/readers.h"
#include "evidence/scan.h"

#define LOOK_AHEAD 8 /* lines */

/* One line as lscpu would have written it. */
typedef struct {
  KtLscpuLabel label;
  guint detail;
  char *name; /* folded label */
  const char *value;
} Item;

static gboolean read_item(const KtText *text, guint i, Item *item)
{
  gboolean spaced;
  *item = (Item){0};
  if (kt_text_is_prompt(text, i) || !kt_scan_label(kt_text_at(text, i), &item->name, &item->value, &spaced))
    return FALSE;
  if (!spaced) /* "cpu family : 6" is /proc/cpuinfo */
    item->label = kt_lscpu_label(item->name, &item->detail);
  return item->label != KT_LSCPU_UNKNOWN;
}

static KtLscpuLabel label_at(const KtText *text, guint i)
{
  Item item;
  read_item(text, i, &item);
  g_free(item.name);
  return item.label;
}

static gboolean may_start(KtLscpuLabel label)
{
  switch (label) {
  case KT_LSCPU_OP_MODE:
  case KT_LSCPU_CPUS:
  case KT_LSCPU_ONLINE:
  case KT_LSCPU_THREADS:
  case KT_LSCPU_CORES:
  case KT_LSCPU_SOCKETS:
  case KT_LSCPU_NODES:
  case KT_LSCPU_NODE_CPUS:
  case KT_LSCPU_HYPERVISOR:
    return TRUE;
  default:
    return FALSE;
  }
}

/* "Architecture" starts an output; where the head is missing (or grep left
 * some lines), two lines that only lscpu writes do. */
static gboolean starts(const KtText *text, guint i)
{
  KtLscpuLabel first = label_at(text, i);
  if (first == KT_LSCPU_ARCHITECTURE)
    return TRUE;
  if (!may_start(first))
    return FALSE;
  guint known = 0;
  for (guint k = i; k < i + LOOK_AHEAD && k < kt_text_count(text) && !kt_text_is_prompt(text, k); k++) {
    KtLscpuLabel label = label_at(text, k);
    if (label == KT_LSCPU_FOREIGN)
      return FALSE;
    known += label > KT_LSCPU_OTHER;
  }
  return known >= 2;
}

/* Does the output go on at line i, or shortly behind lines that it does not know? */
static gboolean goes_on(const KtText *text, guint i)
{
  for (guint k = 0; k < 4 && i + k < kt_text_count(text); k++) {
    if (kt_text_is_prompt(text, i + k) || kt_text_is_blank(text, i + k))
      return FALSE;
    KtLscpuLabel label = label_at(text, i + k);
    if (label == KT_LSCPU_ARCHITECTURE)
      return FALSE;
    if (label >= KT_LSCPU_OTHER)
      return TRUE;
  }
  return FALSE;
}

/* A value that is too long for the terminal goes on below, without a label. */
static gboolean is_continuation(const KtText *text, guint i)
{
  const char *s = kt_text_at(text, i);
  return *s && !kt_text_is_prompt(text, i) && strspn(s, " \t") >= 16 && label_at(text, i) == KT_LSCPU_UNKNOWN &&
         !kt_reader_at(text, i);
}

static gboolean add_line(KtLscpuSummary *summary, const KtText *text, guint i, gboolean in_vulnerabilities)
{
  Item item;
  gboolean known = read_item(text, i, &item), whole = kt_scan_is_whole(text, i);
  if (known && item.label == KT_LSCPU_VULNERABILITY)
    kt_lscpu_summary_add(summary, item.label, 0, item.name + item.detail, item.value, i, whole);
  else if (known)
    kt_lscpu_summary_add(summary, item.label, item.detail, NULL, item.value, i, whole);
  else if (in_vulnerabilities && item.name && kt_lscpu_is_vulnerability(item.value))
    kt_lscpu_summary_add(summary, KT_LSCPU_VULNERABILITY, 0, item.name, item.value, i, whole), known = TRUE;
  g_free(item.name);
  return known;
}

static guint read_lscpu(KtReading *r, const KtText *text, guint i)
{
  g_autoptr(KtLscpuSummary) summary = kt_lscpu_summary_new();
  gboolean in_vulnerabilities = FALSE;
  guint first = i, end = i;
  while (i < kt_text_count(text) && !kt_text_is_prompt(text, i)) {
    KtLscpuLabel label = label_at(text, i);
    if (kt_text_is_blank(text, i)) {
      guint next = kt_scan_skip_blank(text, i);
      if (!goes_on(text, next) && !(in_vulnerabilities && next == i + 1))
        break;
      i = next;
      continue;
    }
    gboolean again =
        (label == KT_LSCPU_ARCHITECTURE || label == KT_LSCPU_CPUS) && kt_lscpu_summary_has(summary, label) && i > first;
    if (again || label == KT_LSCPU_FOREIGN)
      break;
    if (add_line(summary, text, i, in_vulnerabilities))
      in_vulnerabilities |= label == KT_LSCPU_VULNERABILITIES;
    else if (is_continuation(text, i))
      kt_lscpu_summary_spoil_last(summary);
    else if (!goes_on(text, i + 1))
      break;
    end = ++i;
  }
  kt_lscpu_summary_apply(summary, r);
  return MAX(end, first + 1);
}

const KtReader kt_reader_lscpu = {
    .name = "lscpu",
    .what = "lscpu text, flat or as a tree, in English, Chinese or German",
    .starts = starts,
    .read = read_lscpu,
};
