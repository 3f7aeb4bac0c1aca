# SPDX-License-Identifier: GPL-2.0-or-later
# The front door; Meson does the work. See README.md.
BUILD ?= build
PREFIX ?= /usr/local
kvmtune = $(BUILD)/src/cmd/kvmtune

.PHONY: all configure build demo check check-lab lab openstack demo-openstack check-openstack install uninstall format hostile fuzz bench clean packages packages-bench packages-check packages-openstack

all: build

packages:
	@tools/install-packages build

packages-bench:
	@tools/install-packages build check bench

packages-check:
	@tools/install-packages build check

packages-openstack:
	@tools/install-packages build openstack

configure: packages
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) --prefix $(PREFIX)

build: configure
	@ninja -C $(BUILD)

# Builds the program alone, without the tests, and the guest that is healed in the lab.
demo: configure
	@ninja -C $(BUILD) src/cmd/kvmtune $$([ "$$(uname -m)" != x86_64 ] || echo lab/guest/bare.elf)
	@tools/demo $(kvmtune)

check: packages-check
	@tools/check

# A virtual NUMA KVM host; see docs/lab.md.
lab: packages-check build
	lab/lab up

check-lab: packages-check build
	lab/lab --name check check

# A real OpenStack on loopback; see docs/openstack.md. `openstack/openstack down` ends it.
openstack: packages-openstack build
	openstack/openstack up

# The published case on it, from its first line; nothing is left of it.
demo-openstack: packages-openstack build
	@openstack/demo $(kvmtune)

check-openstack: packages-openstack build
	@openstack/check $(kvmtune)

install: build
	meson install -C $(BUILD) --no-rebuild

uninstall:
	ninja -C $(BUILD) uninstall

format:
	find src tests lab -name '*.[ch]' | xargs clang-format -i

# A gigabyte of sar text under 200 MiB, and the rest of tests/hostile.py.
hostile: build
	KT_HOSTILE_MB=1024 meson test -C $(BUILD) hostile

fuzz: packages-check
	FUZZ_SECONDS=600 FUZZ_SEED=0 tools/check fuzz

bench: packages-bench build
	@for what in sar doctor-live domains nova placement; do python3 bench/$$what $(BUILD) || exit 1; done

clean:
	rm -rf build build-asan build-glib build-*.log build.log
