/* The page of a day: what is open when it is written, items refused and files that wait (page_day.h). */
#include "pipeline/bank/page/page_day.h"

#include "pipeline/bank/open_items.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 200 }; /* items that a page names */

static const char *get(const json_t *item, const char *name)
{
    const char *const text = json_string_value(json_object_get(item, name));
    return text ? text : "";
}

/* What somebody wrote who has seen it. */
static void put_note(vl_html *h, const json_t *note)
{
    if (!note) return;
    vl_html_put(h, "<br><span class=\"note\">Acknowledged by ");
    vl_html_text(h, get(note, "by"));
    if (*get(note, "reason")) vl_html_put(h, ": ");
    vl_html_text(h, get(note, "reason"));
    vl_html_put(h, "</span>");
}

static void put_item(vl_day *d, const json_t *item)
{
    char text[32];
    const char *const state = get(item, "state"), *const message = get(item, "message");
    vl_html_put(d->h, "<tr role=\"row\">");
    vl_html_cell_open(d->h, "State", "");
    vl_html_putf(d->h, "<span class=\"mark %s\">", strcmp(state, "refused") ? "none" : "old");
    vl_html_text(d->h, state);
    vl_html_put(d->h, "</span></td>");
    vl_html_cell(d->h, "For", "num",
                 vl_show_duration(d->now - json_number_value(json_object_get(item, "since")), text));
    vl_html_cell(d->h, "Item", "name", get(item, "item"));
    vl_html_cell_open(d->h, "Why", "long");
    vl_html_text(d->h, *message ? message : get(item, "reason"));
    put_note(d->h, json_object_get(item, "acknowledged"));
    vl_html_put(d->h, "</td></tr>\n");
}

void vl_day_open(vl_day *d)
{
    size_t i;
    json_t *item;
    char text[32];
    const size_t n = json_array_size(d->open);
    if (!d->open) return;
    vl_html_put(d->h, "<section><h2>What is open</h2>\n");
    if (!n) {
        vl_html_put(d->h,
                    "<p>Nothing: all that was refused has come in or was taken away, and no file waits.</p>"
                    "</section>\n");
        return;
    }
    vl_html_table_open(
        d->h, "Refused and not come in since, and files that wait; 'vial ack' ends the mail about one",
        "State|#For|Item|Why");
    json_array_foreach(d->open, i, item) if (i < MOST) put_item(d, item);
    vl_html_table_close(d->h);
    if (n > MOST)
        vl_html_putf(d->h, "<p>And %s more; 'vial open' lists all.</p>\n",
                     vl_show_count((double)(n - MOST), text));
    vl_html_put(d->h, "</section>\n");
}
