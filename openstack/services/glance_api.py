#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""glance_api.py STATE PORT: Glance; makes its database on the first start."""
import os
import subprocess
import sys

from serve import serve

state, port = sys.argv[1:]
config = state + "/etc/glance-api.conf"
if not os.path.exists(state + "/db/glance.db"):
    subprocess.run([sys.executable, "-m", "glance.cmd.manage", "--config-file", config, "db_sync"], check=True)
os.environ["OS_GLANCE_CONFIG_DIR"] = state + "/etc"

from glance.common import wsgi_app  # noqa: E402

serve(wsgi_app.init_app(), port)
