#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kvmtune apply on root's libvirtd, in a mount namespace of its own, so that nothing of this machine's libvirt is seen
# or changed: what libvirt's pid file decides when two processes have a guest's UUID; CPU quotas, which only root's
# libvirtd has cgroups for; the lock of the host. TAP.
# usage: apply_system.sh KVMTUNE
set -u
skip() {
  echo "1..0 # SKIP $1"
  exit 0
}
if [ "${2-}" != inside ]; then
  [ "$(id -u)" = 0 ] || skip "needs root"
  for program in libvirtd virsh qemu-system-x86_64 unshare; do
    command -v $program >/dev/null || skip "$program is not installed"
  done
  case " ${KT_FEATURES-xml json} " in *" xml "*) ;; *) skip "built without libxml2" ;; esac
  case " ${KT_FEATURES-xml json} " in *" json "*) ;; *) skip "built without json-glib" ;; esac
  unshare -m true 2>/dev/null || skip "no mount namespace may be made"
  exec unshare -m sh "$0" "$1" inside
fi

kvmtune=$1
daemon='' decoy=''
unset HOME XDG_RUNTIME_DIR KVMTUNE_RUN_DIR LIBVIRT_DEFAULT_URI
LC_ALL=C.UTF-8
export LC_ALL
n=0
v() { virsh -c qemu:///system "$@" 2>>/run/err; }

finish() {
  [ -n "$decoy" ] && kill -9 "$decoy"
  [ -n "$daemon" ] && v destroy tiny && kill "$daemon" && wait "$daemon"
} >/dev/null 2>&1
trap finish EXIT
trap 'exit 1' INT TERM

verdict() { # STATUS NAME
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
    echo "not ok $n - $2"
    tail -n 40 /run/out /run/err 2>/dev/null | sed 's/^/# /'
  fi
}

# ---- a libvirtd that nobody else sees ----

mount -t tmpfs none /run && mount -t tmpfs none /var/lib && mkdir -p /etc/libvirt && mount -t tmpfs none /etc/libvirt ||
  skip "nothing can be mounted"
mkdir -p /var/lib/libvirt/qemu
for file in passwd group; do
  cp /etc/$file /run/$file && mount --bind /run/$file /etc/$file || skip "nothing can be mounted"
done
grep -q '^libvirt-qemu:' /run/passwd || echo 'libvirt-qemu:x:64055:64055::/:/bin/false' >>/run/passwd
grep -q '^libvirt-qemu:' /run/group || echo 'libvirt-qemu:x:64055:' >>/run/group
grep -q '^kvm:' /run/group || echo 'kvm:x:64056:' >>/run/group
cat >/etc/libvirt/qemu.conf <<END
user = "+0"
group = "+0"
security_driver = "none"
stdio_handler = "file"
END
libvirtd >/run/log 2>&1 &
daemon=$!
for _ in $(seq 60); do
  v list >/dev/null && break
  sleep 0.5
done
uuid=6a1d4d2e-5f3c-4d0a-9c7b-000000000001
cat >/run/tiny.xml <<END
<domain type='qemu'>
  <name>tiny</name>
  <uuid>$uuid</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <cputune><period>100000</period><quota>100000</quota></cputune>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><memballoon model='none'/></devices>
</domain>
END
# Words that anybody may start a program with; it is older, and comes first in the list of processes.
qemu-system-x86_64 -name guest=tiny,debug-threads=on -machine q35,accel=tcg -uuid "$uuid" -smp 2 -m 16 -S -nodefaults \
  -display none >/dev/null 2>&1 &
decoy=$!
: >/run/err
v define /run/tiny.xml >/dev/null && v start tiny --paused >/dev/null ||
  skip "this libvirtd starts no guest: $(head -c 200 /run/err | tr '\n' ' ')"
quota() { v schedinfo tiny | sed -n 's/^vcpu_quota *: //p'; }
[ "$(quota)" = 100000 ] || skip "no cgroup counts CPU time here"
pid=$(cat /run/libvirt/qemu/tiny.pid) || skip "this libvirtd has no pid files"
cpus=$(sed -n 's/^Cpus_allowed_list:\t*//p' "/proc/$pid/status")
last=$(echo "$cpus" | sed 's/.*[-,]//')
[ "$cpus" != "$last" ] || skip "one CPU is too few"
cat >/run/plan.json <<END
{"kvmtune_plan": 1, "host": "$(uname -n)", "live": true,
 "guests": [{"domain": "tiny", "uuid": "$uuid", "before": {}, "after": {}}],
 "changes": [
  {"id": "tiny/vcpupin", "domain": "tiny", "uuid": "$uuid", "title": "pins", "act": "vcpupin",
   "edits": [{"where": "0", "before": "$cpus", "after": "$last"}, {"where": "1", "before": "$cpus", "after": "$last"}]},
  {"id": "tiny/quota", "domain": "tiny", "uuid": "$uuid", "title": "no CPU quota", "act": "scheduler",
   "edits": [{"where": "vcpu_quota", "before": "100000", "after": "-1"}]}]}
END
apply() { timeout 120 "$kvmtune" apply /run/plan.json --yes --measure 0 "$@" >/run/out 2>/run/err </dev/null; }
roll_back() { timeout 120 "$kvmtune" rollback --yes "$@" >/run/out 2>/run/err </dev/null; }
vcpu_cpus() { # PID
  for task in /proc/"$1"/task/*; do
    case $(cat "$task/comm") in CPU*) sed -n 's/^Cpus_allowed_list:\t*//p' "$task/status" ;; esac
  done | sort -u
}

# ---- which process, how much time ----

before=$(vcpu_cpus $decoy)
apply && grep -qF '3 of 3 steps done' /run/out && [ "$(vcpu_cpus "$pid")" = "$last" ] && [ "$(vcpu_cpus $decoy)" = "$before" ]
verdict $? "of two processes with the UUID that one is read which libvirt's pid file names"
[ "$(quota)" = -1 ]
verdict $? "the quota is lifted"
timeout 60 "$kvmtune" history 1 >/run/out 2>/run/err && grep -qF 'virDomainSetSchedulerParameters(tiny, vcpu_quota -1, live)' /run/out
verdict $? "and the call is in the journal"
roll_back && [ "$(quota)" = 100000 ] && [ "$(vcpu_cpus "$pid")" = "$cpus" ]
verdict $? "both are taken back"
kill -9 $decoy
wait $decoy 2>/dev/null
decoy=
timeout 60 "$kvmtune" verify 1 >/run/out 2>/run/err
[ $? -eq 2 ] && grep -qF 'was rolled back' /run/err
verdict $? "what was rolled back is not judged"
apply
timeout 60 "$kvmtune" verify last >/run/out 2>/run/err
grep -qE 'scheduler +100000 +-1 +-1 +fulfilled' /run/out
verdict $? "verify finds the quota gone"
roll_back

# ---- one at a time, whatever the folder ----

"$kvmtune" apply /run/plan.json --yes --measure 8 >/run/out2 2>&1 </dev/null &
at_work=$!
sleep 2
RUNTIME_DIRECTORY=/run/unit
export RUNTIME_DIRECTORY
apply --state /run/other
[ $? -eq 2 ] && grep -qF "process $at_work, 'kvmtune apply' of " /run/err && grep -qF "lock '/run/kvmtune/lock'" /run/err
verdict $? "a second apply with another journal is refused, of a unit with a folder of its own too"
unset RUNTIME_DIRECTORY
timeout 60 "$kvmtune" history >/run/out 2>/run/err && ! grep -q 'at work' /run/out
verdict $? "while it measures no receipt is at work"
wait $at_work
verdict $? "and the first goes on to its end"
echo "1..$n"
