/* Export (export.h): the stages, the outputs, and the comparison with the original's hash. */
#include "pipeline/out/export.h"

#include "formats/letter.h"
#include "formats/xxh3.h"
#include "pipeline/io/names.h"
#include "pipeline/out/indexing.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/originals.h"
#include "pipeline/out/odd.h"
#include "pipeline/out/remake.h"
#include "pipeline/out/walk.h"
#include "pipeline/run/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one slot carries. */
typedef struct load {
    vl_plan plan;
    vl_fresh fresh; /* chunks to take digests of */
    vl_index_parts parts;
    vl_work work;
    uint64_t rows; /* printed with this and all before; for progress */
    bool last;     /* nothing follows */
    vl_buf text[VL_MAX_TEXT];
    vl_buf packed[VL_MAX_TEXT]; /* the same as it goes out, if that is packed */
    vl_buf odd;                 /* rows that are not as they were */
    vl_portions portions[VL_MAX_TEXT];
} load;

typedef struct export
{
    const vl_export *ask;
    vl_store *store;
    vl_reader *reader;
    const vl_format *format;
    bool other;        /* the rows came in another format */
    const char *lacks; /* what of them it cannot say; static */
    void *how;         /* owned; of the format's print */
    vl_buf head;       /* what its begin was given */
    void *mend;        /* owned; state of its mend; NULL: values alone are not asked for, or it needs none */
    vl_buf odd;        /* rows that are not as they were */
    vl_walker walker;
    bool indexed;         /* the rows of all indexes come by */
    int ntext, noriginal; /* texts that are made; texts that the store was made from */
    char *second;         /* owned: name of the second file of a text that is two; NULL: none was made */
    vl_original_out *out[VL_MAX_TEXT];
    vl_remake *remake[VL_MAX_TEXT]; /* of what was delivered; then there is no out */
    vl_originals named;             /* owned: delivered, where the outputs name files */
    XXH3_state_t *hash[VL_MAX_TEXT];
    vl_work work;          /* of the ordered stages */
    uint64_t bytes, total; /* of text: so far, and in all */
    vl_progress progress;
    load *load; /* owned; [nload] */
    int nload;
}
export;

static vl_code plan(void *self, vl_slot *slot, vl_err *err)
{
    export *const x = self;
    load *const l = slot->body;
    if (vl_walker_plan(&x->walker, &l->plan, &l->work, &l->last, err)) return err->code;
    l->rows = x->walker.next;
    vl_reader_fresh(x->reader, &l->fresh);
    slot->end = l->last;
    return VL_OK;
}

static bool packs(const export *x, int s) { return x->out[s] && vl_original_pack_first(x->out[s]); }

static vl_code print_batch(const export *x, load *l, vl_err *err)
{
    const vl_same_values *const same = x->format->same_values;
    l->odd.len = 0;
    for (int s = 0; s < x->ntext; s++) l->text[s].len = l->packed[s].len = 0;
    if (same) return same->print(x->how, &l->plan.batch, l->last, l->text, &l->odd, err);
    return x->format->print(x->how, &l->plan.batch, l->last, l->text, err);
}

static vl_code pack(const export *x, load *l, vl_err *err)
{
    for (int s = 0; s < x->ntext; s++)
        if (packs(x, s) && vl_original_pack(x->out[s], &l->text[s], &l->packed[s], err)) return err->code;
    return VL_OK;
}

static vl_code print(void *self, vl_slot *slot, vl_err *err)
{
    const export *const x = self;
    load *const l = slot->body;
    if (vl_walker_load(&x->walker, &l->plan, &l->work, err) || print_batch(x, l, err)) return err->code;
    if (x->indexed && vl_indexing_part(x->ask->indexing, &l->plan.batch, -1, &l->parts, err))
        return err->code;
    return x->mend ? VL_OK : pack(x, l, err);
}

/* Once a row is not as it was, nothing more is given of a text that was to be the original; the other rows
 * are still looked at. */
static vl_code write_texts(export *x, load *l, vl_err *err)
{
    if (x->odd.len && !x->mend) return VL_OK;
    for (int s = 0; s < x->ntext; s++) {
        XXH3_128bits_update(x->hash[s], l->text[s].data, l->text[s].len);
        x->bytes += l->text[s].len;
        if (x->out[s] && vl_original_write(x->out[s], &l->text[s], &l->packed[s], err)) return err->code;
    }
    return VL_OK;
}

static vl_code emit(void *self, vl_slot *slot, vl_err *err)
{
    export *const x = self;
    load *const l = slot->body;
    if (l->odd.len && vl_buf_append(&x->odd, l->odd.data, l->odd.len, err)) return err->code;
    if (x->mend &&
        (x->format->same_values->mend(x->mend, l->odd.len > 0, l->last, l->text, err) || pack(x, l, err)))
        return err->code;
    if (write_texts(x, l, err)) return err->code;
    if (vl_reader_digest(x->reader, &l->fresh, &x->work, err)) return err->code;
    if (x->indexed && vl_indexing_add(x->ask->indexing, &l->parts, &x->work, err)) return err->code;
    vl_progress_show(&x->progress, x->bytes, x->total, l->rows);
    return VL_OK;
}

/* ---- files as they were delivered ---- */

static vl_code collect(void *self, vl_slot *slot, vl_err *err)
{
    export *const x = self;
    load *const l = slot->body;
    for (int s = 0; s < x->ntext; s++)
        if (vl_remake_take(x->remake[s], &l->text[s], l->last, &l->portions[s], err)) return err->code;
    return VL_OK;
}

static vl_code remake(void *self, vl_slot *slot, vl_err *err)
{
    const export *const x = self;
    load *const l = slot->body;
    for (int s = 0; s < x->ntext; s++)
        if (vl_portions_make(&l->portions[s], err)) return err->code;
    return VL_OK;
}

static vl_code deliver(void *self, vl_slot *slot, vl_err *err)
{
    export *const x = self;
    load *const l = slot->body;
    for (int s = 0; s < x->ntext; s++)
        if (vl_remake_write(x->remake[s], &l->portions[s], err)) return err->code;
    return VL_OK;
}

/* ---- what the store was made from ---- */

static vl_code find_format(vl_store *store, const vl_format **out, vl_err *err)
{
    char name[64];
    if (vl_store_get(store, "source/0", "format", name, sizeof name, err)) return err->code;
    *out = vl_format_find(name);
    return *out ? VL_OK
                : vl_fail(err, VL_EUNSUP, "the store was made from '%s', which is not supported", name);
}

vl_code vl_export_texts(vl_store *store, int *n, uint64_t *bytes, vl_err *err)
{
    char name[32], hash[40];
    *bytes = 0;
    for (*n = 0; *n < VL_MAX_TEXT; ++*n) {
        uint64_t more = 0;
        snprintf(name, sizeof name, "text_xxh3_128_%d", *n + 1);
        if (vl_store_get(store, "source", name, hash, sizeof hash, err) || !*hash) break;
        snprintf(name, sizeof name, "text_bytes_%d", *n + 1);
        if (vl_store_get_u64(store, "source", name, &more, err)) break;
        *bytes += more;
    }
    const vl_format *format = NULL;
    if (!err->code && !*n) vl_fail(err, VL_ESTORE, "the hash of the original text is missing");
    if (!err->code && !find_format(store, &format, err) && !format->print) *n = 0;
    return err->code;
}

/* Formats of several kinds may share an ending: that of this kind. */
static const vl_format *of_kind(const vl_format *named, const char *kind)
{
    for (int i = 0; named && vl_formats[i]; i++)
        if (!strcmp(vl_formats[i]->schema->kind, kind) && !strcmp(vl_formats[i]->ending[0], named->ending[0]))
            return vl_formats[i];
    return named;
}

/* The format that was asked for, by itself or by the name of the output. */
static vl_code choose_format(export *x, vl_err *err)
{
    const vl_export *const ask = x->ask;
    const char *const kind = x->format->schema->kind, *const path = ask->out[0] ? ask->out[0] : "";
    const vl_format *const named = ask->by_name ? vl_name_split(vl_name_base(path)).format : NULL;
    const vl_format *const other = of_kind(ask->format ? vl_format_find(ask->format) : named, kind);
    const bool fits = other && !strcmp(other->schema->kind, kind);
    if (ask->format && !fits)
        return vl_fail(err, VL_EARG, "the store holds %s, which are not printed as '%.40s'", kind,
                       ask->format);
    x->other = fits && other != x->format;
    if (x->other && other->own_rows)
        return vl_fail(err, VL_EARG,
                       "the store was made from %s, which is not made again as %s; 'vial view' prints "
                       "other formats",
                       x->format->title, other->title);
    if (x->other) x->format = other;
    return VL_OK;
}

static vl_code check_format(export *x, vl_err *err)
{
    if (find_format(x->store, &x->format, err) || choose_format(x, err)) return err->code;
    const char *const name = x->format->name;
    if (!x->format->print)
        return vl_fail(err, VL_EUNSUP, "%s is taken in, but not made again: 'vial view' prints what it held",
                       name);
    if (x->ntext > x->format->max_stream)
        return vl_fail(err, VL_EARG, "%s is one text: use -o", x->format->title);
    if (x->ask->values && x->format->same_values && !(x->mend = calloc(1, x->format->same_values->mend_size)))
        return vl_fail(err, VL_ENOMEM, "no memory to print");
    return VL_OK;
}

static void add_fact(void *facts, const char *where, const char *name, const char *text, bool number)
{
    (void)number;
    if (!strcmp(where, "source") || !strcmp(where, "/")) vl_fact_add(facts, name, "%s", text);
}

/* The stream that the format sees once, before the first batch. */
static vl_code begin(export *x, const vl_way *way, vl_err *err)
{
    const int column = vl_reader_column(x->reader, way->head - 1);
    if (column >= 0 && vl_store_read(x->store, column, &x->head, &x->work, err)) return err->code;
    return x->format->begin(x->how, (vl_cell){ x->head.data, x->head.len }, err);
}

/* Facts and counters go back to the format that they came from. */
static vl_code unfinish(export *x, vl_err *err)
{
    vl_facts facts = { .n = 0 };
    uint64_t counter[VL_MAX_COUNTER] = { 0 };
    vl_way way = { 0 };
    const vl_schema *const schema = x->format->schema;
    vl_store_notes(x->store, add_fact, &facts);
    for (int i = 0; i < schema->ncounter; i++)
        if (vl_store_get_u64(x->store, "/", schema->counter[i], &counter[i], err)) return err->code;
    if (!(x->how = calloc(1, x->format->print_size + 1)))
        return vl_fail(err, VL_ENOMEM, "no memory to print");
    if (x->format->unfinish(x->how, &facts, counter, x->ntext, &way, err)) return err->code;
    x->lacks = way.lacks;
    if (x->format->begin && begin(x, &way, err)) return err->code;
    return vl_walker_open(&x->walker, x->reader, &way, err);
}

/* Do the rows of every index come by? */
static bool covers(const export *x)
{
    const vl_way *const way = &x->walker.way;
    const vl_schema *const schema = vl_reader_columns(x->reader)->schema;
    for (int t = 0; t < schema->ntable; t++)
        if (t != way->lead && t != way->follow && vl_indexing_needs(x->ask->indexing, schema, t))
            return false;
    return true;
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t n = strlen(path), len = strlen(ending);
    return n > len && !strcasecmp(path + n - len, ending);
}

/* A file around the text is not made again: what has its name would be none. */
static vl_code refuse_name(const export *x, vl_err *err)
{
    const vl_export *const ask = x->ask;
    const char *const path = ask->originals ? ask->originals->file[0].path : ask->out[0];
    if (!x->format->woven || x->format->second || ask->compare_only || !path ||
        !ends_in(path, x->format->ending[0]))
        return VL_OK;
    return vl_fail(
        err, VL_EARG,
        "what comes back of %s is the document within it, which is none itself: give it another name "
        "than one in %s",
        x->format->title, x->format->ending[0]);
}

/* Of a text that is two files the second has the name of the first, with another ending. */
static vl_code name_second(export *x, vl_err *err)
{
    const vl_export *const ask = x->ask;
    const char *const first = ask->out[0], *const ending = x->format->second;
    if (refuse_name(x, err)) return err->code;
    if (!ending || x->ntext == 2 || ask->originals || ask->compare_only || !first || !strcmp(first, "-"))
        return VL_OK;
    if (!ends_in(first, x->format->ending[0]))
        return vl_fail(err, VL_EARG, "%s is two files: name one that ends in %s, or both with -1 and -2",
                       x->format->title, x->format->ending[0]);
    if (asprintf(&x->second, "%.*s%s", (int)(strlen(first) - strlen(x->format->ending[0])), first, ending) <
        0)
        return vl_fail(err, VL_ENOMEM, "no memory for a file name");
    x->ntext = 2;
    return VL_OK;
}

static vl_code open_store(export *x, vl_err *err)
{
    const vl_kind *kind = NULL;
    if (vl_store_open(&x->store, x->ask->store, err) || vl_kind_of(&kind, x->store, err) ||
        vl_export_texts(x->store, &x->noriginal, &x->total, err) || check_format(x, err) ||
        name_second(x, err) || vl_reader_open(&x->reader, x->store, kind->schema, kind->old, err))
        return err->code;
    if (x->ask->whole && vl_reader_digests_start(x->reader, err)) return err->code;
    if (unfinish(x, err)) return err->code;
    x->indexed = x->ask->indexing && covers(x);
    x->nload = vl_slots_for(x->ask->threads);
    x->load = calloc((size_t)x->nload, sizeof *x->load);
    if (!x->load) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", x->nload);
    for (int i = 0; i < x->nload; i++)
        if (vl_plan_init(&x->load[i].plan, x->reader, err)) return err->code;
    return VL_OK;
}

static vl_code open_delivered(export *x, int s, vl_err *err)
{
    const vl_export *const ask = x->ask;
    const bool writes = !ask->compare_only;
    const vl_originals_ask named = { .path = { writes ? ask->out[0] : NULL, !writes     ? NULL
                                                                            : x->second ? x->second
                                                                                        : ask->out[1] } };
    if (!ask->originals && !x->named.n && vl_originals_of(&x->named, x->store, &named, err))
        return vl_err_file(err, ask->store);
    return vl_remake_open(&x->remake[s], x->store, ask->originals ? ask->originals : &x->named, s, ask->force,
                          err);
}

static vl_code open_outputs(export *x, vl_err *err)
{
    for (int s = 0; s < x->ntext; s++) {
        if (!(x->hash[s] = XXH3_createState()))
            return vl_fail(err, VL_ENOMEM, "no memory to hash the output");
        XXH3_128bits_reset(x->hash[s]);
        const vl_export *const ask = x->ask;
        if (ask->delivered) {
            if (open_delivered(x, s, err)) return err->code;
            continue;
        }
        if (ask->compare_only) continue;
        if (ask->originals ? vl_original_open(&x->out[s], ask->originals, s, ask->force, err)
                           : vl_original_open_file(&x->out[s], s && x->second ? x->second : ask->out[s],
                                                   ask->force, err))
            return err->code;
        vl_original_set_level(x->out[s], ask->level);
    }
    return VL_OK;
}

static vl_code move(export *x, vl_err *err)
{
    const vl_stage stage[] = { { "fetch", VL_ORDERED, plan, x },     { "print", VL_PARALLEL, print, x },
                               { "emit", VL_ORDERED, emit, x },      { "collect", VL_ORDERED, collect, x },
                               { "remake", VL_PARALLEL, remake, x }, { "deliver", VL_ORDERED, deliver, x } };
    const int n = x->ask->delivered ? 6 : 3;
    vl_slot *const slot = calloc((size_t)x->nload, sizeof *slot);
    if (!slot) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", x->nload);
    for (int i = 0; i < x->nload; i++) slot[i].body = &x->load[i];
    vl_run(stage, n, slot, x->nload, x->ask->threads, NULL, err);
    free(slot);
    vl_progress_end(&x->progress);
    return err->code;
}

/* Against the hash of the original, unless the texts are in a new shape. */
static vl_code compare(export *x, int s, bool *compared, vl_err *err)
{
    char name[32], said[40], hex[33];
    if (x->ntext != x->noriginal || x->other) return VL_OK;
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(x->hash[s]));
    vl_hex(hash.digest, sizeof hash.digest, hex);
    snprintf(name, sizeof name, "text_xxh3_128_%d", s + 1);
    if (vl_store_get(x->store, "source", name, said, sizeof said, err)) return err->code;
    if (strcmp(said, hex))
        return vl_fail(err, VL_ESTORE, "the text differs from the original: XXH3-128 %s, was %s", hex, said);
    *compared = true;
    return VL_OK;
}

/* Some rows are not as they were: if the store is whole, so are their values. */
static vl_code check_odd(const export *x, vl_err *err)
{
    char words[96];
    uint64_t bytes = 0;
    size_t told = 0;
    const size_t n = vl_odd_count(&x->odd);
    if (!n || vl_seal_check(x->ask->store, x->ask->threads, &bytes, err) || x->mend) return err->code;
    const char *const table = x->format->schema->table[x->walker.way.lead];
    vl_odd_words(&x->odd, &told, words, sizeof words);
    return vl_fail(err, VL_ESTORE,
                   "%zu of %" PRIu64 " rows of %s cannot be made again as they were: %s%s; their values are "
                   "whole: 'vial export --values' gives them",
                   n, x->walker.nrow, table, words, told < n ? " ..." : "");
}

static vl_code finish(export *x, vl_exported *done, vl_err *err)
{
    if (check_odd(x, err)) return vl_err_file(err, x->ask->store);
    for (int s = 0; s < x->ntext; s++) {
        if (!x->odd.len && compare(x, s, &done->compared, err)) return vl_err_file(err, x->ask->store);
        if (x->remake[s] && vl_remake_compare(x->remake[s], err)) return vl_err_file(err, x->ask->store);
    }
    done->bytes = x->ask->delivered ? 0 : x->bytes;
    for (int s = 0; s < x->ntext; s++) {
        if (x->remake[s]) done->bytes += vl_remake_bytes(x->remake[s]);
        if (x->out[s] ? vl_original_commit(x->out[s], err)
                      : x->remake[s] && vl_remake_commit(x->remake[s], err))
            return err->code;
    }
    done->rows = vl_reader_nrow(x->reader, 0);
    done->indexed = x->indexed;
    done->other = x->other ? x->format : NULL;
    done->lacks = x->lacks;
    vl_buf_swap(&done->odd, &x->odd);
    done->table = x->format->schema->table[x->walker.way.lead];
    return VL_OK;
}

static void free_load(vl_reader *r, load *l)
{
    vl_plan_free(r, &l->plan);
    vl_fresh_free(&l->fresh);
    vl_index_parts_free(&l->parts);
    vl_work_free(&l->work);
    vl_buf_free(&l->odd);
    for (int s = 0; s < VL_MAX_TEXT; s++) {
        vl_buf_free(&l->text[s]);
        vl_buf_free(&l->packed[s]);
        vl_portions_free(&l->portions[s]);
    }
}

vl_code vl_export_run(const vl_export *ask, vl_exported *done, vl_err *err)
{
    export x = { .ask = ask };
    *done = (vl_exported){ 0 };
    x.ntext = ask->originals ? (vl_originals_count(ask->originals, 1) ? 2 : 1) : ask->out[1] ? 2 : 1;
    vl_progress_start(&x.progress, ask->progress, ask->what, "rows");
    if (open_store(&x, err)) {
        vl_err_file(err, ask->store);
        goto out;
    }
    if (open_outputs(&x, err)) goto out;
    if (move(&x, err)) {
        vl_err_file(err, ask->store);
        goto out;
    }
    if (ask->whole && vl_reader_digests_whole(x.reader, ask->whole, err)) goto out;
    finish(&x, done, err);
out:
    for (int i = 0; x.load && i < x.nload; i++) free_load(x.reader, &x.load[i]);
    free(x.load);
    vl_work_free(&x.work);
    for (int s = 0; s < VL_MAX_TEXT; s++) {
        vl_original_close(x.out[s]);
        vl_remake_close(x.remake[s]);
        XXH3_freeState(x.hash[s]);
    }
    if (x.mend) x.format->same_values->free(x.mend);
    vl_walker_close(&x.walker);
    free(x.mend);
    if (x.how && x.format->end) x.format->end(x.how);
    free(x.how);
    vl_originals_free(&x.named);
    free(x.second);
    vl_buf_free(&x.head);
    vl_buf_free(&x.odd);
    vl_reader_close(x.reader);
    vl_store_close(x.store);
    return err->code;
}
