/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "capture_script.h"
#include "checks/accepted.h"
#include "cmd/accepted_files.h"
#include "cmd/guest_parts.h"
#include "cmd/input.h"
#include "evidence/capture_inside.h"
#include "evidence/evidence.h"
#include "evidence/libvirt_agent.h"
#include "model/predict.h"
#include "view/guest_view.h"

static gboolean json;
static char *connect_uri, *colour, *set_sysctl, *state;
static double duration = 2;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"connect", 0, 0, G_OPTION_ARG_STRING, &connect_uri, "the libvirt to ask", "URI"},
      {"duration", 0, 0, G_OPTION_ARG_DOUBLE, &duration, "seconds between two looks, for rates (2)", "S"},
      {"set-sysctl", 0, 0, G_OPTION_ARG_STRING, &set_sysctl,
       "set a sysctl of the running guest, until its next boot; 'kvmtune rollback' takes it back", "NAME=VALUE"},
      {"state", 0, 0, G_OPTION_ARG_FILENAME, &state,
       "folder of the journal, with --set-sysctl (default /var/lib/kvmtune for root)", "DIR"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the report", "auto|always|never"},
      {0},
  };
  return entries;
}

static void show_progress(double done, gpointer data)
{
  fprintf(stderr, "\rlooking into the guest ... %3.0f %%", done * 100);
}

KtSnapshot *kt_guest_look_inside(const KtInsideOptions *wanted, char **note, GError **error)
{
  g_autoptr(KtLibvirtAgent) agent = kt_libvirt_agent_open(wanted->uri, wanted->domain, error);
  if (!agent)
    return NULL;
  KtInsideOptions options = *wanted;
  options.script = kt_capture_script;
  g_autoptr(KtRoot) tree = kt_capture_take_inside(kt_libvirt_agent_channel(agent), &options, note, error);
  return tree ? kt_evidence_read_tree(tree, error) : NULL;
}

static KtSnapshot *look_inside(const char *name, char **note, GError **error)
{
  gboolean shown = isatty(STDERR_FILENO);
  const KtInsideOptions wanted = {
      .domain = name, .uri = connect_uri, .duration_s = duration, .progress = shown ? show_progress : NULL};
  KtSnapshot *inside = kt_guest_look_inside(&wanted, note, error);
  if (shown)
    fputs("\r\033[K", stderr);
  return inside;
}

/* The guest's machine beside its host and its domain, in one snapshot. */
static KtSnapshot *gather(const char *name, char **note, KtMachine **guest, GError **error)
{
  g_autoptr(KtSnapshot) inside = look_inside(name, note, error);
  const KtLiveInput here = {.connect_uri = connect_uri, .domain = name};
  g_autoptr(KtSnapshot) snapshot = inside ? kt_input_live(&here, error) : NULL;
  if (!snapshot)
    return NULL;
  /* a namesake among the processes, which this libvirt does not know */
  for (guint i = snapshot->domains->len; i > 0 && snapshot->domains->len > 1; i--)
    if (!((const KtDomain *)snapshot->domains->pdata[i - 1])->definition)
      g_ptr_array_remove_index(snapshot->domains, i - 1);
  if (snapshot->domains->len != 1) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "libvirt shows %u domains '%s'", snapshot->domains->len, name);
    return NULL;
  }
  *guest = g_ptr_array_steal_index(inside->machines, 0);
  g_ptr_array_add(snapshot->machines, *guest);
  return g_steal_pointer(&snapshot);
}

static const KtDiagnosis *find_diagnosis(const GPtrArray *diagnoses, const KtMachine *m)
{
  for (guint i = 0; i < diagnoses->len; i++)
    if (((const KtDiagnosis *)diagnoses->pdata[i])->subject.machine == m)
      return diagnoses->pdata[i];
  return NULL;
}

static int report(const KtSnapshot *snapshot, const KtMachine *guest, const GPtrArray *diagnoses, const char *note,
                  const KtTerm *term, GError **error)
{
  const KtDomain *domain = snapshot->domains->pdata[0];
  const KtMachine *host = kt_snapshot_host_of(snapshot, domain);
  g_autoptr(KtMachine) predicted = kt_predict_guest(domain, host);
  const KtInside in = {.domain = domain, .host = host, .predicted = predicted, .guest = guest, .diagnoses = diagnoses};
  g_autoptr(GPtrArray) rows = kt_inside_rows(&in);
  const KtDiagnosis *own = find_diagnosis(diagnoses, guest);
  const KtGuestView view = {
      .inside = &in, .rows = rows, .of_guest = own, .connect_uri = connect_uri, .agent_note = note};
  g_autofree char *text = json ? kt_view_guest_json(&view) : kt_view_guest_text(term, &view);
  if (!kt_output(text, error))
    return -1;
  for (guint i = 0; i < own->findings->len; i++)
    if (((const KtFinding *)own->findings->pdata[i])->severity >= 2)
      return KT_EXIT_FINDINGS;
  return KT_EXIT_HEALTHY;
}

static int run(int argc, char **argv, GError **error)
{
  KtColour when;
  if (!kt_input_colour(colour, &when, error))
    return -1;
  if (argc != 1 || !isfinite(duration) || duration <= 0 || duration > 3600) {
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "%s",
                argc != 1 ? "'guest' needs the name of one running domain"
                          : "--duration is a number of seconds above 0, up to 3600");
    return -1;
  }
  if (set_sysctl)
    return kt_guest_set_sysctl(connect_uri, argv[0], set_sysctl, state, error);
  KtMachine *guest = NULL;
  g_autofree char *note = NULL;
  g_autoptr(GPtrArray) accepted = kt_accepted_read_all(error);
  g_autoptr(KtSnapshot) snapshot = accepted ? gather(argv[0], &note, &guest, error) : NULL;
  if (!snapshot)
    return -1;
  const KtTerm term = kt_term_of_stdout(when);
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  kt_accepted_apply(diagnoses, accepted);
  return report(snapshot, guest, diagnoses, note, &term, error);
}

const KtCommand kt_command_guest = {
    .name = "guest",
    .arguments = "DOMAIN",
    .summary = "show what a guest itself sees, beside its definition and its host",
    .description =
        "Looks into a running guest through its QEMU guest agent and libvirt, which is opened for writing for that; "
        "nothing is installed in the guest and, without --set-sysctl, nothing is changed. Shows topology, caches, "
        "cells with memory and "
        "distances, clock and memory balancing as the guest's kernel sees them, as the definition promises them and "
        "as the host has them, each with the checks that found fault with it; the JVMs and databases in it with the "
        "flags that matter; and what can be changed inside of the guest.",
    .options = options,
    .run = run,
};
