/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a cloud has: servers with their own copy of their flavor, flavors, images, hosts.
 *
 * An administrator sees all projects, hosts and instance names; a member of a project
 * sees its servers, and `notes` says what is not seen and who could. */
#pragma once
#include "cloud/session.h"
#include "model/flavor.h"

enum {
  KT_CLOUD_SERVERS_MAX = 200000,
  KT_CLOUD_FLAVORS_MAX = 20000,
  KT_CLOUD_IMAGES_MAX = 100000,
  KT_CLOUD_HOSTS_MAX = 20000
};

typedef struct KtCloudGroup KtCloudGroup;

/* Texts are NULL where the answer does not have them. */
typedef struct {
  char *id, *name, *project;
  char *status, *task_state; /* "ACTIVE", "SHUTOFF", ...; "resize_prep", ... */
  char *instance_name;       /* libvirt's name; not unique (by cell): match by id */
  char *host, *hypervisor;   /* nova-compute's host, its hypervisor_hostname */
  char *host_key;            /* what stands for the host in counts: `host`, or Nova's hash of project and host */
  char *created;
  KtCloudGroup *group;
} KtCloudServer;

/* Servers whose flavor and image are the same. */
struct KtCloudGroup {
  KtFlavor *flavor; /* as the servers have it (server: the first one's name), with the image's properties as they are
                       known; extra_specs NULL: Nova did not show the copy */
  KtInt ephemeral_gib, swap_mib; /* of the copy */
  char *flavor_id;               /* of a Nova older than 2.47, which shows no copy; NULL */
  char *image_id;                /* NULL: boots from a volume, or not told */
  gboolean volume;               /* boots from a volume: its image's properties are not in Nova's answer */
  gboolean image_then; /* the image's properties are those with which the servers were made, not those of now */
  GPtrArray *servers;  /* KtCloudServer*, not owned */
};

typedef struct {
  char *id;
  KtFlavor *flavor; /* as it is now */
  gint64 ephemeral_gib, swap_mib;
  gboolean is_public;
} KtCloudFlavor;

typedef struct {
  char *id, *name;
  GHashTable *properties; /* hw_*, os_type, ...: text -> text */
} KtCloudImage;

/* A compute host as os-hypervisors tells it. */
typedef struct {
  char *id, *name, *host; /* hypervisor_hostname; nova-compute's host */
  char *state, *status, *type;
  KtInt vcpus, memory_mib;              /* up to microversion 2.87 */
  KtInt cells, sockets, cores, threads; /* libvirt's topology: sockets of a cell, ...; up to 2.87 */
  char *cpu_model, *cpu_vendor;
} KtCloudHost;

typedef struct {
  char *name;                             /* the cloud's */
  char *endpoint;                         /* Nova's address: which cloud it is; NULL: not read from a service */
  gboolean all_projects;                  /* servers of all, else of `project` alone */
  gboolean hosts_seen;                    /* `hosts` is all of them */
  gboolean copies_seen;                   /* Nova shows each server's own copy of the flavor (2.47) */
  char *project;                          /* id; NULL */
  GPtrArray *servers;                     /* KtCloudServer* */
  GPtrArray *groups;                      /* KtCloudGroup* */
  GPtrArray *flavors;                     /* KtCloudFlavor* */
  GPtrArray *images;                      /* KtCloudImage* */
  GPtrArray *hosts;                       /* KtCloudHost* */
  GPtrArray *notes;                       /* char*: what could not be seen, and who could see it */
  GHashTable *by_key, *by_id, *by_flavor; /* of groups; servers by id; flavors by name */
} KtCloud;

KtCloud *kt_cloud_new(const char *name);
void kt_cloud_free(KtCloud *cloud);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtCloud, kt_cloud_free)

/* Reads all of it; nothing is changed. `only_project`: do not ask for other projects' servers. */
KtCloud *kt_cloud_read(KtCloudSession *session, const char *name, gboolean only_project, GError **error);

/* One answer's worth each, for what is read in pieces and for fuzzing: adds to `cloud`. KT_ERROR_FORMAT where it has no
 * such list. */
typedef enum { KT_CLOUD_SERVERS, KT_CLOUD_FLAVORS, KT_CLOUD_IMAGES, KT_CLOUD_HOSTS, KT_CLOUD_LISTS } KtCloudKind;
gboolean kt_cloud_add_answer(KtCloud *cloud, KtCloudKind kind, const char *name, const char *text, gsize length,
                             GError **error);
/* Gives each group its image's properties (and, of an old Nova, its flavor as it is now). */
void kt_cloud_join(KtCloud *cloud);

KtCloudFlavor *kt_cloud_flavor(const KtCloud *cloud, const char *name); /* by name or id; NULL */
KtCloudServer *kt_cloud_server(const KtCloud *cloud, const char *id);   /* by id, or a name that only one has; NULL */
KtCloudImage *kt_cloud_image(const KtCloud *cloud, const char *id);     /* NULL */
gboolean kt_cloud_server_runs(const KtCloudServer *server); /* it has a guest that runs, or is being resized */
guint kt_cloud_count_hosts(const GPtrArray *servers);       /* of KtCloudServer*, those whose host is told */
