/*
 * Makes an mzML file as ProteoWizard writes it from an instrument's raw file, from a seed, with the truth
 * beside it.
 *
 * In: the made-up run (acquire.h). Out: FILE.mzML, an indexed mzML 1.1 with MS1 and MS2 spectra, 64-bit m/z
 * and 32-bit intensity arrays (timsTOF: 64-bit, and mobilities), zlib level 6 or none, the TIC chromatogram,
 * offsets and SHA-1; and FILE.truth.json with counts, sums of bit patterns, XXH3 of all arrays' bytes in file
 * order, digests, and sums of intensities (truth.h).
 * The size asked for is met within some per cent (of runs that fragment all: of a fifth, as short runs have
 * less in a spectrum): the number of spectra stands at the head and is settled before the first is made.
 * Source: mzML 1.1.0 and its index schema 1.1.0; psi-ms.obo; number texts as of ProteoWizard (12 decimals, e
 * from 1e5).
 */
#include "acquire.h"
#include "mzml_head.h"
#include "mzml_text.h"
#include "sha.h"
#include "sink.h"
#include "truth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

typedef struct maker {
    sink out;
    sha sha1;
    text t; /* one spectrum, or what else comes next */
    bool zlib;
    uint64_t *offset;      /* owned; of each spectrum */
    double *minutes;       /* owned; for the chromatogram */
    float *tic;            /* owned */
    int64_t *level;        /* owned */
    uint8_t *raw, *packed; /* owned; one array */
    size_t craw, cpacked;
    instrument_kind kind;
    text ids; /* of all spectra, each with a zero byte */
    /* truth */
    truth truth;
    uint64_t sum_mz, sum_intensity;
    XXH3_state_t *all_mz, *all_intensity;
} maker;

/* ---- arrays ---- */

typedef struct array_kind {
    const char *type, *type_name, *accession, *name, *value;
    const unit *unit;
} array_kind;

static const array_kind mz_kind = { "1000523", "64-bit float", "1000514", "m/z array", "", &mz_unit };
static const array_kind intensity_kind = { "1000521", "32-bit float", "1000515", "intensity array",
                                           "",        &count_unit };
static const array_kind wide_intensity_kind = { "1000523", "64-bit float", "1000515", "intensity array",
                                                "",        &count_unit };
static const array_kind mobility_kind = { "1000523", "64-bit float",
                                          "1003006", "mean inverse reduced ion mobility array",
                                          "",        &mobility_unit };
static const array_kind time_kind = { "1000523", "64-bit float", "1000595", "time array", "", &minute_unit };
static const array_kind level_kind = { "1000522",  "64-bit integer", "1000786", "non-standard data array",
                                       "ms level", &no_unit };

/* One binaryDataArray of the n bytes in m->raw. */
static void put_array(maker *m, const array_kind *k, size_t n)
{
    text *const t = &m->t;
    const uint8_t *bytes = m->raw;
    uLongf len = (uLongf)n;
    if (m->zlib) {
        len = compressBound((uLong)n);
        if (len > m->cpacked) m->packed = grow(m->packed, m->cpacked = len);
        if (compress2(m->packed, &len, m->raw, (uLong)n, 6) != Z_OK) die("zlib fails");
        bytes = m->packed;
    }
    put(t, "            <binaryDataArray encodedLength=\"");
    put_int(t, (len + 2) / 3 * 4);
    put(t, "\">\n");
    cv(t, 7, k->type, k->type_name, "", NULL);
    cv(t, 7, m->zlib ? "1000574" : "1000576", m->zlib ? "zlib compression" : "no compression", "", NULL);
    cv(t, 7, k->accession, k->name, k->value, k->unit);
    put(t, "              <binary>");
    put_base64(t, bytes, len);
    put(t, "</binary>\n            </binaryDataArray>\n");
}

static void little_endian(uint8_t *p, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++) p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t bits64(double v)
{
    uint64_t b;
    memcpy(&b, &v, sizeof b);
    return b;
}

static uint32_t bits32(float v)
{
    uint32_t b;
    memcpy(&b, &v, sizeof b);
    return b;
}

static void raw_room(maker *m, size_t n)
{
    if (n > m->craw) m->raw = grow(m->raw, m->craw = n);
}

/* Numbers as bytes in m->raw: 8 or 4 each. */
static void raw_doubles(maker *m, const double *v, size_t n)
{
    raw_room(m, n * 8 + 8);
    for (size_t i = 0; i < n; i++) little_endian(m->raw + 8 * i, bits64(v[i]), 8);
}

static void put_intensities(maker *m, const scan *s)
{
    const size_t width = m->kind == TIMSTOF ? 8 : 4;
    for (size_t i = 0; i < s->npeak; i++) {
        const float v = s->peak[i].intensity;
        const uint64_t bits = width == 8 ? bits64((double)v) : bits32(v);
        little_endian(m->raw + width * i, bits, width);
        m->sum_intensity += bits;
    }
    XXH3_64bits_update(m->all_intensity, m->raw, s->npeak * width);
    put_array(m, width == 8 ? &wide_intensity_kind : &intensity_kind, s->npeak * width);
}

static void put_peaks(maker *m, const scan *s)
{
    raw_room(m, s->npeak * 8 + 8);
    put(&m->t, s->mobility ? "          <binaryDataArrayList count=\"3\">\n"
                           : "          <binaryDataArrayList count=\"2\">\n");
    for (size_t i = 0; i < s->npeak; i++) {
        little_endian(m->raw + 8 * i, bits64(s->peak[i].mz), 8);
        m->sum_mz += bits64(s->peak[i].mz);
    }
    XXH3_64bits_update(m->all_mz, m->raw, s->npeak * 8);
    put_array(m, &mz_kind, s->npeak * 8);
    put_intensities(m, s);
    if (s->mobility) {
        raw_doubles(m, s->mobility, s->npeak);
        put_array(m, &mobility_kind, s->npeak * 8);
    }
    put(&m->t, "          </binaryDataArrayList>\n");
}

/* ---- spectra ---- */

static void put_filter(text *t, const scan *s)
{
    cv_start(t, 7, "1000512", "filter string");
    if (s->level == 1) {
        put(t, "FTMS + p NSI Full ms [");
    } else {
        put(t, s->profile ? "FTMS + p NSI d Full ms2 " : "FTMS + c NSI d Full ms2 ");
        put_fixed(t, s->precursor_mz, 4);
        put(t, "@hcd27.00 [");
    }
    put_fixed(t, s->low, 4);
    put(t, "-");
    put_fixed(t, s->high, 4);
    put(t, "]");
    cv_end(t, NULL);
}

static void put_user(text *t, const char *name, double value)
{
    put(t, "          <userParam name=\"");
    put(t, name);
    put(t, "\" value=\"");
    put_number(t, value);
    put(t, "\" type=\"xsd:double\" unitAccession=\"MS:1002814\" unitName=\"volt-second per square "
           "centimeter\"/>\n");
}

/* What one scan says of itself, by instrument. */
static void put_scan_terms(text *t, instrument_kind kind, const scan *s)
{
    if (kind == TIMSTOF) {
        cv_number(t, 7, "1000016", "scan start time", s->seconds, &second_unit);
        cv_number(t, 7, "1002815", "inverse reduced ion mobility", (s->top_mobility + s->least_mobility) / 2,
                  &mobility_unit);
        if (s->level == 1) return;
        put(t, "              <userParam name=\"windowGroup\" value=\"");
        put_int(t, s->group);
        put(t, "\"/>\n");
        return;
    }
    cv_number(t, 7, "1000016", "scan start time", s->seconds / 60, &minute_unit);
    if (kind != SWATH_TOF) put_filter(t, s);
    cv(t, 7, "1000616", "preset scan configuration", s->level == 1 ? "1" : "2", NULL);
    if (kind != SWATH_TOF)
        cv_number(t, 7, "1000927", "ion injection time", (double)(float)s->injection_ms, &ms_unit);
}

static void put_scan_list(text *t, instrument_kind kind, const scan *s)
{
    put(t, "          <scanList count=\"1\">\n");
    if (kind == TIMSTOF) cv(t, 6, "1000571", "sum of spectra", "", NULL);
    else cv(t, 6, "1000795", "no combination", "", NULL);
    put(t, "            <scan>\n");
    put_scan_terms(t, kind, s);
    put(t, "              <scanWindowList count=\"1\">\n                <scanWindow>\n");
    cv_number(t, 9, "1000501", "scan window lower limit", s->low, &mz_unit);
    cv_number(t, 9, "1000500", "scan window upper limit", s->high, &mz_unit);
    put(t, "                </scanWindow>\n              </scanWindowList>\n            </scan>\n          "
           "</scanList>\n");
}

static void put_precursor(text *t, instrument_kind kind, const scan *s)
{
    const bool thermo = kind < SWATH_TOF;
    put(t, "          <precursorList count=\"1\">\n            <precursor");
    if (thermo) {
        put(t, " spectrumRef=\"");
        put_scan_id(t, s->survey);
        put(t, "\"");
    }
    put(t, ">\n              <isolationWindow>\n");
    cv_number(t, 8, "1000827", "isolation window target m/z", s->precursor_mz, &mz_unit);
    cv_number(t, 8, "1000828", "isolation window lower offset", s->lower, &mz_unit);
    cv_number(t, 8, "1000829", "isolation window upper offset", s->upper, &mz_unit);
    put(t, "              </isolationWindow>\n              <selectedIonList count=\"1\">\n"
           "                <selectedIon>\n");
    cv_number(t, 9, "1000744", "selected ion m/z", s->precursor_mz, &mz_unit);
    if (thermo) {
        cv_start(t, 9, "1000041", "charge state");
        put_int(t, (uint64_t)s->charge);
        cv_end(t, NULL);
        cv_number(t, 9, "1000042", "peak intensity", (double)s->precursor_intensity, &count_unit);
    }
    put(t, "                </selectedIon>\n              </selectedIonList>\n              <activation>\n");
    if (thermo) cv(t, 8, "1000422", "beam-type collision-induced dissociation", "", NULL);
    else cv(t, 8, "1000133", "collision-induced dissociation", "", NULL);
    cv_number(t, 8, "1000045", "collision energy", s->energy, &ev_unit);
    put(t, "              </activation>\n            </precursor>\n          </precursorList>\n");
}

/* Title and mobility, as msconvert writes them of a frame. */
static void put_frame_terms(text *t, const scan *s)
{
    cv_start(t, 5, "1000796", "spectrum title");
    put(t, "bench.");
    put_int(t, s->number);
    put(t, ".");
    put_int(t, s->number);
    put(t, ". File:&quot;bench.d&quot;, NativeID:&quot;");
    put_native_id(t, TIMSTOF, s);
    put(t, "&quot;");
    cv_end(t, NULL);
    put_user(t, "ion mobility lower limit", s->least_mobility);
    put_user(t, "ion mobility upper limit", s->top_mobility);
}

static float put_spectrum(maker *m, const scan *s)
{
    text *const t = &m->t;
    double total = 0;
    size_t base = 0;
    for (size_t i = 0; i < s->npeak; i++) {
        total += (double)s->peak[i].intensity;
        if (s->peak[i].intensity > s->peak[base].intensity) base = i;
    }
    truth_add(&m->truth, s, total, s->npeak ? s->peak[base].intensity : 0);
    put(t, "        <spectrum index=\"");
    put_int(t, s->number - 1);
    put(t, "\" id=\"");
    put_native_id(t, m->kind, s);
    put(t, "\" defaultArrayLength=\"");
    put_int(t, s->npeak);
    put(t, "\">\n");
    cv(t, 5, "1000511", "ms level", s->level == 1 ? "1" : "2", NULL);
    cv(t, 5, s->level == 1 ? "1000579" : "1000580", s->level == 1 ? "MS1 spectrum" : "MSn spectrum", "",
       NULL);
    cv(t, 5, "1000130", "positive scan", "", NULL);
    cv(t, 5, s->profile ? "1000128" : "1000127", s->profile ? "profile spectrum" : "centroid spectrum", "",
       NULL);
    if (s->npeak) {
        cv_number(t, 5, "1000504", "base peak m/z", s->peak[base].mz, &mz_unit);
        cv_number(t, 5, "1000505", "base peak intensity", (double)s->peak[base].intensity, &count_unit);
    }
    cv_number(t, 5, "1000285", "total ion current", (double)(float)total, NULL);
    if (s->npeak && !s->mobility) {
        cv_number(t, 5, "1000528", "lowest observed m/z", s->peak[0].mz, &mz_unit);
        cv_number(t, 5, "1000527", "highest observed m/z", s->peak[s->npeak - 1].mz, &mz_unit);
    }
    if (s->mobility) put_frame_terms(t, s);
    put_scan_list(t, m->kind, s);
    if (s->level == 2) put_precursor(t, m->kind, s);
    put_peaks(m, s);
    put(t, "        </spectrum>\n");
    return (float)total;
}

/* ---- the file ---- */

static void write_text(maker *m)
{
    sha_add(&m->sha1, m->t.at, m->t.len);
    sink_put(&m->out, m->t.at, m->t.len);
    m->t.len = 0;
}

static void put_chromatogram(maker *m, uint32_t nscan)
{
    text *const t = &m->t;
    put(t, "        <chromatogram index=\"0\" id=\"TIC\" defaultArrayLength=\"");
    put_int(t, nscan);
    put(t, "\">\n");
    cv(t, 5, "1000235", "total ion current chromatogram", "", NULL);
    put(t, "          <binaryDataArrayList count=\"3\">\n");
    raw_room(m, (size_t)nscan * 8);
    for (uint32_t i = 0; i < nscan; i++) little_endian(m->raw + 8 * (size_t)i, bits64(m->minutes[i]), 8);
    put_array(m, &time_kind, (size_t)nscan * 8);
    for (uint32_t i = 0; i < nscan; i++) little_endian(m->raw + 4 * (size_t)i, bits32(m->tic[i]), 4);
    put_array(m, &intensity_kind, (size_t)nscan * 4);
    for (uint32_t i = 0; i < nscan; i++) little_endian(m->raw + 8 * (size_t)i, (uint64_t)m->level[i], 8);
    put_array(m, &level_kind, (size_t)nscan * 8);
    put(t, "          </binaryDataArrayList>\n        </chromatogram>\n");
}

static void put_index(maker *m, uint32_t nscan, uint64_t tic_offset)
{
    text *const t = &m->t;
    const uint64_t start = m->out.total + t->len + 2;
    put(t, "  <indexList count=\"2\">\n    <index name=\"spectrum\">\n");
    const char *id = m->ids.at;
    for (uint32_t i = 0; i < nscan; i++, id += strlen(id) + 1) {
        put(t, "      <offset idRef=\"");
        put(t, id);
        put(t, "\">");
        put_int(t, m->offset[i]);
        put(t, "</offset>\n");
    }
    put(t, "    </index>\n    <index name=\"chromatogram\">\n      <offset idRef=\"TIC\">");
    put_int(t, tic_offset);
    put(t, "</offset>\n    </index>\n  </indexList>\n  <indexListOffset>");
    put_int(t, start);
    put(t, "</indexListOffset>\n  <fileChecksum>");
    write_text(m);
    char hex[41];
    sha_hex(&m->sha1, hex);
    put(t, hex);
    put(t, "</fileChecksum>\n</indexedmzML>\n");
    write_text(m);
}

static void make_file(maker *m, acquire *run)
{
    const uint32_t nscan = run->nscan;
    m->offset = grow(NULL, nscan * sizeof *m->offset);
    m->minutes = grow(NULL, nscan * sizeof *m->minutes);
    m->tic = grow(NULL, nscan * sizeof *m->tic);
    m->level = grow(NULL, nscan * sizeof *m->level);
    put_head(&m->t, m->kind, m->kind == ORBITRAP, nscan);
    write_text(m);
    for (scan s; acquire_next(run, &s);) {
        const uint32_t at = s.number - 1;
        m->offset[at] = m->out.total + 8; /* of the '<', behind the indentation */
        m->minutes[at] = s.seconds / 60;
        m->level[at] = s.level;
        m->tic[at] = put_spectrum(m, &s);
        put_native_id(&m->ids, m->kind, &s);
        *room(&m->ids, 1) = 0;
        m->ids.len++;
        write_text(m);
    }
    put(&m->t, "      </spectrumList>\n      <chromatogramList count=\"1\" defaultDataProcessingRef=\"");
    put(&m->t, conversion_of(m->kind));
    put(&m->t, "\">\n");
    const uint64_t tic_offset = m->out.total + m->t.len + 8;
    put_chromatogram(m, nscan);
    put(&m->t, "      </chromatogramList>\n    </run>\n  </mzML>\n");
    put_index(m, nscan, tic_offset);
    sink_close(&m->out);
}

static void put_truth(const maker *m, const char *out, uint64_t seed)
{
    char path[4096];
    const char *const end = strstr(out, ".mzML");
    snprintf(path, sizeof path, "%.*s.truth.json", end ? (int)(end - out) : (int)strlen(out), out);
    FILE *const json = fopen(path, "w");
    if (!json) die("the truth file cannot be written");
    fprintf(json, "{\"seed\":%" PRIu64 ",", seed);
    truth_put(&m->truth, json);
    fprintf(json, " \"mz\":{\"bit_sum\":%" PRIu64 ",\"xxh3\":\"%016" PRIx64 "\"},\n", m->sum_mz,
            (uint64_t)XXH3_64bits_digest(m->all_mz));
    fprintf(json, " \"intensity\":{\"bit_sum\":%" PRIu64 ",\"xxh3\":\"%016" PRIx64 "\"},\n \"files\":[",
            m->sum_intensity, (uint64_t)XXH3_64bits_digest(m->all_intensity));
    sink_truth(&m->out, json);
    fprintf(json, "]}\n");
    if (fclose(json)) die("the truth file cannot be written");
}

static int usage(void)
{
    fprintf(stderr,
            "usage: make-data spectra --megabytes N --seed S --out FILE.mzML [--gzip none|plain|bgzf]\n"
            "           [--instrument orbitrap|orbitrap-profile|swath-tof|timstof] [--windows 32|64]\n"
            "           [--compression zlib|none] [--profile-ms1]\n"
            "Writes FILE.mzML (as named, also when compressed) and FILE.truth.json.\n"
            "--windows: of swath-tof, in a cycle. --profile-ms1: of orbitrap, survey scans only.\n");
    return 64;
}

static bool instrument_of(const char *word, instrument_kind *kind)
{
    static const char *const name[] = { "orbitrap", "orbitrap-profile", "swath-tof", "timstof" };
    for (int i = 0; i < 4; i++) {
        if (strcmp(word, name[i]) != 0) continue;
        *kind = (instrument_kind)i;
        return true;
    }
    return false;
}

/* Bytes that a spectrum takes, measured. */
static uint64_t spectrum_bytes(instrument_kind kind, bool profile, bool zlib)
{
    static const uint64_t bytes[][2] = {
        { 11950, 9250 }, { 108000, 75000 }, { 95000, 58000 }, { 380000, 135000 }
    };
    if (kind == ORBITRAP && profile) return zlib ? 39000 : 53000;
    return bytes[kind][zlib];
}

int main(int argc, char **argv)
{
    static maker m = { .zlib = true };
    const char *out = NULL;
    uint64_t mb = 20, seed = 1;
    int nwindow = 32;
    bool profile = false;
    sink_kind gzip = SINK_PLAIN;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--profile-ms1")) {
            profile = true;
            continue;
        }
        if (i + 1 >= argc) return usage();
        const char *const key = argv[i], *const value = argv[++i];
        if (!strcmp(key, "--megabytes")) mb = strtoull(value, NULL, 10);
        else if (!strcmp(key, "--seed")) seed = strtoull(value, NULL, 10);
        else if (!strcmp(key, "--out")) out = value;
        else if (!strcmp(key, "--windows")) nwindow = atoi(value);
        else if (!strcmp(key, "--compression") && (!strcmp(value, "zlib") || !strcmp(value, "none")))
            m.zlib = value[0] == 'z';
        else if (!strcmp(key, "--instrument") && instrument_of(value, &m.kind)) continue;
        else if (strcmp(key, "--gzip") || !sink_kind_of(value, &gzip)) return usage();
    }
    if (!out || mb < 1 || mb > 1000000 || (nwindow != 32 && nwindow != 64)) return usage();
    if (profile && m.kind != ORBITRAP) return usage();
    const uint32_t nscan = (uint32_t)(mb * 1000000 / spectrum_bytes(m.kind, profile, m.zlib) + 1);

    m.all_mz = XXH3_createState();
    m.all_intensity = XXH3_createState();
    if (!m.all_mz || !m.all_intensity) die("no memory");
    XXH3_64bits_reset(m.all_mz);
    XXH3_64bits_reset(m.all_intensity);
    sha1_start(&m.sha1);
    sink_open(&m.out, out, gzip);
    acquire run;
    acquire_start(&run, seed, nscan, m.kind, profile, nwindow);
    make_file(&m, &run);
    acquire_end(&run);
    put_truth(&m, out, seed);
    sink_free(&m.out);
    XXH3_freeState(m.all_mz);
    XXH3_freeState(m.all_intensity);
    free(m.t.at);
    free(m.ids.at);
    free(m.offset);
    free(m.minutes);
    free(m.tic);
    free(m.level);
    free(m.raw);
    free(m.packed);
    return 0;
}
