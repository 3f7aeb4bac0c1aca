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
#include "apply/steps_parts.h"
#include "base/error.h"
#include "base/units.h"
#include "plan/build.h"

/* "proc/sys/kernel/numa_balancing" of "kernel.numa_balancing". */
static char *path_of(const KtStep *step)
{
  if (step->kind == KT_STEP_SYSFS)
    return g_strdup(step->where);
  g_autofree char *name = g_strdelimit(g_strdup(step->where), ".", '/');
  return g_strconcat("proc/sys/", name, NULL);
}

/* Of a node's meminfo; FALSE: it does not say it. */
static gboolean read_kib(const char *meminfo, const char *field, guint64 *kib)
{
  const char *at = meminfo ? strstr(meminfo, field) : NULL;
  *kib = at ? g_ascii_strtoull(at + strlen(field), NULL, 10) : 0;
  return at != NULL;
}

/* Unmerging makes copies of what KSM had merged, on any node that has memory. */
static char *refuse_unmerge(KtHand *hand)
{
  g_autofree char *text = kt_root_read_line(hand->root, "sys/kernel/mm/ksm/pages_sharing");
  g_auto(GStrv) nodes = kt_root_list(hand->root, "sys/devices/system/node");
  guint64 pages, page_kib = (guint64)sysconf(_SC_PAGESIZE) / 1024, all, free_kib;
  if (!text || !kt_units_parse_count(text, &pages) || pages > G_MAXUINT64 / 2 / page_kib)
    return g_strdup("how many pages KSM shares cannot be read");
  for (guint i = 0; nodes && nodes[i]; i++) {
    if (!g_str_has_prefix(nodes[i], "node"))
      continue;
    g_autofree char *meminfo = kt_root_read_linef(hand->root, "sys/devices/system/node/%s/meminfo", nodes[i]);
    if (!read_kib(meminfo, " MemTotal:", &all) || !read_kib(meminfo, " MemFree:", &free_kib))
      return g_strdup_printf("how much memory %s has free cannot be read", nodes[i]);
    if (all && free_kib < pages * page_kib)
      return g_strdup_printf("unmerging takes up to %" G_GUINT64_FORMAT " MiB, and %s has %" G_GUINT64_FORMAT
                             " MiB free",
                             pages * page_kib / 1024, nodes[i], free_kib / 1024);
  }
  return NULL;
}

static gboolean unmerges(const KtStep *step, const char *value)
{
  return step->kind == KT_STEP_SYSFS && g_str_equal(step->where, KT_STEPS_KSM_RUN) &&
         g_strcmp0(value, KT_STEPS_KSM_UNMERGE) == 0;
}

static gboolean is_yes_or_no(const char *text)
{
  return g_str_equal(text, "Y") || g_str_equal(text, "N");
}

static gboolean is_integer(const char *text)
{
  gint64 value;
  return g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &value, NULL);
}

/* Of the same form as what is there: one of "always [madvise] never", a number, or yes and no. */
static char *refuse_form(KtHand *hand, const KtStep *step)
{
  g_autofree char *path = path_of(step), *text = kt_root_read_line(hand->root, path);
  const char *expected = NULL;
  if (!text || !step->after)
    return NULL;
  if (strchr(text, '[')) {
    g_autofree char *words = g_strdelimit(g_strdup(text), "[]", ' ');
    g_auto(GStrv) all = g_strsplit(words, " ", -1);
    expected = g_strv_contains((const char *const *)all, step->after) ? NULL : text;
  } else if (is_integer(text)) {
    expected = is_integer(step->after) ? NULL : "a number";
  } else if (is_yes_or_no(text)) {
    expected = strlen(step->after) == 1 && strchr("01YyNn", *step->after) ? NULL : "Y or N";
  }
  return expected ? g_strdup_printf("'%.100s' is no value of it, expected %.200s", step->after, expected) : NULL;
}

char *kt_hand_refuse_knob(KtHand *hand, const KtStep *step)
{
  KtAct act = step->kind == KT_STEP_SYSCTL ? KT_ACT_SYSCTL : KT_ACT_SYSFS;
  if (!kt_plan_is_knob(act, step->where))
    return g_strdup_printf("'%.100s' is no knob that plans set", step->where);
  return unmerges(step, step->after) ? refuse_unmerge(hand) : refuse_form(hand, step);
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
  g_autofree char *why = unmerges(step, value) ? refuse_unmerge(hand) : NULL; /* a rollback asks nobody else */
  if (why) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "'/%s' stays: %s", path, why);
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
