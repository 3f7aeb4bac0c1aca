# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2
. scenario.sh
story "Guests are not pinned, the kernel's NUMA balancing is off, no daemon runs: the load balancer"
story "has moved a busy guest to another node, and its memory did not follow."
fresh
running_guest roamer --memory 256 --run dirtier,-m,128
check "it works" console_says roamer "guest: runs dirtier"
# it was at home: all of it where most of it is
node=$(locality roamer | sort -t: -k2,2nr | sed -n '1s/node \([0-9]*\):.*/\1/p')
migratepages "$(pid_of roamer)" all "$node"
# the load balancer, hurried: away from there, then free again
away=$(((node + 2) % 4))
for thread in $(vcpu_threads roamer); do
    taskset -pc $((away * 2))-$((away * 2 + 1)) "$thread" >/dev/null
done
sleep 2
before=$(locality roamer $away)
check "hardly any of its memory is where it runs" is "$before" -le 10
for thread in $(vcpu_threads roamer); do taskset -pc 0-7 "$thread" >/dev/null; done
doctor_names "H21 H20" "X06 X16"

story "With balancing the kernel brings the pages that are used after it."
for thread in $(vcpu_threads roamer); do
    taskset -pc $((away * 2))-$((away * 2 + 1)) "$thread" >/dev/null
done
moved=$(awk '$1 == "numa_pages_migrated" {print $2}' /proc/vmstat)
echo 1 >/proc/sys/kernel/numa_balancing
end=$((SECONDS + 120))
until [ "$(locality roamer $away)" -ge $((before + 20)) ] || [ "$SECONDS" -ge "$end" ]; do sleep 1; done
story "memory on its node: $before % before, $(locality roamer $away) % after"
check "at least a fifth more of its memory is near" is "$(locality roamer $away)" -ge $((before + 20))
check "the kernel counts pages it moved" is "$(awk '$1 == "numa_pages_migrated" {print $2}' /proc/vmstat)" -gt "$moved"
the_end
