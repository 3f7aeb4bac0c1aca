/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nova.conf: sections, "key = value", values that go on in indented lines (oslo.config). */
#include <string.h>

#include "evidence/readers.h"

#define MAX_VALUES 4096
#define LOOK_AHEAD 400

/* Sections and keys that nova.conf alone has. */
static const char *const marks[] = {"compute_driver",
                                    "virt_type",
                                    "cpu_mode",
                                    "cpu_dedicated_set",
                                    "cpu_shared_set",
                                    "vcpu_pin_set",
                                    "cpu_allocation_ratio",
                                    "enabled_apis",
                                    "my_ip",
                                    NULL};

/* "libvirt" of "[libvirt]"; NULL if the line is no section. Caller frees. */
static char *section_of(const char *s)
{
  const char *end = *s == '[' ? strchr(s, ']') : NULL;
  gsize n = end ? (gsize)(end - s - 1) : 0;
  if (!n || n > 64 || end[1 + strspn(end + 1, " \t")] ||
      strspn(s + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789_-.:") < n)
    return NULL;
  return g_strndup(s + 1, n);
}

static gboolean is_comment(const char *s)
{
  return *s == '#' || *s == ';';
}

/* "key" of "key = value"; NULL if it is none. Caller frees. */
static char *key_of(const char *s, const char **value)
{
  gsize n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
  const char *p = s + n + strspn(s + n, " \t");
  if (!n || n > 128 || (*p != '=' && *p != ':'))
    return NULL;
  p++;
  *value = p + strspn(p, " \t");
  return g_strndup(s, n);
}

static gboolean starts(const KtText *text, guint i)
{
  g_autofree char *section = section_of(kt_text_at(text, i));
  if (!section)
    return FALSE;
  for (guint end = i + LOOK_AHEAD; i < end && i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *s = kt_text_at(text, i), *value;
    if (!*s || is_comment(s) || *s == '[' || g_ascii_isspace(*s))
      continue;
    g_autofree char *key = key_of(s, &value);
    if (!key)
      return FALSE;
    if (g_strv_contains(marks, key))
      return TRUE;
  }
  return FALSE;
}

/* Options of which each line counts (oslo.config's MultiOpt). */
static const char *const repeated[] = {"DEFAULT/reserved_huge_pages", "pci/alias", "pci/device_spec",
                                       "pci/passthrough_whitelist", NULL};

static void go_on(KtNovaConf *conf, const char *path, const char *more)
{
  const char *value = g_hash_table_lookup(conf->values, path);
  if (value && strlen(value) < 65536)
    g_hash_table_replace(conf->values, g_strdup(path), g_strconcat(value, *value ? "\n" : "", more, NULL));
}

static void put(KtNovaConf *conf, KtReading *r, const char *path, const char *value, guint i)
{
  if (g_strv_contains(repeated, path) && g_hash_table_contains(conf->values, path)) {
    go_on(conf, path, value);
    return;
  }
  if (g_hash_table_size(conf->values) >= MAX_VALUES)
    return;
  /* of a key that stands twice oslo.config takes the last */
  g_hash_table_replace(conf->values, g_strdup(path), g_strdup(value));
  g_hash_table_replace(conf->cites, g_strdup(path), kt_cite_copy(kt_reading_cite(r, i)));
}

static guint read_conf(KtReading *r, const KtText *text, guint i)
{
  KtNovaConf *conf = kt_reading_add_conf(r);
  g_autofree char *section = NULL;
  g_autofree char *path = NULL;
  guint end = i + 1;
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    const char *s = kt_text_at(text, i), *value;
    if (!*s || is_comment(s))
      continue;
    char *next = section_of(s);
    if (next) {
      g_free(section);
      section = next;
      g_clear_pointer(&path, g_free);
    } else if (g_ascii_isspace(*s)) {
      if (path)
        go_on(conf, path, s + strspn(s, " \t"));
    } else {
      g_autofree char *key = key_of(s, &value);
      if (!key || !section)
        break;
      g_free(path);
      path = g_strconcat(section, "/", key, NULL);
      put(conf, r, path, value, i);
    }
    end = i + 1;
  }
  return end;
}

const KtReader kt_reader_nova_conf = {
    .name = "nova-conf",
    .what = "nova.conf",
    .starts = starts,
    .read = read_conf,
};
