#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Do the golden files still tell what QEMU gives? Boots a tiny guest (a Debian
# cloud kernel and busybox) under TCG for each definition of
# tests/golden/predict and compares what its kernel sees. Prints TAP.
# The packages are downloaded and unpacked into the build directory, not installed.
# UPDATE=1 rewrites the golden files; KT_GUEST_KERNEL=FILE takes another kernel.
set -u
here=$(cd "$(dirname "$0")" && pwd)
golden=$here/golden/predict
work=${KT_WORK:-$PWD/predict-guest}
qemu=qemu-system-x86_64

skip() {
  echo "1..0 # SKIP $1"
  exit 0
}

fetch() { # PACKAGE FILE-PATTERN: unpacks it, says where the file is
  found=$(ls "$work"/unpacked/$2 2>/dev/null | tail -1)
  if [ -z "$found" ]; then
    (cd "$work" && apt-get download "$1" >/dev/null 2>&1 && dpkg-deb -x "$1"_*.deb unpacked) || return 1
    found=$(ls "$work"/unpacked/$2 2>/dev/null | tail -1)
  fi
  [ -n "$found" ] && echo "$found"
}

find_kernel() {
  [ -n "${KT_GUEST_KERNEL:-}" ] && echo "$KT_GUEST_KERNEL" && return
  found=$(ls /boot/vmlinuz-*cloud-amd64 2>/dev/null | tail -1)
  [ -n "$found" ] && echo "$found" && return
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -1)
  [ -n "$package" ] && fetch "$package" 'boot/vmlinuz-*'
}

boot() { # NAME: boots the definition in the first line of NAME.txt
  # shellcheck disable=SC2046 # the line is a list of arguments without quotes
  timeout 60 $(sed -n '1s/^# //p' "$golden/$1.txt") -nodefaults -no-user-config -display none -no-reboot -m 256M \
    -serial stdio -kernel "$kernel" -initrd "$work/initrd.gz" \
    -append 'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check' </dev/null 2>"$work/$1.err" |
    tr -d '\r' | sed -n '/^GUEST-BEGIN$/,/^GUEST-END$/p' | grep -v '^GUEST-' >"$work/$1.seen"
}

if [ "${1:-}" = --boot ]; then
  kernel=$KT_KERNEL
  boot "$2"
  [ -s "$work/$2.seen" ] || boot "$2" # TCG on a busy machine: a vCPU may come up too late once
  exit 0
fi

command -v $qemu >/dev/null || skip "$qemu is not installed"
command -v cpio >/dev/null || skip "cpio is not installed"
mkdir -p "$work/root/bin" "$work/root/proc" "$work/root/sys" "$work/root/dev" || exit 1
kernel=$(find_kernel) || skip "no guest kernel: package linux-image-cloud-amd64 cannot be had"
[ -r "$kernel" ] || skip "the guest kernel $kernel cannot be read"
busybox=$(fetch busybox-static 'bin/busybox' || fetch busybox-static 'usr/bin/busybox') ||
  skip "package busybox-static cannot be had"
cp "$busybox" "$work/root/bin/busybox" && cp "$here/predict_init.sh" "$work/root/init" && chmod +x "$work/root/init"
(cd "$work/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd.gz"

names=$(cd "$golden" && ls ./*.txt | sed 's|^\./||; s|\.txt$||')
export KT_KERNEL="$kernel" KT_WORK="$work"
echo "$names" | xargs -P 2 -n 1 sh "$0" --boot

echo "1..$(echo "$names" | wc -l)"
failed=0
for name in $names; do
  if [ -n "${UPDATE:-}" ] && [ -s "$work/$name.seen" ]; then
    sed -n 1p "$golden/$name.txt" >"$work/$name.new"
    cat "$work/$name.new" "$work/$name.seen" >"$golden/$name.txt"
  fi
  if sed 1d "$golden/$name.txt" | diff -u - "$work/$name.seen" >"$work/$name.diff"; then
    echo "ok - $name"
  else
    echo "not ok - $name"
    [ -s "$work/$name.seen" ] || tail -3 "$work/$name.err" | sed 's/^/# /'
    sed -n '1,20s/^/# /p' "$work/$name.diff"
    failed=1
  fi
done
exit $failed
