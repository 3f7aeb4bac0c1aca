/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/domain_devices.h"

#include "checks/groups.h"

#define RESTART "The guest has to be stopped and started; a reboot inside it is not enough."

static const KtCheck rows[] = {
    {
        .id = "X30",
        .severity = 2,
        .title = "Large guest on 4K pages",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition; how much of its memory huge pages back (run on the host)",
        .risk = "B $",
        .cause =
            "Each address of the guest is translated twice. With 4 KiB pages a large guest's working set does not fit "
            "the TLB, and each miss walks two page tables.",
        .shows =
            "A guest of 16 GiB or more without <memoryBacking><hugepages>, and AnonHugePages of its process far below "
            "its resident size.",
        .costs = RESTART " Reserved huge pages are lost to everything else on the host and cannot be overcommitted.",
        .effect = "up to 20 % for transparent huge pages in guests (RHEL 6 tuning guide)",
        .note = "Only information where the coverage was not seen: transparent huge pages may back the guest well.",
        .source = "[R] nova; virt-tuner; RHEL 6 performance tuning guide",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # <memoryBacking><hugepages/></memoryBacking>, after reserving {gib} GiB: "
                 "echo N > /sys/devices/system/node/nodeX/hugepages/hugepages-2048kB/nr_hugepages"},
                {KT_LAYER_NOVA,
                 "hw:mem_page_size=large in a new flavor, then resize; reserve pages on the hosts first"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --hugepages 2 (or 1024)"},
                {KT_LAYER_QEMU,
                 "-object memory-backend-file,id=m0,size={gib}G,mem-path=/dev/hugepages -numa node,memdev=m0"},
            },
        .run = kt_check_x30,
    },
    {.id = "X31",
     .severity = 2,
     .title = "Balloon holds memory",
     .applies = KT_FOR_DOMAIN,
     .risk = "L",
     .source = "[K]"},
    {.id = "X32",
     .severity = 1,
     .title = "Free-page reporting/discard splits huge pages",
     .applies = KT_FOR_DOMAIN,
     .risk = "B",
     .source = "[K]"},
    {.id = "X33",
     .severity = 1,
     .title = "First-touch faults at run time",
     .applies = KT_FOR_DOMAIN,
     .risk = "B",
     .source = "[K] libvirt formatdomain"},
    {
        .id = "X34",
        .severity = 2,
        .title = "Dedicated guest not told so",
        .applies = KT_FOR_DOMAIN,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition; pins of the other guests",
        .risk = "B",
        .cause =
            "A guest with host CPUs of its own still uses paravirtual spinlocks and asks before it flushes TLBs of "
            "other vCPUs, as if these could be taken off their CPU. That costs exits for nothing.",
        .shows = "<vcpupin> of each vCPU to one CPU, no <hint-dedicated state='on'/> in <features><kvm>.",
        .costs = RESTART,
        .note = "Only with exclusive CPUs: with overcommit the hint does great harm (X35).",
        .source = "[R] virt-tuner; Linux, Documentation/virt/kvm/x86/cpuid.rst (KVM_HINTS_REALTIME)",
        .remedies = {{KT_LAYER_LIBVIRT,
                      "virsh edit {name}   # <features><kvm><hint-dedicated state='on'/></kvm></features>"},
                     {KT_LAYER_QEMU, "-cpu ...,kvm-hint-dedicated=on"},
                     {KT_LAYER_PROXMOX, "qm set <vmid> --args '-cpu host,kvm-hint-dedicated=on'"}},
        .run = kt_check_x34,
    },
    {
        .id = "X35",
        .severity = 3,
        .title = "hint-dedicated with overcommit",
        .applies = KT_FOR_DOMAIN,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition; run delay of its vCPU threads (run on the host)",
        .risk = "B",
        .cause =
            "The guest was promised that its vCPUs are never preempted and spins on locks and on TLB flushes of vCPUs "
            "that are not running.",
        .shows = "hint-dedicated on, and run_delay in /proc/PID/task/TID/schedstat growing by more than 1 %.",
        .costs = RESTART,
        .source = "[R] Linux, Documentation/virt/kvm/x86/cpuid.rst (KVM_HINTS_REALTIME: never preempted)",
        .remedies = {{KT_LAYER_LIBVIRT,
                      "virsh edit {name}   # take hint-dedicated out, or give the guest CPUs of its own"},
                     {KT_LAYER_QEMU, "take kvm-hint-dedicated=on out of -cpu"}},
        .run = kt_check_x35,
    },
    {
        .id = "X36",
        .severity = 2,
        .title = "Paravirtual features hidden or disabled",
        .applies = KT_FOR_DOMAIN | KT_FOR_GUEST,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition, or the guest's available_clocksource",
        .risk = "B M!",
        .cause =
            "Without KVM's own interface the guest falls back to emulated hardware: a slow clock, interrupts that end "
            "with an exit, spinlocks that spin on vCPUs which do not run; it does not even see steal time.",
        .shows = "<kvm><hidden state='on'/>, kvmclock absent, kvm_* features disabled; in the guest no kvm-clock in "
                 "available_clocksource and no \"kvm-clock\" in dmesg.",
        .costs = RESTART " A guest that moves by live migration keeps what it was started with.",
        .note =
            "Hiding KVM was once needed for consumer GPUs in Windows guests; drivers no longer ask for it. Not looked "
            "at for Windows, which uses Hyper-V's interface (X39).",
        .source = "[R] Linux PV IPI commit 4180bf1b65; nova hide_hypervisor_id",
        .remedies = {{KT_LAYER_LIBVIRT,
                      "virsh edit {name}   # remove <hidden state='on'/>, the disabled kvm features and "
                      "<timer name='kvmclock' present='no'/>"},
                     {KT_LAYER_NOVA,
                      "remove hide_hypervisor_id / img_hide_hypervisor_id from flavor and image, then resize or "
                      "rebuild"},
                     {KT_LAYER_PROXMOX, "qm set <vmid> --cpu host   # without hidden=1"},
                     {KT_LAYER_QEMU, "remove kvm=off and kvmclock=off, kvm-pv-eoi=off, ... from -cpu"}},
        .run = kt_check_x36,
    },
    {.id = "X37",
     .severity = 1,
     .title = "No guest-controlled polling",
     .applies = KT_FOR_DOMAIN,
     .risk = "B",
     .source = "[R] kubevirt #6093"},
    {
        .id = "X38",
        .severity = 2,
        .title = "HPET present",
        .applies = KT_FOR_DOMAIN,
        .x86_only = TRUE,
        .needs = "domain definition",
        .risk = "B",
        .cause =
            "The HPET is emulated in QEMU: each read and each tick leaves the guest for user space. A guest that picks "
            "it as clock or tick source burns host CPU even when idle.",
        .shows = "<timer name='hpet' present='yes'/>.",
        .costs = RESTART,
        .source = "[R] OpenNebula #6298; nova libvirt driver (hpet off by default)",
        .remedies = {{KT_LAYER_LIBVIRT, "virsh edit {name}   # in <clock>: <timer name='hpet' present='no'/>"},
                     {KT_LAYER_NOVA, "image property hw_time_hpet=false, then rebuild"},
                     {KT_LAYER_QEMU, "-machine ...,hpet=off"}},
        .run = kt_check_x38,
    },
    {
        .id = "X39",
        .severity = 3,
        .title = "Windows without enlightenments",
        .applies = KT_FOR_DOMAIN,
        .hypervisors = KT_ON_KVM,
        .x86_only = TRUE,
        .needs = "domain definition; that the guest is Windows",
        .risk = "B M!",
        .cause = "Windows uses Hyper-V's interface where it is offered, and emulated timers, APIC and full TLB flushes "
                 "where it is not.",
        .shows =
            "<features><hyperv> lacks entries, no <timer name='hypervclock' present='yes'/>; the host burns CPU for "
            "an idle guest.",
        .costs = RESTART " What the host must offer for live migration changes.",
        .effect = "an idle Windows guest's host CPU from 30-40 % to 1-3 % (OpenNebula addon-storpool #79)",
        .note =
            "stimer needs synic, vpindex and hypervclock. Regressions with some of them are known: change one guest "
            "first and measure.",
        .source = "[R] OpenNebula addon-storpool #79, virt-manager #154, nova libvirt driver; MicrosoftDocs #1885",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # <hyperv>: relaxed vapic spinlocks(retries 8191) vpindex runtime synic "
                 "stimer reset frequencies tlbflush ipi, each state='on'; <timer name='hypervclock' "
                 "present='yes'/>"},
                {KT_LAYER_NOVA,
                 "openstack image set --property os_type=windows <image>   # then rebuild; stimer cannot be had"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --ostype win11 (win10, w2k22 ...)"},
                {KT_LAYER_QEMU,
                 "-cpu ...,hv-relaxed,hv-vapic,hv-spinlocks=0x1fff,hv-vpindex,hv-runtime,hv-time,hv-synic,"
                 "hv-stimer,hv-reset,hv-frequencies,hv-tlbflush,hv-ipi"},
            },
        .run = kt_check_x39,
    },
    {.id = "X40",
     .severity = 1,
     .title = "invtsc absent so guest cannot use tsc",
     .applies = KT_FOR_DOMAIN,
     .x86_only = TRUE,
     .risk = "B M!",
     .source = "[R] virt-tuner; qubes #466"},
    {
        .id = "X41",
        .severity = 1,
        .title = "x2apic disabled",
        .applies = KT_FOR_DOMAIN,
        .x86_only = TRUE,
        .needs = "domain definition",
        .risk = "B",
        .cause =
            "Without x2APIC the guest talks to its interrupt controller through memory accesses that are slower to "
            "virtualize, and sends an IPI to many CPUs one by one.",
        .shows = "<feature policy='disable' name='x2apic'/> with more than 8 vCPUs.",
        .costs = RESTART,
        .source = "[R] virt-tuner",
        .remedies = {{KT_LAYER_LIBVIRT, "virsh edit {name}   # <feature policy='require' name='x2apic'/>"},
                     {KT_LAYER_QEMU, "remove -x2apic from -cpu"}},
        .run = kt_check_x41,
    },
    {
        .id = "X42",
        .severity = 2,
        .title = "Disk on IDE/SATA or cache=writethrough",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition",
        .risk = "B",
        .cause =
            "An emulated controller handles one request at a time with many exits each; writethrough makes each write "
            "wait for the disk and fills the host's page cache besides.",
        .shows = "<target bus='ide'> or 'sata', <driver cache='writethrough'>.",
        .costs = RESTART " The guest needs virtio drivers first, and may find its disks under other names.",
        .source = "[R] RHEL 7 virtualization tuning guide 7.2; nova image keys",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # {disk}: <target bus='virtio'/>, <driver cache='none' io='native' "
                 "discard='unmap'/>"},
                {KT_LAYER_NOVA,
                 "openstack image set --property hw_disk_bus=virtio <image>; [libvirt] disk_cachemodes in nova.conf"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --scsihw virtio-scsi-single --scsi0 <volume>,iothread=1,cache=none"},
                {KT_LAYER_QEMU, "-drive ...,if=none,id=d0,cache=none,aio=native -device virtio-blk-pci,drive=d0"},
            },
        .run = kt_check_x42,
    },
    {
        .id = "X43",
        .severity = 2,
        .title = "No iothread",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition; CPU use of QEMU's main thread (run on the host)",
        .risk = "B",
        .cause =
            "All disk requests go through QEMU's one main loop, which also serves the monitor, timers and display.",
        .shows = "No <iothreads> in the XML while the thread with the process's own id is more than 30 % busy.",
        .costs = RESTART,
        .source = "[R] nova 2026.1 (an IOThread by default); kubermatic #8475",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # <iothreads>1</iothreads>, <driver iothread='1'/> on virtio disks; then "
                 "virsh iothreadpin"},
                {KT_LAYER_NOVA, "from 2026.1 on each guest has one; before, no key gives one"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --scsihw virtio-scsi-single --scsi0 <volume>,iothread=1"},
                {KT_LAYER_QEMU, "-object iothread,id=io1 -device virtio-blk-pci,drive=d0,iothread=io1"},
            },
        .run = kt_check_x43,
    },
    {
        .id = "X44",
        .severity = 2,
        .title = "Single queue virtio-blk/scsi/net",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition; load of its vCPUs (run on the host)",
        .risk = "B",
        .cause =
            "One queue has one lock and one interrupt: all vCPUs wait for each other, and one takes all interrupts.",
        .shows =
            "<driver> without queues on a network interface, queues='1' or a machine type before 5.2 on a disk, with "
            "4 vCPUs or more.",
        .costs = RESTART " Each queue costs memory on the host.",
        .note = "Only information where the guest's load was not seen. Of no use if wake-ups pile up on few CPUs.",
        .source = "[R] igvm #124, irqbalance #93; QEMU hw/core/machine.c; osv #1463",
        .remedies =
            {
                {KT_LAYER_LIBVIRT,
                 "virsh edit {name}   # <driver name='vhost' queues='{queues}'/>; in the guest: ethtool -L <nic> "
                 "combined {queues}"},
                {KT_LAYER_NOVA, "hw:vif_multiqueue_enabled=true in a new flavor, then resize"},
                {KT_LAYER_PROXMOX, "qm set <vmid> --net0 virtio,bridge=...,queues={queues}"},
                {KT_LAYER_QEMU, "-netdev tap,...,vhost=on,queues={queues} -device virtio-net-pci,mq=on,vectors=..."},
            },
        .run = kt_check_x44,
    },
    {
        .id = "X45",
        .severity = 2,
        .title = "Emulated NIC / no vhost",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition",
        .risk = "B",
        .cause =
            "An emulated network card leaves the guest for each register; without vhost each packet passes through "
            "QEMU's process.",
        .shows = "<model type='e1000'/> or rtl8139, <driver name='qemu'/>.",
        .costs = RESTART " The guest needs the virtio driver, and may name its interface anew.",
        .source = "[R] libvirt formatdomain (driver name: vhost by default where it is there); QEMU virtio-net",
        .remedies = {{KT_LAYER_LIBVIRT, "virsh edit {name}   # <model type='virtio'/>, <driver name='vhost'/>"},
                     {KT_LAYER_NOVA, "openstack image set --property hw_vif_model=virtio <image>   # then rebuild"},
                     {KT_LAYER_PROXMOX, "qm set <vmid> --net0 virtio,bridge=..."},
                     {KT_LAYER_QEMU, "-netdev tap,...,vhost=on -device virtio-net-pci"}},
        .run = kt_check_x45,
    },
    {
        .id = "X46",
        .severity = 1,
        .title = "RT policy on shared CPUs",
        .applies = KT_FOR_DOMAIN,
        .needs = "domain definition",
        .risk = "L B",
        .cause =
            "A real-time vCPU is never preempted by ordinary threads: neighbours, the emulator and kernel threads on "
            "the same CPU starve.",
        .shows = "<vcpusched scheduler='fifo'> without pins to CPUs of its own.",
        .costs = "None when the policy is dropped; CPUs of its own cost capacity.",
        .source = "[R] tuned realtime-virtual-host; nova real-time documentation",
        .remedies = {{KT_LAYER_LIBVIRT,
                      "virsh edit {name}   # pin each vCPU to an isolated CPU, or remove <vcpusched>"},
                     {KT_LAYER_NOVA, "hw:cpu_policy=dedicated with hw:cpu_realtime and a mask"}},
        .run = kt_check_x46,
    },
    {.id = "X47",
     .severity = 1,
     .title = "Confidential or file-backed memory constraints ignored by plans",
     .applies = KT_FOR_DOMAIN,
     .risk = "-",
     .source = "[R] nova (file_backed vs hugepages)"},
};

KT_CHECK_GROUP(kt_checks_domain_devices, rows);
