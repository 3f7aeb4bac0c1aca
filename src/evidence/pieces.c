/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/pieces.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#define READ (256 * 1024)       /* at once */
#define OPEN_PIECE (256 * 1024) /* of one output that goes on: its lines stay in the CPU's cache */
#define PIECE_LINES (256 * 1024)

gboolean kt_pieces_fill(int fd, const char *source, GString *bytes, gsize length, gboolean *more, GError **error)
{
  *more = TRUE;
  while (bytes->len < length) {
    gsize had = bytes->len;
    g_string_set_size(bytes, MIN(had + READ, length));
    ssize_t n = read(fd, bytes->str + had, bytes->len - had);
    g_string_set_size(bytes, had + (gsize)MAX(n, 0));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      int err = errno;
      g_set_error(error, KT_ERROR, kt_error_code_of_errno(err), "cannot read '%s': %s", source, g_strerror(err));
      return FALSE;
    }
    if (n == 0) {
      *more = FALSE;
      break;
    }
  }
  return TRUE;
}

gboolean kt_pieces_has_many_lines(const GString *bytes)
{
  return kt_text_skip(bytes->str, bytes->len, PIECE_LINES) < bytes->len;
}

/* The bytes of the first PIECE_LINES lines, or up to the last line end; all if there is none. */
static gsize whole_lines(const GString *bytes)
{
  if (kt_pieces_has_many_lines(bytes))
    return kt_text_skip(bytes->str, bytes->len, PIECE_LINES);
  const char *end = memrchr(bytes->str, '\n', bytes->len);
  if (!end)
    end = memrchr(bytes->str, '\r', bytes->len);
  return end ? (gsize)(end + 1 - bytes->str) : bytes->len;
}

/* Drops the rest of a line that was longer than a piece; TRUE if it ended. */
static gboolean drop_rest_of_line(GString *bytes)
{
  gsize rest = strcspn(bytes->str, "\n");
  gboolean ended = rest < bytes->len;
  g_string_erase(bytes, 0, (gssize)(rest + (gsize)ended));
  return ended;
}

gboolean kt_pieces_read(KtPieces *p, int fd, const char *source, GString *bytes, gsize piece, GError **error)
{
  g_autofree char *directory = g_path_get_dirname(source);
  gboolean unread = TRUE, more = TRUE, whole = TRUE; /* whole: the line before ended in its piece */
  guint number = 1;
  p->directory = directory;
  while (more) {
    if (!kt_pieces_fill(fd, source, bytes, p->open.reader ? MIN(piece, OPEN_PIECE) : piece, &unread, error))
      return FALSE;
    if (!whole)
      whole = drop_rest_of_line(bytes);
    more = unread || kt_pieces_has_many_lines(bytes);
    if (!whole && more)
      continue;
    gsize length = more ? whole_lines(bytes) : bytes->len;
    whole = !more || (length && strchr("\r\n", bytes->str[length - 1]));
    g_autoptr(KtText) text = kt_text_new_piece(source, bytes->str, length, number);
    guint next = kt_reading_run_piece(p, text, more);
    gboolean all = next >= kt_text_count(text);
    guint next_number = all ? text->next_number : kt_text_line(text, next)->number;
    g_string_erase(bytes, 0, (gssize)(all ? length : kt_text_skip(bytes->str, length, next_number - number)));
    number = next_number;
  }
  p->directory = NULL;
  return TRUE;
}
