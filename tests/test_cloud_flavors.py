#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud apply: flavors, and which cloud they are of. TAP."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cloud_services as o  # noqa: E402
from cloud_case import NEW, OLD, Case, refused  # noqa: E402
from cloud_run import main  # noqa: E402


def test_private_flavor():
    c = Case(public=False)
    c.world.access = {OLD + "-id": ["p7", "p9"]}
    assert c.apply("--dry-run").out.count("addTenantAccess") == 3
    r = c.apply()
    assert r.status == 0, r.out + r.err
    new = next(f for f in c.world.flavors if f["name"] == NEW)
    assert not new["os-flavor-access:is_public"] and sorted(c.world.access[new["id"]]) == ["p1", "p7", "p9"]


def test_flavor_of_a_run_that_was_cut_off():
    """Without keys: it goes on with its own, by its id, and does not touch anybody else's."""
    c = Case()
    c.world.flavor(NEW, 32, 65536)
    refused(c, c.apply(), "the flavor '%s' is there without keys, and kvmtune did not make it" % NEW)
    c.world.flavors.pop()
    c.world.faults = [["os-extra_specs", -1, lambda h: c.world.process.kill() or o.cut_connection(h)]]
    assert c.apply().status == -signal.SIGKILL
    c.world.faults = []
    c.world.changes.clear()
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
    assert [list(b)[0] for _, _, b in c.world.changes] == ["extra_specs", "resize", "confirmResize"]


def test_old_nova():
    c = Case()
    c.world.newest = "2.46"
    refused(c, c.apply(), "2.47 is needed")
    c = Case()
    c.world.newest = "2.60"
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err


def test_two_clouds_in_one_journal():
    """A flavor of the same name is another one in another cloud."""
    c, other = Case(), Case(first=1)
    other.state = c.state
    assert c.apply().status == 0 and other.apply().status == 0
    r = c.rollback(1)
    assert r.status == 1 and "flavors stay as they are" in " ".join(r.out.split()), r.out + r.err
    assert [x["state"] for x in c.history()] == ["done", "done", "done", "kept"]


def test_rollback_of_another_cloud():
    c = Case()
    assert c.apply().status == 0
    kept, c.world.kept = c.world.kept, None
    r = c.rollback(2)
    assert r.status == 2 and "the plan is of the cloud" in r.err, r.err
    c.world.kept = kept
    dry = c.rollback(2, "--dry-run")
    assert dry.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), dry.out + dry.err
    assert dry.out.count("POST /servers") == 2, dry.out


main(dict(globals()))
