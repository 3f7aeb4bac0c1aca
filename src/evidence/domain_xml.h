/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's domain XML (formatdomain.html) as a KtDomain. */
#pragma once
#include "evidence/xml.h"
#include "model/domain.h"

#if HAVE_LIBXML2
/* Fills a fresh domain from the <domain> element `node` of `xml`, which may be
 * incomplete: then d->cut is set and nothing follows from what is absent. */
void kt_domain_xml_read(KtDomain *d, KtXml *xml, xmlNode *node);

/* The parts that stand in files of their own. */
void kt_domain_xml_read_devices(KtDomain *d, KtXml *xml, xmlNode *devices);
void kt_domain_xml_read_placement(KtDomain *d, KtXml *xml, xmlNode *domain);
void kt_domain_xml_read_metadata(KtDomain *d, KtXml *xml, xmlNode *metadata);
#endif
