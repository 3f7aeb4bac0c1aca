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

/* HTML marks around a paste, and its entities; libvirt XML is left alone. */
void kt_text_strip_html(GArray *lines);

/* Blanks Markdown fences (``` and ~~~). */
void kt_text_blank_fences(GArray *lines);

/* Prefixes of log collectors, mail quotation, comment marks, common indentation. */
void kt_text_strip_prefixes(GArray *lines);

/* A blank line put after each line, and lines that all stand twice: one of each stays. */
void kt_text_drop_doubles(GArray *lines);

/* Recognises shell prompts and commands typed without one; sets command, host, empties s. */
void kt_text_mark_prompts(GArray *lines);

/* Remarks that a person added behind a value: "2   // here", "16   <- look". */
void kt_text_strip_remarks(GArray *lines);
