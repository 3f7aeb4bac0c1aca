# SPDX-License-Identifier: GPL-2.0-or-later
"""A cloud that can be acted on: flavors are made, servers resized, confirmed and reverted, as Nova 26.2 answers; with
the definitions that libvirt has of its guests in a folder. Time is counted in questions: a resize goes on with each
GET of its server."""
import copy
import datetime
import json
import os

import cloud_services as o


def shape(vcpus, specs):
    """Sockets, cores, threads, cells as Nova makes them; what cannot be is passed over."""
    sockets, cores, threads = (int(specs.get("hw:cpu_" + k, 0)) for k in ("sockets", "cores", "threads"))
    threads = threads or 1
    if sockets and cores and sockets * cores * threads != vcpus:
        sockets, cores = 2, vcpus // 2 // threads
    if sockets and not cores:
        cores = vcpus // sockets // threads
    if cores and not sockets:
        sockets = vcpus // cores // threads
    if not sockets:
        sockets, cores, threads = vcpus, 1, 1
    return sockets, cores, threads, int(specs.get("hw:numa_nodes", 0))


def definition(uuid, flavor, override=None):
    vcpus, mib = flavor["vcpus"], flavor["ram"]
    sockets, cores, threads, cells = override or shape(vcpus, flavor["extra_specs"])
    numa = "".join("<cell id='%d' cpus='%d-%d' memory='%d' unit='KiB'/>" % (n, n * vcpus // cells,
                                                                           (n + 1) * vcpus // cells - 1,
                                                                           mib * 1024 // cells) for n in range(cells))
    return ("<domain type='kvm'><name>instance-00000001</name><uuid>%s</uuid><metadata><nova:instance "
            "xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'><nova:flavor name='%s'><nova:memory>%d"
            "</nova:memory></nova:flavor></nova:instance></metadata><memory unit='KiB'>%d</memory><vcpu>%d</vcpu><os>"
            "<type arch='x86_64' machine='pc'>hvm</type></os><cpu mode='custom'><model>qemu64</model><topology "
            "sockets='%d' dies='1' cores='%d' threads='%d'/>%s</cpu></domain>\n"
            % (uuid, flavor["original_name"], mib, mib * 1024, vcpus, sockets, cores, threads,
               "<numa>%s</numa>" % numa if cells else ""))


CHANNEL = "<devices><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices>"


def for_test_driver(xml, number, agent):
    """The same as a domain of libvirt's test driver, which knows no other type, and wants names of their own."""
    xml = xml.replace("type='kvm'", "type='test'").replace(" arch='x86_64' machine='pc'", "")
    xml = xml.replace("instance-00000001", "instance-%08d" % number)
    return xml.replace("</domain>", CHANNEL + "</domain>") if agent else xml


class Acting(o.World):
    def __init__(self, folder):
        super().__init__()
        self.folder = folder         # of definitions
        self.node = folder + ".node"  # and all of them, for libvirt's test driver: "test://" + node
        self.polls = 2               # questions until a resize is at its end
        self.no_valid_host = False   # the scheduler finds none: no trace but in the action
        self.fails = None            # a resize ends in ERROR with this fault
        self.auto_confirm = False    # resize_confirm_window is over at once
        self.override = None         # what a guest gets, whatever its flavor wishes
        self.cores_left = None       # quota
        self.vanishes = False        # the server is deleted while it is being resized
        self.agent = False           # guests have a channel for one
        self.access = {}             # flavor id -> projects
        self.work = {}               # server id -> what goes on with it
        self.actions = {}            # server id -> {request id: action}
        self.old = {}                # server id -> flavor to revert to
        self.changes = []            # (method, path, body) of all that changes something
        self.requests = 0
        os.makedirs(folder, exist_ok=True)

    def define_all(self):
        for s in self.servers:
            self.define(s)

    def define(self, server):
        path = os.path.join(self.folder, server["id"] + ".xml")
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(definition(server["id"], server["flavor"], self.override if server["flavor"]["extra_specs"] else None))
        os.rename(path + ".new", path)
        self.tell_libvirt()

    def tell_libvirt(self):
        """All of the definitions, as a node of the test driver."""
        with open(self.node + ".new", "w", encoding="utf-8") as f:
            f.write("<node>")
            for n, name in enumerate(sorted(os.listdir(self.folder))):
                if name.endswith(".xml"):
                    with open(os.path.join(self.folder, name), encoding="utf-8") as one:
                        f.write(for_test_driver(one.read(), n + 1, self.agent))
            f.write("</node>")
        os.rename(self.node + ".new", self.node)

    def state(self):
        """What a rollback has to bring back."""
        return {s["id"]: (s["status"], s["OS-EXT-STS:task_state"], copy.deepcopy(s["flavor"])) for s in self.servers}

    # ---- what goes on ----

    def step(self, server):
        """One question later."""
        work = self.work.get(server["id"])
        if not work:
            return
        work["left"] -= 1
        if work["left"] > 0:
            server["OS-EXT-STS:task_state"] = work["middle"]
            return
        del self.work[server["id"]]
        server["OS-EXT-STS:task_state"] = None
        work["end"](server)

    def begin(self, server, name, task, middle, end):
        self.requests += 1
        request = "req-%08d-0000" % self.requests
        start = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
        action = {"action": name, "request_id": request, "message": None, "start_time": start,
                  "instance_uuid": server["id"], "events": []}
        self.actions.setdefault(server["id"], {})[request] = action
        server["OS-EXT-STS:task_state"] = task
        if task:
            server["status"] = "RESIZE" if name == "resize" else "REVERT_RESIZE"
        self.work[server["id"]] = {"left": self.polls, "middle": middle, "end": lambda s: end(s, action)}
        return 202, b"", (("x-openstack-request-id", request),)

    def refuse(self, action, words):
        action["message"] = "Error"
        action["events"] = [{"event": "cold_migrate", "result": "Error", "details": words, "host": None}]

    def resize(self, server, flavor):
        own = {"vcpus": flavor["vcpus"], "ram": flavor["ram"], "disk": flavor["disk"], "ephemeral": 0, "swap": 0,
               "original_name": flavor["name"], "extra_specs": dict(flavor["extra_specs"])}
        was = server["status"]

        def end(s, action):
            if self.vanishes:
                self.servers.remove(s)
                return
            if self.no_valid_host:
                s["status"] = was
                self.refuse(action, "No valid host was found. No valid host found for resize")
                return
            if self.fails:
                s["status"] = "ERROR"
                s["fault"] = {"code": 500, "message": self.fails}
                self.refuse(action, self.fails)
                return
            self.old[s["id"]] = (s["flavor"], was)
            s["flavor"] = own
            s["status"] = was if self.auto_confirm else "VERIFY_RESIZE"
            self.define(s)
        return self.begin(server, "resize", "resize_prep", "resize_migrating", end)

    def confirm(self, server):
        def end(s, action):
            s["status"] = self.old.pop(s["id"])[1]
        return self.begin(server, "confirmResize", None, None, end)

    def revert(self, server):
        def end(s, action):
            s["flavor"], s["status"] = self.old.pop(s["id"])
            self.define(s)
        return self.begin(server, "revertResize", "resize_reverting", "resize_reverting", end)

    # ---- requests ----

    @staticmethod
    def bad(status, words):
        return status, {"conflictingRequest" if status == 409 else "badRequest": {"code": status, "message": words}}

    def act_on_server(self, server, body):
        name, value = next(iter(body.items()))
        task = server["OS-EXT-STS:task_state"]
        if task:
            return self.bad(409, "Cannot '%s' instance %s while it is in task_state %s" % (name, server["id"], task))
        wanted = ("ACTIVE", "SHUTOFF") if name == "resize" else ("VERIFY_RESIZE",)
        if server["status"] not in wanted:
            return self.bad(409, "Cannot '%s' instance %s while it is in vm_state %s" % (name, server["id"],
                                                                                       server["status"].lower()))
        if name != "resize":
            return self.confirm(server) if name == "confirmResize" else self.revert(server)
        flavor = next((f for f in self.flavors if f["id"] == value["flavorRef"]), None)
        if not flavor:
            return self.bad(400, "Flavor %s could not be found." % value["flavorRef"])
        if flavor["name"] == server["flavor"]["original_name"]:
            return self.bad(400, "When resizing, instances must change flavor!")
        if self.cores_left is not None and self.cores_left < flavor["vcpus"]:
            return 403, {"forbidden": {"code": 403, "message": "Quota exceeded for cores: Requested %d, but already used "
                                       "20 of 20 cores" % flavor["vcpus"]}}
        return self.resize(server, flavor)

    def make_flavor(self, wish):
        if not self.admin:
            return o.forbidden("os_compute_api:os-flavor-manage:create")
        if any(f["name"] == wish["name"] or f["id"] == wish["id"] for f in self.flavors):
            return self.bad(409, "Flavor with name %s already exists." % wish["name"])
        self.flavor(wish["name"], wish["vcpus"], wish["ram"], wish["disk"], public=wish["os-flavor-access:is_public"])
        self.flavors[-1]["id"] = wish["id"]
        return 200, {"flavor": self.flavors[-1]}

    def set_keys(self, flavor, body, minor):
        for key in body["extra_specs"]:
            if minor >= 86 and key == "hw:cpu_socket":
                return self.bad(400, "Validation failed; extra spec '%s' does not appear to be a valid extra spec." % key)
        flavor["extra_specs"].update(body["extra_specs"])
        return 200, {"extra_specs": flavor["extra_specs"]}

    def on_flavor(self, method, flavor, rest, body, minor):
        if rest == "os-extra_specs" and method == "POST":
            return self.set_keys(flavor, body, minor)
        if rest == "os-flavor-access":
            return 200, {"flavor_access": [{"flavor_id": flavor["id"], "tenant_id": p}
                                           for p in self.access.get(flavor["id"], [])]}
        if rest == "action" and method == "POST":
            self.access.setdefault(flavor["id"], []).append(body["addTenantAccess"]["tenant"])
            return 200, {"flavor_access": []}
        return None

    def on_server(self, method, server, rest, body, minor):
        if rest == "" and method == "GET":
            self.step(server)
            if server not in self.servers:
                return o.Handler.missing()
            seen = {k: v for k, v in server.items() if self.admin or not k.startswith("OS-EXT-SRV-ATTR:")}
            return 200, {"server": seen}
        if rest == "action" and method == "POST":
            return self.act_on_server(server, body)
        if rest == "topology":
            cells = (self.override or shape(server["flavor"]["vcpus"], server["flavor"]["extra_specs"]))[3]
            return 200, {"nodes": [{"vcpu_set": [n], "memory_mb": 1} for n in range(cells)], "pagesize_kb": None}
        if rest == "os-instance-actions":
            return 200, {"instanceActions": [{k: v for k, v in a.items() if k != "events"}
                                             for a in reversed(self.actions.get(server["id"], {}).values())]}
        if rest.startswith("os-instance-actions/"):
            action = copy.deepcopy(self.actions.get(server["id"], {}).get(rest.split("/")[1]))
            if action and minor < 84:
                for e in action["events"]:
                    e.pop("details", None)
            return (200, {"instanceAction": action}) if action else o.Handler.missing()
        return None

    def act(self, method, path, query, minor, body):
        parts = path.strip("/").split("/", 2)
        wish = json.loads(body) if body else None
        if method != "GET":
            self.changes.append((method, path, wish))
        if path == "/flavors" and method == "POST":
            return self.make_flavor(wish["flavor"])
        if len(parts) < 2 or parts[1] == "detail" or parts[0] not in ("flavors", "servers"):
            return None
        found = next((e for e in getattr(self, parts[0]) if e["id"] == parts[1]), None)
        if not found:
            return o.Handler.missing()
        on = self.on_flavor if parts[0] == "flavors" else self.on_server
        return on(method, found, parts[2] if len(parts) > 2 else "", wish, minor)
