#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The evidence cases with known truth and their judge, where they are at hand. TAP.
set -u
echo "1..1"
cases=${KT_SHARED:-}/evidence
if [ ! -f "$cases/dev.tar.xz" ]; then
    echo "ok 1 evidence cases # SKIP no evidence/dev.tar.xz in KT_SHARED"
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tar -xJf "$cases/dev.tar.xz" -C "$scratch"
if python3 "$cases/judge.py" "$scratch" --bin "$KT_BIN" --jobs 2 --worst 20 >"$scratch/out" 2>&1; then
    echo "ok 1 evidence cases"
    tail -n 1 "$scratch/out" | sed 's/^/# /'
else
    sed 's/^/# /' "$scratch/out"
    echo "not ok 1 evidence cases"
fi
