/* The report of a store (report.h): what all kinds have in common, around the plots of the kind. */
#include "pipeline/out/report.h"

#include "pipeline/io/output.h"
#include "pipeline/out/about.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/reader.h"
#include "pipeline/out/verify.h"
#include "pipeline/page/svg.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct report {
    const vl_report_ask *ask;
    vl_store *store;     /* owned */
    const vl_kind *kind; /* NULL: this program does not know it */
    vl_reader *reader;   /* owned; NULL likewise */
    vl_about about;
    vl_err checked; /* what the check found */
    vl_html *h;
    vl_err *err; /* that of h */
} report;

/* ---- head: what it is, how large ---- */

/* What a kind counts beside its rows: bases, arrays. */
static uint64_t units_of(const report *r)
{
    const vl_kind *const k = r->kind;
    if (k->unit_field < 0) return vl_reader_nrow(r->reader, k->unit_table);
    const int column = vl_reader_column(r->reader, k->unit_field);
    return column < 0 ? 0 : vl_store_column(r->store, column)->nelem;
}

static void put_lead(report *r)
{
    char text[1024] = "", line[700];
    const vl_report_ask *const ask = r->ask;
    if (ask->verify && r->checked.code) {
        vl_err_print(&r->checked, line, sizeof line);
        snprintf(text, sizeof text, "This store is damaged: %s", line);
    } else if (ask->verify) {
        snprintf(text, sizeof text, "This store is whole: every column is what was written.");
    } else {
        snprintf(text, sizeof text, "The store is sealed; what lies in it was not checked for this page.");
    }
    vl_html_element(r->h,
                    !ask->verify      ? "p class=\"lead none\""
                    : r->checked.code ? "p class=\"lead bad\""
                                      : "p class=\"lead good\"",
                    text);
    vl_html_put(r->h, "\n");
}

/* "reads" -> "Reads" */
static void put_count(report *r, const char *words, double count)
{
    char name[64], text[32];
    snprintf(name, sizeof name, "%s", words);
    if (name[0] >= 'a' && name[0] <= 'z') name[0] = (char)(name[0] - 'a' + 'A');
    vl_html_tile(r->h, name, vl_show_count(count, text));
}

static void put_tiles(report *r)
{
    char text[32];
    const double in = (double)r->about.bytes_in, stored = (double)r->about.bytes_store;
    vl_html_put(r->h, "<dl class=\"tiles\">\n");
    put_count(r, r->kind ? r->kind->rows : "rows", (double)r->about.rows);
    if (r->kind && r->kind->units) put_count(r, r->kind->units, (double)units_of(r));
    vl_html_tile(r->h, "As it came", vl_show_bytes(in, text));
    vl_html_tile(r->h, "Stored", vl_show_bytes(stored, text));
    vl_html_tile(r->h, "Ratio", vl_show_ratio(in, stored, text));
    vl_html_put(r->h, "</dl>\n");
}

/* ---- where it came from ---- */

static void put_input(report *r, uint64_t number)
{
    char where[32], name[512], role[32], packed[32], sha[80], size[32];
    uint64_t bytes = 0, plain = 0;
    snprintf(where, sizeof where, "source/%" PRIu64, number);
    if (vl_store_get(r->store, where, "name", name, sizeof name, r->err) ||
        vl_store_get(r->store, where, "role", role, sizeof role, r->err) ||
        vl_store_get(r->store, where, "compression", packed, sizeof packed, r->err) ||
        vl_store_get(r->store, where, "sha256", sha, sizeof sha, r->err) ||
        vl_store_get_u64(r->store, where, "bytes", &bytes, r->err) ||
        vl_store_get_u64(r->store, where, "plain_bytes", &plain, r->err))
        return;
    vl_html_put(r->h, "<tr role=\"row\">");
    vl_html_cell_code(r->h, "Input", "long", name);
    vl_html_cell(r->h, "Role", "", *role ? role : "\xe2\x80\x93");
    vl_html_cell(r->h, "Compression", "", packed);
    vl_html_cell(r->h, "Size", "num", vl_show_bytes((double)bytes, size));
    vl_html_cell(r->h, "Text", "num", vl_show_bytes((double)plain, size));
    vl_html_cell_code(r->h, "SHA-256", "long", sha);
    vl_html_put(r->h, "</tr>\n");
}

/* Notes of one group as facts; the next two leave out what stands elsewhere. */
typedef struct facts {
    report *r;
    const char *where;
    int n;
} facts;

/* Counters are a list of their own. */
static bool is_counter(const report *r, const char *name)
{
    for (int i = 0; r->kind && i < r->kind->schema->ncounter; i++)
        if (!strcmp(name, r->kind->schema->counter[i])) return true;
    return false;
}

static void put_note(void *to, const char *where, const char *name, const char *text, bool number)
{
    facts *const f = to;
    (void)number;
    if (strcmp(where, f->where) || !*text || is_counter(f->r, name)) return;
    if (!f->n++) vl_html_put(f->r->h, "<dl class=\"facts\">\n");
    vl_html_element(f->r->h, "dt", name);
    vl_html_put(f->r->h, "<dd>");
    vl_html_element(f->r->h, "code", text);
    vl_html_put(f->r->h, "</dd>\n");
}

static void put_notes(report *r, const char *where)
{
    facts f = { .r = r, .where = where };
    vl_store_notes(r->store, put_note, &f);
    if (f.n) vl_html_put(r->h, "</dl>\n");
}

static void put_inputs(report *r)
{
    vl_html_put(r->h, "<section><h2>Where it came from</h2>\n");
    vl_html_table_open(r->h, "Inputs as they were", "Input|Role|Compression|#Size|#Text|SHA-256");
    for (uint64_t i = 0; i < r->about.nfile && !r->err->code; i++) put_input(r, i);
    vl_html_table_close(r->h);
    vl_html_put(r->h, "<details><summary>What the inputs said of themselves</summary>\n");
    put_notes(r, "source");
    vl_html_put(r->h, "</details></section>\n");
}

/* ---- columns ---- */

static int by_size(const void *a, const void *b)
{
    const vl_stored *const x = *(const vl_stored *const *)a, *const y = *(const vl_stored *const *)b;
    if (x->packed_bytes != y->packed_bytes) return x->packed_bytes < y->packed_bytes ? 1 : -1;
    return strcmp(x->path, y->path);
}

static void put_column(report *r, const vl_stored *c, double all)
{
    char text[32];
    const double plain = (double)vl_stored_plain(c), share = all > 0 ? (double)c->packed_bytes / all : 0;
    vl_html_put(r->h, "<tr role=\"row\">");
    vl_html_cell_code(r->h, "Column", "name", c->path);
    vl_html_cell(r->h, "Type", "", vl_type_name(c->type));
    vl_html_cell(r->h, "Codec", "", c->codec[0] ? c->codec : "none");
    vl_html_cell(r->h, "Elements", "num", vl_show_count((double)c->nelem, text));
    vl_html_cell(r->h, "Plain", "num", vl_show_bytes(plain, text));
    vl_html_cell(r->h, "Packed", "num", vl_show_bytes((double)c->packed_bytes, text));
    vl_html_cell(r->h, "Ratio", "num", vl_show_ratio(plain, (double)c->packed_bytes, text));
    vl_html_cell_open(r->h, "Share", "num");
    vl_html_putf(
        r->h,
        "<svg class=\"share\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
        "<rect class=\"c1\" width=\"%.2f\" height=\"8\"/></svg> %.1f %%</td></tr>\n",
        100 * share, 100 * share);
}

static void put_columns(report *r)
{
    const int n = vl_store_ncolumn(r->store);
    double all = 0;
    const vl_stored **const column = calloc((size_t)n + 1, sizeof *column);
    if (!column) {
        vl_fail(r->err, VL_ENOMEM, "no memory for a list of %d columns", n);
        return;
    }
    for (int i = 0; i < n; i++) {
        column[i] = vl_store_column(r->store, i);
        all += (double)column[i]->packed_bytes;
    }
    qsort(column, (size_t)n, sizeof *column, by_size);
    char bytes[32];
    vl_html_putf(r->h, "<section><h2>Columns by size</h2>\n<details><summary>%d column%s in %s</summary>\n",
                 n, vl_s((uint64_t)n), vl_show_bytes(all, bytes));
    vl_html_table_open(r->h, "What each column takes, the largest first",
                       "Column|Type|Codec|#Elements|#Plain|#Packed|#Ratio|#Share");
    for (int i = 0; i < n; i++) put_column(r, column[i], all);
    vl_html_table_close(r->h);
    vl_html_put(r->h, "</details></section>\n");
    free(column);
}

/* ---- what is odd ---- */

static void put_odd(report *r)
{
    int n = 0;
    vl_html_put(r->h, "<section><h2>Odd, but legal</h2>\n");
    for (int i = 0; r->kind && i < r->kind->schema->ncounter && !r->err->code; i++) {
        const char *const name = r->kind->schema->counter[i];
        char text[32];
        uint64_t count = 0;
        if (r->kind->schema->usual >> i & 1) continue;
        if (vl_store_get_u64(r->store, "/", name, &count, r->err) || !count) continue;
        if (!n++) vl_html_put(r->h, "<dl class=\"facts\">\n");
        vl_html_fact(r->h, name, vl_show_count((double)count, text));
    }
    vl_html_put(r->h, n ? "</dl>\n</section>\n" : "<p>Nothing was noted.</p></section>\n");
}

/* ---- the page ---- */

static void put_page(report *r)
{
    const vl_about *const a = &r->about;
    const char *const slash = strrchr(r->ask->store, '/'), *const file = slash ? slash + 1 : r->ask->store;
    char title[600];
    snprintf(title, sizeof title, "%s%s%s", a->sample, *a->sample && *a->acquisition ? " \xc2\xb7 " : "",
             a->acquisition);
    vl_html_head(r->h, file, *title ? title : file);
    put_lead(r);
    put_tiles(r);
    if (r->kind && r->kind->report) r->kind->report(r->reader, r->h, r->err);
    put_inputs(r);
    put_columns(r);
    put_odd(r);
    vl_html_put(r->h, "<section><h2>Identity</h2>\n");
    vl_html_put(r->h, "<dl class=\"facts\"><dt>digest</dt><dd>");
    vl_html_element(r->h, "code", a->digest);
    vl_html_put(r->h, "</dd></dl>\n<details><summary>What the store says of itself</summary>\n");
    put_notes(r, "/");
    vl_html_put(r->h, "</details></section>\n");
    vl_html_foot(r->h, "Made by vial " VL_VERSION " from the store alone. 1 kB is 1,000 bytes.");
}

static vl_code open_store(report *r, vl_err *err)
{
    uint64_t bytes = 0;
    if (vl_seal_check(r->ask->store, 0, &bytes, err) || vl_store_open(&r->store, r->ask->store, err) ||
        vl_about_read(&r->about, r->store, err))
        return err->code;
    r->kind = vl_kind_find(r->about.kind);
    if (r->kind) vl_reader_open(&r->reader, r->store, r->kind->schema, r->kind->old, err);
    return err->code;
}

vl_code vl_report_brief(const char *store, vl_html *h, vl_err *err)
{
    const vl_report_ask ask = { .store = store };
    report r = { .ask = &ask, .h = h, .err = err };
    if (!open_store(&r, err) && r.kind && r.kind->brief) r.kind->brief(r.reader, h, err);
    vl_reader_close(r.reader);
    vl_store_close(r.store);
    return vl_err_file(err, store);
}

static vl_code write_page(const report *r, vl_err *err)
{
    vl_output *out = NULL;
    if (!vl_output_open(&out, r->ask->out, r->ask->force, err) && !vl_output_put(out, &r->h->text, err))
        vl_output_commit(out, err);
    vl_output_close(out);
    return err->code;
}

static bool is_damage(vl_code code) { return code == VL_ESTORE || code == VL_ETRUNC || code == VL_EFORMAT; }

vl_code vl_report_run(const vl_report_ask *ask, vl_err *err)
{
    vl_html h = { .err = err };
    report r = { .ask = ask, .h = &h, .err = err, .checked = VL_ERR_INIT };
    vl_verified seen;
    const vl_verify check = { .path = ask->store, .threads = ask->threads, .progress = ask->progress };
    if (ask->verify && vl_verify_run(&check, &seen, &r.checked) && !is_damage(r.checked.code)) {
        *err = r.checked; /* nothing is known of the store */
        return err->code;
    }
    if (!open_store(&r, err)) put_page(&r);
    vl_err_file(err, ask->store);
    if (!err->code) write_page(&r, err);
    /* the check says more than what came of it; but a page that could not be written is news */
    if (r.checked.code && (!err->code || is_damage(err->code))) *err = r.checked;
    vl_reader_close(r.reader);
    vl_store_close(r.store);
    vl_html_free(&h);
    return err->code;
}
