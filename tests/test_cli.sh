#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: exit statuses, one line of complaint, help, manual page and
# completion that name every command and option. TAP.
# usage: test_cli.sh KVMTUNE MANUAL COMPLETION
kvmtune=$1 manual=$2 completion=$3
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
LC_ALL=C
export LC_ALL
n=0

verdict() { # STATUS NAME
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# refuses WORDS ARGUMENT...: exit 2, nothing on stdout, one line in lower case with WORDS on stderr
refuses() {
    words=$1
    shift
    "$kvmtune" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
    [ "$status" -eq 2 ] && [ ! -s "$dir/out" ] && [ "$(wc -l <"$dir/err")" -eq 1 ] &&
        grep -q '^kvmtune: [^A-Z]' "$dir/err" && grep -qF -- "$words" "$dir/err"
    ok=$?
    [ $ok -eq 0 ] || sed 's/^/# /' "$dir/err"
    verdict $ok "refused: kvmtune $*"
}

# answers STATUS WORDS ARGUMENT...
answers() {
    want=$1 words=$2
    shift 2
    "$kvmtune" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    status=$?
    [ "$status" -eq "$want" ] && [ ! -s "$dir/err" ] && grep -qF -- "$words" "$dir/out"
    ok=$?
    [ $ok -eq 0 ] || { echo "# status $status"; sed 's/^/# /' "$dir/err"; }
    verdict $ok "answered: kvmtune $*"
}

# The next tests only in builds with a feature: with FEATURE COMMAND...
with() {
    case " ${KT_FEATURES-archive json xml} " in
        *" $1 "*) shift; "$@" ;;
        *) n=$((n + 1)); echo "ok $n - built without $1 # SKIP" ;;
    esac
}

# A guest whose 8 CPUs are a socket each, and one that is well.
cat >"$dir/slow.txt" <<'END'
Architecture:          x86_64
CPU(s):                8
On-line CPU(s) list:   0-7
Thread(s) per core:    1
Core(s) per socket:    1
Socket(s):             8
NUMA node(s):          1
Vendor ID:             GenuineIntel
CPU family:            6
Model:                 42
Stepping:              1
Hypervisor vendor:     KVM
Virtualization type:   full
L1d cache:             32K
L1i cache:             32K
L2 cache:              4096K
NUMA node0 CPU(s):     0-7
END
sed -e 's/^Core(s) per socket:.*/Core(s) per socket:    8/; s/^Socket(s):.*/Socket(s):             1/' \
    -e 's/^L2 cache:.*/L2 cache:              256K\nL3 cache:              16384K/' \
    "$dir/slow.txt" >"$dir/fast.txt"
printf 'nothing that any tool prints\n' >"$dir/prose.txt"
printf '{"name": "guest", "disk_format": "raw", "container_format": "bare", "status": "active", "min_ram": 0}\n' >"$dir/nothing.json"
printf 'a file\n' >"$dir/file"

echo 1..63
answers 0 "kvmtune 0" --version
answers 0 "usage: kvmtune" --help
answers 0 "usage: kvmtune" help
answers 0 "--interval" help doctor
answers 0 "--interval" doctor --help
answers 0 "X06" checks
answers 0 '"implemented"' checks --json
answers 0 "Risk of the change" explain x06
answers 1 "X06" doctor "$dir/slow.txt" --html "$dir/page.html"
grep -q 'id="finding-1-X06"' "$dir/page.html" && [ "$(ls "$dir"/page.html*)" = "$dir/page.html" ]
verdict $? "the page has the finding, and nothing is left beside it"
answers 1 "<!DOCTYPE html>" doctor "$dir/slow.txt" --html -
answers 0 "<!DOCTYPE html>" compare "$dir/fast.txt" "$dir/slow.txt" --html -
answers 1 "X06" doctor "$dir/slow.txt" --html /dev/null
[ -c /dev/null ]
verdict $? "a device stays a device"
refuses "--html" doctor --json --html - "$dir/slow.txt"
refuses "cannot write '$dir/none/page.html': No such file or directory" doctor "$dir/slow.txt" --html "$dir/none/page.html"
answers 1 "X06" doctor "$dir/slow.txt"
answers 1 '"id": "X06"' doctor --json "$dir/slow.txt"
answers 0 "is healthy" doctor "$dir/fast.txt"
answers 0 '"sockets": 8' facts --json "$dir/slow.txt"
answers 0 "1 core per socket" facts "$dir/slow.txt"
answers 0 "X06" compare "$dir/fast.txt" "$dir/slow.txt"
answers 0 '"check": "X03"' compare --json --reference "$dir/fast.txt" --subject "$dir/slow.txt"
answers 0 "X06" compare "$dir/fast.txt#1" "$dir/slow.txt#1"
answers 0 "X06" compare --reference "$dir/fast.txt#1" "$dir/prose.txt" --subject "$dir/slow.txt"
answers 0 "no machine, domain or flavor" facts "$dir/nothing.json"
refuses "did you mean 'doctor'" doctr
refuses "did you mean '--json'" doctor --jsn "$dir/slow.txt"
refuses "did you mean '--reference'" compare --referense a
refuses "help doctor" doctor --frobnicate
refuses "did you mean 'kvmtune doctor" "$dir/file"
refuses "--interval" doctor --interval=-1
refuses "--interval" doctor --interval soon
refuses "not for evidence" doctor --interval 2 "$dir/slow.txt"
refuses "2026-11-24T14:00" doctor --from noon "$dir/slow.txt"
refuses "not for this machine" doctor --from 14:00
refuses "no machine, domain or flavor" doctor "$dir/nothing.json"
refuses 'ab\x1bc' doctor "$dir/$(printf 'ab\033c')"
refuses "always" doctor --color blue "$dir/slow.txt"
refuses "No such file" doctor "$dir/absent"
refuses "prose.txt" doctor "$dir/prose.txt"
refuses "reference and a subject" compare "$dir/fast.txt"
refuses "no machine or domain '9'" compare "$dir/fast.txt#9" "$dir/slow.txt"
refuses "no check 'Z99'" explain Z99
refuses "no domain 'nobody'" doctor --domain nobody "$dir/slow.txt"

# A folder of captures: each archive is a machine.
mkdir "$dir/captures"
tar -C "$dir" -czf "$dir/captures/a.tar.gz" slow.txt
tar -C "$dir" -cf "$dir/captures/b.tar" fast.txt
with archive answers 1 "machine 2 (KVM guest) is healthy" doctor "$dir/captures"

# Accepted risks, the change since a report, the monitoring line.
KVMTUNE_IGNORE=$dir/ignore
export KVMTUNE_IGNORE
"$kvmtune" doctor --json "$dir/slow.txt" >"$dir/last.json"
answers 0 "no risk is accepted" ignore
refuses "reason is expected" ignore X06
refuses "no check 'Q99'" ignore Q99 --reason why
answers 0 "X06 is now accepted" ignore x06 --reason "licence by sockets"
answers 0 "X03 is now accepted" ignore X03 --reason "old machine type stays" --subject "machine 1"
answers 0 "Not counted: licence by sockets" doctor "$dir/slow.txt"
answers 0 "KVMTUNE OK" doctor --nagios "$dir/slow.txt"
answers 0 "X06 is no longer accepted" ignore --remove X06
answers 2 "KVMTUNE CRITICAL - machine 1: X06" doctor --nagios "$dir/slow.txt"
answers 3 "KVMTUNE UNKNOWN - " doctor --nagios "$dir/absent"
refuses "its line alone" doctor --nagios --json "$dir/slow.txt"
with json answers 1 "0 new, 0 gone, 2 unchanged" doctor --since "$dir/last.json" "$dir/slow.txt"
with json refuses "cannot read '$dir/none.json': No such file or directory" doctor --since "$dir/none.json" "$dir/slow.txt"

# A paste given twice is one paste.
"$kvmtune" facts --json "$dir/slow.txt" >"$dir/once"
"$kvmtune" facts --json "$dir/slow.txt" "$dir/slow.txt" | cmp -s - "$dir/once"
verdict $? "a file given twice"

# A reader that goes away is no error; a full disk is one.
status=$( { { "$kvmtune" checks; echo $? >&3; } | head -n 1 >/dev/null; } 3>&1)
[ "$status" = 0 ]
verdict $? "closed pipe"
if [ -w /dev/full ]; then
    "$kvmtune" checks >/dev/full 2>"$dir/err"
    [ $? -eq 2 ] && grep -q "cannot write" "$dir/err"
    verdict $? "full disk"
else
    n=$((n + 1))
    echo "ok $n - full disk # SKIP no /dev/full"
fi

# What help tells of, the manual page and the completion know too.
missing=
for command in $("$kvmtune" help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    grep -q "^\.Cm $command\$" "$manual" || missing="$missing manual:$command"
    grep -q "^    $command)\$" "$completion" || missing="$missing completion:$command"
    for option in $("$kvmtune" help "$command" | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
        grep -q "^\.It Fl .-$option\( \|\$\)" "$manual" || missing="$missing manual:--$option"
        grep -q -- "--$option " "$completion" || missing="$missing completion:--$option"
    done
done
[ -z "$missing" ] || echo "# missing: $missing"
[ -z "$missing" ] && [ "$("$kvmtune" help doctor | grep -c '^  --')" -ge 7 ]
verdict $? "manual page and completion are complete"
