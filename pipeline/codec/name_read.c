/* Texts as a tree of columns, the way back (name.h): the tree is read whole, then texts are written row by
 * row. What it may hold is as much as the bytes that it is to fill can need. */
#include "pipeline/codec/name.h"

#include <stdlib.h>
#include <string.h>

/* What a shape writes for a text: bytes that are always the same, then a word. */
typedef struct step {
    uint32_t at, n; /* bytes, in the reader's */
    int32_t node;   /* -1: none */
} step;

typedef struct shape {
    uint32_t first, n; /* steps */
} shape;

typedef struct node {
    enum vl_name_kind kind;
    size_t n, next;      /* texts; the one to be written */
    vl_buf value;        /* u64: numbers; where texts or words begin, and the end */
    vl_buf bytes;        /* of texts and words; the only one of all that are equal */
    vl_buf which;        /* u8: words or shapes */
    uint32_t width;      /* of numbers */
    uint32_t nchoice;    /* words or shapes; of twice: its number */
    uint32_t shape;      /* the first */
    int32_t rest;        /* those of no word or shape; of twice: what there are two of. -1: none */
    const uint8_t *last; /* twice: the text before, in plain, or in bytes */
    size_t nlast;
} node;

struct vl_name_reader {
    vl_numbers *numbers; /* borrowed: of work */
    node *node;          /* owned; [cnode] */
    size_t nnode, cnode;
    vl_buf steps, shapes, bytes, nibbles;
    size_t left; /* values and bytes that there may still be */
    vl_work *work;
    const uint8_t *end; /* of what is written to */
};

/* Where a node stands. */
typedef struct spot {
    int depth;
    unsigned twice;
    vl_name_number *known; /* [VL_NAME_PARTS] of the shape; NULL: in none */
    size_t word;
} spot;

vl_name_reader *vl_name_reader_new(void) { return calloc(1, sizeof(vl_name_reader)); }

void vl_name_reader_free(vl_name_reader *r)
{
    for (size_t i = 0; i < r->cnode; i++) {
        vl_buf_free(&r->node[i].value);
        vl_buf_free(&r->node[i].bytes);
        vl_buf_free(&r->node[i].which);
    }
    free(r->node);
    vl_buf *const all[] = { &r->steps, &r->shapes, &r->bytes, &r->nibbles };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(r);
}

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of names: %s are cut off or make no sense", what);
}

/* Whether there may be n more values or bytes. */
static bool spend(vl_name_reader *r, uint64_t n)
{
    if (n > r->left) return false;
    r->left -= n;
    return true;
}

static vl_code new_node(vl_name_reader *r, int32_t *number, vl_err *err)
{
    if (r->nnode == VL_NAME_NODES) return cut_off("nodes", err);
    if (r->nnode == r->cnode) {
        const size_t cap = r->cnode ? 2 * r->cnode : 64;
        node *const p = realloc(r->node, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu columns of names", cap);
        memset(p + r->cnode, 0, (cap - r->cnode) * sizeof *p);
        r->node = p;
        r->cnode = cap;
    }
    *number = (int32_t)r->nnode++;
    return VL_OK;
}

static vl_code take_node(vl_name_reader *r, vl_rest *in, size_t n, spot at, int32_t *number, vl_err *err);

/* ---- columns ---- */

static vl_code take_equal(vl_name_reader *r, vl_rest *in, node *k, vl_err *err)
{
    uint64_t len;
    const uint8_t *bytes;
    if (!vl_take_number(in, &len, r->left) || !spend(r, len) || !vl_take_bytes(in, &bytes, len))
        return cut_off("texts", err);
    k->bytes.len = 0;
    if (vl_buf_reserve(&k->bytes, len + VL_PAD, err)) return err->code; /* an empty one is read too */
    return vl_buf_append(&k->bytes, bytes, len, err);
}

static const uint64_t *find_known(void *arg, unsigned column)
{
    const spot *const at = arg;
    const vl_name_number *const me = at->known ? &at->known[at->word] : NULL;
    if (!me || column <= at->word || column >= VL_NAME_PARTS) return NULL;
    const vl_name_number *const k = &at->known[column];
    return k->v && k->n == me->n && k->twice == at->twice ? k->v : NULL;
}

static vl_code take_number_node(vl_name_reader *r, vl_rest *in, node *k, spot at, vl_err *err)
{
    const uint8_t *width;
    if (!vl_take_bytes(in, &width, 1) || *width > VL_NAME_DIGITS || !spend(r, k->n))
        return cut_off("numbers", err);
    if (vl_buf_reserve(&k->value, k->n * sizeof(uint64_t), err)) return err->code;
    uint64_t *const v = (uint64_t *)(void *)k->value.data;
    if (at.known) at.known[at.word] = (vl_name_number){ NULL, k->n, at.twice };
    k->width = *width;
    if (vl_numbers_unpack(r->numbers, in, v, k->n, find_known, &at, r->work, err)) return err->code;
    if (at.known) at.known[at.word].v = v;
    return VL_OK;
}

/* n texts: where they begin in k->value, and their bytes. */
static vl_code take_texts(vl_name_reader *r, vl_rest *in, node *k, size_t n, vl_err *err)
{
    if (!spend(r, n)) return cut_off("texts", err);
    if (vl_buf_reserve(&k->value, (n + 1) * sizeof(uint64_t), err)) return err->code;
    uint64_t *const v = (uint64_t *)(void *)k->value.data, sum = 0;
    if (vl_numbers_unpack(r->numbers, in, v, n, NULL, NULL, r->work, err)) return err->code;
    for (size_t i = 0; i < n; i++) {
        const uint64_t len = v[i];
        v[i] = sum;
        if (!spend(r, len)) return cut_off("texts", err);
        sum += len;
    }
    v[n] = sum;
    if (vl_buf_reserve(&k->bytes, sum + VL_PAD, err)) return err->code;
    return vl_symbols_unpack(&r->numbers->symbols, in, k->bytes.data, sum, r->work, err);
}

static vl_code take_hex(vl_name_reader *r, vl_rest *in, node *k, vl_err *err)
{
    const uint8_t *upper;
    uint64_t digits;
    if (!vl_take_bytes(in, &upper, 1) || *upper > 1 || !vl_take_number(in, &digits, r->left / k->n) ||
        !digits || !spend(r, digits * k->n))
        return cut_off("digits", err);
    if (vl_buf_reserve(&k->bytes, digits * k->n + VL_PAD, err) ||
        vl_buf_reserve(&r->nibbles, k->n + VL_PAD, err))
        return err->code;
    const char *const letter = *upper ? "0123456789ABCDEF" : "0123456789abcdef";
    k->width = (uint32_t)digits;
    for (size_t c = 0; c < digits; c += 2) {
        uint8_t *to = k->bytes.data + c;
        const uint8_t *const b = r->nibbles.data;
        if (vl_symbols_unpack(&r->numbers->symbols, in, r->nibbles.data, k->n, r->work, err))
            return err->code;
        for (size_t i = 0; i < k->n; i++, to += digits) {
            if (c + 1 < digits) to[1] = (uint8_t)letter[b[i] & 15];
            to[0] = (uint8_t)letter[c + 1 < digits ? b[i] >> 4 : b[i] & 15];
        }
    }
    return VL_OK;
}

/* Which of nchoice each text is, and as a node those that are none. count [nchoice]: of each. */
static vl_code take_which(vl_name_reader *r, vl_rest *in, node *k, size_t *count, vl_err *err)
{
    if (!spend(r, k->n)) return cut_off("texts", err);
    if (vl_buf_reserve(&k->which, k->n + VL_PAD, err) ||
        vl_symbols_unpack(&r->numbers->symbols, in, k->which.data, k->n, r->work, err))
        return err->code;
    memset(count, 0, (k->nchoice + 1) * sizeof *count);
    for (size_t i = 0; i < k->n; i++) {
        if (k->which.data[i] > k->nchoice) return cut_off("choices", err);
        count[k->which.data[i]]++;
    }
    return VL_OK;
}

static vl_code take_words(vl_name_reader *r, vl_rest *in, int32_t number, spot at, vl_err *err)
{
    node *k = &r->node[number];
    size_t count[256];
    uint64_t n;
    if (!vl_take_number(in, &n, VL_NAME_WORD) || !n) return cut_off("words", err);
    k->nchoice = (uint32_t)n;
    if (take_texts(r, in, k, n, err) || take_which(r, in, k, count, err)) return err->code;
    if (!count[n]) return VL_OK;
    int32_t rest;
    at = (spot){ at.depth + 1, at.twice, NULL, 0 };
    if (take_node(r, in, count[n], at, &rest, err)) return err->code;
    r->node[number].rest = rest;
    return VL_OK;
}

static vl_code take_twice(vl_name_reader *r, vl_rest *in, int32_t number, spot at, vl_err *err)
{
    const uint8_t *phase;
    const size_t n = r->node[number].n;
    int32_t rest;
    if (!vl_take_bytes(in, &phase, 1) || *phase < 1 || *phase > 2) return cut_off("texts", err);
    r->node[number].nchoice = *phase;
    at.depth++;
    at.twice = *phase;
    if (take_node(r, in, *phase == 2 ? (n + 1) / 2 : n / 2 + 1, at, &rest, err)) return err->code;
    r->node[number].rest = rest;
    return VL_OK;
}

/* ---- shapes ---- */

/* A word's column becomes a step; bytes that are always the same go to those that stand before it. */
static vl_code add_step(vl_name_reader *r, int32_t number, step *s, vl_err *err)
{
    node *const k = &r->node[number];
    if (k->kind == VL_NAME_EQUAL) {
        if (vl_buf_append(&r->bytes, k->bytes.data, k->bytes.len, err)) return err->code;
        s->n += (uint32_t)k->bytes.len;
        return VL_OK;
    }
    s->node = number;
    if (vl_buf_append(&r->steps, s, sizeof *s, err)) return err->code;
    *s = (step){ (uint32_t)r->bytes.len, 0, -1 };
    return VL_OK;
}

/* What a shape writes: words and separators in their order. */
static vl_code add_shape(vl_name_reader *r, const int32_t *word, size_t nword, const uint8_t *separator,
                         vl_err *err)
{
    shape s = { (uint32_t)(r->steps.len / sizeof(step)), 0 };
    step open = { (uint32_t)r->bytes.len, 0, -1 };
    for (size_t i = 0; i < nword; i++) {
        if (add_step(r, word[i], &open, err)) return err->code;
        if (!separator || i + 1 == nword) continue;
        if (vl_buf_append(&r->bytes, &separator[i], 1, err)) return err->code;
        open.n++;
    }
    if (open.n && vl_buf_append(&r->steps, &open, sizeof open, err)) return err->code;
    s.n = (uint32_t)(r->steps.len / sizeof(step)) - s.first;
    return vl_buf_append(&r->shapes, &s, sizeof s, err);
}

static vl_code take_shape(vl_name_reader *r, vl_rest *in, size_t n, int depth, vl_err *err)
{
    const uint8_t *between, *separator = NULL;
    uint64_t nword;
    int32_t word[VL_NAME_PARTS];
    vl_name_number known[VL_NAME_PARTS];
    if (!n || !vl_take_bytes(in, &between, 1) || *between > 1 || !vl_take_number(in, &nword, VL_NAME_PARTS) ||
        !nword || (*between && !vl_take_bytes(in, &separator, nword - 1)))
        return cut_off("shapes", err);
    memset(known, 0, sizeof known);
    for (size_t i = nword; i-- > 0;)
        if (take_node(r, in, n, (spot){ depth + 1, 0, known, i }, &word[i], err)) return err->code;
    return add_shape(r, word, nword, separator, err);
}

static vl_code take_split(vl_name_reader *r, vl_rest *in, int32_t number, spot at, vl_err *err)
{
    node *const k = &r->node[number];
    size_t count[256];
    const uint8_t *nshape;
    if (!vl_take_bytes(in, &nshape, 1) || *nshape > VL_NAME_SHAPES) return cut_off("shapes", err);
    const uint32_t n = k->nchoice = *nshape;
    if (take_which(r, in, k, count, err)) return err->code;
    shape own[VL_NAME_SHAPES];
    for (uint32_t i = 0; i < n; i++) { /* shapes within shapes come before them: keep those of this one */
        if (take_shape(r, in, count[i], at.depth, err)) return err->code;
        r->shapes.len -= sizeof(shape);
        memcpy(&own[i], r->shapes.data + r->shapes.len, sizeof(shape));
    }
    int32_t rest = -1;
    if (count[n] && take_node(r, in, count[n], (spot){ at.depth + 1, 0, NULL, 0 }, &rest, err))
        return err->code;
    r->node[number].rest = rest;
    r->node[number].shape = (uint32_t)(r->shapes.len / sizeof(shape));
    return vl_buf_append(&r->shapes, own, n * sizeof(shape), err);
}

static vl_code take_node(vl_name_reader *r, vl_rest *in, size_t n, spot at, int32_t *number, vl_err *err)
{
    const uint8_t *kind;
    if (at.depth >= VL_NAME_DEPTH || !vl_take_bytes(in, &kind, 1)) return cut_off("nodes", err);
    if (new_node(r, number, err)) return err->code;
    node *const k = &r->node[*number];
    k->kind = (enum vl_name_kind) * kind;
    k->n = n;
    k->next = 0;
    k->rest = -1;
    k->last = NULL;
    switch (*kind) {
    case VL_NAME_EQUAL: return take_equal(r, in, k, err);
    case VL_NAME_NUMBER: return take_number_node(r, in, k, at, err);
    case VL_NAME_HEX: return take_hex(r, in, k, err);
    case VL_NAME_WORDS: return take_words(r, in, *number, at, err);
    case VL_NAME_TEXTS: return take_texts(r, in, k, n, err);
    case VL_NAME_SPLIT: return take_split(r, in, *number, at, err);
    case VL_NAME_TWICE: return take_twice(r, in, *number, at, err);
    default: return cut_off("nodes", err);
    }
}

/* ---- texts ---- */

static const char pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* All put_ functions: behind what they write; NULL: there is no room for it. bytes are padded, or in
 * plain. */
static inline uint8_t *put_bytes(const vl_name_reader *r, uint8_t *p, const uint8_t *bytes, size_t n)
{
    enum { SHORT = 32 };
    const size_t room = (size_t)(r->end - p);
    if (n > room) return NULL;
    if (n <= SHORT && room >= SHORT) memmove(p, bytes, SHORT);
    else memcpy(p, bytes, n);
    return p + n;
}

static uint8_t *put_number(const vl_name_reader *r, uint8_t *p, uint64_t v, size_t width)
{
    enum { MOST = 20 };
    uint8_t text[MOST + 32] = { 0 }, *t = text + MOST; /* and what put_bytes may read behind */
    while (v >= 100) {
        t -= 2;
        memcpy(t, pairs + v % 100 * 2, 2);
        v /= 100;
    }
    t -= 2;
    memcpy(t, pairs + v * 2, 2);
    if (v < 10) t++;
    while ((size_t)(text + MOST - t) < width) *--t = '0';
    return put_bytes(r, p, t, (size_t)(text + MOST - t));
}

static uint8_t *put_text(const vl_name_reader *r, uint8_t *p, const node *k, size_t i)
{
    const uint64_t *const start = (const uint64_t *)(const void *)k->value.data;
    return put_bytes(r, p, k->bytes.data + start[i], start[i + 1] - start[i]);
}

static uint8_t *put_node(const vl_name_reader *r, uint8_t *p, int32_t number);

static uint8_t *put_steps(const vl_name_reader *r, uint8_t *p, const shape *s)
{
    const step *t = (const step *)(const void *)r->steps.data + s->first;
    for (const step *const end = t + s->n; t < end && p; t++) {
        if (!(p = put_bytes(r, p, r->bytes.data + t->at, t->n)) || t->node < 0) continue;
        node *const k = &r->node[t->node];
        if (k->kind == VL_NAME_NUMBER)
            p = put_number(r, p, ((const uint64_t *)(const void *)k->value.data)[k->next++], k->width);
        else p = put_node(r, p, t->node);
    }
    return p;
}

/* A text for the first time, or once more. */
static uint8_t *put_twice(const vl_name_reader *r, uint8_t *p, node *k)
{
    const size_t i = k->next++;
    const bool again = k->nchoice == 2 ? i & 1 : i && !(i & 1);
    if (again) return put_bytes(r, p, k->last, k->nlast);
    k->last = p;
    p = put_node(r, p, k->rest);
    k->nlast = p ? (size_t)(p - k->last) : 0;
    return p;
}

static uint8_t *put_node(const vl_name_reader *r, uint8_t *p, int32_t number)
{
    node *const k = &r->node[number];
    if (k->kind == VL_NAME_TWICE) return put_twice(r, p, k);
    const size_t i = k->next++;
    switch (k->kind) {
    case VL_NAME_EQUAL: return put_bytes(r, p, k->bytes.data, k->bytes.len);
    case VL_NAME_NUMBER:
        return put_number(r, p, ((const uint64_t *)(const void *)k->value.data)[i], k->width);
    case VL_NAME_HEX: return put_bytes(r, p, k->bytes.data + i * k->width, k->width);
    case VL_NAME_TEXTS: return put_text(r, p, k, i);
    default: break;
    }
    const size_t which = k->which.data[i];
    if (which == k->nchoice) return put_node(r, p, k->rest);
    if (k->kind == VL_NAME_WORDS) return put_text(r, p, k, which);
    return put_steps(r, p, (const shape *)(const void *)r->shapes.data + k->shape + which);
}

/* ---- from a text on ---- */

static vl_code go_to(vl_name_reader *r, int32_t number, size_t i, size_t most, vl_err *err);

/* What a text that stands once more is like: the one before, written beside. */
static vl_code go_to_twice(vl_name_reader *r, node *k, size_t i, size_t most, vl_err *err)
{
    const bool again = k->nchoice == 2 ? i & 1 : i && !(i & 1);
    const size_t once = k->nchoice == 2 ? (i + 1) / 2 : i ? i / 2 + 1 : 0; /* texts before i, each once */
    if (go_to(r, k->rest, once - again, most, err) || !again) return err->code;
    if (vl_buf_reserve(&k->bytes, most + VL_PAD, err)) return err->code;
    const uint8_t *const end = r->end;
    r->end = k->bytes.data + most;
    const uint8_t *const p = put_node(r, k->bytes.data, k->rest);
    r->end = end;
    if (!p) return cut_off("texts", err);
    k->last = k->bytes.data;
    k->nlast = (size_t)(p - k->last);
    return VL_OK;
}

/* So that text i is the next that is put; most: bytes of a text. */
static vl_code go_to(vl_name_reader *r, int32_t number, size_t i, size_t most, vl_err *err)
{
    node *const k = &r->node[number];
    size_t count[256] = { 0 };
    k->next = i;
    if (k->kind == VL_NAME_TWICE) return go_to_twice(r, k, i, most, err);
    if (k->kind != VL_NAME_WORDS && k->kind != VL_NAME_SPLIT) return VL_OK;
    for (size_t j = 0; j < i; j++) count[k->which.data[j]]++;
    if (k->rest >= 0 && go_to(r, k->rest, count[k->nchoice], most, err)) return err->code;
    for (uint32_t c = 0; k->kind == VL_NAME_SPLIT && c < k->nchoice; c++) {
        const shape *const s = (const shape *)(const void *)r->shapes.data + k->shape + c;
        const step *const t = (const step *)(const void *)r->steps.data + s->first;
        for (uint32_t j = 0; j < s->n; j++)
            if (t[j].node >= 0 && go_to(r, t[j].node, count[c], most, err)) return err->code;
    }
    return VL_OK;
}

/* The text to begin with, and where it lies: of the last group that begins before what is wanted. Texts that
 * are equal need no groups. */
static vl_code begin(vl_name_reader *r, int32_t root, size_t n, size_t len, const vl_name_groups *groups,
                     size_t from, size_t *first, size_t *at, vl_err *err)
{
    const node *const k = &r->node[root];
    const size_t each = k->kind == VL_NAME_EQUAL && k->bytes.len == len / n ? len / n : 0;
    *first = each ? from / each : 0;
    if (*first > n) *first = n;
    *at = *first * each;
    if (each || !from) return VL_OK;
    size_t g = groups->n;
    while (g && groups->start[g - 1] > from) g--;
    if (g < 2) return VL_OK;
    *first = (g - 1) << groups->shift;
    *at = groups->start[g - 1];
    return go_to(r, root, *first, len, err);
}

/* Whether text i, which lies at `at`, lies where the groups say. */
static bool as_said(const vl_name_groups *groups, size_t i, size_t at)
{
    const size_t g = i >> groups->shift;
    return i & (((size_t)1 << groups->shift) - 1) || g >= groups->n || groups->start[g] == at;
}

vl_code vl_name_unpack(vl_name_reader *r, vl_rest *in, size_t n, uint8_t *plain, size_t len,
                       const vl_name_groups *groups, vl_part want, vl_work *work, vl_err *err)
{
    int32_t root;
    size_t i, at;
    r->nnode = r->steps.len = r->shapes.len = r->bytes.len = 0;
    r->left = 2 * len;
    r->work = work;
    if (!(r->numbers = vl_numbers_of(work, err))) return err->code;
    r->end = plain + len;
    /* a shape may have words alone, and none of these bytes: what reads them finds memory all the same */
    if (vl_buf_reserve(&r->bytes, VL_PAD, err)) return err->code;
    if (take_node(r, in, n, (spot){ 0 }, &root, err) ||
        begin(r, root, n, len, groups, want.from, &i, &at, err))
        return err->code;
    uint8_t *p = plain + at;
    const uint8_t *const enough = want.to < len ? plain + want.to : NULL;
    for (; i < n && p && (!enough || p < enough); i++) {
        if (!as_said(groups, i, (size_t)(p - plain))) return cut_off("groups", err);
        p = put_node(r, p, root);
    }
    if (!p || (i == n && p != r->end) || in->at != in->end) return cut_off("texts", err);
    return VL_OK;
}
