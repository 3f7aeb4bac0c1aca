# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2
. scenario.sh
story "Two guests with a busy vCPU each were pinned to the same CPU, while seven others idle."
fresh
for name in first second; do
    running_guest $name --vcpus 1 --pin 2 --memory 192 --memory-nodes "strict 1" --run dd,if=/dev/zero,of=/dev/null,bs=1M
done
check "the first is busy" console_says first "guest: runs dd"
check "the second is busy" console_says second "guest: runs dd"
sleep 3

waited_ms() { awk '{print int($2 / 1000000)}' "/proc/$1/schedstat"; }
thread=$(vcpu_threads first)
before=$(waited_ms "$thread")
start=$(date +%s%N)
sleep 5
elapsed=$((($(date +%s%N) - start) / 1000000))
waited=$(($(waited_ms "$thread") - before))
story "the vCPU of the first waited $waited of $elapsed ms for its CPU"
check "it waits more than a fifth of the time" is $((waited * 5)) -ge "$elapsed"
doctor_names "H40 H45" "X34"
the_end
