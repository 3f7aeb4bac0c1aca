/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files in which clouds are described. */
#include "cloud/clouds.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cloud/settings.h"

/* A file of clouds, and what is kept beside it. */
typedef struct {
  char *path; /* NULL: there is none */
  KtYaml *clouds, *secure, *public;
} Files;

static void files_clear(Files *files)
{
  g_free(files->path);
  kt_yaml_free(files->clouds);
  kt_yaml_free(files->secure);
  kt_yaml_free(files->public);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Files, files_clear)

static KtYaml *read_file(const char *path, GError **error)
{
  g_autoptr(GError) failed = NULL;
  char *text = NULL;
  gsize length;
  if (!g_file_get_contents(path, &text, &length, &failed)) {
    kt_error_set_file(error, "read", path, failed);
    return NULL;
  }
  KtYaml *yaml = kt_yaml_read(path, text, length, error);
  explicit_bzero(text, length);
  g_free(text);
  return yaml;
}

/* Directories in the order in which clients look. Free with g_strfreev(). */
static char **directories(void)
{
  GPtrArray *list = g_ptr_array_new();
  const char *home = g_getenv("HOME"), *config = g_getenv("XDG_CONFIG_HOME");
  g_ptr_array_add(list, g_strdup("."));
  if (config && *config)
    g_ptr_array_add(list, g_build_filename(config, "openstack", NULL));
  if (home && *home)
    g_ptr_array_add(list, g_build_filename(home, ".config", "openstack", NULL));
  g_ptr_array_add(list, g_strdup("/etc/xdg/openstack"));
  g_ptr_array_add(list, g_strdup("/etc/openstack"));
  g_ptr_array_add(list, NULL);
  return (char **)g_ptr_array_free(list, FALSE);
}

/* The first that is there and may be read; NULL if none is. Caller frees. */
static char *find_file(const char *stem, const char *variable)
{
  static const char *const suffixes[] = {".yaml", ".yml", ".json"};
  const char *said = variable ? g_getenv(variable) : NULL;
  if (said && *said)
    return g_strdup(said);
  g_auto(GStrv) list = directories();
  for (guint i = 0; list[i]; i++)
    for (guint k = 0; k < G_N_ELEMENTS(suffixes); k++) {
      g_autofree char *name = g_strconcat(stem, suffixes[k], NULL);
      g_autofree char *path = g_str_equal(list[i], ".") ? g_strdup(name) : g_build_filename(list[i], name, NULL);
      g_autofree char *text = NULL;
      if (g_file_test(path, G_FILE_TEST_IS_REGULAR) && g_file_get_contents(path, &text, NULL, NULL)) {
        explicit_bzero(text, strlen(text));
        return g_steal_pointer(&path);
      }
    }
  return NULL;
}

static gboolean read_files(Files *files, GError **error)
{
  files->path = find_file("clouds", "OS_CLIENT_CONFIG_FILE");
  g_autofree char *secure = find_file("secure", "OS_CLIENT_SECURE_FILE"), *public = find_file("clouds-public", NULL);
  if (files->path && !(files->clouds = read_file(files->path, error)))
    return FALSE;
  if (files->path && secure && !(files->secure = read_file(secure, error)))
    return FALSE;
  return !files->path || !public || (files->public = read_file(public, error));
}

static const KtYamlNode *clouds_of(const KtYaml *yaml)
{
  return yaml ? kt_yaml_member(kt_yaml_root(yaml), "clouds") : NULL;
}

/* The only cloud of a file; NULL if there are none, or several. */
static const char *only_cloud(const Files *files)
{
  const KtYamlNode *clouds = clouds_of(files->clouds);
  return kt_yaml_is_map(clouds) && kt_yaml_count(clouds) == 1 ? kt_yaml_key(clouds, 0) : NULL;
}

enum { NAMES_MAX = 20, NAMES_LOOKED_AT = 200 };

/* "'a', 'b'": those that are described, as far as there is something in them. Caller frees. */
static char *names_of(const KtYamlNode *clouds)
{
  g_autoptr(GString) names = g_string_new(NULL);
  guint n = 0;
  for (guint i = 0; kt_yaml_is_map(clouds) && i < MIN(kt_yaml_count(clouds), NAMES_LOOKED_AT); i++)
    if (kt_yaml_is_map(kt_yaml_member(clouds, kt_yaml_key(clouds, i))) && n++ < NAMES_MAX)
      g_string_append_printf(names, "%s'%.80s'", names->len ? ", " : "", kt_yaml_key(clouds, i));
  if (n > NAMES_MAX)
    g_string_append_printf(names, " and %u more", n - NAMES_MAX);
  return g_strdup(n ? names->str : "none");
}

static KtCloudConfig *of_files(const Files *files, const char *name, gboolean fill, const KtCloudWish *wish,
                               GError **error)
{
  const KtYamlNode *cloud = kt_yaml_member(clouds_of(files->clouds), name);
  const char *source = files->path ? files->path : "clouds.yaml";
  if (!kt_yaml_is_map(cloud)) {
    g_autofree char *there = names_of(clouds_of(files->clouds));
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "%s has no cloud '%.80s'; it has %s", source, name, there);
    return NULL;
  }
  g_autoptr(GHashTable) settings = kt_settings_new();
  const char *profile = kt_yaml_text(kt_yaml_member(cloud, "profile"));
  const KtYamlNode *public = files->public ? kt_yaml_member(kt_yaml_root(files->public), "public-clouds") : NULL;
  const char *variable = fill ? g_getenv("OS_REGION_NAME") : NULL;
  const char *region = wish->region ? wish->region : variable && *variable ? variable : NULL;
  if (profile)
    kt_settings_add(settings, kt_yaml_member(public, profile), NULL);
  if (!kt_settings_add(settings, cloud, region)) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "cloud '%s' of %s has no region '%.80s'", name, source, region);
    return NULL;
  }
  kt_settings_add(settings, kt_yaml_member(clouds_of(files->secure), name), NULL);
  if (fill)
    kt_settings_fill_from_environment(settings);
  return kt_settings_finish(settings, name, source, wish, error);
}

KtCloudConfig *kt_cloud_config_read(const char *name, const char *clouds, const char *secure, const KtCloudWish *wish,
                                    GError **error)
{
  g_auto(Files) files = {.path = g_strdup(name), .clouds = kt_yaml_read(name, clouds, strlen(clouds), error)};
  if (!files.clouds || (secure && !(files.secure = kt_yaml_read("secure.yaml", secure, strlen(secure), error))))
    return NULL;
  const char *cloud = wish->cloud ? wish->cloud : only_cloud(&files);
  if (cloud)
    return of_files(&files, cloud, FALSE, wish, error);
  g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "%s does not describe one cloud; name one with --os-cloud", name);
  return NULL;
}

static KtCloudConfig *find(const KtCloudWish *wish, GError **error)
{
  g_auto(Files) files = {0};
  const char *variable = g_getenv("OS_CLOUD");
  const char *name = wish->cloud ? wish->cloud : variable && *variable ? variable : NULL;
  if (!name) {
    g_autoptr(GHashTable) settings = kt_settings_new();
    if (kt_settings_add_environment(settings))
      return kt_settings_finish(settings, "OS_*", "the environment", wish, error);
  }
  if (!read_files(&files, error))
    return NULL;
  if (!name)
    name = only_cloud(&files);
  if (name && files.path)
    return of_files(&files, name, TRUE, wish, error);
  if (files.path) {
    g_autofree char *there = names_of(clouds_of(files.clouds));
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
                "'%s' describes several clouds, or none (it has %s); name one with --os-cloud or OS_CLOUD", files.path,
                there);
  } else
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND,
                "no cloud to sign in to: neither clouds.yaml (in ., ~/.config/openstack or /etc/openstack) nor OS_* "
                "variables are there");
  return NULL;
}

/* Certificates are said to be missing before anybody is asked anything. */
static gboolean can_read(const char *path, GError **error)
{
  if (!path || g_access(path, R_OK) == 0)
    return TRUE;
  int why = errno;
  g_set_error(error, KT_ERROR, why == ENOENT ? KT_ERROR_NOT_FOUND : KT_ERROR_ACCESS,
              "cannot read the certificates in '%s': %s", path, g_strerror(why));
  return FALSE;
}

KtCloudConfig *kt_cloud_config_find(const KtCloudWish *wish, GError **error)
{
  g_autoptr(KtCloudConfig) config = find(wish, error);
  if (!config || (!config->insecure && !can_read(config->ca_file, error)) || !can_read(config->cert_file, error) ||
      !can_read(config->key_file, error))
    return NULL;
  return g_steal_pointer(&config);
}
