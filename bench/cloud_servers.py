#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""cloud_servers.py NOVA_CONF IMAGE PROJECT HOSTS SERVERS FLAVORS: hosts (besides those that are there), flavors and
servers as the database of a Nova knows them, made through Nova's own objects. Scheduling each server would take a
second or more; what answers afterwards is the real API. Runs where the database is (`openstack/openstack inside`),
and alone, for SQLite refuses one of two writers."""
import nova.monkey_patch  # noqa: F401  before all else, as in Nova's own programs
import sys
import uuid

from oslo_utils import timeutils

from nova import config, context, objects
from nova.network import model as network

SPECS = [{}, {"hw:cpu_sockets": "1"}, {"hw:cpu_sockets": "2", "hw:numa_nodes": "2"}, {"hw:cpu_policy": "dedicated"},
         {"hw:cpu_socket": "2", "quota:disk_read_iops_sec": "2000"}]


def make_flavors(ctxt, count):
    made = []
    for n in range(count):
        flavor = objects.Flavor(ctxt, flavorid="bench-%d" % n, name="bench-%d" % n, vcpus=(2, 4, 8, 16, 32)[n % 5],
                                memory_mb=256 * (n + 1), root_gb=20, ephemeral_gb=0, swap=0, rxtx_factor=1.0,
                                vcpu_weight=0, disabled=False, is_public=True, extra_specs=SPECS[n // 5 % len(SPECS)])
        flavor.create()
        made.append(flavor)
    return made


OF_ITSELF = ("id", "uuid", "host", "hypervisor_hostname", "service_id", "created_at", "updated_at", "deleted_at", "deleted")


def make_host(ctxt, cell, name):
    """Another compute host, as the first one is."""
    with context.target_cell(ctxt, cell) as in_cell:
        first = objects.ComputeNodeList.get_all(in_cell)[0]
        service = objects.Service(in_cell, host=name, binary="nova-compute", topic="compute",
                                  last_seen_up=timeutils.utcnow(), report_count=1, disabled=False)
        service.create()
        node = objects.ComputeNode(in_cell, uuid=str(uuid.uuid4()), host=name, hypervisor_hostname=name,
                                   service_id=service.id)
        for field in first.fields:
            if field not in OF_ITSELF and first.obj_attr_is_set(field):
                setattr(node, field, getattr(first, field))
        node.create()
    objects.HostMapping(ctxt, host=name, cell_mapping=cell).create()


def make_server(ctxt, cell, n, flavor, host, image, project):
    server = objects.Instance(
        ctxt, uuid=str(uuid.uuid4()), project_id=project, user_id=project, display_name="bench-%04d" % n,
        hostname="bench-%04d" % n, host=host, node=host, launched_on=host, availability_zone="nova",
        vm_state="active", task_state=None, power_state=1, launched_at=timeutils.utcnow(), image_ref=image,
        flavor=flavor, old_flavor=None, new_flavor=None, instance_type_id=flavor.id, memory_mb=flavor.memory_mb,
        vcpus=flavor.vcpus, root_gb=flavor.root_gb, ephemeral_gb=0, metadata={},
        system_metadata={"image_base_image_ref": image}, numa_topology=None, vcpu_model=None, resources=None,
        pci_requests=objects.InstancePCIRequests(requests=[]), root_device_name="/dev/vda", locked=False)
    with context.target_cell(ctxt, cell) as in_cell:
        server._context = in_cell
        server.create()
        cache = objects.InstanceInfoCache.new(in_cell, server.uuid)
        cache.network_info = network.NetworkInfo()
        cache.save()
    objects.InstanceMapping(ctxt, instance_uuid=server.uuid, cell_mapping=cell, project_id=project, user_id=project,
                            queued_for_delete=False).create()


def main(path, image, project, hosts, servers, flavors):
    config.parse_args(["nova", "--config-file", path])
    objects.register_all()
    ctxt = context.get_admin_context()
    cell = next(c for c in objects.CellMappingList.get_all(ctxt) if not c.is_cell0())
    with context.target_cell(ctxt, cell) as in_cell:
        there = {node.host for node in objects.ComputeNodeList.get_all(in_cell)}
    for name in ("node%d" % (n + 1) for n in range(int(hosts))):
        if name not in there:
            make_host(ctxt, cell, name)
    made = make_flavors(ctxt, int(flavors))
    for n in range(int(servers)):
        make_server(ctxt, cell, n, made[n % len(made)], "node%d" % (n % int(hosts) + 1), image, project)


main(*sys.argv[1:])
