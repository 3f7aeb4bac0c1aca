/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtTouch: what runs and rollbacks do to a system through an actuator, one step at a time, each call kept in its
 * step. In a dry run nothing is done, and later steps see what would be there by then; so a
 * dry run takes the way of a real one. Inside of the room only. */
#pragma once
#include "apply/actuator.h"

typedef struct KtTouch KtTouch;
KtTouch *kt_touch_new(KtActuator *actuator); /* not owned */
void kt_touch_free(KtTouch *touch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtTouch, kt_touch_free)

/* As in KtActuator. */
char *kt_touch_read(KtTouch *touch, const KtStep *step, GError **error);
gboolean kt_touch_write(KtTouch *touch, KtStep *step, const char *value, GError **error);
gboolean kt_touch_reached(KtTouch *touch, const KtStep *step, const char *wanted, const char *found);
gboolean kt_touch_is_stopped(KtTouch *touch); /* the user wants an end */
