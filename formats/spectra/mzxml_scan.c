/*
 * One mzXML scan: its attributes become a row of spectra, each <precursorMz> rows of precursor and
 * selected_ion, each <peaks> arrays.
 *
 *     windowWideness is the whole width of the isolation window, around the precursor's m/z
 *     collisionEnergy stands at the scan and is that of all its precursors
 *     startMz, endMz are the scan window; lowMz and highMz are what was seen, and no column has them
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/spectra/mzxml.h"

/* ---- xs:duration ---- */

enum { DAY = 86400, HOUR = 3600, MINUTE = 60 };

/* Digits, and digits behind a point, at *t; *t moves behind them. */
static bool take_digits(vl_xml_span *t, uint64_t *whole, vl_xml_span *fraction)
{
    const uint8_t *const from = t->at;
    *whole = 0;
    *fraction = (vl_xml_span){ t->at, 0 };
    for (; t->n && *t->at >= '0' && *t->at <= '9'; t->at++, t->n--) {
        if (*whole > UINT64_MAX / 16) return false;
        *whole = 10 * *whole + (*t->at - 48u);
    }
    const size_t ndigit = (size_t)(t->at - from);
    if (!t->n || *t->at != '.') return ndigit > 0;
    fraction->at = ++t->at;
    for (t->n--; t->n && *t->at >= '0' && *t->at <= '9'; t->at++, t->n--) fraction->n++;
    return ndigit + fraction->n > 0;
}

/* Seconds that a unit has, after a T or before; 0: it is none that has always as many. */
static uint64_t seconds_of(uint8_t unit, bool time)
{
    if (!time) return unit == 'D' ? DAY : 0;
    return unit == 'H' ? HOUR : unit == 'M' ? MINUTE : unit == 'S' ? 1 : 0;
}

/* The sum as one decimal number, so that it is rounded once. */
static bool sum_up(uint64_t whole, vl_xml_span fraction, bool minus, double *seconds)
{
    char text[128];
    const int n =
        snprintf(text, sizeof text, "%s%" PRIu64 ".%.*s", minus ? "-" : "", whole,
                 fraction.n < 80 ? (int)fraction.n : 80, fraction.n ? (const char *)fraction.at : "");
    return vl_mz_double((vl_xml_span){ (const uint8_t *)text, (size_t)n }, seconds);
}

bool vl_mx_duration(vl_xml_span text, double *seconds)
{
    vl_xml_span t = vl_xml_trim(text), fraction = { NULL, 0 };
    uint64_t sum = 0, last = UINT64_MAX; /* seconds of the unit before: the larger ones come first */
    bool time = false, any = false, part = false;
    const bool minus = t.n && *t.at == '-';
    if (minus) t.at++, t.n--;
    if (!t.n || *t.at != 'P' || t.at[t.n - 1] == 'T') return false;
    for (t.at++, t.n--; t.n;) {
        uint64_t whole = 0;
        if (*t.at == 'T' && !time) {
            time = true;
            t.at++, t.n--;
            continue;
        }
        if (!take_digits(&t, &whole, &fraction) || !t.n) return false;
        const uint64_t each = seconds_of(*t.at, time);
        if (!each || each >= last || whole > (UINT64_MAX - sum) / each || (fraction.n && each != 1))
            return false;
        last = each;
        sum += whole * each;
        part = fraction.n > 0;
        any = true;
        t.at++, t.n--;
    }
    return any && sum_up(sum, part ? fraction : (vl_xml_span){ NULL, 0 }, minus, seconds);
}

/* ---- the scan ---- */

static vl_code take_time(vl_mz_record *r, const vl_xml *x, vl_batch *out, vl_err *err)
{
    vl_xml_span v;
    if (!vl_xml_value(x, "retentionTime", &v, err) && v.at && !vl_mx_duration(v, &r->time))
        out->counter[VL_SPC_NOT_A_NUMBER]++;
    return err->code;
}

static vl_code take_polarity(vl_mz_record *r, const vl_xml *x, vl_err *err)
{
    vl_xml_span v;
    if (!vl_xml_value(x, "polarity", &v, err) && v.at)
        r->polarity = vl_xml_is(v, "+") ? 1 : vl_xml_is(v, "-") ? -1 : 0;
    return err->code;
}

static vl_code take_numbers(vl_mx_scan *s, const vl_xml *x, vl_batch *out, vl_err *err)
{
    vl_mz_record *const r = &s->record;
    const struct {
        const char *name;
        double *to;
    } number[] = { { "totIonCurrent", &r->tic },
                   { "basePeakMz", &r->base_mz },
                   { "basePeakIntensity", &r->base_intensity },
                   { "startMz", &r->low },
                   { "endMz", &r->high },
                   { "compensationVoltage", &r->faims },
                   { "collisionEnergy", &s->energy } };
    for (size_t i = 0; i < sizeof number / sizeof *number; i++)
        if (vl_mz_take_number(x, number[i].name, number[i].to, out, err)) return err->code;
    return VL_OK;
}

vl_code vl_mx_scan_begin(vl_mx_scan *s, const vl_xml *x, const vl_mx_head *head, vl_xml_span num,
                         uint64_t text_at, vl_batch *out, vl_err *err)
{
    vl_mz_record *const r = &s->record;
    vl_xml_span v;
    bool there = false;
    if (vl_mz_make_id(x, "scan", "num", num, s->id, sizeof s->id, err)) return err->code;
    vl_mz_record_reset(r, VL_MZ_SPECTRUM, (vl_xml_span){ (const uint8_t *)s->id, strlen(s->id) }, x->from,
                       text_at);
    s->energy = NAN;
    if (vl_mz_uint_attr(x, "peaksCount", &r->array_length, &there, err)) return err->code;
    if (!there) return vl_xml_fail(x, x->from, VL_EFORMAT, err, "scan %s without peaksCount", s->id + 5);
    if (vl_mz_take_whole(x, "msLevel", UINT8_MAX, &r->ms_level, out, err) || take_time(r, x, out, err) ||
        take_polarity(r, x, err) || take_numbers(s, x, out, err) || vl_xml_value(x, "centroided", &v, err))
        return err->code;
    r->centroid = vl_mx_flag(v, head->centroid);
    return VL_OK;
}

/* ---- precursors ---- */

static vl_code take_charge(vl_mz_record *r, const vl_xml *x, vl_batch *out, vl_err *err)
{
    vl_xml_span v;
    double charge = 0;
    if (vl_xml_value(x, "precursorCharge", &v, err) || !v.at) return err->code;
    if (vl_mz_double(v, &charge) && charge >= INT8_MIN && charge <= INT8_MAX &&
        charge == (double)(int8_t)charge)
        r->ion_charge = (int8_t)charge;
    else out->counter[VL_SPC_NOT_A_NUMBER]++;
    return VL_OK;
}

/* "2,3" */
static vl_code take_possible(vl_mz_record *r, const vl_xml *x, vl_batch *out, vl_err *err)
{
    vl_xml_span v;
    if (vl_xml_value(x, "possibleCharges", &v, err) || !v.at) return err->code;
    while (v.n && r->npossible < VL_SP_CHARGES) {
        const uint8_t *const comma = memchr(v.at, ',', v.n);
        const vl_xml_span one = { v.at, comma ? (size_t)(comma - v.at) : v.n };
        uint64_t charge = 0;
        if (vl_mz_uint(one, &charge) && charge <= INT8_MAX) r->possible[r->npossible++] = (int8_t)charge;
        else out->counter[VL_SPC_NOT_A_NUMBER]++;
        v.at += one.n + (comma ? 1 : 0);
        v.n -= one.n + (comma ? 1 : 0);
    }
    return VL_OK;
}

vl_code vl_mx_scan_precursor(vl_mx_scan *s, const vl_xml *x, vl_xml_span text, vl_batch *out, vl_err *err)
{
    vl_mz_record *const r = &s->record;
    double width = NAN;
    r->in_precursor = true;
    r->ion_mz = r->ion_intensity = r->target = r->lower = r->upper = NAN;
    r->energy = s->energy;
    r->ion_charge = 0;
    r->npossible = 0;
    if (!vl_mz_double(text, &r->ion_mz)) out->counter[VL_SPC_NOT_A_NUMBER]++;
    if (vl_mz_take_number(x, "precursorIntensity", &r->ion_intensity, out, err) ||
        vl_mz_take_number(x, "windowWideness", &width, out, err) || take_charge(r, x, out, err) ||
        take_possible(r, x, out, err))
        return err->code;
    if (width > 0) {
        r->target = r->ion_mz;
        r->lower = r->upper = width / 2;
    }
    if (vl_mz_record_close(r, VL_MZ_SELECTED_ION, out, err)) return err->code;
    return vl_mz_record_close(r, VL_MZ_PRECURSOR, out, err);
}

/* ---- peaks ---- */

enum { MZ = 1000514, INTENSITY = 1000515, OTHER = 1000786 };

/* What the numbers are: contentType of mzXML 3, pairOrder of mzXML 2. */
static void take_content(vl_mz_array *a, vl_xml_span content)
{
    static const struct {
        const char *name;
        uint32_t kind, second;
    } known[] = { { "m/z-int", MZ, INTENSITY },
                  { "m/z", MZ, 0 },
                  { "intensity", INTENSITY, 0 },
                  { "S/N", 1000517, 0 },
                  { "charge", 1000516, 0 } };
    const vl_xml_span t = content.at ? vl_xml_trim(content) : content;
    a->kind = t.at ? OTHER : MZ;
    a->second = t.at ? 0 : INTENSITY;
    for (size_t i = 0; t.at && i < sizeof known / sizeof *known; i++) {
        if (!vl_xml_is(t, known[i].name)) continue;
        a->kind = known[i].kind;
        a->second = known[i].second;
    }
}

/* Bytes that are not numbers as we know them are kept as they are. */
static void take_bytes(vl_mz_array *a)
{
    a->number = VL_MZ_UNTYPED;
    a->kind = OTHER;
    a->second = 0;
}

vl_code vl_mx_scan_peaks(vl_mx_scan *s, const vl_xml *x, vl_err *err)
{
    vl_xml_span precision, order, content, pair, compression;
    bool there = false;
    if (vl_mz_record_array(&s->record, x, err)) return err->code;
    vl_mz_array *const a = &s->record.array[s->record.narray - 1];
    a->network = a->coded = true;
    a->number = VL_MZ_F4;
    if (vl_xml_value(x, "precision", &precision, err) || vl_xml_value(x, "byteOrder", &order, err) ||
        vl_xml_value(x, "contentType", &content, err) || vl_xml_value(x, "pairOrder", &pair, err) ||
        vl_xml_value(x, "compressionType", &compression, err) ||
        vl_mz_uint_attr(x, "compressedLen", &a->encoded_length, &there, err))
        return err->code;
    take_content(a, content.at ? content : pair);
    if (precision.at && vl_xml_is(vl_xml_trim(precision), "64")) a->number = VL_MZ_F8;
    else if (precision.at && !vl_xml_is(vl_xml_trim(precision), "32")) take_bytes(a);
    if (order.at && !vl_xml_is(vl_xml_trim(order), "network")) take_bytes(a);
    if (compression.at && vl_xml_is(vl_xml_trim(compression), "zlib")) a->outer = VL_MZ_ZLIB;
    else if (compression.at && !vl_xml_is(vl_xml_trim(compression), "none")) take_bytes(a);
    /* it is said of what is compressed alone; others say 0, or nothing */
    if (a->outer != VL_MZ_ZLIB) a->encoded_length = UINT64_MAX;
    return VL_OK;
}
