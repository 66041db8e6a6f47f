/* What a spectrum of mzXML, mzData or mzML says in its own text that no column has, for those who print it
 * (spectra_mzml.h). Groups of params that mzML refers to are not looked into. */
#include "formats/spectra/mzml.h"
#include "pipeline/spectra/spectra_mzml.h"

#include <string.h>

static vl_cell value_of(const vl_xml *x, const char *name)
{
    const vl_xml_span v = vl_xml_get(x, name);
    return (vl_cell){ v.at, v.at ? v.n : 0 };
}

/* A scan of mzXML; *done at its precursor k. */
static void take_scan(const vl_xml *x, size_t k, size_t *n, bool *done, vl_spectra_said *out)
{
    if (vl_xml_is(x->name, "scan")) {
        out->filter = value_of(x, "filterLine");
        out->type = value_of(x, "scanType");
    }
    if (!vl_xml_is(x->name, "precursorMz") || (*n)++ != k) return;
    out->from = value_of(x, "precursorScanNum");
    out->activation = value_of(x, "activationMethod");
    *done = true;
}

/* A spectrum of mzData. A reference to 0 or to -1 is to none. */
static void take_spectrum(const vl_xml *x, size_t k, size_t *n, bool *in, vl_spectra_said *out)
{
    if (vl_xml_is(x->name, "precursor")) {
        *in = x->kind == VL_XML_OPEN && *n == k;
        if ((*n)++ == k) out->from = value_of(x, "spectrumRef");
        if (out->from.n && (out->from.at[0] < '1' || out->from.at[0] > '9')) out->from = (vl_cell){ NULL, 0 };
    }
    if (*in && vl_xml_is(x->name, "cvParam")) {
        const vl_xml_span term = vl_xml_get(x, "accession");
        if (term.at && term.n > 8 && !memcmp(term.at + term.n - 8, ":1000044", 8))
            out->activation = value_of(x, "value");
    }
}

vl_code vl_spectra_say(vl_cell text, size_t k, vl_spectra_said *out, vl_err *err)
{
    vl_xml x = { .data = text.at, .n = text.n, .offset = 1 };
    size_t n = 0;
    bool in = false, done = false;
    *out = (vl_spectra_said){ 0 };
    while (x.at < x.n && !done) {
        if (vl_xml_next(&x, err)) return err->code;
        if (x.kind == VL_XML_CLOSE && in && vl_xml_is(x.name, "precursor")) done = true;
        if (x.kind != VL_XML_OPEN && x.kind != VL_XML_EMPTY) continue;
        take_scan(&x, k, &n, &done, out);
        take_spectrum(&x, k, &n, &in, out);
    }
    return VL_OK;
}

/* supDataArrayBinary of mzData has the name in an element before its data. */
vl_code vl_spectra_say_array(vl_cell text, size_t k, vl_cell *out, vl_err *err)
{
    static const char ending[] = "ArrayBinary";
    vl_xml x = { .data = text.at, .n = text.n, .offset = 1 };
    vl_cell name = { NULL, 0 };
    size_t n = 0;
    bool in = false;
    *out = name;
    while (x.at < x.n) {
        if (vl_xml_next(&x, err)) return err->code;
        const size_t len = sizeof ending - 1;
        const bool opens = x.kind == VL_XML_OPEN, tag = opens || x.kind == VL_XML_CLOSE;
        if (tag && x.name.n > len && !memcmp(x.name.at + x.name.n - len, ending, len)) {
            in = opens;
            name = (vl_cell){ NULL, 0 };
        }
        if (in && opens && vl_xml_is(x.name, "arrayName")) {
            const vl_xml_span t = vl_xml_trim(vl_xml_ahead(&x));
            name = (vl_cell){ t.at, t.n };
        }
        if (!in || (!opens && x.kind != VL_XML_EMPTY) || !vl_xml_is(x.name, "data") || n++ != k) continue;
        *out = name;
        break;
    }
    return VL_OK;
}

/* ---- mzML ---- */

/* The number of an accession "MS:1000511"; 0: it is another one. */
static uint32_t term_of(const vl_xml *x)
{
    const vl_cell a = value_of(x, "accession");
    uint64_t term = 0;
    if (a.n < 4 || memcmp(a.at, "MS:", 3)) return 0;
    return vl_mz_uint((vl_xml_span){ a.at + 3, a.n - 3 }, &term) && term <= UINT32_MAX ? (uint32_t)term : 0;
}

static vl_cell word(const char *text) { return (vl_cell){ (const uint8_t *)text, strlen(text) }; }

static void take_term(const vl_xml *x, bool in, vl_spectra_said *out)
{
    static const struct {
        uint32_t term;
        const char *type;
    } types[] = { { 1000579, "Full" }, { 1000580, "Full" }, { 1000497, "zoom" },
                  { 1000582, "SIM" },  { 1000583, "SRM" },  { 1000581, "CRM" } };
    const uint32_t term = term_of(x);
    const char *const how = in ? vl_activation_word(term) : NULL;
    if (how && !out->activation.n) out->activation = word(how);
    if (term == 1000512) out->filter = value_of(x, "value");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].term == term && (!out->type.n || i > 1)) out->type = word(types[i].type);
}

static vl_code say_mzml(vl_cell text, size_t k, vl_spectra_said *out, vl_err *err)
{
    vl_xml x = { .data = text.at, .n = text.n, .offset = 1 };
    size_t n = 0;
    bool in = false;
    *out = (vl_spectra_said){ 0 };
    while (x.at < x.n) {
        if (vl_xml_next(&x, err)) return err->code;
        if (x.kind == VL_XML_CLOSE && vl_xml_is(x.name, "precursor")) in = false;
        if (x.kind != VL_XML_OPEN && x.kind != VL_XML_EMPTY) continue;
        if (vl_xml_is(x.name, "cvParam")) take_term(&x, in, out);
        if (!vl_xml_is(x.name, "precursor")) continue;
        in = x.kind == VL_XML_OPEN && n == k;
        if (n++ == k) out->from = value_of(&x, "spectrumRef");
    }
    return VL_OK;
}

vl_code vl_spectra_say_any(const vl_spectra_own *own, vl_cell text, size_t k, vl_spectra_said *out,
                           vl_err *err)
{
    *out = (vl_spectra_said){ 0 };
    if (!text.n || (!own->mzml && !own->prefix)) return VL_OK;
    return own->mzml ? say_mzml(text, k, out, err) : vl_spectra_say(text, k, out, err);
}
