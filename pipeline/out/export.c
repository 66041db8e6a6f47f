/* Export (export.h): the stages, the outputs, and the comparison with the original's hash. */
#include "pipeline/out/export.h"

#include "formats/letter.h"
#include "formats/reads/reads.h"
#include "formats/spectra/spectra.h"
#include "formats/xxh3.h"
#include "pipeline/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GZIP_LEVEL = 6 };

typedef struct export
{
    const vl_export *ask;
    vl_store *store;
    vl_reader *reader;
    const vl_printer *printer;
    void *self; /* of the printer */
    int nstream;
    vl_output *out[2];
    bool gzip[2];
    XXH3_state_t *hash[2];
    vl_work work;          /* of the ordered stages */
    uint64_t bytes, total; /* of text: so far, and in all */
    vl_progress progress;
    vl_job *job;
    int njob;
}
export;

const vl_schema *vl_schema_of(const char *kind)
{
    if (!strcmp(kind, "reads")) return &vl_reads_schema;
    return strcmp(kind, "spectra") ? NULL : &vl_spectra_schema;
}

static vl_code plan(void *self, vl_slot *slot, vl_err *err)
{
    export *const x = self;
    vl_job *const job = slot->body;
    if (x->printer->plan(x->self, job, err)) return err->code;
    vl_reader_fresh(x->reader, &job->fresh);
    slot->end = job->last;
    return VL_OK;
}

static vl_code print(void *self, vl_slot *slot, vl_err *err)
{
    const export *const x = self;
    vl_job *const job = slot->body;
    if (x->printer->print(x->self, job, err)) return err->code;
    for (int s = 0; s < x->nstream; s++) {
        job->packed[s].len = 0;
        if (x->gzip[s] && vl_bgzf_pack(job->text[s].data, job->text[s].len, GZIP_LEVEL, &job->packed[s], err))
            return err->code;
    }
    return VL_OK;
}

static vl_code emit(void *self, vl_slot *slot, vl_err *err)
{
    export *const x = self;
    vl_job *const job = slot->body;
    for (int s = 0; s < x->nstream; s++) {
        const vl_buf *const b = x->gzip[s] ? &job->packed[s] : &job->text[s];
        XXH3_128bits_update(x->hash[s], job->text[s].data, job->text[s].len);
        x->bytes += job->text[s].len;
        if (x->out[s] && vl_output_write(x->out[s], b->data, b->len, err)) return err->code;
    }
    if (vl_reader_digest(x->reader, &job->fresh, &x->work, err)) return err->code;
    vl_progress_show(&x->progress, x->bytes, x->total, job->rows);
    return VL_OK;
}

static vl_code open_store(export *x, bool split, vl_err *err)
{
    char kind[32];
    if (vl_store_open(&x->store, x->ask->store, err)) return err->code;
    if (vl_store_get(x->store, "/", "vial.kind", kind, sizeof kind, err)) return err->code;
    const vl_schema *const schema = vl_schema_of(kind);
    if (!schema) return vl_fail(err, VL_EUNSUP, "stores of kind '%s' are not supported", kind);
    for (int s = 1; s <= 2; s++) {
        char name[32];
        uint64_t bytes = 0;
        snprintf(name, sizeof name, "text_bytes_%d", s);
        if (vl_store_get_u64(x->store, "source", name, &bytes, err)) return err->code;
        x->total += bytes;
    }
    x->printer = schema == &vl_reads_schema ? &vl_print_reads : &vl_print_spectra;
    if (vl_reader_open(&x->reader, x->store, schema, err)) return err->code;
    if (x->ask->whole && vl_reader_digests_start(x->reader, err)) return err->code;
    if (x->printer->open(&x->self, x->reader, split, err)) return err->code;
    x->njob = vl_slots_for(x->ask->threads);
    x->job = calloc((size_t)x->njob, sizeof *x->job);
    if (!x->job) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", x->njob);
    for (int i = 0; i < x->njob; i++) {
        x->job[i].skeleton.column = -1;
        if (vl_plan_init(&x->job[i].plan, schema, err)) return err->code;
    }
    return VL_OK;
}

static vl_code open_outputs(export *x, vl_err *err)
{
    for (int s = 0; s < x->nstream; s++) {
        if (!(x->hash[s] = XXH3_createState()))
            return vl_fail(err, VL_ENOMEM, "no memory to hash the output");
        XXH3_128bits_reset(x->hash[s]);
        if (x->ask->compare_only) continue;
        x->gzip[s] = vl_output_is_gz(x->ask->out[s]);
        if (vl_output_open(&x->out[s], x->ask->out[s], x->ask->force, err)) return err->code;
    }
    return VL_OK;
}

static vl_code move(export *x, vl_err *err)
{
    const vl_stage stage[] = { { "fetch", VL_ORDERED, plan, x },
                               { "print", VL_PARALLEL, print, x },
                               { "emit", VL_ORDERED, emit, x } };
    vl_slot *const slot = calloc((size_t)x->njob, sizeof *slot);
    if (!slot) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", x->njob);
    for (int i = 0; i < x->njob; i++) slot[i].body = &x->job[i];
    vl_run(stage, 3, slot, x->njob, x->ask->threads, NULL, err);
    free(slot);
    vl_progress_end(&x->progress);
    return err->code;
}

/* Which stream of the original the output s is; 0: none, the output is in a new shape. */
static vl_code original_of(export *x, int s, int *stream, vl_err *err)
{
    char layout[32];
    *stream = 0;
    if (vl_store_get(x->store, "source", "layout", layout, sizeof layout, err)) return err->code;
    if (!strcmp(layout, "paired")) *stream = x->nstream == 2 ? s + 1 : 0;
    else if (x->nstream == 1) *stream = 1;
    return VL_OK;
}

static vl_code compare(export *x, int s, bool *compared, vl_err *err)
{
    char name[32], said[40], hex[33];
    int stream = 0;
    if (original_of(x, s, &stream, err) || !stream) return err->code;
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(x->hash[s]));
    vl_hex(hash.digest, sizeof hash.digest, hex);
    snprintf(name, sizeof name, "text_xxh3_128_%d", stream);
    if (vl_store_get(x->store, "source", name, said, sizeof said, err)) return err->code;
    if (!*said) return vl_fail(err, VL_ESTORE, "the hash of the original text is missing");
    if (strcmp(said, hex))
        return vl_fail(err, VL_ESTORE, "the text differs from the original: XXH3-128 %s, was %s", hex, said);
    *compared = true;
    return VL_OK;
}

static vl_code finish(export *x, vl_exported *done, vl_err *err)
{
    for (int s = 0; s < x->nstream; s++) {
        if (compare(x, s, &done->compared, err)) return vl_err_file(err, x->ask->store);
        if (!x->out[s]) continue;
        if (x->gzip[s] && vl_output_write(x->out[s], vl_bgzf_eof, sizeof vl_bgzf_eof, err)) return err->code;
        if (vl_output_commit(x->out[s], err)) return err->code;
    }
    done->bytes = x->bytes;
    done->rows = vl_reader_nrow(x->reader, 0);
    return VL_OK;
}

static void free_job(vl_reader *r, vl_job *job)
{
    vl_plan_free(r, &job->plan);
    vl_fresh_free(&job->fresh);
    vl_work_free(&job->work);
    for (int s = 0; s < 2; s++) {
        vl_buf_free(&job->text[s]);
        vl_buf_free(&job->packed[s]);
    }
    vl_arrays_free(&job->arrays);
    vl_span_free(&job->skeleton);
    vl_buf_free(&job->skeleton_text);
}

vl_code vl_export_run(const vl_export *ask, vl_exported *done, vl_err *err)
{
    export x = { .ask = ask };
    *done = (vl_exported){ 0 };
    const bool split = ask->out[1] != NULL;
    x.nstream = split ? 2 : 1;
    vl_progress_start(&x.progress, ask->progress, ask->what, "rows");
    if (open_store(&x, split, err)) {
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
    for (int i = 0; x.job && i < x.njob; i++) free_job(x.reader, &x.job[i]);
    free(x.job);
    vl_work_free(&x.work);
    for (int s = 0; s < 2; s++) {
        vl_output_close(x.out[s]);
        XXH3_freeState(x.hash[s]);
    }
    if (x.printer && x.self) x.printer->close(x.self);
    vl_reader_close(x.reader);
    vl_store_close(x.store);
    return err->code;
}
