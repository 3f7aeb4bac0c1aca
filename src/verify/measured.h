/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures, sar and mpstat texts as measurements: what of a machine was seen again and again. */
#pragma once
#include "model/machine.h"
#include "model/series.h"

/* The machine's CPU use, a value a row, and the rates of its counters where two moments tell them (one
 * value each). CPU use is 100 - idle - iowait; where a table has no idle column, the sum of user, nice, system and
 * what else it has of time worked. Stolen time is in it, and a series of its own where it is told. A
 * row that lacks what is needed is NAN. NULL if there is no row at all. */
KtMeasurement *kt_measured_of(const KtMachine *machine);
