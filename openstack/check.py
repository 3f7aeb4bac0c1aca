#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check.py STATE KVMTUNE [WORD...]: kvmtune cloud against the services that openstack/openstack has brought up (below
STATE), with their faults. TAP; only tests with one of the words in their names, if there are any."""
import sys
import time

import check_answers
import check_faults
import check_ways
from case import OLD, WORDS, admin


def main():
    if OLD not in [f["name"] for f in admin.nova("GET", "/flavors")["flavors"]]:
        admin.flavor(OLD, 4, 256, disk=1)
    tests = [(name[5:].replace("_", " "), test) for part in (check_ways, check_answers, check_faults)
             for name, test in vars(part).items()
             if name.startswith("test_") and (not WORDS or any(word in name for word in WORDS))]
    print("1..%d" % len(tests), flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        start = time.monotonic()
        try:
            test()
            print("ok %d - %s (%.0f s)" % (number, name, time.monotonic() - start), flush=True)
        except Exception as e:  # noqa: BLE001
            failed += 1
            print("not ok %d - %s\n# %s" % (number, name, str(e)[:3000].replace("\n", "\n# ")), flush=True)
    return failed > 0


sys.exit(main())
