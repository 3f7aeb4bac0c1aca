/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bare: a guest without an operating system, for placement tests. QEMU loads it
 * by the multiboot protocol (-kernel); it runs in an instant, in 32-bit mode
 * without paging, on one vCPU.
 *
 * It writes to pages of 8-24 and 72-88 MiB and says "ready". Then it goes on
 * writing to them, 512 pages 50 times a second, remembers the longest gap between
 * two writes, and obeys the serial port: "g" prints the gap since the last "g" in units of 1024 TSC
 * cycles, "n" touches new pages (32-48 and 96-112 MiB) and prints "touched", "w" has the lab's meter count
 * while it writes each word of its pages once, 8,388,608 stores, and prints "walked".
 * It needs 128 MiB.
 */
#include <stdint.h>

#include "meter/mailbox.h"

#define MIB 1048576u
#define PAGE 4096u
#define PORT 0x3f8

/* Multiboot header: magic, no flags, checksum. Then a stack, and off. */
__asm__(".align 4\n"
        ".long 0x1badb002, 0, -0x1badb002\n"
        ".globl _start\n"
        "_start: mov $stack_end, %esp\n"
        "call run\n"
        ".bss\n"
        ".align 16\n"
        ".skip 4096\n"
        "stack_end:\n"
        ".text\n");

static void out(uint16_t port, uint8_t value)
{
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static uint64_t cycles(void)
{
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

static void say(const char *text)
{
  for (; *text; text++) {
    while (!(in(PORT + 5) & 0x20))
      ;
    out(PORT, (uint8_t)*text);
  }
}

static void say_number(uint32_t n)
{
  char digits[11];
  int at = sizeof digits - 1;
  digits[at] = '\0';
  do
    digits[--at] = (char)('0' + n % 10);
  while (n /= 10);
  say(digits + at);
}

static void touch(uint32_t from_mib, uint32_t to_mib, uint32_t value)
{
  for (uint32_t at = from_mib * MIB; at < to_mib * MIB; at += PAGE)
    *(volatile uint32_t *)at = value;
}

/* A timer interrupt ends each rest: a guest that never rests starves an emulated host. */
#define HZ 50u
#define PIT_HZ 1193182u
#define PIT_VECTOR 8 /* where the firmware left it */

__asm__("tick: push %eax\n"
        "mov $0x20, %al\n"
        "outb %al, $0x20\n"
        "pop %eax\n"
        "iret\n");
extern const char tick[];
static uint64_t gates[PIT_VECTOR + 1];

static void start_the_clock(void)
{
  uint32_t handler = (uint32_t)tick, code;
  __asm__ volatile("mov %%cs, %0" : "=r"(code));
  gates[PIT_VECTOR] =
      (uint64_t)(handler & 0xffff0000u) << 32 | 0x8e0000000000u | (code & 0xffffu) << 16 | (handler & 0xffffu);
  struct __attribute__((packed)) {
    uint16_t limit;
    uint32_t base;
  } table = {sizeof gates - 1, (uint32_t)gates};
  __asm__ volatile("lidt %0" : : "m"(table));
  out(0x43, 0x34);
  out(0x40, (uint8_t)(PIT_HZ / HZ));
  out(0x40, (uint8_t)(PIT_HZ / HZ >> 8));
  out(0x21, 0xfe); /* the timer only */
}

static uint64_t last, longest;

static void look_at_the_clock(void)
{
  uint64_t now = cycles();
  if (now - last > longest)
    longest = now - last;
  last = now;
}

/* ---- counted by the meter (../meter/mailbox.h) ---- */

static KtMailbox box __attribute__((aligned(KT_MAILBOX_PAGE))) = {.code = KT_MAILBOX_CODE};

static void ask_meter(const char *command)
{
  char *to = box.command;
  while ((*to++ = *command++))
    ;
  box.offset = 0;
  __asm__ volatile("call *%0" : : "r"(&box) : "memory");
}

static void walk_each_word(uint32_t from_mib, uint32_t to_mib)
{
  for (uint32_t at = from_mib * MIB; at < to_mib * MIB; at += sizeof(uint32_t))
    *(volatile uint32_t *)at = at;
}

static void walk_metered(void)
{
  ask_meter("reset");
  ask_meter("on");
  walk_each_word(8, 24);
  walk_each_word(72, 88);
  ask_meter("off");
}

static void obey(uint8_t command)
{
  if (command == 'g') {
    say("gap ");
    say_number((uint32_t)(longest >> 10));
    say("\n");
  } else if (command == 'n') {
    touch(32, 48, 1);
    touch(96, 112, 1);
    say("touched\n");
  } else if (command == 'w') {
    walk_metered();
    say("walked\n");
  }
  longest = 0;
  last = cycles();
}

__attribute__((used)) static void run(void)
{
  touch(8, 24, 1);
  touch(72, 88, 1);
  start_the_clock();
  say("ready\n");
  last = cycles();
  for (uint32_t pass = 0;; pass++) {
    uint32_t at = (pass & 4096 ? 72 : 8) * MIB + (pass % 4096) * PAGE;
    *(volatile uint32_t *)at = pass;
    look_at_the_clock();
    if (pass % 512)
      continue;
    __asm__ volatile("sti; hlt; cli");
    if (in(PORT + 5) & 1)
      obey(in(PORT));
  }
}
