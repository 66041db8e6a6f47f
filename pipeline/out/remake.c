/* Files of a stream as they were delivered (remake.h). */
#include "pipeline/out/remake.h"

#include "formats/letter.h"
#include "formats/sha.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct one {
    const vl_original *to;         /* borrowed */
    const vl_delivered_file *said; /* borrowed */
    vl_output *out;                /* NULL: nowhere */
    vl_remaking *making;           /* NULL: the file is its text */
    uint64_t text;                 /* still to come */
    uint64_t record;               /* of its description, the next byte */
    uint64_t left;                 /* bytes of the file that are still to be made */
    bool ended;
    vl_join join;
    SHA256_CTX sha;
} one;

struct vl_remake {
    vl_store *store; /* borrowed */
    vl_delivered all;
    one *file; /* owned */
    size_t n, at;
    uint64_t chunk; /* of the records that is in plain */
    vl_buf packed, plain, joined;
    vl_work work;
    uint64_t bytes;
};

/* ---- portions ---- */

static vl_portion *add_portion(vl_portions *p, size_t file, vl_err *err)
{
    if (p->n == p->cap) {
        const size_t cap = p->cap ? 2 * p->cap : 4;
        vl_portion *const more = realloc(p->one, cap * sizeof *more);
        if (more) p->one = more, memset(more + p->cap, 0, (cap - p->cap) * sizeof *more);
        size_t *const number = more ? realloc(p->file, cap * sizeof *number) : NULL;
        if (number) p->file = number;
        if (!number) {
            vl_fail(err, VL_ENOMEM, "no memory to make a file again");
            return NULL;
        }
        p->cap = cap;
    }
    p->file[p->n] = file;
    return &p->one[p->n++];
}

vl_code vl_portions_make(vl_portions *p, vl_err *err)
{
    for (size_t i = 0; i < p->n; i++)
        if (vl_portion_make(&p->one[i], err)) break;
    return err->code;
}

void vl_portions_free(vl_portions *p)
{
    for (size_t i = 0; i < p->cap; i++) vl_portion_free(&p->one[i]);
    free(p->one);
    free(p->file);
    *p = (vl_portions){ 0 };
}

/* ---- opening ---- */

static vl_code check_state(const vl_delivered_file *f, vl_err *err)
{
    switch (f->state) {
    case VL_DELIVERED_PENDING:
        return vl_fail(
            err, VL_EARG,
            "the text is exact, but how the file was packed is not described yet: 'vial nightly', or "
            "'vial describe', does it from the file");
    case VL_DELIVERED_NONE:
        return vl_fail(err, VL_EARG,
                       "the text is exact, but how the file was packed (%.15s) is not described%s",
                       f->compression,
                       vl_delivered_can(f->compression) ? ": it came in with --original off; "
                                                          "'vial describe' does it from the file"
                                                        : "");
    default: return VL_OK;
    }
}

static vl_code open_one(vl_remake *r, one *f, bool force, vl_err *err)
{
    if (check_state(f->said, err)) return vl_err_file(err, f->to->path);
    if (*f->to->path && vl_output_open_as(&f->out, f->to->path, VL_PACK_PLAIN, force, err)) return err->code;
    SHA256_Init(&f->sha);
    f->text = f->to->bytes;
    f->record = f->said->first;
    f->left = f->said->file_bytes;
    r->n++;
    if (f->said->state == VL_DELIVERED_TEXT) return VL_OK;
    return vl_remaking_open(&f->making, f->said->file_bytes, f->said->plain_bytes, err);
}

vl_code vl_remake_open(vl_remake **out, vl_store *store, const vl_originals *files, int stream, bool force,
                       vl_err *err)
{
    vl_remake *const r = *out = calloc(1, sizeof *r);
    if (!r) return vl_fail(err, VL_ENOMEM, "no memory to make files again");
    r->store = store;
    r->chunk = UINT64_MAX;
    if (vl_delivered_read(&r->all, store, err)) return err->code;
    if (!(r->file = calloc(files->n + 1, sizeof *r->file)))
        return vl_fail(err, VL_ENOMEM, "no memory to make files again");
    if (r->all.n != files->n) return vl_fail(err, VL_EBUG, "%zu files of %zu", files->n, r->all.n);
    for (size_t i = 0; i < files->n && !err->code; i++) {
        if (files->file[i].stream != stream) continue;
        r->file[r->n].to = &files->file[i];
        r->file[r->n].said = &r->all.file[i];
        open_one(r, &r->file[r->n], force, err);
    }
    return err->code;
}

/* ---- text becomes portions ---- */

/* The next bytes of the description of a file. */
static vl_code give_records(vl_remake *r, one *f, vl_err *err)
{
    const uint64_t end = f->said->first + f->said->bytes;
    if (f->record == end) return vl_fail(err, VL_ESTORE, VL_ORIGINAL_RECORDS " ends too early");
    const vl_stored *const col = vl_store_column(r->store, r->all.records);
    const uint64_t nth = f->record / col->chunk, first = nth * col->chunk;
    if (nth != r->chunk) {
        r->chunk = UINT64_MAX;
        if (vl_store_fetch(r->store, r->all.records, nth, &r->packed, err) ||
            vl_stored_unpack(col, nth, &r->packed, &r->plain, &r->work, err))
            return err->code;
        r->chunk = nth;
    }
    const uint64_t left = end - f->record, there = r->plain.len - (f->record - first);
    const size_t n = (size_t)(left < there ? left : there);
    if (vl_remaking_records(f->making, r->plain.data + (f->record - first), n, err)) return err->code;
    f->record += n;
    return VL_OK;
}

/* All portions that the text so far is enough for. */
static vl_code take_portions(vl_remake *r, one *f, vl_portions *out, vl_err *err)
{
    while (!f->ended) {
        vl_remaking_state state;
        vl_portion *const p = add_portion(out, r->at, err);
        if (!p || vl_remaking_next(f->making, p, &state, err)) return err->code;
        if (state == VL_REMAKING_PART) continue;
        out->n--;
        f->ended = state == VL_REMAKING_END;
        if (state == VL_REMAKING_TEXT && f->text) return VL_OK;
        if (state == VL_REMAKING_TEXT)
            return vl_fail(err, VL_ESTORE, VL_ORIGINAL_RECORDS ": the file has more text than there is");
        if (state == VL_REMAKING_RECORDS && give_records(r, f, err)) return err->code;
    }
    return VL_OK;
}

static vl_code take_text(vl_remake *r, one *f, const uint8_t *text, size_t n, vl_portions *out, vl_err *err)
{
    f->text -= n;
    if (f->ended) return VL_OK;
    if (f->making)
        return (n && vl_remaking_text(f->making, text, n, err)) || take_portions(r, f, out, err) ? err->code
                                                                                                 : VL_OK;
    vl_portion *const p = n ? add_portion(out, r->at, err) : NULL;
    if (!p) return err->code;
    vl_portion_clear(p);
    return vl_buf_append(&p->before, text, n, err);
}

vl_code vl_remake_take(vl_remake *r, const vl_buf *text, bool last, vl_portions *out, vl_err *err)
{
    size_t at = 0;
    out->n = 0;
    for (; r->at < r->n; r->at++) {
        one *const f = &r->file[r->at];
        const size_t left = text->len - at, n = f->text < left ? (size_t)f->text : left;
        if (take_text(r, f, vl_bytes_at(text, at), n, out, err)) return err->code;
        at += n;
        if (f->text)
            return last ? vl_fail(err, VL_ESTORE, "the text is shorter than its inputs were") : VL_OK;
    }
    return at < text->len ? vl_fail(err, VL_ESTORE, "the text is longer than its inputs were") : VL_OK;
}

/* ---- files ---- */

vl_code vl_remake_write(vl_remake *r, vl_portions *made, vl_err *err)
{
    for (size_t i = 0; i < made->n; i++) {
        one *const f = &r->file[made->file[i]];
        r->joined.len = 0;
        if (vl_join_portion(&f->join, &made->one[i], &r->joined, err)) return err->code;
        if (r->joined.len > f->left)
            return vl_fail(err, VL_ESTORE, VL_ORIGINAL_RECORDS " makes more bytes than the file has");
        f->left -= r->joined.len;
        SHA256_Update(&f->sha, r->joined.data, r->joined.len);
        r->bytes += r->joined.len;
        if (f->out && vl_output_write(f->out, r->joined.data, r->joined.len, err)) return err->code;
    }
    return VL_OK;
}

vl_code vl_remake_compare(vl_remake *r, vl_err *err)
{
    for (size_t i = 0; i < r->n; i++) {
        one *const f = &r->file[i];
        uint8_t sha256[32];
        char hex[65];
        SHA256_Final(sha256, &f->sha);
        vl_hex(sha256, sizeof sha256, hex);
        if (strcmp(hex, f->said->sha256))
            return vl_fail(err, VL_ESTORE, "input %zu is not made again as it was: SHA-256 %.12s, was %.12s",
                           i, hex, f->said->sha256);
    }
    return VL_OK;
}

vl_code vl_remake_commit(vl_remake *r, vl_err *err)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->file[i].out && vl_output_commit(r->file[i].out, err)) break;
    return err->code;
}

uint64_t vl_remake_bytes(const vl_remake *r) { return r->bytes; }

void vl_remake_close(vl_remake *r)
{
    if (!r) return;
    for (size_t i = 0; r->file && i < r->n; i++) {
        vl_output_close(r->file[i].out);
        vl_remaking_close(r->file[i].making);
    }
    free(r->file);
    vl_delivered_free(&r->all);
    vl_buf_free(&r->packed);
    vl_buf_free(&r->plain);
    vl_buf_free(&r->joined);
    vl_work_free(&r->work);
    free(r);
}
