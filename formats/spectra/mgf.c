/* MGF in the table of formats, what stands before its first block, and where it may be cut: behind END
 * IONS. */
#include <string.h>

#include "formats/spectra/mgf.h"

enum { BLOCK = 4 << 20, RECORD_MOST = 1 << 30, HEAD_MOST = 1 << 20 };

/* A text that has keys, comments and blank lines, and then a block. */
static int probe(const uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        const vl_mgf_line line = vl_mgf_next_line(bytes, n, at);
        if (line.what == VL_MGF_BEGIN) return 90;
        if (line.what != VL_MGF_KEY && line.what != VL_MGF_COMMENT && line.what != VL_MGF_BLANK) return 0;
        at = line.at;
    }
    return 0;
}

static vl_code open_head(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                         const bool *whole, bool *more, vl_err *err)
{
    vl_mgf_head *const h = head;
    (void)ask;
    *h = (vl_mgf_head){ 0 };
    for (size_t at = 0; at < n[0];) {
        const vl_mgf_line line = vl_mgf_next_line(bytes[0], n[0], at);
        if (line.what == VL_MGF_BEGIN) return VL_OK;
        if (line.what == VL_MGF_KEY && line.text.n > 7 && !memcmp(line.text.at, "CHARGE=", 7))
            vl_mgf_read_charges((vl_xml_span){ line.text.at + 7, line.text.n - 7 }, &h->charges);
        at = line.at;
    }
    if (n[0] > HEAD_MOST) return vl_fail(err, VL_EFORMAT, "no BEGIN IONS in the first %zu bytes", n[0]);
    *more = !whole[0];
    return VL_OK;
}

/* Behind a line END IONS that begins at at; 0: none begins there, or it is not whole. */
static size_t behind_end(const uint8_t *bytes, size_t n, size_t at)
{
    if (at && bytes[at - 1] != '\n') return 0;
    const uint8_t *const end = memchr(bytes + at, '\n', n - at);
    if (!end) return 0;
    const vl_mgf_line line = vl_mgf_next_line(bytes, n, at);
    return line.what == VL_MGF_END ? line.at : 0;
}

static vl_code cut(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    static const uint8_t word[] = "END IONS";
    (void)head, (void)err;
    *out = (vl_cut){ 0 };
    for (size_t at = 0; at < n && out->nrecord < max_record;) {
        const uint8_t *const p = memmem(bytes + at, n - at, word, sizeof word - 1);
        if (!p) break;
        /* blanks may stand before it */
        size_t from = (size_t)(p - bytes);
        while (from > at && (bytes[from - 1] == ' ' || bytes[from - 1] == '\t')) from--;
        const size_t end = behind_end(bytes, n, from);
        at = end ? end : (size_t)(p - bytes) + 1;
        if (!end) continue;
        out->used = end;
        out->nrecord++;
    }
    if (last && out->nrecord < max_record) {
        out->nrecord += out->used < n;
        out->used = n;
    }
    return VL_OK;
}

static vl_code join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    (void)head, (void)tail, (void)in, (void)batch;
    return err->code;
}

static vl_code finish(const void *head, void *tail, vl_facts *facts, vl_err *err)
{
    (void)head, (void)tail;
    vl_fact_add(facts, "native_id_format", "MS:1000774"); /* multiple peak list */
    return err->code;
}

static void close_all(void *head, void *tail) { (void)head, (void)tail; }

const vl_format vl_mgf = {
    .name = "mgf",
    .title = "MGF",
    .doc = "peak lists of fragment spectra, text (Mascot)",
    .ending = { ".mgf" },
    .schema = &vl_spectra_schema,
    .head_size = sizeof(vl_mgf_head),
    .tail_size = 1,
    .block = BLOCK,
    .max_record = RECORD_MOST,
    .max_stream = 1,
    .probe = probe,
    .open = open_head,
    .cut = cut,
    .parse = vl_mgf_parse,
    .join = join,
    .finish = finish,
    .close = close_all,
    .unfinish = vl_mz_unfinish,
    .own_rows = true,
    .print = vl_mgf_print,
};
