/* Reads by name (reads_names.h): the names in a hash table that every name of the store which may be one is
 * held to. */
#include "pipeline/reads/reads_names.h"

#include "formats/xxh3.h"
#include "pipeline/io/input_raw.h"
#include "pipeline/out/find.h"
#include "pipeline/reads/reads_index.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = UINT32_MAX, MOST = 1 << 30 }; /* bytes of a list of names */

/* One way to read a line: as a name, and which mates of that name it means. */
typedef struct wanted {
    vl_cell name, rest; /* rest: from the first blank on; at NULL: any comment */
    unsigned mates;     /* bit 0: the first, or a single read; bit 1: the second */
    uint32_t line;
    uint32_t next; /* other one of the same name; NONE: none */
} wanted;

struct vl_reads_names {
    vl_raw file;
    const vl_fastq_how *how; /* borrowed */
    wanted *wanted;          /* owned */
    size_t n, cap;
    bool comments;  /* some line has more than a name */
    uint32_t *slot; /* owned; [nslot], a power of two: the first wanted of a name, NONE: free */
    size_t nslot;
    atomic_uchar *found; /* owned; [nline] */
    size_t nline;
    vl_viewer *v; /* that rows are added to */
};

/* ---- the list ---- */

static bool is_blank(uint8_t c) { return c == ' ' || c == '\t'; }

static vl_code add_wanted(vl_reads_names *s, vl_cell name, vl_cell rest, unsigned mates, vl_err *err)
{
    if (s->n == s->cap) {
        const size_t cap = s->cap ? 2 * s->cap : 16;
        wanted *const p = cap < NONE ? realloc(s->wanted, cap * sizeof *p) : NULL;
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu names", cap);
        s->wanted = p;
        s->cap = cap;
    }
    s->wanted[s->n++] = (wanted){ name, rest, mates, (uint32_t)s->nline, NONE };
    s->comments |= rest.n != 0;
    return VL_OK;
}

/* A name as it stands; and, where it ends as names of mates do here, the mate that it is of. */
static vl_code add_line(vl_reads_names *s, const uint8_t *line, size_t n, vl_err *err)
{
    size_t len = 0;
    while (len < n && !is_blank(line[len])) len++;
    const vl_cell name = { line, len }, rest = { line + len, n - len };
    if (add_wanted(s, name, rest, s->how->paired ? 3 : 1, err)) return err->code;
    const vl_mark *const mark = s->how->mark;
    for (int m = 0; mark && m < 2; m++) {
        if (len <= mark->len || memcmp(line + len - mark->len, mark->end[m], mark->len)) continue;
        if (add_wanted(s, (vl_cell){ line, len - mark->len }, rest, 1u << m, err)) return err->code;
    }
    s->nline++;
    return VL_OK;
}

static vl_code read_list(vl_reads_names *s, const char *path, vl_err *err)
{
    if (vl_raw_open(&s->file, path, err)) return err->code;
    for (size_t n = 1 << 16; !s->file.end && !err->code; n *= 2) {
        if (n > MOST) vl_fail(err, VL_EARG, "more than %d bytes of names", MOST);
        else vl_raw_need(&s->file, n, err);
    }
    const uint8_t *p = vl_raw_bytes(&s->file), *const end = p + vl_raw_left(&s->file);
    while (p < end && !err->code) {
        const uint8_t *const stop = memchr(p, '\n', (size_t)(end - p)), *const next = stop ? stop + 1 : end;
        size_t n = (size_t)((stop ? stop : end) - p);
        if (n && p[n - 1] == '\r') n--;
        if (n) add_line(s, p, n, err);
        p = next;
    }
    return vl_err_file(err, path);
}

/* ---- the table ---- */

static size_t slot_of(const vl_reads_names *s, vl_cell name)
{
    return (size_t)XXH3_64bits(name.at, name.n) & (s->nslot - 1);
}

static bool same(vl_cell a, vl_cell b) { return a.n == b.n && (!a.n || !memcmp(a.at, b.at, a.n)); }

/* The first wanted of a name; NONE if there is none, and then *at is the slot for it. */
static uint32_t find_name(const vl_reads_names *s, vl_cell name, size_t *at)
{
    for (*at = slot_of(s, name); s->slot[*at] != NONE; *at = (*at + 1) & (s->nslot - 1))
        if (same(s->wanted[s->slot[*at]].name, name)) return s->slot[*at];
    return NONE;
}

static vl_code make_table(vl_reads_names *s, vl_err *err)
{
    s->nslot = 16;
    while (s->nslot < 2 * s->n) s->nslot *= 2;
    s->slot = malloc(s->nslot * sizeof *s->slot);
    s->found = calloc(s->nline + 1, sizeof *s->found);
    if (!s->slot || !s->found) return vl_fail(err, VL_ENOMEM, "no memory for %zu names", s->n);
    memset(s->slot, 0xff, s->nslot * sizeof *s->slot);
    for (size_t i = 0; i < s->n; i++) {
        size_t at = 0;
        s->wanted[i].next = find_name(s, s->wanted[i].name, &at);
        s->slot[at] = (uint32_t)i;
    }
    return VL_OK;
}

vl_code vl_reads_names_open(vl_reads_names **out, const char *name, const char *path, const vl_fastq_how *how,
                            vl_err *err)
{
    vl_reads_names *const s = *out = calloc(1, sizeof *s);
    if (!s) return vl_fail(err, VL_ENOMEM, "no memory for names");
    s->file = (vl_raw)VL_RAW_INIT;
    s->file.unhashed = true;
    s->how = how;
    if (path ? read_list(s, path, err) : add_line(s, (const uint8_t *)name, strlen(name), err))
        return err->code;
    return make_table(s, err);
}

void vl_reads_names_close(vl_reads_names *s)
{
    if (!s) return;
    vl_raw_free(&s->file);
    free(s->wanted);
    free(s->slot);
    free(s->found);
    free(s);
}

void vl_reads_names_count(const vl_reads_names *s, size_t *all, size_t *missed)
{
    *all = s->nline;
    *missed = 0;
    for (size_t i = 0; i < s->nline; i++) *missed += !s->found[i];
}

/* ---- finding ---- */

/* A comment as it stands behind the name: without a blank of its own there is one space. */
static bool is_rest(vl_cell rest, vl_cell comment)
{
    if (comment.n && !is_blank(comment.at[0]))
        return rest.n == comment.n + 1 && rest.at[0] == ' ' && !memcmp(rest.at + 1, comment.at, comment.n);
    return same(rest, comment);
}

/* Which mates of row i of the names are wanted. */
static unsigned look(const void *self, const vl_batch *b, size_t i)
{
    const vl_reads_names *const s = self;
    const uint64_t *const rows = s->v->ask->rows;
    const unsigned step = s->how->paired ? 2 : 1;
    unsigned all = 0;
    size_t at;
    for (uint32_t k = find_name(s, vl_row(&b->col[VL_RD_NAME], i), &at); k != NONE; k = s->wanted[k].next) {
        const wanted *const w = &s->wanted[k];
        unsigned mates = w->mates;
        for (unsigned m = 0; m < step; m++) {
            const uint64_t row = (b->first[VL_RT_NAME] + i) * step + m;
            if (row < rows[0] || row > rows[1] ||
                (w->rest.n && !is_rest(w->rest, vl_row(&b->col[VL_RD_COMMENT], i * step + m))))
                mates &= ~(1u << m);
        }
        if (mates) atomic_store_explicit(&s->found[w->line], 1, memory_order_relaxed);
        all |= mates;
    }
    return all;
}

static vl_code take(void *self, uint64_t name, unsigned mates, vl_err *err)
{
    const vl_reads_names *const s = self;
    const unsigned step = s->how->paired ? 2 : 1;
    for (unsigned m = 0; m < step; m++)
        if (mates >> m & 1 && vl_rows_add(&s->v->rows, name * step + m, 1, err)) break;
    return err->code;
}

/* Rows of names that an index cannot rule out. */
static vl_code narrow(const vl_reads_names *s, vl_viewer *v, vl_rows *may, vl_err *err)
{
    const uint64_t step = s->how->paired ? 2 : 1;
    vl_wanted *const want = s->n <= VL_WANTED_MOST ? calloc(s->n + 1, sizeof *want) : NULL;
    for (size_t i = 0; want && i < s->n; i++)
        want[i].hash = vl_name_key(s->wanted[i].name.at, s->wanted[i].name.n, &want[i].key);
    if (!vl_find_may(v->r, &vl_reads_by_name, want, s->n, &v->work, may, err))
        vl_rows_within(may, v->ask->rows[0] / step, v->ask->rows[1] / step, err);
    free(want);
    return err->code;
}

vl_code vl_reads_names_find(vl_reads_names *s, vl_viewer *v, vl_err *err)
{
    static const int field[] = { VL_RD_NAME, VL_RD_COMMENT };
    vl_rows may = { 0 };
    const vl_search search = { .table = VL_RT_NAME,
                               .field = field,
                               .nfield = s->comments ? 2 : 1,
                               .along = s->comments ? VL_RT_READ : -1,
                               .step = s->how->paired ? 2 : 1,
                               .look = look,
                               .take = take,
                               .self = s };
    s->v = v;
    if (!narrow(s, v, &may, err) && may.n) vl_find(v->r, &search, &may, v->ask->threads, err);
    free(may.run);
    return err->code;
}
