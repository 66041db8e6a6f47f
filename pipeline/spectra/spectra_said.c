/* What an mzXML scan says in its attributes that no column has, for those who print it (spectra_mzml.h). */
#include "formats/spectra/xml.h"
#include "pipeline/spectra/spectra_mzml.h"

static vl_cell value_of(const vl_xml *x, const char *name)
{
    const vl_xml_span v = vl_xml_get(x, name);
    return (vl_cell){ v.at, v.at ? v.n : 0 };
}

vl_code vl_spectra_say(vl_cell text, size_t k, vl_spectra_said *out, vl_err *err)
{
    vl_xml x = { .data = text.at, .n = text.n, .offset = 1 };
    size_t n = 0;
    *out = (vl_spectra_said){ 0 };
    while (x.at < x.n) {
        if (vl_xml_next(&x, err)) return err->code;
        if (x.kind != VL_XML_OPEN && x.kind != VL_XML_EMPTY) continue;
        if (vl_xml_is(x.name, "scan")) out->filter = value_of(&x, "filterLine");
        if (!vl_xml_is(x.name, "precursorMz") || n++ != k) continue;
        out->from = value_of(&x, "precursorScanNum");
        out->activation = value_of(&x, "activationMethod");
        break;
    }
    return VL_OK;
}
