/* Describes a compressed file (container_describe.h). */
#include "pipeline/container/container_describe.h"

#include "pipeline/container/container_cut.h"
#include "pipeline/run/run.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdlib.h>

typedef struct load {
    vl_portion part;
    vl_buf one; /* a description before it is behind the others */
    bool done;  /* in take: the maker was sought with it */
    uint8_t row[VL_DEFLATE_ROW];
    uint64_t read; /* bytes of the file so far */
} load;

typedef struct describing {
    const vl_describe *ask;
    vl_described *out;
    vl_cutting *cut;
    bool sought;                             /* the maker, in the first part that has a stream */
    uint8_t first[VL_DEFLATE_ROW];           /* that was found there */
    unsigned searches;                       /* that are left */
    uint8_t row[VL_DEFLATE_ROW];             /* in force, as parts are written */
    uint8_t said[VL_DEFLATE_ROW];            /* in the records so far */
    uint8_t lag[VL_ROW_LAG][VL_DEFLATE_ROW]; /* in force behind each of the last parts */
    uint8_t head[6];                         /* of the group before */
    bool has_head;
    vl_buf payload, records;
    vl_progress progress;
    uint64_t total;
} describing;

/* ---- a part ---- */

/* The text of blocks; each is what it would be made as. */
static vl_code inflate_blocks(vl_portion *part, vl_err *err)
{
    struct libdeflate_decompressor *const inflater = libdeflate_alloc_decompressor();
    if (!inflater) return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    part->text.len = 0;
    for (unsigned i = 0; i < part->nunit && !err->code; i++) {
        vl_unit *const u = &part->unit[i];
        const uint8_t *const data = part->stream.data + u->stream;
        const size_t n = (size_t)u->nbit / 8;
        size_t read = 0, made = 0;
        if (vl_buf_grow(&part->text, (size_t)u->n + 1, err)) break;
        uint8_t *const text = part->text.data + part->text.len;
        u->text = part->text.len;
        if (libdeflate_deflate_decompress_ex(inflater, data, n, text, (size_t)u->n, &read, &made) ||
            read != n || made != u->n || libdeflate_crc32(0, text, made) != vl_le32(data + n))
            vl_fail(err, VL_EFORMAT, "a BGZF block is not what it says");
        part->text.len += made;
    }
    libdeflate_free_decompressor(inflater);
    return err->code;
}

static vl_code describe_unit(load *l, vl_unit *u, uint8_t row[VL_DEFLATE_ROW], unsigned *searches,
                             vl_err *err)
{
    vl_portion *const part = &l->part;
    vl_redeflate_found found;
    const vl_redeflate_part ask = {
        .stream = part->stream.data + u->stream,
        .n = (size_t)((u->bit + u->nbit + 7) / 8),
        .bit = u->bit,
        .span = { vl_bytes_at(&part->text, u->text), u->before, (size_t)u->n, u->after },
        .blocks = part->blocks.n ? &part->blocks : NULL,
        .least = u->whole ? 0 : (size_t)u->n,
        .searches = searches,
    };
    if (vl_redeflate_describe(&ask, row, &l->one, &found, err)) return err->code;
    /* the last block may end within the last byte, which is the stream's to its end */
    const uint64_t end = u->whole ? (found.bit + 7) & ~UINT64_C(7) : found.bit;
    u->kept = found.kept || end - u->bit != u->nbit || found.nplain != u->n;
    u->ntoken = found.ntoken;
    u->missed = found.ntoken_missed;
    u->said = part->said.len;
    u->nsaid = u->kept ? 0 : l->one.len;
    memcpy(u->row, row, VL_DEFLATE_ROW);
    return u->kept ? VL_OK : vl_buf_append(&part->said, l->one.data, l->one.len, err);
}

static bool is_text_less(const vl_portion *part)
{
    return part->kind == VL_PORTION_PIECE && part->unit[0].kept;
}

static vl_code describe_part(load *l, const uint8_t row[VL_DEFLATE_ROW], unsigned *searches, vl_err *err)
{
    uint8_t by[VL_DEFLATE_ROW];
    memcpy(by, row, sizeof by);
    l->part.said.len = 0;
    for (unsigned i = 0; i < l->part.nunit; i++)
        if (describe_unit(l, &l->part.unit[i], by, searches, err)) return err->code;
    memcpy(l->row, by, sizeof l->row);
    return VL_OK;
}

/* More than a thousandth of its tokens are not as the maker would have made them. */
static bool misses(const vl_unit *u) { return u->kept || u->missed * 1000 > u->ntoken; }

static bool fits_badly(const vl_portion *part)
{
    for (unsigned i = 0; i < part->nunit; i++)
        if (misses(&part->unit[i])) return true;
    return false;
}

/* Bytes that it takes as it is described. */
static uint64_t unit_cost(const vl_unit *u) { return u->kept ? u->nbit / 8 : u->nsaid; }

static uint64_t cost(const vl_portion *part)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < part->nunit; i++) bytes += unit_cost(&part->unit[i]);
    return bytes;
}

/* By the row, or by the one before if that says it shorter. *better: by the row. */
static vl_code describe_better(load *l, const uint8_t row[VL_DEFLATE_ROW], bool *better, vl_err *err)
{
    unsigned no_search = 0;
    uint8_t before[VL_DEFLATE_ROW];
    const uint64_t was = cost(&l->part);
    memcpy(before, l->row, sizeof before);
    *better = false;
    if (!memcmp(row, before, sizeof before)) return VL_OK;
    if (describe_part(l, row, &no_search, err)) return err->code;
    *better = cost(&l->part) < was;
    return *better || !before[0] ? VL_OK : describe_part(l, before, &no_search, err);
}

/* The same of the one unit, that is described already. */
static void take_better(load *l, const vl_unit *u, const uint8_t row[VL_DEFLATE_ROW], bool *better)
{
    *better = unit_cost(u) < cost(&l->part);
    if (!*better) return;
    l->part.unit[0] = *u;
    memcpy(l->row, row, sizeof l->row);
}

/* The unit that takes most bytes as it is described. */
static const vl_unit *worst(const vl_portion *part)
{
    const vl_unit *most = &part->unit[0];
    for (unsigned i = 1; i < part->nunit; i++)
        if (unit_cost(&part->unit[i]) > unit_cost(most)) most = &part->unit[i];
    return most;
}

/* The maker is sought in the unit that is told worst, as long as that helps. */
static vl_code search(describing *d, load *l, vl_err *err)
{
    for (bool better = true; better && d->searches && fits_badly(&l->part);) {
        unsigned once = 1;
        uint8_t row[VL_DEFLATE_ROW];
        vl_unit u = *worst(&l->part);
        d->searches--;
        memcpy(row, l->row, sizeof row);
        if (describe_unit(l, &u, row, &once, err)) return err->code;
        if (l->part.nunit == 1) take_better(l, &u, row, &better);
        else if (describe_better(l, row, &better, err)) return err->code;
    }
    return VL_OK;
}

/* ---- records ---- */

static vl_code put_row(describing *d, const vl_unit *u, vl_err *err)
{
    memcpy(d->said, u->row, sizeof d->said);
    return vl_buf_append(&d->payload, u->row, sizeof u->row, err);
}

static bool has_new_row(const describing *d, const vl_unit *u)
{
    return !u->kept && memcmp(d->said, u->row, sizeof d->said);
}

/* The bits of a unit, and 0 for those that are not its own. */
static vl_code put_stream(describing *d, const vl_portion *part, const vl_unit *u, vl_err *err)
{
    const size_t at = d->payload.len, n = (size_t)((u->bit + u->nbit + 7) / 8);
    const unsigned behind = (unsigned)(u->bit + u->nbit) & 7;
    if (!n || vl_buf_append(&d->payload, part->stream.data + u->stream, n, err)) return err->code;
    uint8_t *const bytes = d->payload.data + at;
    bytes[0] = (uint8_t)(bytes[0] >> u->bit << u->bit);
    if (behind) bytes[n - 1] = (uint8_t)(bytes[n - 1] & ((1u << behind) - 1));
    return VL_OK;
}

static vl_code put_unit(describing *d, const vl_portion *part, const vl_unit *u, vl_err *err)
{
    if (u->kept) return put_stream(d, part, u, err);
    return u->nsaid ? vl_buf_append(&d->payload, part->said.data + u->said, u->nsaid, err) : VL_OK;
}

static vl_code put_piece(describing *d, const vl_portion *part, vl_err *err)
{
    const vl_unit *const u = &part->unit[0];
    const bool row = has_new_row(d, u);
    const uint8_t how = (uint8_t)(u->bit | (u->whole ? 8 : 0) | (u->kept ? 16 : 0) | (row ? 32 : 0));
    d->payload.len = 0;
    if (vl_buf_append(&d->payload, &how, 1, err) || vl_leb_append(&d->payload, u->n, err) ||
        vl_leb_append(&d->payload, u->kept ? 0 : u->after, err) || vl_leb_append(&d->payload, u->nbit, err) ||
        (row && put_row(d, u, err)) || put_unit(d, part, u, err))
        return err->code;
    return vl_record_put(&d->records, VL_RECORD_PIECE, d->payload.data, d->payload.len, err);
}

/* How many bytes of text blocks have. */
static vl_code put_lengths(describing *d, const vl_portion *part, vl_err *err)
{
    const vl_unit *const u = part->unit;
    uint8_t alike = 1;
    for (unsigned i = 1; i + 1 < part->nunit; i++) alike = alike && u[i].n == u[0].n;
    if (vl_leb_append(&d->payload, u[0].n, err) || vl_buf_append(&d->payload, &alike, 1, err))
        return err->code;
    if (alike && part->nunit > 1) return vl_leb_append(&d->payload, u[part->nunit - 1].n, err);
    for (unsigned i = 1; i < part->nunit; i++) {
        const int64_t more = (int64_t)u[i].n - (int64_t)u[i - 1].n;
        if (vl_leb_append(&d->payload, (uint64_t)more << 1 ^ (0 - ((uint64_t)more >> 63)), err))
            return err->code;
    }
    return VL_OK;
}

static vl_code put_block(describing *d, const vl_portion *part, const vl_unit *u, vl_err *err)
{
    const bool row = has_new_row(d, u), special = row || u->kept;
    const uint8_t what = (uint8_t)((row ? 1 : 0) | (u->kept ? 2 : 0));
    const size_t n = u->kept ? (size_t)u->nbit / 8 : u->nsaid;
    if (vl_leb_append(&d->payload, n * 2 + special, err)) return err->code;
    if (special && vl_buf_append(&d->payload, &what, 1, err)) return err->code;
    return (row && put_row(d, u, err)) || put_unit(d, part, u, err) ? err->code : VL_OK;
}

static vl_code put_group(describing *d, const vl_portion *part, vl_err *err)
{
    const uint8_t head = !d->has_head || memcmp(d->head, part->block_head, sizeof d->head);
    d->payload.len = 0;
    if (vl_leb_append(&d->payload, part->nunit, err) || vl_buf_append(&d->payload, &head, 1, err) ||
        (head && vl_buf_append(&d->payload, part->block_head, sizeof part->block_head, err)) ||
        put_lengths(d, part, err))
        return err->code;
    memcpy(d->head, part->block_head, sizeof d->head);
    d->has_head = true;
    for (unsigned i = 0; i < part->nunit; i++)
        if (put_block(d, part, &part->unit[i], err)) return err->code;
    return vl_record_put(&d->records, VL_RECORD_GROUP, d->payload.data, d->payload.len, err);
}

static vl_code put_part(describing *d, const vl_portion *part, vl_err *err)
{
    d->records.len = 0;
    if (part->before.len && vl_buf_append(&d->records, part->before.data, part->before.len, err))
        return err->code;
    if ((part->kind == VL_PORTION_PIECE && put_piece(d, part, err)) ||
        (part->kind == VL_PORTION_GROUP && put_group(d, part, err)))
        return err->code;
    if (part->behind.len && vl_buf_append(&d->records, part->behind.data, part->behind.len, err))
        return err->code;
    d->out->bytes += d->records.len;
    return d->ask->put(d->ask->to, d->records.data, d->records.len, err);
}

/* ---- stages ---- */

static vl_code take(void *self, vl_slot *slot, vl_err *err)
{
    describing *const d = self;
    load *const l = slot->body;
    vl_portion_clear(&l->part);
    l->done = false;
    if (vl_cutting_next(d->cut, &l->part, &slot->end, err)) return err->code;
    l->read = vl_cutting_read(d->cut);
    memcpy(l->row, slot->seq < VL_ROW_LAG ? d->first : d->lag[slot->seq % VL_ROW_LAG], sizeof l->row);
    if (d->sought || l->part.kind == VL_PORTION_NONE || is_text_less(&l->part)) return VL_OK;
    d->sought = l->done = true;
    if (l->part.kind == VL_PORTION_GROUP && inflate_blocks(&l->part, err)) return err->code;
    unsigned no_search = 0;
    if (describe_part(l, d->first, &no_search, err) || search(d, l, err)) return err->code;
    memcpy(d->first, l->row, sizeof d->first);
    return VL_OK;
}

static vl_code describe(void *self, vl_slot *slot, vl_err *err)
{
    (void)self;
    unsigned no_search = 0;
    load *const l = slot->body;
    if (l->done || is_text_less(&l->part)) return VL_OK;
    if (l->part.kind == VL_PORTION_GROUP && inflate_blocks(&l->part, err)) return err->code;
    return describe_part(l, l->row, &no_search, err);
}

/* In order: by the row that is in force now, then by a new one. */
static vl_code try_again(describing *d, load *l, vl_err *err)
{
    bool better;
    if (d->row[0] && describe_better(l, d->row, &better, err)) return err->code;
    return search(d, l, err);
}

static void count(describing *d, const vl_portion *part)
{
    for (unsigned i = 0; i < part->nunit; i++) {
        const vl_unit *const u = &part->unit[i];
        d->out->stream += u->nbit / 8;
        if (u->kept) d->out->kept += u->nbit / 8;
        else if (!d->out->row[0]) memcpy(d->out->row, u->row, sizeof d->out->row);
    }
}

static vl_code write(void *self, vl_slot *slot, vl_err *err)
{
    describing *const d = self;
    load *const l = slot->body;
    const bool has_text = l->part.kind != VL_PORTION_NONE && !is_text_less(&l->part);
    if (!l->done && l->part.nunit && has_text && fits_badly(&l->part) && try_again(d, l, err))
        return err->code;
    if (has_text && l->row[0]) memcpy(d->row, l->row, sizeof d->row);
    memcpy(d->lag[slot->seq % VL_ROW_LAG], d->row, sizeof d->row);
    count(d, &l->part);
    vl_progress_show(&d->progress, l->read, d->total, 0);
    return put_part(d, &l->part, err);
}

/* ---- the whole ---- */

static vl_code run(describing *d, vl_err *err)
{
    const vl_stage stage[] = { { "cut", VL_ORDERED, take, d },
                               { "describe", VL_PARALLEL, describe, d },
                               { "records", VL_ORDERED, write, d } };
    const int most = vl_slots_for(d->ask->threads), n = most < VL_ROW_LAG ? most : VL_ROW_LAG;
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    for (int i = 0; i < n && !err->code; i++) slot[i].body = &l[i];
    if (!err->code) vl_run(stage, 3, slot, n, d->ask->threads, NULL, err);
    for (int i = 0; l && i < n; i++) {
        vl_portion_free(&l[i].part);
        vl_buf_free(&l[i].one);
    }
    free(l);
    free(slot);
    return err->code;
}

vl_code vl_describe_file(const vl_describe *ask, vl_described *done, vl_err *err)
{
    describing d = { .ask = ask, .out = done, .searches = VL_REDEFLATE_SEARCHES };
    *done = (vl_described){ 0 };
    vl_progress_start(&d.progress, ask->progress, "describe", "");
    if (!vl_cutting_open(&d.cut, ask->path, err) && !run(&d, err)) {
        done->file_bytes = vl_cutting_read(d.cut);
        done->plain_bytes = vl_cutting_plain(d.cut);
        vl_cutting_digest(d.cut, done->sha256);
    }
    vl_progress_end(&d.progress);
    vl_cutting_close(d.cut);
    vl_buf_free(&d.payload);
    vl_buf_free(&d.records);
    return vl_err_file(err, ask->path);
}
