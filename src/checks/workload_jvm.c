/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/units.h"
#include "checks/jvm.h"
#include "checks/rules.h"
#include "checks/workload.h"

#define HEAP_MIN_KIB (2 * 1024 * 1024) /* JEP 163: below it NUMA is not worth it */

static const KtCite *java_statement(const KtSnapshot *snapshot)
{
  for (guint i = 0; snapshot && i < snapshot->stated->len; i++) {
    const KtCite *cite = snapshot->stated->pdata[i];
    g_autofree char *lower = g_ascii_strdown(cite->text, -1);
    if ((strstr(lower, "java") || strstr(lower, "jvm")) && strstr(lower, "numa"))
      return cite;
  }
  return NULL;
}

/* No process list: what the document says of Java is quoted, but tables would have to tell. */
static void cannot_without_processes(const KtSubject *s, KtFinding *f, const char *what)
{
  const KtCite *stated = java_statement(s->snapshot);
  if (!stated) {
    kt_finding_cannot(f, "%s", what);
    return;
  }
  kt_finding_cannot(f, "%s; the document states: \"%s\"", what, stated->text);
  f->basis = KT_BASIS_STATED;
  kt_finding_cite(f, stated);
}

/* Does a question about a JVM and nodes arise in this guest? */
static gboolean has_or_gets_nodes(const KtSubject *s)
{
  KtInt nodes = kt_machine_nodes_known(s->machine);
  if (nodes.known && nodes.value > 1)
    return TRUE;
  KtWide wide = kt_wide_without_vnuma(s, NULL);
  return wide == KT_WIDE_BY_HOST || wide == KT_WIDE_BY_REFERENCE;
}

static void cite_process(KtFinding *f, const KtMachine *m, const KtProcess *p)
{
  g_autofree char *path = g_strdup_printf("processes.%d", p->pid);
  kt_finding_cite_machine(f, m, path);
}

/* What one JVM contributes to a row; the worst of all JVMs is the row's answer. */
typedef KtState (*JvmRule)(const KtSubject *s, KtFinding *f, const KtJvm *jvm);

static void over_jvms(const KtSubject *s, KtFinding *f, JvmRule rule)
{
  const KtMachine *m = s->machine;
  if (!m->processes_seen && !m->processes->len) {
    if (has_or_gets_nodes(s))
      cannot_without_processes(s, f, _("a process list with the JVM's flags (ps -ef)"));
    return;
  }
  KtInt nodes = kt_machine_nodes_known(m);
  if (nodes.known && nodes.value < 2)
    return; /* UseNUMA is of no use before the guest has nodes (X11) */
  KtState worst = KT_NOT_APPLICABLE;
  for (guint i = 0; i < m->processes->len && worst != KT_FIRED; i++) {
    const KtProcess *p = m->processes->pdata[i];
    if (!kt_jvm_is(p))
      continue;
    if (!nodes.known) {
      kt_finding_cannot(f, "the number of the guest's NUMA nodes (numactl --hardware)");
      return;
    }
    KtJvm jvm = kt_jvm_read(m, p);
    KtState state = jvm.openj9 ? KT_NOT_APPLICABLE : rule(s, f, &jvm);
    worst = state == KT_FIRED ? KT_FIRED : MAX(worst, state);
  }
  f->state = worst;
}

/* Is the heap large enough to matter? Says what is missing where that is unknown. */
static KtTri is_big(KtFinding *f, const KtJvm *jvm)
{
  if (!jvm->heap_kib.known) {
    kt_finding_cannot(f, "the heap size of java, pid %d (-Xmx)", jvm->process->pid);
    return KT_UNKNOWN;
  }
  return jvm->heap_kib.value > HEAP_MIN_KIB ? KT_YES : KT_NO;
}

static KtState without_numa(const KtSubject *s, KtFinding *f, const KtJvm *jvm)
{
  if (jvm->bound_to_one || kt_jvm_uses_numa(jvm))
    return KT_FINE;
  KtTri big = is_big(f, jvm);
  if (big != KT_YES)
    return big == KT_NO ? KT_FINE : KT_CANNOT_TELL;
  if (jvm->args_cut) {
    kt_finding_cannot(f, "all arguments of java, pid %d: the line is cut off", jvm->process->pid);
    return KT_CANNOT_TELL;
  }
  KtTri aware = kt_jvm_numa_aware(jvm);
  if (aware == KT_UNKNOWN) {
    kt_finding_cannot(f, "java -version (which collector pid %d uses, and whether it knows of NUMA)",
                      jvm->process->pid);
    return KT_CANNOT_TELL;
  }
  if (aware == KT_NO)
    return KT_NOT_APPLICABLE; /* W02 */
  g_autofree char *heap = kt_units_format_kib((guint64)jvm->heap_kib.value);
  int nodes = (int)kt_machine_nodes_known(s->machine).value;
  kt_finding_fire(f, s, "JVM (pid %d, heap %s) runs without UseNUMA on %d nodes", jvm->process->pid, heap, nodes);
  if (jvm->process->jvm_flags)
    kt_finding_say(f, "collector %s; UseNUMA is not among the flags in effect (VM.flags)", kt_gc_name(jvm->gc));
  else
    kt_finding_say(f, "collector %s%s; no -XX:+UseNUMA among its %u arguments", kt_gc_name(jvm->gc),
                   jvm->use_numa == KT_NO ? _(" with -XX:-UseNUMA") : "", jvm->process->args->len);
  kt_finding_fill(f, "pid", "%d", jvm->process->pid);
  cite_process(f, s->machine, jvm->process);
  return KT_FIRED;
}

void kt_check_w01(const KtSubject *s, KtFinding *f)
{
  over_jvms(s, f, without_numa);
}

static KtState unaware_collector(const KtSubject *s, KtFinding *f, const KtJvm *jvm)
{
  if (jvm->bound_to_one)
    return KT_FINE;
  KtTri aware = kt_jvm_numa_aware(jvm);
  if (aware == KT_YES)
    return KT_FINE;
  if (jvm->args_cut)
    aware = KT_UNKNOWN; /* a later flag would choose the collector */
  KtTri big = is_big(f, jvm);
  if (big != KT_YES)
    return big == KT_NO ? KT_FINE : KT_CANNOT_TELL;
  if (aware == KT_UNKNOWN) {
    kt_finding_cannot(f, "the collector of java, pid %d (all its arguments, java -version)", jvm->process->pid);
    return KT_CANNOT_TELL;
  }
  g_autofree char *version = jvm->version.known ? g_strdup_printf(" of JDK %d", (int)jvm->version.value) : g_strdup("");
  kt_finding_fire(f, s, "the JVM's collector (%s%s, pid %d) does not place objects by node", kt_gc_name(jvm->gc),
                  version, jvm->process->pid);
  if (jvm->gc == KT_GC_SHENANDOAH)
    f->severity = 1; /* it interleaves by itself */
  if (jvm->use_numa == KT_YES)
    kt_finding_say(f, "-XX:+UseNUMA is given, but this collector at most interleaves its heap");
  cite_process(f, s->machine, jvm->process);
  return KT_FIRED;
}

void kt_check_w02(const KtSubject *s, KtFinding *f)
{
  if (s->machine->processes_seen || s->machine->processes->len) /* else W01 says what is missing */
    over_jvms(s, f, unaware_collector);
}

static guint largest_node(const KtMachine *m)
{
  guint most = 0;
  for (guint i = 0; i < m->nodes->len; i++)
    most = MAX(most, kt_set_count(((const KtNode *)m->nodes->pdata[i])->cpus));
  return most;
}

static KtState sized_for_all(const KtSubject *s, KtFinding *f, const KtJvm *jvm)
{
  if (!jvm->bound_to_one)
    return KT_NOT_APPLICABLE;
  guint most = largest_node(s->machine);
  if (!most || !jvm->gc_threads.known || jvm->gc_threads.value <= most)
    return KT_FINE;
  kt_finding_fire(f, s, "JVM (pid %d) is bound to one node but has %d collector threads for %u CPUs", jvm->process->pid,
                  (int)jvm->gc_threads.value, most);
  kt_finding_fill(f, "cpus", "%u", most);
  kt_finding_say(f, "memory policy of pid %d: %s", jvm->process->pid, jvm->process->bound_nodes);
  cite_process(f, s->machine, jvm->process);
  return KT_FIRED;
}

void kt_check_w03(const KtSubject *s, KtFinding *f)
{
  if (s->machine->processes_seen || s->machine->processes->len)
    over_jvms(s, f, sized_for_all);
}
