/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apply/look.h"

KtLook *kt_look_new(const char *name, const char *uuid)
{
  KtLook *look = g_new0(KtLook, 1);
  look->name = g_strdup(name);
  look->uuid = g_strdup(uuid);
  look->id = -1;
  look->cells = 1;
  return look;
}

void kt_look_free(KtLook *look)
{
  if (!look)
    return;
  g_free(look->name);
  g_free(look->uuid);
  g_free(look->run);
  g_free(look->numatune);
  g_free(look->memory_nodes);
  g_free(look->stuck);
  g_free(look);
}
