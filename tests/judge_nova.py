#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the answers of `kvmtune nova fit --batch` with Nova's own, kept in vectors.

    judge_nova.py VECTORS ANSWERS zed|master

Errors, topology, constraints, verdict and page sizes have to be Nova's; where cells
and vCPUs go only has to be valid; the XML has to be what Nova renders for the
placement in the answer. Prints what differs and, last, a line of counts; exit
status 1 if anything differs. Nothing here shares code with kvmtune.
"""
import json
import re
import sys
import xml.etree.ElementTree as ET


def cpus(text):
    ids = set()
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        ids |= set(range(int(first), int(last or first) + 1))
    return ids


def text_of(ids):
    runs = []
    for i in sorted(ids):
        if runs and runs[-1][1] == i - 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    return ",".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in runs)


class Host:
    """A cell of the host with its sets read."""

    def __init__(self, cell):
        self.id = cell["id"]
        self.shared, self.pinnable = cpus(cell["cpuset"]), cpus(cell["pcpuset"])
        self.free = self.pinnable - cpus(cell["pinned"])
        self.cores = [cpus(core) for core in cell["siblings"].split(";") if core]
        self.threads = max([len(core) for core in self.cores] or [1])
        self.sizes = sorted(pool[0] for pool in cell["mempages"])

    def core_of(self, cpu):
        return next(n for n, core in enumerate(self.cores) if cpu in core)


# ---- placements ----


def check_threads(host, policy, used):
    """What is wrong with CPUs used of a host's cores under a thread policy."""
    if policy == "isolate":
        for n in used:
            if used[n] != 1 or len(host.cores[n] & host.free) < host.threads:
                return "isolate: a core is shared or not idle"
    if policy == "require":
        room = [len(host.cores[n] & host.free) for n in used]
        for k in range(2, host.threads + 1):
            odd = [n for n in used if used[n] != k]
            if min(room) >= k and (not odd or (len(odd) == 1 and used[odd[0]] < k)):
                return None
        return "require: not siblings of equal numbers"
    return None


def check_cell(n, cell, placed, guest, hosts, pairs):
    place = [h.id for h in hosts].index(placed["host"])
    host, verdict = hosts[place], pairs[n][place]
    if not verdict:
        return "cell %d does not fit host cell %d" % (n, host.id)
    asked = cell["pagesize"]
    if asked and placed["pagesize"] != verdict:
        return "cell %d: pages of %s, want %s" % (n, placed["pagesize"], verdict)
    if not asked and placed["pagesize"]:
        return "cell %d: pages that were not asked for" % n
    pins = {int(v): p for v, p in placed["pin"].items()}
    reserved = cpus(placed["reserved"])
    if set(pins) != cpus(cell["pcpuset"]):
        return "cell %d: not its dedicated vCPUs are pinned" % n
    taken = list(pins.values()) + sorted(reserved)
    if len(set(taken)) != len(taken) or not set(taken) <= host.free:
        return "cell %d: a CPU is taken twice or not free" % n
    isolated = guest["emulator_threads_policy"] == "isolate" and n == 0
    if len(reserved) != (1 if isolated else 0):
        return "cell %d: %d CPUs reserved" % (n, len(reserved))
    used = {}
    for cpu in pins.values():
        used[host.core_of(cpu)] = used.get(host.core_of(cpu), 0) + 1
    if cell["cpu_thread_policy"] == "isolate" and any(host.core_of(cpu) in used for cpu in reserved):
        return "cell %d: the emulator shares an isolated core" % n
    wrong = used and check_threads(host, cell["cpu_thread_policy"], used)
    return "cell %d: %s" % (n, wrong) if wrong else None


def check_placement(guest, hosts, pairs, placed):
    if len(placed) != len(guest["cells"]) or len({p["host"] for p in placed}) != len(placed):
        return "a cell lacks a host cell of its own"
    for n, cell in enumerate(guest["cells"]):
        wrong = check_cell(n, cell, placed[n], guest, hosts, pairs)
        if wrong:
            return wrong
    return None


def has_matching(pairs):
    taken = {}

    def place(n, seen):
        for h, fits in enumerate(pairs[n]):
            if fits and h not in seen:
                seen.add(h)
                if h not in taken or place(taken[h], seen):
                    taken[h] = n
                    return True
        return False

    return all(place(n, set()) for n in range(len(pairs)))


# ---- XML ----


def mask(text, vcpus):
    take, leave = set(), set()
    if text.strip().startswith("^"):
        take = set(range(vcpus))
    for part in filter(None, (p.strip() for p in text.split(","))):
        first, _, last = part.lstrip("^").partition("-")
        (leave if part[0] == "^" else take).update(range(int(first), int(last or first) + 1))
    return take - leave


class Rendering:
    """What nova-compute writes for a placement: canonical() of it."""

    def __init__(self, vector, guest, placed, release):
        self.specs, self.image = vector["flavor"]["extra_specs"], vector["image"]
        self.vcpus, self.memory = vector["flavor"]["vcpus"], vector["flavor"]["memory_mb"]
        self.hosts = [Host(cell) for cell in vector["host"]["cells"]]
        self.by_id = {host.id: host for host in self.hosts}
        self.conf, self.guest, self.placed, self.release = vector["conf"], guest, placed, release
        true = ("1", "t", "true", "on", "y", "yes")
        self.realtime = None
        if self.specs.get("hw:cpu_realtime", "").strip().lower() in true:
            text = self.image.get("hw_cpu_realtime_mask") or self.specs.get("hw:cpu_realtime_mask")
            self.realtime = mask(text, self.vcpus) if text else set(range(self.vcpus))
        locks = self.specs.get("hw:locked_memory", self.image.get("hw_locked_memory", ""))
        self.locked = locks.strip().lower() in true

    def backing(self):
        root, pages = ET.Element("memoryBacking"), ET.Element("hugepages")
        for n, p in enumerate(self.placed):
            if p["pagesize"] and self.hosts[0].sizes and p["pagesize"] > self.hosts[0].sizes[0]:
                ET.SubElement(pages, "page", size=str(p["pagesize"]), nodeset=str(n), unit="KiB")
        if len(pages):
            root.append(pages)
        if self.realtime:
            ET.SubElement(root, "nosharepages")
        if self.realtime or self.locked:
            ET.SubElement(root, "locked")
        return root

    def numatune(self):
        root = ET.Element("numatune")
        nodes = text_of({p["host"] for p in self.placed})
        ET.SubElement(root, "memory", mode="strict", nodeset=nodes)
        for n, p in enumerate(self.placed):
            ET.SubElement(root, "memnode", cellid=str(n), mode="strict", nodeset=str(p["host"]))
        return root

    def shared_set(self):
        return self.conf["cpu_shared_set"] and cpus(self.conf["cpu_shared_set"])

    def emulator(self, pins):
        policy = self.guest["emulator_threads_policy"]
        if policy == "isolate":
            return cpus(self.placed[0]["reserved"])
        if policy == "share" and self.shared_set():
            return self.shared_set()
        return set().union(*(pins[v] for v in pins if v not in (self.realtime or ())))

    def pins(self):
        pins = {}
        for cell, p in zip(self.guest["cells"], self.placed):
            for v in cpus(cell["cpuset"]):
                pins[v] = self.by_id[p["host"]].shared
            for v in cpus(cell["pcpuset"]):
                pins[v] = {p["pin"][str(v)]}
        return pins

    def cputune(self):
        root = ET.Element("cputune")
        for name in ("shares", "quota", "period"):
            if "quota:cpu_" + name in self.specs:
                ET.SubElement(root, name).text = str(int(self.specs["quota:cpu_" + name]))
        if self.guest:
            pins = self.pins()
            ET.SubElement(root, "emulatorpin", cpuset=text_of(self.emulator(pins)))
            for v in sorted(pins):
                ET.SubElement(root, "vcpupin", vcpu=str(v), cpuset=text_of(pins[v]))
            if self.realtime:
                ET.SubElement(root, "vcpusched", vcpus=text_of(self.realtime), scheduler="fifo", priority="1")
        return root

    def cpu(self, shape):
        root = ET.Element("cpu")
        ET.SubElement(root, "topology", {k: str(v) for k, v in shape.items()})
        mode = self.specs.get("hw:maxphysaddr_mode")
        if mode and self.release == "master":
            bits = self.specs.get("hw:maxphysaddr_bits")
            ET.SubElement(root, "maxphysaddr", {"mode": mode, **({"bits": bits} if bits and mode == "emulate" else {})})
        if self.guest:
            numa = ET.SubElement(root, "numa")
            huge = any(p["pagesize"] in self.hosts[0].sizes[1:] for p in self.placed)
            for n, cell in enumerate(self.guest["cells"]):
                element = ET.SubElement(numa, "cell", id=str(n), memory=str(cell["memory"] * 1024))
                element.set("cpus", text_of(cpus(cell["cpuset"]) | cpus(cell["pcpuset"])))
                if huge:
                    element.set("memAccess", "shared")
        return root

    def domain(self, shape):
        root = ET.Element("domain", type="kvm")
        ET.SubElement(root, "memory").text = str(self.memory * 1024)
        parts = [self.backing()] + ([self.numatune()] if self.guest else [])
        root.extend([part for part in parts if len(part)])
        vcpu = ET.SubElement(root, "vcpu")
        vcpu.text = str(self.vcpus)
        if not self.guest and self.shared_set():
            vcpu.set("cpuset", text_of(self.shared_set()))
        tune = self.cputune()
        root.extend([tune] if len(tune) else [])
        root.append(self.cpu(shape))
        return root


def canonical(xml, release):
    """Order of elements counts, that of attributes does not; iothreads and the CPU's mode are passed over."""
    root = ET.fromstring(xml) if isinstance(xml, str) else xml

    def flat(element):
        drop = ("mode", "match") if element.tag == "cpu" else ()
        attributes = sorted((k, v) for k, v in element.attrib.items() if k not in drop)
        inside = [flat(child) for child in element if child.tag not in ("iothreads", "iothreadpin")]
        return [element.tag, attributes, (element.text or "").strip(), inside]

    return flat(root)


def check_iothreads(xml, release, numa):
    """Master gives each guest an iothread where the emulator runs; Zed none."""
    want = release == "master"
    pin = re.search(r'<emulatorpin cpuset="([^"]*)"/><iothreadpin iothread="1" cpuset="([^"]*)"/>', xml)
    if ("<iothreads>1</iothreads>" in xml) != want or bool(pin) != (want and numa):
        return "iothreads"
    return "iothreadpin" if pin and pin.group(1) != pin.group(2) else None


# ---- answers ----


def check_accepted(vector, expect, answer, release):
    if answer["constraints"] != expect["constraints"]:
        return "constraints: %s, want %s" % (answer["constraints"], expect["constraints"])
    fit, guest, placed = expect["fit"], expect["constraints"], answer["fit"]["cells"]
    if answer["fit"]["status"] != fit["status"]:
        return "fit: %s, want %s" % (answer["fit"]["status"], fit["status"])
    if fit["status"] == "fit":
        wrong = check_placement(guest, [Host(c) for c in vector["host"]["cells"]], fit["pairs"], placed)
        if wrong:
            return "placement: " + wrong
    if "pairs" in fit and has_matching(fit["pairs"]) != (fit["status"] == "fit"):
        return "vector: its pairs contradict its verdict"
    xml = expect.get("xml")
    if fit["status"] == "nofit" or isinstance(xml, dict):
        return "xml: there is none to give" if answer["xml"] is not None else None
    rendering = Rendering(vector, guest, placed, release).domain(expect["topology"])
    if canonical(answer["xml"], release) != canonical(rendering, release):
        return "xml: %s, want %s" % (answer["xml"], ET.tostring(rendering, "unicode"))
    wrong = check_iothreads(answer["xml"], release, guest is not None)
    return "xml: " + wrong if wrong else None


def check_rendering(vector, expect, release):
    """This file's own rendering, against Nova's of Nova's placement."""
    xml = expect.get("xml")
    if not isinstance(xml, str):
        return None
    rendering = Rendering(vector, expect["constraints"], expect["fit"].get("cells", []), release).domain(
        expect["topology"])
    want, have = canonical(xml, release), canonical(rendering, release)
    return None if want == have or "maxphysaddr" in vector["tags"] else "rendering: %s, want %s" % (have, want)


def raised(expect):
    classes = {expect["first_error"].split(":")[1]}
    for part in ("topology", "constraints"):
        classes.add((expect.get(part) or {}).get("error"))
    return classes - {None}


def expected(vector, release):
    expect = dict(vector["expect"])
    changed = vector.get("expect_master", {}) if release == "master" else {}
    if "fit" in changed:
        expect.pop("xml", None)
    return {**expect, **changed}


def check(vector, answer, release):
    expect = expected(vector, release)
    wrong = check_rendering(vector, expect, release)
    if wrong:
        return wrong
    shape = expect.get("topology")
    if shape and "error" not in shape and answer["topology"] != shape:
        return "topology: %s, want %s" % (answer["topology"], shape)
    if "first_error" in expect:
        if answer["error"] not in raised(expect):
            return "error: %s, want %s" % (answer["error"], expect["first_error"])
        return "fit or xml of what is refused" if answer["fit"] or answer["xml"] else None
    if answer["error"]:
        return "error: %s, want none" % answer["error"]
    return check_accepted(vector, expect, answer, release)


def soft(vector, answer, release):
    """(Is it NUMA that fits, the same host cells as Nova, the first error too)"""
    expect = expected(vector, release)
    if "first_error" in expect:
        return False, False, answer["error"] == expect["first_error"].split(":")[1]
    fit = expect["fit"]
    same = fit["status"] == "fit" and [c["host"] for c in fit["cells"]] == [c["host"] for c in answer["fit"]["cells"]]
    return fit["status"] == "fit", same, True


def main():
    with open(sys.argv[1]) as lines:
        vectors = [json.loads(line) for line in lines]
    with open(sys.argv[2]) as lines:
        answers = {answer["id"]: answer for answer in map(json.loads, lines)}
    release, wrong, fits, same, first = sys.argv[3], 0, 0, 0, 0
    for vector in vectors:
        answer = answers.get(vector["id"])
        why = check(vector, answer, release) if answer else "no answer"
        if why:
            wrong += 1
            print("%s (%s): %s" % (vector["id"], vector["outcome"], why[:1500]))
            continue
        numa, like_nova, class_too = soft(vector, answer, release)
        fits, same, first = fits + numa, same + like_nova, first + class_too
    print("%s: %d vectors, %d wrong; %d of %d placements on the same host cells as Nova's, "
          "%d first errors the same" % (release, len(vectors), wrong, same, fits, first))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
