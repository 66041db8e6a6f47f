/*
 * Makes an imzML image, its .ibd and the truth beside them, from a seed.
 *
 * A section of tissue lies as an ellipse in a rectangle of pixels, other ions in its rim, core and spots.
 * Continuous: one m/z array (f32) for all, a profile of so many points in each pixel, noise everywhere.
 * Processed: each pixel its own peaks, m/z (f64) off by some ppm, intensities f32, nothing under a threshold.
 * Out: FILE.imzML, FILE.ibd, FILE.truth.json: pixels, peaks, sum of intensities, and that of one ion's image.
 * Source: imzML 1.1.0 (imzML.org), imagingMS.obo.
 */
#include "draw.h"
#include "mzml_text.h"
#include "peptide.h"
#include "sha.h"
#include "sink.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NION = 600, MOST_POINTS = 100000 };

#define LOW       500.0 /* Th */
#define HIGH      900.0
#define THRESHOLD 120.0
#define WITHIN    0.2 /* Th, of the ion whose image is summed */

typedef struct ion {
    double mz, height;
    int region; /* 0 everywhere, 1 rim, 2 core, 3 spots, 4 the matrix beside the tissue too */
} ion;

typedef struct image {
    draw d;
    bool continuous;
    uint32_t size, npoint; /* pixels along an edge; points of a profile */
    ion ion[NION];         /* m/z rising */
    double *place;         /* owned; continuous: m/z of each point */
    double *level;         /* owned; continuous: intensity of a point */
    double mz[NION];
    float *intensity; /* owned */
    size_t npeak;
    uint64_t at, all; /* bytes of the .ibd, peaks */
    double total, one;
    sink ibd, xml;
    sha sha1;
    text t; /* spectra; they stand behind the hash of the .ibd */
    text head;
} image;

static int by_mz(const void *a, const void *b)
{
    const ion *const p = a, *const q = b;
    return (p->mz > q->mz) - (p->mz < q->mz);
}

static void draw_ions(image *m)
{
    for (int i = 0; i < NION; i++) {
        ion *const f = &m->ion[i];
        const double u = draw_unit(&m->d);
        f->mz = (double)(int)(LOW + 5 + (HIGH - LOW - 10) * draw_unit(&m->d)) * 1.0005 + 0.1;
        f->mz += 0.03 * draw_normal(&m->d);
        f->height = power2(7 + 8 * u * u);
        f->region = (int)draw_below(&m->d, 5);
    }
    qsort(m->ion, NION, sizeof *m->ion, by_mz);
}

/* How much of an ion there is in a pixel, 0 to 1. */
static double share_of(const image *m, const ion *f, uint32_t x, uint32_t y)
{
    const double u = (2.0 * x / m->size - 1) / 0.9, v = (2.0 * y / m->size - 1) / 0.7;
    const double r = u * u + v * v;
    const bool spot = (x / 17 * 7 + y / 23 * 5) % 11 == 0;
    if (f->region == 4) return r > 1 ? 0.6 : 0.3;
    if (r > 1) return 0;
    if (f->region == 1) return r > 0.6 ? 1 : 0.1 * r;
    if (f->region == 2) return r < 0.4 ? 1 - r : 0.05;
    if (f->region == 3) return spot ? 1 : 0.02;
    return 0.8 - 0.3 * r;
}

static void put_f32(uint8_t *to, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(bits >> 8 * i);
}

static void put_f64(uint8_t *to, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(bits >> 8 * i);
}

static void put_bytes(image *m, const uint8_t *bytes, size_t n)
{
    sha_add(&m->sha1, bytes, n);
    sink_put(&m->ibd, bytes, n);
    m->at += n;
}

static void put_mz(image *m, size_t n)
{
    uint8_t word[8];
    for (size_t i = 0; i < n; i++) {
        if (m->continuous) put_f32(word, (float)m->place[i]);
        else put_f64(word, m->mz[i]);
        put_bytes(m, word, m->continuous ? 4 : 8);
    }
}

/* ---- a pixel ---- */

static void profile(image *m, uint32_t x, uint32_t y)
{
    for (uint32_t i = 0; i < m->npoint; i++) m->level[i] = 20 + 15 * draw_unit(&m->d);
    const double step = (HIGH - LOW) / m->npoint, spray = 1 + 0.15 * draw_normal(&m->d);
    for (int i = 0; i < NION; i++) {
        const ion *const f = &m->ion[i];
        const double height = f->height * share_of(m, f, x, y) * spray, at = (f->mz - LOW) / step;
        if (height < 1) continue;
        for (int k = -4; k <= 4; k++) {
            const int64_t point = (int64_t)at + k;
            const double u = ((double)point - at) / 1.6, v = 1 - u * u / 12;
            if (point >= 0 && point < m->npoint && v > 0) m->level[point] += height * v * v * v * v * v * v;
        }
    }
    for (uint32_t i = 0; i < m->npoint; i++) {
        const double noise = 1 + 0.05 * draw_normal(&m->d);
        m->intensity[i] = (float)(m->level[i] * noise);
    }
    m->npeak = m->npoint;
}

static void peaks(image *m, uint32_t x, uint32_t y)
{
    const double spray = 1 + 0.15 * draw_normal(&m->d);
    m->npeak = 0;
    for (int i = 0; i < NION; i++) {
        const ion *const f = &m->ion[i];
        const double noise = 1 + 0.1 * draw_normal(&m->d);
        const double height = f->height * share_of(m, f, x, y) * spray * noise;
        const double ppm = 1.5 * draw_normal(&m->d), mz = f->mz * (1 + ppm * 1e-6);
        if (height < THRESHOLD || (m->npeak && mz <= m->mz[m->npeak - 1])) continue;
        m->mz[m->npeak] = mz;
        m->intensity[m->npeak++] = (float)height;
    }
}

static void ims(text *t, int depth, const char *accession, const char *name, uint64_t value)
{
    term_start(t, depth, "IMS", accession, name);
    put_int(t, value);
    cv_end(t, NULL);
}

static void put_array(text *t, const char *group, uint64_t at, uint64_t n, uint64_t width)
{
    put(t, "          <binaryDataArray encodedLength=\"0\">\n            <referenceableParamGroupRef ref=\"");
    put(t, group);
    put(t, "\"/>\n");
    ims(t, 6, "1000103", "external array length", n);
    ims(t, 6, "1000102", "external offset", at);
    ims(t, 6, "1000104", "external encoded length", n * width);
    put(t, "            <binary/>\n          </binaryDataArray>\n");
}

static void put_pixel(image *m, uint32_t x, uint32_t y)
{
    text *const t = &m->t;
    const uint64_t number = (uint64_t)y * m->size + x + 1, mz_at = m->continuous ? 16 : m->at;
    const size_t n = m->npeak;
    double total = 0;
    uint8_t word[4];
    if (!m->continuous) put_mz(m, n);
    const uint64_t at = m->at;
    for (size_t i = 0; i < n; i++) {
        put_f32(word, m->intensity[i]);
        put_bytes(m, word, 4);
        total += (double)m->intensity[i];
        const double mz = m->continuous ? (double)(float)m->place[i] : m->mz[i];
        if (fabs(mz - m->ion[NION / 2].mz) <= WITHIN) m->one += (double)m->intensity[i];
    }
    m->total += total;
    m->all += n;
    put(t, "      <spectrum id=\"Scan=");
    put_int(t, number);
    put(t, "\" defaultArrayLength=\"0\" index=\"");
    put_int(t, number - 1);
    put(t, "\">\n        <referenceableParamGroupRef ref=\"spectrum1\"/>\n");
    cv_number(t, 4, "1000285", "total ion current", total, NULL);
    put(t, "        <scanList count=\"1\">\n");
    cv(t, 5, "1000795", "no combination", "", NULL);
    put(t, "          <scan>\n");
    ims(t, 6, "1000050", "position x", x + 1);
    ims(t, 6, "1000051", "position y", y + 1);
    put(t, "          </scan>\n        </scanList>\n        <binaryDataArrayList count=\"2\">\n");
    put_array(t, "mzArray", mz_at, n, m->continuous ? 4 : 8);
    put_array(t, "intensityArray", at, n, 4);
    put(t, "        </binaryDataArrayList>\n      </spectrum>\n");
}

/* ---- the files ---- */

static void put_group(text *t, const char *id, const char *accession, const char *name, bool wide)
{
    put(t, "    <referenceableParamGroup id=\"");
    put(t, id);
    put(t, "\">\n");
    cv(t, 3, "1000576", "no compression", "", NULL);
    cv(t, 3, accession, name, "", strcmp(id, "mzArray") ? &count_unit : &mz_unit);
    put(t,
        "      <cvParam cvRef=\"IMS\" accession=\"IMS:1000101\" name=\"external data\" value=\"true\"/>\n");
    if (wide) cv(t, 3, "1000523", "64-bit float", "", NULL);
    else cv(t, 3, "1000521", "32-bit float", "", NULL);
    put(t, "    </referenceableParamGroup>\n");
}

static void put_head(image *m, const char *uuid)
{
    text *const t = &m->head;
    char hex[41];
    sha_hex(&m->sha1, hex);
    put(t, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"
           "<mzML xmlns=\"http://psi.hupo.org/ms/mzml\" version=\"1.1\">\n  <cvList count=\"3\">\n"
           "    <cv id=\"MS\" fullName=\"Proteomics Standards Initiative Mass Spectrometry Ontology\" "
           "version=\"4.1.0\" URI=\"psi-ms.obo\"/>\n"
           "    <cv id=\"UO\" fullName=\"Unit Ontology\" version=\"1.0\" URI=\"uo.obo\"/>\n"
           "    <cv id=\"IMS\" fullName=\"Mass Spectrometry Imaging Ontology\" version=\"1.1.0\" "
           "URI=\"imagingMS.obo\"/>\n  </cvList>\n  <fileDescription>\n    <fileContent>\n");
    cv(t, 3, "1000579", "MS1 spectrum", "", NULL);
    put(t, "      <cvParam cvRef=\"IMS\" accession=\"IMS:1000080\" name=\"universally unique identifier\" "
           "value=\"");
    put(t, uuid);
    put(t, "\"/>\n      <cvParam cvRef=\"IMS\" accession=\"IMS:1000091\" name=\"ibd SHA-1\" value=\"");
    put(t, hex);
    put(t, "\"/>\n");
    put(t, m->continuous ? "      <cvParam cvRef=\"IMS\" accession=\"IMS:1000030\" name=\"continuous\"/>\n"
                         : "      <cvParam cvRef=\"IMS\" accession=\"IMS:1000031\" name=\"processed\"/>\n");
    put(t, "    </fileContent>\n  </fileDescription>\n  <referenceableParamGroupList count=\"3\">\n");
    put_group(t, "mzArray", "1000514", "m/z array", !m->continuous);
    put_group(t, "intensityArray", "1000515", "intensity array", false);
    put(t, "    <referenceableParamGroup id=\"spectrum1\">\n");
    cv(t, 3, "1000579", "MS1 spectrum", "", NULL);
    cv(t, 3, "1000511", "ms level", "1", NULL);
    if (m->continuous) cv(t, 3, "1000128", "profile spectrum", "", NULL);
    else cv(t, 3, "1000127", "centroid spectrum", "", NULL);
    cv(t, 3, "1000130", "positive scan", "", NULL);
    put(t, "    </referenceableParamGroup>\n  </referenceableParamGroupList>\n"
           "  <scanSettingsList count=\"1\">\n    <scanSettings id=\"scansettings1\">\n");
    ims(t, 3, "1000042", "max count of pixels x", m->size);
    ims(t, 3, "1000043", "max count of pixels y", m->size);
    ims(t, 3, "1000046", "pixel size (x)", 50);
    ims(t, 3, "1000047", "pixel size y", 50);
    put(t, "    </scanSettings>\n  </scanSettingsList>\n  <run id=\"run1\">\n    <spectrumList count=\"");
    put_int(t, (uint64_t)m->size * m->size);
    put(t, "\">\n");
    sink_put(&m->xml, t->at, t->len);
}

static void put_uuid(image *m, char *hex)
{
    uint8_t bytes[16];
    for (int i = 0; i < 16; i++) {
        bytes[i] = (uint8_t)draw_bits(&m->d);
        if (i == 6) bytes[i] = (uint8_t)(0x40 | (bytes[i] & 15)); /* version 4 */
        if (i == 8) bytes[i] = (uint8_t)(0x80 | (bytes[i] & 63));
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    }
    put_bytes(m, bytes, sizeof bytes);
}

static void make_files(image *m)
{
    char uuid[33];
    put_uuid(m, uuid);
    draw_ions(m);
    m->place = grow(NULL, m->npoint * sizeof *m->place);
    m->level = grow(NULL, m->npoint * sizeof *m->level);
    m->intensity = grow(NULL, (m->npoint + NION) * sizeof *m->intensity);
    for (uint32_t i = 0; i < m->npoint; i++) m->place[i] = LOW + (HIGH - LOW) * i / m->npoint;
    if (m->continuous) put_mz(m, m->npoint);
    for (uint32_t i = 0; i < m->size * m->size; i++) {
        if (m->continuous) profile(m, i % m->size, i / m->size);
        else peaks(m, i % m->size, i / m->size);
        put_pixel(m, i % m->size, i / m->size);
    }
    sink_close(&m->ibd);
    put_head(m, uuid);
    put(&m->t, "    </spectrumList>\n  </run>\n</mzML>\n");
    sink_put(&m->xml, m->t.at, m->t.len);
    sink_close(&m->xml);
}

static void put_truth(const image *m, const char *path, uint64_t seed)
{
    FILE *const json = fopen(path, "w");
    if (!json) die("the truth file cannot be written");
    const double mz = m->ion[NION / 2].mz;
    fprintf(json, "{\"seed\":%" PRIu64 ",\"spectra\":%" PRIu64 ",\"peaks\":%" PRIu64 ",\"tic\":%.17g,\n",
            seed, (uint64_t)m->size * m->size, m->all, m->total);
    fprintf(json, " \"ion\":{\"mz\":%.17g,\"within\":%.17g,\"sum\":%.17g},\n \"files\":[", mz, WITHIN,
            m->one);
    sink_truth(&m->xml, json);
    fprintf(json, ",\n  ");
    sink_truth(&m->ibd, json);
    fprintf(json, "]}\n");
    if (fclose(json)) die("the truth file cannot be written");
}

static int usage(void)
{
    fprintf(stderr,
            "usage: make-data imaging --seed S --out FILE.imzML [--mode continuous|processed]\n"
            "           [--size PIXELS] [--points N]\n"
            "Writes FILE.imzML, FILE.ibd and FILE.truth.json: a square of 256 pixels along an edge; N\n"
            "points of each profile (continuous; default 1200).\n");
    return 64;
}

int main(int argc, char **argv)
{
    static image m = { .continuous = true, .size = 256, .npoint = 1200 };
    const char *out = NULL;
    uint64_t seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *const key = argv[i], *const value = argv[i + 1];
        if (!strcmp(key, "--seed")) seed = strtoull(value, NULL, 10);
        else if (!strcmp(key, "--out")) out = value;
        else if (!strcmp(key, "--size")) m.size = (uint32_t)strtoul(value, NULL, 10);
        else if (!strcmp(key, "--points")) m.npoint = (uint32_t)strtoul(value, NULL, 10);
        else if (!strcmp(key, "--mode") && (!strcmp(value, "continuous") || !strcmp(value, "processed")))
            m.continuous = value[0] == 'c';
        else return usage();
    }
    const size_t n = out ? strlen(out) : 0;
    if (argc % 2 == 0 || n < 7 || n > 4000 || strcmp(out + n - 6, ".imzML") != 0 || !m.size ||
        m.size > 4096 || m.npoint < 16 || m.npoint > MOST_POINTS)
        return usage();
    char path[4096];
    m.d = draw_part(seed, 23);
    sha1_start(&m.sha1);
    snprintf(path, sizeof path, "%.*s.ibd", (int)(n - 6), out);
    sink_open(&m.ibd, path, SINK_PLAIN);
    sink_open(&m.xml, out, SINK_PLAIN);
    make_files(&m);
    snprintf(path, sizeof path, "%.*s.truth.json", (int)(n - 6), out);
    put_truth(&m, path, seed);
    sink_free(&m.ibd);
    sink_free(&m.xml);
    free(m.place);
    free(m.level);
    free(m.intensity);
    free(m.t.at);
    free(m.head.at);
    return 0;
}
