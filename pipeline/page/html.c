/* A page under construction (html.h). */
#include "pipeline/page/html.h"
#include "formats/letter.h"
#include "pipeline/run/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- markup and text ---- */

static void put(vl_html *h, const char *bytes, size_t n)
{
    if (!h->err->code) vl_buf_append(&h->text, bytes, n, h->err);
}

void vl_html_put(vl_html *h, const char *markup) { put(h, markup, strlen(markup)); }

void vl_html_putf(vl_html *h, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof text) put(h, text, (size_t)n);
    else vl_fail(h->err, VL_EBUG, "a piece of a page has %d bytes", n);
}

/* What stands for a letter in HTML; NULL: the letter itself. mark: room for a picture of a control. */
static const char *stand_in(uint32_t c, char mark[4])
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case VL_LETTER_BAD: return VL_LETTER_BAD_TEXT;
    default: break;
    }
    if (!vl_letter_hidden(c)) return NULL;
    if (c >= 32 && c != 127) return VL_LETTER_BAD_TEXT;
    snprintf(mark, 4, "\xe2\x90%c", c == 127 ? 0xa1 : (int)(0x80 + c)); /* U+2400 + c, and U+2421 */
    return mark;
}

void vl_html_text_cut(vl_html *h, const char *text, int most)
{
    size_t left = strlen(text);
    for (int n = 0; left && n < most; n++) {
        char mark[4];
        uint32_t c;
        const size_t len = vl_letter(text, left, &c), step = len ? len : 1;
        const char *const other = stand_in(c, mark);
        if (n + 1 == most && left > step) vl_html_put(h, "\xe2\x80\xa6");
        else if (other) vl_html_put(h, other);
        else put(h, text, step);
        text += step;
        left -= step;
    }
}

void vl_html_text(vl_html *h, const char *text) { vl_html_text_cut(h, text, INT32_MAX); }

/* RFC 3986: unreserved letters and '/' as they are. A ':' would make the first part a scheme. */
void vl_html_href(vl_html *h, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    for (const char *p = path; *p; p++) {
        if (strchr(plain, *p)) put(h, p, 1);
        else vl_html_putf(h, "%%%02X", (unsigned char)*p);
    }
}

void vl_html_element(vl_html *h, const char *open, const char *text)
{
    vl_html_putf(h, "<%s>", open);
    vl_html_text(h, text);
    vl_html_putf(h, "</%.*s>", (int)strcspn(open, " "), open);
}

void vl_html_cell_open(vl_html *h, const char *label, const char *class)
{
    vl_html_putf(h, "<td role=\"cell\" class=\"%s\" data-label=\"", class);
    vl_html_text(h, label);
    vl_html_put(h, "\">");
}

void vl_html_cell(vl_html *h, const char *label, const char *class, const char *text)
{
    vl_html_cell_open(h, label, class);
    vl_html_text(h, text);
    vl_html_put(h, "</td>");
}

void vl_html_cell_code(vl_html *h, const char *label, const char *class, const char *text)
{
    vl_html_cell_open(h, label, class);
    vl_html_element(h, "code", text);
    vl_html_put(h, "</td>");
}

void vl_html_fact(vl_html *h, const char *name, const char *text)
{
    vl_html_element(h, "dt", name);
    vl_html_element(h, "dd", text);
}

void vl_html_tile(vl_html *h, const char *name, const char *value)
{
    vl_html_put(h, "<div>");
    vl_html_fact(h, name, value);
    vl_html_put(h, "</div>\n");
}

void vl_html_table_open(vl_html *h, const char *caption, const char *columns)
{
    vl_html_put(h, "<table class=\"cards\" role=\"table\"><caption>");
    vl_html_put(h, caption);
    vl_html_put(h, "</caption>\n<thead><tr>");
    for (const char *p = columns; *p; p += *p == '|') {
        const size_t n = strcspn(p, "|");
        const bool number = *p == '#';
        vl_html_putf(h, "<th scope=\"col\"%s>%.*s</th>", number ? " class=\"num\"" : "", (int)n - number,
                     p + number);
        p += n;
    }
    vl_html_put(h, "</tr></thead>\n<tbody>\n");
}

void vl_html_table_close(vl_html *h) { vl_html_put(h, "</tbody></table>\n"); }

/* ---- the whole ---- */

void vl_html_head(vl_html *h, const char *over, const char *title)
{
    vl_html_put(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                   "'unsafe-inline'; img-src data:\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    vl_html_text(h, title);
    vl_html_put(h, " \xc2\xb7 ");
    vl_html_text(h, over);
    vl_html_put(h, "</title>\n<style>\n");
    vl_html_put(h, vl_html_style);
    vl_html_put(h, "</style>\n</head>\n<body>\n<header>\n");
    vl_html_element(h, "p class=\"over\"", over);
    vl_html_element(h, "h1", title);
    vl_html_put(h, "\n</header>\n<main>\n");
}

void vl_html_foot(vl_html *h, const char *words)
{
    vl_html_put(h, "</main>\n");
    vl_html_element(h, "footer", words);
    vl_html_put(h, "\n</body>\n</html>\n");
}

void vl_html_free(vl_html *h) { vl_buf_free(&h->text); }

/* ---- numbers ---- */

const char *vl_show_bytes(double bytes, char text[32])
{
    char human[16];
    const double most = 1.8e19; /* below 2^64 */
    const double within = bytes > 0 ? bytes < most ? bytes : most : 0;
    snprintf(text, 32, "%s", vl_human_bytes((uint64_t)within, human));
    return text;
}

const char *vl_show_count(double count, char text[32])
{
    char plain[32];
    const int n = snprintf(plain, sizeof plain, "%.0f", count < 1e17 ? count : 1e17);
    int at = 0;
    for (int i = 0; i < n && at < 30; i++) {
        if (i && (n - i) % 3 == 0 && plain[i - 1] != '-') text[at++] = ',';
        text[at++] = plain[i];
    }
    text[at] = 0;
    return text;
}

const char *vl_show_number(double number, char text[32])
{
    if (!isfinite(number)) return strcpy(text, "\xe2\x80\x93");
    if (number == floor(number) && fabs(number) < 1e7) return vl_show_count(number, text);
    snprintf(text, 32, "%.4g", number);
    char *const e = strstr(text, "e+"); /* e+07 -> e7 */
    if (e) memmove(e + 1, e + 2 + (e[2] == '0'), strlen(e + 2 + (e[2] == '0')) + 1);
    return text;
}

const char *vl_show_word(double n, char text[32])
{
    static const char *const word[] = { "no",   "one", "two",   "three", "four",
                                        "five", "six", "seven", "eight", "nine" };
    const bool small = n >= 0 && n < 10;
    return small ? strcpy(text, word[(int)n]) : vl_show_count(n, text);
}

const char *vl_show_duration(double seconds, char text[32])
{
    const double s = seconds > 0 ? seconds < 1e12 ? seconds : 1e12 : 0;
    const long whole = (long)(s + 0.5);
    if (s < 9.95) snprintf(text, 32, "%.1f s", s);
    else if (whole < 60) snprintf(text, 32, "%ld s", whole);
    else if (whole < 3600) snprintf(text, 32, "%ld min %02ld s", whole / 60, whole % 60);
    else if (whole < 86400) snprintf(text, 32, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
    else snprintf(text, 32, "%ld d %ld h", whole / 86400, whole / 3600 % 24);
    return text;
}

static const char *show(double at, const char *form, char text[32])
{
    const time_t whole = (time_t)at;
    struct tm local;
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"") const bool good =
        localtime_r(&whole, &local) && strftime(text, 32, form, &local);
    _Pragma("GCC diagnostic pop") if (!good) snprintf(text, 32, "?");
    return *text == ' ' ? text + 1 : text;
}

const char *vl_show_day(double at, char text[32]) { return show(at, "%e %B %Y", text); }
const char *vl_show_time(double at, char text[32]) { return show(at, "%e %b %Y, %H:%M", text); }

const char *vl_show_ratio(double from, double to, char text[32])
{
    const double ratio = from > 0 && to > 0 ? from / to : 0;
    if (ratio >= 0.95) snprintf(text, 32, "%.*f\xc2\xa0\xc3\x97", ratio < 99.95 ? 1 : 0, ratio);
    else if (ratio > 0) snprintf(text, 32, "%.2g\xc2\xa0\xc3\x97", ratio); /* small inputs grow */
    else snprintf(text, 32, "\xe2\x80\x93");
    return text;
}
