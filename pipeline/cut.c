/* Take and cut (cut.h). */
#include "pipeline/cut.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 1 << 16, MOST_HEAD = 16 << 20 };

/* ---- open: sniff, then let the format see the head ---- */

static vl_code sniff(vl_cutter *c, const char *name, vl_err *err)
{
    const uint8_t *bytes = NULL;
    size_t n = 0;
    bool whole = false;
    if (vl_input_peek(c->stream[0].in, HEAD, &bytes, &n, &whole, err)) return err->code;
    if (name && !(c->format = vl_format_find(name))) return vl_fail(err, VL_EARG, "no format is called '%s'", name);
    if (!n) {
        vl_fail(err, VL_ETRUNC, "the input is empty");
        return vl_err_file(err, c->stream[0].name);
    }
    if (!c->format) c->format = vl_format_probe(bytes, n);
    if (!c->format) {
        vl_fail(err, VL_EUNSUP, "neither FASTQ nor mzML: starts with byte 0x%02x", bytes[0]);
        if (bytes[0] == '>') vl_err_clear(err), vl_fail(err, VL_EUNSUP, "FASTA, not FASTQ: reads without qualities");
        else if (n >= 4 && !memcmp(bytes, "BAM\1", 4)) vl_err_clear(err), vl_fail(err, VL_EUNSUP, "BAM, not FASTQ: not supported yet");
        else if (n >= 4 && !memcmp(bytes, "CRAM", 4)) vl_err_clear(err), vl_fail(err, VL_EUNSUP, "CRAM, not FASTQ: not supported yet");
        else if (n >= 3 && !memcmp(bytes, "@HD", 3)) vl_err_clear(err), vl_fail(err, VL_EUNSUP, "SAM, not FASTQ: not supported yet");
        return vl_err_file(err, c->stream[0].name);
    }
    if (c->nstream > c->format->max_stream) {
        vl_fail(err, VL_EARG, "%s takes one input, %d were given", c->format->name, c->nstream);
        return err->code;
    }
    return VL_OK;
}

static vl_code open_head(vl_cutter *c, const vl_ask *ask, vl_err *err)
{
    const uint8_t *bytes[VL_MAX_STREAM] = { NULL };
    size_t n[VL_MAX_STREAM] = { 0 };
    bool whole[VL_MAX_STREAM] = { false }, more = true;
    for (size_t want = HEAD; more; want *= 4) {
        for (int s = 0; s < c->nstream; s++)
            if (vl_input_peek(c->stream[s].in, want, &bytes[s], &n[s], &whole[s], err))
                return vl_err_file(err, c->stream[s].name);
        more = false;
        memset(c->head, 0, c->format->head_size);
        if (c->format->open(c->head, ask, bytes, n, whole, &more, err)) return vl_err_file(err, c->stream[0].name);
        if (more && want >= MOST_HEAD) {
            vl_fail(err, VL_EFORMAT, "no %s record within the first %d MiB", c->format->name, MOST_HEAD >> 20);
            return vl_err_file(err, c->stream[0].name);
        }
    }
    return VL_OK;
}

vl_code vl_cutter_open(vl_cutter *c, const char *const *const *path, const int *npath, vl_ask ask, const char *format,
                       vl_err *err)
{
    *c = (vl_cutter){ .nstream = ask.nstream };
    for (int s = 0; s < c->nstream; s++) {
        vl_stream *const st = &c->stream[s];
        st->name = path[s][0];
        if (!(st->hash = XXH3_createState())) return vl_fail(err, VL_ENOMEM, "no memory to hash the input");
        XXH3_128bits_reset(st->hash);
        if (vl_input_open(&st->in, path[s], npath[s], err)) return vl_err_file(err, st->name);
    }
    if (sniff(c, format, err)) return err->code;
    c->head = calloc(1, c->format->head_size + 1);
    c->state = calloc(1, c->format->tail_size + 1);
    if (!c->head || !c->state) return vl_fail(err, VL_ENOMEM, "no memory to open the input");
    return open_head(c, &ask, err);
}

/* ---- take ---- */

static size_t waits(vl_stream *s) { return atomic_load_explicit(&s->waits, memory_order_relaxed); }

/* A stream whose text piles up, because its records are shorter in the other, is not read for a while. */
static bool hold_back(vl_cutter *c, int s)
{
    if (c->nstream < 2) return false;
    const size_t mine = waits(&c->stream[s]), other = waits(&c->stream[1 - s]);
    return mine > 2 * c->format->block && other < mine / 2;
}

vl_code vl_cutter_take(vl_cutter *c, int s, vl_packet *packet, vl_err *err)
{
    vl_stream *const st = &c->stream[s];
    packet->packed.len = packet->plain.len = 0;
    packet->end = packet->file_end = false;
    packet->file = st->file;
    if (hold_back(c, s)) return VL_OK;
    return vl_input_take(st->in, c->format->block, packet, err);
}

vl_code vl_cutter_inflate(const vl_cutter *c, int s, vl_packet *packet, vl_err *err)
{
    if (!vl_packet_inflate(packet, err)) return VL_OK;
    return vl_err_file(err, vl_input_source(c->stream[s].in, packet->file)->name);
}

/* ---- cut ---- */

static const char *file_name(const vl_stream *st, int file) { return vl_input_source(st->in, file)->name; }

/* Block = tail + packet; the tail is then empty. */
static vl_code fill(vl_stream *st, vl_packet *packet, vl_block *block, vl_err *err)
{
    st->file = packet->file;
    if (!st->tail.len) {
        vl_buf_swap(&block->bytes, &packet->plain);
        if (st->tail_file != packet->file && block->bytes.len) {
            st->tail_file = packet->file;
            st->at = 0;
        }
    } else {
        block->bytes.len = 0;
        if (vl_buf_reserve(&block->bytes, st->tail.len + packet->plain.len, err) ||
            vl_buf_append(&block->bytes, st->tail.data, st->tail.len, err) ||
            vl_buf_append(&block->bytes, packet->plain.data, packet->plain.len, err))
            return err->code;
    }
    packet->plain.len = 0;
    st->tail.len = 0;
    st->ended |= packet->end;
    block->file = file_name(st, st->tail_file);
    block->offset = st->at;
    block->record = st->record;
    block->last = st->ended;
    return VL_OK;
}

static vl_code keep_tail(const vl_cutter *c, vl_stream *st, vl_block *block, size_t used, vl_err *err)
{
    const size_t rest = block->bytes.len - used;
    if (rest > c->format->max_record) {
        vl_fail(err, VL_EFORMAT, "a record is longer than %zu MiB", c->format->max_record >> 20);
        return vl_err_at(err, block->file, st->at + used, st->record + block->nrecord);
    }
    if (vl_buf_append(&st->tail, block->bytes.data + used, rest, err)) return err->code;
    block->bytes.len = used;
    XXH3_128bits_update(st->hash, block->bytes.data, used);
    st->bytes += used;
    st->at += used;
    st->record += block->nrecord;
    atomic_store_explicit(&st->waits, st->tail.len, memory_order_relaxed);
    return VL_OK;
}

/* All inputs have ended: with pairs both must have given equally many records. */
static vl_code check_even(vl_cutter *c, vl_err *err)
{
    for (int s = 0; s < c->nstream; s++) {
        vl_stream *const st = &c->stream[s];
        if (!st->tail.len) continue;
        const vl_stream *const other = &c->stream[1 - s];
        vl_fail(err, VL_EFORMAT, "has more records than its mate %.100s, which ends after %" PRIu64, other->name,
                other->record);
        return vl_err_at(err, st->name, st->at, st->record);
    }
    return VL_OK;
}

/* A mate's file that has ended while the other still gives records. */
static vl_code check_starved(vl_cutter *c, const size_t *used, vl_block *block, vl_err *err)
{
    for (int s = 0; s < c->nstream; s++) {
        const vl_stream *const st = &c->stream[s], *const other = &c->stream[1 - s];
        if (!st->ended || used[s] < block[s].bytes.len || other->ended) continue;
        if (block[1 - s].bytes.len - used[1 - s] < c->format->block) continue; /* could be a record's beginning */
        vl_fail(err, VL_EFORMAT, "has more records than its mate %.100s, which ends after %" PRIu64, st->name,
                st->record + block[s].nrecord);
        return vl_err_at(err, other->name, other->at + used[1 - s], other->record + block[1 - s].nrecord);
    }
    return VL_OK;
}

vl_code vl_cutter_cut(vl_cutter *c, vl_packet *packet, vl_block *block, bool *end, vl_err *err)
{
    size_t used[VL_MAX_STREAM] = { 0 };
    uint64_t least = UINT64_MAX;
    for (int s = 0; s < c->nstream; s++) {
        if (fill(&c->stream[s], &packet[s], &block[s], err)) return err->code;
        if (c->format->cut(c->head, block[s].bytes.data, block[s].bytes.len, block[s].last, UINT64_MAX, &used[s],
                           &block[s].nrecord, err))
            return vl_err_file(err, block[s].file);
        if (block[s].nrecord < least) least = block[s].nrecord;
    }
    *end = true;
    for (int s = 0; s < c->nstream; s++) {
        if (block[s].nrecord > least &&
            c->format->cut(c->head, block[s].bytes.data, block[s].bytes.len, block[s].last, least, &used[s],
                           &block[s].nrecord, err))
            return vl_err_file(err, block[s].file);
        if (!least && c->nstream > 1 && !block[s].last) used[s] = block[s].nrecord = 0;
        *end &= c->stream[s].ended;
    }
    if (c->nstream > 1 && !*end && check_starved(c, used, block, err)) return err->code;
    for (int s = 0; s < c->nstream; s++) {
        if (keep_tail(c, &c->stream[s], &block[s], used[s], err)) return err->code;
        if (c->stream[s].tail.len) block[s].last = false;
    }
    return *end && c->nstream > 1 ? check_even(c, err) : VL_OK;
}

void vl_cutter_close(vl_cutter *c)
{
    if (c->format && c->head && c->format->close) c->format->close(c->head, c->state);
    free(c->head);
    free(c->state);
    for (int s = 0; s < c->nstream; s++) {
        vl_input_close(c->stream[s].in);
        vl_buf_free(&c->stream[s].tail);
        XXH3_freeState(c->stream[s].hash);
    }
    *c = (vl_cutter){ 0 };
}
