# SPDX-License-Identifier: GPL-2.0-or-later
# What is made once and kept in the cache: Debian's kernel (downloaded and unpacked,
# never installed), its initial file system, and the tiny Linux guest.

images_prepare() {
    exec 8>"$cache/lock"
    flock 8
    kernel_fetch
    kernel_unpack_elf
    initramfs_build
    guest_build
    exec 8>&-
}

kernel_fetch() {
    [ -e "$cache/kernel/version" ] && return
    local package
    package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -1)
    [ -n "$package" ] || die "apt knows no kernel: run \`apt-get update\` first"
    say "downloading $package (not installed: unpacked into $cache)"
    rm -rf "$cache/kernel.new"
    mkdir "$cache/kernel.new"
    (cd "$cache/kernel.new" && apt-get -qq download "$package" 2>apt.log) || {
        cat "$cache/kernel.new/apt.log" >&2
        die "$package cannot be downloaded"
    }
    dpkg-deb -x "$cache"/kernel.new/*.deb "$cache/kernel.new"
    rm "$cache"/kernel.new/*.deb
    local version
    version=$(basename "$cache"/kernel.new/lib/modules/*)
    depmod -b "$cache/kernel.new" "$version"
    echo "$version" >"$cache/kernel.new/version"
    mv "$cache/kernel.new" "$cache/kernel"
}

# The ELF file within the compressed kernel: saves the emulated machine from unpacking it.
kernel_unpack_elf() {
    local image=$cache/kernel/boot/vmlinuz setup offset length
    [ -e "$cache/vmlinux" ] && return
    ln -sf "vmlinuz-$(<"$cache/kernel/version")" "$image"
    setup=$(od -An -tu1 -j $((0x1f1)) -N 1 "$image")
    offset=$(od -An -tu4 -j $((0x248)) -N 4 "$image")
    length=$(od -An -tu4 -j $((0x24c)) -N 4 "$image")
    dd if="$image" of="$cache/vmlinux.xz" bs=64K iflag=skip_bytes,count_bytes status=none \
        skip=$(((setup + 1) * 512 + offset)) count=$((length))
    # the last four bytes are the size of the unpacked kernel: no part of the stream for xz
    xz -dc --single-stream <"$cache/vmlinux.xz" >"$cache/vmlinux.new" 2>/dev/null || true
    [ "$(stat -c %s "$cache/vmlinux.new")" -eq "$(tail -c 4 "$cache/vmlinux.xz" | od -An -tu4)" ] ||
        die "the kernel $image is not compressed by xz"
    rm "$cache/vmlinux.xz"
    mv "$cache/vmlinux.new" "$cache/vmlinux"
}

# newer OUT IN...: is OUT there and newer than all IN?
newer() {
    local out=$1 in
    shift
    [ -e "$out" ] || return 1
    for in; do
        [ "$out" -nt "$in" ] || return 1
    done
}

# modules_into ROOT MODULE...: copies kernel modules with what they depend on, and a list in loading order.
modules_into() {
    local root=$1 module path
    shift
    mkdir -p "$root/modules"
    for module; do
        modprobe -d "$cache/kernel" -S "$(<"$cache/kernel/version")" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' | while read -r path; do
        cp "$path" "$root/modules/"
        basename "$path"
    done >"$root/modules/list"
}

pack() { # ROOT FILE
    (cd "$1" && find . -mindepth 1 | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$2.new"
    mv "$2.new" "$2"
}

busybox_into() { # ROOT
    mkdir -p "$1/bin" "$1/proc" "$1/sys" "$1/dev" "$1/run" "$1/tmp"
    cp "$(command -v busybox)" "$1/bin/busybox"
}

initramfs_build() {
    newer "$cache/initramfs.gz" "$here/init/initramfs" "$cache/vmlinux" && return
    local root=$cache/initramfs.root
    rm -rf "$root"
    busybox_into "$root"
    cp "$here/init/initramfs" "$root/init"
    modules_into "$root" virtio_pci overlay 9p 9pnet_virtio
    pack "$root" "$cache/initramfs.gz"
    rm -rf "$root"
}

guest_build() {
    local loads=() load root=$cache/guest.root library
    for load in "$built"/lab/load/lab-*; do
        if [ -f "$load" ] && [ -x "$load" ]; then loads+=("$load"); fi
    done
    newer "$cache/guest.gz" "$here/guest/init" "$cache/vmlinux" "${loads[@]}" && return
    rm -rf "$root"
    busybox_into "$root"
    cp "$here/guest/init" "$root/init"
    modules_into "$root" virtio_pci virtio_console
    for load in "${loads[@]}"; do
        cp "$load" "$root/bin/$(basename "$load" | sed 's/^lab-//')"
    done
    for library in $(ldd "$(command -v qemu-ga)" | grep -o '/[^ ]*'); do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
    cp "$(command -v qemu-ga)" "$root/bin/"
    pack "$root" "$cache/guest.gz"
    rm -rf "$root"
}
