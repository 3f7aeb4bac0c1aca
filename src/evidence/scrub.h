/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures that may be shown to strangers. Replaced by pseudonyms, the same for the
 * same original within one capture: names of hosts, domains, projects, users and
 * what people called files; UUIDs, MAC and IP addresses, serial numbers; values of
 * arguments that hold secrets. Of the command lines of programs other than QEMU only
 * options of a JVM and values that are a size, a number or a switch stay. The
 * pseudonyms are made with a key that is thrown away, so that nobody can try names. */
#pragma once
#include "base/root.h"

#define KT_SCRUB_KEY 32 /* bytes */

/* A new tree in memory with the scrubbed content of `tree`. `key`: KT_SCRUB_KEY
 * bytes, NULL: random ones;
 * NULL and *error if there are none. Caller unrefs. */
KtRoot *kt_scrub_tree(KtRoot *tree, const guint8 *key, GError **error);
