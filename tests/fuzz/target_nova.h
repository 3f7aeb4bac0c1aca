/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* A request of `nova fit --batch`: answered by both releases' rules. */
void kt_target_nova_request(const char *bytes, gsize length);
/* One text as each kind of value that Nova reads. */
void kt_target_nova_value(const char *bytes, gsize length);
