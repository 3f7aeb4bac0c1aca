/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/batch.h"

static void put_set(KtJson *json, const char *key, const KtSet *set)
{
  g_autofree char *list = kt_set_format(set);
  kt_json_string(json, key, list);
}

static void put_int(KtJson *json, const char *key, KtInt value)
{
  if (value.known)
    kt_json_int(json, key, value.value);
  else
    kt_json_null(json, key);
}

static void put_guest(KtJson *json, const KtNovaGuest *guest)
{
  kt_json_open_object(json, "constraints");
  kt_json_string(json, "emulator_threads_policy", kt_nova_emulator_word(guest->emulator));
  kt_json_open_array(json, "cells");
  for (guint i = 0; i < guest->cells->len; i++) {
    const KtNovaGuestCell *cell = guest->cells->pdata[i];
    kt_json_open_object(json, NULL);
    kt_json_int(json, "id", i);
    put_set(json, "cpuset", cell->shared);
    put_set(json, "pcpuset", cell->dedicated);
    kt_json_int(json, "memory", cell->memory_mib);
    put_int(json, "pagesize", guest->pages_kib);
    kt_json_string(json, "cpu_policy", kt_nova_cpus_word(guest->cpus));
    kt_json_string(json, "cpu_thread_policy", kt_nova_threads_word(guest->threads));
    kt_json_close_object(json);
  }
  kt_json_close_array(json);
  kt_json_close_object(json);
}

static void put_placed(KtJson *json, const KtNovaGuestCell *cell, const KtNovaPlaced *placed)
{
  kt_json_open_object(json, NULL);
  kt_json_int(json, "host", placed->on->id);
  put_int(json, "pagesize", placed->pages_kib);
  kt_json_open_object(json, "pin");
  guint at = 0;
  for (int v = kt_set_next(cell->dedicated, 0); v >= 0; v = kt_set_next(cell->dedicated, (guint)v + 1)) {
    char vcpu[16];
    g_snprintf(vcpu, sizeof vcpu, "%d", v);
    kt_json_int(json, vcpu, g_array_index(placed->pins, guint, at++));
  }
  kt_json_close_object(json);
  g_autoptr(KtSet) reserved = kt_set_new();
  if (placed->reserved.known)
    kt_set_add(reserved, (guint)placed->reserved.value);
  put_set(json, "reserved", reserved);
  kt_json_close_object(json);
}

static void put_fit(KtJson *json, const KtNovaAnswer *a)
{
  kt_json_open_object(json, "fit");
  kt_json_string(json, "status", !a->guest ? "none" : a->fit->fits ? "fit" : "nofit");
  kt_json_open_array(json, "cells");
  for (guint i = 0; a->fit && i < a->fit->cells->len; i++)
    put_placed(json, a->guest->cells->pdata[i], a->fit->cells->pdata[i]);
  kt_json_close_array(json);
  kt_json_close_object(json);
}

void kt_nova_answer_put(KtJson *json, const char *id, const KtNovaAnswer *a)
{
  kt_json_string(json, "id", id);
  kt_json_string(json, "error", kt_nova_refusal_class(a->refusal));
  if (a->shape.sockets) {
    kt_json_open_object(json, "topology");
    kt_json_int(json, "sockets", a->shape.sockets);
    kt_json_int(json, "cores", a->shape.cores);
    kt_json_int(json, "threads", a->shape.threads);
    kt_json_close_object(json);
  } else {
    kt_json_null(json, "topology");
  }
  if (a->guest)
    put_guest(json, a->guest);
  else
    kt_json_null(json, "constraints");
  if (a->refusal)
    kt_json_null(json, "fit");
  else
    put_fit(json, a);
  kt_json_string(json, "xml", a->xml);
}

char *kt_nova_answer_line(const char *id, const KtNovaAnswer *a)
{
  g_autoptr(KtJson) json = kt_json_new_line();
  kt_json_open_object(json, NULL);
  kt_nova_answer_put(json, id, a);
  kt_json_close_object(json);
  return kt_json_finish(json);
}
