# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x1 --memory 512M --no-libvirt --meter
. scenario.sh
story "The meter's proof: 8,388,608 stores by a CPU of node A to memory of node B are found in"
story "cell (A, B), for all pairs, and in no other cell of the CPU's row; of a sample of them, too."

# Of raw counts behind a walk, in thousandths of it: the cell (A, B), the largest
# other cell of A's row, and what is of no node.
per_mille() { # INDEX_A INDEX_B
    awk -v a="$1" -v b="$2" '
    $1 == "walk" { walked = $2 }
    $1 == "meter" { sample = $4 }
    $1 == "cpu" && $4 == a {
        for (i = 1; $i != "stores"; i++) ;
        for (j = 0; $(i + 1 + j) != "other"; j++) cells[j] += $(i + 1 + j) * sample
        other += $(i + 2 + j) * sample
    }
    END {
        for (c in cells) if (c != b && cells[c] > most) most = cells[c]
        printf "%d %d %.2f\n", 1000 * cells[b] / walked, 1000 * most / walked, 1000 * other / walked
    }'
}

# The kernel stores there by itself: up to 2 % of the walk may be in other cells, or too
# much in the right one. A busy machine may put more of that into one window: three tries.
found() { # NODE_A INDEX_A NODE_B INDEX_B
    local cell most other
    for _ in 1 2 3; do
        read -r cell most other < <(numactl --cpunodebind="$1" --membind="$3" lab-walk -m 16 -p 4 -M | per_mille "$2" "$4")
        echo "$sample $1 $3 $cell $most $other" >>"$RESULTS/pairs.txt"
        [ "$cell" -ge 999 ] && [ "$cell" -le 1020 ] && [ "$most" -le 20 ] && [ "$other" = 0.00 ] && return
    done
    echo "# cell $cell, largest other $most, of no node $other (per mille of the walk)"
    return 1
}

nodes=(/sys/devices/system/node/node[0-9]*)
echo "# one-in cpu-node memory-node cell largest-other no-node" >"$RESULTS/pairs.txt"
for sample in 1 17; do
    lab-meter sample $sample
    for ((a = 0; a < ${#nodes[@]}; a++)); do
        for ((b = 0; b < ${#nodes[@]}; b++)); do
            check "one in $sample: CPU of node ${nodes[a]##*node}, memory of node ${nodes[b]##*node}" \
                found "${nodes[a]##*node}" $a "${nodes[b]##*node}" $b
        done
    done
done
lab-meter sample 1
the_end
