#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kvmtune apply, rollback and history on libvirt's test driver, which forgets all with each process. TAP.
# usage: test_apply_cli.sh KVMTUNE
kvmtune=$1
dir=$(mktemp -d) || exit 1
export KVMTUNE_RUN_DIR="$dir/lock" # not the lock of this host
trap 'rm -rf "$dir"' EXIT
LC_ALL=C.UTF-8 LANGUAGE='' COLUMNS=80
export LC_ALL LANGUAGE COLUMNS
uri=test:///default
n=0

cd "$dir" || exit 1
run() { # STATUS OPTION...: into out and err
  want=$1
  shift
  timeout 120 "$kvmtune" "$@" >out 2>err </dev/null
  status=$?
  [ "$status" -eq "$want" ] || { echo "# status $status" >>err && false; }
}
verdict() { # STATUS NAME
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else
    echo "not ok $n - $2"
    sed 's/^/# /' out err
  fi
}
refused() { # WORDS NAME OPTION...: one line, nothing done
  words=$1 name=$2
  shift 2
  run 2 "$@" && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] && grep -qF "$words" err
  verdict $? "$name"
}
plan() { # HOST LIVE EXPECTED
  cat <<END
{"kvmtune_plan": 1, "host": "$1", "live": $2,
 "guests": [{"domain": "test", "uuid": "6695eb01-f6a4-8304-79aa-97f2502e193f", "before": {}, "after": {}}],
 "changes": [
  {"id": "test/vcpupin", "domain": "test", "title": "pins", "act": "vcpupin",
   "edits": [{"where": "0", "before": "$3", "after": "1"}, {"where": "1", "before": "$3", "after": "2"}]},
  {"id": "test/topology", "domain": "test", "title": "topology", "act": "domxml", "risk": "B M!",
   "edits": [{"where": "cpu/topology/@sockets", "before": null, "after": "1"},
             {"where": "cpu/topology/@cores", "before": null, "after": "2"},
             {"where": "cpu/topology/@threads", "before": null, "after": "1"}]},
  {"id": "test/nova", "domain": "test", "title": "a flavor", "act": "nova",
   "edits": [{"where": "flavor hw:numa_nodes", "before": null, "after": "2"}]}]}
END
}

host=$(uname -n)
plan "$host" true 0-7 >plan.json
run 0 apply plan.json --connect $uri --dry-run --state s
case $(cat err) in *"cannot talk to libvirt"* | *json-glib*)
  echo "1..0 # SKIP built without libvirt or json-glib"
  exit 0
  ;;
esac
[ "$status" -eq 0 ] && grep -qF 'virDomainPinVcpu(test, 0, 1)' out && grep -qF 'virDomainDefineXMLFlags(test' out && [ ! -e s ]
verdict $? "a dry run prints the calls, and leaves nothing behind"
grep -qF 'openstack flavor set <flavor>' out && grep -qF 'what the guest can migrate to' out
verdict $? "what a person does is listed, and what is risked"

run 2 apply plan.json --connect $uri --state s && grep -qF "no terminal to ask on" err && run 0 history --state s &&
  grep -qF "Nothing was applied yet" out
verdict $? "no terminal and no --yes: nothing was applied"
if script --version 2>/dev/null | grep -q util-linux; then
  echo n | timeout 120 script -qec "'$kvmtune' apply plan.json --connect $uri --state s" /dev/null >out 2>err
  [ $? -eq 0 ] && grep -qF 'Nothing was done.' out && ! grep -qF CRITICAL out && run 0 history --state s &&
    grep -qF "Nothing was applied yet" out
  verdict $? "asked and answered no: nothing was applied, and nothing complains"
fi
run 0 apply plan.json --connect $uri --state s --yes --measure 0 && grep -qF 'Receipt 1: 3 of 3 steps done.' out
verdict $? "done"
grep -qF 'kvmtune rollback 1 --state s' out && grep -qF 'kvmtune verify 1 --state s' out
verdict $? "the commands that it names find its journal"
run 0 history --state s && grep -q '^ *1 .* all *done' out && run 0 history 1 --json --state s &&
  grep -qF '"state": "done"' out && ! grep -qF '<domain' out
verdict $? "the history knows it, without definitions"
[ "$(stat -c %a s/journal.db)" = 600 ] && [ "$(stat -c %a s)" = 700 ]
verdict $? "its folder is the owner's alone"
run 0 rollback --state s --yes && grep -qF 'all is as it was before' out && run 0 history --state s && grep -q undone out
verdict $? "taken back"
run 0 rollback --state s --yes && grep -qF 'Nothing of receipt 1 is left' out
verdict $? "once"

run 0 apply plan.json --connect $uri --state two --yes --measure 0 &&
  run 0 apply plan.json --connect $uri --state two --yes --measure 0 &&
  run 2 rollback 1 --state two --dry-run && ! grep -q virDomain out &&
  grep -qF 'after it: roll that back first; nothing was done' err
verdict $? "a dry rollback is refused as a real one is"

refused "one of --live, --next-boot" "two scopes" apply plan.json --live --restart
refused "does not know the domain" "another domain" apply plan.json --connect $uri --domain web --dry-run
refused "there is no receipt 7" "another receipt" rollback 7 --state s --yes
refused "is no receipt" "no receipt" history zero --state s
plan "$host" false 0-7 >capture.json
refused "made of a capture" "a plan of a capture" apply capture.json --connect $uri --yes --state s
plan elsewhere true 0-7 >other.json
refused "is of the host 'elsewhere'" "a plan of another host" apply other.json --connect $uri --yes --state s
plan "$host" true 0-7 | sed 's/"live"/"machine": "00000000000000000000000000000000", "live"/' >twin.json
refused "another machine that is called '$host' too" "a plan of another machine of that name" \
  apply twin.json --connect $uri --yes --state s
plan "$host" true 0-3 >old.json
refused "is 0-7, the plan expects 0-3" "a plan of another state" apply old.json --connect $uri --yes --state s
echo '{"kvmtune_plan": 1' >cut.json
echo '{"kvmtune_plan": 1, "changes": [7]}' >item.json
refused "item.json: changes[0]: expected an object" "a change that is none" apply item.json --connect $uri --yes --state s
printf 'a letter\n' >letter.txt
refused "letter.txt:1:1: " "no JSON" apply letter.txt --connect $uri --yes --state s
refused "expected a plan document" "which is said" apply letter.txt --connect $uri --yes --state s
refused "cut.json" "a plan that is cut off" apply cut.json --connect $uri --yes --state s

# A guest that Nova floats: narrower within its nova.conf. (Each connection to such a file has a guest of its own, so
# that no change is read back.)
cat >nova.xml <<END
<node><cpu><mhz>2000</mhz><model>x86</model><nodes>2</nodes><sockets>1</sockets><cores>4</cores><threads>1</threads></cpu>
<memory>8388608</memory><domain type='test' id='1'><name>test</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
<metadata><nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/1.1'><nova:name>web</nova:name>
</nova:instance></metadata><memory>2097152</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain></node>
END
printf '[compute]\ncpu_shared_set = 0-2\n' >nova.conf
narrow() { # AFTER
  cat <<END
{"kvmtune_plan": 1, "host": "$host", "live": true,
 "guests": [{"domain": "test", "uuid": "6695eb01-f6a4-8304-79aa-97f2502e193f", "before": {}, "after": {}}],
 "changes": [{"id": "test/vcpupin", "domain": "test", "title": "pins", "act": "vcpupin",
   "edits": [{"where": "0", "before": "0-7", "after": "$1"}, {"where": "1", "before": "0-7", "after": "$1"}]}]}
END
}
narrow 1-2 >narrow.json
narrow 2-3 >beyond.json
own=test://$dir/nova.xml
run 0 apply narrow.json --connect "$own" --conf nova.conf --dry-run &&
  grep -qF 'Nova does not know of' out && grep -qF 'virDomainPinVcpu(test, 1, 1-2)' out
verdict $? "a guest that Nova floats may be narrowed, with a word of warning"
refused "run on 0-2 only (cpu_shared_set)" "not beyond cpu_shared_set" \
  apply beyond.json --connect "$own" --conf nova.conf --state nova --yes --measure 0
refused "nothing in 'narrow.json' is output" "a nova.conf that is none" \
  apply narrow.json --connect "$own" --conf narrow.json
if [ ! -e /etc/nova/nova.conf ]; then
  refused "its nova.conf was not found" "nor without its nova.conf" \
    apply narrow.json --connect "$own" --state nova --yes --measure 0
fi

head -c 9000 /dev/zero | tr '\0' x >s/journal.db
refused "it is no journal" "a journal that is none" apply plan.json --connect $uri --yes --state s
refused "it is no journal" "nor has it a history" history --state s
rm s/journal.db
if [ -c /dev/full ] && mkdir full && ln -s /dev/full full/journal.db; then
  run 2 apply plan.json --connect $uri --yes --state full
  [ "$status" -eq 2 ] && ! grep -q '1/3' out
  verdict $? "a journal that cannot hold anything"
fi
echo "1..$n"
