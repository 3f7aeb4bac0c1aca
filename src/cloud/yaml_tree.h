/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A YAML file of maps, lists and texts (clouds.yaml), read with bounds. All scalars are
 * texts as they are written; a plain null, "~" or nothing is absent. Anchors, aliases and
 * merge keys ("<<") are followed without copying, so that nothing grows. */
#pragma once
#include <glib.h>

#define KT_YAML_LIMIT (256 * 1024) /* bytes of a document */

typedef struct KtYaml KtYaml; /* a document */
typedef struct KtYamlNode KtYamlNode;

/* `name` is for messages: "NAME:12: why it is not YAML". NULL with KT_ERROR_FORMAT,
 * KT_ERROR_LIMIT, or KT_ERROR_UNSUPPORTED in a build without libyaml. */
KtYaml *kt_yaml_read(const char *name, const char *text, gsize length, GError **error);
void kt_yaml_free(KtYaml *yaml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtYaml, kt_yaml_free)

const KtYamlNode *kt_yaml_root(const KtYaml *yaml); /* NULL: an empty document */

/* All of these: NULL (0) for a NULL node or one of another kind. What is returned belongs to the document. */
const KtYamlNode *kt_yaml_member(const KtYamlNode *map, const char *key);
const char *kt_yaml_text(const KtYamlNode *node); /* of a scalar that is not null */
gboolean kt_yaml_is_map(const KtYamlNode *node);
guint kt_yaml_count(const KtYamlNode *node); /* members of a map (not those merged into it) or a list */
const KtYamlNode *kt_yaml_element(const KtYamlNode *list, guint i);
const char *kt_yaml_key(const KtYamlNode *map, guint i); /* in the order of the file */

/* Each key of a map with its scalar, those merged into it before its own; lists and maps are left out. */
void kt_yaml_each_text(const KtYamlNode *map, void (*found)(const char *key, const char *text, gpointer data),
                       gpointer data);
