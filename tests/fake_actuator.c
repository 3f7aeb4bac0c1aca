/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_actuator.h"

#include <glib/gstdio.h>
#include <string.h>

#include "apply/mover.h"
#include "base/error.h"
#include "base/set.h"

#define UUID_CRM "11111111-2222-3333-4444-555555555555"
#define UUID_DB "66666666-7777-8888-9999-000000000000"

static const char start[] = "[host]\n"
                            "sysctl-kernel.numa_balancing=1\n"
                            "sysctl-vm.zone_reclaim_mode=1\n"
                            "sysfs-sys/kernel/mm/transparent_hugepage/shmem_enabled=never\n"
                            "[crm]\n"
                            "uuid=" UUID_CRM "\nid=5\ncells=1\nnumatune=restrictive\n"
                            "vcpupin-0=0-7\nvcpupin-1=0-7\nemulatorpin-=0-7\niothreadpin-1=0-7\n"
                            "nodeset-=0\nmemory-0=0:900000,1:100000\n"
                            "definition-=<domain type=\"kvm\">\\n  <name>crm</name>\\n  <uuid>" UUID_CRM
                            "</uuid>\\n  <vcpu>2</vcpu>\\n  <cpu><topology sockets=\"2\" cores=\"1\"/></cpu>\\n"
                            "  <secret passwd=\"geheim\"/>\\n</domain>\\n\n"
                            "[db]\n"
                            "uuid=" UUID_DB "\nid=6\ncells=1\nnumatune=strict\n"
                            "vcpupin-0=0-7\nscheduler-vcpu_quota=100000\nnodeset-=0\nmemory-0=0:500000\n"
                            "definition-=<domain type=\"kvm\">\\n  <name>db</name>\\n  <uuid>" UUID_DB
                            "</uuid>\\n  <vcpu>1</vcpu>\\n</domain>\\n\n";

/* ---- the file ---- */

static GKeyFile *load(const char *path)
{
  GKeyFile *file = g_key_file_new();
  if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
    g_error("no host in '%s'", path);
  return file;
}

/* The old one or the new one at any time; not synced, for only this process may be killed. */
static void save(const char *path, GKeyFile *file)
{
  g_autofree char *text = g_key_file_to_data(file, NULL, NULL), *new = g_strconcat(path, ".new", NULL);
  if (!g_file_set_contents_full(new, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL) || g_rename(new, path) != 0)
    g_error("cannot write '%s'", path);
}

gboolean kt_fake_make(const char *path)
{
  return g_file_set_contents(path, start, -1, NULL);
}

static int by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

char *kt_fake_state(const char *path)
{
  g_autoptr(GKeyFile) file = load(path);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
  g_key_file_remove_group(file, "log", NULL);
  g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
  for (guint i = 0; groups[i]; i++) {
    g_auto(GStrv) keys = g_key_file_get_keys(file, groups[i], NULL, NULL);
    for (guint k = 0; keys[k]; k++) {
      g_autofree char *value = g_key_file_get_value(file, groups[i], keys[k], NULL);
      g_ptr_array_add(lines, g_strdup_printf("%s %s=%s", groups[i], keys[k], value));
    }
  }
  g_ptr_array_sort(lines, by_text);
  g_ptr_array_add(lines, NULL);
  return g_strjoinv("\n", (char **)lines->pdata);
}

char *kt_fake_log(const char *path)
{
  g_autoptr(GKeyFile) file = load(path);
  char *text = g_key_file_get_string(file, "log", "begun", NULL);
  return text ? text : g_strdup("");
}

void kt_fake_set(const char *path, const char *group, const char *key, const char *value)
{
  g_autoptr(GKeyFile) file = load(path);
  if (value)
    g_key_file_set_string(file, group, key, value);
  else
    g_key_file_remove_key(file, group, key, NULL);
  save(path, file);
}

/* ---- values ---- */

static const char *group_of(const KtStep *step)
{
  return step->domain ? step->domain : "host";
}

static char *key_of(const KtStep *step)
{
  return step->kind == KT_STEP_RESTART ? g_strdup("id")
                                       : g_strdup_printf("%s-%s", kt_step_kinds[step->kind], step->where);
}

static gboolean is_live(const KtStep *step)
{
  return step->domain && step->kind != KT_STEP_DEFINITION;
}

static char *read_value(GKeyFile *file, const KtStep *step, GError **error)
{
  g_autofree char *key = key_of(step);
  if (step->kind == KT_STEP_RESTART && g_key_file_has_group(file, group_of(step)) &&
      !g_key_file_has_key(file, group_of(step), key, NULL))
    return g_strdup(KT_STEP_OFF);
  gboolean gone = !g_key_file_has_group(file, group_of(step)) ||
                  (is_live(step) && !g_key_file_has_key(file, step->domain, "id", NULL));
  if (gone || !g_key_file_has_key(file, group_of(step), key, NULL)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "domain '%s' does not run", group_of(step));
    return NULL;
  }
  char *value = g_key_file_get_string(file, group_of(step), key, NULL);
  if (step->kind != KT_STEP_RESTART)
    return value;
  char *id = g_strconcat("running, id ", value, NULL);
  g_free(value);
  return id;
}

static char *fake_read(KtActuator *self, const KtStep *step, GError **error)
{
  g_autoptr(GKeyFile) file = load(((KtFake *)self)->path);
  return read_value(file, step, error);
}

/* libvirt writes definitions in its own way. */
static char *as_libvirt(const char *xml)
{
  return g_strdelimit(g_strdup(xml), "'", '"');
}

static gboolean fake_reached(KtActuator *self, const KtStep *step, const char *wanted, const char *found)
{
  if (!wanted || !found)
    return wanted == found;
  if (step->kind == KT_STEP_MEMORY)
    return kt_step_apart_pct(step, wanted, found) <= 1;
  if (step->kind == KT_STEP_RESTART)
    return g_str_has_prefix(found, "running") && g_strcmp0(found, step->before) != 0;
  if (step->kind == KT_STEP_DEFINITION) {
    g_autofree char *made = as_libvirt(wanted), *there = as_libvirt(found);
    return g_str_equal(made, there);
  }
  g_autoptr(KtSet) a = kt_set_parse(wanted, NULL), b = kt_set_parse(found, NULL);
  return g_str_equal(wanted, found) || (step->domain && a && b && kt_set_equal(a, b));
}

static KtLook *fake_look(KtActuator *self, const char *domain, const char *uuid, GError **error)
{
  g_autoptr(GKeyFile) file = load(((KtFake *)self)->path);
  g_autofree char *own = g_key_file_get_string(file, domain, "uuid", NULL);
  if (!own || (uuid && !g_str_equal(uuid, own))) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "there is no domain '%s'", domain);
    return NULL;
  }
  KtLook *look = kt_look_new(domain, own);
  look->id = g_key_file_has_key(file, domain, "id", NULL) ? g_key_file_get_integer(file, domain, "id", NULL) : -1;
  look->run = look->id >= 0 ? g_strdup_printf("id %d", look->id) : NULL;
  look->persistent = TRUE;
  look->cells = (guint)g_key_file_get_integer(file, domain, "cells", NULL);
  look->numatune = g_key_file_get_string(file, domain, "numatune", NULL);
  look->memory_nodes = g_key_file_get_string(file, domain, "nodeset-", NULL);
  look->stuck = g_key_file_get_string(file, domain, "stuck", NULL);
  return look;
}

static char *fake_refuses(KtActuator *self, const KtStep *step, const KtLook *look, char **warning)
{
  g_autoptr(GKeyFile) file = load(((KtFake *)self)->path);
  return step->domain ? g_key_file_get_string(file, step->domain, "refused", NULL) : NULL;
}

/* ---- writing ---- */

static void at_point(const KtFake *fake)
{
  if (fake->point)
    fake->point();
}

static void put(KtFake *fake, const KtStep *step, const char *value)
{
  g_autofree char *key = key_of(step);
  kt_fake_set(fake->path, group_of(step), key, value);
}

static void note(KtFake *fake, const KtStep *step)
{
  g_autofree char *log = kt_fake_log(fake->path), *name = kt_step_name(step);
  g_autofree char *more = g_strconcat(log, name, "\n", NULL);
  kt_fake_set(fake->path, "log", "begun", more);
}

/* As the kernel and libvirt have it. */
static gboolean is_allowed(KtFake *fake, const KtStep *step, const char *value, GError **error)
{
  g_autoptr(KtLook) look = step->domain ? fake_look(&fake->base, step->domain, step->uuid, error) : NULL;
  g_autoptr(KtSet) nodes = look ? kt_set_parse(look->memory_nodes, NULL) : NULL;
  g_autoptr(GArray) memory = step->kind == KT_STEP_MEMORY ? kt_memory_parse(value, NULL) : NULL;
  const char *why = NULL;
  for (guint i = 0; memory && !step->at_once && i < memory->len; i++)
    if (!kt_set_has(nodes, (guint)g_array_index(memory, KtNodeMemory, i).node))
      why = "move_pages: Permission denied";
  if (step->kind == KT_STEP_NODESET && g_strcmp0(look->numatune, "restrictive") != 0)
    why = "change of nodeset for running domain requires restrictive numa mode";
  if (why)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "%s", why);
  return !why;
}

static void change(KtFake *fake, const KtStep *step, const char *value)
{
  if (step->kind == KT_STEP_RESTART) {
    g_autoptr(GKeyFile) file = load(fake->path);
    g_autofree char *next = g_strdup_printf("%d", g_key_file_get_integer(file, step->domain, "id", NULL) + 100);
    put(fake, step, NULL);
    at_point(fake); /* it is shut down */
    put(fake, step, next);
  } else if (step->kind == KT_STEP_DEFINITION) {
    g_autofree char *made = as_libvirt(value);
    put(fake, step, made);
  } else if (step->kind == KT_STEP_MEMORY) {
    g_autofree char *half = g_strdup_printf("%s,%s", step->before, step->after);
    put(fake, step, half);
    at_point(fake); /* in the middle of the move */
    put(fake, step, value);
  } else {
    g_autoptr(GKeyFile) file = load(fake->path);
    g_autofree char *along =
        step->kind == KT_STEP_NODESET ? g_key_file_get_string(file, step->domain, "along", NULL) : NULL;
    put(fake, step, value);
    if (along)
      kt_fake_set(fake->path, step->domain, "memory-0", along);
  }
}

static gboolean fake_write(KtActuator *self, const KtStep *step, const char *value, GError **error)
{
  KtFake *fake = (KtFake *)self;
  g_autofree char *name = kt_step_name(step);
  if (!kt_actuator_call(self, "%s = %s", name, step->kind == KT_STEP_DEFINITION ? "..." : value))
    return TRUE;
  gboolean fails = ++fake->writes == fake->fail_at;
  at_point(fake);
  if (!is_allowed(fake, step, value, error))
    return FALSE;
  note(fake, step);
  if (!fails || fake->fail_behind)
    change(fake, step, value);
  at_point(fake);
  if (fails)
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "the call failed");
  return !fails;
}

static void fake_free(KtActuator *self)
{
  g_free(((KtFake *)self)->path);
  g_free(self);
}

KtFake *kt_fake_open(const char *path)
{
  KtFake *fake = g_new0(KtFake, 1);
  fake->base = (KtActuator){.read = fake_read,
                            .write = fake_write,
                            .reached = fake_reached,
                            .look = fake_look,
                            .refuses = fake_refuses,
                            .free = fake_free};
  fake->path = g_strdup(path);
  return fake;
}

KtPlan *kt_fake_plan(void)
{
  KtPlan *plan = kt_plan_new();
  plan->host = g_strdup("kvm7");
  plan->live = TRUE;
  kt_plan_add_guest(plan, "crm", UUID_CRM);
  kt_plan_add_guest(plan, "db", UUID_DB);
  KtChange *c = kt_plan_add_change(plan, KT_ACT_SYSCTL, NULL, NULL, "numa_balancing");
  kt_change_add_edit(c, "kernel.numa_balancing", "1", "0");
  c = kt_plan_add_change(plan, KT_ACT_SYSFS, NULL, NULL, "shmem");
  kt_change_add_edit(c, "sys/kernel/mm/transparent_hugepage/shmem_enabled", "never", "advise");
  c = kt_plan_add_change(plan, KT_ACT_VCPUPIN, "crm", UUID_CRM, "vcpupin");
  kt_change_add_edit(c, "0", "0-7", "6");
  kt_change_add_edit(c, "1", "0-7", "7");
  c = kt_plan_add_change(plan, KT_ACT_EMULATORPIN, "crm", UUID_CRM, "emulatorpin");
  kt_change_add_edit(c, "", "0-7", "6-7");
  c = kt_plan_add_change(plan, KT_ACT_IOTHREADPIN, "crm", UUID_CRM, "iothreadpin-1");
  kt_change_add_edit(c, "1", "0-7", "6-7");
  c = kt_plan_add_change(plan, KT_ACT_SCHEDULER, "db", UUID_DB, "quota");
  kt_change_add_edit(c, "vcpu_quota", "100000", "-1");
  c = kt_plan_add_change(plan, KT_ACT_MEMORY, "crm", UUID_CRM, "memory");
  kt_change_add_edit(c, "0", "0:900000,1:100000", "3:1000000");
  c = kt_plan_add_change(plan, KT_ACT_NODESET, "crm", UUID_CRM, "nodeset");
  kt_change_add_edit(c, "", "0", "3");
  c = kt_plan_add_change(plan, KT_ACT_MEMORY, "db", UUID_DB, "memory");
  kt_change_add_edit(c, "0", "0:500000", "2:500000");
  c = kt_plan_add_change(plan, KT_ACT_DOMXML, "crm", UUID_CRM, "topology");
  kt_change_add_edit(c, "cpu/topology/@sockets", "2", "1");
  kt_change_add_edit(c, "cpu/topology/@cores", "1", "2");
  c = kt_plan_add_change(plan, KT_ACT_DOMXML, "crm", UUID_CRM, "pins");
  kt_change_add_edit(c, "cputune/vcpupin[@vcpu='0']/@cpuset", NULL, "6");
  c = kt_plan_add_change(plan, KT_ACT_DOMXML, "db", UUID_DB, "nodes");
  kt_change_add_edit(c, "numatune/memory/@mode", NULL, "strict");
  kt_change_add_edit(c, "numatune/memory/@nodeset", NULL, "2");
  c = kt_plan_add_change(plan, KT_ACT_PERSON, NULL, NULL, "firmware");
  c->title = g_strdup("sub-NUMA clustering in the firmware");
  return plan;
}
