/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/scrub.h"

#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "evidence/qemu_args.h"
#include "evidence/scrub_text.h"

typedef struct {
  KtScrub *scrub;
  KtRoot *out;
} Scrubbing;

/* ---- which file is what ---- */

/* The path without "moment-N/". */
static const char *plain_path(const char *path)
{
  if (!g_str_has_prefix(path, "moment-"))
    return path;
  const char *slash = strchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Numbers and words of the kernel and of hardware, which look like names and are none. */
static gboolean is_technical(const char *path)
{
  static const char *const beginnings[] = {"sys/devices/", "sys/bus/",       "sys/kernel/mm/",
                                           "sys/module/",  "sys/block/",     "sys/hypervisor",
                                           "sys/class/",   "proc/pressure/", "proc/sys/vm/"};
  static const char *const files[] = {"proc/stat",   "proc/vmstat",    "proc/interrupts",           "proc/cpuinfo",
                                      "proc/uptime", "proc/meminfo",   "proc/sys/kernel/osrelease", "proc/version",
                                      "cpuid.txt",   "etc/os-release", "usr/lib/os-release",        NULL};
  for (guint i = 0; i < G_N_ELEMENTS(beginnings); i++)
    if (g_str_has_prefix(path, beginnings[i]))
      return TRUE;
  return g_strv_contains(files, path);
}

static gboolean is_command_line(const char *path)
{
  return g_str_has_prefix(path, "proc/") && g_ascii_isdigit(path[5]) && g_str_has_suffix(path, "/cmdline");
}

/* ---- command lines ---- */

/* A size, a number or a switch. */
static gboolean is_plain_value(const char *value)
{
  return g_regex_match_simple("^(?:[0-9]{1,15}(?:\\.[0-9]+)?[kKmMgGtT]?[bB]?%?|on|off|true|false|yes|no|auto|ON|OFF)$",
                              value, 0, 0);
}

/* Options that have no value in them. */
static gboolean is_plain_option(const char *word)
{
  return g_regex_match_simple("^(?:-XX:[+-]\\w+|-X(?:m[nsx]|ss|int|comp|mixed|batch|rs|noclassgc)[0-9]{0,15}[kKmMgGtT]?"
                              "|-XX:Flags=\\.hotspotrc|--?[a-zA-Z]|--[a-zA-Z][\\w-]*"
                              "|-(?:jar|cp|classpath|server|client|d32|d64|ea|esa|verbose|version))$",
                              word, 0, 0);
}

/* A word of a program that is no QEMU: what is not known to be harmless goes. */
static char *scrub_word(const Scrubbing *s, const char *word)
{
  if (is_plain_option(word))
    return g_strdup(word);
  const char *equals = strchr(word, '=');
  g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : NULL;
  gboolean option = name && g_regex_match_simple("^(?:-XX:|--)\\w[\\w-]*$", name, 0, 0);
  if (option && is_plain_value(equals + 1) && !kt_scrub_is_secret(name))
    return g_strdup(word);
  g_autofree char *value = kt_scrub_pseudonym(s->scrub, "argument", option ? equals + 1 : word);
  if (option)
    return g_strdup_printf("%s=%s", name, value);
  return g_strconcat(*word == '-' ? "-" : "", value, NULL);
}

/* Whole values that QEMU passes on to a guest or keeps as a secret. */
static char *scrub_qemu_word(const Scrubbing *s, const char *before, const char *word)
{
  gboolean secret = strstr(word, "secret") && g_str_equal(before, "-object");
  gboolean passed = g_str_equal(before, "-fw_cfg") || g_str_equal(before, "-smbios");
  g_autofree char *text = kt_scrub_text(s->scrub, word, TRUE);
  if (!secret && !passed)
    return g_steal_pointer(&text);
  g_autoptr(GRegex) regex = g_regex_new(
      "((?<![\\w-])(?:data|file|iv|keyid|string|value)[\"']?\\s*[=:]\\s*)(?:\"(?:[^\"\\\\]|\\\\.)*\"|(?:,,|[^,])+)",
      G_REGEX_RAW, 0, NULL);
  g_autofree char *hidden = kt_scrub_pseudonym(s->scrub, "secret", word);
  g_autofree char *with = *word == '{' ? g_strdup_printf("\\1\"%s\"", hidden) : g_strdup_printf("\\1%s", hidden);
  return g_regex_replace(regex, text, -1, 0, with, 0, NULL);
}

static GPtrArray *split_arguments(GBytes *content)
{
  gsize length;
  const char *bytes = g_bytes_get_data(content, &length);
  GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
  for (gsize at = 0; at < length;) {
    char *word = g_strndup(bytes + at, strnlen(bytes + at, length - at));
    at += strlen(word) + 1;
    g_ptr_array_add(argv, word);
  }
  g_ptr_array_add(argv, NULL);
  return argv;
}

static GBytes *scrub_command_line(const Scrubbing *s, GBytes *content)
{
  g_autoptr(GPtrArray) argv = split_arguments(content);
  gboolean qemu = argv->len > 1 && kt_qemu_args_is_qemu((const char *const *)argv->pdata);
  GByteArray *out = g_byte_array_new();
  for (guint i = 0; i + 1 < argv->len; i++) {
    const char *word = argv->pdata[i];
    g_autofree char *made = NULL;
    if (qemu)
      made = scrub_qemu_word(s, i ? argv->pdata[i - 1] : "", word);
    else
      made = i ? scrub_word(s, word) : g_path_get_basename(word);
    g_byte_array_append(out, (const guint8 *)made, (guint)strlen(made) + 1);
  }
  return g_byte_array_free_to_bytes(out);
}

/* ---- the tree ---- */

/* The content as a string; what is behind a NUL is dropped, for no text has one. */
static char *text_of(GBytes *content)
{
  gsize length;
  const char *bytes = g_bytes_get_data(content, &length);
  return g_strndup(bytes ? bytes : "", length);
}

static void learn(const KtRootItem *item, gpointer data)
{
  const Scrubbing *s = data;
  const char *path = plain_path(item->path);
  if (!item->content || is_technical(path))
    return;
  if (is_command_line(path)) {
    g_autoptr(GPtrArray) argv = split_arguments(item->content);
    if (argv->len < 2 || !kt_qemu_args_is_qemu((const char *const *)argv->pdata))
      return;
    g_autofree char *lines = g_strjoinv("\n", (char **)argv->pdata);
    kt_scrub_learn_from(s->scrub, lines);
    return;
  }
  g_autofree char *text = text_of(item->content);
  if (g_str_equal(path, "proc/sys/kernel/hostname") || g_str_equal(path, "etc/hostname"))
    kt_scrub_learn(s->scrub, "host", g_strstrip(text));
  else
    kt_scrub_learn_from(s->scrub, text);
}

static GBytes *scrub_content(const Scrubbing *s, const char *path, GBytes *content)
{
  if (is_technical(path))
    return g_bytes_ref(content);
  if (is_command_line(path))
    return scrub_command_line(s, content);
  gboolean files = g_str_has_suffix(path, ".xml") || g_str_has_suffix(path, "numa_maps");
  g_autofree char *text = text_of(content);
  char *clean = kt_scrub_text(s->scrub, text, files);
  return g_bytes_new_take(clean, strlen(clean));
}

static void scrub_item(const KtRootItem *item, gpointer data)
{
  const Scrubbing *s = data;
  const char *plain = plain_path(item->path);
  g_autofree char *path = is_technical(plain) ? g_strdup(item->path) : kt_scrub_text(s->scrub, item->path, FALSE);
  if (item->content) {
    g_autoptr(GBytes) content = scrub_content(s, plain, item->content);
    kt_root_add_file(s->out, path, content);
  } else if (item->target) {
    g_autofree char *target =
        is_technical(plain) ? g_strdup(item->target) : kt_scrub_text(s->scrub, item->target, TRUE);
    kt_root_add_link(s->out, path, target);
  } else if (item->unreadable) {
    kt_root_add_unreadable(s->out, path);
  } else {
    kt_root_add_directory(s->out, path);
  }
}

KtRoot *kt_scrub_tree(KtRoot *tree, const guint8 *key, GError **error)
{
  guint8 random[KT_SCRUB_KEY];
  if (!key && getrandom(random, sizeof random, 0) != sizeof random) {
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "cannot scrub: the system gives no random numbers");
    return NULL;
  }
  g_autoptr(KtScrub) scrub = kt_scrub_new(key ? key : random, KT_SCRUB_KEY);
  Scrubbing s = {scrub, kt_root_new_memory(kt_root_name(tree))};
  kt_root_each(tree, learn, &s);
  kt_root_each(tree, scrub_item, &s);
  return s.out;
}
