/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receipt of `kvmtune cloud apply`, and its cloud looked at anew. */
#include "cmd/cloud.h"
#include "cmd/verify_parts.h"
#include "verify/expect.h"

enum { HOST_S = 120, AGENT_S = 5 }; /* that a host, and the agent of a guest that runs, have for an answer */

void kt_verify_measure_server(const KtVerifyReceipt *receipt, const char *const *uris, KtMeasureOptions *options)
{
  const GPtrArray *steps = receipt->cloud->steps;
  const char *uuid = steps->len ? ((const KtStep *)steps->pdata[0])->uuid : NULL;
  if (uuid) /* else a flavor, of which nothing was measured before */
    kt_cloud_measure_guest(uris, HOST_S, uuid, options);
}

static KtExpectation *expectation_of(const KtCloudExpected *e)
{
  static const KtExpectState states[] = {
      [KT_UNKNOWN] = KT_EXPECT_UNKNOWN, [KT_NO] = KT_EXPECT_MISSED, [KT_YES] = KT_EXPECT_FULFILLED};
  KtExpectation *expectation = g_new0(KtExpectation, 1);
  *expectation = (KtExpectation){.domain = g_strdup(e->of),
                                 .what = g_strdup(e->what),
                                 .before = g_strdup(e->before),
                                 .wanted = g_strdup(e->wanted),
                                 .found = g_strdup(e->found),
                                 .why = g_strdup(e->why),
                                 .state = states[e->so]};
  return expectation;
}

GPtrArray *kt_verify_expect_cloud(const KtVerifyReceipt *receipt, const KtVerifyCloud *wish, GError **error)
{
  gboolean can_look = wish->uris && wish->uris[0];
  KtCloudSight sight = {.uris = wish->uris, .timeout_s = HOST_S, .agent_s = AGENT_S};
  const KtCloudActing acting = {.look = can_look ? kt_cloud_look : NULL,
                                .inside = can_look && wish->inside ? kt_cloud_look_inside : NULL,
                                .data = &sight};
  g_autoptr(KtActuator) actuator = kt_cloud_actuator_of(receipt->cloud, &wish->sign_in, &acting, error);
  g_autoptr(GPtrArray) found = actuator ? kt_cloud_expect(actuator, receipt->cloud, error) : NULL;
  if (!found)
    return NULL;
  GPtrArray *expectations = g_ptr_array_new_with_free_func(kt_expectation_free);
  for (guint i = 0; i < found->len; i++)
    g_ptr_array_add(expectations, expectation_of(found->pdata[i]));
  return expectations;
}
