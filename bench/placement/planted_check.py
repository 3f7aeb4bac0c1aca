# SPDX-License-Identifier: GPL-2.0-or-later
"""planted_check.py PROBLEMS ANSWERS: whether answers are valid and as good as the planted ones. Exit status 1: not."""
import json
import sys

import measure

bad = 0
with open(sys.argv[1], encoding='utf-8') as problems, open(sys.argv[2], encoding='utf-8') as answers:
    for line, reply in zip(problems, answers, strict=True):
        problem, answer = json.loads(line), json.loads(reply)
        why = measure.check(problem, answer)
        if not why:
            cost, truth = measure.cost(problem, answer), problem['_truth']
            good = cost['contention'] <= .01 and cost['remote'] <= truth['remote'] + 1e-3
            if not good or cost['move_kib'] > truth.get('moved_kib', cost['move_kib']) + 1024:
                why = f'{cost}, planted {truth}'
        if why:
            bad += 1
            print(f'{problem["id"]}: {why}')
sys.exit(bad > 0)
