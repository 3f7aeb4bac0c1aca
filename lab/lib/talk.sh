# SPDX-License-Identifier: GPL-2.0-or-later
# Commands to the lab: words over a serial port, everything else in the shared folder.

talk_send() { # WORD [ID]
    # a dead QEMU must not make the writer wait
    timeout 5 bash -c 'echo "$1" >"$2"' - "$*" "$state/control.in"
}

talk_job() { # COMMAND: a new job; its id is in $job
    mkdir -p "$share/jobs"
    job=$(basename "$(mktemp -d "$share/jobs/XXXXXX")")
    chmod 755 "$share/jobs/$job"
    printf '%s\n' "$1" >"$share/jobs/$job/cmd"
    : >"$share/jobs/$job/out"
}

talk_done() {
    [ -e "$share/jobs/$job/rc" ] || ! machine_runs "$state"
}

# talk_run COMMAND: runs it in the lab, shows what it prints, returns its exit status.
# Interrupted, it interrupts the command. With $talk_limit set it may take as many seconds: a host that
# hangs is ended.
talk_run() {
    local printer status end=$((SECONDS + ${talk_limit:-0}))
    talk_job "cd /run/lab; $1"
    trap 'talk_send kill "$job"; exit 130' INT
    trap 'talk_send kill "$job"; exit 143' TERM HUP
    talk_send run "$job"
    tail --pid=$$ -c +1 -s 0.2 -f "$share/jobs/$job/out" &
    printer=$!
    until talk_done; do
        if [ -n "${talk_limit:-}" ] && [ "$SECONDS" -ge "$end" ]; then
            say "no end after $talk_limit s: the host is ended"
            machine_kill
        fi
        sleep 0.2
    done
    # what came last
    sleep 0.3
    kill "$printer"
    wait "$printer" 2>/dev/null || true
    trap - INT TERM HUP
    status=$(cat "$share/jobs/$job/rc" 2>/dev/null) || {
        wait_for 5 test -e "$state/gone" || true
        say "'$lab_name' went down while the command ran$(machine_why); its logs: $state"
        return 125
    }
    rm -rf "$share/jobs/$job"
    return "$status"
}

# Behind a prompt; one that is still open (the terminal was closed) ends.
talk_hang_up() {
    stty "$talk_settings" 2>/dev/null || true
    kill "${talk_cats[@]}" 2>/dev/null || true
    if ! talk_done; then
        talk_send hangup "$job" || true
        wait_for 5 talk_done || true
    fi
    rm -rf "$share/jobs/$job"
}

# A prompt on this terminal. It ends with `exit`.
talk_terminal() {
    local size
    [ -t 0 ] || die "sh: a prompt needs a terminal; give a command instead"
    exec 7>"$state/terminal.lock"
    flock -n 7 || die "sh: there is one prompt at a time; another is open"
    size=$(stty size)
    [ "$size" != "0 0" ] || size="24 80"
    talk_job "ROWS=${size% *} COLS=${size#* } TERMINAL=${TERM:-linux}"
    talk_settings=$(stty -g)
    # not local: the trap comes when this function is over
    talk_cats=()
    trap 'talk_hang_up' EXIT
    trap 'exit 129' HUP
    trap 'exit 143' TERM
    stty raw -echo
    # what nobody read
    timeout 0.2 cat "$state/terminal.out" >/dev/null 2>&1 || true
    cat "$state/terminal.out" &
    talk_cats+=($!)
    talk_send terminal "$job"
    exec 6<&0
    cat <&6 >"$state/terminal.in" 2>/dev/null &
    talk_cats+=($!)
    until talk_done; do sleep 0.2; done
}
