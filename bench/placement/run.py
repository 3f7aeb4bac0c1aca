# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune's solver against the optimum, against bounds, and against the rules of others.

    run.py KVMTUNE [--small N] [--seconds S] [--large N] [--seed K] [--quiet]

Small instances (2-8 nodes, 5-40 guests) go to GLPK as well, S seconds a program, until N of them have an optimum above
0. Where kvmtune's answer has contention, the program of contention alone is solved first: it outweighs the rest by so
much that its optimum is the total's to seven digits. Compared is the cost of contention, remote memory and moves; GLPK
counts no L3 groups. Exit status 1 where the goals are missed: every answer valid, gap at most 1 % on average and 5 % at
worst, 0 wherever the optimum is 0.
"""
import argparse
import json
import random
import subprocess
import sys

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


def report(name, row):
    gaps = row.gaps or [0.]
    own = row.own or [0.]
    print(f'{name:22} {row.n:4} {row.invalid:5} {row.zero:5} {row.missed:6} {row.above:6} {row.closed:6} '
          f'{sum(gaps) / len(gaps):8.3%} {max(gaps):8.3%} {sum(own) / len(own):9.3%} {max(own):8.3%}')


def report_rules(row):
    print(f'\n{"rule":8} {"invalid":>8} {"as good as kvmtune":>19} {"mean contention of valid ones, cores":>38}')
    for rule, (invalid, good, contention, valid) in row.rules.items():
        print(f'{rule:8} {invalid / row.n:8.0%} {good / row.n:19.0%} {contention / max(1, valid):38.2f}')


def one_small(row, problem, answer, seconds, quiet):
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
    own = answer['lower_bound']['total']
    total = answer['cost']['total']
    row.gaps.append(gap)
    row.own.append(max(0., total / max(own, bound) - 1))
    if gap > .01 or not quiet:
        print(f'{problem["id"]}: {len(problem["host"]["nodes"])} nodes, {len(problem["guests"])} guests: cost '
              f'{cost["total"]:.8g}, GLPK {bound:.8g}{"" if closed else " (not closed)"}, own bound {own:.8g}, '
              f'{answer["steps"]} steps', flush=True)
    return cost


def small(options, rnd):
    matrices = [d for d in hosts.all_distances() if len(d) <= 8]
    row, number = Row(), 0
    while row.above < options.small:
        batch = [instances.instance(rnd, f's{number + k}', rnd.choice(matrices), rnd.randint(5, 40)) for k in range(20)]
        number += len(batch)
        for problem, answer in zip(batch, answers(options.kvmtune, batch)):
            if row.above >= options.small:
                break
            row.n += 1
            bad = measure.check(problem, answer)
            if bad:
                row.invalid += 1
                print(f'{problem["id"]}: {bad}')
                continue
            row.add_rules(problem, one_small(row, problem, answer, options.seconds, options.quiet), rnd)
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
    parser.add_argument('kvmtune')
    parser.add_argument('--small', type=int, default=500)
    parser.add_argument('--seconds', type=int, default=60)
    parser.add_argument('--large', type=int, default=50)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--quiet', action='store_true', help='print only instances with a gap')
    options = parser.parse_args()
    rows = [('2-8 nodes, 5-40 guests', small(options, random.Random(options.seed)))]
    if options.large:
        rows.append(('6-16 nodes, 60-1000', large(options, random.Random(options.seed))))
    print(f'\n{"instances":22} {"n":>4} {"inval":>5} {"0":>5} {"missed":>6} {"above":>6} {"closed":>6} {"mean gap":>8} '
          f'{"worst":>8} {"own bound":>9} {"worst":>8}')
    for name, row in rows:
        report(name, row)
    for _, row in rows:
        report_rules(row)
    gaps = rows[0][1].gaps or [0.]
    good = all(row.invalid + row.missed == 0 for _, row in rows) and max(gaps) <= .05 and sum(gaps) / len(gaps) <= .01
    sys.exit(not good)


if __name__ == '__main__':
    main()
