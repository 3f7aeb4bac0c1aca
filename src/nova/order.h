/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which Nova tries host cells. */
#pragma once
#include "nova/fit.h"

/* order[j]: the place in host->cells of the j-th; host->cells->len of them. */
void kt_nova_order(const KtNovaGuest *guest, const KtNovaHost *host, guint *order);

/* Is a CPU more needed on this guest cell's host cell, for emulator threads? */
gboolean kt_nova_reserves(const KtNovaGuest *guest, guint cell);
