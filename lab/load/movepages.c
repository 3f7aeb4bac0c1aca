/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * movepages PID NODE: moves the pages of a process's large private mappings (a
 * guest's memory) to a node by move_pages(2), and says what became of them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

#define BATCH 512
#define PAGE 4096u
#define LARGE (8u << 20)
#define MOVE_ALL 4 /* MPOL_MF_MOVE_ALL */

static unsigned long moved, absent, refused;
static int last_refusal;

static int move(int pid, uint64_t from, unsigned long pages, int node)
{
  void *addresses[BATCH];
  int nodes[BATCH], status[BATCH];
  for (unsigned long i = 0; i < pages; i++) {
    addresses[i] = (void *)(uintptr_t)(from + i * PAGE);
    nodes[i] = node;
    status[i] = -ENODATA;
  }
  if (syscall(SYS_move_pages, pid, pages, addresses, nodes, status, MOVE_ALL) < 0)
    return -1;
  for (unsigned long i = 0; i < pages; i++) {
    if (status[i] == node) {
      moved++;
    } else if (status[i] == -ENOENT || status[i] == -EFAULT || status[i] == -ENODATA) {
      absent++;
    } else {
      refused++;
      last_refusal = status[i];
    }
  }
  return 0;
}

static int move_mapping(int pid, uint64_t from, uint64_t to, int node)
{
  for (uint64_t at = from; at < to; at += (uint64_t)BATCH * PAGE) {
    unsigned long pages = (unsigned long)((to - at) / PAGE);
    if (move(pid, at, pages < BATCH ? pages : BATCH, node) < 0)
      return -1;
  }
  return 0;
}

int main(int argc, char **argv)
{
  if (argc != 3) {
    fputs("usage: movepages PID NODE\n", stderr);
    return 2;
  }
  int pid = (int)kt_load_number('p', argv[1], 1, 4194304), node = (int)kt_load_number('n', argv[2], 0, 1023);
  char path[64], line[512], rights[8];
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "r");
  if (!maps) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 1;
  }
  uint64_t from, to, inode;
  uint64_t start = kt_load_now_ns();
  int failure = 0;
  while (!failure && fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %" SCNu64, &from, &to, rights, &inode) != 4)
      continue;
    if (inode == 0 && to - from >= LARGE && strncmp(rights, "rw-p", 4) == 0)
      failure = move_mapping(pid, from, to, node) < 0 ? errno : 0;
  }
  fclose(maps);
  printf("moved %lu, not there %lu, refused %lu (%s), call %s, %" PRIu64 " ms\n", moved, absent, refused,
         refused ? strerror(-last_refusal) : "-", failure ? strerror(failure) : "ok",
         (kt_load_now_ns() - start) / 1000000);
  return failure || refused;
}
