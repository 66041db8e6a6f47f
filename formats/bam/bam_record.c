/* A BAM record, split and checked (bam_record.h). All sizes are what the file says, and none is believed. */
#include "formats/bam/bam_record.h"

#include <inttypes.h>
#include <string.h>

size_t vl_bam_length(const uint8_t *bytes, size_t n)
{
    if (n < 4) return 0;
    const uint32_t size = vl_le32(bytes);
    if (size < VL_BAM_FIXED - 4 || size > VL_BAM_MOST) return VL_BAM_BAD;
    return n - 4 < size ? 0 : (size_t)size + 4;
}

static vl_code check_size(const uint8_t *bytes, size_t n, vl_err *err)
{
    const uint32_t size = n < 4 ? 0 : vl_le32(bytes);
    if (n < 4) return vl_fail_end(err, "input ends within the length of a record, after %zu bytes", n);
    if (size == 0x014d4142)
        return vl_fail(err, VL_EFORMAT,
                       "a second BAM header stands where a record should: one file at a time");
    if (size < VL_BAM_FIXED - 4)
        return vl_fail(err, VL_EFORMAT, "record says it has %" PRIu32 " bytes, its fixed part alone has %d",
                       size, VL_BAM_FIXED - 4);
    if (size > VL_BAM_MOST)
        return vl_fail(err, VL_EFORMAT, "record says it has %" PRIu32 " bytes, at most %d are read", size,
                       VL_BAM_MOST);
    if (n - 4 < size)
        return vl_fail_end(err, "input ends within a record, after %zu of %" PRIu32 " bytes", n - 4, size);
    return VL_OK;
}

/* Name, CIGAR, letters and qualities must fit in what the record says it has. */
static vl_code place_parts(vl_bam_record *r, vl_err *err)
{
    const size_t nname = r->at[12], ncigar = 4 * (size_t)r->nop;
    const size_t have = r->n - VL_BAM_FIXED;
    const uint64_t need = (uint64_t)nname + ncigar + (r->nletter + 1) / 2 + r->nletter;
    if (vl_le32(r->at + 20) > INT32_MAX)
        return vl_fail(err, VL_EFORMAT, "record says it has %" PRId32 " letters",
                       (int32_t)vl_le32(r->at + 20));
    if (need > have)
        return vl_fail(err, VL_EFORMAT,
                       "name, %u CIGAR operations and %zu letters take %" PRIu64 " bytes, the record has %zu",
                       (unsigned)r->nop, r->nletter, need, have);
    if (!nname) return vl_fail(err, VL_EFORMAT, "record says that its name has no byte, not even its NUL");
    r->name = (vl_cell){ r->at + VL_BAM_FIXED, nname - 1 };
    r->cigar = r->at + VL_BAM_FIXED + nname;
    r->letters = r->cigar + ncigar;
    r->quality = r->letters + (r->nletter + 1) / 2;
    r->tags = r->quality + r->nletter;
    r->end = r->at + r->n;
    return VL_OK;
}

/* A name ends in the NUL that its length counts; control characters would break every text it stands in. */
static vl_code check_name(const vl_bam_record *r, const uint8_t **bad, vl_err *err)
{
    *bad = r->name.at + r->name.n;
    if (**bad) return vl_fail(err, VL_EFORMAT, "name ends in byte 0x%02x, expected NUL", **bad);
    for (size_t i = 0; i < r->name.n; i++) {
        const uint8_t c = r->name.at[i];
        if (c >= 32 && c != 127) continue;
        *bad = r->name.at + i;
        return vl_fail(err, VL_EFORMAT, "byte 0x%02x in the name", c);
    }
    return VL_OK;
}

static vl_code check_place(const vl_bam_record *r, uint32_t ncontig, const uint8_t **bad, vl_err *err)
{
    const int32_t next = (int32_t)vl_le32(r->at + 24);
    *bad = r->at + 4;
    if (r->contig < -1 || (r->contig >= 0 && (uint32_t)r->contig >= ncontig))
        return vl_fail(err, VL_EFORMAT, "record is on contig %" PRId32 ", the header has %" PRIu32, r->contig,
                       ncontig);
    *bad = r->at + 24;
    if (next < -1 || (next >= 0 && (uint32_t)next >= ncontig))
        return vl_fail(err, VL_EFORMAT, "mate is on contig %" PRId32 ", the header has %" PRIu32, next,
                       ncontig);
    return VL_OK;
}

/* All 0xff stands for none; the first alone says it. */
static vl_code check_quality(const vl_bam_record *r, const uint8_t **bad, vl_err *err)
{
    if (!r->nletter || r->quality[0] == 0xff) return VL_OK;
    const size_t at = vl_k.find_outside(r->quality, r->nletter, 0, 93);
    if (at == r->nletter) return VL_OK;
    *bad = r->quality + at;
    return vl_fail(err, VL_EFORMAT, "quality %u at place %zu, at most 93 is expected", (unsigned)**bad,
                   at + 1);
}

vl_code vl_bam_split(const uint8_t *bytes, size_t n, uint32_t ncontig, vl_bam_record *out,
                     const uint8_t **bad, vl_err *err)
{
    *bad = bytes;
    if (check_size(bytes, n, err)) return err->code;
    *out = (vl_bam_record){ .at = bytes,
                            .n = vl_bam_length(bytes, n),
                            .contig = (int32_t)vl_le32(bytes + 4),
                            .position = (int32_t)vl_le32(bytes + 8),
                            .nop = vl_le16(bytes + 16),
                            .flag = vl_le16(bytes + 18),
                            .nletter = vl_le32(bytes + 20) };
    if (place_parts(out, err) || check_name(out, bad, err) || check_place(out, ncontig, bad, err))
        return err->code;
    return check_quality(out, bad, err);
}
