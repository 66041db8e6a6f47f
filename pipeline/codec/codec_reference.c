/* Codec reference (reference.h): its parts, and places in it, both ways. */
#include "pipeline/codec/reference.h"

#include "formats/xxh3.h"
#include "pipeline/codec/overlap.h"

#include <stdlib.h>
#include <string.h>

enum { PART, PLACES };

/* ---- what chunks share ---- */

typedef struct state {
    vl_finder finder;
    vl_used *used; /* owned; a byte a block */
    uint64_t hash;
} state;

static size_t blocks_of(uint64_t n) { return (size_t)(n / VL_USED_BLOCK + 1); }

uint64_t vl_reference_memory(uint64_t n) { return n + vl_finder_memory(n) + blocks_of(n); }

static void release_shared(void *it)
{
    state *const s = it;
    vl_finder_free(&s->finder);
    free(s->used);
    free(s);
}

static vl_code end(vl_shared *shared, vl_err *err)
{
    const vl_buf *const letters = &shared->plain;
    state *const s = shared->state = calloc(1, sizeof *s);
    if (letters->len > VL_REFERENCE_MOST)
        return vl_fail(err, VL_EUNSUP, "a reference of %zu letters; at most %llu are taken", letters->len,
                       (unsigned long long)VL_REFERENCE_MOST);
    if (s) s->used = calloc(blocks_of(letters->len), sizeof *s->used);
    if (!s || !s->used) return vl_fail(err, VL_ENOMEM, "no memory for a reference");
    s->hash = XXH3_64bits(letters->data, letters->len);
    return vl_finder_make(&s->finder, letters->data, letters->len, err);
}

bool vl_reference_blank(vl_shared *shared)
{
    state *const s = shared->state;
    const size_t n = shared->plain.len;
    bool any = false;
    for (size_t b = 0; b * VL_USED_BLOCK < n; b++) {
        const size_t from = b * VL_USED_BLOCK, left = n - from;
        if (s->used[b]) any = true;
        else memset(shared->plain.data + from, 'N', left < VL_USED_BLOCK ? left : VL_USED_BLOCK);
    }
    return any;
}

/* ---- packing ---- */

/* The runs of letters and N to runs, the letters to letter. */
static vl_code split(const vl_pack_job *job, vl_buf *runs, vl_buf *letter, uint64_t *nrun, vl_err *err)
{
    const uint8_t *p = job->plain, *const end = p + job->len;
    letter->len = runs->len = 0;
    for (*nrun = 0; p < end; ++*nrun) {
        const uint8_t *const stop = memchr(p, 'N', (size_t)(end - p)), *next = stop ? stop : end;
        const size_t n = (size_t)(next - p);
        if (vl_buf_append(letter, p, n, err)) return err->code;
        if (!stop) break;
        while (next < end && *next == 'N') next++;
        if (vl_add_number(runs, n, err) || vl_add_number(runs, (size_t)(next - stop), err)) return err->code;
        p = next;
    }
    return VL_OK;
}

static vl_code pack_part(const vl_pack_job *job, vl_buf *out, vl_err *err)
{
    vl_buf *const letter = &job->work->a, *const runs = &job->work->b;
    uint64_t nrun;
    if (split(job, runs, letter, &nrun, err) || vl_add_number(out, *job->beside.part, err) ||
        vl_add_number(out, nrun, err) || vl_buf_append(out, runs->data, runs->len, err))
        return err->code;
    const size_t n = letter->len, size = (n + 3) / 4;
    if (vl_buf_grow(out, size + (n + 7) / 8, err)) return err->code;
    vl_k.base2_pack(out->data + out->len, out->data + out->len + size, letter->data, n);
    out->len += size;
    return VL_OK;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const vl_shared *const shared = job->beside.shared;
    const bool part = job->beside.part != NULL;
    *fits = false;
    if (!shared || !job->len) return VL_OK;
    const state *const s = shared->state;
    if (vl_add_le64(out, s->hash, err) || vl_add_number(out, s->finder.n, err) ||
        vl_buf_append(out, &(uint8_t){ part ? PART : PLACES }, 1, err))
        return err->code;
    if (!part) return vl_places_pack(job, &s->finder, s->used, out, fits, err);
    *fits = true;
    return pack_part(job, out, err);
}

/* ---- unpacking; all that is read may be hostile ---- */

typedef struct head {
    uint64_t hash, letters;
    uint8_t what;
} head;

static bool take_head(vl_rest *in, head *h)
{
    const uint8_t *hash, *what;
    if (!vl_take_bytes(in, &hash, sizeof h->hash) || !vl_take_number(in, &h->letters, VL_REFERENCE_MOST) ||
        !vl_take_bytes(in, &what, 1))
        return false;
    h->hash = vl_le64(hash);
    h->what = *what;
    return h->what <= PLACES;
}

static bool take_part(vl_rest *in, const head *h, uint64_t *first)
{
    return h->what == PART && vl_take_number(in, first, h->letters) && *first < h->letters;
}

static bool read_part(const uint8_t *payload, size_t n, uint64_t *number, uint64_t *all, uint64_t *first)
{
    vl_rest in = { payload, payload + n };
    head h;
    if (!take_head(&in, &h) || !take_part(&in, &h, first)) return false;
    *number = h.hash;
    *all = h.letters;
    return true;
}

static vl_code bad(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of bases by a reference: %s are cut off or make no sense", what);
}

/* The letters that are no N, in work->a: what is left behind the runs must be just these. */
static vl_code take_letters(const vl_unpack_job *job, vl_rest in, uint64_t nrun, vl_err *err)
{
    vl_buf *const letter = &job->work->a, *const two = &job->work->b;
    uint64_t n = job->len, before = 0, none = 0;
    for (uint64_t i = 0, left = n; i < nrun; i++, left -= before + none, n -= none)
        if (!vl_take_number(&in, &before, left) || !vl_take_number(&in, &none, left - before))
            return bad("runs of a part", err);
    const size_t size = (size_t)(n + 3) / 4;
    if (vl_rest_of(&in) != size) return bad("letters of a part", err);
    if (vl_buf_reserve(two, size, err) || vl_buf_reserve(letter, (size_t)n, err)) return err->code;
    if (size) memcpy(two->data, in.at, size); /* the kernel reads past its source: it needs the padding */
    vl_k.base2_unpack(letter->data, two->data, (size_t)n);
    letter->len = (size_t)n;
    return VL_OK;
}

static vl_code unpack_part(const vl_unpack_job *job, vl_rest *in, const head *h, vl_err *err)
{
    uint64_t first, nrun;
    if (!take_part(in, h, &first) || !vl_take_number(in, &nrun, job->len) || job->width != 1)
        return bad("first bytes of a part", err);
    if (take_letters(job, *in, nrun, err)) return err->code;
    uint8_t *to = job->plain;
    const uint8_t *from = job->work->a.data;
    for (uint64_t i = 0, before = 0, none = 0; i < nrun; i++) { /* they were looked at */
        vl_take_number(in, &before, UINT64_MAX);
        vl_take_number(in, &none, UINT64_MAX);
        memcpy(to, from, before);
        memset(to + before, 'N', none);
        from += before;
        to += before + none;
    }
    memcpy(to, from, job->len - (size_t)(to - job->plain));
    return VL_OK;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    vl_rest in = { job->payload, job->payload + job->n };
    head h;
    if (!take_head(&in, &h)) return bad("first bytes", err);
    if (h.what == PART) return unpack_part(job, &in, &h, err);
    if (!job->shared || !job->shared->len)
        return vl_fail(err, VL_ESTORE, "bases are places in a reference, which is not known here");
    if (h.letters != job->shared->len)
        return vl_fail(err, VL_ESTORE, "bases are places in a reference of %llu letters, this one has %zu",
                       (unsigned long long)h.letters, job->shared->len);
    return vl_places_unpack(job, &in, err);
}

static const vl_sharing sharing = {
    .name = "reference",
    .doc = "letters of a reference as far as bases are places in it, N elsewhere: codec reference needs them",
    .most = VL_REFERENCE_MOST,
    .part = read_part,
    .blank = 'N',
    .end = end,
    .release = release_shared
};

const vl_codec vl_codec_reference = { .name = "reference",
                                      .id = VL_CODEC_reference,
                                      .uses = VL_ONE(VL_USE_BASE) | VL_ONE(VL_USE_SHARED),
                                      .types = VL_ONE(VL_U8),
                                      .first = true,
                                      .from_effort =
                                          VL_EFFORTS, /* no profile's: where a reference is given */
                                      .pack = pack,
                                      .unpack = unpack,
                                      .rows = true,
                                      .sharing = &sharing };
