#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kvmtune verify on files: the published case, recordings of this machine, made-up
# measurements; its page and JSON; and what it refuses. TAP.
exec python3 - <<'END'
import json, os, random, signal, subprocess, tempfile, time
from xml.etree import ElementTree

scratch = tempfile.TemporaryDirectory()
case = os.path.join(os.environ['KT_SOURCE'], 'examples', 'crm-case')
count = 0
if 'json' not in os.environ.get('KT_FEATURES', 'json'):
    print('1..0 # SKIP built without json-glib')
    raise SystemExit


def check(name, ok, *seen):
    global count
    count += 1
    print('%s %d %s' % ('ok' if ok else 'not ok', count, name))
    for text in seen if not ok else ():
        for line in str(text).splitlines():
            print('# ' + line)


def start(*arguments, **more):
    environment = {**os.environ, 'LC_ALL': 'C.UTF-8', 'LANGUAGE': '', 'COLUMNS': '80', **more}
    return subprocess.Popen([os.environ['KT_BIN'], 'verify', *arguments], stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def run(*arguments, **more):
    process = start(*arguments, **more)
    out, err = process.communicate()
    return process.returncode, out, err


def refused(words, *arguments):
    status, out, err = run(*arguments)
    check('refused: verify %s' % ' '.join(os.path.basename(a) for a in arguments),
          status == 2 and not out and err.count('\n') == 1 and words in err, status, out, err)


def path(name):
    return os.path.join(scratch.name, name)


def write(name, text):
    with open(path(name), 'w', encoding='utf-8') as file:
        file.write(text)
    return path(name)


def measurement(name, seed, cpu, packets=5000, locality=50, values=100):
    """A domain whose CPU time goes with its packets."""
    draw, series = random.Random(seed), []
    for metric, mean, spread in ('cpu_pct', cpu, 0.1), ('net_packets_per_s', packets, 0.05), ('locality_pct', locality, 0):
        series.append({'domain': 'web', 'uuid': 'u-1', 'metric': metric,
                       'values': [max(0, mean * (1 + spread * draw.gauss(0, 1))) for _ in range(values)]})
    return write(name, json.dumps({'kvmtune_measurement': 1, 'host': 'host1', 'started': '2026-11-25T10:00:00+00:00',
                                   'interval_s': 2, 'series': series}))


# ---- the published case
before, after = os.path.join(case, 'before'), os.path.join(case, 'after')
status, out, err = run(before, after, '--same-load', '--html', path('case.html'))
check('the case is better', status == 0 and out.startswith('Better:') and not err, status, out, err)
check('with values and an interval', '75.5 %' in out and 'which nothing here shows' in ' '.join(out.split()) and '8.5 %' in out and '-89 %' in out and '-67.0 (-' in out, out)
ElementTree.parse(path('case.html'))
with open(path('case.html'), encoding='utf-8') as file:
    page = file.read()
check('its page says so, and draws it', 'Better: the load' in page and page.count('class="plot"') == 1, page[:2000])
status, out, err = run(before, after, '--same-load', '--json')
answer = json.loads(out)
metric = answer['subjects'][0]['metrics'][0]
check('its JSON', status == 0 and answer['verdict'] == 'better' and metric['metric'] == 'cpu_pct' and
      metric['low'] < metric['difference'] < metric['high'] < -10 and metric['values_after'] == 6 and
      answer['subjects'][0]['load'] == 'stated', out)
status, out, err = run(after, before, '--same-load')
check('the other way round it is worse', status == 1 and out.startswith('Worse:'), status, out, err)
status, out, err = run(before, before, '--same-load')
check('against itself there is no effect, or it varies too much', status in (0, 3) and 'etter' not in out.split()[0] and
      not out.startswith('Worse'), status, out)
status, out, err = run(before, after, '--same-load', LC_ALL='C.UTF-8', LANGUAGE='zh_CN')
check('in Chinese', status == 0 and '更好' in out, out, err)

status, out, err = run(before, after)
check('less CPU time alone proves nothing: nobody counted the work', status == 3 and out.startswith('Cannot tell') and '--same-load' in out, status, out, err)

# ---- made-up measurements
old = measurement('old.json', 1, 60)
status, out, err = run(old, measurement('same.json', 2, 60.5))
check('noise has no effect', status == 0 and out.startswith('No effect:'), status, out)
status, out, err = run(old, measurement('less.json', 3, 36, packets=3000))
check('less work is no gain', status == 0 and out.startswith('No effect:') and 'The load is another' in out, status, out)
status, out, err = run(old, measurement('cheap.json', 4, 45, packets=6000, locality=99))
check('cheaper work is', status == 0 and out.startswith('Better:') and '* at the load of before' in out, status, out)
status, out, err = run(old, measurement('dear.json', 5, 66))
check('a tenth more is found', status == 1 and out.startswith('Worse:'), status, out)
status, out, err = run(old, measurement('idle.json', 6, 2, packets=3))
check('an idle machine proves nothing', status == 3 and out.startswith('Cannot tell'), status, out)
first = run(old, path('dear.json'), '--json')[1]
check('the same again is the same', first == run(old, path('dear.json'), '--json')[1])

def namesakes(name):
    with open(old, encoding='utf-8') as file:
        one = json.load(file)
    one['series'] += [{**s, 'uuid': 'u-2'} for s in one['series']]
    return write(name, json.dumps(one))


status, out, err = run(namesakes('twins.json'), path('twins.json'))
check('domains of one name are shown with their UUIDs', 'web (u-1): ' in out and 'web (u-2): ' in out, status, out)
status, out, err = run(measurement('one.json', 7, 60, values=1), path('one.json'))
check('no interval, no word of intervals', status == 3 and 'interval is' not in out, status, out)

# ---- this machine
for name in 'a.json', 'b.json':
    status, out, err = run('--record', path(name), '--duration', '2s', '--interval', '0.2s')
    check('recorded: %s' % name, status == 0 and 'series of this machine' in out, status, out, err)
status, out, err = run(path('a.json'), path('b.json'), '--json')
check('recordings are compared', status in (0, 1, 3) and json.loads(out)['subjects'], status, out, err)
process = start('--record', path('cut.json'), '--duration', '1h', '--interval', '0.2s')
time.sleep(2)
process.send_signal(signal.SIGINT)
out, err = process.communicate()
with open(path('cut.json'), encoding='utf-8') as file:
    values = max(len(one['values']) for one in json.load(file)['series'])
check('Ctrl-C keeps what there is', process.returncode == 0 and 1 <= values < 100, process.returncode, values, err)

# ---- refusals
refused('needs a receipt')
refused('needs a receipt', 'a', 'b', 'c')
refused('no such file', path('no such file'), before)
refused('shows no CPU use over time', os.path.join(case, 'vmware'), before)
refused('no receipt', 'yesterday')
refused('there is none', 'last', '--state', path('nowhere'))
refused('measured already', before, after, '--duration', '10s')
refused('--duration is a length of time', '--record', path('x'), '--duration', 'soon')
refused('--duration is a length of time', '--record', path('x'), '--duration', '400d')
refused('longer than the time', '--record', path('x'), '--duration', '1s', '--interval', '5s')
refused('judges nothing', '--record', path('x'), '--json')
refused('give one of them', 'last', '--watch', '1h', '--duration', '1h')
refused('series[0].values[1]', write('bad.json', '{"kvmtune_measurement":1,"interval_s":2,"series":[{"metric":"cpu_pct",'
                                                 '"values":[1,"2"]}]}'), before)
refused('another version', write('new.json', '{"kvmtune_measurement":2}'), before)
refused('cut-off.json', write('cut-off.json', '{"kvmtune_measurement":1,"interval_s":2,"series":['), after)
print('1..%d' % count)
END
