/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU model of a guest: X01, X09. */
#include <string.h>

#include "checks/domain_cpu.h"
#include "model/cpu_models.h"

/* Models without AES and AVX: made up by QEMU, or CPUs from before 2010. */
static const char *const oldest_models[] = {
    "qemu64",   "qemu32",  "kvm64",      "kvm32",      "486",        "pentium",      "pentium2",
    "pentium3", "athlon",  "phenom",     "core2duo",   "coreduo",    "n270",         "Conroe",
    "Penryn",   "Nehalem", "Opteron_G1", "Opteron_G2", "Opteron_G3", "Nehalem-IBRS",
};

/* The host may be as old as the model, or the definition adds the instructions. */
static gboolean has_them_after_all(const KtSubject *s)
{
  const KtMachine *host = s->host;
  if (host && host->cpu_flags && !kt_machine_has_flag(host, "aes") && !kt_machine_has_flag(host, "avx"))
    return TRUE;
  const char *aes = kt_domain_feature(s->domain, "aes"), *avx = kt_domain_feature(s->domain, "avx");
  return g_strcmp0(aes, "require") == 0 && g_strcmp0(avx, "require") == 0;
}

static gboolean is_oldest(const char *model)
{
  g_autofree char *stem = g_strdup(model);
  char *version = g_strrstr(stem, "-v");
  if (version && g_ascii_isdigit(version[2]))
    *version = '\0';
  for (guint i = 0; i < G_N_ELEMENTS(oldest_models); i++)
    if (g_str_equal(oldest_models[i], stem))
      return TRUE;
  return FALSE;
}

/* ---- X01 ---- */

static void x01_domain(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (g_strcmp0(d->type, "qemu") == 0) { /* no KVM at all: H17 */
    kt_finding_skip(f);
    return;
  }
  if (!d->cpu_given && d->cut) {
    kt_finding_cannot(f, "the definition's CPU element");
    return;
  }
  const char *model = d->cpu_model;
  if (!d->cpu_given)
    model = kt_domain_default_cpu_model(d);
  if (!model || (d->cpu_mode && !g_str_equal(d->cpu_mode, "custom")) || !is_oldest(model) || has_them_after_all(s)) {
    kt_finding_fine(f);
    return;
  }
  if (d->cpu_given) {
    kt_finding_fire(f, s, "CPU model %s has no AES and no AVX", model);
    f->basis = KT_BASIS_MEASURED; /* the definition says so */
  } else {
    kt_finding_fire(f, s, "no CPU model is asked for: the default %s has no AES and no AVX", model);
  }
  kt_finding_cite_domain(f, d, "cpu");
}

/* The oldest model that calls itself so; NULL. */
static const char *oldest_by_name(const char *model_name)
{
  if (g_str_has_prefix(model_name, "QEMU Virtual CPU"))
    return "qemu64";
  for (guint i = 0; i < G_N_ELEMENTS(oldest_models); i++) {
    const KtCpuModel *m = kt_cpu_model_find(oldest_models[i]);
    if (m && m->model_name[0] && g_str_equal(m->model_name, model_name))
      return oldest_models[i];
  }
  return NULL;
}

/* Family and model that a made-up CPU has (cpu_models.c): no proof of one, but it may be. */
static gboolean numbers_may_be_made_up(const KtMachine *m)
{
  return kt_int_is(m->cpu_family, 15) || (kt_int_is(m->cpu_family, 6) && m->cpu_model.value < 30);
}

/* Flags that the better machine has and the guest lacks. */
static gboolean lacks_flags(const KtMachine *m, const KtMachine *than)
{
  return m->cpu_flags && kt_machine_has_flag(than, "aes") && kt_machine_has_flag(than, "avx") &&
         !kt_machine_has_flag(m, "aes") && !kt_machine_has_flag(m, "avx");
}

static void x01_guest(const KtSubject *s, KtFinding *f)
{
  const KtMachine *m = s->machine, *than = s->host ? s->host : s->reference;
  const char *old = m->cpu_model_name ? oldest_by_name(m->cpu_model_name) : NULL;
  if (old) {
    kt_finding_fire(f, s, "CPU model %s (\"%s\") has no AES and no AVX", old, m->cpu_model_name);
    kt_finding_cite_machine(f, m, "cpu.model_name");
  } else if (than && lacks_flags(m, than)) {
    kt_finding_fire(f, s, "the guest's CPU lacks AES and AVX, which %s has", than->name ? than->name : _("the host"));
    f->basis = KT_BASIS_INFERRED;
    kt_finding_cite_machine(f, m, "cpu.flags");
    kt_finding_cite_machine(f, than, "cpu.flags");
  } else if (m->cpu_model_name ||
             (m->cpu_vendor && m->cpu_family.known && m->cpu_model.known && !numbers_may_be_made_up(m))) {
    kt_finding_fine(f);
  } else {
    kt_finding_cannot(f, "the guest's CPU model name");
  }
}

void kt_check_x01(const KtSubject *s, KtFinding *f)
{
  if (s->domain)
    x01_domain(s, f);
  else
    x01_guest(s, f);
}

/* ---- X09 ---- */

void kt_check_x09(const KtSubject *s, KtFinding *f)
{
  const KtDomain *d = s->domain;
  if (!d->threads.known || d->threads.value < 2) {
    kt_finding_skip(f);
    return;
  }
  const char *vendor = s->guest->cpu_vendor;
  if (vendor && !g_str_equal(vendor, "AuthenticAMD") && !g_str_equal(vendor, "HygonGenuine")) {
    kt_finding_skip(f);
    return;
  }
  if (!s->guest->threads_per_core.known) {
    kt_finding_cannot(f,
                      vendor ? N_("whether the expanded CPU model has topoext") : N_("the vendor of the host's CPU"));
    return;
  }
  if (s->guest->threads_per_core.value > 1) {
    kt_finding_fine(f);
    return;
  }
  kt_finding_fire(f, s, "threads=%" PRId64 " on AMD without topoext: the guest takes threads for cores",
                  d->threads.value);
  kt_finding_cite_domain(f, d, "topology");
  kt_finding_cite_domain(f, d, "cpu");
  kt_finding_cite_machine(f, s->host, "cpu.vendor");
}
