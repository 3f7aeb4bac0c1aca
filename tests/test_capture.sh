#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures, by the command and by the script under each shell there is, say what the
# machine itself says; a machine of 2.6.32's time, one with 400 CPUs, secrets. TAP.
# usage: test_capture.sh KVMTUNE
kvmtune=$1
script=${KT_SOURCE:-$(dirname "$0")/..}/data/capture.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
LC_ALL=C
export LC_ALL
case " ${KT_FEATURES-archive} " in
    *" archive "*) ;;
    *) echo "1..0 # SKIP built without libarchive"; exit 0 ;;
esac
n=0
shells=
for shell in dash "busybox sh" bash; do
    $shell -c : 2>/dev/null && shells="$shells|$shell"
done

verdict() { # STATUS NAME
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# Facts without what moves from second to second, and without where they were read.
facts() { # EVIDENCE...
    "$kvmtune" facts --json "$@" 2>/dev/null | sed -e '/"sources": \[/,/\]/d' -e '/"notes": \[/,/\]/d' -e '/"rejected": \[/,/\]/d' \
        -e '/"mean"/d' -e '/"max"/d' -e '/"total"/d' -e '/per_second/d' -e '/_pct"/d' -e '/"rows"/d' -e '/"\/proc\/pressure/d' \
        -e '/"numa_[a-z]*":/d' -e '/"local_node"/d' -e '/"other_node"/d' -e '/"interleave_hit"/d' -e '/free_kib"/d'
}
ids() { "$kvmtune" doctor --json "$@" | sed -n 's/.*"id": "\(.*\)".*/\1/p'; }

same() { # FILE FILE NAME
    [ -s "$1" ] && diff "$1" "$2" >"$dir/diff"
    same=$?
    [ $same -eq 0 ] || head -n 20 "$dir/diff" | sed 's/^/# /'
    verdict $same "$3"
}

# A capture refused or failed leaves nothing: refuses WORDS ARGUMENT...
refuses() {
    words=$1
    shift
    "$kvmtune" capture "$@" >"$dir/out" 2>"$dir/err"
    [ $? -eq 2 ] && [ ! -s "$dir/out" ] && grep -qF -- "$words" "$dir/err"
    verdict $? "refused: capture $*"
}

echo 1..49

# ---- this machine ----

# Guests of others come and go here; what is compared is the machine.
"$kvmtune" capture -o "$dir/live" --duration 1.2 --interval 0.4 2>"$dir/err"
verdict $? "capture into a directory"
"$kvmtune" capture -o "$dir/live.tar.gz" --duration 0.3 2>>"$dir/err"
verdict $? "capture into an archive"
[ ! -s "$dir/err" ] && [ -z "$(find "$dir" -name '.*.??????')" ]
verdict $? "nothing is said and nothing is left over"
[ "$(find "$dir/live" -perm /077 -not -type l | wc -l)" -eq 0 ] && [ -d "$dir/live/moment-4" ] && [ ! -d "$dir/live/moment-5" ]
verdict $? "for the owner alone, four moments"
facts live >"$dir/f0"
[ -s "$dir/f0" ] || facts >"$dir/f0"
# Not the domains: a guest of another test may come and go.
machine() { sed -n '/"machines"/,/"domains"/{/"domains"/!p;}' "$1"; }
machine "$dir/f0" >"$dir/m0"
for evidence in live live.tar.gz; do
    facts "$dir/$evidence" >"$dir/f1"
    machine "$dir/f1" >"$dir/m1"
    same "$dir/m0" "$dir/m1" "live and captured facts are the same: $evidence"
done
"$kvmtune" facts --json "$dir/live" | grep -q '"rows": 3'
verdict $? "a row of CPU use for each interval"
"$kvmtune" compare "$dir/live" "$dir/live.tar.gz" >/dev/null
verdict $? "compare takes captures"
IFS='|'
for shell in $shells; do
    unset IFS
    [ -n "$shell" ] || continue
    INTERVAL=1 $shell "$script" >"$dir/paste" 2>"$dir/err"
    [ ! -s "$dir/err" ] && "$kvmtune" doctor - <"$dir/paste" >"$dir/out" 2>&1
    [ $? -lt 2 ]
    verdict $? "doctor - reads the script's output: $shell"
    facts "$dir/paste" >"$dir/f1"
    machine "$dir/f1" >"$dir/m1"
    same "$dir/m0" "$dir/m1" "live facts and the script's are the same: $shell"
    ids "$dir/paste" >"$dir/i1"
done

# ---- a host of made-up guests, all of it taken again ----

top=$dir/host
put() { # PATH TEXT
    mkdir -p "$top/${1%/*}"
    printf "$2" >"$top/$1"
}
put proc/sys/kernel/hostname 'Hyper07.acme.example\n'
put proc/sys/kernel/osrelease '6.1.0-18-amd64\n'
put proc/sys/kernel/arch 'x86_64\n'
put proc/sys/kernel/numa_balancing '1\n'
put proc/cmdline 'root=UUID=5f0c3a1e-8a2b-4c11-9e77-0123456789ab ip=192.168.77.5 quiet\n'
put proc/stat 'cpu  10 0 10 100 0 0 0 0 0 0\ncpu0 5 0 5 50 0 0 0 0 0 0\ncpu1 5 0 5 50 0 0 0 0 0 0\nintr 9 9\nbtime 1700000000\n'
put proc/uptime '100.50 50.00\n'
put proc/meminfo 'MemTotal:       16384000 kB\nMemFree:         1000000 kB\n'
put proc/vmstat 'nr_free_pages 1000\nnuma_hit 5\n'
put proc/interrupts '            CPU0       CPU1\n  1:         10          0   IO-APIC   1-edge      i8042\nRES:          5          0   Rescheduling interrupts\n'
put proc/cpuinfo 'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R)\nstepping\t: 7\nflags\t\t: fpu vme avx2\npower management:\n\nprocessor\t: 1\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R)\nstepping\t: 7\nflags\t\t: fpu vme avx2\npower management:\n\n'
cpu=sys/devices/system/cpu
put $cpu/present '0-1\n'
put $cpu/online '0-1\n'
for i in 0 1; do
    put $cpu/cpu$i/topology/physical_package_id '0\n'
    put $cpu/cpu$i/topology/core_id "$i\n"
    put $cpu/cpu$i/topology/thread_siblings_list "$i\n"
    put $cpu/cpu$i/topology/core_siblings_list '0-1\n'
    put $cpu/cpu$i/cache/index3/level '3\n'
    put $cpu/cpu$i/cache/index3/type 'Unified\n'
    put $cpu/cpu$i/cache/index3/size '16384K\n'
    put $cpu/cpu$i/cache/index3/shared_cpu_list '0-1\n'
    put $cpu/cpu$i/cpufreq/scaling_governor 'powersave\n'
done
node=sys/devices/system/node
put $node/online '0\n'
put $node/node0/cpulist '0-1\n'
put $node/node0/distance '10\n'
put $node/node0/meminfo 'Node 0 MemTotal:       16384000 kB\nNode 0 MemFree:         1000000 kB\n'
put $node/node0/numastat 'numa_hit 5\nnuma_miss 1\nnuma_foreign 0\ninterleave_hit 0\nlocal_node 5\nother_node 1\n'
put sys/kernel/mm/transparent_hugepage/enabled 'always [madvise] never\n'
put proc/1/comm 'systemd\n'
put proc/1/cmdline '/sbin/init\000'
put proc/50/comm 'bash\n'
put proc/50/cmdline 'bash\000--secret-of-a-shell\000'
put proc/100/comm 'qemu-system-x86\n'
put proc/100/cmdline '/usr/bin/qemu-system-x86_64\000-name\000guest=crm-db,debug-threads=on\000-accel\000kvm\000-smp\0008,sockets=8,cores=1,threads=1\000-m\0004096\000-uuid\0005f0c3a1e-8a2b-4c11-9e77-0123456789ab\000-object\000secret,id=s1,data=QUJDREVGRw==\000-device\000virtio-net-pci,mac=52:54:00:ab:cd:0e\000-spice\000addr=192.168.77.5,password=hunter2\000-fw_cfg\000name=opt/x,string=ignitiontext\000-smbios\000type=11,value=credentialtext\000-device\000scsi-hd,wwn=0x5000c500a1\000-append\000pass=paston pwd=pwdon apikey=apion iommu.passthrough=1\000'
put proc/100/status 'Name:\tqemu\nVmRSS:\t  2048 kB\nRssAnon:\t  2048 kB\nVmSwap:\t       0 kB\n'
put proc/100/cgroup '0::/machine.slice/machine-qemu\\x2d3\\x2dcrm\\x2ddb.scope\n'
put proc/100/task/101/comm 'CPU 0/KVM\n'
put proc/100/task/101/status 'Name:\tCPU 0/KVM\nCpus_allowed_list:\t0-1\n'
put proc/100/task/101/cgroup '0::/machine.slice/machine-qemu\\x2d3\\x2dcrm\\x2ddb.scope\n'
put proc/200/comm 'java\n'
put proc/200/cmdline '/opt/acme/bin/java\000-Xmx24g\000-XX:+UseNUMA\000-Dpassword=changeit\000-jar\000/opt/acme/ledger.jar\000swordfish\000'
put proc/200/status 'Name:\tjava\nVmRSS:\t  4096 kB\n'
put sys/fs/cgroup/cgroup.controllers 'cpu memory\n'
put sys/fs/cgroup/cpu.stat 'usage_usec 5\n'
put sys/fs/cgroup/machine.slice/cpu.stat 'usage_usec 5\nnr_periods 0\nnr_throttled 0\n'
put 'sys/fs/cgroup/machine.slice/machine-qemu\x2d3\x2dcrm\x2ddb.scope/cpu.stat' 'usage_usec 5\nnr_periods 10\nnr_throttled 4\n'
put 'sys/fs/cgroup/machine.slice/machine-qemu\x2d3\x2dcrm\x2ddb.scope/cpu.max' '200000 100000\n'

domains() { "$kvmtune" facts --json "$@" | sed -n '/"domains"/,$p'; }
facts "$top" >"$dir/f0"
ids "$top" >"$dir/i0"
"$kvmtune" capture --root "$top" -o "$dir/again" 2>"$dir/err"
facts "$dir/again" >"$dir/f1"
same "$dir/f0" "$dir/f1" "a copied root and its capture: same facts"
ids "$dir/again" >"$dir/i1"
same "$dir/i0" "$dir/i1" "a copied root and its capture: same findings"
! grep -r 'secret-of-a-shell' "$dir/again" >/dev/null
verdict $? "processes that nobody asks for are not taken"
IFS='|'
for shell in $shells; do
    unset IFS
    [ -n "$shell" ] || continue
    ROOT=$top $shell "$script" >"$dir/paste" 2>"$dir/err"
    facts "$dir/paste" >"$dir/f1"
    same "$dir/f0" "$dir/f1" "a copied root and the script's output: same facts: $shell"
    ids "$dir/paste" >"$dir/i1"
    same "$dir/i0" "$dir/i1" "same findings: $shell"
done

# ---- scrubbed ----

leaks() { # FILE...
    for word in crm-db 'crm\\x2ddb' hyper07 acme 5f0c3a1e 0123456789ab QUJDR 192.168.77 ab:cd:0e hunter2 changeit swordfish ledger \
        ignitiontext credentialtext 5000c500 paston pwdon apion; do
        grep -rqiF -- "$word" "$@" && echo "$word"
        find "$@" -iname "*$word*"
    done
}
"$kvmtune" capture --root "$top" -o "$dir/scrubbed" --scrub 2>"$dir/err"
leaks "$dir/scrubbed" >"$dir/leaks"
[ ! -s "$dir/leaks" ] && [ -s "$dir/scrubbed/manifest.json" ]
verdict $? "--scrub leaks nothing"
sed 's/^/# /' "$dir/leaks"
ids "$dir/scrubbed" >"$dir/i1"
same "$dir/i0" "$dir/i1" "--scrub keeps the findings"
IFS='|'
for shell in $shells; do
    unset IFS
    [ -n "$shell" ] || continue
    ROOT=$top $shell "$script" --scrub >"$dir/paste" 2>"$dir/err"
    leaks "$dir/paste" >"$dir/leaks"
    [ ! -s "$dir/leaks" ] && [ ! -s "$dir/err" ] && [ -s "$dir/paste" ]
    verdict $? "the script's --scrub leaks nothing: $shell"
    sed 's/^/# /' "$dir/leaks" "$dir/err"
    ids "$dir/paste" >"$dir/i1"
    same "$dir/i0" "$dir/i1" "and keeps the findings: $shell"
done

# ---- an old kernel: no lists in topology, no comm, no online ----

rm -rf "$top"
put proc/cpuinfo 'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 44\nmodel name\t: Intel(R) Xeon(R) X5650\nstepping\t: 2\nflags\t\t: fpu vme hypervisor\n\n'
put proc/version 'Linux version 2.6.32-754.el6.x86_64 (build@host) #1 SMP\n'
put proc/stat 'cpu  10 0 10 100 0 0 0 0 0\ncpu0 5 0 5 50 0 0 0 0 0\ncpu1 5 0 5 50 0 0 0 0 0\nbtime 1700000000\n'
put proc/uptime '100.50 50.00\n'
put proc/meminfo 'MemTotal:        8061984 kB\n'
put proc/vmstat 'nr_free_pages 1000\n'
put proc/interrupts '            CPU0       CPU1\n  0:        142          0   IO-APIC-edge      timer\n'
put proc/300/cmdline 'java\000-Xmx4g\000-jar\000a.jar\000'
put proc/300/status 'Name:\tjava\nVmRSS:\t  4096 kB\n'
for i in 0 1; do
    put $cpu/cpu$i/topology/physical_package_id "$i\n"
    put $cpu/cpu$i/topology/core_id '0\n'
    put $cpu/cpu$i/topology/thread_siblings "0000000$((i + 1))\n"
    put $cpu/cpu$i/topology/core_siblings "0000000$((i + 1))\n"
    put $cpu/cpu$i/cache/index2/level '2\n'
    put $cpu/cpu$i/cache/index2/type 'Unified\n'
    put $cpu/cpu$i/cache/index2/size '4096K\n'
    put $cpu/cpu$i/cache/index2/shared_cpu_map "0000000$((i + 1))\n"
done
"$kvmtune" facts --json "$top" | sed '/"name": /d' | grep -q '"sockets": 2'
verdict $? "an old kernel's root is read"
facts "$top" | sed '/"name": /d' >"$dir/f0"
IFS='|'
for shell in $shells; do
    unset IFS
    [ -n "$shell" ] || continue
    ROOT=$top $shell "$script" >"$dir/paste" 2>"$dir/err"
    facts "$dir/paste" | sed '/"name": /d' >"$dir/f1"
    same "$dir/f0" "$dir/f1" "an old kernel and the script's output: same facts: $shell"
done

# ---- 400 CPUs ----

put $cpu/cpu0/cache/index0/level '1\n'
for index in 0 1 2 3; do
    put $cpu/cpu0/cache/index$index/level "$index\n"
    put $cpu/cpu0/cache/index$index/type 'Unified\n'
    put $cpu/cpu0/cache/index$index/size '4096K\n'
    put $cpu/cpu0/cache/index$index/shared_cpu_list '0-49,200-249\n'
    put $cpu/cpu0/cpuidle/state$index/name 'C1E\n'
    put $cpu/cpu0/cpuidle/state$index/latency '10\n'
    put $cpu/cpu0/cpuidle/state$index/disable '0\n'
done
i=1
rm -rf "$top/$cpu/cpu1"
while [ $i -lt 400 ]; do
    ln -s cpu0 "$top/$cpu/cpu$i"
    i=$((i + 1))
done
awk 'BEGIN {
    for (i = 0; i < 400; i++) printf "       CPU%d", i
    print ""
    for (r = 0; r < 1200; r++) {
        printf "%4d:", r
        for (i = 0; i < 400; i++) printf " %10d", i == r % 400 ? 123456 : 0
        print "  PCI-MSI " r "-edge eth0-TxRx-" r
    }
    for (r = 0; r < 20; r++) {
        printf " LO%d:", r
        for (i = 0; i < 400; i++) printf " %10d", 123456789
        print "  Local interrupts"
    }
}' >"$top/proc/interrupts"
ROOT=$top sh "$script" >"$dir/paste"
size=$(wc -c <"$dir/paste")
[ "$size" -lt 1900000 ] && "$kvmtune" facts --json "$dir/paste" | grep -q '"1199"'
verdict $? "400 CPUs: $size bytes"

# ---- refusals ----

refuses "-o DIR" --duration 1
refuses "there already" -o "$dir"
refuses "--duration" -o "$dir/x" --duration -1
refuses "rates need two moments" -o "$dir/x" --duration 0
refuses "--interval" -o "$dir/x" --interval 0
refuses "no sys/ or proc/" -o "$dir/x" --root "$dir/live/etc"
refuses "no domain 'nobody'" -o "$dir/x" --domain nobody --duration 0.1
refuses "No such file" -o "$dir/absent/x" --duration 0.1
refuses "the name of an archive" -o "$dir/x.zip" --duration 0.1
"$kvmtune" capture --root "$top" -o "$dir/slash/" --duration 0.1 && [ -s "$dir/slash/manifest.json" ]
verdict $? "a directory's name may end in a slash"
[ ! -e "$dir/x" ] && [ -z "$(find "$dir" -maxdepth 1 -name '.x*')" ]
verdict $? "refused captures leave nothing"
"$kvmtune" capture --script >"$dir/script" && cmp -s "$dir/script" "$script"
verdict $? "--script prints the script"
if command -v shellcheck >/dev/null 2>&1; then
    shellcheck -s sh "$script" >"$dir/out"
    verdict $? "shellcheck"
else
    n=$((n + 1))
    echo "ok $n - shellcheck # SKIP not there"
fi

