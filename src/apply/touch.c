/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/touch.h"

struct KtTouch {
  KtActuator *actuator;
  GHashTable *pretended; /* of a dry run: kt_step_name() -> value (may be NULL) */
  /* While a step is written: whose calls come, and what the actuator's owner wants to hear. */
  KtStep *step;
  KtActuator told;
};

KtTouch *kt_touch_new(KtActuator *actuator)
{
  KtTouch *touch = g_new0(KtTouch, 1);
  touch->actuator = actuator;
  touch->pretended = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return touch;
}

void kt_touch_free(KtTouch *touch)
{
  if (!touch)
    return;
  g_hash_table_unref(touch->pretended);
  g_free(touch);
}

char *kt_touch_read(KtTouch *touch, const KtStep *step, GError **error)
{
  g_autofree char *name = kt_step_name(step);
  gpointer value;
  if (g_hash_table_lookup_extended(touch->pretended, name, NULL, &value))
    return g_strdup(value);
  return touch->actuator->read(touch->actuator, step, error);
}

static void hear_call(const char *call, gpointer data)
{
  KtTouch *touch = data;
  g_ptr_array_add(touch->step->calls, g_strdup(call));
  if (touch->told.called)
    touch->told.called(call, touch->told.data);
}

static void hear_progress(const KtProgress *progress, gpointer data)
{
  KtTouch *touch = data;
  touch->told.progress(progress, touch->told.data);
}

gboolean kt_touch_write(KtTouch *touch, KtStep *step, const char *value, GError **error)
{
  KtActuator *actuator = touch->actuator;
  touch->step = step;
  touch->told = *actuator;
  actuator->called = hear_call;
  actuator->progress = touch->told.progress ? hear_progress : NULL;
  actuator->data = touch;
  gboolean written = actuator->write(actuator, step, value, error);
  actuator->called = touch->told.called;
  actuator->progress = touch->told.progress;
  actuator->data = touch->told.data;
  if (written && actuator->dry)
    g_hash_table_replace(touch->pretended, kt_step_name(step), g_strdup(value));
  return written;
}

gboolean kt_touch_reached(KtTouch *touch, const KtStep *step, const char *wanted, const char *found)
{
  return touch->actuator->reached(touch->actuator, step, wanted, found);
}

gboolean kt_touch_is_stopped(KtTouch *touch)
{
  return g_cancellable_is_cancelled(touch->actuator->stop);
}
