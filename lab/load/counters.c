/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"

/* The line that begins with @name (blanks before it aside); NULL if there is none. */
static const char *line_of(const char *text, const char *name)
{
  while (text) {
    text += strspn(text, " ");
    if (!strncmp(text, name, strlen(name)))
      return text + strlen(name);
    text = strchr(text, '\n');
    if (text)
      text++;
  }
  return NULL;
}

/* The next number of the line; 0 at its end. */
static int next_number(const char **line, uint64_t *number)
{
  *line += strspn(*line, " \t");
  if (**line < '0' || **line > '9')
    return 0;
  *number = strtoull(*line, (char **)line, 10);
  return 1;
}

static uint64_t sum_of(const char *text, const char *name)
{
  const char *line = line_of(text, name);
  uint64_t sum = 0, number;
  while (line && next_number(&line, &number))
    sum += number;
  return sum;
}

void kt_counters_read_interrupts(KtCounters *counters, const char *text)
{
  counters->rescheduling += sum_of(text, "RES:");
  counters->function_calls += sum_of(text, "CAL:");
  counters->timer += sum_of(text, "LOC:");
}

void kt_counters_read_stat(KtCounters *counters, const char *text)
{
  enum { IDLE = 3, IOWAIT = 4, STEAL = 7 }; /* behind it guest times, which user and nice hold already */
  const char *line = line_of(text, "cpu ");
  uint64_t ticks;
  for (int column = 0; line && column <= STEAL && next_number(&line, &ticks); column++) {
    counters->total += ticks;
    if (column != IDLE && column != IOWAIT)
      counters->busy += ticks;
  }
  counters->switches += sum_of(text, "ctxt ");
}

static void read_file(const char *path, KtCounters *counters, void (*take)(KtCounters *, const char *))
{
  static char text[1 << 18];
  FILE *file = fopen(path, "r");
  if (!file)
    return;
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  take(counters, text);
}

KtCounters kt_counters_now(void)
{
  KtCounters counters = {0};
  read_file("/proc/interrupts", &counters, kt_counters_read_interrupts);
  read_file("/proc/stat", &counters, kt_counters_read_stat);
  return counters;
}
