# SPDX-License-Identifier: GPL-2.0-or-later
# What scenarios are told with; they begin with `. scenario.sh` and end with `the_end`.
# Each line beginning "ok" or "not ok" is a check.
set -u
failures=0
number=0

story() { printf '# %s\n' "$*"; }

# check WHAT COMMAND...: does the command succeed?
check() {
    local what=$1 word=ok
    shift
    number=$((number + 1))
    "$@" || { word="not ok"; failures=$((failures + 1)); }
    printf '%s %d - %s\n' "$word" "$number" "$what"
}

is() { # A OPERATOR B: of numbers; what is no number is never right
    [ "$1" "$2" "$3" ] 2>/dev/null || { printf '# is not: %s %s %s\n' "$1" "$2" "$3"; return 1; }
}

# No guest, no daemon, no setting of an earlier scenario.
fresh() {
    local name
    # only if there ever was a guest: each start of virsh takes long here
    if compgen -G '/etc/libvirt/qemu/*.xml' >/dev/null || compgen -G '/run/libvirt/qemu/*.xml' >/dev/null; then
        for name in $(virsh -q list --all --name); do
            virsh -q destroy "$name" >/dev/null 2>&1
            virsh -q undefine "$name" >/dev/null
        done
    fi
    pkill -x numad
    echo 0 >/proc/sys/kernel/numa_balancing
    for name in /sys/devices/system/node/node*/hugepages/*/nr_hugepages; do echo 0 >"$name"; done
    rm -f /run/lab/consoles/*
}

# guest NAME OPTION...: defines and starts a guest that stays paused; guest-xml has the options.
guest() {
    guest_file "$@"
    start_paused "$1"
}

# The same in two steps, as one virsh for several guests is faster.
guest_file() { guest-xml "$@" --no-os >"/tmp/$1.xml"; } # NAME OPTION...

start_paused() { # NAME...
    local name commands=
    for name; do commands+="define /tmp/$name.xml; start --paused $name; "; done
    virsh -q "$commands"
}

# running_guest NAME OPTION...: the same with the tiny Linux, running.
running_guest() {
    guest-xml "$@" >"/tmp/$1.xml"
    virsh -q "define /tmp/$1.xml; start $1"
}

# console_says NAME TEXT [SECONDS]: waits for a line on the guest's console.
console_says() {
    local end=$((SECONDS + ${3:-240}))
    until grep -q -e "$2" "/run/lab/consoles/$1.log" 2>/dev/null; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.5
    done
}

pid_of() { cat "/run/libvirt/qemu/$1.pid"; }

vcpu_threads() { # NAME: thread ids in the order of the vCPUs
    grep -lE '^CPU [0-9]+/KVM' /proc/"$(pid_of "$1")"/task/*/comm | while read -r file; do
        printf '%s %s\n' "$(tr -dc '0-9 ' <"$file")" "$(basename "$(dirname "$file")")"
    done | sort -n | awk '{print $2}'
}

# ids of the findings in kvmtune's JSON, each once
finding_ids() { awk -F '"' '$2 == "severity" {print id} $2 == "id" {id = $4}' "$1" | sort -u; }

# doctor_names "H20" "X16 X34": kvmtune names these, may name those as well (they are true, too), and nothing else.
# What it saw is kept: its answers, and a capture that it reads anywhere.
doctor_names() {
    local found expected id
    kvmtune doctor --json >"$RESULTS/doctor.json"
    kvmtune doctor >"$RESULTS/doctor.txt"
    check "kvmtune captures this host" kvmtune capture -o "$RESULTS/capture.tar.gz"
    found=$(finding_ids "$RESULTS/doctor.json")
    expected=$1
    for id in $expected; do
        check "kvmtune names $id" grep -qx "$id" <<<"$found"
    done
    for id in $found; do
        grep -qw "$id" <<<"$expected ${2:-}" || check "kvmtune names nothing wrong: $id" false
    done
    [ "$failures" = 0 ] || sed 's/^/# /' "$RESULTS/doctor.txt"
}

the_end() {
    for log in /run/lab/consoles/*.log; do
        [ -e "$log" ] && cp "$log" "$RESULTS/console-$(basename "$log")"
    done
    printf '1..%d\n' "$number"
    [ "$failures" = 0 ]
    exit
}
