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

# doctor_is_content "X34": it names nothing any more, but for these, which may wait for the next start.
doctor_is_content() {
    local left
    kvmtune doctor --json >"$RESULTS/doctor-after.json"
    left=$(finding_ids "$RESULTS/doctor-after.json" | grep -vxF -e "${1// /$'\n'}")
    check "kvmtune finds nothing any more, but for what may wait" is "-$left" = -
}

# agent_answers NAME: waits for the guest agent.
agent_answers() {
    local end=$((SECONDS + 240))
    until virsh -q qemu-agent-command "$1" '{"execute":"guest-ping"}' >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 1
    done
}

# inside NAME PROGRAM ARGUMENT...: runs it in the guest, by its agent, and prints what it wrote. It is asked for less and
# less often: each start of virsh disturbs what is measured.
inside() {
    local name=$1 path=$2 answer arguments pause=1
    shift 2
    arguments=$(printf '"%s",' "$@")
    answer=$(virsh -q qemu-agent-command "$name" "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"$path\",\"arg\":[${arguments%,}],\"capture-output\":true}}") || return 1
    arguments="{\"pid\":$(tr -dc 0-9 <<<"$answer")}"
    until grep -q '"exited":true' <<<"$answer"; do
        sleep $pause
        pause=$((pause < 16 ? pause * 2 : 16))
        answer=$(virsh -q qemu-agent-command "$name" "{\"execute\":\"guest-exec-status\",\"arguments\":$arguments}") || return 1
    done
    sed -n 's/.*"out-data":"\([^"]*\)".*/\1/p' <<<"$answer" | base64 -d
}

# ---- plan, apply, rollback ----

# threads_of NAME: the CPUs and nodes that each of its lasting threads may use
threads_of() {
    local task
    for task in /proc/"$(pid_of "$1")"/task/*; do
        grep -qE '^(CPU [0-9]+/KVM|IO .*|qemu.*)$' "$task/comm" &&
            printf '%s: %s\n' "$(cat "$task/comm")" "$(grep _allowed_list "$task/status" | tr -s '\t\n' '  ')"
    done | sort
}

# remember NAME...: what has to be there again after a rollback
remember() {
    local name
    for name; do
        virsh dumpxml --inactive "$name" >"$RESULTS/definition-$name.xml"
        threads_of "$name" >"$RESULTS/threads-$name"
    done
}

quietly() { # COMMAND...: what it says is shown only if it fails
    local status=0
    "$@" >"$RESULTS/said.txt" 2>&1 || { status=$?; sed 's/^/# /' "$RESULTS/said.txt"; }
    return $status
}

# heals [OPTION...]: kvmtune plans for what it finds, and carries that out.
heals() {
    kvmtune plan -o "$RESULTS/plan.json" >"$RESULTS/plan.txt"
    quietly kvmtune apply "$RESULTS/plan.json" --yes --measure 0 "$@"
}

# takes_back NAME...: rolled back, the definition is byte for byte what it was, and each thread may use what it might.
takes_back() {
    local name
    quietly kvmtune rollback last --yes || return 1
    for name; do
        is_defined_as_before "$name" && threads_of "$name" | diff "$RESULTS/threads-$name" - || return 1
    done
}

# takes_back_definition NAME: of a guest that was started anew in between, which a rollback does not do.
takes_back_definition() {
    kvmtune rollback last --yes >"$RESULTS/rollback.txt" 2>&1
    [ $? -le 1 ] && is_defined_as_before "$1"
}

is_defined_as_before() { virsh dumpxml --inactive "$1" | diff "$RESULTS/definition-$1.xml" -; }

# started_anew NAME: as its administrator does it, for guests that stay paused and cannot shut down.
started_anew() { virsh -q "destroy $1; start --paused $1" >/dev/null; }

the_end() {
    for log in /run/lab/consoles/*.log; do
        [ -e "$log" ] && cp "$log" "$RESULTS/console-$(basename "$log")"
    done
    printf '1..%d\n' "$number"
    [ "$failures" = 0 ]
    exit
}
