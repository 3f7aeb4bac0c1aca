/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/units.h"
#include "view/fresh_view.h"

static void put_commands(KtPage *page, const char *heading, const char *commands, const char *cannot)
{
  g_auto(GStrv) lines = g_strsplit(commands, "\n", -1);
  kt_page_gap(page);
  kt_page_text(page, 0, KT_STYLE_BOLD, heading);
  for (guint i = 0; lines[i]; i++)
    if (*lines[i])
      kt_page_verbatim(page, 2, KT_STYLE_PLAIN, lines[i]);
  if (cannot)
    kt_page_text(page, 2, KT_STYLE_DIM, cannot);
}

static void put_place(KtPage *page, const KtFreshPlan *plan)
{
  static const KtColumn columns[] = {{"cell", TRUE, FALSE},
                                     {"vCPUs", FALSE, FALSE},
                                     {"node", FALSE, FALSE},
                                     {"memory", TRUE, FALSE},
                                     {"CPUs", FALSE, TRUE}};
  g_autoptr(KtTable) table = kt_table_new(columns, G_N_ELEMENTS(columns));
  for (guint i = 0; i < plan->answer->cells->len; i++) {
    const KtPlaceCell *cell = plan->answer->cells->pdata[i];
    g_autofree char *cpus = kt_set_format(cell->cpus);
    g_autoptr(GString) nodes = g_string_new(NULL);
    gint64 kib = 0;
    for (guint k = 0; k < cell->memory->len; k++) {
      const KtPlaceMemory *part = &g_array_index(cell->memory, KtPlaceMemory, k);
      g_string_append_printf(nodes, "%s%u", k ? "," : "", part->node_id);
      kib += part->kib;
    }
    g_autofree char *memory = kt_units_format_kib((guint64)kib);
    kt_table_addf(table, KT_STYLE_PLAIN, "%u", i);
    g_autoptr(KtSet) range = kt_set_new();
    for (guint k = 0; k < cell->vcpus; k++)
      kt_set_add(range, cell->first_vcpu + k);
    g_autofree char *vcpus = kt_set_format(range);
    kt_table_add(table, KT_STYLE_PLAIN, vcpus);
    kt_table_add(table, KT_STYLE_PLAIN, nodes->str);
    kt_table_add(table, KT_STYLE_PLAIN, memory);
    kt_table_add(table, KT_STYLE_PLAIN, cpus);
  }
  kt_page_table(page, 2, table);
}

char *kt_view_fresh_text(const KtTerm *term, const KtFreshPlan *plan, const KtFreshWish *wish)
{
  KtPage *page = kt_page_new(term);
  const KtTarget *t = &plan->target;
  g_autofree char *memory = kt_units_format_kib((guint64)wish->memory_kib);
  g_autofree char *dies = t->dies > 1 ? g_strdup_printf(" x %u", t->dies) : g_strdup("");
  g_autofree char *xml = kt_fresh_xml(plan, wish), *install = kt_fresh_virt_install(plan, wish);
  g_autofree char *nova = kt_fresh_nova(plan, wish), *proxmox = kt_fresh_proxmox(plan, wish);
  kt_page_textf(page, 0, KT_STYLE_BOLD, "%s: %u vCPUs as %u%s x %u x %u (sockets%s x cores x threads), %s, %s, on %s",
                wish->name, wish->vcpus, t->sockets, dies, t->cores, t->threads, t->dies > 1 ? " x dies" : "", memory,
                wish->dedicated ? "each vCPU on a CPU of its own" : "vCPUs float on their node",
                plan->host->name ? plan->host->name : "the host");
  put_place(page, plan);
  for (guint i = 0; i < plan->advice->len; i++)
    kt_page_item(page, 2, KT_STYLE_YELLOW, "!", 4, KT_STYLE_PLAIN, plan->advice->pdata[i]);
  put_commands(page, "libvirt (add disks and interfaces, then virsh define)", xml, NULL);
  put_commands(page, "virt-install", install, NULL);
  put_commands(page, "OpenStack Nova", nova,
               "Nova has no key for dies (each is a socket here), for the mode of the cache, for hint-dedicated, and "
               "for which nodes and CPUs: it chooses them. The CPU mode is cpu_mode = host-passthrough in nova.conf.");
  put_commands(page, "Proxmox VE", proxmox,
               "qm has no threads and no dies (cores stand for both), no mode of the cache, no hint-dedicated, and one "
               "list of CPUs for all vCPUs instead of a CPU for each.");
  return kt_page_finish(page);
}
