/*
 * Whose data a store holds, as far as the data itself says: genotypes at sites of a list (io/sites.h), and
 * how much lies on the contigs that tell sexes apart. A kind whose data says that has an entry (kind.h).
 */
#ifndef VL_IDENTITY_H
#define VL_IDENTITY_H

#include "pipeline/io/sites.h"
#include "pipeline/out/reader.h"

/* ---- genotypes ---- */

typedef enum vl_genotype {
    VL_GT_NONE, /* not known */
    VL_GT_REF,  /* two reference letters */
    VL_GT_ALT,  /* two others */
    VL_GT_HET   /* one of both */
} vl_genotype;

/* By letters that were counted. Fewer than 7 say nothing: of 7 of a heterozygous site all are alike once in
 * 64 times. A share of up to 0.1 of the other letter is error, from 0.2 to 0.8 both are there, from 0.9 on
 * the reference letter is error; what lies between is not known, nor is a site where more than 0.1 of all
 * are a third letter. */
vl_genotype vl_genotype_of(uint64_t ref, uint64_t alt, uint64_t other);
enum { VL_GENOTYPE_DEPTH = 7 };

typedef struct vl_fingerprint {
    char digest[33]; /* of the list; "": there is none */
    vl_buf genotype; /* a byte a site, in the order of the list */
} vl_fingerprint;
void vl_fingerprint_free(vl_fingerprint *f);

/* ---- sex ---- */

/* What lies on contigs. Weight: of rows, each by how sure it is that it lies there. */
typedef struct vl_sex_sum {
    double length, weight; /* of all of them */
    uint64_t rows;
} vl_sex_sum;
typedef struct vl_sex_sums {
    vl_sex_sum autosomes, x, y; /* 1 to 22, X, Y; or chr1 to chr22, chrX, chrY */
} vl_sex_sums;
void vl_sex_add(vl_sex_sums *s, vl_cell contig, int64_t length, uint64_t rows, double weight);

typedef enum vl_sex { VL_SEX_UNKNOWN, VL_SEX_XX, VL_SEX_XY, VL_SEX_X0, VL_SEX_XXY } vl_sex;
const char *vl_sex_name(vl_sex sex); /* "XX", "unknown" */

/* How often X and Y are there, by the depth of autosomes, which are there twice: *x, *y, 1 for twice; NaN
 * where there are no such contigs or too little lies on them. One X: from 0.35 to 0.65; two: from 0.8 to 1.3.
 * No Y: below 0.05, as of records that might lie elsewhere little counts; one: 0.1 and more, not 0.5, as
 * about half of Y's sequence is unknown or repeats (ngs-bits SampleGender, by numbers of reads: men from Y/X
 * = 0.09 on, which with one X is y = 0.12 by the lengths of GRCh38). The rest is not known. Expected are at
 * least 100 rows on a single X, so that what chance adds is a tenth of it. */
vl_sex vl_sex_of(const vl_sex_sums *s, double *x, double *y);

/* ---- a kind's ---- */

typedef struct vl_identity {
    /* The genotypes of the sites that were counted when the data came in. */
    vl_code (*kept)(vl_store *st, vl_fingerprint *out, vl_work *work, vl_err *err);
    /* The same of any list, from the rows. */
    vl_code (*made)(vl_reader *r, const vl_sites *sites, int threads, vl_fingerprint *out, vl_work *work,
                    vl_err *err);
    /* Adds what lies on each contig. */
    vl_code (*lies)(vl_reader *r, vl_sex_sums *sums, vl_work *work, vl_err *err);
} vl_identity;

/* What a store says. */
typedef struct vl_identified {
    bool has; /* its kind says whose it is; else nothing below is set */
    char sample[256], acquisition[256];
    vl_fingerprint print;
    vl_sex_sums sums;
} vl_identified;

/* Into zeroes, to be freed. sites NULL: what the store has; else by this list, which it may have. Errors name
 * the store. */
vl_code vl_identify(vl_identified *out, const char *path, const vl_sites *sites, int threads, vl_err *err);
void vl_identified_free(vl_identified *i);

#endif
