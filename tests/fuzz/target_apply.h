/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan of a stranger, carried out: the target's function in target.c's table. */
#pragma once
#include <glib.h>

void kt_target_steps(const char *bytes, gsize length);
