/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view/words.h"

#include <string.h>

const char *const kt_view_basis_names[] = {
    [KT_BASIS_MEASURED] = "measured", [KT_BASIS_INFERRED] = "inferred", [KT_BASIS_STATED] = "stated"};

static const struct {
  const char *name;
  KtStyle style;
} severities[] = {{N_("note"), KT_STYLE_DIM},
                  {N_("minor"), KT_STYLE_CYAN},
                  {N_("moderate"), KT_STYLE_YELLOW},
                  {N_("severe"), KT_STYLE_RED}};

const char *kt_view_severity(int severity)
{
  return kt_tr(severities[CLAMP(severity, 0, 3)].name);
}

KtStyle kt_view_severity_style(int severity)
{
  return severities[CLAMP(severity, 0, 3)].style;
}

/* ---- risk ---- */

static const struct {
  const char *code, *words;
} risks[] = {
    {"L", N_("live")},
    {"r", N_("guest reboot")},
    {"B", N_("guest stop and start")},
    {"H", N_("host reboot or module reload")},
    {"M!", N_("changes migration compatibility")},
    {"$", N_("costs power or memory")},
    {"S", N_("security trade-off")},
};

static const char *risk_words(const char *code, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS(risks); i++)
    if (strlen(risks[i].code) == length && strncmp(risks[i].code, code, length) == 0)
      return kt_tr(risks[i].words);
  return NULL;
}

char *kt_view_risk(const char *codes)
{
  codes = kt_tr(codes); /* words in it; codes are the same everywhere */
  if (!codes || !*codes || g_str_equal(codes, "-"))
    return g_strdup(_("no risk"));
  GString *out = g_string_new(NULL);
  const char *joint = "";
  gboolean coded = TRUE; /* words that are no code ("restart app") stay together */
  for (const char *p = codes; *p;) {
    gsize length = *p == '(' ? strlen(p) : strcspn(p, " /,(");
    if (*p == '(') {
      const char *end = strchr(p, ')');
      length = end ? (gsize)(end - p) + 1 : length;
    }
    const char *words = risk_words(p, length);
    if (length) {
      gboolean apart = *p != '(' && (coded || words);
      g_string_append(out, apart ? joint : out->len ? " " : "");
      coded = words || *p == '(';
      g_string_append_len(out, words ? words : p, words ? -1 : (gssize)length);
    }
    p += length;
    joint = *p == '/' ? _(" or ") : _("; ");
    p += strspn(p, " /,");
  }
  return g_string_free(out, FALSE);
}

/* ---- subjects ---- */

char *kt_view_applies(const KtCheck *check)
{
  static const struct {
    guint bits;
    const char *name;
  } kinds[] = {{KT_FOR_HOST, N_("host")},
               {KT_FOR_NESTED_HOST, N_("nested host")},
               {KT_FOR_GUEST, N_("guest")},
               {KT_FOR_DOMAIN, N_("domain")},
               {KT_FOR_FLAVOR, N_("flavor")}};
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
    if (check->applies & kinds[i].bits)
      g_string_append_printf(out, "%s%s", out->len ? _(", ") : "", kt_tr(kinds[i].name));
  if (check->hypervisors == KT_ON_KVM)
    g_string_append(out, _("; KVM"));
  if (check->x86_only)
    g_string_append(out, _("; x86"));
  return g_string_free(out, FALSE);
}

static const char *hypervisor_name(const char *hypervisor)
{
  static const char *const names[][2] = {{"kvm", "KVM"},    {"vmware", "VMware"}, {"hyperv", "Hyper-V"},
                                         {"xen", "Xen"},    {"qemu", "QEMU"},     {"virtualbox", "VirtualBox"},
                                         {"bhyve", "bhyve"}};
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    if (g_str_equal(names[i][0], hypervisor))
      return names[i][1];
  return hypervisor;
}

char *kt_view_kind(const KtSubject *s)
{
  if (s->flavor)
    return g_strdup(_("Nova flavor"));
  if (s->domain)
    return g_strdup(_("domain"));
  switch (s->kind) {
  case KT_FOR_GUEST:
    return s->machine->hypervisor ? g_strdup_printf(_("%s guest"), hypervisor_name(s->machine->hypervisor))
                                  : g_strdup(_("guest"));
  case KT_FOR_HOST:
    return g_strdup(_("host"));
  case KT_FOR_NESTED_HOST:
    return g_strdup(_("nested host"));
  default:
    return g_strdup(_("host or guest unknown"));
  }
}

/* ---- layer ---- */

static gboolean has_word(const char *text, const char *word)
{
  g_autofree char *folded = text ? g_ascii_strdown(text, -1) : NULL;
  return folded && strstr(folded, word);
}

/* Who defines the guests that this snapshot shows. */
static KtLayer defining_layer(const KtSubject *s)
{
  const KtSnapshot *all = s->snapshot;
  const KtDomain *d = s->domain;
  if (s->flavor || (d && d->manager == KT_MANAGER_NOVA))
    return KT_LAYER_NOVA;
  if (d && d->manager == KT_MANAGER_PROXMOX)
    return KT_LAYER_PROXMOX;
  if (all->flavors->len || all->confs->len)
    return KT_LAYER_NOVA;
  if (d)
    return g_strcmp0(d->format, "qemu") == 0 ? KT_LAYER_QEMU : KT_LAYER_LIBVIRT;
  for (guint i = 0; i < all->machines->len; i++) {
    const KtMachine *m = all->machines->pdata[i];
    if (has_word(m->product, "openstack"))
      return KT_LAYER_NOVA;
    if (has_word(m->product, "proxmox") || has_word(m->kernel_release, "-pve"))
      return KT_LAYER_PROXMOX;
  }
  for (guint i = 0; i < all->stated->len; i++)
    if (has_word(((const KtCite *)all->stated->pdata[i])->text, "openstack"))
      return KT_LAYER_NOVA;
  for (guint i = 0; i < all->domains->len; i++) {
    d = all->domains->pdata[i];
    if (d->manager == KT_MANAGER_NOVA)
      return KT_LAYER_NOVA;
    if (d->manager == KT_MANAGER_PROXMOX)
      return KT_LAYER_PROXMOX;
  }
  return KT_LAYER_LIBVIRT;
}

static const KtRemedy *remedy_of(const KtCheck *check, KtLayer layer)
{
  for (guint i = 0; i < KT_MAX_REMEDIES && check->remedies[i].action; i++)
    if (check->remedies[i].layer == layer)
      return &check->remedies[i];
  return NULL;
}

gboolean kt_view_remedy_fits(const KtRemedy *remedy, const KtSubject *s)
{
  const char *hypervisor = s->kind == KT_FOR_GUEST && s->machine ? s->machine->hypervisor : NULL;
  gboolean vmware = g_strcmp0(hypervisor, "vmware") == 0;
  switch (remedy->layer) {
  case KT_LAYER_VMWARE:
    return vmware;
  case KT_LAYER_LIBVIRT:
  case KT_LAYER_NOVA:
  case KT_LAYER_PROXMOX:
  case KT_LAYER_QEMU:
    return !hypervisor || g_str_equal(hypervisor, "kvm") || g_str_equal(hypervisor, "qemu");
  default:
    return TRUE;
  }
}

/* The first of the check's remedies that fits; NULL if none does. */
static const KtRemedy *first_fitting(const KtCheck *check, const KtSubject *s)
{
  for (guint i = 0; i < KT_MAX_REMEDIES && check->remedies[i].action; i++)
    if (kt_view_remedy_fits(&check->remedies[i], s))
      return &check->remedies[i];
  return NULL;
}

const KtRemedy *kt_view_remedy(const KtCheck *check, const KtSubject *s, gboolean *theirs)
{
  static const KtLayer machine_first[] = {KT_LAYER_GUEST, KT_LAYER_WORKLOAD, KT_LAYER_HOST};
  const KtLayer defined_by = defining_layer(s);
  gboolean inside = s->machine && s->kind == KT_FOR_GUEST;
  const KtRemedy *found = NULL;
  *theirs = FALSE;
  if (inside && g_strcmp0(s->machine->hypervisor, "vmware") == 0 && (found = remedy_of(check, KT_LAYER_VMWARE)))
    return found;
  /* what a row says of a definition is cured there; other rows on the machine itself */
  if (!(check->applies & (KT_FOR_DOMAIN | KT_FOR_FLAVOR)))
    for (guint i = 0; i < G_N_ELEMENTS(machine_first); i++)
      if ((found = remedy_of(check, machine_first[i]))) {
        *theirs = inside && machine_first[i] == KT_LAYER_HOST;
        return found;
      }
  *theirs = inside;
  if (((found = remedy_of(check, defined_by)) || (found = remedy_of(check, KT_LAYER_LIBVIRT))) &&
      kt_view_remedy_fits(found, s))
    return found;
  if ((found = remedy_of(check, KT_LAYER_HOST)))
    return found;
  *theirs = FALSE;
  return first_fitting(check, s);
}
