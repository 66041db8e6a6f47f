/* Input files from recipes (recipe.h), written with other libraries than the ones they are read with. */
#include "pipeline/test/recipe.h"
#include "pipeline/io/output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

size_t recipe_part = 150;

void recipe_put(vl_buf *to, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (vl_buf_append(to, bytes, n, &err)) abort();
}

/* Lines of letters that compress somewhat and differ from part to part. */
void recipe_text(vl_buf *text, size_t n)
{
    static uint32_t seed = 7;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        const char c = i + 1 == n || i % 61 == 60 ? '\n' : "ACGTTTNN"[seed >> 29];
        recipe_put(text, &c, 1);
    }
}

/* Raw deflate (window_bits -15) or a gzip member (31), with header if it is not NULL. */
static void add_deflate(vl_buf *to, const uint8_t *text, size_t n, int window_bits, gz_header *header)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, n % 3 ? 6 : 1, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    if (header) deflateSetHeader(&z, header);
    uint8_t *const out = malloc(deflateBound(&z, n) + 1024);
    z.next_in = (uint8_t *)(uintptr_t)text;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = (unsigned)deflateBound(&z, n) + 1024;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    recipe_put(to, out, z.total_out);
    deflateEnd(&z);
    free(out);
}

static void add_gzip(vl_buf *to, const uint8_t *text, size_t n, bool fields)
{
    uint8_t extra[] = { 'X', 'Y', 3, 0, 1, 2, 3, 'B', 'C', 1, 0, 9 }; /* BC of a wrong length is not BGZF */
    gz_header header = { .extra = extra, .extra_len = sizeof extra, .hcrc = 1, .os = 3, .time = 77 };
    header.name = (uint8_t[]){ "reads.fq" };
    header.comment = (uint8_t[]){ "a comment" };
    add_deflate(to, text, n, 31, fields ? &header : NULL);
}

static void add_block(vl_buf *to, const uint8_t *text, size_t n)
{
    const size_t start = to->len;
    recipe_put(to, "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\0\0", 18);
    add_deflate(to, text, n, -15, NULL);
    uint8_t trailer[8];
    vl_put_le32(trailer, (uint32_t)crc32(0, text, (unsigned)n));
    vl_put_le32(trailer + 4, (uint32_t)n);
    recipe_put(to, trailer, 8);
    to->data[start + 16] = (uint8_t)((to->len - start - 1) & 255);
    to->data[start + 17] = (uint8_t)((to->len - start - 1) >> 8);
}

static void add_bgzf(vl_buf *to, const uint8_t *text, size_t n)
{
    const size_t most = recipe_part < 65536 * 3 ? recipe_part / 3 + 1 : 65536;
    for (size_t at = 0; at < n; at += most) add_block(to, text + at, n - at < most ? n - at : most);
}

static void add_zstd(vl_buf *to, const uint8_t *text, size_t n)
{
    const size_t room = ZSTD_compressBound(n);
    uint8_t *const out = malloc(room);
    recipe_put(to, out, ZSTD_compress(out, room, text, n, 3));
    free(out);
}

/* Parts without text, as they are. */
static const struct {
    char letter;
    uint8_t n;
    char bytes[14];
} fixed[] = {
    { 's', 11, "\x53\x2a\x4d\x18\x03\0\0\0abc" },
    { 'x', 1, "x" },
    { '2', 10, "BZh9\x31\x41\x59\x26\x53\x59" },
    { '3', 14, "BZh1\x17\x72\x45\x38\x50\x90" },
    { '4', 6, "\xfd\x37zXZ" },
    { '5', 4, "PK\3\4" },
    { '6', 3, "\x1f\x9d\x90" },
    { '7', 4, "\x04\x22\x4d\x18" },
};

/* file [n] is the part that was added last. */
static void damage(char letter, uint8_t *file, size_t n)
{
    switch (letter) {
    case 'c':
    case 'C': file[n - 8] ^= 1; break;
    case 'i':
    case 'I': file[n - 4] ^= 1; break;
    case 'k': file[10] |= 6; break; /* block type 3 */
    case 'r': file[3] |= 0x20; break;
    case 'm': file[2] = 7; break;
    case 'H': vl_put_le32(file + n - 4, 65537); break;
    case 'S': file[16] = 20, file[17] = 0; break;
    }
}

static void add_part(char letter, vl_buf *file, vl_buf *text)
{
    const size_t at = text->len, start = file->len;
    const uint8_t zeros[512] = { 0 };
    if (strchr("pngGNbMzcCiIkHS", letter)) recipe_text(text, recipe_part);
    if (strchr("nNM", letter)) text->data[text->len - 1] = 'A'; /* no line break at its end */
    const uint8_t *const from = text->data + at;
    const size_t n = text->len - at;
    if (strchr("pn", letter)) recipe_put(file, from, n);
    if (strchr("gGNecikrm", letter)) add_gzip(file, from, n, letter == 'G');
    if (strchr("bMCIHS", letter)) add_bgzf(file, from, n);
    if (letter == 'B') recipe_put(file, vl_bgzf_eof, sizeof vl_bgzf_eof);
    if (letter == 'z') add_zstd(file, from, n);
    if (letter == '0') recipe_put(file, zeros, sizeof zeros);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (fixed[i].letter == letter) recipe_put(file, fixed[i].bytes, fixed[i].n);
    damage(letter, file->data + start, file->len - start);
}

void recipe_write(const char *path, const uint8_t *bytes, size_t n)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd)) abort();
}

void recipe_make(const char *path, const char *recipe, vl_buf *file, vl_buf *text)
{
    file->len = 0;
    for (; *recipe; recipe++) add_part(*recipe, file, text);
    recipe_write(path, file->data, file->len);
}

void recipe_read(const char *path, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    struct stat st;
    const int fd = open(path, O_RDONLY);
    out->len = 0;
    if (fd < 0 || fstat(fd, &st) || vl_buf_reserve(out, (size_t)st.st_size, &err)) abort();
    if (read(fd, out->data, (size_t)st.st_size) != (ssize_t)st.st_size) abort();
    out->len = (size_t)st.st_size;
    close(fd);
}
