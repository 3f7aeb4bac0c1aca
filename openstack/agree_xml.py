# SPDX-License-Identifier: GPL-2.0-or-later
"""Two definitions of one request: what of Nova's domain XML follows from the request, and what is a choice of nodes and
CPUs of the host, in which both may differ and be right."""
import xml.etree.ElementTree as tree


def cpus_of(text):
    found = set()
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def nodes_of(capabilities):
    """{node: {cpu: its core's CPUs}} of `virsh capabilities`."""
    nodes = {}
    for cell in tree.fromstring(capabilities).iter("cell"):
        cpus = cell.find("cpus")
        if cpus is not None:
            nodes[int(cell.get("id"))] = {int(c.get("id")): frozenset(cpus_of(c.get("siblings"))) for c in cpus}
    return nodes


def kib(element):
    unit = {None: 1, "KiB": 1, "MiB": 1024, "GiB": 1048576, "b": 1 / 1024, "bytes": 1 / 1024}
    return int(int(element.get("size") or element.get("memory") or element.text) * unit[element.get("unit")])


def parts(text):
    """What Nova derives from the request and its placement, as plain values."""
    root = tree.fromstring(text)
    topology, vcpu = root.find("cpu/topology"), root.find("vcpu")
    tune = root.find("cputune")
    tune = [] if tune is None else list(tune)
    backing = root.find("memoryBacking")
    return {
        "memory": kib(root.find("memory")),
        "vcpus": (int(vcpu.text), frozenset(cpus_of(vcpu.get("cpuset")))),
        "topology": tuple(int(topology.get(k)) for k in ("sockets", "cores", "threads")),
        "cells": [(int(c.get("id")), frozenset(cpus_of(c.get("cpus"))), kib(c), c.get("memAccess"))
                  for c in root.findall("cpu/numa/cell")],
        "memory_nodes": [(m.get("mode"), frozenset(cpus_of(m.get("nodeset")))) for m in root.findall("numatune/memory")],
        "cell_nodes": [(int(m.get("cellid")), m.get("mode"), frozenset(cpus_of(m.get("nodeset"))))
                       for m in root.findall("numatune/memnode")],
        "pins": {int(p.get("vcpu")): frozenset(cpus_of(p.get("cpuset"))) for p in tune if p.tag == "vcpupin"},
        "emulator": [frozenset(cpus_of(p.get("cpuset"))) for p in tune if p.tag == "emulatorpin"],
        "realtime": {cpu: (p.get("scheduler"), p.get("priority")) for p in tune if p.tag == "vcpusched"
                     for cpu in cpus_of(p.get("vcpus"))},  # libvirt writes a line for each vCPU
        "quota": [(p.tag, p.text) for p in tune if p.tag in ("shares", "period", "quota")],
        "pages": [(kib(p), p.get("nodeset")) for p in root.findall("memoryBacking/hugepages/page")],
        "backing": sorted(e.tag for e in ([] if backing is None else backing) if e.tag in ("locked", "nosharepages")),
    }


def without_choice(p, nodes):
    """The same with nodes numbered in the order of guest cells, and a CPU of its own as its node alone."""
    order = {}
    for _, _, chosen in p["cell_nodes"]:
        for node in chosen:
            order.setdefault(node, len(order))
    node_of = {cpu: node for node, cpus in nodes.items() for cpu in cpus}
    union = frozenset().union(*p["pins"].values()) if p["pins"] else frozenset()

    def place(cpus):
        if len(cpus) == 1:
            return "a CPU of its own on node %s" % order.get(node_of[min(cpus)])
        return tuple(sorted((str(order.get(node)), len(cpus & set(nodes[node]))) for node in nodes if cpus & set(nodes[node])))
    own = [cpus for cpus in p["pins"].values() if len(cpus) == 1]
    return {**p,
            "memory_nodes": [(mode, len(chosen)) for mode, chosen in p["memory_nodes"]],
            "cell_nodes": [(cell, mode, [order[n] for n in sorted(chosen)]) for cell, mode, chosen in p["cell_nodes"]],
            "pins": {vcpu: place(cpus) for vcpu, cpus in p["pins"].items()},
            "each CPU once": len(own) == len(set(own)),
            "emulator": ["all pins" if cpus == union else place(cpus) for cpus in p["emulator"]]}


def compare(nova, ours, capabilities):
    """"equal", "same but for the choice of nodes and CPUs", or (names of the parts that differ)."""
    a, b = parts(nova), parts(ours)
    if a == b:
        return "equal", []
    nodes = nodes_of(capabilities)
    a, b = without_choice(a, nodes), without_choice(b, nodes)
    wrong = [name for name in a if a[name] != b[name]]
    return ("differs", wrong) if wrong else ("same but for the choice of nodes and CPUs", [])


def shape_capabilities(sockets, nodes_per_socket, cores, threads, mib, huge_pages=0):
    """What `virsh capabilities` would say of a made-up host; the first threads of all cores are counted first."""
    count, cells = sockets * nodes_per_socket, []
    for node in range(count):
        rows = []
        for core in range(node * cores, (node + 1) * cores):
            siblings = [core + t * count * cores for t in range(threads)]
            rows += ['<cpu id="%d" socket_id="%d" die_id="0" core_id="%d" siblings="%s"/>'
                     % (cpu, node // nodes_per_socket, core, ",".join(map(str, siblings))) for cpu in siblings]
        cells.append('<cell id="%d"><memory unit="KiB">%d</memory><pages unit="KiB" size="4">%d</pages>'
                     '<pages unit="KiB" size="2048">%d</pages><cpus num="%d">%s</cpus></cell>'
                     % (node, mib * 1024, mib * 256 - huge_pages * 512, huge_pages, len(rows), "\n".join(rows)))
    return ('<capabilities><host><cpu><arch>x86_64</arch></cpu><topology><cells num="%d">%s</cells></topology></host>'
            '</capabilities>\n' % (count, "\n".join(cells)))


def compare_cells(nova, ours, capabilities):
    """The same of a server without a definition: `nova` is its /topology, `ours` the whole answer of `nova fit`."""
    theirs = [{"cpus": set(n["vcpu_set"]), "memory": n["memory_mb"], "node": n["host_node"],
               "pins": {int(v): c for v, c in (n["cpu_pinning"] or {}).items()}} for n in nova["nodes"]]
    mine = []
    for wanted, place in zip((ours["constraints"] or {}).get("cells", []), (ours["fit"] or {}).get("cells") or []):
        mine.append({"cpus": cpus_of(wanted["cpuset"]) | cpus_of(wanted["pcpuset"]), "memory": wanted["memory"],
                     "node": place["host"], "pins": {int(v): c for v, c in place["pin"].items()}})
    if theirs == mine:
        return "equal", []
    nodes = nodes_of(capabilities)
    if [(c["cpus"], c["memory"], set(c["pins"])) for c in theirs] != [(c["cpus"], c["memory"], set(c["pins"])) for c in mine]:
        return "differs", ["cells"]
    for cells in (theirs, mine):
        own = [cpu for c in cells for cpu in c["pins"].values()]
        if len({c["node"] for c in cells}) != len(cells) or len(own) != len(set(own)) or \
                any(cpu not in nodes[c["node"]] for c in cells for cpu in c["pins"].values()):
            return "differs", ["placement"]
    return "same but for the choice of nodes and CPUs", []
