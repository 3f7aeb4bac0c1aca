/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All readers; the order in readers.c is the order in which they are asked. */
#pragma once
#include "evidence/reader.h"

extern const KtReader kt_reader_lscpu; /* lscpu.c */
