/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/waves.h"

static gint64 size_of(const KtCloudPlan *plan, const KtCloudMove *m)
{
  return ((const KtCloudCure *)plan->cures->pdata[m->cure])->vcpus;
}

static gint compare(gconstpointer a, gconstpointer b, gpointer plan)
{
  const KtCloudMove *one = *(KtCloudMove *const *)a, *two = *(KtCloudMove *const *)b;
  gint64 n = size_of(plan, one), m = size_of(plan, two);
  if (n != m)
    return n < m ? -1 : 1;
  int by_name = g_strcmp0(one->name, two->name);
  return by_name ? by_name : g_strcmp0(one->id, two->id);
}

/* Servers by host; of an unknown host each is for itself. */
static GPtrArray *queues_of(const GPtrArray *moves)
{
  GPtrArray *queues = g_ptr_array_new_with_free_func((GDestroyNotify)g_queue_free);
  g_autoptr(GHashTable) by_host = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < moves->len; i++) {
    KtCloudMove *m = moves->pdata[i];
    GQueue *queue = m->host ? g_hash_table_lookup(by_host, m->host) : NULL;
    if (!queue) {
      queue = g_queue_new();
      g_ptr_array_add(queues, queue);
      if (m->host)
        g_hash_table_insert(by_host, m->host, queue);
    }
    g_queue_push_tail(queue, m);
  }
  return queues;
}

static void take_first(GPtrArray *moves, GPtrArray *ordered)
{
  guint first = 0;
  while (first < moves->len && g_strcmp0(((KtCloudMove *)moves->pdata[first])->status, "ACTIVE") != 0)
    first++;
  g_ptr_array_add(ordered, g_ptr_array_remove_index(moves, first < moves->len ? first : 0));
}

void kt_cloud_order(KtCloudPlan *plan, guint size)
{
  if (!plan->moves->len)
    return;
  g_autoptr(GPtrArray) ordered = g_ptr_array_new(), left = g_ptr_array_new();
  g_ptr_array_sort_with_data(plan->moves, compare, plan);
  for (guint i = 0; i < plan->moves->len; i++)
    g_ptr_array_add(left, plan->moves->pdata[i]);
  take_first(left, ordered);
  ((KtCloudMove *)ordered->pdata[0])->wave = 0;
  g_autoptr(GPtrArray) queues = queues_of(left);
  /* each round takes one of each host, in turn: `size` of a round are a wave */
  for (guint wave = 1; queues->len; wave++)
    for (guint i = 0, n = queues->len, used = 0; i < n; i++) {
      GQueue *queue = queues->pdata[i];
      KtCloudMove *m = g_queue_pop_head(queue);
      if (used == size) {
        wave++;
        used = 0;
      }
      used++;
      m->wave = wave;
      g_ptr_array_add(ordered, m);
      if (g_queue_is_empty(queue)) {
        g_ptr_array_remove_index(queues, i);
        i--;
        n--;
      }
    }
  for (guint i = 0; i < ordered->len; i++)
    plan->moves->pdata[i] = ordered->pdata[i];
}
