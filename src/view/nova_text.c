/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/nova_view.h"

#include <string.h>

#include "base/i18n.h"
#include "base/units.h"
#include "nova/image.h"

static char *format_pages(KtInt pages)
{
  if (!pages.known || pages.value == 0)
    return g_strdup("");
  return pages.value > 0 ? kt_units_format_kib((guint64)pages.value)
                         : g_strdup(pages.value == -1   ? "small"
                                    : pages.value == -2 ? "large"
                                                        : "any");
}

static void show_request(KtPage *page, const KtNovaReport *r)
{
  g_autofree char *memory = kt_units_format_kib((guint64)r->flavor->ram_mib.value * 1024);
  const char *release = r->release == KT_NOVA_ZED ? "Zed" : "master";
  kt_page_textf(page, 0, KT_STYLE_BOLD, _("%s (%d vCPUs, %s) on %s, by Nova's rules (%s)"),
                r->flavor->name ? r->flavor->name : _("the flavor"), (int)r->flavor->vcpus.value, memory,
                r->host_name ? r->host_name : _("the host"), release);
}

static void show_guest(KtPage *page, const KtNovaReport *r)
{
  static const KtColumn columns[] = {
      {N_("cell"), TRUE, FALSE},     {N_("vCPUs"), FALSE, TRUE}, {N_("of these pinned"), FALSE, TRUE},
      {N_("memory"), TRUE, FALSE},   {N_("pages"), TRUE, FALSE}, {N_("host node"), TRUE, FALSE},
      {N_("host CPUs"), FALSE, TRUE}};
  const KtNovaAnswer *a = r->answer;
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < a->guest->cells->len; i++) {
    const KtNovaGuestCell *cell = a->guest->cells->pdata[i];
    const KtNovaPlaced *placed = a->fit->fits ? a->fit->cells->pdata[i] : NULL;
    g_autoptr(KtSet) all = kt_set_copy(cell->shared);
    g_autoptr(KtSet) cpus = kt_set_new();
    kt_set_add_all(all, cell->dedicated);
    if (placed && !kt_set_is_empty(cell->shared))
      kt_set_add_all(cpus, placed->on->shared);
    for (guint p = 0; placed && p < placed->pins->len; p++)
      kt_set_add(cpus, g_array_index(placed->pins, guint, p));
    g_autofree char *vcpus = kt_set_format(all), *pinned = kt_set_format(cell->dedicated);
    g_autofree char *memory = kt_units_format_kib((guint64)MAX(cell->memory_mib, 0) * 1024);
    g_autofree char *pages = format_pages(placed && placed->pages_kib.known ? placed->pages_kib : a->guest->pages_kib);
    g_autofree char *on = kt_set_format(cpus);
    kt_table_addf(table, KT_STYLE_PLAIN, "%u", i);
    kt_table_add(table, KT_STYLE_PLAIN, vcpus);
    kt_table_add(table, KT_STYLE_PLAIN, pinned);
    kt_table_add(table, KT_STYLE_PLAIN, memory);
    kt_table_add(table, KT_STYLE_PLAIN, pages);
    if (placed)
      kt_table_addf(table, KT_STYLE_PLAIN, "%d", placed->on->id);
    else
      kt_table_add(table, KT_STYLE_PLAIN, NULL);
    kt_table_add(table, KT_STYLE_PLAIN, on);
  }
  kt_page_table(page, 2, table);
}

/* Guest cell by host node: what lacks. */
static void show_misfits(KtPage *page, const KtNovaReport *r)
{
  const KtNovaAnswer *a = r->answer;
  guint n = r->host->cells->len;
  if (a->fit->lacks_cells) {
    kt_page_textf(page, 2, KT_STYLE_PLAIN,
                  _("The guest has %u cells and the host %u nodes: each cell needs one of its own."),
                  a->guest->cells->len, n);
    return;
  }
  for (guint i = 0; i < a->guest->cells->len; i++) {
    if (!(a->fit->crowd >> i & 1))
      continue;
    g_autoptr(GString) line = g_string_new(NULL);
    for (guint h = 0; h < n; h++) {
      KtNovaMisfit misfit = a->fit->misfits[i * n + h];
      const KtNovaHostCell *on = r->host->cells->pdata[h];
      if (misfit)
        g_string_append_printf(line, _("%s%d lacks %s"), line->len ? "; " : "", on->id, kt_nova_misfit_words(misfit));
      else
        g_string_append_printf(line, _("%s%d would do"), line->len ? "; " : "", on->id);
    }
    kt_page_textf(page, 2, KT_STYLE_PLAIN, _("cell %u, host node %s"), i, line->str);
  }
}

/* The property of the image that is wrong. */
static void show_property(KtPage *page, const KtFlavor *flavor, const char *property)
{
  const char *value = property ? g_hash_table_lookup(flavor->image, property) : NULL;
  if (property)
    kt_page_textf(page, 2, KT_STYLE_PLAIN, _("Of the image: %s%s%s"), property, value ? "=" : "", value ? value : "");
}

static void show_verdict(KtPage *page, const KtNovaReport *r)
{
  const KtNovaAnswer *a = r->answer;
  kt_page_gap(page);
  if (a->refusal) {
    kt_page_textf(page, 0, KT_STYLE_RED, _("Refused: %s"), kt_nova_refusal_class(a->refusal));
    kt_page_text(page, 2, KT_STYLE_PLAIN, kt_nova_refusal_reason(a->refusal));
    show_property(page, r->flavor, a->property);
    return;
  }
  kt_page_textf(page, 0, KT_STYLE_PLAIN, _("The guest sees %d sockets x %d cores x %d threads."), (int)a->shape.sockets,
                (int)a->shape.cores, (int)a->shape.threads);
  if (!a->guest) {
    kt_page_text(page, 0, KT_STYLE_PLAIN,
                 _("It has no NUMA cells: Nova binds neither its vCPUs nor its memory, and nothing has to fit."));
  } else {
    kt_page_text(page, 0, a->fit->fits ? KT_STYLE_GREEN : KT_STYLE_RED,
                 a->fit->fits ? _("It fits:") : _("It does not fit:"));
    show_guest(page, r);
    if (!a->fit->fits)
      show_misfits(page, r);
  }
  if (a->not_offered)
    kt_page_textf(page, 0, KT_STYLE_RED, _("Placement does not offer this host: %s."), kt_tr(a->not_offered));
  if (a->at_compute)
    kt_page_textf(page, 0, KT_STYLE_RED, _("The compute node fails: %s (%s)"), kt_nova_refusal_class(a->at_compute),
                  kt_nova_refusal_reason(a->at_compute));
}

/* Where Nova itself ends otherwise than with a placement that is one. */
static void show_search(KtPage *page, const KtNovaReport *r)
{
  g_autoptr(GString) hosts = g_string_new(NULL);
  if (!r->search || !r->answer->fit->fits || r->search->end == KT_NOVA_SEARCH_FITS)
    return;
  for (guint i = 0; i < r->answer->guest->cells->len; i++)
    g_string_append_printf(hosts, "%s%d", i ? ", " : "", r->search->hosts[i]);
  if (r->search->end == KT_NOVA_SEARCH_NONE)
    kt_page_text(
        page, 0, KT_STYLE_RED,
        _("Nova's own search does not find this place: it confuses the verdicts of unequal cells (since 26.0.0). "
          "The request ends with \"No valid host was found\"."));
  else if (r->search->end == KT_NOVA_SEARCH_WRONG)
    kt_page_textf(page, 0, KT_STYLE_RED,
                  _("Nova's own search ends with host nodes %s, where a cell does not fit or keeps pages or CPUs of "
                    "another node: it confuses the verdicts of unequal cells (since 26.0.0)."),
                  hosts->str);
  else
    kt_page_textf(page, 0, KT_STYLE_YELLOW, _("Nova's own search has found nothing after %u permutations."),
                  (guint)r->search->tries);
}

static void show_advice(KtPage *page, const KtNovaReport *r)
{
  if (!r->advice->len)
    return;
  g_autoptr(GString) command = g_string_new("openstack flavor set");
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, _("Better:"));
  for (guint i = 0; i < r->advice->len; i++) {
    const KtNovaAdvice *advice = r->advice->pdata[i];
    g_autofree char *set = g_strdup_printf("%s=%s", advice->key, advice->value);
    kt_page_item(page, 2, KT_STYLE_BOLD, set, 24, KT_STYLE_PLAIN, advice->why);
    g_string_append_printf(command, " --property %s", set);
  }
  g_string_append_printf(command, " %s", r->flavor->name ? r->flavor->name : "FLAVOR");
  kt_page_verbatim(page, 2, KT_STYLE_CYAN, command->str);
  kt_page_text(page, 2, KT_STYLE_DIM, _("Servers keep their old copy of a flavor: make a new one and resize to it."));
}

/* Our own XML, an element a line. */
static void show_xml(KtPage *page, const char *xml)
{
  guint depth = 0;
  for (const char *p = xml; *p;) {
    gboolean closes = p[1] == '/';
    const char *end = strchr(p, '>') + 1;
    gboolean empty = end[-2] == '/';
    if (!closes && !empty && *end != '<') /* an element with a text */
      end = strchr(strchr(end, '<'), '>') + 1;
    else if (closes)
      depth--;
    g_autofree char *line = g_strndup(p, (gsize)(end - p));
    kt_page_verbatim(page, 2 + 2 * depth, KT_STYLE_PLAIN, line);
    depth += !closes && !empty && !strstr(line, "</");
    p = end;
  }
}

char *kt_view_nova_fit_text(const KtTerm *term, const KtNovaReport *r)
{
  KtPage *page = kt_page_new(term);
  show_request(page, r);
  for (guint i = 0; i < r->notes->len; i++)
    kt_page_text(page, 2, KT_STYLE_DIM, r->notes->pdata[i]);
  show_verdict(page, r);
  show_search(page, r);
  show_advice(page, r);
  if (r->answer->xml) {
    kt_page_gap(page);
    kt_page_text(page, 0, KT_STYLE_BOLD, _("Domain XML by nova-compute, these parts:"));
    show_xml(page, r->answer->xml);
  }
  return kt_page_finish(page);
}

/* ---- keys ---- */

char *kt_view_nova_keys_text(const KtTerm *term, const KtFlavor *flavor, const GPtrArray *notes, KtNovaRelease release)
{
  static const struct {
    KtNovaKeyState state;
    const char *title;
    KtStyle style;
  } groups[] = {
      {KT_NOVA_KEY_UNKNOWN, N_("Not read by Nova"), KT_STYLE_RED},
      {KT_NOVA_KEY_IDLE, N_("Without effect"), KT_STYLE_YELLOW},
      {KT_NOVA_KEY_MISSING, N_("Missing"), KT_STYLE_YELLOW},
      {KT_NOVA_KEY_ACTS, N_("At work"), KT_STYLE_GREEN},
      {KT_NOVA_KEY_OTHER, N_("Of other things"), KT_STYLE_DIM},
  };
  KtPage *page = kt_page_new(term);
  KtNovaShape shape;
  if (kt_nova_shape(flavor, &shape) == KT_NOVA_OK)
    kt_page_textf(page, 0, KT_STYLE_BOLD, _("%s: %d vCPUs, seen as %d sockets x %d cores x %d threads"),
                  flavor->name ? flavor->name : _("the flavor"), (int)flavor->vcpus.value, (int)shape.sockets,
                  (int)shape.cores, (int)shape.threads);
  g_autoptr(KtNovaGuest) guest = NULL;
  const char *property;
  KtNovaRefusal no = kt_nova_check_image(flavor, release, &property);
  no = no ? no : kt_nova_shape(flavor, &shape);
  no = no ? no : kt_nova_guest(flavor, &guest);
  if (no)
    kt_page_textf(page, 0, KT_STYLE_RED, _("Nova refuses it: %s (%s)"), kt_nova_refusal_class(no),
                  kt_nova_refusal_reason(no));
  show_property(page, flavor, property);
  for (guint g = 0; g < G_N_ELEMENTS(groups); g++) {
    gboolean first = TRUE;
    for (guint i = 0; i < notes->len; i++) {
      const KtNovaKeyNote *note = notes->pdata[i];
      if (note->state != groups[g].state)
        continue;
      if (first) {
        kt_page_gap(page);
        kt_page_text(page, 0, KT_STYLE_BOLD, kt_tr(groups[g].title));
      }
      first = FALSE;
      g_autofree char *set = note->value ? g_strdup_printf("%s=%s", note->key, note->value) : g_strdup(note->key);
      kt_page_item(page, 2, groups[g].style, set, 30, KT_STYLE_PLAIN, note->what);
    }
  }
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_DIM,
               _("The CPU model and its caches come from cpu_mode in nova.conf, not from the flavor."));
  return kt_page_finish(page);
}
