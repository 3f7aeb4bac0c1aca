# SPDX-License-Identifier: GPL-2.0-or-later
# From nothing to a compute host that takes servers.

doctor_needs='python3-nova import:nova
python3-glance import:glance
python3-placement import:placement
python3-keystone import:keystone
python3-libvirt import:libvirt
python3-fixtures import:fixtures
qemu-utils qemu-img
qemu-system-x86 qemu-system-x86_64
libvirt-daemon libvirtd
libvirt-clients virsh
busybox-static busybox
cpio cpio
gcc gcc
curl curl
util-linux nsenter'

doctor_missing() { # lines: package
    local package need
    while read -r package need; do
        case $need in
            import:*) python_has "${need#import:}" ;;
            *) command -v "$need" >/dev/null || [ -x "/usr/sbin/$need" ] ;;
        esac || echo "$package"
    done <<<"$doctor_needs"
    [ -e /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so ] || echo libvirt-daemon-driver-qemu
}

python_has() { compgen -G "/usr/lib/python3/dist-packages/$1*" >/dev/null; }

command_doctor() {
    local missing memory status=0
    missing=$(doctor_missing)
    if [ -n "$missing" ]; then
        echo "missing packages; \`make openstack\` installs them:"
        # shellcheck disable=SC2001
        sed 's/^/  /' <<<"$missing"
        status=1
    fi
    if [ "$(id -u)" != 0 ]; then
        echo "this is not root: libvirt's folders cannot be replaced by mounts"
        status=1
    elif ! unshare --mount --pid --fork true 2>/dev/null || ! grep -qw overlay /proc/filesystems; then
        echo "no namespaces or no overlayfs: in a container it has to be a privileged one"
        status=1
    fi
    memory=$(awk '$1 == "MemAvailable:" {print int($2 / 1024)}' /proc/meminfo)
    if [ "$memory" -lt 2048 ]; then
        echo "memory: $memory MiB are available; services and a guest take about 1 GiB"
        status=1
    fi
    [ "$status" != 0 ] || echo "nothing is missing"
    return "$status"
}

up_options() {
    sign_in=keystone fake=0 host="2 2 8 2 8192" cpu_mode=none token_seconds=3600 hours=12
    while [ $# -gt 0 ]; do
        case $1 in
            --host | --fake | --token-seconds | --cpu-mode | --hours) [ $# -ge 2 ] || die "$1 needs a value" ;;&
            --host) host=$2 ;;
            --fake) fake=$2 ;;
            --token-seconds) token_seconds=$2 ;;
            --cpu-mode) cpu_mode=$2 ;;
            --hours) hours=$2 ;;
            --real-host) host= ;;
            --no-keystone) sign_in=open ;;
            *) die "up: unknown option '$1'" ;;
        esac
        case $1 in
            --real-host | --no-keystone) shift ;;
            *) shift 2 ;;
        esac
    done
    [[ "$fake" =~ ^[0-9]{1,3}$ ]] || die "--fake: expected a number of hosts, got '$fake'"
    [[ "$token_seconds" =~ ^[1-9][0-9]{0,6}$ ]] || die "--token-seconds: expected seconds, got '$token_seconds'"
    [[ "$hours" =~ ^[1-9][0-9]{0,2}$ ]] || die "--hours: expected a number, got '$hours'"
    [[ "$cpu_mode" =~ ^(none|host-model|custom)$ ]] || die "--cpu-mode: expected none, host-model or custom, got '$cpu_mode'"
    if [ "$fake" != 0 ]; then
        [[ "$host" =~ ^([1-9][0-9]*\ ){4}[1-9][0-9]*(\ [0-9]+)?$ ]] || die "--fake needs a made-up --host, got '$host'"
    fi
}

host_make() {
    [ "$fake" = 0 ] && [ -n "$host" ] || return 0
    "$here/made_up_host.py" "$state/host" "$host" || exit 2
    gcc -O2 -shared -fPIC -o "$state/shim.so" "$here/shim.c"
    echo 'hugetlbfs_mount = "/run/hugepages"' >>"$state/libvirt/etc/qemu.conf"
}

clouds_write() {
    {
        echo "# Signs in to the services that openstack/openstack has brought up."
        echo "clouds:"
        if [ "$sign_in" = open ]; then
            printf '  kvmtune:\n    auth_type: admin_token\n    compute_api_version: "2.90"\n    auth: {endpoint: "%s", token: "admin:admin"}\n' \
                "http://127.0.0.1:$nova_port/v2.1"
            printf '    image_endpoint_override: "http://127.0.0.1:%s"\n' "$glance_port"
        else
            cloud_entry kvmtune admin admin
            cloud_entry member member demo
            cloud_entry reader reader demo
        fi
    } >"$state/clouds.yaml"
    chmod 600 "$state/clouds.yaml"
}

cloud_entry() { # NAME USER PROJECT
    cat <<END
  $1:
    region_name: RegionOne
    compute_api_version: "2.90" # else the openstack client speaks 2.1, which knows no servers without networks
    auth:
      auth_url: $auth_url
      username: $2
      password: $password
      project_name: $3
      user_domain_id: default
      project_domain_id: default
END
}

command_up() {
    local missing
    up_options "$@"
    missing=$(doctor_missing)
    [ -z "$missing" ] || die "something is missing: \`openstack doctor\` says what"
    mkdir -p "$cache"
    exec 9>"$root/lock"
    flock -n 9 || die "it is just being started by another command"
    ! world_runs || die "it is up already"
    rm -rf "$state"
    mkdir -p "$state"/{log,pid,tmp}
    [ "$fake" != 0 ] || guest_prepare
    ports_choose
    auth_url=http://127.0.0.1:$keystone_port/v3
    password=$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
    settings_write
    configs_write
    host_make
    libvirt_cache use
    clouds_write
    trap 'world_end' EXIT
    world_start "$hours"
    services_start
    wait_for "$(patience)" hypervisors_are_up "$((fake > 0 ? fake : 1))" || die "no compute host is up: see $state/log"
    if [ "$fake" = 0 ]; then
        client images "$kernel" "$ramdisk"
        libvirt_cache keep
    else
        client images /dev/null /dev/null
    fi
    trap - EXIT
    say "up after $SECONDS s; \`openstack/openstack env\` says how to use it, \`openstack/openstack down\` ends it"
}
