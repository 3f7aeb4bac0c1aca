#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud doctor against services that answer as real ones do, and misbehave. TAP."""
import ast
import json
import os
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cloud_services as o  # noqa: E402
from cloud_run import TMP, U, Run, capabilities, checks, doctor, domain, evidence, fails, main, no_secret  # noqa: E402
from cloud_run import world  # noqa: E402


def test_the_case():
    r = doctor(world())
    assert r.status == 1, r.err
    assert checks(r.row("plain32")) == {"N02": 2}, r.row("plain32")
    assert r.json()["rows"][0]["flavor"] == "plain32"
    assert r.row("plain32")["hosts"] == 2 and r.row("good4")["findings"] == []
    no_secret(r)


def test_images_properties_count():
    r = doctor(world())
    hidden = next(x for x in r.json()["rows"] if x["image"] == "hidden")
    assert hidden["flavor"] == "plain32" and hidden["findings"] == [], hidden
    # an image that is not in the list was asked for alone
    assert any(p == "/image/v2/images/i2" for _, p, _ in r.world.seen)


def test_old_copy():
    r = doctor(world())
    row = r.row("changed")
    assert row["old_copy"] == 1 and checks(row)["N04"] == 1 and checks(row)["N02"] == 1, row


def test_key_that_nova_does_not_know():
    w = world()
    w.server(U[5], "t", "typo")
    row = doctor(w).row("typo")
    assert any("hw:cpu_socket=2" in k and "hw:cpu_sockets" in k for k in row["keys"]), row
    assert checks(row)["N02"] == 1


def test_wish_that_cannot_be():
    """3 sockets x 2 cores of 4 vCPUs: Nova makes 2 x 2 without a word, so that the wish is no fact."""
    w = world()
    w.flavor("wish", 4, specs={"hw:cpu_sockets": "3", "hw:cpu_cores": "2"})
    w.server(U[5], "x", "wish")
    row = doctor(w).row("wish")
    assert any(k.startswith("hw:cpu_sockets=3: ") for k in row["keys"]), row
    assert not any(k.startswith("hw:cpu_cores") for k in row["keys"]) and row["findings"] == [], row


def test_kinds_of_guests_on_a_host():
    """N06 by the flavors of each host's servers; those that are off take nothing."""
    def of_hosts(w):
        return [t for t in doctor(w).json()["host_findings"] if t.startswith("N06")]
    w = world()
    w.flavor("cells", 8, specs={"hw:numa_nodes": "2", "hw:cpu_sockets": "2", "hw:cpu_cores": "4"})
    assert of_hosts(w) == []
    w.server(U[5], "a", "cells", host="n1")
    w.server(U[6], "b", "cells", host="n2", status="SHUTOFF")
    assert of_hosts(w) == ["N06: Floating and NUMA guests mixed on a host (1 host)"], of_hosts(w)
    w.servers[-1]["status"] = "ACTIVE"
    assert of_hosts(w) == ["N06: Floating and NUMA guests mixed on a host (2 hosts)"]
    w.admin = False  # who does not see hosts cannot be told
    assert of_hosts(w) == []


LSCPU = """Architecture: x86_64
CPU(s): 64
Thread(s) per core: 2
Core(s) per socket: 8
Socket(s): 4
Vendor ID: GenuineIntel
CPU family: 6
Model: 85
Stepping: 7
"""


def test_what_hosts_tell_of_flavors():
    """N01 by one nova.conf for all hosts or by each host's own; N03 by their nodes; N05 by the flavor alone."""
    def paste(host):
        return "".join("[root@%s ~]# %s\n" % (host, t) for t in ("lscpu\n" + LSCPU, "virsh capabilities\n" +
                                                                capabilities(4, 8, 65536), ""))
    w = world()
    w.flavor("odd", 8, specs={"hw:numa_nodes": "4", "hw:cpu_sockets": "2", "hw:cpu_cores": "4"})
    w.server(U[5], "odd1", "odd")
    hosts = [evidence("hosts/" + n, paste=paste(n)) for n in ("n1", "n2")]
    confs = []
    for n in ("n1", "n2"):
        confs.append(os.path.join(TMP.name, "hosts", n + ".nova.conf"))
        with open(confs[-1], "w", encoding="utf-8") as f:
            f.write("[libvirt]\nvirt_type = kvm\ncpu_mode = host-model\n")
    for given in (confs[:1], confs):
        r = doctor(w, *hosts, *given)
        assert checks(r.row("plain32")) == {"N02": 2, "N03": 2} and checks(r.row("odd")) == {"N05": 1}, r.out
        assert any(t.startswith("N01: cpu_mode=host-model though the 2 hosts have the same CPU")
                   for t in r.json()["host_findings"]), (given, r.json()["host_findings"])


def test_image_of_windows():
    w = world()
    w.image("i3", "erp-win2k22", os_distro="windows")
    w.server(U[5], "erp", "good4", image="i3")
    row = next(r for r in doctor(w).json()["rows"] if r["image"] == "erp-win2k22")
    assert checks(row) == {"N08": 1}, row


def test_definition_that_nova_did_not_write():
    nova = ("<metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'><nova:name>web</nova:name>"
            "</nova:instance></metadata><cputune><vcpupin vcpu='0' cpuset='3'/></cputune>")
    path = evidence("traces", guest=domain(U[2], 4, 4096, pins=nova))
    row = doctor(world(), path).row("good4")
    assert checks(row)["N09"] == 1, row


def test_unused_flavor():
    w = world()
    w.flavor("idle64", 64)
    row = doctor(w).row("idle64")
    assert row["servers"] == 0 and [f["check"] for f in row["findings"]] == ["N02"]
    assert any("hw:cpu_socket=2" in k for k in doctor(w).row("typo")["keys"])


def test_definitions_are_joined_by_uuid():
    path = evidence("join", instance=domain(U[1].upper(), 32, 65536))
    r = doctor(world(), path)
    row = r.row("plain32")
    found = next(f for f in row["findings"] if f["check"] == "X06")
    # both servers have this instance name (cells): only the one with the UUID is meant
    assert found["servers"] == [U[1]] and found["seen"] == 1 and row["defined"] == 1, row
    assert [s["defined"] for s in r.json()["servers"][:2]] == [False, True]


def test_text_and_page():
    page = os.path.join(TMP.name, "page.html")
    r = Run(world(), "doctor", "--html", page)
    assert r.status == 1 and "plain32 (image linux): 2 servers on 2 hosts" in r.out, r.out
    assert "unknown (X03 X06 X11)" in r.out
    with open(page, encoding="utf-8") as f:
        text = f.read()
    assert "plain32" in text and "32 vCPUs become 32 sockets" in text
    no_secret(r)


def test_member():
    w = world()
    w.admin = False
    r = doctor(w)
    assert r.status == 1, r.err
    j = r.json()
    assert j["all_projects"] is False and j["hosts"] is None and len(j["servers"]) == 5
    assert j["servers"][0]["host"] is None and r.row("plain32")["hosts"] == 2  # by Nova's hash
    assert sum("administrator" in n for n in j["notes"]) == 3, j["notes"]


def test_only_the_project():
    r = doctor(world(), "--project")
    assert r.json()["all_projects"] is False
    assert not any("all_tenants" in p for _, p, _ in r.world.seen)


def test_old_nova():
    w = world()
    w.newest = "2.38"
    r = doctor(w)
    assert all(r2["old_copy"] is None for r2 in r.json()["rows"] if r2["servers"]), r.out
    assert any("2.38" in n for n in r.json()["notes"])
    assert any(p.endswith("/flavors/plain32-id/os-extra_specs") for _, p, _ in r.world.seen)


def test_pages():
    w = world()
    w.page = 100
    w.next_origin = "http://127.0.0.1:1"  # nobody is there: links are not followed
    for n in range(5, 1200):
        w.server(U[n], "s%d" % n, "good4", number=n)
    r = doctor(w)
    assert len({s["id"] for s in r.json()["servers"]}) == 1200
    assert sum("/servers/detail" in p for _, p, _ in w.seen) == 13  # a full last page has a next one


def test_server_deleted_between_pages():
    w = world()
    w.page = 3

    def delete(h):
        w.servers = [s for s in w.servers if s["id"] != U[2]]
        w.servers.append(dict(w.servers[0], id=U[9]))
    w.faults = [["marker=", 1, delete]]
    ids = [s["id"] for s in doctor(w).json()["servers"]]
    assert ids == [U[0], U[1], U[2], U[3], U[4], U[9]], ids


def test_pages_that_repeat():
    w = world()
    w.faults = [["/servers/detail", -1, o.status(200, {"servers": w.servers[:1], "servers_links": [{"rel": "next"}]})]]
    fails(doctor(w), "/servers/detail: the next page brings nothing new")


def test_token_expires_in_the_middle():
    w = world()
    w.page = 1
    w.token_uses = 3
    r = doctor(w)
    assert len(r.json()["servers"]) == 5 and len(w.sign_ins) > 1
    no_secret(r)


def test_token_is_refused_again():
    w = world()
    w.faults = [["/servers/detail", -1, o.status(401)]]
    fails(doctor(w), "/servers/detail", "401", "have expired")
    assert len(w.sign_ins) == 2


def test_wrong_password():
    r = doctor(world(), env={"OS_PASSWORD": "other-Pa55"})
    fails(r, "/identity/v3/auth/tokens: 401", "requires authentication")
    assert "other-Pa55" not in r.err


def test_service_repeats_the_password():
    w = world()
    w.faults = [["/auth/tokens", -1, o.status(400, {"error": {"message": "bad: " + o.PASSWORD}})]]
    fails(doctor(w), "400", "not shown")


def test_statuses():
    for code, words in ((403, "not allowed"), (404, "it is not there"), (409, "something else is under way"), (500, "the service failed")):
        w = world()
        w.faults = [["/flavors/detail", -1, o.status(code, {"x": {"message": "because\nof\x1b[31m that"}})]]
        fails(doctor(w), "/flavors/detail: %d: %s" % (code, words), "(because of [31m that)")
    w = world()
    w.faults = [["/flavors/detail", -1, o.status(502, b"<html><h1>Bad Gateway</h1></html>",
                                                 ("Content-Type", "text/html"))]]
    fails(doctor(w), "502", "(Bad Gateway)")


def test_nova_without_neutron():
    """Nova asks Neutron whenever it shows servers: without an address of it in the catalogue it fails itself."""
    w = world()
    w.faults = [["/servers/detail", -1, o.status(500, {"computeFault": {"code": 500, "message": (
        "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
        "possible.\n<class 'keystoneauth1.exceptions.catalog.EndpointNotFound'>")}})]]
    fails(doctor(w), "/servers/detail: 500: the service failed", "EndpointNotFound")
    fails(Run(w, "plan", "plain32"), "EndpointNotFound")


def test_live_and_stored_definition():
    """libvirt shows a running guest's host-model as the model that it became: both are judged alike."""
    stored = domain(U[0], 32, 65536).replace("<cpu mode='custom'><model>qemu64</model>",
                                             "<cpu mode='host-model' check='partial'>")
    live = stored.replace("<cpu mode='host-model' check='partial'>",
                          "<cpu mode='custom' match='exact' check='full'><model fallback='forbid'>EPYC</model><vendor>AMD"
                          "</vendor><feature policy='disable' name='topoext'/>").replace("<domain ", "<domain id='7' ")
    assert "host-model" in stored and "host-model" not in live
    found = []
    for name, text in (("stored", stored), ("live", live)):
        row = doctor(world(), evidence(name, guest=text)).row("plain32")
        assert row["defined"] == 1
        found.append({f["check"]: f["servers"] for f in row["findings"] if f["seen"]})
    assert found[0]["X06"] == [U[0]] and found[0]["X06"] == found[1]["X06"], found
    assert found[0].get("X11") == found[1].get("X11"), found


def test_dedicated_and_shared_cells_on_a_host():
    """Without cpu_dedicated_set both are on the same CPUs; Nova's API does not tell, nova.conf does."""
    w = world()
    w.flavor("pins", 4, specs={"hw:cpu_policy": "dedicated", "hw:cpu_sockets": "1"})
    w.flavor("cells", 4, specs={"hw:numa_nodes": "1", "hw:cpu_sockets": "1"})
    w.servers = []
    w.server(U[5], "a", "pins")
    w.server(U[6], "b", "cells")

    def mixed(*arguments):
        return [t for t in doctor(w, *arguments).json()["host_findings"] if t.startswith("N06")]
    assert mixed() == []
    conf = os.path.join(evidence("confs"), "nova.conf")
    for text, count in (("", 1), ("cpu_dedicated_set = 2-31\ncpu_shared_set = 0,1\n", 0)):
        with open(conf, "w", encoding="utf-8") as f:
            f.write("[DEFAULT]\ndebug = false\n[libvirt]\nvirt_type = kvm\n[compute]\n" + text)
        assert len(mixed(conf)) == count, (text, mixed(conf))


def test_asked_to_wait():
    for code in (429, 503):
        w = world()
        w.faults = [["/flavors/detail", 2, o.status(code, {}, ("Retry-After", "0"))]]
        assert doctor(w).status == 1
    w = world()
    w.faults = [["/flavors/detail", -1, o.status(503)]]
    fails(doctor(w), "503", "not ready")
    w = world()
    w.faults = [["/flavors/detail", -1, o.status(429, {}, ("Retry-After", "86400"))]]
    fails(doctor(w), "429", "too many requests")


def test_connection_is_cut():
    w = world()
    w.faults = [["/servers/detail", 1, o.cut_connection]]
    assert len(doctor(w).json()["servers"]) == 5
    w = world()
    w.faults = [["/servers/detail", -1, o.cut_connection]]
    fails(doctor(w), "/servers/detail: the connection was cut")


def test_answer_is_cut():
    w = world()
    w.faults = [["/servers/detail", 1, o.cut_answer]]
    assert len(doctor(w).json()["servers"]) == 5
    w = world()
    w.faults = [["/servers/detail", -1, o.cut_answer]]
    fails(doctor(w), "/servers/detail: the answer was cut off")


def test_not_json():
    for body in (b"", b"<html>login</html>", b'{"servers": [', b"[1, 2]", b'{"servers": {}}', b"\xff\xfe{}"):
        w = world()
        w.faults = [["/servers/detail", -1, o.status(200, body)]]
        fails(doctor(w), "/servers/detail:")
    w = world()
    w.faults = [["/auth/tokens", -1, o.status(201, b"{}")]]
    fails(doctor(w), "no token is in the answer")
    w = world()
    w.faults = [["/auth/tokens", -1, o.status(201, b"{}", ("X-Subject-Token", "gAAAA-x"))]]
    fails(doctor(w), "expected a token")
    w = world()
    w.faults = [["/compute/v2.1/", -1, o.status(200, {"versions": []})]]
    fails(doctor(w), "no microversions")


def test_huge_answer():
    w = world()
    w.faults = [["/servers/detail", -1, o.huge]]
    fails(doctor(w), "larger than 32 MiB")


def test_other_origin():
    other = o.World()
    server = o.start(other)
    w = world()
    w.faults = [["/servers/detail", -1, o.status(302, {}, ("Location", "http://127.0.0.1:%d/x" % server.server_port))]]
    fails(doctor(w), "leads to another origin")
    o.end(server)
    assert other.seen == [], other.seen  # the token has not left


def test_redirect_within_the_origin():
    w = world()
    w.faults = [["/compute/v2.1/", 1, o.status(302, {}, ("Location", "/compute/v2.1"))]]
    assert doctor(w).status == 1
    w = world()
    w.faults = [["/compute/v2.1/", -1, o.status(302, {}, ("Location", "/compute/v2.1/"))]]
    fails(doctor(w), "in a circle")


def test_slow():
    w = world()
    w.faults = [["/servers/detail", -1, o.slow(3)]]
    fails(doctor(w, "--timeout", "0.5"), "no answer within 0.5 s")


def test_nobody_there():
    fails(doctor(world(), env={"OS_AUTH_URL": "http://127.0.0.1:1/v3"}), "http://127.0.0.1:1/v3/auth/tokens: ")


def test_credential():
    r = doctor(world(), sign_in={"OS_AUTH_URL": "@URL@/identity", "OS_APPLICATION_CREDENTIAL_ID": "21dc",
                                 "OS_APPLICATION_CREDENTIAL_SECRET": o.SECRET,
                                 "OS_AUTH_TYPE": "v3applicationcredential"})
    assert r.status == 1, r.err
    assert "scope" not in r.world.sign_ins[0]["auth"]
    no_secret(r)


def test_token():
    r = doctor(world(), sign_in={"OS_AUTH_URL": "@URL@/identity/v3", "OS_TOKEN": "unscoped", "OS_PROJECT_ID": "p1"})
    assert r.status == 1, r.err
    assert r.world.sign_ins[0]["auth"]["scope"] == {"project": {"id": "p1"}}
    no_secret(r)


def test_no_keystone():
    w = world()
    w.no_auth = "admin:admin"
    how = {"OS_AUTH_TYPE": "none", "OS_TOKEN": "admin:admin", "OS_ENDPOINT": "@URL@/compute/v2.1"}
    r = doctor(w, sign_in=how)
    assert r.status == 1 and any("image service" in n for n in r.json()["notes"]), r.err
    w = world()
    w.no_auth = "admin:admin"
    how["OS_IMAGE_ENDPOINT_OVERRIDE"] = "@URL@/image"
    assert doctor(w, sign_in=how).row("plain32")["image"] == "linux"
    w = world()
    w.no_auth = "other"
    fails(doctor(w, sign_in=how), "401")


def test_clouds_yaml():
    w = world()
    server = o.start(w)
    path = os.path.join(TMP.name, "clouds.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write("clouds:\n  site:\n    region_name: RegionOne\n    auth:\n      auth_url: http://127.0.0.1:%d/identity\n"
                "      username: ops\n      project_name: crm\n  b: {}\n" % server.server_port)
    with open(os.path.join(TMP.name, "secure.yaml"), "w", encoding="utf-8") as f:
        f.write("clouds: {site: {auth: {password: '%s'}}}\n" % o.PASSWORD)
    r = doctor(world(), "--os-cloud", "site", sign_in={})
    assert r.status == 1 and r.json()["cloud"] == "site", r.err
    fails(doctor(world(), "--os-cloud", "site", "--os-region-name", "Nowhere", sign_in={}), "no compute service")
    fails(doctor(world(), sign_in={}), "several clouds", "it has 'site', 'b'")
    fails(doctor(world(), "--os-cloud", "sight", sign_in={}), "no cloud 'sight'; it has 'site', 'b'")
    o.end(server)
    os.unlink(path)


def certificate():
    key, cert = os.path.join(TMP.name, "key.pem"), os.path.join(TMP.name, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days",
                    "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True,
                   capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


def test_tls():
    try:
        context, cert = certificate()
    except FileNotFoundError:
        return "openssl is not there"
    fails(doctor(world(), context=context), "certificate cannot be verified")
    assert doctor(world(), "--os-cacert", cert, context=context).status == 1
    assert doctor(world(), "--insecure", context=context).status == 1
    return None


def test_certificates_that_are_not_there():
    w = world()
    fails(doctor(w, "--os-cacert", "nothing-there.pem"), "cannot read the certificates in 'nothing-there.pem'")
    fails(doctor(w, env={"OS_CERT": "nothing-there.pem"}), "nothing-there.pem")
    assert w.seen == []  # nobody was asked
    assert doctor(w, "--insecure", "--os-cacert", "nothing-there.pem").status == 1


def recorded(path):
    """{title: lines} of answers that a real Nova gave, as shared/openstack quotes them."""
    out, title = {}, ""
    with open(os.path.join(path, "rest.txt"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("# "):
                title = line[2:].strip()
            out.setdefault(title, []).append(line.rstrip("\n"))
    return out


def recorded_world(answers):
    w = o.World()
    w.servers = ast.literal_eval(answers["servers/detail"][1])
    w.hypervisors = [ast.literal_eval(answers["hypervisor MV 2.87"][1].replace("[...]", "[]"))]
    w.images = [json.loads(answers["image"][1])]
    for name, vcpus, specs in ast.literal_eval(answers["flavor by name"][1]):
        w.flavor(name, vcpus, 512 if vcpus == 32 else 256, 0, specs)
    w.newest = ast.literal_eval(answers["versions"][1])["version"]
    return w


def test_recorded_answers():
    path = os.path.join(os.environ.get("KT_SHARED", ""), "openstack", "answers")
    if not os.path.exists(os.path.join(path, "rest.txt")):
        return "no recorded answers"
    answers = recorded(path)
    w = recorded_world(answers)
    plain = dict(w.servers[0], id="fdb8305b-d82f-4133-81d6-b33d27e68b9b", name="g32",
                 **{"OS-EXT-SRV-ATTR:instance_name": "instance-00000003"})
    plain["flavor"] = dict(plain["flavor"], vcpus=32, ram=512, original_name="plain32", extra_specs={})
    w.servers.append(plain)
    r = doctor(w, os.path.join(path, "plain32.xml"))
    # this Nova's host has two threads a core, as its API tells
    assert checks(r.row("q22ded")) == {"N07": 1}, r.row("q22ded")
    # the flavor's wish (N02) and what libvirt really defined (X06), by UUID
    assert checks(r.row("plain32"))["N02"] == 1 and checks(r.row("plain32"))["X06"] == 1, r.row("plain32")
    host = w.hypervisors[0]["service"]["host"]
    assert {s["host"] for s in r.json()["servers"]} == {host}
    # the words of refusals are Nova's own
    member = [json.loads(x) for x in answers["member without admin"] if x.startswith('{"forbidden')]
    w.faults = [["/flavors/detail", -1, o.status(403, member[0])]]
    fails(doctor(w), "403", "os_compute_api:os-hypervisors:list")
    return None


def test_command_line():
    for arguments, words in ((["doctor", "--timeout", "0"], "--timeout"), ([], "'cloud' needs"),
                             (["doctor", "--json", "--html", "-"], "at once")):
        fails(Run(world(), *arguments), words)
    w = world()
    r = doctor(w, os.path.join(TMP.name, "nothing-there"))
    fails(r, "nothing-there")
    assert w.seen == []


def test_command_to_copy():
    """A flavor's name is one word of it, whatever is in it."""
    w = world()
    w.servers.clear()
    w.flavor("a; reboot", 64)
    w.server(U[0], "s", "a; reboot")
    assert "Next: kvmtune cloud plan 'a; reboot'\n" in Run(w, "doctor").out


main(dict(globals()))
