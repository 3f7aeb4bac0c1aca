# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune's solver against the optimum, against bounds, and against the rules of others.

    python3 bench/placement [BUILD] [--small N] [--seconds S] [--large N] [--seed K] [--keep no] [--verbose]

Small instances (2-8 nodes, 5-40 guests) go to GLPK as well, S seconds a program, until N of them have an optimum above
0. Where kvmtune says that its answer is optimal, GLPK gets S / 6 seconds to say otherwise. What GLPK said is kept in
BUILD/bench/placement-glpk.jsonl: --minutes M ends the run after that (exit status 3), and the next one goes on there.
Where kvmtune's answer has contention, the program of contention alone is solved first: it outweighs the rest by so
much that its optimum is the total's to seven digits. Compared is the cost of contention, remote memory and moves; GLPK
counts no L3 groups. Then larger instances against kvmtune's own bound, and how its time grows. The tables are kept in
BUILD/bench/placement.md. Exit status 1 where the goals are missed: every answer valid, gap to the better of GLPK's bound
and kvmtune's own at most 1 % on average and 5 % at worst, 0 wherever the optimum is 0.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import time

import growth
import hosts
import instances
import measure
import milp

RULES = ('nova', 'numad', 'random')
ZERO = 1e-9
ROUNDING = 2e-5  # of demands that do not divide by their cells, at the weight of contention


def answers(kvmtune, problems):
    text = ''.join(json.dumps(p) + '\n' for p in problems)
    run = subprocess.run([kvmtune, 'plan', '--batch', '-'], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def lower_bound(problem, cost, seconds):
    """GLPK's, and whether it is an optimum."""
    if cost['contention'] > 0:
        bound, closed = milp.solve_contention(problem, seconds)
        if closed and cost['contention'] <= bound + ROUNDING / 1000:
            return bound * milp.WEIGHT['contention'], True
        full, full_closed = milp.solve(problem, False, seconds)
        return max(full, bound * milp.WEIGHT['contention']), full_closed
    return milp.solve(problem, True, seconds)


class Row:
    """Sums over instances of one size."""

    def __init__(self):
        self.n = self.zero = self.missed = self.closed = self.above = self.invalid = 0
        self.gaps, self.own, self.rules = [], [], {rule: [0, 0, 0., 0] for rule in RULES}

    def add_rules(self, problem, mine, rnd):
        for rule in RULES:
            answer, sums = measure.by_rule(rule, problem, rnd), self.rules[rule]
            if measure.check(problem, answer):
                sums[0] += 1
                continue
            cost = measure.cost(problem, answer)
            sums[1] += cost['total'] <= mine['total'] + ROUNDING
            sums[2] += cost['contention']
            sums[3] += 1


def line(cells):
    return '| ' + ' | '.join(cells) + ' |'


def mean_and_worst(gaps):
    return [f'{sum(gaps) / len(gaps):.3%}', f'{max(gaps):.3%}'] if gaps else ['-', '-']


def gap_table(rows):
    yield line(['instances', 'number', 'invalid', 'optimum 0', 'of these missed', 'above 0', 'optimum known',
                'mean gap to GLPK', 'worst', 'mean gap to the better bound', 'worst'])
    yield line(['---'] * 11)
    for name, row in rows:
        yield line([name] + [str(c) for c in (row.n, row.invalid, row.zero + row.missed, row.missed, row.above,
                                              row.closed)] + mean_and_worst(row.gaps) + mean_and_worst(row.own))


def rule_table(rows):
    yield line(['instances', 'rule', 'invalid', 'as good as kvmtune', 'mean contention where valid, cores'])
    yield line(['---'] * 5)
    for name, row in rows:
        for rule, (invalid, good, contention, valid) in row.rules.items():
            yield line([name, rule, f'{invalid / row.n:.0%}', f'{good / row.n:.0%}', f'{contention / max(1, valid):.2f}'])


def speed_table(build):
    subprocess.run(['ninja', '-C', build, 'bench/placement-speed'], stdout=subprocess.DEVNULL, check=True)
    run = subprocess.run([os.path.join(build, 'bench', 'placement-speed')], capture_output=True, text=True, check=True)
    table = run.stdout.splitlines()
    return table + [''] + list(growth.plots(table))


def own_bound(bound):
    """Without what the costs that are compared leave out."""
    return bound['total'] - .001 * bound['fragmentation'] - .01 * bound['l3']


def one_small(row, problem, answer, seconds, verbose):
    cost = measure.cost(problem, answer)
    if abs(cost['contention'] - answer['cost']['contention']) > 1e-6 or abs(cost['remote'] - answer['cost']['remote']) > 1e-9:
        print(f'{problem["id"]}: kvmtune counts {answer["cost"]}, which is {cost}')
        row.invalid += 1
    if cost['total'] <= ZERO:
        row.zero += 1
        return cost
    bound, closed = lower_bound(problem, cost, seconds)
    if closed and bound <= ZERO:
        row.missed += 1
        print(f'{problem["id"]}: the optimum is 0, kvmtune has {cost["total"]:.6g}')
        return cost
    row.above += 1
    row.closed += closed
    gap = max(0., (cost['total'] - ROUNDING * (cost['contention'] > 0)) / bound - 1) if bound > ZERO else float('inf')
    own = own_bound(answer['lower_bound'])
    row.gaps.append(gap)
    row.own.append(max(0., (cost['total'] - ROUNDING * (cost['contention'] > 0)) / max(own, bound) - 1))
    if closed and not cost['contention'] and own > bound * (1 + 1e-5) + ZERO:
        row.invalid += 1
        print(f'{problem["id"]}: kvmtune says that nothing is below {own:.8g}, GLPK has {bound:.8g}')
    if gap > .01 or verbose:
        print(f'{problem["id"]}: {len(problem["host"]["nodes"])} nodes, {len(problem["guests"])} guests: cost '
              f'{cost["total"]:.8g}, GLPK {bound:.8g}{"" if closed else " (not closed)"}, own bound {own:.8g}, '
              f'{answer["steps"]} steps', flush=True)
    return cost


def small_instance(options, matrices, number):
    rnd = random.Random(f'{options.seed} {number}')
    return instances.instance(rnd, f's{number}', rnd.choice(matrices), rnd.randint(5, 40))


def small(options, rnd):
    matrices = [d for d in hosts.all_distances() if len(d) <= 8]
    row = Row()
    while row.above < options.small:
        batch = [small_instance(options, matrices, row.n + k) for k in range(20)]
        for problem, answer in zip(batch, answers(options.kvmtune, batch)):
            if row.above >= options.small:
                break
            if options.end and time.monotonic() > options.end:
                print(f'stopped after {row.above} instances above 0; the same command goes on there')
                sys.exit(3)
            row.n += 1
            bad = measure.check(problem, answer)
            if bad:
                row.invalid += 1
                print(f'{problem["id"]}: {bad}')
                continue
            if row.above and row.above % 50 == 0:
                print(f'{row.above} above 0, {row.zero} at 0: mean and worst gap', *mean_and_worst(row.gaps), flush=True)
            seconds = options.seconds // 6 if answer['optimal'] else options.seconds
            row.add_rules(problem, one_small(row, problem, answer, max(1, seconds), options.verbose), rnd)
    return row


def large(options, rnd):
    matrices = [d for d in hosts.all_distances() if len(d) >= 8]
    row = Row()
    for k in range(options.large):
        problem = instances.instance(rnd, f'l{k}', rnd.choice(matrices), rnd.choice([60, 100, 200, 500, 1000]))
        answer = answers(options.kvmtune, [problem])[0]
        row.n += 1
        if measure.check(problem, answer):
            row.invalid += 1
            continue
        total, own = answer['cost']['total'], answer['lower_bound']['total']
        row.zero += total <= ZERO
        row.above += total > ZERO
        row.closed += answer['optimal'] and total > ZERO
        if total > ZERO and own > ZERO:
            row.own.append(total / own - 1)
        row.add_rules(problem, measure.cost(problem, answer), rnd)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build', nargs='?', default='build')
    parser.add_argument('--small', type=int, default=500)
    parser.add_argument('--seconds', type=int, default=60)
    parser.add_argument('--minutes', type=float, default=0, help='0: until it is done')
    parser.add_argument('--large', type=int, default=50)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--keep', choices=('yes', 'no'), default='yes', help='whether to write BUILD/bench/placement.md')
    parser.add_argument('--verbose', action='store_true', help='print each instance, not only those with a gap')
    options = parser.parse_args()
    options.end = time.monotonic() + 60 * options.minutes if options.minutes else None
    os.makedirs(os.path.join(options.build, 'bench'), exist_ok=True)
    if options.keep == 'yes':
        milp.known = milp.Known(os.path.join(options.build, 'bench', 'placement-glpk.jsonl'))
    options.kvmtune = os.path.join(options.build, 'src', 'cmd', 'kvmtune')
    rows = []
    if options.small:
        rows.append(('2-8 nodes, 5-40 guests', small(options, random.Random(options.seed))))
    if options.large:
        rows.append(('6-16 nodes, 60-1000', large(options, random.Random(options.seed))))
    text = ['## Placement', ''] + list(gap_table(rows)) + [''] + list(rule_table(rows))
    if options.large:
        text += [''] + speed_table(options.build)
    if options.keep == 'yes':
        with open(os.path.join(options.build, 'bench', 'placement.md'), 'w', encoding='utf-8') as file:
            file.write('\n'.join(text) + '\n')
    print('\n'.join(text))
    gaps = (rows[0][1].own if options.small else []) or [0.]
    good = all(row.invalid + row.missed == 0 for _, row in rows) and max(gaps) <= .05 and sum(gaps) / len(gaps) <= .01
    sys.exit(not good)


if __name__ == '__main__':
    main()
