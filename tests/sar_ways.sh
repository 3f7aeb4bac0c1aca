#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# sar_ways.sh SHORT LONG: rows of sar's common form are read straight from
# their lines (sar_row.h). SHORT does that, LONG takes the way of all other
# forms with every row; both read the same from everything. TAP.
set -u
short=$1 long=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
table() { # more awk variables...
    awk "$@" -v bytes=60000 -f "$KT_SOURCE/bench/sar.awk"
}
cd "$scratch" || exit 1
mkdir samples
table -v cpus=4 >samples/plain
table -v cpus=70 >samples/wide
table -v cpus=2 -v noon=1 >samples/noon
table -v cpus=3 -v start=86380 >samples/midnight
table -v cpus=2 | tr . , >samples/comma
table -v cpus=2 | tr -s ' ' '\t' >samples/tabs
table -v cpus=2 | sed 's/$/\r/' >samples/crlf
table -v cpus=2 | sed 's/^/> /' >samples/quoted
table -v cpus=2 | sed p >samples/doubled
table -v cpus=2 | sed 's/ all / ALL /' >samples/capitals
table -v cpus=2 | sed '5~7s/.$//; 6~11s/ [^ ]*$//; 9~13s/$/ 1.00/' >samples/cut
table -v cpus=2 | sed '5~7s/ 0\.00/ -1.00/; 6~11s/\./,/; 7~13s/\./../; 8~17s/0\.00/0/' >samples/odd
table -v cpus=2 | sed '5~7s/ 0\.00/ 99.99/; 6~11s/ 0\.00/ 1234567.00/; 7~13s/ 0\.00/ 12345678901234567890.00/' >samples/sums
table -v cpus=2 | sed '5~7s/^..:/24:/; 6~11s/^..:/7:/; 7~13s/:..:/:60:/; 8~17s/:\(..\) /:60 /' >samples/times
table -v cpus=2 | sed '5~7s/^\(........\) /\1 PM /; 6~11s/^\(........\) /\1  AM /; 7~13s/^\(........\) /\1 am /' >samples/halves
table -v cpus=2 | sed '5~7s/ \([01]\)  / 0000000\1  /; 6~11s/ 1  / 65536  /; 7~13s/ 0  / 99999  /' >samples/numbers
table -v cpus=2 | sed '9s/.*/10:00:00  DEV  tps  rd_sec\/s/; 20s/.*/10:00:05  LINUX RESTART/; 30s/.*/lscpu/' >samples/others
table -v cpus=2 | sed '9~8s/%user/%PM/; 10~8s/CPU/cpu/' >samples/headers
{ table -v cpus=2; table -v cpus=3 | sed 's/%steal/%irq/; 1s/db7/db8/'; } >samples/two
for way in "$KT_SOURCE"/examples/*/*/sar* "$KT_SOURCE"/tests/golden/*/*sar*; do
    [ -f "$way" ] && cp "$way" "samples/$(echo "$way" | tr / _)"
done
cases=${KT_SHARED:-}/evidence/dev.tar.xz
if [ -f "$cases" ]; then
    mkdir cases
    tar -xJf "$cases" -C cases
    grep -rlE '%usr|%user' cases | while read -r file; do
        cp "$file" "samples/$(echo "$file" | tr / _)"
    done
fi
count=0
for sample in samples/*; do
    count=$((count + 1))
    "$short" "$sample" >one 2>&1
    "$long" "$sample" >two 2>&1
    if cmp -s one two; then
        echo "ok $count $(basename "$sample")"
    else
        echo "not ok $count $(basename "$sample")"
        diff one two | head -n 4 | cut -c 1-400 | sed 's/^/# /'
    fi
done
echo "1..$count"
