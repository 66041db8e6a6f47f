/* Quality control of reads (reads_tally.h): what a batch passes through, and the tables under /qc. */
#include "pipeline/reads/reads_tally.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 1 << 16 }; /* reads that are looked at in one go; even */
enum { AHEAD = 16 };      /* places in large tables that are asked for before they are looked at; even */

static bool lacks_quality(const vl_batch *batch, size_t i)
{
    return vl_no_quality(vl_qc_row(&batch->col[VL_RD_QUALITY], i));
}

/* How many of n reads from `first` on are alike in that; few batches have a read without qualities. */
static size_t count_alike(const vl_batch *batch, size_t first, size_t n)
{
    if (!batch->counter[VL_RC_NO_QUALITY]) return n;
    const bool lacks = lacks_quality(batch, first);
    size_t i = 1;
    while (i < n && lacks_quality(batch, first + i) == lacks) i++;
    return i;
}

/* From read `first` of the batch on: reads with qualities, or without. */
static vl_code open_piece(vl_qc *qc, const vl_batch *batch, size_t first, vl_qc_batch *b, vl_err *err)
{
    const vl_column *const base = &batch->col[VL_RD_BASE];
    const size_t all = batch->nrow[VL_RT_READ], most = all - first < PIECE ? all - first : PIECE;
    const size_t n = count_alike(batch, first, most);
    const uint64_t start = base->offset[first], behind = start - base->offset[0];
    if (qc->nnumber < 3 * n + 1) {
        free(qc->number);
        qc->number = malloc((3 * n + 1) * sizeof *qc->number);
        qc->nnumber = qc->number ? 3 * n + 1 : 0;
        if (!qc->number) return vl_fail(err, VL_ENOMEM, "no memory for numbers of %zu reads", n);
    }
    for (size_t i = 0; i <= n; i++) qc->number[i] = base->offset[first + i] - start;
    *b = (vl_qc_batch){ .batch = batch,
                        .first = first,
                        .n = n,
                        .paired = batch->nrow[VL_RT_NAME] < all,
                        .base = behind ? base->data.data + behind : base->data.data,
                        .quality = batch->col[VL_RD_QUALITY].data.data,
                        .offset = qc->number };
    if (behind) b->quality += behind;
    if (lacks_quality(batch, first)) b->quality = NULL;
    return VL_OK;
}

/* ---- keys ---- */

/* What depends on the order of reads, or is too large for each slot to have its own. */
typedef struct both_keys {
    vl_key_table mate[2];
    vl_copies copies;
} both_keys;

static vl_key key_of(const vl_qc_batch *b, size_t i)
{
    return vl_key_of(b->base + b->offset[i], (size_t)(b->offset[i + 1] - b->offset[i]));
}

/* Where the table is full, reads of the batch are looked up in it; else their keys go to the ordered place,
 * or are made there if they are many. */
static vl_code open_keys(vl_qc *qc, const both_keys *table, const vl_batch *batch, vl_err *err)
{
    const size_t n = batch->nrow[VL_RT_READ];
    const int nmate = batch->nrow[VL_RT_NAME] < n ? 2 : 1;
    bool full = true;
    qc->keys.n = 0;
    for (int m = 0; m < nmate; m++) full &= atomic_load_explicit(&table->mate[m].full, memory_order_acquire);
    qc->keys.where = full ? VL_KEYS_LOOKED_UP : n > PIECE ? VL_KEYS_LATER : VL_KEYS_LISTED;
    for (int m = 0; m < nmate && full; m++)
        if (!qc->mate[m].seen && !(qc->mate[m].seen = calloc(VL_KEYS, sizeof *qc->mate[m].seen)))
            return vl_fail(err, VL_ENOMEM, "no memory for counts of keys");
    if (qc->keys.where == VL_KEYS_LISTED && !qc->keys.key &&
        !(qc->keys.key = malloc(PIECE * sizeof *qc->keys.key)))
        return vl_fail(err, VL_ENOMEM, "no memory for keys of reads");
    return VL_OK;
}

static void look_up_keys(vl_qc *qc, const both_keys *table, const vl_qc_batch *b)
{
    vl_key key[AHEAD];
    for (size_t i = 0; i < b->n + AHEAD; i++) {
        const int m = b->paired ? i & 1 : 0; /* of key i, and of the one before it by AHEAD */
        vl_key *const k = &key[i % AHEAD];
        const int at = i < AHEAD ? -1 : vl_keys_find(&table->mate[m], *k);
        if (at >= 0) qc->mate[m].seen[at]++;
        if (i >= b->n) continue;
        *k = key_of(b, i);
        vl_keys_soon(&table->mate[m], *k);
    }
}

static void add_keys(vl_qc *qc, const both_keys *table, const vl_qc_batch *b)
{
    if (qc->keys.where == VL_KEYS_LOOKED_UP) look_up_keys(qc, table, b);
    for (size_t i = 0; i < b->n && qc->keys.where == VL_KEYS_LISTED; i++)
        qc->keys.key[qc->keys.n++] = key_of(b, i);
}

/* ---- whole reads and pairs ---- */

/* Of a large batch they are made in the ordered place. */
static vl_code add_whole(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    const size_t mates = b->paired ? 2 : 1;
    if (b->batch->nrow[VL_RT_READ] > PIECE) return VL_OK;
    if (!qc->whole.hash && !(qc->whole.hash = malloc(PIECE * sizeof *qc->whole.hash)))
        return vl_fail(err, VL_ENOMEM, "no memory for hashes of reads");
    for (size_t i = 0; i < b->n; i += mates) {
        const uint64_t *const o = b->offset + i;
        qc->whole.hash[qc->whole.n++] = vl_whole_of(b->base + o[0], o[mates] - o[0], o[1] - o[0]);
    }
    return VL_OK;
}

static vl_code join_whole(both_keys *shared, vl_qc *qc, const vl_batch *batch, vl_err *err)
{
    const size_t n = batch->nrow[VL_RT_READ], mates = batch->nrow[VL_RT_NAME] < n ? 2 : 1;
    for (size_t i = 0; i < qc->whole.n; i++) {
        if (i + AHEAD < qc->whole.n) vl_copies_soon(&shared->copies, qc->whole.hash[i + AHEAD]);
        if (vl_copies_add(&shared->copies, qc->whole.hash[i], err)) return err->code;
    }
    qc->whole.n = 0;
    for (size_t i = 0; n > PIECE && i < n; i += mates) {
        const vl_column *const base = &batch->col[VL_RD_BASE];
        const uint64_t *const o = base->offset + i;
        const uint8_t *const at = base->data.data;
        const uint64_t hash =
            vl_whole_of(at ? at + (o[0] - base->offset[0]) : at, o[mates] - o[0], o[1] - o[0]);
        if (vl_copies_add(&shared->copies, hash, err)) return err->code;
    }
    return VL_OK;
}

static vl_code join(void *shared, void *state, const vl_batch *batch, vl_err *err)
{
    both_keys *const table = shared;
    vl_qc *const qc = state;
    const bool paired = batch->nrow[VL_RT_NAME] < batch->nrow[VL_RT_READ];
    const bool later = qc->keys.where == VL_KEYS_LATER;
    for (size_t i = 0; i < (later ? batch->nrow[VL_RT_READ] : qc->keys.n); i++) {
        const vl_cell base = vl_qc_row(&batch->col[VL_RD_BASE], i);
        if (i + AHEAD < qc->keys.n) vl_keys_soon(&table->mate[paired ? i & 1 : 0], qc->keys.key[i + AHEAD]);
        const vl_key key = later ? vl_key_of(base.at, base.n) : qc->keys.key[i];
        if (vl_keys_join(&table->mate[paired ? i & 1 : 0], key, base.at, base.n, err)) return err->code;
    }
    qc->keys.n = 0;
    return join_whole(table, qc, batch, err);
}

/* ---- batches ---- */

static vl_code add(const void *shared, void *state, const vl_batch *batch, vl_err *err)
{
    vl_qc *const qc = state;
    vl_qc_batch b;
    qc->whole.n = 0;
    if (open_keys(qc, shared, batch, err)) return err->code;
    for (size_t first = 0; first < batch->nrow[VL_RT_READ]; first += b.n) {
        if (open_piece(qc, batch, first, &b, err)) return err->code;
        qc->paired = b.paired;
        if (vl_qc_places(qc, &b, err) || vl_qc_each(qc, &b, err) || vl_qc_long(qc, &b, err) ||
            vl_qc_tiles_add(qc, &b, err) || vl_qc_adapters(qc, &b, err) || vl_qc_tails(qc, &b, err) ||
            vl_qc_pairs_add(qc, &b, err) || add_whole(qc, &b, err))
            return err->code;
        add_keys(qc, shared, &b);
    }
    return VL_OK;
}

static vl_code merge_mate(vl_qc_mate *t, const vl_qc_mate *f, vl_err *err)
{
    t->nread += f->nread;
    for (int q = 0; q < VL_QC_LEVELS; q++) t->mean[q] += f->mean[q];
    if (f->seen && !t->seen && !(t->seen = calloc(VL_KEYS, sizeof *t->seen)))
        return vl_fail(err, VL_ENOMEM, "no memory for counts of keys");
    for (size_t i = 0; f->seen && i < VL_KEYS; i++) t->seen[i] += f->seen[i];
    if (vl_qc_places_merge(t, f, err) || vl_counts_merge(&t->longer, &f->longer, err) ||
        vl_counts_merge(&t->error, &f->error, err) || vl_counts_merge(&t->other, &f->other, err) ||
        vl_counts_merge(&t->gc, &f->gc, err) || vl_counts_merge(&t->adapter, &f->adapter, err) ||
        vl_counts_merge(&t->tail, &f->tail, err))
        return err->code;
    return vl_qc_tiles_merge(&t->tiles, &f->tiles, err);
}

static vl_code merge(void *state, const void *other, vl_err *err)
{
    vl_qc *const into = state;
    const vl_qc *const from = other;
    into->paired |= from->paired;
    vl_qc_pairs_merge(&into->pairs, &from->pairs);
    for (int m = 0; m < 2; m++)
        if (merge_mate(&into->mate[m], &from->mate[m], err)) return err->code;
    return VL_OK;
}

/* ---- tables ---- */

/* Length bins up to the longest read. */
static uint64_t bins(const vl_qc_mate *q)
{
    uint64_t n = VL_QC_POSITIONS + 1;
    while (n > 1 && !q->length[n - 1]) n--;
    return n;
}

typedef struct table {
    const char *name, *unit, *doc;
    vl_type type;
    const void *data;
    int ndim;
    uint64_t dims[2];
    const char *axis[2];
} table;

/* Qualities behind VL_QC_POSITIONS: all, and by groups. */
typedef struct far_levels {
    uint64_t all[VL_QC_LEVELS];
    uint64_t (*group)[VL_QC_LEVELS]; /* owned; NULL: none */
} far_levels;

static vl_code add_up_far(const vl_qc_mate *q, far_levels *far, vl_err *err)
{
    *far = (far_levels){ .group = q->nfar ? calloc(q->nfar, sizeof *far->group) : NULL };
    if (q->nfar && !far->group) return vl_fail(err, VL_ENOMEM, "no memory for counts of groups");
    for (size_t g = 0; g < q->nfar; g++)
        for (size_t k = 0; k < VL_QC_LEVELS; k++) {
            for (size_t w = 0; w < VL_QC_WAYS; w++) far->group[g][k] += q->quality_far[g][w][k];
            far->all[k] += far->group[g][k];
        }
    return VL_OK;
}

static vl_code store_tables(const vl_qc_mate *q, vl_store *st, const char *mate, vl_err *err)
{
    far_levels far;
    if (add_up_far(q, &far, err)) return err->code;
    const table all[] = {
        { "base_count",
          "reads",
          "letters by position",
          VL_U64,
          q->base,
          2,
          { q->npos, VL_QC_LETTERS },
          { "position in the read", "A, C, G, T, other" } },
        { "quality_count",
          "reads",
          "qualities by position",
          VL_U64,
          q->quality,
          2,
          { q->npos, VL_QC_LEVELS },
          { "position in the read", "Phred" } },
        { "read_length",
          "reads",
          "lengths of reads",
          VL_U64,
          q->length,
          1,
          { bins(q) },
          { "bases; bin 1024 holds all longer reads" } },
        { "read_quality",
          "reads",
          "mean quality of reads",
          VL_U64,
          q->mean,
          1,
          { VL_QC_LEVELS },
          { "sum of Phred by length, rounded down" } },
        { "base_beyond",
          "letters",
          "letters of all positions behind those of base_count",
          VL_U64,
          q->base_beyond,
          1,
          { q->longer.used ? VL_QC_LETTERS : 0 },
          { "A, C, G, T, other" } },
        { "quality_beyond",
          "letters",
          "qualities of all positions behind those of quality_count",
          VL_U64,
          far.all,
          1,
          { q->longer.used ? VL_QC_LEVELS : 0 },
          { "Phred" } },
        { "base_group",
          "letters",
          "the same by groups of positions: group g begins at 8 + g % 8 times 2 to the power of 7 + g / 8",
          VL_U64,
          q->base_far,
          2,
          { q->nfar, VL_QC_LETTERS },
          { "group of positions", "A, C, G, T, other" } },
        { "quality_group",
          "letters",
          "likewise qualities",
          VL_U64,
          far.group,
          2,
          { q->nfar, VL_QC_LEVELS },
          { "group of positions", "Phred" } },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char path[48];
        const table *const t = &all[i];
        snprintf(path, sizeof path, "qc/%s%s", t->name, mate);
        if (!t->dims[0]) continue; /* all reads are empty */
        if (vl_store_table(st, path, t->type, t->data, t->ndim, t->dims, t->axis, t->unit, t->doc, err))
            break;
    }
    free(far.group);
    return err->code;
}

static vl_code store_counts(const vl_qc_mate *q, vl_store *st, const char *mate, vl_err *err)
{
    const struct {
        const char *name, *axis, *doc;
        const vl_counts *counts;
        bool two;
    } all[] = {
        { "long_read", "bases, reads", "lengths of reads from 1024 bases on", &q->longer, false },
        { "long_quality",
          "bases, from (an eighth of an octave each), Phred of the mean error of the read, reads",
          "long reads, of 512 bases and more, by length and by the mean of the errors of their bases",
          &q->error, true },
        { "other_letter", "position in the read from 0 (1024: there or behind), byte, letters",
          "letters that are not A, C, G or T", &q->other, true },
        { "read_gc", "letters looked at, G and C among them, reads",
          "G and C of reads; of more than 100 letters whole hundreds are looked at, of more than 1000 whole "
          "thousands",
          &q->gc, true },
        { "adapter", "adapter, position in the read from 0, reads",
          "where reads have an adapter's first 12 letters for the first time; adapters: 0 AGATCGGAAGAG, 1 "
          "TGGAATTCTCGG, 2 GATCGTCGGACT, 3 CTGTCTCTTATA, 4 CGCCTTGGCCGT, 5 A, 6 G",
          &q->adapter, true },
        { "tail", "letter (0 A, 1 C, 2 G, 3 T), length, reads",
          "tails of one letter, of 10 letters and more; one in eight, and five in all, may be another; N is "
          "none",
          &q->tail, true },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char path[48];
        snprintf(path, sizeof path, "qc/%s%s", all[i].name, mate);
        if (vl_counts_store(all[i].counts, st, path, all[i].two, all[i].axis, all[i].doc, err))
            return err->code;
    }
    return VL_OK;
}

static vl_code store(const void *shared, const void *state, vl_store *st, vl_err *err)
{
    const both_keys *const keys = shared;
    const vl_qc *const qc = state;
    static const char *const end[] = { "", "_1", "_2" };
    for (int m = 0; m < (qc->paired ? 2 : 1); m++) {
        const vl_qc_mate *const q = &qc->mate[m];
        const char *const mate = end[qc->paired ? m + 1 : 0];
        if (!q->nread) continue;
        if (store_tables(q, st, mate, err) || store_counts(q, st, mate, err) ||
            vl_qc_tiles_store(&q->tiles, st, mate, err) ||
            vl_keys_store(&keys->mate[m], q->seen, q->nread, st, mate, err))
            return err->code;
    }
    if (qc->paired && vl_qc_pairs_store(&qc->pairs, st, err)) return err->code;
    return vl_copies_store(&keys->copies, st, err);
}

static void free_all(void *state)
{
    vl_qc *const qc = state;
    for (int m = 0; m < 2; m++) {
        vl_qc_mate *const q = &qc->mate[m];
        free(q->base);
        free(q->quality);
        free(q->length);
        free(q->seen);
        free(q->base_far);
        free(q->quality_far);
        vl_counts_free(&q->error);
        vl_counts_free(&q->longer);
        vl_counts_free(&q->other);
        vl_counts_free(&q->gc);
        vl_counts_free(&q->adapter);
        vl_counts_free(&q->tail);
        vl_qc_tiles_free(&q->tiles);
    }
    free(qc->number);
    free(qc->place);
    free(qc->keys.key);
    free(qc->whole.hash);
    *qc = (vl_qc){ 0 };
}

static void free_shared(void *shared)
{
    both_keys *const keys = shared;
    for (int m = 0; m < 2; m++) vl_keys_free(&keys->mate[m]);
    vl_copies_free(&keys->copies);
}

const vl_tally vl_reads_tally = { .size = sizeof(vl_qc),
                                  .shared = sizeof(both_keys),
                                  .add = add,
                                  .join = join,
                                  .merge = merge,
                                  .store = store,
                                  .free = free_all,
                                  .free_shared = free_shared };
