/* FASTQ opened (fastq_head.h): is it any, and what do its first records show of all? */
#include "formats/reads/fastq_head.h"

#include <stddef.h>
#include <string.h>

const vl_opt vl_fastq_options[] = {
    { 0, "interleaved", VL_OPT_FLAG, NULL, NULL, "one file with mates in turn",
      offsetof(vl_fastq_asked, interleaved), NULL },
    { .name = "" },
};

int vl_fastq_probe(const uint8_t *bytes, size_t n)
{
    if (n >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) bytes += 3, n -= 3;
    while (n && (*bytes == '\n' || *bytes == '\r')) bytes++, n--;
    if (!n || bytes[0] != '@') return 0;
    /* a SAM header starts with '@' too: two letters and a TAB */
    if (n >= 4 && bytes[3] == '\t' &&
        (!memcmp(bytes, "@HD", 3) || !memcmp(bytes, "@SQ", 3) || !memcmp(bytes, "@RG", 3) ||
         !memcmp(bytes, "@PG", 3) || !memcmp(bytes, "@CO", 3)))
        return 0;
    return 60;
}

/* Length of the name: up to the first blank. */
static size_t name_length(vl_cell title)
{
    for (size_t i = 0; i < title.n; i++)
        if (title.at[i] == ' ' || title.at[i] == '\t') return i;
    return title.n;
}

vl_title vl_fastq_title(vl_cell text)
{
    const size_t n = name_length(text), blank = n < text.n;
    const vl_cell comment = { text.at + n + blank, text.n - n - blank };
    return (vl_title){ { text.at, n }, vl_casava_mate(comment) };
}

/* The title of a line: behind its '@'. */
static vl_title title_of(const vl_line *t)
{
    if (!t->n) return (vl_title){ { NULL, 0 }, 0 };
    return vl_fastq_title((vl_cell){ t->at + 1, t->n - 1 });
}

/* The width of wrapped lines, from the first sequence at p. One that is longer than MOST_LINE is one line.
 * False: more of the text is needed. */
static bool see_width(const uint8_t *p, const uint8_t *end, bool whole, size_t *width)
{
    enum { MOST_LINE = 1 << 15 };
    const bool much = end - p > MOST_LINE;
    const uint8_t *const stop = much ? p + MOST_LINE : end;
    vl_line line = { 0 };
    const bool seen = vl_line_next(&p, stop, whole && !much, &line) && p < stop;
    *width = seen && *p != '+' ? line.n : 0;
    return seen || much || whole;
}

/* What the first record of a text shows: its title, and the lines of all. Those of one that is bad show
 * something too: parse refuses it. False: more of the text is needed. */
static bool see_first(const uint8_t *p, const uint8_t *end, bool whole, vl_title *title, vl_usual *usual)
{
    vl_line first = { 0 };
    while (p < end && (*p == '\n' || *p == '\r')) p++;
    if (!vl_line_next(&p, end, whole, &first) && !whole) return false;
    *title = title_of(&first);
    usual->crlf = first.crlf;
    return see_width(p, end, whole, &usual->width);
}

/* The title of the second record of a text. False: more of the text is needed. */
static bool see_second(const uint8_t *p, const uint8_t *end, bool whole, vl_title *title)
{
    vl_fastq_record r;
    vl_usual usual;
    const vl_fastq_found found = vl_fastq_scan(p, end, whole, &r);
    if (found == VL_SCAN_RECORD) return see_first(r.end, end, whole, title, &usual);
    return found == VL_SCAN_BAD || whole;
}

/* What the first pair shows: its mark, and whether something says which mate is first. What is no pair, is
 * refused in parse, where the record is known. */
static vl_code look_at_pair(vl_fastq_head *h, const vl_ask *ask, const vl_title pair[2], vl_err *err)
{
    bool fit;
    h->mark = vl_mates_mark(pair[0].name, pair[1].name, &fit);
    h->as_given = ask->mates_as_given;
    h->alike = h->as_given ? 0 : vl_mates_alike(pair[0].name, pair[1].name);
    if (!ask->swapped || h->as_given || h->mark || !fit || pair[0].says || pair[1].says) return VL_OK;
    return vl_fail(err, VL_EFORMAT,
                   "holds second mates by its name, and is given first; reads do not say which they are "
                   "(--mates-as-given takes them so)");
}

/* Single reads: do neighbours have the names of mates, all of them? */
static bool look_like_pairs(const uint8_t *p, const uint8_t *end, bool whole)
{
    const vl_mark *mark = NULL;
    for (uint64_t pairs = 0;; pairs++) {
        vl_title title[2];
        for (int m = 0; m < 2; m++) {
            vl_fastq_record r;
            if (vl_fastq_scan(p, end, whole, &r) != VL_SCAN_RECORD) return pairs;
            title[m] = title_of(&r.title);
            p = r.end;
        }
        bool fit;
        const vl_mark *const its = vl_mates_mark(title[0].name, title[1].name, &fit);
        if (!fit || !title[0].name.n || (pairs && its != mark)) return false;
        mark = its;
    }
}

vl_code vl_fastq_open(void *self, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                      const bool *whole, bool *more, vl_err *err)
{
    vl_fastq_head *const h = self;
    h->nstream = ask->nstream;
    h->interleaved = ((const vl_fastq_asked *)ask->option)->interleaved;
    h->paired = ask->nstream == 2 || h->interleaved;
    if (ask->nstream == 2 && h->interleaved)
        return vl_fail(err, VL_EARG, "two files are pairs already: leave --interleaved out");
    vl_title pair[2] = { { { 0 } } };
    for (int s = 0; s < h->nstream; s++)
        if (!see_first(bytes[s], bytes[s] + n[s], whole[s], &pair[s], &h->usual[s])) *more = true;
    if (h->interleaved && !see_second(bytes[0], bytes[0] + n[0], whole[0], &pair[1])) *more = true;
    if (*more) return VL_OK;
    if (h->paired) return look_at_pair(h, ask, pair, err);
    h->neighbours = look_like_pairs(bytes[0], bytes[0] + n[0], whole[0]);
    return VL_OK;
}
