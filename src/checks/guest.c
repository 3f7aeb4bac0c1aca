/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/guest.h"
#include "checks/groups.h"

static const KtCheck rows[] = {
    {.id = "G01",
     .severity = 3,
     .title = "Kernel without (good) automatic NUMA balancing",
     .applies = KT_FOR_GUEST,
     .needs = "uname -r (or sar's header); the guest's nodes, or the host's or a reference's",
     .risk = "r",
     .cause = "Automatic NUMA balancing moves memory to the node whose CPUs use it, and threads to their memory. "
              "Linux has it since 3.8. An older kernel leaves memory where it was first touched, so that threads that "
              "moved since then work on remote memory for good.",
     .shows = "uname -r below 3.8 (SUSE 11: 3.0, Red Hat 6: 2.6.32; Red Hat 7: 3.10 and SUSE 12: 3.12 have it); "
              "no kernel.numa_balancing in sysctl -a. It matters once the guest has several nodes, or will have them "
              "when X11 is cured.",
     .costs = "A newer kernel or distribution release, and a reboot of the guest; until then numactl for each service.",
     .effect = "in the published case: about 10 % CPU after the newer guest system, 10-20 % before it, with cache, "
               "topology and nodes "
               "already cured; not measured alone",
     .note =
         "Useful from about 3.13 on: 3.8 had the frame, the placement policy came later. The case credits the newer "
         "system with better NUMA figures, but its last numastat still shows 57 % misses on node 0: balancing "
         "does not lower that counter (see G03).",
     .source = "[R] case; Mel Gorman/Rik van Riel series; kernel Documentation/admin-guide/sysctl/kernel.rst",
     .remedies = {{KT_LAYER_GUEST,
                   "upgrade the guest to a system with kernel 3.13 or newer (SUSE 12, Red Hat 7 or later)"},
                  {KT_LAYER_WORKLOAD,
                   "numactl --cpunodebind={node} --membind={node} {service}   # until then, if it fits a node"}},
     .run = kt_check_g01},
    {.id = "G02",
     .severity = 2,
     .title = "numa_balancing off in guest",
     .applies = KT_FOR_GUEST,
     .needs = "kernel.numa_balancing (sysctl -a), the number of the guest's nodes",
     .risk = "L",
     .cause = "With kernel.numa_balancing=0 nothing brings memory and threads together again after the scheduler moved "
              "a thread to another node.",
     .shows = "sysctl kernel.numa_balancing is 0, or numa_balancing=disable on the kernel command line, in a guest "
              "with more than one node.",
     .costs = "Nothing to stop. The kernel then samples accesses by unmapping pages, which costs some CPU time.",
     .note = "Right to be off where the workload binds itself (SAP HANA, DPDK, one instance a node with numactl): then "
             "ignore this. Since 5.18 the value is a set of bits (1 balancing, 2 memory tiering).",
     .source = "[R] kernel Documentation/admin-guide/sysctl/kernel.rst",
     .remedies = {{KT_LAYER_GUEST, "sysctl -w kernel.numa_balancing=1   # to keep it: a file in /etc/sysctl.d"}},
     .run = kt_check_g02},
    {.id = "G03",
     .severity = 3,
     .title = "Misses exceed hits",
     .applies = KT_FOR_GUEST | KT_FOR_UNTOLD,
     .needs = "numastat (numa_hit, numa_miss, numa_foreign of each node), best at two moments",
     .risk = "-",
     .cause = "Memory was wanted on one node and given from another because the wanted one was full. The threads that "
              "asked for it work on remote memory.",
     .shows = "numastat: numa_miss above 10 % of numa_hit + numa_miss on a node. numa_miss counts on the node that "
              "helped out, numa_foreign on the node that was full; over all nodes both sums are equal, so that the "
              "numa_foreign of a node that a paste cut off can be worked out.",
     .costs = "Depends on what fills the node: dropping page cache costs reads, moving a process costs its restart.",
     .note =
         "Pages since boot, not accesses: old history stays in it for ever, so compare two moments. Automatic NUMA "
         "balancing moves pages later and does not lower this counter. In the case's last table the nodes shown "
         "have 57, 31 and 11 % misses: its conclusion that NUMA placement became good does not follow from these "
         "numbers. They hold 67,068,757 misses and 8,672,677 foreign, so that node 3, which is cut off, holds at "
         "least 58,396,080 foreign: it was the full one. Kernels 4.8 and 4.9 count wanted remote memory as miss and "
         "foreign of the same node (mended in 4.10): no verdict is given then.",
     .source = "[R] case; Red Hat's 10 %; kernel Documentation/admin-guide/numastat.rst",
     .remedies = {{KT_LAYER_GUEST,
                   "numastat -m; numactl --hardware   # what fills node {node}: FilePages, HugePages, one process"},
                  {KT_LAYER_GUEST,
                   "sync; echo 1 > /proc/sys/vm/drop_caches   # only to see whether page cache fills node {node}"},
                  {KT_LAYER_WORKLOAD, "a process larger than a node: numactl --interleave=all, or one instance a node"},
                  {KT_LAYER_LIBVIRT, "give the cells the same memory and bind them: see X11, X13, X15"},
                  {KT_LAYER_VMWARE, "give the guest no more vCPUs and memory than whole nodes of its host hold"}},
     .run = kt_check_g03},
    {.id = "G04",
     .severity = 2,
     .title = "numa=off, maxcpus, nosmp, nox2apic, noapic on cmdline",
     .applies = KT_FOR_GUEST,
     .x86_only = TRUE,
     .needs = "/proc/cmdline or the command line in dmesg",
     .risk = "r",
     .cause =
         "Left-over boot words switch off what the guest was given: its nodes, its CPUs, or its interrupt controllers.",
     .shows =
         "The word in /proc/cmdline. numa=off joins all nodes to one; nosmp uses one CPU; maxcpus=N starts N CPUs; "
         "noapic keeps interrupts off the I/O APIC; nox2apic makes interrupts between CPUs slower.",
     .costs = "A reboot of the guest.",
     .note = "maxcpus=N with N not below the number of CPUs changes nothing and is not reported.",
     .source = "[R] kernel Documentation/admin-guide/kernel-parameters.txt",
     .remedies = {{KT_LAYER_GUEST,
                   "grubby --update-kernel=ALL --remove-args=\"{word}\"   # Red Hat family; elsewhere edit "
                   "GRUB_CMDLINE_LINUX in /etc/default/grub and run update-grub"}},
     .run = kt_check_g04},
    {.id = "G05",
     .severity = 3,
     .title = "Slow clocksource",
     .applies = KT_FOR_GUEST,
     .needs = "/sys/devices/system/clocksource/clocksource0/current_clocksource, or dmesg",
     .risk = "L",
     .cause = "hpet and acpi_pm are devices that the hypervisor emulates: each reading of the time stops the vCPU and "
              "leaves the guest. Programs that stamp each request then look CPU-bound.",
     .shows = "current_clocksource is hpet, acpi_pm, jiffies, refined-jiffies or pit; much system time, many exits on "
              "the host.",
     .costs = "Nothing to stop where a better one is in available_clocksource.",
     .note = "If kvm-clock or tsc is not offered, the cause is outside: H09 (the host's clock) or X36 (KVM hidden).",
     .source = "[R] cloudpods #16956, propolis #328",
     .remedies =
         {{KT_LAYER_GUEST,
           "cat /sys/devices/system/clocksource/clocksource0/available_clocksource; echo kvm-clock > "
           "/sys/devices/system/clocksource/clocksource0/current_clocksource   # tsc on other hypervisors"},
          {KT_LAYER_LIBVIRT,
           "<clock offset='utc'><timer name='hpet' present='no'/><timer name='kvmclock' present='yes'/></clock>"},
          {KT_LAYER_NOVA, "openstack image set --property hw_time_hpet=False {image}, then rebuild the server"}},
     .run = kt_check_g05},
    {.id = "G06",
     .severity = 3,
     .title = "Reschedule-IPI storm",
     .applies = KT_FOR_GUEST,
     .x86_only = TRUE,
     .needs = "/proc/interrupts at two moments (RES, CAL), CPU use",
     .risk = "B",
     .cause = "To wake a thread on a busy CPU with which it shares no cache, the kernel sends an interrupt; in a guest "
              "each may cost exits on both vCPUs. With a shared L3 it writes the run queue directly.",
     .shows =
         "RES + CAL a second and CPU. Since about 5.x wake-ups count mostly as CAL, so that RES alone shows nothing.",
     .costs = "See X03, X05, X06: stop and start of the guest.",
     .effect = "A visible L3: 85 % fewer reschedule interrupts (QEMU commit 14c985cffa, SAP HANA suite: 268,964 to "
               "40,130 a vCPU)",
     .note =
         "A high rate alone proves nothing: on a mostly idle guest a shared L3 raises it, because the scheduler then "
         "wakes idle neighbours (measured in an emulated lab: about 1000 interrupts for 1000 requests instead of 180, "
         "and on an overcommitted host the answers came later). Where waker and wakee are pinned to different CPUs "
         "it changed little, and on busy vCPUs nothing that could be told from the spread. It is severe only on busy "
         "CPUs and together with X03, X05 or X06.",
     .source = "[R] QEMU 14c985cffa; own measurement with and without a shared L3 (docs/lab-ipi.md)",
     .remedies = {{KT_LAYER_LIBVIRT, "give the guest sockets with cores that share an L3: see X03, X05, X06"},
                  {KT_LAYER_LIBVIRT, "<features><kvm><pv-ipi state='on'/></kvm></features>"},
                  {KT_LAYER_NOVA, "hw:cpu_sockets and hw:cpu_cores in a new flavor: see N02"}},
     .run = kt_check_g06},
    {.id = "G07",
     .severity = 3,
     .title = "Steal",
     .applies = KT_FOR_GUEST | KT_FOR_NESTED_HOST | KT_FOR_UNTOLD,
     .needs = "CPU use with a steal column for some minutes (sar -u, mpstat, /proc/stat)",
     .risk = "-",
     .cause =
         "A vCPU was ready and the host ran something else: more vCPUs than CPUs, a CPU limit, or pins that overlap.",
     .shows = "%steal above 5 % on average for minutes; 10 % over 20 minutes is bad. Only guests have steal.",
     .costs = "On the host: fewer vCPUs, a move of the guest, or other shares.",
     .note = "Cure this first: changes of topology do not help a guest that does not run. A guest of VMware or Hyper-V "
             "seldom gets to know its steal: 0 there proves nothing.",
     .source = "[R] kube-prometheus #796",
     .remedies = {{KT_LAYER_HOST,
                   "look at the host: kvmtune doctor there tells H40 (overcommit), H41 (quota), H45 (pins)"},
                  {KT_LAYER_LIBVIRT, "virsh schedinfo {domain}; virsh vcpupin {domain}   # quota and pins"},
                  {KT_LAYER_NOVA, "openstack server migrate {server}, or lower cpu_allocation_ratio of the aggregate"},
                  {KT_LAYER_PROXMOX, "qm set {vmid} --cpulimit 0 --cpuunits 200"}},
     .run = kt_check_g07},
    {.id = "G08",
     .severity = 2,
     .title = "Kernel log complaints",
     .applies = KT_FOR_GUEST,
     .needs = "dmesg",
     .risk = "-",
     .cause =
         "The kernel itself says that caches and nodes contradict, that the clock is bad, or that CPUs did not run.",
     .shows =
         "dmesg: \"llc-sibling ... is not on the same node\", \"Marking TSC unstable\", \"soft lockup\", RCU stalls.",
     .costs = "By message.",
     .note = "A lost TSC matters little while kvm-clock is in use. Stalls and lockups in a guest mostly mean that its "
             "vCPUs were not run: see G07, H40.",
     .source = "[R] cloud-hypervisor #5742, propolis #328",
     .remedies = {{KT_LAYER_LIBVIRT,
                   "llc-sibling: one socket (or die) for each cell, or no cache passthrough: see X05"},
                  {KT_LAYER_HOST, "lockups and stalls: look for overcommit and quota on the host (H40, H41)"},
                  {KT_LAYER_GUEST, "TSC: use kvm-clock, see G05"}},
     .run = kt_check_g08},
    {.id = "G09",
     .severity = 1,
     .title = "irqbalance in unpinned guest, or its absence in a pinned multi-queue one",
     .applies = KT_FOR_GUEST,
     .risk = "L",
     .source = "[R] irqbalance #122"},
    {.id = "G10",
     .severity = 2,
     .title = "All device interrupts on CPU0",
     .applies = KT_FOR_GUEST,
     .needs = "/proc/interrupts",
     .risk = "L",
     .cause = "One CPU serves all interrupts of disks and network, and the work that follows them, while the others "
              "wait for it.",
     .shows = "/proc/interrupts: more than 80 % of the device interrupts in one column.",
     .costs = "Nothing to stop; more queues may need the device to be defined with them (X44).",
     .note = "A guest with one single-queue device looks the same by nature; it matters when that CPU is busy.",
     .source = "[R] irqbalance #93, seastar #1165",
     .remedies =
         {{KT_LAYER_GUEST, "ethtool -L {interface} combined {queues}; systemctl enable --now irqbalance"},
          {KT_LAYER_GUEST,
           "echo {mask} > /sys/class/net/{interface}/queues/rx-0/rps_cpus   # one queue only: spread in software"},
          {KT_LAYER_LIBVIRT, "<driver name='vhost' queues='{queues}'/> in the interface: see X44"},
          {KT_LAYER_NOVA, "openstack image set --property hw_vif_multiqueue_enabled=true {image}"}},
     .run = kt_check_g10},
    {.id = "G11",
     .severity = 1,
     .title = "Guest THP vs workload",
     .applies = KT_FOR_GUEST,
     .needs = "/sys/kernel/mm/transparent_hugepage/enabled, a process list",
     .risk = "L",
     .cause = "Huge pages save address translation, which costs double in a guest; some databases pay for them with "
              "copies and delays.",
     .shows = "\"always\" with Redis, \"never\" with a JVM that is told to use them.",
     .costs = "Nothing to stop; a running process keeps the pages it has.",
     .note = "madvise is the safe setting: who wants huge pages asks for them. MongoDB wants them off up to 7.0 and on "
             "from 8.0 (W08).",
     .source = "[R] MongoDB, Redis notes",
     .remedies = {{KT_LAYER_GUEST, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"}},
     .run = kt_check_g11},
    {.id = "G12",
     .severity = 1,
     .title = "No virtual-guest profile",
     .applies = KT_FOR_GUEST,
     .risk = "L",
     .source = "[R] tuned"},
    {.id = "G13",
     .severity = 1,
     .title = "Idle driver: idle=poll, or no haltpoll where latency matters",
     .applies = KT_FOR_GUEST,
     .risk = "L r $",
     .source = "[R] arp142-hana #208; tuned sap-hana-kvm-guest"},
    {.id = "G14",
     .severity = 2,
     .title = "Guest cgroup limits (containers)",
     .applies = KT_FOR_GUEST,
     .needs = "cpu.stat of the guest's cgroups",
     .risk = "L",
     .cause = "A container or service is stopped for the rest of a period when its CPU limit is used up, all its "
              "threads at once.",
     .shows = "nr_throttled of cpu.stat grows (or is above 1 % of nr_periods).",
     .costs = "Nothing to stop.",
     .source = "[R] kernel Documentation/admin-guide/cgroup-v2.rst",
     .remedies = {{KT_LAYER_GUEST, "cat /sys/fs/cgroup{group}/cpu.max; echo max > /sys/fs/cgroup{group}/cpu.max"},
                  {KT_LAYER_WORKLOAD, "raise the container's CPU limit, or give it a cpuset of one NUMA node instead"}},
     .run = kt_check_g14},
    {.id = "G15",
     .severity = 1,
     .title = "zone_reclaim or uneven hugetlb in guest",
     .applies = KT_FOR_GUEST,
     .risk = "L",
     .source = "[K]"},
    {.id = "G16",
     .severity = 1,
     .title = "I/O scheduler unsuited",
     .applies = KT_FOR_GUEST,
     .risk = "L",
     .source = "[K]"},
    {.id = "G17",
     .severity = 1,
     .title = "Mitigations paid twice",
     .applies = KT_FOR_GUEST,
     .risk = "r S",
     .source = "[R] VMware note"},
    {.id = "G18",
     .severity = 1,
     .title = "Windows: Balanced plan, useplatformclock",
     .applies = KT_FOR_GUEST,
     .risk = "r",
     .source = "[K]"},
    {.id = "G19",
     .severity = 1,
     .title = "No agent, no vPMU: blind spots",
     .applies = KT_FOR_GUEST,
     .risk = "L/B",
     .source = "[R] nova hw:pmu"},
};

KT_CHECK_GROUP(kt_checks_guest, rows);
