/*
 * The page of a day: who of those that came in is not who they should be (out/persons.h), held against all of
 * the bank, where it names a list of sites.
 */
#include "pipeline/bank/page/page_day.h"

#include "pipeline/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_path(const void *a, const void *b)
{
    const vl_person *const *const x = a, *const *const y = b;
    return strcmp((*x)->path, (*y)->path);
}

/* Marks what came in. */
static vl_code mark(vl_day *d, vl_err *err)
{
    vl_persons *const p = d->who;
    vl_person **const row = malloc((p->n + 1) * sizeof *row);
    if (!row) return vl_fail(err, VL_ENOMEM, "no memory for %zu stores", p->n);
    for (size_t i = 0; i < p->n; i++) row[i] = &p->row[i];
    if (p->n) qsort(row, p->n, sizeof *row, by_path);
    sqlite3_stmt *const q =
        vl_day_ask(d, VL_DAY_CAME
                   "SELECT sample.name, file FROM came JOIN sample USING (sample_id) WHERE state = 'live'");
    while (q && vl_sql_row(d->catalog, q, err)) {
        char path[VL_BANK_PATH];
        vl_person key = { .path = path };
        const vl_person *const wanted = &key;
        if (vl_bank_store_path(d->bank, vl_sql_column(q, 0), vl_sql_column(q, 1), path, err)) break;
        vl_person **const found = p->n ? bsearch(&wanted, row, p->n, sizeof *row, by_path) : NULL;
        if (found) (*found)->fresh = true;
    }
    if (q) sqlite3_reset(q);
    free(row);
    return err->code;
}

static bool is_news(const vl_day *d, const vl_pair *pair)
{
    return pair->amiss && (d->who->row[pair->a].fresh || d->who->row[pair->b].fresh);
}

static bool sex_is_news(const vl_person *one)
{
    double x, y;
    return one->fresh && vl_sex_is_amiss(vl_sex_of(&one->sums, &x, &y), one->said);
}

static const vl_pair *pairs_of(const vl_day *d, size_t *n)
{
    *n = d->who->pairs.len / sizeof(vl_pair);
    return (const vl_pair *)(const void *)d->who->pairs.data;
}

vl_code vl_day_persons(vl_day *d)
{
    size_t n;
    if (!d->bank->sites || !(d->nstore > 0)) return VL_OK;
    const int threads = d->bank->threads ? d->bank->threads : vl_cores();
    if (vl_bank_persons(d->who, d->bank, d->catalog, NULL, NULL, threads, d->err) || mark(d, d->err) ||
        vl_persons_compare(d->who, false, threads, d->err))
        return d->err->code;
    const vl_pair *const pair = pairs_of(d, &n);
    for (size_t i = 0; i < n; i++) d->npair += is_news(d, &pair[i]);
    for (size_t i = 0; i < d->who->n; i++) d->nsex += sex_is_news(&d->who->row[i]);
    return VL_OK;
}

/* ---- the section ---- */

enum { MOST = 200 };

static void put_store(vl_day *d, const vl_person *one)
{
    vl_html_put(d->h, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    vl_html_text(d->h, one->name);
    vl_html_put(d->h, "</th>");
    vl_html_cell(d->h, "Donor", "name", one->donor);
}

static void put_pairs(vl_day *d)
{
    size_t n, shown = 0;
    const vl_pair *const pair = pairs_of(d, &n);
    vl_html_table_open(d->h, "Pairs of stores whose data contradicts their donors",
                       "Store|Donor|Other store|Its donor|Found|#Sites|#Relatedness");
    for (size_t i = 0; i < n && shown < MOST; i++) {
        char number[40];
        const vl_person *const a = &d->who->row[pair[i].a], *const b = &d->who->row[pair[i].b];
        if (!is_news(d, &pair[i])) continue;
        shown++;
        put_store(d, a);
        vl_html_cell(d->h, "Other store", "name", b->name);
        vl_html_cell(d->h, "Its donor", "name", b->donor);
        vl_html_cell(d->h, "Found", "",
                     pair[i].verdict == VL_SAME      ? "one person"
                     : pair[i].verdict == VL_RELATED ? "two who are related"
                                                     : "two persons");
        vl_html_cell(d->h, "Sites", "num", vl_show_count((double)pair[i].sites, number));
        snprintf(number, sizeof number, "%.2f", pair[i].relatedness);
        vl_html_cell(d->h, "Relatedness", "num", number);
        vl_html_put(d->h, "</tr>\n");
    }
    vl_html_table_close(d->h);
}

static void put_sexes(vl_day *d)
{
    size_t shown = 0;
    vl_html_table_open(d->h, "Stores whose data contradicts the sex that is said", "Store|Donor|Said|Found");
    for (size_t i = 0; i < d->who->n && shown < MOST; i++) {
        const vl_person *const one = &d->who->row[i];
        double x, y;
        if (!sex_is_news(one)) continue;
        shown++;
        put_store(d, one);
        vl_html_cell(d->h, "Said", "", vl_sex_said_name(one->said));
        vl_html_cell(d->h, "Found", "", vl_sex_name(vl_sex_of(&one->sums, &x, &y)));
        vl_html_put(d->h, "</tr>\n");
    }
    vl_html_table_close(d->h);
}

void vl_day_who(vl_day *d)
{
    if (!(d->npair + d->nsex)) return;
    vl_html_put(d->h,
                "<section><h2>Who is who</h2>\n<p>Of what came in, by letters where persons differ and by "
                "X and Y, beside all of the bank: <code>vial help same</code>.</p>\n");
    if (d->npair) put_pairs(d);
    if (d->nsex) put_sexes(d);
    vl_html_put(d->h, "</section>\n");
}
