/* View of reads as BAM: those that came as BAM record by record as they were, others with flags, tags and a
 * header that are made (formats/reads/bam_made.c). */
#include "formats/reads/bam.h"
#include "pipeline/reads/reads_view.h"

#include <string.h>

static void add_fact(void *facts, const char *where, const char *name, const char *text, bool number)
{
    (void)number;
    if (!strcmp(where, "source") || !strcmp(where, "/")) vl_fact_add(facts, name, "%s", text);
}

/* How records are printed, as the notes of the store say. */
static vl_code take_how(vl_viewer *v, vl_reads_own *own, vl_err *err)
{
    const char *const *const name = vl_reads_schema.counter;
    vl_store *const st = vl_reader_store(v->r);
    vl_facts facts = { .n = 0 };
    uint64_t counter[VL_RC_N] = { 0 };
    vl_way way = { 0 };
    vl_store_notes(st, add_fact, &facts);
    for (int i = 0; i < VL_RC_N; i++)
        if (vl_store_get_u64(st, "/", name[i], &counter[i], err)) return err->code;
    if (vl_bam_unfinish(&own->bam, &facts, counter, 1, &way, err)) return err->code;
    own->lacks = way.lacks;
    return VL_OK;
}

static vl_code read_header(vl_viewer *v, vl_buf *kept, vl_err *err)
{
    const int column = vl_reader_column(v->r, VL_RD_HEADER);
    return column < 0 ? VL_OK : vl_store_read(vl_reader_store(v->r), column, kept, &v->work, err);
}

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_reads_own *const own = v->own;
    vl_buf kept = { 0 };
    if (!take_how(v, own, err) && !read_header(v, &kept, err))
        vl_bam_print_header(&own->bam, (vl_cell){ kept.data, kept.len }, text, err);
    vl_buf_free(&kept);
    return err->code;
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    const vl_reads_own *const own = v->own;
    return vl_bam_print_rows(&own->bam, &load->plan.batch, load->skip, load->n, &load->text, err);
}

const vl_form vl_reads_bam = {
    .name = "bam", .head = head, .print = print, .whole = true, .packing = VL_PACK_BGZF
};
