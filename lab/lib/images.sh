# SPDX-License-Identifier: GPL-2.0-or-later
# What is made once and kept in the cache: Debian's kernel (downloaded and unpacked,
# never installed), its initial file system, and the tiny Linux guest.

images_prepare() {
    exec 8>"$cache/lock"
    flock 8
    package_unpack kernel "$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -1)"
    # these two would start a service where they are installed
    package_unpack agent qemu-guest-agent
    package_unpack numad numad
    kernel_unpack_elf
    initramfs_build
    guest_build
    libvirt_cache_check
    exec 8>&-
}

# What libvirt found out about QEMU takes it long, and is kept (machine.sh) as long as these are what they were.
libvirt_cache_check() {
    local now
    now=$({
        echo "$machine_cpu"
        ls "$cache"/kernel/boot/vmlinuz-*
        stat -Lc '%n %Z' /usr/bin/qemu-system-* /usr/sbin/libvirtd \
            /usr/lib/x86_64-linux-gnu/{qemu,libvirt.so.0,libvirt/connection-driver/libvirt_driver_qemu.so}
    } 2>/dev/null) || true
    [ "$now" = "$(cat "$cache/libvirt.of" 2>/dev/null)" ] && return
    rm -rf "$cache/libvirt"
    echo "$now" >"$cache/libvirt.of"
}

# package_unpack FOLDER PACKAGE: what a Debian package holds, in the cache.
package_unpack() {
    local new=$cache/$1.new
    [ -e "$cache/$1" ] && return
    [ -n "$2" ] || die "apt knows no linux-image-amd64: run \`apt-get update\` first"
    say "downloading $2 (not installed: unpacked into $cache)"
    rm -rf "$new"
    mkdir "$new"
    (cd "$new" && apt-get -qq download "$2" 2>apt.log) || {
        cat "$new/apt.log" >&2
        die "$2 cannot be downloaded"
    }
    dpkg-deb -x "$new"/*.deb "$new"
    rm "$new"/*.deb
    mv "$new" "$cache/$1"
}

# The ELF file within the compressed kernel: saves the emulated machine from unpacking it.
kernel_unpack_elf() {
    local image=$cache/kernel/boot/vmlinuz setup offset length
    [ -e "$cache/vmlinux" ] && return
    (cd "$cache/kernel/boot" && ln -sf vmlinuz-* vmlinuz)
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

# modules_of NAME...: files of kernel modules, each behind those it needs. What is no file is built in.
modules_of() {
    local module file
    for module; do
        file=$(find "$cache/kernel/lib/modules" -name "${module//[-_]/[-_]}.ko")
        [ -n "$file" ] || continue
        # shellcheck disable=SC2046
        modules_of $(tr '\0' '\n' <"$file" | sed -n 's/^depends=//p' | tr , ' ')
        echo "$file"
    done
}

modules_into() { # ROOT MODULE...: with a list in the order of loading
    local root=$1 file
    shift
    mkdir -p "$root/modules"
    modules_of "$@" | awk '!seen[$0]++' | while read -r file; do
        cp "$file" "$root/modules/"
        basename "$file"
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
    newer "$cache/initramfs.gz" "$here/init/initramfs" "$here/lib/images.sh" "$cache/vmlinux" && return
    local root=$cache/initramfs.root
    rm -rf "$root"
    busybox_into "$root"
    cp "$here/init/initramfs" "$root/init"
    modules_into "$root" virtio_pci overlay 9p 9pnet_virtio kvm-amd
    pack "$root" "$cache/initramfs.gz"
    rm -rf "$root"
}

guest_build() {
    local loads=() load root=$cache/guest.root library
    for load in "$built"/lab/load/lab-*; do
        if [ -f "$load" ] && [ -x "$load" ]; then loads+=("$load"); fi
    done
    newer "$cache/guest.gz" "$here/guest/init" "$here/lib/images.sh" "$cache/vmlinux" "${loads[@]}" && return
    rm -rf "$root"
    busybox_into "$root"
    cp "$here/guest/init" "$root/init"
    modules_into "$root" virtio_pci virtio_console
    mkdir "$root/sbin" # what the guest agent shuts down with
    printf '#!/bin/busybox sh\nexec /bin/busybox poweroff -f\n' >"$root/sbin/shutdown"
    chmod +x "$root/sbin/shutdown"
    for load in "${loads[@]}"; do
        cp "$load" "$root/bin/$(basename "$load" | sed 's/^lab-//')"
    done
    cp "$cache/agent/usr/sbin/qemu-ga" "$root/bin/"
    for library in $(ldd "$root/bin/qemu-ga" | grep -o '/[^ ]*'); do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
    pack "$root" "$cache/guest.gz"
    rm -rf "$root"
}
