# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute hosts without a hypervisor: Nova's own fake driver, with nodes. Their shape comes from the variable
FAKE_HOST: "SOCKETS NODES_PER_SOCKET CORES_PER_NODE THREADS MIB_PER_NODE [HUGE_PAGES_PER_NODE]"."""
import os

from nova import objects
from nova.virt import fake


class NumaDriver(fake.FakeDriver):
    capabilities = dict(fake.FakeDriver.capabilities, supports_migrate_to_same_host=True, supports_pcpus=False)
    sockets, nodes_per_socket, cores, threads, mib, *huge_pages = map(int, os.environ["FAKE_HOST"].split())
    vcpus = sockets * nodes_per_socket * cores * threads
    memory_mb = sockets * nodes_per_socket * mib

    def get_available_resource(self, nodename):
        found = super().get_available_resource(nodename)
        if found:
            found["numa_topology"] = self.topology()._to_json()
        return found

    def topology(self):
        count = self.sockets * self.nodes_per_socket
        cells = []
        for node in range(count):
            cores = range(node * self.cores, (node + 1) * self.cores)
            siblings = [{core + t * count * self.cores for t in range(self.threads)} for core in cores]
            cpus = set().union(*siblings)
            cells.append(objects.NUMACell(
                id=node, socket=node // self.nodes_per_socket, cpuset=cpus, pcpuset=cpus, memory=self.mib,
                cpu_usage=0, memory_usage=0, pinned_cpus=set(), siblings=siblings,
                network_metadata=objects.NetworkMetadata(physnets=set(), tunneled=False),
                mempages=self.pages()))
        return objects.NUMATopology(cells=cells)


    def pages(self):
        huge = self.huge_pages[0] if self.huge_pages else 0
        return [objects.NUMAPagesTopology(size_kb=size, total=count, used=0)
                for size, count in ((4, self.mib * 256 - huge * 512), (2048, huge), (1048576, 0))]


def install():
    """Nova takes its drivers from its own package only."""
    fake.NumaDriver = NumaDriver
