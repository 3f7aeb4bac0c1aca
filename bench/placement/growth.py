# SPDX-License-Identifier: GPL-2.0-or-later
"""How the solver's time grows, as a plot of characters: both axes in powers, so that a straight line is a power."""
import math

STEPS = 3  # rows a factor of ten


def rows_of(table):
    """(kind, nodes, guests, ms) of the lines of placement-speed."""
    for text in table:
        cells = [c.strip() for c in text.strip('|').split('|')]
        if len(cells) > 3 and cells[1].isdigit():
            yield cells[0], int(cells[1]), int(cells[2]), float(cells[3])


def plot(points, what):
    """points: {(kind, x): ms}; a kind is shown by its first letter."""
    xs = sorted({x for _, x in points})
    level = {key: round(STEPS * math.log10(max(ms, 1e-3))) for key, ms in points.items()}
    width = 3 + len({kind for kind, _ in points})
    for row in range(max(level.values()), min(level.values()) - 1, -1):
        label = f'{10 ** (row / STEPS):8.3g}' if row % STEPS == 0 else ' ' * 8
        cells = (''.join(sorted(kind[0] for kind, at in points if at == x and level[kind, at] == row)) for x in xs)
        yield (label + ' |' + ''.join(c.center(width) for c in cells)).rstrip()
    yield ' ' * 9 + '+' + '-' * width * len(xs)
    yield (' ' * 10 + ''.join(str(x).center(width) for x in xs) + ' ' + what).rstrip()


def plots(table, nodes=16, guests=300):
    rows = [row for row in rows_of(table) if row[0] != 'wide']
    kinds = ', '.join(f'{kind[0]} {kind}' for kind in dict.fromkeys(row[0] for row in rows))
    yield from ('Milliseconds of CPU by guests, and by nodes: ' + kinds + '.', '', '```')
    yield from plot({(kind, g): ms for kind, n, g, ms in rows if n == nodes}, f'guests on {nodes} nodes')
    yield ''
    yield from plot({(kind, n): ms for kind, n, g, ms in rows if g == guests}, f'nodes, {guests} guests')
    yield '```'
