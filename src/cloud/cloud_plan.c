/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cloud/cloud_plan.h"

static void key_free(gpointer data)
{
  KtCloudKey *k = data;
  g_free(k->key);
  g_free(k->before);
  g_free(k->after);
  g_free(k->why);
  g_free(k);
}

static void fit_free(gpointer data)
{
  KtCloudFit *f = data;
  g_free(f->host);
  g_free(f->why);
  g_free(f);
}

static void cure_free(gpointer data)
{
  KtCloudCure *c = data;
  g_free(c->flavor);
  g_free(c->name);
  g_ptr_array_unref(c->keys);
  g_ptr_array_unref(c->fits);
  g_ptr_array_unref(c->notes);
  g_free(c);
}

static void move_free(gpointer data)
{
  KtCloudMove *m = data;
  g_free(m->id);
  g_free(m->name);
  g_free(m->host);
  g_free(m->status);
  g_free(m);
}

KtCloudPlan *kt_cloud_plan_new(void)
{
  KtCloudPlan *p = g_new0(KtCloudPlan, 1);
  p->cures = g_ptr_array_new_with_free_func(cure_free);
  p->moves = g_ptr_array_new_with_free_func(move_free);
  p->notes = g_ptr_array_new_with_free_func(g_free);
  return p;
}

void kt_cloud_plan_free(KtCloudPlan *p)
{
  if (!p)
    return;
  g_ptr_array_unref(p->cures);
  g_ptr_array_unref(p->moves);
  g_ptr_array_unref(p->notes);
  g_free(p->tool);
  g_free(p->made);
  g_free(p->cloud);
  g_free(p->endpoint);
  g_free(p);
}

KtCloudCure *kt_cloud_plan_add_cure(KtCloudPlan *plan, const char *flavor, const char *name)
{
  KtCloudCure *c = g_new0(KtCloudCure, 1);
  c->flavor = g_strdup(flavor);
  c->name = g_strdup(name);
  c->is_public = TRUE;
  c->keys = g_ptr_array_new_with_free_func(key_free);
  c->fits = g_ptr_array_new_with_free_func(fit_free);
  c->notes = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(plan->cures, c);
  return c;
}

KtCloudMove *kt_cloud_plan_add_move(KtCloudPlan *plan, const char *id)
{
  KtCloudMove *m = g_new0(KtCloudMove, 1);
  m->id = g_strdup(id);
  g_ptr_array_add(plan->moves, m);
  return m;
}

KtCloudKey *kt_cloud_cure_add_key(KtCloudCure *cure, const char *key, const char *before, const char *after,
                                  const char *why)
{
  KtCloudKey *k = g_new0(KtCloudKey, 1);
  *k = (KtCloudKey){g_strdup(key), g_strdup(before), g_strdup(after), g_strdup(why)};
  g_ptr_array_add(cure->keys, k);
  return k;
}

KtCloudFit *kt_cloud_cure_add_fit(KtCloudCure *cure, const char *host)
{
  KtCloudFit *f = g_new0(KtCloudFit, 1);
  f->host = g_strdup(host);
  g_ptr_array_add(cure->fits, f);
  return f;
}

guint kt_cloud_cure_count(const KtCloudCure *cure, gboolean now, KtTri answer)
{
  guint n = 0;
  for (guint i = 0; i < cure->fits->len; i++) {
    const KtCloudFit *f = cure->fits->pdata[i];
    n += (now ? f->now : f->empty) == answer;
  }
  return n;
}
