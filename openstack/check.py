#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check.py STATE KVMTUNE [WORD...]: kvmtune cloud against the services that openstack/openstack has brought up (below
STATE), with their faults. TAP; only tests with one of the words in their names, if there are any."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as tree

from between import Between, Cut
from rig import Cloud, Refused

STATE, KVMTUNE, *WORDS = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
URI = os.environ["KT_LIBVIRT_URI"]
TMP = tempfile.TemporaryDirectory()
OLD, NEW = "plain4", "plain4.topology"
admin = Cloud(STATE)
image = admin.image_id()


def rig(*command):
    subprocess.run([HERE + "/openstack", *command], check=True)


class Run:
    """One run of kvmtune; `journal` is the folder of its journal."""

    def __init__(self, *arguments, between=None, cloud="kvmtune", env=None):
        own = dict(os.environ, LC_ALL="C", OS_CLOUD=cloud, **(between.environment() if between else {}), **(env or {}))
        self.process = subprocess.Popen([KVMTUNE, *arguments], env=own, stdin=subprocess.DEVNULL, cwd=TMP.name,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.out = self.err = self.status = None

    def end(self):
        self.out, self.err = self.process.communicate(timeout=240)
        self.status = self.process.returncode
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __str__(self):
        return "status %s\n%s%s" % (self.status, self.out, self.err)

    def says(self, status, *words):
        assert self.status == status, str(self)
        for word in words:
            assert word in self.out + self.err, "'%s' is not said: %s" % (word, self)
        assert status == 0 or self.err.count("\n") <= 1, "more than one line: %s" % self
        return self


def kvmtune(*arguments, **more):
    return Run(*arguments, **more).end()


# ---- one server, and what belongs to it ----

class Case:
    """A server with the old flavor, which is ACTIVE; a plan; a journal of its own."""
    server = None
    number = 0

    def __init__(self):
        Case.number += 1
        self.state = os.path.join(TMP.name, "journal%d" % Case.number)
        self.file = os.path.join(TMP.name, "plan%d.json" % Case.number)
        self.remove_new_flavors()
        self.take_server()

    @staticmethod
    def remove_new_flavors():
        for flavor in admin.nova("GET", "/flavors?is_public=none")["flavors"]:
            if flavor["name"].startswith(OLD + "."):
                admin.nova("DELETE", "/flavors/" + flavor["id"])

    @classmethod
    def take_server(cls):
        """The last test's, where it is as it was."""
        if cls.server and cls.is_as_before(cls.server):
            return
        if cls.server:
            admin.delete(cls.server)
        cls.server = admin.server("crm1", OLD, image)

    @staticmethod
    def is_as_before(server):
        try:
            now = admin.show(server)
        except Refused:
            return False
        return (now["status"], now["flavor"]["original_name"], now["OS-EXT-STS:task_state"]) == ("ACTIVE", OLD, None)

    def plan(self, change=None):
        kvmtune("cloud", "plan", OLD, "--host", URI, "--nova-release", "zed", "-o", self.file).says(1)
        if change:
            with open(self.file, encoding="utf-8") as file:
                plan = json.load(file)
            change(plan["flavors"][0])
            with open(self.file, "w", encoding="utf-8") as file:
                json.dump(plan, file)
        return self

    def start(self, *arguments, look=True, **more):
        return Run("cloud", "apply", self.file, *([URI] if look else []), "--server", self.server, "--state",
                   self.state, "--yes", *arguments, **more)

    def apply(self, *arguments, **more):
        return self.start(*arguments, **more).end()

    def tool(self, *arguments, **more):
        return kvmtune(*arguments, "--state", self.state, **more)

    def history(self):
        return json.loads(self.tool("history", "--json").out)["receipts"]

    def is_back(self):
        assert self.is_as_before(self.server), admin.show(self.server)

    def is_cured(self):
        now = admin.wait(self.server, "ACTIVE")
        assert now["flavor"]["original_name"] == NEW, now["flavor"]


def topology(server):
    """Of the running guest, by libvirt."""
    xml = subprocess.run(["virsh", "-c", URI, "dumpxml", server], check=True, capture_output=True, text=True).stdout
    found = tree.fromstring(xml).find("./cpu/topology")
    return tuple(int(found.get(key)) for key in ("sockets", "cores", "threads"))


def killer(case_run, what, after):
    """For Between: kills kvmtune before, or after, the request that does `what` has reached Nova."""
    def act(request, *_):
        if request.changes(what):
            case_run[0].kill()
            if not after:
                raise Cut()
    return {"after" if after else "before": act}


# ---- the way through ----

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


def test_a_dry_run_changes_nothing():
    case = Case().plan()
    with Between() as between:
        case.apply("--dry-run", between=between).says(0, "a dry run")
    assert not [r.url for r in between.seen if r.method != "GET" and "/auth/tokens" not in r.url]
    case.is_back()


# ---- who may what ----

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
        case.apply(between=between).says(2, "409")
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


# ---- what happens on the way ----

def test_a_token_that_is_revoked_in_the_middle_401():
    case = Case().plan()
    revoked = []

    def revoke(request):
        if request.changes("resize") and not revoked:
            revoked.append(request.token)
            admin.ask("DELETE", admin.auth["auth_url"] + "/auth/tokens", headers={"X-Subject-Token": request.token})
            time.sleep(1.5)  # for so long Nova takes it unasked
    answers = []
    with Between(before=revoke, after=lambda r, status: answers.append(status)) as between:
        case.apply(between=between).says(0)
    assert revoked and 401 in answers, answers
    case.is_cured()


def test_connections_and_answers_that_are_cut():
    cut = []

    def drop(request, *_):
        if "/servers/detail" in request.url and len(cut) < 2:
            cut.append(request.url)
            raise Cut()
    with Between(before=drop) as between:
        kvmtune("cloud", "doctor", between=between).says(1)
    cut.clear()
    with Between(after=drop) as between:
        kvmtune("cloud", "doctor", between=between).says(1)
    assert len(cut) == 2


def test_an_answer_to_a_change_that_is_cut():
    case = Case().plan()

    def drop(request, *_):
        if request.changes("resize"):
            raise Cut()
    with Between(after=drop) as between:
        run = case.apply(between=between)
    if run.status == 0:
        case.is_cured()
        return
    run.says(2)
    case.tool("rollback", "last", "--yes")
    admin.wait(case.server, "ACTIVE")
    case.is_back()


def test_nova_restarted_while_kvmtune_waits():
    case = Case().plan()
    restarted = []

    def restart(request, *_):
        if case.server in request.url and request.method == "GET" and not restarted and any(
                r.changes("resize") for r in between.seen):
            if admin.show(case.server)["status"] == "VERIFY_RESIZE":
                restarted.append(1)
                rig("kill", "nova")
                rig("start", "nova")
    with Between(before=restart) as between:
        case.apply(between=between).says(0)
    assert restarted
    case.is_cured()


def test_nova_down_is_one_line():
    rig("kill", "nova")
    try:
        kvmtune("cloud", "doctor", "--timeout", "5").says(2)
    finally:
        rig("start", "nova")


def killed(what, after, state):
    """kvmtune is killed there, and Nova comes to that state; what is rolled back then is as before, and can be done again."""
    case = Case().plan()
    run = []
    with Between(**killer(run, what, after)) as between:
        run.append(case.start(between=between))
        run[0].end()
    assert run[0].status == -signal.SIGKILL, str(run[0])
    for _ in range(100):
        now = admin.show(case.server)
        if now["status"] == state and not now["OS-EXT-STS:task_state"]:
            break
        time.sleep(0.2)
    assert now["status"] == state, now["status"]
    assert case.history(), "nothing was written down"
    back = case.tool("rollback", "last", "--yes")
    assert back.status in (0, 1), str(back)
    admin.wait(case.server, "ACTIVE")
    case.is_back()


def test_killed_before_the_flavor():
    killed("flavor", False, "ACTIVE")


def test_killed_after_the_flavor():
    killed("flavor", True, "ACTIVE")


def test_killed_after_its_keys():
    killed("extra_specs", True, "ACTIVE")


def test_killed_before_the_resize():
    killed("resize", False, "ACTIVE")


def test_killed_after_the_resize():
    killed("resize", True, "VERIFY_RESIZE")


def test_killed_before_it_is_confirmed():
    killed("confirmResize", False, "VERIFY_RESIZE")


def test_killed_after_it_is_confirmed():
    killed("confirmResize", True, "ACTIVE")


def main():
    if OLD not in [f["name"] for f in admin.nova("GET", "/flavors")["flavors"]]:
        admin.flavor(OLD, 4, 256, disk=1)
    tests = [(name[5:].replace("_", " "), test) for name, test in globals().items() if name.startswith("test_")
             and (not WORDS or any(word in name for word in WORDS))]
    print("1..%d" % len(tests), flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        start = time.monotonic()
        try:
            test()
            print("ok %d - %s (%.0f s)" % (number, name, time.monotonic() - start), flush=True)
        except Exception as e:  # noqa: BLE001
            failed += 1
            print("not ok %d - %s\n# %s" % (number, name, str(e)[:3000].replace("\n", "\n# ")), flush=True)
    return failed > 0


sys.exit(main())
