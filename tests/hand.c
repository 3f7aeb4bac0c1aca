/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hand [--uri URI] [--dry] [--rate KIB] [--wait SECONDS] VERB KIND DOMAIN WHERE [VALUE [BEFORE]]
 * The live actuator by hand, for tests: VERB read, write (calls, then what is read back, then
 * "reached" or "not reached"), refuses, look. "-": no domain; VALUE and BEFORE "@FILE": its content.
 * Exit status 0 done, 1 refused, failed or not reached.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/actuator.h"

static void called(const char *call, gpointer data)
{
  printf("call: %s\n", call);
}

static void progress(const KtProgress *p, gpointer data)
{
  printf("progress: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " at %.0f/s\n", p->done, p->all, p->per_second);
}

static int failed(const char *why)
{
  printf("error: %s\n", why);
  return 1;
}

static char *value_of(const char *word)
{
  char *text = NULL;
  if (!word || *word != '@')
    return g_strdup(word);
  return g_file_get_contents(word + 1, &text, NULL, NULL) ? text : g_strdup("");
}

static int read_it(KtActuator *hand, const KtStep *step)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *found = hand->read(hand, step, &error);
  if (error)
    return failed(error->message);
  printf("%s\n", found ? found : "absent");
  return 0;
}

static int write_it(KtActuator *hand, const KtStep *step)
{
  g_autoptr(GError) error = NULL;
  if (!hand->write(hand, step, step->after, &error))
    return failed(error->message);
  g_autofree char *found = hand->read(hand, step, &error);
  if (error)
    return failed(error->message);
  gboolean reached = hand->reached(hand, step, step->after, found);
  printf("found: %.200s\n%s\n", found ? found : "absent", reached ? "reached" : "not reached");
  return !reached && !hand->dry;
}

static int look_at(KtActuator *hand, const KtStep *step)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtLook) look = hand->look(hand, step->domain, step->uuid, &error);
  if (!look)
    return failed(error->message);
  printf("%s id %d persistent %d cells %u numatune %s nodes %s stuck %s\n", look->name, look->id, look->persistent,
         look->cells, look->numatune ? look->numatune : "-", look->memory_nodes ? look->memory_nodes : "-",
         look->stuck ? look->stuck : "-");
  return 0;
}

static int refuses(KtActuator *hand, const KtStep *step)
{
  g_autofree char *warning = NULL, *why = hand->refuses(hand, step, NULL, &warning);
  printf("%s%s\n", why ? "refused: " : warning ? "warning: " : "allowed", why ? why : warning ? warning : "");
  return why != NULL;
}

int main(int argc, char **argv)
{
  static char *uri;
  static gboolean dry;
  static int rate, wait = 30;
  const GOptionEntry entries[] = {{"uri", 0, 0, G_OPTION_ARG_STRING, &uri, NULL, NULL},
                                  {"dry", 0, 0, G_OPTION_ARG_NONE, &dry, NULL, NULL},
                                  {"rate", 0, 0, G_OPTION_ARG_INT, &rate, NULL, NULL},
                                  {"wait", 0, 0, G_OPTION_ARG_INT, &wait, NULL, NULL},
                                  {0}};
  signal(SIGPIPE, SIG_IGN); /* libvirt may be restarted meanwhile */
  g_autoptr(GOptionContext) context = g_option_context_new(NULL);
  g_option_context_add_main_entries(context, entries, NULL);
  g_autoptr(GError) error = NULL;
  if (!g_option_context_parse(context, &argc, &argv, &error) || argc < 5)
    return 2;
  int kind = 0;
  while (kind < KT_STEPS && strcmp(kt_step_kinds[kind], argv[2]) != 0)
    kind++;
  g_autofree char *after = value_of(argc > 5 ? argv[5] : NULL), *before = value_of(argc > 6 ? argv[6] : NULL);
  g_autoptr(KtStep) step = kt_step_new((KtStepKind)kind, argv[4], before, after);
  step->domain = strcmp(argv[3], "-") == 0 ? NULL : g_strdup(argv[3]);
  g_autoptr(KtActuator) hand = kt_actuator_new(uri, NULL, &error);
  if (!hand)
    return failed(error->message);
  hand->dry = dry;
  hand->rate_kib = (guint64)rate;
  hand->restart_time = wait;
  hand->called = called;
  hand->progress = progress;
  return strcmp(argv[1], "read") == 0      ? read_it(hand, step)
         : strcmp(argv[1], "write") == 0   ? write_it(hand, step)
         : strcmp(argv[1], "refuses") == 0 ? refuses(hand, step)
                                           : look_at(hand, step);
}
