/* mzXML in the table of formats. A document may be cut behind a scan, or an entry of the index. */
#include "formats/spectra/mzxml.h"
#include "formats/spectra/xml_cut.h"

enum { BLOCK = 4 << 20, RECORD_MOST = 1 << 30 };

static vl_code cut(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    static const char *const names[] = { "</scan", "</offset", NULL };
    (void)head;
    (void)err;
    *out = vl_xml_cut_behind(names, bytes, n, last, max_record);
    return VL_OK;
}

static void close_all(void *head, void *tail) { (void)head, (void)tail; }

const vl_format vl_mzxml = {
    .name = "mzxml",
    .title = "mzXML",
    .doc = "mass spectra, XML (ISB, 2 and 3)",
    .ending = { ".mzXML" },
    .schema = &vl_spectra_schema,
    .head_size = sizeof(vl_mx_head),
    .tail_size = sizeof(vl_xml_walk_tail),
    .block = BLOCK,
    .max_record = RECORD_MOST,
    .max_stream = 1,
    .probe = vl_mx_probe,
    .open = vl_mx_open,
    .cut = cut,
    .parse = vl_mx_parse,
    .join = vl_mx_join,
    .finish = vl_mx_finish,
    .drop = vl_xml_walk_drop,
    .close = close_all,
    .unfinish = vl_mz_unfinish,
    .own_rows = true,
    .print = vl_mx_print,
};
