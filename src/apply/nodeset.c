/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live numatune: one set of nodes for all that a running domain allocates from now on; the kernel
 * moves what it has elsewhere along, as the cpuset is narrowed. What is read is what its threads may use. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <stdlib.h>
#include <string.h>

#include "apply/hand.h"
#include "base/error.h"
#include "evidence/process.h"

static KtSet *all_nodes(KtHand *hand)
{
  g_autofree char *text = kt_root_read_line(hand->root, "sys/devices/system/node/has_memory");
  return kt_set_parse(text ? text : "0", NULL);
}

/* Of all its threads together; NULL: no process is seen. */
static KtSet *kernel_says(KtHand *hand, virDomainPtr domain)
{
  int pid = kt_hand_process(hand, domain, NULL);
  g_autofree char *tasks = g_strdup_printf("proc/%d/task", pid);
  g_auto(GStrv) names = pid ? kt_root_list(hand->root, tasks) : NULL;
  g_autoptr(KtSet) all = kt_set_new();
  for (guint i = 0; names && names[i]; i++) {
    g_autofree char *status = kt_root_read_linef(hand->root, "%s/%s/status", tasks, names[i]);
    g_autofree char *allowed = kt_process_status(status, "Mems_allowed_list");
    g_autoptr(KtSet) nodes = allowed ? kt_set_parse(allowed, NULL) : NULL;
    if (nodes)
      kt_set_add_all(all, nodes);
  }
  return kt_set_is_empty(all) ? NULL : g_steal_pointer(&all);
}

/* "" where libvirt limits nothing. */
static KtSet *libvirt_says(virDomainPtr domain)
{
  virTypedParameterPtr params = NULL;
  int n = 0;
  if (virDomainGetNumaParameters(domain, NULL, &n, VIR_DOMAIN_AFFECT_LIVE) < 0 || n < 1)
    return NULL;
  params = g_new0(virTypedParameter, (guint)n);
  const char *text = NULL;
  KtSet *set = NULL;
  if (virDomainGetNumaParameters(domain, params, &n, VIR_DOMAIN_AFFECT_LIVE) == 0 &&
      virTypedParamsGetString(params, n, VIR_DOMAIN_NUMA_NODESET, &text) >= 0)
    set = kt_set_parse(text ? text : "", NULL);
  virTypedParamsClear(params, n);
  g_free(params);
  return set;
}

static char *read_nodeset(KtHand *hand, const KtStep *step, GError **error)
{
  g_autoptr(virDomain) domain = kt_hand_running(hand, step, FALSE, error);
  if (!domain)
    return NULL;
  g_autoptr(KtSet) nodes = kernel_says(hand, domain);
  if (!nodes)
    nodes = libvirt_says(domain);
  if (!nodes) {
    kt_hand_set_error(error, step->domain, "read the numatune");
    return NULL;
  }
  if (kt_set_is_empty(nodes)) {
    kt_set_free(nodes);
    nodes = all_nodes(hand);
  }
  return kt_set_format(nodes);
}

static KtDomain *running_definition(virDomainPtr domain, const KtStep *step, GError **error)
{
  char *xml = kt_hand_xml(domain, step->domain, 0, error);
  KtDomain *d = xml ? kt_guard_read(xml) : NULL;
  free(xml);
  return d;
}

static gboolean set_nodes(virDomainPtr domain, const KtStep *step, const char *nodes, gboolean fresh, GError **error)
{
  virTypedParameterPtr params = NULL;
  int n = 0, room = 0;
  gboolean ok = virTypedParamsAddString(&params, &n, &room, VIR_DOMAIN_NUMA_NODESET, nodes) == 0;
  /* Without one libvirt would note the set as strict, and refuse to change it again. */
  if (fresh)
    ok = ok && virTypedParamsAddInt(&params, &n, &room, VIR_DOMAIN_NUMA_MODE, VIR_DOMAIN_NUMATUNE_MEM_RESTRICTIVE) == 0;
  ok = ok && virDomainSetNumaParameters(domain, params, n, VIR_DOMAIN_AFFECT_LIVE) == 0;
  if (!ok) {
    g_autofree char *what = g_strdup_printf("set the numatune to '%s'", nodes);
    kt_hand_set_error(error, step->domain, what);
  }
  virTypedParamsFree(params, n);
  return ok;
}

static gboolean write_nodeset(KtHand *hand, const KtStep *step, const char *value, GError **error)
{
  g_autoptr(KtSet) nodes = value && *value ? kt_set_parse(value, error) : all_nodes(hand);
  if (!nodes)
    return FALSE;
  g_autoptr(virDomain) seen = kt_hand_running(hand, step, FALSE, error);
  g_autoptr(KtDomain) d = seen ? running_definition(seen, step, error) : NULL;
  if (!d)
    return FALSE;
  if (d->cells->len > 1) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
                "domain '%s' has several cells: live numatune would put all on "
                "the same nodes",
                step->domain);
    return FALSE;
  }
  g_autofree char *text = kt_set_format(nodes);
  gboolean fresh = !d->numatune_mode;
  if (!kt_actuator_call(&hand->base, "virDomainSetNumaParameters(%s, %snodeset %s, live)", step->domain,
                        fresh ? "restrictive, " : "", text))
    return TRUE;
  g_autoptr(virDomain) domain = kt_hand_running(hand, step, TRUE, error);
  return domain && set_nodes(domain, step, text, fresh, error);
}

const KtHandKind kt_hand_nodeset = {.read = read_nodeset, .write = write_nodeset, .reached = kt_hand_same_set};
#endif
