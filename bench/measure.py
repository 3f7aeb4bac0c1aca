# SPDX-License-Identifier: GPL-2.0-or-later
"""Times commands against each other: in turns, so that both meet the same machine."""
import datetime
import os
import platform
import subprocess
import sys
import time


class Cost:
    """Of one run: seconds on the clock, CPU seconds of it and its children, its largest size in MiB."""

    def __init__(self, wall, cpu, mib):
        self.wall, self.cpu, self.mib = wall, cpu, mib


def run(command, stdin=None, good=(0, 1), **options):
    """Runs a command without showing what it prints; its end with another status is an error."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, **options)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if process.returncode not in good:
        sys.exit('%s: exit status %d: %s' % (' '.join(command)[:200], process.returncode, error.decode()[:400]))
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def in_turns(rounds, *runs):
    """Calls each of the functions once a round; a list of costs for each."""
    costs = [[] for _ in runs]
    for _ in range(rounds):
        for one, list_of in zip(runs, costs):
            list_of.append(one())
    return costs


def least(costs, what):
    return min(getattr(c, what) for c in costs)


def spread(costs, what):
    """'0.31 (to 0.38)': others on the machine only ever make a run slower, so the least is the measure."""
    values = [getattr(c, what) for c in costs]
    return '%.3f (to %.3f)' % (min(values), max(values))


def machine():
    model = 'unknown CPU'
    with open('/proc/cpuinfo', encoding='utf-8', errors='replace') as file:
        for line in file:
            if line.startswith('model name'):
                model = line.split(':', 1)[1].strip()
                break
    load = os.getloadavg()[0]
    return '%s, %d CPUs, Linux %s, load %.1f, %s' % (model, os.cpu_count(), platform.release(), load,
                                                     datetime.date.today())


def report(build, name, title, header, rows, notes=()):
    """Prints a table in Markdown and keeps it as BUILD/bench/NAME.md."""
    lines = ['## ' + title, '', machine(), '', '| ' + ' | '.join(header) + ' |', '|' + '---|' * len(header)]
    lines += ['| ' + ' | '.join(str(cell) for cell in row) + ' |' for row in rows]
    lines += [''] + list(notes)
    text = '\n'.join(lines).rstrip() + '\n'
    os.makedirs(os.path.join(build, 'bench'), exist_ok=True)
    with open(os.path.join(build, 'bench', name + '.md'), 'w', encoding='utf-8') as file:
        file.write(text)
    print(text)


def arguments():
    """BUILD and the program in it."""
    build = sys.argv[1] if len(sys.argv) > 1 else 'build'
    program = os.path.abspath(os.path.join(build, 'src', 'cmd', 'kvmtune'))
    if not os.access(program, os.X_OK):
        sys.exit("'%s' is not there: build first (make)" % program)
    return build, program
