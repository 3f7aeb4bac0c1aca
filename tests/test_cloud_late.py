#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud apply, killed while a request of it is on its way: Nova takes it after the next run, or the rollback, has
begun to look. TAP."""
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cloud_services as o  # noqa: E402
from cloud_case import NEW, Case, as_before, fault_at  # noqa: E402
from cloud_run import U, main  # noqa: E402

LATER_S = 4
SERVER = "/servers/" + U[0]


class Late:
    """kvmtune is killed at such a request, which is done so much later as if nothing had happened."""

    def __init__(self, case, part, later=LATER_S):
        self.case, self.part, self.later, self.answer = case, part, later, None
        case.world.faults = [["", -1, self.act]]

    def act(self, h):
        if h.command != "POST" or self.part not in h.path:
            return False
        self.case.world.faults = []
        os.kill(self.case.world.process.pid, signal.SIGKILL)
        h.close_connection = True
        threading.Timer(self.later, self.arrive, (h,)).start()
        return True

    def arrive(self, h):
        self.answer = h.compute(h.path.split("?")[0][len("/compute/v2.1"):], {}, h.sent)[0]

    def wait(self):
        """Until it has arrived; and whatever it began has come to its end."""
        while self.answer is None:
            time.sleep(0.1)
        for server in self.case.world.servers:
            while self.case.world.work:
                self.case.world.step(server)


def cut_off(part, later=LATER_S):
    case = Case()
    late = Late(case, part, later)
    assert case.apply().status == -signal.SIGKILL
    return case, late


def test_resize_behind_a_rollback():
    c, late = cut_off("/servers/")
    r = c.rollback(2)
    late.wait()
    assert r.status == 0 and late.answer == 202, (r.out, r.err, late.answer)
    as_before(c)
    assert [list(b)[0] for _, _, b in c.world.changes][-2:] == ["resize", "revertResize"], c.world.changes
    assert c.history()[0]["state"] == "undone"


def test_resize_behind_the_next_run():
    c, late = cut_off("/servers/")
    r = c.apply()
    late.wait()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), (r.out, r.err)
    assert sum("resize" in b for _, _, b in c.world.changes) == 1, c.world.changes
    assert [x["state"] for x in c.history()] == ["done", "stopped", "done"]


def dripping(c, cut, begin=lambda: None):
    """An answer of a byte every half second, for a minute; cut: what became of each."""
    def drip(h):
        begin()
        h.send_response(200)
        h.send_header("Content-Length", "1000")
        h.end_headers()
        end = time.monotonic() + 60
        try:
            while time.monotonic() < end and c.world.process.poll() is None:
                h.wfile.write(b" ")
                h.wfile.flush()
                time.sleep(0.5)
            cut.append(False)
        except OSError:
            cut.append(True)
        return True
    return drip


def test_stopped_while_an_answer_drips():
    c = Case()
    stop = threading.Timer(0.5, lambda: c.world.process.send_signal(signal.SIGINT))
    c.world.polls = 1000
    fault_at(c.world, "GET", SERVER, dripping(c, [], stop.start), skip=7)
    r = c.apply()
    assert r.status == 2 and "stopped at step 1, resize of 'crm1': waiting was ended, and Nova goes on" in r.err, r.err
    assert "stopped before the answer was there" in r.err, r.err
    assert c.history()[0]["state"] == "stopped"


def test_limit_while_an_answer_drips():
    c = Case()
    cut = []
    c.world.polls = 1000
    fault_at(c.world, "GET", SERVER, dripping(c, cut), skip=7)
    r = c.apply("--limit", "3")
    assert r.status == 2 and "not at its end after 3 s, and Nova goes on" in r.err, r.err
    assert cut == [True], cut
    assert c.history()[0]["state"] == "failed"


def test_answer_about_another_server():
    """As a proxy may give that mixes them up: nothing follows from it."""
    c = Case(servers=2, hosts=("n1", "n2"))
    other = {**c.world.servers[1], "status": "VERIFY_RESIZE", "flavor": {**c.world.servers[1]["flavor"],
                                                                       "original_name": NEW}}

    def mix_up(h):
        c.world.faults = [[SERVER, 3, o.status(200, {"server": other})]]
    fault_at(c.world, "POST", "/action", mix_up)
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err


def test_server_of_the_same_name():
    """Its run does not close what was cut off of the other one."""
    c = Case(servers=2, hosts=("n1", "n2"))
    for server in c.world.servers:
        server["name"] = "twin"
    fault_at(c.world, "POST", "/action", lambda h: c.world.process.kill() or o.cut_connection(h))
    assert c.apply().status == -signal.SIGKILL
    assert c.apply("--server", U[1]).status == 0
    assert [(r["number"], r["state"]) for r in c.journal()] == [(3, "done"), (2, "running"), (1, "done")], c.journal()
    c.world.servers[0]["name"] = "renamed"
    c.world.resize(c.world.servers[0], c.world.flavors[-1])  # it has arrived
    assert c.apply("--server", U[0]).status == 0
    assert [r["state"] for r in c.journal()] == ["done", "done", "stopped", "done"], c.journal()


def test_the_same_resize_comes_first():
    """Between the look and the request: Nova refuses one of the two, and it does not matter which."""
    c = Case()

    def overtake(h):
        if h.command == "POST" and SERVER in h.path and b'"resize"' in h.sent and not c.world.work:
            c.world.resize(c.world.servers[0], next(f for f in c.world.flavors if f["name"] == NEW))
        return False
    c.world.faults = [["", -1, overtake]]
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), (r.out, r.err)


def test_resize_that_never_came():
    """Nothing tells that it was not done but time."""
    c = Case()
    c.world.faults = [["", -1, lambda h: h.command == "POST" and SERVER in h.path and
                       (c.world.process.kill() or o.cut_connection(h))]]
    assert c.apply().status == -signal.SIGKILL
    c.world.faults = []
    c.world.seen.clear()
    assert c.rollback(2).status == 0
    as_before(c)
    assert sum(p.endswith(SERVER) for _, p, _ in c.world.seen) > 10, c.world.seen


def test_resize_that_was_refused():
    """Its action tells: nobody waits."""
    c = Case()
    c.world.no_valid_host = True
    late = Late(c, "/servers/", 0.1)
    assert c.apply().status == -signal.SIGKILL
    late.wait()
    c.world.seen.clear()
    assert c.rollback(2).status == 0
    as_before(c)
    assert sum(p.endswith(SERVER) for _, p, _ in c.world.seen) < 10, c.world.seen


def test_resize_back():
    """Of a rollback that was cut off."""
    c = Case()
    assert c.apply().status == 0
    late = Late(c, "/servers/", 0.7)
    assert c.rollback(2).status == -signal.SIGKILL

    def between(h):
        if h.command == "POST" and SERVER in h.path:
            late.wait()
        return False
    c.world.faults = [["", -1, between]]
    r = c.rollback(2)
    assert r.status == 0, (r.out, r.err)
    late.wait()
    as_before(c)


def test_flavor():
    for part in ("/flavors", "/os-extra_specs"):
        c, late = cut_off(part)
        r = c.rollback(1)
        late.wait()
        assert r.status == 1 and "flavors stay as they are" in " ".join(r.out.split()), (part, r.out, r.err)
        c, late = cut_off(part, 0.2)

        def between(h, late=late):
            if h.command == "POST" and "/flavors" in h.path:
                late.wait()
            return False
        c.world.faults = [["", -1, between]]
        r = c.apply()
        assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), (part, r.out, r.err)


main(dict(globals()))
