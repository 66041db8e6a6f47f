/*
 * Fuzz target for the codecs: any bytes as a packed chunk must be refused or give as many bytes as they
 * claim.
 *
 * Input: a control byte, then the chunk. Bits 0-1 of the control byte:
 *   0  a frame as it is (it hardly ever gets past its seal)
 *   1  the frame's magic, version and seal are put right first, so that the decoders see the payload
 *   2  a deflate chunk of profile portable; the next 4 bytes say how many plain bytes (at most 1 MiB) and
 * their width 3  plain bytes: packed by the codec and with the width that the next 2 bytes choose, they must
 * come back; a number that no codec has stands for the use that a codec is chosen for
 *
 * With VIAL_FUZZ_CODEC=name each frame of mode 1 is one of that codec: all the time goes to one decoder.
 *
 * Corpus: testdata/fuzz/frame. Suites: codec fuzz. Also: asan.
 */
#include "pipeline/codec/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define MUST(ok) must((ok), #ok, __LINE__)
static void must(bool ok, const char *text, int line)
{
    if (ok) return;
    fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, line, text);
    abort();
}

/* Kept from input to input, as slots keep theirs: what a bad chunk leaves behind must not hurt the next. */
static vl_work work;

static bool is_for_bases(const vl_codec *codec)
{
    return codec && codec->rows && vl_codec_suits(codec, VL_USE_BASE, VL_U8);
}

/* Rows of five letters, or of so many that they can overlap; and bases near, for codecs that ask. */
static void give_beside(vl_pack_job *job, const vl_codec *codec)
{
    enum { MOST = 1 << 16, FEW = 5, MANY = 60 };
    static uint32_t row[MOST / FEW];
    static uint8_t bases[MOST];
    const uint32_t length = is_for_bases(codec) ? MANY : FEW;
    if (!job->len || job->len > MOST || vl_type_width(job->type) > 1) return;
    if (codec && !codec->rows && !codec->near) return;
    for (uint32_t i = 0; i < MOST / length; i++) row[i] = length * (i + 1);
    for (size_t i = 0; i < MOST; i++) bases[i] = (uint8_t) "ACGTN"[i * i % 7 % 5];
    job->beside.row = row;
    job->beside.nrow = job->len / length;
    job->beside.near = bases;
}

/* Letters that are three times the same but for where they begin in a byte of two bits each. */
static const uint8_t letters[] =
    "GATTACAGATCCTGAACCTTGGCAATCGTGCATGCCAAGGTCTCAGTACGAGATTACAGATCCTGAACCTTGGCAATCGTGCATGCC"
    "AAGGTCTCAGTACGAGATTACAGATCCTGAACCTTGGCAATCGTGCATGCCAAGGTCTCAGTACGA";

/* A model of a codec that learns, of one sample; NULL for others. Kept. */
static const vl_model *model_of(const vl_codec *codec)
{
    static vl_model kept[VL_MAX_CODEC];
    static const uint8_t sample[] = "a column is known by its first chunk";
    vl_err err = VL_ERR_INIT;
    if (!codec || !codec->learn) return NULL;
    vl_model *const model = &kept[codec->id];
    vl_pack_job job = { .plain = sample, .len = sizeof sample, .type = VL_U8, .work = &work };
    if (is_for_bases(codec))
        job = (vl_pack_job){ .plain = letters, .len = sizeof letters - 1, .work = &work };
    give_beside(&job, codec);
    model->codec = codec->id;
    if (!model->bytes.len) MUST(!codec->learn(&job, &model->bytes, &err));
    return model;
}

/* What chunks share by a codec, of one sample; NULL for others. Kept. */
static const vl_shared *shared_of(const vl_codec *codec)
{
    static vl_shared kept[VL_MAX_CODEC];
    static const uint32_t row[] = { 66, 132 };
    vl_err err = VL_ERR_INIT;
    bool more;
    uint64_t memory;
    if (!codec || !codec->sharing) return NULL;
    vl_shared *const s = &kept[codec->id];
    const vl_pack_job job = { .plain = letters,
                              .len = sizeof letters - 1,
                              .type = VL_U8,
                              .beside = { .row = row, .nrow = 2 },
                              .work = &work };
    s->codec = codec->id;
    if (s->state) return s;
    if (codec->sharing->grow) MUST(!codec->sharing->grow(s, &job, &more, &memory, &err));
    else MUST(!vl_buf_append(&s->plain, letters, sizeof letters - 1, &err));
    MUST(!codec->sharing->end(s, &err));
    return s;
}

/* Of the codec that a chunk says. */
static const vl_buf *shared_by(const vl_buf *chunk)
{
    const vl_shared *const s = chunk->len > 2 ? shared_of(vl_codec_find(chunk->data[2])) : NULL;
    return s ? &s->plain : NULL;
}

static void unpack(const vl_buf *chunk)
{
    vl_err err = VL_ERR_INIT;
    vl_buf plain = { 0 };
    if (!vl_unpack_with(shared_by(chunk), chunk->data, chunk->len, &plain, &work, &err)) {
        vl_frame frame;
        MUST(!vl_frame_read(chunk->data, chunk->len, &frame, &err));
        MUST(plain.len == frame.len && XXH3_64bits(plain.data, plain.len) == frame.hash);
    } else {
        MUST((err.code == VL_ESTORE || err.code == VL_ENOMEM) && err.what[0]);
    }
    vl_buf_free(&plain);
}

static const vl_codec *only; /* of VIAL_FUZZ_CODEC */

static void choose_only(const char *name)
{
    for (const vl_codec *const *c = vl_codecs; name && *c; c++)
        if (!strcmp((*c)->name, name)) only = *c;
    MUST(!name || only);
}

/* Magic, version and seal as they must be, a known codec, and not more plain bytes than a minute can try. */
static void mend(vl_buf *chunk)
{
    enum { MOST = 1 << 20 };
    uint8_t *const p = chunk->data;
    if (chunk->len < VL_FRAME) return;
    p[0] = 'V';
    p[1] = VL_FRAME_VERSION;
    if (only) p[2] = only->id;
    if (vl_le32(p + 4) > MOST) vl_put_le32(p + 4, vl_le32(p + 4) % (MOST + 1));
    vl_put_le64(p + 16, XXH3_64bits_withSeed(p + VL_FRAME, chunk->len - VL_FRAME, XXH3_64bits(p, 16)));
}

static void inflate(const uint8_t *bytes, size_t n)
{
    static const size_t widths[4] = { 1, 2, 4, 8 };
    vl_err err = VL_ERR_INIT;
    vl_buf chunk = { 0 }, plain = { 0 };
    if (n < 4) return;
    const size_t width = widths[bytes[3] & 3], len = (vl_le32(bytes) & 0xfffff) / width * width;
    MUST(!vl_buf_append(&chunk, bytes + 4, n - 4, &err));
    if (!vl_deflate_unpack(chunk.data, chunk.len, len, width, &plain, &work, &err)) MUST(plain.len == len);
    else MUST(err.code == VL_ESTORE && err.what[0]);
    vl_buf_free(&chunk);
    vl_buf_free(&plain);
}

static void round_trip(const uint8_t *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    vl_buf in = { 0 }, packed = { 0 }, plain = { 0 };
    if (n < 2) return;
    const vl_type type = (vl_type)(bytes[1] % (VL_F64 + 1));
    const size_t width = vl_type_width(type), len = (n - 2) / width * width;
    const vl_codec *const codec = vl_codec_find(bytes[0]);
    const vl_trial *const trial = vl_profile_trial((vl_profile)(bytes[1] >> 4 & 3));
    MUST(!vl_buf_append(&in, bytes + 2, len, &err));
    vl_pack_job job = {
        .plain = in.data, .len = in.len, .type = type, .effort = (bytes[1] >> 4) % VL_EFFORTS, .work = &work
    };
    give_beside(&job, codec);
    job.beside.model = model_of(codec);
    job.beside.shared = shared_of(codec);
    bool fits = false;
    if (codec && codec->types >> type & 1) MUST(!vl_pack(codec, &job, &packed, &fits, &err));
    if (!fits) MUST(!vl_pack_best(trial, bytes[0] & 31, &job, &packed, &err));
    vl_unpack_with(shared_by(&packed), packed.data, packed.len, &plain, &work, &err);
    if (err.code) fprintf(stderr, "broken: %s\n", err.what);
    MUST(!err.code);
    MUST(plain.len == len && !memcmp(plain.data, in.data, len));
    MUST(!vl_deflate_pack(trial, &job, &packed, &err));
    MUST(!vl_deflate_unpack(packed.data, packed.len, len, width, &plain, &work, &err));
    MUST(plain.len == len && !memcmp(plain.data, in.data, len));
    vl_buf_free(&in);
    vl_buf_free(&packed);
    vl_buf_free(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static bool ready;
    if (!ready) vl_kernels_init(&vl_k, vl_isa_from_env());
    if (!ready) choose_only(getenv("VIAL_FUZZ_CODEC"));
    ready = true;
    if (!n) return 0;
    const unsigned mode = bytes[0] & 3;
    if (mode == 2) inflate(bytes + 1, n - 1);
    else if (mode == 3) round_trip(bytes + 1, n - 1);
    else {
        vl_err err = VL_ERR_INIT;
        vl_buf chunk = { 0 };
        MUST(!vl_buf_append(&chunk, bytes + 1, n - 1, &err));
        if (mode == 1) mend(&chunk);
        unpack(&chunk);
        vl_buf_free(&chunk);
    }
    return 0;
}
