/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated machine as the meter is told about it: which CPU is on which
 * node, how far nodes are from each other, and where each node's memory is.
 */
#ifndef KT_LAB_MACHINE_H
#define KT_LAB_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define KT_MAX_NODES 32
#define KT_MAX_CPUS 256
#define KT_OTHER KT_MAX_NODES /* the column of memory that is no node's */

typedef struct {
  unsigned nodes, cpus;
  uint64_t start[KT_MAX_NODES], size[KT_MAX_NODES]; /* bytes; size 0: a node without memory */
  unsigned node_of_cpu[KT_MAX_CPUS];
  unsigned distance[KT_MAX_NODES][KT_MAX_NODES]; /* local 10; 0: not told */
} KtLabMachine;

/*
 * Each reads one option of the plugin into an empty (all zero) machine. FALSE
 * and one line of @error for text that is not as said here.
 *
 * sizes: MiB of each node, in the order of its -object on QEMU's command line,
 * "1536:1536:0:1536". QEMU 7.2 numbers a byte of RAM by twice what lies before
 * its backend plus its offset in it, not by the guest-physical address (it adds
 * a block's offset twice); the starts follow from that.
 * cpus: the node of each CPU, "0:0:1:1". distances: rows divided by '/',
 * "10:16/16:10"; read after the sizes.
 */
bool kt_lab_machine_read_sizes(KtLabMachine *m, const char *text, char error[static 128]);
bool kt_lab_machine_read_cpus(KtLabMachine *m, const char *text, char error[static 128]);
bool kt_lab_machine_read_distances(KtLabMachine *m, const char *text, char error[static 128]);

/* FALSE and one line of @error if a CPU's node does not exist. */
bool kt_lab_machine_check(const KtLabMachine *m, char error[static 128]);

/* The node of an address as QEMU numbers it; KT_OTHER if it is no node's. */
static inline unsigned kt_lab_machine_node_at(const KtLabMachine *m, uint64_t address)
{
  for (unsigned node = 0; node < m->nodes; node++)
    if (address - m->start[node] < m->size[node])
      return node;
  return KT_OTHER;
}

#endif
