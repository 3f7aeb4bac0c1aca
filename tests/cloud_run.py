# SPDX-License-Identifier: GPL-2.0-or-later
"""A small cloud, kvmtune run against it, and the tests of a file as TAP."""
import json
import os
import subprocess
import tempfile

import cloud_services as o

BIN = os.environ.get("KT_BIN", "kvmtune")
# in memory where it can be: a journal waits for the disk again and again
TMP = tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
U = ["b843f62c-3dad-4245-b3a3-%012x" % n for n in range(2000)]


def world():
    """The case: 32 vCPUs that ask for nothing, one that asks well, one whose flavor was changed under it."""
    w = o.World()
    w.flavor("plain32", 32, 65536)
    w.flavor("good4", 4, specs={"hw:cpu_sockets": "1", "hw:cpu_cores": "4"})
    w.flavor("changed", 8, specs={"hw:cpu_sockets": "2", "hw:cpu_cores": "4"})
    w.flavor("typo", 8, specs={"hw:cpu_socket": "2"})
    w.image("i1", "linux")
    w.image("i2", "hidden", os_hidden=True, hw_cpu_sockets="1", hw_cpu_cores="32")
    w.host("n1")
    w.host("n2")
    w.server(U[0], "crm1", "plain32", host="n1", number=1)
    w.server(U[1], "crm2", "plain32", host="n2", number=1)
    w.server(U[2], "web", "good4")
    w.server(U[3], "old", {"name": "changed", "vcpus": 8, "ram": 4096, "disk": 20, "extra_specs": {}})
    w.server(U[4], "shaped", "plain32", image="i2")
    return w


class Run:
    """One run of kvmtune cloud, or (tool) of another command, against a world."""

    def __init__(self, w, *arguments, env=None, context=None, sign_in=None, tool=False):
        server = w.kept or o.start(w, context)
        self.url = "%s://127.0.0.1:%d" % (server.scheme, server.server_port)
        own = {k: v for k, v in os.environ.items() if not k.startswith("OS_")}
        own.update({"LC_ALL": "C", "HOME": TMP.name, "OS_AUTH_URL": self.url + "/identity", "OS_USERNAME": "ops",
                    "OS_PASSWORD": o.PASSWORD, "OS_PROJECT_NAME": "crm", "no_proxy": "*"} if sign_in is None else
                   {"LC_ALL": "C", "HOME": TMP.name, "no_proxy": "*",
                    **{k: v.replace("@URL@", self.url) for k, v in sign_in.items()}})
        own.update(env or {})
        w.process = None
        w.process = process = subprocess.Popen(
            [BIN, *([] if tool else ["cloud"]), *arguments], env=own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=TMP.name)
        try:
            self.out, self.err = process.communicate(timeout=120)
        finally:
            process.kill()
            if not w.kept:
                o.end(server)
        self.status = process.returncode
        self.world = w

    def json(self):
        return json.loads(self.out)

    def row(self, flavor):
        return next(r for r in self.json()["rows"] if r["flavor"] == flavor and r["image"] != "hidden")


def doctor(w, *arguments, **more):
    return Run(w, "doctor", "--json", *arguments, **more)


def checks(row):
    return {f["check"]: len(f["servers"]) for f in row["findings"]}


def fails(run, *words):
    """One line on standard error, exit status 2, nothing on standard output, no secret."""
    assert run.status == 2, (run.status, run.out[:300], run.err)
    assert run.out == "" and run.err.count("\n") == 1, (run.out[:300], run.err)
    for word in words:
        assert word in run.err, (word, run.err)
    no_secret(run)


def no_secret(run):
    for secret in (o.PASSWORD, o.SECRET, "gAAAA", "unscoped"):
        assert secret not in run.out + run.err, secret


def capabilities(cells, cores, mib):
    """virsh capabilities of a host: so many cells of so many cores of two threads."""
    out, cpu = [], 0
    for cell in range(cells):
        rows = []
        for core in range(cores):
            rows += ['<cpu id="%d" socket_id="%d" core_id="%d" siblings="%d-%d"/>' % (cpu + t, cell, core, cpu, cpu + 1)
                     for t in (0, 1)]
            cpu += 2
        out.append('<cell id="%d"><memory unit="KiB">%d</memory><pages unit="KiB" size="4">%d</pages>'
                   '<cpus num="%d">%s</cpus></cell>' % (cell, mib * 1024, mib * 256, 2 * cores, "\n".join(rows)))
    return ('<capabilities><host><cpu><arch>x86_64</arch></cpu><topology><cells num="%d">%s</cells></topology></host>'
            '</capabilities>\n' % (cells, "\n".join(out)))


def domain(uuid, vcpus, mib, name="instance-00000001", pins=""):
    """A guest as Nova defines it."""
    return ("<domain type='kvm'><name>%s</name><uuid>%s</uuid><memory unit='KiB'>%d</memory><vcpu>%d</vcpu>%s<os><type "
            "arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os><cpu mode='custom'><model>qemu64</model><topology "
            "sockets='%d' dies='1' cores='1' threads='1'/></cpu></domain>\n"
            % (name, uuid, mib * 1024, vcpus, pins, vcpus))


def evidence(folder, **files):
    path = os.path.join(TMP.name, folder)
    os.makedirs(path, exist_ok=True)
    for name, text in files.items():
        with open(os.path.join(path, name + ".xml"), "w", encoding="utf-8") as f:
            f.write(text)
    return path


def plan(w, *arguments, **more):
    return Run(w, "plan", *arguments, **more)


def one_host():
    """plain32 on one host of four nodes, whose only guest is known."""
    w = world()
    w.hypervisors = []
    w.host("n1", memory=4 * 24576)
    w.servers = [w.servers[0]]
    w.flavors = w.flavors[:1]
    return w


def main(tests):
    """Runs the functions of a module that are named test_...; one may return why it is skipped."""
    if "cloud" not in os.environ.get("KT_FEATURES", "cloud").split():
        print("1..0 # SKIP a build without libcurl, libyaml or json-glib")
        return
    chosen = [(n, f) for n, f in sorted(tests.items()) if n.startswith("test_")]
    print("1..%d" % len(chosen))
    for i, (name, test) in enumerate(chosen, 1):
        try:
            skip = test()
            print("ok %d - %s%s" % (i, name[5:].replace("_", " "), " # SKIP " + skip if skip else ""), flush=True)
        except Exception as e:  # noqa: BLE001
            print("not ok %d - %s" % (i, name[5:].replace("_", " ")))
            print("# " + repr(e)[:2000].replace("\n", "\n# "), flush=True)
        o.end_all()
