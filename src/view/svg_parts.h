/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What charts are made of. Across, all is in percent of the width. */
#pragma once
#include "view/html.h"

/* A rectangle; x and width in percent, y and height in pixels. */
void kt_svg_put_bar(KtHtml *html, const char *class, double x, double width, int y, int height);
/* A text; x as in SVG ("-8", "100%"). */
void kt_svg_put_note(KtHtml *html, const char *class, const char *x, int y, const char *text);
/* A figure with its caption; the caller closes it. */
void kt_svg_open_figure(KtHtml *html, const char *heading, const char *text);
/* The picture in it, as wide as the page; the caller closes it. */
void kt_svg_open_plot(KtHtml *html, int height, const char *title, const char *description);
