#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The pages in headless Chromium: they render on a phone and on a desk, say the
# verdict, complain of nothing, and run no script of the evidence. TAP.
kvmtune=$KT_BIN
cd "${KT_SOURCE:-$(dirname "$0")/..}" || exit 1
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
[ -n "$chromium" ] || { echo "1..0 # SKIP no Chromium"; exit 0; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

verdict() { # STATUS NAME
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

browse() { # ARGUMENT...: what the page complains of is in $dir/log
    timeout 90 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage \
        --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
        --user-data-dir="$dir/profile" --enable-logging=stderr "$@" 2>"$dir/log"
}

# A picture of something takes far more bytes than one of nothing.
is_drawn() { # PAGE WIDTH
    browse --window-size="$2,1600" --screenshot="$dir/page.png" "file://$1" >/dev/null
    browse --window-size="$2,1600" --screenshot="$dir/blank.png" about:blank >/dev/null
    [ "$(wc -c <"$dir/page.png")" -gt $((4 * $(wc -c <"$dir/blank.png"))) ]
}

"$kvmtune" doctor examples/crm-case/before --html "$dir/doctor.html" >"$dir/report"
"$kvmtune" compare examples/crm-case/vmware examples/crm-case/before --html "$dir/compare.html" >/dev/null
"$kvmtune" verify examples/crm-case/before examples/crm-case/after --same-load --html "$dir/verify.html" >/dev/null
sed 's|^Vendor ID:.*|&\nModel name: <script>document.body.id="owned"</script>"><img src=x onerror="document.body.id=1">|' \
    examples/crm-case/before/lscpu.txt >"$dir/<script>document.body.id='owned'<!script>.txt"
"$kvmtune" doctor "$dir/"*.txt --html "$dir/hostile.html" >/dev/null

echo 1..7
for page in doctor compare verify hostile; do
    browse --dump-dom "file://$dir/$page.html" >"$dir/$page.dom"
    grep -q '</main>' "$dir/$page.dom" && ! grep 'CONSOLE' "$dir/log"
    verdict $? "$page: loads, and the console is silent"
done
grep -qF "$(sed -n '1s/^[^ ]* //p' "$dir/report")" "$dir/doctor.dom"
verdict $? "the page says the report's verdict"
! grep -qE 'id="(owned|1)"|<script|<img' "$dir/hostile.dom" && grep -qF '&lt;script&gt;' "$dir/hostile.dom"
verdict $? "what is hostile is text"
is_drawn "$dir/doctor.html" 1400 && is_drawn "$dir/compare.html" 320 && is_drawn "$dir/verify.html" 400
verdict $? "something is drawn"
