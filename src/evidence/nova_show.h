/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the OpenStack clients show of one flavor, image or server: fields, from
 * a table or from JSON, made into a KtFlavor. */
#pragma once
#include "evidence/reader.h"

typedef struct KtNovaShow KtNovaShow;

KtNovaShow *kt_nova_show_new(void);
void kt_nova_show_free(KtNovaShow *show);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtNovaShow, kt_nova_show_free)

/* A field of line i as shown: "vcpus" "32", "properties" "hw:cpu_cores='8', ...",
 * or a property of its own: "hw:cpu_cores" "8". `whole` FALSE: its end is cut off. */
void kt_nova_show_add(KtNovaShow *show, const char *key, const char *value, guint i, gboolean whole);
/* The properties of this one are all shown, even if there are none. */
void kt_nova_show_has_properties(KtNovaShow *show, guint i);
/* Adds what was shown as a flavor to the reading, unless it says nothing of one. */
void kt_nova_show_finish(KtNovaShow *show, KtReading *r);
