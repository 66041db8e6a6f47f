/*
 * Ingest (ingest.h): take -> inflate -> cut -> parse -> lay -> count -> index -> pack -> write, then seal,
 * verify from a fresh open, and give the store its name.
 */
#include "pipeline/in/ingest.h"

#include "pipeline/codec/works.h"
#include "pipeline/in/cut.h"
#include "pipeline/in/fasta_reference.h"
#include "pipeline/in/folding.h"
#include "pipeline/in/learn.h"
#include "pipeline/in/note_sources.h"
#include "pipeline/in/salvage.h"
#include "pipeline/in/twice.h"
#include "pipeline/io/names.h"
#include "pipeline/io/sites.h"
#include "pipeline/run/run.h"
#include "pipeline/out/indexing.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one slot carries. Buffers of text and chunks are given back as soon as they were used: of the slots
 * few are at the same stage, and what they hold at a time is half of what all stages need together. */
typedef struct load {
    vl_packet packet[VL_MAX_STREAM];
    vl_block block[VL_MAX_STREAM];
    vl_batch batch;
    vl_chunks chunks;
    vl_index_parts parts;
    void *tally;                        /* owned; of the kind, NULL if it has none */
    uint64_t read[VL_MAX_STREAM], rows; /* so far, for progress */
} load;

typedef struct ingest {
    const vl_ingest *ask;
    const vl_salvage *salvage;
    const vl_kind *kind;
    vl_cutter cutter;
    vl_lay *lay;
    vl_store *store;
    vl_indexing *indexing;
    void *shared;   /* owned; of the kind's tally, NULL if it has none */
    vl_work work;   /* of the ordered stages */
    vl_works works; /* of pack */
    load *load;     /* owned; [nslot] */
    int nslot;
    uint64_t total[VL_MAX_STREAM]; /* bytes of the inputs; 0 if unknown */
    vl_fasta_reference reference;  /* zeros: there is none */
    vl_inputs inputs;              /* those asked for; owns nothing */
    bool refers;                   /* bases are places in it */
    vl_sites sites;                /* n 0: none are counted */
    char said[VL_TALLY_SAID];      /* of them */
    vl_folding folding;
    vl_progress progress;
} ingest;

/* ---- stages ---- */

static vl_code take(ingest *g, int s, vl_slot *slot, vl_err *err)
{
    load *const l = slot->body;
    if (vl_cutter_take(&g->cutter, s, &l->packet[s], err)) return err->code;
    uint64_t total;
    g->cutter.source->progress(g->cutter.bytes, s, &l->read[s], &total);
    return VL_OK;
}

static vl_code take_first(void *self, vl_slot *slot, vl_err *err) { return take(self, 0, slot, err); }
static vl_code take_second(void *self, vl_slot *slot, vl_err *err) { return take(self, 1, slot, err); }

static vl_code inflate(void *self, vl_slot *slot, vl_err *err)
{
    const ingest *const g = self;
    load *const l = slot->body;
    for (int s = 0; s < g->cutter.nstream; s++)
        if (vl_cutter_inflate(&g->cutter, s, &l->packet[s], err)) return err->code;
    return VL_OK;
}

static vl_code cut(void *self, vl_slot *slot, vl_err *err)
{
    ingest *const g = self;
    load *const l = slot->body;
    return vl_cutter_cut(&g->cutter, l->packet, l->block, &slot->end, err);
}

/* In the middle of a long record nothing is whole: the blocks are empty, and the batch is nobody's. */
static bool is_empty(const load *l, const vl_slot *slot)
{
    size_t bytes = 0;
    for (int s = 0; s < VL_MAX_STREAM; s++) bytes += l->block[s].bytes.len;
    return !bytes && !slot->end;
}

static vl_code parse(void *self, vl_slot *slot, vl_err *err)
{
    const ingest *const g = self;
    load *const l = slot->body;
    vl_batch_clear(&l->batch);
    if (is_empty(l, slot)) return VL_OK;
    if (g->cutter.format->parse(g->cutter.head, l->block, &l->batch, err))
        return vl_err_file(err, l->block[0].file);
    return VL_OK;
}

static vl_code lay(void *self, vl_slot *slot, vl_err *err)
{
    ingest *const g = self;
    load *const l = slot->body;
    const vl_format *const f = g->cutter.format;
    l->chunks.n = 0;
    l->rows = vl_lay_rows(g->lay, 0);
    if (is_empty(l, slot)) return VL_OK;
    if (f->join(g->cutter.head, g->cutter.tail, l->block, &l->batch, err))
        return vl_err_file(err, l->block[0].file);
    if (vl_folding_batch(&g->folding, &l->batch, err) || vl_lay_batch(g->lay, &l->batch, &l->chunks, err))
        return err->code;
    vl_folding_back(&g->folding, &l->batch);
    if (g->sites.n && g->kind->tally->look(g->shared, &g->sites, &l->batch, err)) return err->code;
    l->rows = vl_lay_rows(g->lay, 0);
    for (int s = 0; s < g->cutter.nstream; s++) vl_buf_free(&l->block[s].bytes);
    return slot->end ? vl_lay_end(g->lay, &l->chunks, err) : VL_OK;
}

/* Behind lay, which numbers the rows. */
static vl_code count(void *self, vl_slot *slot, vl_err *err)
{
    const ingest *const g = self;
    load *const l = slot->body;
    return l->tally ? g->kind->tally->add(g->shared, l->tally, &l->batch, err) : VL_OK;
}

/* The same: keys are made in parallel all the same. */
static vl_code index_rows(void *self, vl_slot *slot, vl_err *err)
{
    const ingest *const g = self;
    load *const l = slot->body;
    return vl_indexing_part(g->indexing, &l->batch, -1, &l->parts, err);
}

static vl_code pack_chunk(const ingest *g, load *l, vl_chunk *chunk, vl_work *work, vl_err *err)
{
    if (vl_chunk_pack(chunk, vl_chunk_near(&l->chunks, chunk), g->ask->profile, work, err)) return err->code;
    if (!chunk->spec->looked_at) vl_buf_free(&chunk->raw);
    vl_buf_fit(&chunk->packed);
    return VL_OK;
}

static vl_code pack(void *self, vl_slot *slot, vl_err *err)
{
    const ingest *const g = self;
    load *const l = slot->body;
    vl_lent *const lent = vl_works_take(&g->works);
    for (size_t i = 0; i < l->chunks.n; i++)
        if (pack_chunk(g, l, &l->chunks.chunk[i], &lent->work, err)) break;
    vl_works_give(lent);
    for (size_t i = 0; i < l->chunks.n; i++) vl_buf_free(&l->chunks.chunk[i].raw);
    return err->code;
}

static vl_code write(void *self, vl_slot *slot, vl_err *err)
{
    ingest *const g = self;
    load *const l = slot->body;
    for (size_t i = 0; i < l->chunks.n; i++) {
        vl_chunk *const chunk = &l->chunks.chunk[i];
        if (vl_store_append(g->store, chunk, &g->work, err)) return err->code;
        vl_buf_free(&chunk->packed);
    }
    if (vl_indexing_add(g->indexing, &l->parts, &g->work, err)) return err->code;
    if (l->tally && g->kind->tally->join(g->shared, l->tally, &l->batch, err)) return err->code;
    uint64_t done = 0, total = 0;
    for (int s = 0; s < g->cutter.nstream; s++) {
        done += l->read[s];
        total += g->total[s];
    }
    vl_progress_show(&g->progress, done, total, l->rows);
    return VL_OK;
}

/* ---- slots ---- */

/* Bytes that one slot needs: text, columns, chunks and their packed forms, about eight times a block of
 * text. */
static uint64_t slot_bytes(const vl_cutter *c) { return (uint64_t)c->nstream * c->format->block * 8; }

/* MiB that --max-memory must have beside slots, and those of them that are no buffers: the program,
 * libraries, tables. */
enum { FIXED = 104, PROGRAM = 48 };

/* Of what --max-memory leaves beside them, chunks that wait get half at most. */
static uint64_t limit_waiting(const ingest *g)
{
    const uint64_t fixed = FIXED << 20, all = g->ask->max_memory, half = all > fixed ? (all - fixed) / 2 : 0;
    return vl_lay_limit(g->lay, half) ? half : 0;
}

static vl_code make_slots(ingest *g, vl_err *err)
{
    g->nslot = vl_slots_for(g->ask->threads);
    if (g->ask->max_memory) {
        const uint64_t fixed = (FIXED << 20) + limit_waiting(g) + vl_fasta_reference_memory(&g->reference) +
                               vl_sites_memory(&g->sites);
        const uint64_t one = slot_bytes(&g->cutter);
        const uint64_t fit = g->ask->max_memory > fixed ? (g->ask->max_memory - fixed) / one : 0;
        if (!fit)
            return vl_fail(err, VL_EARG, "--max-memory is too small: this input needs %" PRIu64 " MiB",
                           (fixed + one) >> 20);
        if (fit < (uint64_t)g->nslot) g->nslot = (int)fit;
    }
    g->load = calloc((size_t)g->nslot, sizeof *g->load);
    if (g->kind->tally && !(g->shared = calloc(1, g->kind->tally->shared)))
        return vl_fail(err, VL_ENOMEM, "no memory for statistics");
    if (!g->load) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", g->nslot);
    for (int i = 0; i < g->nslot; i++) {
        if (vl_batch_init(&g->load[i].batch, g->cutter.format->schema, err)) return err->code;
        if (g->kind->tally && !(g->load[i].tally = calloc(1, g->kind->tally->size)))
            return vl_fail(err, VL_ENOMEM, "no memory for statistics");
    }
    return vl_works_open(&g->works, g->nslot, err);
}

static void free_slots(ingest *g)
{
    for (int i = 0; g->load && i < g->nslot; i++) {
        load *const l = &g->load[i];
        for (int s = 0; s < VL_MAX_STREAM; s++) {
            vl_packet_free(&l->packet[s]);
            vl_buf_free(&l->block[s].bytes);
        }
        if (g->cutter.format->drop && l->batch.schema) g->cutter.format->drop(&l->batch);
        if (l->batch.schema) vl_batch_free(&l->batch);
        vl_chunks_free(&l->chunks);
        vl_index_parts_free(&l->parts);
        if (l->tally) g->kind->tally->free(l->tally);
        free(l->tally);
    }
    vl_works_free(&g->works);
    if (g->shared) g->kind->tally->free_shared(g->shared);
    free(g->shared);
    free(g->load);
    g->shared = NULL;
    g->load = NULL;
}

static vl_code move(ingest *g, vl_err *err)
{
    const vl_stage all[] = {
        { "take", VL_ORDERED, take_first, g },  { "take 2", VL_ORDERED, take_second, g },
        { "inflate", VL_PARALLEL, inflate, g }, { "cut", VL_ORDERED, cut, g },
        { "parse", VL_PARALLEL, parse, g },     { "lay", VL_ORDERED, lay, g },
        { "count", VL_PARALLEL, count, g },     { "index", VL_PARALLEL, index_rows, g },
        { "pack", VL_PARALLEL, pack, g },       { "write", VL_ORDERED, write, g },
    };
    enum { ALL = sizeof all / sizeof *all };
    vl_stage stage[ALL];
    double seconds[ALL] = { 0 };
    int n = 0;
    for (int i = 0; i < ALL; i++)
        if (i != 1 || g->cutter.nstream > 1) stage[n++] = all[i];
    vl_slot *const slot = calloc((size_t)g->nslot, sizeof *slot);
    if (!slot) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", g->nslot);
    for (int i = 0; i < g->nslot; i++) slot[i].body = &g->load[i];
    vl_run(stage, n, slot, g->nslot, g->ask->threads, seconds, err);
    free(slot);
    vl_progress_end(&g->progress);
    vl_cutter_place(&g->cutter, err);
    for (int i = 0; i < n && g->ask->stats; i++) fprintf(stderr, "%-8s %8.3f s\n", stage[i].name, seconds[i]);
    return err->code;
}

/* ---- notes ---- */

static vl_code note_root(ingest *g, vl_err *err)
{
    const vl_schema *const schema = g->cutter.format->schema;
    char version[64], options[256];
    vl_opt_print_all(g->cutter.format->option, g->cutter.option, options, sizeof options);
    snprintf(version, sizeof version, "%s %" PRIu32, schema->kind, schema->version);
    const struct {
        const char *name, *text;
    } texts[] = { { "vial.format", "store" },
                  { "vial.kind", schema->kind },
                  { "vial.schema", version },
                  { "vial.options", options },
                  { "vial.profile", vl_profile_name(g->ask->profile) },
                  { "vial.writer", VL_VERSION },
                  { "vial.sample", g->ask->sample },
                  { "vial.acquisition", g->ask->acquisition },
                  { "vial.lossless", "1" } };
    if (vl_store_note_u64(g->store, "/", "vial.version", vl_folding_version(&g->folding), err))
        return err->code;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (vl_store_note(g->store, "/", texts[i].name, texts[i].text, err)) return err->code;
    for (int t = 0; t < schema->ntable; t++) {
        char name[48];
        snprintf(name, sizeof name, t ? "n_%s" : "n_row", schema->table[t]);
        if (vl_store_note_u64(g->store, "/", name, vl_lay_rows(g->lay, t), err)) return err->code;
    }
    for (int i = 0; i < schema->ncounter; i++)
        if (vl_store_note_u64(g->store, "/", schema->counter[i], vl_lay_counters(g->lay)[i], err))
            return err->code;
    return VL_OK;
}

static vl_code note_facts(ingest *g, vl_ingested *done, vl_err *err)
{
    vl_facts facts = { .n = 0 };
    if (g->cutter.format->finish(g->cutter.head, g->cutter.tail, &facts, err))
        return vl_err_file(err, g->cutter.stream[0].name);
    memcpy(done->hint, facts.hint, sizeof done->hint);
    for (int i = 0; i < facts.n; i++) {
        vl_note_clean(facts.fact[i].text);
        if (vl_store_note(g->store, "source", facts.fact[i].name, facts.fact[i].text, err)) return err->code;
    }
    return VL_OK;
}

/* The statistics of all slots as one. */
static vl_code note_tally(ingest *g, vl_err *err)
{
    const vl_tally *const t = g->kind->tally;
    for (int i = 1; t && i < g->nslot; i++)
        if (t->merge(g->load[0].tally, g->load[i].tally, err)) return err->code;
    if (g->sites.n) t->said(g->shared, g->said);
    return t ? t->store(g->shared, g->load[0].tally, g->store, err) : VL_OK;
}

/* ---- the whole ---- */

static void add_odd(vl_ingested *done, const char *name, const char *text, uint64_t n)
{
    if (done->nodd == sizeof done->odd / sizeof *done->odd) return;
    snprintf(done->odd[done->nodd].name, sizeof done->odd[0].name, "%s", name);
    if (text) snprintf(done->odd[done->nodd++].text, sizeof done->odd[0].text, "%s", text);
    else snprintf(done->odd[done->nodd++].text, sizeof done->odd[0].text, "%" PRIu64, n);
}

static void sum_up(ingest *g, vl_ingested *done)
{
    const vl_schema *const schema = g->cutter.format->schema;
    for (int i = 0; i < schema->ncounter; i++)
        if (vl_lay_counters(g->lay)[i] && !(schema->usual >> i & 1))
            add_odd(done, schema->counter[i], NULL, vl_lay_counters(g->lay)[i]);
    const vl_kind *const kind = g->kind;
    if (vl_same_mates(&g->cutter)) add_odd(done, "mates_identical", "both inputs hold the same", 0);
    memcpy(done->salvaged, g->salvage->why, sizeof done->salvaged);
    if (g->sites.n) add_odd(done, "sites", g->said, 0);
    if (g->sites.passed) add_odd(done, "sites_passed_over", NULL, g->sites.passed);
    done->kind = schema->kind;
    done->row_name = kind->rows;
    done->unit_name = kind->units;
    done->rows = vl_lay_rows(g->lay, 0);
    done->units = kind->unit_field < 0 ? vl_lay_rows(g->lay, kind->unit_table)
                                       : vl_lay_elements(g->lay, kind->unit_field);
    for (int s = 0; s < g->cutter.nstream; s++) {
        const vl_stream *const st = &g->cutter.stream[s];
        done->text_bytes += g->cutter.source->woven ? 0 : st->bytes;
        uint64_t no_eof = 0;
        for (int f = 0; f < vl_cutter_nfile(&g->cutter, s); f++) {
            done->bytes_in += vl_cutter_file(&g->cutter, s, f)->bytes;
            if (g->cutter.source->woven) done->text_bytes += vl_cutter_file(&g->cutter, s, f)->plain_bytes;
            no_eof += vl_cutter_file(&g->cutter, s, f)->no_eof_block;
            const char *const decoder = vl_cutter_file(&g->cutter, s, f)->decoder;
            if (decoder) add_odd(done, "records_as_decoded_by", decoder, 0);
        }
        if (no_eof) add_odd(done, s ? "no_eof_block_2" : "no_eof_block_1", NULL, no_eof);
    }
}

/* May these bytes come in? */
static vl_code ask_data(const ingest *g, vl_err *err)
{
    for (int s = 0; s < g->cutter.nstream && g->ask->data; s++) {
        for (int f = 0; f < vl_cutter_nfile(&g->cutter, s); f++) {
            const vl_file_facts *const file = vl_cutter_file(&g->cutter, s, f);
            if (file->plain_bytes && g->ask->data(g->ask->who, file->name, file->sha256, err))
                return vl_err_file(err, file->name);
        }
    }
    return VL_OK;
}

static vl_code append_given(void *who, vl_chunk *chunk, vl_err *err)
{
    ingest *const g = who;
    if (vl_chunk_pack(chunk, NULL, g->ask->profile, &g->work, err)) return err->code;
    return vl_store_append(g->store, chunk, &g->work, err);
}

/* What of the reference bases use. */
static vl_code lay_reference(ingest *g, vl_err *err)
{
    g->refers = g->reference.letters && vl_reference_blank(&g->reference.shared);
    return g->refers ? vl_lay_given(g->lay, append_given, g, err) : VL_OK;
}

static vl_code make_store(ingest *g, vl_ingested *done, vl_err *err)
{
    if (vl_store_create(&g->store, g->ask->store, g->ask->profile, g->ask->force, err)) return err->code;
    const vl_shared *const given = g->reference.letters ? &g->reference.shared : NULL;
    if (vl_lay_open(&g->lay, g->cutter.format->schema, g->ask->profile, given, err) ||
        vl_folding_open(&g->folding, g->cutter.format->schema, g->ask->profile, err) ||
        vl_indexing_open(&g->indexing, g->kind->index, g->store, err))
        return err->code;
    if (make_slots(g, err) || move(g, err) || vl_cutter_check_ends(&g->cutter, g->ask->given, err))
        return err->code;
    if (!g->ask->same_data && (vl_refuse_same_data(&g->cutter, err) || ask_data(g, err))) return err->code;
    if (lay_reference(g, err)) return err->code;
    if (note_root(g, err) || note_facts(g, done, err) ||
        vl_note_sources(g->store, &g->cutter, g->ask->inputs, err) ||
        (g->refers && vl_fasta_reference_note(&g->reference, g->store, err)) ||
        vl_lay_note(g->lay, g->store, err) ||
        (g->salvage->on && vl_salvage_note(g->salvage, &g->cutter, g->store, err)))
        return err->code;
    if (note_tally(g, err) || vl_indexing_end(g->indexing, g->cutter.format->schema, g->store, &g->work, err))
        return err->code;
    free_slots(g);
    vl_folding_close(&g->folding);
    vl_fasta_reference_close(&g->reference);
    const vl_describe_how how = { g->ask->originals == VL_ORIGINALS_NOW, g->ask->threads, g->ask->max_memory,
                                  g->ask->progress };
    if (g->ask->originals && !g->salvage->on && vl_describe_cut(g->store, &g->cutter, &how, err))
        return err->code;
    return vl_store_seal(g->store, g->ask->threads, err);
}

static vl_code verify(ingest *g, vl_ingested *done, vl_err *err)
{
    vl_verified seen = { 0 };
    const vl_verify ask = { .path = vl_store_part(g->store),
                            .quick = !g->kind->reprint,
                            .threads = g->ask->threads,
                            .progress = g->ask->progress };
    if (vl_verify_run(&ask, &seen, err)) {
        err->file[0] = 0;
        return vl_err_file(err, g->ask->store);
    }
    memcpy(done->digest, seen.digest, sizeof done->digest);
    return VL_OK;
}

static vl_code open_inputs(ingest *g, bool again, vl_err *err)
{
    const vl_ingest *const a = g->ask;
    const vl_cut_ask how = { a->format, a->given, a->any_format, a->mates_as_given, again, g->salvage };
    if (a->max_memory > FIXED << 20) /* what a block makes may be far larger than it */
        vl_buf_limit(a->max_memory - (PROGRAM << 20));
    g->inputs = *a->inputs;
    g->inputs.reference = a->reference;
    g->inputs.keeps_behind = a->originals == VL_ORIGINALS_NOW;
    g->inputs.salvages = g->salvage->on;
    if (a->originals == VL_ORIGINALS_NOW && !vl_inputs_are_files(a->inputs))
        return vl_fail(err, VL_EARG, "files are read twice to be described: --original now takes no pipe");
    if (vl_refuse_twice(a->inputs, err) || vl_cutter_open(&g->cutter, &g->inputs, &how, err))
        return err->code;
    for (int s = 0; s < g->cutter.nstream; s++) {
        uint64_t read;
        g->cutter.source->progress(g->cutter.bytes, s, &read, &g->total[s]);
    }
    return VL_OK;
}

static vl_code open_reference(ingest *g, vl_err *err)
{
    const vl_schema *const schema = g->cutter.format->schema;
    bool bases = false;
    if (!g->ask->reference || g->cutter.source->reference) return VL_OK;
    for (int f = 0; f < schema->nfield; f++) bases |= schema->field[f].use == VL_USE_BASE;
    if (!bases && g->ask->any_format) return VL_OK;
    if (!bases)
        return vl_fail(err, VL_EARG, "--reference is for bases; %s has none", g->cutter.format->title);
    if (g->ask->profile == VL_PORTABLE)
        return vl_fail(err, VL_EARG,
                       "profile portable has no places in a reference, which take vial's filter");
    return vl_fasta_reference_open(&g->reference, g->ask->reference, err);
}

/* A list for all of a batch is passed over by those that have none to count. */
static vl_code read_sites(ingest *g, vl_err *err)
{
    const bool counts = g->kind->tally && g->kind->tally->look;
    if (!g->ask->sites || (!counts && g->ask->any_format)) return VL_OK;
    if (!counts)
        return vl_fail(err, VL_EARG, "--sites: no letters are counted upon sites of %s",
                       g->cutter.format->title);
    return vl_sites_read(&g->sites, g->ask->sites, err);
}

/* damage: as of vl_cutter. */
static vl_code run(const vl_ingest *ask, bool again, const vl_salvage *salvage, uint64_t *damage,
                   vl_ingested *done, vl_err *err)
{
    ingest g = { .ask = ask, .salvage = salvage, .cutter = { .damage = { UINT64_MAX, UINT64_MAX } } };
    *done = (vl_ingested){ 0 };
    if (open_inputs(&g, again, err)) goto out;
    g.kind = vl_kind_find(g.cutter.format->schema->kind);
    if (!g.kind) {
        vl_fail(err, VL_EBUG, "format %s is of no kind", g.cutter.format->name);
        goto out;
    }
    if (open_reference(&g, err) || read_sites(&g, err)) goto out;
    vl_progress_start(&g.progress, ask->progress, "ingest", g.kind->rows);
    if (make_store(&g, done, err)) goto out;
    sum_up(&g, done);
    if (verify(&g, done, err)) goto out;
    done->bytes_store = vl_store_bytes(g.store);
    if (ask->staged ? vl_store_name(g.store, err) : vl_store_publish(g.store, err)) goto out;
    done->seconds = vl_progress_seconds(&g.progress);
out:
    free_slots(&g);
    vl_folding_close(&g.folding);
    vl_store_close(g.store);
    vl_lay_close(g.lay);
    vl_fasta_reference_close(&g.reference);
    vl_indexing_close(g.indexing);
    vl_work_free(&g.work);
    memcpy(damage, g.cutter.damage, sizeof g.cutter.damage);
    vl_cutter_close(&g.cutter);
    vl_sites_free(&g.sites);
    return err->code;
}

vl_code vl_ingest_run(const vl_ingest *ask, vl_ingested *done, vl_err *err)
{
    uint64_t damage[VL_MAX_STREAM] = { 0 };
    vl_salvage salvage = { .on = false };
    if (ask->salvage && vl_salvage_check(ask->inputs, ask->originals == VL_ORIGINALS_NOW, err))
        return err->code;
    run(ask, false, &salvage, damage, done, err);
    const bool again = err->again && vl_inputs_are_files(ask->inputs);
    if (again) {
        vl_err_clear(err);
        run(ask, true, &salvage, damage, done, err);
    }
    const vl_err first = *err; /* what is said where nothing can be salvaged */
    while (ask->salvage && err->code && vl_salvage_again(&salvage, damage, err))
        run(ask, again, &salvage, damage, done, err);
    if (err->code) *err = first;
    return err->code;
}
