/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/groups.h"
#include "checks/host.h"

static const KtCheck rows[] = {
    {.id = "H40",
     .severity = 3,
     .title = "CPU overcommit / ready time",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guest: run delay of its vCPU threads over an interval (/proc/PID/task/TID/schedstat)",
     .risk = "L",
     .cause =
         "A vCPU that wants to run has to wait until the host has a CPU for it. To the guest that is time that does "
         "not pass: locks are held longer, timers come late, all its threads seem slow.",
     .shows =
         "The second number of /proc/PID/task/TID/schedstat grows by more than 5 % of the time; steal in the guest.",
     .costs = "Fewer vCPUs: a restart of the guest (or hot-unplug). A move: a live migration. More shares: others get "
              "less.",
     .note =
         "Alarm at 10 % on average over the vCPUs. Time during which a quota (H41) holds the guest counts as waiting "
         "too: look there first. Where it fires, topology and cache will not help before it is cured.",
     .source = "[R] kube-prometheus #796, rwlove #12564; RHEL 10 5:1 rule; kernel scheduler/sched-stats",
     .remedies = {{KT_LAYER_HOST, "move a guest to another host; or pin this one where CPUs are idle (virsh vcpupin)"},
                  {KT_LAYER_LIBVIRT, "virsh schedinfo {name} --live --config --set cpu_shares=HIGHER; or fewer vCPUs: "
                                     "virsh setvcpus {name} COUNT --config, then restart it"},
                  {KT_LAYER_NOVA,
                   "nova.conf of the compute nodes: a lower cpu_allocation_ratio; openstack server migrate "
                   "--live-migration SERVER; or hw:cpu_policy=dedicated in a new flavor, then resize"},
                  {KT_LAYER_PROXMOX, "qm set VMID --cpuunits HIGHER; or qm migrate VMID NODE --online"}},
     .run = kt_check_h40},
    {.id = "H41",
     .severity = 3,
     .title = "CFS quota throttles all vCPUs together",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guest: nr_throttled of its cgroup at two moments (cpu.stat), cpu.max",
     .risk = "L",
     .cause =
         "When the guest's cgroup has used up its quota, all its threads stop until the next period: every vCPU at "
         "once, up to tens of milliseconds, whether or not the host is idle. Emulator and I/O threads eat from the "
         "same quota.",
     .shows = "nr_throttled in cpu.stat of the guest's scope grows; the guest sees steal and stalls in step with the "
              "period.",
     .costs = "None while the guest runs. The guest may use more CPU, at the cost of its neighbours.",
     .note = "A quota equal to the number of vCPUs still throttles: the other QEMU threads need some, too. "
             "cpu.max.burst lets a guest save up unused quota.",
     .source = "[R] cocoon #203/#204, neon #509; kernel scheduler/sched-bwc",
     .remedies = {{KT_LAYER_LIBVIRT,
                   "virsh schedinfo {name} --live --config --set vcpu_quota=-1 (no limit; else "
                   "microseconds a vcpu_period); likewise emulator_quota, iothread_quota, global_quota"},
                  {KT_LAYER_NOVA, "quota:cpu_quota higher (or gone) in a new flavor, then resize"},
                  {KT_LAYER_PROXMOX, "qm set VMID --cpulimit 0"},
                  {KT_LAYER_HOST, "without libvirt: echo max > cpu.max in the guest's cgroup"}},
     .run = kt_check_h41},
    {.id = "H42", .severity = 2, .title = "Low shares", .applies = KT_FOR_ANY_HOST, .risk = "L", .source = "[K]"},
    {.id = "H43",
     .severity = 2,
     .title = "cpuset cgroup narrower than thought",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guest: cpuset.cpus.effective and cpuset.mems.effective of its cgroup; its pins",
     .risk = "L",
     .cause = "A cpuset of a cgroup above the guest (machine.slice, a container) takes CPUs or nodes away that the "
              "definition counts on. vCPUs crowd on what is left, or memory cannot be where they run.",
     .shows =
         "cpuset.cpus.effective of the scope lacks CPUs of the vcpupin elements; cpuset.mems.effective lacks their "
         "nodes.",
     .costs =
         "None while the guest runs. Memory that is on the wrong node already stays there until it is moved (H20).",
     .source = "[R] kernel admin-guide/cgroup-v2 (cpuset); systemd.resource-control(5) AllowedCPUs=",
     .remedies = {{KT_LAYER_HOST,
                   "systemctl set-property machine.slice AllowedCPUs= AllowedMemoryNodes= (empty: no limit)"},
                  {KT_LAYER_LIBVIRT, "or pin to what is allowed: virsh vcpupin {name} VCPU CPUS --live --config"}},
     .run = kt_check_h43},
    {.id = "H44",
     .severity = 3,
     .title = "vCPU mask on isolcpus CPUs with >1 CPU per mask",
     .applies = KT_FOR_DOMAIN,
     .needs = "/sys/devices/system/cpu/isolated; affinity of the vCPU threads or the pins of the definition",
     .risk = "L",
     .cause =
         "isolcpus takes CPUs out of the scheduler's load balancing. Threads that may use several of them stay where "
         "they started, often all on the first one, while the others idle.",
     .shows =
         "The isolated list has more than one CPU of a mask that several vCPUs share; in ps -L all of them have the "
         "same psr.",
     .costs = "Pins: none while the guest runs. Giving isolcpus up: a reboot of the host.",
     .note = "One thread alone does not mind. The kernel's documents call isolcpus deprecated and point to cpusets, "
             "which can do the same without a reboot.",
     .source = "[R] kernel admin-guide/kernel-parameters (isolcpus), cgroup-v1/cpusets",
     .remedies = {{KT_LAYER_LIBVIRT, "a CPU of its own for each vCPU: virsh vcpupin {name} VCPU CPU --live --config"},
                  {KT_LAYER_NOVA, "hw:cpu_policy=dedicated in a new flavor, then resize; keep isolcpus out of "
                                  "cpu_shared_set"},
                  {KT_LAYER_HOST, "or drop isolcpus= from the kernel command line and keep daemons away by cpusets: "
                                  "systemctl set-property system.slice AllowedCPUs=HOUSEKEEPING-CPUS"}},
     .run = kt_check_h44},
    {.id = "H45",
     .severity = 2,
     .title = "Pins overlap other pinned VMs or host daemons",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guests: affinity and CPU use of all vCPU threads; the host's siblings and use of each CPU",
     .risk = "L",
     .cause =
         "Two vCPUs pinned to one CPU get half of it each, however idle the rest of the host is. Two pinned to the "
         "siblings of a core share its units and caches; a guest that thinks they are cores schedules badly.",
     .shows = "The same CPU, or a CPU and its sibling, in the affinity of two busy vCPU threads.",
     .costs = "None while the guests run.",
     .note =
         "Sibling pairs of one guest that has threads=2 are healthy, and so are they on a host without an idle core. "
         "Different guests on one core are severity 1 unless a core idles; who needs guests apart for security "
         "judges harder.",
     .source = "[R] OpenNebula #3664",
     .remedies = {{KT_LAYER_LIBVIRT, "virsh vcpupin {name} VCPU FREE-CPU --live --config (virsh vcpupin of the other "
                                     "guests shows what is taken)"},
                  {KT_LAYER_NOVA,
                   "hw:cpu_policy=dedicated with hw:cpu_thread_policy=isolate or require in a new flavor, "
                   "then resize; Nova does not hand out a CPU twice"},
                  {KT_LAYER_PROXMOX, "qm set VMID --affinity FREE-CPUS"}},
     .run = kt_check_h45},
    {.id = "H46",
     .severity = 2,
     .title = "Emulator/vhost/iothreads on vCPU CPUs or far node",
     .applies = KT_FOR_DOMAIN,
     .needs = "running guest: CPU use and last CPU of QEMU's own threads; affinity of all vCPU threads",
     .risk = "L (virsh emulatorpin)",
     .cause =
         "QEMU's main loop, I/O threads and vhost workers take time from a vCPU that was to have its CPU alone, or "
         "copy the guest's data over the link between sockets.",
     .shows = "In ps -L -p PID (psr, pcpu) a thread that is no CPU n/KVM uses more than 5 % of a CPU that a vCPU is "
              "pinned to, or of one on another node.",
     .costs = "None while the guest runs. Those threads need a CPU somewhere: one for several guests will do.",
     .note = "Below 20 % of a CPU: severity 1.",
     .source = "[R] nova cpu-topologies.rst; libvirt formatdomain (emulatorpin, iothreadpin)",
     .remedies = {{KT_LAYER_LIBVIRT,
                   "virsh emulatorpin {name} CPUS-OF-ITS-NODE --live --config; virsh iothreadpin {name} "
                   "ID CPUS-OF-ITS-NODE --live --config"},
                  {KT_LAYER_NOVA,
                   "hw:emulator_threads_policy=share in a new flavor (with [compute] cpu_shared_set on the "
                   "host), then resize"}},
     .run = kt_check_h46},
    {.id = "H47",
     .severity = 2,
     .title = "Device interrupts hit dedicated CPUs or far node",
     .applies = KT_FOR_ANY_HOST,
     .needs = "/proc/interrupts at two moments, /proc/irq, nodes of NICs; running guests",
     .risk = "L",
     .cause = "Each interrupt throws the vCPU off its CPU for the host's handler and what follows it. One that is "
              "served on another node than its NIC's takes the packets over the link between sockets.",
     .shows = "In /proc/interrupts the columns of CPUs that vCPUs are pinned to grow by more than 1000 a second; or "
              "/proc/irq/N/effective_affinity_list of a busy NIC has CPUs of another node than its device/numa_node.",
     .costs = "None while guests run. The other CPUs have to take the interrupts.",
     .note =
         "Interrupts of vfio are not counted: they are a guest's own. Managed interrupts (many NVMe queues) cannot be "
         "moved; isolcpus=managed_irq keeps them away. A NIC is judged by where most of its interrupts go: with a "
         "queue for "
         "each CPU some go to other nodes on every host.",
     .source = "[R] tuned cpu-partitioning; coreos/bugs #1275; kernel core-api/irq/irq-affinity",
     .remedies = {{KT_LAYER_HOST,
                   "IRQBALANCE_BANNED_CPULIST=VCPU-CPUS in irqbalance's environment file, then restart it; "
                   "or for one: echo OTHER-CPUS > /proc/irq/N/smp_affinity_list"}},
     .run = kt_check_h47},
    {.id = "H48",
     .severity = 2,
     .title = "Passed-through device far from guest node",
     .applies = KT_FOR_DOMAIN,
     .needs = "host devices of the definition; numa_node of the host's devices; where the guest lives",
     .risk = "B",
     .cause =
         "The device writes into and reads from the guest's memory over the link between sockets, and its interrupts "
         "come from there: less bandwidth, more latency.",
     .shows = "/sys/bus/pci/devices/ADDRESS/numa_node is another node than that of the guest's memory or pins.",
     .costs = "A stop and start of the guest on another node or with another device; a pinned device's memory does not "
              "move live.",
     .note = "Nodes of one socket (distance 11 or 12) are severity 1. The guest learns of the device's node only by a "
             "pcie-expander-bus.",
     .source = "[R] OpenNebula #7408; nova hw.py; kernel ABI sysfs-bus-pci (numa_node)",
     .remedies = {{KT_LAYER_NOVA, "hw:pci_numa_affinity_policy=required (or socket) in a new flavor, then resize"},
                  {KT_LAYER_LIBVIRT, "virsh edit {name}: numatune and vcpupin to node {node}; then stop and start it"},
                  {KT_LAYER_PROXMOX,
                   "qm set VMID --affinity CPUS-OF-NODE-{node}, numa0 with hostnodes={node}; then stop "
                   "and start it"}},
     .run = kt_check_h48},
    {.id = "H49",
     .severity = 2,
     .title = "LLC / memory-bandwidth neighbour",
     .applies = KT_FOR_ANY_HOST,
     .needs = "resctrl: llc_occupancy of the guests' groups; size of the L3; at least two running guests",
     .risk = "L",
     .cause = "One guest fills the cache that others on the same L3 work from, and their data has to come from memory "
              "again and again.",
     .shows = "mon_data/mon_L3_*/llc_occupancy of one resctrl group is more than half of the L3.",
     .costs = "None while guests run for a cache limit of running ones; the guest that is held back gets slower.",
     .note =
         "Memory bandwidth is not judged: its peak is not known without measuring. The root group holds all that is in "
         "no other group and is not judged either.",
     .source =
         "[R] vProbe/BRM rationale; libvirt cachetune series (mail-archive msg156686); kernel filesystems/resctrl",
     .remedies = {{KT_LAYER_LIBVIRT, "<cputune><cachetune vcpus='0-N'><cache id='0' level='3' type='both' size='SIZE' "
                                     "unit='KiB'/></cachetune></cputune>, from the guest's next start"},
                  {KT_LAYER_HOST, "or pin one of the guests to CPUs of another L3: virsh vcpupin"}},
     .run = kt_check_h49},
    {.id = "H50",
     .severity = 1,
     .title = "More vCPUs than cores of one LLC (CCX) crowd it",
     .applies = KT_FOR_ANY_HOST,
     .risk = "L",
     .source = "[R] ESXi 7.0 U2 blog"},
    {.id = "H51",
     .severity = 2,
     .title = "Home-node ping-pong (own or kernel)",
     .applies = KT_FOR_ANY_HOST,
     .risk = "L",
     .source = "[R] KB 439993"},
};

KT_CHECK_GROUP(kt_checks_host_time, rows);
