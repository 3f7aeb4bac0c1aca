/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <metadata> of domain XML: libosinfo's operating system, Nova's instance. */
#include <string.h>

#include "evidence/domain_xml.h"

#if HAVE_LIBXML2

#define MAX_PROPERTIES 512

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

static void set_count(KtInt *slot, xmlNode *flavor, const char *name)
{
  KtInt n = kt_xml_int(kt_xml_child(flavor, name));
  if (n.known && n.value >= 0 && n.value <= G_MAXINT32)
    *slot = n;
}

static void read_specs(KtFlavor *f, KtXml *xml, xmlNode *specs)
{
  f->extra_specs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  kt_flavor_cite(f, "extra_specs", kt_xml_cite(xml, specs));
  kt_xml_foreach(spec, specs, "extraSpec")
  {
    g_autofree char *key = kt_xml_attr(spec, "name"), *value = kt_xml_text(spec);
    if (key && value && g_hash_table_size(f->extra_specs) < MAX_PROPERTIES)
      kt_flavor_set_spec(f, key, value, kt_xml_cite(xml, spec));
  }
}

static void read_image(KtFlavor *f, KtXml *xml, xmlNode *properties)
{
  f->image = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  kt_flavor_cite(f, "image", kt_xml_cite(xml, properties));
  kt_xml_foreach(property, properties, "property")
  {
    g_autofree char *key = kt_xml_attr(property, "name"), *value = kt_xml_text(property);
    if (key && value && g_hash_table_size(f->image) < MAX_PROPERTIES)
      kt_flavor_set_image(f, key, value, kt_xml_cite(xml, property));
  }
}

/* The server's copy of its flavor. Before Nova 31 (2025.1) its extra specs are
 * not in it, so that nothing is known of what it asks for. */
static KtFlavor *read_flavor(KtDomain *d, KtXml *xml, xmlNode *instance, xmlNode *flavor)
{
  xmlNode *specs = kt_xml_child(flavor, "extraSpecs");
  xmlNode *properties = kt_xml_child(kt_xml_child(instance, "image"), "properties");
  if (!specs || !kt_xml_is_whole(xml, specs))
    return NULL;
  KtFlavor *f = kt_flavor_new(d->source);
  f->name = kt_xml_attr(flavor, "name");
  f->server = kt_xml_text(kt_xml_child(instance, "name"));
  f->server = f->server ? f->server : g_strdup(d->name ? d->name : "");
  set_count(&f->vcpus, flavor, "vcpus");
  set_count(&f->ram_mib, flavor, "memory");
  set_count(&f->disk_gib, flavor, "disk");
  kt_flavor_cite(f, "vcpus", kt_xml_cite(xml, kt_xml_child(flavor, "vcpus")));
  kt_flavor_cite(f, "ram_mib", kt_xml_cite(xml, kt_xml_child(flavor, "memory")));
  read_specs(f, xml, specs);
  if (properties && kt_xml_is_whole(xml, properties))
    read_image(f, xml, properties);
  return f;
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
  if ((space && strstr(space, "openstack.org")) || g_str_has_prefix((const char *)instance->name, "nova:"))
    d->manager = KT_MANAGER_NOVA;
  if (d->manager != KT_MANAGER_NOVA || !flavor)
    return;
  d->nova_flavor = kt_xml_attr(flavor, "name");
  kt_domain_cite(d, "nova_flavor", kt_xml_cite(xml, flavor));
  d->flavor = read_flavor(d, xml, instance, flavor);
}

#endif
