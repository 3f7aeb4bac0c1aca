# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 1x4 --memory 1500M --no-libvirt --meter
#
# by hand: it takes long, and judges nothing
#
# ipi [ROUNDS]: what a shared L3 does to wake-ups. A guest of 4 vCPUs, each on a
# CPU of its own, as 4 sockets of a core without L3 (A) and as a socket of 4
# cores with a shared one (B), booted in turn: A B B A A B ... Loads (pingpong):
#   light   4 pairs wake each other, the guest is idle besides
#   pinned  the same, client and server on two different CPUs
#   busy    8 pairs, and a busy loop on each vCPU; busy-pinned: pinned as well
# windows.txt gets a line for each window, table.txt the medians and ranges.
. scenario.sh
. bare-guest.sh
rounds=${1:-1}
story "The same requests in a guest without and with a shared L3, its CPUs idle and busy."

# Seconds of the lab's clock, exits of all vCPUs so far, and CPU time in ns that the machine below gave to the emulated CPUs.
counters() {
    printf '%s %s %s' "$(cut -d' ' -f1 /proc/uptime)" "$(</sys/kernel/debug/kvm/exits)" \
        "$(lab-meter raw | awk '$1 == "cpu" {ns += $6} END {printf "%.0f", ns}')"
}

rates() { # BEFORE AFTER, of counters; nothing if they were read too early or late for a window of 10 s
    awk '{t = $4 - $1} t > 7 && t < 15 {printf "exits_per_s=%.1f host_cpus=%.3f", ($5 - $2) / t, ($6 - $3) / t / 1e9}' <<<"$1 $2"
}

# A line that pingpong printed; windows go into windows.txt.
take_line() {
    case $1 in
        window=*" begins") before=$(counters) ;;
        window=*seconds=*)
            # the lab's CPUs are busy: this may be read seconds late, so that only rates are taken from it
            after=$(counters)
            echo "topology=$topology boot=$boot load=$load $1 $(rates "$before" "$after")" >>"$RESULTS/windows.txt"
            ;;
    esac
}

run_load() { # NAME ARGUMENTS OF PINGPONG...
    load=$1
    bare_guest_run "pingpong -w 10 -n 2 -r 5 -b 4 ${*:2}" take_line
}

# A boot of the guest with all loads.
guest_round() { # A|B
    topology=$1
    local shape=sockets=4,cores=1 l3=off status=0
    [ "$topology" = A ] || shape=sockets=1,cores=4 l3=on
    bare_guest ipi -M pc -cpu "Nehalem,-vme,l3-cache=$l3" -smp "4,$shape" -m 256 && bare_guest_pin || return 1
    run_load light -p 4 -s 10 && run_load pinned -p 4 -s 4 -c && run_load busy -p 8 -s 6 -k 4 &&
        run_load busy-pinned -p 8 -s 4 -k 4 -c || status=1
    bare_guest_end
    return $status
}

# Of windows.txt: median, smallest and largest of each figure by load and topology.
table() {
    awk '
    { delete v; for (i = 1; i <= NF; i++) { split($i, kv, "="); v[kv[1]] = kv[2] } }
    v["requests"] > 0 {
        key = v["load"] " " v["topology"]
        windows[key]++
        per = 1000 / v["requests"]
        put("IPI (RES + CAL) / 1000 requests", (v["res"] + v["cal"]) * per)
        put("of these RES", v["res"] * per)
        put("context switches / 1000 requests", v["switches"] * per)
        if ("exits_per_s" in v) put("KVM exits / 1000 requests", v["exits_per_s"] * v["seconds"] * per)
        put("guest CPU, % busy", v["busy_pct"])
        if ("host_cpus" in v) put("CPU below, us / request", v["host_cpus"] * v["seconds"] * 1e6 / v["requests"])
        if ("host_cpus" in v) put("CPUs below that it got", v["host_cpus"])
        put("requests / s", v["requests"] / v["seconds"])
        put("% of the wanted", 100 * v["requests"] / v["wanted"])
        put("request p50, us", v["request_p50_us"])
        put("request p90, us", v["request_p90_us"])
        put("request p99, us", v["request_p99_us"])
        put("burst p50, us", v["burst_p50_us"])
    }
    function put(name, value) {
        if (!(name in order)) { order[name] = ++names; title[names] = name }
        x[key, name, ++n[key, name]] = value + 0
    }
    function summary(key, name,   i, j, t, s, m) {
        m = n[key, name]
        if (!m) return "-"
        for (i = 1; i <= m; i++) s[i] = x[key, name, i]
        for (i = 2; i <= m; i++) for (j = i; j > 1 && s[j - 1] > s[j]; j--) { t = s[j]; s[j] = s[j - 1]; s[j - 1] = t }
        return sprintf("%.1f (%.1f-%.1f)", m % 2 ? s[(m + 1) / 2] : (s[m / 2] + s[m / 2 + 1]) / 2, s[1], s[m])
    }
    END {
        split("light pinned busy busy-pinned", loads, " ")
        for (l = 1; l <= 4; l++) {
            printf "%s: windows A %d, B %d; median (smallest-largest)\n", loads[l], windows[loads[l] " A"], windows[loads[l] " B"]
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
