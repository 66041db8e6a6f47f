/*
 * Alignments as BAM in the table of formats (SAM specification, section 4.2; bam/bam_record.h): its header
 * names contigs, whether the records lie on them or not. What names none is reads (formats/reads/bam.h).
 *
 * The inflated stream comes back byte for byte: header, and of each record every byte.
 */
#include "formats/alignments/alignments.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

typedef struct head {
    uint32_t ncontig;
    vl_buf header; /* owned */
} head;

/* A line @SQ in the text, or a number of contigs behind it. */
static bool names_contigs(const uint8_t *bytes, size_t n)
{
    const size_t ntext = vl_le32(bytes + 4), have = n - 8 < ntext ? n - 8 : ntext;
    const uint8_t *const text = bytes + 8;
    if (have >= 4 && !memcmp(text, "@SQ\t", 4)) return true;
    if (memmem(text, have, "\n@SQ\t", 5)) return true;
    return n - 8 >= ntext && n - 8 - ntext >= 4 && vl_le32(text + ntext) > 0;
}

static int probe(const uint8_t *bytes, size_t n)
{
    enum { READS = 100 }; /* what reads say of BAM */
    return n >= 12 && !memcmp(bytes, vl_bam_magic, VL_BAM_MAGIC) && names_contigs(bytes, n) ? READS + 1 : 0;
}

static vl_code open(void *self, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                    const bool *whole, bool *more, vl_err *err)
{
    (void)ask;
    head *const h = self;
    vl_bam_header header;
    if (vl_bam_header_read(bytes[0], n[0], &header, more, err)) return err->code;
    if (*more && whole[0]) {
        vl_fail_end(err, "input ends within the header");
        return vl_err_at(err, NULL, n[0], VL_NOWHERE);
    }
    if (*more) return VL_OK;
    h->ncontig = header.ncontig;
    return vl_buf_append(&h->header, bytes[0], header.n, err);
}

static vl_code cut(const void *self, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    const head *const h = self;
    bool part = false;
    (void)err;
    *out = (vl_cut){ 0 };
    if (!n || !max_record) return VL_OK;
    out->used = vl_bam_header_in(h->header.data, h->header.len, bytes, n, &part);
    if (part && !last) return VL_OK;
    while (out->used < n && out->nrecord < max_record) {
        const size_t len = vl_bam_length(bytes + out->used, n - out->used);
        if (!len && !last) break;
        out->nrecord++;
        /* parse refuses what is none, and what follows is nobody's */
        out->used = !len || len == VL_BAM_BAD ? n : out->used + len;
    }
    return VL_OK;
}

/* ---- parse ---- */

typedef struct work {
    const head *h;
    const vl_block *in;
    vl_alignments_in rows;
    vl_bam_record r;
} work;

static vl_code refuse(const work *w, const uint8_t *at, vl_err *err)
{
    return vl_err_at(err, w->in->file, w->in->offset + (uint64_t)(at - w->in->bytes.data),
                     w->in->record + w->rows.out->nrow[VL_AT_ALIGNMENT]);
}

/* Letters, and qualities. What stands for none may have bytes of its own behind the first. */
static vl_code push_letters(work *w, vl_alignment *a, vl_err *err)
{
    const vl_bam_record *const r = &w->r;
    vl_batch *const b = w->rows.out;
    if (vl_bam_push_letters(b, VL_AL_BASE, r, err) ||
        vl_push_row(b, VL_AL_QUALITY, r->quality, r->nletter, err))
        return err->code;
    if (!vl_bam_no_quality(r)) return VL_OK;
    vl_buf *const all = &b->col[VL_AL_QUALITY].data;
    memset(all->data + all->len - r->nletter, VL_AL_NO_QUALITY, r->nletter);
    b->counter[VL_AC_NO_QUALITY]++;
    if (vl_k.find_outside(r->quality, r->nletter, 0xff, 0xff) == r->nletter) return VL_OK;
    a->odd |= VL_AO_QUALITY;
    a->odd_quality = r->quality;
    return VL_OK;
}

static vl_code push_record(work *w, const uint8_t *p, const uint8_t *end, vl_err *err)
{
    const uint8_t *bad = p;
    vl_bam_record *const r = &w->r;
    if (vl_bam_split(p, (size_t)(end - p), w->h->ncontig, r, &bad, err)) return refuse(w, bad, err);
    vl_alignment a = { .contig = r->contig,
                       .position = r->position,
                       .mate_contig = (int32_t)vl_le32(p + 24),
                       .mate_position = (int32_t)vl_le32(p + 28),
                       .template_length = (int32_t)vl_le32(p + 32),
                       .flag = r->flag,
                       .mapq = p[13],
                       .name = r->name,
                       .cigar = r->cigar,
                       .nop = r->nop,
                       .base = { NULL, r->nletter },
                       .tags = r->tags,
                       .end = r->end,
                       .bin = vl_le16(p + 14) };
    if (r->nletter & 1 && r->letters[r->nletter / 2] & 15) {
        a.odd |= VL_AO_PAD;
        a.pad = r->letters[r->nletter / 2] & 15;
    }
    if (push_letters(w, &a, err)) return err->code;
    return vl_alignments_push(&w->rows, &a, &bad, err) ? refuse(w, bad ? bad : p, err) : VL_OK;
}

static vl_code parse(const void *self, const vl_block *in, vl_batch *out, vl_err *err)
{
    work w = { .h = self, .in = in };
    const uint8_t *p = in->bytes.data, *const end = in->bytes.len ? p + in->bytes.len : p;
    const size_t nheader = w.h->header.len;
    vl_alignments_in_init(&w.rows, out);
    if (!in->offset && in->bytes.len >= nheader) {
        vl_buf_append(&out->col[VL_AL_HEADER].data, p, nheader, err);
        p += nheader;
    }
    while (p < end && !err->code)
        if (!push_record(&w, p, end, err)) p += w.r.n;
    if (!err->code) vl_alignments_end(&w.rows, err);
    out->nbyte = in->bytes.len;
    vl_alignments_in_free(&w.rows);
    return err->code;
}

static vl_code join(const void *self, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    (void)self, (void)tail, (void)in, (void)batch;
    return err->code;
}

static vl_code finish(const void *self, void *tail, vl_facts *facts, vl_err *err)
{
    (void)self, (void)tail, (void)facts;
    return err->code;
}

static void close(void *self, void *tail)
{
    (void)tail;
    vl_buf_free(&((head *)self)->header);
}

/* ---- print ---- */

static void put_le16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

/* More operations than a record counts stand in tag CG, behind a clip of all letters and a skip of the
 * contig's (section 4.2.2). */
static void stand_in(const vl_alignment *a, uint8_t cigar[8])
{
    enum { SKIP = 3, SOFT_CLIP = 4 };
    vl_put_le32(cigar, (uint32_t)a->base.n << 4 | SOFT_CLIP);
    vl_put_le32(cigar + 4, (uint32_t)a->span << 4 | SKIP);
}

static vl_code put_long_cigar(const vl_alignment *a, vl_buf *out, vl_err *err)
{
    uint8_t before[8] = { 'C', 'G', 'B', 'I' };
    vl_put_le32(before + 4, (uint32_t)a->nop);
    return vl_buf_append(out, before, sizeof before, err) ? err->code
                                                          : vl_buf_append(out, a->cigar, 4 * a->nop, err);
}

static vl_code check_numbers(const vl_alignment *a, vl_err *err)
{
    const int64_t number[] = { a->contig, a->position, a->mate_contig, a->mate_position, a->template_length };
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        if (number[i] > INT32_MAX || number[i] < INT32_MIN)
            return vl_fail(err, VL_EUNSUP,
                           "'%.*s' has a position or a length of %" PRId64 ", beyond what BAM holds",
                           (int)a->name.n, (const char *)a->name.at, number[i]);
    return VL_OK;
}

/* What follows the record's length. */
static void put_fixed(const vl_alignment *a, size_t nop, uint8_t *to)
{
    vl_put_le32(to + 4, (uint32_t)a->contig);
    vl_put_le32(to + 8, (uint32_t)a->position);
    to[12] = (uint8_t)(a->name.n + 1);
    to[13] = a->mapq;
    put_le16(to + 14, a->bin);
    put_le16(to + 16, (unsigned)nop);
    put_le16(to + 18, a->flag);
    vl_put_le32(to + 20, (uint32_t)a->base.n);
    vl_put_le32(to + 24, (uint32_t)a->mate_contig);
    vl_put_le32(to + 28, (uint32_t)a->mate_position);
    vl_put_le32(to + 32, (uint32_t)a->template_length);
}

/* Letters of SAM that BAM has not become the nearest that it has. */
static vl_code put_letters(const vl_alignment *a, vl_buf *out, vl_err *err)
{
    const size_t start = out->len, n = a->base.n;
    bool known = true;
    if (vl_bam_put_letters(a->base, a->pad, out, &known, err)) return err->code;
    if (!known) vl_bam_put_nearest(a->base, out->data + start);
    const uint8_t *const quality = a->odd & VL_AO_QUALITY ? a->odd_quality : a->quality.at;
    if (quality) return vl_buf_append(out, quality, n, err);
    if (vl_buf_grow(out, n, err)) return err->code;
    memset(out->data + out->len, 0xff, n);
    out->len += n;
    return VL_OK;
}

vl_code vl_aligned_bam_put(const vl_alignment *a, vl_buf *out, vl_err *err)
{
    const bool many = a->nop > UINT16_MAX;
    const size_t start = out->len, nop = many ? 2 : a->nop;
    uint8_t instead[8];
    stand_in(a, instead);
    if (check_numbers(a, err) || vl_buf_grow(out, VL_BAM_FIXED + a->name.n + 1 + 4 * nop, err))
        return err->code;
    put_fixed(a, nop, out->data + start);
    out->len += VL_BAM_FIXED;
    if (vl_buf_append(out, a->name.at, a->name.n, err) || vl_buf_append(out, "", 1, err) ||
        vl_buf_append(out, many ? instead : a->cigar, 4 * nop, err) || put_letters(a, out, err) ||
        vl_buf_append(out, a->tags, (size_t)(a->end - a->tags), err) || (many && put_long_cigar(a, out, err)))
        return err->code;
    const size_t len = out->len - start - 4;
    if (len > INT32_MAX) return vl_fail(err, VL_ESTORE, "a record takes %zu bytes", len);
    vl_put_le32(out->data + start, (uint32_t)len);
    return VL_OK;
}

static vl_code put_number(vl_buf *out, int64_t n, vl_err *err)
{
    uint8_t bytes[4];
    if (n > INT32_MAX) n = INT32_MAX; /* of a contig that is longer */
    vl_put_le32(bytes, (uint32_t)n);
    return vl_buf_append(out, bytes, sizeof bytes, err);
}

vl_code vl_aligned_bam_header(const vl_contigs *c, vl_buf *out, vl_err *err)
{
    if (c->binary) return vl_buf_append(out, c->header.at, c->header.n, err);
    if (vl_buf_append(out, vl_bam_magic, VL_BAM_MAGIC, err) || put_number(out, (int64_t)c->text.n, err) ||
        vl_buf_append(out, c->text.at, c->text.n, err) || put_number(out, (int64_t)c->n, err))
        return err->code;
    for (size_t i = 0; i < c->n && !err->code; i++) {
        const vl_contig *const one = &c->contig[i];
        if (!put_number(out, (int64_t)one->name.n + 1, err) &&
            !vl_buf_append(out, one->name.at, one->name.n, err) && !vl_buf_append(out, "", 1, err))
            put_number(out, one->length, err);
    }
    return err->code;
}

static vl_code unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                        vl_err *err)
{
    (void)how, (void)facts, (void)counter, (void)ntext;
    *way = vl_alignments_way;
    return err->code;
}

/* The header stands in the first batch, unless the store has none: SAM may begin with a record. */
bool vl_alignments_begins(const vl_batch *batch, const vl_contigs *c)
{
    return batch->col[VL_AL_HEADER].data.len || (!c->header.n && !batch->first[VL_AT_ALIGNMENT]);
}

vl_code vl_alignments_how_begin(void *how, vl_cell header, vl_err *err)
{
    return vl_contigs_read(how, header, NULL, err);
}

void vl_alignments_how_end(void *how) { vl_contigs_free(how); }

static vl_code print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err)
{
    (void)last;
    const vl_contigs *const c = how;
    vl_alignments_out rows;
    vl_alignment a;
    if (vl_alignments_begins(batch, c) && vl_aligned_bam_header(c, out, err)) return err->code;
    if (!vl_alignments_out_init(&rows, batch, err))
        for (size_t i = 0; i < batch->nrow[VL_AT_ALIGNMENT] && !err->code; i++)
            if (!vl_alignments_row(&rows, i, &a, err)) vl_aligned_bam_put(&a, out, err);
    vl_alignments_out_free(&rows);
    return err->code;
}

typedef struct asked {
    bool no_end; /* whoever reads the file looks at it (vl_format.no_end) */
} asked;

static const vl_opt options[] = {
    { 0, "accept-no-eof", VL_OPT_FLAG, NULL, NULL, "the same of alignments", offsetof(asked, no_end), NULL },
    { .name = "" },
};

const vl_format vl_aligned_bam = { .name = "aligned_bam",
                                   .title = "BAM",
                                   .doc = "alignments, with tags",
                                   .ending = { ".bam" },
                                   .example = "  vial ingest -b /bank -s S1 S1.sorted.bam\n",
                                   .example_back = "",
                                   .no_end = "accept-no-eof",
                                   .schema = &vl_alignments_schema,
                                   .head_size = sizeof(head),
                                   .block = 2u << 20,
                                   .max_record = VL_BAM_MOST,
                                   .max_stream = 1,
                                   .option = options,
                                   .option_size = sizeof(asked),
                                   .probe = probe,
                                   .open = open,
                                   .cut = cut,
                                   .parse = parse,
                                   .join = join,
                                   .finish = finish,
                                   .close = close,
                                   .print_size = sizeof(vl_contigs),
                                   .unfinish = unfinish,
                                   .begin = vl_alignments_how_begin,
                                   .end = vl_alignments_how_end,
                                   .print = print };
