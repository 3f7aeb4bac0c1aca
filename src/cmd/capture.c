/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "capture_script.h"
#include "cmd/command.h"
#include "evidence/capture.h"
#include "evidence/capture_inside.h"
#include "evidence/libvirt_agent.h"

static char *output, *root, *connect_uri, *domain;
static double duration = 5, interval = 1;
static gboolean scrub, script, inside;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
       "where to: a new directory, or an archive by its name (.tar.gz, .tar.xz, .tar.zst, .tar)", "DIR|FILE.tar.gz"},
      {"duration", 0, 0, G_OPTION_ARG_DOUBLE, &duration, "seconds from the first look to the last (5)", "S"},
      {"interval", 0, 0, G_OPTION_ARG_DOUBLE, &interval, "seconds between looks at CPU use (1)", "S"},
      {"domain", 0, 0, G_OPTION_ARG_STRING, &domain, "take this domain only, by name or UUID", "NAME"},
      {"inside", 0, 0, G_OPTION_ARG_NONE, &inside,
       "take what that domain's guest sees, through its QEMU guest agent (libvirt is opened for writing)", NULL},
      {"scrub", 0, 0, G_OPTION_ARG_NONE, &scrub, "replace names, addresses, serial numbers and secrets by pseudonyms",
       NULL},
      {"connect", 0, 0, G_OPTION_ARG_STRING, &connect_uri, "the libvirt to ask", "URI"},
      {"root", 0, 0, G_OPTION_ARG_FILENAME, &root, "take a copied root: a directory with sys/ and proc/ in it", "DIR"},
      {"script", 0, 0, G_OPTION_ARG_NONE, &script, "print a shell script that does this where kvmtune is not", NULL},
      {0},
  };
  return entries;
}

static void show_progress(double done, gpointer data)
{
  enum { WIDTH = 30 };
  char bar[WIDTH + 1];
  for (int i = 0; i < WIDTH; i++)
    bar[i] = i < (int)(done * WIDTH) ? '#' : '.';
  bar[WIDTH] = '\0';
  fprintf(stderr, "\rcapturing for %.4g s [%s] %3.0f %%", duration, bar, done * 100);
}

static gboolean check(int argc, GError **error)
{
  const char *wrong = NULL;
  if (argc)
    wrong = "capture takes no arguments; -o names the directory or archive";
  else if (!script && !output)
    wrong = "-o DIR or -o FILE.tar.gz is missing";
  else if (inside && (!domain || root))
    wrong = "--inside needs --domain NAME, and no --root";
  else if (!isfinite(duration) || duration <= 0 || duration > 86400)
    wrong = "--duration is a number of seconds above 0, up to 86400: rates need two moments";
  else if (!isfinite(interval) || interval < 0.1 || interval > 3600)
    wrong = "--interval is a number of seconds from 0.1 to 3600";
  if (wrong)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "%s", wrong);
  return !wrong;
}

static KtRoot *take_inside(gboolean shown, GError **error)
{
  g_autofree char *note = NULL;
  fprintf(stderr,
          "kvmtune: %s is opened for writing, as libvirt asks for that to reach a guest agent; nothing is changed\n",
          connect_uri ? connect_uri : "libvirt");
  g_autoptr(KtLibvirtAgent) agent = kt_libvirt_agent_open(connect_uri, domain, error);
  if (!agent)
    return NULL;
  const KtInsideOptions wanted = {.domain = domain,
                                  .uri = connect_uri,
                                  .script = kt_capture_script,
                                  .duration_s = duration,
                                  .scrub = scrub,
                                  .progress = shown ? show_progress : NULL};
  KtRoot *tree = kt_capture_take_inside(kt_libvirt_agent_channel(agent), &wanted, &note, error);
  if (shown)
    fputs("\r\033[K", stderr);
  if (note)
    fprintf(stderr, "kvmtune: %s\n", note);
  return tree;
}

static KtRoot *take_here(gboolean shown, GError **error)
{
  const KtCaptureOptions wanted = {.root = root,
                                   .domain = domain,
                                   .connect_uri = connect_uri,
                                   .duration_s = duration,
                                   .interval_s = interval,
                                   .scrub = scrub,
                                   .progress = shown ? show_progress : NULL};
  KtRoot *tree = kt_capture_take(&wanted, error);
  if (shown)
    fputs("\r\033[K", stderr);
  return tree;
}

static int run(int argc, char **argv, GError **error)
{
  if (!check(argc, error))
    return -1;
  if (script)
    return kt_output(kt_capture_script, error) ? KT_EXIT_HEALTHY : -1;
  if (!kt_capture_check_path(output, error))
    return -1;
  gboolean shown = !root && isatty(STDERR_FILENO);
  g_autoptr(KtRoot) tree = inside ? take_inside(shown, error) : take_here(shown, error);
  return tree && kt_capture_write(tree, output, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_capture = {
    .name = "capture",
    .arguments = "-o DIR|FILE.tar.gz",
    .summary = "record this machine as evidence to diagnose elsewhere",
    .description = "Takes the files of /sys and /proc that kvmtune reads, as they are, with libvirt's documents where "
                   "there is one, at several moments, so that rates can be told. Nothing is changed. Every command "
                   "reads what it makes: 'kvmtune doctor FILE.tar.gz'. With --script it prints a shell script for "
                   "machines where nothing may be installed: 'ssh guest sh < capture.sh | kvmtune doctor -'. With "
                   "--scrub it can be shown to strangers; look at it first all the same. With --domain NAME "
                   "--inside it takes what the guest itself sees, through the QEMU guest agent and libvirt, with "
                   "nothing installed in the guest.",
    .options = options,
    .run = run,
};
