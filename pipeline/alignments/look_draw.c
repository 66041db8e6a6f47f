/* A look as text, and as SVG in the style of our pages (look.h). */
#include "pipeline/alignments/look.h"

#include "formats/text.h"
#include "pipeline/page/svg.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- text ---- */

/* A line without the blanks at its end. */
static vl_code put_line(const char *line, size_t n, vl_buf *text, vl_err *err)
{
    while (n && line[n - 1] == ' ') n--;
    return vl_buf_append(text, line, n, err) ? err->code : vl_text_add(text, "\n", err);
}

/* Every tenth place where it is, if the one before leaves room. */
static vl_code put_ruler(const vl_look *l, vl_buf *text, vl_err *err)
{
    char *const line = malloc(l->width);
    size_t end = 0;
    if (!line) return vl_fail(err, VL_ENOMEM, "no memory for a line");
    memset(line, ' ', l->width);
    for (size_t i = 0; i < l->nplace; i++) {
        char number[24];
        const size_t at = l->column[i];
        const int n = snprintf(number, sizeof number, "%" PRId64, l->region.from + 1 + (int64_t)i);
        if ((l->region.from + (int64_t)i) % 10 || at < end || at + (size_t)n > l->width) continue;
        memcpy(line + at, number, (size_t)n);
        end = at + (size_t)n + 1;
    }
    put_line(line, l->width, text, err);
    free(line);
    return err->code;
}

vl_code vl_look_text(const vl_look *l, vl_buf *text, vl_err *err)
{
    if (put_ruler(l, text, err) || put_line(l->reference, l->width, text, err)) return err->code;
    for (size_t i = 0; i < l->nrow; i++)
        if (put_line(l->cell + i * l->width, l->width, text, err)) return err->code;
    if (l->left) vl_text_put(text, err, "and %" PRIu64 " more\n", l->left);
    return err->code;
}

/* ---- SVG ---- */

enum { WIDE = 7, HIGH = 11, TOP = 30 }; /* of a cell; of the first row */

static const char *class_of(char letter)
{
    switch (toupper(letter)) {
    case 'A': return "f1";
    case 'C': return "f2";
    case 'G': return "f3";
    case 'T': return "f4";
    default: return "f5";
    }
}

static void put_letter(vl_html *h, size_t x, size_t y, char letter, const char *class)
{
    vl_html_putf(h, "<text class=\"%s\" x=\"%.1f\" y=\"%zu\">%c</text>", class,
                 (double)(x * WIDE) + WIDE / 2., y, letter);
}

/* A record: a bar; where it differs, letters on it. */
static void put_run(vl_html *h, const char *line, size_t from, size_t to, size_t y)
{
    bool reverse = false;
    for (size_t i = from; i < to; i++) reverse |= line[i] == ',' || line[i] == '<' || islower(line[i]);
    vl_html_putf(h, "<rect class=\"%s\" x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%d\" rx=\"2\"/>",
                 reverse ? "outer" : "area", from * WIDE, y, (to - from) * WIDE, HIGH - 2);
    for (size_t i = from; i < to; i++) {
        if (line[i] == '*' || line[i] == '>' || line[i] == '<')
            vl_html_putf(h, "<path class=\"grid\" d=\"M%zu %.1fh%d\"/>", i * WIDE,
                         (double)y + (HIGH - 2) / 2., WIDE);
        else if (line[i] != '.' && line[i] != ',')
            put_letter(h, i, y + HIGH - 3, (char)toupper(line[i]), class_of(line[i]));
    }
}

static void put_row(vl_html *h, const char *line, size_t n, size_t y)
{
    for (size_t i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && line[end] != ' ';) end++;
        if (end > i) put_run(h, line, i, end, y);
    }
    vl_html_put(h, "\n");
}

static void put_places(vl_html *h, const vl_look *l)
{
    for (size_t i = 0; i < l->nplace; i++) {
        const int64_t place = l->region.from + 1 + (int64_t)i;
        if (place % 20 == 1)
            vl_html_putf(h, "<text class=\"tick\" x=\"%zu\" y=\"8\">%" PRId64 "</text>", l->column[i] * WIDE,
                         place);
    }
    vl_html_put(
        h, "\n<g font-size=\"9\" text-anchor=\"middle\" style=\"font-family:ui-monospace,monospace\">\n");
    for (size_t i = 0; i < l->width; i++)
        if (l->reference[i] != '*') put_letter(h, i, TOP - 8, l->reference[i], class_of(l->reference[i]));
    vl_html_put(h, "\n");
}

vl_code vl_look_svg(const vl_look *l, vl_buf *text, vl_err *err)
{
    vl_html h = { .err = err };
    char caption[400];
    const int n =
        snprintf(caption, sizeof caption, "%.*s:%" PRId64 "-%" PRId64, l->name.n < 255 ? (int)l->name.n : 255,
                 (const char *)l->name.at, l->region.from + 1, l->region.to);
    if (l->left) snprintf(caption + n, sizeof caption - (size_t)n, ", and %" PRIu64 " records more", l->left);
    vl_svg_file_open(&h, "How records lie upon a region", caption, (int)(l->width * WIDE),
                     (int)(TOP + l->nrow * HIGH));
    put_places(&h, l);
    for (size_t i = 0; i < l->nrow && !err->code; i++)
        put_row(&h, l->cell + i * l->width, l->width, TOP + i * HIGH);
    vl_html_put(&h, "</g>\n");
    vl_svg_close(&h);
    if (!err->code) vl_buf_swap(text, &h.text);
    vl_html_free(&h);
    return err->code;
}
