# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --one-thread
. scenario.sh
story "A guest is pinned by libvirt, and somebody starts numad to look after the memory."
story "numad cannot change what libvirt's cgroup pins, and it turns a knob of the whole host."
fresh
echo 10000 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
guest pinned --cpus 0-1
virsh -q "vcpupin pinned 0 6 --live --config; vcpupin pinned 1 7 --live --config"
numad -i 3:5
sleep 12

check "numad runs" pgrep -x numad
check "numad has changed khugepaged for the whole host" is "$(cat /sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs)" = 1000
check "the guest's memory is still not on node 3" is "$(locality pinned 3)" -le 5
doctor_names "H23 H20" "X16 X34"

story "The plan says to end numad, and that is for its administrator; the rest kvmtune does."
numad -i 0
check "numad has ended" sh -c "sleep 2; ! pgrep -x numad"
remember pinned
check "planned and applied" heals
check "its memory is where its vCPUs are" is "$(locality pinned 0)" -ge 99
check "both on node 0" is "$(threads_of pinned | grep -c 'KVM: Cpus_allowed_list: [01] ')" = 2
doctor_is_content "X16 X34"
check "the rollback restores all of it" takes_back pinned
the_end
