/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/nova_show.h"

#include <string.h>

#include "base/units.h"
#include "evidence/scan.h"

#define MAX_PROPERTIES 512

typedef struct {
  char *key, *value;
  guint line;
} Property;

struct KtNovaShow {
  KtInt vcpus, ram_mib, disk_gib;
  char *name, *original_name, *server_flavor, *host;
  guint name_line, vcpus_line, ram_line, properties_line;
  GPtrArray *properties; /* Property* */
  gboolean all_shown;    /* of the properties */
  gboolean image, server;
};

static void property_free(gpointer data)
{
  Property *p = data;
  g_free(p->key);
  g_free(p->value);
  g_free(p);
}

KtNovaShow *kt_nova_show_new(void)
{
  KtNovaShow *show = g_new0(KtNovaShow, 1);
  show->properties = g_ptr_array_new_with_free_func(property_free);
  return show;
}

void kt_nova_show_free(KtNovaShow *show)
{
  if (!show)
    return;
  g_free(show->name);
  g_free(show->original_name);
  g_free(show->server_flavor);
  g_free(show->host);
  g_ptr_array_unref(show->properties);
  g_free(show);
}

static void add_property(KtNovaShow *show, const char *key, const char *value, guint i)
{
  if (show->properties->len >= MAX_PROPERTIES || !*key)
    return;
  Property *p = g_new0(Property, 1);
  p->key = g_strdup(key);
  p->value = g_strdup(value);
  p->line = i;
  g_ptr_array_add(show->properties, p);
}

static void set_count(KtInt *slot, guint *line, const char *value, guint i)
{
  guint64 n;
  if (slot->known || !kt_units_parse_count(value, &n) || n > G_MAXINT32)
    return;
  *slot = KT_INT((gint64)n);
  if (line)
    *line = i;
}

static void set_text(char **slot, const char *value)
{
  g_free(*slot);
  *slot = *value && !g_str_equal(value, "null") && !g_str_equal(value, "None") ? g_strdup(value) : NULL;
}

/* "KEY='VALUE', ..." as the client formats dictionaries. FALSE if it does not end as it should. */
static gboolean read_pairs(KtNovaShow *show, const char *p, guint i)
{
  while (*p) {
    const char *equals = strchr(p, '=');
    if (!equals)
      return FALSE;
    g_autofree char *key = g_strstrip(g_strndup(p, (gsize)(equals - p)));
    const char *from = equals + 1, *end;
    if (*from == '\'') {
      from++;
      end = strstr(from, "', ");
      if (!end && g_str_has_suffix(from, "'"))
        end = from + strlen(from) - 1;
      if (!end)
        return FALSE;
      p = end + 1;
    } else {
      end = from + strcspn(from, ",");
      p = end;
    }
    g_autofree char *value = g_strndup(from, (gsize)(end - from));
    kt_nova_show_add(show, key, value, i, TRUE);
    p += strspn(p, ", ");
  }
  return TRUE;
}

/* {"KEY": "VALUE", ...} in one cell. */
static gboolean read_object(KtNovaShow *show, const char *p, guint i)
{
  char *key, *value;
  gboolean closed = kt_scan_json_depth(p) == 0;
  while (kt_scan_json_member(&p, &key, &value)) {
    add_property(show, key, value, i);
    g_free(key);
    g_free(value);
  }
  return closed;
}

static void read_properties(KtNovaShow *show, const char *value, guint i, gboolean whole)
{
  gboolean complete = *value == '{' ? read_object(show, value, i) : read_pairs(show, value, i);
  if (whole && complete && !g_str_equal(value, "N/A"))
    kt_nova_show_has_properties(show, i);
}

static gboolean is_property(const char *key)
{
  if (g_str_has_prefix(key, "OS-") || g_str_has_prefix(key, "os-"))
    return FALSE;
  return strchr(key, ':') || g_str_has_prefix(key, "hw_") || g_str_has_prefix(key, "os_");
}

void kt_nova_show_has_properties(KtNovaShow *show, guint i)
{
  show->all_shown = TRUE;
  show->properties_line = i;
}

void kt_nova_show_add(KtNovaShow *show, const char *key, const char *value, guint i, gboolean whole)
{
  g_autofree char *folded = kt_scan_fold(key, strlen(key));
  if (g_str_equal(folded, "properties") || g_str_equal(folded, "extra_specs"))
    read_properties(show, value, i, whole);
  else if (g_str_equal(folded, "flavor") && strchr(value, '=')) {
    if (read_pairs(show, value, i) && whole)
      kt_nova_show_has_properties(show, i);
    show->server = TRUE;
  } else if (g_str_equal(folded, "flavor")) {
    g_free(show->server_flavor);
    show->server_flavor = g_strndup(value, strcspn(value, " ("));
    show->server = TRUE;
  } else if (!whole)
    return;
  else if (g_str_equal(folded, "vcpus"))
    set_count(&show->vcpus, &show->vcpus_line, value, i);
  else if (g_str_equal(folded, "ram") || g_str_equal(folded, "memory_mb"))
    set_count(&show->ram_mib, &show->ram_line, value, i);
  else if (g_str_equal(folded, "disk"))
    set_count(&show->disk_gib, NULL, value, i);
  else if (g_str_equal(folded, "name")) {
    set_text(&show->name, value);
    show->name_line = i;
  } else if (g_str_equal(folded, "original_name"))
    set_text(&show->original_name, value);
  else if (g_str_equal(folded, "os-ext-srv-attr:host"))
    set_text(&show->host, value);
  else if (g_str_equal(folded, "disk_format") || g_str_equal(folded, "container_format"))
    show->image = TRUE;
  else if (g_str_has_prefix(folded, "os-ext-sts:") || g_str_equal(folded, "hostid"))
    show->server = TRUE;
  else if (g_str_has_prefix(key, "extra_specs."))
    add_property(show, key + strlen("extra_specs."), value, i);
  else if (is_property(key))
    add_property(show, key, value, i);
}

static void move_properties(KtNovaShow *show, KtFlavor *f, KtReading *r)
{
  if (!show->all_shown)
    return; /* a key that is not seen may be in the part that is cut off */
  GHashTable **table = show->image ? &f->image : &f->extra_specs;
  if (!*table)
    *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  kt_flavor_cite(f, show->image ? "image" : "extra_specs", kt_reading_cite(r, show->properties_line));
  for (guint i = 0; i < show->properties->len; i++) {
    const Property *p = show->properties->pdata[i];
    const KtCite *cite = kt_reading_cite(r, p->line);
    if (show->image)
      kt_flavor_set_image(f, p->key, p->value, cite);
    else
      kt_flavor_set_spec(f, p->key, p->value, cite);
  }
}

void kt_nova_show_finish(KtNovaShow *show, KtReading *r)
{
  if (!show->vcpus.known && !show->ram_mib.known && !show->all_shown && !show->server_flavor)
    return;
  KtFlavor *f = kt_reading_add_flavor(r);
  move_properties(show, f, r);
  if (show->image) {
    f->image_name = g_strdup(show->name);
    f->name = g_strdup(show->name);
    return;
  }
  if (show->server) {
    f->server = g_strdup(show->name);
    f->host = g_strdup(show->host);
    f->name = g_strdup(show->original_name ? show->original_name : show->server_flavor);
  } else {
    f->name = g_strdup(show->name);
  }
  f->vcpus = show->vcpus;
  f->ram_mib = show->ram_mib;
  f->disk_gib = show->disk_gib;
  if (show->vcpus.known)
    kt_flavor_cite(f, "vcpus", kt_reading_cite(r, show->vcpus_line));
  if (show->ram_mib.known)
    kt_flavor_cite(f, "ram_mib", kt_reading_cite(r, show->ram_line));
}
