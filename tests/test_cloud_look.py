#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud apply: what a guest has got, by its definition and by its agent. TAP."""
import base64
import json
import os
import socketserver
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cloud_case import NEW, Case, as_before, refused  # noqa: E402
from cloud_run import main  # noqa: E402


def files_of(sockets, cores, threads, nodes):
    """Of a Linux guest of this shape."""
    cpu, node = "/sys/devices/system/cpu/", "/sys/devices/system/node/"
    n, per = sockets * cores * threads, cores * threads
    every = "0-%d" % (n - 1)
    files = {"/proc/cpuinfo": "".join("processor\t: %d\nflags\t\t: hypervisor\n\n" % i for i in range(n)),
             "/proc/stat": "cpu  1 0 1 1 0 0 0 0 0 0\n", "/proc/uptime": "20.00 10.00\n",
             "/proc/sys/kernel/hostname": "crm1\n", "/proc/version": "Linux version 6.1.0\n",
             "/proc/meminfo": "MemTotal: 4096 kB\n", cpu + "online": every, cpu + "present": every,
             cpu + "possible": every, node + "online": "0-%d" % (nodes - 1)}
    for i in range(n):
        top, core, package = cpu + "cpu%d/topology/" % i, i // threads * threads, i // per * per
        files[top + "physical_package_id"] = str(i // per)
        files[top + "core_id"] = str(i // threads)
        files[top + "core_cpus_list"] = "%d-%d" % (core, core + threads - 1)
        files[top + "package_cpus_list"] = "%d-%d" % (package, package + per - 1)
    for i in range(nodes):
        files[node + "node%d/cpulist" % i] = "%d-%d" % (i * n // nodes, (i + 1) * n // nodes - 1)
    return files


class Agent(socketserver.ThreadingUnixStreamServer):
    """A guest's agent that shows files, for tests/fake_agent.c."""
    daemon_threads = True

    def __init__(self, path, files):
        super().__init__(path, Answer)
        self.files, self.asked = files, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, name, arguments):
        if name == "guest-info":
            calls = ("guest-file-open", "guest-file-read", "guest-file-close")
            return {"version": "7.2.0", "supported_commands": [{"name": c, "enabled": True} for c in calls]}
        if name == "guest-file-open":
            return sorted(self.files).index(arguments["path"]) + 1
        if name == "guest-file-read":
            text = self.files[sorted(self.files)[arguments["handle"] - 1]].encode()
            return {"count": len(text), "buf-b64": base64.b64encode(text).decode(), "eof": True}
        return {}


class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        command = json.loads(self.rfile.readline())
        self.server.asked += 1
        try:
            told = {"return": self.server.answer(command["execute"], command.get("arguments"))}
        except ValueError:
            told = {"error": {"class": "GenericError", "desc": "failed to open file: No such file or directory"}}
        self.wfile.write(json.dumps(told).encode() + b"\n")


def with_agent(shape):
    c = Case()
    c.world.agent = True
    c.world.define_all()
    path = os.path.join(c.folder, "agent")
    c.agent = Agent(path, files_of(*shape))
    c.more = {"LD_PRELOAD": sys.argv[1], "KT_AGENT_SOCKET": path}
    return c


# ---- the guest's own view ----

def test_guest_sees_what_was_planned():
    c = with_agent((4, 8, 1, 4))
    r = c.apply(env=c.more)
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
    assert c.agent.asked > 100 and "Its agent" not in r.out, (c.agent.asked, r.out)


def test_guest_sees_something_else():
    c = with_agent((32, 1, 1, 1))
    r = c.apply(env=c.more)
    assert r.status == 2, r.out + r.err
    assert "the guest itself sees sockets 32, cores 1, threads 1, cells 1, and not sockets 4, cores 8" in r.err, r.err
    assert "Not as planned: it goes back." in r.out and c.world.state() == c.before, r.out
    assert c.history()[0]["state"] == "undone"


def test_agent_is_not_asked_in_a_dry_run():
    c = with_agent((32, 1, 1, 1))
    assert c.apply("--dry-run", env=c.more).status == 0 and not c.agent.asked


def test_no_agent():
    c = Case()
    r = c.apply()
    assert r.status == 0 and r.out.count("Its agent does not tell what it sees (it has no channel") == 1, r.out + r.err
    c = Case()
    c.world.agent = True  # a channel, and nobody answers
    c.world.define_all()
    r = c.apply("--limit", "5")
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
    assert r.out.count("Its agent does not tell what it sees (") == 1 and "its definition decides" in r.out, r.out


# ---- its load, by what the libvirt of its host counts ----

def test_load_of_another_host():
    for bad, good, verdict in ((90, 20, "better"), (20, 90, "worse")):
        c = Case()
        env = {"LD_PRELOAD": sys.argv[1], "KT_RUN_BAD": str(bad), "KT_RUN_GOOD": str(good)}
        r = c.apply("--verify", "12s", env=env)
        assert c.history()[0]["verdict"] == verdict, (r.out, r.err, c.history())
        if verdict == "better":
            assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
            v = c.tool("verify", "2", "test://" + c.world.node, "--duration", "12s", "--json", env=env)
            assert v.status == 0 and v.json()["verdict"] == "better", v.out + v.err
        else:
            assert r.status == 2 and "the load runs worse than before" in r.err, r.out + r.err
            as_before(c)


# ---- nothing to look at ----

def test_files_are_not_looked_at():
    c = Case()
    refused(c, c.run("apply", c.file, c.world.folder, "--yes"), "is no URI of libvirt", "takes no files")


def test_unverified():
    c = Case()
    r = c.apply(look=False)
    assert r.status == 2 and "what the guest has cannot be told but for cells 4" in r.err, r.err
    assert c.flavor_of() == (NEW, "VERIFY_RESIZE") and "--confirm-unverified" in r.out
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
    assert sum("resize" in b for _, _, b in c.world.changes) == 1
    r = c.rollback(2)
    assert r.status == 2 and "receipt 3 changed resize" in r.err, r.err
    assert c.rollback(3).status == 0
    as_before(c)
    c = Case()
    assert c.apply("--confirm-unverified", look=False).status == 0 and c.flavor_of() == (NEW, "ACTIVE")
    # what is known and wrong is not confirmed all the same
    c = Case()
    c.world.override = (4, 8, 1, 2)
    r = c.apply("--confirm-unverified", look=False)
    assert r.status == 2 and "cells 2" in r.err, r.err
    as_before(c)


def test_definition_of_the_old_flavor_is_none():
    c = Case()
    c.world.define = lambda server: None  # it stays as it was
    r = c.apply()
    assert r.status == 2 and "its definition is one for plain32" in r.err and c.flavor_of()[1] == "VERIFY_RESIZE", r.err


main(dict(globals()))
