/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtMachine: a host or a guest as its own kernel sees it.
 *
 * A reader fills a fresh machine with what its text says and nothing else;
 * `evidence` then joins what belongs together. Scalar facts have a path
 * ("topology.sockets"), by which they are set, cited, merged, printed and
 * compared: see kt_machine_fields(). All pointers are owned by the machine. */
#pragma once
#include "base/set.h"
#include "model/value.h"

typedef enum { KT_ROLE_UNKNOWN = 0, KT_ROLE_HOST, KT_ROLE_GUEST } KtRole;

typedef enum { KT_CACHE_UNKNOWN = 0, KT_CACHE_DATA, KT_CACHE_INSTRUCTION, KT_CACHE_UNIFIED } KtCacheType;

/* All caches of one level and type. */
typedef struct {
  int level; /* 1.. */
  KtCacheType type;
  KtInt size_kib; /* of one instance */
  KtInt instances;
  GPtrArray *groups; /* KtSet*: the CPUs of each instance; empty if unknown */
} KtCache;

enum { KT_NODE_POOLS_MAX = 16 };
/* The pages of one size that a node has. */
typedef struct {
  gint64 size_kib, total;
  KtInt free;
} KtPagePool;

/* One NUMA node (of a guest: a cell). */
typedef struct {
  int id;
  KtSet *cpus;       /* NULL: unknown; empty: a node without CPUs */
  KtInt memory_kib;  /* MemTotal; 0: a node without memory */
  KtInt free_kib;    /* MemFree */
  GArray *distances; /* int, in the order of the machine's nodes; empty: unknown */
  KtInt numa_hit, numa_miss, numa_foreign, interleave_hit, local_node, other_node; /* pages since boot */
  KtNum miss_per_second, foreign_per_second;                                       /* where two moments are known */
  KtNum hit_per_second;
  KtInt hugepages_total, hugepages_free; /* sum over sizes >= 2 MiB, in KiB */
  GArray *pools;       /* KtPagePool by size; empty: unknown or none. libvirt also counts small pages, sysfs does not */
  GHashTable *meminfo; /* other fields of node meminfo / numastat -m: "FilePages" -> KtInt* in KiB; may be NULL */
} KtNode;

/* One logical CPU, where the evidence goes into such detail. */
typedef struct {
  guint id;
  gboolean online;
  KtInt package, die, core, node; /* ids as the kernel gives them; core ids repeat across packages */
  KtSet *siblings;                /* CPUs of the same core, itself included; NULL unknown */
  KtInt capacity;                 /* cpu_capacity, or 1024 * max frequency / fastest: hybrid cores */
} KtCpu;

/* CPU use: the fields of sar -u ALL / mpstat, in percent. */
typedef enum {
  KT_CPU_USER,
  KT_CPU_NICE,
  KT_CPU_SYSTEM,
  KT_CPU_IOWAIT,
  KT_CPU_STEAL,
  KT_CPU_IRQ,
  KT_CPU_SOFT,
  KT_CPU_GUEST,
  KT_CPU_GNICE,
  KT_CPU_IDLE,
  KT_CPU_FIELDS
} KtCpuField;
extern const char *const kt_cpu_field_names[KT_CPU_FIELDS]; /* "user", "nice", ... */

typedef struct {
  char *time;     /* as written, or NULL */
  gint64 epoch;   /* seconds since 1970 where date and time are known, else 0 */
  double seconds; /* length of the interval, 0 if unknown */
  KtNum pct[KT_CPU_FIELDS];
  guint stands_for; /* rows of the text that this one is the mean of */
} KtActivityRow;

#define KT_ACTIVITY_MAX_ROWS 20000

/* Over all rows of the text. */
typedef struct {
  guint64 n;      /* rows that have the field */
  guint64 timed;  /* of these: with a known length of the interval */
  double seconds; /* of their intervals */
  double sum, max;
} KtActivityField;

/* "all CPUs" rows in the order of the text; averages and restarts are not rows. */
typedef struct {
  guint64 count;   /* rows in the text */
  guint step;      /* each of `rows` stands for up to so many of these */
  GPtrArray *rows; /* KtActivityRow*, at most KT_ACTIVITY_MAX_ROWS: in a longer text neighbours become one */
  KtActivityField fields[KT_CPU_FIELDS];
  GHashTable *per_cpu_busy; /* GUINT_TO_POINTER(cpu) -> KtNum*: mean of 100 - idle; may be NULL */
} KtActivity;

/* One line of /proc/interrupts. */
typedef struct {
  char *name;        /* "RES", "CAL", "24" */
  char *description; /* "Rescheduling interrupts", "PCI-MSI 81921-edge virtio2-input.0" */
  gboolean device;   /* a numbered line: a device's interrupt */
  GArray *per_cpu;   /* guint64 a CPU column, since boot or over the interval */
  guint64 total;
  KtNum per_second; /* sum over CPUs, where two moments are known */
  KtSet *affinity;  /* CPUs that serve it now, by /proc/irq/N; NULL unknown */
  char *pci;        /* address of the device, "0000:3b:00.0"; NULL: none or unknown */
  KtInt node;       /* of the device; unknown too if the firmware does not say */
} KtInterrupt;

/* A counter of /proc/vmstat ("vmstat.NAME") or /proc/stat ("stat.ctxt"), a size of /proc/meminfo in KiB
 * or a number of huge pages of it ("meminfo.NAME"). */
typedef struct {
  gint64 value;
  KtNum per_second; /* where two moments are known */
} KtCounter;

typedef struct {
  int node;
  gint64 kib;
} KtNodeMemory;

/* A process that a check looks at: JVM, database, numad, irqbalance. */
typedef struct {
  int pid; /* 0 unknown */
  char *comm;
  GPtrArray *args;      /* char*: argv, as far as known; words of a shown command line */
  gboolean args_cut;    /* the end of args is cut off: an option that is not there is unknown */
  GPtrArray *jvm_flags; /* char*: all flags of a JVM that are not at their default (jcmd PID VM.flags); NULL unknown */
  char *version;        /* as the program itself says, "17.0.9"; NULL unknown */
  char *bound_nodes;    /* "bind:0" of numa_maps or numactl in front; NULL unknown */
  KtInt rss_kib;
  GArray *node_memory; /* KtNodeMemory: resident by node; empty unknown */
} KtProcess;

/* A PCI device with a place. */
typedef struct {
  char *address; /* "0000:3b:00.0" */
  KtInt node;    /* -1: the firmware does not say */
  char *driver;
  char *kind;       /* "network", "storage", "gpu", or the class in hex */
  GPtrArray *names; /* char*: its network interfaces ("eth0"), the bridges, bonds and VLANs over them, its disks
                       ("nvme0n1"); empty: none or unknown */
} KtDevice;

typedef struct {
  char *name;         /* host name, or one given by evidence ("machine 2") */
  GPtrArray *sources; /* char*: files, commands */
  KtRole role;
  char *hypervisor; /* it runs on: "kvm", "vmware", "hyperv", "xen", "qemu", "none"; NULL unknown */
  char *label;      /* what the text calls it in words ("VMware guest:"), or NULL */
  gboolean live;    /* this very machine, now */
  char *taken_at;   /* when, as ISO 8601, or NULL */

  char *arch;                                                              /* "x86_64" */
  char *kernel_release, *kernel_cmdline, *clocksource, *os_name, *product; /* product: DMI, "OpenStack Nova" */
  char *cpu_vendor, *cpu_model_name, *cpu_flags;                           /* flags: one space between */
  KtInt cpu_family, cpu_model, cpu_stepping;
  KtInt cpus, online, sockets, dies, cores_per_socket, threads_per_core; /* cpus: existing; dies: per socket */
  KtInt node_count; /* as stated; may be known while nodes are cut off */
  KtInt memory_kib; /* MemTotal */

  KtSet *cpu_set, *online_set;
  GPtrArray *cpu;          /* KtCpu*, by id; empty if unknown */
  GPtrArray *caches;       /* KtCache*, by level, data before instruction */
  GPtrArray *nodes;        /* KtNode*, by id */
  KtActivity *activity;    /* NULL unknown */
  GPtrArray *interrupts;   /* KtInterrupt*; empty unknown */
  GHashTable *counters;    /* "vmstat.numa_foreign", "stat.ctxt", of cpu.stat in a cgroup
                              "cgroup./system.slice/app.service.nr_throttled" (and nr_periods), samples of perf kvm stat
                              "kvm_exit.HLT" -> KtCounter* */
  GHashTable *settings;    /* name -> text. sysctls by dotted name ("kernel.numa_balancing"),
                              "java.version" as `java -version` has it ("1.8.0_292"), a database's variables as
                              "mysql.NAME", what its configuration asks for as "my.cnf.NAME",
                              sysfs and module knobs by absolute path ("/sys/kernel/mm/ksm/run"),
                              a file of selectable words without brackets around the chosen one: the chosen word;
                              a knob of each CPU under one name with a literal star
                              ("/sys/devices/system/cpu/cpu*" "/cpufreq/scaling_governor"): its value if alike on all
                              online CPUs, else "mixed: A (4 CPUs), B (12 CPUs)";
                              "java.version" ("1.8.0_292", "17.0.1") and "tuned.active_profile" ("none" if there is
                              none) as these programs print them */
  GPtrArray *log;          /* KtCite*: kernel messages; empty: no kernel log seen */
  GPtrArray *processes;    /* KtProcess* */
  GPtrArray *devices;      /* KtDevice* */
  gboolean processes_seen; /* a process list was looked at: an empty `processes` then means none */
  gboolean cgroups_seen;   /* so was cpu.stat of all cgroups: no "cgroup." counter then means that none has a limit */
  GHashTable *unreadable;  /* path -> why ("needs root"): what could not be looked at */
  GHashTable *cites;       /* path -> KtCite*: where each fact stands */
} KtMachine;

/* "kvm7" and "kvm7.example.org" name one machine, "kvm7.a" and "kvm7.b" do not; FALSE if one is NULL. */
gboolean kt_machine_same_name(const char *a, const char *b);

KtMachine *kt_machine_new(void);
void kt_machine_free(KtMachine *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtMachine, kt_machine_free)

/* ---- scalar facts by path ---- */

typedef enum { KT_FIELD_TEXT, KT_FIELD_INT } KtFieldType;

typedef struct {
  const char *path; /* "topology.cores_per_socket" */
  KtFieldType type;
  gsize offset;      /* in KtMachine: of a char* or a KtInt */
  gboolean identity; /* two machines that differ in it are not the same one */
} KtField;

/* The table of scalar facts; *n rows. */
const KtField *kt_machine_fields(guint *n);

/* Sets a fact unless it is known already (then nothing changes and FALSE is
 * returned), with its citation (copied; may be NULL). The path must be in the table. */
gboolean kt_machine_set_text(KtMachine *m, const char *path, const char *value, const KtCite *cite);
gboolean kt_machine_set_int(KtMachine *m, const char *path, gint64 value, const KtCite *cite);

/* A setting (see `settings`); the citation's path is "settings.NAME". The first value stays. */
void kt_machine_set_setting(KtMachine *m, const char *name, const char *value, const KtCite *cite);
const char *kt_machine_setting(const KtMachine *m, const char *name);               /* NULL: unknown */
gboolean kt_machine_setting_int(const KtMachine *m, const char *name, gint64 *out); /* FALSE: unknown or no number */

/* Notes where a fact stands: any path of facts --json, e.g. "nodes.0.numastat",
 * "caches.L3", "activity", "interrupts.RES", "counters.vmstat.numa_foreign". The first stays.
 * "caches.end" is a line behind lscpu's list of caches: none is missing in it. */
void kt_machine_cite(KtMachine *m, const char *path, const KtCite *cite);
const KtCite *kt_machine_cite_of(const KtMachine *m, const char *path); /* NULL if none */

/* "needs root" and the like for a thing that could not be read. */
void kt_machine_set_unreadable(KtMachine *m, const char *path, const char *why);

void kt_machine_add_source(KtMachine *m, const char *source); /* once each */

/* ---- parts: each is made on first use ---- */

KtCache *kt_machine_cache(KtMachine *m, int level, KtCacheType type);
const KtCache *kt_machine_find_cache(const KtMachine *m, int level, KtCacheType type); /* NULL if unknown */
char *kt_cache_name(const KtCache *cache);                                             /* "L1d", "L3"; caller frees */
KtNode *kt_machine_node(KtMachine *m, int id);                                         /* kept in order of id */
const KtNode *kt_machine_find_node(const KtMachine *m, int id);
void kt_node_add_pool(KtNode *node, gint64 size_kib, gint64 total, KtInt free); /* kept in order of size, once each */
KtCpu *kt_machine_cpu(KtMachine *m, guint id);                                  /* kept in order of id */
const KtCpu *kt_machine_find_cpu(const KtMachine *m, guint id);
KtActivity *kt_machine_activity(KtMachine *m);
KtInterrupt *kt_machine_add_interrupt(KtMachine *m, const char *name);
const KtInterrupt *kt_machine_find_interrupt(const KtMachine *m, const char *name);
void kt_machine_set_counter(KtMachine *m, const char *name, gint64 value, const KtCite *cite);
const KtCounter *kt_machine_counter(const KtMachine *m, const char *name); /* NULL unknown */
KtNum kt_machine_rate(const KtMachine *m, const char *name);               /* of that counter */
KtProcess *kt_machine_add_process(KtMachine *m, int pid, const char *comm);
KtDevice *kt_machine_add_device(KtMachine *m, const char *address);

/* ---- questions that many ask ---- */

KtActivity *kt_activity_new(void);
void kt_activity_free(KtActivity *activity);                          /* NULL is fine */
void kt_activity_add(KtActivity *activity, const KtActivityRow *row); /* copies the row */
/* After rows were taken away: fields and count of those that are left. Where
 * rows stand for several, a maximum is that of their means. */
void kt_activity_recount(KtActivity *activity);
void kt_activity_absorb(KtActivity *into, KtActivity *from); /* `from` is freed; per_cpu_busy of `into` stays */

/* Mean and maximum of a CPU field over the rows that have it; FALSE if none has. */
gboolean kt_activity_stat(const KtActivity *activity, KtCpuField field, double *mean, double *max);
/* Mean of 100 - idle (iowait counts as idle); FALSE if unknown. */
gboolean kt_activity_busy(const KtActivity *activity, double *mean);

gboolean kt_machine_has_flag(const KtMachine *m, const char *flag); /* FALSE too if flags are unknown */
gboolean kt_machine_is_x86(const KtMachine *m);   /* by arch or vendor; unknown counts as x86 only with an x86 vendor */
KtInt kt_machine_nodes_known(const KtMachine *m); /* node_count, else nodes->len if any */
/* Node of a CPU by node lists; -1 if unknown. */
int kt_machine_node_of_cpu(const KtMachine *m, guint cpu);

/* TRUE if no identity fact of the two contradicts. *path (may be NULL) tells the first that does. */
gboolean kt_machine_compatible(const KtMachine *a, const KtMachine *b, const char **path);

/* About how many bytes of memory the machine takes. */
gsize kt_machine_weight(const KtMachine *m);

/* Moves what `from` knows into `into` where that is silent; `from` is freed. */
void kt_machine_absorb(KtMachine *into, KtMachine *from);
