# SPDX-License-Identifier: GPL-2.0-or-later
# A machine as lines of text, and these lines as arguments of QEMU:
#   node N cpus C memory SIZE     C = 0: no CPUs; SIZE = 0: no memory
#   distance A B D                one direction; from a node to itself it is 10
#   threads T                     CPUs of a core
#   hugepages N COUNT             2 MiB pages
#   pci N                         a network card on node N

# topology_make SHAPE MEMORY: the lines of "4x2".
topology_make() {
    local nodes=${1%x*} cpus=${1#*x} a b
    [[ "$1" =~ ^[0-9]{1,2}x[0-9]{1,2}$ ]] && [ "$nodes" -ge 1 ] && [ "$cpus" -ge 1 ] && [ $((nodes * cpus)) -le 64 ] ||
        die "--topology: expected NODESxCPUS such as 4x2 (64 CPUs at most) or a file, got '$1'"
    for ((a = 0; a < nodes; a++)); do
        echo "node $a cpus $cpus memory $2"
    done
    for ((a = 0; a < nodes; a++)); do
        for ((b = 0; b < nodes; b++)); do
            [ "$a" = "$b" ] && continue
            if [ "$nodes" -le 2 ]; then
                echo "distance $a $b 21"
            elif [ $((a / 2)) = $((b / 2)) ]; then
                echo "distance $a $b 16"
            else
                echo "distance $a $b 32"
            fi
        done
    done
}

# topology_distances ROWS: lines of "10,21/21,10".
topology_distances() {
    local a=0 b row value
    for row in ${1//\// }; do
        b=0
        for value in ${row//,/ }; do
            [[ "$value" =~ ^[0-9]+$ ]] && [ "$value" -ge 10 ] && [ "$value" -le 254 ] ||
                die "--distances: expected numbers from 10 to 254, got '$value'"
            [ "$a" = "$b" ] || echo "distance $a $b $value"
            b=$((b + 1))
        done
        a=$((a + 1))
    done
}

# topology_check FILE: complains about the first line that is not understood.
topology_check() {
    local bad
    bad=$(grep -nvE '^(#.*|[[:space:]]*|node [0-9]+ cpus [0-9]+ memory (0|[0-9]+[MG])|distance [0-9]+ [0-9]+ [0-9]+|threads [12]|hugepages [0-9]+ [0-9]+|pci [0-9]+)[[:space:]]*$' "$1" | head -1 || true)
    [ -z "$bad" ] || die "topology, line ${bad%%:*}: not understood: '${bad#*:}'"
    grep -q '^node 0 ' "$1" || die "topology: there is no node 0"
}

gcd() { if [ "$2" = 0 ]; then echo "$1"; else gcd "$2" $(($1 % $2)); fi; }

# topology_smp FILE: -smp. A socket has as many CPUs as fit whole into every node.
topology_smp() {
    local total=0 socket=0 threads cpus
    threads=$(awk '$1 == "threads" {t = $2} END {print t ? t : 1}' "$1")
    while read -r cpus; do
        total=$((total + cpus))
        socket=$(gcd "$socket" "$cpus")
    done < <(awk '$1 == "node" {print $4}' "$1")
    [ "$total" -ge 1 ] || die "topology: there is no CPU"
    [ $((socket % threads)) = 0 ] || die "topology: $socket CPUs of a socket are no whole cores of $threads threads"
    echo "-smp $total,sockets=$((total / socket)),cores=$((socket / threads)),threads=$threads"
}

# topology_numa FILE: memory (in the order of the nodes: the meter counts on it) and nodes.
topology_numa() {
    awk '
    function mib(size) { return size ~ /G$/ ? size * 1024 : size + 0 }
    $1 == "node" {
        memory = mib($6)
        total += memory
        node = "-numa node,nodeid=" $2
        if (memory) {
            print "-object memory-backend-ram,id=m" $2 ",size=" memory "M"
            node = node ",memdev=m" $2
        }
        if ($4) {
            node = node ",cpus=" cpu "-" cpu + $4 - 1
            cpu += $4
        }
        nodes[n++] = node
    }
    $1 == "distance" { dist[d++] = "-numa dist,src=" $2 ",dst=" $3 ",val=" $4 }
    $1 == "pci" {
        p++
        pci = pci "-device pxb-pcie,id=pxb" p ",bus=pcie.0,bus_nr=" 16 * (p + 1) ",numa_node=" $2 "\n"
        pci = pci "-device pcie-root-port,id=port" p ",bus=pxb" p ",chassis=" p "\n"
        pci = pci "-device e1000e,bus=port" p ",romfile=\n"
    }
    BEGIN { cpu = 0 }
    END {
        print "-m " total "M"
        for (i = 0; i < n; i++) print nodes[i]
        for (i = 0; i < d; i++) print dist[i]
        printf "%s", pci
    }' <(sort -s -k1,1 -k2,2n "$1" | grep -v '^#')
}
