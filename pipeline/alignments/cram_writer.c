/*
 * CRAM out: a stream of BAM, as source_cram.c gives one, is taken record by record and written by the
 * library, as CRAM 3.0, which htslib 1.16 writes and reads without a word (3.1 it calls a draft). Its threads
 * are not used.
 *
 * It is a conversion. What CRAM says otherwise than BAM comes back otherwise: read groups stand behind the
 * other tags; with a reference MD and NM are left out where a reader makes the same, and come back last; '='
 * and 'X' become 'M'; flags beyond 0xfff are dropped; what is not aligned loses mapping quality and CIGAR;
 * @HD goes to the top. What CRAM would lose, or what could not be read again, is refused with the record's
 * name.
 *
 * With a reference (cram_reference.h) letters are differences to it, and lines @SQ get an M5 where they have
 * none; without one the letters stand in full, and no reader needs anything.
 */
#include "formats/bam/bam_record.h"
#include "pipeline/alignments/alignments_view.h"
#include "pipeline/io/cram_reference.h"

#include <errno.h>
#include <fcntl.h>
#include <htslib/cram.h>
#include <htslib/hfile.h>
#include <htslib/hts.h>
#include <htslib/sam.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct writing {
    const char *named; /* borrowed: the reference; NULL: none */
    htsFile *file;
    int fd; /* of the file, which closes it */
    sam_hdr_t *header;
    bam1_t *record;
    uint32_t ncontig;
    vl_cram_reference reference;
} writing;

/* A descriptor of the library's own, as it closes it. */
static vl_code open_library(writing *c, int fd, vl_err *err)
{
    const int own = dup(fd);
    hFILE *const bytes = own < 0 ? NULL : hdopen(own, "w");
    if (!bytes && own >= 0) close(own);
    c->file = bytes ? hts_hopen(bytes, "cram", "wc") : NULL;
    if (bytes && !c->file) hclose_abruptly(bytes);
    c->fd = own;
    if (!c->file || hts_set_opt(c->file, CRAM_OPT_VERSION, "3.0") ||
        hts_set_opt(c->file, CRAM_OPT_NO_REF, c->named ? 0 : 1) ||
        (c->named && hts_set_opt(c->file, CRAM_OPT_EMBED_REF, 0)))
        return vl_fail(err, VL_EUNSUP, "htslib %s cannot write CRAM", hts_version());
    return (c->record = bam_init1()) ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for a record");
}

static vl_code open_cram(void **self, int fd, const char *reference, vl_err *err)
{
    writing *const c = *self = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for the output");
    c->named = reference;
    vl_cram_stay_here();
    return open_library(c, fd, err);
}

static vl_code fail_write(int errnum, vl_err *err)
{
    if (errnum == EPIPE) return vl_fail(err, VL_ECLOSED, "pipe closed by reader");
    return vl_fail_errno(err, VL_EIO, errnum, "cannot write");
}

/* When the file is closed, this alone says why the library failed. */
static bool is_of_writing(int errnum)
{
    return errnum == EPIPE || errnum == ENOSPC || errnum == EIO || errnum == EDQUOT || errnum == EFBIG;
}

static vl_code fail_saying(const char *what, vl_err *err)
{
    return vl_fail(err, VL_EUNSUP, "htslib %s cannot write %s as CRAM", hts_version(), what);
}

/* What the library could not do: write, or say it in CRAM. */
static vl_code fail_library(const writing *c, const char *what, vl_err *err)
{
    const int errnum = herrno(cram_fd_get_fp(c->file->fp.cram));
    if (errnum) return fail_write(errnum, err);
    return fail_saying(what, err);
}

/* ---- the header ---- */

static vl_code take_header(writing *c, const uint8_t *bytes, size_t n, size_t *used, vl_err *err)
{
    vl_bam_header h;
    bool more = false;
    if (vl_bam_header_read(bytes, n, &h, &more, err)) return err->code;
    if (more) return vl_fail(err, VL_EBUG, "a header comes in pieces");
    *used = h.n;
    c->ncontig = h.ncontig;
    const uint8_t *const nul = h.text.n ? memchr(h.text.at, 0, h.text.n) : NULL; /* some are padded */
    const size_t ntext = nul ? (size_t)(nul - h.text.at) : h.text.n;
    c->header = sam_hdr_parse(ntext, ntext ? (const char *)h.text.at : "");
    if (!c->header || sam_hdr_count_lines(c->header, "SQ") < 0)
        return vl_fail(err, VL_EUNSUP, "htslib %s cannot read the header of these records", hts_version());
    if ((uint32_t)sam_hdr_nref(c->header) != h.ncontig)
        return vl_fail(err, VL_EUNSUP, "its header lists %u contigs and has %d lines @SQ: CRAM has the lines",
                       h.ncontig, sam_hdr_nref(c->header));
    if (c->named && vl_cram_reference_lend(&c->reference, c->named, c->header, c->file, err))
        return err->code;
    return sam_hdr_write(c->file, c->header) ? fail_library(c, "the header", err) : VL_OK;
}

/* ---- records ---- */

static vl_code refuse(const vl_bam_record *r, const char *what, vl_err *err)
{
    return vl_fail(err, VL_EUNSUP, "'%.*s' %s", (int)(r->name.n < 80 ? r->name.n : 80),
                   (const char *)r->name.at, what);
}

/* Letters of the read that operations cover are as many as it has; a mapped record that says otherwise the
 * library refuses, many records later. */
static vl_code check_cigar(const vl_bam_record *r, const uint8_t *cigar, size_t nop, vl_err *err)
{
    uint64_t covered = 0;
    for (size_t i = 0; i < nop; i++) {
        const uint32_t op = vl_le32(cigar + 4 * i);
        if (!(op >> BAM_CIGAR_SHIFT))
            return refuse(r, "has an operation of length 0 in its CIGAR, which CRAM does not hold", err);
        if ((op & BAM_CIGAR_MASK) > BAM_CDIFF)
            return refuse(r, "has an operation in its CIGAR that CRAM does not have", err);
        if (bam_cigar_type(op & BAM_CIGAR_MASK) & 1) covered += op >> BAM_CIGAR_SHIFT;
    }
    if (r->nletter && covered != r->nletter && !(r->flag & VL_FLAG_UNMAPPED))
        return refuse(r, "has a CIGAR of another length than its letters, which CRAM does not hold", err);
    return VL_OK;
}

/* By a reference the library writes what it cannot read again of a record that reaches beyond its contig. */
static vl_code check_place(const writing *c, const vl_bam_record *r, const uint8_t *cigar, size_t nop,
                           vl_err *err)
{
    if (!c->named || r->contig < 0 || r->position < 0 || (r->flag & VL_FLAG_UNMAPPED)) return VL_OK;
    uint64_t end = (uint64_t)r->position;
    for (size_t i = 0; i < nop; i++) {
        const uint32_t op = vl_le32(cigar + 4 * i);
        if (bam_cigar_type(op & BAM_CIGAR_MASK) & 2) end += op >> BAM_CIGAR_SHIFT;
    }
    if (end <= (uint64_t)sam_hdr_tid2len(c->header, r->contig)) return VL_OK;
    return refuse(r, "reaches beyond the end of its contig: CRAM holds it without --reference", err);
}

/* Every tag is whole, and no text holds the TAB at which CRAM ends one. *cg: one of a long CIGAR. */
static vl_code check_tags(const vl_bam_record *r, vl_bam_tag *cg, vl_err *err)
{
    vl_bam_tag t = { .end = r->tags };
    const uint8_t *bad = NULL;
    cg->at = NULL;
    while (t.end < r->end) {
        if (vl_bam_tag_read(t.end, r->end, &t, &bad, err)) return err->code;
        if ((t.type == 'Z' || t.type == 'H') && t.n && memchr(t.value, '\t', t.n))
            return refuse(r, "has a tag with a tabulator, at which CRAM ends a text", err);
        if (!memcmp(t.at, "CG", 2) && !cg->at) *cg = t;
    }
    return VL_OK;
}

/* Is the CIGAR the placeholder of one in tag CG (section 4.2.2)? As sam_read1 decides it. */
static bool stands_for(const vl_bam_record *r, const vl_bam_tag *cg)
{
    if (!cg->at || !r->nop || r->contig < 0 || r->position < 0) return false;
    const uint32_t first = vl_le32(r->cigar);
    return (first & BAM_CIGAR_MASK) == BAM_CSOFT_CLIP && first >> BAM_CIGAR_SHIFT == r->nletter &&
           cg->type == 'B' && cg->of == 'I' && cg->n >= r->nop;
}

static uint8_t *put(uint8_t *to, const uint8_t *from, size_t n)
{
    if (n) memcpy(to, from, n);
    return to + n;
}

/* The record as the library has it in memory: its name padded, its CIGAR the one that is meant. */
static vl_code fill(writing *c, const vl_bam_record *r, const uint8_t *cigar, size_t nop,
                    const vl_bam_tag *moved, vl_err *err)
{
    bam1_t *const b = c->record;
    const size_t nname = r->name.n + 1, pad = (4 - nname % 4) % 4, nseq = (r->nletter + 1) / 2 + r->nletter;
    const size_t before = moved ? (size_t)(moved->at - r->tags) : (size_t)(r->end - r->tags);
    const size_t behind = moved ? (size_t)(r->end - moved->end) : 0;
    const size_t n = nname + pad + 4 * nop + nseq + before + behind;
    if (n > INT32_MAX) return refuse(r, "is too large", err);
    if (n > b->m_data) {
        uint8_t *const data = realloc(b->data, n + n / 4);
        if (!data) return vl_fail(err, VL_ENOMEM, "no memory for a record");
        b->data = data;
        b->m_data = (uint32_t)(n + n / 4);
    }
    uint8_t *to = put(b->data, r->name.at, nname - 1);
    memset(to, 0, pad + 1);
    to = put(put(to + pad + 1, cigar, 4 * nop), r->letters, nseq);
    to = put(to, r->tags, before);
    if (moved) put(to, moved->end, behind);
    b->l_data = (int)n;
    b->core = (bam1_core_t){ .pos = r->position,
                             .tid = r->contig,
                             .bin = (uint16_t)(r->at[14] | r->at[15] << 8),
                             .qual = r->at[13],
                             .l_extranul = (uint8_t)pad,
                             .flag = r->flag,
                             .l_qname = (uint16_t)(nname + pad),
                             .n_cigar = (uint32_t)nop,
                             .l_qseq = (int32_t)r->nletter,
                             .mtid = (int32_t)vl_le32(r->at + 24),
                             .mpos = (int32_t)vl_le32(r->at + 28),
                             .isize = (int32_t)vl_le32(r->at + 32) };
    return VL_OK;
}

static vl_code take_record(writing *c, const vl_bam_record *r, vl_err *err)
{
    vl_bam_tag cg;
    if (check_tags(r, &cg, err)) return err->code;
    const bool moved = stands_for(r, &cg);
    const uint8_t *const cigar = moved ? cg.value : r->cigar;
    const size_t nop = moved ? cg.n : r->nop;
    if (check_cigar(r, cigar, nop, err) || check_place(c, r, cigar, nop, err) ||
        fill(c, r, cigar, nop, moved ? &cg : NULL, err))
        return err->code;
    if (sam_write1(c->file, c->header, c->record) < 0)
        return fail_library(c, "a record, the last or one shortly before it,", err);
    return VL_OK;
}

static vl_code take(void *self, const uint8_t *bytes, size_t n, vl_err *err)
{
    writing *const c = self;
    size_t at = 0;
    if (!c->header && take_header(c, bytes, n, &at, err)) return err->code;
    while (at < n && !err->code) {
        vl_bam_record r;
        const uint8_t *bad = NULL;
        const size_t len = vl_bam_length(bytes + at, n - at);
        if (!len || len == VL_BAM_BAD) return vl_fail(err, VL_EBUG, "a record comes in pieces");
        if (!vl_bam_split(bytes + at, len, c->ncontig, &r, &bad, err)) take_record(c, &r, err);
        at += len;
    }
    return err->code;
}

static vl_code end(void *self, vl_err *err)
{
    writing *const c = self;
    if (!c->header) return vl_fail(err, VL_EBUG, "CRAM without a header");
    htsFile *const file = c->file;
    c->file = NULL;
    errno = 0;
    if (hts_close(file) >= 0) return VL_OK;
    return is_of_writing(errno) ? fail_write(errno, err) : fail_saying("the last records", err);
}

/* What is closed before its end is of no use. The library would write it out all the same, and of a file that
 * cannot be written cram_close calls itself for ever: it writes into nothing. */
static void give_up(writing *c)
{
    if (!c->file) return;
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, c->fd) < 0) return;
    close(nothing);
    hts_close(c->file);
}

static void close_cram(void *self)
{
    writing *const c = self;
    if (!c) return;
    give_up(c);
    if (c->record) bam_destroy1(c->record);
    if (c->header) sam_hdr_destroy(c->header);
    vl_cram_reference_close(&c->reference);
    free(c);
}

const vl_writer vl_cram_writer = {
    .name = "CRAM", .open = open_cram, .write = take, .end = end, .close = close_cram
};
