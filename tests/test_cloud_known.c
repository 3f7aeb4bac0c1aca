/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which machine of the evidence is which compute host of the cloud. */
#include <string.h>

#include "cloud/known.h"

static KtCloud *cloud(void)
{
  static const char servers[] =
      "{\"servers\": [{\"id\": \"11111111-2222-3333-4444-555555555555\", \"name\": \"crm1\", \"status\": \"ACTIVE\", "
      "\"OS-EXT-SRV-ATTR:host\": \"n1\"}]}";
  static const char hosts[] = "{\"hypervisors\": [{\"id\": \"1\", \"hypervisor_hostname\": \"n1.example\", "
                              "\"service\": {\"host\": \"n1\"}}, {\"id\": \"2\", \"hypervisor_hostname\": "
                              "\"n2.example\", \"service\": {\"host\": \"n2\"}}]}";
  KtCloud *c = kt_cloud_new("site");
  g_assert_true(kt_cloud_add_answer(c, KT_CLOUD_SERVERS, "servers", servers, strlen(servers), NULL));
  g_assert_true(kt_cloud_add_answer(c, KT_CLOUD_HOSTS, "hosts", hosts, strlen(hosts), NULL));
  c->hosts_seen = TRUE;
  return c;
}

static KtMachine *add_machine(KtSnapshot *s, const char *name, KtRole role)
{
  KtMachine *m = kt_machine_new();
  m->name = g_strdup(name);
  m->role = role;
  g_ptr_array_add(s->machines, m);
  return m;
}

static KtDomain *add_guest(KtSnapshot *s, const char *uuid, KtMachine *host)
{
  KtDomain *d = kt_domain_new("libvirt");
  d->uuid = g_strdup(uuid);
  d->host = host;
  g_ptr_array_add(s->domains, d);
  return d;
}

static const KtCloudKnown *known(const KtCloudEvidence *e, const char *host)
{
  return g_hash_table_lookup(e->by_name, host);
}

/* A compute host is often a VM itself: in labs, and where clouds are built of clouds. */
static void test_host_is_a_guest(void)
{
  g_autoptr(KtCloud) c = cloud();
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  KtMachine *m = add_machine(s, "some-vm", KT_ROLE_GUEST);
  KtDomain *d = add_guest(s, "11111111-2222-3333-4444-555555555555", m);
  g_autoptr(KtCloudEvidence) e = kt_cloud_evidence_new(c, s, notes);
  g_assert_cmpuint(e->hosts->len, ==, 2);
  g_assert_true(known(e, "n1")->machine == m);
  g_assert_cmpuint(known(e, "n1")->domains->len, ==, 1);
  g_assert_true(kt_cloud_evidence_domain(e, c->servers->pdata[0]) == d);
  g_assert_null(known(e, "n2")->machine);
  g_assert_cmpuint(notes->len, ==, 0);
}

/* One that runs none of the cloud's servers is no host: a guest of which a capture was given, say. */
static void test_other_guest(void)
{
  g_autoptr(KtCloud) c = cloud();
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  add_guest(s, "99999999-2222-3333-4444-555555555555", add_machine(s, "n1", KT_ROLE_GUEST));
  g_autoptr(KtCloudEvidence) e = kt_cloud_evidence_new(c, s, notes);
  g_assert_cmpuint(e->hosts->len, ==, 2);
  g_assert_null(known(e, "n1")->machine);
  g_assert_cmpuint(notes->len, ==, 0);
}

static void test_by_name(void)
{
  g_autoptr(KtCloud) c = cloud();
  g_autoptr(KtSnapshot) s = kt_snapshot_new();
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  KtMachine *second = add_machine(s, "n2.example", KT_ROLE_HOST);
  add_machine(s, "elsewhere", KT_ROLE_HOST);
  g_autoptr(KtCloudEvidence) e = kt_cloud_evidence_new(c, s, notes);
  g_assert_true(known(e, "n2")->machine == second);
  g_assert_cmpuint(notes->len, ==, 1);
  g_assert_nonnull(strstr(notes->pdata[0], "elsewhere"));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cloud-known/host-is-a-guest", test_host_is_a_guest);
  g_test_add_func("/cloud-known/other-guest", test_other_guest);
  g_test_add_func("/cloud-known/by-name", test_by_name);
  return g_test_run();
}
