/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Nova makes of a flavor and an image before it looks at a host: its refusals,
 * the guest's CPU topology, and the guest cells that a host has to take.
 *
 * A KtFlavor is the request: vcpus and ram_mib have to be known, from 1 to
 * KT_NOVA_VCPUS_MAX vCPUs; extra specs or an image that are not known ask for nothing.
 *
 * Source: nova/virt/hardware.py, nova/objects/image_meta.py and nova/compute/api.py
 * of 26.2.2 (Zed); master asks the same. */
#pragma once
#include "base/set.h"
#include "model/flavor.h"
#include "nova/refusal.h"

enum { KT_NOVA_VCPUS_MAX = 8192 }; /* more than any hypervisor takes */

typedef enum { KT_NOVA_MASTER = 0, KT_NOVA_ZED } KtNovaRelease; /* whose rules */

typedef struct {
  gint64 sockets, cores, threads;
} KtNovaShape;
/* <topology>: of all within cpu_max_* the one that meets most of the preferred
 * values, then that with most sockets x cores, then with most sockets. */
KtNovaRefusal kt_nova_shape(const KtFlavor *flavor, KtNovaShape *shape);

/* The vCPUs with realtime scheduling: *cpus is NULL without hw:cpu_realtime, else the caller's. */
KtNovaRefusal kt_nova_realtime(const KtFlavor *flavor, KtSet **cpus);

typedef enum { KT_NOVA_CPUS_UNSAID = 0, KT_NOVA_CPUS_SHARED, KT_NOVA_CPUS_DEDICATED, KT_NOVA_CPUS_MIXED } KtNovaCpus;
typedef enum {
  KT_NOVA_THREADS_UNSAID = 0,
  KT_NOVA_THREADS_PREFER,
  KT_NOVA_THREADS_ISOLATE,
  KT_NOVA_THREADS_REQUIRE
} KtNovaThreads;
typedef enum { KT_NOVA_EMULATOR_UNSAID = 0, KT_NOVA_EMULATOR_SHARE, KT_NOVA_EMULATOR_ISOLATE } KtNovaEmulator;

/* As they are written; NULL for ..._UNSAID. */
const char *kt_nova_cpus_word(KtNovaCpus policy);
const char *kt_nova_threads_word(KtNovaThreads policy);
const char *kt_nova_emulator_word(KtNovaEmulator policy);

/* A guest cell; its id is its place. */
typedef struct {
  KtSet *shared;    /* vCPUs that float over the host cell's shared CPUs */
  KtSet *dedicated; /* vCPUs that are pinned, one to one */
  gint64 memory_mib;
} KtNovaGuestCell;

typedef struct {
  GPtrArray *cells; /* KtNovaGuestCell* */
  KtInt pages_kib;  /* as asked: unknown: not; KT_NOVA_PAGES_* (values.h); KiB */
  KtNovaCpus cpus;
  KtNovaThreads threads;
  KtNovaEmulator emulator;
} KtNovaGuest;

void kt_nova_guest_free(KtNovaGuest *guest); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtNovaGuest, kt_nova_guest_free)

/* The guest's cells. *guest stays NULL for a guest without NUMA: nothing has to fit. */
KtNovaRefusal kt_nova_guest(const KtFlavor *flavor, KtNovaGuest **guest);

/* hw:locked_memory or the image's; FALSE too where Nova refuses it. */
gboolean kt_nova_is_locked(const KtFlavor *flavor);

/* "hw:KEY" of the flavor, "hw_KEY" of the image; NULL: not set. */
const char *kt_nova_spec(const KtFlavor *flavor, const char *key);
const char *kt_nova_property(const KtFlavor *flavor, const char *key);
