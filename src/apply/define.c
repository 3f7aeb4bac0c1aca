/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The persistent definition. libvirt writes what it is given in its own words: an attribute more, a
 * set in another form; so what is compared after a change is what was edited. */
#include "config.h"

#if HAVE_LIBVIRT && HAVE_LIBXML2
#include <stdlib.h>
#include <string.h>

#include "apply/hand.h"
#include "base/error.h"
#include "evidence/xml.h"

static char *read_definition(KtHand *hand, const KtStep *step, GError **error)
{
  /* Secrets are given to writers only. A dry run of an apply needs none; that of a rollback compares with what was read
   * for writing. */
  gboolean dry = hand->base.dry && step->state == KT_STEP_PLANNED;
  g_autoptr(virDomain) domain = kt_hand_domain(hand, step->domain, step->uuid, !dry, error);
  if (!domain)
    return NULL;
  if (virDomainIsPersistent(domain) == 0)
    return NULL;
  char *xml = kt_hand_xml(domain, step->domain, VIR_DOMAIN_XML_INACTIVE | (dry ? 0 : VIR_DOMAIN_XML_SECURE), error);
  char *copy = g_strdup(xml);
  free(xml);
  return copy;
}

static gboolean write_definition(KtHand *hand, const KtStep *step, const char *value, GError **error)
{
  if (!value) {
    g_set_error(error, KT_ERROR, KT_ERROR_UNSUPPORTED, "a definition is not taken away");
    return FALSE;
  }
  /* What libvirt itself wrote is taken back as it was, even where its own schema does not know it. */
  gboolean undo = g_strcmp0(value, step->before) == 0;
  if (!kt_actuator_call(&hand->base, "virDomainDefineXMLFlags(%s%s)", step->domain, undo ? "" : ", validate"))
    return TRUE;
  virConnectPtr connection = kt_hand_connection(hand, TRUE, error);
  if (!connection)
    return FALSE;
  g_autoptr(virDomain) domain = kt_hand_domain(hand, step->domain, step->uuid, TRUE, error);
  if (!domain)
    return FALSE;
  g_autoptr(virDomain) defined = virDomainDefineXMLFlags(connection, value, undo ? 0 : VIR_DOMAIN_DEFINE_VALIDATE);
  if (!defined)
    kt_hand_set_error(error, step->domain, "change the definition");
  return defined != NULL;
}

/* ---- are the edits in it? ---- */

/* An element among its like is known by the attribute that tells it from them, else by its place. */
static char *step_of(const xmlNode *node)
{
  static const char *const keys[] = {"vcpu", "vcpus", "iothread", "cellid", "id", "name", "dev", "address"};
  for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
    g_autofree char *value = kt_xml_attr((xmlNode *)node, keys[i]);
    if (value)
      return g_strdup_printf("%s[%s=%s]", (const char *)node->name, keys[i], value);
  }
  guint place = 1;
  for (const xmlNode *before = node->prev; before; before = before->prev)
    place += before->type == XML_ELEMENT_NODE && xmlStrEqual(before->name, node->name);
  return g_strdup_printf("%s[%u]", (const char *)node->name, place);
}

static char *path_of(const xmlNode *node)
{
  GString *path = g_string_new(NULL);
  for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
    g_autofree char *step = step_of(node);
    g_string_prepend(path, step);
    g_string_prepend_c(path, '/');
  }
  return g_string_free(path, FALSE);
}

/* "0-1,2" and "0-2" are one value. */
static char *plain_value(const char *text)
{
  g_autofree char *stripped = g_strstrip(g_strdup(text));
  g_autoptr(KtSet) set =
      *stripped && strspn(stripped, "0123456789,-") == strlen(stripped) ? kt_set_parse(stripped, NULL) : NULL;
  return set ? kt_set_format(set) : g_steal_pointer(&stripped);
}

static const xmlNode *next_node(const xmlNode *node, const xmlNode *root)
{
  if (node->children)
    return node->children;
  while (node != root && !node->next)
    node = node->parent;
  return node == root ? NULL : node->next;
}

/* Each attribute and text by its path. */
static GHashTable *values_of(const char *bytes)
{
  GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(KtXml) xml = kt_xml_parse("definition", bytes);
  for (const xmlNode *node = xml->root; node; node = next_node(node, xml->root)) {
    if (node->type == XML_TEXT_NODE && !xmlIsBlankNode((xmlNode *)node)) {
      char *path = path_of(node->parent);
      g_hash_table_replace(values, path, plain_value((const char *)node->content));
    }
    if (node->type != XML_ELEMENT_NODE)
      continue;
    char *path = path_of(node);
    g_hash_table_insert(values, path, g_strdup(""));
    for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
      g_autofree char *value = kt_xml_attr((xmlNode *)node, (const char *)attribute->name);
      g_hash_table_replace(values, g_strdup_printf("%s/@%s", path, (const char *)attribute->name),
                           plain_value(value ? value : ""));
    }
  }
  return values;
}

gboolean kt_definition_has_edits(const char *before, const char *after, const char *found)
{
  g_autoptr(GHashTable) old = values_of(before), new = values_of(after), now = values_of(found);
  GHashTableIter iter;
  gpointer path, value;
  g_hash_table_iter_init(&iter, new);
  while (g_hash_table_iter_next(&iter, &path, &value))
    if (g_strcmp0(g_hash_table_lookup(old, path), value) != 0 && g_strcmp0(g_hash_table_lookup(now, path), value) != 0)
      return FALSE;
  g_hash_table_iter_init(&iter, old);
  while (g_hash_table_iter_next(&iter, &path, &value))
    if (!g_hash_table_contains(new, path) && g_strcmp0(g_hash_table_lookup(now, path), value) == 0)
      return FALSE;
  return TRUE;
}

/* What was there before is there again when no byte differs. */
static gboolean is_reached(const KtStep *step, const char *wanted, const char *found)
{
  if (g_str_equal(wanted, found))
    return TRUE;
  return step->before && g_strcmp0(wanted, step->before) != 0 && kt_definition_has_edits(step->before, wanted, found);
}

const KtHandKind kt_hand_definition = {.read = read_definition, .write = write_definition, .reached = is_reached};
#endif
