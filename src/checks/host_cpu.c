/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/groups.h"
#include "checks/host.h"

static const KtCheck rows[] = {
    {.id = "H01",
     .severity = 1,
     .title = "Frequency governor not performance",
     .applies = KT_FOR_HOST,
     .needs = "cpufreq/scaling_governor and energy_performance_preference; running guests with demand",
     .risk = "L $",
     .cause =
         "A governor that saves power raises the clock only after load has been seen. A vCPU that sleeps and wakes "
         "often looks like little load and keeps running on a slow core.",
     .shows =
         "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor is not performance. With intel_pstate or amd-pstate "
         "in active mode the governor is named powersave and energy_performance_preference decides.",
     .costs = "No downtime. More power and heat; a host at its power limit may even lose turbo.",
     .note = "The drivers with a governor of their own treat performance as the strongest energy preference, so either "
             "setting is fine. Whether the firmware overrides both cannot be seen from here.",
     .source = "[R] tuned throughput-performance; nova cpu-topologies.rst; kernel admin-guide/pm/intel_pstate",
     .remedies = {{KT_LAYER_HOST, "tuned-adm profile virtual-host"},
                  {KT_LAYER_NOVA, "nova.conf of the compute node, if dedicated cores are to be managed: [libvirt] "
                                  "cpu_power_management = true, cpu_power_management_strategy = governor"}},
     .run = kt_check_h01},
    {.id = "H02",
     .severity = 1,
     .title = "Deep C-states",
     .applies = KT_FOR_ANY_HOST,
     .risk = "L $",
     .source = "[R] tuned virtual-host"},
    {.id = "H03",
     .severity = 1,
     .title = "Turbo off",
     .applies = KT_FOR_ANY_HOST,
     .risk = "L $",
     .source = "[R] tuned (boost=1)"},
    {.id = "H04",
     .severity = 3,
     .title = "Node interleaving in firmware hides NUMA",
     .applies = KT_FOR_HOST,
     .x86_only = TRUE,
     .needs = "sockets, NUMA nodes, CPU family and model (lscpu); the kernel command line makes it certain",
     .risk = "H",
     .cause =
         "The firmware spreads neighbouring cache lines over the memory of all sockets and tells the kernel of one "
         "node only. A large part of all memory accesses is remote, for every guest, and nothing above the "
         "firmware can place a guest near its memory.",
     .shows = "More than one socket but one NUMA node in lscpu, on CPUs that have a memory controller in each socket.",
     .costs =
         "A reboot of the host with a firmware setting changed; guests have to move away or stop. Afterwards guests "
         "want placing: a guest that happens to span nodes gets slower unless it is shown them.",
     .note =
         "numa=off on the kernel's command line looks the same and is no matter of firmware. CPUs with a front-side "
         "bus (Intel before Nehalem) have one node by nature. Firmware names: Node Interleaving (enabled is the "
         "fault), or NUMA (disabled is).",
     .source = "[R] the field's CPU generations by kernel arch/x86/include/asm/intel-family.h; [K] vendors' firmware "
               "manuals",
     .remedies = {{KT_LAYER_HOST, "in the firmware setup: disable Node Interleaving (or enable NUMA), then reboot the "
                                  "host and check: numactl --hardware"}},
     .run = kt_check_h04},
    {.id = "H05",
     .severity = 2,
     .title = "EPYC NPS / \"L3 as NUMA\", Intel SNC unsuited",
     .applies = KT_FOR_HOST,
     .needs = "sockets, nodes with CPUs and memory; running guests with vCPUs and memory",
     .risk = "H",
     .cause =
         "The firmware cuts each socket into several nodes (NPS2, NPS4, L3 cache as NUMA domain, sub-NUMA "
         "clustering). A guest that would fit a socket no longer fits a node, so it spans several without knowing.",
     .shows = "More nodes with CPUs than sockets, and a running guest without cells that is wider than a node but not "
              "wider than a socket.",
     .costs =
         "A reboot of the host with a firmware setting changed. Small guests lose the slightly nearer memory of the "
         "smaller nodes.",
     .note = "Smaller nodes are right for hosts full of small guests. Cells in the guest cure it as well (X11).",
     .source = "[R] Broadcom KB 432801 (for ESXi); SAP 1210 sub-NUMA check",
     .remedies = {{KT_LAYER_HOST, "in the firmware setup: NPS1 (or NPS2) for these guest sizes, L3 as NUMA domain off, "
                                  "SNC off; then reboot the host"},
                  {KT_LAYER_NOVA, "or show the guest the nodes: hw:numa_nodes=N in a new flavor, then resize"}},
     .run = kt_check_h05},
    {.id = "H06",
     .severity = 2,
     .title = "Memory-less or unevenly filled node",
     .applies = KT_FOR_HOST,
     .needs = "CPUs and memory of each node (numactl --hardware, sysfs)",
     .risk = "H",
     .cause = "DIMMs sit in the slots of one socket only, or more of them do. vCPUs that run on the poor node work on "
              "remote memory, and fewer memory channels are in use.",
     .shows = "Among nodes with CPUs the largest has over 1.3 times the memory of the smallest, or one has none.",
     .costs = "Downtime of the host to move DIMMs. Keeping guests off the node instead costs its cores.",
     .note = "Nodes without CPUs (persistent memory, GPU, CXL) differ by nature and are not compared. While a node has "
             "no memory the kernel counts numa_miss and numa_foreign on its nearest neighbour: do not trust them.",
     .source = "[R] kernel admin-guide/numastat (memory-less nodes); [K] the 1.3 is a starting value",
     .remedies = {{KT_LAYER_HOST, "fill the memory slots of all sockets alike (dmidecode -t memory shows them)"},
                  {KT_LAYER_NOVA, "until then keep guests off node {node}: leave its CPUs out of [compute] "
                                  "cpu_dedicated_set and cpu_shared_set"},
                  {KT_LAYER_LIBVIRT, "until then keep guests off node {node}: virsh vcpupin DOMAIN VCPU "
                                     "CPUS-OF-ANOTHER-NODE --live --config"}},
     .run = kt_check_h06},
    {.id = "H07",
     .severity = 1,
     .title = "SLIT distances useless",
     .applies = KT_FOR_ANY_HOST,
     .risk = "L",
     .source = "[R] ESXi home-node page"},
    {.id = "H08",
     .severity = 3,
     .title = "vCPUs counted in threads, node has fewer cores",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guest: affinity and CPU use of its vCPU threads; sibling lists of the host",
     .risk = "L",
     .cause =
         "A core with two busy hardware threads does the work of 1.2 to 1.3 cores, not of two. A guest whose vCPUs "
         "are confined to as many threads as it has vCPUs gets little more than half the CPU it counts on.",
     .shows = "More busy vCPUs than cores in the CPUs they may use, while the host has other cores.",
     .costs = "None while the guest runs. A wider home may span nodes; then show the guest the nodes (X11).",
     .effect = "a sibling thread is worth about 0.2 - 0.3 of a core (numad's default: 20 %)",
     .note = "A guest with threads=2 knows its siblings and is not counted here. The finding has severity 2 as long as "
             "each vCPU has a thread of its own.",
     .source = "[R] xapi #6763; numad -t 20",
     .remedies = {{KT_LAYER_LIBVIRT, "virsh vcpupin {name} VCPU WIDER-CPU-LIST --live --config"},
                  {KT_LAYER_NOVA, "hw:cpu_thread_policy=isolate in a new flavor (one vCPU a core), then resize"},
                  {KT_LAYER_PROXMOX, "qm set VMID --affinity WIDER-CPU-LIST"}},
     .run = kt_check_h08},
    {.id = "H09",
     .severity = 3,
     .title = "Host clocksource not tsc -> guests lose fast kvm-clock",
     .applies = KT_FOR_ANY_HOST,
     .x86_only = TRUE,
     .needs = "current_clocksource of the host; CPU flags constant_tsc and nonstop_tsc; kernel log",
     .risk = "H",
     .cause = "KVM gives guests one stable clock for all vCPUs only while the host itself keeps time by the TSC. "
              "Otherwise each time read in a guest is a system call with a shared lock variable, and the host's own "
              "time reads go to a slow device.",
     .shows =
         "/sys/devices/system/clocksource/clocksource0/current_clocksource is hpet or acpi_pm although the CPU has "
         "constant_tsc and nonstop_tsc; the kernel log says why (Marking TSC unstable).",
     .costs = "A reboot of the host. tsc=reliable takes the watchdog away: a TSC that is really bad then corrupts time "
              "on host and guests.",
     .note = "Hyper-V's TSC page counts as a TSC. Guests that use their own tsc clocksource are hit less.",
     .source = "[R] propolis #328; kernel arch/x86/kvm/x86.c, gtod_is_based_on_tsc()",
     .remedies = {{KT_LAYER_HOST, "find the reason first: dmesg | grep -i tsc; update the firmware; only if the TSC is "
                                  "proven good: tsc=reliable on the kernel command line"}},
     .run = kt_check_h09},
    {.id = "H10",
     .severity = 2,
     .title = "CPU flaw mitigations costly for exits",
     .applies = KT_FOR_ANY_HOST,
     .risk = "H S",
     .source = "[R] VMware guest note "
               "(https://docs.vmware.com/en/VMware-Cloud-on-AWS/services/vmc-aws-performance/"
               "GUID-1C2562F3-CE91-4F0A-92F0-1CE25366E38A.html); [K] kernel hw-vuln"},
    {.id = "H11",
     .severity = 2,
     .title = "iTLB-multihit splits EPT huge pages",
     .applies = KT_FOR_ANY_HOST,
     .x86_only = TRUE,
     .needs = "kvm/parameters/nx_huge_pages; cpu/vulnerabilities/itlb_multihit",
     .risk = "L S",
     .cause =
         "To guard against the flaw KVM maps guest memory without execute permission in huge pages and breaks each "
         "one that the guest runs code from into 4 KiB pages. Address translation gets slower; on a CPU without "
         "the flaw for nothing.",
     .shows = "/sys/module/kvm/parameters/nx_huge_pages is Y while itlb_multihit reads Not affected.",
     .costs =
         "None on a CPU that is not affected. On one that is, a guest could bring the host down: leave it on there.",
     .note = "The default, auto, is off on CPUs without the flaw: somebody has forced it. Where it has to stay on, "
             "real-time guests see jitter from the recovery thread: nx_huge_pages_recovery_ratio=0.",
     .source = "[R] kernel admin-guide/hw-vuln/multihit; tuned realtime-virtual-host verify",
     .remedies = {{KT_LAYER_HOST,
                   "echo auto > /sys/module/kvm/parameters/nx_huge_pages; and take kvm.nx_huge_pages=force "
                   "from the kernel command line and /etc/modprobe.d"}},
     .run = kt_check_h11},
    {.id = "H12",
     .severity = 3,
     .title = "EPT/NPT off",
     .applies = KT_FOR_ANY_HOST,
     .x86_only = TRUE,
     .needs = "kvm_intel/parameters/ept or kvm_amd/parameters/npt",
     .risk = "H",
     .cause =
         "Without nested page tables in hardware KVM shadows every guest page table in software: each change of one "
         "is an exit, and so are most page faults.",
     .shows = "/sys/module/kvm_intel/parameters/ept is N, or /sys/module/kvm_amd/parameters/npt is N or 0.",
     .costs = "All guests have to stop for the module to be loaded anew.",
     .note =
         "On a nested host the outer hypervisor may not offer it; then the cure is there. Intel CPUs before Nehalem "
         "do not have it.",
     .source = "[R] kernel admin-guide/kernel-parameters (kvm-intel.ept, kvm-amd.npt)",
     .remedies = {{KT_LAYER_HOST,
                   "remove {parameter}=0 from /etc/modprobe.d and the kernel command line; with all guests "
                   "stopped: modprobe -r {module} && modprobe {module} {parameter}=1"}},
     .run = kt_check_h12},
    {.id = "H13",
     .severity = 2,
     .title = "APICv/AVIC (exit-less interrupts) off",
     .applies = KT_FOR_ANY_HOST,
     .x86_only = TRUE,
     .needs = "kvm_intel/parameters/enable_apicv or kvm_amd/parameters/avic; exit reasons (perf kvm stat)",
     .risk = "H",
     .cause =
         "Without a virtual APIC in hardware each interrupt to a guest, and much of what a guest does to its APIC, "
         "is an exit.",
     .shows = "The module's parameter is N, and more than half of the exits are APIC_ACCESS, TPR_BELOW_THRESHOLD, "
              "PENDING_INTERRUPT or INTERRUPT_WINDOW (AMD: vintr, write_cr8).",
     .costs = "All guests have to stop for the module to be loaded anew.",
     .note = "Writes of MSRs alone prove nothing: the guest's deadline timer is one too, and stays an exit. AVIC has "
             "had faults: look for the kernel's and the CPU's errata first; before x2AVIC it serves xAPIC guests only.",
     .source = "[K]; exit names: [R] kernel uapi/asm/vmx.h, svm.h",
     .remedies =
         {{KT_LAYER_HOST,
           "options {module} {parameter}=1 in /etc/modprobe.d; with all guests stopped: modprobe -r {module} && "
           "modprobe {module}"}},
     .run = kt_check_h13},
    {.id = "H14",
     .severity = 2,
     .title = "Halt polling mis-set",
     .applies = KT_FOR_DOMAIN,
     .hypervisors = KT_ON_KVM,
     .needs = "running guest: halt-poll times (virsh domstats --cpu-total at two moments); kvm/parameters/halt_poll_ns",
     .risk = "L $",
     .cause = "When a vCPU halts, KVM keeps the host CPU spinning for a while in case it wakes soon. If it hardly ever "
              "does, the host is busy while the guest is idle; with polling off, each wake-up pays for the scheduler.",
     .shows = "cpu.haltpoll.fail.time grows faster than cpu.haltpoll.success.time in virsh domstats; the vCPU threads "
              "are busy on the host while the guest says it is idle.",
     .costs = "None. Less polling makes wake-ups some microseconds slower, more polling costs power and the time of "
              "hyperthread siblings. Linux 5.8 to 6.1 keep for a running guest the value of its start.",
     .note = "Look here before blaming the guest when its threads are busy and it is not. A guest with "
             "kvm-poll-control and cpuidle-haltpoll polls inside and needs none of this.",
     .source = "[R] firecracker #3043, ampere #63/#54; kernel virt/kvm/halt-polling; virsh(1) domstats",
     .remedies = {{KT_LAYER_HOST, "echo {value} > /sys/module/kvm/parameters/halt_poll_ns"}},
     .run = kt_check_h14},
    {.id = "H15",
     .severity = 1,
     .title = "Pause-loop exits with exclusive CPUs",
     .applies = KT_FOR_ANY_HOST,
     .x86_only = TRUE,
     .needs = "running guests: CPUs of each vCPU thread; kvm_intel/parameters/ple_gap; exit reasons (perf kvm stat)",
     .risk = "H",
     .cause = "KVM ends a guest's spin on a lock so that another vCPU can have the CPU. Where each vCPU has a CPU of "
              "its own nobody else wants it, and the exits only make the lock slower.",
     .shows = "PAUSE_INSTRUCTION among the exits of perf kvm stat, ple_gap above 0, one host CPU for each vCPU.",
     .costs = "All guests have to stop for the module to be loaded anew.",
     .note = "The parameter is the whole host's: this speaks up only where every running guest has CPUs of its own. "
             "With shared CPUs pause-loop exits are right.",
     .source = "[R] tuned realtime-virtual-host",
     .remedies = {{KT_LAYER_HOST,
                   "options kvm_intel ple_gap=0 in /etc/modprobe.d; with all guests stopped: modprobe -r "
                   "kvm_intel && modprobe kvm_intel"}},
     .run = kt_check_h15},
    {.id = "H16",
     .severity = 1,
     .title = "Nested virtualization exposed without need (Windows VBS/WSL then uses it)",
     .applies = KT_FOR_ANY_HOST,
     .risk = "B M!",
     .source = "[K]"},
    {.id = "H17",
     .severity = 3,
     .title = "Hypervisor not really KVM",
     .applies = KT_FOR_DOMAIN,
     .needs = "the domain's type (XML) or the accelerator of the QEMU command line",
     .risk = "B",
     .cause = "QEMU translates every guest instruction in software instead of letting the CPU run it: the guest is "
              "several times slower, whatever else is tuned.",
     .shows = "<domain type='qemu'> in the XML, or accel=tcg (or no accel at all) on the QEMU command line.",
     .costs = "A stop and start of the guest. Its CPU model changes with it.",
     .note = "A guest of another architecture than the host's can only be emulated. Without /dev/kvm look at the "
             "firmware (VT-x, SVM) and, on a nested host, at what the outer hypervisor passes on.",
     .source = "[R] virt-manager #205 (comment); QEMU system emulation manual, accelerators",
     .remedies = {{KT_LAYER_LIBVIRT,
                   "virsh edit {name}: <domain type='kvm'>, then virsh shutdown {name} && virsh start "
                   "{name}"},
                  {KT_LAYER_NOVA, "nova.conf of the compute node: [libvirt] virt_type = kvm; then hard-reboot the "
                                  "server: openstack server reboot --hard SERVER"},
                  {KT_LAYER_PROXMOX, "qm set VMID --kvm 1; then stop and start it"},
                  {KT_LAYER_QEMU, "-accel kvm (or -enable-kvm), with -cpu host"},
                  {KT_LAYER_HOST, "ls -l /dev/kvm; if it is missing: modprobe kvm_intel (or kvm_amd), and switch on "
                                  "virtualization in the firmware"}},
     .run = kt_check_h17},
};

KT_CHECK_GROUP(kt_checks_host_cpu, rows);
