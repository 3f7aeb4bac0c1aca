/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of the capture script (data/capture.sh) as a tree in memory:
 *
 *   === kvmtune capture 1 ===
 *   ==> /proc/stat <==                  a file, its content below
 *   ==> /sys/devices/.../cpu0/ <==      a directory: lines "online:1", "driver -> NAME"
 *   ==> /proc/kmsg unreadable <==       a file that may not be read
 *   === kvmtune capture end ===
 *
 * In /proc/interrupts "0*8" stands for eight zeros; in a cmdline each argument is
 * a line. Tables whose zeros are too many are left out. Paths are those of a
 * capture (capture_root.h). What stands before the first line of the output (a
 * mail's "> ") is taken from all. */
#pragma once
#include "base/root.h"

gboolean kt_paste_recognise(const char *bytes, gsize length);

/* TRUE if the output's last line is there. */
gboolean kt_paste_is_whole(const char *bytes, gsize length);

/* Adds each capture in the bytes, called `name` (the second "NAME#2"), to `roots`
 * (KtRoot*). Returns the text around them, with empty lines in their place. A
 * capture that is cut off is read up to there. Caller frees. */
char *kt_paste_read(const char *name, const char *bytes, gsize length, GPtrArray *roots);
