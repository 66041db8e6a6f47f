/* Makes a compressed file again (container_make.h). */
#include "pipeline/container/container_make.h"

#include "formats/leb.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdlib.h>

struct vl_remaking {
    uint64_t file_bytes, plain_bytes; /* that are left */
    vl_buf records, text;             /* not used yet; of the text also what comes before */
    size_t record;                    /* in records: the next */
    size_t text_at;                   /* in text: what no part has stood for yet */
    bool in_member;
    uint64_t member; /* text of it so far */
    uint64_t skip;   /* text of a piece that is kept, still to be passed over */
    uint64_t zeros;  /* still to be given */
    uint32_t crc;    /* of the member's text so far */
    uint8_t row[VL_DEFLATE_ROW], head[6];
    bool ended;
};

static vl_code wrong(vl_err *err, const char *what)
{
    return vl_fail(err, VL_ESTORE, "description of a compressed file: %s", what);
}

vl_code vl_remaking_open(vl_remaking **out, uint64_t file_bytes, uint64_t plain_bytes, vl_err *err)
{
    vl_remaking *const m = *out = calloc(1, sizeof *m);
    if (!m) return vl_fail(err, VL_ENOMEM, "no memory to make a file again");
    m->file_bytes = file_bytes;
    m->plain_bytes = plain_bytes;
    return VL_OK;
}

void vl_remaking_close(vl_remaking *m)
{
    if (!m) return;
    vl_buf_free(&m->records);
    vl_buf_free(&m->text);
    free(m);
}

/* ---- what is given ---- */

static vl_code add(vl_buf *to, size_t *at, size_t keep, const uint8_t *bytes, size_t n, vl_err *err)
{
    const size_t drop = *at - keep;
    if (drop >= (1u << 16) && drop >= to->len - drop) {
        memmove(to->data, to->data + drop, to->len - drop);
        to->len -= drop;
        *at = keep;
    }
    return n ? vl_buf_append(to, bytes, n, err) : VL_OK;
}

vl_code vl_remaking_records(vl_remaking *m, const uint8_t *bytes, size_t n, vl_err *err)
{
    return add(&m->records, &m->record, 0, bytes, n, err);
}

vl_code vl_remaking_text(vl_remaking *m, const uint8_t *bytes, size_t n, vl_err *err)
{
    const size_t keep = m->text_at < VL_DEFLATE_FAR ? m->text_at : VL_DEFLATE_FAR;
    return add(&m->text, &m->text_at, keep, bytes, n, err);
}

/* ---- records ---- */

/* What is left of a record; after a number that is not there, p is NULL. */
typedef struct reading {
    const uint8_t *p, *end;
} reading;

static uint64_t number(reading *r)
{
    uint64_t v = 0;
    if (r->p) r->p = vl_get_leb(r->p, r->end, &v);
    return r->p ? v : 0;
}

static const uint8_t *some(reading *r, size_t n)
{
    const uint8_t *const p = r->p;
    if (!p || n > (size_t)(r->end - p)) r->p = NULL;
    else r->p += n;
    return r->p ? p : NULL;
}

static void take_row(vl_remaking *m, reading *r)
{
    const uint8_t *const row = some(r, VL_DEFLATE_ROW);
    if (row) memcpy(m->row, row, VL_DEFLATE_ROW);
}

/* Counts what a part becomes, and the text it stands for. */
static vl_code spend(vl_remaking *m, uint64_t bytes, uint64_t plain, vl_err *err)
{
    if (bytes > m->file_bytes || plain > m->plain_bytes) return wrong(err, "of a longer file");
    m->file_bytes -= bytes;
    m->plain_bytes -= plain;
    return VL_OK;
}

static size_t text_left(const vl_remaking *m) { return m->text.len - m->text_at; }

/* Text that a part stands for goes by. */
static void pass_text(vl_remaking *m, size_t n)
{
    m->crc = libdeflate_crc32(m->crc, vl_bytes_at(&m->text, m->text_at), n);
    m->member += n;
    m->text_at += n;
}

/* ---- records become parts; false: more text is wanted first ---- */

static vl_code piece(vl_remaking *m, const vl_record *record, vl_portion *part, bool *wants, vl_err *err)
{
    reading r = { record->bytes, record->bytes + record->n };
    const uint8_t *const how = some(&r, 1);
    const unsigned bits = how ? *how : 0;
    vl_unit u = { .bit = bits & 7, .whole = bits & 8, .kept = bits & 16 };
    u.n = number(&r);
    const uint64_t after = number(&r);
    u.nbit = number(&r);
    if (!r.p || !m->in_member || bits > 63) return wrong(err, "a piece of nothing");
    if (after > VL_PIECE_AFTER || (!u.kept && u.n > VL_PIECE_MOST) || u.nbit > 8 * (uint64_t)VL_RECORD_MOST)
        return wrong(err, "a piece that is too long");
    u.after = (uint32_t)after;
    u.before = (uint32_t)(m->member < VL_DEFLATE_FAR ? m->member : VL_DEFLATE_FAR);
    if (u.n > m->plain_bytes || (!u.kept && u.n + after > m->plain_bytes))
        return wrong(err, "of a longer file");
    *wants = !u.kept && text_left(m) < u.n + u.after;
    if (*wants) return VL_OK;
    if (bits & 32) take_row(m, &r);
    if (!r.p) return wrong(err, "a piece of nothing");
    memcpy(u.row, m->row, sizeof u.row);
    u.nsaid = (size_t)(r.end - r.p);
    if (u.kept && u.nsaid != (u.bit + u.nbit + 7) / 8) return wrong(err, "a piece that is not kept whole");
    /* a first byte that is shared was counted by the piece before */
    if (spend(m, (u.bit + u.nbit + 7) / 8 - (u.bit > 0), u.n, err)) return err->code;
    if (u.nsaid && vl_buf_append(u.kept ? &part->stream : &part->said, r.p, u.nsaid, err)) return err->code;
    if (u.kept) m->skip = u.n;
    else {
        if (vl_buf_append(&part->text, vl_bytes_at(&m->text, m->text_at - u.before),
                          u.before + (size_t)u.n + u.after, err))
            return err->code;
        pass_text(m, (size_t)u.n);
    }
    part->kind = VL_PORTION_PIECE;
    part->unit[0] = u;
    part->nunit = 1;
    return VL_OK;
}

static vl_code lengths(reading *r, vl_portion *part, unsigned n, vl_err *err)
{
    uint64_t text = number(r);
    const uint8_t *const alike = some(r, 1);
    part->unit[0].n = text;
    const uint64_t last = alike && *alike && n > 1 ? number(r) : text;
    for (unsigned i = 1; i < n && r->p; i++) {
        const uint64_t more = alike && *alike ? 0 : number(r);
        text += more >> 1 ^ (0 - (more & 1));
        part->unit[i].n = alike && *alike && i + 1 == n ? last : text;
    }
    for (unsigned i = 0; i < n && r->p; i++)
        if (part->unit[i].n > VL_BLOCK_BYTES) return wrong(err, "a block that is too long");
    return VL_OK;
}

static vl_code block(vl_remaking *m, reading *r, vl_portion *part, vl_unit *u, vl_err *err)
{
    const uint64_t said = number(r);
    const uint8_t *const what = said & 1 ? some(r, 1) : NULL;
    if (what && *what & 1) take_row(m, r);
    u->kept = what && *what & 2;
    u->whole = true;
    u->said = part->said.len;
    u->nsaid = (size_t)(said >> 1);
    memcpy(u->row, m->row, sizeof u->row);
    if (said >> 1 > VL_BLOCK_BYTES) return wrong(err, "a block that is too long");
    const uint8_t *const bytes = some(r, u->nsaid);
    if (!bytes) return wrong(err, "a group of blocks that is cut off");
    return u->nsaid ? vl_buf_append(&part->said, bytes, u->nsaid, err) : VL_OK;
}

static vl_code group(vl_remaking *m, const vl_record *record, vl_portion *part, bool *wants, vl_err *err)
{
    reading r = { record->bytes, record->bytes + record->n };
    const uint64_t n = number(&r);
    const uint8_t *const has_head = some(&r, 1), *const head = has_head && *has_head ? some(&r, 6) : m->head;
    if (!r.p || !n || n > VL_GROUP_MOST || m->in_member) return wrong(err, "a group of no blocks");
    memset(part->unit, 0, sizeof part->unit);
    if (lengths(&r, part, (unsigned)n, err)) return err->code;
    uint64_t plain = 0;
    for (uint64_t i = 0; i < n; i++) plain += part->unit[i].n;
    if (plain > m->plain_bytes) return wrong(err, "of a longer file");
    *wants = r.p && text_left(m) < plain;
    if (*wants) return VL_OK;
    part->nunit = (unsigned)n;
    for (uint64_t i = 0; i < n; i++)
        if (block(m, &r, part, &part->unit[i], err)) return err->code;
    memcpy(m->head, head, sizeof m->head);
    memcpy(part->block_head, head, sizeof part->block_head);
    size_t at = 0;
    for (uint64_t i = 0; i < n; i++) {
        part->unit[i].text = at;
        at += (size_t)part->unit[i].n;
    }
    if (at && vl_buf_append(&part->text, m->text.data + m->text_at, at, err)) return err->code;
    m->text_at += at;
    part->kind = VL_PORTION_GROUP;
    return spend(m, n * (VL_BLOCK_HEAD + VL_GZIP_TRAILER), plain, err);
}

static vl_code begin_member(vl_remaking *m, const vl_record *record, vl_portion *part, vl_err *err)
{
    if (m->in_member) return wrong(err, "a member within a member");
    m->in_member = true;
    m->member = 0;
    m->crc = 0;
    if (spend(m, record->n, 0, err)) return err->code;
    return record->n ? vl_buf_append(&part->before, record->bytes, record->n, err) : VL_OK;
}

static vl_code end_member(vl_remaking *m, vl_portion *part, vl_err *err)
{
    uint8_t bytes[VL_GZIP_TRAILER];
    if (!m->in_member) return wrong(err, "a trailer of no member");
    m->in_member = false;
    vl_put_le32(bytes, m->crc);
    vl_put_le32(bytes + 4, (uint32_t)m->member);
    return spend(m, sizeof bytes, 0, err) ? err->code
                                          : vl_buf_append(&part->before, bytes, sizeof bytes, err);
}

static vl_code zeros(vl_remaking *m, const vl_record *record, vl_err *err)
{
    reading r = { record->bytes, record->bytes + record->n };
    m->zeros = number(&r);
    if (!r.p || m->in_member) return wrong(err, "zeros within a member");
    if (m->zeros > VL_ZEROS_MOST) return wrong(err, "too many zeros");
    return spend(m, m->zeros, 0, err);
}

static vl_code behind(vl_remaking *m, const vl_record *record, vl_portion *part, vl_err *err)
{
    if (m->in_member) return wrong(err, "a member that does not end");
    if (spend(m, record->n, 0, err)) return err->code;
    return record->n ? vl_buf_append(&part->before, record->bytes, record->n, err) : VL_OK;
}

static vl_code one_record(vl_remaking *m, const vl_record *record, vl_portion *part, bool *wants, vl_err *err)
{
    switch (record->type) {
    case VL_RECORD_MEMBER: return begin_member(m, record, part, err);
    case VL_RECORD_PIECE: return piece(m, record, part, wants, err);
    case VL_RECORD_TRAILER: return end_member(m, part, err);
    case VL_RECORD_GROUP: return group(m, record, part, wants, err);
    case VL_RECORD_ZEROS: return zeros(m, record, err);
    case VL_RECORD_BEHIND: return behind(m, record, part, err);
    case VL_RECORD_END: m->ended = true; return VL_OK;
    default: return wrong(err, "a record of no kind");
    }
}

/* ---- the next part ---- */

static vl_code give_zeros(vl_remaking *m, vl_portion *part, vl_err *err)
{
    enum { MOST = 1 << 20 };
    const size_t n = m->zeros < MOST ? (size_t)m->zeros : MOST;
    if (vl_buf_grow(&part->before, n, err)) return err->code;
    memset(part->before.data + part->before.len, 0, n);
    part->before.len += n;
    m->zeros -= n;
    return VL_OK;
}

/* Text of pieces that are kept goes by as it comes. */
static bool skip_text(vl_remaking *m)
{
    const size_t left = text_left(m), n = m->skip < left ? (size_t)m->skip : left;
    pass_text(m, n);
    m->skip -= n;
    return !m->skip;
}

/* Records, until there is a part or nothing more can be done. */
static vl_code next_part(vl_remaking *m, vl_portion *part, vl_remaking_state *state, vl_err *err)
{
    while (part->kind == VL_PORTION_NONE && !m->zeros) {
        vl_record record;
        size_t used = 0;
        bool wants = false;
        *state = VL_REMAKING_TEXT;
        if (m->skip && !skip_text(m)) return VL_OK;
        *state = m->ended ? VL_REMAKING_END : VL_REMAKING_RECORDS;
        if (m->ended) return VL_OK;
        if (vl_record_get(vl_bytes_at(&m->records, m->record), m->records.len - m->record, &record, &used,
                          err) ||
            !used)
            return err->code;
        *state = VL_REMAKING_TEXT;
        if (one_record(m, &record, part, &wants, err) || wants) return err->code;
        m->record += used;
    }
    *state = VL_REMAKING_PART;
    return m->zeros ? give_zeros(m, part, err) : VL_OK;
}

vl_code vl_remaking_next(vl_remaking *m, vl_portion *part, vl_remaking_state *state, vl_err *err)
{
    vl_portion_clear(part);
    if (!next_part(m, part, state, err) && part->before.len) *state = VL_REMAKING_PART;
    return err->code;
}

/* ---- a part is made ---- */

/* A hostile description may say that little text becomes much. */
static size_t most_bytes(const vl_unit *u) { return 2 * (size_t)u->n + (1 << 20); }

static vl_code make_unit(const vl_portion *part, vl_unit *u, size_t most, vl_buf *out, vl_err *err)
{
    const vl_deflate_text span = { vl_bytes_at(&part->text, u->text), u->before, (size_t)u->n, u->after };
    return vl_redeflate_make(u->row, vl_bytes_at(&part->said, u->said), u->nsaid, &span, u->whole, u->bit,
                             most, out, err);
}

static vl_code make_piece(vl_portion *part, vl_err *err)
{
    vl_unit *const u = &part->unit[0];
    const size_t n = (size_t)((u->bit + u->nbit + 7) / 8);
    if (u->kept) return VL_OK;
    if (n > most_bytes(u)) return wrong(err, "a piece that is too long");
    part->stream.len = 0;
    if (make_unit(part, u, n, &part->stream, err)) return err->code;
    return part->stream.len == n ? VL_OK : wrong(err, "a piece of another length");
}

static vl_code make_block(vl_portion *part, vl_unit *u, vl_err *err)
{
    enum { MOST = VL_BLOCK_BYTES - VL_BLOCK_HEAD - VL_GZIP_TRAILER };
    const size_t begin = part->stream.len;
    uint8_t trailer[VL_GZIP_TRAILER];
    if (vl_buf_grow(&part->stream, VL_BLOCK_BYTES, err)) return err->code;
    part->stream.len += VL_BLOCK_HEAD;
    if (u->kept ? vl_buf_append(&part->stream, vl_bytes_at(&part->said, u->said), u->nsaid, err)
                : make_unit(part, u, MOST, &part->stream, err))
        return err->code;
    const size_t n = part->stream.len - begin + VL_GZIP_TRAILER;
    if (n > VL_BLOCK_BYTES) return wrong(err, "a block that is too long");
    vl_block_head_write(part->stream.data + begin, part->block_head, n);
    vl_put_le32(trailer, libdeflate_crc32(0, vl_bytes_at(&part->text, u->text), (size_t)u->n));
    vl_put_le32(trailer + 4, (uint32_t)u->n);
    return vl_buf_append(&part->stream, trailer, sizeof trailer, err);
}

vl_code vl_portion_make(vl_portion *part, vl_err *err)
{
    if (part->kind == VL_PORTION_PIECE) return make_piece(part, err);
    for (unsigned i = 0; part->kind == VL_PORTION_GROUP && i < part->nunit; i++)
        if (make_block(part, &part->unit[i], err)) return err->code;
    return VL_OK;
}

/* ---- bits follow each other ---- */

static vl_code join_piece(vl_join *j, const vl_unit *u, const vl_buf *stream, vl_buf *out, vl_err *err)
{
    const unsigned end = (unsigned)((u->bit + u->nbit) & 7);
    size_t n = stream->len;
    if (u->bit != j->nbit) return wrong(err, "a piece that does not follow");
    if (!n) return VL_OK;
    const size_t at = out->len;
    if (vl_buf_append(out, stream->data, n, err)) return err->code;
    out->data[at] |= j->byte;
    if (end) j->byte = out->data[--out->len];
    else j->byte = 0;
    j->nbit = end;
    return VL_OK;
}

vl_code vl_join_portion(vl_join *j, const vl_portion *part, vl_buf *out, vl_err *err)
{
    if (part->before.len) {
        if (j->nbit) return wrong(err, "a piece that ends within a byte");
        if (vl_buf_append(out, part->before.data, part->before.len, err)) return err->code;
    }
    if (part->kind == VL_PORTION_PIECE) return join_piece(j, &part->unit[0], &part->stream, out, err);
    if (j->nbit && part->kind == VL_PORTION_GROUP) return wrong(err, "a piece that ends within a byte");
    return part->stream.len ? vl_buf_append(out, part->stream.data, part->stream.len, err) : VL_OK;
}
