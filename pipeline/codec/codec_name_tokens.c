/*
 * Codec name: names of reads, comments, ids: texts of rows that are made alike. They are cut at what is no
 * letter or digit, and each word's column is coded as what it is (name.h). A chunk stands for itself.
 *
 * Payload: leb128 how many of the chunk's bytes, at its end, are only the last of those before; leb128 how
 * many texts the others are; the node of these texts, which has all bytes that follow.
 */
#include "pipeline/codec/name.h"

#include <stdlib.h>
#include <string.h>

/* What is kept from chunk to chunk, each made when first needed. */
typedef struct state {
    vl_name_packer *pack;
    vl_name_reader *unpack;
    vl_buf text;
} state;

static void release(void *self)
{
    state *const s = self;
    if (s->pack) vl_name_packer_free(s->pack);
    if (s->unpack) vl_name_reader_free(s->unpack);
    vl_buf_free(&s->text);
    free(s);
}

static state *state_of(vl_work *work, bool pack, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_name_tokens];
    if (!*own) *own = calloc(1, sizeof(state));
    state *const s = *own;
    if (s && pack && !s->pack) s->pack = vl_name_packer_new();
    if (s && !pack && !s->unpack) s->unpack = vl_name_reader_new();
    if (s && (pack ? s->pack != NULL : s->unpack != NULL)) return s;
    vl_fail(err, VL_ENOMEM, "no memory for names");
    return NULL;
}

/* The rows of the chunk that are not empty, what is behind the last end among them. */
static vl_code take_texts(const vl_pack_job *job, size_t len, vl_buf *out, vl_err *err)
{
    uint32_t start = 0;
    out->len = 0;
    for (size_t i = 0; i <= job->beside.nrow; i++) {
        const uint32_t end = i < job->beside.nrow ? job->beside.row[i] : (uint32_t)len;
        if (end <= start || end > len) continue;
        const vl_text t = { start, end - start };
        if (vl_buf_append(out, &t, sizeof t, err)) return err->code;
        start = end;
    }
    return VL_OK;
}

/* Bytes that zstd makes of the chunk, about: of a piece from the middle. */
static vl_code general_size(const vl_pack_job *job, size_t len, size_t *size, vl_err *err)
{
    enum { PIECE = 1 << 15, EFFORT = 2 };
    vl_buf *const out = &job->work->b;
    const size_t n = len < PIECE ? len : PIECE;
    out->len = 0;
    if (vl_zstd_pack(job->plain + (len - n) / 2, n, EFFORT, job->work, out, err)) return err->code;
    *size = (size_t)((uint64_t)out->len * len / n);
    return VL_OK;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    enum { FEW = 16, LONG = 1024 }; /* rows that tell nothing; bytes of rows that are no names */
    const size_t len = job->len - job->fill, before = out->len;
    *fits = false;
    if (!job->beside.row || job->beside.nrow < FEW || len / job->beside.nrow > LONG) return VL_OK;
    state *const s = state_of(job->work, true, err);
    if (!s || take_texts(job, len, &s->text, err)) return err->code;
    const size_t n = s->text.len / sizeof(vl_text);
    if (n < FEW) return VL_OK;
    size_t general = 0;
    if (vl_add_number(out, job->fill, err) || vl_add_number(out, n, err) ||
        vl_name_pack(s->pack, job->plain, len, (const vl_text *)(const void *)s->text.data, n, job->work, out,
                     fits, err) ||
        !*fits || general_size(job, len, &general, err))
        return err->code;
    *fits = out->len - before < general;
    return VL_OK;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    vl_rest in = { job->payload, job->payload + job->n };
    uint64_t fill, n;
    state *const s = state_of(job->work, false, err);
    if (!s) return err->code;
    if (job->width != 1 || !job->len || !vl_take_number(&in, &fill, job->len - 1) ||
        !vl_take_number(&in, &n, job->len - fill) || !n)
        return vl_fail(err, VL_ESTORE, "chunk of names: first bytes are cut off or make no sense");
    const size_t len = job->len - fill;
    const vl_part want = vl_wanted_elements(job, len);
    if (vl_name_unpack(s->unpack, &in, n, job->plain, len, want, job->work, err)) return err->code;
    memset(job->plain + len, job->plain[len - 1], fill);
    return VL_OK;
}

const vl_codec vl_codec_name_tokens = { .name = "name",
                                        .id = VL_CODEC_name_tokens,
                                        .uses = VL_ONE(VL_USE_TEXT),
                                        .types = VL_ONE(VL_U8),
                                        .first = true,
                                        .from_effort = 2,
                                        .pack = pack,
                                        .unpack = unpack,
                                        .release = release,
                                        .rows = true,
                                        .parts = true };
