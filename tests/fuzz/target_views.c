/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target_views.h"

#include <string.h>

#include "checks/check.h"
#include "config.h"
#include "view/summary.h"
#include "view/view.h"
#if HAVE_JSON
#include <json-glib/json-glib.h>
#endif
#if HAVE_LIBXML2
#include <libxml/parser.h>
#endif

static gboolean is_harmless(gunichar c)
{
  gboolean control = (c < 0x20 && c != '\n') || (c >= 0x7f && c <= 0x9f);
  gboolean hidden = (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  return !control && !hidden;
}

static void check_harmless(const char *form, const char *text)
{
  if (!g_utf8_validate(text, -1, NULL))
    g_error("%s is no UTF-8", form);
  for (const char *p = text; *p; p = g_utf8_next_char(p))
    if (!is_harmless(g_utf8_get_char(p)))
      g_error("%s holds U+%04X", form, g_utf8_get_char(p));
}

static void check_json(const char *form, const char *text)
{
  check_harmless(form, text);
#if HAVE_JSON
  g_autoptr(JsonParser) parser = json_parser_new();
  g_autoptr(GError) error = NULL;
  if (!json_parser_load_from_data(parser, text, -1, &error))
    g_error("%s cannot be read: %s", form, error->message);
#endif
}

static void check_page(const char *page)
{
  check_harmless("the page", page);
  if (strstr(page, "<script"))
    g_error("the page holds a script");
#if HAVE_LIBXML2
  xmlDoc *doc =
      xmlReadMemory(page, (int)strlen(page), NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_HUGE);
  if (!doc)
    g_error("the page is not well-formed");
  xmlFreeDoc(doc);
#endif
}

static void show_diagnoses(const KtTerm *term, const KtSnapshot *snapshot, const GPtrArray *diagnoses)
{
  g_autofree char *text = kt_view_doctor_text(term, snapshot, diagnoses, NULL, NULL);
  g_autofree char *json = kt_view_doctor_json(diagnoses, NULL);
  g_autofree char *page = kt_view_doctor_html(snapshot, diagnoses, NULL, NULL);
  check_harmless("the report", text);
  check_json("the report's JSON", json);
  check_page(page);
  int status;
  g_autofree char *line = kt_view_nagios(diagnoses, &status);
  check_harmless("the plugin's line", line);
}

void kt_target_show(const KtSnapshot *snapshot)
{
  const KtTerm term = {.width = 80, .utf8 = TRUE};
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(snapshot, NULL);
  g_autofree char *facts_text = kt_view_facts_text(&term, snapshot);
  g_autofree char *facts_json = kt_view_facts_json(snapshot);
  check_harmless("the facts", facts_text);
  check_json("the facts' JSON", facts_json);
  if (diagnoses->len)
    show_diagnoses(&term, snapshot, diagnoses);
  const GPtrArray *machines = snapshot->machines;
  if (machines->len < 2)
    return;
  g_autoptr(GPtrArray) differences = kt_compare(machines->pdata[0], machines->pdata[1]);
  g_autofree char *compared = kt_view_compare_text(&term, "a", "b", differences);
  check_harmless("the comparison", compared);
}
