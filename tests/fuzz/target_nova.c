/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target_nova.h"

#include <string.h>

#include "nova/advice.h"
#include "nova/batch.h"
#include "nova/keys.h"
#include "nova/values.h"

/* Pins are free CPUs of the host cell, each once. */
static void check_pins(const KtNovaPlaced *placed)
{
  g_autoptr(KtSet) left = kt_nova_host_cell_free_cpus(placed->on);
  for (guint i = 0; i < placed->pins->len; i++) {
    guint cpu = g_array_index(placed->pins, guint, i);
    if (!kt_set_has(left, cpu))
      g_error("CPU %u is not free", cpu);
    kt_set_remove(left, cpu);
  }
  if (placed->reserved.known && !kt_set_has(left, (guint)placed->reserved.value))
    g_error("the reserved CPU is not free");
}

static void check_answer(const KtNovaRequest *request, KtNovaRelease release)
{
  g_autoptr(KtNovaAnswer) a = kt_nova_answer(request->flavor, request->host, release);
  g_autofree char *line = kt_nova_answer_line(request->id, a);
  if (strchr(line, '\n') != line + strlen(line) - 1)
    g_error("an answer is not one line: %s", line);
  for (guint i = 0; a->fit && i < a->fit->cells->len; i++)
    check_pins(a->fit->cells->pdata[i]);
  GPtrArray *usage = a->fit && a->fit->fits ? kt_nova_usage(a->guest, a->fit, request->host) : NULL;
  if (usage)
    g_ptr_array_unref(usage);
  if (request->flavor->vcpus.value <= 256)
    g_ptr_array_unref(kt_nova_advise(request->flavor, request->host, a, NULL, release));
  g_ptr_array_unref(kt_nova_explain(request->flavor, release));
}

void kt_target_nova_request(const char *bytes, gsize length)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtNovaRequest) request = kt_nova_request_parse(bytes, length, &error);
  if (!request && !error)
    g_error("refused without a word");
  if (!request)
    return;
  check_answer(request, KT_NOVA_MASTER);
  check_answer(request, KT_NOVA_ZED);
}

void kt_target_nova_value(const char *bytes, gsize length)
{
  gint64 n;
  gboolean beyond;
  KtNovaPages pages;
  kt_nova_bool(bytes);
  kt_nova_pages(bytes, &pages);
  kt_nova_key_near(bytes);
  if (kt_nova_is_plain_int(bytes) && !kt_nova_int(bytes, &n))
    g_error("'%s' is a plain integer and none", bytes);
  kt_set_free(kt_nova_cpus(bytes, &beyond));
}
