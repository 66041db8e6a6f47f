/* Reads by name (reads_names.h): the names in a hash table that every name of the store which may be one is
 * held to. */
#include "pipeline/reads/reads_names.h"

#include "formats/xxh3.h"
#include "pipeline/io/input_raw.h"
#include "pipeline/reads/reads_index.h"

#include <pthread.h>
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

/* A row that a line names. */
typedef struct hit {
    uint32_t line;
    uint64_t row;
} hit;

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
    hit *hit; /* owned; only where the order of the list is wanted */
    size_t nhit, chit;
    pthread_mutex_t lock; /* of hit */
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
    pthread_mutex_init(&s->lock, NULL);
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
    free(s->hit);
    pthread_mutex_destroy(&s->lock);
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

bool vl_reads_names_see_comments(const vl_reads_names *s) { return s->comments; }

static vl_code add_hit(vl_reads_names *s, uint32_t line, uint64_t row, vl_err *err)
{
    pthread_mutex_lock(&s->lock);
    if (s->nhit == s->chit) {
        const size_t cap = s->chit ? 2 * s->chit : 256;
        hit *const p = realloc(s->hit, cap * sizeof *p);
        if (p) s->hit = p;
        if (p) s->chit = cap;
        else vl_fail(err, VL_ENOMEM, "no memory for %zu rows", cap);
    }
    if (!err->code) s->hit[s->nhit++] = (hit){ line, row };
    pthread_mutex_unlock(&s->lock);
    return err->code;
}

/* Is row m of those of name i what one line wants? */
static bool is_wanted(const vl_reads_names *s, const wanted *w, const vl_viewer *v, const vl_batch *b,
                      size_t i, size_t m)
{
    const size_t step = vl_reads_step(v);
    const uint64_t row = (b->first[VL_RT_NAME] + i) * step + m;
    if (!(w->mates >> m & 1) || row < v->ask->rows[0] || row > v->ask->rows[1]) return false;
    return !s->comments || !w->rest.n || is_rest(w->rest, vl_row(&b->col[VL_RD_COMMENT], i * step + m));
}

vl_code vl_reads_names_hold(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    vl_reads_names *const s = ((const vl_reads_own *)v->own)->names;
    const size_t step = vl_reads_step(v);
    const bool order = vl_reads_asked_of(v)->order == VL_READS_LIST;
    size_t at;
    for (size_t i = 0; i < n; i++) {
        uint32_t k = find_name(s, vl_row(&b->col[VL_RD_NAME], i), &at);
        for (; k != NONE; k = s->wanted[k].next) {
            const wanted *const w = &s->wanted[k];
            for (size_t m = 0; m < step; m++) {
                if (!is_wanted(s, w, v, b, i, m)) continue;
                what[i] |= (uint8_t)(1u << m);
                atomic_store_explicit(&s->found[w->line], 1, memory_order_relaxed);
                if (order && add_hit(s, w->line, (b->first[VL_RT_NAME] + i) * step + m, err))
                    return err->code;
            }
        }
    }
    return VL_OK;
}

vl_code vl_reads_names_narrow(vl_viewer *v, vl_rows *may, vl_err *err)
{
    const vl_reads_names *const s = ((const vl_reads_own *)v->own)->names;
    vl_wanted *const want = s->n <= VL_WANTED_MOST ? calloc(s->n + 1, sizeof *want) : NULL;
    vl_rows some = { 0 };
    for (size_t i = 0; want && i < s->n; i++)
        want[i].hash = vl_name_key(s->wanted[i].name.at, s->wanted[i].name.n, &want[i].key);
    if (!vl_find_may(v->r, &vl_reads_by_name, want, s->n, &v->work, &some, err))
        vl_rows_cross(may, &some, err);
    free(some.run);
    free(want);
    return err->code;
}

/* ---- the order of the list ---- */

static int by_line(const void *a, const void *b)
{
    const hit *const x = a, *const y = b;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

vl_code vl_reads_names_order(vl_reads_names *s, vl_viewer *v, vl_err *err)
{
    if (!(v->order = malloc((s->nhit + 1) * sizeof *v->order)))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu rows", s->nhit);
    if (s->nhit) qsort(s->hit, s->nhit, sizeof *s->hit, by_line);
    for (size_t i = 0; i < s->nhit; i++) {
        const bool twice = i && s->hit[i - 1].line == s->hit[i].line && s->hit[i - 1].row == s->hit[i].row;
        if (!twice && vl_rows_has(&v->rows, s->hit[i].row)) v->order[v->norder++] = s->hit[i].row;
    }
    return VL_OK;
}
