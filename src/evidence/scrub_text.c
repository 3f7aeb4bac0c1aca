/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/scrub_text.h"

#include <string.h>

#define REGEX_FLAGS (G_REGEX_RAW | G_REGEX_CASELESS | G_REGEX_OPTIMIZE)
#define MAX_NAME 255
#define CHUNK 16384 /* bytes of names in one expression */

typedef struct Pattern Pattern;

struct KtScrub {
  guint8 *key;
  gsize key_length;
  GHashTable *names;   /* lower case -> pseudonym */
  GPtrArray *patterns; /* GRegex*, one a row of the table */
  GPtrArray *known;    /* GRegex* of the names; made anew when one was learned */
  GRegex *path;
};

/* ---- pseudonyms ---- */

/* 32 hexadecimal digits that stand for the original. */
static char *digest(const KtScrub *scrub, const char *original)
{
  g_autofree char *lower = g_ascii_strdown(original, -1);
  char *hex =
      g_compute_hmac_for_data(G_CHECKSUM_SHA256, scrub->key, scrub->key_length, (const guchar *)lower, strlen(lower));
  hex[32] = '\0';
  return hex;
}

char *kt_scrub_pseudonym(const KtScrub *scrub, const char *kind, const char *original)
{
  g_autofree char *hex = digest(scrub, original);
  return g_strdup_printf("%s-%.8s", kind, hex);
}

static char *uuid_for(const KtScrub *scrub, const char *original)
{
  g_autofree char *plain = g_strdup(original);
  char *to = plain; /* with and without dashes it is the same one */
  for (const char *p = original; *p; p++)
    if (*p != '-')
      *to++ = *p;
  *to = '\0';
  g_autofree char *hex = digest(scrub, plain);
  if (!strchr(original, '-'))
    return g_steal_pointer(&hex);
  return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static char *mac_for(const KtScrub *scrub, const char *original)
{
  g_autofree char *plain = g_strdelimit(g_strdup(original), "-", ':');
  g_autofree char *hex = digest(scrub, plain);
  GString *mac = g_string_new("02");
  for (gsize i = 2; i + 1 < strlen(original) && mac->len < strlen(original); i += 3)
    g_string_append_printf(mac, "%c%.2s", original[i], hex + i % 24);
  return g_string_free(mac, FALSE);
}

static char *ip4_for(const KtScrub *scrub, const char *original)
{
  guint64 part = 0, first = 0;
  const char *at = original;
  for (guint i = 0; i < 4; i++, at++) {
    char *end;
    part = g_ascii_strtoull(at, &end, 10);
    at = end;
    first = i ? first : part;
    if (part > 255)
      return g_strdup(original); /* a version */
  }
  if (first == 0 || first == 127 || first == 255)
    return g_strdup(original); /* no one's */
  g_autofree char *hex = digest(scrub, original);
  guint64 n = g_ascii_strtoull(hex + 24, NULL, 16);
  return g_strdup_printf("10.%u.%u.%u", (guint)(n >> 16) & 255, (guint)(n >> 8) & 255, (guint)n & 255);
}

static char *ip6_for(const KtScrub *scrub, const char *original)
{
  if (g_str_equal(original, "::1"))
    return g_strdup(original);
  g_autofree char *hex = digest(scrub, original);
  return g_strdup_printf("2001:db8::%.4s:%.4s", hex, hex + 4);
}

static char *host_for(const KtScrub *scrub, const char *original)
{
  if (strspn(original, "0123456789abcdefABCDEF:.") == strlen(original) || g_str_equal(original, "localhost") ||
      g_str_equal(original, "null"))
    return g_strdup(original); /* an address, replaced by its own row, or a device's, or JSON's unknown */
  return kt_scrub_pseudonym(scrub, "host", original);
}

/* ---- what is known by its form ---- */

#define SECRET "pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?"
#define SEPARATOR "[\"']?\\s*[=:]\\s*"
#define VALUE "\"(?:[^\"\\\\]|\\\\.)*\"|'[^']*'|(?:,,|[^\\s,;&<>\"'])+"

/* Group 1 stays, group 2 is replaced, group 3 stays. */
struct Pattern {
  const char *regex;
  const char *kind; /* of the pseudonym, if `make` is NULL */
  char *(*make)(const KtScrub *scrub, const char *original);
};

static const Pattern patterns[] = {
    {"()(?<![0-9a-f])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9a-f])()", NULL, uuid_for},
    {"()(?<![0-9a-z])([0-9a-f]{32})(?![0-9a-z])()", NULL, uuid_for},
    {"()(?<![0-9a-f:-])([0-9a-f]{2}(?:[:-][0-9a-f]{2}){5,19})(?![0-9a-f:-])()", NULL, mac_for},
    {"(://)([^/@\\s'\"<>]+)(@)", "user", NULL},
    {"()(?<![\\w:.])((?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4})(?![\\w:])()", NULL, ip6_for},
    {"()(?<![\\w:.])((?:[0-9a-f]{1,4}:){0,6}[0-9a-f]{0,4}::(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4})(?![\\w:])()", NULL,
     ip6_for},
    {"()(?<![\\w.])((?:[0-9]{1,3}\\.){3}[0-9]{1,3})(?![\\w-]|\\.[0-9])()", NULL, ip4_for},
    {"((?<![a-z0-9])[\\w.-]*(?:" SECRET ")[\\w.-]*" SEPARATOR ")(" VALUE ")()", "secret", NULL},
    {"((?<![\\w-])key(?:file|id)?" SEPARATOR ")(" VALUE ")()", "secret", NULL},
    {"((?<![\\w-])(?:serial(?:[_-]?number)?|wwn|wwpn|wwnn|asset|sku)" SEPARATOR ")(" VALUE ")()", "serial", NULL},
    {"((?<![\\w-])user(?:name)?" SEPARATOR ")(" VALUE ")()", "user", NULL},
    {"((?<![\\w-])(?:pool|image|volume|bucket|share)" SEPARATOR ")(" VALUE ")()", "storage", NULL},
    {"(<source\\s[^>]*?\\bname=['\"])([^'\"]+)(['\"])", "storage", NULL},
    {"(<(?:serial|wwn|title|description|nova:\\w+ uuid=[^>]*)>)([^<]+)(<)", "text", NULL},
    {"(<entry(?:\\s+name=['\"](?:serial|asset|sku|family|location|version)['\"])?>)([^<]+)(</entry>)", "text", NULL},
    {"(<qemu:env\\s+name=['\"][^'\"]*['\"]\\s+value=['\"])([^'\"]+)(['\"])", "secret", NULL},
    {"(<qemu:arg\\s+value=['\"](?:[^'\"]*,)?(?:data|iv|string|value)=)([^'\",]+)()", "secret", NULL},
    {"(<(?:name|nova:name)>)([^<]+)(<)", "domain", NULL},
    {"(<host\\s+name=['\"])([^'\"]+)(['\"])", NULL, host_for},
    {"((?<![\\w-])(?:[\\w.-]*[._-])?host(?:name)?" SEPARATOR "['\"]?)([\\w.:-]+)()", NULL, host_for},
    {"()(iqn\\.[0-9]{4}-[0-9]{2}\\.[^\\s'\"<>,]+)()", "iqn", NULL},
    {"()((?<![\\w.+-])[\\w.+-]+@[\\w-]+\\.[\\w.-]+)()", "user", NULL},
    {"(/home/)([^/\\s'\"<>,:]+)()", "user", NULL},
    {"(/domain-[0-9]+-)([^/\\s'\"<>,]+)()", "domain", NULL},
    {"(qemu(?:\\\\x2d|-)[0-9]+(?:\\\\x2d|-))([^/\\s]+?)(\\.scope|\\.libvirt-qemu)", "domain", NULL},
};

/* A value keeps its quotation marks. */
static void append_value(const KtScrub *scrub, GString *out, const Pattern *p, const char *value)
{
  gsize n = strlen(value);
  char quote = n > 1 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0] ? value[0] : '\0';
  g_autofree char *inner = quote ? g_strndup(value + 1, n - 2) : g_strdup(value);
  g_autofree char *lower = g_ascii_strdown(inner, -1);
  const char *known = g_hash_table_lookup(scrub->names, lower);
  g_autofree char *made = known ? g_strdup(known) : p->make ? p->make(scrub, inner) : NULL;
  if (!made)
    made = kt_scrub_pseudonym(scrub, p->kind, inner);
  if (quote)
    g_string_append_printf(out, "%c%s%c", quote, made, quote);
  else
    g_string_append(out, made);
}

typedef struct {
  const KtScrub *scrub;
  const Pattern *pattern;
} Row;

static gboolean replace_form(const GMatchInfo *info, GString *out, gpointer data)
{
  const Row *row = data;
  g_autofree char *before = g_match_info_fetch(info, 1), *value = g_match_info_fetch(info, 2),
                  *after = g_match_info_fetch(info, 3);
  g_string_append(out, before);
  append_value(row->scrub, out, row->pattern, value);
  g_string_append(out, after);
  return FALSE;
}

gboolean kt_scrub_is_secret(const char *name)
{
  return g_regex_match_simple("(?:" SECRET ")|(?<![a-z])key", name, G_REGEX_CASELESS | G_REGEX_RAW, 0);
}

/* ---- names ---- */

/* Words of the field; as a name they tell nothing of anybody. */
static const char *const common[] = {
    "localhost", "localdomain", "kvm",  "qemu",   "libvirt", "host",   "guest", "domain",   "node",  "cpu",   "vcpu",
    "memory",    "disk",        "name", "vhost",  "linux",   "none",   "null",  "true",     "false", "on",    "off",
    "x86",       "x86_64",      "pc",   "q35",    "file",    "driver", "type",  "id",       "bus",   "net",   "tap",
    "virtio",    "pci",         "usb",  "numa",   "cell",    "smp",    "size",  "mode",     "raw",   "qcow2", "admin",
    "default",   "user",        "root", "system", "machine", "slice",  "scope", "emulator", NULL};

static gboolean is_name(const char *name)
{
  g_autofree char *lower = g_ascii_strdown(name, -1);
  gsize n = strlen(name);
  return n > 1 && n <= MAX_NAME && !g_strv_contains(common, lower) && strspn(name, "0123456789.") < n;
}

static void remember(KtScrub *scrub, const char *name, const char *pseudonym)
{
  g_auto(GStrv) parts = g_strsplit(name, "-", -1), new_parts = g_strsplit(pseudonym, "-", -1);
  if (!g_hash_table_contains(scrub->names, name))
    g_hash_table_insert(scrub->names, g_ascii_strdown(name, -1), g_strdup(pseudonym));
  if (parts[0] && parts[1]) { /* as systemd writes it in names of units */
    g_autofree char *unit = g_strjoinv("\\x2d", parts);
    g_hash_table_insert(scrub->names, g_ascii_strdown(unit, -1), g_strjoinv("\\x2d", new_parts));
  }
  g_clear_pointer(&scrub->known, g_ptr_array_unref);
}

void kt_scrub_learn(KtScrub *scrub, const char *kind, const char *name)
{
  const char *dot = strchr(name, '.');
  g_autofree char *label = g_strndup(name, dot ? (gsize)(dot - name) : strlen(name));
  gboolean host = g_str_equal(kind, "host") && dot && dot[1];
  g_autofree char *whole = kt_scrub_pseudonym(scrub, kind, host ? label : name);
  if (!host) {
    if (is_name(name))
      remember(scrub, name, whole);
    return;
  }
  g_autofree char *rest = kt_scrub_pseudonym(scrub, "net", dot + 1);
  g_autofree char *both = g_strdup_printf("%s.%s", whole, rest);
  if (is_name(label))
    remember(scrub, label, whole);
  if (is_name(dot + 1) && strchr(dot + 1, '.'))
    remember(scrub, dot + 1, rest);
  if (is_name(name))
    remember(scrub, name, both);
}

void kt_scrub_learn_from(KtScrub *scrub, const char *text)
{
  static const struct {
    const char *regex, *kind;
  } rows[] = {
      {"<nova:name>([^<]+)<", "server"},
      {"<nova:project[^>]*>([^<]+)<", "project"},
      {"<nova:user[^>]*>([^<]+)<", "user"},
      {"<domain[^>]*>\\s*<name>([^<]+)<", "domain"},
      {"^-name\\n(?:guest=)?((?:,,|[^,\\n])+)", "domain"},
      {"^-name\\n(?:[^\\n]*,)?guest=((?:,,|[^,\\n])+)", "domain"},
      {"^Domain: '([^'\\n]+)'", "domain"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GRegex) regex = g_regex_new(rows[i].regex, G_REGEX_RAW | G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) info = NULL;
    for (g_regex_match(regex, text, 0, &info); g_match_info_matches(info); g_match_info_next(info, NULL)) {
      g_autofree char *name = g_strstrip(g_match_info_fetch(info, 1));
      kt_scrub_learn(scrub, rows[i].kind, name);
    }
  }
}

static gint longest_first(gconstpointer a, gconstpointer b)
{
  gsize na = strlen(a), nb = strlen(b);
  return na < nb ? 1 : na > nb ? -1 : strcmp(a, b);
}

/* A long name, or one with a digit or a sign in it, is found inside of words too. */
static gboolean stands_out(const char *name)
{
  gsize n = strlen(name);
  return n >= 10 || (n >= 6 && strpbrk(name, "0123456789-_."));
}

static void add_known(KtScrub *scrub, GString *names)
{
  g_autofree char *pattern = g_strdup_printf("(?:%s)", names->str);
  GRegex *regex = g_regex_new(pattern, REGEX_FLAGS, 0, NULL);
  if (regex)
    g_ptr_array_add(scrub->known, regex);
  g_string_truncate(names, 0);
}

static void compile_names(KtScrub *scrub)
{
  scrub->known = g_ptr_array_new_with_free_func((GDestroyNotify)g_regex_unref);
  g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(scrub->names), longest_first);
  g_autoptr(GString) names = g_string_new(NULL);
  for (GList *l = sorted; l; l = l->next) {
    g_autofree char *safe = g_regex_escape_string(l->data, -1);
    gboolean inside = stands_out(l->data);
    g_string_append_printf(names, "%s%s%s%s", names->len ? "|" : "", inside ? "" : "(?:(?<![a-z0-9])|(?<=\\\\x2d))",
                           safe, inside ? "" : "(?![a-z0-9])");
    if (names->len > CHUNK)
      add_known(scrub, names);
  }
  if (names->len)
    add_known(scrub, names);
}

static gboolean replace_name(const GMatchInfo *info, GString *out, gpointer data)
{
  const KtScrub *scrub = data;
  g_autofree char *name = g_match_info_fetch(info, 0), *lower = g_ascii_strdown(name, -1);
  const char *pseudonym = g_hash_table_lookup(scrub->names, lower);
  g_string_append(out, pseudonym ? pseudonym : name);
  return FALSE;
}

/* ---- paths ---- */

static const char *const usual[] = {
    "",          "var",   "lib",     "lib64",   "usr",    "bin",     "sbin",      "libexec",     "share",
    "local",     "run",   "tmp",     "log",     "etc",    "dev",     "sys",       "proc",        "opt",
    "srv",       "mnt",   "media",   "home",    "data",   "libvirt", "qemu",      "qemu-kvm",    "nova",
    "instances", "_base", "images",  "channel", "target", "nvram",   "hugepages", "hugepages1G", "hugepages2M",
    "shm",       "vfio",  "net",     "tun",     "kvm",    "null",    "random",    "urandom",     "pts",
    "disk",      "by-id", "by-path", "by-uuid", "mapper", "swtpm",   "ram",       "cinder",      "ceph",
    "firmware",  "OVMF",  "edk2",    "seabios", "cpu",    "fd",      NULL};

static gboolean is_usual(const char *part)
{
  return g_strv_contains(usual, part) ||
         g_regex_match_simple(
             "^(?:domain|user|file|host|net|server|project|text|secret)-|^qemu-|^memfd:|\\.(?:fd|bin|rom|so)$"
             "|^(?:sd|vd|hd|nvme|dm-|loop|md|tap|macvtap|tty)[a-z0-9]*$|^[0-9]+$|^monitor\\.sock$",
             part, G_REGEX_RAW, 0);
}

/* Of each part that somebody chose stays what kind of file it is. */
static gboolean replace_path(const GMatchInfo *info, GString *out, gpointer data)
{
  g_autofree char *path = g_match_info_fetch(info, 0);
  g_auto(GStrv) parts = g_strsplit(path, "/", -1);
  for (guint i = 0; parts[i]; i++) {
    const char *dot = strrchr(parts[i], '.');
    gboolean extension = dot && dot > parts[i] && strlen(dot) <= 6 && !parts[i + 1];
    g_autofree char *made = is_usual(parts[i]) ? g_strdup(parts[i]) : kt_scrub_pseudonym(data, "file", parts[i]);
    g_string_append_printf(out, "%s%s%s", i ? "/" : "", made, extension && !is_usual(parts[i]) ? dot : "");
  }
  return FALSE;
}

/* ---- all together ---- */

static void apply(GRegex *regex, char **text, GRegexEvalCallback eval, gpointer data)
{
  char *out = g_regex_replace_eval(regex, *text, -1, 0, 0, eval, data, NULL);
  if (!out) /* too deep to be matched: better nothing than a name */
    out = g_strdup("");
  g_free(*text);
  *text = out;
}

char *kt_scrub_text(const KtScrub *scrub, const char *text, gboolean files)
{
  char *out = g_strdup(text);
  if (!scrub->known)
    compile_names((KtScrub *)scrub);
  for (guint i = 0; i < G_N_ELEMENTS(patterns); i++) {
    Row row = {scrub, &patterns[i]};
    apply(scrub->patterns->pdata[i], &out, replace_form, &row);
  }
  for (guint i = 0; i < scrub->known->len; i++)
    apply(scrub->known->pdata[i], &out, replace_name, (gpointer)scrub);
  if (files)
    apply(scrub->path, &out, replace_path, (gpointer)scrub);
  return out;
}

KtScrub *kt_scrub_new(const guint8 *key, gsize length)
{
  KtScrub *scrub = g_new0(KtScrub, 1);
  scrub->key = g_memdup2(key, length);
  scrub->key_length = length;
  scrub->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  scrub->patterns = g_ptr_array_new_with_free_func((GDestroyNotify)g_regex_unref);
  for (guint i = 0; i < G_N_ELEMENTS(patterns); i++)
    g_ptr_array_add(scrub->patterns, g_regex_new(patterns[i].regex, REGEX_FLAGS, 0, NULL));
  scrub->path = g_regex_new("(?<![\\w<.])/[^/\\s'\"<>,;:=]+(?:/[^/\\s'\"<>,;:=]+)+", REGEX_FLAGS, 0, NULL);
  return scrub;
}

void kt_scrub_free(KtScrub *scrub)
{
  if (!scrub)
    return;
  memset(scrub->key, 0, scrub->key_length);
  g_free(scrub->key);
  g_hash_table_unref(scrub->names);
  g_ptr_array_unref(scrub->patterns);
  g_clear_pointer(&scrub->known, g_ptr_array_unref);
  g_regex_unref(scrub->path);
  g_free(scrub);
}
