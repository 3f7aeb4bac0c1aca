#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kvmtune nova on files as users have them. TAP.
LC_ALL=C
export LC_ALL
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
case " ${KT_FEATURES-json xml} " in
*" xml "*) ;;
*) echo "1..0 # SKIP a build without XML"; exit 0 ;;
esac
n=0

verdict() { # STATUS NAME
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else sed 's/^/# /' "$dir/out" "$dir/err"; echo "not ok $n - $2"; fi
}

# answers STATUS NAME ARGUMENT...: and each line of $patterns is in what is printed
answers() {
    want=$1 name=$2
    shift 2
    "$KT_BIN" nova "$@" >"$dir/out" 2>"$dir/err" </dev/null
    [ $? -eq "$want" ]
    status=$?
    printf '%s\n' "$patterns" | while IFS= read -r pattern; do
        grep -qE -- "$pattern" "$dir/out" "$dir/err" || { echo "# lacks: $pattern"; exit 1; }
    done || status=1
    verdict $status "$name"
}

cell() { # ID FIRST-CPU
    printf '<cell id="%d"><memory unit="KiB">8388608</memory><pages unit="KiB" size="4">2097152</pages><cpus num="4">' "$1"
    for cpu in 0 1 2 3; do
        first=$(($2 + cpu - cpu % 2))
        printf '<cpu id="%d" socket_id="%d" core_id="%d" siblings="%d-%d"/>' $(($2 + cpu)) "$1" $((cpu / 2)) $first $((first + 1))
    done
    printf '</cpus></cell>\n'
}

{
    echo '<capabilities><host><cpu><arch>x86_64</arch></cpu><topology><cells num="2">'
    cell 0 0
    cell 1 4
    echo '</cells></topology></host></capabilities>'
} >"$dir/host.xml"
cat >"$dir/wide.txt" <<'END'
+------------+-----------------------+
| Field      | Value                 |
+------------+-----------------------+
| name       | wide                  |
| properties | hw:cpu_socket='2'     |
| ram        | 4096                  |
| vcpus      | 8                     |
+------------+-----------------------+
END
cat >"$dir/pinned.json" <<'END'
{"name": "pinned", "vcpus": 4, "ram": 1024, "properties": {"hw:cpu_policy": "dedicated", "hw:numa_nodes": "2",
 "hw:cpu_sockets": "2", "hw:cpu_cores": "2", "hw:cpu_thread_policy": "require"}}
END
printf '[compute]\ncpu_dedicated_set = 2-3,6-7\ncpu_shared_set = 0-1,4-5\n' >"$dir/nova.conf"
echo '{"hw_numa_nodes": "2"}' >"$dir/image.json"

echo '{"hw_disk_bus": "vritio", "hw_vif_modle": "virtio"}' >"$dir/typo.json"

cat >"$dir/mixed.json" <<'END'
{"name": "mixed", "vcpus": 4, "ram": 1024, "properties": {"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "0-1",
 "hw:cpu_sockets": "1"}}
END

echo "1..10"
patterns='hw:cpu_socket=2 +did you mean hw:cpu_sockets
^  hw:numa_nodes '
answers 1 "explain: misspelled and missing keys" explain "$dir/wide.txt"
patterns='no NUMA cells
hw:numa_nodes=2
--property hw:cpu_sockets=2 --property hw:cpu_cores=4 wide'
answers 1 "fit: what to set" fit --flavor "$dir/wide.txt" --host "$dir/host.xml"
patterns='It fits:
vcpupin vcpu="0" cpuset="2"
vcpupin vcpu="3" cpuset="7"'
answers 0 "fit: pins within cpu_dedicated_set" fit --flavor "$dir/pinned.json" --host "$dir/host.xml" --conf "$dir/nova.conf"
patterns='ImageNUMATopologyForbidden'
answers 1 "fit: refused with the image" fit --flavor "$dir/pinned.json" --image "$dir/image.json" --host "$dir/host.xml"
patterns='"end": "fits"
"xml": "<domain type='
answers 0 "fit: JSON" fit --flavor "$dir/pinned.json" --host "$dir/host.xml" --json
patterns='It fits:
Placement does not offer this host: dedicated CPUs, and the host offers none'
answers 1 "fit: what no node refuses and Placement does" fit --flavor "$dir/mixed.json" --host "$dir/host.xml"
patterns='shows no machine'
answers 2 "fit: no host" fit --flavor "$dir/wide.txt" --host "$dir/wide.txt" --
printf '{"id": "a", "flavor": {"vcpus": 2, "memory_mb": 512, "extra_specs": {}}, "host": {"cells": []}}\n{"id": 7}\n' >"$dir/batch"
patterns='"id":"a","error":null,"topology":\{"sockets":2,
batch:2: id: expected a text'
answers 2 "batch: answers, and a word on the line that is none" fit --batch "$dir/batch"
patterns='Refused: ValueError
Of the image: hw_disk_bus=vritio
hw_vif_modle=virtio: no key'
answers 1 "fit: wrong words of an image" fit --flavor "$dir/pinned.json" --image "$dir/typo.json" --host "$dir/host.xml"
patterns='Nova refuses it: ValueError
Of the image: hw_disk_bus=vritio
^  hw_vif_modle=virtio'
answers 1 "explain: wrong words of an image" explain "$dir/pinned.json" --image "$dir/typo.json"
