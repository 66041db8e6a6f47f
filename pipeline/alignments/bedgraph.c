/* bedGraph of depth (bedgraph.h). */
#include "pipeline/alignments/bedgraph.h"

#include "formats/text.h"

#include <inttypes.h>

vl_code vl_bedgraph_find(int64_t contig, int64_t at, const int32_t *depth, size_t n, bool zeros, vl_buf *runs,
                         vl_err *err)
{
    for (size_t i = 0, end; i < n && !err->code; i = end) {
        for (end = i + 1; end < n && depth[end] == depth[i];) end++;
        const vl_bedgraph_run run = { contig, at + (int64_t)i, at + (int64_t)end, depth[i] };
        if (depth[i] || zeros) vl_buf_append(runs, &run, sizeof run, err);
    }
    return err->code;
}

static vl_code put_run(vl_bedgraph *b, const vl_bedgraph_run *run, vl_err *err)
{
    if (run->from == run->to) return VL_OK;
    if ((uint64_t)run->contig >= b->contigs->n)
        return vl_fail(err, VL_ESTORE, "there is no contig %" PRId64, run->contig);
    const vl_cell name = b->contigs->contig[run->contig].name;
    if (vl_buf_append(&b->text, name.at, name.n, err)) return err->code;
    vl_text_put(&b->text, err, "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n", run->from, run->to, run->depth);
    return err->code;
}

vl_code vl_bedgraph_emit(vl_bedgraph *b, const vl_buf *runs, vl_err *err)
{
    const vl_bedgraph_run *const all = (const vl_bedgraph_run *)(const void *)runs->data;
    for (size_t i = 0; i < runs->len / sizeof *all && !err->code; i++) {
        vl_bedgraph_run *const last = &b->last;
        if (last->contig == all[i].contig && last->to == all[i].from && last->depth == all[i].depth &&
            last->from < last->to) {
            last->to = all[i].to;
            continue;
        }
        put_run(b, last, err);
        *last = all[i];
    }
    if (!err->code && b->text.len) vl_output_put(b->out, &b->text, err);
    b->text.len = 0;
    return err->code;
}

vl_code vl_bedgraph_end(vl_bedgraph *b, vl_err *err)
{
    if (!err->code && !put_run(b, &b->last, err) && b->text.len) vl_output_put(b->out, &b->text, err);
    vl_buf_free(&b->text);
    return err->code;
}
