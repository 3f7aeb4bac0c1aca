# SPDX-License-Identifier: GPL-2.0-or-later
"""A cloud with a plan for it, and kvmtune cloud apply, rollback and history on it."""
import contextlib
import itertools
import os
import sqlite3

import cloud_services as o
from cloud_acting import Acting
from cloud_run import TMP, U, Run, capabilities, no_secret

NUMBERS = itertools.count(1)
PLANS = {}  # what a case is made of -> its plan's text, as if of URL
URL = "@URL@"
OLD, NEW = "plain32", "plain32.topology"


class Case:
    """One host of four nodes, so many servers of plain32, and the plan that cures them."""

    def __init__(self, servers=1, hosts=("n1",), first=0, **more):
        self.folder = os.path.join(TMP.name, "case%d" % next(NUMBERS))
        self.state = os.path.join(self.folder, "state")
        self.file = os.path.join(self.folder, "plan.json")
        w = self.world = Acting(os.path.join(self.folder, "xml"))
        w.kept = o.start(w)
        w.flavor(OLD, 32, 65536, **more)
        w.image("i1", "linux")
        for host in hosts:
            w.host(host, memory=4 * 24576)
        for n in range(servers):
            w.server(U[first + n], "crm%d" % (n + 1), OLD, host=hosts[n % len(hosts)], number=n + 1)
        w.define_all()
        self.before = w.state()
        kind = (servers, tuple(hosts), first, repr(more))
        if kind not in PLANS:
            PLANS[kind] = self.make_plan()
        with open(self.file, "w", encoding="utf-8") as f:
            f.write(PLANS[kind].replace(URL, self.url()))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        o.end(self.world.kept)

    def url(self):
        return "http://127.0.0.1:%d" % self.world.kept.server_port

    def make_plan(self):
        with open(os.path.join(self.folder, "host.xml"), "w", encoding="utf-8") as f:
            f.write(capabilities(4, 8, 24576))
        r = Run(self.world, "plan", OLD, "-o", self.file, "--host", os.path.join(self.folder, "host.xml"),
                self.world.folder)
        assert r.status == 1, r.err
        self.world.seen.clear()
        with open(self.file, encoding="utf-8") as f:
            return f.read().replace(self.url(), URL)

    def run(self, *arguments, env=None, **more):
        """With a journal and a lock of its own."""
        return Run(self.world, *arguments, "--state", self.state, env={"KVMTUNE_RUN_DIR": self.folder, **(env or {})},
                   **more)

    def apply(self, *arguments, look=True, plan=None, **more):
        hosts = ["test://" + self.world.node] if look else []
        return self.run("apply", plan or self.file, *hosts, "--yes", *arguments, **more)

    def tool(self, *arguments, **more):
        return self.run(*arguments, tool=True, **more)

    def rollback(self, number="last", *arguments):
        return self.tool("rollback", str(number), "--yes", *arguments)

    def history(self, number=None):
        r = self.tool("history", *([str(number)] if number else []), "--json")
        return r.json() if number else r.json()["receipts"]

    def journal(self):
        """All receipts with their steps, the newest first: as history() shows them, without starting it for each."""
        path = os.path.join(self.state, "journal.db")
        if not os.path.exists(path):
            return []
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % path, uri=True)) as db:
            db.row_factory = sqlite3.Row
            receipts = [dict(r) for r in db.execute("SELECT number, scope, state FROM receipt ORDER BY number DESC")]
            for r in receipts:
                r["steps"] = [dict(s) for s in db.execute("SELECT kind, state, found FROM step WHERE receipt = ? "
                                                          "ORDER BY number", (r["number"],))]
        return receipts

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


def as_before(case):
    assert case.world.state() == case.before, (case.world.state(), case.before)


def fault_at(world, method, part, action, skip=0):
    """The action answers the first such request after `skip` ones."""
    left = [skip]

    def act(h):
        if h.command != method or part not in h.path or left[0] < 0:
            return False
        left[0] -= 1
        return action(h) if left[0] < 0 else False
    world.faults.append(["", -1, act])
