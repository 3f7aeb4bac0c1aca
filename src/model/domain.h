/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtDomain: a guest as libvirt, a QEMU command line or Proxmox defines it, and
 * what its threads do on the host right now. All pointers are owned. */
#pragma once
#include "base/set.h"
#include "model/flavor.h"
#include "model/machine.h"
#include "model/value.h"

/* A guest NUMA cell. */
typedef struct {
  int id;
  KtSet *cpus; /* vCPUs */
  KtInt memory_kib;
  GArray *distances;  /* int by cell position; empty if not given */
  KtSet *memnode;     /* host nodes of its memory (numatune memnode); NULL unset */
  char *memnode_mode; /* "strict", "preferred", "interleave", "restrictive"; NULL */
  gboolean shared;    /* memAccess='shared' */
} KtCell;

typedef struct {
  char *kind;       /* "disk" or "interface" */
  char *target;     /* "vda", "net0" */
  char *bus;        /* disk: "virtio", "scsi", "ide", "sata" */
  char *model;      /* interface: "virtio", "e1000"; controller model of a scsi disk */
  char *driver;     /* interface: "vhost", "qemu"; NULL not given */
  char *cache, *io; /* disk driver attributes, NULL not given */
  char *backend;    /* what of the host is behind it: "br0", "eth0" (macvtap), "nvme0n1"; NULL not given, or a file */
  KtInt queues;
  KtInt iothread;
  gboolean cdrom;
  guint line;
} KtVirtDevice;

/* A passed-through host device. */
typedef struct {
  char *address; /* "0000:3b:00.0" */
} KtHostdev;

/* One thread of a running QEMU process. */
typedef struct {
  int tid;
  char *comm;                /* "CPU 3/KVM", "IO iothread1", "qemu-system-x86", "vhost-1234" */
  int vcpu;                  /* -1: not a vCPU */
  KtSet *affinity;           /* host CPUs it may use; NULL unknown */
  KtInt last_cpu;            /* where it ran last */
  KtNum run_pct;             /* of one CPU over the interval */
  KtNum wait_pct;            /* run_delay: ready but not running, percent of the interval */
  KtNum switches_per_second; /* how often it got a CPU */
} KtThread;

/* What of a cell is resident on a node. */
typedef struct {
  int cell, node; /* ids */
  gint64 kib;
} KtCellMemory;

/* What a running domain does on its host. */
typedef struct {
  int pid;
  GPtrArray *threads;  /* KtThread* */
  GArray *memory;      /* KtNodeMemory: resident guest pages by host node; empty unknown */
  GArray *cell_memory; /* KtCellMemory: of the guest's RAM alone, by cell (0 of a guest without); empty unknown */
  KtInt rss_kib, swap_kib, anon_huge_kib, hugetlb_kib, locked_kib;
  KtInt nr_throttled; /* cgroup cpu.stat, since start */
  KtNum throttled_per_second;
  KtNum quota_cpus; /* cgroup cpu.max as CPUs; unknown: none or not seen */
  KtInt cpu_weight;
  KtSet *cpuset_cpus, *cpuset_mems; /* cgroup, effective; NULL unknown */
  KtInt exits_per_second;
  /* Host time spent polling for halted vCPUs that paid off, and in vain; percent of one CPU over the interval. */
  KtNum halt_poll_success_pct, halt_poll_fail_pct;
  KtNum interval_s;
} KtRuntime;

/* Who books CPUs and memory of a guest in books of its own, and writes its definition anew at its next start. */
typedef enum {
  KT_MANAGER_NONE = 0, /* nobody that is known: the administrator */
  KT_MANAGER_NOVA,
  KT_MANAGER_OVIRT,
  KT_MANAGER_KUBEVIRT,
  KT_MANAGER_OPENNEBULA,
  KT_MANAGER_PROXMOX,
  KT_MANAGERS
} KtManager;
extern const char *const kt_manager_names[KT_MANAGERS]; /* "Nova", "oVirt" ...; NULL of KT_MANAGER_NONE */

typedef enum { KT_OS_UNKNOWN = 0, KT_OS_LINUX, KT_OS_WINDOWS, KT_OS_OTHER } KtOs;

typedef struct {
  char *name, *uuid, *source;
  char *format;              /* "libvirt", "qemu", "proxmox"; "virsh": tables of virsh alone, no definition */
  char *definition;          /* the whole XML as it was read, of a running domain mostly the live one; NULL */
  gboolean cut;              /* the text ends before the definition does: an absent element is unknown, not absent */
  char *type;                /* domain type / accelerator: "kvm", "qemu" (TCG), "xen"...; NULL unknown */
  char *arch, *machine_type; /* "x86_64", "pc-q35-7.2" */
  KtOs os;
  char *os_name;
  KtInt vcpus, vcpus_current; /* maximum and, if lower, online */
  KtInt memory_kib, current_memory_kib;

  /* <cpu> */
  gboolean cpu_given; /* a CPU model was asked for at all */
  char *cpu_mode;     /* "host-passthrough", "host-model", "maximum", "custom"; NULL not given */
  char *cpu_model;    /* of a custom CPU: "qemu64"; NULL */
  char *cache_mode;   /* "passthrough", "emulate", "disable"; NULL not given */
  KtInt cache_level;
  GHashTable *cpu_features; /* name -> "require" | "disable" | "force" | "optional" | "forbid" */
  KtTri migratable;

  /* topology as written; unknown if not given */
  KtInt sockets, dies, cores, threads;
  GPtrArray *cells; /* KtCell* */

  /* placement as written */
  KtSet *vcpu_cpuset;                            /* <vcpu cpuset=>; NULL */
  char *vcpu_placement;                          /* "static", "auto"; NULL */
  GHashTable *vcpupin;                           /* GINT_TO_POINTER(vcpu) -> KtSet* */
  KtSet *pinned;                                 /* all CPUs that kt_domain_set_pin() was given; NULL: none */
  KtSet *emulatorpin;                            /* NULL unset */
  GHashTable *iothreadpin;                       /* GINT_TO_POINTER(iothread) -> KtSet* */
  char *numatune_mode, *numatune_placement;      /* of <memory>; NULL */
  KtSet *numatune_nodeset;                       /* NULL unset */
  char *vcpusched;                               /* "fifo"; NULL */
  KtInt cpu_quota_us, cpu_period_us, cpu_shares; /* per vCPU */

  /* memory */
  KtInt max_memory_kib; /* <maxMemory>: more can be plugged, into cells; unknown: not given */
  guint memory_modules; /* <memory> devices: each belongs to a cell, and is in memory_kib */
  gboolean hugepages;
  KtInt hugepage_kib; /* size where given */
  gboolean memory_locked, memory_shared, nosharepages, memory_immediate, memory_file;
  KtTri balloon; /* a memory balloon device */
  gboolean free_page_reporting;

  /* features, timers */
  GHashTable *hyperv; /* enlightenment -> "on" | "off"; NULL: no <hyperv> */
  gboolean hyperv_passthrough;
  GHashTable *kvm;       /* "hidden", "hint-dedicated", "poll-control", "pv-ipi" -> "on" | "off" */
  GHashTable *timers;    /* "hpet" -> "yes" | "no" | "" */
  char *launch_security; /* "sev", "tdx"; NULL */

  KtInt iothreads;
  GPtrArray *devices;  /* KtVirtDevice* */
  GPtrArray *hostdevs; /* KtHostdev* */

  char *nova_flavor;     /* flavor name in Nova's metadata, or NULL */
  KtFlavor *flavor;      /* this server's own copy of it, where the metadata has its extra specs; NULL: unknown, or
                            moved to the snapshot's flavors (kt_domains_join()) */
  KtManager manager;     /* by its metadata, product, files or format */
  KtTri booked;          /* kt_domain_is_booked() of its persistent definition, where this one is of what runs */
  KtRuntime *runtime;    /* NULL: not seen running */
  const KtMachine *host; /* the snapshot's machine that it was seen on, not owned; NULL: not told */
  GHashTable *cites;     /* "topology", "cpu", "vcpupin", "devices.vda", "numatune" ... -> KtCite*;
                            what is seen of it running: "runtime.memory" (by node), "runtime.huge_pages",
                            "runtime.swap", "runtime.quota", "runtime.cpuset.cpus", "runtime.cpuset.mems",
                            "runtime.affinity" (of vCPU threads), "runtime.emulator" (of QEMU's own threads),
                            "runtime.threads" (run delay) */
} KtDomain;

KtDomain *kt_domain_new(const char *source);
void kt_domain_free(KtDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtDomain, kt_domain_free)

void kt_domain_cite(KtDomain *d, const char *path, const KtCite *cite); /* the first stays */
const KtCite *kt_domain_cite_of(const KtDomain *d, const char *path);

KtCell *kt_domain_add_cell(KtDomain *d, int id);
KtVirtDevice *kt_domain_add_device(KtDomain *d, const char *kind);
void kt_domain_set_pin(KtDomain *d, int vcpu, KtSet *cpus); /* takes cpus */
const KtSet *kt_domain_pin(const KtDomain *d, int vcpu);    /* NULL: no pin of its own */
void kt_domain_set_feature(KtDomain *d, const char *name, const char *policy);
const char *kt_domain_feature(const KtDomain *d, const char *name); /* policy or NULL */
KtRuntime *kt_domain_runtime(KtDomain *d);
KtThread *kt_runtime_add_thread(KtRuntime *r, int tid, const char *comm);
void kt_runtime_add_memory(KtRuntime *r, int node, gint64 kib); /* adds up */
/* KtNodeMemory: what of its RAM is resident; where that is not known by itself, all memory of its process, QEMU's own
 * with it. Empty: unknown. Caller frees. */
GArray *kt_domain_memory(const KtDomain *d);
/* KtNodeMemory: what of a cell's RAM is resident; of a guest of one cell, where that is not known by itself, all of its
 * memory, QEMU's own with it. Empty: unknown. Caller frees. */
GArray *kt_domain_cell_memory(const KtDomain *d, int cell);
gboolean kt_domain_is_called(const KtDomain *d, const char *name); /* `name`: its name, or its UUID in any case */
/* TRUE if every vCPU has a pin to exactly one host CPU and no two share it. */
gboolean kt_domain_is_dedicated(const KtDomain *d);
/* Does its manager book NUMA nodes, huge pages or CPUs for it? As `booked` says; where that is unknown, by what this
 * definition has of these, or its flavor asks for. Pins that were given while it runs then count as its manager's. */
gboolean kt_domain_is_booked(const KtDomain *d);
/* The model of a definition that asks for none: QEMU's and so libvirt's is
 * qemu64, Proxmox's kvm64 unless KVM is off (qm.conf(5); what its dialog
 * proposes, x86-64-v2-AES since 8, is written into the definition). */
const char *kt_domain_default_cpu_model(const KtDomain *d);
gboolean kt_domain_is_x86(const KtDomain *d); /* unknown architecture: TRUE */
/* "8.2" of "pc-q35-8.2", "4.2.0" style and rhel types give FALSE; major and minor out. */
gboolean kt_domain_machine_version(const KtDomain *d, int *major, int *minor);
