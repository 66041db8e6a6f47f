/* Texts as a tree of columns, the way out (name.h). */
#include "pipeline/codec/name.h"

#include <stdlib.h>
#include <string.h>

/* Room of one node; the nodes within have that of the next level. */
typedef struct level {
    vl_name_shapes *shapes; /* owned; made when first needed */
    vl_name_words words;
    vl_buf column, rest, value, bytes;
    vl_buf number[VL_NAME_PARTS];
    vl_name_number known[VL_NAME_PARTS]; /* of the shape at work */
} level;

struct vl_name_packer {
    vl_numbers *numbers;         /* borrowed: of work */
    level *level[VL_NAME_DEPTH]; /* owned */
    vl_work *work;
    const uint8_t *plain;
    size_t values, most; /* values in all columns, of as many as there may be */
    size_t nodes;
    bool much; /* too much of something */
};

/* Where a node stands. */
typedef struct spot {
    int depth;
    int fine;       /* 0: texts of rows, 1: words, 2: runs of digits or letters */
    unsigned twice; /* how texts were made half as many */
    bool rest;      /* what words left over */
    level *in;      /* the level of the shape; NULL: in none */
    size_t word;    /* number in it */
} spot;

vl_name_packer *vl_name_packer_new(void) { return calloc(1, sizeof(vl_name_packer)); }

static void free_level(level *l)
{
    if (!l) return;
    if (l->shapes) {
        vl_buf_free(&l->shapes->part);
        vl_buf_free(&l->shapes->which);
        free(l->shapes);
    }
    vl_buf *const all[] = { &l->words.slot, &l->words.at, &l->words.which, &l->column,
                            &l->rest,       &l->value,    &l->bytes };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    for (size_t i = 0; i < VL_NAME_PARTS; i++) vl_buf_free(&l->number[i]);
    free(l);
}

void vl_name_packer_free(vl_name_packer *p)
{
    for (int i = 0; i < VL_NAME_DEPTH; i++) free_level(p->level[i]);
    free(p);
}

static level *level_of(vl_name_packer *p, int depth, vl_err *err)
{
    level **const l = &p->level[depth];
    if (!*l) *l = calloc(1, sizeof **l);
    if (*l && !(*l)->shapes) (*l)->shapes = calloc(1, sizeof *(*l)->shapes);
    if (!*l || !(*l)->shapes) {
        vl_fail(err, VL_ENOMEM, "no memory for names");
        return NULL;
    }
    return *l;
}

static vl_code put_kind(enum vl_name_kind kind, vl_buf *out, vl_err *err)
{
    return vl_buf_append(out, &(uint8_t){ (uint8_t)kind }, 1, err);
}

static vl_code put_node(vl_name_packer *p, const vl_text *text, size_t n, spot at, vl_buf *out, vl_err *err);

/* ---- equal, twice ---- */

static bool all_equal(const uint8_t *plain, const vl_text *text, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!vl_text_same(plain, text[0], text[i])) return false;
    return true;
}

static vl_code put_equal(const vl_name_packer *p, vl_text t, vl_buf *out, vl_err *err)
{
    if (put_kind(VL_NAME_EQUAL, out, err) || vl_add_number(out, t.n, err)) return err->code;
    return vl_buf_append(out, p->plain + t.at, t.n, err);
}

/* Whether each two are equal, behind the first `phase`. */
static bool is_twice(const uint8_t *plain, const vl_text *text, size_t n, unsigned phase)
{
    for (size_t i = phase % 2; i + 1 < n; i += 2)
        if (!vl_text_same(plain, text[i], text[i + 1])) return false;
    return true;
}

static vl_code put_twice(vl_name_packer *p, const vl_text *text, size_t n, unsigned phase, spot at,
                         vl_buf *out, vl_err *err)
{
    level *const l = level_of(p, at.depth, err);
    if (!l) return err->code;
    l->rest.len = 0;
    if (put_kind(VL_NAME_TWICE, out, err) || vl_buf_append(out, &(uint8_t){ (uint8_t)phase }, 1, err))
        return err->code;
    for (size_t i = 0; i < n; i += i || phase == 2 ? 2 : 1)
        if (vl_buf_append(&l->rest, &text[i], sizeof *text, err)) return err->code;
    at.depth++;
    at.twice = phase;
    return put_node(p, (const vl_text *)(const void *)l->rest.data, l->rest.len / sizeof *text, at, out, err);
}

/* ---- numbers ---- */

/* What the bytes of texts are. */
typedef struct kinds {
    size_t least, most; /* bytes */
    unsigned set;       /* of the bits below */
} kinds;
enum { DIGIT = 1, LOWER_HEX = 2, UPPER_HEX = 4, OTHER = 8 };

static unsigned kind_of(uint8_t c)
{
    if ((uint8_t)(c - '0') < 10) return DIGIT;
    if ((uint8_t)(c - 'a') < 6) return LOWER_HEX;
    return (uint8_t)(c - 'A') < 6 ? UPPER_HEX : OTHER;
}

/* Not all of them when there are bytes of other kinds. */
static kinds look(const uint8_t *plain, const vl_text *text, size_t n)
{
    kinds k = { SIZE_MAX, 0, 0 };
    uint8_t of[256];
    for (int i = 0; i < 256; i++) of[i] = (uint8_t)kind_of((uint8_t)i);
    for (size_t i = 0; i < n && !(k.set & OTHER); i++) {
        const uint8_t *const t = plain + text[i].at;
        const uint32_t len = text[i].n;
        k.least = len < k.least ? len : k.least;
        k.most = len > k.most ? len : k.most;
        for (uint32_t c = 0; c < len; c++) k.set |= of[t[c]];
    }
    return k;
}

/* Up to eight digits at once; false: there are other bytes. */
static bool read_eight(const uint8_t *t, uint32_t n, uint64_t *v)
{
    const uint64_t zeros = UINT64_C(0x3030303030303030);
    uint64_t x;
    memcpy(&x, t, 8);
    x = n == 8 ? x : x << (64 - 8 * n) | zeros >> 8 * n;
    const uint64_t d = x ^ zeros;
    if (((d + UINT64_C(0x0606060606060606)) | d) & UINT64_C(0xf0f0f0f0f0f0f0f0)) return false;
    x = (d * 10 + (d >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x * 100 + (x >> 16)) & UINT64_C(0x0000ffff0000ffff);
    *v = (x * 10000 + (x >> 32)) & UINT64_C(0xffffffff);
    return true;
}

static bool read_many(const uint8_t *t, uint32_t n, uint64_t *v)
{
    uint64_t x = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t d = (uint8_t)(t[i] - '0');
        if (d > 9) return false;
        x = x * 10 + d;
    }
    *v = x;
    return true;
}

/* Digits as numbers; false: there is something else, or zeros in front that the width, which is the length of
 * the shortest, does not say. */
static bool read_numbers(const uint8_t *plain, const vl_text *text, size_t n, uint32_t *width, uint64_t *v)
{
    uint32_t least = UINT32_MAX, zero = 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *const t = plain + text[i].at;
        const uint32_t len = text[i].n;
        if (!len || len > VL_NAME_DIGITS ||
            !(len <= 8 ? read_eight(t, len, &v[i]) : read_many(t, len, &v[i])))
            return false;
        least = len < least ? len : least;
        if (*t == '0' && len > zero) zero = len;
    }
    *width = least;
    return zero <= least;
}

/* Columns of the shape that this one may lean on. */
static vl_beside_numbers beside_of(const spot *at, size_t n)
{
    vl_beside_numbers b = { 0 };
    if (!at->in || at->rest) return b;
    for (size_t i = at->word + 1; i < VL_NAME_PARTS && b.n < VL_NUMBERS_BESIDE; i++) {
        const vl_name_number *const k = &at->in->known[i];
        if (!k->v || k->n != n || k->twice != at->twice) continue;
        b.column[b.n] = (uint8_t)i;
        b.value[b.n++] = k->v;
    }
    return b;
}

static vl_code put_number(vl_name_packer *p, const vl_text *text, size_t n, const spot *at, level *l,
                          vl_buf *out, bool *is, vl_err *err)
{
    uint32_t width;
    const bool known = at->in && !at->rest;
    vl_buf *const value = known ? &at->in->number[at->word] : &l->value;
    if (vl_buf_reserve(value, n * sizeof(uint64_t), err)) return err->code;
    uint64_t *const v = (uint64_t *)(void *)value->data;
    *is = read_numbers(p->plain, text, n, &width, v);
    if (!*is) return VL_OK;
    const vl_beside_numbers beside = beside_of(at, n);
    p->values += n;
    if (known) at->in->known[at->word] = (vl_name_number){ v, n, at->twice };
    if (put_kind(VL_NAME_NUMBER, out, err) || vl_buf_append(out, &(uint8_t){ (uint8_t)width }, 1, err))
        return err->code;
    return vl_numbers_pack(p->numbers, v, n, &beside, p->work, out, err);
}

/* ---- texts, words, hexadecimal digits ---- */

static vl_code put_texts(vl_name_packer *p, const vl_text *text, size_t n, level *l, vl_buf *out, vl_err *err)
{
    const vl_beside_numbers none = { 0 };
    if (vl_buf_reserve(&l->value, n * sizeof(uint64_t), err)) return err->code;
    uint64_t *const v = (uint64_t *)(void *)l->value.data;
    l->bytes.len = 0;
    for (size_t i = 0; i < n; i++) {
        v[i] = text[i].n;
        if (vl_buf_append(&l->bytes, p->plain + text[i].at, text[i].n, err)) return err->code;
    }
    p->values += n;
    if (vl_numbers_pack(p->numbers, v, n, &none, p->work, out, err)) return err->code;
    return vl_symbols_pack(&p->numbers->symbols, l->bytes.data, l->bytes.len, true, p->work, out, err);
}

static vl_code put_words(vl_name_packer *p, const vl_text *text, size_t n, spot at, level *l, vl_buf *out,
                         vl_err *err)
{
    const vl_name_words *const w = &l->words;
    vl_text word[VL_NAME_WORD];
    for (size_t i = 0; i < w->n; i++) word[i] = text[w->first[i]];
    p->values += n;
    if (put_kind(VL_NAME_WORDS, out, err) || vl_add_number(out, w->n, err) ||
        put_texts(p, word, w->n, l, out, err) ||
        vl_symbols_pack(&p->numbers->symbols, w->which.data, n, false, p->work, out, err) || !w->others)
        return err->code;
    l->rest.len = 0;
    for (size_t i = 0; i < n; i++)
        if (w->which.data[i] == w->n && vl_buf_append(&l->rest, &text[i], sizeof *text, err))
            return err->code;
    at.depth++;
    at.rest = true;
    return put_node(p, (const vl_text *)(const void *)l->rest.data, w->others, at, out, err);
}

static uint8_t hex_value(uint8_t c) { return (uint8_t)((c & 15) + 9 * (c >> 6)); }

static vl_code put_hex(vl_name_packer *p, const vl_text *text, size_t n, const kinds *k, level *l,
                       vl_buf *out, vl_err *err)
{
    const uint8_t upper = (k->set & UPPER_HEX) != 0;
    if (put_kind(VL_NAME_HEX, out, err) || vl_buf_append(out, &upper, 1, err) ||
        vl_add_number(out, k->least, err) || vl_buf_reserve(&l->bytes, n, err))
        return err->code;
    p->values += n * ((k->least + 7) / 8);
    for (size_t c = 0; c < k->least && !err->code; c += 2) {
        for (size_t i = 0; i < n; i++) {
            const uint8_t *const t = p->plain + text[i].at + c;
            l->bytes.data[i] =
                (uint8_t)(c + 1 < k->least ? hex_value(t[0]) << 4 | hex_value(t[1]) : hex_value(t[0]));
        }
        vl_symbols_pack(&p->numbers->symbols, l->bytes.data, n, false, p->work, out, err);
    }
    return err->code;
}

/* ---- shapes ---- */

/* Where the words of each text of a shape begin: indexes into part, in l->value. */
static vl_code find_parts(level *l, size_t shape, size_t n, vl_err *err)
{
    const vl_name_shapes *const s = l->shapes;
    uint32_t from = 0, k = 0;
    if (vl_buf_reserve(&l->value, s->shape[shape].count * sizeof(uint32_t), err)) return err->code;
    uint32_t *const first = (uint32_t *)(void *)l->value.data;
    for (size_t i = 0; i < n; i++) {
        const size_t which = s->which.data[i];
        if (which == s->n) continue;
        if (which == shape) first[k++] = from;
        from += (uint32_t)s->shape[which].nword;
    }
    return VL_OK;
}

/* Each column in l->column, one after the other. */
static vl_code put_shape(vl_name_packer *p, size_t number, size_t n, spot at, level *l, vl_buf *out,
                         vl_err *err)
{
    const vl_name_shape *const shape = &l->shapes->shape[number];
    const vl_text *const part = (const vl_text *)(const void *)l->shapes->part.data;
    const uint8_t between = at.fine == 0;
    if (vl_buf_append(out, &between, 1, err) || vl_add_number(out, shape->nword, err) ||
        (between && vl_buf_append(out, shape->key, shape->nkey, err)) || find_parts(l, number, n, err) ||
        vl_buf_reserve(&l->column, shape->count * sizeof(vl_text), err))
        return err->code;
    const uint32_t *const first = (const uint32_t *)(const void *)l->value.data;
    vl_text *const column = (vl_text *)(void *)l->column.data;
    memset(l->known, 0, sizeof l->known);
    at = (spot){ at.depth + 1, at.fine + 1, 0, false, l, 0 };
    for (at.word = shape->nword; at.word-- > 0 && !err->code;) {
        if (at.word < shape->alike) {
            put_equal(p, part[first[0] + at.word], out, err);
            continue;
        }
        for (size_t i = 0; i < shape->count; i++) column[i] = part[first[i] + at.word];
        put_node(p, column, shape->count, at, out, err);
    }
    return err->code;
}

static vl_code put_split(vl_name_packer *p, const vl_text *text, size_t n, spot at, level *l, vl_buf *out,
                         vl_err *err)
{
    const vl_name_shapes *const s = l->shapes;
    p->values += n;
    if (put_kind(VL_NAME_SPLIT, out, err) || vl_buf_append(out, &(uint8_t){ (uint8_t)s->n }, 1, err) ||
        vl_symbols_pack(&p->numbers->symbols, s->which.data, n, false, p->work, out, err))
        return err->code;
    for (size_t i = 0; i < s->n; i++)
        if (put_shape(p, i, n, at, l, out, err)) return err->code;
    l->rest.len = 0;
    for (size_t i = 0; i < n; i++)
        if (s->which.data[i] == s->n && vl_buf_append(&l->rest, &text[i], sizeof *text, err))
            return err->code;
    if (!l->rest.len) return VL_OK;
    at = (spot){ at.depth + 1, 2, 0, true, NULL, 0 };
    return put_node(p, (const vl_text *)(const void *)l->rest.data, l->rest.len / sizeof *text, at, out, err);
}

/* Whether cutting these texts gives shapes that most of them have. */
static vl_code cut(const vl_name_packer *p, const vl_text *text, size_t n, spot *at, level *l, bool *is,
                   vl_err *err)
{
    *is = false;
    for (; at->fine < 2 && !*is; at->fine++) {
        if (vl_name_cut(l->shapes, p->plain, text, n, at->fine, err)) return err->code;
        size_t had = 0, words = 0;
        for (size_t i = 0; i < l->shapes->n; i++) {
            had += l->shapes->shape[i].count;
            words = words < l->shapes->shape[i].nword ? l->shapes->shape[i].nword : words;
        }
        *is = had > n / 2 && words > 1;
        if (*is) break;
    }
    return VL_OK;
}

/* ---- nodes ---- */

/* Whether these are hexadecimal digits, as many of each, that are no words by chance. */
static bool is_hex(const kinds *k)
{
    enum { LEAST = 4, BOTH = LOWER_HEX | UPPER_HEX };
    const unsigned letters = k->set & BOTH;
    return !(k->set & OTHER) && k->set & DIGIT && letters && letters != BOTH && k->least == k->most &&
           k->least >= LEAST;
}

static vl_code put_other(vl_name_packer *p, const vl_text *text, size_t n, spot at, level *l, vl_buf *out,
                         vl_err *err)
{
    enum { FEW = 32 }; /* words that a whole row may be one of */
    bool is = false;
    if (!at.rest && vl_name_count(&l->words, p->plain, text, n, at.fine ? VL_NAME_WORD : FEW, &is, err))
        return err->code;
    if (is) return put_words(p, text, n, at, l, out, err);
    const kinds k = look(p->plain, text, n);
    if (is_hex(&k)) return put_hex(p, text, n, &k, l, out, err);
    if (k.most && cut(p, text, n, &at, l, &is, err)) return err->code;
    if (is) return put_split(p, text, n, at, l, out, err);
    if (put_kind(VL_NAME_TEXTS, out, err)) return err->code;
    return put_texts(p, text, n, l, out, err);
}

static vl_code put_node(vl_name_packer *p, const vl_text *text, size_t n, spot at, vl_buf *out, vl_err *err)
{
    level *const l = at.depth < VL_NAME_DEPTH ? level_of(p, at.depth, err) : NULL;
    bool is = false;
    p->much |= !l || ++p->nodes > VL_NAME_NODES || p->values > p->most;
    if (err->code || p->much) return err->code;
    if (all_equal(p->plain, text, n)) return put_equal(p, text[0], out, err);
    for (unsigned phase = 1; phase <= 2 && n >= 8 && !at.twice; phase++)
        if (is_twice(p->plain, text, n, phase)) return put_twice(p, text, n, phase, at, out, err);
    if (put_number(p, text, n, &at, l, out, &is, err) || is) return err->code;
    return put_other(p, text, n, at, l, out, err);
}

vl_code vl_name_pack(vl_name_packer *p, const uint8_t *plain, size_t len, const vl_text *text, size_t n,
                     vl_work *work, vl_buf *out, bool *fits, vl_err *err)
{
    p->work = work;
    if (!(p->numbers = vl_numbers_of(work, err))) return err->code;
    p->plain = plain;
    p->values = p->nodes = 0;
    p->most = len;
    p->much = false;
    put_node(p, text, n, (spot){ 0 }, out, err);
    *fits = !p->much && p->values <= p->most;
    return err->code;
}
