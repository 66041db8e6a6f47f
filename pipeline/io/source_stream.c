/* The source of plain files: any number of them in a row, plain or compressed, or standard input (source.h,
 * input.h). */
#include "pipeline/io/input.h"
#include "pipeline/io/source.h"

#include <stdlib.h>
#include <string.h>

typedef struct streams {
    vl_input **in; /* owned, [n] */
    int n;
} streams;

static int probe(const vl_place *at) { return at->folder ? 0 : 1; }

static void close_all(void *self)
{
    streams *const s = self;
    for (int i = 0; s && s->in && i < s->n; i++) vl_input_close(s->in[i]);
    if (s) free(s->in);
    free(s);
}

static vl_code open_one(streams *s, const vl_inputs *inputs, int stream, vl_err *err)
{
    const size_t first = vl_inputs_first(inputs, stream), n = vl_inputs_count(inputs, stream);
    const char **const path = calloc(n + 1, sizeof *path);
    if (!path) return vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", n);
    for (size_t i = 0; i < n; i++) path[i] = inputs->file[first + i].path;
    vl_input_open(&s->in[stream], path, (int)n, err);
    if (n) vl_err_file(err, path[0]);
    free(path);
    if (!err->code && inputs->salvages) vl_input_salvage(s->in[stream]);
    if (!err->code && inputs->keeps_behind) vl_input_keep_behind(s->in[stream]);
    return err->code;
}

static vl_code open_all(void **self, const vl_inputs *inputs, vl_err *err)
{
    int nstandard = 0;
    streams *const s = *self = calloc(1, sizeof *s);
    if (!s) return vl_fail(err, VL_ENOMEM, "no memory for the input");
    for (size_t i = 0; i < inputs->n; i++) nstandard += !strcmp(inputs->file[i].path, "-");
    if (nstandard > 1) return vl_fail(err, VL_EARG, "standard input ('-') can be read once only");
    s->n = vl_inputs_nstream(inputs);
    if (!s->n) return vl_fail(err, VL_EARG, "no input file is named");
    if (!(s->in = calloc((size_t)s->n, sizeof *s->in)))
        return vl_fail(err, VL_ENOMEM, "no memory for the input");
    for (int i = 0; i < s->n; i++)
        if (open_one(s, inputs, i, err)) return err->code;
    return VL_OK;
}

static int nstream(const void *self) { return ((const streams *)self)->n; }

static vl_code peek(void *self, int stream, size_t want, const uint8_t **bytes, size_t *n, bool *whole,
                    vl_err *err)
{
    return vl_input_peek(((streams *)self)->in[stream], want, bytes, n, whole, err);
}

static vl_code take(void *self, int stream, size_t want, vl_packet *packet, vl_err *err)
{
    return vl_input_take(((streams *)self)->in[stream], want, packet, err);
}

static int nfile(const void *self, int stream) { return vl_input_nfile(((const streams *)self)->in[stream]); }

static const vl_file_facts *file(const void *self, int stream, int n)
{
    return vl_input_facts(((const streams *)self)->in[stream], n);
}

static void progress(const void *self, int stream, uint64_t *read, uint64_t *total)
{
    const vl_input *const in = ((const streams *)self)->in[stream];
    *read = vl_input_read(in);
    *total = vl_input_total(in);
}

const vl_source vl_source_stream = {
    .name = "stream",
    .doc = "files, alone or in a row: plain, gzip, BGZF or zstd; standard input",
    .probe = probe,
    .open = open_all,
    .nstream = nstream,
    .peek = peek,
    .take = take,
    .inflate = vl_packet_inflate,
    .nfile = nfile,
    .file = file,
    .progress = progress,
    .close = close_all
};
