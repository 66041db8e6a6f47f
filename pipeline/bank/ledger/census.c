/* All samples of a shard, from each place that knows of them (census.h). */
#include "pipeline/bank/ledger/census.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/ledger/ledger_line.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void say(vl_census_report *report, const char *sample, const char *fmt, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, fmt, args);
    report->say(report->to, sample, text);
}

void vl_census_say(vl_census_report *report, const char *sample, const char *fmt, ...)
{
    va_list args;
    if (!report) return;
    va_start(args, fmt);
    say(report, sample, fmt, args);
    va_end(args);
    report->differences++;
}

void vl_census_tell(vl_census_report *report, const char *sample, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(report, sample, fmt, args);
    va_end(args);
}

/* ---- names in the catalogue ---- */

static vl_code add_name(vl_census_names *names, const char *id, vl_err *err)
{
    char escaped[512];
    const unsigned s = vl_ledger_shard_of(id);
    vl_bank_escape(id, escaped);
    if (names->n[s] == names->cap[s]) {
        const size_t cap = 2 * names->cap[s] + 16;
        char **const more = reallocarray(names->name[s], cap, sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for the names of samples");
        names->name[s] = more;
        names->cap[s] = cap;
    }
    if (!(names->name[s][names->n[s]] = strdup(escaped)))
        return vl_fail(err, VL_ENOMEM, "no memory for the names of samples");
    names->n[s]++;
    return VL_OK;
}

vl_code vl_census_names_read(vl_catalog *c, vl_census_names *names, vl_err *err)
{
    *names = (vl_census_names){ 0 };
    sqlite3_stmt *const q = c ? vl_sql_ask(c, "SELECT name FROM sample", NULL, 0, err) : NULL;
    while (q && vl_sql_row(c, q, err))
        if (add_name(names, vl_sql_column(q, 0), err)) {
            sqlite3_reset(q);
            break;
        }
    return err->code;
}

void vl_census_names_free(vl_census_names *names)
{
    for (int s = 0; s < 256; s++) {
        for (size_t i = 0; i < names->n[s]; i++) free(names->name[s][i]);
        free(names->name[s]);
    }
    *names = (vl_census_names){ 0 };
}

/* ---- lines ---- */

static int by_sample(const void *a, const void *b)
{
    const vl_ledger_line *const x = a, *const y = b;
    const size_t n = x->sample.n < y->sample.n ? x->sample.n : y->sample.n;
    const int order = memcmp(x->sample.at, y->sample.at, n);
    if (order || x->sample.n != y->sample.n) return order ? order : x->sample.n < y->sample.n ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void report_line(vl_census_report *report, const vl_ledger_line *line)
{
    if (line->missing > 1)
        vl_census_say(report, NULL, "lines %" PRIu64 " to %" PRIu64 " are missing",
                      line->number - line->missing + 1, line->number);
    else if (line->wrong) vl_census_say(report, NULL, "line %" PRIu64 " %s", line->number, line->wrong);
    else if (line->loose)
        vl_census_say(report, NULL, "line %" PRIu64 " does not continue the one before", line->number);
}

static vl_code take_lines(vl_census *c, vl_census_report *report, vl_err *err)
{
    size_t cap = 0;
    vl_ledger_line line;
    if (vl_ledger_read(c->bank, c->number, 0, &c->shard, err)) return err->code;
    if (c->shard.headless) vl_census_say(report, NULL, "its first line is not that of this ledger");
    while (vl_ledger_next(&c->shard, &line)) {
        report_line(report, &line);
        if (line.wrong || !line.sample.n) continue;
        if (c->nline == cap) {
            cap += cap / 2 + 1024;
            vl_ledger_line *const more = reallocarray(c->line, cap, sizeof *more);
            if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu lines of the ledger", cap);
            c->line = more;
        }
        c->line[c->nline++] = line;
    }
    if (c->nline) qsort(c->line, c->nline, sizeof *c->line, by_sample);
    return VL_OK;
}

/* ---- samples ---- */

typedef struct adding {
    vl_census *census;
    size_t cap;
} adding;

static vl_census_sample *add_sample(adding *a, const char *escaped, size_t n, vl_err *err)
{
    vl_census *const c = a->census;
    if (c->n == a->cap) {
        a->cap += a->cap / 2 + 256;
        vl_census_sample *const more = reallocarray(c->sample, a->cap, sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu samples", a->cap), NULL;
        c->sample = more;
    }
    vl_census_sample *const one = &c->sample[c->n];
    *one = (vl_census_sample){ .escaped = strndup(escaped, n) };
    if (!one->escaped) return vl_fail(err, VL_ENOMEM, "no memory for %zu samples", c->n), NULL;
    c->n++;
    return one;
}

static vl_code add_groups(adding *a, vl_err *err)
{
    const vl_ledger_line *const line = a->census->line;
    for (size_t i = 0, end; i < a->census->nline; i = end) {
        vl_census_sample *const one = add_sample(a, line[i].sample.at, line[i].sample.n, err);
        if (!one) return err->code;
        for (end = i; end < a->census->nline && vl_ledger_field_is(line[end].sample, one->escaped);) end++;
        one->line = &line[i];
        one->nline = end - i;
    }
    return VL_OK;
}

/* Is it the folder that the id gets which its name stands for? */
static bool fits(unsigned shard, const char *name, vl_census_report *report)
{
    char id[512], escaped[512];
    vl_bank_unescape(name, id);
    vl_bank_escape(id, escaped);
    const unsigned right = vl_ledger_shard_of(id);
    if (!strcmp(name, escaped) && right == shard) return true;
    if (strcmp(name, escaped))
        vl_census_say(report, NULL, "folder samples/%02x/%s fits no id of a sample", shard, name);
    else
        vl_census_say(report, NULL,
                      "folder samples/%02x/%s fits no id: that of sample '%.100s' is samples/%02x/%s", shard,
                      name, id, right, name);
    return false;
}

static int is_visible(const struct dirent *e) { return e->d_name[0] != '.'; }

static vl_code add_folders(adding *a, vl_census_report *report, vl_err *err)
{
    char path[VL_BANK_PATH];
    struct dirent **entry = NULL;
    if (vl_bank_path(a->census->bank, path, err, "samples/%02x", a->census->number)) return err->code;
    const int n = scandir(path, &entry, is_visible, NULL);
    if (n < 0 && errno != ENOENT) return vl_fail_errno(err, VL_EIO, errno, "cannot list %s", path);
    for (int i = 0; i < n; i++) {
        vl_census_sample *const one = !err->code && fits(a->census->number, entry[i]->d_name, report)
                                          ? add_sample(a, entry[i]->d_name, strlen(entry[i]->d_name), err)
                                          : NULL;
        if (one) one->folder = true;
        free(entry[i]);
    }
    free(entry);
    return err->code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const vl_census_sample *)a)->escaped, ((const vl_census_sample *)b)->escaped);
}

/* What several places say of one sample becomes one. */
static void join_samples(vl_census *c)
{
    size_t kept = 0;
    if (c->n) qsort(c->sample, c->n, sizeof *c->sample, by_name);
    for (size_t i = 0; i < c->n; i++) {
        vl_census_sample *const one = &c->sample[i], *const last = kept ? &c->sample[kept - 1] : NULL;
        if (!last || strcmp(last->escaped, one->escaped)) {
            c->sample[kept++] = *one;
            continue;
        }
        last->folder |= one->folder;
        last->listed |= one->listed;
        if (one->nline) last->line = one->line, last->nline = one->nline;
        free(one->escaped);
    }
    c->n = kept;
}

vl_code vl_census_take(vl_census *census, const vl_bank *bank, vl_catalog *c, const vl_census_names *names,
                       unsigned shard, vl_census_report *report, vl_err *err)
{
    adding a = { .census = census };
    *census = (vl_census){ .bank = bank, .catalog = c, .number = shard };
    if (take_lines(census, report, err) || add_groups(&a, err) || add_folders(&a, report, err))
        return err->code;
    for (size_t i = 0; names && i < names->n[shard]; i++) {
        const char *const name = names->name[shard][i];
        vl_census_sample *const one = add_sample(&a, name, strlen(name), err);
        if (!one) return err->code;
        one->listed = true;
    }
    join_samples(census);
    return VL_OK;
}

void vl_census_free(vl_census *census)
{
    for (size_t i = 0; i < census->n; i++) free(census->sample[i].escaped);
    free(census->sample);
    free(census->line);
    vl_ledger_free(&census->shard);
    *census = (vl_census){ 0 };
}
