/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "cmd/command.h"

/* Sets a sysctl ("NAME=VALUE") of a running guest, with a receipt that `kvmtune rollback` takes back; `state` is
 * the journal's folder, NULL the usual one. Results as of KtCommand.run. */
int kt_guest_set_sysctl(const char *uri, const char *domain, const char *pair, const char *state, GError **error);
