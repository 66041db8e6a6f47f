/* Codec overlap (overlap.h), the way in: what is shared, and packing. The way back is overlap_read.c. */
#include "pipeline/codec/overlap.h"

#include "formats/xxh3.h"
#include "pipeline/codec/odd_letters.h"

#include <stdlib.h>
#include <string.h>

/* ---- what chunks share ---- */

enum { WINDOW = 64 << 20, EARLY = 16 << 20, EARLY_KNOWN = 8 };

typedef struct shared_state {
    vl_grower *grower; /* owned; until the end */
    vl_finder finder;
    uint64_t hash;
} shared_state;

static void release_shared(void *state)
{
    shared_state *const s = state;
    vl_grower_free(s->grower);
    vl_finder_free(&s->finder);
    free(s);
}

static shared_state *shared_of(vl_shared *shared, vl_err *err)
{
    shared_state *s = shared->state;
    if (!s && (s = shared->state = calloc(1, sizeof *s))) s->grower = vl_grower_new();
    if (s && s->grower) return s;
    vl_fail(err, VL_ENOMEM, "no memory for a consensus");
    return NULL;
}

/* The end of the row that begins at `from`. The last one goes on in the next chunk. */
static size_t row_end(const vl_pack_job *job, size_t *next)
{
    const vl_beside *const b = &job->beside;
    if (*next < b->nrow && b->row[*next] <= job->len) return b->row[(*next)++];
    ++*next;
    return job->len;
}

/* Of a sample whose reads hardly overlap so far more is not asked. */
static vl_code grow(vl_shared *shared, const vl_pack_job *chunk, bool *more, uint64_t *memory, vl_err *err)
{
    shared_state *const s = shared_of(shared, err);
    uint64_t letters, known;
    if (!s) return err->code;
    for (size_t from = 0, next = 0; from < chunk->len && !err->code;) {
        const size_t to = row_end(chunk, &next);
        vl_grower_add(s->grower, chunk->plain + from, to - from, err);
        from = to;
    }
    vl_grower_seen(s->grower, &letters, &known);
    *memory = vl_grower_memory(s->grower, chunk->len);
    *more = letters < EARLY || known > letters / EARLY_KNOWN;
    return err->code;
}

static vl_code end(vl_shared *shared, vl_err *err)
{
    shared_state *const s = shared_of(shared, err);
    if (!s || vl_grower_end(s->grower, &shared->plain, err)) return err->code;
    vl_grower_free(s->grower);
    s->grower = NULL;
    vl_buf_fit(&shared->plain);
    s->hash = XXH3_64bits(shared->plain.data, shared->plain.len);
    return vl_finder_make(&s->finder, shared->plain.data, shared->plain.len, err);
}

/* ---- a chunk into columns ---- */

vl_overlap *vl_overlap_of(vl_work *work, vl_err *err)
{
    vl_overlap *o = work->state[VL_CODEC_overlap];
    if (!o) o = work->state[VL_CODEC_overlap] = calloc(1, sizeof *o);
    if (!o) vl_fail(err, VL_ENOMEM, "no memory for places of bases");
    return o && (o->numbers = vl_numbers_of(work, err)) ? o : NULL;
}

static void release(void *state)
{
    vl_overlap *const o = state;
    vl_buf *const all[] = { &o->kmers,   &o->found, &o->before, &o->length, &o->way, &o->place, &o->delta,
                            &o->ndiffer, &o->gap,   &o->shift,  &o->loose,  &o->two, &o->own };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(o);
}

/* Where packing is. */
typedef struct packer {
    const vl_pack_job *job;
    const vl_finder *finder;
    vl_used *used;
    vl_overlap *o;
    size_t done; /* letters that are said */
    int64_t at,
        way; /* where the last letter of the match before lies, and its direction; way 0: there is none */
} packer;

static vl_code put(vl_buf *column, uint64_t v, vl_err *err)
{
    return vl_buf_append(column, &v, sizeof v, err);
}

/* The letters of a match that differ. */
static vl_code put_differences(packer *p, const uint8_t *letter, const vl_match *m, vl_err *err)
{
    uint64_t n = 0;
    uint32_t last = 0;
    const uint8_t *const there = p->finder->letter + m->at;
    const uint32_t length = m->to - m->from;
    for (uint32_t i = 0; i < length; i++) {
        for (; length - i >= VL_AT_ONCE; i += VL_AT_ONCE)
            if (!vl_same_eight(letter + i, m->back ? there - i - (VL_AT_ONCE - 1) : there + i, m->back))
                break;
        if (i == length) break;
        const uint8_t theirs = m->back ? vl_base_complement(there[-(ptrdiff_t)i]) : there[i];
        if (theirs == letter[i] || !vl_is_base(letter[i])) continue;
        const uint8_t shift = (vl_base_code(letter[i]) - vl_base_code(theirs)) & 3;
        if (put(&p->o->gap, i - last, err) || vl_buf_append(&p->o->shift, &shift, 1, err)) return err->code;
        last = i + 1;
        n++;
    }
    return put(&p->o->ndiffer, n, err);
}

/* A match is near the one before when saying so takes clearly fewer bits. */
static vl_code put_place(packer *p, const vl_match *m, vl_err *err)
{
    enum { FAR = 4096 };
    const int64_t d = p->way * ((int64_t)m->at - p->at), far = (int64_t)(p->finder->n / 8);
    const bool near = p->way && d > -FAR && d < FAR && d > -far && d < far;
    const uint8_t way = (uint8_t)((m->back ? VL_OVERLAP_BACK : 0) | (near ? VL_OVERLAP_NEAR : 0));
    if (vl_buf_append(&p->o->way, &way, 1, err)) return err->code;
    return near ? put(&p->o->delta, (uint64_t)d << 1 ^ (uint64_t)(d >> 63), err)
                : put(&p->o->place, m->at, err);
}

static void mark_used(vl_used *used, const vl_match *m)
{
    const uint32_t more = m->to - m->from - 1, first = m->back ? m->at - more : m->at;
    for (uint32_t b = first / VL_USED_BLOCK; b <= (first + more) / VL_USED_BLOCK; b++)
        if (!atomic_load_explicit(&used[b], memory_order_relaxed))
            atomic_store_explicit(&used[b], 1, memory_order_relaxed);
}

/* A match of the row that begins at letter `row`. */
static vl_code put_match(packer *p, size_t row, const vl_match *m, vl_err *err)
{
    const uint8_t *const letter = p->job->plain;
    const size_t from = row + m->from, length = m->to - m->from;
    if (vl_buf_append(&p->o->loose, letter + p->done, from - p->done, err) ||
        put(&p->o->before, from - p->done, err) || put(&p->o->length, length, err) || put_place(p, m, err) ||
        put_differences(p, letter + from, m, err))
        return err->code;
    if (p->used) mark_used(p->used, m);
    p->done = row + m->to;
    p->way = m->back ? -1 : 1;
    p->at = (int64_t)m->at + p->way * (int64_t)(length - 1);
    return VL_OK;
}

static vl_code put_rows(packer *p, vl_err *err)
{
    vl_overlap *const o = p->o;
    vl_buf *const columns[] = { &o->before, &o->length,  &o->way, &o->place, &o->delta,
                                &o->loose,  &o->ndiffer, &o->gap, &o->shift };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) columns[i]->len = 0;
    for (size_t from = 0, next = 0; from < p->job->len;) {
        const size_t to = row_end(p->job, &next);
        if (vl_finder_find(p->finder, p->job->plain + from, to - from, &o->kmers, &o->found, err))
            return err->code;
        const vl_match *const m = (const vl_match *)(const void *)o->found.data;
        for (size_t i = 0; i < o->found.len / sizeof *m; i++)
            if (put_match(p, from, &m[i], err)) return err->code;
        from = to;
    }
    return vl_buf_append(&o->loose, p->job->plain + p->done, p->job->len - p->done, err);
}

/* ---- columns into a payload ---- */

static vl_code pack_column(packer *p, const vl_buf *column, vl_buf *out, vl_err *err)
{
    static const vl_beside_numbers none;
    if (!column->len) return VL_OK;
    return vl_numbers_pack(p->o->numbers, (const uint64_t *)(const void *)column->data,
                           column->len / sizeof(uint64_t), &none, p->job->work, out, err);
}

static vl_code pack_symbols(packer *p, const vl_buf *symbols, vl_buf *out, vl_err *err)
{
    return vl_symbols_pack(&p->o->numbers->symbols, symbols->data, symbols->len, false, p->job->work, out,
                           err);
}

/* Letters that are none of four. *fits false: too many of them. */
static vl_code pack_odd(packer *p, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t n = p->job->len, size = (n + 3) / 4;
    vl_buf *const two = &p->o->two, *const list = &p->o->kmers, *const frame = &p->o->found;
    list->len = frame->len = 0;
    if (vl_buf_reserve(two, size + (n + 7) / 8, err)) return err->code;
    const size_t nodd = vl_k.base2_pack(two->data, two->data + size, p->job->plain, n);
    *fits = nodd <= n / 8;
    if (!*fits || (nodd && vl_odd_list(p->job->plain, n, two->data + size, list, err)) ||
        (nodd && vl_zstd_pack(list->data, list->len, p->job->effort, p->job->work, frame, err)))
        return err->code;
    if (vl_add_number(out, list->len, err) || (nodd && vl_add_number(out, frame->len, err))) return err->code;
    return vl_buf_append(out, frame->data, frame->len, err);
}

static vl_code pack_loose(packer *p, vl_buf *out, vl_err *err)
{
    const size_t n = p->o->loose.len, size = (n + 3) / 4;
    vl_buf *const two = &p->o->two;
    if (vl_buf_reserve(two, size + (n + 7) / 8, err)) return err->code;
    vl_k.base2_pack(two->data, two->data + size, p->o->loose.data, n);
    return vl_buf_append(out, two->data, size, err);
}

static vl_code pack_all(packer *p, size_t fill, vl_buf *out, bool *fits, vl_err *err)
{
    vl_overlap *const o = p->o;
    if (vl_add_number(out, fill, err) || pack_odd(p, out, fits, err) || !*fits || put_rows(p, err) ||
        vl_add_number(out, o->way.len, err) || pack_column(p, &o->before, out, err) ||
        pack_column(p, &o->length, out, err) || pack_symbols(p, &o->way, out, err) ||
        pack_column(p, &o->place, out, err) || pack_column(p, &o->delta, out, err) ||
        pack_column(p, &o->ndiffer, out, err) || pack_column(p, &o->gap, out, err) ||
        pack_symbols(p, &o->shift, out, err))
        return err->code;
    return pack_loose(p, out, err);
}

vl_code vl_places_pack(const vl_pack_job *job, const vl_finder *finder, vl_used *used, vl_buf *out,
                       bool *fits, vl_err *err)
{
    vl_pack_job real = *job;
    const size_t before = out->len;
    real.len -= job->fill;
    *fits = false;
    if (!real.len || real.len > VL_MAX_CHUNK) return VL_OK;
    packer p = { .job = &real, .finder = finder, .used = used, .o = vl_overlap_of(job->work, err) };
    if (!p.o || pack_all(&p, job->fill, out, fits, err)) return err->code;
    *fits = *fits && out->len - before < real.len / 4 - real.len / 128;
    return VL_OK;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const vl_shared *const shared = job->beside.shared;
    *fits = false;
    if (!shared) return VL_OK;
    const shared_state *const s = shared->state;
    if (vl_add_le64(out, s->hash, err) || vl_add_number(out, s->finder.n, err)) return err->code;
    return vl_places_pack(job, &s->finder, NULL, out, fits, err);
}

static const vl_sharing sharing = { .name = "consensus",
                                    .doc = "letters of which many reads are copies: codec overlap needs them",
                                    .most = VL_CONSENSUS_MOST,
                                    .wait = WINDOW,
                                    .grow = grow,
                                    .end = end,
                                    .release = release_shared };

const vl_codec vl_codec_overlap = { .name = "overlap",
                                    .id = VL_CODEC_overlap,
                                    .uses = VL_ONE(VL_USE_BASE),
                                    .types = VL_ONE(VL_U8),
                                    .first = true,
                                    .from_effort = 5,
                                    .pack = pack,
                                    .unpack = vl_overlap_unpack,
                                    .release = release,
                                    .rows = true,
                                    .sharing = &sharing };
