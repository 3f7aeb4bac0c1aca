/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "cmd/command.h"
#include "evidence/capture_inside.h"
#include "model/snapshot.h"

/* Sets a sysctl ("NAME=VALUE") of a running guest, with a receipt that `kvmtune rollback` takes back; `state` is
 * the journal's folder, NULL the usual one. Results as of KtCommand.run. */
int kt_guest_set_sysctl(const char *uri, const char *domain, const char *pair, const char *state, GError **error);

/* The guest as its agent shows it: one machine. `wanted` and *note as in evidence/capture_inside.h (its script is the
 * capture script, whatever is given). NULL with the errors of that and of kt_libvirt_agent_open(). */
KtSnapshot *kt_guest_look_inside(const KtInsideOptions *wanted, char **note, GError **error);
