/*
 * Codec name: names of reads, comments, ids: texts of rows that are made alike. They are cut at what is no
 * letter or digit, and each word's column is coded as what it is (name.h). A chunk stands for itself.
 *
 * Payload: leb128 how many of the chunk's bytes, at its end, are only the last of those before; leb128 how
 * many texts the others are; the node of these texts, which has all bytes that follow.
 *
 * Codec name-groups is the same with a list in front of the node, so that a few texts are made without those
 * before them: u8 shift; of each group of 1 << shift texts but the first, leb128 how many bytes the group
 * before it has.
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

static state *state_of(vl_work *work, bool grouped, bool pack, vl_err *err)
{
    void **const own = &work->state[grouped ? VL_CODEC_name_groups : VL_CODEC_name_tokens];
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

/* Groups: as many as find a text soon, and take few bytes. */
static unsigned shift_of(size_t n)
{
    enum { LEAST = 9, GROUPS = 64 };
    unsigned shift = LEAST;
    while (n >> shift >= GROUPS) shift++;
    return shift;
}

static vl_code add_groups(const vl_text *text, size_t n, vl_buf *out, vl_err *err)
{
    const uint8_t shift = (uint8_t)shift_of(n);
    const size_t each = (size_t)1 << shift;
    vl_buf_append(out, &shift, 1, err);
    for (size_t i = each; i < n && !err->code; i += each)
        vl_add_number(out, text[i].at - text[i - each].at, err);
    return err->code;
}

static vl_code pack_either(const vl_pack_job *job, bool grouped, vl_buf *out, bool *fits, vl_err *err)
{
    enum { FEW = 16, LONG = 1024 }; /* rows that tell nothing; bytes of rows that are no names */
    const size_t len = job->len - job->fill, before = out->len;
    *fits = false;
    if (!job->beside.row || job->beside.nrow < FEW || len / job->beside.nrow > LONG) return VL_OK;
    state *const s = state_of(job->work, grouped, true, err);
    if (!s || take_texts(job, len, &s->text, err)) return err->code;
    const size_t n = s->text.len / sizeof(vl_text);
    if (n < FEW) return VL_OK;
    size_t general = 0;
    const vl_text *const text = (const vl_text *)(const void *)s->text.data;
    if (vl_add_number(out, job->fill, err) || vl_add_number(out, n, err) ||
        (grouped && add_groups(text, n, out, err)) ||
        vl_name_pack(s->pack, job->plain, len, text, n, job->work, out, fits, err) || !*fits ||
        general_size(job, len, &general, err))
        return err->code;
    *fits = out->len - before < general;
    return VL_OK;
}

static vl_code first_bytes(vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of names: first bytes are cut off or make no sense");
}

/* Where groups of n texts begin, which have len bytes. */
static vl_code take_groups(state *s, vl_rest *in, size_t n, size_t len, vl_name_groups *groups, vl_err *err)
{
    const uint8_t *shift;
    if (!vl_take_bytes(in, &shift, 1) || *shift > 32) return first_bytes(err);
    const size_t ngroup = ((n - 1) >> *shift) + 1;
    /* each but the first takes a byte */
    if (ngroup - 1 > vl_rest_of(in)) return first_bytes(err);
    if (vl_buf_reserve(&s->text, ngroup * sizeof(uint64_t), err)) return err->code;
    uint64_t *const start = (uint64_t *)(void *)s->text.data;
    start[0] = 0;
    for (size_t g = 1; g < ngroup; g++) {
        uint64_t bytes;
        if (!vl_take_number(in, &bytes, len - start[g - 1])) return first_bytes(err);
        start[g] = start[g - 1] + bytes;
    }
    *groups = (vl_name_groups){ *shift, ngroup, start };
    return VL_OK;
}

static vl_code unpack_either(const vl_unpack_job *job, bool grouped, vl_err *err)
{
    vl_name_groups groups = { 0 };
    vl_rest in = { job->payload, job->payload + job->n };
    uint64_t fill, n;
    state *const s = state_of(job->work, grouped, false, err);
    if (!s) return err->code;
    if (job->width != 1 || !job->len || !vl_take_number(&in, &fill, job->len - 1) ||
        !vl_take_number(&in, &n, job->len - fill) || !n)
        return first_bytes(err);
    const size_t len = job->len - fill;
    const vl_part want = vl_wanted_elements(job, len);
    if ((grouped && take_groups(s, &in, n, len, &groups, err)) ||
        vl_name_unpack(s->unpack, &in, n, job->plain, len, &groups, want, job->work, err))
        return err->code;
    memset(job->plain + len, job->plain[len - 1], fill);
    return VL_OK;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    return pack_either(job, false, out, fits, err);
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err) { return unpack_either(job, false, err); }

static vl_code pack_groups(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    return pack_either(job, true, out, fits, err);
}

static vl_code unpack_groups(const vl_unpack_job *job, vl_err *err) { return unpack_either(job, true, err); }

const vl_codec vl_codec_name_groups = { .name = "name-groups",
                                        .id = VL_CODEC_name_groups,
                                        .uses = VL_ONE(VL_USE_TEXT),
                                        .types = VL_ONE(VL_U8),
                                        .first = true,
                                        .from_effort = 2,
                                        .pack = pack_groups,
                                        .unpack = unpack_groups,
                                        .release = release,
                                        .rows = true,
                                        .parts = true };

const vl_codec vl_codec_name_tokens = { .name = "name",
                                        .id = VL_CODEC_name_tokens,
                                        .uses = 0,
                                        .types = VL_ONE(VL_U8),
                                        .first = true,
                                        .from_effort = 2,
                                        .pack = pack,
                                        .unpack = unpack,
                                        .release = release,
                                        .rows = true,
                                        .parts = true };
