/* Jottings, a toy, in the table of kinds: rows by number, as a table. */
#include "formats/jottings/jottings.h"
#include "pipeline/out/view.h"

static vl_code open(vl_viewer *v, vl_err *err)
{
    const uint64_t n = vl_reader_nrow(v->r, 0), from = v->ask->rows[0];
    const uint64_t to = v->ask->rows[1] < n ? v->ask->rows[1] + 1 : n;
    return from < to ? vl_rows_add(&v->rows, from, to - from, err) : VL_OK;
}

static vl_code plan(vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_reader_rows(v->r, &load->plan, 0, load->first, load->n, v->want, load->work, err);
}

static vl_code load_rows(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_reader_load(v->r, &load->plan, load->work, err);
}

static void close(vl_viewer *v) { (void)v; }

static const vl_opt options[] = { { .name = "" } };
static const vl_form *const forms[] = { &vl_form_tsv, NULL };
static const vl_view_column columns[] = { { .name = NULL } };

static const vl_question question = { .option = options,
                                      .form = forms,
                                      .column = columns,
                                      .usual = "text",
                                      .open = open,
                                      .block = 4096,
                                      .plan = plan,
                                      .load = load_rows,
                                      .close = close };

const vl_kind vl_kind_jottings = { .schema = &vl_jottings_schema,
                                   .rows = "jottings",
                                   .units = "letters",
                                   .unit_field = VL_NT_TEXT,
                                   .reprint = true,
                                   .question = &question };
