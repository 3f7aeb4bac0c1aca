#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kvmtune plan on a host of two nodes with a guest wider than one, with its
# page, ticket and JSON, and what it refuses. TAP.
exec python3 - <<'END'
import json, os, re, subprocess, tarfile, tempfile
from xml.etree import ElementTree

scratch = tempfile.TemporaryDirectory()
count = 0
if 'xml' not in os.environ.get('KT_FEATURES', 'xml') or 'json' not in os.environ.get('KT_FEATURES', 'json'):
    print('1..0 # SKIP built without libxml2 or json-glib')
    raise SystemExit


def check(name, ok, *seen):
    global count
    count += 1
    print('%s %d %s' % ('ok' if ok else 'not ok', count, name))
    for text in seen if not ok else ():
        for line in str(text).splitlines():
            print('# ' + line)


def run(*arguments):
    environment = {**os.environ, 'LC_ALL': 'C.UTF-8', 'LANGUAGE': '', 'COLUMNS': '80'}
    done = subprocess.run([os.environ['KT_BIN'], 'plan', *arguments], capture_output=True, text=True, env=environment,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def refused(words, *arguments):
    status, out, err = run(*arguments)
    check('refused: plan %s' % ' '.join(os.path.basename(a) for a in arguments),
          status == 2 and not out and err.count('\n') == 1 and words in err, status, out, err)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


def host(model='Skylake-Server-IBRS'):
    """Two sockets of 4 cores with 2 threads: CPUs 0-3,8-11 and 4-7,12-15."""
    cells = ''
    for node in range(2):
        cpus = ''.join("<cpu id='%d' socket_id='%d' die_id='0' core_id='%d' siblings='%d,%d'/>\n" %
                       (cpu, node, cpu % 8, cpu % 8, cpu % 8 + 8)
                       for cpu in [*range(4 * node, 4 * node + 4), *range(4 * node + 8, 4 * node + 12)])
        distances = ''.join("<sibling id='%d' value='%d'/>" % (i, 10 if i == node else 21) for i in range(2))
        cells += ("<cell id='%d'>\n<memory unit='KiB'>33554432</memory>\n<distances>%s</distances>\n"
                  "<cpus num='8'>\n%s</cpus>\n</cell>\n" % (node, distances, cpus))
    return ("<capabilities>\n<host>\n<cpu><arch>x86_64</arch><model>%s</model><vendor>Intel</vendor>"
            "<topology sockets='1' dies='1' cores='4' threads='2'/></cpu>\n<topology>\n<cells num='2'>\n%s</cells>\n"
            "</topology>\n<cache>\n<bank id='0' level='3' type='both' size='20' unit='MiB' cpus='0-3,8-11'/>\n"
            "<bank id='1' level='3' type='both' size='20' unit='MiB' cpus='4-7,12-15'/>\n</cache>\n</host>\n"
            "</capabilities>\n" % (model, cells))


def domain(name, vcpus, gib, cpu, tune='', features=''):
    return ("<domain type='kvm'>\n  <name>%s</name>\n  <!-- of \"billing\" -->\n  <memory unit='GiB'>%d</memory>\n"
            "  <vcpu placement='static'>%d</vcpu>\n%s  <os>\n    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
            "  </os>\n%s  %s\n</domain>\n" % (name, gib, vcpus, tune, features, cpu))


good = ("  <cputune>\n" + ''.join("    <vcpupin vcpu='%d' cpuset='%d'/>\n" % (2 * k + t, 4 + k + 8 * t)
                                  for k in range(2) for t in range(2)) +
        "    <emulatorpin cpuset='6-7,14-15'/>\n  </cputune>\n"
        "  <numatune>\n    <memory mode='restrictive' nodeset='1'/>\n  </numatune>\n")
capture = os.path.join(scratch.name, 'capture')
write(capture + '/libvirt/capabilities.xml', host())
wide = write(capture + '/libvirt/crm.xml', domain('crm', 12, 40, "<cpu mode='host-passthrough'/>"))
write(capture + '/libvirt/db.xml', domain(
    'db', 4, 8, "<cpu mode='host-passthrough'><topology sockets='1' dies='1' cores='2' threads='2'/></cpu>", good,
    "  <features>\n    <kvm>\n      <hint-dedicated state='on'/>\n    </kvm>\n  </features>\n"))

status, out, err = run('--host', capture)
check('a plan with changes: exit status 1', status == 1 and not err, status, out, err)
check('it says what changes', '12 x 1 x 1 → 2 x 6 x 1' in out and 'crm 1/2' in out, out)
check('lines fit the terminal', all(len(line) <= 80 for line in out.splitlines() if not line.startswith('  ')), out)
check('it shows the change of the XML', "+      <cell id='0' cpus='0-5'" in out and '--- crm.xml' in out, out)

plan_file, page_file = os.path.join(scratch.name, 'plan.json'), os.path.join(scratch.name, 'plan.html')
status, out, err = run('--host', capture, '--json', '-o', plan_file, '--html', page_file)
plan = json.loads(out)
check('the same in JSON and in the file', json.load(open(plan_file, encoding='utf-8')) == plan, out[:300])
check('a guest that is well is left alone', not [c for c in plan['changes'] if c['domain'] == 'db'], plan['changes'])
check('each change has reason, risk, undo and what it expects to find',
      all(c['reasons'] and c['risk'] and c['undo'] and all('before' in e for e in c['edits']) for c in plan['changes']),
      plan['changes'])
page = open(page_file, encoding='utf-8').read()
check('the page is well-formed and shows both hosts', ElementTree.fromstring(page.split('\n', 1)[1]) is not None and
      'now' in page and 'as planned' in page, page[:300])

done = subprocess.run([os.environ['KT_BIN'], 'domxml', wide, '--plan', plan_file], capture_output=True, text=True)
os.rename(wide, wide + '.old')
os.remove(wide + '.old')
write(wide, done.stdout)
check('the definition with the plan applied keeps its comment', done.returncode == 0 and 'billing' in done.stdout,
      done.stderr)
again = subprocess.run([os.environ['KT_BIN'], 'domxml', wide, '--plan', plan_file], capture_output=True, text=True)
check('applied once more it leaves its own result as it is', again.returncode == 0 and again.stdout == done.stdout,
      again.stderr)
status, out, err = run('--host', capture)
check('a second plan has nothing to change', status == 0 and 'nothing to change' in out, out, err)
write(wide, domain('crm', 12, 40, "<cpu mode='host-passthrough'/>"))

status, out, err = run('crm', '--host', capture, '--ticket')
check('a ticket for the change board', status == 1 and 'WHO IS AFFECTED' in out and 'one stop and start' in out and
      'HOW IT IS TAKEN BACK' in out, out, err)
status, out, err = run('db', '--host', capture)
check('the named guest only', status == 0, out, err)
status, out, err = run('--host', capture, '--movable', '--json')
check('movable: nothing that needs a restart', all(c['risk'] == 'L' for c in json.loads(out)['changes']), out)
status, out, err = run('--host', capture, '--explain')
check('why', 'Why these places' in out, out)

if subprocess.run(['sh', '-c', 'test -d /usr/share/libvirt/cpu_map']).returncode == 0:
    old = write(os.path.join(scratch.name, 'old.xml'), host('Haswell-noTSX'))
    write(wide, domain('crm', 12, 40, "<cpu mode='custom'><model>qemu64</model></cpu>"))
    status, out, err = run('--host', capture, '--json', '--keep-migratable', capture, old)
    models = [e['after'] for c in json.loads(out or '{"changes":[]}')['changes'] for e in c['edits']
              if e['where'] == 'cpu/model/text()']
    check('a CPU model that both hosts have', models == ['Haswell-noTSX'], models, err)

    def guests(model, usable, lacking='', blockers=''):
        """What 'virsh domcapabilities' prints of CPUs."""
        return ("<domainCapabilities>\n<arch>x86_64</arch>\n<cpu>\n<mode name='host-model' supported='yes'>\n"
                "<model fallback='forbid'>%s</model>\n<vendor>Intel</vendor>\n%s</mode>\n<mode name='custom' "
                "supported='yes'>\n%s%s</mode>\n</cpu>\n</domainCapabilities>\n" %
                (model, lacking, ''.join("<model usable='%s'>%s</model>\n" % (u, m) for m, u in usable.items()), blockers))

    def planned():
        status, out, err = run('--host', capture, '--json', '--keep-migratable', capture, new)
        return [(e['where'], e['after']) for c in json.loads(out or '{"changes":[]}')['changes']
                for e in c['edits'] if e['where'].startswith('cpu/') and '/topology' not in e['where']], err

    new = write(os.path.join(scratch.name, 'new.xml'),
                guests('Skylake-Server', {'Skylake-Server': 'yes', 'Skylake-Server-IBRS': 'yes'},
                       "<feature policy='disable' name='pku'/>\n"))
    edits, err = planned()
    check('what the other QEMU lacks of it is off', ('cpu/model/text()', 'Skylake-Server') in edits and
          ("cpu/feature[@name='pku']/@policy", 'disable') in edits, edits, err)
    write(new, guests('Haswell-noTSX', {'Haswell-noTSX': 'no', 'qemu64': 'yes'}, '',
                      "<blockers model='Haswell-noTSX'><feature name='pcid'/></blockers>\n"))
    edits, err = planned()
    check('and what keeps it from giving the model', ('cpu/model/text()', 'Haswell-noTSX') in edits and
          ("cpu/feature[@name='pcid']/@policy", 'disable') in edits, edits, err)
    write(new, guests('Haswell-noTSX', {'Haswell-noTSX': 'no', 'qemu64': 'yes'}))
    refused('cannot give it to guests', '--host', capture, '--keep-migratable', capture, new)
    write(capture + '/libvirt/domcapabilities.xml', guests('Haswell-noTSX', {'Haswell-noTSX': 'yes'}))
    edits, err = planned()
    refused('cannot give it to guests', '--host', capture, '--keep-migratable', capture, new)
    write(new, host('Skylake-Server-IBRS'))
    edits, err = planned()
    status, out, err = run('--host', capture)
    check('and is no riddle', status == 1 and not err and 'domcapabilities' not in out, out, err)
    check('a capture that has both: what guests can have counts', ('cpu/model/text()', 'Haswell-noTSX') in edits, edits, err)
    os.remove(capture + '/libvirt/domcapabilities.xml')
    write(wide, domain('crm', 12, 40, "<cpu mode='host-passthrough'/>"))

# ---- a guest that does not exist yet
status, out, err = run('--new', 'vcpus=16,memory=2G,name=big,hugepages=2M', '--host', capture)
check('a new guest wider than a node gets a cell on each', status == 0 and "<memnode cellid='1'" in out and
      "<topology sockets='2' dies='1' cores='8' threads='1'/>" in out and 'hw:numa_nodes=2' in out and
      'hw:mem_page_size=2MB' in out and 'qm set VMID --numa1 cpus=8-15,hostnodes=' in out, out, err)
xml = '\n'.join(out.split('virsh define)\n')[1].split('\nvirt-install\n')[0].splitlines())
root = ElementTree.fromstring(xml)
check('its memory adds up', sum(int(cell.get('memory')) for cell in root.iter('cell')) == 2 << 20, xml)
if subprocess.run(['sh', '-c', 'command -v virt-xml-validate'], stdout=subprocess.DEVNULL).returncode == 0:
    for wish in ('vcpus=16,memory=2G,hugepages=1G', 'vcpus=2,memory=4G,os=windows,policy=dedicated'):
        status, out, err = run('--new', wish, '--host', capture)
        file = write(os.path.join(scratch.name, 'new.xml'), out.split('virsh define)\n')[1].split('\nvirt-install\n')[0])
        done = subprocess.run(['virt-xml-validate', file, 'domain'], capture_output=True, text=True)
        check('libvirt takes its XML: ' + wish, done.returncode == 0, done.stderr, out)
status, out, err = run('--new', 'vcpus=2,memory=4G,policy=dedicated', '--host', capture)
pins = [int(pin.get('cpuset')) for pin in
        ElementTree.fromstring(out.split('virsh define)\n')[1].split('\nvirt-install\n')[0]).iter('vcpupin')]
check('none of the CPUs that another guest owns', len(set(pins)) == 2 and not set(pins) & {4, 5, 12, 13}, pins)
status, out, err = run('--new', 'vcpus=9,memory=4G', '--host', capture)
check('advice on a size that fits no node', '8 vCPUs instead of 9 would fit one node' in out, out)
refused('17 vCPUs on a host of 16 CPUs', '--new', 'vcpus=17,memory=4G', '--host', capture)
refused('finds no place', '--new', 'vcpus=4,memory=400G', '--host', capture)
refused("domain 'crm' already", '--new', 'vcpus=4,memory=4G,name=crm', '--host', capture)
for wish in ('vcpus=0,memory=4G', 'vcpus=4', 'vcpus=4,memory=4X', 'vcpus=4,memory=4G,os=plan9', 'cores=4',
             'vcpus=4,memory=4G,hugepages=3M', 'vcpus=4,memory=5M,hugepages=1G', 'vcpus=4,memory=4G,name=<a>'):
    refused('expected', '--new', wish, '--host', capture)
refused('goes with', '--new', 'vcpus=4,memory=4G', '--movable', '--host', capture)

machines = os.path.join(os.environ.get('KT_SHARED', ''), 'machines')
if os.path.isdir(machines) and 'archive' in os.environ.get('KT_FEATURES', 'archive'):
    status, out, err = run('--new', 'vcpus=40,memory=64G', '--host', machines + '/skx-4s-144cpu-4node.tar.xz')
    check('a machine of which nothing says whether it is a host is one where it is given as one',
          status == 0 and "<topology sockets='2'" in out, out, err)
    status, out, err = run('--new', 'vcpus=2,memory=1G', '--host', machines + '/vm-icelake-12cpu-1node.tar.xz')
    check('a guest on a guest: the plan says what it rests on', status == 0 and 'is itself a guest' in out, out, err)
    refused('only a machine that is itself a guest', '--host', machines + '/vm-icelake-12cpu-1node.tar.xz')
    refused('what CPUs and memory', '--new', 'vcpus=2,memory=1G', '--host', machines + '/epyc7451-2s-96cpu-8node.tar.xz')

conf = write(scratch.name + '/nova.conf', '[libvirt]\nvirt_type = kvm\n[compute]\ncpu_dedicated_set = 2-3,10-11,^3\n')
status, out, err = run('--new', 'vcpus=2,memory=4G,policy=dedicated', '--host', capture, '--conf', conf)
check("a new guest gets CPUs of nova.conf's cpu_dedicated_set", status == 0 and 'the CPUs 2,10-11 (cpu' in out and
      "vcpu='0' cpuset='2'" in out and "vcpu='1' cpuset='10'" in out, out, err)
refused('gives no CPU of the host to such guests (cpu_shared_set)', '--new', 'vcpus=2,memory=4G', '--host', capture,
        '--conf', conf)
status, out, err = run('--host', capture, '--conf', conf)
check('and others keep off it', status == 1 and 'CPUs 2,10-11' in out and '→ 0-1,3,8-9' in out, out, err)
refused('is no list of CPUs', '--host', capture, '--conf',
        write(scratch.name + '/bad.conf', '[libvirt]\nvirt_type = kvm\n[compute]\ncpu_dedicated_set = all\n'))
refused('is no nova.conf', '--host', capture, '--conf', capture)
unseen = 'its nova.conf was not seen'
check('without a guest of Nova nothing is said of nova.conf', unseen not in run('--host', capture)[1])
instance = ("<metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'>"
            "<nova:name>web</nova:name></nova:instance></metadata>\n")
cloud = write(capture + '/libvirt/web.xml', domain('web', 2, 4, '', instance))
status, out, err = run('--host', capture)
check('what a nova.conf that was not seen gives away is said to be unknown', status == 1 and
      unseen in ' '.join(out.split()), out, err)
status, out, err = run('--host', capture, '--conf', conf)
check('with it, it is not', status == 1 and unseen not in ' '.join(out.split()), out, err)
confs = [write(capture + '/etc/nova/%s.conf' % name, open(conf, encoding='utf-8').read()) for name in ('nova', 'compute')]
refused('2 nova.conf are in the evidence', '--host', capture)
for path in [cloud, *confs]:
    os.remove(path)

# Of the lab's guests that run away from their memory, 'near' as Nova would float it.
lab = os.path.join(os.environ['KT_SOURCE'], 'tests/golden/lab/scattered.tar.xz')
if 'archive' in os.environ.get('KT_FEATURES', 'archive'):
    with tarfile.open(lab) as archive:
        archive.extractall(scratch.name + '/lab')
    nova_host = scratch.name + '/lab/capture'
    path = nova_host + '/libvirt/near.xml'
    xml = re.sub('<cputune>.*</cputune>', '', open(path, encoding='utf-8').read(), flags=re.DOTALL)
    write(path, xml.replace('</name>', '</name>' + instance, 1))
    for thread in '300', '301':
        path = '%s/proc/292/task/%s/status' % (nova_host, thread)
        text = open(path, encoding='utf-8').read()
        write(path, re.sub('Cpus_allowed_list:.*', 'Cpus_allowed_list:\t2-3,6-7', text))
    conf = write(scratch.name + '/shared.conf', '[libvirt]\nvirt_type = kvm\n[compute]\ncpu_shared_set = 0-1,6-7\n')
    status, out, err = run('near', '--host', nova_host, '--conf', conf, '--ticket')
    flat = ' '.join(out.split())
    check('a guest that Nova floats is narrowed within cpu_shared_set and its mask while it runs, which is warned of',
          status == 1 and '0-1: 2-3,6-7 → 6-7' in out and 'memory to node 3' in out and 'near none live' in flat and
          'Nova does not know of it' in flat and 'definition' not in flat, out, err)
    status, out, err = run('near', '--host', nova_host)
    check('without its nova.conf it stays', 'near: while it runs' not in out and
          'not known without its nova.conf (--conf)' in ' '.join(out.split()), out, err)

refused("no domain 'web'", 'web', '--host', capture)
refused('--policy is', '--host', capture, '--policy', 'both')
refused('the host has the CPUs 0-15', '--host', capture, '--reserve', '0,64')
refused('is none', '--host', capture, '--reserve', 'two')
refused('leaves no CPU', '--host', capture, '--reserve', '0-15')
refused('at once', '--host', capture, '--movable', '--keep-migratable')
refused('at once', '--host', capture, '--json', '--ticket')
refused('no host is in the evidence', '--host', wide)
refused("cannot open", '--host', scratch.name + '/nowhere')
refused('has no CPU model of a host', '--host', capture, '--keep-migratable', wide)
print('1..%d' % count)
END
