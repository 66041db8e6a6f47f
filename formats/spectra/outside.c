/* Frames of documents whose arrays lie outside of them, and the rows of what lies there (outside.h). */
#include "formats/spectra/outside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/leb.h"

static const uint8_t magic[4] = { 'V', 'l', 'O', 'u' };

/* ---- frames ---- */

vl_code vl_outside_begin(vl_buf *out, vl_outside_sort sort, vl_outside_kind kind, uint64_t n, vl_err *err)
{
    uint8_t head[VL_OUTSIDE_HEAD];
    memcpy(head, magic, sizeof magic);
    vl_put_le32(head + 4, (uint32_t)kind | (uint32_t)sort << 16);
    vl_put_le64(head + 8, n);
    return vl_buf_append(out, head, sizeof head, err);
}

bool vl_outside_is(const uint8_t *bytes, size_t n, vl_outside_sort sort)
{
    return n >= VL_OUTSIDE_HEAD && !memcmp(bytes, magic, sizeof magic) &&
           vl_le32(bytes + 4) == (VL_OUTSIDE_IS_TEXT | (uint32_t)sort << 16);
}

typedef struct frame {
    uint32_t kind;
    const uint8_t *at;
    uint64_t n;
} frame;

/* The frame that begins at `at`; false: it is not whole. */
static bool next_frame(const uint8_t *bytes, size_t n, size_t at, frame *out, vl_err *err)
{
    const size_t left = n - at;
    if (memcmp(bytes + at, magic, left < sizeof magic ? left : sizeof magic) != 0) {
        vl_fail(err, VL_EFORMAT, "no frame of a document with outside arrays begins here");
        return false;
    }
    if (left < VL_OUTSIDE_HEAD) return false;
    *out = (frame){ vl_le16(bytes + at + 4), bytes + at + VL_OUTSIDE_HEAD, vl_le64(bytes + at + 8) };
    return out->n <= left - VL_OUTSIDE_HEAD;
}

vl_code vl_outside_cut(const uint8_t *bytes, size_t n, size_t *used, vl_err *err)
{
    frame f;
    for (*used = 0; *used < n && next_frame(bytes, n, *used, &f, err);)
        *used += VL_OUTSIDE_HEAD + (size_t)f.n;
    return err->code;
}

static vl_code bad_frame(vl_err *err) { return vl_fail(err, VL_EFORMAT, "frame contradicts itself"); }

static vl_outside_entry *new_entry(vl_outside *o, vl_err *err)
{
    if (o->n == o->cap) {
        const size_t want = o->cap ? 2 * o->cap : 64;
        vl_outside_entry *const more = realloc(o->entry, want * sizeof *more);
        if (!more) {
            vl_fail(err, VL_ENOMEM, "no memory for %zu arrays", want);
            return NULL;
        }
        o->entry = more;
        o->cap = want;
    }
    vl_outside_entry *const e = &o->entry[o->n++];
    *e = (vl_outside_entry){ .tag = 0 };
    return e;
}

/* The n bytes at *p, which must end before `end`. */
static bool take(const uint8_t **p, const uint8_t *end, uint64_t n, vl_xml_span *out)
{
    if (n > (uint64_t)(end - *p)) return false;
    *out = (vl_xml_span){ *p, (size_t)n };
    *p += n;
    return true;
}

static vl_code read_entries(vl_outside *o, const frame *f, const uint8_t *list, uint64_t n, vl_xml_span text,
                            vl_err *err)
{
    const uint8_t *p = text.at + text.n, *const end = f->at + f->n;
    uint64_t before = 0;
    for (uint64_t i = 0; i < n; i++, list += VL_OUTSIDE_ENTRY) {
        vl_outside_entry *const e = new_entry(o, err);
        if (!e) return err->code;
        const uint64_t tag = vl_le64(list), gap = vl_le64(list + 8), len = vl_le64(list + 16);
        e->tag = o->text.len + tag;
        e->at = vl_le64(list + 24);
        e->set = vl_le64(list + 32);
        const uint64_t flags = vl_le64(list + 40);
        e->own = flags & 1;
        e->plain = flags & 2;
        e->number = (uint8_t)(flags >> 8);
        if (flags > 0xffff || e->number > VL_MZ_TEXT || tag >= text.n || (i && tag <= before) ||
            gap > VL_OUTSIDE_GAP || len > VL_OUTSIDE_ARRAY || !take(&p, end, gap, &e->gap) ||
            !take(&p, end, len, &e->bytes))
            return bad_frame(err);
        before = tag;
    }
    return p == end ? VL_OK : bad_frame(err);
}

static vl_code read_text(vl_outside *o, const frame *f, vl_err *err)
{
    if (f->n < VL_OUTSIDE_TEXT) return bad_frame(err);
    const uint64_t at = vl_le64(f->at), len = vl_le64(f->at + 8), n = vl_le64(f->at + 16);
    const uint8_t *p = f->at + VL_OUTSIDE_TEXT, *const end = f->at + f->n;
    vl_xml_span list, text;
    if (n > f->n / VL_OUTSIDE_ENTRY || !take(&p, end, n * VL_OUTSIDE_ENTRY, &list) ||
        !take(&p, end, len, &text) || (o->text.len && at - o->offset != o->text.len))
        return bad_frame(err);
    if (!o->text.len) o->offset = at;
    if (read_entries(o, f, list.at, n, text, err)) return err->code;
    return vl_buf_append(&o->text, text.at, text.n, err);
}

static vl_code read_literal(vl_outside *o, const frame *f, vl_err *err)
{
    if (!f->n || f->n > VL_OUTSIDE_LITERAL) return bad_frame(err);
    vl_outside_entry *const e = new_entry(o, err);
    if (!e) return err->code;
    *e = (vl_outside_entry){ .tag = o->text.len, .bytes = { f->at, (size_t)f->n }, .literal = true };
    return VL_OK;
}

static vl_code read_fact(vl_outside *o, const frame *f, vl_err *err)
{
    enum { MOST = 8 };
    const uint8_t *const end = f->n ? memchr(f->at, 0, (size_t)f->n) : NULL;
    if (!end || o->facts.n == MOST) return bad_frame(err);
    const size_t name = (size_t)(end - f->at), text = (size_t)f->n - name - 1;
    if (!name || name >= sizeof o->facts.fact[0].name || text >= sizeof o->facts.fact[0].text ||
        memchr(end + 1, 0, text))
        return bad_frame(err);
    vl_fact *const to = &o->facts.fact[o->facts.n++];
    *to = (vl_fact){ .name = "" };
    memcpy(to->name, f->at, name);
    memcpy(to->text, end + 1, text);
    return VL_OK;
}

vl_code vl_outside_read(vl_outside *o, const uint8_t *bytes, size_t n, vl_err *err)
{
    frame f;
    o->text.len = o->n = o->next = 0;
    o->offset = 0;
    o->facts.n = 0;
    for (size_t at = 0; at < n; at += VL_OUTSIDE_HEAD + (size_t)f.n) {
        if (!next_frame(bytes, n, at, &f, err)) return err->code ? err->code : bad_frame(err);
        if (f.kind == VL_OUTSIDE_IS_TEXT      ? read_text(o, &f, err)
            : f.kind == VL_OUTSIDE_IS_LITERAL ? read_literal(o, &f, err)
            : f.kind == VL_OUTSIDE_IS_FACT    ? read_fact(o, &f, err)
                                              : bad_frame(err))
            return err->code;
    }
    return VL_OK;
}

vl_code vl_outside_head(const uint8_t *bytes, size_t n, vl_buf *text, vl_err *err)
{
    for (size_t at = 0; at < n;) {
        frame f = { 0 };
        const bool whole = next_frame(bytes, n, at, &f, err);
        if (err->code || (!whole && n - at < VL_OUTSIDE_HEAD + VL_OUTSIDE_TEXT)) return err->code;
        if (f.kind != VL_OUTSIDE_IS_TEXT) return VL_OK; /* the head is over */
        if (f.n < VL_OUTSIDE_TEXT) return bad_frame(err);
        const uint64_t len = vl_le64(f.at + 8), entries = vl_le64(f.at + 16);
        if (entries) return VL_OK;
        const size_t left = n - at - VL_OUTSIDE_HEAD - VL_OUTSIDE_TEXT;
        if (vl_buf_append(text, f.at + VL_OUTSIDE_TEXT, len < left ? (size_t)len : left, err) || !whole)
            return err->code;
        at += VL_OUTSIDE_HEAD + (size_t)f.n;
    }
    return VL_OK;
}

const vl_outside_entry *vl_outside_find(vl_outside *o, uint64_t tag)
{
    while (o->next < o->n && o->entry[o->next].tag < tag && !o->entry[o->next].literal) o->next++;
    if (o->next == o->n || o->entry[o->next].literal || o->entry[o->next].tag != tag) return NULL;
    return &o->entry[o->next++];
}

void vl_outside_free(vl_outside *o)
{
    if (!o) return;
    vl_buf_free(&o->text);
    free(o->entry);
    *o = (vl_outside){ .n = 0 };
}

/* ---- rows ---- */

static vl_code push_literal(const vl_outside_entry *e, uint64_t text_at, vl_batch *out, vl_err *err)
{
    static const vl_piece_column column = {
        .path = VL_OUTSIDE_COLUMN, .coding = "bytes", .type = VL_U8, .use = VL_USE_TEXT
    };
    static const vl_mz_proof proof = { .recipe = VL_RECIPE_LITERAL };
    uint8_t *to = NULL;
    uint16_t number = 0;
    if (vl_push_piece(out, &column, e->bytes.n, &to, &number, err)) return err->code;
    memcpy(to, e->bytes.at, e->bytes.n);
    return vl_mz_push_row(text_at, out->npiece - 1, e->bytes, &proof, out, err);
}

vl_code vl_outside_literals(vl_outside *o, uint64_t before, uint64_t text_at, vl_batch *out, vl_err *err)
{
    for (; o->next < o->n && o->entry[o->next].tag <= before; o->next++)
        if (o->entry[o->next].literal && push_literal(&o->entry[o->next], text_at, out, err))
            return err->code;
    return VL_OK;
}

vl_code vl_outside_keep(const vl_outside_entry *e, const vl_mz_proof *proof, vl_buf *out, vl_err *err)
{
    uint8_t head[1 + VL_LEB_MOST] = { proof->recipe };
    const size_t n = (size_t)(vl_put_leb(head + 1, e->gap.n) - head);
    out->len = 0;
    return vl_buf_append(out, head, n, err) || vl_buf_append(out, e->gap.at, e->gap.n, err)
               ? err->code
               : vl_buf_append(out, proof->kept.at, proof->kept.n, err);
}

static vl_code print_own(vl_mz_packer *pk, const vl_batch *b, size_t i, vl_xml_span plain, vl_buf *room,
                         vl_buf *out, vl_err *err)
{
    const vl_cell kept = vl_row(&b->col[VL_SP_ARR_KEPT], i);
    const uint8_t *const end = kept.at + kept.n, *p = NULL;
    uint64_t gap = 0;
    bool same = false;
    if (kept.n) p = vl_get_leb(kept.at + 1, end, &gap);
    if (!p || gap > (uint64_t)(end - p))
        return vl_fail(err, VL_ESTORE, "%zu bytes say of no array how it is made", kept.n);
    const vl_xml_span rest = { p + gap, (size_t)(end - p) - (size_t)gap };
    if (vl_buf_append(out, p, (size_t)gap, err) ||
        vl_mz_bytes_again(pk, kept.at[0], plain, rest, vl_le64(b->col[VL_SP_ARR_HASH].data.data + 8 * i),
                          room, &same, err))
        return err->code;
    if (!same) return vl_fail(err, VL_ESTORE, "its bytes do not come out as they were");
    return vl_buf_append(out, room->data, room->len, err);
}

vl_code vl_outside_print(const vl_batch *b, vl_buf *out, vl_err *err)
{
    vl_mz_packer packer = { 0 };
    vl_buf room = { 0 };
    if (b->npiece != b->nrow[VL_SPT_ARRAY])
        return vl_fail(err, VL_EBUG, "%zu arrays have %zu pieces", b->nrow[VL_SPT_ARRAY], b->npiece);
    for (size_t i = 0; i < b->npiece && !err->code; i++) {
        const vl_piece *const p = &b->piece[i];
        const vl_xml_span plain = { b->values.data + p->at,
                                    p->nelem * vl_type_width(b->piece_column[p->column].type) };
        const uint8_t recipe = b->col[VL_SP_ARR_RECIPE].data.data[i];
        if (recipe == VL_RECIPE_LITERAL) vl_buf_append(out, plain.at, plain.n, err);
        if (recipe == VL_RECIPE_OUTSIDE && print_own(&packer, b, i, plain, &room, out, err) == VL_ESTORE) {
            char what[sizeof err->what];
            memcpy(what, err->what, sizeof what);
            snprintf(err->what, sizeof err->what, "array %" PRIu64 ": %.160s", b->first[VL_SPT_ARRAY] + i,
                     what);
        }
    }
    vl_buf_free(&room);
    vl_mz_packer_free(&packer);
    return err->code;
}
