/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest has, at this moment: by its definition in the libvirt of its host, and by what it sees itself. */
#include <string.h>

#include "base/error.h"
#include "base/i18n.h"
#include "cmd/cloud.h"
#include "cmd/command.h"
#include "cmd/guest_parts.h"
#include "evidence/libvirt_hosts.h"

#define ASK_AGAIN_US 1000000

static KtInt cells_of(const KtDomain *d)
{
  return d->cut ? KT_INT_UNKNOWN : KT_INT(d->cells->len);
}

static gboolean has_agent(const KtDomain *d)
{
  return d->definition && strstr(d->definition, "'org.qemu.guest_agent.0'");
}

/* On two hosts at once while a resize waits: the definition of the flavor in question counts. */
void kt_cloud_look(const char *uuid, const char *flavor, KtCloudGuest *guest, char **why, gpointer data)
{
  KtCloudSight *sight = data;
  guint n = g_strv_length((char **)sight->uris);
  g_autoptr(GPtrArray) hosts = kt_libvirt_find_guest(sight->uris, n, uuid, sight->timeout_s);
  const char *other = NULL, *note = NULL;
  sight->agent_uri = NULL;
  for (guint i = 0; i < n; i++) {
    const KtSnapshot *host = hosts->pdata[i];
    note = note ? note : host->notes->len ? host->notes->pdata[0] : NULL;
    for (guint k = 0; k < host->domains->len; k++) {
      const KtDomain *d = host->domains->pdata[k];
      if (!d->uuid || g_ascii_strcasecmp(d->uuid, uuid) != 0)
        continue;
      if (g_strcmp0(d->nova_flavor, flavor) == 0) {
        *guest = (KtCloudGuest){d->sockets, d->cores, d->threads, cells_of(d)};
        sight->agent_uri = has_agent(d) ? sight->uris[i] : NULL;
        return;
      }
      other = d->nova_flavor ? d->nova_flavor : "no flavor";
    }
  }
  g_free(*why);
  *why = other  ? g_strdup_printf("its definition is one for %.100s", other)
         : note ? g_strdup_printf("its definition is on no host that was given: %s", note)
                : g_strdup("its definition is on no host that was given");
}

void kt_cloud_measure_guest(const char *const *uris, double timeout_s, const char *uuid, KtMeasureOptions *options)
{
  guint n = uris ? g_strv_length((char **)uris) : 0;
  g_autoptr(GPtrArray) hosts = n ? kt_libvirt_find_guest(uris, n, uuid, timeout_s) : NULL;
  options->domain = uuid;
  options->connect_uri = NULL;
  for (guint i = n; i-- > 0;)
    if (((const KtSnapshot *)hosts->pdata[i])->domains->len)
      options->connect_uri = uris[i];
  options->elsewhere = options->connect_uri != NULL;
}

/* ---- as it sees itself ---- */

/* It boots: nobody may answer for a while. */
static KtSnapshot *ask(const KtCloudSight *sight, const char *uuid, GError **error)
{
  const KtInsideOptions wanted = {.domain = uuid, .uri = sight->agent_uri};
  gint64 end = g_get_monotonic_time() + (gint64)(sight->agent_s * G_USEC_PER_SEC);
  for (;;) {
    g_autoptr(GError) failed = NULL;
    KtSnapshot *inside = kt_guest_look_inside(&wanted, NULL, &failed);
    if (inside)
      return inside;
    if (!g_error_matches(failed, KT_ERROR, KT_ERROR_NOT_FOUND) || g_get_monotonic_time() >= end ||
        g_cancellable_is_cancelled(sight->measure.stop)) {
      g_propagate_error(error, g_steal_pointer(&failed));
      return NULL;
    }
    g_usleep(ASK_AGAIN_US);
  }
}

void kt_cloud_look_inside(const char *uuid, KtCloudGuest *guest, char **why, gpointer data)
{
  const KtCloudSight *sight = data;
  g_autoptr(GError) failed = NULL;
  g_autoptr(KtSnapshot) inside = sight->agent_uri ? ask(sight, uuid, &failed) : NULL;
  const KtMachine *m = inside && inside->machines->len ? inside->machines->pdata[0] : NULL;
  if (m)
    *guest = (KtCloudGuest){m->sockets, m->cores_per_socket, m->threads_per_core,
                            m->nodes->len ? KT_INT(m->nodes->len) : KT_INT_UNKNOWN};
  else
    *why = g_strdup(failed ? failed->message : _("it has no channel for one"));
}
