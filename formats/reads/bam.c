/*
 * BAM in the table of formats (bam.h): its header, where records end, and the facts that all have in common.
 */
#include "formats/reads/bam.h"
#include "formats/reads/fastq.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { UNPLACED_BIN = 4680 };

static bool begins(const uint8_t *bytes, size_t n, const void *with)
{
    return n >= VL_BAM_MAGIC && !memcmp(bytes, with, VL_BAM_MAGIC);
}

/* CRAM as well: a source makes BAM of it (pipeline/io), and who looks into files should know it. */
static int probe(const uint8_t *bytes, size_t n)
{
    return begins(bytes, n, vl_bam_magic) || begins(bytes, n, "CRAM") ? 100 : 0;
}

/* ---- open ---- */

/* Mates in turn, as far as two records say. *more: the second one is not there. */
static void see_pair(vl_bam_head *h, const uint8_t *bytes, size_t n, bool whole, bool *more)
{
    vl_bam_record first, second;
    vl_err err = VL_ERR_INIT; /* whatever is wrong, parse will say */
    const uint8_t *bad;
    const size_t len = vl_bam_length(bytes, n);
    if (!(vl_le16(bytes + 18) & 1) || len == VL_BAM_BAD) return;
    *more = !whole && (!len || !vl_bam_length(bytes + len, n - len));
    if (*more || !len || vl_bam_split(bytes, n, h->ncontig, &first, &bad, &err)) return;
    h->paired =
        !vl_bam_split(bytes + len, n - len, h->ncontig, &second, &bad, &err) && vl_bam_mates(&first, &second);
}

static vl_code open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                    const bool *whole, bool *more, vl_err *err)
{
    vl_bam_head *const h = head;
    vl_bam_header header;
    if (begins(bytes[0], n[0], "CRAM"))
        return vl_fail(err, VL_EUNSUP, "CRAM is read from a file as it is, not from a pipe or out of gzip");
    if (vl_bam_header_read(bytes[0], n[0], &header, more, err)) return err->code;
    if (*more && whole[0]) {
        vl_fail_end(err, "input ends within the header");
        return vl_err_at(err, NULL, n[0], VL_NOWHERE);
    }
    const bool record = !*more && n[0] - header.n >= VL_BAM_FIXED;
    *more = !whole[0] && !record;
    if (*more) return VL_OK;
    h->ncontig = header.ncontig;
    if (record && !ask->again) see_pair(h, bytes[0] + header.n, n[0] - header.n, whole[0], more);
    if (*more) return VL_OK;
    h->nheader = header.n;
    h->mapq = record ? bytes[0][header.n + 13] : 0;
    h->bin = record ? vl_le16(bytes[0] + header.n + 14) : UNPLACED_BIN;
    return vl_buf_append(&h->header, bytes[0], header.n, err);
}

/* ---- cut ---- */

static vl_code cut(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    (void)err;
    bool part = false;
    const vl_bam_head *const h = head;
    const uint64_t step = h->paired ? 2 : 1; /* whole pairs */
    *out = (vl_cut){ 0 };
    if (!n || !max_record) return VL_OK;
    if (step > 1) max_record = max_record < step ? step : max_record - max_record % step;
    size_t at = vl_bam_header_in(h->header.data, h->nheader, bytes, n, &part);
    if (part && !last) return VL_OK;
    vl_cut so_far = { .used = at };
    *out = so_far;
    while (at < n && so_far.nrecord < max_record) {
        const size_t len = vl_bam_length(bytes + at, n - at);
        if (!len && !last) break;
        so_far.nrecord++;
        at = !len || len == VL_BAM_BAD ? n : at + len; /* parse refuses it, and what follows is nobody's */
        so_far.used = at;
        if (so_far.nrecord % step == 0 || len == VL_BAM_BAD || (last && at == n)) *out = so_far;
    }
    return VL_OK;
}

/* ---- the end ---- */

static vl_code join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    (void)head, (void)tail, (void)in, (void)batch;
    return err->code;
}

static vl_code finish(const void *head, void *tail, vl_facts *facts, vl_err *err)
{
    (void)tail;
    const vl_bam_head *const h = head;
    vl_fact_add(facts, "layout", h->paired ? "interleaved" : "single");
    vl_fact_add(facts, "mate_mark", "%s", "");
    vl_fact_add(facts, "bam_mapq", "%u", (unsigned)h->mapq);
    vl_fact_add(facts, "bam_bin", "%u", (unsigned)h->bin);
    return err->code;
}

static void close(void *head, void *tail)
{
    (void)tail;
    vl_buf_free(&((vl_bam_head *)head)->header);
}

/* A fact that is a number up to `most`. */
static vl_code read_fact(const vl_facts *facts, const char *name, unsigned long most, unsigned *out,
                         vl_err *err)
{
    const char *const text = vl_fact_get(facts, name);
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);
    *out = (unsigned)value;
    if (*text && !*end && value <= most) return VL_OK;
    return vl_fail(err, VL_ESTORE, "%s is '%.20s'", name, text);
}

#define LACKS "it has fewer letters: lower case came out as upper, U as T, what it has not as N"

vl_code vl_bam_unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                        vl_err *err)
{
    (void)ntext;
    vl_bam_how *const h = how;
    unsigned mapq = 0, bin = UNPLACED_BIN;
    h->made = !*vl_fact_get(facts, "bam_bin");
    if (vl_fastq_is_paired(vl_fact_get(facts, "layout"), &h->paired, err)) return err->code;
    if (!h->made && (read_fact(facts, "bam_mapq", UINT8_MAX, &mapq, err) ||
                     read_fact(facts, "bam_bin", UINT16_MAX, &bin, err)))
        return err->code;
    h->mapq = (uint8_t)mapq;
    h->bin = (uint16_t)bin;
    const bool other_letters = h->made && (counter[VL_RC_LOWER] || counter[VL_RC_ODD_BASE]);
    if (h->made) vl_bam_made_header(h, facts);
    *way = (vl_way){ .lead = VL_RT_READ,
                     .step = h->paired ? 2 : 1,
                     .weigh = VL_RD_BASE,
                     .follow = VL_RT_NAME,
                     .at = -1,
                     .head = 1 + VL_RD_HEADER,
                     .added = true,
                     .lacks = other_letters ? LACKS : NULL };
    return VL_OK;
}

/* What may be asked of it. */
typedef struct asked {
    bool no_end; /* whoever reads the file looks at it (vl_format.no_end) */
} asked;

static const vl_opt options[] = {
    { 0, "no-eof-block", VL_OPT_FLAG, NULL, NULL, "take BGZF without the empty block that ends a file",
      offsetof(asked, no_end), NULL },
    { .name = "" },
};

const vl_format vl_bam = {
    .name = "bam",
    .title = "BAM",
    .doc = "reads that are not aligned, with tags",
    .ending = { ".bam", ".ubam", ".cram" },
    .example = "  vial ingest -b /bank -s S1 m84001.hifi_reads.bam\n"
               "  vial ingest -o S1.h5 S1.cram            its records, as htslib decodes "
               "them\n",
    .example_back = "  vial export m84001.h5 -o m84001.hifi_reads.bam\n"
                    "  vial export S1.h5 -o S1.bam             what came as FASTQ: flags 4, or 77 and "
                    "141; tags of SAM\n"
                    "                                          in comments stay tags, Casava's code is "
                    "BC, all else CO\n",
    .no_end = "no-eof-block",
    .schema = &vl_reads_schema,
    .head_size = sizeof(vl_bam_head),
    .block = 2u << 20,
    .max_record = VL_BAM_MOST,
    .max_stream = 1,
    .option = options,
    .option_size = sizeof(asked),
    .probe = probe,
    .open = open,
    .cut = cut,
    .parse = vl_bam_parse,
    .join = join,
    .finish = finish,
    .close = close,
    .print_size = sizeof(vl_bam_how),
    .unfinish = vl_bam_unfinish,
    .print = vl_bam_print
};
