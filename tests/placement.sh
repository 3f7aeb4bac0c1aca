#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kvmtune plan --batch: bad lines, the problems with a planted answer and their judge where they are at hand, problems
# of our own with one, and 20 small instances against GLPK's optimum. TAP.
set -u
case " $KT_FEATURES " in *" json "*) ;; *) echo "1..0 # SKIP this build reads no JSON"; exit 0 ;; esac
echo "1..5"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

verdict() { # number, name, status; details are in $scratch/out
    if [ "$3" = 0 ]; then
        echo "ok $1 $2"
    else
        sed 's/^/# /' "$scratch/out"
        echo "not ok $1 $2"
    fi
}

node='"cores":["0","1"],"l3":["0-1"],"memory_kib":1048576,"distances":[10]'
guest='"vcpus":1,"memory_kib":1024,"policy":"shared"'
problem() { # id, more of the node, more of the guest
    printf '{"id":"%s","host":{"nodes":[{"id":3,%s%s}]},"guests":[{"name":"a",%s%s}]}\n' "$1" "$node" "$2" "$guest" "$3"
}
{
    problem good '' ''
    echo 'not JSON'
    problem vcpus '' ',"vcpus":0'
    problem policy '' ',"policy":7'
    problem distance ',"distances":[5]' ''
    problem now '' ',"now":{"cpus":"0","memory_kib":{"9":1024}}'
    problem number '' ',"memory_kib":"much"'
    echo
    problem last '' ',"demand_cores":0.5'
} >"$scratch/lines"
cat >"$scratch/expected" <<'END'
kvmtune: lines:2: not JSON
kvmtune: lines:3: guests[0].vcpus: expected a whole number from 1 to 8192
kvmtune: lines:4: guests[0].policy: expected 'shared' or 'dedicated'
kvmtune: lines:5: host.nodes[0].distances: expected whole numbers from 10 to 255
kvmtune: lines:6: guest 'a': it has memory on node 9, which the host has not
kvmtune: lines:7: guests[0].memory_kib: expected a whole number from 0 to 4398046511104
END
(cd "$scratch" && "$KT_BIN" plan --batch lines >answers 2>errors)
status=$?
sed 's/^\(kvmtune: lines:2:\).*/\1 not JSON/' "$scratch/errors" | diff "$scratch/expected" - >"$scratch/out" 2>&1 &&
    [ "$status" = 2 ] && [ "$(grep -c '^{"id":"\(good\|last\)",.*"total":0}' "$scratch/answers")" = 2 ] &&
    [ "$(wc -l <"$scratch/answers")" = 2 ]
verdict 1 "a bad line is named with what was expected, the others are answered" $?

if "$KT_BIN" plan --host "$scratch/answers" >"$scratch/out" 2>&1; then false; else [ $? = 2 ] && [ "$(wc -l <"$scratch/out")" = 1 ]; fi
verdict 2 "what is no evidence of a host is refused in one line" $?

if [ -f "${KT_SHARED:-}/placement/dev.jsonl" ]; then
    "$KT_BIN" plan --batch "$KT_SHARED/placement/dev.jsonl" >"$scratch/answers" 2>"$scratch/out" &&
        python3 "$KT_SHARED/placement/judge.py" "$KT_SHARED/placement/dev.jsonl" "$scratch/answers" >>"$scratch/out" 2>&1
    verdict 3 "problems with a planted answer" $?
else
    echo "ok 3 problems with a planted answer # SKIP no placement/dev.jsonl in KT_SHARED"
fi

if command -v python3 >/dev/null; then
    python3 "$KT_SOURCE/bench/placement/planted.py" 5 3 >"$scratch/planted" 2>"$scratch/out" &&
        "$KT_BIN" plan --batch "$scratch/planted" >"$scratch/answers" 2>>"$scratch/out" &&
        python3 "$KT_SOURCE/bench/placement/planted_check.py" "$scratch/planted" "$scratch/answers" >>"$scratch/out" 2>&1
    verdict 4 "problems of our own" $?
else
    echo "ok 4 problems of our own # SKIP no python3"
fi

if command -v python3 >/dev/null && command -v glpsol >/dev/null; then
    python3 "$KT_SOURCE/bench/placement" "$KT_BUILD" --small 20 --seconds 10 --large 0 --seed 3 --keep no \
        >"$scratch/out" 2>&1
    verdict 5 "20 small instances against GLPK" $?
    sed -n 's/^| 2-8/# &/p' "$scratch/out" | head -n 1
else
    echo "ok 5 20 small instances against GLPK # SKIP no glpsol"
fi
