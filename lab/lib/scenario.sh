# SPDX-License-Identifier: GPL-2.0-or-later
# Scenarios: scripts that run in the lab. A line "# lab: OPTION..." in one says which host it needs.

scenario_find() { # SCRIPT: its file
    local file
    for file in "$1" "$here/scenarios/$1" "$here/scenarios/$1.sh"; do
        [ -f "$file" ] && echo "$file" && return
    done
    die "run: there is no scenario '$1'"
}

scenario_run() { # SCRIPT [ARG...]
    [ $# -gt 0 ] || die "run: which scenario? There are: $(cd "$here/scenarios" && echo *.sh)"
    local file title booted=0 status=0 options
    file=$(scenario_find "$1")
    title=$(basename "${file%.sh}")
    shift
    if ! machine_runs "$state"; then
        options=$(sed -n 's/^# lab: //p' "$file")
        # shellcheck disable=SC2086
        machine_boot $options
        booted=1
    fi
    share_refresh
    rm -rf "${share:?}/results/$title" "$state/results/$title"
    mkdir -p "$share/results/$title" "$share/scenarios" "$state/results"
    cp "$file" "$share/scenarios/$title"
    talk_run "export RESULTS=/run/lab/results/$title; exec bash /run/lab/scenarios/$title $(printf '%q ' "$@")" || status=$?
    cp -r "$share/results/$title" "$state/results/"
    if [ -n "$(ls "$state/results/$title")" ]; then say "results: $state/results/$title"; fi
    if [ "$booted" = 1 ]; then
        cp "$state"/*.log "$state/results/$title/"
        machine_down
        trap - EXIT INT TERM HUP
    fi
    return "$status"
}
