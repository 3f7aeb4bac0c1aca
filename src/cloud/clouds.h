/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How to sign in to a cloud, as every OpenStack client is told it: clouds.yaml with
 * secure.yaml, and OS_* variables.
 *
 * A cloud is named by `--os-cloud`, else OS_CLOUD; without a name OS_* variables are one,
 * and where there are none the only cloud of clouds.yaml is. A named cloud is what its file
 * says; what the file leaves out of password, application credential's secret, region,
 * interface and CA file is taken from OS_*.
 *
 * Files: OS_CLIENT_CONFIG_FILE (OS_CLIENT_SECURE_FILE), else the first that is there of
 * clouds.yaml, .yml, .json (secure.*) in ".", $XDG_CONFIG_HOME/openstack, ~/.config/openstack,
 * /etc/xdg/openstack, /etc/openstack. A `profile` is looked for in clouds-public.yaml there.
 *
 * Source: openstacksdk's config/loader.py (0.101). */
#pragma once
#include <glib.h>

typedef enum {
  KT_CLOUD_PASSWORD = 0,
  KT_CLOUD_CREDENTIAL, /* application credential */
  KT_CLOUD_TOKEN,      /* a token makes a token of the project */
  KT_CLOUD_NO_AUTH     /* no Keystone: endpoints are given, and maybe a fixed token */
} KtCloudAuth;

/* All texts are NULL where they are not given. */
typedef struct {
  char *name;   /* the cloud's, or "OS_*" */
  char *source; /* the file, or "the environment" */
  KtCloudAuth auth;
  char *auth_type; /* as written; NULL: by what is given */
  char *auth_url;
  char *username, *user_id, *user_domain_name, *user_domain_id, *password;
  char *token;
  char *credential_id, *credential_name, *credential_secret;
  char *project_name, *project_id, *project_domain_name, *project_domain_id;
  char *domain_name, *domain_id, *system_scope;
  char *region;
  char *interface; /* "public", "internal" or "admin"; never NULL */
  char *ca_file, *cert_file, *key_file;
  gboolean insecure; /* certificates are not verified: only where a file, a variable or the user says so */
  char *endpoint;    /* of KT_CLOUD_NO_AUTH: of each service without one of its own */
  char *compute_endpoint, *image_endpoint, *placement_endpoint; /* instead of the catalogue's */
} KtCloudConfig;

void kt_cloud_config_free(KtCloudConfig *config); /* secrets are wiped */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCloudConfig, kt_cloud_config_free)

/* What the command line adds; NULL (FALSE): nothing. */
typedef struct {
  const char *cloud, *region, *ca_file;
  gboolean insecure;
} KtCloudWish;

/* NULL with KT_ERROR_NOT_FOUND (no such cloud: those that there are are named; nothing says how to sign in; no such
 * file of certificates), KT_ERROR_FORMAT (what is missing or wrong, with its file) and those of reading files. No error
 * holds a secret. */
KtCloudConfig *kt_cloud_config_find(const KtCloudWish *wish, GError **error);

/* The same of files' texts alone; `secure` may be NULL; wish->cloud NULL: the only one. */
KtCloudConfig *kt_cloud_config_read(const char *name, const char *clouds, const char *secure, const KtCloudWish *wish,
                                    GError **error);

/* http:// or https://, a host, and nothing that does not belong there (a user's name, white space). */
gboolean kt_cloud_is_url(const char *url);
