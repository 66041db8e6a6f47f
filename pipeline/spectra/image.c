/*
 * image: the intensity of an ion in each pixel (image.h). Spectra that have a place are summed up as for an
 * ion chromatogram; several of one pixel (as of MS levels) are put together as peaks are, sum or highest.
 */
#include "pipeline/spectra/image.h"
#include "pipeline/spectra/spectra_summaries.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS_MOST = 1 << 26 };

/* ---- places ---- */

static vl_code load_places(vl_image *m, vl_err *err)
{
    vl_reader *const r = m->xic.job->r;
    const size_t n = (size_t)vl_reader_nrow(r, VL_SPT_SPECTRUM);
    for (int k = 0; k < 3 && n; k++) {
        const int field = VL_SP_X + k;
        if (vl_reader_columns(r)->absent[field]
                ? vl_columns_missing(&vl_reader_columns(r)->schema->field[field], n, &m->place[k], err)
                : vl_reader_elements(r, vl_reader_column(r, field), 0, n, &m->place[k], &m->xic.job->work,
                                     err))
            return err->code;
    }
    return VL_OK;
}

static int32_t place(const vl_image *m, int axis, uint64_t row)
{
    return (int32_t)vl_le32(m->place[axis].data + 4 * row);
}

/* Spectra of the layer that is asked for, which have a place. */
static bool is_shown(const vl_image *m, uint64_t row)
{
    if (place(m, 0, row) == VL_SP_NO_POSITION || place(m, 1, row) == VL_SP_NO_POSITION) return false;
    return m->asked->layer == VL_NOWHERE || place(m, 2, row) == (int32_t)m->asked->layer;
}

/* Without --layer there must be one. */
static vl_code check_layers(const vl_image *m, vl_err *err)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (size_t i = 0; i < m->xic.nrow && m->asked->layer == VL_NOWHERE; i++) {
        if (!is_shown(m, m->xic.row[i].row)) continue;
        const int32_t z = place(m, 2, m->xic.row[i].row);
        low = z < low ? z : low;
        high = z > high ? z : high;
    }
    if (low >= high) return VL_OK;
    return vl_fail(err, VL_EARG, "the image has layers from %d to %d: --layer chooses one",
                   low == VL_SP_NO_POSITION ? 0 : low, high);
}

static vl_code measure(vl_image *m, vl_err *err)
{
    int32_t low[2] = { INT32_MAX, INT32_MAX }, high[2] = { INT32_MIN, INT32_MIN };
    for (size_t i = 0; i < m->xic.nrow; i++) {
        const uint64_t row = m->xic.row[i].row;
        if (!is_shown(m, row)) continue;
        for (int k = 0; k < 2; k++) {
            const int32_t at = place(m, k, row);
            low[k] = at < low[k] ? at : low[k];
            high[k] = at > high[k] ? at : high[k];
        }
    }
    if (low[0] > high[0])
        return vl_fail(err, VL_EUNSUP,
                       "no spectrum that is asked for says which pixel it is of: this is no image");
    const uint64_t width = (uint64_t)((int64_t)high[0] - low[0]) + 1,
                   height = (uint64_t)((int64_t)high[1] - low[1]) + 1;
    if (width > PIXELS_MOST || height > PIXELS_MOST || width * height > PIXELS_MOST)
        return vl_fail(err, VL_EUNSUP, "an image of %llu x %llu pixels; %d are drawn at most",
                       (unsigned long long)width, (unsigned long long)height, PIXELS_MOST);
    m->x = low[0];
    m->y = low[1];
    m->width = (uint32_t)width;
    m->height = (uint32_t)height;
    return VL_OK;
}

/* ---- values ---- */

static void put_pixel(vl_image *m, uint64_t row, double value)
{
    double *const to =
        &m->value[(size_t)(place(m, 1, row) - m->y) * m->width + (size_t)(place(m, 0, row) - m->x)];
    if (isnan(*to)) *to = value;
    else if (!m->asked->highest) *to += value;
    else if (value > *to) *to = value;
}

static vl_code sum(vl_image *m, vl_err *err)
{
    vl_xic *const x = &m->xic;
    const size_t n = (size_t)m->width * m->height;
    size_t first = 0;
    m->value = malloc(n * sizeof *m->value);
    x->value = calloc(x->nrow + 1, sizeof *x->value);
    x->order = &first;
    x->to = 1;
    x->widest = (x->target[0].high - x->target[0].low) * (1 + 1e-9) + 1e-9;
    if (!m->value || !x->value) vl_fail(err, VL_ENOMEM, "no memory for %zu pixels", n);
    else if (x->nrow) vl_xic_sum(x, err);
    x->order = NULL;
    for (size_t i = 0; i < n && !err->code; i++) m->value[i] = (double)NAN;
    for (size_t i = 0; i < x->nrow && !err->code; i++)
        if (is_shown(m, x->row[i].row)) put_pixel(m, x->row[i].row, x->value[i]);
    return err->code;
}

/* ---- what is asked ---- */

static vl_code ask_target(vl_image *m, vl_err *err)
{
    const vl_image_asked *const ask = m->asked;
    vl_xic_target t = { .mz = (double)NAN,
                        .time = { (double)NAN, (double)NAN },
                        .isolation = (double)NAN,
                        .level = ask->level,
                        .highest = ask->highest };
    if (!ask->mz == !ask->tic) return vl_fail(err, VL_EARG, "of what: --mz or --tic");
    if (ask->tolerance && !ask->mz) return vl_fail(err, VL_EARG, "--tol goes with --mz");
    if (ask->mz) {
        char *end = NULL;
        t.mz = strtod(ask->mz, &end);
        if (end == ask->mz || *end || !(t.mz > 0) || !isfinite(t.mz))
            return vl_fail(err, VL_EARG, "--mz: '%.60s' is no m/z", ask->mz);
    }
    if (!(ask->clip > 0 && ask->clip <= 1))
        return vl_fail(err, VL_EARG, "--clip: a share of the pixels, above 0 and up to 1");
    return vl_xic_add(&m->xic, &t, ask->tolerance ? ask->tolerance : "10ppm", err);
}

static bool ends_in(const char *path, const char *form)
{
    const size_t n = strlen(path), len = strlen(form);
    return n > len && path[n - len - 1] == '.' && !strcmp(path + n - len, form);
}

/* As it is asked for, or as the output is named; a table else. */
static vl_code choose_form(const vl_image *m, const vl_image_form **out, vl_err *err)
{
    *out = vl_image_forms[0];
    for (int i = 0; vl_image_forms[i]; i++) {
        const char *const name = vl_image_forms[i]->name;
        if (m->asked->form ? !strcmp(m->asked->form, name) : ends_in(m->xic.job->ask->out, name)) {
            *out = vl_image_forms[i];
            return VL_OK;
        }
    }
    if (!m->asked->form) return VL_OK;
    return vl_fail(err, VL_EARG, "-O: images are printed as tsv, png, svg, not as '%.40s'", m->asked->form);
}

static vl_code print(vl_summary_job *job, vl_err *err)
{
    static const vl_xic_asked nothing = { .isolation = NAN, .mobility = { NAN, NAN } };
    const vl_image_form *form = NULL;
    vl_image m = { .asked = job->asked, .xic = { .job = job, .asked = &nothing } };
    vl_xic *const x = &m.xic;
    vl_buf text = { 0 };
    if (!choose_form(&m, &form, err) && !ask_target(&m, err) && !vl_xic_choose(x, err) &&
        !load_places(&m, err) && !measure(&m, err) && !check_layers(&m, err) && !sum(&m, err) &&
        !form->print(&m, &text, err))
        vl_output_put(job->out, &text, err);
    vl_buf *const all[] = { &text,     &m.place[0], &m.place[1],   &m.place[2], &x->target_mz,
                            &x->lower, &x->upper,   &x->time_text, &x->time_end };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(m.value);
    free(x->target);
    free(x->row);
    free(x->value);
    return err->code;
}

static void defaults(void *asked)
{
    *(vl_image_asked *)asked = (vl_image_asked){ .clip = 1, .layer = VL_NOWHERE };
}

#define AT(member) offsetof(vl_image_asked, member)
static const vl_opt options[] = {
    { 0, "mz", VL_OPT_TEXT, NULL, "MZ", "the image of this m/z", AT(mz), NULL },
    { 0, "tol", VL_OPT_TEXT, NULL, "T", "around m/z, both ways: 10ppm (default), 0.02Th, 0.02", AT(tolerance),
      NULL },
    { 0, "tic", VL_OPT_FLAG, NULL, NULL, "of all peaks of each spectrum", AT(tic), NULL },
    { 0, "agg", VL_OPT_CHOICE, NULL, "A", "of the peaks in the window: sum or max", AT(highest), "sum max" },
    { 0, "ms-level", VL_OPT_COUNT, NULL, "N", "spectra of this MS level; default: any", AT(level), NULL },
    { 0, "layer", VL_OPT_WHOLE, NULL, "Z", "pixels of this z", AT(layer), NULL },
    { 0, "clip", VL_OPT_NUMBER, NULL, "Q",
      "the brightest colour is for what a share Q of pixels do not exceed", AT(clip), NULL },
    { 0, "scale", VL_OPT_COUNT, NULL, "N", "a pixel is a square of N; default: so that it can be seen",
      AT(scale), NULL },
    { 'O', "output-format", VL_OPT_TEXT, NULL, "F", "tsv, png, svg; default: what -o ends in, else tsv",
      AT(form), NULL },
    { .name = "" },
};
#undef AT

const vl_summary vl_spectra_image = {
    .name = "image",
    .doc = "intensity of an ion in each pixel, from images of mass spectra",
    .more =
        "Of a store made from imzML: the sum of the peaks from m/z - T to m/z + T, ends included, or the "
        "highest of them, of\n"
        "the spectra of each pixel. As tsv a line a pixel that has a spectrum: x, y, intensity. As png a "
        "picture, a colour for\n"
        "each, from violet for 0 to yellow for the highest; pixels without a spectrum are transparent, and "
        "m/z and the ends of\n"
        "the scale stand in the file as its description. As svg the same with its scale beside it.\n"
        "Examples:\n"
        "  vial image --mz 798.54 --tol 10ppm image3.h5 -o ion.png\n"
        "  vial image --tic --clip 0.99 image3.h5 -o tic.svg\n"
        "  vial image --mz 798.54 --tol 0.01Th image3.h5 > ion.tsv\n",
    .option = options,
    .size = sizeof(vl_image_asked),
    .defaults = defaults,
    .print = print,
};
