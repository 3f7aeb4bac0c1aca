/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/identity.h"

#include <string.h>

#define ID_LENGTH 32

static gboolean is_id(const char *text)
{
  return text && strlen(text) == ID_LENGTH && strspn(text, "0123456789abcdef") == ID_LENGTH;
}

char *kt_identity_machine(KtRoot *root)
{
  static const char *const paths[] = {"etc/machine-id", "var/lib/dbus/machine-id"};
  for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autofree char *id = kt_root_read_line(root, paths[i]);
    if (!is_id(id))
      continue;
    char *word = g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)id, ID_LENGTH, "kvmtune", -1);
    word[ID_LENGTH] = '\0';
    return word;
  }
  return NULL;
}

char *kt_identity_boot(KtRoot *root)
{
  return kt_root_read_line(root, "proc/sys/kernel/random/boot_id");
}
