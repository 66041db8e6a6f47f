/* Lay (lay.h): for each column one open chunk that batches are copied into. */
#include "pipeline/in/growing.h"

#include "formats/schema.h"
#include "pipeline/in/learn.h"
#include "pipeline/in/note_schema.h"
#include "formats/xxh3.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct vl_growing column;

/* Row offsets of a ragged field: left out while all rows are equally long. */
typedef struct rows {
    column *offset; /* owned; NULL if the field has none of its own */
    bool uniform;
    uint64_t length; /* of each row, while uniform */
    uint64_t nrow;
} rows;

struct vl_lay {
    vl_schema whole;                    /* of the format, and behind its fields those that the data named */
    const vl_schema *schema;            /* whole */
    vl_field *all;                      /* owned: its fields; [cfield], as field and rows */
    int nfixed, cfield;                 /* nfixed: fields of the format */
    column **field;                     /* owned; [nfield] */
    rows *rows;                         /* owned; [nfield] */
    column *piece[VL_MAX_PIECE_COLUMN]; /* owned */
    int npiece;
    uint64_t nrow[VL_MAX_TABLE], nbyte;
    uint64_t counter[VL_MAX_COUNTER];
    vl_work learning;
    const vl_trial *trial;  /* borrowed: of the profile */
    const vl_shared *given; /* borrowed; NULL: nobody gave what chunks share */
};

/* ---- offsets ---- */

static vl_code append_line(column *c, uint64_t from, uint64_t n, uint64_t step, vl_chunks *out, vl_err *err)
{
    uint64_t piece[512];
    for (uint64_t i = 0; i < n;) {
        const uint64_t k = n - i < 512 ? n - i : 512;
        for (uint64_t j = 0; j < k; j++) piece[j] = (from + i + j) * step;
        if (out) {
            if (vl_growing_append(c, (const uint8_t *)piece, k * 8, out, err)) return err->code;
        } else {
            XXH3_128bits_update(c->hash, piece, k * 8);
            c->n += k;
        }
        i += k;
    }
    return VL_OK;
}

/* The first row of another length: offsets are needed after all. Whole chunks that were left out are made
 * when the store gets the first chunk behind them (vl_chunk.line); here they are only hashed. */
static vl_code begin_offsets(rows *r, vl_chunks *out, vl_err *err)
{
    const uint64_t full = vl_chunk_elements(&r->offset->spec), entries = r->nrow + 1,
                   whole = entries / full * full;
    r->uniform = false;
    if (append_line(r->offset, 0, whole, r->length, NULL, err)) return err->code;
    r->offset->first = whole;
    return append_line(r->offset, whole, entries - whole, r->length, out, err);
}

static bool all_equal(const uint64_t *offset, size_t n, uint64_t length)
{
    uint64_t differ = 0;
    for (size_t i = 0; i < n; i++) differ |= (offset[i + 1] - offset[i]) ^ length;
    return !differ;
}

static vl_code lay_offsets(rows *r, const vl_column *col, uint64_t base, vl_chunks *out, vl_err *err)
{
    if (!col->nrow) return VL_OK;
    if (!r->nrow) r->length = col->offset[1] - col->offset[0];
    if (r->uniform && !all_equal(col->offset, col->nrow, r->length)) {
        if (begin_offsets(r, out, err)) return err->code;
    }
    r->nrow += col->nrow;
    if (r->uniform) return VL_OK;
    for (size_t i = 0; i <= col->nrow; i++) col->offset[i] += base;
    return vl_growing_append(r->offset, (const uint8_t *)(col->offset + 1), col->nrow * 8, out, err);
}

/* ---- references ---- */

/* The store's number for a piece column. The first type under a name gets the name, others name.type. */
static vl_code find_piece(vl_lay *lay, const vl_piece_column *pc, uint16_t *out, vl_err *err)
{
    bool taken = false;
    for (int i = 0; i < lay->npiece; i++) {
        if (strcmp(lay->piece[i]->like.path, pc->path)) continue;
        taken = true;
        if (lay->piece[i]->spec.type == pc->type) {
            *out = (uint16_t)i;
            return VL_OK;
        }
    }
    if (lay->npiece == VL_MAX_PIECE_COLUMN)
        return vl_fail(err, VL_EUNSUP, "more than %d kinds of array", VL_MAX_PIECE_COLUMN);
    vl_spec spec = { .type = pc->type, .use = pc->use, .unit = "", .missing = "", .doc = "" };
    snprintf(spec.path, sizeof spec.path, "%s%s%s", pc->path, taken ? "." : "",
             taken ? vl_type_name(pc->type) : "");
    column *const c = vl_growing_new(&spec, err);
    if (!c) return err->code;
    c->like = *pc;
    c->spec.unit = c->like.unit;
    c->spec.role = c->like.role;
    c->spec.coding = c->like.coding;
    lay->piece[lay->npiece] = c;
    *out = (uint16_t)lay->npiece++;
    return VL_OK;
}

static void fix_refs(vl_lay *lay, vl_batch *batch)
{
    for (int f = 0; f < lay->nfixed; f++) {
        const vl_field *const field = &lay->schema->field[f];
        const size_t width = vl_type_width(field->type);
        uint64_t base = 0;
        if (field->ref == VL_REF_ROW) base = lay->nrow[field->ref_to];
        else if (field->ref == VL_REF_ELEMENT) base = lay->field[field->ref_to]->n;
        else if (field->ref == VL_REF_BYTE) base = lay->nbyte;
        vl_add_to_all(batch->col[f].data.data, batch->col[f].data.len / width, width,
                      field->ref_step ? (size_t)field->ref_step : 1, base);
    }
}

/* Is a piece that of the row before it in the column? Then both rows point there: what lies in a column stays
 * in the order of the rows that point at it. */
static bool is_last(const column *c, const vl_piece *p)
{
    return p->same[1] && p->same[0] == c->same[0] && p->same[1] == c->same[1] && p->nelem == c->same_n;
}

/* Piece columns and starts: row i of their table belongs to piece i. */
static vl_code lay_pieces(vl_lay *lay, vl_batch *batch, vl_chunks *out, vl_err *err)
{
    uint8_t *number = NULL, *start = NULL;
    uint16_t map[VL_MAX_PIECE_COLUMN];
    for (int f = 0; f < lay->schema->nfield; f++) {
        if (lay->schema->field[f].ref == VL_REF_PIECE_COLUMN) number = batch->col[f].data.data;
        if (lay->schema->field[f].ref == VL_REF_PIECE_START) start = batch->col[f].data.data;
    }
    assert(number && start);
    for (size_t i = 0; i < batch->npiece_column; i++)
        if (find_piece(lay, &batch->piece_column[i], &map[i], err)) return err->code;
    for (size_t i = 0; i < batch->npiece; i++) {
        const vl_piece *const p = &batch->piece[i];
        column *const c = lay->piece[map[p->column]];
        assert(p->column < batch->npiece_column && p->at <= batch->values.len &&
               p->nelem <= (batch->values.len - p->at) / vl_type_width(c->spec.type));
        number[2 * i] = (uint8_t)map[p->column];
        number[2 * i + 1] = (uint8_t)(map[p->column] >> 8);
        if (is_last(c, p)) {
            vl_put_le64(start + 8 * i, c->same_at);
            continue;
        }
        vl_put_le64(start + 8 * i, c->n);
        memcpy(c->same, p->same, sizeof c->same);
        c->same_at = c->n;
        c->same_n = p->nelem;
        if (vl_growing_append(c, batch->values.data + p->at, p->nelem * vl_type_width(c->spec.type), out,
                              err))
            return err->code;
    }
    return VL_OK;
}

/* ---- entry points ---- */

/* A codec of field f wants to see the field that has the same rows. Their chunks end alike when their
 * elements are as wide. */
static void look_near(vl_lay *lay, int f, int other)
{
    vl_spec *const mine = &lay->field[f]->spec, *const its = &lay->field[other]->spec;
    if (vl_type_width(mine->type) != vl_type_width(its->type)) return;
    mine->near = its;
    its->looked_at = true;
}

/* The column of what a column's chunks share. */
static vl_code open_beside(column *c, const vl_field *field, const vl_codec *codec, vl_err *err)
{
    vl_spec spec = { .type = field->type,
                     .use = VL_USE_SHARED,
                     .unit = field->unit,
                     .missing = "",
                     .doc = codec->sharing->doc };
    snprintf(spec.path, sizeof spec.path, "%s.%s", field->path, codec->sharing->name);
    return (c->beside = vl_growing_new(&spec, err)) ? VL_OK : err->code;
}

/* Somebody gave what the chunks of such a column share. It is laid when it is known what of it they use. */
static bool is_given(const vl_lay *lay, const vl_field *field)
{
    return lay->given && vl_codec_suits(vl_codec_find(lay->given->codec), field->use, field->type);
}

static vl_code take_given(vl_lay *lay, column *c, const vl_field *field, vl_err *err)
{
    c->wants_rows |= field->shape == VL_RAGGED;
    c->spec.shared = lay->given;
    if (open_beside(c, field, vl_codec_find(lay->given->codec), err)) return err->code;
    c->beside->spec.shared = lay->given;
    return VL_OK;
}

/* Chunks of a column share what a codec makes of the first of them. */
static vl_code open_wait(column *c, const vl_field *field, const vl_trial *trial, vl_err *err)
{
    const vl_codec *const codec = vl_codec_sharer(trial, field->use, field->type);
    if (!codec || c->wants_guide) return VL_OK; /* what guides tells more */
    vl_wait_open(&c->wait, codec);
    c->spec.shared = &c->wait.shared;
    return open_beside(c, field, codec, err);
}

static vl_code open_field(vl_lay *lay, int f, vl_err *err)
{
    const vl_trial *const trial = lay->trial;
    const vl_field *const field = &lay->schema->field[f];
    vl_spec spec = { .type = field->type,
                     .use = field->use,
                     .unit = field->unit,
                     .missing = field->missing,
                     .doc = field->doc,
                     .role = field->role,
                     .coding = field->coding,
                     .brief = field->brief };
    snprintf(spec.path, sizeof spec.path, "%s", field->path);
    if (!(lay->field[f] = vl_growing_new(&spec, err))) return err->code;
    lay->field[f]->wants_rows =
        field->shape == VL_RAGGED && vl_codec_wants_rows(trial, field->use, field->type);
    lay->field[f]->wants_guide = field->guide && vl_codec_wants_guide(trial, field->use, field->type);
    lay->field[f]->wants_rows |= lay->field[f]->wants_guide;
    if (is_given(lay, field) ? take_given(lay, lay->field[f], field, err)
                             : open_wait(lay->field[f], field, trial, err))
        return err->code;
    if (field->offset_of && vl_codec_wants_near(field->use, field->type))
        look_near(lay, f, field->offset_of - 1);
    if (field->shape != VL_RAGGED || field->offset_of) return VL_OK;
    vl_spec offset = { .type = VL_U64,
                       .use = VL_USE_NUMBER,
                       .unit = "element",
                       .missing = "",
                       .doc = "row i has the elements offset[i] up to, not including, offset[i+1]",
                       .brief = field->brief };
    snprintf(offset.path, sizeof offset.path, "%s.offset", field->path);
    lay->rows[f].uniform = true;
    return (lay->rows[f].offset = vl_growing_new(&offset, err)) ? VL_OK : err->code;
}

/* ---- fields that the data named ---- */

static vl_code grow_fields(vl_lay *lay, int n, vl_err *err)
{
    if (n <= lay->cfield) return VL_OK;
    const size_t cap = (size_t)n + (size_t)n / 2, had = (size_t)lay->cfield;
    vl_field *const all = realloc(lay->all, cap * sizeof *all);
    if (all) lay->whole.field = lay->all = all;
    column **const field = realloc(lay->field, cap * sizeof *field);
    if (field) lay->field = field;
    rows *const r = realloc(lay->rows, cap * sizeof *r);
    if (r) lay->rows = r;
    if (!all || !field || !r) return vl_fail(err, VL_ENOMEM, "no memory to lay %zu columns", cap);
    memset(field + had, 0, (cap - had) * sizeof *field);
    memset(r + had, 0, (cap - had) * sizeof *r);
    lay->cfield = (int)cap;
    return VL_OK;
}

static int number_of(const vl_lay *lay, const char *path)
{
    int f = 0;
    while (f < lay->whole.nfield && strcmp(lay->all[f].path, path) != 0) f++;
    return f;
}

/* The store's number for field i, which a batch added; the rows before it have nothing there. */
static vl_code find_added(vl_lay *lay, const vl_schema *batch, int i, int *out, vl_err *err)
{
    const vl_field *const field = &batch->field[i];
    const int n = lay->whole.nfield;
    if ((*out = number_of(lay, field->path)) < n) return VL_OK;
    if (n - lay->nfixed == VL_MAX_ADDED)
        return vl_fail(err, VL_EUNSUP, "more than %d columns that the data names", VL_MAX_ADDED);
    if (grow_fields(lay, n + 1, err)) return err->code;
    lay->all[n] = *field;
    if (field->offset_of) /* it was added before */
        lay->all[n].offset_of = 1 + number_of(lay, batch->field[field->offset_of - 1].path);
    lay->whole.nfield = n + 1;
    if (open_field(lay, n, err)) return err->code;
    lay->all[n].path = lay->field[n]->spec.path;
    lay->rows[n].nrow = lay->nrow[field->table];
    return VL_OK;
}

/* Rows without anything in an added field, up to row `to`. */
static vl_code lay_nothing(rows *r, uint64_t elements, uint64_t to, vl_chunks *out, vl_err *err)
{
    const uint64_t n = to - r->nrow;
    if (!n) return VL_OK;
    if (r->uniform && r->length && begin_offsets(r, out, err)) return err->code;
    r->nrow = to;
    for (uint64_t i = 0; i < n && !r->uniform; i++)
        if (vl_growing_append(r->offset, (const uint8_t *)&elements, sizeof elements, out, err))
            return err->code;
    return VL_OK;
}

vl_code vl_lay_open(vl_lay **out, const vl_schema *schema, vl_profile profile, const vl_shared *given,
                    vl_err *err)
{
    vl_lay *const lay = calloc(1, sizeof *lay);
    *out = lay;
    if (!lay) return vl_fail(err, VL_ENOMEM, "no memory to lay columns");
    lay->whole = *schema;
    lay->schema = &lay->whole;
    lay->nfixed = schema->nfield;
    lay->trial = vl_profile_trial(profile);
    lay->given = given;
    if (grow_fields(lay, schema->nfield, err)) return err->code;
    memcpy(lay->all, schema->field, (size_t)schema->nfield * sizeof *lay->all);
    for (int f = 0; f < schema->nfield; f++)
        if (open_field(lay, f, err)) return err->code;
    return VL_OK;
}

bool vl_lay_limit(vl_lay *lay, uint64_t bytes)
{
    bool wait = false;
    for (int f = 0; f < lay->schema->nfield; f++) {
        vl_wait_limit(&lay->field[f]->wait, bytes);
        wait |= lay->field[f]->wait.codec != NULL;
    }
    return wait;
}

/* Field `its` of a batch into field f. */
static vl_code lay_field(vl_lay *lay, int f, vl_batch *batch, int its, vl_chunks *out, vl_err *err)
{
    column *const c = lay->field[f];
    vl_column *const col = &batch->col[its];
    const uint64_t base = c->n;
    if (c->wants_rows ? vl_growing_append_rows(c, batch, its, out, err)
                      : vl_growing_append(c, col->data.data, col->data.len, out, err))
        return err->code;
    return lay->rows[f].offset ? lay_offsets(&lay->rows[f], col, base, out, err) : VL_OK;
}

static vl_code lay_added(vl_lay *lay, vl_batch *batch, vl_chunks *out, vl_err *err)
{
    for (int i = lay->nfixed; i < batch->schema->nfield; i++) {
        int f;
        if (find_added(lay, batch->schema, i, &f, err) || lay_field(lay, f, batch, i, out, err))
            return err->code;
    }
    for (int f = lay->nfixed; f < lay->whole.nfield; f++) {
        const int t = lay->all[f].table;
        if (lay->all[f].offset_of) continue; /* its rows are those of the other */
        if (lay_nothing(&lay->rows[f], lay->field[f]->n, lay->nrow[t] + batch->nrow[t], out, err))
            return err->code;
    }
    return VL_OK;
}

/* Chunks of offsets, from number `from` on, that come after a gap: the store fills it with a line of this
 * step. */
static void set_lines(const vl_lay *lay, vl_chunks *out, size_t from)
{
    for (size_t i = from; i < out->n; i++)
        for (int f = 0; f < lay->schema->nfield; f++)
            if (lay->rows[f].offset && out->chunk[i].spec == &lay->rows[f].offset->spec)
                out->chunk[i].line = lay->rows[f].length;
}

vl_code vl_lay_batch(vl_lay *lay, vl_batch *batch, vl_chunks *out, vl_err *err)
{
    vl_batch_promises(batch); /* what follows copies on its word */
    const size_t before = out->n;
    fix_refs(lay, batch);
    for (int t = 0; t < lay->schema->ntable; t++) batch->first[t] = lay->nrow[t];
    if (batch->npiece && lay_pieces(lay, batch, out, err)) return err->code;
    for (int f = 0; f < lay->nfixed; f++)
        if (lay_field(lay, f, batch, f, out, err)) return err->code;
    if (lay_added(lay, batch, out, err)) return err->code;
    for (int t = 0; t < lay->schema->ntable; t++) lay->nrow[t] += batch->nrow[t];
    for (int i = 0; i < lay->schema->ncounter; i++) lay->counter[i] += batch->counter[i];
    lay->nbyte += batch->nbyte;
    set_lines(lay, out, before);
    return lay->trial->learns ? vl_learn(lay->trial->learns, &lay->learning, out, before, err) : err->code;
}

static vl_code end_column(column *c, vl_chunks *out, vl_err *err)
{
    if (c->open.len && vl_growing_emit(c, true, out, err)) return err->code;
    return c->wait.codec ? vl_growing_end_wait(c, out, err) : VL_OK;
}

vl_code vl_lay_end(vl_lay *lay, vl_chunks *out, vl_err *err)
{
    const size_t before = out->n;
    for (int f = 0; f < lay->schema->nfield; f++) {
        if (end_column(lay->field[f], out, err)) return err->code;
        if (!lay->rows[f].offset || lay->rows[f].uniform) continue;
        if (end_column(lay->rows[f].offset, out, err)) return err->code;
    }
    set_lines(lay, out, before);
    for (int i = 0; i < lay->npiece; i++)
        if (end_column(lay->piece[i], out, err)) return err->code;
    return lay->trial->learns ? vl_learn(lay->trial->learns, &lay->learning, out, before, err) : err->code;
}

vl_code vl_lay_given(vl_lay *lay, vl_chunk_fn *to, void *who, vl_err *err)
{
    vl_chunks one = { 0 };
    for (int f = 0; f < lay->schema->nfield && lay->given && !err->code; f++) {
        column *const b = lay->field[f]->beside;
        const vl_buf *const plain = &lay->given->plain;
        if (!b || b->spec.shared != lay->given || !lay->field[f]->n) continue;
        for (size_t at = 0; at < plain->len && !err->code; at += VL_CHUNK_BYTES) {
            const size_t left = plain->len - at, n = left < VL_CHUNK_BYTES ? left : VL_CHUNK_BYTES;
            one.n = 0;
            if (vl_growing_append(b, plain->data + at, n, &one, err) ||
                (b->open.len && vl_growing_emit(b, true, &one, err)))
                break;
            to(who, &one.chunk[0], err);
        }
    }
    vl_chunks_free(&one);
    return err->code;
}

static vl_code note_digest(vl_store *st, const column *c, vl_err *err)
{
    XXH128_canonical_t hash;
    if (!c->n) return VL_OK; /* no elements, no data set */
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(c->hash));
    return vl_store_digest(st, c->spec.path, hash.digest, err);
}

vl_code vl_lay_note(vl_lay *lay, vl_store *st, vl_err *err)
{
    char from[VL_PATH + 16], to[VL_PATH + 16];
    for (int f = 0; f < lay->schema->nfield; f++) {
        const vl_field *const field = &lay->schema->field[f];
        const rows *const r = &lay->rows[field->offset_of ? field->offset_of - 1 : f];
        if (note_digest(st, lay->field[f], err)) return err->code;
        if (lay->field[f]->beside && note_digest(st, lay->field[f]->beside, err)) return err->code;
        if (field->shape != VL_RAGGED || !lay->field[f]->n) continue;
        if (r->uniform) {
            if (vl_store_row_length(st, &lay->field[f]->spec, r->length, err)) return err->code;
        } else if (field->offset_of) {
            snprintf(from, sizeof from, "%s.offset", lay->schema->field[field->offset_of - 1].path);
            snprintf(to, sizeof to, "%s.offset", field->path);
            if (vl_store_link(st, from, to, err)) return err->code;
        } else if (note_digest(st, r->offset, err)) {
            return err->code;
        }
    }
    const char *path[VL_MAX_PIECE_COLUMN];
    const vl_piece_column *piece[VL_MAX_PIECE_COLUMN];
    for (int i = 0; i < lay->npiece; i++) {
        if (note_digest(st, lay->piece[i], err)) return err->code;
        path[i] = lay->piece[i]->spec.path;
        piece[i] = &lay->piece[i]->like;
    }
    return vl_note_schema(st, lay->schema, path, piece, lay->npiece, err);
}

uint64_t vl_lay_rows(const vl_lay *lay, int table) { return lay->nrow[table]; }
uint64_t vl_lay_elements(const vl_lay *lay, int field) { return lay->field[field]->n; }
const uint64_t *vl_lay_counters(const vl_lay *lay) { return lay->counter; }

void vl_lay_close(vl_lay *lay)
{
    if (!lay) return;
    for (int f = 0; lay->field && lay->rows && f < lay->schema->nfield; f++) {
        vl_growing_free(lay->field[f]);
        vl_growing_free(lay->rows[f].offset);
    }
    for (int i = 0; i < lay->npiece; i++) vl_growing_free(lay->piece[i]);
    vl_work_free(&lay->learning);
    free(lay->all);
    free(lay->field);
    free(lay->rows);
    free(lay);
}
