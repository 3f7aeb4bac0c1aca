/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MySQL's and MariaDB's variables: SHOW VARIABLES, mysqladmin variables, and
 * [mysqld] of my.cnf. */
#include <string.h>

#include "evidence/readers.h"

#define MAX_VARIABLES 4096
#define MAX_NAME 64

/* What a check asks for. */
static const char *const wanted[] = {"innodb_buffer_pool_size", "innodb_numa_interleave", "large_pages", "version",
                                     NULL};

static void keep(KtReading *r, guint i, const char *where, const char *name, const char *value)
{
  if (!g_strv_contains(wanted, name))
    return;
  g_autofree char *setting = g_strconcat(where, name, NULL);
  kt_machine_set_setting(kt_reading_machine(r), setting, value, kt_reading_cite(r, i));
}

/* ---- tables ---- */

typedef enum { BOXED, PLAIN, VERTICAL } Shape;

static gboolean is_rule(const char *line)
{
  return g_str_has_prefix(line, "+-") && !line[strspn(line, "+-")];
}

/* Two cells of "| a | b |" or of "a<white space>b". Caller frees both. */
static gboolean cells_of(const char *line, Shape shape, char **name, char **value)
{
  if (strlen(line) > 8192)
    return FALSE;
  const char *bar = shape == BOXED && *line == '|' ? strchr(line + 1, '|') : NULL;
  const char *from = shape == BOXED ? line + 1 : line, *between = bar;
  gsize length = strlen(line);
  if (shape == BOXED && (!bar || line[length - 1] != '|' || bar == line + length - 1))
    return FALSE;
  if (shape == PLAIN) {
    between = line + strcspn(line, " \t");
    length++;
  }
  *name = g_strstrip(g_strndup(from, (gsize)(between - from)));
  *value = *between ? g_strstrip(g_strndup(between + 1, (gsize)(line + length - 1 - between - 1))) : g_strdup("");
  return TRUE;
}

static gboolean is_header(const char *line, Shape shape)
{
  char *a, *b;
  if (!strstr(line, "Variable_name") || !cells_of(line, shape, &a, &b))
    return FALSE;
  gboolean is = g_str_equal(a, "Variable_name") && g_str_equal(b, "Value");
  g_free(a);
  g_free(b);
  return is;
}

static gboolean starts_table(const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  return (is_rule(line) && is_header(kt_text_at(text, i + 1), BOXED)) || is_header(line, BOXED) ||
         is_header(line, PLAIN);
}

/* A row whose end may be cut off is left out. */
static guint read_table(KtReading *r, const KtText *text, guint i)
{
  guint first = i;
  if (is_rule(kt_text_at(text, i)))
    i++;
  Shape shape = *kt_text_at(text, i) == '|' ? BOXED : PLAIN;
  for (i++; i < kt_text_count(text) && i < first + MAX_VARIABLES && !kt_text_is_prompt(text, i); i++) {
    const char *line = kt_text_at(text, i);
    char *name, *value;
    if (shape == BOXED && is_rule(line))
      continue;
    if (kt_text_is_blank(text, i) || !cells_of(line, shape, &name, &value))
      break;
    gboolean cut = i + 1 == kt_text_count(text) && !text->ends_with_newline;
    if (!cut)
      keep(r, i, "mysql.", name, value);
    g_free(name);
    g_free(value);
  }
  return i;
}

const KtReader kt_reader_mysql = {.name = "mysql",
                                  .what = "MySQL's and MariaDB's SHOW VARIABLES, mysqladmin variables",
                                  .starts = starts_table,
                                  .read = read_table};

/* ---- my.cnf ---- */

static gboolean is_section(const char *line)
{
  const char *end = *line == '[' ? strchr(line, ']') : NULL;
  return end && !end[1 + strspn(end + 1, " \t")] && end - line <= MAX_NAME;
}

static gboolean is_server_section(const char *line)
{
  static const char *const names[] = {"[mysqld]", "[mariadb]", "[mariadbd]", "[server]"};
  for (guint k = 0; k < G_N_ELEMENTS(names); k++)
    if (g_str_has_prefix(line, names[k]))
      return is_section(line);
  return FALSE;
}

static gboolean starts_conf(const KtText *text, guint i)
{
  return is_server_section(kt_text_at(text, i));
}

/* "innodb-buffer-pool-size = 64G # why": an option by itself is on. */
static void read_option(KtReading *r, const char *line, guint i)
{
  g_autofree char *bare = g_strndup(line, strcspn(line, "#"));
  const char *equals = strchr(bare, '=');
  g_autofree char *name = g_strstrip(g_strndup(bare, equals ? (gsize)(equals - bare) : strlen(bare)));
  g_autofree char *value = g_strstrip(g_strdup(equals ? equals + 1 : "ON"));
  for (char *c = name; *c; c++)
    *c = *c == '-' ? '_' : *c;
  keep(r, i, "my.cnf.", g_str_has_prefix(name, "loose_") ? name + strlen("loose_") : name, value);
}

static guint read_conf(KtReading *r, const KtText *text, guint i)
{
  guint first = i;
  for (i++; i < kt_text_count(text) && i < first + MAX_VARIABLES && !kt_text_is_prompt(text, i); i++) {
    const char *line = kt_text_at(text, i);
    gboolean cut = i + 1 == kt_text_count(text) && !text->ends_with_newline;
    if (is_section(line) || *line == '!')
      break;
    if (*line && *line != '#' && *line != ';' && strlen(line) < 1024 && !cut)
      read_option(r, line, i);
  }
  return i;
}

const KtReader kt_reader_mysql_conf = {
    .name = "my.cnf", .what = "the server's sections of my.cnf", .starts = starts_conf, .read = read_conf};
