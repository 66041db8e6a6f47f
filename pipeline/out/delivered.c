/* Files as they were delivered (delivered.h). */
#include "pipeline/out/delivered.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 7, MOST_FILES = 1 << 16 };
#define HEADINGS "file\tstate\tmaker\tfirst\tbytes\tstream\tkept\n"

const char *vl_delivered_word(vl_delivered_state state)
{
    static const char *const word[] = { "text", "described", "pending", "none" };
    return word[state];
}

bool vl_delivered_can(const char *compression)
{
    return !strcmp(compression, "gzip") || !strcmp(compression, "bgzf") || !strcmp(compression, "mixed");
}

size_t vl_delivered_count(const vl_delivered *all, vl_delivered_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) n += all->file[i].state == state;
    return n;
}

void vl_delivered_free(vl_delivered *all)
{
    free(all->file);
    *all = (vl_delivered){ .records = -1 };
}

vl_code vl_delivered_print(const vl_delivered *all, vl_buf *text, vl_err *err)
{
    if (vl_buf_append(text, HEADINGS, strlen(HEADINGS), err)) return err->code;
    for (size_t i = 0; i < all->n; i++) {
        const vl_delivered_file *const f = &all->file[i];
        char line[256];
        const int n = snprintf(
            line, sizeof line, "%zu\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", i,
            vl_delivered_word(f->state), *f->maker ? f->maker : "-", f->first, f->bytes, f->stream, f->kept);
        if (vl_buf_append(text, line, (size_t)n, err)) return err->code;
    }
    return VL_OK;
}

/* ---- the table is read ---- */

static vl_code bad(vl_err *err, const char *what)
{
    return vl_fail(err, VL_ESTORE, VL_ORIGINAL_FILES ": %s", what);
}

static bool is_number(const char *text, uint64_t *value)
{
    char *end = NULL;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return isdigit((unsigned char)*text) && !errno && !*end;
}

/* The fields of a line, which is cut up. *next: the line behind it. */
static bool cut_line(char *line, char *field[FIELDS], char **next)
{
    char *const end = strchr(line, '\n');
    if (!end) return false;
    *end = 0;
    *next = end + 1;
    for (int i = 0; i < FIELDS; i++) {
        field[i] = line;
        char *const tab = strchr(line, '\t');
        if (!tab != (i == FIELDS - 1)) return false;
        if (tab) *tab = 0, line = tab + 1;
    }
    return true;
}

static vl_code take_line(vl_delivered *all, size_t i, char *const field[FIELDS], vl_err *err)
{
    vl_delivered_file *const f = &all->file[i];
    uint64_t number = 0;
    int state = 0;
    while (state < VL_DELIVERED_STATES && strcmp(field[1], vl_delivered_word((vl_delivered_state)state)))
        state++;
    if (!is_number(field[0], &number) || number != i || state == VL_DELIVERED_STATES ||
        !is_number(field[3], &f->first) || !is_number(field[4], &f->bytes) ||
        !is_number(field[5], &f->stream) || !is_number(field[6], &f->kept))
        return bad(err, "a line that is none of its table");
    f->state = (vl_delivered_state)state;
    snprintf(f->maker, sizeof f->maker, "%s", strcmp(field[2], "-") ? field[2] : "");
    for (char *p = f->maker; *p; p++)
        if ((unsigned char)*p < 32 || (unsigned char)*p > 126) return bad(err, "a maker that has no name");
    if ((f->state == VL_DELIVERED_TEXT) != !strcmp(f->compression, "none"))
        return bad(err, "a state that is not one of such a file");
    return VL_OK;
}

static vl_code take_table(vl_delivered *all, vl_buf *text, uint64_t nrecord, vl_err *err)
{
    if (vl_buf_append(text, "", 1, err)) return err->code;
    char *line = (char *)text->data, *field[FIELDS];
    if (strncmp(line, HEADINGS, strlen(HEADINGS))) return bad(err, "other headings");
    line += strlen(HEADINGS);
    for (size_t i = 0; i < all->n; i++) {
        vl_delivered_file *const f = &all->file[i];
        if (!cut_line(line, field, &line)) return bad(err, "a line that is cut off");
        if (take_line(all, i, field, err)) return err->code;
        if (f->state == VL_DELIVERED_DESCRIBED && (f->first > nrecord || f->bytes > nrecord - f->first))
            return bad(err, "more records than there are");
    }
    return *line ? bad(err, "more lines than inputs") : VL_OK;
}

static vl_code read_table(vl_delivered *all, vl_store *st, vl_err *err)
{
    enum { MOST = 16 << 20 };
    int files = -1;
    vl_index_note note;
    vl_buf text = { 0 };
    vl_work work = { 0 };
    if (vl_store_index(st, VL_ORIGINAL_FILES, &files, &note, err) || files < 0) return err->code;
    if (vl_store_index(st, VL_ORIGINAL_RECORDS, &all->records, &note, err)) return err->code;
    const vl_stored *const col = vl_store_column(st, files);
    if (col->type != VL_U8 || col->nelem > MOST) return bad(err, "no text");
    if (all->records >= 0 && vl_store_column(st, all->records)->type != VL_U8) return bad(err, "no records");
    if (all->records >= 0) {
        all->record_bytes = vl_store_column(st, all->records)->nelem;
        all->in_store = vl_store_column(st, all->records)->packed_bytes;
    }
    if (!vl_store_read(st, files, &text, &work, err)) take_table(all, &text, all->record_bytes, err);
    vl_buf_free(&text);
    vl_work_free(&work);
    return err->code;
}

/* ---- what the store notes of its inputs ---- */

static vl_code read_notes(vl_delivered_file *f, vl_store *st, size_t i, vl_err *err)
{
    char where[32];
    snprintf(where, sizeof where, "source/%zu", i);
    if (vl_store_get(st, where, "compression", f->compression, sizeof f->compression, err) ||
        vl_store_get(st, where, "sha256", f->sha256, sizeof f->sha256, err) ||
        vl_store_get_u64(st, where, "bytes", &f->file_bytes, err) ||
        vl_store_get_u64(st, where, "plain_bytes", &f->plain_bytes, err))
        return err->code;
    f->state = strcmp(f->compression, "none") ? VL_DELIVERED_NONE : VL_DELIVERED_TEXT;
    return VL_OK;
}

vl_code vl_delivered_read(vl_delivered *out, vl_store *st, vl_err *err)
{
    uint64_t n = 0;
    *out = (vl_delivered){ .records = -1 };
    if (vl_store_get_u64(st, "source", "n_file", &n, err)) return err->code;
    if (!n || n > MOST_FILES) return vl_fail(err, VL_ESTORE, "%" PRIu64 " inputs", n);
    if (!(out->file = calloc(n, sizeof *out->file))) return vl_fail(err, VL_ENOMEM, "no memory for inputs");
    while (out->n < n)
        if (read_notes(&out->file[out->n], st, out->n, err)) return err->code;
        else out->n++;
    return read_table(out, st, err);
}
