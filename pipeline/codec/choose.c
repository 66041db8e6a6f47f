/* The choice of a codec for a chunk: those that suit its column are tried on a part of it (codec.h). */
#include "pipeline/codec/codec.h"

/* Bytes from the middle that stand for the whole. */
static vl_pack_job part_of(const vl_pack_job *job)
{
    enum { PART = 1 << 15 };
    vl_pack_job part = *job;
    part.level = 1;
    if (job->len > PART) {
        part.plain += (job->len - PART) / 2 / 64 * 64;
        part.len = PART;
    }
    return part;
}

static vl_code try_first(unsigned use, const vl_pack_job *job, vl_buf *out, const vl_codec **best,
                         vl_err *err)
{
    for (const vl_codec *const *c = vl_codecs; *c && !*best; c++) {
        bool fits = false;
        if (!(*c)->first || !vl_codec_suits(*c, use, job->type)) continue;
        out->len = 0;
        if ((*c)->pack(job, out, &fits, err)) break;
        if (fits) *best = *c;
    }
    return err->code;
}

static vl_code try_part(unsigned use, const vl_pack_job *part, vl_buf *out, const vl_codec **best,
                        vl_err *err)
{
    size_t least = SIZE_MAX;
    for (const vl_codec *const *c = vl_codecs; *c; c++) {
        bool fits = false;
        if ((*c)->first || !vl_codec_suits(*c, use, part->type)) continue;
        out->len = 0;
        if ((*c)->pack(part, out, &fits, err)) break;
        if (!fits || out->len >= least) continue;
        least = out->len;
        *best = *c;
    }
    return err->code;
}

vl_code vl_choose(unsigned use, const vl_pack_job *job, vl_codec_id *best, vl_err *err)
{
    const vl_pack_job part = part_of(job);
    const vl_codec *found = NULL;
    vl_buf *const out = &job->work->trial;
    if (try_first(use, job, out, &found, err)) return err->code;
    if (!found && try_part(use, &part, out, &found, err)) return err->code;
    if (!found) return vl_fail(err, VL_EBUG, "no codec for use %u, type %s", use, vl_type_name(job->type));
    *best = (vl_codec_id)found->id;
    return VL_OK;
}
