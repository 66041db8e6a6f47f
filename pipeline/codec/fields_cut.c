/*
 * Which numbers of a text are taken out (fields_cut.h).
 *
 * All are, at first, and those with the same bytes before them are of one sort. A sort stays in the text when
 * its numbers are nearly always what they were the last time behind the same two numbers, of which those
 * count that were so themselves, of others only their sorts: names and terms that have digits in them. Text
 * that repeats takes next to nothing in the template, while a zero byte in it would hide what comes next. So
 * do sorts of a few numbers.
 */
#include "pipeline/codec/fields_cut.h"

static const uint64_t ODD = UINT64_C(0x9E3779B97F4A7C15);
enum { GUESS_BITS = 14, GUESSES = 1 << GUESS_BITS };
enum { FEW = 8, SELDOM = 8 }; /* numbers of a sort that stays; one in so many is not as it was */

void vl_field_cut_free(vl_field_cut *c)
{
    vl_buf_free(&c->place);
    vl_buf_free(&c->template);
    vl_buf_free(&c->guess);
    vl_field_columns_free(&c->columns);
}

/* How often there are numbers of a sort, and how often they are news; the fewest letters of one, and a bit
 * of 64 for each one that there is. */
typedef struct sort {
    uint32_t all, news, least;
    uint64_t bits;
} sort;

static void add_number(sort *s, uint32_t hash, bool news, size_t n)
{
    if (!s->all++ || n < s->least) s->least = (uint32_t)n;
    s->news += news;
    s->bits |= UINT64_C(1) << (hash >> 26);
}

static vl_code add_place(vl_field_cut *c, size_t at, size_t n, size_t sort_of, vl_err *err)
{
    const vl_field_place place = { (uint32_t)at, (uint16_t)sort_of, (uint16_t)n };
    return vl_buf_append(&c->place, &place, sizeof place, err);
}

static void add_text(vl_buf *template, const uint8_t *text, size_t n)
{
    memcpy(template->data + template->len, text, n);
    template->len += n;
}

/* The first digit in text [from, n), or n. */
static size_t next_digit(const uint8_t *text, size_t from, size_t n)
{
    const uint64_t all = UINT64_C(0x0101010101010101), low = 0x7f * all, high = 0x80 * all;
    size_t i = from;
    for (; i + 8 <= n; i += 8) {
        const uint64_t x = vl_le64(text + i);
        const uint64_t is = ((x & low) + (0x80 - '0') * all) & ~((x & low) + (0x7f - '9') * all) & ~x & high;
        if (is) return i + (size_t)__builtin_ctzll(is) / 8;
    }
    while (i < n && (uint8_t)(text[i] - '0') >= 10) i++;
    return i;
}

/* Of bytes before template[at]; this hash is no part of a chunk, and quick. */
static uint64_t quick_hash(const uint8_t *template, size_t at, size_t bytes)
{
    uint64_t h = at < bytes;
    for (size_t i = at < bytes ? at % 8 : at - bytes; i < at; i += 8) {
        h = (h ^ vl_le64(template + i)) * ODD;
        h ^= h >> 29;
    }
    return h;
}

static uint32_t number_hash(const uint8_t *text, size_t n)
{
    uint32_t h = (uint32_t)n;
    for (size_t i = 0; i < n; i++) h = (h ^ text[i]) * 0x01000193;
    return h * 0x9E3779B9;
}

/* Finds all numbers, and what there is of each sort. *fits false: they are too many. */
static vl_code list_all(vl_field_cut *c, const uint8_t *text, size_t n, sort *sorts, bool *fits, vl_err *err)
{
    uint32_t *const guess = (uint32_t *)(void *)c->guess.data;
    uint64_t one = 0, two = 0; /* the number before, and the one before that, as far as they are no news */
    size_t from = 0;
    vl_buf *const template = &c->template;
    for (size_t i = next_digit(text, 0, n); i < n; i = next_digit(text, from, n)) {
        const size_t own = vl_field_length(text + i, n - i);
        add_text(template, text + from, i - from);
        const size_t kind =
            vl_field_find(&c->columns.finder, quick_hash(template->data, template->len, VL_FIELD_BEFORE));
        template->data[template->len++] = 0;
        uint32_t *const last = &guess[(((one * ODD ^ two) * ODD ^ kind) * ODD) >> (64 - GUESS_BITS)];
        const uint32_t is = number_hash(text + i, own);
        if (kind < VL_FIELD_COLUMNS) {
            add_number(&sorts[kind], is, *last != is, own);
            if (own <= VL_FIELD_LONG && add_place(c, i, own, kind, err)) return err->code;
        }
        two = one;
        one = *last == is ? is : kind;
        *last = is;
        from = i + own;
    }
    *fits = c->place.len / sizeof(vl_field_place) <= n / VL_FIELD_RARE;
    return VL_OK;
}

static bool stays(const sort *s)
{
    enum { TERM = 7, TERMS = 24, AGAIN = 4 }; /* letters of a term, kinds of them, how often they come */
    const unsigned kinds = (unsigned)__builtin_popcountll(s->bits);
    if (s->all < FEW || s->news * (uint64_t)SELDOM <= s->all) return true;
    return s->least >= TERM && kinds <= TERMS && s->all >= AGAIN * kinds;
}

/* The template, without the numbers of sorts that stay. */
static vl_code take_out(vl_field_cut *c, const uint8_t *text, size_t n, const sort *sorts, vl_err *err)
{
    vl_field_place *const place = (vl_field_place *)(void *)c->place.data;
    const size_t all = c->place.len / sizeof *place;
    vl_buf *const template = &c->template;
    size_t from = 0, kept = 0;
    template->len = 0;
    if (vl_field_columns_reset(&c->columns, all, err)) return err->code;
    for (size_t i = 0; i < all; i++) {
        const vl_field_place p = place[i];
        if (stays(&sorts[p.sort])) continue;
        add_text(template, text + from, p.at - from);
        const uint64_t hash = vl_field_hash(template->data, template->len);
        const size_t column = vl_field_find(&c->columns.finder, hash);
        from = p.at;
        if (column == VL_FIELD_COLUMNS) break; /* what comes behind this stays */
        template->data[template->len++] = 0;
        vl_field_columns_add(&c->columns, column);
        place[kept++] = p;
        from = p.at + p.n;
    }
    add_text(template, text + from, n - from);
    c->place.len = kept * sizeof *place;
    return vl_field_columns_end(&c->columns, err);
}

vl_code vl_fields_cut(vl_field_cut *c, const uint8_t *text, size_t n, bool *fits, vl_err *err)
{
    sort sorts[VL_FIELD_COLUMNS] = { { 0 } };
    *fits = false;
    if (memchr(text, 0, n)) return VL_OK;
    c->place.len = c->template.len = 0;
    if (vl_buf_reserve(&c->template, n, err) || vl_buf_reserve(&c->guess, GUESSES * sizeof(uint32_t), err) ||
        vl_field_columns_reset(&c->columns, 0, err))
        return err->code;
    memset(c->guess.data, 0, GUESSES * sizeof(uint32_t));
    if (list_all(c, text, n, sorts, fits, err) || !*fits) return err->code;
    if (take_out(c, text, n, sorts, err)) return err->code;
    *fits = c->columns.n > 0;
    return VL_OK;
}
