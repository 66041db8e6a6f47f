/*
 * One mzData spectrum: its attributes and terms become a row of spectra, each precursor and its ionSelection
 * rows of precursor and selected_ion, each data an array.
 *
 * Terms are those of PSI:, the vocabulary of the time, whose numbers from 1000040 on MS: has kept. Writers
 * also take MS: for it, and 1.04 knows some by name.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "formats/spectra/mzdata.h"

enum {
    POLARITY = 1000037,
    MINUTES = 1000038,
    SECONDS = 1000039,
    MZ = 1000040,
    CHARGE = 1000041,
    ENERGY_UNIT = 1000046
};

static bool is_word(vl_xml_span text, const char *word)
{
    const vl_xml_span t = text.at ? vl_xml_trim(text) : text;
    return t.at && t.n == strlen(word) && !strncasecmp((const char *)t.at, word, t.n);
}

vl_code vl_md_spectrum_begin(vl_md_spectrum *s, const vl_xml *x, vl_xml_span id, uint64_t text_at,
                             vl_err *err)
{
    if (vl_mz_make_id(x, "spectrum", "id", id, s->id, sizeof s->id, err)) return err->code;
    vl_mz_record_reset(&s->record, VL_MZ_SPECTRUM, (vl_xml_span){ (const uint8_t *)s->id, strlen(s->id) },
                       x->from, text_at);
    return VL_OK;
}

static vl_code take_type(vl_mz_record *r, const vl_xml *x, vl_err *err)
{
    vl_xml_span v;
    if (vl_xml_value(x, "spectrumType", &v, err)) return err->code;
    if (is_word(v, "discrete")) r->centroid = 1;
    if (is_word(v, "continuous")) r->centroid = 0;
    return VL_OK;
}

static vl_code take_instrument(vl_mz_record *r, const vl_xml *x, vl_batch *out, vl_err *err)
{
    if (vl_mz_take_whole(x, "msLevel", UINT8_MAX, &r->ms_level, out, err) ||
        vl_mz_take_number(x, "mzRangeStart", &r->low, out, err))
        return err->code;
    return vl_mz_take_number(x, "mzRangeStop", &r->high, out, err);
}

vl_code vl_md_spectrum_open(vl_md_spectrum *s, const vl_xml *x, vl_md_element what, vl_batch *out,
                            vl_err *err)
{
    switch (what) {
    case VL_MD_ACQUISITION: return take_type(&s->record, x, err);
    case VL_MD_INSTRUMENT: return take_instrument(&s->record, x, out, err);
    case VL_MD_PRECURSOR:
        s->other_energy = false;
        return vl_mz_record_open(&s->record, x, VL_MZ_PRECURSOR, err);
    case VL_MD_IONS: s->ncharge = 0; return vl_mz_record_open(&s->record, x, VL_MZ_SELECTED_ION, err);
    default: return VL_OK;
    }
}

vl_code vl_md_spectrum_close(vl_md_spectrum *s, vl_md_element what, vl_batch *out, vl_err *err)
{
    vl_mz_record *const r = &s->record;
    if (what == VL_MD_IONS) return vl_mz_record_close(r, VL_MZ_SELECTED_ION, out, err);
    if (what != VL_MD_PRECURSOR) return VL_OK;
    if (s->other_energy) r->energy = NAN;
    return vl_mz_record_close(r, VL_MZ_PRECURSOR, out, err);
}

/* ---- terms ---- */

/* The term of a name, where the accession says nothing; 0: none. */
static uint32_t named(vl_xml_span name)
{
    static const struct {
        const char *name;
        uint32_t term;
    } known[] = { { "time.min", MINUTES }, { "time.sec", SECONDS }, { "mz", MZ } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_word(name, known[i].name)) return known[i].term;
    return 0;
}

static void take_polarity(vl_mz_record *r, vl_xml_span value)
{
    if (is_word(value, "positive") || is_word(value, "+")) r->polarity = 1;
    if (is_word(value, "negative") || is_word(value, "-")) r->polarity = -1;
}

static void take_time(vl_mz_record *r, const vl_mz_param *p, vl_batch *out)
{
    const unsigned seconds = p->term == MINUTES ? 60 : 1;
    if (!p->value.at || !vl_mz_times(p->value, seconds, &r->time)) out->counter[VL_SPC_NOT_A_NUMBER]++;
}

/* Of several charges none is the ion's, each is possible. */
static vl_code take_charge(vl_md_spectrum *s, const vl_mz_param *p, vl_batch *out, vl_err *err)
{
    vl_mz_record *const r = &s->record;
    const vl_mz_param possible = { .term = 1000633, .value = p->value };
    if (s->ncharge++ == 0) return vl_mz_record_param(r, p, VL_MZ_SELECTED_ION, VL_MZ_ANY, out, err);
    if (r->ion_charge) r->possible[r->npossible++] = r->ion_charge;
    r->ion_charge = 0;
    return vl_mz_record_param(r, &possible, VL_MZ_SELECTED_ION, VL_MZ_ANY, out, err);
}

vl_code vl_md_spectrum_param(vl_md_spectrum *s, const vl_xml *x, vl_md_element in, vl_batch *out, vl_err *err)
{
    vl_mz_record *const r = &s->record;
    vl_mz_param p;
    if (vl_mz_read_param(x, &p, err)) return err->code;
    if (!p.term) p.term = named(p.name);
    if (in == VL_MD_IONS && p.term == CHARGE) return take_charge(s, &p, out, err);
    if (in == VL_MD_IONS) return vl_mz_record_param(r, &p, VL_MZ_SELECTED_ION, VL_MZ_ANY, out, err);
    if (in == VL_MD_ACTIVATION) {
        if (p.term == ENERGY_UNIT) s->other_energy = !is_word(p.value, "eV");
        return vl_mz_record_param(r, &p, VL_MZ_ACTIVATION, VL_MZ_PRECURSOR, out, err);
    }
    if (in != VL_MD_INSTRUMENT) return VL_OK;
    if (p.term == POLARITY) take_polarity(r, p.value);
    else if (p.term == MINUTES || p.term == SECONDS) take_time(r, &p, out);
    else return vl_mz_record_param(r, &p, VL_MZ_SPECTRUM, VL_MZ_ANY, out, err);
    return VL_OK;
}

/* ---- arrays ---- */

vl_code vl_md_spectrum_data(vl_md_spectrum *s, const vl_xml *x, vl_md_element in, vl_err *err)
{
    vl_mz_record *const r = &s->record;
    vl_xml_span precision, endian;
    bool there = false;
    if (vl_mz_record_array(r, x, err)) return err->code;
    vl_mz_array *const a = &r->array[r->narray - 1];
    if (vl_xml_value(x, "precision", &precision, err) || vl_xml_value(x, "endian", &endian, err) ||
        vl_mz_uint_attr(x, "length", &a->nvalue, &there, err))
        return err->code;
    if (r->narray == 1) r->array_length = a->nvalue;
    a->kind = in == VL_MD_MZ ? 1000514 : in == VL_MD_INTENSITY ? 1000515 : 1000786;
    a->coded = true;
    if (is_word(precision, "32")) a->number = VL_MZ_F4;
    if (is_word(precision, "64")) a->number = VL_MZ_F8;
    a->network = a->big = is_word(endian, "big");
    /* bytes that are not numbers as we know them are kept as they are */
    if (!a->big && !is_word(endian, "little")) a->number = VL_MZ_UNTYPED;
    if (a->number == VL_MZ_UNTYPED) a->kind = 1000786;
    return VL_OK;
}
