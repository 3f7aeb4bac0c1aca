/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded: the agent of every guest answers on the socket KT_AGENT_SOCKET, a line for each command. */
#include <libvirt/libvirt-qemu.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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
