#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud apply and its rollback, killed at every request and failing at every request: the journal tells the
truth, a second run goes on, a rollback brings the cloud back. TAP; the counts stand behind each test."""
import concurrent.futures
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cloud_services as o  # noqa: E402
from cloud_case import NEW, Case  # noqa: E402
from cloud_run import main, no_secret  # noqa: E402

WORKERS = int(os.environ.get("KT_WORKERS", "24"))


def kill(h):
    """kvmtune is gone, and with it the connection."""
    while not h.server.world.process:
        pass
    os.kill(h.server.world.process.pid, signal.SIGKILL)
    h.close_connection = True
    return True


def kill_behind(h):
    """The same once the request is done, in place of its answer."""
    h.give = lambda *a, **k: kill(h)
    return False


class At:
    """Acts on the Nth request, and on the same one when it is sent again."""

    def __init__(self, number, action, times=1):
        self.number, self.action, self.times, self.seen, self.what = number, action, times, 0, None

    def __call__(self, h):
        here = (h.command, h.path.split("?")[0])
        if self.what is None:
            self.seen += 1
            if self.seen <= self.number:
                return False
            self.what = here
        if here != self.what or not self.times:
            return False
        self.times -= 1
        return self.action(h)


def misbehave(case, action):
    case.world.faults = [["", -1, action]]


def count_requests(run):
    with Case() as case:
        run(case)
        return len(case.world.seen)


def everything(jobs):
    """Runs them side by side, each with a case; all that went wrong, and how many there were."""
    jobs = list(jobs)

    def one(job):
        try:
            with Case() as case:
                job[0](case, *job[1:])
            return None
        except Exception as e:  # noqa: BLE001
            return "%s%r: %r" % (job[0].__name__, job[1:], e)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        wrong = [w for w in pool.map(one, jobs) if w]
    print("# %d cases" % len(jobs))
    assert not wrong, "%d of %d: %s" % (len(wrong), len(jobs), "\n".join(wrong)[:1800])


def check_journal(case):
    """What each step says is what was done."""
    kinds = [list(b)[0] for _, _, b in case.world.changes]
    done = {"flavor": "flavor", "flavor-keys": "extra_specs"}
    for receipt in case.journal():
        for step in receipt["steps"]:
            if step["kind"] not in done:
                continue
            made = done[step["kind"]] in kinds
            assert made or step["state"] != "done", step
            assert not made or step["state"] != "planned", step
        if receipt["scope"] != "server crm1":
            continue
        first, _, last = receipt["steps"]
        assert "resize" in kinds or first["state"] not in ("done",), (kinds, first)
        assert "resize" not in kinds or first["state"] != "planned", (kinds, first)
        assert "confirmResize" not in kinds or last["state"] != "planned", (kinds, last)


def back(case):
    """Takes back all receipts, the last first."""
    case.world.faults = []
    for receipt in case.journal():
        r = case.rollback(receipt["number"])
        words = " ".join(r.out.split())
        assert r.status == 0 or (r.status == 1 and "flavors stay as they are" in words), (receipt, r.out, r.err)
    assert case.world.state() == case.before, (case.world.state(), case.before)
    assert all(r["state"] in ("undone", "kept") for r in case.journal()), case.journal()


def on(case):
    """A second run ends as the first would have."""
    case.world.faults = []
    r = case.apply()
    assert r.status == 0 and case.flavor_of() == (NEW, "ACTIVE"), (r.out, r.err, case.world.state())
    kinds = [list(b)[0] for _, _, b in case.world.changes]
    assert all(kinds.count(k) == 1 for k in ("flavor", "extra_specs", "resize")), kinds
    assert kinds.count("confirmResize") <= 2, kinds


def killed(case, number, action, then):
    misbehave(case, At(number, action))
    r = case.apply()
    assert r.status == -signal.SIGKILL, (r.status, r.err)
    case.world.faults = []
    check_journal(case)
    then(case)


def test_killed_at_every_request():
    n = count_requests(lambda c: c.apply())
    everything((killed, i, action, then) for i in range(n) for action in (kill, kill_behind) for then in (back, on))


def killed_on_the_way_back(case, number, action, confirmed):
    case.apply(look=confirmed)
    misbehave(case, At(number, action))
    r = case.rollback(2)
    assert r.status == -signal.SIGKILL, (r.status, r.err)
    back(case)


def test_rollback_killed_at_every_request():
    jobs = []
    for confirmed in (True, False):
        def run(c, confirmed=confirmed):
            c.apply(look=confirmed)
            c.world.seen.clear()
            c.rollback(2)
        n = count_requests(run)
        jobs += [(killed_on_the_way_back, i, action, confirmed) for i in range(n) for action in (kill, kill_behind)]
    everything(jobs)


# action, how often: what is asked for again is asked for four times, signing in anew twice
FAULTS = {"401": (o.status(401), 3), "403": (o.status(403, {"forbidden": {"message": "no"}}), 1),
          "409": (o.status(409, {"conflictingRequest": {"message": "task_state x"}}), 1),
          "429": (o.status(429, {}, ("Retry-After", "0")), 4), "503": (o.status(503), 4), "500": (o.status(500), 1),
          "cut": (o.cut_connection, 4), "not JSON": (o.status(200, b"<html>"), 1), "slow": (o.slow(1.5), 4)}


def failing(case, number, name, behind):
    action, times = FAULTS[name]
    misbehave(case, At(number, action, times))
    if behind:  # it is done, and its answer is lost
        def lost(h):
            h.give = lambda *a, **k: o.cut_connection(h)
            return False
        misbehave(case, At(number, lost))
    r = case.apply("--timeout", "1")
    case.world.faults = []
    assert r.status in (0, 2) and r.err.count("\n") == (r.status == 2), (r.status, r.err)
    no_secret(r)
    check_journal(case)
    if r.status == 0:
        assert case.flavor_of() == (NEW, "ACTIVE")
    back(case)


def test_every_request_fails_in_every_way():
    n = count_requests(lambda c: c.apply())
    everything((failing, i, name, False) for i in range(n) for name in FAULTS)


def test_every_answer_is_lost():
    n = count_requests(lambda c: c.apply())
    everything((failing, i, "cut", True) for i in range(n))


main(dict(globals()))
