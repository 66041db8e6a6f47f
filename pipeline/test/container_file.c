/*
 * Describes compressed files and makes them again (pipeline/container), whatever is within: for tests and
 * measurements.
 *
 *     container_file [-@ N] FILE...
 *
 * A line a file, fields by TABs: name; same, differs, or what is wrong; bytes of the file, of its text, of
 * the description; bytes of deflate streams, and those that are kept; the maker.
 */
#include "formats/sha.h"
#include "pipeline/container/container_describe.h"
#include "pipeline/container/container_make.h"
#include "pipeline/io/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static vl_code put(void *to, const uint8_t *bytes, size_t n, vl_err *err)
{
    return vl_buf_append(to, bytes, n, err);
}

/* One step: a portion, or what is asked for. *text: what the file's text goes through. */
static vl_code step(vl_remaking *m, vl_portion *part, vl_join *join, vl_input *in, vl_packet *text,
                    const vl_buf *said, bool *given, vl_remaking_state *state, vl_buf *out, SHA256_CTX *sha,
                    vl_err *err)
{
    if (vl_remaking_next(m, part, state, err)) return err->code;
    if (*state == VL_REMAKING_RECORDS) {
        if (*given) return vl_fail(err, VL_ESTORE, "the description has no end");
        *given = true;
        return vl_remaking_records(m, said->data, said->len, err);
    }
    if (*state == VL_REMAKING_TEXT) {
        if (vl_input_take(in, 1 << 20, text, err) || vl_packet_inflate(text, err)) return err->code;
        return vl_remaking_text(m, text->plain.data, text->plain.len, err);
    }
    if (*state == VL_REMAKING_END) return VL_OK;
    out->len = 0;
    if (vl_portion_make(part, err) || vl_join_portion(join, part, out, err)) return err->code;
    SHA256_Update(sha, out->data, out->len);
    return VL_OK;
}

static vl_code make(const char *path, const vl_buf *said, const vl_described *done, uint8_t sha256[32],
                    vl_err *err)
{
    vl_remaking *m = NULL;
    vl_input *in = NULL;
    vl_portion part = { 0 };
    vl_packet text = { 0 };
    vl_join join = { 0 };
    vl_buf out = { 0 };
    SHA256_CTX sha;
    bool given = false;
    vl_remaking_state state = VL_REMAKING_PART;
    SHA256_Init(&sha);
    if (!vl_remaking_open(&m, done->file_bytes, done->plain_bytes, err) && !vl_input_open(&in, &path, 1, err))
        while (state != VL_REMAKING_END &&
               !step(m, &part, &join, in, &text, said, &given, &state, &out, &sha, err))
            continue;
    SHA256_Final(sha256, &sha);
    vl_remaking_close(m);
    vl_input_close(in);
    vl_portion_free(&part);
    vl_packet_free(&text);
    vl_buf_free(&out);
    return err->code;
}

static void one_file(const char *path, int threads)
{
    vl_err err = VL_ERR_INIT;
    vl_buf said = { 0 };
    vl_described done;
    uint8_t sha256[32];
    char maker[VL_MAKER_WORDS] = "";
    const vl_describe ask = {
        .path = path, .threads = threads, .progress = VL_PROGRESS_OFF, .put = put, .to = &said
    };
    if (!vl_describe_file(&ask, &done, &err)) make(path, &said, &done, sha256, &err);
    if (!err.code) vl_maker_tell(done.row, maker);
    printf("%s\t%s\t%llu\t%llu\t%llu\t%llu\t%llu\t%s\n", path,
           err.code                                     ? err.what
           : memcmp(sha256, done.sha256, sizeof sha256) ? "differs"
                                                        : "same",
           (unsigned long long)done.file_bytes, (unsigned long long)done.plain_bytes,
           (unsigned long long)done.bytes, (unsigned long long)done.stream, (unsigned long long)done.kept,
           maker);
    vl_buf_free(&said);
}

int main(int argc, char **argv)
{
    int threads = 1, i = 1;
    vl_kernels_init(&vl_k, vl_isa_from_env());
    if (i + 1 < argc && !strcmp(argv[i], "-@")) {
        threads = atoi(argv[i + 1]);
        i += 2;
    }
    for (; i < argc; i++) one_file(argv[i], threads);
    return 0;
}
