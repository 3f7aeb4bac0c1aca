/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process of this machine is a domain's: pages of another must not be moved, and any user may start a program
 * with any words. libvirt's own file says it; where that cannot be read, the words that libvirt starts QEMU with do, if
 * they leave no doubt. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <stdlib.h>
#include <string.h>

#include "apply/hand.h"
#include "base/error.h"
#include "base/units.h"
#include "evidence/libvirt_live.h"
#include "evidence/process.h"
#include "evidence/qemu_args.h"

/* Is it a QEMU of this UUID? */
static gboolean is_of(const char *const *argv, const char *uuid)
{
  if (!argv || !kt_qemu_args_is_qemu(argv))
    return FALSE;
  for (; argv[0] && argv[1]; argv++)
    if (g_str_equal(argv[0], "-uuid") && g_ascii_strcasecmp(argv[1], uuid) == 0)
      return TRUE;
  return FALSE;
}

static gboolean is_process_of(KtRoot *root, int pid, const char *uuid)
{
  g_auto(GStrv) argv = kt_process_argv(root, pid);
  return is_of((const char *const *)argv, uuid);
}

/* The id in the name of the folder of its own that libvirt gives each run, told by what libvirt keeps there:
 * ".../domain-5-crm/master-key.aes"; a disk may lie in a folder of any name. -1: no word tells. */
static gint64 run_in(const char *text)
{
  static const char mark[] = "/domain-";
  for (const char *at = strstr(text, mark); at; at = strstr(at + 1, mark)) {
    char *end;
    gint64 id = g_ascii_strtoll(at + strlen(mark), &end, 10);
    const char *file = strchr(end, '/');
    if (end > at + strlen(mark) && *end == '-' && file &&
        (g_str_has_prefix(file, "/master-key.aes") || g_str_has_prefix(file, "/monitor.sock")))
      return id;
  }
  return -1;
}

/* FALSE: it is of another run; where no word tells, it may be this one. */
static gboolean may_be_run(const char *const *argv, int id)
{
  gint64 run = -1;
  for (; *argv && run < 0; argv++)
    run = run_in(*argv);
  return run < 0 || run == id;
}

int kt_hand_choose_process(KtRoot *root, const char *pid_file, const char *uuid, int id, guint *found)
{
  g_autofree char *said = pid_file ? kt_root_read_line(root, pid_file) : NULL;
  guint64 number;
  int chosen = 0;
  *found = 1;
  if (said && kt_units_parse_count(said, &number) && number <= G_MAXINT && is_process_of(root, (int)number, uuid))
    return (int)number;
  *found = 0;
  g_autoptr(GArray) all = kt_process_list(root);
  for (guint i = 0; i < all->len; i++) {
    int pid = g_array_index(all, int, i);
    g_auto(GStrv) argv = kt_process_argv(root, pid);
    if (!is_of((const char *const *)argv, uuid) || !may_be_run((const char *const *)argv, id))
      continue;
    chosen = pid;
    ++*found;
  }
  return *found == 1 ? chosen : 0;
}

/* Below "/": of the system's libvirtd, or of that of the user. NULL: its name is none of a file. Caller frees. */
static char *pid_file_of(virDomainPtr domain)
{
  char *uri = virConnectGetURI(virDomainGetConnect(domain));
  gboolean session = uri && strstr(uri, "/session");
  const char *name = virDomainGetName(domain);
  free(uri);
  g_autofree char *folder =
      session ? g_build_filename(g_get_user_runtime_dir(), "libvirt/qemu/run", NULL) : g_strdup("run/libvirt/qemu");
  return name && !strchr(name, '/') ? g_strdup_printf("%s/%s.pid", folder, name) : NULL;
}

int kt_hand_process(KtHand *hand, virDomainPtr domain, GError **error)
{
  char uuid[VIR_UUID_STRING_BUFLEN] = "";
  guint found = 0;
  int pid = 0, id = (int)virDomainGetID(domain);
  const char *name = virDomainGetName(domain);
  if (kt_libvirt_is_local(hand->uri) && virDomainGetUUIDString(domain, uuid) == 0) {
    g_autofree char *run = g_strdup_printf("%s %d", uuid, id), *file = pid_file_of(domain);
    pid = GPOINTER_TO_INT(g_hash_table_lookup(hand->pids, run));
    if (pid && is_process_of(hand->root, pid, uuid))
      return pid;
    pid = kt_hand_choose_process(hand->root, file, uuid, id, &found);
    if (pid)
      g_hash_table_replace(hand->pids, g_steal_pointer(&run), GINT_TO_POINTER(pid));
  }
  if (found > 1)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED,
                "%u processes have the UUID of domain '%s', and which of them is libvirt's cannot be told", found,
                name);
  else if (!pid)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "domain '%s' has no process on this machine", name);
  return pid;
}
#endif
