#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""made_up_host.py OUT "SOCKETS NODES_PER_SOCKET CORES_PER_NODE THREADS MIB_PER_NODE [HUGE_PAGES_PER_NODE]"
made_up_host.py OUT CAPTURE
Writes OUT/cpu and OUT/node, what libvirtd and libnuma read of /sys/devices/system: of a host that is made up, or of
the one whose sys/devices/system lies in the folder CAPTURE."""
import glob
import os
import re
import shutil
import sys

MOST_CPUS = 64  # libnuma's masks have the size of the running kernel's


def fail(message):
    sys.exit("--host: " + message)


def numbers(text):
    """The numbers of a list such as 0-3,8."""
    found = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def listed(cpus):
    return ",".join(map(str, sorted(cpus)))


def mask(cpus):
    """As the kernel writes masks: words of 32 bits, the highest first."""
    bits = sum(1 << c for c in cpus)
    return ",".join("%08x" % (bits >> shift & 0xffffffff) for shift in range(MOST_CPUS - 32, -1, -32))


def write(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write("%s\n" % value)


class Host:
    """Sockets of nodes of cores of threads; CPUs as Linux counts them: the first threads of all cores first."""

    def __init__(self, sockets, nodes_per_socket, cores_per_node, threads, mib, huge_pages=0):
        self.nodes, self.nodes_per_socket, self.threads = sockets * nodes_per_socket, nodes_per_socket, threads
        self.cores_per_node, self.mib, self.huge_pages = cores_per_node, mib, huge_pages
        self.cores = self.nodes * cores_per_node

    def of_core(self, core):
        return [core + t * self.cores for t in range(self.threads)]

    def of_node(self, node):
        first = node * self.cores_per_node
        return [c for core in range(first, first + self.cores_per_node) for c in self.of_core(core)]

    def of_socket(self, socket):
        first = socket * self.nodes_per_socket
        return [c for node in range(first, first + self.nodes_per_socket) for c in self.of_node(node)]

    def write(self, out):
        cpus, nodes = range(self.cores * self.threads), range(self.nodes)
        for name, value in (("online", listed(cpus)), ("present", listed(cpus)), ("possible", listed(cpus)),
                            ("offline", ""), ("kernel_max", MOST_CPUS - 1)):
            write("%s/cpu/%s" % (out, name), value)
        for name in ("online", "possible", "has_cpu", "has_memory", "has_normal_memory"):
            write("%s/node/%s" % (out, name), listed(nodes))
        for core in range(self.cores):
            for cpu in self.of_core(core):
                self.write_cpu("%s/cpu/cpu%d" % (out, cpu), cpu, core)
        for node in nodes:
            self.write_node("%s/node/node%d" % (out, node), node)

    def write_cpu(self, path, cpu, core):
        node = core // self.cores_per_node
        socket = node // self.nodes_per_socket
        topology = {"physical_package_id": socket, "die_id": 0,
                    "core_id": core % (self.cores_per_node * self.nodes_per_socket)}
        for name, shared in (("thread_siblings", self.of_core(core)), ("core_cpus", self.of_core(core)),
                             ("core_siblings", self.of_socket(socket)), ("package_cpus", self.of_socket(socket)),
                             ("die_cpus", self.of_socket(socket))):
            topology[name], topology[name + "_list"] = mask(shared), listed(shared)
        for name, value in topology.items():
            write("%s/topology/%s" % (path, name), value)
        if cpu:
            write(path + "/online", 1)
        for index, (level, kind, size, shared, number) in enumerate((
                (1, "Data", "32K", self.of_core(core), core), (1, "Instruction", "32K", self.of_core(core), core),
                (2, "Unified", "1024K", self.of_core(core), core),
                (3, "Unified", "32768K", self.of_node(node), node))):
            for name, value in (("level", level), ("type", kind), ("size", size), ("id", number),
                                ("shared_cpu_list", listed(shared)), ("shared_cpu_map", mask(shared))):
                write("%s/cache/index%d/%s" % (path, index, name), value)

    def distance(self, a, b):
        if a == b:
            return 10
        return 12 if a // self.nodes_per_socket == b // self.nodes_per_socket else 21

    def write_node(self, path, node):
        kib, free = self.mib * 1024, (self.mib - 2 * self.huge_pages) * 1024 * 9 // 10
        write(path + "/cpulist", listed(self.of_node(node)))
        write(path + "/cpumap", mask(self.of_node(node)))
        write(path + "/distance", " ".join(str(self.distance(node, other)) for other in range(self.nodes)))
        write(path + "/meminfo", "\n".join("Node %d %s: %15d kB" % (node, name, value) for name, value in (
            ("MemTotal", kib), ("MemFree", free), ("MemUsed", kib - free))))
        for size, count in ((2048, self.huge_pages), (1048576, 0)):
            for name, value in (("nr_hugepages", count), ("free_hugepages", count), ("surplus_hugepages", 0)):
                write("%s/hugepages/hugepages-%dkB/%s" % (path, size, name), value)
        for cpu in self.of_node(node):
            os.symlink("../../cpu/cpu%d" % cpu, "%s/cpu%d" % (path, cpu))


def copy(capture, out):
    """A captured host, and what libvirt and libnuma read besides but captures leave out."""
    for part in ("cpu", "node"):
        shutil.copytree("%s/sys/devices/system/%s" % (capture, part), "%s/%s" % (out, part), symlinks=True)

    def read(path):
        with open(path, encoding="ascii") as file:
            return file.read()

    def add(path, value):
        if not os.path.exists(path):
            write(path, value)
    cpus = glob.glob(out + "/cpu/cpu[0-9]*")
    if len(cpus) > MOST_CPUS:
        fail("%s has %d CPUs, %d are possible" % (capture, len(cpus), MOST_CPUS))
    for node in glob.glob(out + "/node/node[0-9]*"):
        add(node + "/cpumap", mask(numbers(read(node + "/cpulist"))))
    for cpu in cpus:
        if os.path.isdir(cpu + "/topology"):
            add(cpu + "/topology/die_id", 0)
        for cache in glob.glob(cpu + "/cache/index*"):
            add(cache + "/id", numbers(read(cache + "/shared_cpu_list"))[0])


def main(out, host):
    if os.path.isdir(host + "/sys/devices/system/cpu"):
        copy(host, out)
        return
    if not re.fullmatch(r"([1-9]\d{0,6} ){4}[1-9]\d{0,6}( \d{1,6})?", host):
        fail("expected 'SOCKETS NODES_PER_SOCKET CORES_PER_NODE THREADS MIB_PER_NODE [HUGE_PAGES_PER_NODE]' or a "
             "folder with sys/devices/system, got '%s'" % host)
    sockets, nodes, cores, threads, mib, *huge_pages = map(int, host.split())
    if sockets * nodes * cores * threads > MOST_CPUS:
        fail("'%s' has %d CPUs, %d are possible" % (host, sockets * nodes * cores * threads, MOST_CPUS))
    if huge_pages and 2 * huge_pages[0] > mib:
        fail("'%s': %d pages of 2 MiB are more than %d MiB" % (host, *huge_pages, mib))
    Host(sockets, nodes, cores, threads, mib, *huge_pages).write(out)


main(*sys.argv[1:])
