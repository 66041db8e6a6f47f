/* Take and cut (cut.h). */
#include "pipeline/in/cut.h"
#include "pipeline/io/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 1 << 16 };

/* ---- open: sniff, then let the format see the head ---- */

/* The format of stream s: of the first that holds text it is found out, the others must be the same. */
static vl_code sniff(vl_cutter *c, int s, const char *name, vl_err *err)
{
    const uint8_t *bytes = NULL;
    size_t n = 0;
    bool whole = false;
    if (c->source->peek(c->bytes, s, HEAD, &bytes, &n, &whole, err))
        return vl_err_file(err, c->stream[s].name);
    if (!n) return VL_OK;
    const vl_format *const seen = vl_format_probe(bytes, n);
    const char *const like = seen ? seen->title : vl_format_resembles(bytes, n);
    char all[VL_FORMAT_TITLES];
    const bool other = c->format && seen != c->format;
    if (!c->format) c->format = name ? vl_format_find(name) : seen;
    if (!c->format && name) return vl_fail(err, VL_EARG, "no format is called '%s'", name);
    if (other)
        vl_fail(err, VL_EUNSUP, "%s, while its mate is %s", like ? like : "of no format that is read",
                c->format->title);
    else if (!c->format && like)
        vl_fail(err, VL_EUNSUP, "%s, which is not supported; %s are", like, vl_format_titles("and", all));
    else if (!c->format)
        vl_fail(err, VL_EUNSUP, "neither %s: starts with byte 0x%02x", vl_format_titles("nor", all),
                bytes[0]);
    else if (c->format->woven != c->source->woven)
        vl_fail(err, VL_EUNSUP, "%s is read from its own files, by their names", c->format->title);
    else if (c->nstream > c->format->max_stream)
        return vl_fail(err, VL_EARG, "%s takes one input, %d were given", c->format->title, c->nstream);
    return vl_err_file(err, c->stream[s].name);
}

/* No input holds text: it is of the format that is named, or that the names of the files promise. */
static vl_code take_as_empty(vl_cutter *c, const vl_inputs *inputs, const char *name, vl_err *err)
{
    for (size_t i = 0; i < inputs->n && !c->format && !name; i++)
        c->format = vl_name_split(vl_name_base(inputs->file[i].path)).format;
    if (name) c->format = vl_format_find(name);
    if (name && !c->format) return vl_fail(err, VL_EARG, "no format is called '%s'", name);
    if (c->format && c->format->may_be_empty) return VL_OK;
    vl_fail(err, VL_ETRUNC, c->format ? "the input is empty, and %s never is" : "the input is empty",
            c->format ? c->format->title : "");
    return vl_err_file(err, c->stream[0].name);
}

static vl_code open_head(vl_cutter *c, const vl_ask *ask, vl_err *err)
{
    const uint8_t *bytes[VL_MAX_STREAM] = { NULL };
    size_t n[VL_MAX_STREAM] = { 0 };
    bool whole[VL_MAX_STREAM] = { false }, more = true;
    for (size_t want = HEAD; more; want *= 4) {
        for (int s = 0; s < c->nstream; s++)
            if (c->source->peek(c->bytes, s, want, &bytes[s], &n[s], &whole[s], err))
                return vl_err_file(err, c->stream[s].name);
        more = false;
        c->format->close(c->head, c->tail); /* of a try that saw too little */
        memset(c->head, 0, c->format->head_size);
        if (c->format->open(c->head, ask, bytes, n, whole, &more, err))
            return vl_err_file(err, c->stream[0].name);
        if (more && want >= c->format->max_record) {
            vl_fail(err, VL_EFORMAT, "the %s records that it begins with do not end within %zu MiB",
                    c->format->title, c->format->max_record >> 20);
            return vl_err_file(err, c->stream[0].name);
        }
    }
    return VL_OK;
}

static vl_code open_streams(vl_cutter *c, const vl_inputs *inputs, vl_err *err)
{
    c->source = vl_source_of(inputs);
    if (c->source->open(&c->bytes, inputs, err)) return err->code;
    c->nstream = c->source->nstream(c->bytes);
    if (c->nstream > VL_MAX_STREAM)
        return vl_fail(err, VL_EARG, "%d inputs side by side; %d at most", c->nstream, VL_MAX_STREAM);
    for (int s = 0; s < c->nstream; s++) {
        vl_stream *const st = &c->stream[s];
        st->name = inputs->file[vl_inputs_first(inputs, s)].path;
        st->limit = UINT64_MAX;
        if (!(st->hash = XXH3_createState())) return vl_fail(err, VL_ENOMEM, "no memory to hash the input");
        XXH3_128bits_reset(st->hash);
    }
    return VL_OK;
}

/* An option of another format: which have it. */
static vl_code wrong_format(const vl_cutter *c, const char *name, vl_err *err)
{
    char owners[128] = "";
    for (int i = 0; vl_formats[i]; i++) {
        const size_t used = strlen(owners);
        if (vl_opt_find(vl_formats[i]->option, name))
            snprintf(owners + used, sizeof owners - used, "%s%s", used ? ", " : "", vl_formats[i]->title);
    }
    return vl_fail(err, VL_EARG, "--%s is for %s, the input is %s", name, owners, c->format->title);
}

static vl_code take_options(vl_cutter *c, const vl_given *given, bool any_format, vl_err *err)
{
    vl_given own = { .n = 0 };
    if (!(c->option = calloc(1, c->format->option_size + 1)))
        return vl_fail(err, VL_ENOMEM, "no memory for options");
    for (int i = 0; given && i < given->n; i++) {
        const char *const name = given->option[i].name;
        if (vl_opt_find(c->format->option, name)) vl_given_add(&own, name, given->option[i].text, err);
        else if (!any_format) return wrong_format(c, name, err);
    }
    return vl_opt_set_all(c->format->option, c->option, &own, err);
}

/* By the names of the files that stand first and second, side by side: do second mates stand first? */
static bool named_swapped(const vl_inputs *in)
{
    const size_t second = vl_inputs_first(in, 1);
    for (size_t i = 0; i < second && second + i < in->n; i++)
        if (vl_name_swapped(in->file[i].path, in->file[second + i].path)) return true;
    return false;
}

vl_code vl_cutter_open(vl_cutter *c, const vl_inputs *inputs, const vl_cut_ask *how, vl_err *err)
{
    vl_ask ask = { .mates_as_given = how->mates_as_given, .again = how->again };
    *c = (vl_cutter){ .salvages = how->salvage && how->salvage->on, .damage = { UINT64_MAX, UINT64_MAX } };
    ask.cut_short = c->salvages;
    if (open_streams(c, inputs, err)) return err->code;
    for (int s = 0; s < c->nstream && c->salvages; s++) c->stream[s].limit = how->salvage->limit[s];
    ask.nstream = c->nstream;
    for (int s = 0; s < c->nstream; s++)
        if (sniff(c, s, how->format, err)) return err->code;
    if (!c->format && take_as_empty(c, inputs, how->format, err)) return err->code;
    if (take_options(c, how->given, how->any_format, err)) return err->code;
    ask.option = c->option;
    ask.swapped = c->nstream == 2 && named_swapped(inputs);
    c->head = calloc(1, c->format->head_size + 1);
    c->tail = calloc(1, c->format->tail_size + 1);
    if (!c->head || !c->tail) return vl_fail(err, VL_ENOMEM, "no memory to open the input");
    return open_head(c, &ask, err);
}

/* ---- take ---- */

vl_code vl_cutter_take(vl_cutter *c, int s, vl_packet *packet, vl_err *err)
{
    vl_stream *const st = &c->stream[s];
    packet->packed.len = packet->plain.len = 0;
    packet->end = packet->file_end = packet->damaged = false;
    if (atomic_load_explicit(&st->waits, memory_order_relaxed) >= c->format->block)
        return VL_OK; /* enough for now */
    return c->source->take(c->bytes, s, c->format->block, packet, err);
}

vl_code vl_cutter_inflate(const vl_cutter *c, int s, vl_packet *packet, vl_err *err)
{
    if (!c->source->inflate(packet, err)) return VL_OK;
    if (c->salvages && (err->code == VL_ETRUNC || err->code == VL_EFORMAT)) {
        vl_err_clear(err);
        vl_buf_free(&packet->packed);
        packet->damaged = true;
        return VL_OK;
    }
    return vl_err_file(err, vl_cutter_file(c, s, packet->file)->name);
}

/* ---- cut ---- */

/* Of a stream that is salvaged: its text up to the damage, and a byte more, as what is whole may only be
 * known by what follows. */
static void cut_off(vl_stream *st, vl_packet *packet)
{
    const uint64_t from = st->at + st->tail.len, most = st->limit + (st->limit < UINT64_MAX),
                   left = st->over || most < from ? 0 : most - from;
    if (packet->plain.len > left) {
        st->left_out += packet->plain.len - left;
        packet->plain.len = (size_t)left;
    }
    if (packet->damaged) st->limit = from + packet->plain.len;
    st->broken |= st->limit < UINT64_MAX;
}

/* Block = tail + packet; the tail is then empty. */
static vl_code fill(vl_stream *st, vl_packet *packet, vl_block *block, vl_err *err)
{
    cut_off(st, packet);
    if (!st->tail.len) {
        vl_buf_swap(&block->bytes, &packet->plain);
    } else {
        vl_buf_swap(&block->bytes, &st->tail);
        if (vl_buf_append(&block->bytes, packet->plain.data, packet->plain.len, err))
            return vl_err_at(err, st->name, st->at, st->record);
    }
    vl_buf_free(&packet->plain);
    st->tail.len = 0;
    st->ended |= packet->end;
    block->file = st->name;
    block->offset = st->at;
    block->record = st->record;
    block->line = st->line;
    block->nrecord = 0;
    return VL_OK;
}

static vl_code keep_tail(const vl_cutter *c, vl_stream *st, vl_block *block, const vl_cut *cut, vl_err *err)
{
    const size_t used = cut->used, rest = block->bytes.len - used;
    if (rest > c->format->max_record && !used) {
        vl_fail(err, VL_EFORMAT, "records that stay together take more than %zu MiB",
                c->format->max_record >> 20);
        return vl_err_at(err, block->file, st->at + used, st->record + block->nrecord);
    }
    if (!used) {
        vl_buf_swap(&st->tail, &block->bytes);
        block->bytes.len = 0;
    } else if (vl_buf_append(&st->tail, block->bytes.data + used, rest, err)) {
        return vl_err_at(err, st->name, st->at, st->record);
    }
    block->bytes.len = used;
    block->last = st->ended && !rest;
    XXH3_128bits_update(st->hash, block->bytes.data, used);
    st->bytes += used;
    st->at += used;
    st->record += block->nrecord;
    st->line += cut->nline;
    return VL_OK;
}

/* Whole records within the first format->block bytes, `most` of them at most; one that is longer than that
 * alone. *lacks: more text is needed to say. So borders of blocks depend on the text, never on packets or
 * timing. */
static vl_code measure(vl_cutter *c, const vl_stream *st, vl_block *block, uint64_t most, vl_cut *out,
                       bool *lacks, vl_err *err)
{
    const size_t len = block->bytes.len, full = c->format->block, n = len < full ? len : full;
    const bool last = st->ended && !st->broken;
    *out = (vl_cut){ 0 };
    *lacks = len < full && !st->ended;
    if (*lacks || !len) return VL_OK;
    if (c->format->cut(c->head, block->bytes.data, n, last && n == len, most, out, err))
        return vl_err_file(err, block->file);
    if (!out->used && n < len &&
        c->format->cut(c->head, block->bytes.data, len, last, most ? 1 : 0, out, err))
        return vl_err_file(err, block->file);
    block->nrecord = out->nrecord;
    *lacks = !out->used && !st->ended;
    return VL_OK;
}

/* One input has no record left while the other has: mates are missing. */
static vl_code check_even(const vl_cutter *c, const vl_block *block, const vl_cut *cut, vl_err *err)
{
    for (int s = 0; s < c->nstream; s++) {
        const vl_stream *const st = &c->stream[s], *const other = &c->stream[1 - s];
        if (!block[s].nrecord || cut[1 - s].used) continue;
        vl_fail(err, VL_EFORMAT, "has more records than its mate %.100s, which ends after %" PRIu64,
                other->name, other->record);
        return vl_err_at(err, st->name, st->at, st->record);
    }
    return VL_OK;
}

/* A stream that ended has no whole record left: then what is left of it is left out, and of its mate too. */
static void leave_rest(vl_cutter *c, vl_block *block, vl_cut *cut, bool *lacks)
{
    bool over = false;
    for (int s = 0; s < c->nstream; s++) over |= c->stream[s].ended && !cut[s].used;
    for (int s = 0; s < c->nstream && over; s++) {
        vl_stream *const st = &c->stream[s];
        st->over = true;
        st->left_out += block[s].bytes.len;
        block[s].bytes.len = 0;
        block[s].nrecord = 0;
        cut[s] = (vl_cut){ 0 };
        lacks[s] = false;
    }
}

vl_code vl_cutter_cut(vl_cutter *c, vl_packet *packet, vl_block *block, bool *end, vl_err *err)
{
    vl_cut cut[VL_MAX_STREAM] = { { 0 } };
    uint64_t least = UINT64_MAX;
    bool wait = false, lacks[VL_MAX_STREAM] = { false };
    for (int s = 0; s < c->nstream; s++) {
        if (packet[s].end) c->stream[s].broken |= vl_cutter_file(c, s, packet[s].file)->damaged;
        if (fill(&c->stream[s], &packet[s], &block[s], err)) return err->code;
        if (measure(c, &c->stream[s], &block[s], UINT64_MAX, &cut[s], &lacks[s], err)) return err->code;
    }
    if (c->salvages) leave_rest(c, block, cut, lacks);
    for (int s = 0; s < c->nstream; s++) {
        if (block[s].nrecord < least) least = block[s].nrecord;
        wait |= lacks[s];
    }
    if (!wait && c->nstream > 1 && check_even(c, block, cut, err)) return err->code;
    *end = true;
    for (int s = 0; s < c->nstream; s++) {
        if (wait) cut[s] = (vl_cut){ 0 };
        else if (block[s].nrecord > least &&
                 measure(c, &c->stream[s], &block[s], least, &cut[s], &lacks[s], err))
            return err->code;
        block[s].nrecord = cut[s].nrecord;
        if (keep_tail(c, &c->stream[s], &block[s], &cut[s], err)) return err->code;
        /* what lacks text is read on, however much is there: its record is longer than a block */
        atomic_store_explicit(&c->stream[s].waits, lacks[s] ? 0 : c->stream[s].tail.len,
                              memory_order_relaxed);
        *end &= c->stream[s].ended && !c->stream[s].tail.len;
    }
    return VL_OK;
}

/* The file of a stream in which an error is, and where it is there. */
static void place_in_file(const vl_cutter *c, int s, vl_err *err)
{
    const int nfile = vl_cutter_nfile(c, s);
    int f = 0;
    for (; f + 1 < nfile && err->offset >= vl_cutter_file(c, s, f)->plain_bytes; f++)
        err->offset -= vl_cutter_file(c, s, f)->plain_bytes;
    const vl_file_facts *const file = vl_cutter_file(c, s, f);
    if (nfile > 1) {
        err->file[0] = 0;
        vl_err_file(err, file->name);
    }
    /* the byte behind its last one: what is missing would begin there */
    if (err->end && f + 1 == nfile && strcmp(file->compression, "none") && !file->decoder)
        err->packed = file->bytes;
}

void vl_cutter_place(vl_cutter *c, vl_err *err)
{
    if (!err->code || err->offset == VL_NOWHERE) return;
    for (int s = 0; s < c->nstream; s++) {
        const char *const name = c->stream[s].name;
        const size_t n = strlen(name), m = strlen(err->file);
        if (m > n || strcmp(name + n - m, err->file)) continue;
        c->damage[s] = err->offset;
        if (err->record != VL_NOWHERE) place_in_file(c, s, err); /* else input says it, and is right */
        return;
    }
}

void vl_cutter_close(vl_cutter *c)
{
    if (c->format && c->head && c->tail) c->format->close(c->head, c->tail);
    free(c->option);
    free(c->head);
    free(c->tail);
    if (c->source) c->source->close(c->bytes);
    for (int s = 0; s < VL_MAX_STREAM; s++) {
        vl_buf_free(&c->stream[s].tail);
        XXH3_freeState(c->stream[s].hash);
    }
    *c = (vl_cutter){ 0 };
}
