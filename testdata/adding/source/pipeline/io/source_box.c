/* A toy container: "BOX " first, then pieces of text, each behind its length as two hex digits. The source
 * opens the box with a library of its own (stdio) and hands out the pieces as records are asked for. */
#include "pipeline/io/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 4 };

typedef struct box {
    FILE *file;  /* owned */
    vl_buf head; /* pieces that were looked at and not yet taken */
    bool end;
    vl_file_facts facts;
} box;

static int probe(const vl_place *at)
{
    return at->nhead >= MAGIC && !memcmp(at->head, "BOX ", MAGIC) ? 95 : 0;
}

/* Pieces until there are want bytes in head, or none follows. */
static vl_code read_pieces(box *b, size_t want, vl_err *err)
{
    uint8_t piece[255];
    unsigned n;
    while (!b->end && b->head.len < want) {
        if (fscanf(b->file, "%2x", &n) != 1) {
            b->end = true;
        } else if (fread(piece, 1, n, b->file) != n) {
            vl_fail(err, VL_ETRUNC, "a piece of %u bytes is cut off", n);
            return vl_err_file(err, b->facts.name);
        } else if (vl_buf_append(&b->head, piece, n, err)) {
            return err->code;
        }
    }
    return VL_OK;
}

static vl_code open(void **self, const vl_inputs *inputs, vl_err *err)
{
    box *const b = *self = calloc(1, sizeof *b);
    if (!b) return vl_fail(err, VL_ENOMEM, "no memory for a box");
    if (inputs->n != 1) return vl_fail(err, VL_EARG, "one box, not %zu", inputs->n);
    b->facts = (vl_file_facts){ .name = inputs->file[0].path, .compression = "box" };
    b->file = fopen(b->facts.name, "rb");
    if (!b->file || fseek(b->file, MAGIC, SEEK_SET)) return vl_fail(err, VL_ENOIN, "cannot be opened");
    return VL_OK;
}

static int nstream(const void *self) { return self ? 1 : 0; }

static vl_code peek(void *self, int stream, size_t want, const uint8_t **bytes, size_t *n, bool *whole,
                    vl_err *err)
{
    box *const b = self;
    (void)stream;
    if (read_pieces(b, want, err)) return err->code;
    *bytes = b->head.data;
    *n = b->head.len;
    *whole = b->end;
    return VL_OK;
}

static vl_code take(void *self, int stream, size_t want, vl_packet *packet, vl_err *err)
{
    box *const b = self;
    (void)stream;
    if (read_pieces(b, want, err)) return err->code;
    vl_buf_swap(&packet->plain, &b->head);
    b->head.len = 0;
    b->facts.plain_bytes += packet->plain.len;
    b->facts.bytes = (uint64_t)ftell(b->file);
    packet->file = 0;
    packet->file_end = packet->end = b->end;
    return VL_OK;
}

static vl_code inflate(vl_packet *packet, vl_err *err)
{
    (void)packet;
    return err->code;
}

static int nfile(const void *self, int stream) { return self && !stream ? 1 : 0; }

static const vl_file_facts *file(const void *self, int stream, int n)
{
    (void)stream, (void)n;
    return &((const box *)self)->facts;
}

static void progress(const void *self, int stream, uint64_t *read, uint64_t *total)
{
    (void)stream;
    *read = ((const box *)self)->facts.bytes;
    *total = 0;
}

static void close(void *self)
{
    box *const b = self;
    if (b && b->file) fclose(b->file);
    if (b) vl_buf_free(&b->head);
    free(b);
}

const vl_source vl_source_box = { .name = "box",
                                  .doc = "a toy: pieces of text in a container",
                                  .probe = probe,
                                  .open = open,
                                  .nstream = nstream,
                                  .peek = peek,
                                  .take = take,
                                  .inflate = inflate,
                                  .nfile = nfile,
                                  .file = file,
                                  .progress = progress,
                                  .close = close };
