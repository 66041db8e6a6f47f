/* Learning of columns (learn.h). */
#include "pipeline/in/learn.h"

const vl_chunk *vl_chunk_near(const vl_chunks *chunks, const vl_chunk *chunk)
{
    if (!chunk->spec->near) return NULL;
    for (size_t i = 0; i < chunks->n; i++) {
        const vl_chunk *const c = &chunks->chunk[i];
        if (c->spec == chunk->spec->near && c->first == chunk->first && c->count == chunk->count) return c;
    }
    return NULL;
}

static vl_code learn_one(vl_learns learns, vl_work *work, const vl_chunks *chunks, const vl_chunk *chunk,
                         vl_err *err)
{
    const vl_spec *const spec = chunk->spec;
    const vl_codec *const codec = vl_codec_learner(spec->use, spec->type);
    const vl_chunk *const near = vl_chunk_near(chunks, chunk);
    vl_guide guide;
    vl_pack_job job = { .plain = chunk->raw.data,
                        .len = chunk->raw.len,
                        .type = spec->type,
                        .beside = { .near = near ? near->raw.data : NULL,
                                    .near_type = near ? near->spec->type : VL_U8 },
                        .learns = learns,
                        .work = work };
    vl_rows_show(&chunk->shown, &guide, &job.beside);
    spec->model->codec = codec->id;
    return codec->learn(&job, &spec->model->bytes, err);
}

vl_code vl_learn(vl_learns learns, vl_work *work, const vl_chunks *chunks, size_t from, vl_err *err)
{
    for (size_t i = from; i < chunks->n; i++)
        if (!chunks->chunk[i].first && chunks->chunk[i].spec->model &&
            learn_one(learns, work, chunks, &chunks->chunk[i], err))
            return err->code;
    return VL_OK;
}
