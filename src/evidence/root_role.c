/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host or guest, and of which hypervisor. Only what is certain is said: a sign
 * that two hypervisors give alike leaves the name unknown. */
#include <stdio.h>
#include <string.h>

#include "evidence/root_machine.h"
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define CPUINFO_LIMIT (16 * 1024 * 1024)

/* CPUID leaf 0x40000000 and those above (kernel: arch/x86/kernel/cpu/hypervisor.c and callers). */
static const struct {
  const char *signature, *hypervisor;
} signatures[] = {
    {"KVMKVMKVM", "kvm"},           {"TCGTCGTCGTCG", "qemu"}, {"VMwareVMware", "vmware"},
    {"Microsoft Hv", "hyperv"},     {"XenVMMXenVMM", "xen"},  {"bhyve bhyve ", "bhyve"},
    {"VBoxVBoxVBox", "virtualbox"}, {"ACRNACRNACRN", "acrn"}, {" lrpepyh  vr", "parallels"},
};

/* DMI of virtual machines. NULL as hypervisor: a virtual one, but not told which. */
static const struct {
  const char *vendor, *product; /* beginnings; NULL: any */
  const char *hypervisor;
} dmi_rows[] = {
    {"VMware", NULL, "vmware"},
    {"Microsoft Corporation", "Virtual Machine", "hyperv"},
    {"Xen", NULL, "xen"},
    {"innotek GmbH", NULL, "virtualbox"},
    {NULL, "VirtualBox", "virtualbox"},
    {NULL, "KVM", "kvm"},
    {"Google", "Google Compute Engine", "kvm"},
    {"Alibaba Cloud", "Alibaba Cloud ECS", "kvm"},
    {"DigitalOcean", NULL, "kvm"},
    {NULL, "RHEV Hypervisor", "kvm"},
    {NULL, "oVirt Node", "kvm"},
    {"QEMU", NULL, NULL},
    {NULL, "OpenStack", NULL},
    {NULL, "KubeVirt", NULL},
};

static void name_hypervisor(KtRootReading *r, const char *name, const char *path, const char *said)
{
  g_autoptr(KtCite) cite = kt_root_cite(r->root, path, said);
  kt_machine_set_text(r->m, "hypervisor", name, cite);
}

#define CPUID_FILE "cpuid.txt" /* of a capture */

/* The leaves of the hypervisor as `cpuid -r` prints them; NULL if there is none or it is another machine's. */
static char *ask_cpu(KtRoot *root)
{
#if defined(__x86_64__) || defined(__i386__)
  unsigned a, b, c, d;
  if (!kt_root_is_live(root) || !__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 31)))
    return NULL;
  GString *text = g_string_new(NULL);
  for (unsigned leaf = 0x40000000; leaf <= 0x40000200; leaf += 0x100) {
    __cpuid(leaf, a, b, c, d);
    g_string_append_printf(text, "0x%08x 0x00: eax=0x%08x ebx=0x%08x ecx=0x%08x edx=0x%08x\n", leaf, a, b, c, d);
  }
  kt_root_note(root, CPUID_FILE, text->str);
  return g_string_free(text, FALSE);
#else
  return NULL;
#endif
}

/* The twelve letters that a line of leaves spells. */
static gboolean signature_of(const char *line, char signature[13])
{
  unsigned leaf, sub, eax, regs[3];
  if (sscanf(line, "0x%8x 0x%2x: eax=0x%8x ebx=0x%8x ecx=0x%8x edx=0x%8x", &leaf, &sub, &eax, &regs[0], &regs[1],
             &regs[2]) != 6 ||
      leaf < 0x40000000 || leaf > 0x40000200)
    return FALSE;
  for (guint i = 0; i < 12; i++)
    signature[i] = (char)(regs[i / 4] >> (8 * (i % 4)));
  signature[12] = '\0';
  return TRUE;
}

/* KVM with Hyper-V's interface shows that at the first leaf and itself at the next. */
static void ask_cpuid(KtRootReading *r)
{
  g_autofree char *asked = ask_cpu(r->root);
  g_autofree char *text = asked ? g_steal_pointer(&asked) : kt_root_read_line(r->root, CPUID_FILE);
  const char *found = NULL;
  char signature[13] = "", found_signature[13] = "";
  g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 8);
  for (guint k = 0; lines[k]; k++)
    for (guint i = 0; signature_of(lines[k], signature) && i < G_N_ELEMENTS(signatures); i++)
      if (g_str_equal(signature, signatures[i].signature) && (!found || g_str_equal(found, "hyperv"))) {
        found = signatures[i].hypervisor;
        memcpy(found_signature, signature, sizeof signature);
      }
  if (!found)
    return;
  g_autofree char *source = kt_root_is_live(r->root) ? NULL : kt_root_source(r->root, CPUID_FILE);
  g_autoptr(KtCite) cite = kt_cite_new(source ? source : "live:cpuid 0x40000000", 0, found_signature);
  kt_machine_set_text(r->m, "hypervisor", found, cite);
}

static gboolean begins(const char *text, const char *beginning)
{
  return !beginning || (text && g_str_has_prefix(text, beginning));
}

/* TRUE if DMI says that this is a virtual machine. */
static gboolean ask_dmi(KtRootReading *r)
{
  const char *vendor = kt_machine_setting(r->m, "/sys/devices/virtual/dmi/id/sys_vendor");
  for (guint i = 0; i < G_N_ELEMENTS(dmi_rows); i++) {
    if (!begins(vendor, dmi_rows[i].vendor) || !begins(r->m->product, dmi_rows[i].product))
      continue;
    if (dmi_rows[i].hypervisor)
      name_hypervisor(r, dmi_rows[i].hypervisor, "sys/devices/virtual/dmi/id", vendor ? vendor : r->m->product);
    return TRUE;
  }
  return FALSE;
}

static gboolean has_qemu_devices(KtRootReading *r)
{
  for (guint i = 0; i < r->m->devices->len; i++) {
    const KtDevice *device = r->m->devices->pdata[i];
    g_autofree char *vendor = kt_root_read_linef(r->root, "sys/bus/pci/devices/%s/vendor", device->address);
    if (vendor && (g_str_equal(vendor, "0x1b36") || g_str_equal(vendor, "0x1af4"))) /* Red Hat: QEMU, virtio */
      return TRUE;
  }
  return FALSE;
}

/* The paravirtual clock, or asynchronous page faults in use in a guest with QEMU's
 * devices (the HYP row of /proc/interrupts; Xen, which has one too, has Xen's devices). */
static void ask_kvm_signs(KtRootReading *r)
{
  const char *clocks = kt_machine_setting(r->m, "/sys/devices/system/clocksource/clocksource0/available_clocksource");
  const KtInterrupt *callback = kt_machine_find_interrupt(r->m, "HYP");
  if (clocks && strstr(clocks, "kvm-clock"))
    name_hypervisor(r, "kvm", "sys/devices/system/clocksource/clocksource0/available_clocksource", clocks);
  else if (callback && callback->total > 0 && has_qemu_devices(r))
    name_hypervisor(r, "kvm", "proc/interrupts", "hypervisor callback interrupts in a guest with QEMU's devices");
}

/* TRUE in Xen's privileged domain, which is its host. */
static gboolean ask_xen(KtRootReading *r)
{
  g_autofree char *type = kt_root_read_line(r->root, "sys/hypervisor/type");
  g_autofree char *capabilities = kt_root_read_line(r->root, "proc/xen/capabilities");
  if (type && g_str_equal(type, "xen"))
    name_hypervisor(r, "xen", "sys/hypervisor/type", type);
  return capabilities && strstr(capabilities, "control_d");
}

/* What /proc/cpuinfo says of all CPUs. */
typedef struct {
  gboolean flags;      /* there are lines of x86 flags */
  gboolean hypervisor; /* and one of them tells of a hypervisor */
  gboolean powernv;    /* POWER on the bare machine */
} CpuInfo;

static CpuInfo look_at_cpuinfo(KtRootReading *r)
{
  CpuInfo info = {0};
  g_autofree char *text = kt_root_read(r->root, "proc/cpuinfo", CPUINFO_LIMIT, NULL, NULL);
  for (char *line = text, *end; line; line = end ? end + 1 : NULL) {
    end = strchr(line, '\n');
    if (end)
      *end = '\0';
    gboolean flags = g_str_has_prefix(line, "flags\t") && strstr(line, " fpu ");
    info.flags |= flags;
    info.hypervisor |= flags && (strstr(line, " hypervisor ") || g_str_has_suffix(line, " hypervisor"));
    info.powernv |= g_str_has_prefix(line, "platform\t: PowerNV");
  }
  return info;
}

/* The reader of cpuinfo sees flags alone; here all signs count, so that its "none" is looked at again. */
static void forget_none(KtMachine *m)
{
  if (g_strcmp0(m->hypervisor, "none") != 0)
    return;
  g_clear_pointer(&m->hypervisor, g_free);
  g_hash_table_remove(m->cites, "hypervisor");
}

void kt_root_read_role(KtRootReading *r, guint qemu_processes)
{
  CpuInfo info = look_at_cpuinfo(r);
  forget_none(r->m);
  gboolean xen_host = ask_xen(r);
  ask_cpuid(r);
  gboolean dmi = ask_dmi(r);
  if (info.hypervisor || dmi)
    ask_kvm_signs(r);
  gboolean is_virtual = info.hypervisor || dmi || r->m->hypervisor;
  if (!is_virtual && (info.flags || info.powernv))
    name_hypervisor(r, "none", "proc/cpuinfo", info.flags ? "no CPU has the flag hypervisor" : "platform: PowerNV");
  if (qemu_processes || xen_host || g_strcmp0(r->m->hypervisor, "none") == 0)
    r->m->role = KT_ROLE_HOST;
  else if (is_virtual)
    r->m->role = KT_ROLE_GUEST;
}
