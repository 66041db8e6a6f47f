/*
 * Counts of sites as tables (alignments_sites.h; docs/store.md): /qc/sites says which list it is, all of it,
 * so that a store can be understood without the file that it came from.
 */
#include "pipeline/alignments/alignments_sites.h"

#include <stdlib.h>
#include <string.h>

#define GROUP "qc/sites"

static vl_code table(vl_store *st, const char *path, vl_type type, const void *data, uint64_t n, uint64_t m,
                     const char *columns, const char *unit, const char *doc, vl_err *err)
{
    const uint64_t dims[2] = { n, m };
    const char *const axis[2] = { m ? "sites" : "", columns };
    return vl_store_table(st, path, type, data, m ? 2 : 1, dims, axis, unit, doc, err);
}

/* i64 contig, place; letters behind them. */
static vl_code store_places(const vl_sites *s, vl_store *st, vl_err *err)
{
    uint8_t *const place = malloc(18 * s->n), *const letter = place ? place + 16 * s->n : NULL;
    if (!place) return vl_fail(err, VL_ENOMEM, "no memory for %zu sites", s->n);
    for (size_t i = 0; i < s->n; i++) {
        vl_put_le64(place + 16 * i, s->site[i].contig);
        vl_put_le64(place + 16 * i + 8, (uint64_t)s->site[i].position);
        letter[2 * i] = s->site[i].ref;
        letter[2 * i + 1] = s->site[i].alt;
    }
    if (!table(st, GROUP "/place", VL_I64, place, s->n, 2, "line of contig, position from 0", "",
               "places of the list of sites", err))
        table(st, GROUP "/letter", VL_U8, letter, s->n, 2, "reference, other", "letter",
              "letters of the list of sites", err);
    free(place);
    return err->code;
}

vl_code vl_sites_put(const vl_sites_laid *l, vl_buf *out, vl_err *err)
{
    const size_t n = l->list->n * VL_SITE_N;
    out->len = 0;
    if (vl_buf_reserve(out, 4 * n, err)) return err->code;
    for (size_t i = 0; i < n; i++) vl_put_le32(out->data + 4 * i, l->count[i / VL_SITE_N][i % VL_SITE_N]);
    out->len = 4 * n;
    return VL_OK;
}

vl_code vl_sites_store(const vl_sites_laid *l, vl_store *st, vl_err *err)
{
    const vl_sites *const s = l->list;
    vl_buf count = { 0 };
    if (table(st, GROUP "/contig", VL_U8, s->names.data, s->names.len, 0, "", "",
              "contigs of the list of sites, a line each, without chr", err) ||
        store_places(s, st, err) || vl_sites_put(l, &count, err))
        return err->code;
    table(st, GROUP "/count", VL_U32, count.data, s->n, VL_SITE_N,
          "letters that are the reference's, the other, a third", "letters",
          "letters upon sites, of records without flags 0x704, of mapping quality 20 and base quality 13 "
          "or more",
          err);
    vl_buf_free(&count);
    if (err->code || vl_store_note(st, GROUP, "digest", s->digest, err) ||
        vl_store_note_u64(st, GROUP, "found", l->found, err) ||
        vl_store_note_u64(st, GROUP, "contigs", l->contigs, err))
        return err->code;
    return vl_store_note_u64(st, GROUP, "contigs_written_otherwise", l->otherwise, err);
}

static bool is_digest(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

vl_code vl_sites_load(vl_sites_kept *k, vl_store *st, vl_work *work, vl_err *err)
{
    char digest[40];
    const int column = vl_store_find(st, GROUP "/count");
    k->digest[0] = 0;
    k->n = 0;
    if (column < 0 || vl_store_look_at(st, column, err)) return err->code;
    const vl_stored *const c = vl_store_column(st, column);
    if (vl_store_get(st, GROUP, "digest", digest, sizeof digest, err)) return err->code;
    if (c->type != VL_U32 || c->ndim != 2 || c->dims[1] != VL_SITE_N || !c->dims[0] ||
        c->dims[0] > VL_SITES_MOST || !is_digest(digest))
        return vl_fail(err, VL_ESTORE, GROUP "/count is no table of counts");
    if (vl_store_read(st, column, &k->count, work, err)) return err->code;
    if (k->count.len != 4 * VL_SITE_N * c->dims[0])
        return vl_fail(err, VL_ESTORE, GROUP "/count is too short");
    memcpy(k->digest, digest, sizeof k->digest);
    k->n = c->dims[0];
    return VL_OK;
}
