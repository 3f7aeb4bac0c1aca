/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtActuator: the hand that acts on a system. Reads what a step is about,
 * writes a value, and tells each call of the system before it is made. A dry
 * run goes the same way and stops in front of each call: what it shows is what a real
 * run does. */
#pragma once
#include <gio/gio.h>

#include "apply/look.h"
#include "apply/step.h"
#include "model/flavor.h"

/* How far a long step (memory, restart) is. */
typedef struct {
  guint64 done, all; /* KiB; seconds of a restart */
  double per_second; /* of the same; 0 unknown */
} KtProgress;

typedef struct KtActuator KtActuator;
struct KtActuator {
  /* What is there now, in the words of step->kind; "absent" is NULL without *error. *error:
   * KT_ERROR_NOT_FOUND (the domain is gone or does not run, the knob does not exist), _ACCESS, _SYSTEM,
   * _UNSUPPORTED. Caller frees. */
  char *(*read)(KtActuator *self, const KtStep *step, GError **error);

  /* Brings `value` about (step->after, or step->before to undo). FALSE and *error in one line; what was
   * done in part is seen by the next read. Writing what is there already is harmless. */
  gboolean (*write)(KtActuator *self, const KtStep *step, const char *value, GError **error);

  /* Is what was read what was wanted? The same set in other words, memory within 1 % or as far as it can be
   * moved, a definition with every edited value in it. */
  gboolean (*reached)(KtActuator *self, const KtStep *step, const char *wanted, const char *found);

  /* Of a step that was begun by a run that was cut off, at `begun` (KtReceipt) or later: returns once it can be read
   * whether it was done, for what was asked for may still be on its way. May be NULL: that is so at once. */
  void (*settle)(KtActuator *self, const KtStep *step, const char *begun);

  /* The domain as it is now, as far as it decides what can be done to it. NULL with KT_ERROR_NOT_FOUND (there is none,
   * or a namesake of another UUID). `uuid` NULL: by name. */
  KtLook *(*look)(KtActuator *self, const char *domain, const char *uuid, GError **error);

  /* May this be done to this domain at all? Asked for each step before the first is done, and right before the step
   * itself once more. NULL: it may; else why not,
   * one line without the domain's name: "Nova pins it itself: change its flavor". `look` is NULL for steps of the
   * host. *warning (may be NULL) what should be known before saying yes. Caller frees both. */
  char *(*refuses)(KtActuator *self, const KtStep *step, const KtLook *look, char **warning);

  void (*free)(KtActuator *self);

  gboolean dry;           /* tell the calls, do not make them */
  guint64 rate_kib;       /* memory moved a second at most; 0: no limit */
  double restart_time;    /* seconds that a guest has to shut down in */
  const KtNovaConf *nova; /* the host's, where it was given; NULL: the one that is found. Not owned */
  GCancellable *stop;     /* looked at between batches of pages and while waiting; may be NULL */
  void (*called)(const char *call, gpointer data); /* "virDomainPinVcpuFlags(web1, 3, 8-9, live)"; may be NULL */
  void (*progress)(const KtProgress *progress, gpointer data); /* may be NULL */
  gpointer data;                                               /* of both */
};

/* For actuators: tells the call; FALSE where it must not be made. */
gboolean kt_actuator_call(KtActuator *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* libvirt at `uri` (NULL: this machine's) and the knobs and processes of the machine below
 * `root` (NULL: "/"; memory is moved only there). Opens libvirt for writing with the first step that
 * needs it. KT_ERROR_UNSUPPORTED without libvirt. */
KtActuator *kt_actuator_new(const char *uri, const char *root, GError **error);
void kt_actuator_free(KtActuator *actuator); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtActuator, kt_actuator_free)
