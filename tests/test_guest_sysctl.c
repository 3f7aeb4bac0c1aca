/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sysctls of a guest through its agent: one that allows files, one that allows commands alone, one that allows
 * neither; names and values that are none never reach it. */
#include <string.h>

#include "apply/guest_sysctl.h"
#include "base/error.h"

#define KNOB "/proc/sys/kernel/numa_balancing"

typedef struct {
  gboolean files, exec;
  char value[64];    /* of the knob */
  char pending[64];  /* written, not flushed */
  char command[256]; /* of guest-exec; the last one */
  gboolean refuses;  /* the kernel does not like the value */
  guint sent, open;
} Fake;

/* The string behind "KEY": in a command, decoded where it is base64. Caller frees. */
static char *argument(const char *command, const char *key, gboolean encoded)
{
  g_autofree char *start = g_strdup_printf("\"%s\": \"", key);
  const char *p = strstr(command, start);
  g_assert_nonnull(p);
  p += strlen(start);
  g_autofree char *text = g_strndup(p, strcspn(p, "\""));
  if (!encoded)
    return g_steal_pointer(&text);
  gsize length;
  g_autofree guchar *bytes = g_base64_decode(text, &length);
  return g_strndup((char *)bytes, length);
}

static char *list_calls(const Fake *f)
{
  static const char *const names[] = {"guest-file-open",  "guest-file-read", "guest-file-write", "guest-file-flush",
                                      "guest-file-close", "guest-exec",      "guest-exec-status"};
  g_autoptr(GString) out = g_string_new("{\"return\":{\"version\":\"7.2\",\"supported_commands\":[");
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    gboolean enabled = g_str_has_prefix(names[i], "guest-file") ? f->files : f->exec;
    g_string_append_printf(out, "%s{\"enabled\":%s,\"name\":\"%s\"}", i ? "," : "", enabled ? "true" : "false",
                           names[i]);
  }
  g_string_append(out, "]}}");
  return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *answer_file(Fake *f, const char *call, const char *command, GError **error)
{
  g_assert_true(f->files);
  if (g_str_equal(call, "guest-file-open")) {
    g_autofree char *path = argument(command, "path", FALSE);
    if (!g_str_equal(path, KNOB)) {
      g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "failed to open file '%s': No such file or directory", path);
      return NULL;
    }
    f->open++;
    return g_strdup("{\"return\":7}");
  }
  if (g_str_equal(call, "guest-file-read")) {
    g_autofree char *encoded = g_base64_encode((guchar *)f->value, strlen(f->value));
    return g_strdup_printf("{\"return\":{\"count\":%zu,\"buf-b64\":\"%s\",\"eof\":true}}", strlen(f->value), encoded);
  }
  if (g_str_equal(call, "guest-file-write")) {
    g_autofree char *text = argument(command, "buf-b64", TRUE);
    g_strlcpy(f->pending, text, sizeof f->pending);
    return g_strdup("{\"return\":{\"count\":2,\"eof\":false}}");
  }
  if (g_str_equal(call, "guest-file-flush")) {
    if (f->refuses) {
      g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "failed to flush file: Invalid argument");
      return NULL;
    }
    g_strlcpy(f->value, f->pending, sizeof f->value);
  } else {
    f->open--;
  }
  return g_strdup("{\"return\":{}}");
}

static char *answer_exec(Fake *f, const char *call, const char *command)
{
  g_assert_true(f->exec);
  if (g_str_equal(call, "guest-exec")) {
    const char *p = strstr(command, "\"-c\"");
    g_assert_nonnull(p);
    p = strchr(p + 4, '"') + 1;
    g_autofree char *run = g_strndup(p, strcspn(p, "\"")), *input = argument(command, "input-data", TRUE);
    g_strlcpy(f->command, run, sizeof f->command);
    if (g_str_equal(run, "cat >" KNOB))
      g_strlcpy(f->value, input, sizeof f->value);
    return g_strdup("{\"return\":{\"pid\":9}}");
  }
  const char *out = g_str_equal(f->command, "cat " KNOB " 2>&1") ? f->value
                    : strstr(f->command, "cat >")                ? ""
                                                                 : "cat: can't open: No such file or directory\n";
  g_autofree char *encoded = g_base64_encode((const guchar *)out, strlen(out));
  return g_strdup_printf("{\"return\":{\"exitcode\":0,\"out-data\":\"%s\",\"exited\":true}}", encoded);
}

static char *answer(const char *command, guint timeout_s, gpointer data, GError **error)
{
  Fake *f = data;
  g_autofree char *call = argument(command, "execute", FALSE);
  f->sent++;
  if (g_str_equal(call, "guest-ping"))
    return g_strdup("{\"return\":{}}");
  if (g_str_equal(call, "guest-info"))
    return list_calls(f);
  return g_str_has_prefix(call, "guest-file") ? answer_file(f, call, command, error) : answer_exec(f, call, command);
}

static gboolean skips(void)
{
  const char *features = g_getenv("KT_FEATURES");
  if (!features || strstr(features, "json"))
    return FALSE;
  g_test_skip("built without json-glib");
  return TRUE;
}

static void test_both_ways(void)
{
  if (skips())
    return;
  for (guint files = 0; files < 2; files++) {
    Fake fake = {.files = files, .exec = !files, .value = "0\n"};
    const KtAgentChannel channel = {answer, &fake};
    g_autoptr(GError) error = NULL;
    g_autofree char *before = kt_guest_sysctl_read(&channel, "kernel.numa_balancing", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(before, ==, "0");
    g_assert_true(kt_guest_sysctl_write(&channel, "kernel.numa_balancing", "1", &error));
    g_assert_no_error(error);
    g_assert_cmpstr(fake.value, ==, "1\n");
    g_autofree char *after = kt_guest_sysctl_read(&channel, "kernel.numa_balancing", &error);
    g_assert_cmpstr(after, ==, "1");
    g_assert_null(kt_guest_sysctl_read(&channel, "kernel.no_such", &error));
    g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
    g_assert_cmpuint(fake.open, ==, 0);
  }
}

static void test_refused_by_the_kernel(void)
{
  if (skips())
    return;
  Fake fake = {.files = TRUE, .value = "0\n", .refuses = TRUE};
  const KtAgentChannel channel = {answer, &fake};
  g_autoptr(GError) error = NULL;
  g_assert_false(kt_guest_sysctl_write(&channel, "kernel.numa_balancing", "9", &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_SYSTEM);
  g_assert_nonnull(strstr(error->message, "Invalid argument"));
  g_assert_cmpstr(fake.value, ==, "0\n");
  g_assert_cmpuint(fake.open, ==, 0);
}

static void test_blocked(void)
{
  if (skips())
    return;
  Fake fake = {0};
  const KtAgentChannel channel = {answer, &fake};
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_guest_sysctl_read(&channel, "kernel.numa_balancing", &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_ACCESS);
  g_assert_nonnull(strstr(error->message, "guest-file-open is blocked"));
  g_assert_nonnull(strstr(error->message, "guest-exec is blocked"));
}

/* Nothing of these may reach a guest. */
static void test_hostile_words(void)
{
  static const char *const names[] = {"",           "kernel",          "kernel.",      ".kernel",          "kernel..x",
                                      "kernel.a b", "kernel.x;reboot", "kernel.$(id)", "../../etc.passwd", "kernel/x.y",
                                      "kernel.x\n", "net.a'b"};
  static const char *const values[] = {"", "1\n2", "1\t2", "\x01", "\xc3\xa4"};
  Fake fake = {.files = TRUE, .exec = TRUE, .value = "0\n"};
  const KtAgentChannel channel = {answer, &fake};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false(kt_guest_sysctl_write(&channel, names[i], "1", &error));
    g_assert_error(error, KT_ERROR, KT_ERROR_USAGE);
    g_assert_null(strchr(error->message, '\n'));
  }
  for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false(kt_guest_sysctl_write(&channel, "kernel.numa_balancing", values[i], &error));
    g_assert_error(error, KT_ERROR, KT_ERROR_USAGE);
  }
  g_assert_cmpuint(fake.sent, ==, 0);
}

static void test_same(void)
{
  g_assert_true(kt_guest_sysctl_same("4096 87380 6291456", "4096\t87380\t6291456"));
  g_assert_false(kt_guest_sysctl_same("1", "0"));
  g_assert_false(kt_guest_sysctl_same("1", NULL));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/guest-sysctl/both-ways", test_both_ways);
  g_test_add_func("/guest-sysctl/refused-by-the-kernel", test_refused_by_the_kernel);
  g_test_add_func("/guest-sysctl/blocked", test_blocked);
  g_test_add_func("/guest-sysctl/hostile-words", test_hostile_words);
  g_test_add_func("/guest-sysctl/same", test_same);
  return g_test_run();
}
