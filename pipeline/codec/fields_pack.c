/*
 * Text whose numbers come in columns, the way out (fields.h). Of each column the form is what its numbers
 * have in common; those that would not come back by it, byte for byte, are exceptions. Decimals, floats and
 * differences to another column are tried, and the one in the fewest bytes is taken.
 */
#include "pipeline/codec/fields_cut.h"

#include <stdlib.h>

enum { TEMPLATE_EFFORT = 4 };
enum { MANY = 8 }; /* one number in so many is too often an exception */

/* A column as it is known so far. */
typedef struct column {
    vl_field_form form;
    uint8_t kind; /* with flags */
    size_t exceptions, beside;
} column;

struct vl_field_packer {
    vl_field_cut cut;
    vl_numbers *numbers; /* borrowed */
    vl_buf digits;       /* vl_field_digits: of each number */
    vl_buf value;        /* u64: of each, by column, without its point */
    vl_buf odd;          /* u8: of each, by column: it is an exception */
    vl_buf trial, guess, next, gaps, text, best, part, packed;
    column column[VL_FIELD_COLUMNS];
};

vl_field_packer *vl_field_packer_new(void) { return calloc(1, sizeof(vl_field_packer)); }

void vl_field_packer_free(vl_field_packer *p)
{
    if (!p) return;
    vl_field_cut_free(&p->cut);
    vl_buf *const all[] = { &p->digits, &p->value, &p->odd,  &p->trial, &p->guess, &p->next,
                            &p->gaps,   &p->text,  &p->best, &p->part,  &p->packed };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(p);
}

/* What belongs to one column. */
typedef struct own {
    const vl_field_place *place; /* of all numbers */
    const uint32_t *ordinal;     /* [n] */
    size_t n, first;             /* first: by column */
    const uint8_t *text;
} own;

static own own_of(const vl_field_packer *p, const uint8_t *text, size_t which)
{
    return (own){ (const vl_field_place *)(const void *)p->cut.place.data,
                  vl_field_ordinals(&p->cut.columns, which), vl_field_count(&p->cut.columns, which),
                  p->cut.columns.start[which], text };
}

/* ---- forms ---- */

/* More digits than any form has. */
static bool is_odd(const vl_field_digits *d) { return !d->before || d->before + d->behind > VL_FIELD_DIGITS; }

/* Digits behind the point at least: of all numbers the fewest; where more would be written without the zeros
 * at their end than have fewer digits than most, as many as most have. */
static uint8_t least_of(const vl_field_digits *d, size_t n)
{
    size_t count[VL_FIELD_DIGITS + 1] = { 0 }, zeros[VL_FIELD_DIGITS + 1] = { 0 };
    unsigned usual = 0, least = VL_FIELD_DIGITS;
    for (size_t i = 0; i < n; i++) {
        if (is_odd(&d[i])) continue;
        count[d[i].behind]++;
        zeros[d[i].behind] += d[i].digits % 10 == 0;
        if (d[i].behind < least) least = d[i].behind;
    }
    for (unsigned k = 1; k <= VL_FIELD_DIGITS; k++)
        if (count[k] > count[usual]) usual = k;
    return (uint8_t)(usual > least && zeros[usual] > n - count[usual] ? usual : least);
}

/* The form of numbers that have digits in common. */
static vl_field_form form_of(const vl_field_digits *d, size_t n)
{
    vl_field_form f = { .least = least_of(d, n), .width = 1 };
    size_t zeros = 0;
    uint8_t width = 1;
    for (size_t i = 0; i < n; i++) {
        const int behind = vl_field_behind(&d[i]);
        if (is_odd(&d[i])) continue;
        if (behind > f.most) f.most = (uint8_t)behind;
        if (d[i].zero) width = d[i].before;
        zeros += d[i].zero;
        if (!d[i].power || (f.power && f.power <= d[i].power)) continue;
        f.power = d[i].power;
        f.style = d[i].style;
    }
    if (zeros > n / MANY) f.width = width;
    if (f.least > f.most) f.least = f.most;
    return f;
}

/* Whether a number is written as its form has its value. Without exponents and zeros in front the digits
 * behind the point tell. */
static bool comes_back(const own *o, size_t i, const vl_field_form *form, const vl_field_digits *d,
                       vl_field_value v)
{
    uint8_t text[2 * VL_FIELD_LONG];
    const vl_field_place *const place = &o->place[o->ordinal[i]];
    if (!form->power && form->width == 1 && !d->power)
        return !d->zero && (d->behind == form->least || (d->behind > form->least && d->digits % 10));
    return vl_field_print(form, v, text) == place->n && !memcmp(text, o->text + place->at, place->n);
}

/* Values without point, exceptions as the one before. Returns how many of these there are. */
static size_t take_decimals(const own *o, const vl_field_digits *d, const vl_field_form *form,
                            uint64_t *value, uint8_t *odd)
{
    size_t nodd = 0;
    for (size_t i = 0; i < o->n; i++) {
        vl_field_value v;
        odd[i] = is_odd(&d[i]) || !vl_field_value_of(&d[i], form->most, &v) ||
                 v.whole >= (UINT64_C(1) << VL_NUMBER_BITS) / vl_tens[form->most] ||
                 !comes_back(o, i, form, &d[i], v);
        value[i] = odd[i] ? (i ? value[i - 1] : 0) : vl_field_joined(v, form->most);
        nodd += odd[i];
    }
    return nodd;
}

/* The same as bits of floats. */
static size_t take_floats(const own *o, const vl_field_digits *d, const vl_field_form *form, uint64_t *bits,
                          uint8_t *odd, size_t n)
{
    size_t nodd = 0;
    for (size_t i = 0; i < n; i++) {
        vl_field_value v, is;
        const uint32_t single = is_odd(&d[i]) ? 0 : vl_field_float(&d[i]);
        odd[i] = is_odd(&d[i]) || !vl_field_of_float(single, form->most, &v) ||
                 !vl_field_value_of(&d[i], form->most, &is) || is.whole != v.whole || is.part != v.part ||
                 !comes_back(o, i, form, &d[i], v);
        bits[i] = odd[i] ? (i ? bits[i - 1] : 0) : single;
        nodd += odd[i];
    }
    return nodd;
}

/* ---- columns ---- */

/* Texts of the numbers, all or the exceptions. */
static vl_code put_texts(vl_field_packer *p, const own *o, const uint8_t *odd, vl_work *work, vl_buf *out,
                         vl_err *err)
{
    p->text.len = 0;
    for (size_t i = 0; i < o->n; i++) {
        const vl_field_place *const place = &o->place[o->ordinal[i]];
        if (odd && !odd[i]) continue;
        if (vl_buf_append(&p->text, o->text + place->at, place->n, err) ||
            vl_buf_append(&p->text, "\n", 1, err))
            return err->code;
    }
    if (vl_add_number(out, p->text.len, err)) return err->code;
    return vl_symbols_pack(&p->numbers->symbols, p->text.data, p->text.len, true, work, out, err);
}

static vl_code put_exceptions(vl_field_packer *p, const own *o, const uint8_t *odd, size_t nodd,
                              vl_work *work, vl_buf *out, vl_err *err)
{
    static const vl_beside_numbers none = { 0 };
    size_t k = 0, gap = 0;
    if (!nodd) return VL_OK;
    if (vl_buf_reserve(&p->gaps, nodd * sizeof(uint64_t), err)) return err->code;
    uint64_t *const gaps = (uint64_t *)(void *)p->gaps.data;
    for (size_t i = 0; i < o->n; i++) {
        if (!odd[i]) gap++;
        else gaps[k++] = gap, gap = 0;
    }
    if (vl_add_number(out, nodd, err) || vl_numbers_pack(p->numbers, gaps, nodd, &none, work, out, err))
        return err->code;
    return put_texts(p, o, odd, work, out, err);
}

/* What a column may be: its kind with flags, the other column, its numbers, and which are exceptions. */
typedef struct way {
    uint8_t kind;
    size_t beside;
    const uint64_t *value;
    const uint8_t *odd;
    size_t nodd;
} way;

/* Takes this way into p->best, if that is smaller than what is there, which is of no bytes at first. */
static vl_code try_way(vl_field_packer *p, const own *o, column *c, const way *w, vl_work *work, vl_err *err)
{
    static const vl_beside_numbers none = { 0 };
    p->part.len = 0;
    if (put_exceptions(p, o, w->odd, w->nodd, work, &p->part, err) ||
        vl_numbers_pack(p->numbers, w->value, o->n, &none, work, &p->part, err))
        return err->code;
    if (p->best.len && p->part.len >= p->best.len) return VL_OK;
    vl_buf_swap(&p->best, &p->part);
    c->kind = w->nodd ? w->kind | VL_FIELD_EXCEPTIONS : w->kind;
    c->beside = w->beside;
    return VL_OK;
}

static uint64_t *values_of(const vl_field_packer *p, size_t which)
{
    return (uint64_t *)(void *)p->value.data + p->cut.columns.start[which];
}

/* What a column's numbers are guessed as, by another one; to [n]. */
static void guess_all(vl_field_packer *p, size_t which, size_t beside, bool last, uint64_t *to)
{
    const vl_field_columns *const all = &p->cut.columns;
    const unsigned from = p->column[beside].form.most, digits = p->column[which].form.most;
    const uint64_t *const other = values_of(p, beside);
    uint32_t *const next = (uint32_t *)(void *)p->next.data;
    vl_field_next_to(all, which, beside, last, next);
    for (size_t i = 0; i < vl_field_count(all, which); i++)
        to[i] = next[i] == UINT32_MAX ? 0 : vl_field_rounded(other[next[i]], from, digits);
}

/* Of some numbers of a column, how many are as another one says. */
static size_t count_hits(vl_field_packer *p, size_t which, size_t beside, bool last, size_t some)
{
    const vl_field_columns *const all = &p->cut.columns;
    const uint32_t *const at = vl_field_ordinals(all, which), *const of = vl_field_ordinals(all, beside);
    const size_t n = vl_field_count(all, which), nof = vl_field_count(all, beside);
    const unsigned from = p->column[beside].form.most, digits = p->column[which].form.most;
    const uint64_t *const v = values_of(p, which), *const other = values_of(p, beside);
    size_t hits = 0;
    for (size_t s = 0; s < some; s++) {
        const size_t i = (2 * s + 1) * n / (2 * some);
        size_t k = 0, end = nof;
        while (k < end) {
            const size_t middle = k + (end - k) / 2;
            if (of[middle] < at[i]) k = middle + 1;
            else end = middle;
        }
        if (last ? !k : k == nof) continue;
        hits += vl_field_rounded(other[last ? k - 1 : k], from, digits) == v[i];
    }
    return hits;
}

/* The column before in the order that says most of this one; false: none says much. */
static bool find_beside(vl_field_packer *p, const uint16_t *order, size_t at, size_t *beside, bool *last)
{
    enum { FIRST_LOOK = 4, LOOK = 16, FAR = 64 };
    const size_t which = order[at], from = at < FAR ? 0 : at - FAR;
    const size_t n = vl_field_count(&p->cut.columns, which), look = n < LOOK ? n : LOOK;
    size_t most = look / 2;
    for (size_t k = at; k-- > from && most < look;) {
        const uint8_t kind = p->column[order[k]].kind & VL_FIELD_KIND;
        for (int side = 0; side < 2 && kind != VL_FIELD_TEXT; side++) {
            if (look > FIRST_LOOK && !count_hits(p, which, order[k], side, FIRST_LOOK)) continue;
            const size_t hits = count_hits(p, which, order[k], side, look);
            if (hits <= most) continue;
            most = hits;
            *beside = order[k];
            *last = side;
        }
    }
    return most > look / 2;
}

/* Differences to another column, exceptions as none. */
static vl_code try_beside(vl_field_packer *p, const own *o, const uint16_t *order, size_t at, size_t nodd,
                          vl_work *work, vl_err *err)
{
    const size_t which = order[at];
    size_t beside = 0;
    bool last = false;
    if (!find_beside(p, order, at, &beside, &last)) return VL_OK;
    uint64_t *const d = (uint64_t *)(void *)p->guess.data;
    const uint64_t *const v = values_of(p, which);
    const uint8_t *const odd = p->odd.data + o->first;
    guess_all(p, which, beside, last, d);
    for (size_t i = 0; i < o->n; i++) {
        const uint64_t less = odd[i] ? 0 : v[i] - d[i];
        d[i] = less << 1 ^ (0 - (less >> 63));
        if (d[i] >> VL_NUMBER_BITS) return VL_OK;
    }
    const uint8_t kind = VL_FIELD_DECIMAL | VL_FIELD_BESIDE | (last ? VL_FIELD_LAST : 0);
    return try_way(p, o, &p->column[which], &(way){ kind, beside, d, odd, nodd }, work, err);
}

/* Floats, where those of some numbers are. */
static vl_code try_floats(vl_field_packer *p, const own *o, size_t which, vl_work *work, vl_err *err)
{
    enum { LOOK = 16 };
    column *const c = &p->column[which];
    uint64_t *const bits = (uint64_t *)(void *)p->guess.data, *const v = values_of(p, which);
    const vl_field_digits *const d = (const vl_field_digits *)(const void *)p->digits.data + o->first;
    const size_t look = c->kind == VL_FIELD_FLOAT ? 0 : o->n < LOOK ? o->n : LOOK;
    if (!c->form.most || take_floats(o, d, &c->form, bits, p->trial.data, look) > look / 4) return VL_OK;
    const size_t nodd = take_floats(o, d, &c->form, bits, p->trial.data, o->n), before = p->best.len;
    if (nodd > o->n / MANY) return VL_OK;
    if (try_way(p, o, c, &(way){ VL_FIELD_FLOAT, 0, bits, p->trial.data, nodd }, work, err)) return err->code;
    for (size_t i = 0; p->best.len != before && i < o->n; i++) {
        vl_field_value value = { 0, 0 };
        vl_field_of_float((uint32_t)bits[i], c->form.most, &value);
        v[i] = vl_field_joined(value, c->form.most);
    }
    return VL_OK;
}

/* Whether decimals take more than the 4 bytes of floats, most likely. */
static bool are_long(const uint64_t *v, size_t n)
{
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++) all |= v[i];
    return all >> 32;
}

/* Decimals, floats, differences to another column: the smallest into p->best. */
static vl_code try_ways(vl_field_packer *p, const own *o, const uint16_t *order, size_t at, vl_work *work,
                        vl_err *err)
{
    enum { LITTLE = 8, MUCH = 2 };
    const size_t which = order[at];
    column *const c = &p->column[which];
    const way plain = { VL_FIELD_DECIMAL, 0, values_of(p, which), p->odd.data + o->first, c->exceptions };
    if (c->kind == VL_FIELD_FLOAT) return try_floats(p, o, which, work, err);
    if (try_beside(p, o, order, at, c->exceptions, work, err)) return err->code;
    if (p->best.len && p->best.len <= LITTLE) return VL_OK;
    if (are_long(plain.value, o->n)) {
        if (try_floats(p, o, which, work, err)) return err->code;
        return (c->kind & VL_FIELD_KIND) == VL_FIELD_FLOAT ? VL_OK : try_way(p, o, c, &plain, work, err);
    }
    if (try_way(p, o, c, &plain, work, err) || p->best.len <= MUCH * o->n) return err->code;
    return try_floats(p, o, which, work, err);
}

/* What a reader has for exceptions of a column that another one guesses: the guesses. */
static void see_exceptions(vl_field_packer *p, const own *o, size_t which)
{
    const column *const c = &p->column[which];
    const uint8_t *const odd = p->odd.data + o->first;
    uint64_t *const guess = (uint64_t *)(void *)p->guess.data, *const v = values_of(p, which);
    if (!(c->kind & VL_FIELD_EXCEPTIONS)) return;
    guess_all(p, which, c->beside, c->kind & VL_FIELD_LAST, guess);
    for (size_t i = 0; i < o->n; i++)
        if (odd[i]) v[i] = guess[i];
}

/* Appends a column. */
static vl_code put_column(vl_field_packer *p, const uint8_t *text, const uint16_t *order, size_t at,
                          vl_work *work, vl_buf *out, vl_err *err)
{
    const size_t which = order[at];
    const own o = own_of(p, text, which);
    if (p->column[which].kind == VL_FIELD_TEXT) return put_texts(p, &o, NULL, work, out, err);
    if (vl_buf_reserve(&p->guess, o.n * sizeof(uint64_t), err) ||
        vl_buf_reserve(&p->next, o.n * sizeof(uint32_t), err) || vl_buf_reserve(&p->trial, o.n, err))
        return err->code;
    p->best.len = 0;
    if (try_ways(p, &o, order, at, work, err)) return err->code;
    if (p->column[which].kind & VL_FIELD_BESIDE) see_exceptions(p, &o, which);
    return vl_buf_append(out, p->best.data, p->best.len, err);
}

/* Forms and values of a column as decimals; what else it is if it is none of these. */
static vl_code see_column(vl_field_packer *p, const uint8_t *text, size_t which, vl_err *err)
{
    const own o = own_of(p, text, which);
    column *const c = &p->column[which];
    vl_field_digits *const d = (vl_field_digits *)(void *)p->digits.data + o.first;
    for (size_t i = 0; i < o.n; i++) {
        const vl_field_place *const place = &o.place[o.ordinal[i]];
        vl_field_read(text + place->at, place->n, &d[i]);
    }
    *c = (column){ .form = form_of(d, o.n), .kind = VL_FIELD_DECIMAL };
    c->exceptions = take_decimals(&o, d, &c->form, values_of(p, which), p->odd.data + o.first);
    if (c->exceptions <= o.n / MANY) return VL_OK;
    c->kind = VL_FIELD_FLOAT;
    if (vl_buf_reserve(&p->guess, o.n * sizeof(uint64_t), err) || vl_buf_reserve(&p->trial, o.n, err))
        return err->code;
    if (c->form.most &&
        take_floats(&o, d, &c->form, (uint64_t *)(void *)p->guess.data, p->trial.data, o.n) <= o.n / MANY)
        return VL_OK;
    *c = (column){ .kind = VL_FIELD_TEXT };
    return VL_OK;
}

static vl_code put_form(const column *c, vl_buf *out, vl_err *err)
{
    const vl_field_form *const f = &c->form;
    const bool text = (c->kind & VL_FIELD_KIND) == VL_FIELD_TEXT, whole = !text && !f->most;
    const bool notation = !text && (f->width != 1 || f->power);
    uint8_t bytes[8], *b = bytes;
    *b++ = (uint8_t)(c->kind | (whole ? VL_FIELD_WHOLE : 0) | (notation ? VL_FIELD_NOTATION : 0));
    if (!text && !whole) *b++ = f->most, *b++ = f->least;
    if (notation) *b++ = f->width, *b++ = f->power, *b++ = f->style;
    if (vl_buf_append(out, bytes, (size_t)(b - bytes), err)) return err->code;
    return c->kind & VL_FIELD_BESIDE ? vl_add_number(out, c->beside, err) : VL_OK;
}

static vl_code put_template(vl_field_packer *p, vl_work *work, vl_buf *out, vl_err *err)
{
    p->text.len = 0;
    if (vl_zstd_pack(p->cut.template.data, p->cut.template.len, TEMPLATE_EFFORT, work, &p->text, err) ||
        vl_add_number(out, p->cut.template.len, err) || vl_add_number(out, p->text.len, err))
        return err->code;
    return vl_buf_append(out, p->text.data, p->text.len, err);
}

/* Bytes that zstd makes of a text. */
static vl_code zstd_size(const uint8_t *text, size_t n, int effort, vl_work *work, vl_buf *room, size_t *size,
                         vl_err *err)
{
    room->len = 0;
    if (vl_zstd_pack(text, n, effort, work, room, err)) return err->code;
    *size = room->len;
    return VL_OK;
}

/* Whether zstd alone takes more bytes than this. A piece from the middle tells where it is not near. */
static vl_code is_less(const uint8_t *text, size_t n, size_t size, vl_work *work, vl_buf *room, bool *less,
                       vl_err *err)
{
    enum { QUICK = 1, SLOW = 5, PIECE = 1 << 16 };
    const size_t piece = n < PIECE ? n : PIECE;
    size_t other = 0;
    if (zstd_size(text + (n - piece) / 2, piece, QUICK, work, room, &other, err)) return err->code;
    *less = size < other * (uint64_t)n / piece / 2;
    if (*less) return VL_OK;
    if (zstd_size(text, n, SLOW, work, room, &other, err)) return err->code;
    *less = size < other - other / 50;
    return VL_OK;
}

vl_code vl_fields_pack(vl_field_packer *p, const uint8_t *text, size_t n, vl_work *work, vl_buf *out,
                       bool *fits, vl_err *err)
{
    uint8_t most[VL_FIELD_COLUMNS];
    uint16_t order[VL_FIELD_COLUMNS];
    const size_t from = out->len;
    if (vl_fields_cut(&p->cut, text, n, fits, err) || !*fits) return err->code;
    const size_t nnumber = p->cut.columns.n, ncolumn = p->cut.columns.ncolumn;
    if (!(p->numbers = vl_numbers_of(work, err)) ||
        vl_buf_reserve(&p->digits, nnumber * sizeof(vl_field_digits), err) ||
        vl_buf_reserve(&p->value, nnumber * sizeof(uint64_t), err) || vl_buf_reserve(&p->odd, nnumber, err) ||
        put_template(p, work, out, err))
        return err->code;
    for (size_t i = 0; i < ncolumn; i++) {
        if (see_column(p, text, i, err)) return err->code;
        most[i] = p->column[i].form.most;
    }
    vl_field_order(most, ncolumn, order);
    p->packed.len = 0;
    for (size_t i = 0; i < ncolumn; i++)
        if (put_column(p, text, order, i, work, &p->packed, err)) return err->code;
    for (size_t i = 0; i < ncolumn; i++)
        if (put_form(&p->column[i], out, err)) return err->code;
    if (vl_buf_append(out, p->packed.data, p->packed.len, err)) return err->code;
    return is_less(text, n, out->len - from, work, &p->text, fits, err);
}
