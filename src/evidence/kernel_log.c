/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log: dmesg with any kind of time stamp, journalctl -k, and single
 * lines of it that somebody quotes. What it tells for certain is set; the rest
 * stays in the machine's log for the checks. */
#include <string.h>

#include "base/set.h"
#include "base/units.h"
#include "evidence/readers.h"

#define MAX_LINES 2000  /* kept of any kind */
#define MAX_MARKED 4000 /* kept with those that start like one of the marks */

/* How lines start that tell about CPUs, clocks, NUMA and trouble. */
static const char *const marks[] = {
    "Linux version ",
    "Command line: ",
    "Kernel command line: ",
    "DMI: ",
    "Hypervisor detected: ",
    "Booting paravirtualized kernel",
    "smpboot: ",
    "smp: Brought up",
    "x86: Booted up",
    "Brought up ",
    "Switching to clocksource",
    "Switched to clocksource",
    "clocksource: ",
    "Clocksource tsc unstable",
    "tsc: ",
    "TSC: ",
    "Marking TSC unstable",
    "Enabling automatic NUMA balancing",
    "Disabling automatic NUMA balancing",
    "NUMA: ",
    "SRAT: ",
    "ACPI: SRAT",
    "kvm-clock: ",
    "kvm-guest: ",
    "kvm-stealtime: ",
    "KVM setup",
    "Failed to set up kvm",
    "sched: CPU #",
    "WARNING: CPU: ",
    "BUG: soft lockup",
    "BUG: workqueue lockup",
    "watchdog: BUG: ",
    "NMI watchdog: ",
    "rcu: INFO: ",
    "INFO: rcu_",
    "INFO: task ",
    "hrtimer: interrupt took",
    "perf: interrupt took",
    "Out of memory: ",
    "------------[ cut here ]",
};

static const char *after(const char *text, const char *prefix)
{
  gsize n = strlen(prefix);
  return g_ascii_strncasecmp(text, prefix, n) == 0 ? text + n : NULL;
}

static gboolean is_marked(const char *message)
{
  for (guint i = 0; i < G_N_ELEMENTS(marks); i++)
    if (after(message, marks[i]))
      return TRUE;
  return FALSE;
}

/* "[    0.077690] ", "[Mon Oct 14 10:48:34 2019] ", "[Oct14 10:48] ", "[  +0.000012] ": what follows, or NULL. */
static const char *skip_stamp(const char *line)
{
  if (*line != '[')
    return NULL;
  const char *p = line + 1 + strspn(line + 1, " \t");
  gsize n = strcspn(p, "]");
  if (!n || n > 40 || p[n] != ']')
    return NULL;
  gsize digits = strspn(p, "0123456789.+");
  gboolean seconds = digits == n && memchr(p, '.', n);
  gboolean date = g_ascii_isupper(*p) && memchr(p, ':', n) &&
                  strspn(p + 3, "0123456789 :.,abcdefghijklmnopqrstuvwxyzADFJMNOSTW") >= n - 3;
  if (!seconds && !date)
    return NULL;
  p += n + 1;
  return p + strspn(p, " ");
}

/* The message of a log line without what loggers put in front. *stamped: it had a time. */
static const char *message_of(const char *line, gboolean *stamped)
{
  const char *p = line + strspn(line, " \t");
  if (*p == '<' && g_ascii_isdigit(p[1]) && strchr(p, '>'))
    p += strspn(p, "<0123456789>");
  if (after(p, "kern") && strstr(p, ": [") && strstr(p, ": [") < p + 32)
    p = strstr(p, ": [") + 2;
  gsize head = strcspn(p, "[");
  const char *kernel = g_strstr_len(p, (gssize)MIN(head + 1, 96), " kernel: ");
  kernel = kernel ? kernel + 9 : after(p, "kernel: ");
  *stamped = kernel != NULL;
  p = kernel ? kernel : p;
  const char *rest = skip_stamp(p);
  *stamped |= rest != NULL;
  return rest ? rest : p;
}

static gboolean starts(const KtText *text, guint i)
{
  gboolean stamped;
  const char *message = message_of(kt_text_at(text, i), &stamped);
  return stamped || is_marked(message);
}

/* ---- facts that do not change while a machine runs ---- */

static void read_version(KtMachine *m, const char *message, const KtCite *cite)
{
  const char *p = after(message, "Linux version ");
  gsize n = p ? strcspn(p, " ") : 0;
  if (!n || !p[n] || !g_ascii_isdigit(*p))
    return;
  g_autofree char *release = g_strndup(p, n);
  kt_machine_set_text(m, "kernel.release", release, cite);
}

static void read_hypervisor(KtMachine *m, const char *message, const KtCite *cite)
{
  static const struct {
    const char *text, *name;
  } names[] = {
      {"Hypervisor detected: KVM", "kvm"},
      {"Hypervisor detected: VMware", "vmware"},
      {"Hypervisor detected: Microsoft H", "hyperv"},
      {"Hypervisor detected: Xen", "xen"},
      {"Booting paravirtualized kernel on KVM", "kvm"},
      {"Booting paravirtualized kernel on Xen", "xen"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (after(message, names[i].text))
      kt_machine_set_text(m, "hypervisor", names[i].name, cite);
}

/* "DMI: OpenStack Foundation OpenStack Nova, BIOS ...": vendor and product are
 * not told apart, so the product is known for known vendors only. */
static void read_product(KtMachine *m, const char *message, const KtCite *cite)
{
  static const char *const vendors[] = {"OpenStack Foundation ",
                                        "RDO ",
                                        "QEMU ",
                                        "Red Hat ",
                                        "VMware, Inc. ",
                                        "Microsoft Corporation ",
                                        "Xen ",
                                        "Dell Inc. ",
                                        "HP ",
                                        "HPE ",
                                        "Lenovo ",
                                        "LENOVO ",
                                        "Supermicro ",
                                        "Huawei ",
                                        "Inspur ",
                                        "IBM ",
                                        "Amazon EC2 ",
                                        "Google ",
                                        "Alibaba Cloud ",
                                        "innotek GmbH "};
  const char *p = after(message, "DMI: "), *bios = p ? strstr(p, ", BIOS ") : NULL;
  for (guint i = 0; bios && i < G_N_ELEMENTS(vendors); i++) {
    const char *product = after(p, vendors[i]);
    if (!product || product >= bios)
      continue;
    g_autofree char *name = g_strndup(product, (gsize)(bios - product));
    char *board = strrchr(name, '/');
    if (board)
      *board = '\0';
    kt_machine_set_text(m, "product", name, cite);
    return;
  }
}

/* A number behind one of the names: "(family: 0x6," of today, "(fam: 06," of 3.x, both hexadecimal. */
static gboolean take_hex(const char *text, const char *name, const char *short_name, gint64 *value)
{
  const char *p = strstr(text, name);
  gsize n = strlen(name);
  if (!p) {
    p = strstr(text, short_name);
    n = strlen(short_name);
  }
  if (!p)
    return FALSE;
  char *end;
  *value = (gint64)g_ascii_strtoull(p + n, &end, 16);
  return (*end == ',' || *end == ')') && *value < 4096;
}

/* The kernel puts the vendor before a model name that lacks it (print_cpu_info() in
 * arch/x86/kernel/cpu/common.c). "AMD ..." may as well be the name itself, so it is
 * taken away from the names that QEMU gives without one alone. */
static const char *skip_vendor(const char *name)
{
  static const char *const vendors[] = {"Intel ", "AMD ", "Hygon "};
  static const char *const bare[] = {"QEMU Virtual CPU", "Common KVM", "Common 32-bit KVM", "Westmere "};
  for (guint i = 0; i < G_N_ELEMENTS(vendors); i++)
    for (guint k = 0; k < G_N_ELEMENTS(bare); k++)
      if (g_str_has_prefix(name, vendors[i]) && g_str_has_prefix(name + strlen(vendors[i]), bare[k]))
        return name + strlen(vendors[i]);
  return name;
}

static void read_cpu_model(KtMachine *m, const char *message, const KtCite *cite)
{
  const char *p = after(message, "smpboot: CPU0: ");
  p = p ? p : after(message, "CPU0: ");
  const char *open = p ? strstr(p, " (fam") : NULL;
  gint64 family, model, stepping;
  if (!open || !take_hex(open, "family: ", "fam: ", &family) || !take_hex(open, "model: ", "model: ", &model) ||
      !take_hex(open, "stepping: ", "stepping: ", &stepping))
    return;
  g_autofree char *raw = g_strndup(p, (gsize)(open - p));
  g_auto(GStrv) words = kt_text_words(raw);
  g_autofree char *name = g_strjoinv(" ", words);
  kt_machine_set_text(m, "cpu.model_name", skip_vendor(name), cite);
  kt_machine_set_int(m, "cpu.family", family, cite);
  kt_machine_set_int(m, "cpu.model", model, cite);
  kt_machine_set_int(m, "cpu.stepping", stepping, cite);
}

static void read_facts(KtMachine *m, const char *message, const KtCite *cite)
{
  read_version(m, message, cite);
  read_hypervisor(m, message, cite);
  read_product(m, message, cite);
  read_cpu_model(m, message, cite);
}

/* Whole only if the log goes on behind it: a cut command line looks like any other. */
static void read_cmdline(KtMachine *m, const char *message, const KtCite *cite)
{
  const char *p = after(message, "Command line: ");
  p = p ? p : after(message, "Kernel command line: ");
  if (p && *p)
    kt_machine_set_text(m, "kernel.cmdline", p, cite);
}

/* ---- facts of the boot, which later evidence overrules ---- */

static const char *clocksource_of(const char *message)
{
  static const char *const known[] = {"kvm-clock",
                                      "tsc",
                                      "tsc-early",
                                      "hpet",
                                      "acpi_pm",
                                      "jiffies",
                                      "refined-jiffies",
                                      "hyperv_clocksource_tsc_page",
                                      "hyperv_clocksource_msr",
                                      "hyperv_clocksource",
                                      "xen",
                                      "pit",
                                      "arch_sys_counter",
                                      "timebase",
                                      "tod",
                                      NULL};
  const char *p = after(message, "clocksource: ");
  message = p ? p : message;
  p = after(message, "Switched to clocksource ");
  p = p ? p : after(message, "Switching to clocksource ");
  return p && g_strv_contains(known, p) ? p : NULL;
}

/* "smp: Brought up 2 nodes, 32 CPUs", "x86: Booted up 1 node, 4 CPUs", "Brought up 4 CPUs" */
static void read_brought_up(KtMachine *m, const char *message, const KtCite *cite)
{
  const char *p = after(message, "smp: ");
  p = p ? p : after(message, "x86: ");
  message = p ? p : message;
  p = after(message, "Brought up ");
  p = p ? p : after(message, "Booted up ");
  if (!p)
    return;
  g_auto(GStrv) words = kt_text_words(p);
  guint n = g_strv_length(words);
  guint64 nodes, cpus;
  gboolean with_nodes = n == 4 && g_str_has_prefix(words[1], "node");
  const char *unit = n ? words[n - 1] : "";
  if ((n != 2 && !with_nodes) || (g_ascii_strcasecmp(unit, "CPUs") != 0 && g_ascii_strcasecmp(unit, "CPU") != 0) ||
      !kt_units_parse_count(words[n - 2], &cpus) || !cpus || cpus >= KT_SET_MAX)
    return;
  kt_machine_set_int(m, "topology.online", (gint64)cpus, cite);
  if (with_nodes && kt_units_parse_count(words[0], &nodes) && nodes && nodes < KT_SET_MAX)
    kt_machine_set_int(m, "topology.nodes", (gint64)nodes, cite);
}

void kt_kernel_log_conclude(KtMachine *m)
{
  const KtCite *clock = NULL;
  for (guint i = 0; i < m->log->len; i++) {
    const KtCite *cite = m->log->pdata[i];
    gboolean stamped;
    const char *message = message_of(cite->text, &stamped);
    if (clocksource_of(message))
      clock = cite;
    read_brought_up(m, message, cite);
    if (after(message, "Enabling automatic NUMA balancing"))
      kt_machine_set_setting(m, "kernel.numa_balancing", "1", cite);
    else if (after(message, "Disabling automatic NUMA balancing"))
      kt_machine_set_setting(m, "kernel.numa_balancing", "0", cite);
  }
  if (clock) {
    gboolean stamped;
    kt_machine_set_text(m, "kernel.clocksource", clocksource_of(message_of(clock->text, &stamped)), clock);
  }
}

/* The next line that is not blank, if it belongs to the log; 0 if none does. */
static guint next_log_line(const KtText *text, guint i)
{
  guint k = i + 1;
  while (k < kt_text_count(text) && kt_text_is_blank(text, k))
    k++;
  return k < kt_text_count(text) && !kt_text_is_prompt(text, k) && starts(text, k) ? k : 0;
}

/* Where the log goes on behind line i, over a line that was wrapped; 0 if it ends. */
static guint go_on(const KtText *text, guint i)
{
  gboolean stamped;
  guint next = next_log_line(text, i);
  if (next)
    return next;
  if (kt_text_is_blank(text, i + 1) || kt_text_is_prompt(text, i + 1))
    return 0;
  next = next_log_line(text, i + 1);
  if (!next)
    return 0;
  message_of(kt_text_at(text, next), &stamped);
  return stamped ? next : 0;
}

static guint read_log(KtReading *r, const KtText *text, guint i)
{
  KtMachine *m = kt_reading_machine(r);
  guint next;
  for (;; i = next) {
    gboolean stamped;
    const char *message = message_of(kt_text_at(text, i), &stamped);
    const KtCite *cite = kt_reading_cite(r, i);
    next = go_on(text, i);
    read_facts(m, message, cite);
    if (next)
      read_cmdline(m, message, cite);
    if (m->log->len < MAX_LINES || (m->log->len < MAX_MARKED && is_marked(message)))
      g_ptr_array_add(m->log, kt_cite_copy(cite));
    if (!next)
      return i + 1;
  }
}

const KtReader kt_reader_kernel_log = {
    .name = "kernel log", .what = "dmesg, journalctl -k, single kernel messages", .starts = starts, .read = read_log};
