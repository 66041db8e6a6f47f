/* /qc of one mate (reads_qc.h). */
#include "pipeline/reads/reads_qc.h"

#include <inttypes.h>
#include <stdio.h>

/* dims: how many axes; columns: what the last one (of tables by key the first) must be; 0: any. */
static const struct {
    const char *name;
    vl_type type;
    int ndim;
    size_t first, last;
} shape[VL_QT_N] = {
    [VL_QT_BASE] = { "base_count", VL_U64, 2, 0, VL_QC_LETTERS },
    [VL_QT_QUALITY] = { "quality_count", VL_U64, 2, 0, VL_QC_LEVELS },
    [VL_QT_BASE_BEYOND] = { "base_beyond", VL_U64, 1, VL_QC_LETTERS, 0 },
    [VL_QT_QUALITY_BEYOND] = { "quality_beyond", VL_U64, 1, VL_QC_LEVELS, 0 },
    [VL_QT_BASE_GROUP] = { "base_group", VL_U64, 2, 0, VL_QC_LETTERS },
    [VL_QT_QUALITY_GROUP] = { "quality_group", VL_U64, 2, 0, VL_QC_LEVELS },
    [VL_QT_ERROR] = { "long_quality", VL_U64, 2, 3, 0 },
    [VL_QT_LENGTH] = { "read_length", VL_U64, 1, 0, 0 },
    [VL_QT_LONG] = { "long_read", VL_U64, 2, 2, 0 },
    [VL_QT_OTHER] = { "other_letter", VL_U64, 2, 3, 0 },
    [VL_QT_MEAN] = { "read_quality", VL_U64, 1, VL_QC_LEVELS, 0 },
    [VL_QT_GC] = { "read_gc", VL_U64, 2, 3, 0 },
    [VL_QT_ADAPTER] = { "adapter", VL_U64, 2, 3, 0 },
    [VL_QT_TILE] = { "tile", VL_U32, 1, 0, 0 },
    [VL_QT_TILE_QUALITY] = { "tile_quality", VL_U64, 3, 0, 0 },
    [VL_QT_DUPLICATION] = { "duplication", VL_U64, 2, 2, 0 },
    [VL_QT_FREQUENT] = { "frequent", VL_U8, 2, 0, VL_KEY_WHOLE },
    [VL_QT_FREQUENT_COUNT] = { "frequent_count", VL_U64, 1, 0, 0 },
    [VL_QT_TAIL] = { "tail", VL_U64, 2, 3, 0 },
    [VL_QT_INSERT] = { "insert_size", VL_U64, 1, VL_QC_INSERTS + 1, 0 },
    [VL_QT_OVERHANG] = { "overhang", VL_U64, 3, 2, VL_QC_LETTERS },
    [VL_QT_COPIES] = { "copies", VL_U64, 2, 2, 0 },
};

static vl_code load(vl_qc_table *t, vl_store *st, int which, const char *mate, vl_err *err)
{
    char path[48];
    vl_work work = { 0 };
    uint64_t n = 1;
    snprintf(path, sizeof path, "qc/%s%s", shape[which].name, mate);
    const int column = vl_store_find(st, path);
    if (column < 0) return VL_OK;
    const vl_stored *const c = vl_store_column(st, column);
    const uint64_t last = c->dims[c->ndim > 0 ? c->ndim - 1 : 0];
    if (c->type != shape[which].type || c->ndim != shape[which].ndim ||
        (shape[which].first && c->dims[0] != shape[which].first) ||
        (shape[which].last && last != shape[which].last))
        return vl_fail(err, VL_ESTORE, "%s is no table of counts", path);
    if (!vl_store_read(st, column, &t->bytes, &work, err)) {
        for (int d = 0; d < 3; d++) {
            t->dim[d] = d < c->ndim ? c->dims[d] : 1;
            if (t->dim[d] > t->bytes.len / n) vl_fail(err, VL_ESTORE, "%s is too short", path);
            n *= t->dim[d] ? t->dim[d] : 1;
        }
        t->type = c->type;
        if (n * vl_type_width(c->type) > t->bytes.len) vl_fail(err, VL_ESTORE, "%s is too short", path);
    }
    vl_work_free(&work);
    return err->code;
}

uint64_t vl_qc_at(const vl_reads_qc *qc, int table, size_t i, size_t j, size_t k)
{
    const vl_qc_table *const t = &qc->table[table];
    const size_t at = (i * t->dim[1] + j) * t->dim[2] + k;
    if (t->type == VL_U8) return t->bytes.data[at];
    return t->type == VL_U32 ? vl_le32(t->bytes.data + 4 * at) : vl_le64(t->bytes.data + 8 * at);
}

/* Lengths, from the shortest to the longest. */
static void sum_lengths(vl_reads_qc *qc)
{
    const size_t n = vl_qc_dim(qc, VL_QT_LENGTH, 0), more = vl_qc_dim(qc, VL_QT_LONG, 1);
    qc->shortest = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        const uint64_t reads = vl_qc_at(qc, VL_QT_LENGTH, i, 0, 0);
        qc->nread += reads;
        if (!reads) continue;
        if (qc->shortest > i) qc->shortest = i;
        qc->longest = i;
    }
    for (size_t i = 0; i < more && qc->table[VL_QT_LONG].dim[0]; i++) {
        const uint64_t length = vl_qc_key(qc, VL_QT_LONG, 0, i);
        if (length > qc->longest) qc->longest = length;
        if (qc->shortest == VL_QC_POSITIONS && !i) qc->shortest = length;
    }
}

static void sum_positions(vl_reads_qc *qc)
{
    const bool beyond = vl_qc_dim(qc, VL_QT_BASE_BEYOND, 0) && vl_qc_dim(qc, VL_QT_QUALITY_BEYOND, 0);
    qc->cut = qc->longest > VL_QC_POSITIONS && !beyond;
    for (size_t k = 0; k < VL_QC_LETTERS; k++) {
        if (beyond) qc->base[k] = vl_qc_at(qc, VL_QT_BASE_BEYOND, k, 0, 0);
        for (size_t p = 0; p < vl_qc_dim(qc, VL_QT_BASE, 0); p++)
            qc->base[k] += vl_qc_at(qc, VL_QT_BASE, p, k, 0);
    }
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        if (beyond) qc->quality[q] = vl_qc_at(qc, VL_QT_QUALITY_BEYOND, q, 0, 0);
        for (size_t p = 0; p < vl_qc_dim(qc, VL_QT_QUALITY, 0); p++)
            qc->quality[q] += vl_qc_at(qc, VL_QT_QUALITY, p, q, 0);
    }
}

vl_code vl_reads_qc_load(vl_reads_qc *qc, vl_store *st, int mate, vl_err *err)
{
    static const char *const end[] = { "", "_1", "_2" }, *const name[] = { "", "mate 1", "mate 2" };
    char path[48];
    *qc = (vl_reads_qc){ .name = name[mate] };
    for (int t = 0; t < VL_QT_N; t++)
        if (load(&qc->table[t], st, t, end[mate], err)) return err->code;
    sum_lengths(qc);
    if (qc->longest > UINT32_MAX)
        return vl_fail(err, VL_ESTORE, "qc: a read of %" PRIu64 " bases", qc->longest);
    if (qc->longest <= VL_QC_POSITIONS &&
        (vl_qc_dim(qc, VL_QT_BASE, 0) < qc->longest || vl_qc_dim(qc, VL_QT_QUALITY, 0) < qc->longest))
        return vl_fail(err, VL_ESTORE,
                       "qc: counts by position end before the longest read, of %" PRIu64 " bases",
                       qc->longest);
    sum_positions(qc);
    qc->whole = vl_qc_dim(qc, VL_QT_MEAN, 0) || !qc->longest;
    snprintf(path, sizeof path, "full_at%s", end[mate]);
    return vl_store_get_u64(st, "qc", path, &qc->full_at, err);
}

vl_code vl_reads_whole_of(const vl_reads_qc *qc, vl_store *st, vl_reads_whole *out, vl_err *err)
{
    double all = 0, distinct = 0;
    uint64_t bits = 0, most = 0;
    *out =
        (vl_reads_whole){ .pairs = qc->table[VL_QT_INSERT].dim[0], .copies = qc->table[VL_QT_COPIES].dim[0] };
    for (size_t i = 0; out->pairs && i <= VL_QC_INSERTS; i++) {
        const uint64_t n = vl_qc_at(qc, VL_QT_INSERT, i, 0, 0);
        if (i == VL_QC_INSERTS) out->unknown = n;
        else {
            out->found += n;
            if (n > most) most = n, out->peak = i;
        }
    }
    for (size_t i = 0; out->copies && i < vl_qc_dim(qc, VL_QT_COPIES, 1); i++) {
        distinct += (double)vl_qc_key(qc, VL_QT_COPIES, 1, i);
        all += (double)vl_qc_key(qc, VL_QT_COPIES, 0, i) * (double)vl_qc_key(qc, VL_QT_COPIES, 1, i);
    }
    out->copied = all > 0 ? 100 * (1 - distinct / all) : 0;
    if (vl_store_get_u64(st, "qc", "overhang_pairs", &out->through, err) ||
        vl_store_get_u64(st, "qc", "overhang_letters", &out->behind, err) ||
        vl_store_get_u64(st, "qc", "copies_bits", &bits, err))
        return err->code;
    out->exact = !bits;
    return VL_OK;
}

void vl_reads_qc_tails(const vl_reads_qc *qc, unsigned letter, uint64_t *reads, uint64_t *letters)
{
    *reads = *letters = 0;
    for (size_t i = 0; qc->table[VL_QT_TAIL].dim[0] && i < vl_qc_dim(qc, VL_QT_TAIL, 1); i++) {
        if (vl_qc_key(qc, VL_QT_TAIL, 0, i) != letter) continue;
        *reads += vl_qc_key(qc, VL_QT_TAIL, 2, i);
        *letters += vl_qc_key(qc, VL_QT_TAIL, 1, i) * vl_qc_key(qc, VL_QT_TAIL, 2, i);
    }
}

char vl_reads_overhang(const vl_reads_qc *qc, int mate, size_t at)
{
    uint64_t all = 0, most = 0;
    char letter = 0;
    if (!qc->table[VL_QT_OVERHANG].dim[0] || at >= vl_qc_dim(qc, VL_QT_OVERHANG, 1)) return 0;
    for (size_t k = 0; k < VL_QC_LETTERS; k++) {
        const uint64_t n = vl_qc_at(qc, VL_QT_OVERHANG, (size_t)mate, at, k);
        all += n;
        if (n > most) most = n, letter = "ACGTN"[k];
    }
    return 5 * most > 4 * all ? letter : 0;
}

/* Number of lengths with a bin of their own; longer ones are in a table by key. */
static size_t bins_of(const vl_reads_qc *qc)
{
    const size_t n = vl_qc_dim(qc, VL_QT_LENGTH, 0);
    return qc->table[VL_QT_LONG].dim[0] && n > VL_QC_POSITIONS ? VL_QC_POSITIONS : n;
}

static size_t nlong(const vl_reads_qc *qc)
{
    return qc->table[VL_QT_LONG].dim[0] ? vl_qc_dim(qc, VL_QT_LONG, 1) : 0;
}

uint64_t vl_reads_qc_reads_of(const vl_reads_qc *qc, uint64_t from, uint64_t to)
{
    uint64_t n = 0;
    for (uint64_t i = from; i <= to && i < bins_of(qc); i++) n += vl_qc_at(qc, VL_QT_LENGTH, i, 0, 0);
    for (size_t i = 0; i < nlong(qc); i++) {
        const uint64_t length = vl_qc_key(qc, VL_QT_LONG, 0, i);
        if (length >= from && length <= to) n += vl_qc_key(qc, VL_QT_LONG, 1, i);
    }
    return n;
}

uint64_t vl_reads_qc_n50(const vl_reads_qc *qc)
{
    double all = 0, sum = 0;
    for (size_t i = 0; i < bins_of(qc); i++) all += (double)i * (double)vl_qc_at(qc, VL_QT_LENGTH, i, 0, 0);
    for (size_t i = 0; i < nlong(qc); i++)
        all += (double)vl_qc_key(qc, VL_QT_LONG, 0, i) * (double)vl_qc_key(qc, VL_QT_LONG, 1, i);
    for (size_t i = nlong(qc); i-- > 0;) {
        sum += (double)vl_qc_key(qc, VL_QT_LONG, 0, i) * (double)vl_qc_key(qc, VL_QT_LONG, 1, i);
        if (2 * sum >= all) return vl_qc_key(qc, VL_QT_LONG, 0, i);
    }
    for (size_t i = bins_of(qc); i-- > 0;) {
        sum += (double)i * (double)vl_qc_at(qc, VL_QT_LENGTH, i, 0, 0);
        if (2 * sum >= all) return i;
    }
    return 0;
}

void vl_reads_qc_missing(const vl_reads_qc *qc, char note[VL_QC_NOTE])
{
    if (qc->nread && !qc->whole)
        snprintf(note, VL_QC_NOTE,
                 "made by an earlier version, which counted no qualities and no G and C of single reads, no "
                 "tiles, "
                 "adapters, duplicates and no N by itself: these are missing");
    else if (qc->longest > VL_QC_POSITIONS)
        snprintf(note, VL_QC_NOTE,
                 "has reads of more than %d bases, and counts position by position only of so many: FastQC's "
                 "tables by "
                 "position are missing%s",
                 VL_QC_POSITIONS, qc->cut ? ", and totals are of these" : "");
}

void vl_reads_qc_free(vl_reads_qc *qc)
{
    for (int t = 0; t < VL_QT_N; t++) vl_buf_free(&qc->table[t].bytes);
}
