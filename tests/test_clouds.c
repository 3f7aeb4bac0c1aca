/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signing in as every OpenStack client does: clouds.yaml, secure.yaml, OS_* variables, and what Keystone is told. */
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "cloud/clouds.h"
#include "cloud/signin.h"
#include "cloud/yaml_tree.h"

static const char clouds[] = "defaults: &d\n"
                             "  region_name: RegionOne\n"
                             "clouds:\n"
                             "  site:\n"
                             "    <<: *d\n"
                             "    auth:\n"
                             "      auth_url: https://keystone.example:5000/v3\n"
                             "      username: ops\n"
                             "      password: 0123  # a text, not a number\n"
                             "      project_name: crm\n"
                             "      user_domain_name: Default\n"
                             "    cacert: /etc/ssl/site.pem\n"
                             "  credential:\n"
                             "    auth_type: v3applicationcredential\n"
                             "    auth:\n"
                             "      auth_url: http://k:5000\n"
                             "      application_credential_id: 21dc\n"
                             "    interface: internalURL\n"
                             "    verify: false\n"
                             "  open:\n"
                             "    auth_type: none\n"
                             "    auth: {endpoint: 'http://127.0.0.1:8774/v2.1'}\n"
                             "  regions:\n"
                             "    auth: {auth_url: 'http://k/', token: abc}\n"
                             "    regions:\n"
                             "      - north\n"
                             "      - name: south\n"
                             "        values: {interface: admin}\n";

static KtCloudConfig *of_file(const char *cloud, const char *secure, const char *region, GError **error)
{
  const KtCloudWish wish = {.cloud = cloud, .region = region};
  return kt_cloud_config_read("clouds.yaml", clouds, secure, &wish, error);
}

static void test_file(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtCloudConfig) c = of_file("site", NULL, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpint(c->auth, ==, KT_CLOUD_PASSWORD);
  g_assert_cmpstr(c->password, ==, "0123");
  g_assert_cmpstr(c->region, ==, "RegionOne");
  g_assert_cmpstr(c->interface, ==, "public");
  g_assert_cmpstr(c->ca_file, ==, "/etc/ssl/site.pem");
  g_assert_false(c->insecure);
  g_autofree char *url = kt_signin_url(c), *body = kt_signin_body(c);
  g_assert_cmpstr(url, ==, "https://keystone.example:5000/v3/auth/tokens");
  g_assert_cmpstr(body, ==,
                  "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\"ops\","
                  "\"domain\":{\"name\":\"Default\"},\"password\":\"0123\"}}},\"scope\":{\"project\":{\"name\":"
                  "\"crm\",\"domain\":{\"id\":\"default\"}}}}}\n");
}

static void test_secure(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtCloudConfig) without = of_file("credential", NULL, NULL, &error);
  g_assert_null(without);
  g_assert_error(error, KT_ERROR, KT_ERROR_FORMAT);
  g_assert_cmpstr(error->message, ==, "cloud 'credential' of clouds.yaml: application_credential_secret is not given");
  g_clear_error(&error);
  g_autoptr(KtCloudConfig) c = of_file(
      "credential", "clouds: {credential: {auth: {application_credential_secret: \"q\\\"uiet\"}}}", NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpint(c->auth, ==, KT_CLOUD_CREDENTIAL);
  g_assert_cmpstr(c->interface, ==, "internal");
  g_assert_true(c->insecure); /* the file says so */
  g_autofree char *url = kt_signin_url(c), *body = kt_signin_body(c);
  g_assert_cmpstr(url, ==, "http://k:5000/v3/auth/tokens");
  g_assert_cmpstr(body, ==,
                  "{\"auth\":{\"identity\":{\"methods\":[\"application_credential\"],\"application_credential\":"
                  "{\"id\":\"21dc\",\"secret\":\"q\\\"uiet\"}}}}\n");
}

/* Certificates are verified unless somebody says so, in YAML's words too. */
static void test_insecure(void)
{
  static const struct {
    const char *said;
    gboolean insecure;
  } rows[] = {{"insecure: true", TRUE},   {"insecure: yes", TRUE}, {"verify: False", TRUE},    {"verify: 'no'", TRUE},
              {"insecure: false", FALSE}, {"verify: true", FALSE}, {"insecure: maybe", FALSE}, {"verify: ''", FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autofree char *text = g_strdup_printf("clouds: {a: {auth: {auth_url: 'http://k', token: t}, %s}}", rows[i].said);
    const KtCloudWish wish = {0}, insecure = {.insecure = TRUE};
    g_autoptr(KtCloudConfig) c = kt_cloud_config_read("f", text, NULL, &wish, NULL);
    g_autoptr(KtCloudConfig) asked = kt_cloud_config_read("f", text, NULL, &insecure, NULL);
    g_assert_cmpint(c->insecure, ==, rows[i].insecure);
    g_assert_true(asked->insecure);
  }
}

static void test_no_keystone(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtCloudConfig) c = of_file("open", NULL, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpint(c->auth, ==, KT_CLOUD_NO_AUTH);
  g_assert_cmpstr(c->endpoint, ==, "http://127.0.0.1:8774/v2.1");
}

static void test_regions(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(KtCloudConfig) first = of_file("regions", NULL, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(first->region, ==, "north");
  g_assert_cmpint(first->auth, ==, KT_CLOUD_TOKEN);
  g_autoptr(KtCloudConfig) south = of_file("regions", NULL, "south", &error);
  g_assert_cmpstr(south->interface, ==, "admin");
  g_assert_null(of_file("regions", NULL, "west", &error));
  g_assert_cmpstr(error->message, ==, "cloud 'regions' of clouds.yaml has no region 'west'");
}

static void test_wrong(void)
{
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"clouds: {a: {auth: {auth_url: 'http://k'}}}", "cloud 'a' of f: username is not given"},
      {"clouds: {a: {auth: {auth_url: 'http://u:secret@k', username: u, password: secret}}}",
       "cloud 'a' of f: auth_url is no http:// or https:// address"},
      {"clouds: {a: {auth: {auth_url: 'file:///etc/shadow', username: u, password: secret}}}",
       "cloud 'a' of f: auth_url is no http:// or https:// address"},
      {"clouds: {a: {auth: {auth_url: 'http://k', token: \"a\\r\\nX: y\"}}}",
       "cloud 'a' of f: token has a character that no token has"},
      {"clouds: {a: {auth_type: v3kerberos}}",
       "cloud 'a' of f: auth_type 'v3kerberos' is none of password, token, v3applicationcredential, none, admin_token"},
      {"clouds: {a: {interface: side, auth: {auth_url: 'http://k', token: t}}}",
       "cloud 'a' of f: interface 'side' is none of public, internal, admin"},
      {"clouds: {a: x, b: y}", "f does not describe one cloud; name one with --os-cloud"},
      {"clouds: {a: x}", "f has no cloud 'a'; it has none"},
      {"", "f does not describe one cloud; name one with --os-cloud"},
      {"a: b: secret", "f:1: mapping values are not allowed in this context"},
      {"a: *b", "f:1: an alias of something that is not there"},
      {"? [a]\n: b", "f:1: expected a name in front of ':'"},
      {"a: \"x\\0y\"", "f:1: a text with a NUL character"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(GError) error = NULL;
    const KtCloudWish wish = {0};
    g_assert_null(kt_cloud_config_read("f", rows[i].text, NULL, &wish, &error));
    g_assert_cmpstr(error->message, ==, rows[i].message);
  }
}

/* Aliases are not copied, a map that is merged into itself ends, nesting is bounded. */
static void test_bounds(void)
{
  g_autoptr(GString) laughs = g_string_new("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
  for (guint i = 1; i < 30; i++)
    g_string_append_printf(laughs, "a%u: &a%u [*a%u, *a%u, *a%u, *a%u, *a%u, *a%u]\n", i, i, i - 1, i - 1, i - 1, i - 1,
                           i - 1, i - 1);
  g_string_append(laughs, "m: &m\n  <<: *m\n  k: v\n");
  g_autoptr(GError) error = NULL;
  g_autoptr(KtYaml) yaml = kt_yaml_read("f", laughs->str, laughs->len, &error);
  g_assert_no_error(error);
  const KtYamlNode *m = kt_yaml_member(kt_yaml_root(yaml), "m");
  g_assert_cmpstr(kt_yaml_text(kt_yaml_member(m, "k")), ==, "v");
  g_assert_null(kt_yaml_member(m, "w"));
  g_autofree char *deep = g_strnfill(5000, '[');
  g_assert_null(kt_yaml_read("f", deep, strlen(deep), &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_LIMIT);
  g_clear_error(&error);
  g_autofree char *large = g_strnfill(KT_YAML_LIMIT + 1, 'a');
  g_assert_null(kt_yaml_read("f", large, strlen(large), &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_LIMIT);
}

/* ---- files and variables ---- */

static const char *const variables[] = {"OS_CLOUD",     "OS_AUTH_URL",    "OS_USERNAME", "OS_PASSWORD",
                                        "OS_TOKEN",     "OS_TENANT_NAME", "OS_CACERT",   "OS_CLIENT_CONFIG_FILE",
                                        "OS_AUTH_TYPE", "OS_REGION_NAME", "OS_INSECURE", "OS_ENDPOINT_TYPE"};

static void clear_variables(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(variables); i++)
    g_unsetenv(variables[i]);
}

static KtCloudConfig *find(const char *cloud, GError **error)
{
  const KtCloudWish wish = {.cloud = cloud};
  return kt_cloud_config_find(&wish, error);
}

static void test_environment(void)
{
  g_autoptr(GError) error = NULL;
  clear_variables();
  g_setenv("OS_AUTH_URL", "http://k:5000/v2.0", TRUE);
  g_setenv("OS_USERNAME", "joe", TRUE);
  g_setenv("OS_PASSWORD", "s3cret", TRUE);
  g_setenv("OS_TENANT_NAME", "crm", TRUE);
  g_setenv("OS_ENDPOINT_TYPE", "adminURL", TRUE);
  g_autoptr(KtCloudConfig) c = find(NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(c->project_name, ==, "crm");
  g_assert_cmpstr(c->interface, ==, "admin");
  g_assert_cmpstr(c->source, ==, "the environment");
  g_autofree char *url = kt_signin_url(c);
  g_assert_cmpstr(url, ==, "http://k:5000/v3/auth/tokens");
  g_unsetenv("OS_PASSWORD");
  g_assert_null(find(NULL, &error));
  g_assert_cmpstr(error->message, ==, "cloud 'OS_*' of the environment: password is not given");
  clear_variables();
}

/* Caller frees. */
static char *without_certificates(const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "    cacert: /etc/ssl/site.pem\n", -1);
  g_assert_cmpuint(g_strv_length(parts), ==, 2);
  return g_strjoinv("", parts);
}

static void test_search(void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *home = g_dir_make_tmp("kvmtune-clouds-XXXXXX", NULL), *old = g_get_current_dir();
  g_autofree char *folder = g_build_filename(home, ".config", "openstack", NULL);
  g_autofree char *file = g_build_filename(folder, "clouds.yaml", NULL);
  g_autofree char *secure = g_build_filename(folder, "secure.yaml", NULL);
  g_autofree char *other = g_build_filename(home, "other.yaml", NULL);
  clear_variables();
  g_setenv("HOME", home, TRUE);
  g_unsetenv("XDG_CONFIG_HOME");
  g_assert_cmpint(g_chdir(home), ==, 0);
  g_assert_null(find("site", &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_clear_error(&error);
  g_mkdir_with_parents(folder, 0700);
  g_assert_true(g_file_set_contents(file, clouds, -1, NULL));
  g_assert_true(g_file_set_contents(secure, "clouds: {site: {auth: {password: hidden}}}", -1, NULL));
  g_assert_true(g_file_set_contents(other, "clouds: {only: {auth: {auth_url: 'http://k', username: u}}}", -1, NULL));
  g_setenv("OS_CLOUD", "site", TRUE);
  g_setenv("OS_USERNAME", "somebody", TRUE); /* of another cloud: what the file says stays */
  g_assert_null(find(NULL, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_assert_nonnull(strstr(error->message, "the certificates in '/etc/ssl/site.pem'"));
  g_clear_error(&error);
  g_autofree char *plain = without_certificates(clouds);
  g_assert_true(g_file_set_contents(file, plain, -1, NULL));
  g_autoptr(KtCloudConfig) site = find(NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(site->username, ==, "ops");
  g_assert_cmpstr(site->password, ==, "hidden");
  g_assert_cmpstr(site->source, ==, file);
  /* what it leaves out is taken from variables; the user's word beats OS_CLOUD */
  g_setenv("OS_CLIENT_CONFIG_FILE", other, TRUE);
  g_setenv("OS_PASSWORD", "typed", TRUE);
  g_autoptr(KtCloudConfig) only = find("only", &error);
  g_assert_no_error(error);
  g_assert_cmpstr(only->password, ==, "typed");
  g_assert_cmpstr(only->username, ==, "u");
  clear_variables();
  g_assert_cmpint(g_chdir(old), ==, 0);
  const char *const gone[] = {file, secure, other};
  for (guint i = 0; i < G_N_ELEMENTS(gone); i++)
    g_remove(gone[i]);
  g_rmdir(folder);
  g_autofree char *parent = g_path_get_dirname(folder);
  g_rmdir(parent);
  g_rmdir(home);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/clouds/file", test_file);
  g_test_add_func("/clouds/secure", test_secure);
  g_test_add_func("/clouds/insecure", test_insecure);
  g_test_add_func("/clouds/no-keystone", test_no_keystone);
  g_test_add_func("/clouds/regions", test_regions);
  g_test_add_func("/clouds/wrong", test_wrong);
  g_test_add_func("/clouds/bounds", test_bounds);
  g_test_add_func("/clouds/environment", test_environment);
  g_test_add_func("/clouds/search", test_search);
  return g_test_run();
}
