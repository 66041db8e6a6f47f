/*
 * Chunks of a foreign HDF5 file, unpacked without HDF5 (foreign.h): the filters backward, from the last that
 * was used. Source: HDF5 File Format Specification 3.0, IV.A.2.l; H5Zdeflate.c, H5Zshuffle.c, H5checksum.c.
 */
#include "pipeline/store/file.h"
#include "pipeline/store/foreign_parts.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

/* Fletcher's sum of 16-bit words, big-endian, as HDF5 has it. */
static uint32_t fletcher32(const uint8_t *p, size_t n)
{
    enum { RUN = 360 };
    uint32_t a = 0, b = 0;
    size_t words = n / 2;
    while (words) {
        size_t run = words < RUN ? words : RUN;
        words -= run;
        for (; run; run--, p += 2) {
            a += (uint32_t)p[0] << 8 | p[1];
            b += a;
        }
        a = (a & 0xffff) + (a >> 16);
        b = (b & 0xffff) + (b >> 16);
    }
    if (n % 2) {
        a += (uint32_t)*p << 8;
        b += a;
        a = (a & 0xffff) + (a >> 16);
        b = (b & 0xffff) + (b >> 16);
    }
    a = (a & 0xffff) + (a >> 16);
    b = (b & 0xffff) + (b >> 16);
    return b << 16 | a;
}

/* Of HDF5 before 1.6.3, which summed up otherwise on machines like ours. */
static uint32_t turned(uint32_t sum) { return (sum & 0x00ff00ff) << 8 | (sum & 0xff00ff00) >> 8; }

static vl_code check_sum(vl_buf *bytes, vl_err *err)
{
    if (bytes->len < 4) return vl_fail(err, VL_EFORMAT, "%zu bytes, without the checksum", bytes->len);
    const size_t n = bytes->len - 4;
    const uint32_t said = vl_le32(bytes->data + n), found = fletcher32(bytes->data, n);
    if (said != found && said != turned(found))
        return vl_fail(err, VL_EFORMAT, "its checksum is %08" PRIx32 ", says %08" PRIx32, found, said);
    bytes->len = n;
    return VL_OK;
}

static vl_code inflate(vl_foreign *f, vl_buf *bytes, size_t n, vl_err *err)
{
    size_t len = 0;
    if (!f->inflater && !(f->inflater = libdeflate_alloc_decompressor()))
        return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    if (vl_buf_reserve(&f->other, n + 1, err)) return err->code;
    if (libdeflate_zlib_decompress(f->inflater, bytes->data, bytes->len, f->other.data, n, &len) !=
            LIBDEFLATE_SUCCESS ||
        len != n)
        return vl_fail(err, VL_EFORMAT, "its zlib stream of %zu bytes is damaged", bytes->len);
    f->other.len = n;
    vl_buf_swap(bytes, &f->other);
    return VL_OK;
}

/* Bytes that are no whole element stay behind the others. */
static vl_code unshuffle(vl_foreign *f, vl_buf *bytes, size_t width, vl_err *err)
{
    const size_t n = width ? bytes->len / width : 0, whole = n * width;
    if (width < 2 || n < 2) return VL_OK;
    if (vl_buf_reserve(&f->other, bytes->len, err)) return err->code;
    if (width == 2 || width == 4 || width == 8) {
        vl_k.byte_unshuffle(f->other.data, bytes->data, n, width);
    } else {
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < width; k++) f->other.data[i * width + k] = bytes->data[k * n + i];
    }
    memcpy(f->other.data + whole, bytes->data + whole, bytes->len - whole);
    f->other.len = bytes->len;
    vl_buf_swap(bytes, &f->other);
    return VL_OK;
}

/* Bytes that there were behind filter i: those of the chunk, and a sum for each time that one was made. */
static size_t size_before(const vl_dataset_place *d, uint32_t left_out, int i)
{
    size_t n = (size_t)d->chunk;
    for (int k = 0; k < i; k++) n += d->filter[k] == VL_FOREIGN_FLETCHER32 && !(left_out >> k & 1) ? 4 : 0;
    return n;
}

static vl_code undo(vl_foreign *f, const vl_dataset_place *d, uint32_t left_out, vl_buf *bytes, vl_err *err)
{
    for (int i = d->nfilter; i-- && !err->code;) {
        if (left_out >> i & 1) continue;
        switch (d->filter[i]) {
        case VL_FOREIGN_DEFLATE: inflate(f, bytes, size_before(d, left_out, i), err); break;
        case VL_FOREIGN_SHUFFLE: unshuffle(f, bytes, d->shuffled, err); break;
        case VL_FOREIGN_FLETCHER32: check_sum(bytes, err); break;
        default:
            vl_fail(err, VL_EUNSUP,
                    "it is packed by filter %d of HDF5; deflate, shuffle and fletcher32 are known",
                    d->filter[i]);
        }
    }
    if (!err->code && bytes->len != d->chunk)
        vl_fail(err, VL_EFORMAT, "%zu bytes, %" PRIu64 " expected", bytes->len, d->chunk);
    return err->code;
}

vl_code vl_foreign_unpack(vl_foreign *f, int set, uint64_t nth, vl_buf *out, vl_err *err)
{
    const vl_dataset_place *const d = &f->set[set];
    const vl_foreign_place *const p = &d->place[nth];
    char what[160];
    out->len = 0;
    if (!vl_buf_reserve(out, (size_t)p->bytes + 1, err) &&
        !vl_read_at(f->fd, out->data, p->bytes, p->at, err)) {
        out->len = p->bytes;
        undo(f, d, p->left_out, out, err);
    }
    if (!err->code) return VL_OK;
    if (err->code == VL_ESTORE) err->code = VL_EFORMAT;
    memcpy(what, err->what, sizeof what - 1);
    what[sizeof what - 1] = 0;
    snprintf(err->what, sizeof err->what, "data set %.60s, chunk %" PRIu64 ": %s", d->is.name, nth, what);
    return err->code;
}
