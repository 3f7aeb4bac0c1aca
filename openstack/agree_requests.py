# SPDX-License-Identifier: GPL-2.0-or-later
"""Random requests for openstack/agree: what people ask of Nova, well and badly. Request N is the same each time."""
import random

VCPUS = [1, 2, 2, 3, 4, 4, 4, 6, 8, 8, 8, 12, 16, 16, 20, 24, 32]
MIB = [64, 96, 128, 128, 192, 256, 256, 384, 512, 768, 1024, 2048, 9216, 18432]


def chance(r, probability):
    return r.random() < probability


def shape_keys(r, vcpus):
    """Sockets, cores, threads and their limits: some divide the vCPUs, some do not, some are no numbers."""
    keys = {}
    divisors = [n for n in range(1, vcpus + 1) if vcpus % n == 0]
    for part in ("sockets", "cores", "threads"):
        if chance(r, 0.35):
            keys["hw:cpu_" + part] = str(r.choice(divisors if chance(r, 0.8) else range(1, 9)))
        if chance(r, 0.08):
            keys["hw:cpu_max_" + part] = str(r.choice(divisors + [64]))
    if chance(r, 0.04):
        keys["hw:cpu_" + r.choice(["sockets", "cores"])] = r.choice(["x", "", "0", "-1", " 2 ", "+2"])
    return keys


def split(r, items, parts):
    """Items in so many parts, none of them empty."""
    cuts = sorted(r.sample(range(1, len(items)), parts - 1))
    return [items[a:b] for a, b in zip([0] + cuts, cuts + [len(items)])]


def cell_keys(r, vcpus, mib):
    keys = {"hw:numa_nodes": str(r.choice([1, 1, 2, 2, 2, 3, 4, 4, 5]))}
    if chance(r, 0.04):
        keys["hw:numa_nodes"] = r.choice(["0", "x", "02", "-1", ""])
        return keys
    nodes = int(keys["hw:numa_nodes"])
    if 1 < nodes <= vcpus and chance(r, 0.3):
        cpus = split(r, list(range(vcpus)), nodes)
        memory = split(r, list(range(mib)), nodes)
        for n in range(nodes):
            keys["hw:numa_cpus.%d" % n] = ",".join(map(str, cpus[n]))
            keys["hw:numa_mem.%d" % n] = str(len(memory[n]))
        if chance(r, 0.2):  # and one of them is wrong
            wrong = r.choice(["hw:numa_cpus.0", "hw:numa_mem.%d" % (nodes - 1)])
            keys[wrong] = r.choice([str(vcpus), str(mib), "0"])
        if chance(r, 0.1):
            del keys["hw:numa_mem.0"]
    return keys


def policy_keys(r, vcpus):
    keys = {}
    if chance(r, 0.55):
        keys["hw:cpu_policy"] = r.choice(["dedicated"] * 6 + ["mixed"] * 3 + ["shared", "pinned"])
    if keys.get("hw:cpu_policy") == "mixed" and chance(r, 0.85):
        keys["hw:cpu_dedicated_mask"] = r.choice(["0", "^0", "0-%d" % max(0, vcpus // 2 - 1), "1-%d" % vcpus, "x"])
    if chance(r, 0.45 if "hw:cpu_policy" in keys else 0.08):
        keys["hw:cpu_thread_policy"] = r.choice(["prefer", "isolate", "require", "prefer", "isolate", "require", "none"])
    if chance(r, 0.3 if "hw:cpu_policy" in keys else 0.08):
        keys["hw:emulator_threads_policy"] = r.choice(["share", "isolate", "share", "isolate", "split"])
    if chance(r, 0.04):
        keys["hw:cpu_realtime"] = "yes"
        keys["hw:cpu_realtime_mask"] = r.choice(["^0", "0-%d" % (vcpus - 1), ""])
    return keys


def page_keys(r):
    return {"hw:mem_page_size": r.choice(["small", "small", "any", "4", "large", "2048", "2MB", "1GB", "big"])}


def image_properties(r, vcpus):
    choices = [("hw_cpu_sockets", str(r.choice([1, 2, 4]))), ("hw_cpu_cores", str(r.choice([1, 2, vcpus]))),
               ("hw_cpu_max_sockets", str(r.choice([1, 2, 4]))), ("hw_numa_nodes", str(r.choice([1, 2, 3]))),
               ("hw_cpu_policy", r.choice(["dedicated", "shared", "mixed"])),
               ("hw_cpu_thread_policy", r.choice(["isolate", "require", "prefer"])),
               ("hw_mem_page_size", r.choice(["small", "large", "4"]))]
    return dict(r.sample(choices, r.choice([1, 1, 2])))


def request(n):
    """{"flavor": {"name":, "vcpus":, "ram":, "disk":, "properties":}, "image": {} or None}"""
    r = random.Random("kvmtune agree %d" % n)
    vcpus, mib, keys = r.choice(VCPUS), r.choice(MIB), {}
    if chance(r, 0.65):
        keys.update(shape_keys(r, vcpus))
    if chance(r, 0.6):
        keys.update(cell_keys(r, vcpus, mib))
    if chance(r, 0.6):
        keys.update(policy_keys(r, vcpus))
    if chance(r, 0.2):
        keys.update(page_keys(r))
    flavor = {"name": "agree-%d" % n, "vcpus": vcpus, "ram": mib, "disk": 0, "properties": keys}
    return {"flavor": flavor, "image": image_properties(r, vcpus) if chance(r, 0.2) else None}
