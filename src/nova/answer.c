/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/answer.h"

#include "nova/image.h"
#include "nova/offer.h"

static void place(KtNovaAnswer *a, const KtFlavor *flavor, const KtNovaHost *host, KtNovaRelease release)
{
  a->not_offered = kt_nova_not_offered(flavor, a->guest, host);
  if (a->guest)
    a->fit = kt_nova_fit(a->guest, host, release);
  if (!a->guest || a->fit->fits)
    a->at_compute = kt_nova_xml(flavor, a->guest, a->fit, host, release, &a->xml);
}

KtNovaAnswer *kt_nova_answer(const KtFlavor *flavor, const KtNovaHost *host, KtNovaRelease release)
{
  KtNovaAnswer *a = g_new0(KtNovaAnswer, 1);
  a->refusal = kt_nova_check_image(flavor, release, &a->property);
  if (a->refusal)
    return a;
  g_autoptr(KtSet) realtime = NULL;
  KtNovaRefusal of_realtime = kt_nova_realtime(flavor, &realtime), of_shape = kt_nova_shape(flavor, &a->shape);
  KtNovaRefusal of_guest = kt_nova_guest(flavor, &a->guest);
  a->refusal = of_realtime ? of_realtime : of_shape ? of_shape : of_guest;
  if (!a->refusal)
    place(a, flavor, host, release);
  return a;
}

void kt_nova_answer_free(KtNovaAnswer *a)
{
  if (!a)
    return;
  kt_nova_fit_free(a->fit);
  kt_nova_guest_free(a->guest);
  g_free(a->xml);
  g_free(a);
}
