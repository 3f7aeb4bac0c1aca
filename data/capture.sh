#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Shows what kvmtune needs to know of this machine, as text on standard output:
#
#   ssh guest sh < capture.sh | kvmtune doctor -
#
# It reads /proc and /sys twice, some seconds apart, and changes nothing. Needs a
# POSIX shell, cat, sed and sleep; tr, dmesg, uname and lscpu if they are there.
# Without root it leaves out what it may not read.
#
#   --scrub or SCRUB=1   numbers for names, UUIDs, MAC and IP addresses, and no secrets (needs awk)
#   INTERVAL=5           seconds between the two looks, 0: one look
#   ROOT=DIR             a copied root instead of this machine

LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
ROOT=${ROOT:-}
INTERVAL=${INTERVAL:-5}
SCRUB=${SCRUB:-0}
MAX_THREADS=1500 # of all QEMU processes
MAX_GROUPS=1000
threads=0
seen=' ' # groups that were shown
limited= # groups that have or had a limit
guests=

# ---- how things are shown ----

section() { # PATH
    printf '==> %s <==\n' "$1"
}

# A whole file.
file() { # PATH [PATH AS SHOWN]
    [ -f "$ROOT$1" ] || return 0
    if [ -r "$ROOT$1" ]; then
        section "${2:-$1}"
        cat "$ROOT$1" 2>/dev/null
        echo
    else
        section "$1 unreadable"
    fi
}

# A file of one line, read without another process.
short() { # PATH
    [ -f "$ROOT$1" ] || return 0
    if [ -r "$ROOT$1" ]; then
        value=
        { read -r value <"$ROOT$1"; } 2>/dev/null || [ -n "$value" ] || return 0
        printf '==> %s <==\n%s\n' "$1" "$value"
    else
        section "$1 unreadable"
    fi
}

# The same for files of the directory whose section this is.
values() { # DIRECTORY NAME...
    directory=$1
    shift
    for name; do
        if [ ! -f "$ROOT$directory/$name" ] || [ ! -r "$ROOT$directory/$name" ]; then continue; fi
        value=
        case $name in
        *list | *map | *_cpus | *siblings) value=$(cat "$ROOT$directory/$name" 2>/dev/null) ;; # not to be read byte by byte
        *) { read -r value <"$ROOT$directory/$name"; } 2>/dev/null ;;
        esac
        [ -n "$value" ] || continue
        printf '%s:%s\n' "$name" "$value"
    done
}

# The first of two names that is there.
either() { # DIRECTORY NAME OLD_NAME
    if [ -f "$ROOT$1/$2" ]; then values "$1" "$2"; else values "$1" "$3"; fi
}

# ---- CPUs, nodes, devices ----

cpus() {
    base=/sys/devices/system/cpu
    for name in present online offline possible isolated nohz_full; do short $base/$name; done
    for cpu in "$ROOT$base"/cpu[0-9]*; do
        [ -d "$cpu" ] || continue
        cpu=${cpu#"$ROOT"}
        section "$cpu/"
        values "$cpu" online cpu_capacity topology/physical_package_id topology/die_id topology/core_id
        either "$cpu" topology/core_cpus_list topology/thread_siblings_list
        either "$cpu" topology/package_cpus_list topology/core_siblings_list
        if [ ! -f "$ROOT$cpu/topology/core_cpus_list" ] && [ ! -f "$ROOT$cpu/topology/thread_siblings_list" ]; then
            values "$cpu" topology/thread_siblings topology/core_siblings
        fi
        for index in "$ROOT$cpu"/cache/index*; do
            index=cache/${index##*/}
            [ -f "$ROOT$cpu/$index/level" ] || continue
            values "$cpu" "$index/level" "$index/type" "$index/size"
            either "$cpu" "$index/shared_cpu_list" "$index/shared_cpu_map"
        done
        values "$cpu" cpufreq/scaling_driver cpufreq/scaling_governor cpufreq/energy_performance_preference \
            cpufreq/cpuinfo_max_freq
        for state in "$ROOT$cpu"/cpuidle/state*; do
            state=cpuidle/${state##*/}
            values "$cpu" "$state/name" "$state/latency" "$state/disable"
        done
    done
}

nodes() {
    base=/sys/devices/system/node
    for name in online possible has_memory has_cpu; do short $base/$name; done
    for node in "$ROOT$base"/node[0-9]*; do
        [ -d "$node" ] || continue
        node=${node#"$ROOT"}
        section "$node/"
        either "$node" cpulist cpumap
        values "$node" distance
        for pool in "$ROOT$node"/hugepages/hugepages-*; do
            pool=hugepages/${pool##*/}
            values "$node" "$pool/nr_hugepages" "$pool/free_hugepages"
        done
        file "$node/meminfo"
        file "$node/numastat"
    done
}

devices() {
    for device in "$ROOT"/sys/bus/pci/devices/*; do
        [ -d "$device" ] || continue
        device=${device#"$ROOT"}
        section "$device/"
        values "$device" class vendor numa_node
        [ -r "$ROOT$device/uevent" ] || continue
        while read -r line; do
            case $line in DRIVER=*) echo "driver -> ../../drivers/${line#DRIVER=}" ;; esac
        done <"$ROOT$device/uevent"
    done
}

# ---- settings ----

settings() {
    for path in kernel/hostname kernel/osrelease kernel/arch kernel/numa_balancing kernel/numa_balancing_* \
        kernel/nmi_watchdog kernel/sched_autogroup_enabled kernel/sched_rt_runtime_us kernel/timer_migration \
        vm/zone_reclaim_mode vm/swappiness vm/nr_hugepages vm/nr_overcommit_hugepages vm/overcommit_memory; do
        for found in "$ROOT"/proc/sys/$path; do file "${found#"$ROOT"}"; done # not to be read byte by byte
    done
    for path in devices/system/cpu/cpufreq/boost devices/system/cpu/intel_pstate/no_turbo \
        devices/system/cpu/intel_pstate/status devices/system/cpu/amd_pstate/status \
        devices/system/cpu/cpuidle/current_driver devices/system/cpu/cpuidle/current_governor \
        devices/system/cpu/smt/control devices/system/cpu/smt/active 'devices/system/cpu/vulnerabilities/*' \
        devices/system/clocksource/clocksource0/current_clocksource \
        devices/system/clocksource/clocksource0/available_clocksource \
        'kernel/mm/transparent_hugepage/*' kernel/mm/transparent_hugepage/khugepaged/defrag \
        'kernel/mm/hugepages/hugepages-*/*_hugepages' 'kernel/mm/ksm/*' \
        'module/kvm*/parameters/*' 'module/vhost*/parameters/*' 'module/haltpoll/parameters/*' \
        'block/vd*/queue/scheduler' hypervisor/type class/dmi/id/product_name \
        devices/virtual/dmi/id/product_name devices/virtual/dmi/id/sys_vendor; do
        for found in "$ROOT"/sys/$path; do short "${found#"$ROOT"}"; done
    done
    for path in /proc/cmdline /proc/meminfo /proc/version /proc/xen/capabilities /etc/os-release \
        /usr/lib/os-release /etc/hostname /etc/tuned/active_profile; do
        file $path
    done
    for found in "$ROOT"/proc/pressure/*; do file "${found#"$ROOT"}"; done
    if [ -z "$ROOT" ] && [ ! -f /proc/sys/kernel/arch ]; then
        section /proc/sys/kernel/arch
        uname -m 2>/dev/null
    fi
}

# The first CPU whole, of the others what may differ.
cpuinfo() {
    [ -r "$ROOT/proc/cpuinfo" ] || return 0
    section /proc/cpuinfo
    sed '1,/^[[:space:]]*$/!{
/^flags/d
/^Features/d
/^vmx flags/d
/^bugs/d
/^bogomips/d
/^clflush/d
/^cache_al/d
/^address sizes/d
/^fpu/d
/^wp/d
/^cpuid level/d
/^TLB size/d
/^initial apicid/d
}' "$ROOT/proc/cpuinfo"
}

outputs() {
    [ -z "$ROOT" ] || return 0
    log=$(dmesg 2>/dev/null | sed 's/^==>/ ==>/; 2500q')
    if [ -n "$log" ]; then
        section /dmesg.txt
        printf '%s\n' "$log"
    else
        section /unreadable.txt
        printf 'dmesg\tneeds root\n'
    fi
    if command -v lscpu >/dev/null 2>&1; then
        section /lscpu.txt
        lscpu 2>/dev/null
    fi
}

# ---- processes ----

# "NAME:VALUE" lines of a status file that are wanted, in a directory's section.
status_lines() { # DIRECTORY NAME FIELD
    [ -r "$ROOT$1/$2" ] || return 0
    while read -r field value; do
        case $field in "$3:") printf '%s:%s %s\n' "$2" "$field" "$value" ;; esac
    done <"$ROOT$1/$2"
}

# A control group with those above it, each once.
group() { # DIRECTORY
    at=$1
    while [ "${at#/sys/fs/cgroup/}" != "$at" ] && [ -d "$ROOT$at" ]; do
        case $seen in *" $at "*) return 0 ;; esac
        seen="$seen$at "
        section "$at/"
        values "$at" cpu.max cpu.weight cpu.cfs_quota_us cpu.cfs_period_us cpuset.cpus.effective \
            cpuset.mems.effective cpuset.effective_cpus cpuset.effective_mems
        for name in cpu.stat memory.numa_stat memory.stat; do file "$at/$name"; done
        at=${at%/*}
    done
}

groups() { # FILE
    [ -r "$ROOT$1" ] || return 0
    while IFS=: read -r number names path; do
        case $number:$names in
        0:) if [ -f "$ROOT/sys/fs/cgroup/cgroup.controllers" ]; then
            group "/sys/fs/cgroup$path"
        else
            group "/sys/fs/cgroup/unified$path"
        fi ;;
        *:cpu | *:cpu,* | *:*,cpu | *:cpuset | *:memory) for mount in "$names" "${names%%,*}"; do
            [ -d "$ROOT/sys/fs/cgroup/$mount" ] && { group "/sys/fs/cgroup/$mount$path"; break; }
        done ;;
        esac
    done <"$ROOT$1"
}

arguments() { # PATH
    section "$1"
    if [ "$SCRUB" != 1 ] || [ "$2" = qemu ]; then
        tr '\000' '\n' <"$ROOT$1" | sed 's/^==>/ ==>/'
    else
        tr '\000' '\n' <"$ROOT$1" | sed -n -e '1s,.*/,,p' -e '1!{
/^-XX:[+-][A-Za-z0-9]*$/p
/^-XX:[A-Za-z0-9]*=[0-9]*[kKmMgGtT]*$/p
/^-X[a-z]*[0-9]*[kKmMgG]*$/p
/^-jar$/p
}'
    fi
}

# How often groups were throttled: all of them or, where there are too many, none.
all_groups() {
    mount=/sys/fs/cgroup
    [ -f "$ROOT$mount/cpu,cpuacct/cpu.stat" ] && mount=$mount/cpu,cpuacct
    set -- "$ROOT$mount"/cpu.stat "$ROOT$mount"/*/cpu.stat "$ROOT$mount"/*/*/cpu.stat "$ROOT$mount"/*/*/*/cpu.stat \
        "$ROOT$mount"/*/*/*/*/cpu.stat "$ROOT$mount"/*/*/*/*/*/cpu.stat "$ROOT$mount"/*/*/*/*/*/*/cpu.stat
    [ $# -le $MAX_GROUPS ] || return 0
    for stat; do
        [ -r "$stat" ] || continue
        section "${stat#"$ROOT"}"
        while read -r field value; do
            case $field in nr_periods | nr_throttled) echo "$field $value" ;; esac
            case $field:$value in nr_periods:0) ;; nr_periods:*)
                group=${stat#"$ROOT"}
                limited="$limited ${group%/cpu.stat}" ;;
            esac
        done <"$stat"
    done
    file /sys/fs/cgroup/cgroup.controllers
}

qemu() { # PID
    p=/proc/$1
    file "$p/cgroup"
    groups "$p/cgroup"
    [ -r "$ROOT$p/smaps_rollup" ] && file "$p/smaps_rollup"
    if [ -r "$ROOT$p/numa_maps" ]; then
        section "$p/numa_maps"
        sed -n -e '/ anon=/p' -e '/ huge /p' -e '/memfd:/p' -e '/\/dev\/shm\//p' "$ROOT$p/numa_maps" 2>/dev/null | sed 1500q
    fi
    for task in "$ROOT$p"/task/[0-9]*; do
        if [ ! -d "$task" ] || [ $threads -ge $MAX_THREADS ]; then break; fi
        threads=$((threads + 1))
        task=${task#"$ROOT"}
        section "$task/"
        values "$task" comm stat
        status_lines "$task" status Cpus_allowed_list
        file "$task/cgroup"
        groups "$task/cgroup"
    done
    guests="$guests $1"
}

processes() {
    file /proc/1/comm
    [ -f "$ROOT/proc/1/comm" ] || { [ -f "$ROOT/proc/1/status" ] && section /proc/1/cmdline; }
    for p in "$ROOT"/proc/[0-9]*; do
        p=${p#"$ROOT"}
        comm=
        line=
        { read -r comm <"$ROOT$p/comm"; } 2>/dev/null
        { IFS= read -r line <"$ROOT$p/cmdline"; } 2>/dev/null
        kind=
        case $comm in
        vhost-*) kind=thread ;;
        java | mysqld | mariadbd | postgres | mongod | redis-server | numad | irqbalance | qemu-ga | tuned | ksmtuned | \
            libvirtd | virtqemud | numatop) kind=program ;;
        esac
        case $line in
        *qemu-ga*) ;;
        *qemu-system* | *qemu-kvm* | */kvm-* | /usr/bin/kvm*) kind=qemu ;;
        */java-* | java-* | *mysqld* | *mariadbd* | *postgres*) kind=${kind:-program} ;;
        esac
        [ -n "$kind" ] || continue
        file "$p/comm"
        [ "$kind" = thread ] || arguments "$p/cmdline" "$kind"
        file "$p/status"
        case $kind in
        qemu) qemu "${p#/proc/}" ;;
        thread) section "$p/"; values "$p" stat ;;
        program) section "$p/"; values "$p" numa_maps ;;
        esac
    done
}

# ---- what counts ----

moment() { # NUMBER
    m=/moment-$1
    file /proc/uptime "$m/proc/uptime"
    section "$m/proc/stat"
    sed '/^intr/d' "$ROOT/proc/stat"
    file /proc/vmstat "$m/proc/vmstat"
    section "$m/proc/interrupts"
    sed 's/  */ /g
s/ 0 0 0 0 0 0 0 0\( \|$\)/ 0*8\1/g
s/ 0 0 0 0 0 0 0 0\( \|$\)/ 0*8\1/g
s/ 0\*8 0\*8 0\*8 0\*8 0\*8 0\*8 0\*8 0\*8/ 0*64/g' "$ROOT/proc/interrupts"
    for node in "$ROOT"/sys/devices/system/node/node[0-9]*; do
        node=${node#"$ROOT"}
        file "$node/numastat" "$m$node/numastat"
    done
    shown=0
    for guest in $guests; do
        file "/proc/$guest/comm" "$m/proc/$guest/comm"
        for task in "$ROOT/proc/$guest"/task/[0-9]*; do
            if [ ! -d "$task" ] || [ $shown -ge $MAX_THREADS ]; then break; fi
            shown=$((shown + 1))
            task=${task#"$ROOT"}
            section "$m$task/"
            values "$task" schedstat
            file "$task/cgroup" "$m$task/cgroup"
        done
        for kvm in "$ROOT"/sys/kernel/debug/kvm/"$guest"-*; do
            [ -d "$kvm" ] || continue
            kvm=${kvm#"$ROOT"}
            section "$m$kvm/"
            values "$kvm" exits halt_poll_success_ns halt_poll_fail_ns
        done
    done
    for at in $seen $limited; do file "$at/cpu.stat" "$m$at/cpu.stat"; done
    file /sys/fs/cgroup/cgroup.controllers "$m/sys/fs/cgroup/cgroup.controllers"
}

capture() {
    echo '=== kvmtune capture 1 ==='
    settings
    cpuinfo
    cpus
    nodes
    devices
    all_groups
    processes
    moment 1
    if [ "$INTERVAL" != 0 ] && [ -z "$ROOT" ]; then
        sleep "$INTERVAL"
        moment 2
    fi
    outputs
    echo '=== kvmtune capture end ==='
}

# ---- scrubbing ----

# Names that are to be replaced, one a line: the host's and those of guests.
names() {
    cat "$ROOT/proc/sys/kernel/hostname" "$ROOT/etc/hostname" 2>/dev/null
    for p in "$ROOT"/proc/[0-9]*; do
        line=
        { IFS= read -r line <"$p/cmdline"; } 2>/dev/null
        case $line in *qemu* | */kvm*) tr '\000' '\n' <"$p/cmdline" | sed -n '/^-name$/{
n
s/^guest=//
s/.*,guest=//
s/,.*//
p
}' ;; esac
    done
}

scrubbed() {
    KT_NAMES=$(names) awk '
    function number(kind, original,   key) {
        key = kind " " tolower(original)
        if (!(key in known)) known[key] = ++count[kind]
        return known[key]
    }
    function replace(text, regex, kind,   out, before, hit, n, behind) {
        out = ""
        while (match(text, regex)) {
            before = substr(text, RSTART > 1 ? RSTART - 1 : 1, RSTART > 1 ? 1 : 0)
            hit = substr(text, RSTART, RLENGTH)
            behind = substr(text, RSTART + RLENGTH, 1)
            if (before ~ /[0-9A-Za-z.:]/ || behind ~ /[0-9A-Za-z:]/) {
                out = out substr(text, 1, RSTART)
                text = substr(text, RSTART + 1)
                continue
            }
            n = number(kind, hit)
            out = out substr(text, 1, RSTART - 1)
            if (kind == "uuid") out = out sprintf("00000000-0000-4000-8000-%012d", n)
            else if (kind == "mac") out = out sprintf("02:00:00:00:%02x:%02x", int(n / 256) % 256, n % 256)
            else if (kind == "ip") out = out sprintf("10.0.%d.%d", int(n / 256) % 256, n % 256)
            else out = out sprintf("2001:db8::%x", n)
            text = substr(text, RSTART + RLENGTH)
        }
        return out text
    }
    # A name wherever it stands by itself, in any case.
    function rename(text, name, new,   out, at, low, before, behind) {
        out = ""
        low = tolower(text)
        while ((at = index(low, name)) > 0) {
            before = at > 1 ? substr(text, at - 1, 1) : ""
            behind = substr(text, at + length(name), 1)
            if (at > 4 && substr(text, at - 4, 4) == escape) before = ""
            if (length(name) < 6 && (before ~ /[0-9A-Za-z]/ || behind ~ /[0-9A-Za-z]/)) {
                out = out substr(text, 1, at)
                text = substr(text, at + 1)
            } else {
                out = out substr(text, 1, at - 1) new
                text = substr(text, at + length(name))
            }
            low = tolower(text)
        }
        return out text
    }
    function hide(text,   out, low) {
        out = ""
        low = tolower(text)
        while (match(low, names_of_secrets)) {
            out = out substr(text, 1, RSTART + RLENGTH - 1)
            text = substr(text, RSTART + RLENGTH)
            if (match(text, /^("([^"\\]|\\.)*"|\047[^\047]*\047|(,,|[^ \t,;&"\047])+)/)) {
                out = out (substr(text, 1, 1) == "\"" ? "\"hidden\"" : "hidden")
                text = substr(text, RLENGTH + 1)
            }
            low = tolower(text)
        }
        return out text
    }
    BEGIN {
        escape = sprintf("%cx2d", 92)
        secrets = "(passw|passphrase|passcode|pwd|secret|token|credential|apikey|serial|asset|user)[a-z0-9_.-]*|pass"
        secrets = secrets "|(^|[^a-z])(key|wwn|wwpn|wwnn|sku)[a-z0-9_.-]*"
        names_of_secrets = "(" secrets ")[\"\047]?[ \t]*[=:][ \t]*"
        h = "[0-9a-fA-F]"
        h2 = h h
        h4 = h2 h2
        d = "[0-9][0-9]?[0-9]?"
        uuid = h4 h4 "-" h4 "-" h4 "-" h4 "-" h4 h4 h4
        mac = h2 ":" h2 ":" h2 ":" h2 ":" h2 ":" h2
        ip = d "[.]" d "[.]" d "[.]" d
        g = h "?" h "?" h "?" h "?:"
        ip6 = "(" g ")*" h "?" h "?" h "?" h "?::(" g ")*" h "+|" h "+:" g g g g g g h "+"
        total = split(ENVIRON["KT_NAMES"], given, "\n")
        for (i = 1; i <= total; i++) {
            name = tolower(given[i])
            if (length(name) < 2 || name == "localhost" || name == "kvm" || name == "qemu" || name == "host") continue
            list[++n_list] = name
            parts = split(name, part, "-") # as systemd writes it in names of units
            escaped = part[1]
            for (k = 2; k <= parts; k++) escaped = escaped escape part[k]
            if (parts > 1) list[++n_list] = escaped
            dot = index(name, ".")
            if (dot > 2) list[++n_list] = substr(name, 1, dot - 1)
            if (dot && index(substr(name, dot + 1), ".")) list[++n_list] = substr(name, dot + 1)
        }
        for (i = 1; i < n_list; i++)
            for (k = i + 1; k <= n_list; k++)
                if (length(list[k]) > length(list[i])) { name = list[i]; list[i] = list[k]; list[k] = name }
    }
    /^==> / {
        technical = $0 ~ /^==> \/(moment-[0-9]*\/)?(sys\/(devices|bus|kernel|module|block|class)\/|proc\/(stat|vmstat|interrupts|cpuinfo|uptime|meminfo|version) |proc\/(pressure|sys\/vm)\/|proc\/sys\/kernel\/(osrelease|arch)|lscpu)/
        command = $0 ~ /\/proc\/[0-9]+\/cmdline <==$/
        secret = 0
    }
    technical { print; next }
    command && secret { gsub(/(data|file|iv|keyid|string|value)["\047]?[=:]["\047]?[^,"\047}]+/, "file=hidden"); secret = 0 }
    command && ($0 == "-object" || $0 == "-fw_cfg" || $0 == "-smbios") { secret = 1 }
    {
        line = hide($0)
        line = replace(line, uuid, "uuid")
        line = replace(line, mac, "mac")
        line = replace(line, ip6, "ip6")
        line = replace(line, ip, "ip")
        for (i = 1; i <= n_list; i++) line = rename(line, list[i], "name" number("name", list[i]))
        print line
    }'
}

main() {
    for option; do
        case $option in
        --scrub) SCRUB=1 ;;
        *) echo "capture.sh: unknown option '$option'" >&2; exit 2 ;;
        esac
    done
    if [ "$SCRUB" != 1 ]; then
        capture
    elif command -v awk >/dev/null 2>&1; then
        capture | scrubbed
    else
        echo 'capture.sh: awk is needed for --scrub' >&2
        exit 2
    fi
}

main "$@" </dev/null
