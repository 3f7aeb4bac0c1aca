/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the cloud's actuator share. Inside of the room only. */
#pragma once
#include "cloud/cloud_apply.h"
#include "cloud/pages.h"
#include "cloud/server_now.h"

#if HAVE_JSON

typedef struct {
  KtActuator base;
  KtCloudConfig *config;
  KtCloudSession *session;
  KtCloudPlan *plan;
  KtCloudActing acting;
  guint version;            /* 2.N of all changes */
  const char *verdict;      /* of the last guest whose load was looked at; NULL: none was */
  char *inside, *inside_of; /* what the last guest sees that does not see what was planned, and its UUID; NULL: none */
  GHashTable *pretended;    /* of a dry run: server's id -> flavor as in kt_server_now_flavor() */
} KtCloudHand;

/* As of apply/hand.h: how a kind of step is read and written. NULL `reached`: texts that are the same. `came`: is there
 * a trace of what was asked for since then, or can it not be seen? NULL: nobody waits for one. */
typedef struct {
  char *(*read)(KtCloudHand *hand, const KtStep *step, GError **error);
  gboolean (*write)(KtCloudHand *hand, const KtStep *step, const char *value, GError **error);
  gboolean (*reached)(KtCloudHand *hand, const KtStep *step, const char *wanted, const char *found);
  gboolean (*came)(KtCloudHand *hand, const KtStep *step, GDateTime *since);
} KtCloudHandKind;

/* What was asked for may arrive so much later: on a connection that broke, from a kvmtune that was killed. */
#define KT_CLOUD_SETTLE_S 20

extern const KtCloudHandKind kt_cloud_hand_flavor, kt_cloud_hand_keys, kt_cloud_hand_access; /* make_flavor.c */
extern const KtCloudHandKind kt_cloud_hand_resize;                                           /* resize.c */
extern const KtCloudHandKind kt_cloud_hand_topology, kt_cloud_hand_load;                     /* cloud_hand.c */

/* What came of asking for a change. */
typedef struct {
  gboolean sent;   /* FALSE: a dry run */
  gboolean unsure; /* no answer, or one from in between: perhaps it is done all the same */
  gboolean taken;  /* a conflict: something else is at work on it, or the same was asked for before */
  char *request;   /* x-openstack-request-id; NULL: not told */
} KtCloudAsked;
void kt_cloud_asked_clear(KtCloudAsked *asked);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtCloudAsked, kt_cloud_asked_clear)

/* POST of JSON to Nova. FALSE with the error of the call. */
gboolean kt_cloud_hand_post(KtCloudHand *hand, const char *path, const char *body, KtCloudAsked *asked, GError **error);

/* make_flavor.c */
/* The flavors that are there now, with their keys. Caller frees. */
KtCloud *kt_cloud_hand_flavors(KtCloudHand *hand, GError **error);
/* The cure that makes this flavor; NULL. */
const KtCloudCure *kt_cloud_hand_cure(const KtCloudHand *hand, const char *name);
/* The id of the flavor of this name, or the one that it would get. Caller frees. */
char *kt_cloud_flavor_id(const KtCloud *cloud, const char *name);
/* Is it one that kvmtune made? By its id, which no other tool gives. */
gboolean kt_cloud_flavor_is_ours(const KtCloudFlavor *flavor);
/* Extra specs of a cure: of the new flavor, or (`old`) of the servers' own copies. */
GHashTable *kt_cloud_cure_specs(const KtCloudCure *cure, gboolean old);
/* "hw:cpu_cores=8, hw:cpu_sockets=4", sorted; "". Caller frees. */
char *kt_cloud_specs_text(GHashTable *specs);
/* "32 vCPUs, 65536 MiB, disk 20 GiB, ephemeral 0 GiB, swap 0 MiB, public". Caller frees. */
char *kt_cloud_cure_sizes(const KtCloudCure *cure);
char *kt_cloud_flavor_sizes(const KtCloudFlavor *flavor);
/* In which way it is another flavor than the cure's old one: "it has 64 vCPUs, the plan expects 32"; NULL: it is the
 * same. Caller frees. */
char *kt_cloud_flavor_differs(const KtCloudCure *cure, const KtFlavor *flavor);

/* Which projects a private flavor is open to: "p1, p2"; "" none, or no such flavor. Caller frees. */
char *kt_cloud_access_of(KtCloudHand *hand, const char *flavor, GError **error);
char *kt_cloud_projects_text(GHashTable *projects); /* of a set */

/* cloud_hand.c */
/* "sockets 4, cores 8, threads 1, cells 4"; unknown parts are left out, NULL: all are. Caller frees. */
char *kt_cloud_guest_text(const KtCloudGuest *guest);
/* What a server's guest has by its definition in libvirt, its cells by Nova, too; in the same words. NULL: nothing is
 * known. *why: why not all is told. Caller frees both. */
char *kt_cloud_hand_look(KtCloudHand *hand, const KtServerNow *now, char **why);
/* What it sees itself, as far as it can differ from `wanted` (a topology); else the same. */
char *kt_cloud_hand_inside(KtCloudHand *hand, const char *uuid, const char *wanted, char **why);

#endif
