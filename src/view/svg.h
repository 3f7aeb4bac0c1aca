/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures of a machine on a page, each a <figure> with a text alternative.
 * `name` tells the machine's pictures from those of others on the page. */
#pragma once
#include "model/snapshot.h"
#include "verify/verdict.h"
#include "view/html.h"

/* Sockets, dies, nodes, L3 groups and CPUs; in a host's nodes the guests of `snapshot` (NULL: none).
 * Nothing known: a sentence says so. */
void kt_svg_topology(KtHtml *html, const char *name, const KtMachine *m, const KtSnapshot *snapshot);

/* The hatches that the charts' fields have besides their colours; once a page. */
void kt_svg_patterns(KtHtml *html);

/* CPU use over time, interrupts, NUMA counters, each if the evidence has it.
 * None of them: one sentence says so. */
void kt_svg_charts(KtHtml *html, const char *name, const KtMachine *m);

/* One metric before and after, side by side on one scale, with a line at each mean. */
void kt_svg_before_after(KtHtml *html, const char *name, const KtComparison *row);
