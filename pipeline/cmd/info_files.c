/* Inputs as files, in vial info (info_files.h). */
#include "pipeline/cmd/info_files.h"

#include "pipeline/bank/json_text.h"
#include "pipeline/out/delivered.h"
#include "pipeline/run/progress.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>

/* What a description takes of the store: its share of all that are packed together. */
static double in_store(const vl_delivered *all, const vl_delivered_file *f)
{
    return all->record_bytes ? (double)f->bytes * (double)all->in_store / (double)all->record_bytes : 0;
}

static void tell_one(const vl_delivered *all, size_t number, uint64_t bytes_store)
{
    const vl_delivered_file *const f = &all->file[number];
    const double bytes_there = in_store(all, f);
    static const char *const words[] = { [VL_DELIVERED_TEXT] = "the file is its text",
                                         [VL_DELIVERED_DESCRIBED] = "proven, packed by",
                                         [VL_DELIVERED_PENDING] =
                                             "the text is exact, how it was packed is pending",
                                         [VL_DELIVERED_NONE] =
                                             "the text is exact, how it was packed is not kept" };
    char bytes[16], kept[16], stream[16], tail[96] = "";
    if (f->state != VL_DELIVERED_DESCRIBED) {
        vl_say(stdout, "  source/%-5zu %s", number, words[f->state]);
        return;
    }
    if (f->kept * 1000 > f->stream) /* the empty block at the end is none to speak of */
        snprintf(tail, sizeof tail, "; of the stream %s of %s are kept", vl_human_bytes(f->kept, kept),
                 vl_human_bytes(f->stream, stream));
    vl_say(stdout, "  source/%-5zu %s %s: %s describe it, %.2f %% of the store%s", number, words[f->state],
           *f->maker ? f->maker : "an unknown maker", vl_human_bytes((uint64_t)(bytes_there + 0.5), bytes),
           bytes_store ? 100.0 * bytes_there / (double)bytes_store : 0, tail);
}

vl_code vl_tell_files(vl_store *st, uint64_t bytes_store, vl_err *err)
{
    vl_delivered all;
    if (!vl_delivered_read(&all, st, err)) {
        printf("\nfiles as they were delivered\n");
        for (size_t i = 0; i < all.n; i++) tell_one(&all, i, bytes_store);
    }
    vl_delivered_free(&all);
    return err->code;
}

json_t *vl_json_files(vl_store *st, vl_err *err)
{
    vl_delivered all;
    json_t *const list = json_array();
    if (!vl_delivered_read(&all, st, err))
        for (size_t i = 0; i < all.n; i++) {
            const vl_delivered_file *const f = &all.file[i];
            json_array_append_new(
                list, json_pack("{s:s, s:o, s:I, s:I, s:I}", "state", vl_delivered_word(f->state), "maker",
                                vl_json_text(f->maker), "description_bytes", (json_int_t)f->bytes,
                                "stream_bytes", (json_int_t)f->stream, "kept_bytes", (json_int_t)f->kept));
        }
    vl_delivered_free(&all);
    if (!err->code) return list;
    json_decref(list);
    return NULL;
}
