/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The common row of sar's tables, read straight from its line.
 *
 * A log of days is millions of rows that all look like the one before: a time,
 * "all" or a CPU's number, and as many numbers as the header has columns. Such
 * a line needs no splitting into words and no copies. What looks otherwise in
 * any way is left to sar.c, which takes every form there is and gives the same
 * for this one. */
#pragma once
#include "model/machine.h"

#define KT_SAR_MAX_COLUMNS 24
#define KT_SAR_MAX_ROW 4096 /* bytes; a longer line is no row */

/* The value columns of a table, by its header. */
typedef struct {
  guint n;                       /* 0: no table of ours */
  int field[KT_SAR_MAX_COLUMNS]; /* KtCpuField or KT_NOT_A_FIELD */
  guint extra;                   /* id columns between CPU and the values (mpstat -T) */
  gboolean cpu;                  /* the header has its CPU word */
} KtSarColumns;

typedef struct {
  char time[16]; /* "10:00:01 AM" */
  int clock;     /* that, in seconds since midnight */
  int cpu;       /* -1: all */
  KtNum pct[KT_CPU_FIELDS];
} KtSarRow;

/* FALSE if the line is not of the common form; *row is undefined then. */
gboolean kt_sar_row_parse(const char *line, const KtSarColumns *columns, KtSarRow *row);

/* What follows a time ("10:00:01", "10:00:01 AM") at the start of a line, from
 * its white space on, and seconds since midnight; NULL if none is there. */
const char *kt_sar_row_behind_time(const char *line, int *clock);
