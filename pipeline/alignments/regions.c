/* Regions (regions.h). */
#include "pipeline/alignments/regions.h"

#include "pipeline/io/input_raw.h"

#include <stdlib.h>
#include <string.h>

void vl_regions_free(vl_regions *r)
{
    free(r->region);
    *r = (vl_regions){ 0 };
}

vl_code vl_regions_put(vl_regions *r, int64_t contig, int64_t from, int64_t to, vl_err *err)
{
    if (r->n == r->cap) {
        const size_t cap = r->cap ? 2 * r->cap : 16;
        vl_region *const p = realloc(r->region, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu regions", cap);
        r->region = p;
        r->cap = cap;
    }
    r->region[r->n++] = (vl_region){ contig, from, to };
    return VL_OK;
}

/* ---- as text ---- */

/* Digits with commas among them; false: there is none, or they are too many. */
static bool take_number(const char **p, int64_t *out)
{
    const char *const start = *p;
    for (*out = 0; (**p >= '0' && **p <= '9') || (**p == ',' && *p > start); ++*p) {
        if (**p == ',') continue;
        if (*out > (INT64_MAX >> 4)) return false;
        *out = 10 * *out + (**p - '0');
    }
    return *p > start;
}

/* "5", "5-9", "5-", "-9". */
static bool take_ends(const char *p, int64_t *from, int64_t *to)
{
    int64_t first = 1, last = INT64_MAX;
    if (*p != '-' && !take_number(&p, &first)) return false;
    if (*p == '-' && *++p && !take_number(&p, &last)) return false;
    *from = first > 0 ? first - 1 : 0;
    *to = last ? last : INT64_MAX; /* 5-0 is 5-, as in samtools */
    return !*p && *from < *to;
}

static int64_t find(const vl_contigs *c, const char *name, size_t n)
{
    return vl_contigs_find(c, (vl_cell){ (const uint8_t *)name, n });
}

/* The contig that a text begins with; *rest: what stands behind its colon, NULL: there is nothing. */
static vl_code find_contig(const vl_contigs *c, const char *text, int64_t *contig, const char **rest,
                           vl_err *err)
{
    const size_t n = strlen(text);
    const char *const brace = *text == '{' ? strchr(text, '}') : NULL, *const colon = strrchr(text, ':');
    *rest = NULL;
    if (brace && (!brace[1] || brace[1] == ':')) {
        *contig = find(c, text + 1, (size_t)(brace - text) - 1);
        if (brace[1]) *rest = brace + 2;
        return VL_OK;
    }
    *contig = find(c, text, n);
    if (!colon) return VL_OK;
    const int64_t before = find(c, text, (size_t)(colon - text));
    if (*contig >= 0 && before >= 0)
        return vl_fail(err, VL_EARG, "'%.80s' may be two regions: write {%.80s} or {%.*s}:%.40s", text, text,
                       (int)(colon - text < 80 ? colon - text : 80), text, colon + 1);
    if (*contig >= 0) return VL_OK;
    *contig = before;
    *rest = colon + 1;
    return VL_OK;
}

vl_code vl_regions_add(vl_regions *r, const vl_contigs *c, const char *text, vl_err *err)
{
    int64_t contig = -1, from = 0, to = INT64_MAX;
    const char *rest;
    if (!strcmp(text, ".")) r->all = true;
    if (!strcmp(text, "*") || r->all) return vl_regions_put(r, -1, 0, 1, err);
    if (find_contig(c, text, &contig, &rest, err)) return err->code;
    if (contig < 0) return vl_fail(err, VL_EARG, "'%.120s': the header has no such contig", text);
    if (rest && !take_ends(rest, &from, &to))
        return vl_fail(err, VL_EARG, "'%.120s' is no region: CONTIG:A-B, the first place is 1", text);
    return vl_regions_put(r, contig, from, to, err);
}

/* ---- as BED ---- */

static bool is_blank(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static vl_cell take_word(vl_cell *line)
{
    while (line->n && is_blank(*line->at)) line->at++, line->n--;
    vl_cell word = { line->at, 0 };
    while (word.n < line->n && !is_blank(word.at[word.n])) word.n++;
    line->at += word.n;
    line->n -= word.n;
    return word;
}

/* Digits at the beginning of a word. */
static bool read_number(vl_cell word, int64_t *out)
{
    size_t i = 0;
    for (*out = 0; i < word.n && word.at[i] >= '0' && word.at[i] <= '9'; i++) {
        if (*out > (INT64_MAX >> 4)) return false;
        *out = 10 * *out + (word.at[i] - '0');
    }
    return i > 0;
}

static bool is_word(vl_cell word, const char *text)
{
    return word.n == strlen(text) && !memcmp(word.at, text, word.n);
}

static vl_code add_line(vl_regions *r, const vl_contigs *c, vl_cell line, vl_err *err)
{
    const vl_cell name = take_word(&line);
    int64_t from, to;
    if (!name.n || name.at[0] == '#') return VL_OK;
    const bool has_from = read_number(take_word(&line), &from);
    const bool has_to = has_from && read_number(take_word(&line), &to);
    if (has_from && !has_to) to = from--; /* a place */
    if (!has_from || to < from) {
        if (is_word(name, "browser") || is_word(name, "track")) return VL_OK;
        return vl_fail(err, VL_EFORMAT, has_from ? "an interval ends before it begins" : "no interval");
    }
    const int64_t contig = vl_contigs_find(c, name);
    return contig < 0 ? VL_OK : vl_regions_put(r, contig, from, to, err);
}

vl_code vl_regions_read(vl_regions *r, const vl_contigs *c, const char *path, vl_err *err)
{
    enum { MOST = 1 << 30 };
    vl_raw file = VL_RAW_INIT;
    file.unhashed = true;
    if (!vl_raw_open(&file, path, err))
        for (size_t n = 1 << 16; !file.end && !err->code; n *= 2) {
            if (n > MOST) vl_fail(err, VL_EARG, "more than %d bytes of intervals", MOST);
            else vl_raw_need(&file, n, err);
        }
    vl_cell all = { NULL, 0 };
    if (!err->code) all = (vl_cell){ vl_raw_bytes(&file), vl_raw_left(&file) };
    for (uint64_t number = 1; all.n && !err->code; number++)
        if (add_line(r, c, vl_sam_split(&all, '\n'), err)) err->line = number;
    vl_raw_free(&file);
    return vl_err_file(err, path);
}

/* ---- asking ---- */

static int by_place(const void *a, const void *b)
{
    const vl_region *const x = a, *const y = b;
    if (x->contig != y->contig) return x->contig < y->contig ? -1 : 1;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return (x->to > y->to) - (x->to < y->to);
}

void vl_regions_settle(vl_regions *r)
{
    size_t n = 0;
    if (r->n) qsort(r->region, r->n, sizeof *r->region, by_place);
    for (size_t i = 0; i < r->n; i++) {
        const vl_region *const x = &r->region[i];
        vl_region *const last = n ? &r->region[n - 1] : NULL;
        if (!last || last->contig != x->contig || x->from > last->to) r->region[n++] = *x;
        else if (x->to > last->to) last->to = x->to;
    }
    r->n = n;
}

bool vl_regions_meet(const vl_regions *r, int64_t contig, int64_t from, int64_t to, size_t *which)
{
    size_t low = 0, high = r->n;
    if (contig < 0) from = 0, to = 1; /* there are no places */
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        const vl_region *const x = &r->region[mid];
        if (x->contig < contig || (x->contig == contig && x->to <= from)) low = mid + 1;
        else high = mid;
    }
    *which = low;
    return r->all || (low < r->n && r->region[low].contig == contig && r->region[low].from < to);
}
