/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/qemu_args.h"

#include <string.h>

#include "evidence/domain_parts.h"
#include "evidence/qemu_state.h"

#define MAX_ARGUMENTS 16384
#define MAX_ITEMS 2048 /* of each kind */

static const char *program_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static gboolean is_program(const char *path)
{
  static const char *const names[] = {"qemu-kvm", "kvm", "kvm-spice", NULL};
  const char *program = program_of(path);
  return g_str_has_prefix(program, "qemu-system-") || g_strv_contains(names, program);
}

/* An option's name without its dashes ("--machine" is "-machine"); NULL if it is none. */
static const char *option_name(const char *argument)
{
  if (argument[0] != '-' || !argument[1])
    return NULL;
  return argument + (argument[1] == '-' ? 2 : 1);
}

gboolean kt_qemu_args_is_qemu(const char *const *argv)
{
  static const char *const informs[] = {"version", "help", "h", NULL};
  static const char *const machine[] = {"machine", "M", NULL};
  if (!argv[0] || !is_program(argv[0]))
    return FALSE;
  gboolean options = FALSE;
  for (guint i = 1; argv[i]; i++) {
    const char *name = option_name(argv[i]);
    if (!name)
      continue;
    if (g_strv_contains(informs, name))
      return FALSE;
    if (g_strv_contains(machine, name) && argv[i + 1] && g_str_has_prefix(argv[i + 1], "none"))
      return FALSE;
    options = TRUE;
  }
  return options;
}

static void item_free(gpointer data)
{
  KtQemuItem *item = data;
  kt_qemu_opts_free(item->opts);
  kt_cite_free(item->cite);
  g_free(item);
}

static void gather(KtQemuState *s, GPtrArray *items, const char *value, const char *implied)
{
  if (items->len >= MAX_ITEMS)
    return;
  KtQemuItem *item = g_new0(KtQemuItem, 1);
  item->opts = kt_qemu_opts_new(value, implied);
  item->cite = kt_cite_copy(s->cite);
  g_ptr_array_add(items, item);
}

const KtQemuItem *kt_qemu_find(const GPtrArray *items, const char *key, const char *value)
{
  for (guint i = items->len; i > 0; i--) {
    const KtQemuItem *item = items->pdata[i - 1];
    if (g_strcmp0(kt_qemu_opts_get(item->opts, key), value) == 0)
      return item;
  }
  return NULL;
}

/* ---- one function an option ---- */

static void add_accels(KtQemuState *s, const char *list)
{
  g_auto(GStrv) names = g_strsplit(list, ":", 16);
  for (guint i = 0; names[i]; i++)
    g_ptr_array_add(s->accels, g_steal_pointer(&names[i]));
  kt_domain_cite(s->d, "type", s->cite);
}

static void read_machine(KtQemuState *s, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "type");
  KtDomain *d = s->d;
  const char *type = kt_qemu_opts_get(o, "type"), *accel = kt_qemu_opts_get(o, "accel");
  if (type) {
    g_free(d->machine_type);
    d->machine_type = g_strdup(type);
    kt_domain_cite(d, "machine", s->cite);
  }
  if (accel) { /* a later -machine replaces what an earlier one says */
    g_ptr_array_set_size(s->accels, 0);
    add_accels(s, accel);
  }
  const char *hpet = kt_qemu_opts_get(o, "hpet");
  if (kt_qemu_switch(hpet) != KT_UNKNOWN) {
    g_hash_table_replace(d->timers, g_strdup("hpet"), g_strdup(kt_qemu_switch(hpet) == KT_YES ? "yes" : "no"));
    kt_domain_cite(d, "timers", s->cite);
  }
  if (kt_qemu_switch(kt_qemu_opts_get(o, "mem-merge")) == KT_NO) {
    d->nosharepages = TRUE;
    kt_domain_cite(d, "memoryBacking", s->cite);
  }
  static const char *const guards[] = {"confidential-guest-support", "memory-encryption"};
  for (guint i = 0; i < G_N_ELEMENTS(guards); i++)
    if (kt_qemu_opts_get(o, guards[i])) {
      g_free(s->guard);
      s->guard = g_strdup(kt_qemu_opts_get(o, guards[i]));
    }
  if (kt_qemu_opts_get(o, "memory-backend")) {
    g_free(s->memory_backend);
    s->memory_backend = g_strdup(kt_qemu_opts_get(o, "memory-backend"));
  }
}

static void read_accel(KtQemuState *s, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "accel");
  if (kt_qemu_opts_get(o, "accel"))
    add_accels(s, kt_qemu_opts_get(o, "accel"));
}

static void read_enable_kvm(KtQemuState *s, const char *value)
{
  g_ptr_array_set_size(s->accels, 0);
  add_accels(s, "kvm");
}

static void read_name(KtQemuState *s, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, "guest");
  if (!kt_qemu_opts_get(o, "guest"))
    return;
  g_free(s->d->name);
  s->d->name = g_strdup(kt_qemu_opts_get(o, "guest"));
  kt_domain_cite(s->d, "name", s->cite);
}

static void read_uuid(KtQemuState *s, const char *value)
{
  g_free(s->d->uuid);
  s->d->uuid = g_ascii_strdown(value, -1);
}

static void read_no_hpet(KtQemuState *s, const char *value)
{
  g_hash_table_replace(s->d->timers, g_strdup("hpet"), g_strdup("no"));
  kt_domain_cite(s->d, "timers", s->cite);
}

static void read_overcommit(KtQemuState *s, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, NULL);
  if (kt_qemu_opts_is_on(o, "mem-lock") || kt_qemu_opts_is_on(o, "mlock")) {
    s->d->memory_locked = TRUE;
    kt_domain_cite(s->d, "memoryBacking", s->cite);
  }
}

static void read_mem_prealloc(KtQemuState *s, const char *value)
{
  s->d->memory_immediate = TRUE;
  kt_domain_cite(s->d, "memoryBacking", s->cite);
}

static void read_mem_path(KtQemuState *s, const char *value)
{
  if (strstr(value, "huge"))
    s->d->hugepages = TRUE;
  else
    s->d->memory_file = TRUE;
  kt_domain_cite(s->d, "memoryBacking", s->cite);
}

static void read_smbios(KtQemuState *s, const char *value)
{
  g_autoptr(KtQemuOpts) o = kt_qemu_opts_new(value, NULL);
  const char *product = kt_qemu_opts_get(o, "product");
  if (product && g_str_has_prefix(product, "OpenStack"))
    s->d->manager = KT_MANAGER_NOVA;
}

/* Proxmox's number of the guest: QEMU itself has no such option. */
static void read_id(KtQemuState *s, const char *value)
{
  if (!s->d->manager && g_ascii_isdigit(*value))
    s->d->manager = KT_MANAGER_PROXMOX;
}

static void read_object(KtQemuState *s, const char *value)
{
  gather(s, s->objects, value, "qom-type");
}

static void read_drive(KtQemuState *s, const char *value)
{
  gather(s, s->drives, value, NULL);
}

static void read_netdev(KtQemuState *s, const char *value)
{
  gather(s, s->netdevs, value, "type");
}

static void read_nic(KtQemuState *s, const char *value)
{
  gather(s, s->nics, value, "type");
}

static void read_device(KtQemuState *s, const char *value)
{
  gather(s, s->devices, value, "driver");
}

static void read_numa(KtQemuState *s, const char *value)
{
  gather(s, s->numa, value, "type");
}

static void read_balloon(KtQemuState *s, const char *value)
{
  s->d->balloon = g_str_has_prefix(value, "virtio") ? KT_YES : KT_NO;
  kt_domain_cite(s->d, "balloon", s->cite);
}

typedef struct {
  const char *name;
  gboolean has_value;
  void (*read)(KtQemuState *s, const char *value);
} Option;

static const Option options[] = {
    {"machine", TRUE, read_machine},
    {"M", TRUE, read_machine},
    {"accel", TRUE, read_accel},
    {"enable-kvm", FALSE, read_enable_kvm},
    {"cpu", TRUE, kt_qemu_read_cpu},
    {"smp", TRUE, kt_qemu_read_smp},
    {"m", TRUE, kt_qemu_read_memory},
    {"name", TRUE, read_name},
    {"id", TRUE, read_id},
    {"uuid", TRUE, read_uuid},
    {"no-hpet", FALSE, read_no_hpet},
    {"overcommit", TRUE, read_overcommit},
    {"realtime", TRUE, read_overcommit},
    {"mem-prealloc", FALSE, read_mem_prealloc},
    {"mem-path", TRUE, read_mem_path},
    {"smbios", TRUE, read_smbios},
    {"object", TRUE, read_object},
    {"drive", TRUE, read_drive},
    {"blockdev", TRUE, read_drive},
    {"netdev", TRUE, read_netdev},
    {"nic", TRUE, read_nic},
    {"net", TRUE, read_nic},
    {"device", TRUE, read_device},
    {"numa", TRUE, read_numa},
    {"balloon", TRUE, read_balloon},
};

static const Option *find_option(const char *argument)
{
  const char *name = option_name(argument);
  for (guint i = 0; name && i < G_N_ELEMENTS(options); i++)
    if (g_str_equal(options[i].name, name))
      return &options[i];
  return NULL;
}

/* ---- all of it ---- */

static void read_program(KtQemuState *s)
{
  if (g_str_has_prefix(s->program, "qemu-system-"))
    s->d->arch = g_strdup(g_str_equal(s->program, "qemu-system-i386") ? "i686" : s->program + strlen("qemu-system-"));
}

static void finish_type(KtQemuState *s)
{
  const char *only = s->accels->len == 1 ? s->accels->pdata[0] : NULL;
  if (!s->accels->len && !s->d->cut)
    only = g_str_has_suffix(s->program, "kvm") ? "kvm" : "tcg";
  if (only)
    s->d->type = g_strdup(g_str_equal(only, "tcg") ? "qemu" : only);
}

static void finish_guard(KtQemuState *s)
{
  const KtQemuItem *item = s->guard ? kt_qemu_find(s->objects, "id", s->guard) : NULL;
  const char *type = item ? kt_qemu_opts_get(item->opts, "qom-type") : NULL;
  if (type && g_str_has_suffix(type, "-guest")) { /* "sev-guest", "sev-snp-guest", "tdx-guest" */
    s->d->launch_security = g_strndup(type, strlen(type) - strlen("-guest"));
    kt_domain_cite(s->d, "launchSecurity", item->cite);
  }
}

static void walk(KtQemuState *s, const char *const *argv, const guint *lines)
{
  for (guint i = 1; i < MAX_ARGUMENTS && argv[i]; i++) {
    const Option *option = find_option(argv[i]);
    if (!s->d->manager)
      s->d->manager = kt_manager_of(argv[i]);
    if (!option || (option->has_value && !argv[i + 1]))
      continue;
    if (option->has_value && g_str_has_prefix(argv[i + 1], "$")) /* a script's variable: its value is not here */
      continue;
    const char *value = option->has_value ? argv[i + 1] : NULL;
    g_autofree char *text = value ? g_strdup_printf("%s %s", argv[i], value) : g_strdup(argv[i]);
    g_autoptr(KtCite) cite = kt_cite_new(s->d->source, lines ? lines[i] : 0, text);
    s->cite = cite;
    option->read(s, value);
    s->cite = NULL;
    i += value != NULL;
  }
}

void kt_qemu_args_read(KtDomain *d, const char *const *argv, const guint *lines)
{
  g_autoptr(GPtrArray) accels = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(item_free);
  g_autoptr(GPtrArray) drives = g_ptr_array_new_with_free_func(item_free);
  g_autoptr(GPtrArray) netdevs = g_ptr_array_new_with_free_func(item_free);
  g_autoptr(GPtrArray) nics = g_ptr_array_new_with_free_func(item_free);
  g_autoptr(GPtrArray) devices = g_ptr_array_new_with_free_func(item_free);
  g_autoptr(GPtrArray) numa = g_ptr_array_new_with_free_func(item_free);
  KtQemuState s = {.d = d,
                   .program = program_of(argv[0]),
                   .accels = accels,
                   .objects = objects,
                   .drives = drives,
                   .netdevs = netdevs,
                   .nics = nics,
                   .devices = devices,
                   .numa = numa};
  g_autoptr(KtCite) start = kt_cite_new(d->source, lines ? lines[0] : 0, argv[0]);
  d->format = g_strdup("qemu");
  read_program(&s);
  walk(&s, argv, lines);
  finish_type(&s);
  kt_domain_cite(d, "type", start);
  finish_guard(&s);
  kt_qemu_finish_memory(&s);
  kt_qemu_finish_devices(&s);
  g_free(s.memory_backend);
  g_free(s.guard);
}
