# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 2x1 --memory 640M --distances 10,32/32,10 --no-libvirt --latency
. scenario.sh
. bare-guest.sh
story "A guest runs on the CPU of node 0 and has its memory on node 1, at distance 32: a miss takes"
story "3.2 times as long as it should. Then its memory is moved."

# A walk in the guest whose stores all miss, counted from within: host CPU ns of its
# CPU for each store of the walk, and local misses in percent. What the kernels of
# guest and host do meanwhile is in the time, and the more of it the busier the machine is.
walk() {
    bare_guest_run "walk -m 16 -p 4 -s 64 -M" | tee -a "$RESULTS/walks.txt" | awk '
    $1 == "walk" { walked = $2 }
    $1 == "cpu" && $2 == 0 {
        for (i = 1; $i != "misses"; i++) ;
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
story "a store of the walk took $far_ns ns with $far_local % of the misses local, then $near_ns ns with $near_local %"
check "before, hardly a miss was local" is "${far_local%.*}" -le 5
check "afterwards, nearly all are" is "${near_local%.*}" -ge 95
check "far memory took at least 1.5 times as long" slower "$far_ns" "$near_ns" 1.5
bare_guest_end
the_end
