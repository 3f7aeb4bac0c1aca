/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/capture_inside.h"

#include <gio/gio.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "evidence/agent_files.h"
#include "evidence/capture_manifest.h"
#include "evidence/capture_root.h"
#include "evidence/paste.h"
#include "evidence/scrub.h"

#define SCRIPT_SECONDS 120 /* besides the pause between its looks */
#define FILES_SECONDS 120  /* for reading files one by one */
#define MAX_OUTPUT 3000000 /* in base64 it is just less than the 4 MiB that libvirt passes */
#define MAX_UNPACKED (64 * 1024 * 1024)

static const char *const script_calls[] = {"guest-exec", "guest-exec-status", NULL};
static const char *const file_calls[] = {"guest-file-open", "guest-file-read", "guest-file-close", NULL};

/* Runs what comes on standard input; packed, as libvirt limits an answer. */
static const char script_command[] = "if command -v gzip >/dev/null 2>&1; then sh -s | gzip -c; else sh -s; fi"
                                     " | head -c " G_STRINGIFY(MAX_OUTPUT);

typedef struct {
  const KtInsideOptions *options;
  KtAgent *agent;
  KtRoot *tree;
  GString *unreadable;
  guint moments;
  double duration_s;
} Inside;

/* ---- through the script ---- */

/* What gzip made small, as far as it goes. */
static GBytes *unpack(GBytes *packed)
{
  gsize length, at = 0;
  const guint8 *bytes = g_bytes_get_data(packed, &length);
  if (length < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b)
    return g_bytes_ref(packed);
  g_autoptr(GConverter) gunzip = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr(GByteArray) out = g_byte_array_new();
  GConverterResult result = G_CONVERTER_CONVERTED;
  while (result == G_CONVERTER_CONVERTED && out->len < MAX_UNPACKED) {
    guint8 buffer[65536];
    gsize read = 0, written = 0;
    result = g_converter_convert(gunzip, bytes + at, length - at, buffer, sizeof buffer, G_CONVERTER_INPUT_AT_END,
                                 &read, &written, NULL);
    at += read;
    if (result != G_CONVERTER_ERROR)
      g_byte_array_append(out, buffer, (guint)written);
  }
  return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

/* The script shows one kind of link; another one is none of its own. */
static gboolean is_sane_link(const char *target)
{
  const char *name = g_str_has_prefix(target, "../../drivers/") ? target + strlen("../../drivers/") : "";
  return *name && !strchr(name, '/') && !g_str_equal(name, "..");
}

static void copy_item(const KtRootItem *item, gpointer data)
{
  Inside *in = data;
  if (item->content) {
    kt_root_add_file(in->tree, item->path, item->content);
  } else if (item->target) {
    if (is_sane_link(item->target))
      kt_root_add_link(in->tree, item->path, item->target);
  } else if (item->unreadable) {
    kt_root_add_unreadable(in->tree, item->path);
    g_string_append_printf(in->unreadable, "/%s\tthe guest's agent may not read it\n", item->path);
  } else {
    kt_root_add_directory(in->tree, item->path);
  }
}

/* What the script itself noted as unreadable is noted here. */
static void take_notes(Inside *in)
{
  g_autofree char *text = kt_root_read_line(in->tree, KT_CAPTURE_UNREADABLE);
  if (text && *text && g_utf8_validate(text, -1, NULL))
    g_string_append_printf(in->unreadable, "%s\n", text);
}

static gboolean read_output(Inside *in, GBytes *output, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data(output, &length);
  g_autoptr(GPtrArray) roots = g_ptr_array_new_with_free_func((GDestroyNotify)kt_root_unref);
  if (text)
    g_free(kt_paste_read("guest", text, length, roots)); /* what is around it does not matter */
  if (!roots->len || !kt_root_exists(roots->pdata[0], "proc/stat")) {
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "what guest-exec gives back is not the script's output");
    return FALSE;
  }
  kt_root_each(roots->pdata[0], copy_item, in);
  take_notes(in);
  for (in->moments = 0; in->moments < 2; in->moments++) {
    g_autofree char *uptime = g_strdup_printf(KT_CAPTURE_MOMENT "%u/proc/uptime", in->moments + 1);
    if (!kt_root_exists(in->tree, uptime))
      break;
  }
  if (!kt_paste_is_whole(text, length))
    g_string_append(in->unreadable, "the rest\tthe script's output is cut off\n");
  return TRUE;
}

static gboolean take_by_script(Inside *in, GError **error)
{
  const KtInsideOptions *o = in->options;
  int interval = (int)ceil(o->duration_s); /* sleep(1) of old systems knows no fractions */
  g_autofree char *input = g_strdup_printf("INTERVAL=%d\n%s", interval, o->script);
  kt_agent_set_deadline(in->agent, g_get_monotonic_time() + (interval + SCRIPT_SECONDS) * G_USEC_PER_SEC);
  g_autoptr(GBytes) packed = kt_agent_run(in->agent, script_command, input, MAX_OUTPUT, error);
  g_autoptr(GBytes) output = packed ? unpack(packed) : NULL;
  in->duration_s = interval;
  return output && read_output(in, output, error);
}

/* ---- through files ---- */

static gboolean take_by_files(Inside *in, GError **error)
{
  const KtInsideOptions *o = in->options;
  KtAgentFiles files = {.duration_s = o->duration_s,
                        .budget_s = FILES_SECONDS,
                        .unreadable = in->unreadable,
                        .progress = o->progress,
                        .progress_data = o->progress_data};
  if (!kt_agent_files_take(in->agent, &files, in->tree, error))
    return FALSE;
  g_string_append(in->unreadable, "processes\tneeds guest-exec\n"
                                  "PCI devices\tneeds guest-exec\n"
                                  "dmesg\tneeds guest-exec\n");
  in->moments = files.moments;
  in->duration_s = o->duration_s;
  return TRUE;
}

/* ---- which way ---- */

static void set_blocked(const Inside *in, const char *no_exec, const char *no_files, GError **error)
{
  const char *domain = in->options->domain;
  g_set_error(
      error, KT_ERROR, KT_ERROR_ACCESS,
      "the guest agent of '%s' does not allow it: %s; %s. Run the script in the guest instead: 'kvmtune capture "
      "--script > capture.sh', then 'ssh %s sh < capture.sh | kvmtune doctor -'",
      domain, no_exec, no_files, domain);
}

/* The script where it can be run; *through says how it was done, *why what stood in the script's way. */
static gboolean take(Inside *in, const char **through, char **why, GError **error)
{
  g_autofree char *no_files = kt_agent_obstacle(in->agent, file_calls);
  g_autoptr(GError) failed = NULL;
  *why = kt_agent_obstacle(in->agent, script_calls);
  *through = script_calls[0];
  if (!*why) {
    if (take_by_script(in, &failed))
      return TRUE;
    *why = g_strdup_printf("guest-exec failed: %s", failed->message);
  }
  if (no_files) {
    set_blocked(in, *why, no_files, error);
    return FALSE;
  }
  *through = file_calls[1];
  return take_by_files(in, error);
}

static void add_manifest(Inside *in, const char *through, const char *why)
{
  const KtInsideOptions *o = in->options;
  g_autofree char *host = kt_root_read_line(in->tree, "proc/sys/kernel/hostname");
  const KtManifest manifest = {.host = o->scrub ? NULL : host,
                               .live = TRUE,
                               .scrubbed = o->scrub,
                               .moments = in->moments,
                               .duration_s = in->duration_s,
                               .through = through,
                               .domain = o->scrub ? NULL : o->domain,
                               .uri = o->scrub ? NULL : o->uri,
                               .agent_version = kt_agent_version(in->agent),
                               .not_through = why};
  kt_manifest_add(in->tree, &manifest, in->unreadable->str);
}

KtRoot *kt_capture_take_inside(const KtAgentChannel *channel, const KtInsideOptions *options, char **note,
                               GError **error)
{
  g_autoptr(KtAgent) agent = kt_agent_new(channel, error);
  if (!agent)
    return NULL;
  g_autoptr(KtRoot) tree = kt_root_new_memory("capture");
  g_autoptr(GString) unreadable = g_string_new(NULL);
  Inside in = {.options = options, .agent = agent, .tree = tree, .unreadable = unreadable};
  const char *through;
  g_autofree char *why = NULL;
  if (!take(&in, &through, &why, error))
    return NULL;
  add_manifest(&in, through, why);
  if (note && why)
    *note = g_strdup_printf("%s: taken from files alone, without processes, devices and the kernel's log; the script "
                            "('kvmtune capture --script') run in the guest sees them",
                            why);
  return options->scrub ? kt_scrub_tree(tree, NULL, error) : g_steal_pointer(&tree);
}
