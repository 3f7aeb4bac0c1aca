#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nova_all.py CONFIG NEUTRON_PORT FAKE_HOSTS KEYSTONE: all of Nova in one process (conductor, scheduler, compute, API) over
messages in memory and SQLite. The services are Nova's own; Neutron is a stub that has no networks. With FAKE_HOSTS
above 0 there are so many compute hosts with the driver of fake_hosts.py, node1, node2, ... KEYSTONE is its address,
or empty."""
import nova.monkey_patch  # noqa: F401  before all else, as in Nova's own programs
import json
import os
import sqlite3
import sys
import time
import urllib.request

import eventlet
import eventlet.wsgi
from oslo_log import log
from oslo_service import service as oslo_service

import nova.conf
import nova.privsep
import os_brick.privileged
from nova import config, objects, service
from nova.api.openstack import auth
from nova.compute import rpcapi

CONF = nova.conf.CONF


def make_databases():
    from nova.cmd import manage
    cell = CONF.database.connection.removeprefix("sqlite:///")
    cell0 = cell.replace("cell1", "cell0")
    cells = manage.CellV2Commands()
    for done in (manage.ApiDbCommands().sync(), cells.map_cell0("sqlite:///" + cell0),
                 cells.create_cell("cell1", CONF.database.connection, CONF.transport_url), manage.DbCommands().sync()):
        assert done in (0, None), done
    for path in (cell, cell0, CONF.api_database.connection.removeprefix("sqlite:///")):
        sqlite3.connect(path).execute("pragma journal_mode=wal")  # else a reader locks a writer out


def let_nobody_in():
    """Without Keystone: the caller is an administrator, and has a token to go to Glance with."""
    base = auth.NoAuthMiddlewareBase.base_call

    def call(self, request, *arguments, **more):
        answer = base(self, request, *arguments, **more)
        context = request.environ.get("nova.context")
        if context:
            context.auth_token = request.headers["X-Auth-Token"]
            context.roles = ["admin", "member", "reader"]
        return answer
    auth.NoAuthMiddlewareBase.base_call = call


def no_networks(environ, start_response):
    """Neutron to those who ask what networks there are: none."""
    kind = environ["PATH_INFO"].rstrip("/").rsplit("/", 1)[-1].removesuffix(".json").replace("-", "_")
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({kind: []}).encode()]


def wait_for(what, errors, attempt, *arguments):
    """nova-compute would give up where it finds nothing."""
    for _ in range(3000):
        try:
            return attempt(*arguments)
        except errors:
            time.sleep(0.1)
    sys.exit(what + " does not answer")


def wait_for_others(keystone, with_libvirt):
    if keystone:
        wait_for("Keystone", OSError, urllib.request.urlopen, keystone)
    if with_libvirt:
        import libvirt
        libvirt.registerErrorHandler(lambda *_: None, None)
        wait_for("libvirtd", libvirt.libvirtError, lambda: libvirt.open("qemu:///system").close())


def main(path, neutron_port, fake_hosts, keystone):
    config.parse_args(["nova", "--config-file", path])
    log.setup(CONF, "nova")
    objects.register_all()
    # This is root already: no helper process by sudo for what only root may do.
    nova.privsep.sys_admin_pctxt.set_client_mode(False)
    os_brick.privileged.default.set_client_mode(False)
    if not os.path.exists(CONF.database.connection.removeprefix("sqlite:///")):
        make_databases()
    if CONF.api.auth_strategy == "noauth2":
        let_nobody_in()
    listener = eventlet.listen(("127.0.0.1", int(neutron_port)))
    eventlet.spawn(eventlet.wsgi.server, listener, no_networks, log_output=False)
    hosts = ["node%d" % (n + 1) for n in range(int(fake_hosts))]
    if hosts:
        import fake_hosts as driver
        driver.install()
    wait_for_others(keystone, not hosts)
    launcher = oslo_service.ServiceLauncher(CONF)
    launcher.services.tg.pool.resize(10 + len(hosts))  # the eleventh service would wait for the end of another one
    for binary, topic in (("nova-conductor", "conductor"), ("nova-scheduler", "scheduler")):
        launcher.launch_service(service.Service.create(binary=binary, topic=topic))
    for host in hosts or [CONF.host]:
        launcher.launch_service(service.Service.create(host=host, binary="nova-compute", topic=rpcapi.RPC_TOPIC))
    launcher.launch_service(service.WSGIService("osapi_compute"))
    launcher.wait()


main(*sys.argv[1:])
