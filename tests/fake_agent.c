/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded: the agent of every guest answers on the socket KT_AGENT_SOCKET, a line for each command; and its libvirt
 * counts what vCPUs have done: the same work all the time, for KT_RUN_BAD percent of a CPU by a guest of 32 sockets and
 * for KT_RUN_GOOD percent by others. */
#include <dlfcn.h>
#include <libvirt/libvirt-qemu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

char *virDomainQemuAgentCommand(virDomainPtr domain, const char *command, int timeout, unsigned int flags)
{
  (void)domain, (void)timeout, (void)flags;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", getenv("KT_AGENT_SOCKET"));
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  FILE *file = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fdopen(fd, "r+") : NULL;
  char *answer = NULL;
  size_t room = 0;
  if (file) {
    for (const char *p = command; *p; p++)
      fputc(*p == '\n' ? ' ' : *p, file);
    fputc('\n', file);
    fflush(file);
    if (getline(&answer, &room, file) < 0)
      answer[0] = '\0';
    fclose(file);
  }
  return answer;
}

typedef int GetStats(virConnectPtr connection, unsigned int groups, virDomainStatsRecordPtr **records,
                     unsigned int flags);

/* With a little noise, or nothing could be said of its mean. */
static void count(virDomainStatsRecordPtr record)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  unsigned long long ns = now.tv_sec * 1000000000ull + now.tv_nsec;
  char *xml = virDomainGetXMLDesc(record->dom, 0);
  const char *percent = getenv(xml && strstr(xml, "sockets='32'") ? "KT_RUN_BAD" : "KT_RUN_GOOD");
  const struct {
    const char *field;
    unsigned long long value;
  } all[] = {{"vcpu.0.time", ns / 100 * strtoul(percent ? percent : "0", NULL, 10) + ns % 1000003},
             {"net.0.rx.pkts", ns / 1000000}};
  record->nparams = sizeof all / sizeof *all;
  record->params = calloc(record->nparams, sizeof *record->params);
  for (int i = 0; i < record->nparams; i++) {
    strcpy(record->params[i].field, all[i].field);
    record->params[i].type = VIR_TYPED_PARAM_ULLONG;
    record->params[i].value.ul = all[i].value;
  }
  free(xml);
}

int virConnectGetAllDomainStats(virConnectPtr connection, unsigned int groups, virDomainStatsRecordPtr **records,
                                unsigned int flags)
{
  int vcpus = groups & VIR_DOMAIN_STATS_VCPU;
  GetStats *real = (GetStats *)dlsym(RTLD_NEXT, "virConnectGetAllDomainStats");
  int n = real(connection, vcpus ? VIR_DOMAIN_STATS_STATE : groups, records,
               vcpus ? VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE : flags);
  for (int i = 0; vcpus && i < n; i++)
    count((*records)[i]);
  return n;
}
