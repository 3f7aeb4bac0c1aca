/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the live actuator share; inside of the room only. */
#pragma once
#include <libvirt/libvirt.h>

#include "apply/actuator.h"
#include "apply/guard.h"
#include "base/root.h"
#include "model/snapshot.h"

typedef struct {
  KtActuator base;
  char *uri; /* NULL: this machine's */
  KtRoot *root;
  virConnectPtr reading, writing; /* NULL: not yet needed */
  GHashTable *pids;               /* "UUID id" of a run -> pid */
  KtSnapshot *nova;               /* its nova.conf; NULL: not yet looked for */
} KtHand;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* How a kind of step is read, written and judged; NULL `reached`: texts that are the same. */
typedef struct {
  char *(*read)(KtHand *hand, const KtStep *step, GError **error);
  gboolean (*write)(KtHand *hand, const KtStep *step, const char *value, GError **error);
  gboolean (*reached)(const KtStep *step, const char *wanted, const char *found);
} KtHandKind;

extern const KtHandKind kt_hand_sysctl, kt_hand_sysfs;                             /* knob.c */
extern const KtHandKind kt_hand_vcpupin, kt_hand_emulatorpin, kt_hand_iothreadpin; /* pin.c */
extern const KtHandKind kt_hand_scheduler;                                         /* scheduler.c */
extern const KtHandKind kt_hand_nodeset;                                           /* nodeset.c */
extern const KtHandKind kt_hand_memory;                                            /* pages.c */
extern const KtHandKind kt_hand_definition;                                        /* define.c */
extern const KtHandKind kt_hand_guest;                                             /* inside.c */
extern const KtHandKind kt_hand_restart;                                           /* restart.c */

/* hand.c. A connection that died (libvirt was restarted) is opened anew. Not to be closed. */
virConnectPtr kt_hand_connection(KtHand *hand, gboolean writing, GError **error);
/* The step's domain, by UUID if it has one. KT_ERROR_NOT_FOUND: there is none. */
virDomainPtr kt_hand_domain(KtHand *hand, const char *name, const char *uuid, gboolean writing, GError **error);
/* The same, if it runs. KT_ERROR_NOT_FOUND: its run has ended; KT_ERROR_SYSTEM: it was saved, and will go on. */
virDomainPtr kt_hand_running(KtHand *hand, const KtStep *step, gboolean writing, GError **error);
/* process.c. Its QEMU process on this machine. 0 with KT_ERROR_UNSUPPORTED: there is none (libvirt is elsewhere or has
 * no processes), or which one is in doubt. */
int kt_hand_process(KtHand *hand, virDomainPtr domain, GError **error);
/* Of the processes below `root` that with the UUID which libvirt runs under this id: the one that libvirt's file names,
 * else the only one that can be it. 0: none, or *found (> 1) can. `pid_file` NULL: none. */
int kt_hand_choose_process(KtRoot *root, const char *pid_file, const char *uuid, int id, guint *found);
/* "cannot WHAT of domain 'NAME': libvirt's words"; KT_ERROR_NOT_FOUND if the domain is gone. To be called before any
 * other function of libvirt: each forgets the last error. */
void kt_hand_set_error(GError **error, const char *name, const char *what);
/* Do both texts name the same set of CPUs or nodes? */
gboolean kt_hand_same_set(const KtStep *step, const char *wanted, const char *found);
/* Its XML, by libvirt's flags. Free with free(). */
char *kt_hand_xml(virDomainPtr domain, const char *name, guint flags, GError **error);

/* define.c: has `found` each value that `after` has and `before` has not, and none that only `before` has? */
gboolean kt_definition_has_edits(const char *before, const char *after, const char *found);

/* knob.c: why a knob is none that is changed, or not now; NULL: it may be. Caller frees. */
char *kt_hand_refuse_knob(KtHand *hand, const KtStep *step);
