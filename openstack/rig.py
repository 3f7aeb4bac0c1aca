# SPDX-License-Identifier: GPL-2.0-or-later
"""A plain client of the services that openstack/openstack brings up, for itself, its demo and its checks.
rig.py STATE CLOUD hypervisors | images KERNEL RAMDISK"""
import json
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__("%d: %s" % (status, message))
        self.status, self.message = status, message


class Cloud:
    """Signed in to a cloud of STATE/clouds.yaml."""

    def __init__(self, state, name="kvmtune"):
        with open(state + "/clouds.yaml", encoding="utf-8") as file:
            cloud = yaml.safe_load(file)["clouds"][name]
        self.auth, self.kind = cloud["auth"], cloud.get("auth_type", "password")
        if self.kind == "admin_token":
            self.token, self.project = self.auth["token"], "admin"
            self.address = {"compute": self.auth["endpoint"], "image": cloud["image_endpoint_override"]}
        else:
            self.sign_in()

    def sign_in(self):
        domain = {"id": "default"}
        user = {"name": self.auth["username"], "domain": domain, "password": self.auth["password"]}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}},
                         "scope": {"project": {"name": self.auth["project_name"], "domain": domain}}}}
        self.token = None
        answer, headers = self.ask("POST", self.auth["auth_url"] + "/auth/tokens", body)
        self.token, self.project = headers["X-Subject-Token"], answer["token"]["project"]["id"]
        self.address = {service["type"]: service["endpoints"][0]["url"] for service in answer["token"]["catalog"]}

    def ask(self, method, url, body=None, version="2.90", kind="application/json", headers=None):
        data = json.dumps(body).encode() if kind == "application/json" and body is not None else body
        request = urllib.request.Request(url, data, method=method, headers={
            "Content-Type": kind, "OpenStack-API-Version": "compute " + version, **(headers or {})})
        if self.token:
            request.add_header("X-Auth-Token", self.token)
        try:
            with OPENER.open(request, timeout=60) as response:
                text = response.read()
                return (json.loads(text) if text else None), response.headers
        except urllib.error.HTTPError as e:
            text = e.read().decode(errors="replace")
            try:
                text = next(iter(json.loads(text).values()))["message"]
            except (ValueError, KeyError, TypeError):
                pass
            raise Refused(e.code, text) from None

    def nova(self, method, path, body=None, version="2.90"):
        return self.ask(method, self.address["compute"] + path, body, version)[0]

    # ---- images ----

    def image(self, name, file, kind="raw", **properties):
        images = self.address["image"] + "/v2/images"
        made = self.ask("POST", images, {
            "name": name, "visibility": "public", "disk_format": kind,
            "container_format": "bare" if kind == "raw" else kind, **properties})[0]
        with open(file, "rb") as data:
            self.ask("PUT", "%s/%s/file" % (images, made["id"]), data.read(), kind="application/octet-stream")
        return made["id"]

    def guest_images(self, kernel, ramdisk):
        self.image("kernel", kernel, "aki")
        self.image("ramdisk", ramdisk, "ari")
        self.guest_image("linux")

    def disk_image(self, name, **properties):
        """A disk with nothing on it: its guest starts, and then rests."""
        with tempfile.NamedTemporaryFile() as disk:
            disk.truncate(1 << 20)
            return self.image(name, disk.name, **properties)

    def guest_image(self, name, words=""):
        """Linux, of the images `kernel` and `ramdisk`, with words for the kernel and a channel for its agent."""
        usual = "console=ttyS0 quiet rdinit=/see mitigations=off tsc=reliable no_timer_check"
        return self.disk_image(name, kernel_id=self.image_id("kernel"), ramdisk_id=self.image_id("ramdisk"),
                               hw_qemu_guest_agent="yes", os_command_line=usual + " " + words)

    def image_id(self, name="linux"):
        return self.ask("GET", self.address["image"] + "/v2/images?name=" + name)[0]["images"][0]["id"]

    # ---- flavors, servers ----

    def flavor(self, name, vcpus, mib, disk=0, **keys):
        """Keys with _ in place of the colon: hw_cpu_sockets=2 is hw:cpu_sockets. Without a disk it is for
        administrators."""
        self.nova("POST", "/flavors", {"flavor": {"name": name, "id": name, "vcpus": vcpus, "ram": mib, "disk": disk}})
        if keys:
            self.nova("POST", "/flavors/%s/os-extra_specs" % name,
                      {"extra_specs": {k.replace("_", ":", 1): str(v) for k, v in keys.items()}})
        return name

    def server(self, name, flavor, image, wait=True, **more):
        made = self.nova("POST", "/servers", {"server": {
            "name": name, "flavorRef": flavor, "imageRef": image, "networks": "none", **more}})["server"]["id"]
        if wait:
            self.wait(made, "ACTIVE")
        return made

    def show(self, server):
        return self.nova("GET", "/servers/" + server)["server"]

    def wait(self, server, status, seconds=180):
        """Until the server has the status and nothing runs on it."""
        end = time.monotonic() + seconds
        while True:
            now = self.show(server)
            if now["status"] == status and not now["OS-EXT-STS:task_state"]:
                return now
            if now["status"] == "ERROR" or time.monotonic() > end:
                raise TimeoutError("%s is %s, not %s: %s" % (now["name"], now["status"], status, now.get("fault")))
            time.sleep(0.1)

    def act(self, server, action, body=None):
        self.nova("POST", "/servers/%s/action" % server, {action: body})

    def delete(self, server):
        """Until it is gone; it may be already."""
        try:
            self.nova("DELETE", "/servers/" + server)
            while True:
                self.show(server)
                time.sleep(0.1)
        except Refused as e:
            if e.status != 404:
                raise

    def servers(self):
        return self.nova("GET", "/servers/detail?all_tenants=1")["servers"]

    def hypervisors(self):
        """How many can take servers."""
        return sum(h["state"] == "up" for h in self.nova("GET", "/os-hypervisors")["hypervisors"])


def main(state, cloud, command, *arguments):
    client = Cloud(state, cloud)
    if command == "hypervisors":
        print(client.hypervisors())
    elif command == "images":
        client.guest_images(*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
