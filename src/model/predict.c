/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/predict.h"

KtMachine *kt_predict_guest(const KtDomain *domain, const KtMachine *host)
{
  KtMachine *guest = kt_machine_new();
  guest->role = KT_ROLE_GUEST;
  guest->cpus = domain->vcpus;
  return guest;
}
