/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as tools print them in many languages: "06:37:35 AM", "下午 04时34分26秒",
 * "Tue Oct 15 04:35:59 UTC 2019". */
#pragma once
#include <glib.h>

#define KT_CLOCK_DAY 86400

/* Seconds since midnight of the first clock time in a text, -1 if there is
 * none. Words for before and after noon may stand before or behind it. */
int kt_clock_seconds(const char *text);

/* Days since 1970-01-01 of the first date in a text that can be read one way
 * only ("10/11/2019" cannot), -1 if there is none. */
int kt_clock_days(const char *text);

/* Seconds since 1970 of a text with date and time, or of `date +%s`; 0 if it
 * does not hold both. Time zones are not looked at: UTC stands for local time. */
gint64 kt_clock_epoch(const char *text);

/* Seconds from the time in one line to the time in a later one, -1 if they do
 * not tell. */
double kt_clock_between(const char *from, const char *to);
