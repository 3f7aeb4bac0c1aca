/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guests.h"

/* Reads what fits; its length, 0 if there is nothing. */
static size_t read_file(char *text, size_t size, const char *format, const char *proc, int pid, int tid)
{
  char path[256];
  snprintf(path, sizeof path, format, proc, pid, tid);
  FILE *file = fopen(path, "r");
  if (!file)
    return 0;
  size_t n = fread(text, 1, size - 1, file);
  fclose(file);
  text[n] = '\0';
  return n;
}

void kt_guests_name_of(const char *argument, char name[static KT_GUEST_NAME])
{
  const char *start = strncmp(argument, "guest=", 6) ? argument : argument + 6;
  snprintf(name, KT_GUEST_NAME, "%.*s", (int)strcspn(start, ","), start);
}

int kt_guests_cpu_of(const char *stat_line)
{
  enum { STATE = 3, PROCESSOR = 39 };       /* fields, from 1 */
  const char *at = strrchr(stat_line, ')'); /* ends the name, which may hold anything */
  for (int field = STATE - 1; at && field < PROCESSOR; field++) {
    at = strchr(at, ' ');
    if (at)
      at++;
  }
  return at && isdigit((unsigned char)*at) ? atoi(at) : -1;
}

/* The process's -name; its pid if it has none. */
static void find_name(const char *proc, int pid, char name[static KT_GUEST_NAME])
{
  static char text[1 << 16];
  size_t n = read_file(text, sizeof text, "%s/%d/cmdline", proc, pid, 0);
  snprintf(name, KT_GUEST_NAME, "pid %d", pid);
  for (char *at = text; at < text + n; at += strlen(at) + 1)
    if (!strcmp(at, "-name") && at + sizeof "-name" < text + n) {
      kt_guests_name_of(at + sizeof "-name", name);
      return;
    }
}

static void find_vcpus(const char *proc, int pid, KtGuests *guests)
{
  char path[256], comm[32];
  bool named = false;
  snprintf(path, sizeof path, "%s/%d/task", proc, pid);
  DIR *tasks = opendir(path);
  for (struct dirent *entry; tasks && (entry = readdir(tasks)) && guests->vcpus < KT_MAX_VCPUS;) {
    unsigned index;
    char end;
    int tid = atoi(entry->d_name);
    if (tid <= 0 || !read_file(comm, sizeof comm, "%s/%d/task/%d/comm", proc, pid, tid) ||
        sscanf(comm, "CPU %u/KV%c", &index, &end) != 2 || end != 'M')
      continue;
    if (!named)
      find_name(proc, pid, guests->names[guests->guests++]);
    named = true;
    guests->vcpu[guests->vcpus++] = (KtVcpu){.pid = pid, .tid = tid, .guest = guests->guests - 1, .cpu = -1};
  }
  if (tasks)
    closedir(tasks);
}

void kt_guests_find(const char *proc, KtGuests *guests)
{
  memset(guests, 0, sizeof *guests);
  DIR *processes = opendir(proc);
  for (struct dirent *entry; processes && (entry = readdir(processes));)
    if (isdigit((unsigned char)*entry->d_name))
      find_vcpus(proc, atoi(entry->d_name), guests);
  if (processes)
    closedir(processes);
}

void kt_guests_look(const char *proc, KtGuests *guests)
{
  char text[1024];
  for (unsigned i = 0; i < guests->vcpus; i++) {
    KtVcpu *v = &guests->vcpu[i];
    v->cpu = read_file(text, sizeof text, "%s/%d/task/%d/stat", proc, v->pid, v->tid) ? kt_guests_cpu_of(text) : -1;
    if (read_file(text, sizeof text, "%s/%d/task/%d/schedstat", proc, v->pid, v->tid))
      v->run_ns = strtoull(text, NULL, 10);
  }
}

double kt_guests_share(const KtGuests *before, const KtGuests *after, unsigned guest, unsigned cpu)
{
  uint64_t mine = 0, all = 0;
  for (unsigned i = 0; i < after->vcpus; i++) {
    if (after->vcpu[i].cpu != (int)cpu || after->vcpu[i].run_ns < before->vcpu[i].run_ns)
      continue;
    uint64_t ran = after->vcpu[i].run_ns - before->vcpu[i].run_ns;
    all += ran;
    mine += after->vcpu[i].guest == guest ? ran : 0;
  }
  return all ? (double)mine / (double)all : 0;
}
