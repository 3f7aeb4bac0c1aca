/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flavor, image, host and nova.conf, in the forms that users have them. */
#include <string.h>

#include "base/error.h"
#include "cmd/nova.h"
#include "evidence/evidence.h"
#include "nova/batch.h"
#include "nova/host_of.h"

static KtSnapshot *read_evidence(const char *path, GError **error)
{
  const char *const paths[] = {path, NULL};
  return kt_evidence_read(paths, error);
}

/* The text, if it is JSON of our own requests: an object with this word. Caller frees. */
static char *read_own_json(const char *path, const char *word, gsize *length)
{
  char *text = NULL;
  if (g_str_equal(path, "-") || !g_file_get_contents(path, &text, length, NULL))
    return NULL;
  if (*length <= KT_NOVA_LINE_MAX && text[strspn(text, " \t\r\n")] == '{' && strstr(text, word))
    return text;
  g_free(text);
  return NULL;
}

static gboolean wrong(GError **error, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);
static gboolean wrong(GError **error, const char *path, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *what = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' %s", path, what);
  return FALSE;
}

/* The one flavor of the evidence that tells its vCPUs; taken out of it. */
static KtFlavor *take_flavor(KtSnapshot *s, const char *path, GError **error)
{
  KtFlavor *found = NULL;
  for (guint i = 0; i < s->flavors->len; i++) {
    KtFlavor *flavor = s->flavors->pdata[i];
    if (!flavor->vcpus.known)
      continue;
    if (found) {
      wrong(error, path, "shows more than one flavor; 'openstack flavor show NAME' shows one");
      return NULL;
    }
    found = flavor;
  }
  if (found && found->vcpus.value > KT_NOVA_VCPUS_MAX) {
    wrong(error, path, "shows a flavor of more than %d vCPUs", KT_NOVA_VCPUS_MAX);
    return NULL;
  }
  if (!found || !found->ram_mib.known || !found->extra_specs || found->vcpus.value < 1 || found->ram_mib.value < 1) {
    wrong(error, path, found ? "does not show the flavor's RAM and properties" : "shows no flavor with its vCPUs");
    return NULL;
  }
  guint at;
  g_ptr_array_find(s->flavors, found, &at);
  return g_ptr_array_steal_index(s->flavors, at);
}

static GHashTable *take_image(KtSnapshot *s)
{
  for (guint i = 0; i < s->flavors->len; i++) {
    KtFlavor *flavor = s->flavors->pdata[i];
    if (flavor->image)
      return g_steal_pointer(&flavor->image);
  }
  return NULL;
}

KtFlavor *kt_nova_read_flavor(const char *path, GError **error)
{
  gsize length;
  g_autofree char *own = read_own_json(path, "\"memory_mb\"", &length);
  if (own) {
    KtFlavor *flavor = kt_nova_flavor_parse(own, length, error);
    if (!flavor)
      g_prefix_error(error, "%s: ", path);
    return flavor;
  }
  g_autoptr(KtSnapshot) snapshot = read_evidence(path, error);
  KtFlavor *flavor = snapshot ? take_flavor(snapshot, path, error) : NULL;
  if (flavor && !flavor->image)
    flavor->image = take_image(snapshot);
  return flavor;
}

gboolean kt_nova_read_image(const char *path, KtFlavor *flavor, GError **error)
{
  GHashTable *image = NULL;
  gsize length;
  g_autofree char *own = read_own_json(path, "\"hw_", &length);
  if (own && !strstr(own, "\"container_format\"")) {
    image = kt_nova_image_parse(own, length, error);
    if (!image)
      g_prefix_error(error, "%s: ", path);
  } else {
    g_autoptr(KtSnapshot) snapshot = read_evidence(path, error);
    if (snapshot)
      image = take_image(snapshot);
    if (snapshot && !image)
      return wrong(error, path, "shows no image with its properties");
  }
  if (!image)
    return FALSE;
  g_clear_pointer(&flavor->image, g_hash_table_unref);
  flavor->image = image;
  return TRUE;
}

static const KtNovaConf *only_conf(const KtSnapshot *snapshot)
{
  return snapshot && snapshot->confs->len == 1 ? snapshot->confs->pdata[0] : NULL;
}

KtNovaHost *kt_nova_read_host(const char *path, const char *conf_path, char **name, GPtrArray *notes, GError **error)
{
  g_autoptr(KtSnapshot) snapshot = read_evidence(path, error);
  if (!snapshot)
    return NULL;
  KtMachine *machine = kt_snapshot_host(snapshot);
  if (!machine && snapshot->machines->len == 1)
    machine = snapshot->machines->pdata[0];
  if (!machine) {
    wrong(error, path, snapshot->machines->len ? "shows more than one machine" : "shows no machine");
    return NULL;
  }
  g_autoptr(KtSnapshot) of_conf = conf_path ? read_evidence(conf_path, error) : NULL;
  if (conf_path && !of_conf)
    return NULL;
  if (conf_path && !only_conf(of_conf)) {
    wrong(error, conf_path, "is no nova.conf");
    return NULL;
  }
  *name = g_strdup(machine->name);
  return kt_nova_host_of(machine, snapshot->domains, conf_path ? only_conf(of_conf) : only_conf(snapshot), notes,
                         error);
}
