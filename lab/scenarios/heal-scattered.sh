# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --meter
. scenario.sh
story "A guest at work was started on node 0 beside another one; then it was given CPUs on node 3, and its memory stayed."
story "Who brings them together? Nobody, the kernel's NUMA balancing, numad, kvmtune: each from the same state, in the"
story "same guest, with as much time. Counted by the kernel (numa_maps), and by the meter while the guest writes each"
story "word of its pages once."
fresh
limit=${1:-60}
table=$RESULTS/table.md
guest near --pin "0 1" --memory-nodes "restrictive 0"
guest-xml far --bare --vcpus 2 --memory 128 --cpus 0-1 '<memoryBacking><allocation mode="ondemand"/></memoryBacking>' >/tmp/far.xml
virsh -q "define /tmp/far.xml; start far"
exec 5<>"$(virsh ttyconsole far | head -1)"
check "it is at work" console_says far ready

# Of its memory, percent on the nodes where its vCPUs may run; there are two CPUs to a node. Without starting
# programs, as far as it goes: each takes long here.
local_share() {
    local on=0 task name key value nodes=()
    for task in /proc/"$(pid_of far)"/task/*; do
        read -r name <"$task/comm"
        [[ $name == CPU*KVM ]] || continue
        while read -r key value; do
            [ "$key" != Cpus_allowed_list: ] || nodes[${value%%[-,]*} / 2]=1
        done <"$task/status"
    done
    for task in "${!nodes[@]}"; do on=$((on + $(locality far "$task"))); done
    echo "$on"
} 2>/dev/null

# Of all that the guest's CPU (the busiest) reads and writes while it walks, percent on its own node.
by_meter() {
    local walks end=$((SECONDS + 60))
    walks=$(grep -c walked /run/lab/consoles/far.log)
    lab-meter sample 17
    printf w >&5
    until [ "$(grep -c walked /run/lab/consoles/far.log)" -gt "$walks" ]; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.5
    done
    lab-meter show | tee -a "$RESULTS/meter.txt" | awk '$1 ~ /^[0-9]+$/ && $3 > most {most = $3; share = $(4 + $2)} END {printf "%.1f\n", share}'
}

same_start() {
    pkill -x numad
    echo 0 >/proc/sys/kernel/numa_balancing
    virsh -q "vcpupin far 0 6 --live --config; vcpupin far 1 7 --live --config; emulatorpin far 0-1 --live --config"
    migratepages "$(pid_of far)" all 0
    [ "$(local_share)" = 0 ]
}

# try WAY COMMAND...: a line of the table. What it does in the background counts, too, until the time is over; it
# came to rest when the share was last more than a percent from what it ended with.
try() {
    local way=$1 start helper path=$RESULTS/$1.shares
    shift
    check "before $way: none of it is near" same_start
    before=$(by_meter)
    start=$SECONDS
    "$@" >"$RESULTS/$way.txt" 2>&1 &
    helper=$!
    until near=$(local_share) && echo "$((SECONDS - start)) $near" >>"$path" && [ "$near" -ge 99 ] || [ $((SECONDS - start)) -ge "$limit" ]; do
        sleep 1
    done
    wait $helper
    after=$(by_meter)
    rest=$(awk -v end="$near" '$2 < end - 1 {rest = ""; next} rest == "" {rest = $1} END {print rest}' "$path")
    [ "$near" -gt 0 ] && rest="$rest s" || rest=never
    printf '| %s | 0 %% | %s %% | %s | %s %% | %s %% |\n' "$way" "$near" "$rest" "$before" "$after" | tee -a "$table"
}

kernel_balances() { echo 1 >/proc/sys/kernel/numa_balancing; }
numad_runs() { numad -i 3:5; }
kvmtune_heals() {
    kvmtune plan far -o "$RESULTS/plan.json"
    kvmtune apply "$RESULTS/plan.json" --yes --live --measure 0
}

{
    echo "| who | local before | local after | settled after | accesses local before, by the meter | after |"
    echo "|---|---|---|---|---|---|"
} | tee "$table"
try nobody true
check "nobody moves it" is "$near" = 0
check "the meter sees it far" is "${after%.*}" -le 5
try balancing kernel_balances
try numad numad_runs
try kvmtune kvmtune_heals
check "kvmtune: at least 99 % of it is local, by the kernel" is "$near" -ge 99
check "kvmtune: at least 99 % of its accesses are local, by the meter" is "${after%.*}" -ge 99
the_end
