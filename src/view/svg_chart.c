/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Charts. Across, all is in percent of the width, so that a chart is as wide as
 * its page and its letters stay as large as the page's. */
#include <math.h>

#include "base/i18n.h"
#include "base/term.h"
#include "base/units.h"
#include "model/worst.h"
#include "view/report.h"
#include "view/svg.h"
#include "view/svg_parts.h"

/* ---- hatches ---- */

void kt_svg_patterns(KtHtml *html)
{
  static const struct {
    KtCpuField field;
    const char *line; /* within a square of 6 */
  } hatches[] = {{KT_CPU_GUEST, "M0 3H6"},
                 {KT_CPU_IRQ, "M3 0V6"},
                 {KT_CPU_SOFT, "M2 3H4"},
                 {KT_CPU_STEAL, "M0 0L6 6M6 0L0 6"},
                 {KT_CPU_IOWAIT, "M-1 5L1 7M0 0L6 6M5 -1L7 1"}};
  kt_html_open(html, "svg", "patterns");
  kt_html_attr(html, "xmlns", "http://www.w3.org/2000/svg");
  kt_html_attr(html, "width", "0");
  kt_html_attr(html, "height", "0");
  kt_html_attr(html, "aria-hidden", "true");
  for (guint i = 0; i < G_N_ELEMENTS(hatches); i++) {
    const char *name = kt_cpu_field_names[hatches[i].field];
    g_autofree char *class = g_strdup_printf("h-%s", name);
    kt_html_open(html, "pattern", NULL);
    kt_html_attrf(html, "id", "hatch-%s", name);
    kt_html_attr(html, "width", "6");
    kt_html_attr(html, "height", "6");
    kt_html_attr(html, "patternUnits", "userSpaceOnUse");
    kt_html_open(html, "rect", class);
    kt_html_attr(html, "width", "6");
    kt_html_attr(html, "height", "6");
    kt_html_close(html);
    kt_html_open(html, "path", "hatch");
    kt_html_attr(html, "d", hatches[i].line);
    kt_html_close(html);
    kt_html_close(html);
  }
  kt_html_close(html);
}

/* ---- CPU use ---- */

#define PLOT_HEIGHT 180
#define MAX_BARS 96

/* From the bottom up; idle is what is left. */
static const KtCpuField stacked[] = {KT_CPU_SYSTEM, KT_CPU_USER, KT_CPU_NICE,  KT_CPU_GUEST, KT_CPU_GNICE,
                                     KT_CPU_IRQ,    KT_CPU_SOFT, KT_CPU_STEAL, KT_CPU_IOWAIT};

/* Means of the rows that share a bar. */
typedef struct {
  const GPtrArray *rows;
  guint bars, per_bar;
  gboolean timed;     /* bars stand where their time is */
  double first, span; /* seconds */
} UsePlot;

static const KtActivityRow *row_at(const UsePlot *plot, guint i)
{
  return plot->rows->pdata[i];
}

static double mean_of(const UsePlot *plot, guint bar, KtCpuField field)
{
  double sum = 0;
  guint n = 0, end = MIN((bar + 1) * plot->per_bar, plot->rows->len);
  for (guint i = bar * plot->per_bar; i < end; i++) {
    KtNum pct = row_at(plot, i)->pct[field];
    if (!pct.known || !isfinite(pct.value))
      continue;
    sum += CLAMP(pct.value, 0, 100);
    n++;
  }
  return n ? sum / n : 0;
}

static UsePlot use_plot(const GPtrArray *rows)
{
  UsePlot plot = {.rows = rows, .per_bar = (rows->len + MAX_BARS - 1) / MAX_BARS, .timed = rows->len > 1};
  plot.bars = (rows->len + plot.per_bar - 1) / plot.per_bar;
  for (guint i = 0; i < rows->len; i++)
    plot.timed &= row_at(&plot, i)->epoch > 0 && (!i || row_at(&plot, i)->epoch > row_at(&plot, i - 1)->epoch);
  if (plot.timed) {
    double first = (double)row_at(&plot, 0)->epoch, last = (double)row_at(&plot, rows->len - 1)->epoch;
    double step = (last - first) / (rows->len - 1);
    plot.first = first;
    plot.span = last - first + step;
  }
  return plot;
}

/* The top of the axis: the smallest of some round numbers that holds all bars. */
static int top_of(const UsePlot *plot)
{
  static const int tops[] = {5, 10, 20, 50};
  double most = 0;
  for (guint bar = 0; bar < plot->bars; bar++) {
    double sum = 0;
    for (guint i = 0; i < G_N_ELEMENTS(stacked); i++)
      sum += mean_of(plot, bar, stacked[i]);
    most = MAX(most, sum);
  }
  for (guint i = 0; i < G_N_ELEMENTS(tops); i++)
    if (most <= tops[i])
      return tops[i];
  return 100;
}

static void put_grid(KtHtml *html, int top)
{
  for (int i = 0; i <= 4; i++) {
    int y = PLOT_HEIGHT - i * PLOT_HEIGHT / 4;
    double value = top * i / 4.0;
    kt_html_open(html, "line", "grid");
    kt_html_attr(html, "x1", "0");
    kt_html_attr(html, "x2", "100%");
    kt_html_attrf(html, "y1", "%d", y);
    kt_html_attrf(html, "y2", "%d", y);
    kt_html_close(html);
    g_autofree char *label = g_strdup_printf(top < 10 ? "%.2f %%" : top < 50 ? "%.1f %%" : "%.0f %%", value);
    kt_svg_put_note(html, "axis y", "-8", y + 4, label);
  }
}

/* Where a bar's room begins; all are `wide`. Percent. */
static double place_of(const UsePlot *plot, guint bar, double *wide)
{
  *wide = plot->timed ? 100.0 * plot->per_bar / plot->rows->len : 100.0 / plot->bars;
  return plot->timed ? ((double)row_at(plot, bar * plot->per_bar)->epoch - plot->first) / plot->span * 100
                     : bar * *wide;
}

static void put_stack(KtHtml *html, const UsePlot *plot, guint bar, int top)
{
  double wide, x = place_of(plot, bar, &wide), sum = 0;
  double shown = MIN(wide * 0.84, 12), from = x + (wide - shown) / 2;
  for (guint i = 0; i < G_N_ELEMENTS(stacked); i++) {
    double value = mean_of(plot, bar, stacked[i]);
    int y0 = (int)(MIN(sum, top) * PLOT_HEIGHT / top + 0.5),
        y1 = (int)(MIN(sum + value, top) * PLOT_HEIGHT / top + 0.5);
    sum += value;
    if (y1 <= y0)
      continue;
    g_autofree char *class = g_strdup_printf("c-%s", kt_cpu_field_names[stacked[i]]);
    kt_svg_put_bar(html, class, from, shown, PLOT_HEIGHT - y1, y1 - y0);
  }
}

/* A band behind the bars of the worst stretch. */
static void put_worst(KtHtml *html, const UsePlot *plot, const KtWorst *worst)
{
  if (!plot->timed || !worst || !worst->first_epoch)
    return;
  guint first = 0, last = 0;
  for (guint i = 0; i < plot->rows->len; i++) {
    if (row_at(plot, i)->epoch < worst->first_epoch)
      first = i + 1;
    if (row_at(plot, i)->epoch <= worst->last_epoch)
      last = i;
  }
  double wide, from = place_of(plot, MIN(first, last) / plot->per_bar, &wide);
  double to = place_of(plot, last / plot->per_bar, &wide) + wide;
  kt_svg_put_bar(html, "worst-band", from, to - from, 0, PLOT_HEIGHT);
}

static char *time_of(const UsePlot *plot, guint row)
{
  const KtActivityRow *r = row_at(plot, row);
  return r->time ? g_strdup_printf("%.24s", r->time) : g_strdup_printf(_("row %u"), row + 1);
}

static void put_legend(KtHtml *html, const KtActivity *activity)
{
  kt_html_open(html, "ul", "legend");
  for (guint i = G_N_ELEMENTS(stacked); i-- > 0;) {
    const char *name = kt_cpu_field_names[stacked[i]];
    g_autofree char *class = g_strdup_printf("c-%s", name);
    double mean, max;
    if (!kt_activity_stat(activity, stacked[i], &mean, &max))
      continue;
    kt_html_open(html, "li", NULL);
    kt_html_open(html, "svg", "swatch");
    kt_html_attr(html, "width", "14");
    kt_html_attr(html, "height", "14");
    kt_html_attr(html, "xmlns", "http://www.w3.org/2000/svg");
    kt_html_attr(html, "aria-hidden", "true");
    kt_html_open(html, "rect", class);
    kt_html_attr(html, "width", "14");
    kt_html_attr(html, "height", "14");
    kt_html_attr(html, "rx", "3");
    kt_html_close(html);
    kt_html_close(html);
    kt_html_leaf(html, "b", NULL, name);
    kt_html_textf(html, _(" %.1f %% (max %.1f)"), mean, max);
    kt_html_close(html);
  }
  kt_html_close(html);
}

#define MAX_TABLE_ROWS 300

static void put_use_table(KtHtml *html, const UsePlot *plot)
{
  const char *const heads[] = {_("Time"), "user %", "nice %",  "system %", "iowait %", "steal %",
                               "irq %",   "soft %", "guest %", "gnice %",  "idle %",   NULL};
  kt_html_table_begin(html, _("CPU use as a table"), heads);
  for (guint i = 0; i < MIN(plot->rows->len, MAX_TABLE_ROWS); i++) {
    g_autofree char *time = time_of(plot, i);
    kt_html_open(html, "tr", NULL);
    kt_html_leaf(html, "td", NULL, time);
    for (guint field = 0; field < KT_CPU_FIELDS; field++) {
      KtNum pct = row_at(plot, i)->pct[field];
      if (pct.known)
        kt_html_leaff(html, "td", "num", "%.2f", pct.value);
      else
        kt_html_leaf(html, "td", "num", _("unknown"));
    }
    kt_html_close(html);
  }
  kt_html_table_finish(html);
  if (plot->rows->len > MAX_TABLE_ROWS)
    kt_html_leaff(html, "p", "muted", _("The table has the first %d of %u rows."), MAX_TABLE_ROWS, plot->rows->len);
}

static gboolean put_cpu_use(KtHtml *html, const char *name, const KtMachine *m)
{
  const KtActivity *activity = m->activity;
  double mean, max;
  if (!activity || !activity->rows->len)
    return FALSE;
  UsePlot plot = use_plot(activity->rows);
  int top = top_of(&plot);
  gboolean busy = kt_activity_busy(activity, &mean);
  g_autofree char *first = time_of(&plot, 0), *last = time_of(&plot, plot.rows->len - 1);
  g_autoptr(GString) text = g_string_new(NULL);
  g_string_append_printf(text, kt_trn("Percent of all CPUs, %u row.", "Percent of all CPUs, %u rows.", plot.rows->len),
                         plot.rows->len);
  if (plot.per_bar > 1)
    g_string_append_printf(text, _(" Each bar is the mean of %u."), plot.per_bar);
  if (busy)
    g_string_append_printf(text, _(" Busy on average: %.1f %%."), mean);
  if (kt_activity_stat(activity, KT_CPU_STEAL, &mean, &max))
    g_string_append_printf(text, _(" Steal: %.2f %%."), mean);
  g_autofree char *title = g_strdup_printf(_("%s: CPU use"), name), *say_worst = kt_report_worst(m);
  kt_svg_open_figure(html, _("CPU use"), text->str);
  kt_html_open(html, "div", "axes");
  kt_svg_open_plot(html, PLOT_HEIGHT + 24, title, text->str);
  g_autoptr(KtWorst) worst = kt_activity_worst(activity);
  put_worst(html, &plot, worst);
  put_grid(html, top);
  for (guint bar = 0; bar < plot.bars; bar++)
    put_stack(html, &plot, bar, top);
  kt_svg_put_note(html, "axis", "0", PLOT_HEIGHT + 18, first);
  if (plot.rows->len > 1)
    kt_svg_put_note(html, "axis end", "100%", PLOT_HEIGHT + 18, last);
  kt_html_close(html);
  kt_html_close(html);
  if (say_worst)
    kt_html_leaf(html, "p", "worst", say_worst);
  put_legend(html, activity);
  put_use_table(html, &plot);
  kt_html_close(html);
  return TRUE;
}

/* ---- rows of bars ---- */

#define BAR_LINE 34
#define NAME_ROOM 40 /* letters; on a narrow page fewer */
#define NAME_ROOM_NARROW 24

/* The name, and what it means as far as there is room: the style sheet shows one of the two. */
static void put_bar_name(KtHtml *html, int y, const char *name, const char *what)
{
  const KtTerm page = {.utf8 = TRUE};
  g_autofree char *cut = kt_term_shorten(&page, name, NAME_ROOM_NARROW);
  guint used = kt_term_width_of(cut) + 1;
  kt_html_open(html, "text", "name");
  kt_html_attr(html, "x", "0");
  kt_html_attrf(html, "y", "%d", y);
  kt_html_leaf(html, "tspan", "short", cut);
  if (what && *what) {
    g_autofree char *full = kt_term_shorten(&page, what, NAME_ROOM - used);
    g_autofree char *narrow =
        used + 4 < NAME_ROOM_NARROW ? kt_term_shorten(&page, what, NAME_ROOM_NARROW - used) : NULL;
    kt_html_leaff(html, "tspan", "if-wide", " %s", full);
    if (narrow)
      kt_html_leaff(html, "tspan", "if-narrow", " %s", narrow);
  }
  kt_html_close(html);
}

/* Name to the left, value to the right, the bar below them. */
static void put_named_bar(KtHtml *html, guint row, const char *class, const char *name, const char *what,
                          const char *value, double share)
{
  int y = (int)row * BAR_LINE;
  put_bar_name(html, y + 14, name, what);
  kt_svg_put_note(html, "value", "100%", y + 14, value);
  kt_svg_put_bar(html, "track", 0, 100, y + 20, 6);
  if (share > 0)
    kt_svg_put_bar(html, class, 0, share * 100, y + 20, 6);
}

#define MAX_DEVICES 8
#define MAX_OTHERS 8

typedef struct {
  const KtInterrupt *irq;
  double value;
} Line;

static gint by_value(gconstpointer a, gconstpointer b)
{
  const Line *x = a, *y = b;
  return x->value == y->value ? g_strcmp0(x->irq->name, y->irq->name) : x->value < y->value ? 1 : -1;
}

/* Rates where there are any, else totals; the wake-ups and the busiest others and devices. */
static GArray *choose_interrupts(const KtMachine *m, gboolean rates)
{
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Line));
  GArray *chosen = g_array_new(FALSE, FALSE, sizeof(Line));
  guint devices = 0, others = 0;
  for (guint i = 0; i < m->interrupts->len; i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    const Line line = {.irq = irq, .value = rates ? irq->per_second.value : (double)irq->total};
    if (rates ? irq->per_second.known && isfinite(line.value) && line.value > 0 : irq->total > 0)
      g_array_append_val(all, line);
  }
  g_array_sort(all, by_value);
  for (guint i = 0; i < all->len; i++) {
    const Line *line = &g_array_index(all, Line, i);
    gboolean wakeup = g_str_equal(line->irq->name, "RES") || g_str_equal(line->irq->name, "CAL");
    guint *count = line->irq->device ? &devices : &others;
    if (wakeup || (*count)++ < (line->irq->device ? MAX_DEVICES : MAX_OTHERS))
      g_array_append_val(chosen, *line);
  }
  return chosen;
}

static char *say_rate(double value, gboolean rate)
{
  g_autofree char *count = kt_units_format_count((guint64)CLAMP(value + 0.5, 0, 1e18));
  return rate ? g_strconcat(count, "/s", NULL) : g_steal_pointer(&count);
}

static void put_interrupt_table(KtHtml *html, const KtMachine *m)
{
  const char *const heads[] = {_("Interrupt"), _("What it is"), _("Total"), _("Per second"), NULL};
  kt_html_table_begin(html, _("Interrupts as a table"), heads);
  for (guint i = 0; i < MIN(m->interrupts->len, MAX_TABLE_ROWS); i++) {
    const KtInterrupt *irq = m->interrupts->pdata[i];
    g_autofree char *total = kt_units_format_count(irq->total);
    kt_html_open(html, "tr", NULL);
    kt_html_leaf(html, "td", NULL, irq->name);
    kt_html_leaf(html, "td", NULL, irq->description);
    kt_html_leaf(html, "td", "num", total);
    if (irq->per_second.known)
      kt_html_leaff(html, "td", "num", "%.0f", irq->per_second.value);
    else
      kt_html_leaf(html, "td", "num", _("unknown"));
    kt_html_close(html);
  }
  kt_html_table_finish(html);
}

static gboolean put_interrupts(KtHtml *html, const char *name, const KtMachine *m)
{
  gboolean rates = FALSE;
  for (guint i = 0; i < m->interrupts->len; i++)
    rates |= ((const KtInterrupt *)m->interrupts->pdata[i])->per_second.known;
  g_autoptr(GArray) lines = choose_interrupts(m, rates);
  if (!lines->len)
    return FALSE;
  const char *text = rates ? _("Per second, over all CPUs, the busiest; RES and CAL are CPUs that wake each other.")
                           : _("Counted over all CPUs, the busiest; RES and CAL are CPUs that wake each other.");
  g_autofree char *title = g_strdup_printf(_("%s: interrupts"), name);
  double most = g_array_index(lines, Line, 0).value;
  kt_svg_open_figure(html, _("Interrupts"), text);
  kt_svg_open_plot(html, (int)lines->len * BAR_LINE, title, text);
  for (guint i = 0; i < lines->len; i++) {
    const Line *line = &g_array_index(lines, Line, i);
    g_autofree char *value = say_rate(line->value, rates);
    put_named_bar(html, i, line->irq->device ? "bar device" : "bar", line->irq->name, line->irq->description, value,
                  line->value / most);
  }
  kt_html_close(html);
  put_interrupt_table(html, m);
  kt_html_close(html);
  return TRUE;
}

/* ---- NUMA counters ---- */

#define MAX_NODES 16

static const struct {
  const char *name;
  gsize total, rate;
  gboolean has_rate;
} counters[] = {
    {"numa_hit", offsetof(KtNode, numa_hit), offsetof(KtNode, hit_per_second), TRUE},
    {"numa_miss", offsetof(KtNode, numa_miss), offsetof(KtNode, miss_per_second), TRUE},
    {"numa_foreign", offsetof(KtNode, numa_foreign), offsetof(KtNode, foreign_per_second), TRUE},
    {"interleave_hit", offsetof(KtNode, interleave_hit), 0, FALSE},
    {"local_node", offsetof(KtNode, local_node), 0, FALSE},
    {"other_node", offsetof(KtNode, other_node), 0, FALSE},
};

static KtInt total_of(const KtNode *node, guint counter)
{
  return G_STRUCT_MEMBER(KtInt, node, counters[counter].total);
}

static void put_numa_table(KtHtml *html, const KtMachine *m)
{
  const char *heads[G_N_ELEMENTS(counters) + 2] = {_("Node")};
  for (guint c = 0; c < G_N_ELEMENTS(counters); c++)
    heads[c + 1] = counters[c].name;
  kt_html_table_begin(html, _("NUMA counters as a table"), heads);
  for (guint i = 0; i < MIN(m->nodes->len, MAX_TABLE_ROWS); i++) {
    const KtNode *node = m->nodes->pdata[i];
    kt_html_open(html, "tr", NULL);
    kt_html_leaff(html, "td", NULL, "%d", node->id);
    for (guint c = 0; c < G_N_ELEMENTS(counters); c++) {
      KtInt total = total_of(node, c);
      g_autofree char *count = total.known ? kt_units_format_count((guint64)MAX(total.value, 0)) : NULL;
      kt_html_leaf(html, "td", "num", count ? count : _("unknown"));
    }
    kt_html_close(html);
  }
  kt_html_table_finish(html);
}

/* One counter of all nodes, on a scale of its own. */
static void put_counter(KtHtml *html, const char *name, const KtMachine *m, guint c)
{
  guint shown = MIN(m->nodes->len, MAX_NODES), row = 0;
  gint64 most = 0;
  for (guint i = 0; i < shown; i++)
    most = MAX(most, total_of(m->nodes->pdata[i], c).value);
  g_autofree char *title = g_strdup_printf(_("%s: %s by node"), name, counters[c].name);
  kt_html_leaf(html, "h5", NULL, counters[c].name);
  kt_svg_open_plot(html, (int)shown * BAR_LINE, title, _("A bar for each node, in pages."));
  for (guint i = 0; i < shown; i++) {
    const KtNode *node = m->nodes->pdata[i];
    KtInt total = total_of(node, c);
    g_autofree char *label = g_strdup_printf(_("Node %d"), node->id);
    g_autofree char *count = total.known ? kt_units_format_count((guint64)MAX(total.value, 0)) : g_strdup(_("unknown"));
    if (counters[c].has_rate && G_STRUCT_MEMBER(KtNum, node, counters[c].rate).known) {
      g_autofree char *with_rate =
          g_strdup_printf("%s (%.0f/s)", count, G_STRUCT_MEMBER(KtNum, node, counters[c].rate).value);
      put_named_bar(html, row++, "bar", label, NULL, with_rate, most > 0 ? (double)total.value / (double)most : 0);
    } else {
      put_named_bar(html, row++, "bar", label, NULL, count, most > 0 ? (double)total.value / (double)most : 0);
    }
  }
  kt_html_close(html);
}

static gboolean put_numa(KtHtml *html, const char *name, const KtMachine *m)
{
  static const guint drawn[] = {0, 1, 2, 5};
  gboolean known = FALSE;
  for (guint i = 0; i < m->nodes->len; i++)
    for (guint c = 0; c < G_N_ELEMENTS(counters); c++)
      known |= total_of(m->nodes->pdata[i], c).known;
  if (!known)
    return FALSE;
  kt_svg_open_figure(
      html, _("NUMA counters"),
      _("Pages since boot, by node. The bars of one counter share a scale; those of two counters do not."));
  kt_html_open(html, "div", "counters");
  for (guint i = 0; i < G_N_ELEMENTS(drawn); i++) {
    gboolean any = FALSE;
    for (guint n = 0; n < m->nodes->len; n++)
      any |= total_of(m->nodes->pdata[n], drawn[i]).known;
    if (!any)
      continue;
    kt_html_open(html, "div", NULL);
    put_counter(html, name, m, drawn[i]);
    kt_html_close(html);
  }
  kt_html_close(html);
  if (m->nodes->len > MAX_NODES)
    kt_html_leaff(html, "p", "muted", _("The first %d of %u nodes are drawn; the table has all."), MAX_NODES,
                  m->nodes->len);
  put_numa_table(html, m);
  kt_html_close(html);
  return TRUE;
}

void kt_svg_charts(KtHtml *html, const char *name, const KtMachine *m)
{
  gboolean any = put_cpu_use(html, name, m);
  any |= put_interrupts(html, name, m);
  any |= put_numa(html, name, m);
  if (!any)
    kt_html_leaf(html, "p", "muted", _("No activity in the evidence."));
}
