#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Inputs that were findings once, found/TARGET/NAME, go through every target. TAP.
# usage: found.sh REPLAY
replay=$1
cd "${KT_SOURCE:-$(dirname "$0")/../..}/tests/fuzz" || exit 1
targets=$("$replay" --list) || exit 1
# shellcheck disable=SC2086
set -- $targets
echo "1..$#"
n=0
for target; do
    n=$((n + 1))
    if "$replay" "$target" found/*/* >/dev/null 2>&1; then echo "ok $n - $target"; else echo "not ok $n - $target"; fi
done
