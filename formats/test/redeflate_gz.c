/*
 * Describes the deflate streams of files and proves them (formats/redeflate), for tests and measurements:
 *
 *     redeflate_gz [-t] FILE...       gzip and BGZF files: each member is a stream
 *     redeflate_gz -r PLAIN FILE      a raw deflate stream of what PLAIN is
 *
 * A line a file, fields by TABs: name, bytes of streams, of text, of descriptions and rows that are not the
 * row before, streams, those that are kept, tokens, those missed, blocks, those missed, the row of the first.
 * -t: and MB of text a second of describing with proof, of making, and of zlib at the row's level (or 6).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "formats/redeflate/redeflate.h"

typedef struct sums {
    uint64_t stream, plain, said, nstream, kept, token, token_missed, block, block_missed;
    double describing, making, deflating;
    unsigned searches; /* that are left */
    uint8_t row[VL_DEFLATE_ROW], first[VL_DEFLATE_ROW];
} sums;

static bool timed;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what, const char *name)
{
    fprintf(stderr, "redeflate_gz: %s: %s\n", name, what);
    exit(65);
}

static void slurp(const char *path, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    FILE *const f = fopen(path, "rb");
    if (!f) die("cannot be read", path);
    for (size_t n = 1; n;) {
        if (vl_buf_grow(out, 1 << 20, &err)) die(err.what, path);
        out->len += n = fread(out->data + out->len, 1, 1 << 20, f);
    }
    fclose(f);
}

/* Bytes of the gzip header; 0: there is none. */
static size_t header(const uint8_t *p, size_t n)
{
    size_t at = 10;
    if (n < 18 || p[0] != 31 || p[1] != 139 || p[2] != 8) return 0;
    if (p[3] & 4) at += 2u + vl_le16(p + 10);
    for (int field = 8; field <= 16; field *= 2)
        if (p[3] & field) {
            while (at < n && p[at]) at++;
            at++;
        }
    if (p[3] & 2) at += 2;
    return at < n ? at : 0;
}

/* Inflates a raw stream; returns its bytes. */
static size_t inflate_one(const uint8_t *p, size_t n, vl_buf *plain, const char *name)
{
    vl_err err = VL_ERR_INIT;
    z_stream z = { .next_in = (uint8_t *)(uintptr_t)p, .avail_in = (unsigned)n };
    int code = Z_OK;
    plain->len = 0;
    if (inflateInit2(&z, -15)) die("no memory", name);
    while (code == Z_OK) {
        if (vl_buf_grow(plain, 1 << 20, &err)) die(err.what, name);
        z.next_out = plain->data + plain->len;
        z.avail_out = 1 << 20;
        code = inflate(&z, Z_NO_FLUSH);
        plain->len += (1 << 20) - z.avail_out;
    }
    inflateEnd(&z);
    if (code != Z_STREAM_END) die("no deflate stream", name);
    return n - z.avail_in;
}

static void deflate_again(const vl_buf *plain, int level, vl_buf *made)
{
    vl_err err = VL_ERR_INIT;
    z_stream z = { .next_in = plain->data, .avail_in = (unsigned)plain->len };
    deflateInit2(&z, level, 8, -15, 8, Z_DEFAULT_STRATEGY);
    if (vl_buf_reserve(made, deflateBound(&z, plain->len), &err)) die(err.what, "deflate");
    z.next_out = made->data;
    z.avail_out = (unsigned)made->cap;
    deflate(&z, Z_FINISH);
    deflateEnd(&z);
}

static void one_stream(const uint8_t *stream, size_t n, const vl_buf *plain, sums *s, const char *name)
{
    vl_err err = VL_ERR_INIT;
    vl_buf said = { 0 }, made = { 0 };
    vl_redeflate_found found;
    uint8_t row[VL_DEFLATE_ROW];
    memcpy(row, s->row, sizeof row);
    const vl_redeflate_part part = {
        .stream = stream, .n = n, .span = { plain->data, 0, plain->len, 0 }, .searches = &s->searches
    };
    const double start = now();
    if (vl_redeflate_describe(&part, row, &said, &found, &err)) die(err.what, name);
    s->describing += now() - start;
    s->nstream++;
    s->stream += n;
    s->plain += plain->len;
    s->kept += found.kept;
    s->said += found.kept ? n : said.len + (memcmp(row, s->row, sizeof row) ? sizeof row : 0);
    s->token += found.ntoken;
    s->token_missed += found.ntoken_missed;
    s->block += found.nblock;
    s->block_missed += found.nblock_missed;
    if (!found.kept) memcpy(s->row, row, sizeof row);
    if (!s->first[0]) memcpy(s->first, row, sizeof row);
    if (timed && !found.kept) {
        double t = now();
        if (vl_redeflate_make(row, said.data, said.len, &part.span, true, 0, n, &made, &err))
            die(err.what, name);
        s->making += now() - t;
        if (made.len != n || memcmp(made.data, stream, n)) die("is not made again", name);
        t = now();
        deflate_again(plain, row[1] == VL_MAKES_ZLIB ? row[2] : 6, &made);
        s->deflating += now() - t;
    }
    vl_buf_free(&said);
    vl_buf_free(&made);
}

static void tell(const sums *s, const char *name)
{
    printf("%s\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t", name, (unsigned long long)s->stream,
           (unsigned long long)s->plain, (unsigned long long)s->said, (unsigned long long)s->nstream,
           (unsigned long long)s->kept, (unsigned long long)s->token, (unsigned long long)s->token_missed,
           (unsigned long long)s->block, (unsigned long long)s->block_missed);
    for (int i = 0; i < VL_DEFLATE_ROW; i++) printf("%s%d", i ? "." : "", s->first[i]);
    const double mb = (double)s->plain / 1e6;
    if (timed) printf("\t%.1f\t%.1f\t%.1f", mb / s->describing, mb / s->making, mb / s->deflating);
    putchar('\n');
}

static void gzip_file(const char *path)
{
    vl_buf in = { 0 }, plain = { 0 };
    sums s = { .searches = VL_REDEFLATE_SEARCHES };
    slurp(path, &in);
    for (size_t at = 0; at < in.len;) {
        const size_t head = header(in.data + at, in.len - at);
        if (!head) break;
        const uint8_t *const stream = in.data + at + head;
        const size_t n = inflate_one(stream, in.len - at - head, &plain, path);
        one_stream(stream, n, &plain, &s, path);
        at += head + n + 8;
    }
    tell(&s, path);
    vl_buf_free(&in);
    vl_buf_free(&plain);
}

int main(int argc, char **argv)
{
    int i = 1;
    vl_kernels_init(&vl_k, vl_isa_from_env());
    if (i < argc && !strcmp(argv[i], "-t")) timed = ++i;
    if (i < argc && !strcmp(argv[i], "-r")) {
        vl_buf plain = { 0 }, stream = { 0 };
        sums s = { .searches = VL_REDEFLATE_SEARCHES };
        if (argc != i + 3) die("-r PLAIN FILE", "usage");
        slurp(argv[i + 1], &plain);
        slurp(argv[i + 2], &stream);
        one_stream(stream.data, stream.len, &plain, &s, argv[i + 2]);
        tell(&s, argv[i + 2]);
        vl_buf_free(&plain);
        vl_buf_free(&stream);
        return 0;
    }
    for (; i < argc; i++) gzip_file(argv[i]);
    return 0;
}
