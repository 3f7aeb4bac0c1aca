/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/groups.h"
#include "checks/nova_checks.h"

#define NEW_FLAVOR                                                                                                     \
  "openstack flavor create --vcpus {vcpus} --ram {ram} --disk {disk} --property hw:cpu_sockets={sockets} "             \
  "--property hw:cpu_cores={cores} --property hw:cpu_threads=1 {flavor}.topology"
#define RESIZE "openstack server resize --flavor {flavor}.topology {server}; openstack server resize confirm {server}"

static const KtCheck rows[] = {
    {.id = "N01",
     .severity = 2,
     .title = "cpu_mode=host-model/custom on a homogeneous cloud",
     .applies = KT_FOR_FLAVOR | KT_FOR_HOST,
     .needs = "nova.conf, the CPUs of two or more hosts",
     .risk = "B M!",
     .cause = "host-model and custom name a model that is near the host's CPU and hide the rest; where all hosts are "
              "alike nothing is won by that.",
     .shows = "[libvirt] cpu_mode in nova.conf is host-model (the default on KVM) or custom, and the hosts' CPUs are "
              "the same "
              "in vendor, family, model and stepping.",
     .costs =
         "nova-compute restarts; each server stops and starts. A server then moves live only to hosts with the same "
         "CPU (and microcode).",
     .note =
         "host-passthrough alone does not bring the host's L3 to the guest today (X03, X04). The case patched "
         "driver.py "
         "because nova.conf applies to a whole host; cpu_mode in the hosts' own nova.conf, or an aggregate, does it "
         "without a patch.",
     .source = "[R] nova conf/libvirt.py; case",
     .remedies = {{KT_LAYER_NOVA,
                   "[libvirt] cpu_mode = host-passthrough   # in nova.conf of the aggregate's hosts, then restart "
                   "nova-compute and hard-reboot the servers"}},
     .run = kt_check_n01},
    {.id = "N02",
     .severity = 3,
     .title = "Flavor lacks topology",
     .applies = KT_FOR_FLAVOR,
     .x86_only = TRUE,
     .needs = "openstack flavor show (vcpus, properties), the image's properties",
     .risk = "resize (cold)",
     .cause = "Nova prefers sockets: a flavor that asks for nothing gives each vCPU a socket of its own. Then no two "
              "vCPUs share "
              "a cache, and the guest's scheduler wakes threads by interrupts (X06).",
     .shows = "More than 2 vCPUs and neither hw:cpu_sockets, hw:cpu_cores nor hw:cpu_max_sockets, in the flavor or as "
              "hw_cpu_* in "
              "the image; or a value that does not divide the vCPUs, which Nova passes over.",
     .costs =
         "A new flavor and a cold resize of each server (minutes of downtime). Windows counts licences by sockets.",
     .effect =
         "in the published case: from 70-90 % to 10-20 % CPU, together with the L3 and the nodes; not measured alone",
     .note =
         "hw:numa_nodes does not change the sockets: set both (N05). A flavor that is changed in place does not reach "
         "existing servers (N04). Any hw_cpu_* value of the image replaces all three of the flavor.",
     .source = "[R] nova virt/hardware.py; sapcc #6691; case",
     .remedies = {{KT_LAYER_NOVA, NEW_FLAVOR},
                  {KT_LAYER_NOVA, RESIZE},
                  {KT_LAYER_NOVA,
                   "openstack image set --property hw_cpu_sockets={sockets} --property hw_cpu_cores={cores} "
                   "--property hw_cpu_threads=1 {image}   # instead, then rebuild: it loses the root disk"}},
     .run = kt_check_n02},
    {.id = "N03",
     .severity = 3,
     .title = "Flavor lacks hw:numa_nodes though wide",
     .applies = KT_FOR_FLAVOR,
     .needs = "openstack flavor show, the nodes of a host that it runs on (numactl --hardware)",
     .risk = "resize",
     .cause = "A guest larger than a node runs on several nodes of the host and is shown one: its kernel cannot keep "
              "memory near "
              "its threads (X11).",
     .shows = "vCPUs or RAM above the largest node of the host, and no hw:numa_nodes.",
     .costs = "A new flavor and a cold resize. Each guest node needs a host node of its own with enough free CPUs and "
              "memory: "
              "fewer hosts may fit.",
     .note = "The case used hw:numa_nodes=4 for 32 vCPUs. hw:mem_page_size and hw:cpu_policy=dedicated imply one node: "
             "set hw:numa_nodes with them.",
     .source = "[R] case; nova doc admin/cpu-topologies.rst",
     .remedies = {{KT_LAYER_NOVA, NEW_FLAVOR " --property hw:numa_nodes={cells}"}, {KT_LAYER_NOVA, RESIZE}},
     .run = kt_check_n03},
    {.id = "N04",
     .severity = 2,
     .title = "Specs changed, servers not",
     .applies = KT_FOR_FLAVOR,
     .needs = "openstack server show (its embedded flavor) and openstack flavor show of the same flavor",
     .risk = "cold migration",
     .cause = "Nova keeps a copy of the flavor in each server: a change of extra specs reaches new servers only.",
     .shows = "The properties inside the server's flavor differ from those of the flavor.",
     .costs = "A cold resize; Nova refuses a resize to the flavor that the server already has, so it takes a new one.",
     .source = "[R] nova doc user/flavors.rst",
     .remedies = {{KT_LAYER_NOVA,
                   "openstack server resize --flavor <new flavor with these properties> {server}; openstack server "
                   "resize confirm {server}"}},
     .run = kt_check_n04},
    {.id = "N05",
     .severity = 2,
     .title = "numa_nodes set, sockets not aligned",
     .applies = KT_FOR_FLAVOR,
     .x86_only = TRUE,
     .needs = "openstack flavor show, the image's properties",
     .risk = "resize",
     .cause = "hw:numa_nodes does not touch the sockets. Where a socket lies in two nodes, so does the L3 that the "
              "guest sees, and "
              "the guest's kernel throws that cache domain away (X05, X14).",
     .shows = "The sockets that follow from hw:cpu_* differ from hw:numa_nodes.",
     .costs = "A new flavor and a cold resize.",
     .note = "More sockets than nodes, evenly spread, cost little.",
     .source = "[R] nova virt/hardware.py",
     .remedies = {{KT_LAYER_NOVA, NEW_FLAVOR " --property hw:numa_nodes={cells}"}, {KT_LAYER_NOVA, RESIZE}},
     .run = kt_check_n05},
    {.id = "N06",
     .severity = 2,
     .title = "Floating and NUMA guests mixed on a host",
     .applies = KT_FOR_ANY_HOST,
     .needs = "the definitions of the host's guests, or openstack server show of each (as an administrator)",
     .risk = "operational",
     .cause =
         "A guest without cells floats over all CPUs and nodes of the host, those of dedicated guests too, and Nova "
         "does not count it where it counts a node's memory: guests with cells lose CPU time, and memory that was "
         "promised to them on their nodes.",
     .shows = "Nova's guests on one host: some with <numa> cells, vcpupin and numatune, some with none of them; or, by "
              "their flavors, some with hw:numa_nodes, hw:mem_page_size or hw:cpu_policy and some without.",
     .costs = "Two groups of hosts, each with its own reserve; servers move to theirs by a migration.",
     .note = "cpu_shared_set with cpu_dedicated_set keeps the CPUs apart, not the memory of nodes. Without them guests "
             "with shared CPUs of their node run on the CPUs of dedicated ones too.",
     .source = "[K] nova docs",
     .remedies = {{KT_LAYER_NOVA,
                   "an aggregate of hosts for each kind: openstack aggregate set --property numa=true <aggregate>; "
                   "flavors with aggregate_instance_extra_specs:numa=true, the others =false "
                   "(AggregateInstanceExtraSpecsFilter)"},
                  {KT_LAYER_NOVA,
                   "[compute] cpu_dedicated_set and cpu_shared_set in the host's nova.conf: floating guests then keep "
                   "off the dedicated CPUs; for an empty host, since guests that run keep their CPUs"}},
     .run = kt_check_n06},
    {.id = "N07",
     .severity = 1,
     .title = "dedicated without thread/emulator policy",
     .applies = KT_FOR_FLAVOR,
     .needs = "openstack flavor show, the threads of a core of the host (lscpu)",
     .risk = "resize",
     .cause =
         "Dedicated vCPUs are taken from siblings and cores as they come, so that two guests may share a core; and "
         "QEMU's own threads run on the CPUs of the vCPUs.",
     .shows = "hw:cpu_policy=dedicated (or mixed) on hosts with two threads a core, without hw:cpu_thread_policy or "
              "without hw:emulator_threads_policy.",
     .costs =
         "A new flavor and a cold resize; isolate leaves the second thread of each core idle, an isolated emulator "
         "thread takes one CPU more of each server.",
     .note = "It matters where latency does. require fails on hosts without threads. share needs cpu_shared_set in "
             "nova.conf.",
     .source = "[R] nova",
     .remedies = {{KT_LAYER_NOVA, "a new flavor with --property hw:cpu_thread_policy=require (or isolate) --property "
                                  "hw:emulator_threads_policy=share, and [compute] cpu_shared_set in nova.conf"},
                  {KT_LAYER_NOVA, RESIZE}},
     .run = kt_check_n07},
    {.id = "N08",
     .severity = 1,
     .title = "Image not marked windows / old buses",
     .applies = KT_FOR_FLAVOR,
     .needs = "openstack image show (name, properties)",
     .risk = "r/B",
     .cause =
         "Only for os_type=windows Nova writes the Hyper-V enlightenments, the hypervclock and local time; disks and "
         "network cards that QEMU emulates cost an exit for each register.",
     .shows =
         "A Windows image (os_distro, its name) without os_type=windows; hw_disk_bus=ide or sata, hw_vif_model=e1000 "
         "or rtl8139.",
     .costs =
         "Properties of an image count for servers that are made or rebuilt afterwards. Drivers of virtio have to be "
         "in the guest before its disk is one.",
     .note = "hv-stimer cannot be had by any property (X39).",
     .source = "[R] nova driver",
     .remedies = {{KT_LAYER_NOVA, "openstack image set --property os_type=windows {image}   # then rebuild"},
                  {KT_LAYER_NOVA,
                   "openstack image set --property hw_disk_bus=virtio --property hw_vif_model=virtio {image}   # with "
                   "virtio drivers in the guest; then rebuild"}},
     .run = kt_check_n08},
    {.id = "N09",
     .severity = 2,
     .title = "Tool edits XML that Nova rewrites",
     .applies = KT_FOR_DOMAIN,
     .needs = "the definition of a guest of Nova's",
     .risk = "-",
     .cause =
         "Nova writes a server's definition anew at each hard reboot, resize, migration and start: what another hand "
         "put into it is gone then, and the guest is slow again.",
     .shows = "A definition of Nova's with what Nova has no key for: <cache>, dies, hint-dedicated, stimer, pins or "
              "numatune without cells, a numatune mode that is not strict.",
     .costs = "What flavor keys can say costs a resize; the rest has to be made anew after each start.",
     .note = "A nova-compute that was patched, as the case's was, writes such elements itself: then they stay.",
     .source = "[K]",
     .remedies = {{KT_LAYER_NOVA,
                   "say it by flavor keys and nova.conf as far as they go: kvmtune nova explain, cloud plan"},
                  {KT_LAYER_LIBVIRT,
                   "what no key can say: made anew after each start by a hook of libvirt's, as the last resort"}},
     .run = kt_check_n09},
};

KT_CHECK_GROUP(kt_checks_nova, rows);
