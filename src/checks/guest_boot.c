/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/units.h"
#include "checks/guest.h"

/* ---- G04: kernel command line ---- */

typedef struct {
  const char *word; /* with '=' at its end: a prefix */
  int severity;
  const char *effect;
} BootWord;

/* Documentation/admin-guide/kernel-parameters.txt */
static const BootWord boot_words[] = {
    {"numa=off", 2, N_("the kernel ignores the NUMA nodes it is shown")},
    {"nosmp", 2, N_("the kernel uses one CPU")},
    {"maxcpus=", 2, N_("the kernel starts fewer CPUs than there are")},
    {"noapic", 2, N_("no I/O APIC: interrupts cannot be spread")},
    {"nox2apic", 1, N_("interrupts between CPUs go the slow way")},
};

/* maxcpus=N with N not below the CPUs that exist takes nothing away. */
static gboolean is_harmless(const BootWord *word, const char *text, const KtMachine *m)
{
  guint64 n;
  return g_str_equal(word->word, "maxcpus=") && m->cpus.known && kt_units_parse_count(text + strlen(word->word), &n) &&
         n >= (guint64)m->cpus.value && n > 0;
}

static const BootWord *boot_word_of(const char *text, const KtMachine *m)
{
  for (guint i = 0; i < G_N_ELEMENTS(boot_words); i++) {
    const BootWord *word = &boot_words[i];
    gboolean prefix = g_str_has_suffix(word->word, "=");
    if (prefix ? g_str_has_prefix(text, word->word) : g_str_equal(text, word->word))
      return is_harmless(word, text, m) ? NULL : word;
  }
  return NULL;
}

void kt_check_g04(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  if (!m->kernel_cmdline) {
    kt_finding_cannot(f, "the guest's kernel command line (/proc/cmdline)");
    return;
  }
  g_auto(GStrv) words = g_strsplit_set(m->kernel_cmdline, " \t\n", 512);
  g_autoptr(GString) found = g_string_new(NULL);
  int severity = 0;
  for (guint i = 0; words[i]; i++) {
    const BootWord *word = boot_word_of(words[i], m);
    if (!word || found->len > 200)
      continue;
    g_string_append_printf(found, "%s%s", found->len ? ", " : "", words[i]);
    kt_finding_say(f, "%s: %s", words[i], kt_tr(word->effect));
    severity = MAX(severity, word->severity);
  }
  if (!severity) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "%s on the kernel command line", found->str);
  f->severity = severity;
  kt_finding_fill(f, "word", "%s", found->str);
  kt_finding_cite_machine(f, m, "kernel.cmdline");
}

/* ---- G05: clocksource ---- */

static const char *const slow_clocks[] = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit", NULL};

/* The last "Switched to clocksource NAME" of the log, or NULL. */
static const KtCite *switch_in_log(const KtMachine *m, char **name)
{
  for (guint i = m->log->len; i > 0; i--) {
    const KtCite *line = m->log->pdata[i - 1];
    const char *at = strstr(line->text, "Switched to clocksource ");
    if (!at)
      at = strstr(line->text, "Switching to clocksource ");
    if (!at)
      continue;
    at = strstr(at, "source ") + strlen("source ");
    *name = g_strndup(at, strcspn(at, " \t"));
    return line;
  }
  return NULL;
}

void kt_check_g05(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  g_autofree char *clock = g_strdup(m->clocksource);
  const KtCite *cite = kt_machine_cite_of(m, "kernel.clocksource");
  if (!clock)
    cite = switch_in_log(m, &clock);
  if (!clock) {
    kt_finding_cannot(f, "the guest's current_clocksource");
    return;
  }
  if (!g_strv_contains(slow_clocks, clock)) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "slow clocksource %s: each reading of the time leaves the guest", clock);
  kt_finding_cite(f, cite);
}

/* ---- G08: kernel log ---- */

typedef struct {
  const char *text;  /* in the line */
  const char *also;  /* too, or NULL */
  const char *title; /* what it means */
} Complaint;

static const Complaint complaints[] = {
    {"llc-sibling CPU", "is not on the same node",
     N_("the kernel finds a last-level cache that spans NUMA nodes (X05)")},
    {"Marking TSC unstable", NULL, N_("the kernel gave up the TSC as a clock")},
    {"Marking clocksource 'tsc' as unstable", NULL, N_("the kernel gave up the TSC as a clock")},
    {"soft lockup - CPU#", NULL, N_("soft lockup: a CPU did not get to run its watchdog, or was held too long")},
    {"self-detected stall on CPU", NULL, N_("RCU stall: a CPU did not run for many seconds")},
    {"rcu_sched detected stalls on CPUs", NULL, N_("RCU stall: a CPU did not run for many seconds")},
    {"rcu_preempt detected stalls on CPUs", NULL, N_("RCU stall: a CPU did not run for many seconds")},
};

static const Complaint *complaint_of(const char *line)
{
  for (guint i = 0; i < G_N_ELEMENTS(complaints); i++)
    if (strstr(line, complaints[i].text) && (!complaints[i].also || strstr(line, complaints[i].also)))
      return &complaints[i];
  return NULL;
}

void kt_check_g08(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine;
  if (!m->log->len) {
    const char *why = g_hash_table_lookup(m->unreadable, "dmesg");
    kt_finding_cannot(f, "the guest's kernel log (dmesg%s%s)", why ? ": " : "", why ? why : "");
    return;
  }
  g_autoptr(GPtrArray) titles = g_ptr_array_new();
  for (guint i = 0; i < m->log->len; i++) {
    const KtCite *line = m->log->pdata[i];
    const Complaint *complaint = complaint_of(line->text);
    if (!complaint)
      continue;
    const char *title = kt_tr(complaint->title);
    if (!g_ptr_array_find_with_equal_func(titles, title, g_str_equal, NULL)) {
      g_ptr_array_add(titles, (gpointer)title);
      kt_finding_cite(f, line); /* one line of each kind is enough */
    }
  }
  if (!titles->len) {
    kt_finding_fine(f);
    return;
  }
  gboolean only_tsc = titles->len == 1 && strstr(titles->pdata[0], "TSC");
  g_ptr_array_add(titles, NULL);
  g_autofree char *title = g_strjoinv(_("; "), (char **)titles->pdata);
  kt_finding_fire(f, s, "%s", title);
  if (only_tsc && g_strcmp0(m->clocksource, "kvm-clock") == 0)
    f->severity = 1; /* kvm-clock keeps the time without it */
}
