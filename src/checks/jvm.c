/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks/jvm.h"

#include <string.h>

#include "base/units.h"

static const struct {
  const char *flag; /* behind "-XX:+" */
  KtGc gc;
} collectors[] = {
    {"UseSerialGC", KT_GC_SERIAL},
    {"UseParallelGC", KT_GC_PARALLEL},
    {"UseParallelOldGC", KT_GC_PARALLEL},
    {"UseConcMarkSweepGC", KT_GC_CMS},
    {"UseG1GC", KT_GC_G1},
    {"UseZGC", KT_GC_Z},
    {"UseShenandoahGC", KT_GC_SHENANDOAH},
};

gboolean kt_jvm_is(const KtProcess *p)
{
  if (g_strcmp0(p->comm, "java") == 0)
    return TRUE;
  const char *program = p->args->len ? p->args->pdata[0] : NULL;
  return program && (g_str_equal(program, "java") || g_str_has_suffix(program, "/java"));
}

/* "8" of "1.8.0_292", "17" of "17.0.1". */
static KtInt version_of(const char *text)
{
  if (g_str_has_prefix(text, "1."))
    text += 2;
  char *end;
  guint64 n = g_ascii_strtoull(text, &end, 10);
  return end > text && n >= 5 && n < 100 ? KT_INT((gint64)n) : KT_INT_UNKNOWN;
}

/* Of ".../java-1.8.0-openjdk/bin/java", ".../jdk-17/bin/java", ".../jdk1.8.0_144/jre/bin/java". */
static KtInt version_in_path(const char *path)
{
  static const char *const starts[] = {"java-", "jdk-", "jdk", "jre-", "jre", NULL};
  g_auto(GStrv) parts = g_strsplit(path, "/", 32);
  for (guint i = 0; parts[i]; i++)
    for (guint k = 0; starts[k]; k++)
      if (g_str_has_prefix(parts[i], starts[k]) && g_ascii_isdigit(parts[i][strlen(starts[k])]))
        return version_of(parts[i] + strlen(starts[k]));
  return KT_INT_UNKNOWN;
}

/* "16g", "512M", "17179869184" (bytes). */
static KtInt heap_size(const char *text)
{
  guint64 kib;
  const char *end = kt_units_parse_kib(text, 1, &kib);
  return end && !*end ? KT_INT((gint64)kib) : KT_INT_UNKNOWN;
}

static void read_flag(KtJvm *jvm, const char *arg)
{
  guint64 n;
  if (g_str_equal(arg, "-XX:+UseNUMA"))
    jvm->use_numa = KT_YES;
  else if (g_str_equal(arg, "-XX:-UseNUMA"))
    jvm->use_numa = KT_NO;
  else if (g_str_has_prefix(arg, "-Xmx"))
    jvm->heap_kib = heap_size(arg + strlen("-Xmx"));
  else if (g_str_has_prefix(arg, "-XX:MaxHeapSize="))
    jvm->heap_kib = heap_size(arg + strlen("-XX:MaxHeapSize="));
  else if (g_str_has_prefix(arg, "-XX:ParallelGCThreads=") && kt_units_parse_count(strchr(arg, '=') + 1, &n) &&
           n < 65536)
    jvm->gc_threads = KT_INT((gint64)n);
  else if (g_str_has_prefix(arg, "-Xgcpolicy") || strstr(arg, "openj9"))
    jvm->openj9 = TRUE;
  else if (g_str_has_prefix(arg, "-XX:+"))
    for (guint i = 0; i < G_N_ELEMENTS(collectors); i++)
      if (g_str_equal(arg + strlen("-XX:+"), collectors[i].flag))
        jvm->gc = collectors[i].gc;
}

static gboolean is_bound_to_one(const char *bound)
{
  if (!bound || !g_str_has_prefix(bound, "bind:"))
    return FALSE;
  g_autoptr(KtSet) nodes = kt_set_parse(bound + strlen("bind:"), NULL);
  return kt_set_count(nodes) == 1;
}

KtJvm kt_jvm_read(const KtMachine *m, const KtProcess *p)
{
  KtJvm jvm = {.process = p, .bound_to_one = is_bound_to_one(p->bound_nodes)};
  for (guint i = 0; i < p->args->len; i++)
    read_flag(&jvm, p->args->pdata[i]); /* of several the last wins, as in HotSpot */
  for (guint i = 0; p->jvm_flags && i < p->jvm_flags->len; i++)
    read_flag(&jvm, p->jvm_flags->pdata[i]); /* what is in effect */
  jvm.args_cut = p->args_cut && !p->jvm_flags;
  if (p->version)
    jvm.version = version_of(p->version);
  else if (p->args->len)
    jvm.version = version_in_path(p->args->pdata[0]);
  const char *version = kt_machine_setting(m, "java.version");
  if (!jvm.version.known && version)
    jvm.version = version_of(version);
  if (jvm.gc == KT_GC_UNKNOWN && jvm.version.known)
    jvm.gc = jvm.version.value < 9 ? KT_GC_PARALLEL : KT_GC_G1; /* JEP 248 */
  return jvm;
}

const char *kt_gc_name(KtGc gc)
{
  static const char *const names[] = {"unknown", "Serial", "Parallel", "CMS", "G1", "ZGC", "Shenandoah"};
  return names[gc];
}

KtTri kt_jvm_numa_aware(const KtJvm *jvm)
{
  switch (jvm->gc) {
  case KT_GC_PARALLEL:
  case KT_GC_Z:
    return KT_YES;
  case KT_GC_G1:
    return !jvm->version.known ? KT_UNKNOWN : jvm->version.value >= 14 ? KT_YES : KT_NO;
  case KT_GC_UNKNOWN:
    return KT_UNKNOWN;
  default:
    return KT_NO;
  }
}

gboolean kt_jvm_uses_numa(const KtJvm *jvm)
{
  if (jvm->use_numa != KT_UNKNOWN)
    return jvm->use_numa == KT_YES;
  return jvm->gc == KT_GC_Z || jvm->gc == KT_GC_SHENANDOAH;
}
