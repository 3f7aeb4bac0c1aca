# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 2x4 --smt --one-thread
. scenario.sh
story "The two vCPUs of a guest were pinned to CPUs 0 and 1: these are the two threads of one core,"
story "but the guest takes its vCPUs for two cores."
fresh
guest pair --pin "0 1" --topology 1,2,1 --memory-nodes "strict 0"

check "CPUs 0 and 1 are one core" is "$(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list)" = 0-1
check "vCPU 0 may run on CPU 0 only" grep -q "^Cpus_allowed_list:.0$" "/proc/$(vcpu_threads pair | sed -n 1p)/status"
check "vCPU 1 may run on CPU 1 only" grep -q "^Cpus_allowed_list:.1$" "/proc/$(vcpu_threads pair | sed -n 2p)/status"
doctor_names "X07" "X34"
the_end
