/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stretch of time that is asked about: "slow last Tuesday at 14:00". Times
 * are the evidence's own local ones; zones are not looked at. */
#pragma once
#include "model/snapshot.h"

/* Both ends belong to it. With dates `by_day` is FALSE and from, to are seconds
 * since 1970; without, they are seconds since midnight of any day, and from >
 * to reaches over midnight. */
typedef struct {
  gboolean by_day;
  gint64 from, to;
} KtWindow;

/* Texts are ISO 8601 ("2026-11-24T14:00", also with a space or seconds, or the
 * date alone: its first or last second) or "14:00". NULL: no such end. If one has a
 * date and the other none, it is the same day. FALSE with KT_ERROR_USAGE for
 * another text, or an end before its start. */
gboolean kt_window_parse(const char *from, const char *to, KtWindow *out, GError **error);

/* Takes away the CPU use outside of the window. Rows that do not tell their
 * time (or, where it matters, their date) go too. Means of single CPUs are
 * unknown where rows go. What is left of each machine stands in snapshot->notes. */
void kt_window_apply(const KtWindow *window, KtSnapshot *snapshot);
