/*
 * Checks the way of columns into a store and back: lay, pack, append, seal, publish; then the reader.
 *
 * What the store holds must be the made-up sample (lay_model.h), its digests those of the sample's bytes,
 * however it was cut into batches.
 *
 * Suites: in store. Also: asan.
 */
#include "pipeline/in/lay.h"
#include "pipeline/out/reader.h"
#include "pipeline/run/run.h"
#include "pipeline/test/check.h"
#include "pipeline/test/lay_model.h"
#include "pipeline/test/recipe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

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
        const size_t full = vl_chunk_elements(c->spec), width = vl_type_width(c->spec->type);
        CHECK(c->count && c->count * width == c->raw.len && c->first % full == 0 &&
                  (c->count == full || c->last),
              "%s: chunk of %zu elements from %zu on", c->spec->path, (size_t)c->count, (size_t)c->first);
        if (vl_chunk_pack(c, NULL, profile, work, err) || vl_store_append(st, c, work, err)) return err->code;
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
    if (vl_batch_init(&batch, &model_schema, err)) return err->code;
    do {
        const size_t to = next_cut(how, at, s->nrow, &dice);
        slice_batch(m, at, to, &batch);
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
    if (vl_store_create(&st, path, s->profile, false, err) ||
        vl_lay_open(&lay, &model_schema, s->profile, NULL, err))
        goto out;
    if (lay_all(lay, st, m, s, how, err) || note_root(st, lay, err) || vl_lay_note(lay, st, err)) goto out;
    CHECK(vl_lay_rows(lay, ROW) == s->nrow && vl_lay_rows(lay, ITEM) == m->nitem &&
              vl_lay_counters(lay)[0] == s->nrow,
          "rows and counters");
    for (int f = 0; f < NFIELD; f++)
        CHECK(vl_lay_elements(lay, f) == m->col[f].len / vl_type_width(model_fields[f].type),
              "elements of %s", model_fields[f].path);
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
    CHECK(col->nchunk == 1 ? col->chunk >= col->nelem : col->chunk == VL_CHUNK_BYTES / vl_type_width(type),
          "%s: chunks", path);
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
        check_column(st, model_fields[f].path, model_fields[f].type, m->col[f].data, m->col[f].len, &work);
        if (model_fields[f].shape != VL_RAGGED || !m->col[f].len) continue;
        const vl_stored *const col = vl_store_column(st, vl_store_find(st, model_fields[f].path));
        const bool same = uniform(s, f);
        CHECK(col->uniform == same && (!same || col->row_length == elements_before(m, f, 1)),
              "%s: row_length", model_fields[f].path);
        offset.len = 0;
        for (size_t r = 0; r <= s->nrow && !same; r++) put_u64(&offset, elements_before(m, f, r));
        snprintf(path, sizeof path, "%s.offset", model_fields[f].path);
        if (!model_fields[f].offset_of) check_column(st, path, VL_U64, offset.data, offset.len, &work);
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
        if (model_fields[f].shape == VL_STREAM) continue;
        const size_t width = vl_type_width(model_fields[f].type), base = elements_before(g->m, f, w->from);
        const size_t n = elements_before(g->m, f, w->to) - base;
        const vl_column *const col = &b->col[f];
        w->good &= col->data.len == n * width &&
                   (!n || !memcmp(col->data.data, g->m->col[f].data + base * width, n * width));
        for (size_t r = w->from; r <= w->to && model_fields[f].shape == VL_RAGGED; r++)
            w->good &= col->offset[r - w->from] == elements_before(g->m, f, r) - base;
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
    CHECK(vl_reader_rows(r, &plan, ROW, s->nrow, 1, NULL, &work, &err) == VL_ESTORE, "a row too many");
    vl_err_clear(&err);
    CHECK(vl_reader_rows(r, &plan, ROW, UINT64_MAX, 2, NULL, &work, &err) == VL_ESTORE,
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
    CHECK(!vl_reader_open(&r, st, &model_schema, NULL, &err), "reader: %s", err.what);
    if (!err.code) {
        check_pieces(r, m);
        check_rows(r, m, s);
        check_asks(r, m, s);
    }
    vl_reader_close(r);
    vl_store_close(st);
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
        recipe_read("store", &file);
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

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_enter("check_lay");
    check_scenes();
    return check_leave();
}
