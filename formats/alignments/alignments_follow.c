/* What of an alignment follows from what (alignments_fold.h). Stores are not believed: rows may be any. */
#include "formats/alignments/alignments_fold.h"

#include <string.h>

enum { MATCH, INSERTION, DELETION, SKIP, SOFT_CLIP, HARD_CLIP, PADDING, EQUAL, DIFFERENT, CODE = 15 };

/* ---- fields ---- */

/* A store may have a field of that name that is another. */
static int find(const vl_schema *schema, const char *path, vl_type type)
{
    for (int f = VL_AL_NFIELD; f < schema->nfield; f++) {
        const vl_field *const one = &schema->field[f];
        if (strcmp(one->path, path) != 0) continue;
        return one->type == type && one->shape == VL_RAGGED && one->table == VL_AT_ALIGNMENT ? f : -1;
    }
    return -1;
}

static const vl_field own[] = {
    { .path = "alignments/derived",
      .type = VL_U8,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_NUMBER,
      .unit = "",
      .missing = "empty",
      .doc = "what is left out of the row, bits: 1 letters, 2 which lie on consensus, 4 MC, 8 MQ, 16 ms, "
             "32 NM, 64 MD; 128 qualities are turned",
      .brief = true },
    { .path = "alignments/shift",
      .type = VL_I64,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_NUMBER,
      .unit = "",
      .missing = "empty",
      .doc = "position + shift is the element of alignments/reference that the row begins on",
      .brief = true },
    { .path = "alignments/differ_at",
      .type = VL_U32,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_NUMBER,
      .unit = "",
      .missing = "empty",
      .doc = "letters that differ from consensus, in the order of qualities, the worst first; less the one "
             "before and 1",
      .brief = true },
    { .path = "alignments/differ",
      .type = VL_U8,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_NUMBER,
      .unit = "",
      .missing = "empty",
      .doc =
          "what letters of differ_at are: 1 to 3, so far behind that of consensus in A C T G, or the letter",
      .brief = true },
    { .path = "alignments/literal",
      .type = VL_U8,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_TEXT,
      .unit = "letter",
      .missing = "empty",
      .doc = "letters that lie on none of a contig, in the order of the row",
      .brief = true },
    { .path = "alignments/consensus",
      .type = VL_U8,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_TEXT,
      .unit = "letter",
      .missing = "empty",
      .doc = "letters of contigs as most rows have them, rows find them by shift" },
    { .path = "alignments/reference",
      .type = VL_U8,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_NUMBER,
      .unit = "letter",
      .missing = "empty",
      .doc = "letters of contigs by tag MD, element by element of consensus; '=': the same" },
    { .path = "alignments/modified",
      .type = VL_U8,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_TEXT,
      .unit = "",
      .missing = "empty",
      .doc = "tag MM, where ':' and letters stand for all of them in the read",
      .brief = true },
    { .path = "alignments/named",
      .type = VL_U8,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_NUMBER,
      .unit = "",
      .missing = "empty",
      .doc = "of letters that tag MM may name, by '?' in modified: 1 it does, 0 it does not",
      .brief = true },
    { .path = "alignments/rest",
      .type = VL_U8,
      .shape = VL_RAGGED,
      .table = VL_AT_ALIGNMENT,
      .use = VL_USE_NUMBER,
      .unit = "",
      .missing = "empty",
      .doc = "of tag ML lists behind the first: twice how far from 0, or from what is left of 255 and 1",
      .brief = true },
};
enum {
    NALWAYS = sizeof own / sizeof *own - VL_FF_N
}; /* fields of every batch; then those of vl_fold_field */

vl_fold_fields vl_fold_fields_of(const vl_schema *schema)
{
    return (vl_fold_fields){ find(schema, own[0].path, own[0].type),
                             find(schema, own[1].path, own[1].type),
                             find(schema, own[2].path, own[2].type),
                             find(schema, own[3].path, own[3].type),
                             find(schema, own[4].path, own[4].type),
                             find(schema, own[5].path, own[5].type),
                             find(schema, own[6].path, own[6].type),
                             find(schema, own[7].path, own[7].type),
                             find(schema, own[8].path, own[8].type),
                             find(schema, own[9].path, own[9].type),
                             { [VL_AF_MC] = find(schema, "alignments/tag/MC:Z", VL_U8),
                               [VL_AF_MQ] = find(schema, "alignments/tag/MQ:i", VL_I64),
                               [VL_AF_MS] = find(schema, "alignments/tag/ms:i", VL_I64),
                               [VL_AF_NM] = find(schema, "alignments/tag/NM:i", VL_I64),
                               [VL_AF_MD] = find(schema, "alignments/tag/MD:Z", VL_U8) },
                             find(schema, "alignments/tag/MM:Z", VL_U8),
                             find(schema, "alignments/tag/ML:BC", VL_U8) };
}

/* What letters are has as many elements as which they are. */
static vl_code add(vl_batch *batch, const vl_field *like, const vl_fold_fields *f, int *number, vl_err *err)
{
    vl_field field = *like;
    field.offset_of = number == &f->differ ? 1 + f->differ_at : 0;
    return vl_batch_add(batch, &field, number, err);
}

vl_code vl_fold_fields_add(vl_fold_fields *f, vl_batch *batch, vl_err *err)
{
    int *const to[NALWAYS] = { &f->derived, &f->shift,     &f->differ_at, &f->differ,
                               &f->literal, &f->consensus, &f->reference };
    for (size_t i = 0; i < NALWAYS; i++)
        if (add(batch, &own[i], f, to[i], err)) return err->code;
    return VL_OK;
}

vl_code vl_fold_field_add(vl_fold_field which, int *number, vl_batch *batch, vl_err *err)
{
    return vl_batch_add(batch, &own[NALWAYS + which], number, err);
}

void vl_turn_quality(vl_batch *b, size_t i)
{
    vl_column *const c = &b->col[VL_AL_QUALITY];
    if (!(vl_place_at(b, i, VL_PLACE_FLAG) & VL_FLAG_REVERSE) || c->offset[i + 1] == c->offset[i]) return;
    uint8_t *first = c->data.data + c->offset[i], *last = c->data.data + c->offset[i + 1];
    while (last - first > 1) {
        const uint8_t one = *first;
        *first++ = *--last;
        *last = one;
    }
}

bool vl_places_fit(const vl_batch *b)
{
    const vl_column *const place = &b->col[VL_AL_PLACE];
    const size_t n = b->nrow[VL_AT_ALIGNMENT];
    bool fit = place->nrow == n;
    for (size_t i = 0; i <= n && n && fit; i++) fit = place->offset[i] == VL_PLACE_N * i;
    return fit;
}

/* ---- rows on contigs ---- */

bool vl_lies(const vl_batch *b, size_t i, vl_aligned *l)
{
    enum { LONGER = 1 << 16 }; /* letters that may be deleted: they are kept */
    const uint64_t *const base = b->col[VL_AL_BASE].offset, *const op = b->col[VL_AL_CIGAR].offset;
    int64_t contig, read;
    *l = (vl_aligned){ .contig = vl_place_at(b, i, VL_PLACE_CONTIG),
                       .position = vl_place_at(b, i, VL_PLACE_POSITION),
                       .nop = (size_t)(op[i + 1] - op[i]),
                       .n = (size_t)(base[i + 1] - base[i]) };
    if (vl_place_at(b, i, VL_PLACE_FLAG) & VL_FLAG_UNMAPPED || l->contig < 0 || l->position < 0 || !l->nop ||
        l->position >= INT64_MAX / 4)
        return false;
    l->cigar = b->col[VL_AL_CIGAR].data.data + 4 * op[i];
    for (size_t k = 0; k < l->nop; k++)
        if ((vl_le32(l->cigar + 4 * k) & CODE) == SKIP) return false;
    if (!vl_cigar_lengths(l->cigar, l->nop, &contig, &read) || read != (int64_t)l->n || !contig ||
        contig > read + LONGER)
        return false;
    l->span = (size_t)contig;
    return contig == vl_place_at(b, i, VL_PLACE_SPAN);
}

bool vl_aligned_next(const vl_aligned *l, vl_aligned_step *s)
{
    if (s->on_contig) s->contig += s->n;
    if (s->in_read) s->read += s->n;
    if (s->op == l->nop) return false;
    const uint32_t op = vl_le32(l->cigar + 4 * s->op++), code = op & CODE;
    const bool match = code == MATCH || code == EQUAL || code == DIFFERENT;
    s->n = op >> 4;
    s->on_contig = match || code == DELETION;
    s->in_read = match || code == INSERTION || code == SOFT_CLIP;
    return true;
}

static vl_code put_number(vl_buf *text, size_t n, vl_err *err)
{
    uint8_t digit[24];
    size_t at = sizeof digit;
    do digit[--at] = (uint8_t)('0' + n % 10);
    while (n /= 10);
    return vl_buf_append(text, digit + at, sizeof digit - at, err);
}

size_t vl_next_difference(const uint8_t *a, const uint8_t *b, size_t i, size_t n)
{
    const uint64_t all_n = UINT64_C(0x4e4e4e4e4e4e4e4e), low = UINT64_C(0x0101010101010101);
    for (; i + 8 <= n; i += 8) {
        uint64_t x, y;
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        const uint64_t no_n = y ^ all_n; /* has a zero byte where there is an N, at least */
        if (x != y || ((no_n - low) & ~no_n & (low << 7))) break;
    }
    while (i < n && a[i] == b[i] && b[i] != 'N') i++;
    return i;
}

typedef struct differing {
    vl_buf *text;
    size_t same; /* letters since the last that differs */
    int64_t nm;
} differing;

static vl_code put_match(differing *d, const uint8_t *letter, const uint8_t *contig, size_t n, vl_err *err)
{
    for (size_t from = 0;;) {
        const size_t k = vl_next_difference(letter, contig, from, n);
        d->same += k - from;
        if (k == n) return VL_OK;
        if (put_number(d->text, d->same, err) || vl_buf_append(d->text, contig + k, 1, err)) return err->code;
        d->same = 0;
        d->nm++;
        from = k + 1;
    }
}

vl_code vl_differences(const vl_aligned *l, const uint8_t *letter, const uint8_t *contig, vl_buf *text,
                       int64_t *nm, vl_err *err)
{
    differing d = { .text = text };
    text->len = 0;
    for (vl_aligned_step s = { 0 }; vl_aligned_next(l, &s);) {
        if (s.on_contig && s.in_read) {
            if (put_match(&d, letter + s.read, contig + s.contig, s.n, err)) return err->code;
            continue;
        }
        const bool insertion = s.in_read && (vl_le32(l->cigar + 4 * (s.op - 1)) & CODE) == INSERTION;
        if (s.on_contig || insertion) d.nm += (int64_t)s.n;
        if (!s.on_contig) continue;
        if (put_number(text, d.same, err) || vl_buf_append(text, "^", 1, err) ||
            vl_buf_append(text, contig + s.contig, s.n, err))
            return err->code;
        d.same = 0;
    }
    *nm = d.nm;
    return put_number(text, d.same, err);
}

/* ---- mates ---- */

/* Which end of its template a row is; -1: none. */
static int end_of(int64_t flag)
{
    if (!(flag & VL_FLAG_PAIRED) || !(flag & VL_FLAG_FIRST) == !(flag & VL_FLAG_SECOND)) return -1;
    return flag & VL_FLAG_SECOND ? 1 : 0;
}

vl_code vl_ends_find(vl_ends *m, const vl_batch *b, vl_err *err)
{
    enum { MOST = 1 << 20 }; /* names of a batch and the rows around it */
    const size_t n = b->nrow[VL_AT_ALIGNMENT];
    int64_t most = INT64_MIN;
    m->least = INT64_MAX;
    m->n = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t name = vl_place_at(b, i, VL_PLACE_NAME);
        m->least = name < m->least ? name : m->least;
        most = name > most ? name : most;
    }
    if (!n) return VL_OK;
    if ((uint64_t)most - (uint64_t)m->least >= MOST)
        return vl_fail(err, VL_ESTORE, "names of rows that are near each other are far from each other");
    m->n = (size_t)(most - m->least) + 1;
    if (vl_buf_reserve(&m->row, 2 * m->n * sizeof(int32_t), err)) return err->code;
    int32_t *const row = (int32_t *)(void *)m->row.data;
    memset(row, 0xff, 2 * m->n * sizeof *row);
    for (size_t i = n; i-- > 0;) {
        const int64_t flag = vl_place_at(b, i, VL_PLACE_FLAG);
        const int end = end_of(flag);
        if (end < 0 || flag & (VL_FLAG_SECONDARY | VL_FLAG_SUPPLEMENTARY)) continue;
        row[2 * (size_t)(vl_place_at(b, i, VL_PLACE_NAME) - m->least) + (size_t)end] = (int32_t)i;
    }
    return VL_OK;
}

bool vl_mate_of(const vl_ends *m, const vl_batch *b, size_t i, size_t *mate)
{
    const int end = end_of(vl_place_at(b, i, VL_PLACE_FLAG));
    if (end < 0) return false;
    const size_t name = (size_t)(vl_place_at(b, i, VL_PLACE_NAME) - m->least);
    const int32_t row = ((const int32_t *)(const void *)m->row.data)[2 * name + (size_t)!end];
    if (row < 0) return false;
    *mate = (size_t)row;
    return (*mate > i ? *mate - i : i - *mate) <= VL_AF_NEAR;
}

int64_t vl_mate_quality(const vl_batch *b, size_t mate)
{
    enum { GOOD = 15 };
    const vl_cell quality = vl_row(&b->col[VL_AL_QUALITY], mate);
    int64_t sum = 0;
    for (size_t i = 0; i < quality.n; i++) sum += quality.at[i] >= GOOD ? quality.at[i] : 0;
    return sum;
}

vl_code vl_mate_cigar(const vl_batch *b, size_t mate, vl_buf *text, vl_err *err)
{
    const vl_column *const cigar = &b->col[VL_AL_CIGAR];
    const uint64_t from = cigar->offset[mate];
    const size_t nop = (size_t)(cigar->offset[mate + 1] - from);
    text->len = 0;
    return vl_cigar_put(nop ? cigar->data.data + 4 * from : NULL, nop, text, err);
}
