/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of `kvmtune cloud`. */
#pragma once
#include "base/term.h"
#include "cloud/cloud_apply.h"
#include "cloud/cloud_plan.h"
#include "cloud/clouds.h"
#include "cloud/known.h"
#include "evidence/measure.h"

/* What is asked for, of all of its commands. */
typedef struct {
  KtCloudWish sign_in;
  gboolean only_project;
  double timeout_s;
  const char *const *evidence; /* files, folders, archives, URIs; NULL or empty: none */
} KtCloudRequest;

/* A cloud with what the evidence tells of it. */
typedef struct {
  KtCloudConfig *config;
  KtCloud *cloud;
  KtSnapshot *snapshot; /* NULL: no evidence was given */
  KtCloudEvidence *evidence;
  GPtrArray *notes; /* char* */
} KtCloudInput;
void kt_cloud_input_clear(KtCloudInput *input);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KtCloudInput, kt_cloud_input_clear)

/* cloud_input.c: signs in and reads. *input is zeroed by the caller and cleared by it in any case. */
gboolean kt_cloud_input_read(const KtCloudRequest *request, KtCloudInput *input, GError **error);

/* cloud_doctor.c */
typedef struct {
  gboolean json;
  const char *html; /* NULL: no page */
  KtColour colour;
} KtCloudOutput;
int kt_cloud_run_doctor(const KtCloudRequest *request, const KtCloudOutput *output, GError **error);

/* cloud_plan.c */
typedef struct {
  KtCloudPlanOptions options;
  const char *file; /* where the plan is written as JSON; "-": instead of the report; NULL */
  gboolean ticket;
} KtCloudPlanRequest;
int kt_cloud_run_plan(const KtCloudRequest *request, const KtCloudPlanRequest *wish, const KtCloudOutput *output,
                      GError **error);

/* cloud_apply.c */
typedef struct {
  const char *plan;   /* file; "-": standard input */
  const char *server; /* NULL: not one alone */
  gint64 wave;        /* -1: what comes next */
  const char *state;  /* folder of the journal; NULL: the usual one */
  double limit_s;     /* 0: the usual one */
  double verify_s;    /* how long the load is measured before and after; 0: not */
  gboolean yes, dry_run, unverified;
  KtColour colour;
} KtCloudApplyRequest;
/* cloud_look.c: what guests are looked at with; of one run. */
typedef struct {
  const char *const *uris; /* of the hosts' libvirt; NULL or empty: none */
  double timeout_s;        /* that a host has for an answer */
  double agent_s;          /* that a guest has to boot, until its agent answers */
  KtMeasureOptions measure;
  const KtReceipt *receipt; /* at work */
  const char *agent_uri;    /* where the guest that was looked at last has a channel for its agent; NULL: none */
} KtCloudSight;
/* As KtCloudActing's `look` and `inside`, each with a KtCloudSight* as its data. */
void kt_cloud_look(const char *uuid, const char *flavor, KtCloudGuest *guest, char **why, gpointer sight);
void kt_cloud_look_inside(const char *uuid, KtCloudGuest *guest, char **why, gpointer sight);

/* Makes the options those of this guest: on whichever of the hosts (`uris`; NULL or empty: none) it runs, else on this
 * machine. */
void kt_cloud_measure_guest(const char *const *uris, double timeout_s, const char *uuid, KtMeasureOptions *options);

int kt_cloud_run_apply(const KtCloudRequest *request, const KtCloudApplyRequest *wish, GError **error);

/* Rows of a command's options, into a KtCloudWish: how to sign in to a receipt's cloud. */
// clang-format off
#define KT_CLOUD_SIGN_IN_OPTIONS(wish) \
  {"os-cloud", 0, 0, G_OPTION_ARG_STRING, &(wish).cloud, \
   "of a cloud: the name in clouds.yaml to sign in to it (that of the run)", "NAME"}, \
  {"os-region-name", 0, 0, G_OPTION_ARG_STRING, &(wish).region, "of a cloud: the region of the catalogue", "REGION"}, \
  {"os-cacert", 0, 0, G_OPTION_ARG_FILENAME, &(wish).ca_file, "of a cloud: certificates of the authorities to trust", "FILE"}, \
  {"insecure", 0, 0, G_OPTION_ARG_NONE, &(wish).insecure, "of a cloud: do not verify certificates", NULL}
// clang-format on

/* What takes back a receipt of a cloud, or looks at what came of it (with `acting`; NULL: nobody looks at guests). The
 * cloud is signed in to by `wish`, else by the name in the receipt. Caller frees. */
KtActuator *kt_cloud_actuator_of(const KtReceipt *receipt, const KtCloudWish *wish, const KtCloudActing *acting,
                                 GError **error);
