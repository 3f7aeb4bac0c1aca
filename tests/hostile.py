#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile input through the program itself: no crash, no hang, under 200 MiB resident, one clear
line on standard error when nothing could be read (exit status 2), and what is fine beside it is
read. TAP. usage: hostile.py KVMTUNE; KT_HOSTILE_MB: size of the large text (64)."""
import gzip
import io
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

KVMTUNE = sys.argv[1]
SOURCE = os.environ.get('KT_SOURCE', os.path.join(os.path.dirname(__file__), '..'))
FEATURES = os.environ.get('KT_FEATURES', 'archive json xml').split()
LARGE_MB = int(os.environ.get('KT_HOSTILE_MB', '64'))
MAX_KIB = None if os.environ.get('KT_SANITIZED') else 200 * 1024
TIMEOUT_S = 600
GOOD = open(SOURCE + '/examples/crm-case/before/lscpu.txt', 'rb').read()
MARK = 'X06'  # what is found in it
HARMFUL = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]')
count = 0
failed = False


def verdict(name, complaints):
    global count, failed
    count += 1
    failed |= bool(complaints)
    print('%sok %d - %s' % ('not ' if complaints else '', count, name))
    for complaint in complaints:
        print('# ' + complaint.encode('ascii', 'backslashreplace').decode()[:300])
    sys.stdout.flush()


def run(arguments, user=None):
    """(exit status, standard output, standard error, peak KiB)"""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = (['setpriv', '--reuid', user, '--clear-groups'] if user else []) + [KVMTUNE] + arguments
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                child.send_signal(signal.SIGKILL)
            time.sleep(0.01)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return (child.returncode, out.read().decode(errors='replace'), err.read().decode(errors='replace'),
                usage.ru_maxrss)


def complaints_of(result, statuses, says='', without=()):
    status, out, err, kib = result
    bad = []
    if status not in statuses:
        bad.append('exit status %d, not one of %s: %s' % (status, statuses, err))
    if status == 2 and not re.fullmatch('kvmtune: [^\n]+\n', err):
        bad.append('not one line on standard error: ' + repr(err))
    if status != 2 and err:
        bad.append('standard error: ' + repr(err))
    if says not in out + err:
        bad.append('does not say "%s": %s %s' % (says, err, out[-200:]))
    bad += ['holds "%s"' % word for word in without if word in out + err]
    if HARMFUL.search(out.replace('\r\n', '\n') + err):
        bad.append('control characters come through: ' + repr(HARMFUL.search(out + err)))
    if MAX_KIB and kib > MAX_KIB:
        bad.append('%d KiB resident' % kib)
    return bad


def check(name, arguments, statuses=(2,), says='', without=(), user=None):
    verdict(name, complaints_of(run(arguments, user), statuses, says, without))


def write(name, content):
    path = os.path.join(DIRECTORY, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def tar(name, members):
    """A tar.gz; each member: name, content or TarInfo's type and link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w:gz') as archive:
        for member_name, content in members:
            info = tarfile.TarInfo(member_name)
            if isinstance(content, tuple):
                info.type, info.linkname = content
                info.devmajor, info.devminor = 1, 5
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return write(name, buffer.getvalue())


def texts():
    dice = random.Random(4)
    bad = []
    for i in range(8):
        path = write('random', dice.randbytes(dice.choice((1, 70, 3000, 100000))))
        bad += complaints_of(run(['doctor', path]), (2,))
    verdict('random bytes', bad)
    bad = []
    for folder, _, names in os.walk(SOURCE + '/examples'):
        for name in names:
            whole = open(os.path.join(folder, name), 'rb').read()
            for cut in [dice.randrange(1, len(whole)) for _ in range(2)]:
                bad += complaints_of(run(['doctor', write('cut', whole[:cut])]), (0, 1, 2))
    verdict('samples cut off', bad)
    long_line = b'x' * (10 << 20)
    check('a line of 10 MB', ['doctor', write('line', long_line)])
    check('good text behind lines of 10 MB', ['doctor', write('lines', (b'CPU(s): ' + long_line + b'\n') * 3 + GOOD)],
          (1,), MARK)
    check('empty lines only', ['doctor', write('newlines', b'\n' * (9 << 20))])
    check('carriage returns only', ['doctor', write('returns', b'\r' * (9 << 20))])
    check('UTF-16 without an end', ['doctor', write('wide', b'\xff\xfe' + b'\n\0' * (9 << 20))])
    check('too much UTF-16', ['doctor', write('wide', b'\xff\xfe' + b'x\0' * (13 << 20))], says='larger than 24 MiB')
    script = b'=== kvmtune capture 1 ===\n==> /proc/%s <==\n'
    check('a script\'s output of many zeros', ['doctor', write('zeros', script % b'interrupts' + b' 1: 0*8192 x\n' * 40000)])
    check('too much of a script\'s output', ['doctor', write('paste', script % b'x' + b'words of it\n' * (3 << 20))],
          says='larger than 24 MiB')
    check('an empty file', ['doctor', write('empty', b'')])
    check('thousands of machines', ['doctor', write('many', b'MemTotal: 1 kB\n\n$ \n' * 30000)], (0, 1, 2))
    row = 'root %d 0.0 0.0 0 0 ? S 10:00 0:00 /usr/bin/qemu-system-x86_64 -name a%d -m 1 -smp 4\n'
    rows = ''.join(row % (i, i) for i in range(30000))
    check('thousands of guests', ['doctor', write('ps', 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n' + rows)],
          (0, 1, 2))


def markup():
    entities = ''.join('<!ENTITY %s "%s">\n' % (chr(98 + i), ('&%s;' % chr(97 + i)) * 10) for i in range(9))
    domain = '<domain type="kvm">\n<name>&j;</name><memory>1048576</memory><vcpu>4</vcpu>\n</domain>\n'
    check('a million laughs', ['facts', write('lol.xml', '<!DOCTYPE domain [\n<!ENTITY a "lol">\n%s]>\n%s' % (entities, domain))],
          (0, 2), without=('lollol',))
    external = '<!DOCTYPE domain [<!ENTITY j SYSTEM "file:///etc/passwd">]>\n' + domain
    check('an external entity', ['facts', write('external.xml', external)], (0, 2), without=('root:', '/bin/'))
    check('deep XML', ['doctor', write('deep.xml', '<domain type="kvm">\n' + '<a>' * 100000)], (0, 1, 2))
    deep = '[' * 100000
    for name, text in (('lscpu', '{"lscpu": ' + deep), ('sadf', '{"sysstat": {"hosts": ' + deep),
                       ('bare', deep), ('flavor', '{"OS-FLV-DISABLED:disabled": ' + deep),
                       ('QEMU', "/usr/bin/qemu-system-x86_64 -m 1 -device '{\"a\": /* \" */" + deep + "'\n")):
        check('deep JSON: ' + name, ['doctor', write('deep.json', text)], (0, 1, 2))
    since = write('since.json', '{"subjects": /* " */' + deep)
    check('deep JSON: --since', ['doctor', '--since', since, write('good', GOOD)])


def escapes():
    evil = GOOD.replace(b'Model name:', b'Model name: \x1b[31mEVIL\x1b]0;title\x07 \xe2\x80\xae\x07\xc2\x9b2J '
                        b'<script>alert(1)</script>')
    domain = '<domain type="kvm"><name>a&#x9b;2J\u202e<![CDATA[<script>x</script>]]></name><vcpu>4</vcpu></domain>\n'
    files = [write('evil', evil), write('evil.xml', domain)]
    for name, arguments in (('text', ['doctor']), ('JSON', ['doctor', '--json']), ('page', ['doctor', '--html', '-']),
                            ('colours off', ['facts']), ('facts as JSON', ['facts', '--json'])):
        check('escape sequences: ' + name, arguments + files, (0, 1),
              without=('<script>',) if name == 'page' else ())
    check('escape sequences in a name', ['doctor', os.path.join(DIRECTORY, '\x1b[31mno\u202efile\n')])


def files():
    fifo, path = os.path.join(DIRECTORY, 'fifo'), os.path.join(DIRECTORY, 'socket')
    os.mkfifo(fifo)
    check('a FIFO that nobody writes into', ['doctor', fifo], says='nobody writes')
    writer = subprocess.Popen(['sh', '-c', 'cat "$1" >"$2"', 'sh', write('good', GOOD), fifo])
    check('a FIFO with a writer', ['doctor', fifo], (1,), MARK)
    writer.wait()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
    check('a socket', ['doctor', path], says='socket')
    for device in ('/dev/zero', '/dev/urandom', '/dev/null', '/dev/full'):
        check(device, ['doctor', device])
    if os.path.exists('/proc/kcore'):
        check('/proc/kcore', ['doctor', '/proc/kcore'])
    folder = os.path.join(DIRECTORY, 'folder')
    write('folder/lscpu.txt', GOOD)
    write('folder/random', random.Random(5).randbytes(100000))
    os.mkfifo(folder + '/fifo')
    os.rename(path, folder + '/socket')
    for name, target in (('loop', 'loop'), ('here', '.'), ('up', '..'), ('zero', '/dev/zero'), ('gone', 'nothing')):
        os.symlink(target, folder + '/' + name)
    for i in range(30):
        os.makedirs('%s/maze/%d' % (folder, i))
        os.symlink('../../maze', '%s/maze/%d/back' % (folder, i))
    with open(folder + '/sparse', 'wb') as sparse:
        sparse.truncate(1 << 40)
    check('a folder with all of these', ['doctor', folder], (1,), MARK)
    unreadable(folder)


def unreadable(folder):
    user = '65534' if os.geteuid() == 0 and shutil.which('setpriv') else None
    if os.geteuid() == 0 and (not user or run(['--version'], user)[0] != 0):
        verdict('unreadable files # SKIP nobody else can run the program here', [])
        return
    secret = write('secret', GOOD)
    os.chmod(secret, 0)
    check('a file that may not be read', ['doctor', secret], says='ermission', user=user)
    os.chmod(shutil.copy(secret if user else write('copy', GOOD), folder + '/secret'), 0)
    check('one in a folder', ['doctor', folder], (1,), MARK, user=user)


def archives():
    good = [('lscpu.txt', GOOD)]
    link, hard, device, fifo = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
    check('an archive of all kinds', ['doctor', tar('kinds.tar.gz', good + [
        ('../../up', b'x'), ('/etc/absolute', b'x'), ('loop', (link, 'loop')), ('a', (link, 'b')), ('b', (link, 'a')),
        ('out', (link, '../../../../etc/passwd')), ('hard', (hard, 'hard')), ('hard2', (hard, '/etc/passwd')),
        ('zero', (device, '')), ('fifo', (fifo, '')), ('/'.join('d' * 5000), b'x')])], (1,), MARK, without=('root:',))
    check('an archive in an archive', ['doctor', tar('nested.tar.gz', good + [('in.tar.gz', open(
        tar('in.tar.gz', good), 'rb').read())])], (1,), MARK)
    whole = open(os.path.join(DIRECTORY, 'kinds.tar.gz'), 'rb').read()
    check('an archive cut off', ['doctor', write('cut.tar.gz', whole[:len(whole) // 2])], (0, 1, 2))
    zeros = gzip.compress(bytes(64 << 20), 9)
    info = tarfile.TarInfo('zeros')
    info.size = 160 * (64 << 20)
    first = tarfile.TarInfo('lscpu.txt')
    first.size = len(GOOD)
    start = first.tobuf() + GOOD + bytes(-len(GOOD) % 512)
    check('10 GB of zeros in 10 MB', ['doctor', write('bomb.tar.gz', gzip.compress(start + info.tobuf()) + zeros * 160)],
          (1,), MARK)
    heads = b''.join(tarfile.TarInfo('file%d' % i).tobuf() for i in range(1000))
    check('a million members', ['doctor', write('members.tar.gz', gzip.compress(start) + gzip.compress(heads) * 1000)],
          (1,), MARK)
    big = tarfile.TarInfo('log.txt')
    big.size = 40 << 20
    noise = b'some words of a log that is nothing to us, over and over\n' * 800000
    check('many large members', ['doctor', write('large.tar.gz', gzip.compress(start) + gzip.compress(
        big.tobuf() + noise[:big.size], 1) * 6)], (1,), MARK)


def sar(megabytes):
    path = os.path.join(DIRECTORY, 'sar')
    block = ''.join('%02d:%02d:%02d        all     42.00      0.00      3.00      0.10      0.00     54.90\n' %
                    (t // 3600, t // 60 % 60, t % 60) for t in range(1, 86400)).encode()
    with open(path, 'wb') as file:
        file.write(b'Linux 5.14.0-70 (db7) \t11/24/2026 \t_x86_64_\t(4 CPU)\n\n'
                   b'00:00:00        CPU     %user     %nice   %system   %iowait    %steal     %idle\n')
        while file.tell() < megabytes << 20:
            file.write(block)
    result = run(['facts', path])
    os.unlink(path)
    return result


def requests():
    """A request of a batch that is longer than any is not kept to its end."""
    endless = write('endless', b'[')
    os.truncate(endless, 300000000)
    for command in (['plan', '--batch'], ['nova', 'fit', '--batch']):
        check('a line of 300 MB: %s' % ' '.join(command), command + [endless], says='longer than')
    os.unlink(endless)


def large():
    small, whole = sar(LARGE_MB // 4), sar(LARGE_MB)
    bad = complaints_of(whole, (0,), 'db7')
    if MAX_KIB and whole[3] > small[3] + 16 * 1024:
        bad.append('%d KiB for %d MB, %d KiB for a quarter' % (whole[3], LARGE_MB, small[3]))
    verdict('%d MB of sar text, %d KiB resident' % (LARGE_MB, whole[3]), bad)


DIRECTORY = tempfile.mkdtemp()
os.chmod(DIRECTORY, 0o755)
os.environ['LC_ALL'] = 'C.UTF-8'
os.environ['KVMTUNE_IGNORE'] = DIRECTORY + '/none'
try:
    large()  # first: a child's peak is at least what this process takes
    texts()
    markup()
    escapes()
    files()
    if 'json' in FEATURES:
        requests()
    if 'archive' in FEATURES:
        archives()
finally:
    shutil.rmtree(DIRECTORY, ignore_errors=True)
print('1..%d' % count)
sys.exit(failed)
