/* mzData in the table of formats. A document may be cut behind a spectrum. */
#include "formats/spectra/mzdata.h"

#include "formats/spectra/xml_cut.h"

enum { BLOCK = 4 << 20, RECORD_MOST = 1 << 30 };

static vl_code cut(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    static const char *const names[] = { "</spectrum", NULL };
    (void)head;
    (void)err;
    *out = vl_xml_cut_behind(names, bytes, n, last, max_record);
    return VL_OK;
}

static void close_all(void *head, void *tail) { (void)head, (void)tail; }

const vl_format vl_mzdata = {
    .name = "mzdata",
    .title = "mzData",
    .doc = "mass spectra, XML (PSI, 1.04 and 1.05)",
    .ending = { ".mzData", ".mzData.xml" },
    .schema = &vl_spectra_schema,
    .head_size = sizeof(vl_md_head),
    .tail_size = sizeof(vl_xml_walk_tail),
    .block = BLOCK,
    .max_record = RECORD_MOST,
    .max_stream = 1,
    .probe = vl_md_probe,
    .open = vl_md_open,
    .cut = cut,
    .parse = vl_md_parse,
    .join = vl_md_join,
    .finish = vl_md_finish,
    .drop = vl_xml_walk_drop,
    .close = close_all,
    .unfinish = vl_mz_unfinish,
    .own_rows = true,
    .print = vl_mz_print,
};
