/*
 * Codec place: rows of eight numbers (formats/place.h). Rows of one name are linked, and what a row says of
 * its mate is left out where the mate, in the same chunk, says it too.
 *
 * Payload: leb128 how many of the chunk's bytes, at its end, are only the last element again; leb128 how many
 * rows; u8 rule of template lengths (place_mates.h); u64 name of the first row; then columns of numbers.h,
 * all numbers that may be negative in zigzag:
 *     contig, position, span: of all rows
 *     link: rows back to the one before of the same name, 0: none
 *     name, of rows without link: less the least that no row before has, if names are given in order
 *     flag: exclusive-or with what the mate before tells
 *     how: 1: where the mate lies is not as guessed, + 2: nor is the template's length
 *     of those of 1: mate's contig, less the row's; mate's position, less the row's
 *     of those of 2: template's length, less what was guessed
 */
#include "pipeline/codec/codec.h"
#include "pipeline/codec/numbers.h"
#include "pipeline/codec/place_mates.h"

#include <stdlib.h>
#include <string.h>

enum { ROW = 8 * VL_PLACE_N, OTHER_MATE = 1, OTHER_LENGTH = 2 };

typedef struct state {
    vl_numbers *numbers; /* borrowed: of work */
    vl_buf value, how, group, which, last, place;
} state;

static void release(void *self)
{
    state *const s = self;
    vl_buf *const all[] = { &s->value, &s->how, &s->group, &s->which, &s->last, &s->place };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(s);
}

static state *state_of(vl_work *work, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_place];
    if (!*own && !(*own = calloc(1, sizeof(state)))) vl_fail(err, VL_ENOMEM, "no memory for places");
    state *const s = *own;
    return s && (s->numbers = vl_numbers_of(work, err)) ? s : NULL;
}

/* Room for n rows; NULL: there is none. */
static vl_code make_room(state *s, size_t n, vl_err *err)
{
    return vl_buf_reserve(&s->value, n * sizeof(uint64_t), err) || vl_buf_reserve(&s->how, n, err) ||
                   vl_buf_reserve(&s->group, n * sizeof(vl_place_group), err) ||
                   vl_buf_reserve(&s->which, n * sizeof(uint32_t), err) ||
                   vl_buf_reserve(&s->place, n * ROW, err)
               ? err->code
               : VL_OK;
}

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (uint64_t)(v >> 63); }
static int64_t unzigzag(uint64_t v) { return (int64_t)(v >> 1 ^ -(v & 1)); }

/* ---- packing ---- */

typedef struct packing {
    const int64_t *place; /* [n] rows */
    size_t n;
    state *s;
    uint64_t *value;
    vl_work *work;
    vl_buf *out;
} packing;

static vl_code put(const packing *p, size_t n, vl_err *err)
{
    static const vl_beside_numbers none = { 0 };
    return n ? vl_numbers_pack(p->s->numbers, p->value, n, &none, p->work, p->out, err) : VL_OK;
}

static vl_code put_plain(const packing *p, int k, vl_err *err)
{
    for (size_t i = 0; i < p->n; i++) p->value[i] = zigzag(vl_place_of(p->place, i, k));
    return put(p, p->n, err);
}

/* Positions are compared with the one before: no sign may stand in their lowest bit. */
static vl_code put_positions(const packing *p, vl_err *err)
{
    for (size_t i = 0; i < p->n; i++) p->value[i] = (uint64_t)vl_place_of(p->place, i, VL_PLACE_POSITION) + 1;
    return put(p, p->n, err);
}

/* For each row the one before of the same name: by a table of the names, which lie near each other. */
static vl_code put_links(const packing *p, vl_err *err)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 0; i < p->n; i++) {
        const int64_t name = vl_place_of(p->place, i, VL_PLACE_NAME);
        least = name < least ? name : least;
        most = name > most ? name : most;
    }
    const uint64_t range = (uint64_t)most - (uint64_t)least + 1;
    const bool near = range && range <= 64 * (uint64_t)p->n;
    if (near) {
        if (vl_buf_reserve(&p->s->last, range * sizeof(uint32_t), err)) return err->code;
        memset(p->s->last.data, 0, range * sizeof(uint32_t));
    }
    uint32_t *const last = (uint32_t *)(void *)p->s->last.data;
    for (size_t i = 0; i < p->n; i++) {
        p->value[i] = 0;
        if (!near) continue;
        uint32_t *const before = &last[vl_place_of(p->place, i, VL_PLACE_NAME) - least];
        p->value[i] = *before ? i + 1 - *before : 0;
        *before = (uint32_t)i + 1;
    }
    return put(p, p->n, err);
}

/* Groups by the links in p->value, in s->which; then names of rows without one. */
static vl_code put_names(const packing *p, vl_err *err)
{
    uint32_t *const which = (uint32_t *)(void *)p->s->which.data;
    uint32_t ngroup = 0;
    int64_t next = vl_place_of(p->place, 0, VL_PLACE_NAME);
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const int64_t name = vl_place_of(p->place, i, VL_PLACE_NAME);
        if (p->value[i]) {
            which[i] = which[i - p->value[i]];
            continue;
        }
        which[i] = ngroup++;
        p->value[n++] = zigzag(name - next);
        if (name >= next) next = name + 1;
    }
    return put(p, n, err);
}

static vl_code put_flags(const packing *p, vl_place_group *group, vl_err *err)
{
    const uint32_t *const which = (const uint32_t *)(const void *)p->s->which.data;
    memset(group, 0xff, p->n * sizeof *group); /* -1: none */
    for (size_t i = 0; i < p->n; i++) {
        vl_place_group *const g = &group[which[i]];
        p->value[i] = (uint64_t)(vl_place_of(p->place, i, VL_PLACE_FLAG) ^ vl_place_guess_flag(g, p->place));
        vl_place_join(g, p->place, i);
    }
    return put(p, p->n, err);
}

/* The rule by which the fewest rows have another template length. */
static vl_place_rule choose_rule(const packing *p, const vl_place_group *group)
{
    enum { EVERY = 7 };
    const uint32_t *const which = (const uint32_t *)(const void *)p->s->which.data;
    size_t fit[VL_PLACE_NRULE] = { 0 };
    int best = 0;
    for (size_t i = 0; i < p->n; i += EVERY) {
        const int32_t mate = vl_place_mate(&group[which[i]], p->place, i);
        const int64_t length = vl_place_of(p->place, i, VL_PLACE_TEMPLATE_LENGTH);
        if (mate < 0) continue;
        for (int r = 0; r < VL_PLACE_NRULE; r++)
            fit[r] += vl_place_guess_length(p->place, i, mate, (vl_place_rule)r) == length;
    }
    for (int r = 1; r < VL_PLACE_NRULE; r++)
        if (fit[r] > fit[best]) best = r;
    return (vl_place_rule)best;
}

static void look_at_mates(const packing *p, const vl_place_group *group, vl_place_rule rule)
{
    const uint32_t *const which = (const uint32_t *)(const void *)p->s->which.data;
    for (size_t i = 0; i < p->n; i++) {
        const int32_t mate = vl_place_mate(&group[which[i]], p->place, i);
        int64_t guess[2];
        vl_place_guess_mate(p->place, i, mate, guess);
        const bool as_guessed = guess[0] == vl_place_of(p->place, i, VL_PLACE_MATE_CONTIG) &&
                                guess[1] == vl_place_of(p->place, i, VL_PLACE_MATE_POSITION);
        const int64_t length = vl_place_of(p->place, i, VL_PLACE_TEMPLATE_LENGTH);
        p->s->how.data[i] =
            (uint8_t)((as_guessed ? 0 : OTHER_MATE) |
                      (length == vl_place_guess_length(p->place, i, mate, rule) ? 0 : OTHER_LENGTH));
    }
}

/* Of the rows whose mates are not as guessed: number `mate` less the row's own. */
static vl_code put_mates(const packing *p, int mate, int own, vl_err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->s->how.data[i] & OTHER_MATE)
            p->value[n++] = zigzag(vl_place_of(p->place, i, mate) - vl_place_of(p->place, i, own));
    return put(p, n, err);
}

static vl_code put_lengths(const packing *p, const vl_place_group *group, vl_place_rule rule, vl_err *err)
{
    const uint32_t *const which = (const uint32_t *)(const void *)p->s->which.data;
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (!(p->s->how.data[i] & OTHER_LENGTH)) continue;
        const int32_t mate = vl_place_mate(&group[which[i]], p->place, i);
        p->value[n++] = zigzag(vl_place_of(p->place, i, VL_PLACE_TEMPLATE_LENGTH) -
                               vl_place_guess_length(p->place, i, mate, rule));
    }
    return put(p, n, err);
}

/* Numbers that no sum or difference of two can carry away, and flags that are some. */
static bool is_small(const int64_t *place, size_t n)
{
    const int64_t most = INT64_C(1) << (VL_NUMBER_BITS - 4);
    bool small = true;
    for (size_t i = 0; i < n * VL_PLACE_N; i++) small &= place[i] < most && place[i] > -most;
    for (size_t i = 0; i < n && small; i++) {
        small &= vl_place_of(place, i, VL_PLACE_FLAG) >= 0 && vl_place_of(place, i, VL_PLACE_FLAG) < 1 << 16;
        small &= vl_place_of(place, i, VL_PLACE_POSITION) >= -1;
    }
    return small;
}

static vl_code pack_rows(const packing *p, vl_err *err)
{
    vl_place_group *const group = (vl_place_group *)(void *)p->s->group.data;
    if (put_plain(p, VL_PLACE_CONTIG, err) || put_positions(p, err) || put_plain(p, VL_PLACE_SPAN, err) ||
        put_links(p, err) || put_names(p, err) || put_flags(p, group, err))
        return err->code;
    const vl_place_rule rule = choose_rule(p, group);
    const uint8_t which = (uint8_t)rule;
    look_at_mates(p, group, rule);
    for (size_t i = 0; i < p->n; i++) p->value[i] = p->s->how.data[i];
    if (vl_buf_append(p->out, &which, 1, err) || put(p, p->n, err) ||
        put_mates(p, VL_PLACE_MATE_CONTIG, VL_PLACE_CONTIG, err) ||
        put_mates(p, VL_PLACE_MATE_POSITION, VL_PLACE_POSITION, err))
        return err->code;
    return put_lengths(p, group, rule, err);
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t len = job->len - job->fill, n = len / ROW;
    *fits = false;
    if (!n || len % ROW || job->len > VL_MAX_CHUNK) return VL_OK;
    state *const s = state_of(job->work, err);
    if (!s || make_room(s, n, err)) return err->code;
    memcpy(s->place.data, job->plain, len); /* aligned */
    const packing p = {
        (const int64_t *)(const void *)s->place.data, n, s, (uint64_t *)(void *)s->value.data, job->work, out
    };
    if (!is_small(p.place, n)) return VL_OK;
    *fits = true;
    if (vl_add_number(out, job->fill, err) || vl_add_number(out, n, err) ||
        vl_add_le64(out, (uint64_t)vl_place_of(p.place, 0, VL_PLACE_NAME), err))
        return err->code;
    return pack_rows(&p, err);
}

/* ---- unpacking ---- */

typedef struct unpacking {
    int64_t *place; /* [n] rows */
    size_t n;
    size_t some; /* rows that are wanted, from the first on; their mates may be any */
    state *s;
    uint64_t *value;
    vl_rest in;
    vl_work *work;
} unpacking;

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of places: %s are cut off or make no sense", what);
}

static vl_code take(unpacking *p, size_t n, vl_err *err)
{
    return vl_numbers_unpack(p->s->numbers, &p->in, p->value, n, NULL, NULL, p->work, err);
}

static void set(const unpacking *p, size_t row, int k, int64_t v)
{
    p->place[row * VL_PLACE_N + (size_t)k] = v;
}

static vl_code take_plain(unpacking *p, int k, vl_err *err)
{
    if (take(p, p->n, err)) return err->code;
    for (size_t i = 0; i < p->n; i++) set(p, i, k, unzigzag(p->value[i]));
    return VL_OK;
}

static vl_code take_positions(unpacking *p, vl_err *err)
{
    if (take(p, p->n, err)) return err->code;
    for (size_t i = 0; i < p->n; i++) set(p, i, VL_PLACE_POSITION, (int64_t)(p->value[i] - 1));
    return VL_OK;
}

/* Links into names and groups. Sums are of unsigned numbers: what is hostile may be any. */
static vl_code take_names(unpacking *p, uint64_t first, vl_err *err)
{
    uint32_t *const which = (uint32_t *)(void *)p->s->which.data;
    uint32_t ngroup = 0;
    size_t nnew = 0;
    if (take(p, p->n, err)) return err->code;
    for (size_t i = 0; i < p->n; i++) {
        if (p->value[i] > i) return cut_off("links", err);
        nnew += !p->value[i];
        which[i] = (uint32_t)p->value[i];
    }
    if (take(p, nnew, err)) return err->code;
    const uint64_t *jump = p->value;
    for (size_t i = 0, next = first; i < p->n; i++) {
        const size_t back = which[i];
        const uint64_t name = back ? (uint64_t)vl_place_of(p->place, i - back, VL_PLACE_NAME)
                                   : next + (uint64_t)unzigzag(*jump);
        if (!back) jump++;
        if (!back && (int64_t)name >= (int64_t)next) next = name + 1;
        which[i] = back ? which[i - back] : ngroup++;
        set(p, i, VL_PLACE_NAME, (int64_t)name);
    }
    return VL_OK;
}

static vl_code take_flags(unpacking *p, vl_place_group *group, vl_err *err)
{
    const uint32_t *const which = (const uint32_t *)(const void *)p->s->which.data;
    if (take(p, p->n, err)) return err->code;
    memset(group, 0xff, p->n * sizeof *group);
    for (size_t i = 0; i < p->n; i++) {
        vl_place_group *const g = &group[which[i]];
        set(p, i, VL_PLACE_FLAG, (int64_t)p->value[i] ^ vl_place_guess_flag(g, p->place));
        vl_place_join(g, p->place, i);
    }
    return VL_OK;
}

/* Number `mate` of the rows whose mates are not as guessed. */
static vl_code take_mates(unpacking *p, size_t other, int mate, int own, vl_err *err)
{
    if (take(p, other, err)) return err->code;
    const uint64_t *v = p->value;
    for (size_t i = 0; i < p->some; i++)
        if (p->s->how.data[i] & OTHER_MATE)
            set(p, i, mate, (int64_t)((uint64_t)unzigzag(*v++) + (uint64_t)vl_place_of(p->place, i, own)));
    return VL_OK;
}

static vl_code take_lengths(unpacking *p, const vl_place_group *group, size_t other, vl_place_rule rule,
                            vl_err *err)
{
    const uint32_t *const which = (const uint32_t *)(const void *)p->s->which.data;
    if (take(p, other, err)) return err->code;
    const uint64_t *v = p->value;
    for (size_t i = 0; i < p->some; i++) {
        const int32_t mate = vl_place_mate(&group[which[i]], p->place, i);
        const uint64_t guess = (uint64_t)vl_place_guess_length(p->place, i, mate, rule);
        const uint64_t more = p->s->how.data[i] & OTHER_LENGTH ? (uint64_t)unzigzag(*v++) : 0;
        set(p, i, VL_PLACE_TEMPLATE_LENGTH, (int64_t)(guess + more));
    }
    return VL_OK;
}

/* How many rows are as guessed, and where the mates of these lie. */
static vl_code take_hows(unpacking *p, const vl_place_group *group, size_t other[2], vl_err *err)
{
    const uint32_t *const which = (const uint32_t *)(const void *)p->s->which.data;
    int64_t guess[2];
    other[0] = other[1] = 0;
    if (take(p, p->n, err)) return err->code;
    for (size_t i = 0; i < p->n; i++) {
        const uint8_t how = (uint8_t)(p->value[i] & (OTHER_MATE | OTHER_LENGTH));
        p->s->how.data[i] = how;
        other[0] += how & OTHER_MATE;
        other[1] += how >> 1;
        if (how & OTHER_MATE || i >= p->some) continue;
        vl_place_guess_mate(p->place, i, vl_place_mate(&group[which[i]], p->place, i), guess);
        set(p, i, VL_PLACE_MATE_CONTIG, guess[0]);
        set(p, i, VL_PLACE_MATE_POSITION, guess[1]);
    }
    return VL_OK;
}

static vl_code unpack_rows(unpacking *p, uint64_t first, vl_err *err)
{
    vl_place_group *const group = (vl_place_group *)(void *)p->s->group.data;
    const uint8_t *rule;
    size_t other[2];
    if (take_plain(p, VL_PLACE_CONTIG, err) || take_positions(p, err) || take_plain(p, VL_PLACE_SPAN, err) ||
        take_names(p, first, err) || take_flags(p, group, err))
        return err->code;
    if (!vl_take_bytes(&p->in, &rule, 1) || *rule >= VL_PLACE_NRULE) return cut_off("rules", err);
    if (take_hows(p, group, other, err) ||
        take_mates(p, other[0], VL_PLACE_MATE_CONTIG, VL_PLACE_CONTIG, err) ||
        take_mates(p, other[0], VL_PLACE_MATE_POSITION, VL_PLACE_POSITION, err))
        return err->code;
    return take_lengths(p, group, other[1], (vl_place_rule)*rule, err);
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    uint64_t fill, n;
    const uint8_t *first;
    state *const s = state_of(job->work, err);
    if (!s) return err->code;
    unpacking p = { .s = s, .in = { job->payload, job->payload + job->n }, .work = job->work };
    if (job->width != 8 || !job->len || !vl_take_number(&p.in, &fill, job->len - 1) ||
        !vl_take_number(&p.in, &n, job->len / ROW) || n * ROW != job->len - fill ||
        !vl_take_bytes(&p.in, &first, 8) || fill % 8 || !n)
        return cut_off("first bytes", err);
    p.n = n;
    p.some = (vl_wanted_elements(job, 0).to + VL_PLACE_N - 1) / VL_PLACE_N;
    if (!p.some || p.some > n) p.some = n;
    if (make_room(s, n, err)) return err->code;
    const bool aligned = (uintptr_t)job->plain % sizeof(int64_t) == 0;
    p.place = (int64_t *)(void *)(aligned ? job->plain : s->place.data);
    p.value = (uint64_t *)(void *)s->value.data;
    if (unpack_rows(&p, vl_le64(first), err)) return err->code;
    if (!aligned) memcpy(job->plain, p.place, p.some * ROW);
    if (p.some < n) return VL_OK;
    for (size_t i = n * ROW; i < job->len; i += 8) memcpy(job->plain + i, job->plain + n * ROW - 8, 8);
    return VL_OK;
}

const vl_codec vl_codec_place = { .name = "place",
                                  .id = VL_CODEC_place,
                                  .uses = VL_ONE(VL_USE_PLACE),
                                  .types = VL_ONE(VL_I64),
                                  .first = true,
                                  .pack = pack,
                                  .unpack = unpack,
                                  .release = release,
                                  .parts = true };
