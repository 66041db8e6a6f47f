/* Text whose numbers come in columns, the way back (fields.h). */
#include "pipeline/codec/fields.h"

#include <stdlib.h>

/* A column as its form says. */
typedef struct column {
    vl_field_form form;
    uint8_t kind; /* with flags */
    uint16_t beside;
    bool known; /* its numbers are there */
} column;

/* Bytes in texts. */
typedef struct span {
    uint32_t at, n;
} span;

struct vl_field_reader {
    vl_field_columns columns;
    vl_numbers *numbers; /* borrowed */
    vl_buf template, value, next;
    vl_buf texts; /* of all columns */
    vl_buf text;  /* span: of each number, by column; n 0: it is made from its value */
    column column[VL_FIELD_COLUMNS];
};

vl_field_reader *vl_field_reader_new(void) { return calloc(1, sizeof(vl_field_reader)); }

void vl_field_reader_free(vl_field_reader *r)
{
    if (!r) return;
    vl_field_columns_free(&r->columns);
    vl_buf *const all[] = { &r->template, &r->value, &r->next, &r->texts, &r->text };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(r);
}

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "numbers in text: %s are cut off or make no sense", what);
}

/* The template, and which columns its numbers are of. */
static vl_code take_template(vl_field_reader *r, vl_rest *in, size_t n, vl_work *work, vl_err *err)
{
    uint64_t len, packed;
    const uint8_t *frame;
    if (!vl_take_number(in, &len, n) || !len || !vl_take_number(in, &packed, UINT32_MAX) ||
        !vl_take_bytes(in, &frame, packed))
        return cut_off("templates", err);
    if (vl_buf_reserve(&r->template, len, err) ||
        vl_zstd_unpack(frame, packed, r->template.data, len, work, err) ||
        vl_field_columns_reset(&r->columns, n / VL_FIELD_RARE + 1, err))
        return err->code;
    r->template.len = len;
    const uint8_t *const bytes = r->template.data, *p = bytes;
    while ((p = memchr(p, 0, len - (size_t)(p - bytes)))) {
        const size_t which = vl_field_find(&r->columns.finder, vl_field_hash(bytes, (size_t)(p++ - bytes)));
        if (which == VL_FIELD_COLUMNS || r->columns.n >= n / VL_FIELD_RARE) return cut_off("columns", err);
        vl_field_columns_add(&r->columns, which);
    }
    return vl_field_columns_end(&r->columns, err);
}

static bool take_form(vl_rest *in, column *c, size_t ncolumn)
{
    const uint8_t *b;
    uint64_t beside = 0;
    *c = (column){ .form = { 0, 0, 1, 0, 0 } };
    if (!vl_take_bytes(in, &b, 1)) return false;
    c->kind = *b;
    if (c->kind > 2 * VL_FIELD_NOTATION - 1 || (c->kind & VL_FIELD_KIND) > VL_FIELD_FLOAT) return false;
    if ((c->kind & VL_FIELD_KIND) == VL_FIELD_TEXT) return !c->kind;
    if (!(c->kind & VL_FIELD_WHOLE)) {
        if (!vl_take_bytes(in, &b, 2) || b[0] > VL_FIELD_DIGITS || b[1] > b[0]) return false;
        c->form.most = b[0], c->form.least = b[1];
    }
    if (c->kind & VL_FIELD_NOTATION) {
        if (!vl_take_bytes(in, &b, 3) || !b[0] || b[0] > VL_FIELD_DIGITS || b[1] > VL_FIELD_DIGITS ||
            b[2] >= 4 * VL_FIELD_EXPONENT)
            return false;
        c->form.width = b[0], c->form.power = b[1], c->form.style = b[2];
    }
    if (c->kind & VL_FIELD_BESIDE && !vl_take_number(in, &beside, ncolumn - 1)) return false;
    c->beside = (uint16_t)beside;
    return !(c->kind & VL_FIELD_BESIDE) || (c->kind & VL_FIELD_KIND) == VL_FIELD_DECIMAL;
}

/* What belongs to one column. */
typedef struct own {
    size_t n;
    uint64_t *value;
    span *text;
} own;

static own own_of(const vl_field_reader *r, size_t which)
{
    const size_t first = r->columns.start[which];
    return (own){ vl_field_count(&r->columns, which), (uint64_t *)(void *)r->value.data + first,
                  (span *)(void *)r->text.data + first };
}

/* Texts of so many numbers of the column, in turn: gap [n] others in front of each, or NULL: none. */
static vl_code take_texts(vl_field_reader *r, vl_rest *in, const own *o, const uint64_t *gap, size_t n,
                          size_t most, vl_work *work, vl_err *err)
{
    enum { MORE = 16 }; /* that symbols may write */
    uint64_t len;
    if (!vl_take_number(in, &len, most - r->texts.len)) return cut_off("texts", err);
    if (vl_buf_reserve(&r->texts, most + MORE, err) ||
        vl_symbols_unpack(&r->numbers->symbols, in, r->texts.data + r->texts.len, len, work, err))
        return err->code;
    size_t from = r->texts.len, at = 0;
    r->texts.len += len;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *const text = r->texts.data + from;
        const uint8_t *const end = memchr(text, '\n', r->texts.len - from);
        if (!end || end == text) return cut_off("texts", err);
        if (gap && gap[i] >= o->n - at) return cut_off("exceptions", err);
        at += gap ? gap[i] : 0;
        o->text[at++] = (span){ (uint32_t)from, (uint32_t)(end - text) };
        from += (size_t)(end - text) + 1;
    }
    return from == r->texts.len ? VL_OK : cut_off("texts", err);
}

static vl_code take_exceptions(vl_field_reader *r, vl_rest *in, const own *o, size_t most, vl_work *work,
                               vl_err *err)
{
    uint64_t n;
    if (!vl_take_number(in, &n, o->n) || !n) return cut_off("exceptions", err);
    if (vl_buf_reserve(&r->next, n * sizeof(uint64_t), err)) return err->code;
    uint64_t *const gap = (uint64_t *)(void *)r->next.data;
    if (vl_numbers_unpack(r->numbers, in, gap, n, NULL, NULL, work, err)) return err->code;
    return take_texts(r, in, o, gap, n, most, work, err);
}

/* A number of a column that is known, without its point. */
static uint64_t joined(const column *c, uint64_t value)
{
    vl_field_value v = { 0, 0 };
    if ((c->kind & VL_FIELD_KIND) == VL_FIELD_DECIMAL) return value;
    vl_field_of_float((uint32_t)value, c->form.most, &v);
    return vl_field_joined(v, c->form.most);
}

/* Adds what another column says. */
static vl_code add_guesses(vl_field_reader *r, size_t which, const own *o, vl_err *err)
{
    const column *const c = &r->column[which], *const other = &r->column[c->beside];
    if (!other->known || (other->kind & VL_FIELD_KIND) == VL_FIELD_TEXT) return cut_off("columns", err);
    if (vl_buf_reserve(&r->next, o->n * sizeof(uint32_t), err)) return err->code;
    const uint64_t *const v = own_of(r, c->beside).value;
    uint32_t *const next = (uint32_t *)(void *)r->next.data;
    vl_field_next_to(&r->columns, which, c->beside, c->kind & VL_FIELD_LAST, next);
    for (size_t i = 0; i < o->n; i++) {
        const uint64_t guess = next[i] == UINT32_MAX ? 0
                                                     : vl_field_rounded(joined(other, v[next[i]]),
                                                                        other->form.most, c->form.most);
        o->value[i] = guess + (o->value[i] >> 1 ^ (0 - (o->value[i] & 1)));
    }
    return VL_OK;
}

static vl_code check_floats(const column *c, const own *o, vl_err *err)
{
    vl_field_value v;
    for (size_t i = 0; i < o->n; i++)
        if (o->value[i] > UINT32_MAX || !vl_field_of_float((uint32_t)o->value[i], c->form.most, &v))
            return cut_off("floats", err);
    return VL_OK;
}

static vl_code take_column(vl_field_reader *r, vl_rest *in, size_t which, size_t most, vl_work *work,
                           vl_err *err)
{
    column *const c = &r->column[which];
    const own o = own_of(r, which);
    const unsigned kind = c->kind & VL_FIELD_KIND;
    if (kind == VL_FIELD_TEXT) return take_texts(r, in, &o, NULL, o.n, most, work, err);
    if (c->kind & VL_FIELD_EXCEPTIONS && take_exceptions(r, in, &o, most, work, err)) return err->code;
    if (vl_numbers_unpack(r->numbers, in, o.value, o.n, NULL, NULL, work, err)) return err->code;
    if (kind == VL_FIELD_FLOAT && check_floats(c, &o, err)) return err->code;
    if (c->kind & VL_FIELD_BESIDE && add_guesses(r, which, &o, err)) return err->code;
    c->known = true;
    return VL_OK;
}

static vl_code take_columns(vl_field_reader *r, vl_rest *in, size_t n, vl_work *work, vl_err *err)
{
    const size_t ncolumn = r->columns.ncolumn, nnumber = r->columns.n;
    uint8_t most[VL_FIELD_COLUMNS];
    uint16_t order[VL_FIELD_COLUMNS];
    if (!(r->numbers = vl_numbers_of(work, err)) ||
        vl_buf_reserve(&r->value, nnumber * sizeof(uint64_t), err) ||
        vl_buf_reserve(&r->text, nnumber * sizeof(span), err))
        return err->code;
    memset(r->text.data, 0, nnumber * sizeof(span));
    r->texts.len = 0;
    for (size_t i = 0; i < ncolumn; i++) {
        if (!take_form(in, &r->column[i], ncolumn)) return cut_off("forms", err);
        most[i] = r->column[i].form.most;
    }
    vl_field_order(most, ncolumn, order);
    for (size_t i = 0; i < ncolumn; i++)
        if (take_column(r, in, order[i], 2 * n, work, err)) return err->code;
    return VL_OK;
}

/* A number of a column to [VL_FIELD_LONG]. Returns its bytes. */
static size_t print_value(const column *c, uint64_t value, uint8_t *to)
{
    vl_field_value v = { 0, 0 };
    if ((c->kind & VL_FIELD_KIND) == VL_FIELD_FLOAT) vl_field_of_float((uint32_t)value, c->form.most, &v);
    else v = vl_field_parted(value, c->form.most);
    return vl_field_print(&c->form, v, to);
}

/* The template, with the numbers where they were. */
static vl_code put_text(const vl_field_reader *r, uint8_t *text, size_t n, vl_err *err)
{
    uint8_t number[2 * VL_FIELD_LONG];
    uint32_t next[VL_FIELD_COLUMNS];
    const uint16_t *const which = (const uint16_t *)(const void *)r->columns.column.data;
    const uint8_t *from = r->template.data, *const end = from + r->template.len;
    memcpy(next, r->columns.start, sizeof next);
    size_t at = 0;
    for (size_t i = 0; i <= r->columns.n; i++) {
        const uint8_t *const stop = i < r->columns.n ? memchr(from, 0, (size_t)(end - from)) : end;
        const size_t between = (size_t)(stop - from);
        if (between > n - at) return cut_off("templates", err);
        memcpy(text + at, from, between);
        at += between;
        if (i == r->columns.n) break;
        const size_t k = next[which[i]]++;
        const span s = ((const span *)(const void *)r->text.data)[k];
        const uint8_t *const bytes_of = s.n ? r->texts.data + s.at : number;
        const size_t bytes = s.n ? s.n
                                 : print_value(&r->column[which[i]],
                                               ((const uint64_t *)(const void *)r->value.data)[k], number);
        if (bytes > n - at) return cut_off("templates", err);
        memcpy(text + at, bytes_of, bytes);
        at += bytes;
        from = stop + 1;
    }
    return at == n ? VL_OK : cut_off("templates", err);
}

vl_code vl_fields_unpack(vl_field_reader *r, vl_rest *in, uint8_t *text, size_t n, vl_work *work, vl_err *err)
{
    if (take_template(r, in, n, work, err) || take_columns(r, in, n, work, err)) return err->code;
    if (in->at != in->end) return cut_off("last bytes", err);
    return put_text(r, text, n, err);
}
