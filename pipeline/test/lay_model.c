/* A made-up sample and batches of it: see lay_model.h. */
#include "pipeline/test/lay_model.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

const vl_field model_fields[NFIELD] = {
    [NUMBER] = { "t/number", VL_U32, VL_FIXED, ROW, VL_USE_NUMBER, "", "", "a number", 0, 0, 0 },
    [REAL] = { "t/real", VL_F64, VL_FIXED, ROW, VL_USE_NUMBER, "s", "NaN", "a real number", 0, 0, 0 },
    [TEXT] = { "t/text", VL_U8, VL_RAGGED, ROW, VL_USE_BASE, "letter", "", "rows of any length", 0, 0, 0 },
    [TEXT_QUALITY] = { "t/text_quality", VL_U8, VL_RAGGED, ROW, VL_USE_QUALITY, "", "", "", 0, 0, 1 + TEXT },
    [EIGHT] = { "t/eight", VL_U16, VL_RAGGED, ROW, VL_USE_NUMBER, "", "", "rows of four", 0, 0, 0 },
    [EIGHT_QUALITY] = { "t/eight_quality", VL_U8, VL_RAGGED, ROW, VL_USE_QUALITY, "", "", "", 0, 0,
                        1 + EIGHT },
    [LATE] = { "t/late", VL_U8, VL_RAGGED, ROW, VL_USE_TEXT, "", "", "rows of two, later of any length", 0, 0,
               0 },
    [LATE_TWIN] = { "t/late_twin", VL_U32, VL_RAGGED, ROW, VL_USE_NUMBER, "", "", "", 0, 0, 1 + LATE },
    [EMPTY] = { "t/empty", VL_U8, VL_RAGGED, ROW, VL_USE_TEXT, "", "", "", 0, 0, 0 },
    [EMPTY_TWIN] = { "t/empty_twin", VL_U8, VL_RAGGED, ROW, VL_USE_TEXT, "", "", "", 0, 0, 1 + EMPTY },
    [WIDE] = { "t/deep/wide", VL_U64, VL_FIXED, ROW, VL_USE_NUMBER, "", "", "full chunk at 131072 rows", 0, 0,
               0 },
    [STREAM] = { "t/stream", VL_U8, VL_STREAM, 0, VL_USE_TEXT, "", "", "of no row", 0, 0, 0 },
    [NOTHING] = { "t/nothing", VL_I16, VL_STREAM, 0, VL_USE_NUMBER, "", "", "never an element", 0, 0, 0 },
    [AT_ROW] = { "i/at_row", VL_U64, VL_FIXED, ITEM, VL_USE_NUMBER, "", "", "", VL_REF_ROW, ROW, 0 },
    [AT_TEXT] = { "i/at_text", VL_U64, VL_FIXED, ITEM, VL_USE_NUMBER, "", "", "", VL_REF_ELEMENT, TEXT, 0 },
    [AT_BYTE] = { "i/at_byte", VL_U64, VL_FIXED, ITEM, VL_USE_NUMBER, "", "", "", VL_REF_BYTE, 0, 0 },
    [AT_STREAM] = { "i/at_stream", VL_U32, VL_FIXED, ITEM, VL_USE_NUMBER, "", "", "", VL_REF_ELEMENT, STREAM,
                    0 },
    [PIECE_COLUMN] = { "i/column", VL_U16, VL_FIXED, ITEM, VL_USE_NUMBER, "", "", "", VL_REF_PIECE_COLUMN, 0,
                       0 },
    [PIECE_START] = { "i/start", VL_U64, VL_FIXED, ITEM, VL_USE_NUMBER, "", "", "", VL_REF_PIECE_START, 0,
                      0 },
};
static const char *const tables[] = { "row", "item" };
static const char *const counters[] = { "n_odd" };
const vl_schema model_schema = { "made_up", 1, NTABLE, tables, NFIELD, model_fields, 1, counters };

static const char *const piece_path[3] = { "p/mz", "p/deep/intensity", "p/odd" };
static const vl_type piece_type[3] = { VL_F64, VL_F32, VL_I64 };

/* Mostly a few bytes where there is room: without a call, as there are millions of them. */
static inline void put(vl_buf *buf, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (n <= buf->cap - buf->len && n) {
        memcpy(buf->data + buf->len, bytes, n);
        buf->len += n;
    } else if (vl_buf_append(buf, bytes, n, &err)) {
        abort();
    }
}

void put_u64(vl_buf *buf, uint64_t x) { put(buf, &x, 8); }

static void put_letters(vl_buf *buf, size_t n, uint64_t *dice, const char *alphabet, size_t kinds)
{
    char letter[32];
    if (n > sizeof letter) abort();
    for (size_t i = 0; i < n; i++) letter[i] = alphabet[check_random(dice) % kinds];
    put(buf, letter, n);
}

/* The first type under a path has the bare path, others path.type. */
static int piece_number(model *m, int which)
{
    if (m->number[which] >= 0) return m->number[which];
    bool taken = false;
    for (int t = 0; t < 3; t++) taken |= m->number[which / 3 * 3 + t] >= 0;
    const int n = m->ncolumn++;
    m->type[n] = piece_type[which % 3];
    snprintf(m->path[n], sizeof m->path[n], "%s%s%s", piece_path[which / 3], taken ? "." : "",
             taken ? vl_type_name(m->type[n]) : "");
    return m->number[which] = n;
}

enum { MOST_VALUES = 40 };

static void add_item(model *m, size_t row, uint64_t *dice)
{
    const int which =
        (int)(check_random(dice) % 3 * 3 + (check_random(dice) % 4 ? row / 16 % 2 : check_random(dice) % 3));
    const int n = piece_number(m, which);
    const size_t width = vl_type_width(m->type[n]),
                 nelem = check_random(dice) % 7 ? check_random(dice) % MOST_VALUES : 0;
    if (!(m->nitem & (m->nitem - 1))) /* 0, 1, 2, 4, 8 .. : with sanitizers every realloc copies */
        m->piece = realloc(m->piece, (2 * m->nitem + 1) * sizeof *m->piece);
    if (!m->piece) abort();
    m->piece[m->nitem++] = (vl_piece){ (uint16_t)which, m->values.len, nelem };
    put_u64(&m->col[PIECE_START], m->piece_col[n].len / width);
    put(&m->col[PIECE_COLUMN], &(uint16_t){ (uint16_t)n }, 2);
    uint8_t value[MOST_VALUES * 8];
    for (size_t i = 0; i < nelem * width; i++) value[i] = (uint8_t)(i % width ? check_random(dice) : i);
    put(&m->values, value, nelem * width);
    put(&m->piece_col[n], value, nelem * width);
    put_u64(&m->col[AT_ROW], row);
    put_u64(&m->col[AT_TEXT], m->mark[row].text);
    put_u64(&m->col[AT_BYTE], m->mark[row].byte + 3);
    put(&m->col[AT_STREAM], &(uint32_t){ (uint32_t)m->mark[row].stream }, 4);
}

static void add_row(model *m, const scene *s, size_t r)
{
    uint64_t dice = s->seed << 40 ^ r;
    const size_t text = s->thin ? r % 3 : check_random(&dice) % 17;
    const size_t late = r < s->late ? 2 : r == s->late ? 5 : check_random(&dice) % 4;
    const size_t stream = s->thin ? 0 : check_random(&dice) % 3;
    const uint64_t real = check_random(&dice);
    put(&m->col[NUMBER], &(uint32_t){ (uint32_t)(r / 7) }, 4);
    put(&m->col[REAL], &real, s->thin ? 0 : 8);
    if (s->thin) put(&m->col[REAL], "\0\0\0\0\0\0\xf0\x7f", 8);
    put_letters(&m->col[TEXT], text, &dice, "ACGTN", r % 50 ? 4 : 5);
    put_letters(&m->col[TEXT_QUALITY], text, &dice, "\2\13\27\45", 4);
    for (int i = 0; i < 4; i++) put(&m->col[EIGHT], &(uint16_t){ (uint16_t)(r + (size_t)i * 3) }, 2);
    put_letters(&m->col[EIGHT_QUALITY], 4, &dice, "\2\13", 2);
    put_letters(&m->col[LATE], late, &dice, "abc", 3);
    for (size_t i = 0; i < late; i++) put(&m->col[LATE_TWIN], &(uint32_t){ (uint32_t)r }, 4);
    put_u64(&m->col[WIDE], r * r);
    put_letters(&m->col[STREAM], stream, &dice, "xyz", 3);
    const size_t nitem = s->thin ? r % 97 == 0 : check_random(&dice) % 3;
    for (size_t i = 0; i < nitem; i++) add_item(m, r, &dice);
    const mark *const at = &m->mark[r];
    m->mark[r + 1] =
        (mark){ m->nitem, at->text + text, at->late + late, at->stream + stream, at->byte + 10 + text };
}

void model_make(model *m, const scene *s)
{
    memset(m, 0, sizeof *m);
    memset(m->number, -1, sizeof m->number);
    m->mark = calloc(s->nrow + 1, sizeof *m->mark);
    if (!m->mark) abort();
    for (size_t r = 0; r < s->nrow; r++) add_row(m, s, r);
}

void model_free(model *m)
{
    for (int f = 0; f < NFIELD; f++) vl_buf_free(&m->col[f]);
    for (int i = 0; i < MOST_PIECE_COLUMN; i++) vl_buf_free(&m->piece_col[i]);
    vl_buf_free(&m->values);
    free(m->mark);
    free(m->piece);
}

size_t elements_before(const model *m, int f, size_t r)
{
    const mark *const at = &m->mark[r];
    switch (f) {
    case TEXT:
    case TEXT_QUALITY: return at->text;
    case EIGHT:
    case EIGHT_QUALITY: return 4 * r;
    case LATE:
    case LATE_TWIN: return at->late;
    case EMPTY:
    case EMPTY_TWIN:
    case NOTHING: return 0;
    case STREAM: return at->stream;
    default: return model_fields[f].table == ITEM ? at->item : r;
    }
}

/* ---- batches ---- */

static void slice_ragged(const model *m, int f, size_t from, size_t to, vl_batch *batch)
{
    vl_err err = VL_ERR_INIT;
    vl_column *const col = &batch->col[f];
    const size_t base = elements_before(m, f, from);
    if (vl_rows_grow(col, to - from, &err)) abort();
    for (size_t r = from; r <= to; r++) col->offset[r - from] = elements_before(m, f, r) - base;
    col->nrow = to - from;
}

static void slice_pieces(const model *m, size_t from, size_t to, vl_batch *batch)
{
    vl_err err = VL_ERR_INIT;
    for (size_t i = m->mark[from].item; i < m->mark[to].item; i++) {
        const vl_piece *const p = &m->piece[i];
        const vl_type type = piece_type[p->column % 3];
        uint8_t *to_bytes = NULL;
        uint16_t column = 0;
        vl_piece_column like = { .unit = "unit", .role = "a role", .type = type, .use = VL_USE_NUMBER };
        snprintf(like.path, sizeof like.path, "%s", piece_path[p->column / 3]);
        if (vl_push_piece(batch, &like, p->nelem, &to_bytes, &column, &err)) abort();
        if (p->nelem) memcpy(to_bytes, m->values.data + p->at, p->nelem * vl_type_width(type));
        memcpy(batch->col[PIECE_COLUMN].data.data + 2 * (i - m->mark[from].item), &column, 2);
    }
}

void slice_batch(const model *m, size_t from, size_t to, vl_batch *batch)
{
    vl_batch_clear(batch);
    for (int f = 0; f < NFIELD; f++) {
        const size_t width = vl_type_width(model_fields[f].type), a = elements_before(m, f, from),
                     b = elements_before(m, f, to);
        if (b > a) put(&batch->col[f].data, m->col[f].data + a * width, (b - a) * width);
        if (model_fields[f].shape == VL_RAGGED) slice_ragged(m, f, from, to, batch);
    }
    const mark *const at = &m->mark[from];
    batch->nrow[ROW] = to - from;
    batch->nrow[ITEM] = m->mark[to].item - at->item;
    batch->nbyte = m->mark[to].byte - at->byte;
    batch->counter[0] = to - from;
    for (size_t i = 0; i < batch->nrow[ITEM]; i++) {
        uint8_t *const row = batch->col[AT_ROW].data.data + 8 * i, *const text =
                                                                       batch->col[AT_TEXT].data.data + 8 * i;
        uint8_t *const byte = batch->col[AT_BYTE].data.data + 8 * i, *const stream =
                                                                         batch->col[AT_STREAM].data.data +
                                                                         4 * i;
        vl_put_le64(row, vl_le64(row) - from);
        vl_put_le64(text, vl_le64(text) - at->text);
        vl_put_le64(byte, vl_le64(byte) - at->byte);
        vl_put_le32(stream, vl_le32(stream) - (uint32_t)at->stream);
        vl_put_le64(batch->col[PIECE_START].data.data + 8 * i, UINT64_C(0xdead)); /* lay must fill it */
    }
    slice_pieces(m, from, to, batch);
}
