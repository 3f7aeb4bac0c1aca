/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps that make a KtText clean; kt_text_new() runs them in this order. */
#pragma once
#include "evidence/text.h"

/* Bytes of any origin as UTF-8: UTF-16 by its byte order mark, GB18030 where
 * the bytes are that and not UTF-8, else mended UTF-8. Caller frees. */
char *kt_text_decode(const char *bytes, gsize length);

/* One line in place: ANSI escapes, control characters, odd spaces, invisible
 * characters, trailing white space. Tabs stay. */
void kt_text_clean_line(char *line);

/* The lines of a text on their way. Most of a large text are rows of figures,
 * which no step can change, and neither can it a blank line: the steps that
 * look at single lines go through `odd`. */
typedef struct {
  GArray *lines; /* KtLine */
  GArray *odd;   /* guint: which of them are neither, in their order; a step may make them blank */
  guint figures; /* how many are rows of figures */
} KtDraft;

/* The k-th odd line. */
static inline KtLine *kt_draft_odd(const KtDraft *draft, guint k)
{
  return &g_array_index(draft->lines, KtLine, g_array_index(draft->odd, guint, k));
}

/* HTML marks around a paste, and its entities; libvirt XML is left alone. */
void kt_text_strip_html(KtDraft *draft);

/* Blanks Markdown fences (``` and ~~~). */
void kt_text_blank_fences(KtDraft *draft);

/* Prefixes of log collectors, mail quotation, comment marks, common indentation. */
void kt_text_strip_prefixes(KtDraft *draft);

/* A blank line put after each line, and lines that all stand twice: one of each stays. */
void kt_text_drop_doubles(KtDraft *draft);

/* Recognises shell prompts and commands typed without one; sets command, host, empties s. */
void kt_text_mark_prompts(KtDraft *draft);

/* Remarks that a person added behind a value: "2   // here", "16   <- look". */
void kt_text_strip_remarks(KtDraft *draft);
