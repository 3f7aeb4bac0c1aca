#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A plan carried out on a libvirtd of our own (never the system's), on a paused guest under TCG: done and taken
# back; then again and again with libvirt's first, second, third ... call failing, of the apply and of the
# rollback. After each the history tells the truth and one more rollback restores all. TAP.
# usage: apply_faults.sh KVMTUNE HAND FAILING-LIBVIRT
set -u
kvmtune=$1 hand=$2 failing=$3
run=$(mktemp -d) || exit 1 # short: names of sockets are limited
export KVMTUNE_RUN_DIR="$run/lock" # not the lock of this host
daemon=
LC_ALL=C
export LC_ALL
n=0

finish() {
  [ -n "$daemon" ] && virsh -c "$uri" destroy g >/dev/null 2>&1
  [ -n "$daemon" ] && kill "$daemon" && wait "$daemon"
  rm -rf "$run"
} 2>/dev/null
trap finish EXIT
trap 'exit 1' INT TERM

skip() {
  echo "1..0 # SKIP $1"
  exit 0
}
verdict() { # STATUS NAME
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
    echo "not ok $n - $2"
    sed 's/^/# /' "$run/said"
  fi
}

for program in libvirtd virsh qemu-system-x86_64; do
  command -v $program >/dev/null || skip "$program is not installed"
done
case " ${KT_FEATURES-xml json} " in *" json "*) ;; *) skip "built without json-glib" ;; esac
[ "$(nproc)" -ge 2 ] || skip "one CPU leaves nothing to pin"

# ---- a libvirtd of our own, a guest that needs no system ----

mkdir -p "$run/r" "$run/home"
: >"$run/said"
: >"$run/libvirtd.conf"
HOME=$run/home XDG_RUNTIME_DIR=$run/r XDG_CACHE_HOME=$run/home/cache XDG_CONFIG_HOME=$run/home/config
export HOME XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_CONFIG_HOME
unset LIBVIRT_DEFAULT_URI
as_user= # root's would be the system's
if [ "$(id -u)" = 0 ]; then
  as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
  chmod 755 "$run" && chown -R 65534:65534 "$run/r" "$run/home"
fi
$as_user libvirtd -f "$run/libvirtd.conf" -p "$run/r/pid" >"$run/r/log" 2>&1 &
daemon=$!
uri="qemu+unix:///session?socket=$run/r/libvirt/libvirt-sock"
for _ in $(seq 60); do
  virsh -c "$uri" list >/dev/null 2>&1 && break
  sleep 0.5
done
cat >"$run/g.xml" <<END
<domain type='qemu'>
  <name>g</name>
  <memory unit='MiB'>32</memory>
  <vcpu>2</vcpu>
  <iothreads>1</iothreads>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <memballoon model='none'/>
    <graphics type='vnc' autoport='no' passwd='secret' socket='$run/r/vnc'/>
  </devices>
</domain>
END
virsh -q -c "$uri" "define $run/g.xml; start --paused g" >"$run/said" 2>&1 ||
  skip "this libvirtd starts no guest: $(head -c 200 "$run/said" | tr '\n' ' ')"

# ---- what it is ----

read_step() { "$hand" --uri "$uri" read "$1" g "$2"; }
state() { # all that the plan changes
  for vcpu in 0 1; do read_step vcpupin $vcpu; done
  read_step emulatorpin ""
  read_step iothreadpin 1
  virsh -c "$uri" dumpxml --inactive --security-info g
}
state >"$run/before"
all=$(sed -n 1p "$run/before") uuid=$(virsh -q -c "$uri" domuuid g)
first=${all%%[-,]*} last=${all##*[-,]}
shape='{"sockets":null,"cores":null,"threads":null,"l3_groups":null,"cells":null,"cpu":null}'
change() { # ID ACT RISK EDITS
  printf '{"id":"g/%s","act":"%s","domain":"g","uuid":"%s","title":"t","why":"w","reasons":[],"effects":[],"risk":"%s","undo":"u","edits":[%s]}' \
    "$1" "$2" "$uuid" "$3" "$4"
}
edit() { printf '{"where":"%s","before":"%s","after":"%s"}' "$1" "$all" "$2"; }
cat >"$run/plan" <<END
{"kvmtune_plan":1,"made":"","host":"$(hostname)","live":true,"policy":"auto",
"guests":[{"domain":"g","uuid":"$uuid","before":$shape,"after":$shape}],
"changes":[$(change vcpupin vcpupin L "$(edit 0 "$last"),$(edit 1 "$first")"),
$(change emulatorpin emulatorpin L "$(edit '' "$first")"),
$(change iothreadpin-1 iothreadpin L "$(edit 1 "$last")"),
$(change pins domxml B "{\"where\":\"cputune/vcpupin[@vcpu='0']/@cpuset\",\"before\":null,\"after\":\"$last\"}")],
"notes":[]}
END

# ---- done, and taken back ----

apply() { "$kvmtune" apply --connect "$uri" --yes --measure 0 --state "$run/state" "$run/plan"; }
rollback() { "$kvmtune" rollback --yes --state "$run/state" last; }
restored() { state >"$run/after" && diff "$run/before" "$run/after" >"$run/said" 2>&1; }
changed() { state >"$run/after" && ! diff "$run/before" "$run/after" >/dev/null; }
# with_fault N COMMAND: libvirt's Nth call fails
with_fault() { KT_FAIL_CALL=$1 KT_CALLS_FILE=$run/calls LD_PRELOAD=$failing $2 >"$run/said" 2>&1; }

"$kvmtune" apply --connect "$uri" --dry-run --state "$run/state" "$run/plan" >"$run/dry" 2>&1
grep -o 'virDomain.*' "$run/dry" >"$run/shown"
restored && [ "$(wc -l <"$run/shown")" = 5 ]
verdict $? "a dry run shows five calls and changes nothing"
: >"$run/calls"
with_fault 0 apply && changed
verdict $? "applied"
grep -E 'Pin(Vcpu|Emulator|IOThread)$|Define' "$run/calls" >"$run/made"
sed 's/(.*//' "$run/shown" | diff - "$run/made" >"$run/said"
verdict $? "the calls that change something are those that the dry run showed, in that order"
positions=$(wc -l <"$run/calls")
: >"$run/calls"
with_fault 0 rollback && restored
verdict $? "taken back: threads run where they did, the definition is the same byte for byte"
back=$(wc -l <"$run/calls")

# ---- each call failing ----

tells() { "$kvmtune" history --state "$run/state" | awk '$1 == 1 {print $5; exit}'; } # its state
bad=
for at in $(seq "$positions"); do
  rm -rf "$run/state"
  with_fault "$at" apply
  status=$?
  if [ "$status" = 0 ]; then
    [ "$(tells)" = "done" ] || bad="$bad $at:history"
  elif changed; then
    [ "$(tells)" = "failed" ] || bad="$bad $at:history"
  fi
  [ ! -e "$run/state/journal.db" ] || rollback >"$run/said" 2>&1 || [ "$status" != 0 ] || bad="$bad $at:rollback"
  restored || bad="$bad $at:state"
done
echo "# apply: $positions positions$bad"
[ "$positions" -gt 30 ] && [ -z "$bad" ]
verdict $? "libvirt fails at each of its $positions calls of an apply: the history tells it, a rollback restores"

bad=
for at in $(seq "$back"); do
  rm -rf "$run/state"
  apply >"$run/said" 2>&1 || bad="$bad $at:apply"
  with_fault "$at" rollback || rollback >"$run/said" 2>&1 || bad="$bad $at:again"
  restored || bad="$bad $at:state"
done
echo "# rollback: $back positions$bad"
[ "$back" -gt 20 ] && [ -z "$bad" ]
verdict $? "libvirt fails at each of its $back calls of a rollback: once more restores"
echo "1..$n"
