/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/i18n.h"

#include "config.h"

#if HAVE_NLS

#include <libintl.h>

#define DOMAIN "kvmtune"

static gboolean translating, held;

void kt_i18n_start(const char *directory)
{
  translating = g_get_charset(NULL) && bindtextdomain(DOMAIN, directory) && bind_textdomain_codeset(DOMAIN, "UTF-8");
}

void kt_i18n_stop(void)
{
  translating = FALSE;
}

gboolean kt_i18n_hold(gboolean hold)
{
  held = hold;
  return translating;
}

const char *kt_tr(const char *text)
{
  /* "" would be the catalog's own header */
  return translating && !held && text && *text ? dgettext(DOMAIN, text) : text;
}

const char *kt_trn(const char *one, const char *many, gulong n)
{
  return translating && !held ? dngettext(DOMAIN, one, many, n) : n == 1 ? one : many;
}

#else

void kt_i18n_start(const char *directory)
{
}

void kt_i18n_stop(void)
{
}

gboolean kt_i18n_hold(gboolean hold)
{
  return FALSE;
}

const char *kt_tr(const char *text)
{
  return text;
}

const char *kt_trn(const char *one, const char *many, gulong n)
{
  return n == 1 ? one : many;
}

#endif
