/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest shut down by its own system and started again. A guest that does not go down goes on
 * running: nothing here switches one off. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <string.h>

#include "apply/hand.h"
#include "base/error.h"

/* "running, id 12, pid 3456": another one after each start. */
static char *read_run(KtHand *hand, const KtStep *step, GError **error)
{
  g_autoptr(virDomain) domain = kt_hand_domain(hand, step->domain, step->uuid, FALSE, error);
  if (!domain)
    return NULL;
  int state, reason;
  if (virDomainGetState(domain, &state, &reason, 0) < 0) {
    kt_hand_set_error(error, step->domain, "ask for the state");
    return NULL;
  }
  if (state == VIR_DOMAIN_SHUTOFF || state == VIR_DOMAIN_CRASHED)
    return g_strdup(KT_STEP_OFF);
  const char *word = state == VIR_DOMAIN_PAUSED || state == VIR_DOMAIN_PMSUSPENDED ? "paused" : "running";
  int pid = kt_hand_process(hand, domain, NULL);
  unsigned int id = virDomainGetID(domain);
  return pid ? g_strdup_printf("%s, id %u, pid %d", word, id, pid) : g_strdup_printf("%s, id %u", word, id);
}

/* Looked for anew each time: libvirt may be restarted while a guest goes down. */
static gboolean is_off(KtHand *hand, const KtStep *step)
{
  int state, reason;
  g_autoptr(virDomain) domain = kt_hand_domain(hand, step->domain, step->uuid, FALSE, NULL);
  return domain && virDomainGetState(domain, &state, &reason, 0) == 0 &&
         (state == VIR_DOMAIN_SHUTOFF || state == VIR_DOMAIN_CRASHED);
}

/* Until it is off, the caller does not want to wait any longer, or `limit` seconds are over since `began`. */
static gboolean wait_for_off(KtHand *hand, const KtStep *step, gint64 began, double limit)
{
  for (;;) {
    double seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    const KtProgress progress = {.done = (guint64)seconds, .all = (guint64)hand->base.restart_time};
    if (is_off(hand, step))
      return TRUE;
    if (seconds >= limit || g_cancellable_is_cancelled(hand->base.stop))
      return FALSE;
    if (hand->base.progress)
      hand->base.progress(&progress, hand->base.data);
    g_usleep(200000);
  }
}

/* The agent first, then the power button; the button once more when half of the time is over. */
static gboolean shut_down(KtHand *hand, const KtStep *step, virDomainPtr domain, GError **error)
{
  gint64 began = g_get_monotonic_time();
  if (virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_GUEST_AGENT | VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) < 0 &&
      kt_actuator_call(&hand->base, "virDomainShutdown(%s)", step->domain) && virDomainShutdown(domain) < 0) {
    kt_hand_set_error(error, step->domain, "begin the shutdown");
    return FALSE;
  }
  if (wait_for_off(hand, step, began, hand->base.restart_time / 2))
    return TRUE;
  if (!g_cancellable_is_cancelled(hand->base.stop)) {
    if (kt_actuator_call(&hand->base, "virDomainShutdownFlags(%s, power button)", step->domain))
      virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN);
    if (wait_for_off(hand, step, began, hand->base.restart_time))
      return TRUE;
  }
  gboolean stopped = g_cancellable_is_cancelled(hand->base.stop);
  g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM,
              stopped ? "domain '%s' was asked to shut down and has not yet; waiting was ended"
                      : "domain '%s' did not shut down in %.0f seconds: it was left running",
              step->domain, hand->base.restart_time);
  return FALSE;
}

static gboolean can_restart(virDomainPtr domain, const KtStep *step, GError **error)
{
  const char *why = NULL;
  int state = 0, reason;
  if (virDomainGetState(domain, &state, &reason, 0) < 0) {
    kt_hand_set_error(error, step->domain, "ask for the state");
    return FALSE;
  }
  if (virDomainIsPersistent(domain) == 0)
    why = "it is transient: once shut down it would be gone";
  else if (state == VIR_DOMAIN_PAUSED || state == VIR_DOMAIN_PMSUSPENDED)
    why = "it is paused, and cannot shut down";
  else if (virDomainHasManagedSaveImage(domain, 0) == 1)
    why = "a saved state of it would be started instead of its definition";
  if (why)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "domain '%s' is not restarted: %s", step->domain, why);
  return !why;
}

static gboolean restart(KtHand *hand, const KtStep *step, const char *value, GError **error)
{
  g_autoptr(virDomain) seen = kt_hand_domain(hand, step->domain, step->uuid, FALSE, error);
  if (!seen || !can_restart(seen, step, error))
    return FALSE;
  if (!is_off(hand, step) &&
      kt_actuator_call(&hand->base, "virDomainShutdownFlags(%s, agent or power button)", step->domain)) {
    g_autoptr(virDomain) domain = kt_hand_domain(hand, step->domain, step->uuid, TRUE, error);
    if (!domain || !shut_down(hand, step, domain, error))
      return FALSE;
  }
  if (!kt_actuator_call(&hand->base, "virDomainCreate(%s)", step->domain))
    return TRUE;
  g_autoptr(virDomain) domain = kt_hand_domain(hand, step->domain, step->uuid, TRUE, error);
  if (!domain)
    return FALSE;
  if (virDomainCreate(domain) == 0)
    return TRUE;
  kt_hand_set_error(error, step->domain, "start, after it was shut down,");
  return FALSE;
}

static gboolean runs_anew(const KtStep *step, const char *wanted, const char *found)
{
  return g_str_has_prefix(found, "running") && g_strcmp0(found, step->before) != 0;
}

const KtHandKind kt_hand_restart = {.read = read_run, .write = restart, .reached = runs_anew};
#endif
