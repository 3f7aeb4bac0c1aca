/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live actuator on libvirt's test driver, which lives inside the library, and on files of a root. */
#include <glib.h>
#include <glib/gstdio.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply/actuator.h"
#include "apply/hand.h"
#include "base/error.h"

typedef struct {
  KtActuator *hand;
  char *root;
  GString *calls;
} World;

static void called(const char *call, gpointer data)
{
  g_string_append_printf(data, "%s;", call);
}

static void put(const World *w, const char *path, const char *text)
{
  g_autofree char *full = g_build_filename(w->root, path, NULL), *directory = g_path_get_dirname(full);
  g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
  g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void begin(World *w)
{
  g_autoptr(GError) error = NULL;
  w->root = g_dir_make_tmp("kt-hand-XXXXXX", &error);
  w->calls = g_string_new(NULL);
  put(w, "proc/sys/kernel/numa_balancing", "1\n");
  put(w, "sys/kernel/mm/transparent_hugepage/shmem_enabled", "always within_size advise [never] deny force\n");
  put(w, "sys/module/kvm/parameters/nx_huge_pages", "Y\n");
  put(w, "sys/devices/system/node/has_memory", "0-1\n");
  w->hand = kt_actuator_new("test:///default", w->root, &error);
  g_assert_no_error(error);
  w->hand->called = called;
  w->hand->data = w->calls;
  w->hand->restart_time = 20;
}

static void end(World *w)
{
  kt_actuator_free(w->hand);
  g_autofree char *remove = g_strdup_printf("rm -r %s", w->root);
  g_assert_cmpint(system(remove), ==, 0);
  g_free(w->root);
  g_string_free(w->calls, TRUE);
}

static KtStep *step(KtStepKind kind, const char *domain, const char *where, const char *before, const char *after)
{
  KtStep *s = kt_step_new(kind, where, before, after);
  s->domain = g_strdup(domain);
  return s;
}

/* Reads, writes, reads: what is found last. Caller frees. */
static char *change(World *w, const KtStep *s)
{
  g_autoptr(GError) error = NULL;
  gboolean ok = w->hand->write(w->hand, s, s->after, &error);
  g_assert_no_error(error);
  g_assert_true(ok);
  char *found = w->hand->read(w->hand, s, &error);
  g_assert_no_error(error);
  return found;
}

static void test_knobs(void)
{
  World w;
  begin(&w);
  static const struct {
    KtStepKind kind;
    const char *where, *before, *after, *found;
  } rows[] = {
      {KT_STEP_SYSCTL, "kernel.numa_balancing", "1", "0", "0"},
      {KT_STEP_SYSFS, "sys/kernel/mm/transparent_hugepage/shmem_enabled", "never", "advise", "advise"},
      {KT_STEP_SYSFS, "sys/module/kvm/parameters/nx_huge_pages", "Y", "N", "N"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtStep) s = step(rows[i].kind, NULL, rows[i].where, rows[i].before, rows[i].after);
    g_autofree char *before = w.hand->read(w.hand, s, NULL);
    g_assert_cmpstr(before, ==, rows[i].before);
    g_autofree char *found = change(&w, s);
    g_assert_cmpstr(found, ==, rows[i].found);
    g_assert_true(w.hand->reached(w.hand, s, rows[i].after, found));
    g_assert_false(w.hand->reached(w.hand, s, rows[i].before, found));
  }
  g_assert_nonnull(strstr(w.calls->str, "write(/proc/sys/kernel/numa_balancing, 0);"));
  g_autoptr(KtStep) parameter = step(KT_STEP_SYSFS, NULL, "sys/module/x", "1", "0");
  g_assert_true(w.hand->reached(w.hand, parameter, "0", "N"));
  g_assert_false(w.hand->reached(w.hand, parameter, "0", "Y"));
  end(&w);
}

/* Every node has to have room for what is unmerged, by an apply or by a rollback, which only writes. */
static void test_unmerge(void)
{
  static const struct {
    const char *sharing, *second, *refusal; /* MemFree of the second node; NULL: it is not told */
  } rows[] = {{"0", "0 kB", NULL},
              {"256", "2048 kB", NULL},
              {"1024", "2048 kB", "unmerging takes up to 4 MiB, and node1 has 2 MiB free"},
              {"0", NULL, "how much memory node1 has free cannot be read"},
              {"many", "2048 kB", "how many pages KSM shares cannot be read"}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    World w;
    begin(&w);
    g_autofree char *second = rows[i].second
                                  ? g_strdup_printf("Node 1 MemTotal: 9000 kB\nNode 1 MemFree: %s\n", rows[i].second)
                                  : g_strdup("");
    put(&w, "sys/kernel/mm/ksm/pages_sharing", rows[i].sharing);
    put(&w, "sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 9999999 kB\nNode 0 MemFree:  9999999 kB\n");
    put(&w, "sys/devices/system/node/node2/meminfo", "Node 2 MemTotal: 0 kB\nNode 2 MemFree: 0 kB\n");
    put(&w, "sys/devices/system/node/node1/meminfo", second);
    put(&w, "sys/kernel/mm/ksm/run", "1");
    g_autoptr(KtStep) s = step(KT_STEP_SYSFS, NULL, "sys/kernel/mm/ksm/run", "1", "2");
    g_autoptr(KtStep) back = step(KT_STEP_SYSFS, NULL, "sys/kernel/mm/ksm/run", "2", "1");
    g_autofree char *why = w.hand->refuses(w.hand, s, NULL, NULL), *none = w.hand->refuses(w.hand, back, NULL, NULL);
    g_assert_null(none);
    g_autoptr(GError) error = NULL;
    gboolean written = w.hand->write(w.hand, back, back->before, &error);
    g_autofree char *found = w.hand->read(w.hand, s, NULL);
    if (sysconf(_SC_PAGESIZE) == 4096) {
      g_assert_cmpstr(why, ==, rows[i].refusal);
      g_assert_true(written == !rows[i].refusal);
      g_assert_true(written || strstr(error->message, rows[i].refusal));
      g_assert_cmpstr(found, ==, written ? "2" : "1");
    }
    end(&w);
  }
}

/* What the kernel would refuse is refused before the first step. */
static void test_no_values(void)
{
  World w;
  begin(&w);
  static const struct {
    KtStepKind kind;
    const char *where, *good, *bad, *words;
  } rows[] = {
      {KT_STEP_SYSCTL, "kernel.numa_balancing", "0", "off", "'off' is no value of it, expected a number"},
      {KT_STEP_SYSFS, "sys/kernel/mm/transparent_hugepage/shmem_enabled", "advise", "madvise", "[never]"},
      {KT_STEP_SYSFS, "sys/module/kvm/parameters/nx_huge_pages", "N", "2", "expected Y or N"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtStep) good = step(rows[i].kind, NULL, rows[i].where, "x", rows[i].good);
    g_autoptr(KtStep) bad = step(rows[i].kind, NULL, rows[i].where, "x", rows[i].bad);
    g_autofree char *none = w.hand->refuses(w.hand, good, NULL, NULL), *why = w.hand->refuses(w.hand, bad, NULL, NULL);
    g_assert_null(none);
    g_assert_nonnull(why);
    g_assert_nonnull(strstr(why, rows[i].words));
  }
  end(&w);
}

static void test_no_knobs(void)
{
  World w;
  begin(&w);
  static const struct {
    KtStepKind kind;
    const char *where;
    int code;
  } rows[] = {{KT_STEP_SYSCTL, "kernel.no_such", KT_ERROR_NOT_FOUND},
              {KT_STEP_SYSFS, "etc/passwd", KT_ERROR_UNSUPPORTED},
              {KT_STEP_SYSFS, "sys/../etc/passwd", KT_ERROR_UNSUPPORTED},
              {KT_STEP_SYSCTL, "/etc/passwd", KT_ERROR_UNSUPPORTED},
              {KT_STEP_SYSFS, "sys/kernel/mm/x\ny", KT_ERROR_UNSUPPORTED},
              {KT_STEP_SYSCTL, "kernel.a b", KT_ERROR_UNSUPPORTED}};
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    g_autoptr(KtStep) s = step(rows[i].kind, NULL, rows[i].where, "1", "0");
    g_autoptr(GError) error = NULL;
    g_assert_false(w.hand->write(w.hand, s, "0", &error));
    g_assert_error(error, KT_ERROR, rows[i].code);
    g_autoptr(GError) unread = NULL;
    g_assert_null(w.hand->read(w.hand, s, &unread));
    g_assert_error(unread, KT_ERROR, rows[i].code);
  }
  g_autoptr(KtStep) lines = step(KT_STEP_SYSCTL, NULL, "kernel.numa_balancing", "1", "0");
  g_autoptr(GError) error = NULL;
  g_assert_false(w.hand->write(w.hand, lines, "0\n1", &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_FORMAT);
  g_autoptr(KtStep) any = step(KT_STEP_SYSFS, NULL, "sys/module/kvm/parameters/ignore_msrs", "Y", "N");
  g_autofree char *why = w.hand->refuses(w.hand, any, NULL, NULL);
  g_assert_nonnull(strstr(why, "no knob that plans set"));
  g_assert_null(w.hand->refuses(w.hand, lines, NULL, NULL));
  end(&w);
}

/* The test driver has no quotas. */
static void test_scheduler(void)
{
  World w;
  begin(&w);
  g_autoptr(KtStep) s = step(KT_STEP_SCHEDULER, "test", "vcpu_quota", "100000", "-1");
  g_autoptr(GError) none = NULL, refused = NULL, bad = NULL;
  g_assert_null(w.hand->read(w.hand, s, &none));
  g_assert_true(g_str_has_prefix(none->message, "cannot read the vcpu_quota of domain 'test'"));
  g_assert_false(w.hand->write(w.hand, s, "-1", &refused));
  g_assert_true(g_str_has_prefix(refused->message, "cannot set the vcpu_quota to -1 of domain 'test'"));
  g_assert_false(w.hand->write(w.hand, s, "many", &bad));
  g_assert_error(bad, KT_ERROR, KT_ERROR_FORMAT);
  g_assert_cmpstr(w.calls->str, ==, "virDomainSetSchedulerParameters(test, vcpu_quota -1, live);");
  end(&w);
}

static void test_pins(void)
{
  World w;
  begin(&w);
  g_autoptr(KtStep) vcpu = step(KT_STEP_VCPUPIN, "test", "1", "0-7", "2-3");
  g_autoptr(KtStep) emulator = step(KT_STEP_EMULATORPIN, "test", "", "0-7", "0,2");
  g_autofree char *before = w.hand->read(w.hand, vcpu, NULL);
  g_autofree char *pinned = change(&w, vcpu), *own = change(&w, emulator);
  g_assert_cmpstr(before, ==, "0-7");
  g_assert_cmpstr(pinned, ==, "2-3");
  g_assert_cmpstr(own, ==, "0,2");
  g_assert_true(w.hand->reached(w.hand, vcpu, "2,3", pinned));
  g_assert_false(w.hand->reached(w.hand, vcpu, "2-4", pinned));
  g_assert_cmpstr(w.calls->str, ==, "virDomainPinVcpu(test, 1, 2-3);virDomainPinEmulator(test, 0,2, live);");
  static const struct {
    const char *where, *after;
    int code;
  } bad[] = {{"1", "", KT_ERROR_FORMAT},   {"1", "x", KT_ERROR_FORMAT},  {"1", "9999", KT_ERROR_SYSTEM},
             {"-1", "0", KT_ERROR_FORMAT}, {"99", "0", KT_ERROR_SYSTEM}, {"99999999", "0", KT_ERROR_FORMAT}};
  for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(KtStep) s = step(KT_STEP_VCPUPIN, "test", bad[i].where, "0-7", bad[i].after);
    g_autoptr(GError) error = NULL;
    g_assert_false(w.hand->write(w.hand, s, s->after, &error));
    g_assert_error(error, KT_ERROR, bad[i].code);
  }
  end(&w);
}

/* A dry run shows the same calls and makes none. */
static void test_dry(void)
{
  static const struct {
    KtStepKind kind;
    const char *domain, *where, *after;
  } rows[] = {{KT_STEP_SYSCTL, NULL, "kernel.numa_balancing", "0"},
              {KT_STEP_VCPUPIN, "test", "0", "4-5"},
              {KT_STEP_EMULATORPIN, "test", "", "1"},
              {KT_STEP_NODESET, "test", "", "1"}};
  g_autofree char *shown = NULL;
  for (guint dry = 2; dry-- > 0;) {
    World w;
    begin(&w);
    w.hand->dry = dry;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
      g_autoptr(KtStep) s = step(rows[i].kind, rows[i].domain, rows[i].where, NULL, rows[i].after);
      g_autofree char *before = w.hand->read(w.hand, s, NULL), *found = change(&w, s);
      g_assert_cmpint(g_strcmp0(before, found) == 0, ==, dry);
    }
    if (dry)
      shown = g_strdup(w.calls->str);
    else
      g_assert_cmpstr(shown, ==, w.calls->str);
    g_assert_cmpint((int)strlen(w.calls->str), >, 100);
    end(&w);
  }
}

static void test_definition(void)
{
  World w;
  begin(&w);
  g_autoptr(KtStep) read = step(KT_STEP_DEFINITION, "test", "", NULL, NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *before = w.hand->read(w.hand, read, &error);
  g_assert_no_error(error);
  const char *vcpus = strstr(before, "  <vcpu ");
  g_assert_nonnull(vcpus);
  g_autofree char *head = g_strndup(before, (gsize)(vcpus - before));
  g_autofree char *after = g_strconcat(head, "  <cputune><vcpupin vcpu='0' cpuset='1,2'/></cputune>\n", vcpus, NULL);
  g_autoptr(KtStep) s = step(KT_STEP_DEFINITION, "test", "", before, after);
  g_autofree char *found = change(&w, s);
  g_assert_true(w.hand->reached(w.hand, s, after, found));
  g_assert_false(w.hand->reached(w.hand, s, before, found));
  g_assert_true(w.hand->write(w.hand, s, before, &error));
  g_autofree char *undone = w.hand->read(w.hand, s, &error);
  g_assert_cmpstr(undone, ==, before);
  g_assert_true(w.hand->reached(w.hand, s, before, undone));
  g_assert_cmpstr(w.calls->str, ==, "virDomainDefineXMLFlags(test, validate);virDomainDefineXMLFlags(test);");
  g_assert_false(w.hand->write(w.hand, s, "<domain", &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_SYSTEM);
  end(&w);
}

/* libvirt may write more than it was given, and sets in its own form: what was edited has to be there. */
static void test_edits(void)
{
  static const char before[] = "<domain><vcpu>4</vcpu><cpu mode='custom'><model>a</model></cpu><cputune>"
                               "<vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/></cputune></domain>";
  static const char after[] =
      "<domain><vcpu>4</vcpu><cpu mode='host-passthrough'><topology sockets='2' cores='2'/></cpu>"
      "<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1,2,3'/></cputune></domain>";
  static const char good[] =
      "<domain type='kvm'>\n  <vcpu>4</vcpu>\n <cputune>\n<vcpupin vcpu='1' cpuset='1-3'/><vcpupin vcpu='0' "
      "cpuset='0'/></cputune><cpu mode='host-passthrough' check='none'><topology sockets='2' dies='1' "
      "cores='2'/></cpu></domain>";
  g_assert_true(kt_definition_has_edits(before, after, good));
  g_assert_true(kt_definition_has_edits(before, after, after));
  g_assert_false(kt_definition_has_edits(before, after, before));
  static const struct {
    const char *from, *to;
  } lost[] = {{"1-3", "1-2"},
              {"sockets='2'", "sockets='1'"},
              {"<topology sockets='2' dies='1' cores='2'/>", ""},
              {"check='none'>", "check='none'><model>a</model>"}};
  for (guint i = 0; i < G_N_ELEMENTS(lost); i++) {
    g_autoptr(GString) found = g_string_new(good);
    g_assert_cmpuint(g_string_replace(found, lost[i].from, lost[i].to, 1), ==, 1);
    g_assert_false(kt_definition_has_edits(before, after, found->str));
  }
}

static void test_restart(void)
{
  World w;
  begin(&w);
  g_autoptr(KtStep) s = step(KT_STEP_RESTART, "test", "", NULL, "running anew");
  s->before = w.hand->read(w.hand, s, NULL);
  g_assert_cmpstr(s->before, ==, "running, id 1");
  g_autofree char *found = change(&w, s);
  g_assert_cmpstr(found, ==, "running, id 2");
  g_assert_true(w.hand->reached(w.hand, s, s->after, found));
  g_assert_false(w.hand->reached(w.hand, s, s->after, s->before));
  g_assert_false(w.hand->reached(w.hand, s, s->after, "shut off"));
  end(&w);
}

/* A rollback, dry or not, compares a definition with what was read for writing; that of a guest with a password. */
static void test_secret(void)
{
  World w;
  begin(&w);
  g_autoptr(GError) error = NULL;
  g_autoptr(KtStep) s = step(KT_STEP_DEFINITION, "test", "", NULL, NULL);
  g_autofree char *plain = w.hand->read(w.hand, s, &error);
  g_assert_no_error(error);
  const char *tail = strstr(plain, "  </devices>");
  g_assert_nonnull(tail);
  g_autofree char *head = g_strndup(plain, (gsize)(tail - plain));
  s->before = g_strdup(plain);
  s->after = g_strconcat(head, "    <graphics type='vnc' port='-1' passwd='secret'/>\n", tail, NULL);
  g_autofree char *found = change(&w, s);
  g_assert_nonnull(strstr(found, "secret"));
  w.hand->dry = TRUE;
  g_autofree char *shown = w.hand->read(w.hand, s, &error);
  g_assert_null(strstr(shown, "secret"));
  s->state = KT_STEP_DONE;
  g_autofree char *compared = w.hand->read(w.hand, s, &error);
  g_assert_cmpstr(compared, ==, found);
  end(&w);
}

/* A guest that is shut off has lost its pins; one that is saved gets them back. */
static void test_saved(void)
{
  World w;
  begin(&w);
  g_autoptr(GError) error = NULL;
  g_autoptr(KtStep) s = step(KT_STEP_VCPUPIN, "test", "0", "0-7", "1");
  g_autoptr(virDomain) domain = kt_hand_domain((KtHand *)w.hand, "test", NULL, TRUE, &error);
  g_assert_no_error(error);
  g_assert_cmpint(virDomainManagedSave(domain, 0), ==, 0);
  g_assert_null(w.hand->read(w.hand, s, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_SYSTEM);
  g_assert_nonnull(strstr(error->message, "is saved on disk"));
  g_assert_cmpint(virDomainManagedSaveRemove(domain, 0), ==, 0);
  g_autoptr(GError) off = NULL;
  g_assert_null(w.hand->read(w.hand, s, &off));
  g_assert_error(off, KT_ERROR, KT_ERROR_NOT_FOUND);
  end(&w);
}

/* Without libvirt nothing is known of guests, and nothing is gone: they run on. */
static void test_no_libvirt(void)
{
  if (g_file_test("/run/libvirt", G_FILE_TEST_EXISTS)) {
    g_test_skip("libvirt is here");
    return;
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(KtActuator) hand = kt_actuator_new(NULL, NULL, &error);
  g_assert_no_error(error);
  static const KtStepKind kinds[] = {KT_STEP_VCPUPIN, KT_STEP_NODESET, KT_STEP_MEMORY, KT_STEP_GUEST, KT_STEP_RESTART};
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
    g_autoptr(KtStep) s = step(kinds[i], "test", "0", NULL, NULL);
    g_autoptr(GError) none = NULL;
    g_assert_null(hand->read(hand, s, &none));
    g_assert_error(none, KT_ERROR, KT_ERROR_SYSTEM);
    g_assert_cmpstr(none->message, ==, "no libvirt runs here");
  }
}

/* A guest that runs has what was set in it, though nobody answers: "not found" would be taken for the guest's end. */
static void test_silent_agent(void)
{
  World w;
  begin(&w);
  g_autoptr(KtStep) s = step(KT_STEP_GUEST, "test", "kernel.numa_balancing", "1", "0");
  g_autoptr(GError) error = NULL;
  g_assert_null(w.hand->read(w.hand, s, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_SYSTEM);
  end(&w);
}

#define UUID "6695eb01-f6a4-8304-79aa-97f2502e193f" /* of the test driver's domain, which has the id 1 */

/* Words with a space between them. */
static void put_process(const World *w, int pid, const char *words)
{
  g_autofree char *path = g_strdup_printf("proc/%d/cmdline", pid), *full = g_build_filename(w->root, path, NULL);
  g_autofree char *argv = g_strdelimit(g_strdup(words), " ", '\1');
  put(w, path, "");
  gsize length = strlen(argv);
  for (gsize i = 0; i < length; i++)
    argv[i] = argv[i] == '\1' ? '\0' : argv[i];
  g_assert_true(g_file_set_contents(full, argv, (gssize)length + 1, NULL));
}

#define QEMU "/usr/bin/qemu-system-x86_64 -machine q35 -uuid " UUID
#define RUN(id) QEMU " -object {\"file\":\"/var/lib/libvirt/qemu/domain-" id "-test/master-key.aes\"}"

/* Whoever may start a program here may give it any words. */
static void test_process(void)
{
  static const struct {
    const char *file, *first, *second; /* libvirt's file; words of the processes 4711 and 4712 */
    int pid;
    guint found;
  } rows[] = {
      {NULL, "/usr/bin/sleep -machine q35 -uuid " UUID, NULL, 0, 0},
      {NULL, QEMU, NULL, 4711, 1},
      {NULL, RUN("1"), NULL, 4711, 1},
      {NULL, RUN("2"), NULL, 0, 0}, /* of an earlier run, or of another libvirtd */
      {NULL, RUN("12"), RUN("1"), 4712, 1},
      {NULL, QEMU " -drive file=/images/domain-2-old/disk", NULL, 4711, 1}, /* a disk's folder is none of libvirt's */
      {NULL, RUN("1"), RUN("1"), 0, 2},
      {NULL, QEMU, QEMU, 0, 2},
      {"4712", QEMU, QEMU, 4712, 1},
      {"4712", RUN("1"), RUN("1"), 4712, 1},
      {"4713", RUN("1"), NULL, 4711, 1}, /* a file that is stale */
      {"4711", "/usr/bin/sleep -uuid " UUID, QEMU, 4712, 1},
      {"-1", QEMU, QEMU, 0, 2},
  };
  for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
    World w;
    begin(&w);
    if (rows[i].file)
      put(&w, "run/libvirt/qemu/test.pid", rows[i].file);
    put_process(&w, 4711, rows[i].first);
    if (rows[i].second)
      put_process(&w, 4712, rows[i].second);
    KtHand hand = *(KtHand *)w.hand;
    g_autoptr(GError) error = NULL, none = NULL;
    guint found;
    g_assert_cmpint(kt_hand_choose_process(hand.root, "run/libvirt/qemu/test.pid", UUID, 1, &found), ==, rows[i].pid);
    g_assert_cmpuint(found, ==, rows[i].found);
    g_autoptr(virDomain) domain = kt_hand_domain((KtHand *)w.hand, "test", NULL, FALSE, &error);
    g_assert_no_error(error);
    hand.uri = NULL;
    g_assert_cmpint(kt_hand_process(&hand, domain, &none), ==, rows[i].pid);
    g_assert_true((rows[i].pid == 0) == g_error_matches(none, KT_ERROR, KT_ERROR_UNSUPPORTED));
    g_assert_true(rows[i].found < 2 || strstr(none->message, "2 processes have the UUID of domain 'test'"));
    end(&w);
  }
}

static void test_look(void)
{
  World w;
  begin(&w);
  g_autoptr(GError) error = NULL;
  g_autoptr(KtLook) look = w.hand->look(w.hand, "test", NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpstr(look->uuid, ==, "6695eb01-f6a4-8304-79aa-97f2502e193f");
  g_assert_cmpint(look->id, ==, 1);
  g_assert_true(look->persistent);
  g_assert_cmpuint(look->cells, ==, 1);
  g_assert_null(look->numatune);
  g_assert_null(w.hand->look(w.hand, "nobody", NULL, &error));
  g_assert_error(error, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_autoptr(GError) namesake = NULL;
  g_assert_null(w.hand->look(w.hand, "test", "11111111-2222-3333-4444-555555555555", &namesake));
  g_assert_error(namesake, KT_ERROR, KT_ERROR_NOT_FOUND);
  g_assert_nonnull(strstr(namesake->message, "is another"));
  g_autoptr(KtStep) memory = step(KT_STEP_MEMORY, "test", "0", "0:1", "1:1");
  g_autoptr(GError) none = NULL;
  g_assert_null(w.hand->read(w.hand, memory, &none));
  g_assert_error(none, KT_ERROR, KT_ERROR_UNSUPPORTED);
  end(&w);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/hand/knobs", test_knobs);
  g_test_add_func("/hand/unmerge", test_unmerge);
  g_test_add_func("/hand/no-values", test_no_values);
  g_test_add_func("/hand/no-knobs", test_no_knobs);
  g_test_add_func("/hand/scheduler", test_scheduler);
  g_test_add_func("/hand/pins", test_pins);
  g_test_add_func("/hand/dry", test_dry);
  g_test_add_func("/hand/definition", test_definition);
  g_test_add_func("/hand/edits", test_edits);
  g_test_add_func("/hand/restart", test_restart);
  g_test_add_func("/hand/saved", test_saved);
  g_test_add_func("/hand/no-libvirt", test_no_libvirt);
  g_test_add_func("/hand/silent-agent", test_silent_agent);
  g_test_add_func("/hand/process", test_process);
  g_test_add_func("/hand/secret", test_secret);
  g_test_add_func("/hand/look", test_look);
  return g_test_run();
}
