/* Waiting chunks (wait.h). */
#include "pipeline/in/wait.h"

void vl_wait_open(vl_wait *w, const vl_codec *codec)
{
    w->codec = codec;
    w->shared.codec = codec->id;
    w->most = codec->sharing->wait;
    w->room = UINT64_MAX;
}

void vl_wait_limit(vl_wait *w, uint64_t bytes) { w->room = bytes; }

vl_code vl_wait_take(vl_wait *w, const vl_chunk *chunk, bool *over, vl_err *err)
{
    vl_guide guide;
    vl_pack_job job = {
        .plain = chunk->raw.data, .len = chunk->raw.len, .type = chunk->spec->type, .work = &w->work
    };
    vl_rows_show(&chunk->shown, &guide, &job.beside);
    bool more = true;
    uint64_t memory = 0;
    if (w->codec->sharing->grow(&w->shared, &job, &more, &memory, err)) return err->code;
    w->bytes += chunk->raw.len;
    *over = !more || chunk->last || w->bytes >= w->most || w->bytes + memory > w->room;
    return VL_OK;
}

vl_code vl_wait_end(vl_wait *w, vl_err *err)
{
    const vl_codec *const codec = w->codec;
    w->codec = NULL;
    vl_work_free(&w->work);
    return w->bytes ? codec->sharing->end(&w->shared, err) : VL_OK;
}

vl_code vl_wait_move(vl_wait *w, vl_chunks *to, vl_err *err)
{
    for (size_t i = 0; i < w->chunks.n; i++) {
        vl_chunk *const chunk = vl_chunks_add(to, err);
        if (!chunk) return err->code;
        const vl_chunk kept = *chunk; /* its buffers */
        *chunk = w->chunks.chunk[i];
        w->chunks.chunk[i] = kept;
    }
    vl_chunks_free(&w->chunks);
    return VL_OK;
}

void vl_wait_free(vl_wait *w)
{
    vl_chunks_free(&w->chunks);
    vl_shared_free(&w->shared);
    vl_work_free(&w->work);
    *w = (vl_wait){ 0 };
}
