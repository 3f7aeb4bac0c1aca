# SPDX-License-Identifier: GPL-2.0-or-later
# The guest: the lab's kernel and tiny Linux with the guest agent, which first prints what lscpu sees on its console.

guest_prepare() {
    "$top/lab/lab" image
    local lab=${KT_LAB:-$top/build/lab}/cache see=$cache/see library
    kernel=$lab/vmlinux ramdisk=$cache/guest.gz
    [ ! "$ramdisk" -nt "$lab/guest.gz" ] || [ ! "$ramdisk" -nt "$here/see" ] || return 0
    rm -rf "$see"
    mkdir -p "$see/usr/bin"
    cp "$here/see" "$see/see"
    cp /usr/bin/lscpu "$see/usr/bin/"
    for library in $(ldd /usr/bin/lscpu | grep -o '/[^ ]*'); do
        mkdir -p "$see$(dirname "$library")"
        cp -L "$library" "$see$library"
    done
    # the kernel unpacks one archive after the other
    {
        cat "$lab/guest.gz"
        (cd "$see" && find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0 | gzip -1)
    } >"$ramdisk.new"
    mv "$ramdisk.new" "$ramdisk"
    rm -rf "$see"
}
