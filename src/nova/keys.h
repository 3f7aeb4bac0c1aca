/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each key of a flavor does to the guest's CPUs and memory, and which have no effect. */
#pragma once
#include "nova/fit.h"

typedef enum {
  KT_NOVA_KEY_ACTS,    /* Nova reads it and it changes something */
  KT_NOVA_KEY_IDLE,    /* known, and without effect here */
  KT_NOVA_KEY_OTHER,   /* known; of devices, quotas of disks, scheduling: not of CPUs and memory */
  KT_NOVA_KEY_UNKNOWN, /* Nova does not read it */
  KT_NOVA_KEY_MISSING, /* not set, and it would help */
} KtNovaKeyState;

typedef struct {
  char *key, *value; /* value: as set; of a missing key: one to set, NULL where it depends on the host */
  gboolean image;    /* an image property */
  KtNovaKeyState state;
  char *what; /* the effect, or why there is none; of an unknown key the one it resembles, or NULL */
} KtNovaKeyNote;

/* All keys of flavor and image that there are, in order, then those that are missing.
 * GPtrArray of KtNovaKeyNote*; unref. */
GPtrArray *kt_nova_explain(const KtFlavor *flavor, KtNovaRelease release);

/* The key that a misspelled one resembles; NULL: none. */
const char *kt_nova_key_near(const char *key);
