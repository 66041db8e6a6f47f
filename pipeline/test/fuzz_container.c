/*
 * Fuzz target for compressed files said by their text (pipeline/container). Input: a control byte, then by
 * its lower two bits
 *   0  a file: what is described is made again, byte for byte, the rest is refused
 *   1  bytes of the file (2) and of its text (2) that a store would claim, that text, and a description
 *   2  how it is packed (2), and a text: described, and made again
 *   3  as 2, behind a change of the description: where (2) and which byte
 * A description that is wrong is refused, or gives other bytes.
 *
 * Corpus: testdata/fuzz/container. Suites: io fuzz. Also: asan.
 */
#include "formats/leb.h"
#include "kernels/kernels.h"
#include "pipeline/container/container_describe.h"
#include "pipeline/container/container_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { MOST = 1 << 17, GZIP = 15 + 16, END_OF_HEAD = 10 };

#define MUST(ok) must((ok), #ok, __LINE__)
static void must(bool ok, const char *text, int line)
{
    if (ok) return;
    fprintf(stderr, "fuzz_container.c:%d: broken: %s\n", line, text);
    abort();
}

static void add(vl_buf *to, const uint8_t *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (n) MUST(!vl_buf_append(to, bytes, n, &err));
}

static uint64_t number(const uint8_t **p, const uint8_t *end)
{
    const size_t there = (size_t)(end - *p);
    const uint64_t v = there > 1 ? vl_le16(*p) : 0;
    *p += there < 2 ? there : 2;
    return v;
}

static vl_code put(void *to, const uint8_t *bytes, size_t n, vl_err *err)
{
    return vl_buf_append(to, bytes, n, err);
}

static vl_code describe(const vl_buf *file, vl_buf *said, vl_described *done, vl_err *err)
{
    char path[40];
    const int fd = memfd_create("file", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, vl_bytes_at(file, 0), file->len) == (ssize_t)file->len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const vl_describe ask = {
        .path = path, .threads = 1, .progress = VL_PROGRESS_OFF, .put = put, .to = said
    };
    vl_describe_file(&ask, done, err);
    close(fd);
    return err->code;
}

/* All bytes that the description gives; never more than the file has. */
static vl_code make(const vl_buf *said, const vl_buf *text, uint64_t file_bytes, vl_buf *out, vl_err *err)
{
    vl_remaking *m = NULL;
    vl_portion part = { 0 };
    vl_join join = { 0 };
    bool given[2] = { false, false };
    vl_remaking_state state = VL_REMAKING_PART;
    if (!vl_remaking_open(&m, file_bytes, text->len, err))
        while (state != VL_REMAKING_END && !vl_remaking_next(m, &part, &state, err)) {
            const bool records = state == VL_REMAKING_RECORDS;
            const vl_buf *const from = records ? said : text;
            if (state == VL_REMAKING_PART) {
                if (vl_portion_make(&part, err) || vl_join_portion(&join, &part, out, err)) break;
                if (out->len > file_bytes) vl_fail(err, VL_ESTORE, "more than there is"); /* as remake.c */
                if (err->code) break;
            } else if (state != VL_REMAKING_END) {
                if (given[records]) vl_fail(err, VL_ESTORE, "there is no more");
                else if (records) vl_remaking_records(m, vl_bytes_at(from, 0), from->len, err);
                else vl_remaking_text(m, vl_bytes_at(from, 0), from->len, err);
                if (err->code) break;
                given[records] = true;
            }
        }
    vl_portion_free(&part);
    vl_remaking_close(m);
    return err->code;
}

/* ---- files ---- */

/* The text of a file that can be read to its end. False: it has too much. */
static bool plain_of(const vl_buf *file, vl_buf *text)
{
    static uint8_t room[MOST];
    for (size_t at = 0; at < file->len && *vl_bytes_at(file, at);) {
        z_stream z = { .next_in = file->data + at, .avail_in = (unsigned)(file->len - at) };
        MUST(inflateInit2(&z, GZIP) == Z_OK);
        int code = Z_OK;
        while (code == Z_OK && text->len <= 8 * (size_t)MOST) {
            z.next_out = room;
            z.avail_out = sizeof room;
            code = inflate(&z, Z_NO_FLUSH);
            add(text, room, sizeof room - z.avail_out);
        }
        at += z.total_in;
        inflateEnd(&z);
        if (code == Z_OK) return false;
        MUST(code == Z_STREAM_END);
    }
    return true;
}

static void member(vl_buf *file, const uint8_t *text, size_t n, int how)
{
    static uint8_t out[2 * MOST];
    z_stream z = { .next_in = (uint8_t *)(uintptr_t)text, .avail_in = (unsigned)n, .next_out = out };
    z.avail_out = sizeof out;
    MUST(deflateInit2(&z, how % 10, Z_DEFLATED, GZIP, 1 + how / 10 % 9, how / 90 % 5) == Z_OK);
    MUST(deflate(&z, Z_FINISH) == Z_STREAM_END);
    add(file, out, z.total_out);
    deflateEnd(&z);
}

static void block(vl_buf *file, const uint8_t *text, size_t n, int how)
{
    static const uint8_t some[6] = { 0, 0, 0, 0, 0, 255 };
    uint8_t head[VL_BLOCK_HEAD];
    vl_buf one = { 0 };
    member(&one, text, n, how % 10 + 70);
    vl_block_head_write(head, some, one.len - END_OF_HEAD + VL_BLOCK_HEAD);
    add(file, head, sizeof head);
    add(file, one.data + END_OF_HEAD, one.len - END_OF_HEAD);
    vl_buf_free(&one);
}

/* how: bits 0 to 9 a maker's settings; then the length of blocks, or of members; 64 zero bytes behind. */
static void pack(vl_buf *file, const uint8_t *text, size_t n, unsigned how)
{
    const size_t each = 1 + (size_t)(how >> 10 & 7) * 4000 + n / 16;
    const bool blocks = how >> 13 & 1;
    const uint8_t zeros[64] = { 0 };
    for (size_t at = 0; at < n || !at; at += each) {
        const size_t some = n - at < each ? n - at : each;
        if (blocks && some < 60000) block(file, text + at, some, (int)(how & 1023));
        else member(file, text + at, some, (int)(how & 1023));
    }
    if (how >> 14 & 1) add(file, zeros, sizeof zeros);
}

/* ---- what an input asks ---- */

static void any_file(const uint8_t *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    vl_described done;
    vl_buf file = { 0 }, said = { 0 }, text = { 0 }, out = { 0 };
    add(&file, bytes, n);
    if (describe(&file, &said, &done, &err)) MUST(err.what[0]);
    else if (done.plain_bytes <= 4 * (uint64_t)MOST && plain_of(&file, &text)) {
        MUST(text.len == done.plain_bytes && done.file_bytes == n);
        MUST(!make(&said, &text, n, &out, &err) && out.len == n && !memcmp(out.data, bytes, n));
    }
    vl_buf_free(&file);
    vl_buf_free(&said);
    vl_buf_free(&text);
    vl_buf_free(&out);
}

static void any_description(const uint8_t *p, const uint8_t *end)
{
    vl_err err = VL_ERR_INIT;
    vl_buf said = { 0 }, text = { 0 }, out = { 0 };
    const uint64_t file_bytes = number(&p, end) * 4, given = number(&p, end);
    const size_t left = (size_t)(end - p), n = given < left ? (size_t)given : left;
    add(&text, p, n);
    add(&said, p + n, left - n);
    if (make(&said, &text, file_bytes, &out, &err)) MUST(err.code == VL_ESTORE || err.code == VL_EUNSUP);
    vl_buf_free(&said);
    vl_buf_free(&text);
    vl_buf_free(&out);
}

static void packed(const uint8_t *p, const uint8_t *end, bool change)
{
    vl_err err = VL_ERR_INIT;
    vl_described done;
    vl_buf file = { 0 }, said = { 0 }, text = { 0 }, out = { 0 };
    const uint64_t where = change ? number(&p, end) : 0, to = change ? number(&p, end) : 0;
    const unsigned how = (unsigned)number(&p, end);
    add(&text, p, (size_t)(end - p));
    pack(&file, vl_bytes_at(&text, 0), text.len, how);
    MUST(!describe(&file, &said, &done, &err) && done.plain_bytes == text.len);
    if (change) said.data[where % said.len] ^= (uint8_t)to;
    const vl_code code = make(&said, &text, file.len, &out, &err);
    if (!change) MUST(!code && out.len == file.len && !memcmp(out.data, file.data, out.len));
    else MUST(!code || code == VL_ESTORE || code == VL_EUNSUP);
    vl_buf_free(&file);
    vl_buf_free(&said);
    vl_buf_free(&text);
    vl_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static bool ready;
    if (!ready) vl_kernels_init(&vl_k, vl_isa_from_env());
    ready = true;
    if (!n || n > MOST / 2) return 0;
    const unsigned mode = bytes[0] & 3;
    const uint8_t *const end = bytes + n;
    if (mode == 0) any_file(bytes + 1, n - 1);
    else if (mode == 1) any_description(bytes + 1, end);
    else packed(bytes + 1, end, mode == 3);
    return 0;
}
