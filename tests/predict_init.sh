#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# init of the guest that tests/predict_qemu.sh boots: prints what the kernel sees, then powers off.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1 </dev/null
echo GUEST-BEGIN
$b grep -m 5 -E '^(vendor_id|cpu family|model|model name|stepping)' /proc/cpuinfo
cd /sys/devices/system || exit
for cpu in cpu/cpu[0-9] cpu/cpu[0-9][0-9]; do
  [ -d "$cpu" ] || continue
  $b grep -H . $cpu/topology/physical_package_id $cpu/topology/die_id $cpu/topology/core_id \
    $cpu/topology/thread_siblings_list
  for index in $cpu/cache/index*; do
    $b grep -H . $index/level $index/type $index/size $index/shared_cpu_list
  done
done
$b grep -H . node/node*/cpulist node/node*/distance
echo GUEST-END
$b poweroff -f
