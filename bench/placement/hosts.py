# SPDX-License-Identifier: GPL-2.0-or-later
"""Random hosts, and the arithmetic of placement that rules, planted problems and checks share."""
import os
import re
import tarfile

GIB = 1 << 20
# Where no machine's files are at hand: SLITs as they are common.
COMMON_DISTANCES = [
    [[10, 21], [21, 10]],
    [[10, 12, 20, 22], [12, 10, 22, 20], [20, 22, 10, 12], [22, 20, 12, 10]],
    [[10 if i == j else 21 for j in range(4)] for i in range(4)],
    [[10 if i == j else 12 if i // 4 == j // 4 else 32 for j in range(8)] for i in range(8)],
    [[10 if i == j else 16 if bin(i ^ j).count('1') == 1 else 22 for j in range(8)] for i in range(8)],
    [[10 if i == j else 12 if i // 2 == j // 2 else 17 if i // 4 == j // 4 else 19 for j in range(16)] for i in range(16)],
]


def cpus(text):
    out = set()
    for part in (text or '').split(','):
        if part.strip():
            first, _, last = part.partition('-')
            out |= set(range(int(first), int(last or first) + 1))
    return out


def machine_distances(path):
    """{node: row} of the tree of one machine (a tar), as its /sys says; [] if rows do not fit."""
    rows = {}
    with tarfile.open(path) as tar:
        for member in tar:
            hit = re.search(r'devices/system/node/node(\d+)/distance$', member.name)
            if hit and member.isfile():
                rows[int(hit[1])] = [int(word) for word in tar.extractfile(member).read().split()]
    matrix = [rows[node] for node in sorted(rows)]
    good = all(len(row) == len(matrix) and all(10 <= d <= 255 for d in row) for row in matrix)
    return matrix if good else []


def all_distances():
    """SLITs of real machines with 2-16 nodes, under $KT_SHARED/machines, and the common ones."""
    out = list(COMMON_DISTANCES)
    folder = os.path.join(os.environ.get('KT_SHARED', ''), 'machines')
    if os.environ.get('KT_SHARED') and os.path.isdir(folder):
        for name in sorted(os.listdir(folder)):
            if '.tar' in name:
                matrix = machine_distances(os.path.join(folder, name))
                if 2 <= len(matrix) <= 16 and matrix not in out:
                    out.append(matrix)
    return out


def host(rnd, distances, cores=None, threads=None, memory_gib=None, l3=None):
    """A host with these distances; each CPU number once, siblings n apart, node ids with gaps now and then."""
    n = len(distances)
    cores = cores or rnd.choice([4, 6, 8, 12, 16])
    threads = threads or rnd.choice([1, 2])
    memory_gib = memory_gib or rnd.choice([32, 64, 128, 256])
    l3 = l3 or rnd.choice([k for k in (1, 2, 3, 4) if cores % k == 0])
    ids = sorted(rnd.sample(range(2 * n), n)) if rnd.random() < .3 else list(range(n))
    nodes = []
    for i in range(n):
        first = i * cores
        sets = [[first + c + t * n * cores for t in range(threads)] for c in range(cores)]
        groups = [sum(sets[g * cores // l3:(g + 1) * cores // l3], []) for g in range(l3)]
        nodes.append({'id': ids[i], 'cores': [','.join(map(str, s)) for s in sets],
                      'l3': [','.join(map(str, sorted(g))) for g in groups],
                      'memory_kib': memory_gib * GIB, 'distances': distances[i]})
    return {'nodes': nodes, 'reserved_cpus': ''}


def core_sets(problem_host, node):
    reserved = cpus(problem_host['reserved_cpus'])
    return [s for s in (cpus(core) - reserved for core in node['cores']) if s]


def worth(problem_host, node):
    return sum(1 + .25 * (len(s) - 1) for s in core_sets(problem_host, node))


def node_cpus(problem_host, node):
    return ','.join(str(c) for s in core_sets(problem_host, node) for c in sorted(s))


def demand(guest):
    return guest['vcpus'] if guest.get('demand_cores') is None else guest['demand_cores']


def guest(name, vcpus, memory_kib, demand_cores, policy='shared', cells=None, movable=True, now=None):
    return {'name': name, 'vcpus': vcpus, 'memory_kib': memory_kib, 'demand_cores': demand_cores, 'policy': policy,
            'cells': cells, 'movable': movable, 'now': now}


def now_on(problem_host, node, memory_kib):
    return {'cpus': node_cpus(problem_host, node), 'memory_kib': {str(node['id']): memory_kib}}
