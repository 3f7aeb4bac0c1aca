#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `kvmtune plan --host URI` on a real libvirt: a libvirtd of its own (with sockets and state in a
# scratch folder, never the system's) runs a guest whose persistent definition is another than
# the live one. A plan changes the persistent one. TAP. usage: plan_libvirt.sh KVMTUNE
set -u
kvmtune=$1
run=$(mktemp -d) || exit 1 # short: names of sockets are limited
daemon=
LC_ALL=C.UTF-8
export LC_ALL
n=0

finish() {
  [ -n "$daemon" ] && [ -S "$socket" ] && virsh -c "$own" "destroy web; destroy gone" >/dev/null 2>&1
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
    sed 's/^/# /' "$run/err" "$run/out"
  fi
}

for program in libvirtd virsh qemu-system-x86_64 python3 setpriv; do
  command -v $program >/dev/null || skip "$program is not installed"
done
case " ${KT_FEATURES-xml json} " in *" xml "*) ;; *) skip "built without libxml2" ;; esac
case " ${KT_FEATURES-xml json} " in *" json "*) ;; *) skip "built without json-glib" ;; esac

# ---- a libvirtd of our own ----

HOME=$run/home XDG_RUNTIME_DIR=$run/r XDG_CACHE_HOME=$run/home/cache XDG_CONFIG_HOME=$run/home/config
export HOME XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_CONFIG_HOME
unset LIBVIRT_DEFAULT_URI
mkdir -p "$run/r" "$run/home"
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
own="qemu+unix:///session?socket=$socket"
for _ in $(seq 60); do
  virsh -c "$own" list >/dev/null 2>&1 && break
  sleep 0.5
done

# As a host elsewhere: this machine's own files say nothing of it.
cat >"$run/far" <<END
#!/usr/bin/env python3
import os, select, socket
far = socket.socket(socket.AF_UNIX)
far.connect('$socket')
while True:
    for source in select.select([0, far], [], [])[0]:
        data = os.read(source if source == 0 else far.fileno(), 65536)
        if not data:
            raise SystemExit
        if source == 0:
            far.sendall(data)
        else:
            while data:
                data = data[os.write(1, data):]
END
chmod +x "$run/far"
uri="qemu+ext:///session?command=$run/far"

# ---- guests: one whose definition was edited while it ran, one without a definition ----

definition() { # NAME UUID MEMORY-MIB TOPOLOGY
  cat <<END
<domain type='qemu'>
  <name>$1</name>
  <uuid>$2</uuid>
  <memory unit='MiB'>$3</memory>
  <vcpu>4</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='allow'>qemu64</model>
    <topology $4/>
  </cpu>
  <devices><memballoon model='none'/></devices>
</domain>
END
}
web=11111111-2222-3333-4444-555555555555 gone=11111111-2222-3333-4444-666666666666
definition web $web 64 "sockets='4' cores='1' threads='1'" >"$run/live.xml"
definition web $web 64 "sockets='2' cores='1' threads='2'" >"$run/next.xml"
definition gone $gone 64 "sockets='4' cores='1' threads='1'" >"$run/gone.xml"
virsh -c "$own" "define $run/live.xml; start --paused web" >/dev/null 2>"$run/err" ||
  skip "this libvirtd starts no guest: $(head -c 200 "$run/err" | tr '\n' ' ')"
virsh -c "$own" "define $run/next.xml; create --paused $run/gone.xml; dumpxml --inactive web" >"$run/all" 2>"$run/err"
sed -n '/<domain/,/<\/domain>/p' "$run/all" >"$run/inactive.xml"

# ---- the plan ----

"$kvmtune" plan --host "$uri" -o "$run/plan.json" >"$run/out" 2>"$run/err"
verdict $(($? != 1)) "a plan with changes"
grep -q 'sockets 2 → 1, cores 1 → 4, threads 2 → 1' "$run/out"  && ! grep -q 'topology: sockets 4' "$run/out"
verdict $? "what is there before is what the persistent definition says"
grep -q "^  --- web.xml" "$run/out" && ! grep -q "^  --- gone.xml" "$run/out" && grep -q "domain 'gone': .* left out" "$run/out"
verdict $? "a guest without a definition has none to be changed, which is said"
"$kvmtune" domxml "$run/inactive.xml" --plan "$run/plan.json" >"$run/edited.xml" 2>"$run/err" &&
  grep -q "<topology sockets='1' dies='1' cores='4' threads='1'/>" "$run/edited.xml" && virsh -c "$own" define "$run/edited.xml" >"$run/out" 2>"$run/err"
verdict $? "the plan fits the persistent definition, and libvirt takes the result"
"$kvmtune" domxml "$run/live.xml" --plan "$run/plan.json" >"$run/out" 2>"$run/err"
verdict $(($? != 2)) "and is refused for the live one"
"$kvmtune" plan web --host "$uri" >"$run/out" 2>"$run/err" && grep -q "definition there already" "$run/out"
verdict $? "a second plan has nothing to change, and says that the guest is to be started anew"
sed "s/<memory unit='KiB'>[0-9]*/<memory unit='KiB'>131072/" "$run/inactive.xml" >"$run/larger.xml"
virsh -c "$own" define "$run/larger.xml" >/dev/null 2>"$run/err"
"$kvmtune" plan web --host "$uri" >"$run/out" 2>"$run/err" && grep -q "has been given another" "$run/out"
verdict $? "nor is one of another size than what runs changed"
echo "1..$n"
