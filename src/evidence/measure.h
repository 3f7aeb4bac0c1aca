/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This machine and its running domains measured for a while: one value of each
 * metric an interval, from what the kernel and libvirt count. Cheap: nothing is
 * stopped and no page table is walked in an interval; where a domain's memory
 * lies is looked at as seldom as keeps that below a fiftieth of the time, or a tenth of a short one. CPUs and nodes
 * are those of the first look: of a domain on CPUs that came later, locality is unknown. */
#pragma once
#include <gio/gio.h>

#include "base/root.h"
#include "model/series.h"

#define KT_MEASURE_INTERVAL_S 2
#define KT_MEASURE_VALUES 3600 /* of one series; a longer measurement has longer intervals */

typedef struct {
  double duration_s;       /* > 0; at least one interval is measured */
  double interval_s;       /* 0: KT_MEASURE_INTERVAL_S; made longer so that KT_MEASURE_VALUES are enough */
  const char *connect_uri; /* libvirt of this machine, read-only; NULL: the default, if one runs */
  const char *domain;      /* only this one, by name or UUID, and the host; NULL all */
  gboolean elsewhere;      /* connect_uri may be another machine's: its domains alone, by what its libvirt counts */
  gboolean inside;         /* ask each guest's agent for its interrupts: opens libvirt for writing */
  GCancellable *stop;      /* ends it early with what there is; may be NULL */
  /* Called several times a second; *so_far grows; may be NULL. */
  void (*progress)(const KtMeasurement *so_far, double done, gpointer data);
  gpointer data;
} KtMeasureOptions;

/* Blocks for the duration. A domain that starts or ends meanwhile has NAN where it
 * did not run. Without root: without exits, and where memory lies only for the
 * user's own processes; without libvirt: without throughput of domains. NULL with
 * KT_ERROR_NOT_FOUND (options->domain does not run), _UNSUPPORTED (the URI is that of another
 * machine and options->elsewhere is not set, no /proc) or _SYSTEM (stopped within the first interval). */
KtMeasurement *kt_measure(const KtMeasureOptions *options, GError **error);

/* ---- look by look, for tests and those who have a loop of their own ---- */

typedef struct KtMeasurer KtMeasurer;

/* Takes the first look. `options`: domain, connect_uri, inside, interval_s (of the measurement). NULL as above. */
KtMeasurer *kt_measurer_new(KtRoot *root, const KtMeasureOptions *options, GError **error);
/* The next look, `seconds` (> 0) after the one before: one value more in each series. */
void kt_measurer_look(KtMeasurer *measurer, double seconds);
const KtMeasurement *kt_measurer_so_far(const KtMeasurer *measurer);
KtMeasurement *kt_measurer_finish(KtMeasurer *measurer); /* frees the measurer */
