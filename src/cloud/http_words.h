/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service said no with, as a line. Inside of the room only. */
#pragma once
#include "cloud/http.h"

/* kt_http_set_error() with the texts that must not be shown (char*; NULL: none). */
void kt_http_say(const GPtrArray *secrets, const KtHttpRequest *request, const KtHttpAnswer *answer, GError **error);

/* Takes `text` (may be NULL), which was told in `body`: gives it, or that it holds one of `secrets`. Caller frees. */
char *kt_http_without(const GPtrArray *secrets, char *text, const char *body);

/* The message in an answer's body: of Nova ({"badRequest": {"message"}}), Keystone ({"error": {"message"}}), placement
 * ({"errors": [{"detail"}]}) or Glance (a page); NULL: none. One line, cut. Caller frees. */
char *kt_http_message(const char *body, gsize length);

/* Valid UTF-8 without control characters, each run of white space one space, not too long. Caller frees. */
char *kt_http_one_line(const char *text);
