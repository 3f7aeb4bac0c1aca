# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x1 --memory 1024M --one-thread
. scenario.sh
story "Two guests have their memory on node 0 and their vCPUs on nodes 3 and 2."
story "An administrator moves it with plain virsh, while they exist."
fresh
guest_file one --memory 96 --vcpus 1 --pin 3 --memory-nodes "restrictive 0"
guest_file two --memory 96 --vcpus 1 --pin 2 --memory-nodes "restrictive 0"
start_paused one two
check "none of the memory of 'one' is on node 3" is "$(locality one 3)" = 0
check "none of the memory of 'two' is on node 2" is "$(locality two 2)" = 0
virsh -q "numatune one --nodeset 3 --live; numatune two --nodeset 2 --live"
check "all of the memory of 'one' is on node 3" is "$(locality one 3)" = 100
check "all of the memory of 'two' is on node 2" is "$(locality two 2)" = 100
the_end
