# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks are made of: a run of kvmtune, and a server with its plan and journal. The program's arguments are
STATE KVMTUNE [WORD...] (check.py)."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

from rig import Cloud, Refused

STATE, KVMTUNE, *WORDS = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
URI = os.environ["KT_LIBVIRT_URI"]
TMP = tempfile.TemporaryDirectory()
OLD, NEW = "plain4", "plain4.topology"
admin = Cloud(STATE)
image = admin.disk_image("nothing")  # only few tests want guests that are Linux, which need time


def rig(*command):
    subprocess.run([HERE + "/openstack", *command], check=True)


def write_json(path, what):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(what, file)


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

    def __init__(self, server=None):
        """Its own server, which it deletes itself; or the one that the tests have in common."""
        Case.number += 1
        self.state = os.path.join(TMP.name, "journal%d" % Case.number)
        self.file = os.path.join(TMP.name, "plan%d.json" % Case.number)
        self.remove_new_flavors()
        self.server = server or self.take_server()

    @staticmethod
    def remove_new_flavors():
        for flavor in admin.nova("GET", "/flavors?is_public=none")["flavors"]:
            if flavor["name"].startswith(OLD + "."):
                admin.nova("DELETE", "/flavors/" + flavor["id"])

    @classmethod
    def take_server(cls):
        """The last test's, where it is as it was."""
        if not cls.server or not cls.is_as_before(cls.server):
            if cls.server:
                admin.delete(cls.server)
            cls.server = admin.server("crm1", OLD, image)
        return cls.server

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
            plan = self.read()
            change(plan["flavors"][0])
            write_json(self.file, plan)
        return self

    def read(self):
        with open(self.file, encoding="utf-8") as file:
            return json.load(file)

    def keys(self):
        """Of the new flavor, as Cloud.flavor() takes them."""
        return {key["key"].replace(":", "_"): key["after"] for key in self.read()["flavors"][0]["keys"]}

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
