/* Depth along contigs, and by GC (alignments_windows.h). */
#include "pipeline/alignments/alignments_windows.h"

#include "pipeline/alignments/alignments_counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

/* What a row adds to a window. */
typedef struct part {
    uint64_t window;
    uint32_t contig;
    uint32_t first; /* of its row: none of the rows behind begins before this window, if they are sorted */
    uint64_t sum[VL_WS_N];
} part;

/* Of a window at most: bytes count them, which is quicker. */
static void count_letters(const uint8_t *letter, size_t n, uint64_t sum[VL_WS_N])
{
    _Static_assert((int)VL_WINDOW < 256, "counted in bytes");
    uint8_t gc = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = letter[i] & 0xdf;
        gc = (uint8_t)(gc + ((c == 'G') | (c == 'C')));
        at = (uint8_t)(at + ((c == 'A') | (c == 'T')));
    }
    sum[VL_WS_KNOWN] += (uint64_t)gc + at;
    sum[VL_WS_GC] += gc;
}

vl_code vl_windows_row(vl_buf *parts, const int64_t place[VL_PLACE_N], const uint8_t *cigar, size_t nop,
                       const uint8_t *letter, size_t nletter, vl_err *err)
{
    uint64_t position = (uint64_t)place[VL_PLACE_POSITION];
    size_t read = 0;
    part p = { .contig = (uint32_t)place[VL_PLACE_CONTIG], .first = 1, .window = position / VL_WINDOW };
    if (!nletter || place[VL_PLACE_POSITION] < 0 || position / VL_WINDOW > UINT32_MAX) return VL_OK;
    for (size_t k = 0; k < nop; k++) {
        const uint32_t op = vl_le32(cigar + 4 * k);
        size_t n = op >> 4;
        while (vl_op_matches(op) && n && read < nletter) {
            const uint64_t window = position / VL_WINDOW, left = (window + 1) * VL_WINDOW - position;
            const size_t fit = n < left ? n : (size_t)left;
            const size_t here = fit < nletter - read ? fit : nletter - read;
            if (window != p.window) {
                if (vl_buf_append(parts, &p, sizeof p, err)) return err->code;
                p = (part){ .contig = p.contig, .window = window };
            }
            p.sum[VL_WS_LETTERS] += here;
            count_letters(letter + read, here, p.sum);
            position += here;
            read += here;
            n -= here;
        }
        if (vl_op_on_contig(op)) position += n;
        if (vl_op_in_read(op)) read += n;
    }
    return vl_buf_append(parts, &p, sizeof p, err);
}

/* ---- along contigs ---- */

static vl_code grow_contigs(vl_windows *w, size_t n, vl_err *err)
{
    if (n <= w->ncontig) return VL_OK;
    vl_windows_contig *const p = realloc(w->contig, n * sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for windows of %zu contigs", n);
    memset(p + w->ncontig, 0, (n - w->ncontig) * sizeof *p);
    w->contig = p;
    w->ncontig = n;
    return VL_OK;
}

/* Two windows become one. */
static void coarsen(vl_windows *w)
{
    w->shift++;
    w->more = 0;
    for (size_t i = 0; i < w->ncontig; i++) {
        vl_windows_contig *const c = &w->contig[i];
        for (size_t k = 0; k < c->n; k++)
            for (int s = 0; s < VL_WS_N; s++)
                c->sum[k / 2][s] = (k & 1 ? c->sum[k / 2][s] : 0) + c->sum[k][s];
        c->n = (c->n + 1) / 2;
        w->more += c->n ? c->n - 1 : 0;
    }
}

static vl_code add_along(vl_windows *w, const part *p, vl_err *err)
{
    if (grow_contigs(w, (size_t)p->contig + 1, err)) return err->code;
    vl_windows_contig *const c = &w->contig[p->contig];
    for (; p->window >> w->shift >= c->n; coarsen(w)) {
        const uint64_t n = (p->window >> w->shift) + 1, more = n - (c->n ? c->n : 1);
        if (more > VL_WINDOWS - w->more) continue;
        void *const sum = realloc(c->sum, (size_t)n * sizeof *c->sum);
        if (!sum) return vl_fail(err, VL_ENOMEM, "no memory for windows");
        c->sum = sum;
        memset(c->sum + c->n, 0, (size_t)(n - c->n) * sizeof *c->sum);
        c->n = (size_t)n;
        w->more += (size_t)more;
        break;
    }
    for (int s = 0; s < VL_WS_N; s++) c->sum[p->window >> w->shift][s] += p->sum[s];
    return VL_OK;
}

/* ---- by GC ---- */

typedef struct open_window {
    uint64_t sum[VL_WS_N];
} open_window;

static open_window *windows_of(const vl_windows *w, size_t *n)
{
    *n = w->open.len / sizeof(open_window);
    return (open_window *)(void *)w->open.data;
}

static void add_window(uint64_t gc[VL_GC][2], const uint64_t sum[VL_WS_N])
{
    if (2 * sum[VL_WS_KNOWN] < VL_WINDOW) return;
    const uint64_t percent = (200 * sum[VL_WS_GC] + sum[VL_WS_KNOWN]) / (2 * sum[VL_WS_KNOWN]);
    gc[percent][0]++;
    gc[percent][1] += sum[VL_WS_LETTERS];
}

/* Windows before this one get no letters any more. */
static void close_before(vl_windows *w, uint64_t window)
{
    size_t n;
    open_window *const all = windows_of(w, &n);
    for (; w->done < n && w->from < window; w->from++) add_window(w->gc, all[w->done++].sum);
    if (2 * w->done < n) return;
    if (w->done < n) memmove(all, all + w->done, (n - w->done) * sizeof *all);
    w->open.len = (n - w->done) * sizeof *all;
    w->done = 0;
    if (w->from < window) w->from = window;
}

static vl_code add_by_gc(vl_windows *w, const part *p, vl_err *err)
{
    enum { MOST = 1 << 20 };
    if (p->contig != w->at) close_before(w, UINT64_MAX);
    if (p->contig != w->at) w->from = 0;
    w->broken |= p->contig < w->at;
    w->at = p->contig;
    if (p->first) close_before(w, p->window);
    w->broken |= p->window < w->from || p->window - w->from >= MOST;
    if (w->broken) return VL_OK;
    const size_t at = w->done + (size_t)(p->window - w->from), had = w->open.len / sizeof(open_window);
    if (at >= had) {
        const size_t bytes = (at + 1 - had) * sizeof(open_window);
        if (vl_buf_grow(&w->open, bytes, err)) return err->code;
        memset(w->open.data + w->open.len, 0, bytes);
        w->open.len += bytes;
    }
    size_t n;
    open_window *const one = windows_of(w, &n) + at;
    for (int s = 0; s < VL_WS_N; s++) one->sum[s] += p->sum[s];
    return VL_OK;
}

vl_code vl_windows_join(vl_windows *w, const vl_buf *parts, vl_err *err)
{
    const part *const p = (const part *)(const void *)parts->data;
    for (size_t i = 0; i < parts->len / sizeof *p; i++) {
        if (p[i].sum[VL_WS_LETTERS] && add_along(w, &p[i], err)) return err->code;
        if (!w->broken && add_by_gc(w, &p[i], err)) return err->code;
    }
    return VL_OK;
}

void vl_windows_free(vl_windows *w)
{
    for (size_t i = 0; i < w->ncontig; i++) free(w->contig[i].sum);
    free(w->contig);
    vl_buf_free(&w->open);
}

/* ---- tables ---- */

enum { LINES = 2 + VL_WS_N };

static size_t count_windows(const vl_windows *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->ncontig; i++)
        for (size_t k = 0; k < w->contig[i].n; k++) n += w->contig[i].sum[k][VL_WS_LETTERS] > 0;
    return n;
}

/* Five lines, a column each window. */
static void fill(const vl_windows *w, size_t n, uint64_t *to)
{
    for (size_t i = 0; i < w->ncontig; i++)
        for (size_t k = 0; k < w->contig[i].n; k++) {
            const uint64_t *const sum = w->contig[i].sum[k];
            if (!sum[VL_WS_LETTERS]) continue;
            to[0] = i;
            to[n] = k;
            for (size_t s = 0; s < VL_WS_N; s++) to[(2 + s) * n] = sum[s];
            to++;
        }
}

static vl_code store_windows(const vl_windows *w, vl_store *st, vl_err *err)
{
    const size_t n = count_windows(w);
    const uint64_t width = (uint64_t)VL_WINDOW << w->shift, one[2] = { 1, 0 }, dims[2] = { LINES, n };
    static const char *const none[2] = { "", "" };
    static const char *const axis[2] = { "contig, window, letters upon it, A C G T of them, G C", "windows" };
    if (!n) return VL_OK;
    uint64_t *const line = calloc(LINES * n, sizeof *line);
    if (!line) return vl_fail(err, VL_ENOMEM, "no memory for %zu windows", n);
    fill(w, n, line);
    if (!vl_store_table(st, "qc/window_length", VL_U64, &width, 1, one, none, "letters",
                        "letters of contigs that each window of qc/window has", err))
        vl_store_table(st, "qc/window", VL_U64, line, 2, dims, axis, "",
                       "letters upon contigs, of records without flags 0x704, by windows that have any", err);
    free(line);
    return err->code;
}

vl_code vl_windows_store(const vl_windows *w, bool sorted, vl_store *st, vl_err *err)
{
    static const char *const axis[2] = { "percent G and C", "windows, letters upon them" };
    const uint64_t dims[2] = { VL_GC, 2 };
    uint64_t gc[VL_GC][2];
    size_t n;
    if (store_windows(w, st, err) || !sorted || w->broken) return err->code;
    const open_window *const all = windows_of(w, &n);
    memcpy(gc, w->gc, sizeof gc);
    for (size_t i = w->done; i < n; i++) add_window(gc, all[i].sum);
    return vl_store_table(st, "qc/window_gc", VL_U64, gc, 2, dims, axis, "",
                          "windows of 100 letters of contigs, by what reads say of G and C in them", err);
}

/* ---- out ---- */

static vl_code load_windows(vl_windows_qc *q, vl_store *st, vl_buf *bytes, vl_work *work, vl_err *err)
{
    uint64_t n;
    if (vl_alignments_table(st, "qc/window_length", 1, 1, bytes, &n, work, err) || !n) return err->code;
    const uint64_t width = vl_le64(bytes->data);
    if (vl_alignments_table(st, "qc/window", 2, 0, bytes, &n, work, err) || !n) return err->code;
    if (!width || width > (uint64_t)VL_WINDOW << 40 || n % LINES)
        return vl_fail(err, VL_ESTORE, "qc/window is no table of windows");
    n /= LINES;
    if (!(q->line = calloc(n, sizeof *q->line))) return vl_fail(err, VL_ENOMEM, "no memory for windows");
    for (size_t i = 0; i < n; i++) {
        uint64_t number[LINES];
        for (size_t k = 0; k < LINES; k++) number[k] = vl_le64(bytes->data + 8 * (k * n + i));
        q->line[i].contig = number[0];
        q->line[i].window = number[1];
        memcpy(q->line[i].sum, number + 2, sizeof q->line[i].sum);
        if (i && (number[0] < q->line[i - 1].contig ||
                  (number[0] == q->line[i - 1].contig && number[1] <= q->line[i - 1].window)))
            return vl_fail(err, VL_ESTORE, "qc/window is in no order");
    }
    q->width = width;
    q->n = (size_t)n;
    return VL_OK;
}

vl_code vl_windows_load(vl_windows_qc *q, vl_store *st, vl_work *work, vl_err *err)
{
    vl_buf bytes = { 0 };
    uint64_t n;
    if (!load_windows(q, st, &bytes, work, err) &&
        !vl_alignments_table(st, "qc/window_gc", 2, 2, &bytes, &n, work, err) && n == VL_GC) {
        q->by_gc = true;
        for (size_t i = 0; i < (size_t)VL_GC * 2; i++) q->gc[i / 2][i % 2] = vl_le64(bytes.data + 8 * i);
    }
    vl_buf_free(&bytes);
    return err->code;
}

void vl_windows_qc_free(vl_windows_qc *q) { free(q->line); }

static void sum_gc(const vl_windows_qc *q, double sum[2])
{
    sum[0] = sum[1] = 0;
    for (int i = 0; i < VL_GC; i++)
        for (int k = 0; k < 2; k++) sum[k] += (double)q->gc[i][k];
}

double vl_windows_gc(const vl_windows_qc *q, int percent)
{
    double sum[2];
    const double n = (double)q->gc[percent][0], letters = (double)q->gc[percent][1];
    sum_gc(q, sum);
    return n > 0 && sum[1] > 0 ? letters / n * sum[0] / sum[1] : NAN;
}

double vl_windows_bias(const vl_windows_qc *q)
{
    double sum[2], off = 0;
    sum_gc(q, sum);
    for (int i = 0; i < VL_GC; i++)
        if (q->gc[i][0]) off += (double)q->gc[i][0] * fabs(vl_windows_gc(q, i) - 1);
    return q->by_gc && sum[1] > 0 ? 100 * off / sum[0] : NAN;
}
