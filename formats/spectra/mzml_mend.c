/*
 * A document some of whose arrays came out in other letters than they had (mzml_print.c): the offsets of its
 * index, where the index begins, and its checksum are made to fit. A document whose arrays are all as they
 * were is left as it is, whatever it says of itself.
 *
 * The text comes in pieces that may end anywhere; what is no whole token yet is held for the next.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/letter.h"
#include "formats/spectra/mzml.h"
#include "formats/xxh3.h"

/* The records, by the hashes of their ids, in a table of which a half at most is taken. */
enum {
    LEAST = 1024,
    TWINS = 16 /* records of one id that are told apart */
};

typedef struct mending {
    vl_mz_mend *m;
    vl_xml x;      /* what was held, and the new text */
    size_t copied; /* bytes of it that are in out, or are not meant to be */
    vl_buf *out;
} mending;

static size_t slot_of(const vl_mz_mend *m, uint64_t hash)
{
    size_t i = hash & (m->cplace - 1);
    while (m->place[i].hash && m->place[i].hash != hash) i = (i + 1) & (m->cplace - 1);
    return i;
}

static vl_code more_places(vl_mz_mend *m, vl_err *err)
{
    const vl_mz_mend old = *m;
    m->cplace = old.cplace ? 2 * old.cplace : LEAST;
    m->place = calloc(m->cplace, sizeof *m->place);
    if (!m->place) {
        *m = old;
        return vl_fail(err, VL_ENOMEM, "no memory for %zu records", 2 * old.cplace);
    }
    for (size_t i = 0; i < old.cplace; i++)
        if (old.place[i].hash) m->place[slot_of(m, old.place[i].hash)] = old.place[i];
    free(old.place);
    return VL_OK;
}

/* Of a record of which: 0 spectra, 1 chromatograms; the nth with this id. */
static uint64_t id_hash(vl_xml_span id, uint64_t which, uint64_t nth)
{
    return XXH3_64bits_withSeed(id.at, id.n, 2 * nth + which) | 1;
}

/* Of the token, in the document as it comes out. */
static uint64_t position(const mending *d) { return d->m->done + d->out->len + (d->x.from - d->copied); }

static vl_code note_record(mending *d, uint64_t which, vl_err *err)
{
    const vl_xml_span id = vl_xml_get(&d->x, "id");
    vl_mz_mend *const m = d->m;
    if (!id.at) return VL_OK;
    if (2 * m->nplace >= m->cplace && more_places(m, err)) return err->code;
    for (uint64_t nth = 0; nth < TWINS; nth++) {
        vl_mz_place *const p = &m->place[slot_of(m, id_hash(id, which, nth))];
        if (p->hash) continue;
        *p = (vl_mz_place){ id_hash(id, which, nth), position(d), false };
        m->nplace++;
        break;
    }
    return VL_OK;
}

/* All up to byte `to` of the text as it is. */
static vl_code copy_to(mending *d, size_t to, vl_err *err)
{
    const size_t from = d->copied;
    d->copied = to;
    return vl_buf_append(d->out, d->x.data + from, to - from, err);
}

/* The text of the element whose start tag was read becomes another, unless it has none. */
static vl_code replace(mending *d, const char *text, vl_err *err)
{
    const uint8_t *const from = d->x.data + d->x.at, *const end = memchr(from, '<', d->x.n - d->x.at);
    const vl_xml_span was = { from, end ? (size_t)(end - from) : 0 };
    if (vl_xml_blank(was)) return VL_OK;
    if (copy_to(d, d->x.at, err) || vl_buf_append(d->out, text, strlen(text), err)) return err->code;
    d->copied += was.n;
    return VL_OK;
}

static vl_code replace_number(mending *d, uint64_t number, vl_err *err)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return replace(d, text, err);
}

/* An entry of the index: of the first record with this id that has none yet. One of no record stays. */
static vl_code mend_offset(mending *d, vl_err *err)
{
    const vl_mz_mend *const m = d->m;
    const vl_xml_span id = vl_xml_get(&d->x, "idRef");
    for (uint64_t nth = 0; id.at && m->cplace && nth < TWINS; nth++) {
        vl_mz_place *const p = &m->place[slot_of(m, id_hash(id, m->index, nth))];
        if (!p->hash) break;
        if (p->taken) continue;
        p->taken = true;
        return replace_number(d, p->at, err);
    }
    return VL_OK;
}

static void hash(vl_mz_mend *m, const vl_buf *out)
{
    if (!m->hashed) SHA1_Init(&m->sha1);
    const size_t from = m->hashed - m->done;
    SHA1_Update(&m->sha1, out->data + from, out->len - from);
    m->hashed = m->done + out->len;
}

/* Of all up to the end of the start tag (mzML 1.1, fileChecksum). */
static vl_code mend_checksum(mending *d, vl_err *err)
{
    uint8_t digest[20];
    char hex[41];
    if (d->m->summed || copy_to(d, d->x.at, err)) return err->code;
    hash(d->m, d->out);
    SHA1_Final(digest, &d->m->sha1);
    d->m->summed = true;
    vl_hex(digest, sizeof digest, hex);
    return replace(d, hex, err);
}

static vl_code take_tag(mending *d, vl_err *err)
{
    vl_mz_mend *const m = d->m;
    switch (vl_mz_element_of(d->x.name)) {
    case VL_MZ_SPECTRUM: return note_record(d, 0, err);
    case VL_MZ_CHROM: return note_record(d, 1, err);
    case VL_MZ_INDEX_LIST: m->index_at = position(d); return VL_OK;
    case VL_MZ_INDEX: m->index = vl_xml_is(vl_xml_get(&d->x, "name"), "chromatogram"); return VL_OK;
    case VL_MZ_OFFSET: return m->odd ? mend_offset(d, err) : VL_OK;
    case VL_MZ_INDEX_AT: return m->odd ? replace_number(d, m->index_at, err) : VL_OK;
    case VL_MZ_CHECKSUM: return m->odd ? mend_checksum(d, err) : VL_OK;
    default: return VL_OK;
    }
}

/* The next token, if it is whole, and with it the text behind it. */
static bool next(mending *d, vl_err *err)
{
    const size_t at = d->x.at;
    vl_err why = VL_ERR_INIT;
    if (at == d->x.n) return false;
    if (!vl_xml_next(&d->x, &why) &&
        (d->x.last || (d->x.at < d->x.n && memchr(d->x.data + d->x.at, '<', d->x.n - d->x.at))))
        return true;
    if (d->x.last) *err = why;
    d->x.at = at;
    return false;
}

static vl_code mend(mending *d, vl_err *err)
{
    if (!d->m->begun && d->x.n >= 3 && !memcmp(d->x.data, "\xef\xbb\xbf", 3)) d->x.at = 3;
    while (!err->code && next(d, err)) {
        d->m->begun = true;
        if (d->x.kind == VL_XML_OPEN || d->x.kind == VL_XML_EMPTY) take_tag(d, err);
    }
    if (err->code) return err->code;
    return d->x.at > d->copied ? copy_to(d, d->x.at, err) : VL_OK;
}

vl_code vl_mz_mend_text(void *state, bool odd, bool last, vl_buf *text, vl_err *err)
{
    vl_mz_mend *const m = state;
    vl_buf out = { 0 };
    m->odd |= odd;
    if (vl_buf_append(&m->held, text->data, text->len, err)) return err->code;
    mending d = { .m = m, .out = &out };
    d.x = (vl_xml){ .data = m->held.data, .n = m->held.len, .offset = m->begun, .last = last };
    if (!mend(&d, err)) {
        if (!m->summed) hash(m, &out);
        m->held.len -= d.copied;
        if (m->held.len) memmove(m->held.data, m->held.data + d.copied, m->held.len);
        m->done += out.len;
    }
    vl_buf_free(text);
    *text = out;
    return err->code;
}

void vl_mz_mend_free(void *state)
{
    vl_mz_mend *const m = state;
    free(m->place);
    vl_buf_free(&m->held);
    *m = (vl_mz_mend){ 0 };
}
