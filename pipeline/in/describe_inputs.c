/* Descriptions of a store's files (describe_inputs.h). */
#include "pipeline/in/describe_inputs.h"

#include "formats/letter.h"
#include "pipeline/container/container_describe.h"
#include "pipeline/out/aside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool vl_originals_find(const char *word, vl_originals_when *when)
{
    static const char *const words[] = {
        [VL_ORIGINALS_OFF] = "off", [VL_ORIGINALS_NIGHT] = "night", [VL_ORIGINALS_NOW] = "now"
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(word, words[i])) return *when = (vl_originals_when)i, true;
    return false;
}

/* What is written to. */
typedef struct writing {
    const vl_describe_inputs *ask;
    vl_store *to;
    vl_aside records;
    vl_work work;
} writing;

static vl_code put(void *to, const uint8_t *bytes, size_t n, vl_err *err)
{
    writing *const w = to;
    return vl_aside_put(&w->records, bytes, n, &w->work, err);
}

static vl_code describe(writing *w, size_t i, vl_err *err)
{
    vl_delivered_file *const f = &w->ask->all->file[i];
    vl_described done;
    const uint64_t first = w->records.n + w->records.rest.len;
    char sha256[65];
    const vl_describe ask = {
        .path = w->ask->path[i], .threads = w->ask->threads, .progress = w->ask->progress, .put = put, .to = w
    };
    if (vl_describe_file(&ask, &done, err) == VL_EUNSUP) { /* what was written of it is nobody's */
        f->state = VL_DELIVERED_NONE;
        vl_err_clear(err);
        return VL_OK;
    }
    if (err->code) return err->code;
    vl_hex(done.sha256, sizeof done.sha256, sha256);
    if (strcmp(sha256, f->sha256) || done.file_bytes != f->file_bytes || done.plain_bytes != f->plain_bytes) {
        vl_fail(err, VL_EFORMAT, "is not the file that came in: SHA-256 %.12s, was %.12s", sha256, f->sha256);
        return vl_err_file(err, ask.path);
    }
    f->state = VL_DELIVERED_DESCRIBED;
    f->first = first;
    f->bytes = done.bytes;
    f->stream = done.stream;
    f->kept = done.kept;
    vl_maker_tell(done.row, f->maker);
    return VL_OK;
}

/* A data set is over: its last chunk, and what stands beside it. */
static vl_code end(writing *w, vl_aside *a, vl_err *err)
{
    vl_index_note note = { .version = 1, .unit = 1, .rows = w->ask->all->n };
    if (vl_aside_drain(a, &a->rest, true, &w->work, err) || !a->n) return err->code;
    vl_aside_digest(a, note.digest);
    return vl_store_note_index(w->to, a->spec.path, &note, err);
}

static vl_code describe_all(writing *w, vl_err *err)
{
    const vl_describe_inputs *const ask = w->ask;
    for (size_t i = 0; i < ask->all->n; i++) {
        if (!vl_delivered_can(ask->all->file[i].compression)) continue;
        ask->all->file[i].state = VL_DELIVERED_PENDING;
        if (ask->now && describe(w, i, err)) return err->code;
    }
    return end(w, &w->records, err);
}

static vl_code write_table(writing *w, vl_err *err)
{
    vl_aside files;
    if (!vl_aside_open(&files, w->to, VL_ORIGINAL_GROUP, "files",
                       "what is known of each input as a file: a line each, headings in the first", err) &&
        !vl_delivered_print(w->ask->all, &files.rest, err))
        end(w, &files, err);
    vl_aside_close(&files);
    return err->code;
}

vl_code vl_describe_into(vl_store *to, const vl_describe_inputs *ask, vl_err *err)
{
    writing w = { .ask = ask, .to = to };
    bool any = false;
    for (size_t i = 0; i < ask->all->n; i++) any |= vl_delivered_can(ask->all->file[i].compression);
    if (!any) return VL_OK;
    if (!vl_aside_open(&w.records, to, VL_ORIGINAL_GROUP, "records",
                       "how inputs, as they were packed, follow from their text", err) &&
        !describe_all(&w, err))
        write_table(&w, err);
    vl_aside_close(&w.records);
    vl_work_free(&w.work);
    return err->code;
}

/* What is known of a file that was read. */
static void take_facts(vl_delivered_file *to, const vl_file_facts *facts)
{
    to->state = strcmp(facts->compression, "none") ? VL_DELIVERED_NONE : VL_DELIVERED_TEXT;
    to->file_bytes = facts->bytes;
    to->plain_bytes = facts->plain_bytes;
    snprintf(to->compression, sizeof to->compression, "%s", facts->compression);
    vl_hex(facts->sha256, sizeof facts->sha256, to->sha256);
}

/* Of memory that is bounded, each has a part for a piece of a file and all that is made of it. */
static int threads_that_fit(const vl_describe_how *how)
{
    enum { PROGRAM = 104 << 20, EACH = 48 << 20 };
    const uint64_t all = how->max_memory, fit = all > PROGRAM ? (all - PROGRAM) / EACH : 0;
    if (!all || fit >= (uint64_t)how->threads) return how->threads;
    return fit ? (int)fit : 1;
}

vl_code vl_describe_cut(vl_store *to, const vl_cutter *cutter, const vl_describe_how *how, vl_err *err)
{
    size_t n = 0;
    vl_delivered all = { .records = -1 };
    for (int s = 0; s < cutter->nstream; s++) n += (size_t)vl_cutter_nfile(cutter, s);
    const char **const path = calloc(n + 1, sizeof *path);
    all.file = calloc(n + 1, sizeof *all.file);
    if (!path || !all.file) vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", n);
    for (int s = 0; s < cutter->nstream && !err->code; s++)
        for (int f = 0; f < vl_cutter_nfile(cutter, s); f++) {
            const vl_file_facts *const facts = vl_cutter_file(cutter, s, f);
            path[all.n] = facts->name;
            take_facts(&all.file[all.n++], facts);
        }
    const vl_describe_inputs ask = { path, &all, how->now, threads_that_fit(how), how->progress };
    if (!err->code) vl_describe_into(to, &ask, err);
    vl_delivered_free(&all);
    free(path);
    return err->code;
}
