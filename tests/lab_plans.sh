#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures of the lab's scenarios (tests/golden/lab/NAME.tar.xz) are planned as an expert would: the plan
# is NAME.plan, below a sentence on why. A plan that should be another now: look at the difference,
# then `KT_BIN=build/src/cmd/kvmtune tests/lab_plans.sh --renew` writes the files anew. TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)/golden/lab
case " ${KT_FEATURES-xml json archive} " in *" xml "*) ;; *) echo "1..0 # SKIP built without libxml2"; exit 0 ;; esac
case " ${KT_FEATURES-xml json archive} " in *" archive "*) ;; *) echo "1..0 # SKIP built without libarchive"; exit 0 ;; esac
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
n=0
for capture in "$here"/*.tar.xz; do
  name=$(basename "$capture" .tar.xz)
  golden=$here/$name.plan
  sed '/^--$/q' "$golden" >"$scratch/plan"
  LC_ALL=C.UTF-8 LANGUAGE='' COLUMNS=100 "$KT_BIN" plan --host "$capture" --color never >>"$scratch/plan" 2>&1
  status=$?
  if [ "${1-}" = --renew ]; then
    cp "$scratch/plan" "$golden"
    continue
  fi
  n=$((n + 1))
  if [ $status -le 1 ] && diff -u "$golden" "$scratch/plan" >"$scratch/diff" && sed -n 1p "$golden" | grep -q .; then
    echo "ok $n - $name"
  else
    sed 's/^/# /' "$scratch/diff"
    echo "not ok $n - $name"
  fi
done
[ "${1-}" = --renew ] || echo "1..$n"
