/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Nova checks when it loads an image: whole numbers, words, lists of CPUs; everything else it takes as it is. */
#include "nova/image.h"

#include <string.h>

#include "nova/lists.h"
#include "nova/values.h"

typedef enum {
  TEXT, /* any, also what is read as yes or no */
  NUMBER,
  WORD,   /* one of `words` */
  FOLDED, /* in any case */
  LISTS,  /* hw_numa_cpus.N, hw_numa_mem.N */
  JSON,   /* an array, which Nova's client of Glance reads */
  VERSIONS,
} Kind;

#define ARCHITECTURES                                                                                                  \
  "alpha armv6 armv7l armv7b aarch64 cris i686 ia64 lm32 m68k microblaze microblazeel mips mipsel mips64 mips64el "    \
  "openrisc parisc parisc64 ppc ppcle ppc64 ppc64le ppcemb s390 s390x sh4 sh4eb sparc sparc64 unicore32 x86_64 "       \
  "xtensa xtensaeb i386 i486 i586 x86_32 x86_32p amd64"
#define BUSES "fdc ide sata scsi usb virtio xen lxc uml"
#define MODES "hvm xen uml exe pv hv baremetal"
#define HYPERVISORS                                                                                                    \
  "baremetal bhyve docker fake hyperv ironic kqemu kvm lxc lxd openvz parallels phyp qemu test uml vbox vz vmware "    \
  "xen zvm prsm xapi"
#define SCSI "buslogic ibmvscsi lsilogic lsisas1068 lsisas1078 virtio-scsi vmpvscsi lsilogicsas paravirtual"

typedef struct {
  const char *name;
  Kind kind;
  const char *words;
  gboolean new; /* Zed passes over it, or over `words` behind it */
} Property;

/* In the order in which Nova loads them: the first that is wrong counts. Source: ImageMetaProps and the enumerations of
 * nova/objects/fields.py (26.2.2); of master what kvmtune knows of. Models whose lists still grow there are TEXT. */
// clang-format off
static const Property properties[] = {
    /* names of old */
    {"architecture", FOLDED, ARCHITECTURES}, {"owner_id"}, {"vmware_disktype"}, {"vmware_image_version", NUMBER},
    {"vmware_ostype"}, {"auto_disk_config"}, {"ipxe_boot"}, {"xenapi_device_id", NUMBER},
    {"xenapi_image_compression_level", NUMBER}, {"vmware_linked_clone"}, {"xenapi_use_agent"},
    {"xenapi_skip_agent_inject_ssh"}, {"xenapi_skip_agent_inject_files_at_boot"}, {"cache_in_nova"},
    {"vm_mode", FOLDED, MODES}, {"bittorrent"}, {"mappings", JSON}, {"block_device_mapping", JSON}, {"bdm_v2"},
    {"root_device_name"}, {"hypervisor_version_requires", VERSIONS}, {"hypervisor_type", FOLDED, HYPERVISORS},
    {"vmware_adaptertype", FOLDED, SCSI " ide"},
    /* names of today */
    {"hw_architecture", FOLDED, ARCHITECTURES}, {"hw_emulation_architecture", FOLDED, ARCHITECTURES},
    {"hw_auto_disk_config"}, {"hw_boot_menu"}, {"hw_cdrom_bus", WORD, BUSES}, {"hw_cpu_cores", NUMBER},
    {"hw_cpu_sockets", NUMBER}, {"hw_cpu_max_cores", NUMBER}, {"hw_cpu_max_sockets", NUMBER},
    {"hw_cpu_max_threads", NUMBER}, {"hw_cpu_policy", WORD, "dedicated shared mixed"},
    {"hw_cpu_thread_policy", WORD, "prefer isolate require"}, {"hw_cpu_realtime_mask"}, {"hw_cpu_threads", NUMBER},
    {"hw_device_id", NUMBER}, {"hw_disk_bus", WORD, BUSES}, {"hw_disk_type"}, {"hw_floppy_bus", WORD, BUSES},
    {"hw_firmware_type", WORD, "uefi bios"}, {"hw_firmware_stateless", .new = TRUE},
    {"hw_input_bus", WORD, "usb virtio"}, {"hw_ipxe_boot"}, {"hw_locked_memory"}, {"hw_machine_type"},
    {"hw_maxphysaddr_mode", WORD, "passthrough emulate", TRUE}, {"hw_maxphysaddr_bits", NUMBER, NULL, TRUE},
    {"hw_mem_encryption"}, {"hw_mem_encryption_model", .new = TRUE}, {"hw_mem_page_size"}, {"hw_numa_nodes", NUMBER},
    {"hw_numa_cpus", LISTS}, {"hw_pci_numa_affinity_policy", WORD, "required legacy preferred socket"},
    {"hw_pointer_model", WORD, "usbtablet"}, {"hw_pmu"}, {"hw_qemu_guest_agent"}, {"hw_rescue_bus", WORD, BUSES},
    {"hw_rescue_device", WORD, "cdrom disk floppy fs lun"}, {"hw_rng_model", WORD, "virtio"}, {"hw_time_hpet"},
    {"hw_serial_port_count", NUMBER}, {"hw_scsi_model", FOLDED, SCSI}, {"hw_sound_model", .new = TRUE},
    {"hw_usb_model", .new = TRUE}, {"hw_redirected_usb_ports", NUMBER, NULL, TRUE},
    {"hw_video_model", WORD, "cirrus qxl vga vmvga xen virtio gop none bochs"}, {"hw_video_ram", NUMBER},
    {"hw_vif_model", FOLDED, "virtio ne2k_pci pcnet rtl8139 e1000 e1000e netfront spapr-vlan lan9118 sriov vmxnet "
     "vmxnet3 virtuale1000 virtuale1000e virtualpcnet32 virtualsriovethernetcard virtualvmxnet virtualvmxnet3 +igb"},
    {"hw_viommu_model", WORD, "intel smmuv3 virtio auto"}, {"hw_vm_mode", FOLDED, MODES},
    {"hw_watchdog_action", WORD, "none pause poweroff reset disabled"}, {"hw_vif_multiqueue_enabled"},
    {"hw_virtio_packed_ring", .new = TRUE}, {"hw_tpm_model", WORD, "tpm-tis tpm-crb"},
    {"hw_tpm_version", WORD, "1.2 2.0"}, {"hw_tpm_secret_security", .new = TRUE}, {"hw_ephemeral_encryption"},
    {"hw_ephemeral_encryption_format", WORD, "plain luks luksv2"},
    {"hw_ephemeral_encryption_secret_uuid", .new = TRUE}, {"img_bittorrent"}, {"img_bdm_v2"},
    {"img_block_device_mapping", JSON}, {"img_cache_in_nova"}, {"img_compression_level", NUMBER},
    {"img_hv_requested_version", VERSIONS}, {"img_hv_type", FOLDED, HYPERVISORS},
    {"img_config_drive", WORD, "optional mandatory"}, {"img_linked_clone"}, {"img_mappings", JSON}, {"img_owner_id"},
    {"img_root_device_name"}, {"img_use_agent"}, {"img_version", NUMBER}, {"img_signature"},
    {"img_signature_hash_method", WORD, "SHA-224 SHA-256 SHA-384 SHA-512"}, {"img_signature_certificate_uuid"},
    {"img_signature_key_type", WORD,
     "DSA ECC_SECP384R1 ECC_SECP521R1 ECC_SECT409K1 ECC_SECT409R1 ECC_SECT571K1 ECC_SECT571R1 RSA-PSS"},
    {"img_hide_hypervisor_id"}, {"os_admin_user"}, {"os_command_line"}, {"os_distro"}, {"os_require_quiesce"},
    {"os_secure_boot", WORD, "required disabled optional"}, {"os_skip_agent_inject_files_at_boot"},
    {"os_skip_agent_inject_ssh"}, {"os_type", FOLDED, "linux windows"}, {"traits_required"},
};
// clang-format on

static gboolean is_word(const char *words, const char *text, KtNovaRelease release)
{
  g_auto(GStrv) all = g_strsplit(words, " ", -1);
  for (guint i = 0; all[i]; i++) {
    gboolean new = *all[i] == '+';
    if (g_str_equal(all[i] + new, text))
      return !new || release == KT_NOVA_MASTER;
  }
  return FALSE;
}

/* "2.0", "2.0.1", "2.0b1" behind comparisons that commas divide: ">=1.0, !=1.2.5" (distutils' VersionPredicate). */
static gboolean is_version_predicate(const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, ",", -1);
  for (guint i = 0; parts[i]; i++)
    if (!g_regex_match_simple("^[ \\t]*(<=|>=|<|>|!=|==)[ \\t]*\\d+\\.\\d+(\\.\\d+)?([ab]\\d+)?[ \\t]*$", parts[i],
                              G_REGEX_DOLLAR_ENDONLY, 0))
      return FALSE;
  return *text != '\0';
}

static gboolean is_right(const Property *property, const char *text, KtNovaRelease release)
{
  gint64 n;
  if (property->kind == NUMBER)
    return kt_nova_int(text, &n);
  if (property->kind == WORD)
    return is_word(property->words, text, release);
  if (property->kind == JSON)
    return text[strspn(text, " \t\n")] == '[';
  if (property->kind == VERSIONS)
    return is_version_predicate(text);
  if (property->kind != FOLDED || !g_utf8_validate(text, -1, NULL))
    return property->kind == TEXT;
  g_autofree char *lower = g_utf8_strdown(text, -1);
  return is_word(property->words, lower, release) || (!*text && g_str_equal(property->name, "vmware_adaptertype"));
}

static KtNovaRefusal check_lists(const KtFlavor *flavor, const char **property)
{
  g_autoptr(GPtrArray) cpus = NULL;
  g_autoptr(GArray) memory = NULL;
  *property = "hw_numa_cpus";
  if (kt_nova_cpu_lists(flavor->image, "hw_numa_cpus", &cpus))
    return KT_NOVA_INVALID;
  *property = "hw_numa_mem";
  return kt_nova_memory_list(flavor->image, "hw_numa_mem", &memory);
}

KtNovaRefusal kt_nova_check_image(const KtFlavor *flavor, KtNovaRelease release, const char **property)
{
  KtNovaRefusal no = KT_NOVA_OK;
  for (guint i = 0; flavor->image && !no && i < G_N_ELEMENTS(properties); i++) {
    const Property *p = &properties[i];
    const char *text = g_hash_table_lookup(flavor->image, p->name);
    *property = p->name;
    if (p->kind == LISTS)
      no = check_lists(flavor, property);
    else if (text && (!p->new || release == KT_NOVA_MASTER) && !is_right(p, text, release))
      no = KT_NOVA_VALUE_ERROR;
  }
  *property = no ? *property : NULL;
  return no;
}

gboolean kt_nova_is_property(const char *name, KtNovaRelease release)
{
  static const char *const numbered[] = {"hw_numa_cpus.", "hw_numa_mem."};
  for (guint i = 0; i < G_N_ELEMENTS(numbered); i++)
    if (g_str_has_prefix(name, numbered[i]))
      return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(properties); i++)
    if (g_str_equal(properties[i].name, name))
      return properties[i].kind != LISTS && (!properties[i].new || release == KT_NOVA_MASTER);
  return FALSE;
}
