# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2
. scenario.sh
story "A guest of two nodes whose JVM and database know nothing of them, looked at through its agent. (Stand-ins with"
story "their command lines: neither is in the tiny Linux.) A sysctl in it is set, and taken back."
fresh
running_guest shop --vcpus 2 --cells 2 --memory 192 --memory-nodes "restrictive 0-1" --cpus 0-3 --run idle
check "its agent answers" agent_answers shop
inside shop /bin/busybox mkdir -p /opt/jdk-17/bin
inside shop /bin/busybox ln -s /bin/idle /opt/jdk-17/bin/java
inside shop /bin/busybox ln -s /bin/idle /bin/mysqld
start_in() { # PROGRAM ARGUMENT...: by the agent, and not waited for
    local path=$1 arguments
    shift
    arguments=$(printf '"%s",' "$@")
    virsh -q qemu-agent-command shop "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"$path\",\"arg\":[${arguments%,}]}}" >/dev/null
}
check "a JVM runs in it" start_in /opt/jdk-17/bin/java -Xmx3g -XX:+UseParallelGC -jar shop.jar
check "a database, too" start_in /bin/mysqld --innodb-buffer-pool-size=3G

story "What kvmtune sees of it"
kvmtune guest shop >"$RESULTS/guest.txt" 2>&1
sed 's/^/# /' "$RESULTS/guest.txt"
kvmtune guest shop --json >"$RESULTS/guest.json"
check "two nodes, as its definition has them" grep -qiE 'node.* 2( |$)' "$RESULTS/guest.txt"
check "the JVM with its heap" grep -q 'Xmx3g\|3.0 GiB\|3 GiB' "$RESULTS/guest.txt"
check "and that it does without UseNUMA" grep -qx W01 <(finding_ids "$RESULTS/guest.json")
check "the database" grep -q mysqld "$RESULTS/guest.txt"

story "A sysctl inside"
knob() { inside shop /bin/cat "/proc/sys/$1"; }
before=$(knob vm/swappiness)
check "is set" quietly kvmtune guest shop --set-sysctl vm.swappiness=7
check "its kernel has it" is "$(knob vm/swappiness)" = 7
check "is taken back" quietly kvmtune rollback last --yes
check "its kernel has what it had" is "$(knob vm/swappiness)" = "$before"
the_end
