/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define MAX_SAMPLE 9999
#define MAX_NS 100000

static const struct {
  const char *name;
  KtCommandVerb verb;
  unsigned min_numbers, max_numbers, max;
} commands[] = {
    {"on", KT_COMMAND_ON, 0, 0, 0},
    {"off", KT_COMMAND_OFF, 0, 0, 0},
    {"reset", KT_COMMAND_RESET, 0, 0, 0},
    {"show", KT_COMMAND_SHOW, 0, 0, 0},
    {"sample", KT_COMMAND_SAMPLE, 1, 1, MAX_SAMPLE},
    {"latency", KT_COMMAND_LATENCY, 1, 2, MAX_NS},
};

/* Reads the numbers behind the verb; how many, -1 for anything else. */
static int read_numbers(const char *text, unsigned max, unsigned numbers[2])
{
  int n = 0;
  for (;;) {
    text += strspn(text, " \t\r\n");
    if (!*text)
      return n;
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || value > max || n == 2 || !strchr(" \t\r\n", *end))
      return -1;
    numbers[n++] = (unsigned)value;
    text = end;
  }
}

bool kt_command_parse(const char *text, KtCommand *command, char error[static 128])
{
  size_t length = strcspn(text, " \t\r\n");
  *command = (KtCommand){0};
  for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strlen(commands[i].name) != length || strncmp(commands[i].name, text, length))
      continue;
    const char *rest = text + length + strspn(text + length, " \t");
    command->verb = commands[i].verb;
    if (command->verb == KT_COMMAND_LATENCY && !strncmp(rest, "off", 3) && !rest[3 + strspn(rest + 3, " \t\r\n")]) {
      command->off = true;
      return true;
    }
    int n = read_numbers(rest, commands[i].max, command->numbers);
    if (n < (int)commands[i].min_numbers || n > (int)commands[i].max_numbers) {
      snprintf(error, 128, "%s: expected %u to %u numbers up to %u", commands[i].name, commands[i].min_numbers,
               commands[i].max_numbers, commands[i].max);
      return false;
    }
    if (command->verb == KT_COMMAND_SAMPLE && command->numbers[0] % 2 == 0) {
      snprintf(error, 128, "sample: expected an odd number, as loops that load and store in turn beat with even ones");
      return false;
    }
    return true;
  }
  snprintf(error, 128, "expected on, off, reset, show, sample N or latency NS");
  return false;
}
