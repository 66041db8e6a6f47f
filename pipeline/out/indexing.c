/* Indexes on their way (indexing.h): what is complete goes to the store in chunks, and is hashed in any case.
 * */
#include "pipeline/out/indexing.h"

#include "pipeline/out/aside.h"

#include "formats/letter.h"
#include "formats/xxh3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bounds and filters: two data sets, of which the second is often empty. */
enum { STREAMS = 2 };

typedef struct stream {
    vl_aside to;
    uint8_t digest[16]; /* once all is there */
} stream;

typedef struct one {
    vl_index_sum sum;
    stream stream[STREAMS];
} one;

struct vl_indexing {
    const vl_index *const *index;
    int n;
    one *one;     /* owned; [n] */
    vl_store *to; /* borrowed; NULL: nothing is written */
};

static vl_code open_stream(stream *s, vl_store *to, const vl_index *x, bool filter, vl_err *err)
{
    char name[VL_PATH];
    snprintf(name, sizeof name, "%s%s", x->name, filter ? ".filter" : "");
    return vl_aside_open(&s->to, to, VL_INDEX_GROUP, name, x->doc, err);
}

vl_code vl_indexing_open(vl_indexing **out, const vl_index *const *index, vl_store *to, vl_err *err)
{
    vl_indexing *const ix = *out = calloc(1, sizeof *ix);
    if (!ix) return vl_fail(err, VL_ENOMEM, "no memory for indexes");
    ix->index = index;
    ix->to = to;
    int n = 0;
    while (index && index[n]) n++;
    if (!(ix->one = calloc((size_t)n + 1, sizeof *ix->one)))
        return vl_fail(err, VL_ENOMEM, "no memory for indexes");
    for (ix->n = 0; ix->n < n; ix->n++) {
        one *const o = &ix->one[ix->n];
        if (vl_index_start(&o->sum, index[ix->n], err)) return err->code;
        for (int s = 0; s < STREAMS; s++)
            if (open_stream(&o->stream[s], to, index[ix->n], s == 1, err)) return err->code;
    }
    return VL_OK;
}

void vl_indexing_close(vl_indexing *ix)
{
    if (!ix) return;
    for (int i = 0; ix->one && ix->index && ix->index[i]; i++) {
        for (int s = 0; s < STREAMS; s++) vl_aside_close(&ix->one[i].stream[s].to);
        vl_index_sum_free(&ix->one[i].sum);
    }
    free(ix->one);
    free(ix);
}

/* ---- rows ---- */

vl_code vl_indexing_part(const vl_indexing *ix, const vl_batch *batch, int table, vl_index_parts *parts,
                         vl_err *err)
{
    if (!parts->part && ix->n) {
        parts->part = calloc((size_t)ix->n, sizeof *parts->part);
        if (!parts->part) return vl_fail(err, VL_ENOMEM, "no memory for indexes");
        parts->n = ix->n;
    }
    for (int i = 0; i < ix->n; i++) {
        const vl_index *const x = ix->index[i];
        parts->part[i].n = 0;
        if (table >= 0 && batch->schema->field[x->field].table != table) continue;
        if (vl_index_part_make(x, batch, &parts->part[i], err)) return err->code;
    }
    return VL_OK;
}

void vl_index_parts_free(vl_index_parts *parts)
{
    for (int i = 0; i < parts->n; i++) vl_index_part_free(&parts->part[i]);
    free(parts->part);
    *parts = (vl_index_parts){ 0 };
}

vl_code vl_indexing_add(vl_indexing *ix, const vl_index_parts *parts, vl_work *work, vl_err *err)
{
    for (int i = 0; i < parts->n; i++) {
        one *const o = &ix->one[i];
        if (vl_index_add(&o->sum, &parts->part[i], err)) return err->code;
        for (int k = 0; k < STREAMS; k++)
            if (vl_aside_drain(&o->stream[k].to, &o->sum.out[k], false, work, err)) return err->code;
    }
    return VL_OK;
}

/* ---- the end ---- */

void vl_indexed_hash(const vl_store *store, const vl_schema *schema, int field, char hex[33])
{
    uint8_t both[32] = { 0 };
    char path[VL_PATH + 16];
    XXH128_canonical_t hash;
    const vl_field *const f = &schema->field[field];
    snprintf(path, sizeof path, "%s.offset", f->offset_of ? schema->field[f->offset_of - 1].path : f->path);
    const int column = vl_store_find(store, f->path), offset = vl_store_find(store, path);
    if (column >= 0) memcpy(both, vl_store_column(store, column)->digest, 16);
    if (offset >= 0) memcpy(both + 16, vl_store_column(store, offset)->digest, 16);
    XXH128_canonicalFromHash(&hash, XXH3_128bits(both, sizeof both));
    vl_hex(hash.digest, sizeof hash.digest, hex);
}

/* The last rows; an index of few units is dropped. */
static vl_code finish(one *o, vl_work *work, vl_err *err)
{
    if (vl_index_end(&o->sum, err)) return err->code;
    if (o->sum.nrow <= (uint64_t)VL_INDEX_LEAST * o->sum.x->unit) o->sum.out[0].len = o->sum.out[1].len = 0;
    for (int k = 0; k < STREAMS; k++) {
        if (vl_aside_drain(&o->stream[k].to, &o->sum.out[k], true, work, err)) return err->code;
        vl_aside_digest(&o->stream[k].to, o->stream[k].digest);
    }
    return VL_OK;
}

/* What stands beside stream k, made from the columns of a store. */
static vl_index_note describe(const one *o, int k, const vl_schema *schema, const vl_store *from)
{
    vl_index_note note = { .version = o->sum.x->version, .unit = o->sum.x->unit, .rows = o->sum.nrow };
    vl_indexed_hash(from, schema, o->sum.x->field, note.of);
    memcpy(note.digest, o->stream[k].digest, sizeof note.digest);
    return note;
}

vl_code vl_indexing_end(vl_indexing *ix, const vl_schema *schema, vl_store *from, vl_work *work, vl_err *err)
{
    for (int i = 0; i < ix->n; i++) {
        one *const o = &ix->one[i];
        if (finish(o, work, err)) return err->code;
        for (int k = 0; k < STREAMS; k++) {
            if (!o->stream[k].to.n) continue;
            const vl_index_note note = describe(o, k, schema, from);
            if (vl_store_note_index(ix->to, o->stream[k].to.spec.path, &note, err)) return err->code;
        }
    }
    return VL_OK;
}

/* Does the store say the same of a stream? *known: it has it, and made it in our way. */
static vl_code compare(const one *o, int k, const vl_schema *schema, vl_store *store, bool *known,
                       vl_err *err)
{
    int column = -1;
    vl_index_note is;
    const stream *const s = &o->stream[k];
    if (vl_store_index(store, s->to.spec.path, &column, &is, err)) return err->code;
    *known = column >= 0 && is.version == o->sum.x->version;
    if (column < 0 || !*known) return VL_OK;
    const vl_index_note must = describe(o, k, schema, store);
    if (s->to.n && is.unit == must.unit && is.rows == must.rows && !strcmp(is.of, must.of) &&
        !memcmp(is.digest, must.digest, sizeof is.digest))
        return VL_OK;
    return vl_fail(err, VL_ESTORE, "%s is not what its columns make it", s->to.spec.path);
}

vl_code vl_indexing_compare(vl_indexing *ix, const vl_schema *schema, vl_store *store, bool *all, vl_err *err)
{
    vl_work none = { 0 };
    *all = true;
    for (int i = 0; i < ix->n; i++) {
        one *const o = &ix->one[i];
        bool known[STREAMS];
        if (finish(o, &none, err)) return err->code;
        for (int k = 0; k < STREAMS; k++) {
            if (compare(o, k, schema, store, &known[k], err)) return err->code;
            if (o->stream[k].to.n && !known[k]) *all = false;
        }
        if (known[0] && o->stream[1].to.n && !known[1])
            return vl_fail(err, VL_ESTORE, "%s is missing", o->stream[1].to.spec.path);
    }
    return VL_OK;
}

bool vl_indexing_needs(const vl_indexing *ix, const vl_schema *schema, int table)
{
    for (int i = 0; i < ix->n; i++)
        if (schema->field[ix->index[i]->field].table == table) return true;
    return false;
}

const vl_index *const *vl_indexing_list(const vl_indexing *ix) { return ix->index; }
