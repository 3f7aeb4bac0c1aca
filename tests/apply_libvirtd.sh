#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kvmtune apply and rollback on a real libvirtd of its own (sockets and state in a folder that goes) with a paused
# guest under TCG: done and taken back; killed at many moments; libvirtd restarted, the guest ended,
# and somebody else at work in the middle. TAP.
# usage: apply_libvirtd.sh KVMTUNE
set -u
kvmtune=$1
run=$(mktemp -d) || exit 1 # short: names of sockets are limited
export KVMTUNE_RUN_DIR="$run/lock" # not the lock of this host
daemon=
LC_ALL=C.UTF-8
export LC_ALL
n=0

finish() {
  [ -n "$daemon" ] && virsh -c "$uri" destroy tiny >/dev/null 2>&1
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
    tail -n 40 "$run/out" "$run/err" "$run/difference" 2>/dev/null | sed 's/^/# /'
  fi
}

for program in libvirtd virsh qemu-system-x86_64; do
  command -v $program >/dev/null || skip "$program is not installed"
done
case " ${KT_FEATURES-xml json} " in *" xml "*) ;; *) skip "built without libxml2" ;; esac
case " ${KT_FEATURES-xml json} " in *" json "*) ;; *) skip "built without json-glib" ;; esac

# ---- a libvirtd of our own ----

mkdir -p "$run/r" "$run/home"
HOME=$run/home XDG_RUNTIME_DIR=$run/r XDG_CACHE_HOME=$run/home/cache XDG_CONFIG_HOME=$run/home/config
export HOME XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_CONFIG_HOME
unset LIBVIRT_DEFAULT_URI
: >"$run/libvirtd.conf"
as_user= # root's would be the system's
if [ "$(id -u)" = 0 ]; then
  as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
  chmod 755 "$run" && chown -R 65534:65534 "$run/r" "$run/home"
fi
uri="qemu+unix:///session?socket=$run/r/libvirt/libvirt-sock"
start_libvirtd() {
  $as_user libvirtd -f "$run/libvirtd.conf" -p "$run/r/pid" >>"$run/r/log" 2>&1 &
  daemon=$!
  for _ in $(seq 120); do
    virsh -c "$uri" list >/dev/null 2>&1 && return
    sleep 0.5
  done
}
start_libvirtd
cat >"$run/tiny.xml" <<END
<domain type='qemu'>
  <name>tiny</name>
  <!-- gone with the first definition -->
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <iothreads>1</iothreads>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <features><acpi/><apic/></features>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='allow'>qemu64</model>
    <topology sockets='2' cores='1' threads='1'/>
  </cpu>
  <devices>
    <graphics type='vnc' port='-1' passwd='geheim'/>
    <memballoon model='none'/>
  </devices>
</domain>
END
virsh -c "$uri" define "$run/tiny.xml" >/dev/null 2>"$run/err" &&
  virsh -c "$uri" start tiny --paused >/dev/null 2>"$run/err" ||
  skip "this libvirtd starts no guest: $(head -c 200 "$run/err" | tr '\n' ' ')"

# ---- what is there ----

look() { # into FILE: the definition, and where each thread may run
  virsh -c "$uri" dumpxml --inactive --security-info tiny >"$1" || return 1
  pid=$(cat "$run/r/libvirt/qemu/run/tiny.pid") || return 1
  for task in /proc/"$pid"/task/*; do
    case $(cat "$task/comm") in CPU* | IO* | qemu*)
      echo "$(cat "$task/comm") $(grep Cpus_allowed_list "$task/status")"
      ;;
    esac
  done | sort | uniq >>"$1"
}
is_as_before() {
  look "$run/now" && diff "$run/before" "$run/now" >"$run/difference"
}
look "$run/before" || skip "its threads cannot be seen"
cpus=$(sed -n 's/^CPU 0.*Cpus_allowed_list:\t*//p' "$run/before")
last=$(echo "$cpus" | sed 's/.*[-,]//')
uuid=$(virsh -c "$uri" domuuid tiny | head -1)
[ "$cpus" != "$last" ] || skip "one CPU is too few"

cat >"$run/plan.json" <<END
{"kvmtune_plan": 1, "host": "$(uname -n)", "live": true,
 "guests": [{"domain": "tiny", "uuid": "$uuid", "before": {}, "after": {}}],
 "changes": [
  {"id": "tiny/vcpupin", "domain": "tiny", "uuid": "$uuid", "title": "pins", "act": "vcpupin",
   "edits": [{"where": "0", "before": "$cpus", "after": "$last"}, {"where": "1", "before": "$cpus", "after": "$last"}]},
  {"id": "tiny/emulatorpin", "domain": "tiny", "uuid": "$uuid", "title": "own", "act": "emulatorpin",
   "edits": [{"where": "", "before": "$cpus", "after": "$last"}]},
  {"id": "tiny/iothreadpin", "domain": "tiny", "uuid": "$uuid", "title": "I/O", "act": "iothreadpin",
   "edits": [{"where": "1", "before": "$cpus", "after": "$last"}]},
  {"id": "tiny/topology", "domain": "tiny", "uuid": "$uuid", "title": "topology", "act": "domxml",
   "edits": [{"where": "cpu/topology/@sockets", "before": "2", "after": "1"},
             {"where": "cpu/topology/@cores", "before": "1", "after": "2"}]},
  {"id": "tiny/pins", "domain": "tiny", "uuid": "$uuid", "title": "pins", "act": "domxml",
   "edits": [{"where": "cputune/vcpupin[@vcpu='0']/@cpuset", "before": null, "after": "$last"}]}]}
END
apply() { # OPTION...
  timeout 120 "$kvmtune" apply "$run/plan.json" --connect "$uri" --state "$run/s" --yes --measure 0 "$@" \
    >"$run/out" 2>"$run/err" </dev/null
}
roll_back() {
  timeout 120 "$kvmtune" rollback --state "$run/s" --yes >"$run/out" 2>"$run/err" </dev/null
}
history_says() { # WORDS
  timeout 60 "$kvmtune" history last --state "$run/s" >"$run/out" 2>"$run/err" && grep -qF "$1" "$run/out"
}

# ---- there and back ----

apply && grep -qF '5 of 5 steps done' "$run/out"
verdict $? "done"
look "$run/after" && grep -q "cores='2'" "$run/after" && grep -q "^CPU 1.*:[^0-9]*$last\$" "$run/after" &&
  grep -q "^IO iothread1.*:[^0-9]*$last\$" "$run/after" && grep -qF "passwd='geheim'" "$run/after"
verdict $? "the kernel and libvirt say so, and the password is still there"
apply && grep -qF 'Nothing is left' "$run/out"
verdict $? "the same plan once more: nothing is left to be done"
roll_back && is_as_before
verdict $? "taken back: the definition byte for byte, and the CPUs of each thread"

# ---- killed ----

began=$(date +%s%N)
apply
took=$((($(date +%s%N) - began) / 1000000)) # ms of a whole run
roll_back
interrupted=0 bad=0
for part in 4 5 6 7 8 9 10 11 12 13 14 15; do
  "$kvmtune" apply "$run/plan.json" --connect "$uri" --state "$run/s" --yes --measure 0 >"$run/out" 2>&1 </dev/null &
  victim=$!
  moment=$((took * part / 16))
  sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
  kill -9 $victim 2>/dev/null
  wait $victim 2>/dev/null
  history_says 'interrupted' && {
    interrupted=$((interrupted + 1))
    roll_back || bad=$((bad + 1))
  }
  history_says ': done' && { roll_back || bad=$((bad + 1)); }
  is_as_before || bad=$((bad + 1))
done
[ "$bad" -eq 0 ]
verdict $? "kill -9 at 12 moments: as before after a rollback"
echo "# $interrupted of them in the middle of its steps"

# ---- others ----

apply && virsh -c "$uri" vcpupin tiny 1 "${cpus%%[-,]*}" --live >/dev/null
roll_back
[ $? -eq 1 ] && grep -qF "Kept: vcpupin 1 of 'tiny': somebody else changed it since" "$run/out"
verdict $? "what somebody else changed is kept and named"
virsh -c "$uri" vcpupin tiny 1 "$last" --live >/dev/null
roll_back && is_as_before
verdict $? "put back as it was left, it is taken back"

# From a shell without job control SIGINT is ignored in the background; SIGTERM is not.
"$kvmtune" apply "$run/plan.json" --connect "$uri" --state "$run/s" --yes --measure 30 >"$run/out" 2>"$run/err" </dev/null &
at_work=$!
sleep 3
kill -TERM $at_work
wait $at_work
[ $? -eq 2 ] && grep -qF 'stopped; nothing was done' "$run/err" && is_as_before
verdict $? "ended by a signal while it measures: nothing was done"

"$kvmtune" apply "$run/plan.json" --connect "$uri" --state "$run/s" --yes --measure 6 >"$run/out" 2>"$run/err" </dev/null &
at_work=$!
sleep 2
apply
[ $? -eq 2 ] && grep -qF "process $at_work, 'kvmtune apply' of " "$run/err"
verdict $? "a second apply does not wait, and says who is at work"
timeout 60 "$kvmtune" apply "$run/plan.json" --connect "$uri" --state "$run/s2" --yes --measure 0 >"$run/out" 2>"$run/err"
[ $? -eq 2 ] && grep -qF "process $at_work, 'kvmtune apply' of " "$run/err" && [ ! -e "$run/s2" ]
verdict $? "nor does one with a journal in another folder"
kill "$daemon" && wait "$daemon" 2>/dev/null
start_libvirtd
wait $at_work
status=$?
# The connection is opened anew, or the run fails cleanly; both can be taken back.
history_says ': done' || { [ $status -eq 2 ] && history_says ': failed'; }
verdict $? "libvirtd restarted in the middle: the history tells what happened"
roll_back && is_as_before
verdict $? "and it is taken back"

"$kvmtune" apply "$run/plan.json" --connect "$uri" --state "$run/s" --yes --measure 4 >"$run/out" 2>"$run/err" </dev/null &
at_work=$!
sleep 2
virsh -c "$uri" destroy tiny >/dev/null
wait $at_work
[ $? -eq 2 ] && grep -q "does not run" "$run/err"
verdict $? "the guest ended in the middle: the run does, too"
roll_back
virsh -c "$uri" start tiny --paused >/dev/null 2>&1
is_as_before
verdict $? "and the next start is as before"
echo "1..$n"
