/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/paste.h"

#include <string.h>

#define START "=== kvmtune capture 1 ==="
#define END "=== kvmtune capture end ==="
#define UNREADABLE " unreadable"
#define FIRST_MOMENT "/moment-1"
#define MAX_PREFIX 64
#define MAX_PATH 1024
#define MAX_DEPTH 32
#define MAX_SECTIONS 150000
#define MAX_ROOTS 1000
#define MAX_ZEROS 8192                  /* one run; a row has as many columns as CPUs */
#define MAX_UNPACKED (24 * 1024 * 1024) /* bytes of counts with their zeros, of all tables */

typedef struct {
  const char *at, *end; /* what is not read yet */
  const char *prefix;   /* in front of each line */
  gsize prefix_length;
} Lines;

typedef struct {
  KtRoot *root;
  GString *path;    /* of the section; empty: none */
  GString *content; /* of a file */
  gboolean directory;
  guint sections;
  gsize *unpacked; /* bytes so far */
} Section;

/* The next line without its end and prefix; FALSE at the end. */
static gboolean next_line(Lines *lines, const char **line, gsize *length)
{
  if (lines->at >= lines->end)
    return FALSE;
  const char *stop = memchr(lines->at, '\n', (gsize)(lines->end - lines->at));
  *line = lines->at;
  *length = (gsize)((stop ? stop : lines->end) - lines->at);
  lines->at = stop ? stop + 1 : lines->end;
  while (*length && (*line)[*length - 1] == '\r')
    (*length)--;
  if (lines->prefix_length && *length >= lines->prefix_length &&
      memcmp(*line, lines->prefix, lines->prefix_length) == 0) {
    *line += lines->prefix_length;
    *length -= lines->prefix_length;
  }
  return TRUE;
}

static gboolean line_is(const char *line, gsize length, const char *text)
{
  return length == strlen(text) && memcmp(line, text, length) == 0;
}

/* TRUE if the line ends with START and little before it. */
static gboolean is_start(const char *line, gsize length)
{
  gsize n = strlen(START);
  return length >= n && length <= n + MAX_PREFIX && memcmp(line + length - n, START, n) == 0;
}

gboolean kt_paste_recognise(const char *bytes, gsize length)
{
  Lines lines = {.at = bytes, .end = bytes + length};
  const char *line;
  gsize n;
  while (next_line(&lines, &line, &n))
    if (is_start(line, n))
      return TRUE;
  return FALSE;
}

gboolean kt_paste_is_whole(const char *bytes, gsize length)
{
  return g_strrstr_len(bytes, (gssize)length, END) != NULL;
}

static gboolean path_is_sane(const char *path, gsize length)
{
  guint depth = 0;
  for (gsize i = 0; i < length; i++) {
    depth += path[i] == '/';
    if (g_ascii_iscntrl(path[i]))
      return FALSE;
  }
  return length && length <= MAX_PATH && depth <= MAX_DEPTH;
}

/* "0*8" in a row of counts is eight of them. NULL if the text gets longer than `limit`. */
static GString *unpack_zeros(const char *text, gsize limit)
{
  g_autoptr(GString) out = g_string_new(NULL);
  guint zeros = 0;
  for (const char *p = text; *p && out->len <= limit; p++) {
    zeros = *p == '\n' ? 0 : zeros;
    if (!g_str_has_prefix(p, " 0*") || !g_ascii_isdigit(p[3])) {
      g_string_append_c(out, *p);
      continue;
    }
    char *end;
    guint64 n = g_ascii_strtoull(p + 3, &end, 10);
    for (guint64 i = 0; i < n && zeros < MAX_ZEROS; i++, zeros++)
      g_string_append(out, " 0");
    p = end - 1;
  }
  return out->len <= limit ? g_steal_pointer(&out) : NULL;
}

static void replace_line_ends(GString *content)
{
  while (content->len && content->str[content->len - 1] == '\n')
    g_string_truncate(content, content->len - 1);
  if (content->len)
    g_string_append_c(content, '\n');
  for (gsize i = 0; i < content->len; i++)
    if (content->str[i] == '\n')
      content->str[i] = '\0';
}

/* Tables that are too much are left out: cut rows would be counts of the wrong CPUs. */
static void add_file(Section *s)
{
  GString *content = g_steal_pointer(&s->content);
  s->content = g_string_new(NULL);
  if (g_str_has_suffix(s->path->str, "/interrupts")) {
    GString *unpacked = unpack_zeros(content->str, MAX_UNPACKED - *s->unpacked);
    g_string_free(content, TRUE);
    if (!unpacked)
      return;
    content = unpacked;
    *s->unpacked += content->len;
  } else if (g_str_has_suffix(s->path->str, "/cmdline") && !g_str_equal(s->path->str, "/proc/cmdline")) {
    replace_line_ends(content);
  }
  g_autoptr(GBytes) bytes = g_string_free_to_bytes(content);
  kt_root_add_file(s->root, s->path->str, bytes);
  /* what the script shows at its first look only is the machine's file too */
  const char *own = g_str_has_prefix(s->path->str, FIRST_MOMENT) ? s->path->str + strlen(FIRST_MOMENT) : NULL;
  if (own && !kt_root_exists(s->root, own))
    kt_root_add_file(s->root, own, bytes);
}

static void finish_section(Section *s)
{
  if (s->path->len && !s->directory)
    add_file(s);
  g_string_truncate(s->path, 0);
  g_string_truncate(s->content, 0);
  s->directory = FALSE;
}

/* TRUE if the line introduces a section. */
static gboolean take_header(Section *s, const char *line, gsize length)
{
  if (length < 9 || memcmp(line, "==> /", 5) != 0 || memcmp(line + length - 4, " <==", 4) != 0)
    return FALSE;
  finish_section(s);
  const char *path = line + 4;
  gsize n = length - 8, suffix = strlen(UNREADABLE);
  gboolean unreadable = n > suffix && memcmp(path + n - suffix, UNREADABLE, suffix) == 0;
  n -= unreadable ? suffix : 0;
  if (!path_is_sane(path, n) || ++s->sections > MAX_SECTIONS)
    return TRUE;
  g_string_append_len(s->path, path, (gssize)n);
  s->directory = path[n - 1] == '/';
  if (unreadable) {
    kt_root_add_unreadable(s->root, s->path->str);
    g_string_truncate(s->path, 0);
  } else if (s->directory) {
    kt_root_add_directory(s->root, s->path->str);
  }
  return TRUE;
}

/* "topology/core_id:0" or "driver -> ../../drivers/virtio-pci" */
static void take_directory_line(Section *s, const char *line, gsize length)
{
  g_autofree char *text = g_strndup(line, length);
  char *arrow = strstr(text, " -> "), *colon = arrow ? NULL : strchr(text, ':');
  char *end = arrow ? arrow : colon;
  if (!end || ++s->sections > MAX_SECTIONS)
    return;
  const char *value = end + (arrow ? 4 : 1);
  *end = '\0';
  g_autofree char *path = g_strconcat(s->path->str, text, NULL);
  if (!*text || !path_is_sane(path, strlen(path)))
    return;
  if (arrow) {
    kt_root_add_link(s->root, path, value);
    return;
  }
  g_autofree char *content = g_strconcat(value, "\n", NULL);
  g_autoptr(GBytes) bytes = g_bytes_new(content, strlen(content));
  kt_root_add_file(s->root, path, bytes);
}

static void read_capture(Section *s, Lines *lines, GString *rest)
{
  const char *line;
  gsize length;
  while (next_line(lines, &line, &length)) {
    g_string_append_c(rest, '\n');
    if (line_is(line, length, END))
      break;
    if (take_header(s, line, length) || !s->path->len)
      continue;
    if (s->directory) {
      take_directory_line(s, line, length);
    } else {
      g_string_append_len(s->content, line, (gssize)length);
      g_string_append_c(s->content, '\n');
    }
  }
  finish_section(s);
}

char *kt_paste_read(const char *name, const char *bytes, gsize length, GPtrArray *roots)
{
  GString *rest = g_string_new(NULL);
  Lines lines = {.at = bytes, .end = bytes + length};
  const char *line;
  gsize n, unpacked = 0;
  guint sections = 0;
  while (next_line(&lines, &line, &n)) {
    if (!is_start(line, n) || roots->len >= MAX_ROOTS) {
      g_string_append_len(rest, line, (gssize)n);
      g_string_append_c(rest, '\n');
      continue;
    }
    g_string_append_c(rest, '\n');
    g_autofree char *own = roots->len ? g_strdup_printf("%s#%u", name, roots->len + 1) : g_strdup(name);
    Section s = {.root = kt_root_new_memory(own),
                 .path = g_string_new(NULL),
                 .content = g_string_new(NULL),
                 .sections = sections,
                 .unpacked = &unpacked};
    g_ptr_array_add(roots, s.root);
    lines.prefix = line;
    lines.prefix_length = n - strlen(START);
    read_capture(&s, &lines, rest);
    lines.prefix_length = 0;
    sections = s.sections;
    g_string_free(s.path, TRUE);
    g_string_free(s.content, TRUE);
  }
  return g_string_free(rest, FALSE);
}
