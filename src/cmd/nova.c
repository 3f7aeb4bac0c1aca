/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/nova.h"

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "view/nova_view.h"

static char *flavor_path, *image_path, *host_path, *conf_path, *batch_path, *release_word, *colour;
static gboolean json;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"flavor", 0, 0, G_OPTION_ARG_FILENAME, &flavor_path, "fit: 'openstack flavor show NAME', table or JSON", "FILE"},
      {"image", 0, 0, G_OPTION_ARG_FILENAME, &image_path, "'openstack image show NAME', table or JSON", "FILE"},
      {"host", 0, 0, G_OPTION_ARG_FILENAME, &host_path,
       "fit: a capture of the host, a copied root, or 'virsh capabilities'; its guests count if they are in it",
       "FILE"},
      {"conf", 0, 0, G_OPTION_ARG_FILENAME, &conf_path, "fit: nova.conf of the host", "FILE"},
      {"nova-release", 0, 0, G_OPTION_ARG_STRING, &release_word, "whose rules: of Zed or, by default, of master",
       "zed|master"},
      {"batch", 0, 0, G_OPTION_ARG_FILENAME, &batch_path, "fit: answer the requests of this file, a JSON object a line",
       "FILE"},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the report", "auto|always|never"},
      {0},
  };
  return entries;
}

static gboolean read_release(KtNovaRelease *release, GError **error)
{
  *release = g_strcmp0(release_word, "zed") == 0 ? KT_NOVA_ZED : KT_NOVA_MASTER;
  if (!release_word || *release == KT_NOVA_ZED || g_str_equal(release_word, "master"))
    return TRUE;
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "--nova-release is 'zed' or 'master'");
  return FALSE;
}

static int usage(GError **error, const char *what)
{
  g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "%s; see 'kvmtune help nova'", what);
  return -1;
}

/* Keys that Nova passes over: mostly misspelled. How many. */
static guint note_unknown(const KtFlavor *flavor, KtNovaRelease release, GPtrArray *notes)
{
  g_autoptr(GPtrArray) keys = kt_nova_explain(flavor, release);
  guint n = 0;
  for (guint i = 0; i < keys->len; i++) {
    const KtNovaKeyNote *key = keys->pdata[i];
    if (key->state != KT_NOVA_KEY_UNKNOWN)
      continue;
    n++;
    g_ptr_array_add(notes, g_strdup_printf("%s=%s: %s", key->key, key->value ? key->value : "", key->what));
  }
  return n;
}

static int run_fit(int argc, KtNovaRelease release, GError **error)
{
  if (argc)
    return usage(error, "'nova fit' takes options only");
  if (batch_path && (flavor_path || image_path || host_path || conf_path))
    return usage(error, "--batch has flavor, image and host in it");
  if (batch_path)
    return kt_nova_run_batch(batch_path, release, error);
  if (!flavor_path || !host_path)
    return usage(error, "'nova fit' needs --flavor and --host, or --batch");
  KtColour when;
  if (!kt_input_colour(colour, &when, error))
    return -1;
  g_autoptr(KtFlavor) flavor = kt_nova_read_flavor(flavor_path, error);
  if (!flavor || (image_path && !kt_nova_read_image(image_path, flavor, error)))
    return -1;
  g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *name = NULL;
  g_autoptr(KtNovaHost) host = kt_nova_read_host(host_path, conf_path, &name, notes, error);
  if (!host)
    return -1;
  g_autoptr(KtNovaAnswer) answer = kt_nova_answer(flavor, host, release);
  const KtNovaSearch search = answer->guest && !answer->refusal
                                  ? kt_nova_search(answer->guest, host, release, KT_NOVA_SEARCH_MOST)
                                  : (KtNovaSearch){0};
  const KtNovaSearch *searched = answer->guest && !answer->refusal ? &search : NULL;
  g_autoptr(GPtrArray) advice = kt_nova_advise(flavor, host, answer, searched, release);
  guint unknown = note_unknown(flavor, release, notes);
  const KtNovaReport report = {.flavor = flavor,
                               .host_name = name,
                               .host = host,
                               .answer = answer,
                               .search = searched,
                               .advice = advice,
                               .notes = notes,
                               .release = release};
  const KtTerm term = kt_term_of_stdout(when);
  g_autofree char *text = json ? kt_view_nova_fit_json(&report) : kt_view_nova_fit_text(&term, &report);
  gboolean well = !unknown && !answer->refusal && !answer->not_offered && !answer->at_compute &&
                  (!answer->guest || answer->fit->fits) && !advice->len;
  return !kt_output(text, error) ? -1 : well ? KT_EXIT_HEALTHY : KT_EXIT_FINDINGS;
}

static gboolean is_fault(const KtNovaKeyNote *note)
{
  return note->state == KT_NOVA_KEY_UNKNOWN || note->state == KT_NOVA_KEY_IDLE || note->state == KT_NOVA_KEY_MISSING;
}

static int run_explain(int argc, char **argv, KtNovaRelease release, GError **error)
{
  if (argc != 1)
    return usage(error, "'nova explain' needs one flavor");
  if (flavor_path || host_path || conf_path || batch_path)
    return usage(error, "of the options of 'nova fit' 'nova explain' takes --image and --nova-release");
  KtColour when;
  if (!kt_input_colour(colour, &when, error))
    return -1;
  g_autoptr(KtFlavor) flavor = kt_nova_read_flavor(argv[0], error);
  if (!flavor || (image_path && !kt_nova_read_image(image_path, flavor, error)))
    return -1;
  g_autoptr(GPtrArray) notes = kt_nova_explain(flavor, release);
  const KtTerm term = kt_term_of_stdout(when);
  g_autofree char *text =
      json ? kt_view_nova_keys_json(flavor, notes) : kt_view_nova_keys_text(&term, flavor, notes, release);
  int status = KT_EXIT_HEALTHY;
  for (guint i = 0; i < notes->len; i++)
    if (is_fault(notes->pdata[i]))
      status = KT_EXIT_FINDINGS;
  return kt_output(text, error) ? status : -1;
}

static int run(int argc, char **argv, GError **error)
{
  KtNovaRelease release;
  if (!read_release(&release, error))
    return -1;
  if (argc && g_str_equal(argv[0], "fit"))
    return run_fit(argc - 1, release, error);
  if (argc && g_str_equal(argv[0], "explain"))
    return run_explain(argc - 1, argv + 1, release, error);
  return usage(error, "'nova' needs 'fit' or 'explain'");
}

const KtCommand kt_command_nova = {
    .name = "nova",
    .arguments = "fit|explain [FILE]",
    .summary = "what OpenStack Nova makes of a flavor, on a host",
    .description =
        "'nova fit' answers as Nova does: its error, the guest's CPU topology and NUMA cells, whether and where they "
        "fit on the host, and the domain XML; and it says what to set in the flavor. Where Nova's own search misses a "
        "placement that exists, this one finds it. 'nova explain FILE' lists what each key of a flavor does, which "
        "have no effect, which are misspelled and which are missing. The exit status is 0 if all is well, 1 if "
        "something can be better, 2 if something could not be read.",
    .options = options,
    .run = run,
};
