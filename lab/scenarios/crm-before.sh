# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2
. scenario.sh
story "The published case in small: each vCPU a socket of its own, one node though the guest is wider"
story "than one, an old CPU model without an L3."
fresh
running_guest crm --vcpus 4 --memory 256 --topology 4,1,1 --cpu kvm64 --cache disable --run sees
check "it is up" console_says crm "guest: sees [0-9]"
seen=$(sed -n 's/.*guest: sees \([0-9].*\)/\1/p' /run/lab/consoles/crm.log | tr -d '\r')
story "the guest sees $seen"
check "its kernel sees 4 sockets, no L3, one node" is "$seen" = "4 CPUs, 4 sockets, 0 L3, 1 nodes"
doctor_names "X01 X03 X06 X11" "X36 H20 H21 X21 X40"
the_end
