/*
 * mzML in the table of formats, and where a document may be cut: behind a spectrum, a chromatogram, or an
 * entry of the index. The search goes backward from the end, so it looks at little more than one record.
 */
#include <stddef.h>
#include <string.h>

#include "formats/spectra/mzml.h"

enum { BLOCK = 4 << 20, RECORD_MOST = 1 << 30 };

/* Behind the end tag that begins at at, if it is one to cut at and is whole; else 0. */
static size_t end_of_tag(const uint8_t *bytes, size_t n, size_t at)
{
    static const char *const names[] = { "</spectrum", "</chromatogram", "</offset" };
    for (int i = 0; i < 3; i++) {
        const size_t len = strlen(names[i]);
        if (n - at <= len || memcmp(bytes + at, names[i], len) != 0) continue;
        size_t to = at + len;
        while (to < n && vl_xml_blank((vl_xml_span){ bytes + to, 1 })) to++;
        if (to < n && bytes[to] == '>') return to + 1;
    }
    return 0;
}

/* Where a comment or CDATA section begins that at is in; SIZE_MAX if it is in none. Bytes start outside of
 * both. There is hardly a '!' in a document, so this is quick. */
static size_t hidden_since(const uint8_t *bytes, size_t at)
{
    static const char *const begins[] = { "<!--", "<![CDATA[" }, *const ends[] = { "-->", "]]>" };
    for (size_t to = at; to;) {
        const uint8_t *const bang = memrchr(bytes, '!', to);
        if (!bang) return SIZE_MAX;
        to = (size_t)(bang - bytes);
        for (int i = 0; i < 2 && to; i++) {
            const size_t from = to - 1, len = strlen(begins[i]);
            if (at - from < len || memcmp(bytes + from, begins[i], len) != 0) continue;
            return memmem(bytes + from + len, at - from - len, ends[i], 3) ? SIZE_MAX : from;
        }
    }
    return SIZE_MAX;
}

static vl_code cut(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    (void)head;
    (void)err;
    *out = (vl_cut){ 0 };
    if (!max_record) return VL_OK;
    if (last) {
        out->used = n;
    } else {
        for (size_t to = n; to && !out->used;) {
            const uint8_t *const p = memrchr(bytes, '<', to);
            if (!p) break;
            to = (size_t)(p - bytes);
            const size_t end = end_of_tag(bytes, n, to), hidden = end ? hidden_since(bytes, to) : SIZE_MAX;
            if (hidden != SIZE_MAX) to = hidden;
            else out->used = end;
        }
    }
    out->nrecord = out->used > 0;
    return VL_OK;
}

static void close_all(void *head, void *tail)
{
    (void)tail;
    vl_mz_head_free(head);
}

static const vl_opt options[] = {
    { 0, "exact", VL_OPT_CHOICE, NULL, "HOW", NULL, offsetof(vl_mz_asked, exact), "sampled all" },
    { .name = "" },
};

static const vl_same_values same_values = { .print = vl_mz_print_values,
                                            .mend_size = sizeof(vl_mz_mend),
                                            .mend = vl_mz_mend_text,
                                            .free = vl_mz_mend_free };

const vl_format vl_mzml = {
    .name = "mzml",
    .title = "mzML",
    .doc = "mass spectra and chromatograms, XML (PSI)",
    .ending = { ".mzML" },
    .example = "  vial ingest --profile portable -o run7.h5 run7.mzML.gz\n",
    .example_back = "  vial export run7.h5 -o run7.mzML\n",
    .schema = &vl_spectra_schema,
    .head_size = sizeof(vl_mz_head),
    .tail_size = sizeof(vl_mz_tail),
    .block = BLOCK,
    .max_record = RECORD_MOST,
    .max_stream = 1,
    .option = options,
    .option_size = sizeof(vl_mz_asked),
    .probe = vl_mz_probe,
    .open = vl_mz_open,
    .cut = cut,
    .parse = vl_mz_parse,
    .join = vl_mz_join,
    .finish = vl_mz_finish,
    .drop = vl_mz_drop,
    .close = close_all,
    .unfinish = vl_mz_unfinish,
    .print = vl_mz_print,
    .same_values = &same_values,
};
