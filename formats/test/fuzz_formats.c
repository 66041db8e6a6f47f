/*
 * Fuzz target for all formats: any bytes go through probe, open, cut, parse, join and finish, as an ingest
 * would call them, and must end in an error or in a batch that keeps its promises.
 *
 * Input: a control byte, then the text. Its bits: 0-2 how much text comes at a time (1, 2, 7, 61, 256, 1021,
 * 65536 bytes, all); 3-4 one input, two side by side (the text is split at the first byte 0x1d), mates in
 * turn; 5 some array is said to be not as it was. A text that begins with '@', '<', 'B' or a byte order mark
 * needs no control byte.
 *
 * What a kind leaves out of a store (formats/fold.h) is left out and made again, before it is printed.
 * What is accepted is printed again by its format and must be the text, byte for byte; so must the text of
 * the same values, where the format has one, unless it is said that some of it is not as it was. Text that
 * comes in other pieces must give the same error, or none.
 *
 * Corpus: testdata/FORMAT testdata/fuzz/FORMAT. Suites: formats fuzz. Also: asan.
 */
#include "formats/fold.h"
#include "formats/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STREAM = 2, SPLIT = 0x1d };

static const size_t steps[8] = { 1, 2, 7, 61, 256, 1021, 65536, SIZE_MAX };

#define MUST(ok) must((ok), #ok, __LINE__)
static void must(bool ok, const char *text, int line)
{
    if (ok) return;
    fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, line, text);
    abort();
}

typedef struct text {
    const uint8_t *bytes;
    size_t n;
} text;

typedef struct reading {
    const vl_format *format;
    vl_ask ask;
    vl_given given; /* options of any format; each takes its own */
    text in[MOST_STREAM];
    size_t step;
    void *head, *tail;
    vl_batch batch;
    vl_facts facts;
    uint64_t counter[VL_MAX_COUNTER];
    void *how;    /* print what comes; NULL: do not */
    int stream;   /* 1 + field that how begins with, if it has not yet; 0 */
    vl_buf first; /* what stands in it */
    vl_buf out[MOST_STREAM];
    bool odd; /* of what mend gets */
    void *mend;
    vl_buf mended;
    void *folding;  /* state of fold; NULL: rows stay as they are */
    vl_buf told[2]; /* what it has told of all rows so far */
} reading;

/* A copy that ends where its memory ends, so that reading behind it is seen. */
static uint8_t *exact(text t)
{
    uint8_t *const p = malloc(t.n ? t.n : 1);
    MUST(p);
    if (t.n) memcpy(p, t.bytes, t.n);
    return p;
}

static const vl_format *probe(text in, size_t n)
{
    uint8_t *const head = exact((text){ in.bytes, in.n < n ? in.n : n });
    const vl_format *const format = vl_format_probe(head, in.n < n ? in.n : n);
    free(head);
    return format;
}

static vl_code open_head(reading *r, vl_err *err)
{
    bool more = true;
    for (size_t want = r->step < 65536 ? r->step : 65536; more; want *= 4) {
        const uint8_t *bytes[MOST_STREAM] = { NULL };
        size_t n[MOST_STREAM] = { 0 };
        bool whole[MOST_STREAM] = { false }, all = true;
        for (int s = 0; s < r->ask.nstream; s++) {
            n[s] = r->in[s].n < want ? r->in[s].n : want;
            whole[s] = n[s] == r->in[s].n;
            all &= whole[s];
            bytes[s] = exact((text){ r->in[s].bytes, n[s] });
        }
        more = false;
        if (r->format->close) r->format->close(r->head, r->tail);
        memset(r->head, 0, r->format->head_size);
        memset(r->tail, 0, r->format->tail_size);
        r->format->open(r->head, &r->ask, bytes, n, whole, &more, err);
        for (int s = 0; s < r->ask.nstream; s++) free((void *)(uintptr_t)bytes[s]);
        if (err->code) return err->code;
        MUST(!more || !all);
    }
    return VL_OK;
}

/* ---- what a batch promises ---- */

static void check_column(const vl_batch *batch, int f)
{
    const vl_field *const field = &batch->schema->field[f];
    const vl_column *const col = &batch->col[f];
    const size_t width = vl_type_width(field->type);
    MUST(col->data.len % width == 0 && col->data.len <= col->data.cap);
    if (field->shape == VL_FIXED) MUST(col->data.len / width == batch->nrow[field->table]);
    if (field->shape != VL_RAGGED) return;
    MUST(col->nrow == batch->nrow[field->table]);
    if (!col->nrow) return;
    MUST(col->offset[0] == 0 && col->offset[col->nrow] == col->data.len / width);
    for (size_t i = 0; i < col->nrow; i++) MUST(col->offset[i] <= col->offset[i + 1]);
    if (!field->offset_of) return;
    const vl_column *const like = &batch->col[field->offset_of - 1];
    MUST(like->nrow == col->nrow &&
         !memcmp(like->offset, col->offset, (col->nrow + 1) * sizeof *col->offset));
}

static void check_batch(const vl_batch *batch)
{
    for (int f = 0; f < batch->schema->nfield; f++) {
        check_column(batch, f);
        if (batch->schema->field[f].ref == VL_REF_PIECE_COLUMN)
            MUST(batch->npiece == batch->nrow[batch->schema->field[f].table]);
    }
    for (size_t i = 0; i < batch->npiece; i++) {
        const vl_piece *const p = &batch->piece[i];
        MUST(p->column < batch->npiece_column && p->at % 64 == 0 && p->at <= batch->values.len);
        MUST(p->nelem <= (batch->values.len - p->at) / vl_type_width(batch->piece_column[p->column].type));
    }
}

/* ---- blocks ---- */

/* The way back of a format that can give a text of the same values. */
static vl_code print_values(reading *r, bool last, vl_err *err)
{
    const vl_same_values *const same = r->format->same_values;
    vl_buf made = { 0 }, odd = { 0 };
    if (same->print(r->how, &r->batch, last, &made, &odd, err)) return err->code;
    MUST(!odd.len);
    MUST(!vl_buf_append(&r->out[0], made.data, made.len, err));
    MUST(!same->mend(r->mend, r->odd, last, &made, err));
    MUST(!vl_buf_append(&r->mended, made.data, made.len, err));
    vl_buf_free(&made);
    return VL_OK;
}

/* What a column has once a batch was folded; of all batches. */
static void keep_told(reading *r, int i, int field)
{
    const vl_buf *const data = &r->batch.col[field].data;
    MUST(!vl_buf_append(&r->told[i], data->data, data->len, &(vl_err)VL_ERR_INIT));
}

/* Leaves out and makes again: all rows are near each other. */
static void fold_batch(reading *r)
{
    vl_err err = VL_ERR_INIT;
    vl_batch *const batch = &r->batch;
    const vl_fold *const fold = batch->schema->fold;
    MUST(!fold->fold(r->folding, batch, &err));
    check_batch(batch);
    vl_buf room[VL_FOLD_ROOM] = { { 0 } };
    const size_t n = (size_t)batch->schema->nfield;
    vl_want *const want = calloc(4 * n, sizeof *want);
    MUST(want);
    for (size_t f = 0; f < n; f++) want[f] = want[n + f] = VL_WANT_ROWS;
    vl_fold_needs needs = { want + n, want + 2 * n, want + 3 * n, { -1, -1 } };
    fold->needs(batch->schema, &needs);
    for (int i = 0; i < 2; i++)
        if (needs.told[i] >= 0) keep_told(r, i, needs.told[i]);
    vl_fold_reach reach;
    MUST(!fold->reach(batch, &reach, &err) && reach.to <= r->told[0].len);
    const vl_folded all = {
        batch, want, batch, { r->told[0].data, r->told[1].data }, 0, r->told[0].len, room
    };
    MUST(!fold->unfold(&all, &err));
    check_batch(batch);
    for (int i = 0; i < VL_FOLD_ROOM; i++) vl_buf_free(&room[i]);
    free(want);
}

static vl_code take_block(reading *r, vl_block *block, bool last, vl_err *err)
{
    vl_batch *const batch = &r->batch;
    vl_batch_clear(batch);
    if (r->format->parse(r->head, block, batch, err)) return err->code;
    check_batch(batch);
    if (r->format->join(r->head, r->tail, block, batch, err)) return err->code;
    check_batch(batch);
    if (r->folding) fold_batch(r);
    for (int i = 0; i < batch->schema->ncounter; i++) r->counter[i] += batch->counter[i];
    if (r->how && r->stream) {
        const vl_buf *const stream = &batch->col[r->stream - 1].data;
        MUST(!vl_buf_append(&r->first, stream->data, stream->len, err));
        MUST(!r->format->begin(r->how, (vl_cell){ r->first.data, r->first.len }, err));
        r->stream = 0;
    }
    if (r->mend) return print_values(r, last, err);
    return r->how ? r->format->print(r->how, batch, last, r->out, err) : VL_OK;
}

typedef struct waiting { /* of each stream: text that came and is in no block yet */
    size_t from, to;
    uint64_t record, line;
} waiting;

/* Whole records of what waits; of two streams equally many. */
static vl_code cut(reading *r, const waiting *w, const bool *last, vl_cut *out, vl_err *err)
{
    uint64_t most = UINT64_MAX;
    for (int again = 0; again < r->ask.nstream; again++) {
        for (int s = 0; s < r->ask.nstream; s++) {
            const size_t n = w[s].to - w[s].from;
            uint8_t *const bytes = vl_alloc(n);
            MUST(bytes);
            if (n) memcpy(bytes, r->in[s].bytes + w[s].from, n);
            r->format->cut(r->head, bytes, n, last[s], most, &out[s], err);
            free(bytes);
            if (err->code) return err->code;
            MUST(out[s].used <= n && out[s].nrecord <= most && (out[s].used || !out[s].nrecord));
            MUST(!last[s] || most != UINT64_MAX || out[s].used == n); /* the end leaves nothing */
        }
        most = r->ask.nstream > 1 && out[1].nrecord < out[0].nrecord ? out[1].nrecord : out[0].nrecord;
    }
    for (int s = 0; s < r->ask.nstream && r->ask.nstream > 1; s++) {
        MUST(out[s].nrecord == most);
        if (!most && !last[s]) out[s].used = 0;
    }
    return VL_OK;
}

static vl_code take_all(reading *r, vl_err *err)
{
    vl_block block[MOST_STREAM] = { { { 0 } } };
    waiting w[MOST_STREAM] = { { 0 } };
    bool end = false;
    while (!end && !err->code) {
        vl_cut used[MOST_STREAM] = { { 0 } };
        bool last[MOST_STREAM] = { false };
        end = true;
        for (int s = 0; s < r->ask.nstream; s++) {
            const size_t left = r->in[s].n - w[s].to;
            w[s].to += left < r->step ? left : r->step;
            last[s] = w[s].to == r->in[s].n;
            end &= last[s];
        }
        if (cut(r, w, last, used, err)) break;
        for (int s = 0; s < r->ask.nstream; s++) {
            block[s].bytes.len = 0;
            if (vl_buf_append(&block[s].bytes, r->in[s].bytes + w[s].from, used[s].used, err)) break;
            block[s].file = s ? "two" : "one";
            block[s].offset = w[s].from;
            block[s].record = w[s].record;
            block[s].line = w[s].line;
            block[s].nrecord = used[s].nrecord;
            w[s].from += used[s].used;
            w[s].record += used[s].nrecord;
            w[s].line += used[s].nline;
            block[s].last = last[s] && w[s].from == w[s].to;
        }
        if ((used[0].used || used[1].used || end) && take_block(r, block, end, err)) break;
        for (int s = 0; s < r->ask.nstream && end; s++)
            if (w[s].from < r->in[s].n)
                vl_fail(err, VL_EFORMAT, "input %d has more records than the other", s + 1);
    }
    for (int s = 0; s < MOST_STREAM; s++) vl_buf_free(&block[s].bytes);
    return err->code;
}

/* One whole pass over the text. */
static vl_code pass(reading *r, vl_err *err)
{
    r->head = calloc(1, r->format->head_size + 1);
    r->tail = calloc(1, r->format->tail_size + 1);
    MUST(r->head && r->tail);
    r->facts.n = 0;
    memset(r->counter, 0, sizeof r->counter);
    if (vl_batch_init(&r->batch, r->format->schema, err)) abort();
    if (!open_head(r, err) && !take_all(r, err)) r->format->finish(r->head, r->tail, &r->facts, err);
    MUST(!err->code || err->what[0]);
    if (r->format->drop) r->format->drop(&r->batch);
    vl_batch_free(&r->batch);
    if (r->format->close) r->format->close(r->head, r->tail);
    free(r->head);
    free(r->tail);
    return err->code;
}

/* ---- the way back ---- */

static void print_again(reading *r)
{
    vl_err err = VL_ERR_INIT;
    vl_way way;
    void *const how = calloc(1, r->format->print_size + 1);
    MUST(how);
    for (int s = 0; s < r->ask.nstream; s++) { /* a store notes it beside the facts */
        char name[24];
        snprintf(name, sizeof name, "text_bytes_%d", s + 1);
        vl_fact_add(&r->facts, name, "%zu", r->in[s].n);
    }
    const int ntext = r->format->woven ? r->format->max_stream : r->ask.nstream;
    MUST(!r->format->unfinish(how, &r->facts, r->counter, ntext, &way, &err));
    r->how = how;
    r->stream = r->format->begin ? way.head : 0;
    const vl_same_values *const same = r->format->same_values;
    if (same) MUST(r->mend = calloc(1, same->mend_size));
    pass(r, &err);
    MUST(!err.code);
    if (same && !r->odd)
        MUST(r->mended.len == r->in[0].n && !memcmp(r->mended.data, r->in[0].bytes, r->in[0].n));
    if (same) same->free(r->mend);
    free(r->mend);
    r->mend = NULL;
    vl_buf_free(&r->mended);
    for (int s = 0; s < ntext; s++) {
        if (r->format->woven) { /* the texts that it was woven of */
            vl_buf_free(&r->out[s]);
            continue;
        }
        MUST(err.code || r->out[s].len == r->in[s].n);
        MUST(err.code || !r->in[s].n || !memcmp(r->out[s].data, r->in[s].bytes, r->in[s].n));
        vl_buf_free(&r->out[s]);
    }
    r->how = NULL;
    if (r->format->end) r->format->end(how);
    vl_buf_free(&r->first);
    free(how);
}

static void fold_again(reading *r)
{
    const vl_fold *const fold = r->format->schema->fold;
    MUST(r->folding = calloc(1, fold->state));
    print_again(r);
    fold->drop(r->folding);
    free(r->folding);
    r->folding = NULL;
    for (int i = 0; i < 2; i++) vl_buf_free(&r->told[i]);
}

static bool same_place(const vl_err *a, const vl_err *b)
{
    return a->code == b->code && !strcmp(a->what, b->what) && !strcmp(a->file, b->file) &&
           a->offset == b->offset && a->record == b->record && a->line == b->line;
}

static void run(reading *r, uint8_t control)
{
    vl_err err = VL_ERR_INIT, other = VL_ERR_INIT;
    if (!(r->format = probe(r->in[0], 65536)) || r->format->max_stream < r->ask.nstream) return;
    if (r->format->woven && r->ask.nstream > 1) return;
    void *const option = calloc(1, r->format->option_size + 1);
    MUST(option);
    for (int i = 0; i < r->given.n; i++) {
        const vl_opt *const o = vl_opt_find(r->format->option, r->given.option[i].name);
        if (o) MUST(vl_opt_set(o, option, r->given.option[i].text));
    }
    r->ask.option = option;
    pass(r, &err);
    if (r->format->print && !err.code) print_again(r);
    if (r->format->print && !err.code && r->format->schema->fold) fold_again(r);
    r->step = steps[(control & 7) == 7 ? 2 : 7];
    pass(r, &other);
    const bool placed = r->format->max_stream > 1 && !r->format->woven;
    if (!err.code != !other.code || (placed && !same_place(&err, &other))) {
        char line[2][480];
        vl_err_print(&err, line[0], sizeof line[0]);
        vl_err_print(&other, line[1], sizeof line[1]);
        fprintf(stderr, "not the same however the text comes:\n%s\n%s\n", line[0], line[1]);
        abort();
    }
    free(option);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static bool ready;
    if (!ready) vl_kernels_init(&vl_k, vl_isa_from_env());
    ready = true;
    uint8_t control = 7;
    if (n && bytes[0] != '@' && bytes[0] != '<' && bytes[0] != 0xef && bytes[0] != 'B') {
        control = *bytes++;
        n--;
    }
    const unsigned layout = control >> 3 & 3;
    reading r = { .step = steps[control & 7], .in = { { bytes, n } } };
    r.ask.nstream = 1;
    r.odd = control >> 5 & 1;
    vl_err err = VL_ERR_INIT;
    if (layout == 2) vl_given_add(&r.given, "interleaved", "", &err);
    const uint8_t *const split = layout == 1 && n ? memchr(bytes, SPLIT, n) : NULL;
    if (split) {
        r.ask.nstream = 2;
        r.in[0].n = (size_t)(split - bytes);
        r.in[1] = (text){ split + 1, n - r.in[0].n - 1 };
    }
    run(&r, control);
    return 0;
}
