#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The rooms' one-way flow (docs/architecture.md): who may include whom, which
# room may use which library, and that only src/cmd prints or exits. TAP.
cd "${KT_SOURCE:-$(dirname "$0")/..}" || exit 1
echo "1..3"

rooms() { # room: rooms it may include
    cat <<'END'
base base
model base model
evidence base model evidence
checks base model checks
placement base model placement
plan base model checks placement plan
domxml base domxml
apply base model evidence plan domxml apply
nova base model placement domxml nova
verify base model plan verify
cloud base model plan apply nova cloud
view base model checks plan apply nova cloud verify view
cmd base model evidence checks placement plan domxml nova apply cloud verify view cmd
END
}

libraries() { # header prefix: rooms that may include it
    cat <<'END'
libxml/ evidence domxml
json-glib/ base evidence plan
json-glib/ base evidence nova
archive.h evidence
archive_entry.h evidence
libvirt/ evidence apply
curl/ cloud
yaml.h cloud
sqlite3.h apply
hwloc evidence
END
}

verdict() { # number, name, findings
    if [ -z "$3" ]; then
        echo "ok $1 $2"
    else
        echo "not ok $1 $2"
        printf '%s\n' "$3" | sed 's/^/# /'
    fi
}

bad=$(for directory in src/*/; do
    room=$(basename "$directory")
    allowed=$(rooms | sed -n "s/^$room //p")
    [ -n "$allowed" ] || echo "src/$room is not in the table of rooms"
    grep -Hno '^#include "[a-z]*/' "$directory"*.[ch] | while IFS= read -r hit; do
        other=${hit##*\"}
        case " $allowed " in *" ${other%/} "*) ;; *) echo "$hit: src/$room may not include src/$other" ;; esac
    done
done)
verdict 1 "a room includes only what stands above it" "$bad"

bad=$(libraries | while read -r header allowed; do
    grep -rHn "^#include <$header" src | while IFS= read -r hit; do
        room=${hit#src/}
        case " $allowed " in *" ${room%%/*} "*) ;; *) echo "$hit" ;; esac
    done
done)
verdict 2 "a library is used only in its room" "$bad"

bad=$(grep -rHnE '\b(printf|puts|putchar|fprintf|g_print|g_printerr|perror|exit|_exit|abort)\(' src \
    --include='*.c' | grep -v '^src/cmd/' || true)
verdict 3 "only src/cmd prints or exits" "$bad"
