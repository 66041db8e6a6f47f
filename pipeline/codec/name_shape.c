/* Texts cut into words, by shapes (name.h). */
#include "pipeline/codec/name.h"

#include <string.h>

enum { FEW = 4, PART = 1000 }; /* texts that a shape must have, or one in so many */
enum { NONE = 255 };

static bool is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }
static bool is_word(uint8_t c) { return is_digit(c) || (uint8_t)((c | 32) - 'a') < 26; }

/* Which bytes stand in words, which are digits. */
typedef struct classes {
    uint8_t word[256], digit[256];
} classes;

static void init_classes(classes *c)
{
    for (int i = 0; i < 256; i++) {
        c->word[i] = is_word((uint8_t)i);
        c->digit[i] = is_digit((uint8_t)i);
    }
}

/* Words between separators, which make the key, from byte i on; k words are known. Returns the words; 0: they
 * are too many. */
static size_t cut_between(const classes *c, const uint8_t *plain, vl_text t, uint32_t i, size_t k,
                          uint8_t *key, vl_text *part)
{
    const uint8_t *const p = plain + t.at;
    uint32_t start = i;
    for (; i < t.n; i++) {
        if (c->word[p[i]]) continue;
        if (k == VL_NAME_PARTS - 1) return 0;
        key[k] = p[i];
        part[k++] = (vl_text){ t.at + start, i - start };
        start = i + 1;
    }
    part[k] = (vl_text){ t.at + start, t.n - start };
    return k + 1;
}

/* Bytes that two texts begin with alike. */
static uint32_t alike(const uint8_t *plain, vl_text a, vl_text b)
{
    const uint32_t n = a.n < b.n ? a.n : b.n;
    uint64_t x, y;
    for (uint32_t i = 0; i < n; i += 8) {
        memcpy(&x, plain + a.at + i, 8);
        memcpy(&y, plain + b.at + i, 8);
        if (x == y) continue;
        i += (uint32_t)__builtin_ctzll(x ^ y) / 8;
        return i < n ? i : n;
    }
    return n;
}

/* Takes over the words, with the separators behind them, that a text begins with as the one before it, which
 * has words [n]. Returns them; *next: where the others begin. */
static size_t take_over(const uint8_t *plain, vl_text before, const vl_text *words, size_t n, vl_text t,
                        vl_text *part, uint32_t *next)
{
    const uint32_t same = alike(plain, before, t);
    size_t k = 0;
    *next = 0;
    while (k < n && words[k].at - before.at + words[k].n < same) {
        part[k] = (vl_text){ words[k].at - before.at + t.at, words[k].n };
        *next = part[k].at - t.at + part[k].n + 1;
        k++;
    }
    return k;
}

/* Runs of digits and of others. Returns how many; 0: too many. */
static size_t cut_within(const classes *c, const uint8_t *plain, vl_text t, uint8_t *key, vl_text *part)
{
    const uint8_t *const p = plain + t.at;
    uint32_t start = 0;
    size_t k = 0;
    for (uint32_t i = 0; i < t.n; i++) {
        if (i + 1 < t.n && c->digit[p[i]] == c->digit[p[i + 1]]) continue;
        if (k == VL_NAME_PARTS) return 0;
        key[k] = c->digit[p[i]];
        part[k++] = (vl_text){ t.at + start, i + 1 - start };
        start = i + 1;
    }
    return k;
}

/* The number of the shape with this key, the last one first; a new one while there is room. */
static size_t find_shape(vl_name_shapes *s, size_t last, const uint8_t *key, size_t nkey, size_t nword)
{
    if (last < s->n && s->shape[last].nkey == nkey && !memcmp(s->shape[last].key, key, nkey)) return last;
    for (size_t i = 0; i < s->n; i++)
        if (s->shape[i].nkey == nkey && !memcmp(s->shape[i].key, key, nkey)) return i;
    if (s->n == VL_NAME_SHAPES) return NONE;
    vl_name_shape *const shape = &s->shape[s->n];
    memcpy(shape->key, key, nkey);
    shape->nkey = nkey;
    shape->nword = nword;
    shape->count = 0;
    shape->alike = nword;
    return s->n++;
}

/* Shapes that few texts have are left out, with their words. */
static void leave_out(vl_name_shapes *s, size_t n)
{
    uint8_t number[256];
    size_t old[VL_NAME_SHAPES], kept = 0, from = 0, to = 0;
    for (size_t i = 0; i < s->n; i++) old[i] = s->shape[i].nword;
    memset(number, NONE, sizeof number);
    const size_t nold = s->n;
    for (size_t i = 0; i < nold; i++) {
        if (s->shape[i].count < FEW || s->shape[i].count < n / PART) continue;
        number[i] = (uint8_t)kept;
        s->shape[kept++] = s->shape[i];
    }
    s->n = kept;
    vl_text *const part = (vl_text *)(void *)s->part.data;
    for (size_t i = 0; i < n; i++) {
        const uint8_t was = s->which.data[i], is = number[was];
        const size_t nword = was == NONE ? 0 : old[was];
        if (is != NONE && to != from) memmove(part + to, part + from, nword * sizeof *part);
        to += is != NONE ? nword : 0;
        from += nword;
        s->which.data[i] = is == NONE ? (uint8_t)kept : is;
    }
    s->part.len = to * sizeof *part;
}

/* The words of one text behind those of the one before it, whose shape is last, NONE: it has none. Returns
 * its shape. */
static size_t cut_one(vl_name_shapes *s, const classes *c, const uint8_t *plain, const vl_text *text,
                      size_t i, size_t last, bool within)
{
    uint8_t key[VL_NAME_PARTS];
    vl_text *const part = (vl_text *)(void *)(s->part.data + s->part.len);
    size_t known = 0, nword;
    uint32_t next = 0;
    if (!within && last != NONE) {
        const size_t n = s->shape[last].nword;
        known = take_over(plain, text[i - 1], part - n, n - 1, text[i], part, &next);
        memcpy(key, s->shape[last].key, known);
    }
    nword = within ? cut_within(c, plain, text[i], key, part)
                   : cut_between(c, plain, text[i], next, known, key, part);
    if (!nword) return NONE;
    const size_t number = find_shape(s, last, key, within ? nword : nword - 1, nword);
    if (number == NONE) return NONE;
    vl_name_shape *const shape = &s->shape[number];
    if (shape->count++ && (number != last || known < shape->alike)) shape->alike = number == last ? known : 0;
    s->part.len += nword * sizeof *part;
    return number;
}

vl_code vl_name_cut(vl_name_shapes *s, const uint8_t *plain, const vl_text *text, size_t n, bool within,
                    vl_err *err)
{
    classes c;
    size_t last = NONE;
    init_classes(&c);
    s->n = s->part.len = 0;
    if (vl_buf_reserve(&s->which, n, err)) return err->code;
    for (size_t i = 0; i < n; i++) {
        if (vl_buf_grow(&s->part, VL_NAME_PARTS * sizeof(vl_text), err)) return err->code;
        last = cut_one(s, &c, plain, text, i, last, within);
        s->which.data[i] = (uint8_t)last;
    }
    leave_out(s, n);
    return VL_OK;
}
