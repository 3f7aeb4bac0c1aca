# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --meter
. scenario.sh
story "A busy guest was started on node 0; then it was given CPUs on node 3, and its memory stayed."
story "Who brings it to its memory, or its memory to it? Nobody, the kernel's NUMA balancing, numad, kvmtune:"
story "each from the same state, in the same guest, with a minute's time."
fresh
limit=60
table=$RESULTS/table.md
lab-meter off
running_guest far --memory 192 --cpus 0-1 --run dirtier,-m,64,-s,500
check "it works" console_says far "guest: runs dirtier"

# Of its memory, percent on the nodes where its vCPUs ran last, by the kernel: numa_maps and stat.
local_share() {
    local nodes=() thread on=0 node
    for thread in $(vcpu_threads far); do
        nodes+=($(($(awk '{sub(/.*[)]/, ""); print $37}' "/proc/$thread/stat") / 2)))
    done
    for node in $(printf '%s\n' "${nodes[@]}" | sort -u); do on=$((on + $(locality far "$node"))); done
    echo "$on"
}

by_meter() { # seconds
    lab-meter on
    lab-meter sample 17
    lab-meter watch "$1" | sed -n 's/^far: \([0-9.]*\) % local.*/\1/p'
    lab-meter off
}

same_start() {
    pkill -x numad
    echo 0 >/proc/sys/kernel/numa_balancing
    virsh -q "vcpupin far 0 6 --live --config; vcpupin far 1 7 --live --config; emulatorpin far 0-1 --live --config"
    migratepages "$(pid_of far)" all 0
    sleep 2
    [ "$(local_share)" -le 1 ]
}

try() { # WAY COMMAND...: a line of the table
    local way=$1 start near before
    shift
    check "before $way: none of it is near" same_start
    before=$(by_meter 5)
    start=$SECONDS
    "$@" >"$RESULTS/$way.txt" 2>&1
    until near=$(local_share) && [ "$near" -ge 99 ] || [ $((SECONDS - start)) -ge $limit ]; do sleep 1; done
    took="$((SECONDS - start)) s"
    [ "$near" -ge 99 ] || took="not in $took"
    printf '| %s | 0 %% | %s %% | %s | %s %% | %s %% |\n' "$way" "$near" "$took" "$before" "$(by_meter 5)" | tee -a "$table"
}

balancing() { echo 1 >/proc/sys/kernel/numa_balancing; }
numad_runs() { numad -i 3:5; }
kvmtune_heals() { kvmtune plan -o "$RESULTS/plan.json"; kvmtune apply "$RESULTS/plan.json" --yes --live; }

{
    echo "| who | local before | local after | converged after | accesses local before, by the meter | after |"
    echo "|---|---|---|---|---|---|"
} >"$table"
try nobody true
check "nobody moves it" is "$near" -le 5
try balancing balancing
try numad numad_runs
try kvmtune kvmtune_heals
check "kvmtune: at least 99 % of it is local" is "$near" -ge 99
check "kvmtune: by the meter, too" is "$(tail -1 "$table" | awk -F '[| %]+' '{print int($(NF - 1))}')" -ge 80
doctor_names "" "X16 X34 X06"
the_end
