/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan's changes of one persistent definition, made in its XML. */
#pragma once
#include "domxml/domxml.h"
#include "plan/plan.h"

/* Is each value in the definition as the plan wants it? TRUE where it wants none of this domain. */
gboolean kt_apply_is_made(const KtDomXml *xml, const KtPlan *plan);

/* Makes the plan's changes of the domain that `xml` defines (its UUID where both
 * have one, else its name). Each value that a change expects is checked
 * first; where all are as the plan wants them, nothing is left to be done. FALSE, and xml untouched, with
 * KT_ERROR_NOT_FOUND (the plan does not know this domain), KT_ERROR_LIMIT (more edits of it than any needs),
 * KT_ERROR_FORMAT (a value is not what the plan expects: both are named) or what kt_domxml_set() says of a path. */
gboolean kt_apply_definition(KtDomXml *xml, const KtPlan *plan, GError **error);

/* Fills in what the plan's changes of this definition expect to find (the `before` of
 * their edits), and takes out edits that change nothing and changes without edits.
 * FALSE with what kt_domxml_set() says of a path. */
gboolean kt_apply_expect(KtPlan *plan, const KtDomXml *xml, GError **error);
