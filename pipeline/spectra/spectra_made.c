/*
 * mzML of spectra that came from no mzML: a document of its own, all of it from the columns and, of mzXML
 * and mzData, what their spectra say beside them. Valid mzML 1.1; arrays are compressed by zlib.
 */
#include "pipeline/spectra/spectra_mzml.h"

#include "formats/letter.h"
#include "formats/spectra/mzml.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- XML ---- */

vl_code vl_mzml_escape(vl_buf *t, const uint8_t *at, size_t n, vl_err *err)
{
    for (size_t i = 0, len; i < n; i += len) {
        uint32_t c = 0;
        len = vl_letter(at + i, n - i, &c);
        const char *other = NULL;
        if (!len) other = VL_LETTER_BAD_TEXT, len = 1;
        else if (c == '&') other = "&amp;";
        else if (c == '<') other = "&lt;";
        else if (c == '"') other = "&quot;";
        else if (c == '\t') other = "&#9;";
        else if (c == '\n') other = "&#10;";
        else if (c == '\r') other = "&#13;";
        else if (c < 32) other = VL_LETTER_BAD_TEXT;
        if (other ? vl_text_add(t, other, err) : vl_buf_append(t, at + i, len, err)) return err->code;
    }
    return VL_OK;
}

vl_code vl_mzml_put_said(vl_buf *t, vl_cell said, vl_err *err)
{
    vl_buf plain = { 0 };
    if (!vl_xml_decode((vl_xml_span){ said.at, said.n }, VL_XML_UTF8, &plain, err))
        vl_mzml_escape(t, plain.data, plain.len, err);
    vl_buf_free(&plain);
    return err->code;
}

typedef struct term {
    const char *accession, *name, *unit, *unit_name; /* unit NULL: none */
} term;

static void begin_term(vl_buf *t, const term *what, vl_err *err)
{
    vl_text_put(t, err, "<cvParam cvRef=\"MS\" accession=\"%s\" name=\"%s\" value=\"", what->accession,
                what->name);
}

static vl_code end_term(vl_buf *t, const term *what, vl_err *err)
{
    vl_text_put(t, err, "\"");
    if (what->unit)
        vl_text_put(t, err, " unitCvRef=\"%.2s\" unitAccession=\"%s\" unitName=\"%s\"", what->unit,
                    what->unit, what->unit_name);
    vl_text_put(t, err, "/>");
    return err->code;
}

static vl_code put_term(vl_buf *t, const term *what, vl_err *err)
{
    begin_term(t, what, err);
    return end_term(t, what, err);
}

/* A term with a number; nothing where that is absent. */
static vl_code put_number(vl_buf *t, const term *what, double value, vl_err *err)
{
    if (isnan(value)) return err->code;
    begin_term(t, what, err);
    if (err->code || vl_text_number(t, value, false, err)) return err->code;
    return end_term(t, what, err);
}

#define MZ_UNIT "MS:1000040", "m/z"
#define COUNTS  "MS:1000131", "number of detector counts"

/* ---- the document ---- */

static const char before[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<mzML xmlns=\"http://psi.hupo.org/ms/mzml\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
    "xsi:schemaLocation=\"http://psi.hupo.org/ms/mzml http://psidev.info/files/ms/mzML/xsd/mzML1.1.0.xsd\" "
    "version=\"1.1.0\">\n"
    "<cvList count=\"2\">\n"
    "<cv id=\"MS\" fullName=\"Proteomics Standards Initiative Mass Spectrometry Ontology\" "
    "URI=\"https://raw.githubusercontent.com/HUPO-PSI/psi-ms-CV/master/psi-ms.obo\"/>\n"
    "<cv id=\"UO\" fullName=\"Unit Ontology\" "
    "URI=\"https://raw.githubusercontent.com/bio-ontology-research-group/unit-ontology/master/unit.obo\"/>\n"
    "</cvList>\n<fileDescription>\n<fileContent>"
    "<cvParam cvRef=\"MS\" accession=\"MS:1000294\" name=\"mass spectrum\" value=\"\"/></fileContent>\n"
    "<sourceFileList count=\"1\">\n<sourceFile id=\"source\" location=\"\" name=\"";

static const char after[] =
    "\"/></software>\n</softwareList>\n<instrumentConfigurationList count=\"1\">\n"
    "<instrumentConfiguration id=\"instrument\">"
    "<cvParam cvRef=\"MS\" accession=\"MS:1000031\" name=\"instrument model\" value=\"\"/>";

static const char processing[] =
    "</instrumentConfiguration>\n</instrumentConfigurationList>\n<dataProcessingList count=\"1\">\n"
    "<dataProcessing id=\"conversion\"><processingMethod order=\"0\" softwareRef=\"vial\">"
    "<cvParam cvRef=\"MS\" accession=\"MS:1000544\" name=\"Conversion to mzML\" value=\"\"/>"
    "</processingMethod></dataProcessing>\n</dataProcessingList>\n"
    "<run id=\"run\" defaultInstrumentConfigurationRef=\"instrument\" defaultSourceFileRef=\"source\">\n"
    "<spectrumList defaultDataProcessingRef=\"conversion\" count=\"";

/* Formats of spectra, and how their spectra are named. */
static const struct {
    const char *format;
    const char *said; /* what the number of a spectrum that it refers to has before it; NULL: it says nothing
                         beside its columns */
    bool titled;      /* spectra_view.h */
    term file, id;
} formats[] = { { "mzxml",
                  "scan=",
                  false,
                  { "MS:1000566", "ISB mzXML format", NULL, NULL },
                  { "MS:1000776", "scan number only nativeID format", NULL, NULL } },
                { "mzdata",
                  "spectrum=",
                  false,
                  { "MS:1000564", "PSI mzData format", NULL, NULL },
                  { "MS:1000777", "spectrum identifier nativeID format", NULL, NULL } },
                { "mgf",
                  NULL,
                  true,
                  { "MS:1001062", "Mascot MGF format", NULL, NULL },
                  { "MS:1000774", "multiple peak list nativeID format", NULL, NULL } } };

const char *vl_spectra_prefix(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!strcmp(formats[i].format, format)) return formats[i].said;
    return NULL;
}

static vl_code put_note(vl_viewer *v, const char *where, const char *name, vl_buf *t, vl_err *err)
{
    char value[256];
    if (vl_store_get(vl_reader_store(v->r), where, name, value, sizeof value, err)) return err->code;
    return vl_mzml_escape(t, (const uint8_t *)value, strlen(value), err);
}

/* userParam instrument, where the store knows it. */
static vl_code put_instrument(vl_viewer *v, vl_buf *t, vl_err *err)
{
    char value[128];
    if (vl_store_get(vl_reader_store(v->r), "source", "instrument", value, sizeof value, err) || !*value)
        return err->code;
    if (vl_text_add(t, "<userParam name=\"instrument\" value=\"", err) ||
        vl_mzml_escape(t, (const uint8_t *)value, strlen(value), err))
        return err->code;
    return vl_text_add(t, "\"/>", err);
}

vl_code vl_spectra_made_head(vl_viewer *v, const char *format, vl_buf *t, vl_err *err)
{
    static const term software = { "MS:1000799", "custom unreleased software tool", NULL, NULL };
    vl_spectra_own *const o = v->own;
    if (vl_pairs_none(v, err)) return err->code;
    if (vl_text_add(t, before, err) || put_note(v, "source/0", "name", t, err) || vl_text_add(t, "\">", err))
        return err->code;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].format, format)) continue;
        o->said = formats[i].said;
        o->titled = formats[i].titled;
        if (put_term(t, &formats[i].id, err) || put_term(t, &formats[i].file, err)) return err->code;
    }
    vl_text_put(t, err,
                "</sourceFile>\n</sourceFileList>\n</fileDescription>\n<softwareList count=\"1\">\n"
                "<software id=\"vial\" version=\"%s\">",
                VL_VERSION);
    begin_term(t, &software, err);
    if (vl_text_add(t, "vial", err) || vl_text_add(t, after, err) || put_instrument(v, t, err) ||
        vl_text_add(t, processing, err) || vl_text_u64(t, vl_rows_count(&v->rows), err))
        return err->code;
    return vl_text_add(t, "\">\n", err);
}

/* ---- a spectrum ---- */

static vl_code put_kind(vl_buf *t, const vl_batch *b, size_t i, vl_err *err)
{
    static const term level = { "MS:1000511", "ms level", NULL, NULL },
                      one = { "MS:1000579", "MS1 spectrum", NULL, NULL },
                      many = { "MS:1000580", "MSn spectrum", NULL, NULL },
                      any = { "MS:1000294", "mass spectrum", NULL, NULL },
                      positive = { "MS:1000130", "positive scan", NULL, NULL },
                      negative = { "MS:1000129", "negative scan", NULL, NULL },
                      centroid = { "MS:1000127", "centroid spectrum", NULL, NULL },
                      profile = { "MS:1000128", "profile spectrum", NULL, NULL };
    const uint8_t n = b->col[VL_SP_MS_LEVEL].data.data[i], how = b->col[VL_SP_CENTROID].data.data[i];
    const int8_t sign = (int8_t)b->col[VL_SP_POLARITY].data.data[i];
    if (put_term(t,
                 n == 1 ? &one
                 : n    ? &many
                        : &any,
                 err) ||
        (n && put_number(t, &level, n, err)) ||
        (sign && put_term(t, sign > 0 ? &positive : &negative, err)) ||
        (how < 2 && put_term(t, how ? &centroid : &profile, err)))
        return err->code;
    return VL_OK;
}

static vl_code put_totals(vl_buf *t, const vl_batch *b, size_t i, vl_err *err)
{
    static const struct {
        int field;
        term what;
    } totals[] = { { VL_SP_BASE_PEAK_MZ, { "MS:1000504", "base peak m/z", MZ_UNIT } },
                   { VL_SP_BASE_PEAK_INTENSITY, { "MS:1000505", "base peak intensity", COUNTS } },
                   { VL_SP_TIC, { "MS:1000285", "total ion current", COUNTS } } };
    for (size_t k = 0; k < sizeof totals / sizeof *totals; k++)
        if (put_number(t, &totals[k].what, vl_f64_at(b, totals[k].field, i), err)) return err->code;
    return VL_OK;
}

static vl_code put_window(vl_buf *t, const vl_batch *b, size_t i, vl_err *err)
{
    static const term lower = { "MS:1000501", "scan window lower limit", MZ_UNIT },
                      upper = { "MS:1000500", "scan window upper limit", MZ_UNIT };
    const double low = vl_f64_at(b, VL_SP_SCAN_LOW, i), high = vl_f64_at(b, VL_SP_SCAN_HIGH, i);
    if (isnan(low) && isnan(high)) return VL_OK;
    vl_text_put(t, err, "<scanWindowList count=\"1\"><scanWindow>");
    if (put_number(t, &lower, low, err) || put_number(t, &upper, high, err)) return err->code;
    return vl_text_add(t, "</scanWindow></scanWindowList>", err);
}

/* The pixel that it is of, as imzML has it. */
static vl_code put_position(vl_buf *t, const vl_batch *b, size_t i, vl_err *err)
{
    for (int k = 0; k < 3 && !err->code; k++) {
        const int32_t at = vl_position_at(b, VL_SP_X + k, i);
        if (at != VL_SP_NO_POSITION)
            vl_text_put(t, err,
                        "<cvParam cvRef=\"IMS\" accession=\"IMS:100005%d\" name=\"position %c\" "
                        "value=\"%" PRId32 "\"/>",
                        k, 'x' + k, at);
    }
    return err->code;
}

static vl_code put_scan(vl_buf *t, const vl_batch *b, size_t i, vl_cell filter, bool placed, vl_err *err)
{
    static const term whole = { "MS:1000795", "no combination", NULL, NULL },
                      line = { "MS:1000512", "filter string", NULL, NULL },
                      time = { "MS:1000016", "scan start time", "UO:0000010", "second" },
                      injection = { "MS:1000927", "ion injection time", "UO:0000028", "millisecond" },
                      faims = { "MS:1001581", "FAIMS compensation voltage", "UO:0000218", "volt" };
    vl_text_put(t, err, "\n<scanList count=\"1\">");
    if (put_term(t, &whole, err) || vl_text_add(t, "<scan>", err) ||
        put_number(t, &time, vl_f64_at(b, VL_SP_TIME, i), err))
        return err->code;
    if (placed && put_position(t, b, i, err)) return err->code;
    if (filter.n) {
        begin_term(t, &line, err);
        if (vl_mzml_put_said(t, filter, err) || end_term(t, &line, err)) return err->code;
    }
    if (put_number(t, &injection, vl_f64_at(b, VL_SP_INJECTION_TIME, i), err) ||
        put_number(t, &faims, vl_f64_at(b, VL_SP_FAIMS, i), err) || put_window(t, b, i, err))
        return err->code;
    return vl_text_add(t, "</scan></scanList>", err);
}

/* ---- its precursors ---- */

/* Words for it of mzXML and mzData. */
static const struct {
    const char *word;
    term what;
} activations[] = {
    { "CID", { "MS:1000133", "collision-induced dissociation", NULL, NULL } },
    { "HCD", { "MS:1000422", "beam-type collision-induced dissociation", NULL, NULL } },
    { "ETD", { "MS:1000598", "electron transfer dissociation", NULL, NULL } },
    { "ECD", { "MS:1000250", "electron capture dissociation", NULL, NULL } },
    { "PQD", { "MS:1000599", "pulsed q dissociation", NULL, NULL } },
    { "IRMPD", { "MS:1000262", "infrared multiphoton dissociation", NULL, NULL } },
    { "PD", { "MS:1000435", "photodissociation", NULL, NULL } },
    { "PSD", { "MS:1000135", "post-source decay", NULL, NULL } },
    { "SID", { "MS:1000136", "surface-induced dissociation", NULL, NULL } },
};

const char *vl_activation_word(uint32_t number)
{
    enum { OTHER_HCD = 1002481 }; /* higher energy beam-type collision-induced dissociation */
    if (number == OTHER_HCD) return "HCD";
    for (size_t k = 0; k < sizeof activations / sizeof *activations; k++)
        if (strtoul(activations[k].what.accession + 3, NULL, 10) == number) return activations[k].word;
    return NULL;
}

static vl_code put_activation(vl_buf *t, vl_cell word, double energy, vl_err *err)
{
    static const term volts = { "MS:1000045", "collision energy", "UO:0000266", "electronvolt" };
    bool known = !word.n;
    if (vl_text_add(t, "<activation>", err)) return err->code;
    for (size_t k = 0; k < sizeof activations / sizeof *activations && !known; k++) {
        known = word.n == strlen(activations[k].word) && !memcmp(word.at, activations[k].word, word.n);
        if (known && put_term(t, &activations[k].what, err)) return err->code;
    }
    if (put_number(t, &volts, energy, err)) return err->code;
    if (!known && (vl_text_add(t, "<userParam name=\"activationMethod\" value=\"", err) ||
                   vl_mzml_put_said(t, word, err) || vl_text_add(t, "\"/>", err)))
        return err->code;
    return vl_text_add(t, "</activation>", err);
}

static vl_code put_isolation(vl_buf *t, const vl_ions *ions, size_t p, vl_err *err)
{
    static const term target = { "MS:1000827", "isolation window target m/z", MZ_UNIT },
                      lower = { "MS:1000828", "isolation window lower offset", MZ_UNIT },
                      upper = { "MS:1000829", "isolation window upper offset", MZ_UNIT };
    if (isnan(vl_value_at(&ions->target, p))) return VL_OK;
    if (vl_text_add(t, "<isolationWindow>", err) ||
        put_number(t, &target, vl_value_at(&ions->target, p), err) ||
        put_number(t, &lower, vl_value_at(&ions->lower, p), err) ||
        put_number(t, &upper, vl_value_at(&ions->upper, p), err))
        return err->code;
    return vl_text_add(t, "</isolationWindow>", err);
}

static vl_code put_ion(vl_buf *t, const vl_ions *ions, size_t k, vl_err *err)
{
    static const term mz = { "MS:1000744", "selected ion m/z", MZ_UNIT },
                      charge = { "MS:1000041", "charge state", NULL, NULL },
                      possible = { "MS:1000633", "possible charge state", NULL, NULL },
                      intensity = { "MS:1000042", "peak intensity", COUNTS };
    const int z = (int8_t)ions->charge.data[k];
    const uint64_t to = vl_le64(ions->possible_end.data + 8 * k + 8);
    if (vl_text_add(t, "<selectedIon>", err) || put_number(t, &mz, vl_value_at(&ions->mz, k), err) ||
        (z && put_number(t, &charge, z, err)))
        return err->code;
    for (uint64_t c = vl_le64(ions->possible_end.data + 8 * k); c < to; c++)
        if (put_number(t, &possible, (int8_t)ions->possible.data[c], err)) return err->code;
    if (put_number(t, &intensity, vl_value_at(&ions->intensity, k), err)) return err->code;
    return vl_text_add(t, "</selectedIon>", err);
}

static vl_code put_ions(vl_buf *t, const vl_ions *ions, const vl_parent *parent, size_t p, vl_err *err)
{
    size_t n = 0;
    for (size_t k = parent->ion; k < parent->ion_end; k++) n += vl_le64(ions->of_precursor.data + 8 * k) == p;
    if (!n) return VL_OK;
    vl_text_put(t, err, "<selectedIonList count=\"%zu\">", n);
    for (size_t k = parent->ion; k < parent->ion_end && !err->code; k++)
        if (vl_le64(ions->of_precursor.data + 8 * k) == p) put_ion(t, ions, k, err);
    return err->code ? err->code : vl_text_add(t, "</selectedIonList>", err);
}

/* prefix: of the id of a spectrum that the text refers to. */
static vl_code put_precursors(vl_buf *t, const vl_ions *ions, const vl_parent *parent, vl_cell text,
                              const char *prefix, vl_err *err)
{
    vl_spectra_said said = { 0 };
    if (parent->precursor == parent->precursor_end) return VL_OK;
    vl_text_put(t, err, "\n<precursorList count=\"%zu\">", parent->precursor_end - parent->precursor);
    for (size_t p = parent->precursor; p < parent->precursor_end; p++) {
        if (text.n && vl_spectra_say(text, p - parent->precursor, &said, err)) return err->code;
        if (vl_text_add(t, "<precursor", err)) return err->code;
        if (said.from.n && (vl_text_add(t, " spectrumRef=\"", err) || vl_text_add(t, prefix, err) ||
                            vl_mzml_put_said(t, said.from, err) || vl_text_add(t, "\"", err)))
            return err->code;
        if (vl_text_add(t, ">", err) || put_isolation(t, ions, p, err) || put_ions(t, ions, parent, p, err) ||
            put_activation(t, said.activation, vl_value_at(&ions->energy, p), err) ||
            vl_text_add(t, "</precursor>", err))
            return err->code;
    }
    return vl_text_add(t, "</precursorList>", err);
}

/* ---- its arrays ---- */

static const term *type_term(vl_type type)
{
    static const term f32 = { "MS:1000521", "32-bit float", NULL, NULL },
                      f64 = { "MS:1000523", "64-bit float", NULL, NULL };
    /* whole numbers are printed as these too, as not all readers take arrays of them */
    return type == VL_F32 ? &f32 : type == VL_F64 || type == VL_I32 || type == VL_I64 ? &f64 : NULL;
}

/* Arrays of bytes are of nothing that a term could name: they are left out. */
static bool is_said(const vl_array *a)
{
    return type_term(a->column->type) && vl_mz_role_term(a->column->role);
}

/* name: as the document has it; NULL and 0: it has none. */
static vl_code put_role(vl_buf *t, const vl_piece_column *column, vl_cell name, vl_err *err)
{
    char accession[16];
    snprintf(accession, sizeof accession, "MS:%07" PRIu32, vl_mz_role_term(column->role));
    term what = { accession, column->role, NULL, NULL };
    if (vl_is_mz(column)) what = (term){ accession, column->role, MZ_UNIT };
    if (vl_is_intensity(column)) what = (term){ accession, column->role, COUNTS };
    begin_term(t, &what, err);
    if (name.n && vl_mzml_put_said(t, name, err)) return err->code;
    return end_term(t, &what, err);
}

static vl_code put_array(vl_buf *t, const vl_array *a, vl_cell name, const vl_buf *bytes, uint64_t usual,
                         vl_err *err)
{
    static const term zlib = { "MS:1000574", "zlib compression", NULL, NULL };
    const uint64_t n = bytes->len / vl_type_width(a->column->type);
    const bool whole = a->column->type == VL_I32 || a->column->type == VL_I64;
    vl_buf text = { 0 }, wide = { 0 };
    if (whole && vl_array_decode(NULL, a->column->type, bytes->data, bytes->len, &wide, err))
        return err->code;
    const vl_buf *const said = whole ? &wide : bytes;
    if (!vl_mzml_array_text(VL_RECIPE_ZLIB + 6, said->data, said->len, NULL, 0, &text, err)) {
        vl_text_put(t, err, "\n<binaryDataArray encodedLength=\"%zu\"", text.len);
        if (n != usual) vl_text_put(t, err, " arrayLength=\"%" PRIu64 "\"", n);
        if (!vl_text_add(t, ">", err) && !put_term(t, type_term(a->column->type), err) &&
            !put_term(t, &zlib, err) && !put_role(t, a->column, name, err) &&
            !vl_text_add(t, "<binary>", err) && !vl_buf_append(t, text.data, text.len, err))
            vl_text_add(t, "</binary></binaryDataArray>", err);
    }
    vl_buf_free(&text);
    vl_buf_free(&wide);
    return err->code;
}

typedef struct arrays { /* those of one spectrum */
    size_t first, n, nsaid;
    uint64_t usual; /* values, of the first that is said */
} arrays;

static vl_code count_arrays(const vl_load *load, size_t i, const vl_buf *keep, vl_buf *bytes, arrays *out,
                            vl_err *err)
{
    const vl_spectra_load *const l = load->own;
    *out = (arrays){ 0 };
    if (vl_record_arrays(load, &l->run, i, &out->first, &out->n, err)) return err->code;
    for (size_t k = out->first; k < out->first + out->n; k++) {
        const vl_array a = vl_array_of(&load->plan.batch, k);
        if (!is_said(&a)) continue;
        if (!out->nsaid++) {
            if (vl_record_cut_array(load, k, keep, bytes, err)) return err->code;
            out->usual = bytes->len / vl_type_width(a.column->type);
        }
    }
    return VL_OK;
}

/* text: of the spectrum, which may name arrays that are no standard ones. */
static vl_code put_arrays(vl_load *load, const arrays *all, vl_cell text, const vl_buf *keep, vl_buf *bytes,
                          vl_err *err)
{
    enum { NONSTANDARD = 1000786 };
    vl_buf *const t = &load->text;
    if (all->nsaid) vl_text_put(t, err, "\n<binaryDataArrayList count=\"%zu\">", all->nsaid);
    for (size_t k = all->first; k < all->first + all->n && !err->code; k++) {
        const vl_array a = vl_array_of(&load->plan.batch, k);
        const bool named = text.n && vl_mz_role_term(a.column->role) == NONSTANDARD;
        vl_cell name = { NULL, 0 };
        if (!is_said(&a) || (named && vl_spectra_say_array(text, k - all->first, &name, err))) continue;
        if (!vl_record_cut_array(load, k, keep, bytes, err)) put_array(t, &a, name, bytes, all->usual, err);
    }
    if (all->nsaid) vl_text_put(t, err, "</binaryDataArrayList>");
    return err->code;
}

/* A title stands beside an id of its own, which is the spectrum's number in the store. */
static vl_code put_id(const vl_viewer *v, const vl_load *load, size_t i, vl_buf *t, vl_err *err)
{
    const vl_cell id = vl_row(&load->plan.batch.col[VL_SP_ID], i);
    if (!((const vl_spectra_own *)v->own)->titled) return vl_mzml_escape(t, id.at, id.n, err);
    vl_text_put(t, err, "index=%" PRIu64, load->first + i);
    return err->code;
}

static vl_code put_title(const vl_viewer *v, const vl_load *load, size_t i, vl_buf *t, vl_err *err)
{
    static const term title = { "MS:1000796", "spectrum title", NULL, NULL };
    const vl_cell id = vl_row(&load->plan.batch.col[VL_SP_ID], i);
    if (!((const vl_spectra_own *)v->own)->titled) return VL_OK;
    begin_term(t, &title, err);
    return vl_mzml_escape(t, id.at, id.n, err) ? err->code : end_term(t, &title, err);
}

/* What the text of a spectrum says beside its columns; nothing where no one reads such texts. */
static vl_code text_of(const vl_viewer *v, const vl_load *load, size_t i, vl_cell *text, vl_err *err)
{
    if (vl_record_text(load, &((const vl_spectra_load *)load->own)->run, i, text, err)) return err->code;
    if (!((const vl_spectra_own *)v->own)->said) *text = (vl_cell){ NULL, 0 };
    return VL_OK;
}

vl_code vl_spectra_made_begin(const vl_viewer *v, vl_load *load, size_t i, uint64_t npeak, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    vl_buf *const t = &load->text;
    const vl_batch *const b = &load->plan.batch;
    const vl_parent parent = vl_parent_of(&o->ions, load->first + i);
    vl_spectra_said said = { 0 };
    vl_cell text;
    if (text_of(v, load, i, &text, err) || (text.n && vl_spectra_say(text, SIZE_MAX, &said, err)))
        return err->code;
    if (vl_text_add(t, "\" id=\"", err) || put_id(v, load, i, t, err)) return err->code;
    vl_text_put(t, err, "\" defaultArrayLength=\"%" PRIu64 "\">\n", npeak);
    if (put_kind(t, b, i, err) || put_title(v, load, i, t, err) || put_totals(t, b, i, err) ||
        put_scan(t, b, i, said.filter, o->imzml, err))
        return err->code;
    return put_precursors(t, &o->ions, &parent, text, o->said, err);
}

static vl_code put_spectrum(const vl_viewer *v, vl_load *load, size_t i, const vl_buf *keep, vl_buf *bytes,
                            vl_err *err)
{
    vl_buf *const t = &load->text;
    arrays all;
    vl_cell text;
    if (text_of(v, load, i, &text, err) || count_arrays(load, i, keep, bytes, &all, err)) return err->code;
    vl_text_put(t, err, "<spectrum index=\"%" PRIu64, ((const vl_spectra_load *)load->own)->run.number + i);
    if (err->code || vl_spectra_made_begin(v, load, i, all.usual, err) ||
        put_arrays(load, &all, text, keep, bytes, err))
        return err->code;
    return vl_text_add(t, "\n</spectrum>\n", err);
}

vl_code vl_spectra_made_one(const vl_viewer *v, vl_load *load, size_t i, const vl_buf *keep, vl_err *err)
{
    vl_buf bytes = { 0 };
    put_spectrum(v, load, i, keep, &bytes, err);
    vl_buf_free(&bytes);
    return err->code;
}
