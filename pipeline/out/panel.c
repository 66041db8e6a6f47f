/* Panels, and who is alike in them (panel.h). */
#include "pipeline/out/panel.h"

#include "pipeline/out/identity.h"
#include "pipeline/run/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double same_from = 0.75, related_from = 0.125;

const char *vl_verdict_name(vl_verdict verdict)
{
    static const char *const names[] = { "same", "related", "different", "too few sites" };
    return names[verdict];
}

void vl_pair_judge(vl_pair *pair)
{
    enum { SITES = 100, HETS = 10 };
    const uint64_t hets = pair->hets_a < pair->hets_b ? pair->hets_a : pair->hets_b;
    const double r = ((double)pair->shared_hets - 2 * (double)pair->ibs0) / (double)hets;
    pair->relatedness = hets ? r : NAN;
    pair->verdict = pair->sites < SITES || hets < HETS ? VL_TOO_FEW
                    : r >= same_from                   ? VL_SAME
                    : r >= related_from                ? VL_RELATED
                                                       : VL_DIFFERENT;
}

/* ---- rows ---- */

static vl_code grow(vl_panel *p, vl_err *err)
{
    const size_t cap = p->cap ? p->cap + p->cap / 2 : 8, row = 3 * p->nword * sizeof *p->bits;
    if (p->n < p->cap) return VL_OK;
    if (row && cap > SIZE_MAX / row) return vl_fail(err, VL_ENOMEM, "no memory for %zu samples", cap);
    uint64_t *const bits = realloc(p->bits, cap * row);
    if (bits) p->bits = bits;
    struct vl_panel_row *const rows = bits ? realloc(p->row, cap * sizeof *rows) : NULL;
    if (!rows) return vl_fail(err, VL_ENOMEM, "no memory for genotypes of %zu samples", cap);
    p->row = rows;
    p->cap = cap;
    return VL_OK;
}

static vl_panel *panel_of(vl_panels *p, const char *digest, size_t nsite, vl_err *err)
{
    for (size_t i = 0; i < p->n; i++)
        if (!strcmp(p->panel[i].digest, digest)) return &p->panel[i];
    vl_panel *const more = realloc(p->panel, (p->n + 1) * sizeof *more);
    if (!more) {
        vl_fail(err, VL_ENOMEM, "no memory for lists of sites");
        return NULL;
    }
    p->panel = more;
    vl_panel *const one = &more[p->n++];
    *one = (vl_panel){ .nsite = nsite, .nword = (nsite + 63) / 64 };
    snprintf(one->digest, sizeof one->digest, "%s", digest);
    return one;
}

vl_code vl_panels_add(vl_panels *p, const char *digest, const uint8_t *genotype, size_t nsite, size_t who,
                      vl_err *err)
{
    vl_panel *const to = panel_of(p, digest, nsite, err);
    if (!to || grow(to, err)) return err->code;
    if (to->nsite != nsite)
        return vl_fail(err, VL_ESTORE, "has %zu sites of a list that has %zu in other stores", nsite,
                       to->nsite);
    const size_t n = to->nword;
    uint64_t *const bits = to->bits + 3 * n * to->n;
    struct vl_panel_row *const row = &to->row[to->n++];
    *row = (struct vl_panel_row){ .who = who };
    memset(bits, 0, 3 * n * sizeof *bits);
    for (size_t i = 0; i < nsite; i++) {
        const uint64_t bit = UINT64_C(1) << i % 64;
        if (genotype[i] == VL_GT_REF) bits[i / 64] |= bit;
        if (genotype[i] == VL_GT_ALT) bits[n + i / 64] |= bit;
        if (genotype[i] == VL_GT_HET) bits[2 * n + i / 64] |= bit;
        row->hets += genotype[i] == VL_GT_HET;
    }
    return VL_OK;
}

void vl_panels_free(vl_panels *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->panel[i].bits);
        free(p->panel[i].row);
    }
    free(p->panel);
    *p = (vl_panels){ 0 };
}

/* ---- pairs ---- */

enum { BLOCK = 32 }; /* rows that stay near while all others go by */

typedef struct comparing {
    const vl_panel *p;
    const size_t *person; /* by who */
    bool all;
    size_t next; /* row of the next block */
    vl_buf *out;
} comparing;

typedef struct load {
    size_t first;
    vl_buf pairs;
} load;

static vl_code deal(void *self, vl_slot *slot, vl_err *err)
{
    comparing *const c = self;
    load *const l = slot->body;
    (void)err;
    l->first = c->next;
    l->pairs.len = 0;
    c->next += BLOCK;
    slot->end = c->next >= c->p->n;
    return VL_OK;
}

/* Can these be the same? Then shared - 2 ibs0 >= same_from * hets with shared <= hets, and hets is at most
 * what either has at all: so ibs0 is at most so many. */
static bool may_be_same(const vl_panel *p, size_t a, size_t b)
{
    const uint64_t hets = p->row[a].hets < p->row[b].hets ? p->row[a].hets : p->row[b].hets;
    const size_t most = (size_t)((1 - same_from) / 2 * (double)hets);
    return vl_k.genotype_apart(p->bits + 3 * p->nword * a, p->bits + 3 * p->nword * b, p->nword, most) <=
           most;
}

static vl_code compare_two(const comparing *c, size_t a, size_t b, vl_buf *pairs, vl_err *err)
{
    const vl_panel *const p = c->p;
    const bool one = c->person[p->row[a].who] == c->person[p->row[b].who];
    uint64_t n[6];
    if (!c->all && !one && !may_be_same(p, a, b)) return VL_OK;
    vl_k.genotype_pair(n, p->bits + 3 * p->nword * a, p->bits + 3 * p->nword * b, p->nword);
    vl_pair pair = { p->row[a].who, p->row[b].who, n[0], n[1], n[2], n[3], n[4], n[5], 0, VL_TOO_FEW, false };
    vl_pair_judge(&pair);
    pair.amiss = one ? pair.verdict == VL_RELATED || pair.verdict == VL_DIFFERENT : pair.verdict == VL_SAME;
    return c->all || pair.amiss ? vl_buf_append(pairs, &pair, sizeof pair, err) : VL_OK;
}

static vl_code compare(void *self, vl_slot *slot, vl_err *err)
{
    const comparing *const c = self;
    load *const l = slot->body;
    const size_t end = c->p->n - l->first < BLOCK ? c->p->n : l->first + BLOCK;
    for (size_t a = 0; a + 1 < end; a++)
        for (size_t b = a < l->first ? l->first : a + 1; b < end; b++)
            if (compare_two(c, a, b, &l->pairs, err)) return err->code;
    return VL_OK;
}

static vl_code keep(void *self, vl_slot *slot, vl_err *err)
{
    const comparing *const c = self;
    const load *const l = slot->body;
    return l->pairs.len ? vl_buf_append(c->out, l->pairs.data, l->pairs.len, err) : VL_OK;
}

static int by_row(const void *a, const void *b)
{
    const vl_pair *const x = a, *const y = b;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

vl_code vl_panel_compare(const vl_panel *p, const size_t *person, bool all, int threads, vl_buf *out,
                         vl_err *err)
{
    comparing c = { .p = p, .person = person, .all = all, .out = out };
    const vl_stage stage[] = { { "deal", VL_ORDERED, deal, &c },
                               { "compare", VL_PARALLEL, compare, &c },
                               { "keep", VL_ORDERED, keep, &c } };
    const int n = vl_slots_for(threads);
    const size_t before = out->len;
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    for (int i = 0; i < n && !err->code; i++) slot[i].body = &l[i];
    if (!err->code && p->n > 1) vl_run(stage, 3, slot, n, threads, NULL, err);
    if (out->len > before)
        qsort(out->data + before, (out->len - before) / sizeof(vl_pair), sizeof(vl_pair), by_row);
    for (int i = 0; l && i < n; i++) vl_buf_free(&l[i].pairs);
    free(l);
    free(slot);
    return err->code;
}
