/*
 * The page of a day: what is open when it is written, items refused and files that wait, by cause
 * (page_day.h): a cause is a state and a reason, and fifty files that wait for one flag are one line and a
 * list.
 */
#include "pipeline/bank/page/page_day.h"

#include "pipeline/bank/open_items.h"
#include "pipeline/bank/reason.h"

#include <stdio.h>
#include <string.h>

enum { MOST_CAUSES = 32, MOST_OF_ONE = 20 /* items of a cause that a page names */ };

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

static bool same_cause(const json_t *a, const json_t *b)
{
    return !strcmp(get(a, "state"), get(b, "state")) && !strcmp(get(a, "reason"), get(b, "reason"));
}

static void put_item(vl_day *d, const json_t *item)
{
    char text[32];
    const char *const message = get(item, "message"), *const evidence = get(item, "evidence");
    vl_html_put(d->h, "<tr role=\"row\">");
    vl_html_cell(d->h, "For", "time",
                 vl_show_duration(d->now - json_number_value(json_object_get(item, "since")), text));
    vl_html_cell(d->h, "Item", "name", get(item, "item"));
    vl_html_cell_open(d->h, "Why", "long");
    vl_html_text(d->h, *message ? message : get(item, "reason"));
    if (!strncmp(evidence, "quarantine/", 11)) {
        vl_html_put(d->h, " ");
        vl_day_link(d, evidence, "Details");
    }
    put_note(d->h, json_object_get(item, "acknowledged"));
    vl_html_put(d->h, "</td></tr>\n");
}

/* What one has to do about a cause; "": nothing, or it is said with each item. */
static const char *way_out(const json_t *first)
{
    const vl_reason *const known = vl_reason_find(get(first, "reason"));
    if (!strcmp(get(first, "state"), "waits")) return "Taken by the first night that finds it complete.";
    return known ? known->retry : get(first, "retry");
}

/* The cause of item `first`: how many it has, what to do, then each. */
static void put_cause(vl_day *d, size_t first, int nth)
{
    const json_t *const cause = json_array_get(d->open, first);
    const bool refused = !strcmp(get(cause, "state"), "refused");
    const vl_reason *const known = vl_reason_find(get(cause, "reason"));
    char number[32], caption[96];
    size_t n = 0, i, shown = 0;
    json_t *item;
    json_array_foreach(d->open, i, item) n += same_cause(cause, item);
    vl_html_putf(d->h, "<h3><span class=\"mark %s\">", refused ? "bad" : "none");
    vl_html_text(d->h, get(cause, "state"));
    vl_html_putf(d->h, "</span> %s item%s: ", vl_show_count((double)n, number), n > 1 ? "s" : "");
    vl_html_text(d->h, known ? known->means : get(cause, "reason"));
    vl_html_put(d->h, "</h3>\n");
    vl_html_element(d->h, "p class=\"note\"", way_out(cause));
    snprintf(caption, sizeof caption, "<span class=\"unseen\">Open, cause %d</span>", nth);
    vl_html_table_open(d->h, caption, "For|Item|Why");
    json_array_foreach(d->open, i, item) if (shown < MOST_OF_ONE && same_cause(cause, item))
    {
        put_item(d, item);
        shown++;
    }
    vl_html_table_close(d->h);
    if (n > shown)
        vl_html_putf(d->h, "<p>And %s more; <code>vial open</code> lists all.</p>\n",
                     vl_show_count((double)(n - shown), number));
}

/* Is no item before this one of its cause? */
static bool is_first(const vl_day *d, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (same_cause(json_array_get(d->open, k), json_array_get(d->open, i))) return false;
    return true;
}

/* Causes of one state, in the order of their oldest items; refused ones come first. */
static void put_causes(vl_day *d, const char *state, int *ncause)
{
    size_t i;
    json_t *item;
    json_array_foreach(d->open, i, item)
    {
        if (strcmp(get(item, "state"), state) || *ncause == MOST_CAUSES || !is_first(d, i)) continue;
        put_cause(d, i, ++*ncause);
    }
}

void vl_day_open(vl_day *d)
{
    static const char *const state[] = { "refused", "waits", "acknowledged" };
    int ncause = 0;
    if (!d->open) return;
    vl_html_put(d->h, "<section><h2>What is open</h2>\n");
    if (!json_array_size(d->open))
        vl_html_put(
            d->h, "<p>Nothing: all that was refused has come in or was taken away, and no file waits.</p>\n");
    else
        vl_html_put(d->h, "<p class=\"note\">Refused and not come in since, and files that wait; "
                          "<code>vial ack</code> ends the mail about one.</p>\n");
    for (size_t i = 0; i < sizeof state / sizeof *state; i++) put_causes(d, state[i], &ncause);
    if (ncause == MOST_CAUSES)
        vl_html_put(d->h, "<p>There may be more causes; <code>vial open</code> lists all.</p>\n");
    vl_html_put(d->h, "</section>\n");
}
