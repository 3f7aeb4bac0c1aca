/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/reading.h"

#include "evidence/stated.h"

/* Of one snapshot: each domain is predicted CPU by CPU and held against the others. */
#define MAX_DOMAINS 4096
#define MAX_DOMAIN_VCPUS (512 * 1024)

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

KtMachine *kt_reading_machine(KtReading *r)
{
  if (!r->machine) {
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

gboolean kt_reading_run(const KtText *text, const char *directory, KtSnapshot *snapshot, GPtrArray *fragments)
{
  guint n_readers, known = 0, dropped = 0;
  gint64 vcpus = count_vcpus(snapshot, 0);
  const KtReader *const *readers = kt_readers(&n_readers);
  guint n = kt_text_count(text);
  for (guint i = 0; i < n;) {
    guint k = 0;
    if (kt_text_is_prompt(text, i) || kt_text_is_blank(text, i))
      k = n_readers;
    while (k < n_readers && !readers[k]->starts(text, i))
      k++;
    if (k == n_readers) {
      kt_stated_keep(snapshot, text, i);
      i++;
      continue;
    }
    guint before = fragments->len, domains = snapshot->domains->len;
    KtReading r = {.reader = readers[k], .text = text, .snapshot = snapshot, .fragments = fragments, .first = i};
    guint end = readers[k]->read(&r, text, i);
    kt_cite_free(r.cite);
    const char *host = host_above(text, i);
    for (guint f = before; f < fragments->len; f++) {
      KtFragment *fragment = fragments->pdata[f];
      fragment->directory = g_strdup(directory);
      if (!fragment->machine->name)
        fragment->machine->name = g_strdup(host);
    }
    gint64 more = count_vcpus(snapshot, domains);
    if (drop_domains(snapshot, domains, vcpus + more))
      dropped++;
    else
      vcpus += more;
    known++;
    i = MAX(end, i + 1);
  }
  if (dropped)
    g_ptr_array_add(snapshot->notes, g_strdup_printf("%u domains of '%s' are left out: more than %d, or %d vCPUs",
                                                     dropped, text->source, MAX_DOMAINS, MAX_DOMAIN_VCPUS));
  return known > 0;
}
