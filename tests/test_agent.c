/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest agent's protocol: against answers that qemu-ga 7.2 gave (through libvirt),
 * and against an agent that means harm. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "evidence/agent.h"
#include "evidence/capture_inside.h"

/* ---- an agent ---- */

typedef struct {
  const char *calls;      /* the list of guest-info; NULL: recorded */
  const char *read_as;    /* what any guest-file-read is answered with; NULL: the file */
  const char *status_as;  /* what guest-exec-status is answered with; NULL: the output */
  const char *output;     /* of a command */
  const char *denied;     /* a path that may not be read */
  const char *broken;     /* a path whose reading fails for no reason */
  const char *opened;     /* the file that is open */
  const char *silent_for; /* a call that nobody answers any more */
  guint sent, opens, closes, reads;
} Fake;

/* guest-info of qemu-ga 7.2.22, shortened. */
static const char recorded_calls[] = "[{\"enabled\":true,\"name\":\"guest-ping\",\"success-response\":true},"
                                     "{\"enabled\":true,\"name\":\"guest-exec\",\"success-response\":true},"
                                     "{\"enabled\":true,\"name\":\"guest-exec-status\",\"success-response\":true},"
                                     "{\"enabled\":true,\"name\":\"guest-file-open\",\"success-response\":true},"
                                     "{\"enabled\":true,\"name\":\"guest-file-read\",\"success-response\":true},"
                                     "{\"enabled\":true,\"name\":\"guest-file-close\",\"success-response\":true}]";

/* As on RHEL before 9. */
static const char blocked_calls[] = "[{\"enabled\":true,\"name\":\"guest-ping\",\"success-response\":true},"
                                    "{\"enabled\":false,\"name\":\"guest-exec\",\"success-response\":true},"
                                    "{\"enabled\":false,\"name\":\"guest-file-open\",\"success-response\":true},"
                                    "{\"enabled\":true,\"name\":\"guest-file-read\",\"success-response\":true},"
                                    "{\"enabled\":true,\"name\":\"guest-file-close\",\"success-response\":true}]";

static const char no_exec_calls[] = "[{\"enabled\":false,\"name\":\"guest-exec\",\"success-response\":true},"
                                    "{\"enabled\":false,\"name\":\"guest-exec-status\",\"success-response\":true},"
                                    "{\"enabled\":true,\"name\":\"guest-file-open\",\"success-response\":true},"
                                    "{\"enabled\":true,\"name\":\"guest-file-read\",\"success-response\":true},"
                                    "{\"enabled\":true,\"name\":\"guest-file-close\",\"success-response\":true}]";

static const struct {
  const char *path, *content;
} files[] = {
    {"/proc/stat", "cpu  4 0 4 90 0 0 0 0 0 0\ncpu0 2 0 2 45 0 0 0 0 0 0\ncpu1 2 0 2 45 0 0 0 0 0 0\n"},
    {"/proc/uptime", "100.00 190.00\n"},
    {"/proc/sys/kernel/hostname", "web-1\n"},
    {"/sys/devices/system/cpu/present", "0-1\n"},
    {"/sys/devices/system/cpu/online", "0-1\n"},
    {"/sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n"},
    {"/sys/devices/system/cpu/cpu0/topology/core_siblings_list", "0\n"},
    {"/sys/devices/system/cpu/cpu1/topology/physical_package_id", "1\n"},
    {"/sys/devices/system/cpu/cpu0/cache/index0/level", "1\n"},
    {"/sys/devices/system/cpu/cpu0/cache/index0/size", "32K\n"},
    {"/sys/devices/system/cpu/cpu1/cache/index0/level", "1\n"},
    {"/sys/devices/system/cpu/cpu1/cache/index0/size", "32K\n"},
    {"/sys/devices/system/node/online", "0\n"},
    {"/sys/devices/system/node/node0/cpulist", "0-1\n"},
    {"/sys/devices/system/node/node0/numastat", "numa_hit 5\n"},
};

static const char *content_of(const char *path)
{
  for (guint i = 0; i < G_N_ELEMENTS(files); i++)
    if (g_str_equal(files[i].path, path))
      return files[i].content;
  return NULL;
}

/* The string behind "KEY": in a command. Caller frees. */
static char *argument(const char *command, const char *key)
{
  g_autofree char *start = g_strdup_printf("\"%s\": \"", key);
  const char *p = strstr(command, start);
  g_assert_nonnull(p);
  p += strlen(start);
  return g_strndup(p, strcspn(p, "\""));
}

static char *answer_open(Fake *f, const char *command, GError **error)
{
  g_autofree char *path = argument(command, "path"), *mode = argument(command, "mode");
  g_assert_cmpstr(mode, ==, "r");
  const char *why = g_strcmp0(path, f->denied) == 0   ? "Permission denied"
                    : g_strcmp0(path, f->broken) == 0 ? "Input/output error"
                    : content_of(path)                ? NULL
                                                      : "No such file or directory";
  if (why) {
    g_set_error(error, KT_ERROR, KT_ERROR_SYSTEM, "failed to open file '%s' (mode: 'r'): %s", path, why);
    return NULL;
  }
  f->opened = content_of(path);
  f->opens++;
  return g_strdup("{\"return\":1000}");
}

static char *answer_read(Fake *f)
{
  f->reads++;
  if (f->read_as)
    return g_strdup(f->read_as);
  g_autofree char *encoded = g_base64_encode((const guchar *)f->opened, strlen(f->opened));
  return g_strdup_printf("{\"return\":{\"count\":%zu,\"buf-b64\":\"%s\",\"eof\":true}}", strlen(f->opened), encoded);
}

static char *answer_status(const Fake *f)
{
  if (f->status_as)
    return g_strdup(f->status_as);
  const char *output = f->output ? f->output : "";
  g_autofree char *encoded = g_base64_encode((const guchar *)output, strlen(output));
  return g_strdup_printf("{\"return\":{\"exitcode\":0,\"out-data\":\"%s\",\"exited\":true}}", encoded);
}

static char *answer(const char *command, guint timeout_s, gpointer data, GError **error)
{
  Fake *f = data;
  g_autofree char *call = argument(command, "execute");
  f->sent++;
  g_assert_cmpuint(timeout_s, >, 0);
  if (g_strcmp0(call, f->silent_for) == 0) {
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "the guest agent does not answer");
    return NULL;
  }
  if (g_str_equal(call, "guest-ping"))
    return g_strdup("{\"return\":{}}");
  if (g_str_equal(call, "guest-info"))
    return g_strdup_printf("{\"return\":{\"version\":\"7.2.22\",\"supported_commands\":%s}}",
                           f->calls ? f->calls : recorded_calls);
  if (g_str_equal(call, "guest-file-open"))
    return answer_open(f, command, error);
  if (g_str_equal(call, "guest-file-read"))
    return answer_read(f);
  if (g_str_equal(call, "guest-file-close")) {
    f->closes++;
    return g_strdup("{\"return\":{}}");
  }
  if (g_str_equal(call, "guest-exec"))
    return g_strdup("{\"return\":{\"pid\":101}}");
  g_assert_cmpstr(call, ==, "guest-exec-status");
  return answer_status(f);
}

static gboolean skips(void)
{
  const char *features = g_getenv("KT_FEATURES");
  if (!features || strstr(features, "json"))
    return FALSE;
  g_test_skip("built without json-glib");
  return TRUE;
}

static KtAgent *new_agent(const KtAgentChannel *channel)
{
  g_autoptr(GError) error = NULL;
  KtAgent *agent = kt_agent_new(channel, &error);
  g_assert_no_error(error);
  kt_agent_set_deadline(agent, g_get_monotonic_time() + 60 * G_USEC_PER_SEC);
  return agent;
}

/* ---- the protocol ---- */

static void test_recorded(void)
{
  static const char *const allowed[] = {"guest-exec", "guest-file-read", NULL}, *const not [] = {"guest-dance", NULL};
  if (skips())
    return;
  Fake fake = {0};
  const KtAgentChannel channel = {answer, &fake};
  g_autoptr(KtAgent) agent = new_agent(&channel);
  g_assert_cmpstr(kt_agent_version(agent), ==, "7.2.22");
  g_assert_null(kt_agent_obstacle(agent, allowed));
  g_autofree char *obstacle = kt_agent_obstacle(agent, not );
  g_assert_cmpstr(obstacle, ==, "guest-dance is not known");
  g_autoptr(GError) error = NULL;
  gboolean gone;
  g_autoptr(GBytes) bytes = kt_agent_read_file(agent, "/proc/uptime", 4096, &gone, &error);
  g_assert_no_error(error);
  g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "100.00 190.00\n", 14);
  g_assert_null(kt_agent_read_file(agent, "/no/such", 4096, &gone, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_assert_false(gone);
  g_clear_error(&error);
  g_assert_null(kt_agent_read_file(agent, "/proc/uptime", 4, &gone, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_LIMIT);
  g_assert_cmpuint(fake.opens, ==, 2);
  g_assert_cmpuint(fake.closes, ==, 2);
}

/* Pieces of files that cannot be; the file is closed all the same and the agent is not asked for ever. */
static void test_hostile_reads(void)
{
  static const char *const answers[] = {
      "",
      "null",
      "[]",
      "{\"return\":17}",
      "{\"return\":{}}",
      "{\"return\":{\"count\":4,\"eof\":true}}",
      "{\"return\":{\"count\":5,\"buf-b64\":\"MC0xCg==\",\"eof\":true}}",
      "{\"return\":{\"count\":-4,\"buf-b64\":\"MC0xCg==\",\"eof\":true}}",
      "{\"return\":{\"count\":9223372036854775807,\"buf-b64\":\"MC0xCg==\",\"eof\":false}}",
      "{\"return\":{\"count\":1e30,\"buf-b64\":\"MC0xCg==\",\"eof\":false}}",
      "{\"return\":{\"count\":\"4\",\"buf-b64\":\"MC0xCg==\",\"eof\":true}}",
      "{\"return\":{\"count\":4,\"buf-b64\":{\"a\":1},\"eof\":true}}",
      "{\"return\":{\"count\":4,\"buf-b64\":\"MC0xCg==\",\"eof\":false}}", /* without end */
      "{\"return\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
      "{/*\"*/\"return\":{\"count\":4,\"buf-b64\":\"MC0xCg==\",\"eof\":true}}",
  };
  if (skips())
    return;
  for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
    Fake fake = {.read_as = answers[i]};
    const KtAgentChannel channel = {answer, &fake};
    g_autoptr(KtAgent) agent = new_agent(&channel);
    g_autoptr(GError) error = NULL;
    g_assert_null(kt_agent_read_file(agent, "/proc/uptime", 4096, NULL, &error));
    g_assert_nonnull(error);
    g_assert_null(strchr(error->message, '\n'));
    g_assert_cmpuint(fake.closes, ==, 1);
    g_assert_cmpuint(fake.reads, <=, 1025);
  }
}

static void test_huge_answer(void)
{
  if (skips())
    return;
  g_autofree char *huge = g_malloc(KT_AGENT_ANSWER + 100), *deep = g_malloc(2000001);
  memset(huge, ' ', KT_AGENT_ANSWER + 99);
  huge[KT_AGENT_ANSWER + 99] = '\0';
  memset(deep, '[', 2000000);
  deep[2000000] = '\0';
  const char *const answers[] = {huge, deep};
  for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
    Fake fake = {.read_as = answers[i]};
    const KtAgentChannel channel = {answer, &fake};
    g_autoptr(KtAgent) agent = new_agent(&channel);
    g_autoptr(GError) error = NULL;
    g_assert_null(kt_agent_read_file(agent, "/proc/uptime", 4096, NULL, &error));
    g_assert_error(error, KT_ERROR, KT_ERROR_LIMIT);
  }
}

/* A command that never ends is waited for no longer than the deadline. */
static void test_endless_command(void)
{
  if (skips())
    return;
  Fake fake = {.status_as = "{\"return\":{\"exited\":false}}"};
  const KtAgentChannel channel = {answer, &fake};
  g_autoptr(KtAgent) agent = new_agent(&channel);
  g_autoptr(GError) error = NULL;
  kt_agent_set_deadline(agent, g_get_monotonic_time() + 1500000);
  g_assert_null(kt_agent_run(agent, "true", "", 4096, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_LIMIT);
}

static void test_no_agent(void)
{
  if (skips())
    return;
  Fake fake = {.silent_for = "guest-ping"};
  const KtAgentChannel channel = {answer, &fake};
  g_autoptr(GError) error = NULL;
  g_assert_null(kt_agent_new(&channel, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
}

/* ---- a capture ---- */

static const char script_output[] = "=== kvmtune capture 1 ===\n"
                                    "==> /proc/stat <==\ncpu  4 0 4 90 0 0 0 0 0 0\n\n"
                                    "==> /sys/bus/pci/devices/0000:00:02.0/ <==\n"
                                    "class:0x020000\n"
                                    "driver -> ../../drivers/virtio-pci\n"
                                    "==> /sys/bus/pci/devices/0000:00:03.0/ <==\n"
                                    "driver -> ../../../../../etc\n"
                                    "other -> ../../drivers/..\n"
                                    "==> /../../escape <==\nx\n"
                                    "==> /moment-1/proc/uptime <==\n1.0 1.0\n"
                                    "==> /moment-2/proc/uptime <==\n2.0 2.0\n"
                                    "=== kvmtune capture end ===\n";

static KtRoot *take(Fake *fake, double duration_s, char **note, GError **error)
{
  const KtAgentChannel channel = {answer, fake};
  const KtInsideOptions options = {.domain = "web-1", .script = "echo", .duration_s = duration_s};
  return kt_capture_take_inside(&channel, &options, note, error);
}

static char *manifest_of(KtRoot *tree)
{
  char *manifest = kt_root_read_line(tree, "manifest.json");
  g_assert_nonnull(manifest);
  return manifest;
}

static void test_by_script(void)
{
  if (skips())
    return;
  Fake fake = {.output = script_output};
  g_autoptr(GError) error = NULL;
  g_autofree char *note = NULL;
  g_autoptr(KtRoot) tree = take(&fake, 1, &note, &error);
  g_assert_no_error(error);
  g_assert_null(note);
  g_assert_cmpuint(fake.opens, ==, 0);
  g_autofree char *manifest = manifest_of(tree);
  g_assert_nonnull(strstr(manifest, "\"through\": \"guest-exec\""));
  g_assert_nonnull(strstr(manifest, "\"libvirt_opened_for_writing\": true"));
  g_assert_nonnull(strstr(manifest, "\"moments\": 2"));
  g_autofree char *driver = kt_root_read_link(tree, "sys/bus/pci/devices/0000:00:02.0/driver");
  g_assert_cmpstr(driver, ==, "../../drivers/virtio-pci");
  g_assert_null(kt_root_read_link(tree, "sys/bus/pci/devices/0000:00:03.0/driver"));
  g_assert_null(kt_root_read_link(tree, "sys/bus/pci/devices/0000:00:03.0/other"));
  g_assert_false(kt_root_exists(tree, "escape"));
}

/* What is no output of the script, or too much of it, leaves the files. */
static void test_script_fails(void)
{
  static const char *const statuses[] = {
      "{\"return\":{\"exitcode\":127,\"exited\":true}}",
      "{\"return\":{\"exitcode\":0,\"out-data\":\"%%%%\",\"exited\":true}}",
      "{\"return\":{\"exitcode\":0,\"out-data\":[],\"exited\":true}}",
      "{\"return\":{\"exited\":true,\"out-data\":\"H4sIAAAAAAAAA///////////\"}}", /* gzip, broken */
      "{\"return\":7}",
  };
  if (skips())
    return;
  for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
    Fake fake = {.status_as = statuses[i]};
    g_autoptr(GError) error = NULL;
    g_autofree char *note = NULL;
    g_autoptr(KtRoot) tree = take(&fake, 0, &note, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(note, "guest-exec failed: "));
    g_autofree char *manifest = manifest_of(tree);
    g_assert_nonnull(strstr(manifest, "\"through\": \"guest-file-read\""));
  }
}

static void test_by_files(void)
{
  if (skips())
    return;
  Fake fake = {.calls = no_exec_calls, .denied = "/sys/devices/system/cpu/online"};
  g_autoptr(GError) error = NULL;
  g_autofree char *note = NULL;
  g_autoptr(KtRoot) tree = take(&fake, 0.2, &note, &error);
  g_assert_no_error(error);
  g_assert_nonnull(strstr(note, "guest-exec is blocked"));
  g_assert_cmpuint(fake.opens, ==, fake.closes);
  g_autofree char *package = kt_root_read_line(tree, "sys/devices/system/cpu/cpu1/topology/physical_package_id");
  g_assert_cmpstr(package, ==, "1");
  g_assert_true(kt_root_exists(tree, "sys/devices/system/cpu/cpu0/topology/core_siblings_list"));
  g_assert_true(kt_root_exists(tree, "sys/devices/system/cpu/cpu1/cache/index0/level"));
  g_assert_true(kt_root_exists(tree, "moment-1/proc/stat"));
  g_assert_true(kt_root_exists(tree, "moment-2/sys/devices/system/node/node0/numastat"));
  g_assert_true(kt_root_exists(tree, "proc/uptime"));
  g_autofree char *unreadable = kt_root_read_line(tree, "unreadable.txt");
  g_assert_nonnull(strstr(unreadable, "/sys/devices/system/cpu/online\t"));
}

/* Of caches that were not all read none is kept: a part of them would say something else. */
static void test_part_is_dropped(void)
{
  if (skips())
    return;
  Fake fake = {.calls = no_exec_calls, .broken = "/sys/devices/system/cpu/cpu1/cache/index0/size"};
  g_autoptr(GError) error = NULL;
  g_autoptr(KtRoot) tree = take(&fake, 0, NULL, &error);
  g_assert_no_error(error);
  g_assert_false(kt_root_exists(tree, "sys/devices/system/cpu/cpu0/cache"));
  g_assert_true(kt_root_exists(tree, "sys/devices/system/cpu/cpu0/topology/physical_package_id"));
  g_autofree char *unreadable = kt_root_read_line(tree, "unreadable.txt");
  g_assert_nonnull(strstr(unreadable, "caches\t"));
}

static void test_blocked(void)
{
  if (skips())
    return;
  Fake fake = {.calls = blocked_calls};
  g_autoptr(GError) error = NULL;
  g_assert_null(take(&fake, 0, NULL, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_ACCESS);
  g_assert_nonnull(strstr(error->message, "guest-exec is blocked, guest-exec-status is not known"));
  g_assert_nonnull(strstr(error->message, "guest-file-open is blocked"));
  g_assert_null(strstr(error->message, "guest-file-read is"));
  g_assert_nonnull(strstr(error->message, "kvmtune capture --script"));
}

/* An agent that stops half-way leaves no half capture. */
static void test_gone(void)
{
  if (skips())
    return;
  Fake fake = {.calls = no_exec_calls, .silent_for = "guest-file-read"};
  g_autoptr(GError) error = NULL;
  g_assert_null(take(&fake, 0, NULL, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/agent/recorded", test_recorded);
  g_test_add_func("/agent/hostile-reads", test_hostile_reads);
  g_test_add_func("/agent/huge-answer", test_huge_answer);
  g_test_add_func("/agent/endless-command", test_endless_command);
  g_test_add_func("/agent/no-agent", test_no_agent);
  g_test_add_func("/inside/by-script", test_by_script);
  g_test_add_func("/inside/script-fails", test_script_fails);
  g_test_add_func("/inside/by-files", test_by_files);
  g_test_add_func("/inside/part-is-dropped", test_part_is_dropped);
  g_test_add_func("/inside/blocked", test_blocked);
  g_test_add_func("/inside/gone", test_gone);
  return g_test_run();
}
