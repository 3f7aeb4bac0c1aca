/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KtFlavor: a Nova flavor, image or both as the text shows them; KtNovaConf: nova.conf. */
#pragma once
#include "model/value.h"

typedef struct {
  char *name; /* NULL unknown */
  KtInt vcpus, ram_mib, disk_gib;
  GHashTable *extra_specs; /* "hw:numa_nodes" -> "2"; NULL: the text does not show them */
  GPtrArray *spec_order;   /* char*: its keys in the order of Nova's own dictionary; NULL unknown */
  GHashTable *image;       /* "hw_cpu_sockets" -> "2"; NULL unknown */
  char *image_name;
  char *server;      /* the server whose embedded copy of its flavor this is; NULL: the flavor or image itself */
  char *host;        /* that this server runs on; NULL: not told */
  GHashTable *cites; /* "vcpus", "extra_specs", "extra_specs.hw:numa_nodes" -> KtCite* */
  char *source;
} KtFlavor;

KtFlavor *kt_flavor_new(const char *source);
void kt_flavor_free(KtFlavor *flavor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KtFlavor, kt_flavor_free)
void kt_flavor_set_spec(KtFlavor *f, const char *key, const char *value, const KtCite *cite);  /* makes extra_specs */
void kt_flavor_set_image(KtFlavor *f, const char *key, const char *value, const KtCite *cite); /* makes image */
void kt_flavor_cite(KtFlavor *f, const char *path, const KtCite *cite);
const KtCite *kt_flavor_cite_of(const KtFlavor *f, const char *path);
/* Do both tables of extra specs say the same? Neither may be NULL. */
gboolean kt_flavor_same_specs(GHashTable *a, GHashTable *b);
/* The value of "hw:KEY" in the flavor or "hw_KEY" in the image, e.g. kt_flavor_hw(f, "cpu_sockets"); NULL if neither.
 */
const char *kt_flavor_hw(const KtFlavor *f, const char *key);

typedef struct {
  char *source;
  GHashTable *values; /* "libvirt/cpu_mode" -> text */
  GHashTable *cites;  /* the same keys -> KtCite* */
} KtNovaConf;

KtNovaConf *kt_nova_conf_new(const char *source);
void kt_nova_conf_free(KtNovaConf *conf);
