/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program of all targets. Built for libFuzzer: fuzz TARGET [libFuzzer's
 * arguments]. Built without: replay TARGET FILE... runs each file once. Both:
 * --list names the targets; --sort DIR FILE... puts what readers recognise in
 * the files into DIR/TARGET/, as seeds. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

#define MAX_SEED 16384 /* bytes; a longer output repeats itself */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static const char *target;

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
  /* A copy of that very size, NUL behind it as in all that kvmtune reads: reading further is seen. */
  g_autofree char *bytes = g_malloc(size + 1);
  memcpy(bytes, data, size);
  bytes[size] = '\0';
  kt_target_run(target, bytes, size);
  return 0;
}

static void list(void)
{
  g_auto(GStrv) names = kt_target_names();
  for (char **name = names; *name; name++)
    puts(*name);
}

static void keep_seed(const char *name, const char *text, gpointer data)
{
  gsize length = MIN(strlen(text), MAX_SEED);
  g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA1, (const guchar *)text, length);
  g_autofree char *directory = g_build_filename(data, name, NULL), *path = g_build_filename(directory, sum, NULL);
  g_mkdir_with_parents(directory, 0755);
  g_file_set_contents(path, text, (gssize)length, NULL);
}

static void sort_seeds(char *directory, char **files)
{
  for (; *files; files++) {
    g_autofree char *bytes = NULL;
    gsize length;
    if (g_file_get_contents(*files, &bytes, &length, NULL))
      kt_target_each_seed(bytes, length, keep_seed, directory);
  }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  char **words = *argv;
  if (*argc > 1 && g_str_equal(words[1], "--list")) {
    list();
    exit(0);
  }
  if (*argc > 2 && g_str_equal(words[1], "--sort")) {
    sort_seeds(words[2], words + 3);
    exit(0);
  }
  target = *argc > 1 ? words[1] : "";
  if (!kt_target_run(target, "", 0)) {
    fprintf(stderr, "usage: %s TARGET [ARGUMENT]...; --list names the targets\n", words[0]);
    exit(2);
  }
  words[1] = words[0];
  (*argv)++;
  (*argc)--;
  return 0;
}

#ifdef KT_REPLAY
int main(int argc, char **argv)
{
  LLVMFuzzerInitialize(&argc, &argv);
  for (int i = 1; i < argc; i++) {
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;
    if (!g_file_get_contents(argv[i], &bytes, &length, &error)) {
      fprintf(stderr, "%s\n", error->message);
      return 2;
    }
    LLVMFuzzerTestOneInput((const guint8 *)bytes, length);
  }
  return 0;
}
#endif
