/* A block of MGF text becomes a batch: each BEGIN IONS ... END IONS a row of spectra (mgf.h). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/letter.h"
#include "formats/spectra/mgf.h"

/* ---- lines ---- */

vl_mgf_line vl_mgf_next_line(const uint8_t *bytes, size_t n, size_t at)
{
    const uint8_t *const end = memchr(bytes + at, '\n', n - at);
    const size_t to = end ? (size_t)(end - bytes) : n;
    vl_mgf_line line = { .text = vl_xml_trim((vl_xml_span){ bytes + at, to - at }),
                         .from = at,
                         .at = end ? to + 1 : n,
                         .what = VL_MGF_WORDS };
    const vl_xml_span t = line.text;
    const uint8_t c = t.n ? *t.at : 0;
    if (!t.n) line.what = VL_MGF_BLANK;
    else if (vl_xml_is(t, "BEGIN IONS")) line.what = VL_MGF_BEGIN;
    else if (vl_xml_is(t, "END IONS")) line.what = VL_MGF_END;
    else if (c == '#' || c == ';' || c == '!' || c == '/') line.what = VL_MGF_COMMENT;
    else if ((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+') line.what = VL_MGF_PEAK;
    else if (((c | 32) >= 'a' && (c | 32) <= 'z') && memchr(t.at, '=', t.n)) line.what = VL_MGF_KEY;
    return line;
}

/* ---- values ---- */

/* The first word of t, which then begins behind it. */
static vl_xml_span take_word(vl_xml_span *t)
{
    *t = vl_xml_trim(*t);
    vl_xml_span word = { t->at, 0 };
    while (word.n < t->n && !vl_xml_blank((vl_xml_span){ t->at + word.n, 1 }) && t->at[word.n] != ',')
        word.n++;
    const size_t step = word.n + (word.n < t->n);
    t->at += step;
    t->n -= step;
    return word;
}

bool vl_mgf_read_charges(vl_xml_span text, vl_mgf_charges *out)
{
    vl_xml_span t = text;
    *out = (vl_mgf_charges){ .n = 0 };
    while (t.n) {
        vl_xml_span w = take_word(&t);
        uint64_t z = 0;
        int8_t sign = 0;
        if (!w.n || vl_xml_is(w, "and")) continue;
        if (*w.at == '+' || *w.at == '-') {
            sign = *w.at == '-' ? -1 : 1;
            w.at++, w.n--;
        } else if (w.at[w.n - 1] == '+' || w.at[w.n - 1] == '-') {
            sign = w.at[--w.n] == '-' ? -1 : 1;
        }
        if (!vl_mz_uint(w, &z) || z > INT8_MAX) return false;
        if (out->n < VL_MGF_CHARGES) out->charge[out->n++] = (int8_t)(sign < 0 ? -(int)z : (int)z);
        if (sign) out->polarity = sign;
    }
    return true;
}

typedef struct parser {
    const vl_mgf_head *head;
    const vl_block *in;
    vl_batch *out;
    vl_mz_record record; /* what is VL_MZ_ANY between blocks */
    vl_mgf_charges charges;
    vl_xml_span title, scans;
    bool ion;      /* PEPMASS was there */
    size_t peaks;  /* where the first peak begins; 0: none yet */
    size_t copied; /* bytes that are in the skeleton */
    vl_buf id;
    vl_mgf_peaks room;
    uint64_t nblock; /* of this text that are done */
} parser;

/* ---- keys ---- */

static void take_number(double *to, vl_xml_span word, vl_batch *out)
{
    if (!vl_mz_double(word, to)) out->counter[VL_SPC_NOT_A_NUMBER]++;
}

static void take_charges(parser *p, vl_xml_span text)
{
    if (!vl_mgf_read_charges(text, &p->charges)) p->out->counter[VL_SPC_NOT_A_NUMBER]++;
}

/* m/z, then perhaps intensity, then perhaps charge. */
static void take_mass(parser *p, vl_xml_span value)
{
    vl_mz_record *const r = &p->record;
    vl_xml_span word = take_word(&value);
    p->ion = true;
    take_number(&r->ion_mz, word, p->out);
    word = take_word(&value);
    if (word.n) take_number(&r->ion_intensity, word, p->out);
    value = vl_xml_trim(value);
    if (value.n && !p->charges.n) take_charges(p, value);
}

/* "25", or the first of "25-30". */
static void take_time(parser *p, vl_xml_span value)
{
    vl_xml_span word = take_word(&value);
    const uint8_t *const minus = word.n > 1 ? memchr(word.at + 1, '-', word.n - 1) : NULL;
    if (minus && minus[-1] != 'e' && minus[-1] != 'E') word.n = (size_t)(minus - word.at);
    take_number(&p->record.time, word, p->out);
}

static void take_level(parser *p, vl_xml_span value)
{
    uint64_t level = 0;
    if (vl_mz_uint(value, &level) && level <= UINT8_MAX) p->record.ms_level = level;
    else p->out->counter[VL_SPC_NOT_A_NUMBER]++;
}

static void take_key(parser *p, vl_xml_span line)
{
    const uint8_t *const equals = memchr(line.at, '=', line.n);
    const vl_xml_span key = vl_xml_trim((vl_xml_span){ line.at, (size_t)(equals - line.at) });
    const vl_xml_span value =
        vl_xml_trim((vl_xml_span){ equals + 1, (size_t)(line.at + line.n - equals) - 1 });
    if (vl_xml_is(key, "TITLE")) p->title = value;
    else if (vl_xml_is(key, "PEPMASS")) take_mass(p, value);
    else if (vl_xml_is(key, "CHARGE")) take_charges(p, value);
    else if (vl_xml_is(key, "RTINSECONDS")) take_time(p, value);
    else if (vl_xml_is(key, "SCANS")) p->scans = value;
    else if (vl_xml_is(key, "MSLEVEL")) take_level(p, value);
}

/* ---- blocks ---- */

static vl_code copy_to(parser *p, size_t to, vl_err *err)
{
    const size_t from = p->copied;
    if (from == to) return VL_OK; /* of an empty block there are no bytes */
    p->copied = to;
    return vl_buf_append(&p->out->col[VL_SP_SKELETON].data, p->in->bytes.data + from, to - from, err);
}

static uint64_t skeleton_at(const parser *p) { return p->out->col[VL_SP_SKELETON].data.len; }

static vl_code begin_block(parser *p, const vl_mgf_line *line, vl_err *err)
{
    vl_mz_record *const r = &p->record;
    if (r->what) return vl_fail(err, VL_EFORMAT, "BEGIN IONS where END IONS is expected");
    if (copy_to(p, line->from, err)) return err->code;
    vl_mz_record_reset(r, VL_MZ_SPECTRUM, (vl_xml_span){ NULL, 0 }, line->from, skeleton_at(p));
    r->ms_level = 2;
    r->centroid = 1;
    r->ion_mz = r->ion_intensity = r->target = r->lower = r->upper = r->energy = NAN;
    r->ion_charge = 0;
    r->npossible = 0;
    r->in_precursor = true;
    p->charges = (vl_mgf_charges){ .n = 0 };
    p->title = p->scans = (vl_xml_span){ NULL, 0 };
    p->ion = false;
    p->peaks = 0;
    return VL_OK;
}

/* Does a title say "scan=7", as the index of scan numbers will find it? */
static bool says_scan(vl_xml_span title)
{
    static const uint8_t word[] = "scan=";
    const uint8_t *const p = title.n ? memmem(title.at, title.n, word, sizeof word - 1) : NULL;
    return p && (p == title.at || p[-1] == ' ');
}

static vl_code make_id(parser *p, vl_err *err)
{
    char number[40];
    uint64_t scan = 0;
    p->id.len = 0;
    if (vl_buf_append(&p->id, p->title.at, p->title.n, err)) return err->code;
    if (vl_mz_uint(p->scans.at ? p->scans : (vl_xml_span){ (const uint8_t *)"", 0 }, &scan) &&
        !says_scan(p->title))
        snprintf(number, sizeof number, "%sscan=%" PRIu64, p->id.len ? " " : "", scan);
    else if (!p->id.len) snprintf(number, sizeof number, "index=%" PRIu64, p->in->record + p->nblock);
    else number[0] = 0;
    if (vl_buf_append(&p->id, number, strlen(number), err)) return err->code;
    p->record.id = (vl_xml_span){ p->id.data, p->id.len };
    return VL_OK;
}

static vl_code push_ion(parser *p, vl_err *err)
{
    vl_mz_record *const r = &p->record;
    const vl_mgf_charges *const c = p->charges.n ? &p->charges : &p->head->charges;
    r->polarity = c->polarity;
    if (c->n == 1) r->ion_charge = c->charge[0];
    for (uint8_t i = 0; i < c->n && c->n > 1; i++) r->possible[r->npossible++] = c->charge[i];
    if (!p->ion) return VL_OK;
    if (vl_mz_record_close(r, VL_MZ_SELECTED_ION, p->out, err)) return err->code;
    return vl_mz_record_close(r, VL_MZ_PRECURSOR, p->out, err);
}

static vl_code end_block(parser *p, const vl_mgf_line *line, vl_err *err)
{
    vl_mz_record *const r = &p->record;
    vl_batch *const out = p->out;
    const uint64_t array_at = out->nrow[VL_SPT_ARRAY];
    if (!r->what) return vl_fail(err, VL_EFORMAT, "END IONS without BEGIN IONS");
    if (p->peaks) {
        const vl_xml_span text = { p->in->bytes.data + p->peaks, line->from - p->peaks };
        const vl_mz_class class = r->ms_level == 1  ? VL_MZ_MS1_CENTROID
                                  : r->ms_level > 1 ? VL_MZ_MSN_CENTROID
                                                    : VL_MZ_OTHER_SPECTRUM;
        if (copy_to(p, p->peaks, err)) return err->code;
        if (vl_mgf_peaks_push(&p->room, text, skeleton_at(p), class, out, &r->array_length, err)) {
            if (err->offset != VL_NOWHERE) err->offset += p->in->offset + p->peaks;
            return err->code;
        }
        p->copied = line->from;
    }
    if (copy_to(p, line->at, err) || make_id(p, err) || push_ion(p, err)) return err->code;
    r->what = VL_MZ_ANY;
    p->nblock++;
    return vl_mz_push_spectrum(r, array_at, out, err);
}

static vl_code take_line(parser *p, const vl_mgf_line *line, vl_err *err)
{
    const bool inside = p->record.what;
    switch (line->what) {
    case VL_MGF_BLANK:
    case VL_MGF_COMMENT: return VL_OK;
    case VL_MGF_BEGIN: return begin_block(p, line, err);
    case VL_MGF_END: return end_block(p, line, err);
    case VL_MGF_KEY:
        if (inside) take_key(p, line->text);
        return VL_OK;
    case VL_MGF_PEAK:
        if (!inside) return vl_fail(err, VL_EFORMAT, "a peak outside of BEGIN IONS and END IONS");
        if (!p->peaks) p->peaks = line->from;
        return VL_OK;
    case VL_MGF_WORDS: break;
    }
    const bool nul = memchr(line->text.at, 0, line->text.n);
    return vl_fail(err, VL_EFORMAT, "%s is neither a peak nor KEY=VALUE nor a comment",
                   nul ? "a line with NUL bytes" : "a line");
}

/* Letters that are not UTF-8, of all that is no peak. */
static void count_letters(parser *p, const vl_mgf_line *line)
{
    for (size_t i = 0; line->what != VL_MGF_PEAK && i < line->text.n;) {
        uint32_t c = line->text.at[i];
        const size_t len = c < 128 ? 1 : vl_letter(line->text.at + i, line->text.n - i, &c);
        p->out->counter[VL_SPC_NOT_UTF8] += !len;
        i += len ? len : 1;
    }
}

vl_code vl_mgf_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    parser p = { .head = head, .in = in, .out = out };
    vl_mgf_line line;
    out->nbyte += in->bytes.len;
    for (size_t at = 0; at < in->bytes.len && !err->code; at = line.at) {
        line = vl_mgf_next_line(in->bytes.data, in->bytes.len, at);
        count_letters(&p, &line);
        if (take_line(&p, &line, err)) vl_err_at(err, in->file, in->offset + at, p.nblock);
    }
    if (!err->code && p.record.what) {
        vl_fail(err, in->last ? VL_ETRUNC : VL_EFORMAT, "text ends before END IONS");
        vl_err_at(err, in->file, in->offset + in->bytes.len, p.nblock);
    }
    if (!err->code) copy_to(&p, in->bytes.len, err);
    vl_buf_free(&p.id);
    vl_mgf_peaks_free(&p.room);
    return err->code;
}
