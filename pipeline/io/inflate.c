/*
 * gzip, BGZF and zstd (inflate.h, input.h).
 *
 * A gzip file is a row of members (RFC 1952): header, deflate data, CRC-32 and length of the text. BGZF (SAM
 * specification, section 4.1) is gzip whose members carry their own length in the header's extra field, so
 * that they are found without inflating; one holds at most 64 KiB of text. Header and trailer are read here
 * and not by the libraries, so that an error can say what is wrong and where.
 */
#include "pipeline/io/inflate.h"
#include "pipeline/io/input.h"

#include <inttypes.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    FHCRC = 2, /* flag bits of the header */
    FEXTRA = 4,
    FNAME = 8,
    FCOMMENT = 16,
    RESERVED = 0xe0,
    FIXED = 10,         /* header bytes that are always there */
    TRAILER = 8,        /* CRC-32, ISIZE */
    MAX_HEAD = 16 << 20 /* extra field is 64 KiB at most; the comment may be an index of megabytes (pymzML) */
};

/* BSIZE + 1 of the subfield BC in an extra field [n], 0 if there is none. */
static size_t find_block_size(const uint8_t *extra, size_t n)
{
    for (size_t at = 0; n - at >= 4;) {
        const size_t len = vl_le16(extra + at + 2);
        if (len > n - at - 4) return 0;
        if (extra[at] == 'B' && extra[at + 1] == 'C' && len == 2) return (size_t)vl_le16(extra + at + 4) + 1;
        at += 4 + len;
    }
    return 0;
}

/* Behind the zero byte that ends a string; n + 1 if it does not end. */
static size_t skip_string(const uint8_t *bytes, size_t n, size_t at)
{
    while (at < n && bytes[at]) at++;
    return at < n ? at + 1 : n + 1;
}

vl_code vl_gzip_head_parse(const uint8_t *bytes, size_t n, vl_gzip_head *head, vl_err *err)
{
    *head = (vl_gzip_head){ 0 };
    if (n < FIXED) return VL_OK;
    const unsigned flags = bytes[3];
    if (bytes[0] != 0x1f || bytes[1] != 0x8b)
        return vl_fail(err, VL_EFORMAT, "a gzip member starts with 1f 8b, not %02x %02x", bytes[0], bytes[1]);
    if (bytes[2] != 8)
        return vl_fail(err, VL_EUNSUP, "gzip compression method is %d, only 8 is known", bytes[2]);
    if (flags & RESERVED) return vl_fail(err, VL_EFORMAT, "gzip header has reserved flags set: %02x", flags);
    size_t at = FIXED, block = 0;
    if (flags & FEXTRA) {
        if (n - at < 2) return VL_OK;
        const size_t len = vl_le16(bytes + at);
        if (n - at - 2 < len) return VL_OK;
        block = find_block_size(bytes + at + 2, len);
        at += 2 + len;
    }
    if (flags & FNAME) at = skip_string(bytes, n, at);
    if (flags & FCOMMENT) at = skip_string(bytes, n, at);
    if (flags & FHCRC) {
        if (at > n || n - at < 2) return VL_OK;
        const unsigned said = vl_le16(bytes + at), found = crc32_gzip_refl(0, bytes, at) & 0xffff;
        if (said != found)
            return vl_fail(err, VL_EFORMAT, "gzip header says its CRC-16 is %04x, it is %04x", said, found);
        at += 2;
    }
    if (at > n) return VL_OK;
    if (block && block < at + TRAILER + 1)
        return vl_fail(err, VL_EFORMAT, "BGZF block says it is %zu bytes long, its header and trailer are %d",
                       block, (int)at + TRAILER);
    *head = (vl_gzip_head){ .len = at, .block = block };
    return VL_OK;
}

vl_code vl_gzip_head_read(vl_raw *raw, vl_gzip_head *head, vl_err *err)
{
    for (size_t n = 64;; n *= 4) {
        if (vl_raw_need(raw, n, err)) return err->code;
        if (vl_gzip_head_parse(vl_raw_bytes(raw), vl_raw_left(raw), head, err))
            return vl_err_packed(err, vl_raw_at(raw));
        if (head->len) return VL_OK;
        if (raw->end) {
            vl_fail(err, VL_ETRUNC, "file ends inside a gzip header");
            return vl_err_packed(err, raw->read);
        }
        if (n >= MAX_HEAD) {
            vl_fail(err, VL_EUNSUP, "gzip header is longer than %d bytes", MAX_HEAD);
            return vl_err_packed(err, vl_raw_at(raw));
        }
    }
}

vl_code vl_bgzf_block_read(vl_raw *raw, const vl_gzip_head *head, uint32_t *text, vl_err *err)
{
    if (vl_raw_need(raw, head->block, err)) return err->code;
    if (vl_raw_left(raw) < head->block) {
        vl_fail(err, VL_ETRUNC, "file ends inside a BGZF block, after %zu of %zu bytes", vl_raw_left(raw),
                head->block);
        return vl_err_packed(err, raw->read);
    }
    *text = vl_le32(vl_raw_bytes(raw) + head->block - 4);
    if (*text <= VL_BGZF_TEXT) return VL_OK;
    vl_fail(err, VL_EFORMAT, "BGZF block says it holds %" PRIu32 " bytes of text, at most %d are allowed",
            *text, VL_BGZF_TEXT);
    return vl_err_packed(err, vl_raw_at(raw) + head->block - 4);
}

/* Inflates one block [head->block] at `at` in the file to out [text], text being its ISIZE. */
static vl_code inflate_block(struct libdeflate_decompressor *inflater, const uint8_t *block,
                             const vl_gzip_head *head, uint64_t at, uint8_t *out, uint32_t text, vl_err *err)
{
    const size_t data = head->block - head->len - TRAILER;
    size_t read = 0, made = 0;
    const enum libdeflate_result result =
        libdeflate_deflate_decompress_ex(inflater, block + head->len, data, out, text, &read, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
        vl_fail(err, VL_EFORMAT, "BGZF block holds more text than the %" PRIu32 " bytes it says", text);
        return vl_err_packed(err, at);
    }
    if (result != LIBDEFLATE_SUCCESS) {
        vl_fail(err, VL_EFORMAT, "BGZF block holds bad deflate data");
        return vl_err_packed(err, at);
    }
    if (made != text) {
        vl_fail(err, VL_EFORMAT, "BGZF block holds %zu bytes of text, it says %" PRIu32, made, text);
        return vl_err_packed(err, at);
    }
    if (read != data) {
        vl_fail(err, VL_EFORMAT, "BGZF block's deflate data ends after %zu of %zu bytes", read, data);
        return vl_err_packed(err, at + head->len + read);
    }
    const uint32_t said = vl_le32(block + head->block - TRAILER), found = crc32_gzip_refl(0, out, text);
    if (said == found) return VL_OK;
    vl_fail(err, VL_EFORMAT, "BGZF block says its text has CRC-32 %08" PRIx32 ", it has %08" PRIx32, said,
            found);
    return vl_err_packed(err, at + head->block - TRAILER);
}

/* The block at `at` in packed; take has seen its header and its ISIZE, but packed may come from elsewhere. */
static vl_code next_block(const vl_packet *p, size_t at, vl_gzip_head *head, uint32_t *text, vl_err *err)
{
    const size_t left = p->packed.len - at;
    if (vl_gzip_head_parse(p->packed.data + at, left, head, err))
        return vl_err_packed(err, p->packed_at + at);
    *text = 0;
    if (head->block && head->block <= left) *text = vl_le32(p->packed.data + at + head->block - 4);
    if (head->block && head->block <= left && *text <= VL_BGZF_TEXT) return VL_OK;
    vl_fail(err, VL_EBUG, "packet does not hold whole BGZF blocks");
    return vl_err_packed(err, p->packed_at + at);
}

vl_code vl_packet_inflate(vl_packet *p, vl_err *err)
{
    if (!p->packed.len) return VL_OK;
    struct libdeflate_decompressor *const inflater = libdeflate_alloc_decompressor();
    if (!inflater) return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    vl_gzip_head head = { 0 };
    uint32_t text = 0;
    size_t sum = 0;
    for (size_t at = 0; at < p->packed.len; at += head.block) {
        if (next_block(p, at, &head, &text, err)) goto out;
        sum += text;
    }
    p->plain.len = 0;
    if (vl_buf_reserve(&p->plain, sum, err)) goto out;
    for (size_t at = 0; at < p->packed.len; at += head.block) {
        if (next_block(p, at, &head, &text, err)) goto out;
        if (inflate_block(inflater, p->packed.data + at, &head, p->packed_at + at,
                          p->plain.data + p->plain.len, text, err))
            goto out;
        p->plain.len += text;
    }
    vl_buf_free(&p->packed);
out:
    libdeflate_free_decompressor(inflater);
    return err->code;
}

void vl_packet_free(vl_packet *p)
{
    vl_buf_free(&p->packed);
    vl_buf_free(&p->plain);
}

vl_code vl_member_gzip(vl_member *s, vl_raw *raw, const vl_gzip_head *head, vl_err *err)
{
    if (!s->gzip) {
        s->gzip = malloc(sizeof *s->gzip);
        if (!s->gzip) return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
        isal_inflate_init(s->gzip);
    }
    isal_inflate_reset(s->gzip);
    s->gzip->crc_flag = ISAL_GZIP_NO_HDR; /* deflate data only, CRC-32 on the way */
    s->is_zstd = false;
    s->member_at = vl_raw_at(raw);
    s->text = 0;
    vl_raw_step(raw, (ptrdiff_t)head->len);
    return VL_OK;
}

enum { WINDOW_LOG = 31 }; /* the most that zstd reads: 2 GiB */

/* The window of a zstd frame (RFC 8878, section 3.1.1.1): how far back it may look. 0: not said. */
static uint64_t window_of(const uint8_t *p, size_t n)
{
    if (n < 6 || vl_le32(p) != ZSTD_MAGICNUMBER) return 0;
    if (p[4] >> 5 & 1) { /* all of the frame at once */
        const unsigned long long size = ZSTD_getFrameContentSize(p, n);
        return size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ? 0 : size;
    }
    const uint64_t base = (uint64_t)1 << (10 + (p[5] >> 3));
    return base + base / 8 * (p[5] & 7);
}

/* A window larger than usual is memory that is to be had: within what --max-memory leaves. */
static vl_code take_window(vl_member *s, const vl_raw *raw, vl_err *err)
{
    enum { MIB = 1 << 20, USUAL = 128, MOST = 1 << (WINDOW_LOG - 20) };
    const uint64_t window = window_of(vl_raw_bytes(raw), vl_raw_left(raw)), mib = (window + MIB - 1) / MIB;
    size_t left = 0;
    if (mib <= USUAL || window <= s->window) return VL_OK;
    if (mib > MOST)
        vl_fail(err, VL_EUNSUP,
                "a zstd frame looks back %" PRIu64 " MiB, %d at most are read: decompress it first", mib,
                MOST);
    else if (!vl_memory_take((size_t)window - s->window, &left))
        vl_fail(err, VL_ENOMEM,
                "a zstd frame needs %" PRIu64 " MiB to look back (zstd --long), and --max-memory leaves %zu: "
                "give it more, or decompress it first",
                mib, left / MIB);
    else s->window = (size_t)window;
    return err->code ? vl_err_packed(err, s->member_at) : VL_OK;
}

vl_code vl_member_zstd(vl_member *s, vl_raw *raw, vl_err *err)
{
    if (!s->zstd) s->zstd = ZSTD_createDCtx();
    if (!s->zstd) return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    ZSTD_DCtx_reset(s->zstd, ZSTD_reset_session_only);
    ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
    s->is_zstd = true;
    s->member_at = vl_raw_at(raw);
    s->text = 0;
    return take_window(s, raw, err);
}

static vl_code fail_truncated(const vl_member *s, const vl_raw *raw, const char *what, vl_err *err)
{
    vl_fail(err, VL_ETRUNC, "file ends inside the %s that starts at byte %" PRIu64, what, s->member_at);
    return vl_err_packed(err, raw->read);
}

static vl_code check_trailer(const vl_member *s, vl_raw *raw, vl_err *err)
{
    if (vl_raw_need(raw, TRAILER, err)) return err->code;
    if (vl_raw_left(raw) < TRAILER) return fail_truncated(s, raw, "gzip member", err);
    const uint32_t crc = vl_le32(vl_raw_bytes(raw)), size = vl_le32(vl_raw_bytes(raw) + 4);
    if (crc != s->gzip->crc) {
        vl_fail(err, VL_EFORMAT,
                "gzip member from byte %" PRIu64 " says its text has CRC-32 %08" PRIx32 ", it has %08" PRIx32,
                s->member_at, crc, s->gzip->crc);
        return vl_err_packed(err, vl_raw_at(raw));
    }
    if (size != (uint32_t)s->text) {
        vl_fail(err, VL_EFORMAT,
                "gzip member from byte %" PRIu64 " holds %" PRIu64 " bytes of text, it says %" PRIu32,
                s->member_at, s->text, size);
        return vl_err_packed(err, vl_raw_at(raw) + 4);
    }
    vl_raw_step(raw, TRAILER);
    return VL_OK;
}

/* One call of the library: from the window to out [room], which may be 0 bytes in and out only at its end. */
static vl_code step_gzip(vl_member *s, vl_raw *raw, uint8_t *out, size_t room, size_t *made, bool *end,
                         vl_err *err)
{
    struct inflate_state *const z = s->gzip;
    const uint32_t most = 1u << 30; /* its counts have 32 bits */
    uint8_t *const from = raw->window.data + raw->used;
    z->next_in = from;
    z->avail_in = vl_raw_left(raw) < most ? (uint32_t)vl_raw_left(raw) : most;
    z->next_out = out;
    z->avail_out = room < most ? (uint32_t)room : most;
    const int result = isal_inflate(z);
    *made = (size_t)(z->next_out - out);
    *end = z->block_state == ISAL_BLOCK_FINISH;
    /* Whole bytes left in its bit buffer are behind the member's data; they may come from an earlier window.
     */
    vl_raw_step(raw, z->next_in - from - (*end ? z->read_in_length / 8 : 0));
    if (result >= 0 && result != ISAL_NEED_DICT) return VL_OK;
    vl_fail(err, VL_EFORMAT, "gzip member from byte %" PRIu64 " holds bad deflate data", s->member_at);
    return vl_err_packed(err, vl_raw_at(raw));
}

static vl_code step_zstd(vl_member *s, vl_raw *raw, uint8_t *out, size_t room, size_t *made, bool *end,
                         vl_err *err)
{
    ZSTD_inBuffer from = { .src = vl_raw_bytes(raw), .size = vl_raw_left(raw) };
    ZSTD_outBuffer to = { .dst = out, .size = room };
    const size_t result = ZSTD_decompressStream(s->zstd, &to, &from);
    *made = to.pos;
    *end = result == 0;
    vl_raw_step(raw, (ptrdiff_t)from.pos);
    if (!ZSTD_isError(result)) return VL_OK;
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation: return vl_fail(err, VL_ENOMEM, "no memory for a zstd frame's window");
    case ZSTD_error_frameParameter_unsupported:
    case ZSTD_error_frameParameter_windowTooLarge:
    case ZSTD_error_dictionary_wrong:
    case ZSTD_error_version_unsupported:
        vl_fail(err, VL_EUNSUP, "zstd frame cannot be read: %s", ZSTD_getErrorName(result));
        break;
    default:
        vl_fail(err, VL_EFORMAT, "zstd frame from byte %" PRIu64 " is damaged: %s", s->member_at,
                ZSTD_getErrorName(result));
    }
    return vl_err_packed(err, vl_raw_at(raw));
}

vl_code vl_member_run(vl_member *s, vl_raw *raw, uint8_t *out, size_t room, size_t *made, bool *end,
                      vl_err *err)
{
    *made = 0;
    *end = false;
    while (*made < room && !*end) {
        if (vl_raw_need(raw, 1, err)) return err->code;
        const uint64_t before = vl_raw_at(raw);
        size_t got = 0;
        (s->is_zstd ? step_zstd : step_gzip)(s, raw, out + *made, room - *made, &got, end, err);
        *made += got;
        s->text += got;
        if (err->code) return err->code;
        if (got || *end || vl_raw_at(raw) != before) continue;
        if (!raw->end || vl_raw_left(raw)) return vl_fail(err, VL_EBUG, "the decompressor stands still");
        return fail_truncated(s, raw, s->is_zstd ? "zstd frame" : "gzip member", err);
    }
    return *end && !s->is_zstd ? check_trailer(s, raw, err) : VL_OK;
}

void vl_member_free(vl_member *s)
{
    free(s->gzip);
    ZSTD_freeDCtx(s->zstd);
    vl_memory_give(s->window);
    *s = (vl_member){ 0 };
}
