#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud plan: new flavors, where they fit, who goes when. TAP."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cloud_run import TMP, U, Run, capabilities, domain, evidence, fails, main, no_secret, one_host, plan  # noqa: E402
from cloud_run import world  # noqa: E402


def test_plan_on_hosts_that_are_known():
    w = one_host()
    path = evidence("n1", capabilities=capabilities(4, 8, 24576), guest=domain(U[0], 32, 65536))
    j = plan(w, "plain32", "--json", "--host", path).json()
    new = j["flavors"][0]
    assert {k["key"]: k["after"] for k in new["keys"]} == {"hw:cpu_sockets": "4", "hw:cpu_cores": "8",
                                                           "hw:numa_nodes": "4"}, new
    assert new["name"] == "plain32.topology" and new["vcpus"] == 32 and not new["exists"]
    assert new["before"]["sockets"] == 32 and new["after"] == {"sockets": 4, "cores": 8, "threads": 1, "cells": 4}
    assert [(h["host"], h["empty"], h["now"]) for h in new["hosts"]] == [("n1", "yes", "yes")], new["hosts"]
    assert [(s["id"], s["new"], s["wave"]) for s in j["servers"]] == [(U[0], "plain32.topology", 0)]


def test_plan_where_there_is_no_room_now():
    w = one_host()
    pins = "<cputune>%s</cputune><numatune><memory mode='strict' nodeset='0'/><memnode cellid='0' mode='strict' " \
           "nodeset='0'/></numatune>" % "".join("<vcpupin vcpu='%d' cpuset='%d'/>" % (n, n) for n in range(16))
    guest = domain(U[0], 16, 16384, pins=pins).replace(
        "</cpu>", "<numa><cell id='0' cpus='0-15' memory='16777216' unit='KiB'/></numa></cpu>")
    path = evidence("n1full", capabilities=capabilities(4, 8, 24576), guest=guest)
    w.flavors[0]["extra_specs"] = {"hw:cpu_policy": "dedicated", "hw:numa_nodes": "4"}
    w.servers[0]["flavor"]["extra_specs"] = dict(w.flavors[0]["extra_specs"])
    r = plan(w, "plain32", "--host", path)
    assert "No valid host was found" in r.out, r.out
    j = plan(w, "plain32", "--json", "--host", path).json()
    assert (j["flavors"][0]["hosts"][0]["empty"], j["flavors"][0]["hosts"][0]["now"]) == ("yes", "no")
    assert j["flavors"][0]["hosts"][0]["why"]


def test_plan_is_unknown_without_all_guests():
    w = one_host()
    w.server(U[7], "more", "plain32")
    path = evidence("n1", capabilities=capabilities(4, 8, 24576), guest=domain(U[0], 32, 65536))
    hosts = plan(w, "plain32", "--json", "--host", path).json()["flavors"][0]["hosts"]
    assert (hosts[0]["empty"], hosts[0]["now"]) == ("yes", "unknown"), hosts


def test_plan_by_the_api_alone():
    j = plan(world(), "--all", "--json").json()
    assert {f["name"] for f in j["flavors"]} == {"plain32.topology", "changed.topology"}
    for f in j["flavors"]:
        assert {h["empty"] for h in f["hosts"]} == {"unknown"} and any("nodes taken as equal" in n for n in f["notes"])
    # an image that decides for itself is not overruled by a flavor
    assert U[4] not in {s["id"] for s in j["servers"]} and any("image hidden" in n for n in j["notes"]), j["notes"]


def test_commands_say_that_they_are_unchecked():
    """Lines are copied one by one: each says that nobody knows whether its flavor fits."""
    def commands(run):
        return [line for line in run.out.splitlines() if line.startswith("  openstack") and " confirm " not in line]
    unknown = plan(world(), "plain32")
    assert len(commands(unknown)) > 2 and all(c.endswith("   # unchecked") for c in commands(unknown)), unknown.out
    assert "! whether plain32.topology fits on any host is unknown" in unknown.out, unknown.out
    path = evidence("n1", capabilities=capabilities(4, 8, 24576), guest=domain(U[0], 32, 65536))
    known = plan(one_host(), "plain32", "--host", path)
    assert len(commands(known)) == 2 and not any("unchecked" in c for c in commands(known)), known.out
    assert "  ! " not in known.out, known.out


def test_plan_too_large_for_a_host():
    w = world()
    w.host("small", cells=1, cores=4, threads=2)
    hosts = {h["host"]: h for h in plan(w, "plain32", "--json").json()["flavors"][0]["hosts"]}
    assert hosts["small"]["empty"] == "no" and "Placement" in hosts["small"]["why"], hosts
    assert hosts["n1"]["empty"] == "unknown"


def test_plan_too_large_for_any_host():
    w = world()
    w.flavor("huge", 128, 65536)
    w.server(U[6], "h", "huge")
    j = plan(w, "huge", "--json").json()
    assert j["flavors"] == [] and any("no host is that large" in n for n in j["notes"]), j


def test_plan_old_copy_wants_another_name():
    j = plan(world(), U[3], "--json").json()
    # the flavor has the keys: but Nova refuses a resize to the flavor that a server has
    assert j["flavors"][0]["flavor"] == "changed" and j["flavors"][0]["name"] == "changed.topology"
    assert [s["id"] for s in j["servers"]] == [U[3]]


def test_plan_takes_a_flavor_that_is_there():
    w = world()
    w.flavor("changed.topology", 8, specs={"hw:cpu_sockets": "2", "hw:cpu_cores": "4"})
    r = plan(w, "changed")
    assert "it is there already" in r.out and "flavor create" not in r.out, r.out
    w.flavor("plain32.topology", 32, 65536, specs={"hw:cpu_policy": "dedicated"})
    names = [f["name"] for f in plan(w, "plain32", "--json").json()["flavors"]]
    assert names == ["plain32.topology.2"], names


def test_plan_passes_over_a_flavor_of_other_sizes():
    """'cloud apply' refuses it, and so would Nova one with a smaller disk."""
    keys = {"hw:cpu_cores": "8", "hw:cpu_sockets": "4", "hw:numa_nodes": "4"}
    for more in ({"disk": 0}, {"public": False}):
        w = one_host()
        w.flavor("plain32.topology", 32, 65536, specs=keys, **more)
        new = plan(w, "plain32", "--json").json()["flavors"][0]
        assert (new["name"], new["exists"], new["disk_gib"], new["public"]) == ("plain32.topology.2", False, 20, True)
    for member in ("swap", "OS-FLV-EXT-DATA:ephemeral"):
        w = one_host()
        w.flavor("plain32.topology", 32, 65536, specs=keys)
        w.flavors[-1][member] = 1
        assert plan(w, "plain32", "--json").json()["flavors"][0]["name"] == "plain32.topology.2", member


def test_plan_keeps_the_disks_of_servers():
    """Their flavor was deleted, or made anew with other disks: they have theirs."""
    for flavor in (None, {"disk": 10}):
        w = one_host()
        w.servers[0]["flavor"].update(ephemeral=10, swap=512, disk=30)
        w.flavors.clear()
        if flavor:
            w.flavor("plain32", 32, 65536, **flavor)
        new = plan(w, "plain32", "--json").json()["flavors"][0]
        assert (new["disk_gib"], new["ephemeral_gib"], new["swap_mib"]) == (30, 10, 512), new


def test_plan_leaves_out_keys_that_nova_refuses():
    w = world()
    w.server(U[5], "t", "typo")
    r = plan(w, "typo", "--json")
    keys = {k["key"]: k["after"] for k in r.json()["flavors"][0]["keys"]}
    assert keys["hw:cpu_socket"] is None and keys["hw:cpu_sockets"] == "1"
    assert "hw:cpu_socket=" not in plan(w, "typo").out


def test_plan_keeps_sizes():
    """A project's quota (20 cores by default) counts what a resize adds: a plan adds nothing."""
    w = world()
    w.server(U[5], "t", "typo")
    old = {f["name"]: f for f in w.flavors}
    new = plan(w, "--all", "--json").json()["flavors"]
    assert len(new) == 3
    for f in new:
        assert (f["vcpus"], f["ram_mib"], f["disk_gib"]) == tuple(old[f["flavor"]][k] for k in ("vcpus", "ram", "disk"))


def test_plan_says_where_guests_are_mixed():
    """The first servers with cells share a host with floating ones (N06)."""
    w = one_host()
    path = evidence("n1", capabilities=capabilities(4, 8, 24576), guest=domain(U[0], 32, 65536))
    notes = plan(w, "plain32", "--json", "--host", path).json()["flavors"][0]["notes"]
    assert any("(N06)" in n for n in notes), notes
    notes = plan(world(), U[3], "--json").json()["flavors"][0]["notes"]
    assert not any("(N06)" in n for n in notes), notes  # no cells


def test_plan_matches_by_id():
    """Two servers of one name: which is meant has to be said; instance names are never asked for."""
    w = world()
    w.server(U[5], "crm1", "plain32", number=1)
    fails(plan(w, "crm1"), "several servers of this name (give its id)")
    assert [s["id"] for s in plan(w, U[5], "--json").json()["servers"]] == [U[5]]
    fails(plan(w, "instance-00000001"), "no flavor and no server")


def test_plan_waves():
    w = world()
    for n in range(10, 22):
        w.server(U[n], "w%d" % n, "plain32", host="n%d" % (n % 3))
    w.server(U[30], "broken", "plain32", status="ERROR")
    w.server(U[31], "busy", "plain32", **{"OS-EXT-STS:task_state": "resize_prep"})
    j = plan(w, "plain32", "--json", "--wave", "2").json()
    waves = {}
    for s in j["servers"]:
        waves.setdefault(s["wave"], []).append(s["host"])
    assert len(waves[0]) == 1 and max(len(v) for v in waves.values()) == 2
    assert all(len(v) == len(set(v)) for v in waves.values()), waves
    assert sum(len(v) for v in waves.values()) == 14
    assert any("broken" in n and "ERROR" in n for n in j["notes"]) and any("resize_prep" in n for n in j["notes"])


def test_plan_forms():
    path = os.path.join(TMP.name, "plan.json")
    r = plan(world(), "plain32", "-o", path, "--name", "{flavor} a;b")
    assert r.status == 1 and "openstack flavor create --vcpus 32 --ram 65536 --disk 20" in r.out, r.out + r.err
    assert "'plain32 a;b'" in r.out and "openstack server resize --wait --flavor" in r.out
    with open(path, encoding="utf-8") as f:
        assert json.load(f)["kvmtune_cloud_plan"] == 1
    assert "A resize that is refused leaves the server ACTIVE" in r.out and "server event list" in r.out
    t = plan(world(), "plain32", "--ticket")
    for word in ("WHAT IS CHANGED", "WHO IS AFFECTED", "DOWNTIME", "LICENCES", "HOW IT IS TAKEN BACK", "64 → 4 sockets",
                 "0 servers are marked as Windows"):
        assert word in t.out, (word, t.out)
    no_secret(r)


def test_plan_nothing_to_do():
    r = plan(world(), "good4", "--json")
    assert r.status == 0 and r.json()["flavors"] == []
    fails(plan(world(), "nothing-such"), "no flavor and no server 'nothing-such'")


def test_plan_of_a_member():
    w = world()
    w.admin = False
    j = plan(w, "plain32", "--json").json()
    assert j["flavors"] == [] and any("no compute host is known" in n for n in j["notes"]), j


def test_plan_command_line():
    for arguments, words in ((["plan"], "needs one flavor"), (["plan", "a", "--all"], "needs one flavor"),
                             (["plan", "a", "--json", "--ticket"], "one of them"),
                             (["plan", "a", "--wave", "-1"], "--wave"),
                             (["plan", "a", "--wave", "0"], "--wave"), (["doctor", "--ticket"], "'cloud plan'"),
                             (["plan", "a", "--nova-release", "x"], "master")):
        fails(Run(world(), *arguments), words)


main(dict(globals()))
