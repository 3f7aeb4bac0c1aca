/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sysctls and sysfs attributes below the root. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "apply/guest_sysctl.h"
#include "apply/hand.h"
#include "base/error.h"
#include "plan/build.h"

/* "proc/sys/kernel/numa_balancing" of "kernel.numa_balancing". */
static char *path_of(const KtStep *step)
{
  if (step->kind == KT_STEP_SYSFS)
    return g_strdup(step->where);
  g_autofree char *name = g_strdelimit(g_strdup(step->where), ".", '/');
  return g_strconcat("proc/sys/", name, NULL);
}

char *kt_hand_refuse_knob(const KtStep *step)
{
  KtAct act = step->kind == KT_STEP_SYSCTL ? KT_ACT_SYSCTL : KT_ACT_SYSFS;
  return kt_plan_is_knob(act, step->where) ? NULL : g_strdup_printf("'%.100s' is no knob that plans set", step->where);
}

/* Nothing but a file below proc/sys or sys. */
static gboolean is_plain(const KtStep *step, GError **error)
{
  const char *where = step->where;
  gboolean plain = *where != '/' && !strstr(where, "..") && strlen(where) < 512 &&
                   (step->kind == KT_STEP_SYSCTL || g_str_has_prefix(where, "sys/"));
  for (const char *p = where; plain && *p; p++)
    plain = g_ascii_isalnum(*p) || strchr("._-/:", *p);
  if (!plain)
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "'%.100s' is no knob of the kernel", where);
  return plain;
}

/* Of "always [madvise] never" the chosen word. */
static char *chosen(char *text)
{
  char *open = text ? strchr(text, '[') : NULL, *close = open ? strchr(open, ']') : NULL;
  if (!close)
    return text;
  char *word = g_strndup(open + 1, (gsize)(close - open - 1));
  g_free(text);
  return word;
}

static char *read_knob(KtHand *hand, const KtStep *step, GError **error)
{
  if (!is_plain(step, error))
    return NULL;
  g_autofree char *path = path_of(step);
  char *text = kt_root_read(hand->root, path, 65536, NULL, error);
  return text ? chosen(g_strstrip(text)) : NULL;
}

static gboolean write_knob(KtHand *hand, const KtStep *step, const char *value, GError **error)
{
  if (!is_plain(step, error))
    return FALSE;
  g_autofree char *path = path_of(step);
  if (!value || strlen(value) > 4096 || strpbrk(value, "\n\r")) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'/%s' takes one line", path);
    return FALSE;
  }
  if (!kt_actuator_call(&hand->base, "write(/%s, %s)", path, value))
    return TRUE;
  g_autofree char *full = g_build_filename(kt_root_name(hand->root), path, NULL);
  int fd = open(full, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
  g_autofree char *line = g_strconcat(value, "\n", NULL);
  gssize length = (gssize)strlen(line);
  gboolean ok = fd >= 0 && write(fd, line, (gsize)length) == length;
  int err = errno;
  if (fd >= 0 && close(fd) != 0 && ok) {
    ok = FALSE;
    err = errno;
  }
  if (!ok)
    g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot write '%s' to '/%s': %s%s", value, path,
                g_strerror(err), err == EACCES || err == EPERM ? " (needs root)" : "");
  return ok;
}

static gboolean is_yes_or_no(const char *text)
{
  return g_str_equal(text, "Y") || g_str_equal(text, "N");
}

/* Module parameters answer N to a 0. */
static gboolean is_same(const KtStep *step, const char *wanted, const char *found)
{
  if (is_yes_or_no(found) && strlen(wanted) == 1)
    return (*found == 'Y') == (strchr("1Yy", *wanted) != NULL);
  return kt_guest_sysctl_same(wanted, found);
}

const KtHandKind kt_hand_sysctl = {.read = read_knob, .write = write_knob, .reached = is_same};
const KtHandKind kt_hand_sysfs = {.read = read_knob, .write = write_knob, .reached = is_same};
#endif
