# SPDX-License-Identifier: GPL-2.0-or-later
"""Random instances: guests as they come, running anywhere or not at all, with more or less of everything than there
is. Their optimum is not known. Demand within 3 % of what the host is worth is left out: there, the optimum is what
remains of a sum of subsets, thousandths of a core, which no bound closes."""
import hosts


def running(rnd, h, g, free, homes):
    """Some guests run where they fit; a few with part of their memory elsewhere."""
    node = rnd.choice(homes)
    if free[node['id']] < g['memory_kib']:
        return
    free[node['id']] -= g['memory_kib']
    g['now'] = hosts.now_on(h, node, g['memory_kib'])
    other = rnd.choice(h['nodes'])
    part = g['memory_kib'] // 1024 // rnd.randint(2, 5) * 1024
    if rnd.random() < .15 and other is not node and free[other['id']] >= part > 0:
        free[node['id']] += part
        free[other['id']] -= part
        g['now']['memory_kib'] = {str(node['id']): g['memory_kib'] - part, str(other['id']): part}


def instance(rnd, name, distances, guests):
    h = hosts.host(rnd, distances)
    nodes, n = h['nodes'], len(h['nodes'])
    load, fill = rnd.choice([rnd.uniform(.5, .97), rnd.uniform(1.03, 1.2)]), rnd.uniform(.3, .8)
    worth, memory = hosts.worth(h, nodes[0]), nodes[0]['memory_kib']
    free = {node['id']: node['memory_kib'] for node in nodes}
    homes = rnd.sample(nodes, rnd.randint(1, n))  # crowded ones
    shares = [rnd.uniform(.3, 2) for _ in range(guests)]
    memories = [rnd.uniform(.3, 2) for _ in range(guests)]
    out = []
    for k in range(guests):
        d = min(shares[k] / sum(shares) * load * worth * n, worth * .95)
        kib = min(int(memories[k] / sum(memories) * fill * memory * n), int(memory * .9)) // 1024 * 1024
        vcpus = max(1, -(-int(d * 1000) // 1000), round(d * rnd.uniform(1, 2)))
        g = hosts.guest(f'g{k}', vcpus, kib, round(d, 3))
        if rnd.random() < .6:
            running(rnd, h, g, free, homes)
            g['movable'] = not g['now'] or rnd.random() > .05
        out.append(g)
    if n >= 3 and rnd.random() < .3:
        cells = rnd.choice([2, 2, 3])
        kib = int(memory * rnd.uniform(.3, .8)) * cells // (1024 * cells) * 1024 * cells
        if sum(g['memory_kib'] for g in out) + kib < memory * n * .95:
            out.append(hosts.guest('wide', cells * max(1, int(worth * .8)), kib, round(worth * .5 * cells, 3), cells=cells))
    idle = n * len(nodes[0]['cores'])  # of which the last is for all others
    if len(hosts.cpus(nodes[0]['cores'][0])) == 1 and rnd.random() < .3:
        for g in rnd.sample(out, max(1, len(out) // 6)):
            if not g['now'] and g['vcpus'] <= worth / 2 and not g['cells'] and g['vcpus'] < idle:
                g['policy'], g['demand_cores'] = 'dedicated', None
                idle -= g['vcpus']
    return {'id': name, 'host': h, 'guests': out}
