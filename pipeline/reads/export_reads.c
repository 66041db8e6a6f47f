/* Reads printed as the FASTQ they came from: rows in order, line ends and the end of the file as they were.
 */
#include "pipeline/out/export.h"

#include "formats/reads/reads.h"

#include <stdlib.h>
#include <string.h>

typedef struct printer {
    vl_reader *r;
    vl_reads_how how;
    bool split;           /* mates apart */
    uint64_t no_final[2]; /* 1: the last line has no line break */
    uint64_t blank[2];
    uint64_t next, nrow; /* reads */
    size_t guess;        /* rows that the block before had */
} printer;

enum { BLOCK_BASES = 1 << 20, MOST_ROWS = 1 << 14 };

static vl_code open(void **self, vl_reader *r, bool split, vl_err *err)
{
    char text[32];
    vl_store *const st = vl_reader_store(r);
    printer *const p = *self = calloc(1, sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory to print reads");
    p->r = r;
    p->nrow = vl_reader_nrow(r, VL_RT_READ);
    p->guess = 64;
    if (vl_store_get(st, "source", "layout", text, sizeof text, err)) return err->code;
    p->how.paired = strcmp(text, "single") != 0;
    const bool interleaved = !strcmp(text, "interleaved");
    if (split && !p->how.paired)
        return vl_fail(err, VL_EARG, "the store holds single reads, not pairs: use -o");
    p->split = split;
    if (vl_store_get(st, "source", "mate_mark", text, sizeof text, err)) return err->code;
    p->how.mate_mark = (uint8_t)text[0];
    if (vl_store_get(st, "source", "line_end_1", text, sizeof text, err)) return err->code;
    p->how.crlf[0] = p->how.crlf[1] = !strcmp(text, "crlf");
    if (vl_store_get(st, "source", "line_end_2", text, sizeof text, err)) return err->code;
    if (*text) p->how.crlf[1] = !strcmp(text, "crlf");
    if (p->how.paired && !interleaved && !split)
        return VL_OK; /* interleaved print of two files: no original to match */
    for (int s = 0; s < 2; s++) {
        if (vl_store_get_u64(st, "/", s ? "no_final_newline_2" : "no_final_newline_1", &p->no_final[s],
                             err) ||
            vl_store_get_u64(st, "/", s ? "blank_lines_2" : "blank_lines_1", &p->blank[s], err))
            return err->code;
    }
    if (interleaved && split) { /* two new files: their ends are plain */
        memset(p->no_final, 0, sizeof p->no_final);
        memset(p->blank, 0, sizeof p->blank);
    }
    return p->how.paired && p->nrow & 1 ? vl_fail(err, VL_ESTORE, "pairs with an odd number of reads")
                                        : VL_OK;
}

/* Rows from next on that make about BLOCK_BASES letters; whole pairs. */
static vl_code choose_rows(printer *p, size_t *n, vl_work *work, vl_err *err)
{
    size_t most = 4 * p->guess < MOST_ROWS ? 4 * p->guess : MOST_ROWS;
    if (most > p->nrow - p->next) most = (size_t)(p->nrow - p->next);
    uint64_t *const offset = malloc((most + 1) * sizeof *offset);
    if (!offset) return vl_fail(err, VL_ENOMEM, "no memory for offsets");
    if (!vl_reader_offsets(p->r, VL_RD_BASE, p->next, most, offset, work, err)) {
        const size_t step = p->how.paired ? 2 : 1;
        size_t k = step < most ? step : most;
        while (k + step <= most && offset[k + step] - offset[0] <= BLOCK_BASES) k += step;
        *n = k;
        p->guess = k;
    }
    free(offset);
    return err->code;
}

static vl_code plan(void *self, vl_job *job, vl_err *err)
{
    printer *const p = self;
    size_t n = 0;
    if (p->nrow && choose_rows(p, &n, &job->work, err)) return err->code;
    const uint64_t name = p->how.paired ? p->next / 2 : p->next;
    if (vl_reader_rows(p->r, &job->plan, VL_RT_READ, p->next, n, NULL, &job->work, err)) return err->code;
    if (vl_reader_rows(p->r, &job->plan, VL_RT_NAME, name, p->how.paired ? n / 2 : n, NULL, &job->work, err))
        return err->code;
    p->next += n;
    job->rows = p->next;
    job->last = p->next == p->nrow;
    return VL_OK;
}

static vl_code finish_text(const printer *p, int s, vl_buf *text, vl_err *err)
{
    const bool crlf = p->how.crlf[s];
    const size_t end = crlf ? 2 : 1;
    if (p->no_final[s] && text->len >= end) text->len -= end;
    for (uint64_t i = 0; i < p->blank[s]; i++)
        if (vl_buf_append(text, crlf ? "\r\n" : "\n", end, err)) return err->code;
    return VL_OK;
}

static vl_code print(const void *self, vl_job *job, vl_err *err)
{
    const printer *const p = self;
    if (vl_reader_load(p->r, &job->plan, &job->work, err)) return err->code;
    for (int s = 0; s < (p->split ? 2 : 1); s++) {
        vl_reads_how how = p->how;
        how.mate = p->split ? s + 1 : 0;
        job->text[s].len = 0;
        if (vl_reads_print(&job->plan.batch, &how, &job->text[s], err)) return err->code;
        if (job->last && finish_text(p, s, &job->text[s], err)) return err->code;
    }
    return VL_OK;
}

const vl_printer vl_print_reads = { "reads", open, plan, print, free };
