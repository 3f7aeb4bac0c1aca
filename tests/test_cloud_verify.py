#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune verify of a receipt of a cloud: the server and its guest looked at anew. TAP."""
import contextlib
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cloud_services as o  # noqa: E402
from cloud_case import NEW, OLD, Case  # noqa: E402
from cloud_run import fails, main, no_secret  # noqa: E402

KEYS = "hw:cpu_cores=8, hw:cpu_sockets=4, hw:numa_nodes=4"
SHAPE = "sockets 4, cores 8, threads 1, cells 4"


def verify(case, number=2, *arguments, look=True):
    hosts = ["test://" + case.world.node] if look else []
    case.world.changes.clear()
    r = case.tool("verify", str(number), *hosts, *arguments)
    assert not case.world.changes, case.world.changes
    no_secret(r)
    return r


def expectations(run):
    return {e["what"]: (e["expected"], e["found"], e["state"]) for e in run.json()["expectations"]}


def done():
    c = Case()
    assert c.apply().status == 0
    return c


def test_all_is_so():
    c = done()
    r = verify(c, 2, "--json")
    assert r.status == 0, r.out + r.err
    assert expectations(r) == {"status": ("ACTIVE", "ACTIVE", "fulfilled"), "flavor": (NEW, NEW, "fulfilled"),
                               "flavor-keys": (KEYS, KEYS, "fulfilled"), "topology": (SHAPE, SHAPE, "fulfilled")}, r.out
    assert {e["domain"] for e in r.json()["expectations"]} == {"crm1"}
    r = verify(c, 1)
    assert r.status == 0 and "fulfilled: 2 of 2" in r.out and "32 vCPUs, 65536" in r.out, r.out + r.err


def test_nobody_can_look():
    r = verify(done(), 2, "--json", look=False)
    assert r.status == 3 and r.err == "", r.out + r.err
    told = expectations(r)
    # Nova itself tells the cells
    assert told["topology"] == (SHAPE, "cells 4", "cannot tell") and told["flavor"][2] == "fulfilled", told
    assert "name the libvirt of its host" in r.out, r.out


def test_made_another_since():
    c = done()
    server = c.world.servers[0]
    server["flavor"].update(original_name=OLD, extra_specs={})
    c.world.define(server)
    r = verify(c, 2, "--json")
    told = expectations(r)
    assert r.status == 1 and told["flavor"] == (NEW, OLD, "missed"), told
    assert told["flavor-keys"] == (KEYS, "none", "missed"), told
    assert told["topology"] == (SHAPE, "sockets 32, cores 1, threads 1, cells 0", "missed"), told


def test_wish_that_nova_passes_over_later():
    """Its definition was made anew, by a Nova that does otherwise."""
    c = done()
    c.world.override = (2, 16, 1, 4)
    c.world.define_all()
    r = verify(c)
    assert r.status == 1 and "3 of 4, 1 missed" in " ".join(r.out.split()) and "sockets 2," in r.out, r.out + r.err


def test_waits_to_be_confirmed():
    c = Case()
    assert c.apply(look=False).status == 2 and c.flavor_of() == (NEW, "VERIFY_RESIZE")
    r = verify(c, 2, "--json")
    told = expectations(r)
    assert r.status == 1 and told["status"] == ("ACTIVE", "VERIFY_RESIZE", "missed"), told
    assert told["flavor"][2] == told["topology"][2] == "fulfilled", told


def test_at_work():
    c = done()
    c.world.servers[0]["OS-EXT-STS:task_state"] = "rebooting"
    r = verify(c, 2, "--json")
    assert r.status == 3 and expectations(r)["status"] == ("ACTIVE", "ACTIVE", "cannot tell"), r.out
    assert "Nova is at work on it: rebooting" in r.out


def test_error_and_deleted():
    c = done()
    c.world.servers[0].update(status="ERROR", fault={"code": 500, "message": "no host"})
    r = verify(c, 2, "--json")
    assert r.status == 1 and expectations(r)["status"] == ("ACTIVE", "ERROR: no host", "missed"), r.out
    own, c.world.servers = c.world.servers, []
    r = verify(c, 2, "--json")
    assert r.status == 1 and expectations(r) == {"status": ("ACTIVE", "deleted", "missed")}, r.out
    c.world.servers = own
    own[0].update(status="ACTIVE")
    c.world.servers, c.world.admin = [], False
    r = verify(c, 2, "--json")
    assert r.status == 3 and "this sign-in is no administrator's" in r.out, r.out


def test_flavor_changed_since():
    c = done()
    c.world.flavors[-1]["extra_specs"]["hw:cpu_cores"] = "4"
    r = verify(c, 1)
    assert r.status == 1 and "1 missed" in r.out, r.out
    c.world.flavors.pop()
    r = verify(c, 1, "--json")
    assert r.status == 1 and expectations(r)["flavor"][1:] == ("absent", "missed"), r.out


def test_refused():
    c = done()
    c.world.faults = [["/servers/", -1, o.status(500)]]
    fails(verify(c), "500")
    c.world.faults = []
    kept, c.world.kept = c.world.kept, None
    fails(verify(c), "the plan is of the cloud")
    c.world.kept = kept
    assert c.rollback(2).status == 0
    fails(verify(c), "receipt 2 was rolled back")
    fails(verify(c, 9), "no receipt 9")


def test_load_of_a_guest_of_another_machine():
    c = Case()
    assert c.apply("--verify", "1s").status == 0
    r = verify(c)
    assert r.status == 0 and "Nothing was measured before" in r.out, r.out + r.err
    # it was measured, by what the libvirt of the test driver does not count
    measured = c.tool("verify", "--record", "-", "--duration", "1s", "--interval", "0.5s").out
    with contextlib.closing(sqlite3.connect(os.path.join(c.state, "journal.db"))) as db:
        db.execute("UPDATE receipt SET measured = ? WHERE number = 2", (measured,))
        db.commit()
    r = verify(c)
    assert r.status == 0 and "The load cannot be measured: " in " ".join(r.out.split()), r.out + r.err
    r = verify(c, look=False)
    assert r.status == 3 and "neither on a host that was given nor on this machine" in " ".join(r.out.split()), r.out
    fails(verify(c, 2, "--deep"), "without --connect, --domain and --deep")


main(dict(globals()))
