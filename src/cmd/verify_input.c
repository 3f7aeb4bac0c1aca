/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared: measurements, evidence, and this machine for a while. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/i18n.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "cmd/verify_parts.h"
#include "evidence/evidence.h"
#include "evidence/measurement_json.h"
#include "verify/measured.h"
#include "view/verify_view.h"

/* ---- files ---- */

static gboolean is_measurement(const char *path)
{
  char head[256];
  FILE *file = g_file_test(path, G_FILE_TEST_IS_REGULAR) ? fopen(path, "re") : NULL;
  gsize n = file ? fread(head, 1, sizeof head, file) : 0;
  if (file)
    fclose(file);
  return kt_measurement_is_json(head, n);
}

static KtMeasurement *read_measurement(const char *path, GError **error)
{
  gsize length;
  g_autofree char *text = kt_input_file(path, KT_MEASUREMENT_LIMIT, &length, error);
  return text ? kt_measurement_from_json(path, text, length, error) : NULL;
}

static KtMeasurement *read_evidence(const char *given, GError **error)
{
  g_autofree char *path = g_strdup(given);
  const char *name = kt_input_split_name(path);
  const char *const paths[] = {path, NULL};
  g_autoptr(KtSnapshot) snapshot = kt_evidence_read(paths, error);
  if (!snapshot)
    return NULL;
  const KtMachine *m = name                           ? kt_snapshot_machine(snapshot, name)
                       : snapshot->machines->len == 1 ? snapshot->machines->pdata[0]
                                                      : NULL;
  if (!m && name)
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no machine '%s' is in '%s'", name, path);
  else if (!m && snapshot->machines->len)
    kt_input_set_ambiguous(snapshot, path, error);
  KtMeasurement *measured = m ? kt_measured_of(m) : NULL;
  if (!measured && (m || !snapshot->machines->len))
    g_set_error(
        error, KT_ERROR, KT_ERROR_FORMAT,
        "'%s' shows no CPU use over time: expected sar, mpstat, vmstat, a capture, or a measurement of 'kvmtune "
        "verify --record'",
        given);
  return measured;
}

KtMeasurement *kt_verify_read_side(const char *path, GError **error)
{
  return is_measurement(path) ? read_measurement(path, error) : read_evidence(path, error);
}

/* ---- this machine ---- */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
  interrupted = 1;
}

typedef struct {
  const KtMeasureOptions *options;
  const KtVerifyWatch *watch;
  gboolean shown;
  guint lines; /* that were printed */
} Progress;

/* Seconds from line to line: an hour; less where the whole time is short. */
static double line_s(const Progress *p)
{
  return MIN(3600, p->options->duration_s / 6);
}

static void print_line(const Progress *p, const KtMeasurement *so_far)
{
  g_autoptr(KtJudgement) judgement = kt_judgement_new(p->watch->before, so_far, p->watch->same_load);
  g_autofree char *line = kt_view_verify_line(judgement);
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  g_autofree char *time = g_date_time_format(now, "%F %H:%M");
  const KtTerm term = kt_term_of_stdout(KT_COLOUR_NEVER);
  g_autofree char *clean = kt_term_clean(&term, line);
  if (p->shown)
    fputs("\r\033[K", stderr);
  fprintf(p->watch->quiet ? stderr : stdout, "%s  %s\n", time, clean);
  fflush(stdout);
}

static void show(const KtMeasurement *so_far, double done, gpointer data)
{
  Progress *p = data;
  double seconds = done * p->options->duration_s;
  if (interrupted)
    g_cancellable_cancel(p->options->stop);
  if (p->watch && p->watch->before && done < 1 && seconds >= line_s(p) * (p->lines + 1)) {
    p->lines++;
    print_line(p, so_far);
  }
  if (p->shown) {
    g_autofree char *line = g_strdup_printf(_("measuring for %.5g s ... %3.0f %%"), p->options->duration_s, done * 100);
    fprintf(stderr, "\r%s", line);
  }
}

KtMeasurement *kt_verify_measure(const KtMeasureOptions *options, const KtVerifyWatch *watch, GError **error)
{
  g_autoptr(GCancellable) stop = g_cancellable_new();
  KtMeasureOptions own = *options;
  Progress progress = {.options = &own, .watch = watch, .shown = isatty(STDERR_FILENO)};
  struct sigaction action = {.sa_handler = interrupt}, old_int, old_term;
  own.stop = stop;
  own.progress = show;
  own.data = &progress;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int);
  sigaction(SIGTERM, &action, &old_term);
  KtMeasurement *m = kt_measure(&own, error);
  sigaction(SIGINT, &old_int, NULL);
  sigaction(SIGTERM, &old_term, NULL);
  if (progress.shown)
    fputs("\r\033[K", stderr);
  return m;
}
