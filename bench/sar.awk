# SPDX-License-Identifier: GPL-2.0-or-later
# What `sar -P ALL 1` prints on a machine of `cpus` CPUs, `bytes` of it or a
# little more; with noon=1 in hours of AM and PM, from `start` on (seconds).
function random() {
    state = (state * 16807) % 2147483647
    return state / 2147483647
}
function clock(t,    hour, half) {
    hour = int(t / 3600) % 24
    if (noon) {
        half = hour < 12 ? " AM" : " PM"
        hour = (hour + 11) % 12 + 1
    }
    return sprintf("%02d:%02d:%02d%s", hour, int(t / 60) % 60, t % 60, half)
}
function row(time, id,    user, sys, io, steal) {
    user = int(random() * 8000)
    sys = int(random() * 1200)
    io = int(random() * 200)
    steal = int(random() * 300)
    return sprintf("%s %10s %9.2f %9.2f %9.2f %9.2f %9.2f %9.2f\n", time, id, user / 100, 0, sys / 100, io / 100,
                   steal / 100, (10000 - user - sys - io - steal) / 100)
}
BEGIN {
    state = 1
    printf "Linux 5.14.0-70 (db7) \t2019-10-14 \t_x86_64_\t(%d CPU)\n", cpus
    for (t = start + 1; written < bytes; t++) {
        block = sprintf("\n%s        CPU     %%user     %%nice   %%system   %%iowait    %%steal     %%idle\n", clock(t - 1))
        block = block row(clock(t), "all")
        for (c = 0; c < cpus; c++)
            block = block row(clock(t), c)
        printf "%s", block
        written += length(block)
    }
}
