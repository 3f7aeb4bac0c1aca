/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk: a known number of memory accesses of 8 bytes, to check the meter with.
 *
 * Touches the memory once, then walks through it PASSES times, by stores, by
 * loads, or both in turn; each is one instruction. Bind it from outside, with
 * `numactl --cpunodebind=A --membind=B walk`. With -M the meter counts from 0
 * during the walk alone, and its counts are printed (see ../meter/counts.h).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "meter/ask.h"

static uint64_t sum;

static void walk_once(volatile uint64_t *memory, size_t words, size_t step, const char *kind)
{
  if (!strcmp(kind, "w"))
    for (size_t i = 0; i < words; i += step)
      memory[i] = i;
  else if (!strcmp(kind, "r"))
    for (size_t i = 0; i < words; i += step)
      sum += memory[i];
  else
    for (size_t i = 0; i < words; i += step)
      memory[i] = memory[i] + 1;
}

static bool ask(const char *command, bool print)
{
  char error[160];
  char *text = kt_ask(NULL, command, error);
  bool answered = text;
  if (!answered)
    fprintf(stderr, "walk: %s\n", error);
  else if (print)
    fputs(text, stdout);
  free(text);
  return answered;
}

static int usage(void)
{
  fprintf(stderr, "usage: walk [-m MIB] [-p PASSES] [-s STEP_BYTES] [-k r|w|rw] [-M]\n");
  return 2;
}

int main(int argc, char **argv)
{
  size_t mib = 1, step = 8, passes = 1;
  const char *kind = "w";
  bool metered = false;
  for (int option; (option = getopt(argc, argv, "m:p:s:k:M")) != -1;) {
    switch (option) {
    case 'm':
      mib = kt_load_number('m', optarg, 1, 1 << 16);
      break;
    case 'p':
      passes = kt_load_number('p', optarg, 1, 1000000);
      break;
    case 's':
      step = kt_load_number('s', optarg, 8, 4096);
      break;
    case 'k':
      kind = optarg;
      break;
    case 'M':
      metered = true;
      break;
    default:
      return usage();
    }
  }
  if (strcmp(kind, "r") && strcmp(kind, "w") && strcmp(kind, "rw"))
    return usage();
  size_t words = (mib << 20) / 8;
  volatile uint64_t *memory = kt_load_memory(mib);
  walk_once(memory, words, 1, "w");
  if (metered && !(ask("reset", false) && ask("on", false)))
    return 1;
  uint64_t start = kt_load_now_ns();
  for (size_t pass = 0; pass < passes; pass++)
    walk_once(memory, words, step / 8, kind);
  uint64_t end = kt_load_now_ns();
  if (metered && !ask("off", false))
    return 1;
  size_t each = (words + step / 8 - 1) / (step / 8) * passes;
  printf("walk %zu stores %zu loads %.6f s\n", strcmp(kind, "r") ? each : 0, strcmp(kind, "w") ? each : 0,
         (double)(end - start) / 1e9);
  return metered && !ask("show", true);
}
