/* Whose alignments they are (out/identity.h): genotypes by letters upon sites, sexes by what lies on
 * contigs. */
#include "pipeline/alignments/alignments_sites.h"
#include "pipeline/alignments/alignments_summaries.h"
#include "pipeline/out/identity.h"

#include <stdlib.h>
#include <string.h>

static vl_code call(vl_fingerprint *out, const uint8_t *count, size_t n, const char *digest, vl_err *err)
{
    out->genotype.len = 0;
    if (vl_buf_reserve(&out->genotype, n, err)) return err->code;
    for (size_t i = 0; i < n; i++, count += 4 * VL_SITE_N)
        out->genotype.data[i] =
            (uint8_t)vl_genotype_of(vl_le32(count + 4 * VL_SITE_REF), vl_le32(count + 4 * VL_SITE_ALT),
                                    vl_le32(count + 4 * VL_SITE_OTHER));
    out->genotype.len = n;
    memcpy(out->digest, digest, sizeof out->digest);
    return VL_OK;
}

static vl_code kept(vl_store *st, vl_fingerprint *out, vl_work *work, vl_err *err)
{
    vl_sites_kept k = { .n = 0 };
    if (!vl_sites_load(&k, st, work, err)) call(out, k.count.data, k.n, k.digest, err);
    vl_buf_free(&k.count);
    return err->code;
}

static vl_code made(vl_reader *r, const vl_sites *sites, int threads, vl_fingerprint *out, vl_work *work,
                    vl_err *err)
{
    vl_buf header = { 0 }, count = { 0 };
    vl_contigs contigs = { 0 };
    vl_sites_laid laid = { 0 };
    if (!vl_alignments_contigs_load(vl_reader_store(r), &header, &contigs, work, err) &&
        !vl_sites_lay(&laid, sites, &contigs, err) && !vl_sites_of_rows(&laid, r, threads, work, err) &&
        !vl_sites_put(&laid, &count, err))
        call(out, count.data, sites->n, sites->digest, err);
    vl_sites_laid_free(&laid);
    vl_contigs_free(&contigs);
    vl_buf_free(&header);
    vl_buf_free(&count);
    return err->code;
}

/* A record weighs as much as its mapping quality: one that may as well lie elsewhere, in what X and Y have in
 * common or in repeats, nothing. */
static vl_code lies(vl_reader *r, vl_sex_sums *sums, vl_work *work, vl_err *err)
{
    vl_buf header = { 0 };
    vl_contigs contigs = { 0 };
    bool whole;
    vl_alignments_counts *const c = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for counts");
    if (!vl_alignments_contigs_load(vl_reader_store(r), &header, &contigs, work, err) &&
        !vl_alignments_counts_load(c, r, &whole, work, err))
        for (size_t i = 0; i < contigs.n; i++) {
            static const uint64_t nothing[VL_CC_N];
            const uint64_t *const n = i + 1 < c->ncontig ? c->contig[i + 1] : nothing;
            vl_sex_add(sums, contigs.contig[i].name, contigs.contig[i].length, n[VL_CC_RECORDS],
                       (double)n[VL_CC_MAPQ]);
        }
    vl_alignments_counts_free(c);
    free(c);
    vl_contigs_free(&contigs);
    vl_buf_free(&header);
    return err->code;
}

const vl_identity vl_alignments_identity = { .kept = kept, .made = made, .lies = lies };
