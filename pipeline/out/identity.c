/* Genotypes, sexes, and what a store says of them (identity.h). */
#include "pipeline/out/identity.h"

#include "pipeline/out/kind.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- genotypes ---- */

vl_genotype vl_genotype_of(uint64_t ref, uint64_t alt, uint64_t other)
{
    const uint64_t depth = ref + alt;
    if (depth < VL_GENOTYPE_DEPTH || 10 * other > depth + other) return VL_GT_NONE;
    if (10 * alt <= depth) return VL_GT_REF;
    if (10 * ref <= depth) return VL_GT_ALT;
    return 5 * alt >= depth && 5 * ref >= depth ? VL_GT_HET : VL_GT_NONE;
}

void vl_fingerprint_free(vl_fingerprint *f) { vl_buf_free(&f->genotype); }

/* ---- sex ---- */

/* 1 to 22 for autosomes; 'X', 'Y'; 0: another. */
static int which(vl_cell name)
{
    int number = 0;
    if (name.n > 3 && !memcmp(name.at, "chr", 3)) name = (vl_cell){ name.at + 3, name.n - 3 };
    if (name.n == 1 && (name.at[0] == 'X' || name.at[0] == 'Y')) return name.at[0];
    if (!name.n || name.n > 2 || name.at[0] == '0') return 0;
    for (size_t i = 0; i < name.n; i++) {
        if (name.at[i] < '0' || name.at[i] > '9') return 0;
        number = 10 * number + (name.at[i] - '0');
    }
    return number <= 22 ? number : 0;
}

void vl_sex_add(vl_sex_sums *s, vl_cell contig, int64_t length, uint64_t rows, double weight)
{
    const int is = which(contig);
    vl_sex_sum *const to = is == 'X' ? &s->x : is == 'Y' ? &s->y : &s->autosomes;
    if (!is || length <= 0) return;
    to->length += (double)length;
    to->weight += weight;
    to->rows += rows;
}

const char *vl_sex_name(vl_sex sex)
{
    static const char *const names[] = { "unknown", "XX", "XY", "X0", "XXY" };
    return names[sex];
}

vl_sex vl_sex_of(const vl_sex_sums *s, double *x, double *y)
{
    enum { LEAST = 100 };
    *x = *y = NAN;
    if (!(s->autosomes.length > 0) || !(s->autosomes.weight > 0) || !(s->x.length > 0)) return VL_SEX_UNKNOWN;
    if ((double)s->autosomes.rows / s->autosomes.length * s->x.length / 2 < LEAST) return VL_SEX_UNKNOWN;
    const double depth = s->autosomes.weight / s->autosomes.length;
    *x = s->x.weight / s->x.length / depth;
    if (!(s->y.length > 0)) return VL_SEX_UNKNOWN;
    *y = s->y.weight / s->y.length / depth;
    const bool one = *x >= 0.35 && *x <= 0.65, two = *x >= 0.8 && *x <= 1.3, none = *y < 0.05,
               some = *y >= 0.1;
    if (two) return none ? VL_SEX_XX : some ? VL_SEX_XXY : VL_SEX_UNKNOWN;
    if (one) return none ? VL_SEX_X0 : some ? VL_SEX_XY : VL_SEX_UNKNOWN;
    return VL_SEX_UNKNOWN;
}

/* ---- a store ---- */

static vl_code read_all(vl_identified *i, const vl_identity *k, vl_reader *r, const vl_sites *sites,
                        int threads, vl_work *work, vl_err *err)
{
    if (k->kept(vl_reader_store(r), &i->print, work, err)) return err->code;
    if (sites && strcmp(i->print.digest, sites->digest) && k->made(r, sites, threads, &i->print, work, err))
        return err->code;
    return k->lies(r, &i->sums, work, err);
}

vl_code vl_identify(vl_identified *out, const char *path, const vl_sites *sites, int threads, vl_err *err)
{
    vl_store *st = NULL;
    vl_reader *r = NULL;
    vl_work work = { 0 };
    const vl_kind *kind = NULL;
    if (!vl_store_look(&st, path, err) && !vl_kind_of(&kind, st, err) && kind->identity &&
        !vl_store_get(st, "/", "vial.sample", out->sample, sizeof out->sample, err) &&
        !vl_store_get(st, "/", "vial.acquisition", out->acquisition, sizeof out->acquisition, err) &&
        !vl_reader_open(&r, st, kind->schema, kind->old, err)) {
        out->has = true;
        read_all(out, kind->identity, r, sites, threads, &work, err);
    }
    vl_reader_close(r);
    vl_store_close(st);
    vl_work_free(&work);
    return vl_err_file(err, path);
}

void vl_identified_free(vl_identified *i)
{
    vl_fingerprint_free(&i->print);
    *i = (vl_identified){ 0 };
}
