/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/nova_conf_find.h"

#include "evidence/evidence.h"

static void merge_into(KtNovaConf *first, const KtNovaConf *later)
{
  GHashTableIter iter;
  gpointer key, value;
  g_hash_table_iter_init(&iter, later->values);
  while (g_hash_table_iter_next(&iter, &key, &value))
    g_hash_table_replace(first->values, g_strdup(key), g_strdup(value));
}

KtSnapshot *kt_nova_conf_find(KtRoot *root)
{
  static const char *const paths[] = {"etc/nova/nova.conf", "etc/nova/nova-compute.conf",
                                      "etc/kolla/nova-compute/nova.conf",
                                      "var/lib/config-data/puppet-generated/nova_libvirt/etc/nova/nova.conf"};
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
    if (kt_root_exists(root, paths[i]))
      g_ptr_array_add(files, g_build_filename(kt_root_name(root), paths[i], NULL));
  g_ptr_array_add(files, NULL);
  KtSnapshot *read = files->len > 1 ? kt_evidence_read((const char *const *)files->pdata, NULL) : NULL;
  if (!read)
    return kt_snapshot_new();
  for (; read->confs->len > 1; g_ptr_array_remove_index(read->confs, 1))
    merge_into(read->confs->pdata[0], read->confs->pdata[1]);
  return read;
}
