/*
 * Which reads: by name, length, a share of all, mean quality, and by patterns (reads_pattern.c).
 *
 * The mean of qualities has two meanings in the field, and reads differ in them by 3 to 8: the mean of the
 * probabilities of error, as a quality again (--mean-quality: NanoPlot, chopper, seqkit), and the mean of the
 * numbers themselves (--mean-phred: fastp, FastQC). Neither is that of a read without letters.
 */
#include "pipeline/reads/reads_names.h"

#include "formats/xxh3.h"

#include <math.h>
#include <string.h>

/* ---- names ---- */

static const vl_reads_names *names_of(const vl_viewer *v) { return ((const vl_reads_own *)v->own)->names; }

static bool asks_names(const vl_viewer *v)
{
    return names_of(v) && !vl_reads_names_see_comments(names_of(v));
}

static bool asks_titles(const vl_viewer *v)
{
    return names_of(v) && vl_reads_names_see_comments(names_of(v));
}

/* ---- lengths ---- */

static bool asks_length(const vl_viewer *v)
{
    const vl_reads_asked *const ask = v->asked;
    return ask->length[0] || ask->length[1] < UINT64_MAX;
}

static vl_code has_length(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    const uint64_t *const length = vl_reads_asked_of(v)->length, *const offset = b->col[VL_RD_BASE].offset;
    const size_t step = vl_reads_step(v);
    (void)err;
    for (size_t row = 0; row < n * step; row++) {
        const uint64_t len = offset[row + 1] - offset[row];
        what[row / step] |= (uint8_t)((len >= length[0] && len <= length[1]) << row % step);
    }
    return VL_OK;
}

/* ---- a share ---- */

static bool asks_fraction(const vl_viewer *v) { return !isnan(vl_reads_asked_of(v)->fraction); }

/* A name without "/1" or "/2" at its end, so that mates in stores of their own go together. */
static size_t without_mark(vl_cell name)
{
    const uint8_t *const end = name.at + name.n;
    return name.n > 2 && end[-2] == '/' && (end[-1] == '1' || end[-1] == '2') ? name.n - 2 : name.n;
}

static vl_code is_drawn(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    const vl_reads_asked *const ask = v->asked;
    const uint8_t all = vl_reads_how(v)->paired ? 3 : 1;
    const double most = ldexp(ask->fraction, 64);
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const vl_cell name = vl_row(&b->col[VL_RD_NAME], i);
        const uint64_t hash = XXH3_64bits_withSeed(name.at, without_mark(name), ask->seed);
        what[i] = most >= 0x1p64 || hash < (uint64_t)most ? all : 0;
    }
    return VL_OK;
}

/* ---- mean qualities ---- */

/* Means that should be equal may differ in their last digits. */
static const double slack = 1e-9;

static bool is_within(double mean, const double range[2])
{
    return mean >= range[0] - slack && mean <= range[1] + slack;
}

static double mean_phred(vl_cell s)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < s.n; k++) sum += s.at[k];
    return (double)sum / (double)s.n;
}

/* Sums in turn, as one would wait for itself. */
static double mean_error(vl_cell s, const double chance[256])
{
    double sum[4] = { 0 };
    size_t k = 0;
    for (; k + 4 <= s.n; k += 4)
        for (int lane = 0; lane < 4; lane++) sum[lane] += chance[s.at[k + (size_t)lane]];
    for (; k < s.n; k++) sum[0] += chance[s.at[k]];
    return (sum[0] + sum[1] + sum[2] + sum[3]) / (double)s.n;
}

static bool asks_mean_phred(const vl_viewer *v) { return !isnan(vl_reads_asked_of(v)->mean_phred[0]); }
static bool asks_mean_quality(const vl_viewer *v) { return !isnan(vl_reads_asked_of(v)->mean_quality[0]); }

static vl_code has_mean_phred(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    const size_t step = vl_reads_step(v);
    (void)err;
    for (size_t row = 0; row < n * step; row++) {
        const vl_cell s = vl_row(&b->col[VL_RD_QUALITY], row);
        const bool holds =
            s.n && !vl_no_quality(s) && is_within(mean_phred(s), vl_reads_asked_of(v)->mean_phred);
        what[row / step] |= (uint8_t)(holds << row % step);
    }
    return VL_OK;
}

static vl_code has_mean_quality(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    const size_t step = vl_reads_step(v);
    double chance[256];
    (void)err;
    for (int q = 0; q < 256; q++) chance[q] = pow(10, -q / 10.0);
    for (size_t row = 0; row < n * step; row++) {
        const vl_cell s = vl_row(&b->col[VL_RD_QUALITY], row);
        const bool holds = s.n && !vl_no_quality(s) &&
                           is_within(-10 * log10(mean_error(s, chance)), vl_reads_asked_of(v)->mean_quality);
        what[row / step] |= (uint8_t)(holds << row % step);
    }
    return VL_OK;
}

/* ---- the table ---- */

const vl_predicate vl_reads_predicates[] = {
    { asks_names, { { VL_RD_NAME, VL_WANT_ROWS } }, vl_reads_names_narrow, vl_reads_names_hold },
    { asks_titles,
      { { VL_RD_NAME, VL_WANT_ROWS }, { VL_RD_COMMENT, VL_WANT_ROWS } },
      vl_reads_names_narrow,
      vl_reads_names_hold },
    { asks_length, { { VL_RD_BASE, VL_WANT_LENGTHS } }, NULL, has_length },
    { asks_fraction, { { VL_RD_NAME, VL_WANT_ROWS } }, NULL, is_drawn },
    { vl_reads_asks_name_regex, { { VL_RD_NAME, VL_WANT_ROWS } }, NULL, vl_reads_name_matches },
    { vl_reads_asks_comment_regex, { { VL_RD_COMMENT, VL_WANT_ROWS } }, NULL, vl_reads_comment_matches },
    { asks_mean_phred, { { VL_RD_QUALITY, VL_WANT_ROWS } }, NULL, has_mean_phred },
    { asks_mean_quality, { { VL_RD_QUALITY, VL_WANT_ROWS } }, NULL, has_mean_quality },
    { vl_reads_asks_motif, { { VL_RD_BASE, VL_WANT_ROWS } }, NULL, vl_reads_has_motif },
    { .asked = NULL }
};

vl_code vl_reads_check_asked(vl_viewer *v, vl_err *err)
{
    const vl_reads_asked *const ask = v->asked;
    if (ask->name && ask->names) return vl_fail(err, VL_EARG, "either --name or --names");
    if (ask->order && !ask->names) return vl_fail(err, VL_EARG, "--order goes with --names");
    if (!isnan(ask->fraction) && !(ask->fraction >= 0 && ask->fraction <= 1))
        return vl_fail(err, VL_EARG, "--fraction is from 0 to 1, not %g", ask->fraction);
    if (v->ask->given && vl_given_find(v->ask->given, "seed") && isnan(ask->fraction))
        return vl_fail(err, VL_EARG, "--seed goes with --fraction");
    return vl_reads_check_patterns(v, err);
}
