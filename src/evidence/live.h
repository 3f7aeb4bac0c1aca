/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of this machine is no file. */
#pragma once
#include <glib.h>

/* The kernel's log; NULL if it may not be read. Caller frees. */
char *kt_live_kernel_log(gsize *length);
