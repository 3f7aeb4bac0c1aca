# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --one-thread
. scenario.sh
story "Two guests of 'scattered', far from their memory: kvmtune plans, applies, and takes all back."
fresh
guest near --cpus 0-1
guest far --cpus 0-1 --memory-nodes "restrictive 0"
virsh -q "vcpupin near 0 6 --live --config; vcpupin near 1 7 --live --config; vcpupin far 0 4 --live --config; vcpupin far 1 5 --live --config"

state() { # NAME FILE: its definition, the CPUs and nodes of each thread
    local pid
    pid=$(pid_of "$1")
    virsh dumpxml --inactive --security-info "$1" >"$2.xml"
    for thread in /proc/"$pid"/task/*; do
        case $(cat "$thread/comm") in # others come and go
            CPU* | qemu*) grep -hE '^(Cpus|Mems)_allowed_list|^Name' "$thread/status" ;;
        esac
    done >"$2.threads"
}
nodes_of() { # NAME: nodes that its vCPUs may run on, two CPUs each
    vcpu_threads "$1" | while read -r tid; do
        awk '/^Cpus_allowed_list/ {n = split($2, parts, ","); for (i = 1; i <= n; i++) {m = split(parts[i], ends, "-"); for (cpu = ends[1]; cpu <= ends[m]; cpu++) print int(cpu / 2)}}' "/proc/$(pid_of "$1")/task/$tid/status"
    done | sort -u
}
local_on() { # NAME: percent of it on those, by the kernel
    local on=0 node
    for node in $(nodes_of "$1"); do on=$((on + $(locality "$1" "$node"))); done
    echo "$on"
}
same() { diff "$1" "$2" >"$RESULTS/differs.txt" || { sed 's/^/# /' "$RESULTS/differs.txt"; false; }; }
run() { # COMMAND...: what it says goes to a file beside
    local said
    said=$RESULTS/$2.txt
    "$@" >"$said" 2>&1 || { sed 's/^/# /' "$said"; false; }
}

for name in near far; do state $name "/tmp/$name.before"; done
check "the kernel has nothing of 'near' where its vCPUs run" is "$(local_on near)" -le 5
check "nor of 'far'" is "$(local_on far)" -le 5
kvmtune plan --output /tmp/plan.json >"$RESULTS/plan.txt" 2>&1
check "a plan, with something to change" is $? -eq 1
check "a dry run shows the calls" run kvmtune apply --dry-run --state /tmp/state /tmp/plan.json
cp "$RESULTS/apply.txt" "$RESULTS/dry-run.txt"
check "and changes nothing" is "$(local_on near)" -le 5
check "it is applied" run kvmtune apply --yes --measure 0 --rate 0 --state /tmp/state /tmp/plan.json
for name in near far; do
    check "'$name' is local now: 99 % or better by the kernel's counters" is "$(local_on $name)" -ge 99
done
check "history tells of it" run kvmtune history --state /tmp/state
check "rollback" run kvmtune rollback --yes --rate 0 --state /tmp/state last
for name in near far; do
    state $name "/tmp/$name.after"
    check "'$name': the definition is the same, byte for byte" same "/tmp/$name.before.xml" "/tmp/$name.after.xml"
    check "'$name': CPUs and nodes of each thread are as they were" same "/tmp/$name.before.threads" "/tmp/$name.after.threads"
    check "'$name': its memory is back, within 2 %" is "$(locality $name 0)" -ge 98
done
cp /tmp/plan.json /tmp/*.before.* /tmp/*.after.* "$RESULTS"
the_end
