/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: libvirt whose call number KT_FAIL_CALL (from 1) fails. With KT_CALLS_FILE the name of each call that is
 * counted is appended there. What is counted is what the live actuator asks of libvirt.
 */
#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long calls;

/* Is this the one? */
static int fails(const char *name)
{
  const char *file = getenv("KT_CALLS_FILE"), *wanted = getenv("KT_FAIL_CALL");
  FILE *out = file ? fopen(file, "a") : NULL;
  calls++;
  if (out) {
    fprintf(out, "%s\n", name);
    fclose(out);
  }
  if (!wanted || strtoul(wanted, NULL, 10) != calls)
    return 0;
  virConnectClose(NULL); /* leaves an error, as a call that failed does */
  return 1;
}

/* Result, name, what a failure returns, parameters, arguments. */
#define WRAP(type, name, failure, parameters, arguments)                                                               \
  type name parameters                                                                                                 \
  {                                                                                                                    \
    static type(*next) parameters;                                                                                     \
    if (!next)                                                                                                         \
      *(void **)&next = dlsym(RTLD_NEXT, #name);                                                                       \
    return fails(#name) ? failure : next arguments;                                                                    \
  }

WRAP(virConnectPtr, virConnectOpen, NULL, (const char *uri), (uri))
WRAP(virConnectPtr, virConnectOpenReadOnly, NULL, (const char *uri), (uri))
WRAP(virDomainPtr, virDomainLookupByUUIDString, NULL, (virConnectPtr c, const char *uuid), (c, uuid))
WRAP(virDomainPtr, virDomainLookupByName, NULL, (virConnectPtr c, const char *name), (c, name))
WRAP(int, virDomainIsActive, -1, (virDomainPtr d), (d))
WRAP(int, virDomainIsPersistent, -1, (virDomainPtr d), (d))
WRAP(int, virDomainGetState, -1, (virDomainPtr d, int *state, int *reason, unsigned int flags),
     (d, state, reason, flags))
WRAP(char *, virDomainGetXMLDesc, NULL, (virDomainPtr d, unsigned int flags), (d, flags))
WRAP(int, virNodeGetCPUMap, -1, (virConnectPtr c, unsigned char **map, unsigned int *online, unsigned int flags),
     (c, map, online, flags))
WRAP(int, virDomainPinVcpu, -1, (virDomainPtr d, unsigned int vcpu, unsigned char *map, int length),
     (d, vcpu, map, length))
WRAP(int, virDomainGetVcpuPinInfo, -1, (virDomainPtr d, int n, unsigned char *maps, int length, unsigned int flags),
     (d, n, maps, length, flags))
WRAP(int, virDomainPinEmulator, -1, (virDomainPtr d, unsigned char *map, int length, unsigned int flags),
     (d, map, length, flags))
WRAP(int, virDomainGetEmulatorPinInfo, -1, (virDomainPtr d, unsigned char *map, int length, unsigned int flags),
     (d, map, length, flags))
WRAP(int, virDomainPinIOThread, -1,
     (virDomainPtr d, unsigned int id, unsigned char *map, int length, unsigned int flags), (d, id, map, length, flags))
WRAP(int, virDomainGetIOThreadInfo, -1, (virDomainPtr d, virDomainIOThreadInfoPtr **info, unsigned int flags),
     (d, info, flags))
WRAP(int, virDomainGetNumaParameters, -1, (virDomainPtr d, virTypedParameterPtr parameters, int *n, unsigned int flags),
     (d, parameters, n, flags))
WRAP(int, virDomainSetNumaParameters, -1, (virDomainPtr d, virTypedParameterPtr parameters, int n, unsigned int flags),
     (d, parameters, n, flags))
WRAP(virDomainPtr, virDomainDefineXMLFlags, NULL, (virConnectPtr c, const char *xml, unsigned int flags),
     (c, xml, flags))
WRAP(int, virDomainShutdownFlags, -1, (virDomainPtr d, unsigned int flags), (d, flags))
WRAP(int, virDomainShutdown, -1, (virDomainPtr d), (d))
WRAP(int, virDomainCreate, -1, (virDomainPtr d), (d))
