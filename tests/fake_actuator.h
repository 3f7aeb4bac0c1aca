/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host with guests in a file: an actuator that survives kill -9, and can be
 * made to fail or to be killed at any point of any write. */
#pragma once
#include "apply/actuator.h"
#include "plan/plan.h"

typedef struct {
  KtActuator base;
  char *path;
  guint writes; /* begun so far */
  /* Before, in the middle of and behind each write; may be NULL. */
  void (*point)(void);
  guint fail_at;        /* the write, from 1, that fails; 0: none */
  gboolean fail_behind; /* after it was done, else before */
} KtFake;

/* Two guests: 'crm' restrictive and pinned to node 0, 'db' strict. */
gboolean kt_fake_make(const char *path);
KtFake *kt_fake_open(const char *path);

/* All values, sorted: "crm vcpupin-0=0-7". Caller frees. */
char *kt_fake_state(const char *path);
/* "kind where domain": of each write that was begun, one a line. Caller frees. */
char *kt_fake_log(const char *path);
/* Somebody else's hand; `value` NULL: takes the key out. "along": where the memory goes when the nodes change;
 * "refused": why the domain may not be changed. */
void kt_fake_set(const char *path, const char *group, const char *key, const char *value);

/* A plan for it, with changes of each kind. */
KtPlan *kt_fake_plan(void);
