/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proxmox's definition of a guest: `qm config VMID` and
 * /etc/pve/qemu-server/VMID.conf, which differ only in what follows the first
 * blank or "[" line: snapshots. Rules: qm.conf(5). */
#include <string.h>

#include "base/units.h"
#include "evidence/domain_parts.h"
#include "evidence/qemu_args.h"
#include "evidence/qemu_opts.h"
#include "evidence/readers.h"

/* "KEY: VALUE" of a line; NULL if it is none. Caller frees both. */
static char *split_line(const char *line, char **value)
{
  gsize n = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_");
  if (!n || n > 32 || line[n] != ':' || (line[n + 1] && line[n + 1] != ' '))
    return NULL;
  *value = g_strstrip(g_strdup(line + n + 1));
  return g_strndup(line, n);
}

/* A key of a family with a number behind: "scsi0", "net12". */
static gboolean is_numbered(const char *key, const char *family)
{
  gsize n = strlen(family);
  return strncmp(key, family, n) == 0 && g_ascii_isdigit(key[n]) && strspn(key + n, "0123456789") == strlen(key + n);
}

typedef struct {
  KtDomain *d;
  const KtCite *cite;
  KtInt cores, sockets, vcpus;
  char *controller; /* scsihw */
  gboolean ovmf;
  char *args;
  KtCite *args_cite;
  gboolean numa;
} Proxmox;

static KtInt int_of(const char *value, gint64 most)
{
  guint64 n;
  if (!kt_units_parse_count(value, &n) || n > (guint64)most)
    return KT_INT_UNKNOWN;
  return KT_INT((gint64)n);
}

/* ---- one function a key ---- */

static void read_name(Proxmox *p, const char *value)
{
  p->d->name = g_strdup(value);
  kt_domain_cite(p->d, "name", p->cite);
}

static void read_cores(Proxmox *p, const char *value)
{
  p->cores = int_of(value, KT_DOMAIN_MAX_VCPUS);
  kt_domain_cite(p->d, "topology", p->cite);
  kt_domain_cite(p->d, "vcpu", p->cite);
}

static void read_sockets(Proxmox *p, const char *value)
{
  p->sockets = int_of(value, 64);
  kt_domain_cite(p->d, "topology", p->cite);
}

static void read_vcpus(Proxmox *p, const char *value)
{
  p->vcpus = int_of(value, KT_DOMAIN_MAX_VCPUS);
}

static void read_memory(Proxmox *p, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "current");
  KtInt mib = kt_qemu_opts_int(o, "current");
  if (mib.known)
    p->d->memory_kib = KT_INT(mib.value * 1024);
  kt_domain_cite(p->d, "memory", p->cite);
}

static void read_balloon(Proxmox *p, const char *value)
{
  p->d->balloon = g_str_equal(value, "0") ? KT_NO : KT_YES;
  kt_domain_cite(p->d, "balloon", p->cite);
}

/* "host,flags=+aes;-pcid,hidden=1"; types by name: host, max, a model. */
static void read_cpu(Proxmox *p, const char *value)
{
  KtDomain *d = p->d;
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "cputype");
  const char *type = kt_qemu_opts_get(o, "cputype"), *flags = kt_qemu_opts_get(o, "flags");
  kt_domain_cite(d, "cpu", p->cite);
  if (!type || d->cpu_given)
    return;
  d->cpu_given = TRUE;
  gboolean is_host = g_str_equal(type, "host"), is_max = g_str_equal(type, "max");
  d->cpu_mode = g_strdup(is_host ? "host-passthrough" : is_max ? "maximum" : "custom");
  d->cpu_model = is_host || is_max ? NULL : g_strdup(type);
  if (kt_qemu_opts_is_on(o, "hidden"))
    g_hash_table_replace(d->kvm, g_strdup("hidden"), g_strdup("on"));
  g_auto(GStrv) each = g_strsplit(flags ? flags : "", ";", 256);
  for (guint i = 0; each[i]; i++)
    if (each[i][0] == '+' || each[i][0] == '-')
      kt_domain_set_feature(d, each[i] + 1, each[i][0] == '+' ? "require" : "disable");
}

static void read_numa(Proxmox *p, const char *value)
{
  p->numa = g_str_equal(value, "1");
  kt_domain_cite(p->d, "cells", p->cite);
}

/* "cpus=0-3;8,hostnodes=0,memory=4096,policy=bind" */
static void read_cell(Proxmox *p, const char *key, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, NULL);
  KtInt id = int_of(key + strlen("numa"), KT_DOMAIN_MAX_CELLS);
  KtCell *cell = id.known ? kt_domain_cell(p->d, (int)id.value) : NULL;
  if (!cell || cell->cpus)
    return;
  const char *cpus = kt_qemu_opts_get(o, "cpus"), *nodes = kt_qemu_opts_get(o, "hostnodes");
  const char *policy = kt_qemu_opts_get(o, "policy");
  KtInt mib = kt_qemu_opts_int(o, "memory");
  g_autofree char *cpu_list = g_strdelimit(g_strdup(cpus ? cpus : ""), ";", ',');
  g_autofree char *node_list = g_strdelimit(g_strdup(nodes ? nodes : ""), ";", ',');
  cell->cpus = cpus ? kt_set_parse(cpu_list, NULL) : NULL;
  cell->memnode = nodes ? kt_set_parse(node_list, NULL) : NULL;
  if (nodes) /* without policy= Proxmox lets QEMU prefer these nodes */
    cell->memnode_mode = g_strdup(!policy ? "preferred" : g_str_equal(policy, "bind") ? "strict" : policy);
  if (mib.known)
    cell->memory_kib = KT_INT(mib.value * 1024);
  kt_domain_cite(p->d, "cells", p->cite);
  if (nodes)
    kt_domain_cite(p->d, "numatune", p->cite);
}

static void read_affinity(Proxmox *p, const char *value)
{
  p->d->vcpu_cpuset = kt_set_parse(value, NULL);
  kt_domain_cite(p->d, "affinity", p->cite);
}

static void read_hugepages(Proxmox *p, const char *value)
{
  KtInt mib = int_of(value, 1024);
  p->d->hugepages = TRUE;
  if (mib.known)
    p->d->hugepage_kib = KT_INT(mib.value * 1024);
  kt_domain_cite(p->d, "memoryBacking", p->cite);
}

static void read_machine(Proxmox *p, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "type");
  p->d->machine_type = g_strdup(kt_qemu_opts_get(o, "type"));
  kt_domain_cite(p->d, "machine", p->cite);
}

/* "l26" Linux, "win11", "w2k8", "wxp", "wvista" Windows, "solaris", "other" */
static void read_ostype(Proxmox *p, const char *value)
{
  p->d->os_name = g_strdup(value);
  if (g_str_equal(value, "l26") || g_str_equal(value, "l24"))
    p->d->os = KT_OS_LINUX;
  else if (value[0] == 'w')
    p->d->os = KT_OS_WINDOWS;
  else if (g_str_equal(value, "solaris"))
    p->d->os = KT_OS_OTHER;
  kt_domain_cite(p->d, "os", p->cite);
}

static void read_bios(Proxmox *p, const char *value)
{
  p->ovmf = g_str_equal(value, "ovmf");
}

static void read_arch(Proxmox *p, const char *value)
{
  p->d->arch = g_strdup(value);
}

static void read_kvm(Proxmox *p, const char *value)
{
  if (g_str_equal(value, "0"))
    p->d->type = g_strdup("qemu");
  kt_domain_cite(p->d, "type", p->cite);
}

static void read_smbios(Proxmox *p, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, NULL);
  p->d->uuid = g_strdup(kt_qemu_opts_get(o, "uuid"));
}

static void read_controller(Proxmox *p, const char *value)
{
  p->controller = g_strdup(value);
}

static void read_args(Proxmox *p, const char *value)
{
  p->args = g_strdup(value);
  p->args_cite = kt_cite_copy(p->cite);
}

typedef struct {
  const char *key;
  void (*read)(Proxmox *p, const char *value);
} Key;

static const Key keys[] = {
    {"name", read_name},       {"cores", read_cores},         {"sockets", read_sockets},
    {"vcpus", read_vcpus},     {"memory", read_memory},       {"balloon", read_balloon},
    {"cpu", read_cpu},         {"numa", read_numa},           {"affinity", read_affinity},
    {"machine", read_machine}, {"ostype", read_ostype},       {"arch", read_arch},
    {"kvm", read_kvm},         {"smbios1", read_smbios},      {"scsihw", read_controller},
    {"args", read_args},       {"hugepages", read_hugepages}, {"bios", read_bios},
};

/* ---- devices ---- */

static KtVirtDevice *add_device(Proxmox *p, const char *kind, const char *key)
{
  if (p->d->devices->len >= KT_DOMAIN_MAX_DEVICES)
    return NULL;
  KtVirtDevice *device = kt_domain_add_device(p->d, kind);
  device->target = g_strdup(key);
  device->line = p->cite->line;
  g_autofree char *path = g_strdup_printf("devices.%s", key);
  kt_domain_cite(p->d, path, p->cite);
  return device;
}

static void read_disk(Proxmox *p, const char *key, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "file");
  KtVirtDevice *device = add_device(p, "disk", key);
  if (!device)
    return;
  device->bus = g_strndup(key, strcspn(key, "0123456789"));
  device->cdrom = g_strcmp0(kt_qemu_opts_get(o, "media"), "cdrom") == 0;
  device->cache = g_strdup(kt_qemu_opts_get(o, "cache"));
  device->io = g_strdup(kt_qemu_opts_get(o, "aio"));
  device->queues = kt_qemu_opts_int(o, "queues");
  if (kt_qemu_opts_is_on(o, "iothread")) { /* Proxmox makes one a disk */
    p->d->iothreads = KT_INT(p->d->iothreads.value + 1);
    device->iothread = p->d->iothreads;
    kt_domain_cite(p->d, "iothreads", p->cite);
  }
}

/* "virtio=MAC,bridge=vmbr0,queues=4": the model is the key of the address, or model=. */
static void read_net(Proxmox *p, const char *key, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, NULL);
  KtVirtDevice *device = kt_qemu_opts_count(o) ? add_device(p, "interface", key) : NULL;
  if (!device)
    return;
  const char *model = kt_qemu_opts_get(o, "model");
  device->model = g_strdup(model ? model : kt_qemu_opts_key(o, 0));
  device->queues = kt_qemu_opts_int(o, "queues");
}

static void read_hostpci(Proxmox *p, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "host");
  const char *host = kt_qemu_opts_get(o, "host");
  g_auto(GStrv) each = g_strsplit(host ? host : "", ";", 64);
  for (guint i = 0; each[i]; i++) {
    g_autofree char *whole = strchr(each[i], '.') ? g_strdup(each[i]) : g_strconcat(each[i], ".0", NULL);
    char *address = kt_pci_address(whole); /* all functions of a device: the first stands for it */
    if (!address)
      continue;
    KtHostdev *hostdev = g_new0(KtHostdev, 1);
    hostdev->address = address;
    g_ptr_array_add(p->d->hostdevs, hostdev);
    kt_domain_cite(p->d, "hostdevs", p->cite);
  }
}

static void read_key(Proxmox *p, const char *key, const char *value)
{
  static const char *const disks[] = {"scsi", "virtio", "ide", "sata"};
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
    if (g_str_equal(keys[i].key, key)) {
      keys[i].read(p, value);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS(disks); i++)
    if (is_numbered(key, disks[i]))
      read_disk(p, key, value);
  if (is_numbered(key, "net"))
    read_net(p, key, value);
  else if (is_numbered(key, "numa"))
    read_cell(p, key, value);
  else if (is_numbered(key, "hostpci"))
    read_hostpci(p, value);
}

/* ---- all of it ---- */

/* Topology as Proxmox hands it to QEMU: sockets x cores, one thread, each 1 if
 * not given (qm.conf(5)); vcpus: of them those that are on at the start. */
static void finish_topology(Proxmox *p)
{
  KtDomain *d = p->d;
  gint64 cores = p->cores.known ? p->cores.value : 1, sockets = p->sockets.known ? p->sockets.value : 1;
  gint64 all = cores * sockets;
  if (d->cut || (!p->cores.known && !p->sockets.known) || all < 1 || all > KT_DOMAIN_MAX_VCPUS)
    return;
  d->cores = KT_INT(cores);
  d->sockets = KT_INT(sockets);
  d->threads = KT_INT(1);
  d->vcpus = KT_INT(all);
  if (p->vcpus.known && p->vcpus.value < d->vcpus.value)
    d->vcpus_current = p->vcpus;
}

/* numa: 1 without numaN: gives a cell to each socket, memory shared evenly. */
static void finish_cells(Proxmox *p)
{
  KtDomain *d = p->d;
  if (!p->numa) {
    g_ptr_array_set_size(d->cells, 0); /* numaN: says nothing while numa: is off */
    return;
  }
  if (d->cells->len || !d->sockets.known || d->sockets.value > KT_DOMAIN_MAX_CELLS)
    return;
  for (int s = 0; s < d->sockets.value; s++) {
    KtCell *cell = kt_domain_add_cell(d, s);
    cell->cpus = kt_set_new();
    for (gint64 c = 0; c < d->cores.value; c++)
      kt_set_add(cell->cpus, (guint)(s * d->cores.value + c));
    if (d->memory_kib.known)
      cell->memory_kib = KT_INT(d->memory_kib.value / d->sockets.value);
  }
}

static void finish_devices(Proxmox *p)
{
  for (guint i = 0; i < p->d->devices->len; i++) {
    KtVirtDevice *device = p->d->devices->pdata[i];
    if (g_strcmp0(device->bus, "scsi") == 0 && p->controller)
      device->model = g_strdup(g_str_has_prefix(p->controller, "virtio-scsi") ? "virtio-scsi" : p->controller);
  }
  if (!p->d->cut && !p->d->iothreads.known)
    p->d->iothreads = KT_INT(0);
}

/* The Windows that an ostype stands for, by Microsoft's count: 5 XP, 6 Vista, 7, 8, 10, 11. */
static int windows_version(const char *ostype)
{
  static const char *const vista[] = {"wvista", "w2k8", NULL};
  if (g_strv_contains(vista, ostype))
    return 6;
  return g_str_has_prefix(ostype, "win") ? (int)CLAMP(g_ascii_strtoll(ostype + 3, NULL, 10), 5, 99) : 5;
}

/* What Proxmox gives to Windows by itself, by the version of the machine type:
 * qemu-server PVE/QemuServer/CPUConfig.pm, get_hyperv_enlightenments(). */
static const struct {
  const char *name;
  int windows, major, minor;
} own_enlightenments[] = {
    {"spinlocks", 6, 0, 0}, {"vapic", 6, 2, 3},  {"reset", 6, 2, 6},   {"vpindex", 6, 2, 6}, {"runtime", 6, 2, 6},
    {"relaxed", 7, 0, 0},   {"synic", 7, 2, 12}, {"stimer", 7, 2, 12}, {"ipi", 7, 3, 1},
};

static void finish_enlightenments(Proxmox *p)
{
  KtDomain *d = p->d;
  int version = d->os == KT_OS_WINDOWS && d->os_name ? windows_version(d->os_name) : 0;
  if (version < 6 || (p->ovmf && version < 8))
    return;
  int major, minor;
  if (!kt_domain_machine_version(d, &major, &minor)) { /* the newest */
    major = G_MAXINT;
    minor = 0;
  }
  d->hyperv = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < G_N_ELEMENTS(own_enlightenments); i++) {
    int at_major = own_enlightenments[i].major, at_minor = own_enlightenments[i].minor;
    if (version >= own_enlightenments[i].windows && (major > at_major || (major == at_major && minor >= at_minor)))
      g_hash_table_replace(d->hyperv, g_strdup(own_enlightenments[i].name), g_strdup("on"));
  }
  if (g_hash_table_contains(d->hyperv, "vapic")) /* hv_time comes with it */
    g_hash_table_replace(d->timers, g_strdup("hypervclock"), g_strdup("yes"));
  if (g_strcmp0(kt_domain_feature(d, "hv-tlbflush"), "require") == 0)
    g_hash_table_replace(d->hyperv, g_strdup("tlbflush"), g_strdup("on"));
}

/* args: go to QEMU behind everything else, so a -cpu in there is the one that counts. */
static void finish_args(Proxmox *p)
{
  KtDomain *d = p->d;
  g_autofree char *line = p->args ? g_strconcat("kvm ", p->args, NULL) : NULL;
  g_auto(GStrv) argv = NULL;
  if (!line || !g_shell_parse_argv(line, NULL, &argv, NULL))
    return;
  g_autoptr(KtDomain) extra = kt_domain_new(d->source);
  extra->cut = TRUE;
  kt_qemu_args_read(extra, (const char *const *)argv, NULL);
  if (!extra->cpu_given)
    return;
  char **mine[] = {&d->cpu_mode, &d->cpu_model, &d->cache_mode};
  char **theirs[] = {&extra->cpu_mode, &extra->cpu_model, &extra->cache_mode};
  for (guint i = 0; i < G_N_ELEMENTS(mine); i++) {
    g_free(*mine[i]);
    *mine[i] = g_steal_pointer(theirs[i]);
  }
  d->cpu_given = TRUE;
  d->migratable = extra->migratable;
  GHashTable *features = d->cpu_features;
  d->cpu_features = extra->cpu_features;
  extra->cpu_features = features;
  g_clear_pointer(&d->hyperv, g_hash_table_unref);
  d->hyperv = g_steal_pointer(&extra->hyperv);
  d->hyperv_passthrough = extra->hyperv_passthrough;
  const char *clock = g_hash_table_lookup(extra->timers, "hypervclock");
  g_hash_table_replace(d->timers, g_strdup("hypervclock"), g_strdup(clock ? clock : "no"));
  g_hash_table_remove(d->cites, "cpu");
  kt_domain_cite(d, "cpu", p->args_cite);
}

static gboolean starts(const KtText *text, guint i)
{
  /* Keys come in alphabetical order: look for two of Proxmox's own near by. */
  static const char *const own[] = {"scsihw", "smbios1", "vmgenid", "ostype", "bootdisk", "meta",  "boot",
                                    "cores",  "sockets", "numa",    "memory", "net0",     "agent", NULL};
  guint found = 0;
  for (guint k = i; k < i + 40 && !kt_text_is_prompt(text, k); k++) {
    char *value = NULL;
    g_autofree char *key = split_line(kt_text_at(text, k), &value);
    g_free(value);
    if (!key && *kt_text_at(text, k) != '#')
      return FALSE;
    found += key && g_strv_contains(own, key);
    if (found >= 3)
      return TRUE;
  }
  return FALSE;
}

/* The last line of a text that just stops may be half of one; "vmgenid" is the last key there is. */
static gboolean is_half(const KtText *text, guint i, const char *key)
{
  return i + 1 == kt_text_count(text) && !text->ends_with_newline && !g_str_equal(key, "vmgenid");
}

static guint read_proxmox(KtReading *r, const KtText *text, guint i)
{
  Proxmox p = {.d = kt_reading_add_domain(r)};
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  p.d->format = g_strdup("proxmox");
  p.d->manager = KT_MANAGER_PROXMOX;
  for (; i < kt_text_count(text) && !kt_text_is_prompt(text, i); i++) {
    char *value = NULL;
    g_autofree char *key = split_line(kt_text_at(text, i), &value);
    g_autofree char *owned = value;
    if (!key && *kt_text_at(text, i) != '#')
      break;
    p.cite = kt_reading_cite(r, i);
    if (key && is_half(text, i, key))
      p.d->cut = TRUE;
    else if (key && g_hash_table_add(seen, g_strdup(key)))
      read_key(&p, key, owned);
  }
  if (!p.d->type)
    p.d->type = g_strdup("kvm"); /* qm.conf(5): kvm is on unless it is switched off */
  finish_topology(&p);
  finish_cells(&p);
  finish_devices(&p);
  finish_enlightenments(&p);
  finish_args(&p);
  g_free(p.controller);
  g_free(p.args);
  kt_cite_free(p.args_cite);
  return i;
}

const KtReader kt_reader_proxmox = {
    .name = "Proxmox VM",
    .what = "qm config VMID, /etc/pve/qemu-server/VMID.conf",
    .starts = starts,
    .read = read_proxmox,
};
