/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This machine, now. */
#include <sys/klog.h>

#include "base/error.h"
#include "base/i18n.h"
#include "evidence/evidence.h"
#include "evidence/join.h"
#include "evidence/libvirt_live.h"
#include "evidence/live.h"
#include "evidence/readers.h"
#include "evidence/reading.h"
#include "evidence/root_machine.h"
#include "evidence/sample.h"

#define KLOG_READ_ALL 3 /* syslog(2) */
#define KLOG_SIZE 10

char *kt_live_kernel_log(gsize *length)
{
  int size = klogctl(KLOG_SIZE, NULL, 0);
  g_autofree char *buffer = size > 0 && size <= KT_TEXT_LIMIT ? g_malloc((gsize)size) : NULL;
  int n = buffer ? klogctl(KLOG_READ_ALL, buffer, size) : -1;
  if (n < 0)
    return NULL;
  *length = (gsize)n;
  return g_steal_pointer(&buffer);
}

static void read_kernel_log(KtSnapshot *snapshot, KtMachine *m)
{
  gsize length;
  g_autofree char *buffer = kt_live_kernel_log(&length);
  if (!buffer) {
    kt_machine_set_unreadable(m, "dmesg", "needs root");
    return;
  }
  g_autoptr(KtText) text = kt_text_new("live:dmesg", buffer, length);
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  kt_reading_run(text, "", snapshot, fragments);
  for (guint i = 0; i < fragments->len; i++)
    kt_machine_absorb(m, g_steal_pointer(&((KtFragment *)fragments->pdata[i])->machine));
  kt_kernel_log_conclude(m);
}

static void wait_for(const KtLiveOptions *options)
{
  gint64 start = g_get_monotonic_time(), length = (gint64)(options->interval_s * G_USEC_PER_SEC);
  for (gint64 done = 0; done < length; done = g_get_monotonic_time() - start) {
    if (options->progress)
      options->progress((double)done / (double)length, options->progress_data);
    g_usleep((gulong)MIN(length - done, G_USEC_PER_SEC / 10));
  }
  if (options->progress)
    options->progress(1, options->progress_data);
}

static void sample_rates(KtRoot *root, const KtLiveOptions *options, KtSnapshot *snapshot)
{
  gint64 start = g_get_monotonic_time();
  g_autoptr(KtSample) first = kt_sample_take(root, snapshot);
  wait_for(options);
  double seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
  g_autoptr(KtSample) second = kt_sample_take(root, snapshot);
  kt_sample_rates(first, second, seconds, snapshot);
}

static gboolean keep_only_domain(KtSnapshot *snapshot, const char *name, GError **error)
{
  for (guint i = snapshot->domains->len; name && i > 0; i--) {
    if (!kt_domain_is_called(snapshot->domains->pdata[i - 1], name))
      g_ptr_array_remove_index(snapshot->domains, i - 1);
  }
  if (!name || snapshot->domains->len)
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no domain '%s' runs there", name);
  return FALSE;
}

/* Without a URI libvirt is asked if it runs; the processes tell what they can without it. */
static gboolean ask_libvirt(const KtLiveOptions *options, KtSnapshot *snapshot, KtMachine *m, GError **error)
{
  g_autoptr(GError) problem = NULL;
  gboolean ok = kt_libvirt_read(options->connect_uri, options->domain, snapshot, m, &problem);
  kt_domains_join(snapshot);
  if (ok)
    return TRUE;
  if (options->connect_uri) {
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
  }
  if (m->role == KT_ROLE_HOST)
    g_ptr_array_add(snapshot->notes, g_strdup_printf(_("without libvirt: %s"), problem->message));
  return TRUE;
}

/* Another host's domains: nothing of this machine has to do with them. */
static KtSnapshot *read_elsewhere(const KtLiveOptions *options, GError **error)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  if (!kt_libvirt_read(options->connect_uri, options->domain, snapshot, NULL, error) ||
      !keep_only_domain(snapshot, options->domain, error))
    return NULL;
  return g_steal_pointer(&snapshot);
}

KtSnapshot *kt_evidence_read_live(const KtLiveOptions *options, GError **error)
{
  if (!kt_libvirt_is_local(options->connect_uri))
    return read_elsewhere(options, error);
  g_autoptr(KtRoot) root = kt_root_open("/", error);
  if (!root)
    return NULL;
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  if (!kt_root_read_machine(root, snapshot, options->deep)) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "cannot look at this machine: neither /proc nor /sys is there");
    return NULL;
  }
  KtMachine *m = snapshot->machines->pdata[0];
  read_kernel_log(snapshot, m);
  if (options->interval_s > 0)
    sample_rates(root, options, snapshot);
  if (!ask_libvirt(options, snapshot, m, error) || !keep_only_domain(snapshot, options->domain, error))
    return NULL;
  return g_steal_pointer(&snapshot);
}
