/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What configures a cloud while it is put together: key -> text. Inside of the room only. */
#pragma once
#include "cloud/clouds.h"
#include "cloud/yaml_tree.h"

/* Values are wiped when they go. */
GHashTable *kt_settings_new(void);
/* In one spelling: "project_name" for "tenant-name" and "project-name". */
void kt_settings_put(GHashTable *settings, const char *key, const char *value);
/* A cloud as a map of YAML: its texts, those of its "auth", and the values of one of its regions (NULL: the first
 * where it has any). FALSE if it has regions and not that one. */
gboolean kt_settings_add(GHashTable *settings, const KtYamlNode *cloud, const char *region);
/* OS_* of the process's environment. FALSE if they are none that describe a cloud. */
gboolean kt_settings_add_environment(GHashTable *settings);
/* Of those that a file may leave out. */
void kt_settings_fill_from_environment(GHashTable *settings);

/* The configuration, checked. */
KtCloudConfig *kt_settings_finish(GHashTable *settings, const char *name, const char *source, const KtCloudWish *wish,
                                  GError **error);
