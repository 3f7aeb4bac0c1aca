/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/domain_cpu.h"

#include "checks/groups.h"

#define TO_TOPOLOGY "<topology sockets='{sockets}' dies='1' cores='{cores}' threads='{threads}'/>"
#define TO_FLAVOR                                                                                                      \
  "openstack flavor set <new flavor> --property hw:cpu_sockets={sockets} --property hw:cpu_cores={cores} --property "  \
  "hw:cpu_threads={threads}; openstack server resize --flavor <new flavor> <server>"

static const KtCheck rows[] = {
    {
        .id = "X01",
        .severity = 3,
        .title = "Default/old CPU model (qemu64, kvm64)",
        .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition, or the guest's CPU model name (lscpu, /proc/cpuinfo)",
        .risk = "B M!",
        .cause =
            "The guest is shown a made-up or very old CPU. Its programs find no AES, AVX or newer instructions and "
            "take their slowest paths: cryptography, checksums, compression and numeric code suffer by multiples.",
        .shows = "\"QEMU Virtual CPU\" or \"Common KVM processor\" as the model name in the guest; no <cpu> in the "
                 "domain XML, or one that asks for qemu64, kvm64 or another model from before 2010.",
        .costs =
            "The guest has to be stopped and started. With host-model or host-passthrough it migrates live only to "
            "hosts whose CPU offers the same.",
        .note = "Nova calls it cpu_mode=none. Under TCG (no KVM at all) this row is silent: see H17.",
        .source = "[R] nova conf/libvirt.py (cpu_mode none); QEMU target/i386/cpu.c",
        .remedies =
            {
                {KT_LAYER_LIBVIRT, "virsh edit {name}   # <cpu mode='host-model'/>; then virsh shutdown and start"},
                {KT_LAYER_NOVA, "nova.conf on the compute host: [libvirt] cpu_mode = host-model; restart nova-compute, "
                                "then openstack server reboot --hard <server>"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --cpu host   # or x86-64-v3 where guests migrate between CPU types"},
                {KT_LAYER_QEMU, "-cpu host"},
            },
        .run = kt_check_x01,
    },
    {
        .id = "X02",
        .severity = 1,
        .title = "host-model loses details",
        .applies = KT_FOR_DOMAIN,
        .x86_only = TRUE,
        .risk = "B M! (same CPU model needed)",
        .source = "[R] case; libvirt docs [K]",
    },
    {
        .id = "X03",
        .severity = 3,
        .title = "Guest has no L3 or a private one for each vCPU",
        .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "the guest's caches (lscpu or sysfs), or a domain definition with its machine type",
        .risk = "B",
        .cause =
            "Linux takes CPUs that share a last-level cache for close neighbours. Where none is shared, each wake-up "
            "of a task on another busy vCPU is an interrupt between vCPUs, and each of these leaves the guest "
            "(VM exit). The scheduler also has no group of near CPUs to balance within.",
        .shows = "No \"L3 cache\" line in the guest's lscpu, or as many L3 instances as vCPUs; no "
                 "/sys/devices/system/cpu/cpu0/cache/index3.",
        .costs = "The guest has to be stopped and started; a reboot inside is not enough. Stay in the family of the "
                 "machine type (never i440fx to q35): Windows would see a new machine.",
        .effect = "up to 85 % fewer wake-up interrupts in a busy guest (QEMU commit 14c985cffa: SAP HANA test suite, "
                  "16 vCPUs, 268,964 down to 40,130 a vCPU)",
        .note =
            "It is sharing that counts, not size. An emulated L3 covers one virtual socket (or die), so with sockets "
            "of one core each vCPU still has its own: cure X06 together with this. Since machine type 2.8 all CPU "
            "models have it; host-passthrough alone does not pass the host's L3. On a mostly idle guest a shared L3 "
            "sends more wake-up interrupts, not fewer: the scheduler then spreads the tasks (measured in an emulated "
            "lab: about 1000 for 1000 requests instead of 180). So judge the change by the load's own response time.",
        .source = "[R] QEMU 14c985cffa, hw/i386/pc.c (2.8: l3-cache); libvirt df13c0b477; own measurement "
                  "(docs/lab-ipi.md)",
        .remedies =
            {
                {KT_LAYER_LIBVIRT, "virsh edit {name}   # machine type 2.8 or later of the same family, or in <cpu>: "
                                   "<cache level='3' mode='emulate'/>; and " TO_TOPOLOGY "; then stop and start"},
                {KT_LAYER_NOVA,
                 "nova-manage libvirt update_machine_type <server> <newer version of the same type>   # the server "
                 "shut off; for new ones [libvirt] hw_machine_type in nova.conf; Nova has no key for "
                 "caches\n" TO_FLAVOR},
                {KT_LAYER_PROXMOX, "qm set <vmid> --machine <pc or q35 as it is, without an old version> --sockets "
                                   "{sockets} --cores {cores}; then stop and start"},
                {KT_LAYER_QEMU,
                 "-cpu <model>,l3-cache=on -smp {vcpus},sockets={sockets},cores={cores},threads={threads}"},
            },
        .run = kt_check_x03,
    },
    {
        .id = "X04",
        .severity = 2,
        .title = "L3 only emulated (16 MiB, per socket/die), size or sharing wrong",
        .applies = KT_FOR_DOMAIN,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition with 1:1 pins; the host's L3 groups (capabilities or sysfs)",
        .risk = "B M!",
        .cause =
            "The guest's kernel believes that some vCPUs share an L3 and moves tasks freely between them, but their "
            "host CPUs lie under different ones: what it takes for near is far.",
        .shows =
            "vCPUs of one virtual socket pinned to CPUs of several host sockets (<vcpupin> against shared_cpu_list "
            "of the host's cache/index3).",
        .costs = "The guest has to be stopped and started; with passed-through caches it migrates only to the same "
                 "topology.",
        .note =
            "The emulated size (16 MiB) alone is no fault and is not reported: it matters only to programs that size "
            "themselves by the cache. <cache mode='passthrough'/> needs host-passthrough and a guest topology that "
            "mirrors the host's, else it makes X05.",
        .source = "[R] libvirt df13c0b477; QEMU qemu-options.hx (smp-cache); kubevirt #10578; libvirt list 2017-09 "
                  "(passthrough discouraged)",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # a socket for each of the {llcs} L3s: <topology sockets='{llcs}' dies='1' "
                 "cores='{llc_vcpus}' threads='1'/>, and pins along it"},
                {KT_LAYER_NOVA, "openstack flavor set <new flavor> --property hw:numa_nodes={llcs} --property "
                                "hw:cpu_sockets={llcs} --property hw:cpu_cores={llc_vcpus}   # then resize"},
                {KT_LAYER_QEMU, "-smp {vcpus},sockets={llcs},cores={llc_vcpus},threads=1"},
            },
        .run = kt_check_x04,
    },
    {
        .id = "X05",
        .severity = 3,
        .title = "L3 spans virtual packages or NUMA nodes",
        .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
        .hypervisors = KT_ON_KVM | KT_ON_VMWARE,
        .x86_only = TRUE,
        .needs = "the guest's L3 groups, sockets and nodes (lscpu, sysfs), its kernel log, or a domain definition",
        .risk = "B",
        .cause =
            "The guest's caches contradict its sockets or cells. The kernel's scheduler finds CPUs that share a cache "
            "on different nodes, drops what it cannot place, and balances across what is really remote.",
        .shows = "\"llc-sibling ... is not on the same node\" in the guest's dmesg; fewer L3 instances than sockets or "
                 "nodes; index3/shared_cpu_list with CPUs of several sockets.",
        .costs = "The guest has to be stopped and started.",
        .note =
            "Usual causes: <cache mode='passthrough'/> with a topology other than the host's (the sharing counts are "
            "the host's), and several cells in one virtual socket. Predicted from a definition, the cache is emulated "
            "and only the scheduler is misled: severity 2.",
        .source = "[R] cloud-hypervisor #5742, #8730, #8731; libvirt list 2017-09 (passthrough discouraged)",
        .remedies =
            {
                {KT_LAYER_LIBVIRT, "virsh edit {name}   # a socket for each cell: " TO_TOPOLOGY
                                   ", or drop <cache mode='passthrough'/>; then stop and start"},
                {KT_LAYER_NOVA, TO_FLAVOR "   # as many sockets as hw:numa_nodes"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --sockets {sockets} --cores {cores} --numa 1; then stop and start"},
                {KT_LAYER_QEMU, "-smp {vcpus},sockets={sockets},cores={cores},threads={threads} with -numa node,cpus= "
                                "along the sockets, host-cache-info=off"},
                {KT_LAYER_VMWARE,
                 "VM options, CPU: Cores per Socket = {cores}, the virtual NUMA nodes along the sockets"},
            },
        .run = kt_check_x05,
    },
    {
        .id = "X06",
        .severity = 3,
        .title = "N sockets x 1 core",
        .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
        .hypervisors = KT_ON_KVM | KT_ON_VMWARE,
        .x86_only = TRUE,
        .needs = "the guest's sockets and cores (lscpu, /proc/cpuinfo, sysfs), or a domain definition",
        .risk = "B (Windows: licence by sockets)",
        .cause =
            "Each vCPU looks like a processor of its own: no two share a cache, so the guest's scheduler keeps apart "
            "what belongs together and wakes tasks by interrupts between vCPUs. Software licensed by sockets, and "
            "Windows editions with a limit of sockets, may not even use them all.",
        .shows =
            "\"Core(s) per socket: 1\" and as many sockets as CPUs in lscpu; <topology> absent (libvirt then makes "
            "each vCPU a socket) or with cores='1'.",
        .costs = "The guest has to be stopped and started. Licences counted by sockets or cores change.",
        .effect = "in the published case, with L3, cells and a newer kernel at the same time: 70-90 % CPU use down to "
                  "10-20 %; no figure for the topology alone",
        .note =
            "Two vCPUs as two sockets are no disaster and are not reported; 3 or 4 count less. Nova gives this to a "
            "flavor that asks for nothing, and hw:numa_nodes does not change the sockets: set both. Plain QEMU did "
            "the same before machine type 6.2.",
        .source = "[R] nova virt/hardware.py; QEMU hw/core/machine-smp.c; case",
        .remedies =
            {
                {KT_LAYER_LIBVIRT, "virsh edit {name}   # in <cpu>: " TO_TOPOLOGY "; then virsh shutdown and start"},
                {KT_LAYER_NOVA, TO_FLAVOR},
                {KT_LAYER_PROXMOX, "qm set <vmid> --sockets {sockets} --cores {cores}; then stop and start"},
                {KT_LAYER_QEMU, "-smp {vcpus},sockets={sockets},cores={cores},threads={threads}"},
                {KT_LAYER_VMWARE, "power the VM off; VM options, CPU: Cores per Socket = {cores}"},
            },
        .run = kt_check_x06,
    },
    {
        .id = "X07",
        .severity = 2,
        .title = "threads=1 though vCPUs are pinned to sibling pairs",
        .applies = KT_FOR_DOMAIN,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition with 1:1 pins; siblings of the host's CPUs (capabilities or sysfs)",
        .risk = "B",
        .cause =
            "Two vCPUs run on the two threads of one host core, but the guest takes them for full cores: it fills a "
            "core twice while another idles, and counts on twice the power.",
        .shows =
            "<vcpupin> to both CPUs of a pair in the host's thread_siblings_list, while <topology> has threads='1'.",
        .costs = "The guest has to be stopped and started; pins are changed live.",
        .note = "vCPUs 2k and 2k+1 have to be the pair. On AMD add topoext (X09), else the guest does not see threads.",
        .source = "[R] pve-helpers #9",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # " TO_TOPOLOGY "; vcpupin of vCPU 2k and 2k+1 to the two threads of a core"},
                {KT_LAYER_NOVA, "openstack flavor set <new flavor> --property hw:cpu_policy=dedicated --property "
                                "hw:cpu_thread_policy=require   # Nova then shows threads; resize the server to it"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --affinity <one thread of each core>   # qm has no key for threads"},
                {KT_LAYER_QEMU, "-smp {vcpus},sockets={sockets},cores={cores},threads={threads}"},
            },
        .run = kt_check_x07,
    },
    {
        .id = "X08",
        .severity = 2,
        .title = "threads=2 but vCPU pairs not on siblings (or unpinned)",
        .applies = KT_FOR_DOMAIN,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition; siblings of the host's CPUs (capabilities or sysfs)",
        .risk = "L B",
        .cause =
            "The guest believes that vCPUs 2k and 2k+1 share a core and uses the second only when the first of all "
            "others is busy; on the host they are different cores, so real cores stay idle.",
        .shows = "<topology threads='2'> with <vcpupin> of a pair to CPUs that are not in one thread_siblings_list.",
        .costs = "Pins are changed live; threads='1' needs a stop and start.",
        .note = "vCPUs that are not pinned one to one only float (severity 1).",
        .source = "[R] kubevirt #11749",
        .remedies =
            {
                {KT_LAYER_LIBVIRT, "virsh vcpupin {name} <vcpu> <CPU> --live --config   # 2k and 2k+1 on the two "
                                   "threads of a core; or " TO_TOPOLOGY},
                {KT_LAYER_NOVA, "openstack flavor set <new flavor> --property hw:cpu_policy=dedicated --property "
                                "hw:cpu_thread_policy=require, or leave hw:cpu_threads out; then resize"},
                {KT_LAYER_QEMU, "taskset -cp <CPU> <thread id of the vCPU>, or threads=1"},
            },
        .run = kt_check_x08,
    },
    {
        .id = "X09",
        .severity = 2,
        .title = "AMD guest with threads>1 lacks topoext",
        .applies = KT_FOR_DOMAIN,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition; the vendor of the host's CPU",
        .risk = "B M!",
        .cause =
            "On AMD the kernel learns of threads only through the feature topoext, which QEMU never switches on by "
            "itself for the host's CPU. Without it the threads that were asked for look like full cores.",
        .shows =
            "threads='2' in <topology>, but \"Thread(s) per core: 1\" in the guest's lscpu; QEMU warns \"This family "
            "of AMD CPU doesn't support hyperthreading\".",
        .costs = "The guest has to be stopped and started; it migrates only to hosts that offer topoext.",
        .note = "QEMU's EPYC models have topoext since machine type 3.0.",
        .source = "[R] QEMU target/i386/cpu.c (topoext is not enabled automatically), 7210a02c585; oVirt #1047",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # in <cpu>: <feature policy='require' name='topoext'/>; then stop and start"},
                {KT_LAYER_NOVA,
                 "nova.conf on the compute host: [libvirt] cpu_model_extra_flags = topoext; then openstack "
                 "server reboot --hard <server>"},
                {KT_LAYER_QEMU, "-cpu host,topoext=on"},
            },
        .run = kt_check_x09,
    },
    {
        .id = "X10",
        .severity = 2,
        .title = "EPYC: VM wider than one CCX sees one big L3",
        .applies = KT_FOR_DOMAIN,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition with 1:1 pins; the host's L3 groups (capabilities or sysfs)",
        .risk = "B M!",
        .cause =
            "A socket of the host has several L3 caches, one for each core complex; the guest is shown a single one "
            "over all its vCPUs. Its scheduler moves tasks between complexes as if their data came along.",
        .shows = "In the guest one index3 group wider than the host's; on the host the vCPUs' CPUs lie in several "
                 "shared_cpu_list of cache/index3.",
        .costs = "The guest has to be stopped and started; the pins have to follow the complexes.",
        .note =
            "Dies are seen by AMD guests only with topoext; without it use one socket for each complex. Not looked at "
            "where vCPUs are not pinned one to one: the guest's L3 then means nothing on the host.",
        .source = "[R] https://blogs.oracle.com/linux/topology-matters-genoa-qemu; QEMU target/i386/cpu.c",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # a socket for each of the {llcs} complexes: <topology sockets='{llcs}' dies='1' "
                 "cores='{llc_vcpus}' threads='1'/>, pins along it; then stop and start"},
                {KT_LAYER_NOVA, "openstack flavor set <new flavor> --property hw:cpu_sockets={llcs} --property "
                                "hw:cpu_cores={llc_vcpus}   # Nova has no key for dies; then resize"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --sockets {llcs} --cores {llc_vcpus}"},
                {KT_LAYER_QEMU, "-smp {vcpus},sockets={llcs},cores={llc_vcpus},threads=1"},
            },
        .run = kt_check_x10,
    },
};

KT_CHECK_GROUP(kt_checks_domain_cpu, rows);
