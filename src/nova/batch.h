/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests as JSON, one object a line:
 *
 *   {"id": text, "flavor": {"vcpus":, "memory_mb":, "extra_specs": {}}, "image": {},
 *    "conf": {"cpu_shared_set": cpus|null, "cpu_dedicated_set": cpus|null, "pack": bool},
 *    "limits": {"cpu":, "ram":}|null,
 *    "host": {"cells": [{"id":, "cpuset":, "pcpuset":, "memory": MiB, "cpu_usage":,
 *      "memory_usage": MiB, "pinned":, "siblings": "0,32;1,33",
 *      "mempages": [[KiB, total, used, reserved], ...]}, ...]}}
 *
 * (image, conf and limits may be left out: no properties, nova.conf's defaults, no
 * ratios; other members are passed over) and their answers:
 *
 *   {"id":, "error": class|null, "topology": {"sockets":, "cores":, "threads":}|null,
 *    "constraints": null|{"emulator_threads_policy":, "cells": [...]},
 *    "fit": {"status": "fit"|"nofit"|"none", "cells": [{"host":, "pagesize": KiB|null,
 *      "pin": {"vcpu": pcpu}, "reserved": cpus}]}|null,
 *    "xml": text|null}
 */
#pragma once
#include "base/json.h"
#include "nova/answer.h"

typedef struct {
  char *id; /* NULL: none */
  KtFlavor *flavor;
  KtNovaHost *host;
} KtNovaRequest;

#define KT_NOVA_LINE_MAX (4u << 20) /* bytes of a request */

/* NULL and *error with the place of what is wrong. KT_ERROR_UNSUPPORTED in a build without JSON. */
KtNovaRequest *kt_nova_request_parse(const char *text, gsize length, GError **error);
/* A flavor alone, with or without its image: {"vcpus":, "memory_mb":, "extra_specs": {}} or
 * {"flavor": {...}, "image": {}}; an image that is not there is unknown (NULL). */
KtFlavor *kt_nova_flavor_parse(const char *text, gsize length, GError **error);
/* The properties of an image alone, all texts. */
GHashTable *kt_nova_image_parse(const char *text, gsize length, GError **error);

void kt_nova_request_free(KtNovaRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtNovaRequest, kt_nova_request_free)

/* The answer's members, into the object that is open. */
void kt_nova_answer_put(KtJson *json, const char *id, const KtNovaAnswer *answer);
/* One line with its newline. Caller frees. */
char *kt_nova_answer_line(const char *id, const KtNovaAnswer *answer);
