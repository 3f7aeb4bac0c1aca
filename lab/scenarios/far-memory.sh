# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 2x1 --memory 640M --distances 10,21/21,10 --no-libvirt --latency
. scenario.sh
. bare-guest.sh
story "A guest runs on the CPU of node 0 and has its memory on node 1, at distance 21. Its misses"
story "take 2.1 times as long as they should; then its memory is moved, and they do not any more."

# A walk in the guest whose stores all miss, counted from within: host CPU ns of a store, local stores in percent.
walk() {
    bare_guest_run "walk -m 16 -p 4 -s 64 -M" | tee -a "$RESULTS/walks.txt" | awk '
    $1 == "walk" { walked = $2 }
    $1 == "cpu" && $2 == 0 {
        for (i = 1; $i != "stores"; i++) ;
        printf "%d %.1f\n", $6 / walked, 100 * $(i + 1) / ($(i + 1) + $(i + 2))
    }'
}

# The smallest time of some: others disturb.
best_walk() {
    for _ in 1 2 3 4; do walk; done | sort -n | head -1
}

slower() { # A B FACTOR
    awk -v a="$1" -v b="$2" -v f="$3" 'BEGIN {exit !(b > 0 && a >= b * f)}'
}

lab-meter off # it boots faster where far memory is not felt
check "the guest comes up" bare_guest far -smp 1 -m 192 -cpu host -M pc,memory-backend=m \
    -object memory-backend-ram,id=m,size=192M,host-nodes=1,policy=bind,prealloc=on
taskset -apc 0 "$guest_pid" >/dev/null
read -r far_ns far_local < <(best_walk)
check "its memory is moved" migratepages "$guest_pid" all 0
read -r near_ns near_local < <(best_walk)
story "a store that misses took $far_ns ns with $far_local % local, then $near_ns ns with $near_local % local"
check "before, hardly a store was local" is "${far_local%.*}" -le 5
check "afterwards, nearly all are" is "${near_local%.*}" -ge 95
check "a miss was at least 1.7 times as dear (by the distances 2.1)" slower "$far_ns" "$near_ns" 1.7
bare_guest_end
the_end
