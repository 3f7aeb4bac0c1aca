# SPDX-License-Identifier: GPL-2.0-or-later
# The emulated host: up and down.

# No process of another program has the path of this lab's folder in its command line like this.
machine_pids() { # STATE: all processes of this lab
    grep -lsazxF --regexp="$1/qemu.pid" --regexp="$1/keeper" /proc/[0-9]*/cmdline | cut -d/ -f3 || true
}

machine_runs() { # STATE
    local pid
    pid=$(cat "$1/qemu.pid" 2>/dev/null) || return 1
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$1/qemu.pid"
}

# Seconds of CPU that it took so far: the fair measure on a busy machine.
machine_cpu_seconds() {
    local ticks
    ticks=$(awk '{sub(/.*[)]/, ""); print $12 + $13}' "/proc/$(cat "$state/qemu.pid")/stat" 2>/dev/null) || ticks=0
    echo $((ticks / $(getconf CLK_TCK)))
}

machine_state() { # STATE
    if ! machine_runs "$1"; then
        echo down
    elif [ -e "$1/share/ready" ]; then
        echo up
    else
        echo booting
    fi
}

# EPYC as far as TCG can; what it cannot is taken out. topoext is forced on (TCG masks
# it without need): without it the lab's host would have neither threads nor a shared L3.
# It looks like a machine of its own (-hypervisor): it stands for a host of hardware.
# Models below 32 would make the kernel take any 8 APIC ids for one L3, across nodes.
machine_cpu=EPYC,model=49,+svm,+npt,-osvw,-nrip-save,-xsavec,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-hypervisor,+topoext,x-force-features=on

# Which of QEMU's two ways to run the CPUs is better depends on what runs in them: docs/lab.md, "Threads".
machine_arguments() { # fills the array `qemu`
    local line
    qemu=(qemu-system-x86_64 -name "lab-$lab_name" -pidfile "$state/qemu.pid"
        -nodefaults -no-user-config -display none -no-reboot -M q35 -accel "tcg,thread=$thread" -cpu "$machine_cpu"
        -smbios "type=1,manufacturer=kvmtune,product=lab")
    while read -r line; do
        # shellcheck disable=SC2206 # the line is a list of arguments
        qemu+=($line)
    done < <(topology_smp "$state/topology" && topology_numa "$state/topology")
    machine_folder root / ,readonly=on,multidevs=remap
    machine_folder lab "$share"
    machine_folder cache "$cache" ,readonly=on
    qemu+=(-serial "file:$state/console.log"
        -chardev "pipe,id=control,path=$state/control" -serial chardev:control
        -chardev "pipe,id=terminal,path=$state/terminal" -serial chardev:terminal
        -kernel "$cache/vmlinux" -initrd "$cache/initramfs.gz"
        -append "console=ttyS0 panic=-1 quiet loglevel=3 mitigations=off tsc=reliable no_timer_check $KERNEL_ARGUMENTS")
}

machine_folder() { # TAG PATH [MORE]: a folder of this machine, by 9p
    # on the main bus: with a PCI device on a node there are several
    qemu+=(-fsdev "local,id=$1,path=$2,security_model=none${3:-}" -device "virtio-9p-pci,bus=pcie.0,fsdev=$1,mount_tag=$1")
}

# Reads the options of `lab up` into a topology file and settings.
machine_options() {
    local shape=4x2 memory=1536M more=() distances=
    hours=12 libvirt=1 meter=0 latency=0 thread=multi KERNEL_ARGUMENTS=
    while [ $# -gt 0 ]; do
        case $1 in
            --topology | --memory | --distances | --hugepages | --pci | --hours | --append)
                [ $# -ge 2 ] || die "$1 needs a value"
                ;;&
            --topology) shape=$2 ;;
            --memory) memory=$2 ;;
            --distances) distances=$2 ;;
            --hugepages) more+=("hugepages ${2%:*} ${2#*:}") ;;
            --pci) more+=("pci $2") ;;
            --hours) hours=$2 ;;
            --append) KERNEL_ARGUMENTS=$2 ;;
            --no-libvirt) libvirt=0 ;;
            --smt) more+=("threads 2") ;;
            --meter) meter=1 ;;
            --latency) latency=1 ;;
            --one-thread) thread=single ;;
            *) die "up: unknown option '$1'" ;;
        esac
        case $1 in
            --no-libvirt | --smt | --meter | --latency | --one-thread) shift ;;
            *) shift 2 ;;
        esac
    done
    patience=${KT_LAB_PATIENCE:-600}
    [[ "$patience" =~ ^[1-9][0-9]{0,5}$ ]] || die "KT_LAB_PATIENCE: expected seconds, got '$patience'"
    [[ "$hours" =~ ^[0-9]{1,3}$ ]] || die "--hours: expected a number, got '$hours'"
    {
        if [[ "$shape" =~ ^[0-9]+x[0-9]+$ ]]; then
            topology_make "$shape" "$memory"
        else
            [ -e "$shape" ] || shape=$here/topologies/$shape
            cat "$shape" 2>/dev/null || die "--topology: expected NODESxCPUS such as 4x2 or a file, got '$shape'"
        fi
        for line in "${more[@]}"; do echo "$line"; done
    } >"$state/topology"
    if [ -n "$distances" ]; then
        sed -i '/^distance /d' "$state/topology"
        topology_distances "$distances" >>"$state/topology"
    fi
    topology_check "$state/topology"
}

# machine_boot OPTION...: a host that goes down with this process (see keeper). One that hung while it booted is
# booted once more.
machine_boot() {
    doctor_quiet || die "something is missing: \`lab doctor\` says what"
    mkdir -p "$state"
    SECONDS=0
    exec 9>"$state/lock"
    flock -n 9 || die "lab '$lab_name' is just being started or stopped by another command"
    ! machine_runs "$state" || die "lab '$lab_name' is up already"
    trap 'machine_abort' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    machine_start "$@"
    if ! machine_ready && grep -qs '^it hung' "$state/gone"; then
        say "'$lab_name' hung while it booted; once more"
        machine_start "$@"
    fi
    if ! machine_ready; then
        tail -n 20 "$state/console.log" "$state/qemu.log" >&2
        die "lab '$lab_name' does not come up$(machine_why); see $state/console.log"
    fi
    libvirt_cache_keep
    meter_calibrate
}

machine_start() { # OPTION...: and waits until it is ready, or gone
    machine_clear
    machine_options "$@"
    images_prepare
    mkdir -p "$share/jobs" "$share/results"
    cp "$here/init/host-init" "$state/topology" "$share/"
    [ "$libvirt" = 1 ] || touch "$share/no-libvirt"
    share_refresh
    mkfifo "$state"/{control,terminal}.{in,out}
    machine_arguments
    meter_arguments
    echo $$ >"$state/owner"
    setsid bash "$here/keeper" "$state/keeper" "$hours" "$patience" "${qemu[@]}" </dev/null >>"$state/qemu.log" 2>&1 8>&- 9>&- &
    machine_settled() { machine_ready || [ -e "$state/gone" ]; }
    wait_for "$patience" machine_settled || true
}

machine_why() { # why it ended, if the keeper has ended it
    local why=
    read -r why 2>/dev/null <"$state/gone" || true
    [ -z "$why" ] || echo " ($why)"
}

machine_ready() {
    [ -e "$share/ready" ] && { [ "$libvirt" = 0 ] || [ -e "$share/libvirt-ready" ]; } && machine_runs "$state"
}

# What libvirt found out about QEMU takes it long: kept for the next time.
libvirt_cache_keep() {
    [ ! -d "$cache/libvirt" ] && [ -d "$share/libvirt-cache/capabilities" ] || return 0
    cp -a "$share/libvirt-cache" "$cache/libvirt.new.$$" && mv -T "$cache/libvirt.new.$$" "$cache/libvirt" 2>/dev/null ||
        rm -rf "$cache/libvirt.new.$$"
}

machine_up() {
    machine_boot "$@"
    echo none >"$state/owner"
    trap - EXIT INT TERM HUP
    say "'$lab_name' is up after $SECONDS s, $(machine_cpu_seconds) s of CPU: \`lab sh\` gives a prompt, \`lab down\` ends it"
}

# Old sockets, logs and shares are of no use; results stay until the next start.
machine_clear() {
    machine_kill
    rm -rf "$share" "$state"/{control,terminal}.{in,out} "$state"/{gone,qemu.pid,owner,topology} "$state"/*.log
}

machine_kill() { # by force; also what is left over from a crash
    local pid pids
    pids=$(machine_pids "$state")
    [ -n "$pids" ] || return 0
    for pid in $pids; do kill -TERM "$pid" 2>/dev/null || true; done
    machine_gone() { [ -z "$(machine_pids "$state")" ]; }
    wait_for 5 machine_gone || for pid in $(machine_pids "$state"); do kill -KILL "$pid" 2>/dev/null || true; done
}

machine_abort() {
    trap - EXIT
    [ -z "$(machine_pids "$state")" ] || say "'$lab_name' is taken down"
    machine_kill
}

machine_end() { # takes down what machine_boot booted
    machine_down
    trap - EXIT INT TERM HUP
}

machine_down() {
    [ -d "$state" ] || die "there is no lab '$lab_name'"
    if machine_runs "$state" && [ -e "$share/ready" ]; then
        machine_down_itself() { ! machine_runs "$state"; }
        talk_send off
        wait_for 10 machine_down_itself || say "'$lab_name' does not answer: ended by force"
    fi
    machine_kill
}
