/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nova/guest.h"
#include "nova/values.h"

enum { UNLIMITED = 65536, PARTS = 3 };

static const char *const parts[PARTS] = {"sockets", "cores", "threads"};

/* hw:cpu_PREFIXsockets, ...cores, ...threads; 0: not set. */
static gboolean read_flavor(const KtFlavor *flavor, const char *prefix, gint64 values[PARTS])
{
  for (guint i = 0; i < PARTS; i++) {
    char key[32];
    g_snprintf(key, sizeof key, "%s%s", prefix, parts[i]);
    const char *text = kt_nova_spec(flavor, key);
    values[i] = 0;
    if (text && !kt_nova_int(text, &values[i]))
      return FALSE;
  }
  return TRUE;
}

static void read_image(const KtFlavor *flavor, const char *prefix, gint64 values[PARTS])
{
  for (guint i = 0; i < PARTS; i++) {
    char key[32];
    g_snprintf(key, sizeof key, "%s%s", prefix, parts[i]);
    const char *text = kt_nova_property(flavor, key);
    if (!text || !kt_nova_int(text, &values[i]))
      values[i] = 0; /* what is none was refused with the image */
  }
}

static gboolean exceeds(const gint64 a[PARTS], const gint64 b[PARTS])
{
  return a[0] > b[0] || a[1] > b[1] || a[2] > b[2];
}

static gboolean is_given(const gint64 values[PARTS])
{
  return values[0] || values[1] || values[2];
}

/* What the image may have and what is wished for, of both. */
static KtNovaRefusal read_wishes(const KtFlavor *flavor, gint64 limit[PARTS], gint64 wish[PARTS])
{
  gint64 flavor_max[PARTS], image_max[PARTS], image_wish[PARTS];
  if (!read_flavor(flavor, "cpu_max_", flavor_max))
    return KT_NOVA_INVALID_REQUEST;
  read_image(flavor, "cpu_max_", image_max);
  for (guint i = 0; i < PARTS; i++) {
    if (flavor_max[i] && image_max[i] > flavor_max[i])
      return KT_NOVA_LIMITS_EXCEEDED;
    limit[i] = image_max[i] ? image_max[i] : flavor_max[i] ? flavor_max[i] : UNLIMITED;
  }
  if (!read_flavor(flavor, "cpu_", wish))
    return KT_NOVA_INVALID_REQUEST;
  read_image(flavor, "cpu_", image_wish);
  if (exceeds(wish, limit))
    wish[0] = wish[1] = wish[2] = 0;
  if (exceeds(image_wish, limit))
    return KT_NOVA_TOPOLOGY_EXCEEDED;
  for (guint i = 0; is_given(image_wish) && i < PARTS; i++)
    wish[i] = image_wish[i];
  return KT_NOVA_OK;
}

static guint matches(const gint64 wish[PARTS], const KtNovaShape *shape)
{
  return (wish[0] == shape->sockets) + (wish[1] == shape->cores) + (wish[2] == shape->threads);
}

/* Does a come before b? */
static gboolean is_better(const gint64 wish[PARTS], const KtNovaShape *a, const KtNovaShape *b)
{
  guint in_a = matches(wish, a), in_b = matches(wish, b);
  if (in_a != in_b)
    return in_a > in_b;
  if (a->threads != b->threads)
    return a->threads < b->threads;
  return a->sockets > b->sockets;
}

KtNovaRefusal kt_nova_shape(const KtFlavor *flavor, KtNovaShape *shape)
{
  gint64 limit[PARTS], wish[PARTS], vcpus = flavor->vcpus.value;
  KtNovaRefusal no = read_wishes(flavor, limit, wish);
  if (no)
    return no;
  *shape = (KtNovaShape){0};
  g_autoptr(GArray) divisors = g_array_new(FALSE, FALSE, sizeof(gint64));
  for (gint64 d = 1; d <= vcpus; d++)
    if (vcpus % d == 0)
      g_array_append_val(divisors, d);
  for (guint i = 0; i < divisors->len; i++)
    for (guint j = 0; j < divisors->len; j++) {
      gint64 sockets = g_array_index(divisors, gint64, i), cores = g_array_index(divisors, gint64, j);
      if (vcpus / sockets % cores)
        continue;
      const KtNovaShape other = {sockets, cores, vcpus / sockets / cores};
      if (sockets > limit[0] || cores > limit[1] || other.threads > limit[2])
        continue;
      if (!shape->sockets || is_better(wish, &other, shape))
        *shape = other;
    }
  return shape->sockets ? KT_NOVA_OK : KT_NOVA_LIMITS_IMPOSSIBLE;
}
