/*
 * A page under construction, for the pages of a bank and the reports of stores alike: HTML as growing
 * text, with everything from outside escaped, and numbers as people read them; charts are in svg.h.
 * The page is one file that needs nothing else: style within, no scripts, no network. The first error stays
 * in err and makes all further calls do nothing, so that only err has to be looked at in the end.
 */
#ifndef VL_HTML_H
#define VL_HTML_H

#include "formats/buf.h"

typedef struct vl_html {
    vl_buf text; /* owned; freed by vl_html_free */
    vl_err *err; /* borrowed */
    int nchart;  /* numbers the titles of charts */
} vl_html;

/* ---- markup, ours alone ---- */
void vl_html_put(vl_html *h, const char *markup);
/* Numbers and our own words; at most 1 KiB. */
void vl_html_putf(vl_html *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- text from anywhere ---- */
/* For elements and quoted attributes: escaped; controls become visible, bytes that are not UTF-8 U+FFFD. */
void vl_html_text(vl_html *h, const char *text);
/* The first most letters of it, with "..." as one letter for the rest. */
void vl_html_text_cut(vl_html *h, const char *text, int most);
/* A relative path as the value of href. */
void vl_html_href(vl_html *h, const char *path);
/* <open>text</close>: open with its attributes ("td class=num"), ours alone. */
void vl_html_element(vl_html *h, const char *open, const char *text);
/* A cell that knows its column: narrow windows show it as "label: text". */
void vl_html_cell(vl_html *h, const char *label, const char *class, const char *text);
/* The same, empty and open; the caller ends it with "</td>". */
void vl_html_cell_open(vl_html *h, const char *label, const char *class);

/* One whose text is a name of the machine's: a path, a digest. */
void vl_html_cell_code(vl_html *h, const char *label, const char *class, const char *text);
/* <dt>name</dt><dd>text</dd> */
void vl_html_fact(vl_html *h, const char *name, const char *text);
/* One of <dl class="tiles">. */
void vl_html_tile(vl_html *h, const char *name, const char *value);
/* A table up to its first row, and its end. columns: "Reason|#Items", '#' for numbers; caption: markup.
 * Both ours. */
void vl_html_table_open(vl_html *h, const char *caption, const char *columns);
void vl_html_table_close(vl_html *h);

/* ---- the whole ---- */
extern const char vl_html_style[]; /* style.c */
/* Up to <main>, with the header: a few words over the title, which is the h1. */
void vl_html_head(vl_html *h, const char *over, const char *title);
/* The end, with a sentence or two below. */
void vl_html_foot(vl_html *h, const char *words);
void vl_html_free(vl_html *h);

/* ---- numbers; each into text of 32 bytes, which is returned ---- */
const char *vl_show_bytes(double bytes, char text[32]);           /* "3.1 GB" */
const char *vl_show_count(double count, char text[32]);           /* "1,204" */
const char *vl_show_number(double number, char text[32]);         /* "1,204", "0.125", "3.1e9"; "-" for NaN */
const char *vl_show_word(double n, char text[32]);                /* up to nine "one", else a count */
const char *vl_show_duration(double seconds, char text[32]);      /* "2 h 05 min" */
const char *vl_show_day(double at, char text[32]);                /* "22 November 2026", local */
const char *vl_show_time(double at, char text[32]);               /* "22 Nov 2026, 08:30", local */
const char *vl_show_ratio(double from, double to, char text[32]); /* "2.3" and a sign for times; "-" */

#endif
