/* SPDX-License-Identifier: GPL-2.0-or-later */
/* idle: holds memory, each page written once, and does nothing any more. Called by another name, "java", it stands for
 * that program: it holds nothing, and its arguments are for those who look at its command line. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

int main(int argc, char **argv)
{
  const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
  size_t mib = 0;
  for (int option; strcmp(name, "idle") == 0 && (option = getopt(argc, argv, "m:")) != -1;) {
    if (option != 'm') {
      fprintf(stderr, "usage: idle [-m MIB]\n");
      return 2;
    }
    mib = kt_load_number('m', optarg, 1, 1 << 20);
  }
  if (mib) {
    volatile char *memory = kt_load_memory(mib);
    for (size_t at = 0; at < mib << 20; at += 4096)
      memory[at] = 1;
  }
  printf("idle: %zu MiB held\n", mib);
  fflush(stdout);
  for (;;)
    pause();
}
