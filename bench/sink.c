/* A file with compression and digests (sink.h). BGZF: SAM specification, section 4.1. */
#include "sink.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

enum { BGZF_BLOCK = 65280, PACKED = 1 << 17 };

static void die(const sink *s, const char *what)
{
    fprintf(stderr, "make-data: %s: %s\n", s->path ? s->path : "?", what);
    exit(74);
}

bool sink_kind_of(const char *word, sink_kind *kind)
{
    if (!strcmp(word, "none")) *kind = SINK_PLAIN;
    else if (!strcmp(word, "plain")) *kind = SINK_GZIP;
    else if (!strcmp(word, "bgzf")) *kind = SINK_BGZF;
    else return false;
    return true;
}

void sink_open(sink *s, const char *path, sink_kind kind)
{
    *s = (sink){ .kind = kind };
    s->path = malloc(strlen(path) + 1);
    s->bytes = malloc(SINK_ROOM);
    s->packed = malloc(PACKED);
    s->xxh3 = XXH3_createState();
    if (!s->path || !s->bytes || !s->packed || !s->xxh3) die(s, "no memory");
    memcpy(s->path, path, strlen(path) + 1);
    s->file = fopen(path, "wb");
    if (!s->file) die(s, "cannot be written");
    sha256_start(&s->sha256);
    XXH3_64bits_reset(s->xxh3);
    if (kind == SINK_BGZF) s->deflate = libdeflate_alloc_compressor(4);
    if (kind == SINK_GZIP) {
        s->deflate = calloc(1, sizeof(z_stream));
        if (s->deflate && deflateInit2(s->deflate, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
            die(s, "zlib does not start");
    }
    if (kind != SINK_PLAIN && !s->deflate) die(s, "no memory");
}

static void store(sink *s, const uint8_t *bytes, size_t n)
{
    if (fwrite(bytes, 1, n, s->file) != n) die(s, "cannot be written");
    s->stored += n;
}

static void le(uint8_t *p, uint32_t v, int n)
{
    for (int i = 0; i < n; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static void store_bgzf(sink *s, const uint8_t *bytes, size_t n)
{
    static const uint8_t head[18] = { 31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C', 2, 0 };
    memcpy(s->packed, head, sizeof head);
    const size_t len = libdeflate_deflate_compress(s->deflate, bytes, n, s->packed + 18, 65536 - 26);
    if (!len) die(s, "a BGZF block does not fit");
    le(s->packed + 16, (uint32_t)(len + 25), 2);
    le(s->packed + 18 + len, libdeflate_crc32(0, bytes, n), 4);
    le(s->packed + 22 + len, (uint32_t)n, 4);
    store(s, s->packed, len + 26);
}

static void store_gzip(sink *s, uint8_t *bytes, size_t n, int flush)
{
    z_stream *const z = s->deflate;
    z->next_in = bytes;
    z->avail_in = (uInt)n;
    do {
        z->next_out = s->packed;
        z->avail_out = PACKED;
        deflate(z, flush);
        store(s, s->packed, PACKED - z->avail_out);
    } while (!z->avail_out);
}

/* Writes what waits; of BGZF only whole blocks unless it is the last time. */
static void drain(sink *s, bool last)
{
    size_t n = s->len;
    if (s->kind == SINK_BGZF && !last) n -= n % BGZF_BLOCK;
    sha_add(&s->sha256, s->bytes, n);
    XXH3_64bits_update(s->xxh3, s->bytes, n);
    if (s->kind == SINK_PLAIN) store(s, s->bytes, n);
    if (s->kind == SINK_GZIP) store_gzip(s, s->bytes, n, last ? Z_FINISH : Z_NO_FLUSH);
    if (s->kind == SINK_BGZF)
        for (size_t at = 0; at < n; at += BGZF_BLOCK)
            store_bgzf(s, s->bytes + at, n - at < BGZF_BLOCK ? n - at : BGZF_BLOCK);
    memmove(s->bytes, s->bytes + n, s->len - n);
    s->len -= n;
}

uint8_t *sink_room(sink *s, size_t n)
{
    if (SINK_ROOM - s->len < n) drain(s, false);
    if (SINK_ROOM - s->len < n) die(s, "a record is too long");
    return s->bytes + s->len;
}

void sink_took(sink *s, size_t n)
{
    s->len += n;
    s->total += n;
}

void sink_put(sink *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n) {
        const size_t part = n < SINK_ROOM / 2 ? n : SINK_ROOM / 2;
        memcpy(sink_room(s, part), p, part);
        sink_took(s, part);
        p += part;
        n -= part;
    }
}

void sink_close(sink *s)
{
    drain(s, true);
    if (s->kind == SINK_BGZF) store_bgzf(s, s->bytes, 0);
    if (fclose(s->file)) die(s, "cannot be written");
    s->file = NULL;
}

void sink_truth(const sink *s, FILE *json)
{
    char hex[65];
    sha_hex(&s->sha256, hex);
    const char *const slash = strrchr(s->path, '/');
    fprintf(json, "{\"file\":\"%s\",\"bytes\":%llu,\"stored\":%llu,\"xxh3\":\"%016llx\",\"sha256\":\"%s\"}",
            slash ? slash + 1 : s->path, (unsigned long long)s->total, (unsigned long long)s->stored,
            (unsigned long long)XXH3_64bits_digest(s->xxh3), hex);
}

void sink_free(sink *s)
{
    if (s->kind == SINK_GZIP && s->deflate) deflateEnd(s->deflate);
    if (s->kind == SINK_GZIP) free(s->deflate);
    if (s->kind == SINK_BGZF) libdeflate_free_compressor(s->deflate);
    XXH3_freeState(s->xxh3);
    free(s->packed);
    free(s->bytes);
    free(s->path);
    *s = (sink){ 0 };
}
