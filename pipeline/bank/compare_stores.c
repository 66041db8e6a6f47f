/* Stores of a bank beside each other (compare_stores.h). */
#include "pipeline/bank/compare_stores.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/intake/worker.h"
#include "pipeline/store/seal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ---- which ---- */

static vl_code add(vl_comparison *c, const vl_bank *bank, sqlite3_stmt *stmt, vl_err *err)
{
    char path[VL_BANK_PATH];
    const char *const sample = vl_sql_column(stmt, 0), *const acquisition = vl_sql_column(stmt, 1);
    const vl_kind *const kind = vl_kind_find(vl_sql_column(stmt, 2));
    if (!kind || !kind->measures) return VL_OK;
    if (vl_bank_store_path(bank, sample, vl_sql_column(stmt, 3), path, err)) return err->code;
    if (!(c->n & (c->n - 1))) {
        vl_compared *const more = realloc(c->row, (c->n ? 2 * c->n : 1) * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory to compare %zu stores", c->n);
        c->row = more;
    }
    vl_compared *const r = &c->row[c->n++];
    *r = (vl_compared){ strdup(sample), strdup(acquisition), strdup(path), kind, .lost = true };
    for (int i = 0; i < VL_MEASURES; i++) r->value[i] = NAN;
    if (!r->sample || !r->acquisition || !r->path)
        return vl_fail(err, VL_ENOMEM, "no memory to compare stores");
    return VL_OK;
}

/* ---- their measures ---- */

typedef struct job {
    const vl_compared *row;
    size_t n;
} job;

/* A line a store: its values, or nothing where it cannot be read. */
static int read_work(void *argument, int fd)
{
    const job *const j = argument;
    for (size_t i = 0; i < j->n; i++) {
        char line[VL_MEASURES * 32] = "\n";
        double value[VL_MEASURES];
        uint64_t bytes;
        size_t used = 0;
        vl_store *st = NULL;
        vl_err err = VL_ERR_INIT;
        if (!vl_seal_check(j->row[i].path, 0, &bytes, &err) && !vl_store_open(&st, j->row[i].path, &err) &&
            !j->row[i].kind->measures->read(st, value, &err)) {
            for (int k = 0; k < VL_MEASURES; k++)
                used += (size_t)snprintf(line + used, sizeof line - used, "%a ", value[k]);
            line[used - 1] = '\n';
        }
        vl_store_close(st);
        if (!vl_worker_say(fd, line)) return EX_IOERR;
    }
    return EX_OK;
}

static void take_line(vl_compared *r, const char *line)
{
    for (int k = 0; k < VL_MEASURES; k++) {
        char *end;
        r->value[k] = strtod(line, &end);
        if (end == line) return;
        line = end;
    }
    r->lost = false;
}

/* How many of them it said a whole line of. */
static size_t take_lines(const vl_worker *w, vl_compared *row, size_t n)
{
    const char *p = w->said.len ? (const char *)w->said.data : "";
    size_t i = 0;
    for (const char *end; i < n && (end = strchr(p, '\n')); i++, p = end + 1)
        if (end > p) take_line(&row[i], p);
    return i;
}

/* A damaged store may kill the library that reads it: then the next worker begins behind it. */
static vl_code read_all(vl_comparison *c, vl_err *err)
{
    enum { MANY = 256 };
    for (size_t i = 0; i < c->n;) {
        job j = { &c->row[i], c->n - i < MANY ? c->n - i : MANY };
        vl_worker w = { 0 };
        if (vl_worker_start(&w, read_work, &j, 0, err)) return err->code;
        vl_worker_wait(&w);
        const size_t said = take_lines(&w, &c->row[i], j.n);
        vl_worker_free(&w);
        i += said < j.n ? said + 1 : said;
    }
    return VL_OK;
}

/* ---- judged, and compared ---- */

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of n numbers, which are sorted. */
static double median(double *number, size_t n)
{
    qsort(number, n, sizeof *number, by_number);
    return n % 2 ? number[n / 2] : (number[n / 2 - 1] + number[n / 2]) / 2;
}

static double scaled(const vl_compared *r, int k)
{
    return r->kind->measures->list[k].ratio ? log(r->value[k]) : r->value[k];
}

/* Of the rows of one kind. The usual spread is 1.4826 times the median distance to the median, which for a
 * normal distribution is its standard deviation; of numbers that hardly differ, a hundredth of the median. */
static void compare_measure(vl_compared *row, size_t n, int k, double *room)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(scaled(&row[i], k))) room[m++] = scaled(&row[i], k);
    if (m < VL_COMPARE_LEAST) return;
    const double middle = median(room, m);
    for (size_t i = 0; i < m; i++) room[i] = fabs(room[i] - middle);
    const double least = row->kind->measures->list[k].ratio ? 0.01 : fabs(middle) / 100;
    const double spread = fmax(1.4826 * median(room, m), fmax(least, 1e-9));
    for (size_t i = 0; i < n; i++) {
        const double off = (scaled(&row[i], k) - middle) / spread;
        row[i].off[k] = isfinite(off) ? off : 0;
        row[i].odd = fmax(row[i].odd, fabs(row[i].off[k]));
    }
}

static void judge(vl_compared *r, const vl_bank *bank)
{
    for (int k = 0; r->kind->measures->list[k].name; k++) {
        const vl_light one =
            vl_limits_judge(bank->limit, bank->nlimit, &r->kind->measures->list[k], r->value[k]);
        r->light = one > r->light ? one : r->light;
    }
}

static int by_worst(const void *a, const void *b)
{
    const vl_compared *const x = a, *const y = b;
    const int kind = strcmp(x->kind->rows, y->kind->rows), sample = strcmp(x->sample, y->sample);
    if (kind) return kind;
    if (x->lost != y->lost) return y->lost - x->lost;
    if (x->light != y->light) return (int)y->light - (int)x->light;
    if (x->odd < y->odd || x->odd > y->odd) return x->odd < y->odd ? 1 : -1;
    return sample ? sample : strcmp(x->acquisition, y->acquisition);
}

static vl_code judge_all(vl_comparison *c, const vl_bank *bank, vl_err *err)
{
    double *const room = malloc((c->n + 1) * sizeof *room);
    if (!room) return vl_fail(err, VL_ENOMEM, "no memory to compare %zu stores", c->n);
    for (size_t i = 0; i < c->n; i++) judge(&c->row[i], bank);
    if (c->n) qsort(c->row, c->n, sizeof *c->row, by_worst); /* by kind */
    for (size_t i = 0, end; i < c->n; i = end) {
        for (end = i; end < c->n && c->row[end].kind == c->row[i].kind;) end++;
        for (int k = 0; c->row[i].kind->measures->list[k].name; k++)
            compare_measure(&c->row[i], end - i, k, room);
    }
    if (c->n) qsort(c->row, c->n, sizeof *c->row, by_worst);
    free(room);
    return VL_OK;
}

/* ---- entry points ---- */

vl_code vl_compare(vl_comparison *c, const vl_bank *bank, vl_catalog *catalog, sqlite3_stmt *stmt,
                   vl_err *err)
{
    *c = (vl_comparison){ 0 };
    while (vl_sql_row(catalog, stmt, err))
        if (add(c, bank, stmt, err)) {
            sqlite3_reset(stmt);
            return err->code;
        }
    if (err->code || read_all(c, err)) return err->code;
    return judge_all(c, bank, err);
}

vl_code vl_compare_all(vl_comparison *c, const vl_bank *bank, vl_catalog *catalog, vl_err *err)
{
    return vl_compare(
        c, bank, catalog,
        vl_sql_ask(catalog, "SELECT sample.name, acquisition.name, kind, file" VL_SQL_LIVE, NULL, 0, err),
        err);
}

void vl_comparison_free(vl_comparison *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->row[i].sample);
        free(c->row[i].acquisition);
        free(c->row[i].path);
    }
    free(c->row);
    *c = (vl_comparison){ 0 };
}
