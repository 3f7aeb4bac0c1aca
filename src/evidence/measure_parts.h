/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of measure.h share. */
#pragma once
#include "evidence/measure.h"

/* Looks once an interval, for the whole duration; `so_far` is what options->progress is shown. How many looks there
 * were: less than asked for where options->stop came. `options` have both times set. */
guint kt_measure_repeat(const KtMeasureOptions *options, const KtMeasurement *so_far,
                        void (*look)(gpointer data, double seconds), gpointer data);

/* measure_elsewhere.c: domains of another machine's libvirt, by what it counts. As kt_measure(). */
KtMeasurement *kt_measure_elsewhere(const KtMeasureOptions *options, GError **error);
