/* Parses documents of mzML and prints them again: see mzml_run.h. */
#include "formats/test/mzml_run.h"
#include "pipeline/test/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

void outcome_free(outcome *o)
{
    vl_buf_free(&o->text);
    for (int i = 0; i < VL_SP_NFIELD; i++) {
        vl_buf_free(&o->field[i]);
        vl_buf_free(&o->length[i]);
    }
    vl_buf_free(&o->values);
    vl_buf_free(&o->paths);
}

/* Prints a batch: the skeleton, with the text of each array where it belongs. */
static vl_code print_batch(const vl_batch *b, vl_buf *out, vl_err *err)
{
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data, *const at = &b->col[VL_SP_ARR_TEXT_AT].data;
    const vl_column *const kept = &b->col[VL_SP_ARR_KEPT];
    size_t done = 0;
    for (size_t i = 0; i < b->nrow[VL_SPT_ARRAY]; i++) {
        const size_t to = vl_le64(at->data + 8 * i);
        const vl_piece *const p = &b->piece[i];
        const size_t bytes = p->nelem * vl_type_width(b->piece_column[p->column].type);
        CHECK(to >= done && to <= skeleton->len, "array/text_at");
        vl_buf_append(out, skeleton->data + done, to - done, err);
        const size_t start = out->len;
        vl_mzml_array_text(b->col[VL_SP_ARR_RECIPE].data.data[i], b->values.data + p->at, bytes,
                           kept->data.data + kept->offset[i], kept->offset[i + 1] - kept->offset[i], out,
                           err);
        if (err->code) return err->code;
        CHECK(XXH3_64bits(out->data + start, out->len - start) ==
                  vl_le64(b->col[VL_SP_ARR_HASH].data.data + 8 * i),
              "array/hash");
        CHECK(vl_le16(b->col[VL_SP_ARR_COLUMN].data.data + 2 * i) == p->column, "array/column");
        CHECK(vl_le64(b->col[VL_SP_ARR_LENGTH].data.data + 8 * i) == p->nelem, "array/length");
        done = to;
    }
    return vl_buf_append(out, skeleton->data + done, skeleton->len - done, err);
}

/* Adds the rows of a batch, so that rows can be compared between runs with other blocks. */
static void gather(const vl_batch *b, outcome *o)
{
    vl_err err = VL_ERR_INIT;
    const uint64_t skeleton = o->field[VL_SP_SKELETON].len;
    for (int f = 0; f < VL_SP_NFIELD; f++) {
        const vl_field *const field = &b->schema->field[f];
        const vl_column *const col = &b->col[f];
        const size_t from = o->field[f].len;
        vl_buf_append(&o->field[f], col->data.data, col->data.len, &err);
        uint64_t base = 0;
        if (field->ref == VL_REF_ROW) base = o->nrow[field->ref_to];
        if (field->ref == VL_REF_ELEMENT) base = skeleton;
        for (size_t i = from; base && i < o->field[f].len; i += 8)
            vl_put_le64(o->field[f].data + i, vl_le64(o->field[f].data + i) + base);
        if (field->shape == VL_FIXED)
            CHECK(col->data.len == b->nrow[field->table] * vl_type_width(field->type), "%s", field->path);
        if (field->shape != VL_RAGGED) continue;
        CHECK(col->nrow == b->nrow[field->table], "%s", field->path);
        for (size_t i = 0; i < col->nrow; i++) {
            const uint64_t n = col->offset[i + 1] - col->offset[i];
            vl_buf_append(&o->length[f], &n, sizeof n, &err);
        }
    }
    CHECK(b->npiece == b->nrow[VL_SPT_ARRAY], "a piece for each array");
    for (size_t i = 0; i < b->npiece; i++) {
        const vl_piece_column *const pc = &b->piece_column[b->piece[i].column];
        vl_buf_append(&o->values, b->values.data + b->piece[i].at,
                      b->piece[i].nelem * vl_type_width(pc->type), &err);
        vl_buf_append(&o->paths, pc->path, strlen(pc->path), &err);
        vl_buf_append(&o->paths, "|", 1, &err);
        vl_buf_append(&o->paths, vl_type_name(pc->type), strlen(vl_type_name(pc->type)), &err);
        vl_buf_append(&o->paths, "\n", 1, &err);
    }
    for (int i = 0; i < VL_SPT_N; i++) o->nrow[i] += b->nrow[i];
    for (int i = 0; i < VL_SPC_N; i++) o->counter[i] += b->counter[i];
    o->nblock++;
}

void run_mzml(const uint8_t *bytes, size_t n, size_t step, outcome *o)
{
    vl_err *const err = &o->err;
    const vl_format *const f = &vl_mzml;
    const vl_mz_asked asked = { 0 };
    const vl_ask ask = { .nstream = 1, .option = &asked };
    void *const head = calloc(1, f->head_size), *const tail = calloc(1, f->tail_size);
    vl_batch batch = { 0 };
    vl_block block = { .file = "test" };
    size_t have = 0, done = 0;

    *o = (outcome){ .err = VL_ERR_INIT };
    if (vl_batch_init(&batch, f->schema, err)) goto out;
    if (f->probe(bytes, n) == 0) {
        vl_fail(err, VL_EFORMAT, "not mzML");
        goto out;
    }
    for (bool more = true; more;) {
        have = n - have < step ? n : have + step;
        const bool whole = have == n;
        const uint8_t *const copy = memcpy(malloc(have + VL_PAD), bytes, have);
        more = false;
        f->open(head, &ask, &copy, &have, &whole, &more, err);
        free((void *)(uintptr_t)copy);
        if (err->code) goto out;
        CHECK(!(more && whole), "open asks for more than there is");
        if (more && whole) goto out;
    }
    for (bool last = false; !last;) {
        vl_cut cut = { 0 };
        last = have == n;
        if (f->cut(head, bytes + done, have - done, last, UINT64_MAX, &cut, err)) goto out;
        const size_t used = cut.used;
        CHECK(used <= have - done && (used > 0) == (cut.nrecord > 0), "cut");
        if (used) {
            /* a buffer of just this size, so that reading past it is noticed */
            vl_buf_free(&block.bytes);
            if (vl_buf_append(&block.bytes, bytes + done, used, err)) goto out;
            block.offset = done;
            block.last = last;
            vl_batch_clear(&batch);
            if (f->parse(head, &block, &batch, err)) goto out;
            if (f->join(head, tail, &block, &batch, err)) goto out;
            if (print_batch(&batch, &o->text, err)) goto out;
            gather(&batch, o);
            done += used;
        }
        have = n - have < step ? n : have + step;
    }
    f->finish(head, tail, &o->facts, err);
out:
    if (f->drop) f->drop(&batch);
    f->close(head, tail);
    vl_batch_free(&batch);
    vl_buf_free(&block.bytes);
    free(head);
    free(tail);
}

bool same_bytes(const vl_buf *a, const vl_buf *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* Rows of two runs that were cut differently. */
static void compare(const outcome *a, const outcome *b, const char *name)
{
    for (int f = 0; f < VL_SP_NFIELD; f++) {
        if (f == VL_SP_ARR_COLUMN) continue; /* counted anew in each batch */
        /* of several that make an array, the one that came before, and what it needs */
        if (f == VL_SP_ARR_RECIPE || f == VL_SP_ARR_KEPT) continue;
        char about[400];
        snprintf(about, sizeof about, "%s: %s", name, vl_spectra_schema.field[f].path);
        CHECK(same_bytes(&a->field[f], &b->field[f]) && same_bytes(&a->length[f], &b->length[f]), "%s",
              about);
    }
    CHECK(same_bytes(&a->values, &b->values), "%s", name);
    CHECK(same_bytes(&a->paths, &b->paths), "%s", name);
    CHECK(a->facts.n == b->facts.n && !memcmp(a->facts.fact, b->facts.fact, sizeof a->facts.fact), "%s",
          name);
}

void round_trip(const char *name, const uint8_t *bytes, size_t n)
{
    static const size_t steps[] = { SIZE_MAX / 2, 65536, 300, 7, 1 };
    outcome whole;
    run_mzml(bytes, n, steps[0], &whole);
    char line[600];
    vl_err_print(&whole.err, line, sizeof line);
    if (whole.err.code) printf("%s: %s\n", name, line);
    CHECK(!whole.err.code, "%s", name);
    CHECK(whole.text.len == n && (!n || !memcmp(whole.text.data, bytes, n)), "%s", name);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (n / steps[i] > 20000) continue;
        outcome o;
        run_mzml(bytes, n, steps[i], &o);
        CHECK(!o.err.code && o.text.len == n && !memcmp(o.text.data, bytes, n), "%s", name);
        compare(&whole, &o, name);
        outcome_free(&o);
    }
    outcome_free(&whole);
}

void say(making *m, const char *fmt, ...)
{
    char text[4096];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    vl_buf_append(&m->doc, text, (size_t)n, &m->err);
}

static uint64_t seed = 7;
uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}
