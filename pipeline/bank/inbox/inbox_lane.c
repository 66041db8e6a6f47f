/*
 * Lanes of a library -> one candidate (inbox_parts.h), for inboxes that join them.
 *
 *     P1_S3_L001_R1_001.fastq.gz  P1_S3_L001_R2_001.fastq.gz  P1_S3_L002_R1_001.fastq.gz ...
 *
 * Lanes are files of one folder whose names differ in lane and piece alone, and give the same sample
 * (names.h). They are taken when all that lie there can be: while one waits, or is wrong, or is still being
 * written, the others wait for it. A lane that has not begun to arrive cannot be missed; where that happens
 * the flag of `complete` says when a run is whole.
 */
#include "pipeline/bank/inbox/inbox_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct lane {
    vl_candidate *c;
    char *library; /* owned: "SAMPLE/LIBRARY", with a '/' before it when the name has no lane but pieces */
} lane;

typedef struct lanes {
    lane *lane; /* owned */
    size_t n, cap;
} lanes;

static int by_place(const void *a, const void *b)
{
    const lane *const x = a, *const y = b;
    if (x->c->file[0]->folder != y->c->file[0]->folder)
        return x->c->file[0]->folder < y->c->file[0]->folder ? -1 : 1;
    if (x->c->parts.mark != y->c->parts.mark) return x->c->parts.mark < y->c->parts.mark ? -1 : 1;
    const int order = strcmp(x->library, y->library);
    return order ? order : vl_name_order(x->c->file[0]->name, y->c->file[0]->name);
}

static bool same_library(const lane *a, const lane *b)
{
    return a->c->file[0]->folder == b->c->file[0]->folder && a->c->parts.mark == b->c->parts.mark &&
           !strcmp(a->library, b->library);
}

/* Adds a candidate whose name says that it is a lane. */
static vl_code add_lane(const vl_scan *scan, vl_candidate *c, lanes *all, vl_err *err)
{
    char sample[256], library[256], wrong[400];
    if (c->other || (c->parts.lane < 0 && c->parts.piece < 0)) return VL_OK;
    vl_sample_rule_apply(&scan->rule, c->file[0]->name, sample, wrong);
    vl_name_library(c->file[0]->name, library);
    if (wrong[0] || !library[0]) return VL_OK;
    if (all->n == all->cap) {
        const size_t cap = all->cap ? 2 * all->cap : 64;
        lane *const more = reallocarray(all->lane, cap, sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for the lanes of an inbox");
        all->lane = more;
        all->cap = cap;
    }
    lane *const to = &all->lane[all->n];
    to->c = c;
    if (asprintf(&to->library, "%s%s/%s", c->parts.lane < 0 ? "/" : "", sample, library) < 0)
        return vl_fail(err, VL_ENOMEM, "no memory for the lanes of an inbox");
    all->n++;
    return VL_OK;
}

/* Two files for one lane, or lanes with mates and without. */
static vl_code compare(const lane *l, size_t n, vl_err *err)
{
    for (size_t i = 1; i < n && !err->code; i++) {
        const vl_name *const a = &l[i - 1].c->parts, *const b = &l[i].c->parts;
        const char *const other = l[i - 1].c->file[0]->name;
        if (l[i].c->reason) continue;
        if (a->lane == b->lane && a->piece == b->piece)
            vl_inbox_hold(l[i].c, true, err, "is the same lane as %s", other);
        else if (!l[i].c->file[1] != !l[0].c->file[1])
            vl_inbox_hold(l[i].c, true, err, "%s, while %s %s",
                          l[i].c->file[1] ? "has mates" : "has no mates", l[0].c->file[0]->name,
                          l[i].c->file[1] ? "has none" : "has");
    }
    return err->code;
}

/* A lane of the library that is still being written. */
static const char *find_coming(const vl_scan *scan, const vl_candidate *c)
{
    char begin[304];
    const char *const name = c->file[0]->name;
    if (c->parts.lane < 0 || c->parts.lane_at > 299) return NULL;
    memcpy(begin, name, c->parts.lane_at);
    memcpy(begin + c->parts.lane_at, "_L", 2);
    return vl_inbox_comes(&scan->walk, c->file[0]->folder, begin, c->parts.lane_at + 2);
}

/* While one of them cannot be taken, none is. */
static vl_code hold_all(const vl_scan *scan, const lane *l, size_t n, vl_err *err)
{
    const vl_candidate *first = NULL;
    const char *const coming = find_coming(scan, l->c);
    for (size_t i = 0; i < n && !first; i++)
        if (l[i].c->reason) first = l[i].c;
    for (size_t i = 0; i < n && !err->code; i++) {
        if (l[i].c->reason) continue;
        if (first) vl_inbox_hold(l[i].c, false, err, "waits for its lane %s", first->file[0]->name);
        else if (coming) vl_inbox_hold(l[i].c, false, err, "waits for its lane %s", coming);
    }
    return err->code;
}

/* The first stands for all, under the name that they have in common. */
static vl_code link_all(const lane *l, size_t n, vl_err *err)
{
    for (size_t i = 1; i < n; i++) {
        l[i - 1].c->next = l[i].c;
        l[i].c->joined = true;
        free(l[i].c->acquisition);
        l[i].c->acquisition = NULL;
    }
    const char *const name = strrchr(l->library, '/') + 1;
    if (!l->c->acquisition || vl_item_bad_name(name)) return VL_OK;
    free(l->c->acquisition);
    l->c->acquisition = strdup(name);
    return l->c->acquisition ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for the names of items");
}

vl_code vl_inbox_join_lanes(const vl_scan *scan, vl_candidate *one, size_t n, vl_err *err)
{
    lanes all = { 0 };
    for (size_t i = 0; i < n; i++)
        if (add_lane(scan, &one[i], &all, err)) goto out;
    if (all.n) qsort(all.lane, all.n, sizeof *all.lane, by_place);
    for (size_t from = 0, to; from < all.n; from = to) {
        const lane *const l = &all.lane[from];
        for (to = from + 1; to < all.n && same_library(l, &all.lane[to]);) to++;
        if (compare(l, to - from, err) || hold_all(scan, l, to - from, err) || link_all(l, to - from, err))
            break;
    }
out:
    for (size_t i = 0; i < all.n; i++) free(all.lane[i].library);
    free(all.lane);
    return err->code;
}
