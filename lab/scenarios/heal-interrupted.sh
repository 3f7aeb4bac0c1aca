# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --one-thread
. scenario.sh
story "While kvmtune brings a guest's memory to its vCPUs, libvirtd is restarted; the next time the guest is"
story "switched off, and the time after that kvmtune itself is killed. The journal tells what was done, and it is taken back."
fresh
guest near --memory 384 --cpus 0-1
guest far --cpus 0-1 --memory-nodes "restrictive 0"
virsh -q "vcpupin near 0 6 --live --config; vcpupin near 1 7 --live --config; vcpupin far 0 4 --live --config; vcpupin far 1 5 --live --config"
remember near far

# apply_until_half: slowly, in the background; returns when pages are on their way.
apply_until_half() {
    kvmtune plan -o "$RESULTS/plan.json" >"$RESULTS/plan.txt"
    kvmtune apply "$RESULTS/plan.json" --yes --measure 0 --rate 16 >"$RESULTS/apply-$1.txt" 2>&1 &
    applying=$!
    local end=$((SECONDS + 90))
    until [ "$(locality far 0)" -lt 95 ] || [ "$SECONDS" -ge "$end" ]; do sleep 0.5; done
    kill -0 $applying
}
state() { kvmtune history last --json | tee "$RESULTS/history-$1.json" | sed -n '1,/"state"/s/.*"state": "\(.*\)".*/\1/p'; }

check "pages are on their way" apply_until_half libvirtd
pkill -x libvirtd
sleep 1
libvirtd -d
until virsh -q list >/dev/null 2>&1; do sleep 0.5; done
wait $applying
status=$?
said=$(state libvirtd)
story "libvirtd restarted: apply ended with $status, the journal says $said"
case $status in
    0) check "libvirtd restarted: done, and all of it is there" is "$said-$(locality far 0)" = done-0 ;;
    *) check "libvirtd restarted: failed, and said so" is "$said" = failed ;;
esac
check "libvirtd restarted: the rollback restores" takes_back near far
check "the memory, too" is "$(locality far 0)" -ge 98

check "pages are on their way again" apply_until_half off
virsh -q destroy far
wait $applying
status=$?
said=$(state off)
story "guest switched off: apply ended with $status, the journal says $said"
check "guest switched off: apply fails" is $status -ne 0
check "guest switched off: the journal says so" is "$said" = failed
check "guest switched off: the definition is back" takes_back_definition far
virsh -q "start --paused far"

check "pages are on their way a third time" apply_until_half killed
kill -9 $applying
wait $applying
said=$(kvmtune history last | tee "$RESULTS/history-killed.txt" | grep -o -m1 interrupted)
check "killed: the journal says that it was interrupted" is "$said" = interrupted
check "killed: the rollback restores" takes_back near far
check "the memory, too" is "$(locality far 0)" -ge 98
the_end
