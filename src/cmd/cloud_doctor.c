/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks on a cloud's servers: each flavor's copy on the host it runs on, each definition that is known. */
#include "checks/check.h"
#include "cmd/cloud.h"
#include "cmd/command.h"
#include "view/cloud_view.h"

/* Of flavors and definitions; N06 is of hosts. */
static const char *const wanted[] = {"N01", "N02", "N03", "N04", "N05", "N07", "N08", "N09", "X03", "X06", "X11", NULL};
#define MIXED "N06"

static gboolean is_wanted(const KtFinding *finding)
{
  return g_strv_contains(wanted, finding->check->id);
}

/* ---- a view: some flavors, maybe with a host ---- */

static void add_server(KtCloudRank *rank, KtCloudServer *server, const KtDiagnosis *d, gboolean seen)
{
  for (guint i = 0; i < d->findings->len; i++) {
    const KtFinding *f = d->findings->pdata[i];
    if (is_wanted(f))
      kt_cloud_rank_add(rank, server, f->check->id, f->severity, f->title, seen);
  }
  for (guint i = 0; !seen && i < d->unknown->len; i++) {
    const KtFinding *f = d->unknown->pdata[i];
    if (is_wanted(f))
      kt_cloud_rank_unknown(rank, server, f->check->id, f->missing);
  }
}

/* All borrowed; to be cleared with view_clear(). */
static KtSnapshot view_new(const KtMachine *host)
{
  KtSnapshot view = {.machines = g_ptr_array_new(),
                     .domains = g_ptr_array_new(),
                     .flavors = g_ptr_array_new(),
                     .confs = g_ptr_array_new(),
                     .rejected = g_ptr_array_new(),
                     .stated = g_ptr_array_new(),
                     .notes = g_ptr_array_new()};
  if (host)
    g_ptr_array_add(view.machines, (gpointer)host);
  return view;
}

static void view_clear(KtSnapshot *view)
{
  GPtrArray *arrays[] = {view->machines, view->domains, view->flavors, view->confs,
                         view->rejected, view->stated,  view->notes};
  for (guint i = 0; i < G_N_ELEMENTS(arrays); i++)
    g_ptr_array_unref(arrays[i]);
}

/* The copies of these servers, with what their flavors are now. */
static void look_at_servers(KtCloudRank *rank, const KtCloud *cloud, const KtMachine *host, const GPtrArray *servers)
{
  KtSnapshot view = view_new(host);
  g_autoptr(GHashTable) by_flavor = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
  for (guint i = 0; i < servers->len; i++) {
    KtCloudServer *s = servers->pdata[i];
    KtFlavor *copy = s->group->flavor;
    GPtrArray *with_it = g_hash_table_lookup(by_flavor, copy);
    if (!with_it) {
      with_it = g_ptr_array_new();
      g_hash_table_insert(by_flavor, copy, with_it);
      g_ptr_array_add(view.flavors, copy);
      KtCloudFlavor *now = copy->name ? g_hash_table_lookup(cloud->by_flavor, copy->name) : NULL;
      if (now && !g_hash_table_contains(by_flavor, now->flavor)) {
        g_hash_table_insert(by_flavor, now->flavor, g_ptr_array_new());
        g_ptr_array_add(view.flavors, now->flavor);
      }
    }
    g_ptr_array_add(with_it, s);
  }
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(&view, NULL);
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    GPtrArray *with_it = d->subject.flavor ? g_hash_table_lookup(by_flavor, d->subject.flavor) : NULL;
    for (guint k = 0; with_it && k < with_it->len; k++)
      add_server(rank, with_it->pdata[k], d, FALSE);
  }
  view_clear(&view);
}

/* Flavors that no server has: what they would make. */
static void look_at_unused(KtCloudRank *rank, const KtCloud *cloud)
{
  KtSnapshot view = view_new(NULL);
  g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < cloud->groups->len; i++) {
    const char *name = ((KtCloudGroup *)cloud->groups->pdata[i])->flavor->name;
    if (name)
      g_hash_table_add(used, (gpointer)name);
  }
  for (guint i = 0; i < cloud->flavors->len; i++) {
    KtFlavor *flavor = ((KtCloudFlavor *)cloud->flavors->pdata[i])->flavor;
    if (!g_hash_table_contains(used, flavor->name))
      g_ptr_array_add(view.flavors, flavor);
  }
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(&view, NULL);
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    for (guint k = 0; k < d->findings->len; k++) {
      const KtFinding *f = d->findings->pdata[k];
      if (is_wanted(f))
        kt_cloud_rank_add_flavor(rank, d->subject.flavor->name, f->check->id, f->severity, f->title);
    }
  }
  view_clear(&view);
}

/* ---- the evidence itself: definitions, hosts ---- */

/* "N01: title (3 hosts)", each title once. */
static void add_host_finding(GHashTable *lines, const char *check, const char *title)
{
  g_autofree char *line = g_strdup_printf("%s: %s", check, title);
  guint n = GPOINTER_TO_UINT(g_hash_table_lookup(lines, line));
  g_hash_table_insert(lines, g_steal_pointer(&line), GUINT_TO_POINTER(n + 1));
}

static void look_at_evidence(KtCloudRank *rank, const KtCloudInput *input, GHashTable *lines)
{
  KtSnapshot view = *input->snapshot;
  view.flavors = g_ptr_array_new();
  g_autoptr(GPtrArray) diagnoses = kt_diagnose(&view, NULL);
  for (guint i = 0; i < diagnoses->len; i++) {
    const KtDiagnosis *d = diagnoses->pdata[i];
    const KtDomain *domain = d->subject.domain;
    g_autofree char *id = domain && domain->uuid ? g_ascii_strdown(domain->uuid, -1) : NULL;
    KtCloudServer *server = id ? g_hash_table_lookup(input->cloud->by_id, id) : NULL;
    if (server)
      add_server(rank, server, d, TRUE);
    for (guint k = 0; d->subject.machine && k < d->findings->len; k++) {
      const KtFinding *f = d->findings->pdata[k];
      if (is_wanted(f))
        add_host_finding(lines, f->check->id, f->title);
    }
  }
  g_ptr_array_unref(view.flavors);
}

/* ---- each compute host with its servers ---- */

/* What the API tells of a host. */
static KtMachine *machine_of_api(const KtCloudKnown *known)
{
  KtMachine *m = kt_machine_new();
  m->role = KT_ROLE_HOST;
  m->name = g_strdup(known->name);
  if (known->host)
    m->threads_per_core = known->host->threads;
  return m;
}

/* Which kinds of guests share the host: by their definitions, else by their flavors. */
static void look_at_mix(const KtCloudInput *input, const KtCloudKnown *known, const KtMachine *machine,
                        GHashTable *lines)
{
  KtSnapshot view = view_new(machine);
  const KtSubject subject = {.kind = KT_FOR_HOST, .snapshot = &view, .machine = machine, .host = machine};
  g_autofree KtFlavor *copies = g_new(KtFlavor, known->servers->len);
  if (known->conf)
    g_ptr_array_add(view.confs, (gpointer)known->conf);
  for (guint i = 0; i < known->servers->len; i++) {
    const KtCloudServer *s = known->servers->pdata[i];
    const KtDomain *definition = kt_cloud_evidence_domain(input->evidence, s);
    if (!kt_cloud_server_runs(s))
      continue;
    gboolean defined = definition && definition->manager == KT_MANAGER_NOVA;
    copies[i] = *s->group->flavor;
    copies[i].server = s->id;
    copies[i].host = machine->name;
    g_ptr_array_add(defined ? view.domains : view.flavors, defined ? (gpointer)definition : &copies[i]);
  }
  if (kt_check_fires(MIXED, &subject))
    add_host_finding(lines, MIXED, kt_tr(kt_check_find(MIXED)->title));
  view_clear(&view);
}

static void look_at_host(KtCloudRank *rank, const KtCloudInput *input, const KtCloudKnown *known, GHashTable *lines)
{
  g_autoptr(KtMachine) bare = known->machine ? NULL : machine_of_api(known);
  const KtMachine *machine = known->machine ? known->machine : bare;
  look_at_servers(rank, input->cloud, machine, known->servers);
  if (machine->name)
    look_at_mix(input, known, machine, lines);
}

static void say_hosts(GHashTable *lines, GPtrArray *hosts)
{
  g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(lines), (GCompareFunc)g_strcmp0);
  for (GList *l = sorted; l; l = l->next) {
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(lines, l->data));
    g_autofree char *on = g_strdup_printf(kt_trn("%u host", "%u hosts", n), n);
    g_ptr_array_add(hosts, g_strdup_printf("%s (%s)", (char *)l->data, on));
  }
}

static KtCloudRank *rank_all(const KtCloudInput *input, GPtrArray *hosts)
{
  KtCloudRank *rank = kt_cloud_rank_new(input->cloud, input->evidence);
  g_autoptr(GHashTable) lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) elsewhere = g_ptr_array_new();
  if (input->snapshot)
    look_at_evidence(rank, input, lines);
  for (guint i = 0; i < input->evidence->hosts->len; i++) {
    const KtCloudKnown *known = input->evidence->hosts->pdata[i];
    if (known->servers->len)
      look_at_host(rank, input, known, lines);
  }
  for (guint i = 0; i < input->cloud->servers->len; i++) {
    KtCloudServer *s = input->cloud->servers->pdata[i];
    if (!kt_cloud_evidence_host(input->evidence, s))
      g_ptr_array_add(elsewhere, s);
  }
  look_at_servers(rank, input->cloud, NULL, elsewhere);
  look_at_unused(rank, input->cloud);
  say_hosts(lines, hosts);
  return rank;
}

static gboolean is_bad(const GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++) {
    const KtCloudRow *row = rows->pdata[i];
    for (guint k = 0; k < row->causes->len; k++)
      if (((const KtCloudCause *)row->causes->pdata[k])->severity >= 2)
        return TRUE;
  }
  return FALSE;
}

int kt_cloud_run_doctor(const KtCloudRequest *request, const KtCloudOutput *output, GError **error)
{
  g_auto(KtCloudInput) input = {0};
  if (!kt_cloud_input_read(request, &input, error))
    return -1;
  g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(KtCloudRank) rank = rank_all(&input, hosts);
  const KtCloudReport report = {.cloud = input.cloud,
                                .evidence = input.evidence,
                                .rows = kt_cloud_rank_rows(rank),
                                .hosts = hosts,
                                .notes = input.notes};
  const KtTerm term = kt_term_of_stdout(output->colour);
  g_autofree char *text = output->json ? kt_view_cloud_json(&report) : kt_view_cloud_text(&term, &report);
  g_autofree char *page = output->html ? kt_view_cloud_html(&report) : NULL;
  if (!kt_output_report(text, output->html, page, error))
    return -1;
  if (is_bad(report.rows))
    return KT_EXIT_FINDINGS;
  return input.snapshot && input.snapshot->unreachable ? KT_EXIT_USAGE : KT_EXIT_HEALTHY;
}
