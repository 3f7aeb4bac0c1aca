/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/flavor.h"

static GHashTable *text_table(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static GHashTable *cite_table(void)
{
  return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)kt_cite_free);
}

KtFlavor *kt_flavor_new(const char *source)
{
  KtFlavor *f = g_new0(KtFlavor, 1);
  f->source = g_strdup(source);
  f->cites = cite_table();
  return f;
}

void kt_flavor_free(KtFlavor *f)
{
  if (!f)
    return;
  g_free(f->name);
  g_free(f->image_name);
  g_free(f->server);
  g_free(f->host);
  g_free(f->source);
  g_clear_pointer(&f->extra_specs, g_hash_table_unref);
  g_clear_pointer(&f->spec_order, g_ptr_array_unref);
  g_clear_pointer(&f->image, g_hash_table_unref);
  g_hash_table_unref(f->cites);
  g_free(f);
}

static void set_property(KtFlavor *f, GHashTable **table, const char *group, const char *key, const char *value,
                         const KtCite *cite)
{
  if (!*table)
    *table = text_table();
  g_hash_table_replace(*table, g_strdup(key), g_strdup(value));
  g_autofree char *path = g_strdup_printf("%s.%s", group, key);
  kt_flavor_cite(f, path, cite);
}

void kt_flavor_set_spec(KtFlavor *f, const char *key, const char *value, const KtCite *cite)
{
  set_property(f, &f->extra_specs, "extra_specs", key, value, cite);
}

void kt_flavor_set_image(KtFlavor *f, const char *key, const char *value, const KtCite *cite)
{
  set_property(f, &f->image, "image", key, value, cite);
}

void kt_flavor_cite(KtFlavor *f, const char *path, const KtCite *cite)
{
  if (cite && !g_hash_table_contains(f->cites, path))
    g_hash_table_insert(f->cites, g_strdup(path), kt_cite_copy(cite));
}

const KtCite *kt_flavor_cite_of(const KtFlavor *f, const char *path)
{
  return g_hash_table_lookup(f->cites, path);
}

gboolean kt_flavor_same_specs(GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer key, value;
  if (g_hash_table_size(a) != g_hash_table_size(b))
    return FALSE;
  g_hash_table_iter_init(&iter, a);
  while (g_hash_table_iter_next(&iter, &key, &value))
    if (g_strcmp0(value, g_hash_table_lookup(b, key)) != 0)
      return FALSE;
  return TRUE;
}

const char *kt_flavor_hw(const KtFlavor *f, const char *key)
{
  g_autofree char *spec = g_strconcat("hw:", key, NULL);
  g_autofree char *property = g_strconcat("hw_", key, NULL);
  const char *value = f->extra_specs ? g_hash_table_lookup(f->extra_specs, spec) : NULL;
  if (!value && f->image)
    value = g_hash_table_lookup(f->image, property);
  return value;
}

KtNovaConf *kt_nova_conf_new(const char *source)
{
  KtNovaConf *conf = g_new0(KtNovaConf, 1);
  conf->source = g_strdup(source);
  conf->values = text_table();
  conf->cites = cite_table();
  return conf;
}

void kt_nova_conf_free(KtNovaConf *conf)
{
  if (!conf)
    return;
  g_free(conf->source);
  g_hash_table_unref(conf->values);
  g_hash_table_unref(conf->cites);
  g_free(conf);
}
