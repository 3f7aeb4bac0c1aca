/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/facts_words.h"

#include <string.h>

#include "base/i18n.h"
#include "base/units.h"

void kt_say(GString *out, const char *format, ...)
{
  va_list args;
  if (out->len)
    g_string_append(out, _(", "));
  va_start(args, format);
  g_string_append_vprintf(out, format, args);
  va_end(args);
}

/* "4 sockets", "1 socket": the first of the words is the noun. */
void kt_say_int(GString *out, KtInt value, const char *words)
{
  if (!value.known)
    return;
  gsize noun = strcspn(words, " "), plural = value.value == 1 && words[noun - 1] == 's';
  kt_say(out, "%" G_GINT64_FORMAT " %.*s%s", value.value, (int)(noun - plural), words, words + noun);
}

char *kt_say_kib(KtInt kib)
{
  return kib.known ? kt_units_format_kib((guint64)MAX(kib.value, 0)) : NULL;
}

static char *said(GString *out)
{
  return g_string_free(out, out->len == 0);
}

char *kt_view_say_topology(const KtMachine *m)
{
  GString *out = g_string_new(NULL);
  if (m->cpus.known)
    kt_say(out, kt_trn("%" PRId64 " CPU", "%" PRId64 " CPUs", (gulong)m->cpus.value), m->cpus.value);
  if (m->online.known)
    kt_say(out, kt_trn("%" PRId64 " online", "%" PRId64 " online", (gulong)m->online.value), m->online.value);
  if (m->sockets.known)
    kt_say(out, kt_trn("%" PRId64 " socket", "%" PRId64 " sockets", (gulong)m->sockets.value), m->sockets.value);
  if (m->dies.known)
    kt_say(out, kt_trn("%" PRId64 " die per socket", "%" PRId64 " dies per socket", (gulong)m->dies.value),
           m->dies.value);
  if (m->cores_per_socket.known)
    kt_say(out,
           kt_trn("%" PRId64 " core per socket", "%" PRId64 " cores per socket", (gulong)m->cores_per_socket.value),
           m->cores_per_socket.value);
  if (m->threads_per_core.known)
    kt_say(out,
           kt_trn("%" PRId64 " thread per core", "%" PRId64 " threads per core", (gulong)m->threads_per_core.value),
           m->threads_per_core.value);
  return said(out);
}

char *kt_view_say_caches(const KtMachine *m)
{
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < m->caches->len; i++) {
    const KtCache *cache = m->caches->pdata[i];
    g_autofree char *name = kt_cache_name(cache), *size = kt_say_kib(cache->size_kib);
    kt_say(out, "%s %s", name, size ? size : _("of unknown size"));
    if (cache->instances.known)
      g_string_append_printf(out, " x %" G_GINT64_FORMAT, cache->instances.value);
  }
  return said(out);
}
