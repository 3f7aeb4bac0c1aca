#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud apply: flavors made, servers resized, looked at, confirmed or taken back. TAP."""
import itertools
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cloud_services as o  # noqa: E402
from cloud_acting import Acting  # noqa: E402
from cloud_run import TMP, U, Run, capabilities, main, no_secret  # noqa: E402

NUMBERS = itertools.count(1)
OLD, NEW = "plain32", "plain32.topology"


class Case:
    """One host of four nodes, so many servers of plain32, and the plan that cures them."""

    def __init__(self, servers=1, hosts=("n1",), **more):
        self.folder = os.path.join(TMP.name, "case%d" % next(NUMBERS))
        self.state = os.path.join(self.folder, "state")
        self.file = os.path.join(self.folder, "plan.json")
        w = self.world = Acting(os.path.join(self.folder, "xml"))
        w.flavor(OLD, 32, 65536, **more)
        w.image("i1", "linux")
        for host in hosts:
            w.host(host, memory=4 * 24576)
        for n in range(servers):
            w.server(U[n], "crm%d" % (n + 1), OLD, host=hosts[n % len(hosts)], number=n + 1)
        w.define_all()
        self.before = w.state()
        with open(os.path.join(self.folder, "host.xml"), "w", encoding="utf-8") as f:
            f.write(capabilities(4, 8, 24576))
        r = Run(w, "plan", OLD, "-o", self.file, "--host", os.path.join(self.folder, "host.xml"), w.folder)
        assert r.status == 1, r.err
        w.seen.clear()

    def apply(self, *arguments, look=True, plan=None, **more):
        hosts = [self.world.folder] if look else []
        return Run(self.world, "apply", plan or self.file, *hosts, "--state", self.state, "--yes", *arguments, **more)

    def tool(self, *arguments, **more):
        return Run(self.world, *arguments, "--state", self.state, tool=True, **more)

    def rollback(self, number="last", *arguments):
        return self.tool("rollback", str(number), "--yes", *arguments)

    def history(self, number=None):
        r = self.tool("history", *([str(number)] if number else []), "--json")
        return r.json() if number else r.json()["receipts"]

    def flavor_of(self, n=0):
        return self.world.servers[n]["flavor"]["original_name"], self.world.servers[n]["status"]


def refused(case, run, *words):
    """One line, status 2, and nothing was changed or written down."""
    assert run.status == 2, (run.status, run.out, run.err)
    assert run.err.count("\n") == 1 and not case.world.changes, (run.err, case.world.changes)
    for word in words:
        assert word in run.err, (word, run.err)
    assert case.history() == [], case.history()
    no_secret(run)


def test_one_server():
    c = Case()
    r = c.apply()
    assert r.status == 0, r.out + r.err
    assert c.flavor_of() == (NEW, "ACTIVE")
    assert [(m, list(b)[0]) for m, p, b in c.world.changes] == [
        ("POST", "flavor"), ("POST", "extra_specs"), ("POST", "resize"), ("POST", "confirmResize")], c.world.changes
    h = c.history()
    assert [(x["receipt"], x["scope"], x["state"]) for x in h] == [(2, "server crm1", "done"),
                                                                  (1, "flavor " + NEW, "done")], h
    steps = c.history(2)["steps"]
    assert [(s["kind"], s["before"], s["found"]) for s in steps] == [
        ("resize", OLD, NEW + " (VERIFY_RESIZE)"),
        ("topology", "sockets 32, cores 1, threads 1, cells 0", "sockets 4, cores 8, threads 1, cells 4"),
        ("resize", NEW + " (VERIFY_RESIZE)", NEW)], steps
    again = c.apply()
    assert again.status == 0 and "Nothing is left" in again.out, again.out + again.err
    no_secret(r)


def test_rollback_after_it_was_confirmed():
    c = Case()
    assert c.apply().status == 0
    r = c.rollback(2)
    assert r.status == 0, r.out + r.err
    assert c.world.state() == c.before, c.world.state()
    assert c.history()[0]["state"] == "undone"
    r = c.rollback(1)
    assert r.status == 1 and "flavors stay as they are" in r.out, r.out + r.err
    assert any(f["name"] == NEW for f in c.world.flavors)


def test_dry_run_is_what_a_real_run_does():
    c = Case()
    r = c.apply("--dry-run")
    assert r.status == 0 and not c.world.changes and "Nothing was done: a dry run." in r.out, r.out + r.err
    assert not os.path.exists(c.state)
    told = [line.strip() for line in r.out.splitlines() if line.strip().startswith("POST ")]
    assert c.apply().status == 0
    made = [(m + " " + p, b) for m, p, b in c.world.changes]
    assert [(" ".join(t.split(" ", 2)[:2]), json.loads(t.split(" ", 2)[2])) for t in told] == made, (told, made)
    calls = [x for n in (1, 2) for s in c.history(n)["steps"] for x in s["calls"]]
    assert calls == told, (calls, told)


main(dict(globals()))
