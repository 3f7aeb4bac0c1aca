/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/readers.h"

/* One a line: changes side by side do not clash. */
/* clang-format off */
static const KtReader *const readers[] = {
    &kt_reader_nova_flavor,
    &kt_reader_nova_conf,
    &kt_reader_vcpuinfo, /* its labels and those of dominfo are lscpu's too */
    &kt_reader_dominfo,
    &kt_reader_virsh_pins,
    &kt_reader_numatune,
    &kt_reader_domstats,
    &kt_reader_lscpu,
    &kt_reader_sar,
    &kt_reader_interrupts,
    &kt_reader_kernel_log,
    &kt_reader_lscpu_cpus,
    &kt_reader_lscpu_json,
    &kt_reader_sadf,
    &kt_reader_cgroup_stat,
    &kt_reader_perf_kvm,
    &kt_reader_vmstat,
    &kt_reader_stat,
    &kt_reader_meminfo,
    &kt_reader_vmstat_table,
    &kt_reader_uname,
    &kt_reader_cmdline,
    &kt_reader_os_release,
    &kt_reader_virt,
    &kt_reader_tuned,
    &kt_reader_java,
    &kt_reader_jcmd,
    &kt_reader_mysql,
    &kt_reader_mysql_conf,
    &kt_reader_sysctl,
    &kt_reader_paths,
    &kt_reader_heads,
    &kt_reader_cat,
    &kt_reader_ps,
    &kt_reader_command,
    &kt_reader_lstopo,
    &kt_reader_cpuinfo,
    &kt_reader_numactl,
    &kt_reader_numastat,
    &kt_reader_numastat_table,
    &kt_reader_capabilities,
    &kt_reader_domain_capabilities,
    &kt_reader_domain_xml,
    &kt_reader_qemu,
    &kt_reader_proxmox,
    &kt_reader_nodeinfo,
    &kt_reader_freecell,
};
/* clang-format on */

const KtReader *const *kt_readers(guint *n)
{
  *n = G_N_ELEMENTS(readers);
  return readers;
}

const KtReader *kt_reader_at(const KtText *text, guint i)
{
  for (guint k = 0; k < G_N_ELEMENTS(readers); k++)
    if (readers[k]->starts(text, i))
      return readers[k];
  return NULL;
}
