# SPDX-License-Identifier: GPL-2.0-or-later
"""Keystone, Nova and Glance for tests: answers in the format of real ones (26.2, API 2.93), on loopback, with
faults on demand. Nothing is kept, nothing is made: what a test puts into a World is what is answered."""
import http.server
import json
import socket
import struct
import threading
import time
import urllib.parse

PASSWORD = "s3cret-Pa55"
SECRET = "cr3dential-s3cret"


class World:
    """What the cloud holds, and how it misbehaves."""

    def __init__(self):
        self.servers, self.flavors, self.images, self.hypervisors = [], [], [], []
        self.admin = True
        self.newest = "2.93"
        self.page = 1000           # the service's own limit of a page
        self.hidden = []           # ids of servers that no list has: their cell is away
        self.token_uses = None     # after so many requests a token has expired
        self.faults = []           # [path part, times or -1, action]; the first that matches acts
        self.next_origin = None    # what "next" links point to; None: the service
        self.seen = []             # (method, path with query, headers)
        self.tokens = {}           # token -> uses
        self.sign_ins = []         # bodies
        self.no_auth = None        # a fixed token, without Keystone
        self.kept = None           # a server that answers for it all the time; None: each run has one of its own

    def act(self, method, path, query, minor, body):
        """Answers beyond those of a cloud that is only read: (status, body[, headers]); None: none (cloud_acting.py)."""
        return None

    def server(self, uuid, name, flavor, image="i1", host="n1", status="ACTIVE", number=1, **more):
        own = next(f for f in self.flavors if f["name"] == flavor) if isinstance(flavor, str) else flavor
        s = {"id": uuid, "name": name, "status": status, "tenant_id": "p1", "hostId": "h-" + str(host),
             "created": "2026-11-23T18:11:38Z",
             "flavor": {"vcpus": own["vcpus"], "ram": own["ram"], "disk": own["disk"], "ephemeral": 0, "swap": 0,
                        "original_name": own["name"], "extra_specs": dict(own["extra_specs"])},
             "image": {"id": image, "links": []} if image else "", "OS-EXT-SRV-ATTR:host": host,
             "OS-EXT-SRV-ATTR:hypervisor_hostname": host and host + ".example",
             "OS-EXT-SRV-ATTR:instance_name": "instance-%08x" % number, "OS-EXT-STS:vm_state": "active",
             "OS-EXT-STS:task_state": None}
        s.update(more)
        self.servers.append(s)

    def flavor(self, name, vcpus, ram=4096, disk=20, specs=None, public=True):
        self.flavors.append({"id": name + "-id", "name": name, "vcpus": vcpus, "ram": ram, "disk": disk, "swap": "",
                             "OS-FLV-EXT-DATA:ephemeral": 0, "os-flavor-access:is_public": public,
                             "extra_specs": specs or {}})

    def image(self, uuid, name, **properties):
        self.images.append({"id": uuid, "name": name, "status": "active", "visibility": "public", "min_ram": 0,
                            "disk_format": "qcow2", "os_hash_algo": "sha512", **properties})

    def host(self, name, cells=4, sockets=1, cores=8, threads=2, memory=262144):
        self.hypervisors.append(
            {"id": "hv-" + name, "hypervisor_hostname": name + ".example", "state": "up", "status": "enabled",
             "hypervisor_type": "QEMU", "hypervisor_version": 7002022, "service": {"id": "s", "host": name},
             "vcpus": cells * sockets * cores * threads, "memory_mb": memory, "vcpus_used": 0,
             "cpu_info": {"arch": "x86_64", "model": "Broadwell", "vendor": "Intel", "features": [],
                          "topology": {"cells": cells, "sockets": sockets, "cores": cores, "threads": threads}}})


def forbidden(rule):
    return 403, {"forbidden": {"code": 403, "message": "Policy doesn't allow %s to be performed." % rule}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1                   # an answer is one packet, and does not wait for
    disable_nagle_algorithm = True  # that of another to be taken

    def log_message(self, *arguments):
        pass

    def origin(self):
        return "%s://127.0.0.1:%d" % (self.server.scheme, self.server.server_port)

    def give(self, status, body, headers=(), cut=0):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if not any(k.lower() == "content-type" for k, _ in headers):
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) + cut))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            pass
        self.close_connection = cut > 0

    # ---- faults ----

    def misbehave(self):
        for fault in self.server.world.faults:
            part, times, action = fault
            if part in self.path and times:
                fault[1] -= 1
                return action(self)
        return False

    # ---- services ----

    def keystone(self, body):
        w = self.server.world
        w.sign_ins.append(body)
        identity = body["auth"]["identity"]
        method = identity["methods"][0]
        good = {"password": lambda i: i["user"].get("password") == PASSWORD,
                "application_credential": lambda i: i.get("secret") == SECRET,
                "token": lambda i: i.get("id") == "unscoped"}[method](identity[method])
        if not good:
            return self.give(401, {"error": {"code": 401, "title": "Unauthorized", "message":
                                             "The request you have made requires authentication."}})
        token = "gAAAA-%d" % (len(w.tokens) + 1)
        w.tokens[token] = 0
        u = self.origin()
        catalog = [{"type": t, "name": n, "endpoints": [
            {"interface": i, "region": r, "region_id": r, "url": u + p + ("" if r == "RegionOne" else "/other")}
            for r in ("RegionOne", "RegionTwo") for i in ("public", "internal", "admin")]}
            for t, n, p in (("compute", "nova", "/compute/v2.1"), ("image", "glance", "/image"))]
        self.give(201, {"token": {"methods": [method], "project": {"id": "p1", "name": "crm"},
                                  "roles": [{"id": "r", "name": "admin" if w.admin else "member"}],
                                  "expires_at": "2026-11-25T20:00:00.000000Z", "catalog": catalog}},
                  [("X-Subject-Token", token)])

    def listed(self, elements, member, query, base):
        """A page as Nova and Glance give it."""
        w = self.server.world
        limit = min(int(query.get("limit", [w.page])[0]), w.page)
        ids = [e["id"] for e in elements]
        at = 0
        if "marker" in query:
            if query["marker"][0] not in ids:
                return 400, {"badRequest": {"code": 400, "message": "marker [%s] not found" % query["marker"][0]}}
            at = ids.index(query["marker"][0]) + 1
        page = elements[at:at + limit]
        answer = {member: page}
        if at + limit < len(elements) or (member == "servers" and len(page) == limit):
            href = "%s%s?marker=%s" % (w.next_origin or self.origin(), base, page[-1]["id"])
            if member == "images":
                answer["next"] = href
            else:
                answer[member + "_links"] = [{"rel": "next", "href": href}]
        return 200, answer

    def compute(self, path, query, body):
        w = self.server.world
        version = self.headers.get("OpenStack-API-Version", "compute 2.1").split()[1]
        minor = int(version.split(".")[1])
        if minor > int(w.newest.split(".")[1]):
            return 406, {"computeFault": {"message": "Version %s is not supported by the API." % version}}
        own = w.act(self.command, path, query, minor, body)
        if own:
            return own
        if path in ("", "/"):
            return 200, {"version": {"id": "v2.1", "status": "CURRENT", "version": w.newest, "min_version": "2.1"}}
        if path == "/servers/detail":
            if "all_tenants" in query and not w.admin:
                return forbidden("os_compute_api:servers:detail:get_all_tenants")
            listed = [s for s in w.servers if s["id"] not in w.hidden]
            return self.listed([self.as_seen(s, minor) for s in listed], "servers", query, "/compute/v2.1" + path)
        if path == "/flavors/detail":
            seen = [{k: v for k, v in f.items() if k != "extra_specs" or minor >= 61} for f in w.flavors]
            return self.listed(seen, "flavors", query, "/compute/v2.1" + path)
        if path.startswith("/flavors/") and path.endswith("/os-extra_specs"):
            found = [f for f in w.flavors if f["id"] == path.split("/")[2]]
            return (200, {"extra_specs": found[0]["extra_specs"]}) if found else self.missing()
        if path == "/os-hypervisors/detail":
            if not w.admin:
                return forbidden("os_compute_api:os-hypervisors:list-detail")
            return self.listed(w.hypervisors, "hypervisors", query, "/compute/v2.1" + path)
        return self.missing()

    def as_seen(self, server, minor):
        w = self.server.world
        s = {k: v for k, v in server.items() if w.admin or not k.startswith("OS-EXT-SRV-ATTR:")}
        if minor < 47:
            s["flavor"] = {"id": server["flavor"]["original_name"] + "-id", "links": []}
        return s

    @staticmethod
    def missing():
        return 404, {"itemNotFound": {"code": 404, "message": "The resource could not be found."}}

    def image(self, path, query):
        w = self.server.world
        if path == "/v2/images":
            return self.listed([i for i in w.images if not i.get("os_hidden")], "images", query, "/image/v2/images")
        found = [i for i in w.images if path == "/v2/images/" + i["id"]]
        return (200, found[0]) if found else (404, b"<html><head><title>404 Not Found</title></head></html>")

    def allowed(self):
        w, token = self.server.world, self.headers.get("X-Auth-Token")
        if w.no_auth:
            return token == w.no_auth
        if token not in w.tokens:
            return False
        w.tokens[token] += 1
        return w.token_uses is None or w.tokens[token] <= w.token_uses

    def answer(self):
        w = self.server.world
        length = int(self.headers.get("Content-Length") or 0)
        self.sent = body = self.rfile.read(length)
        w.seen.append((self.command, self.path, dict(self.headers)))
        if self.misbehave():
            return None
        parts = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(parts.query)
        if parts.path == "/identity/v3/auth/tokens":
            return self.keystone(json.loads(body))
        if not self.allowed():
            return self.give(401, {"error": {"code": 401, "message":
                                             "The request you have made requires authentication."}})
        if parts.path.startswith("/compute/v2.1"):
            return self.give(*self.compute(parts.path[len("/compute/v2.1"):], query, body))
        if parts.path.startswith("/image"):
            return self.give(*self.image(parts.path[len("/image"):], query))
        return self.give(*self.missing())

    do_GET = do_POST = answer


# ---- faults: each returns True if it has answered ----

def status(code, body=None, *headers):
    return lambda h: h.give(code, body if body is not None else {}, headers) or True


def cut_connection(h):
    h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    h.close_connection = True
    h.connection.close()
    return True


def cut_answer(h):
    h.give(200, b'{"servers": [{"id": "a", "na', (), 1000)
    return True


def slow(seconds):
    return lambda h: time.sleep(seconds)


def huge(h):
    """More than any bound, in pieces and without a length."""
    h.send_response(200)
    h.send_header("Content-Type", "application/json")
    h.send_header("Connection", "close")
    h.end_headers()
    h.close_connection = True
    try:
        for _ in range(40):
            h.wfile.write(b" " * (1 << 20))
    except OSError:
        pass
    return True


RUNNING = set()


def end(server):
    """One that is left running costs time all the time: it looks 50 times a second whether it is to end."""
    RUNNING.discard(server)
    server.shutdown()
    server.server_close()


def end_all():
    for server in list(RUNNING):
        end(server)


def start(world, context=None):
    """A server in a thread, until end(); .server_port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    RUNNING.add(server)
    server.daemon_threads = True
    server.world = world
    server.scheme = "https" if context else "http"
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *a: None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
