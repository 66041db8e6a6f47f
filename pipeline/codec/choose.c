/*
 * The choice of codec and effort for a chunk: what suits its column is tried on a part of it (codec.h).
 *
 * First the codecs, all at one effort, so that a slower profile starts from the same one; then that codec's
 * efforts. An effort counts by the bytes it gives and, trial->gain per mille for each step of its cost, by
 * its time, which goes with the bytes that remain and a little with those that there were. With a smaller
 * gain this chooses an effort that gives fewer bytes or the same one, never more: a slower profile is not the
 * larger one.
 */
#include "pipeline/codec/codec.h"

enum { FIRST_EFFORT = 1, PIECE = 1 << 14 };

/* What an effort costs: about the doublings of its time. */
static const unsigned cost[VL_EFFORTS] = { 0, 1, 2, 2, 10, 12, 12 };

/* Bytes that stand for the whole. */
typedef struct part {
    vl_pack_job job;
    bool letters; /* not numbers, whose planes lie far apart */
    bool whole;
} part;

/* Of what lies beside the chunk, that of the elements [at, at + n). */
static vl_code cut_beside(const vl_pack_job *whole, size_t at, size_t n, vl_pack_job *piece, vl_err *err)
{
    const vl_beside *const b = &whole->beside;
    vl_buf *const rows = &whole->work->rows;
    if (b->near) piece->beside.near = b->near + at * vl_type_width(b->near_type);
    piece->beside.nrow = 0;
    piece->beside.row = NULL;
    if (!b->row) return VL_OK;
    rows->len = 0;
    for (size_t i = 0; i < b->nrow; i++) {
        const uint32_t end = b->row[i] - (uint32_t)at;
        if (b->row[i] <= at) continue;
        if (b->row[i] > at + n) break;
        if (vl_buf_append(rows, &end, sizeof end, err)) return err->code;
    }
    piece->beside.row = (const uint32_t *)(const void *)rows->data;
    piece->beside.nrow = rows->len / sizeof(uint32_t);
    return VL_OK;
}

/* A chunk that is its whole column and not large is tried whole, of others pieces from all over: what a chunk
 * begins with need not be what it goes on with. */
static vl_code take_part(const vl_pack_job *job, size_t npiece, part *out, vl_err *err)
{
    enum { FEW_LETTERS = 1 << 19, FEW_NUMBERS = 1 << 15 };
    const size_t real = job->len - job->fill;
    const bool letters = vl_type_width(job->type) == 1;
    vl_buf *const bytes = &job->work->part;
    *out = (part){ *job, letters, !job->fill && real <= (letters ? FEW_LETTERS : FEW_NUMBERS) };
    out->job.fill = 0;
    out->job.len = real;
    if (out->whole || real <= PIECE * npiece) return VL_OK;
    bytes->len = 0;
    const bool sees = job->beside.row || job->beside.near; /* then it must be in one piece */
    for (size_t i = 0; i < (sees ? 1 : npiece); i++) {
        const size_t at = (2 * i + 1) * (real - PIECE) / (2 * npiece) / 64 * 64;
        const size_t width = vl_type_width(job->type);
        if (vl_buf_append(bytes, job->plain + at, PIECE, err)) return err->code;
        if (sees && cut_beside(job, at / width, PIECE / width, &out->job, err)) return err->code;
    }
    out->job.plain = bytes->data;
    out->job.len = bytes->len;
    return VL_OK;
}

/* Bytes that the codec makes of the job; SIZE_MAX if it cannot hold it. */
static size_t packed_size(const vl_codec *codec, vl_pack_job job, int effort, vl_err *err)
{
    vl_buf *const out = &job.work->trial;
    bool fits = true;
    const vl_model *const model = job.beside.model;
    if (model && model->codec != codec->id) job.beside.model = NULL;
    job.effort = effort;
    out->len = 0;
    return !codec->pack(&job, out, &fits, err) && fits ? out->len : SIZE_MAX;
}

/* The codec that holds the part in the fewest bytes, but for those refused (bits by number); NULL if none
 * does. The table has the special ones last: they are the quicker ones, and keep their place when others are
 * hardly smaller. */
static const vl_codec *choose_codec(const vl_trial *trial, unsigned use, const part *p, uint64_t refused,
                                    vl_err *err)
{
    const vl_codec *best = NULL;
    size_t least = SIZE_MAX;
    const vl_codec *const *c = vl_codecs;
    while (*c) c++;
    while (c-- > vl_codecs && !err->code) {
        if ((*c)->first || refused >> (*c)->id & 1 || !vl_codec_may_try(trial, *c, use, p->job.type))
            continue;
        const size_t n = packed_size(*c, p->job, FIRST_EFFORT, err);
        if (n == SIZE_MAX || (best && n >= least - least / 100)) continue;
        least = n;
        best = *c;
    }
    return best;
}

/*
 * The effort with the least score: its bytes, and what its time is worth; of a small column the bytes alone
 * count. Matches that are further apart than the part is long are not seen in it. Effort 0 finds none: in a
 * part of letters it pays `far` per mille for them, in one of numbers it is not tried. Slower efforts that do
 * not win, two of letters or one of numbers, end it when speed counts at all.
 */
static int choose_effort(const vl_trial *trial, const vl_codec *codec, const part *p, unsigned far,
                         vl_err *err)
{
    const unsigned gain = p->whole ? 0 : trial->gain;
    const int patience = p->letters ? 2 : 1;
    uint64_t least = UINT64_MAX;
    int best = FIRST_EFFORT, lost = 0;
    if (codec->even) return best;
    for (int i = 0; i < trial->neffort && !err->code; i++) {
        const int e = trial->effort[i];
        if (!e && far && !p->letters && !p->whole) continue;
        const size_t n = packed_size(codec, p->job, e, err);
        if (n == SIZE_MAX) continue;
        const uint64_t time = (uint64_t)gain * cost[e] * (n + p->job.len / 16);
        const uint64_t score = n * (1000 + (e || p->whole ? 0 : far)) + time;
        lost++;
        if (score < least) {
            least = score;
            best = e;
            lost = 0;
        }
        if (lost == patience && gain) break;
    }
    return best;
}

vl_code vl_choose_effort(const vl_trial *trial, const vl_codec *codec, const vl_pack_job *job, int *effort,
                         vl_err *err)
{
    part p;
    if (take_part(job, 4, &p, err)) return err->code;
    *effort = choose_effort(trial, codec, &p, 0, err);
    return err->code;
}

/* Somebody gave what its chunks share: it is meant to be used, whatever the profile. */
static bool is_given(const vl_codec *codec, const vl_shared *shared)
{
    return codec->sharing && !codec->sharing->grow && shared && shared->codec == codec->id;
}

/* Codecs that say no quickly, on the whole chunk. */
static vl_code pack_first(const vl_trial *trial, unsigned use, const vl_pack_job *job, vl_buf *packed,
                          bool *fits, vl_err *err)
{
    *fits = false;
    for (const vl_codec *const *c = vl_codecs; *c && !*fits; c++) {
        if (!(*c)->first) continue;
        if (!is_given(*c, job->beside.shared) && !vl_codec_may_try(trial, *c, use, job->type)) continue;
        if (vl_pack(*c, job, packed, fits, err)) return err->code;
    }
    return VL_OK;
}

/* Tries the codecs that see more in the whole chunk than in a part, but for the one that packed it. */
static vl_code pack_far(const vl_trial *trial, unsigned use, const vl_pack_job *job, uint64_t refused,
                        vl_buf *packed, vl_err *err)
{
    vl_buf *const other = &job->work->part; /* no part is wanted any more */
    for (const vl_codec *const *c = vl_codecs; *c; c++) {
        bool fits;
        if (!(*c)->far || refused >> (*c)->id & 1 || !vl_codec_may_try(trial, *c, use, job->type)) continue;
        if (vl_pack(*c, job, other, &fits, err)) return err->code;
        if (fits && other->len < packed->len) vl_buf_swap(packed, other);
    }
    return VL_OK;
}

vl_code vl_pack_best(const vl_trial *trial, unsigned use, const vl_pack_job *job, vl_buf *packed, vl_err *err)
{
    enum { FAR = 15 };
    uint64_t refused = 0;
    bool fits = false;
    if (pack_first(trial, use, job, packed, &fits, err) || fits) return err->code;
    while (!fits) { /* a codec that holds the part may not hold the whole */
        vl_pack_job best = *job;
        part p;
        if (take_part(job, 2, &p, err)) return err->code;
        const vl_codec *const codec = choose_codec(trial, use, &p, refused, err);
        if (err->code || take_part(job, 4, &p, err)) return err->code;
        if (!codec)
            return vl_fail(err, VL_EBUG, "no codec for use %u, type %s", use, vl_type_name(job->type));
        best.effort = choose_effort(trial, codec, &p, FAR, err);
        if (err->code || vl_pack(codec, &best, packed, &fits, err)) return err->code;
        refused |= UINT64_C(1) << codec->id;
    }
    return pack_far(trial, use, job, refused, packed, err);
}
