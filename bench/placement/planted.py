# SPDX-License-Identifier: GPL-2.0-or-later
"""Problems that are built from a placement without contention and remote memory, which they carry as `_truth`.

    planted.py SEED COUNT > problems.jsonl      COUNT problems of each family
"""
import json
import random
import sys
from itertools import combinations

import hosts
from hosts import GIB


def split(rnd, total, parts, least):
    """`parts` whole numbers, at least `least`, that sum to `total`."""
    cuts = sorted(rnd.sample(range(1, total - parts * (least - 1)), parts - 1))
    sizes = [b - a for a, b in zip([0] + cuts, cuts + [total - parts * (least - 1)])]
    return [s + least - 1 for s in sizes]


def filled(rnd, h, node, name, slack, most=6):
    """Shared guests that fill one node but for `slack`."""
    room, mib = int(hosts.worth(h, node) * 1000 * (1 - slack)), int(node['memory_kib'] // 1024 * (1 - slack))
    parts = rnd.randint(1, most)
    out = []
    for k, (d, m) in enumerate(zip(split(rnd, room, parts, 50), split(rnd, mib, parts, 64))):
        vcpus = max(1, -(-d // 1000), round(d / 1000 * rnd.uniform(1, 2)))
        out.append(hosts.guest(f'{name}-{k}', vcpus, m * 1024, d / 1000))
    return out


def shuffled(rnd, name, h, guests, truth):
    rnd.shuffle(guests)
    for k, g in enumerate(guests):
        g['name'] = f'g{k}'
    return {'id': name, 'host': h, 'guests': guests, '_truth': truth}


def planted(rnd, name, slack, distances, most=6):
    h = hosts.host(rnd, rnd.choice(distances))
    guests = sum((filled(rnd, h, node, 'n', slack, most) for node in h['nodes']), [])
    if rnd.random() < .5:  # some run, anywhere
        free = {n['id']: n['memory_kib'] for n in h['nodes']}
        for g in rnd.sample(guests, len(guests) * 2 // 3):
            node = rnd.choice(h['nodes'])
            if free[node['id']] >= g['memory_kib']:
                free[node['id']] -= g['memory_kib']
                g['now'] = hosts.now_on(h, node, g['memory_kib'])
    return shuffled(rnd, name, h, guests, {'contention': 0, 'remote': 0})


def well_placed(rnd, distances, slack, most=4):
    h = hosts.host(rnd, rnd.choice(distances))
    guests = []
    for node in h['nodes']:
        for g in filled(rnd, h, node, 'n', slack, most):
            g['now'] = hosts.now_on(h, node, g['memory_kib'])
            guests.append(g)
    return h, guests


def calm(rnd, name, distances):
    h, guests = well_placed(rnd, distances, rnd.choice([0, .05, .2, .5]))
    return shuffled(rnd, name, h, guests, {'contention': 0, 'remote': 0, 'moved_kib': 0})


def repair(rnd, name, distances):
    h, guests = well_placed(rnd, distances, .3)
    free = {str(n['id']): n['memory_kib'] for n in h['nodes']}
    for g in guests:
        free[next(iter(g['now']['memory_kib']))] -= g['memory_kib']
    moved = 0
    for g in rnd.sample(guests, min(len(guests), rnd.randint(1, 3))):
        home, part = next(iter(g['now']['memory_kib'])), int(g['memory_kib'] // 1024 * rnd.uniform(.2, .7)) * 1024
        other = str(rnd.choice([n['id'] for n in h['nodes'] if str(n['id']) != home]))
        if free[other] < part:
            continue
        free[other] -= part
        g['now']['memory_kib'] = {home: g['memory_kib'] - part, other: part}
        moved += part
    return shuffled(rnd, name, h, guests, {'contention': 0, 'remote': 0, 'moved_kib': moved})


def wide(rnd, name, distances):
    h = hosts.host(rnd, rnd.choice(distances))
    nodes, n = h['nodes'], len(h['nodes'])
    cells = rnd.choice([k for k in (2, 3, 4) if k <= n])
    guests, open_nodes = [], list(range(n))
    for i in rnd.sample(range(n), rnd.randint(0, n - cells)):
        kib = int(nodes[i]['memory_kib'] // 1024 * .8) * 1024
        guests.append(hosts.guest('x', len(nodes[i]['cores']), kib, hosts.worth(h, nodes[i]) * .9, movable=False,
                                  now=hosts.now_on(h, nodes[i], kib)))
        open_nodes.remove(i)
    size = hosts.worth(h, nodes[0])
    each = int(nodes[0]['memory_kib'] // 1024 * .9) * 1024
    guests.append(hosts.guest('w', cells * len(nodes[0]['cores']), cells * each, round(size * .9 * cells, 3),
                              cells=rnd.choice([cells, None])))

    def mean(chosen):
        pairs = [(a, b) for k, a in enumerate(chosen) for b in chosen[:k]]
        return sum(nodes[a]['distances'][b] / 10 - 1 for a, b in pairs) / len(pairs)

    best = min(mean(chosen) for chosen in combinations(open_nodes, cells))
    total = sum(g['memory_kib'] for g in guests)
    return shuffled(rnd, name, h, guests, {'contention': 0, 'remote': best * .1 * cells * each / total, 'moved_kib': 0})


def tight(rnd, name, distances):
    """Small guests everywhere; a new one fits a node only if some of them leave it."""
    h = hosts.host(rnd, rnd.choice(distances))
    guests = []
    for node in h['nodes']:
        mib, room = node['memory_kib'] // 1024, hosts.worth(h, node)
        for k in range(4):
            kib = int(mib * .11) * 1024
            guests.append(hosts.guest('s', 2, kib, round(room * .1, 3), now=hosts.now_on(h, node, kib)))
    mib = h['nodes'][0]['memory_kib'] // 1024
    guests.append(hosts.guest('l', 4, int(mib * .77) * 1024, round(hosts.worth(h, h['nodes'][0]) * .4, 3)))
    moved = 2 * int(mib * .11) * 1024
    return shuffled(rnd, name, h, guests, {'contention': 0, 'remote': 0, 'moved_kib': moved})


def dedicated(rnd, name, slack, distances):
    h = hosts.host(rnd, rnd.choice(distances))
    threads = len(hosts.cpus(h['nodes'][0]['cores'][0]))
    guests = []
    for node in h['nodes']:
        left = int(len(node['cores']) * (1 - slack))
        mib = int(node['memory_kib'] // 1024 * (1 - slack))
        sizes = []
        while left:
            sizes.append(rnd.randint(1, min(left, 8)))
            left -= sizes[-1]
        for c, m in zip(sizes, split(rnd, mib, len(sizes), 64)):
            guests.append(hosts.guest('d', c * threads, int(m * rnd.uniform(.7, 1)) * 1024, None, policy='dedicated'))
    return shuffled(rnd, name, h, guests, {'contention': 0, 'remote': 0})


def large(rnd, name, distances):
    h = hosts.host(rnd, rnd.choice([d for d in distances if len(d) == 16]))
    per_node = rnd.randint(30, 62)
    guests = []
    for node in h['nodes']:
        room, mib = int(hosts.worth(h, node) * 850), int(node['memory_kib'] // 1024 * .85)
        parts = min(per_node, room // 30)
        for d, m in zip(split(rnd, room, parts, 10), split(rnd, mib, parts, 16)):
            guests.append(hosts.guest('n', max(1, -(-d // 1000)), m * 1024, d / 1000,
                                      now=hosts.now_on(h, rnd.choice(h['nodes']), m * 1024) if rnd.random() < .3 else None))
    return shuffled(rnd, name, h, guests, {'contention': 0, 'remote': 0})


FAMILIES = {
    'planted15': lambda r, n, d: planted(r, n, .15, d), 'planted05': lambda r, n, d: planted(r, n, .05, d),
    'planted00': lambda r, n, d: planted(r, n, 0, d), 'wide': wide, 'calm': calm, 'repair': repair, 'tight': tight,
    'dedicated15': lambda r, n, d: dedicated(r, n, .15, d), 'dedicated00': lambda r, n, d: dedicated(r, n, 0, d),
    'large15': large,
}


def main():
    rnd, count, distances = random.Random(int(sys.argv[1])), int(sys.argv[2]), hosts.all_distances()
    for family, make in FAMILIES.items():
        for k in range(count if family != 'large15' else max(1, count // 10)):
            print(json.dumps(make(rnd, f'{family}-{k:03}', distances)))


if __name__ == '__main__':
    main()
