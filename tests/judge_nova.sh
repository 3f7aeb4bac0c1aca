#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Nova's own answers to requests, where they are at hand, against kvmtune's. TAP.
set -u
vectors=${KT_SHARED:-}/nova/vectors.jsonl
here=${KT_SOURCE:-$(dirname "$0")/..}/tests
case " ${KT_FEATURES-json} " in
*" json "*) ;;
*) echo "1..0 # SKIP a build without JSON"; exit 0 ;;
esac
[ -f "$vectors" ] || { echo "1..0 # SKIP no nova/vectors.jsonl in KT_SHARED"; exit 0; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
echo "1..2"
n=0
for release in zed master; do
    n=$((n + 1))
    if "$KT_BIN" nova fit --batch "$vectors" --nova-release $release >"$scratch/answers" 2>"$scratch/err" &&
        python3 "$here/judge_nova.py" "$vectors" "$scratch/answers" $release >"$scratch/out" 2>>"$scratch/err"; then
        echo "ok $n $release"
        tail -n 1 "$scratch/out" | sed 's/^/# /'
    else
        cat "$scratch/err" "$scratch/out" 2>/dev/null | cut -c1-300 | sed 's/^/# /'
        echo "not ok $n $release"
    fi
done
