# SPDX-License-Identifier: GPL-2.0-or-later
# The meter (docs/lab-meter.md): what QEMU is told of it, its calibration after boot, and `lab meter`.

# Adds the plugin to `qemu` where --meter or --latency ask for it.
meter_arguments() {
    [ "$meter$latency" != 00 ] || return 0
    local plugin=$built/lab/meter/meter.so
    [ -e "$plugin" ] || die "the meter is not built: $plugin is missing (ninja -C $built)"
    # the kernel takes no longer path for a socket
    [ ${#state} -le 90 ] || die "the path $state is too long for the meter's socket; set KT_LAB to a shorter one"
    qemu+=(-plugin "$plugin,$(topology_meter "$state/topology"),socket=$state/meter.sock")
}

# topology_meter FILE: memory of the nodes, nodes of the CPUs and distances, as the plugin reads them.
topology_meter() {
    awk '
    BEGIN { n = 0 }
    $1 == "node" {
        sizes = sizes ":" ($6 ~ /G$/ ? $6 * 1024 : $6 + 0)
        for (i = 0; i < $4; i++) cpus = cpus ":" n
        index_of[$2] = n++
    }
    $1 == "distance" && ($2 in index_of) && ($3 in index_of) { dist[index_of[$2], index_of[$3]] = $4 }
    END {
        for (a = 0; a < n; a++) {
            rows = rows (a ? "/" : "")
            for (b = 0; b < n; b++) {
                # QEMU gives both directions what only one says
                d = a == b ? 10 : (a, b) in dist ? dist[a, b] : (b, a) in dist ? dist[b, a] : 20
                rows = rows (b ? ":" : "") d
            }
        }
        printf "sizes=%s,cpus=%s,distances=%s", substr(sizes, 2), substr(cpus, 2), rows
    }' <(sort -s -k1,1r -k2,2n "$1" | grep -v '^#')
}

# After boot: checks that each node's memory counts in its column, and sets the delays.
meter_calibrate() {
    [ "$meter$latency" != 00 ] || return 0
    talk_run "meter-calibrate $latency" >"$state/calibration.log" 2>&1 || {
        cat "$state/calibration.log" >&2
        die "the meter counts wrongly on this QEMU"
    }
    sed 's/^/lab: /' "$state/calibration.log" >&2
}

command_meter() {
    lab_must_run
    [ -S "$state/meter.sock" ] || die "lab '$lab_name' has no meter; start it with \`lab up --meter\`"
    if [ "${1:-}" = watch ]; then # needs to see the guests
        talk_run "lab-meter $*"
    else
        "$built/lab/meter/lab-meter" -s "$state/meter.sock" "$@"
    fi
}
