#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# init of the guest that tests/inside.sh boots: runs the guest agent with the options in
# /agent, anew whenever these change (they end with "end"; "off end": no agent).
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1 </dev/null
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_console; do
  insmod /$module.ko
done
hostname tiny
mkdir -p /opt/jdk-17/bin
printf '#!/bin/sh\nwhile :; do sleep 1000; done\n' >/opt/jdk-17/bin/java
chmod +x /opt/jdk-17/bin/java
/opt/jdk-17/bin/java -Xmx8g -XX:+UseParallelGC -XX:-UseNUMA &
echo end >/agent
while :; do
  had=$(cat /agent)
  if [ "$had" = "off end" ]; then
    sleep 100000 &
  else
    # shellcheck disable=SC2086 # a list of options
    qemu-ga -m virtio-serial -p /dev/vport*p1 -t /run ${had%end} &
  fi
  agent=$!
  while :; do
    now=$(cat /agent)
    case $now in
    "$had") ;;
    *end) break ;;
    esac
    sleep 0.3
  done
  kill $agent
  wait $agent
done
