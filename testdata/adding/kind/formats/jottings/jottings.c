/* The schema of jottings, and rows between separators (jottings.h). */
#include "formats/jottings/jottings.h"

#include <string.h>

static const vl_field fields[VL_NT_NFIELD] = {
    [VL_NT_TEXT] = { .path = "jottings/text",
                     .type = VL_U8,
                     .shape = VL_RAGGED,
                     .use = VL_USE_TEXT,
                     .unit = "",
                     .missing = "",
                     .doc = "what was noted" },
};
static const char *const tables[] = { "note" }, *const counters[VL_NC_N] = { "no_final" };

const vl_schema vl_jottings_schema = { "jottings", 1, 1, tables, VL_NT_NFIELD, fields, VL_NC_N, counters, 0 };

vl_code vl_jottings_cut(char end, const uint8_t *bytes, size_t n, bool last, uint64_t most, vl_cut *out)
{
    *out = (vl_cut){ 0 };
    for (size_t i = 0; i < n && out->nrecord < most; i++) {
        if (bytes[i] != end) continue;
        out->used = i + 1;
        ++out->nrecord;
    }
    if (last && out->nrecord < most && out->used < n) {
        out->used = n;
        ++out->nrecord;
    }
    return VL_OK;
}

vl_code vl_jottings_parse(char end, const vl_block *in, vl_batch *out, vl_err *err)
{
    const uint8_t *p = in->bytes.data, *const stop = p + in->bytes.len;
    while (p < stop) {
        const uint8_t *const at = memchr(p, end, (size_t)(stop - p)), *const to = at ? at : stop;
        if (vl_push_row(out, VL_NT_TEXT, p, (size_t)(to - p), err)) return err->code;
        out->nrow[0]++;
        out->counter[VL_NC_NO_FINAL] += !at;
        p = at ? at + 1 : stop;
    }
    out->nbyte = in->bytes.len;
    return VL_OK;
}

vl_code vl_jottings_print(char end, bool no_final, const vl_batch *batch, bool last, vl_buf *out, vl_err *err)
{
    for (size_t i = 0; i < batch->nrow[0]; i++) {
        const vl_cell text = vl_row(&batch->col[VL_NT_TEXT], i);
        if (vl_buf_append(out, text.at, text.n, err) || vl_buf_append(out, &end, 1, err)) return err->code;
    }
    if (last && no_final && out->len) out->len--;
    return VL_OK;
}
