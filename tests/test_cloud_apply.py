#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud apply: flavors made, servers resized, looked at, confirmed or taken back. TAP."""
import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cloud_services as o  # noqa: E402
from cloud_acting import Acting  # noqa: E402
from cloud_case import NEW, OLD, Case, as_before, fault_at, refused  # noqa: E402
from cloud_run import U, Run, main, no_secret  # noqa: E402


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


def edited(case, change):
    """The plan, changed by hand."""
    with open(case.file, encoding="utf-8") as f:
        plan = json.load(f)
    change(plan)
    path = case.file + ".edited"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(plan, f)
    return path


# ---- what is refused before anything is done ----

def test_another_cloud():
    c = Case()
    path = edited(c, lambda p: p.update(endpoint="https://other.example/compute/v2.1", cloud="other"))
    refused(c, c.apply(plan=path), "the plan is of the cloud 'other'", "https://other.example")


def test_plan_of_no_cloud():
    c = Case()

    def nameless(plan):
        plan.pop("endpoint")
    refused(c, c.apply(plan=edited(c, nameless)), 'it has no "endpoint". Make it anew')


def test_server_changed_meanwhile():
    c = Case()
    c.world.flavor("tiny", 32, 65536)
    c.world.servers[0]["flavor"]["original_name"] = "tiny"
    refused(c, c.apply(), "server 'crm1': its flavor is 'tiny', the plan expects 'plain32'")
    c = Case()
    c.world.servers[0]["flavor"]["extra_specs"] = {"hw:cpu_policy": "dedicated"}
    refused(c, c.apply(), "its own copy of plain32: it has hw:cpu_policy=dedicated, the plan expects no keys")
    c = Case()
    c.world.servers[0]["flavor"]["vcpus"] = 16
    refused(c, c.apply(), "it has 16 vCPUs")
    c = Case()
    c.world.servers[0]["status"] = "SHUTOFF"
    refused(c, c.apply(), "its status is SHUTOFF, the plan expects ACTIVE")
    c = Case()
    c.world.servers[0]["status"] = "ERROR"
    refused(c, c.apply(), "its status is ERROR")
    c = Case()
    c.world.servers[0]["OS-EXT-STS:task_state"] = "rebooting"
    refused(c, c.apply(), "it is busy with rebooting")
    c = Case()
    c.world.servers[0]["OS-EXT-STS:task_state"] = "resize_prep"  # somebody else's
    refused(c, c.apply(), "it is busy with resize_prep")


def test_server_gone():
    c = Case()
    c.world.servers.clear()
    refused(c, c.apply("--server", U[0]), "server 'crm1'", "is not there any more")
    r = c.apply()
    assert r.status == 0 and "Nothing is left" in r.out, r.out + r.err
    assert "not there any more" in " ".join(r.out.split()), r.out


def test_server_of_a_cell_that_is_away():
    """Nova leaves it out of pages. Alone it is shown, without its state, and with a flavor from before."""
    c = Case(servers=3, hosts=("n1", "n2"))
    server = c.world.servers[0]
    server["status"] = "UNKNOWN"
    c.world.hidden = [server["id"]]
    refused(c, c.apply(), "server 'crm1' is not in Nova's list, and is not deleted", "its status is UNKNOWN")
    refused(c, c.apply("--wave", "1"), "its status is UNKNOWN")
    server["status"] = "ACTIVE"
    refused(c, c.apply(), "try again")
    c = Case()
    assert c.apply(look=False).status == 2 and c.flavor_of() == (NEW, "VERIFY_RESIZE")
    server = c.world.servers[0]
    new = dict(server)
    server.update(status="UNKNOWN", flavor=c.before[server["id"]][2])
    c.world.changes.clear()
    r = c.rollback(2)
    assert r.status in (1, 2) and "does not reach the cell" in " ".join((r.out + r.err).split()), r.out + r.err
    assert c.history()[0]["state"] != "undone" and not c.world.changes, c.history()
    server.update(new)
    assert c.rollback(2).status == 0
    as_before(c)


def test_member_of_another_project():
    """Nova answers as if its servers were not there: they are neither done nor taken back for that."""
    c = Case()
    assert c.apply(look=False).status == 2 and c.flavor_of() == (NEW, "VERIFY_RESIZE")
    own, c.world.servers, c.world.admin = c.world.servers, [], False
    c.world.changes.clear()
    r = c.apply()
    assert r.status == 2 and "none of the plan's servers is there" in r.err and not c.world.changes, r.out + r.err
    r = c.rollback(2)
    assert r.status == 1 and "this sign-in is no administrator's" in " ".join(r.out.split()), r.out + r.err
    assert c.history()[0]["state"] == "kept"
    c.world.servers, c.world.admin = own, True
    assert c.rollback(2).status == 0
    as_before(c)


def test_member_who_does_not_see_the_first_server():
    c = Case(servers=3, hosts=("n1", "n2"))
    c.world.flavor(NEW, 32, 65536, specs={"hw:cpu_cores": "8", "hw:cpu_sockets": "4", "hw:numa_nodes": "4"})
    first = c.world.servers.pop(0)
    c.world.admin = False
    refused(c, c.apply(), "server 'crm1' (%s) of wave 0 goes first" % first["id"], "--wave 1 or --server goes on")
    r = c.apply("--wave", "1")
    assert r.status == 0 and (NEW, "ACTIVE") in [c.flavor_of(n) for n in range(2)], r.out + r.err
    # to an administrator it is deleted
    c.world.admin = True
    assert c.apply().status == 0


def test_server_that_was_taken_back_is_left_out():
    c = Case(servers=3, hosts=("n1", "n2"))
    assert c.apply().status == 0 and c.rollback(2).status == 0
    r = c.apply()
    assert r.status == 2 and 'to leave it out, remove it from "servers" in the plan' in r.err, r.err
    r = c.apply(plan=edited(c, lambda plan: plan["servers"].pop(0)))
    assert r.status == 0 and [c.flavor_of(n)[0] for n in range(3)].count(NEW) >= 1, r.out + r.err
    assert c.flavor_of()[0] == OLD


def test_plan_edited_into_nothing():
    c = Case()

    def same(plan):
        plan["flavors"][0]["name"] = OLD
        plan["servers"][0]["new"] = OLD
    refused(c, c.apply(plan=edited(c, same)), "flavors[0].name: expected a name other than the old flavor's")


def test_new_flavor_is_another_one():
    c = Case()
    c.world.flavor(NEW, 32, 65536, specs={"hw:cpu_sockets": "2"})
    refused(c, c.apply(), "the flavor '%s' is there and has hw:cpu_sockets=2; the plan expects hw:cpu_cores=8" % NEW)
    c = Case()
    c.world.flavor(NEW, 16, 65536)
    refused(c, c.apply(), "is there and has 16 vCPUs", "the plan expects 32 vCPUs")
    c = Case()
    refused(c, c.apply(plan=edited(c, lambda p: p["flavors"][0].update(exists=True))), "it is not there any more")


def test_order_of_waves():
    c = Case(servers=3, hosts=("n1", "n2"))
    refused(c, c.apply("--wave", "1"), "server 'crm1' of wave 0 does not have its new flavor yet")
    refused(c, c.apply("--wave", "7"), "of wave 0 does not have")
    refused(c, c.apply("--server", "crm9"), "the plan has no server 'crm9'")
    # whatever the order of the document
    turned = edited(c, lambda plan: plan["servers"].reverse())
    refused(c, c.apply("--wave", "1", plan=turned), "server 'crm1' of wave 0 does not have its new flavor yet")
    assert c.apply(plan=turned).status == 0
    assert [c.flavor_of(n)[0] for n in range(3)] == [NEW, OLD, OLD]


def test_command_line():
    c = Case()
    for arguments, words in ((["--server", U[0], "--wave", "0"], "one of --server and --wave"),
                             (["--wave", "-3"], "--wave is a number"), (["--limit", "-1"], "--limit"),
                             (["--json"], "none of the options"), (["--project"], "none of the options")):
        refused(c, c.apply(*arguments), words)
    refused(c, c.run("apply"), "needs a plan")
    refused(c, c.run("apply", c.file), "no terminal to ask on")
    refused(c, c.run("plan", OLD, "--yes"), "are for 'cloud apply'")
    refused(c, Run(c.world, "doctor", "--dry-run"), "are for 'cloud apply'")
    for text in ("", "{}", "[" * 100, '{"kvmtune_cloud_plan": 2}'):
        with open(c.file + ".bad", "w", encoding="utf-8") as f:
            f.write(text)
        refused(c, c.apply(plan=c.file + ".bad"), c.file + ".bad: ")


def test_member():
    c = Case()
    c.world.admin = False
    refused(c, c.apply(), "the flavor '%s' has to be made first, which is an administrator's" % NEW)
    c.world.flavor(NEW, 32, 65536, specs={"hw:cpu_cores": "8", "hw:cpu_sockets": "4", "hw:numa_nodes": "4"})
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
    assert [x["scope"] for x in c.history()] == ["server crm1"]


# ---- one server first, then waves ----

def test_waves():
    c = Case(servers=5, hosts=("n1", "n2", "n3"))
    assert c.apply().status == 0
    assert [c.flavor_of(n)[0] == NEW for n in range(5)].count(True) == 1
    r = c.apply()
    done = [n for n in range(5) if c.flavor_of(n) == (NEW, "ACTIVE")]
    assert r.status == 0 and len(done) > 2, r.out + r.err
    while len(done) < 5:
        r = c.apply()
        assert r.status == 0, r.out + r.err
        done = [n for n in range(5) if c.flavor_of(n) == (NEW, "ACTIVE")]
    assert "Nothing is left" in c.apply().out
    assert len(c.history()) == 6 and sum("flavor" in b for _, _, b in c.world.changes) == 1
    # one server back, the others stay
    last = c.history()[0]
    assert c.rollback(last["receipt"]).status == 0
    assert sum(c.flavor_of(n)[0] == OLD for n in range(5)) == 1


def test_busy_server_that_is_done():
    """Whatever is at work on it: it has its new flavor."""
    c = Case(servers=3, hosts=("n1", "n2"))
    assert c.apply().status == 0
    first = next(s for s in c.world.servers if s["flavor"]["original_name"] == NEW)
    first["OS-EXT-STS:task_state"] = "image_snapshot"
    r = c.apply()
    assert r.status == 0 and sum(c.flavor_of(n)[0] == NEW for n in range(3)) > 1, r.out + r.err
    # but for what it is waited for
    first.update({"OS-EXT-STS:task_state": "resize_reverting", "status": "REVERT_RESIZE"})
    r = c.apply()
    assert r.status == 2 and "it is busy with resize_reverting" in r.err, r.out + r.err


def test_wave_ends_at_the_first_failure():
    c = Case(servers=4, hosts=("n1", "n2", "n3"))
    assert c.apply().status == 0
    c.world.no_valid_host = True
    r = c.apply()
    assert r.status == 2 and "No valid host was found" in r.err, r.out + r.err
    assert sum(list(b)[0] == "resize" for _, _, b in c.world.changes) == 2, c.world.changes
    assert c.history()[0]["state"] == "failed"


# ---- the traps ----

def test_refused_resize_leaves_no_trace():
    c = Case()
    c.world.no_valid_host = True
    r = c.apply()
    assert r.status == 2 and r.err.count("\n") == 1, r.err
    assert "Nova gave up the resize" in r.err and "No valid host was found. No valid host found for resize" in r.err
    as_before(c)
    step = c.history(2)["steps"][0]
    assert step["state"] == "failed" and step["found"] == OLD, step
    c.world.no_valid_host = False
    assert c.apply().status == 0 and c.flavor_of() == (NEW, "ACTIVE")
    no_secret(r)


def test_wish_that_nova_passes_over():
    c = Case()
    c.world.override = (2, 16, 1, 4)
    r = c.apply()
    assert r.status == 2 and "the guest has sockets 2, cores 16, threads 1, cells 4, and not sockets 4" in r.err, r.err
    assert "Not as planned: it goes back." in r.out
    as_before(c)
    h = c.history()[0]
    assert h["state"] == "undone" and "topology of 'crm1'" in h["error"], h
    assert [list(b)[0] for _, _, b in c.world.changes][-2:] == ["resize", "revertResize"]
    c.world.changes.clear()
    again = c.apply()
    assert again.status == 2 and "was taken back (receipt 2" in again.err and not c.world.changes, again.err
    c.world.override = None
    assert c.apply("--server", "crm1").status == 0 and c.flavor_of() == (NEW, "ACTIVE")


def test_keys_are_checked_by_nova():
    c = Case()
    path = edited(c, lambda p: p["flavors"][0]["keys"].append({"key": "hw:cpu_socket", "after": "2"}))
    r = c.apply(plan=path)
    assert r.status == 2 and "does not appear to be a valid extra spec" in r.err, r.err
    as_before(c)
    versions = [h["OpenStack-API-Version"] for m, p, h in c.world.seen if m == "POST" and "os-extra_specs" in p]
    assert versions and all(int(v.split(".")[1]) >= 86 for v in versions), versions


def test_old_flavor_is_another_one_by_now():
    for change, words in ((lambda w: w.flavors.pop(0), "there is no flavor 'plain32' any more"),
                          (lambda w: w.flavors[0]["extra_specs"].update({"hw:numa_nodes": "2"}),
                           "the flavor 'plain32' is another one now: it has hw:numa_nodes=2"),
                          (lambda w: w.flavors[0].update(disk=200), "is another one now: it has 32 vCPUs, 65536 MiB, "
                           "disk 200 GiB")):
        c = Case()
        assert c.apply().status == 0
        change(c.world)
        r = c.rollback(2)
        assert r.status == 1 and words in " ".join(r.out.split()), r.out + r.err
        assert c.flavor_of() == (NEW, "ACTIVE") and c.history()[0]["state"] == "kept"
    # before it is confirmed Nova itself has the old one
    c = Case()
    assert c.apply(look=False).status == 2 and c.flavor_of() == (NEW, "VERIFY_RESIZE")
    c.world.flavors.pop(0)
    assert c.rollback(2).status == 0
    as_before(c)


def test_resize_while_another_runs():
    c = Case()

    def busy(h):
        c.world.servers[0]["OS-EXT-STS:task_state"] = "image_snapshot"
        return False
    fault_at(c.world, "POST", "/servers/", busy)
    r = c.apply()
    assert r.status == 2 and "409" in r.err and "while it is in task_state image_snapshot" in r.err, r.err
    c.world.servers[0]["OS-EXT-STS:task_state"] = None
    as_before(c)


def test_neutron_is_missing():
    c = Case()
    fault_at(c.world, "GET", "/servers/" + U[0], o.status(500, {"computeFault": {"message": "EndpointNotFound"}}))
    refused(c, c.apply(), "500: the service failed", "EndpointNotFound")


def test_quota():
    c = Case()
    c.world.cores_left = 0
    r = c.apply()
    assert r.status == 2 and "403" in r.err and "Quota exceeded for cores" in r.err, r.err
    as_before(c)


def test_resize_ends_in_error():
    c = Case()
    c.world.fails = "Unable to use shared storage"
    r = c.apply()
    assert r.status == 2 and "its status is ERROR: Unable to use shared storage" in r.err, r.err
    assert c.history()[0]["state"] == "failed"
    r = c.rollback(2)
    assert r.status == 1 and "its status is ERROR" in " ".join(r.out.split()), r.out


def test_secret_in_the_words_of_nova():
    c = Case()
    c.world.fails = "cannot sign in with " + o.PASSWORD
    r = c.apply()
    assert r.status == 2 and "its status is ERROR: its words are not shown: they hold a secret" in r.err, r.err
    no_secret(r)
    c = Case()
    c.world.no_valid_host = True
    c.world.refuse = lambda action, words: Acting.refuse(c.world, action, "gAAAA-2 " + o.PASSWORD)
    r = c.apply()
    assert r.status == 2 and "as before: its words are not shown" in r.err, r.err
    no_secret(r)
    for number in (1, 2):
        no_secret(c.tool("history", str(number), "--json"))


def test_server_deleted_meanwhile():
    c = Case()
    c.world.vanishes = True
    r = c.apply()
    assert r.status == 2 and "is not there any more" in r.err, r.err
    r = c.rollback(2)
    assert r.status == 0 and c.history()[0]["state"] == "undone", r.out + r.err


def test_nova_confirms_by_itself():
    c = Case()
    c.world.auto_confirm = True
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
    assert not any("confirmResize" in b for _, _, b in c.world.changes)
    c = Case()
    c.world.auto_confirm = True
    c.world.override = (2, 16, 1, 4)
    r = c.apply()
    assert r.status == 2 and "the guest has sockets 2" in r.err, r.err
    as_before(c)  # by a second resize: it was too late to revert


def test_nova_confirms_in_the_last_moment():
    """Between the look at the guest and the request that follows from it."""
    for override, status, words in ((None, 0, ""), ((2, 16, 1, 4), 2, "the guest has sockets 2")):
        c = Case()
        c.world.override = override

        def overtake(h, server=c.world.servers[0]):
            if h.path.endswith("/action") and server["status"] == "VERIFY_RESIZE":
                server["status"] = "ACTIVE"
            return False
        c.world.faults.append(["", -1, overtake])
        r = c.apply()
        assert r.status == status and words in r.err, r.out + r.err
        if override:  # back by a second resize, which was overtaken too
            as_before(c)
        else:
            assert c.flavor_of() == (NEW, "ACTIVE") and c.history()[0]["state"] == "done", c.history()


def test_time_limit():
    c = Case()
    c.world.polls = 1000
    r = c.apply("--limit", "1")
    assert r.status == 2 and "not at its end after 1 s, and Nova goes on: its status is RESIZE, at work on" in r.err, r.err
    assert c.history()[0]["state"] == "failed"
    c.world.polls = c.world.work[U[0]]["left"] = 3
    r = c.apply()  # takes it on
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
    assert sum("resize" in b for _, _, b in c.world.changes) == 1, c.world.changes
    assert c.rollback("last").status == 0
    as_before(c)


def test_stopped_by_the_user():
    c = Case()
    c.world.polls = 12
    seen = []

    def ask_to_stop(h):
        if h.command == "GET" and h.path.endswith("/servers/" + U[0]) and c.world.work:
            seen.append(1)
            if len(seen) == 3:
                c.world.process.send_signal(signal.SIGINT)
        return False
    c.world.faults = [["", -1, ask_to_stop]]
    r = c.apply()
    assert r.status == 2 and "stopped at step 1, resize of 'crm1': waiting was ended, and Nova goes on" in r.err, r.err
    assert c.history()[0]["state"] == "stopped" and "waiting was ended, and Nova goes on" in c.history(2)["steps"][0]["error"]
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err
    assert sum("resize" in b for _, _, b in c.world.changes) == 1


def test_reverted_by_somebody_else():
    """Who saw the guest and did not want it is not overruled by the next run."""
    c = Case()
    assert c.apply(look=False).status == 2 and c.flavor_of() == (NEW, "VERIFY_RESIZE")
    server = c.world.servers[0]
    server["flavor"], server["status"] = c.world.old.pop(server["id"])
    c.world.define(server)
    c.world.changes.clear()
    r = c.apply()
    assert r.status == 2 and "(receipt 2), and somebody else took that back" in r.err and not c.world.changes, r.err
    assert c.apply("--server", "crm1").status == 0 and c.flavor_of() == (NEW, "ACTIVE")


def test_slow_confirmation():
    """Nova shows nothing of it but its action, which cannot always be seen."""
    c = Case()
    confirm = c.world.confirm

    def slowly(server):
        c.world.polls = 40
        return confirm(server)
    c.world.confirm = slowly
    asked = []

    def away(h):
        asked.append(1)
        return len(asked) > 3 and o.status(500)(h)
    c.world.faults.append(["os-instance-actions", -1, away])
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE") and len(asked) > 30, r.out + r.err


def test_stopped_while_nova_wants_a_pause():
    """What was refused for now is not sent after the user said stop."""
    c = Case()

    def too_many(h):
        h.give(429, {}, [("Retry-After", "50")])
        c.world.process.send_signal(signal.SIGINT)
        return True
    fault_at(c.world, "POST", "/action", too_many)
    r = c.apply()
    assert r.status == 2 and "stopped at step 1, resize of 'crm1'" in r.err and "429" in r.err, r.err
    assert not any("resize" in b for _, _, b in c.world.changes), c.world.changes
    as_before(c)


def test_cut_off_and_taken_on():
    c = Case()
    c.world.faults = [["", -1, lambda h: h.command == "POST" and "/action" in h.path and
                       (c.world.process.kill() or o.cut_connection(h))]]
    assert c.apply().status == -signal.SIGKILL
    assert [(x["state"], x["interrupted"]) for x in c.history()] == [("running", True), ("done", False)]
    c.world.faults = []
    assert c.apply().status == 0
    h = c.history()
    assert [x["state"] for x in h] == ["done", "stopped", "done"] and "receipt 3 went on with it" in h[1]["error"], h


def test_api_is_away_meanwhile():
    c = Case()
    left = [0]

    def away(h):
        if h.command == "POST" and "/servers/" in h.path:
            left[0] = 9
            return False
        left[0] -= 1
        return left[0] >= 0 and o.status(503)(h)
    c.world.faults.append(["/compute", -1, away])
    r = c.apply()
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE"), r.out + r.err


def test_stopped_while_a_question_has_to_wait():
    c = Case()

    def too_many(h):
        h.give(429, {}, [("Retry-After", "50")])
        c.world.process.send_signal(signal.SIGINT)
        return True

    def asked(h):
        return bool(c.world.work) and too_many(h)
    fault_at(c.world, "GET", "/servers/" + U[0], asked, skip=3)
    r = c.apply()
    assert r.status == 2 and "waiting was ended, and Nova goes on: GET" in r.err and "429" in r.err, r.err
    assert c.apply().status == 0 and c.flavor_of() == (NEW, "ACTIVE")


def test_colours():
    c = Case()
    assert "\x1b[" in c.apply("--dry-run", "--color", "always").out
    assert "\x1b[" not in c.apply("--dry-run").out
    assert "\x1b[" in c.apply("--color", "always").out.split("[ 1/3]")[1]


# ---- its load ----

def test_load_that_cannot_be_measured():
    c = Case()
    told = c.apply("--dry-run", "--verify", "1s")
    assert "load of 'crm1'" in told.out and told.status == 0, told.out + told.err
    r = c.apply("--verify", "1s")  # no guest of this machine
    assert r.status == 0 and c.flavor_of() == (NEW, "ACTIVE") and "Not measured before" in r.out, r.out + r.err
    h = c.history(2)
    assert h["verdict"] == "cannot tell" and [s["kind"] for s in h["steps"]] == ["resize", "topology", "load", "resize"]
    assert c.rollback(2).status == 0
    as_before(c)
    told = c.apply("--dry-run", "--verify", "100s", "--server", "crm1")
    assert told.status == 0 and "easur" not in told.out, told.out + told.err


main(dict(globals()))
