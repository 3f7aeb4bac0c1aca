# SPDX-License-Identifier: GPL-2.0-or-later
# Where things are, and how the others speak and wait.
# top: this source tree; root: all that is kept; cache: made once; state: of what is up, gone after `down`.

say() { printf 'openstack: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 2
}

# Debian's own, which finds its packages, whatever is first on PATH.
python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1

paths() {
    top=$(dirname "$here")
    root=${KT_OPENSTACK:-$top/build/openstack}
    mkdir -p "$root/cache" || die "cannot make the folder '$root'; set KT_OPENSTACK to one that can be written"
    root=$(cd "$root" && pwd)
    cache=$root/cache state=$root/state
    libvirt_socket=$state/libvirt/run/libvirt-sock
    [ ${#libvirt_socket} -le 107 ] ||
        die "'$libvirt_socket' is too long for a socket: set KT_OPENSTACK to a folder with a shorter name"
}

# Waits until a command succeeds: wait_for SECONDS COMMAND...
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# render FILE TEMPLATE...: templates with @NAME@ in place of the variable `name`.
render() {
    local out=$1 script name
    shift
    script=$(for name in here state auth_url nova_port glance_port placement_port neutron_port keystone_port password \
        token_seconds compute_driver cpu_mode; do
        printf 's#@%s@#%s#g\n' "${name^^}" "${!name:-}"
    done)
    sed "$script" "${@/#/$here/etc/}" >"$out"
}
