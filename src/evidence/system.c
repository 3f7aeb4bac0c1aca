/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short outputs that say what a machine runs: uname, /proc/cmdline,
 * os-release, systemd-detect-virt, tuned-adm, java -version. */
#include <string.h>

#include "evidence/readers.h"
#include "evidence/typed.h"

static gboolean typed_is(const KtText *text, guint i, const char *command, const char *argument)
{
  g_auto(GStrv) words = kt_typed_above(text, i);
  if (!words || !words[0])
    return FALSE;
  g_autofree char *name = g_path_get_basename(words[0]);
  return g_str_equal(name, command) && (!argument || (words[1] && g_str_equal(words[1], argument)));
}

/* ---- uname ---- */

/* "Linux HOST 5.10.0-18-amd64 #1 SMP ... x86_64 GNU/Linux" */
static gboolean is_uname(const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  if (!g_str_has_prefix(line, "Linux ") || strlen(line) > 512)
    return FALSE;
  g_auto(GStrv) words = kt_text_words(line);
  return g_strv_length(words) > 4 && g_ascii_isdigit(*words[2]) && strchr(words[2], '.') && *words[3] == '#';
}

static gboolean is_release(const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  return g_ascii_isdigit(*line) && strchr(line, '.') && !strpbrk(line, " \t") && strlen(line) < 100 &&
         typed_is(text, i, "uname", "-r");
}

static gboolean starts_uname(const KtText *text, guint i)
{
  return is_uname(text, i) || is_release(text, i);
}

static guint read_uname(KtReading *r, const KtText *text, guint i)
{
  static const char *const known[] = {"x86_64", "i686",  "i386",    "aarch64",     "ppc64le",
                                      "ppc64",  "s390x", "riscv64", "loongarch64", NULL};
  KtMachine *m = kt_reading_machine(r);
  const KtCite *cite = kt_reading_cite(r, i);
  if (!is_uname(text, i)) {
    kt_machine_set_text(m, "kernel.release", kt_text_at(text, i), cite);
    return i + 1;
  }
  g_auto(GStrv) words = kt_text_words(kt_text_at(text, i));
  m->name = m->name ? m->name : g_strdup(words[1]);
  kt_machine_set_text(m, "kernel.release", words[2], cite);
  for (guint k = 4; words[k]; k++)
    if (g_strv_contains(known, words[k])) {
      kt_machine_set_text(m, "arch", words[k], cite);
      break;
    }
  return i + 1;
}

const KtReader kt_reader_uname = {
    .name = "uname", .what = "uname -a, uname -r", .starts = starts_uname, .read = read_uname};

/* ---- /proc/cmdline ---- */

/* One of the parameters that nearly every kernel gets, in a line that is no command and no markup. */
static gboolean starts_cmdline(const KtText *text, guint i)
{
  static const char *const common[] = {"BOOT_IMAGE=", "root=", "console="};
  const char *line = kt_text_at(text, i);
  if (strlen(line) > 4096 || !g_ascii_isalpha(*line) || !strchr(line, '=') || strpbrk(line, "<>|;"))
    return FALSE;
  if (typed_is(text, i, "cat", "/proc/cmdline"))
    return TRUE;
  for (guint k = 0; k < G_N_ELEMENTS(common); k++)
    if (g_str_has_prefix(line, common[k]))
      return strchr(line, ' ') != NULL;
  return FALSE;
}

static guint read_cmdline(KtReading *r, const KtText *text, guint i)
{
  kt_machine_set_text(kt_reading_machine(r), "kernel.cmdline", kt_text_at(text, i), kt_reading_cite(r, i));
  return i + 1;
}

const KtReader kt_reader_cmdline = {
    .name = "cmdline", .what = "/proc/cmdline", .starts = starts_cmdline, .read = read_cmdline};

/* ---- os-release ---- */

static gboolean is_assignment(const char *line)
{
  gsize n = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  return n > 1 && line[n] == '=';
}

static gboolean starts_os_release(const KtText *text, guint i)
{
  static const char *const first[] = {"PRETTY_NAME=", "NAME=", "ID=", "VERSION="};
  const char *line = kt_text_at(text, i);
  for (guint k = 0; k < G_N_ELEMENTS(first); k++)
    if (g_str_has_prefix(line, first[k])) {
      for (guint n = 0; n < 8; n++)
        if (g_str_has_prefix(kt_text_at(text, i + n), "PRETTY_NAME="))
          return TRUE;
    }
  return FALSE;
}

static guint read_os_release(KtReading *r, const KtText *text, guint i)
{
  for (; is_assignment(kt_text_at(text, i)); i++) {
    const char *value = strchr(kt_text_at(text, i), '=') + 1;
    if (!g_str_has_prefix(kt_text_at(text, i), "PRETTY_NAME=") || strlen(value) > 256)
      continue;
    g_autofree char *name = g_shell_unquote(value, NULL);
    if (name && *name)
      kt_machine_set_text(kt_reading_machine(r), "os_name", name, kt_reading_cite(r, i));
  }
  return i;
}

const KtReader kt_reader_os_release = {
    .name = "os-release", .what = "/etc/os-release", .starts = starts_os_release, .read = read_os_release};

/* ---- systemd-detect-virt ---- */

static const char *virt_of(const char *word)
{
  static const struct {
    const char *word, *name;
  } names[] = {{"kvm", "kvm"},          {"qemu", "qemu"}, {"vmware", "vmware"},
               {"microsoft", "hyperv"}, {"xen", "xen"},   {"none", "none"}};
  for (guint k = 0; k < G_N_ELEMENTS(names); k++)
    if (g_str_equal(word, names[k].word))
      return names[k].name;
  return NULL;
}

static gboolean starts_virt(const KtText *text, guint i)
{
  return virt_of(kt_text_at(text, i)) && typed_is(text, i, "systemd-detect-virt", NULL);
}

static guint read_virt(KtReading *r, const KtText *text, guint i)
{
  kt_machine_set_text(kt_reading_machine(r), "hypervisor", virt_of(kt_text_at(text, i)), kt_reading_cite(r, i));
  return i + 1;
}

const KtReader kt_reader_virt = {.name = "systemd-detect-virt",
                                 .what = "systemd-detect-virt under its command",
                                 .starts = starts_virt,
                                 .read = read_virt};

/* ---- tuned-adm active ---- */

static const char profile[] = "Current active profile: ";
static const char no_profile[] = "No current active profile";

static gboolean starts_tuned(const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  return (g_str_has_prefix(line, profile) && line[strlen(profile)]) || g_str_has_prefix(line, no_profile);
}

static guint read_tuned(KtReading *r, const KtText *text, guint i)
{
  const char *line = kt_text_at(text, i);
  const char *value = g_str_has_prefix(line, profile) ? line + strlen(profile) : "none";
  kt_machine_set_setting(kt_reading_machine(r), "tuned.active_profile", value, kt_reading_cite(r, i));
  return i + 1;
}

const KtReader kt_reader_tuned = {
    .name = "tuned-adm", .what = "tuned-adm active", .starts = starts_tuned, .read = read_tuned};

/* ---- java -version ---- */

/* The version of `java version "1.7.0_79"`, `openjdk 17.0.1 2021-10-19`; NULL if the line is no such. */
static char *java_version(const char *line)
{
  static const char *const brands[] = {"openjdk ", "java ", "OpenJDK "};
  const char *p = NULL;
  for (guint k = 0; k < G_N_ELEMENTS(brands) && !p; k++)
    p = g_str_has_prefix(line, brands[k]) ? line + strlen(brands[k]) : NULL;
  if (!p)
    return NULL;
  gboolean quoted = g_str_has_prefix(p, "version \"");
  p += quoted ? strlen("version \"") : 0;
  gsize n = strspn(p, "0123456789._-+abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
  if (!g_ascii_isdigit(*p) || n > 64 || p[n] != (quoted ? '"' : ' '))
    return NULL;
  return g_strndup(p, n);
}

static gboolean starts_java(const KtText *text, guint i)
{
  g_autofree char *version = java_version(kt_text_at(text, i));
  return version && (strchr(kt_text_at(text, i), '"') || strstr(kt_text_at(text, i + 1), "Runtime Environment"));
}

static guint read_java(KtReading *r, const KtText *text, guint i)
{
  g_autofree char *version = java_version(kt_text_at(text, i));
  kt_machine_set_setting(kt_reading_machine(r), "java.version", version, kt_reading_cite(r, i));
  i++;
  while (strstr(kt_text_at(text, i), "Runtime Environment") || strstr(kt_text_at(text, i), " VM "))
    i++;
  return i;
}

const KtReader kt_reader_java = {
    .name = "java", .what = "java -version, java --version", .starts = starts_java, .read = read_java};
