/* Counts of all alignments (alignments_counts.h): made from batches, kept as tables of /qc, read again. */
#include "pipeline/alignments/alignments_counts.h"

#include "pipeline/alignments/alignments_sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vl_alignments_counts_free(vl_alignments_counts *c)
{
    free(c->contig);
    vl_buf_free(&c->windows);
    c->contig = NULL;
    c->ncontig = 0;
}

int vl_alignments_tag_field(const vl_schema *schema, const char *tag)
{
    char path[VL_PATH];
    snprintf(path, sizeof path, "%s/tag/%s", vl_alignments_schema.kind, tag);
    for (int f = VL_AL_NFIELD; f < schema->nfield; f++)
        if (!strcmp(schema->field[f].path, path)) return f;
    return -1;
}

static const uint8_t *elements(const vl_column *c, size_t i, size_t width, size_t *n)
{
    *n = (size_t)(c->offset[i + 1] - c->offset[i]);
    return *n ? c->data.data + width * (c->offset[i] - c->offset[0]) : NULL;
}

void vl_cigar_of_row(const vl_batch *b, size_t i, int cg, const uint8_t **cigar, size_t *nop)
{
    enum { SOFT_CLIP = 4 };
    size_t n = 0;
    *cigar = elements(&b->col[VL_AL_CIGAR], i, 4, nop);
    if (cg < 0 || !*nop || !b->col[cg].offset) return;
    const uint64_t *const base = b->col[VL_AL_BASE].offset;
    const uint32_t first = vl_le32(*cigar);
    if ((first & 15) != SOFT_CLIP || first >> 4 != base[i + 1] - base[i]) return;
    const uint8_t *const meant = elements(&b->col[cg], i, 4, &n);
    if (n < *nop) return;
    *cigar = meant;
    *nop = n;
}

/* ---- one row ---- */

static vl_code grow(vl_alignments_counts *c, size_t n, vl_err *err)
{
    if (n <= c->ncontig) return VL_OK;
    void *const p = realloc(c->contig, n * sizeof *c->contig);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for counts of %zu contigs", n);
    c->contig = p;
    memset(c->contig + c->ncontig, 0, (n - c->ncontig) * sizeof *c->contig);
    c->ncontig = n;
    return VL_OK;
}

static void add_place(vl_alignments_counts *c, const int64_t place[VL_PLACE_N], uint8_t mapq)
{
    const unsigned flag = (unsigned)place[VL_PLACE_FLAG] & (VL_FLAGS - 1);
    const bool both = !(flag & (VL_FLAG_UNMAPPED | VL_FLAG_MATE_UNMAPPED)) && flag & VL_FLAG_PAIRED;
    const bool primary = !(flag & (VL_FLAG_SECONDARY | VL_FLAG_SUPPLEMENTARY));
    const int64_t length = place[VL_PLACE_TEMPLATE_LENGTH];
    uint64_t *const contig = c->contig[place[VL_PLACE_CONTIG] + 1];
    c->flag[flag]++;
    c->mapq[mapq]++;
    if (primary && both && place[VL_PLACE_CONTIG] != place[VL_PLACE_MATE_CONTIG])
        c->elsewhere[!!(flag & VL_FLAG_FILTERED)][mapq >= 5]++;
    if (primary && both && flag & VL_FLAG_PROPER && length > 0)
        c->insert[length < VL_INSERTS ? length : VL_INSERTS]++;
    contig[flag & VL_FLAG_UNMAPPED ? VL_CC_UNMAPPED : VL_CC_MAPPED]++;
    if (flag & VL_FLAGS_PASSED) return;
    contig[VL_CC_RECORDS]++;
    contig[VL_CC_MAPQ] += mapq;
}

/* Letters of a record upon the contig, and their qualities. */
static void add_letters(uint64_t *contig, const vl_batch *b, size_t i, const int64_t place[VL_PLACE_N],
                        const uint8_t *cigar, size_t nop)
{
    size_t nletter, at = 0;
    const uint8_t *const quality = elements(&b->col[VL_AL_QUALITY], i, 1, &nletter);
    const uint64_t end =
        (uint64_t)(place[VL_PLACE_POSITION] + (place[VL_PLACE_SPAN] ? place[VL_PLACE_SPAN] : 1));
    if (end > contig[VL_CC_END]) contig[VL_CC_END] = end;
    for (size_t k = 0; k < nop; k++) {
        const uint32_t op = vl_le32(cigar + 4 * k), n = op >> 4;
        if (vl_op_matches(op)) {
            uint64_t sum = 0;
            for (size_t q = at; q < nletter && q < at + n; q++) sum += quality[q];
            contig[VL_CC_QUALITY] += sum;
            contig[VL_CC_LETTERS] += n;
        }
        if (vl_op_in_read(op)) at += n;
    }
}

/* ---- the tally ---- */

static vl_code add_rows(vl_alignments_counts *c, const vl_batch *b, bool whole, vl_err *err)
{
    const vl_column *const at = &b->col[VL_AL_PLACE];
    const int cg = whole ? vl_alignments_tag_field(b->schema, "CG:BI") : -1;
    for (size_t i = 0; i < b->nrow[VL_AT_ALIGNMENT]; i++) {
        int64_t place[VL_PLACE_N];
        size_t n;
        const uint8_t *const p = elements(at, i, 8, &n);
        if (n != VL_PLACE_N) return vl_fail(err, VL_ESTORE, "a place is not of eight numbers");
        for (int k = 0; k < VL_PLACE_N; k++) place[k] = (int64_t)vl_le64(p + 8 * k);
        if (place[VL_PLACE_CONTIG] < -1 || place[VL_PLACE_CONTIG] > INT32_MAX)
            return vl_fail(err, VL_ESTORE, "there is no contig %lld", (long long)place[VL_PLACE_CONTIG]);
        if (grow(c, (size_t)(place[VL_PLACE_CONTIG] + 2), err)) return err->code;
        add_place(c, place, b->col[VL_AL_MAPQ].data.data[i]);
        if (!whole || place[VL_PLACE_CONTIG] < 0 || place[VL_PLACE_FLAG] & VL_FLAGS_PASSED) continue;
        const uint8_t *cigar, *const letter = elements(&b->col[VL_AL_BASE], i, 1, &n);
        size_t nop;
        vl_cigar_of_row(b, i, cg, &cigar, &nop);
        add_letters(c->contig[place[VL_PLACE_CONTIG] + 1], b, i, place, cigar, nop);
        if (vl_windows_row(&c->windows, place, cigar, nop, letter, n, err)) return err->code;
    }
    return VL_OK;
}

/* Of one slot, and of all. */
typedef struct counted {
    vl_alignments_counts counts;
    vl_buf hits; /* upon sites, between add and join */
} counted;
typedef struct in_order {
    vl_alignments_order order;
    vl_windows windows;
    vl_sites_laid sites;
} in_order;

/* The header, which says what contigs there are, comes with the first batch. */
static vl_code look(void *shared, const vl_sites *sites, const vl_batch *batch, vl_err *err)
{
    in_order *const all = shared;
    const vl_buf *const header = &batch->col[VL_AL_HEADER].data;
    vl_contigs contigs = { 0 };
    uint64_t line;
    if (all->sites.list && (!header->len || all->sites.ncontig)) return VL_OK;
    vl_sites_laid_free(&all->sites);
    if (!header->len || !vl_contigs_read(&contigs, (vl_cell){ header->data, header->len }, &line, err))
        vl_sites_lay(&all->sites, sites, &contigs, err);
    vl_contigs_free(&contigs);
    return err->code;
}

static vl_code add(const void *shared, void *state, const vl_batch *batch, vl_err *err)
{
    const in_order *const all = shared;
    counted *const mine = state;
    mine->counts.windows.len = 0;
    if (add_rows(&mine->counts, batch, true, err) || !all->sites.list) return err->code;
    return vl_sites_hit(&all->sites, batch, &mine->hits, err);
}

static vl_code join(void *shared, void *state, const vl_batch *batch, vl_err *err)
{
    in_order *const all = shared;
    counted *const mine = state;
    vl_sites_take(&all->sites, &mine->hits);
    return vl_alignments_order_add(&all->order, batch, err)
               ? err->code
               : vl_windows_join(&all->windows, &mine->counts.windows, err);
}

static void said(const void *shared, char text[VL_TALLY_SAID])
{
    const vl_sites_laid *const l = &((const in_order *)shared)->sites;
    if (!l->list) return;
    snprintf(text, VL_TALLY_SAID, "%zu of %zu on %zu contigs%s", l->found, l->list->n, l->contigs,
             !l->otherwise               ? ""
             : l->otherwise < l->contigs ? ", some with or without chr"
             : l->list->contig[0].chr    ? ", which the list writes with chr"
                                         : ", which the list writes without chr");
}

static vl_code merge(void *into, const void *from, vl_err *err)
{
    vl_alignments_counts *const a = &((counted *)into)->counts;
    const vl_alignments_counts *const b = &((const counted *)from)->counts;
    if (grow(a, b->ncontig, err)) return err->code;
    for (size_t i = 0; i < VL_FLAGS; i++) a->flag[i] += b->flag[i];
    for (int i = 0; i < 4; i++) a->elsewhere[i / 2][i % 2] += b->elsewhere[i / 2][i % 2];
    for (int i = 0; i < 256; i++) a->mapq[i] += b->mapq[i];
    for (int i = 0; i <= VL_INSERTS; i++) a->insert[i] += b->insert[i];
    for (size_t i = 0; i < b->ncontig; i++) {
        for (int k = 0; k < VL_CC_END; k++) a->contig[i][k] += b->contig[i][k];
        if (b->contig[i][VL_CC_END] > a->contig[i][VL_CC_END])
            a->contig[i][VL_CC_END] = b->contig[i][VL_CC_END];
    }
    return VL_OK;
}

/* ---- tables ---- */

static vl_code table(vl_store *st, const char *path, const void *data, int ndim, uint64_t n, uint64_t m,
                     const char *first, const char *second, const char *doc, vl_err *err)
{
    const uint64_t dims[2] = { n, m };
    const char *const axis[2] = { first, second };
    return vl_store_table(st, path, VL_U64, data, ndim, dims, axis, "records", doc, err);
}

/* Flags that occur, and how often: two lines of numbers. */
static vl_code store_flags(const vl_alignments_counts *c, vl_store *st, vl_err *err)
{
    uint64_t n = 0, k = 0;
    for (size_t i = 0; i < VL_FLAGS; i++) n += c->flag[i] != 0;
    uint64_t *const line = n ? malloc(2 * n * sizeof *line) : NULL;
    if (!n) return VL_OK;
    if (!line) return vl_fail(err, VL_ENOMEM, "no memory for counts of flags");
    for (size_t i = 0; i < VL_FLAGS; i++) {
        if (!c->flag[i]) continue;
        line[k] = i;
        line[n + k++] = c->flag[i];
    }
    table(st, "qc/flag", line, 2, 2, n, "flags, records", "", "records by their flags", err);
    free(line);
    return err->code;
}

static vl_code store(const void *shared, const void *state, vl_store *st, vl_err *err)
{
    const in_order *const all = shared;
    const vl_alignments_counts *const c = &((const counted *)state)->counts;
    if (all->sites.list && vl_sites_store(&all->sites, st, err)) return err->code;
    if (!c->ncontig) return VL_OK;
    if (vl_alignments_order_store(&all->order, st, err) ||
        vl_windows_store(&all->windows, !all->order.turns, st, err) || store_flags(c, st, err) ||
        table(st, "qc/mate_elsewhere", c->elsewhere, 2, 2, 2, "passed, filtered",
              "mapping quality below 5, others", "primary mapped records whose mate lies on another contig",
              err) ||
        table(st, "qc/mapping_quality", c->mapq, 1, 256, 0, "mapping quality", "",
              "records by their mapping quality", err) ||
        table(st, "qc/insert_size", c->insert, 1, VL_INSERTS + 1, 0, "letters; the last: that and more", "",
              "template lengths of proper pairs", err))
        return err->code;
    return table(
        st, "qc/contig", c->contig, 2, c->ncontig, VL_CC_N, "no contig, then contigs of the header",
        "mapped, unmapped; of those without flags 0x704: records, sum of mapping qualities, letters upon "
        "the contig, sum of their qualities, end of the last",
        "what lies on contigs, up to the last that has any", err);
}

static void free_state(void *state)
{
    counted *const mine = state;
    vl_alignments_counts_free(&mine->counts);
    vl_buf_free(&mine->hits);
}

static void free_shared(void *shared)
{
    in_order *const all = shared;
    vl_windows_free(&all->windows);
    vl_sites_laid_free(&all->sites);
}

const vl_tally vl_alignments_tally = { .size = sizeof(counted),
                                       .shared = sizeof(in_order),
                                       .look = look,
                                       .said = said,
                                       .add = add,
                                       .join = join,
                                       .merge = merge,
                                       .store = store,
                                       .free = free_state,
                                       .free_shared = free_shared };

/* ---- out of a store ---- */

vl_code vl_alignments_table(vl_store *st, const char *path, int ndim, uint64_t columns, vl_buf *bytes,
                            uint64_t *rows, vl_work *work, vl_err *err)
{
    const int column = vl_store_find(st, path);
    *rows = 0;
    if (column < 0 || vl_store_look_at(st, column, err)) return err->code;
    const vl_stored *const c = vl_store_column(st, column);
    if (c->type != VL_U64 || c->ndim != ndim || (columns && c->dims[ndim - 1] != columns))
        return vl_fail(err, VL_ESTORE, "%s is no table of counts", path);
    if (vl_store_read(st, column, bytes, work, err)) return err->code;
    if (bytes->len / 8 != c->nelem) return vl_fail(err, VL_ESTORE, "%s is too short", path);
    *rows = ndim == 2 && columns ? c->nelem / columns : c->nelem;
    return VL_OK;
}

/* A list of counts, of which there may be none. */
static vl_code load_list(uint64_t *to, uint64_t n, vl_store *st, const char *path, vl_buf *bytes,
                         vl_work *work, vl_err *err)
{
    uint64_t found;
    if (vl_alignments_table(st, path, 1, n, bytes, &found, work, err) || !found) return err->code;
    for (uint64_t i = 0; i < n; i++) to[i] = vl_le64(bytes->data + 8 * i);
    return VL_OK;
}

vl_code vl_alignments_counts_tables(vl_alignments_counts *c, vl_store *st, bool *there, vl_work *work,
                                    vl_err *err)
{
    vl_buf bytes = { 0 };
    uint64_t n;
    *there = false;
    if (vl_alignments_table(st, "qc/flag", 2, 0, &bytes, &n, work, err) || !n) goto out;
    for (uint64_t i = 0; i < n / 2; i++) {
        const uint64_t flag = vl_le64(bytes.data + 8 * i);
        if (flag >= VL_FLAGS) vl_fail(err, VL_ESTORE, "qc/flag has flags of more than 16 bits");
        else c->flag[flag] = vl_le64(bytes.data + 8 * (n / 2 + i));
        if (c->nflag <= flag && flag < VL_FLAGS) c->nflag = (unsigned)flag + 1;
    }
    if (err->code || vl_alignments_table(st, "qc/mate_elsewhere", 2, 2, &bytes, &n, work, err) || n != 2)
        goto out;
    for (int i = 0; i < 4; i++) c->elsewhere[i / 2][i % 2] = vl_le64(bytes.data + 8 * i);
    if (vl_alignments_table(st, "qc/contig", 2, VL_CC_N, &bytes, &n, work, err) || !n ||
        grow(c, (size_t)n, err))
        goto out;
    for (size_t i = 0; i < n * VL_CC_N; i++)
        c->contig[i / VL_CC_N][i % VL_CC_N] = vl_le64(bytes.data + 8 * i);
    if (load_list(c->mapq, 256, st, "qc/mapping_quality", &bytes, work, err) ||
        load_list(c->insert, VL_INSERTS + 1, st, "qc/insert_size", &bytes, work, err))
        goto out;
    *there = true;
out:
    vl_buf_free(&bytes);
    return err->code;
}

static vl_code count_rows(vl_alignments_counts *c, vl_reader *r, vl_work *work, vl_err *err)
{
    enum { ROWS = 1 << 14 };
    static const vl_sight sight[] = { { VL_AL_PLACE, VL_WANT_ROWS }, { VL_AL_MAPQ, VL_WANT_ROWS } };
    const uint64_t all = vl_reader_nrow(r, VL_AT_ALIGNMENT);
    vl_want *want = NULL;
    vl_plan plan = { 0 };
    if (!vl_reader_want(r, sight, 2, &want, err)) vl_plan_init(&plan, r, err);
    for (uint64_t first = 0; first < all && !err->code; first += ROWS) {
        const size_t n = (size_t)(all - first < ROWS ? all - first : ROWS);
        if (!vl_reader_rows(r, &plan, VL_AT_ALIGNMENT, first, n, want, work, err) &&
            !vl_reader_load(r, &plan, work, err))
            add_rows(c, &plan.batch, false, err);
    }
    vl_plan_free(r, &plan);
    free(want);
    return err->code;
}

vl_code vl_alignments_counts_load(vl_alignments_counts *c, vl_reader *r, bool *whole, vl_work *work,
                                  vl_err *err)
{
    if (vl_alignments_counts_tables(c, vl_reader_store(r), whole, work, err) || *whole) return err->code;
    vl_alignments_counts_free(c);
    memset(c, 0, sizeof *c);
    c->nflag = VL_FLAGS;
    return count_rows(c, r, work, err);
}
