/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/set.h"
#include "base/units.h"
#include "checks/accepted.h"
#include "config.h"
#include "domxml/domxml.h"
#include "evidence/archive.h"
#include "evidence/measurement_json.h"
#include "evidence/past_report.h"
#include "evidence/paste.h"
#include "evidence/qemu_args.h"
#include "evidence/qemu_opts.h"
#include "evidence/reading.h"
#include "evidence/root_machine.h"
#include "evidence/scrub.h"
#include "evidence/scrub_text.h"
#include "evidence/xml.h"
#include "plan/plan_json.h"
#include "target_apply.h"
#include "target_cloud.h"
#include "target_nova.h"
#include "target_reader.h"
#include "target_views.h"

/* ---- texts ---- */

/* What text.h promises of each line. */
static void run_text(const char *bytes, gsize length)
{
  g_autoptr(KtText) text = kt_text_new("text", bytes, length);
  guint number = 0;
  for (guint i = 0; i < kt_text_count(text); i++) {
    const KtLine *line = kt_text_line(text, i);
    if (line->number <= number || strlen(line->s) > KT_TEXT_MAX_LINE || !g_utf8_validate(line->s, -1, NULL))
      g_error("line %u is not clean: '%s'", line->number, line->s);
    for (const char *p = line->s; *p; p++)
      if (g_ascii_iscntrl(*p) && *p != '\t')
        g_error("line %u holds a control character", line->number);
    number = line->number;
  }
}

static void run_paste(const char *bytes, gsize length)
{
  g_autoptr(KtText) text = kt_text_new("paste", bytes, length);
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  kt_reading_run(text, ".", snapshot, fragments);
  kt_assemble(snapshot, fragments);
  kt_target_show(snapshot);
}

/* The same text in pieces of some lines, as a large one is read. */
static void run_pieces(const char *bytes, gsize length)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  g_autoptr(GPtrArray) fragments = g_ptr_array_new_with_free_func(kt_fragment_free);
  KtPieces pieces = {.directory = ".", .snapshot = snapshot, .fragments = fragments};
  gsize size = MAX(length / 5, 64);
  guint number = 1;
  for (gsize at = 0; at < length;) {
    gsize part = MIN(size, length - at);
    const char *end = at + part < length ? memrchr(bytes + at, '\n', part) : NULL;
    part = end ? (gsize)(end + 1 - bytes) - at : part;
    gboolean more = at + part < length;
    g_autoptr(KtText) text = kt_text_new_piece("text", bytes + at, part, number);
    gboolean was_open = pieces.open.reader != NULL; /* such a block may end before the piece: the piece comes again */
    guint n = kt_text_count(text), next = kt_reading_run_piece(&pieces, text, more);
    gboolean again = was_open && !pieces.open.reader && next == 0;
    if (next > n || (more && n && next == 0 && !again))
      g_error("a piece of %u lines ends at line %u", n, next);
    guint behind = next < n ? kt_text_line(text, next)->number : text->next_number;
    at += more ? MAX(kt_text_skip(bytes + at, part, behind - number), again ? 0 : 1) : part;
    number = behind;
  }
  kt_assemble(snapshot, fragments);
}

/* ---- trees: the capture script's output, archives ---- */

static void read_tree(KtRoot *root)
{
  g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
  kt_root_read_machines(root, snapshot);
  kt_target_show(snapshot);
}

static void run_capture(const char *bytes, gsize length)
{
  g_autoptr(GPtrArray) roots = g_ptr_array_new_with_free_func((GDestroyNotify)kt_root_unref);
  g_free(kt_paste_read("capture", bytes, length, roots));
  for (guint i = 0; i < roots->len; i++)
    read_tree(roots->pdata[i]);
}

static void run_scrub_tree(const char *bytes, gsize length)
{
  static const guint8 key[KT_SCRUB_KEY] = {1};
  g_autoptr(GPtrArray) roots = g_ptr_array_new_with_free_func((GDestroyNotify)kt_root_unref);
  g_free(kt_paste_read("capture", bytes, length, roots));
  for (guint i = 0; i < roots->len; i++)
    kt_root_unref(kt_scrub_tree(roots->pdata[i], key, NULL));
}

static void check_item(const KtRootItem *item, gpointer data)
{
  g_auto(GStrv) parts = g_strsplit(item->path, "/", -1);
  if (g_strv_contains((const char *const *)parts, ".."))
    g_error("'%s' leads out of the tree", item->path);
}

static void run_archive(const char *bytes, gsize length)
{
  g_autoptr(GBytes) content = g_bytes_new_static(bytes, length);
  g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
  kt_archive_recognise(content);
  g_autoptr(KtRoot) root = kt_archive_read_bytes("archive", content, left_out, NULL);
  if (!root)
    return;
  kt_root_each(root, check_item, NULL);
  read_tree(root);
}

/* ---- parts of texts ---- */

#if HAVE_LIBXML2
static void run_xml(const char *bytes, gsize length)
{
  g_autoptr(KtXml) xml = kt_xml_parse("document", bytes);
  xmlNode *node = xml->root;
  while (node) {
    g_free(kt_xml_text(node));
    kt_xml_cite(xml, node);
    kt_xml_size_kib(node, NULL, "unit");
    xmlNode *next = node->children ? node->children : node->next;
    for (; !next && node != xml->root; next = node->next)
      node = node->parent;
    node = node == xml->root && !node->children ? NULL : next;
  }
}
#endif

/* As in /proc/PID/cmdline. */
static void run_cmdline(const char *bytes, gsize length)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  for (gsize at = 0; at < length; at += strlen(bytes + at) + 1)
    g_ptr_array_add(argv, (char *)bytes + at);
  g_ptr_array_add(argv, NULL);
  const char *const *args = (const char *const *)argv->pdata;
  if (args[0] && kt_qemu_args_is_qemu(args)) {
    KtDomain *domain = kt_domain_new("cmdline");
    kt_qemu_args_read(domain, args, NULL);
    g_autoptr(KtSnapshot) snapshot = kt_snapshot_new();
    g_ptr_array_add(snapshot->domains, domain);
    kt_target_show(snapshot);
  }
}

static void run_qemu_option(const char *bytes, gsize length)
{
  g_autoptr(KtQemuOpts) opts = kt_qemu_opts_new(bytes, "driver");
  for (guint i = 0; i < kt_qemu_opts_count(opts); i++)
    kt_qemu_opts_int(opts, kt_qemu_opts_key(opts, i));
}

static void run_scrub(const char *bytes, gsize length)
{
  static const guint8 key[KT_SCRUB_KEY] = {1};
  static const char uuid[] = "6f1c8a52-93e7-4d0b-a1f4-2b7c5d9e8f30", mac[] = "52:54:00:9a:7b:6c";
  g_autofree char *valid = g_utf8_make_valid(bytes, -1);
  g_autofree char *text = g_strdup_printf("%s\n host zanzibar %s %s\n", valid, uuid, mac);
  g_autoptr(KtScrub) scrub = kt_scrub_new(key, sizeof key);
  kt_scrub_learn(scrub, "host", "zanzibar");
  kt_scrub_learn_from(scrub, text);
  g_autofree char *out = kt_scrub_text(scrub, text, TRUE);
  const char *const secrets[] = {"host zanzibar", uuid, mac};
  for (guint i = 0; i < G_N_ELEMENTS(secrets); i++)
    if (strstr(out, secrets[i]) && !strstr(valid, secrets[i]))
      g_error("'%s' is still there", secrets[i]);
}

/* ---- files of kvmtune's own ---- */

static void found(const char *subject, const char *id, const char *title, gpointer data)
{
  g_ptr_array_add(data, g_strdup(id));
}

static void run_past_report(const char *bytes, gsize length)
{
  int fd = memfd_create("report", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
  g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
  if (fd < 0 || write(fd, bytes, length) != (gssize)length)
    g_error("no memory for a file");
  kt_past_report_read(path, found, ids, NULL);
  close(fd);
}

/* What is set is got again, and the document is one still. */
static void check_set(KtDomXml *xml, const char *path, const char *value)
{
  if (!kt_domxml_set(xml, path, value, NULL))
    return;
  g_autofree char *found = kt_domxml_get(xml, path, NULL), *bytes = kt_domxml_bytes(xml, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(KtDomXml) again = kt_domxml_parse("again", bytes, strlen(bytes), &error);
  if (g_strcmp0(found, value) != 0 || (!again && !g_error_matches(error, KT_ERROR, KT_ERROR_LIMIT)))
    g_error("'%s' set to '%s' is '%s': %s", path, value, found, error ? error->message : bytes);
}

/* A path, a value, then the document, a line break between each. */
static void run_domxml(const char *bytes, gsize length)
{
  g_auto(GStrv) parts = g_strsplit(bytes, "\n", 3);
  const char *document = g_strv_length(parts) == 3 ? parts[2] : bytes;
  g_autoptr(KtDomXml) xml = kt_domxml_parse("document", document, strlen(document), NULL);
  if (!xml)
    return;
  g_autofree char *same = kt_domxml_bytes(xml, NULL);
  if (!g_str_equal(same, document))
    g_error("'%s' is written as '%s'", document, same);
  check_set(xml, "cputune/vcpupin[@vcpu='0']/@cpuset", "<\t'\"&");
  check_set(xml, "cpu/topology", "");
  check_set(xml, "numatune", NULL);
  if (document != bytes && !strchr(parts[0], '[')) /* "a[@b='1']/@b" set to 2 is not found again */
    check_set(xml, parts[0], g_str_has_suffix(parts[0], ")") ? g_strstrip(parts[1]) : parts[1]);
  g_autofree char *edited = kt_domxml_bytes(xml, NULL);
  g_free(kt_domxml_diff("a", document, "b", edited));
}

static void run_measurement(const char *bytes, gsize length)
{
  kt_measurement_is_json(bytes, length);
  g_autoptr(KtMeasurement) m = kt_measurement_from_json("measurement.json", bytes, length, NULL);
  g_autofree char *written = m ? kt_measurement_to_json(m) : NULL;
  g_autoptr(KtMeasurement) again = m ? kt_measurement_from_json("again", written, strlen(written), NULL) : NULL;
  g_autofree char *same = again ? kt_measurement_to_json(again) : NULL;
  if (m && g_strcmp0(written, same) != 0)
    g_error("written and read again it is another measurement: '%s', '%s'", written, same);
}

static void run_plan(const char *bytes, gsize length)
{
  g_autoptr(KtPlan) plan = kt_plan_from_json("plan", bytes, length, NULL);
  g_autofree char *json = plan ? kt_plan_to_json(plan) : NULL;
  g_autoptr(KtPlan) again = json ? kt_plan_from_json("again", json, strlen(json), NULL) : NULL;
  if (plan && !again)
    g_error("what is written cannot be read: %s", json);
}

static void run_accepted(const char *bytes, gsize length)
{
  g_autoptr(GPtrArray) accepted = kt_accepted_new(), again = kt_accepted_new();
  g_autoptr(GError) error = NULL;
  if (!kt_accepted_parse(accepted, bytes, "ignore", NULL))
    return;
  g_autofree char *text = kt_accepted_format(accepted);
  if (!kt_accepted_parse(again, text, "ignore", &error) || again->len != accepted->len)
    g_error("what is written cannot be read: %s", error ? error->message : text);
}

/* ---- numbers ---- */

static void run_set(const char *bytes, gsize length)
{
  kt_set_free(kt_set_parse_mask(bytes, NULL));
  g_autoptr(KtSet) set = kt_set_parse(bytes, NULL);
  g_autofree char *list = set ? kt_set_format(set) : NULL;
  g_autoptr(KtSet) again = set ? kt_set_parse(list, NULL) : NULL;
  if (set && !(again && kt_set_equal(set, again)))
    g_error("'%s' becomes another set", list);
}

static void run_units(const char *bytes, gsize length)
{
  guint64 kib;
  double number;
  const char *end = kt_units_parse_kib(bytes, 1, &kib);
  if (end && (end < bytes || end > bytes + length))
    g_error("read beyond the text");
  g_free(end ? kt_units_format_kib(kib) : NULL);
  if (kt_units_parse_decimal(bytes, &number) && !(ABS(number) <= G_MAXDOUBLE))
    g_error("'%s' is no number", bytes);
}

/* ---- the table ---- */

typedef struct {
  const char *name; /* a word */
  const char *what;
  void (*run)(const char *bytes, gsize length); /* a NUL stands behind the bytes */
} Target;

/* One a line: a row is all that a new target needs. */
/* clang-format off */
static const Target targets[] = {
    {"text", "any bytes made clean lines", run_text},
    {"paste", "any bytes as a paste: read, joined, diagnosed, shown", run_paste},
    {"pieces", "a text read piece by piece", run_pieces},
    {"capture", "the output of the capture script", run_capture},
    {"scrub-tree", "that output scrubbed", run_scrub_tree},
    {"archive", "tar, zip, cpio with any compression", run_archive},
#if HAVE_LIBXML2
    {"xml", "an XML document of any kind", run_xml},
#endif
    {"proc-cmdline", "/proc/PID/cmdline of a QEMU process", run_cmdline},
    {"qemu-option", "the value of one QEMU option, JSON too", run_qemu_option},
    {"scrub", "a text scrubbed", run_scrub},
    {"past-report", "a report of doctor --json", run_past_report},
    {"domxml", "a domain's definition, edited and compared", run_domxml},
    {"plan", "a plan's JSON", run_plan},
    {"steps", "a plan carried out, without a host", kt_target_steps},
    {"measurement", "a measurement's JSON", run_measurement},
    {"accepted", "a file of accepted risks", run_accepted},
    {"cloud-yaml", "clouds.yaml", kt_target_cloud_yaml},
    {"cloud-answer", "a list of servers, flavors, images or hosts", kt_target_cloud_answer},
    {"cloud-signin", "Keystone's and Nova's answers at sign-in", kt_target_cloud_signin},
    {"cloud-message", "a service's refusal", kt_target_cloud_message},
    {"cloud-server", "a server, its cells, what became of an action; what a guest has in words", kt_target_cloud_server},
    {"cloud-plan", "kvmtune cloud plan -o", kt_target_cloud_plan},
    {"nova-request", "a line of nova fit --batch", kt_target_nova_request},
    {"nova-value", "a text as Nova reads it", kt_target_nova_value},
    {"set", "lists and masks of CPUs", run_set},
    {"units", "sizes and numbers", run_units},
};
/* clang-format on */

gboolean kt_target_run(const char *name, const char *bytes, gsize length)
{
  const KtReader *reader = kt_reader_find(name);
  const Target *row = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(targets); i++)
    if (g_str_equal(targets[i].name, name))
      row = &targets[i];
  if (reader)
    kt_reader_run(reader, bytes, length);
  else if (row)
    row->run(bytes, length);
  return reader || row;
}

char **kt_target_names(void)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  guint n;
  const KtReader *const *readers = kt_readers(&n);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add(names, kt_reader_target_name(readers[i]));
  for (guint i = 0; i < G_N_ELEMENTS(targets); i++)
    g_ptr_array_add(names, g_strdup(targets[i].name));
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

/* ---- seeds ---- */

typedef struct {
  void (*seed)(const char *name, const char *text, gpointer data);
  gpointer data;
  const char *name;
} Seeds;

static void pass_on(const char *text, gpointer data)
{
  const Seeds *s = data;
  s->seed(s->name, text, s->data);
}

void kt_target_each_seed(const char *bytes, gsize length,
                         void (*seed)(const char *name, const char *text, gpointer data), gpointer data)
{
  g_autoptr(KtText) text = kt_text_new("seed", bytes, length);
  guint n;
  const KtReader *const *readers = kt_readers(&n);
  for (guint i = 0; i < n; i++) {
    g_autofree char *name = kt_reader_target_name(readers[i]);
    Seeds s = {seed, data, name};
    kt_reader_each_block(readers[i], text, pass_on, &s);
  }
}
