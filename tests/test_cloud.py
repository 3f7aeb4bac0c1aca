#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kvmtune cloud against services that answer as real ones do, and misbehave. TAP."""
import json
import os
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import openstack as o  # noqa: E402

BIN = os.environ.get("KT_BIN", "kvmtune")
TMP = tempfile.TemporaryDirectory()
U = ["b843f62c-3dad-4245-b3a3-%012x" % n for n in range(2000)]


def world():
    """The case: 32 vCPUs that ask for nothing, one that asks well, one whose flavor was changed under it."""
    w = o.World()
    w.flavor("plain32", 32, 65536)
    w.flavor("good4", 4, specs={"hw:cpu_sockets": "1", "hw:cpu_cores": "4"})
    w.flavor("changed", 8, specs={"hw:cpu_sockets": "2", "hw:cpu_cores": "4"})
    w.flavor("typo", 8, specs={"hw:cpu_socket": "2"})
    w.image("i1", "linux")
    w.image("i2", "hidden", os_hidden=True, hw_cpu_sockets="1", hw_cpu_cores="32")
    w.host("n1")
    w.host("n2")
    w.server(U[0], "crm1", "plain32", host="n1", number=1)
    w.server(U[1], "crm2", "plain32", host="n2", number=1)
    w.server(U[2], "web", "good4")
    w.server(U[3], "old", {"name": "changed", "vcpus": 8, "ram": 4096, "disk": 20, "extra_specs": {}})
    w.server(U[4], "shaped", "plain32", image="i2")
    return w


class Run:
    """One run of kvmtune against a world."""

    def __init__(self, w, *arguments, env=None, context=None, sign_in=None):
        server = o.start(w, context)
        self.url = "%s://127.0.0.1:%d" % (server.scheme, server.server_port)
        own = {k: v for k, v in os.environ.items() if not k.startswith("OS_")}
        own.update({"LC_ALL": "C", "HOME": TMP.name, "OS_AUTH_URL": self.url + "/identity", "OS_USERNAME": "ops",
                    "OS_PASSWORD": o.PASSWORD, "OS_PROJECT_NAME": "crm", "no_proxy": "*"} if sign_in is None else
                   {"LC_ALL": "C", "HOME": TMP.name, "no_proxy": "*",
                    **{k: v.replace("@URL@", self.url) for k, v in sign_in.items()}})
        own.update(env or {})
        done = subprocess.run([BIN, "cloud", *arguments], env=own, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120, cwd=TMP.name)
        server.shutdown()
        server.server_close()
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.world = w

    def json(self):
        return json.loads(self.out)

    def row(self, flavor):
        return next(r for r in self.json()["rows"] if r["flavor"] == flavor and r["image"] != "hidden")


def doctor(w, *arguments, **more):
    return Run(w, "doctor", "--json", *arguments, **more)


def checks(row):
    return {f["check"]: len(f["servers"]) for f in row["findings"]}


def fails(run, *words):
    """One line on standard error, exit status 2, nothing on standard output, no secret."""
    assert run.status == 2, (run.status, run.out[:300], run.err)
    assert run.out == "" and run.err.count("\n") == 1, (run.out[:300], run.err)
    for word in words:
        assert word in run.err, (word, run.err)
    no_secret(run)


def no_secret(run):
    for secret in (o.PASSWORD, o.SECRET, "gAAAA", "unscoped"):
        assert secret not in run.out + run.err, secret


# ---- tests ----

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


def test_unused_flavor():
    w = world()
    w.flavor("idle64", 64)
    row = doctor(w).row("idle64")
    assert row["servers"] == 0 and [f["check"] for f in row["findings"]] == ["N02"]


def test_definitions_are_joined_by_uuid():
    xml = ("<domain type='kvm' id='3'><name>instance-00000001</name><uuid>%s</uuid><memory unit='KiB'>67108864</memory>"
           "<vcpu>32</vcpu><os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os>"
           "<cpu mode='custom'><model>qemu64</model><topology sockets='32' dies='1' cores='1' threads='1'/></cpu>"
           "</domain>\n" % U[1].upper())
    path = os.path.join(TMP.name, "instance.xml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(xml)
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
    assert "unknown (X03 X06 X11)" in r.out and "Not checked yet:" in r.out
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
    server.shutdown()
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
    fails(doctor(world(), sign_in={}), "several clouds")
    server.shutdown()
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


def test_command_line():
    for arguments, words in ((["doctor", "--timeout", "0"], "--timeout"), ([], "'cloud' needs"),
                             (["doctor", "--json", "--html", "-"], "at once")):
        fails(Run(world(), *arguments), words)
    w = world()
    r = doctor(w, os.path.join(TMP.name, "nothing-there"))
    fails(r, "nothing-there")
    assert w.seen == []


def main():
    features = os.environ.get("KT_FEATURES", "cloud xml").split()
    tests = [(n, f) for n, f in sorted(globals().items()) if n.startswith("test_") and callable(f)]
    if "cloud" not in features:
        print("1..0 # SKIP a build without libcurl, libyaml or json-glib")
        return
    print("1..%d" % len(tests))
    for i, (name, test) in enumerate(tests, 1):
        try:
            skip = test()
            print("ok %d - %s%s" % (i, name[5:].replace("_", " "), " # SKIP " + skip if skip else ""), flush=True)
        except Exception as e:  # noqa: BLE001
            print("not ok %d - %s" % (i, name[5:].replace("_", " ")))
            print("# " + repr(e)[:2000].replace("\n", "\n# "), flush=True)


main()
