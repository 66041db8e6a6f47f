/*
 * How fast mzML is parsed, beside its bound: base64 and inflate of the same arrays and nothing else.
 *
 *     speed_mzml FILE...   (also .gz)
 *
 * The spectra of each file are repeated to about 64 MiB. Prints one tab-separated line a file: bytes of text,
 * letters and plain bytes of its arrays, then best and median MB/s of text, of 5 runs and in processor time,
 * of parse as ingest does it; parse with every array proven; base64 + inflate alone; inflate alone; cut +
 * join, which are serial.
 */
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "formats/spectra/mzml.h"

enum { WANT = 64 << 20, RUNS = 5 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other people may use the machine */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool slurp(const char *path, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    gzFile f = gzopen(path, "rb");
    int got = -1;
    while (f && !vl_buf_grow(out, 1 << 20, &err)) {
        got = gzread(f, out->data + out->len, 1 << 20);
        if (got <= 0) break;
        out->len += (size_t)got;
    }
    if (f) gzclose(f);
    return got == 0;
}

static const uint8_t *last_of(const vl_buf *in, const char *text)
{
    const size_t n = strlen(text);
    for (size_t at = in->len; at >= n; at--)
        if (!memcmp(in->data + at - n, text, n)) return in->data + at;
    return NULL;
}

/* The document with its records repeated; what follows them stays as it is. */
static bool enlarge(const vl_buf *in, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    const bool spectra = memmem(in->data, in->len, "<spectrum ", 10) != NULL;
    const char *const first = spectra ? "<spectrum " : "<chromatogram ";
    const uint8_t *const from = memmem(in->data, in->len, first, strlen(first));
    const uint8_t *const to = last_of(in, spectra ? "</spectrum>" : "</chromatogram>");
    if (!from || !to) return false;
    vl_buf_append(out, in->data, (size_t)(from - in->data), &err);
    while (out->len < WANT) vl_buf_append(out, from, (size_t)(to - from), &err);
    vl_buf_append(out, to, in->len - (size_t)(to - in->data), &err);
    return !err.code;
}

typedef struct timing {
    double parse, rest; /* seconds; rest is cut and join */
    uint64_t letters, plain;
    vl_err err;
} timing;

/* Blocks as the pipeline makes them. */
static timing parse_all(const vl_buf *doc)
{
    timing t = { .err = VL_ERR_INIT };
    const vl_format *const f = &vl_mzml;
    const vl_mz_asked asked = { 0 };
    const vl_ask ask = { .nstream = 1, .option = &asked };
    const uint8_t *const bytes[1] = { doc->data };
    const bool whole = true;
    bool more = false;
    void *const head = calloc(1, f->head_size), *const tail = calloc(1, f->tail_size);
    vl_batch batch = { 0 };
    vl_block block = { .file = "speed" };
    vl_batch_init(&batch, f->schema, &t.err);
    f->open(head, &ask, bytes, &doc->len, &whole, &more, &t.err);
    for (size_t done = 0; done < doc->len && !t.err.code;) {
        const bool last = doc->len - done <= f->block;
        vl_cut cut = { 0 };
        const double t0 = now();
        f->cut(head, doc->data + done, last ? doc->len - done : f->block, last, 1, &cut, &t.err);
        const size_t used = cut.used;
        const double t1 = now();
        block.bytes.len = 0;
        vl_buf_append(&block.bytes, doc->data + done, used, &t.err);
        block.offset = done;
        block.last = last;
        vl_batch_clear(&batch);
        const double t2 = now();
        f->parse(head, &block, &batch, &t.err);
        const double t3 = now();
        if (!t.err.code) f->join(head, tail, &block, &batch, &t.err);
        t.rest += now() - t3 + t1 - t0;
        t.parse += t3 - t2;
        for (size_t i = 0; i < batch.npiece; i++)
            t.plain += batch.piece[i].nelem * vl_type_width(batch.piece_column[batch.piece[i].column].type);
        t.letters += used - batch.col[VL_SP_SKELETON].data.len;
        if (!used) vl_fail(&t.err, VL_EFORMAT, "a record of more than a block");
        done += used;
    }
    f->drop(&batch);
    f->close(head, tail);
    vl_batch_free(&batch);
    vl_buf_free(&block.bytes);
    free(head);
    free(tail);
    return t;
}

/* The same arrays, base64 and zlib only; texts that are no zlib are only decoded. */
static void bare(const vl_buf *doc, double *both, double *inflate_only)
{
    static uint8_t packed[1 << 24], plain[1 << 26];
    struct libdeflate_decompressor *const d = libdeflate_alloc_decompressor();
    const uint8_t *p = doc->data;
    const uint8_t *const end = doc->data + doc->len;
    *both = *inflate_only = 0;
    while ((p = memmem(p, (size_t)(end - p), "<binary>", 8))) {
        p += 8;
        const uint8_t *const to = memchr(p, '<', (size_t)(end - p));
        const size_t n = to ? (size_t)(to - p) : 0;
        size_t bad = 0, len = 0;
        if (n / 4 * 3 > sizeof packed) continue;
        const double t0 = now();
        const size_t npacked = vl_k.b64_decode(packed, p, n, &bad);
        const double t1 = now();
        if (npacked > 2 && packed[0] == 0x78)
            libdeflate_zlib_decompress(d, packed, npacked, plain, sizeof plain, &len);
        const double t2 = now();
        *both += t2 - t0;
        *inflate_only += t2 - t1;
    }
    libdeflate_free_decompressor(d);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_rate(const char *what, double *seconds, size_t bytes)
{
    qsort(seconds, RUNS, sizeof *seconds, ascending);
    printf("\t%s\t%.0f\t%.0f", what, (double)bytes / seconds[0] / 1e6,
           (double)bytes / seconds[RUNS / 2] / 1e6);
}

static void measure(const char *path)
{
    vl_buf in = { 0 }, doc = { 0 };
    double parse[RUNS], rest[RUNS], both[RUNS], inflate_only[RUNS];
    timing t = { .err = VL_ERR_INIT };
    if (!slurp(path, &in) || !enlarge(&in, &doc)) {
        printf("%s\tskipped: not readable, or no records\n", path);
        goto out;
    }
    for (int i = 0; i < RUNS; i++) {
        t = parse_all(&doc);
        if (t.err.code) {
            char line[600];
            vl_err_print(&t.err, line, sizeof line);
            printf("%s\tskipped: %s\n", path, line);
            goto out;
        }
        parse[i] = t.parse;
        rest[i] = t.rest;
        bare(&doc, &both[i], &inflate_only[i]);
    }
    printf("%s\tbytes\t%zu\tletters\t%llu\tplain\t%llu", path, doc.len, (unsigned long long)t.letters,
           (unsigned long long)t.plain);
    print_rate("parse", parse, doc.len);
    print_rate("base64+inflate", both, doc.len);
    print_rate("inflate", inflate_only, doc.len);
    print_rate("cut+join", rest, doc.len);
    printf("\n");
out:
    vl_buf_free(&in);
    vl_buf_free(&doc);
}

int main(int argc, char **argv)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    for (int i = 1; i < argc; i++) measure(argv[i]);
    if (argc < 2) printf("skipped: no files to time\n");
    return 0;
}
