/*
 * A table of targets (xic.h): a line with the names of columns, mz and any of name, tol, time_start,
 * time_end, ms_level and isolation, then a line a target; between tabulators, or, where the first line has
 * none, between commas. An empty cell, and a column that is not there, is as the command line says it.
 */
#include "pipeline/io/input_raw.h"
#include "pipeline/spectra/xic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME, MZ, TOLERANCE, TIME_START, TIME_END, MS_LEVEL, ISOLATION, NCOLUMN, COLUMNS = 64 };
static const char *const names[NCOLUMN] = { "name",     "mz",       "tol",      "time_start",
                                            "time_end", "ms_level", "isolation" };

typedef struct table {
    char separator;
    int column[COLUMNS], n; /* which of ours; -1: none */
} table;

/* The next line of text that is ended by 0 bytes where its lines end; NULL: none is left. */
static char *next_line(char **at, const char *end)
{
    if (*at >= end) return NULL;
    char *const line = *at, *const stop = memchr(line, '\n', (size_t)(end - line));
    *at = stop ? stop + 1 : line + strlen(line) + 1;
    if (stop) *stop = 0;
    const size_t n = strlen(line);
    if (n && line[n - 1] == '\r') line[n - 1] = 0;
    return line;
}

/* The next cell of a line, without blanks around it. */
static char *next_cell(char **at, char separator)
{
    char *cell = *at;
    if (!cell) return NULL;
    char *const stop = strchr(cell, separator);
    *at = stop ? stop + 1 : NULL;
    if (stop) *stop = 0;
    while (*cell == ' ') cell++;
    for (size_t n = strlen(cell); n && cell[n - 1] == ' ';) cell[--n] = 0;
    return cell;
}

static vl_code read_head(table *t, char *line, vl_err *err)
{
    bool seen[NCOLUMN] = { false };
    if (!strncmp(line, "\xef\xbb\xbf", 3)) line += 3;
    t->separator = strchr(line, '\t') ? '\t' : ',';
    for (char *cell; (cell = next_cell(&line, t->separator));) {
        int which = -1;
        if (t->n == COLUMNS) return vl_fail(err, VL_EARG, "more than %d columns", COLUMNS);
        for (int i = 0; i < NCOLUMN; i++)
            if (!strcmp(cell, names[i])) which = i;
        if (which >= 0 && seen[which]) return vl_fail(err, VL_EARG, "two columns are called '%s'", cell);
        if (which >= 0) seen[which] = true;
        t->column[t->n++] = which;
    }
    return seen[MZ] ? VL_OK
                    : vl_fail(err, VL_EARG,
                              "no column is called mz; the first line names columns: mz, name, tol, "
                              "time_start, time_end, ms_level, isolation");
}

static vl_code number(const char *column, const char *text, double least, double *out, vl_err *err)
{
    char *end = NULL;
    *out = strtod(text, &end);
    if (end > text && !*end && isfinite(*out) && *out >= least) return VL_OK;
    return vl_fail(err, VL_EARG, "%s: '%.60s' is no such number", column, text);
}

static vl_code time_at(const char *column, const char *text, double *out, vl_err *err)
{
    const char *end;
    if (vl_xic_seconds(text, out, &end) && !*end) return VL_OK;
    return vl_fail(err, VL_EARG, "%s: '%.60s' is no time: 600, 10m", column, text);
}

/* A cell that is not empty. */
static vl_code take_cell(vl_xic_target *t, int which, char *cell, const char **tolerance, vl_err *err)
{
    double level;
    switch (which) {
    case NAME: t->name = (vl_cell){ (const uint8_t *)cell, strlen(cell) }; return VL_OK;
    case MZ: return number(names[which], cell, 1e-9, &t->mz, err);
    case TOLERANCE: *tolerance = cell; return VL_OK;
    case TIME_START: return time_at(names[which], cell, &t->time[0], err);
    case TIME_END: return time_at(names[which], cell, &t->time[1], err);
    case ISOLATION: return number(names[which], cell, 0, &t->isolation, err);
    default: break;
    }
    if (number(names[which], cell, 1, &level, err)) return err->code;
    if (level > 255 || level != floor(level))
        return vl_fail(err, VL_EARG, "ms_level: '%.60s' is no MS level", cell);
    t->level = (int)level;
    return VL_OK;
}

static vl_code take_line(vl_xic *x, const table *of, const vl_xic_target *like, char *line, vl_err *err)
{
    vl_xic_target t = *like;
    const char *tolerance = NULL;
    bool leveled = false;
    int n = 0;
    t.name = (vl_cell){ NULL, 0 };
    for (char *cell; (cell = next_cell(&line, of->separator)); n++) {
        if (n == of->n) return vl_fail(err, VL_EARG, "more cells than the %d columns", of->n);
        const int which = of->column[n];
        if (which < 0 || !*cell) continue;
        if (take_cell(&t, which, cell, &tolerance, err)) return err->code;
        if (which == MZ && !t.name.n) t.name = (vl_cell){ (const uint8_t *)cell, strlen(cell) };
        leveled |= which == MS_LEVEL;
    }
    if (isnan(t.mz)) return vl_fail(err, VL_EARG, "mz: no m/z");
    if (!isnan(t.isolation) && !leveled && !x->asked->level) t.level = 0;
    if (!isnan(t.time[0]) && isnan(t.time[1])) t.time[1] = INFINITY;
    if (!isnan(t.time[1]) && isnan(t.time[0])) t.time[0] = -INFINITY;
    if (t.time[0] > t.time[1]) return vl_fail(err, VL_EARG, "time_start is behind time_end");
    return vl_xic_add(x, &t, tolerance, err);
}

/* All of the file, ended by a 0 byte. */
static vl_code read_file(vl_xic *x, const char *path, vl_err *err)
{
    enum { MOST = 1 << 30 };
    vl_raw file = VL_RAW_INIT;
    file.unhashed = true;
    if (!vl_raw_open(&file, path, err))
        for (size_t n = 1 << 16; !file.end && !err->code; n *= 2) {
            if (n > MOST) vl_fail(err, VL_EARG, "more than %d bytes of targets", MOST);
            else vl_raw_need(&file, n, err);
        }
    if (!err->code && !vl_buf_append(&x->file, vl_raw_bytes(&file), vl_raw_left(&file), err))
        vl_buf_append(&x->file, "", 1, err);
    vl_raw_free(&file);
    if (!err->code && strlen((const char *)x->file.data) + 1 != x->file.len)
        vl_fail(err, VL_EARG, "it has zero bytes: this is no table of text");
    return err->code;
}

vl_code vl_xic_read_targets(vl_xic *x, const vl_xic_target *like, vl_err *err)
{
    const char *const path = x->asked->targets;
    table t = { .n = 0 };
    if (!read_file(x, path, err)) {
        char *at = (char *)x->file.data;
        const char *const end = at + x->file.len - 1;
        uint64_t line = 0;
        for (char *text; !err->code && (text = next_line(&at, end));) {
            line++;
            if (!t.n) read_head(&t, text, err);
            else if (*text) take_line(x, &t, like, text, err);
            if (err->code) err->line = line;
        }
        if (!err->code && !t.n) vl_fail(err, VL_EARG, "it is empty");
    }
    return vl_err_file(err, path);
}
