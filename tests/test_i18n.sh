#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The Chinese catalog holds everything there is to translate, with the same
# placeholders and commands; the reports use it and JSON does not. TAP.
# usage: test_i18n.sh EXTRACT ROWS
command -v xgettext >/dev/null || { echo "1..0 # SKIP no xgettext"; exit 0; }
exec python3 - "$@" <<'END_OF_PYTHON'
import ast, os, re, subprocess, sys, tempfile, unicodedata

source, kvmtune, locales = os.environ['KT_SOURCE'], os.environ['KT_BIN'], os.environ['KT_LOCALE_DIR']
case = os.path.join(source, 'examples', 'crm-case')
scratch = tempfile.TemporaryDirectory()
count = 0


def check(name, bad):
    global count
    count += 1
    print('%s %d %s' % ('not ok' if bad else 'ok', count, name))
    for line in bad:
        print('# %s' % str(line).replace('\n', ' '))


def skip(name, why):
    global count
    count += 1
    print('ok %d %s # SKIP %s' % (count, name, why))


# ---- the catalog
template = os.path.join(scratch.name, 'kvmtune.pot')
subprocess.run([sys.argv[1], source, sys.argv[2], template], check=True, stderr=subprocess.DEVNULL)


def texts_of(path):
    """msgid -> msgstr of a file that gettext's tools wrote; of plural forms the first."""
    texts, parts, field = {}, {}, None
    for line in [*open(path, encoding='utf-8'), '\n']:
        word = re.match(r'(msgid_plural|msgid|msgstr\[\d\]|msgstr) (".*")$|(".*")$', line)
        if word:
            field = word[1] or field
            parts[field] = parts.get(field, '') + ast.literal_eval(word[2] or word[3])
        elif not line.strip():
            if parts.get('msgid'):
                texts[parts['msgid']] = parts.get('msgstr', parts.get('msgstr[0]'))
            parts = {}
    return texts


wanted = texts_of(template)
chinese = texts_of(os.path.join(locales, 'zh_CN', 'LC_MESSAGES', 'kvmtune.po'))
check('there is something to translate', [] if len(wanted) > 1000 else [len(wanted)])
check('everything is translated', [text for text in sorted(wanted) if not chinese.get(text)])
check('nothing is left over', sorted(set(chinese) - set(wanted)))

# The same number of each, in the translation and in the original: placeholders, what to fill in,
# options, properties, XML, paths, quoted shell.
tokens = re.compile(r'\{[a-z_]+\}|<[^<>]*>|(?<![\w-])--?[a-zA-Z][\w-]*(?:=[\w{}-]+)?|\bhw[:_]\w+(?:=[\w{}-]+)?|'
                    r'\b(?:virsh|openstack (?:flavor|server|image)|qm (?=set|migrate)|sysctl -w|modprobe|echo|systemctl) ?'
                    r'[\w{}-]+|\bnumactl (?=-)|(?<![\w.])/(?:sys|proc|dev|etc)/[\w./*{}-]*\w', re.ASCII)
differ = []
for text, translation in chinese.items():
    if text in wanted and sorted(tokens.findall(text)) != sorted(tokens.findall(translation)):
        a, b = tokens.findall(text), tokens.findall(translation)
        differ.append('%s: only there %s, only here %s' % (text[:70], [t for t in a if t not in b], [t for t in b if t not in a]))
check('commands, options and placeholders are the same', differ)

# ---- the reports
environment = {k: v for k, v in os.environ.items() if not k.startswith('LC_') and k not in ('LANG', 'LANGUAGE')}


def run(env, *arguments):
    done = subprocess.run([kvmtune, *arguments], capture_output=True, env={**environment, 'COLUMNS': '80', **env})
    return done.stdout.decode()


def locale():
    """An environment in which gettext speaks Chinese, or None."""
    for env in ({'LANG': 'zh_CN.UTF-8'}, {'LC_ALL': 'C.UTF-8', 'LANGUAGE': 'zh_CN'}):
        if '严重度' in run(env, 'checks'):
            return env
    made = subprocess.run(['localedef', '-i', 'zh_CN', '-f', 'UTF-8', os.path.join(scratch.name, 'zh_CN.UTF-8')],
                          capture_output=True) if any(os.access(os.path.join(d, 'localedef'), os.X_OK)
                                                      for d in os.environ['PATH'].split(':')) else None
    env = {'LANG': 'zh_CN.UTF-8', 'LOCPATH': scratch.name}
    return env if made and '严重度' in run(env, 'checks') else None


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in line)


zh = locale()
before, vmware = os.path.join(case, 'before'), os.path.join(case, 'vmware')
if zh:
    report = run(zh, 'doctor', before)
    check('the verdict', [] if '有 2 个严重问题' in report.split('\n')[0] else [report.split('\n')[0]])
    check('findings', [w for w in ('32 个插槽 x 1 核', '没有 L3 缓存', 'Core(s) per socket: 1') if w not in report])
    check('compare', [] if '3 处差异' in run(zh, 'compare', vmware, before) else ['no verdict'])
    story = run(zh, 'explain', 'X06')
    check('explain', [w for w in ('N 个插槽 x 1 核', '原因', '每个 vCPU', 'hw:cpu_sockets=') if w not in story])
    check('lines fit the width', [l for l in (report + story).split('\n') if width(l) > 80])
    check('no line starts with a closing sign or ends with an opening one',
          [l for l in (report + story).split('\n') if re.match(r'\s*[，。；：、）”]', l) or re.search('[（“]$', l)])
    page = os.path.join(scratch.name, 'page.html')
    run(zh, 'doctor', before, '--html', page)
    check('the page', [w for w in ('有 2 个严重问题', 'lang="zh-CN"', '应当改什么') if w not in open(page, encoding='utf-8').read()])
    hostile = os.path.join(scratch.name, 'lscpu.txt')
    with open(os.path.join(before, 'lscpu.txt'), 'rb') as f:
        text = f.read().replace(b'Socket(s):', b'Socket(s):\x1b[31m', 1)
    with open(hostile, 'wb') as f:
        f.write(text)
    check('no escape from evidence', [c for c in run(zh, 'doctor', hostile) if ord(c) < 32 and c != '\n'])
    features = os.environ.get('KT_FEATURES', 'archive json xml')
    plan_capture = os.path.join(source, 'tests', 'golden', 'lab', 'wide.tar.xz')
    document = os.path.join(scratch.name, 'plan.json')
    plan = run(zh, 'plan', '--host', plan_capture, '-o', document) if 'archive' in features and 'xml' in features else ''
    check('plan', [w for w in ('2 个插槽 x 2 核 x 1 线程', '比主机的一个节点宽', '内存在节点 0-1（strict）', '停止并启动虚拟机')
                   if plan and w not in plan])
    check('a plan that is kept is English', [] if not plan or open(document).read().isascii() and
          open(document).read() == run({'LC_ALL': 'C'}, 'plan', '--host', plan_capture, '--json') else ['it is not'])
    check('history', [] if '还没有应用过任何更改' in run(zh, 'history', '--state', scratch.name) else ['it is not Chinese'])
    for command in (['doctor', before], ['compare', vmware, before], ['checks']):
        check('%s --json is the same in every language' % command[0],
              [] if run(zh, *command, '--json') == run({'LC_ALL': 'C'}, *command, '--json') else ['it differs'])
else:
    skip('the reports', 'no locale but C, and none could be made')
check('English where nothing else is asked for', [] if 'has 2 severe findings' in run({'LC_ALL': 'C.UTF-8'}, 'doctor', before) else ['no'])
print('1..%d' % count)
END_OF_PYTHON
