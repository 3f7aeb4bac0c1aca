/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/groups.h"
#include "checks/host.h"

static const KtCheck rows[] = {
    {.id = "H20",
     .severity = 3,
     .title = "Guest memory on nodes other than its vCPUs",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guest: its memory by host node, affinity and last CPU of its vCPU threads",
     .risk = "L",
     .cause =
         "Memory stays where it was first touched when the vCPUs move to another node. Each cache miss then crosses "
         "the link between sockets, which is slower and shared by all.",
     .shows =
         "numastat -p PID has the guest's memory on another node than the one its vCPU threads run on (psr in ps -L, "
         "affinity in taskset -p).",
     .costs = "None while the guest runs, but moving memory takes time and memory bandwidth: seconds for each 10 GiB.",
     .note =
         "Only guests that would fit their home are judged. Below 80 % it is a fault, 80 - 90 % is worth a look; an "
         "idle guest loses little. libvirt changes the nodes of a running guest's memory only if numatune has mode "
         "restrictive or none; mode strict is refused then. Pages of passed-through devices and locked memory stay. A "
         "guest with less than 256 MiB resident is not judged: it has hardly started, or has little to lose.",
     .source = "[R] RHEL 6/7 guide; ESXi N%L thresholds; numad -m 90; migratepages(8); lab",
     .remedies = {{KT_LAYER_HOST, "bring the memory to the vCPUs: migratepages {pid} all {nodes}"},
                  {KT_LAYER_LIBVIRT, "keep it there from the next start: virsh numatune {name} --mode restrictive "
                                     "--nodeset {nodes} --config, and vcpupin to the CPUs of these nodes"},
                  {KT_LAYER_NOVA, "hw:numa_nodes=1 in a new flavor binds vCPUs and memory to a node; then resize"},
                  {KT_LAYER_PROXMOX,
                   "qm set VMID --affinity CPUS-OF-NODE --numa0 cpus=0-N,hostnodes={nodes},memory=MIB,"
                   "policy=bind; then stop and start it"},
                  {KT_LAYER_QEMU,
                   "-object memory-backend-ram,id=m0,size=SIZE,host-nodes={nodes},policy=bind, and start "
                   "it under numactl --cpunodebind={nodes}"}},
     .run = kt_check_h20},
    {.id = "H21",
     .severity = 3,
     .title = "Nobody balances: numa_balancing off, no pins, no daemon",
     .applies = KT_FOR_ANY_HOST,
     .needs = "kernel.numa_balancing; processes; running guests with affinity and memory by node",
     .risk = "L",
     .cause = "The kernel's balancing is off, guests are not pinned and no daemon looks after them: the load balancer "
              "moves vCPUs to other nodes and their memory never follows.",
     .shows = "sysctl kernel.numa_balancing is 0 on a host with several nodes, and an unpinned guest has most of its "
              "memory away from its vCPUs (H20).",
     .costs =
         "None while guests run. The kernel's scanning takes some CPU time and costs more on very large guests (H22).",
     .note = "Fires only if a guest suffers already: balancing switched off for good reasons (H22) is no fault in "
             "itself. Value 2 is memory tiering only and does not place anything by CPU.",
     .source = "[R] kernel admin-guide/sysctl/kernel (numa_balancing); kernel scheduler/sched-debug",
     .remedies = {{KT_LAYER_HOST, "sysctl -w kernel.numa_balancing=1; or give each guest a place of its own (H20)"}},
     .run = kt_check_h21},
    {.id = "H22",
     .severity = 3,
     .title = "autoNUMA fights pins or thrashes big VMs",
     .applies = KT_FOR_ANY_HOST,
     .needs = "kernel.numa_balancing; /proc/vmstat at two moments; running guests and the host's nodes",
     .risk = "L",
     .cause = "To learn who uses a page the kernel unmaps it, which takes it from the guest's nested page tables too. "
              "Threads on several nodes share the memory of a wide guest, so pages go to and fro and each move stops "
              "vCPUs for a moment.",
     .shows = "numa_pages_migrated in /proc/vmstat keeps growing while numa_hint_faults_local stays well below "
              "numa_hint_faults; kvm_stat shows many mmu_notifier unmaps; high system time on the host.",
     .costs = "None while guests run, but the setting is for the whole host: guests that relied on it lose it.",
     .note =
         "Guests on hugetlb pages or with bound memory are not scanned, and from Linux 6.16 neither is a task whose "
         "cpuset has one memory node: binding the big guest cures it without touching the others. Thresholds: "
         "2560 pages a second moved with more than a fifth of the faults remote.",
     .source = "[R] cloud-hypervisor #7574; kernel sched/fair.c task_numa_work(), mm/mempolicy.c vma_policy_mof()",
     .remedies = {{KT_LAYER_LIBVIRT,
                   "show the big guest cells and bind each: <numatune><memnode cellid='0' mode='strict' "
                   "nodeset='0'/>..., from its next start"},
                  {KT_LAYER_NOVA, "hw:numa_nodes=N in a new flavor, then resize"},
                  {KT_LAYER_HOST, "or switch it off for all: sysctl -w kernel.numa_balancing=0"}},
     .run = kt_check_h22},
    {.id = "H23",
     .severity = 2,
     .title = "numad alongside libvirt pins or autoNUMA",
     .applies = KT_FOR_ANY_HOST,
     .needs = "processes; running guests with their pins; kernel.numa_balancing",
     .risk = "L",
     .cause =
         "numad sets affinity and moves memory of big processes by its own plan. Whoever else does the same for the "
         "same guest undoes it, and both keep moving memory.",
     .shows = "A numad daemon runs, and a running guest has vcpupin, or kernel.numa_balancing is 1.",
     .costs = "None while guests run.",
     .note = "placement='auto' alone only asks numad once, at the guest's start (numad -w): no daemon and no conflict.",
     .source = "[R] numad(8); RHEL 7 performance tuning guide, numad",
     .remedies = {{KT_LAYER_HOST,
                   "one of them: numad -x {pid} (leave this guest alone), or end the daemon: numad -i 0"}},
     .run = kt_check_h23},
    {.id = "H24",
     .severity = 2,
     .title = "KSM merges across nodes / burns CPU",
     .applies = KT_FOR_ANY_HOST,
     .needs = "/sys/kernel/mm/ksm: run, merge_across_nodes, pages_sharing; running guests",
     .risk = "L $",
     .cause =
         "KSM keeps one copy of pages with the same content, on one node: for guests on the others they are remote. "
         "It scans all guest memory for that, and the first write to a merged page pays for a copy.",
     .shows = "run is 1 and merge_across_nodes is 1 on a host with several nodes; ksmd in top.",
     .costs = "More memory is used, at once. Unmerging an overcommitted host can run it out of memory: only if "
              "pages_sharing x page size is less than MemAvailable on every node, else in a maintenance window.",
     .note = "The setting can be changed only while nothing is merged. With little or nothing shared the finding has "
             "severity 1. Guests on hugetlb pages are not scanned.",
     .source =
         "[R] kernel admin-guide/mm/ksm; "
         "https://docs.redhat.com/en/documentation/Red_Hat_Enterprise_Linux/6/html/"
         "virtualization_tuning_and_optimization_guide/sect-virtualization_tuning_optimization_guide-numa-numa_ksm",
     .remedies = {{KT_LAYER_HOST, "if every node has the memory: echo 2 > /sys/kernel/mm/ksm/run; echo 0 > "
                                  "/sys/kernel/mm/ksm/merge_across_nodes; echo 1 > /sys/kernel/mm/ksm/run"},
                  {KT_LAYER_HOST,
                   "without overcommit switch it off: echo 0 > /sys/kernel/mm/ksm/run (merged pages stay "
                   "merged); systemctl disable --now ksmtuned where it is installed"},
                  {KT_LAYER_LIBVIRT,
                   "for one guest, from its next start: <memoryBacking><nosharepages/></memoryBacking>"},
                  {KT_LAYER_QEMU, "-machine mem-merge=off"}},
     .run = kt_check_h24},
    {.id = "H25",
     .severity = 2,
     .title = "zone_reclaim_mode on",
     .applies = KT_FOR_ANY_HOST,
     .risk = "L",
     .source = "[R] MongoDB note; [K]"},
    {.id = "H26",
     .severity = 2,
     .title = "No huge pages behind guest RAM",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guest: AnonHugePages, hugetlb and Rss of its QEMU process; transparent_hugepage/enabled",
     .risk = "L / B",
     .cause =
         "Each guest address is translated twice. With 4 KiB pages behind the guest both walks are long and the TLB "
         "covers little of its memory.",
     .shows =
         "AnonHugePages in /proc/PID/smaps_rollup is far below Rss, or transparent_hugepage/enabled is never and the "
         "guest has no hugetlb pages.",
     .costs = "Transparent ones: none, khugepaged needs minutes to hours to collect pages of a running guest. hugetlb: "
              "memory set aside at boot and a restart of the guest; no swapping, ballooning or merging then.",
     .effect = "up to 20 % (RHEL 6 performance tuning guide, huge pages in guests)",
     .note = "Guests below 2 GiB, or that have touched less, are not judged. Shared memory (memfd, virtiofs) is mapped "
             "huge by another setting, shmem_enabled.",
     .source = "[R] RHEL6 4.5.2 (up to 20 %); cloud-hypervisor #4852; kernel admin-guide/mm/transhuge",
     .remedies = {{KT_LAYER_HOST, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled (QEMU asks for them); "
                                  "transparent_hugepage=madvise on the kernel command line keeps it"},
                  {KT_LAYER_LIBVIRT,
                   "or hugetlb, from the next start: <memoryBacking><hugepages/></memoryBacking>, after "
                   "virsh allocpages 2M COUNT --cellno NODE"},
                  {KT_LAYER_NOVA, "or hw:mem_page_size=large in a new flavor, then resize"},
                  {KT_LAYER_PROXMOX, "or qm set VMID --hugepages 2 (needs --numa 1); then stop and start it"}},
     .run = kt_check_h26},
    {.id = "H27",
     .severity = 1,
     .title = "THP disabled for shared memory backends (memfd, vhost-user, virtiofs)",
     .applies = KT_FOR_ANY_HOST,
     .risk = "L",
     .source = "[R] openvmm #3927; [K]"},
    {.id = "H28",
     .severity = 2,
     .title = "hugetlb pool uneven or unused",
     .applies = KT_FOR_ANY_HOST,
     .needs = "node*/hugepages total and free; running guests with memory by node",
     .risk = "H/L",
     .cause =
         "Huge pages are reserved node by node. A node that has too few sends its guest's memory to another one; too "
         "many lie idle, and page cache and other guests have to do without that memory.",
     .shows = "free_hugepages under /sys/devices/system/node/node*/hugepages: 0 on the home node of a guest on huge "
              "pages, or more than a tenth of the memory free.",
     .costs = "Growing a pool on a running host often fails for want of contiguous memory: reserve at boot.",
     .note = "A large free pool may be room for guests to come: severity 1.",
     .source = "[R] nova 2016 mail; kubevirt issues; kernel admin-guide/mm/hugetlbpage",
     .remedies = {{KT_LAYER_LIBVIRT, "virsh allocpages 2M COUNT --cellno NODE (try it live)"},
                  {KT_LAYER_HOST,
                   "at boot, node by node: hugepagesz=2M hugepages=0:COUNT,1:COUNT on the kernel command "
                   "line (Linux 5.16 and later)"}},
     .run = kt_check_h28},
    {.id = "H29",
     .severity = 3,
     .title = "QEMU swapped or throttled on memory",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guest: VmSwap of its QEMU process",
     .risk = "L",
     .cause = "Guest memory that the host has swapped out has to be read back from disk when the guest touches it; the "
              "vCPU stands still meanwhile, and the guest's kernel knows nothing of it.",
     .shows = "VmSwap in /proc/PID/status is not 0; si in vmstat 1; some and full in /proc/pressure/memory.",
     .costs = "None while the guest runs, but memory has to come from somewhere: fewer guests or more RAM.",
     .note = "Less than 1 % of the guest's memory may be QEMU's own cold pages: severity 1. What was swapped out once "
             "stays out until it is touched, even when there is room again.",
     .source = "[R] proc(5) VmSwap; kernel admin-guide/cgroup-v2 (memory.high, memory.max)",
     .remedies = {{KT_LAYER_HOST, "free memory or move a guest away; systemctl show machine.slice -p MemoryHigh -p "
                                  "MemoryMax shows limits"},
                  {KT_LAYER_LIBVIRT, "a limit of the guest: virsh memtune {name}; keep its memory in RAM from the next "
                                     "start: <memoryBacking><locked/></memoryBacking> (with a hard_limit above it)"},
                  {KT_LAYER_NOVA, "nova.conf of the compute node: ram_allocation_ratio = 1.0, reserved_host_memory_mb "
                                  "large enough; then migrate servers away"}},
     .run = kt_check_h29},
    {.id = "H30",
     .severity = 2,
     .title = "Node exhausted: allocations spill",
     .applies = KT_FOR_ANY_HOST,
     .needs = "numastat of the host at two moments; running guests with the affinity of their vCPU threads",
     .risk = "L",
     .cause = "The node where a guest lives has no free memory, so what is allocated for it lands on other nodes: new "
              "guest memory, page tables and buffers are remote from the start.",
     .shows = "numa_foreign of that node keeps growing (numa_miss grows on the node that helps out).",
     .costs = "A live migration of a guest, or a reboot to shrink the pool of huge pages.",
     .note =
         "The counters run since boot: only growth counts. They count allocations, not accesses, and automatic NUMA "
         "balancing does not lower them.",
     .source = "[R] Zijlstra 2012 used NUMA_FOREIGN; kernel admin-guide/numastat",
     .remedies = {{KT_LAYER_HOST, "see what fills node {node}: numastat -m; numastat -p qemu; then move a guest to "
                                  "another node or host, or make the pool of huge pages there smaller"},
                  {KT_LAYER_NOVA, "openstack server migrate --live-migration SERVER"}},
     .run = kt_check_h30},
    {.id = "H31",
     .severity = 1,
     .title = "EPT/page tables left on old node after a move",
     .applies = KT_FOR_ANY_HOST,
     .risk = "B",
     .source = "[R] vMitosis"},
    {.id = "H32",
     .severity = 2,
     .title = "Guest pages cannot move (so plans must skip them)",
     .applies = KT_FOR_ANY_HOST,
     .risk = "-",
     .source = "[K]"},
};

KT_CHECK_GROUP(kt_checks_host_numa, rows);
