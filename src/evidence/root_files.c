/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all parts of reading a machine's files need. */
#include <string.h>

#include "base/error.h"
#include "base/units.h"
#include "evidence/root_machine.h"

#define SHORT_FILE 65536

char *kt_root_source(KtRoot *root, const char *path)
{
  return kt_root_is_live(root) ? g_strdup_printf("live:/%s", path) : g_build_filename(kt_root_name(root), path, NULL);
}

KtCite *kt_root_cite(KtRoot *root, const char *path, const char *text)
{
  g_autofree char *source = kt_root_source(root, path);
  return kt_cite_new(source, 0, text);
}

gboolean kt_root_set_text(KtRootReading *r, const char *fact, const char *path)
{
  g_autofree char *text = kt_root_read_line(r->root, path);
  if (!text || !*text)
    return FALSE;
  g_autofree char *valid = g_utf8_make_valid(text, -1);
  g_autoptr(KtCite) cite = kt_root_cite(r->root, path, valid);
  return kt_machine_set_text(r->m, fact, valid, cite);
}

void kt_root_note_unreadable(KtRootReading *r, const char *path)
{
  g_autoptr(GError) error = NULL;
  g_free(kt_root_read(r->root, path, SHORT_FILE, NULL, &error));
  if (g_error_matches(error, KT_ERROR, KT_ERROR_ACCESS)) {
    g_autofree char *absolute = g_strconcat("/", path, NULL);
    kt_machine_set_unreadable(r->m, absolute, "needs root");
  }
}

KtSet *kt_root_read_set(KtRootReading *r, const char *directory, const char *list_name, const char *mask_name)
{
  const char *const names[] = {list_name, mask_name};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    if (!names[i])
      continue;
    g_autofree char *path = g_build_filename(directory, names[i], NULL);
    g_autofree char *text = kt_root_read_line(r->root, path);
    if (!text)
      continue;
    g_autoptr(GError) error = NULL;
    KtSet *set = i == 0 ? kt_set_parse(text, &error) : kt_set_parse_mask(text, &error);
    if (set)
      return set;
    kt_root_reject(r, path, "%s", error->message);
  }
  return NULL;
}

KtInt kt_root_read_int(KtRoot *root, const char *directory, const char *name)
{
  g_autofree char *text = kt_root_read_linef(root, "%s/%s", directory, name);
  gint64 value;
  return text && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value, NULL) ? KT_INT(value)
                                                                                          : KT_INT_UNKNOWN;
}

int kt_root_id_of(const char *name, const char *prefix)
{
  guint64 id;
  if (!g_str_has_prefix(name, prefix) || !kt_units_parse_count(name + strlen(prefix), &id) || id >= KT_SET_MAX)
    return -1;
  return (int)id;
}

void kt_root_reject(KtRootReading *r, const char *path, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  g_autofree char *source = kt_root_source(r->root, path);
  kt_snapshot_reject(r->snapshot, source, 0, "%s", why);
}
