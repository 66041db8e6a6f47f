/*
 * mzML in the table of formats. A document may be cut behind a spectrum, a chromatogram, or an entry of the
 * index.
 */
#include <stddef.h>

#include "formats/spectra/mzml.h"
#include "formats/spectra/xml_cut.h"
#include "formats/spectra/xml_walk.h"

enum { BLOCK = 2 << 20, RECORD_MOST = 1 << 30 };

static vl_code cut(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    static const char *const names[] = { "</spectrum", "</chromatogram", "</offset", NULL };
    (void)head;
    (void)err;
    *out = vl_xml_cut_behind(names, bytes, n, last, max_record);
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
    .doc = "mass spectra and chromatograms, XML (PSI, 0.99 to 1.1)",
    .ending = { ".mzML" },
    .example = "  vial ingest --profile portable -o run7.h5 run7.mzML.gz\n",
    .example_back = "  vial export run7.h5 -o run7.mzML\n",
    .schema = &vl_spectra_schema,
    .head_size = sizeof(vl_mz_head),
    .tail_size = sizeof(vl_xml_walk_tail),
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
    .drop = vl_xml_walk_drop,
    .close = close_all,
    .unfinish = vl_mz_unfinish,
    .own_rows = true,
    .print = vl_mz_print,
    .same_values = &same_values,
};
