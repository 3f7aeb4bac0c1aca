/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the meter can be told, through its socket or by a program in the machine. */
#ifndef KT_LAB_COMMAND_H
#define KT_LAB_COMMAND_H

#include <stdbool.h>

typedef enum {
  KT_COMMAND_ON,      /* "on": count */
  KT_COMMAND_OFF,     /* "off": stop counting; the counts stay */
  KT_COMMAND_RESET,   /* "reset": count from 0 */
  KT_COMMAND_SHOW,    /* "show": the counts, see matrix.h */
  KT_COMMAND_SAMPLE,  /* "sample N": one access in N, N odd; 1: all of them */
  KT_COMMAND_LATENCY, /* "latency LOCAL_NS [BASE_NS]"; 0: no delays, "latency off": no cache model either */
} KtCommandVerb;

typedef struct {
  KtCommandVerb verb;
  bool off;
  unsigned numbers[2];
} KtCommand;

/* FALSE and one line of @error (without "\n") for what is no command. @text may end with a newline. */
bool kt_command_parse(const char *text, KtCommand *command, char error[static 128]);

#endif
