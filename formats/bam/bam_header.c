/*
 * The header of BAM (bam_record.h): "BAM" and 1, i32 length of the text, the text; i32 number of references,
 * of each i32 length of its name with its NUL, the name, i32 its length.
 */
#include "formats/bam/bam_record.h"

#include <inttypes.h>
#include <string.h>

const uint8_t vl_bam_magic[VL_BAM_MAGIC] = { 'B', 'A', 'M', 1 };

/* Bytes, from the first on. */
typedef struct cursor {
    const uint8_t *bytes;
    size_t n, at;
    bool more; /* they do not suffice */
} cursor;

/* A size that bytes say; then at is behind them. */
static uint32_t take_size(cursor *c, uint32_t least, const char *what, vl_err *err)
{
    if (c->more || c->n - c->at < 4) return c->more = true, 0;
    const uint32_t size = vl_le32(c->bytes + c->at);
    if (size < least || size > INT32_MAX) {
        vl_fail(err, VL_EFORMAT, "header says its %s is %" PRId32, what, (int32_t)size);
        vl_err_at(err, NULL, c->at, VL_NOWHERE);
    }
    c->at += 4;
    return size;
}

static void skip(cursor *c, size_t n)
{
    if (c->more || c->n - c->at < n) c->more = true;
    else c->at += n;
}

vl_code vl_bam_header_read(const uint8_t *bytes, size_t n, vl_bam_header *out, bool *more, vl_err *err)
{
    cursor c = { bytes, n, 0, false };
    *out = (vl_bam_header){ 0 };
    if (n >= VL_BAM_MAGIC && memcmp(bytes, vl_bam_magic, VL_BAM_MAGIC) != 0)
        return vl_fail(err, VL_EFORMAT, "does not begin with 'BAM' and 1");
    skip(&c, VL_BAM_MAGIC);
    const uint32_t ntext = take_size(&c, 0, "length of text", err);
    out->text = (vl_cell){ bytes + c.at, ntext };
    skip(&c, ntext);
    out->ncontig = take_size(&c, 0, "number of references", err);
    out->contigs = c.at;
    for (uint32_t i = 0; i < out->ncontig && !c.more && !err->code; i++) {
        const uint32_t nname = take_size(&c, 1, "length of a reference's name", err);
        skip(&c, nname);
        take_size(&c, 0, "length of a reference", err);
    }
    out->n = c.at;
    *more = c.more;
    return err->code;
}

size_t vl_bam_header_in(const uint8_t *header, size_t nheader, const uint8_t *bytes, size_t n, bool *part)
{
    *part = n < nheader && !memcmp(bytes, header, n);
    return n >= nheader && !memcmp(bytes, header, nheader) ? nheader : 0;
}
