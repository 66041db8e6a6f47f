/*
 * A spectrum as a scan of mzXML: attributes from the columns and from what its own text says beside them, its
 * precursors, and its peaks, m/z and intensity in turns, big-endian, compressed by zlib.
 *
 * Both numbers of a peak have one width: 32 bits where both arrays were of these, else 64, so that no bit is
 * lost. lowMz and highMz are of the peaks printed; the base peak and the total are what the store has, and of
 * the peaks printed where it has none or where peaks were cut off.
 */
#include "pipeline/spectra/spectra_mzxml.h"

#include "formats/spectra/mzml.h"
#include "pipeline/spectra/spectra_mzml.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- attributes ---- */

/* Nothing where it is not finite. */
static vl_code put_number(vl_buf *t, const char *name, double x, vl_err *err)
{
    if (!isfinite(x)) return err->code;
    vl_text_put(t, err, " %s=\"", name);
    if (err->code || vl_text_number(t, x, false, err)) return err->code;
    return vl_text_add(t, "\"", err);
}

static vl_code put_cell(vl_buf *t, const char *name, vl_cell said, vl_err *err)
{
    if (!said.n) return err->code;
    vl_text_put(t, err, " %s=\"", name);
    if (err->code || vl_mzml_put_said(t, said, err)) return err->code;
    return vl_text_add(t, "\"", err);
}

/* Decimals without an exponent, as few as read back as the same; 325 are enough for any double. */
static vl_code put_decimal(vl_buf *t, double x, vl_err *err)
{
    enum { MOST = 340 };
    char text[1 + 310 + 1 + MOST + 1];
    for (int n = 0; n <= MOST; n++) {
        snprintf(text, sizeof text, "%.*f", n, x);
        if (strtod(text, NULL) == x) break;
    }
    return vl_text_add(t, text, err);
}

vl_code vl_mzxml_duration(vl_buf *t, const char *name, double seconds, vl_err *err)
{
    if (!isfinite(seconds)) return err->code;
    vl_text_put(t, err, " %s=\"%sPT", name, seconds < 0 ? "-" : "");
    if (err->code || put_decimal(t, fabs(seconds), err)) return err->code;
    return vl_text_add(t, "S\"", err);
}

/* ---- what the peaks printed say ---- */

typedef struct summary {
    double low, high, base_mz, base_intensity, tic; /* NaN: no peaks */
} summary;

static size_t count(const vl_spectra_load *l)
{
    return (l->mz.len < l->intensity.len ? l->mz.len : l->intensity.len) / 8;
}

static summary sum_up(const vl_spectra_load *l)
{
    const double none = (double)NAN;
    const size_t n = count(l);
    summary s = { none, none, none, none, n ? 0 : none };
    for (size_t k = 0; k < n; k++) {
        const double mz = vl_value_at(&l->mz, k), height = vl_value_at(&l->intensity, k);
        if (!isfinite(mz) || !isfinite(height)) continue;
        if (!(mz >= s.low)) s.low = mz;
        if (!(mz <= s.high)) s.high = mz;
        if (!(height <= s.base_intensity)) s.base_mz = mz, s.base_intensity = height;
        s.tic += height;
    }
    return s;
}

static vl_code put_summary(const vl_viewer *v, const vl_load *load, size_t i, vl_buf *t, vl_err *err)
{
    const vl_batch *const b = &load->plan.batch;
    summary s = sum_up(load->own);
    const struct {
        double *to;
        int field;
    } stored[] = { { &s.base_mz, VL_SP_BASE_PEAK_MZ },
                   { &s.base_intensity, VL_SP_BASE_PEAK_INTENSITY },
                   { &s.tic, VL_SP_TIC } };
    for (size_t k = 0; k < sizeof stored / sizeof *stored; k++) {
        const double x = vl_f64_at(b, stored[k].field, i);
        if (isfinite(x) && !((const vl_spectra_own *)v->own)->cut) *stored[k].to = x;
    }
    if (put_number(t, "lowMz", s.low, err) || put_number(t, "highMz", s.high, err) ||
        put_number(t, "basePeakMz", s.base_mz, err) ||
        put_number(t, "basePeakIntensity", s.base_intensity, err))
        return err->code;
    return put_number(t, "totIonCurrent", s.tic, err);
}

/* ---- precursors ---- */

static vl_code put_possible(vl_buf *t, const vl_ions *ions, size_t ion, vl_err *err)
{
    const uint64_t from = vl_le64(ions->possible_end.data + 8 * ion),
                   to = vl_le64(ions->possible_end.data + 8 * ion + 8);
    if (from == to) return VL_OK;
    vl_text_put(t, err, " possibleCharges=\"");
    for (uint64_t k = from; k < to; k++)
        vl_text_put(t, err, "%s%d", k > from ? "," : "", abs((int8_t)ions->possible.data[k]));
    vl_text_put(t, err, "\"");
    return err->code;
}

/* The scan that a precursor was chosen in; 0: unknown. */
static vl_code find_scan(const vl_spectra_own *o, vl_cell from, uint64_t *number, vl_err *err)
{
    vl_buf id = { 0 };
    *number = 0;
    if (!from.n) return VL_OK;
    if (o->prefix) vl_text_add(&id, o->prefix, err);
    if (!err->code && !vl_xml_decode((vl_xml_span){ from.at, from.n }, VL_XML_UTF8, &id, err))
        *number = vl_scan_numbers_named(&o->mzxml->numbers, (vl_cell){ id.data, id.len });
    vl_buf_free(&id);
    return err->code;
}

/* ion: SIZE_MAX: none. Its m/z, or that of the target where nobody knows it. */
static vl_code put_ion(vl_buf *t, const vl_ions *ions, size_t p, size_t ion, double mz,
                       const vl_spectra_said *said, uint64_t from, vl_err *err)
{
    const bool any = ion != SIZE_MAX;
    const double height = any ? vl_value_at(&ions->intensity, ion) : (double)NAN;
    const int charge = any ? (int8_t)ions->charge.data[ion] : 0;
    if (!isfinite(mz)) return VL_OK;
    vl_text_put(t, err, "<precursorMz");
    if (from) vl_text_put(t, err, " precursorScanNum=\"%" PRIu64 "\"", from);
    if (put_number(t, "precursorIntensity", isfinite(height) ? height : 0, err)) return err->code;
    if (charge) vl_text_put(t, err, " precursorCharge=\"%d\"", abs(charge));
    if ((any && put_possible(t, ions, ion, err)) ||
        put_number(t, "windowWideness", vl_value_at(&ions->lower, p) + vl_value_at(&ions->upper, p), err) ||
        put_cell(t, "activationMethod", said->activation, err) || vl_text_add(t, ">", err) ||
        vl_text_number(t, mz, false, err))
        return err->code;
    return vl_text_add(t, "</precursorMz>\n", err);
}

/* The ions of precursor p whose m/z is known; if there are none, its target, with what is said of its first
 * ion. */
static vl_code put_ions(vl_buf *t, const vl_ions *ions, const vl_parent *parent, size_t p,
                        const vl_spectra_said *said, uint64_t from, vl_err *err)
{
    size_t first = SIZE_MAX, n = 0;
    for (size_t k = parent->ion; k < parent->ion_end && !err->code; k++) {
        if (vl_le64(ions->of_precursor.data + 8 * k) != p) continue;
        if (first == SIZE_MAX) first = k;
        if (!(vl_value_at(&ions->mz, k) > 0)) continue;
        n++;
        put_ion(t, ions, p, k, vl_value_at(&ions->mz, k), said, from, err);
    }
    return err->code || n ? err->code
                          : put_ion(t, ions, p, first, vl_value_at(&ions->target, p), said, from, err);
}

static vl_code put_precursors(const vl_viewer *v, vl_buf *t, const vl_parent *parent, vl_cell text,
                              vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    const vl_ions *const ions = vl_ions_of(v);
    for (size_t p = parent->precursor; p < parent->precursor_end; p++) {
        vl_spectra_said said;
        uint64_t from;
        if (vl_spectra_say_any(o, text, p - parent->precursor, &said, err) ||
            find_scan(o, said.from, &from, err) || put_ions(t, ions, parent, p, &said, from, err))
            return err->code;
    }
    return VL_OK;
}

/* ---- peaks ---- */

static void put_big(uint8_t *to, double value, bool single)
{
    uint64_t bits;
    const float narrow = (float)value;
    uint32_t few;
    memcpy(&few, &narrow, 4);
    memcpy(&bits, &value, 8);
    if (single) bits = few;
    for (int k = single ? 4 : 8; k-- > 0; bits >>= 8) to[k] = (uint8_t)bits;
}

static vl_code put_peaks(const vl_spectra_load *l, vl_buf *t, vl_buf *bytes, vl_err *err)
{
    const bool single = l->single_mz && l->single_intensity;
    const size_t n = count(l), width = single ? 4 : 8;
    const char *const how = single ? "32" : "64";
    vl_buf text = { 0 };
    if (!n) {
        vl_text_put(t, err,
                    "<peaks compressionType=\"none\" compressedLen=\"0\" precision=\"%s\" "
                    "byteOrder=\"network\" contentType=\"m/z-int\"></peaks>\n",
                    how);
        return err->code;
    }
    if (n > SIZE_MAX / 16 || vl_buf_reserve(bytes, 2 * width * n, err))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu peaks", n);
    bytes->len = 2 * width * n;
    for (size_t k = 0; k < n; k++) {
        put_big(bytes->data + 2 * width * k, vl_value_at(&l->mz, k), single);
        put_big(bytes->data + 2 * width * k + width, vl_value_at(&l->intensity, k), single);
    }
    if (!vl_mzml_array_text(VL_RECIPE_ZLIB + 6, bytes->data, bytes->len, NULL, 0, &text, err)) {
        size_t packed = text.len / 4 * 3;
        for (size_t k = text.len; k && text.data[k - 1] == '='; k--) packed--;
        vl_text_put(t, err,
                    "<peaks compressionType=\"zlib\" compressedLen=\"%zu\" precision=\"%s\" "
                    "byteOrder=\"network\" contentType=\"m/z-int\">",
                    packed, how);
        if (!err->code && !vl_buf_append(t, text.data, text.len, err)) vl_text_add(t, "</peaks>\n", err);
    }
    vl_buf_free(&text);
    return err->code;
}

/* ---- the scan ---- */

/* Of a spectrum whose charges alone have a sign, that is its own. */
static const char *sign_of(const vl_batch *b, size_t i, const vl_parent *parent)
{
    const int8_t sign = (int8_t)b->col[VL_SP_POLARITY].data.data[i];
    const int known = sign ? sign : parent->charge < 0 ? -1 : 0;
    return known > 0 ? " polarity=\"+\"" : known < 0 ? " polarity=\"-\"" : "";
}

static vl_code put_attributes(const vl_viewer *v, const vl_load *load, size_t i, const vl_parent *parent,
                              const vl_spectra_said *said, vl_buf *t, vl_err *err)
{
    const vl_batch *const b = &load->plan.batch;
    const uint8_t centroid = b->col[VL_SP_CENTROID].data.data[i];
    vl_text_put(t, err, "%s", sign_of(b, i, parent));
    if (put_cell(t, "scanType", said->type, err) || put_cell(t, "filterLine", said->filter, err))
        return err->code;
    if (centroid < 2) vl_text_put(t, err, " centroided=\"%d\"", centroid);
    if (vl_mzxml_duration(t, "retentionTime", vl_f64_at(b, VL_SP_TIME, i), err) ||
        (parent->precursor < parent->precursor_end &&
         put_number(t, "collisionEnergy", vl_value_at(&vl_ions_of(v)->energy, parent->precursor), err)) ||
        put_number(t, "compensationVoltage", vl_f64_at(b, VL_SP_FAIMS, i), err) ||
        put_number(t, "startMz", vl_f64_at(b, VL_SP_SCAN_LOW, i), err) ||
        put_number(t, "endMz", vl_f64_at(b, VL_SP_SCAN_HIGH, i), err))
        return err->code;
    return put_summary(v, load, i, t, err);
}

vl_code vl_mzxml_scan(const vl_viewer *v, vl_load *load, size_t i, uint64_t number, vl_buf *bytes,
                      vl_err *err)
{
    vl_buf *const t = &load->text;
    const vl_spectra_load *const l = load->own;
    const vl_batch *const b = &load->plan.batch;
    const vl_parent parent = vl_parent_of(vl_ions_of(v), load->first + i);
    vl_spectra_said said;
    vl_cell text;
    if (vl_load_peaks(v, load, i, err) || vl_record_text(load, &l->run, i, &text, err) ||
        vl_spectra_say_any(v->own, text, SIZE_MAX, &said, err))
        return err->code;
    vl_text_put(t, err, "<scan num=\"%" PRIu64 "\" msLevel=\"%u\" peaksCount=\"%zu\"", number,
                b->col[VL_SP_MS_LEVEL].data.data[i], count(l));
    if (put_attributes(v, load, i, &parent, &said, t, err) || vl_text_add(t, ">\n", err) ||
        put_precursors(v, t, &parent, text, err) || put_peaks(l, t, bytes, err))
        return err->code;
    return vl_text_add(t, "</scan>\n", err);
}
