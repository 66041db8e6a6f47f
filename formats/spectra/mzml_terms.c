/*
 * The controlled vocabulary: which terms say what, matched by accession only, as names change. Terms that are
 * not here are data like any other: they stay in the document's text.
 * Source: psi-ms.obo 4.1, uo.obo.
 */
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/mzml.h"

/* "MS:1000514" as a number, 0 if it is no accession that we know. PSI: was the name of MS: until 2008. */
static uint32_t read_term(vl_xml_span text)
{
    static const struct {
        const char *cv;
        uint32_t mark;
    } known[] = { { "MS:", 0 }, { "UO:", VL_MZ_UO }, { "IMS:", VL_MZ_IMS }, { "PSI:", 0 }, { "psi:", 0 } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t len = strlen(known[i].cv);
        if (text.n <= len || text.n > len + 8 || memcmp(text.at, known[i].cv, len) != 0) continue;
        uint32_t v = 0;
        for (size_t j = len; j < text.n; j++) {
            if (text.at[j] < '0' || text.at[j] > '9') return 0;
            v = v * 10 + (text.at[j] - 48u);
        }
        return v | known[i].mark;
    }
    return 0;
}

vl_code vl_mz_read_param(const vl_xml *x, vl_mz_param *out, vl_err *err)
{
    vl_xml_span accession, unit;
    *out = (vl_mz_param){ 0 };
    if (vl_xml_value(x, "accession", &accession, err) || vl_xml_value(x, "unitAccession", &unit, err) ||
        vl_xml_value(x, "value", &out->value, err) || vl_xml_value(x, "name", &out->name, err))
        return err->code;
    if (accession.at) out->term = read_term(accession);
    if (unit.at) out->unit = read_term(unit);
    return VL_OK;
}

bool vl_mz_uint(vl_xml_span text, uint64_t *out)
{
    const vl_xml_span t = vl_xml_trim(text);
    uint64_t v = 0;
    if (!t.n) return false;
    for (size_t i = 0; i < t.n; i++) {
        const unsigned d = t.at[i] - 48u;
        if (d > 9 || v > (UINT64_MAX - d) / 10) return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

/* Of a text that is a number in the C locale: the decimal point of the user is not ours. */
static bool read_text(const char *text, double *out)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain) return false;
    *out = strtod_l(text, NULL, plain);
    freelocale(plain);
    return true;
}

/* The long way, for what is not exact in double arithmetic. The form of t has been checked. */
static bool slow_way(vl_xml_span t, unsigned factor, double *out)
{
    char text[128];
    if (t.n >= sizeof text) return false;
    memcpy(text, t.at, t.n);
    text[t.n] = 0;
    if (!read_text(text, out)) return false;
    *out *= factor;
    return true;
}

/* Digits so many times, and a power of ten, rounded once. */
static bool slow_product(uint64_t digits, unsigned factor, int scale, double *out)
{
    const uint64_t low_most = UINT64_C(10000000000000000000); /* 10^19 */
    const unsigned __int128 v = (unsigned __int128)digits * factor;
    char text[64];
    snprintf(text, sizeof text, "%" PRIu64 "%019" PRIu64 "e%d", (uint64_t)(v / low_most),
             (uint64_t)(v % low_most), scale);
    return read_text(text, out);
}

static bool special(vl_xml_span t, double *out)
{
    if (vl_xml_is(t, "NaN")) *out = (double)__builtin_nanf("");
    else if (vl_xml_is(t, "INF")) *out = (double)__builtin_inff();
    else if (vl_xml_is(t, "-INF")) *out = (double)-__builtin_inff();
    else return false;
    return true;
}

/* Up to 2^53 the digits, and up to 10^22 the power of ten, are exact doubles, and one operation on two of
 * them is rounded right. Source: Clinger 1990. */
bool vl_mz_times(vl_xml_span text, unsigned factor, double *out)
{
    static const double ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    const vl_xml_span t = vl_xml_trim(text);
    size_t i = 0;
    uint64_t digits = 0;
    int ndigit = 0, scale = 0, power = 0;
    const bool minus = t.n && t.at[0] == '-';
    bool point = false, exact = true;

    if (t.n && (t.at[0] == '-' || t.at[0] == '+')) i++;
    for (; i < t.n; i++) {
        const unsigned d = t.at[i] - 48u;
        if (t.at[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (d > 9) break;
        ndigit++;
        if (digits > (UINT64_MAX - 9) / 10) exact = false;
        else digits = digits * 10 + d;
        scale -= point;
    }
    if (!ndigit) return special(t, out);
    if (i < t.n) {
        if ((t.at[i] | 32) != 'e' || ++i == t.n) return false;
        const bool down = t.at[i] == '-';
        if (t.at[i] == '-' || t.at[i] == '+') i++;
        if (i == t.n) return false;
        for (; i < t.n; i++) {
            const unsigned d = t.at[i] - 48u;
            if (d > 9) return false;
            power = power < 10000 ? power * 10 + (int)d : power;
        }
        scale += down ? -power : power;
    }
    if (!exact) return slow_way(t, factor, out);
    double v = 0;
    if (digits > (UINT64_C(1) << 53) / factor || scale < -22 || scale > 22) {
        if (!slow_product(digits, factor, scale, &v)) return false;
        *out = minus ? -v : v;
        return true;
    }
    digits *= factor;
    v = scale < 0 ? (double)digits / ten[-scale] : (double)digits * ten[scale];
    *out = minus ? -v : v;
    return true;
}

bool vl_mz_double(vl_xml_span text, double *out) { return vl_mz_times(text, 1, out); }

bool vl_mz_native_id_term(uint32_t term)
{
    static const uint32_t known[] = { 1000768, 1000769, 1000770, 1000771, 1000772, 1000773, 1000774,
                                      1000775, 1000776, 1000777, 1000823, 1000824, 1000929, 1001186,
                                      1001480, 1001508, 1002532, 1002818, 1002898, 1003283 };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == term) return true;
    return false;
}

bool vl_mz_chromatogram_term(uint32_t term)
{
    static const uint32_t known[] = { 1000235, 1000627, 1000628, 1000810, 1000811, 1000812, 1000813,
                                      1001472, 1001473, 1001474, 1002715, 1003019, 1003020, 4000025 };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == term) return true;
    return false;
}

/* Kinds of array. Where the usual unit is known, an array in another one gets a column of its own. */
static const struct {
    uint32_t term, unit;
    const char *name, *role; /* in paths; the term's own name */
} kinds[] = {
    { 1000514, 1000040, "mz", "m/z array" },
    { 1000515, 1000131, "intensity", "intensity array" },
    { 1000516, 0, "charge", "charge array" },
    { 1000517, 0, "signal_to_noise", "signal to noise array" },
    { 1000595, VL_MZ_UO | 31, "time", "time array" },
    { 1000617, VL_MZ_UO | 18, "wavelength", "wavelength array" },
    { 1000786, 0, "nonstandard", "non-standard data array" },
    { 1000820, 0, "flow_rate", "flow rate array" },
    { 1000821, 0, "pressure", "pressure array" },
    { 1000822, 0, "temperature", "temperature array" },
    { 1002477, VL_MZ_UO | 28, "mean_drift_time", "mean ion mobility drift time array" },
    { 1002478, 0, "mean_charge", "mean charge array" },
    { 1002529, 0, "resolution", "resolution array" },
    { 1002530, 0, "baseline", "baseline array" },
    { 1002742, 0, "noise", "noise array" },
    { 1002743, 1000040, "sampled_noise_mz", "sampled noise m/z array" },
    { 1002744, 1000131, "sampled_noise_intensity", "sampled noise intensity array" },
    { 1002745, 0, "sampled_noise_baseline", "sampled noise baseline array" },
    { 1002816, 0, "mean_mobility", "mean ion mobility array" },
    { 1003006, 1002814, "mean_inverse_mobility", "mean inverse reduced ion mobility array" },
    { 1003007, 0, "raw_mobility", "raw ion mobility array" },
    { 1003008, 1002814, "raw_inverse_mobility", "raw inverse reduced ion mobility array" },
    { 1003143, 0, "mass", "mass array" },
    { 1003153, VL_MZ_UO | 28, "raw_drift_time", "raw ion mobility drift time array" },
    { 1003154, 0, "deconvoluted_mobility", "deconvoluted ion mobility array" },
    { 1003155, 1002814, "deconvoluted_inverse_mobility", "deconvoluted inverse reduced ion mobility array" },
    { 1003156, VL_MZ_UO | 28, "deconvoluted_drift_time", "deconvoluted ion mobility drift time array" },
    { 1003157, 1000040, "quadrupole_low", "scanning quadrupole position lower bound m/z array" },
    { 1003158, 1000040, "quadrupole_high", "scanning quadrupole position upper bound m/z array" },
};
enum { NKIND = sizeof kinds / sizeof *kinds };

static const struct {
    uint32_t term;
    const char *symbol, *word; /* the word ends a column's path */
} units[] = {
    { 1000040, "Th", "th" },          { 1000131, "counts", "counts" },      { 1000132, "%", "percent" },
    { 1000814, "counts/s", "per_s" }, { 1002814, "V s/cm2", "vs_per_cm2" }, { VL_MZ_UO | 10, "s", "s" },
    { VL_MZ_UO | 18, "nm", "nm" },    { VL_MZ_UO | 28, "ms", "ms" },        { VL_MZ_UO | 31, "min", "min" },
};

static const struct {
    uint32_t term;
    vl_mz_outer outer;
    vl_mz_inner inner;
} codings[] = {
    { 1000576, VL_MZ_STORED, VL_MZ_PLAIN },    { 1000574, VL_MZ_ZLIB, VL_MZ_PLAIN },
    { 1002312, VL_MZ_STORED, VL_MZ_LINEAR },   { 1002313, VL_MZ_STORED, VL_MZ_PIC },
    { 1002314, VL_MZ_STORED, VL_MZ_SLOF },     { 1002746, VL_MZ_ZLIB, VL_MZ_LINEAR },
    { 1002747, VL_MZ_ZLIB, VL_MZ_PIC },        { 1002748, VL_MZ_ZLIB, VL_MZ_SLOF },
    { 1003780, VL_MZ_ZSTD, VL_MZ_PLAIN },      { 1003781, VL_MZ_SHUFFLE_ZSTD, VL_MZ_PLAIN },
    { 1003782, VL_MZ_ZSTD, VL_MZ_DICTIONARY }, { 1003783, VL_MZ_ZSTD, VL_MZ_LINEAR },
    { 1003784, VL_MZ_ZSTD, VL_MZ_PIC },        { 1003785, VL_MZ_ZSTD, VL_MZ_SLOF },
    { 1003088, VL_MZ_ZLIB, VL_MZ_PLAIN },      { 1003089, VL_MZ_ZLIB, VL_MZ_OTHER },
    { 1003090, VL_MZ_ZLIB, VL_MZ_OTHER },      { 1003826, VL_MZ_STORED, VL_MZ_OTHER },
};

static vl_mz_number number_of(uint32_t term)
{
    switch (term) {
    case 1000519: return VL_MZ_I4;
    case 1000520: return VL_MZ_F2;
    case 1000521: return VL_MZ_F4;
    case 1000522: return VL_MZ_I8;
    case 1000523: return VL_MZ_F8;
    case 1001479: return VL_MZ_TEXT;
    default: return VL_MZ_UNTYPED;
    }
}

static int kind_index(uint32_t term)
{
    for (int i = 0; i < NKIND; i++)
        if (kinds[i].term == term) return i;
    return -1;
}

vl_code vl_mz_array_param(vl_mz_array *a, const vl_mz_param *p, vl_err *err)
{
    if (a->outside && p->term == (VL_MZ_IMS | 1000103)) {
        if (!p->value.at || !vl_mz_uint(p->value, &a->nvalue)) a->nvalue = UINT64_MAX; /* true of no array */
        return VL_OK;
    }
    if (a->outside && (p->term == 1002843)) {
        if (!p->value.at || !vl_mz_uint(p->value, &a->nvalue)) a->nvalue = UINT64_MAX;
        return VL_OK;
    }
    if (a->outside && (p->term == 1002841 || p->term == 1002842)) return VL_OK;
    if (!a->outside && p->term == (VL_MZ_IMS | 1000101))
        return vl_fail(err, VL_EUNSUP, "imzML: the peaks are in an .ibd file (IMS:1000101, external data)");
    if (!a->outside && p->term >= 1002841 && p->term <= 1002843)
        return vl_fail(err, VL_EUNSUP, "mzMLb: the peaks are in an HDF5 file (MS:%u, external data)",
                       p->term);
    const vl_mz_number number = number_of(p->term);
    if (number) {
        a->number = number;
        return VL_OK;
    }
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
        if (codings[i].term != p->term) continue;
        /* two terms for one coding (numpress, zlib) add up */
        if (codings[i].outer) a->outer = codings[i].outer;
        if (codings[i].inner) a->inner = codings[i].inner, a->coding = p->term;
        a->coded = true;
        return VL_OK;
    }
    const int known = kind_index(p->term), before = kind_index(a->kind);
    if (known >= 0 || (before < 0 && !a->kind && p->term && p->term < VL_MZ_IMS)) {
        a->kind = p->term;
        a->unit = p->unit;
    }
    if (known < 0 && p->term && p->term < VL_MZ_IMS) a->strange = p->term;
    return VL_OK;
}

void vl_mz_kind_name(uint32_t kind, char *name, size_t n)
{
    const int known = kind_index(kind);
    if (known >= 0) snprintf(name, n, "%s", kinds[known].name);
    else if (kind) snprintf(name, n, "ms_%07" PRIu32, kind);
    else snprintf(name, n, "unnamed");
}

/* The term's name; its accession where we have none. */
static void role_of(uint32_t kind, char *role, size_t n)
{
    const int known = kind_index(kind);
    role[0] = 0;
    if (known >= 0) snprintf(role, n, "%s", kinds[known].role);
    else if (kind) snprintf(role, n, "MS:%07" PRIu32, kind);
}

/* The name of a kind in a path is a word of the table, or ms_ and a term. */
void vl_mz_role_named(const char *name, size_t n, char role[VL_ROLE])
{
    size_t best = 0;
    uint32_t term = 0;
    for (int i = 0; i < NKIND; i++) {
        const size_t len = strlen(kinds[i].name);
        if (len <= best || len > n || strncmp(kinds[i].name, name, len) || (len < n && name[len] != '_'))
            continue;
        best = len;
        term = kinds[i].term;
    }
    if (!best && sscanf(name, "ms_%7" SCNu32, &term) != 1) term = 0;
    role_of(term, role, VL_ROLE);
}

uint32_t vl_mz_role_term(const char *role)
{
    for (int i = 0; i < NKIND; i++)
        if (!strcmp(kinds[i].role, role)) return kinds[i].term;
    return 0;
}

/* "_s" for an array whose unit is not the usual one; and the unit's symbol. */
static void unit_of(const vl_mz_array *a, char *suffix, size_t n, char *symbol)
{
    const int known = kind_index(a->kind);
    const uint32_t usual = known >= 0 ? kinds[known].unit : 0, unit = usual && a->unit ? a->unit : usual;
    suffix[0] = symbol[0] = 0;
    if (!unit) return;
    if (unit != usual)
        snprintf(suffix, n, "_%s_%07" PRIu32, unit & VL_MZ_UO ? "uo" : "ms", unit & (VL_MZ_IMS - 1));
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].term != unit) continue;
        snprintf(symbol, 16, "%s", units[i].symbol);
        if (unit != usual) snprintf(suffix, n, "_%s", units[i].word);
    }
}

/* "numpress_pic" and the type of the column. */
static void coding_of(const vl_mz_array *a, char *coding, size_t n, vl_type *type)
{
    const bool whole = a->number == VL_MZ_I4 || a->number == VL_MZ_I8;
    coding[0] = 0;
    *type = VL_U8;
    switch (a->inner) {
    case VL_MZ_LINEAR: snprintf(coding, n, "numpress_linear"); return;
    case VL_MZ_PIC: snprintf(coding, n, "numpress_pic"); return;
    case VL_MZ_SLOF: snprintf(coding, n, "numpress_slof"); return;
    case VL_MZ_DICTIONARY: snprintf(coding, n, "%s", whole ? "dictionary_int" : "dictionary"); return;
    case VL_MZ_OTHER:
        if (a->coding) snprintf(coding, n, "ms_%07" PRIu32, a->coding);
        else snprintf(coding, n, "bytes");
        return;
    case VL_MZ_PLAIN: break;
    }
    switch (a->number) {
    case VL_MZ_I4: *type = VL_I32; return;
    case VL_MZ_I8: *type = VL_I64; return;
    case VL_MZ_F4: *type = VL_F32; return;
    case VL_MZ_F8: *type = VL_F64; return;
    case VL_MZ_F2: snprintf(coding, n, "float16"); return;
    case VL_MZ_TEXT: snprintf(coding, n, "text"); return;
    case VL_MZ_UNTYPED: return;
    }
}

void vl_mz_column(const vl_mz_array *a, vl_mz_class class, vl_piece_column *out)
{
    static const char *const classes[] = {
        [VL_MZ_OTHER_SPECTRUM] = "spectra/other",      [VL_MZ_MS1_CENTROID] = "spectra/ms1_centroid",
        [VL_MZ_MS1_PROFILE] = "spectra/ms1_profile",   [VL_MZ_MS1_UNKNOWN] = "spectra/ms1_unknown",
        [VL_MZ_MSN_CENTROID] = "spectra/msn_centroid", [VL_MZ_MSN_PROFILE] = "spectra/msn_profile",
        [VL_MZ_MSN_UNKNOWN] = "spectra/msn_unknown",   [VL_MZ_CHROMATOGRAM] = "chromatograms",
    };
    char kind[40], in_unit[24];
    *out = (vl_piece_column){ .use = VL_USE_NUMBER };
    vl_mz_kind_name(a->kind, kind, sizeof kind);
    role_of(a->kind, out->role, sizeof out->role);
    unit_of(a, in_unit, sizeof in_unit, out->unit);
    coding_of(a, out->coding, sizeof out->coding, &out->type);
    snprintf(out->path, sizeof out->path, "%s/%s%s%s%s", classes[class], kind, in_unit,
             *out->coding ? "." : "", out->coding);
}
