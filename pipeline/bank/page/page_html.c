/* A page under construction (page_html.h). */
#include "pipeline/bank/page/page_html.h"
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

/* ---- the whole ---- */

static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--card:#f6f8f9;--ink:#17212b;--soft:#52606d;--line:#d5dce2;"
    "--c1:#0f6e84;--c2:#7fb8c4;--good:#2f855a;--old:#d69e2e;--none:#9aa5b1;--bad:#c53030;--link:#0b5c8a}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#11171d;--card:#1a222b;--ink:#e6ebf0;--soft:#9fb0c0;"
    "--line:#334150;--c1:#4fb3c8;--c2:#2c6573;--good:#48a878;--old:#d9a93f;--none:#66788a;--bad:#e5625e;"
    "--link:#7cc4ee}}\n"
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',"
    "Roboto,'Helvetica Neue',Arial,sans-serif}\n"
    "header,main,footer{max-width:62rem;margin:0 auto;padding:0 1.25rem}\n"
    "header{padding-top:2rem}\n"
    ".bank{margin:0;color:var(--soft);font-size:.85rem;letter-spacing:.04em}\n"
    "h1{margin:.1rem 0 1rem;font-size:1.9rem;line-height:1.2;letter-spacing:-.01em;overflow-wrap:anywhere}\n"
    "h2{margin:2.5rem 0 .6rem;padding-bottom:.3rem;font-size:1.2rem;border-bottom:1px solid var(--line)}\n"
    "h3{margin:1.4rem 0 .4rem;font-size:1rem}\n"
    "p{margin:.5rem 0;max-width:44rem}\n"
    ".lead{margin:0;padding:.8rem 1rem;max-width:none;font-size:1.2rem;background:var(--card);"
    "border-left:.4rem solid var(--none);border-radius:.25rem}\n"
    ".lead.good{border-color:var(--good)}.lead.old{border-color:var(--old)}.lead.bad{border-color:var(--bad)}"
    "\n"
    ".lead small{display:block;font-size:1rem;color:var(--soft)}\n"
    ".note{color:var(--soft);font-size:.9em}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1rem 0 "
    "0}\n"
    ".tiles div{padding:.7rem .9rem;background:var(--card);border-radius:.25rem}\n"
    ".tiles dt{color:var(--soft);font-size:.85rem}\n"
    ".tiles dd{margin:0;font-size:1.4rem;font-weight:600;line-height:1.3;font-variant-numeric:tabular-nums}\n"
    ".two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem 2.5rem;"
    "align-items:start}\n"
    "figure{margin:.5rem 0}\n"
    "figcaption,caption{text-align:left;color:var(--soft);font-size:.92em;padding-bottom:.3rem}\n"
    "svg{display:block;width:100%;max-width:34rem;height:auto;overflow:visible;font:12px system-ui,"
    "-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-variant-numeric:tabular-nums}\n"
    "svg text{fill:var(--ink)}svg .tick{fill:var(--soft);font-size:11px}svg .grid{stroke:var(--line)}\n"
    ".c1{fill:var(--c1)}.c2{fill:var(--c2)}.good{fill:var(--good)}.old{fill:var(--old)}.none{fill:var(--none)"
    "}"
    ".bad{fill:var(--bad)}\n"
    ".curve{fill:none;stroke:var(--c1);stroke-width:2;stroke-linejoin:round}.area{fill:var(--c2);opacity:.35}"
    "\n"
    ".legend{list-style:none;margin:.3rem 0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;"
    "font-size:.9em}\n"
    ".legend svg{display:inline-block;width:.8em;height:.8em;margin-right:.4em}\n"
    "table{width:100%;border-collapse:collapse;font-size:.93em}\n"
    "th,td{padding:.4rem .6rem .4rem 0;text-align:left;vertical-align:top;border-bottom:1px solid "
    "var(--line);"
    "overflow-wrap:break-word}\n"
    "th{font-weight:600;color:var(--soft);font-size:.92em}\n"
    "tbody th{color:var(--ink);font-size:inherit}\n"
    ".name,.long,tbody th{overflow-wrap:anywhere}.name{min-width:8.5em}tbody th{min-width:5em}\n"
    ".num{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\n"
    "tfoot th,tfoot td{font-weight:600;border-bottom:0;color:var(--ink);font-size:inherit}\n"
    "code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    "overflow-wrap:anywhere}\n"
    ".mark{display:inline-block;padding:0 .5em;border-radius:.8em;border:1px solid "
    "var(--none);font-size:.9em;"
    "white-space:nowrap}.mark.good{border-color:var(--good)}.mark.old{border-color:var(--old)}"
    ".mark.bad{border-color:var(--bad)}\n"
    ".facts{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.25rem 1.2rem;margin:.5rem 0}\n"
    ".facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}\n"
    "a{color:var(--link)}\n"
    "footer{margin-top:3rem;padding-bottom:2rem;color:var(--soft);font-size:.85rem}\n"
    "@media (max-width:40rem){header,main,footer{padding-left:1rem;padding-right:1rem}"
    "header{padding-top:1.25rem}h1{font-size:1.5rem}.lead{font-size:1.08rem}"
    ".cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    ".cards,.cards tbody,.cards tfoot,.cards tr,.cards td,.cards th,.cards caption{display:block}"
    ".cards tr{padding:.6rem 0;border-bottom:1px solid var(--line)}"
    ".cards td,.cards tbody th,.cards tfoot th{padding:.1rem 0;border:0;text-align:left;white-space:normal}"
    ".cards td{padding-left:7.5rem}.cards td::before{content:attr(data-label);float:left;width:7rem;"
    "margin-left:-7.5rem;color:var(--soft);font-size:.85rem}"
    ".cards .long{padding-left:0}.cards .long::before{float:none;display:block;width:auto;margin:0}}\n"
    "@media print{@page{margin:14mm}:root{color-scheme:light;--paper:#fff;--card:#f3f5f6;--ink:#000;"
    "--soft:#444;--line:#bbb;--c1:#0f6e84;--c2:#7fb8c4;--good:#2f855a;--old:#d69e2e;--none:#9aa5b1;"
    "--bad:#c53030;--link:#000}"
    "body{font-size:9.5pt;line-height:1.4;print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "header,main,footer{max-width:none;padding:0}h1{font-size:18pt}h2{margin-top:1rem;font-size:12pt}"
    ".lead,.lead small{font-size:11pt}.tiles{grid-template-columns:repeat(6,1fr)}.tiles div{padding:.4rem "
    ".5rem}.tiles dd{font-size:11pt;white-space:nowrap}"
    "h2,h3,figcaption{break-after:avoid}"
    "figure,tr,.tiles,.facts{break-inside:avoid}.two{grid-template-columns:1fr "
    "1fr}footer{margin-top:.6rem;padding-bottom:0}}\n";

void vl_html_head(vl_html *h, const char *bank, const char *title)
{
    vl_html_put(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                   "'unsafe-inline'; img-src data:\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    vl_html_text(h, title);
    vl_html_put(h, " \xc2\xb7 ");
    vl_html_text(h, bank);
    vl_html_put(h, "</title>\n<style>\n");
    vl_html_put(h, style);
    vl_html_put(h, "</style>\n</head>\n<body>\n<header>\n");
    vl_html_element(h, "p class=\"bank\"", bank);
    vl_html_element(h, "h1", title);
    vl_html_put(h, "\n</header>\n<main>\n");
}

void vl_html_foot(vl_html *h)
{
    char now[32];
    vl_html_putf(
        h,
        "</main>\n<footer>Written %s UTC by vial %s. All times are UTC; 1 kB is 1,000 bytes.</footer>\n"
        "</body>\n</html>\n",
        vl_show_time(vl_bank_now(), now), VL_VERSION);
}

vl_code vl_html_write(vl_html *h, const char *path)
{
    if (!h->err->code) vl_bank_write_file(path, h->text.data, h->text.len, h->err);
    return h->err->code;
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
    struct tm utc;
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"") const bool good =
        gmtime_r(&whole, &utc) && strftime(text, 32, form, &utc);
    _Pragma("GCC diagnostic pop") if (!good) snprintf(text, 32, "?");
    return *text == ' ' ? text + 1 : text;
}

const char *vl_show_day(double at, char text[32]) { return show(at, "%e %B %Y", text); }
const char *vl_show_time(double at, char text[32]) { return show(at, "%e %b %Y, %H:%M", text); }

const char *vl_show_ratio(double from, double to, char text[32])
{
    if (from > 0 && to > 0) snprintf(text, 32, "%.*f\xc2\xa0\xc3\x97", from / to < 99.95 ? 1 : 0, from / to);
    else snprintf(text, 32, "\xe2\x80\x93");
    return text;
}
