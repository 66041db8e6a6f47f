/*
 * Checks the way of columns into a store and back: lay, pack, append, seal, publish; then the reader.
 *
 * The check makes a whole made-up sample first, as plain arrays (the model), and keeps for each row how much
 * of every column belongs to it. Batches are slices of the model, cut anywhere, with references that count
 * within the batch. What the store holds must be the model, its digests those of the model's bytes, however
 * it was cut.
 *
 * Suites: in store. Also: asan.
 */
#include "pipeline/in/lay.h"
#include "pipeline/out/reader.h"
#include "pipeline/run/run.h"
#include "pipeline/test/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { ROW, ITEM, NTABLE };
enum {
    NUMBER,
    REAL,
    TEXT,
    TEXT_QUALITY,
    EIGHT,
    EIGHT_QUALITY,
    LATE,
    LATE_TWIN,
    EMPTY,
    EMPTY_TWIN,
    WIDE,
    STREAM,
    NOTHING,
    AT_ROW,
    AT_TEXT,
    AT_BYTE,
    AT_STREAM,
    PIECE_COLUMN,
    PIECE_START,
    NFIELD
};

static const vl_field fields[NFIELD] = {
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
static const vl_schema schema = { "made_up", 1, NTABLE, tables, NFIELD, fields, 1, counters };

/* ---- the model ---- */

enum { MOST_PIECE_COLUMN = 9 };
static const char *const piece_path[3] = { "p/mz", "p/deep/intensity", "p/odd" };
static const vl_type piece_type[3] = { VL_F64, VL_F32, VL_I64 };

typedef struct scene {
    size_t nrow, late; /* row `late` is the first of another length in LATE; nrow or more: none */
    uint64_t seed;
    bool thin; /* little but LATE */
    vl_profile profile;
} scene;

/* Where a row's share of everything begins; row nrow is the end. */
typedef struct mark {
    size_t item, text, late, stream;
    uint64_t byte;
} mark;

typedef struct model {
    vl_buf col[NFIELD];
    mark *mark;      /* [nrow + 1] */
    vl_piece *piece; /* [nitem]; column: 3 * path + type */
    vl_buf values;   /* of all pieces */
    /* as they must come out: in order of first appearance */
    int ncolumn, number[MOST_PIECE_COLUMN]; /* number of 3 * path + type; -1: none */
    char path[MOST_PIECE_COLUMN][VL_PATH + 16];
    vl_buf piece_col[MOST_PIECE_COLUMN];
    vl_type type[MOST_PIECE_COLUMN];
    size_t nitem;
} model;

static void put(vl_buf *buf, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (vl_buf_append(buf, bytes, n, &err)) abort();
}

static void put_u64(vl_buf *buf, uint64_t x) { put(buf, &x, 8); }

static void put_letters(vl_buf *buf, size_t n, uint64_t *dice, const char *alphabet, size_t kinds)
{
    for (size_t i = 0; i < n; i++) put(buf, &alphabet[check_random(dice) % kinds], 1);
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

static void add_item(model *m, size_t row, uint64_t *dice)
{
    const int which =
        (int)(check_random(dice) % 3 * 3 + (check_random(dice) % 4 ? row / 16 % 2 : check_random(dice) % 3));
    const int n = piece_number(m, which);
    const size_t width = vl_type_width(m->type[n]),
                 nelem = check_random(dice) % 7 ? check_random(dice) % 40 : 0;
    m->piece = realloc(m->piece, (m->nitem + 1) * sizeof *m->piece);
    if (!m->piece) abort();
    m->piece[m->nitem++] = (vl_piece){ (uint16_t)which, m->values.len, nelem };
    put_u64(&m->col[PIECE_START], m->piece_col[n].len / width);
    put(&m->col[PIECE_COLUMN], &(uint16_t){ (uint16_t)n }, 2);
    for (size_t i = 0; i < nelem * width; i++) {
        const uint8_t byte = (uint8_t)(i % width ? check_random(dice) : i);
        put(&m->values, &byte, 1);
        put(&m->piece_col[n], &byte, 1);
    }
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

static void model_make(model *m, const scene *s)
{
    memset(m, 0, sizeof *m);
    memset(m->number, -1, sizeof m->number);
    m->mark = calloc(s->nrow + 1, sizeof *m->mark);
    if (!m->mark) abort();
    for (size_t r = 0; r < s->nrow; r++) add_row(m, s, r);
}

static void model_free(model *m)
{
    for (int f = 0; f < NFIELD; f++) vl_buf_free(&m->col[f]);
    for (int i = 0; i < MOST_PIECE_COLUMN; i++) vl_buf_free(&m->piece_col[i]);
    vl_buf_free(&m->values);
    free(m->mark);
    free(m->piece);
}

/* Elements of a field before row r of the sample (of the row's table: before the row's first item). */
static size_t before(const model *m, int f, size_t r)
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
    default: return fields[f].table == ITEM ? at->item : r;
    }
}

/* ---- batches ---- */

static void slice_ragged(const model *m, int f, size_t from, size_t to, vl_batch *batch)
{
    vl_err err = VL_ERR_INIT;
    vl_column *const col = &batch->col[f];
    const size_t base = before(m, f, from);
    if (vl_rows_grow(col, to - from, &err)) abort();
    for (size_t r = from; r <= to; r++) col->offset[r - from] = before(m, f, r) - base;
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

/* Rows [from, to) as a parser would give them: all references count within the batch. */
static void slice(const model *m, size_t from, size_t to, vl_batch *batch)
{
    vl_batch_clear(batch);
    for (int f = 0; f < NFIELD; f++) {
        const size_t width = vl_type_width(fields[f].type), a = before(m, f, from), b = before(m, f, to);
        if (b > a) put(&batch->col[f].data, m->col[f].data + a * width, (b - a) * width);
        if (fields[f].shape == VL_RAGGED) slice_ragged(m, f, from, to, batch);
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

/* ---- writing ---- */

typedef enum cut { WHOLE, EVEN, RANDOM, NCUT } cut;
static const char *const cut_name[] = { "whole", "even", "random" };

static size_t next_cut(cut how, size_t from, size_t nrow, uint64_t *dice)
{
    const uint64_t r = check_random(dice);
    const size_t n = how == WHOLE ? nrow : how == EVEN ? 4096 : r % 8 == 0 ? 0 : r % 3 ? r % 50000 : r % 90;
    return from + n < nrow ? from + n : nrow;
}

static vl_code pack_and_append(vl_store *st, vl_chunks *chunks, vl_profile profile, vl_work *work,
                               vl_err *err)
{
    for (size_t i = 0; i < chunks->n; i++) {
        vl_chunk *const c = &chunks->chunk[i];
        const size_t full = vl_chunk_elements(c->spec->type), width = vl_type_width(c->spec->type);
        CHECK(c->count && c->count * width == c->raw.len && c->first % full == 0 &&
                  (c->count == full || c->last),
              "%s: chunk of %zu elements from %zu on", c->spec->path, (size_t)c->count, (size_t)c->first);
        if (vl_chunk_pack(c, profile, work, err) || vl_store_append(st, c, work, err)) return err->code;
    }
    chunks->n = 0;
    return VL_OK;
}

static vl_code lay_all(vl_lay *lay, vl_store *st, const model *m, const scene *s, cut how, vl_err *err)
{
    vl_batch batch;
    vl_chunks chunks = { 0 };
    vl_work work = { 0 };
    uint64_t dice = s->seed;
    size_t at = 0;
    if (vl_batch_init(&batch, &schema, err)) return err->code;
    do {
        const size_t to = next_cut(how, at, s->nrow, &dice);
        slice(m, at, to, &batch);
        if (vl_lay_batch(lay, &batch, &chunks, err)) break;
        CHECK(batch.first[ROW] == at && batch.first[ITEM] == m->mark[at].item, "first rows of a batch at %zu",
              at);
        if (pack_and_append(st, &chunks, s->profile, &work, err)) break;
        at = to;
    } while (at < s->nrow);
    if (!err->code && !vl_lay_end(lay, &chunks, err)) pack_and_append(st, &chunks, s->profile, &work, err);
    vl_chunks_free(&chunks);
    vl_work_free(&work);
    vl_batch_free(&batch);
    return err->code;
}

static vl_code note_root(vl_store *st, const vl_lay *lay, vl_err *err)
{
    if (vl_store_note(st, "/", "vial.format", "store", err) ||
        vl_store_note_u64(st, "/", "vial.version", VL_STORE_VERSION, err) ||
        vl_store_note_u64(st, "/", "n_row", vl_lay_rows(lay, ROW), err) ||
        vl_store_note_u64(st, "/", "n_item", vl_lay_rows(lay, ITEM), err))
        return err->code;
    return VL_OK;
}

static vl_code write_store(const char *path, const model *m, const scene *s, cut how, vl_err *err)
{
    vl_store *st = NULL;
    vl_lay *lay = NULL;
    if (vl_store_create(&st, path, s->profile, false, err) || vl_lay_open(&lay, &schema, err)) goto out;
    if (lay_all(lay, st, m, s, how, err) || note_root(st, lay, err) || vl_lay_note(lay, st, err)) goto out;
    CHECK(vl_lay_rows(lay, ROW) == s->nrow && vl_lay_rows(lay, ITEM) == m->nitem &&
              vl_lay_counters(lay)[0] == s->nrow,
          "rows and counters");
    for (int f = 0; f < NFIELD; f++)
        CHECK(vl_lay_elements(lay, f) == m->col[f].len / vl_type_width(fields[f].type), "elements of %s",
              fields[f].path);
    if (vl_store_seal(st, 2, err)) goto out;
    uint64_t bytes = 0;
    CHECK(!vl_seal_check(vl_store_part(st), 2, &bytes, err) && bytes == vl_store_bytes(st), "seal: %s",
          err->what);
    vl_store_publish(st, err);
out:
    vl_store_close(st);
    vl_lay_close(lay);
    return err->code;
}

/* ---- reading ---- */

static bool is_digest(const vl_stored *col, const void *bytes, size_t n)
{
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(bytes, n));
    return !memcmp(hash.digest, col->digest, 16);
}

/* A whole column against these bytes; there must be none when n is 0. */
static void check_column(vl_store *st, const char *path, vl_type type, const void *bytes, size_t n,
                         vl_work *work)
{
    vl_err err = VL_ERR_INIT;
    vl_buf plain = { 0 };
    const int c = vl_store_find(st, path);
    if (!CHECK((c >= 0) == (n > 0), "%s: there or not", path) || c < 0) return;
    const vl_stored *const col = vl_store_column(st, c);
    CHECK(col->type == type && col->nelem * vl_type_width(type) == n, "%s: type and size", path);
    CHECK(is_digest(col, bytes, n), "%s: digest", path);
    CHECK(col->nchunk == 1 ? col->chunk >= col->nelem : col->chunk == vl_chunk_elements(type), "%s: chunks",
          path);
    CHECK(!vl_store_read(st, c, &plain, work, &err) && plain.len == n && !memcmp(plain.data, bytes, n),
          "%s: %s", path, err.what);
    vl_buf_free(&plain);
}

static bool uniform(const scene *s, int f)
{
    if (f == TEXT || f == TEXT_QUALITY) return s->nrow < 2 && s->nrow;
    if (f == LATE || f == LATE_TWIN) return s->late >= s->nrow || s->nrow == 1;
    return true;
}

static void check_columns(vl_store *st, const model *m, const scene *s)
{
    char path[VL_PATH + 16];
    vl_work work = { 0 };
    vl_buf offset = { 0 };
    for (int f = 0; f < NFIELD; f++) {
        check_column(st, fields[f].path, fields[f].type, m->col[f].data, m->col[f].len, &work);
        if (fields[f].shape != VL_RAGGED || !m->col[f].len) continue;
        const vl_stored *const col = vl_store_column(st, vl_store_find(st, fields[f].path));
        const bool same = uniform(s, f);
        CHECK(col->uniform == same && (!same || col->row_length == before(m, f, 1)), "%s: row_length",
              fields[f].path);
        offset.len = 0;
        for (size_t r = 0; r <= s->nrow && !same; r++) put_u64(&offset, before(m, f, r));
        snprintf(path, sizeof path, "%s.offset", fields[f].path);
        if (!fields[f].offset_of) check_column(st, path, VL_U64, offset.data, offset.len, &work);
    }
    for (int i = 0; i < m->ncolumn; i++)
        check_column(st, m->path[i], m->type[i], m->piece_col[i].data, m->piece_col[i].len, &work);
    vl_buf_free(&offset);
    vl_work_free(&work);
}

/* Rows of both tables, read by several slots at once. */
typedef struct reading {
    vl_reader *r;
    const model *m;
    const scene *s;
    size_t at;
    uint64_t dice;
    int wrong; /* windows that came out wrong; counted in the last, ordered stage */
} reading;

typedef struct window {
    vl_plan plan;
    vl_work work;
    size_t from, to; /* rows */
    bool good;
} window;

static vl_code plan_window(void *self, vl_slot *slot, vl_err *err)
{
    reading *const g = self;
    window *const w = slot->body;
    const uint64_t dice = check_random(&g->dice);
    const size_t n = dice % 5 ? dice % 30000 : dice % 3;
    w->from = g->at;
    w->to = g->s->nrow - g->at < n ? g->s->nrow : g->at + n;
    g->at = w->to;
    slot->end = g->at == g->s->nrow;
    const size_t item = g->m->mark[w->from].item, nitem = g->m->mark[w->to].item - item;
    if (vl_reader_rows(g->r, &w->plan, ROW, w->from, w->to - w->from, NULL, &w->work, err)) return err->code;
    return vl_reader_rows(g->r, &w->plan, ITEM, item, nitem, NULL, &w->work, err);
}

static vl_code load_window(void *self, vl_slot *slot, vl_err *err)
{
    const reading *const g = self;
    window *const w = slot->body;
    if (vl_reader_load(g->r, &w->plan, &w->work, err)) return err->code;
    const vl_batch *const b = &w->plan.batch;
    w->good = b->first[ROW] == w->from && b->nrow[ROW] == w->to - w->from;
    for (int f = 0; f < NFIELD; f++) {
        if (fields[f].shape == VL_STREAM) continue;
        const size_t width = vl_type_width(fields[f].type), base = before(g->m, f, w->from);
        const size_t n = before(g->m, f, w->to) - base;
        const vl_column *const col = &b->col[f];
        w->good &= col->data.len == n * width &&
                   (!n || !memcmp(col->data.data, g->m->col[f].data + base * width, n * width));
        for (size_t r = w->from; r <= w->to && fields[f].shape == VL_RAGGED; r++)
            w->good &= col->offset[r - w->from] == before(g->m, f, r) - base;
    }
    return VL_OK;
}

static vl_code judge_window(void *self, vl_slot *slot, vl_err *err)
{
    reading *const g = self;
    (void)err;
    g->wrong += !((window *)slot->body)->good;
    return VL_OK;
}

static void check_rows(vl_reader *r, const model *m, const scene *s)
{
    enum { NSLOT = 4 };
    vl_err err = VL_ERR_INIT;
    reading g = { .r = r, .m = m, .s = s, .dice = s->seed };
    const vl_stage stage[] = { { "plan", VL_ORDERED, plan_window, &g },
                               { "load", VL_PARALLEL, load_window, &g },
                               { "judge", VL_ORDERED, judge_window, &g } };
    vl_slot slot[NSLOT] = { { 0 } };
    window w[NSLOT] = { 0 };
    for (int i = 0; i < NSLOT; i++) {
        if (vl_plan_init(&w[i].plan, r, &err)) abort();
        slot[i].body = &w[i];
    }
    CHECK(!vl_run(stage, 3, slot, NSLOT, 2, NULL, &err) && !g.wrong, "reading rows: %d windows wrong, %s",
          g.wrong, err.what);
    for (int i = 0; i < NSLOT; i++) {
        vl_plan_free(r, &w[i].plan);
        vl_work_free(&w[i].work);
    }
}

/* The store says of each piece column what it is. */
static void check_pieces(vl_reader *r, const model *m)
{
    const vl_columns *const c = vl_reader_columns(r);
    CHECK(c->npiece == m->ncolumn, "%d piece columns, expected %d", c->npiece, m->ncolumn);
    for (int i = 0; i < c->npiece && i < m->ncolumn; i++) {
        const vl_piece_column *const p = &c->piece[i];
        CHECK(!strcmp(p->path, m->path[i]) && p->type == m->type[i] && !strcmp(p->unit, "unit") &&
                  !strcmp(p->role, "a role") && !*p->coding && p->use == VL_USE_NUMBER,
              "piece column %d is '%s', expected '%s'", i, p->path, m->path[i]);
    }
}

static void check_asks(vl_reader *r, const model *m, const scene *s)
{
    vl_err err = VL_ERR_INIT;
    vl_work work = { 0 };
    vl_buf out = { 0 };
    vl_plan plan;
    if (vl_plan_init(&plan, r, &err)) abort();
    CHECK(vl_reader_nrow(r, ROW) == s->nrow && vl_reader_nrow(r, ITEM) == m->nitem, "rows");
    CHECK(vl_reader_rows(r, &plan, ROW, s->nrow, 1, NULL, &work, &err) == VL_EARG, "a row too many");
    vl_err_clear(&err);
    CHECK(vl_reader_rows(r, &plan, ROW, UINT64_MAX, 2, NULL, &work, &err) == VL_EARG,
          "rows that wrap around");
    vl_err_clear(&err);
    const int stream = vl_reader_column(r, STREAM);
    if (stream >= 0) {
        const size_t n = m->col[STREAM].len;
        CHECK(!vl_reader_elements(r, stream, n / 3, n - n / 3, &out, &work, &err) && out.len == n - n / 3 &&
                  !memcmp(out.data, m->col[STREAM].data + n / 3, out.len),
              "elements of a stream");
        CHECK(vl_reader_elements(r, stream, n, 1, &out, &work, &err) == VL_ESTORE, "an element too many");
        vl_err_clear(&err);
        CHECK(vl_reader_elements(r, stream, UINT64_MAX, 2, &out, &work, &err) == VL_ESTORE,
              "elements that wrap around");
    }
    vl_plan_free(r, &plan);
    vl_buf_free(&out);
    vl_work_free(&work);
}

static void read_store(const char *path, const model *m, const scene *s, char identity[65])
{
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    vl_reader *r = NULL;
    if (!CHECK(!vl_store_open(&st, path, &err), "open: %s", err.what)) return;
    CHECK(!vl_store_check_digest(st, &err) && !vl_store_identity(st, identity, &err), "digest: %s", err.what);
    check_columns(st, m, s);
    CHECK(!vl_reader_open(&r, st, &schema, NULL, &err), "reader: %s", err.what);
    if (!err.code) {
        check_pieces(r, m);
        check_rows(r, m, s);
        check_asks(r, m, s);
    }
    vl_reader_close(r);
    vl_store_close(st);
}

static void read_file(const char *path, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    struct stat st;
    const int fd = open(path, O_RDONLY);
    out->len = 0;
    if (fd < 0 || fstat(fd, &st) || vl_buf_reserve(out, (size_t)st.st_size, &err)) abort();
    if (read(fd, out->data, (size_t)st.st_size) != (ssize_t)st.st_size) abort();
    out->len = (size_t)st.st_size;
    close(fd);
}

/*
 * Writes a scene cut in several ways, reads each, compares. What a store says never depends on the cuts. Its
 * bytes may, in the order of chunks: those that one batch completes come column by column. So bytes are
 * compared between equal cuts, and between all cuts while no chunk is complete before the end.
 */
static void check_scene(const scene *s)
{
    static const cut cuts[] = { WHOLE, RANDOM, EVEN, RANDOM };
    const bool small = s->nrow < 100000;
    model m;
    vl_buf files[NCUT] = { { 0 } }, file = { 0 };
    char first[65] = "", identity[65] = "";
    model_make(&m, s);
    for (int i = 0; i < (s->thin && s->nrow > 200000 ? 2 : 4); i++) {
        const cut how = cuts[i], like = small ? WHOLE : how;
        const long failed = nfailed;
        vl_err err = VL_ERR_INIT;
        if (CHECK(!write_store("store", &m, s, how, &err), "write: %s", err.what))
            read_store("store", &m, s, i ? identity : first);
        CHECK(first[0] && (!i || !strcmp(identity, first)), "identity of the store, cut %s", cut_name[how]);
        read_file("store", &file);
        if (!files[like].len) vl_buf_swap(&files[like], &file);
        else
            CHECK(file.len == files[like].len && !memcmp(file.data, files[like].data, file.len),
                  "bytes of the store, cut %s", cut_name[how]);
        if (nfailed > failed)
            printf("    in the scene of %zu rows, late %zu, seed %d, profile %s, cut %s\n", s->nrow, s->late,
                   (int)s->seed, vl_profile_name(s->profile), cut_name[how]);
        unlink("store");
    }
    for (int i = 0; i < NCUT; i++) vl_buf_free(&files[i]);
    vl_buf_free(&file);
    model_free(&m);
}

static void check_scenes(void)
{
    const scene scenes[] = {
        { 0, 0, 1, false, VL_FAST },
        { 1, 1, 2, false, VL_FAST },
        { 2, 1, 3, false, VL_COMPACT },
        { 3, 0, 4, false, VL_PORTABLE },
        { 1000, 1000, 5, false, VL_FAST },
        { 1000, 999, 6, false, VL_ARCHIVE },
        { 1000, 10, 7, false, VL_PORTABLE },
        { 60000, 100, 8, false, VL_FAST },
        { 60000, 60000, 9, false, VL_PORTABLE },
        { 131072, 0, 10, true, VL_FAST },
        { 131072, 131071, 11, true, VL_FAST },
        { 131073, 131072, 12, true, VL_FAST },
        { 131071, 131070, 13, true, VL_FAST },
        { 262144, 262143, 14, true, VL_FAST },
        { 262145, 262144, 15, true, VL_PORTABLE },
        { 300000, 299999, 16, true, VL_FAST },
        { 300000, 131071, 17, true, VL_FAST },
        { 300000, 131072, 18, true, VL_FAST },
        { 300000, 300000, 19, true, VL_FAST },
        { 600000, 290000, 20, true, VL_FAST },
    };
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) check_scene(&scenes[i]);
}

/* ---- the file: seal, names, locks ---- */

static bool exists(const char *path) { return !access(path, F_OK); }

static void write_byte(int fd, size_t at, uint8_t byte)
{
    if (pwrite(fd, &byte, 1, (off_t)at) != 1) abort();
}

/* Notes what every store has, seals and publishes. */
static vl_code finish(vl_store *st, vl_err *err)
{
    if (vl_store_note(st, "/", "vial.format", "store", err) ||
        vl_store_note_u64(st, "/", "vial.version", VL_STORE_VERSION, err) || vl_store_seal(st, 2, err))
        return err->code;
    return vl_store_publish(st, err);
}

/* A store of one column and a note. */
static vl_code write_small(const char *path)
{
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    vl_work work = { 0 };
    const vl_spec spec = {
        .path = "t/text", .type = VL_U8, .use = VL_USE_TEXT, .unit = "letter", .missing = "", .doc = ""
    };
    vl_chunk chunk = { .spec = &spec, .count = 26, .last = true };
    put(&chunk.raw, "abcdefghijklmnopqrstuvwxyz", 26);
    if (!vl_store_create(&st, path, VL_FAST, false, &err) && !vl_chunk_pack(&chunk, VL_FAST, &work, &err) &&
        !vl_store_append(st, &chunk, &work, &err))
        finish(st, &err);
    vl_store_close(st);
    vl_buf_free(&chunk.raw);
    vl_buf_free(&chunk.packed);
    vl_work_free(&work);
    return err.code;
}

static void check_flip(size_t at, int bit, size_t n)
{
    vl_err err = VL_ERR_INIT;
    CHECK(vl_seal_check("small", 1, NULL, &err) == VL_ESTORE, "bit %d of byte %zu of %zu flipped: %s", bit,
          at, n, err.what);
    /* a quick look leaves out the hash of all bytes, but the trailer has one of its own */
    const bool edge = at < 8 || at + VL_TRAILER >= n;
    vl_err_clear(&err);
    vl_seal_check("small", 0, NULL, &err);
    CHECK(err.code == (edge ? VL_ESTORE : VL_OK), "quick look: bit %d of byte %zu flipped: %s", bit, at,
          err.what);
}

/* A flipped bit in any byte, and any cut of a small store are found. */
static void check_seal(void)
{
    vl_buf file = { 0 };
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    CHECK(!write_small("small"), "small store");
    read_file("small", &file);
    const int fd = open("small", O_RDWR);
    if (fd < 0) abort();
    for (size_t i = 0; i < file.len; i++) {
        const bool edge = i < 8 || i + VL_TRAILER >= file.len; /* all bits there, else one of each byte */
        for (int bit = edge ? 0 : (int)(i % 8); bit < 8; bit += edge ? 1 : 8) {
            write_byte(fd, i, (uint8_t)(file.data[i] ^ 1 << bit));
            check_flip(i, bit, file.len);
        }
        write_byte(fd, i, file.data[i]);
    }
    CHECK(!vl_seal_check("small", 2, NULL, &err), "mended: %s", err.what);
    write_byte(fd, file.len, 0);
    CHECK(vl_seal_check("small", 0, NULL, &err) == VL_ESTORE, "a byte behind");
    for (size_t n = file.len; n-- > 0;) {
        vl_err_clear(&err);
        if (ftruncate(fd, (off_t)n)) abort();
        CHECK(vl_seal_check("small", 0, NULL, &err) == VL_ESTORE, "cut to %zu of %zu bytes", n, file.len);
        if (n % 16) continue;
        vl_err_clear(&err);
        CHECK(vl_store_open(&st, "small", &err) == VL_ESTORE && !st, "open cut to %zu bytes", n);
    }
    close(fd);
    unlink("small");
    vl_err_clear(&err);
    CHECK(vl_seal_check("small", 2, NULL, &err) == VL_ENOIN, "no file");
    vl_err_clear(&err);
    CHECK(vl_seal_check(".", 2, NULL, &err) == VL_ENOIN, "a folder");
    vl_buf_free(&file);
}

static vl_code create(vl_store **st, const char *path, bool force)
{
    vl_err err = VL_ERR_INIT;
    return vl_store_create(st, path, VL_FAST, force, &err);
}

static vl_code publish(vl_store *st)
{
    vl_err err = VL_ERR_INIT;
    return finish(st, &err);
}

static void write_text(const char *path, const char *text)
{
    FILE *const f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f)) abort();
}

static void check_names(void)
{
    vl_store *a = NULL, *b = NULL;
    char part[64];
    CHECK(!create(&a, "one", false), "create");
    snprintf(part, sizeof part, "%s", vl_store_part(a));
    CHECK(!exists("one") && exists(part), "only the temporary name");
    CHECK(create(&b, "one", false) == VL_EBUSY && !b && exists(part), "a second writer");
    CHECK(create(&b, "one", true) == VL_EBUSY && !b && exists(part), "a second writer, by force");
    CHECK(!create(&b, "other", false), "another store meanwhile");
    vl_store_close(b);
    CHECK(!publish(a) && exists("one") && !exists(part), "publish");
    vl_store_close(a);
    CHECK(exists("one"), "close after publish");
    CHECK(create(&a, "one", false) == VL_EEXIST && !a && exists("one") && !exists(part), "exists");
    CHECK(!create(&a, "one", true) && exists("one"), "force");
    vl_store_close(a);
    CHECK(exists("one") && !exists(part) && !exists("other"), "close without publish");
    write_text(part, "left behind by one that died");
    CHECK(!create(&a, "two", false) && !create(&b, "one", true) && !publish(b),
          "a temporary file left behind");
    vl_store_close(b);
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_seal_check("one", 2, NULL, &err), "replaced by force: %s", err.what);
    write_text("two", "theirs");
    CHECK(publish(a) == VL_EEXIST, "the name was taken meanwhile");
    vl_store_close(a);
    struct stat st;
    CHECK(!stat("two", &st) && st.st_size == 6 && !exists(".two.part"), "theirs stays");
    CHECK(create(&a, "no/folder/x", false) == VL_EEXIST && !a, "no such folder");
    CHECK(!mkdir("folder", 0700) && !create(&a, "folder/x", false) && !publish(a) && exists("folder/x"),
          "in a folder");
    vl_store_close(a);
    unlink("folder/x");
    CHECK(!rmdir("folder"), "nothing else is left in the folder");
    unlink("one");
    unlink("two");
}

int main(void)
{
    char folder[] = "/tmp/check_lay.XXXXXX";
    vl_kernels_init(&vl_k, vl_isa_from_env());
    if (!mkdtemp(folder) || chdir(folder)) return 1;
    check_names();
    check_seal();
    check_scenes();
    CHECK(!chdir("/") && !rmdir(folder), "nothing is left behind: %s", strerror(errno));
    return check_end();
}
