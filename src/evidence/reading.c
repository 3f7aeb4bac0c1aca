/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/reading.h"

#include "evidence/scan.h"
#include "evidence/stated.h"

/* Of one snapshot: each domain is predicted CPU by CPU and held against the others. */
#define MAX_DOMAINS 4096
#define MAX_FLAVORS 4096 /* and nova.confs */
#define MAX_DOMAIN_VCPUS (512 * 1024)

/* Of one source, about: what machines may weigh. A host of 256 CPUs and 2000 interrupts weighs 5 MiB. */
#define MAX_WEIGHT (64 * 1024 * 1024)

void kt_fragment_free(gpointer data)
{
  KtFragment *f = data;
  kt_machine_free(f->machine);
  g_free(f->directory);
  g_free(f->source);
  g_free(f);
}

const KtCite *kt_reading_cite(KtReading *r, guint i)
{
  if (!r->cite || r->cite_line != i) {
    kt_cite_free(r->cite);
    const KtLine *line = kt_text_line(r->text, i);
    r->cite = kt_cite_new(r->text->source, line->number, line->s);
    r->cite_line = i;
  }
  return r->cite;
}

/* Weighs the block's machines that are complete; those that are too much are left out. */
static void weigh(KtReading *r)
{
  KtPieces *p = r->pieces;
  guint kept = r->weighed;
  for (guint i = r->weighed; i < r->fragments->len; i++) {
    const KtFragment *f = r->fragments->pdata[i];
    gsize weight = kt_machine_weight(f->machine);
    if (p->weight + weight <= MAX_WEIGHT) {
      p->weight += weight;
      kept++;
      continue;
    }
    p->left_out += r->fragments->len - i;
    break;
  }
  g_ptr_array_set_size(r->fragments, (gint)kept);
  r->weighed = kept;
}

KtMachine *kt_reading_machine(KtReading *r)
{
  if (!r->machine) {
    weigh(r);
    r->machine = kt_machine_new();
    kt_machine_add_source(r->machine, r->text->source);
    KtFragment *f = g_new0(KtFragment, 1);
    f->machine = r->machine;
    f->reader = r->reader;
    f->source = g_strdup(r->text->source);
    f->first = r->first;
    g_ptr_array_add(r->fragments, f);
  }
  return r->machine;
}

void kt_reading_next_machine(KtReading *r)
{
  r->machine = NULL;
}

KtDomain *kt_reading_add_domain(KtReading *r)
{
  KtDomain *d = kt_domain_new(r->text->source);
  g_ptr_array_add(r->snapshot->domains, d);
  return d;
}

gboolean kt_reading_is_full(const KtReading *r)
{
  return r->snapshot->domains->len > MAX_DOMAINS;
}

KtFlavor *kt_reading_add_flavor(KtReading *r)
{
  KtFlavor *f = kt_flavor_new(r->text->source);
  g_ptr_array_add(r->snapshot->flavors, f);
  return f;
}

KtNovaConf *kt_reading_add_conf(KtReading *r)
{
  KtNovaConf *c = kt_nova_conf_new(r->text->source);
  g_ptr_array_add(r->snapshot->confs, c);
  return c;
}

gpointer kt_reading_state(const KtReading *r)
{
  return r->state;
}

void kt_reading_set_state(KtReading *r, gpointer state, GDestroyNotify free_state)
{
  r->state = state;
  r->free_state = free_state;
}

void kt_reading_reject(KtReading *r, guint i, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *why = g_strdup_vprintf(format, args);
  va_end(args);
  kt_snapshot_reject(r->snapshot, r->text->source, kt_text_line(r->text, i)->number, "%s", why);
}

/* The prompt right above the block tells whose output it is. */
static const char *host_above(const KtText *text, guint first)
{
  for (guint back = 0; back < 4 && back < first; back++) {
    const KtLine *line = kt_text_line(text, first - 1 - back);
    if (line->command)
      return line->host;
    if (*line->s)
      return NULL;
  }
  return NULL;
}

static gint64 count_vcpus(const KtSnapshot *snapshot, guint first)
{
  gint64 sum = 0;
  for (guint i = first; i < snapshot->domains->len; i++) {
    const KtDomain *d = snapshot->domains->pdata[i];
    sum += d->vcpus.known ? CLAMP(d->vcpus.value, 1, MAX_DOMAIN_VCPUS) : 1;
  }
  return sum;
}

/* Drops the domains from `first` if they are too many. */
static gboolean drop_domains(KtSnapshot *snapshot, guint first, gint64 vcpus)
{
  if (snapshot->domains->len == first || (snapshot->domains->len <= MAX_DOMAINS && vcpus <= MAX_DOMAIN_VCPUS))
    return FALSE;
  g_ptr_array_set_size(snapshot->domains, (int)first);
  return TRUE;
}

/* Keeps the first MAX_FLAVORS of a list. */
static guint drop_rest(GPtrArray *list)
{
  guint more = list->len - MIN(list->len, MAX_FLAVORS);
  g_ptr_array_set_size(list, (gint)(list->len - more));
  return more;
}

/* Ends the open block. */
static void close_block(KtPieces *p)
{
  KtReading *r = &p->open;
  if (!r->reader)
    return;
  if (r->reader->end)
    r->reader->end(r);
  if (r->free_state)
    r->free_state(r->state);
  kt_cite_free(r->cite);
  weigh(r);
  for (guint f = r->first_fragment; f < p->fragments->len; f++) {
    KtFragment *fragment = p->fragments->pdata[f];
    fragment->directory = g_strdup(p->directory);
    if (!fragment->machine->name)
      fragment->machine->name = g_strdup(r->host);
  }
  gint64 vcpus = count_vcpus(p->snapshot, r->first_domain);
  if (drop_domains(p->snapshot, r->first_domain, p->vcpus + vcpus))
    p->dropped++;
  else
    p->vcpus += vcpus;
  p->left_out += drop_rest(p->snapshot->flavors) + drop_rest(p->snapshot->confs);
  g_free(r->host);
  *r = (KtReading){0};
}

/* The reader of the output that starts at line i, or NULL. */
static const KtReader *find_reader(const KtText *text, guint i)
{
  return kt_text_is_prompt(text, i) || kt_text_is_blank(text, i) ? NULL : kt_reader_at(text, i);
}

/* How long the lists of a snapshot are, to take back what a block added. */
typedef struct {
  guint domains, flavors, confs, rejected, rejected_more, left_out;
  gsize weight;
} Mark;

static Mark mark(const KtPieces *p)
{
  const KtSnapshot *s = p->snapshot;
  return (Mark){.domains = s->domains->len,
                .flavors = s->flavors->len,
                .confs = s->confs->len,
                .rejected = s->rejected->len,
                .rejected_more = s->rejected_more,
                .left_out = p->left_out,
                .weight = p->weight};
}

static void take_back(KtPieces *p, const Mark *to, guint fragments)
{
  g_ptr_array_set_size(p->snapshot->domains, (gint)to->domains);
  g_ptr_array_set_size(p->snapshot->flavors, (gint)to->flavors);
  g_ptr_array_set_size(p->snapshot->confs, (gint)to->confs);
  g_ptr_array_set_size(p->snapshot->rejected, (gint)to->rejected);
  g_ptr_array_set_size(p->fragments, (gint)fragments);
  p->snapshot->rejected_more = to->rejected_more;
  p->left_out = to->left_out;
  p->weight = to->weight;
  p->open.weighed = fragments;
}

/* The line of the prompt above line i, else i: it goes where its output goes. */
static guint with_prompt(const KtText *text, guint i)
{
  for (guint back = 1; back <= 4 && back <= i && !*kt_text_at(text, i - back); back++)
    if (kt_text_is_prompt(text, i - back))
      return i - back;
  return i;
}

/* Lines at the end of a piece that are looked at with the next: a reader may
 * look ahead to tell whether an output is its own. */
#define AHEAD 64

static guint read_lines(KtPieces *p, const KtText *text, guint i)
{
  p->open.text = text;
  kt_cite_free(g_steal_pointer(&p->open.cite));
  return p->open.reader->read(&p->open, text, i);
}

/* Opens the block at line i and reads it; returns the line behind it. */
static guint read_block(KtPieces *p, const KtReader *reader, const KtText *text, guint i)
{
  p->open = (KtReading){
      .pieces = p, .reader = reader, .text = text, .snapshot = p->snapshot, .fragments = p->fragments, .first = i};
  p->open.first_fragment = p->open.weighed = p->fragments->len;
  p->open.first_domain = p->snapshot->domains->len;
  p->open.host = g_strdup(host_above(text, i));
  p->understood = TRUE;
  guint end = read_lines(p, text, i);
  return MAX(end, i + 1);
}

guint kt_reading_run_piece(KtPieces *p, const KtText *text, gboolean more)
{
  guint n = kt_text_count(text), i = 0, stop = more ? n - MIN(AHEAD, n / 4) : n;
  if (p->open.reader) {
    i = read_lines(p, text, 0);
    if (i < n && more) { /* what follows starts a piece of its own, which may be larger */
      close_block(p);
      return i;
    }
  }
  while (i < stop) {
    close_block(p);
    const KtReader *reader = find_reader(text, i);
    if (!reader) {
      kt_stated_keep(p->snapshot, text, i++);
      continue;
    }
    Mark before = mark(p);
    guint end = read_block(p, reader, text, i);
    if (more && !reader->end && i > n / 2 && kt_scan_skip_blank(text, end) >= n) {
      take_back(p, &before, p->open.first_fragment);
      close_block(p);
      return with_prompt(text, i);
    }
    i = end;
  }
  if (i >= n && more) {
    if (p->open.reader && !p->open.reader->end)
      close_block(p);
    return n;
  }
  close_block(p);
  if (!more && p->left_out)
    g_ptr_array_add(
        p->snapshot->notes,
        g_strdup_printf("%u outputs of '%s' are left out: more than memory is meant for", p->left_out, text->source));
  if (!more && p->dropped)
    g_ptr_array_add(p->snapshot->notes, g_strdup_printf("%u domains of '%s' are left out: more than %d, or %d vCPUs",
                                                        p->dropped, text->source, MAX_DOMAINS, MAX_DOMAIN_VCPUS));
  return i < n ? with_prompt(text, i) : n;
}

gboolean kt_reading_run(const KtText *text, const char *directory, KtSnapshot *snapshot, GPtrArray *fragments)
{
  KtPieces p = {
      .directory = directory, .snapshot = snapshot, .fragments = fragments, .vcpus = count_vcpus(snapshot, 0)};
  kt_reading_run_piece(&p, text, FALSE);
  return p.understood;
}
