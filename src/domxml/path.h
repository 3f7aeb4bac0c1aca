/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The paths of domxml.h, taken apart; inside of the room only. */
#pragma once
#include <glib.h>

#define KT_PATH_STEPS 16
#define KT_PATH_CONDITIONS 4

typedef struct {
  char *name;
  struct {
    char *attribute, *value;
  } conditions[KT_PATH_CONDITIONS];
  guint n_conditions;
  guint position; /* "[2]", counted among those that meet the conditions; 0: none given */
} KtStep;

typedef struct {
  KtStep steps[KT_PATH_STEPS];
  guint n;
  char *attribute; /* of the last step's element; NULL: the element or its text */
  gboolean text;   /* ends with text() */
} KtPath;

/* XML 1.0, production 2 (Char). */
gboolean kt_xml_can_hold(const char *text);

/* NULL and KT_ERROR_USAGE: "cpu//topology: a name is missing at column 5". */
KtPath *kt_path_parse(const char *path, GError **error);
void kt_path_free(KtPath *path);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtPath, kt_path_free)
