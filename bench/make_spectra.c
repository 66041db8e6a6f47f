/*
 * Makes an mzML file as ProteoWizard writes it from an Orbitrap's raw file, from a seed, with the truth
 * beside it.
 *
 * In: the made-up run (acquire.h). Out: FILE.mzML, an indexed mzML 1.1 with MS1 and MS2 spectra, 64-bit m/z
 * and 32-bit intensity arrays, zlib level 6 or none, the TIC chromatogram, offsets and SHA-1; and
 * FILE.truth.json with counts, sums of bit patterns, XXH3 of all arrays' bytes in file order, and digests.
 * The size asked for is met within some per cent: the number of spectra stands at the head and is settled
 * before the first is made. Source: mzML 1.1.0 and its index schema 1.1.0; psi-ms.obo; number texts as of
 * ProteoWizard (12 decimals, e from 1e5).
 */
#include "acquire.h"
#include "sha.h"
#include "sink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

typedef struct text {
    char *at; /* owned */
    size_t len, cap;
} text;

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
    /* truth */
    uint64_t nspectrum[3], npeak[3], sum_mz, sum_intensity;
    XXH3_state_t *all_mz, *all_intensity;
} maker;

static void die(const char *what)
{
    fprintf(stderr, "make-data: %s\n", what);
    exit(71);
}

static void *grow(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p) die("no memory");
    return p;
}

/* ---- text ---- */

static char *room(text *t, size_t n)
{
    if (t->cap - t->len < n) t->at = grow(t->at, t->cap = t->cap * 2 + n);
    return t->at + t->len;
}

static void put(text *t, const char *s)
{
    const size_t n = strlen(s);
    memcpy(room(t, n), s, n);
    t->len += n;
}

static void put_int(text *t, uint64_t v)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRIu64, v);
    put(t, s);
}

static void put_fixed(text *t, double v, int places) /* v >= 0 */
{
    uint64_t one = 1;
    for (int i = 0; i < places; i++) one *= 10;
    uint64_t whole = (uint64_t)v;
    uint64_t part = (uint64_t)((v - (double)whole) * (double)one + 0.5);
    if (part == one) part = 0, whole++;
    char s[48];
    snprintf(s, sizeof s, "%" PRIu64 ".%0*" PRIu64, whole, places, part);
    put(t, s);
}

/* Up to 12 decimals, no zeros at the end but one; from 100000 on with an exponent. */
static void put_number(text *t, double v)
{
    int exponent = 0;
    if (v >= 1e5)
        for (double unit = 1; v / unit >= 10; exponent++) unit *= 10;
    double unit = 1;
    for (int i = 0; i < exponent; i++) unit *= 10;
    put_fixed(t, v / unit, 12);
    while (t->at[t->len - 1] == '0' && t->at[t->len - 2] != '.') t->len--;
    if (exponent) {
        char s[16];
        snprintf(s, sizeof s, "e%02d", exponent);
        put(t, s);
    }
}

typedef struct unit {
    const char *ref, *accession, *name;
} unit;

static const unit mz_unit = { "MS", "MS:1000040", "m/z" };
static const unit count_unit = { "MS", "MS:1000131", "number of detector counts" };
static const unit minute_unit = { "UO", "UO:0000031", "minute" };
static const unit ms_unit = { "UO", "UO:0000028", "millisecond" };
static const unit ev_unit = { "UO", "UO:0000266", "electronvolt" };
static const unit no_unit = { "UO", "UO:0000186", "dimensionless unit" };

static void cv_start(text *t, int depth, const char *accession, const char *name)
{
    memset(room(t, 32), ' ', (size_t)depth * 2);
    t->len += (size_t)depth * 2;
    put(t, "<cvParam cvRef=\"MS\" accession=\"MS:");
    put(t, accession);
    put(t, "\" name=\"");
    put(t, name);
    put(t, "\" value=\"");
}

static void cv_end(text *t, const unit *u)
{
    put(t, "\"");
    if (u) {
        put(t, " unitCvRef=\"");
        put(t, u->ref);
        put(t, "\" unitAccession=\"");
        put(t, u->accession);
        put(t, "\" unitName=\"");
        put(t, u->name);
        put(t, "\"");
    }
    put(t, "/>\n");
}

static void cv(text *t, int depth, const char *accession, const char *name, const char *value, const unit *u)
{
    cv_start(t, depth, accession, name);
    put(t, value);
    cv_end(t, u);
}

static void cv_number(text *t, int depth, const char *accession, const char *name, double value,
                      const unit *u)
{
    cv_start(t, depth, accession, name);
    put_number(t, value);
    cv_end(t, u);
}

static void put_id(text *t, uint64_t number)
{
    put(t, "controllerType=0 controllerNumber=1 scan=");
    put_int(t, number);
}

/* ---- arrays ---- */

static void put_base64(text *t, const uint8_t *p, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *dst = room(t, (n + 2) / 3 * 4);
    t->len += (n + 2) / 3 * 4;
    for (; n >= 3; n -= 3, p += 3) {
        const uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *dst++ = digit[v >> 18];
        *dst++ = digit[v >> 12 & 63];
        *dst++ = digit[v >> 6 & 63];
        *dst++ = digit[v & 63];
    }
    if (n) {
        const uint32_t v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
        *dst++ = digit[v >> 18];
        *dst++ = digit[v >> 12 & 63];
        *dst++ = n == 2 ? digit[v >> 6 & 63] : '=';
        *dst++ = '=';
    }
}

typedef struct array_kind {
    const char *type, *type_name, *accession, *name, *value;
    const unit *unit;
} array_kind;

static const array_kind mz_kind = { "1000523", "64-bit float", "1000514", "m/z array", "", &mz_unit };
static const array_kind intensity_kind = { "1000521", "32-bit float", "1000515", "intensity array",
                                           "",        &count_unit };
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

static void put_peaks(maker *m, const scan *s)
{
    raw_room(m, s->npeak * 8 + 8);
    put(&m->t, "          <binaryDataArrayList count=\"2\">\n");
    for (size_t i = 0; i < s->npeak; i++) {
        little_endian(m->raw + 8 * i, bits64(s->peak[i].mz), 8);
        m->sum_mz += bits64(s->peak[i].mz);
    }
    XXH3_64bits_update(m->all_mz, m->raw, s->npeak * 8);
    put_array(m, &mz_kind, s->npeak * 8);
    for (size_t i = 0; i < s->npeak; i++) {
        little_endian(m->raw + 4 * i, bits32(s->peak[i].intensity), 4);
        m->sum_intensity += bits32(s->peak[i].intensity);
    }
    XXH3_64bits_update(m->all_intensity, m->raw, s->npeak * 4);
    put_array(m, &intensity_kind, s->npeak * 4);
    put(&m->t, "          </binaryDataArrayList>\n");
}

/* ---- spectra ---- */

static void put_filter(text *t, const scan *s)
{
    cv_start(t, 7, "1000512", "filter string");
    if (s->level == 1) {
        put(t, "FTMS + p NSI Full ms [");
    } else {
        put(t, "FTMS + c NSI d Full ms2 ");
        put_fixed(t, s->precursor_mz, 4);
        put(t, "@hcd27.00 [");
    }
    put_fixed(t, s->low, 4);
    put(t, "-");
    put_fixed(t, s->high, 4);
    put(t, "]");
    cv_end(t, NULL);
}

static void put_scan_list(text *t, const scan *s)
{
    put(t, "          <scanList count=\"1\">\n");
    cv(t, 6, "1000795", "no combination", "", NULL);
    put(t, "            <scan>\n");
    cv_number(t, 7, "1000016", "scan start time", s->seconds / 60, &minute_unit);
    put_filter(t, s);
    cv(t, 7, "1000616", "preset scan configuration", s->level == 1 ? "1" : "2", NULL);
    cv_number(t, 7, "1000927", "ion injection time", (double)(float)s->injection_ms, &ms_unit);
    put(t, "              <scanWindowList count=\"1\">\n                <scanWindow>\n");
    cv_number(t, 9, "1000501", "scan window lower limit", s->low, &mz_unit);
    cv_number(t, 9, "1000500", "scan window upper limit", s->high, &mz_unit);
    put(t, "                </scanWindow>\n              </scanWindowList>\n            </scan>\n          "
           "</scanList>\n");
}

static void put_precursor(text *t, const scan *s)
{
    put(t, "          <precursorList count=\"1\">\n            <precursor spectrumRef=\"");
    put_id(t, s->survey);
    put(t, "\">\n              <isolationWindow>\n");
    cv_number(t, 8, "1000827", "isolation window target m/z", s->precursor_mz, &mz_unit);
    cv_number(t, 8, "1000828", "isolation window lower offset", 0.7, &mz_unit);
    cv_number(t, 8, "1000829", "isolation window upper offset", 0.7, &mz_unit);
    put(t, "              </isolationWindow>\n              <selectedIonList count=\"1\">\n"
           "                <selectedIon>\n");
    cv_number(t, 9, "1000744", "selected ion m/z", s->precursor_mz, &mz_unit);
    cv_start(t, 9, "1000041", "charge state");
    put_int(t, (uint64_t)s->charge);
    cv_end(t, NULL);
    cv_number(t, 9, "1000042", "peak intensity", (double)s->precursor_intensity, &count_unit);
    put(t, "                </selectedIon>\n              </selectedIonList>\n              <activation>\n");
    cv(t, 8, "1000422", "beam-type collision-induced dissociation", "", NULL);
    cv(t, 8, "1000045", "collision energy", "27.0", &ev_unit);
    put(t, "              </activation>\n            </precursor>\n          </precursorList>\n");
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
    put(t, "        <spectrum index=\"");
    put_int(t, s->number - 1);
    put(t, "\" id=\"");
    put_id(t, s->number);
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
    if (s->npeak) {
        cv_number(t, 5, "1000528", "lowest observed m/z", s->peak[0].mz, &mz_unit);
        cv_number(t, 5, "1000527", "highest observed m/z", s->peak[s->npeak - 1].mz, &mz_unit);
    }
    put_scan_list(t, s);
    if (s->level == 2) put_precursor(t, s);
    put_peaks(m, s);
    put(t, "        </spectrum>\n");
    return (float)total;
}

/* ---- the file ---- */

static void put_head(text *t, uint32_t nscan)
{
    put(t, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
           "<indexedmzML xmlns=\"http://psi.hupo.org/ms/mzml\" "
           "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
           "xsi:schemaLocation=\"http://psi.hupo.org/ms/mzml "
           "http://psidev.info/files/ms/mzML/xsd/mzML1.1.2_idx.xsd\">\n"
           "  <mzML xmlns=\"http://psi.hupo.org/ms/mzml\" "
           "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
           "xsi:schemaLocation=\"http://psi.hupo.org/ms/mzml "
           "http://psidev.info/files/ms/mzML/xsd/mzML1.1.0.xsd\" "
           "id=\"bench\" version=\"1.1.0\">\n"
           "    <cvList count=\"2\">\n"
           "      <cv id=\"MS\" fullName=\"Proteomics Standards Initiative Mass Spectrometry Ontology\" "
           "version=\"4.1.117\" "
           "URI=\"https://raw.githubusercontent.com/HUPO-PSI/psi-ms-CV/master/psi-ms.obo\"/>\n"
           "      <cv id=\"UO\" fullName=\"Unit Ontology\" version=\"09:04:2014\" "
           "URI=\"https://raw.githubusercontent.com/bio-ontology-research-group/unit-ontology/master/"
           "unit.obo\"/>\n"
           "    </cvList>\n    <fileDescription>\n      <fileContent>\n");
    cv(t, 4, "1000579", "MS1 spectrum", "", NULL);
    cv(t, 4, "1000580", "MSn spectrum", "", NULL);
    put(t, "      </fileContent>\n      <sourceFileList count=\"1\">\n"
           "        <sourceFile id=\"RAW1\" name=\"bench.raw\" location=\"file:///\">\n");
    cv(t, 5, "1000768", "Thermo nativeID format", "", NULL);
    cv(t, 5, "1000563", "Thermo RAW format", "", NULL);
    cv(t, 5, "1000569", "SHA-1", "0123456789abcdef0123456789abcdef01234567", NULL);
    put(t, "        </sourceFile>\n      </sourceFileList>\n    </fileDescription>\n"
           "    <referenceableParamGroupList count=\"1\">\n"
           "      <referenceableParamGroup id=\"CommonInstrumentParams\">\n");
    cv(t, 4, "1002523", "Q Exactive HF", "", NULL);
    cv(t, 4, "1000529", "instrument serial number", "Exactive Series slot #1", NULL);
    put(t, "      </referenceableParamGroup>\n    </referenceableParamGroupList>\n    <softwareList "
           "count=\"2\">\n"
           "      <software id=\"Xcalibur\" version=\"2.8-280502/2.8.1.2806\">\n");
    cv(t, 4, "1000532", "Xcalibur", "", NULL);
    put(t, "      </software>\n      <software id=\"pwiz\" version=\"3.0.23146\">\n");
    cv(t, 4, "1000615", "ProteoWizard software", "", NULL);
    put(t, "      </software>\n    </softwareList>\n    <instrumentConfigurationList count=\"1\">\n"
           "      <instrumentConfiguration id=\"IC1\">\n"
           "        <referenceableParamGroupRef ref=\"CommonInstrumentParams\"/>\n"
           "        <componentList count=\"4\">\n          <source order=\"1\">\n");
    cv(t, 6, "1000398", "nanoelectrospray", "", NULL);
    cv(t, 6, "1000485", "nanospray inlet", "", NULL);
    put(t, "          </source>\n          <analyzer order=\"2\">\n");
    cv(t, 6, "1000081", "quadrupole", "", NULL);
    put(t, "          </analyzer>\n          <analyzer order=\"3\">\n");
    cv(t, 6, "1000484", "orbitrap", "", NULL);
    put(t, "          </analyzer>\n          <detector order=\"4\">\n");
    cv(t, 6, "1000624", "inductive detector", "", NULL);
    put(t,
        "          </detector>\n        </componentList>\n        <softwareRef ref=\"Xcalibur\"/>\n"
        "      </instrumentConfiguration>\n    </instrumentConfigurationList>\n"
        "    <dataProcessingList count=\"1\">\n      <dataProcessing id=\"pwiz_Reader_Thermo_conversion\">\n"
        "        <processingMethod order=\"0\" softwareRef=\"pwiz\">\n");
    cv(t, 5, "1000544", "Conversion to mzML", "", NULL);
    put(t, "        </processingMethod>\n        <processingMethod order=\"1\" softwareRef=\"pwiz\">\n");
    cv(t, 5, "1000035", "peak picking", "", NULL);
    put(t, "          <userParam name=\"Thermo/Xcalibur peak picking\"/>\n        </processingMethod>\n"
           "      </dataProcessing>\n    </dataProcessingList>\n"
           "    <run id=\"bench\" defaultInstrumentConfigurationRef=\"IC1\" "
           "startTimeStamp=\"2024-03-11T08:00:00Z\" "
           "defaultSourceFileRef=\"RAW1\">\n      <spectrumList count=\"");
    put_int(t, nscan);
    put(t, "\" defaultDataProcessingRef=\"pwiz_Reader_Thermo_conversion\">\n");
}

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
    for (uint32_t i = 0; i < nscan; i++) {
        put(t, "      <offset idRef=\"");
        put_id(t, i + 1);
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

static void make_file(maker *m, uint64_t seed, uint32_t nscan, bool profile)
{
    acquire run;
    acquire_start(&run, seed, nscan, profile);
    m->offset = grow(NULL, nscan * sizeof *m->offset);
    m->minutes = grow(NULL, nscan * sizeof *m->minutes);
    m->tic = grow(NULL, nscan * sizeof *m->tic);
    m->level = grow(NULL, nscan * sizeof *m->level);
    put_head(&m->t, nscan);
    write_text(m);
    for (scan s; acquire_next(&run, &s);) {
        const uint32_t at = s.number - 1;
        m->offset[at] = m->out.total + 8; /* of the '<', behind the indentation */
        m->minutes[at] = s.seconds / 60;
        m->level[at] = s.level;
        m->tic[at] = put_spectrum(m, &s);
        m->nspectrum[s.level]++;
        m->npeak[s.level] += s.npeak;
        write_text(m);
    }
    acquire_end(&run);
    put(&m->t, "      </spectrumList>\n      <chromatogramList count=\"1\" "
               "defaultDataProcessingRef=\"pwiz_Reader_Thermo_conversion\">\n");
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
    fprintf(json, "{\"seed\":%" PRIu64 ",\"spectra\":%" PRIu64 ",\"peaks\":%" PRIu64 ",\n", seed,
            m->nspectrum[1] + m->nspectrum[2], m->npeak[1] + m->npeak[2]);
    for (int l = 1; l < 3; l++)
        fprintf(json, " \"ms%d\":{\"spectra\":%" PRIu64 ",\"peaks\":%" PRIu64 "},\n", l, m->nspectrum[l],
                m->npeak[l]);
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
            "           [--compression zlib|none] [--profile-ms1]\n"
            "Writes FILE.mzML (as named, also when compressed) and FILE.truth.json.\n");
    return 64;
}

int main(int argc, char **argv)
{
    static maker m = { .zlib = true };
    const char *out = NULL;
    uint64_t mb = 20, seed = 1;
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
        else if (!strcmp(key, "--compression") && (!strcmp(value, "zlib") || !strcmp(value, "none")))
            m.zlib = value[0] == 'z';
        else if (strcmp(key, "--gzip") || !sink_kind_of(value, &gzip)) return usage();
    }
    if (!out || mb < 1 || mb > 1000000) return usage();
    /* bytes a spectrum takes, measured */
    const uint64_t bytes = profile ? (m.zlib ? 39000 : 53000) : (m.zlib ? 9250 : 11950);
    const uint32_t nscan = (uint32_t)(mb * 1000000 / bytes + 1);

    m.all_mz = XXH3_createState();
    m.all_intensity = XXH3_createState();
    if (!m.all_mz || !m.all_intensity) die("no memory");
    XXH3_64bits_reset(m.all_mz);
    XXH3_64bits_reset(m.all_intensity);
    sha1_start(&m.sha1);
    sink_open(&m.out, out, gzip);
    make_file(&m, seed, nscan, profile);
    put_truth(&m, out, seed);
    sink_free(&m.out);
    XXH3_freeState(m.all_mz);
    XXH3_freeState(m.all_intensity);
    free(m.t.at);
    free(m.offset);
    free(m.minutes);
    free(m.tic);
    free(m.level);
    free(m.raw);
    free(m.packed);
    return 0;
}
