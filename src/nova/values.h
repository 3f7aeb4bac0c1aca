/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How Nova reads the texts of a flavor and an image: by Python's int() and str
 * methods, by oslo.utils' strutils, and by its own lists of CPUs. A value that Nova
 * takes or refuses for its spelling alone is taken or refused here.
 *
 * Sources: Python's int() and str.strip(); oslo.utils strutils.bool_from_string(),
 * is_int_like(), string_to_bytes(); nova/virt/hardware.py parse_cpu_spec(). */
#pragma once
#include "base/set.h"

/* What Python's int() takes: decimal digits of any script, one '_' between digits, a
 * sign, white space around. Beyond +-KT_NOVA_INT_MAX the value is that bound: no
 * answer of Nova depends on more. FALSE where int() raises ValueError. */
#define KT_NOVA_INT_MAX (G_GINT64_CONSTANT(1) << 52)
gboolean kt_nova_int(const char *text, gint64 *value);

/* Is it the shortest decimal form of an integer, "2" but not "02", "+2" or " 2"? */
gboolean kt_nova_is_plain_int(const char *text);

/* "1", "t", "true", "on", "y", "yes" in any case, white space around: TRUE; anything else and NULL: FALSE. */
gboolean kt_nova_bool(const char *text);

/* A list of CPUs: "1-4,^3,6". `beyond`: it also has ids of KT_SET_MAX and more,
 * which are more than a flavor can have vCPUs. NULL where Nova raises Invalid. */
KtSet *kt_nova_cpus(const char *spec, gboolean *beyond);

enum { KT_NOVA_PAGES_SMALL = -1, KT_NOVA_PAGES_LARGE = -2, KT_NOVA_PAGES_ANY = -3 };

/* A page size: "small", "large", "any", digits (KiB) or a size with a unit as
 * oslo.utils reads it ("2MB", "1GiB"; "2Mb" is bits). */
typedef struct {
  gint64 kib;        /* as Nova stores it: cut to an integer; KT_NOVA_PAGES_* */
  gboolean asked;    /* Python's truth of it: "0" asks for nothing */
  gboolean choosing; /* "large" or "any": an image may choose */
} KtNovaPages;
/* FALSE where Nova raises MemoryPageSizeInvalid. */
gboolean kt_nova_pages(const char *text, KtNovaPages *pages);
