/* What a store says of itself as a whole (about.h). */
#include "pipeline/out/about.h"

#include <inttypes.h>
#include <stdio.h>

static vl_code sum_inputs(vl_about *about, vl_store *st, vl_err *err)
{
    for (uint64_t i = 0; i < about->nfile; i++) {
        char where[32];
        uint64_t bytes = 0;
        snprintf(where, sizeof where, "source/%" PRIu64, i);
        if (vl_store_get_u64(st, where, "bytes", &bytes, err)) return err->code;
        about->bytes_in += bytes;
    }
    return VL_OK;
}

vl_code vl_about_read(vl_about *about, vl_store *st, vl_err *err)
{
    *about = (vl_about){ .bytes_store = vl_store_bytes(st) };
    const struct {
        const char *name;
        char *text;
        size_t n;
    } notes[] = { { "vial.kind", about->kind, sizeof about->kind },
                  { "vial.profile", about->profile, sizeof about->profile },
                  { "vial.writer", about->writer, sizeof about->writer },
                  { "vial.sample", about->sample, sizeof about->sample },
                  { "vial.acquisition", about->acquisition, sizeof about->acquisition } };
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (vl_store_get(st, "/", notes[i].name, notes[i].text, notes[i].n, err)) return err->code;
    if (vl_store_identity(st, about->digest, err) || vl_store_get_u64(st, "/", "n_row", &about->rows, err) ||
        vl_store_get_u64(st, "source", "n_file", &about->nfile, err))
        return err->code;
    return sum_inputs(about, st, err);
}
