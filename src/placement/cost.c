/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a placement costs, from its cells alone: the measures of placement.h. */
#include "placement/host.h"

typedef struct {
  const KtPlaceProblem *problem;
  KtHost host, open; /* all; without closed CPUs */
  guint n;
  guint *cpu_owner; /* by the index in host.cpus: guest + 1 that owns it */
  guint *cpu_slot;  /* by CPU number: its index in host.cpus */
  double *load;     /* cores, of each node */
  double total_kib;
  KtPlaceCost cost;
} Measure;

static double far(const Measure *m, guint i, guint j)
{
  const KtPlaceNode *node = m->problem->nodes->pdata[i];
  return g_array_index(node->distances, guint, j) / 10. - 1;
}

/* The core of a CPU + 1; 0: none that guests may use. */
static guint core_at(const Measure *m, guint cpu)
{
  return cpu < m->host.n_numbers ? m->host.core_of[cpu] : 0;
}

static void index_cpus(Measure *m)
{
  m->cpu_slot = g_new0(guint, m->host.n_numbers + 1);
  m->cpu_owner = g_new0(guint, m->host.cpus->len + 1);
  for (guint k = 0; k < m->host.cores->len; k++) {
    const KtCore *core = &g_array_index(m->host.cores, KtCore, k);
    for (guint i = core->first; i < core->first + core->n_cpus; i++) {
      m->cpu_slot[g_array_index(m->host.cpus, guint, i)] = i;
    }
  }
}

/* The share of the cell's CPUs on each node; the node with most is its home. */
static guint cpu_shares(const Measure *m, const KtPlaceCell *cell, double *share)
{
  guint home = 0, n = 0;
  for (guint i = 0; i < m->n; i++)
    share[i] = 0;
  for (int c = kt_set_next(cell->cpus, 0); c >= 0; c = kt_set_next(cell->cpus, (guint)c + 1))
    if (core_at(m, (guint)c)) {
      share[g_array_index(m->host.cores, KtCore, core_at(m, (guint)c) - 1).node]++;
      n++;
    }
  for (guint i = 0; i < m->n; i++) {
    share[i] /= MAX(n, 1);
    home = share[i] > share[home] ? i : home;
  }
  return home;
}

static void add_l3(Measure *m, const KtPlaceCell *cell)
{
  g_autofree gboolean *seen = g_new0(gboolean, m->host.n_l3 + 1);
  guint used = 0;
  for (guint k = 0; k < cell->pins->len; k++) {
    guint core = core_at(m, g_array_index(cell->pins, guint, k));
    if (!core)
      continue;
    guint l3 = g_array_index(m->host.cores, KtCore, core - 1).l3;
    used += !seen[l3];
    seen[l3] = TRUE;
  }
  guint least = (cell->pins->len + m->host.l3_cpus - 1) / MAX(m->host.l3_cpus, 1);
  m->cost.l3 += used > least ? used - least : 0;
}

static double nearest(const Measure *m, guint from, const guint *home, guint n)
{
  double least = far(m, from, home[0]);
  for (guint c = 1; c < n; c++)
    least = MIN(least, far(m, from, home[c]));
  return least;
}

static void add_guest(Measure *m, guint g, const KtPlaceAnswer *answer)
{
  const KtPlaceGuest *guest = m->problem->guests->pdata[g];
  g_autofree double *share = g_new(double, m->n), *worth = g_new(double, m->n);
  g_autofree gint64 *kib = g_new0(gint64, m->n);
  g_autofree guint *home = g_new(guint, answer->cells->len + 1), *devices = g_new(guint, m->n);
  double demand = guest->demand_cores < 0 ? guest->vcpus : guest->demand_cores, between = 0, memory = 0;
  guint nodes = 0;
  for (guint c = 0; c < answer->cells->len; c++) {
    const KtPlaceCell *cell = answer->cells->pdata[c];
    home[c] = cpu_shares(m, cell, share);
    for (guint k = 0; k < cell->memory->len; k++) {
      const KtPlaceMemory *part = &g_array_index(cell->memory, KtPlaceMemory, k);
      guint j = kt_host_node_index(m->problem, part->node_id);
      kib[j] += part->kib;
      memory += (double)part->kib;
      for (guint i = 0; i < m->n; i++)
        m->cost.remote += (double)part->kib * share[i] * far(m, i, j) / m->total_kib;
    }
    for (guint b = 0; b < c; b++)
      between += guest->apart && home[b] == home[c] ? kt_host_farthest(m->problem) : far(m, home[b], home[c]);
    if (cell->pins) {
      add_l3(m, cell);
      for (guint k = 0; k < cell->pins->len; k++) {
        guint cpu = g_array_index(cell->pins, guint, k);
        if (core_at(m, cpu))
          m->cpu_owner[m->cpu_slot[cpu]] = g + 1;
      }
      continue;
    }
    kt_host_shares(&m->open, m->n, cell->cpus, worth);
    for (guint i = 0; i < m->n; i++)
      m->load[i] += demand * cell->vcpus / guest->vcpus * worth[i];
  }
  guint n = answer->cells->len;
  double device = n ? kt_host_devices(m->problem, guest, devices) : 0;
  for (guint i = 0; device > 0 && i < m->n; i++)
    m->cost.remote += devices[i] ? devices[i] * nearest(m, i, home, n) * device * memory / m->total_kib : 0;
  if (n > 1)
    m->cost.remote += KT_PLACE_CELL_TRAFFIC * between / (n * (n - 1) / 2.) * memory / m->total_kib;
  for (guint k = 0; k < guest->now_memory->len && guest->started; k++) {
    const KtPlaceMemory *now = &g_array_index(guest->now_memory, KtPlaceMemory, k);
    guint j = kt_host_node_index(m->problem, now->node_id);
    nodes += kib[j] > 0;
    m->cost.move_kib += MAX(kib[j] - now->kib, 0);
    kib[j] = 0;
  }
  for (guint j = 0; j < m->n; j++) {
    nodes += kib[j] > 0;
    m->cost.move_kib += guest->started ? kib[j] : 0;
  }
  m->cost.fragmentation += nodes > n ? nodes - n : 0;
}

/* The worth of what no guest owns, against the load; and owners beside each other. */
static void add_contention(Measure *m)
{
  for (guint i = 0; i < m->n; i++) {
    double worth = 0;
    for (guint k = m->host.first_core[i]; k < m->host.first_core[i + 1]; k++) {
      const KtCore *core = &g_array_index(m->host.cores, KtCore, k);
      guint idle = 0, owners = 0;
      for (guint a = core->first; a < core->first + core->n_cpus; a++) {
        gboolean again = FALSE;
        for (guint b = core->first; b < a; b++)
          again |= m->cpu_owner[a] == m->cpu_owner[b];
        idle += !m->cpu_owner[a] && !kt_set_has(m->problem->closed_cpus, g_array_index(m->host.cpus, guint, a));
        owners += m->cpu_owner[a] && !again;
      }
      worth += idle ? 1 + KT_PLACE_SMT_WORTH * (idle - 1) : 0;
      m->cost.contention += owners > 1 ? KT_PLACE_SMT_WORTH * owners : 0;
    }
    m->cost.contention += MAX(m->load[i] - worth - KT_ROUNDING, 0);
  }
}

KtPlaceCost kt_placement_cost(const KtPlaceProblem *problem, const GPtrArray *answers)
{
  const KtPlaceWeights *w = &problem->weights;
  Measure m = {.problem = problem, .n = problem->nodes->len};
  kt_host_init(&m.host, problem, NULL);
  kt_host_init(&m.open, problem, problem->closed_cpus);
  index_cpus(&m);
  m.load = g_new0(double, m.n);
  for (guint g = 0; g < problem->guests->len; g++)
    m.total_kib += (double)((const KtPlaceGuest *)problem->guests->pdata[g])->memory_kib;
  m.total_kib = MAX(m.total_kib, 1);
  for (guint g = 0; g < answers->len; g++)
    add_guest(&m, g, answers->pdata[g]);
  add_contention(&m);
  m.cost.total = w->contention * m.cost.contention + w->l3 * m.cost.l3 + w->remote * m.cost.remote +
                 w->fragmentation * m.cost.fragmentation + w->move * (double)m.cost.move_kib / m.total_kib;
  g_free(m.load);
  g_free(m.cpu_slot);
  g_free(m.cpu_owner);
  kt_host_clear(&m.host);
  kt_host_clear(&m.open);
  return m.cost;
}
