#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""placement_api.py STATE PORT: Placement; it makes its database itself."""
import os
import sys

from serve import serve

state, port = sys.argv[1:]
os.environ["OS_PLACEMENT_CONFIG_DIR"] = state + "/etc"

from placement import wsgi  # noqa: E402

serve(wsgi.init_application(), port)
