/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets made of the table of readers (evidence/readers.c): a new reader has one by standing there. */
#pragma once
#include "evidence/reader.h"

char *kt_reader_target_name(const KtReader *reader); /* caller frees */
const KtReader *kt_reader_find(const char *name);    /* by the target's name; NULL: none */

/* Runs this reader alone on any bytes. */
void kt_reader_run(const KtReader *reader, const char *bytes, gsize length);

/* The outputs that this reader recognises in a text. */
void kt_reader_each_block(const KtReader *reader, const KtText *text, void (*block)(const char *text, gpointer data),
                          gpointer data);
