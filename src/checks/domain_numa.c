/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/domain_numa.h"

#include "checks/groups.h"

static const KtCheck rows[] = {
    {
        .id = "X11",
        .severity = 3,
        .title = "No vNUMA on a VM wider than a node",
        .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
        .needs = "size of the guest; nodes of its host, or a reference machine",
        .risk = "B M!",
        .cause =
            "The guest is larger than a NUMA node of its host, so its memory lies on several nodes, but its kernel "
            "is shown a single one. It cannot keep a thread near its memory: each access is a matter of chance.",
        .shows =
            "One node in the guest's lscpu or numactl --hardware, no <numa> in the domain XML, more vCPUs or memory "
            "than a node of the host has. ESXi shows such a guest several nodes by itself (vNUMA).",
        .costs = "The guest has to be stopped and started (a reboot inside is not enough); its topology changes, so it "
                 "cannot migrate live to where it runs differently. Needs a guest kernel that uses NUMA (G01).",
        .effect = "10-40 % on memory-bound loads in wide guests; far more where memory was badly placed",
        .note = "Cells alone bring little: bind them to host nodes (X13) and align the sockets (X14). In the published "
                "case the flavor was given nodes and sockets, and the guest's kernel was upgraded.",
        .source = "[R] case; ESXi rule (vNUMA from 9 vCPUs that exceed a node's cores); octo.vmware vNUMA",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # in <cpu>: <numa> with {cells} cells of {cell_vcpus} vCPUs: <cell id='0' "
                 "cpus='{first_cpus}' memory='{cell_kib}' unit='KiB'/> ...; then stop and start"},
                {KT_LAYER_NOVA,
                 "openstack flavor set <new flavor> --property hw:numa_nodes={cells} --property "
                 "hw:cpu_sockets={cells} --property hw:cpu_cores={cell_vcpus}   # then resize the server to it"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --numa 1 --sockets {cells} --cores {cell_vcpus}"},
                {KT_LAYER_QEMU,
                 "-smp {vcpus},sockets={cells},cores={cell_vcpus} -object memory-backend-ram,id=m0,size=... "
                 "-numa node,nodeid=0,cpus={first_cpus},memdev=m0 ...   # {cells} nodes"},
            },
        .run = kt_check_x11,
    },
    {
        .id = "X12",
        .severity = 1,
        .title = "vNUMA on a VM that fits one node",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition; sizes of the host's nodes",
        .risk = "B",
        .cause = "The guest would fit one host node with room to spare, but is spread over several cells: part of its "
                 "memory is remote for no reason.",
        .shows = "Several <cell> in the XML, while vCPUs and memory with 15 % to spare fit a node.",
        .costs = "The guest has to be stopped and started.",
        .note = "Fine where a device on another node or bandwidth of several nodes is wanted: then accept it.",
        .source = "[R] RHEL guide (\"limit guest size to one node\")",
        .remedies = {{KT_LAYER_LIBVIRT, "virsh edit {name}   # one cell, or no <numa>, and numatune on one node"},
                     {KT_LAYER_NOVA, "hw:numa_nodes=1 in a new flavor, then resize"}},
        .run = kt_check_x12,
    },
    {
        .id = "X13",
        .severity = 3,
        .title = "vNUMA cells not bound to host nodes",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition; host's nodes",
        .risk = "L B",
        .cause =
            "The guest places its threads by cells that mean nothing: no cell is tied to a host node, so \"local\" "
            "memory of the guest may lie anywhere.",
        .shows = "<cell> elements without <numatune><memnode> and without pins of their vCPUs to one node.",
        .costs = "Pins of vCPUs are live; the memory policy applies from the next start. A bound guest no longer moves "
                 "between nodes by itself.",
        .effect = "misplacement costs up to 2-3 times on memory-bound loads",
        .note =
            "With mode strict the memory is really bound but moves only by restart; restrictive can be changed live "
            "but binds by first touch only. Not looked at where the host has one node or placement is auto.",
        .source = "[R] virt-tuner; case (numa_miss > numa_hit)",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh vcpupin {name} <vcpu> <CPUs of the node> --live --config; virsh edit {name}   # "
                 "<numatune><memnode cellid='0' mode='strict' nodeset='0'/> ... for each cell"},
                {KT_LAYER_NOVA, "hw:numa_nodes in the flavor makes Nova bind each cell; do not edit the XML behind it"},
                {KT_LAYER_PROXMOX,
                 "qm set <vmid> --numa0 cpus=...,hostnodes=0,memory=...,policy=bind   # and numa1 ..."},
                {KT_LAYER_QEMU, "-object memory-backend-ram,id=m0,size=...,host-nodes=0,policy=bind"},
            },
        .run = kt_check_x13,
    },
    {
        .id = "X14",
        .severity = 2,
        .title = "Socket and cell borders differ",
        .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition, or socket and node of each CPU in the guest",
        .risk = "B",
        .cause =
            "A virtual socket reaches over two cells. The guest's scheduler builds its domains from sockets and shared "
            "caches and gets two answers to what is near; some kernels drop the cache domain altogether.",
        .shows = "In the guest: lscpu -e with one SOCKET on two NODEs. In the XML: <topology> sockets that do not "
                 "divide along the <cell cpus>.",
        .costs = "The guest has to be stopped and started; a Windows guest may count licences by sockets.",
        .note = "Nova's hw:numa_nodes does not change the sockets: set both (N05).",
        .source = "[R] case, QEMU; kubevirt #6159",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # <topology sockets='{sockets}' dies='1' cores='{cores}' threads='1'/>, "
                 "a socket a cell, contiguous vCPUs"},
                {KT_LAYER_NOVA, "openstack flavor set <new flavor> --property hw:cpu_sockets={sockets} --property "
                                "hw:cpu_cores={cores}   # then resize the server to it"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --sockets {sockets} --cores {cores} --numa 1"},
                {KT_LAYER_QEMU,
                 "-smp sockets={sockets},cores={cores},threads=1 with -numa node,cpus= along the sockets"},
            },
        .run = kt_check_x14,
    },
    {
        .id = "X15",
        .severity = 1,
        .title = "Uneven cells / no distances",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition",
        .risk = "B",
        .cause = "Cells of unequal memory fill at different times and spill to each other; without distances the guest "
                 "takes all other cells for equally far.",
        .shows = "<cell memory> differing by more than 10 %, or more than two cells without <distances>.",
        .costs = "The guest has to be stopped and started.",
        .source = "[R] virt-tuner",
        .remedies = {{KT_LAYER_LIBVIRT,
                      "virsh edit {name}   # equal <cell memory>, <distances> as numactl --hardware shows "
                      "on the host"},
                     {KT_LAYER_NOVA, "leave hw:numa_mem.N out: Nova then divides evenly"}},
        .run = kt_check_x15,
    },
    {
        .id = "X16",
        .severity = 1,
        .title = "vcpupin without numatune or the reverse",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition; host's nodes and CPUs",
        .risk = "L B",
        .cause = "Only one of CPU and memory is held on a node, so the other may end up elsewhere.",
        .shows = "<vcpupin> without <numatune> on a host of several nodes, or <numatune> with vCPUs free to roam.",
        .costs = "Pins are live; the memory policy applies from the next start.",
        .source = "[R] RHEL 7 tuning guide 9.3.2: use vcpupin and numatune together",
        .remedies = {{KT_LAYER_LIBVIRT,
                      "virsh numatune {name} --mode strict --nodeset <node of the pins> --config, or virsh "
                      "vcpupin {name} <vcpu> <CPUs of the node> --live --config"}},
        .run = kt_check_x16,
    },
    {
        .id = "X17",
        .severity = 1,
        .title = "numatune strict blocks live moves or fails start",
        .applies = KT_FOR_DOMAIN,
        .risk = "B",
        .source = "[R] libvirt: \"change of nodeset for running domain requires restrictive numa mode\"",
    },
    {
        .id = "X18",
        .severity = 2,
        .title = "Pins to offline, missing or foreign CPUs after migration",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition; host's online CPUs and nodes",
        .risk = "L",
        .cause =
            "The definition was made for another host, or CPUs went offline: the named CPUs are not there. The domain "
            "does not start, or runs with fewer CPUs than meant.",
        .shows =
            "CPUs in <vcpupin> that are not in the host's /sys/devices/system/cpu/online, nodes in <numatune> that "
            "the host has not.",
        .costs = "None: pins are changed live.",
        .source = "[R] OpenNebula #6772",
        .remedies = {{KT_LAYER_LIBVIRT, "virsh vcpupin {name} <vcpu> <online CPUs> --live --config"},
                     {KT_LAYER_NOVA, "openstack server migrate <server>   # Nova then computes its pins anew"}},
        .run = kt_check_x18,
    },
    {
        .id = "X19",
        .severity = 2,
        .title = "Far too many vCPUs",
        .applies = KT_FOR_DOMAIN,
        .risk = "B",
        .source = "[R] RHEL 10 17.6.1",
    },
    {
        .id = "X20",
        .severity = 1,
        .title = "Hot-plug maxima inflate topology",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition",
        .risk = "B",
        .cause =
            "The guest prepares for the maximum of vCPUs: per-CPU memory, interrupt vectors and the topology follow "
            "the maximum, not what is plugged.",
        .shows = "<vcpu current='N'> less than half of its value.",
        .costs = "The guest has to be stopped and started.",
        .source = "[R] kubevirt #17248 (208 hot-pluggable), #16584",
        .remedies = {{KT_LAYER_LIBVIRT, "virsh setvcpus {name} <smaller maximum> --maximum --config"}},
        .run = kt_check_x20,
    },
    {
        .id = "X21",
        .severity = 1,
        .title = "Old machine type",
        .applies = KT_FOR_DOMAIN,
        .x86_only = TRUE,
        .needs = "domain definition or QEMU command line",
        .risk = "B M!",
        .cause = "A machine type freezes what the guest sees. Before 2.8 no CPU model has an emulated L3; before 5.2 "
                 "virtio disks have one queue unless told otherwise.",
        .shows = "machine='pc-i440fx-2.5' and the like in the XML.",
        .costs =
            "The guest has to be stopped and started, and may see new devices; Windows may ask for activation. Stay "
            "in the same family: never i440fx to q35.",
        .source = "[R] QEMU pc.c (2.8: l3-cache), hw/core/machine.c (5.2: num-queues of virtio-blk and virtio-scsi)",
        .remedies = {{KT_LAYER_LIBVIRT,
                      "virsh edit {name}   # newest version of the same family: virsh capabilities lists them"},
                     {KT_LAYER_NOVA,
                      "image property hw_machine_type, or [libvirt] hw_machine_type in nova.conf; then rebuild "
                      "or resize"},
                     {KT_LAYER_PROXMOX, "qm set <vmid> --machine pc or q35 without a version"}},
        .run = kt_check_x21,
    },
};

KT_CHECK_GROUP(kt_checks_domain_numa, rows);
