# SPDX-License-Identifier: GPL-2.0-or-later
# The services: their ports, settings, start, and when each is ready.
services='libvirtd placement glance keystone nova'

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Five ports in a row, from $KT_OPENSTACK_PORT (17740) or the first free ones behind it.
ports_choose() {
    local base=${KT_OPENSTACK_PORT:-17740} first port
    [[ "$base" =~ ^[1-9][0-9]{3,4}$ && "$base" -le 65000 ]] || die "KT_OPENSTACK_PORT: expected a port, got '$base'"
    for first in $(seq "$base" 10 $((base + 500))); do
        for port in $(seq "$first" $((first + 4))); do
            port_is_free "$port" || continue 2
        done
        keystone_port=$first nova_port=$((first + 1)) glance_port=$((first + 2)) placement_port=$((first + 3))
        neutron_port=$((first + 4))
        return
    done
    die "all ports from $base to $((base + 504)) are taken: set KT_OPENSTACK_PORT to the first of five free ones"
}

settings_names='sign_in fake host cpu_mode token_seconds password keystone_port nova_port glance_port placement_port neutron_port'

settings_write() {
    local name
    for name in $settings_names; do printf '%s=%q\n' "$name" "${!name}"; done >"$state/settings"
}

settings_read() {
    world_runs || die "it is not up; start it with \`openstack/openstack up\`"
    # shellcheck source=/dev/null
    . "$state/settings"
    auth_url=http://127.0.0.1:$keystone_port/v3
}

configs_write() {
    local auth=() part
    [ "$sign_in" = open ] || auth=(authtoken.conf)
    compute_driver=libvirt.LibvirtDriver
    [ "$fake" = 0 ] || compute_driver=fake.NumaDriver
    mkdir -p "$state"/{etc,images,staging,tasks,nova/instances,nova/locks,libvirt/etc}
    render "$state/etc/nova.conf" nova.conf "nova.$sign_in.conf" "${auth[@]}"
    render "$state/etc/placement.conf" placement.conf "placement.$sign_in.conf" "${auth[@]}"
    render "$state/etc/glance-api.conf" glance.conf "glance.$sign_in.conf" "${auth[@]}"
    for part in nova-paste.ini glance-paste.ini glance-policy.yaml keystone.conf; do
        render "$state/etc/$part" "$part"
    done
    cp "$state/etc/glance-paste.ini" "$state/etc/glance-api-paste.ini"
    cp "$here/etc/qemu.conf" "$here/etc/libvirtd.conf" "$state/libvirt/etc/"
}

# What libvirt found out about QEMU takes it seconds, and is kept.
libvirt_cache() { # keep | use
    case $1 in
        use) [ ! -d "$cache/libvirt" ] || { mkdir -p "$state/libvirt/var" && cp -a "$cache/libvirt" "$state/libvirt/var/cache"; } ;;
        keep) rm -rf "$cache/libvirt" && cp -a "$state/libvirt/var/cache" "$cache/libvirt" ;;
    esac
}

service_run() { # NAME
    local preload=()
    case $1 in
        libvirtd)
            [ ! -d "$state/host" ] || preload=(env "LD_PRELOAD=$state/shim.so")
            service_start libvirtd "${preload[@]}" libvirtd --config /etc/libvirt/libvirtd.conf
            ;;
        placement | glance)
            local port=$1_port
            service_start "$1" "$python" "$here/services/$1_api.py" "$state" "${!port}"
            ;;
        keystone)
            service_start keystone "$python" "$here/services/keystone_api.py" "$state" "$keystone_port" "$password" \
                "compute=http://127.0.0.1:$nova_port/v2.1" "image=http://127.0.0.1:$glance_port" \
                "placement=http://127.0.0.1:$placement_port"
            ;;
        nova)
            service_start nova env "FAKE_HOST=$host" "$python" "$here/services/nova_all.py" "$state/etc/nova.conf" \
                "$neutron_port" "$fake" "$([ "$sign_in" = open ] || echo "$auth_url")"
            ;;
        *) die "no service is called '$1'; there are $services" ;;
    esac
}

service_is_wanted() {
    case $1 in
        libvirtd) [ "$fake" = 0 ] ;;
        keystone) [ "$sign_in" = keystone ] ;;
    esac
}

answers() { curl -s -o "$state/answer" --max-time 30 "$1"; }

service_must_be_up() { # NAME
    service_is_up "$1" && return
    tail -n 5 "$state/log/$1.out" >&2
    die "$1 has ended; its log: $state/log/$1.out"
}

service_is_ready() { # NAME
    local port=$1_port
    service_must_be_up "$1"
    case $1 in
        libvirtd) [ -S "$libvirt_socket" ] ;;
        *) answers "http://127.0.0.1:${!port}/" ;;
    esac
}

hypervisors_are_up() { # N
    service_must_be_up nova
    [ "$(client hypervisors || echo 0)" -ge "$1" ]
}

# One that ends is seen at once: this is for one that hangs, and a busy machine may take as long as it takes.
patience() { echo $((300 + 15 * fake)); }

services_start() {
    local name
    for name in $services; do
        ! service_is_wanted "$name" || service_run "$name"
    done
    for name in $services; do
        ! service_is_wanted "$name" || wait_for "$(patience)" service_is_ready "$name" || die "$name does not answer: see $state/log"
    done
}
