# SPDX-License-Identifier: GPL-2.0-or-later
# The services' own world: mounts and processes apart from the machine's (see ../namespace).

# The first process of it, which is process 1 there. No other program has this command line.
world_pid() {
    local pid
    pid=$(cat "$state/world.pid" 2>/dev/null) || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$here/namespace $state " || return 1
    pgrep -P "$pid" | head -1 | grep .
}

world_runs() { world_pid >/dev/null; }

world_start() { # HOURS
    setsid unshare --mount --pid --fork --kill-child --mount-proc "$here/namespace" "$state" "$1" \
        </dev/null >"$state/log/namespace.log" 2>&1 9>&- &
    echo $! >"$state/world.pid"
    wait_for 60 test -e "$state/ready" || {
        cat "$state/log/namespace.log" >&2
        die "a namespace for the services cannot be made: root's rights and overlayfs are needed"
    }
}

# Runs a command in it.
inside() { nsenter --target "$(world_pid)" --mount --pid --wdns="$PWD" "$@"; }

# world_end: all of it ends at once, QEMU too.
world_end() {
    local pid
    pid=$(world_pid) || return 0
    kill -KILL "$pid"
    wait_for 60 world_is_gone || die "process $pid does not end"
}

world_is_gone() { ! world_runs; }

# service_start NAME COMMAND...: in the background, with a log.
service_start() {
    local name=$1
    shift
    rm -f "$state/pid/$name"
    # shellcheck disable=SC2016 # $$ is the shell's in there
    TMPDIR=$state/tmp inside setsid --fork sh -c 'echo $$ >"$0"; exec "$@"' "$state/pid/$name" "$@" \
        </dev/null >>"$state/log/$name.out" 2>&1 9>&-
    wait_for 60 test -s "$state/pid/$name" || die "$name does not start"
}

# service_end NAME [SIGNAL]
service_end() {
    [ -e "$state/pid/$1" ] || return 0
    inside kill -"${2:-TERM}" "$(cat "$state/pid/$1")" 2>/dev/null || true
    wait_for 5 service_is_down "$1" || inside kill -KILL "$(cat "$state/pid/$1")"
    wait_for 60 service_is_down "$1" || die "$1 does not end"
    rm -f "$state/pid/$1"
}

service_is_down() { ! service_is_up "$1"; }

service_is_up() { [ -e "$state/pid/$1" ] && inside kill -0 "$(cat "$state/pid/$1")" 2>/dev/null; }
