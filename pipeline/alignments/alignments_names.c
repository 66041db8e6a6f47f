/* Alignments by name (alignments_names.h): the names in a hash table that each of the store is held to. */
#include "pipeline/alignments/alignments_names.h"

#include "formats/alignments/alignments.h"
#include "formats/xxh3.h"
#include "pipeline/io/input_raw.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct vl_alignments_names {
    vl_raw file;
    vl_cell *name; /* owned; borrowed from the file or the command line; each once */
    size_t n, cap;
    uint32_t *slot; /* owned; [nslot], a power of 2: 1 + number of a name */
    size_t nslot;
    atomic_uchar *found; /* owned; [n] */
    vl_rows rows;        /* of the table of names */
};

static uint32_t *slot_of(const vl_alignments_names *s, vl_cell name)
{
    for (size_t i = XXH3_64bits(name.at, name.n) & (s->nslot - 1);; i = (i + 1) & (s->nslot - 1)) {
        if (!s->slot[i]) return &s->slot[i];
        const vl_cell there = s->name[s->slot[i] - 1];
        if (there.n == name.n && (!name.n || !memcmp(there.at, name.at, name.n))) return &s->slot[i];
    }
}

static vl_code more_slots(vl_alignments_names *s, vl_err *err)
{
    const size_t n = s->nslot ? 2 * s->nslot : 64;
    uint32_t *const slot = n < UINT32_MAX ? calloc(n, sizeof *slot) : NULL;
    if (!slot) return vl_fail(err, VL_ENOMEM, "no memory for %zu names", s->n);
    free(s->slot);
    s->slot = slot;
    s->nslot = n;
    for (size_t i = 0; i < s->n; i++) *slot_of(s, s->name[i]) = (uint32_t)(i + 1);
    return VL_OK;
}

vl_code vl_alignments_names_add(vl_alignments_names *s, vl_cell name, vl_err *err)
{
    if (2 * s->n >= s->nslot && more_slots(s, err)) return err->code;
    uint32_t *const slot = slot_of(s, name);
    if (*slot) return VL_OK;
    if (s->n == s->cap) {
        const size_t cap = s->cap ? 2 * s->cap : 16;
        vl_cell *const p = realloc(s->name, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu names", cap);
        s->name = p;
        s->cap = cap;
    }
    s->name[s->n++] = name;
    *slot = (uint32_t)s->n;
    return VL_OK;
}

static vl_code read_list(vl_alignments_names *s, const char *path, vl_err *err)
{
    enum { MOST = 1 << 30 };
    if (vl_raw_open(&s->file, path, err)) return err->code;
    for (size_t n = 1 << 16; !s->file.end && !err->code; n *= 2) {
        if (n > MOST) vl_fail(err, VL_EARG, "more than %d bytes of names", MOST);
        else vl_raw_need(&s->file, n, err);
    }
    vl_cell all = { NULL, 0 };
    if (!err->code) all = (vl_cell){ vl_raw_bytes(&s->file), vl_raw_left(&s->file) };
    while (all.n && !err->code) {
        vl_cell line = vl_sam_split(&all, '\n');
        if (line.n && line.at[line.n - 1] == '\r') line.n--;
        if (line.n) vl_alignments_names_add(s, line, err);
    }
    return vl_err_file(err, path);
}

vl_code vl_alignments_names_open(vl_alignments_names **out, const char *name, const char *path, vl_err *err)
{
    vl_alignments_names *const s = *out = calloc(1, sizeof *s);
    if (!s) return vl_fail(err, VL_ENOMEM, "no memory for names");
    s->file = (vl_raw)VL_RAW_INIT;
    s->file.unhashed = true;
    if (path && read_list(s, path, err)) return err->code;
    if (name && vl_alignments_names_add(s, (vl_cell){ (const uint8_t *)name, strlen(name) }, err))
        return err->code;
    s->found = calloc(s->n + 1, sizeof *s->found);
    if (!s->nslot) more_slots(s, err);
    return s->found ? err->code : vl_fail(err, VL_ENOMEM, "no memory for %zu names", s->n);
}

void vl_alignments_names_close(vl_alignments_names *s)
{
    if (!s) return;
    vl_raw_free(&s->file);
    free(s->name);
    free(s->slot);
    free(s->found);
    free(s->rows.run);
    free(s);
}

bool vl_alignments_names_has(const vl_alignments_names *s, vl_cell name) { return *slot_of(s, name) > 0; }
const vl_rows *vl_alignments_names_rows(const vl_alignments_names *s) { return &s->rows; }

void vl_alignments_names_count(const vl_alignments_names *s, size_t *all, size_t *missed)
{
    *all = s->n;
    *missed = 0;
    for (size_t i = 0; i < s->n; i++) *missed += !s->found[i];
}

static vl_code look(const void *self, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_alignments_names *const s = self;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const uint32_t k = *slot_of(s, vl_row(&b->col[VL_AL_NAME], i));
        what[i] = k > 0;
        if (k) atomic_store_explicit(&s->found[k - 1], 1, memory_order_relaxed);
    }
    return VL_OK;
}

vl_code vl_alignments_names_find(vl_alignments_names *s, vl_reader *r, int threads, vl_err *err)
{
    static const vl_sight sight[] = { { VL_AL_NAME, VL_WANT_ROWS } };
    const vl_search search = {
        .table = VL_AT_NAME, .sight = sight, .nsight = 1, .along = -1, .step = 1, .look = look, .self = s
    };
    vl_rows all = { 0 };
    if (!vl_rows_add(&all, 0, vl_reader_nrow(r, VL_AT_NAME), err))
        vl_find(r, &search, &all, &s->rows, threads, err);
    free(all.run);
    return err->code;
}
