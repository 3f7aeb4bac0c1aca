# SPDX-License-Identifier: GPL-2.0-or-later
# For scenarios that need a guest's prompt, and nothing of libvirt: the tiny Linux
# under a QEMU of its own. One at a time.

# bare_guest NAME QEMU_ARGUMENT...: starts it and waits for its prompt.
bare_guest() {
    local line name=$1
    shift
    coproc QEMU { exec qemu-system-x86_64 -nodefaults -display none -no-reboot -accel kvm -name "$name,debug-threads=on" \
        -serial stdio -kernel /run/lab-cache/kernel/boot/vmlinuz -initrd /run/lab-cache/guest.gz \
        -append "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check" "$@" 2>>"$RESULTS/qemu.log"; }
    guest_pid=$QEMU_PID
    exec {guest_out}<&"${QEMU[0]}" {guest_in}>&"${QEMU[1]}"
    while IFS= read -r -t 300 -u "$guest_out" line; do
        case $line in
            *"guest: up"*)
                bare_guest_listens
                return
                ;;
        esac
    done
    return 1
}

# What is typed before the shell has its terminal is lost: until it answers.
bare_guest_listens() {
    local line
    for _ in {1..100}; do
        echo "echo it listens" >&"$guest_in"
        while IFS= read -r -t 3 -u "$guest_out" line; do
            [ "${line%$'\r'}" != "it listens" ] || return 0
        done
    done
    return 1
}

# Each vCPU thread onto the CPU of its number.
bare_guest_pin() {
    local name task
    for task in /proc/"$guest_pid"/task/*; do
        name=$(<"$task/comm")
        if [[ $name =~ ^CPU\ ([0-9]+)/KVM$ ]]; then taskset -pc "${BASH_REMATCH[1]}" "${task##*/}" >/dev/null; fi
    done
}

# bare_guest_run COMMAND [HANDLER]: types it in, and calls the handler (echo) with each line until it has ended.
bare_guest_run() {
    local line
    echo "$1; echo command ended" >&"$guest_in"
    while IFS= read -r -t 240 -u "$guest_out" line; do
        line=${line%$'\r'}
        [ "$line" != "command ended" ] || return 0
        "${2:-echo}" "$line"
    done
    return 1
}

bare_guest_end() {
    kill "$guest_pid"
    wait "$guest_pid" 2>/dev/null
    exec {guest_out}<&- {guest_in}>&-
}
