#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""keystone_api.py STATE PORT PASSWORD [TYPE=URL...]: Keystone. On the first start it makes its database and keys, the
user `admin` (administrator, project admin), `member` and `reader` of the project `demo` with roles of their names,
all with the same password, and a catalogue of the services that are named."""
import os
import sqlite3
import sys
import uuid

from serve import serve

command = sys.argv[:]
state, port, password, *services = sys.argv[1:]
del sys.argv[1:]  # Keystone would read them
config = state + "/etc/keystone.conf"
os.environ["OS_KEYSTONE_CONFIG_FILES"] = config
url = "http://127.0.0.1:%s/v3" % port
REGION = "RegionOne"


def new_id():
    return uuid.uuid4().hex


def keys():
    import keystone.conf
    from keystone.common import fernet_utils
    for group in ("fernet_tokens", "credential"):
        section = getattr(keystone.conf.CONF, group)
        repository = fernet_utils.FernetUtils(section.key_repository, getattr(section, "max_active_keys", 3), group)
        repository.create_key_directory()
        repository.initialize_key_repository()


def catalogue(api, types):
    for name, address in (s.split("=", 1) for s in types):
        service = new_id()
        api.catalog_api.create_service(service, {"id": service, "type": name, "name": name, "enabled": True})
        for interface in ("public", "internal", "admin"):
            endpoint = new_id()
            api.catalog_api.create_endpoint(endpoint, {
                "id": endpoint, "interface": interface, "url": address, "service_id": service, "region_id": REGION,
                "enabled": True})


def project(api, roles):
    demo = new_id()
    api.resource_api.create_project(demo, {"id": demo, "name": "demo", "domain_id": "default", "enabled": True})
    for name, role in roles.items():
        user = api.identity_api.create_user(
            {"name": name, "password": password, "domain_id": "default", "enabled": True})
        api.assignment_api.add_role_to_user_and_project(user["id"], demo, role)


def make():
    import keystone.server
    from keystone.cmd import bootstrap
    from keystone.common import provider_api
    from keystone.common.sql import upgrades
    keystone.server.configure(config_files=[config])
    upgrades.offline_sync_database_to_version()
    # else a reader locks a writer out, and the connection is cut after five seconds
    sqlite3.connect(state + "/db/keystone/keystone.db").execute("pragma journal_mode=wal")
    keys()
    admin = bootstrap.Bootstrapper()
    admin.admin_username = admin.project_name = admin.admin_role_name = "admin"
    admin.admin_password = password
    admin.region_id, admin.service_name = REGION, "keystone"
    admin.public_url = admin.internal_url = admin.admin_url = url
    admin.bootstrap()
    api = provider_api.ProviderAPIs
    catalogue(api, services)
    project(api, {"member": admin.member_role_id, "reader": admin.reader_role_id})
    open(state + "/db/keystone/made", "w").close()


if not os.path.exists(state + "/db/keystone/made"):
    make()
    os.execv(sys.executable, [sys.executable] + command)  # what was loaded for making is in the way

from keystone.server import wsgi  # noqa: E402

serve(wsgi.initialize_public_application(), port)
