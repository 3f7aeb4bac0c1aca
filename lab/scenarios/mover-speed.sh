# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --one-thread
# by hand: it measures, and takes minutes
. scenario.sh
story "How fast is kvmtune's mover beside migratepages(8) and a bare loop of move_pages(2)? The same guest of"
story "256 MiB, from node 0 to node 3 and by migratepages back, with and without transparent huge pages."
fresh
table=$RESULTS/table.md
printf '| pages | mover | on node 3 | took | rate |\n|---|---|---|---|---|\n' | tee "$table"

on_node() { locality m | sed -n "s/^node $1: \([0-9]*\) MiB$/\1/p" | grep . || echo 0; }
row() { # PAGES MOVER MIB-A-SECOND MILLISECONDS
    printf '| THP %s | %s | %s of 256 MiB | %s ms | %s MiB/s |\n' "$1" "$2" "$(on_node 3)" "$4" "$3" | tee -a "$table"
}
speed() { # PAGES MOVER COMMAND...
    local pages=$1 mover=$2 start took
    shift 2
    migratepages "$(pid_of m)" all 0
    start=$(date +%s%N)
    "$@" >"$RESULTS/$mover.txt" 2>&1
    took=$((($(date +%s%N) - start) / 1000000))
    row "$pages" "$mover" "$((256000 / (took + 1)))" "$took"
    # what it says of itself: without the start of the program and of libvirt's client, seconds here
    awk '/^progress/ {kib = $2; rate = $6 + 0} END {if (rate) print int(rate / 1024), int(1000 * kib / rate)}' "$RESULTS/$mover.txt" |
        while read -r rate own; do row "$pages" "$mover, by its own clock" "$rate" "$own"; done
}

for pages in never always; do
    echo "$pages" >/sys/kernel/mm/transparent_hugepage/enabled
    guest m --memory 256 --cpus 0-1
    for _ in 1 2; do
        speed "$pages" migratepages migratepages "$(pid_of m)" all 3
        speed "$pages" bare-loop lab-movepages "$(pid_of m)" 3
        speed "$pages" kvmtune hand write memory m 0 3:1
        check "THP $pages: all of it moved, by the kernel's counters" is "$(locality m 3)" -ge 99
    done
    check "THP $pages: no page was left as busy" is "$(grep -c stayed "$RESULTS/kvmtune.txt")" -eq 0
    virsh -q "destroy m; undefine m"
done
the_end
