#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What reading costs, in instructions as valgrind counts them: the same on a busy
# machine as on an idle one. What is counted is what more input adds, so that
# start and linking do not matter. The bounds are about twice what a debugoptimized
# build took when they were set. TAP.
kvmtune=$1
here=$(cd "$(dirname "$0")" && pwd)
command -v valgrind >/dev/null || { echo "1..0 # SKIP no valgrind"; exit 0; }
if grep -q -e __asan_init -e __ubsan_handle "$kvmtune"; then
    echo "1..0 # SKIP a sanitizer is built in"
    exit 0
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
echo "1..3"

# instructions ARG...: how many a run of kvmtune takes; nothing if it fails.
instructions() {
    LC_ALL=C valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file="$scratch/log" \
        "$kvmtune" "$@" >/dev/null 2>&1
    [ $? -le 1 ] && sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$scratch/log"
}

# verdict NUMBER NAME COST BOUND: ok if the cost is known and not above the bound.
verdict() {
    if [ "${3:-0}" -gt 0 ] && [ "$3" -le "$4" ]; then
        echo "ok $1 $2: $3, at most $4"
    else
        echo "not ok $1 $2: ${3:-unknown}, at most $4"
    fi
}

# Rows of sar text.
for size in 500000 1500000; do
    awk -v bytes="$size" -v cpus=32 -f "$here/../bench/sar.awk" >"$scratch/sar.$size"
done
few=$(wc -l <"$scratch/sar.500000") many=$(wc -l <"$scratch/sar.1500000")
a=$(instructions facts "$scratch/sar.500000") b=$(instructions facts "$scratch/sar.1500000")
verdict 1 "instructions for a row of sar" $(((b - a) / (many - few))) 4400

# Definitions of guests with all vCPUs pinned over one another.
domains() {
    mkdir -p "$scratch/$1"
    cp "$scratch/host" "$scratch/$1/lscpu.txt"
    awk -v count="$1" -v folder="$scratch/$1" 'BEGIN {
        for (d = 0; d < count; d++) {
            file = folder "/" d ".xml"
            print "<domain type=\"kvm\" id=\"" d + 1 "\"><name>vm" d "</name><memory unit=\"GiB\">32</memory>" >file
            print "<vcpu>64</vcpu><cputune>" >file
            for (v = 0; v < 64; v++)
                print "<vcpupin vcpu=\"" v "\" cpuset=\"" (d * 64 + v) % 256 "\"/>" >file
            print "</cputune><os><type arch=\"x86_64\" machine=\"pc-q35-7.2\">hvm</type></os>" >file
            print "<cpu mode=\"host-passthrough\"/></domain>" >file
            close(file)
        }
    }'
}
cat >"$scratch/host" <<END
Architecture:        x86_64
CPU(s):              256
On-line CPU(s) list: 0-255
Thread(s) per core:  2
Core(s) per socket:  64
Socket(s):           2
NUMA node(s):        2
Vendor ID:           GenuineIntel
Model name:          Intel(R) Xeon(R) Platinum 8592+
NUMA node0 CPU(s):   0-63,128-191
NUMA node1 CPU(s):   64-127,192-255
END
for count in 20 40 80; do domains $count; done
a=$(instructions doctor "$scratch/20") b=$(instructions doctor "$scratch/40") c=$(instructions doctor "$scratch/80")
verdict 2 "instructions for a pinned guest of 64 vCPUs" $(((c - b) / 40)) 6800000
verdict 3 "percent that a guest costs more among 80 than among 40" $(((c - b) * 100 / (2 * (b - a)))) 130
