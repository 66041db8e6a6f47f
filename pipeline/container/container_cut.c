/* Cuts a compressed file into parts (container_cut.h). */
#include "pipeline/container/container_cut.h"

#include "formats/leb.h"
#include "pipeline/io/inflate.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <zlib.h>

/* A place in a member's stream, and the text up to it. */
typedef struct place {
    uint64_t bit, at;
} place;

struct vl_cutting {
    vl_raw raw;
    z_stream z;
    bool inflates;  /* z is open */
    bool in_member; /* between a header and its trailer */
    bool over;      /* the stream of that member has ended */
    bool by_steps;  /* by z; else by whole blocks */
    unsigned bits;  /* by blocks: of the last byte of the stream, that are taken; 0: all */
    vl_deflate_block block;
    vl_deflate_blocks blocks; /* by blocks: from c->next on */
    size_t ncut;              /* of these, up to c->cut */
    uint64_t member;          /* where it starts in the file, for errors */
    vl_buf stream;            /* of the member, from byte stream_at of its deflate data on */
    vl_buf text;              /* the same, from byte text_at of its text on */
    uint64_t stream_at, text_at;
    place next, cut; /* where the next piece begins, and where it ends; cut.bit 0: not known */
    bool torn;       /* the next one begins within a block */
    uint32_t crc;
    uint8_t block_head[6]; /* of the group before */
    uint64_t plain;        /* all text so far */
};

/* ---- a member ---- */

static vl_code begin_member(vl_cutting *c, const vl_gzip_head *head, vl_portion *part, vl_err *err)
{
    if (vl_record_put(&part->before, VL_RECORD_MEMBER, vl_raw_bytes(&c->raw), head->len, err))
        return err->code;
    if (c->inflates ? inflateReset(&c->z) : inflateInit2(&c->z, -MAX_WBITS))
        return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    c->inflates = c->in_member = true;
    c->over = c->by_steps = false;
    c->bits = 0;
    vl_deflate_blocks_clear(&c->blocks);
    c->member = vl_raw_at(&c->raw);
    vl_raw_step(&c->raw, (ptrdiff_t)head->len);
    c->stream.len = c->text.len = 0;
    c->stream_at = c->text_at = 0;
    c->next = c->cut = (place){ 0, 0 };
    c->torn = false;
    c->crc = 0;
    return VL_OK;
}

static uint64_t text_end(const vl_cutting *c) { return c->text_at + c->text.len; }
static uint64_t stream_end(const vl_cutting *c) { return c->stream_at + c->stream.len; }
/* By blocks: where the next begins. */
static uint64_t stream_bits(const vl_cutting *c) { return 8 * stream_end(c) - (c->bits ? 8 - c->bits : 0); }

/* A block has ended behind so many bits of the stream: may the piece end there? */
static void see_end(vl_cutting *c, uint64_t bit)
{
    const bool enough = c->torn || text_end(c) - c->next.at >= VL_PIECE_TEXT;
    if (c->over || c->cut.bit || !enough) return;
    c->cut = (place){ bit, text_end(c) };
    c->ncut = c->blocks.n;
}

/* The library goes on behind a block, until the member ends. */
static vl_code go_by_steps(vl_cutting *c, vl_err *err)
{
    const size_t n = c->text.len < VL_DEFLATE_FAR ? c->text.len : VL_DEFLATE_FAR;
    c->by_steps = true;
    vl_deflate_blocks_clear(&c->blocks);
    c->blocks.over = true;
    if (inflateReset(&c->z) ||
        (n && inflateSetDictionary(&c->z, c->text.data + c->text.len - n, (unsigned)n)) ||
        (c->bits && inflatePrime(&c->z, 8 - (int)c->bits, c->stream.data[c->stream.len - 1] >> c->bits)))
        return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    return VL_OK;
}

/* A block that was read, from `from` on, of whose text there is `before`. */
static vl_code take_block(vl_cutting *c, const vl_deflate_reader *r, size_t before, vl_err *err)
{
    const size_t had = c->bits ? 1 : 0, used = (size_t)((r->bit + 7) >> 3) - had, made = c->text.len - before;
    if (vl_deflate_blocks_add(&c->blocks, &c->block, err) ||
        vl_buf_append(&c->stream, r->stream + had, used, err))
        return err->code;
    c->crc = libdeflate_crc32(c->crc, c->text.data + before, made);
    c->plain += made;
    vl_raw_step(&c->raw, (ptrdiff_t)used);
    c->bits = r->bit & 7;
    c->over = c->block.final;
    see_end(c, stream_bits(c));
    return VL_OK;
}

/* A whole block; where it is not all there, or the library would not take it: by steps from there on. */
static vl_code next_block(vl_cutting *c, vl_err *err)
{
    enum { LEAST = 1 << 17, MOST = 1 << 20 };
    for (size_t need = LEAST; need <= MOST; need *= 2) {
        vl_err own = VL_ERR_INIT;
        const size_t before = c->text.len, had = c->bits ? 1 : 0;
        if (vl_raw_need(&c->raw, need, err) || vl_buf_grow(&c->text, 1, err)) return err->code;
        vl_deflate_reader r = { .stream = vl_raw_bytes(&c->raw) - had,
                                .n = vl_raw_left(&c->raw) + had,
                                .bit = c->bits,
                                .at = before };
        if (!vl_deflate_inflate(&r, &c->text, &c->block, &own)) return take_block(c, &r, before, err);
        if (own.code != VL_ETRUNC || vl_raw_left(&c->raw) < need) break;
    }
    return go_by_steps(c, err);
}

/* One call of the library, which stops at each end of a block. */
static vl_code step(vl_cutting *c, vl_err *err)
{
    enum { ROOM = 1 << 16 };
    if (vl_raw_need(&c->raw, 1, err) || vl_buf_grow(&c->text, ROOM, err)) return err->code;
    const uint8_t *const from = vl_raw_bytes(&c->raw);
    const size_t left = vl_raw_left(&c->raw), given = left < ROOM ? left : ROOM;
    c->z.next_in = (uint8_t *)(uintptr_t)from;
    c->z.avail_in = (unsigned)given;
    c->z.next_out = c->text.data + c->text.len;
    c->z.avail_out = ROOM;
    const int result = inflate(&c->z, Z_BLOCK);
    const size_t used = given - c->z.avail_in, made = ROOM - c->z.avail_out;
    if (result == Z_DATA_ERROR || result == Z_NEED_DICT || result == Z_STREAM_ERROR)
        vl_fail(err, VL_EFORMAT, "gzip member from byte %" PRIu64 " holds bad deflate data", c->member);
    else if (result == Z_MEM_ERROR) vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    else if (!left)
        vl_fail(err, VL_ETRUNC, "file ends inside the gzip member that starts at byte %" PRIu64, c->member);
    if (err->code) return vl_err_packed(err, vl_raw_at(&c->raw));
    c->crc = libdeflate_crc32(c->crc, c->text.data + c->text.len, made);
    c->text.len += made;
    c->plain += made;
    if (vl_buf_append(&c->stream, from, used, err)) return err->code;
    vl_raw_step(&c->raw, (ptrdiff_t)used);
    c->over = result == Z_STREAM_END;
    const bool block_ends = c->z.data_type & 128, last = c->z.data_type & 64;
    if (block_ends && !last) see_end(c, 8 * stream_end(c) - (c->z.data_type & 7));
    return VL_OK;
}

/* The bits from c->next up to `to` into the part, as its one unit. */
static vl_code take_stream(vl_cutting *c, uint64_t to, vl_portion *part, vl_err *err)
{
    vl_unit *const u = &part->unit[0];
    const uint64_t first = c->next.bit >> 3, behind = (to + 7) >> 3;
    *u = (vl_unit){ .bit = c->next.bit & 7, .nbit = to - c->next.bit };
    part->kind = VL_PORTION_PIECE;
    part->nunit = 1;
    if (vl_buf_append(&part->stream, c->stream.data + (first - c->stream_at), (size_t)(behind - first), err))
        return err->code;
    const size_t done = (size_t)((to >> 3) - c->stream_at);
    memmove(c->stream.data, c->stream.data + done, c->stream.len - done);
    c->stream.len -= done;
    c->stream_at += done;
    return VL_OK;
}

/* The next piece begins there. What it sees of the text stays. */
static void go_on(vl_cutting *c, place to)
{
    const uint64_t keep = to.at > VL_DEFLATE_FAR ? to.at - VL_DEFLATE_FAR : 0;
    if (keep > c->text_at) {
        const size_t drop = (size_t)(keep - c->text_at);
        memmove(c->text.data, c->text.data + drop, c->text.len - drop);
        c->text.len -= drop;
        c->text_at = keep;
    }
    c->next = to;
    c->cut.bit = 0;
}

/* The blocks of a piece leave with it, which ends there; if there were too many, those of the next are not
 * known either when some were read. */
static vl_code leave_blocks(vl_cutting *c, uint64_t to, vl_deflate_blocks *with, vl_err *err)
{
    if (!c->blocks.over)
        return vl_deflate_blocks_split(&c->blocks, c->cut.bit ? c->ncut : c->blocks.n, with, err);
    vl_deflate_blocks_clear(&c->blocks);
    c->blocks.over = c->by_steps || stream_bits(c) > to;
    return VL_OK;
}

/* A piece with its text, which ends at `to`. */
static vl_code take_piece(vl_cutting *c, place to, vl_portion *part, vl_err *err)
{
    const uint64_t start = c->next.at, end = text_end(c), all = end - to.at;
    if (take_stream(c, to.bit, part, err)) return err->code;
    vl_unit *const u = &part->unit[0];
    u->before = (uint32_t)(start < VL_DEFLATE_FAR ? start : VL_DEFLATE_FAR);
    u->after = (uint32_t)(all < VL_PIECE_AFTER ? all : VL_PIECE_AFTER);
    u->n = to.at - start;
    u->whole = c->over && to.at == end && to.bit == 8 * stream_end(c);
    if (leave_blocks(c, to.bit, &part->blocks, err)) return err->code;
    if (vl_buf_append(&part->text, c->text.data + (start - u->before - c->text_at),
                      (size_t)(u->before + u->n + u->after), err))
        return err->code;
    go_on(c, to);
    return VL_OK;
}

static vl_code keep_piece(vl_cutting *c, place to, vl_portion *part, vl_err *err)
{
    if (take_stream(c, to.bit, part, err)) return err->code;
    part->unit[0].kept = true;
    part->unit[0].n = to.at - c->next.at;
    go_on(c, to);
    c->torn = false;
    vl_deflate_blocks_clear(&c->blocks);
    c->blocks.over = true; /* of the next piece, there is none of the first blocks */
    return VL_OK;
}

/* No block has ended for too long: what there is of the stream is kept, up to a byte that was read for
 * certain; then the rest of that block. */
static vl_code tear(vl_cutting *c, vl_portion *part, vl_err *err)
{
    enum { AHEAD = 8 }; /* bytes that the library may hold */
    const uint64_t sure = 8 * (stream_end(c) - AHEAD);
    const place to = { sure < c->next.bit ? c->next.bit : sure, text_end(c) };
    if (keep_piece(c, to, part, err)) return err->code;
    c->torn = true;
    return VL_OK;
}

static vl_code end_member(vl_cutting *c, vl_portion *part, vl_err *err)
{
    if (vl_raw_need(&c->raw, VL_GZIP_TRAILER, err)) return err->code;
    const uint8_t *const said = vl_raw_bytes(&c->raw);
    if (vl_raw_left(&c->raw) < VL_GZIP_TRAILER)
        vl_fail(err, VL_ETRUNC, "file ends inside the gzip member that starts at byte %" PRIu64, c->member);
    else if (vl_le32(said) != c->crc || vl_le32(said + 4) != (uint32_t)c->next.at)
        vl_fail(err, VL_EFORMAT,
                "gzip member from byte %" PRIu64 " says CRC-32 %08" PRIx32 " and %" PRIu32
                " bytes of text, these are %08" PRIx32 " and %" PRIu32,
                c->member, vl_le32(said), vl_le32(said + 4), c->crc, (uint32_t)c->next.at);
    if (err->code) return vl_err_packed(err, vl_raw_at(&c->raw));
    vl_raw_step(&c->raw, VL_GZIP_TRAILER);
    c->in_member = false;
    return vl_record_put(&part->behind, VL_RECORD_TRAILER, NULL, 0, err);
}

static vl_code next_piece(vl_cutting *c, vl_portion *part, vl_err *err)
{
    for (;;) {
        if (c->cut.bit && c->torn) return keep_piece(c, c->cut, part, err);
        if (c->cut.bit && (c->over || text_end(c) - c->cut.at >= VL_PIECE_AFTER))
            return take_piece(c, c->cut, part, err);
        if (c->over) {
            const place end = { 8 * stream_end(c), text_end(c) };
            return (c->torn ? keep_piece : take_piece)(c, end, part, err) ? err->code
                                                                          : end_member(c, part, err);
        }
        if (!c->cut.bit && (text_end(c) - c->next.at > VL_PIECE_MOST - VL_PIECE_TEXT ||
                            stream_end(c) - (c->next.bit >> 3) > VL_PIECE_STREAM))
            return tear(c, part, err);
        if (c->by_steps ? step(c, err) : next_block(c, err)) return err->code;
    }
}

/* ---- blocks, and what is behind members ---- */

/* The block that is next is one that this makes again, and its text is as long as can be. */
static vl_code see_block(vl_cutting *c, const vl_gzip_head *head, bool *known, vl_err *err)
{
    uint32_t text = 0;
    *known = false;
    if (head->len != VL_BLOCK_HEAD || !head->block) return VL_OK;
    if (vl_bgzf_block_read(&c->raw, head, &text, err)) return err->code;
    *known = vl_block_head_known(vl_raw_bytes(&c->raw), vl_raw_left(&c->raw));
    return VL_OK;
}

/* Blocks of one kind of header, from the one of this header on. */
static vl_code take_blocks(vl_cutting *c, vl_gzip_head head, vl_portion *part, vl_err *err)
{
    memcpy(part->block_head, vl_raw_bytes(&c->raw) + 4, sizeof part->block_head);
    part->kind = VL_PORTION_GROUP;
    for (bool known = true; known && part->nunit < VL_GROUP_BLOCKS;) {
        const uint8_t *const block = vl_raw_bytes(&c->raw);
        if (memcmp(part->block_head, block + 4, sizeof part->block_head)) break;
        part->unit[part->nunit++] = (vl_unit){ .stream = part->stream.len + VL_BLOCK_HEAD,
                                               .nbit = 8 * (head.block - VL_BLOCK_HEAD - VL_GZIP_TRAILER),
                                               .n = vl_le32(block + head.block - 4),
                                               .whole = true };
        c->plain += part->unit[part->nunit - 1].n;
        if (vl_buf_append(&part->stream, block, head.block, err)) return err->code;
        vl_raw_step(&c->raw, (ptrdiff_t)head.block);
        if (vl_raw_need(&c->raw, 4, err)) return err->code;
        if (!vl_magic_gzip(vl_raw_bytes(&c->raw), vl_raw_left(&c->raw)) || vl_raw_left(&c->raw) < 4) break;
        if (vl_gzip_head_read(&c->raw, &head, err) || see_block(c, &head, &known, err)) return err->code;
    }
    return VL_OK;
}

static vl_code take_zeros(vl_cutting *c, vl_portion *part, vl_err *err)
{
    uint64_t n = 0;
    uint8_t bytes[VL_LEB_MOST];
    for (bool all = true; all && !vl_raw_need(&c->raw, 1, err) && vl_raw_left(&c->raw);) {
        const size_t left = vl_raw_left(&c->raw);
        size_t zeros = 0;
        while (zeros < left && !vl_raw_bytes(&c->raw)[zeros]) zeros++;
        all = zeros == left;
        n += zeros;
        vl_raw_step(&c->raw, (ptrdiff_t)zeros);
    }
    if (err->code || !n) return err->code;
    if (n > VL_ZEROS_MOST)
        return vl_fail(err, VL_EUNSUP, "%" PRIu64 " zero bytes behind the last member are not described", n);
    return vl_record_put(&part->before, VL_RECORD_ZEROS, bytes, (size_t)(vl_put_leb(bytes, n) - bytes), err);
}

static vl_code take_behind(vl_cutting *c, vl_portion *part, vl_err *err)
{
    if (vl_raw_need(&c->raw, VL_BEHIND_MOST + 1, err)) return err->code;
    const uint8_t *const bytes = vl_raw_bytes(&c->raw);
    const size_t n = vl_raw_left(&c->raw);
    if (!n) return VL_OK;
    if (!vl_magic_behind(bytes, n)) {
        vl_fail(err, VL_EFORMAT, "byte %02x follows the last member", *bytes);
        return vl_err_packed(err, vl_raw_at(&c->raw));
    }
    if (vl_record_put(&part->before, VL_RECORD_BEHIND, bytes, n, err)) return err->code;
    vl_raw_step(&c->raw, (ptrdiff_t)n);
    return VL_OK;
}

/* ---- the whole ---- */

static vl_code next(vl_cutting *c, vl_portion *part, bool *end, vl_err *err)
{
    vl_gzip_head head;
    bool known = false;
    if (c->in_member) return next_piece(c, part, err);
    if (vl_raw_need(&c->raw, 4, err)) return err->code;
    if (!vl_magic_gzip(vl_raw_bytes(&c->raw), vl_raw_left(&c->raw))) {
        *end = true;
        return take_zeros(c, part, err) || take_behind(c, part, err) ||
                       vl_record_put(&part->behind, VL_RECORD_END, NULL, 0, err)
                   ? err->code
                   : VL_OK;
    }
    if (vl_gzip_head_read(&c->raw, &head, err) || see_block(c, &head, &known, err)) return err->code;
    if (known) return take_blocks(c, head, part, err);
    return begin_member(c, &head, part, err) ? err->code : next_piece(c, part, err);
}

vl_code vl_cutting_next(vl_cutting *c, vl_portion *part, bool *end, vl_err *err)
{
    *end = false;
    return next(c, part, end, err);
}

vl_code vl_cutting_open(vl_cutting **out, const char *path, vl_err *err)
{
    vl_cutting *const c = *out = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for an input");
    c->raw = (vl_raw)VL_RAW_INIT;
    if (vl_raw_open(&c->raw, path, err) || vl_raw_need(&c->raw, 4, err)) return vl_err_file(err, path);
    if (vl_raw_left(&c->raw) < 2 || !vl_magic_gzip(vl_raw_bytes(&c->raw), vl_raw_left(&c->raw)))
        vl_fail(err, VL_EUNSUP, "is neither gzip nor BGZF");
    return vl_err_file(err, path);
}

uint64_t vl_cutting_read(const vl_cutting *c) { return vl_raw_at(&c->raw); }
uint64_t vl_cutting_plain(const vl_cutting *c) { return c->plain; }
void vl_cutting_digest(vl_cutting *c, uint8_t sha256[32]) { vl_raw_finish(&c->raw, sha256); }

void vl_cutting_close(vl_cutting *c)
{
    if (!c) return;
    if (c->inflates) inflateEnd(&c->z);
    vl_deflate_block_free(&c->block);
    vl_deflate_blocks_free(&c->blocks);
    vl_buf_free(&c->stream);
    vl_buf_free(&c->text);
    vl_raw_free(&c->raw);
    free(c);
}
