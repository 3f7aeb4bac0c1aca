# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2
#
# by hand: what `make demo` ends with. A sick guest, and how it is healed; page.html in the results is the verdict.
. scenario.sh

# Shows a command and what it says.
show() {
    printf '\n$ %s\n\n' "$*"
    "$@" 2>&1 | cut -c1-110
}
fresh
story "A host of 4 nodes and two guests, both started on node 0. Then the busy one was given CPUs on node 3,"
story "and its memory stayed where it was: each of its accesses crosses the machine."
guest neighbour --pin "0 1" --memory-nodes "restrictive 0"
guest-xml crm --bare --vcpus 2 --memory 256 --cpus 0-1 >/tmp/crm.xml
virsh -q "define /tmp/crm.xml; start crm"
exec 5<>"$(virsh ttyconsole crm | head -1)"
console_says crm ready
virsh -q "vcpupin crm 0 6 --live --config; vcpupin crm 1 7 --live --config"
sick=$(locality crm 3)
story "memory of crm on node 3, by the kernel's numa_maps: $sick %"

show kvmtune doctor --domain crm | tee "$RESULTS/doctor.txt"
show kvmtune plan crm -o "$RESULTS/plan.json"
show kvmtune apply "$RESULTS/plan.json" --domain crm --yes --measure 24
nodes=$(threads_of crm | sed -n 's/^CPU .*Cpus_allowed_list: \([0-9]*\).*/\1/p' | awk '{print int($1 / 2)}' | sort -u)
healed=$(locality crm "$nodes")
story "memory of crm on node $nodes, where its vCPUs run now: $healed %"
show kvmtune verify last --same-load --duration 24s --html "$RESULTS/page.html" | tee "$RESULTS/verdict.txt"
show kvmtune history
check "it was sick" is "$sick" -le 5
check "and doctor said so" grep -q "H20" "$RESULTS/doctor.txt"
check "it is healed" is "$healed" -ge 99
check "the verdict: better" grep -q "^Better" "$RESULTS/verdict.txt"
check "it is a page, too" test -s "$RESULTS/page.html"
the_end
