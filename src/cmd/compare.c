/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/input.h"
#include "evidence/evidence.h"
#include "model/predict.h"
#include "view/view.h"

static gboolean json;
static char **reference_files, **subject_files;
static char *colour, *html;

static const GOptionEntry *options(void)
{
  static const GOptionEntry entries[] = {
      {"reference", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &reference_files, "the good machine, from several files",
       "FILE..."},
      {"subject", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &subject_files, "the slow machine, from several files", "FILE..."},
      {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON", NULL},
      {"html", 0, 0, G_OPTION_ARG_FILENAME, &html,
       "also write the report as a page into FILE; '-': the page instead of the report", "FILE"},
      {"color", 0, 0, G_OPTION_ARG_STRING, &colour, "colours in the report", "auto|always|never"},
      {0},
  };
  return entries;
}

/* One side of the comparison. */
typedef struct {
  KtSnapshot *snapshot;
  KtMachine *machine;   /* of the snapshot, or the prediction */
  KtMachine *predicted; /* owned; NULL unless a domain's definition is compared */
  char *label;
} Side;

static void side_clear(Side *side)
{
  kt_snapshot_free(side->snapshot);
  kt_machine_free(side->predicted);
  g_free(side->label);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Side, side_clear)

static gboolean take_domain(Side *side, const KtDomain *domain)
{
  if (!domain)
    return FALSE;
  side->predicted = kt_predict_guest(domain, kt_snapshot_host_of(side->snapshot, domain));
  side->machine = side->predicted;
  side->label = g_strdup(domain->name);
  return TRUE;
}

static gboolean choose(Side *side, const char *given, const char *name, GError **error)
{
  const KtSnapshot *s = side->snapshot;
  if (name)
    side->machine = kt_snapshot_machine(s, name);
  else if (s->machines->len == 1)
    side->machine = s->machines->pdata[0];
  if (side->machine) {
    side->label = g_strdup(side->machine->name);
    return TRUE;
  }
  if (name ? take_domain(side, kt_snapshot_domain(s, name))
           : !s->machines->len && s->domains->len == 1 && take_domain(side, s->domains->pdata[0]))
    return TRUE;
  if (name)
    g_set_error(error, KT_ERROR, KT_ERROR_NOT_FOUND, "no machine or domain '%s' is in '%s'", name, given);
  else if (s->machines->len)
    kt_input_set_ambiguous(s, given, error);
  else if (s->domains->len)
    g_set_error(error, KT_ERROR, KT_ERROR_USAGE, "'%s' holds %u domains; name one of them: %s#NAME", given,
                s->domains->len, given);
  else
    g_set_error(error, KT_ERROR, KT_ERROR_FORMAT, "'%s' shows no machine to compare", given);
  return FALSE;
}

static gboolean read_side(Side *side, char **files, GError **error)
{
  g_auto(GStrv) paths = g_strdupv(files);
  char *name = NULL;
  for (guint i = 0; paths[i]; i++) {
    char *said = kt_input_split_name(paths[i]);
    name = said ? said : name;
  }
  if (!paths[1] && g_str_equal(paths[0], "live")) {
    const KtLiveInput live = {.interval_s = 1, .domain = NULL};
    side->snapshot = kt_input_live(&live, error);
    if (side->snapshot && !name)
      side->machine = kt_snapshot_host(side->snapshot);
    if (side->machine) {
      side->label = g_strdup(side->machine->name);
      return TRUE;
    }
  } else {
    side->snapshot = kt_evidence_read((const char *const *)paths, error);
  }
  return side->snapshot && choose(side, paths[0], name, error);
}

/* Two machines of one name are told apart by what was typed. */
static void make_labels_differ(Side *reference, const char *r, Side *subject, const char *s)
{
  if (reference->label && subject->label && !g_str_equal(reference->label, subject->label))
    return;
  g_free(reference->label);
  g_free(subject->label);
  reference->label = g_strdup(r);
  subject->label = g_strdup(s);
}

static int run(int argc, char **argv, GError **error)
{
  char *reference_one[] = {argc > 0 ? argv[0] : NULL, NULL};
  char **reference_paths = reference_files ? reference_files : reference_one;
  guint at = reference_files ? 0 : 1;
  char *subject_one[] = {argc > (int)at ? argv[at] : NULL, NULL};
  char **subject_paths = subject_files ? subject_files : subject_one;
  guint wanted = !reference_files + !subject_files;
  KtColour when;
  if (!kt_input_colour(colour, &when, error) || !kt_input_page(html, json, error))
    return -1;
  if ((guint)argc != wanted) {
    g_set_error(
        error, KT_ERROR, KT_ERROR_USAGE,
        "'compare' needs a reference and a subject; several files a side: --reference FILE... --subject FILE...");
    return -1;
  }
  g_auto(Side) reference = {0}, subject = {0};
  if (!read_side(&reference, reference_paths, error) || !read_side(&subject, subject_paths, error))
    return -1;
  make_labels_differ(&reference, reference_paths[0], &subject, subject_paths[0]);
  g_autoptr(GPtrArray) differences = kt_compare(reference.machine, subject.machine);
  const KtTerm term = kt_term_of_stdout(when);
  g_autofree char *text = json ? kt_view_compare_json(reference.label, subject.label, differences)
                               : kt_view_compare_text(&term, reference.label, subject.label, differences);
  g_autofree char *page =
      html ? kt_view_compare_html(reference.label, reference.machine, subject.label, subject.machine, differences)
           : NULL;
  return kt_output_report(text, html, page, error) ? KT_EXIT_HEALTHY : -1;
}

const KtCommand kt_command_compare = {
    .name = "compare",
    .arguments = "REFERENCE SUBJECT",
    .summary = "compare a slow machine with a good one, by meaning",
    .description = "Each is a FILE, DIR or TAR of evidence, or 'live'; with #N or #NAME behind it for one machine of "
                   "several (facts prints these names). Shows two machines side by side, the differences that explain "
                   "a slowdown first, each tied to its check.",
    .options = options,
    .run = run,
};
