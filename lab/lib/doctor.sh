# SPDX-License-Identifier: GPL-2.0-or-later
# What the lab needs on this machine: program, Debian package.
doctor_needs='qemu-system-x86_64 qemu-system-x86
libvirtd libvirt-daemon
virtlogd libvirt-daemon
virsh libvirt-clients
numactl numactl
busybox busybox-static
cpio cpio
xz xz-utils
dpkg-deb dpkg
apt-get apt
setpriv util-linux'

doctor_missing() { # lines: program package
    local program package
    while read -r program package; do
        command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || [ -x "/sbin/$program" ] || echo "$program $package"
    done <<<"$doctor_needs"
    [ -e /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so ] ||
        echo "libvirt_driver_qemu.so libvirt-daemon-driver-qemu"
}

doctor_quiet() { [ -z "$(doctor_missing)" ]; }

doctor() {
    local missing status=0 memory free
    missing=$(doctor_missing)
    if [ -n "$missing" ]; then
        echo "missing programs and their Debian packages:"
        sed 's/^/  /' <<<"$missing"
        echo "apt-get install --no-install-recommends $(cut -d' ' -f2 <<<"$missing" | sort -u | tr '\n' ' ')"
        status=1
    fi
    memory=$(awk '$1 == "MemAvailable:" {print int($2 / 1024)}' /proc/meminfo)
    if [ "$memory" -lt 3072 ]; then
        echo "memory: $memory MiB are available; a host of 4 nodes uses about 2 GiB"
        status=1
    fi
    free=$(df -Pm "$lab_root" | awk 'NR == 2 {print $4}')
    if [ "$free" -lt 1024 ]; then
        echo "disk: $free MiB are free in $lab_root; kernel and images take 600 MiB"
        status=1
    fi
    if [ ! -e "$cache/kernel" ] && ! apt-cache show linux-image-amd64 >/dev/null 2>&1; then
        echo "kernel: apt knows no linux-image-amd64; run apt-get update"
        status=1
    fi
    [ -x "$built/src/cmd/kvmtune" ] || echo "kvmtune is not built: the lab works, but kvmtune is not on its PATH"
    [ "$status" = 0 ] && echo "nothing is missing"
    return "$status"
}
