/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/cpu_models.h"

#define INTEL "GenuineIntel"
#define AMD "AuthenticAMD"
#define HYGON "HygonGenuine"

/* What query-cpu-model-expansion of QEMU 7.2 answers; the models of later
 * versions from target/i386/cpu.c of 8.1 to 10.1. CPUs without leaf 4 tell
 * their caches otherwise: unknown. */
static const KtCpuModel models[] = {
    {"486-v1", INTEL, 4, 8, 0, "", KT_MODEL_CACHES_UNKNOWN},
    {"Broadwell-IBRS", INTEL, 6, 61, 2, "Intel Core Processor (Broadwell, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Broadwell-noTSX", INTEL, 6, 61, 2, "Intel Core Processor (Broadwell, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Broadwell-noTSX-IBRS", INTEL, 6, 61, 2, "Intel Core Processor (Broadwell, no TSX, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Broadwell-v1", INTEL, 6, 61, 2, "Intel Core Processor (Broadwell)", KT_MODEL_CACHES_LEGACY},
    {"Broadwell-v2", INTEL, 6, 61, 2, "Intel Core Processor (Broadwell, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Broadwell-v3", INTEL, 6, 61, 2, "Intel Core Processor (Broadwell, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Broadwell-v4", INTEL, 6, 61, 2, "Intel Core Processor (Broadwell, no TSX, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Cascadelake-Server-noTSX", INTEL, 6, 85, 6, "Intel Xeon Processor (Cascadelake)", KT_MODEL_CACHES_LEGACY},
    {"Cascadelake-Server-v1", INTEL, 6, 85, 6, "Intel Xeon Processor (Cascadelake)", KT_MODEL_CACHES_LEGACY},
    {"Cascadelake-Server-v2", INTEL, 6, 85, 6, "Intel Xeon Processor (Cascadelake)", KT_MODEL_CACHES_LEGACY},
    {"Cascadelake-Server-v3", INTEL, 6, 85, 6, "Intel Xeon Processor (Cascadelake)", KT_MODEL_CACHES_LEGACY},
    {"Cascadelake-Server-v4", INTEL, 6, 85, 6, "Intel Xeon Processor (Cascadelake)", KT_MODEL_CACHES_LEGACY},
    {"Cascadelake-Server-v5", INTEL, 6, 85, 6, "Intel Xeon Processor (Cascadelake)", KT_MODEL_CACHES_LEGACY},
    {"Conroe-v1", INTEL, 6, 15, 3, "Intel Celeron_4x0 (Conroe/Merom Class Core 2)", KT_MODEL_CACHES_LEGACY},
    {"Cooperlake-v1", INTEL, 6, 85, 10, "Intel Xeon Processor (Cooperlake)", KT_MODEL_CACHES_LEGACY},
    {"Cooperlake-v2", INTEL, 6, 85, 10, "Intel Xeon Processor (Cooperlake)", KT_MODEL_CACHES_LEGACY},
    {"Denverton-v1", INTEL, 6, 95, 1, "Intel Atom Processor (Denverton)", KT_MODEL_CACHES_LEGACY},
    {"Denverton-v2", INTEL, 6, 95, 1, "Intel Atom Processor (Denverton)", KT_MODEL_CACHES_LEGACY},
    {"Denverton-v3", INTEL, 6, 95, 1, "Intel Atom Processor (Denverton)", KT_MODEL_CACHES_LEGACY},
    {"Dhyana-v1", HYGON, 24, 0, 1, "Hygon Dhyana Processor", KT_MODEL_CACHES_EPYC},
    {"Dhyana-v2", HYGON, 24, 0, 1, "Hygon Dhyana Processor", KT_MODEL_CACHES_EPYC},
    {"EPYC-IBPB", AMD, 23, 1, 2, "AMD EPYC Processor (with IBPB)", KT_MODEL_CACHES_EPYC},
    {"EPYC-Milan-v1", AMD, 25, 1, 1, "AMD EPYC-Milan Processor", KT_MODEL_CACHES_MILAN},
    {"EPYC-Rome-v1", AMD, 23, 49, 0, "AMD EPYC-Rome Processor", KT_MODEL_CACHES_ROME},
    {"EPYC-Rome-v2", AMD, 23, 49, 0, "AMD EPYC-Rome Processor", KT_MODEL_CACHES_ROME},
    {"EPYC-v1", AMD, 23, 1, 2, "AMD EPYC Processor", KT_MODEL_CACHES_EPYC},
    {"EPYC-v2", AMD, 23, 1, 2, "AMD EPYC Processor (with IBPB)", KT_MODEL_CACHES_EPYC},
    {"EPYC-v3", AMD, 23, 1, 2, "AMD EPYC Processor", KT_MODEL_CACHES_EPYC},
    {"Haswell-IBRS", INTEL, 6, 60, 4, "Intel Core Processor (Haswell, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Haswell-noTSX", INTEL, 6, 60, 1, "Intel Core Processor (Haswell, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Haswell-noTSX-IBRS", INTEL, 6, 60, 1, "Intel Core Processor (Haswell, no TSX, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Haswell-v1", INTEL, 6, 60, 4, "Intel Core Processor (Haswell)", KT_MODEL_CACHES_LEGACY},
    {"Haswell-v2", INTEL, 6, 60, 1, "Intel Core Processor (Haswell, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Haswell-v3", INTEL, 6, 60, 4, "Intel Core Processor (Haswell, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Haswell-v4", INTEL, 6, 60, 1, "Intel Core Processor (Haswell, no TSX, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Icelake-Server-noTSX", INTEL, 6, 134, 0, "Intel Xeon Processor (Icelake)", KT_MODEL_CACHES_LEGACY},
    {"Icelake-Server-v1", INTEL, 6, 134, 0, "Intel Xeon Processor (Icelake)", KT_MODEL_CACHES_LEGACY},
    {"Icelake-Server-v2", INTEL, 6, 134, 0, "Intel Xeon Processor (Icelake)", KT_MODEL_CACHES_LEGACY},
    {"Icelake-Server-v3", INTEL, 6, 134, 0, "Intel Xeon Processor (Icelake)", KT_MODEL_CACHES_LEGACY},
    {"Icelake-Server-v4", INTEL, 6, 106, 0, "Intel Xeon Processor (Icelake)", KT_MODEL_CACHES_LEGACY},
    {"Icelake-Server-v5", INTEL, 6, 106, 0, "Intel Xeon Processor (Icelake)", KT_MODEL_CACHES_LEGACY},
    {"Icelake-Server-v6", INTEL, 6, 106, 0, "Intel Xeon Processor (Icelake)", KT_MODEL_CACHES_LEGACY},
    {"IvyBridge-IBRS", INTEL, 6, 58, 9, "Intel Xeon E3-12xx v2 (Ivy Bridge, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"IvyBridge-v1", INTEL, 6, 58, 9, "Intel Xeon E3-12xx v2 (Ivy Bridge)", KT_MODEL_CACHES_LEGACY},
    {"IvyBridge-v2", INTEL, 6, 58, 9, "Intel Xeon E3-12xx v2 (Ivy Bridge, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"KnightsMill-v1", INTEL, 6, 133, 0, "Intel Xeon Phi Processor (Knights Mill)", KT_MODEL_CACHES_LEGACY},
    {"Nehalem-IBRS", INTEL, 6, 26, 3, "Intel Core i7 9xx (Nehalem Core i7, IBRS update)", KT_MODEL_CACHES_LEGACY},
    {"Nehalem-v1", INTEL, 6, 26, 3, "Intel Core i7 9xx (Nehalem Class Core i7)", KT_MODEL_CACHES_LEGACY},
    {"Nehalem-v2", INTEL, 6, 26, 3, "Intel Core i7 9xx (Nehalem Core i7, IBRS update)", KT_MODEL_CACHES_LEGACY},
    {"Opteron_G1-v1", AMD, 15, 6, 1, "AMD Opteron 240 (Gen 1 Class Opteron)", KT_MODEL_CACHES_LEGACY},
    {"Opteron_G2-v1", AMD, 15, 6, 1, "AMD Opteron 22xx (Gen 2 Class Opteron)", KT_MODEL_CACHES_LEGACY},
    {"Opteron_G3-v1", AMD, 16, 2, 3, "AMD Opteron 23xx (Gen 3 Class Opteron)", KT_MODEL_CACHES_LEGACY},
    {"Opteron_G4-v1", AMD, 21, 1, 2, "AMD Opteron 62xx class CPU", KT_MODEL_CACHES_LEGACY},
    {"Opteron_G5-v1", AMD, 21, 2, 0, "AMD Opteron 63xx class CPU", KT_MODEL_CACHES_LEGACY},
    {"Penryn-v1", INTEL, 6, 23, 3, "Intel Core 2 Duo P9xxx (Penryn Class Core 2)", KT_MODEL_CACHES_LEGACY},
    {"SandyBridge-IBRS", INTEL, 6, 42, 1, "Intel Xeon E312xx (Sandy Bridge, IBRS update)", KT_MODEL_CACHES_LEGACY},
    {"SandyBridge-v1", INTEL, 6, 42, 1, "Intel Xeon E312xx (Sandy Bridge)", KT_MODEL_CACHES_LEGACY},
    {"SandyBridge-v2", INTEL, 6, 42, 1, "Intel Xeon E312xx (Sandy Bridge, IBRS update)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Client-IBRS", INTEL, 6, 94, 3, "Intel Core Processor (Skylake, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Client-noTSX-IBRS", INTEL, 6, 94, 3, "Intel Core Processor (Skylake, IBRS, no TSX)",
     KT_MODEL_CACHES_LEGACY},
    {"Skylake-Client-v1", INTEL, 6, 94, 3, "Intel Core Processor (Skylake)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Client-v2", INTEL, 6, 94, 3, "Intel Core Processor (Skylake, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Client-v3", INTEL, 6, 94, 3, "Intel Core Processor (Skylake, IBRS, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Client-v4", INTEL, 6, 94, 3, "Intel Core Processor (Skylake, IBRS, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Server-IBRS", INTEL, 6, 85, 4, "Intel Xeon Processor (Skylake, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Server-noTSX-IBRS", INTEL, 6, 85, 4, "Intel Xeon Processor (Skylake, IBRS, no TSX)",
     KT_MODEL_CACHES_LEGACY},
    {"Skylake-Server-v1", INTEL, 6, 85, 4, "Intel Xeon Processor (Skylake)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Server-v2", INTEL, 6, 85, 4, "Intel Xeon Processor (Skylake, IBRS)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Server-v3", INTEL, 6, 85, 4, "Intel Xeon Processor (Skylake, IBRS, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Server-v4", INTEL, 6, 85, 4, "Intel Xeon Processor (Skylake, IBRS, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Skylake-Server-v5", INTEL, 6, 85, 4, "Intel Xeon Processor (Skylake, IBRS, no TSX)", KT_MODEL_CACHES_LEGACY},
    {"Snowridge-v1", INTEL, 6, 134, 1, "Intel Atom Processor (SnowRidge)", KT_MODEL_CACHES_LEGACY},
    {"Snowridge-v2", INTEL, 6, 134, 1, "Intel Atom Processor (Snowridge, no MPX)", KT_MODEL_CACHES_LEGACY},
    {"Snowridge-v3", INTEL, 6, 134, 1, "Intel Atom Processor (Snowridge, no MPX)", KT_MODEL_CACHES_LEGACY},
    {"Snowridge-v4", INTEL, 6, 134, 1, "Intel Atom Processor (Snowridge, no MPX)", KT_MODEL_CACHES_LEGACY},
    {"Westmere-IBRS", INTEL, 6, 44, 1, "Westmere E56xx/L56xx/X56xx (IBRS update)", KT_MODEL_CACHES_LEGACY},
    {"Westmere-v1", INTEL, 6, 44, 1, "Westmere E56xx/L56xx/X56xx (Nehalem-C)", KT_MODEL_CACHES_LEGACY},
    {"Westmere-v2", INTEL, 6, 44, 1, "Westmere E56xx/L56xx/X56xx (IBRS update)", KT_MODEL_CACHES_LEGACY},
    {"athlon-v1", AMD, 6, 2, 3, "QEMU Virtual CPU version 2.5+", KT_MODEL_CACHES_LEGACY},
    {"core2duo-v1", INTEL, 6, 15, 11, "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz", KT_MODEL_CACHES_LEGACY},
    {"coreduo-v1", INTEL, 6, 14, 8, "Genuine Intel(R) CPU           T2600  @ 2.16GHz", KT_MODEL_CACHES_LEGACY},
    {"kvm32-v1", INTEL, 15, 6, 1, "Common 32-bit KVM processor", KT_MODEL_CACHES_LEGACY},
    {"kvm64-v1", INTEL, 15, 6, 1, "Common KVM processor", KT_MODEL_CACHES_LEGACY},
    {"max", AMD, 15, 107, 1, "QEMU TCG CPU version 2.5+", KT_MODEL_CACHES_LEGACY}, /* under TCG */
    {"n270-v1", INTEL, 6, 28, 2, "Intel(R) Atom(TM) CPU N270   @ 1.60GHz", KT_MODEL_CACHES_LEGACY},
    {"pentium-v1", INTEL, 5, 4, 3, "", KT_MODEL_CACHES_UNKNOWN},
    {"pentium2-v1", INTEL, 6, 5, 2, "", KT_MODEL_CACHES_UNKNOWN},
    {"pentium3-v1", INTEL, 6, 7, 3, "", KT_MODEL_CACHES_UNKNOWN},
    {"phenom-v1", AMD, 16, 2, 3, "AMD Phenom(tm) 9550 Quad-Core Processor", KT_MODEL_CACHES_LEGACY},
    {"qemu32-v1", INTEL, 6, 6, 3, "QEMU Virtual CPU version 2.5+", KT_MODEL_CACHES_LEGACY},
    {"qemu64-v1", AMD, 15, 107, 1, "QEMU Virtual CPU version 2.5+", KT_MODEL_CACHES_LEGACY},
    {"EPYC-v4", AMD, 23, 1, 2, "AMD EPYC-v4 Processor", KT_MODEL_CACHES_EPYC},
    {"EPYC-Genoa-v1", AMD, 25, 17, 0, "AMD EPYC-Genoa Processor", KT_MODEL_CACHES_GENOA},
    {"EPYC-Turin-v1", AMD, 26, 0, 0, "AMD EPYC-Turin Processor", KT_MODEL_CACHES_TURIN},
    {"SapphireRapids-v1", INTEL, 6, 143, 4, "Intel Xeon Processor (SapphireRapids)", KT_MODEL_CACHES_LEGACY},
    {"SapphireRapids-v2", INTEL, 6, 143, 4, "Intel Xeon Processor (SapphireRapids)", KT_MODEL_CACHES_LEGACY},
    {"GraniteRapids-v1", INTEL, 6, 173, 0, "Intel Xeon Processor (GraniteRapids)", KT_MODEL_CACHES_LEGACY},
    {"SierraForest-v1", INTEL, 6, 175, 0, "Intel Xeon Processor (SierraForest)", KT_MODEL_CACHES_LEGACY},
};

static const KtCpuModel *find_exactly(const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS(models); i++)
    if (g_str_equal(models[i].name, name))
      return &models[i];
  return NULL;
}

const KtCpuModel *kt_cpu_model_find(const char *name)
{
  const KtCpuModel *model = find_exactly(name);
  if (model)
    return model;
  g_autofree char *first = g_strconcat(name, "-v1", NULL);
  return find_exactly(first);
}

gboolean kt_cpu_model_is_generic(const char *name)
{
  static const char *const generic[] = {"qemu64",  "qemu32", "kvm64", "kvm32",  "486",
                                        "pentium", "base",   "max",   "x86-64-"};
  for (guint i = 0; i < G_N_ELEMENTS(generic); i++)
    if (g_str_has_prefix(name, generic[i]))
      return TRUE;
  return FALSE;
}

gboolean kt_model_cache_sizes(KtModelCaches caches, gboolean amd, KtCacheSizes *sizes)
{
  static const KtCacheSizes own[] = {
      [KT_MODEL_CACHES_EPYC] = {32, 64, 512, 8192},    [KT_MODEL_CACHES_ROME] = {32, 32, 512, 16384},
      [KT_MODEL_CACHES_MILAN] = {32, 32, 512, 32768},  [KT_MODEL_CACHES_GENOA] = {32, 32, 1024, 32768},
      [KT_MODEL_CACHES_TURIN] = {48, 32, 1024, 32768},
  };
  static const KtCacheSizes legacy_intel = {32, 32, 4096, 16384}, legacy_amd = {64, 64, 512, 16384};
  if (caches == KT_MODEL_CACHES_UNKNOWN)
    return FALSE;
  *sizes = caches != KT_MODEL_CACHES_LEGACY ? own[caches] : amd ? legacy_amd : legacy_intel;
  return TRUE;
}
