/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boxes of topology.h laid out and drawn. Each box of the outermost row is
 * a picture of its own, so that the page can put them side by side or below
 * each other as its width allows. */
#include "base/i18n.h"
#include "base/term.h"
#include "view/facts_words.h"
#include "view/svg.h"
#include "view/topology.h"

#define WIDTH 288     /* of a picture, in its own units */
#define SCALE_PCT 122 /* on a page that is wide enough */
#define LINE 15       /* height of a line of text */
#define PAD 8
#define GAP 6
#define LETTER 6 /* about the width of one */
#define MAX_TENANTS 6
#define TENANT_LINE 22
#define MAX_PICTURES 8 /* more boxes than these share one */
#define MAX_TABLE_ROWS 400

/* How large a CPU is drawn, by how many there are. */
typedef struct {
  guint cpus; /* up to so many */
  int width, height, gap;
  gboolean numbered;
} CellSize;
static const CellSize cell_sizes[] = {
    {64, 21, 16, 4, TRUE}, {256, 12, 10, 3, FALSE}, {KT_BOX_CELLS_MAX, 6, 6, 2, FALSE}};

typedef struct {
  int x, y;
  int cpu; /* -1: no number */
} Cell;

typedef struct Place Place;
struct Place {
  const KtBox *box;
  int x, y, width, height;
  int cells_y, tenants_y;
  gboolean named;
  char *count;       /* "32 sockets": of boxes inside that have no names; NULL */
  GArray *cells;     /* Cell */
  GPtrArray *inside; /* Place* */
};

typedef struct {
  const KtMachine *machine;
  const CellSize *size; /* NULL: CPUs are not drawn one by one */
  guint cpus;
} Layout;

static void place_free(gpointer data)
{
  Place *place = data;
  g_free(place->count);
  g_array_unref(place->cells);
  g_ptr_array_unref(place->inside);
  g_free(place);
}

static guint cpus_of(const KtBox *box)
{
  return box->cpus ? kt_set_count(box->cpus) : box->cores * box->threads;
}

static int heading_lines(const KtBox *box)
{
  return (box->name != NULL) + (box->detail != NULL);
}

/* A box too small to write on; a frame (of no kind) is not. */
static gboolean is_tiny(const Layout *l, const KtBox *box)
{
  return box->kinds && l->cpus > 8 && cpus_of(box) <= 2 && !box->tenants->len && !(box->kinds & (1u << KT_BOX_NODE));
}

/* "32 sockets of 1 CPU": of equal boxes. */
static char *count_of(const KtBox *first, guint n)
{
  guint cpus = cpus_of(first);
  if (first->kinds & (1u << KT_BOX_SOCKET))
    return g_strdup_printf(kt_trn("%u sockets of %u CPU", "%u sockets of %u CPUs", cpus), n, cpus);
  if (first->kinds & (1u << KT_BOX_DIE))
    return g_strdup_printf(kt_trn("%u dies of %u CPU", "%u dies of %u CPUs", cpus), n, cpus);
  if (first->kinds & (1u << KT_BOX_NODE))
    return g_strdup_printf(kt_trn("%u NUMA nodes of %u CPU", "%u NUMA nodes of %u CPUs", cpus), n, cpus);
  return g_strdup_printf(kt_trn("%u L3 groups of %u CPU", "%u L3 groups of %u CPUs", cpus), n, cpus);
}

/* ---- layout ---- */

static int text_width(const char *text)
{
  return text ? (int)MIN(kt_term_width_of(text), 200) * LETTER : 0;
}

/* The next CPUs that are drawn without a gap between them: those of one core. */
static void take_core(const Layout *l, KtSet *left, GArray *core)
{
  int first = kt_set_next(left, 0);
  const KtCpu *cpu = kt_machine_find_cpu(l->machine, (guint)first);
  g_array_set_size(core, 0);
  if (!cpu || !cpu->siblings || !kt_set_has(cpu->siblings, (guint)first)) {
    g_array_append_val(core, first);
    kt_set_remove(left, (guint)first);
    return;
  }
  for (int c = kt_set_next(cpu->siblings, 0); c >= 0; c = kt_set_next(cpu->siblings, (guint)c + 1))
    if (kt_set_has(left, (guint)c)) {
      g_array_append_val(core, c);
      kt_set_remove(left, (guint)c);
    }
}

typedef struct {
  int x, y, right; /* where the next one goes; the widest line */
} Flow;

static void flow_core(const Layout *l, Place *place, Flow *flow, const GArray *core, int room)
{
  const CellSize *size = l->size;
  int width = (int)core->len * (size->width + 1) - 1;
  if (flow->x > 0 && flow->x + width > room) {
    flow->x = 0;
    flow->y += size->height + size->gap;
  }
  for (guint i = 0; i < core->len; i++) {
    const Cell cell = {.x = flow->x, .y = flow->y, .cpu = g_array_index(core, int, i)};
    g_array_append_val(place->cells, cell);
    flow->x += size->width + 1;
    if (flow->x > room && i + 1 < core->len) { /* more threads than fit a line */
      flow->x = 0;
      flow->y += size->height + 1;
    }
  }
  flow->right = MAX(flow->right, flow->x - 1);
  flow->x += size->gap - 1;
}

/* Puts the cells from (0, 0) on; returns the height they take, *width the width. */
static int flow_cells(const Layout *l, Place *place, int room, int *width)
{
  const KtBox *box = place->box;
  Flow flow = {0};
  g_autoptr(GArray) core = g_array_new(FALSE, FALSE, sizeof(int));
  if (box->cpus) {
    g_autoptr(KtSet) left = kt_set_copy(box->cpus);
    while (!kt_set_is_empty(left)) {
      take_core(l, left, core);
      flow_core(l, place, &flow, core, room);
    }
  } else {
    const int none = -1;
    for (guint i = 0; i < box->threads; i++)
      g_array_append_val(core, none);
    for (guint i = 0; i < box->cores; i++)
      flow_core(l, place, &flow, core, room);
  }
  *width = flow.right;
  return place->cells->len ? flow.y + l->size->height : 0;
}

static Place *place_new(const Layout *l, const KtBox *box, int room);

/* Boxes inside, in lines; returns their height. */
static int flow_inside(const Layout *l, Place *place, int top, int pad, int room, int *width)
{
  int x = 0, y = 0, line = 0;
  guint tiny = 0;
  for (guint i = 0; i < place->box->inside->len; i++) {
    const KtBox *box = place->box->inside->pdata[i];
    Place *inner = place_new(l, box, room);
    int gap = inner->named ? GAP : 2;
    if (x > 0 && x + inner->width > room) {
      x = 0;
      y += line + gap;
      line = 0;
    }
    inner->x = pad + x;
    inner->y = top + y;
    x += inner->width + gap;
    line = MAX(line, inner->height);
    *width = MAX(*width, x - gap);
    tiny += !inner->named;
    g_ptr_array_add(place->inside, inner);
  }
  if (tiny && tiny == place->box->inside->len && place->box->kinds)
    place->count = count_of(place->box->inside->pdata[0], tiny);
  return y + line;
}

static Place *place_new(const Layout *l, const KtBox *box, int room)
{
  Place *place = g_new0(Place, 1);
  int pad, width = 0, y, body = 0;
  place->box = box;
  place->cells = g_array_new(FALSE, FALSE, sizeof(Cell));
  place->inside = g_ptr_array_new_with_free_func(place_free);
  place->named = !is_tiny(l, box);
  pad = place->named ? PAD : 2;
  y = pad;
  if (place->named)
    y += LINE * heading_lines(box);
  if (box->inside->len) {
    body = flow_inside(l, place, y + 2, pad, room - 2 * pad, &width) + 2;
    if (place->count) { /* one line more, above them */
      for (guint i = 0; i < place->inside->len; i++)
        ((Place *)place->inside->pdata[i])->y += LINE;
      body += LINE;
    }
  } else if (l->size) {
    place->cells_y = y + (place->named ? 2 : 0);
    body = flow_cells(l, place, room - 2 * pad, &width);
    body += place->named && body ? 2 : 0;
  } else if (box->cpus && place->named) {
    body = LINE; /* the CPUs as a list */
    width = room - 2 * pad;
  }
  y += body;
  place->tenants_y = y + GAP;
  guint tenants = MIN(box->tenants->len, MAX_TENANTS + 1);
  if (tenants) {
    y += GAP + (int)tenants * TENANT_LINE;
    width = room - 2 * pad;
  }
  if (place->named)
    width = MAX(width, MAX(text_width(box->name) + LETTER, MAX(text_width(box->detail), text_width(place->count))));
  place->width = MIN(width + 2 * pad, room);
  place->height = y + pad;
  return place;
}

/* ---- drawing ---- */

static void put_rect(KtHtml *html, const char *class, int x, int y, int width, int height, int radius)
{
  kt_html_open(html, "rect", class);
  kt_html_attrf(html, "x", "%d", x);
  kt_html_attrf(html, "y", "%d", y);
  kt_html_attrf(html, "width", "%d", MAX(width, 0));
  kt_html_attrf(html, "height", "%d", height);
  if (radius)
    kt_html_attrf(html, "rx", "%d", radius);
  kt_html_close(html);
}

static void put_text(KtHtml *html, const char *class, int x, int y, const char *text)
{
  kt_html_open(html, "text", class);
  kt_html_attrf(html, "x", "%d", x);
  kt_html_attrf(html, "y", "%d", y);
  kt_html_text(html, text);
  kt_html_close(html);
}

/* Cut to the room that it has. */
static void put_label(KtHtml *html, const char *class, int x, int y, int room, const char *text)
{
  const KtTerm page = {.utf8 = TRUE};
  g_autofree char *cut = kt_term_shorten(&page, text, (guint)MAX(room / LETTER, 3));
  put_text(html, class, x, y, cut);
}

static void draw_cells(KtHtml *html, const Layout *l, const Place *place, int x, int y)
{
  for (guint i = 0; i < place->cells->len; i++) {
    const Cell *cell = &g_array_index(place->cells, Cell, i);
    const KtCpu *cpu = cell->cpu >= 0 ? kt_machine_find_cpu(l->machine, (guint)cell->cpu) : NULL;
    gboolean off = cpu && !cpu->online;
    put_rect(html, off ? "cpu off" : "cpu", x + cell->x, y + cell->y, l->size->width, l->size->height, 2);
    if (cell->cpu < 0 || !l->size->numbered)
      continue;
    g_autofree char *number = g_strdup_printf("%d", cell->cpu);
    put_text(html, "n", x + cell->x + l->size->width / 2, y + cell->y + l->size->height - 4, number);
  }
}

static char *say_tenant(const KtTenant *t)
{
  g_autofree char *memory = kt_say_kib(t->memory_kib);
  g_autoptr(GString) out = g_string_new(NULL);
  kt_say(out, kt_trn("%u vCPU", "%u vCPUs", t->vcpus), t->vcpus);
  kt_say(out, "%s", memory ? memory : _("memory unknown"));
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static void draw_tenants(KtHtml *html, const Place *place, int x, int y, int width)
{
  const GPtrArray *tenants = place->box->tenants;
  guint shown = tenants->len > MAX_TENANTS ? MAX_TENANTS : tenants->len;
  for (guint i = 0; i < shown; i++, y += TENANT_LINE) {
    const KtTenant *t = tenants->pdata[i];
    g_autofree char *said = say_tenant(t);
    put_label(html, "g", x, y + 10, width - text_width(said) - LETTER, t->name);
    put_text(html, "r", x + width, y + 10, said);
    if (t->memory_kib.known && place->box->memory_kib.known && place->box->memory_kib.value > 0) {
      double share = (double)t->memory_kib.value / (double)place->box->memory_kib.value;
      put_rect(html, "track", x, y + 14, width, 3, 1);
      put_rect(html, "bar", x, y + 14, (int)(CLAMP(share, 0, 1) * width), 3, 1);
    }
  }
  if (shown < tenants->len) {
    g_autofree char *more = g_strdup_printf(_("and %u guests more"), tenants->len - shown);
    put_text(html, "d", x, y + 10, more);
  }
}

static void draw(KtHtml *html, const Layout *l, const Place *place, int x, int y)
{
  static const char *const classes[KT_BOX_KINDS] = {
      [KT_BOX_SOCKET] = "b-socket", [KT_BOX_DIE] = "b-die", [KT_BOX_NODE] = "b-node", [KT_BOX_L3] = "b-l3"};
  const KtBox *box = place->box;
  guint kind = 0;
  int room = place->width - 2 * PAD;
  while (kind + 1 < KT_BOX_KINDS && !(box->kinds & (1u << kind)))
    kind++;
  if (box->kinds)
    put_rect(html, classes[kind], x, y, place->width, place->height, place->named ? 6 : 3);
  int top = y + PAD + 10;
  if (place->named) {
    put_label(html, box->name ? "t" : "d", x + PAD, top, room, box->name ? box->name : box->detail ? box->detail : "");
    if (box->name && box->detail)
      put_label(html, "d", x + PAD, top + LINE, room, box->detail);
    if (place->count)
      put_label(html, "d", x + PAD, top + LINE * heading_lines(box), room, place->count);
  }
  if (place->cells->len) {
    draw_cells(html, l, place, x + (place->named ? PAD : 2), y + place->cells_y);
  } else if (!l->size && box->cpus && !box->inside->len && place->named) {
    g_autofree char *list = kt_set_format(box->cpus), *said = g_strconcat("CPUs ", *list ? list : "none", NULL);
    put_label(html, "d", x + PAD, top + LINE * heading_lines(box), room, said);
  }
  for (guint i = 0; i < place->inside->len; i++) {
    const Place *inner = place->inside->pdata[i];
    draw(html, l, inner, x + inner->x, y + inner->y);
  }
  draw_tenants(html, place, x + PAD, y + place->tenants_y, room);
}

static char *describe(const KtBox *box)
{
  g_autofree char *list = box->cpus ? kt_set_format(box->cpus) : NULL;
  return g_strdup_printf("%s%sCPUs %s.", box->detail ? box->detail : "", box->detail ? "; " : "",
                         !list   ? "not numbered"
                         : *list ? list
                                 : "none");
}

static void put_picture(KtHtml *html, const Layout *l, const char *name, const Place *place)
{
  const KtBox *box = place->box;
  const char *what = box->name ? box->name : place->count ? place->count : box->detail;
  g_autofree char *title = g_strdup_printf("%s: %s", name, what ? what : "CPUs"), *said = describe(box);
  kt_html_open(html, "svg", "topology");
  kt_html_attrf(html, "viewBox", "-1 -1 %d %d", place->width + 2, place->height + 2);
  kt_html_attrf(html, "width", "%d", place->width * SCALE_PCT / 100);
  kt_html_describe(html, title, said);
  draw(html, l, place, 0, 0);
  kt_html_close(html);
}

/* Pictures of one row are equally wide. Many or small boxes share a picture, under their number. */
static void put_row(KtHtml *html, const Layout *l, const char *name, GPtrArray *row)
{
  gboolean apart = row->len <= MAX_PICTURES;
  for (guint i = 0; i < row->len && apart; i++)
    apart = !is_tiny(l, row->pdata[i]);
  g_autoptr(GPtrArray) none = g_ptr_array_new(), places = g_ptr_array_new_with_free_func(place_free);
  g_autofree char *count = count_of(row->pdata[0], row->len);
  const KtBox frame = {.name = count, .inside = row, .tenants = none};
  int width = 0;
  for (guint i = 0; i < (apart ? row->len : 1); i++) {
    Place *place = place_new(l, apart ? row->pdata[i] : &frame, WIDTH);
    width = MAX(width, place->width);
    g_ptr_array_add(places, place);
  }
  kt_html_open(html, "div", "boxes");
  for (guint i = 0; i < places->len; i++) {
    ((Place *)places->pdata[i])->width = width;
    put_picture(html, l, name, places->pdata[i]);
  }
  kt_html_close(html);
}

/* ---- the same as a table ---- */

/* Boxes that have no numbers of their own, and are alike. */
static gboolean are_alike(const GPtrArray *boxes)
{
  const KtBox *first = boxes->len > 1 ? boxes->pdata[0] : NULL;
  for (guint i = 1; first && i < boxes->len; i++) {
    const KtBox *box = boxes->pdata[i];
    if (!box->name || g_strcmp0(box->name, first->name) != 0 || g_strcmp0(box->detail, first->detail) != 0 ||
        cpus_of(box) != cpus_of(first) || box->inside->len)
      return FALSE;
  }
  return first != NULL;
}

static void put_alike(KtHtml *html, const GPtrArray *boxes)
{
  const KtBox *first = boxes->pdata[0];
  g_autoptr(KtSet) cpus = kt_set_new();
  for (guint i = 0; i < boxes->len; i++)
    kt_set_add_all(cpus, ((const KtBox *)boxes->pdata[i])->cpus);
  g_autofree char *count = count_of(first, boxes->len), *list = kt_set_format(cpus);
  kt_html_open(html, "tr", NULL);
  kt_html_leaf(html, "td", NULL, count);
  kt_html_leaf(html, "td", NULL, *list ? list : _("unknown"));
  kt_html_leaf(html, "td", NULL, first->detail ? first->detail : "");
  kt_html_close(html);
}

static guint put_rows(KtHtml *html, const GPtrArray *boxes, guint done)
{
  if (are_alike(boxes)) {
    put_alike(html, boxes);
    return done + 1;
  }
  for (guint i = 0; i < boxes->len && done < MAX_TABLE_ROWS; i++, done++) {
    const KtBox *box = boxes->pdata[i];
    g_autofree char *list = box->cpus ? kt_set_format(box->cpus) : NULL;
    kt_html_open(html, "tr", NULL);
    kt_html_leaf(html, "td", NULL, box->name ? box->name : "L3 group");
    kt_html_leaf(html, "td", NULL, !list ? "unknown" : *list ? list : "none");
    kt_html_leaf(html, "td", NULL, box->detail ? box->detail : "");
    kt_html_close(html);
    for (guint j = 0; j < box->tenants->len; j++) {
      const KtTenant *t = box->tenants->pdata[j];
      g_autofree char *said = say_tenant(t);
      kt_html_open(html, "tr", NULL);
      kt_html_leaff(html, "td", NULL, _("%s: guest %s"), box->name ? box->name : "", t->name);
      kt_html_leaf(html, "td", NULL, "");
      kt_html_leaf(html, "td", NULL, said);
      kt_html_close(html);
    }
    done = put_rows(html, box->inside, done);
  }
  return done;
}

static void put_table(KtHtml *html, const KtBoxes *boxes)
{
  const char *const heads[] = {_("Group"), _("CPUs"), _("What is in it"), NULL};
  guint done = 0;
  kt_html_table_begin(html, _("The topology as a table"), heads);
  for (guint i = 0; i < boxes->rows->len; i++)
    done = put_rows(html, boxes->rows->pdata[i], done);
  kt_html_table_finish(html);
}

static void put_caption(KtHtml *html, const KtMachine *m)
{
  g_autofree char *shape = kt_view_say_topology(m), *caches = kt_view_say_caches(m),
                  *memory = kt_say_kib(m->memory_kib);
  kt_html_open(html, "figcaption", NULL);
  kt_html_leaf(html, "p", NULL, shape ? shape : _("Sockets, cores and threads: unknown."));
  kt_html_leaff(html, "p", "muted", _("Caches: %s. Memory: %s."), caches ? caches : _("unknown"),
                memory ? memory : _("unknown"));
  kt_html_close(html);
}

void kt_svg_topology(KtHtml *html, const char *name, const KtMachine *m, const KtSnapshot *snapshot)
{
  g_autoptr(KtBoxes) boxes = kt_boxes_new(m, snapshot);
  Layout layout = {.machine = m, .cpus = boxes->cpus};
  if (!boxes->rows->len && !boxes->cpus && !m->cpus.known) {
    kt_html_leaf(html, "p", "muted", _("No topology in the evidence."));
    return;
  }
  for (guint i = G_N_ELEMENTS(cell_sizes); i-- > 0;)
    if (boxes->cpus <= cell_sizes[i].cpus)
      layout.size = &cell_sizes[i];
  kt_html_open(html, "figure", "topology");
  put_caption(html, m);
  for (guint i = 0; i < boxes->rows->len; i++)
    put_row(html, &layout, name, boxes->rows->pdata[i]);
  if (boxes->remark)
    kt_html_leaf(html, "p", "muted", boxes->remark);
  if (boxes->rows->len)
    put_table(html, boxes);
  kt_html_close(html);
}
