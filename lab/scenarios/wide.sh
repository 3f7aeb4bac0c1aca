# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --one-thread
. scenario.sh
story "A guest of 4 vCPUs on nodes of 2 CPUs. Its memory is interleaved over the nodes, and it is"
story "shown a single node: its kernel cannot keep a thread near its memory."
fresh
guest wide --vcpus 4 --memory 512 --topology 1,4,1 --memory-nodes "interleave 0-1" --cpus 0-3

check "half of its memory is on node 0" is "$(locality wide 0)" -ge 40
check "half of its memory is on node 1" is "$(locality wide 1)" -ge 40
check "QEMU shows it one node" sh -c "! tr '\0' '\n' </proc/$(pid_of wide)/cmdline | grep -q '^node,nodeid=1'"
doctor_names "X11" "X16 X17"

story "kvmtune gives it two cells on two nodes, from its next start on."
remember wide
check "planned and applied" heals --next-boot
check "started anew" started_anew wide
check "QEMU shows it two nodes" grep -q "^node,nodeid=1" <(tr '\0' '\n' <"/proc/$(pid_of wide)/cmdline")
check "each cell's memory is on a node of its own" is "$(locality wide | grep -c ' 25[0-9] MiB')" = 2
doctor_is_content "X16 X17 X34"
check "the rollback restores its definition" takes_back_definition wide
the_end
