/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/refusal.h"

#include <glib.h>

#include "base/i18n.h"

// clang-format off
static const struct {
  const char *class, *reason;
} refusals[] = {
    [KT_NOVA_INVALID] = {"Invalid", N_("a list of CPUs is none: numbers, ranges A-B and ^N with commas between are")},
    [KT_NOVA_INVALID_REQUEST] = {"InvalidRequest", N_("a topology key is no number, or resources:, trait: and hw:cpu_* keys contradict")},
    [KT_NOVA_VALUE_ERROR] = {"ValueError", N_("a number or a word among the keys is none that Nova knows")},
    [KT_NOVA_LIMITS_EXCEEDED] = {"ImageVCPULimitsRangeExceeded", N_("the image's hw_cpu_max_* exceeds the flavor's hw:cpu_max_*")},
    [KT_NOVA_LIMITS_IMPOSSIBLE] = {"ImageVCPULimitsRangeImpossible", N_("no sockets x cores x threads within cpu_max_* makes the flavor's vCPUs")},
    [KT_NOVA_TOPOLOGY_EXCEEDED] = {"ImageVCPUTopologyRangeExceeded", N_("the image's hw_cpu_sockets, cores or threads exceeds a maximum")},
    [KT_NOVA_REALTIME_MASK] = {"RealtimeMaskNotFoundOrInvalid", N_("hw:cpu_realtime needs a mask that leaves a vCPU without it, or an emulator threads policy that can be had")},
    [KT_NOVA_REALTIME_CONFIGURATION] = {"RealtimeConfigurationInvalid", N_("hw:cpu_realtime needs hw:cpu_policy dedicated or mixed")},
    [KT_NOVA_EMULATOR_INVALID] = {"InvalidEmulatorThreadsPolicy", N_("hw:emulator_threads_policy is share or isolate")},
    [KT_NOVA_EMULATOR_REQUIREMENT] = {"BadRequirementEmulatorThreadsPolicy", N_("hw:emulator_threads_policy=isolate needs hw:cpu_policy dedicated or mixed")},
    [KT_NOVA_POLICY_INVALID] = {"InvalidCPUAllocationPolicy", N_("hw:cpu_policy is dedicated, shared or mixed")},
    [KT_NOVA_POLICY_FORBIDDEN] = {"ImageCPUPinningForbidden", N_("the image asks for more dedicated CPUs than the flavor's hw:cpu_policy allows")},
    [KT_NOVA_THREADS_INVALID] = {"InvalidCPUThreadAllocationPolicy", N_("hw:cpu_thread_policy is prefer, isolate or require")},
    [KT_NOVA_THREADS_FORBIDDEN] = {"ImageCPUThreadPolicyForbidden", N_("the image's thread policy differs from the flavor's")},
    [KT_NOVA_THREADS_CONFIGURATION] = {"CPUThreadPolicyConfigurationInvalid", N_("hw:cpu_thread_policy needs hw:cpu_policy dedicated or mixed")},
    [KT_NOVA_MASK_INVALID] = {"InvalidMixedInstanceDedicatedMask", N_("hw:cpu_dedicated_mask has to name some of the vCPUs, not all and no others")},
    [KT_NOVA_MASK_NEEDS_MIXED] = {"RequiredMixedInstancePolicy", N_("hw:cpu_dedicated_mask needs hw:cpu_policy=mixed")},
    [KT_NOVA_MIXED_NEEDS_MASK] = {"RequiredMixedOrRealtimeCPUMask", N_("hw:cpu_policy=mixed needs one of hw:cpu_dedicated_mask and a realtime mask")},
    [KT_NOVA_NODES_INVALID] = {"InvalidNUMANodesNumber", N_("hw:numa_nodes is a whole number from 1, without signs, zeros or spaces in front")},
    [KT_NOVA_NODES_FORBIDDEN] = {"ImageNUMATopologyForbidden", N_("flavor and image both say the same NUMA key: only one may")},
    [KT_NOVA_NODES_INCOMPLETE] = {"ImageNUMATopologyIncomplete", N_("hw:numa_cpus.N and hw:numa_mem.N need to be there both, for each of the hw:numa_nodes")},
    [KT_NOVA_NODES_ASYMMETRIC] = {"ImageNUMATopologyAsymmetric", N_("vCPUs and memory do not divide evenly by hw:numa_nodes: set hw:numa_cpus.N and hw:numa_mem.N")},
    [KT_NOVA_CPU_OUT_OF_RANGE] = {"ImageNUMATopologyCPUOutOfRange", N_("hw:numa_cpus.N names a vCPU that the flavor does not have")},
    [KT_NOVA_CPU_TWICE] = {"ImageNUMATopologyCPUDuplicates", N_("two of hw:numa_cpus.N name the same vCPU")},
    [KT_NOVA_CPU_UNASSIGNED] = {"ImageNUMATopologyCPUsUnassigned", N_("a vCPU is in none of hw:numa_cpus.N")},
    [KT_NOVA_MEMORY_MISMATCH] = {"ImageNUMATopologyMemoryOutOfRange", N_("hw:numa_mem.N (MiB) do not add up to the flavor's memory")},
    [KT_NOVA_PAGES_INVALID] = {"MemoryPageSizeInvalid", N_("hw:mem_page_size is small, large, any, KiB in digits, or a size with B behind its unit (2MB, 1GB)")},
    [KT_NOVA_PAGES_FORBIDDEN] = {"MemoryPageSizeForbidden", N_("the image may set hw_mem_page_size only if the flavor says large or any")},
    [KT_NOVA_LOCKED_FORBIDDEN] = {"LockMemoryForbidden", N_("hw:locked_memory needs hw:mem_page_size")},
    [KT_NOVA_LOCKED_CONFLICT] = {"FlavorImageLockedMemoryConflict", N_("flavor and image contradict on locked_memory")},
};
// clang-format on

const char *kt_nova_refusal_class(KtNovaRefusal refusal)
{
  return refusals[refusal].class;
}

const char *kt_nova_refusal_reason(KtNovaRefusal refusal)
{
  return kt_tr(refusals[refusal].reason);
}
