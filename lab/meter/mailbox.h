/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a program in the emulated machine, or in a KVM guest of it, asks the
 * meter: it makes a page that may be run, puts this instruction (a no-op) at
 * the page's start and a return behind it, writes a command into it, and calls
 * it. The meter knows the instruction by its bytes, does what the command says
 * just then, and writes the answer into the page, as much as fits.
 */
#ifndef KT_LAB_MAILBOX_H
#define KT_LAB_MAILBOX_H

#include <stdint.h>

#define KT_MAILBOX_PAGE 4096
/* nopl 0x6d746b4c(%rax); ret */
#define KT_MAILBOX_CODE "\x0f\x1f\x80\x4c\x6b\x74\x6d\xc3"
#define KT_MAILBOX_INSN_BYTES 7
#define KT_MAILBOX_COMMAND 256
#define KT_MAILBOX_ANSWER 3584

typedef struct {
  uint8_t code[16];
  uint32_t offset; /* asked: 0: do the command; else: the rest of its answer from here on */
  uint32_t total;  /* answered: the answer's length; the asker puts 0, and it stays so where no meter is */
  uint8_t unused[232];
  char command[KT_MAILBOX_COMMAND]; /* ends with '\0' */
  char answer[KT_MAILBOX_ANSWER];   /* not ended */
} KtMailbox;

_Static_assert(sizeof(KtMailbox) == KT_MAILBOX_PAGE, "a mailbox is a page");

#endif
