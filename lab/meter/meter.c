/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * meter.so, a plugin of QEMU's TCG: counts the loads and stores of each CPU of
 * the emulated machine by the node of the memory, those of KVM guests in it
 * too (their addresses end in the same memory), and makes remote memory slow
 * if asked to.
 *
 *   -plugin meter.so,sizes=MIB:MIB,cpus=NODE:NODE,distances=10:16/16:10,socket=PATH
 *           [,start=on][,sample=N][,latency=NS]
 *
 * Each CPU's counters are written by its own thread only, without locks; who
 * reads them sees each number grow, not one moment of all of them. Resetting
 * keeps the counters and remembers where they were.
 *
 * Not seen: walks of page tables by the MMU, fetches of instructions, devices.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"
#include "command.h"
#include "counts.h"
#include "mailbox.h"
#include "plugin_api.h"

int qemu_plugin_version = QEMU_PLUGIN_API;

/* What one CPU's thread writes; nobody shares its cache lines. */
typedef struct {
  KtCountsRow row;
  unsigned until_sample;
  KtLabCache *cache; /* NULL: no cache model was on yet */
  pthread_t thread;
  volatile bool started;
} __attribute__((aligned(128))) Cpu;

static struct {
  volatile bool on, latency;
  volatile unsigned sample, local_ns, base_ns;
  volatile unsigned turns[KT_MAX_NODES][KT_MAX_NODES]; /* of waiting, for a miss from node to node */
  double turns_per_ns;
  KtLabMachine machine;
} settings = {.sample = 1};

static Cpu cpus[KT_MAX_CPUS];
static KtCountsRow at_reset[KT_MAX_CPUS];
static pthread_mutex_t commands_lock = PTHREAD_MUTEX_INITIALIZER;
static char answer[KT_COUNTS_TEXT_MAX]; /* of the last command */
static char socket_path[sizeof((struct sockaddr_un *)NULL)->sun_path];

/* ---- counting ---- */

static inline void wait_turns(unsigned turns)
{
  while (turns--)
    __asm__ volatile("");
}

static void count(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
  if (!settings.on)
    return;
  Cpu *cpu = &cpus[vcpu];
  if (cpu->until_sample > 1) {
    cpu->until_sample--;
    return;
  }
  cpu->until_sample = settings.sample;
  struct qemu_plugin_hwaddr *address = qemu_plugin_get_hwaddr(info, vaddr);
  bool store = qemu_plugin_mem_is_store(info);
  if (!address || qemu_plugin_hwaddr_is_io(address)) {
    *(store ? &cpu->row.io_stores : &cpu->row.io_loads) += 1;
    return;
  }
  uint64_t at = qemu_plugin_hwaddr_phys_addr(address);
  unsigned node = kt_lab_machine_node_at(&settings.machine, at);
  (store ? cpu->row.stores : cpu->row.loads)[node]++;
  if (!settings.latency || kt_lab_cache_hit(cpu->cache, at))
    return;
  cpu->row.misses[node]++;
  if (node != KT_OTHER)
    wait_turns(settings.turns[settings.machine.node_of_cpu[vcpu]][node]);
}

static uint64_t thread_ns(clockid_t clock)
{
  struct timespec t;
  return clock_gettime(clock, &t) ? 0 : (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The counters since boot of one CPU. */
static KtCountsRow row_now(unsigned vcpu)
{
  KtCountsRow row = cpus[vcpu].row;
  clockid_t clock;
  if (cpus[vcpu].started && !pthread_getcpuclockid(cpus[vcpu].thread, &clock))
    row.cpu_ns = thread_ns(clock);
  return row;
}

/* ---- delays ---- */

/* Turns of waiting in a nanosecond of this thread's CPU time; the best of some tries. */
static double measure_turns(void)
{
  enum { TURNS = 1000000 };
  double best = 0;
  for (int i = 0; i < 5; i++) {
    uint64_t start = thread_ns(CLOCK_THREAD_CPUTIME_ID);
    wait_turns(TURNS);
    uint64_t took = thread_ns(CLOCK_THREAD_CPUTIME_ID) - start;
    if (took && (double)TURNS / (double)took > best)
      best = (double)TURNS / (double)took;
  }
  return best;
}

/*
 * A miss shall take local_ns * distance / 10 in all. base_ns of it pass anyway,
 * in the emulated access and here, so that only the rest is waited for.
 */
static void set_delays(unsigned local_ns, unsigned base_ns)
{
  const KtLabMachine *m = &settings.machine;
  settings.local_ns = local_ns;
  settings.base_ns = base_ns;
  for (unsigned from = 0; from < m->nodes; from++)
    for (unsigned to = 0; to < m->nodes; to++) {
      double ns = local_ns * (m->distance[from][to] / 10.0) - base_ns;
      settings.turns[from][to] = local_ns && ns > 0 ? (unsigned)(ns * settings.turns_per_ns) : 0;
    }
}

/* FALSE if there are no distances, or no memory for the caches. */
static bool start_latency(unsigned local_ns, unsigned base_ns)
{
  if (!settings.machine.distance[0][0])
    return false;
  for (unsigned i = 0; i < settings.machine.cpus; i++)
    if (!cpus[i].cache && !(cpus[i].cache = calloc(1, sizeof *cpus[i].cache)))
      return false;
  set_delays(local_ns, base_ns);
  settings.sample = 1; /* a cache has to see all accesses */
  settings.latency = true;
  return true;
}

/* ---- commands ---- */

static size_t show(void)
{
  static KtCounts counts;
  counts.machine = settings.machine;
  counts.on = settings.on;
  counts.latency = settings.latency;
  counts.sample = settings.sample;
  counts.local_ns = settings.local_ns;
  for (unsigned i = 0; i < counts.machine.cpus; i++) {
    counts.rows[i] = row_now(i);
    kt_counts_subtract(&counts.rows[i], &at_reset[i]);
  }
  return kt_counts_write(&counts, answer, sizeof answer);
}

static void reset(void)
{
  for (unsigned i = 0; i < settings.machine.cpus; i++)
    at_reset[i] = row_now(i);
}

/* Does what the text says and leaves the answer; its length. With the lock held. */
static size_t obey(const char *text)
{
  KtCommand command;
  char error[128];
  bool good = kt_command_parse(text, &command, error);
  if (good && command.verb == KT_COMMAND_SHOW)
    return show();
  if (good && command.verb == KT_COMMAND_SAMPLE && settings.latency && command.numbers[0] != 1) {
    good = false;
    snprintf(error, sizeof error, "sample: the cache model of latency has to see all accesses");
  }
  if (good && command.verb == KT_COMMAND_LATENCY && !command.off &&
      !start_latency(command.numbers[0], command.numbers[1])) {
    good = false;
    snprintf(error, sizeof error, "latency: no distances were told, or no memory is left");
  }
  if (!good)
    return (size_t)snprintf(answer, sizeof answer, "error %s\n", error);
  switch (command.verb) {
  case KT_COMMAND_ON:
    settings.on = true;
    break;
  case KT_COMMAND_OFF:
    settings.on = false;
    break;
  case KT_COMMAND_RESET:
    reset();
    break;
  case KT_COMMAND_SAMPLE:
    settings.sample = command.numbers[0];
    reset(); /* what was counted stands for another number now */
    break;
  case KT_COMMAND_LATENCY:
    if (command.off)
      settings.latency = false;
    break;
  case KT_COMMAND_SHOW:
    break;
  }
  return (size_t)snprintf(answer, sizeof answer, "ok\n");
}

/* Runs on the vCPU's thread, before the mailbox's instruction. */
static void open_mailbox(unsigned vcpu, void *data)
{
  KtMailbox *box = data;
  static size_t total;
  pthread_mutex_lock(&commands_lock);
  if (box->offset == 0) {
    char text[KT_MAILBOX_COMMAND];
    memcpy(text, box->command, sizeof text);
    text[sizeof text - 1] = '\0';
    total = obey(text);
  }
  size_t from = box->offset < total ? box->offset : total;
  size_t length = total - from < KT_MAILBOX_ANSWER ? total - from : KT_MAILBOX_ANSWER;
  memcpy(box->answer, answer + from, length);
  box->total = (uint32_t)total;
  pthread_mutex_unlock(&commands_lock);
}

static void serve(int client)
{
  char text[KT_MAILBOX_COMMAND];
  ssize_t n = recv(client, text, sizeof text - 1, 0);
  if (n <= 0)
    return;
  text[n] = '\0';
  pthread_mutex_lock(&commands_lock);
  size_t total = obey(text), sent = 0;
  while (sent < total && (n = send(client, answer + sent, total - sent, MSG_NOSIGNAL)) > 0)
    sent += (size_t)n;
  pthread_mutex_unlock(&commands_lock);
}

static void *listen_forever(void *data)
{
  int listener = (int)(intptr_t)data;
  for (;;) {
    struct timeval patience = {.tv_sec = 5};
    int client = accept(listener, NULL, NULL);
    if (client < 0)
      continue;
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    serve(client);
    close(client);
  }
  return NULL;
}

/* ---- QEMU's callbacks ---- */

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
  for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i < n; i++) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
    qemu_plugin_register_vcpu_mem_cb(insn, count, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    if (qemu_plugin_insn_size(insn) != KT_MAILBOX_INSN_BYTES ||
        memcmp(qemu_plugin_insn_data(insn), KT_MAILBOX_CODE, KT_MAILBOX_INSN_BYTES) != 0)
      continue;
    void *page = qemu_plugin_insn_haddr(insn);
    if (page && (uintptr_t)page % KT_MAILBOX_PAGE == 0)
      qemu_plugin_register_vcpu_insn_exec_cb(insn, open_mailbox, QEMU_PLUGIN_CB_NO_REGS, page);
  }
}

static void note_thread(qemu_plugin_id_t id, unsigned vcpu)
{
  if (vcpu < KT_MAX_CPUS && !cpus[vcpu].started) {
    cpus[vcpu].thread = pthread_self();
    cpus[vcpu].started = true;
  }
}

/*
 * QEMU 7.2 may keep a vCPU's list of callbacks of a block that a flush has
 * freed, and then aborts at that vCPU's next access from C code ("code should
 * not be reached"); later releases clear the list when a block is left.
 */
static void forget_stale_lists(qemu_plugin_id_t id)
{
  for (unsigned i = 0; i < settings.machine.cpus; i++) {
    struct CPUState *cpu = qemu_get_cpu ? qemu_get_cpu((int)i) : NULL;
    if (cpu && qemu_plugin_disable_mem_helpers)
      qemu_plugin_disable_mem_helpers(cpu);
  }
}

static void remove_socket(qemu_plugin_id_t id, void *data)
{
  unlink(socket_path);
}

/* ---- start ---- */

static int complain(const char *what)
{
  fprintf(stderr, "meter: %s\n", what);
  return -1;
}

/* One argument of the plugin, NAME=VALUE; @commands collects what is a command. */
static bool take_argument(const char *argument, char commands[2][KT_MAILBOX_COMMAND], char error[static 128])
{
  KtLabMachine *m = &settings.machine;
  const char *value = strchr(argument, '=');
  size_t length = value ? (size_t)(value++ - argument) : 0;
#define IS(name) (length == strlen(name) && !strncmp(argument, name, length))
  if (IS("sizes"))
    return kt_lab_machine_read_sizes(m, value, error);
  if (IS("cpus"))
    return kt_lab_machine_read_cpus(m, value, error);
  if (IS("distances"))
    return kt_lab_machine_read_distances(m, value, error);
  if (IS("sample"))
    return snprintf(commands[0], KT_MAILBOX_COMMAND, "sample %s", value) < KT_MAILBOX_COMMAND;
  if (IS("latency"))
    return snprintf(commands[1], KT_MAILBOX_COMMAND, "latency %s", value) < KT_MAILBOX_COMMAND;
  if (IS("socket") && strlen(value) < sizeof socket_path) {
    strcpy(socket_path, value);
    return true;
  }
  if (IS("start")) {
    settings.on = !strcmp(value, "on");
    return true;
  }
#undef IS
  snprintf(error, 128, "'%.50s': expected sizes, cpus, distances, sample, latency, start or socket", argument);
  return false;
}

static int start_socket(void)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  pthread_t thread;
  strcpy(address.sun_path, socket_path);
  unlink(socket_path);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8) ||
      pthread_create(&thread, NULL, listen_forever, (void *)(intptr_t)listener))
    return complain(strerror(errno));
  return 0;
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                                               char **argv)
{
  char commands[2][KT_MAILBOX_COMMAND] = {"", ""}, error[128];
  if (!info->system_emulation || info->system.max_vcpus > KT_MAX_CPUS)
    return complain("a machine of at most 256 CPUs is needed");
  for (int i = 0; i < argc; i++)
    if (!take_argument(argv[i], commands, error))
      return complain(error);
  if (!kt_lab_machine_check(&settings.machine, error))
    return complain(error);
  if ((int)settings.machine.cpus != info->system.max_vcpus)
    return complain("cpus: not as many as the machine has");
  settings.turns_per_ns = measure_turns();
  for (int i = 0; i < 2; i++)
    if (*commands[i] && (obey(commands[i]), strncmp(answer, "ok", 2) != 0))
      return complain(answer);
  if (*socket_path && start_socket())
    return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_vcpu_resume_cb(id, note_thread);
  qemu_plugin_register_flush_cb(id, forget_stale_lists);
  qemu_plugin_register_atexit_cb(id, remove_socket, NULL);
  return 0;
}
