/* View of reads: rows by range or by name, as FASTQ or as TSV with chosen columns. */
#include "pipeline/out/view.h"

#include "formats/reads/fastq.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096, SCAN = 1 << 16 };

enum { COL_ROW, COL_NAME, COL_MATE, COL_COMMENT, COL_BASE, COL_QUALITY, COL_PLUS, COL_LENGTH };
static const char *const known[] = { "row",     "name", "mate",   "comment", "base",
                                     "quality", "plus", "length", NULL };

typedef struct own {
    vl_fastq_how how;
    bool tsv;
    int column[VL_VIEW_COLUMNS + 1];
} own;

/* Rows whose name is asked for; with pairs both mates. */
static vl_code find_name(vl_viewer *v, vl_err *err)
{
    const own *const o = v->own;
    const size_t len = strlen(v->ask->name);
    const uint64_t n = vl_reader_nrow(v->r, VL_RT_NAME);
    const bool want[VL_RD_NFIELD] = { [VL_RD_NAME] = true };
    vl_plan plan = { 0 };
    if (vl_plan_init(&plan, v->r, err)) goto out;
    for (uint64_t at = 0; at < n; at += SCAN) {
        const size_t k = n - at < SCAN ? (size_t)(n - at) : SCAN;
        if (vl_reader_rows(v->r, &plan, VL_RT_NAME, at, k, want, &v->work, err) ||
            vl_reader_load(v->r, &plan, &v->work, err))
            break;
        const vl_column *const c = &plan.batch.col[VL_RD_NAME];
        for (size_t i = 0; i < k && !err->code; i++) {
            const vl_cell name = vl_row(c, i);
            if (name.n != len || (len && memcmp(name.at, v->ask->name, len))) continue;
            const uint64_t row = o->how.paired ? 2 * (at + i) : at + i;
            if (row >= v->ask->from && row <= v->ask->to) vl_rows_add(&v->rows, row, 1, err);
            if (o->how.paired && row + 1 >= v->ask->from && row + 1 <= v->ask->to)
                vl_rows_add(&v->rows, row + 1, 1, err);
        }
    }
out:
    vl_plan_free(v->r, &plan);
    return err->code;
}

static vl_code find_rows(vl_viewer *v, vl_err *err)
{
    const uint64_t n = vl_reader_nrow(v->r, VL_RT_READ);
    const uint64_t to = v->ask->to < n ? v->ask->to + 1 : n;
    return v->ask->from < to ? vl_rows_add(&v->rows, v->ask->from, to - v->ask->from, err) : VL_OK;
}

static vl_code read_how(vl_viewer *v, own *o, vl_err *err)
{
    char text[32];
    vl_store *const st = vl_reader_store(v->r);
    if (vl_store_get(st, "source", "layout", text, sizeof text, err)) return err->code;
    o->how.paired = strcmp(text, "single") != 0;
    if (vl_store_get(st, "source", "mate_mark", text, sizeof text, err)) return err->code;
    o->how.mate_mark = (uint8_t)text[0];
    return VL_OK;
}

static vl_code open(vl_viewer *v, vl_err *err)
{
    const vl_view *const ask = v->ask;
    const char *const format = ask->format ? ask->format : ask->columns ? "tsv" : "fastq";
    own *const o = v->own = calloc(1, sizeof *o);
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory to view reads");
    if (ask->id || ask->scan != VL_NOWHERE || ask->ms_level || !isnan(ask->precursor) || ask->by_time ||
        ask->mz[0] > -INFINITY || ask->mz[1] < INFINITY)
        return vl_fail(err, VL_EARG, "the store holds reads: they are found by --rows and --name");
    o->tsv = !strcmp(format, "tsv");
    if (!o->tsv && strcmp(format, "fastq"))
        return vl_fail(err, VL_EARG, "reads are printed as fastq or tsv, not as '%s'", format);
    if (!o->tsv && ask->columns) return vl_fail(err, VL_EARG, "--columns goes with -O tsv");
    if (vl_view_choose(ask->columns, "name,mate,base,quality", known, o->column, err)) return err->code;
    if (read_how(v, o, err)) return err->code;
    return ask->name ? find_name(v, err) : find_rows(v, err);
}

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    const own *const o = v->own;
    if (!o->tsv) return VL_OK;
    for (int i = 0; o->column[i] >= 0; i++)
        if (vl_text_add(text, i ? "\t" : "", err) || vl_text_add(text, known[o->column[i]], err))
            return err->code;
    return vl_text_add(text, "\n", err);
}

/* A run of rows that follow each other, BLOCK at most; with pairs the rows of whole pairs are read. */
static vl_code plan(vl_viewer *v, vl_leaf *leaf, vl_err *err)
{
    const own *const o = v->own;
    leaf->n = vl_rows_take(&v->rows, BLOCK, &leaf->first);
    uint64_t from = leaf->first, to = from + leaf->n;
    if (o->how.paired) {
        from -= from & 1;
        to += to & 1;
    }
    const uint64_t name = o->how.paired ? from / 2 : from;
    const size_t nname = (size_t)(o->how.paired ? (to - from) / 2 : to - from);
    if (vl_reader_rows(v->r, &leaf->plan, VL_RT_READ, from, (size_t)(to - from), NULL, &leaf->work, err))
        return err->code;
    return vl_reader_rows(v->r, &leaf->plan, VL_RT_NAME, name, nname, NULL, &leaf->work, err);
}

static vl_code print_field(const own *o, const vl_batch *b, size_t i, int column, vl_buf *text, vl_err *err)
{
    static const int field[] = {
        [COL_COMMENT] = VL_RD_COMMENT, [COL_BASE] = VL_RD_BASE, [COL_PLUS] = VL_RD_PLUS
    };
    vl_cell s = { 0 };
    switch (column) {
    case COL_ROW: return vl_text_u64(text, b->first[VL_RT_READ] + i, err);
    case COL_MATE: return vl_text_u64(text, o->how.paired ? 1 + (i & 1) : 0, err);
    case COL_LENGTH: return vl_text_u64(text, vl_row(&b->col[VL_RD_BASE], i).n, err);
    case COL_NAME: s = vl_row(&b->col[VL_RD_NAME], o->how.paired ? i / 2 : i); break;
    case COL_QUALITY:
        s = vl_row(&b->col[VL_RD_QUALITY], i);
        if (vl_buf_grow(text, s.n, err)) return err->code;
        vl_k.phred_encode(text->data + text->len, s.at, s.n);
        text->len += s.n;
        return VL_OK;
    default: s = vl_row(&b->col[field[column]], i); break;
    }
    return vl_text_field(text, s.at, s.n, err);
}

static vl_code print_row(const own *o, const vl_batch *b, size_t i, vl_buf *text, vl_err *err)
{
    for (int k = 0; o->column[k] >= 0; k++)
        if ((k && vl_text_add(text, "\t", err)) || print_field(o, b, i, o->column[k], text, err))
            return err->code;
    return vl_text_add(text, "\n", err);
}

static vl_code print(const vl_viewer *v, vl_leaf *leaf, vl_err *err)
{
    const own *const o = v->own;
    if (vl_reader_load(v->r, &leaf->plan, &leaf->work, err)) return err->code;
    const vl_batch *const b = &leaf->plan.batch;
    const size_t skip = (size_t)(leaf->first - b->first[VL_RT_READ]);
    if (!o->tsv) return vl_fastq_print_rows(b, &o->how, 0, skip, leaf->n, &leaf->text, err);
    for (size_t i = skip; i < skip + leaf->n; i++)
        if (print_row(o, b, i, &leaf->text, err)) return err->code;
    return VL_OK;
}

static vl_code tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    (void)text;
    if (v->ask->name && !v->rows.n) return vl_fail(err, VL_ENOIN, "no read is called '%.120s'", v->ask->name);
    return VL_OK;
}

static void close(vl_viewer *v) { free(v->own); }

extern const vl_question vl_reads_question;
const vl_question vl_reads_question = { open, head, plan, print, tail, NULL, close };
