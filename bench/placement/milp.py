# SPDX-License-Identifier: GPL-2.0-or-later
"""The same problem as a mixed integer program, solved by GLPK's glpsol.

The cost is that of src/placement/placement.h with its default weights, without L3 groups and fragmentation: what
comes out is the optimum of the rest, or GLPK's bound, and so never above the optimum of all. Exclusive CPUs are for
hosts without siblings. Cells have one node each; memory may lie on others (flows between nodes).
"""
import hashlib
import json
import os
import re
import subprocess
import tempfile

import hosts

WEIGHT = {'contention': 1000., 'remote': 1., 'move': .001}


class Program:
    """A linear program in CPLEX LP format."""

    def __init__(self):
        self.objective, self.constant, self.rows, self.binary, self.number = [], 0., [], [], 0

    def add(self, terms, sense, right):
        self.number += 1
        body = ' '.join(f'{"+" if c >= 0 else "-"} {abs(c):.12g} {name}' for c, name in terms if c)
        if body:
            self.rows.append(f' r{self.number}: {body} {sense} {right:.12g}')

    def text(self):
        goal = [f'{"+" if c >= 0 else "-"} {abs(c):.12g} {name}' for c, name in self.objective if c] or ['0 nothing']
        lines = ['Minimize', ' cost:'] + [f'  {term}' for term in goal]
        return '\n'.join(lines + ['Subject To'] + self.rows + ['Binary'] + [f' {b}' for b in self.binary] + ['End', ''])


def far(h, i, j):
    return h['nodes'][i]['distances'][j] / 10 - 1


def node_of(h, guest):
    """The index of the node on most of whose CPUs a guest is now."""
    mine = hosts.cpus(guest['now']['cpus'])
    return max(range(len(h['nodes'])), key=lambda i: len(mine & hosts.cpus(hosts.node_cpus(h, h['nodes'][i]))))


def parts_of(guest, room, worths):
    """Cells of a shared guest: what is asked, or the fewest equal ones that fit the host without other movables."""
    if guest['cells']:
        return guest['cells']
    d = hosts.demand(guest)
    for parts in range(1, len(room) + 1):
        fit = 0
        for i, w in enumerate(worths):
            by_worth = int((w + 1e-9) / (d / parts)) if d else parts
            by_memory = int(room[i] / (guest['memory_kib'] / parts)) if guest['memory_kib'] else parts
            fit += max(0, min(parts, by_worth, by_memory))
        if fit >= parts:
            return parts
    return 1


def move_cost(guest, total, home, ids):
    """Of a guest of one cell at this node: all that is elsewhere comes."""
    if not guest['now']:
        return 0.
    there = guest['now']['memory_kib'].get(str(ids[home]), 0)
    return WEIGHT['move'] * max(0, guest['memory_kib'] - there) / total


def cell_cuts(program, k, guest, parts, worths, h):
    """What holds for the cells of a guest without contention, and brings GLPK's bound nearer: how many pairs of them
    may share nodes; and that cells which are alike may as well have nodes in ascending order."""
    n, d = len(worths), hosts.demand(guest) * (guest['vcpus'] // parts) / guest['vcpus']
    left, most = parts, 0
    for fit in sorted((int((w + 1e-6) / d) if d else parts for w in worths), reverse=True):
        here = max(0, min(left, fit))
        most += here * (here - 1) // 2
        left -= here
    pairs = [(b, a) for a in range(parts) for b in range(a)]
    program.add([(1, f'w{k}_{b}_{a}_{i}_{i}') for b, a in pairs for i in range(n)], '<=', most)
    if guest['vcpus'] % parts == 0 and all(far(h, i, j) == far(h, j, i) for i in range(n) for j in range(i)):
        for a in range(1, parts):
            program.add([(i, f'x{k}_{a}_{i}') for i in range(n)] + [(-i, f'x{k}_{a - 1}_{i}') for i in range(n)], '>=', 0)


def build(problem, contention_free):
    """The program; with `contention_free` contention is forbidden and the objective scaled, so that GLPK's
    tolerances do not hide small costs."""
    h, p = problem['host'], Program()
    n, ids = len(h['nodes']), [node['id'] for node in h['nodes']]
    worths = [hosts.worth(h, node) for node in h['nodes']]
    room = [node['memory_kib'] for node in h['nodes']]
    total = sum(g['memory_kib'] for g in problem['guests']) or 1
    scale = 1e6 if contention_free else 1e-3
    movable = []
    for g in problem['guests']:
        if g['now'] and not g['movable']:
            node = node_of(h, g)
            worths[node] -= hosts.demand(g)
            for key, kib in g['now']['memory_kib'].items():
                room[ids.index(int(key))] -= kib
                p.constant += WEIGHT['remote'] * kib * far(h, node, ids.index(int(key))) / total
        else:
            movable.append(g)
    unit = max(max(room), 1)
    load, used, cpus = [[] for _ in range(n)], [[] for _ in range(n)], [[] for _ in range(n)]
    for k, g in enumerate(movable):
        exclusive = g['policy'] == 'dedicated'
        parts = 1 if exclusive else parts_of(g, room, worths)
        for a in range(parts):
            names = [f'x{k}_{a}_{i}' for i in range(n)]
            p.binary += names
            p.add([(1, name) for name in names], '=', 1)
            vcpus = g['vcpus'] // parts + (a < g['vcpus'] % parts)
            for i, name in enumerate(names):
                load[i].append((hosts.demand(g) * vcpus / g['vcpus'], name))
                used[i].append((g['memory_kib'] / parts, name))
                if exclusive:
                    cpus[i].append((vcpus, name))
                if parts == 1:
                    p.objective.append((scale * move_cost(g, total, i, ids), name))
        if parts > 1 and contention_free:
            cell_cuts(p, k, g, parts, worths, h)
        for a in range(parts):  # pairs: w is 1 where both are
            for b in range(a):
                for i in range(n):
                    both = 2 * g['memory_kib'] / parts - max(0, room[i])  # what two of them are too much for a node
                    if both > 0:
                        p.add([(1, f's{i}_{j}') for j in range(n) if j != i] + [(-both / unit, f'w{k}_{b}_{a}_{i}_{i}')],
                              '>=', 0)
                    p.add([(1, f'w{k}_{b}_{a}_{i}_{j}') for j in range(n)] + [(-1, f'x{k}_{b}_{i}')], '=', 0)
                    p.add([(1, f'w{k}_{b}_{a}_{j}_{i}') for j in range(n)] + [(-1, f'x{k}_{a}_{i}')], '=', 0)
                    for j in range(n):
                        each = .1 * g['memory_kib'] / total / (parts * (parts - 1) / 2)
                        p.objective.append((scale * each * far(h, i, j), f'w{k}_{b}_{a}_{i}_{j}'))
        if parts > 1 and g['now']:
            for i in range(n):
                names = [(g['memory_kib'] / parts, f'x{k}_{a}_{i}') for a in range(parts)]
                p.add(names + [(-1, f'm{k}_{i}')], '<=', g['now']['memory_kib'].get(str(ids[i]), 0))
                p.objective.append((scale * WEIGHT['move'] / total, f'm{k}_{i}'))
    for i in range(n):
        p.add(load[i] + ([] if contention_free else [(-1, f'e{i}')]), '<=', worths[i] + (1e-9 if contention_free else 0))
        if not contention_free:
            p.objective.append((scale * WEIGHT['contention'], f'e{i}'))
            if worths[i] < 0:
                p.add([(1, f'e{i}')], '>=', -worths[i])
        if cpus[i]:
            p.add(cpus[i], '<=', sum(map(len, hosts.core_sets(h, h['nodes'][i]))))
        out = [(1, f's{i}_{j}') for j in range(n) if j != i]
        into = [(1, f's{j}_{i}') for j in range(n) if j != i]
        mine = [(m / unit, name) for m, name in used[i]]
        p.add(mine + [(-c, s) for c, s in out] + into, '<=', max(0, room[i]) / unit)
        p.add(out + [(-m, name) for m, name in mine], '<=', 0)
        for j in range(n):
            if j != i:  # what stays remote is not moved
                each = max(0, WEIGHT['remote'] * far(h, i, j) - WEIGHT['move'])
                p.objective.append((scale * each * unit / total, f's{i}_{j}'))
    return p, scale


def contention_program(problem):
    """Contention alone, memory left aside: a relaxation in which nodes of the same worth are interchangeable, so the
    k largest parts need no more than the first k of them."""
    h, p = problem['host'], Program()
    worths = [hosts.worth(h, node) for node in h['nodes']]
    room = [node['memory_kib'] for node in h['nodes']]
    sizes = []
    for g in problem['guests']:
        if g['now'] and not g['movable']:
            worths[node_of(h, g)] -= hosts.demand(g)
    for g in problem['guests']:
        if not g['now'] or g['movable']:
            parts = 1 if g['policy'] == 'dedicated' else parts_of(g, room, worths)
            for a in range(parts):
                vcpus = g['vcpus'] // parts + (a < g['vcpus'] % parts)
                sizes.append(hosts.demand(g) * vcpus / g['vcpus'])
    sizes.sort(reverse=True)
    alike = len(set(worths)) == 1
    for k in range(len(sizes)):
        names = [f'x{k}_{i}' for i in range(len(worths)) if i <= k or not alike]
        p.binary += names
        p.add([(1, name) for name in names], '=', 1)
    for i, worth in enumerate(worths):
        p.add([(d, f'x{k}_{i}') for k, d in enumerate(sizes) if i <= k or not alike] + [(-1, f'e{i}')], '<=', worth)
        p.objective.append((1, f'e{i}'))
        if worth < 0:
            p.add([(1, f'e{i}')], '>=', -worth)
    return p


def solve(problem, contention_free, seconds):
    """-> (lower bound of the cost, whether it is the optimum of what the program counts)"""
    program, scale = build(problem, contention_free)
    return run(program, scale, seconds)


def solve_contention(problem, seconds):
    """-> (lower bound of the contention in cores, whether it is the least without regard to memory)"""
    return run(contention_program(problem), 1, seconds)


class Known:
    """What GLPK said before, in a file of JSON lines: a run that was stopped goes on where it was."""

    def __init__(self, path):
        self.path, self.said = path, {}
        if path and os.path.exists(path):
            with open(path, encoding='ascii') as file:
                for line in file:
                    key, seconds, value, closed = json.loads(line)
                    self.said[key] = (seconds, value, closed)

    def find(self, key, seconds):
        had, value, closed = self.said.get(key, (0, 0, False))
        return (value, closed) if closed or had >= seconds else None

    def add(self, key, seconds, value, closed):
        self.said[key] = (seconds, value, closed)
        if self.path:
            with open(self.path, 'a', encoding='ascii') as file:
                file.write(json.dumps([key, seconds, value, closed]) + '\n')


known = Known(None)


def run(program, scale, seconds):
    key = hashlib.sha256(program.text().encode()).hexdigest()
    if not known.find(key, seconds):
        known.add(key, seconds, *glpsol(program, seconds))
    value, closed = known.find(key, seconds)
    return value / scale + program.constant, closed


def glpsol(program, seconds):
    """-> (bound of the objective, whether it is the optimum)"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'p.lp')
        with open(path, 'w', encoding='ascii') as file:
            file.write(program.text())
        done = subprocess.run(['glpsol', '--lp', path, '--tmlim', str(seconds), '--cuts', '--mipgap', '1e-6', '-o',
                              os.path.join(folder, 'out')], capture_output=True, text=True, check=False)
        with open(os.path.join(folder, 'out'), encoding='ascii') as file:
            out = file.read()
    status = re.search(r'Status:\s+(.*)', out)[1]
    value = float(re.search(r'Objective:\s+\S+ = (\S+)', out)[1])
    if status == 'INTEGER OPTIMAL':
        return value, True
    bounds = re.findall(r'>=\s+(-?[\d.e+-]+)', done.stdout)
    return max(0., float(bounds[-1])) if bounds else 0., False
