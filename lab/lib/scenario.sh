# SPDX-License-Identifier: GPL-2.0-or-later
# Scenarios: scripts that run in the lab. A line "# lab: OPTION..." in one says which host it needs;
# "# by hand" keeps it out of `lab check`.

scenario_find() { # SCRIPT: its file
    local file
    for file in "$1" "$here/scenarios/$1" "$here/scenarios/$1.sh"; do
        [ -f "$file" ] && echo "$file" && return
    done
    die "run: there is no scenario '$1'; there are: $(cd "$here/scenarios" && echo *.sh)"
}

scenario_needs() { sed -n 's/^# lab: //p' "$1"; } # FILE: options of `lab up`

# scenario_in FILE ARG...: runs it in the lab that is up. What it leaves in $RESULTS comes to
# results/NAME, with what was seen on the consoles.
scenario_in() {
    local file=$1 title status=0 start=$SECONDS cpu
    cpu=$(machine_cpu_seconds)
    title=$(basename "${file%.sh}")
    shift
    share_refresh
    rm -rf "${share:?}/results/$title" "$state/results/$title"
    mkdir -p "$share/results/$title" "$share/scenarios" "$state/results"
    cp "$file" "$share/scenarios/$title"
    talk_run "export RESULTS=/run/lab/results/$title; exec bash /run/lab/scenarios/$title $(printf '%q ' "$@")" || status=$?
    cp -r "$share/results/$title" "$state/results/"
    cp "$state"/*.log "$state/results/$title/"
    if machine_runs "$state"; then cpu=", $(($(machine_cpu_seconds) - cpu)) s of CPU"; else cpu=; fi
    say "$title: $([ "$status" = 0 ] && echo passed || echo failed) after $((SECONDS - start)) s$cpu"
    return "$status"
}

scenario_run() { # SCRIPT [ARG...]
    local file booted=0 status=0 needs
    file=$(scenario_find "${1:-}")
    shift
    if ! machine_runs "$state"; then
        needs=$(scenario_needs "$file")
        # shellcheck disable=SC2086
        machine_boot $needs
        booted=1
    fi
    scenario_in "$file" "$@" || status=$?
    say "results: $state/results/$(basename "${file%.sh}")"
    [ "$booted" = 0 ] || machine_end
    return "$status"
}

# lab check [SCENARIO...]: all of them, a boot for those that need the same host; a second
# try, on a new host, for one that fails.
command_check() {
    local files=() file needs passed=0 failed=0 again
    ! machine_runs "$state" || die "check: lab '$lab_name' is up; it boots hosts of its own"
    talk_limit=1800
    [ $# -gt 0 ] || set -- "$here"/scenarios/*.sh
    for file; do
        file=$(scenario_find "$file")
        if [ $# = 1 ] || ! grep -q '^# by hand' "$file"; then files+=("$file"); fi
    done
    while IFS= read -r needs; do
        again=()
        # shellcheck disable=SC2086
        machine_boot $needs
        say "a host with ${needs:-nothing special} is up after $SECONDS s, $(machine_cpu_seconds) s of CPU"
        for file in "${files[@]}"; do
            [ "$(scenario_needs "$file")" = "$needs" ] || continue
            if scenario_in "$file"; then passed=$((passed + 1)); else again+=("$file"); fi
        done
        machine_end
        for file in "${again[@]}"; do
            say "$(basename "${file%.sh}"), again"
            mv -T "$state/results/$(basename "${file%.sh}")" "$state/results/$(basename "${file%.sh}")-first-try"
            # shellcheck disable=SC2086
            machine_boot $needs
            if scenario_in "$file"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
            machine_end
        done
    done < <(for file in "${files[@]}"; do scenario_needs "$file"; done | sort -u)
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
