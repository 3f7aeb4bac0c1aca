#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The published case, from the tables in examples/ and from the document itself
# where it is at hand: diagnosed completely and correctly. TAP.
exec python3 - <<'END'
import json, os, subprocess

source, shared = os.environ['KT_SOURCE'], os.environ.get('KT_SHARED', '')
case = os.path.join(source, 'examples', 'crm-case')
document = os.path.join(shared, 'seed', 'kvm-tuning-case.txt')
count = 0


def run(*arguments):
    done = subprocess.run([os.environ['KT_BIN'], *arguments], capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout or 'null')


def check(name, got, want):
    global count
    count += 1
    print('%s %d %s' % ('ok' if got == want else 'not ok', count, name))
    if got != want:
        print('# got  %s\n# want %s' % (got, want))


def subjects(*inputs):
    status, out = run('doctor', '--json', *inputs)
    return status, out['subjects']


def ids(subject):
    return sorted(f['id'] for f in subject['findings'])


def unknown(subject):
    return {u['id']: u['missing'] for u in subject['unknown']}


def finding(subject, check_id):
    return next(f for f in subject['findings'] if f['id'] == check_id)


def differences(reference, subject):
    _, out = run('compare', '--json', reference, subject)
    return sorted({d['check'] for d in out['differences'] if d['check']})


# ---- the tables as files
status, before = subjects(os.path.join(case, 'before'))
check('before: its own findings', ids(before[0]), ['X03', 'X06'])
check('before: exit status', status, 1)
status, vmware = subjects(os.path.join(case, 'vmware'))
check('vmware: healthy', (status, ids(vmware[0])), (0, []))
status, after = subjects(os.path.join(case, 'after'))
check('after: only the misses are left', ids(after[0]), ['G03'])
check('after: no idle, no steal column: unknown', 'G07' in unknown(after[0]), True)
text = finding(after[0], 'G03')['title'] + ' '.join(e['text'] for e in finding(after[0], 'G03')['evidence'])
check('after: the three ratios', [p in text for p in ('57 %', '31 %', '11 %')], [True] * 3)
check('after: node 3 is deduced to be the full one', 'node 3' in text and '58,396,080' in text, True)
check('compare: exactly the conclusions of the article', differences(os.path.join(case, 'vmware'), os.path.join(case, 'before')),
      ['X03', 'X06', 'X11'])

# ---- the document
if os.path.exists(document):
    status, machines = subjects(document)
    check('document: three machines', len(machines), 3)
    check('document: before', ids(machines[0]), ['G01', 'X03', 'X06', 'X11'])
    check('document: X11 is inferred from the VMware guest', finding(machines[0], 'X11')['basis'], 'inferred')
    check('document: G01 is tied to X11', 'X11' in ' '.join(e['text'] for e in finding(machines[0], 'G01')['evidence']), True)
    check('document: VMware is healthy', ids(machines[1]), [])
    check('document: after', ids(machines[2]), ['G03'])
    check('document: Java cannot be told, its own words are quoted', 'JAVA' in unknown(machines[0]).get('W01', ''), True)
    check('document: compare', differences(document + '#2', document + '#1'), ['X03', 'X06', 'X11'])
    _, facts = run('facts', '--json', document)
    check('document: idle of the last table is unknown', facts['machines'][2]['activity']['fields']['idle'], None)
else:
    count += 1
    print('ok %d document # SKIP no seed/kvm-tuning-case.txt in KT_SHARED' % count)
print('1..%d' % count)
END
