/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/readers.h"

static const KtReader *const readers[] = {
    &kt_reader_lscpu,      &kt_reader_sar,        &kt_reader_interrupts,
    &kt_reader_kernel_log, &kt_reader_lscpu_cpus, &kt_reader_lscpu_json,
};

const KtReader *const *kt_readers(guint *n)
{
  *n = G_N_ELEMENTS(readers);
  return readers;
}
