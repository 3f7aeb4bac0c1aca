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

waited_pct() { # NAME: of five seconds, how much its vCPU waited for a CPU
    local stat before start
    stat=/proc/$(vcpu_threads "$1")/schedstat
    read -r _ before _ <"$stat"
    start=$(date +%s%N)
    sleep 5
    awk -v before="$before" -v start="$start" -v now="$(date +%s%N)" '{print int(100 * ($2 - before) / (now - start))}' "$stat"
}
waited=$(waited_pct first)
story "the vCPU of the first waited $waited % of the time for its CPU"
check "it waits more than a fifth of the time" is "$waited" -ge 20
doctor_names "H40 H45" "X34"

story "The other CPU of their node is idle: kvmtune brings one of them there, while both run."
remember first second
check "planned and applied" heals
for name in first second; do
    waited=$(waited_pct $name)
    check "$name waits a tenth of the time at most now: $waited %" is "$waited" -le 10
    check "its memory stayed on node 1" is "$(locality $name 1)" -ge 99
done
doctor_is_content "X34"
check "the rollback restores both" takes_back first second
the_end
