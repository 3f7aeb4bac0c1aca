# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2
. scenario.sh
story "The published case in small: each vCPU a socket of its own, one node though the guest is wider"
story "than one, an old CPU model without an L3."
fresh
running_guest crm --vcpus 4 --memory 256 --topology 4,1,1 --cpu kvm64 --cache disable --run sees
check "it is up" console_says crm "guest: sees [0-9]"
seen() { sed -n 's/.*guest: sees \([0-9].*\)/\1/p' /run/lab/consoles/crm.log | tail -1 | tr -d '\r'; }
story "the guest sees $(seen)"
check "its kernel sees 4 sockets, no L3, one node" is "$(seen)" = "4 CPUs, 4 sockets, 0 L3, 1 nodes"
doctor_names "X01 X03 X06 X11" "X36 H20 H21 X21 X40"

# Requests at a fixed rate that it can keep before and after, window by window: beside busy loops (what wake-ups cost
# a busy guest), then alone (what they cost in CPU). The first window of each is left out: tasks find their places.
windows() { # FILE ARGUMENT OF PINGPONG...: RES + CAL per 1000 requests, CPU %, requests a second; a line each
    inside crm /bin/pingpong -b 4 -w 8 -n 6 -s 5 "${@:2}" | tee "$RESULTS/$1.txt" | awk '/requests=/ && !/^window=1 / {
        for (i = 1; i <= NF; i++) { split($i, kv, "="); v[kv[1]] = kv[2] }
        if (v["requests"]) printf "%d %.1f %.1f\n", 1000 * (v["res"] + v["cal"]) / v["requests"], v["busy_pct"], v["requests"] / v["seconds"]
    }' >"$RESULTS/$1.windows"
}
median() { # FILE FIELD: and the smallest and largest
    sort -n -k"$2,$2" "$RESULTS/$1.windows" | awk -v f="$2" '{v[NR] = $f} END {if (NR) printf "%s (%s-%s)", v[int((NR + 1) / 2)], v[1], v[NR]}'
}
same_rate() { # BUSY|ALONE: requests a second before and after, within a tenth
    local before after
    before=$(median "before-$1" 3) after=$(median "after-$1" 3)
    awk -v a="${before%% *}" -v b="${after%% *}" 'BEGIN {exit !(a > 0 && b > 0 && a / b < 1.1 && b / a < 1.1)}'
}
measured() { # BEFORE|AFTER
    check "$1: the agent answers" agent_answers crm
    windows "$1-busy" -p 8 -r 5 -k 4
    windows "$1-alone" -p 4 -r 10 -u 20000
    printf '| %s | %s | %s | %s | %s | %s |\n' "$1" "$(median "$1-busy" 1)" "$(median "$1-busy" 3)" "$(median "$1-alone" 1)" \
        "$(median "$1-alone" 2)" "$(median "$1-alone" 3)" | tee -a "$RESULTS/table.md"
}
# Of a guest that is busy all the time no more is to be expected (docs/lab-ipi.md), and no more is asked for.
not_more() { # does the range after begin within the one before?
    local before after
    before=$(sort -n "$RESULTS/before-busy.windows" | tail -1) after=$(sort -n "$RESULTS/after-busy.windows" | head -1)
    is "${after%% *}" -le "${before%% *}"
}
{
    echo "| | busy guest: RES + CAL per 1000 requests | requests/s | requests alone: RES + CAL per 1000 | CPU % | requests/s |"
    echo "|---|---|---|---|---|---|"
} | tee "$RESULTS/table.md"
measured before

story "kvmtune plans for it, changes its definition, and has it shut down and started."
remember crm
check "planned and applied" heals --restart
check "it is up again" console_says crm "guest: sees [0-9]"
story "the guest sees $(seen)"
check "its kernel sees 2 sockets, an L3 for each, two nodes" is "$(seen)" = "4 CPUs, 2 sockets, 2 L3, 2 nodes"
measured after
check "a busy guest was asked as much before and after" same_rate busy
check "and so was one that has nothing else to do" same_rate alone
check "wake-ups of a busy guest interrupt it no more than before" not_more
kvmtune guest crm --json >"$RESULTS/guest.json"
check "the guest sees all as it is defined, by its agent" is "$(grep -c '"differs": true' "$RESULTS/guest.json")" = 0
doctor_is_content "X36 X40 X34"
check "the rollback restores its definition" takes_back_definition crm
the_end
