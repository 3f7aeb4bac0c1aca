# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --one-thread
. scenario.sh
story "All huge pages were reserved on node 0. A guest on huge pages is pinned to node 2:"
story "its memory can only come from node 0."
fresh
echo 160 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
guest huge --pin "4 5" '<memoryBacking><hugepages/></memoryBacking>'

check "node 0 has huge pages" is "$(cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages)" -ge 128
check "node 2 has none" is "$(cat /sys/devices/system/node/node2/hugepages/hugepages-2048kB/nr_hugepages)" = 0
check "all of its memory is on node 0" is "$(locality huge 0)" -ge 99
doctor_names "H28 H20" "X16 X34"

story "kvmtune brings the guest to its memory, as there is no other; nothing is stopped."
remember huge
check "planned and applied" heals
check "its vCPUs run on node 0" is "$(threads_of huge | grep -c 'KVM: Cpus_allowed_list: [01] ')" = 2
check "all of its memory is on node 0" is "$(locality huge 0)" -ge 99
doctor_is_content "X16 X34"
check "the rollback restores all of it" takes_back huge
the_end
