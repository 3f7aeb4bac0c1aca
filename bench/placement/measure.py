# SPDX-License-Identifier: GPL-2.0-or-later
"""What an answer costs, by the measures of src/placement/placement.h, worked out without kvmtune; and what simple
rules answer."""
from itertools import combinations

import hosts

WEIGHT = {'contention': 1000., 'remote': 1., 'move': .001}


def check(problem, answer):
    """None, or why the answer is not valid."""
    used, owners, seen = {}, {}, set()
    guests = {g['name']: g for g in problem['guests']}
    h = problem['host']
    there = set().union(*(s for node in h['nodes'] for s in hosts.core_sets(h, node)))
    for placed in answer['placements']:
        g = guests[placed['guest']]
        seen.add(g['name'])
        vcpus = sorted(v for cell in placed['cells'] for v in hosts.cpus(cell['vcpus']))
        if vcpus != list(range(g['vcpus'])):
            return f'{g["name"]}: vCPUs'
        if sum(kib for cell in placed['cells'] for kib in cell['memory_kib'].values()) != g['memory_kib']:
            return f'{g["name"]}: memory'
        for cell in placed['cells']:
            if not hosts.cpus(cell['cpus']) or hosts.cpus(cell['cpus']) - there:
                return f'{g["name"]}: CPUs'
            for node, kib in cell['memory_kib'].items():
                used[node] = used.get(node, 0) + kib
            for pin in cell['pins'] or []:
                if owners.setdefault(pin, g['name']) is not g['name'] or pin not in there:
                    return f'{g["name"]}: CPU {pin} has two owners'
    if set(guests) - seen:
        return f'{len(set(guests) - seen)} unplaced'
    for node in h['nodes']:
        if used.get(str(node['id']), 0) > node['memory_kib']:
            return f'node {node["id"]}: more memory than it has'
    return None


def cost(problem, answer):
    """{'contention', 'remote', 'move_kib', 'total'}: total is of these three."""
    h = problem['host']
    guests = {g['name']: g for g in problem['guests']}
    index = {str(node['id']): i for i, node in enumerate(h['nodes'])}
    core_of = {c: (i, k) for i, node in enumerate(h['nodes']) for k, s in enumerate(hosts.core_sets(h, node)) for c in s}
    whole = sum(g['memory_kib'] for g in problem['guests']) or 1
    load, owner, remote, moved = [0.] * len(index), {}, 0., 0

    def far(a, b):
        return h['nodes'][a]['distances'][b] / 10 - 1
    for placed in answer['placements']:
        g, homes, memory = guests[placed['guest']], [], {}
        for cell in placed['cells']:
            cpus = [c for c in hosts.cpus(cell['cpus']) if c in core_of]
            share = {i: sum(core_of[c][0] == i for c in cpus) / len(cpus) for i in {core_of[c][0] for c in cpus}}
            homes.append(max(share, key=share.get))
            for node, kib in cell['memory_kib'].items():
                memory[node] = memory.get(node, 0) + kib
                remote += sum(kib * part * far(i, index[node]) for i, part in share.items())
            if cell['pins']:
                owner.update({pin: g['name'] for pin in cell['pins']})
                continue
            worth = {}
            for core in {core_of[c] for c in cpus}:
                worth[core[0]] = worth.get(core[0], 0) + 1 + .25 * (sum(core_of[c] == core for c in cpus) - 1)
            part = hosts.demand(g) * len(hosts.cpus(cell['vcpus'])) / g['vcpus'] / sum(worth.values())
            for i, w in worth.items():
                load[i] += part * w
        if len(homes) > 1:
            pairs = list(combinations(homes, 2))
            remote += .1 * g['memory_kib'] * sum(far(a, b) for a, b in pairs) / len(pairs)
        if g['now']:
            moved += sum(max(0, kib - g['now']['memory_kib'].get(node, 0)) for node, kib in memory.items())
    contention = 0.
    for i, node in enumerate(h['nodes']):
        worth = 0.
        for s in hosts.core_sets(h, node):
            own = {owner[c] for c in s if c in owner}
            idle = sum(c not in owner for c in s)
            worth += 1 + .25 * (idle - 1) if idle else 0
            contention += .25 * len(own) if len(own) > 1 else 0
        contention += max(0., load[i] - worth - 1e-9)
    total = WEIGHT['contention'] * contention + WEIGHT['remote'] * remote / whole + WEIGHT['move'] * moved / whole
    return {'contention': contention, 'remote': remote / whole, 'move_kib': moved, 'total': total}


# ---- rules ----

def by_rule(rule, problem, rnd):
    """nova: each guest in turn on the first nodes that have room for its cells; numad: on those with the most free
    CPU x free memory; random: on any that have room. Where none has, the emptiest. Guests that may not move stay."""
    h = problem['host']
    n = len(h['nodes'])
    memory, worth = [node['memory_kib'] for node in h['nodes']], [hosts.worth(h, node) for node in h['nodes']]
    idle = [[c for s in hosts.core_sets(h, node) for c in sorted(s)] for node in h['nodes']]
    out = []
    index = {str(node['id']): i for i, node in enumerate(h['nodes'])}
    fixed = [g for g in problem['guests'] if g['now'] and not g['movable']]
    for g in fixed:
        mine = hosts.cpus(g['now']['cpus'])
        for node, kib in g['now']['memory_kib'].items():
            memory[index[node]] -= kib
        for i in range(n):
            worth[i] -= hosts.demand(g) * len(mine & set(idle[i])) / len(mine)
        out.append({'guest': g['name'], 'cells': [{'vcpus': f'0-{g["vcpus"] - 1}', 'cpus': g['now']['cpus'],
                                                   'pins': None, 'memory_kib': g['now']['memory_kib']}]})
    for g in problem['guests']:
        if g in fixed:
            continue
        cells, exclusive = g['cells'] or 1, g['policy'] == 'dedicated'

        def has_room(i, cells=cells, g=g, exclusive=exclusive):
            cpus = len(idle[i]) >= -(-g['vcpus'] // cells) if exclusive else worth[i] >= hosts.demand(g) / cells - 1e-9
            return cpus and memory[i] >= g['memory_kib'] / cells
        order = [i for i in range(n) if has_room(i)]
        if rule == 'numad':
            order.sort(key=lambda i: -max(worth[i], 0) * memory[i])
        elif rule == 'random':
            rnd.shuffle(order)
        if len(order) < cells:
            order = sorted(range(n), key=lambda i: -memory[i])
        first, made = 0, []
        for k in range(cells):
            i = order[k % n]
            vcpus = g['vcpus'] // cells + (k < g['vcpus'] % cells)
            kib = g['memory_kib'] // cells + (g['memory_kib'] % cells if k == 0 else 0)
            pins = [idle[i].pop(0) for _ in range(min(vcpus, len(idle[i])))] if exclusive else None
            made.append({'vcpus': f'{first}-{first + vcpus - 1}', 'pins': pins, 'memory_kib': {str(h['nodes'][i]['id']): kib},
                         'cpus': ','.join(map(str, pins)) if pins else hosts.node_cpus(h, h['nodes'][i])})
            first += vcpus
            memory[i] -= kib
            worth[i] -= vcpus if exclusive else hosts.demand(g) / cells
        out.append({'guest': g['name'], 'cells': made})
    return {'placements': out}
