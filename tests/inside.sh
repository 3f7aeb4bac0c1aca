#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `kvmtune capture --inside` and `doctor URI` for real: a libvirtd of its own (with sockets
# and state below the work directory, never the system's) starts a tiny guest under TCG (a
# Debian cloud kernel, busybox and qemu-ga) and the agent is given ever less to do. TAP.
# usage: inside.sh KVMTUNE
set -u
kvmtune=$1
here=$(cd "$(dirname "$0")" && pwd)
work=${KT_WORK:-$PWD/predict-guest} # the packages that predict_qemu.sh unpacks
run=$(mktemp -d) || exit 1          # short: names of sockets are limited
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
  <memory unit='MiB'>256</memory>
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
options() { # OPTIONS
  handle=$(ask '{"execute":"guest-file-open","arguments":{"path":"/agent","mode":"w"}}' | grep -o '[0-9][0-9]*')
  text=$(printf '%s end' "$1" | base64 -w0)
  ask '{"execute":"guest-file-write","arguments":{"handle":'"$handle"',"buf-b64":"'"$text"'"}}' >/dev/null
  ask '{"execute":"guest-file-close","arguments":{"handle":'"$handle"'}}' >/dev/null
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

echo 1..13
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

options '-b guest-exec,guest-exec-status'
wait_for '"enabled":false,"name":"guest-exec"'
verdict $? "the agent blocks guest-exec"
inside 0 'guest-exec is blocked' --domain tiny && sees_guest
verdict $? "captured from files alone, and the blocked call is named"
grep -q '"through": "guest-file-read"' "$run/got/manifest.json"
verdict $? "the manifest says so"
options '-b guest-exec,guest-file-open'
wait_for '"enabled":false,"name":"guest-file-open"'
inside 2 'guest-file-open is blocked' --domain tiny && grep -q 'kvmtune capture --script' "$run/err"
verdict $? "both blocked: named, and the script is offered"
virsh -c "$uri" suspend tiny >/dev/null 2>&1
inside 2 'is paused' --domain tiny
verdict $? "a paused domain"
virsh -c "$uri" destroy tiny >/dev/null 2>&1
inside 2 'tiny' --domain tiny && [ ! -e "$run/got" ]
verdict $? "the domain is gone; nothing is left over"
