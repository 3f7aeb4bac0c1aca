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

story "Another core is idle: kvmtune gives each vCPU a core of its own, while the guest runs."
remember pair
check "planned and applied" heals
check "its vCPUs may run on one CPU each, of two cores" is "$(threads_of pair | sed -n 's/^CPU .*Cpus_allowed_list: \([0-9]*\) .*/\1/p' | awk '{print int($1 / 2)}' | sort -u | wc -l)" -eq 2
doctor_is_content "X34"
check "the rollback restores it" takes_back pair
the_end
