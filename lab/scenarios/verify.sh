# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2
. scenario.sh
story "A guest at steady work, far from its memory: what kvmtune measures of it is what its kernel and KVM count. It"
story "is healed, compared and watched; then somebody disturbs it, which is found to be worse and taken back."
fresh
running_guest work --memory 192 --cpus 0-1 --run pingpong,-p,2,-r,10,-b,4,-w,10,-n,100000,-u,20000
check "it is at work" console_says work "window=1 "
check "its agent answers" agent_answers work
virsh -q "vcpupin work 0 6 --live --config; vcpupin work 1 7 --live --config"
migratepages "$(pid_of work)" all 0
remember work

# values METRIC FILE: of the guest's series, how many there are and their mean
values() {
    tr '{' '\n' <"$2" | sed -n "s/^\"domain\":\"work\".*\"metric\":\"$1\",\"values\":\[\([^]]*\)\].*/\1/p" | tr , '\n' |
        awk '$1 != "null" {n++; sum += $1} END {printf "%d %.0f\n", n, n ? sum / n : 0}'
}
mean() { values "$1" "$RESULTS/far.json" | cut -d' ' -f2; }
kvm_exits() { cat /sys/kernel/debug/kvm/exits; }
guest_wakeups() {
    inside work /bin/cat /proc/interrupts |
        awk '$1 ~ /^(RES|CAL):$/ {for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i} END {print n}'
}
tenths() { awk '{print int($1 * 10)}' /proc/uptime; }
rate() { echo $((($2 - $1) * 10 / ($4 - $3))); } # COUNT COUNT TENTHS TENTHS: a second
within() {                                      # A B PERCENT
    [ $((($1 > $2 ? $1 - $2 : $2 - $1) * 100)) -le $(($2 * $3)) ] || { echo "# $1 and $2"; false; }
}
# verify FILE STATUS ARGUMENT...: what it says into the file; is that its exit status?
verify() {
    local file="$RESULTS/$1" expected=$2 status=0
    shift 2
    kvmtune verify "$@" >"$file" 2>&1 || status=$?
    sed 's/^/# /' "$file"
    grep -qw -e "$status" <<<"$expected" || { echo "# exit status $status"; false; }
}
says() { grep -q -e "$2" "$RESULTS/$1"; } # FILE WORDS

story "Counted by KVM in debugfs and by the guest's kernel, around a measurement of 20 seconds."
wakeups=$(guest_wakeups) exits=$(kvm_exits) start=$(tenths)
check "kvmtune measures, and asks the guest" quietly kvmtune verify --record "$RESULTS/far.json" --duration 20s --inside
exits=$(rate "$exits" "$(kvm_exits)" "$start" "$(tenths)")
wakeups=$(rate "$wakeups" "$(guest_wakeups)" "$start" "$(tenths)")
for metric in cpu_pct wait_pct exits_per_s guest_wakeups_per_s context_switches_per_s locality_pct; do
    read -r n average < <(values $metric "$RESULTS/far.json")
    story "$metric: $average, of $n values"
    check "$metric of the guest was measured" is "$n" -ge 5
done
story "counted besides: $exits exits, $wakeups wake-ups a second"
check "as many exits as KVM counted" within "$(mean exits_per_s)" "$exits" 30
check "as many wake-ups as the guest counted" within "$(mean guest_wakeups_per_s)" "$wakeups" 40
check "nothing of it is local" is "$(mean locality_pct)" -le 5

story "It is healed while it runs, and its definition left as it is. Then it is measured as before."
kvmtune plan work -o "$RESULTS/plan.json" >"$RESULTS/plan.txt"
check "healed" quietly kvmtune apply "$RESULTS/plan.json" --yes --live --measure 30
check "measured as before" quietly kvmtune verify --record "$RESULTS/near.json" --duration 20s --inside
check "the files are compared" verify files.txt "0 1 3" "$RESULTS/far.json" "$RESULTS/near.json" --same-load
check "by their values it is local now" says files.txt "local memory .*better"

story "It is watched for half a minute. (What its CPU time comes to says more of this machine than of the guest.)"
check "it is watched" verify watch.txt "0 1 3" last --watch 30s --inside --same-load --html "$RESULTS/page.html"
check "all that the plan expects is fulfilled" says watch.txt 'fulfilled: \([0-9]*\) of \1\.'
check "by its values, too" says watch.txt "local memory .*better"
check "five lines while it watched" is "$(grep -c '^20[0-9-]* [0-9:]*  ' "$RESULTS/watch.txt")" = 5
check "what was left out is not missed" says watch.txt "left out"
check "there is a page" says page.html "<svg"

story "Then somebody runs a busy loop on its CPUs."
for thread in $(vcpu_threads work); do
    cpu=$(sed -n 's/^Cpus_allowed_list:.\([0-9]*\).*/\1/p' "/proc/$thread/status")
    taskset -c "$cpu" sh -c 'while :; do for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do :; done; done' &
done
check "that is worse" verify disturbed.txt 1 last --duration 30s --same-load
check "for its vCPUs wait" says disturbed.txt "waiting for a CPU .*worse"
check "and the way back is offered" says disturbed.txt "To take it back: kvmtune rollback"
check "it is still worse" verify undone.txt 1 last --duration 60s --same-load --auto-rollback
jobs -p | xargs kill
check "and was taken back" says undone.txt "was rolled back"
check "each of its threads may use what it might" diff "$RESULTS/threads-work" <(threads_of work)
check "its definition is as before" is_defined_as_before work
kvmtune history >"$RESULTS/history.txt"
check "history knows" says history.txt "undone  *worse"
the_end
