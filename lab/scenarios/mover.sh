# SPDX-License-Identifier: GPL-2.0-or-later
# lab: --topology 4x2 --one-thread
. scenario.sh
story "Memory of guests brought from node to node by kvmtune's mover: one cell of two, under every policy"
story "that libvirt can have given them, at a bounded rate, and back."
fresh

cell_on() { # NAME CELL NODE: KiB
    hand read memory "$1" "$2" | tr , '\n' | sed -n "s/^$3:\([0-9]*\)$/\1/p" | grep . || echo 0
}
says() { # WORDS COMMAND...
    local words=$1
    shift
    "$@" >"$RESULTS/said.txt" 2>&1
    grep -q -e "$words" "$RESULTS/said.txt" || { sed 's/^/# /' "$RESULTS/said.txt"; false; }
}
gone() { virsh -q "destroy $1; undefine $1"; }

# ---- one cell of two ----

guest two --memory 128 --cells 2 --cpus 0-1
check "cell 1 goes to node 2" says "^reached" hand write memory two 1 2:65536
check "the kernel has half of the guest there" is "$(locality two 2)" -ge 49
check "and the other half where it was" is "$(locality two 0)" -ge 49
check "it was that cell" is "$(cell_on two 1 2)" -ge 65000
check "parts to two nodes" says "^reached" hand write memory two 0 1:32768,3:32768
check "half of the cell is on node 1" is "$(cell_on two 0 1)" -ge 32000
check "the other half on node 3" is "$(cell_on two 0 3)" -ge 32000
check "and back" says "^reached" hand write memory two 0 0:65536
start=$SECONDS
check "slowly: 16 MiB a second" says "^reached" hand --rate 16384 write memory two 0 3:65536
check "64 MiB took three seconds at least" is $((SECONDS - start)) -ge 3
check "live numatune is refused for it" says "several cells" hand write nodeset two "" 1
gone two

# ---- policies ----

guest kept --memory 64 --cpus 0-1 --memory-nodes "restrictive 0"
check "restrictive: another node is refused, and the reason said" says "cpuset has to be widened" hand write memory kept 0 3:65536
check "nothing was moved" is "$(locality kept 0)" -ge 99
check "widened" says "^reached" hand write nodeset kept "" 0,3
check "which alone moves nothing" is "$(locality kept 0)" -ge 99
check "then it moves" says "^reached" hand write memory kept 0 3:65536
check "narrowed to the new node" says "^reached" hand write nodeset kept "" 3
check "the kernel has all of it there" is "$(locality kept 3)" -ge 99
gone kept

guest free --memory 64 --cpus 0-1
check "no numatune: live sets of nodes can be set" says "^reached" hand write nodeset free "" 0,3
check "and set again" says "^reached" hand write nodeset free "" 0
check "and taken back" says "^reached" hand write nodeset free "" 0-3
gone free

guest strict --memory 64 --cpus 0-1 --memory-nodes "strict 0"
check "strict, one cell: migrate_pages(2) passes the cpuset" says "call: migrate_pages" hand write memory strict 0 3:65536
check "strict: the kernel has all of it there" is "$(locality strict 3)" -ge 99
gone strict

guest strict2 --memory 64 --cells 2 --cpus 0-1 --memory-nodes "strict 0"
check "strict, two cells: at its next start only" says "next start only" hand write memory strict2 0 3:32768
gone strict2

# ---- shared memory, huge pages, no room ----

guest shared --memory 64 --cells 2 --cpus 0-1 "<memoryBacking><source type='memfd'/><access mode='shared'/><allocation mode='immediate'/></memoryBacking>"
check "shared memory moves" says "^reached" hand write memory shared 1 2:32768
check "half of it is there" is "$(locality shared 2)" -ge 49
gone shared

for node in 0 3; do echo 40 >/sys/devices/system/node/node$node/hugepages/hugepages-2048kB/nr_hugepages; done
guest huge --memory 64 --cpus 0-1 --memory-nodes "strict 0" "<memoryBacking><hugepages/></memoryBacking>"
check "huge pages move within strict" says "^reached" hand write memory huge 0 3:65536
check "the kernel has them there" is "$(locality huge 3)" -ge 99
gone huge
guest huge --memory 64 --cpus 0-1 "<memoryBacking><hugepages/></memoryBacking>"
migratepages "$(pid_of huge)" all 0
check "huge pages: no pool on node 1, no move" says "node 1 has no room" hand write memory huge 0 1:65536
check "huge pages move by move_pages(2)" says "call: move_pages" hand write memory huge 0 3:65536
check "the kernel has them on node 3" is "$(locality huge 3)" -ge 99
gone huge
for node in 0 3; do echo 0 >/sys/devices/system/node/node$node/hugepages/hugepages-2048kB/nr_hugepages; done
the_end
