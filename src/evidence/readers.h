/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All readers; the order in readers.c is the order in which they are asked. */
#pragma once
#include "evidence/reader.h"

extern const KtReader kt_reader_capabilities; /* capabilities.c */
extern const KtReader kt_reader_domain_capabilities;
extern const KtReader kt_reader_cgroup_stat;    /* cgroup_stat.c */
extern const KtReader kt_reader_vmstat;         /* counters.c */
extern const KtReader kt_reader_stat;           /* counters.c */
extern const KtReader kt_reader_meminfo;        /* counters.c */
extern const KtReader kt_reader_vmstat_table;   /* counters.c */
extern const KtReader kt_reader_cpuinfo;        /* cpuinfo.c */
extern const KtReader kt_reader_domain_xml;     /* domain_xml.c */
extern const KtReader kt_reader_domstats;       /* domstats.c */
extern const KtReader kt_reader_interrupts;     /* interrupts.c */
extern const KtReader kt_reader_jcmd;           /* jcmd.c */
extern const KtReader kt_reader_mysql;          /* mysql.c */
extern const KtReader kt_reader_mysql_conf;     /* mysql.c */
extern const KtReader kt_reader_kernel_log;     /* kernel_log.c */
extern const KtReader kt_reader_lscpu;          /* lscpu.c */
extern const KtReader kt_reader_lscpu_cpus;     /* lscpu_cpus.c */
extern const KtReader kt_reader_lscpu_json;     /* lscpu_json.c */
extern const KtReader kt_reader_lstopo;         /* lstopo.c */
extern const KtReader kt_reader_nova_conf;      /* nova_conf.c */
extern const KtReader kt_reader_nova_flavor;    /* nova_flavor.c */
extern const KtReader kt_reader_numactl;        /* numactl.c */
extern const KtReader kt_reader_numastat;       /* numastat.c */
extern const KtReader kt_reader_numastat_table; /* numastat_table.c */
extern const KtReader kt_reader_ps;             /* processes.c */
extern const KtReader kt_reader_command;        /* processes.c */
extern const KtReader kt_reader_perf_kvm;       /* perf_kvm.c */
extern const KtReader kt_reader_proxmox;        /* proxmox.c */
extern const KtReader kt_reader_qemu;           /* qemu_text.c */
extern const KtReader kt_reader_sadf;           /* sadf.c */
extern const KtReader kt_reader_sar;            /* sar.c */
extern const KtReader kt_reader_sysctl;         /* settings.c */
extern const KtReader kt_reader_paths;          /* settings.c */
extern const KtReader kt_reader_heads;          /* settings.c */
extern const KtReader kt_reader_cat;            /* settings.c */
extern const KtReader kt_reader_uname;          /* system.c */
extern const KtReader kt_reader_cmdline;        /* system.c */
extern const KtReader kt_reader_os_release;     /* system.c */
extern const KtReader kt_reader_virt;           /* system.c */
extern const KtReader kt_reader_tuned;          /* system.c */
extern const KtReader kt_reader_java;           /* system.c */
extern const KtReader kt_reader_nodeinfo;       /* virsh.c */
extern const KtReader kt_reader_freecell;       /* virsh.c */
extern const KtReader kt_reader_vcpuinfo;       /* virsh_domain.c */
extern const KtReader kt_reader_dominfo;        /* virsh_domain.c */
extern const KtReader kt_reader_virsh_pins;     /* virsh_domain.c */
extern const KtReader kt_reader_numatune;       /* virsh_domain.c */

/* What a kernel log tells of the boot and what may have changed since: the
 * clock source, kernel.numa_balancing, CPUs and nodes brought up. Set where a
 * machine that is joined from all its evidence does not know better. */
void kt_kernel_log_conclude(KtMachine *m);
