#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `kvmtune capture --inside`, `kvmtune guest` and `doctor URI` for real: a libvirtd of its own (with sockets
# and state below the work directory, never the system's) starts a tiny guest under TCG (a
# Debian cloud kernel, busybox and qemu-ga) and the agent is given ever less to do. TAP.
# usage: inside.sh KVMTUNE
set -u
kvmtune=$1
here=$(cd "$(dirname "$0")" && pwd)
work=${KT_WORK:-$PWD/predict-guest} # the packages that predict_qemu.sh unpacks
run=$(mktemp -d) || exit 1          # short: names of sockets are limited
export KVMTUNE_RUN_DIR="$run/lock" # not the lock of this host
daemon=
LC_ALL=C
export LC_ALL
n=0

finish() {
  [ -n "$daemon" ] && [ -S "$socket" ] && virsh -c "$uri" destroy tiny >/dev/null 2>&1
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
    sed 's/^/# /' "$run/err"
  fi
}

fetch() { # PACKAGE FILE-PATTERN: unpacks it, says where the file is
  found=$(ls "$work"/unpacked/$2 2>/dev/null | tail -1)
  if [ -z "$found" ]; then
    (cd "$work" && apt-get download "$1" >/dev/null 2>&1 && dpkg-deb -x "$1"_*.deb unpacked) || return 1
    found=$(ls "$work"/unpacked/$2 2>/dev/null | tail -1)
  fi
  [ -n "$found" ] && echo "$found"
}

for program in libvirtd virsh qemu-system-x86_64 cpio; do
  command -v $program >/dev/null || skip "$program is not installed"
done
case " ${KT_FEATURES-xml json} " in *" xml "*) ;; *) skip "built without libxml2" ;; esac
case " ${KT_FEATURES-xml json} " in *" json "*) ;; *) skip "built without json-glib" ;; esac
mkdir -p "$work" || exit 1
package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -1)
kernel=$(fetch "${package:-none}" 'boot/vmlinuz-*') || skip "package linux-image-cloud-amd64 cannot be had"
busybox=$(command -v busybox) || busybox=$(fetch busybox-static 'bin/busybox') || skip "busybox cannot be had"
ga=$(command -v qemu-ga) || ga=$(fetch qemu-guest-agent 'usr/sbin/qemu-ga') || skip "package qemu-guest-agent cannot be had"
drivers=$(dirname "$kernel")/../lib/modules/$(basename "$kernel" | sed s/vmlinuz-//)/kernel/drivers

# ---- the guest ----

mkdir -p "$run/root/bin" "$run/root/proc" "$run/root/sys" "$run/root/dev" "$run/root/run" "$run/r" "$run/home"
cp "$busybox" "$run/root/bin/busybox"
cp "$ga" "$run/root/bin/"
for library in $(ldd "$ga" | grep -o '/[^ ]*'); do
  mkdir -p "$run/root${library%/*}" && cp -L "$library" "$run/root$library"
done
cp "$drivers"/virtio/*.ko "$drivers/char/virtio_console.ko" "$run/root/" || skip "the kernel has no virtio modules"
cp "$here/inside_init.sh" "$run/root/init" && chmod +x "$run/root/init"
(cd "$run/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$run/initrd.gz"
cp "$kernel" "$run/vmlinuz"
rm -rf "$run/root"
cat >"$run/tiny.xml" <<END
<domain type='qemu'>
  <name>tiny</name>
  <memory unit='MiB'>320</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>$run/vmlinuz</kernel>
    <initrd>$run/initrd.gz</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check</cmdline>
  </os>
  <features><acpi/><apic/></features>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='allow'>qemu64</model>
    <topology sockets='2' cores='1' threads='1'/>
    <numa>
      <cell id='0' cpus='0' memory='192' unit='MiB'><distances><sibling id='0' value='10'/><sibling id='1' value='21'/></distances></cell>
      <cell id='1' cpus='1' memory='128' unit='MiB'><distances><sibling id='0' value='21'/><sibling id='1' value='10'/></distances></cell>
    </numa>
  </cpu>
  <devices>
    <serial type='file'><source path='$run/r/console'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <memballoon model='none'/>
  </devices>
</domain>
END
sed -e '/<channel/d' -e '/<serial/d' -e 's/tiny/mute/' "$run/tiny.xml" >"$run/mute.xml"

# ---- a libvirtd of our own ----

HOME=$run/home XDG_RUNTIME_DIR=$run/r XDG_CACHE_HOME=$run/home/cache XDG_CONFIG_HOME=$run/home/config
export HOME XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_CONFIG_HOME
unset LIBVIRT_DEFAULT_URI
: >"$run/libvirtd.conf"
: >"$run/err"
as_user= # root's would be the system's
if [ "$(id -u)" = 0 ]; then
  as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
  chmod 755 "$run" && chown -R 65534:65534 "$run/r" "$run/home"
fi
$as_user libvirtd -f "$run/libvirtd.conf" -p "$run/r/pid" >"$run/r/log" 2>&1 &
daemon=$!
socket=$run/r/libvirt/libvirt-sock
uri="qemu+unix:///session?socket=$socket"
for _ in $(seq 60); do
  virsh -c "$uri" list >/dev/null 2>&1 && break
  sleep 0.5
done
virsh -c "$uri" create "$run/tiny.xml" >/dev/null 2>"$run/err" || skip "this libvirtd starts no guest: $(head -c 200 "$run/err" | tr '\n' ' ')"
virsh -c "$uri" define "$run/mute.xml" >/dev/null 2>&1

# ---- the agent ----

ask() { # COMMAND
  virsh -c "$uri" qemu-agent-command tiny "$1" --timeout 10 2>/dev/null
}
wait_for() { # WORDS: in the agent's list of calls
  for _ in $(seq 120); do
    ask '{"execute":"guest-info"}' | grep -qF "$1" && return 0
    sleep 0.5
  done
  return 1
}
put() { # FILE TEXT: in the guest
  handle=$(ask '{"execute":"guest-file-open","arguments":{"path":"'"$1"'","mode":"w"}}' | grep -o '[0-9][0-9]*')
  ask '{"execute":"guest-file-write","arguments":{"handle":'"$handle"',"buf-b64":"'"$(printf %s "$2" | base64 -w0)"'"}}' >/dev/null
  ask '{"execute":"guest-file-close","arguments":{"handle":'"$handle"'}}' >/dev/null
}
options() { # OPTIONS
  put /agent "$1 end"
}
inside() { # STATUS WORDS OPTION...
  status=$1 words=$2
  shift 2
  rm -rf "$run/got"
  timeout 300 "$kvmtune" capture --inside --connect "$uri" --duration 1 -o "$run/got" "$@" >"$run/out" 2>"$run/err"
  [ $? -eq "$status" ] && [ ! -s "$run/out" ] && grep -qF "$words" "$run/err" && grep -q 'opened for writing' "$run/err"
}
sees_guest() {
  "$kvmtune" facts --json "$run/got" >"$run/facts" 2>"$run/err" &&
    grep -q '"name": "tiny"' "$run/facts" && grep -q '"sockets": 2' "$run/facts" &&
    [ "$(grep -c '"role":' "$run/facts")" = 1 ] && grep -q '"rows": 1' "$run/facts" &&
    { "$kvmtune" doctor "$run/got" >"$run/out" 2>"$run/err"; [ $? -eq 1 ]; }
}

# The guest's own view beside its definition.
looks() { # STATUS WORDS-ON-STDERR OPTION...
  status=$1 words=$2
  shift 2
  timeout 300 "$kvmtune" guest --connect "$uri" --duration 1 --json "$@" >"$run/out" 2>"$run/err"
  [ $? -eq "$status" ] && { [ -z "$words" ] || grep -qF "$words" "$run/err"; }
}
field() { # FIELD JSON-PIECE...: each is in what is said of the field
  python3 - "$run/out" "$@" <<'END'
import json, sys
row = [f for f in json.load(open(sys.argv[1]))['fields'] if f['field'] == sys.argv[2]][0]
text = json.dumps(row)
sys.exit(0 if all(piece in text for piece in sys.argv[3:]) else 'not in %s' % text)
END
}

echo 1..21
wait_for '"enabled":true,"name":"guest-exec"'
verdict $? "the guest is up and its agent answers"
inside 0 'opened for writing' --domain tiny
verdict $? "captured through guest-exec"
grep -q '"through": "guest-exec"' "$run/got/manifest.json" && sees_guest
verdict $? "the capture shows the guest, and CPU use between two moments"
inside 0 'opened for writing' --domain tiny --scrub && ! grep -rqw tiny "$run/got"
verdict $? "scrubbed: the guest's name is nowhere in it"
inside 2 "is shut off" --domain mute && inside 2 "knows no domain 'nobody'" --domain nobody
verdict $? "a domain that is off and one that is not there"
"$kvmtune" doctor "$uri" test:///default test:///no/such >"$run/out" 2>"$run/err"
[ $? -eq 1 ] && grep -q '^tiny, domain' "$run/out" && grep -q '^test, domain' "$run/out" && grep -q 'test:///no/such' "$run/out"
verdict $? "doctor URI URI: each host's domains, what does not answer in one line"
"$kvmtune" doctor --connect "$uri" --domain tiny --json >"$run/out" 2>"$run/err"
[ $? -eq 1 ] && grep -q '"H17"' "$run/out"
verdict $? "doctor --connect: the running domain is emulated by TCG"
put /proc/sys/kernel/numa_balancing 0
looks 1 '' tiny && field topology '"defined": "2 x 1 x 1"' '"guest": "2 x 1 x 1"' '"differs": false' && field cpu.model '"X01"' &&
  field nodes '"defined": "2"' '"guest": "2"' && field cells.1 'CPUs 1, ' 'distances 21 10"' '"differs": false' &&
  field settings.kernel.numa_balancing '"guest": "0"' '"G02"'
verdict $? "guest: topology, cells and balancing as it sees them and as it is defined, with the checks"
grep -q '"sysctl": "kernel.numa_balancing=1"' "$run/out" && grep -q '"name": "java"' "$run/out" &&
  grep -q 'heap 8 GiB, Parallel, -UseNUMA' "$run/out" && grep -q '"id": "W01"' "$run/out"
verdict $? "guest: the JVM in it with its flags, and what can be set live"
sets() { # STATUS WORDS NAME=VALUE
  "$kvmtune" guest --connect "$uri" --state "$run/state" tiny --set-sysctl "$3" >"$run/out" 2>"$run/err"
  [ $? -eq "$1" ] && cat "$run/out" "$run/err" | grep -qF "$2"
}
balancing_is() { # VALUE, by the guest
  looks "$2" '' tiny && field settings.kernel.numa_balancing '"guest": "'"$1"'"'
}
sets 0 'kernel.numa_balancing' kernel.numa_balancing=1 && balancing_is 1 1 && sets 0 already kernel.numa_balancing=1
verdict $? "guest --set-sysctl: set in the running guest"
[ "$("$kvmtune" history --state "$run/state" --json 2>"$run/err" | grep -c '"receipt":')" = 1 ] &&
  "$kvmtune" rollback last --yes --state "$run/state" >"$run/out" 2>"$run/err" && balancing_is 0 1
verdict $? "it has one receipt, and the rollback takes it back"
sets 2 'no_such' kernel.no_such=1 && sets 2 'NAME=VALUE' kernel.numa_balancing && sets 2 'no name of a sysctl' 'kernel.x;reboot=1'
verdict $? "no such sysctl, no value, no name"

options '-b guest-exec,guest-exec-status'
wait_for '"enabled":false,"name":"guest-exec"'
verdict $? "the agent blocks guest-exec"
inside 0 'guest-exec is blocked' --domain tiny && sees_guest
verdict $? "captured from files alone, and the blocked call is named"
grep -q '"through": "guest-file-read"' "$run/got/manifest.json"
verdict $? "the manifest says so"
looks 1 '' tiny && field nodes '"guest": "2"' && grep -q 'guest-exec is blocked' "$run/out" && grep -q '"programs": null' "$run/out"
verdict $? "guest: from files alone; which programs run is unknown, not none"
options '-b guest-exec,guest-file-open'
wait_for '"enabled":false,"name":"guest-file-open"'
inside 2 'guest-file-open is blocked' --domain tiny && grep -q 'kvmtune capture --script' "$run/err"
verdict $? "both blocked: named, and the script is offered"
looks 2 'guest-file-open is blocked' tiny && [ ! -s "$run/out" ]
verdict $? "guest: both blocked"
looks 2 'is shut off' mute && looks 2 "knows no domain 'nobody'" nobody
verdict $? "guest: off, and not there"
virsh -c "$uri" suspend tiny >/dev/null 2>&1
inside 2 'is paused' --domain tiny
verdict $? "a paused domain"
virsh -c "$uri" destroy tiny >/dev/null 2>&1
inside 2 'tiny' --domain tiny && [ ! -e "$run/got" ]
verdict $? "the domain is gone; nothing is left over"
