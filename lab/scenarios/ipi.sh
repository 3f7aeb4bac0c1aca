# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 1x4 --memory 1500M --no-libvirt --meter
#
# ipi [ROUNDS]: what a shared L3 does to wake-ups. A guest of 4 vCPUs, each on a
# CPU of its own, as 4 sockets of a core without L3 (A) and as a socket of 4
# cores with a shared one (B), booted in turn: A B B A A B ... Loads (pingpong):
#   light   4 pairs wake each other, the guest is idle besides
#   pinned  the same, client and server on two different CPUs
#   busy    8 pairs, and a busy loop on each vCPU
# windows.txt gets a line for each window, table.txt the medians and ranges.
. scenario.sh
rounds=${1:-1}
story "The same requests in a guest without and with a shared L3, its CPUs idle and busy."

# All vCPU threads of the guest's QEMU onto the CPU of their number.
pin() {
    local name task cpu
    for task in /proc/"$QEMU_PID"/task/*; do
        name=$(<"$task/comm")
        [[ $name =~ ^CPU\ ([0-9]+)/KVM$ ]] || continue
        cpu=${BASH_REMATCH[1]}
        taskset -pc "$cpu" "${task##*/}" >/dev/null
    done
}

# Exits of all vCPUs so far, and CPU time in ns that the lab's host gave to the emulated CPUs.
counters() {
    printf '%s %s' "$(</sys/kernel/debug/kvm/exits)" "$(lab-meter raw | awk '$1 == "cpu" {ns += $6} END {printf "%.0f", ns}')"
}

# One load in the running guest; its windows go into windows.txt.
load() { # NAME ARGUMENTS OF PINGPONG...
    local line exits ns exits_after ns_after last
    echo "pingpong -w 10 -n 3 -r 5 -b 4 ${*:2}; echo load ended" >&"${QEMU[1]}"
    while IFS= read -r -t 240 line <&"${QEMU[0]}"; do
        line=${line%$'\r'}
        case $line in
            window=*" begins") read -r exits ns < <(counters) ;;
            window=*seconds=*)
                read -r exits_after ns_after < <(counters)
                last="topology=$topology boot=$boot load=$1 $line exits=$((exits_after - exits)) host_ns=$((ns_after - ns))"
                echo "$last" >>"$RESULTS/windows.txt"
                ;;
            "load ended") return 0 ;;
        esac
    done
    return 1
}

# A boot of the guest with all loads.
guest_round() { # A|B
    topology=$1
    local shape=sockets=4,cores=1 l3=off line status=0
    [ "$topology" = A ] || shape=sockets=1,cores=4 l3=on
    coproc QEMU { exec qemu-system-x86_64 -nodefaults -display none -no-reboot -M pc -accel kvm -name ipi,debug-threads=on \
        -cpu "Nehalem,-vme,l3-cache=$l3" -smp "4,$shape" -m 256 -serial stdio \
        -kernel /run/lab-cache/kernel/boot/vmlinuz -initrd /run/lab-cache/guest.gz \
        -append "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check" 2>"$RESULTS/qemu-$boot.log"; }
    while IFS= read -r -t 300 line <&"${QEMU[0]}"; do
        case $line in *"guest: up"*) break ;; esac
    done
    pin
    sleep 5
    load light -p 4 -s 10 && load pinned -p 4 -s 5 -c && load busy -p 8 -s 8 -k 4 || status=1
    kill "$QEMU_PID" && wait "$QEMU_PID" 2>/dev/null
    return $status
}

# Of windows.txt: median, smallest and largest of each figure by load and topology.
table() {
    awk '
    { delete v; for (i = 1; i <= NF; i++) { split($i, kv, "="); v[kv[1]] = kv[2] } }
    v["requests"] > 0 {
        key = v["load"] " " v["topology"]
        k = ++n[key]; boots[key, v["boot"]] = 1
        per = 1000 / v["requests"]
        put("IPI (RES + CAL) / 1000 requests", (v["res"] + v["cal"]) * per)
        put("of these RES", v["res"] * per)
        put("context switches / 1000 requests", v["switches"] * per)
        put("KVM exits / 1000 requests", v["exits"] * per)
        put("guest CPU, % busy", v["busy_pct"])
        put("host CPU, us / request", v["host_ns"] / 1000 / v["requests"])
        put("host CPUs got", v["host_ns"] / 1e9 / v["seconds"])
        put("requests / s", v["requests"] / v["seconds"])
        put("% of the wanted", 100 * v["requests"] / v["wanted"])
        put("request p50, us", v["request_p50_us"])
        put("request p90, us", v["request_p90_us"])
        put("request p99, us", v["request_p99_us"])
        put("burst p50, us", v["burst_p50_us"])
    }
    function put(name, value) {
        if (!(name in order)) { order[name] = ++names; title[names] = name }
        x[key, name, k] = value + 0
    }
    function summary(key, name,   i, j, t, s, m) {
        m = n[key]
        if (!m) return "-"
        for (i = 1; i <= m; i++) s[i] = x[key, name, i]
        for (i = 2; i <= m; i++) for (j = i; j > 1 && s[j - 1] > s[j]; j--) { t = s[j]; s[j] = s[j - 1]; s[j - 1] = t }
        return sprintf("%.1f (%.1f-%.1f)", m % 2 ? s[(m + 1) / 2] : (s[m / 2] + s[m / 2 + 1]) / 2, s[1], s[m])
    }
    END {
        split("light pinned busy", loads, " ")
        for (l = 1; l <= 3; l++) {
            printf "%s: windows A %d, B %d; median (smallest-largest)\n", loads[l], n[loads[l] " A"], n[loads[l] " B"]
            for (i = 1; i <= names; i++)
                printf "  %-34s A %-28s B %s\n", title[i], summary(loads[l] " A", title[i]), summary(loads[l] " B", title[i])
        }
    }' "$RESULTS/windows.txt"
}

lab-meter off
boot=0
for ((round = 0; round < rounds; round++)); do
    order="A B"
    [ $((round % 2)) = 0 ] || order="B A"
    for one in $order; do
        boot=$((boot + 1))
        check "boot $boot, topology $one, went through its loads" guest_round "$one"
    done
done
table | tee "$RESULTS/table.txt" | sed 's/^/# /'
the_end
