# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --one-thread
. scenario.sh
story "Two guests were started on node 0. Later an administrator gave them CPUs of their own,"
story "on nodes 3 and 2; nobody thought of their memory."
fresh
guest near --cpus 0-1
guest far --cpus 0-1
virsh -q "vcpupin near 0 6 --live --config; vcpupin near 1 7 --live --config; vcpupin far 0 4 --live --config; vcpupin far 1 5 --live --config"

check "the kernel has no memory of 'near' on node 3" is "$(locality near 3)" -le 5
check "the kernel has no memory of 'far' on node 2" is "$(locality far 2)" -le 5
doctor_names "H20" "X16 X34"
the_end
