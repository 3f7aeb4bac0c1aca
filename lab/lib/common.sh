# SPDX-License-Identifier: GPL-2.0-or-later
# Where things are, and how the lab speaks.
# lab_root: all labs of this source tree; cache: made once for all of them;
# built: the build of kvmtune; state: this lab; share: the folder that host and lab both see (/run/lab inside).

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 2
}

lab_paths() { # NAME
    top=$(dirname "$here")
    built=${KT_BUILD:-$top/build}
    lab_root=${KT_LAB:-$top/build/lab}
    mkdir -p "$lab_root" || die "cannot make the folder '$lab_root'; set KT_LAB to one that can be written"
    lab_root=$(cd "$lab_root" && pwd)
    cache=$lab_root/cache
    state=$lab_root/$1
    share=$state/share
    lab_name=$1
    [ "$1" != cache ] || die "a lab cannot be called 'cache'"
    mkdir -p "$cache"
}

lab_must_run() {
    machine_runs "$state" || die "lab '$lab_name' is not up; start it with \`lab up\`"
}

# What runs in the lab, as it is built now. A file that is in use there keeps its old content: the new one is another.
share_refresh() {
    local program copy
    mkdir -p "$share/bin"
    for program in "$here"/inside/* "$built/src/cmd/kvmtune" "$built"/lab/load/lab-* "$built/lab/guest/bare.elf" \
        "$built/lab/meter/lab-meter" "$built/tests/hand" "$cache/numad/usr/bin/numad"; do
        copy=$share/bin/${program##*/}
        [ ! -f "$program" ] || cmp -s "$program" "$copy" || { cp "$program" "$copy.$$" && mv "$copy.$$" "$copy"; }
    done
}

# Waits until a command succeeds: wait_for SECONDS COMMAND...
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}
