/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's capabilities XML as the host machine. */
#pragma once
#include "evidence/xml.h"
#include "model/machine.h"

#if HAVE_LIBXML2
/* Fills `m` from a document whose root is <capabilities>; FALSE if there is no <host> in it. */
gboolean kt_capabilities_read(KtMachine *m, KtXml *xml);
#endif
