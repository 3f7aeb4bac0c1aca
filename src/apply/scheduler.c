/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much CPU time a running domain gets: libvirt's scheduler parameters, which are its cgroups'. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <stdlib.h>
#include <string.h>

#include "apply/hand.h"
#include "base/error.h"

#define UNLIMITED "-1"
/* From here on libvirt means no limit (formatdomain, quota; the kernel's max_cfs_runtime). */
#define QUOTA_MAX G_GINT64_CONSTANT(17592186044415)

static gboolean is_quota(const KtStep *step)
{
  return g_str_has_suffix(step->where, "_quota");
}

/* "-1" for each way to say no limit. */
static char *plain_value(const KtStep *step, gint64 value)
{
  gboolean unlimited = is_quota(step) && (value <= 0 || value >= QUOTA_MAX);
  return unlimited ? g_strdup(UNLIMITED) : g_strdup_printf("%" G_GINT64_FORMAT, value);
}

/* Parameters as they are now, to be freed with virTypedParamsFree(); NULL and *error. */
static virTypedParameterPtr read_all(virDomainPtr domain, const KtStep *step, int *n, GError **error)
{
  char *kind = virDomainGetSchedulerType(domain, n);
  free(kind);
  virTypedParameterPtr params = kind && *n > 0 ? calloc((size_t)*n, sizeof *params) : NULL;
  if (params && virDomainGetSchedulerParametersFlags(domain, params, n, VIR_DOMAIN_AFFECT_LIVE) == 0)
    return params;
  free(params);
  g_autofree char *what = g_strdup_printf("read the %s", step->where);
  kt_hand_set_error(error, step->domain, what);
  return NULL;
}

static char *value_of(const KtStep *step, const virTypedParameter *param)
{
  switch (param->type) {
  case VIR_TYPED_PARAM_LLONG:
    return plain_value(step, param->value.l);
  case VIR_TYPED_PARAM_ULLONG:
    return plain_value(step, (gint64)MIN(param->value.ul, (guint64)G_MAXINT64));
  default:
    return NULL;
  }
}

static char *read_scheduler(KtHand *hand, const KtStep *step, GError **error)
{
  int n = 0;
  g_autoptr(virDomain) domain = kt_hand_running(hand, step, FALSE, error);
  virTypedParameterPtr params = domain ? read_all(domain, step, &n, error) : NULL;
  if (!params)
    return NULL;
  virTypedParameterPtr found = virTypedParamsGet(params, n, step->where);
  char *value = found ? value_of(step, found) : NULL;
  virTypedParamsFree(params, n);
  if (!value)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "domain '%s': libvirt tells no %s of it", step->domain, step->where);
  return value;
}

static gboolean add(const KtStep *step, virTypedParameterPtr *params, int *n, gint64 value)
{
  int room = 0;
  return (is_quota(step) ? virTypedParamsAddLLong(params, n, &room, step->where, value)
                         : virTypedParamsAddULLong(params, n, &room, step->where, (guint64)value)) == 0;
}

static gboolean write_scheduler(KtHand *hand, const KtStep *step, const char *value, GError **error)
{
  gint64 number;
  if (!value || !g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &number, NULL) ||
      (number < 0 && !is_quota(step))) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' is no %s", value ? value : "", step->where);
    return FALSE;
  }
  if (!kt_actuator_call(&hand->base, "virDomainSetSchedulerParameters(%s, %s %s, live)", step->domain, step->where,
                        value))
    return TRUE;
  virTypedParameterPtr params = NULL;
  int n = 0;
  g_autoptr(virDomain) domain = kt_hand_running(hand, step, TRUE, error);
  if (!domain)
    return FALSE;
  gboolean ok = add(step, &params, &n, number) &&
                virDomainSetSchedulerParametersFlags(domain, params, n, VIR_DOMAIN_AFFECT_LIVE) == 0;
  if (!ok) {
    g_autofree char *what = g_strdup_printf("set the %s to %s", step->where, value);
    kt_hand_set_error(error, step->domain, what);
  }
  virTypedParamsFree(params, n);
  return ok;
}

const KtHandKind kt_hand_scheduler = {.read = read_scheduler, .write = write_scheduler};
#endif
