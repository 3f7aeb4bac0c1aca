# SPDX-License-Identifier: GPL-2.0-or-later
"""The way through, who may what, and what Nova does: refuses, passes over, keeps."""
import contextlib
import json
import os
import re
import time

from between import Between
from case import NEW, OLD, STATE, TMP, URI, Case, admin, image, kvmtune, rig, topology, write_json
from rig import Cloud


def test_a_doctor_names_the_flavor():
    case = Case()
    found = json.loads(kvmtune("cloud", "doctor", "--json", URI).says(1).out)
    row = next(r for r in found["rows"] if r["flavor"] == OLD)
    named = {f["check"]: f for f in row["findings"]}
    assert {"N02", "X06"} <= set(named), named
    assert case.server in json.dumps(named["X06"]), named["X06"]


def test_instance_names_that_come_twice():
    """A server that no host takes is in another database, which counts from one."""
    case = Case()
    name = admin.show(case.server)["OS-EXT-SRV-ATTR:instance_name"]
    admin.flavor("nowhere", 4, 256, hw_numa_nodes=1, hw_mem_page_size="1GB")
    lost = []
    try:
        while name not in [admin.show(server)["OS-EXT-SRV-ATTR:instance_name"] for server in lost]:
            assert len(lost) < 12, "no name came twice"
            lost.append(admin.server("lost", "nowhere", image, wait=False))
            while admin.show(lost[-1])["status"] != "ERROR":
                time.sleep(0.2)
        rows = json.loads(kvmtune("cloud", "doctor", "--json", URI).says(1).out)["rows"]
        seen = json.dumps([f["servers"] for r in rows for f in r["findings"] if f["check"] == "X06"])
        assert case.server in seen and not [server for server in lost if server in seen], seen
    finally:
        for server in lost:
            admin.delete(server)
        admin.nova("DELETE", "/flavors/nowhere")
    case.is_back()


def test_a_plan_apply_history_rollback():
    case = Case().plan()
    assert topology(case.server) == (4, 1, 1)
    case.apply().says(0)
    case.is_cured()
    assert topology(case.server)[0] < 4, topology(case.server)
    assert [r["state"] for r in case.history()] == ["done", "done"]
    case.apply().says(0, "Nothing is left")
    case.tool("rollback", "last", "--yes").says(0)
    admin.wait(case.server, "ACTIVE")
    case.is_back()
    assert topology(case.server) == (4, 1, 1)


def two_cells(flavor):
    flavor["keys"] = [{"key": "hw:numa_nodes", "before": None, "after": "2", "why": None}]
    flavor["after"] = {"sockets": 4, "cores": 1, "threads": 1, "cells": 2}


def test_the_guest_itself_is_asked():
    """By the agent in it: its view counts, not its definition alone."""
    linux = Case(admin.server("linux", OLD, admin.image_id("linux"))).plan()
    try:
        assert "does not tell" not in linux.apply().says(0).out
        linux.is_cured()
    finally:
        admin.delete(linux.server)
    other = Case(admin.server("other", OLD, admin.guest_image("one-node", "numa=off"))).plan(two_cells)
    try:
        other.apply().says(2, "the guest itself sees", "cells 1")
        admin.wait(other.server, "ACTIVE")
        other.is_back()
    finally:
        admin.delete(other.server)


def test_a_dry_run_changes_nothing():
    case = Case().plan()
    with Between() as between:
        case.apply("--dry-run", between=between).says(0, "a dry run")
    assert not [r.url for r in between.seen if r.method != "GET" and "/auth/tokens" not in r.url]
    case.is_back()


# ---- who may what ----

@contextlib.contextmanager
def policy(**rules):
    """Rules of Nova's own, besides those it has."""
    path = STATE + "/etc/policy.yaml"
    try:
        write_json(path, {"os_compute_api:servers:" + name: rule for name, rule in rules.items()})
        yield
    finally:
        write_json(path, {})  # Nova wants the file that was there once


def test_a_member_resizes_its_own_to_a_flavor_that_is_there():
    """Flavors are made by an administrator; and a policy may forbid resizes, 403."""
    member = Cloud(STATE, "member")
    case = Case(member.server("own", OLD, image)).plan()
    try:
        case.apply(cloud="member").says(2, NEW, "administrator")
        admin.flavor(NEW, 4, 256, disk=1, **case.keys())
        with policy(resize="role:admin"):
            case.apply(cloud="member").says(2, "403", "resize")
        case.is_back()
        case.apply(cloud="member").says(0)
        case.is_cured()
    finally:
        admin.delete(case.server)


def test_member_sees_its_own_and_changes_nothing():
    case = Case().plan()
    member = Cloud(STATE, "member")
    own = member.server("own", OLD, image)
    try:
        found = kvmtune("cloud", "doctor", "--json", cloud="member").says(1)
        assert own in found.out and case.server not in found.out and "node1" not in found.out, found.out
        case.apply(cloud="member").says(2)
    finally:
        admin.delete(own)
    case.is_back()


def test_a_wrong_password_is_one_line():
    with open(STATE + "/clouds.yaml", encoding="utf-8") as file:
        text = file.read()
    password = re.search("password: (.*)", text).group(1)
    wrong = os.path.join(TMP.name, "wrong.yaml")
    with open(wrong, "w", encoding="utf-8") as file:
        file.write(text.replace(password, "guessed"))
    run = kvmtune("cloud", "doctor", env={"OS_CLIENT_CONFIG_FILE": wrong}).says(2, "401")
    assert "guessed" not in run.err, run.err


# ---- what Nova does ----

def test_a_quota_403():
    """A cure has the size of the old flavor, so it takes a flavor that somebody makes anew just before the resize."""
    case = Case().plan()
    quota = "/os-quota-sets/" + admin.project

    def larger(request):
        if request.changes("resize"):
            flavor = json.loads(request.body)["resize"]["flavorRef"]
            admin.nova("DELETE", "/flavors/" + flavor)
            admin.nova("POST", "/flavors", {"flavor": {"name": NEW, "id": flavor, "vcpus": 8, "ram": 256, "disk": 1}})
    used = admin.nova("GET", quota + "/detail")["quota_set"]["cores"]["in_use"]
    admin.nova("PUT", quota, {"quota_set": {"cores": used + 1}})
    try:
        with Between(before=larger) as between:
            case.apply(between=between).says(2, "403", "Quota exceeded for cores")
    finally:
        admin.nova("DELETE", quota)
    case.is_back()


def test_a_wish_passed_over_is_reverted():
    def impossible(flavor):
        flavor["keys"] = [{"key": "hw:cpu_sockets", "before": None, "after": "3", "why": None},
                          {"key": "hw:cpu_cores", "before": None, "after": "2", "why": None}]
        flavor["after"] = {"sockets": 3, "cores": 2, "threads": 1, "cells": 0}
    case = Case().plan(impossible)
    case.apply().says(2, "passes over")
    admin.wait(case.server, "ACTIVE")
    case.is_back()


def test_a_refused_resize_is_named():
    def nowhere(flavor):
        flavor["keys"] = [{"key": "hw:mem_page_size", "before": None, "after": "1GB", "why": None}]
        flavor["after"] = {"sockets": 4, "cores": 1, "threads": 1, "cells": 1}
    case = Case().plan(nowhere)
    case.apply().says(2, "No valid host")
    case.is_back()


def test_keys_that_nova_took_unchecked_are_named():
    admin.nova("POST", "/flavors", {"flavor": {"name": "typo", "id": "typo", "vcpus": 4, "ram": 256, "disk": 0}})
    admin.nova("POST", "/flavors/typo/os-extra_specs", {"extra_specs": {"hw:cpu_socket": "2"}}, version="2.85")
    server = admin.server("typo", "typo", image)
    try:
        kvmtune("cloud", "doctor").says(1, "hw:cpu_socket")
    finally:
        admin.delete(server)
        admin.nova("DELETE", "/flavors/typo")


def test_a_servers_own_copy_of_its_flavor_counts():
    admin.flavor("own", 4, 256)
    server = admin.server("own", "own", image)
    try:
        admin.nova("POST", "/flavors/own/os-extra_specs", {"extra_specs": {"hw:cpu_sockets": "1", "hw:cpu_cores": "4"}})
        found = json.loads(kvmtune("cloud", "doctor", "--json", URI).says(1).out)
        row = next(r for r in found["rows"] if r["flavor"] == "own")
        assert {"N02", "N04"} <= {f["check"] for f in row["findings"]}, row
    finally:
        admin.delete(server)
        admin.nova("DELETE", "/flavors/own")


def test_a_resize_that_runs_already_409():
    case = Case().plan()
    admin.flavor(OLD + ".other", 4, 256, disk=1, hw_cpu_sockets=2)

    def first(request):
        if request.changes("resize"):
            admin.act(case.server, "resize", {"flavorRef": OLD + ".other"})
    with Between(before=first) as between:
        case.apply(between=between).says(2, OLD + ".other", "somebody else's")
    admin.wait(case.server, "VERIFY_RESIZE")
    admin.act(case.server, "revertResize")
    admin.wait(case.server, "ACTIVE")
    case.is_back()


def test_a_server_that_is_deleted_meanwhile():
    case = Case().plan()

    def gone(request):
        if request.changes("resize"):
            admin.delete(case.server)
    with Between(before=gone) as between:
        case.apply(between=between).says(2, "404")


def test_a_resize_that_ends_in_error():
    case = Case().plan()

    def broken(request):
        if request.changes("resize"):
            rig("kill", "libvirtd")
    try:
        with Between(before=broken) as between:
            run = case.apply(between=between)
    finally:
        rig("start", "libvirtd")
        rig("restart", "nova")
    run.says(2)
    assert "ERROR" in run.err or case.server in run.err or "crm1" in run.err, str(run)


