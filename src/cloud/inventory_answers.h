/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How elements of lists are taken. Inside of the room only. */
#pragma once
#include "cloud/inventory.h"
#include "cloud/pages.h"

#if HAVE_JSON
typedef struct {
  const char *member;
  void (*take)(JsonObject *element, gpointer cloud);
} KtCloudReading;
extern const KtCloudReading kt_cloud_readings[KT_CLOUD_LISTS];

/* Lists of a service, added to `cloud`. */
gboolean kt_cloud_read_servers(KtCloudSession *session, KtCloud *cloud, gboolean only_project, GError **error);
gboolean kt_cloud_read_flavors(KtCloudSession *session, KtCloud *cloud, GError **error);

/* "extra_specs" of an answer; NULL: they stay unknown. */
void kt_cloud_read_specs(KtFlavor *flavor, JsonObject *specs);
#endif
