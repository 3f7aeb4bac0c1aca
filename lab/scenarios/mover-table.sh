# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2
# by hand: it measures, and takes minutes
. scenario.sh
story "What brings a guest's memory from node 0 to node 3, after its vCPUs went there?"
story "Every way, for every policy libvirt can have given it, with one guest cell and with two."
fresh
table=$RESULTS/table.md
mhz=$(awk '/^cpu MHz/ {print int($4); exit}' /proc/cpuinfo)

on_node() { locality m | sed -n "s/^node $1: \([0-9]*\) MiB$/\1/p"; }
all_mib() { locality m | awk '{n += $3} END {print n + 0}'; }

tell() { # COMMAND ANSWER [SECONDS]: to the guest's serial port
    local before
    before=$(grep -c "$2" /run/lab/consoles/m.log)
    printf '%s' "$1" >&5
    for _ in $(seq $((${3:-60} * 5))); do
        [ "$(grep -c "$2" /run/lab/consoles/m.log)" -gt "$before" ] && return
        sleep 0.2
    done
    return 1
}

gap_ms() { # since the last time it was asked
    tell g 'gap [0-9]*' || { echo '?'; return; }
    sed -n 's/.*gap \([0-9]*\).*/\1/p' /run/lab/consoles/m.log | tail -1 | awk -v mhz="$mhz" '{print int($1 * 1024 / mhz / 1000)}'
}

move() {
    case $1 in
        "live numatune") virsh numatune m --nodeset 3 --live ;;
        "move_pages(2)") lab-movepages "$(pid_of m)" 3 ;;
        "migrate_pages(2)") migratepages "$(pid_of m)" all 3 ;;
    esac 2>&1
}

case_of() { # POLICY CELLS MOVER: a line of the table
    local nodes=() said start took near all quiet gap before
    [ "$1" = none ] || nodes=(--memory-nodes "$1 0")
    rm -f /run/lab/consoles/m.log
    guest-xml m --bare --vcpus 2 --memory 128 --cells "$2" --cpus 0-1 "${nodes[@]}" '<memoryBacking><allocation mode="ondemand"/></memoryBacking>' >/tmp/m.xml
    virsh -q "define /tmp/m.xml; start m" || return 1
    exec 5<>"$(virsh ttyconsole m | head -1)"
    console_says m ready || return 1
    virsh -q "vcpupin m 0 6 --live; vcpupin m 1 7 --live"
    gap_ms >/dev/null
    sleep 2
    quiet=$(gap_ms)
    start=$(date +%s%N)
    said=$(move "$3")
    took=$((($(date +%s%N) - start) / 1000000))
    gap=$(gap_ms)
    near=$(on_node 3)
    all=$(all_mib)
    before=$(locality m)
    tell n touched || return 1
    fresh_on=$({ sed 's/^/- /' <<<"$before"; locality m; } | awk '{sub(":", "")} $1 == "-" {old[$3] = $4; next} $3 - old[$2] > 1 {printf "%s%s (%d MiB)", s, $2, $3 - old[$2]; s = ", "}')
    exec 5>&-
    virsh -q "destroy m; undefine m" >/dev/null
    said=$(tr '\n|' ' /' <<<"$said" | sed 's/  */ /g; s/ $//')
    printf '| %s | %s | %s | %s of %s MiB | %s | %s ms | %s ms (%s ms) | %s |\n' "$1" "$2" "$3" "${near:-0}" "$all" "${said:--}" "$took" "$gap" "$quiet" "$fresh_on" | tee -a "$table"
}

{
    echo "| numatune | cells | mover | moved to node 3 | it says | took | longest gap (before) | new pages on node |"
    echo "|---|---|---|---|---|---|---|---|"
} >"$table"
for policy in ${1:-none restrictive strict}; do
    for cells in ${2:-1 2}; do
        for mover in "live numatune" "move_pages(2)" "migrate_pages(2)"; do
            case_of "$policy" "$cells" "$mover" || check "$policy, $cells cells, $mover" false
        done
    done
done
check "there is a line for each case" is "$(wc -l <"$table")" -ge 5
the_end
