#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Files stay under 600 lines, functions under 60: what is longer has two purposes. TAP.
cd "${KT_SOURCE:-$(dirname "$0")/..}" || exit 1
echo "1..2"
verdict() {
    if [ -z "$3" ]; then echo "ok $1 $2"; else echo "not ok $1 $2"; printf '%s\n' "$3" | sed 's/^/# /'; fi
}
verdict 1 "files" "$(find src tests tools lab openstack -name '*.[ch]' -o -name '*.py' -o -name '*.sh' 2>/dev/null |
    xargs wc -l | awk '$2 != "total" && $1 > 600 {print $2 ": " $1 " lines"}')"
verdict 2 "functions" "$(find src -name '*.c' | xargs awk '
    FNR == 1 { open = 0 }
    /^\{/ { start = FNR; open = 1 }
    /^\}$/ && open { if (FNR - start - 1 > 60) print FILENAME ":" start ": " FNR - start - 1 " lines"; open = 0 }')"
