/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <metadata> of domain XML: libosinfo's operating system, Nova's instance. */
#include <string.h>

#include "evidence/domain_xml.h"

#if HAVE_LIBXML2

typedef struct {
  const char *host; /* in an id of osinfo-db, "http://HOST/..." */
  const char *path; /* prefix behind it, "" any */
  KtOs os;
} OsFamily;

/* Vendors in osinfo-db; whoever is not here stays unknown. */
static const OsFamily families[] = {
    {"microsoft.com", "win", KT_OS_WINDOWS},  {"microsoft.com", "", KT_OS_OTHER},
    {"ubuntu.com", "", KT_OS_LINUX},          {"redhat.com", "", KT_OS_LINUX},
    {"centos.org", "", KT_OS_LINUX},          {"fedoraproject.org", "", KT_OS_LINUX},
    {"debian.org", "", KT_OS_LINUX},          {"suse.com", "", KT_OS_LINUX},
    {"opensuse.org", "", KT_OS_LINUX},        {"rockylinux.org", "", KT_OS_LINUX},
    {"almalinux.org", "", KT_OS_LINUX},       {"oracle.com", "ol", KT_OS_LINUX},
    {"oracle.com", "solaris", KT_OS_OTHER},   {"archlinux.org", "", KT_OS_LINUX},
    {"alpinelinux.org", "", KT_OS_LINUX},     {"libosinfo.org", "linux", KT_OS_LINUX},
    {"gentoo.org", "", KT_OS_LINUX},          {"mageia.org", "", KT_OS_LINUX},
    {"altlinux.org", "", KT_OS_LINUX},        {"cirros-cloud.net", "", KT_OS_LINUX},
    {"scientificlinux.org", "", KT_OS_LINUX}, {"manjaro.org", "", KT_OS_LINUX},
    {"nixos.org", "", KT_OS_LINUX},           {"voidlinux.org", "", KT_OS_LINUX},
    {"pureos.net", "", KT_OS_LINUX},          {"eurolinux.com", "", KT_OS_LINUX},
    {"miraclelinux.com", "", KT_OS_LINUX},    {"circle-linux.org", "", KT_OS_LINUX},
    {"trisquel.info", "", KT_OS_LINUX},       {"guix.gnu.org", "", KT_OS_LINUX},
    {"endlessos.com", "", KT_OS_LINUX},       {"elementary.io", "", KT_OS_LINUX},
    {"freebsd.org", "", KT_OS_OTHER},         {"openbsd.org", "", KT_OS_OTHER},
    {"netbsd.org", "", KT_OS_OTHER},          {"dragonflybsd.org", "", KT_OS_OTHER},
    {"apple.com", "", KT_OS_OTHER},           {"novell.com", "netware", KT_OS_OTHER},
    {"haiku-os.org", "", KT_OS_OTHER},        {"omnios.org", "", KT_OS_OTHER},
};

static KtOs os_of_id(const char *id)
{
  const char *host = strstr(id, "://");
  if (!host)
    return KT_OS_UNKNOWN;
  host += 3;
  const char *slash = strchr(host, '/');
  if (!slash)
    return KT_OS_UNKNOWN;
  for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
    gsize n = strlen(families[i].host);
    if ((gsize)(slash - host) == n && strncmp(host, families[i].host, n) == 0 &&
        g_str_has_prefix(slash + 1, families[i].path))
      return families[i].os;
  }
  return KT_OS_UNKNOWN;
}

void kt_domain_xml_read_metadata(KtDomain *d, KtXml *xml, xmlNode *metadata)
{
  xmlNode *os = kt_xml_child(kt_xml_child(metadata, "libosinfo"), "os");
  xmlNode *instance = kt_xml_child(metadata, "instance");
  d->os_name = kt_xml_attr(os, "id");
  if (d->os_name) {
    d->os = os_of_id(d->os_name);
    kt_domain_cite(d, "os", kt_xml_cite(xml, os));
  }
  if (!instance)
    return;
  g_autofree char *space = instance->ns && instance->ns->href ? g_strdup((const char *)instance->ns->href) : NULL;
  xmlNode *flavor = kt_xml_child(instance, "flavor");
  d->nova = (space && strstr(space, "openstack.org")) || strncmp((const char *)instance->name, "nova:", 5) == 0;
  if (!d->nova || !flavor)
    return;
  d->nova_flavor = kt_xml_attr(flavor, "name");
  kt_domain_cite(d, "nova_flavor", kt_xml_cite(xml, flavor));
}

#endif
